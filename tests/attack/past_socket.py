# The door of systemd's socket: what one uid may take up of it, how often it may
# be wrong, for whom a code is sent, what a peer is sent and what becomes of one
# that dies in between. Who may ask about whom is in suites/peers.py.
# SPDX-License-Identifier: MIT
import array
import contextlib
import fcntl
import glob
import math
import os
import re
import resource
import select
import shutil
import socket
import struct
import time

from hosts import PASSWORD
from people import ALICE, BOB, LARRY, WRONG
from suites.hostile import find_helper
from suites.peers import AUTHENTICATE, CHANGE, ID, OK, PATH, PEER, REPLY, RESULT, VERSION, WEB, \
    ASK, Listener, attempt, being, start, text
from suites.outage import SUCCESS, just_looked, login, pass_time, state
from suites.sandboxes import Sandboxed, without
from world import CLIENT, CONF, SECRET, command

BREAKAGES = [
    ("nobody counts conversations", ("main (place_take)", "0")),
    ("whoever has no place stays until he is asked", ("main SURPLUS_MS", "60000")),
    ("whoever has no place waits two seconds for it", ("conclude_for_stranger (surplus)", "false")),
    ("anybody has as many as a trusted one", ("place_keep (trusted)", "true")),
    ("a trusted one has as few as anybody", ("place_keep (trusted)", "false")),
    ("strangers may take all there are", ("PLACES_STRANGERS", "256")),
    ("a place is free while its conversation goes on", ("main (warden_begin)", "place_close(&request.place); ...")),
    ("refusals are not counted", ("record_end (count)", "(void) count(record, -1, 0)")),
    ("nor are those that try", ("may_try (weight)", "0")),
    ("who was right is counted", ("tell_records (RECORD_RIGHT)", "")),
    ("who died is not", ("look_for_end (record_end)", "record->trying = false")),
    ("they are counted for all names together", ("@same", "true")),
    ("and for ever", ("RECORD_MS", "6000000")),
    ("a code is sent for anybody", ("ask_records (own_account)", "request->peer.uid")),
    ("the module permits codes", ("permit_code (NULL)", "false")),
    ("codes have no stamp", ("allow_code (stamp_renew)", "STAMP_YES")),
    ("whom the pool has no time to answer is not counted", ("tell_records (seen)", "!is_refusal(outcome->status)")),
    ("whom it was not asked about is counted", ("tell_records (seen)", "false")),
    ("a name is another one in capitals", ("@capital", "false")),
    ("64 others make one forgotten", ("USERS", "64")),
    ("what is passed along takes its time to be closed", ("discard_unread (setitimer)", "0")),
    ("so it does for whom there is no place", ("main SURPLUS_END_MS", "9000")),
    ("the unit's limits are taken for a poor host's", ("@limits", "true")),
    ("a setuid host's caller may choose the socket", ("is_callers_doing", "return false;")),
    ("root's hosts change passwords here", ("@change", "true")),
    ("the breaker is never asked", ("ask_circuit (circuit_ask)", "CIRCUIT_CLOSED")),
    ("nor told", ("record_answer (circuit_note)", "false")),
    ("everybody looks", ("ask_circuit (circuit_ask)", "CIRCUIT_LOOK")),
    ("nobody looks", ("ask_circuit (circuit_ask)",
                      "circuit_ask(circuit, true) == CIRCUIT_CLOSED ? CIRCUIT_CLOSED "
                      ": CIRCUIT_OPEN")),
    ("somebody is asked before it was looked", ("serve (look)", "STATUS_OK")),
    ("whoever looks tells nobody before the end", ("look (warden_ask)", "RECORD_YES")),
    ("a peer says that it looks", ("@looks", "true")),
    ("a question by the socket is taken for the pool's answer", ("@by-pair", "true")),
    ("the warden of a socket is not filtered", ("listen_to (confine)", "")),
]
# Positions in src/common/reason.def.
LIMIT, OUTAGE_STATUS, RESET_REQUIRED, LOCKED, TIMEOUT, CONNECT = 62, 56, 13, 15, 33, 31
OWN, TRUSTED, STRANGERS = 8, 64, 192
REFUSALS = 10
SECTIONS = """
[web]
trusted_users = www-data
[reset]
trusted_users = www-data
password_reset = reset
[any]
trusted_users = www-data
local_account = optional
username_class = ^[A-Za-z]+$
"""
FOLDER = "/run/pam_cognito"
STRANGERS_AT = 64 << 32   # the first of their bytes in the file of places
F_OFD_SETLK = 37
LOOK = 16                 # WIRE_LOOK
OPENED = "socket: the pool's endpoint is out of reach: until it answers sign-ins are refused"


