# S33: whatever happens at a sign-in, the module and its helper make, change or
# remove no file but in /run/pam_cognito, a folder of root's alone; what stands
# there is named by a uid or a hash, never by what somebody typed. Seen with
# strace: also what was only tried counts.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import stat

from hosts import PASSWORD
from people import ALICE, LARRY, WRONG
from person import Person
from suites.challenges import GRACE, PASSWORDS
from suites.recovery import FRANK, RESET
from world import POOL, command

BREAKAGES = [
    ("the helper notes who signed in",
     ("main (limit_start)",
      '...; (void) close(open("/tmp/seen", O_CREAT | O_WRONLY | O_CLOEXEC, 0600))',
      "#include <fcntl.h>")),
    ("a stamp has the user's name",
     ("permit_code (stamp_name)",
      '(void) snprintf(name, sizeof(name), "code-%s", person->call->user)')),
    ("the folder is everybody's to look into",
     ("open_folder (mkdir)", "mkdir(RUN_STATE_FOLDER, 0755) < 0"), ("open_folder (S_IRWXG)", "true")),
    ("stamps stand somewhere else", ("RUN_STATE_FOLDER", '"/var/tmp/pam_cognito"')),
]
FOLDER = "/run/pam_cognito"
# Whatever can make, change or remove something that has a name.
CALLS = ("open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,"
         "unlink,unlinkat,rmdir,rename,renameat,renameat2,truncate,ftruncate,chmod,fchmod,"
         "fchmodat,chown,fchown,lchown,fchownat,utime,utimes,utimensat,setxattr,lsetxattr,"
         "fsetxattr,bind")
OPENS = ("open", "openat", "openat2")
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE|O_APPEND")
# Not ours: a terminal, nothing, su's own list of refusals, and an address of
# the kernel's choice.
HARMLESS = re.compile(r'"/dev/(null|tty)"|"/var/log/btmp"|^bind\(.*AF_NETLINK')
ODD = ["../x", "../../etc/x", "/etc/x", "..", "a/../../tmp/x", "x\ny", "%s%n", "-x", "x" * 300]
STACK = "auth required pam_cognito.so {}\naccount required pam_unix.so\n"


def run(world, tap):
    for number, name in enumerate((GRACE, "frank")):
        command("useradd", "-M", "-d", "/", "-u", str(2100 + number), "-s", "/bin/sh",
                "-G", "cognito", name)
    world.example("su")
    world.configure(password_reset="su")
    shutil.rmtree(FOLDER, ignore_errors=True)
    su = Su(world, tap)
    su.visit("su, right password", ALICE.name, (PASSWORD, ALICE.password))
    tap.ok("signed in as alice" in su.screen, "su, right password: is in", su.screen)
    su.visit("su, wrong password", ALICE.name, (PASSWORD, WRONG))
    su.visit("su, second factor", GRACE, (PASSWORD, PASSWORDS[GRACE]),
             (r"Verification code \(authenticator app\): $",
              lambda: world.pool.totp(GRACE, pool=POOL)))
    tap.ok("signed in as grace" in su.screen, "su, second factor: is in", su.screen)
    found = su.visit("su, a code is sent", "frank", (PASSWORD, FRANK), (RESET, "\x04"))
    tap.ok(any(FOLDER in line for line in found), "su, a code is sent: a stamp is seen", *found)
    world.stop_pool()
    found = su.visit("su, no pool", ALICE.name, (PASSWORD, ALICE.password))
    tap.ok(any(FOLDER in line for line in found), "su, no pool: a stamp is seen", *found)
    what_is_there(tap)
    odd_names(world, tap)
    what_is_there(tap)


def what_is_there(tap):
    facts = os.stat(FOLDER)
    tap.equal((facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)), (0, 0, 0o700),
              "the folder is root's alone")
    names = sorted(os.listdir(FOLDER))
    tap.ok(len(names) == 2 and re.fullmatch("breaker-[0-9a-f]{16}", names[0])
           and names[1] == "code-2101", "one is named by a hash, one by a uid", names)
    tap.equal({(os.lstat(f"{FOLDER}/{name}").st_uid,
                stat.filemode(os.lstat(f"{FOLDER}/{name}").st_mode)) for name in names},
              {(0, "-rw-------")}, "files are root's alone")


def changes(trace):
    """The lines that make, change or remove something, tried or done."""
    found = []
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            call = line.split(None, 1)[1]
            name = call.split("(")[0]
            if name not in CALLS.split(",") or HARMLESS.search(call):
                continue
            if name not in OPENS or WRITES.search(call):
                found.append(call.rstrip("\n"))
    return found


def is_ours(call):
    """Below the folder, by its path or by a descriptor of it; or its making."""
    name = re.search(r'"([^"]*)"', call)
    inside = re.match(rf"\w+\(\d+<{FOLDER}(/[\w-]+)?>", call)
    return (call.startswith(f'mkdir("{FOLDER}", 0700)')
            or bool(inside) and (name is None or re.fullmatch("[a-z0-9-]+", name.group(1))))


class Su:
    """su, started by larry under strace; what it does not do by itself."""

    def __init__(self, world, tap):
        self.world, self.tap = world, tap
        self.trace = os.path.join(world.folder, "trace")
        self.screen = ""

    def visit(self, title, name, *turns):
        self.world.log.clear()
        person = Person("strace", "-f", "-qqq", "-y", "-e", "signal=none", "-e", "trace=" + CALLS,
                        "-s", "400", "-o", self.trace, "-u", LARRY.name, "su", name, "-c",
                        "echo signed in as $(id -un)")
        for pattern, answer in turns:
            person.wait_for(pattern)
            person.type(answer() if callable(answer) else answer,
                        "" if answer == "\x04" else "\n")
        person.finish()
        self.screen = person.screen
        return look(self.tap, title, self.trace)


def look(tap, title, trace):
    found = changes(trace)
    with open(trace, encoding="utf-8", errors="replace") as file:
        text = file.read()
    tap.ok("pam_cognito.so" in text, f"{title}: the module was there")
    tap.equal([call for call in found if not is_ours(call)], [], f"{title}: nothing but stamps")
    return found


def odd_names(world, tap):
    """Nobody has a local account by these; the module is told not to mind."""
    world.service("odd", STACK.format("local_account=optional minimum_uid=1 username_class=.*"))
    trace = os.path.join(world.folder, "trace")
    for name in ODD:
        person = Person("strace", "-f", "-qqq", "-y", "-e", "signal=none", "-e",
                        "trace=" + CALLS, "-s", "400", "-o", trace, "pamtester", "odd",
                        "--", name, "authenticate")
        while person.ask(PASSWORD):
            person.type(WRONG)
        tap.ok(person.finish() != 0, f"{name[:20]!r}: is refused", person.screen)
        look(tap, f"{name[:20]!r}", trace)
