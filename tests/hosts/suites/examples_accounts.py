# What the local account says still counts after the pool has said yes, in every
# shipped example: nologin, pam_access, an expired account. And README's recipe makes
# accounts that go on when local passwords age, as hardened hosts make them.
# SPDX-License-Identifier: MIT
import os
import re

from attack.users import together
from hosts import Login, Pamtester, SshdKeyboard, Su, Sudo
from people import ALICE, NORMA
from world import SOURCE, command, write

EXAMPLES = ("common-account", "common-auth", "sshd", "su", "sudo", "login")
RECIPES = ("README.md", "pam.d-examples/README.md")
STEP = re.compile(r"^ +((?:useradd|passwd (?:-l|--lock)|chage) [^#\n]*)", re.MULTILINE)
LONG_AGO = "2020-01-01"
ACCESS = "account required pam_access.so\n"
LEGACY = {"client_id": "locallegacy0000000000000001",
          "secret": "3px2q1w0e9r8t7y6u5i4o3p2a1s0d9f8g7h6j5k4l3z2x1c0v9b"}


def run(world, tap):
    for name in EXAMPLES:
        world.example(name)
    world.service("common", "@include common-auth\naccount required pam_nologin.so\n"
                  "@include common-account\n")
    sshd = SshdKeyboard(world)
    sshd.start()
    hosts = {"sshd": sshd, "su": Su(world), "sudo": Sudo(world),
             "common-auth": Pamtester(world, "common")}
    everybody(world, tap, hosts, "nothing against it", ALICE.name)
    later_lines(world, tap, hosts)
    unknown(world, tap, {**hosts, "login": Login(world)})
    for number, recipe in enumerate(RECIPES):
        ages(world, tap, hosts, recipe, f"person{number}")
    sshd.stop()


def visits(world, hosts, name, typed):
    world.forget()
    done = together(*((host.attempt, name, typed) for host in hosts.values()))
    return dict(zip(hosts, done))


def everybody(world, tap, hosts, title, inside=None):
    for name, visit in visits(world, hosts, ALICE.name, ALICE.password).items():
        tap.equal(visit.who, inside, f"{name}: {title}", visit, *world.log.ours())


def later_lines(world, tap, hosts):
    """A yes of ours in the account phase skips none of the lines after it."""
    command("usermod", "-e", "2020-01-01", ALICE.name)
    everybody(world, tap, hosts, "an expired account is out")
    command("usermod", "-e", "", ALICE.name)
    write("/etc/nologin", "closed\n")
    some = {name: hosts[name] for name in ("sshd", "common-auth")}
    everybody(world, tap, some, "nologin: nobody is in")
    os.unlink("/etc/nologin")
    write("/etc/security/access.conf", f"-:{ALICE.name}:ALL\n")
    with open("/etc/pam.d/common-account", encoding="utf-8") as file:
        shipped = file.read()
    write("/etc/pam.d/common-account", shipped + ACCESS)
    everybody(world, tap, hosts, "pam_access has the last word")
    write("/etc/security/access.conf", "")
    everybody(world, tap, hosts, "and without its rule she is in", ALICE.name)
    write("/etc/pam.d/common-account", shipped)


def unknown(world, tap, hosts):
    """Nobody knows norma but this machine, and the pool says so."""
    world.configure(**LEGACY)
    for name, visit in visits(world, hosts, NORMA.name, NORMA.unix_password).items():
        tap.equal(visit.who, None, f"{name}: unknown to the pool: the local password is none",
                  visit)
        tap.ok(any("norma: refused: no_such_user" in line for line in world.log.ours()),
               f"{name}: and the log says so", *world.log.ours())
    world.configure()


def steps_of(recipe):
    with open(os.path.join(SOURCE, recipe), encoding="utf-8") as file:
        return [step for step in STEP.findall(file.read()) if "alice" in step]


def ages(world, tap, hosts, recipe, name):
    """On a machine of the hardened kind, long after the account was made."""
    with open("/etc/login.defs", encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"(?m)^(PASS_MAX_DAYS|PASS_MIN_DAYS|PASS_WARN_AGE|INACTIVE)\b.*$", "", text)
    write("/etc/login.defs", text + "PASS_MAX_DAYS 365\nPASS_MIN_DAYS 1\nPASS_WARN_AGE 7\n")
    write("/etc/default/useradd", "SHELL=/bin/sh\nINACTIVE=30\n")
    steps = steps_of(recipe)
    tap.equal([step.split()[0] for step in steps], ["useradd", "passwd", "chage"],
              f"{recipe}: three steps make an account")
    plain = name + "x"
    for who, some in ((name, steps), (plain, steps[:1])):
        for step in some:
            command(*step.replace("alice", who).split())
        command("chage", "-d", LONG_AGO, who)
        with open("/etc/shadow", encoding="utf-8") as file:
            row = [line.split(":") for line in file if line.startswith(who + ":")][0]
        tap.ok(row[1].startswith(("!", "*")), f"{recipe}, {who}: no local password", row)
    for who, inside in ((name, name), (plain, None)):
        world.pool.reset()
        world.pool.add_user(username=who, password=ALICE.password)
        world.log.clear()
        done = together(*((host.attempt, who, ALICE.password) for host in hosts.values()))
        for host, visit in zip(hosts, done):
            tap.equal(visit.who, inside,
                      f"{recipe}, {host}: years later "
                      + ("she is in" if inside else "an account that ages is out"),
                      visit, *world.log.ours())
