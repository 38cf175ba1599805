# Changing a password: what is asked in which pass, what the pool refuses and in
# whose words, what other modules of the stack see, and the pool's own record.
# SPDX-License-Identifier: MIT
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import CLIENT, ERR, HELPER, NOTICE, PoolCase, line  # noqa: E402

SET_ITEM = os.path.join(harness.BUILD, "set_item.so")
STRICT = "strictclient000000000000001"
STRICT_POOL = "eu-west-1_Strict001"
OLD = "Correct-Horse-9"
NEW = "Fresh-Meadow-42"


def current(user="alice"):
    return ("off", f"Changing the user pool password of {user}. Current password: ")


CURRENT = current()
FIRST = ("off", "New password: ")
AGAIN = ("off", "Retype new password: ")
SHORT = "Password did not conform with policy: Password not long enough"
USED = "Password has previously been used"


def other(control="optional", *arguments):
    """A line with the test's own module."""
    return line("password", arguments, SET_ITEM, control)


class PasswdCase(PoolCase):
    def arguments(self, client=CLIENT, settings=None, extra=()):
        config = harness.write_config(self.settings(client, **(settings or {})))
        return [f"config={config}", f"helper={HELPER}", *extra]

    def folder(self, before="", after="", **more):
        arguments = self.arguments(**more)
        folder = harness.write_service(arguments)
        harness.write(os.path.join(folder, "test"),
                      line("auth", arguments) + line("account", arguments) + before
                      + line("password", arguments) + after, 0o644)
        return folder

    def change(self, *answers, user="alice", operations=("chauthtok",), options=(), service="test",
               **more):
        host = harness.run(*operations, confdir=self.folder(**more), answers=answers, user=user,
                           options=options, service=service)
        self.host = host
        return host

    def asked(self):
        """What the pool was asked to do; its signing keys are not."""
        return [r["operation"] for r in self.pool.requests() if r["operation"] != "jwks"]

    def password_of(self, name="alice", pool=None):
        return self.pool.user(name, pool)["password"]

    def log(self, word):
        """The one line of that kind: (priority, text)."""
        (found,) = [entry for entry in self.host.logs if f": {word}: " in entry[1]]
        return found


