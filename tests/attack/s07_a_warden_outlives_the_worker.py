# S7: a helper ends when its module is done with it, whatever it has become: a
# worker that was taken over (taken.c, with the helper's own warden and sandbox)
# stays after a verdict, after a refusal and in silence, with its alarm off, its
# signals ignored, stopped, busy, large, without its first thread. Its warden
# gives it 5 s after the module has closed, also where root has no capability
# but two. A worker that ends is noticed at once, a warden that ends takes the
# worker along, and the worker can do nothing to it.
# SPDX-License-Identifier: MIT
import concurrent.futures
import glob
import os
import signal
import time

from attack import confined, liar
from attack.launcher import wait_until
from hosts import PASSWORD
from people import ALICE
from person import Person
from suites.hostile import status_of
from suites.outage import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS, Login, login

BREAKAGES = [
    ("the warden only watches", ("watch SIGKILL", "0")),
    ("the warden asks politely", ("watch SIGKILL", "SIGTERM")),
    ("the module's end is not looked at", ("watch (WARDEN_TIDY_MS)", "")),
    ("it waits a minute", ("WARDEN_TIDY_MS", "60000")),
    ("it does not wait at all", ("WARDEN_TIDY_MS", "50")),
    ("the module closes without shutting down", ("helper_end (shutdown)", "")),
    ("the warden keeps a worker waiting whom it cannot end", ("watch (close)", "")),
    ("or waits itself for one who has gone", ("@gone-meanwhile", "")),
    ("the warden stays all root", ("take_identity (setresuid)", "uid != 0")),
    ("the warden becomes the worker's user for good",
     ("take_identity (setresuid)", "setresuid(uid, uid, uid) == 0")),
    ("the worker is not tied to the warden", ("warden_bind SIGKILL", "0")),
    ("the worker can untie itself", ("filter PR_SET_PDEATHSIG", "... + 1000")),
    ("the warden's calls are not filtered", ("confine (PR_SET_SECCOMP)", "(void) program")),
    ("the warden keeps what it was given", ("undress (close)", "(void) fd")),
    ("the worker stays in the warden's session", ("warden_begin (setsid)", "")),
    ("how the worker ended is not told", ("leave (send)", "")),
    ("a worker that ended is noticed at the end only", ("@gone", "")),
    ("there is no warden", ("main (is_root)", "false"), ("confine (warden_bind)", "false")),
]
TAKEN = "/usr/lib/taken"
TIMEOUT = 3            # of the module, where the worker is silent
TIDY = 5               # what the warden gives
MARGIN = 3             # for a busy machine
LATE = 10              # taken.c's LATE_SECONDS
AT_ONCE = 1.5
WARDEN_NAME, HELPER_NAME = "cognito_warden", "pam_cognito_hel"
WHEN = ["refuse", "accept", "silence"]
WHAT = ["stay", "busy", "memory", "leader", "stop"]
OTHERS = ["ask-stay", "ask-leader", "ask-crash", "silence-crash", "silence-leave",
          "silence-report", "silence-report-free", "accept-crash", "late-stay"]
POOR = "setpriv --bounding-set -all,+setuid,+setgid --inh-caps -all".split()
# What the worker may do to its warden: in the cage, and with its identity only.
DEEDS = {"kill": ("EPERM", "EPERM"), "stop": ("EPERM", "EPERM"), "ptrace": ("EPERM", "EPERM"),
         "read": ("EPERM", "EPERM"), "prlimit": ("EPERM", "EPERM"), "memory": ("EACCES", "EACCES"),
         "root": ("EPERM", "EPERM"), "group": ("EPERM", None), "nice": ("EPERM", None),
         "affinity": ("EPERM", None), "fork": ("EPERM", None), "untie": ("EPERM", None)}


