# Each subcommand against the local pool, with each answer it can meet, as a
# script with pipes, as a person at a terminal, and with --json.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import os
import re
import subprocess

from tool import (Person, Row, ToolCase, command, environment, harness, person, rows,
                  rows_of, script)

ALICE = "Correct-Horse-9"
NEW = "Fresh-Paint-12"
WRONG = "Guessed-Wrong-0"
LEGACY = "locallegacy0000000000000001"
STRICT = "strictclient000000000000001"
NOBODY_THERE = {"endpoint": "https://localhost:1"}


def user(name, **changes):
    return lambda case: case.pool.user(name, **changes)


def fault(kind, operation, **parameters):
    return lambda case: case.pool.fault(kind, match={"operation": operation}, **parameters)


def error(code, operation, message=""):
    return fault("error", operation, code=code, message=message)


def code(name):
    return lambda case: case.pool.last_code(name)


def totp(name, steps=0, pool=None):
    return lambda case: case.pool.totp(name, steps=steps, pool=pool)


def forget(name):
    def do(case):
        case.prepare("forgot-password", name)
    return do


def new_user(case):
    case.prepare("sign-up", "newbie", "--email", "newbie@example.com", answers=[NEW, NEW])


def password_is(name, password):
    def check(case):
        case.assertEqual(case.pool.user(name)["password"], password)
    return check


def state_is(name, state):
    return lambda case: case.assertEqual(case.pool.user(name)["status"], state)


def sent(operation, count=1):
    return lambda case: case.assertEqual(len(case.requests(operation)), count)


def refused(word, code):
    """What login says last: the reason, and the code that PAM would get."""
    return rf"is refused: {word}\s[\s\S]*At ssh +{code};"


class Prepared(ToolCase):
    def prepare(self, *words, answers=()):
        done = script("--config", self.config(), *words, answers=answers)
        self.assertEqual(done.status, 0, done.text)


@rows
class TestLogin(Prepared):
    ROWS = {
        "accepted": Row(["login", "alice"], [ALICE], 0, r"alice: accepted, PAM_SUCCESS, \d+ ms",
                        "ok", after=sent("RevokeToken")),
        "by_srp": Row(["login", "alice", "--set", "auth_flow=user_srp"], [ALICE], 0,
                      r"PASSWORD_VERIFIER[\s\S]*accepted", "ok"),
        "wrong_password": Row(["login", "alice"], [WRONG], 1,
                              refused("wrong_password", "PAM_AUTH_ERR"), "wrong_password",
                              after=sent("InitiateAuth")),
        "unknown_user": Row(["login", "norma"], [WRONG], 1, "refused: wrong_password",
                            "wrong_password"),
        "unknown_user_told": Row(["login", "norma"], [WRONG], 1,
                                 refused("no_such_user", "PAM_USER_UNKNOWN"), "no_such_user",
                                 client=LEGACY),
        "not_confirmed": Row(["login", "carol"], ["Not-Confirmed-1"], 1,
                             refused("not_confirmed", "PAM_AUTH_ERR"), "not_confirmed"),
        "disabled": Row(["login", "dave"], ["Disabled-User-1"], 1,
                        refused("disabled", "PAM_AUTH_ERR"), "disabled"),
        "reset_required": Row(["login", "frank"], ["Must-Reset-1"], 1,
                              "refused: reset_required", "reset_required"),
        "temporary_expired": Row(["login", "niaj"], ["Old-Temporary-1"], 1,
                                 "refused: temporary_password_expired",
                                 "temporary_password_expired"),
        "new_password": Row(["login", "erin"], ["Temporary-Pw-1", NEW, NEW], 0,
                            r"NEW_PASSWORD_REQUIRED[\s\S]*accepted", "ok",
                            after=password_is("erin", NEW)),
        "locked_out": Row(["login", "alice"], [ALICE], 1, refused("locked_out", "PAM_MAXTRIES"),
                          "locked_out", before=error("NotAuthorizedException", "InitiateAuth",
                                                     "Password attempts exceeded")),
        "totp": Row(["login", "grace"],
                    ["Grace-Hopper-6", totp("grace", pool="eu-west-1_Local0001")],
                    0, r"SOFTWARE_TOKEN_MFA[\s\S]*accepted", "ok"),
        "sms": Row(["login", "heidi"], ["Heidi-Alps-88", code("heidi")], 0,
                   r"SMS_MFA[\s\S]*accepted", "ok"),
        "wrong_code": Row(["login", "ivan"], ["Ivan-Mailed-5"] + ["000000"] * 5, 1,
                          "refused: wrong_code", "wrong_code"),
        "choice": Row(["login", "judy"],
                      ["Judy-Chooses-3", "3", code("judy")], 0,
                      r"SELECT_MFA_TYPE[\s\S]*accepted", "ok"),
        "empty_password": Row(["login", "alice"], [""], 1, "refused: empty_password",
                              "empty_password", after=sent("InitiateAuth", 0)),
        "group": Row(["login", "bob"], ["Battery-Staple-7"], 1,
                     refused("group_refused", "PAM_PERM_DENIED"), "group_refused",
                     settings={"require_group": "staff"}),
        "wrong_secret": Row(["login", "alice"], [ALICE], 3,
                            refused("secret_hash", "PAM_SERVICE_ERR"), "secret_hash",
                            settings={"client_secret": "wrong0secret"}),
        "flow_disabled": Row(["login", "alice"], [ALICE], 3,
                             refused("flow_not_enabled", "PAM_SERVICE_ERR"), "flow_not_enabled",
                             client="localsrponly000000000000001"),
        "client_unknown": Row(["login", "alice"], [ALICE], 3, "refused: client_or_pool_unknown",
                              "client_or_pool_unknown", settings={"client_id": "nosuchclient"}),
        "no_connection": Row(["login", "alice"], [ALICE], 4,
                             refused("connect", "PAM_AUTHINFO_UNAVAIL"), "connect",
                             settings=NOBODY_THERE),
        "throttled": Row(["login", "alice"], [ALICE], 4, "refused: throttled", "throttled",
                         before=fault("throttle_429", "InitiateAuth", retry_after=600),
                         after=sent("InitiateAuth")),
        "throttled_once": Row(["login", "alice"], [ALICE], 0,
                              r"HTTP 429 .*throttled[\s\S]*HTTP 200 [\s\S]*accepted", "ok",
                              before=fault("throttle_429", "InitiateAuth"),
                              after=sent("InitiateAuth", 2)),
        "server_error": Row(["login", "alice"], [ALICE], 4, "refused: server_error",
                            "server_error", before=fault("html_500", "InitiateAuth")),
        "broken_off": Row(["login", "alice"], [ALICE], 4, "refused: transport", "transport",
                          before=fault("reset", "InitiateAuth"), after=sent("InitiateAuth")),
        "token_refused": Row(["login", "alice"], [ALICE], 1, "refused: token_refused",
                             "token_refused",
                             before=lambda case: case.pool.token(signature="bad")),
        "long_password": Row(["login", "alice"], ["Long-Pass-1" + "x" * 300], 1,
                             "refused: unusable_password", "unusable_password",
                             after=sent("InitiateAuth", 0)),
    }

    def tokens(self, *options):
        return script("--config", self.config(), "login", "alice", *options, answers=[ALICE])

    def test_claims(self):
        done = self.tokens("--tokens")
        self.assertEqual(done.status, 0, done.text)
        self.assertIn('  "cognito:username":"alice"\n', done.out)
        self.assertIn('  "token_use":"access"\n', done.out)
        self.assertNotRegex(done.text, r"eyJ[A-Za-z0-9_-]{20}")

    def test_claims_json(self):
        claims = [o for o in self.tokens("--tokens", "--json").objects if "id_token_claims" in o]
        self.assertEqual(claims[0]["id_token_claims"]["cognito:groups"], ["staff"])

    def test_raw_tokens(self):
        done = self.tokens("--show-tokens")
        for name in ("id_token", "access_token", "refresh_token"):
            self.assertRegex(done.out, rf"(?m)^{name} [A-Za-z0-9_.-]{{40,}}$")
        self.assertEqual(len(self.requests("RevokeToken")), 0)

    def test_raw_tokens_json(self):
        found = {name for o in self.tokens("--show-tokens", "--json").objects for name in o}
        self.assertLessEqual({"id_token", "access_token", "refresh_token"}, found)

    def test_no_token_without_being_asked(self):
        self.assertNotRegex(self.tokens().text, r"eyJ[A-Za-z0-9_-]{20}")

    def test_refusal(self):
        """Who says so, what it means, what to do, what a login makes of it; for scripts, too."""
        done = script("--config", self.config(), "login", "carol", answers=["Not-Confirmed-1"])
        self.assertEqual(done.status, 1)
        self.assertRegex(done.out, r"(?m)^carol is refused: not_confirmed\n"
                         r"  Cognito   User is not confirmed\.\n  Means     \S.*\n  Do        \S.*\n"
                         r"  At ssh    PAM_AUTH_ERR; with explain_status the person reads "
                         r"\"Your account is not confirmed yet\.\"\n  Request   [0-9a-f-]{36}\n\Z")
        last = script("--config", self.config(), "login", "carol", "--json",
                      answers=["Not-Confirmed-1"]).last
        self.assertEqual(last["fix"], re.search("(?m)^  Do        (.*)$", done.out)[1])
        self.assertEqual(last["person"], "Your account is not confirmed yet.")

    def test_steps(self):
        objects = self.tokens("--json").objects
        self.assertEqual([o["operation"] for o in objects[:-1]], ["InitiateAuth", "jwks"])
        self.assertEqual((objects[0]["http"], objects[0]["step"]), (200, 1))
        self.assertTrue(objects[0]["request_id"])

    def test_what_everybody_may_read(self):
        done = script("--config", self.config(require_group="nobody-is-in-this-one"), "login",
                      "alice", answers=[ALICE])
        self.assertIn('  At ssh    PAM_PERM_DENIED; the person reads "You may not log in to this '
                      'machine. Ask your administrator."\n', done.out)

    def test_scope(self):
        """The pool accepts, and the module on this machine would not ask it."""
        self.pool.add_user(username="toor", password=ALICE)
        done = script("--config", self.config(), "login", "toor", answers=[ALICE])
        self.assertIn("the module would not ask the pool about toor: a system account", done.out)
        self.assertEqual(done.status, 0)

    def test_a_name_that_the_map_gives_away(self):
        path = harness.write(harness.fresh("map"), "stranger = alice\n", 0o644)
        done = script("--config", self.config(map_file=path), "login", "alice", answers=[ALICE])
        self.assertEqual(done.status, 1, done.text)
        self.assertIn("map_file gives that user's pool name to another local user", done.text)
        self.assertEqual(self.tries(), 0)

    def test_user_is_who_runs_it(self):
        self.pool.add_user(username="runner", password=ALICE)
        path = harness.fresh("passwd")
        harness.write(path, f"runner:x:{os.getuid()}:1::/nonexistent:/bin/sh\n", 0o644)
        done = script("--config", self.config(), "login", answers=[ALICE],
                      env={"NSS_WRAPPER_PASSWD": path})
        self.assertIn("runner: accepted", done.out)

    def test_many_words_of_input(self):
        """Only the lines that are asked for are read."""
        done = script("--config", self.config(), "login", "alice", answers=[ALICE, "more", "more"])
        self.assertEqual(done.status, 0)

    def test_no_input(self):
        done = script("--config", self.config(), "login", "alice")
        self.assertEqual(done.status, 5, done.text)
        self.assertRegex(done.out, r"is refused: cancelled\n[\s\S]*At ssh +PAM_CONV_ERR;")
        self.assertEqual(self.tries(), 0)

    def test_username_format(self):
        config = harness.write_config(
            {**self.settings("emailclient0000000000000001"), "user_pool_id": "eu-west-1_Email0001",
             "username_format": "%u@example.com", "account_claim": "email"})
        done = script("--config", config, "login", "sybil", answers=["Sybil-Mail-21"])
        self.assertIn("sybil@example.com: accepted", done.out)


