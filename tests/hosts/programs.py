# Other people's services in a world of their own: installed there from what
# scripts/install-deps --hosts fetched, set up by the recipe in docs/hosts.md,
# started as children. And whoever listens on the helper's socket.
# SPDX-License-Identifier: MIT
import concurrent.futures
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import textwrap
import time

from people import ALICE, DAVE, WRONG
from suites.faults import find_helper_program
from suites.hostile import find_helper, status_of
from world import SOURCE, WorldError, command, write

PATH = "/run/pam_cognito.sock"
FETCHED = "/var/cache/pam_cognito-tests"
CERTIFICATE = "/etc/ssl/certs/ssl-cert-snakeoil.pem"
PAGE = os.path.join(SOURCE, "docs", "hosts.md")
PATIENCE = 30  # seconds in which a service has to come up, or an answer to come
LOGINS, AT_ONCE = 60, 20
# Of the pool only: what tests/pool/seed.json says of them.
OLIVIA, GRACE = ("olivia", "Olivia-Groups-4"), ("grace", "Grace-Hopper-6")
ERIN = ("erin", "Temporary-Pw-1")
PLAIN = {"PATH": os.environ["PATH"], "HOME": "/root", "LC_ALL": "C.UTF-8"}


# ---- Whoever listens ----

class Listener:
    """What pam_cognito.socket is: one helper for each connection, with the unit's limits."""

    def __init__(self, program=None):
        self.process = subprocess.Popen(
            ["prlimit", "--cpu=60", "--nofile=256", "--core=0", "systemd-socket-activate", "--seqpacket", "--accept", "-l", PATH,
             "env", "-i", program or find_helper_program()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(PATH), "the socket is there")
        os.chmod(PATH, 0o666)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        if os.path.exists(PATH):
            os.unlink(PATH)


def wait(true, what, seconds=PATIENCE):
    """Until true() is; what is told when it never comes."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > end:
            raise WorldError(f"after {seconds} s not yet: {what}")
        time.sleep(0.05)


# ---- Packages ----

def install(world, *names):
    """
    Installs the folders of these names (scripts/install-deps, $services) where only
    this world sees it. No service is started: there is no systemd in it, and the
    policy forbids it.
    """
    packages = []
    for name in names:
        if not os.path.exists(os.path.join(FETCHED, name, "packages")):
            raise WorldError(f"{name} was not fetched: scripts/install-deps --hosts")
        packages += glob.glob(os.path.join(FETCHED, name, "*.deb"))
    world.stage.cover("/usr")
    write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    write("/etc/dpkg/dpkg.cfg.d/tests", "force-unsafe-io\nforce-confold\n"
          "path-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n")
    # An index of all manual pages takes longer than the rest.
    if os.path.exists("/var/lib/man-db/auto-update"):
        os.unlink("/var/lib/man-db/auto-update")
    # Where images leave it out. On others ssl-cert makes it, or it is there.
    if shutil.which("make-ssl-cert") and not os.path.exists(CERTIFICATE):
        command("make-ssl-cert", "generate-default-snakeoil")
    if packages:
        words = ["dpkg", "--install", *packages]
        environment = {**PLAIN, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            command(*words, env=environment)
        except WorldError:
            # One pre-depends on another; that is there now.
            command(*words, env=environment)


# ---- The page ----

class Recipe:
    """
    A section of docs/hosts.md. Files stand there as a line that begins with the
    file's name and ends with a colon, and an indented block:
        `/etc/pam.d/web`:                   the whole file
        `/etc/web.conf`, at the end:        added to it; also "in front"
        `/etc/web.conf`, in [section]:      for some only, by extend()
    Commands stand below "As root:". All of it may be part of a list.
    """
    FILE = re.compile(r"^ *`(/[^`]+)`(?:, (at the end|in front|in \[.+\]))?:\n\n"
                      r"((?:    .*\n|\n(?=    ))+)", re.MULTILINE)
    COMMANDS = re.compile(r"^As root:\n\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)

    def __init__(self, title):
        with open(PAGE, encoding="utf-8") as file:
            found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", file.read(),
                              re.MULTILINE | re.DOTALL)
        if not found:
            raise WorldError(f"docs/hosts.md: no section {title}")
        self.files = [(path, how or "whole", plain(block))
                      for path, how, block in self.FILE.findall(found.group(1))]
        self.commands = [line for block in self.COMMANDS.findall(found.group(1))
                         for line in plain(block).splitlines() if line]

    def apply(self, only=None):
        """Writes the files; only: those whose names hold this."""
        for path, how, text in self.files:
            if only and only not in path or how.startswith("in ["):
                continue
            old = ""
            if how != "whole":
                with open(path, encoding="utf-8") as file:
                    old = file.read()
            put(path, text + old if how == "in front" else old + text)

    def extend(self, word):
        """Writes what the page has for a section and holds this word."""
        for path, how, text in self.files:
            if how.startswith("in [") and word in text:
                section = how.removeprefix("in ") + "\n"
                with open(path, encoding="utf-8") as file:
                    old = file.read()
                assert section in old, f"{path}: no {section}"
                put(path, old.replace(section, section + text))
                return
        raise WorldError(f"docs/hosts.md: nothing about {word}")


def plain(block):
    """Without what the block is indented by."""
    return textwrap.dedent(block)


def put(path, text):
    """Writes a file; one that was there keeps its owner and mode."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    old = os.stat(path) if os.path.exists(path) else None
    write(path, text)
    if old:
        os.chown(path, old.st_uid, old.st_gid)
        os.chmod(path, old.st_mode & 0o7777)


# ---- Services ----

class Service:
    """A program that runs until stop(); what it says is in output()."""

    def __init__(self, world, *words, ready, env=None, before=None):
        """ready(): is it up? before(): run in the child, as a unit's settings are."""
        self.path = os.path.join(world.folder, os.path.basename(words[0]) + ".out")
        with open(self.path, "ab") as file:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file,
                                            stderr=subprocess.STDOUT, env={**PLAIN, **(env or {})},
                                            preexec_fn=before, start_new_session=True)
        try:
            wait(lambda: self.process.poll() is not None or ready(), f"{words[0]} is up")
            if self.process.poll() is not None:
                raise WorldError(f"{words[0]} ended with {self.process.returncode}")
        except WorldError as error:
            self.stop()
            raise WorldError(f"{error}\n{self.output()}") from None

    def output(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, number=signal.SIGTERM):
        """It and what it started."""
        whole = processes(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                pass
        for pid in whole:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def is_open(port, address="127.0.0.1"):
    """For ready=: does somebody listen on this port?"""
    def ask():
        try:
            socket.create_connection((address, port), 1).close()
            return True
        except OSError:
            return False
    return ask


def is_bound(port):
    """For ready=: does somebody have this UDP port?"""
    def ask():
        with open("/proc/net/udp", encoding="ascii") as file:
            return f":{port:04X} 00000000:0000" in file.read()
    return ask


def says(*words, user=None, **options):
    """(status, all that it said) of a program that asks nothing."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=2 * PATIENCE, check=False, user=user,
                          env={**PLAIN, **options.pop("env", {})}, **options)
    return done.returncode, done.stdout.strip()


# ---- People at its door ----

class Door:
    """login(name, password) says whether the service let somebody in."""

    def __init__(self, world, tap, login):
        self.world, self.tap, self.login = world, tap, login

    def enters(self, title, name, password):
        self.world.forget()
        self.tap.equal(self.login(name, password), True, f"{title}: in", *self.world.log.all())

    def stays_out(self, title, name, password, line):
        self.world.forget()
        self.tap.equal(self.login(name, password), False, f"{title}: refused")
        self.tap.ok(self.world.log.wait(line), f"{title}: the log says why",
                    *self.world.log.all())

    def approved(self, service, name):
        """The doctor has nothing against it, either."""
        status, text = says("pam-cognito", "check", "--service", service, name)
        self.tap.ok(status == 0 and "No problems" in text,
                    f"pam-cognito check --service {service} {name}", text)

    def append(self):
        """What somebody with a second factor types at the only question."""
        return f"{GRACE[1]},{self.world.pool.totp(GRACE[0])}"

    def usual(self):
        """What all recipes promise whose host asks one question."""
        self.enters("right", ALICE.name, ALICE.password)
        self.stays_out("wrong", ALICE.name, WRONG, "alice: refused: wrong_password")
        self.stays_out("disabled", DAVE.name, DAVE.password, "dave: refused: disabled")
        self.enters("the code behind the password", GRACE[0], self.append())
        self.stays_out("the code left out", *GRACE, "grace: refused: no_dialogue")
        self.stays_out("a temporary password", *ERIN, "erin: refused: no_dialogue")

    def many(self, service):
        """60 logins, 20 at a time, and nothing is left."""
        many(self.tap, "many", service, lambda: self.login(ALICE.name, ALICE.password), True)

    def pool_down(self, service):
        """The last thing to do."""
        self.world.stop_pool()
        self.stays_out("the pool is down", ALICE.name, ALICE.password, "alice: refused: connect")
        leaves_nothing(self.tap, "the pool is down", service)


# ---- What is left behind ----

def processes(root):
    """The process, all below it, and what left it and is still of its session."""
    children = {}
    found = [root]
    for path in glob.glob("/proc/[0-9]*/status"):
        pid = int(path.split("/")[2])
        try:
            children.setdefault(int(status_of(pid)["PPid"]), []).append(pid)
            if pid != root and os.getsid(pid) == root:
                found.append(pid)
        except (OSError, KeyError):
            continue
    for pid in found:
        found += [child for child in children.get(pid, []) if child not in found]
    return found


def our_sockets():
    """The numbers of all AF_UNIX sockets of the kind that only we use."""
    with open("/proc/net/unix", encoding="utf-8") as file:
        rows = [line.split() for line in file][1:]
    return {row[6] for row in rows if row[4] == "0005"}


def remains(root):
    """What this service still has of ours: processes, descriptors, threads."""
    found = []
    sockets = our_sockets()
    for pid in processes(root):
        try:
            if status_of(pid)["State"].startswith("Z"):
                found.append(f"{pid} {status_of(pid)['Name']}: a zombie")
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
                    name = file.read().strip()
                if re.search("cognito", name):
                    found.append(f"{pid}: {name} runs")
            for number in os.listdir(f"/proc/{pid}/fd"):
                leads = os.readlink(f"/proc/{pid}/fd/{number}")
                if "cognito" in leads or leads.strip("socket:[]") in sockets:
                    found.append(f"{pid}: descriptor {number}, {leads}")
        except (OSError, KeyError):
            continue  # it ended meanwhile
    return found


def leaves_nothing(tap, title, service, seconds=PATIENCE):
    """The service has nothing of ours any more, and no helper is left."""
    end = time.monotonic() + seconds
    found = remains(service.process.pid)
    while found and time.monotonic() < end:
        time.sleep(0.2)
        found = remains(service.process.pid)
    tap.none(found, f"{title}: no zombie, no descriptor, no thread of ours is left")
    while find_helper(0.1) and time.monotonic() < end:
        pass
    tap.equal(find_helper(0.1), None, f"{title}: no helper is left")


def count_descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def many(tap, title, service, login, wanted):
    """60 logins, 20 at a time; login() returns wanted when one went well."""
    seen = False
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(login) for _ in range(LOGINS)]
        while not all(job.done() for job in jobs):
            seen = seen or bool(remains(service.process.pid))
            time.sleep(0.05)
    came = [job.result() for job in jobs]
    others = [one for one in came if one != wanted]
    tap.equal((len(came), others[:3]), (LOGINS, []),
              f"{title}: {LOGINS} logins, {AT_ONCE} at a time")
    tap.ok(seen, f"{title}: what they need is seen meanwhile")
    leaves_nothing(tap, title, service)
