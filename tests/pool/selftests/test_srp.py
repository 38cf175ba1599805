# The SRP arithmetic against the vectors, and USER_SRP_AUTH end to end.
# SPDX-License-Identifier: MIT
import base64
import json
import os
import unittest

import harness
import proofs
import secret_hash as hashes
import srp
from harness import PoolTest

WRONG = "Incorrect username or password."
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def load(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        return json.load(file)


class Vectors(unittest.TestCase):
    vectors = load("srp-vectors.json")

    def test_constants(self):
        constants = self.vectors["constants"]
        self.assertEqual(srp.N, int(constants["N_hex"], 16))
        self.assertEqual(f"{srp.K:x}", constants["k_hex"])

    def test_encoding_cases(self):
        cases = self.vectors["encoding_cases"]
        self.assertEqual(len(cases), 17)
        for case in cases:
            self.assertEqual(srp.number_bytes(int(case["int"])).hex(), case["bytes_hex"])

    def test_timestamps(self):
        self.assertEqual(len(self.vectors["timestamps"]), 10)
        for pair in self.vectors["timestamps"]:
            self.assertEqual(proofs.write_time(pair["epoch"]), pair["text"])
            self.assertTrue(proofs.check_time(pair["text"], pair["epoch"]))

    def test_server_side_of_every_vector(self):
        self.assertEqual(len(self.vectors["vectors"]), 19)
        for vector in self.vectors["vectors"]:
            with self.subTest(vector["name"]):
                self.check_server(vector)

    def check_server(self, vector):
        given, server, expect = vector["input"], vector["server"], vector["expect"]
        a_public, b = int(expect["SRP_A"], 16), int(server["b_hex"], 16)
        number = int(server["verifier_hex"], 16)
        prefix, name = given["hash_prefix"], given["user_id_for_srp"]
        salt = int(given["salt_hex"], 16)
        self.assertEqual(srp.verifier(salt, prefix, name, given["password"]), number)
        b_public = srp.public_server(b, number)
        self.assertEqual(b_public, int(given["srp_b_hex"], 16))
        shared = srp.shared_server(a_public, b_public, b, number)
        self.assertEqual(srp.number_bytes(shared).hex(), expect["S_bytes_hex"])
        key = srp.signing_key(srp.scrambler(a_public, b_public), shared)
        self.assertEqual(key.hex(), expect["hkdf_key16_hex"])
        block = base64.b64decode(given["secret_block_b64"])
        self.assertEqual(srp.signature(key, prefix, name, block, given["timestamp"]),
                         expect["PASSWORD_CLAIM_SIGNATURE"])

    def test_client_side_of_every_vector(self):
        for vector in self.vectors["vectors"]:
            given, expect = vector["input"], vector["expect"]
            client = srp.Client(int(given["a_hex"], 16))
            self.assertEqual(f"{client.public:x}", expect["SRP_A"])
            made = client.sign(given["hash_prefix"], given["user_id_for_srp"], given["password"],
                               int(given["salt_hex"], 16), int(given["srp_b_hex"], 16),
                               base64.b64decode(given["secret_block_b64"]), given["timestamp"])
            self.assertEqual(made, expect["PASSWORD_CLAIM_SIGNATURE"], vector["name"])

    def test_device_registration(self):
        device = self.vectors["device_registration"]
        number = srp.verifier(int(device["raw_salt_16_hex"], 16), device["device_group_key"],
                              device["device_key"], device["random_password"])
        self.assertEqual(srp.number_bytes(number).hex(), device["verifier_bytes_hex"])

    def test_secret_hashes(self):
        vectors = load("secret-hash-vectors.json")["vectors"]
        self.assertEqual(len(vectors), 19)
        for vector in vectors:
            if vector["client_secret"]:
                self.assertEqual(hashes.secret_hash(vector["client_secret"], vector["username"],
                                                    vector["client_id"]), vector["secret_hash"])


class SrpSignIn(PoolTest):
    def test_right_password(self):
        self.granted(self.srp_sign_in("alice", "Correct-Horse-9"))

    def test_password_outside_ascii(self):
        self.granted(self.srp_sign_in("zoe", "Pässwörd-日本-😀1"))

    def test_no_session_and_canonical_names(self):
        first = self.challenged(self.start_srp("sybil@example.com", "emailclient0000000000000001"),
                                "PASSWORD_VERIFIER")
        self.assertNotIn("Session", first.body)
        uuid = "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34"
        self.assertEqual(first.parameters["USER_ID_FOR_SRP"], uuid)
        self.assertEqual(first.parameters["USERNAME"], uuid)

    def test_email_pool(self):
        self.granted(self.srp_sign_in("sybil@example.com", "Sybil-Mail-21",
                                      "emailclient0000000000000001", harness.EMAIL))

    def test_wrong_password(self):
        self.refused(self.srp_sign_in("alice", "wrong"), "NotAuthorizedException", WRONG)

    def test_unknown_user_is_simulated(self):
        one, two = self.start_srp("nobody"), self.start_srp("nobody")
        self.challenged(one, "PASSWORD_VERIFIER")
        self.assertEqual(one.parameters["SALT"], two.parameters["SALT"])
        self.refused(self.srp_sign_in("nobody", "x"), "NotAuthorizedException", WRONG)

    def test_unknown_user_shown(self):
        self.refused(self.start_srp("nobody", "locallegacy0000000000000001"),
                     "UserNotFoundException")

    def answer(self, **change):
        shown = self.start_srp("alice").parameters
        proof = {**self.proof(shown, "Correct-Horse-9"), **change}
        return self.respond("PASSWORD_VERIFIER", None, USERNAME="alice", **proof)

    def test_spoilt_proofs(self):
        for change in ({"PASSWORD_CLAIM_SIGNATURE": "A" * 43 + "="},
                       {"PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"},
                       {"PASSWORD_CLAIM_SECRET_BLOCK": "***"}):
            self.refused(self.answer(**change), "NotAuthorizedException", WRONG)

    def test_missing_members(self):
        for name in ("PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"):
            self.refused(self.answer(**{name: ""}), "InvalidParameterException",
                         f"Missing required parameter {name}")

    def timed(self, text):
        shown = self.start_srp("alice").parameters
        return self.respond("PASSWORD_VERIFIER", None, USERNAME="alice",
                            **self.proof(shown, "Correct-Horse-9", text))

    def test_timestamp_of_another_shape(self):
        self.refused(self.timed("2026-08-05T09:07:03Z"), "InvalidParameterException",
                     "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")

    def test_padded_day_and_wrong_weekday(self):
        right = proofs.write_time(self.now())
        days = [d for d in proofs.DAYS if d != right[:3]]
        self.refused(self.timed(days[0] + right[3:]), "NotAuthorizedException", WRONG)
        words = right.split()
        words[2] = "0" + words[2] if len(words[2]) == 1 else words[2]
        words[3] = words[3][1:] if words[3].startswith("0") else "0" + words[3]
        self.assertNotEqual(self.timed(" ".join(words)).status, 200)

    def test_clock_five_minutes_off(self):
        self.refused(self.timed(proofs.write_time(self.now() - 320)), "NotAuthorizedException",
                     WRONG)
        self.granted(self.timed(proofs.write_time(self.now() - 280)))

    def test_block_serves_once(self):
        shown = self.start_srp("alice").parameters
        proof = self.proof(shown, "Correct-Horse-9")
        self.granted(self.respond("PASSWORD_VERIFIER", None, USERNAME="alice", **proof))
        self.refused(self.respond("PASSWORD_VERIFIER", None, USERNAME="alice", **proof),
                     "NotAuthorizedException",
                     "Invalid session for the user, session can only be used once.")

    def test_must_be_answered_within_seconds(self):
        harness.POOL.set_pool(settings={"srp_seconds": 5})
        shown = self.start_srp("alice").parameters
        harness.POOL.advance(6)
        self.refused(self.respond("PASSWORD_VERIFIER", None, USERNAME="alice",
                                  **self.proof(shown, "Correct-Horse-9")),
                     "NotAuthorizedException",
                     "Invalid session for the user, session is expired.")

    def test_block_of_another_user(self):
        shown = self.start_srp("alice").parameters
        reply = self.respond("PASSWORD_VERIFIER", None, over="alice", USERNAME="bob",
                             **self.proof(shown, "Correct-Horse-9"))
        self.refused(reply, "NotAuthorizedException", WRONG)

    def test_failures_lock(self):
        for _ in range(5):
            self.refused(self.srp_sign_in("alice", "wrong"), "NotAuthorizedException", WRONG)
        self.refused(self.sign_in("alice", "Correct-Horse-9"), "NotAuthorizedException",
                     "Password attempts exceeded")

    def test_states(self):
        self.refused(self.start_srp("carol"), "UserNotConfirmedException")
        self.challenged(self.srp_sign_in("erin", "Temporary-Pw-1"), "NEW_PASSWORD_REQUIRED")
        self.challenged(self.srp_sign_in("grace", "Grace-Hopper-6"), "SOFTWARE_TOKEN_MFA")
        self.refused(self.start_srp("frank"), "PasswordResetRequiredException")

    def test_a_multiple_of_n(self):
        for text in ("0", f"{srp.N:x}", "xyz"):
            self.refused(self.initiate("USER_SRP_AUTH", USERNAME="alice", SRP_A=text),
                         "InvalidParameterException")

    def test_pinned_values(self):
        harness.POOL.pin(srp_b="1234567890abcdef")
        harness.POOL.pin(username="alice", salt="0f")
        shown = self.start_srp("alice").parameters
        self.assertEqual(shown["SALT"], "f")
        number = srp.verifier(15, "Local0001", "alice", "Correct-Horse-9")
        self.assertEqual(int(shown["SRP_B"], 16), srp.public_server(0x1234567890abcdef, number))

    def test_mfa_after_srp_uses_its_session(self):
        first = self.srp_sign_in("grace", "Grace-Hopper-6")
        self.granted(self.respond("SOFTWARE_TOKEN_MFA", first.session, USERNAME="grace",
                                  SOFTWARE_TOKEN_MFA_CODE=harness.POOL.totp("grace")))
