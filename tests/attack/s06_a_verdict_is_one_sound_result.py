# S6: a verdict is one well-formed RESULT with the id of this very request, in
# answer to a question, and then the end. A helper that crashes, ends, talks
# nonsense, says yes out of turn or twice, or repeats an earlier yes, is a
# refusal with PAM_AUTHINFO_UNAVAIL and a line in the log.
# SPDX-License-Identifier: MIT
import concurrent.futures
import os

from attack import liar
from hosts import PASSWORD, Pamtester, SshdPassword, Su, Sudo
from person import Person
from suites.faults import find_helper_program

BREAKAGES = [
    ("any id will do", ("@id", "true")),
    ("the end of the stream is a yes",
     ("serve (connection_next)",
      "...; if (status == STATUS_OK && wire == WIRE_CLOSED) return result->status = STATUS_OK")),
    ("nobody looks at what follows a verdict", ("serve (expect_end)", "status")),
    ("a verdict may come before the answer",
     ("answer_ask (connection_check_quiet)",
      "status = kind == 0 ? connection_check_quiet(&relay->connection) : STATUS_OK")),
    ("a verdict needs no question", ("read_result (answers)", "relay->asked == 99")),
    ("half a verdict will do", ("outcome_get (wire_complete)", "false")),
    ("any version will do", ("wire_receive (WIRE_VERSION)", "false")),
    ("descriptors may come along", ("wire_receive MSG_CTRUNC", "0")),
    ("questions without end", ("RELAY_ANSWERS_MAX", "99")),
    ("words without end", ("RELAY_MESSAGES_MAX", "9999999")),
]
TIMEOUT = 2
# One for each breakage; tests/module/fake.py has them all.
LIES = ["crash-after-reply", "exit-after-reply", "wrong-id", "two-results", "verdict-unasked",
        "before-reply", "permit-only", "truncated", "wrong-version", "send-descriptor",
        "flood-ask", "flood-log", "flood-tell"]
UNAVAILABLE = "Authentication service cannot retrieve authentication info"


def run(world, tap):
    helper = find_helper_program()
    world.stage.cover(os.path.dirname(helper))
    liar.install(liar.build(world), helper)
    liar.add_people(["good", "replayed", *LIES])
    for example in ("su", "sudo", "sshd"):
        world.example(example)
    world.configure(timeout=TIMEOUT)
    lies = [(lie, host) for lie in LIES for host in (Pamtester(world, "sudo"), Su(world))]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replays = [pool.submit(replay, world, host)
                   for host in (Sudo(world), ThreeTries(world))]
        told = [pool.submit(tell, lie, host) for lie, host in lies]
        for host in (Pamtester(world, "sudo"), Su(world)):
            honest(tap, host)
        for (lie, host), job in zip(lies, told):
            check(world, tap, lie, host, job)
        for job in replays:
            check_replay(world, tap, *job.result())
    tap.equal(world.sign_ins(), 0, "the pool hears nothing of all this")


def honest(tap, host):
    """The rest means something only if the liar can say yes."""
    visit = host.attempt("good", liar.PASSWORD)
    tap.equal(visit.who, "good", f"{host.service}: a true yes lets in", visit)
    visit = host.attempt("good", liar.PASSWORD + "x")
    tap.ok(visit.who is None and visit.asked == 1, f"{host.service}: a true no does not", visit)


def tell(lie, host):
    if lie != "before-reply":
        return host.attempt(lie, liar.PASSWORD)
    # The answer is typed when the verdict lies there already.
    person = Person(*host.words(lie), user=host.user(lie))
    person.wait_for(PASSWORD)
    liar.wait_for_mark(lie, host.service)
    person.type(liar.PASSWORD)
    person.finish()
    return person


def check(world, tap, lie, host, job):
    name = f"{host.service}, {lie}"
    try:
        visit = job.result()
    except Exception:
        tap.error(name)
        return
    if lie == "flood-ask":
        tap.equal(visit.asked, 64, f"{name}: a person is asked so often and no more")
    tap.ok(visit.status == 1 and "signed in" not in visit.screen
           and UNAVAILABLE in visit.screen, f"{name}: refused as unavailable", vars(visit))
    line = world.log.wait(f"{lie}: (refused|accepted)[^=]*service={host.service}")
    tap.ok(line and f"{lie}: refused: helper_failed service={host.service}" in line,
           f"{name}: and the log says so", line)


class ThreeTries(SshdPassword):
    """As many passwords in one handle as sudo takes."""

    def words(self, name):
        return [word.replace("Prompts=1", "Prompts=3") for word in super().words(name)]


def replay(world, host):
    """The verdict of the first attempt during the second and third."""
    host.start()
    visit = host.attempt("replayed", "wrong", liar.PASSWORD)
    host.stop()
    return host, visit


def check_replay(world, tap, host, visit):
    name = f"{host.service}, three tries in one handle"
    tap.equal((visit.who, visit.asked), (None, 3), f"{name}: nobody is in", visit)
    found = [line.split("replayed: ")[1].split(" service=")[0] for line in world.log.ours()
             if f"({host.service}:auth): replayed: " in line]
    tap.equal(found, ["refused: wrong_password"] + ["refused: helper_failed"] * 2,
              f"{name}: the first attempt's verdict is none later", *world.log.ours())