@rows
class TestAccounts(Prepared):
    ROWS = {
        "sign_up": Row(["sign-up", "newbie", "--email", "newbie@example.com"], [NEW, NEW], 0,
                       r"newbie has signed up\. A code was sent by e-mail to n\S+\. "
                       "pam-cognito confirm newbie", after=state_is("newbie", "UNCONFIRMED")),
        "sign_up_phone": Row(["sign-up", "newbie", "--phone", "+15550100"], [NEW, NEW], 0,
                             "sent by SMS"),
        "sign_up_attribute": Row(["sign-up", "newbie", "--attribute", "name=New Bie"], [NEW, NEW],
                                 0, "must be confirmed by an administrator"),
        "sign_up_confirmed": Row(["sign-up", "newbie"], [NEW, NEW], 0, "can sign in",
                                 before=lambda case: case.pool.set_pool(
                                     lambdas={"PreSignUp": {"auto_confirm": True}}),
                                 after=state_is("newbie", "CONFIRMED")),
        "sign_up_exists": Row(["sign-up", "alice"], [NEW, NEW], 1, r"The user name is taken\."
                              r"[\s\S]*UsernameExistsException", "user_exists"),
        "sign_up_policy": Row(["sign-up", "newbie"], ["simple-words", "simple-words"] * 3, 1,
                              r"breaks the pool's password policy[\s\S]*InvalidPassword",
                              "password_policy"),
        "sign_up_differ": Row(["sign-up", "newbie"], [NEW, "Other-Paint-1", NEW, NEW], 0,
                              "has signed up", after=sent("SignUp")),
        "sign_up_forbidden": Row(["sign-up", "newbie"], [NEW, NEW], 3,
                                 "does not let people sign up", "flow_not_enabled",
                                 before=lambda case: case.pool.set_pool(sign_up=False)),
        "sign_up_attribute_missing": Row(
            ["sign-up", "newbie"], [NEW, NEW], 1, "An attribute is missing", "bad_input",
            before=lambda case: case.pool.set_pool(required_attributes=["email"])),
        "sign_up_trigger": Row(["sign-up", "newbie"], [NEW, NEW], 1,
                               r"A Lambda trigger of the pool refused[\s\S]*not on the list",
                               "trigger_refused", before=lambda case: case.pool.set_pool(
                                   lambdas={"PreSignUp": {"refuse": "not on the list"}})),
        "sign_up_delivery": Row(["sign-up", "newbie"], [NEW, NEW], 4, "could not be sent",
                                "delivery_failed",
                                before=error("CodeDeliveryFailureException", "SignUp")),
        "sign_up_limit": Row(["sign-up", "newbie"], [NEW, NEW], 4, "Try again later",
                             "throttled", before=fault("throttle_400", "SignUp", retry_after=600)),
        "sign_up_throttled": Row(["sign-up", "newbie", "--email", "newbie@example.com"],
                                 [NEW, NEW], 0, "A code was sent",
                                 before=fault("throttle_400", "SignUp"), after=sent("SignUp", 2)),
        "forgot_password_throttled": Row(["forgot-password", "alice"], [], 0, "A code was sent",
                                         before=fault("throttle_400", "ForgotPassword"),
                                         after=sent("ForgotPassword", 2)),
        "confirm": Row(["confirm", "newbie"], [code("newbie")], 0, "newbie is confirmed",
                       before=new_user, after=state_is("newbie", "CONFIRMED")),
        "confirm_blanks": Row(["confirm", "newbie"],
                              [lambda case: " ".join(case.pool.last_code("newbie"))], 0,
                              "is confirmed", before=new_user),
        "confirm_wrong": Row(["confirm", "newbie"], ["000000"] * 5, 1, r"The code is wrong\.",
                             "wrong_code", before=new_user),
        "confirm_expired": Row(["confirm", "newbie"], [code("newbie")] * 5, 1, "Wrong or expired",
                               "wrong_code",
                               before=lambda case: (new_user(case), case.pool.advance(90000))),
        "confirm_unknown": Row(["confirm", "norma"], ["123456"] * 5, 1, "Wrong or expired",
                               "wrong_code"),
        "confirm_new": Row(["confirm", "newbie"], ["new", code("newbie")], 0,
                           r"A code was sent by e-mail to n\S+\. Confirmation code", before=new_user,
                           after=sent("ResendConfirmationCode")),
        "confirm_twice": Row(["confirm", "alice"], ["123456"], 1, "needs no confirmation",
                             "bad_input"),
        "confirm_alias": Row(["confirm", "newbie"], ["123456"], 1, "already has that e-mail",
                             "alias_taken", before=error("AliasExistsException", "ConfirmSignUp")),
        "confirm_tries": Row(["confirm", "newbie"], ["123456"], 1, "Too many wrong codes",
                             "limit_exceeded",
                             before=error("TooManyFailedAttemptsException", "ConfirmSignUp")),
        "confirm_no_code": Row(["confirm", "newbie"], [""], 5, "no answer was given", "cancelled",
                               after=sent("ConfirmSignUp", 0)),
        "resend_code": Row(["resend-code", "carol"], [], 0, r"A code was sent by e-mail to c\S+\. pam-cognito confirm carol"),
        "resend_confirmed": Row(["resend-code", "alice"], [], 1, "confirmed already", "bad_input"),
        "resend_limit": Row(["resend-code", "carol"], [], 1, "Wait up to an hour",
                            "limit_exceeded",
                            before=error("LimitExceededException", "ResendConfirmationCode")),
        "resend_delivery": Row(["resend-code", "carol"], [], 4, "not allowed to send text",
                               "delivery_failed", before=error(
                                   "InvalidSmsRoleAccessPolicyException",
                                   "ResendConfirmationCode")),
        "resend_unknown": Row(["resend-code", "norma"], [], 1, "no such user", "no_such_user",
                              client=LEGACY),
        "forgot": Row(["forgot-password", "alice"], [], 0,
                      r"If there is such a user: A code was sent by e-mail to a\S+\. pam-cognito "
                      "confirm-forgot-password alice"),
        "forgot_unknown": Row(["forgot-password", "norma"], [], 0, "If there is such a user"),
        "forgot_unknown_told": Row(["forgot-password", "norma"], [], 1, "no such user",
                                   "no_such_user", client=LEGACY),
        "forgot_no_address": Row(["forgot-password", "trent"], [], 1,
                                 "no verified e-mail address", "not_resettable"),
        "forgot_temporary": Row(["forgot-password", "erin"], [], 1, "cannot be reset by code",
                                "not_resettable"),
        "forgot_disabled": Row(["forgot-password", "dave"], [], 1, "disabled the user",
                               "disabled"),
        "forgot_limit": Row(["forgot-password", "alice"], [], 1, "too often", "limit_exceeded",
                            before=error("LimitExceededException", "ForgotPassword"),
                            after=sent("ForgotPassword")),
        "forgot_delivery": Row(["forgot-password", "alice"], [], 4, "could not be sent",
                               "delivery_failed",
                               before=error("CodeDeliveryFailureException", "ForgotPassword")),
        "forgot_secret": Row(["forgot-password", "alice"], [], 3, "does not match", "secret_hash",
                             settings={"client_secret": "wrong0secret"}),
        "forgot_no_connection": Row(["forgot-password", "alice"], [], 4, "No connection",
                                    "connect", settings=NOBODY_THERE),
        "reset": Row(["confirm-forgot-password", "alice"], [code("alice"), NEW, NEW], 0,
                     "The password of alice is set", before=forget("alice"),
                     after=password_is("alice", NEW)),
        "reset_wrong": Row(["confirm-forgot-password", "alice"], ["000000", NEW, NEW] * 3, 1,
                           "The code is wrong", "wrong_code", before=forget("alice")),
        "reset_expired": Row(["confirm-forgot-password", "alice"], [code("alice"), NEW, NEW], 1,
                             "too old", "code_expired", before=lambda case: (
                                 forget("alice")(case), case.pool.advance(4000))),
        "reset_policy": Row(["confirm-forgot-password", "alice"],
                            [code("alice")] + ["simple-words"] * 6, 1,
                            "password policy", "password_policy", before=forget("alice")),
        "reset_limit": Row(["confirm-forgot-password", "alice"], ["123456", NEW, NEW], 1,
                           "too often", "limit_exceeded",
                           before=error("LimitExceededException", "ConfirmForgotPassword")),
        "change": Row(["change-password", "alice"], [ALICE, NEW, NEW], 0,
                      "The password of alice is changed", after=password_is("alice", NEW)),
        "change_with_code": Row(["change-password", "heidi"],
                                ["Heidi-Alps-88", code("heidi"), NEW, NEW], 0, "is changed",
                                after=password_is("heidi", NEW)),
        "change_wrong": Row(["change-password", "alice"], [WRONG], 1, "Wrong password",
                            "wrong_password", after=sent("ChangePassword", 0)),
        "change_policy": Row(["change-password", "alice"],
                             [ALICE] + ["simple-words"] * 6, 1,
                             r"password policy[\s\S]*InvalidPasswordException",
                             "password_policy", after=password_is("alice", ALICE)),
        "change_history": Row(["change-password", "alice"], [ALICE] + [NEW, NEW] * 3, 1,
                              "one of the user's latest", "password_history",
                              before=fault("error", "ChangePassword", message="", count=3,
                                           code="PasswordHistoryPolicyViolationException")),
        "change_limit": Row(["change-password", "alice"], [ALICE, NEW, NEW], 1,
                            "Wait up to an hour", "limit_exceeded",
                            before=error("LimitExceededException", "ChangePassword")),
        "change_blank": Row(["change-password", "alice"], [ALICE, "two words", "two words"], 1,
                            "a form that Cognito does not take", "bad_input"),
    }


