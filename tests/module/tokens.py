# ID tokens that must not let anybody in, and answers that only look like a
# success.
# SPDX-License-Identifier: MIT
import json
import os
import ssl
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import CLIENT, PoolCase  # noqa: E402

RIGHT = "Correct-Horse-9"
POOL = "eu-west-1_Local0001"
ISSUER = f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"
TOKEN = ("PAM_PERM_DENIED", "token_refused")
IDENTITY = ("PAM_PERM_DENIED", "identity_mismatch")
UNREADABLE = ("PAM_AUTHINFO_UNAVAIL", "unreadable_answer")

# label: (how the ID token is spoilt, code and reason); jwt-t.c and policy-t.c
# of tests/unit have them all.
SPOILT = {
    "no_signature_algorithm": ({"alg": "none"}, TOKEN),
    "hmac_with_the_public_key": ({"alg": "HS256"}, TOKEN),
    "key_unknown": ({"header": {"kid": "bm9ib2R5"}}, TOKEN),
    "strangers_key": ({"key": "stranger"}, TOKEN),
    "key_of_another_pool": ({"key": "eu-west-1_Alias0001"}, TOKEN),
    "issuer_of_another_pool": ({"claims": {"iss": ISSUER[:-1] + "2"}}, TOKEN),
    "audience_of_another_client": ({"claims": {"aud": "localpublic0000000000000001"}}, TOKEN),
    "use_access": ({"claims": {"token_use": "access"}}, TOKEN),
    "expired": ({"times": {"exp": -120}}, TOKEN),
    "not_yet_valid": ({"times": {"nbf": 3600}}, TOKEN),
    "payload_no_json": ({"payload": "not json"}, TOKEN, "not JSON"),
    "payload_deep": ({"claims": {"x": json.loads("[" * 60 + "]" * 60)}}, TOKEN,
                     "nested more than 16 deep"),
    "expiry_beyond_64_bits": ({"claims": {"exp": 10 ** 30}}, TOKEN,
                              "exp is no integer of 64 bits"),
    "access_token_in_its_place": ({"swap": True}, TOKEN),
    "another_user": ({"claims": {"cognito:username": "bob"}}, IDENTITY),
    "longer_name": ({"claims": {"cognito:username": "alice\u0000evil"}}, None),
    "name_missing": ({"drop": ["cognito:username"]}, IDENTITY),
}

TOKENS = {"AccessToken": "a.b.c", "IdToken": "a.b.c", "RefreshToken": "a.b.c.d.e",
          "ExpiresIn": 3600, "TokenType": "Bearer"}

# label: (what replaces or changes the answer, code and reason); None: any denial
ANSWERS = {
    "result_with_a_challenge": ({"merge": {"ChallengeName": "SMS_MFA", "Session": "s" * 30,
                                           "ChallengeParameters": {}}}, UNREADABLE),
    "result_with_an_unknown_challenge": ({"merge": {"ChallengeName": "NEW_KIND"}}, UNREADABLE),
    "id_token_null": ({"merge": {"AuthenticationResult": {"IdToken": None}}}, None),
    "id_token_number": ({"merge": {"AuthenticationResult": {"IdToken": 1}}}, None),
    "id_token_empty": ({"merge": {"AuthenticationResult": {"IdToken": ""}}}, None),
    "challenge_unknown": ({"body": {"ChallengeName": "NEW_KIND", "Session": "s" * 30,
                                    "ChallengeParameters": {}}},
                          ("PAM_AUTH_ERR", "challenge_unsupported")),
    "tokens_of_nobody": ({"body": {"AuthenticationResult": TOKENS}}, TOKEN),
    "status_204": ({"body": "", "status": 204}, None),
}


