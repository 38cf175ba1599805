# A name service that fails, S13, S14 and S28: could not find out is never "no", and
# the account found must bear the name that was asked about. A service of our own,
# the last one in nsswitch.conf, fails at each call as it is told, answers with an
# alias, or with records of megabytes. What libc hides from every program is in
# docs/operations.md, and its words are looked for here.
# SPDX-License-Identifier: MIT
import os
import re

from attack.confined import HELPER_USER
from attack.past import LEFT_OVER, OURS, Lab, hashed, read
from attack.users import append, many_logins, together
from hosts import SshdKeyboard
from people import ALICE, NORMA
from world import SOURCE, command, write

BREAKAGES = [
    ("a service that failed has said no", ("lookup_answer LOOKUP_FAILED", "LOOKUP_NONE")),
    ("an alias is as good as a name", ("judge (strcmp)", "account->pw_name[0] == '\\0'")),
]
SERVICES = "passwd: files faulty\ngroup: files faulty\nshadow: files\nhosts: files\n"
FAILURES = ["unavail", "eagain", "enomem", "eio", "emfile", "erange"]
LIBRARY = "/usr/lib/libnss_faulty.so.2"
MODES = "/etc/nss_faulty"
REMO = "remo"  # an account of the faulty service
ALLY = "ally"  # an alias of alice there
PASSWORDS = {REMO: LEFT_OVER, NORMA.name: NORMA.unix_password}
IN_POOL = {REMO: "Of-The-Pool-5", ALLY: "Of-The-Pool-6", ALICE.name: ALICE.password}
REMOTE = "only_group=remote"


def run(world, tap):
    command("cc", "-Wall", "-shared", "-fPIC", "-o", LIBRARY,
            os.path.join(SOURCE, "tests", "attack", "nss_faulty.c"))
    write("/etc/nsswitch.conf", SERVICES)
    write(MODES, "")
    lab = Lab(world)
    # With an entry of her own pam_unix has nothing against ally.
    append("/etc/shadow", f"{REMO}:{hashed(LEFT_OVER, 'SHA512')}:20000::::::\n"
           f"{ALLY}:!:20000::::::\n")
    in_pool(world)
    names = Names(lab, tap)
    names.answered()
    names.fails()
    names.account_phase()
    names.large()
    names.alias()
    names.helpers_user()
    over_ssh(world, tap)
    hidden(tap)


def in_pool(world):
    """Nobody is locked out."""
    world.pool.reset()
    for name in (REMO, ALLY):
        world.pool.add_user(username=name, password=IN_POOL[name])


