# S8: authentications, good, bad and failed, change nothing in the host:
# signals, timers, environment, locale, umask, folder, descriptors, limits,
# threads, memory. A helper that dies early does not end it by SIGPIPE either.
# SPDX-License-Identifier: MIT
import ctypes
import os
import resource
import signal

from attack.launcher import helpers, in_a_copy, make_host, never_lock_out, none_left, run_host
from people import ALICE, GHOST, LARRY, ROOT, WRONG
from suites.hostile import end_helper, status_of
from suites.outage import AUTH_ERR, AUTHINFO_UNAVAIL, CONV_ERR, SUCCESS, Login, pam
from world import write

BREAKAGES = [
    # Linux raises none for a SOCK_SEQPACKET; MSG_NOSIGNAL does not rely on it.
    ("writing to a dead helper raises SIGPIPE",
     ("helper_start SOCK_SEQPACKET", "SOCK_STREAM"),
     ("peer_of SOCK_SEQPACKET", "SOCK_STREAM"), ("wire_send MSG_NOSIGNAL", "0")),
    ("SIGPIPE is ignored",
     ("call_open (memset)", "...; (void) signal(SIGPIPE, SIG_IGN)", "#include <signal.h>")),
    ("the alarm is turned off", ("call_open (memset)", "...; (void) alarm(0)")),
    ("the umask is set",
     ("call_open (memset)", "...; (void) umask(077)", "#include <sys/stat.h>")),
    ("the locale is set",
     ("call_open (memset)", '...; (void) setlocale(LC_ALL, "")', "#include <locale.h>")),
    ("the environment is cleaned", ("call_open (memset)", '...; (void) unsetenv("https_proxy")')),
    ("the folder is left", ("call_open (memset)", '...; if (chdir("/") < 0) return PAM_BUF_ERR')),
    ("core files are forbidden",
     ("call_open (memset)",
      "...; (void) setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0})",
      "#include <sys/resource.h>")),
    ("signals stay blocked", ("clone_twice (NULL)", "")),
    ("descriptors stay open", ("helper_leave (close)", "")),
    ("the page of each start stays", ("helper_leave (munmap)", "")),
    ("memory stays", ("connection_close (wire_free)", "")),
]
PLAIN = "auth required pam_cognito.so\n"
USER_UNKNOWN, AUTHTOK_ERR = 10, 20
NEW = "Another-Horse-7"
HOUR = 3600
GROWTH = 200  # KiB; a page lost in each round is more
# What is typed, what comes of it, how often, of which a tenth does not count.
ROUNDS = [(ALICE.password, "PAM_SUCCESS", 60), (WRONG, "PAM_AUTH_ERR", 60)]
# What the kernel counts for itself.
RESTLESS = ("Vm", "Rss", "Huge", "FDSize", "SigQ", "voluntary_", "nonvoluntary_")
# It runs before the module's second pass, when the helper awaits its GO.
KILLER = "/usr/local/sbin/kill-helpers"
PASSWD = f"password optional pam_exec.so {KILLER}\npassword required pam_cognito.so\n"
# One of the two that make a helper, the worker and its warden, and goes on when
# nobody has the socket's other end any more.
VICTIM, KILLED = "/run/victim", "/run/killed"
SCRIPT = f"""#!/bin/sh
read -r victim <{VICTIM}
for process in /proc/[0-9]*; do
    read -r name <"$process/comm" || continue
    case $name in pam_cognito_hel | cognito_warden) ;; *) continue ;; esac
    both="$both $process"
    [ "$name" = "$victim" ] || continue
    kill -9 "${{process#/proc/}}" && echo "$name" >>{KILLED}
done 2>/dev/null
for process in $both; do
    while [ -e "$process/fd/3" ]; do sleep 0.02; done
done
exit 0
"""
libc = ctypes.CDLL(None)
libc.setlocale.restype = ctypes.c_char_p


def run(world, tap):
    world.service("outage", PLAIN)
    world.service("passwd", PASSWD)
    write(KILLER, SCRIPT, 0o755)
    program = make_host(world)
    with_pool = {"right": (ALICE.password, SUCCESS), "wrong": (WRONG, AUTH_ERR),
                 "given up": (None, CONV_ERR), "empty": ("", AUTH_ERR),
                 # Another one takes the answer.
                 "helper killed": (kill_helper, SUCCESS)}
    nobody = {name: ("x", USER_UNKNOWN, name) for name in (ROOT.name, GHOST)}
    state(world, tap, {**with_pool, **nobody})
    sigpipe(world, tap)
    growth(world, tap, program)
    world.stop_pool()
    state(world, tap, {"no pool": (ALICE.password, AUTHINFO_UNAVAIL)})
    tap.ok(none_left(), "no helper is left", helpers(dead=True))


