# How the module starts the helper and what the helper makes of itself, looked
# at while it waits at the prompt, under launchers that wish it ill.
# SPDX-License-Identifier: MIT
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import FAKE, HELPER, PoolCase  # noqa: E402

RIGHT = "Correct-Horse-9"
PASSWORD = "open-sesame"
DARK = "0" * 16
HEAD = b"\x02\x01" + b"i" * 16  # of a START


def status_of(pid):
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def limits_of(pid):
    """{name: (soft, hard)} from /proc/PID/limits."""
    found = {}
    with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
        for line in list(file)[1:]:
            name, soft, hard = re.match(r"(.*?)\s{2,}(\S+)\s+(\S+)", line).groups()
            found[name] = (soft, hard)
    return found


# What launchers do. Each is a list of pamrun's options.
LAUNCHERS = {
    "plain": [],
    "signals_ignored": ["--ignore-signals"],
    "signals_blocked": ["--block-signals"],
    "descriptors_open": ["--hold", "3", "--hold", "4", "--hold", "900"],
    # More of them than the helper may have.
    "many_descriptors": [word for fd in (*range(3, 10), *range(12, 320))
                         for word in ("--hold", str(fd))],
    "low_descriptors_closed": ["--close-low"],
    "few_descriptors": ["--limit", "nofile=24"],
    "descriptors_above_the_limit": ["--hold", "900", "--limit", "nofile=24"],
    "no_files": ["--limit", "fsize=0"],
    "little_stack": ["--limit", "stack=262144"],
    "core_dumps": ["--limit", "core=1000000"],
    "umask_0": ["--umask", "0"],
    "umask_777": ["--umask", "777"],
    "everything": ["--close-low", "--hold", "3", "--hold", "900", "--umask", "0", "--limit",
                   "fsize=0", "--limit", "nofile=24", "--ignore-signals", "--block-signals"],
}
ENVIRONMENT = {"https_proxy": "http://127.0.0.1:9", "LD_LIBRARY_PATH": "/nonexistent",
               "SSLKEYLOGFILE": "/nonexistent/keys", "OPENSSL_ia32cap": "0", "MALLOC_CHECK_": "3",
               "BASH_ENV": "/nonexistent", "IFS": " ", "GCONV_PATH": "/nonexistent"}


@harness.cases
class Started(unittest.TestCase):
    """By the fake helper, which lets itself be looked at."""

    launcher_rows = {label: (options,) for label, options in LAUNCHERS.items()}

    def start(self, options):
        confdir = harness.write_service(
            [f"config={harness.write_config('')}", f"helper={FAKE}", "user_pool_id=fake:launch"])
        host = harness.Host(["authenticate"], confdir, options=options, cwd=harness.TMP,
                            environment=ENVIRONMENT)
        self.addCleanup(host.abandon)
        host.until("prompt")
        helper, = harness.helpers()
        return host, helper

    def finish(self, host):
        host.say(PASSWORD)
        host.finish()
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.all("host"), ["unchanged"])
        self.assertEqual(*host.pair("fds"))
        self.assertEqual(host.helpers, [0])

    def check_launcher(self, options):
        host, helper = self.start(options)
        with open(f"/proc/{helper}/environ", "rb") as file:
            self.assertEqual(file.read(), b"")
        with open(f"/proc/{helper}/cmdline", "rb") as file:
            self.assertEqual(file.read(), b"pam_cognito_helper\0")
        descriptors = {int(name): os.readlink(f"/proc/{helper}/fd/{name}")
                       for name in os.listdir(f"/proc/{helper}/fd")}
        self.assertEqual(sorted(descriptors), [0, 1, 2, 3])
        self.assertEqual([descriptors[fd] for fd in range(3)], ["/dev/null"] * 3)
        self.assertTrue(descriptors[3].startswith("socket:"), descriptors)
        self.assertEqual(os.readlink(f"/proc/{helper}/cwd"), "/")
        status = status_of(helper)
        # A sanitizer catches signals of its own.
        for name in ("SigBlk", "SigIgn", "SigPnd") + (() if harness.SANITIZED else ("SigCgt",)):
            self.assertEqual(status[name], DARK, name)
        self.assertEqual(status["Umask"], "0077")
        self.assertEqual(status["Threads"], "1")
        self.assertEqual(harness.stat_of(helper)[3], helper, "its own session")
        self.assertEqual(status["Uid"].split(), [str(os.getuid())] * 4)
        self.check_limits(host, helper)
        self.finish(host)

    def check_limits(self, host, helper):
        """Back to what a helper needs, as far as the hard limit goes."""
        limits = limits_of(helper)
        self.assertEqual(limits["Max open files"][0], "256")
        self.assertEqual(limits["Max file size"][0], limits["Max file size"][1])
        self.assertEqual(limits["Max core file size"], ("0", "0"))
        self.assertEqual(limits["Max cpu time"][0], limits["Max cpu time"][1])

    def test_who_is_asked_about(self):
        host, _ = self.start([])
        self.finish(host)
        self.assertIn((5, "helper: user alice"), host.logs)
        self.assertIn((5, "helper: environment 0"), host.logs)
        self.assertIn((5, "helper: leader 1"), host.logs)


