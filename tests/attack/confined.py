# The program confined.c, built with the helper's own sandbox.c: what somebody
# who took over the helper could do.
# SPDX-License-Identifier: MIT
import os
import subprocess
import tempfile

from world import SOURCE, command, write

HELPER_USER = "_pam_cognito"
# The sandbox and what it needs itself.
SANDBOX = [os.path.join(SOURCE, "src", path) for path in (
    "helper/sandbox.c", "common/remedy.c", "common/text.c")]


def build(world, *compiler):
    """compiler: the words that start another one than cc."""
    folder = tempfile.mkdtemp(prefix="confined-", dir=world.folder)
    os.chmod(folder, 0o755)
    write(os.path.join(folder, "config.h"), "#define _GNU_SOURCE 1\n")
    program = os.path.join(folder, "confined")
    command(*(compiler or ["cc"]), "-O1", "-I", folder, "-I", os.path.join(SOURCE, "src"),
            "-o", program, os.path.join(SOURCE, "tests", "attack", "confined.c"), *SANDBOX)
    return program


def attempt(program, mode, *deeds):
    """What came of each deed, by name; and how the program ended."""
    done = subprocess.run([program, HELPER_USER, mode, *deeds], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={}, cwd="/",
                          text=True, errors="replace", timeout=60, check=False)
    return dict(line.rpartition(" ")[::2] for line in done.stdout.splitlines()), done.returncode
