# Starting a program in namespaces of its own, and being process 1 there.
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys

NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork",
              "--kill-child", "--mount-proc", "--"]


def again(program, *more, network=True):
    """The command that starts the program once more, in new namespaces; network: of
    its own too."""
    return [*(word for word in NAMESPACES if network or word != "--net"), sys.executable, os.path.abspath(program), *more]


def in_namespaces(program, *more):
    return subprocess.run(again(program, *more), stdin=subprocess.DEVNULL,
                          check=False).returncode


def be_init():
    """Process 1 reaps orphans; the work is its child's, who returns from here."""
    if os.getpid() != 1:
        return
    child = os.fork()
    if child == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 1)
