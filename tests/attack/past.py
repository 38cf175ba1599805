# What the tests about ways past the pool share: members whose local password was
# left over, groups with large records, and sign-ins by the real su and sudo, many
# at a time, each with limits, PAM files and a name service of its own.
# SPDX-License-Identifier: MIT
import concurrent.futures
import os
import pwd
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass

from attack.users import append
from people import LARRY
from world import EXAMPLES, command, write

LEFT_OVER = "Left-Over-Local-9"  # what is typed; the pool has another one, or none
HASHES = {"SHA512": "$6$", "YESCRYPT": "$y$"}
COUNT = 32
FIRST_UID = 3001
# Records above 16 KiB, and above libpam's 256 KiB.
GROUPS = {"large": 2000, "huge": 20000}
AT_A_TIME = 64
SUDOERS = ("Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\nDefaults lecture=never\n"
           "Defaults passwd_tries=1\nALL ALL=(ALL:ALL) ALL\n")
LIMITS = {name: getattr(resource, "RLIMIT_" + name.upper())
          for name in ("as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nice",
                       "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack")
          if hasattr(resource, "RLIMIT_" + name.upper())}
LIMITS["locks"] = 10  # Linux's number; Python has no name for it
# As the examples have it.
OURS = "pam_cognito.so only_group=cognito except_users=localadmin"
# What says that PAM, or the program itself, did not get as far as our module.
NOT_REACHED = re.compile(
    r"error while loading shared libraries|Critical error - immediate abort|Module is unknown"
    r"|unable to initialize PAM|unable to allocate memory|[Cc]annot allocate memory"
    r"|failed to execute|user \S+ does not exist|unable to initialize policy plugin"
    r"|unable to (?:open|load|read|stat|send|create)|no file descriptors|error initializing")
NO_MODULE = re.compile(r"PAM unable to dlopen\(pam_(?:cognito|refuse)\.so\)")
# Not in: who they are, of the members, by the hash of their local password.
MEMBERS = {kind: [f"{kind[0].lower()}{number:02}" for number in range(COUNT)] for kind in HASHES}


