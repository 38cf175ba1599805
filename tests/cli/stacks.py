# What check says of PAM stacks, good ones and broken ones; the module answers
# in the stack as it would, nobody is logged in.
# SPDX-License-Identifier: MIT
import glob
import os
import re

from setups import (ACCOUNT, GOOD_CONTROL, LOCAL, SetupCase, bad, harness, script,
                    with_landlock)

A = "@arguments@"
C = "@module@ " + A
FAILLOCK = f"""auth requisite pam_faillock.so preauth
auth [success=3 user_unknown=ignore module_unknown=ignore default=1] {C}
auth [success=2 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_faillock.so authsucc
"""
COMMON = """auth [success=1 default=ignore] pam_unix.so
auth requisite pam_deny.so
auth required pam_permit.so
"""

# label: (stack, what the first problem says, what the second does if there is one)
BROKEN = {
    "no_line": (LOCAL + ACCOUNT, "no auth line of the PAM service sshd names pam_cognito.so"),
    "denial_swallowed": (f"auth [success=done default=ignore] {C}\n" + LOCAL + ACCOUNT,
                         r"a refusal by the pool \(PAM_AUTH_ERR\) is not final"),
    "sufficient": (f"auth sufficient {C}\n" + LOCAL + ACCOUNT, "is not final"),
    "optional": (f"auth optional {C}\n" + LOCAL + ACCOUNT, "is not final",
                 "without a local password too"),
    "gate_swallowed": (f"auth [success=done user_unknown=ignore perm_denied=ignore default=die] "
                       f"{C}\n" + LOCAL + ACCOUNT, r"\(PAM_PERM_DENIED\) is not final"),
    "open_door": (f"auth [success=2 default=ignore] {C}\nauth optional pam_unix.so\n"
                  "auth optional pam_faildelay.so\nauth required pam_permit.so\n" + ACCOUNT,
                  "gets in without any right password"),
    "open_door_unknown": (f"auth [success=1 user_unknown=1 default=die] {C}\n{LOCAL}"
                          "auth required pam_permit.so\n" + ACCOUNT,
                          "whom the module does not know gets in without any"),
    "jump_too_short": (f"auth [success=1 user_unknown=ignore default=die] {C}\n" + COMMON
                       + ACCOUNT, "whom the pool accepts does not get in"),
    "jump_too_far": (f"auth [success=9 user_unknown=ignore default=die] {C}\n" + COMMON
                     + ACCOUNT, "whom the pool accepts does not get in"),
    "both_passwords": (f"{LOCAL}auth [success=ok user_unknown=ignore default=die] {C}\n"
                       + ACCOUNT, "without a local password too"),
    "never_reached": (f"auth requisite pam_deny.so\nauth required {C}\n" + ACCOUNT,
                      "no sign-in ever gets as far"),
    "no_way_back": (f"auth required {C}\n" + ACCOUNT, "no local way back in"),
    "no_way_back_die": (f"auth [success=done default=die] {C}\n" + LOCAL + ACCOUNT,
                        "no local way back in"),
    "account_sufficient": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}account sufficient {C}\n" + ACCOUNT,
                           "\"account sufficient\" would end the phase"),
    "account_jump": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                     f"account [success=1 default=ignore] {C}\naccount required pam_nologin.so\n"
                     + ACCOUNT, "before pam_nologin.so may refuse; whoever signs in"),
    "account_jump_access": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}account required pam_nologin.so\n"
                            f"account [success=2 default=ignore] {C}\n"
                            "account required pam_access.so\naccount required pam_time.so\n"
                            + ACCOUNT, "before pam_access.so, pam_time.so may refuse; whoever"),
    "account_done": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                     f"account [success=done default=bad ignore=ignore] {C}\n" + ACCOUNT,
                     "before pam_unix.so may refuse; whoever signs in"),
    "account_default_done": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                             f"account [default=done] {C}\n" + ACCOUNT,
                             "before pam_unix.so may refuse; "),
    "account_default_jump": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                             f"account [default=1] {C}\naccount required pam_access.so\n"
                             + ACCOUNT, "before pam_access.so may refuse; everybody passes"),
    "account_debian": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                       f"account [success=2 default=ignore] {C}\n"
                       "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                       "account requisite pam_deny.so\naccount required pam_permit.so\n",
                       "before pam_unix.so may refuse; whoever signs in"),
    "account_behind": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}account required pam_nologin.so\n"
                       f"account sufficient {C}\naccount sufficient pam_unix.so\n"
                       "account required pam_deny.so\n",
                       "before pam_unix.so may refuse; whoever signs in"),
    "account_optional": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}account optional {C}\n" + ACCOUNT,
                         r"\(PAM_PERM_DENIED\) is not final in the account phase"),
    "account_swallowed": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}"
                          "account "
                          f"[success=ok acct_expired=ignore ignore=ignore default=bad] {C}\n"
                          + ACCOUNT, r"\(PAM_ACCT_EXPIRED\) is not final in the account"),
    "account_empty": (f"auth {GOOD_CONTROL} {C}\n{LOCAL}account required {C}\n",
                      "the account phase lets nobody in"),
    "faillock_order": (FAILLOCK.replace("auth requisite pam_faillock.so preauth\n", "")
                       .replace("auth required pam_faillock.so authsucc",
                                "auth requisite pam_faillock.so preauth") + ACCOUNT,
                       "preauth stands behind the module"),
    "faillock_not_counted": (FAILLOCK.replace("default=1]", "default=die]") + ACCOUNT,
                             "never counts a refusal by the pool"),
    "unknown_control": (f"auth [succes=done default=die] {C}\n" + LOCAL + ACCOUNT,
                        r"line 1: expected a control, such as required"),
    "include_itself": (f"auth {GOOD_CONTROL} {C}\n@include sshd\n", "too deep"),
    "missing_required": (f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
                         + "session required pam_nosuch.so x=y\n",
                         r"line 4 names pam_nosuch.so, which is not there: to PAM that is a ref"),
    "missing_silent": (f"-auth requisite pam_nosuch.so\nauth {GOOD_CONTROL} {C}\n" + LOCAL
                       + ACCOUNT, r"line 1 names pam_nosuch.so, which is not there"),
    "missing_path": (f"auth {GOOD_CONTROL} {C}\n" + LOCAL
                     + "account [default=die success=ok] /nonexistent/pam_unix.so\n",
                     r"line 3 names /nonexistent/pam_unix.so, which is not there"),
    "no_such_module": (f"auth {GOOD_CONTROL} /nonexistent/pam_cognito.so {A}\n" + LOCAL
                       + ACCOUNT, "/nonexistent/pam_cognito.so is not there"),
}

