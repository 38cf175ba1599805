# passwd, with the shipped common-password: a pool user's password is changed in
# the pool and a local user's in /etc/shadow, each in one place only; what
# passwd asks, what it says when it fails, what it may start.
# SPDX-License-Identifier: MIT
import re
import subprocess

from hosts import Su
from matrix import no_password_in
from people import ALICE, BOB, KEEPER, LARRY, ROOT, WRONG
from person import Person, Surprise
from world import command

NEW = "Fresh-Meadow-42"
DONE = "passwd: password updated successfully\n"
FIRST = r"New password: $"
AGAIN = r"Retype new password: $"
CURRENT = r"Changing the user pool password of \w+\. Current password: $"
SENT = r"Verification code \(password reset, e-mail to {}\*\*\*@e\*\*\*\): $"


def shadow(name):
    with open("/etc/shadow", encoding="utf-8") as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.split(":")[1]
    return None


def is_hash_of(hashed, password):
    """By another program than the one that made it."""
    done = subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, hashed],
                          capture_output=True, text=True, check=True)
    return done.stdout == hashed


def dialogue(words, user, *pairs):
    """Waits for each pattern and types; (screen, status, patterns that came)."""
    person = Person(*words, user=user)
    came = 0
    try:
        for pattern, text in pairs:
            if not person.ask(pattern):
                break
            came += 1
            person.type(text)
        status = person.finish()
    except Surprise as surprise:
        return f"{person.screen}\n{surprise}", None, came
    return person.screen, status, came


class Passwd:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap

    def run(self, title, user, *pairs, of=None, good=True, new=None, says=None, log=None):
        """One dialogue; of: whose password (root's passwd NAME); new: what it is afterwards."""
        world, tap = self.world, self.tap
        whose = of or user
        screen, status, came = dialogue(["passwd", *([of] if of else [])],
                                        None if user == "root" else user, *pairs)
        tap.ok(came == len(pairs), f"{title}: every question comes", screen)
        tap.ok((status == 0) == good and (DONE in screen) == good, f"{title}: passwd says so",
               status, screen)
        if says:
            tap.ok(re.search(says, screen), f"{title}: in these words", screen)
        if log:
            tap.ok(world.log.wait(f"{whose}: {log}"), f"{title}: the log", *world.log.ours())
        if new is not None:
            tap.equal(world.pool.user(whose)["password"], new, f"{title}: the pool's record")
        tap.ok(no_password_in(screen) and NEW not in screen, f"{title}: not on the screen")
        tap.ok(no_password_in("\n".join(world.log.all())) and
               NEW not in "\n".join(world.log.all()), f"{title}: not in the log")
        return screen


def run(world, tap):
    world.example("common-password")
    world.example("common-account")
    world.service("passwd", "@include common-password\n")
    world.example("su")
    command("useradd", "-m", "-u", "2030", "-G", "cognito", "-s", "/bin/sh", "grace")
    command("useradd", "-m", "-u", "2031", "-G", "cognito", "-s", "/bin/sh", "frank")
    command("useradd", "-m", "-u", "2032", "-G", "cognito", "-s", "/bin/sh", "erin")
    passwd = Passwd(world, tap)
    in_the_pool(world, tap, passwd)
    refusals(world, passwd)
    in_shadow(world, tap, passwd)
    with_pamtester(world, tap)
    by_root(world, tap, passwd)
    by_chpasswd(world, tap)
    forgotten(world, tap, passwd)
    in_prelim(world, tap)
    not_forgotten(world, tap, passwd)
    with_another_asking(world, tap, passwd)
    without_the_pool(world, tap, passwd)


def in_the_pool(world, tap, passwd):
    locked = shadow("alice")
    world.forget()
    passwd.run("pool user", "alice", (CURRENT, ALICE.password), (FIRST, NEW), (AGAIN, NEW),
               new=NEW, log="password changed: ok service=passwd")
    tap.equal(shadow("alice"), locked, "pool user: /etc/shadow is as it was")
    visit = Su(world).attempt("alice", NEW)
    tap.equal(visit.who, "alice", "pool user: the new password lets in", visit)
    visit = Su(world).attempt("alice", ALICE.password)
    tap.equal(visit.who, None, "pool user: the old one does not", visit)

    world.forget()
    passwd.run("with TOTP", "grace", (CURRENT, "Grace-Hopper-6"),
               (r"Verification code \(authenticator app\): $", world.pool.totp("grace")),
               (FIRST, NEW), (AGAIN, NEW), new=NEW)


