# S27: an empty password, the end of the input and a password that no module has
# asked for are refusals, and the pool hears no sign-in; whatever the flags, and
# no argument turns that off.
# SPDX-License-Identifier: MIT
from attack.users import Tools, many_logins, together
from hosts import Pamtester, SshdKeyboard, SshdPassword, Su, Sudo
from people import ALICE
from person import Person

BREAKAGES = [
    ("an empty password is one",
     ("authtok_check (0)", "false"), ("text_is_password (1)", "return true"),
     ("@empty", "flow->password.data == NULL")),
    ("use_first_pass asks when there is nothing",
     ("authtok_get STATUS_EMPTY_PASSWORD", "ask_password(call, type, prompt, password_out)")),
    ("a refused answer is no end",
     ("call_ask (PAM_BUF_ERR)", '*reply_out = strdup("Correct-Horse-9"); ...'),
     ("call_ask STATUS_CANCELLED", "STATUS_OK"),
     ("authtok_get (STATUS_CANCELLED)", 'password = "Correct-Horse-9"')),
    ("an empty password is a reason to succeed",
     ("reason.def REASON(EMPTY_PASSWORD, REFUSED", "SUCCESS")),
]
REFUSED = "PAM_AUTH_ERR"


def run(world, tap):
    tools = Tools(world)
    # As a service might that knew an empty password.
    world.pool.user(ALICE.name, password="")
    through_libpam(world, tap, tools)
    world.pool.user(ALICE.name, password=ALICE.password)
    arguments(world, tap, tools)
    for example in ("sshd", "su", "sudo"):
        world.example(example)
    through_hosts(world, tap, tools)


def through_libpam(world, tap, tools):
    # title: arguments, what an earlier module has set, answers, code, prompts
    rows = {
        "nothing typed": ("", None, [b""], REFUSED, 1),
        "nothing typed, without warm_up": ("warm_up=no", None, [b""], REFUSED, 1),
        "nothing typed, SRP": ("auth_flow=user_srp", None, [b""], REFUSED, 1),
        "nothing typed, no first pass": ("try_first_pass=no", None, [b""], REFUSED, 1),
        "no answer": ("", None, [b"!null"], "PAM_CONV_ERR", 1),
        "no answer, no first pass": ("try_first_pass=no", None, [b"!null"], "PAM_CONV_ERR", 1),
        "a conversation that fails": ("", None, [b"!error"], "PAM_CONV_ERR", 1),
        "the end of the input": ("try_first_pass=no", None, [], "PAM_CONV_ERR", 1),
        "use_first_pass, nothing there": ("use_first_pass", None, [b"typed"], REFUSED, 0),
        "use_first_pass, empty": ("use_first_pass", "authtok=", [b"typed"], REFUSED, 0),
        "try_first_pass, empty": ("try_first_pass", "authtok=", [b"typed"], REFUSED, 0),
        "both, empty": ("try_first_pass use_first_pass", "authtok=", [b"typed"], REFUSED, 0),
    }
    tools.forget()
    for title, (line, before, answers, code, prompts) in rows.items():
        tools.stack("empty", line, before=before)
        for flags in ([], ["--flags", "null"]):
            report = tools.ask("empty", ALICE.name, *answers, options=flags)
            tap.equal((report.code, len(report.prompts)), (code, prompts),
                      f"{title}{' with a flag' if flags else ''}: refused", report)
    tap.equal(world.sign_ins(), 0, "the pool hears no sign-in")


def arguments(world, tap, tools):
    """The words that other modules have for this are none of ours."""
    tools.forget()
    for word in ("nullok", "nullok_secure", "allow_empty", "null_ok=yes"):
        tools.stack("empty", word)
        for answer in (b"", ALICE.password.encode()):
            report = tools.ask("empty", ALICE.name, answer)
            tap.equal(report.code, "PAM_SERVICE_ERR", f"{word} is a mistake", report)
    tap.equal(world.connections(), 0, "and the pool hears nothing")


def through_hosts(world, tap, tools):
    """A person presses Enter or Ctrl-D, again and again."""
    tools.forget()
    tools.stack("pamtester")
    keyboard, password = SshdKeyboard(world), SshdPassword(world)
    keyboard.start(*many_logins(), "PermitEmptyPasswords yes")
    hosts = [Su(world), Sudo(world), Pamtester(world), keyboard, password]
    entered = together(*((press, host, "\n") for host in hosts))
    ended = together(*((press, host, "\x04") for host in (*hosts[:3], keyboard)))
    keyboard.stop()
    for what, screens in (("Enter", entered), ("Ctrl-D", ended)):
        for host, (screen, asked) in zip(hosts, screens):
            tap.ok(asked and "signed in" not in screen and "successfully" not in screen,
                   f"{type(host).__name__}, {what}: asked and not in", screen)
    tap.equal(world.sign_ins(), 0, "hosts: the pool hears no sign-in")
    visit = hosts[2].attempt(ALICE.name, ALICE.password)
    tap.equal((visit.who, world.sign_ins()), (ALICE.name, 1), "pamtester: with the password: in")


def press(host, key):
    person = Person(*host.words(ALICE.name), user=host.user(ALICE.name))
    asked = 0
    while person.ask(r"[Pp]assword( for [^:]*)?: ?$"):
        asked += 1
        person.type(key, enter="")
    person.finish()
    return person.screen, asked