@harness.cases
class Token(PoolCase):
    spoilt_rows = SPOILT
    answer_rows = ANSWERS

    def expect(self, host, wanted):
        if wanted is None:
            self.assertNotIn(host.code, ("PAM_SUCCESS", "PAM_IGNORE"), host.events)
        else:
            self.assertEqual((host.code, host.reason), wanted, host.events)
        self.assertEqual(self.tries(), 1)
        self.assertTrue(host.delayed)
        self.assertNotIn("eyJ", str(host.events))

    def check_spoilt(self, how, wanted, why=""):
        self.pool.token(**{"for": "id", **how})
        host = self.sign_in(RIGHT)
        self.expect(host, wanted)
        self.assertIn(why, host.verdict[1])

    def test_names_and_numbers_of_any_kind_are_no_fault(self):
        self.pool.token(**{"for": "id", "claims": {
            "name": "Al\u00edce \u00c5ngstr\u00f6m \u65e5\u672c \U0001f511", "n": 10 ** 30,
            "least": -10 ** 40, "\u540d": 1e300, "\u540d\u524d": ["\u00e9"]}})
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS")

    def test_seeds_alice_has_such_a_name(self):
        person = self.pool.call("user", username="alice")
        self.assertEqual(person["attributes"]["name"],
                         "Al\u00edce \u00c5ngstr\u00f6m \u65e5\u672c")
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS")

    def test_words_of_a_trigger_in_any_letters(self):
        words = "PreAuthentication failed with error Z\u00fcrich: \u65e5\u672c nur."
        self.pool.fault("error", {"operation": "InitiateAuth"}, message=words,
                        code="UserLambdaValidationException")
        host = self.sign_in(RIGHT)
        self.check(host, "PAM_PERM_DENIED", "trigger_refused")
        self.assertIn("PreAuthentication failed with error Z", host.verdict[1])

    def test_answer_that_is_too_deep(self):
        self.pool.fault("nested", {"operation": "InitiateAuth"}, depth=60)
        host = self.sign_in(RIGHT)
        self.check(host, *UNREADABLE)
        self.assertIn("the answer is nested more than 16 deep", host.verdict[1])

    def check_answer(self, how, wanted):
        self.pool.script({"match": {"operation": "InitiateAuth"}, **how})
        self.expect(self.sign_in(RIGHT), wanted)

    def test_little_differences_of_clocks_are_fine(self):
        self.pool.token(**{"for": "id", "times": {"exp": -20}})
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS")
        self.pool.token(**{"for": "id", "times": {"nbf": 20}})
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS")

    def test_wrong_clock_is_named(self):
        self.pool.advance(-7200)
        host = self.sign_in(RIGHT)
        self.assertEqual((host.code, host.reason), TOKEN)
        warnings = [text for level, text in host.logs if level == 4]
        self.assertEqual(len(warnings), 1, host.logs)
        self.assertRegex(warnings[0], "clock of this machine is 7[12][0-9][0-9] s ahead of")

    def test_refused_token_is_revoked_all_the_same(self):
        self.pool.token(**{"for": "id", "claims": {"cognito:username": "bob"}})
        self.sign_in(RIGHT)
        self.assertEqual(len(self.requests("RevokeToken")), 1)

    def test_token_of_another_sign_in(self):
        """A good token of the right pool and client, for another user."""
        tokens = self.pool.mint(CLIENT, "bob")
        self.pool.script({"match": {"operation": "InitiateAuth"},
                          "merge": {"AuthenticationResult": {"IdToken": tokens["IdToken"]}}})
        host = self.sign_in(RIGHT)
        self.assertEqual((host.code, host.reason), IDENTITY)

    def test_token_for_another_client(self):
        tokens = self.pool.mint("localpublic0000000000000001", "alice")
        self.pool.script({"match": {"operation": "InitiateAuth"},
                          "merge": {"AuthenticationResult": {"IdToken": tokens["IdToken"]}}})
        host = self.sign_in(RIGHT)
        self.assertEqual((host.code, host.reason), TOKEN)


GROUPS = [f"{i:0128d}" for i in range(100)]
GROUP = ("PAM_PERM_DENIED", "group_refused")
IN = ("PAM_SUCCESS", "ok")
LINKED = [{"userId": "10769150350006150715113082367", "providerName": "Google",
           "providerType": "Google", "issuer": None, "primary": "false",
           "dateCreated": "1642699117273"}]
