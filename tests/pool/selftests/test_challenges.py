# RespondToAuthChallenge: every challenge, sessions, codes, custom rounds, the
# choice of factors, devices.
# SPDX-License-Identifier: MIT
import base64
import json

import harness
import mfa
import srp
from harness import CLIENT, LOCAL, PUBLIC, STRICT, PoolTest, secret_hash

WRONG = "Incorrect username or password."
USED = "Invalid session for the user, session can only be used once."
OLD = "Invalid session for the user, session is expired."
BAD = "Invalid session for the user."
STRICT_CLIENT = "strictclient000000000000001"


class Totp(PoolTest):
    def start(self):
        return self.challenged(self.sign_in("grace", "Grace-Hopper-6"), "SOFTWARE_TOKEN_MFA")

    def answer(self, session, code, **more):
        return self.respond("SOFTWARE_TOKEN_MFA", session, USERNAME="grace",
                            SOFTWARE_TOKEN_MFA_CODE=code, **more)

    def test_right_code(self):
        first = self.start()
        self.assertEqual(first.parameters,
                         {"USER_ID_FOR_SRP": "grace", "FRIENDLY_DEVICE_NAME": "phone"})
        self.granted(self.answer(first.session, harness.POOL.totp("grace", pool=LOCAL)))

    def test_known_codes(self):
        """RFC 6238's own example, cut to six digits."""
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.assertEqual(mfa.totp(secret, 59 // 30), "287082")
        self.assertEqual(mfa.totp(secret, 1111111109 // 30), "081804")

    def test_wrong_code_keeps_the_session(self):
        first = self.start()
        wrong = self.answer(first.session, "000000")
        self.refused(wrong, "CodeMismatchException", "Invalid code received for user")
        self.assertNotIn("Session", wrong.body)
        self.granted(self.answer(first.session, harness.POOL.totp("grace", pool=LOCAL)))

    def test_wrong_code_spends_the_session_when_set(self):
        harness.POOL.set_pool(settings={"wrong_code_spends_session": True})
        first = self.start()
        self.answer(first.session, "000000")
        self.refused(self.answer(first.session, harness.POOL.totp("grace", pool=LOCAL)),
                     "NotAuthorizedException", USED)

    def test_code_works_once(self):
        code = harness.POOL.totp("grace", pool=LOCAL)
        self.granted(self.answer(self.start().session, code))
        second = self.start()
        self.refused(self.answer(second.session, code), "ExpiredCodeException",
                     "Your software token has already been used once.")
        harness.POOL.advance(30)
        self.granted(self.answer(second.session, harness.POOL.totp("grace", pool=LOCAL)))

    def test_window_is_one_step(self):
        for steps in (-1, 1):
            self.granted(self.answer(self.start().session,
                                     harness.POOL.totp("grace", steps, pool=LOCAL)))
        for steps in (-2, 2):
            self.refused(self.answer(self.start().session,
                                     harness.POOL.totp("grace", steps, pool=LOCAL)),
                         "CodeMismatchException")

    def test_five_wrong_codes_lock(self):
        first = self.start()
        for _ in range(5):
            self.refused(self.answer(first.session, "000000"), "CodeMismatchException")
        self.refused(self.answer(first.session, harness.POOL.totp("grace", pool=LOCAL)),
                     "NotAuthorizedException", "Password attempts exceeded")
        harness.POOL.advance(1.1)
        self.granted(self.answer(first.session, harness.POOL.totp("grace", pool=LOCAL)))


class Sessions(PoolTest):
    def start(self, client=None):
        return self.sign_in("erin", "Temporary-Pw-1", client).session

    def answer(self, session, client=None, name="erin", password="Brand-New-Pw-2", **more):
        return self.respond("NEW_PASSWORD_REQUIRED", session, client, USERNAME=name,
                            NEW_PASSWORD=password, **more)

    def test_single_use(self):
        session = self.start()
        self.granted(self.answer(session))
        self.refused(self.answer(session), "NotAuthorizedException", USED)

    def test_expires(self):
        session = self.start()
        harness.POOL.advance(181)
        self.refused(self.answer(session), "NotAuthorizedException", OLD)

    def test_lives_as_long_as_the_client_says(self):
        harness.POOL.set_client(CLIENT, session_minutes=15)
        session = self.start()
        harness.POOL.advance(890)
        self.granted(self.answer(session))

    def test_bound_to_the_user(self):
        self.refused(self.answer(self.start(), PUBLIC, name="bob"), "NotAuthorizedException", BAD)
        self.refused(self.answer(self.start(PUBLIC), PUBLIC, name="bob"),
                     "NotAuthorizedException", BAD)

    def test_bound_to_the_client(self):
        self.refused(self.answer(self.start(), PUBLIC), "NotAuthorizedException", BAD)

    def test_bound_to_the_step(self):
        reply = self.respond("SMS_MFA", self.start(), USERNAME="erin", SMS_MFA_CODE="123456")
        self.refused(reply, "NotAuthorizedException", BAD)

    def test_invented(self):
        self.refused(self.answer("x" * 30), "NotAuthorizedException", BAD)

    def test_too_short_or_absent(self):
        self.refused(self.answer("x" * 19), "InvalidParameterException")
        self.refused(self.answer(None), "InvalidParameterException",
                     "Missing required parameter Session")

    def test_length_is_as_observed(self):
        self.assertTrue(1300 < len(self.start()) < 2048)


class CanonicalName(PoolTest):
    client = "emailclient0000000000000001"
    uuid = "c2b84d10-9f3e-4a77-8d21-5e6f70a1b2c3"

    def test_challenge_wants_the_uuid(self):
        first = self.sign_in("wendy@example.com", "Wendy-Temp-1x")
        self.assertEqual(first.parameters["USER_ID_FOR_SRP"], self.uuid)
        answer = {"NEW_PASSWORD": "Brand-New-Pw-2"}
        self.refused(self.respond("NEW_PASSWORD_REQUIRED", first.session,
                                  USERNAME="wendy@example.com", **answer),
                     "NotAuthorizedException",
                     f"Unable to verify secret hash for client {self.client}")
        self.refused(self.respond("NEW_PASSWORD_REQUIRED", first.session, over=self.uuid,
                                  USERNAME="wendy@example.com", **answer),
                     "NotAuthorizedException", BAD)

    def test_uuid_is_accepted(self):
        first = self.sign_in("wendy@example.com", "Wendy-Temp-1x")
        self.granted(self.respond("NEW_PASSWORD_REQUIRED", first.session, USERNAME=self.uuid,
                                  NEW_PASSWORD="Brand-New-Pw-2"))


class NewPassword(PoolTest):
    def answer(self, session, password, **more):
        return self.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="erin",
                            NEW_PASSWORD=password, **more)

    def test_parameters_are_text(self):
        shown = self.sign_in("erin", "Temporary-Pw-1").parameters
        self.assertEqual(json.loads(shown["userAttributes"]),
                         {"email": "erin@example.com", "email_verified": "true"})
        self.assertEqual(json.loads(shown["requiredAttributes"]), [])

    def test_policy_then_success(self):
        session = self.sign_in("erin", "Temporary-Pw-1").session
        self.refused(self.answer(session, "short"), "InvalidPasswordException",
                     "Password did not conform with policy: Password not long enough")
        self.granted(self.answer(session, "Brand-New-Pw-2"))
        self.granted(self.sign_in("erin", "Brand-New-Pw-2"))
        self.refused(self.sign_in("erin", "Temporary-Pw-1"), "NotAuthorizedException", WRONG)

    def test_policy_failure_spends_the_session_when_set(self):
        harness.POOL.set_pool(settings={"bad_password_spends_session": True})
        session = self.sign_in("erin", "Temporary-Pw-1").session
        self.answer(session, "short")
        self.refused(self.answer(session, "Brand-New-Pw-2"), "NotAuthorizedException", USED)

    def test_required_attribute(self):
        self.client = STRICT_CLIENT
        first = self.sign_in("erin", "Temporary-Pw-12")
        self.assertEqual(json.loads(first.parameters["requiredAttributes"]),
                         ["userAttributes.email"])
        self.refused(self.answer(first.session, "Brand-New-Pw-2"), "InvalidParameterException")
        reply = self.answer(first.session, "Brand-New-Pw-2",
                            **{"userAttributes.email": "erin@example.com"})
        self.challenged(reply, "MFA_SETUP")


class MessageCodes(PoolTest):
    def test_sms(self):
        first = self.challenged(self.sign_in("heidi", "Heidi-Alps-88"), "SMS_MFA")
        self.assertEqual(first.parameters["CODE_DELIVERY_DESTINATION"], "+*******1234")
        self.assertEqual(first.parameters["CODE_DELIVERY_DELIVERY_MEDIUM"], "SMS")
        sent = harness.POOL.codes("heidi")
        self.assertEqual((len(sent), sent[0]["destination"]), (1, "+15550101234"))
        self.assertEqual(sent[0]["text"], f"Your authentication code is {sent[0]['code']}.")
        self.refused(self.respond("SMS_MFA", first.session, USERNAME="heidi", SMS_MFA_CODE="1"),
                     "CodeMismatchException", "Invalid code or auth state for the user.")
        self.granted(self.respond("SMS_MFA", first.session, USERNAME="heidi",
                                  SMS_MFA_CODE=sent[0]["code"]))

    def test_wrong_sms_code_may_send_another(self):
        harness.POOL.set_pool(settings={"wrong_sms_code_sends_new_one": True})
        harness.POOL.pin(code="111111")
        harness.POOL.pin(code="222222")
        session = self.sign_in("heidi", "Heidi-Alps-88").session
        self.respond("SMS_MFA", session, USERNAME="heidi", SMS_MFA_CODE="999999")
        self.refused(self.respond("SMS_MFA", session, USERNAME="heidi", SMS_MFA_CODE="111111"),
                     "CodeMismatchException")
        self.assertEqual(harness.POOL.codes("heidi")[1]["code"], "222222")

    def test_email(self):
        first = self.challenged(self.sign_in("ivan", "Ivan-Mailed-5"), "EMAIL_OTP")
        self.assertEqual(first.parameters["CODE_DELIVERY_DESTINATION"], "i***@e***")
        self.granted(self.respond("EMAIL_OTP", first.session, USERNAME="ivan",
                                  EMAIL_OTP_CODE=harness.POOL.last_code("ivan")))

    def test_select(self):
        first = self.challenged(self.sign_in("judy", "Judy-Chooses-3"), "SELECT_MFA_TYPE")
        self.assertEqual(first.parameters["MFAS_CAN_CHOOSE"],
                         '["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]')
        chosen = self.respond("SELECT_MFA_TYPE", first.session, USERNAME="judy",
                              ANSWER="EMAIL_OTP")
        self.challenged(chosen, "EMAIL_OTP")
        self.assertNotEqual(chosen.session, first.session)
        self.granted(self.respond("EMAIL_OTP", chosen.session, USERNAME="judy",
                                  EMAIL_OTP_CODE=harness.POOL.last_code("judy")))

    def test_select_something_else(self):
        session = self.sign_in("judy", "Judy-Chooses-3").session
        self.refused(self.respond("SELECT_MFA_TYPE", session, USERNAME="judy", ANSWER="FAX"),
                     "InvalidParameterException")

    def test_preferred_method_is_not_asked_for(self):
        harness.POOL.user("judy", preferred_mfa="SMS_MFA")
        self.challenged(self.sign_in("judy", "Judy-Chooses-3"), "SMS_MFA")


class Setup(PoolTest):
    client = STRICT_CLIENT

    def start(self):
        return self.challenged(self.sign_in("victor", "Victor-Enrols-1"), "MFA_SETUP")

    def test_whole_way(self):
        first = self.start()
        self.assertEqual(first.parameters["MFAS_CAN_SETUP"], '["SOFTWARE_TOKEN_MFA","SMS_MFA"]')
        given = self.call("AssociateSoftwareToken", Session=first.session)
        secret = given.body["SecretCode"]
        self.assertGreaterEqual(len(base64.b32decode(secret)), 20)
        wrong = self.call("VerifySoftwareToken", Session=given.session, UserCode="000000")
        self.refused(wrong, "EnableSoftwareTokenMFAException",
                     "Code mismatch and fail enable Software Token MFA")
        code = harness.POOL.totp("victor", secret=secret)
        verified = self.call("VerifySoftwareToken", Session=given.session, UserCode=code)
        self.assertEqual(verified.body["Status"], "SUCCESS")
        self.granted(self.respond("MFA_SETUP", verified.session, USERNAME="victor"))
        second = self.challenged(self.sign_in("victor", "Victor-Enrols-1"), "SOFTWARE_TOKEN_MFA")
        self.refused(self.respond("SOFTWARE_TOKEN_MFA", second.session, USERNAME="victor",
                                  SOFTWARE_TOKEN_MFA_CODE=code), "ExpiredCodeException")

    def by_email(self):
        harness.POOL.set_pool(pool="eu-west-1_Strict001", mfa_methods=["EMAIL_OTP"])
        first = self.start()
        return self.respond("MFA_SETUP", first.session, USERNAME="victor",
                            EMAIL="victor@home.example")

    def test_by_email(self):
        asked = self.challenged(self.by_email(), "EMAIL_OTP")
        self.assertEqual(asked.parameters["CODE_DELIVERY_DESTINATION"], "v***@h***")
        self.refused(self.respond("EMAIL_OTP", asked.session, USERNAME="victor",
                                  EMAIL_OTP_CODE="000000x"), "CodeMismatchException")
        self.granted(self.respond("EMAIL_OTP", asked.session, USERNAME="victor",
                                  EMAIL_OTP_CODE=harness.POOL.last_code("victor")))
        self.challenged(self.sign_in("victor", "Victor-Enrols-1"), "EMAIL_OTP")

    def test_by_email_where_it_is_not_offered(self):
        first = self.start()
        self.refused(self.respond("MFA_SETUP", first.session, USERNAME="victor",
                                  EMAIL="victor@home.example"), "InvalidParameterException")

    def test_no_shortcut(self):
        first = self.start()
        self.refused(self.respond("MFA_SETUP", first.session, USERNAME="victor"),
                     "NotAuthorizedException", BAD)

    def test_old_sessions_are_dead(self):
        first = self.start()
        self.call("AssociateSoftwareToken", Session=first.session)
        self.refused(self.call("AssociateSoftwareToken", Session=first.session),
                     "NotAuthorizedException", USED)


class Custom(PoolTest):
    def test_two_rounds(self):
        first = self.challenged(self.initiate("CUSTOM_AUTH", USERNAME="alice"),
                                "CUSTOM_CHALLENGE")
        self.assertEqual(first.parameters["prompt"], "What is the colour of the door?")
        second = self.respond("CUSTOM_CHALLENGE", first.session, USERNAME="alice", ANSWER="green")
        self.assertEqual(second.parameters["prompt"], "And of the roof?")
        self.granted(self.respond("CUSTOM_CHALLENGE", second.session, USERNAME="alice",
                                  ANSWER="red"))

    def test_wrong_answers(self):
        reply = self.initiate("CUSTOM_AUTH", USERNAME="alice")
        for _ in range(2):
            reply = self.respond("CUSTOM_CHALLENGE", reply.session, USERNAME="alice", ANSWER="x")
            self.challenged(reply, "CUSTOM_CHALLENGE")
        self.refused(self.respond("CUSTOM_CHALLENGE", reply.session, USERNAME="alice",
                                  ANSWER="x"), "NotAuthorizedException", WRONG)

    def test_unknown_user_never_gets_through(self):
        first = self.initiate("CUSTOM_AUTH", USERNAME="nobody")
        self.challenged(self.respond("CUSTOM_CHALLENGE", first.session, USERNAME="nobody",
                                     ANSWER="green"), "CUSTOM_CHALLENGE")

    def test_with_srp_first(self):
        self.srp = srp.Client(12345678901234567890 << 200)
        first = self.initiate("CUSTOM_AUTH", USERNAME="alice", CHALLENGE_NAME="SRP_A",
                              SRP_A=f"{self.srp.public:x}")
        self.challenged(first, "PASSWORD_VERIFIER")
        reply = self.respond("PASSWORD_VERIFIER", first.session, USERNAME="alice",
                             **self.proof(first.parameters, "Correct-Horse-9"))
        self.challenged(reply, "CUSTOM_CHALLENGE")

    def test_triggers_refuse(self):
        for trigger in ("DefineAuthChallenge", "CreateAuthChallenge"):
            harness.POOL.set_pool(lambdas={trigger: {"refuse": "Not today"}})
            self.refused(self.initiate("CUSTOM_AUTH", USERNAME="alice"),
                         "UserLambdaValidationException",
                         f"{trigger} failed with error Not today.")
            harness.POOL.set_pool(lambdas={trigger: None})
        first = self.initiate("CUSTOM_AUTH", USERNAME="alice")
        harness.POOL.set_pool(lambdas={"VerifyAuthChallengeResponse": {"refuse": "Never"}})
        self.refused(self.respond("CUSTOM_CHALLENGE", first.session, USERNAME="alice",
                                  ANSWER="green"), "UserLambdaValidationException",
                     "VerifyAuthChallengeResponse failed with error Never.")

    def test_pool_without_triggers(self):
        self.refused(self.initiate("CUSTOM_AUTH", "aliasclient0000000000000001",
                                   USERNAME="alice"), "InvalidParameterException",
                     "Custom auth lambda trigger is not configured for the user pool.")


class Choice(PoolTest):
    def test_list(self):
        reply = self.challenged(self.initiate("USER_AUTH", USERNAME="alice"), "SELECT_CHALLENGE")
        self.assertEqual(reply.body["AvailableChallenges"],
                         ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"])
        self.assertNotIn("AvailableChallenges", reply.parameters)

    def test_preferred_password_at_once(self):
        self.granted(self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD",
                                   PASSWORD="Correct-Horse-9"))

    def test_password_as_a_step(self):
        first = self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD")
        self.challenged(first, "PASSWORD")
        self.granted(self.respond("PASSWORD", first.session, USERNAME="alice",
                                  PASSWORD="Correct-Horse-9"))

    def test_wrong_password_spends_the_session(self):
        first = self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD")
        self.refused(self.respond("PASSWORD", first.session, USERNAME="alice", PASSWORD="x"),
                     "NotAuthorizedException", WRONG)
        self.refused(self.respond("PASSWORD", first.session, USERNAME="alice",
                                  PASSWORD="Correct-Horse-9"), "NotAuthorizedException", USED)

    def test_select_then_email_code_of_eight_digits(self):
        first = self.initiate("USER_AUTH", USERNAME="alice")
        chosen = self.respond("SELECT_CHALLENGE", first.session, USERNAME="alice",
                              ANSWER="EMAIL_OTP")
        self.challenged(chosen, "EMAIL_OTP")
        code = harness.POOL.last_code("alice")
        self.assertEqual(len(code), 8)
        self.granted(self.respond("EMAIL_OTP", chosen.session, USERNAME="alice",
                                  EMAIL_OTP_CODE=code))

    def test_sms_code(self):
        harness.POOL.user("heidi", mfa=[])
        first = self.initiate("USER_AUTH", USERNAME="heidi", PREFERRED_CHALLENGE="SMS_OTP")
        self.challenged(first, "SMS_OTP")
        self.granted(self.respond("SMS_OTP", first.session, USERNAME="heidi",
                                  SMS_OTP_CODE=harness.POOL.last_code("heidi")))

    def test_select_with_password(self):
        first = self.initiate("USER_AUTH", USERNAME="alice")
        self.granted(self.respond("SELECT_CHALLENGE", first.session, USERNAME="alice",
                                  ANSWER="PASSWORD", PASSWORD="Correct-Horse-9"))

    def test_mfa_user_is_not_offered_passwordless(self):
        reply = self.initiate("USER_AUTH", USERNAME="grace")
        self.assertEqual(reply.body["AvailableChallenges"], ["PASSWORD", "PASSWORD_SRP"])

    def test_srp_comes_with_a_session(self):
        self.srp = srp.Client(98765432109876543210 << 300)
        first = self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD_SRP",
                              SRP_A=f"{self.srp.public:x}")
        self.challenged(first, "PASSWORD_VERIFIER")
        self.assertIsNotNone(first.session)
        self.granted(self.respond("PASSWORD_VERIFIER", first.session, USERNAME="alice",
                                  **self.proof(first.parameters, "Correct-Horse-9")))

    def test_srp_as_a_step(self):
        first = self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD_SRP")
        self.challenged(first, "PASSWORD_SRP")
        self.srp = srp.Client(555 << 1000)
        second = self.respond("PASSWORD_SRP", first.session, USERNAME="alice",
                              SRP_A=f"{self.srp.public:x}")
        self.challenged(second, "PASSWORD_VERIFIER")

    def test_unknown_user_is_simulated(self):
        first = self.initiate("USER_AUTH", USERNAME="nobody")
        self.challenged(first, "EMAIL_OTP")
        self.refused(self.respond("EMAIL_OTP", first.session, USERNAME="nobody",
                                  EMAIL_OTP_CODE="12345678"), "CodeMismatchException")
        self.assertEqual(harness.POOL.codes(), [])

    def test_passkey(self):
        first = self.initiate("USER_AUTH", USERNAME="peggy", PREFERRED_CHALLENGE="WEB_AUTHN")
        options = json.loads(first.parameters["CREDENTIAL_REQUEST_OPTIONS"])
        self.refused(self.passkey(first, "forged"), "NotAuthorizedException")
        again = self.initiate("USER_AUTH", USERNAME="peggy", PREFERRED_CHALLENGE="WEB_AUTHN")
        options = json.loads(again.parameters["CREDENTIAL_REQUEST_OPTIONS"])
        self.granted(self.passkey(again, options["challenge"]))

    def passkey(self, first, challenge):
        data = base64.urlsafe_b64encode(json.dumps({"challenge": challenge}).encode()).decode()
        credential = {"id": "cGVnZ3lzLXBhc3NrZXk", "response": {"clientDataJSON": data}}
        return self.respond("WEB_AUTHN", first.session, USERNAME="peggy",
                            CREDENTIAL=json.dumps(credential))


class Devices(PoolTest):
    client = STRICT_CLIENT

    def totp_sign_in(self, **more):
        harness.POOL.forget_totp("grace", STRICT)
        first = self.sign_in("grace", "Grace-Strict-66", **more)
        self.challenged(first, "SOFTWARE_TOKEN_MFA")
        return self.respond("SOFTWARE_TOKEN_MFA", first.session, USERNAME="grace",
                            SOFTWARE_TOKEN_MFA_CODE=harness.POOL.totp("grace", pool=STRICT))

    def remember(self):
        result = self.totp_sign_in().result
        device = result["NewDeviceMetadata"]
        salt = 0x9cf784a189262612c461041b92cc2df1
        number = srp.verifier(salt, device["DeviceGroupKey"], device["DeviceKey"], "device-secret")
        config = {"Salt": base64.b64encode(srp.number_bytes(salt)).decode(),
                  "PasswordVerifier": base64.b64encode(srp.number_bytes(number)).decode()}
        reply = self.call("ConfirmDevice", AccessToken=result["AccessToken"],
                          DeviceKey=device["DeviceKey"], DeviceName="host",
                          DeviceSecretVerifierConfig=config)
        self.assertEqual(reply.body, {"UserConfirmationNecessary": False})
        return device, result["AccessToken"]

    def device_answer(self, device, secret):
        first = self.sign_in("grace", "Grace-Strict-66", DEVICE_KEY=device["DeviceKey"])
        self.challenged(first, "DEVICE_SRP_AUTH")
        self.srp = srp.Client(424242 << 900)
        second = self.respond("DEVICE_SRP_AUTH", first.session, USERNAME="grace",
                              DEVICE_KEY=device["DeviceKey"], SRP_A=f"{self.srp.public:x}")
        self.challenged(second, "DEVICE_PASSWORD_VERIFIER")
        proof = self.proof(second.parameters, secret, prefix=device["DeviceGroupKey"],
                           name=device["DeviceKey"])
        return self.respond("DEVICE_PASSWORD_VERIFIER", second.session, USERNAME="grace",
                            DEVICE_KEY=device["DeviceKey"], **proof)

    def test_replaces_the_second_factor(self):
        device, _ = self.remember()
        self.granted(self.device_answer(device, "device-secret"))

    def test_wrong_device_secret(self):
        device, _ = self.remember()
        self.refused(self.device_answer(device, "other"), "NotAuthorizedException", WRONG)

    def test_forgotten_device_means_mfa(self):
        device, token = self.remember()
        reply = self.call("UpdateDeviceStatus", AccessToken=token, DeviceKey=device["DeviceKey"],
                          DeviceRememberedStatus="not_remembered")
        self.assertEqual((reply.status, reply.body), (200, {}))
        self.challenged(self.sign_in("grace", "Grace-Strict-66", DEVICE_KEY=device["DeviceKey"]),
                        "SOFTWARE_TOKEN_MFA")

    def test_unknown_device(self):
        reply = self.sign_in("grace", "Grace-Strict-66", DEVICE_KEY="eu-west-1_0a-0b")
        self.refused(reply, "ResourceNotFoundException", "Device does not exist.")


class Others(PoolTest):
    def test_legacy_challenge_cannot_be_answered(self):
        self.refused(self.respond("ADMIN_NO_SRP_AUTH", "x" * 30, USERNAME="alice"),
                     "InvalidParameterException")

    def test_unknown_challenge_name(self):
        self.refused(self.respond("DANCE", "x" * 30, USERNAME="alice"),
                     "InvalidParameterException")

    def test_hash_is_checked(self):
        session = self.sign_in("erin", "Temporary-Pw-1").session
        reply = self.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="erin",
                             NEW_PASSWORD="Brand-New-Pw-2",
                             SECRET_HASH=secret_hash("bob", CLIENT))
        self.refused(reply, "NotAuthorizedException",
                     f"Unable to verify secret hash for client {CLIENT}")
