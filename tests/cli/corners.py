# What nobody does on purpose: arguments without number, files that no parser
# likes, an sshd that hangs or never stops talking.
# SPDX-License-Identifier: MIT
import os
import re
import time

from setups import ACCOUNT, SetupCase, bad, harness, script


class TestCommandLine(SetupCase):
    def refuse(self, says, *words, status=2, **more):
        done = script(*words, **more)
        self.assertEqual(done.status, status, done.text)
        self.assertRegex(done.err, says)

    def test_many_settings(self):
        settings = [word for _ in range(64) for word in ("--set", "colour=blue")]
        self.refuse("too many settings", "check", *settings, "--set", "colour=blue")

    def test_many_attributes(self):
        attributes = [word for i in range(33) for word in ("--attribute", f"custom:a{i}=x")]
        self.refuse("too many attributes", "sign-up", *attributes, "alice")

    def test_no_such_user(self):
        for name in ("", "x" * 2000):
            self.refuse("cannot be a user name", "--config", self.config(), "login", name,
                        answers=["Correct-Horse-9"])
        self.assertEqual(self.tries(), 0)

    def test_nobody_at_all(self):
        """No user is named, and whoever runs it has no account."""
        accounts = harness.write(harness.fresh("passwd"), "root:x:0:0::/:/bin/sh\n", 0o644)
        self.refuse(r"no account for uid \d+: name the user", "--config", self.config(), "login",
                    env={"NSS_WRAPPER_PASSWD": accounts}, answers=["Correct-Horse-9"])
        self.assertEqual(self.tries(), 0)

    def test_nobody_says_who(self):
        """No user is named, and the name service is out of order."""
        self.refuse(r"could not be looked up.*\n +said: +Input/output error", "--config",
                    self.config(), "login", status=6, answers=["Correct-Horse-9"],
                    env={"LOOKUP_FAILS": f"{os.getuid()}:5"})
        self.assertEqual(self.tries(), 0)

    def test_broken_settings_of_the_module(self):
        self.refuse("timeout", "--config", self.config(timeout="never"), "login", "alice",
                    answers=["Correct-Horse-9"], status=3)
        self.assertEqual(self.tries(), 0)

    def test_secret_hash_without_a_client(self):
        self.refuse("client_id is not set", "--config", harness.write_config(""), "secret-hash",
                    "--stdin", "alice", status=3, answers=["hush"])

    def test_secret_hash_of_a_broken_configuration(self):
        self.refuse("configuration: colour", "--config", harness.write_config("colour = blue\n"),
                    "secret-hash", "--stdin", "alice", status=3, answers=["hush"])

    def test_explain_what_http_says(self):
        """Each way to say it ends at the same words; what is no answer of HTTP has none."""
        self.assertIn("web ACL", script("explain", "403").out)
        self.assertEqual(script("explain", "http 403").out, script("explain", "HTTP 403").out)
        self.assertEqual(script("explain", "301").out, script("explain", "HTTP 308").out)
        self.assertEqual(script("explain", "502").out, script("explain", "HTTP 503").out)
        self.assertEqual(script("explain", "404").out, script("explain", "HTTP 418").out)
        self.assertNotEqual(script("explain", "429").out, script("explain", "404").out)
        for text in ("200", "HTTP 999", "HTTP 40", "HTTP 4o3", "some_words are none"):
            self.assertNotEqual(script("explain", text).status, 0, text)


