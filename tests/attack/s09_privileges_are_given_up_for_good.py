# S9: the helper gives up root, looks whether it did, and locks itself in; each
# step that fails ends the sign-in, before a packet has left. Seen three times:
# from outside on the installed helper, from inside by trying (confined.c), and
# with strace that makes each system call of the drop fail in turn.
# A kernel without Landlock is no failure: the lack is logged with debug.
# SPDX-License-Identifier: MIT
import os
import pwd
import re
import signal
import socket
import subprocess
import threading
import time

from attack import confined
from hosts import PASSWORD
from people import ALICE, LARRY
from person import Person
from suites.faults import find_helper_program
from suites.hostile import Counter, find_helper, status_of
from suites.outage import AUTHINFO_UNAVAIL, SUCCESS, login
from world import WorldError, write

BREAKAGES = [
    ("the groups are kept",
     ("sandbox_drop (setgroups)", "false"), ("sandbox_drop (getgroups)", "false")),
    ("nobody looks whether the drop happened",
     ("sandbox_drop (getresuid)", "(real = effective = saved = uid) != uid"),
     ("sandbox_drop (getresgid)", "(real_group = effective_group = saved_group = gid) != gid"),
     ("sandbox_drop (setuid)", "false"), ("sandbox_drop (setgid)", "false")),
    ("nobody tries to become root again",
     ("sandbox_drop (setuid)", "false"), ("sandbox_drop (setgid)", "false")),
    ("a failing drop does not matter", ("sandbox_drop (remedy_identity)", "")),
    ("root's own account will do", ("@not-root", "lookup == LOOKUP_NONE")),
    ("the main program goes on after a failure", ("confine (false)", "")),
    ("it can be traced", ("sandbox_confine (PR_SET_DUMPABLE)", "prctl(PR_SET_DUMPABLE, 1) < 0")),
    ("privileges can come back by a program", ("sandbox_confine (PR_SET_NO_NEW_PRIVS)", "false")),
    ("limits are not set",
     ("sandbox_confine (set_limits)", "... && error_size > 1"),
     ("set_limit (setrlimit)", "return value == limit.rlim_max")),
    ("Landlock is not asked", ("landlock 1", "100")),
    ("links are not followed", ("landlock (files_of_libc)", "")),
    ("a link to a folder opens the folder", ("allow_files (S_ISREG)", "true")),
    ("files may be read everywhere", ('landlock "/etc"', '"/"')),
    ("any port may be connected to",
     ("landlock NET_CONNECT_TCP", "0"), ("allow_port NET_CONNECT_TCP", "NET_BIND_TCP")),
    ("any port may be connected to by MPTCP", ("SOCKET protocol", "..., ALLOWED), IF_FROM(0")),
    ("any port may be connected to by SCTP, whose type is another",
     ("SOCKET type", "0, DENIED), IF_FROM(0")),
    ("any family may be used", ("SOCKET (family)", "IF_FROM(0, ALLOWED)")),
    ("any family may make a pair", ("filter (socketpair)", "CALL(socketpair, ALLOWED)")),
    ("a socket can be turned into another", ("filter TCP_ULP", "... + 1")),
    ("any port may be connected to by sending",
     ("filter (sendto)", "DENY_BITS(sendto, 3, MSG_OOB)")),
    ("any port may be connected to by sending a message",
     ("filter (sendmsg)", "DENY_BITS(sendmsg, 2, MSG_OOB)")),
    ("signals and abstract sockets are not scoped",
     ("landlock (SCOPE_SIGNAL)", "rules.scoped = 0")),
    ("system calls are not filtered",
     ("filter_calls (PR_SET_SECCOMP)", "return program.len != 0")),
    ("memory may be written and run", ("filter PROT_WRITE", "0")),
    ("limits of other helpers may be set", ("filter (prlimit64)", "CALL(prlimit64, ALLOWED)")),
    ("a descriptor may signal other helpers", ("filter (fcntl)", "CALL(fcntl, ALLOWED)")),
    ("system calls of tomorrow are let through", ("FIRST_UNKNOWN_CALL", "4510")),
    ("another architecture's calls are let through",
     ("filter (AUDIT_ARCHITECTURE)", "IF_OTHER(AUDIT_ARCHITECTURE, ALLOWED)")),
]

