# pam_cognito-accounts.service and its timer, as systemd runs them: the timer is off
# until it is enabled; confined as it is the unit makes accounts, locks them and ends
# what they run; what it did not do is in the journal.
# SPDX-License-Identifier: MIT
import json
import os
import re
import stat
import subprocess

from machine import command, write
from person import Person
from suites.selinux import AUDIT, PROMPT, SLOW, SSH, denied
from suites.units import WARNINGS, show, wait_until

UNIT = "pam_cognito-accounts.service"
TIMER = "pam_cognito-accounts.timer"
DROP_INS = "/etc/systemd/system/{}.d/test.conf"
SETTINGS_FILE = "/etc/security/pam_cognito_accounts.conf"
CREDENTIALS = "/root/.aws/credentials"
FOLDER = "/var/lib/pam_cognito"
STATE = FOLDER + "/accounts.json"
KEYS = FOLDER + "/keys"
FILES = ("passwd", "shadow", "group", "gshadow")
DENIED = 'denied.* comm="(useradd|usermod|groupadd|gpasswd|setpriv|ssh-keygen|loginctl)"'
PAM_SSHD = "/etc/pam.d/sshd"
SSHD_CONF = "/etc/ssh/sshd_config.d/accounts.conf"
KEY = "/root/nora-key"
PASSWORD = "Of-The-Pool-22"
SETTINGS = """pool_groups = shell
ssh_key_attribute = custom:sshkey
trust_attribute = yes
max_removals = 100
timeout = 60
"""
# What starts ends it where only one who is root, or comes with CAP_KILL, lives.
DEADLY = "while :; do kill -KILL -1; done"
MINUTE = 60 * 1000000
MANY = [f"many{number}" for number in range(8)]


def run(machine, tap):
    with open(PAM_SSHD, encoding="utf-8") as file:
        pam = file.read()
    prepare(machine, pam)
    try:
        Suite(machine, tap).run()
    finally:
        write(PAM_SSHD, pam)
        os.unlink(SSHD_CONF)
        command("systemctl", "reload", "ssh.service")


def prepare(machine, pam):
    machine.forget()
    write(CREDENTIALS, "[default]\naws_access_key_id = AKIALOCALPOOL0000002\n"
          "aws_secret_access_key = local/one+action/0123456789abcdefghijklm\n", 0o600)
    write(PAM_SSHD, "auth sufficient pam_cognito.so only_group=cognito\n" + pam)
    write(SSHD_CONF, f"""KbdInteractiveAuthentication yes
AuthorizedKeysFile .ssh/authorized_keys {KEYS}/%u
PerSourcePenalties no
""")
    command("systemctl", "reload", "ssh.service")
    command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    machine.pool.set_pool(groups=["staff", "admins", "guests", "shell"])


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def row_of(name):
    """Of passwd."""
    for line in read("/etc/passwd").splitlines():
        if line.startswith(name + ":"):
            return line.split(":")
    return None


def is_expired(name):
    for line in read("/etc/shadow").splitlines():
        if line.startswith(name + ":"):
            return line.split(":")[7] == "1"
    return None


def state_of(name):
    for entry in json.loads(read(STATE))["accounts"]:
        if entry["name"] == name:
            return entry["state"], entry["uid"]
    return None


def drop_in(unit, text):
    if text:
        write(DROP_INS.format(unit), text)
    else:
        os.unlink(DROP_INS.format(unit))
    command("systemctl", "daemon-reload")


def is_active(unit):
    return command("systemctl", "is-active", unit, check=False).strip() == "active"


def of_timer(name):
    """Microseconds of the monotonic clock."""
    text = command("busctl", "get-property", "org.freedesktop.systemd1",
                   "/org/freedesktop/systemd1/unit/pam_5fcognito_2daccounts_2etimer",
                   "org.freedesktop.systemd1.Timer", name)
    return int(text.split()[1])


def by_key(name):
    return subprocess.run(
        ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
         "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", KEY,
         f"{name}@127.0.0.1", "id -un"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=SLOW, check=False).stdout.strip()


def by_password(name, *words):
    person = Person(*SSH, f"{name}@127.0.0.1", *words)
    person.wait_for(PROMPT, SLOW)
    person.type(PASSWORD)
    return person