@rows
class TestLastAnswer(Prepared):
    """A script that has no other answer is told why another was wanted."""
    WAYS = ("script", "json")
    ROWS = {
        "confirm_wrong": Row(["confirm", "newbie"], ["000000"], 1, r"The code is wrong\.",
                             "wrong_code", before=new_user),
        "confirm_expired": Row(["confirm", "newbie"], [code("newbie")], 1, "too old",
                               "code_expired",
                               before=lambda case: (new_user(case), case.pool.advance(90000))),
        "reset_wrong": Row(["confirm-forgot-password", "alice"], ["000000", NEW, NEW], 1,
                           "The code is wrong", "wrong_code", before=forget("alice")),
        "reset_policy": Row(["confirm-forgot-password", "alice"],
                            [code("alice"), "simple-words", "simple-words"], 1,
                            "password policy", "password_policy", before=forget("alice")),
        "change_policy": Row(["change-password", "alice"],
                             [ALICE, "simple-words", "simple-words"], 1,
                             r"password policy[\s\S]*InvalidPasswordException",
                             "password_policy", after=password_is("alice", ALICE)),
        "sign_up_policy": Row(["sign-up", "newbie"], ["simple-words", "simple-words"], 1,
                              r"breaks the pool's password policy[\s\S]*InvalidPassword",
                              "password_policy"),
        "login_wrong_code": Row(["login", "ivan"], ["Ivan-Mailed-5", "000000"], 1,
                                "refused: wrong_code", "wrong_code"),
        "nothing_refused": Row(["change-password", "alice"], [ALICE], 5, "no answer was given",
                               "cancelled"),
    }


