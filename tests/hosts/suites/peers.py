# The helper on a socket: hosts that are not root, and root's in sandboxes, sign
# in with a secret that only root can read. Whom a peer may ask about is judged by
# what the kernel says of him, whatever he says himself.
# SPDX-License-Identifier: MIT
import ctypes
import os
import re
import shutil
import socket
import struct
import time

from hosts import PASSWORD
from people import ALICE, BOB, LARRY, ROOT, WRONG
from programs import PATH, Listener
from suites.hostile import find_helper
from suites.outage import SUCCESS
from suites.sandboxes import CLONE, EPERM, ERRNO, KILL, REFUSED, SETUID_CALLS, Sandboxed, \
    filter_calls, filter_families, own_network, own_users, without
from world import CONF, SECRET_FILE, command, write

CURE = "systemctl enable --now pam_cognito.socket"
WEB = 33  # www-data's
NOBODYS = 4242  # a uid without a name, as a container has one
CLONE_NEWNS, CLONE_NEWUSER, PR_SET_DUMPABLE = 0x20000, 0x10000000, 4
SECTIONS = f"""
[web]
trusted_users = nosuch, www-data
[number]
trusted_users = 7, {NOBODYS}
[narrow]
only_users = bob
[tables]
trusted_users = www-data
local_account = optional
[closed]
allow_services = other
[straight]
start = direct
[only]
start = socket
"""
VERSION, ID = 2, b"made up by a web"
START, REPLY, ASK, LOG, RESULT = 1, 2, 16, 18, 19
AUTHENTICATE, CHANGE, PROBE = 1, 2, 3
ALL_FLAGS = 0xff
OK, PEER = 1, 61  # positions in src/common/reason.def
CONFIG, SERVICE = 47, 54


# ---- Hosts ----

def being(uid):
    """A service that has this user and no capability."""
    def confine():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    return confine


def both(*parts):
    def confine():
        for part in parts:
            part()
    return confine


def another_file():
    """A container with a configuration file of its own, which reads the same."""
    shutil.copy(CONF, "/etc/security/inside.conf")
    if ctypes.CDLL(None).unshare(CLONE_NEWNS):
        raise OSError("no mount namespace")
    command("mount", "--make-rprivate", "/")
    command("mount", "--bind", "/etc/security/inside.conf", CONF)


def attempt(world, confine, service, user, *answers, arguments=""):
    world.forget()
    world.service(service, f"auth required pam_cognito.so debug {arguments}\n")
    person = Sandboxed(confine, "pamtester", service, user, "authenticate")
    for answer in answers:
        if not person.ask(PASSWORD):
            break
        person.type(answer)
    person.finish()
    return person


def enters(world, tap, title, confine, service="web", user=ALICE, **about):
    person = attempt(world, confine, service, user.name, user.password, **about)
    tap.equal(person.status, SUCCESS, f"{title}: in", person.screen, *world.log.all())
    tap.ok(world.log.wait(f"helper: through {PATH}"), f"{title}: by the socket",
           *world.log.ours())


def refused(world, tap, title, confine, line, service="web", user=ALICE.name,
            password=ALICE.password, asked=0, **about):
    person = attempt(world, confine, service, user, password, **about)
    tap.equal((person.status, person.screen.count("assword: ")), (REFUSED, asked),
              f"{title}: refused", person.screen, *world.log.all())
    tap.ok(world.log.wait(line), f"{title}: the log says why", *world.log.all())


# ---- A peer that makes its packets itself ----

def text(value):
    return struct.pack("!H", len(value)) + value.encode()


def start(user, service, operation=AUTHENTICATE, flags=0, arguments=(), source=None,
          version=VERSION, budget=20000):
    if source is None:
        found = os.stat(CONF)
        source = (found.st_dev, found.st_ino)
    return (struct.pack("!BB16sBII", version, START, ID, operation, flags, budget) + text(user)
            + text(service) + text("") * 2 + bytes([len(arguments)])
            + b"".join(map(text, arguments)) + struct.pack("!QQ", *source))


