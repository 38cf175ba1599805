# Every challenge of the service through the module: right, wrong, wrong then
# right, expired, cancelled, session lost, another challenge than expected, one
# that repeats for ever, a result together with a challenge, a result for
# another user. Each with its PAM code, the reason in the log, the prompts,
# and what the pool counted: InitiateAuth and RespondToAuthChallenge.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import ssl
import sys
from urllib.parse import urlsplit

HERE = os.path.join(os.environ["TEST_FOLDER"], "tests")
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "module")]
import harness  # noqa: E402
import qr  # noqa: E402
from harness import CLIENT, HELPER, PoolCase  # noqa: E402

POOL = "eu-west-1_Local0001"
ALIAS_POOL = "eu-west-1_Alias0001"
EMAIL_POOL = "eu-west-1_Email0001"
STRICT_POOL = "eu-west-1_Strict001"
EMAIL_CLIENT = "emailclient0000000000000001"
ALIAS_CLIENT = "aliasclient0000000000000001"
STRICT_CLIENT = "strictclient000000000000001"
PASSWORDS = {"alice": "Correct-Horse-9", "bob": "Battery-Staple-7", "erin": "Temporary-Pw-1",
             "grace": "Grace-Hopper-6", "heidi": "Heidi-Alps-88", "ivan": "Ivan-Mailed-5",
             "judy": "Judy-Chooses-3", "peggy": "Peggy-Passkey-2"}
HOST = socket.gethostname().split(".")[0]
PASSWORD = "off Password: $"
ONE_QUESTION = "set otp=append in section [test]"
NEW_ELSEWHERE = "a new password is due, so sign in through sshd or login first"
LATE = r"on The sign-in had to start again\. "
SESSION_SECONDS = 181  # sessions of the seed's clients live for three minutes
SECRET = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
EMAIL_MENU = r"on Get the code by: 1\) SMS 2\) authenticator app 3\) e-mail\. Number: $"


class Chat(PoolCase):
    """Conversations: each turn is what the prompt must look like and what is typed."""

    def talk(self, turns, user="alice", client=CLIENT, extra=(), service="test", options=(),
             **settings):
        config = harness.write_config(self.settings(client, **settings))
        confdir = harness.write_service([f"config={config}", f"helper={HELPER}", *extra],
                                        service)
        host = harness.Host(["authenticate"], confdir, user, service, options)
        for pattern, answer in turns:
            prompt = host.until("prompt")
            self.assertRegex(prompt, pattern, host.events)
            host.say(answer(prompt) if callable(answer) else answer)
        return host.finish()

    def responds(self):
        return len(self.requests("RespondToAuthChallenge"))

    def verdict(self, host, code, reason, initiates, responds):
        self.assertEqual((host.code, host.reason, self.tries(), self.responds()),
                         (code, reason, initiates, responds), host.events)
        for request in self.pool.requests():
            self.assertNotIn("DEVICE_KEY", request["body"])
            if request["operation"] in ("InitiateAuth", "RespondToAuthChallenge"):
                self.assertIsNot(request["secret_hash_ok"], False, request["body"])

    def passed(self, host, initiates, responds):
        self.verdict(host, "PAM_SUCCESS", "ok", initiates, responds)

    def notes(self, host, text):
        self.assertIn(text, host.verdict[1])

    # What people type.

    def sent(self, user):
        """The newest code that went to the user."""
        return lambda _prompt: self.pool.last_code(user)

    def app(self, user, steps=0, pool=None):
        """What the user's authenticator app shows."""
        return lambda _prompt: self.pool.totp(user, steps=steps, pool=pool)

    def after(self, seconds, answer):
        """The same, so many seconds later."""
        def late(prompt):
            self.pool.advance(seconds)
            return answer(prompt) if callable(answer) else answer
        return late

    def first_step(self, **parameters):
        """The answer to an InitiateAuth of choice that this test sends itself."""
        user = parameters["USERNAME"]
        digest = hmac.new(SECRET.encode(), (user + CLIENT).encode(), hashlib.sha256).digest()
        parameters["SECRET_HASH"] = base64.b64encode(digest).decode()
        context = ssl.create_default_context(cafile=self.pool.ca_file)
        connection = http.client.HTTPSConnection(urlsplit(self.pool.address).netloc,
                                                 context=context)
        connection.request("POST", "/", json.dumps(
            {"AuthFlow": "USER_AUTH", "ClientId": CLIENT, "AuthParameters": parameters}), {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"})
        body = json.loads(connection.getresponse().read())
        connection.close()
        self.pool.clear()
        return body


def on(operation, **answer):
    return {"match": {"operation": operation}, **answer}


RESPOND = "RespondToAuthChallenge"


class Common:
    """What every challenge that asks the person something goes through.

    The attributes say how to get there; the expected values stand beside them.
    """
    name = ""           # of the challenge
    user = "alice"
    settings_of = {}
    opening = None      # the turns before; None: the password
    question = ""       # the prompt
    remedy = ONE_QUESTION  # for a host that cannot ask it
    starts_again = True  # InitiateAuth once more when the session is lost
    before = 0          # answers to challenges before this one
    after_restart = None  # the turns after a new start; None: the question once more

    def begin(self):
        """What the pool must be like."""

    def first(self):
        if self.opening is not None:
            return self.opening
        return [(PASSWORD, PASSWORDS[self.user])]

    def right(self):
        """The turns that answer the challenge and what follows it."""
        raise NotImplementedError

    def again(self):
        """The turns after the session was lost and the sign-in began once more."""
        (pattern, answer), *rest = self.right()
        return [(pattern.replace("on ", LATE, 1), answer), *rest]

    total = 1           # answers to challenges in all when it goes right

    def go(self, turns, **more):
        return self.talk([*self.first(), *turns], user=self.user,
                         **{**self.settings_of, **more})

    def setUp(self):
        super().setUp()
        self.begin()

    def test_right(self):
        self.passed(self.go(self.right()), 1, self.total)

    def test_cancelled(self):
        """By the person, or by a host that can ask one question: it cannot be told."""
        for end in ("!error", "!null"):
            self.setUp()
            host = self.go([(self.question, end)])
            self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, self.before)
            self.notes(host, "the host ended the dialogue at its second question: given up, or")
            self.notes(host, self.remedy)

    def test_host_can_ask_for_the_password_only(self):
        """What it answers then is no answer and goes nowhere."""
        for answer, word in ((PASSWORDS[self.user], "the password"), ("", "nothing"),
                             (self.user, "the user name")):
            self.setUp()
            host = self.go([(self.question, answer)])
            self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, self.before)
            self.notes(host, f"the host answered another question with {word}: ")
            self.notes(host, self.remedy)

    def test_expired(self):
        """A new start, counted; the password is not asked for again."""
        (pattern, answer), *rest = self.right()
        late = [(pattern, self.after(SESSION_SECONDS, answer))]
        if not self.starts_again:
            host = self.go(late)
            self.verdict(host, "PAM_AUTH_ERR", "session_lost", 1, self.before + 1)
            return
        host = self.go([*late, *self.again()])
        self.passed(host, 2, self.before * 2 + 1 + self.total - self.before)
        self.assertEqual([p for p in host.prompts if p == ("off", "Password: ")],
                         [("off", "Password: ")] if self.first() else [])

    def test_session_lost_twice(self):
        """Once more, and not twice more."""
        self.pool.fault("error", {"operation": RESPOND, "challenge": self.name}, count=0,
                        code="NotAuthorizedException",
                        message="Invalid session for the user, session can only be used once.")
        (pattern, answer), *_ = self.right()
        if not self.starts_again:
            host = self.go([(pattern, answer)])
            self.verdict(host, "PAM_AUTH_ERR", "session_lost", 1, self.before + 1)
            return
        turns = [(pattern, answer)]
        (pattern, answer), *_ = self.again()
        if self.again_asks:
            turns.append((pattern, answer))
        host = self.go(turns)
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 2, self.before * 2 + 2)

    again_asks = True

    def test_another_challenge_than_expected(self):
        self.pool.script(on(RESPOND, body={
            "ChallengeName": "SELECT_CHALLENGE", "Session": "x" * 30,
            "AvailableChallenges": ["PASSWORD"], "ChallengeParameters": {}}))
        host = self.go(self.until_respond())
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, self.before + 1)
        self.notes(host, "SELECT_CHALLENGE")

    def test_an_unknown_challenge_follows(self):
        self.pool.script(on(RESPOND, body={
            "ChallengeName": "TOMORROWS_CHALLENGE", "Session": "x" * 30,
            "ChallengeParameters": {}}))
        host = self.go(self.until_respond())
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, self.before + 1)
        self.notes(host, "TOMORROWS_CHALLENGE")

    def until_respond(self):
        """The turns up to the first answer to this challenge."""
        return self.right()[:self.asks]

    asks = 1

    parameters = {}

    def forever(self, host):
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, self.before + 1)

    def test_repeats_for_ever(self):
        """The pool asks for the same once more, again and again."""
        self.pool.script(on(RESPOND, count=0, body={
            "ChallengeName": self.name, "Session": "x" * 30,
            "ChallengeParameters": self.parameters}))
        self.forever(self.go(self.until_respond()))

    def test_result_together_with_a_challenge(self):
        self.pool.script(on(RESPOND, body={
            "ChallengeName": self.name, "Session": "x" * 30, "ChallengeParameters": {},
            "AuthenticationResult": self.pool.mint(CLIENT, self.user)}))
        host = self.go(self.until_respond())
        self.verdict(host, "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, self.before + 1)
        self.notes(host, "a result together with the challenge")

    def test_result_for_another_user(self):
        self.pool.token(claims={"cognito:username": "bob" if self.user != "bob" else "alice"})
        self.verdict(self.go(self.right()), "PAM_PERM_DENIED", "identity_mismatch", 1,
                     self.total)


class Codes(Common):
    """The challenges that want a code."""
    wrong = "000001"
    wrong_hint = r"on Wrong code, try again\. "
    field = ""

    def test_wrong(self):
        turns = [(self.question, self.wrong)] + [
            (self.wrong_hint, f"00000{i}") for i in range(2, 6)]
        host = self.go(turns)
        self.verdict(host, "PAM_AUTH_ERR", "wrong_code", 1, 5)
        self.assertTrue(host.delayed)

    def test_locked_out(self):
        self.pool.fault("error", {"operation": RESPOND, "nth": 2},
                        code="NotAuthorizedException", message="Password attempts exceeded")
        host = self.go([(self.question, self.wrong), (self.wrong_hint, "000002")])
        self.verdict(host, "PAM_MAXTRIES", "locked_out", 1, 2)

    def test_wrong_then_right(self):
        (pattern, answer), *_ = self.right()
        host = self.go([(pattern, self.wrong), (self.wrong_hint, answer)])
        self.passed(host, 1, 2)

    def test_no_code(self):
        """What cannot be a code costs no try; blanks are no part of one."""
        hint = r"on A code is 4 to 10 digits\. "
        (pattern, answer), *_ = self.right()

        def spaced(prompt):
            code = answer(prompt)
            return f" {code[:3]} {code[3:]} "
        host = self.go([(pattern, "twelve"), (hint, " "), (hint, "123"), (hint, spaced)])
        self.passed(host, 1, 1)

    def test_what_is_sent(self):
        self.go(self.right())
        request, = self.requests(RESPOND)
        body = json.loads(request["body"])
        self.assertEqual(body["ChallengeName"], self.name)
        self.assertEqual(body["ChallengeResponses"]["USERNAME"], self.user)
        self.assertEqual(set(body["ChallengeResponses"]),
                         {"USERNAME", "SECRET_HASH", self.field})

    def test_nothing_secret_is_shown(self):
        host = self.go(self.right(), extra=["debug"])
        sent = json.loads(self.requests(RESPOND)[0]["body"])
        for hidden in (PASSWORDS[self.user], sent["Session"], "eyJ",
                       sent["ChallengeResponses"][self.field],
                       sent["ChallengeResponses"]["SECRET_HASH"]):
            self.assertNotIn(hidden, str(host.events))


class Messages(Codes):
    """Codes that are sent somewhere."""

    def right(self):
        return [(self.question, self.sent(self.user))]

    def test_code_expired(self):
        """The service says that the code, not the session, is too old."""
        self.pool.fault("error", {"operation": RESPOND}, code="ExpiredCodeException",
                        message="Invalid code provided, please request a code again.")
        if not self.starts_again:
            self.verdict(self.go(self.right()), "PAM_AUTH_ERR", "code_expired", 1, 1)
            return
        self.passed(self.go([*self.right(), *self.again()]), 2, 2)
        self.assertEqual(len(self.pool.codes(self.user)), 2)

    def test_wrong_code_spends_the_session(self):
        """COGNITO.md 4.1: it may; then the sign-in starts again, once."""
        self.pool.set_pool(settings={"wrong_code_spends_session": True})
        late = [(self.question, self.wrong), (self.wrong_hint, "000002")]
        if not self.starts_again:
            self.verdict(self.go(late), "PAM_AUTH_ERR", "session_lost", 1, 2)
            return
        self.passed(self.go([*late, *self.again()]), 2, 3)
        self.pool.clear()
        host = self.go([*late, (self.again()[0][0], self.wrong),
                        (self.wrong_hint, "000002")])
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 2, 4)