MEANS = {"acr": "urn:cognito:loa:2", "amr": ["pwd", "otp", "mfa"]}

# What good tokens look like where pools have groups, triggers of version 2, linked
# identities. label: (what the ID token has, settings, code and reason)
GENUINE = {
    "100_groups_of_128": ({"claims": {"cognito:groups": GROUPS}}, {}, IN),
    "the_last_of_100_is_required": ({"claims": {"cognito:groups": GROUPS}},
                                    {"require_group": GROUPS[99]}, IN),
    "the_last_of_100_is_denied": ({"claims": {"cognito:groups": GROUPS}},
                                  {"deny_group": GROUPS[99]}, GROUP),
    "none_of_100_is_required": ({"claims": {"cognito:groups": GROUPS}},
                                {"require_group": GROUPS[99][:-1]}, GROUP),
    "roles_of_100_groups": ({"claims": {
        "cognito:groups": GROUPS, "cognito:preferred_role": "arn:aws:iam::1:role/x",
        "cognito:roles": [f"arn:aws:iam::123456789012:role/{'r' * 60}{i}" for i in range(100)]}},
        {}, IN),
    "version_2": ({"claims": {"custom_object": {"a": [1, 2.5, {"b": None}]}, "great": 1e308,
                              "less": -7, "true": True, "null": None, "lists": [[], {}],
                              "text": "\u00e9\U0001f600"}}, {}, IN),
    "10_deep": ({"claims": {"deep": json.loads("[" * 10 + "1" + "]" * 10)}}, {}, IN),
    "5000_claims": ({"claims": {f"claim_{i}": "v" for i in range(5000)}}, {}, IN),
    "no_claim_that_is_not_needed": ({"drop": ["auth_time", "jti", "origin_jti", "event_id", "email",
                                              "email_verified", "name", "iat"]}, {}, IN),
    "linked_identity": ({"claims": {"identities": LINKED}}, {}, IN),
    "means": ({"claims": MEANS}, {}, IN),
    "means_are_no_second_factor": ({"claims": MEANS}, {"require_mfa": "yes"},
                                   ("PAM_PERM_DENIED", "mfa_missing")),
    "no_groups_and_none_denied": ({"claims": {"cognito:groups": []}}, {"deny_group": "x"}, IN),
    "groups_left_out": ({"drop": ["cognito:groups"]}, {"deny_group": "x"}, IN),
    "groups_left_out_and_one_required": ({"drop": ["cognito:groups"]},
                                         {"require_group": "staff"}, GROUP),
    "groups_in_a_text": ({"claims": {"cognito:groups": "[staff]"}}, {"require_group": "staff"},
                         GROUP),
    "groups_null": ({"claims": {"cognito:groups": None}}, {"deny_group": "x"}, IN),
    "groups_null_and_one_required": ({"claims": {"cognito:groups": None}},
                                     {"require_group": "staff"}, GROUP),
    "group_that_is_a_number": ({"claims": {"cognito:groups": ["staff", 7]}},
                               {"require_group": "staff"}, GROUP),
    "audience_in_a_list": ({"claims": {"aud": [CLIENT]}}, {}, TOKEN),
    "expiry_with_a_fraction": ({"claims": {"exp": 4102444800.5}}, {}, TOKEN),
    "name_of_another_provider": ({"claims": {"cognito:username": "Google_1234"}}, {}, IDENTITY),
    **{f"claim_of_{size}_KiB": ({"claims": {"big": "x" * 1024 * size}}, {}, IN)
       for size in (8, 16, 32, 64, 128)},
    "claims_beyond_what_is_read": ({"claims": {"big": "x" * 1024 * 1024}}, {},
                                   ("PAM_AUTHINFO_UNAVAIL", "transport")),
}


