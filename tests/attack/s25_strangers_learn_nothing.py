# S25: prompts, words and delays are the same for somebody whom the pool knows,
# whom it does not know, who is disabled or not confirmed there, who is not in
# scope, for root and for names that nobody has. By design they differ in this:
# who is not in scope is answered on this machine (SECURITY.md has it).
# SPDX-License-Identifier: MIT
import statistics
import time

from attack.users import Tools, many_logins, together
from hosts import Login, Pamtester, SshdKeyboard, SshdPassword, Su
from people import ALICE, BATCH, CAROL, DAVE, GHOST, KEEPER, LARRY, NORMA, ROOT, WRONG
from suites.prompts import without_name

BREAKAGES = [
    ("a disabled account asks for no delay",
     ("result_finish (pam_fail_delay)", "if (result->status != STATUS_DISABLED) ...")),
    ("an account that the pool does not know asks for no delay",
     ("result_finish (pam_fail_delay)", "if (result->status != STATUS_NO_USER) ...")),
    ("a refusal by the name of an account asks for no delay",
     ("result_finish (pam_fail_delay)", "if (result->status != STATUS_BAD_INPUT) ...")),
    ("a disabled account is slow",
     ("sign_in_end (password_proved)",
      "if (status == STATUS_DISABLED) (void) poll(NULL, 0, 500); ...",
      "#include <poll.h>")),
    ("the words tell an account's state",
     ("choose_words (status_is_state)", "false")),
    ("our prompt has words of its own",
     ('password_prompt ("Linux-PAM")', 'dgettext("Linux-PAM", "Your password: ")')),
    ("the pool's word for an unknown name is shown",
     ('reason.def REASON(NO_USER, ""', '"Nobody."')),
]
LEGACY = {"client_id": "locallegacy0000000000000001",
          "secret": "3px2q1w0e9r8t7y6u5i4o3p2a1s0d9f8g7h6j5k4l3z2x1c0v9b"}
HERE = [s.name for s in (ALICE, NORMA, CAROL, DAVE, KEEPER, BATCH, ROOT)]
RUNS = 9
ROUNDS = 5
TOTAL = 2.0  # what every refusal lasts at least, in the middle


def run(world, tap):
    tools = Tools(world)
    for example in ("sshd", "su", "sudo", "login", "common-auth"):
        world.example(example)
    world.service("common", "@include common-auth\n@include common-account\n")
    words(world, tap)
    delays(world, tap, tools)
    times(world, tap, tools)


def timed(host, name):
    started = time.monotonic()
    visit = host.attempt(name, WRONG)
    return visit, time.monotonic() - started


def words(world, tap):
    everybody = [*HERE, GHOST]
    keyboard, password = SshdKeyboard(world), SshdPassword(world)
    keyboard.start(*many_logins())
    for title, settings in (("usual", {}), ("a pool that says who is unknown", LEGACY)):
        world.configure(**settings)
        world.forget()
        rows = [(keyboard, everybody), (password, everybody), (Su(world), HERE),
                (Pamtester(world, "sudo"), HERE), (Pamtester(world, "common"), HERE)]
        if not settings:
            rows.append((Login(world), [ALICE.name, NORMA.name, GHOST]))
        for host, names in rows:
            attempts = together(*((timed, host, name) for name in names))
            visits = [visit for visit, _ in attempts]
            screens = {name: without_name(visit.screen, name)
                       for name, visit in zip(names, visits)}
            what = f"{host.service}, {getattr(host, 'method', 'here')}, {title}"
            tap.equal(len(set(screens.values())), 1, f"{what}: the same screen for all", screens)
            tap.ok(all(visit.who is None and visit.asked == 1 for visit in visits),
                   f"{what}: asked once, refused", *visits)
            tap.ok(min(lasted for _, lasted in attempts) > 0.9, f"{what}: after a while",
                   attempts)
    world.configure()
    keyboard.stop()


def kinds(world):
    """title: who, client, what the log says"""
    return {"wrong password": (ALICE.name, {}, "wrong_password"),
            "unknown to the pool": (NORMA.name, {}, "wrong_password"),
            "disabled": (DAVE.name, {}, "disabled"),
            "not confirmed": (CAROL.name, {}, "not_confirmed"),
            "unknown, and told so": (NORMA.name, LEGACY, "no_such_user")}


def delays(world, tap, tools):
    tools.stack("plain")
    rows = {**kinds(world), "a name that is none": (LARRY.name, {}, "bad_input")}
    for title, (name, settings, word) in rows.items():
        world.forget()
        world.configure(**settings)
        service = "plain"
        if word == "bad_input":
            tools.stack("class", "username_class=[x]+")
            service = "class"
        report = tools.ask(service, name, WRONG.encode())
        tap.ok(f"{name}: refused: {word}" in report.text, f"{title}: refused", report)
        tap.equal((report.prompts, report.shown), (["off Password: "], [])
                  if word != "bad_input" else ([], []), f"{title}: no word more", report)
        tap.ok(len(report.delays) == 1 and 1000000 <= report.delays[0] <= 3000000,
               f"{title}: asks for two seconds, which libpam varies by half", report)
    world.configure()


def times(world, tap, tools):
    """Without the delay itself, so that its half is not in the way."""
    rows = {title: row for title, row in kinds(world).items() if not row[1]}
    worst = None
    for _ in range(ROUNDS):
        seconds = {title: [] for title in rows}
        for _ in range(RUNS):
            for title, (name, _, _) in rows.items():
                world.pool.reset()
                started = time.monotonic()
                tools.ask("plain", name, WRONG.encode())
                seconds[title].append(time.monotonic() - started)
        middle = {title: statistics.median(found) for title, found in seconds.items()}
        worst = max(middle.values()) - min(middle.values())
        # Another program's load comes and goes; what is ours stays.
        if worst < TOTAL / 10:
            break
    tap.ok(worst < TOTAL / 10, "medians differ by less than a tenth of the whole", middle)
