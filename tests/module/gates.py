# Who may sign in with a right password: groups, their claim, a second factor,
# and sections of the configuration file for single services.
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import HELPER, PoolCase, cases  # noqa: E402

OLD = "Correct-Horse-9"
NOT_HERE = "You may not log in to this machine. Ask your administrator."
NEEDS_MFA = "A second factor is required here, and your account has none."


@cases
class Groups(PoolCase):
    """alice is in staff."""
    IN, OUT = "PAM_SUCCESS", "PAM_PERM_DENIED"
    settings_rows = {
        "required": ({"require_group": "staff"}, ["staff"], IN),
        "required_not_in": ({"require_group": "staff"}, ["guests"], OUT),
        "denied": ({"deny_group": "guests"}, ["staff", "guests"], OUT),
        "name_root_is_no_root": ({"require_group": "staff"}, ["root", "wheel", "sudo"], OUT),
        "nul": ({"require_group": "sudo"}, ["sudo\0x"], OUT),
        "outside_ascii": ({"require_group": "\u00e9quipe"}, ["\u00e9quipe"], IN),
    }

    def check_settings(self, settings, groups, code):
        self.pool.user("alice", groups=groups)
        host = self.sign_in(OLD, settings=settings)
        if code == self.IN:
            self.check(host, code, "ok", 1, [])
        else:
            self.check(host, code, tries=1, shown=host.shown)
            self.assertIn(host.reason, ("group_refused", "token_refused"))
            self.assertTrue(host.delayed)

    claim_rows = {"text": ("staff", OUT), "list": (["staff"], IN)}

    def check_claim(self, value, code):
        self.pool.token(**{"for": "id"}, claims={"cognito:groups": value})
        host = self.sign_in(OLD, settings={"require_group": "staff"})
        self.check(host, code, tries=1)

    # A claim of another shape cannot show that nobody forbidden is in.
    deny_claim_rows = {"text": ("guests", OUT), "null": (None, IN), "list": (["staff"], OUT)}

    def check_deny_claim(self, value, code):
        self.pool.token(**{"for": "id"}, claims={"cognito:groups": value})
        host = self.sign_in(OLD, settings={"deny_group": "staff"})
        self.check(host, code, tries=1)

    def test_no_gate_does_not_mind_the_claim(self):
        self.pool.token(**{"for": "id"}, claims={"cognito:groups": "staff"})
        self.check(self.sign_in(OLD), "PAM_SUCCESS", "ok", 1)

    def test_words_and_log(self):
        host = self.sign_in(OLD, settings={"require_group": "admins"})
        self.assertEqual(host.shown, [NOT_HERE])
        self.assertRegex(host.verdict[1], "^alice: refused: group_refused service=test .*: "
                                          "in no group of require_group$")
        host = self.sign_in(OLD, settings={"deny_group": "staff"})
        self.assertEqual(host.shown, [NOT_HERE])
        self.assertRegex(host.verdict[1], ": in a group of deny_group$")

    def test_another_claim(self):
        self.pool.set_pool(lambdas={"PreTokenGeneration": {"claims": {"roles": ["operator"]}}})
        for settings, code in (({"groups_claim": "roles", "require_group": "operator"}, self.IN),
                               ({"groups_claim": "roles", "require_group": "staff"}, self.OUT),
                               ({"require_group": "operator"}, self.OUT),
                               ({"groups_claim": "nothing", "require_group": "staff"}, self.OUT)):
            self.assertEqual(self.sign_in(OLD, settings=settings).code, code, settings)

    def test_the_access_tokens_groups_do_not_count(self):
        self.pool.token(**{"for": "access"}, claims={"cognito:groups": ["admins"]})
        self.check(self.sign_in(OLD, settings={"require_group": "admins"}), "PAM_PERM_DENIED",
                   "group_refused")

    def test_a_wrong_password_is_told_first(self):
        self.check(self.sign_in("wrong", settings={"require_group": "admins"}), "PAM_AUTH_ERR",
                   "wrong_password", 1, [])