class SmsMfa(Messages, Chat):
    name, field, user = "SMS_MFA", "SMS_MFA_CODE", "heidi"
    question = r"on Verification code \(SMS to \+\*+1234\): $"


class EmailOtpSecond(Messages, Chat):
    name, field, user = "EMAIL_OTP", "EMAIL_OTP_CODE", "ivan"
    question = r"on Verification code \(e-mail to i\*\*\*@e\*\*\*\): $"


class FirstFactor(Messages):
    """A code instead of the password, to which the pool may come by itself.

    Nobody asks for one here: codes cannot be counted in this host. tests/hosts has those that can.
    """
    settings_of = {"auth_flow": "user_auth"}
    starts_again = False

    def begin(self):
        self.pool.script(on("InitiateAuth", count=0, body=self.first_step(
            USERNAME=self.user, PREFERRED_CHALLENGE=self.name)))

    def test_nothing_secret_is_shown(self):
        """What was typed as a password was not sent, so SRP's is not there."""
        host = self.go(self.right(), extra=["debug"])
        sent = json.loads(self.requests(RESPOND)[0]["body"])
        for hidden in (PASSWORDS[self.user], sent["Session"], "eyJ",
                       sent["ChallengeResponses"][self.field]):
            self.assertNotIn(hidden, str(host.events))


class EmailOtpFirst(FirstFactor, Chat):
    name, field = "EMAIL_OTP", "EMAIL_OTP_CODE"
    question = r"on Verification code \(e-mail to a\*\*\*@e\*\*\*\): $"

    def test_eight_digits(self):
        self.go(self.right())
        self.assertRegex(self.pool.last_code("alice"), "^[0-9]{8}$")

    def test_pretended(self):
        """A code is asked for, as for a user who exists; none is right."""
        self.pool.reset()
        self.pool.script(on("InitiateAuth", body=self.first_step(
            USERNAME="mallory", PREFERRED_CHALLENGE="EMAIL_OTP")))
        hint = self.wrong_hint
        host = self.talk([(PASSWORD, "Whatever-1"), (r"on Verification code \(e-mail to ", "12345678")]
                         + [(hint, f"1234567{i}") for i in range(4)],
                         user="mallory", **self.settings_of)
        self.verdict(host, "PAM_AUTH_ERR", "wrong_code", 1, 5)


class SmsOtp(FirstFactor, Chat):
    """One try: after a wrong code the service may send another message."""
    name, field, user = "SMS_OTP", "SMS_OTP_CODE", "stranger"
    question = r"on Verification code \(SMS to \+\*+7777\): $"

    def begin(self):
        PASSWORDS.setdefault("stranger", "Stranger-Here-1")
        self.pool.add_user(username="stranger", password="Stranger-Here-1", attributes={
            "phone_number": "+15550107777", "phone_number_verified": "true"})
        super().begin()

    def test_wrong(self):
        self.pool.set_pool(settings={"wrong_sms_code_sends_new_one": True})
        host = self.go([(self.question, self.wrong)])
        self.verdict(host, "PAM_AUTH_ERR", "wrong_code", 1, 1)
        # The one that was asked for, and what the service adds by itself.
        self.assertEqual(len(self.pool.codes(self.user)), 2)

    def test_locked_out(self):
        self.pool.fault("error", {"operation": RESPOND}, code="NotAuthorizedException",
                        message="Password attempts exceeded")
        self.verdict(self.go([(self.question, self.wrong)]), "PAM_MAXTRIES", "locked_out", 1, 1)

    def test_wrong_then_right(self):
        self.verdict(self.go([(self.question, self.wrong)]), "PAM_AUTH_ERR", "wrong_code", 1, 1)

    def test_wrong_code_spends_the_session(self):
        self.pool.set_pool(settings={"wrong_code_spends_session": True})
        self.verdict(self.go([(self.question, self.wrong)]), "PAM_AUTH_ERR", "wrong_code", 1, 1)


class OneQuestion(Chat):
    """Hosts that can ask for the password only, under the settings that matter to them."""

    def refused(self, turns, service, note, **settings):
        host = self.talk(turns, user="heidi", service=service, **settings)
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 0)
        self.notes(host, note)
        return host

    def test_each_host(self):
        """As each of them was seen to answer, with the section to write."""
        for service, answer in (
                ("dovecot", "heidi"), ("cups", "heidi"), ("radiusd", "heidi"), ("vnc", "heidi"),
                ("i3lock", PASSWORDS["heidi"]), ("postgresql", "!error"), ("openvpn", "!error"),
                ("vsftpd", "!error"), ("httpd", "!error"), ("squid", "!error"),
                ("xrdp-sesman", "!null"), ("mariadb", "")):
            self.pool.clear()
            self.refused([(PASSWORD, PASSWORDS["heidi"]), (r"on Verification code \(SMS", answer)],
                         service, f"set otp=append in section [{service}]")
        self.pool.clear()
        self.refused([(PASSWORD, PASSWORDS["heidi"]), (r"on Verification code \(SMS", "heidi")], "sshd",
                     "for sshd set KbdInteractiveAuthentication yes")

    def test_hidden_codes(self):
        """echo_codes=no: for hosts that die at a visible question."""
        host = self.talk([(PASSWORD, PASSWORDS["heidi"]), (r"off Verification code \(SMS",
                                                           self.sent("heidi"))],
                         user="heidi", echo_codes="no")
        self.passed(host, 1, 1)
        self.pool.clear()
        host = self.talk([(PASSWORD, PASSWORDS["judy"]), (r"off Get the code by: 1\) SMS", "1"),
                          (r"off Verification code \(SMS", self.sent("judy"))], user="judy",
                         echo_codes="no")
        self.passed(host, 1, 2)
        self.assertEqual([style for style, _ in host.prompts], ["off"] * 3)
        self.pool.clear()
        self.refused([(PASSWORD, PASSWORDS["heidi"]), ("off Verif", PASSWORDS["heidi"])],
                     "saslauthd", "with the password: if it can ask for the password only, set "
                     "otp=append in section [saslauthd]", echo_codes="no")

    def test_appended_already(self):
        self.refused([(PASSWORD, PASSWORDS["heidi"]), ("on Verif", PASSWORDS["heidi"])], "test",
                     "type the code behind the password and a comma", otp="append")

    def test_appended_already_and_a_new_password(self):
        """Which cannot stand behind the old one."""
        host = self.talk([(PASSWORD, PASSWORDS["erin"]), ("off You must", PASSWORDS["erin"])],
                         user="erin", otp="append")
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 0)
        self.notes(host, NEW_ELSEWHERE)

    def test_a_password_of_digits(self):
        """It looks like a code and is none."""
        self.pool.user("heidi", password="24681357")
        self.refused([(PASSWORD, "24681357"), ("on Verif", "24681357")], "test",
                     "answered another question with the password")
        self.pool.clear()
        self.pool.user("heidi", password="2468 1357")
        self.refused([(PASSWORD, "2468 1357"), ("on Verif", "2468 1357")], "test",
                     "answered another question with the password")

    def test_given_up_later(self):
        """A host that asked twice can ask."""
        host = self.talk([(PASSWORD, PASSWORDS["heidi"]), ("on Verif", "000001"),
                          ("on Wrong code, try again", "!error")], user="heidi")
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 1, 1)
        self.notes(host, ": given up")
        self.pool.clear()
        host = self.talk([(PASSWORD, PASSWORDS["heidi"]), ("on Verif", "000001"),
                          ("on Wrong code, try again", "")], user="heidi")
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 1, 1)
        self.notes(host, "given up: nothing was typed")

    def test_no_code_at_all(self):
        """The log says why."""
        host = self.talk([(PASSWORD, PASSWORDS["heidi"])] + [("on .*Verification code", "abc")] * 5,
                         user="heidi")
        self.verdict(host, "PAM_AUTH_ERR", "bad_input", 1, 0)
        self.notes(host, "what was typed was no code")


