# S30: in the shipped examples a refusal is final. Nothing behind our auth line
# lets in whom the pool has refused; the account phase repeats the refusal where
# a stack has lost it, and by itself refuses the services that allow_services
# leaves out, also to those who come with a key or NOPASSWD and meet no auth
# line. Other gates ask the pool, and so do not hold for a key alone.
# SPDX-License-Identifier: MIT
import concurrent.futures
import os
import re

from hosts import Pamtester, Sshd, SshdKeyboard, SshdPassword, Sudo
from people import ALICE, DAVE, LARRY, NORMA
from suites.faults import append
from world import CONF, command, write

BREAKAGES = [
    ("the account phase does not look at allow_services",
     ("examine_account (check_service)", "")),
    ("nor where there is a mistake in the settings",
     ("check_service (config_is_set)", "config_status(call->about.config) == STATUS_OK && ...")),
    ("or where it cannot be read", ("check_service (config_is_known)", "return true")),
    ("the account phase does not know what authenticate found",
     ("check_account (PHASE_ACCOUNT)", "code = PAM_IGNORE")),
    ("or forgets the disabled", ("CLOSED PAM_ACCT_EXPIRED", "PAM_IGNORE")),
    *((f"the example {name} ignores a refusal",
       (f"{name} pam_cognito.so default=die", "default=ignore"))
      for name in ("common-account", "common-auth", "sshd", "sudo", "su", "login")),
]
KEYS = "/etc/ssh/keys"
KEY = "/home/larry/key"
WITH_KEYS = f"AuthorizedKeysFile {KEYS}/%u"
EXAMPLES = ("sshd", "sudo", "su", "login", "common-auth")
LINE = re.compile(r"(?m)^auth\s+\[.*\]\s+pam_cognito\.so")


def run(world, tap):
    for name in ("common-account", *EXAMPLES):
        world.example(name)
    prepare_keys()
    keys(world, tap)
    without_password(world, tap)
    both(world, tap)
    nothing_behind_us(world, tap)
    lost_on_the_way(world, tap)


def prepare_keys():
    command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    os.chown(KEY, LARRY.uid, LARRY.uid)
    os.makedirs(KEYS)
    with open(KEY + ".pub", encoding="ascii") as file:
        public = file.read()
    for who in (ALICE, DAVE, LARRY):
        write(f"{KEYS}/{who.name}", public)


class SshdKey(Sshd):
    method = "publickey"

    def words(self, name):
        words = super().words(name)
        return [words[0], "-i", KEY, *words[1:]]


class SshdBoth(SshdKey):
    method = "publickey,keyboard-interactive"


def keys(world, tap):
    host = SshdKey(world)
    host.start(WITH_KEYS)

    def come(who, title, wanted):
        world.forget()
        visit = host.attempt(who.name, "no password is asked for")
        tap.equal((visit.who, visit.asked), (who.name if wanted else None, 0),
                  f"key, {title}", visit)

    come(ALICE, "nothing is set: alice is in", True)
    world.configure(allow_services="login,sudo")
    come(ALICE, "sshd is left out: alice is not in", False)
    tap.ok(world.log.wait("alice: refused: service_refused service=sshd"),
           "key, sshd is left out: the log says so", *world.log.ours())
    tap.equal(world.connections(), 0, "key, sshd is left out: and the pool hears nothing")
    come(LARRY, "sshd is left out: larry, who is not ours, is in", True)
    append(CONF, "mistake = 1\n")
    come(ALICE, "and a mistake in the settings: alice is not in", False)
    come(LARRY, "and a mistake in the settings: larry is in", True)
    for title, gate, mode in (("malformed", "login,,sudo", 0o644), ("unread", "login", 0o666)):
        world.configure(allow_services=gate, conf_mode=mode)
        come(ALICE, f"allow_services is {title}: alice is not in", False)
        tap.ok(world.log.wait("alice: refused: configuration service=sshd"),
               f"key, allow_services is {title}: the log says so", *world.log.ours())
        come(LARRY, f"allow_services is {title}: larry is in", True)
    world.configure(allow_services="login,sshd")
    come(ALICE, "sshd is listed: alice is in", True)
    world.configure(require_group="admins")
    come(ALICE, "a gate of the pool does not hold for a key alone", True)
    world.configure()
    host.stop()


class SudoQuietly(Sudo):
    def words(self, name):
        return ["sudo", "-n", *super().words(name)[2:]]


