# doas: set-uid root, so it starts the helper itself, and needs no socket.
# SPDX-License-Identifier: MIT
from people import ALICE, BOB, DAVE, LARRY, WRONG
from person import Person
from programs import GRACE, PATH, Door, Listener, Recipe, install
from suites.hostile import find_helper
from world import command, write


def doas(name, password, code=None):
    """(status, what it says after the last answer)"""
    person = Person("doas", "id", "-un", user=name)
    person.wait_for("assword: $")
    person.type(password)
    if code:
        person.wait_for(r"Verification code \(authenticator app\): $")
        person.type(code)
    status = person.finish()
    return status, person.screen.strip().rpartition("\n")[2]


def run(world, tap):
    install(world, "opendoas")
    command("useradd", "-m", "-u", "2011", "-G", "cognito", GRACE[0])
    write("/etc/doas.conf", "permit :cognito\npermit larry\n")
    Recipe("doas").apply()

    def tried(name, password, what, wanted, line=None, code=None):
        world.forget()
        tap.equal(doas(name, password, code), wanted, what, *world.log.all())
        if line:
            tap.ok(world.log.wait(line), f"{what}: the log says why", *world.log.all())

    inside, outside = (0, "root"), (1, "doas: Authentication failed")
    listener = Listener()
    Door(world, tap, None).approved("doas", ALICE.name)
    tried(ALICE.name, ALICE.password, "right", inside)
    tap.equal(world.log.wait("through " + PATH, 0.1), None, "the socket is there, and not used")
    listener.stop()
    tried(ALICE.name, ALICE.password, "right, no socket", inside)
    tried(ALICE.name, WRONG, "wrong", outside, "alice: refused: wrong_password")
    tried(DAVE.name, DAVE.password, "disabled", outside, "dave: refused: disabled")
    tried(*GRACE, "a code", inside, code=world.pool.totp("grace"))
    tried(LARRY.name, LARRY.unix_password, "a local user", inside)
    world.stop_pool()
    tried(BOB.name, BOB.password, "the pool is down", outside, "bob: refused: connect")
    tap.equal(find_helper(0.1), None, "no helper is left")
