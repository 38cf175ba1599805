# Every challenge that a person can meet at a login, through pamtester, sshd's
# keyboard-interactive and sudo, typed at a terminal as a person would; the
# chains of several; giving up; and sshd's password method, which cannot ask.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import sys
import time

from hosts import IS_IN, PASSWORD, Pamtester, SshdKeyboard, SshdPassword, Sudo
from person import Person
from world import POOL, SOURCE, command

sys.path.append(os.path.join(SOURCE, "tests", "module"))
import qr  # noqa: E402  (found through the path just set)

ALICE, ERIN, GRACE, HEIDI, IVAN, JUDY, TELLY = (
    "alice", "erin", "grace", "heidi", "ivan", "judy", "telly")
PASSWORDS = {ALICE: "Correct-Horse-9", ERIN: "Temporary-Pw-1", GRACE: "Grace-Hopper-6",
             HEIDI: "Heidi-Alps-88", IVAN: "Ivan-Mailed-5", JUDY: "Judy-Chooses-3",
             TELLY: "Telly-Phones-4"}
NEW = "Brand-New-Pw-1"
STACK = "auth required pam_cognito.so\naccount required pam_unix.so\n"
KEY = r"Key ([A-Z2-7 ]+)\. Verification code \(authenticator app\): $"
MENU = r"Get the code by: 1\) SMS 2\) authenticator app 3\) e-mail\. Number: $"
ROUNDS = [{"parameters": {"prompt": "Favourite colour"}, "answer": "green"},
          {"parameters": {"prompt": "Favourite dish"}, "answer": "noodle soup"},
          {"parameters": {"prompt": "Secret word", "hidden": "true"}, "answer": "xyzzy"}]
UTF8 = {"LC_ALL": "C.UTF-8"}
AT_ONCE = 6  # seconds; a refusal is delayed by up to three on purpose


def make_accounts():
    """Local accounts for those who have none yet; no home, none is needed."""
    for number, name in enumerate((ERIN, GRACE, HEIDI, IVAN, JUDY, TELLY)):
        command("useradd", "-M", "-d", "/", "-u", str(2100 + number), "-s", "/bin/sh",
                "-G", "cognito", name)


