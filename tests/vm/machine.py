# The machine that a suite finds: the local pool under the real service's name,
# people, a configuration whose secret is root's alone, hosts that systemd
# confines as a service's unit says, and the journal.
# SPDX-License-Identifier: MIT
import itertools
import os
import re
import shutil
import subprocess
import time

import localpool
from people import ALICE, BOB, LARRY, WRONG

SERVICE_HOST = "cognito-idp.eu-west-1.amazonaws.com"
CONF = "/etc/security/pam_cognito.conf"
CA_FILE = "/etc/security/pool-ca.pem"
SECRET_FILE = "/run/pam_cognito.secret"
SOCKET = "pam_cognito.socket"
PATH = "/run/pam_cognito.sock"
CURE = f"systemctl enable --now {SOCKET}"
HOST = "/usr/local/bin/host"
NOBODYS = 1000680000  # a uid without a name, as containers have them
# What a service of its own kind is trusted for. An emulated processor is slow.
SETTINGS = f"""user_pool_id = eu-west-1_Local0001
client_id = localclient0000000000000001
client_secret_file = {SECRET_FILE}
ca_file = {CA_FILE}
only_group = cognito
timeout = 60
[web]
trusted_users = www-data
[dynamic]
trusted_users = dynamic-host
[number]
trusted_users = {NOBODYS}
[only]
start = socket
"""
PAM = """auth required pam_cognito.so debug
account required pam_permit.so
"""
# A program that is somebody's host, and has one answer.
PROGRAM = """#!/bin/sh
printf '%s\\n' "$3" | pamtester "$1" "$2" authenticate
"""
IN, REFUSED = 0, 1  # pamtester's status


class Broken(Exception):
    pass


def command(*words, check=True, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          **options)
    if check and done.returncode:
        raise Broken(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


class Visit:
    """What came of a host's try."""

    def __init__(self, done, seconds, lines):
        self.status = done.returncode
        self.screen = done.stdout
        self.seconds = seconds
        self.lines = lines

    def said(self, pattern):
        return any(re.search(pattern, line) for line in self.lines)

    @property
    def way(self):
        return "socket" if self.said(f"helper: through {PATH}") else "direct"

    def details(self):
        return [self.screen, *self.lines]


class Machine:
    def __init__(self):
        command("groupadd", "cognito")
        for person in (ALICE, BOB, LARRY):
            person.create(command)
        self.numbers = itertools.count(1)
        self.pool = localpool.start(state="/var/lib/pool", listen="127.0.0.1:443",
                                    keys="/root/pam_cognito/build/tests/keys",
                                    names=[SERVICE_HOST], variants=False)
        shutil.copy(self.pool.ca_file, CA_FILE)
        os.chmod(CA_FILE, 0o644)
        write(CONF, SETTINGS)
        for service in ("web", "dynamic", "number", "only", "host", "vlock", "polkit-1"):
            write(f"/etc/pam.d/{service}", PAM)
        write(HOST, PROGRAM, 0o755)

    def about(self):
        release = os.uname().release
        return f"Linux {release}, {command('systemctl', '--version').splitlines()[0]}"

    def journal(self, cursor=None, *words):
        text = command("journalctl", "-q", "--no-pager", "-o", "cat", "-b",
                       *(["--after-cursor", cursor] if cursor else []), *words)
        return [line for line in text.splitlines() if "request to sync journal" not in line]

    def cursor(self):
        command("journalctl", "--sync")
        return command("journalctl", "-q", "-n", "1", "-o", "cat", "--show-cursor") \
            .rpartition("-- cursor: ")[2].strip()

    def wait_for_line(self, cursor, pattern, seconds=20):
        """The first line after the cursor that has it, or None."""
        end = time.monotonic() + seconds
        while True:
            command("journalctl", "--sync")
            for line in self.journal(cursor):
                if re.search(pattern, line):
                    return line
            if time.monotonic() > end:
                return None
            time.sleep(0.2)

    def forget(self):
        self.pool.reset()
        self.pool.clear()

    def attempt(self, settings, service, user, password, before=()):
        """One sign-in by a host in a unit of its own with these settings."""
        # Nobody is locked out, by whatever came before.
        self.pool.reset()
        unit = f"host-{next(self.numbers)}.service"
        words = [word for setting in settings for word in ("-p", setting)]
        started = time.monotonic()
        done = subprocess.run(
            ["systemd-run", "-q", "--wait", "--pipe", "--collect", "--unit", unit, *words,
             *before, HOST, service, user, password],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False, timeout=120)
        seconds = time.monotonic() - started
        command("journalctl", "--sync")
        return Visit(done, seconds, self.journal(None, "-u", unit))

    def switch(self, on):
        command("systemctl", *(("enable", "--now") if on else ("disable", "--now")), SOCKET)


def enters(machine, tap, title, settings, way, service="host", user=ALICE, before=()):
    visit = machine.attempt(settings, service, user.name, user.password, before)
    tap.equal((visit.status, visit.way), (IN, way), f"{title}: in, {way}", *visit.details())
    return visit


def shut_out(machine, tap, title, settings, line, service="host", user=ALICE, password=None,
             before=()):
    visit = machine.attempt(settings, service, user.name, password or user.password, before)
    tap.equal(visit.status, REFUSED, f"{title}: refused", *visit.details())
    tap.ok(visit.said(line), f"{title}: the log says why", line, *visit.details())
    return visit


def wrong(machine, tap, title, settings, service="host", user=ALICE, before=()):
    """Nobody is in, because the pool said so."""
    visit = machine.attempt(settings, service, user.name, WRONG, before)
    tap.equal(visit.status, REFUSED, f"{title}: wrong, refused", *visit.details())
    tap.ok(visit.said("refused: wrong_password"), f"{title}: wrong, and the log says so",
           *visit.details())
