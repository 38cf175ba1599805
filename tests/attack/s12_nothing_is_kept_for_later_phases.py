# S12: setcred and session need nothing that authenticate left in memory: sshd
# runs them in another process after keyboard-interactive, and in the same one
# after a password. And they give nobody anything by themselves.
# SPDX-License-Identifier: MIT
import os
import re
import time

from hosts import Pamtester, SshdKeyboard, SshdPassword
from people import ALICE, LARRY, WRONG
from suites.outage import SUCCESS, Login, pam

BREAKAGES = [
    ("setcred wants what authenticate left",
     ("pam_sm_setcred (PAM_SUCCESS)",
      'const void *data = NULL; return pam_get_data(pamh, "pam_cognito", &data) == PAM_SUCCESS '
      "&& data != NULL ? PAM_SUCCESS : PAM_CRED_UNAVAIL")),
    ("setcred has no opinion", ("pam_sm_setcred PAM_SUCCESS", "PAM_IGNORE")),
    ("a session is granted", ("pam_sm_open_session PAM_IGNORE", "PAM_SUCCESS")),
    ("a session is refused", ("pam_sm_open_session PAM_IGNORE", "PAM_SESSION_ERR")),
]
# Everything that a session is made of, but for the port of the client.
SHOW = ("echo signed in as $(id -un); id; umask; pwd; env | grep -v ^SSH_ | sort; ulimit -a; "
        "cat /proc/self/loginuid; grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Sig[BI])' "
        "/proc/self/status")
ESTABLISH, DELETE, REINITIALIZE, REFRESH, SILENT = 2, 4, 8, 16, 0x8000
OURS = "{0} {1} pam_cognito.so\n"


def run(world, tap):
    sessions(world, tap)
    alone(world, tap)
    other_process(world, tap)


class Shows:
    def words(self, name):
        return [*super().words(name)[:-1], SHOW]


class ShowsKeyboard(Shows, SshdKeyboard):
    pass


class ShowsPassword(Shows, SshdPassword):
    pass


def sessions(world, tap):
    """All four phases have our line, and account and session count on it."""
    world.service("sshd", "auth [success=1 default=die] pam_cognito.so only_group=cognito\n"
                  "auth requisite pam_deny.so\nauth required pam_permit.so\n"
                  "account required pam_unix.so\naccount required pam_cognito.so\n"
                  "session required pam_limits.so\nsession required pam_env.so\n"
                  "session required pam_cognito.so\nsession required pam_permit.so\n")
    found = {}
    for title, host in (("keyboard-interactive", ShowsKeyboard(world)),
                        ("password", ShowsPassword(world))):
        host.start()
        visit = host.attempt(ALICE.name, ALICE.password)
        tap.equal((visit.who, visit.status), (ALICE.name, 0), f"{title}: alice is in", visit)
        refused = host.attempt(ALICE.name, WRONG)
        tap.equal(refused.who, None, f"{title}: not with another password", refused)
        host.stop()
        found[title] = visit.screen.partition("signed in as")[2]
    tap.ok(f"uid={ALICE.uid}(alice)" in found["password"] and "CapEff" in found["password"],
           "the sessions are there to be compared", found)
    tap.equal(found["keyboard-interactive"], found["password"],
              "a session is the same, however the person came in")


def alone(world, tap):
    """Phases that come without an authenticate: nothing is granted, nothing fails."""
    world.forget()
    ours = {"auth": "setcred", "session": "open_session"}
    for kind, operation in ours.items():
        world.service("first", OURS.format(kind, "required") + f"{kind} required pam_permit.so\n")
        world.service("instead", OURS.format(kind, "sufficient") + f"{kind} required pam_deny.so\n")
        for who in (ALICE, LARRY):
            visit = Asks(world, "first", operation).attempt(who.name, WRONG)
            tap.equal((visit.status, visit.asked), (0, 0),
                      f"{operation} alone, {who.name}: does not fail", visit)
    for operation in ("open_session", "close_session"):
        visit = Asks(world, "instead", operation).attempt(ALICE.name, WRONG)
        tap.ok(visit.status == 1 and visit.asked == 0, f"{operation} alone: grants nothing", visit)
    visit = Asks(world, "instead", "authenticate").attempt(ALICE.name, WRONG)
    tap.equal(visit.status, 1, "nor does what came before", visit)
    tap.equal([line for line in world.log.ours() if "accepted" in line], [],
              "the log calls nobody accepted", *world.log.ours())


class Asks(Pamtester):
    def __init__(self, world, service, operation):
        super().__init__(world, service)
        self.operation = operation

    def words(self, name):
        return ["pamtester", self.service, name, self.operation]


def other_process(world, tap):
    """As sshd does: one process authenticates, another one does the rest."""
    world.forget()
    world.service("parted", "auth sufficient pam_cognito.so\nauth required pam_deny.so\n"
                  "account required pam_unix.so\nsession optional pam_cognito.so\n"
                  "session required pam_permit.so\n")
    one = Login("parted")
    pid = os.fork()
    if pid == 0:
        os._exit(one.authenticate().code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    tap.equal(code, SUCCESS, "authenticate in a process of its own")
    rest = [(name, pam[name](one.handle, flags)) for name, flags in (
        ("pam_acct_mgmt", 0), ("pam_open_session", 0), ("pam_close_session", SILENT))]
    tap.equal(rest, [(name, SUCCESS) for name, _ in rest], "the rest in another one")
    both = Login("parted").authenticate()
    found = [both.code] + [pam.pam_setcred(both.handle, flags) for flags in (
        ESTABLISH, REINITIALIZE, REFRESH, DELETE, ESTABLISH | SILENT)]
    tap.equal(found, [SUCCESS] * 6, "setcred goes the way that authenticate went")
    tap.equal(world.sign_ins(), 2, "and none of it asks the pool again")
    end = time.monotonic() + 3
    while len(world.log.ours()) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    tap.equal([re.search("alice: [a-z]+", line).group(0) for line in world.log.ours()],
              ["alice: accepted"] * 2, "nor says anything", *world.log.ours())