def kill_helper():
    """As an answer: when it is given, nobody is there to take it yet."""
    end_helper()
    return ALICE.password


# ---- The host's state ----

def state(world, tap, cases):
    for what, (answer, code, *user) in cases.items():
        world.forget()
        found = in_a_copy(lambda: be_host(answer, *user))
        if not isinstance(found, dict):
            tap.ok(False, f"{what}: the host lives on", found)
            continue
        tap.equal(found["codes"], [code] * 3, f"{what}: the answer")
        tap.equal(found["changes"], {}, f"{what}: the host is as it was")


def be_host(answer, user=ALICE.name):
    """A host with a state of its own in everything. The answers, and what became of it."""
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGALRM, signal.SIGCHLD, signal.SIGUSR2):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1, signal.SIGWINCH])
    for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(which, HOUR, HOUR)
    os.umask(0o031)
    os.chdir("/home/" + LARRY.name)
    os.environ.update(https_proxy="http://127.0.0.1:9", LC_ALL="C.UTF-8", PATH="/odd:/bin")
    libc.setlocale(6, b"C")  # LC_ALL
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    libc.syslog(7, b"%s", b"opens the log")  # LOG_DEBUG
    before = snapshot()
    codes = [sign_in(answer, user) for _ in range(3)]
    after = snapshot()
    return {"codes": codes, "changes": {name: [before.get(name), after.get(name)]
                                        for name in {**before, **after}
                                        if before.get(name) != after.get(name)}}


def sign_in(answer, user):
    return Login(user=user, answer=answer).authenticate().end().code


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def snapshot():
    found = {name: value for name, value in status_of("self").items()
             if not name.startswith(RESTLESS)}
    for number in range(1, 65):
        action = ctypes.create_string_buffer(256)
        libc.sigaction(number, None, action)
        # The handler, the kernel's part of the mask, the flags.
        found[f"signal {number}"] = (action.raw[:16] + action.raw[136:140]).hex()
    for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        left, interval = signal.getitimer(which)
        found[f"timer {which}"] = HOUR / 2 < left < 2 * HOUR and interval == HOUR
    variables = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    found["environment"] = []
    while variables[len(found["environment"])]:
        found["environment"].append(os.fsdecode(variables[len(found["environment"])]))
    found["locale"] = libc.setlocale(6, None).decode()
    found["folder"] = os.getcwd()
    numbers = os.listdir("/proc/self/fd")  # one of them is listdir's own
    found["descriptors"] = [os.readlink(f"/proc/self/fd/{n}") for n in numbers
                            if os.path.lexists(f"/proc/self/fd/{n}")]
    for name in ("limits", "oom_score_adj", "personality", "mountinfo", "cgroup", "timerslack_ns",
                 "coredump_filter", "loginuid", "sessionid"):
        found[name] = read(f"/proc/self/{name}")
    stat = read("/proc/self/stat").rpartition(")")[2].split()
    # Parent, group, session, terminal; nice; scheduler.
    found["stat"] = [*stat[1:5], stat[16], *stat[37:39]]
    found["children"] = read("/proc/thread-self/children")
    return found


# ---- A helper that is dead when it is written to ----

def sigpipe(world, tap):
    for victim in ("pam_cognito_hel", "cognito_warden"):
        world.forget()
        write(VICTIM, victim + "\n")
        write(KILLED, "")
        title = f"{victim} killed before GO"
        tap.equal(in_a_copy(change_password), [AUTHTOK_ERR, 2],
                  f"{title}: a refusal, not SIGPIPE")
        tap.equal(read(KILLED), victim + "\n", f"{title}: it was")
        changes = world.pool.requests("ChangePassword")
        tap.equal(changes, [], f"{title}: no password was changed")


def change_password():
    """root at no terminal is asked for both passwords first, and they must differ."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    answers = iter((ALICE.password, NEW))
    login = Login(service="passwd", answer=lambda: next(answers))
    login.code = pam.pam_chauthtok(login.handle, 0)
    return login.end().code, login.prompts


# ---- Memory ----

def growth(world, tap, program):
    for answer, code, rounds in ROUNDS:
        never_lock_out(world, ALICE.name)
        report = run_host(program, "outage", ALICE.name, answer, "--quiet", "--fresh",
                          "--repeat", str(rounds), "--sigchld", "handler")
        tap.equal(report.get("count"), [f"{code} {rounds}"], f"{code}: {rounds} times", report)
        before, after = report.pair("fds")
        tap.equal(after, before, f"{code}: no descriptor more")
        before, after = report.pair("rss")
        tap.ok(after - before < GROWTH, f"{code}: no more memory", f"{before} to {after} KiB")
        tap.equal(report["host"], ["unchanged"], f"{code}: the host is as it was")
