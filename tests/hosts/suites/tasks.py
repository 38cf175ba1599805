# docs/tasks.md: the commands of each task, typed as they stand, and what comes of them.
# SPDX-License-Identifier: MIT
import os
import shutil
import stat
import subprocess

import typed
from hosts import Su, Sudo
from people import ALICE, BOB, KEEPER, LARRY, NORMA, SYBIL, WRONG
from person import Person
from typed import blocks
from world import EMAIL_CLIENT, EMAIL_POOL, EMAIL_SECRET, SECRET, SECRET_FILE, command, write

PAGE = "docs/tasks.md"
GRACE = ("grace", "Grace-Hopper-6")
NEW = "Fresh-Meadow-42"
KEY = "/root/key"


def run(world, tap):
    here = typed.Machine(world, SECRET)
    write("/etc/ssh/sshd_config.d/10-cognito.conf", "KbdInteractiveAuthentication yes\n")
    world.example("sshd")
    # The tests' own: in the group, with a local password, which check would not pass.
    command("userdel", "-r", NORMA.name)
    here.start()
    suite = Suite(world, tap, here)
    for task in (suite.in_, suite.out, suite.sudo_and_su, suite.second_factor, suite.group,
                 suite.passwd, suite.key_and_password, suite.secret, suite.accounts,
                 suite.by_address):
        task()
    here.stop()


class Suite:
    def __init__(self, world, tap, here):
        self.world, self.tap, self.here = world, tap, here

    def type(self, task):
        """All of its blocks, with the administrator's name."""
        self.world.forget()
        for block in blocks(PAGE, task):
            status, screen = self.here.type(block.replace("=ADMIN/", f"={KEEPER.name}/"))
            self.tap.equal(status, 0, f"{task}: {block.splitlines()[0]}", screen)

    def enters(self, what, name, password, *codes, inside=True, says=None, options=()):
        self.world.forget()
        words = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
                 "-o", "NumberOfPasswordPrompts=1", *options, f"{name}@localhost"]
        if password is None:
            screen, who = subprocess.run([*words, "-o", "BatchMode=yes", "true"],
                                         capture_output=True, text=True, check=False), None
            who = name if screen.returncode == 0 else None
        else:
            screen, who = self.here.log_in(words, password, *codes)
        log = self.world.log.ours()
        self.tap.equal(who, name if inside else None, what, screen, *log)
        if says:
            self.tap.ok(any(says in line for line in log), f"{what}: {says}", *log)

    def in_(self):
        command("userdel", "-r", BOB.name)
        self.type("Let somebody in")
        self.enters("he is in", BOB.name, BOB.password)

    def out(self):
        self.type("Take somebody out")
        self.enters("he is out", BOB.name, BOB.password, inside=False)
        command("usermod", "--expiredate", "", BOB.name)
        self.enters("and taken back", BOB.name, BOB.password)

    def sudo_and_su(self):
        hosts = {"sudo": Sudo(self.world), "su": Su(self.world)}
        self.type("Ask for the pool password in sudo and su")
        for name, host in hosts.items():
            for person, password, inside in ((ALICE, ALICE.password, True),
                                             (ALICE, WRONG, False),
                                             (KEEPER, KEEPER.unix_password, True)):
                self.world.forget()
                visit = host.attempt(person.name, password)
                self.tap.equal(visit.who, person.name if inside else None,
                               f"{name}: {person.name}, {inside}", visit, *self.world.log.ours())

    def second_factor(self):
        self.type("Demand a second factor")
        command("useradd", "-m", "-G", "cognito", GRACE[0])
        self.enters("without a second factor", ALICE.name, ALICE.password, inside=False,
                    says="refused: mfa_missing")
        self.enters("with one", *GRACE, lambda: self.world.pool.totp(
            GRACE[0], pool="eu-west-1_Local0001"))
        self.world.configure()

    def group(self):
        self.type("Let in one group of the pool only")
        self.enters("of the group", ALICE.name, ALICE.password)
        self.enters("of no group", BOB.name, BOB.password, inside=False,
                    says="refused: group_refused")
        self.world.configure()

    def passwd(self):
        self.type("Let people change their pool password")
        for person, current in ((ALICE, ALICE.password), (LARRY, LARRY.unix_password)):
            self.world.forget()
            session = Person("passwd", user=person.name)
            for wanted, text in ((r"[Cc]urrent password: $", current), ("New password: $", NEW),
                                 ("Retype new password: $", NEW)):
                session.wait_for(wanted)
                session.type(text)
            self.tap.equal(session.finish(), 0, f"passwd: {person.name}", session.screen)
            self.tap.equal(len(self.world.pool.requests("ChangePassword")),
                           1 if person is ALICE else 0, f"passwd: {person.name}: where it is")

    def key_and_password(self):
        command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
        folder = f"/home/{ALICE.name}/.ssh"
        os.mkdir(folder, 0o700)
        shutil.copy(KEY + ".pub", folder + "/authorized_keys")
        for path in (folder, folder + "/authorized_keys"):
            shutil.chown(path, ALICE.name)
        with_key = ("-i", KEY)
        self.enters("before: the key is enough", ALICE.name, None, options=with_key)
        self.type("Ask for a key and the password")
        self.enters("the key alone", ALICE.name, None, inside=False, options=with_key)
        self.enters("key and password", ALICE.name, ALICE.password, options=with_key)
        self.tap.equal(self.here.log_in(
            ["ssh", "-i", KEY, f"{KEEPER.name}@localhost"], KEEPER.unix_password)[1],
            KEEPER.name, "others as before")
        os.unlink("/etc/ssh/sshd_config.d/20-cognito-keys.conf")
        self.here.type("systemctl reload ssh")

    def secret(self):
        write(SECRET_FILE, "of-old\n", 0o600)
        self.type("Change the client secret")
        with open(SECRET_FILE, encoding="utf-8") as file:
            self.tap.equal(file.read(), SECRET + "\n", "the new secret is there")
        self.tap.equal(stat.S_IMODE(os.stat(SECRET_FILE).st_mode), 0o600, "for root alone")

    def accounts(self):
        for name in (ALICE.name, BOB.name, GRACE[0]):
            command("userdel", "-r", name)
        self.world.configure(only_group="cognito")
        os.makedirs("/root/.aws", exist_ok=True)
        write("/root/.aws/credentials",
              "[default]\naws_access_key_id = AKIALOCALPOOL0000001\n"
              "aws_secret_access_key = local/every+action/0123456789abcdefghijk\n", 0o600)
        write("/etc/security/pam_cognito_accounts.conf", "pool_groups = admins\n")
        self.world.pool.call("user", username=ALICE.name, set={"groups": ["admins"]})
        blocks_, = blocks(PAGE, "Make accounts from groups of the pool")
        for line in blocks_.splitlines():
            status, screen = self.here.type(line)
            self.tap.equal(status, 0, line, screen)
        with open("/run/systemctl.done", encoding="utf-8") as file:
            self.tap.equal(file.read(), "enable --now pam_cognito-accounts.timer\n", "the timer")
        screen, who = self.here.log_in(["ssh", f"{ALICE.name}@localhost"], ALICE.password)
        self.tap.equal(who, ALICE.name, "she is made, and in", screen, *self.world.log.ours())

    def by_address(self):
        self.world.configure(user_pool_id=EMAIL_POOL, client_id=EMAIL_CLIENT,
                             secret=EMAIL_SECRET)
        self.enters("before", SYBIL.name, SYBIL.password, inside=False)
        self.type("Let people sign in by e-mail address")
        self.enters("by her address", SYBIL.name, SYBIL.password)
