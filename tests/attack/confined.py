# The program confined.c, built with the helper's own sandbox.c: what somebody
# who took over the helper could do.
# SPDX-License-Identifier: MIT
import glob
import os
import subprocess
import tempfile

from world import SOURCE, command, write

HELPER_USER = "_pam_cognito"
# For the sources of src/common that want to know where files are installed.
CONFIG_H = f"""#define _GNU_SOURCE 1
#define HELPER_USER "{HELPER_USER}"
#define PAM_COGNITO_CONF ""
#define PAM_COGNITO_HELPER ""
"""


def build(world, *compiler):
    """compiler: the words that start another one than cc."""
    folder = tempfile.mkdtemp(prefix="confined-", dir=world.folder)
    os.chmod(folder, 0o755)
    program = os.path.join(folder, "confined")
    compile_to(program, folder, ["tests/attack/confined.c"], *compiler)
    return program


def compile_to(program, folder, sources, *compiler):
    """The sources with the sandbox and all that both sides share."""
    write(os.path.join(folder, "config.h"), CONFIG_H)
    paths = [os.path.join(SOURCE, path) for path in (*sources, "src/helper/sandbox.c", "src/pam/lookup.c")]
    command(*(compiler or ["cc"]), "-O1", "-I", folder, "-I", os.path.join(SOURCE, "src"),
            "-o", program, *paths, *glob.glob(os.path.join(SOURCE, "src", "common", "*.c")))


def attempt(program, mode, *deeds):
    """What came of each deed, by name; and how the program ended."""
    done = subprocess.run([program, HELPER_USER, mode, *deeds], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={}, cwd="/",
                          text=True, errors="replace", timeout=60, check=False)
    return dict(line.rpartition(" ")[::2] for line in done.stdout.splitlines()), done.returncode
