# S23: who somebody is on this machine stands in its own files: no claim of a
# token gives a uid, a group, a home or a shell, and a group of the pool opens a
# gate by its exact name only.
# SPDX-License-Identifier: MIT
import subprocess

from attack.users import Tools
from hosts import SshdKeyboard, Su
from people import ALICE
from person import Person

BREAKAGES = [
    ("a group may begin like the one that is wanted",
     ("has_group (strcmp)", "strncmp(group, wanted, strlen(wanted)) == 0")),
    ("the one that is wanted may begin like a group",
     ("has_group (strcmp)", "strncmp(group, wanted, strlen(group)) == 0")),
    ("groups are the same in both cases", ("has_group strcmp", "strcasecmp")),
    ("a group may stand somewhere in a name",
     ("has_group (strcmp)", "strstr(group, wanted) != NULL")),
    ("a claim that is a text is a list of one",
     ("check_membership (json_array)",
      "...; if (groups == NULL && json_text(claims, claim) != NULL && config_list_has(config, "
      "KEY_REQUIRE_GROUP, json_text(claims, claim))) return STATUS_OK")),
    ("whoever is in sudo in the pool is in sudo here",
     ("pam_sm_setcred (PAM_SUCCESS)",
      "(void) setgroups(1, (gid_t[]) {27}); ...",
      "#include <grp.h>")),
    ("who is somebody else in the pool is somebody else here",
     ("conclude (PHASE_AUTHENTICATE)",
      '...; (void) pam_putenv(call->pamh, "HOME=/root"); (void) pam_putenv(call->pamh, '
      '"SHELL=/bin/false")')),
]
SEEN = "echo seen $(id) $(id -u) $HOME $SHELL $USER $LOGNAME $(pwd) seen"
GREEDY = {
    "cognito:groups": ["root", "docker", "sudo", "sudo\n", "wheel", "0", "27", "adm", "shadow",
                       "#0", "%sudo"],
    "cognito:roles": ["arn:aws:iam::0:role/root"], "cognito:preferred_role": "root",
    "custom:uid": "0", "custom:gid": "0", "custom:home": "/root", "custom:shell": "/bin/false",
    "custom:groups": "root,sudo", "uid": 0, "gid": 0, "uidNumber": "0", "gidNumber": "0",
    "homeDirectory": "/root", "loginShell": "/bin/false", "posix_username": "root",
    "unix_name": "root", "name": "root", "nickname": "root", "preferred_username": "root",
    "profile": "root", "username": "root",
}
IN, OUT = "PAM_SUCCESS", "PAM_PERM_DENIED"


def run(world, tap):
    tools = Tools(world)
    for example in ("sshd", "su"):
        world.example(example)
    sessions(world, tap)
    gates(world, tap, tools)


def seen(host):
    person = Person(*[SEEN if word.startswith("echo ") else word
                      for word in host.words(ALICE.name)], user=host.user(ALICE.name))
    person.wait_for(r"[Pp]assword: ?$")
    person.type(ALICE.password)
    person.finish()
    return [line for line in person.screen.splitlines() if line.startswith("seen ")]


def sessions(world, tap):
    account = subprocess.run(["id", ALICE.name], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.strip()
    for host in (Su(world), SshdKeyboard(world)):
        host.start()
        plain = seen(host)
        wanted = f"seen {account} 2001 /home/alice /bin/sh alice alice"
        tap.ok(len(plain) == 1 and wanted in plain[0],
               f"{host.service}: alice is who this machine says", account, *plain)
        world.pool.token(claims=GREEDY)
        tap.equal(seen(host), plain, f"{host.service}: and a greedy token changes nothing")
        host.stop()


def gates(world, tap, tools):
    tools.stack("gate")
    # tests/unit/policy-t.c has them all.
    rows = [
        ("sudo", ["x", "sudo"], IN), ("sudo", [], OUT), ("sudo", ["sud"], OUT),
        ("sudo", ["sudoers"], OUT), ("sudo", ["xsudo"], OUT), ("sudo", ["Sudo", "SUDO"], OUT),
        ("sudo", ["sudo\n"], OUT), ("sudo", ["\uff53udo", "\u0455udo"], OUT),
        ("admins,sudo", ["admins,sudo"], OUT), ("sudo", ["*", "%", "sudo*", ".*", "sud?"], OUT),
        ("sudo", "sudo", OUT), ("sudo", ["27", "root", "wheel"], OUT),
    ]
    for wanted, groups, code in rows:
        tools.forget()
        world.configure(require_group=wanted)
        world.pool.token(**{"for": "id"}, claims={"cognito:groups": groups})
        report = tools.ask("gate", ALICE.name, ALICE.password.encode())
        tap.equal(report.code, code, f"{wanted} wanted, {groups!r}", report)
    # Only the claim that the pool itself fills counts.
    tools.forget()
    world.configure(require_group="sudo")
    world.pool.token(**{"for": "id"}, drop=["cognito:groups"],
                     claims={"custom:groups": ["sudo"], "groups": ["sudo"], "profile": "sudo"})
    report = tools.ask("gate", ALICE.name, ALICE.password.encode())
    tap.equal(report.code, OUT, "groups that the user wrote are none", report)
    # Nor do the groups of this machine.
    world.configure(require_group="cognito")
    report = tools.ask("gate", ALICE.name, ALICE.password.encode())
    tap.equal(report.code, OUT, "nor are the groups of this machine the pool's", report)
    world.configure()
