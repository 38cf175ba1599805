# pam-cognito accounts: who is in the pool is on the machine, by the
# distribution's own tools; who has left is locked; and nobody comes by what is
# not theirs. Logins by sshd, with the pool's password and with a key.
# SPDX-License-Identifier: MIT
import contextlib
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time

from hosts import SSHD_PORT, SshdKeyboard, no_penalties
from people import LARRY
from person import Person
from world import POOL, command, host_key, write

SETTINGS = "/etc/security/pam_cognito_accounts.conf"
CREDENTIALS = "/root/.aws/credentials"
FOLDER = "/var/lib/pam_cognito"
STATE = FOLDER + "/accounts.json"
KEYS = FOLDER + "/keys"
PASSWORD = "Of-The-Pool-22"
KEY_ID, KEY = "AKIALOCALPOOL0000001", "local/every+action/0123456789abcdefghijk"
WEAK_ID, WEAK = "AKIALOCALPOOL0000002", "local/one+action/0123456789abcdefghijklm"
PACKAGES = "/var/cache/pam_cognito-tests"
# userdbctl's words for what is in a record.
USERDB = ("User name", "UID", "GID", "Real Name", "Directory", "Shell", "Disposition")
FILES = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow")
DONE, FAILED, REFUSED = 0, 1, 3
# Ends whoever else there is of its uid, as often as it can.
DEFIANT = """import os
while True:
    try:
        os.kill(-1, 9)
    except ProcessLookupError:
        pass
"""
OTHERS_GONE = "max_removals = 100\n"
USERADD = "/usr/sbin/useradd"
# Where a name stands that has rights here, and how.
PLACES = [
    ("/etc/sudoers", "{name} ALL=(ALL:ALL) ALL"),
    ("/etc/sudoers-rs", "{name} ALL=(ALL:ALL) ALL"),
    ("/etc/sudoers.d/zz", "User_Alias BOSSES = somebody,{name}\n@include /etc/more-sudoers"),
    ("/etc/more-sudoers", "%{name} ALL=(ALL:ALL) ALL"),
    ("/etc/doas.conf", "permit nopass {name} as root"),
    ("/usr/local/etc/doas.conf", "permit :{name}"),
    ("/etc/security/group.conf", "sshd;*;{name};Al0000-2400;floppy"),
    *((f"{folder}/polkit-1/rules.d/10.rules", 'if (subject.isInGroup("{name}")) {{}}')
      for folder in ("/etc", "/run", "/usr/local/share", "/usr/share")),
    ("/etc/polkit-1/localauthority.conf.d/9.conf", "AdminIdentities=unix-user:{name}"),
    ("/etc/polkit-1/localauthority/50-local.d/a.pkla", "Identity=unix-group:{name}"),
    *((f"{folder}/sysusers.d/zz.conf", 'u {name} - "-" -')
      for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib")),
    ("/usr/lib/sysusers.d/zz.conf", "m {name} adm"),
    ("/etc/subuid", "{name}:300000:65536"),
    ("/etc/subgid", "{name}:300000:65536"),
]
# What is said of a name, and why it is refused.
EVIL = {"root": "name", "..": "name", "a:b": "name", "a\nb": "name", "x" * 300: "name",
        "zoë": "name", "-e": "name", "adm": "reserved", "google-sudoers": "reserved",
        "staff": "reserved", LARRY.name: "exists", "ops": "reserved", "trusted": "reserved",
        "servant": "reserved", "old-home": "home", "_chrony": "reserved",
        "postmaster": "reserved", "robin.gone-1000": "name"}


def run(world, tap):
    # All suites see the same programs; here useradd goes.
    for path in ("/root", "/usr"):
        world.stage.cover(path)
    world.configure(only_group="cognito")
    world.example("sshd")
    # Nobody of the world's own is in the pool's group, and alice is made anew.
    for name in ("alice", "bob", "carol", "dave", "sybil"):
        command("userdel", "-r", name)
    credentials()
    with contextlib.ExitStack() as stack:
        Suite(world, tap, stack).run()


def credentials(key_id=KEY_ID, key=KEY):
    os.makedirs(os.path.dirname(CREDENTIALS), exist_ok=True)
    write(CREDENTIALS, f"[default]\naws_access_key_id = {key_id}\n"
                       f"aws_secret_access_key = {key}\n", 0o600)


def settings(more="", groups="shell"):
    write(SETTINGS, f"pool_groups = {groups}\n{more}")


def tool(*words, before=()):
    """(status, what --json printed, standard error)"""
    done = subprocess.run([*before, "pam-cognito", "--json", "accounts", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, check=False)
    return (done.returncode, [json.loads(line) for line in done.stdout.splitlines()],
            done.stderr)


def actions(objects):
    return [(one["action"], one.get("name", ""), one.get("group", ""))
            for one in objects if "action" in one]


def refusals(objects):
    return {one["username"] or one["name"]: one["refused"]
            for one in objects if "why" in one}


def line_of(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.split(":")[0] == name:
                return line.rstrip("\n").split(":")
    return None


def contents():
    found = {}
    for path in FILES:
        with open(path, encoding="utf-8") as file:
            found[path] = file.read()
    return found


def state_of(name):
    with open(STATE, encoding="utf-8") as file:
        for entry in json.load(file)["accounts"]:
            if entry["name"] == name and entry["state"] != "forgotten":
                return entry["state"], entry["uid"]
    return None


class Suite:
    def __init__(self, world, tap, stack):
        self.world, self.tap, self.stack = world, tap, stack
        self.sshd = SshdKeyboard(world)
        self.sshd.start(f"AuthorizedKeysFile {KEYS}/%u")
        stack.callback(self.sshd.stop)

    def run(self):
        for part in (self.first, self.again, self.gone, self.names, self.reserved,
                     self.programs, self.another,
                     self.groups, self.uids, self.keys, self.listing, self.everybody,
                     self.rights, self.faults, self.overtaken, self.killed, self.lists,
                     self.progress):
            part()

    # ---- Steps ----

    def person(self, name, groups=("shell",), password=PASSWORD, **more):
        return self.world.pool.call("add_user", username=name, password=password,
                                    groups=list(groups), **more)

    def sync(self, what, wanted, status=DONE, *words):
        """Does it; the actions are those that were wanted."""
        code, objects, errors = tool("sync", *words)
        self.tap.equal((code, actions(objects)), (status, wanted), what, errors,
                       *map(str, objects))
        return objects

    def enters(self, name, what, password=PASSWORD, inside=True):
        visit = self.sshd.attempt(name, password)
        self.tap.equal(visit.who, name if inside else None, what, visit, *self.world.log.ours())

    # ---- Parts ----

    def first(self):
        """One file, one command, and alice logs in."""
        settings()
        self.world.pool.call("pool", set={"groups": ["staff", "admins", "guests", "shell"]})
        self.world.pool.call("user", username="alice", set={"groups": ["shell"],
                                                            "attributes": {"name": "Älice, A: L"}})
        code, objects, _ = tool("sync", "--dry-run")
        self.tap.equal((code, actions(objects)), (DONE, [("make", "alice", "")]), "dry run")
        self.tap.equal((line_of("/etc/passwd", "alice"), os.path.exists(STATE)), (None, False),
                       "dry run: nothing was changed")
        with open("/etc/login.defs", encoding="utf-8") as file:
            usual = file.read()
        write("/etc/login.defs", usual + "HOME_MODE 0750\n")
        self.sync("alice is made", [("make", "alice", "")])
        write("/etc/login.defs", usual)
        row = line_of("/etc/passwd", "alice")
        gid = line_of("/etc/group", "cognito")[2]
        uid = row[2]
        self.tap.ok(1000 <= int(uid) < 60000, "a uid for people", uid)
        self.tap.equal(row[3:], [gid, "Älice A L", "/home/alice", "/bin/bash"],
                       "her line in passwd")
        self.tap.equal(line_of("/etc/group", "alice"), None, "no group of her own")
        shadow = line_of("/etc/shadow", "alice")
        self.tap.equal((shadow[1], shadow[3:8]), ("!", [""] * 5),
                       "no password, no ageing, no expiry")
        home = os.stat("/home/alice")
        self.tap.equal((home.st_uid, home.st_gid, os.path.exists("/home/alice/.bashrc")),
                       (int(uid), int(gid), True), "her home, with the skeleton")
        self.tap.equal(stat.S_IMODE(home.st_mode), 0o700,
                       "her home: HOME_MODE 0750 does not mean everybody's group")
        for path in ("/etc/subuid", "/etc/subgid"):
            self.tap.equal(line_of(path, "alice"), None, f"nothing in {path}")
        self.tap.equal(state_of("alice"), ("present", int(uid)), "the state")
        modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (FOLDER, STATE)]
        self.tap.equal(modes, [0o755, 0o600], "modes of folder and state")
        self.tap.ok(self.world.log.wait("accounts: make .*alice"), "the log has it")
        self.enters("alice", "alice logs in with the pool's password", "Correct-Horse-9")

    def again(self):
        """Nothing to do: nothing is started, nothing is written in /etc."""
        before = contents()
        log = "/run/programs"
        code, objects, _ = tool("sync", before=("strace", "-f", "-q", "-e", "trace=execve", "-e",
                                                "signal=none", "-o", log))
        with open(log, encoding="utf-8") as file:
            started = re.findall(r'execve\("([^"]*)"', file.read())
        self.tap.equal((code, actions(objects)), (DONE, []), "again: nothing to do")
        self.tap.equal([os.path.basename(path) for path in started], ["pam-cognito"],
                       "again: no program is started")
        self.tap.equal(contents(), before, "again: nothing has changed")

    def gone(self):
        user = lambda **set_: self.world.pool.call("user", username="alice", set=set_)
        settings(OTHERS_GONE)
        user(enabled=False)
        running = [self.runs(uid) for uid in (line_of("/etc/passwd", "alice")[2], LARRY.uid)]
        objects = self.sync("disabled", [("lock", "alice", "")])
        self.tap.equal([one.poll() for one in running], [None, None], "what runs goes on")
        self.tap.ok("goes on" in objects[-1].get("note", ""), "and that is said", objects[-1])
        self.tap.equal((line_of("/etc/shadow", "alice")[7], state_of("alice")[0]),
                       ("1", "locked"), "disabled: expired in the past")
        user(enabled=True)
        self.enters("alice", "locked: no login, though the pool would", "Correct-Horse-9", False)
        self.sync("enabled again", [("unlock", "alice", "")])
        self.tap.equal(line_of("/etc/shadow", "alice")[7], "", "no expiry any more")
        self.enters("alice", "unlocked: in again", "Correct-Horse-9")
        # Debian 13 has 0700 there.
        with open("/etc/login.defs", "a", encoding="utf-8") as file:
            file.write("HOME_MODE 0755\n")
        for name in ("pat", "quin"):
            self.person(name)
        self.sync("two more", [("make", "pat", ""), ("make", "quin", "")])
        self.tap.equal(stat.S_IMODE(os.stat("/home/pat").st_mode), 0o755,
                       "a home that others may read stays one for the group")
        settings()
        user(groups=[])
        self.world.pool.call("delete_user", username="pat")
        both = [("lock", "alice", ""), ("lock", "pat", "")]
        self.tap.equal(running[0].poll(), None, "it still does")
        objects = self.sync("two of three gone at once", both, REFUSED)
        self.tap.equal([one["state"] for one in objects if "action" in one], ["held", "held"],
                       "that is more than 20 %: held")
        self.tap.equal(state_of("alice")[0], "present", "held: nothing was done")
        defiant = self.runs(line_of("/etc/passwd", "alice")[2], sys.executable, "-c", DEFIANT)
        running[0].wait()
        self.sync("forced", both, DONE, "--force", "--terminate")
        self.tap.equal((defiant.wait(10), running[1].poll()), (-9, None),
                       "--terminate ends what she runs, though it defies, and nobody else's")
        again = self.runs(line_of("/etc/passwd", "alice")[2])
        objects = self.sync("locked already", [])
        self.tap.equal((again.poll(), "note" in objects[-1]), (None, False),
                       "locked already: nothing more is said")
        self.sync("locked already: --terminate", [], DONE, "--terminate")
        self.tap.equal((again.wait(10), running[1].poll()), (-9, None), "ends it all the same")
        running[1].kill()
        running[1].wait()
        user(groups=["shell"])
        self.sync("back in the group", [("unlock", "alice", "")])
        command("usermod", "-c", "Somebody", "alice")
        self.sync("the name is the pool's", [("full-name", "alice", "")])

    def runs(self, uid, *words):
        return subprocess.Popen(["setpriv", "--reuid", str(uid), "--clear-groups",
                                 *(words or ("sleep", "99"))])

    def names(self):
        """Evil and unlucky ones: each is refused, and no file changes for it."""
        write("/etc/sudoers.d/ops", "ops ALL=(ALL) ALL\n", 0o440)
        os.makedirs("/etc/sysusers.d", exist_ok=True)
        write("/etc/sysusers.d/servant.conf", "u servant - -\n")
        os.makedirs("/etc/polkit-1/rules.d", exist_ok=True)
        write("/etc/polkit-1/rules.d/10.rules", 'if (subject.user == "trusted") {}\n')
        os.makedirs("/home/old-home", exist_ok=True)
        for name in EVIL:
            if len(name) <= 128:
                self.person(name)
        self.person("new", status="UNCONFIRMED")
        self.person("federated", status="EXTERNAL_PROVIDER")
        before = contents()
        objects = self.sync("names that nobody may have", [], REFUSED)
        wanted = {name: why for name, why in EVIL.items() if len(name) <= 128}
        found = refusals(objects)
        # A newline reaches nobody's screen.
        self.tap.equal({name: found.get(name.replace("\n", "?")) for name in wanted}, wanted,
                       "each says why")
        self.tap.equal((found.get("new"), found.get("federated")), ("status", "status"),
                       "nor are they made")
        self.tap.equal(contents(), before, "nothing has changed")
        self.tap.equal(line_of("/etc/passwd", LARRY.name)[2], str(LARRY.uid),
                       "larry is who he was")
        code, objects, errors = tool("adopt", LARRY.name)
        self.tap.equal((code, actions(objects)), (DONE, [("adopt", LARRY.name, "")]),
                       "larry is adopted by hand", errors)
        self.tap.equal(state_of(LARRY.name), ("present", LARRY.uid), "and keeps his uid")
        for name in wanted:
            self.world.pool.call("delete_user", username=name)
        for name in ("new", "federated"):
            self.world.pool.call("delete_user", username=name)
        self.sync("larry is gone from the pool", [("lock", LARRY.name, "")], DONE, "--force")
        self.tap.equal(line_of("/etc/shadow", LARRY.name)[7], "1", "and locked")

    def reserved(self):
        """Each place that gives a name rights; what it is there for does not count."""
        before = {}
        for number, (path, line) in enumerate(PLACES):
            self.person(f"r-{number}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "a+", encoding="utf-8") as file:
                file.seek(0)
                before.setdefault(path, file.read())
            with open(path, "a", encoding="utf-8") as file:
                file.write(line.format(name=f"r-{number}") + "\n")
        wanted = {f"r-{number}": "reserved" for number in range(len(PLACES))}
        objects = self.sync("names that have rights", [], REFUSED)
        self.tap.equal(refusals(objects), wanted, "each of them says why",
                       *(f"{number}: {path}" for number, (path, _) in enumerate(PLACES)))
        for path, text in before.items():
            write(path, text, 0o440)
        self.sync("without those lines nothing is refused", [("make", name, "") for name in
                                                             sorted(wanted)], DONE, "--dry-run")
        for name in wanted:
            self.world.pool.call("delete_user", username=name)

    def programs(self):
        """What is started: by its path, with nothing of ours, the name behind --."""
        os.rename(USERADD, USERADD + ".real")
        write(USERADD, f"#!/bin/sh\nls -l /proc/self/fd >/run/fds\nexec {USERADD}.real \"$@\"\n",
              0o755)
        self.person("started")
        log = "/run/started"
        code, objects, errors = tool("sync", before=(
            "env", "AWS_ACCESS_KEY_ID=" + KEY_ID, "AWS_SECRET_ACCESS_KEY=" + KEY, "LD_DEBUG=",
            "strace", "-f", "-q", "-v", "-s", "4096", "-e", "trace=execve", "-e", "signal=none",
            "-o", log))
        self.tap.equal((code, actions(objects)), (DONE, [("make", "started", "")]), "programs",
                       errors)
        with open(log, encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if "execve(" in line][1:]
        self.tap.ok(lines, "programs: some are started")
        # The shell adds some of its own, useradd starts others with none.
        self.tap.none([line for line in lines if not re.search(
            r'execve\("/.*, \[("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"(, "PWD=[^"]*")?'
            r'(, "OLDPWD=[^"]*")?(, "_=[^"]*")?)?\]\) = ', line)],
            "programs: by their path, with an environment of two variables")
        self.tap.ok(f'"--", "started"], [' in lines[0], "programs: the name stands behind --",
                    lines[0])
        with open("/run/fds", encoding="utf-8") as file:
            found = [line.split()[8:] for line in file if " -> " in line]
        self.tap.equal([one[0] for one in found if not one[2].startswith("/proc/")],
                       ["0", "1", "2"], "programs: no descriptors", found)
        os.rename(USERADD + ".real", USERADD)

    def another(self):
        """The same name is not the same person."""
        self.person("robin")
        self.sync("robin is made", [("make", "robin", "")])
        uid = int(line_of("/etc/passwd", "robin")[2])
        write("/home/robin/diary", "secret\n")
        self.world.pool.call("delete_user", username="robin")
        self.person("robin", sub="11111111-2222-4333-8444-555555555555")
        objects = self.sync("another robin", [("lock", "robin", "")], REFUSED, "--force")
        self.tap.equal(refusals(objects), {"robin": "another-person"}, "is refused")
        self.enters("robin", "and does not get into the former one's", PASSWORD, False)
        code, objects, errors = tool("forget", "robin")
        self.tap.equal((code, actions(objects)), (DONE, [("forget", "robin", "")]),
                       "the former one is forgotten", errors)
        kept = f"/home/robin.gone-{uid}"
        self.tap.equal((os.stat(kept).st_uid, stat.S_IMODE(os.stat(kept).st_mode),
                        os.path.exists(kept + "/diary"), line_of("/etc/passwd", "robin")),
                       (0, 0o700, True, None), "the home is kept for root")
        self.sync("now the other one is made", [("make", "robin", "")])
        self.tap.ok(int(line_of("/etc/passwd", "robin")[2]) > uid, "with a uid of its own")
        self.tap.equal(os.path.exists("/home/robin/diary"), False, "and a home of its own")
        self.enters("robin", "and logs in")

    def groups(self):
        command("groupadd", "build")
        settings("map_groups = admins:build\n")
        self.person("sam", ["shell", "admins"])
        self.person("only", ["admins"])
        self.sync("a mapped group", [("make", "sam", ""), ("join", "sam", "build")])
        self.tap.equal(line_of("/etc/group", "build")[3], "sam", "he is in it")
        self.tap.equal(line_of("/etc/passwd", "only"), None,
                       "a mapped group alone makes nobody")
        self.world.pool.call("user", username="sam", set={"groups": ["shell"]})
        self.sync("out of it again", [("leave", "sam", "build")])
        self.tap.equal(line_of("/etc/group", "build")[3], "", "he is out")
        settings("map_groups = admins:sudo\n")
        self.world.pool.call("user", username="sam", set={"groups": ["shell", "admins"]})
        objects = self.sync("a privileged group", [], REFUSED)
        self.tap.equal([one["refused"] for one in objects if "why" in one],
                       ["privileged-group"], "is refused")
        settings("map_groups = admins:sudo\nallow_privileged_groups = yes\n")
        self.sync("unless it is allowed", [("join", "sam", "sudo")])
        settings("map_groups = admins:sudo\nallow_privileged_groups = yes\n" + OTHERS_GONE)
        self.world.pool.call("user", username="sam", set={"enabled": False})
        self.sync("disabled: out of it first",
                  [("leave", "sam", "sudo"), ("lock", "sam", "")])
        self.tap.ok("sam" not in line_of("/etc/group", "sudo")[3].split(","), "he is out of sudo")
        settings()

    def uids(self):
        attribute = "uid_attribute = custom:uid\n"
        rows = {"u-low": "999", "u-root": "0", "u-text": "12a", "u-high": "61000",
                "u-sub": "100010", "u-taken": str(LARRY.uid), "u-none": None}
        with open("/etc/subuid", "a", encoding="utf-8") as file:
            file.write("larry:100000:65536\n")
        for name, uid in rows.items():
            self.person(name, attributes={} if uid is None else {"custom:uid": uid})
        for name in ("u-one", "u-two"):
            self.person(name, attributes={"custom:uid": "30000"})
        self.person("u-good", attributes={"custom:uid": "30001"})
        settings(attribute)
        objects = self.sync("anybody could write it", [], REFUSED)
        self.tap.equal(set(refusals(objects).values()), {"attribute"},
                       "the attribute does not count")
        settings(attribute + "trust_attribute = yes\n")
        objects = self.sync("uids of the pool", [("make", "u-good", "")], REFUSED)
        found = refusals(objects)
        self.tap.equal({name: found.get(name) for name in (*rows, "u-one", "u-two")},
                       {name: "uid" for name in (*rows, "u-one", "u-two")},
                       "all others are refused")
        self.tap.equal(line_of("/etc/passwd", "u-good")[2], "30001", "one is given")
        for name in (*rows, "u-one", "u-two"):
            self.world.pool.call("delete_user", username=name)
        settings()

    def keys(self):
        for name in ("good", "other"):
            command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/run/{name}")
        with open("/run/good.pub", encoding="ascii") as file:
            good = file.read().strip()
        with open("/run/other.pub", encoding="ascii") as file:
            other = file.read().strip()
        command("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "/run/rsa")
        with open("/run/rsa.pub", encoding="ascii") as file:
            rsa = file.read().strip()
        attribute = "\n".join((good, f'command="/bin/sh" {other}', rsa, "ssh-ed25519 AAAAnokey"))
        self.person("kim", attributes={"custom:sshkey": attribute})
        settings("ssh_key_attribute = custom:sshkey\ntrust_attribute = yes\n" + OTHERS_GONE)
        self.sync("keys", [("make", "kim", ""), ("keys", "kim", "")])
        with open(f"{KEYS}/kim", encoding="ascii") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("#")]
        self.tap.equal(lines, [" ".join(good.split()[:2])], "one of four is a key to be taken")
        st = os.stat(f"{KEYS}/kim")
        self.tap.equal((st.st_uid, stat.S_IMODE(st.st_mode)), (0, 0o644), "root's, to be read")
        self.tap.equal(self.by_key("kim", "good"), "kim", "she logs in by it")
        self.tap.equal(self.by_key("kim", "other"), "", "not by the other one")
        self.sync("keys again: nothing", [])
        user = lambda keys: self.world.pool.call("user", username="kim", set={
            "attributes": {"custom:sshkey": keys}})
        for program in ("/usr/bin/ssh-keygen", "/usr/bin/setpriv"):
            os.rename(program, program + ".away")
            user(other)
            objects = self.sync(f"no {program}", [("keys", "kim", "")], FAILED)
            self.tap.ok("cannot judge keys here" in objects[0].get("note", ""),
                        f"no {program}: it is said", objects)
            os.rename(program + ".away", program)
            self.tap.equal(self.by_key("kim", "good"), "kim", f"no {program}: her key stays")
        self.sync("they are back", [("keys", "kim", "")])
        self.tap.equal((self.by_key("kim", "good"), self.by_key("kim", "other")), ("", "kim"),
                       "the other key is hers now")
        user(good)
        self.sync("and the first one again", [("keys", "kim", "")])
        os.rename(STATE, STATE + ".away")
        self.sync("the state is lost: nobody's keys count", [("keys", "kim", "")], REFUSED)
        self.tap.equal(self.by_key("kim", "good"), "", "and she does not get in by hers")
        os.rename(STATE + ".away", STATE)
        self.sync("it is back", [("keys", "kim", "")])
        self.tap.equal(self.by_key("kim", "good"), "kim", "and her key with it")
        self.world.pool.call("user", username="kim", set={"enabled": False})
        self.sync("disabled", [("keys", "kim", ""), ("lock", "kim", "")])
        self.tap.equal(os.path.getsize(f"{KEYS}/kim"), 0, "her keys are gone")
        self.tap.equal(self.by_key("kim", "good"), "", "and she does not get in")
        settings(OTHERS_GONE)

    def by_key(self, name, key):
        done = subprocess.run(
            ["ssh", "-F", "/dev/null", "-p", str(SSHD_PORT), "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
             "-o", "IdentitiesOnly=yes", "-i", f"/run/{key}", "-l", name, "127.0.0.1", "id -un"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout.strip()

    def listing(self):
        """One that does not end changes nothing, whatever it said before."""
        pool = self.world.pool
        pool.call("add_users", count=130, prefix="many", groups=["shell"])
        before = contents()
        for title, fault in (
                ("breaks off", {"kind": "reset"}),
                ("is no JSON", {"kind": "not_json"}),
                ("comes twice", {"kind": "repeat_token"}),
                ("is refused", {"kind": "error", "code": "AccessDeniedException",
                                "message": "no", "status": 400})):
            # The second page, however often it is asked for: a rule sees what the one
            # before it let pass.
            for _ in range(6):
                pool.call("fault", match={"operation": "ListUsersInGroup", "nth": 2}, **fault)
            code, objects, errors = tool("sync", "--force")
            self.tap.equal((code, actions(objects)), (FAILED, []),
                           f"a listing that {title}: failed", errors)
            pool.call("clear_rules")
        self.tap.equal(contents(), before, "nothing has changed")
        pool.call("fault", kind="throttle_400", count=2,
                  match={"operation": "ListUsersInGroup"})
        code, objects, errors = tool("sync", "--dry-run")
        self.tap.equal((code, len(actions(objects))), (DONE, 130), "throttled: asked again", errors)
        pool.clear()
        for number in range(130):
            pool.call("delete_user", username=f"many{number:05}")

    def everybody(self):
        """pool_groups=*, in a pool where nobody signs up by themselves, or does."""
        pool = self.world.pool
        pool.call("add_user", username="eve", password=PASSWORD, groups=["admins"])
        more = OTHERS_GONE + "map_groups = admins:build\n"
        settings(more, groups="*")
        code, _, errors = tool("sync", "--dry-run")
        self.tap.equal((code, "allow_self_sign_up=yes" in errors), (FAILED, True),
                       "everybody, where people sign up by themselves", errors)
        pool.call("pool", set={"sign_up": False})
        wanted = [("make", "eve", ""), ("join", "eve", "build")]
        code, objects, errors = tool("sync", "--dry-run")
        self.tap.equal([one for one in actions(objects) if one[1] == "eve"], wanted,
                       "everybody, where they do not", errors)
        pool.call("pool", set={"sign_up": True})
        settings(more + "allow_self_sign_up = yes\n", groups="*")
        code, objects, errors = tool("sync", "--dry-run")
        self.tap.equal([one for one in actions(objects) if one[1] == "eve"], wanted,
                       "everybody, where it is allowed", errors)
        pool.call("fault", kind="error", code="AccessDeniedException", message="no", status=400,
                  match={"operation": "ListUsersInGroup"})
        code, objects, errors = tool("sync", "--dry-run")
        self.tap.equal((code, actions(objects)), (FAILED, []),
                       "everybody, and a mapped group that is not told: failed", errors)
        pool.call("delete_user", username="eve")
        settings(OTHERS_GONE)

    def rights(self):
        before = contents()
        for title, key, words in (
                ("a wrong secret", (KEY_ID, WEAK), "secret|signature"),
                ("an unknown key", ("AKIALOCALPOOL0000009", KEY), "key")):
            credentials(*key)
            code, _, errors = tool("sync")
            self.tap.equal((code, bool(re.search(words, errors))), (FAILED, True), title, errors)
            self.tap.ok(key[1] not in errors, f"{title}: is not shown")
        os.unlink(CREDENTIALS)
        code, _, errors = tool("sync", before=("env", "AWS_EC2_METADATA_DISABLED=true"))
        self.tap.equal(code, FAILED, "no credentials", errors)
        credentials()
        os.chmod(CREDENTIALS, 0o644)
        code, _, errors = tool("sync")
        self.tap.equal((code, CREDENTIALS in errors), (FAILED, True),
                       "credentials that others read", errors)
        credentials(WEAK_ID, WEAK)
        self.sync("one action is enough", [])
        settings("allow_self_sign_up = no\n", groups="*")
        code, _, errors = tool("sync")
        self.tap.equal((code, "allow_self_sign_up" in errors), (FAILED, True),
                       "everybody, where it is not known who signs up", errors)
        credentials()
        settings(OTHERS_GONE)
        self.tap.equal(contents(), before, "nothing has changed")
        code = subprocess.run(["setpriv", "--reuid", str(LARRY.uid), "--clear-groups",
                               "pam-cognito", "accounts", "sync"], capture_output=True,
                              check=False).returncode
        self.tap.equal(code, FAILED, "not root")

    def faults(self):
        """The machine's own."""
        self.person("fay")
        before = contents()
        os.rename("/usr/sbin/useradd", "/usr/sbin/useradd.away")
        code, objects, errors = tool("sync")
        self.tap.equal((code, [one.get("state") for one in objects if "action" in one]),
                       (FAILED, ["FAILED"]), "no useradd", errors)
        self.tap.ok(self.world.log.wait("useradd: No such file"), "no useradd: the log says so")
        uid = state_of("fay")
        self.tap.equal(uid[0], "making", "no useradd: the state knows whose uid it was to be")
        os.rename("/usr/sbin/useradd.away", "/usr/sbin/useradd")
        os.rename("/usr/sbin/useradd", "/usr/sbin/useradd.away")
        write("/usr/sbin/useradd", "#!/bin/sh\necho it is not my day\nexit 9\n", 0o755)
        code, objects, errors = tool("sync")
        self.tap.equal((code, [one.get("note") for one in objects if "action" in one]),
                       (FAILED, ["/usr/sbin/useradd: it is not my day"]), "useradd fails", errors)
        self.tap.equal(state_of("fay"), uid, "useradd fails: the uid is the same")
        os.rename("/usr/sbin/useradd.away", "/usr/sbin/useradd")
        self.tap.equal(contents(), before, "nothing has changed")
        command("mount", "--bind", "/etc", "/etc")
        command("mount", "-o", "remount,bind,ro", "/etc")
        code, objects, errors = tool("sync")
        command("umount", "/etc")
        self.tap.equal(code, FAILED, "/etc is read-only", errors)
        self.tap.equal(contents(), before, "nothing has changed")
        command("mount", "-t", "tmpfs", "-o", "size=8k", "full", FOLDER)
        with contextlib.suppress(OSError), open(FOLDER + "/filler", "wb") as file:
            file.write(b"x" * 100000)
        os.chmod(FOLDER, 0o755)
        code, objects, errors = tool("sync", "--force")
        command("umount", FOLDER)
        self.tap.equal((code, "No space" in errors), (FAILED, True), "the disk is full", errors)
        self.tap.equal(contents(), before, "the disk is full: nothing has changed")
        write("/etc/sudoers.d/loop", "@include /etc/sudoers.d/loop\n", 0o440)
        code, _, errors = tool("sync")
        os.unlink("/etc/sudoers.d/loop")
        self.tap.equal((code, "/etc/sudoers.d/loop" in errors), (FAILED, True),
                       "sudoers that cannot be followed", errors)
        os.mkdir("/home/fay")
        write("/home/fay/somebody's", "")
        objects = self.sync("a folder with something in it came meanwhile", [], REFUSED)
        self.tap.equal(refusals(objects), {"fay": "home"}, "it is not given to her")
        os.unlink("/home/fay/somebody's")
        settings(OTHERS_GONE + "subids = yes\n")
        self.sync("then all is well", [("make", "fay", "")])
        self.tap.equal([(line_of(path, "fay") or [])[2:]
                        for path in ("/etc/subuid", "/etc/subgid")], [["65536"]] * 2,
                       "with ranges of subordinate ids, as is set")
        settings(OTHERS_GONE)
        self.tap.equal(os.stat("/home/fay").st_uid, uid[1], "an empty one is made anew for her")
        self.tap.equal(state_of("fay"), ("present", uid[1]), "with the uid that was meant")

    def overtaken(self):
        """useradd by hand took the uid that was chosen, before the account was made."""
        self.person("gil")
        os.rename("/usr/sbin/useradd", "/usr/sbin/useradd.away")
        tool("sync")
        os.rename("/usr/sbin/useradd.away", "/usr/sbin/useradd")
        kind, meant = state_of("gil")
        command("useradd", "-M", "handmade")
        self.tap.equal((kind, line_of("/etc/passwd", "handmade")[2]), ("making", str(meant)),
                       "useradd by hand takes the same next uid")
        self.sync("then gil has another one", [("make", "gil", "")])
        kind, uid = state_of("gil")
        self.tap.equal((kind, line_of("/etc/passwd", "gil")[2], uid == meant),
                       ("present", str(uid), False), "in passwd and in the state")

    def killed(self):
        """Ended before each of its steps: the next run makes state and accounts agree."""
        for call in ("renameat", "fsync", "execve"):
            for nth in range(1, 12):
                name = f"k-{call[0]}{nth}"
                self.person(name)
                where = "clone3,clone,vfork" if call == "execve" else call
                words = ["strace", "-q", "-o", "/dev/null", "-e", "signal=none", "-e",
                         f"trace={where}", "-e", f"inject={where}:signal=KILL:when={nth}"]
                code, _, errors = tool("sync", before=words)
                after, objects, errors = tool("sync")
                row = line_of("/etc/passwd", name)
                self.tap.equal((after, state_of(name)), (DONE, ("present", int(row[2]))),
                               f"killed at {call} {nth}: the next one puts it right", errors)
                self.tap.equal((row[5], os.stat(row[5]).st_uid), ("/home/" + name, int(row[2])),
                               f"killed at {call} {nth}: the home as well")
                if code == DONE:
                    break
            self.tap.ok(nth > 1 and code == DONE, f"{call}: every step was tried", nth)
        uids = [row.split(":")[2] for row in contents()["/etc/passwd"].splitlines()]
        self.tap.equal(len(uids), len(set(uids)), "no uid stands twice")
        holder = subprocess.Popen(["flock", "--no-fork", FOLDER + "/accounts.lock", "sleep",
                                   "30"])
        time.sleep(0.3)
        code, _, errors = tool("sync")
        holder.kill()
        holder.wait()
        self.tap.equal((code, "another process of this tool is at work" in errors),
                       (FAILED, True), "two at once: the second one goes", errors)

    def lists(self):
        """Who should exist, in each format: those who do, and who will be made next."""
        self.person("soon", attributes={"name": "Soon, Sam"})
        with open(STATE, encoding="utf-8") as file:
            state = file.read()
        present = [one["name"] for one in json.loads(state)["accounts"]
                   if one["state"] == "present"]
        gid = line_of("/etc/group", "cognito")[2]
        code, rows = self.listed("passwd")
        soon, = (row.split(":") for row in rows if row.startswith("soon:"))
        self.tap.equal(sorted(rows), sorted([":".join(soon), *(
            ":".join(line_of("/etc/passwd", name)) for name in present)]),
            "list --format passwd: those of passwd, and one more")
        self.tap.equal((code, soon[1], soon[3:], soon[2] in contents()["/etc/passwd"]),
                       (DONE, "x", [gid, "Soon Sam", "/home/soon", "/bin/bash"], False),
                       "list --format passwd: who will be made")
        fields = [row.split(":") for row in rows]
        code, rows = self.listed("userdb")
        self.tap.equal([json.loads(row) for row in rows], [
            {"userName": name, "uid": int(uid), "gid": int(gid), "realName": gecos,
             "homeDirectory": home, "shell": shell, "disposition": "regular"}
            for name, _, uid, gid, gecos, home, shell in fields], "list --format userdb")
        self.userdb(rows)
        wanted = [{"name": name, "sub": self.world.pool.user(name)["sub"], "uid": int(uid),
                   "gid": int(gid), "gecos": gecos, "home": home, "shell": shell}
                  for name, _, uid, gid, gecos, home, shell in fields]
        for words in (("json",), ()):
            code, rows = self.listed(*words)
            self.tap.equal([json.loads(row) for row in rows], wanted,
                           f"list {' '.join(words) or 'with --json'}")
        self.sync("and she is, with that uid", [("make", "soon", "")])
        self.tap.equal(line_of("/etc/passwd", "soon"), soon, "as the list said")

    def listed(self, *format_):
        words = ["list", "--format", *format_] if format_ else ["--json", "list"]
        done = subprocess.run(["pam-cognito", "accounts", *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout.splitlines()

    def userdb(self, rows):
        """systemd's own reader takes the records as they are."""
        title = "list --format userdb: systemd takes it"
        if "systemd-userdbd" in os.environ.get("ABSENT", "").split():
            self.tap.skip(title, "no package systemd-userdbd here")
            return
        package, = glob.glob(PACKAGES + "/systemd-userdbd_*.deb")
        unpacked = os.path.join(self.world.folder, "userdbd")
        command("dpkg-deb", "-x", package, unpacked)
        os.makedirs("/etc/userdb")
        for row in rows:
            record = json.loads(row)
            write(f"/etc/userdb/{record['userName']}.user", row + "\n")
        for row in rows:
            record = json.loads(row)
            said = command(unpacked + "/usr/bin/userdbctl", "--with-nss=no", "--synthesize=no",
                           "user", record["userName"])
            # What it cannot make sense of it leaves out.
            found = {key.strip(): value.strip() for key, _, value in
                     (line.partition(":") for line in said.splitlines())}
            self.tap.equal([found.get(word, "").split(" (")[0] for word in USERDB],
                           [str(value) for value in record.values()], title, said)
        shutil.rmtree("/etc/userdb")

    def progress(self):
        """Somebody at a terminal sees that it goes on; a file is told nothing of that."""
        pool = self.world.pool
        pool.call("add_users", count=130, prefix="many", groups=["shell"])
        words = ("pam-cognito", "accounts", "sync", "--dry-run")
        person = Person(*words)
        person.finish()
        counts = re.findall("\r(\\d+) people\033\\[K", person.screen)
        self.tap.equal((counts[:2], re.search("\r\033\\[K(?![\r\n])", person.screen) is None),
                       (["60", "120"], False), "on a terminal: how many by now, then it is gone",
                       repr(person.screen[:400]))
        pool.script({"match": {"operation": "ListUsersInGroup"}, "status": 400, "body": {
            "__type": "TooManyRequestsException", "message": "Rate exceeded"},
            "headers": {"Retry-After": "2"}})
        person = Person(*words)
        person.finish()
        self.tap.ok("\r0 people, waiting 2 s for Cognito\033[K\r60 people" in person.screen,
                    "on a terminal: that it waits", repr(person.screen[:400]))
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.tap.equal(done.stderr, b"", "to a file: not a word")
        for number in range(130):
            pool.call("delete_user", username=f"many{number:05}")
