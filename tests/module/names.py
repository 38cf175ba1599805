# map_file: which pool name a local user is, in both directions, and what a
# mistake in the file or its mode means for whom.
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import ERR, PoolCase  # noqa: E402

ALICE = "Correct-Horse-9"
BOB = "Battery-Staple-7"
NEW = "Fresh-Meadow-42"


class MapCase(PoolCase):
    def enter(self, text, password, user, operations=("authenticate",), answers=None, mode=0o644,
              extra=(), **settings):
        self.path = harness.write(harness.fresh("map"), text, mode)
        return self.sign_in(password, user=user, operations=operations, answers=answers,
                            settings={"map_file": self.path, **settings}, extra=extra)

    def sent(self):
        return [r["username"] for r in self.pool.requests("InitiateAuth")]


class Names(MapCase):
    def test_the_mapped_name_goes_to_the_pool(self):
        host = self.enter("stranger = alice\n", ALICE, "stranger")
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.sent(), ["alice"])
        self.assertIs(self.requests()[0]["secret_hash_ok"], True)
        self.assertRegex(host.verdict[1], "^stranger: accepted: ok")

    def test_the_map_wins_over_the_format(self):
        host = self.enter("stranger = alice\n", ALICE, "stranger", username_format="x-%u")
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.sent(), ["alice"])

    def test_unlisted_users_are_as_ever(self):
        self.check(self.enter("stranger = alice\n", BOB, "bob"), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.sent(), ["bob"])

    def test_anothers_pool_name(self):
        host = self.enter("stranger = alice\n", ALICE, "alice")
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 0, [])
        self.assertRegex(host.verdict[1],
                         ": map_file gives the pool name alice to another local user$")
        self.assertEqual(host.prompts, [])

    def test_anothers_pool_name_in_a_change(self):
        host = self.enter("stranger = alice\n", ALICE, "alice", operations=("chauthtok",))
        self.assertRegex(host.logs[-1][1],
                         ": map_file gives the pool name alice to another local user$")
        self.assertEqual((host.prompts, self.requests()), ([], []))

    def test_anothers_pool_name_by_the_format(self):
        host = self.enter("stranger = xalice\n", ALICE, "alice", username_format="x%u")
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 0)

    def test_exchanged(self):
        text = "alice = bob\nbob = alice\n"
        self.check(self.enter(text, BOB, "alice"), "PAM_SUCCESS", "ok")
        self.check(self.enter(text, ALICE, "bob"), "PAM_SUCCESS", "ok")
        self.check(self.enter(text, ALICE, "alice"), "PAM_AUTH_ERR", "wrong_password")
        self.assertEqual(self.sent(), ["bob", "alice", "bob"])

    def test_the_token_must_name_the_mapped_name(self):
        self.pool.token(**{"for": "id"}, claims={"cognito:username": "stranger"})
        host = self.enter("stranger = alice\n", ALICE, "stranger")
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1)

    def test_an_alias_in_the_map_is_still_an_alias(self):
        # In that pool alice2 is an alias of mallory's own making.
        self.path = harness.write(harness.fresh("map"), "stranger = alice2\n", 0o644)
        host = self.sign_in("Mallory-Evil-6", user="stranger",
                            client="aliasclient0000000000000001",
                            settings={"map_file": self.path})
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1)

    def test_a_second_factor_under_the_mapped_name(self):
        host = self.enter("stranger = grace\n", None, "stranger",
                          answers=["Grace-Hopper-6", self.pool.totp("grace")])
        self.check(host, "PAM_SUCCESS", "ok", 1)

    def test_a_change_of_password(self):
        host = self.enter("stranger = alice\n", None, "stranger", operations=("chauthtok",),
                          answers=[ALICE, NEW, NEW])
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(self.pool.user("alice")["password"], NEW)

    def test_outside_ascii(self):
        self.pool.add_user(username="zo\u00eb", password="Umlaut-Name-3")
        host = self.enter("stranger = zo\u00eb\n", "Umlaut-Name-3", "stranger")
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.sent(), ["zo\u00eb"])


class Mistakes(MapCase):
    """What one may be, map-t.c and file-t.c of tests/unit have."""
    BAD = "# people\nstranger = alice\nerin\n"

    def fault(self, host):
        found = [text for level, text in host.logs if level == ERR
                 and "configuration: map_file: " in text]
        self.assertEqual(len(found), 1, host.logs)
        return found[0]

    def test_everybody_in_scope_is_refused(self):
        for user, password in (("stranger", ALICE), ("bob", BOB), ("erin", "x")):
            host = self.enter(self.BAD, password, user)
            self.check(host, "PAM_SERVICE_ERR", "configuration", 0, [])
            self.assertEqual(host.prompts, [])
            self.assertRegex(self.fault(host), "map_file.*line 3: expected LOCAL = POOL")
            self.assertIn(self.path, self.fault(host))

    def test_in_a_change_of_password_too(self):
        host = self.enter(self.BAD, ALICE, "alice", operations=("chauthtok",))
        self.assertEqual((host.code, host.prompts), ("PAM_SERVICE_ERR", []))

    def test_root_and_foreign_users_are_answered_as_ever(self):
        for user in ("root", "daemon", "ghost", "bob"):
            host = self.enter(self.BAD, "x", user, extra=["only_users=alice"],
                              operations=("authenticate", "acct_mgmt", "chauthtok"))
            self.assertEqual([code for _, code in host.returns],
                             ["PAM_USER_UNKNOWN", "PAM_PERM_DENIED", "PAM_PERM_DENIED"])
            self.assertEqual((host.prompts, host.logs, host.helpers), ([], [], []), user)

    def test_modes(self):
        for mode in (0o600, 0o640, 0o644):
            self.check(self.enter("stranger = alice\n", BOB, "bob", mode=mode), "PAM_SUCCESS")
        host = self.enter("stranger = alice\n", BOB, "bob", mode=0o666)
        self.check(host, "PAM_SERVICE_ERR", "configuration")
        self.assertIn("map_file", self.fault(host))
        self.assertIn("writable", self.fault(host))

    def test_a_link(self):
        path = harness.fresh("map")
        os.symlink(harness.write(path + "-real", "stranger = alice\n", 0o644), path)
        self.check(self.sign_in(BOB, "bob", settings={"map_file": path}), "PAM_SUCCESS")


if __name__ == "__main__":
    harness.main()
