# S2: whatever variables su, sudo (with -E, !env_reset and env_keep too) or a
# host that is not setuid are started with, the helper has none: it reaches no
# proxy, loads nothing, logs no keys. By hand it refuses to start with any.
# (That answers, requests and log are those without: suites/hostile.py.)
# SPDX-License-Identifier: MIT
import fcntl
import os
import socket

from attack.launcher import (environment_of, helpers, in_a_copy, new_helper, none_left)
from hosts import PASSWORD, Pamtester, Su, Sudo
from people import ALICE, LARRY, WRONG
from person import Person, become
from suites.faults import find_helper_program
from suites.hostile import (EVIL, MARKS, PLAIN, ROOT_FILE, Counter, SudoKeep, allow_everything,
                            hostile, left_open, prepare, stays, tools_work)

BREAKAGES = [
    ("the host's environment is handed on, and taken",
     ("become_helper (execve)", "(void) execve(path, arguments, environ)"),
     ("is_started_rightly (environ)", "true")),
    ("the helper takes what it is started with by hand",
     ("is_started_rightly (environ)", "true")),
]
PORT = 3128
# What hostile() leaves out of SECURITY's list of variables that were tried.
MORE = {
    "ftp_proxy": f"http://127.0.0.1:{PORT}", "FTP_PROXY": f"http://127.0.0.1:{PORT}",
    "CURL_SSL_BACKEND": "none", "CURL_FORBID_REUSE": "1", "CURL_DEBUG": "all",
    "CTLOG_FILE": EVIL + "/nothing", "RANDFILE": ROOT_FILE,
    "OPENSSL_CONF_INCLUDE": EVIL, "OPENSSL_s390xcap": "z900", "OPENSSL_ppccap": "0",
    "GETCONF_DIR": EVIL, "LD_DYNAMIC_WEAK": "1", "LD_HWCAP_MASK": "0", "LD_ORIGIN_PATH": EVIL,
    "LD_PROFILE": "libcurl.so.4", "LD_PROFILE_OUTPUT": MARKS, "NIS_PATH": EVIL,
    "NSS_WRAPPER_PASSWD": EVIL + "/passwd", "TEMP": MARKS, "TMP": MARKS,
    "XDG_DATA_DIRS": EVIL, "XDG_RUNTIME_DIR": EVIL, "XDG_CACHE_HOME": MARKS,
    "LANGUAGE": "../../../.." + EVIL, "LC_MESSAGES": "../../../.." + EVIL,
    "OUTPUT_CHARSET": "UTF-7", "TEXTDOMAINDIR": EVIL,
    "KRB5CCNAME": MARKS + "/cc", "KRB5RCACHEDIR": MARKS, "GSS_MECH_CONFIG": EVIL + "/mech",
    "GNUTLS_KEYLOGFILE": ROOT_FILE, "GNUTLS_SYSTEM_PRIORITY_FILE": EVIL + "/gnutls",
    "GNUTLS_CPUID_OVERRIDE": "0x1", "NETTLE_FAT_OVERRIDE": "vendor:intel",
    "P11_KIT_STRICT": "1", "LDAPRC": EVIL + "/ldap.conf", "LDAPNOINIT": "", "LDAPURI": "x",
    "SASL_CONF_PATH": EVIL, "IDN_DISABLE": "1", "CHARSET": "UTF-7",
    "BASH_FUNC_id%%": "() { touch " + MARKS + "/function; }", "PERL5OPT": "-e0", "PYTHONPATH": EVIL,
    "no-value": ""}
# A loader or a library's constructor obeys these before main() can refuse.
EARLY = ("LD_", "OPENSSL_ia32cap", "GLIBC_TUNABLES", "MALLOC_")


