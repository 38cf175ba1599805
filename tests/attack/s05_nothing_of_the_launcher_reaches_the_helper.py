# S5: nothing that a hostile launcher of su and sudo leaves behind (signals,
# descriptors, limits, timers, umask, folder) reaches the helper. In each case
# the right password lets in, or nothing does, and a wrong one never does.
# SPDX-License-Identifier: MIT
import ctypes
import os
import resource
import signal
from dataclasses import dataclass, field

from attack.launcher import (Launched, clean, end_host, helpers, make_host, never_lock_out,
                             new_helper, none_left, root_may_raise, run_host, start_host, state_of)
from hosts import PASSWORD, Su, Sudo
from people import ALICE, LARRY, WRONG
from world import command, write

BREAKAGES = [
    ("ignored and blocked signals stay so", ("become_helper (reset_signals)", "")),
    ("the helper stays in its caller's session", ("reset_all (setsid)", "")),
    ("the caller's umask stays", ("reset_all (umask)", "")),
    ("the caller's limits stay", ("reset_all (reset_limits)", "")),
    ("the caller's folder stays", ("reset_all (chdir)", "false")),
    ("what the host has open stays open", ("reset_descriptors (close_others)", "")),
    ("the terminal stays on 0 to 2", ("@null", "false")),
    ("the helper's real user is who started su", ("reset_identity (geteuid)", "birth != NULL")),
]
PLAIN = "auth required pam_cognito.so\n"
KIB, MIB = 1024, 1024 * 1024
libc = ctypes.CDLL(None)


# ---- What a launcher does to the process that becomes su or sudo ----

def ignore(*numbers):
    def spoil():
        for number in numbers or signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
    return spoil


def block(*numbers):
    return lambda: signal.pthread_sigmask(signal.SIG_BLOCK, numbers or signal.valid_signals())


def pend(*numbers):
    def spoil():
        block(*numbers)()
        for number in numbers:
            os.kill(os.getpid(), number)
    return spoil


def soft(which, value):
    return lambda: resource.setrlimit(which, (value, resource.getrlimit(which)[1]))


def hard(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def hold(*numbers):
    """Descriptors that the program inherits, of a file that nobody else may read."""
    def spoil():
        file = os.open("kept-open", os.O_RDWR | os.O_CREAT, 0o600)
        for number in numbers:
            os.dup2(file, number, inheritable=True)
    return spoil


def lost_folder():
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def shut_folder():
    os.mkdir("shut")
    os.chdir("shut")
    os.chmod(".", 0)


def adopt():
    """Orphans below are this process's, before and after exec."""
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def timer(seconds):
    return lambda: signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def both(*spoils):
    def spoil():
        for one in spoils:
            one()
    return spoil


@dataclass
class Case:
    """
    lowered: the limits that are gone for good where root has no
    CAP_SYS_RESOURCE; starved: and then the pool cannot be reached.
    """
    title: str
    spoil: object
    lowered: dict = field(default_factory=dict)
    starved: bool = False

    @property
    def enters(self):
        return not self.starved or root_may_raise()


CASES = [
    Case("all signals ignored", ignore()),
    Case("all signals blocked", block()),
    Case("signals pending", pend(signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH)),
    Case("3 and 900 open", hold(3, 900)),
    Case("300 descriptors open", hold(*range(3, 303))),
    Case("low limits", both(
        soft(resource.RLIMIT_NOFILE, 24), soft(resource.RLIMIT_FSIZE, 0),
        soft(resource.RLIMIT_NPROC, 1), soft(resource.RLIMIT_CPU, 2),
        soft(resource.RLIMIT_STACK, 256 * KIB), soft(resource.RLIMIT_DATA, 4 * MIB),
        soft(resource.RLIMIT_AS, 24 * MIB))),
    Case("low limits for good, 900 open", both(
        hold(900), hard(resource.RLIMIT_NOFILE, 24), hard(resource.RLIMIT_FSIZE, 0),
        hard(resource.RLIMIT_CPU, 5), hard(resource.RLIMIT_STACK, 256 * KIB)),
         {"Max open files": 24, "Max cpu time": 5, "Max stack size": 256 * KIB}),
    Case("one process for good", hard(resource.RLIMIT_NPROC, 1), {"Max processes": 1}, True),
    Case("little data for good", hard(resource.RLIMIT_DATA, 4 * MIB),
         {"Max data size": 4 * MIB}, True),
    Case("few addresses for good", hard(resource.RLIMIT_AS, 24 * MIB),
         {"Max address space": 24 * MIB}, True),
    Case("core files", soft(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1])),
    Case("a timer an hour away", timer(3600)),
    Case("umask 0", lambda: os.umask(0)),
    Case("umask 0777", lambda: os.umask(0o777)),
    Case("a folder that is gone", lost_folder),
    Case("a folder that is shut", shut_folder),
    Case("a host that adopts orphans", adopt),
    Case("nice 19", lambda: os.nice(19)),
]
# sudo has its own use for this signal, and ends.
OF_SU = [Case("a timer ten times a second, ignored", both(ignore(signal.SIGALRM), timer(0.1)))]