GOOD = {
    "shortest": f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
    "faillock": FAILLOCK + ACCOUNT,
    "comments": f"# auth sufficient {C}\n\nauth {GOOD_CONTROL} \\\n  {C} # so it is\n" + LOCAL
                + ACCOUNT,
    "jump": f"auth [success=2 user_unknown=ignore default=die] {C}\n" + COMMON + ACCOUNT,
    "nologin": f"auth requisite pam_nologin.so\nauth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
    "wheel_first": f"auth [success=1 default=ignore] pam_succeed_if.so quiet user ingroup x\n"
                   f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
    "rootok": f"auth sufficient pam_rootok.so\nauth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
    "capitals": f"AUTH {GOOD_CONTROL} {C}\nAuth Required pam_unix.so\n" + ACCOUNT,
    "silent": f"-auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
    "account_last": f"auth {GOOD_CONTROL} {C}\n" + LOCAL + "account required pam_nologin.so\n"
                    + ACCOUNT + f"account required {C}\n",
    "account_kerberos": f"auth {GOOD_CONTROL} {C}\n" + LOCAL
                        + f"account [default=bad success=ok user_unknown=ignore ignore=ignore] {C}"
                        "\naccount [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                        "account requisite pam_deny.so\naccount required pam_permit.so\n",
    "account_local_is_enough": f"auth {GOOD_CONTROL} {C}\n" + LOCAL + f"account required {C}\n"
                               + ACCOUNT + "account sufficient pam_localuser.so\n"
                               "account required pam_permit.so\n",
    "missing_and_silent": f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
                          + "-session optional pam_nosuch.so\n",
    "account_too": f"auth {GOOD_CONTROL} {C}\n" + LOCAL + f"account required {C}\n" + ACCOUNT,
}


