# Sign-ins and what confines the helper, on this processor and its kernel: suites of
# tests/hosts/run, in their own copies of this machine, and the programs of make check.
# SPDX-License-Identifier: MIT
import glob
import os
import re
import subprocess

# People at real hosts; what somebody in the helper's place could do; how it is built.
SUITES = ["pamtester", "su", "sudo", "sshd_keyboard", "challenges_pamtester",
          "s09_privileges_are_given_up_for_good", "s35_hardened_binaries_and_seeds"]


def run(_machine, tap):
    for path in sorted(glob.glob("build/tests/unit/*-t")):
        name = os.path.basename(path)
        if name != "conversation-t":  # thousands of conversations: more than seven minutes here
            whole(tap, os.path.abspath(path))
    whole(tap, os.path.abspath("tests/hosts/run"), "--jobs", "1", *SUITES)


def whole(tap, program, *words):
    """Another program's tests, as one of ours."""
    done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd="build", text=True, errors="replace",
                          check=False)
    lines = done.stdout.splitlines()
    passed = [line for line in lines if re.match(r"ok\b(?!.* # SKIP)", line)]
    faults = [line for line in lines if not re.match(r"ok\b|1\.\.", line)]
    tap.equal((done.returncode, f"1..{len(passed)}" in lines and bool(passed)), (0, True),
              f"{os.path.relpath(program)}: {len(passed)} tests",
              *faults[:100])
