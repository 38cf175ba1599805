# A host that is root, each call of the module and of the helper failing in turn
# that only such a host makes: the breaker's file, the stamps of codes, the way
# from root to nobody. The host is this process, through libpam.
# SPDX-License-Identifier: MIT
import glob
import os
import shutil
import sys
import time

from people import ALICE
from suites.hostile import find_helper
from suites.outage import Login
from suites.recovery import UID
from world import command

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "faults"))
from injection import BIRTH, FAILS, HOST, NAMES, PROGRAM, SHORT, State, key, picks  # noqa: E402

PLACE = "/usr/local/libexec/pam_cognito_faults"
STAMPS = "/run/pam_cognito"
SUCCESS = 0
# What a helper of root's does that a plain user's does not.
IDENTITY = ("raw setgroups", "raw setresuid", "raw setresgid", "getpwnam", "setgroups",
            "setresuid", "setresgid", "getresuid", "getresgid", "getgroups")
# What the breaker needs.
STATE = ("breaker.c", "circuit.c", "run_state.c")
# What may read or write less than it was told to.
PARTED = ("pread", "pwrite", "getrandom")


def run(world, tap):
    os.makedirs(PLACE)
    command("make", "-C", os.environ["BUILD"], "MAKEFLAGS=", "tests/faults/pam_cognito.la",
            "tests/faults/pam_cognito_helper")
    built = os.path.join(os.environ["BUILD"], "tests/faults")
    for name in (".libs/pam_cognito.so", "pam_cognito_helper", "module.where", "helper.where"):
        shutil.copy(os.path.join(built, name), PLACE)
    world.service("injected", "".join(
        f"{phase} required {PLACE}/pam_cognito.so helper={PLACE}/pam_cognito_helper\n"
        for phase in ("auth", "account")))
    command("useradd", "-m", "-u", str(UID["frank"]), "-G", "cognito", "-s", "/bin/sh", "frank")
    injected = Injected(world, tap, State(PLACE))
    injected.identity()
    injected.warden()
    injected.files()
    injected.outage()
    injected.stamps()


class Injected:
    def __init__(self, world, tap, state):
        self.world, self.tap, self.state = world, tap, state

    def fresh(self):
        shutil.rmtree(STAMPS, ignore_errors=True)
        self.world.forget()

    def login(self, **about):
        """One sign-in; (its code, what was wrong with it)."""
        before = len(os.listdir("/proc/self/fd"))
        found = Login("injected", **about).authenticate().end()
        if len(os.listdir("/proc/self/fd")) != before:
            return found.code, "a descriptor is left"
        if self.state.section(HOST)[2]:
            return found.code, f"not freed: {self.state.section(HOST)[2]}"
        end = time.monotonic() + 10
        while find_helper(0.05) is not None:
            if time.monotonic() > end:
                return found.code, "the helper is left"
        return found.code, None

    def sweep(self, title, wanted, judge, prepare=None, modes=(FAILS,), **about):
        """Fails what wanted(site) picks. judge(code, site) says what is wrong, or None."""
        prepare = prepare or (lambda: None)
        self.fresh()
        prepare()
        self.state.set()
        self.login(**about)
        plan = [(site, number) for section in (HOST, BIRTH, PROGRAM)
                for site, number in picks(self.state.calls(section), 2) if wanted(site)]
        wrong, fired = [], 0
        for site, number in plan:
            for mode in modes:
                if mode == SHORT and site.name not in PARTED:
                    continue
                self.fresh()
                prepare()
                self.state.set(site.section, site.offset, number, mode)
                code, problem = self.login(**about)
                fired += self.state.fired()
                problem = problem or (judge(code, site) if self.state.fired() else None)
                if problem:
                    wrong.append(f"{key(site)} no. {number}, mode {mode}: {problem}, code {code}")
        print(f"# {title}: {fired} faults")
        self.tap.ok(fired >= 3 and not wrong, title, *wrong)

    def identity(self):
        self.sweep("a root that cannot be given up is a refusal",
                   lambda site: site.name in IDENTITY
                   and not (site.section == HOST or site.file == "main.c"),
                   lambda code, _: "a success" if code == SUCCESS else None)
        # Not known to be a plain user's, the host is treated as the privileged one it is.
        self.sweep("who cannot tell who it is does not trust more for that",
                   lambda site: site.name in IDENTITY and site.file in ("call.c", "main.c"),
                   lambda code, site: None if (code == SUCCESS) == (site.file == "call.c")
                   else "another answer")

    def warden(self):
        self.sweep("nothing goes on without a warden",
                   lambda site: site.file == "warden.c"
                   and site.name in ("socketpair", "fork", "read", "send", "setresuid"),
                   lambda code, _: "a success" if code == SUCCESS else None,
                   modes=(FAILS, SHORT))

    def files(self):
        self.sweep("no breaker is no reason to refuse",
                   lambda site: site.section == HOST and site.file in STATE,
                   lambda code, _: None if code == SUCCESS else "a refusal",
                   modes=(FAILS, SHORT))

    def outage(self):
        def prepare():
            self.world.configure(endpoint="https://127.0.0.1:9")
        self.sweep("an outage is a refusal, noted or not",
                   lambda site: site.section == HOST and site.file in STATE,
                   lambda code, _: "a success" if code == SUCCESS else None, prepare)
        self.world.configure()

    def stamps(self):
        """A code is sent only when that was recorded."""
        self.world.configure(password_reset="injected")

        def sent():
            return [r for r in self.world.pool.requests("ForgotPassword")]

        def judge(code, _):
            if code == SUCCESS:
                return "a success"
            stamps = [path for path in glob.glob(STAMPS + "/code-*") if os.path.getsize(path) > 0]
            return "a code was sent and not recorded" if sent() and not stamps else None
        answers = iter(())

        def prepare():
            nonlocal answers
            answers = iter(["Must-Reset-1"])
        self.sweep("no code is sent that was not recorded",
                   lambda site: site.section == HOST and site.file == "run_state.c",
                   judge, prepare, modes=(FAILS, SHORT), user="frank",
                   answer=lambda: next(answers, None))
        self.tap.ok(sent(), "a code is sent where nothing important fails")
        self.world.configure()