class Uncounted(Chat):
    """No code is sent where codes cannot be counted, whatever asks for one."""

    def nothing(self, turns, user="alice", client=CLIENT, reason="not_available", initiates=0,
                **settings):
        self.pool.reset()
        host = self.talk(turns, user=user, client=client, auth_flow="user_auth", **settings)
        self.verdict(host, "PAM_AUTH_ERR", reason, initiates, 0)
        self.assertEqual(self.pool.codes(), [])
        return host

    def test_nothing_typed(self):
        for preferred in (None, "email_otp", "sms_otp"):
            host = self.nothing([(PASSWORD, "")], preferred_factor=preferred)
            self.notes(host, "no code may be sent where codes cannot be counted")
            self.assertEqual(host.shown, [])

    def test_a_password_is_preferred(self):
        for preferred in ("password", "password_srp"):
            self.nothing([(PASSWORD, "")], preferred_factor=preferred, reason="empty_password")

    def test_given_up(self):
        """Ten strangers who do not even press Enter: nothing is sent to anybody."""
        for preferred in (None, "email_otp", "sms_otp", "password", "password_srp"):
            self.pool.reset()
            for _ in range(10):
                host = self.talk([(PASSWORD, "!error")], auth_flow="user_auth",
                                 preferred_factor=preferred)
                self.assertEqual((host.code, self.tries()), ("PAM_CONV_ERR", 0))

    def test_chosen_from_the_menu(self):
        self.pool.set_pool(first_factors=["EMAIL_OTP", "SMS_OTP"])
        self.pool.user("alice", attributes={
            "email": "alice@example.com", "email_verified": "true",
            "phone_number": "+15550107777", "phone_number_verified": "true"})
        for choice in ("1", "2", "e-mail", "SMS"):
            host = self.talk([(PASSWORD, "x"), (r"on Sign in by: 1\) e-mail 2\) SMS\. Number: $", choice)],
                             auth_flow="user_auth")
            self.verdict(host, "PAM_AUTH_ERR", "not_available", 1, 0)
            self.assertEqual(self.pool.codes(), [])
            self.pool.clear()

    def test_the_only_one_offered(self):
        self.pool.set_pool(first_factors=["EMAIL_OTP"])
        host = self.talk([(PASSWORD, "x")], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "not_available", 1, 0)
        self.assertEqual(self.pool.codes(), [])

    def test_the_first_question_tells_nothing(self):
        """Known, unknown, told apart by the pool or not: the same words, and no request."""
        for client in (CLIENT, "locallegacy0000000000000001"):
            for preferred in (None, "email_otp", "sms_otp", "password", "password_srp"):
                for user in ("alice", "carol", "dave", "frank", "heidi", "peggy", "stranger"):
                    self.pool.clear()
                    host = self.talk([("^off Password: $", "!error")], user=user, client=client,
                                     auth_flow="user_auth", preferred_factor=preferred)
                    self.assertEqual((host.shown, self.tries()), ([], 0), user)


class SoftwareToken(Codes, Chat):
    name, field, user = "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE", "grace"
    question = r"on Verification code \(authenticator app\): $"

    def right(self):
        return [(self.question, self.app("grace"))]

    def test_used_already(self):
        """A code serves once; the session goes on with the next one."""
        code = self.pool.totp("grace")
        self.passed(self.go([(self.question, code)]), 1, 1)
        self.pool.clear()
        host = self.go([(self.question, code),
                        (r"on Code already used, wait for the next one \(up to 30 s\)\. Verification code",
                         self.app("grace", steps=1))])
        self.passed(host, 1, 2)

    def test_neighbours(self):
        self.passed(self.go([(self.question, self.app("grace", steps=-1))]), 1, 1)
        self.pool.clear()
        self.passed(self.go([(self.question, self.app("grace", steps=1))]), 1, 1)
        self.pool.clear()
        host = self.go([(self.question, self.app("grace", steps=3)), (self.wrong_hint, "!error")])
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 1, 1)


class SelectMfaType(Common, Chat):
    name, user, total = "SELECT_MFA_TYPE", "judy", 2
    question = EMAIL_MENU
    parameters = {"MFAS_CAN_CHOOSE": '["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]'}
    again_asks = False

    def right(self):
        return [(self.question, "3"), (r"on Verification code \(e-mail to j\*\*\*", self.sent("judy"))]

    def again(self):
        """What was chosen is chosen again; only the code is asked for."""
        return [(LATE + r"Verification code \(e-mail",
                 self.sent("judy"))]

    def test_expired(self):
        host = self.go([(self.question, self.after(SESSION_SECONDS, "3")), *self.again()])
        self.passed(host, 2, 3)

    def test_each(self):
        for answer, pattern, code in (
                ("1", r"on Verification code \(SMS to \+\*+5678\): $", self.sent("judy")),
                ("2", r"on Verification code \(authenticator app\): $", self.app("judy")),
                ("3", r"on Verification code \(e-mail to ", self.sent("judy")),
                ("SMS", r"on Verification code \(SMS", self.sent("judy")),
                ("e-mail", r"on Verification code \(e-mail", self.sent("judy"))):
            self.pool.clear()
            self.pool.forget_totp("judy")
            self.passed(self.go([(self.question, answer), (pattern, code)]), 1, 2)

    def test_wrong(self):
        hint = r"on Type a number from 1 to 3\. Get the code by:"
        host = self.go([(self.question, "4"), (hint, "0"), (hint, "SMS ")])
        self.verdict(host, "PAM_AUTH_ERR", "bad_input", 1, 0)

    def test_wrong_then_right(self):
        self.passed(self.go([(self.question, "phone"), (r"on Type a number", "1"),
                             (r"on Verification code \(SMS", self.sent("judy"))]), 1, 2)

    def test_code_expired_after_the_choice(self):
        self.pool.fault("error", {"operation": RESPOND, "challenge": "EMAIL_OTP"},
                        code="ExpiredCodeException", message="Invalid code")
        host = self.go([*self.right(), *self.again()])
        self.passed(host, 2, 4)

    def forever(self, host):
        """Chosen again without a question, ten times in all."""
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 10)
        self.notes(host, "more than 10 challenges")

    def test_other_parameter_name(self):
        """One page of the service's guide calls the list MFAS_CAN_SELECT."""
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "MFAS_CAN_CHOOSE": None, "MFAS_CAN_SELECT": '["EMAIL_OTP","SMS_MFA"]'}}))
        host = self.go([(r"on Get the code by: 1\) e-mail 2\) SMS\. Number: $", "1"),
                        (r"on Verification code \(e-mail", self.sent("judy"))])
        self.passed(host, 1, 2)

    def test_offers_that_are_no_use(self):
        for value in ('["TELEPATHY"]', "[]", "SMS_MFA", "", None, '{"SMS_MFA":1}'):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
                "MFAS_CAN_CHOOSE": value}}))
            self.verdict(self.go([]), "PAM_AUTH_ERR", "no_mfa_method", 1, 0)

    def test_unknown_among_known(self):
        """What remains works, and the log says what was left out."""
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "MFAS_CAN_CHOOSE": '["TELEPATHY","SMS_MFA","SMS_OTP",7,"EMAIL_OTP"]'}}))
        host = self.go([(r"on Get the code by: 1\) SMS 2\) e-mail\. Number: $", "2"),
                        (r"on Verification code \(e-mail", self.sent("judy"))])
        self.passed(host, 1, 2)
        for name in ("TELEPATHY", "SMS_OTP", "something without a name"):
            self.assertIn(f"helper: the pool also offers {name} for SELECT_MFA_TYPE, which cannot "
                          "be used here", [text for _, text in host.logs])

    def test_email_as_the_prose_has_it(self):
        """EMAIL_MFA, which the service's list of challenges does not have: answered as offered."""
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "MFAS_CAN_CHOOSE": '["SMS_MFA","EMAIL_MFA"]'}}))
        self.go([(r"on Get the code by: 1\) SMS 2\) e-mail\. Number: $", "2")])
        request, = self.requests(RESPOND)
        self.assertEqual(json.loads(request["body"])["ChallengeResponses"]["ANSWER"], "EMAIL_MFA")

    def test_only_one_offered(self):
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "MFAS_CAN_CHOOSE": '["TELEPATHY","EMAIL_OTP"]'}}))
        self.passed(self.go([(r"on Verification code \(e-mail", self.sent("judy"))]), 1, 2)