def run(world, tap):
    configure(world)
    listener = Listener()
    try:
        many(world, tap)
        silent(world, tap)
        wrong(world, tap)
        impatient(world, tap)
        called_otherwise(world, tap)
        forgotten(world, tap)
        dying(world, tap)
        codes(world, tap)
        outage(world, tap)
        outage_of_a_host(world, tap)
        received(world, tap)
        descriptors(world, tap)
        lingering(tap)
        wardens(tap)
        changes(tap)
        forced(world, tap)
    finally:
        listener.stop()
    waiting(world, tap)
    tap.ok(wait_for(lambda: find_helper(0.1) is None, 12), "at the end no helper is left")


def configure(world):
    world.configure()
    with open(CONF, "a", encoding="ascii") as file:
        file.write(SECTIONS)


# ---- Peers ----

class Peer:
    """A connection of that uid's."""

    def __init__(self, uid, packet=b""):
        near, far = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                being(uid)()
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                sock.connect(PATH)
                socket.send_fds(far, [b"x"], [sock.fileno()])
            finally:
                os._exit(0)
        far.close()
        _, fds, _, _ = socket.recv_fds(near, 1, 1)
        os.waitpid(pid, 0)
        near.close()
        self.sock = socket.socket(fileno=fds[0])
        self.sock.settimeout(30)
        self.deaf = None
        self.heard = b""
        if packet:
            self.send(packet)

    def send(self, packet):
        try:
            self.sock.send(packet)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused already, and says so

    def until(self, kind):
        """The fields of the next message of that kind; None at the end."""
        while True:
            try:
                got = self.sock.recv(20000)
            except ConnectionResetError:
                return None
            if not got:
                return None
            self.heard += got
            if got[1] == kind:
                return got[18:]
            if got[1] == RESULT:
                return None

    def asked(self):
        return self.until(ASK)

    def answer(self, password):
        self.send(struct.pack("!BB16s", VERSION, REPLY, ID) + text(password))

    def result(self):
        fields = self.until(RESULT)
        return fields[0] if fields else None

    def close(self):
        self.sock.close()
        if self.deaf:
            self.deaf.close()


def sign_in(uid, user, password, service="web", budget=20000):
    """(was it asked, the result's number)."""
    peer = Peer(uid, start(user, service, budget=budget))
    asked = peer.asked()
    if asked is None:
        return False, status_in(peer.heard)
    peer.answer(password)
    result = peer.result()
    peer.close()
    return True, result


def status_in(heard):
    """Of the result that came instead of a question; the head has 18 bytes."""
    found = re.search(struct.pack("!BB16s", VERSION, RESULT, ID) + b"(.)", heard, re.DOTALL)
    return found[1][0] if found else None


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def gone():
    """No helper of an earlier test takes anything up."""
    if not wait_for(lambda: find_helper(0.1) is None and not wardens_left(), 15):
        raise TimeoutError("helpers are left")


def forget():
    shutil.rmtree(FOLDER, ignore_errors=True)


def roots_host(world, tap, title):
    """A host of root's that needs the socket notices nothing of it."""
    person = attempt(world, without(6, 7), "web", BOB.name, BOB.password)
    tap.equal(person.status, SUCCESS, f"{title}: root's host signs in", person.screen,
              *world.log.ours())


# ---- What is tried ----