@harness.cases
class Genuine(PoolCase):
    genuine_rows = GENUINE

    def check_genuine(self, how, settings, wanted):
        self.pool.token(**{"for": "id", **how})
        host = self.sign_in(RIGHT, settings=settings)
        self.check(host, *wanted, tries=1)

    def test_pool_that_writes_the_name_otherwise(self):
        """The service takes any case of a name where the pool says so, and answers in its own."""
        self.pool.token(**{"for": "id", "claims": {"cognito:username": "Alice"}})
        host = self.sign_in(RIGHT)
        self.check(host, *IDENTITY)
        self.assertIn("the token's cognito:username is Alice, not alice: "
                      "give that spelling in map_file", host.verdict[1])
        self.pool.token(**{"for": "id", "claims": {"cognito:username": "malice"}})
        self.assertNotIn("map_file", self.sign_in(RIGHT).verdict[1])

    def test_keys_that_change_at_the_prompt(self):
        """The token is signed with a key that was not there when the keys were fetched."""
        other = json.loads(Keys.jwks(self, "eu-west-1_Alias0001"))
        self.pool.clear()
        self.pool.script({"match": {"operation": "jwks"}, "count": 1, "body": other})
        config = harness.write_config(self.settings())
        confdir = harness.write_service([f"config={config}", f"helper={harness.HELPER}"])
        host = harness.Host(["authenticate"], confdir)
        host.until("prompt")
        harness.wait_until(lambda: len(self.requests("jwks")) == 1)
        host.say(RIGHT)
        self.check(host.finish(), *IN, tries=1)
        self.assertEqual(len(self.requests("jwks")), 2)


OWN = {
    "original": ("ORIGINAL", {}),
    "updated": ("UPDATED", {}),
    "of_a_replica": ("https://cognito-idp.us-west-2.amazonaws.com/" + POOL,
                     {"region": "us-west-2"}),
    "updated_seen_from_a_replica": ("UPDATED", {"region": "us-west-2"}),
    "of_ones_own": ("https://id.example.org/x", {"issuer": "https://id.example.org/x"}),
}
HOST = "https://issuer-cognito-idp.eu-west-1.amazonaws.com"
FORGED = {
    "other_pool": HOST + "/eu-west-1_Alias0001",
    "other_region": "https://cognito-idp.us-west-2.amazonaws.com/" + POOL,
    "suffix_of_china": f"https://issuer-cognito-idp.eu-west-1.amazonaws.com.cn/{POOL}",
    "user_in_the_host": f"https://issuer-cognito-idp.eu-west-1.amazonaws.com@example.org/{POOL}",
    "query": f"{HOST}/{POOL}?x=1",
    "blank": f"{HOST}/{POOL} ",
    "both": f"{ISSUER} {HOST}/{POOL}",
    "letters_to_be_cleaned": "https://\u202e\x1b[2J\n.example.org",
    "without_end": "https://" + "x" * 5000,
}


@harness.cases
class Issuer(PoolCase):
    own_rows = OWN
    forged_rows = {name: (issuer,) for name, issuer in FORGED.items()}

    def check_own(self, kind, settings):
        self.pool.call("pool", pool=POOL, set={"settings": {"issuer": kind}})
        self.check(self.sign_in(RIGHT, settings=settings), "PAM_SUCCESS", tries=1)

    def check_forged(self, issuer):
        self.pool.token(**{"for": "id", "claims": {"iss": issuer}})
        host = self.sign_in(RIGHT)
        self.check(host, *TOKEN)
        self.assertIn("ID token: iss is " + issuer[:8], host.verdict[1])
        expected = [text for level, text in host.logs
                    if level == harness.WARNING and "issuer refused" in text]
        self.assertEqual(len(expected), 1, host.logs)
        self.assertIn(f"expected {ISSUER} or {HOST}/{POOL} ", expected[0])
        for _, text in host.logs:
            self.assertNotRegex(text, "[\x00-\x1f\u202e]")
            self.assertLess(len(text), 900)

    def test_with_an_issuer_of_ones_own_the_others_are_strangers(self):
        for kind in ("ORIGINAL", "UPDATED"):
            self.pool.call("pool", pool=POOL, set={"settings": {"issuer": kind}})
            host = self.sign_in(RIGHT, settings={"issuer": "https://id.example.org/x"})
            self.check(host, *TOKEN)
            self.assertTrue(any("expected https://id.example.org/x (" in text
                                for _, text in host.logs), host.logs)

    def test_the_pool_says_which_it_is(self):
        for kind, issuer in (("ORIGINAL", ISSUER), ("UPDATED", f"{HOST}/{POOL}")):
            self.pool.call("pool", pool=POOL, set={"settings": {"issuer": kind}})
            with urllib.request.urlopen(
                    f"{self.pool.address}/{POOL}/.well-known/openid-configuration",
                    context=ssl.create_default_context(cafile=self.pool.ca_file)) as answer:
                self.assertEqual(json.load(answer)["issuer"], issuer)