class SelectChallenge(Chat):
    """Where the pool offers a choice after all. tests/hosts has the menu with codes."""

    def go(self, offered, turns, user="alice", **more):
        self.pool.reset()
        self.pool.set_pool(first_factors=offered)
        body = self.first_step(USERNAME=user)
        self.assertEqual(body["ChallengeName"], "SELECT_CHALLENGE")
        self.pool.script(on("InitiateAuth", body=body))
        return self.talk([(PASSWORD, PASSWORDS[user]), *turns], user=user,
                         **{"auth_flow": "user_auth", **more})

    def test_who_typed_the_password_chose_it(self):
        """By SRP where that is offered: the password stays here."""
        self.passed(self.go(["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"], []), 1, 2)
        for request in self.pool.requests():
            self.assertNotIn(PASSWORDS["alice"], request["body"])

    def test_without_srp(self):
        self.passed(self.go(["PASSWORD", "EMAIL_OTP"], []), 1, 1)

    def test_by_srp_after_the_password_went_along(self):
        self.passed(self.go(["PASSWORD_SRP"], [], preferred_factor="password"), 1, 2)

    def test_wrong_password(self):
        self.pool.user("alice", password="Changed-Horse-9")
        self.pool.set_pool(first_factors=["PASSWORD"])
        self.pool.script(on("InitiateAuth", body=self.first_step(USERNAME="alice")))
        host = self.talk([(PASSWORD, PASSWORDS["alice"])], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 1)

    def test_expired(self):
        self.pool.fault("error", {"operation": RESPOND}, count=0, code="NotAuthorizedException",
                        message="Invalid session for the user.")
        self.pool.script(on("InitiateAuth", body=self.first_step(USERNAME="alice")))
        host = self.talk([(PASSWORD, PASSWORDS["alice"])], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 1, 1)

    def test_none_of_the_choices(self):
        hint = r"on Type a number from 1 to 2\. "
        self.pool.user("alice", attributes={
            "email": "alice@example.com", "email_verified": "true",
            "phone_number": "+15550107777", "phone_number_verified": "true"})
        self.pool.set_pool(first_factors=["EMAIL_OTP", "SMS_OTP"])
        host = self.talk([(PASSWORD, "x"), (r"on Sign in by: 1\) e-mail 2\) SMS\. Number: $", "3"),
                          (hint, "y"), (hint, "-1")], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "bad_input", 1, 0)
        self.notes(host, "what was typed was none of the choices")

    def test_a_host_that_knows_the_password_only(self):
        """Its answer is no choice; it goes nowhere."""
        self.pool.set_pool(first_factors=["EMAIL_OTP", "SMS_OTP"])
        self.pool.user("alice", attributes={
            "email": "alice@example.com", "email_verified": "true",
            "phone_number": "+15550107777", "phone_number_verified": "true"})
        for answer in ("Correct-Horse-9", "alice", "", "!error", "!null"):
            self.pool.clear()
            host = self.talk([(PASSWORD, "Correct-Horse-9"), ("on Sign in by", answer)],
                             auth_flow="user_auth")
            self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 0)

    def test_passkey_is_passed_over(self):
        host = self.go(["WEB_AUTHN", "PASSWORD"], [], "peggy")
        self.passed(host, 1, 1)
        self.assertIn("helper: the pool also offers WEB_AUTHN for SELECT_CHALLENGE, which "
                      "cannot be used here", [text for _, text in host.logs])

    def test_passkey_only(self):
        host = self.go(["WEB_AUTHN"], [], "peggy")
        self.verdict(host, "PAM_AUTH_ERR", "no_mfa_method", 1, 0)
        self.notes(host, "passkeys only, which cannot be used through PAM")

    def test_nothing_known(self):
        for offered in ([], ["TELEPATHY"], None, "PASSWORD", [1]):
            self.pool.reset()
            self.pool.set_pool(first_factors=["PASSWORD"])
            body = self.first_step(USERNAME="alice")
            self.pool.script(on("InitiateAuth", body={**body, "AvailableChallenges": offered}))
            host = self.talk([(PASSWORD, "x")], auth_flow="user_auth")
            self.verdict(host, "PAM_AUTH_ERR", "no_mfa_method", 1, 0)

    def test_srp_was_chosen_and_the_password_is_asked_for(self):
        """It was to stay on this machine, and does."""
        self.pool.script(on(RESPOND, body={"ChallengeName": "PASSWORD", "Session": "x" * 30}),
                         on("InitiateAuth", body=self.first_step(USERNAME="alice")))
        host = self.talk([(PASSWORD, PASSWORDS["alice"])], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 1)
        self.notes(host, "PASSWORD, which cannot come here")

    def test_a_second_choice(self):
        first = self.first_step(USERNAME="alice")
        self.pool.script(on("InitiateAuth", body=first), on(RESPOND, count=0, body=first))
        host = self.talk([(PASSWORD, PASSWORDS["alice"])], auth_flow="user_auth")
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 1)


NEW = "off You must choose a new password. New password: $"
AGAIN = "off Retype new password: $"


class NewPassword(Common, Chat):
    name, user = "NEW_PASSWORD_REQUIRED", "erin"
    question = "off You must choose a new password. New password: $"
    remedy = NEW_ELSEWHERE
    asks = 2

    def right(self):
        return [(NEW, "Brand-New-Pw-1"), (AGAIN, "Brand-New-Pw-1")]

    def test_right(self):
        self.passed(self.go(self.right()), 1, 1)
        self.pool.clear()
        self.passed(self.talk([(PASSWORD, "Brand-New-Pw-1")], user="erin"), 1, 0)

    def test_given_up_by_typing_nothing(self):
        """At a later question; at the second it may be the host."""
        host = self.go([(NEW, "Brand-New-Pw-1"), (AGAIN, "x"), ("off Sorry, passwords do not match", "")])
        self.verdict(host, "PAM_AUTH_ERR", "no_new_password", 1, 0)
        self.notes(host, "no new password was given")

    def lost(self):
        return [(NEW, "Brand-New-Pw-1"),
                (AGAIN, self.after(SESSION_SECONDS, "Brand-New-Pw-1"))]

    def test_expired(self):
        host = self.go([*self.lost(),
                        (r"off The sign-in had to start again\. New password: $",
                         "Brand-New-Pw-1"), (AGAIN, "Brand-New-Pw-1")])
        self.passed(host, 2, 2)
        self.assertEqual(host.prompts.count(("off", "Password: ")), 1)

    def test_session_lost_twice(self):
        self.pool.fault("error", {"operation": RESPOND}, count=0, code="NotAuthorizedException",
                        message="Invalid session for the user.")
        host = self.go([*self.right(), ("off .*New password: $", "Brand-New-Pw-1"),
                        (AGAIN, "Brand-New-Pw-1")])
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 2, 2)

    def test_wrong(self):
        """Refused in the pool's own words, three times."""
        short = r"off Not accepted: Password did not conform with policy: Password not long enough\. New pass"
        host = self.go([(NEW, "a"), (AGAIN, "a"), (short, "b"), (AGAIN, "b"),
                        (short, "c"), (AGAIN, "c")])
        self.verdict(host, "PAM_AUTH_ERR", "password_policy", 1, 3)

    def test_wrong_then_right(self):
        host = self.go([(NEW, "nodigitshere"), (AGAIN, "nodigitshere"),
                        (r"off Not accepted: Password did not conform with policy: Password must have \w+ "
                         r"characters\. New password: $", "Brand-New-Pw-1"),
                        (AGAIN, "Brand-New-Pw-1")])
        self.passed(host, 1, 2)

    def test_used_before(self):
        self.pool.set_pool(policy={"history": 2})
        self.pool.user("erin", pool=POOL, old_passwords=["Brand-New-Pw-1"])
        host = self.go([*self.right(), (r"off Not accepted: Password has previously been used\. New password",
                                        "Brand-New-Pw-2"), (AGAIN, "Brand-New-Pw-2")])
        self.passed(host, 1, 2)

    def test_refusal_spends_the_session(self):
        """COGNITO.md 4.4: it may; then the sign-in starts again, once."""
        self.pool.set_pool(settings={"bad_password_spends_session": True})
        host = self.go([(NEW, "a"), (AGAIN, "a"), ("off Not accepted: Password did not conform", "b"),
                        (AGAIN, "b"), ("off .*New password: $", "Brand-New-Pw-1"),
                        (AGAIN, "Brand-New-Pw-1")])
        self.passed(host, 2, 3)

    def test_entries_differ(self):
        host = self.go([(NEW, "Brand-New-Pw-1"), (AGAIN, "Brand-New-Pw-2"),
                        (r"off Sorry, passwords do not match\. New password: $", "Brand-New-Pw-1"),
                        (AGAIN, "Brand-New-Pw-1")])
        self.passed(host, 1, 1)
        host = self.talk([(PASSWORD, "Brand-New-Pw-1")], user="erin")
        self.assertEqual(host.code, "PAM_SUCCESS")

    def test_entries_always_differ(self):
        turns = []
        for first in (NEW, "off Sorry, passwords do not match", "off Sorry, passwords do not match"):
            turns += [(first, "Brand-New-Pw-1"), (AGAIN, "Brand-New-Pw-2")]
        self.verdict(self.go(turns), "PAM_AUTH_ERR", "no_new_password", 1, 0)

    def test_required_attributes(self):
        """Only what is missing is asked for and sent."""
        self.pool.set_pool(required_attributes=["email", "given_name", "custom:desk"])
        host = self.go([*self.right(), ("on Your given_name: $", "Erin"),
                        ("on Your custom:desk: $", "12 b")])
        self.passed(host, 1, 1)
        sent = json.loads(self.requests(RESPOND)[0]["body"])["ChallengeResponses"]
        self.assertEqual({k: v for k, v in sent.items() if k.startswith("userAttributes.")},
                         {"userAttributes.given_name": "Erin",
                          "userAttributes.custom:desk": "12 b"})
        self.assertEqual(self.pool.user("erin", pool=POOL)["attributes"]["given_name"], "Erin")

    def test_attributes_are_asked_once(self):
        self.pool.set_pool(required_attributes=["given_name"])
        host = self.go([(NEW, "a"), (AGAIN, "a"), ("on Your given_name: $", "Erin"),
                        ("off Not accepted: Password did not conform", "Brand-New-Pw-1"),
                        (AGAIN, "Brand-New-Pw-1")])
        self.passed(host, 1, 2)

    def test_attribute_answered_with_the_password(self):
        """It does not become somebody's given name."""
        self.pool.set_pool(required_attributes=["given_name"])
        host = self.go([*self.right(), ("on Your given_name: $", PASSWORDS["erin"])])
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 0)

    def test_attributes_that_cannot_be_asked_for(self):
        for names in (["userAttributes."], ["name"], ["userAttributes.a b"],
                      ["userAttributes." + "x" * 60],
                      [f"userAttributes.a{i}" for i in range(9)]):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
                "requiredAttributes": json.dumps(names)}}))
            turns = self.right()
            if len(names) == 9:
                turns += [(f"on Your a{i}: $", "x") for i in range(8)]
            self.verdict(self.go(turns), "PAM_AUTH_ERR", "challenge_unsupported", 1, 0)

    def test_attributes_of_other_types(self):
        for value in ("[1]", "[", "nonsense"):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
                "requiredAttributes": value}}))
            self.verdict(self.go(self.right()), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer",
                         1, 0)

    def test_too_old(self):
        self.pool.user("erin", pool=POOL, password_age_days=8)
        self.verdict(self.go([]), "PAM_AUTH_ERR", "temporary_password_expired", 1, 0)

    def test_then_mfa(self):
        self.pool.user("erin", pool=POOL, mfa=["EMAIL_OTP"])
        host = self.go([*self.right(), (r"on Verification code \(e-mail", self.sent("erin"))],
                       require_mfa="yes")
        self.passed(host, 1, 2)

    def test_mfa_session_lost_afterwards(self):
        """The new start uses the new password, which is not asked for again."""
        self.pool.user("erin", pool=POOL, mfa=["EMAIL_OTP"])
        host = self.go([*self.right(),
                        (r"on Verification code \(e-mail", self.after(SESSION_SECONDS, "123456")),
                        (r"on The sign-in had to start again\. Verification code", self.sent("erin"))])
        self.passed(host, 2, 3)