class TestStacks(SetupCase):
    """Files of PAM's as somebody may leave them."""

    def first(self, text, **others):
        folder = self.pam_dir(text, **others)
        done = self.check_up("--json", "--offline", pam_dir=folder)
        wrong = bad(done.findings)
        self.check_screen(self.check_up("--offline", pam_dir=folder, verbose=False), done)
        self.assertTrue(wrong, done.out)
        self.assertEqual(wrong[0]["area"], "PAM stack")
        self.assertEqual(done.status, 1)
        return wrong[0]["text"]

    def test_unreadable_lines(self):
        good = self.good_stack(self.config())
        for line, says in {
                "auth": "control or module is missing",
                "auth required": "control or module is missing",
                "auth [success=ok": "control or module is missing",
                "sometimes required pam_permit.so": "expected auth, account, session or password",
                "auth perhaps pam_permit.so": "expected a control",
                "auth [success] pam_permit.so": "expected a control",
                "auth [success=perhaps] pam_permit.so": "expected a control",
                "auth [success=0] pam_permit.so": "expected a control",
                "auth [success=9999] pam_permit.so": "expected a control",
                "auth [success=1x] pam_permit.so": "expected a control",
                "auth [fine=ok] pam_permit.so": "expected a control",
                "@include": "@include without a file",
                "@include nowhere": "nowhere",
                "auth include nowhere": "nowhere"}.items():
            self.assertIn(says, self.first(line + "\n" + good), line)

    def test_too_many_lines(self):
        self.assertIn("too many lines", self.first("auth required pam_permit.so\n" * 513))

    def test_a_circle(self):
        self.assertRegex(self.first("@include sshd\n"), "sshd")

    def test_brackets_and_many_arguments(self):
        """None of it confuses the reading of the lines behind it."""
        strange = ("auth optional pam_faildelay.so [delay\\]=1 2] " + "x " * 70 + "\n"
                   "auth [default=ignore default=die success=ok] pam_faildelay.so\n")
        done = self.check_up("--offline", stack=lambda case, config:
                             strange + case.good_stack(config))
        self.assertEqual(done.status, 0, done.text)

    def test_modules(self):
        folder = harness.fresh_folder("modules")
        config = self.config()
        for name, mode, says in [("none.so", None, "is not there"),
                                 ("open.so", 0o666, "must not be writable")]:
            path = os.path.join(folder, name[:-3], "pam_cognito.so")
            os.mkdir(os.path.dirname(path))
            if mode is not None:
                harness.write(path, "", mode)
            stack = self.good_stack(config).replace(harness.MODULE, path)
            self.assertIn(says, self.first(stack))

    def test_report_of_a_substack(self):
        path = harness.fresh("report")
        folder = self.pam_dir("auth substack more\n" + ACCOUNT,
                              more=self.good_stack(self.config()))
        self.check_up("--offline", "--report", path, pam_dir=folder)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertRegex(text, r"(?m)^auth substack:$")
        self.assertRegex(text, r"(?m)^  auth .*pam_cognito\.so")


class TestSshd(SetupCase):
    def ask(self, script_text):
        path = harness.write(harness.fresh("sshd"), "#!/bin/sh\n" + script_text, 0o755)
        done = self.check_up("--json", "--offline", sshd=path)
        if any("order" in found for found in done.objects) and "sleep" not in script_text:
            self.check_screen(self.check_up("--offline", sshd=path, verbose=False), done)
        return [f for f in done.findings if f["area"] == "sshd"]

    def test_units_of_time(self):
        for time_limit, level in {"2m": "ok", "1h": "ok", "0": "ok", "10": "fail"}.items():
            _, found, _ = self.findings(sshd={"logingracetime": time_limit},
                                        options=["--offline"])
            (one,) = [f for f in found if f["area"] == "sshd"]
            self.assertEqual(one["level"], level, one)

    def test_silence(self):
        (one,) = self.ask("exit 1\n")
        self.assertEqual(one["level"], "fail")

    def test_not_running(self):
        (one,) = self.ask("echo 'Missing privilege separation directory: /run/sshd' >&2\n"
                         "exit 255\n")
        self.assertEqual(one["level"], "warn")
        self.assertIn("sshd is not running", one["text"])

    def test_no_end(self):
        """A program that never stops talking is stopped."""
        started = time.monotonic()
        (one,) = self.ask("while :; do echo " + "usepam yes " * 300 + "; done\n")
        self.assertEqual(one["level"], "fail")
        self.assertLess(time.monotonic() - started, 20)

    def test_hanging(self):
        started = time.monotonic()
        (one,) = self.ask("exec sleep 600\n")
        self.assertEqual(one["level"], "fail")
        self.assertLess(time.monotonic() - started, 25)

    def test_for_root_alone(self):
        """Its keys are root's to read, and so may its settings be: that is said."""
        real = "/usr/sbin/sshd"
        for path in (*(harness.write(harness.fresh("sshd"), f"#!/bin/sh\necho '{says}'\nexit 1\n",
                                     0o755)
                       for says in ("sshd: no hostkeys available -- exiting.",
                                    "/etc/ssh/sshd_config: Permission denied")),
                     *([real] if os.access(real, os.X_OK) else [])):
            done = self.check_up("--offline", sshd=path)
            self.assertRegex(done.out, r"Not looked at: .*sshd -T")
            self.assertFalse(re.search(r"(?m)^\w+ +sshd:", done.out), done.out)


class TestTokens(SetupCase):
    def test_shown_as_objects(self):
        done = script("--config", self.config(), "login", "alice", "--json", "--show-tokens",
                      answers=["Correct-Horse-9"])
        self.assertEqual(done.status, 0, done.text)
        shown = [text for found in done.objects for text in found.values()
                 if isinstance(text, str) and text.count(".") == 2 and len(text) > 100]
        self.assertEqual(len(shown), 2, done.out)

    def test_preferred_factor_of_the_command_line(self):
        """What is set by hand wins over what a command would set."""
        done = script("--config", self.config(), "--set", "auth_flow=user_srp", "mfa", "status",
                      "grace", answers=["Grace-Hopper-6", lambda: self.pool.totp(
                          "grace", pool="eu-west-1_Local0001")])
        self.assertEqual(done.status, 0, done.text)


if __name__ == "__main__":
    harness.main()