def refusals(world, passwd):
    old = ALICE.password
    world.forget()
    passwd.run("wrong password", "alice", (CURRENT, WRONG), good=False, new=old,
               log="password change refused: wrong_password service=passwd",
               says="Authentication information cannot be recovered|Authentication token")
    world.forget()
    short = r"Password did not conform with policy: Password not long enough\. New password: $"
    passwd.run("policy three times", "alice", (CURRENT, old), (FIRST, "Aa1!"), (AGAIN, "Aa1!"),
               (short, "Aa2!"), (AGAIN, "Aa2!"), (short, "Aa3!"), (AGAIN, "Aa3!"), good=False,
               new=old, says=r"(?m)^Password did not conform with policy: Password not long "
                             r"enough$", log="password not changed: password_policy")


def in_shadow(world, tap, passwd):
    world.forget()
    screen = passwd.run("local user", "larry", (r"Current password: $", LARRY.unix_password),
                        (r"New password: $", NEW), (r"Retype new password: $", NEW))
    tap.ok("Changing password for larry" in screen, "local user: pam_unix's own words", screen)
    tap.ok(is_hash_of(shadow("larry"), NEW), "local user: /etc/shadow has the new one")
    tap.equal(world.connections(), 0, "local user: the pool saw no connection")
    tap.equal(world.log.ours(), [], "local user: the module logs nothing")
    world.forget()
    passwd.run("local user, wrong password", "larry", (r"Current password: $", WRONG), good=False)
    tap.equal(world.connections(), 0, "local user, wrong password: no connection")


def with_pamtester(world, tap):
    """A host that does nothing but what PAM says."""
    reason = r"Changing the user pool password of alice, which is wanted even from root\. Current password: $"
    for title, pairs, code in (
            ("right", [(reason, ALICE.password), (FIRST, NEW), (AGAIN, NEW)],
             "pamtester: authentication token altered successfully.\n"),
            ("wrong", [(reason, WRONG)],
             "pamtester: Authentication information cannot be recovered\n")):
        world.forget()
        screen, status, came = dialogue(["pamtester", "passwd", "alice", "chauthtok"], None,
                                        *pairs)
        tap.ok(code in screen and came == len(pairs) and (status == 0) == (title == "right"),
               f"pamtester, {title}: the code", status, screen)
        tap.equal(world.pool.user("alice")["password"],
                  NEW if title == "right" else ALICE.password,
                  f"pamtester, {title}: the pool's record")


def by_root(world, tap, passwd):
    world.forget()
    reason = (r"Changing the user pool password of alice, which is wanted even from root\. Current password: $")
    passwd.run("root's passwd alice", "root", (reason, ALICE.password), (FIRST, NEW),
               (AGAIN, NEW), of="alice", new=NEW)
    world.forget()
    passwd.run("root's passwd alice, wrong", "root", (reason, WRONG), of="alice", good=False,
               new=ALICE.password)
    for name in ("larry", KEEPER.name, ROOT.name):
        world.forget()
        screen = passwd.run(f"root's passwd {name}", "root", (r"New password: $", NEW),
                            (r"Retype new password: $", NEW), of=name)
        tap.ok("Current" not in screen, f"root's passwd {name}: no old password", screen)
        tap.ok(is_hash_of(shadow(name), NEW), f"root's passwd {name}: in /etc/shadow")
        tap.equal(world.connections(), 0, f"root's passwd {name}: no connection")


