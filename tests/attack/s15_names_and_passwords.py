# S15: names that mean something to a shell, a file name or a log, and passwords
# that are none, are refused here: no request reaches the pool, although the
# accounts exist, in the pool too, with the password that is typed. (A NUL ends
# the text in every PAM host before a module sees it.)
# SPDX-License-Identifier: MIT
from attack.users import Tools, add_account, many_logins, together
from hosts import Pamtester, SshdKeyboard, SshdPassword
from people import ALICE, ROOT
from person import Person

BREAKAGES = [
    ("username_class is not looked at", ("scope_allows_name (KEY_USERNAME_CLASS)", "true")),
    ("a generous username_class lets dangerous names through",
     ("scope_allows_name (is_dangerous_name)", "true")),
    ("names of any length", ("is_dangerous_name NAME_MAX_BYTES", "100000")),
    ("control characters are characters of a password", ("is_control", "return character == 0;")),
    ("only ASCII's control characters are control characters",
     ("is_control", "return character < 0x20 || character == 0x7f;")),
    ("what is no UTF-8 is a password",
     ("text_is_password (decode)", "...; if (step == 0) step = 1, character = 'x'")),
    ("overlong forms are UTF-8", ("decode 0x800", "0"), ("decode 0x10000", "0")),
    ("surrogates are UTF-8", ("decode 0xdfff", "1")),
    ("passwords of any number of characters", ("PASSWORD_CHARACTERS_MAX", "600")),
    ("passwords of any number of bytes", ("authtok_check (PAM_MAX_RESP_SIZE)", "false")),
]
WORD = "Right-Word-15"
# The names that no line of /etc/passwd can give an account come further down.
DANGEROUS = ["..", ".", "a b", "a/b", "../x", "/", "a\tb", "a\x1b[2Jb",
             "a\x7fb", "A" * 129, "A" * 300]
# Names that an administrator may allow.
UNUSUAL = ["Alice", "ALICE", "9lives", "a" * 33, "a$b", "a;id", "a'b", "%n", "\u0430lice",
           "a\u200bb", "a\u202eb", "\uff41lice", "alice\u0301", "ali\u017fe"]
# tests/unit/text-t.c has them all.
PASSWORDS = {
    "nothing": b"",
    "257 characters": b"A" * 257,
    "512 bytes": b"A" * 512,
    "too many bytes of few characters": "\u65e5".encode() * 200,
    "a byte that is no UTF-8": b"Right-Word\xff",
    "a longer overlong form": b"Right-Word\xe0\x81\x81",
    "a surrogate": b"Right-Word\xed\xa0\x80",
    "ESC": b"Right-Word\x1b[2J",
    "C1": "Right-Word\u009b".encode(),
    "sshd's junk": b"\b\n\r\x7fINCORRECT",
}
LONGEST = "A" * 256


def run(world, tap):
    tools = Tools(world)
    names = DANGEROUS + UNUSUAL
    for number, name in enumerate(names):
        add_account(name, 2600 + number, "cognito")
        world.pool.add_user(username=name, password=WORD)
    unknown_names(world, tap, tools)
    own_names(world, tap, tools)
    passwords(world, tap, tools)
    for example in ("sshd", "su"):
        world.example(example)
    through_su(world, tap, tools)
    through_sshd(world, tap, tools)


def own_names(world, tap, tools):
    """They have local accounts."""
    tools.forget()
    tools.stack("names")
    tools.stack("class", "username_class=.*")
    wrong = [("usual", name) for name in DANGEROUS + UNUSUAL if not refused(tools, "names", name)]
    wrong += [("all", name) for name in DANGEROUS if not refused(tools, "class", name)]
    tap.equal(wrong, [], "odd names are refused without a question, the dangerous ones always")
    tap.equal((tools.starts(), world.connections()), (0, 0),
              "and for odd names no helper starts and the pool hears nothing")
    for name in ("Alice", "a;id", "\u0430lice"):
        report = tools.ask("class", name, WORD.encode())
        tap.equal((report.code, world.sign_ins(name)), ("PAM_SUCCESS", 1),
                  f"{name}: in where the settings allow it", report)