def many(world, tap):
    """At a time."""
    for title, uid, user, service, count in (
            ("larry", LARRY.uid, LARRY.name, "lock", OWN),
            ("www-data", WEB, ALICE.name, "web", TRUSTED)):
        peers = [Peer(uid, start(user, service)) for _ in range(count)]
        tap.ok(all(peer.asked() is not None for peer in peers), f"{title}: {count} are asked",
               *{peer.heard[-60:] for peer in peers})
        surplus = Peer(uid, start(user, service))
        tap.equal((surplus.asked(), status_in(surplus.heard)), (None, LIMIT),
                  f"{title}: one more is refused", surplus.heard)
        tap.ok(world.log.wait(f"socket: peer_limit: uid={uid} "), f"{title}: and logged",
               *world.log.all())
        if count == TRUSTED:
            seconds = [until_refused(uid, user, service) for _ in range(3)]
            tap.ok(min(seconds) < 2 and max(seconds) < math.inf,
                   f"{title}: without the two seconds", seconds)
        roots_host(world, tap, title)
        peers.pop().close()
        tap.ok(wait_for(lambda: is_asked(uid, user, service), 5),
               f"{title}: then another is asked")
        for peer in peers:
            peer.close()


def until_refused(uid, user, service):
    """In seconds; without end for whom it asks."""
    began = time.monotonic()
    return math.inf if is_asked(uid, user, service) else time.monotonic() - began


def is_asked(uid, user, service):
    peer = Peer(uid, start(user, service))
    asked = peer.asked() is not None
    peer.close()
    return asked


def silent(world, tap):
    """Who connects and says nothing; and what all strangers together may take up."""
    gone()
    with full(but=2):
        peers = [Peer(uid) for uid in (5001, 5002, 5003)]
        tap.ok(wait_for(lambda: ended(peers), 3), "of three one too many is sent away at once")
        tap.equal(len(ended(peers)), 1, "the others are not")
        tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (False, LIMIT), "and so is a fourth")
        roots_host(world, tap, "no room for strangers")
        tap.ok(wait_for(lambda: len(ended(peers)) == 3, 12), "who says nothing is not kept long")
        tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (True, OK), "then there is room")
    for peer in peers:
        peer.close()


@contextlib.contextmanager
def full(but=0):
    """Strangers have all the places there are, but so many."""
    with open(FOLDER + "/places", "r+b") as file:
        for number in range(STRANGERS - but):
            fcntl.fcntl(file, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0,
                                                       STRANGERS_AT + number, 1, 0))
        yield


def ended(peers):
    """Those at whose other end nobody is."""
    poll = select.poll()
    for peer in peers:
        poll.register(peer.sock, select.POLLRDHUP)
    return poll.poll(0)


def wrong(world, tap):
    """In a minute."""
    forget()
    tap.equal({sign_in(BOB.uid, BOB.name, BOB.password, "lock") for _ in range(REFUSALS + 2)},
              {(True, OK)}, "who is right may be so at any time")
    tap.equal(together(2 * REFUSALS, BOB.name, BOB.password), {(True, OK)},
              "twenty of one name at once sign in")
    world.pool.clear()
    results = together(2 * REFUSALS, ALICE.name, WRONG)
    tap.equal(results - {(True, 2), (True, LOCKED)}, {(True, LIMIT)},
              "of twenty that are wrong at once some are not tried", results)
    tap.equal(world.sign_ins(), REFUSALS, "the pool has seen ten")
    before = world.sign_ins()
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (False, LIMIT), "then no more")
    tap.equal(world.sign_ins(), before, "the pool is not asked")
    tap.equal(sign_in(WEB, BOB.name, BOB.password), (True, OK), "another user may")
    tap.equal(sign_in(ALICE.uid, ALICE.name, ALICE.password, "lock"), (True, OK),
              "another uid may")
    tap.equal(sign_in(0, ALICE.name, ALICE.password), (True, OK), "root may")
    later(61)
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (True, OK), "a minute later it may")
    forget()


def together(count, user, password, service="web", budget=20000):
    peers = [Peer(WEB, start(user, service, budget=budget)) for _ in range(count)]
    asked = [peer.asked() is not None for peer in peers]
    for peer in peers:
        peer.answer(password)
    return {(was, peer.result()) for was, peer in zip(asked, peers)}