# deed: what comes of it with the helper's identity only, and in the cage too.
# A free EPERM is the kernel's own no to somebody who is not root.
DEEDS = {
    # Files.
    "read:/etc/resolv.conf": ("0", "0"), "read:/etc/hosts": ("0", "0"),
    "read:/run/for-all": ("0", "0"), "list:/usr/lib": ("0", "0"),
    "read:/home/larry/for-all": ("0", "EACCES"), "list:/home": ("0", "EACCES"),
    "list:/": ("0", "EACCES"), "list:/proc": ("0", "EACCES"),
    "read:/etc/services": ("0", "0"), "read:/var/linked/services": ("0", "0"),
    "read:/var/linked/folder/file": ("0", "EACCES"), "list:/var/linked/folder": ("0", "EACCES"),
    "read:/var/for-all": ("0", "EACCES"), "read:/tmp/for-all": ("0", "EACCES"),
    "read:/etc/shadow": ("EACCES", "EACCES"), "read:/root/for-all": (None, "EACCES"),
    "read:/proc/1/environ": ("EACCES", "EACCES"), "read:/proc/1/status": ("0", "EACCES"),
    "readvictim:mem": ("0", "EACCES"), "readvictim:environ": ("0", "EACCES"),
    "readvictim:maps": ("0", "EACCES"), "writevictim:mem": ("0", "EACCES"),
    "read:/proc/self/mem": ("0", "EACCES"),
    "write:/tmp/new-FREE": ("0", "EACCES"), "write:/var/tmp/new-FREE": ("0", "EACCES"),
    "write:/dev/shm/new-FREE": ("0", "EACCES"), "write:/tmp/for-all": ("0", "EACCES"),
    "write:/run/for-all": ("0", "EACCES"), "write:/dev/null": ("0", "EACCES"),
    "write:/etc/for-all": ("0", "EACCES"), "truncate:/tmp/for-all": ("0", "EACCES"),
    "truncate:/run/for-all": ("0", "EACCES"),
    "mkdir:/tmp/folder-FREE": ("0", "EACCES"), "symlink:/tmp/link-FREE": ("0", "EACCES"),
    # The network. 8443 and 53 listen, the endpoint's port is the pool.
    "tcp:443": ("0", "0"), "tcp:53": ("0", "0"), "udp:53": ("0", "0"),
    "resolve:cognito-idp.eu-west-1.amazonaws.com": ("0", "0"),
    "tcp:8443": ("0", "EACCES"), "mptcp:8443": ("0", "EAFNOSUPPORT"),
    "sendto:8443": ("0", "EPERM"), "sendmsg:8443": ("0", "EPERM"),
    "sendmmsg:8443": ("0", "EPERM"),
    "bind:8081": ("0", "EACCES"), "listen": ("0", "EPERM"),
    "unix:/run/open.sock": ("0", "0"), "abstract:of-a-host": ("0", "EPERM"),
    "nodelay": ("0", "0"), "ulp:tls": (None, "EPERM"), "ulp:smc": (None, "EPERM"),
    "socket:1,1,0": ("0", "0"), "socket:2,1,6": ("0", "0"), "socket:10,1,0": ("0", "0"),
    "socket:2,2,17": ("0", "0"), "socket:16,3,0": ("0", "0"),
    "socket:17,3,768": ("EPERM", "EAFNOSUPPORT"),  # AF_PACKET
    "socket:16,3,4": ("0", "EAFNOSUPPORT"),        # NETLINK_SOCK_DIAG
    "socket:10,1,262": ("0", "EAFNOSUPPORT"),      # MPTCP
    # Other processes of the same user, such as another person's helper.
    "kill": ("0", "EPERM"), "killinit": ("EPERM", "EPERM"), "setown": ("0", "EPERM"),
    "setownex": ("0", "EPERM"), "iosetown": ("0", "EPERM"), "ptrace": ("0", "EPERM"),
    "readmemory": ("0", "EPERM"), "writememory": ("0", "EPERM"), "prlimit": ("0", "EPERM"),
    "ownlimit": ("0", "0"), "affinity": ("0", "EPERM"), "scheduler": ("0", "EPERM"),
    "priority": ("0", "EPERM"), "ioprio": ("0", "EPERM"), "pidfd": ("0", "EPERM"),
    # New ones.
    "fork": ("0", "EPERM"), "clone": ("0", "EPERM"), "clone3": ("0", "ENOSYS"),
    "thread": ("0", "0"),
    # Memory.
    "anonymous": ("0", "EPERM"), "writable:/etc/passwd": ("0", "EPERM"),
    "library:/bin/true": ("0", "0"), "mprotect": ("0", "EPERM"), "memfd": ("0", "EPERM"),
    "shm": ("0", "EPERM"),
    # Privileges.
    "setuid": ("EPERM", "EPERM"), "setgid": ("EPERM", "EPERM"), "unshare": (None, "EPERM"),
}
# Every kind of socket that may be made: family, type, protocol. All others of the sweep
# below are refused by the filter, whatever the kernel has modules for.
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
STREAM, DGRAM, RAW, SEQPACKET = 1, 2, 3, 5
PAIRS = {(UNIX, STREAM, 0), (UNIX, DGRAM, 0), (UNIX, SEQPACKET, 0)}
SOCKETS = PAIRS | {(INET, STREAM, 0), (INET, STREAM, 6), (INET, DGRAM, 0), (INET, DGRAM, 17),
                   (INET6, STREAM, 0), (INET6, STREAM, 6), (INET6, DGRAM, 0), (INET6, DGRAM, 17),
                   (NETLINK, RAW, 0), (NETLINK, DGRAM, 0)}
