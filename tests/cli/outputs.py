# The outputs that docs/pam-cognito.md and README.md show, made by the real program and the
# real pool, and compared with it: what differs from run to run is made alike.
#   outputs.py            as a test
#   WRITE=FILE outputs.py writes them to FILE
# SPDX-License-Identifier: MIT
import os
import re

from setups import SetupCase, harness, script, with_landlock

DOCUMENT = os.path.join(harness.FOLDER, "docs", "pam-cognito.md")
README = os.path.join(harness.FOLDER, "README.md")
IN_README = ("explain",)
ALICE = "Correct-Horse-9"
HELPER = "  helper     installed; runs as _pam_cognito; reaches the user pool\n"


def alike(text):
    """Times, random words, folders and ports as the document writes them."""
    text = with_landlock(text)
    for pattern, instead in [
            (r"(?<= )etc/pam\.d/sshd:1 lets a refused user in ",
             "/etc/pam.d/sshd:1 lets a refused user in"),
            (r"(?<= )etc/pam\.d/sshd", "/etc/pam.d/sshd"),
            (r"\S+/\d+-pam_cognito\.conf", "/etc/security/pam_cognito.conf"),
            (r"\S+/\d+-secret", "/etc/security/pam_cognito.secret"),
            (re.escape(harness.HELPER), "/usr/libexec/pam_cognito_helper"),
            (re.escape(harness.FOLDER), ""),
            (r"https://localhost:\d+", "https://cognito-idp.eu-west-1.amazonaws.com"),
            (r"localhost port \d+", "cognito-idp.eu-west-1.amazonaws.com port 443"),
            (r"issued by CN=.*", "issued by CN=Local user pool test authority"),
            (r"check-[a-z2-7]{16}", "check-vt5mhwo2qjk7ryca"),
            (r", \d+ ms", ", 31 ms"),
            (r" +\d+ ms", lambda found: "%*d ms" % (len(found[0]) - 3, 31)
             if len(found[0]) > 6 else " 31 ms"),
            (r"-?\d s off", "0 s off"),
            (r"(?<=Request   )\S{36}", "51a2b778-31dd-4ff3-9490-f42b38586f6b"),
            (r"valid until 20[3-9]\d-\d\d-\d\d", "valid until 2038-01-17"),
            (r"Landlock \d+ on", "Landlock 7 on"),
            (r"owner \d+;", "owner 0;"),
]:
        text = re.sub(pattern, instead, text)
    # Only root sees all; the tests are no root. tests/cli/as_root.py sees these lines.
    text = re.sub(r"(?m)^  skip .*(root alone|, account$|, helper$|  host$).*\n", "", text)
    text = text.replace("  helper     installed\n", HELPER)
    return text.replace("No problems in what was looked at", "No problems")


class TestOutputs(SetupCase):
    def outputs(self):
        secret = harness.write(harness.fresh("secret"), self.settings()["client_secret"] + "\n")
        settings = {"client_secret": None, "client_secret_file": secret}
        good = {"settings": settings, "mode": 0o644, "verbose": False}
        yield "check", "pam-cognito check alice", self.check_up(**good)
        yield "check-broken", "pam-cognito check alice", self.check_up(
            **{**good, "client": "localsrponly000000000000001",
               "settings": {**settings, "client_secret_file": harness.write(
                   harness.fresh("secret"), harness.find_client(
                       self.pool.info, "localsrponly000000000000001")[1] + "\n")}},
            stack=lambda case, config: case.good_stack(config).replace(
                " module_unknown=ignore default=die", " default=ignore"),
            sshd={"kbdinteractiveauthentication": "no"})
        config = ["--config", self.config()]
        yield "login", "pam-cognito login grace", script(
            *config, "login", "grace", answers=["Grace-Hopper-6", lambda: self.pool.totp(
                "grace", pool="eu-west-1_Local0001")])
        yield "login-refused", "pam-cognito login carol", script(
            *config, "login", "carol", answers=["Not-Confirmed-1"])
        yield "secret-hash", "pam-cognito secret-hash --explain alice", script(
            "--config", harness.write_config({**self.settings(), **{
                "client_secret": None, "client_secret_file": secret}}), "secret-hash",
            "--explain", "alice")
        yield "explain", "pam-cognito explain 'alice: refused: locked_out service=sshd ...'", \
            script("explain", "alice: refused: locked_out service=sshd ...")
        yield "sign-up", "pam-cognito sign-up --email newbie@example.com newbie", script(
            *config, "sign-up", "--email", "newbie@example.com", "newbie",
            answers=["Fresh-Paint-12", "Fresh-Paint-12"])
        yield "sign-up-refused", "pam-cognito sign-up alice", script(
            *config, "sign-up", "alice", answers=["Fresh-Paint-12", "Fresh-Paint-12"])

    def test_document(self):
        wanted = {}
        for name, command, done in self.outputs():
            lines = alike(done.err + done.out).splitlines()
            wanted[name] = f"    $ {command}\n" + "".join(f"    {line}".rstrip() + "\n"
                                                          for line in lines)
        if os.environ.get("WRITE"):
            with open(os.environ["WRITE"], "w", encoding="utf-8") as file:
                file.write("\n".join(wanted.values()))
        with open(DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        with open(README, encoding="utf-8") as file:
            readme = file.read()
        for name, text in wanted.items():
            self.assertIn(text, document, name)
            if name in IN_README:
                self.assertIn(text, readme, name + " in README.md")


if __name__ == "__main__":
    harness.main()