class Change(PasswdCase):
    def test_right(self):
        host = self.change(OLD, NEW, NEW)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [CURRENT, FIRST, AGAIN])
        self.assertEqual(host.shown, [])
        self.assertEqual(self.password_of(), NEW)
        self.assertEqual(self.asked(), ["InitiateAuth", "ChangePassword", "RevokeToken"])
        self.assertEqual(self.log("proved")[0], NOTICE)
        self.assertRegex(self.log("proved")[1], "^alice: proved: ok service=test")
        self.assertRegex(self.log("password changed")[1],
                         "^alice: password changed: ok service=test http=200 ")
        self.assertEqual(len(host.logs), 2)
        self.assertEqual(host.all("delay"), [])
        # The new one signs in, the old one does not.
        self.assertEqual(self.sign_in(NEW).code, "PAM_SUCCESS")
        self.assertEqual(self.sign_in(OLD).code, "PAM_AUTH_ERR")

    def test_what_is_sent(self):
        self.change(OLD, NEW, NEW)
        request, = self.pool.requests("ChangePassword")
        body = json.loads(request["body"])
        self.assertEqual(sorted(body), ["AccessToken", "PreviousPassword", "ProposedPassword"])
        self.assertEqual((body["PreviousPassword"], body["ProposedPassword"]), (OLD, NEW))
        initiate, = self.pool.requests("InitiateAuth")
        self.assertEqual(json.loads(initiate["body"])["AuthParameters"]["PASSWORD"], OLD)

    def test_nothing_is_changed_after_prelim(self):
        host = harness.Host(["chauthtok"], self.folder())
        host.say(OLD)
        self.assertEqual(host.until("prompt"), "off Changing the user pool password of alice. Current password: ")
        self.assertEqual(host.until("prompt"), "off New password: ")
        self.assertEqual(self.asked(), ["InitiateAuth"])
        self.assertEqual(self.password_of(), OLD)
        host.say("!error")
        host.finish()
        self.assertEqual(host.code, "PAM_CONV_ERR")
        self.assertEqual(self.password_of(), OLD)
        self.assertEqual(self.asked(), ["InitiateAuth"])

    def test_prelim_alone(self):
        # A module that denies in PRELIM stops libpam before UPDATE.
        host = self.change(OLD, after="password required pam_deny.so\n")
        self.assertNotEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(self.password_of(), OLD)
        self.assertEqual(self.asked(), ["InitiateAuth"])

    def test_with_totp(self):
        host = self.change("Grace-Hopper-6", self.pool.totp("grace"), NEW, NEW, user="grace")
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [current("grace"), ("on", "Verification code (authenticator app): "),
                                        FIRST, AGAIN])
        self.assertEqual(self.password_of("grace"), NEW)

    def test_wrong_totp_is_no_proof(self):
        host = self.change("Grace-Hopper-6", *["000000"] * 5, user="grace")
        self.assertEqual(host.code, "PAM_AUTHTOK_RECOVERY_ERR")
        self.assertNotIn(FIRST, host.prompts)
        self.assertEqual(self.password_of("grace"), "Grace-Hopper-6")
        self.assertNotIn("ChangePassword", self.asked())

    def test_by_srp_the_password_is_proved_without_being_sent(self):
        host = self.change(OLD, NEW, NEW, settings={"auth_flow": "user_srp"})
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(self.password_of(), NEW)

    def test_wrong_old_password(self):
        host = self.change("Correct-Horse-8")
        self.assertEqual(host.code, "PAM_AUTHTOK_RECOVERY_ERR")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(host.shown, ["The current password is wrong."])
        self.assertTrue(host.delayed)
        self.assertRegex(self.log("password change refused")[1],
                         "^alice: password change refused: wrong_password .*http=400")
        self.assertEqual(self.password_of(), OLD)

    def test_two_in_one_handle(self):
        host = self.change(OLD, NEW, NEW, NEW, "Third-Window-8", "Third-Window-8",
                           operations=("chauthtok", "chauthtok"))
        self.assertEqual([code for _, code in host.returns], ["PAM_SUCCESS", "PAM_SUCCESS"])
        self.assertEqual(self.password_of(), "Third-Window-8")

    def test_gate_also_holds_for_a_change(self):
        host = self.change("Battery-Staple-7", user="bob", settings={"require_group": "staff"})
        self.assertEqual(host.code, "PAM_PERM_DENIED")
        self.assertEqual(host.prompts, [current("bob")])
        self.assertEqual(self.password_of("bob"), "Battery-Staple-7")
        self.assertEqual(self.asked(), ["InitiateAuth", "RevokeToken"])

    def test_silent_host(self):
        host = self.change("wrong", options=["--flags", "silent"])
        self.assertEqual(host.code, "PAM_AUTHTOK_RECOVERY_ERR")
        self.assertEqual(host.shown, [])

    def test_no_token_crosses_the_socket_or_reaches_the_log(self):
        host = self.change(OLD, NEW, NEW, extra=["debug"])
        token = json.loads(self.pool.requests("ChangePassword")[0]["body"])["AccessToken"]
        text = str(host.events) + host.errors
        for hidden in (token, "eyJ", OLD, NEW):
            self.assertNotIn(hidden, text)


class Typing(PasswdCase):
    def test_they_differ(self):
        host = self.change(OLD, NEW, NEW + "x", NEW, NEW)
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [CURRENT, FIRST, AGAIN,
                                        ("off", "Sorry, passwords do not match. New password: "), AGAIN])
        self.assertEqual(self.password_of(), NEW)
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)

    def test_they_differ_three_times(self):
        host = self.change(OLD, *[NEW, NEW + "x"] * 3)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(len(host.prompts), 7)
        self.assertEqual(self.password_of(), OLD)
        self.assertEqual(self.asked(), ["InitiateAuth", "RevokeToken"])

    def test_nothing_typed_means_no_new_one(self):
        host = self.change(OLD, "")
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.prompts, [CURRENT, FIRST])
        self.assertEqual(self.password_of(), OLD)
        self.assertNotIn("ChangePassword", self.asked())

    def test_the_old_one_as_the_new_one(self):
        host = self.change(OLD, OLD, NEW, NEW)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [CURRENT, FIRST,
                                        ("off", "The new password must differ from the current one. New password: "),
                                        AGAIN])
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)

    def test_a_host_that_answers_everything_with_the_password(self):
        host = self.change(*[OLD] * 9)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.password_of(), OLD)
        self.assertNotIn("ChangePassword", self.asked())

    def test_control_characters(self):
        host = self.change(OLD, NEW + "\x01", NEW + "\x01", NEW, NEW)
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts[3], ("off", "A password has at most 256 characters and no control characters. New password: "))

    def test_given_up_at_each_prompt(self):
        for answers in ([], [OLD], [OLD, NEW]):
            self.pool.reset()
            host = self.change(*answers, "!error")
            self.assertEqual(host.code, "PAM_CONV_ERR", answers)
            self.assertEqual(len(host.prompts), len(answers) + 1)
            self.assertEqual(self.password_of(), OLD)
            self.assertNotIn("ChangePassword", self.asked())
            self.assertEqual(len(host.helpers), 1)

    def test_empty_old_password(self):
        # Not one's own account here: nothing is sent, nothing is started.
        host = self.change("", settings={"password_reset": "test"})
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.asked(), [])
        self.assertIn("empty_password", self.log("password change refused")[1])

    def test_outside_ascii(self):
        new = "Gr\u00fcne-Wiese-42-\u65e5"
        self.assertEqual(self.change(OLD, new, new).code, "PAM_SUCCESS")
        self.assertEqual(self.password_of(), new)


