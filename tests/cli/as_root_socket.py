# What check says of hosts that need the helper on a socket, as root and as the
# host's own user, with root's socket and without it.
# SPDX-License-Identifier: MIT
import json
import os
import pwd
import re
import sys
import time

from as_root import STACK, sshd_config, tool
from people import ALICE, BOB, GHOST, KEEPER
from programs import PAGE, PATH, Listener, Recipe
from suites.hostile import find_helper
from suites.peers import CURE
from world import CONF, SECRET_FILE, command, write

UNITS = "/usr/lib/systemd/system/"
VLOCK = "/usr/sbin/vlock-main"
LOCKER = """
[i3lock]
otp = append
"""
DATABASE = """
[postgresql]
otp = append
local_account = optional
"""
SILENT, FOREIGN = "import time; time.sleep(0.2)", \
    "import os; os.read(3, 9999); os.write(3, b'\\1\\23' + b'0' * 16); os.read(3, 1)"


class Answers(Listener):
    """One that is no helper of this version."""

    def __init__(self, program):
        write("/run/answer", f"#!{sys.executable}\n{program}\n", 0o755)
        super().__init__("/run/answer")


class Suite:
    def __init__(self, world, tap):
        self.world = world
        self.tap = tap
        self.listener = None

    def prepare(self, sections="", **changes):
        self.world.forget()
        self.world.configure(**{"except_users": KEEPER.name, **changes})
        with open(CONF, "a", encoding="ascii") as file:
            file.write(sections)
        for service in ("i3lock", "postgresql", "sshd"):
            self.world.service(service, STACK)

    def listen(self, kind=Listener, *arguments):
        self.silence()
        self.listener = kind(*arguments)

    def silence(self):
        if self.listener:
            self.listener.stop()
        self.listener = None

    def check(self, title, service, wanted, *words, user=None, says=None, never=None, options=()):
        """wanted: (level, area, text, to do), each a pattern, of all that is no ok."""
        status, text = tool("check", "--json", "--service", service, *options, *words, user=user)
        objects = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        found = [(f["level"], f["area"], f["text"], "; ".join(f["do"]))
                 for f in objects[:-1] if f["level"] != "skip"]
        wrong = [f for f in found if f[0] != "ok"]
        good = len(wrong) == len(wanted) and all(
            re.search(pattern, part) for line, patterns in zip(wrong, wanted)
            for part, pattern in zip(line, patterns))
        self.tap.ok(good, title, *(wrong or [text]))
        self.tap.equal(status, 1 if any(f[0] == "fail" for f in wanted) else 0,
                       f"{title}: the status", text)
        if says:
            self.tap.ok(re.search(says, text), f"{title}: {says}", text)
        if never:
            self.tap.ok(not re.search(never, text), f"{title}: not {never}", text)

    def off(self):
        """The cure is named, by whoever asks."""
        self.prepare(LOCKER + DATABASE)
        unreadable = f"who cannot read {SECRET_FILE} .Permission denied.: nobody is let in"
        self.check("off, locker", "i3lock",
                   [("fail", "host", "^i3lock runs as alice, " + unreadable, f"^{CURE}$")],
                   ALICE.name, never='"area":"socket"|All is well')
        self.check("off, locker, nobody named", "i3lock", [
            ("fail", "host", "^i3lock runs as the person who logs in, " + unreadable, CURE)],
            options=["--offline"])
        self.check("off, database", "postgresql",
                   [("fail", "host", "^postgresql runs as postgres, " + unreadable,
                     f"^{CURE}$")], ALICE.name)
        for user, service in (("postgres", "postgresql"), (ALICE.name, "i3lock"),
                              (ALICE.name, "gopherd")):
            self.world.service("gopherd", STACK)
            self.check(f"off, as {user}, {service}", service,
                       [("fail", "client secret", "Permission denied",
                         f"^as root:; {CURE}$")], ALICE.name, user=user, never="start pam-cognito")
        self.dynamic(("fail", "host", "^erp runs as erp, " + unreadable, CURE))
        self.prepare(LOCKER, client_id="localpublic0000000000000001", client_secret_file=None)
        self.check("off, and not needed", "i3lock", [], ALICE.name,
                   says="off; i3lock starts its own helper")
        self.prepare(LOCKER + DATABASE)
        self.check("off, root's hosts", "sshd", [], options=["--offline"],
                   says="off; sshd does not need it")
        self.check("off, a program of which nothing is known", "gopherd", [],
                   options=["--offline"], says="off; whether gopherd needs it is not known")

    def others(self):
        """Lockers come to the line of a shared file; sshd has one of its own."""
        self.prepare(LOCKER)
        with open("/etc/pam.d/common-auth", encoding="utf-8") as file:
            text = file.read()
        self.world.service("common-auth", STACK)
        self.check("off, others", "sshd", [
            ("fail", "socket", "^off, and /etc/pam.d/common-auth has our line .* cannot read "
             + SECRET_FILE, f"^{CURE}$")], options=["--offline"])
        self.check("off, others, and a locker itself", "i3lock",
                   [("fail", "host", "cannot read", CURE)], ALICE.name)
        self.world.service("common-auth", text)

    def dynamic(self, *wanted, sections=""):
        """A user that systemd makes when the service is started."""
        self.prepare(sections)
        self.world.service("erp", STACK)
        os.makedirs("/etc/systemd/system", exist_ok=True)
        write("/etc/systemd/system/erp.service", "[Service]\nDynamicUser=yes\n")
        self.check(f"DynamicUser= {sections!r}", "erp", wanted, ALICE.name)

    def on(self):
        self.prepare(LOCKER + DATABASE + "trusted_users = postgres\n")
        self.listen()
        self.check("on, locker", "i3lock", [], ALICE.name,
                   says="i3lock, as alice, gets its helper from /run/pam_cognito.sock\"")
        self.check("on, locker: the probe", "i3lock", [], ALICE.name,
                   says="the helper on the socket reaches cognito-idp")
        status, text = tool("check", "--verbose", "--service", "i3lock", ALICE.name)
        self.tap.ok(status == 0 and text.endswith("All is well.\n"), "on, locker: all is well",
                    text)
        self.check("on, locker, nobody named", "i3lock", [], says="gets its helper from")
        self.check("on, database", "postgresql", [], ALICE.name,
                   says="postgresql, as postgres, gets its helper from /run/pam_cognito.sock and "
                   "may ask about others")
        self.check("on, database, a user without an account", "postgresql", [], GHOST)
        self.check("on, as postgres", "postgresql", [], ALICE.name, user="postgres",
                   says="what root alone can read", never="as root")
        self.check("on, as alice", "i3lock", [], ALICE.name, user=ALICE.name,
                   says="what root alone can read", never="as root|readable to its owner")
        self.check("on, a program of alice's about herself", "gopherd", [], ALICE.name,
                   user=ALICE.name, says="gopherd, as alice, gets its helper")
        self.check("on, and about somebody else", "gopherd",
                   [("fail", "socket", "trusted_users does not name alice",
                     r"section \[gopherd\] of /etc/security/pam_cognito.conf: trusted_users = "
                     "alice")], BOB.name, user=ALICE.name)
        self.check("on, root's hosts", "sshd", [], options=["--offline"],
                   says="on; sshd does not need it")
        self.check("on, root's host by start=socket", "sshd", [],
                   options=["--offline", "--set", "start=socket"],
                   says="sshd, as root, gets its helper from")

        self.dynamic(("fail", "socket", "does not name erp", r"section \[erp\] of .*: "
                      "trusted_users = erp$"))
        self.dynamic(sections="[erp]\ntrusted_users = erp\n")
        self.prepare()
        self.world.service("mariadb", STACK)
        write("/etc/systemd/system/mariadb.service",
              "[Service]\nUser=mysql\nCapabilityBoundingSet=CAP_IPC_LOCK\n")
        self.check("on, root's host in a sandbox", "mariadb", [], ALICE.name, says="mariadb, as "
                   "root with CapabilityBoundingSet=, gets its helper from /run")
        os.unlink("/etc/systemd/system/mariadb.service")
        path = "/tmp/report-of-alice"
        tool("check", "--service", "gopherd", "--report", path, user=ALICE.name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.tap.ok("gopherd, as [user], gets" in text and ALICE.name not in text,
                    "a report names nobody who asks", text)

    def refused(self):
        """What the helper on the socket would not take."""
        self.prepare(LOCKER + DATABASE + "trusted_users = nosuch, www-data\n")
        self.check("not trusted", "postgresql", [
            ("warn", "socket", "^trusted_users: nosuch is no user of this machine$", "correct"),
            ("fail", "socket", "^postgresql signs others in, and trusted_users does not name "
             "postgres, as whom it runs", r"section \[postgresql\] of .*: trusted_users = postgres"
             "$")], ALICE.name)
        self.check("not trusted, nobody named", "postgresql", [
            ("warn", "socket", "nosuch", ""), ("fail", "socket", "signs others in", "")],
            options=["--offline"])
        for value, shown, cure in (
                ("www-data postgres", "a name .not shown.", "put commas between the names"),
                ("cognito", "cognito", "that is a group: name the user as whom"),
                ("4294967295", "a name .not shown.", "uids end at 4294967294")):
            self.prepare(DATABASE + f"trusted_users = {value}\n")
            self.check(f"trusted_users = {value}", "postgresql", [
                ("warn", "socket", f"^trusted_users: {shown} is no user", f"^{cure}"),
                ("fail", "socket", "signs others in", "")], ALICE.name)
        self.prepare(DATABASE + "trusted_users =\n")
        self.check("trusted_users without a value", "postgresql", [
            ("fail", "configuration", "expected local user names or uids", "^in /.* correct it")],
            ALICE.name)
        number = pwd.getpwnam("postgres").pw_uid
        self.prepare(DATABASE + f"trusted_users = {number}\n")
        self.check("trusted by number", "postgresql", [], ALICE.name)
        self.world.service("postgresql", STACK.replace(
            "pam_cognito.so", "pam_cognito.so otp=append require_mfa timeout=9 debug"))
        self.check("the helper's arguments", "postgresql", [
            ("fail", "socket", "refused on the socket: otp, require_mfa$",
             r"off the line of postgresql .* section \[postgresql\] of /etc/security")],
            ALICE.name)
        self.prepare(LOCKER + "minimum_uid = 1500\n")
        self.world.service("i3lock", STACK.replace(
            "pam_cognito.so", "pam_cognito.so minimum_uid=1500 only_group=cognito"))
        self.check("a limit of the line alone", "i3lock", [
            ("warn", "socket", "^only_group stands on the PAM line and not so in the file",
             r"write only_group into the section \[i3lock\]")], ALICE.name)
        self.prepare(LOCKER + "only_group = cognito\n", minimum_uid="1000")
        self.world.service("i3lock", STACK.replace(
            "pam_cognito.so", "pam_cognito.so minimum_uid=1500 only_group=cognito"))
        self.check("another limit on the line", "i3lock", [
            ("warn", "socket", "^minimum_uid stands on the PAM line and not so", "")],
            ALICE.name)
        self.prepare()
        self.check("a second factor", "i3lock", [
            ("warn", "host", "asks for one password and nothing else",
             "^otp = append in this service's section")], ALICE.name)

    def around_it(self):
        """Settings that lead elsewhere; modes that keep the host out."""
        self.prepare(LOCKER + "start = direct\n")
        self.check("start=direct", "i3lock", [
            ("fail", "host", "cannot read", rf"^in {CONF} line \d+ take out  start=direct$")], ALICE.name)
        self.prepare(LOCKER)
        self.world.service("i3lock", STACK.replace("pam_cognito.so",
                                                   f"pam_cognito.so config={CONF}"))
        self.check("config=", "i3lock", [
            ("fail", "host", "cannot read", r"^take config= and helper= off .* section "
             r"\[i3lock\] of /etc/security/pam_cognito.conf$")], ALICE.name)
        self.prepare(LOCKER, conf_mode=0o600)
        self.check("the configuration", "i3lock", [
            ("fail", "host", f"who cannot read {CONF}", f"^chmod 0644 {CONF}, with the secret")],
            ALICE.name)
        self.check("the configuration, as alice", "i3lock", [
            ("fail", "configuration", "Permission denied", f"^as root:; chmod 0644 {CONF}; ")],
            ALICE.name, user=ALICE.name)
        self.prepare(LOCKER)
        os.chmod(PATH, 0o600)
        closed = ("fail", "socket", "^alice, as whom i3lock runs, may not connect to " + PATH,
                  "SocketMode= and SocketGroup= must let alice in")
        self.check("closed", "i3lock", [closed], ALICE.name)
        self.check("closed, as alice", "i3lock", [closed], ALICE.name, user=ALICE.name)
        self.prepare(DATABASE + "trusted_users = postgres\n")
        self.check("closed to somebody else, who asks about the database", "postgresql", [],
                   user=ALICE.name, options=["--offline"], says="whether its host may connect",
                   never="gets its helper|may not connect to|who can read")
        os.chmod(PATH, 0o666)

    def another_helper(self):
        self.prepare(LOCKER)
        cure = "^journalctl -t pam_cognito_helper .* of one version, then systemctl daemon-reload"
        for title, program, says in (("silent", SILENT, "gave no answer"),
                                     ("of another version", FOREIGN, "speaks another version")):
            self.listen(Answers, program)
            self.check(title, "i3lock", [
                ("fail", "cage", "^the helper on the socket, which should be of version .* "
                 + says, cure)], ALICE.name, never="All is well")

    def recipes(self):
        """What docs/hosts.md has people write is what check wants."""
        with open(PAGE, encoding="utf-8") as file:
            titles = re.findall(r"^## (.*)$", file.read(), re.MULTILINE)
        self.tap.ok(len(titles) > 10, "docs/hosts.md has recipes", titles)
        self.listen()
        # Debian's vlock, and lockers that have a file of their own.
        self.world.stage.cover("/usr")
        write(VLOCK, "#!/bin/sh\n", 0o4755)
        self.world.example("common-auth")
        be_there("localadmin")
        for title in titles:
            recipe = Recipe(title)
            services = [os.path.basename(path) for path, how, _ in recipe.files
                        if path.startswith("/etc/pam.d/") and how == "whole"]
            if not services:
                continue
            # Some files lead to common-auth, and what stands there holds in the file, too.
            leads = any("@include common-auth" in text for _, _, text in recipe.files)
            self.prepare(only_group="cognito" if leads else None)
            self.world.example("common-auth")
            recipe.apply("/etc/pam.d/")
            recipe.apply(CONF)
            with open(CONF, encoding="utf-8") as file:
                text = file.read()
            for name in re.findall(r"trusted_users = ([a-z0-9_-]+)", text):
                be_there(name)
            one_question = [("warn", "host", "asks for one password", "")]
            for service in services:
                self.check(f"{title}: {service}", service,
                           one_question if "static challenge" in title else [], ALICE.name)
            if title == "Screen lockers":
                self.world.service("i3lock", "@include common-auth\n@include common-account\n")
                self.check(f"{title}: i3lock", "i3lock", [], ALICE.name)

    def setuid(self):
        """One vlock is set-uid root, another runs as the person."""
        self.prepare()
        self.silence()
        self.world.service("common-auth", "auth required pam_unix.so\n")
        self.world.service("vlock", STACK)
        os.unlink(VLOCK)
        self.check("vlock of the person's", "vlock", [("fail", "host", "runs as alice", CURE)],
                   ALICE.name)
        write(VLOCK, "#!/bin/sh\n", 0o4755)
        self.check("vlock of root's", "vlock", [], ALICE.name, says="off; vlock does not need it")

    def units(self):
        """Where systemd is, it must know it after the next start, too."""
        os.makedirs("/run/systemd/system")
        wants = "/etc/systemd/system/sockets.target.wants/pam_cognito.socket"
        self.prepare(LOCKER)
        self.listen()
        self.check("not enabled", "i3lock", [
            ("warn", "socket", "does not begin it at the next start", f"^{CURE}$")],
            ALICE.name)
        os.makedirs(os.path.dirname(wants), exist_ok=True)
        os.symlink(UNITS + "pam_cognito.socket", wants)
        self.check("enabled", "i3lock", [], ALICE.name)
        self.silence()
        self.check("enabled and gone", "i3lock", [
            ("fail", "host", "cannot read", "^systemctl restart pam_cognito.socket; ")],
            ALICE.name)
        os.unlink(wants)
        self.check("not enabled, and off", "i3lock", [("fail", "host", "cannot read",
                                                       f"^{CURE}$")], ALICE.name)


def be_there(name):
    if name not in [account.pw_name for account in pwd.getpwall()]:
        command("useradd", "--system", "-M", name)


def run(world, tap):
    command("ssh-keygen", "-A")
    write("/etc/ssh/sshd_config", sshd_config())
    be_there("postgres")
    be_there("www-data")
    suite = Suite(world, tap)
    os.makedirs("/run/systemd/system")
    suite.off()
    suite.others()
    os.rmdir("/run/systemd/system")
    for part in (suite.on, suite.refused, suite.around_it, suite.another_helper, suite.recipes,
                 suite.units, suite.setuid):
        part()
    suite.silence()
    time.sleep(0.2)
    tap.equal(find_helper(0.1), None, "no helper is left")