def run(world, tap):
    prepare()
    for example in ("su", "sudo"):
        world.example(example)
    world.service("pamtester", PLAIN)
    proxy = Counter(socket.SOCK_STREAM, PORT)
    resolver = Counter(socket.SOCK_DGRAM, 53)
    traps = (proxy, resolver)
    tools_work(tap, proxy)
    env = {**hostile(PORT), **MORE}
    login(world, tap, "su", Su(world), env, traps)
    login(world, tap, "sudo", Sudo(world), env, traps)
    # In a host that is not setuid these would change the host itself.
    bare = {name: value for name, value in env.items()
            if not name.startswith(EARLY)}
    login(world, tap, "pamtester", Pamtester(world), bare, traps)
    keep = SudoKeep(world)
    allow_everything([name for name in env if "%" not in name])
    login(world, tap, "sudo -E", keep, env, traps)
    by_hand(tap, env)
    tap.ok(none_left(), "no helper is left", helpers(dead=True))


def login(world, tap, title, host, env, traps):
    for what, typed in (("right", ALICE.password), ("wrong", WRONG)):
        name = f"{title}, {what} password"
        world.forget()
        known = helpers(dead=True)
        person = Person(*host.words(ALICE.name), user=host.user(ALICE.name), env=env)
        person.wait_for(PASSWORD)
        pid = new_helper(known)
        if tap.ok(pid, f"{name}: there is a helper"):
            tap.equal(environment_of(pid), b"", f"{name}: its environment is empty")
            tap.equal(stays(lambda: foreign_mappings(pid)), [],
                      f"{name}: it has loaded the system's libraries only")
            tap.equal(left_open(pid), [], f"{name}: it has no file open")
        person.type(typed)
        while person.ask(PASSWORD):
            person.type(typed)
        tap.equal(person.finish() == 0, what == "right", f"{name}: the answer", person.screen)
        reason = "accepted: ok" if what == "right" else "refused: wrong_password"
        tap.ok(world.log.wait(f"{ALICE.name}: {reason} "), f"{name}: the pool's own word",
               *world.log.ours())
        tap.equal([trap.count for trap in traps], [0, 0],
                  f"{name}: no proxy and no other name server was asked")
        tap.equal((os.listdir(MARKS), os.path.getsize(ROOT_FILE)), ([], 0),
                  f"{name}: nothing was loaded, written or logged")


def foreign_mappings(pid):
    """The files that are mapped into that process and are not the system's."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        words = [line.split(maxsplit=5) for line in file]
    paths = {row[5].strip() for row in words if len(row) == 6}
    return sorted(path for path in paths
                  if path.startswith("/") and not path.startswith("/usr/"))


# ---- Started by hand, as the module starts it but for its environment ----

def by_hand(tap, env):
    program = find_helper_program()
    wanted = {name: [2, ""] for name in env}
    got = in_a_copy(lambda: every_start(program, env))
    tap.equal(got[0], [1, ""], "by hand, no variable: waits for a request")
    tap.equal({name: end for name, end in got[1].items() if not name.startswith(EARLY)},
              {name: end for name, end in wanted.items() if not name.startswith(EARLY)},
              "by hand, one variable: refuses to start")
    tap.equal([name for name, (status, said) in got[1].items() if status == 1 or said], [],
              "by hand, one variable: none gets as far as a request")


def every_start(program, env):
    """As larry: how the helper ends with no variable and with each one."""
    become(LARRY.name)
    return (start(program, {}),
            {name: start(program, {name: value}) for name, value in env.items()})


def start(program, env):
    """Its status and what it said to a module that sends nothing and leaves."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    high = fcntl.fcntl(its, fcntl.F_DUPFD_CLOEXEC, 20)
    its.close()
    null = os.open("/dev/null", os.O_RDWR)
    quiet = fcntl.fcntl(null, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(null)
    pid = os.posix_spawn(program, ["pam_cognito_helper"], env, file_actions=[
        *((os.POSIX_SPAWN_DUP2, quiet, number) for number in range(3)),
        (os.POSIX_SPAWN_DUP2, high, 3)])
    os.close(high)
    os.close(quiet)
    ours.shutdown(socket.SHUT_WR)
    said = ours.recv(100).decode("latin-1")
    ours.close()
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said]