class Challenges:
    def __init__(self, world, tap, host):
        self.world, self.tap, self.host, self.pool = world, tap, host, world.pool
        self.screen = ""

    # What a person types.

    def password(self, name, password=None):
        return PASSWORD, password or PASSWORDS[name]

    def sent(self, name, prompt):
        return prompt, lambda _prompt: self.pool.last_code(name)

    def app(self, name):
        return (r"Verification code \(authenticator app\): $",
                lambda _prompt: self.pool.totp(name, pool=POOL))

    def set_up(self, name):
        def answer(prompt):
            key = re.search(KEY, prompt)[1].replace(" ", "")
            return self.pool.totp(name, pool=POOL, secret=key)
        return KEY, answer

    new_password = [(r"You must choose a new password\. New password: $", NEW),
                    (r"Retype new password: $", NEW)]
    answers = [(r"Favourite colour: $", "green"), (r"Favourite dish: $", "noodle soup"),
               (r"Secret word: $", "xyzzy")]

    # One login.

    def chat(self, name, turns, enter="\n"):
        person = Person(*self.host.words(name), user=self.host.user(name), env=UTF8)
        for pattern, answer in turns:
            person.wait_for(pattern)
            prompt = person.last_line()
            person.type(answer(prompt) if callable(answer) else answer,
                        "" if answer in ("\x03", "\x04") else enter)
        status = person.finish(again="\x03" if turns[-1][1] == "\x03" else "")
        self.screen = person.screen
        return status

    def is_in(self, name, status):
        if isinstance(self.host, Pamtester):
            return status == 0
        found = IS_IN.search(self.screen)
        return status == 0 and found is not None and found[1] == name

    def counted(self):
        return (len(self.pool.requests("InitiateAuth")),
                len(self.pool.requests("RespondToAuthChallenge")))

    def configure(self, **changes):
        """After world.forget(), which takes the pool back to its seed."""
        self.world.configure(**changes)

    def log_in(self, title, name, turns, initiates, responds):
        """One login that succeeds; what the pool counted; what is not shown."""
        try:
            status = self.chat(name, turns)
        except Exception:
            self.tap.error(title, *self.world.log.ours())
            return
        self.tap.ok(self.is_in(name, status), f"{title}: is in", self.screen,
                    *self.world.log.ours())
        self.tap.equal(self.counted(), (initiates, responds),
                       f"{title}: InitiateAuth and RespondToAuthChallenge")
        text = self.screen + "\n".join(self.world.log.all())
        hidden = [answer for pattern, answer in turns
                  if isinstance(answer, str) and answer
                  and (pattern == PASSWORD or answer in (NEW, "xyzzy"))]
        self.tap.ok(not any(word in text for word in hidden),
                    f"{title}: what was typed unseen stays unseen", text)

    def begin(self, **changes):
        self.world.forget()
        self.configure(**changes)

    # Each challenge.

    def run_all(self):
        for check in (self.codes, self.choices, self.first_factors, self.passwords, self.custom,
                      self.set_up_and_chain, self.wrong_then_right, self.session_lost,
                      self.giving_up):
            try:
                check()
            except Exception:
                self.tap.error(check.__name__)

    def codes(self):
        self.begin(require_mfa="yes")
        self.log_in("SMS_MFA", HEIDI, [self.password(HEIDI), self.sent(
            HEIDI, r"Verification code \(SMS to \+\*+1234\): $")], 1, 1)
        self.begin(require_mfa="yes")
        self.log_in("SOFTWARE_TOKEN_MFA", GRACE, [self.password(GRACE), self.app(GRACE)], 1, 1)
        self.begin(require_mfa="yes")
        self.log_in("EMAIL_OTP", IVAN, [self.password(IVAN), self.sent(
            IVAN, r"Verification code \(e-mail to i\*\*\*@e\*\*\*\): $")], 1, 1)
        self.begin(auth_flow="user_srp", require_mfa="yes")
        self.log_in("SRP, then the app", GRACE, [self.password(GRACE), self.app(GRACE)], 1, 2)

    def choices(self):
        self.begin(require_mfa="yes")
        self.log_in("SELECT_MFA_TYPE, then e-mail", JUDY, [
            self.password(JUDY), (MENU, "3"), self.sent(JUDY, r"Verification code \(e-mail to j\S+\): $")],
            1, 2)
        self.begin(require_mfa="yes")
        self.log_in("SELECT_MFA_TYPE, then the app", JUDY, [
            self.password(JUDY), (MENU, "9"),
            (r"Type a number from 1 to 3\. " + MENU, "authenticator app"), self.app(JUDY)], 1, 2)
        self.first_time(auth_flow="user_auth")
        menu = r"Sign in by: 1\) password 2\) e-mail\. Number: $"
        enter = (PASSWORD, "")
        self.log_in("SELECT_CHALLENGE, by password", ALICE, [
            enter, (menu, "1"), self.password(ALICE)], 1, 2)
        self.first_time(auth_flow="user_auth")
        self.log_in("SELECT_CHALLENGE, by e-mail", ALICE, [
            enter, (menu, "2"), self.sent(ALICE, r"Verification code \(e-mail to a\S+\): $")], 1, 2)

    def first_time(self, **changes):
        """No code was sent to anybody before."""
        shutil.rmtree("/run/pam_cognito", ignore_errors=True)
        self.begin(**changes)

    def first_factors(self):
        enter = (PASSWORD, "")
        self.first_time(auth_flow="user_auth", preferred_factor="email_otp")
        self.log_in("EMAIL_OTP as the first factor", ALICE, [
            enter, self.sent(ALICE, r"Verification code \(e-mail to a\S+\): $")], 1, 1)
        self.first_time(auth_flow="user_auth", preferred_factor="sms_otp")
        self.pool.add_user(username=TELLY, password=PASSWORDS[TELLY], attributes={
            "phone_number": "+15550107777", "phone_number_verified": "true"})
        self.log_in("SMS_OTP", TELLY, [
            enter, self.sent(TELLY, r"Verification code \(SMS to \S+7777\): $")], 1, 1)

    def passwords(self):
        self.begin(auth_flow="user_srp")
        self.log_in("PASSWORD_VERIFIER", ALICE, [self.password(ALICE)], 1, 1)
        sent = "".join(r["body"] for r in self.pool.requests())
        self.tap.ok(PASSWORDS[ALICE] not in sent, "PASSWORD_VERIFIER: the password stays here")
        self.begin(auth_flow="user_auth", preferred_factor="password")
        self.log_in("PASSWORD", ALICE, [self.password(ALICE)], 1, 0)
        self.begin(auth_flow="user_auth", preferred_factor="password_srp")
        self.log_in("PASSWORD_SRP", ALICE, [self.password(ALICE)], 1, 1)
        self.begin()
        self.pool.set_pool(pool=POOL, required_attributes=["given_name"])
        self.log_in("NEW_PASSWORD_REQUIRED", ERIN, [
            self.password(ERIN), *self.new_password, (r"Your given_name: $", "Erin")], 1, 1)
        self.tap.equal(self.pool.user(ERIN, pool=POOL)["password"], NEW,
                       "NEW_PASSWORD_REQUIRED: it is the new one")
        self.begin()
        words = "Password did not conform with policy: Password not long enough"
        self.log_in("NEW_PASSWORD_REQUIRED, refused at first", ERIN, [
            self.password(ERIN), (r"New password: $", "a"), (r"Retype new password: $", "a"),
            (words + r"\. New password: $", NEW), (r"Retype new password: $", NEW)], 1, 2)

    def custom(self):
        self.begin(auth_flow="custom")
        self.pool.set_pool(pool=POOL, lambdas={"custom_auth": {"rounds": ROUNDS}})
        self.log_in("CUSTOM_CHALLENGE of three rounds", ALICE, self.answers, 1, 3)
        self.begin(auth_flow="custom_srp")
        self.pool.set_pool(pool=POOL, lambdas={"custom_auth": {"rounds": ROUNDS}})
        self.log_in("a password and three rounds", ALICE,
                    [self.password(ALICE), *self.answers], 1, 4)

    def set_up_and_chain(self):
        self.begin(mfa_setup="yes")
        self.pool.set_pool(pool=POOL, mfa="ON", mfa_methods=["SOFTWARE_TOKEN_MFA"])
        self.log_in("temporary password, new password, MFA_SETUP", ERIN, [
            self.password(ERIN), *self.new_password, self.set_up(ERIN)], 1, 2)
        self.drawing(ERIN)
        self.pool.clear()
        self.pool.forget_totp(ERIN, pool=POOL)
        self.configure(require_mfa="yes")
        self.log_in("and the next day the app", ERIN, [
            self.password(ERIN, NEW), self.app(ERIN)], 1, 1)

    def drawing(self, name):
        """The lines of block elements on the screen, read back as a camera would."""
        lines = [line for line in self.screen.split("\n")
                 if len(line) > 20 and set(line) <= set(qr.HALVES)]
        if not isinstance(self.host, SshdKeyboard):
            self.tap.ok(not lines or qr.read("\n".join(lines)),
                        "MFA_SETUP: no drawing or a good one")
            return
        key = re.search(r"Key ([A-Z2-7 ]+)\. Verif", self.screen)[1].replace(" ", "")
        self.tap.equal(qr.read("\n".join(lines)) if lines else None,
                       f"otpauth://totp/testhost:{name}?secret={key}&issuer=testhost",
                       "MFA_SETUP: the drawing on the terminal", self.screen)

    def wrong_then_right(self):
        self.begin()
        self.log_in("a wrong code, then the right one", HEIDI, [
            self.password(HEIDI), (r"Verification code \(SMS to \S+\): $", "000001"),
            self.sent(HEIDI, r"Wrong code, try again\. Verification code \(SMS to \S+\): $")], 1, 2)

    def session_lost(self):
        def late(_prompt):
            self.pool.advance(181)
            return self.pool.last_code(HEIDI)
        self.begin()
        self.log_in("an expired session", HEIDI, [
            self.password(HEIDI), (r"Verification code \(SMS to \S+\): $", late),
            self.sent(HEIDI, r"The sign-in had to start again\. Verification code \(SMS to \S+\): $")], 2, 2)

    def giving_up(self):
        for title, key in (("Ctrl-C", "\x03"), ("end of file", "\x04")):
            self.begin()
            started = time.monotonic()
            status = self.chat(HEIDI, [self.password(HEIDI),
                                       (r"Verification code \(SMS to \S+\): $", key)])
            took = time.monotonic() - started
            self.tap.ok(not self.is_in(HEIDI, status), f"{title}: is not in", self.screen)
            self.tap.ok(took < AT_ONCE, f"{title}: ends at once", f"{took:.1f} s", self.screen)
            self.tap.equal(self.counted(), (1, 0), f"{title}: no code is tried", self.screen)
            if key == "\x04":  # Ctrl-C ends some hosts before anything is logged
                self.tap.ok(self.world.log.wait("refused: no_dialogue "), f"{title}: the log",
                            *self.world.log.ours())