class Refused(PasswdCase):
    def test_policy(self):
        host = self.change(OLD, "Aa1!", "Aa1!", NEW, NEW)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts[3], ("off", f"Not accepted: {SHORT}. New password: "))
        self.assertEqual(self.password_of(), NEW)
        self.assertEqual(len(self.pool.requests("ChangePassword")), 2)

    def test_policy_three_times(self):
        host = self.change(OLD, *["Aa1!", "Aa1!"] * 3, NEW, NEW)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.shown, [SHORT])
        self.assertEqual(len(host.prompts), 7)
        self.assertEqual(len(self.pool.requests("ChangePassword")), 3)
        self.assertEqual(self.password_of(), OLD)
        self.assertRegex(self.log("password not changed")[1],
                         "password_policy .*error=InvalidPasswordException .*: " + SHORT)

    def test_policy_then_nothing(self):
        host = self.change(OLD, "Aa1!", "Aa1!", "")
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.shown, [SHORT])
        self.assertIn("password_policy", self.log("password not changed")[1])

    def test_history(self):
        answers = ["Grace-Strict-66", self.pool.totp("grace", pool=STRICT_POOL)]
        self.pool.user("grace", STRICT_POOL, password="Between-Times-3")
        answers[0] = "Between-Times-3"
        host = self.change(*answers, "Grace-Strict-66", "Grace-Strict-66", NEW, NEW,
                           user="grace", client=STRICT)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts[4], ("off", f"Not accepted: {USED}. New password: "))
        self.assertEqual(self.password_of("grace", STRICT_POOL), NEW)

    def test_history_three_times(self):
        self.pool.user("grace", STRICT_POOL, password="Between-Times-3")
        host = self.change("Between-Times-3", self.pool.totp("grace", pool=STRICT_POOL),
                           *["Grace-Strict-66"] * 6, user="grace", client=STRICT)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.shown, [USED])
        self.assertEqual(self.password_of("grace", STRICT_POOL), "Between-Times-3")
        self.assertIn("password_history", self.log("password not changed")[1])

    def test_five_an_hour(self):
        passwords = [OLD, *[f"Number-{i}-Fresh" for i in range(5)]]
        for old, new in zip(passwords, passwords[1:]):
            self.assertEqual(self.change(old, new, new).code, "PAM_SUCCESS")
        host = self.change(passwords[-1], NEW, NEW)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.shown, ["Too many attempts. Try again later."])
        self.assertEqual(len(host.prompts), 3)
        self.assertEqual(self.password_of(), passwords[-1])
        self.assertIn("limit_exceeded", self.log("password not changed")[1])
        self.pool.advance(3601)
        self.assertEqual(self.change(passwords[-1], NEW, NEW).code, "PAM_SUCCESS")

    def test_states_of_an_account(self):
        for user, password, code, word in (
                ("carol", "Not-Confirmed-1", "PAM_PERM_DENIED", "not_confirmed"),
                ("dave", "Disabled-User-1", "PAM_PERM_DENIED", "disabled"),
                ("frank", "Must-Reset-1", "PAM_AUTHTOK_ERR", "reset_required"),
                ("niaj", "Old-Temporary-1", "PAM_AUTHTOK_ERR", "temporary_password_expired"),
                ("stranger", "Whatever-1", "PAM_AUTHTOK_RECOVERY_ERR", "wrong_password")):
            host = self.change(password, user=user)
            self.assertEqual(host.code, code, user)
            self.assertEqual(host.prompts, [current(user)], user)
            self.assertIn(word, self.log("password change refused")[1])
            self.assertEqual(host.shown, ["The current password is wrong."]
                             if word == "wrong_password" else [], user)


