# pam-cognito setup: from an installed package to a login, and back, byte for
# byte; also where something is there already, breaks, or ends it in the middle.
# pam-auth-update, groupadd, sshd are the distribution's.
# SPDX-License-Identifier: MIT
import contextlib
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from hosts import SSHD_PORT, SshdKeyboard, no_penalties
from people import ALICE, BOB, KEEPER, LARRY, WRONG
from person import Person
from world import CA_FILE, CLIENT, CONF, POOL, SECRET, SECRET_FILE, SOURCE, command, write

PACKAGE = os.path.join(SOURCE, "packaging", "debian")
CONFIGS = "/usr/share/pam-configs"
RECORD = "/var/lib/pam_cognito/setup"
MAIN = "/etc/ssh/sshd_config"
DROP_IN = "/etc/ssh/sshd_config.d/10-cognito.conf"
COMMON = "/etc/pam.d/common-auth"
ACCOUNTS = "/etc/security/pam_cognito_accounts.conf"
SERVER = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nKbdInteractiveAuthentication no\n" \
         "PermitRootLogin prohibit-password\nPrintMotd no\nPrintLastLog no\n"
KEYS_ONLY = SERVER + "PasswordAuthentication no\n"
OPTIONS = ["--user-pool-id", POOL, "--client-id", CLIENT, "--set", "except_users=keeper",
           "--set", "ca_file=" + CA_FILE]
FULL = [*OPTIONS, "--secret-stdin"]
SETTINGS = f"""# Written by pam-cognito setup, which replaces it while nobody else has
# changed it. pam_cognito.conf(5)
user_pool_id = {POOL}
client_id = {CLIENT}
client_secret_file = /etc/security/pam_cognito.secret
except_users = keeper
ca_file = {CA_FILE}
"""
FOR_ALL = "# Written by pam-cognito setup: sshd may ask for codes.\n" \
          "KbdInteractiveAuthentication yes\n"
FOR_MEMBERS = "# Written by pam-cognito setup: sshd may ask for codes.\n" \
              "Match Group cognito\n    KbdInteractiveAuthentication yes\n"
SHOWN = f"""# would    group: make cognito, whose members are the user pool's
/usr/sbin/groupadd cognito
# would    secret: write /etc/security/pam_cognito.secret, for root alone; the secret is standard input
/usr/bin/install -m 0600 /dev/stdin /etc/security/pam_cognito.secret
# would    settings: write /etc/security/pam_cognito.conf
/usr/bin/install -m 0644 /dev/stdin /etc/security/pam_cognito.conf <<'END'
{SETTINGS}END
# skip     socket: there is no systemd here: programs that are not root, such as screen lockers, cannot ask the user pool
# would    PAM: switch the profile cognito on, in /etc/pam.d/common-auth
/usr/bin/env DEBIAN_FRONTEND=noninteractive /usr/sbin/pam-auth-update --enable cognito
# would    sshd: let it ask for codes: everybody, because passwords are on for everybody
/usr/bin/install -m 0644 /dev/stdin /etc/ssh/sshd_config.d/10-cognito.conf <<'END'
{FOR_ALL}END
/usr/sbin/sshd -t
# Nothing was changed. To have it done: the same with --yes.
"""
SHOWN_BACK = """# would    PAM: switch the profile cognito off
/usr/bin/env DEBIAN_FRONTEND=noninteractive /usr/sbin/pam-auth-update --remove cognito
# would    sshd: remove /etc/ssh/sshd_config.d/10-cognito.conf
/usr/bin/rm -f /etc/ssh/sshd_config.d/10-cognito.conf
/usr/sbin/sshd -t
# skip     socket: setup did not switch pam_cognito.socket on
# would    settings: remove /etc/security/pam_cognito.conf
/usr/bin/rm -f /etc/security/pam_cognito.conf
# would    secret: remove /etc/security/pam_cognito.secret
/usr/bin/rm -f /etc/security/pam_cognito.secret
# would    group: remove cognito
/usr/sbin/groupdel cognito
# Nothing was changed. To have it done: the same with --yes.
"""
# What groupadd leaves beside the files it writes.
BACKUPS = {"/etc/group-", "/etc/gshadow-", "/etc/.pwd.lock"}


def setup(*words, answers=SECRET + "\n", user=None, under=()):
    """(exit status, output) of pam-cognito setup."""
    done = subprocess.run([*under, "pam-cognito", "setup", *words], input=answers,
                          capture_output=True, text=True, timeout=120, check=False, user=user,
                          group=user, extra_groups=[] if user else None, cwd="/")
    return done.returncode, done.stdout + done.stderr.replace("Client secret: \n", "")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def snapshot():
    """Each file of /etc, and what setup remembers: owner, mode, content."""
    found = {}
    for top in ("/etc", "/var/lib/pam_cognito"):
        for folder, folders, names in os.walk(top):
            for name in [*folders, *names]:
                path = os.path.join(folder, name)
                facts = os.lstat(path)
                what = ""
                if os.path.islink(path):
                    what = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        what = hashlib.sha256(file.read()).hexdigest()
                found[path] = (oct(facts.st_mode), facts.st_uid, facts.st_gid, what)
    return {path: facts for path, facts in found.items() if path not in BACKUPS}


