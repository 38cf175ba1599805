# Reading the memory of processes as root does: a host that stands still, the
# helper while it waits, and the helper at the very moment it ends.
# SPDX-License-Identifier: MIT
import base64
import ctypes
import hashlib
import hmac
import os
import re
import resource
import select
import signal
import subprocess
import time

from suites.hostile import find_helper
from world import CLIENT, POOL, SECRET, command

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 30
# How the local pool's tokens and sessions begin, and the service's own. A session
# is random and may hold such letters in its midst.
SHAPES = {"token": re.compile(rb"(?<![A-Za-z0-9+/_-])eyJ[A-Za-z0-9_-]{24}"),
          "session": re.compile(rb"AYABe[A-Za-z0-9_-]{24}")}
PTRACE_CONT, PTRACE_SEIZE = 7, 0x4206
PTRACE_O_TRACEEXIT, PTRACE_EVENT_EXIT = 0x40, 6
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def secret_hash(name):
    mac = hmac.new(SECRET.encode(), (name + CLIENT).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest())


def srp_hash(name, password):
    """As good as the password to whoever has the salt, which the pool tells everybody."""
    return hashlib.sha256(f"{POOL.split('_')[1]}{name}:{password}".encode()).digest()


class Image:
    """All that a process can read of its own memory, at one moment."""

    def __init__(self, pid):
        self.parts = []
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
                open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                words = line.split(None, 5)
                start, end = (int(number, 16) for number in words[0].split("-"))
                name = words[5].strip() if len(words) > 5 else "anonymous"
                if not words[1].startswith("r") or name.startswith(("[vvar", "[vsyscall")):
                    continue
                memory.seek(start)
                data = bytearray()
                while len(data) < end - start:
                    try:
                        got = memory.read(end - start - len(data))
                    except OSError:  # behind the end of a mapped file
                        break
                    if not got:
                        break
                    data += got
                self.parts.append((name, words[1], start, bytes(data)))
        self.size = sum(len(part[3]) for part in self.parts)

    def find(self, secrets):
        """
        Where each of the secrets (label: bytes) and of the shapes stands. free() writes over
        the first 16 bytes of what it gets, so of long ones the rest is looked for.
        """
        needles = [(label, re.compile(re.escape(value[16 if len(value) >= 32 else 0:])))
                   for label, value in secrets.items()]
        return [f"{label} in {name} ({mode}) at {start + hit.start():x}"
                for label, needle in (*needles, *SHAPES.items())
                for name, mode, start, data in self.parts
                for hit in needle.finditer(data)]


class Tracer:
    """Stops a process when it has done everything and is about to end."""

    def __init__(self, pid):
        self.pid = pid
        if libc.ptrace(PTRACE_SEIZE, pid, None, PTRACE_O_TRACEEXIT) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def wait(self):
        """How it ended, and its memory just before."""
        end = time.monotonic() + PATIENCE
        image = None
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, WALL | os.WNOHANG)
            if not pid:
                time.sleep(0.01)
            elif not os.WIFSTOPPED(status):
                return status, image
            elif status >> 8 == signal.SIGTRAP | PTRACE_EVENT_EXIT << 8:
                image = Image(self.pid)
                self.go_on()
            else:
                self.go_on(os.WSTOPSIG(status))
        raise RuntimeError("the helper did not end")

    def go_on(self, with_signal=0):
        libc.ptrace(PTRACE_CONT, self.pid, None, with_signal)


def allow_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Host:
    """corehost, step by step."""

    def __init__(self, program, *words, uid=0):
        self.process = subprocess.Popen([program, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"},
                                        user=uid, group=uid, extra_groups=[],
                                        preexec_fn=allow_cores)
        self.rest = b""
        self.lines = []

    def line(self):
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise RuntimeError(f"the host says nothing more after {self.lines}")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise RuntimeError(f"the host ended after {self.lines}")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def until(self, start):
        """Reads on to the next line that begins like that."""
        while True:
            line = self.line()
            if line.startswith(start):
                return line
            if line.startswith(("ask ", "at ")):
                raise RuntimeError(f"waited for {start!r}: {self.lines}")

    def say(self, text=""):
        os.write(self.process.stdin.fileno(), text.encode() + b"\n")

    def image(self):
        return Image(self.process.pid)

    def codes(self):
        return [int(line.split()[2]) for line in self.lines if line.startswith("code ")]

    def finish(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


def build_host(folder):
    program = os.path.join(folder, "corehost")
    command("cc", "-O1", "-Wall", "-Werror", "-o", program, os.path.join(HERE, "corehost.c"),
            "-lpam")
    return program


def the_helper():
    pid = find_helper()
    if pid is None:
        raise RuntimeError("there is no helper")
    return pid


def wait_for_no_helper():
    end = time.monotonic() + PATIENCE
    while find_helper(0.05) is not None:
        if time.monotonic() > end:
            raise RuntimeError("a helper stays")
