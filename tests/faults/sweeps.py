# Sweeps over the calls of a run, each failing in turn, and what may come of it.
# SPDX-License-Identifier: MIT
import collections
import os
import re
import signal
import time

import harness
from injection import BIRTH, CALLS_MAX, FAILS, HOST, NAMES, PROGRAM, State, key, picks

FOLDER = os.path.join(harness.BUILD, "faults")
MODULE = os.path.join(FOLDER, "pam_cognito.so")
HELPER = os.path.join(FOLDER, "pam_cognito_helper")
# Allocations of OpenSSL and curl go through these; they keep some to the end.
KEEPS = ("secret.c", "wiping.c")
TOKEN_READERS = ("base64url.c", "json.c", "jwt.c")


class Outcome:
    """What came of a run: the host's report and what was wrong with it, or None."""

    def __init__(self, state, run):
        self.host = None
        try:
            self.host = run()
            self.problem = self.examine(state)
        except AssertionError as error:
            self.problem = str(error)[:2000]
        self.fired = state.fired()

    def examine(self, state):
        for number in (HOST, PROGRAM):
            leaks = [name for name in state.section(number)[2]
                     if number == HOST or name not in KEEPS]
            if leaks:
                return f"the {NAMES[number]} leaks what it allocated in {leaks}"
        for status in self.host.helpers:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
                return f"the helper got signal {os.WTERMSIG(status)}"
            # 1: no request came. One that a sanitizer ends does not come to its own end.
            if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in (0, 1, 127) \
                    and state.section(PROGRAM)[1] != 1:
                return f"the helper broke off: {os.WEXITSTATUS(status)}"
        before, after = self.host.pair("fds")
        return None if before == after else f"{after - before} descriptors are left"


def settle():
    """
    A host that did not wait for its intermediate, or an intermediate that did not
    wait for the birth, leaves what it started behind for a moment: not to be taken
    for the next run's.
    """
    end = time.monotonic() + 10
    while time.monotonic() < end:
        left = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                if (harness.stat_of(pid) or ("", "", 0))[2] == os.getpid()
                and harness.stat_of(pid)[0] == "pamrun"]
        if not [pid for pid in left if harness.reap(pid) is None]:
            break
        time.sleep(0.005)
    harness.wait_for_helpers()


class FaultCase(harness.PoolCase):
    """Sweeps over the calls of a run."""
    most = 1
    state = None

    def setUp(self):
        super().setUp()
        if FaultCase.state is None:
            FaultCase.state = State(FOLDER)
        self.state = FaultCase.state

    def folder(self, phases="auth account password", extra=(), client=harness.CLIENT,
               before="", after="", **settings):
        """A service folder with the module whose calls can fail."""
        path = harness.write_config(self.settings(client, timeout=6, **settings))
        arguments = [f"config={path}", f"helper={HELPER}", *extra]
        folder = harness.fresh_folder("pam.d")
        text = before + "".join(harness.line(phase, arguments, module=MODULE)
                                for phase in phases.split()) + after
        harness.write(os.path.join(folder, "test"), text, 0o644)
        harness.write(os.path.join(folder, "other"), "", 0o644)
        return folder

    def record(self, run):
        """A run in which nothing fails; its host."""
        self.state.set()
        outcome = Outcome(self.state, run)
        self.assertIsNone(outcome.problem)
        for number in (HOST, BIRTH, PROGRAM):
            self.assertLess(self.state.section(number)[0], CALLS_MAX)
        return outcome.host

    def plan(self, section, most, after):
        """[(site, occurrence)], of the calls from the last one of that name on."""
        calls = self.state.calls(section)
        start = 0
        if after is not None:
            start = max(i for i, site in enumerate(calls) if site.name == after)
        before = collections.Counter(calls[:start])
        return [(site, before[site] + number) for site, number in picks(calls[start:], most)]

    def sweep(self, run, judge, sections=(HOST, BIRTH, PROGRAM), mode=FAILS, names=None,
              after=None, most=None):
        """Fails each call in turn. judge(host, site) says what is wrong, or None."""
        self.record(run)
        plan = [pick for section in sections for pick in self.plan(section, most or self.most,
                                                                   after)]
        wrong, fired = [], 0
        for site, number in plan:
            if names is not None and site.name not in names:
                continue
            self.pool.clear()
            self.state.set(site.section, site.offset, number, mode)
            outcome = Outcome(self.state, run)
            if site.section == BIRTH or site.name == "waitpid":
                settle()
            problem = outcome.problem
            if problem is None and outcome.fired:
                calls = self.state.calls(site.section)
                at = [i for i, call in enumerate(calls) if call == site][number - 1]
                outcome.host.passed = [call.name for call in calls[:at]]
                problem = judge(outcome.host, site)
            fired += outcome.fired
            if problem is not None:
                wrong.append(f"{NAMES[site.section]} {site.file}:{site.name} no. {number}: "
                             f"{problem}: {outcome.host.events if outcome.host else ''}")
        print(f"# {type(self).__name__}.{self._testMethodName}: {fired} faults")
        self.assertGreater(fired, 0)
        self.assertEqual(wrong, [], "\n".join(wrong))


def succeeded(host):
    return all(code == "PAM_SUCCESS" for _, code in host.returns)


def never(host, _site):
    """For where nobody may come in."""
    return "a success" if any(code == "PAM_SUCCESS" for _, code in host.returns) else None


def as_before(host, _site):
    """For what must not matter."""
    return None if succeeded(host) else "a refusal"


def is_in_exceptions(passed):
    """Is except_users looked for: before the account is, or, with a result there, again?"""
    since = passed[len(passed) - passed[::-1].index("pam_get_user"):] \
        if "pam_get_user" in passed else []
    return "getpwnam_r" not in since or "recvmsg" in since


class Allowing:
    """Where the right password is given: a success only in spite of what is listed."""

    def __init__(self, harmless, in_exceptions=(), in_update=(), pool=None):
        self.harmless, self.in_exceptions, self.in_update = harmless, in_exceptions, in_update
        self.pool, self.seen = pool, set()

    def is_allowed(self, host, site):
        if key(site) in self.harmless:
            return True
        if key(site) in self.in_exceptions and is_in_exceptions(host.passed):
            return True
        # The result was given before that.
        if site.section == PROGRAM and "shutdown" in host.passed:
            return True
        # The second pass of a change: the first one has looked at the settings.
        passes = host.passed.count("pam_get_user") + site.name.startswith("getres")
        if passes > 1 and key(site) in self.in_update:
            return True
        # A token that seems to be signed with another key: the keys are asked for again.
        return site.file in TOKEN_READERS and len(self.pool.requests("jwks")) > 1

    def __call__(self, host, site):
        if succeeded(host):
            self.seen.add(key(site))
            return None if self.is_allowed(host, site) else "a success that is not on the list"
        if any(re.search(r": (accepted|password changed): ", text) for _, text in host.logs):
            return "a refusal that the log calls a success"
        if not any(priority <= harness.NOTICE for priority, _ in host.logs):
            return "a refusal without a word in the log"
        return None
