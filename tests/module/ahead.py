# srp_ahead: InitiateAuth while the password is being typed. When it is sent,
# when never, what becomes of its answer, and that the password itself is
# proved once.
# SPDX-License-Identifier: MIT
import json
import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import CLIENT, FAKE, HELPER, SET_ITEM, PoolCase, run  # noqa: E402

RIGHT = "Correct-Horse-9"
WRONG = "Correct-Horse-8"
BOB = "Battery-Staple-7"
LEGACY = "locallegacy0000000000000001"
TOO_OLD = 3.2  # seconds; a challenge of more than 3 is thrown away
STACKED = harness.line("auth", ["authtok=" + RIGHT], SET_ITEM)


class Case(PoolCase):
    def start(self, user="alice", *, extra=(), operations=("authenticate",), options=(),
              client=CLIENT, before="", **settings):
        """A host that stands at its first prompt."""
        config = harness.write_config(self.settings(
            client, **{"auth_flow": "user_srp", "srp_ahead": "yes", **settings}))
        confdir = harness.write_service([f"config={config}", f"helper={HELPER}", *extra],
                                        before=before)
        host = harness.Host(operations, confdir, user, options=options)
        self.addCleanup(host.abandon)
        host.until("prompt")
        self.prompted = time.monotonic()
        return host

    def sent(self, user="alice"):
        return [r for r in self.requests() if r["username"] == user]

    def wait_for_request(self, user="alice", count=1):
        harness.wait_until(lambda: len(self.sent(user)) >= count)

    def wait_for_answer(self, user="alice", count=1):
        harness.wait_until(
            lambda: len([r for r in self.sent(user) if r["status"]]) >= count)

    def a_moment_later(self):
        """Until another host, started after this one, has sent its request ahead."""
        other = self.start("bob")
        self.wait_for_answer("bob")
        return other

    def end(self, host, answer=RIGHT, *others):
        """The answer, and the code; the others give up."""
        host.say(answer)
        for other in others:
            other.say("!error")
        host.until("return")
        for other in others:
            other.finish()
        return host.finish()

    def proofs(self):
        return self.requests("RespondToAuthChallenge")


class Sent(Case):
    def test_while_the_password_is_typed(self):
        host = self.start()
        self.wait_for_answer()
        request, = self.sent()
        self.assertGreater(request["time"], host.times[-1] - 0.02)
        self.assertEqual((request["flow"], request["status"]), ("USER_SRP_AUTH", 200))
        self.assertIs(request["secret_hash_ok"], True)
        self.assertEqual(self.proofs(), [])
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1, [])
        proof, = self.proofs()
        self.assertEqual((proof["challenge"], proof["status"]), ("PASSWORD_VERIFIER", 200))
        self.assertEqual(host.prompts, [("off", "Password: ")])
        for one in self.pool.requests():
            self.assertNotIn(RIGHT, one["body"])

    def test_on_the_connection_of_the_proof(self):
        host = self.start()
        self.wait_for_answer()
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1)
        self.assertIn(self.proofs()[0]["connection"],
                      {r["connection"] for r in self.requests("jwks") + self.sent()})

    def test_answer_that_is_still_awaited_is_waited_for(self):
        self.pool.fault("delay", {"operation": "InitiateAuth"}, ms=700)
        host = self.start()
        self.wait_for_request()
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(len(self.proofs()), 1)

    def test_second_factor_follows(self):
        host = self.start("grace")
        self.wait_for_answer("grace")
        host.say("Grace-Hopper-6")
        host.until("prompt")
        self.check(self.end(host, self.pool.totp("grace")), "PAM_SUCCESS", "ok", 1)
        self.assertEqual([r["challenge"] for r in self.proofs()],
                         ["PASSWORD_VERIFIER", "SOFTWARE_TOKEN_MFA"])

    def test_each_handle_its_own(self):
        keys = []
        for _ in range(2):
            host = self.start()
            self.wait_for_answer(count=len(keys) + 1)
            self.check(self.end(host), "PAM_SUCCESS", "ok", len(keys) + 1)
            keys.append(json.loads(self.sent()[-1]["body"])["AuthParameters"]["SRP_A"])
        self.assertNotEqual(keys[0], keys[1])


