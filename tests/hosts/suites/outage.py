# While the pool is out of reach: when the breaker opens, for how long, who
# looks whether it is back, what never opens it, and the file that holds its
# state. The host is this process, through libpam, so that nobody waits for
# the delays of refusals; time passes by writing older times into the file.
# SPDX-License-Identifier: MIT
import contextlib
import ctypes
import fcntl
import glob
import os
import shutil
import socket
import struct
import threading
import time

from hosts import PASSWORD, Su
from people import ALICE, BATCH, KEEPER, LARRY, ROOT, WRONG
from person import Person
from suites.hostile import end_helper, find_helper
from world import CONF, POOL, SERVICE_HOST, write

FOLDER = "/run/pam_cognito"
SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL, CONV_ERR = 0, 7, 9, 19
AT_ONCE = 0.3          # seconds that a refusal may take on a busy machine
MARGIN = 0.5           # and a deadline be missed by
OPENED = ("the pool's endpoint is out of reach: until it answers sign-ins are refused at once, "
          "but for one a second that looks")
STATE = "<IIqQqqQq"    # magic, 0, failed, handle, open, looked, who looks, untold since
PUBLIC = "localpublic0000000000000001"

libc = ctypes.CDLL(None)
libc.calloc.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p
pam = ctypes.CDLL("libpam.so.0")


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("answer", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int,
                            ctypes.POINTER(ctypes.POINTER(Message)),
                            ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("context", ctypes.c_void_p)]


class Login:
    """A PAM handle. answer is what is typed at each prompt, or a function that says it."""

    def __init__(self, service="outage", user=ALICE.name, answer=ALICE.password):
        self.answer = answer
        self.prompts = 0
        self.answered = None
        self.kept = (CONVERSE(self.converse), DELAY(lambda *_: None))
        self.conversation = Conversation(self.kept[0], None)
        self.handle = ctypes.c_void_p()
        pam.pam_start(service.encode(), user.encode(), ctypes.byref(self.conversation),
                      ctypes.byref(self.handle))
        pam.pam_set_item(self.handle, 10, self.kept[1])  # PAM_FAIL_DELAY

    def converse(self, count, messages, responses, _):
        found = libc.calloc(count, ctypes.sizeof(Response))
        for number in range(count):
            if messages[number].contents.style not in (1, 2):
                continue
            self.prompts += 1
            answer = self.answer() if callable(self.answer) else self.answer
            self.answered = time.monotonic()
            if answer is None:
                return CONV_ERR
            Response.from_address(found + number * ctypes.sizeof(Response)).answer \
                = libc.strdup(answer.encode())
        responses[0] = found
        return SUCCESS

    def authenticate(self):
        started = time.monotonic()
        self.code = pam.pam_authenticate(self.handle, 0)
        self.took = time.monotonic() - started
        self.after_enter = time.monotonic() - (self.answered or started)
        return self

    def end(self):
        pam.pam_end(self.handle, self.code)
        return self


def login(**about):
    return Login(**about).authenticate().end()


def together(count, **about):
    """That many logins at once."""
    logins = [Login(**about) for _ in range(count)]
    threads = [threading.Thread(target=one.authenticate) for one in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one.end() for one in logins]


# ---- The state file ----

def state_file():
    path, = glob.glob(FOLDER + "/breaker-*")
    return path


def state():
    """(failed, open since, untold since) of the only file; zeros without one."""
    found = glob.glob(FOLDER + "/breaker-*")
    if not found:
        return 0, 0, 0
    with open(state_file(), "rb") as file:
        data = file.read() or bytes(struct.calcsize(STATE))
    _, _, failed, _, since, _, _, untold = struct.unpack(STATE, data)
    return failed, since, untold


def pass_time(seconds):
    """As if so much time had gone by since what the file says."""
    with open(state_file(), "r+b") as file:
        magic, zero, failed, handle, since, looked, looker, untold = struct.unpack(
            STATE, file.read())
        failed, since, looked, untold = [when - int(seconds * 1000) if when else 0
                                         for when in (failed, since, looked, untold)]
        file.seek(0)
        file.write(struct.pack(STATE, magic, zero, failed, handle, since, looked, looker, untold))