def forgotten(world, tap, passwd):
    """An empty old password, where it is enabled."""
    command("sh", "-c", "rm -rf /run/pam_cognito")
    world.configure(password_reset="passwd")
    world.forget()
    world.pool.pin(code="314159")
    passwd.run("forgotten", "bob", (CURRENT, ""), (SENT.format("b"), "314159"), (FIRST, NEW),
               (AGAIN, NEW), new=NEW, log="password changed: ok service=passwd")
    tap.equal([r["operation"] for r in world.pool.requests() if r["operation"] != "jwks"],
              ["ForgotPassword", "ConfirmForgotPassword"], "forgotten: what the pool got")
    world.forget()
    passwd.run("forgotten again", "bob", (CURRENT, ""),
               (r"A code was sent not long ago, use that\. "
                r"Verification code \(password reset\): $", "271828"),
               (FIRST, NEW), (AGAIN, NEW), good=False, new=BOB.password)
    tap.equal(world.pool.codes(), [], "forgotten again: no second code in ten minutes")
    command("sh", "-c", "rm -rf /run/pam_cognito")
    world.forget()
    world.pool.pin(code="314159")
    passwd.run("must be reset", "frank", (CURRENT, "Whatever-1"), (SENT.format("f"), "314159"),
               (FIRST, NEW), (AGAIN, NEW), new=NEW)
    tap.equal(world.pool.user("frank")["status"], "CONFIRMED", "must be reset: is done")
    command("sh", "-c", "rm -rf /run/pam_cognito")
    world.forget()
    world.pool.pin(code="314159")
    passwd.run("a reset with a wrong code", "frank", (CURRENT, "Whatever-1"),
               (SENT.format("f"), "000000"), (FIRST, NEW), (AGAIN, NEW),
               (r"Wrong code, try again\. " + SENT.format("f"), "314159"),
               (FIRST, NEW), (AGAIN, NEW), new=NEW)


def in_prelim(world, tap):
    """Whatever way a change takes, a later module's no in PRELIM finds nothing changed."""
    world.configure(password_reset="passwd", confirm_sign_up="passwd", mfa_setup="yes")
    world.service("passwd", "password requisite pam_cognito.so only_group=cognito\n"
                            "password requisite pam_deny.so\n")
    codes = [(CURRENT, ""), (SENT.format("b"), "314159")]
    new = [(FIRST, NEW), (AGAIN, NEW)]  # not asked for, but answered if it were
    for title, who, pairs, more, setting in (
            ("forgotten", "bob", codes, new, {}),
            ("must be reset", "frank", [(CURRENT, "Whatever-1"), (SENT.format("f"), "314159")],
             new, {}),
            ("temporary", "erin", [(CURRENT, "Temporary-Pw-1")], new, {}),
            ("a second factor to be set up", "alice", [(CURRENT, ALICE.password)],
             [(r"e-mail address: $", "x@y.example"), (r"Verification code \(e-mail", "314159")],
             {"mfa": "ON", "mfa_methods": ["EMAIL_OTP"]}),
            ("not confirmed", "carol", [(CURRENT, "Not-Confirmed-1")],
             [(r"Confirmation code", "314159")], {})):
        command("sh", "-c", "rm -rf /run/pam_cognito")
        world.forget()
        world.pool.pin(code="314159")
        if setting:
            world.pool.set_pool(**setting)
        before = world.pool.user(who)
        screen, status, came = dialogue(["passwd"], who, *pairs, *more)
        tap.equal((came, status == 0, DONE in screen), (len(pairs), False, False),
                  f"PRELIM, {title}: what is asked", screen)
        after = world.pool.user(who)
        same = ("password", "status", "mfa", "totp_secret", "attributes")
        tap.equal({key: after.get(key) for key in same}, {key: before.get(key) for key in same},
                  f"PRELIM, {title}: the pool's record")
        changing = {"ConfirmForgotPassword", "ChangePassword", "ConfirmSignUp",
                    "AssociateSoftwareToken", "VerifySoftwareToken", "RespondToAuthChallenge"}
        tap.equal([r["operation"] for r in world.pool.requests() if r["operation"] in changing],
                  [], f"PRELIM, {title}: nothing that changes was sent")
    world.configure()
    world.service("passwd", "@include common-password\n")


