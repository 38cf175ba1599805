# InitiateAuth: secret hash, user states and their order, lock-out, flows,
# aliases, refresh.
# SPDX-License-Identifier: MIT
from harness import CLIENT, PUBLIC, PoolTest, read_part, secret_hash
import harness

WRONG = "Incorrect username or password."
LEGACY = "locallegacy0000000000000001"
ROTATE = "localrotate0000000000000001"


class SecretHash(PoolTest):
    def test_right(self):
        self.granted(self.sign_in("alice", "Correct-Horse-9"))
        self.assertIs(harness.POOL.requests()[-1]["secret_hash_ok"], True)

    def test_absent(self):
        self.refused(self.sign_in("alice", "Correct-Horse-9", SECRET_HASH=""),
                     "NotAuthorizedException",
                     f"Client {CLIENT} is configured with secret but SECRET_HASH was not received")

    def test_wrong_comes_before_the_user(self):
        for name in ("alice", "nobody", "dave"):
            self.refused(self.sign_in(name, "x", SECRET_HASH="A" * 43 + "="),
                         "NotAuthorizedException",
                         f"Unable to verify secret hash for client {CLIENT}")
        self.assertIs(harness.POOL.requests()[-1]["secret_hash_ok"], False)

    def test_sent_to_public_client(self):
        self.refused(self.sign_in("alice", "Correct-Horse-9", PUBLIC, SECRET_HASH="A" * 44),
                     "NotAuthorizedException",
                     f"Unable to verify secret hash for client {PUBLIC}")

    def test_public_client_needs_none(self):
        self.granted(self.sign_in("alice", "Correct-Horse-9", PUBLIC))

    def test_second_secret(self):
        second = "5we4r3t2y1u0i9o8p7a6s5d4f3g2h1j0k9l8z7x6c5v4b3n2m1q"
        self.granted(self.sign_in("alice", "Correct-Horse-9", ROTATE,
                                  SECRET_HASH=secret_hash("alice", ROTATE, second)))

    def test_over_the_name_as_typed(self):
        client = "aliasclient0000000000000001"
        self.granted(self.sign_in("alice2", "Mallory-Evil-6", client))
        self.refused(self.sign_in("alice2", "Mallory-Evil-6", client,
                                  SECRET_HASH=secret_hash("mallory", client)),
                     "NotAuthorizedException")


class States(PoolTest):
    def test_wrong_password(self):
        self.refused(self.sign_in("alice", "wrong"), "NotAuthorizedException", WRONG)

    def test_password_outside_ascii(self):
        self.granted(self.sign_in("zoe", "Pässwörd-日本-😀1"))
        self.refused(self.sign_in("zoe", "Passwörd-日本-😀1"), "NotAuthorizedException", WRONG)

    def test_unknown_user_hidden(self):
        self.refused(self.sign_in("nobody", "x"), "NotAuthorizedException", WRONG)

    def test_unknown_user_shown(self):
        self.refused(self.sign_in("nobody", "x", LEGACY), "UserNotFoundException",
                     "User does not exist.")

    def test_unconfirmed_whatever_the_password(self):
        for password in ("wrong", "Not-Confirmed-1"):
            self.refused(self.sign_in("carol", password), "UserNotConfirmedException",
                         "User is not confirmed.")

    def test_disabled(self):
        self.refused(self.sign_in("dave", "Disabled-User-1"), "NotAuthorizedException",
                     "User is disabled.")

    def test_disabled_after_password_when_set(self):
        harness.POOL.set_pool(settings={"disabled_before_password": False})
        self.refused(self.sign_in("dave", "wrong"), "NotAuthorizedException", WRONG)
        self.refused(self.sign_in("dave", "Disabled-User-1"), "NotAuthorizedException",
                     "User is disabled.")

    def test_reset_required_is_no_proof(self):
        for password in ("Must-Reset-1", "anything"):
            self.refused(self.sign_in("frank", password), "PasswordResetRequiredException",
                         "Password reset required for the user")

    def test_temporary_password(self):
        self.refused(self.sign_in("erin", "wrong"), "NotAuthorizedException", WRONG)
        self.challenged(self.sign_in("erin", "Temporary-Pw-1"), "NEW_PASSWORD_REQUIRED")

    def test_temporary_password_too_old(self):
        self.refused(self.sign_in("niaj", "Old-Temporary-1"), "NotAuthorizedException",
                     "Temporary password has expired and must be reset by an administrator.")

    def test_overlong_name_and_password(self):
        self.refused(self.sign_in("a" * 129, "x"), "NotAuthorizedException", WRONG)
        self.refused(self.sign_in("alice", "x" * 257), "NotAuthorizedException", WRONG)

    def test_empty_parameters(self):
        self.refused(self.sign_in("", "x"), "InvalidParameterException",
                     "Missing required parameter USERNAME")
        self.refused(self.sign_in("alice", ""), "InvalidParameterException",
                     "Missing required parameter PASSWORD")


