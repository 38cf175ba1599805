# Hosts in sandboxes that refuse what the helper needs: nobody is in, nothing
# hangs, and one log line names the cause in the words of systemd, whose settings
# they are made after by hand. What one sandbox cannot reach is not out of reach
# for the machine.
# SPDX-License-Identifier: MIT
import ctypes
import os
import re
import resource
import struct
import sys
import time

from hosts import PASSWORD
from people import ALICE
from person import Person
from suites.faults import find_helper_program
from suites.hostile import find_helper
from suites.outage import SUCCESS, login
from world import command, write

libc = ctypes.CDLL(None, use_errno=True)
ALLOW, KILL, ERRNO = 0x7fff0000, 0x80000000, 0x00050000
EPERM, EAGAIN, EAFNOSUPPORT = 1, 11, 97
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
# These numbers are x86-64's.
SETUID_CALLS = {"setgroups": 116, "setresgid": 119, "setresuid": 117}
LANDLOCK = {"create": 444, "rule": 445, "restrict": 446}
CLONE = {"clone": 56, "clone3": 435}
SOCKET, SETRESUID, EXECVE = 41, 117, 59
REFUSED = 1  # pamtester's status
CAPABILITIES = r"CapabilityBoundingSet= of the service lacks CAP_SETUID or CAP_SETGID"
SETUID = r"SystemCallFilter= of the service must allow @setuid"
NO_NETWORK = r"this network namespace has no interface but lo: PrivateNetwork= of the service"


class Sandboxed(Person):
    """A host started in a process that confine() has been through, as root."""

    def __init__(self, confine, *words):
        self.confine = confine
        super().__init__(*words)

    def be_child(self, words, user, environment):
        try:
            self.confine()
            os.execvpe(words[0], words, environment)
        except BaseException as error:  # nothing may return from the copy
            os.write(2, f"{words[0]}: {error}\n".encode())
        os._exit(126)


# ---- What systemd would do ----

def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), "sandbox")


def install(program):
    code = ctypes.create_string_buffer(b"".join(program))
    fields = struct.pack("@HxxxxxxP", len(program), ctypes.addressof(code))
    check(libc.prctl(38, 1, 0, 0, 0))
    check(libc.prctl(22, 2, fields, 0, 0))


