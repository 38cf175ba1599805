# What the module's tests share: running pamrun and reading its report, the local
# accounts, configuration and service files, the local pool, and a runner. Standard
# library only.
# SPDX-License-Identifier: MIT
import ctypes
import glob
import itertools
import os
import re
import signal
import subprocess
import sys
import time
import unittest

FOLDER = os.environ["TEST_FOLDER"]
BUILD = os.path.join(FOLDER, "build")
TMP = os.path.join(FOLDER, "tmp")
MODULE = os.path.join(BUILD, "pam_cognito.so")
HELPER = os.path.join(BUILD, "pam_cognito_helper")
FAKE = os.path.join(BUILD, "fake_helper")
SET_ITEM = os.path.join(BUILD, "set_item.so")
AS_GLIBC = os.path.join(BUILD, "as_glibc.so")
PAMRUN = os.path.join(BUILD, "pamrun")

sys.path.insert(0, os.path.join(FOLDER, "tests", "pool"))
import localpool  # noqa: E402
import tap  # noqa: E402

# A build with AddressSanitizer is slow, keeps freed memory, catches signals.
with open(PAMRUN, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()

ERR, WARNING, NOTICE, DEBUG = 3, 4, 5, 7  # syslog's priorities

# name: uid. Everybody is in a group of the same number unless said below.
ACCOUNTS = {
    "root": 0, "toor": 0, "daemon": 1, "service": 999, "first": 1000,
    "alice": 2001, "bob": 2002, "carol": 2003, "dave": 2004, "erin": 2005, "frank": 2006,
    "grace": 2007, "heidi": 2008, "ivan": 2009, "judy": 2010, "niaj": 2011, "olivia": 2012,
    "peggy": 2013, "trent": 2014, "zoe": 2015, "sybil": 2016, "wendy": 2017, "xavier": 2018,
    "alice2": 2019, "mallory": 2020, "rupert": 2021, "stranger": 2022, "admin": 2023,
    "below": 61183, "dynamic0": 61184, "dynamic": 61500, "dynamic9": 65519, "above": 65520,
    "nobody": 65534, "minus": 4294967294,
    "Alice": 2101, "-dash": 2102, "..": 2103, ".": 2104, "per/son": 2105, "a b": 2106,
    "dollar$": 2107, "n" * 32: 2108, "n" * 33: 2109, "7up": 2110, "a.b-c_d9": 2111,
    "\u00fcnic\u00f6de": 2112, "b" * 128: 2113, "b" * 129: 2114,
}
# only_group=primary is met through the account's own group.
GROUPS = {"staff": ["alice", "bob"], "friends": ["carol"], "primary": []}
PRIMARY = 3001


def become_reaper():
    """Helpers whose host has gone become children of this process."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def write_accounts():
    passwd = os.path.join(TMP, "passwd")
    with open(passwd, "w", encoding="utf-8") as file:
        for name, uid in ACCOUNTS.items():
            gid = PRIMARY if name == "bob" else uid
            file.write(f"{name}:x:{uid}:{gid}::/nonexistent:/bin/sh\n")
    group = os.path.join(TMP, "group")
    with open(group, "w", encoding="utf-8") as file:
        for number, (name, members) in enumerate(GROUPS.items()):
            gid = PRIMARY if name == "primary" else 4001 + number
            file.write(f"{name}:x:{gid}:{','.join(members)}\n")
    return {"LD_PRELOAD": f"{AS_GLIBC} libnss_wrapper.so", "NSS_WRAPPER_PASSWD": passwd,
            "NSS_WRAPPER_GROUP": group}


# ---- Files ----

numbers = itertools.count(1)


def fresh(name):
    """A path that nobody has used yet."""
    return os.path.join(TMP, f"{next(numbers)}-{name}")


def fresh_folder(name, mode=0o755):
    path = fresh(name)
    os.mkdir(path)
    os.chmod(path, mode)
    return path


def write(path, content, mode=0o600):
    data = content if isinstance(content, bytes) else content.encode()
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def write_config(settings, mode=0o600, path=None):
    """A configuration file; settings is a dict or the text itself."""
    if isinstance(settings, dict):
        settings = "".join(f"{key} = {value}\n" for key, value in settings.items()
                           if value is not None)
    return write(path or fresh("pam_cognito.conf"), settings, mode)


def quoted(argument):
    """An argument as a service file spells it."""
    if re.search(r"[\s\[\]]", argument):
        return "[" + argument.replace("]", "\\]") + "]"
    return argument


def line(phase, arguments, module=MODULE, control="required"):
    return " ".join([phase, control, module, *map(quoted, arguments)]) + "\n"


def write_service(arguments, service="test", control="required", before="", after=""):
    """A folder with a service file that has the module in all four phases."""
    folder = fresh_folder("pam.d")
    text = before
    text += line("auth", arguments, control=control)
    text += after
    for phase in ("account", "session", "password"):
        text += line(phase, arguments, control=control)
    write(os.path.join(folder, service), text, 0o644)
    write(os.path.join(folder, "other"), "".join(
        f"{phase} required pam_deny.so\n" for phase in ("auth", "account", "session",
                                                         "password")), 0o644)
    return folder


# ---- Processes ----

def stat_of(pid):
    """(name, state, parent, session) of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    name, _, rest = text[text.index("(") + 1:].rpartition(")")
    fields = rest.split()
    return name, fields[0], int(fields[1]), int(fields[3])


def helpers():
    """Processes that the module started and that have lost their parent."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        pid = int(path[6:])
        facts = stat_of(pid)
        if facts and facts[2] == os.getpid() and facts[0] in (
                "pam_cognito_hel", "fake_helper", "fake_helper-ear"):
            found.append(pid)
    return found


def reap(pid):
    """How a helper ended (as from waitpid), or None while it lives."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return status if done else None


def wait_for_helpers(seconds=7.0):
    """Waits until no helper is left; the status of each. Left ones: an error."""
    statuses = []
    end = time.monotonic() + seconds
    while True:
        alive = []
        for pid in helpers():
            # Nobody ends one that a plain user's host left stopped.
            if (stat_of(pid) or " ")[1] == "T":
                os.kill(pid, signal.SIGKILL)
            status = reap(pid)
            if status is None:
                alive.append(pid)
            else:
                statuses.append(status)
        if not alive:
            return statuses
        if time.monotonic() > end:
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            raise AssertionError(f"{len(alive)} helpers were left behind")
        time.sleep(0.005)


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


def unescape(text):
    return re.sub(r"\\x(..)", lambda found: chr(int(found[1], 16)), text)


SPECIAL = re.compile(r"!(error|null|user [^ ]+ .*)$", re.DOTALL)


def escape(answer):
    """An answer as pamrun reads it; !error, !null and !user NAME ANSWER stay what they are."""
    text = "".join(
        f"\\x{byte:02x}" if byte < 32 or byte > 126 or byte == 92 else chr(byte)
        for byte in answer.encode("utf-8", "surrogateescape"))
    if text.startswith("!") and not SPECIAL.match(answer):
        return "\\x21" + text[1:]
    return text


class Host:
    """A running pamrun and what it has reported so far."""

    def __init__(self, operations, confdir, user="alice", service="test", options=(),
                 environment=None, cwd=None, wrapper=()):
        command = [*wrapper, PAMRUN, "--confdir", confdir, "--service", service]
        if user is not None:
            command += ["--user", escape(user)]
        command += [*options, "--", *operations]
        variables = {**os.environ, **write_accounts(), **sanitizer(),
                     **(environment or {})}
        self.errors_file = fresh("stderr")
        self.started = time.monotonic()
        with open(self.errors_file, "wb") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=variables, cwd=cwd, encoding="utf-8", errors="replace", bufsize=1)
        self.events = []
        self.times = []

    def read(self):
        text = self.process.stdout.readline()
        if not text:
            return None
        kind, _, rest = text.rstrip("\n").partition(" ")
        event = (kind, unescape(rest))
        self.events.append(event)
        self.times.append(time.monotonic())
        return event

    def until(self, kind):
        """Reads up to the next event of that kind."""
        while True:
            event = self.read()
            if event is None:
                raise AssertionError(f"no {kind}: {self.describe()}")
            if event[0] == kind:
                return event[1]

    def say(self, answer):
        self.process.stdin.write(escape(answer) + "\n")
        self.process.stdin.flush()

    def finish(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        while self.read() is not None:
            pass
        self.process.stdout.close()
        self.status = self.process.wait()
        with open(self.errors_file, encoding="utf-8", errors="replace") as file:
            self.errors = file.read()
        self.helpers = wait_for_helpers()
        if self.status != 0 or "ERROR: AddressSanitizer" in self.errors \
                or "runtime error" in self.errors:
            raise AssertionError(f"pamrun: status {self.status}: {self.describe()}")
        return self

    def abandon(self):
        """After a failure: nothing of it may disturb the tests that follow."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            wait_for_helpers(seconds=25)

    def describe(self):
        with open(self.errors_file, encoding="utf-8", errors="replace") as file:
            errors = file.read()
        return f"{self.events} {errors}"

    # What was reported.

    def all(self, kind):
        return [text for name, text in self.events if name == kind]

    @property
    def returns(self):
        """[(operation, "PAM_...")]"""
        return [(text.split()[0], text.split()[2]) for text in self.all("return")]

    @property
    def code(self):
        """Of the only operation."""
        (_, code), = self.returns
        return code

    @property
    def prompts(self):
        """[("off", "Password: ")]"""
        return [tuple(text.split(" ", 1)) for text in self.all("prompt")]

    @property
    def logs(self):
        """[(priority, text)]"""
        return [(int(text.split()[0]), text.partition(" ")[2]) for text in self.all("log")]

    @property
    def shown(self):
        """What the person reads besides prompts."""
        return [text for kind, text in self.events if kind in ("info", "error")]

    @property
    def verdict(self):
        """The one log line of an attempt: (priority, text)."""
        found = [(p, t) for p, t in self.logs if re.search(r": (accepted|refused): ", t)]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} verdicts: {self.logs}")
        return found[0]

    @property
    def reason(self):
        return re.search(r": (?:accepted|refused): (\w+)", self.verdict[1])[1]

    @property
    def delayed(self):
        """Was the delay of a refusal asked for? libpam varies it by half."""
        found = [int(text) for text in self.all("delay")]
        return len(found) == 1 and 1000000 <= found[0] <= 3000000

    def pair(self, kind):
        (text,) = self.all(kind)
        return tuple(int(word) for word in text.split())

    def since(self, kind, index=0):
        """Seconds from an event of that kind to the first return after it."""
        at = [i for i, (name, _) in enumerate(self.events) if name == kind][index]
        end = next(i for i in range(at, len(self.events)) if self.events[i][0] == "return")
        return self.times[end] - self.times[at]


def sanitizer():
    """Options for a build with sanitizers; others do not look at them."""
    return {"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
            "NSS_WRAPPER_DISABLE_DEEPBIND": "1"}


def run(*operations, arguments=(), answers=(), user="alice", service="test", options=(),
        before="", after="", control="required", confdir=None, environment=None, cwd=None,
        wrapper=()):
    """Runs the operations through the module with these arguments, to the end."""
    confdir = confdir or write_service(arguments, service, control, before, after)
    host = Host(operations or ["authenticate"], confdir, user, service, options, environment, cwd,
                wrapper)
    try:
        for answer in answers:
            host.say(answer)
    except BrokenPipeError:
        pass
    return host.finish()


# ---- The pool ----

def find_client(info, client_id):
    for pool in info["pools"]:
        for client in pool["clients"]:
            if client["id"] == client_id:
                return pool["id"], client["secret"]
    raise KeyError(client_id)


CLIENT = "localclient0000000000000001"


class PoolCase(unittest.TestCase):
    """Tests against the local pool; it is as its seed says before each."""
    pool = None

    @classmethod
    def setUpClass(cls):
        if PoolCase.pool is None:
            PoolCase.pool = localpool.start()

    def setUp(self):
        self.pool.reset()

    def settings(self, client=CLIENT, **changes):
        """What a configuration file for that client says; None removes a key."""
        pool_id, secret = find_client(self.pool.info, client)
        found = {"user_pool_id": pool_id, "client_id": client, "client_secret": secret,
                 "endpoint": self.pool.endpoint, "ca_file": self.pool.ca_file, **changes}
        return {key: value for key, value in found.items() if value is not None}

    def sign_in(self, password="Correct-Horse-9", user="alice", client=CLIENT, settings=None,
                extra=(), operations=("authenticate",), answers=None, **more):
        """One sign-in with a configuration file made for it."""
        config = write_config(self.settings(client, **(settings or {})))
        arguments = [f"config={config}", f"helper={HELPER}", *extra]
        return run(*operations, arguments=arguments, user=user,
                   answers=[password] if answers is None else answers, **more)

    def requests(self, operation="InitiateAuth"):
        return self.pool.requests(operation)

    def tries(self):
        return len(self.requests())

    def check(self, host, code, reason=None, tries=None, shown=None):
        """The usual questions about a sign-in."""
        self.assertEqual(host.code, code, host.events)
        if reason is not None:
            self.assertEqual(host.reason, reason, host.logs)
        if tries is not None:
            self.assertEqual(self.tries(), tries)
        if shown is not None:
            self.assertEqual(host.shown, shown)


# ---- The runner ----

def cases(cls):
    """Turns each cases_NAME(self) list of a class into tests of its own.

    The list is an attribute NAME_rows = {label: arguments}; check_NAME(self, *arguments) is
    called for each.
    """
    for attribute in list(vars(cls)):
        if not attribute.endswith("_rows"):
            continue
        name = attribute[:-5]
        for label, arguments in vars(cls)[attribute].items():
            setattr(cls, f"test_{name}_{label}", make_test(name, arguments))
    return cls


def make_test(name, arguments):
    def test(self):
        getattr(self, "check_" + name)(*arguments)
    return test


def main():
    """Runs the tests of the calling file, all of them or those that match $TEST."""
    become_reaper()
    os.makedirs(TMP, exist_ok=True)
    loaded = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    try:
        status = tap.run(loaded, os.environ.get("TEST", ""))
    finally:
        if PoolCase.pool is not None:
            PoolCase.pool.stop()
    sys.exit(status)