FAMILIES = [*range(47), 255, 65536 + INET, -1]
TYPES = [*range(12), 15, 16 + STREAM, 0x100 + STREAM, 0x10000 + STREAM, -1]
# ICMP, IGMP, TCP, EGP, UDP, DCCP, IPv6, GRE, ICMPv6, L2TP, SCTP, UDP-Lite, raw, SMC, MPTCP.
PROTOCOLS = [*range(23), 33, 41, 47, 58, 115, 132, 136, 255, 256, 262, 768, -1]
FLAGS = [0, 0o2000000, 0o4000, 0o2004000]  # SOCK_CLOEXEC, SOCK_NONBLOCK
DEEDS_OF_SOCKETS = ("tcp", "udp", "mptcp", "sendto", "sendmsg", "sendmmsg", "bind", "listen",
                    "unix", "abstract", "nodelay", "ulp", "socket", "resolve", "thread")
# By number, with arguments that suit none. These numbers are x86-64's.
REFUSED = {
    "vfork": 58, "execveat": 322, "pidfd_getfd": 438, "pidfd_send_signal": 424, "tkill": 200,
    "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "sched_setattr": 314,
    "sched_setparam": 142, "move_pages": 279, "migrate_pages": 256, "process_madvise": 440,
    "process_mrelease": 448, "kcmp": 312, "get_robust_list": 274, "pkey_mprotect": 329,
    "remap_file_pages": 216, "personality": 135, "userfaultfd": 323, "memfd_secret": 447,
    "shmat": 30, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "semget": 64, "mq_open": 240,
    "mq_unlink": 241, "accept": 43, "accept4": 288, "io_uring_setup": 425,
    "io_uring_enter": 426, "io_uring_register": 427, "io_setup": 206, "mount": 165,
    "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "setns": 308, "bpf": 321, "perf_event_open": 298, "fanotify_init": 300, "keyctl": 250,
    "add_key": 248, "request_key": 249, "kexec_load": 246, "kexec_file_load": 320,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "reboot": 169,
    "swapon": 167, "swapoff": 168, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "syslog": 103, "vhangup": 153, "settimeofday": 164, "clock_settime": 227,
    "clock_adjtime": 305, "adjtimex": 159, "sethostname": 170, "setdomainname": 171,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "iopl": 172, "ioperm": 173,
    "modify_ldt": 154, "uselib": 134}
UNKNOWN = {"openat2": 437, "cachestat": 451, "map_shadow_stack": 453, "statmount": 457,
           "listmount": 458, "setxattrat": 463, "open_tree_attr": 467, "not made yet": 600}

