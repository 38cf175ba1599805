# Accounts that must be confirmed or whose password must be reset, in hosts that
# are not root (tests/hosts has the others): which dialogue is offered, what
# starts it and what does not, and that no code is sent that cannot be counted.
# SPDX-License-Identifier: MIT
import json
import os
import ssl
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import ERR, PoolCase  # noqa: E402

PUBLIC = "localpublic0000000000000001"
CAROL = "Not-Confirmed-1"
FRANK = "Must-Reset-1"
NEW = "Fresh-Meadow-42"
PASSWORD = ("off", "Password: ")
ASKS = 'Confirmation code ("new" sends another): '
NOT_YET = "Your account is not confirmed yet. "
WRONG = "Wrong or expired code, try again. "


class RecoveryCase(PoolCase):
    def asked(self):
        return [r["operation"] for r in self.pool.requests()
                if r["operation"] not in ("jwks", "RevokeToken")]

    def tell_pool(self, operation, **body):
        """What another app of the pool would send."""
        request = urllib.request.Request(
            self.pool.address, json.dumps({"ClientId": PUBLIC, **body}).encode(),
            {"Content-Type": "application/x-amz-json-1.1",
             "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation})
        trust = ssl.create_default_context(cafile=self.pool.ca_file)
        urllib.request.urlopen(request, context=trust).read()

    def send_code(self, user="carol"):
        self.tell_pool("ResendConfirmationCode", Username=user)
        self.pool.clear()
        return self.pool.last_code(user)

    def carol(self, *answers, **settings):
        return self.sign_in(user="carol", answers=[CAROL, *answers],
                            settings={"confirm_sign_up": "door,test", **settings})

    def status(self, user="carol"):
        return self.pool.user(user)["status"]


class Confirm(RecoveryCase):
    def test_right_code(self):
        code = self.send_code()
        host = self.carol(code)
        self.check(host, "PAM_SUCCESS", "ok", 2, [])
        self.assertEqual(host.prompts, [PASSWORD, ("on", NOT_YET + ASKS)])
        self.assertEqual(self.asked(), ["InitiateAuth", "ConfirmSignUp", "InitiateAuth"])
        self.assertIs(self.pool.requests("ConfirmSignUp")[0]["secret_hash_ok"], True)
        self.assertEqual(self.status(), "CONFIRMED")

    def test_goes_on_with_the_second_factor(self):
        self.pool.user("carol", mfa=["SOFTWARE_TOKEN_MFA"],
                       totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        host = self.carol(self.send_code(), self.pool.totp("carol"), require_mfa="yes")
        self.check(host, "PAM_SUCCESS", "ok", 2)
        self.assertEqual(host.prompts[2:], [("on", "Verification code (authenticator app): ")])

    def test_gates_hold_afterwards(self):
        host = self.carol(self.send_code(), require_group="staff")
        self.check(host, "PAM_PERM_DENIED", "group_refused", 2)

    def test_blanks_in_the_code(self):
        code = self.send_code()
        self.check(self.carol(f" {code[:3]} {code[3:]} "), "PAM_SUCCESS", "ok")

    def test_wrong_code_then_right(self):
        code = self.send_code()
        wrong = "000000" if code != "000000" else "000001"
        host = self.carol(wrong, code)
        self.check(host, "PAM_SUCCESS", "ok")
        self.assertEqual(host.prompts[2], ("on", WRONG + ASKS))

    def test_wrong_codes(self):
        code = self.send_code()
        wrong = "000000" if code != "000000" else "000001"
        host = self.carol(*[wrong] * 9)
        self.check(host, "PAM_AUTH_ERR", "wrong_code", 1)
        self.assertEqual(len(self.pool.requests("ConfirmSignUp")), 5)
        self.assertEqual(len(host.prompts), 6)
        self.assertEqual(self.status(), "UNCONFIRMED")

    def test_what_is_no_code_is_not_sent(self):
        host = self.carol("abc", "12", "-", "123456789012", "12345x")
        self.check(host, "PAM_AUTH_ERR", "wrong_code", 1)
        self.assertEqual(self.pool.requests("ConfirmSignUp"), [])

    def test_expired_code(self):
        code = self.send_code()
        self.pool.advance(86401)
        host = self.carol(code, "!error")
        self.assertEqual(host.code, "PAM_CONV_ERR")
        self.assertEqual(host.prompts[2], ("on", WRONG + ASKS))
        self.assertEqual(self.status(), "UNCONFIRMED")

    def test_too_many_for_the_pool(self):
        self.pool.set_pool(limits={"ConfirmSignUp": 1})
        self.send_code()
        host = self.carol("000000", "000000")
        self.check(host, "PAM_MAXTRIES", "limit_exceeded", 1)

    def test_never_sent_twice(self):
        for kind in ("reset", "close", "html_500", "bare_429"):
            self.pool.reset()
            self.pool.fault(kind, {"operation": "ConfirmSignUp"}, processed=True)
            host = self.carol(self.send_code(), "123456")
            self.assertEqual(host.code, "PAM_AUTHINFO_UNAVAIL", kind)
            self.assertEqual(self.asked(), ["InitiateAuth", "ConfirmSignUp"], kind)

    def test_throttled(self):
        self.pool.fault("throttle_429", {"operation": "ConfirmSignUp"})
        self.check(self.carol(self.send_code()), "PAM_SUCCESS", "ok", 2, [])
        self.assertEqual([r["processed"] for r in self.pool.requests("ConfirmSignUp")],
                         [False, True])

    def test_given_up(self):
        for answer in ("!error", "", "carol"):
            self.pool.clear()
            host = self.carol(answer)
            self.check(host, "PAM_CONV_ERR", "no_dialogue", 1)
            self.assertEqual(len(host.prompts), 2)
        host = self.carol("000000", "!error")
        self.check(host, "PAM_CONV_ERR", "cancelled")
        self.assertEqual(self.status(), "UNCONFIRMED")

    def test_a_host_that_knows_the_password_only(self):
        host = self.carol(CAROL)
        self.check(host, "PAM_CONV_ERR", "no_dialogue", 1)
        self.assertEqual(self.asked(), ["InitiateAuth"])

    def test_a_new_code_cannot_be_counted_here(self):
        host = self.carol("new", "123456")
        self.check(host, "PAM_AUTH_ERR", "not_confirmed", 1)
        self.assertEqual(len(host.prompts), 2)
        self.assertEqual(self.asked(), ["InitiateAuth"])
        self.assertEqual(self.pool.codes(), [])
        self.assertIn((ERR, "cannot record a code in /run/pam_cognito"), host.logs)

    def test_only_after_the_service_said_so(self):
        host = self.sign_in("wrong", user="alice", settings={"confirm_sign_up": "test"})
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1)
        self.assertEqual(host.prompts, [PASSWORD])

    def test_not_in_a_change_of_password(self):
        # It would change the account before PAM lets anything be changed.
        host = self.sign_in(user="carol", answers=[CAROL, self.send_code()],
                            operations=("chauthtok",), settings={"confirm_sign_up": "test"})
        self.assertEqual(host.code, "PAM_PERM_DENIED")
        self.assertEqual((self.asked(), self.status()), (["InitiateAuth"], "UNCONFIRMED"))

    def test_once(self):
        # A service that still calls the account unconfirmed is not asked again.
        self.pool.fault("error", {"operation": "InitiateAuth"}, count=0,
                        code="UserNotConfirmedException", message="User is not confirmed.")
        host = self.carol(self.send_code(), "123456", "123456")
        self.check(host, "PAM_AUTH_ERR", "not_confirmed", 2)
        self.assertEqual(len(host.prompts), 2)

    def test_once_also_by_srp(self):
        self.pool.fault("error", {"operation": "RespondToAuthChallenge"}, count=0,
                        code="UserNotConfirmedException", message="User is not confirmed.")
        host = self.carol(self.send_code(), "123456", "123456", auth_flow="user_srp")
        self.check(host, "PAM_AUTH_ERR", "not_confirmed", 2)
        self.assertEqual(len(host.prompts), 2)

    def test_not_listed(self):
        for listed in (None, "door", "tes", "test2"):
            self.pool.reset()
            host = self.carol("123456", confirm_sign_up=listed)
            self.check(host, "PAM_AUTH_ERR", "not_confirmed", 1, [])
            self.assertEqual(host.prompts, [PASSWORD])

    def test_what_to_do(self):
        host = self.carol(confirm_sign_up=None, explain_status="yes")
        self.check(host, "PAM_PERM_DENIED", "not_confirmed", 1, [
            "Your account is not confirmed yet."])


class Reset(RecoveryCase):
    def frank(self, *answers, operations=("authenticate",), **settings):
        return self.sign_in(user="frank", answers=[FRANK, *answers], operations=operations,
                            settings=settings)

    def test_off(self):
        for listed in (None, "door", "tes"):
            self.pool.reset()
            host = self.frank("123456", NEW, NEW, password_reset=listed)
            self.check(host, "PAM_AUTH_ERR", "reset_required", 1, [])
            self.assertEqual((host.prompts, self.asked()), ([PASSWORD], ["InitiateAuth"]))
            self.assertEqual(len(host.logs), 1, listed)  # no permission was asked for

    def test_pointed_to_the_tool(self):
        host = self.frank(explain_status="yes")
        self.check(host, "PAM_AUTH_ERR", "reset_required", 1, [
            "Your password must be reset first."])

    def test_not_where_codes_cannot_be_counted(self):
        host = self.frank("123456", NEW, NEW, password_reset="test")
        self.check(host, "PAM_AUTH_ERR", "reset_required", 1)
        self.assertEqual((host.prompts, self.asked()), ([PASSWORD], ["InitiateAuth"]))
        self.assertEqual(self.pool.codes(), [])
        self.assertIn((ERR, "cannot record a code in /run/pam_cognito"), host.logs)

    def test_in_a_change_of_password_neither(self):
        host = self.frank("123456", NEW, NEW, operations=("chauthtok",), password_reset="test")
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.asked(), ["InitiateAuth"])

    def test_nothing_that_is_typed_starts_it(self):
        for word in ("", "new", "reset", "forgot", "forgotten", "?", "help", " "):
            self.pool.reset()
            host = self.sign_in(word, user="alice", settings={"password_reset": "test",
                                                              "confirm_sign_up": "test"})
            self.assertEqual(host.code, "PAM_AUTH_ERR", word)
            self.assertEqual(host.prompts, [PASSWORD], word)
            self.assertEqual(self.asked(), ["InitiateAuth"] if word else [], word)

    def test_nobody_elses_password(self):
        # An empty old password means something for one's own account only.
        host = self.sign_in(user="alice", answers=["", "123456"], operations=("chauthtok",),
                            settings={"password_reset": "test"})
        self.assertEqual(host.code, "PAM_AUTHTOK_ERR")
        self.assertEqual(self.asked(), [])


if __name__ == "__main__":
    harness.main()