def converse(packet, password):
    """[kind and fields of what came back], with the answer to each question."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(30)
        sock.connect(PATH)
        if packet:
            sock.send(packet)
        while True:
            try:
                got = sock.recv(20000)
            except ConnectionResetError:
                return
            if not got:
                return
            yield got[1], got[18:]
            if got[1] == ASK:
                sock.send(struct.pack("!BB16s", VERSION, REPLY, ID) + text(password))


def ask_as(confine, packet, password=""):
    """(number of questions, the result's number or None, log lines, seconds)."""
    into, out = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            confine()
            began = time.monotonic()
            asked, result, lines = 0, None, []
            for kind, fields in converse(packet, password):
                asked += kind == ASK
                if kind == RESULT:
                    result = fields[0]
                if kind == LOG:
                    lines.append(fields[3:].decode())
            told = repr((asked, result, lines, time.monotonic() - began))
        except BaseException as error:  # nothing may return from the copy
            told = repr((-1, None, [repr(error)], 0))
        os.write(out, told.encode())
        os._exit(0)
    os.close(out)
    with open(into, encoding="utf-8") as file:
        told = file.read()
    os.waitpid(pid, 0)
    return eval(told)  # our own words


def a_root_of_his_own():
    """larry, who is root in a user namespace that he made."""
    libc = ctypes.CDLL(None)
    being(LARRY.uid)()
    libc.prctl(PR_SET_DUMPABLE, 1)  # else its files in /proc are root's
    if libc.unshare(CLONE_NEWUSER):
        raise OSError("no user namespace")
    for name, value in (("setgroups", "deny"), ("uid_map", f"0 {LARRY.uid} 1"),
                        ("gid_map", f"0 {LARRY.uid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(value)
    if os.geteuid() != 0:
        raise OSError("not root in there")


# ---- What is tried ----

def run(world, tap):
    world.configure()
    with open(CONF, "a", encoding="ascii") as file:
        file.write(SECTIONS)
    tap.equal(oct(os.stat(SECRET_FILE).st_mode & 0o777), "0o600", "the secret is root's alone")
    without_it(world, tap)
    strangers(world, tap)
    listener = Listener()
    people(world, tap)
    sandboxes(world, tap)
    settings(world, tap)
    claims(world, tap)
    waits(world, tap)
    listener.stop()
    time.sleep(0.2)
    tap.equal(find_helper(0.1), None, "no helper is left")


def without_it(world, tap):
    """As ever, and the line that helps."""
    refused(world, tap, "off, www-data", being(WEB), "this host is not root, and there is no "
            + PATH + ": " + CURE)
    refused(world, tap, "off, no capabilities", without(6, 7), "become another user, and there is "
            "no " + PATH + ": " + CURE)
    refused(world, tap, "off, AF_UNIX only", filter_families, "has no network, and there is no "
            + PATH + ": " + CURE, asked=1)
    if os.uname().machine == "x86_64":
        refused(world, tap, "off, @setuid kills", filter_calls(SETUID_CALLS.values(), KILL),
                "cannot start a helper, and there is no " + PATH + ": " + CURE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.bind(PATH)
    os.chmod(PATH, 0o666)
    refused(world, tap, "one that is left over", being(WEB), "nobody listens on " + PATH
            + r" \(a container: start it anew\): " + CURE)
    os.unlink(PATH)
    refused(world, tap, "off, start=socket", lambda: None, "start=socket, .*" + CURE,
            service="only")
    person = attempt(world, lambda: None, "web", ALICE.name, ALICE.password)
    tap.equal((person.status, [line for line in world.log.all() if PATH in line]), (SUCCESS, []),
              "off, root: in, and no word about a socket")


def strangers(world, tap):
    """Somebody else's socket gets nothing, and nobody believes it."""
    pid = os.fork()
    if pid == 0:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
                os.makedirs("/run/stranger", exist_ok=True)
                os.chmod("/run/stranger", 0o777)
                being(LARRY.uid)()
                sock.bind("/run/stranger/sock")
                os.chmod("/run/stranger/sock", 0o666)
                sock.listen(8)
                while True:
                    peer, _ = sock.accept()
                    if peer.recv(20000):
                        with open("/run/stranger/heard", "wb"):
                            pass
        finally:
            os._exit(0)
    end = time.monotonic() + 5
    while not os.path.exists("/run/stranger/sock") and time.monotonic() < end:
        time.sleep(0.02)
    os.rename("/run/stranger/sock", PATH)
    refused(world, tap, "larry listens", being(WEB), "not trusted: uid 2021 listens there")
    refused(world, tap, "larry listens, start=socket", lambda: None,
            "not trusted: uid 2021 listens there", service="only")
    os.kill(pid, 15)
    os.waitpid(pid, 0)
    os.unlink(PATH)
    tap.ok(not os.path.exists("/run/stranger/heard"), "larry heard nothing")


def people(world, tap):
    enters(world, tap, "www-data", being(WEB))
    tap.ok(world.log.wait(f"pam_cognito_helper.*socket: ok: uid={WEB} pid=[0-9]+ user=alice "
                          "service=web"), "www-data: root's log has it, too", *world.log.all())
    tap.ok(world.log.wait("trusted_users: nosuch is no user of this machine"),
           "and the name that is nobody's", *world.log.all())
    refused(world, tap, "www-data, wrong", being(WEB), "alice: refused: wrong_password",
            password=WRONG, asked=1)
    tap.ok(world.log.wait(f"socket: wrong_password: uid={WEB} .*user=alice service=web"),
           "www-data, wrong: root's log has it, too", *world.log.all())
    refused(world, tap, "www-data, a service that does not trust it", being(WEB),
            "alice: refused: peer_refused .*uid 33 may ask about itself only", service="number")
    enters(world, tap, "a uid without a name", being(NOBODYS), service="number")
    refused(world, tap, "that uid, elsewhere", being(NOBODYS), "alice: refused: peer_refused")
    enters(world, tap, "alice about herself", being(ALICE.uid), service="lock")
    refused(world, tap, "alice about bob", being(ALICE.uid), "bob: refused: peer_refused",
            service="lock", user=BOB.name)
    person = attempt(world, being(WEB), "web", ROOT.name, "x")
    tap.equal((person.status, world.sign_ins()), (REFUSED, 0), "about root: nothing is asked")


def sandboxes(world, tap):
    """root's hosts that cannot start a helper, or could not reach a thing with it."""
    confined = {
        "no CAP_SETGID": without(6), "no CAP_SETUID": without(7),
        "no capability at all": without(*range(41)), "setgroups denied": own_users("deny"),
        "no network": own_network,
        "no network, www-data": both(own_network, being(WEB)),
    }
    if os.uname().machine == "x86_64":
        confined.update({
            "AF_UNIX only": filter_families,
            "AF_UNIX only, www-data": both(being(WEB), filter_families),
            "clone is refused": filter_calls(CLONE.values(), ERRNO | EPERM),
            "@setuid is refused": filter_calls(SETUID_CALLS.values(), ERRNO | EPERM),
            "@setuid kills": filter_calls(SETUID_CALLS.values(), KILL),
        })
    for title, confine in confined.items():
        enters(world, tap, title, confine)
    person = attempt(world, lambda: None, "web", ALICE.name, ALICE.password)
    tap.equal((person.status, world.log.wait("through " + PATH, 0.1)), (SUCCESS, None),
              "root without a sandbox starts its own")
    person = attempt(world, without(6, 7), "straight", ALICE.name, ALICE.password)
    tap.equal((person.status, world.log.wait("through " + PATH, 0.1)), (REFUSED, None),
              "start=direct: no socket")
    enters(world, tap, "start=socket", lambda: None, service="only")


def settings(world, tap):
    refused(world, tap, "the helper's arguments", being(WEB), r"configuration: require_mfa, otp "
            r"\(module argument\): not taken through /run/pam_cognito.sock, expected in the "
            r"section \[web\] of " + CONF, arguments="require_mfa otp=append timeout=9")
    refused(world, tap, "config= in a sandbox", without(6, 7), r"configuration: config \(module "
            r"argument\): not taken", arguments=f"config={CONF}")
    enters(world, tap, "the module's arguments", being(WEB), arguments="timeout=9 no_warn")
    refused(world, tap, "root in a user namespace of larry's", a_root_of_his_own,
            "/: folder is nobody's: a user namespace hides whose it is")
    refused(world, tap, "another configuration file", both(another_file, being(WEB)),
            "configuration: .*is another file for the host than for the helper")
    person = attempt(world, being(WEB), "narrow", ALICE.name, ALICE.password)
    tap.equal((person.status, world.sign_ins()), (REFUSED, 0), "out of scope: nothing is asked")


def claims(world, tap):
    """What a peer says about itself, and asks for in spite of its module."""
    def tried(title, confine, packet, wanted, line=None, password=ALICE.password):
        world.forget()
        asked, result, lines, seconds = ask_as(confine, packet, password)
        tap.equal((asked, result), wanted, f"{title}: {wanted}", *lines, *world.log.all())
        if line:
            tap.ok(re.search(line, "\n".join(lines)), f"{title}: {line}", *lines)
        return seconds

    web, root = being(WEB), lambda: None
    took = tried("right", web, start("alice", "web"), (1, OK))
    tap.ok(took < 2, "right: at once", took)
    took = tried("wrong", web, start("alice", "web"), (1, 2), password=WRONG)
    tap.ok(2 <= took < 6, "wrong: after 2 s", took)
    tried("every flag", web, start("alice", "web", flags=ALL_FLAGS), (1, OK))
    tried("every flag, somebody else", being(LARRY.uid), start("alice", "web", flags=ALL_FLAGS),
          (0, PEER))
    tried("root in a namespace of his own", a_root_of_his_own, start("alice", "web"), (0, PEER))
    tried("about root", web, start("root", "web"), (0, PEER))
    tried("root about root", root, start("root", "web"), (0, PEER))
    tried("about nobody", web, start("", "web"), (0, PEER))
    tried("about an account of the system", root, start("daemon", "web"), (0, PEER))
    tried("root out of scope", root, start("alice", "narrow"), (0, PEER))
    tried("root in scope", root, start("bob", "narrow"), (1, OK), password=BOB.password)
    tried("a service that is not allowed", root, start("alice", "closed"), (0, SERVICE))
    tried("no account", web, start("nemo", "web"), (0, PEER))
    tried("no account, where none is needed", web, start("nemo", "tables"), (1, 2))
    tried("an argument", root, start("alice", "web", arguments=["require_mfa=no"]), (0, CONFIG),
          r"configuration: require_mfa \(module argument\): not taken on the socket, expected in "
          r"the section \[web\]")
    tried("config=", root, start("alice", "web", arguments=["config=/tmp/x"]), (0, CONFIG),
          "config ")
    tried("no configuration file", web, start("alice", "web", source=(0, 0)), (0, CONFIG),
          "is another file")
    tried("the password of another", web, start("alice", "web", CHANGE), (0, PEER))
    tried("a probe", web, start("", "web", PROBE), (0, PEER))
    tried("a probe of root's", root, start("", "web", PROBE), (0, OK))
    tried("a probe with an argument", root, start("", "web", PROBE, arguments=["ca_file=/x"]),
          (0, CONFIG))
    tried("another version", web, start("alice", "web", version=1), (0, None))
    tap.ok(world.log.wait("socket: the host's module is of another version"),
           "another version: root's log says so", *world.log.all())


def waits(world, tap):
    """Who says nothing has five seconds."""
    asked, result, _, seconds = ask_as(being(WEB), b"")
    tap.equal((asked, result), (0, None), "silence: no answer")
    tap.ok(4 < seconds < 8, "silence: the end after 5 s", seconds)