def impatient(world, tap):
    """Who does not wait for the pool's answer has had it look at the password."""
    world.pool.clear()
    world.pool.fault("delay", {"operation": "InitiateAuth"}, count=0, ms=5000)
    tap.equal(together(REFUSALS, ALICE.name, WRONG, budget=2500), {(True, TIMEOUT)},
              "the pool's answer is not waited for")
    tap.equal(world.sign_ins(), REFUSALS, "it was asked")
    world.forget()
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (False, LIMIT), "that was counted")
    forget()
    world.stop_pool()
    world.configure(breaker="no")
    with open(CONF, "a", encoding="ascii") as file:
        file.write(SECTIONS)
    tap.equal(together(REFUSALS, ALICE.name, WRONG), {(True, CONNECT)}, "out of reach")
    world.start_pool()
    configure(world)
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (True, OK), "that was not")
    forget()


def called_otherwise(world, tap):
    """Pools know a name in small and in capital letters."""
    for name in (BOB.name, BOB.name.upper()):
        together(REFUSALS // 2, name, WRONG, "any")
    tap.equal(sign_in(WEB, BOB.name.capitalize(), WRONG, "any"), (False, LIMIT),
              "a user is the same in capitals")
    world.forget()
    forget()


def forgotten(world, tap):
    """By being wrong for many others."""
    sign_in(WEB, ALICE.name, WRONG)
    gone()
    path, = glob.glob(f"{FOLDER}/refused-{WEB}")
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 10**6
    with open(path, "wb") as file:
        for number in range(170):
            file.write(struct.pack("<Qqii", 1000 + number, now, REFUSALS - 1, 0)
                       if number < 64 else bytes(24))
    together(REFUSALS - 1, ALICE.name, WRONG)
    sign_in(WEB, BOB.name, WRONG)
    sign_in(WEB, ALICE.name, WRONG)
    tap.equal(sign_in(WEB, ALICE.name, WRONG), (False, LIMIT), "alice is not forgotten for 64 others")
    world.forget()
    forget()


def later(seconds):
    """As if so much time had gone by since the refusals."""
    path, = glob.glob(f"{FOLDER}/refused-{WEB}")
    with open(path, "r+b") as file:
        counts = list(struct.iter_unpack("<Qqii", file.read()))
        file.seek(0)
        for user, since, *count in counts:
            file.write(struct.pack("<Qqii", user, since - seconds * 1000 if since else 0,
                                   *count))


def dying(world, tap):
    """At each step; what was not answered is no refusal, what was is one."""
    forget()
    for _ in range(REFUSALS + 2):
        Peer(WEB).close()
        Peer(WEB, start(ALICE.name, "web")).close()
        peer = Peer(WEB, start(ALICE.name, "web"))
        peer.asked()
        peer.close()
    tap.ok(wait_for(lambda: find_helper(0.1) is None, 12), "of peers that died nothing is left")
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (True, OK), "nor counted")
    peers = [Peer(WEB, start(ALICE.name, "web")) for _ in range(REFUSALS)]
    for peer in peers:
        peer.asked()
        peer.answer(WRONG)
        peer.close()
    tap.ok(wait_for(lambda: find_helper(0.1) is None, 12), "of those that answered, neither")
    tap.equal(sign_in(WEB, ALICE.name, ALICE.password), (False, LIMIT), "but it was counted")
    forget()


def codes(world, tap):
    """Without proof of a password."""
    def sent():
        return len(world.pool.requests("ForgotPassword"))

    def reset(uid):
        peer = Peer(uid, start(ALICE.name, "reset"))
        peer.asked()
        peer.answer(ALICE.password)
        more = peer.asked()
        result = status_in(peer.heard)
        peer.close()
        return more is not None, result

    forget()
    world.pool.user("alice", status="RESET_REQUIRED")
    before = sent()
    tap.equal((reset(WEB), sent() - before), ((False, RESET_REQUIRED), 0),
              "www-data has none sent to alice, whatever it says")
    tap.equal((reset(ALICE.uid), sent() - before), ((True, None), 1), "alice has")
    tap.equal((reset(ALICE.uid), sent() - before), ((True, None), 1), "once; that one is asked for again")
    world.pool.user("alice", status="CONFIRMED")
    forget()


