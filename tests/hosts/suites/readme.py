# README.md's five steps, typed as they stand on a machine that knows nothing of this, end
# in a login by ssh. And each other block of README.md is run by some test.
# SPDX-License-Identifier: MIT
import os
import re

import typed
from hosts import PASSWORD
from people import ALICE, KEEPER, WRONG
from person import Person
from typed import all_blocks, blocks, replaced, settings_here
from world import CONF, SECRET, SECRET_FILE, SOURCE, command

# How it begins -> who runs it.
ELSEWHERE = {
    "scripts/demo\n": "tests/hosts/demo",
    "scripts/test\n": "scripts/test",
    "apt install ./libpam-cognito_*.deb": "tests/packages/accounts",
    "pam-cognito check alice\n": "tests/hosts/suites/readme.py",
    "$ pam-cognito explain": "tests/cli/outputs.py",
}
GRACE = ("grace", "Grace-Hopper-6")
PAM_LINE = "@include common-auth\n"


def run(world, tap):
    here = typed.Machine(world, SECRET)
    for person in ("alice", "bob", "carol", "dave", "sybil", "norma"):
        command("userdel", "-r", person)
    command("groupdel", "cognito")
    for path in (CONF, SECRET_FILE):
        os.unlink(path)
    here.start()
    account(tap, here)
    settings(tap, here)
    pam_and_sshd(tap, here)
    try_it(world, tap, here)
    second_factor(world, tap, here)
    everything_is_run(tap)
    here.stop()


def see(tap, what, done, *words):
    """You should see: ..."""
    status, screen = done
    tap.equal(status, 0, f"{what}: it works", screen)
    tap.none([f"{word} is not in {screen}" for word in words if word not in screen],
             f"{what}: what one should see")


def account(tap, here):
    block, = blocks("README.md", "2. A group, and an account")
    see(tap, "step 2", here.type(block), "(alice)", "(cognito)")


def settings(tap, here):
    block, = blocks("README.md", "3. The settings, and the secret")
    done = here.type(settings_here(block))
    see(tap, "step 3", done)
    tap.equal(re.findall(r"(?m)^(\S+) .* (\S+)$", done[1]),
              [("-rw-r--r--", "/etc/security/pam_cognito.conf"),
               ("-rw-------", "/etc/security/pam_cognito.secret")],
              "step 3: what one should see", done[1])


def pam_and_sshd(tap, here):
    lines, then = blocks("README.md", "4. PAM, and sshd")
    with open("/etc/pam.d/sshd", encoding="utf-8") as file:
        before = file.read()
    tap.equal(before.count(PAM_LINE), 1, "step 4: the distribution's file has that line")
    here.world.service("sshd", before.replace(PAM_LINE, replaced(lines, localadmin=KEEPER.name)))
    see(tap, "step 4", here.type(then), "usepam yes", "kbdinteractiveauthentication yes")


def try_it(world, tap, here):
    check, login, ssh = blocks("README.md", "5. Try it")
    status, screen = here.type(check)
    tap.equal(status, 0, "step 5: check finds no problem", screen)
    person = Person(*login.split())
    person.wait_for(PASSWORD)
    person.type(ALICE.password)
    tap.equal(person.finish(), 0, "step 5: login", person.screen)
    tap.ok("accepted" in person.screen, "step 5: what one should see", person.screen)
    for password, inside in ((ALICE.password, ALICE.name), (WRONG, None)):
        world.forget()
        screen, who = here.log_in(ssh.split(), password)
        tap.equal(who, inside, f"step 5: ssh, {'her password' if inside else 'another'}", screen,
                  *world.log.ours())
    world.forget()
    screen, who = here.log_in(["ssh", f"{KEEPER.name}@localhost"], KEEPER.unix_password)
    tap.equal((who, world.connections()), (KEEPER.name, 0), "the administrator is in as before",
              screen)


def second_factor(world, tap, here):
    """What README.md shows first."""
    make, = blocks("README.md", "2. A group, and an account")
    here.type(make.replace("groupadd cognito\n", "").replace("alice", GRACE[0]))
    world.forget()
    screen, who = here.log_in(
        ["ssh", f"{GRACE[0]}@localhost"], GRACE[1],
        lambda: world.pool.totp(GRACE[0], pool="eu-west-1_Local0001"))
    tap.equal(who, GRACE[0], "with a second factor", screen, *world.log.ours())
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        shown = re.findall(r"(?m)^\(grace@server\) (.*?:)(?: \d+)?$", file.read())
    seen = re.findall(r"\(grace@localhost\) (.*?: )", screen)
    tap.equal(seen, [prompt + " " for prompt in shown],
              "README.md's first picture is what one sees", screen)


def everything_is_run(tap):
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    ours = blocks("README.md", "Five steps to the first login")
    others = [block for block in all_blocks(text) if block not in ours]
    tap.none([block for block in others
              if not any(block.startswith(start) for start in ELSEWHERE)],
             "README.md: every block is run by a test")
    tap.none([start for start, path in ELSEWHERE.items() if start not in text
              or not os.path.exists(os.path.join(SOURCE, path))],
             "README.md: and by a test that is there")