@harness.cases
class NotSent(Case):
    # options of the host, arguments, settings
    never_rows = {
        "with_a_remote_host": (["--rhost", "192.0.2.9"], [], {}),
        "with_a_remote_host_by_name": (["--rhost", "localhost"], [], {}),
        "by_default": ([], [], {"srp_ahead": None}),
        "when_switched_off": ([], [], {"srp_ahead": "no"}),
        "without_warm_up": ([], ["warm_up=no"], {}),
        "for_the_password_flow": ([], [], {"auth_flow": None}),
        "for_custom_srp": ([], [], {"auth_flow": "custom_srp"}),
        "for_the_choice": ([], [], {"auth_flow": "user_auth",
                                    "preferred_factor": "password_srp"}),
    }

    def check_never(self, options, extra, settings):
        host = self.start(options=options, extra=extra, **settings)
        other = self.a_moment_later()
        self.assertEqual(self.sent(), [])
        self.end(host, "!error", other)
        self.assertEqual(self.sent(), [])

    def test_empty_remote_host_is_none(self):
        host = self.start(options=["--rhost", ""])
        self.wait_for_answer()
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1)

    def test_remote_host_still_signs_in(self):
        host = self.start(options=["--rhost", "192.0.2.9"])
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1)

    def test_not_when_the_answer_comes_at_once(self):
        """A host that gives up at once has caused no request."""
        host = self.sign_in("!error", settings={"auth_flow": "user_srp", "srp_ahead": "yes"})
        self.check(host, "PAM_CONV_ERR", "cancelled", 0)

    def test_one_request_when_the_answer_comes_at_once(self):
        host = self.sign_in(settings={"auth_flow": "user_srp", "srp_ahead": "yes"})
        self.check(host, "PAM_SUCCESS", "ok", 1)

    def test_never_twice_in_a_handle(self):
        host = self.start(operations=("authenticate", "authenticate"))
        self.wait_for_answer()
        host.say(WRONG)
        host.until("return")
        host.until("prompt")
        other = self.a_moment_later()
        self.assertEqual(len(self.sent()), 1)
        self.end(host, RIGHT, other)
        self.assertEqual([code for _, code in host.returns], ["PAM_AUTH_ERR", "PAM_SUCCESS"])
        self.assertEqual(len(self.sent()), 2)
        self.assertEqual(len(self.proofs()), 2)

    def test_not_after_a_change_of_user(self):
        host = self.start(operations=("authenticate", "user=bob", "authenticate"))
        self.wait_for_answer()
        host.say(RIGHT)
        host.until("return")
        host.until("prompt")
        other = self.start("grace")
        self.wait_for_answer("grace")
        self.assertEqual(self.sent("bob"), [])
        self.end(host, BOB, other)
        self.assertEqual([code for _, code in host.returns], ["PAM_SUCCESS", "PAM_SUCCESS"])

    def test_not_for_a_change_of_password(self):
        host = self.start(operations=("chauthtok",))
        other = self.a_moment_later()
        self.assertEqual(self.sent(), [])
        self.end(host, "!error", other)
        self.assertEqual(self.sent(), [])

    def test_not_for_users_out_of_scope(self):
        host = self.sign_in(answers=[], extra=["only_users=bob"],
                            settings={"auth_flow": "user_srp", "srp_ahead": "yes"})
        self.assertEqual((host.code, host.prompts), ("PAM_USER_UNKNOWN", []))
        self.assertEqual(self.pool.counts()["connections"], 0)


@harness.cases
class Stacked(unittest.TestCase):
    """What the module tells its helper, however long the answer then takes."""
    # what stands before in the stack, arguments, the answer typed, the flag
    told_rows = {
        "prompt": ("", [], ["open-sesame"], ["first"]),
        "password_of_the_stack": ("open-sesame", [], [], ["not first"]),
        "use_first_pass": ("open-sesame", ["use_first_pass"], [], ["not first"]),
        "use_first_pass_without_one": ("", ["use_first_pass"], [], ["not first"]),
        "try_first_pass_off": ("other", ["try_first_pass=no"], ["open-sesame"], ["first"]),
        "without_warm_up": ("", ["warm_up=no"], ["open-sesame"], ["not first"]),
    }

    def check_told(self, stacked, extra, answers, told):
        before = harness.line("auth", ["authtok=" + stacked], SET_ITEM) if stacked else ""
        host = run(arguments=[f"config={harness.write_config('')}", f"helper={FAKE}",
                              "user_pool_id=fake:shows_first", *extra],
                   answers=answers, before=before)
        self.assertEqual([text for _, text in host.logs if text.startswith("helper: ")],
                         ["helper: " + word for word in told])

    def test_twice_in_a_handle(self):
        host = run("authenticate", "authenticate", answers=["open-says-me", "open-sesame"],
                   arguments=[f"config={harness.write_config('')}", f"helper={FAKE}",
                              "user_pool_id=fake:shows_first"])
        self.assertEqual([text for _, text in host.logs if text.startswith("helper: ")],
                         ["helper: first", "helper: not first"])