class Network(PasswdCase):
    def test_unreachable_in_prelim(self):
        host = self.change(OLD, settings={"endpoint": "https://localhost:1"})
        self.assertEqual(host.code, "PAM_TRY_AGAIN")
        self.assertEqual(self.log("password change refused")[0], NOTICE)
        self.assertEqual(host.prompts, [CURRENT])

    def test_no_answer_in_update(self):
        self.pool.fault("hang", {"operation": "ChangePassword"}, seconds=30)
        host = self.change(OLD, NEW, NEW, settings={"timeout": 1})
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)
        self.assertEqual(self.password_of(), OLD)
        self.assertIn("timeout", self.log("password not changed")[1])

    def test_never_sent_twice(self):
        for kind in ("reset", "close", "html_500", "bare_429"):
            self.pool.reset()
            self.pool.fault(kind, {"operation": "ChangePassword"})
            host = self.change(OLD, NEW, NEW)
            self.assertEqual(host.code, "PAM_AUTHTOK_ERR", kind)
            self.assertEqual(len(self.pool.requests("ChangePassword")), 1, kind)
            self.assertEqual(len(host.prompts), 3, kind)
            self.assertEqual(self.password_of(), OLD, kind)

    def test_throttled(self):
        """Not processed, and so sent again; how often it may be done counts those that were."""
        self.pool.fault("throttle_400", {"operation": "ChangePassword"}, 2)
        host = self.change(OLD, NEW, NEW)
        self.assertEqual((host.code, host.shown), ("PAM_SUCCESS", []))
        self.assertEqual([r["processed"] for r in self.pool.requests("ChangePassword")],
                         [False, False, True])
        self.assertEqual(self.password_of(), NEW)

    def test_limit(self):
        self.pool.fault("error", {"operation": "ChangePassword"}, code="LimitExceededException")
        self.assertEqual(self.change(OLD, NEW, NEW).code, "PAM_AUTHTOK_ERR")
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)

    def test_done_but_the_answer_is_lost(self):
        self.pool.fault("reset", {"operation": "ChangePassword"}, processed=True)
        host = self.change(OLD, NEW, NEW)
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.password_of(), NEW)
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)

    def test_empty_answer_is_a_yes_as_the_service_gives_it(self):
        self.pool.fault("empty_body", {"operation": "ChangePassword"}, processed=True)
        self.assertEqual(self.change(OLD, NEW, NEW).code, "PAM_SUCCESS")

    def test_token_that_is_not_taken(self):
        self.pool.fault("error", {"operation": "ChangePassword"}, code="NotAuthorizedException",
                        message="Access Token has been revoked")
        host = self.change(OLD, NEW, NEW)
        self.assertNotEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)
        self.assertEqual(self.password_of(), OLD)

    def test_misconfigured(self):
        for settings in ({"client_secret": "x" * 50}, {"user_pool_id": None}, {"nonsense": "1"}):
            host = self.change(OLD, settings=settings)
            self.assertEqual(host.code, "PAM_SERVICE_ERR", settings)
            self.assertEqual(self.password_of(), OLD)


