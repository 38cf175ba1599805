# The same ten people and faults through each host. Every expectation is
# written down here by hand: who gets in, what the host says, what the module
# logs, and how many sign-ins the pool receives.
# SPDX-License-Identifier: MIT
import re
from dataclasses import dataclass

from people import (ALICE, BOB, CAROL, DAVE, GHOST, KEEPER, NORMA, PEOPLE, ROOT, WRONG)

YEARS = 9e9  # seconds since 1970: locked for as long as tests will run

# What each host says about each kind of "no".
PAMTESTER = {"wrong": "pamtester: Authentication failure\n",
             "maxtries": "pamtester: Have exhausted maximum number of retries for service\n",
             "service": "pamtester: Error in service module\n",
             "unavailable": "pamtester: Authentication service cannot retrieve "
                            "authentication info\n",
             "stranger": "pamtester: User not known to the underlying "
                         "authentication module\n"}
DENIED = r": Permission denied \(publickey,password,keyboard-interactive\)\.\n"
# PAM_MAXTRIES: sshd then takes no further password from this connection.
SSHD = {**dict.fromkeys(("wrong", "service", "unavailable", "stranger"), DENIED),
        "maxtries": r": Permission denied \(publickey\)\.\n"}
THREE = (r"(\[sudo\] password for \w+: \nSorry, try again\.\n){2}\[sudo\] password for \w+: \n"
         r"(The .*\n)?sudo: 3 incorrect password attempts\n")
FATAL = r"sudo: PAM authentication error: {}\nsudo: a password is required\n"
SUDO = {"wrong": THREE, "maxtries": THREE, "unavailable": THREE,
        "service": FATAL.format("Error in service module")}
SU = {"wrong": "su: Authentication failure\n",
      "maxtries": "su: Have exhausted maximum number of retries for service\n",
      "service": "su: Error in service module\n",
      "unavailable": "su: Authentication service cannot retrieve authentication info\n",
      "stranger": "su: user ghost does not exist"}
INCORRECT = r"\nLogin incorrect\n"
LOGIN = {**dict.fromkeys(("wrong", "service", "unavailable", "stranger"), INCORRECT),
         # The login of util-linux has the same words for it.
         "maxtries": r"(Maximum number of tries exceeded \(1\)|Login incorrect)\n"}


@dataclass
class Case:
    title: str
    who: str
    typed: str
    kind: str         # "in", or what the host's table above calls it
    log: str = ""     # after "<who>: "; "" = the module logs nothing
    sent: int = 0     # InitiateAuth per password typed


CASES = [
    Case("right password", ALICE.name, ALICE.password, "in", r"accepted: ok service=\w+ .*http=200 ", 1),
    Case("wrong password", ALICE.name, WRONG, "wrong",
         r"refused: wrong_password .*error=NotAuthorizedException http=400 ", 1),
    Case("unknown to the pool", NORMA.name, WRONG, "wrong",
         r"refused: wrong_password .*error=NotAuthorizedException http=400 ", 1),
    Case("not confirmed", CAROL.name, CAROL.password, "wrong",
         r"refused: not_confirmed .*error=UserNotConfirmedException http=400 ", 1),
    Case("disabled", DAVE.name, DAVE.password, "wrong",
         r"refused: disabled .*error=NotAuthorizedException http=400 ", 1),
    Case("locked out", BOB.name, BOB.password, "maxtries",
         r"refused: locked_out .*error=NotAuthorizedException http=400 ", 1),
]
NO_REQUEST = [
    Case("root", ROOT.name, ROOT.unix_password, "in"),
    Case("local administrator", KEEPER.name, KEEPER.unix_password, "in"),
]
STRANGER = Case("unknown locally", GHOST, WRONG, "stranger")
WRONG_SECRET = Case("wrong client secret", ALICE.name, ALICE.password, "service",
                    r"refused: secret_hash .*error=NotAuthorizedException http=400 ", 1)
UNREACHABLE = Case("pool unreachable", ALICE.name, ALICE.password, "unavailable",
                   r"refused: connect service=\w+[: ]")
PASSWORDS = sorted({p for s in PEOPLE for p in (s.password, s.unix_password) if p} | {WRONG})


def no_password_in(text):
    return not any(password in text for password in PASSWORDS)


class Matrix:
    def __init__(self, world, tap, host, says, retried=("wrong", "maxtries", "unavailable"),
                 asked=None):
        """retried: kinds that the host asks again about; asked: prompts, by case."""
        self.world, self.tap, self.host, self.says = world, tap, host, says
        self.retried = retried
        self.asked = asked or {}

    def run_all(self):
        for case in CASES:
            self.run(case)
        for case in NO_REQUEST:
            self.run(case)
            self.no_contact(case)
        if "stranger" in self.says:
            self.run(STRANGER)
            self.no_contact(STRANGER)
        self.world.configure(secret="x" * 50)
        self.run(WRONG_SECRET)
        self.world.configure()
        self.world.stop_pool()
        self.run(UNREACHABLE)
        self.run(NO_REQUEST[1], "local administrator, pool unreachable")
        self.run(NO_REQUEST[0], "root, pool unreachable")

    def run(self, case, title=None):
        world, tap = self.world, self.tap
        title = title or case.title
        up = world.pool_is_up
        world.forget()
        if up:
            world.pool.user(BOB.name, failures={"password": {
                "count": 9, "locked_until": YEARS, "last": YEARS}})
        try:
            visit = self.host.attempt(case.who, case.typed)
        except Exception:
            tap.error(title)
            return
        tries = self.host.tries if case.kind in self.retried else 1
        self.check_screen(case, title, visit, tries)
        self.check_log(case, title, tries)
        if up:
            tap.equal(world.sign_ins(case.who), case.sent * tries,
                      f"{title}: sign-ins that the pool received for {case.who}")
            tap.equal(world.sign_ins(), case.sent * tries, f"{title}: and for nobody else")

    def check_screen(self, case, title, visit, tries):
        screen = visit.screen.replace("\r\n", "\n").replace("\r", "")
        if case.kind == "in":
            self.tap.ok(visit.who == case.who and visit.status == 0, f"{title}: is in", visit)
        else:
            self.tap.ok(visit.who is None and re.search(self.says[case.kind], screen),
                        f"{title}: is told so by the host", visit)
        asked = self.asked.get(case.title, tries)
        self.tap.equal(visit.asked, asked, f"{title}: passwords asked for", visit)
        self.tap.ok(no_password_in(screen), f"{title}: no password on the screen", visit)

    def check_log(self, case, title, tries):
        log = self.world.log
        if case.log:
            log.wait(re.escape(case.who) + ": " + case.log)
            pattern = rf"pam_cognito\({self.host.service}:auth\): {case.who}: {case.log}"
            lines = log.ours()
            self.tap.ok(len(lines) == tries and all(re.match(pattern, x) for x in lines),
                        f"{title}: one log line per try, with the reason", *lines)
        else:
            self.tap.equal(log.ours(), [], f"{title}: the module logs nothing")
        self.tap.ok(no_password_in("\n".join(log.all())), f"{title}: no password in the log")

    def no_contact(self, case, title=None):
        self.tap.equal(self.world.connections(), 0,
                       f"{title or case.title}: the pool saw no connection at all")