KEY = (r"on Key ((?:[A-Z2-7]{4} )*[A-Z2-7]{1,4})\. "
       r"Verification code \(authenticator app\): $")


def key_in(prompt):
    return re.search(KEY, prompt)[1].replace(" ", "")


class MfaSetUp(Common, Chat):
    name = "MFA_SETUP"
    settings_of = {"mfa_setup": "yes"}
    question = KEY

    def begin(self):
        self.pool.set_pool(mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA"])

    def code(self, steps=0):
        return lambda prompt: self.pool.totp("alice", secret=key_in(prompt), steps=steps)

    def right(self):
        return [(self.question, self.code())]

    def again(self):
        return [(LATE + "Key ", lambda prompt:
                 self.pool.totp("alice", secret=key_in(re.sub(LATE, "on ", prompt))))]

    def test_right(self):
        self.passed(self.go(self.right()), 1, 1)
        self.assertEqual(len(self.requests("AssociateSoftwareToken")), 1)
        self.assertEqual(len(self.requests("VerifySoftwareToken")), 1)
        self.pool.clear()
        self.pool.forget_totp("alice")
        host = self.go([(r"on Verification code \(authenticator app\): $", self.app("alice"))])
        self.passed(host, 1, 1)

    def test_expired(self):
        """Lost at VerifySoftwareToken, before an answer to the challenge."""
        host = self.go([(self.question, self.after(SESSION_SECONDS, self.code())),
                        *self.again()])
        self.passed(host, 2, 1)

    def test_session_lost_twice(self):
        self.pool.fault("error", {"operation": "VerifySoftwareToken"}, count=0,
                        code="NotAuthorizedException", message="Invalid session for the user.")
        host = self.go([*self.right(), *self.again()])
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 2, 0)

    def test_session_lost_after_the_code(self):
        """The new start sets up once more; a code serves once, so the next one."""
        self.pool.fault("error", {"operation": RESPOND}, code="NotAuthorizedException",
                        message="Invalid session for the user.")
        host = self.go([*self.right(), (LATE + "Key ", lambda prompt: self.code(1)(
            re.sub(LATE, "on ", prompt)))])
        self.passed(host, 2, 2)

    def test_repeats_for_ever(self):
        """One set-up is enough."""
        self.pool.script(
            {"match": {"operation": "AssociateSoftwareToken"}, "count": 0,
             "body": {"SecretCode": "JBSWY3DPEHPK3PXP", "Session": "x" * 30}},
            {"match": {"operation": "VerifySoftwareToken"}, "count": 0,
             "body": {"Status": "SUCCESS", "Session": "x" * 30}},
            on(RESPOND, count=0, body={
                "ChallengeName": "MFA_SETUP", "Session": "x" * 30,
                "ChallengeParameters": {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'}}))
        host = self.go([(self.question, "123456")])
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 1)
        self.notes(host, "MFA_SETUP, which cannot come here")

    def test_wrong(self):
        hint = r"on Wrong code, try again\. Key "
        host = self.go([(self.question, "000001")]
                       + [(hint, f"00000{i}") for i in range(2, 6)])
        self.verdict(host, "PAM_AUTH_ERR", "wrong_code", 1, 0)
        self.assertEqual(len(self.requests("VerifySoftwareToken")), 5)

    def test_wrong_then_right(self):
        host = self.go([(self.question, "000001"), (r"on Wrong code, try again\. ", lambda prompt:
                        self.code()(prompt.replace("Wrong code, try again. ", "")))])
        self.passed(host, 1, 1)

    def test_no_code(self):
        """What cannot be a code is not sent; blanks are no part of one."""
        hint = r"on The code is 6 digits\. Key "

        def spaced(prompt):
            code = self.code()(prompt.replace("The code is 6 digits. ", ""))
            return f"{code[:3]} {code[3:]}"
        host = self.go([(self.question, "12345"), (hint, "1234567"), (hint, spaced)])
        self.passed(host, 1, 1)
        self.assertEqual(len(self.requests("VerifySoftwareToken")), 1)

    def test_status_error(self):
        """HTTP 200 that says ERROR is a wrong code."""
        self.pool.script({"match": {"operation": "VerifySoftwareToken"},
                          "body": {"Status": "ERROR"}})
        host = self.go([*self.right(), (r"on Wrong code, try again\. ", "!error")])
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 1, 0)

    def test_sessions_in_turn(self):
        """Each step carries the session of the answer before it."""
        self.go(self.right())
        sessions = [json.loads(r["body"]).get("Session") for r in self.pool.requests()
                    if r["operation"] != "jwks" and r["operation"] != "RevokeToken"]
        self.assertEqual(len(sessions), 4)
        self.assertIsNone(sessions[0])
        self.assertEqual(len(set(sessions)), 4)

    def test_no_new_session(self):
        """Where the answer has none the old one goes on."""
        self.pool.script({"match": {"operation": "AssociateSoftwareToken"},
                          "body": {"SecretCode": "JBSWY3DPEHPK3PXP"}},
                         {"match": {"operation": "VerifySoftwareToken"},
                          "body": {"Status": "SUCCESS"}})
        host = self.go([(self.question, "123456"), (LATE, "!error")])
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 2, 1)
        sessions = [json.loads(r["body"]).get("Session") for r in self.pool.requests()
                    if r["operation"] not in ("jwks", "InitiateAuth")]
        self.assertEqual(sessions[1:3], [sessions[0]] * 2)

    def test_unusable_key(self):
        for key in ("", None, "not a key", "\u00e9" * 20, "A" * 105, 5):
            self.pool.reset()
            self.begin()
            self.pool.script({"match": {"operation": "AssociateSoftwareToken"},
                              "body": {"SecretCode": key, "Session": "x" * 30}})
            self.verdict(self.go([]), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, 0)

    def test_not_allowed_here(self):
        host = self.talk([(PASSWORD, PASSWORDS["alice"])])
        self.verdict(host, "PAM_AUTH_ERR", "no_mfa_method", 1, 0)
        self.notes(host, "mfa_setup is not on")
        self.assertEqual(self.requests("AssociateSoftwareToken"), [])

    def test_nothing_that_can_be_set_up(self):
        self.pool.set_pool(mfa_methods=["SMS_MFA"])
        self.verdict(self.go([]), "PAM_AUTH_ERR", "no_mfa_method", 1, 0)

    def test_drawing(self):
        """The drawing in the terminal holds the same key, read back as a camera would."""
        host = self.go(self.right(), service="sshd")
        self.passed(host, 1, 1)
        drawing, = host.shown
        words = "\nScan with your authenticator app, or type the key:\n"
        self.assertEqual(drawing[:len(words)], words)
        key = key_in(host.all("prompt")[-1])
        self.assertEqual(qr.read(drawing[len(words):]),
                         f"otpauth://totp/{HOST}:alice?secret={key}&issuer={HOST}")
        self.assertLessEqual(max(len(line) for line in drawing.split("\n")), 80)

    def test_no_drawing(self):
        """Where the host's terminal could not show it, the key alone."""
        for more in ({}, {"service": "sshd", "extra": ["no_warn"]},
                     {"service": "sshd", "options": ["--flags", "silent"]}):
            self.pool.reset()
            self.begin()
            self.assertEqual(self.go(self.right(), **more).shown, [])

    def test_drawing_fits_a_terminal(self):
        """With a name of 40 letters too: words, drawing and prompt on 80 by 24."""
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "USER_ID_FOR_SRP": "a" * 40}}))
        host = self.go([(self.question, "!error")], service="sshd", issuer_name="Example & Co.")
        drawing, = host.shown
        prompt = host.all("prompt")[-1].removeprefix("on ")
        key = key_in("on " + prompt)
        self.assertEqual(qr.read(drawing[1:].split("\n", 1)[1]),
                         f"otpauth://totp/Example%20%26%20:{'a' * 18}?secret={key}")
        rows = drawing[1:].split("\n") + [prompt[at:at + 80] for at in range(0, len(prompt), 80)]
        self.assertLessEqual(len(rows), 24)
        self.assertEqual(max(map(len, rows)), 80)


class MfaSetUpByEmail(Chat):
    """By the key EMAIL, as AWS's own library sends it."""
    settings_of = {"mfa_setup": "yes"}
    menu = r"on Set up: 1\) authenticator app 2\) e-mail\. Number: $"
    address = r"on A second factor must be set up\. Send codes to e-mail address: $"

    def setUp(self):
        super().setUp()
        self.pool.set_pool(mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"])

    def go(self, turns, **more):
        return self.talk([(PASSWORD, PASSWORDS["alice"]), (self.menu, "2"), *turns],
                         **{**self.settings_of, **more})

    def test_right(self):
        host = self.go([(self.address, "alice@home.example"),
                        (r"on Verification code \(e-mail to a\*\*\*@h\*\*\*\): $", self.sent("alice"))])
        self.passed(host, 1, 2)
        one, two = [json.loads(r["body"]) for r in self.requests(RESPOND)]
        self.assertEqual((one["ChallengeName"], one["ChallengeResponses"]["EMAIL"]),
                         ("MFA_SETUP", "alice@home.example"))
        self.assertEqual(two["ChallengeName"], "EMAIL_OTP")
        self.assertEqual(self.pool.user("alice")["mfa"], ["EMAIL_OTP"])
        # The next day it is a second factor.
        self.pool.clear()
        host = self.talk([(PASSWORD, PASSWORDS["alice"]),
                          (r"on Verification code \(e-mail to a\*\*\*@h\*\*\*\): $", self.sent("alice"))],
                         require_mfa="yes")
        self.passed(host, 1, 1)

    def test_wrong_code_then_right(self):
        host = self.go([(self.address, "alice@home.example"), ("on Verification code", "000001"),
                        (r"on Wrong code, try again\. ", self.sent("alice"))])
        self.passed(host, 1, 3)

    def test_does_not_meet_require_mfa(self):
        """Whoever knows the password chose the address."""
        host = self.go([(self.address, "eve@evil.example"), ("on Verification code", self.sent("alice"))],
                       require_mfa="yes")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 2)

    def test_address_answered_with_the_password(self):
        host = self.go([(self.address, PASSWORDS["alice"])])
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 0)

    def test_cancelled(self):
        host = self.go([(self.address, "!error")])
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 1, 0)
        self.notes(host, "given up")

    def test_refused(self):
        host = self.go([(self.address, "nonsense")])
        self.verdict(host, "PAM_AUTH_ERR", "bad_input", 1, 1)