class Password(Case):
    def test_stacked_password_serves(self):
        host = self.sign_in(answers=[], before=STACKED,
                            settings={"auth_flow": "user_srp", "srp_ahead": "yes"})
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(host.prompts, [])

    def test_wrong(self):
        host = self.start()
        self.wait_for_answer()
        self.check(self.end(host, WRONG), "PAM_AUTH_ERR", "wrong_password", 1)
        self.assertEqual([r["challenge"] for r in self.proofs()], ["PASSWORD_VERIFIER"])
        self.assertTrue(host.delayed)

    def test_empty_and_junk_prove_nothing(self):
        for answer, reason in (("", "empty_password"),
                               ("\b\n\r\x7fINCORRECT", "unusable_password")):
            self.pool.reset()
            host = self.start()
            self.wait_for_answer()
            self.check(self.end(host, answer), "PAM_AUTH_ERR", reason, 1)
            self.assertEqual(self.proofs(), [])

    def test_given_up(self):
        host = self.start()
        self.wait_for_answer()
        self.check(self.end(host, "!error"), "PAM_CONV_ERR", "cancelled", 1)
        self.assertEqual(self.proofs(), [])

    def test_host_dies_while_the_answer_is_awaited(self):
        self.pool.fault("delay", {"operation": "InitiateAuth"}, ms=3000)
        host = self.start()
        self.wait_for_request()
        host.process.kill()
        host.process.wait()
        host.process.stdout.close()
        host.process.stdin.close()
        harness.wait_for_helpers(2)
        self.assertEqual((len(self.sent()), self.proofs()), (1, []))

    def test_unknown_to_the_pool_which_hides_it(self):
        host = self.start("stranger")
        self.wait_for_answer("stranger")
        self.check(self.end(host, "any"), "PAM_AUTH_ERR", "wrong_password", 1, [])
        self.assertEqual(len(self.proofs()), 1)

    def test_unknown_to_the_pool_which_says_so(self):
        """Nobody reads it before he has typed, and then the words of a wrong password."""
        host = self.start("stranger", client=LEGACY)
        self.wait_for_answer("stranger")
        self.assertEqual([kind for kind, _ in host.events], ["prompt"])
        self.check(self.end(host, "any"), "PAM_USER_UNKNOWN", "no_such_user", 2, [])
        self.assertEqual(self.proofs(), [])

    def test_disabled(self):
        host = self.start("dave")
        self.wait_for_answer("dave")
        self.assertEqual([kind for kind, _ in host.events], ["prompt"])
        self.end(host, "Disabled-User-1")
        self.check(host, "PAM_AUTH_ERR", "disabled", 2, [])


class Old(Case):
    """Three seconds after its answer a challenge is worth nothing any more."""

    def test_old_challenge_is_asked_for_anew(self):
        host, wrong, slow = self.start(), self.start("bob"), self.start("grace")
        self.pool.fault("hang", {"operation": "InitiateAuth", "username": "trent"}, seconds=30)
        hanging = self.start("trent")
        self.pool.fault("throttle_400", {"operation": "InitiateAuth", "username": "peggy"})
        throttled = self.start("peggy")
        for user in ("alice", "bob", "grace", "peggy"):
            self.wait_for_answer(user)
        self.wait_for_request("trent")
        time.sleep(max(0, self.prompted + TOO_OLD - time.monotonic()))
        for one, answer in ((host, RIGHT), (wrong, WRONG), (slow, "!error"),
                            (hanging, "Trent-Silent-4"), (throttled, "Peggy-Passkey-2")):
            one.say(answer)
        for one in (host, wrong, slow, hanging, throttled):
            one.until("return")
        for one in (host, wrong, slow, hanging, throttled):
            one.finish()
        self.assertEqual((host.code, host.reason), ("PAM_SUCCESS", "ok"))
        self.assertEqual((wrong.code, wrong.reason), ("PAM_AUTH_ERR", "wrong_password"))
        self.assertEqual(slow.reason, "cancelled")
        # No answer at all is no better than an old one, and a refusal ages, too.
        self.assertEqual((hanging.code, hanging.reason), ("PAM_SUCCESS", "ok"))
        self.assertEqual((throttled.code, throttled.reason), ("PAM_SUCCESS", "ok"))
        self.assertEqual({user: len(self.sent(user)) for user in
                          ("alice", "bob", "grace", "trent", "peggy")},
                         {"alice": 2, "bob": 2, "grace": 1, "trent": 2, "peggy": 2})
        one, two = [json.loads(r["body"])["AuthParameters"]["SRP_A"] for r in self.sent()]
        self.assertNotEqual(one, two)
        self.assertEqual(sorted(r["username"] for r in self.proofs()),
                         ["alice", "bob", "peggy", "trent"])

    def test_young_challenge_serves(self):
        """The challenge is what decides, not the time since the prompt."""
        host = self.start()
        self.wait_for_answer()
        time.sleep(max(0, self.prompted + 1.5 - time.monotonic()))
        self.check(self.end(host), "PAM_SUCCESS", "ok", 1)


