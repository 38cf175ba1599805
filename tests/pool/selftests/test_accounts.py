# Sign-up, forgotten and changed passwords, limits, GetUser, MFA preferences,
# signing out, revoking.
# SPDX-License-Identifier: MIT
import harness
from harness import CLIENT, LOCAL, PoolTest, secret_hash

LEGACY = "locallegacy0000000000000001"
BAD_CODE = "Invalid verification code provided, please try again."
OLD_CODE = "Invalid code provided, please request a code again."
LIMIT = "Attempt limit exceeded, please try after some time."


def attributes(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


class SignUp(PoolTest):
    def sign_up(self, name="kim", password="Kims-First-Pw-1", **more):
        return self.account("SignUp", name, Password=password,
                            UserAttributes=attributes(email="kim@example.com"), **more)

    def confirm(self, code, name="kim", **more):
        return self.account("ConfirmSignUp", name, ConfirmationCode=code, **more)

    def test_whole_way(self):
        reply = self.sign_up()
        self.assertEqual(reply.body["UserConfirmed"], False)
        self.assertEqual(reply.body["CodeDeliveryDetails"], {
            "Destination": "k***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"})
        self.refused(self.sign_in("kim", "Kims-First-Pw-1"), "UserNotConfirmedException")
        self.refused(self.confirm("0"), "CodeMismatchException", BAD_CODE)
        self.assertEqual(self.confirm(harness.POOL.last_code("kim")).status, 200)
        self.granted(self.sign_in("kim", "Kims-First-Pw-1"))

    def test_hash_wanted(self):
        reply = self.sign_up(SecretHash=secret_hash("kim2", CLIENT))
        self.refused(reply, "NotAuthorizedException",
                     f"Unable to verify secret hash for client {CLIENT}")

    def test_name_taken_is_never_hidden(self):
        self.refused(self.sign_up("alice"), "UsernameExistsException", "User already exists")

    def test_policy(self):
        for password, word in (("Ab-1", "long enough"), ("lower-case-1", "uppercase"),
                               ("UPPER-CASE-1", "lowercase"), ("No-Numbers-", "numeric"),
                               ("NoSymbols11", "symbol")):
            reply = self.sign_up(password=password)
            self.refused(reply, "InvalidPasswordException")
            self.assertIn(word, reply.message)

    def test_blank_in_password(self):
        self.refused(self.sign_up(password="With Blank-1"), "InvalidParameterException")

    def test_protected_attribute(self):
        reply = self.account("SignUp", "kim", Password="Kims-First-Pw-1",
                             UserAttributes=attributes(email_verified="true"))
        self.refused(reply, "NotAuthorizedException")

    def test_closed_pool(self):
        harness.POOL.set_pool(sign_up=False)
        self.refused(self.sign_up(), "NotAuthorizedException",
                     "SignUp is not permitted for this user pool")

    def test_code_lives_a_day(self):
        self.sign_up()
        code = harness.POOL.last_code("kim")
        harness.POOL.advance(86401)
        self.refused(self.confirm(code), "ExpiredCodeException", OLD_CODE)

    def test_resend_and_its_limit(self):
        self.sign_up()
        for _ in range(5):
            self.assertEqual(self.account("ResendConfirmationCode", "kim").status, 200)
        self.refused(self.account("ResendConfirmationCode", "kim"), "LimitExceededException",
                     LIMIT)
        codes = harness.POOL.codes("kim")
        self.assertEqual(len(codes), 6)
        self.assertEqual(self.confirm(codes[-1]["code"]).status, 200)

    def test_too_many_wrong_codes(self):
        self.sign_up()
        for _ in range(5):
            self.refused(self.confirm("000000x"), "CodeMismatchException")
        self.refused(self.confirm(harness.POOL.last_code("kim")),
                     "TooManyFailedAttemptsException")

    def test_email_pool(self):
        client = "emailclient0000000000000001"
        self.refused(self.account("SignUp", "kim", client, Password="Kims-First-Pw-1"),
                     "InvalidParameterException", "Username should be an email.")
        reply = self.account("SignUp", "kim@example.com", client, Password="Kims-First-Pw-1")
        self.assertRegex(reply.body["UserSub"], "^[0-9a-f-]{36}$")

    def test_session_goes_on_to_tokens(self):
        session = self.sign_up().session
        reply = self.confirm(harness.POOL.last_code("kim"), Session=session)
        self.granted(self.initiate("USER_AUTH", USERNAME="kim", session=reply.session))

    def test_alias_already_taken(self):
        client = "aliasclient0000000000000001"
        self.account("SignUp", "kim", client, Password="Kims-First-Pw-1",
                     UserAttributes=attributes(email="alice@example.com"))
        code = harness.POOL.last_code("kim")
        self.refused(self.account("ConfirmSignUp", "kim", client, ConfirmationCode=code),
                     "AliasExistsException")
        self.assertEqual(self.account("ConfirmSignUp", "kim", client, ConfirmationCode=code,
                                      ForceAliasCreation=True).status, 200)

    def test_pre_sign_up_trigger(self):
        harness.POOL.set_pool(lambdas={"PreSignUp": {"auto_confirm": True}})
        self.assertEqual(self.sign_up().body["UserConfirmed"], True)
        self.granted(self.sign_in("kim", "Kims-First-Pw-1"))


class ForgotPassword(PoolTest):
    def forgot(self, name="alice", client=None):
        return self.account("ForgotPassword", name, client)

    def confirm(self, code, name="alice", password="Forgotten-New-1", client=None):
        return self.account("ConfirmForgotPassword", name, client, ConfirmationCode=code,
                            Password=password)

    def test_whole_way(self):
        reply = self.forgot()
        self.assertEqual(reply.body["CodeDeliveryDetails"]["Destination"], "a***@e***")
        self.refused(self.confirm("0"), "CodeMismatchException", BAD_CODE)
        code = harness.POOL.last_code("alice")
        self.refused(self.confirm(code, password="weak"), "InvalidPasswordException")
        self.assertEqual(self.confirm(code).status, 200)
        self.granted(self.sign_in("alice", "Forgotten-New-1"))
        self.refused(self.confirm(code, password="Another-New-1"), "ExpiredCodeException")

    def test_ends_reset_required(self):
        self.forgot("frank")
        self.confirm(harness.POOL.last_code("frank"), "frank")
        self.granted(self.sign_in("frank", "Forgotten-New-1"))

    def test_ends_a_lock(self):
        for _ in range(8):
            self.sign_in("alice", "wrong")
        self.forgot()
        self.confirm(harness.POOL.last_code("alice"))
        self.granted(self.sign_in("alice", "Forgotten-New-1"))

    def test_code_lives_an_hour(self):
        self.forgot()
        harness.POOL.advance(3601)
        self.refused(self.confirm(harness.POOL.last_code("alice")), "ExpiredCodeException",
                     OLD_CODE)

    def test_unknown_user_hidden(self):
        self.refused(self.confirm("123456", "nobody"), "ExpiredCodeException", OLD_CODE)
        self.assertIn("CodeDeliveryDetails", self.forgot("nobody").body)
        self.refused(self.confirm("123456", "nobody"), "CodeMismatchException", BAD_CODE)

    def test_unknown_user_shown(self):
        self.refused(self.forgot("nobody", LEGACY), "UserNotFoundException",
                     "Username/client id combination not found.")

    def test_temporary_password_cannot_be_reset(self):
        self.refused(self.forgot("erin"), "NotAuthorizedException",
                     "User password cannot be reset in the current state.")

    def test_no_address(self):
        self.refused(self.forgot("trent"), "InvalidParameterException",
                     "Cannot reset password for the user as there is no registered/verified "
                     "email or phone_number")

    def test_limit(self):
        harness.POOL.set_pool(limits={"PasswordRecovery": 2})
        self.forgot()
        self.forgot()
        self.refused(self.forgot(), "LimitExceededException", LIMIT)
        harness.POOL.advance(3601)
        self.assertEqual(self.forgot().status, 200)


class ChangePassword(PoolTest):
    def change(self, token, old, new):
        return self.call("ChangePassword", AccessToken=token, PreviousPassword=old,
                         ProposedPassword=new)

    def test_works(self):
        token = self.access()
        self.assertEqual(self.change(token, "Correct-Horse-9", "Correct-Horse-10").status, 200)
        self.granted(self.sign_in("alice", "Correct-Horse-10"))

    def test_wrong_old_password_counts(self):
        token = self.access()
        self.refused(self.change(token, "wrong", "Correct-Horse-10"), "NotAuthorizedException",
                     "Incorrect username or password.")
        count = harness.POOL.user("alice", LOCAL)["failures"]["password"]["count"]
        self.assertEqual(count, 1)

    def test_five_an_hour(self):
        token = self.access()
        for _ in range(5):
            self.refused(self.change(token, "Correct-Horse-9", "weak"),
                         "InvalidPasswordException")
        self.refused(self.change(token, "Correct-Horse-9", "Correct-Horse-10"),
                     "LimitExceededException", LIMIT)
        harness.POOL.advance(3601)
        token = self.access()
        self.assertEqual(self.change(token, "Correct-Horse-9", "Correct-Horse-10").status, 200)

    def test_history(self):
        harness.POOL.set_pool(policy={"history": 2})
        token = self.access()
        self.change(token, "Correct-Horse-9", "Correct-Horse-10")
        for used in ("Correct-Horse-10", "Correct-Horse-9"):
            self.refused(self.change(token, "Correct-Horse-10", used),
                         "PasswordHistoryPolicyViolationException")
        self.change(token, "Correct-Horse-10", "Correct-Horse-11")
        self.assertEqual(self.change(token, "Correct-Horse-11", "Correct-Horse-9").status, 200)

    def test_bad_token(self):
        self.refused(self.change("a.b.c", "x", "y"), "NotAuthorizedException",
                     "Invalid Access Token")


class GetUser(PoolTest):
    def test_attributes(self):
        reply = self.call("GetUser", AccessToken=self.access())
        self.assertEqual(reply.body["Username"], "alice")
        found = {a["Name"]: a["Value"] for a in reply.body["UserAttributes"]}
        self.assertEqual(found["email"], "alice@example.com")
        self.assertIn("sub", found)

    def test_forged_signature(self):
        token = self.access()
        self.refused(self.call("GetUser", AccessToken=token.rsplit(".", 1)[0] + ".AAAA"),
                     "NotAuthorizedException", "Invalid Access Token")

    def test_expired_disabled_deleted(self):
        token = self.access()
        harness.POOL.user("alice", LOCAL, enabled=False)
        self.refused(self.call("GetUser", AccessToken=token), "NotAuthorizedException",
                     "User is disabled.")
        harness.POOL.delete_user("alice", LOCAL)
        self.refused(self.call("GetUser", AccessToken=token), "UserNotFoundException")
        harness.POOL.advance(3601)
        self.refused(self.call("GetUser", AccessToken=token), "NotAuthorizedException",
                     "Access Token has expired")

    def test_id_token_is_no_access_token(self):
        token = self.sign_in("alice", "Correct-Horse-9").result["IdToken"]
        self.refused(self.call("GetUser", AccessToken=token), "NotAuthorizedException")


class MfaPreference(PoolTest):
    def prefer(self, token, **settings):
        return self.call("SetUserMFAPreference", AccessToken=token, **settings)

    def test_enrol_with_access_token(self):
        token = self.access()
        on = {"Enabled": True, "PreferredMfa": True}
        self.refused(self.prefer(token, SoftwareTokenMfaSettings=on),
                     "InvalidParameterException", "User has not verified software token mfa")
        secret = self.call("AssociateSoftwareToken", AccessToken=token).body["SecretCode"]
        code = harness.POOL.totp("alice", secret=secret)
        reply = self.call("VerifySoftwareToken", AccessToken=token, UserCode=code,
                          FriendlyDeviceName="phone")
        self.assertEqual(reply.body, {"Status": "SUCCESS"})
        self.granted(self.sign_in("alice", "Correct-Horse-9"))
        self.assertEqual(self.prefer(token, SoftwareTokenMfaSettings=on).body, {})
        self.challenged(self.sign_in("alice", "Correct-Horse-9"), "SOFTWARE_TOKEN_MFA")
        body = self.call("GetUser", AccessToken=token).body
        self.assertEqual(body["UserMFASettingList"], ["SOFTWARE_TOKEN_MFA"])
        self.assertEqual(body["PreferredMfaSetting"], "SOFTWARE_TOKEN_MFA")
        self.prefer(token, SoftwareTokenMfaSettings={"Enabled": False})
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_needs_addresses(self):
        token = self.access()
        self.refused(self.prefer(token, SMSMfaSettings={"Enabled": True}),
                     "InvalidParameterException")
        self.prefer(token, EmailMfaSettings={"Enabled": True})
        self.challenged(self.sign_in("alice", "Correct-Horse-9"), "EMAIL_OTP")

    def test_pool_without_totp(self):
        token = self.access()
        harness.POOL.set_pool(mfa="OFF")
        self.refused(self.call("AssociateSoftwareToken", AccessToken=token),
                     "SoftwareTokenMFANotFoundException",
                     "Software Token MFA has not been enabled by the userPool")


class SigningOut(PoolTest):
    def test_global(self):
        result = self.sign_in("alice", "Correct-Horse-9").result
        self.assertEqual(self.call("GlobalSignOut", AccessToken=result["AccessToken"]).body, {})
        self.refused(self.call("GetUser", AccessToken=result["AccessToken"]),
                     "NotAuthorizedException", "Access Token has been revoked")
        self.refused(self.initiate("REFRESH_TOKEN_AUTH", over="alice",
                                   REFRESH_TOKEN=result["RefreshToken"]),
                     "NotAuthorizedException", "Refresh Token has been revoked")

    def revoke(self, token, client=CLIENT, secret=None):
        extra = {"ClientSecret": secret} if secret else {}
        return self.call("RevokeToken", Token=token, ClientId=client, **extra)

    def test_revoke_kills_the_access_token_too(self):
        result = self.sign_in("alice", "Correct-Horse-9").result
        other = self.sign_in("alice", "Correct-Horse-9").result
        reply = self.revoke(result["RefreshToken"], secret=harness.SECRETS[CLIENT])
        self.assertEqual((reply.status, reply.body), (200, {}))
        self.refused(self.call("GetUser", AccessToken=result["AccessToken"]),
                     "NotAuthorizedException", "Access Token has been revoked")
        self.assertEqual(self.call("GetUser", AccessToken=other["AccessToken"]).status, 200)

    def test_revoke_refusals(self):
        result = self.sign_in("alice", "Correct-Horse-9").result
        secret = harness.SECRETS[CLIENT]
        self.refused(self.revoke(result["RefreshToken"]), "UnauthorizedException")
        self.refused(self.revoke("abc", secret=secret), "UnauthorizedException")
        self.refused(self.revoke(result["AccessToken"], secret=secret),
                     "UnsupportedTokenTypeException")
        other = "localnorevoke00000000000001"
        token = self.sign_in("alice", "Correct-Horse-9", other).result["RefreshToken"]
        self.refused(self.revoke(token, other), "UnsupportedOperationException")
