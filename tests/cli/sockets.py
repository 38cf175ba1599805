# What check says of the helper on a socket: what is there, which host needs it,
# and what helps. A socket of root's is for tests/cli/as_root.py.
# SPDX-License-Identifier: MIT
import os
import re
import socket

from setups import ACCOUNT, GOOD_CONTROL, LOCAL, SetupCase, bad, harness

CURE = "systemctl enable --now pam_cognito.socket"
AS_ROOT = "" if os.geteuid() == 0 else "as root:; "
RUNS = {"run/systemd/system/x.conf": "x"}
UNITS = {**RUNS, "usr/lib/systemd/system/pam_cognito.socket": "[Socket]",
         "usr/lib/systemd/system/pam_cognito@.service": "[Service]"}
ENABLED = {**UNITS, "etc/systemd/system/sockets.target.wants/pam_cognito.socket": "[Socket]"}

# What helps where start=socket and nobody listens.
CURES = {
    "no_systemd": ({}, "systemd does not run here, .*/run/pam_cognito.sock and /etc/security/"),
    "no_units": (RUNS, "install pam_cognito.socket and pam_cognito@.service .*; " + CURE + "$"),
    "half_the_units": ({name: text for name, text in UNITS.items() if "@" not in name},
                       "install pam_cognito.socket and"),
    "off": (UNITS, CURE + "$"),
    "enabled": (ENABLED, "systemctl restart pam_cognito.socket; systemctl status pam_cognito.socket$"),
    "masked": ({**UNITS, "etc/systemd/system/pam_cognito.socket": ""},
               "systemctl unmask pam_cognito.socket; " + CURE + "$"),
    "helper_masked": ({**UNITS, "etc/systemd/system/pam_cognito@.service": ""},
                      "systemctl unmask pam_cognito@.service; " + CURE + "$"),
}

# What a unit says that starts a helper: the setting that is in the way, if one is.
SANDBOXES = {
    "nothing": ("", None),
    "no_capability": ("CapabilityBoundingSet=", "CapabilityBoundingSet="),
    "other_capabilities": ("CapabilityBoundingSet=CAP_CHOWN CAP_SETUID", "CapabilityBoundingSet="),
    "enough": ("CapabilityBoundingSet=CAP_SETGID CAP_SETUID", None),
    "enough_in_two_lines": ("CapabilityBoundingSet=CAP_SETGID\nCapabilityBoundingSet=CAP_SETUID",
                            None),
    "enough_joined": ("CapabilityBoundingSet=CAP_SETGID \\\n  CAP_SETUID", None),
    "taken_away": ("CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SETUID", "CapabilityBoundingSet="),
    "others_taken_away": ("CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_PTRACE", None),
    "emptied": ("CapabilityBoundingSet=CAP_SETGID CAP_SETUID\nCapabilityBoundingSet=",
                "CapabilityBoundingSet="),
    "users": ("PrivateUsers=yes", "PrivateUsers="),
    "no_users": ("PrivateUsers=no", None),
    "network": ("PrivateNetwork=true", "PrivateNetwork="),
    "no_network": ("PrivateNetwork=yes\nPrivateNetwork=no", None),
    "unix_only": ("RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies="),
    "six_only": ("RestrictAddressFamilies=AF_UNIX AF_INET6", "RestrictAddressFamilies="),
    "none": ("RestrictAddressFamilies=none", "RestrictAddressFamilies="),
    "refused": ("RestrictAddressFamilies=~AF_PACKET AF_INET", "RestrictAddressFamilies="),
    "others_refused": ("RestrictAddressFamilies=~AF_PACKET", None),
    "families": ("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", None),
    "taken_back": ("RestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=", None),
}
POLKIT = "usr/lib/systemd/system/polkit-agent-helper@.service"


