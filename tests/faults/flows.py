# The longer flows, each call of the module and of the helper failing in turn: a
# code, a change of the password, a pool out of reach, and everything that no
# failure may turn into a success. Minutes; make check-long.
# SPDX-License-Identifier: MIT
import os
import sys

sys.path[:0] = [os.path.join(os.environ["TEST_FOLDER"], "tests", name)
                for name in ("lib", "faults")]
import harness  # noqa: E402
import sweeps  # noqa: E402
from harmless import HARMLESS, IN_EXCEPTIONS, IN_UPDATE, SOMETIMES  # noqa: E402
from injection import BIRTH, HOST, PROGRAM  # noqa: E402
from sweeps import FaultCase  # noqa: E402

RIGHT = "Correct-Horse-9"
NEW = "Fresh-Meadow-42"
GRACE = "Grace-Hopper-6"


class FlowCase(FaultCase):
    most = 3

    def allowing(self, *more):
        return sweeps.Allowing((HARMLESS | SOMETIMES).union(*more), IN_EXCEPTIONS,
                               IN_UPDATE, self.pool)


class Password(FlowCase):
    """As in sign_in.py, more often."""
    most = 12

    def test_right(self):
        place = self.folder()
        self.sweep(lambda: harness.run("authenticate", confdir=place, answers=[RIGHT]),
                   self.allowing())

    def test_without_warm_up(self):
        place = self.folder(extra=["warm_up=no"])
        self.sweep(lambda: harness.run("authenticate", confdir=place, answers=[RIGHT]),
                   self.allowing())


class Srp(FlowCase):
    def test_right(self):
        place = self.folder(extra=["auth_flow=user_srp"])
        self.sweep(lambda: harness.run("authenticate", confdir=place, answers=[RIGHT]),
                   self.allowing())

    def test_wrong(self):
        place = self.folder(extra=["auth_flow=user_srp"])

        def run_it():
            self.pool.reset()
            return harness.run("authenticate", confdir=place, answers=["Wrong-Horse-9"])
        self.sweep(run_it, sweeps.never, (PROGRAM,))


class Code(FlowCase):
    def run_it(self, *codes):
        self.pool.reset()
        return harness.run("authenticate", confdir=self.place, user="grace",
                           answers=[GRACE, *(codes or [self.pool.totp("grace")])])

    def setUp(self):
        super().setUp()
        self.place = self.folder()

    def test_right(self):
        self.assertEqual(self.record(self.run_it).code, "PAM_SUCCESS")
        self.sweep(self.run_it, self.allowing())

    def test_wrong(self):
        self.sweep(lambda: self.run_it(*["000000"] * 5), sweeps.never, (HOST, PROGRAM))


class Change(FlowCase):
    def run_it(self, *answers):
        self.pool.reset()
        return harness.run("chauthtok", confdir=self.place, answers=answers or [RIGHT, NEW, NEW])

    def setUp(self):
        super().setUp()
        self.place = self.folder()

    def test_right(self):
        allowing = self.allowing()

        def judge(host, site):
            changed = self.pool.user("alice")["password"] == NEW
            if sweeps.succeeded(host) and not changed:
                return "a success, and nothing was changed"
            return allowing(host, site)
        self.assertEqual(self.record(self.run_it).code, "PAM_SUCCESS")
        self.sweep(self.run_it, judge)

    def test_wrong(self):
        def judge(host, _site):
            if self.pool.user("alice")["password"] != RIGHT:
                return "the password was changed"
            return sweeps.never(host, _site)
        self.sweep(lambda: self.run_it("Wrong-Horse-9", NEW, NEW), judge, (HOST, PROGRAM))


class Outage(FlowCase):
    def test_out_of_reach(self):
        # A port where nobody listens.
        place = self.folder(endpoint="https://127.0.0.1:9")
        self.sweep(lambda: harness.run("authenticate", confdir=place, answers=[RIGHT]),
                   sweeps.never, (HOST, BIRTH, PROGRAM))


class Gates(FlowCase):
    """The right password, and still nobody may come in."""

    def check(self, *extra, spoil=None):
        place = self.folder(extra=list(extra))
        if spoil is not None:
            self.pool.call("token", count=0, **spoil)
        self.sweep(lambda: harness.run("authenticate", confdir=place, answers=[RIGHT]),
                   sweeps.never, (PROGRAM,))

    def test_second_factor_is_missing(self):
        self.check("require_mfa")

    def test_not_in_the_group(self):
        self.check("require_group=nobody-is-in-this-one")

    def test_forged_token(self):
        self.check(spoil={"signature": "bad"})

    def test_token_of_a_stranger(self):
        self.check(spoil={"key": "stranger"})

    def test_somebody_elses_token(self):
        self.check(spoil={"claims": {"cognito:username": "bob"}})


if __name__ == "__main__":
    harness.main()