def without_password(world, tap):
    host = SudoQuietly(world)
    with open("/etc/sudoers", encoding="utf-8") as file:
        text = file.read()
    write("/etc/sudoers", text.replace("%cognito ALL=(ALL:ALL) ALL",
                                       "%cognito ALL=(ALL:ALL) NOPASSWD: ALL"), 0o440)
    for services, wanted in (("sshd,sudo", ALICE.name), ("sshd", None)):
        world.configure(allow_services=services)
        visit = host.attempt(ALICE.name, "no password is asked for")
        tap.equal((visit.who, visit.asked), (wanted, 0), f"NOPASSWD, {services}: {wanted}", visit)
    # Files as few as sudo can live with: the settings can still be read.
    for limit in (f"--nofile={n}:{n}" for n in range(8, 12)):
        host.words = lambda name, limit=limit: ["prlimit", limit, *SudoQuietly.words(host, name)]
        visit = host.attempt(ALICE.name, "no password is asked for")
        tap.equal(visit.who, None, f"NOPASSWD, sshd, {limit}: None", visit)
    world.configure()


def both(world, tap):
    """As the README says for gates to hold for keys, too."""
    host = SshdBoth(world)
    host.start(WITH_KEYS, "AuthenticationMethods publickey,keyboard-interactive:pam")
    for title, who, changes, wanted in (
            ("alice", ALICE, {}, ALICE.name), ("a disabled user", DAVE, {}, None),
            ("a gate", ALICE, {"require_group": "admins"}, None)):
        world.configure(**changes)
        visit = host.attempt(who.name, who.password)
        tap.equal((visit.who, visit.asked), (wanted, 1), f"key and password, {title}", visit)
    world.configure()
    host.stop()


# ---- In auth ----

def nothing_behind_us(world, tap):
    """norma's local password is right, and she is the pool's: it does not know her."""
    services = []
    for name in EXAMPLES:
        with open("/etc/pam.d/" + name, encoding="utf-8") as file:
            text = "".join(line for line in file if "pam_rootok" not in line)
        world.service("ex-" + name, text + ("@include common-account\n"
                                            if name == "common-auth" else ""))
        services.append("ex-" + name)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = {name: pool.submit(Pamtester(world, name).attempt, NORMA.name,
                                  NORMA.unix_password) for name in services}
        for name, job in jobs.items():
            visit = job.result()
            tap.ok(visit.who is None and visit.status == 1, f"{name}: norma is not in", visit)
            visit = Pamtester(world, name).attempt(LARRY.name, LARRY.unix_password)
            tap.equal(visit.who, LARRY.name, f"{name}: larry is", visit)


# ---- In account ----

def lost_on_the_way(world, tap):
    """auth lines that somebody has weakened until they let everybody in."""
    for name in EXAMPLES:
        with open("/etc/pam.d/ex-" + name, encoding="utf-8") as file:
            shipped = file.read()
        weak = LINE.sub("auth optional pam_cognito.so", shipped)
        weak = re.sub(r"(?m)^auth\s.*pam_(unix|deny)\.so.*$", "auth required pam_permit.so", weak)
        tap.ok(weak.count("auth optional pam_cognito.so") == 1 and "pam_permit.so" in weak,
               f"{name}: is weakened", weak)
        world.service("weak-" + name, weak)
        if name == "sshd":
            world.service("sshd", weak)
    world.configure(require_group="admins")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [(name, who, pool.submit(Pamtester(world, "weak-" + name).attempt, who.name,
                                        who.password))
                for name in EXAMPLES for who in (ALICE, DAVE)]
        for name, who, job in jobs:
            visit = job.result()
            title = f"weak {name}, {who.name}"
            tap.ok("successfully authenticated" in visit.screen, f"{title}: auth is fooled", visit)
            tap.ok(visit.status == 1 and visit.who is None, f"{title}: account is not", visit)
    for host in (SshdKeyboard(world), SshdPassword(world)):
        host.start()
        for who in (ALICE, DAVE):
            visit = host.attempt(who.name, who.password)
            tap.ok(visit.who is None and visit.asked > 0,
                   f"weak sshd, {host.method}, {who.name}: not in", visit)
        world.configure()
        visit = host.attempt(ALICE.name, ALICE.password)
        tap.equal(visit.who, ALICE.name, f"weak sshd, {host.method}: alice is without a gate",
                  visit)
        world.configure(require_group="admins")
        host.stop()