class Suite:
    def __init__(self, machine, tap):
        self.machine, self.tap, self.pool = machine, tap, machine.pool

    def run(self):
        for part in (self.timer, self.made_by_it, self.entered, self.refused, self.failed,
                     self.at_once, self.killed, self.locked, self.ended, self.shown):
            part()

    def journal(self, cursor):
        command("journalctl", "--sync")
        return self.machine.journal(cursor, "-u", UNIT)

    def start(self, what, status=0):
        """By hand; what the journal then has of it."""
        cursor = self.machine.cursor()
        done = subprocess.run(["systemctl", "start", UNIT], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        lines = self.journal(cursor)
        self.tap.equal((done.returncode, show(UNIT, "ActiveState")["ActiveState"]),
                       (status, "failed" if status else "inactive"), what, done.stderr, *lines)
        return lines

    def has_line(self, lines, pattern, what):
        self.tap.ok(any(re.search(pattern, line) for line in lines), what, pattern, *lines)

    # ---- The timer ----

    def timer(self):
        tap = self.tap
        found = [command("systemctl", word, TIMER, check=False).strip()
                 for word in ("is-enabled", "is-active")]
        tap.equal(found, ["disabled", "inactive"], "the timer is off")
        tap.equal(show(TIMER, "RandomizedDelayUSec"), {"RandomizedDelayUSec": "5min"},
                  "its jitter, as systemd shows it")
        cursor = self.fire()
        tap.ok(self.machine.wait_for_line(cursor, "unmet condition", SLOW),
               "on, and no settings yet: nothing is started", *self.machine.journal(cursor))
        drop_in(TIMER, None)
        times = []
        for _ in range(4):
            command("systemctl", "daemon-reload")
            times.append(of_timer("NextElapseUSecMonotonic") - of_timer("LastTriggerUSecMonotonic"))
        tap.ok(len(set(times)) == 4
               and all(15 * MINUTE <= later <= 21 * MINUTE for later in times),
               "it comes again: in a quarter of an hour, and up to five minutes", times)
        command("systemctl", "disable", "--now", TIMER)

    def fire(self):
        """On, without jitter: at once, two minutes after the machine was started."""
        drop_in(TIMER, "[Timer]\nRandomizedDelaySec=0\nAccuracySec=1\n")
        cursor = self.machine.cursor()
        command("systemctl", "enable", "--now", TIMER)
        return cursor

    def made_by_it(self):
        tap = self.tap
        write(SETTINGS_FILE, SETTINGS)
        self.person("nora", attributes={"custom:sshkey": read(KEY + ".pub")})
        cursor = self.fire()
        tap.ok(wait_until(lambda: os.path.exists(f"{KEYS}/nora"), 180),
               "the timer, and settings: somebody of the pool's is here", *self.journal(cursor))
        wait_until(lambda: not show(UNIT, "ActiveState")["ActiveState"].endswith("ing"))
        tap.equal(show(UNIT, "Result", "ExecMainStatus"),
                  {"Result": "success", "ExecMainStatus": "0"}, "the unit has done it",
                  *self.journal(cursor))
        after = of_timer("NextElapseUSecMonotonic") - int(
            show(UNIT, "InactiveEnterTimestampMonotonic")["InactiveEnterTimestampMonotonic"])
        tap.ok(15 * MINUTE <= after <= 16 * MINUTE, "and will again, a quarter of an hour later",
               after)
        command("systemctl", "disable", "--now", TIMER)
        drop_in(TIMER, None)
        lines = self.journal(cursor)
        self.has_line(lines, "accounts: make .*nora", "the journal has it")

    # ---- An account ----

    def person(self, name, **more):
        self.pool.add_user(username=name, password=PASSWORD, groups=["shell"], **more)

    def entered(self):
        tap = self.tap
        row = row_of("nora")
        uid, gid = int(row[2]), int(row[3])
        tap.equal(command("id", "-gn", "nora"), "cognito\n", "her group")
        home = os.stat("/home/nora")
        tap.equal((home.st_uid, home.st_gid, os.stat("/home/nora/.bashrc").st_uid),
                  (uid, gid, uid), "her home, with the skeleton")
        found = os.stat(f"{KEYS}/nora")
        tap.equal((stat.S_IMODE(found.st_mode), found.st_uid), (0o644, 0), "her key")
        modes = {path: stat.S_IMODE(os.stat(path).st_mode)
                 for path in ("/etc/passwd", "/etc/shadow", "/etc/group", STATE)}
        tap.equal(modes, {"/etc/passwd": 0o644, "/etc/shadow": 0o640, "/etc/group": 0o644,
                          STATE: 0o600}, "files have their modes")
        visit = by_password("nora", "id -un")
        tap.ok(visit.finish(SLOW) == 0 and "\nnora\n" in visit.screen,
               "in by sshd, with the pool's password", visit.screen)
        tap.equal(by_key("nora"), "nora", "in by her key")

    def refused(self):
        """What is left to be done by somebody is no failure of the unit's."""
        self.person("daemon")
        lines = self.start("a name that is refused: done")
        self.has_line(lines, r"refuse exists +daemon +\S", "the journal has who, and why")
        self.has_line(lines, "^accounts: 1 to exist, 0 done, 0 failed, 1 refused", "and that it is done")
        self.pool.delete_user("daemon")
        self.start("and without")

    def failed(self):
        write(SETTINGS_FILE, SETTINGS.replace("timeout = 60", "timeout = 5"))
        self.pool.fault("reset", {"operation": "ListUsersInGroup"}, count=0)
        before = read("/etc/passwd"), read("/etc/shadow"), read(f"{KEYS}/nora")
        lines = self.start("the pool is away: the unit has failed", 1)
        self.has_line(lines, "^accounts: sync: ListUsersInGroup: .*reset by peer",
                      "the journal has why")
        self.tap.equal((read("/etc/passwd"), read("/etc/shadow"), read(f"{KEYS}/nora")), before,
                       "and nothing has changed")
        self.pool.clear_rules()
        write(SETTINGS_FILE, SETTINGS)
        self.start("the pool is back: the unit has not")

    def at_once(self):
        self.pool.clear()
        self.pool.fault("delay", {"operation": "ListUsersInGroup"}, ms=15000)
        command("systemctl", "start", "--no-block", UNIT)
        wait_until(lambda: self.pool.requests("ListUsersInGroup"))
        pid = show(UNIT, "MainPID")["MainPID"]
        done = subprocess.run(["pam-cognito", "accounts", "sync"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        self.tap.ok(done.returncode == 1 and f"is at work, number {pid}\n" in done.stderr,
                    "by hand while the unit is at it: says so", pid, done)
        self.start("the unit twice: the second one waits for the first")
        self.pool.clear()

    def killed(self):
        tap = self.tap
        for name in MANY:
            self.person(name)
        command("systemctl", "start", "--no-block", UNIT)
        wait_until(lambda: row_of(MANY[1]))
        command("systemctl", "kill", "--signal=KILL", UNIT)
        wait_until(lambda: show(UNIT, "ActiveState")["ActiveState"] == "failed")
        made = [name for name in MANY if row_of(name)]
        tap.ok(0 < len(made) < len(MANY), "killed in the middle", made)
        self.start("started again")
        rows = {name: row_of(name) or ["", "", "-1"] for name in MANY}
        tap.equal({name: state_of(name) for name in MANY},
                  {name: ("present", int(row[2])) for name, row in rows.items()},
                  "state and accounts agree")
        tap.equal([os.stat(f"/home/{name}").st_uid for name in MANY],
                  [int(row[2]) for row in rows.values()], "all have their homes")

    # ---- Locked ----

    def locked(self):
        tap = self.tap
        slice_ = f"user-{row_of('nora')[2]}.slice"
        self.session = by_password("nora", "echo is in; sleep 1000")
        self.session.wait_for("is in", SLOW)
        command("loginctl", "enable-linger", "nora")
        self.pool.user("nora", enabled=False)
        lines = self.start("disabled in the pool")
        self.has_line(lines, "accounts: lock .*nora", "the journal has it")
        self.has_line(lines, "sync --terminate", "and that what runs goes on")
        tap.equal((is_expired("nora"), state_of("nora")[0], os.path.getsize(f"{KEYS}/nora")),
                  (True, "locked", 0), "she is locked, and has no keys")
        tap.ok(by_key("nora") != "nora", "no way in by the key")
        self.pool.user("nora", enabled=True)
        visit = by_password("nora", "id -un")
        tap.ok(visit.finish(SLOW) != 0 and "\nnora\n" not in visit.screen,
               "nor by the password, though the pool would", visit.screen)
        self.pool.user("nora", enabled=False)
        tap.ok(self.session.is_running() and is_active(slice_), "her session goes on")

    def ended(self):
        """By an administrator's drop-in."""
        tap = self.tap
        uid = row_of("nora")[2]
        drop_in(UNIT, "[Service]\nExecStart=\n"
                "ExecStart=/usr/bin/pam-cognito accounts sync --terminate\n")
        self.start("--terminate")
        status = self.session.finish(SLOW)
        tap.ok(status != 0 and wait_until(lambda: not is_active(f"user-{uid}.slice"), 60),
               "her session is gone", status, command("loginctl", "list-sessions"))
        tap.ok(not os.path.exists("/var/lib/systemd/linger/nora"), "and lingering")
        command("systemd-run", "-q", "--collect", "--unit=hers", f"--uid={uid}", "sh", "-c", DEADLY)
        self.start("--terminate, and something that ends whoever comes as her")
        tap.ok(wait_until(lambda: not is_active("hers.service"), 10), "is gone",
               command("systemctl", "stop", "hers.service", check=False))
        drop_in(UNIT, None)
        self.pool.user("nora", enabled=True)
        command("pam-cognito", "accounts", "sync")
        tap.equal(by_key("nora"), "nora", "enabled again, by hand: in by her key")

    # ---- As a unit ----

    def shown(self):
        tap = self.tap
        tap.none([line for line in self.machine.journal() if WARNINGS.search(line)],
                 "systemd warned of nothing")
        found = command("systemd-analyze", "verify", "--man=no", UNIT, TIMER, check=False)
        tap.equal([line for line in found.splitlines() if "pam_cognito" in line], [],
                  "and finds nothing wrong")
        print("#", command("systemd-analyze", "security", "--no-pager", UNIT,
                           check=False).splitlines()[-1])
        if os.path.exists("/sys/fs/selinux/enforce"):
            labels(tap)


def labels(tap):
    """Where SELinux enforces: nobody was in anybody's way."""
    tap.equal(command("restorecon", "-nvR", *map("/etc/{}".format, FILES), "/home", FOLDER), "",
              "files have the labels that the policy gives them")
    tap.none([line for line in read(AUDIT).splitlines() if re.search(DENIED, line)] + denied(),
             "nothing was denied")
