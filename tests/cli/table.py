# How check ends: 22 lines of 80 columns with what to do at the end, one problem,
# a sentence a line, JSON with ids that never change.
# SPDX-License-Identifier: MIT
import os
import re
import shutil

from setups import ACCOUNT, LOCAL, SetupCase, harness

# Scripts rely on them: none goes away, none is renamed.
IDS = """
account.aged account.ages account.break_glass account.defaults_age account.in_scope
account.local_password account.lookup account.memory account.no_home account.no_user
account.nobody_odd account.nologin account.not_local account.not_needed account.not_pool_user
account.refused account.root_only account.shadow account.shell_missing account.shell_nologin
account.shell_unlisted accounts.never_synced accounts.old_sync accounts.records
accounts.refused accounts.root_only accounts.settings accounts.synced client.flow client.hidden
client.known client.no_name client.refused client.secret client.secret_fits
client.tells_strangers client.unknown client.user_names clock.off clock.right group.local
group.lookup group.missing group.not_local helper.cannot_read helper.hidden
helper.kept_from_pool helper.missing helper.no_user helper.not_roots helper.program
helper.reaches_pool helper.root_only helper.user helper.user_is_root helper.user_lookup
helper.version host.cannot_read host.lookup host.no_account host.one_question host.reads
host.root_only issuer.accepted issuer.no_document issuer.other keys.pinned keys.published
keys.unavailable network.broken network.connection network.dns network.offline network.proxy
network.reached network.setup network.timeout pam.accepted_kept_out pam.account_closed
pam.account_passed_by pam.account_refusal pam.faillock_not_reset pam.faillock_order
pam.faillock_substack pam.faillock_uncounted pam.final pam.module_missing pam.module_not_roots
pam.no_line pam.no_module pam.no_service pam.no_way_back pam.not_reached pam.open_door
pam.outage_local pam.refusal_final pam.secret_included pam.secret_readable pam.twice
pam.unreadable pool.hidden pool.hidden_trust pool.named pool.unknown sandbox.no_landlock
sandbox.no_seccomp sandbox.on secret.fault secret.none secret.private selinux.enforcing
selinux.permissive settings.arguments settings.break_glass settings.fault settings.no_line
settings.pool_id settings.read settings.root_only settings.section settings.timeouts
socket.arguments socket.closed socket.left_out socket.lockers socket.needed socket.never
socket.no_connection socket.nobody socket.not_enabled socket.not_needed socket.not_roots
socket.not_trusted socket.own_helper socket.root_only socket.settings socket.trusted_lookup
socket.trusted_unknown socket.unknown socket.used sshd.asks sshd.fails sshd.grace_short
sshd.grace_too_short sshd.keyboard_interactive sshd.keys sshd.list sshd.list_address
sshd.list_members sshd.lists_lookup sshd.methods sshd.missing sshd.no_members sshd.not_running
sshd.penalties sshd.root_only sshd.root_password sshd.use_pam tls.expires tls.not_trusted
tls.trusted trust.expires trust.no_certificate trust.not_valid trust.system trust.valid end
""".split()
BAD_SSHD = {"kbdinteractiveauthentication": "no", "passwordauthentication": "no"}


def read(*parts):
    with open(os.path.join(harness.FOLDER, *parts), encoding="utf-8") as file:
        return file.read()


def swallowed(case, config):
    return case.module_line(config, "[success=done default=ignore]") + LOCAL + ACCOUNT


class TestIds(SetupCase):
    def test_they_stay(self):
        table = re.findall(r'FINDING\(\w+, "([a-z_.]+)"', read("src", "doctor", "finding.def"))
        self.assertEqual(sorted([*table, "end"]), sorted(IDS))

    def test_manual(self):
        text = read("man", "pam-cognito.1")
        for name in IDS:
            self.assertIn(f".Ql {name}", text)


