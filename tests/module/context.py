# What the pool is told about where a person comes from: threat_protection's
# address and client_metadata's map. Nothing of it unless it is configured.
# SPDX-License-Identifier: MIT
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import PoolCase  # noqa: E402

ALICE = "Correct-Horse-9"
PUBLIC = "localpublic0000000000000001"
NEW = "Fresh-Meadow-42"


class ContextCase(PoolCase):
    def bodies(self):
        return {r["operation"]: json.loads(r["body"]) for r in self.pool.requests()
                if r["operation"] != "jwks"}

    def enter(self, *options, client=harness.CLIENT, operations=("authenticate",), answers=None,
              password=ALICE, user="alice", **settings):
        host = self.sign_in(password, user=user, client=client, settings=settings,
                            options=options, operations=operations, answers=answers)
        self.assertEqual(host.returns[-1][1], "PAM_SUCCESS", host.events)
        return self.bodies()


class Address(ContextCase):
    def address(self, rhost, **more):
        bodies = self.enter(*(["--rhost", rhost] if rhost else []), **more)
        return bodies["InitiateAuth"].get("UserContextData")

    def test_literal_addresses(self):
        for rhost in ("192.0.2.9", "2001:db8::1", "::1", "::ffff:192.0.2.9"):
            self.assertEqual(self.address(rhost, threat_protection="yes"), {"IpAddress": rhost})

    def test_anything_else(self):
        for rhost in ("host.example.com", "192.0.2.9.example.com", "192.0.2", "0x7f.1",
                      "192.0.2.9:22", "fe80::1%eth0", "192.0.2.9 ", "[::1]", "", None):
            self.assertIsNone(self.address(rhost, threat_protection="yes"), rhost)

    def test_not_without_the_setting(self):
        self.assertIsNone(self.address("192.0.2.9"))
        self.assertIsNone(self.address("192.0.2.9", threat_protection="no"))

    def test_not_for_a_client_without_a_secret(self):
        self.assertIsNone(self.address("192.0.2.9", client=PUBLIC, threat_protection="yes"))

    def test_in_answers_to_challenges(self):
        bodies = self.enter("--rhost", "192.0.2.9", user="grace", threat_protection="yes",
                            answers=["Grace-Hopper-6", self.pool.totp("grace")])
        self.assertEqual(bodies["RespondToAuthChallenge"]["UserContextData"],
                         {"IpAddress": "192.0.2.9"})

    def test_not_where_the_service_takes_none(self):
        bodies = self.enter("--rhost", "192.0.2.9", operations=("chauthtok",),
                            answers=[ALICE, NEW, NEW], threat_protection="yes",
                            client_metadata="yes")
        for operation in ("ChangePassword", "RevokeToken"):
            self.assertNotIn("UserContextData", bodies[operation])
            self.assertNotIn("ClientMetadata", bodies[operation])


class Metadata(ContextCase):
    def test_all_four(self):
        bodies = self.enter("--rhost", "client.example.com", "--tty", "pts/7",
                            client_metadata="yes")
        self.assertEqual(bodies["InitiateAuth"]["ClientMetadata"],
                         {"service": "test", "host": socket.gethostname(), "tty": "pts/7",
                          "rhost": "client.example.com"})

    def test_what_is_unset_is_left_out(self):
        bodies = self.enter(client_metadata="yes")
        self.assertEqual(bodies["InitiateAuth"]["ClientMetadata"],
                         {"service": "test", "host": socket.gethostname()})

    def test_public_clients_too(self):
        self.assertIn("ClientMetadata",
                      self.enter(client=PUBLIC, client_metadata="yes")["InitiateAuth"])

    def test_not_without_the_setting(self):
        self.assertNotIn("ClientMetadata", self.enter("--rhost", "192.0.2.9")["InitiateAuth"])

    def test_in_answers_to_challenges(self):
        bodies = self.enter("--tty", "tty1", user="grace", client_metadata="yes",
                            answers=["Grace-Hopper-6", self.pool.totp("grace")])
        self.assertEqual(bodies["RespondToAuthChallenge"]["ClientMetadata"]["tty"], "tty1")

    def test_control_characters_do_not_get_out(self):
        bodies = self.enter("--rhost", "a\\x0ab\\x1b[0m", client_metadata="yes")
        self.assertEqual(bodies["InitiateAuth"]["ClientMetadata"]["rhost"], "a?b?[0m")

    def test_no_secrets(self):
        body = self.enter("--tty", "tty1", client_metadata="yes")["InitiateAuth"]["ClientMetadata"]
        self.assertEqual(sorted(body), ["host", "service", "tty"])
        self.assertNotIn(ALICE, str(body))


if __name__ == "__main__":
    harness.main()
