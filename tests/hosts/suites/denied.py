# Somebody whom a gate refuses is refused through the shipped examples. (In account,
# where auth was weakened: attack/s30_refusals_are_final.py, tests/module/account.py.)
# SPDX-License-Identifier: MIT
from hosts import Login, SshdKeyboard, Su, Sudo
from people import ALICE

GATES = (("group", {"require_group": "admins"}, "group_refused"),
         ("deny_group", {"deny_group": "guests,staff"}, "group_refused"),
         ("second factor", {"require_mfa": "yes"}, "mfa_missing"),
         ("service", {"allow_services": "nothing"}, "service_refused"))


def run(world, tap):
    for name in ("common-account", "common-auth", "sshd", "sudo", "su", "login"):
        world.example(name)
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