def by_chpasswd(world, tap):
    """They give one answer to everything: nothing of that goes to the pool."""
    for program in ("chpasswd", "newusers"):
        world.service(program, "@include common-password\n")
    for title, words, lines in (
            ("chpasswd", ["chpasswd"], f"alice:{NEW}\n"),
            ("chpasswd, the password there is", ["chpasswd"], f"alice:{ALICE.password}\n"),
            ("newusers", ["newusers"], f"alice:{NEW}:::::\n")):
        world.forget()
        done = subprocess.run(words, input=lines, capture_output=True, text=True, check=False)
        tap.ok(done.returncode != 0, f"{title}: says that it failed", done.stderr)
        tap.equal([r["operation"] for r in world.pool.requests() if r["operation"] != "jwks"], [],
                  f"{title}: no try at the pool")
        tap.equal(world.pool.user("alice")["password"], ALICE.password,
                  f"{title}: the pool's record")
        tap.ok(world.log.wait(f"alice: password change refused: no_dialogue service={words[0]}"),
               f"{title}: the log", *world.log.ours())
        tap.ok(no_password_in("\n".join(world.log.all())), f"{title}: not in the log")
    world.forget()
    done = subprocess.run(["chpasswd"], input=f"larry:{NEW}\n", capture_output=True, text=True,
                          check=False)
    tap.ok(done.returncode == 0 and is_hash_of(shadow("larry"), NEW), "chpasswd: a local user",
           done.stderr)
    world.forget()
    done = subprocess.run(["passwd", "alice"], input=f"{ALICE.password}\n{NEW}\n{NEW}\n",
                          capture_output=True, text=True, check=False)
    tap.equal((done.returncode, world.pool.user("alice")["password"]), (0, NEW),
              "root's passwd from a pipe", done.stderr, *world.log.ours())
    world.forget()
    done = subprocess.run(["passwd", "alice"], input=f"{NEW}\n" * 3, capture_output=True,
                          text=True, check=False)
    tap.ok(done.returncode != 0, "one answer from a pipe: passwd fails", done.stderr)
    tap.equal(world.pool.requests("InitiateAuth"), [], "one answer from a pipe: no try")


def not_forgotten(world, tap, passwd):
    command("sh", "-c", "rm -rf /run/pam_cognito")
    for title, settings, user, of in (
            ("not enabled", {}, "alice", None),
            ("enabled for another service", {"password_reset": "sshd"}, "alice", None),
            ("somebody else's, by root", {"password_reset": "passwd"}, "root", "alice")):
        world.configure(**settings)
        world.forget()
        passwd.run(title, user, (r"Current password.*: $", ""), of=of, good=False,
                   new=ALICE.password, log="password change refused: empty_password")
        tap.equal(world.pool.requests("ForgotPassword"), [], f"{title}: no reset")
    world.configure()


def with_another_asking(world, tap, passwd):
    """use_authtok: no code for a new password that another module asks for later."""
    world.configure(password_reset="passwd")
    world.service("passwd", "password requisite pam_cognito.so only_group=cognito use_authtok\n")
    for who, typed, word in (("alice", "", "empty_password"),
                             ("frank", "Whatever-1", "reset_required")):
        command("sh", "-c", "rm -rf /run/pam_cognito")
        world.forget()
        passwd.run(f"use_authtok, {word}", who, (CURRENT, typed), good=False,
                   log=f"password change refused: {word}")
        tap.equal(world.pool.requests("ForgotPassword"), [], f"use_authtok, {word}: no code")
    world.configure()
    world.service("passwd", "@include common-password\n")


def without_the_pool(world, tap, passwd):
    world.forget()
    world.stop_pool()
    passwd.run("pool unreachable", "alice", (CURRENT, ALICE.password), good=False,
               says="Cognito cannot be reached",
               log="password change refused: connect service=passwd")
    passwd.run("local user, pool unreachable", "larry", (r"Current password: $", NEW),
               (r"New password: $", LARRY.unix_password + "x"),
               (r"Retype new password: $", LARRY.unix_password + "x"))
    tap.ok(is_hash_of(shadow("larry"), LARRY.unix_password + "x"),
           "local user, pool unreachable: in /etc/shadow")