@contextlib.contextmanager
def just_looked(ago=0):
    """As if somebody had looked so many seconds ago, however slow this machine is."""
    done = threading.Event()

    def say():
        with open(state_file(), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            found = list(struct.unpack(STATE, file.read()))
            found[5] = int((time.clock_gettime(time.CLOCK_BOOTTIME) - ago) * 1000)
            file.seek(0)
            file.write(struct.pack(STATE, *found))

    def go_on():
        while not done.wait(0.1):
            say()

    say()
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def forget():
    shutil.rmtree(FOLDER, ignore_errors=True)


class Suite:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap

    def down(self):
        if self.world.pool_is_up:
            self.world.stop_pool()

    def up(self):
        if not self.world.pool_is_up:
            self.world.start_pool()

    def fresh(self, up):
        """Nothing has happened yet, and the pool is there or is not."""
        self.up() if up else self.down()
        forget()
        self.world.forget()

    def open(self):
        """The breaker opens, by two outages of two handles."""
        self.fresh(up=False)
        login()
        login()

    def asked(self, one, name, code=AUTHINFO_UNAVAIL):
        self.tap.equal((one.prompts, one.code), (1, code), name, *self.world.log.ours())

    def at_once(self, one, name):
        self.tap.equal((one.prompts, one.code), (0, AUTHINFO_UNAVAIL), name,
                       *self.world.log.ours())

    def untouched(self, name):
        """Nothing of it counts as an outage."""
        self.tap.equal(state(), (0, 0, 0), name, *self.world.log.ours())


# ---- What opens it ----

def opens(suite, title):
    world, tap = suite.world, suite.tap
    suite.asked(login(), f"{title}: the first one is asked, and refused")
    tap.equal(state()[1], 0, f"{title}: that does not open the breaker")
    tap.equal(world.log.wait(OPENED, 0), None, f"{title}: and the log says nothing of it")
    suite.asked(login(), f"{title}: the second one is asked, and refused")
    tap.ok(world.log.wait(OPENED), f"{title}: the log says that the breaker opened",
           *world.log.ours())
    with just_looked():
        third = login()
    suite.at_once(third, f"{title}: the third one is refused without a prompt")
    tap.ok(third.took < AT_ONCE, f"{title}: at once", third.took)
    tap.ok(world.log.wait(r"pam_cognito\(outage:auth\): alice: refused: outage service=outage$"),
           f"{title}: with a log line", *world.log.ours())
    tap.equal(find_helper(0), None, f"{title}: no helper was started for it")


def kinds(suite):
    suite.fresh(up=False)
    opens(suite, "connection refused")
    suite.fresh(up=False)
    write("/etc/hosts", "127.0.0.1 localhost testhost\n")
    opens(suite, "no such name")
    write("/etc/hosts", f"127.0.0.1 localhost testhost {SERVICE_HOST}\n")
    suite.fresh(up=True)
    suite.world.pool.certificate("expired")
    opens(suite, "certificate expired")
    suite.tap.equal(suite.world.sign_ins(), 0, "certificate expired: nothing was sent")
    silence(suite)


def in_place_of_pool(backlog):
    """Takes connections, that many at a time, and answers nothing."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 443))
    listener.listen(backlog)
    listener.settimeout(5)
    return listener


def silence(suite):
    """A host that answers nothing at all: the packets are lost."""
    suite.fresh(up=False)
    with in_place_of_pool(0):
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", 443))
            waiting.append(one)
        both = together(2)
        for one in both:
            suite.asked(one, "silence: is asked, and refused")
            suite.tap.ok(2.5 < one.took < 4.5, "silence: after connect_timeout", one.took)
        third = login()
        suite.at_once(third, "silence: then the breaker is open")
        suite.tap.ok(third.took < AT_ONCE, "silence: and nobody waits any more", third.took)
        for one in waiting:
            one.close()


def two_within_ten_seconds(suite):
    suite.fresh(up=False)
    login()
    pass_time(9)
    login()
    suite.at_once(login(), "two outages within 9 s open it")
    suite.fresh(up=False)
    login()
    pass_time(11)
    suite.asked(login(), "11 s after an outage: the second is asked")
    suite.asked(login(), "two outages 11 s apart do not open it")
    suite.at_once(login(), "the latest two do")


def different_handles(suite):
    suite.fresh(up=False)
    one = Login()
    for number in range(3):
        one.authenticate()
        suite.tap.equal((one.prompts, one.code), (number + 1, AUTHINFO_UNAVAIL),
                        f"one handle, try {number + 1}: is asked")
    suite.tap.equal(state()[1], 0, "three tries in one handle do not open it")
    login()
    one.authenticate()
    suite.tap.equal(one.prompts, 3, "that of another handle does, for all")
    one.end()


# ---- How long it stays open, and what closes it ----

def looking(suite):
    """One a second, one at a time, and nobody is asked before the pool was reached."""
    suite.open()
    suite.world.forget()
    with just_looked(0.5):
        suite.at_once(login(), "after 0.5 s nobody looks")
    suite.tap.ok(suite.world.log.wait("alice: refused: outage service=outage", 5),
                 "nobody does", *suite.world.log.ours())
    pass_time(0.6)
    suite.world.forget()
    suite.at_once(login(), "after 1.1 s one looks, and is not asked")
    suite.tap.ok(suite.world.log.wait("alice: refused: connect service=outage", 5),
                 "the log says what it found", *suite.world.log.ours())
    suite.tap.equal(suite.world.log.wait(OPENED, 0), None, "and not once more that it is open")
    with just_looked():
        suite.at_once(login(), "and the next one does not")
    suite.tap.ok(suite.world.log.wait("alice: refused: outage service=outage"),
                 "the log says so", *suite.world.log.ours())
    pass_time(3600)
    suite.at_once(login(), "nor is one asked after an hour")
    suite.up()
    pass_time(1.1)
    suite.asked(login(), "the pool is back: one looks, and signs in", SUCCESS)
    suite.untouched("that closes it")
    alone(suite)


def alone(suite):
    """Two seconds are for the one that looks; then it need not have found anything."""
    suite.open()
    pass_time(1.1)
    with in_place_of_pool(8) as listener:
        first = Login()
        thread = threading.Thread(target=first.authenticate)
        thread.start()
        waiting, _ = listener.accept()
        pass_time(1.5)
        suite.at_once(login(), "after 1.5 s the others wait for the one that looks")
        pass_time(0.6)
        second = Login()
        other = threading.Thread(target=second.authenticate)
        other.start()
        again, _ = listener.accept()
        suite.at_once(login(), "after 2.1 s another one looks, and the others wait for that")
        waiting.close()
        again.close()
        for one in (thread, other):
            one.join()
    for one in (first, second):
        suite.at_once(one.end(), "neither was asked")


def back(suite):
    """Somebody tries all the time: who is let in has begun within two seconds of the
    pool's return. How long a login takes is the machine's affair."""
    for delay in (0, 0.5, 1.7):
        suite.open()
        threading.Timer(delay, suite.up).start()
        refused = 0
        end = time.monotonic() + 30
        while not suite.world.pool_is_up and time.monotonic() < end:
            refused += login().code == AUTHINFO_UNAVAIL
        started = begun = time.monotonic()
        while login().code != SUCCESS and time.monotonic() < started + 30:
            time.sleep(0.05)
            begun = time.monotonic()
        took = begun - started
        suite.tap.ok(refused > 0 and took < 2, f"back after {delay} s: in within two seconds",
                     refused, took)
        print(f"# {took:.2f} s")


def herd(suite):
    """Of 64 at their prompts before the outage nobody does anything when it ends."""
    suite.fresh(up=True)
    typed = threading.Event()

    def thinker(number):
        def think():
            typed.wait(60)
            time.sleep(0.1 * number)
            return ALICE.password
        return think
    logins = [Login(answer=thinker(number)) for number in range(64)]
    threads = [threading.Thread(target=one.authenticate) for one in logins]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while sum(one.prompts for one in logins) < 64 and time.monotonic() < end:
        time.sleep(0.05)
    suite.tap.equal(sum(one.prompts for one in logins), 64, "64 are at their prompts")
    suite.down()
    login()
    login()
    suite.at_once(login(), "64 at their prompts: the breaker is open")
    suite.up()  # another process, which has counted nothing yet
    time.sleep(1.1)
    suite.asked(login(), "64 at their prompts: one looks, and signs in", SUCCESS)
    time.sleep(0.5)
    # The look, the warm-up that follows it, the sign-in and what ends its token, on one
    # connection (a slow machine: two). 64 who came back as well would make it 65 and 68.
    counts = suite.world.pool.counts()
    suite.tap.ok(1 <= counts["connections"] <= 2 and counts["requests"] <= 4,
                 "64 at their prompts: nobody else comes to the pool, with or without a request",
                 counts, [r["operation"] for r in suite.world.pool.requests()])
    typed.set()
    for thread in threads:
        thread.join()
    suite.tap.equal([one.end().code for one in logins], [SUCCESS] * 64,
                    "64 at their prompts: all get in, whoever looked")


def closing(suite):
    answers = [("the right password", ALICE.password, SUCCESS, None),
               ("a wrong password", WRONG, AUTH_ERR, None),
               ("an error of the server", ALICE.password, AUTHINFO_UNAVAIL, "html_500"),
               ("throttling", ALICE.password, AUTHINFO_UNAVAIL, "throttle_400")]
    for title, password, code, fault in answers:
        suite.open()
        suite.up()
        pass_time(1.1)
        if fault:
            suite.world.pool.fault(fault, {"operation": "InitiateAuth"}, retry_after=600)
        suite.asked(login(answer=password), f"{title}: one looks", code)
        suite.untouched(f"{title}: that closes it")
    suite.open()
    suite.up()
    pass_time(1.1)
    others = []

    def meanwhile():
        others.append(login())
        return ALICE.password
    suite.asked(login(answer=meanwhile), "one looks, and types", SUCCESS)
    suite.asked(others[0], "that had closed the breaker before it was asked", SUCCESS)
    suite.open()
    suite.up()
    suite.world.pool.fault("html_500", {"operation": "jwks"})
    pass_time(1.1)
    suite.asked(login(), "an answer of whatever kind is one", SUCCESS)
    suite.down()
    suite.asked(login(), "closed: an outage is the first one")
    suite.asked(login(), "closed: and the next the second")
    suite.at_once(login(), "closed: then it is open again")
    suite.fresh(up=False)
    login()
    suite.up()
    suite.asked(login(), "an answer between two outages", SUCCESS)
    suite.untouched("makes the first one forgotten")


def untold(suite):
    """Whoever looks and tells nothing cannot keep the others out for longer than 15 s."""
    suite.open()
    pass_time(1.1)
    with in_place_of_pool(8) as listener:
        thread = threading.Thread(target=login)
        thread.start()
        waiting, _ = listener.accept()
        end = time.monotonic() + 5
        while state()[2] == 0 and time.monotonic() < end:
            time.sleep(0.01)
        end_helper()
        thread.join()
        waiting.close()
    suite.untouched("the helper of the one that looks is killed: closed")
    suite.open()
    pass_time(1.1)
    with open(state_file(), "r+b") as file:
        # As one that was let through and is frozen since.
        found = list(struct.unpack(STATE, file.read()))
        found[5:] = found[5], 1234, found[5]
        file.seek(0)
        file.write(struct.pack(STATE, *found))
    pass_time(13)
    suite.at_once(login(), "it is frozen: after 14 s another one looks")
    suite.tap.ok(state()[1] != 0, "and that one tells: open as before")
    with open(state_file(), "r+b") as file:
        found = list(struct.unpack(STATE, file.read()))
        found[5:] = found[5], 1234, found[5]
        file.seek(0)
        file.write(struct.pack(STATE, *found))
    pass_time(15.1)
    suite.asked(login(), "nobody has told anything for 15 s: closed")


# ---- What never opens it ----

def kill_helper():
    """While somebody types: another one gets the answer, for nothing was sent."""
    end_helper()
    return ALICE.password


def never(suite):
    world, tap = suite.world, suite.tap
    suite.fresh(up=True)
    for _ in range(2):
        suite.asked(login(answer=WRONG), "wrong password", AUTH_ERR)
    suite.untouched("two wrong passwords are no outage")
    for fault in ("html_500", "empty_503", "throttle_400", "throttle_429", "html_403",
                  "not_json", "close", "reset", "truncate"):
        world.pool.fault(fault, {"operation": "InitiateAuth"}, count=2, retry_after=600)
        for _ in range(2):
            one = login()
            tap.ok(one.prompts == 1 and one.code != SUCCESS, f"{fault}: refused", one.code)
        suite.untouched(f"{fault}, twice: no outage")
    for _ in range(2):
        suite.asked(login(answer=kill_helper), "helper killed", SUCCESS)
    suite.untouched("killed helpers are no outage")
    for _ in range(2):
        suite.asked(login(answer=lambda: None), "given up", CONV_ERR)
    suite.untouched("people who give up are no outage")
    world.pool.fault("hang", {"operation": "InitiateAuth"}, count=2, seconds=30)
    for one in together(2):
        suite.asked(one, "slow answer")
        tap.ok(18 < one.after_enter < 20 + MARGIN, "slow answer: until the time-out",
               one.after_enter)
    suite.untouched("slow answers are no outage")


def limits(suite):
    """
    Who lowers the limits of his su only harms himself, and so does who starts
    a daemon like that; the pool is there or not.
    """
    suite.world.example("su")
    hosts = [(["su", ALICE.name, "-c", "true"], LARRY.name),
             (["pamtester", "outage", ALICE.name, "authenticate"], None)]
    for words in (["prlimit", "--nofile=14:14"], ["prlimit", "--nproc=1:1"],
                  ["prlimit", "--as=60000000:60000000"],
                  ["prlimit", "--cpu=1:1", "--data=20000000:20000000", "--stack=100000:100000"]):
        for host, user in hosts:
            suite.fresh(up=True)
            twice(suite, words, host, user)
    for words in (["nice", "-n", "19"], ["chrt", "--idle", "0"]):
        for host, user in hosts:
            suite.fresh(up=False)
            twice(suite, words, host, user)


def twice(suite, words, host, user):
    for _ in range(2):
        person = Person(*words, *host, user=user)
        if person.ask(PASSWORD):
            person.type(ALICE.password)
        person.finish()
    suite.untouched(" ".join(words) + f" {host[0]}: no outage")


def settings(suite):
    """Who waits for less than usual learns nothing about the pool."""
    for argument in ("timeout=19", "connect_timeout=2", "breaker=no"):
        suite.world.service("outage", f"auth required pam_cognito.so {argument}\n")
        suite.fresh(up=False)
        for _ in range(4):
            suite.asked(login(), f"{argument}: is asked")
        suite.untouched(f"{argument}: no outage")
    for argument in ("timeout=21", "connect_timeout=4"):
        suite.world.service("outage", f"auth required pam_cognito.so {argument}\n")
        suite.open()
        suite.at_once(login(), f"{argument}: opens as usual")
    suite.world.service("outage", "auth required pam_cognito.so\n")


def personal(suite):
    """A plain user's own host: nothing that it meets is believed, and it reads no state."""
    world = suite.world
    path = "/etc/security/personal.conf"
    write(path, f"user_pool_id = {POOL}\nclient_id = {PUBLIC}\nca_file = system\n")
    world.service("personal", f"auth required pam_cognito.so config={path}\n")
    suite.fresh(up=False)
    for _ in range(2):
        person = Person("pamtester", "personal", ALICE.name, "authenticate", user=LARRY.name)
        person.wait_for(PASSWORD)
        person.type(ALICE.password)
        person.finish()
        suite.tap.ok(world.log.wait("alice: refused: connect service=personal"),
                     "personal: cannot reach the pool", *world.log.all())
    suite.tap.ok(not os.path.exists(FOLDER), "personal: leaves no state")
    suite.asked(login(service="personal"), "personal: root's host is asked after it")
    login(service="personal")
    suite.at_once(login(service="personal"), "personal: and opens by its own outages")
    person = Person("pamtester", "personal", ALICE.name, "authenticate", user=LARRY.name)
    suite.tap.ok(person.ask(PASSWORD), "personal: is asked all the same", person.screen)
    person.type(ALICE.password)
    person.finish()


# ---- Whom it does not concern ----

def others(suite):
    world, tap = suite.world, suite.tap
    world.example("su")
    world.service("open", "auth sufficient pam_cognito.so only_group=cognito\n"
                          "auth required pam_unix.so\n")
    suite.fresh(up=False)
    for _ in range(2):
        Su(world).attempt(ALICE.name, ALICE.password)
    suite.untouched("su: what its caller could have made is no outage")
    with open("/etc/pam.d/su", encoding="utf-8") as file:
        line = next(line for line in file if "pam_cognito.so" in line and line[0] != "#")
    world.service("su", "auth required pam_cognito.so" + line.split("pam_cognito.so")[1])
    for _ in range(2):
        login(service="su")
    world.example("su")
    alice = Su(world).attempt(ALICE.name, ALICE.password)
    tap.equal((alice.asked, alice.who), (0, None), "su: alice is refused without a prompt",
              alice)
    tap.ok("Authentication service cannot retrieve authentication info" in alice.screen,
           "su: and told why", alice.screen)
    for who in (ROOT, BATCH, KEEPER, LARRY):
        visit = Su(world).attempt(who.name, who.unix_password)
        tap.equal((visit.asked, visit.who, visit.status), (1, who.name, 0),
                  f"su: {who.name} gets in as always", visit)
    tap.equal([line for line in world.log.ours() if "alice" not in line and "pool's" not in line],
              [], "su: the module says nothing of them")
    forget()
    for who in (ROOT, BATCH, KEEPER, LARRY):
        one = login(service="open", user=who.name, answer=who.unix_password)
        tap.equal((one.prompts, one.code), (1, SUCCESS), f"{who.name}: signs in")
    tap.ok(not os.path.exists(FOLDER), "and no state is even looked for")
    elsewhere(suite)


def elsewhere(suite):
    """Another service, and other arguments, may mean another pool."""
    suite.world.service("other", "auth required pam_cognito.so\n")
    suite.open()
    suite.asked(login(service="other"), "another service is asked")


# ---- The file ----

def modes(suite):
    suite.fresh(up=False)
    before = os.umask(0)
    login()
    os.umask(before)
    folder, file = os.lstat(FOLDER), os.lstat(state_file())
    suite.tap.equal((oct(folder.st_mode), folder.st_uid, folder.st_gid), ("0o40700", 0, 0),
                    "the folder is root's, 0700")
    suite.tap.equal((oct(file.st_mode), file.st_uid), ("0o100600", 0),
                    "the file is root's, 0600")
    suite.tap.equal(os.listdir(FOLDER), [os.path.basename(state_file())],
                    "and nothing else is there")
    with open(state_file(), "rb") as opened:
        data = opened.read()
    suite.tap.ok(b"alice" not in data + state_file().encode(), "it names nobody")


def put_in_place(suite, title, make, path=None):
    """What was put where the state should be is not used, not followed and not changed."""
    suite.open()
    path = path or state_file()
    kept = path + ".kept"
    os.rename(path, kept)
    make(path, kept)
    before = os.lstat(path)
    with open(glob.glob(kept)[0] if os.path.isfile(kept) else CONF, "rb") as file:
        content = file.read()
    first = login()
    suite.asked(first, f"{title}: the breaker is not in use")
    suite.tap.ok(first.took < 3, f"{title}: nobody waits for it", first.took)
    login()
    suite.asked(login(), f"{title}: nor opened")
    after = os.lstat(path)
    suite.tap.equal((after.st_ino, after.st_mode, after.st_uid, after.st_mtime_ns),
                    (before.st_ino, before.st_mode, before.st_uid, before.st_mtime_ns),
                    f"{title}: it is left alone")
    with open(glob.glob(kept)[0] if os.path.isfile(kept) else CONF, "rb") as file:
        suite.tap.equal(file.read(), content, f"{title}: and so is what it leads to")


def copy_for(uid, gid, mode):
    def make(path, kept):
        shutil.copy(kept, path)
        os.chown(path, uid, gid)
        os.chmod(path, mode)
    return make


def refused_files(suite):
    put_in_place(suite, "a link", lambda path, kept: os.symlink(kept, path))
    put_in_place(suite, "a second name", lambda path, kept: os.link(kept, path))
    put_in_place(suite, "a pipe", lambda path, kept: os.mkfifo(path, 0o600))
    put_in_place(suite, "a folder", lambda path, kept: os.mkdir(path, 0o700))
    put_in_place(suite, "somebody else's", copy_for(LARRY.uid, 0, 0o600))
    put_in_place(suite, "readable by its group", copy_for(0, 0, 0o640))
    put_in_place(suite, "writable by all", copy_for(0, 0, 0o602))

    def folder(uid, mode):
        def make(path, kept):
            shutil.copytree(kept, path)
            os.chown(path, uid, 0)
            os.chmod(path, mode)
        return make
    for title, make in (("folder: a link", lambda path, kept: os.symlink(kept, path)),
                        ("folder: somebody else's", folder(LARRY.uid, 0o700)),
                        ("folder: open to all", folder(0, 0o755))):
        put_in_place(suite, title, make, FOLDER)
        if os.path.islink(FOLDER):
            os.unlink(FOLDER)
        shutil.rmtree(FOLDER + ".kept")


def not_believed(suite):
    """What is no state, or one of before the machine was started, opens nothing."""
    now = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
    suite.open()
    with open(state_file(), "rb") as file:
        magic, _, _, handle, *_ = struct.unpack(STATE, file.read())
    later = now + 3600000
    for title, data in (
            ("empty", b""), ("short", b"\1" * 20), ("nonsense", b"\xff" * 56),
            ("another magic", struct.pack(STATE, magic ^ 1, 0, now, handle, now, now, 0, 0)),
            ("open in an hour", struct.pack(STATE, magic, 0, now, handle, later, now, 0, 0)),
            ("failed in an hour", struct.pack(STATE, magic, 0, later, handle, now, now, 0, 0)),
            ("looked in an hour", struct.pack(STATE, magic, 0, now, handle, now, later, 0, 0)),
            ("untold in an hour", struct.pack(STATE, magic, 0, now, handle, now, now, 1, later))):
        with open(state_file(), "wb") as file:
            file.write(data)
        suite.asked(login(answer=lambda: None), f"state, {title}: is asked", CONV_ERR)


def locked(suite):
    """A su that its person has stopped while it held the lock stops nobody else."""
    suite.open()
    with open(state_file(), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        one = login(answer=lambda: None)
        suite.asked(one, "locked: takes its usual way", CONV_ERR)
        suite.tap.ok(one.took < 2, "locked: and soon", one.took)
    suite.at_once(login(), "unlocked: open as before")


# ---- Deadlines ----

def deadlines(suite):
    """timeout= of the service's own section."""
    world = suite.world
    for service in ("sudo", "su", "outage"):
        world.service(service, "auth required pam_cognito.so\n")
    suite.fresh(up=True)
    world.configure(timeout=2)
    with open(CONF, "a", encoding="utf-8") as file:
        file.write("[sudo]\ntimeout = 1\n")
    world.pool.fault("hang", {"operation": "InitiateAuth"}, count=0, seconds=20)
    for service, seconds in (("sudo", 1), ("su", 2)):
        one = login(service=service)
        suite.asked(one, f"{service}: no answer in time")
        suite.tap.ok(seconds * 0.9 < one.after_enter < seconds + MARGIN,
                     f"{service}: timeout = {seconds}", one.after_enter)
        suite.tap.ok(world.log.wait(f"alice: refused: timeout service={service}"),
                     f"{service}: the log says so", *world.log.ours())
    world.pool.clear_rules()
    world.configure()


def run(world, tap):
    suite = Suite(world, tap)
    world.service("outage", "auth required pam_cognito.so\n")
    for part in (modes, kinds, two_within_ten_seconds, different_handles, looking,
                 back, herd, closing, untold, never, limits, settings, personal, others,
                 refused_files, not_believed, locked, deadlines):
        try:
            part(suite)
        except Exception:
            tap.error(part.__name__ + " runs to its end")
    suite.up()
