# pam-cognito setup, as far as it goes without root; the rest is tests/hosts/suites/setup.py.
# SPDX-License-Identifier: MIT
import os

from tool import ToolCase, environment, harness, script

IDS = ["--user-pool-id", "eu-west-1_Local0001", "--client-id", harness.CLIENT]


class TestSetup(ToolCase):
    def refuse(self, status, says, *words):
        done = script(*words)
        self.assertEqual((done.status, done.out), (status, ""), done.text)
        self.assertIn(says, done.err)

    def test_root_only(self):
        for more in ([], ["--yes"], ["--undo"], ["--undo", "--yes"]):
            ids = [] if "--undo" in more else IDS
            self.refuse(6, "pam-cognito: setup: only root can do that\n", "setup", *ids, *more)
        self.assertFalse(os.path.exists("/var/lib/pam_cognito"))

    def test_one_file_for_all(self):
        for option in (["--config", "/etc/other.conf"], ["--service", "sudo"]):
            self.refuse(2, "for all services: no --config, no --service", "setup", *IDS, *option)

    def test_undo_takes_no_settings(self):
        for option in (IDS[:2], IDS[2:], ["--set", "timeout=30"], ["--secret-stdin"],
                       ["--secret-file", "/x"], ["--no-secret"]):
            self.refuse(2, "setup --undo takes no settings", "setup", "--undo", *option)

    def test_no_secret_on_the_line(self):
        self.refuse(2, "everybody can read a command line", "setup", *IDS, "--set",
                    "client_secret=hush")

    def test_whose_options(self):
        for option in ("--yes", "--undo", "--secret-stdin", "--no-secret"):
            self.refuse(2, f"{option} belongs to setup, not to check", "check", option)
        self.refuse(2, "--offline belongs to check and setup, not to login", "login", "--offline")
        self.refuse(2, "--report belongs to check, not to setup", "setup", "--report", "x")
        self.refuse(2, "setup: too many arguments", "setup", "alice")

    def test_help(self):
        done = script("setup", "--help", env=environment())
        self.assertEqual(done.status, 0)
        self.assertIn("Usage: pam-cognito setup [OPTION]...\nPrepares this machine", done.out)


if __name__ == "__main__":
    harness.main()
