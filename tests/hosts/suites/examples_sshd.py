# pam.d-examples/sshd, as it is shipped and with its commented pam_faillock lines.
# SPDX-License-Identifier: MIT
import os
import re

from examples import four_people, people
from hosts import SshdKeyboard
from matrix import SSHD
from people import ALICE, KEEPER, LARRY, WRONG
from world import EXAMPLES, write


def run(world, tap):
    host = SshdKeyboard(world)
    host.start()
    four_people(world, tap, "sshd", host, SSHD)
    faillock(world, tap, host)
    host.stop()


def faillock(world, tap, host):
    """The commented lines about pam_faillock, taken at their word."""
    with open(os.path.join(EXAMPLES, "sshd"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    active = [line for line in lines if re.match("auth ", line)]
    commented = [line for line in lines if re.match("#auth ", line)]
    tap.equal((len(active), len(commented)), (2, 6), "faillock: six lines for two")
    swapped = [line[1:] if line in commented else "#" + line if line in active else line
               for line in lines]
    world.service("sshd", "\n".join(swapped))
    write("/etc/security/faillock.conf", "deny = 2\nunlock_time = 600\n")
    people(world, tap, "sshd with faillock", host, SSHD)
    world.forget()
    for who, right in ((ALICE.name, ALICE.password), (LARRY.name, LARRY.unix_password)):
        for _ in range(2):
            host.attempt(who, WRONG)
        world.pool.clear()
        visit = host.attempt(who, right)
        tap.ok(visit.who is None, f"faillock: after two failures {who} is out", visit)
        tap.equal(world.sign_ins(), 0, f"faillock: and nothing is sent for {who}")
    visit = host.attempt(KEEPER.name, KEEPER.unix_password)
    tap.equal(visit.who, KEEPER.name, "faillock: others are not touched", visit)