@harness.cases
class Confined(PoolCase):
    """The real helper. It is not dumpable, so that /proc shows less of it."""

    launcher_rows = {label: (options,) for label, options in LAUNCHERS.items()}

    def start(self, options=()):
        config = harness.write_config(self.settings())
        confdir = harness.write_service([f"config={config}", f"helper={HELPER}"])
        host = harness.Host(["authenticate"], confdir, options=options, environment=ENVIRONMENT)
        self.addCleanup(host.abandon)
        host.until("prompt")
        helper, = harness.helpers()
        harness.wait_until(lambda: self.requests("jwks"))
        return host, helper

    def check_launcher(self, options):
        host, helper = self.start(options)
        status = status_of(helper)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual((status["SigBlk"], status["Umask"]), (DARK, "0077"))
        self.assertIn(int(status["SigIgn"], 16) & ~(1 << (signal.SIGPIPE - 1)), (0,))
        self.assertEqual(harness.stat_of(helper)[3], helper)
        self.assertEqual(int(status["CapEff"], 16), 0)
        limits = limits_of(helper)
        self.assertEqual(limits["Max core file size"], ("0", "0"))
        self.assertEqual(limits["Max file size"], ("0", "0"))
        self.assertEqual(limits["Max open files"], ("64", "64"))
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(host.all("host"), ["unchanged"])
        self.assertEqual(*host.pair("fds"))

    def test_nobody_may_look_into_it(self):
        host, helper = self.start()
        for name in ("environ", "mem", "maps", "auxv", "stack"):
            with self.assertRaises(PermissionError, msg=name):
                open(f"/proc/{helper}/{name}", "rb").close()
        for name in ("cwd", "exe", "root"):
            with self.assertRaises(PermissionError, msg=name):
                os.readlink(f"/proc/{helper}/{name}")
        with self.assertRaises(PermissionError):
            os.listdir(f"/proc/{helper}/fd")
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS")

    def test_password_is_not_in_its_command_line(self):
        host, helper = self.start()
        with open(f"/proc/{helper}/cmdline", "rb") as file:
            self.assertEqual(file.read(), b"pam_cognito_helper\0")
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS")


class ByHand(unittest.TestCase):
    """Whoever else starts the helper gets nothing from it."""

    def run_helper(self, *arguments, environment=None, **more):
        return subprocess.run([HELPER, *arguments], env=environment or {}, timeout=20,
                                      capture_output=True, text=True, check=False, **more)

    def test_without_a_socket(self):
        done = self.run_helper(stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("is started by pam_cognito.so and by nothing else", done.stderr)

    def test_with_arguments(self):
        for argument in ("--help", "--version", "-h", "x"):
            done = self.run_helper(argument, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stdout), (2, ""))

    def with_socket(self, kind, environment=None, keep=True):
        """Our end of a socket pair, and the helper's process with the other one as its 3."""
        here, there = socket.socketpair(socket.AF_UNIX, kind)
        high = fcntl.fcntl(there, fcntl.F_DUPFD_CLOEXEC, 20)
        there.close()
        null = os.open("/dev/null", os.O_RDWR)
        quiet = fcntl.fcntl(null, fcntl.F_DUPFD_CLOEXEC, 20)
        os.close(null)
        pid = os.posix_spawn(HELPER, ["pam_cognito_helper"], environment or {}, file_actions=[
            *((os.POSIX_SPAWN_DUP2, quiet, fd) for fd in range(3)),
            (os.POSIX_SPAWN_DUP2, high, 3)])
        os.close(high)
        os.close(quiet)
        if not keep:
            here.close()
        return here, pid

    def status(self, pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_with_a_stream(self):
        here, pid = self.with_socket(socket.SOCK_STREAM)
        self.assertEqual(self.status(pid), 2)
        here.close()

    def test_with_an_environment(self):
        here, pid = self.with_socket(socket.SOCK_SEQPACKET, {"https_proxy": "x"})
        self.assertEqual(self.status(pid), 2)
        here.close()

    def test_with_nothing_to_read(self):
        _, pid = self.with_socket(socket.SOCK_SEQPACKET, keep=False)
        self.assertEqual(self.status(pid), 1)

    malformed = [b"\x01", b"\x01" * 18, b"\x02\x01" + b"i" * 16, b"\x01\x10" + b"i" * 16,
                 HEAD, HEAD + b"\x01" + b"\0" * 8,
                 HEAD + b"\xff" * 40, b"x" * 16384]

    def test_with_malformed_requests(self):
        for message in self.malformed:
            here, pid = self.with_socket(socket.SOCK_SEQPACKET)
            here.send(message)
            self.assertEqual(self.status(pid), 1, message[:40])
            try:
                self.assertEqual(here.recv(100), b"")
            except ConnectionResetError:
                pass  # it left without reading all
            here.close()

    def test_as_another_person_than_root(self):
        """START without the flag of a personal host: only root's module sends that."""
        def text(value):
            return len(value).to_bytes(2, "big") + value
        start = (HEAD + b"\x01" + (0).to_bytes(4, "big")
                 + (1000).to_bytes(4, "big") + text(b"alice") + text(b"test") + text(b"")
                 + text(b"") + b"\x00" + bytes(16))
        here, pid = self.with_socket(socket.SOCK_SEQPACKET)
        here.send(start)
        answer = here.recv(20000)
        self.assertEqual(answer[:18], b"\x02\x13" + b"i" * 16)
        self.assertNotEqual(answer[18], 0)
        self.status(pid)
        here.close()


if __name__ == "__main__":
    harness.main()