@harness.cases
class PasswordChallenge(Chat):
    """PASSWORD and PASSWORD_SRP, where the service asks for them by themselves."""

    def go(self, name, password=PASSWORDS["alice"]):
        body = self.first_step(USERNAME="alice", PREFERRED_CHALLENGE=name)
        self.assertEqual(body["ChallengeName"], name)
        self.pool.script(on("InitiateAuth", body=body))
        return self.talk([(PASSWORD, password)], auth_flow="user_auth",
                         preferred_factor=name.lower())

    # the challenge, what is typed; what comes of it, starts and answers
    typed_rows = {
        "password_right": ("PASSWORD", PASSWORDS["alice"], "PAM_SUCCESS", "ok", 1, 1),
        "password_wrong": ("PASSWORD", "Correct-Horse-8", "PAM_AUTH_ERR", "wrong_password", 1, 1),
        "password_cancelled": ("PASSWORD", "!error", "PAM_CONV_ERR", "cancelled", 0, 0),
        "srp_right": ("PASSWORD_SRP", PASSWORDS["alice"], "PAM_SUCCESS", "ok", 1, 2),
        "srp_wrong": ("PASSWORD_SRP", "Correct-Horse-8", "PAM_AUTH_ERR", "wrong_password", 1, 2),
        "srp_cancelled": ("PASSWORD_SRP", "!error", "PAM_CONV_ERR", "cancelled", 0, 0)}

    def check_typed(self, name, typed, *wanted):
        self.verdict(self.go(name, typed), *wanted)

    expired_rows = {"password": ("PASSWORD",), "srp": ("PASSWORD_SRP",)}

    def check_expired(self, name):
        """Nothing was proved, so nothing starts again."""
        self.pool.fault("error", {"operation": RESPOND}, count=0, code="NotAuthorizedException",
                        message="Invalid session for the user, session is expired.")
        self.verdict(self.go(name), "PAM_AUTH_ERR", "session_lost", 1, 1)

    # the challenge; what it is answered with: another one, a result for whom
    UNSUPPORTED = ("PAM_AUTH_ERR", "challenge_unsupported")
    UNREADABLE = ("PAM_AUTHINFO_UNAVAIL", "unreadable_answer")
    answered_rows = {
        "password_repeated_for_ever": ("PASSWORD", "PASSWORD", "", UNSUPPORTED),
        "srp_repeated_for_ever": ("PASSWORD_SRP", "PASSWORD_SRP", "", UNSUPPORTED),
        "srp_by_another_challenge": ("PASSWORD_SRP", "SMS_MFA", "", UNSUPPORTED),
        "password_by_another_challenge": ("PASSWORD", "CUSTOM_CHALLENGE", "", UNSUPPORTED),
        "srp_by_a_result": ("PASSWORD_SRP", "", "alice", UNREADABLE),
        "password_by_both": ("PASSWORD", "SMS_MFA", "alice", UNREADABLE),
        "password_by_anothers_result": ("PASSWORD", "", "bob",
                                        ("PAM_PERM_DENIED", "identity_mismatch"))}

    def check_answered(self, name, challenge, user, wanted):
        body = {"ChallengeName": challenge, "Session": "x" * 30} if challenge else {}
        if user:
            body["AuthenticationResult"] = self.pool.mint(CLIENT, user)
        self.pool.script(on(RESPOND, count=0, body=body))
        self.verdict(self.go(name), *wanted, 1, 1)

    def test_srp_result_for_another(self):
        self.pool.token(claims={"cognito:username": "bob"})
        self.verdict(self.go("PASSWORD_SRP"), "PAM_PERM_DENIED", "identity_mismatch", 1, 2)


class PasswordVerifier(Chat):
    settings_of = {"auth_flow": "user_srp"}

    def go(self, turns=(), password=PASSWORDS["alice"], user="alice", **more):
        return self.talk([(PASSWORD, password), *turns], user=user,
                         **{**self.settings_of, **more})

    def test_right(self):
        self.passed(self.go(), 1, 1)
        start, = self.requests()
        self.assertEqual(start["flow"], "USER_SRP_AUTH")
        for request in self.pool.requests():
            self.assertNotIn(PASSWORDS["alice"], request["body"])

    def test_each_time_another_a(self):
        self.go()
        self.go()
        one, two = [json.loads(r["body"])["AuthParameters"]["SRP_A"] for r in self.requests()]
        self.assertNotEqual(one, two)

    def test_outside_ascii(self):
        self.passed(self.go(password="P\u00e4ssw\u00f6rd-\u65e5\u672c-\U0001f6001", user="zoe"),
                    1, 1)

    def test_many_salts(self):
        """Salts with a set top bit and with leading zeros."""
        for salt in ("ff" * 16, "80" + "00" * 15, "00" * 15 + "01", "7f" + "11" * 15, "0a"):
            self.pool.reset()
            self.pool.pin(username="alice", pool=POOL, salt=salt)
            self.passed(self.go(), 1, 1)

    def test_wrong(self):
        self.verdict(self.go(password="Correct-Horse-8"), "PAM_AUTH_ERR", "wrong_password", 1, 1)

    def test_user_unknown(self):
        """The pool pretends; that ends as a wrong password does."""
        self.verdict(self.go(user="mallory"), "PAM_AUTH_ERR", "wrong_password", 1, 1)

    def test_negative_salt(self):
        """The service was seen to send one for users who do not exist."""
        self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": {
            "SALT": "-5b1f0a7c99d2e4413c0d9a8b7766554f"}}))
        self.verdict(self.go(user="mallory"), "PAM_AUTH_ERR", "wrong_password", 1, 1)

    def test_expired(self):
        """The proof came too late: nothing was proved, so nothing starts again."""
        self.pool.set_pool(settings={"srp_seconds": -1})
        self.verdict(self.go(), "PAM_AUTH_ERR", "session_lost", 1, 1)

    def test_clock_is_wrong(self):
        """The service refuses the proof's time stamp; the log names the clock."""
        self.pool.advance(3600)
        host = self.go()
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 1)
        self.assertRegex(str(host.logs), "clock of this machine is [0-9]+ s behind Cognito")

    def test_cancelled(self):
        host = self.talk([(PASSWORD, "!error")], **self.settings_of)
        self.verdict(host, "PAM_CONV_ERR", "cancelled", 0, 0)

    def test_unusable_parameters(self):
        for changes in ({"SALT": None}, {"SRP_B": None}, {"SECRET_BLOCK": None},
                        {"SALT": "xyz"}, {"SRP_B": "0"}, {"SRP_B": "-1"}, {"SRP_B": ""},
                        {"SRP_B": "f" * 769}, {"SECRET_BLOCK": "*"}, {"SALT": 5},
                        {"SRP_B": "g"}):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", merge={"ChallengeParameters": changes}))
            self.verdict(self.go(), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, 0)

    def test_another_challenge_first(self):
        for name in ("SMS_MFA", "NEW_PASSWORD_REQUIRED", "MFA_SETUP", "PASSWORD",
                     "CUSTOM_CHALLENGE"):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", body={
                "ChallengeName": name, "Session": "x" * 30, "ChallengeParameters": {}}))
            self.verdict(self.go(mfa_setup="yes"), "PAM_AUTH_ERR", "challenge_unsupported", 1, 0)

    def test_a_result_first(self):
        """Without a proof there is no login, whoever signed the token."""
        self.pool.script(on("InitiateAuth", body={
            "AuthenticationResult": self.pool.mint(CLIENT, "alice")}))
        self.verdict(self.go(), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, 0)

    def test_repeats_for_ever(self):
        self.pool.script(on(RESPOND, count=0, body={
            "ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": {
                "SALT": "1", "SRP_B": "2", "SECRET_BLOCK": "AAAA"}}))
        self.verdict(self.go(), "PAM_AUTH_ERR", "challenge_unsupported", 1, 1)

    def test_result_together_with_a_challenge(self):
        self.pool.script(on(RESPOND, merge={"ChallengeName": "SMS_MFA"}))
        self.verdict(self.go(), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, 1)

    def test_result_for_another_user(self):
        self.pool.token(claims={"cognito:username": "bob"})
        self.verdict(self.go(), "PAM_PERM_DENIED", "identity_mismatch", 1, 1)

    def test_then_each_factor(self):
        for user, question, code in (
                ("grace", r"on Verification code \(auth", self.app("grace")),
                ("heidi", r"on Verification code \(SMS", self.sent("heidi")),
                ("ivan", r"on Verification code \(e-mail", self.sent("ivan"))):
            self.pool.reset()
            self.passed(self.go([(question, code)], PASSWORDS[user], user, require_mfa="yes"),
                        1, 2)

    def test_then_session_lost(self):
        """A second proof for the new start, with the same password."""
        host = self.go([(r"on Verification code \(auth", self.after(SESSION_SECONDS,
                                                              self.app("grace"))),
                        (r"on The sign-in had to start again\. Verif", self.app("grace"))],
                       PASSWORDS["grace"], "grace")
        self.passed(host, 2, 4)
        self.assertEqual(host.prompts.count(("off", "Password: ")), 1)

    def test_then_new_password(self):
        self.passed(self.go([(NEW, "Brand-New-Pw-1"), (AGAIN, "Brand-New-Pw-1")],
                            PASSWORDS["erin"], "erin"), 1, 2)


DOOR = r"on What is the colour of the door\?: $"
ROOF = r"on And of the roof\?: $"
ROUNDS = [{"parameters": {"prompt": "What is the colour of the door?"}, "answer": "green"},
          {"parameters": {"question": "And of the roof?"}, "answer": "red"},
          {"parameters": {"prompt": "Secret word", "hidden": "true"}, "answer": "p\u00e4nda"}]


