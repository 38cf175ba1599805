# S4: however the host treats its children, it sees no SIGCHLD and its wait()
# finds nothing of ours; its own children's signals and statuses reach it.
# (Of a host that is itself the reaper of orphans see tests/module/endurance.py.)
# SPDX-License-Identifier: MIT
import os
import select
import signal

from attack.launcher import helpers, in_a_copy, make_host, none_left, run_host
from people import ALICE, WRONG
from suites.outage import AUTH_ERR, SUCCESS, Login

BREAKAGES = [
    ("the intermediate is a child like any other",
     ("clone_twice (clone_process)", "intermediate = clone_process(SIGCHLD)")),
    ("there is no intermediate: exec makes a child like any other",
     ("clone_twice be_intermediate", "become_helper"),
     ("clone_twice (waitpid)", "(birth->born = intermediate > 0) && false")),
    ("the module waits for any child that there is",
     ("clone_twice (waitpid)", "waitpid(-1, &status, __WALL) < 0")),
    ("the module ignores SIGCHLD and forgets to undo it",
     ("clone_twice (clone_process)", "(void) signal(SIGCHLD, SIG_IGN); ...")),
]
PLAIN = "auth required pam_cognito.so\n"
SIGCHLD = ["default", "ignore", "nocldwait", "handler", "thread"]
# What is typed, what comes of it, and how often.
ROUNDS = {"right": (ALICE.password, "PAM_SUCCESS", 10),
          "wrong": (WRONG, "PAM_AUTH_ERR", 4)}
EARLY, LATE = 5, 7  # what the host's own children end with


def run(world, tap):
    world.service("outage", PLAIN)
    program = make_host(world)
    for kind in SIGCHLD:
        for what, (answer, code, rounds) in ROUNDS.items():
            world.forget()
            matrix(tap, program, kind, f"SIGCHLD {kind}, {what} password", answer, code, rounds)
    own_children(world, tap)
    world.stop_pool()
    for kind in SIGCHLD:
        matrix(tap, program, kind, f"SIGCHLD {kind}, no pool", ALICE.password,
               "PAM_AUTHINFO_UNAVAIL", 2)


def matrix(tap, program, kind, name, answer, code, rounds):
    report = run_host(program, "outage", ALICE.name, answer, "--quiet", "--fresh", "--repeat",
                      str(rounds), "--sigchld", kind)
    tap.equal(report.get("count"), [f"{code} {rounds}"], f"{name}: the answer", report)
    tap.equal(report.get("sigchld"), ["0 0"], f"{name}: no signal, no child", report)
    tap.equal(report.get("host"), ["unchanged"], f"{name}: the host is as it was", report)
    tap.ok(none_left(), f"{name}: no process is left", helpers(dead=True))


def own_children(world, tap):
    """One of the host's own ends before the sign-in, one while the helper lives."""
    for what, answer, code in (("right", ALICE.password, SUCCESS), ("wrong", WRONG, AUTH_ERR)):
        world.forget()
        found = in_a_copy(lambda: be_host(answer))
        tap.equal(found, [code, 1, EARLY, LATE, True],
                  f"own children, {what} password: one signal, both statuses, and nothing else")


def child_that_ends(status):
    """Its pid, and what to close for it to end."""
    go, start = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(start)
        os.read(go, 1)
        os._exit(status)
    os.close(go)
    return pid, start


def end(pid, start):
    os.close(start)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def status_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def be_host(answer):
    """The code, the SIGCHLDs that came, the children's statuses, and: was that all?"""
    early = child_that_ends(EARLY)
    end(*early)
    signals, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    late = child_that_ends(LATE)

    def type_answer():
        end(*late)
        return answer

    login = Login(answer=type_answer).authenticate().end()
    if not login.prompts:
        end(*late)
    statuses = status_of(early[0]), status_of(late[0])
    came = os.read(signals, 100) if select.select([signals], [], [], 0)[0] else b""
    try:
        os.waitpid(-1, os.WNOHANG)
        alone = False
    except ChildProcessError:
        alone = True
    return login.code, came.count(bytes([signal.SIGCHLD])), *statuses, alone
