# Tokens and keys: claims, signatures (checked by the openssl command), JWKS,
# and the spoilt tokens that attack tests ask for.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import json
import os
import subprocess
import tempfile

import harness
import rsa_keys
from harness import CLIENT, LOCAL, PoolTest, read_part


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_named(keys, kid):
    return next(key for key in keys if key["kid"] == kid)


class FromJwk(rsa_keys.RsaKey):
    """A public key read from a JWKS document instead of a file."""

    def __init__(self, jwk):
        self.n = int.from_bytes(decode(jwk["n"]), "big")
        self.e = int.from_bytes(decode(jwk["e"]), "big")


def openssl_verifies(token, jwk):
    head, body, signature = token.split(".")
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": FromJwk(jwk).public_pem().encode(), "data": f"{head}.{body}".encode(),
                 "signature": decode(signature)}
        for name, content in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", "key", "-signature",
                               "signature", "data"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


class TokenTest(PoolTest):
    def keys(self, pool=LOCAL):
        self.connection.request("GET", f"/{pool}/.well-known/jwks.json")
        answer = self.connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Content-Type"), "application/json")
        return json.loads(answer.read())["keys"]

    def result(self):
        return self.sign_in("alice", "Correct-Horse-9").result

    def verifies(self, token):
        kid = read_part(token, 0)["kid"]
        return openssl_verifies(token, key_named(self.keys(), kid))


class Claims(TokenTest):
    def test_id_token(self):
        claims = read_part(self.result()["IdToken"])
        self.assertEqual(claims["iss"],
                         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Local0001")
        self.assertEqual(claims["aud"], CLIENT)
        self.assertEqual(claims["token_use"], "id")
        self.assertEqual(claims["cognito:username"], "alice")
        self.assertEqual(claims["cognito:groups"], ["staff"])
        self.assertIs(claims["email_verified"], True)
        self.assertEqual(claims["exp"] - claims["iat"], 3600)
        self.assertNotIn("client_id", claims)

    def test_access_token(self):
        claims = read_part(self.result()["AccessToken"])
        self.assertEqual(claims["client_id"], CLIENT)
        self.assertEqual(claims["token_use"], "access")
        self.assertEqual(claims["username"], "alice")
        self.assertEqual(claims["scope"], "aws.cognito.signin.user.admin")
        self.assertNotIn("aud", claims)
        self.assertNotIn("email", claims)

    def test_no_groups_no_claim(self):
        claims = read_part(self.sign_in("bob", "Battery-Staple-7").result["IdToken"])
        self.assertNotIn("cognito:groups", claims)

    def test_result(self):
        result = self.result()
        self.assertEqual((result["ExpiresIn"], result["TokenType"]), (3600, "Bearer"))
        self.assertRegex(result["RefreshToken"], r"^[A-Za-z0-9\-_=.]{1000,}$")


class Signatures(TokenTest):
    def test_two_keys_that_openssl_accepts(self):
        result = self.result()
        kids = [read_part(result[name], 0)["kid"] for name in ("IdToken", "AccessToken")]
        self.assertEqual(sorted(kids), sorted(key["kid"] for key in self.keys()))
        self.assertNotEqual(*kids)
        for name in ("IdToken", "AccessToken"):
            self.assertEqual(read_part(result[name], 0)["alg"], "RS256")
            self.assertTrue(self.verifies(result[name]))

    def test_pools_have_keys_of_their_own(self):
        kids = {key["kid"] for pool in (LOCAL, harness.EMAIL, harness.ALIAS, harness.STRICT)
                for key in self.keys(pool)}
        self.assertEqual(len(kids), 8)

    def test_unknown_pool(self):
        self.connection.request("GET", "/eu-west-1_Nothing/.well-known/jwks.json")
        answer = self.connection.getresponse()
        answer.read()
        self.assertEqual(answer.status, 404)


class Spoilt(TokenTest):
    def spoil(self, **how):
        harness.POOL.token(**how)
        return self.result()

    def test_claims_times_and_drops(self):
        result = self.spoil(**{"for": "id"}, claims={"iss": "https://evil.example"},
                            times={"exp": -10, "nbf": 600}, drop=["aud"])
        claims = read_part(result["IdToken"])
        self.assertEqual(claims["iss"], "https://evil.example")
        self.assertLess(claims["exp"], self.now())
        self.assertGreater(claims["nbf"], self.now() + 500)
        self.assertNotIn("aud", claims)
        self.assertTrue(self.verifies(result["IdToken"]))
        self.assertEqual(read_part(result["AccessToken"])["client_id"], CLIENT)

    def test_only_once(self):
        self.spoil(claims={"sub": "x"})
        self.assertNotEqual(read_part(self.result()["IdToken"])["sub"], "x")

    def test_alg_none(self):
        token = self.spoil(alg="none")["IdToken"]
        self.assertEqual(read_part(token, 0)["alg"], "none")
        self.assertTrue(token.endswith("."))

    def test_hs256_with_the_public_key(self):
        token = self.spoil(alg="HS256")["IdToken"]
        head, body, signature = token.split(".")
        jwk = key_named(self.keys(), read_part(token, 0)["kid"])
        made = hmac.new(FromJwk(jwk).public_pem().encode(), f"{head}.{body}".encode(),
                        hashlib.sha256).digest()
        self.assertEqual(decode(signature), made)

    def test_bad_signature(self):
        self.assertFalse(self.verifies(self.spoil(signature="bad")["IdToken"]))
        self.assertTrue(self.spoil(signature="empty")["IdToken"].endswith("."))
        self.assertEqual(self.spoil(signature="missing")["IdToken"].count("."), 1)

    def test_keys_of_others(self):
        for name in ("stranger", "other", harness.EMAIL):
            self.assertFalse(self.verifies(self.spoil(key=name)["IdToken"]), name)

    def test_kid(self):
        token = self.spoil(header={"kid": "unknown"})["IdToken"]
        self.assertEqual(read_part(token, 0)["kid"], "unknown")
        self.assertNotIn("kid", read_part(self.spoil(drop_header=["kid"])["IdToken"], 0))

    def test_swapped_and_raw(self):
        result = self.spoil(swap=True)
        self.assertEqual(result["IdToken"], result["AccessToken"])
        self.assertEqual(self.spoil(raw="not a token")["IdToken"], "not a token")
        self.assertEqual(self.spoil(payload="{bad")["IdToken"].split(".")[1], "e2JhZA")

    def test_matched_by_user(self):
        harness.POOL.token(match={"username": "bob"}, claims={"sub": "x"})
        self.assertNotEqual(read_part(self.result()["IdToken"])["sub"], "x")
        token = self.sign_in("bob", "Battery-Staple-7").result["IdToken"]
        self.assertEqual(read_part(token)["sub"], "x")

    def test_minted(self):
        made = harness.POOL.mint(CLIENT, "bob", claims={"cognito:username": "alice"})
        self.assertEqual(read_part(made["IdToken"])["cognito:username"], "alice")
        self.assertTrue(self.verifies(made["IdToken"]))
        self.assertEqual(self.call("GetUser", AccessToken=made["AccessToken"]).body["Username"],
                         "bob")
