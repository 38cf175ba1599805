# pam-cognito as root on a machine where everything is installed: check on the
# real /etc, with the real sshd, owners and the helper's user; and that check,
# login and a real host agree.
# SPDX-License-Identifier: MIT
import json
import os
import pwd
import re
import shutil
import subprocess
import time

from hosts import Pamtester
from people import ALICE, BOB, GHOST, KEEPER, LARRY, NORMA, WRONG, hash_of
from person import Person
from world import CA_FILE, CONF, EMAIL_CLIENT, SECRET_FILE, command, write

SSHD_CONFIG = """UsePAM yes
KbdInteractiveAuthentication yes
PermitRootLogin prohibit-password
"""
# Where sshd knows it (from 9.8 on): otherwise a warning.
EXEMPT = "PerSourcePenaltyExemptList 127.0.0.0/8"
NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
STACK = ("auth [success=done user_unknown=ignore module_unknown=ignore default=die] "
         "pam_cognito.so\nauth required pam_unix.so\naccount required pam_unix.so\n")


def sshd_config():
    done = subprocess.run(["/usr/sbin/sshd", "-T", "-o", EXEMPT.replace(" ", "=")],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return SSHD_CONFIG + (EXEMPT + "\n" if done.returncode == 0 else "")


def today():
    return int(time.time() // 86400)


def tool(*words, answers="", user=None):
    """(exit status, output) of pam-cognito as root, or as that user."""
    done = subprocess.run(["pam-cognito", *words], input=answers, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                          user=user, group=user and pwd.getpwnam(user).pw_gid,
                          extra_groups=[] if user else None, cwd="/")
    return done.returncode, done.stdout


def findings(*words):
    status, text = tool("check", "--json", *words)
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return status, [f for f in found[:-1] if f["level"] not in ("ok", "skip")]


def bad_findings(*words):
    status, found = findings(*words)
    return status, [(f["level"], f["area"], f["text"]) for f in found]


def is_on_screen(first, text):
    """The first problem and its cure, whole, on 80x24 with the prompt and what was typed."""
    lines = text.splitlines()
    shown = " ".join(text.replace(" \\\n", " ").split())
    return len(lines) <= 22 and max(map(len, lines)) <= 80 and all(
        " ".join(part.split()) in shown for part in ["(1) " + first["text"], *first["do"]])


class Suite:
    def __init__(self, world, tap):
        self.world = world
        self.tap = tap

    def prepare(self):
        """As good as it was: configuration, owners, stack, sshd, accounts."""
        self.world.forget()
        self.configure()
        self.world.example("sshd")
        write("/etc/ssh/sshd_config", sshd_config())
        write("/etc/nsswitch.conf", NSSWITCH)
        for path in (CONF, SECRET_FILE, CA_FILE):
            os.chown(path, 0, 0)
        os.chmod(CA_FILE, 0o644)
        os.chown("/etc/security", 0, 0)
        os.chmod("/etc/security", 0o755)
        command("usermod", "-p", "!", NORMA.name)

    def configure(self, **changes):
        self.world.configure(**{"except_users": KEEPER.name, **changes})

    def good(self):
        self.prepare()
        started = time.monotonic()
        status, text = tool("check", "--verbose", ALICE.name)
        taken = time.monotonic() - started
        self.tap.equal(status, 0, "a good set-up: status 0", text)
        self.tap.ok(text.endswith("All is well.\n"), "a good set-up: all is well", text)
        self.tap.ok(taken < 2, f"a good set-up: in less than 2 s ({taken:.2f} s)")
        self.tap.ok("runs as _pam_cognito, uid" in text, "the helper's user is named", text)

    def broken(self, name, area, says, *words, problems=1, screen=True):
        words = words or [ALICE.name]
        status, found = findings(*words)
        bad = [(f["level"], f["area"], f["text"]) for f in found]
        self.tap.ok(status == 1 and bad and bad[0][:2] == ("fail", area)
                    and re.search(says, bad[0][2]) and len(bad) == problems,
                    f"{name}: the cause comes first", status, bad)
        if not screen:
            return
        _, text = tool("check", *words)
        first = [f for f in found if f["order"] == 1]
        self.tap.ok(first and is_on_screen(first[0], text), f"{name}: with its cure on one screen",
                    text)

    def owners(self):
        self.prepare()
        os.chown(CONF, LARRY.uid, LARRY.uid)
        self.broken("configuration of somebody else", "configuration", "must belong to root")
        self.prepare()
        os.chown(SECRET_FILE, LARRY.uid, LARRY.uid)
        self.broken("secret of somebody else", "client secret", "must belong to root")
        self.prepare()
        os.chmod(SECRET_FILE, 0o644)
        self.broken("secret readable to all", "client secret", "must have mode 0600")
        self.prepare()
        os.chmod(CA_FILE, 0o666)
        self.broken("trust anchors writable", "configuration", "^ca_file: .*writable")
        self.prepare()
        os.chmod("/etc/security", 0o777)
        self.broken("folder writable", "configuration", "folder must belong to root")
        self.prepare()
        os.rename(CONF, CONF + ".real")
        os.symlink(CONF + ".real", CONF)
        os.chown(CONF, LARRY.uid, LARRY.uid, follow_symlinks=False)
        self.broken("configuration is a link of somebody else", "configuration",
                    "link must belong to root")
        os.unlink(CONF)

    def helper(self):
        self.prepare()
        path = next(path for path in ("/usr/libexec/pam_cognito_helper",
                                      "/usr/local/libexec/pam_cognito_helper")
                    if os.path.exists(path))
        # In this world only: the others run the installed helper meanwhile.
        copy = shutil.copy2(path, "/run/pam_cognito_helper.copy")
        command("mount", "--bind", copy, path)
        os.chown(path, LARRY.uid, LARRY.uid)
        self.broken("helper of somebody else", "helper", "must belong to root")
        command("umount", path)
        command("userdel", "_pam_cognito")
        self.broken("no user for the helper", "helper", "its user _pam_cognito does not exist")
        write("/etc/nsswitch.conf", NSSWITCH.replace("passwd: files", "passwd: nobody_answers"))
        _, bad = bad_findings("--offline", ALICE.name)
        self.tap.ok([text for level, area, text in bad if (level, area) == ("fail", "helper")
                     and text.startswith("its user _pam_cognito could not be looked up: ")],
                    "nobody knows the helper's user", bad)
        write("/etc/nsswitch.conf", NSSWITCH)
        command("useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
                "/nonexistent", "--shell", "/usr/sbin/nologin", "_pam_cognito")

    def sshd(self):
        changes = {
            "UsePAM no": ("UsePAM yes", "UsePAM is off"),
            "KbdInteractiveAuthentication no":
                ("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication is off"),
            "LoginGraceTime 5\nUsePAM yes": ("UsePAM yes", "LoginGraceTime"),
            "AuthenticationMethods publickey\nUsePAM yes": ("UsePAM yes", "never asks PAM"),
            "Nonsense yes\nUsePAM yes": ("UsePAM yes", "-T fails: .*Nonsense"),
        }
        for new, (old, says) in changes.items():
            self.prepare()
            write("/etc/ssh/sshd_config", sshd_config().replace(old, new))
            self.broken("sshd: " + new.split("\n")[0], "sshd", says)
        for line, says in {
                "AllowGroups sudo": "AllowGroups sudo keeps alice out",
                "AllowUsers bob keeper": "AllowUsers bob keeper keeps alice out",
                "DenyGroups cog*": r"DenyGroups cog\* keeps alice out",
                f"Match LocalPort 22\nDenyUsers {ALICE.name}": "DenyUsers alice keeps alice out",
                "Port 2222\nMatch LocalPort 2222\nDenyUsers a*": "DenyUsers a. keeps alice out",
        }.items():
            self.prepare()
            write("/etc/ssh/sshd_config", sshd_config() + line + "\n")
            self.broken("sshd: " + line.replace("\n", ", "), "sshd", says)
        for line in ("AllowGroups sudo cognito", "AllowUsers a?ice", "DenyGroups sudo",
                     "Match LocalPort 2222\nAllowUsers bob", "Match RDomain blue\nDenyUsers *",
                     "Match LocalAddress 192.0.2.1\nDenyUsers *",
                     "Match Address 192.0.2.1\nDenyUsers *", "Match Host x.example\nDenyUsers *"):
            self.prepare()
            write("/etc/ssh/sshd_config", sshd_config() + line + "\n")
            status, bad = bad_findings("--offline", ALICE.name)
            self.tap.equal((status, bad), (0, []), "sshd: fine: " + line.replace("\n", ", "))
        self.prepare()
        write("/etc/ssh/sshd_config", sshd_config() + "AllowGroups sudo\n")
        self.broken("sshd: AllowGroups, nobody named", "sshd", "keep every member of only_group",
                    "--offline")
        self.prepare()
        write("/etc/ssh/sshd_config",
              sshd_config() + f"Match User {ALICE.name}\nKbdInteractiveAuthentication no\n")
        self.broken("sshd: a Match block", "sshd", "KbdInteractiveAuthentication is off")
        status, bad = bad_findings(BOB.name)
        self.tap.equal((status, bad), (0, []), "sshd: the block is about alice alone")

    def accounts(self):
        self.prepare()
        self.broken("no local account", "account", "no local account", GHOST)
        self.broken("not in the group", "account", "neither only_users nor only_group",
                    LARRY.name)
        self.tap.equal(bad_findings("--offline", KEEPER.name), (0, []),
                       "the break-glass is no problem")
        command("userdel", ALICE.name)
        self.broken("account removed", "account", "no local account")
        command("useradd", "-M", "-u", str(ALICE.uid), "-s", "/bin/sh", "-G", "cognito",
                ALICE.name)

    def account_phase(self):
        """The same accounts, judged by check and met by PAM itself."""
        host = Pamtester(self.world)
        ages = {
            "aged": (["-d", "2024-01-01", "-M", "365"], "too old: pam_unix asks for it"),
            "aged long ago": (["-d", "2024-01-01", "-M", "365", "-I", "7"], "too old for too long"),
            "expired": (["-E", str(today() - 1)], "it has expired"),
            "expires today": (["-E", str(today())], "it has expired"),
            "to be changed": (["-d", "0"], "must be changed at once"),
        }
        for name, (words, says) in ages.items():
            self.prepare()
            self.world.service("pamtester", STACK)
            command("chage", *words, ALICE.name)
            self.broken(f"account phase: {name}", "account", says)
            self.broken(f"account phase: {name}, nobody named", "account", says, "--offline")
            visit = host.attempt(ALICE.name, ALICE.password)
            self.tap.ok(visit.who is None, f"account phase: {name}, PAM says so too", visit.screen)
            self.mend(ALICE.name)
            status, bad = bad_findings(ALICE.name)
            self.tap.equal((status, bad), (0, []), f"account phase: {name}, mended as it says")
            visit = host.attempt(ALICE.name, ALICE.password)
            self.tap.ok(visit.who is not None, f"account phase: {name}, PAM agrees", visit.screen)
        command("chage", "-d", str(today() - 30), "-M", "365", ALICE.name)
        status, bad = bad_findings(ALICE.name)
        self.tap.ok(status == 0 and len(bad) == 1 and bad[0][0] == "warn"
                    and "ages: from 20" in bad[0][2], "account phase: will age", bad)
        self.mend(ALICE.name)
        command("useradd", "-m", "-K", "PASS_MAX_DAYS=99999", "-u", "2077", "-s", "/bin/sh",
                "-G", "cognito", "newcomer")
        status, bad = bad_findings("newcomer")
        self.tap.equal((status, bad), (0, []), "account phase: a fresh account is fine")
        command("userdel", "-r", "newcomer")

    def mend(self, name):
        """What check says is to be done."""
        command("chage", "-d", "-1", "-M", "-1", "-I", "-1", "-E", "-1", name)

    def local_passwords(self):
        self.prepare()
        command("usermod", "-p", hash_of(NORMA.unix_password), NORMA.name)
        self.broken("a local password", "account", "^norma is the pool's and has a local password",
                    NORMA.name)
        self.broken("a local password, nobody named", "account", "^norma is the pool's", "--offline")
        for words in (["passwd", "-l", NORMA.name], ["usermod", "-p", "!", NORMA.name]):
            command("usermod", "-p", hash_of(NORMA.unix_password), NORMA.name)
            command(*words)
            status, bad = bad_findings(NORMA.name)
            self.tap.equal((status, bad), (0, []), f"locked by {' '.join(words)}")
        command("usermod", "-p", "", NORMA.name)
        self.broken("an empty local password", "account", "^norma .* has a local", NORMA.name)
        command("usermod", "-p", "!", NORMA.name)
        status, text = tool("check", "--verbose", "--offline")
        self.tap.ok(status == 0 and "nobody in scope has a local password" in text,
                    "no local password left", text)

    def groups(self):
        self.prepare()
        command("groupmod", "-n", "cognitive", "cognito")
        self.broken("no such group", "scope", "the group cognito of only_group does not exist",
                    "--offline")
        command("groupmod", "-n", "cognito", "cognitive")

    def hosts(self):
        """Programs that are not root's: who cannot read the secret is named."""
        public = {"client_id": "localpublic0000000000000001", "client_secret_file": None}
        self.prepare()
        stack = STACK.replace("pam_cognito.so", "pam_cognito.so only_group=cognito")
        self.world.service("i3lock", stack)
        lock = ["--service", "i3lock", "--set", "otp=append"]
        self.broken("locker", "host", f"^i3lock runs as alice, who cannot read {SECRET_FILE}",
                    *lock, ALICE.name)
        self.broken("locker, nobody named", "host", "^i3lock runs as the person who logs in, who "
                    "cannot read", "--offline", *lock)
        self.configure(conf_mode=0o600, **public)
        self.broken("locker, configuration", "host", f"alice, who cannot read {CONF}", *lock,
                    ALICE.name)
        self.configure(**public)
        status, bad = bad_findings(*lock, ALICE.name)
        self.tap.equal((status, bad), (0, []), "locker: without a secret")
        if "postgres" not in [account.pw_name for account in pwd.getpwall()]:
            command("useradd", "--system", "-M", "postgres")
        self.prepare()
        self.world.service("postgresql", "auth required pam_cognito.so config=/etc/security/pg "
                           "otp=append\naccount required pam_cognito.so\n")
        shutil.copy(CONF, "/etc/security/pg")
        database = ["--service", "postgresql", ALICE.name]
        self.broken("database", "host", "^postgresql runs as postgres, who cannot read "
                    + SECRET_FILE, *database)
        shutil.copy(SECRET_FILE, "/etc/security/pg.secret")
        os.chmod("/etc/security/pg.secret", 0o600)
        with open("/etc/security/pg", encoding="utf-8") as file:
            text = file.read()
        write("/etc/security/pg", text.replace(SECRET_FILE, "/etc/security/pg.secret"))
        for path in ("/etc/security/pg", "/etc/security/pg.secret"):
            shutil.chown(path, "postgres", "postgres")
        status, bad = bad_findings(*database)
        self.tap.equal((status, bad), (0, []), "database: a secret of its own")
        status, text = tool("check", "--verbose", *database, user="postgres")
        self.tap.ok(status == 0 and "started as root" not in text, "database: the same as its user", text)
        os.makedirs("/etc/systemd/system/erp.service.d", exist_ok=True)
        write("/etc/systemd/system/erp.service", "[Unit]\nUser=no\n[Service]\nUser=larry\n")
        self.world.service("erp", stack)
        self.broken("unit", "host", "^erp runs as larry, who cannot read", "--service", "erp",
                    ALICE.name)
        write("/etc/systemd/system/erp.service.d/10-user.conf", "[Service]\nUser=bob\n")
        self.broken("drop-in", "host", "^erp runs as bob, who cannot read", "--service", "erp",
                    ALICE.name)
        write("/etc/systemd/system/erp.service.d/20-user.conf", "[Service]\nUser=root\n")
        status, bad = bad_findings("--service", "erp", ALICE.name)
        self.tap.equal((status, bad), (0, []), "unit: root again")

    def stacks(self):
        self.prepare()
        with open("/etc/pam.d/sshd", encoding="utf-8") as file:
            text = file.read()
        self.world.service("sshd", text.replace("module_unknown=ignore default=die",
                                                "default=ignore"))
        self.broken("denial swallowed", "PAM stack", "is not final")
        self.world.service("sshd", text.replace("@include common-account",
                                                "account sufficient pam_cognito.so\n"
                                                "@include common-account"))
        self.broken("account sufficient", "PAM stack", "account sufficient")
        self.world.service("sshd", text.replace("auth     required    pam_unix.so", ""))
        self.broken("no local way in", "PAM stack", "no local way back in")

    def agreement(self):
        """check, login and PAM itself say the same, right and wrong."""
        self.prepare()
        self.world.service("pamtester", STACK)
        host = Pamtester(self.world)
        cases = {"right": (ALICE.password, 0, "PAM_SUCCESS", 0),
                 "wrong": (WRONG, 1, "PAM_AUTH_ERR", 1)}
        for name, (password, status, code, _) in cases.items():
            self.world.forget()
            got, text = tool("login", ALICE.name, answers=password + "\n")
            visit = host.attempt(ALICE.name, password)
            self.tap.ok(got == status and code in text and bool(visit.who) == (status == 0),
                        f"login and pamtester agree: {name} password", text, visit.screen)
        self.configure(secret="wrong0secret")
        self.broken("wrong secret", "client secret", "not the secret of the app client",
                    "--service", "pamtester", ALICE.name)
        got, text = tool("login", ALICE.name, answers=ALICE.password + "\n")
        visit = host.attempt(ALICE.name, ALICE.password)
        self.tap.ok(got == 3 and "PAM_SERVICE_ERR" in text and visit.who is None,
                    "login and pamtester agree: wrong secret", text, visit.screen)
        self.configure(client_id=EMAIL_CLIENT)
        status, _ = bad_findings("--service", "pamtester", ALICE.name)
        self.tap.equal(status, 1, "client of another pool: a problem")
        self.prepare()

    def nobody_there(self):
        self.prepare()
        write("/etc/hosts", "127.0.0.1 localhost testhost\n")
        self.broken("the service's name does not resolve", "DNS", "cannot be resolved")
        got, text = tool("login", ALICE.name, answers=ALICE.password + "\n")
        self.tap.ok(got == 4 and "refused: dns\n" in text and "PAM_AUTHINFO_UNAVAIL" in text,
                    "login says the same", text)
        write("/etc/hosts", "127.0.0.1 localhost testhost cognito-idp.eu-west-1.amazonaws.com\n")

    def cage(self):
        """What the tool reaches says nothing about what the helper reaches."""
        self.prepare()
        status, text = tool("check", "--verbose", ALICE.name)
        self.tap.ok(status == 0 and re.search(r"(?m)^ok +cage: the helper reaches", text),
                    "the helper reaches the pool", text)
        closed = "/home/closed"
        os.makedirs(closed, exist_ok=True)
        kept = {}
        for path in ("/etc/hosts", "/etc/nsswitch.conf"):
            with open(path, encoding="utf-8") as file:
                kept[path] = file.read()
        for title, mode, folder in (("its folder is closed", 0o644, 0o700),
                                    ("its file is root's alone", 0o600, 0o755)):
            write(closed + "/hosts", kept["/etc/hosts"], mode)
            os.chmod(closed, folder)
            os.unlink("/etc/hosts")
            os.symlink(closed + "/hosts", "/etc/hosts")
            self.broken(f"/etc/hosts is a link, {title}", "cage",
                        r"does not get to .*\(dns: .*; /etc/hosts, a link, cannot be read", problems=2)
            status, text = tool("check", "--verbose", ALICE.name)
            self.tap.ok("All is well" not in text and "let everybody read the file" in text,
                        f"/etc/hosts is a link, {title}: the remedy", text)
            got, text = tool("check", "--verbose", "--offline", ALICE.name)
            self.tap.ok(got == 0 and text.endswith("No fault was found in what was looked at.\n"),
                        f"/etc/hosts is a link, {title}: offline nobody says that all is well",
                        text)
            write("/etc/hosts", kept["/etc/hosts"])
        # Read by root only, and needed by nobody: a warning.
        os.chmod("/etc/services", 0o600)
        status, bad = bad_findings(ALICE.name)
        self.tap.ok(status == 0 and len(bad) == 1 and bad[0][:2] == ("warn", "cage")
                    and "/etc/services cannot be read by the helper" in bad[0][2],
                    "a file that the helper cannot read is a warning", bad)
        os.chmod("/etc/services", 0o644)
        self.silent_helpers()

    def silent_helpers(self):
        """Programs in the helper's place that do not do their part."""
        self.configure(timeout="4", connect_timeout="2")
        for title, text in (("ends at once", "exit 0"), ("dies", "kill -9 $$"),
                            ("says nothing", "exec sleep 60"),
                            ("talks nonsense", "printf nonsense >&3; exec sleep 60")):
            write("/run/stand-in", "#!/bin/sh\n" + text + "\n", 0o755)
            started = time.monotonic()
            self.broken(f"a helper that {title}", "cage", "does not get to .*helper_failed",
                        "--set", "helper=/run/stand-in", ALICE.name, screen=False)
            self.tap.ok(time.monotonic() - started < 14, f"a helper that {title}: in time")
        left = subprocess.run(["pgrep", "-f", "^sleep 60"], stdout=subprocess.PIPE, check=False)
        self.tap.equal(left.stdout, b"", "none of them is left")
        self.prepare()

    def ordinary_user(self):
        """Root's secret stays root's; the person is told so, and how."""
        self.prepare()
        status, text = tool("login", ALICE.name, answers="x\n", user=LARRY.name)
        self.tap.ok(status == 3 and "Permission denied" in text,
                    "an ordinary user cannot use root's secret", text)
        status, text = tool("check", "--verbose", ALICE.name, user=LARRY.name)
        self.tap.ok(status == 1 and "to do: start pam-cognito check as root" in text,
                    "check tells him to ask root", text)
        self.configure(client_id="localpublic0000000000000001", client_secret_file=None)
        status, text = tool("check", "--verbose", ALICE.name, user=LARRY.name)
        self.tap.ok("the way to the pool out of the helper's cage" in text
                    and "All is well" not in text and "cage: " not in text,
                    "check tells him that it did not look out of the cage", text)
        self.prepare()
        status, text = tool("explain", "dns", user=LARRY.name)
        self.tap.equal(status, 0, "explain works for everybody")

    def terminal(self):
        self.prepare()
        person = Person("pam-cognito", "login", ALICE.name)
        person.wait_for("Password: $")
        person.type(ALICE.password)
        status = person.finish()
        self.tap.ok(status == 0 and "accepted, PAM_SUCCESS" in person.screen
                    and ALICE.password not in person.screen,
                    "root at a terminal signs alice in", person.screen)

    def codes(self):
        """Without proof of the password: counted, together with the module's."""
        self.prepare()
        shutil.rmtree("/run/pam_cognito", ignore_errors=True)
        said = [tool("forgot-password", ALICE.name) for _ in range(10)]
        self.tap.equal([status for status, _ in said], [0] + [1] * 9, "ten resets: one code",
                       said)
        self.tap.equal(len(self.world.pool.codes(ALICE.name)), 1, "ten resets: one message")
        self.tap.ok("A code was sent" in said[1][1], "ten resets: the person reads why", said[1])
        self.tap.ok(os.path.exists(f"/run/pam_cognito/code-{ALICE.uid}"),
                    "in the place where the module counts")
        for words, name in ((["resend-code", "carol"], "carol"),
                            (["sign-up", "--email", "new@example.com", "newbie"], "newbie")):
            said = [tool(*words, answers="Fresh-Paint-12\n" * 2) for _ in range(3)]
            self.tap.ok(said[0][0] == 0 and len(self.world.pool.codes(name)) == 1,
                        f"{words[0]}: one of three sends", said)
        said = [tool("login", BOB.name, "--set", "auth_flow=user_auth", "--set",
                     "preferred_factor=email_otp", answers="\n\n") for _ in range(3)]
        self.tap.equal(len(self.world.pool.codes(BOB.name)), 1, "login by a code: one of three",
                       said)
        names = sorted(os.listdir("/run/pam_cognito"))
        self.tap.ok(all(re.fullmatch("code-([0-9]+|name-[0-9a-f]{16})", name) for name in names),
                    "no stamp is named after anybody", names)
        # Whose stamp it would be is not known: a name's own would be a second one.
        write("/etc/nsswitch.conf", NSSWITCH.replace("passwd: files", "passwd: nobody_answers"))
        status, text = tool("forgot-password", ALICE.name)
        self.tap.ok(status == 6 and "could not be looked up" in text
                    and len(self.world.pool.codes(ALICE.name)) == 1
                    and sorted(os.listdir("/run/pam_cognito")) == names,
                    "nobody knows the account: no second code", status, text)
        write("/etc/nsswitch.conf", NSSWITCH)
        shutil.rmtree("/run/pam_cognito")
        write("/run/pam_cognito", "")
        status, text = tool("forgot-password", ALICE.name)
        self.tap.equal((status, len(self.world.pool.codes(ALICE.name))), (1, 1),
                       "where nothing can be counted: no code", text)
        os.unlink("/run/pam_cognito")

    def report(self):
        self.prepare()
        path = "/run/report"
        status, text = tool("check", "--report", path, ALICE.name)
        facts = os.stat(path)
        with open(path, encoding="utf-8") as file:
            content = file.read()
        self.tap.ok(status == 0 and facts.st_mode & 0o777 == 0o600, "a report for root alone",
                    text)
        self.tap.ok("1kq0v9d8c7b6" not in content and "localclient" not in content
                    and "eu-west-1_Local0001" not in content and "testhost" not in content
                    and "alice" not in content, "which names nobody", content)


def run(world, tap):
    command("ssh-keygen", "-A")
    suite = Suite(world, tap)
    for part in (suite.good, suite.owners, suite.helper, suite.sshd, suite.accounts,
                 suite.account_phase, suite.local_passwords, suite.groups, suite.hosts,
                 suite.stacks, suite.codes, suite.agreement, suite.nobody_there, suite.cage,
                 suite.ordinary_user,
                 suite.terminal, suite.report):
        part()
