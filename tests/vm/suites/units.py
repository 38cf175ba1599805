# pam_cognito.socket and what it starts, as systemd runs them: what a helper may
# do and use up, floods, standing prompts, limits, and drop-ins.
# SPDX-License-Identifier: MIT
import os
import re
import socket
import subprocess
import time

from machine import CURE, IN, PATH, SOCKET, command, enters, shut_out, write
from people import ALICE, LARRY

DROP_IN = f"/etc/systemd/system/{SOCKET}.d/test.conf"
NO_CAPABILITY = ["CapabilityBoundingSet="]
STANDS = 100  # seconds that a prompt is left alone
FLOOD, SHARE = 400, 16  # connections
WARNINGS = re.compile(r"pam_cognito[.@-].*(unknown|ignoring|not supported|deprecated|"
                      r"failed to parse|legacy|obsolete)", re.IGNORECASE)


def show(unit, *names):
    text = command("systemctl", "show", *[word for name in names for word in ("-p", name)], unit)
    return dict(line.split("=", 1) for line in text.splitlines())


def instances():
    """Units of helpers that are there."""
    found = command("systemctl", "list-units", "--plain", "--no-legend", "--state=running",
                    "pam_cognito@*")
    return [line.split()[0] for line in found.splitlines()]


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Prompt:
    """A host that stands at its prompt: root without a capability, so on the socket."""

    def __init__(self):
        before = set(instances())
        self.process = subprocess.Popen(
            ["systemd-run", "-q", "--wait", "--pipe", "--collect", "-p", NO_CAPABILITY[0],
             "pamtester", "host", ALICE.name, "authenticate"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: set(instances()) - before)
        self.unit = (set(instances()) - before).pop()
        self.since = time.monotonic()

    def answer(self, text):
        screen, _ = self.process.communicate(text + "\n", timeout=60)
        return self.process.returncode, screen

    def stood(self):
        return time.monotonic() - self.since


def with_settings(text):
    """The socket with these settings of its own, started anew."""
    if text:
        write(DROP_IN, "[Socket]\n" + text)
    else:
        os.unlink(DROP_IN)
    command("systemctl", "daemon-reload")
    command("systemctl", "restart", SOCKET)


def run(machine, tap):
    machine.switch(True)
    prompt = Prompt()
    hardening(tap, prompt)
    flood(machine, tap)
    numbers(machine, tap)
    narrow(machine, tap)
    off_and_on(machine, tap)
    time.sleep(max(0, STANDS - prompt.stood()))
    status, screen = prompt.answer(ALICE.password)
    tap.equal(status, IN, f"a prompt that stood for {STANDS} s and through all of this: in",
              screen, *machine.journal()[-20:])
    left_behind(machine, tap)


def hardening(tap, prompt):
    shown = show(prompt.unit, "CapabilityBoundingSet", "AmbientCapabilities", "NoNewPrivileges",
                 "MemoryMax", "TasksMax", "RuntimeMaxUSec", "LimitCORE", "MainPID")
    tap.equal(sorted(shown["CapabilityBoundingSet"].split()),
              ["cap_kill", "cap_setgid", "cap_setuid"],
              "three capabilities, as systemd shows them")
    tap.equal((shown["MemoryMax"], shown["TasksMax"], shown["LimitCORE"]),
              (str(128 << 20), "16", "0"), "128 MB, 16 tasks, no core")
    tap.equal(shown["RuntimeMaxUSec"], "infinity", "and any time")
    # The warden is the unit's main process; its child works, and is known by
    # its identity once it asks.
    warden = int(shown["MainPID"])
    wait_until(lambda: any("0" not in status_of(pid)["Uid"].split() for pid in children(warden)))
    worker = children(warden)[0]
    of_warden, of_worker = status_of(warden), status_of(worker)
    allowed = 1 << 5 | 1 << 6 | 1 << 7  # CAP_KILL, CAP_SETGID, CAP_SETUID
    tap.equal(int(of_warden["CapBnd"], 16), allowed, "the kernel has the same three")
    tap.equal([int(of_worker[name], 16) for name in ("CapPrm", "CapEff", "CapInh")], [0, 0, 0],
              "the worker has none")
    tap.ok("0" not in of_worker["Uid"].split() and "0" not in of_worker["Gid"].split(),
           "and is not root", of_worker["Uid"], of_worker["Gid"])
    tap.equal([(of["NoNewPrivs"], of["Seccomp"]) for of in (of_warden, of_worker)],
              [("1", "2")] * 2, "no new privileges, and a filter, in both")
    used = int(show(prompt.unit, "MemoryPeak")["MemoryPeak"])
    tap.ok(used < 64 << 20, "at its prompt it has used less than half of its memory", used)
    print(f"# one conversation: {used >> 10} kB")


def flood(machine, tap):
    """larry connects again and again: what he takes is his own share."""
    # Smaller than it is: an emulated processor needs seconds for each helper.
    with_settings(f"MaxConnectionsPerSource={SHARE}\n")
    cursor = machine.cursor()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setresgid(LARRY.uid, LARRY.uid, LARRY.uid)
        os.setresuid(LARRY.uid, LARRY.uid, LARRY.uid)
        held = []
        try:
            for _ in range(FLOOD):
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                sock.connect(PATH)
                held.append(sock)
            # Until the hosts below are through.
            time.sleep(600)
        finally:
            os._exit(len(held) < FLOOD)
    time.sleep(0.5)
    visit = enters(machine, tap,
                   f"{FLOOD} connections of larry's: root's host without a capability",
                   NO_CAPABILITY, "socket")
    print(f"# through the flood: {visit.seconds:.1f} s")
    enters(machine, tap, f"{FLOOD} connections of larry's: root's host", [], "direct")
    print(f"# the flood was there for {time.monotonic() - began:.0f} s")
    os.kill(pid, 15)
    os.waitpid(pid, 0)
    tap.equal(show(SOCKET, "ActiveState", "Result"),
              {"ActiveState": "active", "Result": "success"},
              "after the flood: the socket listens", *machine.journal(cursor)[-20:])
    tap.ok(wait_until(lambda: len(instances()) <= 1, 240), "after the flood: its helpers are gone",
           *instances())
    enters(machine, tap, "after the flood", NO_CAPABILITY, "socket")
    started = [line for line in machine.journal(cursor)
               if re.match(rf"Started pam_cognito@\d+-\d+-{LARRY.uid}", line)]
    tap.ok(SHARE <= len(started) < FLOOD / 4, "larry got his share of helpers, and little more",
           len(started))
    with_settings(None)


def numbers(machine, tap):
    """MaxConnections= counts, and counts down."""
    with_settings("MaxConnections=3\n")  # one stands since the beginning
    first, second = Prompt(), Prompt()
    cursor = machine.cursor()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(30)
        sock.connect(PATH)
        try:
            got = sock.recv(100)
        except ConnectionResetError:
            got = b""
    tap.equal(got, b"", "MaxConnections=3: the fourth is closed")
    tap.ok(machine.wait_for_line(cursor, "[Tt]oo many.*connections"),
           "MaxConnections=3: and that is said", *machine.journal(cursor))
    for prompt in (first, second):
        status, screen = prompt.answer(ALICE.password)
        tap.equal(status, IN, "MaxConnections=3: one of the three is in", screen)
    enters(machine, tap, "MaxConnections=3: then another", NO_CAPABILITY, "socket")
    with_settings(None)


def narrow(machine, tap):
    """Who may connect is the administrator's to say."""
    with_settings("SocketMode=0660\nSocketGroup=www-data\n")
    tap.equal(oct(os.stat(PATH).st_mode & 0o777), "0o660", "SocketMode=0660: it is")
    enters(machine, tap, "SocketMode=0660: www-data", ["User=www-data"], "socket", "web")
    enters(machine, tap, "SocketMode=0660: root without a capability", NO_CAPABILITY, "socket")
    shut_out(machine, tap, "SocketMode=0660: alice", ["User=alice"],
             f"helper: {PATH}: Permission denied")
    with_settings(None)
    enters(machine, tap, "SocketMode= as it was: alice", ["User=alice"], "socket")


def off_and_on(machine, tap):
    command("systemctl", "stop", SOCKET)
    tap.ok(not os.path.exists(PATH), "stopped: no file is left")
    shut_out(machine, tap, "stopped", NO_CAPABILITY, CURE)
    command("systemctl", "start", SOCKET)
    enters(machine, tap, "started again", NO_CAPABILITY, "socket")


def left_behind(machine, tap):
    tap.ok(wait_until(lambda: not instances()), "no helper is left", *instances())
    failed = command("systemctl", "list-units", "--plain", "--no-legend", "--all",
                     "--state=failed", "pam_cognito*")
    tap.equal(failed, "", "and no unit that failed")
    tap.none([line for line in machine.journal() if WARNINGS.search(line)],
             "systemd warned of nothing in our units")
    found = command("systemd-analyze", "verify", "--man=no", SOCKET, "pam_cognito@x.service",
                    "pam_cognito-secret.service", check=False)
    tap.equal([line for line in found.splitlines() if "pam_cognito" in line], [],
              "and finds nothing wrong with them")
    print("#", command("systemd-analyze", "security", "--no-pager", "pam_cognito@x.service",
                       check=False).splitlines()[-1])