def run(world, tap):
    build(world)
    names = [f"{when}-{what}" for when in WHEN for what in WHAT]
    liar.add_people(names + OTHERS)
    for service, timeout in (("taken", TIMEOUT), ("slow", 30)):
        world.service(service, f"auth required pam_cognito.so helper={TAKEN} timeout={timeout}\n")
    for title, words in (("root", []), ("root with two capabilities", POOR)):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for job in [pool.submit(stays, tap, title, words, name) for name in names]:
                job.result(100)
    late(tap)
    host_has_forked(tap)
    at_the_prompt(tap)
    worker_ends(world, tap)
    reach(world, tap)
    real_one(world, tap)
    tap.ok(wait_until(lambda: not living(), TIDY + MARGIN), "at the end nothing is left", living())


def build(world):
    confined.compile_to(TAKEN, world.stage.new("taken"),
                        ["tests/attack/taken.c", "src/helper/record.c", "src/helper/warden.c"])


# ---- Processes ----

def processes():
    """{pid: what /proc/PID/status says} of those that have not ended."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            facts = status_of(path[6:])
        except OSError:
            continue
        # A leader that has ended looks dead while its threads live.
        if facts["State"][0] not in "ZX" or int(facts["Threads"]) > 1:
            found[int(path[6:])] = facts
    return found


def living(name=None):
    """Workers and wardens, or the workers of that name."""
    def is_wanted(known):
        if name:
            return known == name[:15]
        return known in (WARDEN_NAME, HELPER_NAME, "taken") or "-" in known
    return [pid for pid, facts in processes().items() if is_wanted(facts["Name"])
            and not facts["Name"].startswith(("ssh-", "systemd-"))]


def find_pair(name, seconds=20):
    """The worker of that name and its warden."""
    pids = wait_until(lambda: living(name), seconds)
    if not pids:
        return []
    warden = int(status_of(pids[0])["PPid"])
    return [pids[0], warden] if status_of(warden)["Name"] == WARDEN_NAME else pids


def gone(pids, seconds):
    """How long it took them all to end; None when they have not."""
    started = time.monotonic()
    if wait_until(lambda: not set(pids) & set(processes()), seconds):
        return time.monotonic() - started
    return None


# ---- The module is done, the worker is not ----

def stays(tap, host, words, name):
    title = f"{host}, {name}"
    try:
        person = Person(*words, "pamtester", "taken", name, "authenticate")
        person.wait_for(PASSWORD)
        pair = find_pair(name)
        tap.equal(len(pair), 2, f"{title}: a worker and its warden")
        accepted = name.startswith("accept")
        if name.endswith("stop") and not accepted:
            os.kill(pair[0], signal.SIGSTOP)
        person.type(liar.PASSWORD)
        person.finish()
        if name.endswith("stop") and accepted:
            os.kill(pair[0], signal.SIGSTOP)
        tap.equal(person.status == 0, accepted, f"{title}: the answer", person.screen)
        if accepted:
            time.sleep(TIDY - 3)
            tap.ok(pair[0] in processes(), f"{title}: it may tidy for a while")
        tap.ok(gone(pair, TIDY + MARGIN) is not None, f"{title}: and is gone then", pair)
    except Exception:
        tap.error(title)


def late(tap):
    """It is another user's already and its warden, without CAP_KILL, has not heard of it."""
    person = Person(*POOR, "pamtester", "taken", "late-stay", "authenticate")
    pair = find_pair("late-stay")
    person.finish()
    tap.ok(person.status != 0 and len(pair) == 2, "late: refused", person.screen)
    tap.ok(gone(pair, LATE - TIMEOUT + MARGIN) is not None, "late: gone when it wakes up", pair)


def host_has_forked(tap):
    """A copy of the host has the socket open: closing it alone says nothing."""
    copies = []

    def fork_and_answer():
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
            os._exit(0)
        copies.append(pid)
        return liar.PASSWORD

    done = Login("taken", "accept-stay", fork_and_answer).authenticate().end()
    tap.equal(done.code, SUCCESS, "a host that forked: the answer")
    tap.ok(gone(living("accept-stay"), TIDY + MARGIN) is not None,
           "a host that forked: the worker is gone then")
    for pid in copies:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


