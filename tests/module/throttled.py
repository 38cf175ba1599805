# What the service says it did not process is sent again, three times at most and
# while there is time; so is the question for the keys, which does nothing. Nothing
# else is. The pool counts what it processed.
# SPDX-License-Identifier: MIT
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import HELPER, PoolCase  # noqa: E402

RIGHT = "Correct-Horse-9"
PEOPLE = {"alice": RIGHT, "bob": "Battery-Staple-7", "trent": "Trent-Silent-4",
          "peggy": "Peggy-Passkey-2"}
WAITED = "not served, sent again after "


class Case(PoolCase):
    def start(self, user="alice", extra=("debug",), **settings):
        # Waits are shares of the time.
        config = harness.write_config(self.settings(**{"timeout": "6", **settings}))
        confdir = harness.write_service([f"config={config}", f"helper={HELPER}", *extra])
        host = harness.Host(["authenticate"], confdir, user)
        self.addCleanup(host.abandon)
        return host

    def begin(self, user="alice", **settings):
        """A host whose person has typed the password."""
        host = self.start(user, **settings)
        host.until("prompt")
        host.say(PEOPLE[user])
        return host

    def throttle(self, operation, count=1, user="alice", kind="throttle_400", **members):
        self.pool.fault(kind, {"operation": operation, "username": user}, count, **members)

    def processed(self, operation, user="alice"):
        """Of each request: did the pool carry it out?"""
        return [r["processed"] for r in self.requests(operation) if r["username"] == user]

    def bodies(self, operation):
        return {r["body"] for r in self.requests(operation)}

    def repeats(self, host):
        return [text for _, text in host.logs if WAITED in text]


class Again(Case):
    def test_as_often_as_may_be(self):
        """Once, twice and three times throttled: in. A fourth time: not. Nobody is told."""
        times = dict(zip(PEOPLE, (1, 2, 3, 4)))
        for user, count in times.items():
            self.throttle("InitiateAuth", count, user)
        hosts = {user: self.begin(user) for user in PEOPLE}
        for user, host in hosts.items():
            host.finish()
            count = times[user]
            entered = count < 4
            self.assertEqual((host.code, host.reason),
                             ("PAM_SUCCESS", "ok") if entered else
                             ("PAM_AUTHINFO_UNAVAIL", "throttled"), host.logs)
            self.assertEqual(self.processed("InitiateAuth", user),
                             [False] * count + [True] * entered)
            self.assertEqual(len(self.repeats(host)), count if entered else 3)
            self.assertRegex(self.repeats(host)[0],
                             r"InitiateAuth: not served, sent again after \d+ ms$")
            self.assertEqual(host.prompts, [("off", "Password: ")])
            self.assertEqual(host.shown, [] if entered else
                             ["Cognito is busy. Try again later."])
        self.assertEqual(len({r["body"] for r in self.requests("InitiateAuth")
                              if r["username"] == "peggy"}), 1)

    def test_throttled_then_wrong(self):
        """It was processed once, and the pool has counted it once."""
        self.throttle("InitiateAuth")
        host = self.start()
        host.until("prompt")
        host.say("wrong")
        host.finish()
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 2)
        self.assertEqual(self.processed("InitiateAuth"), [False, True])
        self.assertEqual(self.pool.user("alice")["failures"]["password"]["count"], 1)

    def test_throttled_then_broken_off(self):
        """What may have been processed ends it."""
        self.throttle("InitiateAuth", kind="throttle_429")
        self.pool.fault("reset", {"operation": "InitiateAuth"}, processed=True)
        host = self.begin()
        host.finish()
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "transport", 2)
        self.assertEqual(self.processed("InitiateAuth"), [False, True])

    def test_proof(self):
        """SRP: the same signature for the same block."""
        self.throttle("RespondToAuthChallenge", kind="throttle_429")
        host = self.begin(auth_flow="user_srp")
        host.finish()
        self.check(host, "PAM_SUCCESS", "ok", 1, [])
        self.assertEqual(self.processed("RespondToAuthChallenge"), [False, True])
        self.assertEqual(len(self.bodies("RespondToAuthChallenge")), 1)

    def answer(self, user, *answers):
        host = self.start(user)
        for answer in answers:
            host.until("prompt")
            host.say(answer)
        host.finish()
        return host

    def test_code(self):
        """A code is good once, and its session too: both are still there."""
        self.throttle("RespondToAuthChallenge", user="grace")
        host = self.answer("grace", "Grace-Hopper-6", self.pool.totp("grace"))
        self.check(host, "PAM_SUCCESS", "ok", 1, [])
        self.assertEqual(self.processed("RespondToAuthChallenge", "grace"), [False, True])
        self.assertEqual(len({json.loads(body)["Session"]
                              for body in self.bodies("RespondToAuthChallenge")}), 1)

    def test_new_password(self):
        self.throttle("RespondToAuthChallenge", user="erin")
        host = self.answer("erin", "Temporary-Pw-1", "Fresh-Meadow-42", "Fresh-Meadow-42")
        self.check(host, "PAM_SUCCESS", "ok", 1, [])
        self.assertEqual(self.processed("RespondToAuthChallenge", "erin"), [False, True])
        self.assertEqual(self.pool.user("erin")["password"], "Fresh-Meadow-42")