class Custom(Chat):
    settings_of = {"auth_flow": "custom"}
    rounds = [(DOOR, "green"), (ROOF, "red"), ("off Secret word: $", "p\u00e4nda")]

    def setUp(self):
        super().setUp()
        self.pool.set_pool(lambdas={"custom_auth": {"tries": 3, "rounds": ROUNDS}})

    def go(self, turns, **more):
        return self.talk(turns, **{**self.settings_of, **more})

    def test_right(self):
        self.passed(self.go(self.rounds), 1, 3)

    def test_no_question(self):
        self.pool.set_pool(lambdas={"custom_auth": {"rounds": [{"answer": "x1"}]}})
        self.passed(self.go([("on Answer: $", "x1")]), 1, 1)

    def test_wrong(self):
        host = self.go([(DOOR, "blue"), (DOOR, "grey"), (DOOR, "black")])
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 3)

    def test_wrong_then_right(self):
        self.passed(self.go([(DOOR, "blue"), *self.rounds]), 1, 4)

    def test_expired(self):
        host = self.go([(DOOR, self.after(SESSION_SECONDS, "green"))])
        self.verdict(host, "PAM_AUTH_ERR", "session_lost", 1, 1)

    def test_cancelled(self):
        for typed in ("!error", ""):
            self.pool.clear()
            self.verdict(self.go([(DOOR, "green"), (ROOF, typed)]), "PAM_CONV_ERR", "no_dialogue",
                         1, 1)

    def test_session_lost(self):
        self.pool.fault("error", {"operation": RESPOND, "nth": 2}, count=0,
                        code="NotAuthorizedException", message="Invalid session for the user.")
        self.verdict(self.go(self.rounds[:2]), "PAM_AUTH_ERR", "session_lost", 1, 2)

    def test_another_challenge(self):
        self.pool.script(on(RESPOND, body={
            "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x" * 30}))
        host = self.go(self.rounds[:1])
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 1)
        self.notes(host, "NEW_PASSWORD_REQUIRED")

    def test_repeats_for_ever(self):
        self.pool.script(on(RESPOND, count=0, body={
            "ChallengeName": "CUSTOM_CHALLENGE", "Session": "x" * 30,
            "ChallengeParameters": {"prompt": "Again"}}))
        host = self.go([(DOOR, "green")] + [("on Again: $", "x")] * 9)
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 10)
        self.notes(host, "more than 10 challenges")

    def test_result_together_with_a_challenge(self):
        self.pool.script(on(RESPOND, merge={"AuthenticationResult":
                                            self.pool.mint(CLIENT, "alice")}))
        self.verdict(self.go(self.rounds[:1]), "PAM_AUTHINFO_UNAVAIL", "unreadable_answer", 1, 1)

    def test_result_for_another_user(self):
        self.pool.token(claims={"cognito:username": "bob"})
        self.verdict(self.go(self.rounds), "PAM_PERM_DENIED", "identity_mismatch", 1, 3)

    def test_a_result_first(self):
        self.pool.script(on("InitiateAuth", body={
            "AuthenticationResult": self.pool.mint(CLIENT, "alice")}))
        host = self.go([])
        self.assertNotEqual(host.code, "PAM_SUCCESS")

    def test_user_unknown(self):
        """Asked like everybody else, and never right."""
        host = self.talk([(DOOR, "green")] * 3, user="mallory", auth_flow="custom")
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 3)

    def test_then_mfa(self):
        """A code after questions only is no second factor."""
        turns = [*self.rounds, (r"on Verification code \(SMS", self.sent("heidi"))]
        self.passed(self.talk(turns, user="heidi", auth_flow="custom"), 1, 4)
        self.pool.clear()
        host = self.talk(turns, user="heidi", auth_flow="custom", require_mfa="yes")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 4)

    def test_with_srp(self):
        self.passed(self.go([(PASSWORD, PASSWORDS["alice"]), *self.rounds],
                            auth_flow="custom_srp"), 1, 4)
        start = json.loads(self.requests()[0]["body"])
        self.assertEqual((start["AuthFlow"], start["AuthParameters"]["CHALLENGE_NAME"]),
                         ("CUSTOM_AUTH", "SRP_A"))
        for request in self.pool.requests():
            self.assertNotIn(PASSWORDS["alice"], request["body"])

    def test_with_srp_wrong(self):
        host = self.go([(PASSWORD, "Correct-Horse-8")], auth_flow="custom_srp")
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 1)

    def test_with_srp_session_lost(self):
        """After a correct password: once more."""
        host = self.go([(PASSWORD, PASSWORDS["alice"]),
                        (DOOR, self.after(SESSION_SECONDS, "green")),
                        (LATE + "What is the colour", "green"), *self.rounds[1:]],
                       auth_flow="custom_srp")
        self.passed(host, 2, 6)

    def test_with_srp_answered_with_the_password(self):
        host = self.go([(PASSWORD, PASSWORDS["alice"]), (DOOR, PASSWORDS["alice"])],
                       auth_flow="custom_srp")
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 1)
        self.notes(host, ONE_QUESTION)

    def test_with_srp_then_mfa(self):
        turns = [(PASSWORD, PASSWORDS["heidi"]), *self.rounds,
                 (r"on Verification code \(SMS", self.sent("heidi"))]
        self.passed(self.talk(turns, user="heidi", auth_flow="custom_srp", require_mfa="yes"),
                    1, 5)


class RefusedByName(Chat):
    """Challenges that nobody here can answer are denied and named in the log."""

    def test_at_the_start(self):
        for name in ("WEB_AUTHN", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
                     "ADMIN_NO_SRP_AUTH", "TOMORROWS_CHALLENGE", "sms_mfa", "SMS_MFA "):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", body={
                "ChallengeName": name, "Session": "x" * 30, "ChallengeParameters": {}}))
            host = self.talk([(PASSWORD, PASSWORDS["alice"])])
            self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 0)
            self.notes(host, f"the pool asks for {name}, which is not available")

    def test_remembered_device(self):
        """Tokens may come with a device key; it is never used."""
        self.pool.set_pool(device_tracking="always")
        for _ in range(2):
            self.pool.clear()
            self.passed(self.talk([(PASSWORD, PASSWORDS["alice"])]), 1, 0)
            self.assertEqual(self.requests("ConfirmDevice"), [])

    def test_a_name_too_long(self):
        self.pool.script(on("InitiateAuth", body={"ChallengeName": "X" * 64,
                                                  "Session": "x" * 30}))
        self.verdict(self.talk([(PASSWORD, PASSWORDS["alice"])]), "PAM_AUTHINFO_UNAVAIL",
                     "unreadable_answer", 1, 0)


class RequireMfa(Chat):
    """Met by a code as the second step after the password, and by nothing else."""

    def go(self, turns, user="alice", **more):
        return self.talk([(PASSWORD, PASSWORDS[user]), *turns], user=user, require_mfa="yes",
                         **more)

    def test_met(self):
        for user, turns in (("grace", [("on Verification code", self.app("grace"))]),
                            ("heidi", [("on Verification code", self.sent("heidi"))]),
                            ("ivan", [("on Verification code", self.sent("ivan"))]),
                            ("judy", [(EMAIL_MENU, "1"),
                                      ("on Verification code", self.sent("judy"))])):
            self.pool.reset()
            host = self.go(turns, user)
            self.passed(host, 1, len(turns))

    def test_password_only(self):
        host = self.go([])
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 0)
        self.assertEqual(host.shown, ["A second factor is required here, and your account "
                                      "has none."])

    def test_set_up_just_now(self):
        self.pool.set_pool(mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA"])
        host = self.go([(KEY, lambda prompt: self.pool.totp("alice", secret=key_in(prompt)))],
                       mfa_setup="yes")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 1)

    def test_set_up_just_now_and_a_code_after_it(self):
        """Also not when the new factor is asked for after a new start."""
        self.pool.set_pool(mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA"])
        self.pool.fault("error", {"operation": RESPOND}, code="NotAuthorizedException",
                        message="Invalid session for the user.", processed=True)

        def next_code(_prompt):
            return self.pool.totp("alice", steps=1)
        host = self.go([(KEY, lambda prompt: self.pool.totp("alice", secret=key_in(prompt))),
                        (LATE + r"Verification code \(auth", next_code)],
                       mfa_setup="yes")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 2, 2)

    def test_code_as_the_first_factor(self):
        self.pool.script(on("InitiateAuth", body=self.first_step(
            USERNAME="alice", PREFERRED_CHALLENGE="EMAIL_OTP")))
        host = self.go([(r"on Verification code \(e-mail", self.sent("alice"))], auth_flow="user_auth")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 1)

    def test_custom_challenge(self):
        host = self.talk([(DOOR, "green"), (ROOF, "red")], auth_flow="custom",
                         require_mfa="yes")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 2)

    def test_custom_challenge_after_the_password(self):
        host = self.go([(DOOR, "green"), (ROOF, "red")], auth_flow="custom_srp")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 3)

    def test_choice_based(self):
        host = self.go([(r"on Verification code \(auth", self.app("grace"))], "grace",
                       auth_flow="user_auth", preferred_factor="password")
        self.passed(host, 1, 1)
        self.pool.reset()
        host = self.go([(r"on Verification code \(auth", self.app("grace"))], "grace",
                       auth_flow="user_auth", preferred_factor="password_srp")
        self.passed(host, 1, 2)

    def test_choice_based_by_email(self):
        """A code by e-mail may be the first factor there, unless SRP proved the password."""
        turns = [(r"on Verification code \(e-mail", self.sent("ivan"))]
        host = self.go(turns, "ivan", auth_flow="user_auth", preferred_factor="password")
        self.verdict(host, "PAM_PERM_DENIED", "mfa_missing", 1, 1)
        self.pool.reset()
        host = self.go(turns, "ivan", auth_flow="user_auth", preferred_factor="password_srp")
        self.passed(host, 1, 2)


