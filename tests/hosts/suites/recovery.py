# Hosts that are root: a password that must be reset is reset at the prompt, an
# account is confirmed there, where the service is listed, after the pool said
# so, with one code per user in ten minutes.
# SPDX-License-Identifier: MIT
import fcntl
import os
import re
import shutil
import stat
import time

from hosts import IS_IN, SshdKeyboard, Su, Sudo
from matrix import no_password_in
from person import Person
from suites.passwd import dialogue
from world import command

STAMPS = "/run/pam_cognito"
NEW = "Fresh-Meadow-42"
CAROL = "Not-Confirmed-1"
FRANK = "Must-Reset-1"
UID = {"carol": 2003, "frank": 2031}
PASSWORD = r"[Pp]assword( for [^:]*)?: $"
RESET = r"Verification code \(password reset(, e-mail to f\*\*\*@e\*\*\*)?\): $"
SENT = r"Verification code \(password reset, e-mail to f\*\*\*@e\*\*\*\): $"
EARLIER = r"A code was sent not long ago, use that\. Verification code \(password reset\): $"
CONFIRM = r'Confirmation code \("new" sends another\): $'
HELD = r"A code was sent not long ago, use that\. "
FIRST = r"New password: $"
AGAIN = r"Retype new password: $"


def run(world, tap):
    for name in ("sshd", "sudo", "su"):
        world.example(name)
    command("useradd", "-m", "-u", str(UID["frank"]), "-G", "cognito", "-s", "/bin/sh", "frank")
    recovery = Recovery(world, tap)
    recovery.reset()
    recovery.reset_fails()
    recovery.one_code()
    recovery.never_twice()
    recovery.two_at_once()
    recovery.the_stamp()
    recovery.unsound_stamps()
    recovery.held_stamp()
    recovery.any_umask()
    recovery.not_here()
    recovery.confirm()
    recovery.strangers()


def forget_stamps():
    shutil.rmtree(STAMPS, ignore_errors=True)
    if os.path.lexists(STAMPS):
        os.unlink(STAMPS)


def codes_in_folder():
    if not os.path.isdir(STAMPS):
        return []
    return [name for name in os.listdir(STAMPS) if not name.startswith("breaker-")]