def differences(one, other):
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def make_members():
    for person in (ALICE, BOB):
        command("gpasswd", "-a", person.name, "cognito")


def put_over(path, text):
    """A program in the place of another, until umount."""
    new = os.path.join("/run", "over-" + os.path.basename(path))
    write(new, text, 0o755)
    command("mount", "--bind", new, path)


class Server(SshdKeyboard):
    """sshd as it is set up in /etc."""

    def start(self, *more):
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-o", f"ListenAddress=127.0.0.1:{SSHD_PORT}",
             "-o", "UseDNS=no", *[word for line in no_penalties()
                                  for word in ("-o", line.replace(" ", "="))]],
            stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
        self.wait()

    def wait(self):
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", SSHD_PORT), 1).close()
                return
            if time.monotonic() > end:
                raise AssertionError("no sshd")
            time.sleep(0.05)


class Suite:
    def __init__(self, world, tap):
        self.world = world
        self.tap = tap
        self.host = Server(world)

    @contextlib.contextmanager
    def machine(self, server=SERVER, profile=True):
        """One on which the package was installed, and nothing else done."""
        covered = ["/etc", "/var/lib/pam", "/var/cache/debconf"]
        for path in covered:
            self.world.stage.copy(path)
        for path in (CONF, SECRET_FILE):
            os.unlink(path)
        command("groupdel", "cognito")
        write(MAIN, server)
        for path in glob.glob("/etc/ssh/sshd_config.d/*"):
            os.unlink(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(CONFIGS, "cognito"))
        if profile:
            shutil.copy(os.path.join(PACKAGE, "libpam-cognito.pam-profile"),
                        os.path.join(CONFIGS, "cognito"))
        self.world.forget()
        try:
            yield
        finally:
            for path in reversed(covered):
                command("umount", "-l", path)
            shutil.rmtree("/var/lib/pam_cognito", ignore_errors=True)

    def lets_in(self, title, person, password, expected=True, asked=None):
        visit = self.host.attempt(person.name, password)
        self.tap.ok((visit.who == person.name) == expected and asked in (None, visit.asked),
                    title, visit.screen, f"asked {visit.asked} times")

    def done(self, title, found, status=0):
        self.tap.equal(found[0], status, title, found[1])

    def unchanged(self, title, before):
        self.tap.none(differences(before, snapshot()), f"{title}: nothing is changed")

    def life(self):
        """Look, do, do again, log in, go back."""
        with self.machine():
            before = snapshot()
            status, text = setup(*FULL)
            self.tap.equal((status, text), (0, SHOWN), "without --yes: it says what it would do")
            self.unchanged("without --yes", before)
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 0 and "No problems" in text or "members" in text,
                        "with --yes: done, and check finds nothing wrong", status, text)
            self.tap.ok(SECRET not in text, "the secret is not printed", text)
            self.tap.equal(read(CONF), SETTINGS, "the settings")
            self.tap.equal(read(SECRET_FILE), SECRET + "\n", "the secret")
            self.tap.equal(read(DROP_IN), FOR_ALL, "sshd may ask")
            modes = {path: oct(os.stat(path).st_mode & 0o7777)
                     for path in (CONF, SECRET_FILE, DROP_IN, RECORD)}
            self.tap.equal(modes, {CONF: "0o644", SECRET_FILE: "0o600", DROP_IN: "0o644",
                                   RECORD: "0o600"}, "for whom they are to read")
            self.tap.ok(SECRET not in read(RECORD), "the record has no secret")
            self.tap.ok(re.search(r"(?m)^auth\s+\[success=2 user_unknown=ignore module_unknown="
                                  r"ignore default=die\]\s+pam_cognito.so only_group=cognito$",
                                  read(COMMON)), "PAM's line, with the right jump", read(COMMON))
            after = snapshot()
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 0 and "# Nothing was to do.\n" in text and "# do" not in text,
                        "a second time: nothing is to do", status, text)
            self.unchanged("a second time", after)
            status, text = setup(answers="")
            self.tap.ok(status == 0 and text.endswith("# Nothing is to do.\n")
                        and "would" not in text, "and nothing would be, without settings either",
                        status, text)
            self.tap.equal(setup("--undo"), (0, SHOWN_BACK), "--undo says what it would do")
            self.unchanged("--undo without --yes", after)
            self.done("--undo --yes", setup("--undo", "--yes"))
            self.unchanged("and back", before)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 0 and "nothing to take back" in text,
                        "nothing is left to take back", text)
            self.unchanged("--undo twice", before)

    def logins(self):
        with self.machine():
            self.host.start()
            self.lets_in("before: alice is nobody's", ALICE, ALICE.password, False)
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 0 and "&& kill -HUP $(cat /run/sshd.pid)" in text,
                        "sshd is reloaded", status, text)
            make_members()
            self.host.wait()
            self.lets_in("alice, by her password of the user pool", ALICE, ALICE.password)
            self.lets_in("alice, by a wrong one", ALICE, WRONG, False)
            self.lets_in("larry, by his local password", LARRY, LARRY.unix_password)
            self.lets_in("keeper, by his local password", KEEPER, KEEPER.unix_password)
            status, text = setup("--yes", answers="")
            self.tap.ok(status == 0 and "Nothing was to do" in text and "No problems" in text,
                        "with members all is well", status, text)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 0 and "cognito has members, alice among them: it stays" in text,
                        "a group with members stays", status, text)
            self.tap.none([path for path in (CONF, SECRET_FILE, DROP_IN, RECORD)
                           if os.path.exists(path)], "everything else is gone")
            self.host.wait()
            self.lets_in("after: alice is nobody's", ALICE, ALICE.password, False, asked=0)
            self.host.stop()

    def keys_only(self):
        """A question for a password would open guessing for everybody."""
        with self.machine(KEYS_ONLY):
            self.host.start()
            self.done("keys only: done", setup(*FULL, "--yes"))
            self.tap.equal(read(DROP_IN), FOR_MEMBERS, "keys only: members alone are asked")
            make_members()
            self.host.wait()
            self.lets_in("keys only: alice gets in", ALICE, ALICE.password)
            self.lets_in("keys only: larry is not asked", LARRY, LARRY.unix_password, False,
                         asked=0)
            status, text = setup("--yes", answers="")
            self.tap.ok(status == 0 and "No problems" in text,
                        "keys only: check asks sshd about a member", status, text)
            self.host.stop()
        for title, text in (("in sshd_config", SERVER + "Match User deploy\n"
                             "    PasswordAuthentication no\n"), ("in another file", SERVER)):
            with self.machine(text):
                if "other" in title:
                    write("/etc/ssh/sshd_config.d/50-deploy.conf", "Match User deploy\n"
                          "    PasswordAuthentication no\n")
                self.done(f"exceptions {title}: done", setup(*FULL, "--yes"))
                self.tap.equal(read(DROP_IN), FOR_MEMBERS, f"exceptions {title}: members alone")
        self.may_be_exceptions()
        with self.machine(SERVER.replace("Interactive", "").replace(
                "KbdAuthentication no", "KbdInteractiveAuthentication yes")):
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 0 and not os.path.exists(DROP_IN)
                        and "sshd: KbdInteractiveAuthentication is on" in text,
                        "where it is on nothing is written", status, text)
        with self.machine(SERVER.split("\n", 1)[1]):
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 1 and not os.path.exists(DROP_IN)
                        and "# by hand  sshd: /etc/ssh/sshd_config does not include" in text
                        and "\n#   Match Group cognito\n" in text,
                        "where the folder is not included: it says what to put where", status,
                        text)

    def ssh_keys(self):
        """Where accounts writes them: the line is printed, and not written."""
        wanted = ".ssh/authorized_keys .ssh/authorized_keys2 /var/lib/pam_cognito/keys/%u"
        line = f"AuthorizedKeysFile {wanted}\n"
        hand = "# by hand  SSH keys: sshd does not read those of ssh_key_attribute: put this at " \
               f"the top of {MAIN}, and reload sshd\n#   {line}"
        read_now = "# ok       SSH keys: sshd reads those in /var/lib/pam_cognito/keys\n"
        with self.machine():
            self.done("before keys: done", setup(*FULL, "--yes"))
            write(ACCOUNTS, "pool_groups = shell\n")
            status, text = setup(answers="")
            self.tap.ok(status == 0 and "SSH keys" not in text, "no keys: not a word", text)
            write(ACCOUNTS, "pool_groups = shell\nssh_key_attribute = custom:sshkey\n")
            before = snapshot()
            status, text = setup(answers="")
            self.tap.ok(status == 0 and hand in text, "keys: what to put where", text)
            status, text = setup("--yes", answers="")
            self.tap.ok(status == 1 and hand in text, "keys: setup does not do that", text)
            self.unchanged("keys", before)
            for title, path, new in (
                    ("at the top", MAIN, line + SERVER),
                    ("for members", "/etc/ssh/sshd_config.d/20-keys.conf",
                     f"Match Group cognito\n  {line}")):
                old = read(path) if os.path.exists(path) else ""
                write(path, new)
                status, text = setup("--yes", answers="")
                self.tap.ok(status == 0 and read_now in text, f"keys, {title}: said", text)
                write(path, old)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 0 and "SSH keys" not in text, "keys: nothing to take back", text)

    def may_be_exceptions(self):
        """What cannot be read, or leads elsewhere, may have them."""
        def unreadable():
            write("/etc/ssh/sshd_config.d/50-deploy.conf", "X11Forwarding no\n", 0o666)

        def elsewhere():
            os.mkdir("/etc/ssh/more")
            write("/etc/ssh/more/deploy.conf", "Match User deploy\n  PasswordAuthentication no\n")

        def further():
            elsewhere()
            write("/etc/ssh/sshd_config.d/50-deploy.conf", "Include /etc/ssh/more/*.conf\n")

        for title, more, prepare in (
                ("a file that others may write", "", unreadable),
                ("another folder", "Include /etc/ssh/more/*.conf\n", elsewhere),
                ("another folder, from a file", "", further)):
            with self.machine(SERVER + more):
                prepare()
                self.done(f"{title}: done", setup(*FULL, "--yes"))
                self.tap.equal(read(DROP_IN), FOR_MEMBERS, f"{title}: members alone")

    def as_shell(self):
        """What is printed is a script that does the same."""
        with self.machine():
            _, script = setup(*FULL)
            setup(*FULL, "--yes")
            shutil.rmtree("/var/lib/pam_cognito")
            wanted = snapshot()
        with self.machine():
            write("/run/script", script)
            done = subprocess.run(["sh", "-eu", "/run/script"], input=SECRET + "\n", text=True,
                                  capture_output=True, check=False)
            self.tap.equal(done.returncode, 0, "the commands as a script", done)
            self.unchanged("as a script, beside --yes", wanted)
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 0 and "Nothing was to do" in text,
                        "setup finds nothing to do after it", text)
            self.tap.ok(not os.path.exists("/var/lib/pam_cognito"),
                        "and has nothing to remember")

    def refused(self, title, says, before, *words, status=6, **more):
        found, text = setup(*words, "--yes", **more)
        self.tap.ok(found == status and re.search(says, text), title, found, text)
        self.unchanged(title, before)

    def others(self):
        """What somebody else wrote stays."""
        for path, mode in ((CONF, 0o644), (SECRET_FILE, 0o600), (DROP_IN, 0o644)):
            with self.machine():
                write(path, "# mine\n", mode)
                self.refused(f"{os.path.basename(path)} of somebody else's",
                             f"(?m)^# FAIL .*{path} holds something else"
                             r"[\s\S]*# Nothing was changed.\n\Z", snapshot(), *FULL)
        with self.machine():
            write(SECRET_FILE, SECRET + "\n", 0o644)
            self.refused("a secret for all to read", "must have mode 0600", snapshot(), *FULL)
        with self.machine():
            os.symlink("/etc/passwd", CONF)
            self.refused("a link to another file", "holds something else", snapshot(), *FULL)
        with self.machine():
            command("groupadd", "cognito")
            make_members()
            before = snapshot()
            self.done("the group is there: done", setup(*FULL, "--yes"))
            self.done("the group is there: and back", setup("--undo", "--yes"))
            self.unchanged("the group is there", before)
        with self.machine():
            setup(*FULL, "--yes")
            command("usermod", "-g", "cognito", LARRY.name)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 0 and "# skip     group: /usr/sbin/groupdel fails: groupdel: "
                        "cannot remove the primary group of user 'larry'\n" in text,
                        "somebody's primary group stays", status, text)
            self.tap.ok(not os.path.exists(RECORD), "and is nothing of setup's any more")
        with self.machine():
            write("/run/group", "cognito:x:4000:\n")
            self.refused("the group comes from a name service", "(?m)^# FAIL +group: cognito comes "
                         "from a name service", snapshot(), *FULL, under=[
                             "env", "LD_PRELOAD=libnss_wrapper.so", "NSS_WRAPPER_GROUP=/run/group",
                             "NSS_WRAPPER_PASSWD=/etc/passwd"])
        with self.machine():
            write(CONF, SETTINGS)
            write(SECRET_FILE, SECRET + "\n", 0o600)
            before = snapshot()
            self.done("settings of somebody else's, as they should be", setup("--yes"))
            self.done("and back", setup("--undo", "--yes"))
            self.unchanged("settings of somebody else's", before)

    def changed_since(self):
        for path in (CONF, SECRET_FILE, DROP_IN):
            with self.machine():
                setup(*FULL, "--yes")
                with open(path, "a", encoding="utf-8") as file:
                    file.write("# and more\n")
                status, text = setup("--undo", "--yes")
                self.tap.ok(status == 0 and f"{path} was changed since setup wrote it: it stays"
                            in text, f"{os.path.basename(path)} changed: said", status, text)
                left = [other for other in (CONF, SECRET_FILE, DROP_IN, RECORD)
                        if os.path.exists(other)]
                self.tap.equal(left, [path], f"{os.path.basename(path)} changed: it alone stays")
        with self.machine():
            setup(*FULL, "--yes")
            status, text = setup(*FULL, "--set", "timeout=30", "--yes")
            self.tap.ok(status == 0 and read(CONF) == SETTINGS + "timeout = 30\n",
                        "other settings replace what setup wrote", status, text)
            self.done("another secret replaces it, and check says that it is wrong",
                      setup(*FULL, "--set", "timeout=30", "--yes", answers="another0secret\n"), 1)
            self.tap.equal(read(SECRET_FILE), "another0secret\n", "the other secret")
            self.done("and back", setup("--undo", "--yes"))
            self.tap.ok(not os.path.exists(CONF) and not os.path.exists(SECRET_FILE),
                        "what was replaced goes, too")

    def settings(self):
        with self.machine():
            before = snapshot()
            for title, says, status, words in (
                    ("the secret as a setting", "everybody can read", 2,
                     [*OPTIONS, "--no-secret", "--set", "client_secret=hush"]),
                    ("a proxy with a password", "everybody can read", 2,
                     [*OPTIONS, "--no-secret", "--set", "proxy=http://me:hush@localhost:3128"]),
                    ("the pool twice", "use --user-pool-id", 2,
                     [*OPTIONS, "--no-secret", "--set", "user_pool_id=x"]),
                    ("another file", "use --secret-file", 2,
                     [*OPTIONS, "--no-secret", "--set", "client_secret_file=/x"]),
                    ("a section's", "not for all services", 2,
                     [*OPTIONS, "--no-secret", "--set", "trusted_users=postgres"]),
                    ("an argument's", "not for all services", 2,
                     [*OPTIONS, "--no-secret", "--set", "helper=/x"]),
                    ("an unknown key", "colour", 2,
                     [*OPTIONS, "--no-secret", "--set", "colour=blue"]),
                    ("a wrong value", r"timeout.*\(--set\)", 2,
                     [*OPTIONS, "--no-secret", "--set", "timeout=never"]),
                    ("a key twice", "except_users", 2,
                     [*OPTIONS, "--no-secret", "--set", "except_users=larry"]),
                    ("no pool", "--user-pool-id and --client-id are needed", 2, []),
                    ("no client", "--user-pool-id and --client-id are needed", 2,
                     ["--user-pool-id", POOL]),
                    ("is there a secret?", "--secret-stdin, --secret-file FILE or --no-secret", 2,
                     OPTIONS),
                    ("two secrets", "one of", 2, [*FULL, "--no-secret"]),
                    ("undo with settings", "takes no settings", 2, ["--undo", *OPTIONS]),
                    ("no such file", "--secret-file: ", 6, [*OPTIONS, "--secret-file", "/run/no"]),
            ):
                found, text = setup(*words, "--yes")
                self.tap.ok(found == status and re.search(says, text) and "hush" not in text,
                            title, found, text)
            for title, answers, status in (("no secret", "", 5), ("an empty secret", "\n", 5),
                                           ("a blank in it", "two words\n", 1)):
                self.done(title, setup(*FULL, "--yes", answers=answers), status)
            write("/run/secret", SECRET + "\n", 0o644)
            self.done("a secret for all to read", setup(*OPTIONS, "--secret-file", "/run/secret",
                                                        "--yes"), 6)
            status, text = setup(*FULL, "--yes", user=LARRY.name)
            self.tap.ok(status == 6 and "only root" in text, "as larry", status, text)
            self.unchanged("what cannot be used", before)
            os.chmod("/run/secret", 0o600)
            self.done("the secret out of a file", setup(*OPTIONS, "--secret-file", "/run/secret",
                                                        "--yes"))
            self.tap.equal(read(SECRET_FILE), SECRET + "\n", "is copied")
        with self.machine():
            setup("--user-pool-id", POOL, "--client-id", CLIENT, "--no-secret", "--yes", "--set",
                  "ca_file=" + CA_FILE, "--set", "prompt=Password, please: ", "--set", "debug")
            self.tap.ok(not os.path.exists(SECRET_FILE) and "secret" not in read(CONF),
                        "without a secret")
            self.tap.ok('prompt = "Password, please: "\ndebug = yes\n' in read(CONF),
                        "what is written means the same", read(CONF))
            setup("--user-pool-id", POOL, "--client-id", CLIENT, "--no-secret", "--yes", "--set",
                  'prompt="Password"')
            self.tap.ok('prompt = ""Password""\n' in read(CONF), "also with quotes", read(CONF))
            self.done("and is understood", (0, "") if "FAIL  settings" not in
                      setup("--yes", answers="")[1] else (1, ""))

    def typed(self):
        """At a terminal it is asked for, and not shown."""
        for answer, holds in ((SECRET, SECRET + "\n"), ("", None)):
            with self.machine():
                person = Person("pam-cognito", "setup", *OPTIONS, "--yes")
                self.tap.ok(person.ask(r"Client secret \(Enter: there is none\): $"),
                            "the question", person.screen)
                person.type(answer)
                status = person.finish()
                found = read(SECRET_FILE) if os.path.exists(SECRET_FILE) else None
                self.tap.ok(found == holds and ("client_secret_file" in read(CONF)) == bool(answer)
                            and SECRET not in person.screen,
                            "a secret is typed" if answer else "there is none", status,
                            person.screen)
        with self.machine():
            person = Person("pam-cognito", "setup", *OPTIONS)
            status = person.finish()
            self.tap.ok(status == 0 and "would    secret: ask for it, and write" in person.screen,
                        "without --yes nothing is asked", person.screen)

    def broken(self):
        """Something on the machine refuses."""
        with self.machine(SERVER + "Colour blue\n"):
            self.refused("sshd's configuration is broken before", "(?m)^# FAIL +sshd: its config"
                         r"uration is broken as it is: .*Colour[\s\S]*Nothing was changed",
                         snapshot(), *FULL)
        with self.machine():
            self.host.start()
            before = snapshot()
            shutil.copy("/usr/sbin/sshd", "/run/real")
            put_over("/usr/sbin/sshd", "#!/bin/sh\nif [ \"$1\" = -t ]; then echo no such luck\n"
                     "exit 255; fi\nexec /run/real \"$@\"\n")
            status, text = setup(*FULL, "--yes")
            command("umount", "/usr/sbin/sshd")
            self.tap.ok(status == 6 and "# FAIL     sshd: /usr/sbin/sshd fails: no such luck\n"
                        "# Stopped there." in text, "sshd -t says no", status, text)
            self.tap.ok(not os.path.exists(DROP_IN), "then the file is taken away again")
            self.lets_in("and sshd goes on", ALICE, ALICE.password, False, asked=0)
            self.done("mended: done", setup(*FULL, "--yes"))
            self.tap.equal(read(DROP_IN), FOR_ALL, "mended: sshd may ask")
            self.done("mended: and back", setup("--undo", "--yes"))
            self.unchanged("mended", before)
            self.host.stop()
        for name, step in (("groupadd", "group"), ("pam-auth-update", "PAM")):
            with self.machine():
                before = snapshot()
                put_over("/usr/sbin/" + name, "#!/bin/sh\necho no such luck\nexit 1\n")
                status, text = setup(*FULL, "--yes")
                command("umount", "/usr/sbin/" + name)
                self.tap.ok(status == 6 and re.search(
                    f"# FAIL     {step}: .*: no such luck\n# Stopped there.*\n$", text),
                    f"{name} fails: nothing that comes later is done", status, text)
                self.done(f"{name} fails: and back", setup("--undo", "--yes"))
                self.unchanged(f"{name} failed", before)
        with self.machine():
            before = snapshot()
            command("mount", "--bind", "/etc", "/etc")
            command("mount", "-o", "remount,bind,ro", "/etc")
            self.refused("/etc is read-only", "(?m)^# FAIL +group: /etc/group: Read-only file "
                         "system", before, *FULL)
            command("umount", "-l", "/etc")
        with self.machine():
            command("chmod", "0777", "/etc/ssh/sshd_config.d")
            self.refused("a folder that others may write to", "folder must belong to root",
                         snapshot(), *FULL)
        with self.machine():
            write("/etc/nsswitch.conf", "passwd: files\ngroup: nobody_answers\n")
            self.refused("groups cannot be looked up", "(?m)^# FAIL +group: cognito could not be "
                         "looked up", snapshot(), *FULL)
        with self.machine():
            os.mkdir(os.path.dirname(RECORD))
            write(RECORD, "", 0o600)
            with open(RECORD, encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self.refused("another is at work", "another setup is at work", snapshot(), *FULL)
        with self.machine():
            os.mkdir(os.path.dirname(RECORD))
            write(RECORD, f"file {'0' * 64} {CONF}\n", 0o666)
            self.refused("a record of somebody's", "mode 0600|writable", snapshot(), "--undo")

    def edited(self):
        """pam-auth-update leaves alone what was edited by hand, and says no word."""
        with self.machine():
            mine = re.sub(r"(?m)^(auth.*pam_unix.so.*)$", r"auth optional pam_warn.so\n\1",
                          read(COMMON))
            write(COMMON, mine)
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 1 and "# by hand  PAM: /etc/pam.d/common-auth was edited by "
                        "hand, and pam-auth-update leaves it alone: put this there" in text
                        and "\n#   auth [success=done user_unknown=ignore module_unknown=ignore "
                        "default=die] pam_cognito.so only_group=cognito\n" in text,
                        "edited before: it says what to put there", status, text)
            self.tap.equal(read(COMMON), mine, "edited before: left alone")
            write(COMMON, "auth [success=done user_unknown=ignore module_unknown=ignore "
                  "default=die] pam_cognito.so only_group=cognito\n" + mine)
            make_members()
            status, text = setup("--yes", answers="")
            self.tap.ok(status == 0 and "PAM: /etc/pam.d/common-auth has our line" in text,
                        "put there by hand: all is well", status, text)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 6 and "take pam_cognito.so out of /etc/pam.d/common-auth first"
                        in text and os.path.exists(CONF) and os.path.exists(SECRET_FILE),
                        "undo: settings in use stay", status, text)
            write(COMMON, mine)
            self.done("taken out: and back", setup("--undo", "--yes"))
            self.tap.ok(not os.path.exists(CONF), "taken out: the settings go")
        with self.machine(profile=False):
            before = snapshot()
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 1 and "# by hand  PAM: put this in front of the first auth line "
                        "that asks for a password, in /etc/pam.d/sshd and each" in text,
                        "no profile: it says what to put where", status, text)
            sshd = read("/etc/pam.d/sshd")
            write("/etc/pam.d/sshd", "# pam_cognito.so\n" + sshd)
            self.tap.ok("# by hand  PAM: put this" in setup("--yes", answers="")[1],
                        "no profile: a remark is no line")
            write("/etc/pam.d/sshd", "auth sufficient pam_cognito.so\n" + sshd)
            status, text = setup("--yes", answers="")
            self.tap.ok("# ok       PAM: /etc/pam.d/sshd has our line\n" in text,
                        "no profile: a line by hand", text)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 6 and "# by hand  PAM: take pam_cognito.so out of "
                        "/etc/pam.d/sshd first" in text and os.path.exists(CONF)
                        and os.path.exists(DROP_IN), "no profile: settings in use stay", status,
                        text)
            write("/etc/pam.d/sshd", sshd)
            self.done("no profile: and back", setup("--undo", "--yes"))
            self.unchanged("no profile", before)

    def unknown(self):
        """Files of PAM's that cannot be read, a group that cannot be looked up."""
        with self.machine():
            os.chmod(COMMON, 0o666)
            self.refused("common-auth that others may write", "(?m)^# FAIL +PAM: .*common-auth",
                         snapshot(), *FULL)
        with self.machine():
            self.done("somebody's service: done", setup(*FULL, "--yes"))
            write("/etc/pam.d/app", "auth required pam_cognito.so\n", 0o666)
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 6 and re.search("(?m)^# FAIL +PAM: .*/etc/pam.d/app", text)
                        and os.path.exists(CONF), "somebody's service: its settings stay", status,
                        text)
            os.unlink("/etc/pam.d/app")
            os.mkdir("/etc/pam.d/old")
            write("/etc/nsswitch.conf", "passwd: files\ngroup: nobody_answers\n")
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 6 and "# FAIL     group: cognito could not be looked up" in text
                        and "\ncognito:" in read("/etc/group"),
                        "who is a member is not known: the group stays", status, text)

    def displaced(self):
        """pam-auth-update would keep that line, and count on past it."""
        with self.machine():
            write(COMMON, re.sub(r"(?m)^(auth.*pam_deny.so)$", r"auth optional pam_warn.so\n\1",
                                 read(COMMON)))
            self.refused("a line before pam_deny.so", "(?m)^# FAIL +PAM: a line below .*would "
                         "refuse everybody", snapshot(), *FULL)
            write(COMMON, read(COMMON).replace("auth optional pam_warn.so\n",
                                               "# a remark\n\n"))
            self.done("a remark there", setup(*FULL, "--yes"))
            self.lets_in_by_pamtester()

    def lets_in_by_pamtester(self):
        write("/etc/pam.d/there", "@include common-auth\n")
        person = Person("pamtester", "there", LARRY.name, "authenticate")
        person.ask("assword: $")
        person.type(LARRY.unix_password)
        self.tap.equal(person.finish(), 0, "a local user gets in", person.screen)

    def one_service(self):
        """A service with a line of its own keeps neither the profile off nor its settings."""
        with self.machine():
            write("/etc/pam.d/postgresql", "auth required pam_cognito.so\n")
            self.done("beside a service's own line", setup(*FULL, "--yes"))
            self.tap.ok("pam_cognito.so" in read(COMMON), "the profile is switched on")
            status, text = setup("--undo", "--yes")
            self.tap.ok(status == 6 and "take pam_cognito.so out of /etc/pam.d/postgresql first"
                        in text and os.path.exists(CONF) and "pam_cognito.so" not in read(COMMON),
                        "undo: its settings stay", status, text)
            os.unlink("/etc/pam.d/postgresql")
            self.done("and then they go", setup("--undo", "--yes"))

    def purge(self):
        """The package's own way back, when the program is gone."""
        def run():
            command("pam-auth-update", "--package", "--remove", "cognito",
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
            return command("sh", os.path.join(PACKAGE, "pam-cognito.postrm"), "purge")
        with self.machine():
            before = snapshot()
            setup(*FULL, "--yes")
            run()
            self.unchanged("purged", before)
            setup(*FULL, "--yes")
            make_members()
            write(DROP_IN, FOR_MEMBERS)
            text = run()
            self.tap.equal([path for path in (CONF, SECRET_FILE, DROP_IN, RECORD)
                            if os.path.exists(path)], [DROP_IN], "purged: what was changed stays",
                           text)
            self.tap.ok("\ncognito:" in read("/etc/group"), "purged: a group with members stays")
        with self.machine():
            setup(*FULL, "--yes")
            write("/etc/pam.d/app", "auth required pam_cognito.so\n")
            text = run()
            self.tap.ok("the module is named in /etc/pam.d/app\n" in text
                        and os.path.exists(CONF) and os.path.exists(SECRET_FILE),
                        "purged: settings in use stay", text)

    def systemd(self):
        """Not running here: its tool refuses."""
        with self.machine():
            before = snapshot()
            os.makedirs("/run/systemd/system")
            write("/run/systemd/system/pam_cognito.socket", "[Socket]\n")
            _, text = setup(*FULL)
            self.tap.ok("# would    socket: switch pam_cognito.socket on, for programs that are "
                        "not root, such as screen lockers\n/usr/bin/systemctl enable --now "
                        "pam_cognito.socket\n" in text, "systemd: the command", text)
            status, text = setup(*FULL, "--yes")
            self.tap.ok(status == 6 and re.search(
                "# FAIL     socket: /usr/bin/systemctl fails: .*\n# Stopped there.*\n$", text),
                "systemd refuses: nothing that comes later is done", status, text)
            shutil.rmtree("/run/systemd")
            self.done("systemd refuses: and back", setup("--undo", "--yes"))
            self.unchanged("systemd refused", before)

    def ended(self):
        """Killed at each point at which something is on the disk."""
        with self.machine():
            before = snapshot()
            setup(*FULL, "--yes", "--offline")
            wanted = snapshot()
        points = 0
        for call in ("fsync", "renameat"):
            for count in range(1, 40):
                with self.machine():
                    status, _ = setup(*FULL, "--yes", "--offline", under=[
                        "strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=KILL:when={count}"])
                    if status != -signal.SIGKILL:
                        break
                    points += 1
                    again, text = setup(*FULL, "--yes", "--offline")
                    faults = differences(wanted, snapshot())
                    self.tap.ok(again == 0 and not faults, f"killed at {call} {count}: once more",
                                again, text, faults)
                with self.machine():
                    setup(*FULL, "--yes", "--offline", under=[
                        "strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=KILL:when={count}"])
                    status, text = setup("--undo", "--yes")
                    faults = differences(before, snapshot())
                    self.tap.ok(status == 0 and not faults, f"killed at {call} {count}: and back",
                                status, text, faults)
        self.tap.ok(points >= 12, f"killed at {points} points")

    def programs(self):
        """What is started gets nothing of the caller's."""
        with self.machine():
            shutil.copy("/usr/sbin/groupadd", "/run/real")
            put_over("/usr/sbin/groupadd", "#!/bin/sh\n/usr/bin/env >/run/environment\n"
                     "ls /proc/self/fd >/run/descriptors\nexec /run/real \"$@\"\n")
            status, text = setup(*FULL, "--yes", under=[
                "sh", "-c", "exec 7</dev/null; SPY=me exec \"$@\"", "sh"])
            command("umount", "/usr/sbin/groupadd")
            self.tap.equal(status, 0, "a program is watched", text)
            names = {line.split("=")[0] for line in read("/run/environment").splitlines()}
            self.tap.equal(names - {"PWD", "_", "OLDPWD", "SHLVL"}, {"PATH", "LC_ALL"},
                           "its environment")
            self.tap.ok("7" not in read("/run/descriptors").split(), "its descriptors",
                        read("/run/descriptors"))

    def documented(self):
        """docs/pam-cognito.md shows what it prints."""
        page = read(os.path.join(SOURCE, "docs", "pam-cognito.md"))
        block = re.search(r"(?m)^    # pam-cognito (setup .*)\n((?:    .*\n)+)", page)
        with self.machine():
            write("/root/secret", SECRET + "\n", 0o600)
            status, text = setup(*block[1].split()[1:])
            self.tap.equal((status, text), (0, re.sub("(?m)^    ", "", block[2])), "the page")

    def json(self):
        with self.machine():
            status, text = setup(*FULL, "--json")
            found = [json.loads(line) for line in text.splitlines()]
            self.tap.equal([(line["step"], line["state"]) for line in found[:-1]],
                           [("group", "would"), ("secret", "would"), ("settings", "would"),
                            ("socket", "skip"), ("PAM", "would"), ("sshd", "would")],
                           "--json: an object a step", text)
            self.tap.equal(found[0]["commands"], "/usr/sbin/groupadd cognito\n",
                           "--json: its commands")
            self.tap.equal(found[-1]["done"], True, "--json: and the end")


def run(world, tap):
    command("ssh-keygen", "-A")
    os.symlink("/proc/self/fd/0", "/dev/stdin")
    world.stage.copy(CONFIGS)
    suite = Suite(world, tap)
    for part in (suite.life, suite.logins, suite.keys_only, suite.ssh_keys, suite.as_shell,
                 suite.others, suite.changed_since, suite.settings, suite.typed, suite.broken,
                 suite.edited, suite.unknown, suite.displaced, suite.one_service, suite.purge,
                 suite.systemd, suite.programs, suite.documented, suite.json, suite.ended):
        part()
