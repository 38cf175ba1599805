# S11: who runs the helper's program by hand gets nothing that he had not: no
# answer about anybody, no connection to the pool, nothing of a file that he may
# not read. It is installed without any privilege, and refuses to run with one.
# SPDX-License-Identifier: MIT
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import time

from hosts import Su
from people import ALICE, LARRY, ROOT
from person import become
from suites.faults import find_helper_program
from world import CLIENT, POOL, SECRET, SECRET_FILE, write

BREAKAGES = [
    ("anybody may have it look for the pool", ("prepare (WIRE_PROBE)", "false")),
    ("a probe may be about somebody", ("receive_request ('\\0')", "true")),
    ("it is installed setuid",
     ("install-data-hook:", "\tchmod u+s '$(DESTDIR)$(libexecdir)/pam_cognito_helper'\n...")),
    ("it runs with somebody else's privilege",
     ("is_started_rightly (getauxval)", "true"), ("is_started_rightly (geteuid)", "true")),
    ("it answers whoever made the socket", ("is_started_rightly (geteuid)", "true")),
    ("it runs with an environment", ("is_started_rightly (environ)", "true")),
    ("it runs with arguments", ("is_started_rightly (argc)", "return argc > 0")),
    ("it takes any socket", ("peer_of (SOCK_SEQPACKET)", "false")),
    ("an ordinary user may pass for root's module",
     ("prepare (is_root)", "(personal && is_root())")),
]
SEQPACKET, STREAM = socket.SOCK_SEQPACKET, socket.SOCK_STREAM
ID = b"made up by larry"
VERSION = 2
PERSONAL = 1
ASK, LOG, RESULT = 16, 18, 19
CONFIG, PRIVILEGE = 47, 52  # rows of src/common/reason.def, from 0
OWN_CONF = "/home/larry/own.conf"
UNWISE = "/usr/lib/unwise_helper"


def run(world, tap):
    helper = find_helper_program()
    world.example("su")
    tap.equal(Su(world).attempt(ALICE.name, ALICE.password).who, ALICE.name,
              "started by the module it lets in")
    world.forget()
    mode(tap, helper)
    by_hand(tap, helper)
    as_if_root(tap, helper)
    his_own(tap, helper)
    with_privilege(tap, helper)
    for_root_by_larry(tap, helper)
    time.sleep(0.3)
    tap.equal(world.connections(), 0, "the pool saw no connection in all this")


def mode(tap, helper):
    found = os.lstat(helper)
    tap.equal((found.st_uid, oct(found.st_mode)), (0, "0o100755"),
              "installed as root's, neither setuid nor setgid")
    tap.ok("security.capability" not in os.listxattr(helper), "and without capabilities")


# ---- Larry at work ----

def text(value):
    return struct.pack("!H", len(value)) + value.encode()


def start(user, *arguments, flags=PERSONAL, operation=1):
    """A START like the module's."""
    return (struct.pack("!BB16sBII", VERSION, 1, ID, operation, flags, 5000) + text(user) + text("su")
            + text("") * 2 + bytes([len(arguments)]) + b"".join(map(text, arguments)) + bytes(16))


def larry_runs(program, packet=None, kind=SEQPACKET, arguments=(), environment=None):
    """(exit status, the helper's packets, its output), by a process that is larry's."""
    report, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(LARRY.name)
            signal.alarm(30)
            done = talk(program, packet, kind, arguments, environment)
            os.write(into, json.dumps(done).encode())
        finally:
            os._exit(0)
    os.close(into)
    with open(report, encoding="ascii") as file:
        status, packets, output = json.loads(file.read())
    os.waitpid(pid, 0)
    return status, [packet.encode("latin-1") for packet in packets], output


def talk(program, packet, kind, arguments=(), environment=None, pair=None):
    here, there = pair or socket.socketpair(socket.AF_UNIX, kind or STREAM)
    high = fcntl.fcntl(there, fcntl.F_DUPFD_CLOEXEC, 20)
    there.close()
    if packet:
        here.send(packet)
    here.shutdown(socket.SHUT_WR)  # all questions are given up
    output = os.memfd_create("output")
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    if kind:
        actions.append((os.POSIX_SPAWN_DUP2, high, 3))
    helper = os.posix_spawn(program, [program, *arguments], environment or {},
                            file_actions=actions)
    os.close(high)
    status = os.waitstatus_to_exitcode(os.waitpid(helper, 0)[1])
    here.setblocking(False)
    packets = []
    try:
        while one := here.recv(20000):
            packets.append(one.decode("latin-1"))
    except OSError:  # there is no more, or it left without reading
        pass
    return status, packets, os.pread(output, 20000, 0).decode("utf-8", "replace")


def by_hand(tap, helper):
    """Each with a request that is sound, so that only the start is wrong."""
    for title, about in (
            ("no socket", {"kind": None, "packet": None}), ("a stream", {"kind": STREAM}),
            ("a datagram socket", {"kind": socket.SOCK_DGRAM}),
            ("an argument", {"arguments": ["--help"]}), ("an empty argument", {"arguments": [""]}),
            ("an environment", {"environment": {"https_proxy": "http://127.0.0.1:3128"}}),
            ("an empty variable", {"environment": {"X": ""}})):
        about = {"packet": start(ALICE.name), **about}
        status, packets, output = larry_runs(helper, **about)
        tap.equal((status, packets), (2, []), f"by hand, {title}: refused", output)
        tap.ok("is started by pam_cognito.so and by nothing else" in output,
               f"by hand, {title}: and told so", output)