class TestTable(SetupCase):
    def table(self, *options, **changes):
        return self.check_up("--offline", *options, verbose=False, **changes)

    def test_two_in_full(self):
        """Both, their cures in order, and each beside its number in the table."""
        done = self.table(stack=swallowed, sshd=BAD_SSHD)
        rows = done.out.splitlines()
        self.assertLessEqual(len(rows), 22, done.out)
        self.assertRegex(done.out, r"(?m)^  FAIL  PAM        etc/pam.d/sshd:1 lets a refused "
                         r"user in +\(1\)$")
        self.assertRegex(done.out, r"(?m)^  FAIL  sshd       cannot ask for codes +\(2\)$")
        end = done.out.split("\n\n2 problems. Solve them in this order:\n")[1]
        self.assertRegex(" ".join(end.split()),
                         r"^\(1\) .*is not final.* in etc/pam.d/sshd, line 1, replace "
                         r"\[success=done default=ignore\] by \[success=done user_unknown=ignore "
                         r"module_unknown=ignore default=die\] \(2\) .* in "
                         r"/etc/ssh/sshd_config write KbdInteractiveAuthentication yes systemctl "
                         r"reload sshd$")

    def test_names_and_paths_of_others(self):
        """What is told is clean to its last letter; so are the head and the end."""
        folder = harness.fresh_folder("\u202e\u202e\x1bc")
        path = os.path.join(folder, "pam_cognito.so")
        shutil.copy(harness.MODULE, path)
        os.chmod(path, 0o666)
        clean = folder.replace("\u202e", "?").replace("\x1b", "?") + "/pam_cognito.so"

        def stack(case, config):
            return case.good_stack(config).replace(harness.MODULE, path)
        for way in ([], ["--verbose"], ["--plain"]):
            done = self.table(*way, stack=stack, user="al\u202e\x1bice")
            self.assertRegex(done.out, re.escape("chown root:root " + clean) + "(;|\n)")
            self.assertNotRegex(done.out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", way)

    def test_as_the_machine_has_it(self):
        """The drop-in and the unit that are there are the ones that are named."""
        def add(root):
            os.makedirs(os.path.join(root, "etc", "ssh", "sshd_config.d"))
            os.makedirs(os.path.join(root, "lib", "systemd", "system"))
            harness.write(os.path.join(root, "lib", "systemd", "system", "ssh.service"), "")
        done = self.table(sshd=BAD_SSHD, add=add)
        self.assertIn("    in /etc/ssh/sshd_config.d/10-cognito.conf write\n"
                      "    KbdInteractiveAuthentication yes\n    systemctl reload ssh\n", done.out)

    def test_whatever_is_wrong(self):
        """Many at once: still a screen, with the first one in full."""
        groups = ",".join(f"none{number}" for number in range(30))
        done = self.table(arguments=["only_group=" + groups], sshd=BAD_SSHD)
        rows = done.out.splitlines()
        self.assertLessEqual(len(rows), 22, done.out)
        self.assertLessEqual(max(map(len, rows)), 80)
        self.assertRegex(done.out, r"(?m)^\(1\) ")
        self.assertRegex(rows[-1], "^With --problem 2: .* With --verbose: all.$")

    def test_one_problem(self):
        whole = self.table(stack=swallowed, sshd=BAD_SSHD).out
        done = self.table("--problem", "2", stack=swallowed, sshd=BAD_SSHD)
        self.assertEqual(done.status, 1)
        self.assertTrue(done.out.startswith("(2) KbdInteractiveAuthentication and"), done.out)
        self.assertTrue(whole.endswith(done.out), done.out)
        done = self.table("--problem", "9", stack=swallowed)
        self.assertEqual((done.status, done.out), (2, ""))
        self.assertIn("there is no problem or warning 9", done.err)
        self.assertEqual(self.table("--problem", "two").status, 2)

    def test_break_glass(self):
        """A note: there is nothing to solve, and no promise about the pool."""
        done = self.table(user="admin")
        self.assertEqual(done.status, 0)
        self.assertIn("\n  ok    sign-in    by the local password (except_users)\n", done.out)
        self.assertNotIn("can log in if the user pool", done.out)
        self.assertNotIn("Solve", done.out)

    def test_no_columns(self):
        done = self.table("--plain", stack=swallowed)
        self.assertRegex(done.out, r"(?m)^FAIL: PAM stack: .*is not final.* To do \(1\): in "
                         r"etc/pam.d/sshd, line 1, replace .*; then: by ")
        self.assertNotRegex(done.out, "(?m)^ |   ")
        self.assertTrue(done.out.endswith("1 problem.\n"), done.out)

    def test_objects(self):
        done = self.table("--json", stack=swallowed, sshd=BAD_SSHD)
        found = {f["id"]: f for f in done.objects}
        self.assertEqual({f["v"] for f in done.objects}, {1})
        self.assertLessEqual(set(found), set(IDS))
        bad = found["pam.refusal_final"]
        self.assertEqual((bad["group"], bad["level"], bad["order"], bad["file"], bad["line"]),
                         ("machine", "fail", 1, "etc/pam.d/sshd", 1))
        self.assertEqual(bad["do"][1], "by  [success=done user_unknown=ignore "
                         "module_unknown=ignore default=die]")
        self.assertEqual((found["sshd.keyboard_interactive"]["order"],
                          found["sshd.keyboard_interactive"]["do"][1]),
                         (2, "KbdInteractiveAuthentication yes"))
        end = done.last
        self.assertEqual((end["id"], end["fail"], end["user"], end["may_sign_in"]),
                         ("end", 2, "alice", False))
        self.assertIn("network.offline", end["skip"])
        self.assertIs(self.table("--json").last["may_sign_in"], True)


if __name__ == "__main__":
    harness.main()