# ---- The warden ends ----

def at_the_prompt(tap):
    for name in ("ask-stay", "ask-leader"):
        person = Person("pamtester", "slow", name, "authenticate")
        person.wait_for(PASSWORD)
        pair = find_pair(name)
        time.sleep(0.5)
        os.kill(pair[1], signal.SIGKILL)
        tap.ok(gone(pair, AT_ONCE) is not None, f"{name}: the warden takes the worker along")
        person.give_up()


# ---- The worker ends ----

def worker_ends(world, tap):
    for name, code, why in (
            ("silence-crash", AUTHINFO_UNAVAIL, "the helper was ended by signal 11: report it"),
            ("silence-leave", AUTHINFO_UNAVAIL, "the helper ended with status 3"),
            ("accept-crash", SUCCESS, "accepted: ok")):
        world.forget()
        done = login(service="slow", user=name, answer=liar.PASSWORD)
        tap.equal(done.code, code, f"{name}: the answer")
        tap.ok(done.after_enter < AT_ONCE, f"{name}: at once", done.after_enter)
        tap.ok(world.log.wait(why), f"{name}: the log says it", *world.log.ours())
    world.forget()
    done = login(service="slow", user="ask-crash", answer=slowly)
    tap.equal((done.code, done.prompts), (AUTHINFO_UNAVAIL, 1), "ask-crash: asked once")
    tap.ok(world.log.wait("it is started once more: the helper was ended by signal 11"),
           "ask-crash: tried once more", *world.log.ours())


def slowly():
    time.sleep(0.5)
    return liar.PASSWORD


# ---- What the worker can do to it ----

def reach(world, tap):
    for number, name in enumerate(("silence-report", "silence-report-free")):
        world.forget()
        done = login(service="slow", user=name, answer=liar.PASSWORD)
        tap.equal(done.code, AUTH_ERR, f"{name}: the answer")
        for deed, wanted in DEEDS.items():
            if wanted[number]:
                tap.ok(world.log.wait(f"helper: {deed} {wanted[number]}"),
                       f"{name}: {deed} {wanted[number]}", *world.log.ours())


def real_one(world, tap):
    """The helper itself: who is who, what is open, and what its end does."""
    world.service("real", "auth required pam_cognito.so\n")
    person = Person("pamtester", "real", ALICE.name, "authenticate")
    person.wait_for(PASSWORD)
    worker, warden = find_pair(HELPER_NAME)
    facts = wait_until(lambda: status_of(worker)["Seccomp"] == "2" and processes(), 10)
    worker_uid = facts[worker]["Uid"].split()[0]
    tap.ok(worker_uid != "0", "the helper: the worker is not root", worker_uid)
    tap.equal(facts[warden]["Uid"].split()[:3], ["0", worker_uid, "0"],
              "the helper: the warden is root with the worker's effective user")
    tap.equal((facts[warden]["Seccomp"], facts[warden]["NoNewPrivs"], facts[warden]["Threads"],
               facts[warden]["CapEff"]), ("2", "1", "1", "0" * 16),
              "the helper: the warden is confined")
    tap.equal(os.listdir(f"/proc/{warden}/fd"), ["3"], "the helper: the warden has its socket")
    tap.equal((os.getsid(worker), os.getsid(warden)), (worker, warden),
              "the helper: each is its own session")
    os.kill(worker, signal.SIGKILL)
    tap.ok(gone([worker, warden], AT_ONCE) is not None, "the helper: killed, both are gone")
    person.type(ALICE.password)
    tap.equal(person.finish(), 0, "the helper: and another one takes the answer", person.screen)
    tap.ok(world.log.wait("it is started once more: the helper was ended by signal 9"),
           "the helper: the log says so", *world.log.ours())