class Names:
    def __init__(self, lab, tap):
        self.lab, self.tap = lab, tap
        self.count = 0

    def stack(self, arguments):
        return self.lab.files(**{name: read(name).replace(OURS, "pam_cognito.so " + arguments)
                                 for name in ("sshd", "su")})

    def job(self, title, folder, host, name, typed, mode="", over=()):
        """One sign-in with a name service of its own."""
        self.count += 1
        file = os.path.join(self.lab.folder, f"mode{self.count}")
        write(file, mode + "\n")

        def attempt():
            return (f"{title}, {mode or 'answers'}: {host}, {name}",
                    self.lab.attempt(folder, host, name, typed, over={MODES: file, **dict(over)}))
        return (attempt,)

    def refused(self, title, jobs, reason="refused: "):
        """In no case in; and a line of ours unless the host itself knew nobody."""
        found = together(*jobs)
        inside = [f"{what}: {outcome}" for what, outcome in found if outcome.entered]
        silent = [f"{what}: {outcome}" for what, outcome in found
                  if not outcome.entered and reason not in "".join(outcome.ours)
                  and "does not exist" not in outcome.screen]
        self.tap.ok(not inside, f"{title}: nobody is in, of {len(found)}", *inside[:5])
        self.tap.ok(not silent, f"{title}: every refusal has its line", *silent[:5])

    def enter(self, title, jobs):
        found = together(*jobs)
        outside = [f"{what}: {outcome}" for what, outcome in found if not outcome.entered]
        self.tap.equal(outside, [], f"{title}: is in, of {len(found)}")

    def answered(self):
        """The service at its best: its accounts and groups are as good as others."""
        folder = self.stack(REMOTE)
        self.enter("the pool's password", [
            self.job(REMOTE, folder, host, REMO, IN_POOL[REMO]) for host in ("pamtester", "su")])
        self.refused("the local password", [
            self.job(REMOTE, folder, host, name, typed)
            for host in ("pamtester", "su") for name, typed in PASSWORDS.items()])
        # Found nothing is an answer: nobody's group.
        self.enter("no such group", [
            self.job(REMOTE, folder, host, NORMA.name, NORMA.unix_password, "getgrnam notfound")
            for host in ("pamtester", "su")])

    def fails(self):
        for arguments in (REMOTE, "local_account=optional " + REMOTE,
                          "only_group=nothere,remote", "only_users=alice " + REMOTE):
            folder = self.stack(arguments)
            modes = [f"{call} {failure}" for failure in FAILURES
                     for call in ("getgrnam", "getpwnam")]
            self.refused(arguments, [
                self.job(arguments, folder, host, name, typed, mode) for mode in modes
                for host in ("pamtester", "su") for name, typed in PASSWORDS.items()
                if "getgrnam" in mode or name == REMO])
            # The record lists them: getgrouplist, whose failures libc hides, is not needed.
            self.refused(f"{arguments}, initgroups", [
                self.job(arguments, folder, host, name, typed, f"initgroups {failure}")
                for failure in FAILURES for host in ("pamtester", "su")
                for name, typed in PASSWORDS.items()])

    def account_phase(self):
        """Nobody signed in through us; allow_services must hold all the same."""
        line = ("account [success=ok new_authtok_reqd=ok ignore=ignore default=die] "
                f"pam_cognito.so {REMOTE} allow_services=nothing\n")
        text = "auth required pam_unix.so\n" + line + "account required pam_unix.so\n"
        folder = self.lab.files(sshd=text, su=text)
        modes = ["", *(f"getgrnam {failure}" for failure in FAILURES)]
        self.refused("account phase", [
            self.job("account", folder, host, NORMA.name, NORMA.unix_password, mode)
            for mode in modes for host in ("pamtester", "su")])

    def large(self):
        folder = self.stack(REMOTE)
        long = "getgrnam long\ngetpwnam long"
        self.refused("three megabytes", [
            self.job(REMOTE, folder, host, name, typed, mode)
            for mode in ("getgrnam long", long) for host in ("pamtester", "su")
            for name, typed in PASSWORDS.items() if mode != long or name == REMO])
        in_pool(self.lab.world)
        self.enter("three megabytes, the pool's password", [
            self.job(REMOTE, folder, host, REMO, IN_POOL[REMO], "getgrnam long")
            for host in ("pamtester", "su")])

    def helpers_user(self):
        """Whom the helper becomes is looked up as well; nobody is told to make one anew."""
        folder = self.stack("only_users=alice")
        passwd = os.path.join(self.lab.folder, "passwd")
        with open("/etc/passwd", encoding="utf-8") as file:
            write(passwd, "".join(line for line in file if not line.startswith(HELPER_USER)))
        self.refused("the helper's user", [
            self.job("the helper's user", folder, host, ALICE.name, ALICE.password,
                     f"getpwnam {failure}", {"/etc/passwd": passwd})
            for failure in FAILURES for host in ("pamtester", "su")],
            "the helper's user could not be looked up: ")

    def alias(self):
        """
        ally's password of the pool opens nothing as alice, nor does alice's own. su is
        left out: it asks PAM about alice herself, whose password is then right.
        """
        for arguments in ("only_group=cognito", "only_users=ally,alice", "only_users=ally", "",
                          "local_account=optional only_users=ally,alice"):
            in_pool(self.lab.world)
            folder = self.stack(arguments)
            self.refused(f"alias, {arguments}", [
                self.job(arguments, folder, "pamtester", ALLY, typed)
                for typed in (IN_POOL[ALLY], IN_POOL[ALICE.name])], "account_mismatch")
            if "ally" not in arguments:
                self.enter(f"alias, {arguments}: alice herself", [
                    self.job(arguments, folder, "su", ALLY, ALICE.password)])


def over_ssh(world, tap):
    world.service("sshd", read("sshd").replace(OURS, "pam_cognito.so only_group=remote,cognito"))
    sshd = SshdKeyboard(world)
    sshd.start(*many_logins())
    rows = [(NORMA.name, NORMA.unix_password, f"getgrnam {failure}") for failure in FAILURES]
    rows += [(REMO, LEFT_OVER, "getpwnam erange"), (NORMA.name, NORMA.unix_password,
                                                    "getgrnam long"),
             (ALLY, IN_POOL[ALLY], ""), (ALLY, ALICE.password, "")]
    in_pool(world)
    for name, typed, mode in rows:
        write(MODES, mode + "\n")
        world.log.clear()
        visit = sshd.attempt(name, typed)
        title = f"sshd, {mode or 'answers'}, {name}"
        tap.ok(visit.who is None, f"{title}: not in", visit, *world.log.all())
        # Whom sshd does not find itself, we are not asked about under that name.
        tap.ok(world.log.ours() or "getpwnam" in mode, f"{title}: there is a line",
               *world.log.all())
    write(MODES, "")
    in_pool(world)
    for name, shown in ((REMO, "3100"), (ALICE.name, ALICE.name)):  # no name for that number
        visit = sshd.attempt(name, IN_POOL[name])
        tap.equal(visit.who, shown, f"sshd: {name} with the pool's password", visit)
    sshd.stop()


def hidden(tap):
    with open(os.path.join(SOURCE, "docs", "operations.md"), encoding="utf-8") as file:
        text = re.sub(r"\s+", " ", file.read())
    for word in ("getgrouplist", "nsswitch.conf", "`files`"):
        tap.ok(word in text, f"operations.md says what libc hides: {word}")