def listening(kind=socket.SOCK_SEQPACKET, closed=False):
    """Somebody who is not root."""
    def add(root):
        os.makedirs(os.path.join(root, "run"), exist_ok=True)
        listener = socket.socket(socket.AF_UNIX, kind)
        listener.bind(os.path.join(root, "run", "pam_cognito.sock"))
        listener.listen(8)
        if closed:
            listener.close()
        else:
            LISTENERS.append(listener)
    return add


LISTENERS = []


class TestSocket(SetupCase):
    def said(self, service="sshd", **machine):
        """(level, text, to do) of the socket, and all else that is no ok."""
        arguments = machine.pop("arguments", ())
        config = harness.write_config(self.settings(otp="append"))
        folder = self.pam_dir(self.good_stack(config, *arguments), service=service)
        done = self.check_both("--offline", "--service", service,
                               root=self.machine(folder, **machine))
        found = done.findings
        ours = [(f["level"], f["text"], f["fix"]) for f in found if f["area"] == "socket"]
        return ours, [f for f in bad(found) if f["area"] != "socket"], done.status

    def check_said(self, level, text, fix="", **changes):
        ours, others, status = self.said(**changes)
        self.assertEqual((len(ours), others), (1, []), ours)
        self.assertEqual(ours[0][0], level, ours)
        self.assertRegex(ours[0][1], text)
        self.assertRegex(ours[0][2], "^" + fix)
        self.assertEqual(status, 1 if level == "fail" else 0)

    def test_not_needed(self):
        self.check_said("ok", "^off; sshd does not need it$", "$")
        self.check_said("ok", "^off, nobody listens; sshd does not need it$", "$",
                        add=listening(closed=True))
        self.check_said("ok", "^not reached from here; sshd does not need it$", "$",
                        add=listening(socket.SOCK_STREAM))

    def test_somebody_elses(self):
        says = f"^uid {os.geteuid()} listens at run/pam_cognito.sock, not root: hosts .* nobody in"
        fix = "find out who that is, and end it; ss -xlp; rm run/pam_cognito.sock; " + CURE
        self.check_said("warn", says, fix, add=listening(), units=UNITS)
        ours, others, status = self.said(arguments=["start=socket"], add=listening(), units=UNITS)
        self.assertEqual((ours[0][0], others, status), ("fail", [], 1))
        self.assertRegex(ours[0][1], says)

    def check_cure(self, label):
        units, fix = CURES[label]
        self.check_said("fail", "^start=socket, and nobody listens at run/pam_cognito.sock: "
                        "everybody is refused", AS_ROOT + fix, arguments=["start=socket"],
                        units=units)

    def test_the_arguments_it_refuses(self):
        """Also where nobody can be asked there."""
        ours, _, _ = self.said(arguments=["start=socket", "require_mfa=no"], add=listening())
        self.assertEqual(ours[1][:2], (
            "fail", "module arguments that are the helper's are refused on the socket: "
            "config, helper, require_mfa"))
        self.assertIn("into the section [sshd] of /etc/security/pam_cognito.conf", ours[1][2])

    def test_left_out(self):
        self.check_said("ok", "^off; start=direct: not used$", arguments=["start=direct"])
        self.check_said("ok", "^off; not used, for i3lock has config= or helper= on its line$",
                        service="i3lock")

    def test_a_program_that_is_not_known(self):
        """It runs as whoever asks."""
        self.check_said("ok", "^off; not used, for gopherd has config= or helper=",
                        service="gopherd")
        self.check_said("ok", "^off; gopherd does not need it$", service="gopherd",
                        units={"etc/systemd/system/gopherd.service": "[Service]\nType=exec\n"})

    def test_nobody_knows_its_user(self):
        self.check_said("ok", "^off; whether postgresql needs it is not known$",
                        service="postgresql")
        ours, others, _ = self.said("erp", units={
            "etc/systemd/system/erp.service": "[Service]\nUser=erp\n"})
        self.assertEqual(ours, [("ok", "off; whether erp needs it is not known", "")])
        self.assertRegex(others[0]["text"], "there is no account erp")

    def check_sandbox(self, label):
        text, setting = SANDBOXES[label]
        units = {**UNITS, POLKIT: f"[Unit]\n{text}\n[Service]\n{text}\n[Install]\n"}
        if setting is None:
            self.check_said("ok", "^off; polkit-1 does not need it$", "$", service="polkit-1",
                            units=units)
        else:
            self.check_said("fail", f"^{re.escape(setting)} of polkit-1's unit does not let a "
                            "helper be started .*nobody listens on the socket$",
                            AS_ROOT + CURE + "$", service="polkit-1", units=units)

    def test_sandbox_files(self):
        """The administrator's file in the place of the package's, and drop-ins."""
        confined = {POLKIT: "[Service]\nPrivateNetwork=yes\n"}
        etc = "etc/systemd/system/polkit-agent-helper@.service"
        for units in ({etc: "[Service]\nType=exec\n"},
                      {etc + ".d/x.conf": "[Service]\nPrivateNetwork=no\n"},
                      {POLKIT: "[Install]\nPrivateNetwork=yes\n"}):
            self.check_said("ok", "does not need it", service="polkit-1",
                            units={**confined, **units})
        self.check_said("fail", "^PrivateNetwork= of polkit-1's unit .*, and start=direct "
                        "leaves the socket out$", AS_ROOT + "in etc/pam.d/polkit-1, line 1, take out  start=direct; ",
                        service="polkit-1", arguments=["start=direct"], units=confined)

    def test_sandbox_of_a_user(self):
        """Who is not root needs no capability, but a network."""
        unit = "etc/systemd/system/erp.service"
        for line, level, text in (
                ("CapabilityBoundingSet=\nPrivateUsers=yes", "ok", "^off; not used, for erp has"),
                ("PrivateNetwork=yes", "fail", "^PrivateNetwork= of erp's unit .*, and config= "
                 "or helper= leaves the socket out$")):
            self.check_said(level, text, service="erp",
                            units={unit: f"[Service]\nUser=alice\n{line}\n"})

    def test_databases_setuid_program(self):
        """The server's user is not the host; what its unit takes away is."""
        self.check_said("fail", "^CapabilityBoundingSet= of mariadb's unit", service="mariadb",
                        units={"usr/lib/systemd/system/mariadb.service":
                               "[Service]\nUser=mysql\nCapabilityBoundingSet=CAP_IPC_LOCK\n"})

    def test_stack_of_those_without_accounts(self):
        """Nobody logs in there: no local way in is asked for."""
        line = "auth required @module@ @arguments@\n".replace("@module@", harness.MODULE)
        for options, problems in ((["--set", "local_account=optional"], 0), ([], 1)):
            config = self.config(otp="append")
            arguments = f"config={config} helper={harness.HELPER} except_users=admin"
            folder = self.pam_dir(line.replace("@arguments@", arguments) + ACCOUNT,
                                  service="tables")
            done = self.check_both("--offline", "--service", "tables", *options,
                                   root=self.machine(folder))
            self.assertEqual([f["area"] for f in bad(done.findings)],
                             ["PAM stack"] * problems)

    def test_an_account_that_a_database_does_not_need(self):
        config = self.config(otp="append")
        folder = self.pam_dir(self.good_stack(config), service="openvpn")
        for options, fix in (([], "^local_account = optional in this service's section"),
                             (["--set", "local_account=optional"], None)):
            done = self.check_both("--offline", "--service", "openvpn", *options,
                                   "nosuch", root=self.machine(folder))
            wrong = bad(done.findings)
            self.assertEqual(len(wrong), 0 if fix is None else 1, wrong)
            if fix:
                self.assertRegex(wrong[0]["fix"], fix)