# ---- The logins ----

class Attempt:
    """One login under a launcher, up to its prompt; then type() and finish()."""

    def __init__(self, case, title, host):
        # Neither forks: one process may be all that its user is allowed.
        words = {"su": ["su", ALICE.name, "-c", "echo signed in as $USER"],
                 "sudo": ["sudo", "-k", "sh", "-c", "echo signed in as $SUDO_USER"]}[title]
        self.person = Launched(case.spoil, *words, user=host.user(ALICE.name))
        self.asked = self.person.ask(PASSWORD)

    def type(self, password):
        if self.asked:
            self.person.type(password)

    def finish(self):
        self.status = self.person.finish()
        self.screen = self.person.screen
        self.is_in = "signed in as alice\n" in self.screen
        return self


def clear():
    """What an earlier launcher left in the home folders."""
    for name in (LARRY.name, ALICE.name):
        command("rm", "-rf", f"/home/{name}/shut", f"/home/{name}/kept-open")


def run(world, tap):
    for example in ("su", "sudo"):
        world.example(example)
    world.service("plain", PLAIN)
    hosts = {"su": Su(world), "sudo": Sudo(world)}
    with open("/etc/sudoers", encoding="utf-8") as file:
        write("/etc/sudoers", file.read() + "Defaults passwd_tries=1\n", 0o440)
    for title, host in hosts.items():
        cases = CASES + (OF_SU if title == "su" else [])
        for case in cases:
            right(tap, title, case, host)
        wrong(world, tap, title, cases, host)
    deadly(tap, hosts)
    unprivileged_loader(tap, make_host(world))
    tap.ok(none_left(), "no helper is left", helpers(dead=True))


def right(tap, title, case, host):
    clear()
    name = f"{title}, {case.title}"
    try:
        known = helpers(dead=True)
        attempt = Attempt(case, title, host)
        if case.enters:
            pid = attempt.asked and new_helper(known)
            tap.equal(pid and state_of(pid), clean(case.lowered), f"{name}: nothing reaches it")
        attempt.type(ALICE.password)
        tap.equal(attempt.finish().is_in, case.enters, f"{name}: right password", attempt.screen)
    except Exception:
        tap.error(name)


def wrong(world, tap, title, cases, host):
    """All at once, for the delay of a refusal is two seconds."""
    clear()
    never_lock_out(world, ALICE.name)
    attempts = [(case, Attempt(case, title, host)) for case in cases]
    for _, attempt in attempts:
        attempt.type(WRONG)
    for case, attempt in attempts:
        attempt.finish()
        tap.ok(not attempt.is_in and attempt.status != 0,
               f"{title}, {case.title}: wrong password", attempt.status, attempt.screen)
    refused = [line for line in world.log.ours() if "alice: refused: wrong_password " in line]
    tap.equal(len(refused), sum(case.enters for case in cases),
              f"{title}: the pool refused each that could ask it", *world.log.ours())


def deadly(tap, hosts):
    """What ends the host before anything is typed: nobody is in, nothing is left."""
    for title, host in hosts.items():
        known = helpers(dead=True)
        attempt = Attempt(Case("a timer", timer(5)), title, host)
        pid = attempt.asked and new_helper(known)
        attempt.finish()
        tap.ok(attempt.status != 0 and not attempt.is_in,
               f"{title}: a timer ends it at the prompt", attempt.status, attempt.screen)
        tap.ok(pid and none_left(), f"{title}: and the helper ends with it")


# Options of pamrun for what a setuid program never meets: 0 to 2 are closed.
BARE = {"0 to 2 closed": ["--close-low"],
        "0 to 2 closed, 3 and 900 open": ["--close-low", "--hold", "3", "--hold", "900"],
        "everything": ["--close-low", "--hold", "3", "--hold", "900", "--umask", "0", "--limit",
                       "fsize=0", "--limit", "nofile=24", "--ignore-signals",
                       "--block-signals"]}


def unprivileged_loader(tap, program):
    for title, options in BARE.items():
        known = helpers(dead=True)
        host = start_host(program, "plain", ALICE.name, *options)
        pid = new_helper(known)
        tap.equal(pid and state_of(pid), clean({}), f"host, {title}: nothing reaches it")
        report = end_host(host, ALICE.password + "\n")
        tap.equal((report["return"], report["host"]), (["authenticate 0 PAM_SUCCESS"],
                                                       ["unchanged"]),
                  f"host, {title}: right password", report)
        report = run_host(program, "plain", ALICE.name, WRONG, *options)
        tap.equal(report["return"], ["authenticate 7 PAM_AUTH_ERR"],
                  f"host, {title}: wrong password", report)
