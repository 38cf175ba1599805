# What starts hosts for the attacks: a person who spoils the process before su
# or sudo runs in it, pamrun with the installed module, and what can be seen of
# the helpers meanwhile.
# SPDX-License-Identifier: MIT
import glob
import json
import os
import re
import resource
import subprocess
import sys
import time
import traceback

from person import Person, become
from suites.hostile import left_open, open_files, status_of
from world import HERE, command, write

PAMRUN = os.path.join(os.path.dirname(HERE), "lib", "pamrun.c")
SECONDS = 20
FAR = 9e9  # seconds since 1970


class Launched(Person):
    """A person whose process is spoilt, as that user, before the program starts."""

    def __init__(self, spoil, *words, **more):
        self.spoil = spoil
        super().__init__(*words, **more)

    def be_child(self, words, user, environment):
        try:
            become(user)
            sys.stdout.flush()
            self.spoil()
            os.execvpe(words[0], words, environment)
        except BaseException as error:  # nothing may return from the copy
            os.write(2, f"{words[0]}: {error}\n".encode())
        os._exit(126)


def never_lock_out(world, name):
    """Wrong passwords do not lock that user out; a right one ends this."""
    world.forget()
    world.pool.user(name, failures={"password": {"count": -10000, "locked_until": 0,
                                                 "last": FAR}})


def in_a_copy(do):
    """What do() returns (JSON) in a fork of this process, or how it failed."""
    read, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            said = json.dumps(do())
        except BaseException:
            said = json.dumps(traceback.format_exc())
        with os.fdopen(write_end, "w") as report:
            report.write(said)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read) as report:
        said = report.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return json.loads(said) if said else f"ended with {status}"


# ---- pamrun, the host of tests/module, with the module that is installed ----

def make_host(world):
    """Builds it; the program's path."""
    folder = world.stage.new("host")
    write(os.path.join(folder, "config.h"), "#define _GNU_SOURCE 1\n")
    program = os.path.join(folder, "host")
    command("cc", "-O1", "-I", folder, "-Wl,--export-dynamic", "-o", program, PAMRUN, "-lpam",
            "-lpthread")
    return program


class Report(dict):
    """What pamrun printed: {what: [text, ...]}."""

    def pair(self, what):
        (text,) = self[what]
        return tuple(int(word) for word in text.split())


def start_host(program, service, user, *options, operations=("authenticate",)):
    """It waits for its answers, one a line."""
    return subprocess.Popen(
        [program, "--confdir", "/etc/pam.d", "--service", service, "--user", user, *options,
         "--", *operations], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace")


def end_host(process, answers=""):
    text, _ = process.communicate(answers, timeout=300)
    report = Report(status=[str(process.returncode)])
    for line in text.splitlines():
        what, _, rest = line.partition(" ")
        report.setdefault(what, []).append(rest)
    return report


def run_host(program, service, user, answer, *options, **more):
    return end_host(start_host(program, service, user, "--answer", answer, *options, **more))


# ---- Helpers ----

def helpers(dead=False):
    """The pids of all that live; with dead, also of those nobody has waited for."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pid, name, state = re.match(r"(\d+) \((.*)\) (\S)", file.read()).groups()
        except OSError:  # gone meanwhile
            continue
        if name == "pam_cognito_helper"[:15] and (dead or state not in "ZX"):
            found.add(int(pid))
    return found


def wait_until(condition, seconds=SECONDS):
    """Its first true value, or what it says at the end."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)


def new_helper(known):
    """The one helper that is not among the known, once it has confined itself."""
    def confined():
        # Name and all at once: its warden has the same one at first.
        facts = {pid: status_of(pid) for pid in helpers() - known}
        return [pid for pid, fact in facts.items()
                if fact["Name"] == "pam_cognito_hel" and fact["Seccomp"] == "2"]

    found = wait_until(confined)
    return found[0] if len(found) == 1 else None


def none_left(seconds=SECONDS):
    """Has every helper ended, and been waited for? Tidying may take a while."""
    return wait_until(lambda: not helpers(dead=True), seconds)


def environment_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read()


def limits_of(pid):
    """{name: "soft hard"}"""
    found = {}
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        for line in list(file)[1:]:
            name, soft, hard = re.match(r"(.*?)\s{2,}(\S+)\s+(\S+)", line).groups()
            found[name] = f"{soft} {hard}"
    return found


def session_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[3])


def unblocked(pid):
    """Its status, if it blocks no signal at this moment."""
    status = status_of(pid)
    return status if int(status["SigBlk"], 16) == 0 else None


def state_of(pid):
    """What a launcher could have left in the helper, as a dictionary."""
    # libc blocks all signals while it starts the resolver's thread.
    status = wait_until(lambda: unblocked(pid), 5) or status_of(pid)
    above = int(status["PPid"])
    warden = above if status_of(above)["Name"] == "cognito_warden" else pid
    files = open_files(pid)
    return {
        **{name: status[name] for name in ("SigBlk", "SigIgn", "SigPnd", "ShdPnd", "Umask")},
        "environment": environment_of(pid),
        "folder": os.readlink(f"/proc/{pid}/cwd"),
        "its own session": session_of(pid) == pid,
        "its warden's own session": session_of(warden) == warden,
        "0 to 2": [files.get(number) for number in range(3)],
        "3": files.get(3, "")[:7],
        "others": left_open(pid),
        **{name: value for name, value in limits_of(pid).items() if name in LIMITS}}


# Of the process that waits at the prompt, confined. None: unlimited.
LIMITS = {"Max cpu time": (resource.RLIMIT_CPU, 30), "Max file size": (resource.RLIMIT_FSIZE, 0),
          "Max core file size": (resource.RLIMIT_CORE, 0),
          "Max open files": (resource.RLIMIT_NOFILE, 64),
          "Max address space": (resource.RLIMIT_AS, 512 * 1024 * 1024),
          "Max data size": (resource.RLIMIT_DATA, None),
          "Max stack size": (resource.RLIMIT_STACK, 8 * 1024 * 1024),
          "Max processes": (resource.RLIMIT_NPROC, None),
          "Max locked memory": (resource.RLIMIT_MEMLOCK, 8 * 1024 * 1024)}
PIPE = "0000000000001000"  # SIGPIPE, which the helper itself ignores, for libcurl
CLEAN = {"SigBlk": "0" * 16, "SigIgn": PIPE, "SigPnd": "0" * 16, "ShdPnd": "0" * 16,
         "Umask": "0077", "environment": b"", "folder": "/", "its own session": True,
         "its warden's own session": True, "0 to 2": ["/dev/null"] * 3, "3": "socket:", "others": []}


def root_may_raise():
    """Limits, that is: has this machine's root CAP_SYS_RESOURCE?"""
    return bool(int(status_of("self")["CapEff"], 16) & 1 << 24)


def clean(lowered):
    """The state that there should be; lowered: limits taken from the host for good."""
    limits = {}
    for name, (number, value) in LIMITS.items():
        bounds = [value]
        if not root_may_raise():
            bounds += [lowered.get(name), resource.getrlimit(number)[1]]
        bounds = [b for b in bounds if b not in (None, resource.RLIM_INFINITY)]
        limits[name] = "{0} {0}".format(min(bounds, default="unlimited"))
    return {**CLEAN, **limits}
