# A hostile environment around su and sudo: no proxy is reached, no file is
# written, nothing is loaded, and the answer is the same as without it. And
# what the helper is while it waits.
# SPDX-License-Identifier: MIT
import glob
import os
import pwd
import signal
import socket
import subprocess
import threading
import time

from hosts import PASSWORD, Pamtester, Su, Sudo
from people import ALICE, LARRY, WRONG
from person import Person, become
from world import command, write

PLAIN = "auth required pam_cognito.so\naccount required pam_unix.so\n"
EVIL = "/home/larry/evil"
MARKS = EVIL + "/marks"
ROOT_FILE = "/etc/only-root-writes-here"
LIBRARY = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void mark(void)
{
    char path[80];

    (void) snprintf(path, sizeof(path), "%s/loaded-%d-%d", MARKS, (int) geteuid(), (int) getpid());
    close(open(path, O_CREAT | O_WRONLY, 0644));
}
int OSSL_provider_init(void) { return 0; }
"""
OPENSSL_CNF = f"""openssl_conf = top
[top]
providers = list
[list]
evil = evil
[evil]
module = {EVIL}/evil.so
activate = 1
"""


class Counter:
    """A listener that counts who comes, as a proxy and as a DNS server."""

    def __init__(self, kind, port):
        self.count = 0
        self.sock = socket.socket(socket.AF_INET, kind)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.stream = kind == socket.SOCK_STREAM
        if self.stream:
            self.sock.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            if self.stream:
                peer, _ = self.sock.accept()
                peer.close()
            else:
                self.sock.recvfrom(4096)
            self.count += 1


def hostile(port):
    proxy = f"http://127.0.0.1:{port}"
    return {
        "http_proxy": proxy, "https_proxy": proxy, "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy,
        "all_proxy": f"socks5h://127.0.0.1:{port}", "ALL_PROXY": f"socks5h://127.0.0.1:{port}",
        "no_proxy": "", "NO_PROXY": "",
        "SSLKEYLOGFILE": ROOT_FILE, "OPENSSL_CONF": EVIL + "/openssl.cnf",
        "OPENSSL_MODULES": EVIL, "OPENSSL_ENGINES": EVIL,
        "OPENSSL_ia32cap": "0xffffffffffffffff:0xffffffffffffffff",
        "OPENSSL_armcap": "0xffffffff",
        "LD_PRELOAD": EVIL + "/evil.so", "LD_LIBRARY_PATH": EVIL, "LD_AUDIT": EVIL + "/evil.so",
        "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": MARKS + "/ld-debug", "LD_BIND_NOW": "1",
        "SSL_CERT_FILE": EVIL + "/nothing.pem", "SSL_CERT_DIR": EVIL,
        "CURL_CA_BUNDLE": EVIL + "/nothing.pem", "CURL_HOME": EVIL, "HOME": EVIL,
        "XDG_CONFIG_HOME": EVIL, "NETRC": EVIL + "/.netrc",
        "RES_OPTIONS": "ndots:9 attempts:1", "HOSTALIASES": EVIL + "/aliases",
        "LOCALDOMAIN": "evil.example", "RESOLV_HOST_CONF": ROOT_FILE,
        "GLIBC_TUNABLES": "glibc.malloc.check=3:glibc.malloc.tcache_count=0",
        "MALLOC_CHECK_": "3", "MALLOC_TRACE": MARKS + "/malloc", "MALLOC_PERTURB_": "85",
        "MALLOC_ARENA_MAX": "1", "MALLOC_TOP_PAD_": "1",
        "TZ": EVIL + "/zone", "TZDIR": EVIL, "TMPDIR": MARKS,
        "LANG": "xx_XX", "LC_ALL": "C", "LOCPATH": EVIL, "NLSPATH": EVIL, "GCONV_PATH": EVIL,
        "KRB5_TRACE": MARKS + "/krb5", "KRB5_CONFIG": EVIL + "/krb5.conf",
        "GNUTLS_DEBUG_LEVEL": "9", "P11_KIT_DEBUG": "all", "LDAPCONF": EVIL + "/ldap.conf",
        "SASL_PATH": EVIL, "BASH_ENV": EVIL + "/rc", "ENV": EVIL + "/rc", "IFS": "x"}


def prepare():
    command("install", "-d", "-o", "larry", "-m", "0777", EVIL, MARKS)
    os.chmod("/home/larry", 0o755)
    write(EVIL + "/evil.c", LIBRARY)
    command("cc", "-shared", "-fPIC", f'-DMARKS="{MARKS}"', "-o", EVIL + "/evil.so",
            EVIL + "/evil.c")
    write(EVIL + "/openssl.cnf", OPENSSL_CNF)
    write(EVIL + "/.curlrc", "insecure\nproxy = http://127.0.0.1:3128\n")
    write(EVIL + "/.netrc", "default login x password y\n")
    write(EVIL + "/aliases", "cognito-idp.eu-west-1.amazonaws.com evil.example\n")
    write(EVIL + "/rc", f"touch {MARKS}/rc\n")
    write(ROOT_FILE, "", 0o600)


class SudoKeep(Sudo):
    """sudo that is told to hand the whole environment on."""

    def words(self, name):
        return ["sudo", "-k", "-E", "sh", "-c", "echo signed in as $SUDO_USER"]


def allow_everything(variables):
    with open("/etc/sudoers", encoding="utf-8") as file:
        text = file.read()
    write("/etc/sudoers", text.replace("%cognito ALL=(ALL:ALL) ALL",
                                       "%cognito ALL=(ALL:ALL) SETENV: ALL")
          + "Defaults !env_reset\nDefaults env_keep += \"" + " ".join(variables) + "\"\n", 0o440)


def run(world, tap):
    prepare()
    for example in ("su", "sudo"):
        world.example(example)
    proxy = Counter(socket.SOCK_STREAM, 3128)
    resolver = Counter(socket.SOCK_DGRAM, 53)
    tools_work(tap, proxy)
    env = hostile(3128)
    for title, host in (("su", Su(world)), ("sudo", Sudo(world))):
        compare(world, tap, title, host, env, proxy, resolver)
    # Without the two that would end a helper that obeyed them at once.
    calm = {k: v for k, v in env.items() if not k.endswith("cap")}
    compare(world, tap, "su, calm", Su(world), calm, proxy, resolver)
    # A host that is not setuid, so that no loader has cleaned up before: only
    # what the loader and malloc would do to the host itself is left out.
    world.service("pamtester", PLAIN)
    bare = {k: v for k, v in calm.items() if not k.startswith(("LD_", "MALLOC_T"))}
    compare(world, tap, "pamtester", Pamtester(world), bare, proxy, resolver)
    keep = SudoKeep(world)
    allow_everything(env)
    compare(world, tap, "sudo -E", keep, env, proxy, resolver)
    helper_at_rest(world, tap)


def tools_work(tap, proxy):
    """The traps do catch those who step into them."""
    subprocess.run(["/bin/true"], env={"LD_PRELOAD": EVIL + "/evil.so"}, check=False)
    tap.ok(glob.glob(MARKS + "/loaded-*"), "trap: a loaded library leaves its mark")
    socket.create_connection(("127.0.0.1", 3128)).close()
    end = time.monotonic() + 2
    while not proxy.count and time.monotonic() < end:
        time.sleep(0.01)
    tap.equal(proxy.count, 1, "trap: the proxy counts")
    proxy.count = 0
    for mark in glob.glob(MARKS + "/*"):
        os.unlink(mark)


def attempt(world, host, typed, env):
    world.forget()
    visit = host.attempt(ALICE.name, typed, env=env)
    world.log.wait(f"{ALICE.name}: (accepted|refused)")
    # Keys are fetched meanwhile, when there is time: not compared.
    requests = [(r["username"], r["secret_hash_ok"])
                for r in world.pool.requests("InitiateAuth")]
    reasons = [line.split(" service=")[0] for line in world.log.ours()]
    return visit.screen, visit.status, visit.asked, requests, reasons


def compare(world, tap, title, host, env, proxy, resolver):
    for what, typed in (("right", ALICE.password), ("wrong", WRONG)):
        name = f"{title}, {what} password"
        try:
            plain = attempt(world, host, typed, {})
            dirty = attempt(world, host, typed, env)
        except Exception:
            tap.error(name)
            continue
        tap.ok((what == "right") == ("signed in as alice" in plain[0]), f"{name}: plain", plain)
        tap.equal(dirty, plain, f"{name}: the same answer, requests and log")
        time.sleep(0.2)
        tap.equal(proxy.count, 0, f"{name}: no proxy was reached")
        tap.equal(resolver.count, 0, f"{name}: nobody was asked for another name")
        tap.equal(os.listdir(MARKS), [], f"{name}: nothing was loaded or written")
        tap.equal(os.path.getsize(ROOT_FILE), 0, f"{name}: no session keys in root's file")


def find_helper(seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in glob.glob("/proc/[0-9]*/comm"):
            try:
                with open(path, encoding="ascii") as file:
                    if file.read().strip() != "pam_cognito_helper"[:15]:
                        continue
                pid = int(path.split("/")[2])
                facts = status_of(pid)
                # Its warden has the same name at first.
                if not facts["State"].startswith("Z") \
                        and status_of(facts["PPid"])["Name"] == "cognito_warden":
                    return pid
            except OSError:
                pass
        time.sleep(0.02)
    return None


def end_helper(seconds=10):
    """The helper that waits, and its warden, which has the socket's other end as well: while
    that one lives, an answer can still be sent."""
    worker = find_helper()
    warden = status_of(worker)["PPid"]
    os.kill(worker, signal.SIGKILL)
    end = time.monotonic() + seconds
    try:
        while not status_of(warden)["State"].startswith("Z") and time.monotonic() < end:
            time.sleep(0.02)
    except OSError:
        pass  # its end was waited for


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def open_files(pid):
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        except OSError:  # closed meanwhile
            pass
    return found


def foreign(files):
    return [f for n, f in files.items()
            if n > 3 and not f.startswith(("socket:", "anon_inode:", "pipe:"))]


def stays(look, seconds=5):
    """What it finds in look after look: what libc opens for itself (/etc/hosts,
    /etc/localtime), it soon closes."""
    end = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def left_open(pid):
    return stays(lambda: foreign(open_files(pid)))


def helper_at_rest(world, tap):
    world.forget()
    env = {"MARK_OF_THE_CALLER": "1", "https_proxy": "http://127.0.0.1:3128"}
    person = Person("su", ALICE.name, "-c", "echo signed in as $(id -un)",
                    user=LARRY.name, env=env)
    person.wait_for(PASSWORD)
    pid = find_helper()
    tap.ok(pid, "helper: is there while the person thinks")
    end = time.monotonic() + 5
    while status_of(pid).get("Seccomp") != "2" and time.monotonic() < end:
        time.sleep(0.02)
    facts = status_of(pid)
    account = pwd.getpwnam("_pam_cognito")
    tap.equal(facts["Uid"].split(), [str(account.pw_uid)] * 4, "helper: its user, four times")
    tap.equal(facts["Gid"].split(), [str(account.pw_gid)] * 4, "helper: its group, four times")
    tap.equal(facts["Groups"].split(), [], "helper: no other groups")
    tap.equal(facts["NoNewPrivs"], "1", "helper: no new privileges")
    tap.equal(facts["Seccomp"], "2", "helper: system calls are filtered")
    tap.equal({facts[k] for k in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {"0" * 16},
              "helper: no capabilities")
    # SIGPIPE, for libcurl.
    tap.equal(facts["SigIgn"], "0000000000001000", "helper: no signal is ignored but by itself")
    with open(f"/proc/{pid}/environ", "rb") as file:
        tap.equal(file.read(), b"", "helper: an empty environment")
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        tap.equal(file.read(), b"pam_cognito_helper\0", "helper: no arguments")
    tap.equal(os.readlink(f"/proc/{pid}/cwd"), "/", "helper: works in /")
    files = open_files(pid)
    tap.equal([files.get(n) for n in range(3)], ["/dev/null"] * 3, "helper: nothing on 0 to 2")
    tap.ok(files.get(3, "").startswith("socket:"), "helper: the socket is 3", files)
    tap.equal(left_open(pid), [], "helper: no file of the host's is open")
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        limits = file.read()
    tap.ok("Max core file size        0                    0 " in limits,
           "helper: leaves no core file", limits)
    tap.equal(refused_to(LARRY.name, pid), True, "helper: its caller cannot end it")
    person.type(ALICE.password)
    person.finish()
    tap.ok("signed in as alice" in person.screen, "helper: and then lets in", person.screen)
    end = time.monotonic() + 8
    while find_helper(0.1) and time.monotonic() < end:
        time.sleep(0.1)
    tap.equal(find_helper(0.1), None, "helper: is gone afterwards")


def refused_to(name, pid):
    """May that user not signal the process?"""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            become(name)
            os.kill(pid, 9)
            code = 1
        except PermissionError:
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