# What strace makes of one system call of the helper, and what the log then says.
GIVE_UP, GIVEN_UP = "cannot give up root: ", "root was not given up: "
FAILURES = [
    ("setgroups fails", "setgroups:error=EPERM", GIVE_UP),
    ("setresgid fails", "setresgid:error=EAGAIN", GIVE_UP),
    ("setresuid fails", "setresuid:error=EAGAIN", GIVE_UP),
    ("setgroups does nothing and says nothing", "setgroups:retval=0", GIVEN_UP),
    ("setresgid does nothing and says nothing", "setresgid:retval=0", GIVEN_UP),
    ("setresuid does nothing and says nothing", "setresuid:retval=0", GIVEN_UP),
    ("getresuid fails", "getresuid:error=EPERM:when=2+", GIVEN_UP),
    ("getresgid fails", "getresgid:error=EPERM", GIVEN_UP),
    ("root can be had again", "setuid:retval=0", GIVEN_UP),
    ("root's group can be had again", "setgid:retval=0", GIVEN_UP),
    ("there is no second process", "clone,clone3:error=EAGAIN", "cannot start the warden: "),
    ("the warden does not become that user", "setresuid:error=EPERM:when=1",
     "cannot give up root: "),
    ("the worker cannot be bound", "prctl:error=EINVAL:when=1",
     "cannot be bound to the warden: "),
    ("tracing cannot be forbidden", "prctl:error=EPERM:when=2", "cannot forbid tracing: "),
    ("new privileges cannot be forbidden", "prctl:error=EPERM:when=3",
     "cannot forbid new privileges: "),
    ("the filter is refused", "prctl:error=EINVAL:when=4", "cannot filter system calls: "),
    ("limits cannot be set", "prlimit64:error=EPERM", "cannot set limits: "),
    ("Landlock is there and fails", "landlock_create_ruleset:error=ENOMEM:when=2",
     "cannot set up Landlock: "),
    ("Landlock takes no rule", "landlock_add_rule:error=ENOMEM", "cannot set up Landlock: "),
    ("Landlock is not entered", "landlock_restrict_self:error=E2BIG",
     "cannot set up Landlock: "),
]
ABSENT = [("not built in", "landlock_create_ruleset:error=ENOSYS"),
          ("switched off at boot", "landlock_create_ruleset:error=EOPNOTSUPP")]
LACK = "this kernel has no Landlock"