class Stack(PasswdCase):
    SHOW = "update:show"

    def test_later_modules_see_both_passwords(self):
        host = self.change(OLD, NEW, NEW, after=other("optional", "prelim:show", self.SHOW))
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual([text for _, text in host.logs if text.startswith("stack: ")],
                         [f"stack: old={OLD} new=(none)", f"stack: old={OLD} new={NEW}"])

    def test_bare_new_password_after_a_temporary_one(self):
        host = self.change("Temporary-Pw-1", NEW, NEW, user="erin",
                           after=other("optional", self.SHOW))
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertIn((harness.DEBUG, f"stack: old=Temporary-Pw-1 new={NEW}"), host.logs)

    def test_the_one_that_was_taken_not_one_that_was_refused(self):
        host = self.change(OLD, "Aa1!", "Aa1!", NEW, NEW, after=other("optional", self.SHOW))
        self.assertIn((harness.DEBUG, f"stack: old={OLD} new={NEW}"), host.logs)

    def test_nothing_is_left_in_the_stack_after_a_refusal(self):
        host = self.change(OLD, *["Aa1!"] * 6, after=other("optional", self.SHOW))
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertIn((harness.DEBUG, f"stack: old={OLD} new=(none)"), host.logs)

    def test_use_authtok(self):
        for option in ("use_authtok", "use_first_pass"):
            self.pool.reset()
            before = other("optional", "prelim:oldauthtok=" + OLD, "update:authtok=" + NEW)
            host = self.change(before=before, extra=[option])
            self.assertEqual(host.code, "PAM_SUCCESS", host.events)
            self.assertEqual(host.prompts, [])
            self.assertEqual(self.password_of(), NEW)

    def test_use_authtok_asks_for_the_old_one_only(self):
        host = self.change(OLD, before=other("optional", "update:authtok=" + NEW),
                           extra=["use_authtok"])
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(self.password_of(), NEW)

    def test_without_use_authtok_the_person_is_asked(self):
        before = other("optional", "update:authtok=Aa1!")
        host = self.change(OLD, NEW, NEW, before=before)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [CURRENT, FIRST, AGAIN])
        self.assertEqual(self.password_of(), NEW)

    def test_use_authtok_without_one(self):
        host = self.change(OLD, NEW, NEW, extra=["use_authtok"])
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(self.password_of(), OLD)

    def test_use_authtok_refused_by_the_pool(self):
        host = self.change(OLD, before=other("optional", "update:authtok=Aa1!"),
                           extra=["use_authtok"])
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(host.shown, [SHORT])
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)
        self.assertEqual(self.password_of(), OLD)

    def test_use_first_pass_without_an_old_one(self):
        host = self.change(OLD, NEW, NEW, extra=["use_first_pass"])
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.prompts, [])
        self.assertEqual(self.asked(), [])

    def test_try_first_pass_takes_the_old_one(self):
        host = self.change(NEW, NEW, before=other("optional", "prelim:oldauthtok=" + OLD))
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [FIRST, AGAIN])

    def test_try_first_pass_off_asks(self):
        host = self.change(OLD, NEW, NEW, before=other("optional", "prelim:oldauthtok=wrong"),
                           extra=["try_first_pass=no"])
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [CURRENT, FIRST, AGAIN])

    def test_user_changed_after_prelim(self):
        host = self.change(OLD, NEW, NEW, after=other("optional", "prelim:user=bob"))
        self.assertEqual(host.code, "PAM_SYSTEM_ERR")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual((self.password_of(), self.password_of("bob")),
                         (OLD, "Battery-Staple-7"))
        self.assertNotIn("ChangePassword", self.asked())

    def test_user_changed_while_typing(self):
        host = self.change("!user bob " + OLD, NEW, NEW)
        self.assertEqual(host.code, "PAM_PERM_DENIED")
        self.assertEqual(host.prompts, [CURRENT])
        self.assertEqual(self.password_of(), OLD)

    def test_user_changed_to_root_after_prelim(self):
        host = self.change(OLD, NEW, NEW, after=other("optional", "prelim:user=root"))
        self.assertNotEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(self.password_of(), OLD)

    def test_update_without_prelim(self):
        arguments = self.arguments()
        folder = harness.write_service(arguments)
        harness.write(os.path.join(folder, "test"),
                      other("required", "prelim:call=" + harness.MODULE, *arguments), 0o644)
        host = harness.run("chauthtok", confdir=folder, answers=[OLD, NEW, NEW])
        self.assertIn((harness.DEBUG, "update alone: 4"), host.logs)  # PAM_SYSTEM_ERR
        self.assertEqual(host.prompts, [])
        self.assertEqual(self.asked(), [])


