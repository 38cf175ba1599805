# A right password typed after a minute's thought, in su, sudo and sshd. The
# helper has renewed its connection by then.
# SPDX-License-Identifier: MIT
import time

from hosts import PASSWORD, SshdKeyboard, Su, Sudo
from people import ALICE
from person import Person

THOUGHT = 65  # seconds; the helper renews its idle connection after 45


def run(world, tap):
    for example in ("su", "sudo", "sshd"):
        world.example(example)
    sshd = SshdKeyboard(world)
    sshd.start()
    waiting = []
    world.forget()
    for title, host in (("su", Su(world)), ("sudo", Sudo(world)), ("sshd", sshd)):
        person = Person(*host.words(ALICE.name), user=host.user(ALICE.name))
        person.wait_for(PASSWORD)
        waiting.append((title, person))
    time.sleep(THOUGHT)
    for title, person in waiting:
        started = time.monotonic()
        person.type(ALICE.password)
        person.finish()
        took = time.monotonic() - started
        tap.ok("signed in as alice" in person.screen, f"{title}: in after a minute",
               person.screen)
        tap.ok(took < 5, f"{title}: and at once", f"{took:.1f} s")
    tap.equal(world.sign_ins(ALICE.name), len(waiting), "one sign-in each")
    tap.equal(world.connections(), 2 * len(waiting), "each connection was renewed once, and then used")
    sshd.stop()
