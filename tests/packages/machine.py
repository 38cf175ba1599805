# The root that packages are tried in: its people, its pool, its sshd, what apt
# and pam-auth-update do there, and how the people log in.
# SPDX-License-Identifier: MIT
import dataclasses
import glob
import os
import re
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "hosts"))

import world  # noqa: E402  (found through the path just set)
from hosts import PASSWORD, SSHD_PORT, Pamtester, Sshd, Sudo, no_penalties  # noqa: E402
from people import ALICE, LARRY, ROOT, hash_of  # noqa: E402
from person import Person  # noqa: E402

# What the member's local account has: it must count exactly when we do not.
LEFT_OVER = "Left-Over-Local-8"
COMMON = [f"/etc/pam.d/common-{name}" for name in
          ("auth", "account", "password", "session", "session-noninteractive")]
POLICY = "/usr/sbin/policy-rc.d"
SYSTEMD = "/run/systemd/system"
ADMINS = "/etc/ssh/sshd_config.d/50-tests.conf"
SHELL = "[$#] $"


def command(*words):
    """What it said, all of it; fails with it."""
    return world.command(*words, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive",
                                      "LC_ALL": "C.UTF-8"})


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines(path):
    """A PAM file's lines without comments, one blank between words."""
    return [" ".join(line.split()) for line in read(path).splitlines()
            if line.strip() and not line.startswith("#")]


def replaced(text, changed):
    """With other words, each of which must be there, once."""
    for old, new in changed.items():
        if text.count(old) != 1:
            raise AssertionError(f"{text.count(old)} times: {old}")
        text = text.replace(old, new)
    return text


def state(*tops):
    """Names, kinds, modes, owners and bytes of all that is there."""
    found = {}
    for top in tops:
        paths = [top] + [os.path.join(folder, name) for folder, folders, files in os.walk(top)
                         for name in folders + files]
        for path in paths:
            info = os.lstat(path)
            data = os.readlink(path) if stat.S_ISLNK(info.st_mode) else None
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    data = file.read()
            found[path] = (info.st_mode, info.st_uid, info.st_gid, data)
    return found


def changes(before, after):
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


class Server(Sshd):
    """sshd with the distribution's settings, which lets root in and listens elsewhere."""
    method = "password"

    def start(self, *more):
        world.write(ADMINS, "".join(line + "\n" for line in [
            f"ListenAddress 127.0.0.1:{SSHD_PORT}", "PermitRootLogin yes", *no_penalties()]))
        self.log = os.path.join(self.world.folder, "sshd.log")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-E", self.log],
                                        stdin=subprocess.DEVNULL)
        self.listens(1)

    def listens(self, times):
        """Has it begun to that often? A signal has it read its settings and begin anew."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            if os.path.exists(self.log) and read(self.log).count("Server listening") >= times:
                return True
            time.sleep(0.05)
        return False


def ours_left():
    """Files with our name, but for the source tree and the documentation."""
    elsewhere = ["-path", "/root", "-o", "-path", "/proc", "-o", "-path", "/usr/share/doc"]
    found = subprocess.run(["find", "/", "/run", "-xdev", "(", *elsewhere, ")", "-prune", "-o",
                            "-iname", "*cognito*", "-print"],
                           stdout=subprocess.PIPE, text=True, check=True)
    return sorted(found.stdout.split())


class Machine(world.World):
    """The root itself: nothing is covered, for all of it is thrown away."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.stage = self
        self.folder = tempfile.mkdtemp(prefix="packages-")
        os.chmod(self.folder, 0o755)
        self.pool = None
        self.pool_is_up = False
        # What maintainer scripts ask before they start or stop anything.
        self.asked = os.path.join(self.folder, "asked")
        world.write(self.asked, "")
        world.write(POLICY, f'#!/bin/sh\necho "$*" >>{self.asked}\nexit 101\n', 0o755)
        os.makedirs("/run/sshd", exist_ok=True)
        world.loopback_up()
        world.write("/etc/hosts", f"127.0.0.1 localhost {world.SERVICE_HOST}\n")

    def furnish(self):
        """The member is none yet, and has a local password."""
        for person in (dataclasses.replace(ALICE, groups=""), LARRY, ROOT):
            person.create(command)
        command("usermod", "-p", hash_of(LEFT_OVER), ALICE.name)
        self.server = Server(self)
        self.hosts = [Pamtester(self, "login"), self.server, Sudo(self)]
        with open("/etc/sudoers", "a", encoding="utf-8") as file:
            file.write(f"Defaults passwd_tries=1\n{ALICE.name} ALL=(ALL:ALL) ALL\n")
        for host in self.hosts:
            host.start()

    def add_member(self):
        command("groupadd", "--force", ALICE.groups)
        command("gpasswd", "--add", ALICE.name, ALICE.groups)

    def pretend_systemd(self, runs):
        """Does it, in the eyes of maintainer scripts?"""
        if runs:
            os.makedirs(SYSTEMD)
        else:
            os.rmdir(SYSTEMD)

    def services_asked(self):
        """Which services were to be started or stopped since the last question."""
        asked = read(self.asked).splitlines()
        world.write(self.asked, "")
        return asked

    def opens(self, host, person, password):
        if self.pool_is_up:
            self.pool.reset()
        return host.attempt(person.name, password).who == person.name

    def logins(self, tap, when, member):
        """
        Everybody through every host. member: "pool" or "local", which of the
        member's two passwords opens.
        """
        wrong = []
        for host in self.hosts:
            cases = [(ALICE, ALICE.password, member == "pool"),
                     (ALICE, LEFT_OVER, member == "local"),
                     (LARRY, LARRY.unix_password, True)]
            if host.service != "sudo":  # it asks root nothing
                cases.append((ROOT, ROOT.unix_password, True))
            for person, password, wanted in cases:
                if self.opens(host, person, password) != wanted:
                    wrong.append(f"{host.service}: {person.name}, {password}: "
                                 f"{'refused' if wanted else 'let in'}")
        tap.none(wrong, f"{when}: the member by the {member} password, everybody else as ever")

    def waits(self):
        """The member at the prompt of each host."""
        people = [Person(*host.words(ALICE.name), user=host.user(ALICE.name))
                  for host in self.hosts]
        for person in people:
            person.wait_for(PASSWORD)
        return people

    def stays(self):
        """The member, who is in: by ssh, and as root by sudo."""
        people = [Person(*self.server.words(ALICE.name)[:-1], user=LARRY.name),
                  Person("sudo", "-k", "-s", user=ALICE.name)]
        for person in people:
            person.wait_for(PASSWORD)
            person.type(ALICE.password)
            person.wait_for(SHELL)
        return people


def go_on(people):
    """Types what each waits for; how each ends."""
    for person in people:
        person.type(ALICE.password)
    return [person.finish() for person in people]


def leave(people):
    """What each shell still does, and how it ends."""
    for person in people:
        person.type("echo the answer is $((6 * 7))")
        person.wait_for("the answer is 42\n")
        person.type("exit")
    return [person.finish() for person in people]


def debs(folder):
    return sorted(path for path in glob.glob(folder + "/*.deb") if "-dbgsym_" not in path)


def install(folder, *options):
    return command("apt-get", "install", "-y", "-q", *options, *debs(folder))


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", package],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False)
    found = re.match(r"ii\s+(\S+)", done.stdout)
    return found and found.group(1)