class Waiting(PasswdCase):
    """Between the two passes."""

    def begin(self):
        host = harness.Host(["chauthtok"], self.folder(after=other("optional", "prelim:ask")))
        host.say(OLD)
        host.until("prompt")
        self.assertEqual(host.until("prompt"), "on Go on? ")
        self.host = host
        return host

    def test_helper_is_killed(self):
        host = self.begin()
        helper, = harness.helpers()
        os.kill(helper, signal.SIGKILL)
        os.waitpid(helper, 0)
        host.say("yes")
        host.finish()
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(len(host.prompts), 2)
        self.assertIn("helper_failed", self.log("password not changed")[1])
        self.assertEqual(self.password_of(), OLD)

    def test_host_ends(self):
        host = self.begin()
        self.assertEqual(len(harness.helpers()), 1)
        host.process.kill()
        host.process.wait()
        harness.wait_for_helpers()
        self.assertEqual(self.password_of(), OLD)
        self.assertNotIn("ChangePassword", self.asked())
        host.process.stdout.close()
        host.process.stdin.close()

    def test_pam_end_without_update(self):
        self.change(OLD, after="password requisite pam_deny.so\n")
        self.assertEqual(len(self.host.helpers), 1)
        before, after = self.host.pair("fds")
        self.assertEqual(before, after)

    def test_the_pool_stops_answering_meanwhile(self):
        host = self.begin()
        self.pool.fault("accept_close", count=0)
        self.pool.fault("close", {"operation": "ChangePassword"}, count=0)
        for answer in ("yes", NEW, NEW):
            host.say(answer)
        host.finish()
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.password_of(), OLD)

    def test_many_in_one_process(self):
        host = self.change(operations=("chauthtok",), after="password requisite pam_deny.so\n",
                           options=["--repeat", "30", "--fresh", "--quiet", "--answer", OLD])
        self.assertEqual(host.all("count"), ["PAM_AUTHTOK_ERR 30"])
        before, after = host.pair("fds")
        self.assertEqual(before, after)


class Temporary(PasswdCase):
    def test_temporary_password(self):
        host = self.change("Temporary-Pw-1", NEW, NEW, user="erin")
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [
            current("erin"), ("off", "You must choose a new password. New password: "), AGAIN])
        self.assertEqual(self.password_of("erin"), NEW)
        self.assertEqual(self.asked(), ["InitiateAuth", "RespondToAuthChallenge", "RevokeToken"])

    def test_not_before_update(self):
        host = self.change("Temporary-Pw-1", user="erin",
                           after="password requisite pam_deny.so\n")
        self.assertEqual(host.prompts, [current("erin")])
        self.assertEqual(self.password_of("erin"), "Temporary-Pw-1")
        self.assertEqual(self.asked(), ["InitiateAuth"])

    def test_with_use_authtok(self):
        host = self.change("Temporary-Pw-1", user="erin", extra=["use_authtok"],
                           before=other("optional", "update:authtok=" + NEW))
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(self.password_of("erin"), NEW)

    def test_policy_three_times(self):
        host = self.change("Temporary-Pw-1", *["Aa1!"] * 6, user="erin")
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.shown, [SHORT])
        self.assertEqual(self.password_of("erin"), "Temporary-Pw-1")

    def test_wrong(self):
        host = self.change("Temporary-Pw-2", user="erin")
        self.assertEqual(host.code, "PAM_AUTHTOK_RECOVERY_ERR")
        self.assertEqual(host.prompts, [current("erin")])


class Foreign(PasswdCase):
    """Who is not ours does not notice us."""

    def unnoticed(self, user, **more):
        host = self.change("anything", user=user, after="password required pam_permit.so\n",
                           extra=["only_users=alice,bob"], **more)
        self.assertEqual((host.code, host.prompts, host.shown, host.logs, host.helpers),
                         ("PAM_SUCCESS", [], [], [], []), user)
        self.assertEqual(self.pool.counts()["connections"], 0)

    def test_foreign_users(self):
        for user in ("root", "toor", "daemon", "service", "nobody", "dynamic", "carol", "ghost"):
            self.unnoticed(user)

    def test_broken_settings_change_nothing_for_them(self):
        for user in ("root", "daemon", "ghost"):
            self.unnoticed(user, settings={"nonsense": "yes"})

    def test_never_a_yes_alone(self):
        # PAM_IGNORE from the only module is no success for libpam.
        for user in ("root", "carol", "ghost"):
            host = self.change("anything", user=user, extra=["only_users=alice"])
            self.assertEqual(host.code, "PAM_PERM_DENIED", user)
            self.assertEqual(host.prompts, [])

    def test_a_name_that_is_not_allowed(self):
        host = self.change("anything", user="Alice", after="password required pam_permit.so\n")
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(host.prompts, [])
        self.assertIn("bad_input", self.log("password change refused")[1])

    def test_service_that_is_not_allowed(self):
        host = self.change(OLD, NEW, NEW, extra=["allow_services=sshd"])
        self.assertEqual(host.code, "PAM_PERM_DENIED")
        self.assertEqual(host.prompts, [])
        self.assertEqual(self.asked(), [])


if __name__ == "__main__":
    harness.main()
