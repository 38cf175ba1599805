# S13: root, every other name of uid 0, system accounts, nobody, dynamic users and
# whoever is out of scope are answered before a helper is started, whatever the
# pool knows and whatever a helper would say: no process, no connection, no word.
# SPDX-License-Identifier: MIT
import re

from attack import liar
from attack.users import Tools, add_account, join, many_logins, together
from hosts import SshdKeyboard, Su, Sudo
from people import ALICE, BATCH, GHOST, LARRY, ROOT
from world import write

BREAKAGES = [
    ("root is known by his number only", ("scope_of (strcmp)", "false")),
    ("uid 0 is a user like others",
     ("is_system_uid (0)", "return false"),
     ("judge (KEY_MINIMUM_UID)",
      "account->pw_uid + 1u < config_number(subject->config, KEY_MINIMUM_UID)")),
    ("the first dynamic user is a person", ("is_system_uid 61184", "61185")),
    ("the last dynamic user is a person", ("is_system_uid 65519", "65518")),
    ("nobody is somebody", ("is_system_uid 65534", "65533")),
    ("minimum_uid is not looked at", ("judge (KEY_MINIMUM_UID)", "false")),
    ("only_group is not looked at", ("find_in_lists", "return SCOPE_OURS;")),
    ("names without an account are asked about", ("may_lack_account", "return true;")),
    ("a helper is started before it is known whose sign-in it is",
     ("authenticate (LOG_DEBUG)",
      "if (call->about.config != NULL) sign_in(call, &result); ...")),
]
IN_POOL = "Open-Sesame-1"
# The uid that a larger type would have for "none".
SYSTEM = {"toor": 0, "service": 999, "dynamic": 61184, "dynamic5": 63000, "dynamic9": 65519,
          "almost": 4294967295}
NEVER = [ROOT.name, *SYSTEM, "daemon", "nobody"]
# What an administrator might write, or be talked into.
WIDE = ["", "minimum_uid=1 only_users={0} ignore_root=no",
        "minimum_uid=1 local_account=optional only_group=cognito,root"]
PEOPLE_BY_LIMIT = ["service", "daemon"]  # minimum_uid=1 says that they are people


def run(world, tap):
    tools = Tools(world)
    for name, uid in SYSTEM.items():
        add_account(name, uid)
    for name in NEVER:
        join(name, "cognito")
    for name in [*NEVER, BATCH.name, LARRY.name, GHOST]:
        world.pool.add_user(username=name, password=IN_POOL)
    real_hosts(world, tap, tools)
    for title in ("the pool", "a helper that says yes"):
        if title != "the pool":
            tools.count(liar.build(world))
        alone(world, tap, tools, title)


def strangers():
    """(name, the module's arguments)"""
    for name in NEVER:
        for wide in WIDE:
            if wide and name in PEOPLE_BY_LIMIT:
                continue
            yield name, wide.format(name)
    yield GHOST, ""
    yield GHOST, "only_users=ghost"
    yield LARRY.name, "only_group=cognito"
    yield LARRY.name, "only_users=alice,larr,larryx"
    yield ALICE.name, "minimum_uid=2002"


def alone(world, tap, tools, title):
    word = liar.PASSWORD if title != "the pool" else IN_POOL
    fake = "user_pool_id=fake:good " if title != "the pool" else ""
    tools.forget()
    tools.stack("control", fake)
    right = ALICE.password if title == "the pool" else liar.PASSWORD
    report = tools.ask("control", ALICE.name, right.encode())
    tap.equal((report.code, tools.starts()), ("PAM_SUCCESS", 1),
              f"{title}: alice gets in, by one helper", report)
    tools.forget()
    wrong = []
    for name, arguments in strangers():
        tools.stack("stranger", fake + arguments)
        wrong += look(tools, name, arguments, word)
    tap.equal(wrong, [], f"{title}: everybody else is a stranger, without a word")
    # A machine whose root has another name.
    with open("/etc/passwd", encoding="utf-8") as file:
        whole = file.read()
    write("/etc/passwd", re.sub(r"(?m)^root:.*\n", "", whole))
    tools.stack("stranger", fake + "minimum_uid=1 local_account=optional only_users=root")
    tap.equal(look(tools, ROOT.name, "without an account", word), [],
              f"{title}: nor is a root without an account ours")
    write("/etc/passwd", whole)
    tap.equal(tools.starts(), 0, f"{title}: and no helper was started for them")
    tap.equal(world.connections(), 0, f"{title}: and the pool heard nothing")


def look(tools, name, arguments, word):
    report = tools.ask("stranger", name, word.encode())
    if (report.code, report.prompts, report.shown, report.logs, report.delays) \
            == ("PAM_USER_UNKNOWN", [], [], [], []):
        return []
    return [(name, arguments, report)]


def real_hosts(world, tap, tools):
    """Through the shipped files, with the pool's password for each of them."""
    for example in ("sshd", "su", "sudo"):
        world.example(example)
    tools.forget()
    sshd = SshdKeyboard(world)
    sshd.start(*many_logins())
    jobs = [(sshd, ROOT.name), (sshd, "toor"), (sshd, GHOST), (Su(world), ROOT.name),
            (Su(world), "toor"), (Su(world), "nobody"), (Sudo(world), BATCH.name)]
    visits = together(*((host.attempt, name, IN_POOL) for host, name in jobs))
    sshd.stop()
    for (host, name), visit in zip(jobs, visits):
        tap.ok(visit.who is None and visit.asked, f"{host.service}, {name}: asked and refused",
               visit)
    tap.equal((tools.starts(), world.connections()), (0, 0),
              "the hosts: no helper was started and the pool heard nothing")
    visit = Su(world).attempt(ROOT.name, ROOT.unix_password)
    tap.equal(visit.who, ROOT.name, "su: root's own password is root's", visit)
    visit = Su(world).attempt(ALICE.name, ALICE.password)
    tap.equal((visit.who, tools.starts()), (ALICE.name, 1), "su: and alice's is hers", visit)