class Choice(Chat):
    """auth_flow=user_auth with each preferred factor."""

    def go(self, turns, user="alice", **more):
        return self.talk(turns, user=user, auth_flow="user_auth", **more)

    def preferred(self):
        return json.loads(self.requests()[0]["body"])["AuthParameters"].get(
            "PREFERRED_CHALLENGE")

    def test_password(self):
        self.passed(self.go([(PASSWORD, PASSWORDS["alice"])], preferred_factor="password"), 1, 0)
        self.assertEqual(self.preferred(), "PASSWORD")

    def test_password_wrong(self):
        host = self.go([(PASSWORD, "Correct-Horse-8")], preferred_factor="password")
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 0)

    def test_password_srp(self):
        self.passed(self.go([(PASSWORD, PASSWORDS["alice"])], preferred_factor="password_srp"),
                    1, 1)
        self.assertEqual(self.preferred(), "PASSWORD_SRP")
        for request in self.pool.requests():
            self.assertNotIn(PASSWORDS["alice"], request["body"])

    def test_password_srp_is_not_weakened(self):
        """Who prefers SRP is not talked into sending the password."""
        self.pool.script(on("InitiateAuth", body={"ChallengeName": "PASSWORD",
                                                  "Session": "x" * 30}))
        host = self.go([(PASSWORD, PASSWORDS["alice"])], preferred_factor="password_srp")
        self.verdict(host, "PAM_AUTH_ERR", "challenge_unsupported", 1, 0)

    def test_a_password_where_a_code_is_preferred(self):
        """Who types one has it proved, by SRP where that is offered."""
        for preferred in (None, "email_otp", "sms_otp"):
            self.pool.reset()
            self.passed(self.go([(PASSWORD, PASSWORDS["alice"])], preferred_factor=preferred),
                        1, 1)
            self.assertEqual(self.preferred(), "PASSWORD_SRP")
            self.assertEqual(self.pool.codes(), [])

    def test_second_factor_where_a_code_is_preferred(self):
        host = self.go([(PASSWORD, PASSWORDS["heidi"]),
                        (r"on Verification code \(SMS", self.sent("heidi"))], "heidi",
                       preferred_factor="sms_otp")
        self.passed(host, 1, 2)

    def test_a_result_before_anything_was_asked(self):
        for more in ({}, {"preferred_factor": "email_otp"}):
            self.pool.reset()
            self.pool.script(on("InitiateAuth", body={
                "AuthenticationResult": self.pool.mint(CLIENT, "alice")}))
            self.assertNotEqual(self.go([(PASSWORD, PASSWORDS["alice"])], **more).code,
                                "PAM_SUCCESS")

    def test_second_factor_chosen_again(self):
        self.pool.user("judy", pool=POOL, mfa=["SMS_MFA", "EMAIL_OTP"])
        menu = r"on Get the code by: 1\) SMS 2\) e-mail\. Number: $"
        host = self.go([(PASSWORD, PASSWORDS["judy"]), (menu, "2"),
                        (r"on Verification code \(e-mail", self.after(SESSION_SECONDS, "123456")),
                        (r"on The sign-in had to start again\. Verification code \(e-mail",
                         self.sent("judy"))],
                       "judy", require_mfa="yes")
        self.passed(host, 2, 6)


class Appended(Chat):
    """otp=append: password,code for hosts with one prompt."""

    def go(self, turns, **more):
        return self.talk(turns, **{"user": "grace", "otp": "append", **more})

    def both(self, password=PASSWORDS["grace"], separator=","):
        return password + separator + self.pool.totp("grace")

    def test_right(self):
        host = self.go([(PASSWORD, self.both())])
        self.passed(host, 1, 1)
        self.assertEqual(len(host.prompts), 1)
        sent = json.loads(self.requests()[0]["body"])["AuthParameters"]
        self.assertEqual(sent["PASSWORD"], PASSWORDS["grace"])

    def test_meets_require_mfa(self):
        self.passed(self.go([(PASSWORD, self.both())], require_mfa="yes"), 1, 1)

    def test_by_srp(self):
        self.passed(self.go([(PASSWORD, self.both())], auth_flow="user_srp"), 1, 2)

    def test_wrong_password(self):
        host = self.go([(PASSWORD, self.both("Grace-Hopper-7"))])
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 0)

    def test_wrong_code(self):
        """Asked for, where the host can; the appended one is not tried again."""
        host = self.go([(PASSWORD, PASSWORDS["grace"] + ",000001"),
                        (r"on Wrong code, try again\. Verif", self.app("grace"))])
        self.passed(host, 1, 2)

    def test_wrong_code_and_one_prompt_only(self):
        host = self.go([(PASSWORD, PASSWORDS["grace"] + ",000001"),
                        (r"on Wrong code, try again\. Verif", "!error")])
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 1)

    def test_host_repeats_what_was_typed(self):
        typed = PASSWORDS["grace"] + ",000001"
        host = self.go([(PASSWORD, typed), (r"on Wrong code, try again\. Verif", typed)])
        self.verdict(host, "PAM_CONV_ERR", "no_dialogue", 1, 1)

    def test_no_code(self):
        self.passed(self.go([(PASSWORD, PASSWORDS["grace"]),
                             ("on Verification code", self.app("grace"))]), 1, 1)

    def test_what_is_cut_off(self):
        """The last comma and 4 to 10 digits after it; everything else is password."""
        for password, typed, responds in (
                ("Comma,Pw-1,x", "Comma,Pw-1,x", 0), ("Comma,Pw-1", "Comma,Pw-1,1234", 0),
                ("Short-Pw-1,123", "Short-Pw-1,123", 0), ("Pw-1,2,3,4", "Pw-1,2,3,4,123456", 0),
                ("Long-Pw-1,12345678901", "Long-Pw-1,12345678901", 0),
                ("Digits-Pw-123456", "Digits-Pw-123456", 0)):
            self.pool.reset()
            self.pool.user("alice", pool=POOL, password=password)
            self.passed(self.go([(PASSWORD, typed)], user="alice"), 1, responds)

    def test_only_a_code(self):
        """An empty password is none."""
        self.pool.user("alice", pool=POOL, password=",123456")
        self.passed(self.go([(PASSWORD, ",123456")], user="alice"), 1, 0)

    def test_not_without_the_setting(self):
        host = self.talk([(PASSWORD, self.both())], user="grace")
        self.verdict(host, "PAM_AUTH_ERR", "wrong_password", 1, 0)

    def test_codes_by_message(self):
        """It cannot be known before it is sent: asked for."""
        self.passed(self.go([(PASSWORD, PASSWORDS["heidi"]),
                             (r"on Verification code \(SMS", self.sent("heidi"))], user="heidi"), 1, 1)


class Names(Chat):
    """Which name goes along, and whose token comes back."""

    def names(self):
        return [json.loads(r["body"]).get("ChallengeResponses", {}).get("USERNAME")
                for r in self.requests(RESPOND)]

    def test_email_pool(self):
        """Typed is the address; challenges are answered under the real name."""
        real = "e9d03f6a-1b2c-4d5e-8f90-a1b2c3d4e5f6"
        for flow, responds in (("user_password", 1), ("user_srp", 2)):
            self.pool.reset()
            host = self.talk([(PASSWORD, "Xavier-Totp-8"),
                              (r"on Verification code \(auth", self.app(
                                  "xavier@example.com", pool=EMAIL_POOL))],
                             user="xavier", client=EMAIL_CLIENT, auth_flow=flow,
                             account_claim="email", username_format="%u@example.com",
                             require_mfa="yes")
            self.passed(host, 1, responds)
            self.assertEqual(self.requests()[0]["username"], "xavier@example.com")
            self.assertEqual(self.names(), [real] * responds)

    def test_email_pool_new_password(self):
        host = self.talk([(PASSWORD, "Wendy-Temp-1x"), (NEW, "Brand-New-Pw-1"),
                          (AGAIN, "Brand-New-Pw-1")], user="wendy", client=EMAIL_CLIENT,
                         account_claim="email", username_format="%u@example.com")
        self.passed(host, 1, 1)
        self.assertEqual(self.names(), ["c2b84d10-9f3e-4a77-8d21-5e6f70a1b2c3"])

    def test_alias_of_another_user(self):
        """mallory took the login name alice2 as preferred_username."""
        for flow, responds in (("user_password", 0), ("user_srp", 1)):
            self.pool.reset()
            host = self.talk([(PASSWORD, "Mallory-Evil-6")], user="alice2", client=ALIAS_CLIENT,
                             auth_flow=flow)
            self.verdict(host, "PAM_PERM_DENIED", "identity_mismatch", 1, responds)
            self.notes(host, "mallory, not alice2")

    def test_alias_through_mfa(self):
        self.pool.set_pool(pool=ALIAS_POOL, mfa="OPTIONAL", mfa_methods=["EMAIL_OTP"])
        self.pool.user("mallory", pool=ALIAS_POOL, mfa=["EMAIL_OTP"])
        host = self.talk([(PASSWORD, "Mallory-Evil-6"), ("on Verification code", self.sent("mallory"))],
                         user="alice2", client=ALIAS_CLIENT)
        self.verdict(host, "PAM_PERM_DENIED", "identity_mismatch", 1, 1)
        self.assertEqual(self.names(), ["mallory"])

    def test_case(self):
        """In a pool without case ALICE signs in as alice; here alice is not Alice."""
        host = self.talk([(PASSWORD, "Alias-Alice-1")], user="Alice", client=ALIAS_CLIENT,
                         username_class="^[A-Za-z]+$")
        self.verdict(host, "PAM_PERM_DENIED", "identity_mismatch", 1, 0)


class Chains(Chat):
    def test_temporary_password_set_up_and_code(self):
        """Temporary password, new password, set-up; and next time the app's code."""
        self.pool.set_pool(mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA"])
        host = self.talk([(PASSWORD, PASSWORDS["erin"]), (NEW, "Brand-New-Pw-1"),
                          (AGAIN, "Brand-New-Pw-1"),
                          (KEY, lambda prompt: self.pool.totp("erin", secret=key_in(prompt)))],
                         user="erin", mfa_setup="yes")
        self.passed(host, 1, 2)
        self.pool.clear()
        self.pool.forget_totp("erin", pool=POOL)
        host = self.talk([(PASSWORD, "Brand-New-Pw-1"),
                          (r"on Verification code \(auth", self.app("erin", pool=POOL))],
                         user="erin", require_mfa="yes")
        self.passed(host, 1, 1)

    def test_strict_pool(self):
        """The same with a required attribute, in a pool that demands a second factor."""
        host = self.talk([(PASSWORD, "Temporary-Pw-12"), (NEW, "Brand-New-Pw-12"),
                          (AGAIN, "Brand-New-Pw-12"), ("on Your email: $", "erin@example.com"),
                          (KEY, lambda prompt: self.pool.totp("erin", secret=key_in(prompt)))],
                         user="erin", client=STRICT_CLIENT, mfa_setup="yes",
                         auth_flow="user_srp")
        self.passed(host, 1, 3)

    def test_srp_then_code(self):
        self.passed(self.talk([(PASSWORD, PASSWORDS["grace"]),
                               (r"on Verification code \(auth", self.app("grace"))], user="grace",
                              auth_flow="user_srp", require_mfa="yes"), 1, 2)

    def test_select_then_email(self):
        self.passed(self.talk([(PASSWORD, PASSWORDS["judy"]), (EMAIL_MENU, "3"),
                               (r"on Verification code \(e-mail", self.sent("judy"))], user="judy",
                              auth_flow="user_srp", require_mfa="yes"), 1, 3)


if __name__ == "__main__":
    harness.main()