@harness.cases
class Failing(Case):
    # What the request ahead meets, and what the sign-in ends with when the one
    # after the answer meets it, too: the kind of the fault, its members, the reason.
    fault_rows = {
        "throttled": ("throttle_400", {"retry_after": 60}, "throttled"),
        "throttled_429": ("throttle_429", {"retry_after": 60}, "throttled"),
        "bare_429": ("bare_429", {}, "throttled"),
        "server_error": ("html_500", {}, "server_error"),
        "unavailable": ("empty_503", {}, "server_error"),
        "refused_by_a_page": ("html_403", {}, "waf_blocked"),
        "refused_by_the_web_acl": ("waf_403", {}, "waf_blocked"),
        "captcha": ("captcha_403", {}, "waf_blocked"),
        "redirect": ("redirect", {"url": "https://127.0.0.1:1/"}, "request_refused"),
        "refused": ("error", {"code": "NotAuthorizedException", "message": "No."},
                    "wrong_password"),
        "locked_out": ("error", {"code": "NotAuthorizedException",
                                 "message": "Password attempts exceeded"}, "locked_out"),
        "limit": ("error", {"code": "LimitExceededException"}, "limit_exceeded"),
        "internal_error": ("error", {"code": "InternalErrorException", "status": 500},
                           "server_error"),
        "new_error": ("error", {"code": "BrandNewException"}, "unknown_error"),
        "not_json": ("not_json", {}, "unreadable_answer"),
        "list": ("json_list", {}, "unreadable_answer"),
        "nothing": ("empty_body", {}, "unreadable_answer"),
        "empty_object": ("empty_object", {}, "unreadable_answer"),
        "null": ("null_result", {}, "unreadable_answer"),
        "bad_utf8": ("bad_utf8", {}, "unreadable_answer"),
        "nested": ("nested", {}, "unreadable_answer"),
        "twice": ("duplicate_keys", {}, "unreadable_answer"),
        "nul": ("nul_in_key", {}, "unreadable_answer"),
        "closed": ("close", {}, "transport"),
        "reset": ("reset", {}, "transport"),
        "reset_on_the_way": ("reset_mid", {}, "transport"),
        "truncated": ("truncate", {}, "transport"),
        "headers_without_end": ("header_flood", {}, "transport"),
    }

    def sign_in_after(self, kind, members, count, **settings):
        """Ahead the pool's answer is that, and count tells whether also later."""
        self.pool.fault(kind, {"operation": "InitiateAuth"}, count, **members)
        host = self.start(**settings)
        self.wait_for_request()
        self.assertEqual([kind for kind, _ in host.events], ["prompt"])
        return self.end(host)

    def check_fault(self, kind, members, reason):
        """It is over after Enter; it is not, and then counts as it would without srp_ahead."""
        host = self.sign_in_after(kind, members, 1)
        self.check(host, "PAM_SUCCESS", "ok", 2, [])
        self.assertEqual(len(self.proofs()), 1)
        one, two = [json.loads(r["body"])["AuthParameters"]["SRP_A"] for r in self.sent()]
        self.assertNotEqual(one, two)
        self.pool.reset()
        host = self.sign_in_after(kind, members, 0)
        self.assertEqual((host.reason, len(self.sent()), self.proofs()), (reason, 2, []),
                         host.logs)
        self.assertNotEqual(host.code, "PAM_SUCCESS")

    def test_silence(self):
        """Not all of the time is for what may never come."""
        host = self.sign_in_after("hang", {"seconds": 30}, 1)
        self.check(host, "PAM_SUCCESS", "ok", 2, [])
        self.pool.reset()
        host = self.sign_in_after("hang", {"seconds": 30}, 0, timeout=1)
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "timeout", 2)

    def test_throttled_later_too(self):
        """What is ahead is no try of those that come after the answer."""
        host = self.sign_in_after("throttle_400", {}, 4)
        self.check(host, "PAM_SUCCESS", "ok", 5, [])
        self.assertEqual([r["processed"] for r in self.sent()], [False] * 4 + [True])
        self.assertEqual([r["processed"] for r in self.proofs()], [True])

    def test_pool_is_gone(self):
        """The fault is the sign-in's own, after the password."""
        host = self.start(endpoint=f"https://localhost:{self.nobody()}")
        other = self.a_moment_later()
        self.assertEqual([kind for kind, _ in host.events], ["prompt"])
        self.end(host, RIGHT, other)
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "connect")

    def nobody(self):
        """A port where nobody listens while the test runs."""
        self.held = socket.socket()
        self.addCleanup(self.held.close)
        self.held.bind(("127.0.0.1", 0))
        return self.held.getsockname()[1]


if __name__ == "__main__":
    harness.main()