def run_pamtester(world, tap):
    make_accounts()
    world.service("pamtester", STACK)
    Challenges(world, tap, Pamtester(world)).run_all()


def run_sudo(world, tap):
    make_accounts()
    world.example("sudo")
    Challenges(world, tap, Sudo(world)).run_all()


def run_sshd(world, tap):
    make_accounts()
    world.example("sshd")
    host = SshdKeyboard(world)
    host.start()
    Challenges(world, tap, host).run_all()
    host.stop()
    run_password_method(world, tap)


def run_password_method(world, tap):
    """It answers with the password, or not at all; no code may be burnt by that."""
    host = SshdPassword(world)
    host.start()
    for name, settings in ((HEIDI, {}), (GRACE, {"auth_flow": "user_srp"}),
                           (JUDY, {}), (ERIN, {})):
        world.forget()
        world.configure(**settings)
        title = f"password method, {name}"
        visit = host.attempt(name, PASSWORDS[name])
        tap.ok(visit.who is None, f"{title}: is not in", visit)
        answered = [r for r in world.pool.requests("RespondToAuthChallenge")
                    if r["challenge"] != "PASSWORD_VERIFIER"]
        tap.equal(answered, [], f"{title}: no code was tried")
        world.log.wait("refused: ")
        lines = [line for line in world.log.ours() if "refused: " in line]
        tap.ok(len(lines) == 1 and "KbdInteractiveAuthentication" in lines[0],
               f"{title}: the log names the setting", *lines)
        tap.equal(world.sign_ins(name), 1, f"{title}: one sign-in")
    world.forget()
    world.configure(otp="append", require_mfa="yes")
    visit = host.attempt(GRACE, PASSWORDS[GRACE] + "," + world.pool.totp(GRACE, pool=POOL))
    tap.ok(visit.who == GRACE, "password method, password,code: is in", visit,
           *world.log.ours())
    host.stop()
