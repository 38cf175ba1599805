# A password that the pool calls expired (must_change_claim) is changed on the
# spot by login, sudo and sshd, with the shipped common-account and
# common-password; the pool's own record proves it.
# SPDX-License-Identifier: MIT
from hosts import IS_IN, WHOAMI, Login, SshdKeyboard, Su, Sudo
from matrix import no_password_in
from people import ALICE, KEEPER, LARRY
from person import Person
from suites.passwd import dialogue

NEW = "Fresh-Meadow-42"
PASSWORD = r"[Pp]assword( for [^:]*)?: $"
CURRENT = r"Changing the user pool password of \w+\. Current password: $"
FIRST = r"New password: $"
AGAIN = r"Retype new password: $"
OLD = ALICE.password


def run(world, tap):
    for name in ("common-account", "common-password", "sshd", "sudo", "su", "login"):
        world.example(name)
    world.configure(must_change_claim="custom:expired")
    expired = Expired(world, tap)
    for title, host in (("sshd", SshdKeyboard(world)), ("sudo", Sudo(world)),
                        ("su", Su(world))):
        host.start()
        expired.through(title, host.words("alice"), host.user("alice"))
        host.stop()
    login(world, tap)
    others(world, tap)


def expire(world):
    world.forget()
    world.pool.set_pool(lambdas={"PreTokenGeneration": {"claims": {"custom:expired": "true"}}})


class Expired:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap

    def visit(self, words, user, *pairs):
        screen, _, came = dialogue(words, user, *pairs)
        return screen, came

    def record(self):
        return self.world.pool.user("alice")["password"]

    def through(self, title, words, user):
        tap = self.tap
        expire(self.world)
        pairs = [(PASSWORD, OLD), (CURRENT, OLD), (FIRST, NEW), (AGAIN, NEW)]
        screen, came = self.visit(words, user, *pairs)
        tap.equal(came, 4, f"{title}: every question comes", screen)
        tap.equal(self.record(), NEW, f"{title}: the pool's record is the new one", screen)
        tap.equal(len(self.world.pool.requests("ChangePassword")), 1, f"{title}: one change")
        tap.ok(IS_IN.search(screen), f"{title}: and in", screen)
        tap.ok(no_password_in(screen) and NEW not in screen, f"{title}: not on the screen")

        expire(self.world)
        screen, came = self.visit(words, user, (PASSWORD, OLD), (CURRENT, "Guessed-Wrong-0"))
        tap.ok(not IS_IN.search(screen) and came == 2,
               f"{title}: not in without the change", came, screen)
        tap.equal(self.record(), OLD, f"{title}: nothing changed by a wrong password")

        self.world.forget()
        screen, came = self.visit(words, user, (PASSWORD, OLD))
        tap.ok(IS_IN.search(screen) and "New password" not in screen,
               f"{title}: no change when it has not expired", screen)


def login(world, tap):
    expire(world)
    person = Person("login")
    person.wait_for("login: $")
    person.type("alice")
    for pattern, text in ((r"Password: $", OLD), (CURRENT, OLD), (FIRST, NEW), (AGAIN, NEW),
                          (r"[$#] $", WHOAMI)):
        person.wait_for(pattern)
        person.type(text)
    person.wait_for(r"signed in as alice\n")
    person.type("exit")
    person.finish()
    tap.equal(world.pool.user("alice")["password"], NEW, "login: changed, and in", person.screen)

    expire(world)
    person = Person("login")
    person.wait_for("login: $")
    person.type("alice")
    for pattern, text in ((r"Password: $", OLD), (CURRENT, "Guessed-Wrong-0")):
        person.wait_for(pattern)
        person.type(text)
    person.finish()
    tap.ok("$ " not in person.screen.rpartition("Current")[2],
           "login: not in without the change", person.screen)
    tap.equal(world.pool.user("alice")["password"], OLD, "login: nothing changed")


def others(world, tap):
    """Local people do not notice any of it."""
    expire(world)
    for who in (LARRY, KEEPER):
        visit = Login(world).attempt(who.name, who.unix_password)
        tap.equal(visit.who, who.name, f"{who.name}: login as ever", visit)
    tap.equal(world.connections(), 0, "local people: the pool saw no connection")
