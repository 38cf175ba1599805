# What check says of the accounts that pam-cognito accounts makes: when it last
# did, whom it refused, and that it cannot; and the subcommand's own command line.
# SPDX-License-Identifier: MIT
import json
import os
import re
import time

from setups import SetupCase, harness, script

GOOD = "pool_groups = staff\n"
FOLDER = "var/lib/pam_cognito"
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(SOURCE, "man", "pam_cognito_accounts.conf.5")
KEYS = GOOD + "ssh_key_attribute = custom:sshkey\n"
KEYS_FILE = "/var/lib/pam_cognito/keys/%u"


def state(age, refused=(), **changes):
    return json.dumps({"version": 1, "accounts": [], "last_sync": {
        "time": int(time.time()) - age, "result": "1 to exist, 0 done, 0 failed, 0 refused",
        "refused": [{"id": why, "name": name, "why": "x"} for name, why in refused]}, **changes})


@harness.cases
class TestAccounts(SetupCase):
    def said(self, settings=GOOD, text=None, mode=0o600, area="accounts", module=None,
             **more):
        """(level, text, fix) of what is said of accounts."""
        def add(root):
            etc = os.path.join(root, "etc", "security")
            os.makedirs(etc)
            if settings is not None:
                harness.write(os.path.join(etc, "pam_cognito_accounts.conf"), settings, 0o644)
            folder = os.path.join(root, FOLDER)
            os.makedirs(folder)
            os.chmod(folder, 0o755)
            if text is not None:
                harness.write(os.path.join(folder, "accounts.json"), text, mode)
        done = self.check_up("--json", "--offline", add=add, settings=module, **more)
        findings = done.findings
        if any("order" in found for found in done.objects):
            self.check_screen(self.check_up("--offline", add=add, settings=module, verbose=False,
                                            **more), done)
        return [(f["level"], f["text"], f["fix"]) for f in findings if f["area"] == area]

    def test_no_settings(self):
        self.assertEqual(self.said(settings=None), [])

    def test_no_sync_yet(self):
        self.assertEqual(self.said(), [("warn", "there are settings, and there was no sync yet",
                                        "pam-cognito accounts sync")])

    def test_in_time(self):
        self.assertEqual(self.said(text=state(700)), [
            ("ok", "synced 11 minutes ago: 1 to exist, 0 done, 0 failed, 0 refused", "")])

    def test_late(self):
        self.assertEqual(self.said(text=state(3600 * 30)), [
            ("warn", "the last sync was 30 hours ago: who left since is not locked",
             "systemctl enable --now pam_cognito-accounts.timer")])

    def test_refused(self):
        one = self.said(text=state(60, [("root", "name")]))
        self.assertEqual(one[1], ("warn", "1 refused by the last sync: root (name)",
                                  "pam-cognito accounts sync --dry-run says why"))
        many = self.said(text=state(60, [("a", "x"), ("b", "y"), ("c", "z"), ("d", "z")]))
        self.assertEqual(many[1][1], "4 refused by the last sync: a (x), b (y), c (z) ...")

    def test_faulty_settings(self):
        (level, text, _), = self.said(settings="pool_grups = staff\n")
        self.assertEqual(level, "fail")
        self.assertIn("pool_grups", text)

    def test_examples(self):
        """Those of the manual page: the tool takes each of them."""
        with open(PAGE, encoding="utf-8") as page:
            found = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", page.read(), re.M)
        self.assertEqual([text.count("=") for text in found], [1, 7])
        for text in found:
            self.assertEqual([level for level, _, _ in self.said(settings=text)], ["warn"])

    def test_damaged_state(self):
        (level, text, _), = self.said(text="{")
        self.assertEqual(level, "fail")
        self.assertIn("accounts.json", text)
        (level, _, _), = self.said(text=state(60), mode=0o666)
        self.assertEqual(level, "fail")

    def keys(self, files, settings=KEYS, **more):
        """What is said of sshd, whose AuthorizedKeysFile has these."""
        found = self.said(settings, area="sshd", sshd={"authorizedkeysfile": files}, **more)
        return [row for row in found if row[0] != "ok"]

    def test_keys_that_nobody_reads(self):
        for files, wanted in (
                (".ssh/authorized_keys .ssh/authorized_keys2",
                 ".ssh/authorized_keys .ssh/authorized_keys2 " + KEYS_FILE),
                ("none", KEYS_FILE), (None, ".ssh/authorized_keys " + KEYS_FILE),
                (f"x{KEYS_FILE} {KEYS_FILE}2 /var/lib/pam_cognito/keys",
                 f"x{KEYS_FILE} {KEYS_FILE}2 /var/lib/pam_cognito/keys " + KEYS_FILE)):
            self.assertEqual(self.keys(files), [
                ("warn", "sshd does not read the keys of ssh_key_attribute, in "
                 "/var/lib/pam_cognito/keys: they let nobody in", "in /etc/ssh/sshd_config write; "
                 f"AuthorizedKeysFile {wanted}; systemctl reload sshd")])

    def test_keys_that_are_read(self):
        for files in (KEYS_FILE, f"{KEYS_FILE} .ssh/authorized_keys", f".ssh/x {KEYS_FILE}"):
            self.assertEqual(self.keys(files), [])
        self.assertEqual(self.keys(".ssh/authorized_keys", GOOD), [])
        self.assertEqual(self.keys(".ssh/authorized_keys", None), [])

    def test_keys_of_members(self):
        """sshd is asked about one, also by primary group; without members about nobody."""
        harness.GROUPS["empty"] = []
        self.addCleanup(harness.GROUPS.pop, "empty")
        for group, says in (("staff", 1), ("primary", 1), ("empty", 0)):
            self.assertEqual(len(self.keys("none", user=None, module={"only_group": group})), says)

    # ---- The command line ----

    def refuse(self, status, says, *words):
        done = script("accounts", *words)
        self.assertEqual((done.status, done.out), (status, ""))
        self.assertIn(says, done.err)

    def test_words(self):
        says = "expected list, sync, adopt NAME or forget NAME"
        for words in ([], ["make"], ["adopt"], ["forget"], ["sync", "alice"], ["list", "alice"]):
            self.refuse(2, says, *words)
        self.refuse(2, "--format: expected passwd, userdb or json", "list", "--format", "xml")

    def test_root_only(self):
        if os.geteuid() != 0:
            self.refuse(1, "must be run as root", "sync")


if __name__ == "__main__":
    harness.main()