def read(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return file.read()


def hashed(password, kind):
    """By the system's own tool, which knows both kinds everywhere."""
    command("useradd", "-M", "hashed")
    subprocess.run(["chpasswd", "-c", kind], input=f"hashed:{password}\n", text=True, check=True)
    with open("/etc/shadow", encoding="utf-8") as file:
        found = [line.split(":")[1] for line in file if line.startswith("hashed:")][0]
    command("userdel", "hashed")
    return found


def make_members():
    """Members of all groups of ours at once; what fills the groups needs no account."""
    uid, passwd, shadow = FIRST_UID, "", ""
    for kind, names in MEMBERS.items():
        word = hashed(LEFT_OVER, kind)
        assert word.startswith(HASHES[kind]), word
        for name in names:
            passwd += f"{name}:x:{uid}:{uid}::/:/bin/sh\n"
            shadow += f"{name}:{word}:20000::::::\n"
            uid += 1
    append("/etc/passwd", passwd)
    append("/etc/shadow", shadow)
    names = [name for several in MEMBERS.values() for name in several]
    for number, (group, count) in enumerate(GROUPS.items()):
        filling = [f"filling{i:05}" for i in range(count - len(names))]
        append("/etc/group", f"{group}:x:{7001 + number}:{','.join(filling + names)}\n")


@dataclass
class Outcome:
    name: str
    service: str
    status: int
    screen: str
    log: list

    @property
    def entered(self):
        """By the program's own word, even when what it then ran could not start."""
        return "signed in as" in self.screen \
            or self.service == "pamtester" and self.status == 0 or any(
            re.search(rf"\(to {self.name}\) |sudo: +{self.name} : (TTY=|PWD=)"
                      rf"|session opened for user {self.name}", line)
            and "FAILED SU" not in line for line in self.log)

    @property
    def ours(self):
        return [line for line in self.log if "pam_cognito(" in line]

    @property
    def explained(self):
        """Refused by us with a word in the log, or we were not even asked."""
        return bool(self.ours or self.status < 0 or self.status == 127 or NOT_REACHED.search(self.screen)
                    or any(NO_MODULE.search(line) for line in self.log))

    def fault(self, gate):
        """gate: pam_unix stands before us, and may refuse without us."""
        if self.entered:
            return "IN"
        if gate and re.search("Authentication failure|incorrect password", self.screen):
            return None
        return None if self.explained else "no word in the log"


class Lab:
    """Where sign-ins are tried, each in mounts of its own."""

    def __init__(self, world):
        self.world = world
        self.folder = world.stage.new("lab")
        self.count = 0
        self.larry = pwd.getpwnam(LARRY.name)
        write("/etc/sudoers", SUDOERS, 0o440)
        write("/etc/security/faillock.conf", "deny = 10000\n")
        make_members()

    def files(self, **services):
        """A folder to stand in the place of /etc/pam.d, with these services changed."""
        self.count += 1
        folder = os.path.join(self.folder, f"pam{self.count}")
        shutil.copytree("/etc/pam.d", folder)
        for name, text in services.items():
            write(os.path.join(folder, name), text)
        return folder

    def words(self, host, name):
        if host == "su":
            return self.larry, ["su", name, "-c", "echo signed in as $(id -un)"]
        if host == "pamtester":
            return pwd.getpwuid(0), ["pamtester", "sshd", name, "authenticate", "acct_mgmt"]
        return pwd.getpwnam(name), ["sudo", "-S", "-k", "sh", "-c", "echo signed in as $SUDO_USER"]

    def attempt(self, folder, host, name, typed=LEFT_OVER, over=None, **limits):
        """
        The process that is started becomes su, sudo or pamtester; its lines are known
        by its number. over: files that stand in the place of others.
        """
        caller, words = self.words(host, name)
        mounts = " && ".join(f"mount --bind {new} {old}"
                             for old, new in {"/etc/pam.d": folder, **(over or {})}.items())
        limit = ["prlimit", *(f"--{key}={value}" for key, value in limits.items()), "--"]
        words = ["unshare", "--mount", "sh", "-c", mounts + ' && exec "$@"', "sh",
                 "setpriv", f"--reuid={caller.pw_uid}", f"--regid={caller.pw_gid}",
                 "--clear-groups", "--", *(limit if limits else []), *words]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, cwd="/", start_new_session=True,
                                   env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
        try:
            screen = process.communicate((typed + "\n").encode(), timeout=60)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            screen = process.communicate()[0] + b"[no end]"
        return Outcome(name, host, process.returncode, screen.decode("utf-8", "replace"),
                       self.world.log.of(process.pid))

    def all(self, jobs):
        """jobs: (anything, the arguments of attempt()). What each came to, in order."""
        def one(numbered):
            number, (what, args, limits) = numbered
            folder, host, kind = args
            name = MEMBERS[kind][number % COUNT]
            return what, self.attempt(folder, host, name, **limits)
        self.world.log.clear()
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            return list(pool.map(one, enumerate(jobs)))


def judge(tap, title, found, gate=False):
    """found: (what was tried, Outcome)."""
    faults = [(outcome.fault(gate), f"{what}: {outcome}") for what, outcome in found]
    inside = [text for fault, text in faults if fault == "IN"]
    silent = [text for fault, text in faults if fault not in (None, "IN")]
    reached = sum(1 for _, outcome in found if outcome.ours)
    print(f"# {title}: {len(found)} sign-ins, {reached} of them with a line of ours")
    tap.ok(not inside, f"{title}: nobody is in", f"{len(inside)}:", *inside[:5])
    tap.ok(not silent, f"{title}: every refusal has its line", f"{len(silent)}:", *silent[:5])
    tap.ok(reached, f"{title}: the module was asked")


def controls(lab, tap):
    """The local password is right, and who is in is seen to be."""
    plain = "auth required pam_unix.so\naccount required pam_unix.so\n"
    folder = lab.files(su=plain, sudo=plain)
    for kind, names in MEMBERS.items():
        for host in ("su", "sudo"):
            outcome = lab.attempt(folder, host, names[0])
            tap.ok(outcome.entered, f"{host}, {kind}: without our line the password opens", outcome)
            outcome = lab.attempt(folder, host, names[0], typed="Guessed-Wrong-0")
            tap.ok(not outcome.entered, f"{host}, {kind}: and a wrong one does not", outcome)
