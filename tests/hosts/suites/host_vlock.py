# vlock: locks a terminal; set-uid root, so it needs no socket, and asks whatever it is
# told to.
# SPDX-License-Identifier: MIT
from people import ALICE, BOB, DAVE, LARRY, WRONG
from person import Person
from programs import GRACE, Door, Recipe, install, processes, wait
from suites.hostile import find_helper, status_of
from world import command

PASSWORD = "assword: $"
CODE = r"Verification code \(authenticator app\): $"


def lock(name):
    person = Person("vlock", "-c", user=name)
    person.wait_for("to unlock")
    person.type("")
    person.wait_for(PASSWORD)
    return person


def answer(person, text):
    """What is typed before vlock waits for it, it throws away."""
    wait(lambda: all(status_of(pid)["State"].startswith("S") for pid in processes(person.pid)),
         "vlock waits")
    person.type(text)


def run(world, tap):
    install(world, "vlock")
    command("useradd", "-m", "-u", "2011", "-G", "cognito", GRACE[0])
    world.example("common-auth")
    Recipe("Screen lockers").apply("/etc/pam.d/")

    def enters(name, password, what, code=None):
        world.forget()
        person = lock(name)
        answer(person, password)
        if code:
            person.wait_for(CODE)
            answer(person, code)
        tap.equal(person.finish(), 0, f"{what}: unlocked", person.screen, *world.log.all())

    def stays_out(name, password, what, line):
        """It then asks for root's password, and begins again."""
        world.forget()
        person = lock(name)
        answer(person, password)
        person.wait_for("root's Password: $")
        tap.ok(world.log.wait(line), f"{what}: still locked", *world.log.all())
        person.give_up()

    Door(world, tap, None).approved("vlock", ALICE.name)
    enters(ALICE.name, ALICE.password, "right")
    stays_out(ALICE.name, WRONG, "wrong", "alice: refused: wrong_password")
    stays_out(DAVE.name, DAVE.password, "disabled", "dave: refused: disabled")
    enters(*GRACE, "a code", world.pool.totp("grace"))
    enters(LARRY.name, LARRY.unix_password, "a local user")
    world.stop_pool()
    stays_out(BOB.name, BOB.password, "the pool is down", "bob: refused: connect")
    tap.equal(find_helper(0.1), None, "no helper is left")