def outage(world, tap):
    """The breaker of the socket."""
    world.forget()
    world.stop_pool()
    peer = Peer(WEB, start(BOB.name, "web", flags=LOOK))
    tap.ok(peer.asked(), "out of reach: a peer decides nothing about who looks", peer.heard)
    peer.close()
    first = [sign_in(WEB, BOB.name, BOB.password) for _ in range(2)]
    tap.ok(all(asked for asked, _ in first), "out of reach: two are asked", first)
    tap.ok(world.log.wait(OPENED), "then the breaker opens", *world.log.all())
    with just_looked():
        tap.equal(sign_in(WEB, BOB.name, BOB.password), (False, OUTAGE_STATUS),
                  "and nobody is asked")
        tap.equal(sign_in(BOB.uid, BOB.name, BOB.password, "lock"), (False, OUTAGE_STATUS),
                  "whatever the service")
    pass_time(1.1)
    tap.equal(sign_in(WEB, BOB.name, BOB.password), (False, CONNECT),
              "after a second one looks, and is not asked either")
    world.start_pool()
    configure(world)
    pass_time(1.1)
    peer = Peer(WEB, start(BOB.name, "web"))
    tap.ok(peer.asked(), "the pool is back: one looks, and is asked", peer.heard)
    tap.equal(sign_in(WEB, BOB.name, BOB.password), (True, OK),
              "and while that one types the next signs in")
    peer.answer(BOB.password)
    tap.equal(peer.result(), OK, "and so does the one that looked")
    peer.close()
    tap.equal(sign_in(WEB, BOB.name, BOB.password), (True, OK), "and all others")
    forget()


def outage_of_a_host(world, tap):
    """The breaker of a root host that comes by the socket: its helper was not told to look."""
    world.configure(breaker="no")
    world.service("host", "auth required pam_cognito.so start=socket breaker=yes\n")
    world.stop_pool()
    for _ in range(2):
        tap.equal(login(service="host").prompts, 1, "a host by the socket: asked, and refused")
    tap.ok(state()[1] != 0, "a host by the socket: its breaker is open")
    pass_time(1.1)
    seen = []

    def look():
        seen.append(state()[1])
        return ALICE.password
    login(service="host", answer=look)
    tap.ok(len(seen) == 1 and seen[0] != 0, "a host by the socket: a question says nothing of the "
           "pool", seen)
    world.start_pool()
    configure(world)
    forget()


def received(world, tap):
    """What a peer is sent."""
    peer = Peer(WEB, start(ALICE.name, "web"))
    peer.asked()
    peer.answer(ALICE.password)
    tap.equal(peer.result(), OK, "alice signs in")
    found = [word for word in (SECRET, CLIENT, "eyJ", ALICE.password)
             if word.encode() in peer.heard]
    tap.equal(found, [], "the peer got no secret, no token and no password", peer.heard)
    peer.close()


def descriptors(world, tap):
    """Passed along with the request: nobody takes them."""
    reading, writing = os.pipe()
    peer = Peer(WEB)
    peer.sock.sendmsg([start(ALICE.name, "web")],
                      [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writing]))])
    os.close(writing)
    tap.equal((peer.asked(), status_in(peer.heard)), (None, None),
              "a request with a descriptor gets no answer")
    ready, _, _ = select.select([reading], [], [], 2)
    tap.ok(ready and os.read(reading, 1) == b"", "and nobody has it")
    os.close(reading)
    peer.close()


