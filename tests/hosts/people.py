# Who lives in the test world: pool users, local users, and what each types.
# SPDX-License-Identifier: MIT
import subprocess
from dataclasses import dataclass


@dataclass
class Somebody:
    name: str
    uid: int
    password: str = ""       # of the pool
    unix_password: str = ""  # of /etc/shadow; "" = none, locked
    groups: str = ""

    def create(self, command):
        if self.uid:
            system = ["--system"] if self.uid < 1000 else []
            command("useradd", "-m", "-u", str(self.uid), "-s", "/bin/sh", *system,
                    *(["-G", self.groups] if self.groups else []), self.name)
        if self.unix_password:
            command("usermod", "-p", hash_of(self.unix_password), self.name)


def hash_of(password):
    done = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password + "\n",
                          capture_output=True, text=True, check=True)
    return done.stdout.strip()


# The passwords of pool users are those of tests/pool/seed.json, by hand.
ALICE = Somebody("alice", 2001, password="Correct-Horse-9", groups="cognito")
BOB = Somebody("bob", 2002, password="Battery-Staple-7", groups="cognito")
CAROL = Somebody("carol", 2003, password="Not-Confirmed-1", groups="cognito")
DAVE = Somebody("dave", 2004, password="Disabled-User-1", groups="cognito")
SYBIL = Somebody("sybil", 2005, password="Sybil-Mail-21", groups="cognito")
# In scope, but the pool does not know her; her local password must not help.
NORMA = Somebody("norma", 2010, unix_password="Left-Over-Local-3", groups="cognito")
# The administrator's way in when the pool is gone: outside the group.
KEEPER = Somebody("keeper", 2020, unix_password="Break-Glass-77", groups="sudo")
# A local user like any other.
LARRY = Somebody("larry", 2021, unix_password="Local-Larry-31")
# A service account that somebody gave a password to.
BATCH = Somebody("batch", 999, unix_password="Batch-Runs-12")
ROOT = Somebody("root", 0, unix_password="Root-Of-Tests-4")

PEOPLE = [ALICE, BOB, CAROL, DAVE, SYBIL, NORMA, KEEPER, LARRY, BATCH, ROOT]
GHOST = "ghost"  # no local account
WRONG = "Guessed-Wrong-0"