class Revoked(PoolCase):
    def revoked(self):
        """The refresh tokens that were issued and the ones that were revoked."""
        requests = self.pool.requests("RevokeToken")
        return len(requests), [r["status"] for r in requests]

    def test_after_a_refusal_that_came_with_tokens(self):
        for settings in ({"require_group": "admins"}, {"deny_group": "staff"},
                         {"require_mfa": "yes"}):
            self.pool.reset()
            self.check(self.sign_in(OLD, settings=settings), "PAM_PERM_DENIED")
            self.assertEqual(self.revoked(), (1, [200]), settings)

    def test_after_a_token_that_does_not_verify(self):
        for spoil in ({"signature": "bad"}, {"claims": {"cognito:username": "bob"}},
                      {"raw": "no.token.this"}):
            self.pool.reset()
            self.pool.token(**{"for": "id"}, **spoil)
            self.check(self.sign_in(OLD), "PAM_PERM_DENIED")
            self.assertEqual(self.revoked(), (1, [200]), spoil)

    def test_after_an_answer_that_is_refused_as_a_whole(self):
        self.pool.script({"match": {"operation": "InitiateAuth"},
                          "merge": {"ChallengeName": "SMS_MFA", "Session": "s" * 40}})
        host = self.sign_in(OLD)
        self.assertNotEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(self.revoked(), (1, [200]), host.logs)

    def test_after_success(self):
        self.check(self.sign_in(OLD), "PAM_SUCCESS")
        self.assertEqual(self.revoked(), (1, [200]))
        body = self.pool.requests("RevokeToken")[0]["body"]
        self.assertIn('"ClientSecret"', body)
        order = [r["operation"] for r in self.pool.requests() if r["operation"] != "jwks"]
        self.assertEqual(order, ["InitiateAuth", "RevokeToken"])

    def test_client_without_a_secret(self):
        self.check(self.sign_in(OLD, client="localpublic0000000000000001"), "PAM_SUCCESS")
        self.assertEqual(self.revoked(), (1, [200]))
        self.assertNotIn("ClientSecret", self.pool.requests("RevokeToken")[0]["body"])

    def test_nothing_to_revoke(self):
        self.check(self.sign_in("wrong"), "PAM_AUTH_ERR")
        self.assertEqual(self.revoked(), (0, []))

    def test_failures_are_harmless(self):
        self.check(self.sign_in(OLD, client="localnorevoke00000000000001"), "PAM_SUCCESS", "ok")
        self.assertEqual(self.revoked(), (1, [400]))
        for kind in ("reset", "html_500", "not_json", "empty_503", "throttle_429"):
            self.pool.reset()
            # Nobody waits any more: what is throttled is not sent again either.
            self.pool.fault(kind, {"operation": "RevokeToken"}, count=0, retry_after=1)
            host = self.sign_in(OLD)
            self.check(host, "PAM_SUCCESS", "ok", 1, [])
            self.assertEqual(len(self.pool.requests("RevokeToken")), 1, kind)

    def test_the_host_does_not_wait_for_it(self):
        self.pool.fault("hang", {"operation": "RevokeToken"}, seconds=30)
        config = harness.write_config(self.settings())
        folder = harness.write_service([f"config={config}", f"helper={HELPER}"])
        host = harness.Host(["authenticate"], folder)
        host.say(OLD)
        self.assertIn("PAM_SUCCESS", host.until("return"))
        left = harness.helpers()
        self.assertEqual(len(left), 1)  # still at it
        host.finish()                   # and gone in its five seconds
        self.assertEqual(len(host.helpers), 1)

    def test_nothing_of_a_token_in_environment_or_files(self):
        before = set(os.listdir(harness.TMP))
        host = self.sign_in(OLD, extra=["debug"])
        token = self.pool.requests("RevokeToken")[0]["body"]
        token = token[token.index('"Token":"') + 9:][:60]
        self.assertEqual(host.all("host"), ["unchanged"])
        for name in set(os.listdir(harness.TMP)) - before:
            path = os.path.join(harness.TMP, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    self.assertNotIn(token, file.read())
        self.assertNotIn(token, str(host.events))


class Sections(PoolCase):
    TEXT = "\n[sudo]\nrequire_group = admins\n\n[su]\nrequire_mfa = yes\n"

    def enter(self, service, user="alice", answers=(OLD,), text=TEXT, **settings):
        body = "".join(f"{key} = {value}\n"
                       for key, value in self.settings(**settings).items())
        config = harness.write_config(body + text)
        return harness.run(arguments=[f"config={config}", f"helper={HELPER}"], user=user,
                           service=service, answers=answers)

    def test_each_service_its_own(self):
        self.check(self.enter("sshd"), "PAM_SUCCESS", "ok")
        self.check(self.enter("sudo"), "PAM_PERM_DENIED", "group_refused")
        host = self.enter("su")
        self.check(host, "PAM_PERM_DENIED", "mfa_missing", shown=[NEEDS_MFA])

    def test_in_both(self):
        self.check(self.enter("sudo", "olivia", ["Olivia-Groups-4"]), "PAM_SUCCESS", "ok")
        answers = ["Grace-Hopper-6", self.pool.totp("grace")]
        self.check(self.enter("su", "grace", answers), "PAM_SUCCESS", "ok")

    def test_the_section_wins(self):
        text = "\n[sudo]\nrequire_group = admins\n"
        self.check(self.enter("sshd", text=text, require_group="staff"), "PAM_SUCCESS", "ok")
        self.check(self.enter("sudo", text=text, require_group="staff"), "PAM_PERM_DENIED",
                   "group_refused")
        text = "\n[sudo]\nrequire_group = staff\n"
        self.check(self.enter("sudo", text=text, require_group="admins"), "PAM_SUCCESS", "ok")

    def test_sections_of_the_modules_own_keys(self):
        text = "\n[sudo]\nprompt = Pool: \nonly_users = bob\n"
        self.assertEqual(self.enter("sshd", text=text).prompts, [("off", "Password: ")])
        host = self.enter("sudo", text=text)
        self.assertEqual((host.code, host.prompts), ("PAM_USER_UNKNOWN", []))

    def test_a_name_that_is_longer(self):
        self.check(self.enter("sudo-i"), "PAM_SUCCESS", "ok")
        self.check(self.enter("sud"), "PAM_SUCCESS", "ok")


if __name__ == "__main__":
    harness.main()
