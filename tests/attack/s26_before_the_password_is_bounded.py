# S26: whoever only reaches the prompt costs little, and can be stopped from
# costing anything: one helper and one connection for each prompt of a user in
# scope, both gone with the prompt; none for anybody else; none at all with
# warm_up=no. Two hundred prompts at a time stand in one PAM host here, for two
# hundred of ssh would take minutes; with sshd there are thirty, or as many as
# MaxStartups lets in. The end of idle connections is in tests/unit/http-t.c.
# SPDX-License-Identifier: MIT
import concurrent.futures
import glob
import threading
import time

from attack.users import many_logins
from hosts import PASSWORD, SshdKeyboard
from people import ALICE, BATCH, GHOST, KEEPER, LARRY, ROOT
from person import Person
from suites.outage import CONV_ERR, Login

BREAKAGES = [
    ("helpers stay when their host is gone",
     ("main (serve)", "...; (void) alarm(0); (void) sleep(60)"),
     ("WARDEN_TIDY_MS", "60000")),
    ("warm_up=no changes nothing", ("sign_in (KEY_WARM_UP)", "false")),
    ("a helper is started before it is known whose sign-in it is",
     ("authenticate (LOG_DEBUG)",
      "if (call->about.config != NULL) sign_in(call, &result); ...")),
]
PROMPTS = 200
SSH = 30
SETTLED = 40           # seconds that a busy machine may take
MEMORY = 8 * 1024      # KiB that a waiting helper may cost; shared pages in part
STACK = "auth required pam_cognito.so {}\naccount required pam_unix.so\n"


def run(world, tap):
    world.service("outage", STACK.format(""))
    many_handles(world, tap)
    not_asked_for(world, tap)
    world.example("sshd")
    host = SshdKeyboard(world)
    more = many_logins()
    for bound, names in ((100, [ALICE.name, LARRY.name, ROOT.name, GHOST]), (10, [ALICE.name])):
        host.start(f"MaxStartups {bound}", *more[1:])
        for name in names:
            real_sshd(world, tap, host, name, bound)
        host.stop()


def helpers():
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="ascii") as file:
                if file.read().strip() == "pam_cognito_helper"[:15] and memory_of(path):
                    found.append(path)
        except OSError:  # gone meanwhile
            pass
    return found


def memory_of(path):
    """KiB, a page that n processes have counted as 1/n; 0 for a zombie."""
    with open(path.replace("/comm", "/smaps_rollup"), encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def wait_until(condition, seconds=SETTLED):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return condition()


class Crowd:
    """That many people at the prompt of one PAM host, until they are let go."""

    def __init__(self, count, users):
        self.leave = threading.Event()
        self.logins = [Login(user=users[number % len(users)], answer=self.think)
                       for number in range(count)]
        self.threads = [threading.Thread(target=one.authenticate) for one in self.logins]
        for thread in self.threads:
            thread.start()

    def think(self):
        self.leave.wait()

    def prompts(self):
        return sum(one.prompts for one in self.logins)

    def go(self):
        self.leave.set()
        for thread in self.threads:
            thread.join()
        return {one.end().code for one in self.logins}


def many_handles(world, tap):
    world.forget()
    crowd = Crowd(PROMPTS, [ALICE.name])
    try:
        tap.ok(wait_until(lambda: crowd.prompts() == PROMPTS), "handles: all are at the prompt",
               crowd.prompts())
        tap.ok(wait_until(lambda: world.connections() == PROMPTS),
               "handles: one connection for each", world.connections())
        found = helpers()
        tap.equal(len(found), PROMPTS, "handles: one helper for each")
        cost = sum(memory_of(path) for path in found) / len(found)
        tap.ok(cost < MEMORY, "handles: memory of each", cost)
        tap.equal(world.sign_ins(), 0, "handles: no sign-in was tried")
    finally:
        codes = crowd.go()
    tap.equal(codes, {CONV_ERR}, "handles: nobody is in")
    tap.ok(wait_until(lambda: not helpers()), "handles: no helper stays", helpers())
    tap.equal(world.connections(), PROMPTS, "handles: and none came later")


def not_asked_for(world, tap):
    for title, settings, users in (
            ("warm_up=no", "warm_up=no", [ALICE.name]),
            ("out of scope", "only_group=cognito",
             [ROOT.name, BATCH.name, KEEPER.name, LARRY.name, GHOST])):
        world.service("outage", STACK.format(settings)
                      + "auth required pam_unix.so\n")
        world.forget()
        crowd = Crowd(20, users)
        try:
            tap.ok(wait_until(lambda c=crowd: c.prompts() == 20), f"{title}: all are at the prompt")
            time.sleep(1)
            tap.equal(helpers(), [], f"{title}: no helper")
        finally:
            crowd.go()
        tap.equal(world.connections(), 0, f"{title}: no connection")


def come(host, name):
    """Somebody at sshd's prompt, or None whom sshd did not want."""
    person = Person(*host.words(name), user=host.user(name))
    if person.ask(PASSWORD, SETTLED):
        return person
    person.finish()
    return None


def real_sshd(world, tap, host, name, bound):
    title = f"sshd, MaxStartups {bound}, {name}"
    world.forget()
    count = SSH if name == ALICE.name else 5
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        people = [one for one in pool.map(lambda _: come(host, name), range(count)) if one]
    wanted = len(people) if name == ALICE.name else 0
    try:
        tap.ok(0 < len(people) <= bound and (len(people) == count or bound < count),
               f"{title}: at the prompt", len(people))
        wait_until(lambda: len(helpers()) == wanted)
        tap.equal(len(helpers()), wanted, f"{title}: helpers")
        wait_until(lambda: world.connections() == wanted)
        tap.equal(world.connections(), wanted, f"{title}: connections")
    finally:
        for person in people:
            person.give_up()
    tap.ok(wait_until(lambda: not helpers()), f"{title}: no helper stays", helpers())