def lingering(tap):
    """And one that takes an hour to be closed keeps nobody."""
    gone()
    peer = Peer(WEB, start(ALICE.name, "lock"))
    pass_lingering(peer, b"x")
    tap.equal(peer.result(), PEER, "www-data is refused")
    tap.ok(wait_for(lambda: not wardens_left(), 20), "what it passed along keeps no warden")
    peer.close()
    with full():
        peer = Peer(WEB)
        began = time.monotonic()
        pass_lingering(peer, start(ALICE.name, "web"))
        peer.result()
        gone()
        tap.ok(time.monotonic() - began < 4, "nor whoever has no place", time.monotonic() - began)
        peer.close()


def pass_lingering(peer, packet):
    """A connection that is full and that nobody reads, and nobody else has it."""
    peer.deaf = socket.create_server(("127.0.0.1", 0))
    sock = socket.create_connection(peer.deaf.getsockname())
    sock.setblocking(False)
    try:
        while True:
            sock.send(bytes(65536))
    except BlockingIOError:
        pass
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    peer.sock.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                  array.array("i", [sock.fileno()]))])
    os.close(sock.detach())


def wardens_left():
    return [pid for pid in os.listdir("/proc")
            if pid.isdigit() and name_of(pid) == "cognito_warden"]


def wardens(tap):
    """The warden that keeps records can do nothing else."""
    gone()
    peer = Peer(WEB, start(ALICE.name, "web"))
    peer.asked()
    found = wardens_left()
    tap.equal(len(found), 1, "one warden")
    status = open(f"/proc/{found[0]}/status", encoding="ascii").read()
    tap.equal(re.findall(r"^(?:Seccomp|NoNewPrivs):\t(\d)", status, re.MULTILINE), ["1", "2"],
              "it is filtered")
    open_files = sorted(re.sub(r"\[\d+\]", "", os.readlink(path))
                        for path in glob.glob(f"/proc/{found[0]}/fd/*"))
    tap.equal([path for path in open_files if not path.startswith(("socket:", FOLDER))], [],
              "and has its sockets and its records")
    peer.close()


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def changes(tap):
    """A password is its owner's to change."""
    tap.equal(status_of_change(0), PEER, "root's host changes nobody's password here")
    tap.equal(status_of_change(WEB), PEER, "nor does a trusted one")
    peer = Peer(ALICE.uid, start(ALICE.name, "lock", CHANGE))
    tap.ok(peer.asked() is not None, "alice is asked for hers")
    peer.close()


def status_of_change(uid):
    peer = Peer(uid, start(ALICE.name, "web", CHANGE))
    peer.asked()
    return status_in(peer.heard)


def forced(world, tap):
    """su without descriptors for a helper: whoever calls it is not root."""
    world.service("su", "auth required pam_cognito.so debug\n"
                        "account required pam_permit.so\nsession required pam_permit.so\n")
    lines = []
    for count in range(5, 9):
        world.log.clear()

        def confine(limit=(count, count)):
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            being(LARRY.uid)()

        person = Sandboxed(confine, "su", ALICE.name, "-c", "true")
        if person.ask(PASSWORD):
            person.type(ALICE.password)
        person.finish()
        lines += world.log.all()
    tap.ok(any("cannot start" in line for line in lines), "su cannot start a helper", *lines)
    tap.equal([line for line in lines if PATH in line], [], "and does not come to the socket as root")


def waiting(world, tap):
    """A module whose socket nobody serves has its deadline all the same."""
    world.service("slow", "auth required pam_cognito.so timeout=3\n")
    for title, backlog, full in (("nobody answers", 8, 0), ("the queue is full", 0, 4)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.bind(PATH)
            os.chmod(PATH, 0o666)
            sock.listen(backlog)
            others = []
            for _ in range(full):
                other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                other.setblocking(False)
                try:
                    other.connect(PATH)
                except BlockingIOError:
                    pass
                others.append(other)
            began = time.monotonic()
            person = attempt_slow(being(WEB))
            took = time.monotonic() - began
            tap.ok(person.status != SUCCESS and 2 < took < 9, f"{title}: the end after 3 s", took,
                   person.screen)
            for other in others:
                other.close()
        os.unlink(PATH)


def attempt_slow(confine):
    person = Sandboxed(confine, "pamtester", "slow", ALICE.name, "authenticate")
    person.finish()
    return person