def results(packets):
    """[status of each RESULT]; no question may have been asked."""
    return [packet[18] for packet in packets if packet[1] == RESULT] \
        + ["asked" for packet in packets if packet[1] == ASK]


def as_if_root(tap, helper):
    for user in (ALICE.name, LARRY.name, ROOT.name):
        status, packets, _ = larry_runs(helper, start(user, flags=0))
        tap.equal((status, results(packets)), (0, [PRIVILEGE]),
                  f"as if for root's host, about {user}: refused", packets)
        tap.equal(len(packets), 1, f"as if for root's host, about {user}: nothing was read",
                  packets)
    # Root's tool may have it try the way to the pool (operation 3), for nobody.
    for flags in (0, PERSONAL):
        status, packets, _ = larry_runs(helper, start("", flags=flags, operation=3))
        tap.equal((status, results(packets), len(packets)), (0, [PRIVILEGE], 1),
                  f"a probe by larry, flags {flags}: refused, nothing was read", packets)
    for user, operation in ((LARRY.name, 3), ("", 4), ("", 0)):
        status, packets, _ = larry_runs(helper, start(user, operation=operation))
        tap.equal((status, packets), (1, []),
                  f"operation {operation} about {user or 'nobody'}: no START", packets)


def secrets():
    with open("/etc/shadow", encoding="utf-8") as file:
        hashes = [line.split(":")[1] for line in file]
    return [SECRET, *(one for one in hashes if len(one) > 4)]


def his_own(tap, helper):
    """As for a screen locker of his: with his own rights, which do not go far."""
    own = f"user_pool_id = {POOL}\nclient_id = {CLIENT}\n"
    write(OWN_CONF, own)
    os.chown(OWN_CONF, LARRY.uid, LARRY.uid)
    mine = "config=" + OWN_CONF
    for title, arguments in (
            ("the system's settings", []),
            ("his settings, root's secret", [mine, "client_secret_file=" + SECRET_FILE]),
            ("shadow for settings", ["config=/etc/shadow"]),
            ("shadow for a secret", [mine, "client_secret_file=/etc/shadow"]),
            ("shadow for authorities", [mine, "ca_file=/etc/shadow"]),
            ("shadow for keys", [mine, "jwks_file=/etc/shadow"]),
            ("shadow for a map", [mine, "map_file=/etc/shadow"])):
        _, packets, output = larry_runs(helper, start(ALICE.name, *arguments))
        tap.equal(results(packets), [CONFIG], f"his own, {title}: refused", packets)
        told = b"".join(packets).decode("utf-8", "replace") + output
        tap.ok("Permission denied" in told, f"his own, {title}: for he may not read it", told)
        tap.ok(not any(secret in told for secret in secrets()),
               f"his own, {title}: nothing of it comes out", told)
    tap.ok(not re.search("root:", told), "his own: not even a name", told)


def with_privilege(tap, helper):
    """What an unwise administrator may do to it makes no way in of it."""
    cases = {"setuid root": (0, 0, 0o4755), "setgid root": (0, 0, 0o2755),
             "setgid shadow": (0, 42, 0o2755), "setuid of somebody": (ALICE.uid, 0, 0o4755)}
    for title, (user, group, bits) in cases.items():
        shutil.copy(helper, UNWISE)
        os.chown(UNWISE, user, group)
        os.chmod(UNWISE, bits)
        for flags in (0, PERSONAL):
            status, packets, _ = larry_runs(UNWISE, start(ALICE.name, flags=flags))
            tap.equal((status, packets), (2, []), f"{title}, flags {flags}: refuses to start")
    # Root itself has no more by it: so it looks where AppArmor lets go of who starts it.
    shutil.copy(helper, UNWISE)
    os.chown(UNWISE, 0, 42)
    os.chmod(UNWISE, 0o2755)
    status, packets, _ = talk(UNWISE, start(ALICE.name, "bogus=1", flags=0), SEQPACKET)
    tap.equal((status, [packet[1] for packet in map(str.encode, packets)
                        if packet[1] != LOG]), (0, [RESULT]), "setgid shadow, run by root: starts")
    os.unlink(UNWISE)


def for_root_by_larry(tap, helper):
    """Root's process, by a rule of sudo for one, at a socket that larry has made."""
    for uid, wanted in ((LARRY.uid, (2, [])), (0, (0, [RESULT]))):
        os.seteuid(uid)
        pair = socket.socketpair(socket.AF_UNIX, SEQPACKET)
        os.seteuid(0)
        status, packets, _ = talk(helper, start(ALICE.name, "bogus=1", flags=0), SEQPACKET,
                                  pair=pair)
        tap.equal((status, [packet[1] for packet in map(str.encode, packets)
                            if packet[1] != LOG]), wanted,
                  f"run by root, a socket of uid {uid}'s")