class Lockout(PoolTest):
    def miss(self, times):
        for _ in range(times):
            last = self.sign_in("alice", "wrong")
        return last

    def test_fifth_failure_locks_for_a_second(self):
        self.refused(self.miss(5), "NotAuthorizedException", WRONG)
        self.refused(self.sign_in("alice", "Correct-Horse-9"), "NotAuthorizedException",
                     "Password attempts exceeded")
        harness.POOL.advance(1.1)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_four_failures_do_not_lock(self):
        self.miss(4)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_doubles_and_tries_while_locked_do_not_count(self):
        self.miss(5)
        self.miss(20)
        self.assertEqual(self.count(), 5)
        harness.POOL.advance(1.1)
        for number, seconds in ((6, 2), (7, 4), (8, 8)):
            self.refused(self.miss(1), "NotAuthorizedException", WRONG)
            self.assertEqual(self.count(), number)
            harness.POOL.advance(seconds - 0.5)
            self.refused(self.sign_in("alice", "x"), "NotAuthorizedException",
                         "Password attempts exceeded")
            harness.POOL.advance(0.6)

    def count(self):
        return harness.POOL.user("alice", harness.LOCAL)["failures"]["password"]["count"]

    def test_longest_is_fifteen_minutes(self):
        harness.POOL.user("alice", harness.LOCAL, failures={"password": {
            "count": 30, "last": self.now()}})
        self.miss(1)
        harness.POOL.advance(899)
        self.refused(self.sign_in("alice", "Correct-Horse-9"), "NotAuthorizedException",
                     "Password attempts exceeded")
        harness.POOL.advance(2)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_forgotten_after_fifteen_quiet_minutes(self):
        self.miss(4)
        harness.POOL.advance(901)
        self.miss(4)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_success_forgets(self):
        self.miss(4)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))
        self.miss(4)
        self.granted(self.sign_in("alice", "Correct-Horse-9"))

    def test_other_users_are_not_locked(self):
        self.miss(5)
        self.granted(self.sign_in("bob", "Battery-Staple-7"))


class Flows(PoolTest):
    def test_unknown_client(self):
        self.refused(self.sign_in("alice", "x", "nosuchclient00000000000000"),
                     "ResourceNotFoundException",
                     "User pool client nosuchclient00000000000000 does not exist.")

    def test_password_flow_not_enabled(self):
        self.refused(self.sign_in("alice", "Correct-Horse-9", "localsrponly000000000000001"),
                     "InvalidParameterException",
                     "USER_PASSWORD_AUTH flow not enabled for this client")

    def test_admin_flow(self):
        self.refused(self.initiate("ADMIN_USER_PASSWORD_AUTH", USERNAME="alice", PASSWORD="x"),
                     "InvalidParameterException", "Initiate Auth method not supported.")

    def test_unknown_flow(self):
        self.refused(self.initiate("MAGIC", USERNAME="alice"), "InvalidParameterException")

    def test_srp_flow_not_enabled(self):
        harness.POOL.set_client(CLIENT, flows=["ALLOW_USER_PASSWORD_AUTH"])
        self.refused(self.start_srp("alice"), "InvalidParameterException",
                     "USER_SRP_AUTH is not enabled for the client.")


class Names(PoolTest):
    def test_email_pool_names_the_uuid(self):
        answer = self.sign_in("sybil@example.com", "Sybil-Mail-21", "emailclient0000000000000001")
        claims = read_part(answer.result["IdToken"])
        self.assertEqual(claims["cognito:username"], "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34")
        self.assertEqual(claims["sub"], "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34")

    def test_email_pool_without_case(self):
        self.granted(self.sign_in("SYBIL@Example.com", "Sybil-Mail-21",
                                  "emailclient0000000000000001"))

    def test_email_pool_takes_the_uuid_but_no_other_name(self):
        client = "emailclient0000000000000001"
        self.granted(self.sign_in("7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34", "Sybil-Mail-21", client))
        self.refused(self.sign_in("sybil", "Sybil-Mail-21", client), "InvalidParameterException",
                     "Username should be an email.")

    def test_alias_token_names_another_user(self):
        answer = self.sign_in("alice2", "Mallory-Evil-6", "aliasclient0000000000000001")
        claims = read_part(answer.result["IdToken"])
        self.assertEqual(claims["cognito:username"], "mallory")
        self.assertEqual(claims["preferred_username"], "alice2")

    def test_verified_phone_alias(self):
        self.granted(self.sign_in("+15550109999", "Rupert-Alias-2",
                                  "aliasclient0000000000000001"))

    def test_unverified_alias_is_nobody(self):
        self.refused(self.sign_in("rupert@example.com", "Rupert-Alias-2",
                                  "aliasclient0000000000000001"), "NotAuthorizedException", WRONG)

    def test_case(self):
        self.refused(self.sign_in("ALICE", "Correct-Horse-9"), "NotAuthorizedException", WRONG)
        answer = self.sign_in("ALICE", "Alias-Alice-1", "aliasclient0000000000000001")
        self.assertEqual(read_part(answer.result["IdToken"])["cognito:username"], "alice")


