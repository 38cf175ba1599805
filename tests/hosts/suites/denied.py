# Somebody whom a gate refuses is refused through every shipped example, in auth
# and in account, also when the auth line is weakened to sufficient, optional or
# [default=ignore].
# SPDX-License-Identifier: MIT
import os
import re

from hosts import Login, Pamtester, SshdKeyboard, Su, Sudo
from people import ALICE, LARRY
from world import EXAMPLES

GATES = (("group", {"require_group": "admins"}, "group_refused"),
         ("deny_group", {"deny_group": "guests,staff"}, "group_refused"),
         ("second factor", {"require_mfa": "yes"}, "mfa_missing"),
         ("service", {"allow_services": "nothing"}, "service_refused"))
LINE = re.compile(r"(?m)^auth\s+\[.*\]\s+pam_cognito\.so")
LOCAL = re.compile(r"(?m)^auth\s.*pam_unix\.so.*$")
NAMES = ("sshd", "sudo", "su", "login", "common-auth")


def run(world, tap):
    for name in ("common-account", "common-auth", "sshd", "sudo", "su", "login"):
        world.example(name)
    in_auth(world, tap)
    in_account(world, tap)


def in_auth(world, tap):
    for host in (SshdKeyboard(world), Sudo(world), Su(world), Login(world)):
        host.start()
        for title, settings, word in GATES if host.service == "sshd" else GATES[:1]:
            title = f"{host.service}, {title}"
            world.configure(**settings)
            world.forget()
            visit = host.attempt("alice", ALICE.password)
            tap.equal(visit.who, None, f"{title}: not in", visit)
            tap.ok(world.log.wait(rf"alice: refused: {word} service={host.service}"),
                   f"{title}: the log", *world.log.ours())
        world.configure()
        world.forget()
        visit = host.attempt("alice", ALICE.password)
        tap.equal(visit.who, "alice", f"{host.service}: in without a gate", visit)
        host.stop()


def in_account(world, tap):
    """The weakened stacks let her through auth, which is the point."""
    for name in NAMES:
        with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
            shipped = file.read()
        for control in ("sufficient", "optional", "[success=ok default=ignore]"):
            text, lines = LINE.subn(f"auth {control} pam_cognito.so", shipped)
            tap.equal(lines, 1, f"{name}: one line of ours")
            text = LOCAL.sub("auth required pam_permit.so", text).replace("requisite", "optional")
            if name == "common-auth":
                text += "@include common-account\n"
            # pamtester is root, which needs no password for su; the jumps would land
            # on other lines without those that are made harmless here.
            text = re.sub(r"(?m)^.*pam_rootok.*$", "", text)
            tap.ok("@include common-account" in text, f"{name}: has the account phase")
            world.service("weak", text)
            weak(world, tap, f"{name}, {control}", GATES if name == "common-auth" else GATES[:1])


def weak(world, tap, title, gates):
    host = Pamtester(world, "weak")
    for gate, settings, _ in gates:
        world.configure(**settings)
        world.forget()
        visit = host.attempt("alice", ALICE.password)
        tap.ok("successfully authenticated" in visit.screen, f"{title}, {gate}: auth is fooled",
               visit)
        tap.ok(visit.status != 0 and re.search("Permission denied", visit.screen),
               f"{title}, {gate}: account is not", visit)
    world.configure()
    world.forget()
    visit = host.attempt("alice", ALICE.password)
    tap.equal(visit.status, 0, f"{title}: nobody denied without a gate", visit)
    visit = host.attempt("larry", LARRY.unix_password)
    tap.ok(visit.status == 0 and visit.asked == 0, f"{title}: local people as ever", visit)
