# A secret that was put in the wrong place of the configuration is found neither
# in the log, at debug, nor in what check prints, nor in its report: each key
# with a secret as its value, behind a wrong sign, and before it.
# SPDX-License-Identifier: MIT
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from setups import SetupCase, harness  # noqa: E402  (found through the path just set)

SECRET = "7hq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
FORMS = ("{key} = {secret}", "{key} = /etc/{secret}", "{key}: {secret}", "{secret} = {key}")
SOURCE = os.path.join(os.environ["TEST_FOLDER"], "src", "common", "settings.def")


def keys():
    with open(SOURCE, encoding="utf-8") as source:
        return re.findall(r'^SETTING\(\w+, "(\w+)"', source.read(), re.MULTILINE)


@harness.cases
class Quoting(SetupCase):
    key_rows = {key: (key,) for key in keys()}

    def check_key(self, key):
        for form in FORMS:
            line = form.format(key=key, secret=SECRET)
            settings = {name: value for name, value in self.settings(harness.CLIENT).items()
                        if name != key}
            settings.setdefault("connect_timeout", "1")
            # What is right stands above a section of the service's.
            text = "".join(f"{name} = {value}\n" for name, value in settings.items())
            self.silent(harness.write_config(f"{text}[sshd]\n{line}\n"), line)

    def test_names(self):
        """A list is told beside another fault: who exists, and how many more there are."""
        for key in ("only_users", "only_group", "except_users"):
            for secret in (SECRET, "Pa55-Wort"):
                for form in ("{secret}", "staff,{secret}", "{secret},alice"):
                    for fault in ({}, {"colour": "blue"}):
                        self.silent(harness.write_config(
                            {**self.settings(harness.CLIENT), "connect_timeout": "1",
                             key: form.format(secret=secret), **fault}), key, secret)

    def test_client_id_and_secret_the_wrong_way_round(self):
        self.silent(harness.write_config({**self.settings(harness.CLIENT), "client_id": SECRET,
                                          "client_secret": "1example23456789"}), "swapped")

    def test_lines_of_the_stack(self):
        """A line that was broken in the middle: what follows is a line of its own."""
        config = harness.write_config(self.settings(harness.CLIENT))
        good = self.good_stack(config)
        for line in (SECRET, f"client_secret={SECRET}", f"auth {SECRET} pam_unix.so",
                     f"auth [success={SECRET}] pam_unix.so"):
            self.report_is_silent(line, stack=line + "\n" + good)

    def silent(self, config, line, secret=SECRET):
        host = harness.run(arguments=[f"config={config}", f"helper={harness.HELPER}", "debug"],
                           answers=["Correct-Horse-9"] * 3, service="sshd")
        # The prompt is its owner's to choose.
        self.assertNotIn(secret, str(host.logs), line)
        self.report_is_silent(line, secret, config=config)

    def report_is_silent(self, line, secret=SECRET, **changes):
        path = harness.fresh("report")
        done = self.check_up("--report", path, **changes)
        self.assertNotIn(secret, done.text, line)
        with open(path, encoding="utf-8") as report:
            self.assertNotIn(secret, report.read(), line)


if __name__ == "__main__":
    harness.main()
