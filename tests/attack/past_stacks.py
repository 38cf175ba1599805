# Whoever is the pool's stays the pool's: however the administrator says who that is
# (only_group, only_users, local_account=optional, allow_services), in whatever
# order the lines stand, under limits at which one thing after another fails. And
# what the stack alone does, with a module that always refuses in place of ours.
# SPDX-License-Identifier: MIT
import os

from attack.past import MEMBERS, Lab, controls, judge
from attack.past_limits import KIB, steps
from world import command, write

BREAKAGES = [
    ("a group larger than 16 KiB is none",
     ("LAST_SIZE", "((size_t) 1 << 14)"), ("lookup_room ENOMEM", "0")),
    ("the account phase lets pass whom it could not look up",
     ("examine_account (SCOPE_UNKNOWN)", "false")),
]
EVERYBODY = ",".join(name for names in MEMBERS.values() for name in names)
SETTINGS = {
    "only_group, 2,000": "only_group=large",
    "only_group, 20,000": "only_group=huge",
    "only_group, several": "only_group=nobody_has_it,huge",
    "only_users": f"only_users={EVERYBODY}",
    "only_users and only_group": "only_users=alice only_group=huge",
    "local_account=optional": "local_account=optional only_group=large",
    "local_account=optional, only_users": f"local_account=optional only_users={EVERYBODY}",
    "the uid range": "",
}
UNIX = "account required pam_unix.so\n"
SESSION = "session required pam_unix.so\n"
DONE = "auth [success=done user_unknown=ignore default=die] {ours}\nauth required pam_unix.so\n"
JUMP = ("auth [success=1 user_unknown=ignore default=die] {ours}\n"
        "auth [success=ok default=die] pam_unix.so\nauth required pam_permit.so\n")
COMMON = ("auth [success=2 user_unknown=ignore default=die] {ours}\n"
          "auth [success=1 default=ignore] pam_unix.so try_first_pass\n"
          "auth requisite pam_deny.so\nauth required pam_permit.so\n")
FAILLOCK = ("auth requisite pam_faillock.so preauth\n"
            "auth [success=3 user_unknown=ignore default=1] {ours}\n"
            "auth [success=2 default=ignore] pam_unix.so\n"
            "auth [default=die] pam_faillock.so authfail\n"
            "auth requisite pam_deny.so\nauth required pam_faillock.so authsucc\n")
OURS_TOO = "account [success=ok new_authtok_reqd=ok ignore=ignore default=die] {ours}\n"
ORDERS = {
    "auth, account, session": DONE + UNIX + SESSION,
    "account, auth, session": UNIX + DONE + SESSION,
    "session, auth, account": SESSION + DONE + UNIX,
    "account, session, auth": UNIX + SESSION + DONE,
    "session, account, auth": SESSION + UNIX + JUMP,
    "as pam-auth-update writes it": COMMON + UNIX + SESSION,
    "the same, accounts and sessions first": "@include common-account\n@include common-session\n"
                                             + COMMON,
    "with faillock": FAILLOCK + UNIX + SESSION,
    "with faillock, accounts first": UNIX + FAILLOCK + SESSION,
    "our account line first": OURS_TOO + UNIX + JUMP,
    "our account line last": UNIX + DONE + OURS_TOO,
    "pam_unix has asked": "auth optional pam_unix.so\n" + JUMP + UNIX,
}
# The local password is let through on purpose: allow_services must still refuse.
LET_IN = "auth required pam_unix.so\n"
GATES = {
    "accounts: ours, pam_unix": LET_IN + OURS_TOO + UNIX,
    "accounts: pam_unix, ours": LET_IN + UNIX + OURS_TOO,
    "accounts first: ours, pam_unix": OURS_TOO + UNIX + LET_IN,
    "accounts first: pam_unix, ours": SESSION + UNIX + OURS_TOO + LET_IN,
}
REFUSE = """
#include <security/pam_modules.h>
int pam_sm_authenticate(pam_handle_t *h, int f, int c, const char **v)
{ (void) h; (void) f; (void) c; (void) v; return PAM_AUTH_ERR; }
int pam_sm_setcred(pam_handle_t *h, int f, int c, const char **v)
{ (void) h; (void) f; (void) c; (void) v; return PAM_SUCCESS; }
int pam_sm_acct_mgmt(pam_handle_t *h, int f, int c, const char **v)
{ (void) h; (void) f; (void) c; (void) v; return PAM_PERM_DENIED; }
"""
LIMITS = [("as", value) for value in steps(3072, 9216, 16)] \
    + [("data", value) for value in steps(256, 2304, 8)] \
    + [("nofile", value) for value in range(3, 10)] + [("stack", 64 * KIB), ("nproc", 0)]


def some(number, fine):
    """Every value in one of the stacks, and none in all of them."""
    yield {}
    every = 12 if fine else 96
    for limit, value in LIMITS[number * 13 % every::every]:
        yield {limit: value}


def jobs(lab, rows, fine, stands_in=None):
    """rows: (title, text of the stack, the module's arguments)"""
    for number, (title, text, arguments) in enumerate(rows):
        ours = stands_in or f"pam_cognito.so {arguments}"
        text = text.format(ours=ours)
        folder = lab.files(su=text, sudo=text)
        for turn, limits in enumerate(some(number, fine)):
            for host in ("su", "sudo") if turn == 0 else ("su",):
                kind = "YESCRYPT" if turn % 3 == 0 else "SHA512"
                yield f"{title}: {host} {limits}", (folder, host, kind), limits


def sweep(world, tap, fine=False):
    lab = Lab(world)
    controls(lab, tap)
    for setting, arguments in SETTINGS.items():
        rows = [(order, text, arguments) for order, text in ORDERS.items()]
        judge(tap, setting, lab.all(list(jobs(lab, rows, fine))))
        if "only" in setting:
            rows = [(order, text, arguments + " allow_services=sshd")
                    for order, text in GATES.items()]
            judge(tap, f"allow_services, {setting}", lab.all(list(jobs(lab, rows, fine))),
                  gate=True)
    stand_in(lab, tap, fine)


def stand_in(lab, tap, fine):
    """What the stack alone does with a refusal, whoever refuses."""
    source = os.path.join(lab.folder, "refuse.c")
    module = os.path.join(lab.folder, "pam_refuse.so")
    write(source, REFUSE)
    command("cc", "-shared", "-fPIC", "-o", module, source)
    rows = [(order, text, "") for order, text in {**ORDERS, **GATES}.items()]
    found = lab.all(list(jobs(lab, rows, fine, module)))
    inside = [f"{what}: {outcome}" for what, outcome in found if outcome.entered]
    tap.equal(inside, [], "a module that always refuses: nobody is in")


def run(world, tap):
    sweep(world, tap)
