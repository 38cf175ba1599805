# How a person logs in through each real host: what is started, what is waited
# for, what is typed, and how each host shows that somebody is in.
# SPDX-License-Identifier: MIT
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass, field

import people
from person import Person
from world import host_key, write

SSHD_PORT = 2222
PASSWORD = r"[Pp]asswor[dt]( for [^:]*)?: ?$"
IS_IN = re.compile(r"^signed in as (\S+)$", re.MULTILINE)
WHOAMI = "echo signed in as $(id -un 2>/dev/null)"


@dataclass
class Visit:
    """What came of a login attempt."""
    screen: str
    status: int | None
    asked: int = 0                    # how often a password was asked for
    prompts: list = field(default_factory=list)

    @property
    def who(self):
        """Whom the host let in, by the word of a program it then ran."""
        found = IS_IN.search(self.screen)
        return found.group(1) if found else None


def talk(person, passwords, gone=None):
    """
    Types the passwords, one per prompt, until the program ends or prints
    what matches gone. The last password is used for all further prompts.
    """
    visit = Visit("", None)
    pattern = PASSWORD if gone is None else f"{PASSWORD}|{gone}"
    left = list(passwords)
    while person.ask(pattern):
        if gone and re.search(gone, person.found):
            break
        visit.asked += 1
        visit.prompts.append(person.last_line())
        person.type(left.pop(0) if len(left) > 1 else left[0])
    return visit


class Host:
    """attempt() is one login as a person would do it."""
    service = None
    tries = 1  # passwords that the host takes before it gives up

    def __init__(self, world):
        self.world = world

    def start(self):
        pass

    def stop(self):
        pass

    def attempt(self, name, *passwords, env=None):
        person = Person(*self.words(name), user=self.user(name), env=env)
        visit = talk(person, passwords)
        visit.status = person.finish()
        visit.screen = person.screen
        return visit

    def user(self, name):
        return None


class Pamtester(Host):
    service = "pamtester"

    def __init__(self, world, service="pamtester"):
        super().__init__(world)
        self.service = service

    def words(self, name):
        return ["pamtester", self.service, name, "authenticate", "acct_mgmt"]

    def attempt(self, name, *passwords, env=None):
        visit = super().attempt(name, *passwords, env=env)
        if visit.status == 0:
            visit.screen += f"signed in as {name}\n"
        return visit


def no_penalties():
    """From 9.8 on sshd shuts out an address after failures, and all tests have one."""
    known = subprocess.run(["/usr/sbin/sshd", "-T", "-f", "/dev/null"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return ["PerSourcePenalties no"] if "persourcepenalties" in known else []


class Sshd(Host):
    service = "sshd"
    method = None
    port = SSHD_PORT
    settings = ("UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication yes",
                "PermitRootLogin yes", "PrintMotd no", "PrintLastLog no", "UseDNS no",
                "X11Forwarding no")

    def start(self, *more):
        config = os.path.join(self.world.folder, "sshd_config")
        write(config, "\n".join([f"ListenAddress 127.0.0.1:{self.port}",
                                 f"HostKey {host_key(self.world.stage)}",
                                 "PidFile none", *no_penalties(), *more, *self.settings]) + "\n")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-f", config], stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def words(self, name):
        return ["ssh", "-F", "/dev/null", "-p", str(self.port),
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1",
                "-o", "PreferredAuthentications=" + self.method,
                "-l", name, "127.0.0.1", WHOAMI]

    def user(self, name):
        return people.LARRY.name


class SshdKeyboard(Sshd):
    method = "keyboard-interactive"


class SshdPassword(Sshd):
    method = "password"


class Sudo(Host):
    """sudo asks who runs it, so the person is the one who logs in."""
    service = "sudo"
    tries = 3

    def __init__(self, world):
        super().__init__(world)
        write("/etc/sudoers", "Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n"
              "Defaults lecture=never\nroot ALL=(ALL:ALL) ALL\n"
              "%sudo ALL=(ALL:ALL) ALL\n%cognito ALL=(ALL:ALL) ALL\n"
              "larry ALL=(ALL:ALL) ALL\nbatch ALL=(ALL:ALL) ALL\n", 0o440)

    def words(self, name):
        return ["sudo", "-k", "sh", "-c", "echo signed in as $SUDO_USER"]

    def user(self, name):
        return name


class Su(Host):
    service = "su"

    def words(self, name):
        return ["su", name, "-c", WHOAMI]

    def user(self, name):
        return people.LARRY.name


class Login(Host):
    """On a terminal: a name, a password, and then a shell or the next try."""
    service = "login"

    def words(self, name):
        return ["login"]

    def attempt(self, name, *passwords, env=None):
        person = Person(*self.words(name), env=env)
        person.wait_for("login: $")
        person.type(name)
        visit = talk(person, passwords, gone=r"login: $|[$#] $")
        if person.found.endswith(("$ ", "# ")):
            person.type(WHOAMI)
            person.wait_for(r"signed in as \w+\n")
            person.type("exit")
            visit.status = person.finish()
        else:
            person.give_up()
        visit.screen = person.screen
        return visit