def run(world, tap):
    world.service("outage", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    seen_from_outside(world, tap)
    tried_from_inside(world, tap)
    for title, inject, line in FAILURES:
        one_failure(world, tap, title, inject, line)
    for title, inject in ABSENT:
        without_landlock(world, tap, title, inject)
    bad_accounts(world, tap)


# ---- From outside ----

def limits_of(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        rows = [re.split(r"  +", line.strip()) for line in file][1:]
    return {row[0]: row[1:3] for row in rows}


def tasks_of(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
                found.append(dict(line.rstrip("\n").split(":\t", 1) for line in file
                                  if ":\t" in line))
        except OSError:  # a thread of the resolver that is done
            pass
    return found


def seen_from_outside(world, tap):
    world.example("su")
    person = Person("su", ALICE.name, "-c", "echo signed in as $(id -un)", user=LARRY.name)
    person.wait_for(PASSWORD)
    pid = find_helper()
    end = time.monotonic() + 10
    while status_of(pid)["Seccomp"] != "2" and time.monotonic() < end:
        time.sleep(0.02)
    account = pwd.getpwnam(confined.HELPER_USER)
    wanted = {"Uid": [str(account.pw_uid)] * 4, "Gid": [str(account.pw_gid)] * 4, "Groups": [],
              "NoNewPrivs": ["1"], "Seccomp": ["2"],
              **{"Cap" + kind: ["0" * 16] for kind in ("Inh", "Prm", "Eff", "Amb")}}
    for key, value in wanted.items():
        tap.equal({tuple(task[key].split()) for task in tasks_of(pid)}, {tuple(value)},
                  f"seen: {key} of every thread")
    tap.equal({os.stat(f"/proc/{pid}/{name}").st_uid for name in ("mem", "environ", "fd")}, {0},
              "seen: undumpable, so its files in /proc are root's")
    limits = limits_of(pid)
    tap.equal({key: limits[key] for key in ("Max core file size", "Max file size", "Max cpu time",
                                            "Max open files", "Max address space")},
              {"Max core file size": ["0", "0"], "Max file size": ["0", "0"],
               "Max cpu time": ["30", "30"], "Max open files": ["64", "64"],
               "Max address space": ["536870912", "536870912"]}, "seen: its limits")
    done = subprocess.run(["setpriv", "--reuid", confined.HELPER_USER, "--regid",
                           confined.HELPER_USER, "--clear-groups", "strace", "-p", str(pid)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=20, check=False)
    tap.ok(done.returncode and "Operation not permitted" in done.stdout,
           "seen: a debugger of the same user is refused", done.stdout)
    person.type(ALICE.password)
    person.finish()
    tap.ok("signed in as alice" in person.screen, "seen: and then lets alice in", person.screen)


# ---- From inside ----

def prepare():
    """Files that anybody may read and write, and sockets that anybody may use."""
    os.chmod("/home/larry", 0o755)
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    for folder in ("/etc", "/run", "/tmp", "/var", "/home/larry", "/root"):
        write(folder + "/for-all", "x\n", 0o666)
    # Where links lead: a file, and a folder in a file's place.
    os.makedirs("/var/linked/folder")
    write("/var/linked/folder/file", "x\n")
    write("/var/linked/services", "https 443/tcp\n")
    for name, target in (("services", "services"), ("gai.conf", "folder")):
        if os.path.lexists("/etc/" + name):
            os.unlink("/etc/" + name)
        os.symlink("/var/linked/" + target, "/etc/" + name)
    os.chmod("/dev/shm", 0o1777)
    for address in ("/run/open.sock", "\0of-a-host"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        if address.startswith("/"):
            os.chmod(address, 0o666)
        listener.listen(8)
        threading.Thread(target=hold, args=(listener,), daemon=True).start()


def hold(listener):
    kept = []
    while True:
        kept.append(listener.accept())


def tried_from_inside(world, tap):
    prepare()
    program = confined.build(world)
    Counter(socket.SOCK_STREAM, 53)
    visitors = Counter(socket.SOCK_STREAM, 8443)
    for mode, column in (("free", 0), ("caged", 1)):
        before = visitors.count
        deeds = [deed.replace("FREE", mode) for deed in DEEDS]
        found, _ = confined.attempt(program, mode, *deeds)
        for deed, name in zip(deeds, DEEDS):
            wanted = DEEDS[name][column]
            tap.ok(wanted in (None, found.get(deed)), f"{mode}: {name} {wanted or 'or not'}",
                   found.get(deed))
        if mode == "caged":
            time.sleep(0.3)
            tap.equal(visitors.count, before, "caged: nobody came to the other port")
        for word in ("exec", "execat"):
            found, _ = confined.attempt(program, mode, word)
            tap.equal(found, {word: "EPERM" if mode == "caged" else "0"}, f"{mode}: {word}")
    every_kind(tap, program, "caged")
    if os.uname().machine == "x86_64":
        by_number(tap, program)
        on_32_bits(world, tap)


def every_kind(tap, program, title):
    """Families, types and protocols in every combination."""
    for word, allowed in (("socket", SOCKETS), ("pair", PAIRS)):
        tried, other = 0, {}
        for family in FAMILIES:
            wanted = {f"{word}:{family},{kind | flags},{protocol}":
                      "0" if (family, kind, protocol) in allowed else "EAFNOSUPPORT"
                      for kind in TYPES for protocol in PROTOCOLS
                      for flags in (FLAGS if kind in (STREAM, SEQPACKET) else FLAGS[:1])}
            found, _ = confined.attempt(program, "caged", *wanted)
            tried += len(found)
            other.update({deed: got for deed, got in found.items() if got != wanted[deed]})
        tap.equal((tried > 10000, dict(list(other.items())[:20])), (True, {}),
                  f"{title}: of {tried} kinds for {word} these can be made: {sorted(allowed)}")


def on_32_bits(world, tap):
    """i386, whose libc hides what it wants in memory; where such programs can be made."""
    try:
        program = confined.build(world, *os.environ.get("CC32", "cc -m32 -static").split())
    except WorldError:
        print("# s09: no compiler for 32 bits here, which is not needed", flush=True)
        return
    deeds = [deed for deed in DEEDS if deed.partition(":")[0] in DEEDS_OF_SOCKETS]
    found, _ = confined.attempt(program, "caged", *deeds)
    for deed in deeds:
        tap.equal(found.get(deed), DEEDS[deed][1], f"32 bits: {deed}")
    every_kind(tap, program, "32 bits")


def by_number(tap, program):
    for wanted, calls in (("EPERM", REFUSED), ("ENOSYS", UNKNOWN)):
        found, _ = confined.attempt(program, "caged", *(f"call:{n}" for n in calls.values()))
        other = {name: found.get(f"call:{n}") for name, n in calls.items()
                 if found.get(f"call:{n}") != wanted}
        tap.equal(other, {}, f"caged: {len(calls)} system calls are {wanted}")
    for word in ("x32", "i386"):
        # Some kernels end whoever uses them, before a filter is asked.
        _, without_filter = confined.attempt(program, "dropped", word)
        wanted = -signal.SIGSEGV if without_filter == -signal.SIGSEGV else -signal.SIGSYS
        _, status = confined.attempt(program, "caged", word)
        tap.equal(status, wanted, f"caged: {word} numbers end it")


# ---- Failing ----

def under_strace(world, inject):
    """
    A helper with a group to give up, one of whose system calls is not what it was, in
    its worker and its warden.
    """
    path = "/usr/local/sbin/helper-under-strace"
    write(path, "#!/bin/sh\nexec env -i /usr/bin/setpriv --groups 4 /usr/bin/strace -f -qqq "
          f"-o /dev/null {'-e inject=' + inject if inject else ''} {find_helper_program()}\n",
          0o755)
    return path


def sign_in(world, helper, *more):
    world.forget()
    world.service("outage", f"auth required pam_cognito.so helper={helper} {' '.join(more)}\n")
    return login()


def one_failure(world, tap, title, inject, line):
    done = sign_in(world, under_strace(world, inject))
    tap.equal((done.code, done.prompts), (AUTHINFO_UNAVAIL, 0),
              f"{title}: AUTHINFO_UNAVAIL without a prompt", *world.log.all())
    tap.ok(world.log.wait(line), f"{title}: the log says why", *world.log.all())
    tap.equal(world.connections(), 0, f"{title}: the pool hears nothing")


def without_landlock(world, tap, title, inject):
    helper = under_strace(world, inject)
    done = sign_in(world, helper)
    tap.equal(done.code, SUCCESS, f"Landlock {title}: alice signs in", *world.log.all())
    tap.ok(not any(LACK in line for line in world.log.all()), f"Landlock {title}: not logged",
           *world.log.all())
    done = sign_in(world, helper, "debug")
    tap.equal(done.code, SUCCESS, f"Landlock {title}: alice signs in with debug")
    tap.ok(world.log.wait(LACK), f"Landlock {title}: logged with debug", *world.log.all())


def bad_accounts(world, tap):
    with open("/etc/passwd", encoding="utf-8") as file:
        text = file.read()
    own, = re.findall(rf"^{confined.HELPER_USER}:.*\n", text, re.MULTILINE)
    fields = own.split(":")
    for title, entry in (
            ("no account", ""),
            ("an account with root's uid", ":".join([*fields[:2], "0", *fields[3:]])),
            ("an account with root's group", ":".join([*fields[:3], "0", *fields[4:]]))):
        write("/etc/passwd", text.replace(own, entry))
        done = sign_in(world, find_helper_program())
        tap.equal((done.code, done.prompts), (AUTHINFO_UNAVAIL, 0), f"{title}: AUTHINFO_UNAVAIL",
                  *world.log.all())
        tap.ok(world.log.wait(f"no unprivileged user {confined.HELPER_USER}"),
               f"{title}: the log says what to do", *world.log.all())
        tap.equal(world.connections(), 0, f"{title}: the pool hears nothing")
    write("/etc/passwd", text)
    tap.equal(sign_in(world, under_strace(world, "")).code, SUCCESS,
              "with the account, and strace that changes nothing: alice signs in",
              *world.log.all())
