# S24: a password that is typed is one InitiateAuth that the pool processes, whatever it
# answers and whoever ends the host; and the pool's own lock-out ends the tries. A counter
# of failures is not ours to keep: pam_faillock is that.
# SPDX-License-Identifier: MIT
import json
import os
import signal
import time

from attack.users import Tools, many_logins, together
from hosts import PASSWORD, SshdKeyboard, Su, Sudo
from matrix import YEARS
from people import ALICE, BOB, NORMA, WRONG
from person import Person



def again(statuses):
    return ("flow_initiate (send_initiate)",
            f"...; if ({statuses}) status = send_initiate(flow, auth, &first)")


BREAKAGES = [
    ("a wrong password is tried again", again("status == STATUS_WRONG_PASSWORD")),
    ("a lock-out is tried again", again("status == STATUS_LOCKED_OUT")),
    ("what the service could not do is tried again",
     again("status == STATUS_THROTTLED || status == STATUS_SERVER")),
    ("what was lost on the way is tried again",
     again("status == STATUS_TRANSPORT || status == STATUS_UNREADABLE")),
    ("a lock-out is a wrong password like others", ("LIMIT PAM_MAXTRIES", "PAM_AUTH_ERR")),
]
FAULTS = {
    "throttle_429": "throttled", "throttle_400": "throttled", "bare_429": "throttled",
    "empty_503": "server_error",
    "html_500": "", "close": "", "reset_mid": "", "not_json": "", "waf_403": "", "truncate": "",
}


def run(world, tap):
    tools = Tools(world)
    for example in ("sshd", "su", "sudo"):
        world.example(example)
    tools.stack("plain")
    twenty(world, tap)
    locked_out(world, tap, tools)
    faults(world, tap, tools)
    killed(world, tap, tools)


def twenty(world, tap):
    world.forget()
    sshd = SshdKeyboard(world)
    sshd.start(*many_logins())
    hosts = [sshd, Su(world)] * 10
    visits = together(*((host.attempt, ALICE.name, WRONG) for host in hosts))
    sshd.stop()
    tap.equal([visit.who for visit in visits], [None] * 20, "twenty wrong logins: nobody is in")
    tap.equal((sum(visit.asked for visit in visits), world.sign_ins()), (20, 20),
              "twenty wrong logins: one sign-in for each password typed")
    tap.equal(len([r for r in world.pool.requests() if r["operation"] == "RespondToAuthChallenge"]),
              0, "twenty wrong logins: and nothing else that could try one")
    world.forget()
    visit = Sudo(world).attempt(NORMA.name, "One-1", "Two-2", "Three-3")
    typed = [json.loads(r["body"])["AuthParameters"]["PASSWORD"]
             for r in world.pool.requests("InitiateAuth")]
    tap.equal((visit.asked, typed), (3, ["One-1", "Two-2", "Three-3"]),
              "sudo: three prompts, three sign-ins, each with its own password", visit)


def locked_out(world, tap, tools):
    """The fifth wrong one locks; from then on the pool does not look."""
    tools.forget()
    codes = [tools.ask("plain", BOB.name, WRONG.encode()).code for _ in range(5)]
    tap.equal(codes[0], "PAM_AUTH_ERR", "lock-out: not yet", *codes)
    for flow in ("user_password", "user_srp"):
        world.configure(auth_flow=flow)
        world.forget()
        world.pool.user(BOB.name, failures={"password": {
            "count": 9, "locked_until": YEARS, "last": YEARS}})
        report = tools.ask("plain", BOB.name, BOB.password.encode())
        tap.ok(report.code == "PAM_MAXTRIES" and len(report.prompts) == 1
               and "bob: refused: locked_out" in report.text, f"lock-out, {flow}: told", report)
        tap.equal(world.sign_ins(), 1, f"lock-out, {flow}: asked for once")
    world.configure()


def faults(world, tap, tools):
    for kind, word in FAULTS.items():
        world.forget()
        world.pool.fault(kind, match={"operation": "InitiateAuth"}, count=0, bytes=40,
                         retry_after=600)
        report = tools.ask("plain", ALICE.name, ALICE.password.encode())
        tap.ok(report.code not in ("PAM_SUCCESS", "PAM_IGNORE", None)
               and f"alice: refused: {word}" in report.text, f"{kind}: refused", report)
        tap.equal(world.sign_ins(), 1, f"{kind}: tried once")
    world.forget()
    world.pool.fault("throttle_400", match={"operation": "InitiateAuth"}, count=2)
    report = tools.ask("plain", ALICE.name, WRONG.encode())
    tap.ok("alice: refused: wrong_password" in report.text, "throttled, then wrong", report)
    tap.equal([r["processed"] for r in world.pool.requests("InitiateAuth")],
              [False, False, True], "throttled, then wrong: processed once")
    tap.equal(world.pool.user(ALICE.name)["failures"]["password"]["count"], 1,
              "throttled, then wrong: counted once")
    world.pool.clear_rules()


def killed(world, tap, tools):
    """Whoever ends su cannot have it asked again, nor take the try back."""
    world.forget()
    world.pool.fault("delay", match={"operation": "InitiateAuth"}, ms=1500)
    person = Person("su", ALICE.name, "-c", "echo in", user="larry")
    person.wait_for(PASSWORD)
    person.type(WRONG)
    end = time.monotonic() + 20
    while not world.sign_ins() and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(person.pid, signal.SIGKILL)
    person.finish()
    time.sleep(3)
    tap.equal(world.sign_ins(), 1, "su is killed while it waits: one sign-in")
    tap.equal(world.pool.user(ALICE.name)["failures"]["password"]["count"], 1,
              "su is killed while it waits: and the pool has counted it")
    tools.forget()