class Keys(Case):
    """Of the times that are refused the first is the warm-up's, which waits for nobody."""

    def refuse(self, kind, count, **members):
        self.pool.fault(kind, {"operation": "jwks"}, count, **members)
        host = self.start()
        host.until("prompt")
        harness.wait_until(lambda: [r["status"] for r in self.requests("jwks")])
        host.say(RIGHT)
        host.finish()
        return host

    def test_of_a_busy_server(self):
        """Who was accepted is in, whoever refused the keys meanwhile."""
        host = self.refuse("empty_503", 4)
        self.check(host, "PAM_SUCCESS", "ok", 1, [])
        self.assertEqual(self.processed("InitiateAuth"), [True])
        self.assertEqual(len(self.requests("jwks")), 5)
        self.assertEqual(len(self.repeats(host)), 3)

    def test_once_too_often(self):
        host = self.refuse("bare_429", 5)
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "keys_unavailable", 1)
        self.assertEqual(len(self.requests("jwks")), 5)

    def test_no_time_for_it(self):
        host = self.refuse("empty_503", 0, retry_after=20)
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "keys_unavailable", 1)
        self.assertEqual(len(self.requests("jwks")), 2)

    def test_of_one_that_refuses(self):
        host = self.refuse("html_403", 0)
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "keys_unavailable", 1)
        self.assertEqual((len(self.requests("jwks")), self.repeats(host)), (2, []))


class Time(Case):
    def test_retry_after(self):
        self.throttle("InitiateAuth", retry_after=1)
        host = self.begin()
        host.finish()
        self.check(host, "PAM_SUCCESS", "ok", 2)
        first, second = self.requests()
        self.assertGreaterEqual(second["time"] - first["time"], 1)

    def test_no_time_for_it(self):
        """The verdict comes at once, not when the time is over."""
        for kind in ("throttle_400", "throttle_429"):
            self.pool.reset()
            self.throttle("InitiateAuth", 0, kind=kind, retry_after=20)
            begun = time.monotonic()
            host = self.begin()
            host.finish()
            self.check(host, "PAM_AUTHINFO_UNAVAIL", "throttled", 1,
                       ["Cognito is busy. Try again later."])
            self.assertLess(time.monotonic() - begun, 10)
            self.assertEqual(self.repeats(host), [])

    def test_while_there_is_time(self):
        """By chance one or two tries fit into a second; it is never exceeded."""
        self.throttle("InitiateAuth", 0)
        host = self.begin(timeout="1")
        host.finish()
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "throttled")
        self.assertIn(self.tries(), (1, 2))
        self.assertEqual(len(self.repeats(host)), self.tries() - 1)

    def test_host_goes_away_meanwhile(self):
        self.throttle("InitiateAuth", 0, retry_after=3)
        host = self.begin()
        harness.wait_until(lambda: self.requests() and self.requests()[0]["status"])
        host.process.kill()
        host.process.wait()
        harness.wait_for_helpers()


@harness.cases
class Never(Case):
    # What is no such answer: the fault's kind and members, the reason.
    never_rows = {
        "bare_429": ("bare_429", {}, "throttled"),
        "type_in_a_header_only": ("error", {"code": "TooManyRequestsException", "status": 429,
                                            "style": "header"}, "throttled"),
        "another_throttling": ("error", {"code": "ThrottlingException"}, "throttled"),
        "limit_exceeded": ("error", {"code": "LimitExceededException"}, "limit_exceeded"),
        "limit_exceeded_429": ("error", {"code": "LimitExceededException", "status": 429},
                               "limit_exceeded"),
        "too_many_failed": ("error", {"code": "TooManyFailedAttemptsException"},
                            "limit_exceeded"),
        "locked_out": ("error", {"code": "NotAuthorizedException",
                                 "message": "Password attempts exceeded"}, "locked_out"),
        "quota": ("error", {"code": "ServiceQuotaExceededException"}, "throttled"),
        "server_error": ("error", {"code": "TooManyRequestsException", "status": 503},
                         "throttled"),
    }

    def check_never(self, kind, members, reason):
        self.pool.fault(kind, {"operation": "InitiateAuth"}, **members)
        host = self.begin()
        host.finish()
        self.assertEqual((host.reason, self.tries(), self.repeats(host)), (reason, 1, []),
                         host.logs)


if __name__ == "__main__":
    harness.main()
