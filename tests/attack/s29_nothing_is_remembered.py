# S29: every sign-in is the pool's decision: a password that was right a moment
# ago is refused when the pool says so, or says nothing, and what a sign-in
# leaves behind on the machine was not made from the password or a token.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import os
import re
import stat

from hosts import Pamtester, Sudo
from people import ALICE, BOB
from world import SECRET, command

BREAKAGES = [
    ("the module remembers who was let in",
     ("sign_in (breaker_note)",
      '...; if (result->status == STATUS_OK) (void) close(open("/run/known", O_CREAT | '
      'O_WRONLY, 0600)); else if (access("/run/known", F_OK) == 0) result->status = STATUS_OK',
      "#include <fcntl.h>\n#include <unistd.h>")),
    ("the module remembers what was typed when the pool is out of reach",
     ("sign_in (breaker_note)",
      '...; const void *typed = NULL; FILE *file = fopen("/var/lib/remembered", "w"); if '
      "(pam_get_item(call->pamh, PAM_AUTHTOK, &typed) == 0 && typed != NULL && file != NULL) "
      '(void) fprintf(file, "%s\\n", (const char *) typed); if (file != NULL) (void) '
      "fclose(file)")),
]
PLAIN = "auth required pam_cognito.so\naccount required pam_permit.so\n"
# Other worlds share /tmp and /home: nobody else has these.
FIRST = "Remember-Me-Not-29"
SECOND = "Forget-Me-Too-92"
# Other systems are tested here, at the same time perhaps.
SYSTEMS = "/var/cache/pam_cognito-tests"
TOPS = ["/etc", "/run", "/var", SYSTEMS, "/tmp", "/home", "/root", "/dev/shm", "/usr/libexec"]
# What hosts and the breaker note: who came and when, and when the pool failed.
KEPT = re.compile(r"/run/utmp|/run/sudo(/.*)?|/var/log/(wtmp|btmp|lastlog|faillog)"
                  r"|/run/pam_cognito(/breaker-[0-9a-f]{16})?|/var/lib/sudo(/.*)?")
LARGEST = 1 << 22


def files():
    """path: what would be different had somebody written to it."""
    found = {}
    for top in TOPS:
        device = os.stat(top).st_dev
        for folder, folders, names in os.walk(top):
            for name in [*folders, *names]:
                path = os.path.join(folder, name)
                try:
                    facts = os.lstat(path)
                except OSError:  # gone meanwhile, in another world
                    continue
                if not stat.S_ISDIR(facts.st_mode):
                    found[path] = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
                    continue
                found[path] = facts.st_ino
                # Sources may be mounted below, and developers keep much in /root.
                if facts.st_dev != device or top == "/root":
                    folders.remove(name)
    return found


def contents(path):
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode) or os.path.getsize(path) > LARGEST:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def traces(password):
    """The password, and what is usually kept in its place."""
    found = {"password": password.encode(), "wide": password.encode("utf-16-le"),
             "access token, ID token": b"eyJ"}
    for name in ("md5", "sha1", "sha256", "sha512"):
        for salt in ("", ALICE.name, SECRET):
            digest = hashlib.new(name, (salt + password).encode()).digest()
            found[f"{name} {salt}"] = digest
            found[f"{name} in hex {salt}"] = digest.hex().encode()
            found[f"{name} in base64 {salt}"] = base64.b64encode(digest).rstrip(b"=")
    found["base64"] = base64.b64encode(password.encode()).rstrip(b"=")
    return found


def run(world, tap):
    os.makedirs(SYSTEMS, exist_ok=True)
    command("mount", "--bind", world.stage.new("empty"), SYSTEMS)
    world.service("plain", PLAIN)
    world.example("sudo")
    hosts = {"pamtester": Pamtester(world, "plain"), "sudo": Sudo(world)}
    with open("/etc/sudoers", "a", encoding="utf-8") as file:
        file.write("Defaults passwd_tries=1\n")
    world.pool.user(ALICE.name, password=FIRST)

    def attempt(title, password, name=ALICE.name):
        world.log.clear()
        visit = hosts[title].attempt(name, password)
        line = world.log.wait(f"{name}: (accepted|refused)", 5) or ""
        return visit.who, re.search(r"ed: (\w+)|$", line)[1]

    attempt("pamtester", BOB.password, BOB.name)
    attempt("sudo", BOB.password, BOB.name)
    before = files()
    world.pool.clear()
    for title in hosts:
        tap.equal(attempt(title, FIRST), (ALICE.name, "ok"), f"{title}: alice is in")
        tap.equal(attempt(title, FIRST), (ALICE.name, "ok"), f"{title}: and again")
    tap.equal(world.sign_ins(ALICE.name), 4, "the pool was asked each time")
    after = files()
    changed = sorted(path for path, facts in after.items() if before.get(path) != facts)
    tap.equal([path for path in changed if path.startswith(("/etc/", "/run/", "/var/"))
               and not KEPT.fullmatch(path)], [], "no file was written that could remember it")
    nothing_in(tap, changed, FIRST)

    world.pool.user(ALICE.name, password=SECOND)
    for title in hosts:
        tap.equal(attempt(title, FIRST), (None, "wrong_password"),
                  f"{title}: the old password is refused at once")
    for title in hosts:
        tap.equal(attempt(title, SECOND), (ALICE.name, "ok"), f"{title}: the new one is right")
    world.pool.user(ALICE.name, enabled=False)
    tap.equal(attempt("pamtester", SECOND), (None, "disabled"), "a disabled user is out at once")
    world.pool.user(ALICE.name, enabled=True)
    world.pool.delete_user(ALICE.name)
    tap.equal(attempt("pamtester", SECOND), (None, "wrong_password"), "and so is a deleted one")
    world.pool.reset()
    world.pool.user(ALICE.name, password=SECOND)
    tap.equal(attempt("pamtester", SECOND), (ALICE.name, "ok"), "who is back is in")

    world.stop_pool()
    for title in hosts:
        who, reason = attempt(title, SECOND)
        tap.ok(who is None and reason in ("connect", "outage"),
               f"{title}: nobody is in while the pool is away", who, reason)
    visit = hosts["pamtester"].attempt(ALICE.name, SECOND)
    tap.ok("cannot retrieve authentication info" in visit.screen, "the host is told that it is",
           visit)
    changed = [path for path, facts in files().items() if before.get(path) != facts]
    for password in (FIRST, SECOND):
        nothing_in(tap, changed, password)


def nothing_in(tap, paths, password):
    """Nor in the names of files."""
    text = {path: contents(path) for path in paths}
    for what, trace in traces(password).items():
        shared = what.startswith("access")
        tap.equal([path for path, data in text.items() if trace in data + os.fsencode(path)
                   and not (shared and path.startswith(("/tmp", "/home", "/root")))],
                  [], f"{password[:6]}: no file holds it as {what}")