class Refresh(PoolTest):
    def refresh(self, token, over, client=None):
        return self.initiate("REFRESH_TOKEN_AUTH", client, over=over, REFRESH_TOKEN=token)

    def test_tokens_without_a_new_refresh_token(self):
        first = self.sign_in("alice", "Correct-Horse-9")
        answer = self.refresh(first.result["RefreshToken"], "alice")
        self.granted(answer)
        self.assertNotIn("RefreshToken", answer.result)
        self.assertNotEqual(answer.result["AccessToken"], first.result["AccessToken"])

    def test_hash_over_the_real_name(self):
        client = "emailclient0000000000000001"
        token = self.sign_in("sybil@example.com", "Sybil-Mail-21", client).result["RefreshToken"]
        self.refused(self.refresh(token, "sybil@example.com", client), "NotAuthorizedException",
                     f"SecretHash does not match for the client: {client}")
        self.granted(self.refresh(token, "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34", client))

    def test_unknown_token(self):
        self.refused(self.refresh("abc", "", PUBLIC), "NotAuthorizedException",
                     "Invalid Refresh Token")

    def test_expired_token(self):
        token = self.sign_in("alice", "Correct-Horse-9").result["RefreshToken"]
        harness.POOL.advance(31 * 86400)
        self.refused(self.refresh(token, "alice"), "NotAuthorizedException",
                     "Refresh Token has expired")

    def test_disabled_user(self):
        token = self.sign_in("alice", "Correct-Horse-9").result["RefreshToken"]
        harness.POOL.user("alice", harness.LOCAL, enabled=False)
        self.refused(self.refresh(token, "alice"), "NotAuthorizedException", "User is disabled.")

    def test_rotation(self):
        token = self.sign_in("alice", "Correct-Horse-9", ROTATE).result["RefreshToken"]
        self.refused(self.refresh(token, "alice", ROTATE), "NotAuthorizedException")
        secret = harness.SECRETS[ROTATE]
        body = {"ClientId": ROTATE, "RefreshToken": token, "ClientSecret": secret}
        fresh = self.call("GetTokensFromRefreshToken", **body)
        self.granted(fresh)
        self.granted(self.call("GetTokensFromRefreshToken", **body))
        harness.POOL.advance(11)
        self.refused(self.call("GetTokensFromRefreshToken", **body), "RefreshTokenReuseException")
        body["RefreshToken"] = fresh.result["RefreshToken"]
        self.granted(self.call("GetTokensFromRefreshToken", **body))

    def test_get_tokens_wants_the_secret(self):
        token = self.sign_in("alice", "Correct-Horse-9").result["RefreshToken"]
        self.refused(self.call("GetTokensFromRefreshToken", ClientId=CLIENT, RefreshToken=token),
                     "NotAuthorizedException")
        self.granted(self.call("GetTokensFromRefreshToken", ClientId=CLIENT, RefreshToken=token,
                               ClientSecret=harness.SECRETS[CLIENT]))


class Lambdas(PoolTest):
    def lambdas(self, **triggers):
        harness.POOL.set_pool(lambdas=triggers)

    def test_pre_authentication_refuses_before_the_password(self):
        self.lambdas(PreAuthentication={"refuse": "Office hours only"})
        for name in ("alice", "nobody"):
            self.refused(self.sign_in(name, "wrong"), "UserLambdaValidationException",
                         "PreAuthentication failed with error Office hours only.")

    def test_post_authentication_refuses(self):
        self.lambdas(PostAuthentication={"refuse": "No"})
        self.refused(self.sign_in("alice", "wrong"), "NotAuthorizedException", WRONG)
        self.refused(self.sign_in("alice", "Correct-Horse-9"), "UserLambdaValidationException",
                     "PostAuthentication failed with error No.")

    def test_crash_and_nonsense(self):
        self.lambdas(PreAuthentication={"fault": "crash"})
        self.refused(self.sign_in("alice", "x"), "UnexpectedLambdaException")
        self.lambdas(PreAuthentication={"fault": "invalid"})
        self.refused(self.sign_in("alice", "x"), "InvalidLambdaResponseException")

    def test_pre_token_changes_claims_and_groups(self):
        self.lambdas(PreTokenGeneration={"claims": {"team": "blue", "sub": "forged"},
                                         "groups": ["injected"], "suppress": ["email"]})
        claims = read_part(self.sign_in("alice", "Correct-Horse-9").result["IdToken"])
        self.assertEqual((claims["team"], claims["cognito:groups"]), ("blue", ["injected"]))
        self.assertNotIn("email", claims)
        self.assertNotEqual(claims["sub"], "forged")