SHARED = "@include common-auth\n"
SUBSTACK = "auth substack password-auth\n"


class TestOthers(SetupCase):
    """A shared file with our line: the lockers that come to it need the socket."""

    def look(self, service="sshd", arguments=(), own=None, files=None, client=(),
             **machine):
        """As said, of a machine with our line in the files of that name."""
        secret = harness.write(harness.fresh("secret"), "hush\n", 0o600)
        settings = {"client_secret": None, "client_secret_file": secret, **dict(client)}
        config = harness.write_config(self.settings(otp="append", **settings), 0o644)
        line = self.module_line(config, GOOD_CONTROL, *arguments) + LOCAL
        self.secret = secret
        self.folder = self.pam_dir((own or line) + ACCOUNT, service=service,
                                   **{name: line for name in files or ()})
        done = self.check_both("--offline", "--service", service,
                               root=self.machine(self.folder, **machine))
        found = done.findings
        ours = [(f["level"], f["text"], f["fix"]) for f in found if f["area"] == "socket"]
        return ours, [f for f in bad(found) if f["area"] != "socket"], done.status

    def fails(self, name, fix=CURE, state="off", **changes):
        ours, others, status = self.look(**changes)
        self.assertEqual((others, status), ([], 1))
        self.assertEqual(ours, [(
            "fail", f"{state}, and etc/pam.d/{name} has our line for each service that "
            "includes it: programs that are not root, such as screen lockers, cannot read "
            f"{self.secret} and let no member in", AS_ROOT + fix)])

    def passes(self, text="^off; sshd does not need it$", **changes):
        ours, others, status = self.look(**changes)
        self.assertEqual((len(ours), others, status), (1, [], 0), (ours, others))
        self.assertEqual(ours[0][0], "ok")
        self.assertRegex(ours[0][1], text)

    def test_included(self):
        self.fails("common-auth", own=SHARED, files=["common_auth"], units=UNITS)
        self.fails("password-auth", own=SUBSTACK, files=["password_auth"], units=UNITS)
        self.fails("common-auth", own=SHARED, files=["common_auth"], units=UNITS, state="off, "
                   "nobody listens", add=listening(closed=True))

    def test_cures(self):
        for units, fix in ((ENABLED, "systemctl restart pam_cognito.socket; systemctl status "
                            "pam_cognito.socket"),
                           ({**UNITS, "etc/systemd/system/pam_cognito.socket": ""},
                            "systemctl unmask pam_cognito.socket; " + CURE)):
            self.fails("common-auth", fix, own=SHARED, files=["common_auth"], units=units)

    def test_of_other_services(self):
        """sshd has a line of its own, and the lockers' file has one, too."""
        self.fails("common-auth", files=["common_auth"], units=UNITS)
        self.fails("system-auth", files=["system_auth"], units=UNITS)
        self.fails("common-auth", files=["common_auth"], units=UNITS, service="gopherd")

    def test_left_out_by_the_service(self):
        self.fails("common-auth", files=["common_auth"], units=UNITS, arguments=["start=direct"])

    def test_told_once(self):
        """What keeps the service itself out is the first to mend."""
        ours, _, _ = self.look(files=["common_auth"], units=UNITS, arguments=["start=socket"])
        self.assertEqual(len(ours), 1, ours)
        self.assertRegex(ours[0][1], "^start=socket, and nobody listens")

    def test_all_is_well(self):
        self.passes(units=UNITS)
        self.passes(own=SHARED, files=["common_auth"])
        self.passes(files=["postgresql"], units=UNITS)
        self.passes(own=SHARED, files=["common_auth"], units=UNITS, add=listening(
            socket.SOCK_STREAM), text="^not reached from here; sshd does not need it$")
        self.passes(own=SHARED, files=["common_auth"], units=UNITS,
                    client={"client_id": "localpublic0000000000000001",
                            "client_secret_file": None})


for name, table in (("cure", CURES), ("sandbox", SANDBOXES)):
    for label in table:
        setattr(TestSocket, f"test_{name}_{label}",
                lambda self, name=name, label=label: getattr(self, "check_" + name)(label))


if __name__ == "__main__":
    harness.main()