def unknown_names(world, tap, tools):
    """They have none, and none is wanted."""
    tools.forget()
    tools.stack("names", "local_account=optional username_class=.*")
    names = ["-x", "--help", "-", " a", "+a ", "a\nb", "a:b", "root\n", "\u00e9" * 65 + " ", "",
             "b" * 129, "x\r"]
    wrong = [name for name in names if not refused(tools, "names", name)]
    tap.equal(wrong, [], "dangerous names without an account")
    tap.equal((tools.starts(), world.connections()), (0, 0),
              "start no helper and tell the pool nothing")


def refused(tools, service, name):
    report = tools.ask(service, name, WORD.encode())
    return report.code == "PAM_AUTH_ERR" and report.prompts == [] \
        and len(report.logs) == 1 and ": refused: bad_input service=" in report.logs[0]


def passwords(world, tap, tools):
    tools.forget()
    # Whatever is typed would be right.
    for title, typed in PASSWORDS.items():
        tools.forget()
        world.pool.user(ALICE.name, password=typed.decode("utf-8", "replace"))
        reports = [tools.ask("names", ALICE.name, typed),
                   tools.ask("class", ALICE.name, typed, options=["--flags", "null"])]
        tap.ok(all(r.code == "PAM_AUTH_ERR" and r.prompts == ["off Password: "]
                   and len(r.delays) == 1 for r in reports),
               f"password of {title}: asked once, refused", *reports)
        tap.equal(world.sign_ins(), 0, f"password of {title}: nothing was sent")
    world.pool.user(ALICE.name, password=LONGEST)
    report = tools.ask("names", ALICE.name, LONGEST.encode())
    tap.equal((report.code, world.sign_ins()), ("PAM_SUCCESS", 1),
              "the longest password is one", report)


def through_su(world, tap, tools):
    tools.forget()
    names = ["..", "a b", "-x", "a/b", "Alice", "\u0430lice", "A" * 300]

    def attempt(name):
        person = Person("su", "-c", "echo signed in as $(id -un)", "--", name, user="larry")
        if person.ask(r"[Pp]assword: ?$"):
            person.type(WORD)
        person.finish()
        return person.screen

    for name, screen in zip(names, together(*((attempt, name) for name in names))):
        tap.ok("signed in" not in screen, f"su, {name[:9]!r}: not in", screen)
    tap.equal((tools.starts(), world.connections()), (0, 0), "su: the pool hears of no odd name")


def through_sshd(world, tap, tools):
    """Also names that nobody has, root, and one whom sshd itself refuses."""
    names = ["..", "a b", "-x", "a/b", "Alice", "\u0430lice", "A" * 300, "a\nb", "nemo", ROOT.name]
    for host in (SshdKeyboard(world), SshdPassword(world)):
        tools.forget()
        host.start("DenyUsers alice", *many_logins())
        visits = together(*((host.attempt, name, WORD) for name in names),
                          (host.attempt, ALICE.name, ALICE.password))
        host.stop()
        wrong = [(name, visit) for name, visit in zip([*names, ALICE.name], visits)
                 if visit.who is not None]
        tap.equal(wrong, [], f"sshd, {host.method}: nobody is in")
        tap.equal(world.sign_ins(), 0, f"sshd, {host.method}: no password was sent")
        tap.equal([visit.asked for visit in visits[-3:]], [1, 1, 1],
                  f"sshd, {host.method}: nobody, root and alice were asked", *visits)
    tools.stack("pamtester")
    world.pool.user(ALICE.name, password=ALICE.password)
    visit = Pamtester(world).attempt(ALICE.name, ALICE.password)
    tap.equal(visit.who, ALICE.name, "alice's own password is right", visit)