def enrolled(case):
    shown = case.pool.user("alice")
    case.assertEqual((shown["mfa"], shown["preferred_mfa"]),
                     (["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"))


def preferred(name, method):
    return lambda case: case.assertEqual(case.pool.user(name)["preferred_mfa"], method)


def first_totp(name, **more):
    """The secret is the pool's from the moment it was asked for."""
    return lambda case: case.pool.totp(name, **more)


@rows
class TestMfa(Prepared):
    ROWS = {
        "status_none": Row(["mfa", "status", "alice"], [ALICE], 0, "alice has no second factor"),
        "status_some": Row(["mfa", "status", "heidi"], ["Heidi-Alps-88", code("heidi")], 0,
                           "sms"),
        "status_preferred": Row(["mfa", "status", "ivan"], ["Ivan-Mailed-5", code("ivan")], 0,
                                r"email  \(preferred\)",
                                before=user("ivan", preferred_mfa="EMAIL_OTP")),
        "status_wrong": Row(["mfa", "status", "alice"], [WRONG], 1, "Wrong password",
                            "wrong_password"),
        "enroll": Row(["mfa", "enroll", "alice"], [ALICE, first_totp("alice")], 0,
                      "From now on alice is asked for a code from the authenticator app", after=enrolled),
        "enroll_second_try": Row(["mfa", "enroll", "alice"],
                                 [ALICE, "000000", "12345", first_totp("alice")], 0,
                                 "is asked for a code from the authenticator app", after=enrolled),
        "enroll_other_letters": Row(
            ["mfa", "enroll", "alice"], [ALICE, "000000"] + ["000000"] * 4, 1,
            "Key abcX YZ01 89ab cXYZ 0189", before=lambda case: case.pool.script(
                {"match": {"operation": "AssociateSoftwareToken"},
                 "body": {"SecretCode": "abcXYZ0189abcXYZ0189"}})),
        "enroll_password_as_code": Row(
            ["mfa", "enroll", "bob"], ["135790", "135790"], 5, "for the password only", "no_dialogue",
            before=lambda case: case.pool.user("bob", password="135790"),
            after=lambda case: case.assertEqual(
                case.pool.requests("VerifySoftwareToken"), [])),
        "enroll_wrong": Row(["mfa", "enroll", "alice"], [ALICE] + ["000000"] * 5, 1,
                            "first code of the authenticator app is wrong", "wrong_code"),
        "enroll_not_allowed": Row(["mfa", "enroll", "alice"], [ALICE], 1,
                                  "does not allow authenticator apps", "no_mfa_method",
                                  before=lambda case: case.pool.set_pool(
                                      mfa_methods=["SMS_MFA"])),
        "prefer": Row(["mfa", "prefer", "email", "alice"], [ALICE], 0,
                      "second factor by email", after=preferred("alice", "EMAIL_OTP")),
        "prefer_totp": Row(["mfa", "prefer", "totp", "judy"],
                           ["Judy-Chooses-3", "1", code("judy")], 0, "by totp",
                           after=preferred("judy", "SOFTWARE_TOKEN_MFA")),
        "prefer_app": Row(["mfa", "prefer", "app", "judy"],
                           ["Judy-Chooses-3", "1", code("judy")], 0, "by totp",
                           after=preferred("judy", "SOFTWARE_TOKEN_MFA")),
        "prefer_impossible": Row(["mfa", "prefer", "sms", "alice"], [ALICE], 1,
                                 r"InvalidParameterException[\s\S]*SMS_MFA", "bad_input"),
        "no_connection": Row(["mfa", "status", "alice"], [ALICE], 4, "No connection", "connect",
                             settings=NOBODY_THERE),
    }

    def test_enroll_where_the_pool_demands_it(self):
        """MFA_SETUP comes before the sign-in ends; the sign-in sets it up."""
        config = harness.write_config({**self.settings(STRICT),
                                       "user_pool_id": "eu-west-1_Strict001"})
        somebody = Person("--config", config, "mfa", "enroll", "victor")
        somebody.wait_for(r"Password: $")
        somebody.type("Victor-Enrols-1")
        somebody.wait_for(r"Verification code .*: $")
        secret = re.search(r"Key ([A-Z2-7 ]+)\. Verif", somebody.screen)[1]
        somebody.type(self.pool.totp("victor", secret=secret.replace(" ", "")))
        done = somebody.finish()
        self.assertEqual(done.status, 0, done.text)
        self.assertIn("From now on victor is asked for a code from the", done.out)

    def test_status_json(self):
        self.pool.user("ivan", preferred_mfa="EMAIL_OTP")
        done = script("--config", self.config(), "mfa", "status", "ivan", "--json",
                      answers=["Ivan-Mailed-5", lambda: self.pool.last_code("ivan")])
        methods = re.search(r"prefer ([a-z|]+) \[USER\]", script("mfa", "--help").out)[1].split("|")
        self.assertIn("sms", methods)
        self.assertEqual(done.last, {"user": "ivan", "preferred": "email",
                                     **{method: method == "email" for method in methods}})

    def test_drawing_where_it_looks_right_only(self):
        able = {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self.assertIn("\u2588", self.enroll(person, env=able).text)
        for way, words, env in ((script, [], able), (person, ["--no-qr"], able),
                                (person, [], {**able, "TERM": "dumb"}),
                                (person, [], {**able, "LC_ALL": "C"})):
            with self.subTest(way=way, words=words, env=env):
                self.pool.reset()
                self.assertNotIn("\u2588", self.enroll(way, *words, env=env).text)

    def enroll(self, way, *words, env, **more):
        return way("--config", self.config(), "mfa", "enroll", "alice", *words, env=env,
                   answers=[ALICE, lambda: self.pool.totp("alice")], **more)

    def test_drawing_fits_the_terminal(self):
        """Not where a part of it would be off the screen, in either form."""
        for columns, lines, words, drawn in (
                (41, 24, [], True), (40, 24, [], False), (80, 23, [], False),
                (82, 45, ["--qr", "ansi"], True), (81, 45, ["--qr=ansi"], False),
                (82, 44, ["--qr=ansi"], False)):
            with self.subTest(columns=columns, lines=lines, words=words):
                self.pool.reset()
                done = self.enroll(person, *words, size=(columns, lines),
                                   env={"TERM": "xterm", "LC_ALL": "C.UTF-8"})
                self.assertEqual(done.status, 0, done.text)
                self.assertIs("\u2588" in done.text or "\033[47m" in done.text, drawn, done.text)
                self.assertIs("--qr: no drawing: it needs a terminal of 82 columns and 45 lines"
                              in done.text, bool(words) and not drawn)

    def test_how_it_is_drawn(self):
        """utf8 is for terminals that can more than the locale says. Both forms are one code."""
        plain = {"TERM": "xterm", "LC_ALL": "C"}
        config = self.config()
        drawn = {}
        for form in ("utf8", "ansi"):
            self.pool.script({"match": {"operation": "AssociateSoftwareToken"},
                              "body": {"SecretCode": "JBSWY3DPEHPK3PXP"}})
            drawn[form] = person("--config", config, "mfa", "enroll", "alice", "--qr", form,
                                 env=plain, answers=[ALICE] + ["000000"] * 5).text
        wanted = [[character in halves for character in line]
                  for line in re.findall("(?m)^[ \u2580\u2584\u2588]+$", drawn["utf8"])
                  for halves in ("\u2588\u2580", "\u2588\u2584")]
        self.assertGreater(len(wanted), 30)
        got = [[cell == "47" for cell in re.findall("\033\\[(4[07])m  ", line)]
               for line in drawn["ansi"].splitlines() if line.startswith("\033[4")]
        self.assertEqual(got, wanted)

    def test_no_drawing_that_was_wanted(self):
        done = self.enroll(script, "--qr=ansi", env={"TERM": "xterm"})
        self.assertIn("pam-cognito: --qr: no drawing: standard input is no terminal\n", done.err)
        somebody = Person("--config", self.config(), "mfa", "enroll", "alice", "--qr=ansi",
                          env={"TERM": "dumb"})
        somebody.wait_for("--qr: no drawing: TERM says that the terminal cannot\n.*Password: $")
        somebody.give_up()
        self.assertIn("--qr: expected utf8 or ansi",
                      script("mfa", "enroll", "alice", "--qr", "svg").err)

    def test_a_long_name_on_an_ordinary_terminal(self):
        """The heading, the whole code, the key and the question, on 80x24."""
        name, key = "a-name-of-forty-letters-which-is-allowed", "JBSWY3DPEHPK3PXP" * 3 + "ABCD"
        self.assertEqual((len(name), len(key)), (40, 52))
        self.pool.script({"match": {"operation": "AssociateSoftwareToken"},
                          "body": {"SecretCode": key}})
        self.pool.add_user(username=name, password=ALICE)
        somebody = Person("--config", self.config(), "mfa", "enroll", name, size=(80, 24),
                          env={"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        somebody.wait_for("Password: $")
        somebody.type(ALICE)
        somebody.wait_for(r"\(authenticator app\): $")
        screen = rows_of(somebody.screen + "123456")[-24:]
        self.assertEqual(screen[0], "Scan with your authenticator app, or type the key:")
        self.assertEqual([len(row) for row in screen[1:22]], [41] * 21, screen)
        self.assertEqual("".join(screen[22:]), "Key " + " ".join(re.findall("....", key))
                         + ". Verification code (authenticator app): 123456")
        somebody.give_up()

    def test_issuer(self):
        """By the option, which wins over the settings and is one of them."""
        config = self.config(issuer_name="Theirs")
        texts = {}
        for words in ([], ["--issuer", "Ours"], ["--set", "issuer_name=Ours"]):
            self.pool.reset()
            self.pool.script({"match": {"operation": "AssociateSoftwareToken"},
                              "body": {"SecretCode": "JBSWY3DPEHPK3PXP"}})
            done = person("--config", config, "mfa", "enroll", "alice", *words,
                          env={"TERM": "xterm", "LC_ALL": "C.UTF-8"},
                          answers=[ALICE] + ["000000"] * 5)
            texts[" ".join(words)] = re.findall("(?m)^[ \u2580\u2584\u2588]+$", done.text)
        theirs, ours, ours_too = texts.values()
        self.assertTrue(theirs and ours)
        self.assertNotEqual(theirs, ours)
        self.assertEqual(ours, ours_too)
        self.assertIn("issuer_name (--set): expected 1 to 200 bytes", script(
            "--config", config, "mfa", "enroll", "alice", "--issuer", "x" * 201).err)


class TestSecretHash(ToolCase):
    def expected(self, name="alice", client=harness.CLIENT):
        pool, secret = harness.find_client(self.pool.info, client)
        made = hmac.new(secret.encode(), (name + client).encode(), hashlib.sha256).digest()
        return base64.b64encode(made).decode()

    def test_value(self):
        done = script("--config", self.config(), "secret-hash", "alice")
        self.assertEqual((done.status, done.out, done.err), (0, self.expected() + "\n", ""))
        self.assertEqual(self.pool.requests(), [])

    def test_person(self):
        self.assertEqual(person("--config", self.config(), "secret-hash", "alice").out,
                         self.expected() + "\n")

    def test_json(self):
        done = script("--config", self.config(), "secret-hash", "alice", "--json")
        self.assertEqual(done.last["secret_hash"], self.expected())

    def test_format(self):
        done = script("--config", self.config(username_format="%u@example.com"), "secret-hash",
                      "alice")
        self.assertEqual(done.out, self.expected("alice@example.com") + "\n")

    def test_explain(self):
        done = script("--config", self.config(), "secret-hash", "alice", "--explain")
        self.assertIn("message:   alice" + harness.CLIENT, done.out)
        self.assertIn("51 characters", done.out)
        self.assertNotIn(self.settings()["client_secret"], done.text)

    def test_secret_from_input(self):
        secret = self.settings()["client_secret"]
        for way in (script, person):
            done = way("--set", "client_id=" + harness.CLIENT, "secret-hash", "--stdin", "alice",
                       answers=[secret])
            self.assertEqual(done.status, 0, done.text)
            self.assertIn(self.expected(), done.out)
            self.assertNotIn(secret, done.text)

    def test_secret_from_input_fails(self):
        client = ["--set", "client_id=" + harness.CLIENT, "secret-hash", "--stdin"]
        self.assertEqual(script(*client, "alice").status, 5)
        self.assertEqual(script(*client, "alice", answers=["two words"]).status, 1)
        self.assertEqual(script(*client, answers=["x"]).status, 2)

    def test_no_secret(self):
        done = script("--config", self.config("localpublic0000000000000001"), "secret-hash",
                      "alice")
        self.assertEqual(done.status, 3)
        self.assertIn("--stdin", done.err)

    def test_secret_on_the_command_line(self):
        done = script("--set", "client_secret=abc123secret", "secret-hash", "alice")
        self.assertEqual(done.status, 2)
        self.assertNotIn("abc123secret", done.text)


class TestExplain(ToolCase):
    def explained(self, *words):
        done = script("explain", *words)
        self.assertEqual(done.status, 0, done.text)
        return done.out

    def test_reason(self):
        text = self.explained("identity_mismatch")
        self.assertIn("PAM_PERM_DENIED", text)
        self.assertIn("account_claim=email", text)

    def test_error(self):
        text = self.explained("UsernameExistsException")
        self.assertIn("Reason    user_exists", text)

    def test_error_of_many_meanings(self):
        """A line each, on one screen: what the service says, and the reason."""
        text = self.explained("NotAuthorizedException")
        self.assertRegex(text, r"(?m)^  locked_out +attempts exceeded$")
        self.assertRegex(text, r"(?m)^  secret_hash +configured with secret$")
        self.assertTrue(text.endswith("pam-cognito explain REASON says more.\n"), text)
        names = {row["title"].split(",")[0]
                 for row in script("explain", "NotAuthorizedException", "--json").objects}
        for name in names | {"InvalidParameterException", "UserLambdaValidationException"}:
            rows = self.explained(name).splitlines()
            self.assertLessEqual(len(rows), 22, name)
            if len(rows) > 8:
                self.assertLessEqual(max(map(len, rows)), 80, name)

    def test_error_with_namespace(self):
        self.assertIn("The user name is taken.", self.explained(
            "com.amazonaws.cognito#UsernameExistsException:"))

    def test_message(self):
        self.assertIn("Reason    secret_hash", self.explained(
            "Unable to verify secret hash for client x"))

    def test_log_line(self):
        text = self.explained(
            "pam_cognito(sshd:auth): alice: refused: locked_out service=sshd rhost=192.0.2.7 "
            "error=NotAuthorizedException http=400 ms=31: Password attempts exceeded")
        self.assertTrue(text.startswith("locked_out: alice at sshd from 192.0.2.7\n"
                                        "  Error     NotAuthorizedException, "), text)
        self.assertIn("attempts exceeded", text)
        self.assertIn("PAM_MAXTRIES", text)
        self.assertEqual(text.count("\n  Means "), 1, text)

    def test_causes(self):
        """The likely first, and the command that shows which it is, about that person."""
        line = ("pam_cognito(sshd:auth): alice: refused: wrong_password service=sshd "
                "rhost=127.0.0.1 error=NotAuthorizedException http=400: Incorrect username")
        self.assertIn("\n  Causes    1 mistyped, or an old password\n"
                      "            2 no such pool user: Prevent user existence errors hides that\n"
                      "            3 username_format or map_file makes another name of it\n"
                      "  Look      aws cognito-idp admin-get-user --user-pool-id POOL --username "
                      "alice\n", self.explained(line))
        done = script("explain", "no_dialogue", "--json")
        self.assertEqual(len(done.last["causes"]), 3)
        self.assertEqual(done.last["look"], "pam-cognito check --service SERVICE USER")
        self.assertIn("--service sudo bob\n", self.explained(
            "bob: refused: no_dialogue service=sudo"))

    def test_a_name_of_the_log_in_a_command(self):
        """It is what somebody typed: it stands there only as far as a shell takes it for one."""
        for name in ("$(id)", "a;b", "-x", "`id`", "'"):
            self.assertRegex(self.explained(f"sshd: {name}: refused: wrong_password service=sshd"),
                             r"(?m)^  Look .* --username USER$")

    def test_changes_of_a_password(self):
        for text, title in {
                "alice: password change refused: dns service=passwd": "dns: alice at passwd",
                "bob: password not changed: password_policy service=passwd error=x: y":
                    "password_policy: bob at passwd",
                "bob: still refused: disabled service=sshd": "disabled: bob at sshd",
                "bob: proved: ok service=passwd": "ok: bob at passwd",
                "bob: password changed: ok service=passwd": "ok: bob at passwd"}.items():
            self.assertEqual(self.explained(text).splitlines()[0], title)

    def test_configuration_line(self):
        """Ours, before a refusal: the key, where, and what was expected."""
        text = self.explained('pam_cognito(sshd:auth): configuration: timeout '
                              '(/etc/security/pam_cognito.conf line 5): expected seconds, 1 to '
                              '600, found "soon"')
        self.assertTrue(text.startswith(
            "configuration: nobody in scope can log in until it is mended\n"
            "  Error     timeout (/etc/security/pam_cognito.conf line 5): expected seconds,\n"
            '            1 to 600, found "soon"\n'), text)
        self.assertTrue(text.endswith("timeout: a setting, on the PAM line or in the file; see "
                                      "pam_cognito.conf(5)\n"), text)
        self.assertEqual(self.explained("configuration: colour (x): unknown key\033[2J")
                         .splitlines()[1], "  Error     colour (x): unknown key?[2J")

    def test_one_screen(self):
        """Whatever is asked about, it is answered on 80 columns and 24 lines."""
        folder = os.path.join(harness.FOLDER, "src")
        for path, pattern in (("common/reason.def", r'^REASON\(\w+, "(\w+)"'),
                              ("cli/seen.def", r'^SEEN\("([^"]+)"'),
                              ("pam/names.c", r"ROW\((PAM_\w+)"),
                              ("cognito/error.c", r'^    \{"(\w+)"')):
            with open(os.path.join(folder, path), encoding="utf-8") as file:
                names = set(re.findall(pattern, file.read(), re.M))
            self.assertGreater(len(names), 10, path)
            for name in names:
                text = self.explained(name)
                self.assertLessEqual(len(rows_of(text.rstrip("\n"))), 22, text)
                for line in text.splitlines():
                    self.assertTrue(len(line) <= 80 or line.startswith("  Look "), line)

    def test_log_line_cannot_steer_the_terminal(self):
        """A name in a log is what somebody typed."""
        text = self.explained("x\033[2Jy: refused: dns service=s\033]0;sh\007 rhost=\u202eh")
        for character in "\033\007\u202e":
            self.assertNotIn(character, text)

    def test_line_of_the_helper(self):
        """What root's log has of those who come by the socket."""
        text = self.explained("pam_cognito_helper[83]: socket: peer_refused: uid=101 pid=81 "
                              "user=alice service=postgresql")
        self.assertTrue(text.startswith("peer_refused"), text)
        self.assertIn("trusted_users", text)
        self.assertEqual(script("explain", "socket: peer_refused").status, 0)

    def test_setting(self):
        for name, where in (("trusted_users", "in the section of a service only"),
                            ("local_account", "on the PAM line or in the section of a service"),
                            ("helper", "on the PAM line only"),
                            ("otp", "on the PAM line or in the file")):
            self.assertEqual(" ".join(self.explained(name).split()),
                             f"{name}: a setting, {where}; see pam_cognito.conf(5)")
        self.assertEqual(script("explain", "trusted_user").status, 1)

    def test_words(self):
        text = self.explained("pam_cognito(sudo:auth): bob: refused:", "group_refused",
                              "service=sudo")
        self.assertIn("require_group", text)

    def test_pam_code(self):
        text = self.explained("PAM_MAXTRIES")
        self.assertRegex(text, r"(?m)^  locked_out +Too many wrong passwords\. ")
        self.assertRegex(text, r"(?m)^  limit_exceeded +A limit per user was reached\.$")

    def test_every_pam_code(self):
        """What the module can return, by the tables of docs/errors.md, and no other code."""
        returned = {
            "SUCCESS": "ok", "SERVICE_ERR": "secret_hash", "SYSTEM_ERR": "internal",
            "BUF_ERR": "out_of_memory", "PERM_DENIED": "group_refused",
            "AUTH_ERR": "wrong_password", "AUTHINFO_UNAVAIL": "dns",
            "USER_UNKNOWN": "no_such_user", "MAXTRIES": "locked_out",
            "ACCT_EXPIRED": "disabled", "CONV_ERR": "no_dialogue",
            "AUTHTOK_ERR": "password_policy", "AUTHTOK_RECOVERY_ERR": "wrong_password",
            "TRY_AGAIN": "timeout",
            # these come of no reason
            "IGNORE": None, "NEW_AUTHTOK_REQD": None, "INCOMPLETE": None}
        others = (
            "OPEN_ERR SYMBOL_ERR CRED_INSUFFICIENT SESSION_ERR CRED_UNAVAIL CRED_EXPIRED CRED_ERR "
            "NO_MODULE_DATA AUTHTOK_LOCK_BUSY AUTHTOK_DISABLE_AGING ABORT AUTHTOK_EXPIRED "
            "MODULE_UNKNOWN BAD_ITEM CONV_AGAIN").split()
        self.assertEqual(len(returned) + len(others), 32)
        for code, reason in returned.items():
            text = self.explained("PAM_" + code)
            self.assertNotIn("never returns", text)
            if reason is None:
                self.assertTrue(text.startswith(f"PAM_{code}: "), text)
            else:
                self.assertRegex(text, rf"(?m)^(  (.* )?)?{reason}( |$)")
        for code in others:
            text = self.explained("PAM_" + code)
            self.assertTrue(text.startswith(f"PAM_{code}: pam_cognito never returns this: "), text)
            self.assertNotRegex(text, "(?m)^(?!  |PAM).", text)

    def test_a_module_that_is_missing(self):
        """What hosts say then is libpam's, and no line of ours stands before it."""
        text = self.explained("sshd: PAM: Module is unknown for alice from 192.0.2.1")
        self.assertIn("dlopen", text)
        self.assertNotIn("line of pam_cognito", text)

    def test_codes_in_json(self):
        self.assertEqual(script("explain", "PAM_ABORT", "--json").last["title"], "PAM_ABORT")
        self.assertEqual(script("explain", "disabled", "--json").last["acct_mgmt"],
                         "PAM_ACCT_EXPIRED")

    def test_account_phase(self):
        """sshd's line when the account phase refuses."""
        text = self.explained("fatal: Access denied for user alice by PAM account configuration "
                              "[preauth]")
        self.assertTrue(text.startswith('"by PAM account configuration": '), text)
        self.assertIn("\n  Look      journalctl -t sshd -g pam_cognito\n", text)
        words = re.findall(r"(?m)^  ([a-z_]+)  ", text)
        self.assertEqual(sorted(words), sorted(
            "not_confirmed disabled identity_mismatch group_refused mfa_missing trigger_refused "
            "risk_refused waf_blocked not_resettable token_refused service_refused lookup_failed "
            "account_mismatch peer_refused configuration".split()))

    def test_refusals_of_hosts(self):
        """What people read: what it is, where the line is that has the reason, the likely ones."""
        for text, program, says in (
                ("alice@host: Permission denied (publickey,keyboard-interactive).", "sshd",
                 "KbdInteractiveAuthentication yes"),
                ("alice@host: Permission denied (password).", "sshd", "any refusal"),
                ("Permission denied, please try again.", "sshd", "it asks again"),
                ("Sorry, try again.", "sudo", "it asks again"),
                ("sudo: 3 incorrect password attempts", "sudo", "as often as it does"),
                ("Login incorrect", "login", "any refusal")):
            done = self.explained(text)
            self.assertIn(f"\n  Look      journalctl -t {program} -g pam_cognito\n", done)
            self.assertIn(says, " ".join(done.split()))
            self.assertRegex(done, r"(?m)^  wrong_password  .*\n  locked_out  ")
            self.assertEqual(script("explain", text, "--json").objects[0]["look"],
                             f"journalctl -t {program} -g pam_cognito")

    def test_refusals_of_su_and_passwd(self):
        for text, program, reason, other in (
                ("su: Authentication failure", "su", "wrong_password", "group_refused"),
                ("su: Permission denied", "su", "group_refused", "wrong_password"),
                ("passwd: Authentication token manipulation error", "passwd", "password_policy",
                 "group_refused"),
                ("passwd: Authentication information cannot be recovered", "passwd",
                 "wrong_password", "password_policy"),
                ("password unchanged", "passwd", "password_history", "ok")):
            words = re.findall(r"[a-z_]+", re.sub(r"(?m)^(?!  [a-z]).*\n?", "",
                                                  self.explained(text)))
            self.assertIn(f"journalctl -t {program} -g pam_cognito", self.explained(text))
            self.assertIn(reason, words)
            self.assertNotIn(other, words)

    def test_what_is_no_refusal_of_ours(self):
        for text in ("kex_exchange_identification: Connection closed by remote host",
                     "Connection closed by 192.0.2.1 port 22",
                     "Received disconnect from 192.0.2.1: Too many authentication failures"):
            done = self.explained(text)
            self.assertIn("pam-cognito check NAME", " ".join(done.split()))
            self.assertNotIn("wrong_password", done)

    def test_rows_of_the_table(self):
        """Each is reached by its own words; and explained by its own meaning."""
        with open(os.path.join(harness.FOLDER, "src", "cli", "seen.def"), encoding="utf-8") as file:
            table = re.findall(r'^SEEN\("([^"]+)"', file.read(), re.M)
        for words in table:
            self.assertTrue(self.explained(words).startswith(f'"{words}": '), words)

    def test_fragments_need_the_name(self):
        """Words of anybody's are the service's only behind the name of its error."""
        for text in ("some error occurred", "the migration failed", "file not found",
                     "an exception", "no such device", "lambda"):
            self.assertEqual(script("explain", text).status, 1, text)
        for text in ("UserNotFoundException: User does not exist.",
                     "lambda: refused: no_such_user service=sshd error=UserNotFoundException "
                     "http=400 request=0 ms=3: User does not exist."):
            self.assertIn('UserNotFoundException, "User does not exist"', self.explained(text))

    def test_http(self):
        self.assertIn("Reason    waf_blocked", self.explained("HTTP", "403"))
        self.assertIn("Reason    server_error", self.explained("503"))

    def test_person(self):
        self.assertTrue(person("explain", "dns").out.startswith("dns\n"))

    def test_json(self):
        done = script("explain", "disabled", "--json")
        self.assertEqual(done.last["authenticate"], "PAM_AUTH_ERR")

    def test_words_of_hosts(self):
        """libpam's own words for each code that the module returns, as hosts log them."""
        for text, reason in {
                "error: PAM: Error in service module for alice from 192.0.2.1": "secret_hash",
                "PAM: Authentication failure for alice from 192.0.2.1": "wrong_password",
                "Permission denied": "group_refused",
                "sudo: PAM error: System error": "internal",
                "su: Memory buffer error": "out_of_memory",
                "Have exhausted maximum number of retries for service": "locked_out",
                "PAM: Authentication service cannot retrieve authentication info": "dns",
                "User not known to the underlying authentication module": "no_such_user",
                "su: Conversation error": "cancelled",
                "passwd: Authentication token manipulation error": "password_policy",
                "passwd: Authentication information cannot be recovered": "wrong_password",
                "passwd: Failed preliminary check by password service": "timeout",
        }.items():
            self.assertRegex(self.explained(text), rf"(?m)^(  (.* )?)?{reason}( |$)", text)
        self.assertIn("PAM_SERVICE_ERR: these reasons end so; the line of pam_cognito",
                      self.explained("PAM: Error in service module"))

    def test_unknown(self):
        done = script("explain", "elephant")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertEqual(done.err, "pam-cognito: explain: nothing is known about that; without a "
                         "word it lists the reasons\n")
        self.assertIn("did you mean wrong_password?", script("explain", "wrong_pasword").err)

    def test_nothing(self):
        """All words there are, each once, in five groups."""
        text = self.explained()
        groups = re.findall(r"(?m)^(\w.*):$", text)
        self.assertEqual(groups, ["The person", "The account", "The user pool", "This machine",
                                  "The network"])
        words = re.findall(r"[a-z_]+", " ".join(re.findall(r"(?m)^  (.*)$", text)))
        with open(os.path.join(harness.FOLDER, "src", "common", "reason.def"),
                  encoding="utf-8") as file:
            reasons = re.findall(r'^REASON\(\w+, "(\w+)"', file.read(), re.M)
        self.assertEqual(sorted(words), sorted(set(reasons) - {"ok"}))
        self.assertLessEqual(len(text.splitlines()), 22)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


class TestCommandLine(ToolCase):
    def refused(self, *words, status=2):
        done = script(*words)
        self.assertEqual(done.status, status, done.text)
        self.assertEqual(done.out, "")
        return done.err

    def test_version(self):
        self.assertRegex(script("--version").out, r"^pam-cognito \d+\.\d+\.\d+\n$")

    def test_without_a_word(self):
        """The list of what there is, and no success for a script that forgot the word."""
        done = script()
        self.assertEqual((done.status, done.err), (2, ""))
        self.assertEqual(done.out, script("--help").out)

    def test_help(self):
        """What fits beside its name, and three examples at the end."""
        text = script("--help").out
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for line in re.findall(r"(?m)^  [a-z-]+ {2,}(.*)$", text.split("\n\nOptions:")[0]):
            self.assertLess(len(line), 50, line)
        self.assertEqual(len(re.findall(r"(?m)^  pam-cognito \w+ \w+  ",
                                        text.split("Examples:\n")[1])), 3)

    def test_did_you_mean(self):
        for words, meant in ({("chek",): "check", ("checkk", "alice"): "check",
                              ("enrol",): "mfa enroll", ("dance",): None, ("mfa", "enrol"): "mfa enroll",
                              ("check", "--jason"): "--json", ("--elephant", "check"): None,
                              ("check", "--jason=FILE"): "--json",
                              ("check", "--confg=/x.conf"): "--config",
                              ("accounts", "snyc"): "accounts sync",
                              ("accounts", "adop", "alice"): "accounts adopt",
                              ("accounts", "adopt"): None, ("accounts", "elephant"): None,
                              ("mfa", "prefer"): None, ("login", "--no-qrr"): "--no-qr",
                              ("mfa", "--isuer=x", "enroll"): "--issuer"}).items():
            said = self.refused(*words)
            found = re.findall(r"(?m)^pam-cognito: did you mean (.*)\?$", said)
            self.assertEqual(found, [meant] if meant else [], said)

    def test_help_in_other_words(self):
        for words, same in ((["-h"], []), (["help"], []), (["help", "login"], ["login"]),
                            (["login", "-h"], ["login"])):
            done = script(*words)
            self.assertEqual((done.status, done.out), (0, script(*same, "--help").out), words)
        self.assertEqual(script("-V").out, script("--version").out)

    def test_wrong_order(self):
        self.assertIn("did you mean login alice?\n", self.refused("alice", "login"))
        self.assertIn("did you mean mfa enroll alice?\n", self.refused("mfa", "alice", "enroll"))

    def test_where_to_read_on(self):
        """At the subcommand that was meant, wherever the fault is."""
        for words in (("check", "--offline", "--servce", "x"), ("--servce", "x", "check"),
                      ("check", "--problem"), ("check", "alice", "bob")):
            self.assertTrue(self.refused(*words).endswith("Try: pam-cognito check --help\n"), words)
        self.assertTrue(self.refused("dance").endswith("Try: pam-cognito --help\n"))

    def test_no_settings_yet(self):
        """A newcomer is told where they belong, and what makes them."""
        for name in ("login", "confirm", "secret-hash", "change-password"):
            said = self.refused("--config", harness.write_config(""), name, "alice", status=3)
            self.assertRegex(said, r"user_pool_id: missing, .*\n  to do:  Set it in the file of "
                             "--config, or by --set\\.\n$")
        self.assertEqual(script("--config", harness.write_config(""), "login", "alice",
                                "--json").last["fix"],
                         "Set it in the file of --config, or by --set.")
        if not os.path.exists("/etc/security/pam_cognito.conf"):
            self.assertIn("  to do:  Set it in /etc/security/pam_cognito.conf, which pam-cognito "
                          "setup makes, or name another file by --config.\n",
                          self.refused("login", "alice", status=3))

    def test_settings_of_somebody_else(self):
        """Which somebody without rights cannot read: the file is named, and nobody is asked."""
        path = harness.write_config(self.settings(), 0o000)
        said = self.refused("--config", path, "login", "alice", status=3)
        self.assertEqual(said, f"pam-cognito: login: config: {path}: Permission denied\n")

    def test_names_of_nobody(self):
        for words in (("check", ""), ("--config", self.config(), "login", "")):
            self.assertEqual(self.refused(*words), "pam-cognito: that cannot be a user name\n")

    def test_usage(self):
        self.assertIn("no such subcommand: dance", self.refused("dance"))
        self.assertIn("pam-cognito: unrecognized option", self.refused("--dance"))
        self.assertIn("--tokens belongs to login", self.refused("check", "--tokens"))
        self.refused("login", "alice", "bob")
        self.refused("mfa", "dance")
        self.refused("mfa", "prefer", "pigeon")
        self.refused("login", "--service", "../etc")
        self.refused("sign-up", "x", "--attribute", "nothing")

    def test_configuration_faults(self):
        config = self.config(colour="blue")
        self.assertIn("colour", self.refused("--config", config, "login", "alice", status=3))
        self.assertIn("timeout (--set): expected seconds", self.refused(
            "--config", self.config(), "--set", "timeout=never", "login", "alice", status=3))
        self.refused("--config", "/nonexistent/x.conf", "login", "alice", status=3)

    def test_relative_configuration(self):
        path = self.config()
        here = os.getcwd()
        os.chdir(os.path.dirname(path))
        try:
            done = script("--config", os.path.basename(path), "secret-hash", "alice")
        finally:
            os.chdir(here)
        self.assertEqual(done.status, 0, done.text)

    def test_readable_secret(self):
        config = harness.write_config(self.settings(), 0o644)
        self.assertIn("chmod 0600", self.refused("--config", config, "login", "alice", status=3))

    def test_hostile_environment(self):
        """Nothing writes the connection's keys, leads elsewhere or loads code."""
        log = harness.fresh("keylog")
        done = script("--config", self.config(), "login", "alice", answers=[ALICE],
                      env={"SSLKEYLOGFILE": log, "https_proxy": "http://localhost:1",
                           "OPENSSL_CONF": "/nonexistent", "SSL_CERT_FILE": "/nonexistent"})
        self.assertEqual(done.status, 0, done.text)
        self.assertFalse(os.path.exists(log))

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(command("explain", "dns"), stdout=full, stderr=subprocess.PIPE,
                                  env=environment(), check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn(b"cannot write", done.stderr)

    def test_debug(self):
        done = script("--config", self.config(), "--debug", "login", "alice", answers=[ALICE])
        self.assertIn("pam-cognito: answer: ok", done.err)
        self.check_silence(done, [ALICE])


if __name__ == "__main__":
    harness.main()