class TestStacks(SetupCase):
    def arguments(self):
        config = harness.write_config(self.settings())
        return f"config={config} helper={harness.HELPER} except_users=admin"

    def stack_findings(self, text, service="sshd", env=None, settings=(), look=None, **others):
        arguments = self.arguments()

        def fill(content):
            return content.replace("@module@", harness.MODULE).replace(A, arguments)

        folder = self.pam_dir(fill(text), service=service, **{
            name: fill(content) for name, content in others.items()})
        root = self.machine(folder)
        # Also where no line has them: else what is installed here is read.
        words = ["--offline", "--service", service,
                 *[f"--set={word}" for word in [*arguments.split(), *settings]], "alice"]
        done = script("check", "--json", *words, env=env, root=root)
        if look:
            look(script("check", *words, env=env, root=root), done)
        self.last = done
        return done.status, bad(done.findings)

    def check_broken(self, label):
        text, says, *more = BROKEN[label]
        status, wrong = self.stack_findings(text, look=self.check_screen)
        self.assertEqual({(f["level"], f["area"]) for f in wrong},
                         {("fail", "PAM stack")}, wrong)
        self.assertRegex(wrong[0]["text"], says)
        self.assertEqual(len(wrong), 1 + len(more), wrong)
        if more:
            self.assertRegex(wrong[1]["text"], more[0])
        self.assertEqual(status, 1)

    def test_what_to_write_instead_cures(self):
        """Typed as it stands, the line is well, or wrong in another way; jumps stay jumps, and
        what keeps its caller's limits refuses where the module cannot be loaded."""
        cured = 0
        for label, (text, *_), service in [
                (label, row, service) for label, row in BROKEN.items()
                for service in ("sshd", "sudo", "su")]:
            _, wrong = self.stack_findings(text, service)
            first = min(wrong, key=lambda f: f.get("order", 99)) if wrong else {"do": [""]}
            found = re.search(r", line (\d+), replace  (.*)", first["do"][0])
            if not found:
                continue
            number, old = int(found[1]), found[2]
            new = re.fullmatch("by  (.*)", first["do"][1])[1]
            lines = text.splitlines(keepends=True)
            self.assertIn(old, lines[number - 1], label)
            if lines[number - 1].startswith("auth"):
                if old.startswith("[success=") and old[9].isdigit():
                    more = "and put behind it" in first["do"]
                    self.assertIn(f"[success={int(old[9]) + more} ", new, label)
                self.assertEqual("module_unknown=ignore" in new, service == "sshd", label)
            lines[number - 1] = lines[number - 1].replace(old, new)
            if first["do"][2:] == ["and put behind it", "auth required pam_unix.so"]:
                lines.insert(number, "auth required pam_unix.so\n")
            _, after = self.stack_findings("".join(lines), service)
            self.assertNotIn((first["id"], first["line"]),
                             {(f["id"], f.get("line")) for f in after}, label)
            cured += 1
        self.assertGreater(cured, 20)

    def test_no_line_in_sudo(self):
        """Nor is that proposed where there is no line yet."""
        for service in ("sudo", "sudo-i", "su", "su-l", "doas", "chfn", "chsh", "polkit-1"):
            _, wrong = self.stack_findings(LOCAL + ACCOUNT, service)
            self.assertIn("[success=done user_unknown=ignore default=die] pam_cognito.so",
                          wrong[0]["do"][1], service)

    def test_jump_over_the_new_line(self):
        """What is put behind the module is jumped over, too."""
        text = "auth required pam_permit.so\nauth required pam_env.so\n" + ACCOUNT
        for control in ("[success=1 default=ignore]",
                        "[success=1 user_unknown=ignore module_unknown=ignore default=die]"):
            _, wrong = self.stack_findings(f"auth {control} {C}\n" + text)
            self.assertEqual(wrong[0]["id"], "pam.open_door")
            self.assertEqual(wrong[0]["do"][1:], [
                "by  [success=2 user_unknown=ignore module_unknown=ignore default=die]",
                "and put behind it", "auth required pam_unix.so"])

    def test_open_behind_a_good_line(self):
        """Another control would change nothing."""
        text = f"auth {GOOD_CONTROL} {C}\nauth required pam_permit.so\n" + ACCOUNT
        _, wrong = self.stack_findings(text)
        self.assertEqual(wrong[0]["id"], "pam.open_door")
        self.assertRegex(wrong[0]["do"][0], r"put behind line 1, before what lets in without a ")
        self.assertEqual(wrong[0]["do"][1], "auth required pam_unix.so")
        text = text.replace("auth required pam_permit", "auth required pam_unix.so\n"
                            "auth required pam_permit")
        self.assertEqual(self.stack_findings(text)[1], [])

    def check_good(self, label):
        status, wrong = self.stack_findings(GOOD[label])
        self.assertEqual((status, wrong), (0, []))

    def check_fine(self, text, **others):
        self.assertEqual(self.stack_findings(text, **others), (0, []))

    def test_include(self):
        self.check_fine("@include common-auth\n@include common-account\n",
                        common_auth=f"auth {GOOD_CONTROL} {C}\n" + LOCAL, common_account=ACCOUNT)

    def test_include_of_a_phase(self):
        self.check_fine("auth include system-auth\naccount include system-auth\n",
                        system_auth=f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT)

    def test_substack(self):
        """done inside a substack ends the substack; what follows still counts."""
        sub = f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
        self.check_fine("auth substack password-auth\naccount include password-auth\n",
                        password_auth=sub)
        status, wrong = self.stack_findings(
            "auth substack password-auth\nauth required pam_deny.so\naccount include "
            "password-auth\n", password_auth=sub)
        self.assertEqual(status, 1)
        self.assertRegex(wrong[0]["text"], "whom the pool accepts does not get in")

    def test_substack_refusal(self):
        """die inside a substack is still a refusal outside."""
        status, wrong = self.stack_findings(
            f"auth substack pool\n{LOCAL}{ACCOUNT}", pool=f"auth required {C}\n")
        self.assertEqual(status, 1)
        self.assertRegex(wrong[0]["text"], "without a local password too")

    def test_account_substack(self):
        """done inside a substack spares the rest of the substack, nothing outside."""
        auth = f"auth {GOOD_CONTROL} {C}\n" + LOCAL
        inner = f"account sufficient {C}\naccount required pam_access.so\n"
        status, wrong = self.stack_findings(
            auth + "account substack pool\n" + ACCOUNT, pool=inner)
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertIn("before pam_access.so may refuse;", wrong[0]["text"])
        self.check_fine(auth + "account substack pool\n" + ACCOUNT,
                        pool=f"account [success=done default=bad ignore=ignore] {C}\n")

    def test_account_include(self):
        """done in an included file ends the whole phase."""
        status, wrong = self.stack_findings(
            f"auth {GOOD_CONTROL} {C}\n{LOCAL}account include pool\n" + ACCOUNT,
            pool=f"account [success=done default=bad ignore=ignore] {C}\n")
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertIn("before pam_unix.so may refuse;", wrong[0]["text"])

    def test_account_jump_over_a_substack(self):
        status, wrong = self.stack_findings(
            f"auth {GOOD_CONTROL} {C}\n{LOCAL}account [success=1 default=ignore] {C}\n"
            "account substack local\n" + ACCOUNT, local="account required pam_access.so\n")
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertIn("before pam_access.so may refuse;", wrong[0]["text"])

    def test_twice(self):
        status, wrong = self.stack_findings(f"auth {GOOD_CONTROL} {C}\nauth {GOOD_CONTROL} {C}\n"
                                          + LOCAL + ACCOUNT)
        self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]))
        self.assertIn("stands twice", wrong[0]["text"])

    def test_fallback_when_unreachable(self):
        status, wrong = self.stack_findings(
            f"auth [success=done user_unknown=ignore authinfo_unavail=ignore default=die] {C}\n"
            + LOCAL + ACCOUNT)
        self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]))
        self.assertIn("when the pool cannot be reached", wrong[0]["text"])

    def test_counter_never_set_back(self):
        status, wrong = self.stack_findings(
            FAILLOCK.replace("pam_faillock.so authsucc", "pam_permit.so") + ACCOUNT)
        self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]))
        self.check_fine(FAILLOCK.replace("pam_faillock.so authsucc", "pam_permit.so")
                        + "account required pam_faillock.so\n" + ACCOUNT)

    def test_missing_but_ignored(self):
        status, wrong = self.stack_findings(f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
                                            + "session optional pam_nosuch.so\n")
        self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]))
        self.assertIn("names pam_nosuch.so, which is not there: PAM says so", wrong[0]["text"])

    def faillock_broken(self, says, *stack, **others):
        status, wrong = self.stack_findings(*stack, **others)
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertRegex(wrong[0]["text"], says)

    def test_faillock_in_a_substack(self):
        """What pam_faillock sees of the pool's people when it stands in a substack."""
        good = f"auth {GOOD_CONTROL} {C}\n"
        inner = ("auth requisite pam_faillock.so preauth\nauth sufficient pam_unix.so\n"
                 "auth [default=die] pam_faillock.so authfail\nauth required pam_deny.so\n")
        # Behind us, as Fedora's sshd has it.
        self.faillock_broken("never counts a refusal by the pool",
                             good + "auth substack password-auth\n" + ACCOUNT,
                             password_auth=inner)
        # Around us, and die ends the substack.
        self.faillock_broken("never counts a refusal by the pool",
                             "auth substack password-auth\n" + ACCOUNT,
                             password_auth=inner.replace("auth sufficient", good
                                                         + "auth sufficient"))
        # Around us, counted.
        self.check_fine("auth substack password-auth\naccount required pam_faillock.so\n"
                        + ACCOUNT, password_auth=FAILLOCK)
        # Its lock ends the substack only.
        status, wrong = self.stack_findings(
            "auth substack lock\n" + FAILLOCK.split("\n", 1)[1] + ACCOUNT,
            lock=FAILLOCK.split("\n", 1)[0] + "\n")
        self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]), wrong)
        self.assertIn("the pool is still asked about a locked account", wrong[0]["text"])
        # Included.
        self.check_fine("auth include lock\n" + FAILLOCK.split("\n", 1)[1] + ACCOUNT,
                        lock=FAILLOCK.split("\n", 1)[0] + "\n")
        # Also without a substack.
        self.faillock_broken("never counts a refusal by the pool", good + inner + ACCOUNT)

    def test_database(self):
        """Where nobody logs in to the machine, no local password is wanted."""
        text = f"auth required {C}\naccount required {C}\n"
        for service in ("postgresql", "nginx", "openvpn", "dovecot"):
            self.assertEqual(self.stack_findings(text, service, settings=["otp=append"]),
                             (0, []))
        self.assertEqual(self.stack_findings(f"auth required {C} local_account=optional\n"
                                             "account required pam_permit.so\n", "erp"), (0, []))
        status, wrong = self.stack_findings(f"auth required pam_deny.so\nauth required {C}\n"
                                            f"account required {C}\n", "postgresql",
                                            settings=["otp=append"])
        self.assertEqual((status, len(wrong)), (1, 1), wrong)

    def database(self, *sections, line="account required pam_permit.so\n", **changes):
        """What is wrong with a database's set-up that has these at the file's end."""
        config = harness.write_config(self.settings(**changes))
        with open(config, "a", encoding="ascii") as file:
            file.write("".join(sections))
        folder = self.pam_dir(f"auth required {harness.MODULE} config={config} "
                              f"helper={harness.HELPER} local_account=optional\n" + line,
                              service="postgresql", sudo="")
        done = script("check", "--offline", "--json", "--service", "postgresql", "alice",
                      root=self.machine(folder))
        return [(f["level"], f["text"], f["fix"]) for f in bad(done.findings)]

    def test_break_glass_of_a_database(self):
        """Whom except_users names does not get in where no local password counts."""
        self.assertEqual(self.database("[postgresql]\notp = append\n"), [])
        wrong = self.database("[postgresql]\notp = append\n", line=LOCAL + ACCOUNT)
        self.assertIn("there is no break-glass", str(wrong))

    def test_fault_of_a_database(self):
        """It shuts nobody out of the machine, and is told once."""
        (level, text, fix), *rest = self.database("[postgresql]\notp = apend\n")
        self.assertEqual((level, rest), ("fail", []))
        self.assertIn('expected ask or append, found "apend"', text)
        self.assertRegex(fix, r"^in \S+ correct it; until then postgresql lets nobody in$")

    def test_section_of_nobody(self):
        """A misspelt one is named where the service has none."""
        for name in ("postgres", "PostgreSQL", "my(secret"):
            wrong = self.database("[sudo]\n[su]\n[nginx]\n", f"[{name}]\notp = append\n")
            found = [(text, fix) for level, text, fix in wrong if "no service is known" in text]
            self.assertEqual(len(found), 1, wrong)
            shown = "..." if "secret" in name else name
            self.assertRegex(found[0][0], rf"line \d+: no service is known here as \[{shown}\], "
                             "and postgresql has no section$")
            self.assertRegex(found[0][1], r"as a PAM service's file in /etc/pam.d.*: \[postgresql\]$")
        self.assertNotIn("is known", str(self.database("[postgres]\n", "[postgresql]\n")))
        self.assertNotIn("is known", str(self.database("[sudo]\n[su]\n")))

    def test_one_question(self):
        for service in ("dovecot", "cups", "radiusd", "freeradius", "vnc", "postgresql",
                        "openvpn", "vsftpd", "apache2", "httpd", "squid", "xrdp-sesman",
                        "i3lock"):
            text = f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
            status, wrong = self.stack_findings(text, service, settings=["require_mfa"])
            self.assertEqual((status, [f["area"] for f in wrong]), (1, ["host"]), wrong)
            self.assertIn("with require_mfa nobody gets in", wrong[0]["text"])
            self.assertIn("otp=append", wrong[0]["fix"])
            status, wrong = self.stack_findings(text, service)
            self.assertEqual((status, [f["level"] for f in wrong]), (0, ["warn"]), wrong)
            self.assertIn("otp=append", wrong[0]["fix"])
            self.assertEqual(self.stack_findings(text, service, settings=[
                "otp=append", "require_mfa"]), (0, []))

    def test_root_is_not_demanded(self):
        """As the host's own user there is no more to see."""
        text = f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
        accounts = harness.write(harness.fresh("passwd"), "alice:x:2001:2001::/:/bin/sh\n"
                                 f"postgres:x:{os.getuid()}:{os.getgid()}::/:/bin/sh\n", 0o644)
        for service, env in (("i3lock", None),
                             ("postgresql", {"NSS_WRAPPER_PASSWD": accounts})):
            self.stack_findings(text, service, env)
            self.assertNotIn("not started as root", self.last.out)
        self.stack_findings(text, "postgresql")
        self.assertIn("not started as root", self.last.out)

    def test_nobody_knows_as_whom(self):
        """A user who may be there is not passed over for the next one."""
        text = f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT
        status, wrong = self.stack_findings(text, "nginx", {"LOOKUP_FAILS": "www-data:5"},
                                            settings=["otp=append"])
        self.assertEqual(status, 1)
        self.assertIn(("fail", "host", "the account www-data, as whom nginx may run, could not "
                       "be looked up: Input/output error"),
                      [(f["level"], f["area"], f["text"]) for f in wrong])
        status, wrong = self.stack_findings(text, "nginx", settings=["otp=append"])
        self.assertEqual((status, wrong), (0, []))

    def test_no_such_service(self):
        done = script("check", "--verbose", "--offline", "--service", "gopherd",
                      root=self.machine(harness.fresh_folder("pam.d")))
        self.assertEqual(done.status, 1)
        self.assertRegex(done.out, r"^problem  PAM stack: etc/pam\.d/gopherd: No such file")
        # Installed, it looks at the machine that it is on.
        done = script("check", "--verbose", "--offline", "--service", "gopherd")
        self.assertRegex(done.out, r"^problem  PAM stack: (/etc/pam\.d/gopherd: No such file|"
                         r'the PAM service gopherd has no file in /etc/pam\.d and takes "other")')

    def test_other(self):
        """What stands for a file, and for a phase, that is not there."""
        good = self.good_stack(self.config())
        folder = self.pam_dir(good, service="other")
        for name in ("vlock", "VLock"):
            done = script("check", "--verbose", "--offline", "--service", name, "alice",
                          root=self.machine(folder))
            self.assertEqual(done.status, 0, done.out)
            self.assertRegex(done.out, r"(?m)^ok       PAM stack: vlock has no file in /etc/pam.d "
                             r'and takes "other": \S+/other line 1: refusals are final')
        done = script("check", "--verbose", "--offline", "--service", "gopherd", root=self.machine(
            self.pam_dir("auth required pam_deny.so\n", service="other")))
        self.assertRegex(done.out, r"^problem  PAM stack: the PAM service gopherd has no file in "
                         r'/etc/pam.d and takes "other", of which no auth line names')
        # Its own auth, and the account phase of the other.
        status, wrong = self.stack_findings(f"auth {GOOD_CONTROL} {C}\n" + LOCAL,
                                            other="auth required pam_permit.so\n"
                                            "account required pam_deny.so\n")
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertIn("the account phase lets nobody in", wrong[0]["text"])
        self.check_fine(f"auth {GOOD_CONTROL} {C}\n" + LOCAL, other="auth sufficient "
                        "pam_permit.so\n" + ACCOUNT)
        status, wrong = self.stack_findings(f"auth {GOOD_CONTROL} {C}\n" + LOCAL + ACCOUNT,
                                            other="session required\n")
        self.assertEqual((status, len(wrong)), (1, 1), wrong)
        self.assertIn("other line 1: ", wrong[0]["text"])

    def test_what_a_distribution_ships(self):
        """A service or an include that /etc has no file of is the one in /usr/lib."""
        stack = self.good_stack(self.config()).replace(ACCOUNT, "@include rest\n")
        root = self.machine(self.pam_dir("account required pam_deny.so\n", service="rest"))
        os.makedirs(os.path.join(root, "usr", "lib"))
        os.symlink(self.pam_dir(stack, rest=ACCOUNT), os.path.join(root, "usr", "lib", "pam.d"))
        self.assertIn("the account phase lets nobody in",
                      script("check", "--verbose", "--offline", "alice", root=root).out)
        os.unlink(os.path.join(root, "etc", "pam.d", "rest"))
        done = script("check", "--verbose", "--offline", "alice", root=root)
        self.assertEqual(done.status, 0, done.out)

    def secrets(self, mode, text, **others):
        settings = self.settings()
        secret = settings.pop("client_secret")
        config = harness.write_config(settings)
        line = (f"auth {GOOD_CONTROL} {harness.MODULE} config={config} helper={harness.HELPER} "
                f"client_secret={secret}\n{LOCAL}{ACCOUNT}")
        folder = self.pam_dir(text.replace(C, line), mode=mode, **{
            name: content.replace(C, line) for name, content in others.items()})
        done = script("check", "--verbose", "--offline", root=self.machine(folder))
        self.assertNotIn(secret, done.text)
        return done

    def test_readable_secret(self):
        done = self.secrets(0o644, C)
        self.assertRegex(done.out, r"^problem  PAM stack: \S+ line 1: the client secret is "
                                   r"readable to others \(mode 0644\)")

    def test_private_secret(self):
        done = self.secrets(0o600, C)
        self.assertEqual(done.status, 0, done.out)

    def test_secret_in_an_included_file(self):
        done = self.secrets(0o600, "@include common-auth\n", common_auth=C)
        self.assertRegex(done.out, r"^problem  PAM stack: .*stands in a file that services "
                                   "include")