def step(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def filter_calls(numbers, action):
    """SystemCallFilter=~... by numbers."""
    program = [step(0x20, 0)]
    for number in numbers:
        program += [step(0x15, number, 0, 1), step(0x06, action)]
    return lambda: install(program + [step(0x06, ALLOW)])


def filter_families():
    """RestrictAddressFamilies=AF_UNIX"""
    install([step(0x20, 0), step(0x15, SOCKET, 0, 3), step(0x20, 16), step(0x15, 1, 1, 0),
             step(0x06, ERRNO | EAFNOSUPPORT), step(0x06, ALLOW)])


def filter_root(action):
    """Refuses the change to another user than root only: the helper's, not the module's."""
    return lambda: install([step(0x20, 0), step(0x15, SETRESUID, 0, 3), step(0x20, 16),
                            step(0x15, 0, 1, 0), step(0x06, action), step(0x06, ALLOW)])


def without(*numbers):
    """CapabilityBoundingSet=~..."""
    def confine():
        for number in numbers:
            check(libc.prctl(24, number, 0, 0, 0))
    return confine


def own_users(setgroups, size=1):
    """PrivateUsers=, as a process without privilege can have it too."""
    def confine():
        ready, go = os.pipe()
        pid = os.getpid()
        child = os.fork()
        if child == 0:
            os.read(ready, 1)
            for name, text in (("setgroups", setgroups), ("uid_map", f"0 0 {size}"),
                               ("gid_map", f"0 0 {size}")):
                with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
                    file.write(text)
            os._exit(0)
        check(libc.unshare(CLONE_NEWUSER))
        os.write(go, b"x")
        if os.waitpid(child, 0)[1]:
            raise OSError("no user namespace")
        os.close(go)
        os.close(ready)
    return confine


def own_network():
    """PrivateNetwork="""
    check(libc.unshare(CLONE_NEWNET))


def one_process():
    """LimitNPROC=1, which counts the helper's user, not root."""
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


# title: what confines, the status of the log line or None, what the log says
SANDBOXES = {
    "no CAP_SETGID": (without(6), "helper_failed", r"setgroups: Operation not permitted: "
                      + CAPABILITIES),
    "no CAP_SETUID": (without(7), "privilege", r"helper: cannot give up root: Operation not "
                      r"permitted: " + CAPABILITIES),
    "neither": (without(6, 7), "helper_failed", "setgroups: .*" + CAPABILITIES),
    "setgroups denied": (own_users("deny"), "helper_failed",
                         r"setgroups: Operation not permitted: this user namespace denies "
                         r"setgroups: PrivateUsers="),
    "root is the only user": (own_users("allow"), "privilege",
                              "helper: cannot give up root: Invalid argument: this user "
                              "namespace has no such id: PrivateUsers="),
    "@setuid refused": (filter_calls(SETUID_CALLS.values(), ERRNO | EPERM), "helper_failed",
                        "setgroups: Operation not permitted: " + SETUID),
    "@setuid kills": (filter_calls(SETUID_CALLS.values(), KILL), "helper_failed",
                      "setgroups: killed: " + SETUID),
    **{f"{name} kills": (filter_calls([number], KILL), "helper_failed", f"{name}: killed: "
                         + SETUID) for name, number in SETUID_CALLS.items()},
    "another user refused": (filter_root(ERRNO | EPERM), "privilege",
                             "helper: cannot give up root: Operation not permitted: " + SETUID),
    "another user kills": (filter_root(KILL), "helper_failed",
                           "the helper was ended by signal 31: SystemCallFilter= of the service "
                           "must allow @system-service, @setuid and @sandbox"),
    **{f"Landlock's {name} kills": (filter_calls([number], KILL), "helper_failed",
                                    "the helper was ended by signal 31: SystemCallFilter= .*"
                                    "@sandbox") for name, number in LANDLOCK.items()},
    "clone is too much": (filter_calls(CLONE.values(), ERRNO | EAGAIN), "helper_failed",
                          "clone: Resource temporarily unavailable: TasksMax= or LimitNPROC= of "
                          "the service is used up"),
    "clone is refused": (filter_calls(CLONE.values(), ERRNO | EPERM), "helper_failed",
                         "clone: Operation not permitted: SystemCallFilter= of the service must "
                         "allow @process"),
    "one process": (one_process, "dns",
                    "thread failed to start: TasksMax= or LimitNPROC= of the service is used up"),
    "AF_UNIX only": (filter_families, "sandbox",
                     "RestrictAddressFamilies= of the service must allow AF_INET and AF_INET6"),
    "no network": (own_network, "(connect|dns)", NO_NETWORK),
}
BROKEN_CNF = """openssl_conf = top
[top]
providers = list
[list]
ours = ours
[ours]
module = /nonexistent/ours.so
activate = 1
"""


def run(world, tap):
    world.service("sandboxed", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    enters(world, tap, "none", lambda: None)
    if os.uname().machine == "x86_64":
        enters(world, tap, "Landlock is refused", filter_calls(LANDLOCK.values(), ERRNO | EPERM),
               "Landlock is refused here: SystemCallFilter= of the service must allow @sandbox")
        for title, (confine, reason, line) in SANDBOXES.items():
            refused(world, tap, title, confine, reason, line)
    programs(world, tap)
    broken_openssl(world, tap)
    breaker(world, tap)
    # The last one may still be revoking its token, for which it has 5 s.
    end = time.monotonic() + 6
    while find_helper(0.1) and time.monotonic() < end:
        time.sleep(0.1)
    tap.equal(find_helper(0.1), None, "no helper is left")


def try_it(confine, service="sandboxed"):
    """The status and how long it took, a refusal's delay included."""
    started = time.monotonic()
    person = Sandboxed(confine, "pamtester", service, ALICE.name, "authenticate")
    if person.ask(PASSWORD):
        started = time.monotonic()
        person.type(ALICE.password)
    person.finish()
    return person, time.monotonic() - started


def enters(world, tap, title, confine, line=None):
    world.forget()
    world.service("sandboxed", "auth required pam_cognito.so debug\n")
    person, _ = try_it(confine)
    tap.equal(person.status, SUCCESS, f"{title}: alice signs in", person.screen,
              *world.log.ours())
    if line:
        tap.ok(world.log.wait(line), f"{title}: said with debug", *world.log.ours())
    world.service("sandboxed", "auth required pam_cognito.so\n")


def refused(world, tap, title, confine, reason, line):
    world.forget()
    person, took = try_it(confine)
    tap.equal(person.status, REFUSED, f"{title}: nobody is in", person.screen)
    tap.ok(took < 6, f"{title}: at once", took)
    tap.ok(world.log.wait(f"alice: refused: {reason} service=sandboxed"),
           f"{title}: {reason}", *world.log.ours())
    tap.ok(world.log.wait(line), f"{title}: the log says why", *world.log.ours())


def programs(world, tap):
    """NoExecPaths=, and a library that is missing."""
    folder = "/mnt/noexec"
    os.makedirs(folder)
    command("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder)
    command("cp", find_helper_program(), folder + "/helper")
    command("mount", "-o", "remount,noexec,mode=0755", folder)
    write(folder + "/none.c", "int none(void) { return 0; }\n")
    write(folder + "/main.c", "int none(void);\nint main(void) { return none(); }\n")
    command("cc", "-shared", "-fPIC", "-o", folder + "/libnone.so", folder + "/none.c")
    command("cc", "-o", "/usr/lib/incomplete", folder + "/main.c", folder + "/libnone.so")
    os.unlink(folder + "/libnone.so")
    for helper, line in (
            (folder + "/helper", "execve: Permission denied: NoExecPaths= of the service, a "
                                 "noexec mount or a security module is in the way"),
            ("/usr/lib/incomplete", "the helper ended before it said anything: a library is "
                                    "missing")):
        world.service("sandboxed", f"auth required pam_cognito.so helper={helper}\n")
        refused(world, tap, f"helper={helper}", lambda: None, "helper_failed", line)
    command("umount", folder)


def broken_openssl(world, tap):
    """A provider that is named and missing: OpenSSL has no random numbers then."""
    name = re.search(r'OPENSSLDIR: "(.*)"', command("openssl", "version", "-d")).group(1)
    path = os.path.join(name, "openssl.cnf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    write(os.path.realpath(path), BROKEN_CNF)
    world.service("sandboxed", "auth required pam_cognito.so\n")
    refused(world, tap, "openssl.cnf is broken", lambda: None, "openssl_failed",
            "OpenSSL cannot start, check openssl.cnf: error:")
    write(os.path.realpath(path), text)


def breaker(world, tap):
    """Two outages in a namespace without network are that namespace's own."""
    world.service("sandboxed", "auth required pam_cognito.so\n")
    world.forget()
    for number in range(4):
        person, _ = try_it(own_network)
        tap.equal(person.status, REFUSED, f"no network, {number}: refused")
    one = login(service="sandboxed")
    tap.equal((one.code, one.prompts), (SUCCESS, 1), "and the machine signs in as before",
              *world.log.ours())
    world.forget()
    person = Sandboxed(own_network, "sh", "-c", "for n in 1 2 3; do pamtester sandboxed "
                       f"{ALICE.name} authenticate; done")
    for number in range(2):
        person.wait_for(PASSWORD)
        person.type(ALICE.password)
    person.finish()
    tap.equal(person.screen.count("Password: "), 2, "one namespace: the third is not asked",
              person.screen)
    tap.ok(world.log.wait("the pool's endpoint is out of reach"), "one namespace: an outage",
           *world.log.ours())
    one = login(service="sandboxed")
    tap.equal((one.code, one.prompts), (SUCCESS, 1), "and the machine signs in still",
              *world.log.ours())