class Keys(PoolCase):
    """Where the signing keys come from."""

    def jwks(self, pool=POOL):
        trust = ssl.create_default_context(cafile=self.pool.ca_file)
        url = f"{self.pool.address}/{pool}/.well-known/jwks.json"
        with urllib.request.urlopen(url, context=trust) as answer:
            return answer.read().decode()

    def test_pinned(self):
        path = harness.write(harness.fresh("jwks.json"), self.jwks(), 0o644)
        self.pool.clear()
        self.check(self.sign_in(RIGHT, settings={"jwks_file": path}), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.requests("jwks"), [])

    def test_anothers_keys_pinned(self):
        path = harness.write(harness.fresh("jwks.json"), self.jwks("eu-west-1_Alias0001"), 0o644)
        host = self.sign_in(RIGHT, settings={"jwks_file": path})
        self.assertEqual((host.code, host.reason), self.unavailable)

    unavailable = ("PAM_AUTHINFO_UNAVAIL", "keys_unavailable")

    def test_not_to_be_had(self):
        for fault in ("html_500", "not_json", "empty_object", "html_403", "close", "throttle_429"):
            self.pool.reset()
            self.pool.fault(fault, {"operation": "jwks"}, count=0)
            host = self.sign_in(RIGHT)
            self.assertEqual((host.code, host.reason), self.unavailable, fault)

    def test_of_a_pool_that_is_not_there(self):
        """The client ID alone signs in; only the keys miss the wrong pool."""
        for name in ("eu-west-1_Wrong0001", "eu-central-1_Local0001"):
            host = self.sign_in(RIGHT, settings={"user_pool_id": name})
            self.assertEqual((host.code, host.reason), self.unavailable)
            self.assertIn(f"HTTP 404 for the keys of {name}: user_pool_id, region or endpoint",
                          host.verdict[1])
        self.pool.fault("html_500", {"operation": "jwks"}, count=0)
        self.assertIn("HTTP 500 for the keys of " + POOL, self.sign_in(RIGHT).verdict[1])

    def test_fetched_again_when_the_first_time_failed(self):
        self.pool.fault("html_500", {"operation": "jwks"}, count=1)
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS", "ok", 1)

    def test_keys_of_an_attacker(self):
        """Signed by a stranger, who cannot make the pool serve his key."""
        self.pool.token(key="stranger", **{"for": "id"})
        host = self.sign_in(RIGHT)
        self.assertEqual((host.code, host.reason), TOKEN)

    def test_keys_that_are_no_rsa_keys(self):
        keys = json.loads(self.jwks())
        for key in keys["keys"]:
            key["kty"] = "oct"
        self.pool.script({"match": {"operation": "jwks"}, "count": 0, "body": keys})
        host = self.sign_in(RIGHT)
        self.assertNotIn(host.code, ("PAM_SUCCESS", "PAM_IGNORE"))

    def test_issuer_of_ones_own(self):
        settings = {"issuer": "https://issuer.example.com/pool"}
        self.pool.token(claims={"iss": settings["issuer"]}, **{"for": "id"})
        self.check(self.sign_in(RIGHT, settings=settings), "PAM_SUCCESS", "ok")
        host = self.sign_in(RIGHT, settings=settings)
        self.assertEqual((host.code, host.reason), TOKEN)


if __name__ == "__main__":
    harness.main()