class Recovery:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap
        self.host = Su(world)

    def fresh(self, **settings):
        forget_stamps()
        self.again(**settings)

    def again(self, **settings):
        self.world.configure(**(settings or {"password_reset": "su,sshd",
                                             "confirm_sign_up": "su,sshd"}))
        self.world.forget()

    def visit(self, name, *pairs, host=None):
        """(screen, how many of the patterns came)"""
        host = host or self.host
        screen, _, came = dialogue(host.words(name), host.user(name), *pairs)
        return screen, came

    def asked(self):
        return [r["operation"] for r in self.world.pool.requests()
                if r["operation"] not in ("jwks", "RevokeToken")]

    def sent(self):
        return len(self.world.pool.codes())

    def expect(self, title, name, pairs, who, operations=None, sent=None, host=None):
        screen, came = self.visit(name, *pairs, host=host)
        found = IS_IN.search(screen)
        self.tap.equal(came, len(pairs), f"{title}: every question comes", screen,
                       *self.world.log.ours())
        self.tap.equal(found and found.group(1), who, f"{title}: who is in", screen,
                       *self.world.log.ours())
        if operations is not None:
            self.tap.equal(self.asked(), operations, f"{title}: what the pool got")
        if sent is not None:
            self.tap.equal(self.sent(), sent, f"{title}: codes sent")
        self.tap.ok(no_password_in(screen) and NEW not in screen, f"{title}: no password shown")
        return screen

    def reset(self):
        ssh = SshdKeyboard(self.world)
        ssh.start()
        for host in (self.host, ssh):
            self.fresh()
            self.world.pool.pin(code="314159")
            title = f"reset through {host.service}"
            self.expect(title, "frank", [(PASSWORD, FRANK), (SENT, "314159"), (FIRST, NEW),
                                         (AGAIN, NEW)], "frank",
                        ["InitiateAuth", "ForgotPassword", "ConfirmForgotPassword",
                         "InitiateAuth"], 1, host)
            self.tap.equal(self.world.pool.user("frank")["password"], NEW,
                           f"{title}: the pool's record")
            request = self.world.pool.requests("ForgotPassword")[0]
            self.tap.equal((request["username"], request["secret_hash_ok"]), ("frank", True),
                           f"{title}: for the right one")
        ssh.stop()

        self.fresh()
        self.world.pool.pin(code="314159")
        self.world.pool.user("frank", mfa=["SOFTWARE_TOKEN_MFA"],
                             totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        self.expect("reset, then a second factor", "frank",
                    [(PASSWORD, FRANK), (SENT, "314159"), (FIRST, NEW), (AGAIN, NEW),
                     (r"Verification code \(authenticator app\): $", self.world.pool.totp("frank"))],
                    "frank", sent=1)

    def reset_fails(self):
        self.fresh()
        self.world.pool.pin(code="314159")
        self.expect("wrong code, then right", "frank",
                    [(PASSWORD, FRANK), (SENT, "000000"), (FIRST, NEW), (AGAIN, NEW),
                     (r"Wrong code, try again\. " + RESET, "314159"), (FIRST, NEW), (AGAIN, NEW)],
                    "frank", sent=1)
        self.fresh()
        self.world.pool.pin(code="314159")
        wrong = [(RESET, "000000"), (FIRST, NEW), (AGAIN, NEW)]
        self.expect("three wrong codes", "frank", [(PASSWORD, FRANK), *wrong * 3], None, sent=1)
        self.tap.equal(len(self.world.pool.requests("ConfirmForgotPassword")), 3,
                       "three wrong codes: three tries")
        self.fresh()
        self.world.pool.pin(code="314159")
        self.expect("what is no code", "frank",
                    [(PASSWORD, FRANK), (SENT, "abc"),
                     (r"A code is 4 to 10 digits\. " + RESET, "314 159"), (FIRST, NEW),
                     (AGAIN, NEW)], "frank", sent=1)
        self.fresh()
        self.world.pool.pin(code="314159")
        policy = r"Password did not conform with policy: Password not long enough\. New password: $"
        self.expect("policy", "frank",
                    [(PASSWORD, FRANK), (SENT, "314159"), (FIRST, "Aa1!"), (AGAIN, "Aa1!"),
                     (policy, NEW), (AGAIN, NEW)], "frank", sent=1)
        self.fresh()
        self.world.pool.set_pool(settings={"reset_code_seconds": 0})
        self.world.pool.pin(code="314159")
        screen = self.expect("expired code", "frank",
                             [(PASSWORD, FRANK), (SENT, "314159"), (FIRST, NEW), (AGAIN, NEW)],
                             None, sent=1)
        self.tap.ok("The code has expired." in screen, "expired code: the words", screen)
        self.tap.equal(self.world.pool.user("frank")["password"], FRANK,
                       "expired code: the pool's record")
        self.fresh()
        self.world.pool.fault("error", {"operation": "ForgotPassword"},
                              code="LimitExceededException",
                              message="Attempt limit exceeded, please try after some time.")
        screen = self.expect("too many resets", "frank", [(PASSWORD, FRANK)], None)
        self.tap.ok("Too many attempts. Try again later." in screen, "too many resets: the words",
                    screen)
        self.fresh()
        self.world.pool.pin(code="314159")
        self.world.configure(password_reset="su", require_group="staff")
        screen = self.expect("gates hold after a reset", "frank",
                             [(PASSWORD, FRANK), (SENT, "314159"), (FIRST, NEW), (AGAIN, NEW)],
                             None)
        self.tap.ok("You may not log in to this machine. Ask your administrator." in screen,
                    "gates hold after a reset: the words", screen)

    def one_code(self):
        self.fresh()
        self.world.pool.pin(code="314159")
        self.tap.ok(self.is_sent(), "the first login has a code sent")
        self.expect("the code that was sent before", "frank",
                    [(PASSWORD, FRANK), (EARLIER, "314159"), (FIRST, NEW), (AGAIN, NEW)], "frank",
                    sent=1)

    def never_twice(self):
        """An answer that is lost is not asked for again."""
        for operation in ("ForgotPassword", "ConfirmForgotPassword"):
            for kind in ("reset", "html_500"):
                self.fresh()
                self.world.pool.pin(code="314159")
                self.world.pool.fault(kind, {"operation": operation}, processed=True)
                self.visit("frank", (PASSWORD, FRANK), *[
                    (SENT, "314159"), (FIRST, NEW), (AGAIN, NEW)
                ] * (operation == "ConfirmForgotPassword"))
                self.tap.equal(len(self.world.pool.requests(operation)), 1,
                               f"{operation}, {kind}: sent once")

    def two_at_once(self):
        self.fresh()
        people = [Person(*self.host.words("frank"), user=self.host.user("frank"))
                  for _ in range(4)]
        for person in people:
            person.wait_for(PASSWORD)
        for person in people:
            person.type(FRANK)
        said = [person.ask(RESET) for person in people]
        self.tap.ok(all(said), "four at once: all are asked", *[p.screen for p in people])
        self.tap.equal(self.sent(), 1, "four at once: one code")
        self.tap.equal(len([p for p in people if re.search(SENT, p.screen)]), 1,
                       "four at once: one reads where it went")
        for person in people:
            person.give_up()

    def any_umask(self):
        """su's caller decides about it, and not about what others find."""
        self.fresh()
        person = Person("sh", "-c", 'umask 777; exec "$@"', "sh", *self.host.words("frank"),
                        user=self.host.user("frank"))
        person.wait_for(PASSWORD)
        person.type(FRANK)
        self.tap.ok(person.ask(SENT), "umask 777: a code", person.screen)
        person.give_up()
        for path, mode in ((STAMPS, 0o700), (self.stamp(), 0o600)):
            facts = os.stat(path)
            self.tap.equal((facts.st_uid, stat.S_IMODE(facts.st_mode)), (0, mode),
                           f"umask 777: {path}")

    def stamp(self, name="frank"):
        return f"{STAMPS}/code-{UID[name]}"

    def is_sent(self):
        """Does another login have another code sent?"""
        before = self.sent()
        person = Person(*self.host.words("frank"), user=self.host.user("frank"))
        person.wait_for(PASSWORD)
        person.type(FRANK)
        asked = person.ask(RESET)
        person.give_up() if asked else person.finish()
        self.asked_for_code = asked
        return self.sent() > before

    def the_stamp(self):
        tap = self.tap
        self.fresh()
        tap.ok(self.is_sent(), "stamp: the first login has a code sent")
        facts = os.stat(STAMPS)
        tap.equal((facts.st_uid, stat.S_IMODE(facts.st_mode)), (0, 0o700),
                  "stamp: the folder is root's alone")
        facts = os.stat(self.stamp())
        tap.equal((facts.st_uid, stat.S_IMODE(facts.st_mode)), (0, 0o600),
                  "stamp: the file is root's alone")
        tap.equal(codes_in_folder(), [f"code-{UID['frank']}"], "stamp: no name in the folder")
        tap.ok(not self.is_sent(), "stamp: no second code")
        # The time of day does not count, so it may be moved.
        for seconds in (-90000, -601, 601, 90000):
            os.utime(self.stamp(), (time.time() + seconds,) * 2)
            tap.ok(not self.is_sent(), f"stamp: no second code, the clock moved by {seconds} s")
        now = int(time.clock_gettime(time.CLOCK_BOOTTIME))
        # One that is ahead is from before the machine was started.
        for age, more in ((580, False), (601, True), (-5000, True)):
            with open(self.stamp(), "w", encoding="ascii") as file:
                file.write(f"{now - age:019d}\n")
            tap.equal(self.is_sent(), more, f"stamp: {age} s old")

    def unsound_stamps(self):
        """Nothing is sent when it cannot be recorded by root alone."""
        elsewhere = os.path.join(self.world.folder, "elsewhere")
        for title, spoil in UNSOUND:
            self.fresh()
            shutil.rmtree(elsewhere, ignore_errors=True)
            os.mkdir(elsewhere, 0o700)
            spoil(elsewhere, self.stamp())
            self.tap.ok(not self.is_sent(), f"{title}: no code")
            self.tap.ok(not self.asked_for_code, f"{title}: no dialogue")
            self.tap.ok(self.world.log.wait("cannot record a code in /run/pam_cognito"),
                        f"{title}: the log", *self.world.log.ours())
            self.tap.equal(self.world.pool.requests("ForgotPassword"), [], f"{title}: no request")
        forget_stamps()

    def held_stamp(self):
        """By somebody's own su, stopped for ever: nobody waits for it."""
        self.fresh()
        self.tap.ok(self.is_sent(), "held stamp: a code before")
        with open(self.stamp(), "r+", encoding="ascii") as file:
            file.seek(0)
            file.write(f"{0:019d}\n")
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            self.tap.ok(not self.is_sent(), "held stamp: no code")
            self.tap.ok(self.world.log.wait("cannot record a code in /run/pam_cognito"),
                        "held stamp: the log", *self.world.log.ours())
        self.tap.ok(self.is_sent(), "held stamp: a code once it is free")
        forget_stamps()

    def at_once(self, count, name, *pairs):
        """So many logins together, for each refusal takes its time."""
        everybody = asked = [Person(*self.host.words(name), user=self.host.user(name))
                             for _ in range(count)]
        for pattern, text in pairs:
            asked = [person for person in asked if person.ask(pattern)]
            for person in asked:
                person.type(text)
        for person in everybody:
            if person.ask(r"Verification code "):
                person.give_up()
            else:
                person.finish()

    def strangers(self):
        """Ten who know no password: nobody is sent anything before something is typed, and then
        one code in ten minutes, whatever asks for it. The first question tells nothing."""
        phone = {"email": "alice@example.com", "email_verified": "true",
                 "phone_number": "+15550107777", "phone_number_verified": "true"}
        menu = r"Sign in by:.*: $"
        code = r"Verification code \((e-mail|SMS) to \S+\): $"
        for preferred, offered, typed in (
                ("email_otp", None, [(PASSWORD, "")]), ("sms_otp", None, [(PASSWORD, "")]),
                ("email_otp", None, [(PASSWORD, ""), (code, "00000000")]),
                (None, None, [(PASSWORD, ""), (menu, "2"), (code, "")]),
                (None, None, [(PASSWORD, ""), (menu, "3"), (code, "")]),
                (None, ["EMAIL_OTP"], [(PASSWORD, "")]), (None, ["SMS_OTP"], [(PASSWORD, "x")]),
                ("password_srp", ["EMAIL_OTP", "SMS_OTP"], [(PASSWORD, "x"), (menu, "1")])):
            title = f"strangers, {preferred}, {offered or 'all'}, {typed[0][1]!r}"
            self.fresh(auth_flow="user_auth", preferred_factor=preferred)
            self.world.pool.user("alice", attributes=phone)
            if offered:
                self.world.pool.set_pool(first_factors=offered)
            for _ in range(10):
                person = Person(*self.host.words("alice"), user=self.host.user("alice"))
                person.wait_for(PASSWORD)
                person.give_up()
            self.tap.equal((self.sent(), len(self.world.pool.requests("InitiateAuth"))), (0, 0),
                           f"{title}: nothing for ten who type nothing")
            self.at_once(10, "alice", *typed)
            self.tap.equal(self.sent(), 1, f"{title}: one for ten who type",
                           *self.world.log.ours()[-3:])
        self.fresh(auth_flow="user_auth", preferred_factor="email_otp", password_reset="su")
        self.visit("alice", (PASSWORD, ""), (code, ""))
        self.world.pool.user("alice", status="RESET_REQUIRED")
        self.visit("alice", (PASSWORD, "x"), (RESET, ""))
        self.tap.equal(self.sent(), 1, "strangers: one stamp for every kind of code")
        for preferred in (None, "email_otp", "sms_otp", "password", "password_srp"):
            self.fresh(auth_flow="user_auth", preferred_factor=preferred)
            said = set()
            for name in ("alice", "carol", "norma", "larry", "keeper"):
                person = Person(*self.host.words(name), user="batch")
                person.wait_for(PASSWORD)
                said.add(person.last_line())
                person.give_up()
            self.tap.equal(said, {"Password: "}, f"the first question, {preferred}")
            self.tap.equal((self.sent(), self.asked()), (0, []),
                           f"the first question, {preferred}: no request")

    def not_here(self):
        sudo = Sudo(self.world)
        self.fresh()
        screen, came = self.visit("frank", *[(PASSWORD, FRANK)] * 3, host=sudo)
        self.tap.ok(came == 3 and not re.search("code", screen), "service not listed: no dialogue",
                    screen)
        self.tap.equal(self.sent(), 0, "service not listed: no code")
        self.fresh(nothing=None)
        screen, _ = self.visit("frank", (PASSWORD, FRANK))
        self.tap.ok("code" not in screen, "nothing listed: no dialogue", screen)
        self.tap.equal(self.sent(), 0, "nothing listed: no code")
        for word in ("", "new", "forgot"):
            self.fresh()
            screen, _ = self.visit("alice", (PASSWORD, word))
            self.tap.ok("code" not in screen and IS_IN.search(screen) is None,
                        f"typing {word!r} at a login: no dialogue", screen)
            self.tap.equal((self.sent(), self.asked()), (0, ["InitiateAuth"] if word else []),
                           f"typing {word!r} at a login: no code")
            self.tap.equal(codes_in_folder(), [], f"typing {word!r} at a login: no stamp")

    def confirm(self):
        self.fresh()
        for code in ("314159", "271828"):
            self.world.pool.pin(code=code)
        first = r"Your account is not confirmed yet\. " + CONFIRM
        sent = r"A code was sent by e-mail to c\*\*\*@e\*\*\*\. " + CONFIRM
        self.expect("confirm", "carol",
                    [(PASSWORD, CAROL), (first, "new"), (sent, "new"),
                     (HELD + CONFIRM, "314159")],
                    "carol", ["InitiateAuth", "ResendConfirmationCode", "ConfirmSignUp",
                              "InitiateAuth"], 1)
        self.tap.equal(self.world.pool.user("carol")["status"], "CONFIRMED",
                       "confirm: the pool's record")
        self.again()
        screen, came = self.visit("carol", (PASSWORD, CAROL), (first, "new"),
                                  (HELD + CONFIRM, "x"),
                                  *[(CONFIRM, "x")] * 3)
        self.tap.equal((came, self.sent()), (6, 0), "no second code for another login", screen)


def link_folder(elsewhere, _):
    os.symlink(elsewhere, STAMPS)


def foreign_folder(_elsewhere, _):
    os.mkdir(STAMPS, 0o700)
    os.chown(STAMPS, 2001, 2001)


def open_folder(_elsewhere, _):
    os.mkdir(STAMPS)
    os.chmod(STAMPS, 0o770)


def file_for_folder(_elsewhere, _):
    with open(STAMPS, "w", encoding="ascii"):
        pass


def link_stamp(elsewhere, stamp):
    os.mkdir(STAMPS, 0o700)
    os.symlink(os.path.join(elsewhere, "stamp"), stamp)


def foreign_stamp(_elsewhere, stamp):
    os.mkdir(STAMPS, 0o700)
    with open(stamp, "w", encoding="ascii"):
        pass
    os.chmod(stamp, 0o600)
    os.chown(stamp, 2001, 2001)


def open_stamp(_elsewhere, stamp):
    foreign_stamp(_elsewhere, stamp)
    os.chown(stamp, 0, 0)
    os.chmod(stamp, 0o666)


def second_name(_elsewhere, stamp):
    foreign_stamp(_elsewhere, stamp)
    os.chown(stamp, 0, 0)
    os.link(stamp, stamp + "-too")


def pipe(_elsewhere, stamp):
    os.mkdir(STAMPS, 0o700)
    os.mkfifo(stamp, 0o600)


def folder_for_stamp(_elsewhere, stamp):
    os.makedirs(stamp, 0o700)
    os.chmod(STAMPS, 0o700)


UNSOUND = (("a link for the folder", link_folder), ("somebody's folder", foreign_folder),
           ("an open folder", open_folder), ("a file for the folder", file_for_folder),
           ("a link for the stamp", link_stamp), ("somebody's stamp", foreign_stamp),
           ("an open stamp", open_stamp), ("a stamp with a second name", second_name),
           ("a pipe for the stamp", pipe), ("a folder for the stamp", folder_for_stamp))