for label in BROKEN:
    setattr(TestStacks, f"test_broken_{label}",
            lambda self, label=label: self.check_broken(label))
for label in GOOD:
    setattr(TestStacks, f"test_good_{label}", lambda self, label=label: self.check_good(label))


class TestExamples(SetupCase):
    """The files that are shipped are what check calls good."""


def example_test(path):
    def test(self):
        name = os.path.basename(path)
        config = harness.write_config(self.settings())
        with open(path, encoding="utf-8") as file:
            text = file.read().replace(
                "pam_cognito.so only_group=cognito except_users=localadmin",
                f"{harness.MODULE} only_group=staff except_users=admin config={config} "
                f"helper={harness.HELPER}")
        service = "other-service" if name == "common-auth" else name
        common = {"common_account": ACCOUNT, "common_session": "", "common_password": "",
                  "common_session_noninteractive": ""}
        if name == "common-auth":
            common["common_auth"], text = text, "@include common-auth\n@include common-account\n"
        folder = self.pam_dir(text, service=service, **common)
        done = script("check", "--verbose", "--offline", "--service", service, "alice",
                      root=self.machine(folder))
        self.assertEqual(done.status, 0, done.out)
        self.assertNotRegex(with_landlock(done.out), r"(?m)^(problem|warning)")
    return test


def has_our_line(path):
    with open(path, encoding="utf-8") as file:
        return any(line.startswith("auth") and "pam_cognito.so" in line for line in file)


for example in sorted(glob.glob(os.path.join(harness.FOLDER, "pam.d-examples", "*"))):
    if has_our_line(example):
        setattr(TestExamples, "test_" + os.path.basename(example).replace("-", "_"),
                example_test(example))


if __name__ == "__main__":
    harness.main()
