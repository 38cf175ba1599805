# Running the programs of the benchmark and reading what they print.
# SPDX-License-Identifier: MIT
import concurrent.futures
import re
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

import place

SUCCESS, AUTHINFO_UNAVAIL = 0, 9
COMMAND_SECONDS = 3600
LAST_WORDS_SECONDS = 60


class Failure(Exception):
    pass


@dataclass
class Login:
    after_enter: float | None  # ms
    whole: float               # ms
    code: int


@dataclass
class Usage:
    """Of one process: its name, peak memory in KiB, CPU time in ms."""
    name: str
    peak: int
    cpu: float


class Measure:
    def __init__(self, site):
        self.site = site

    def run(self, *words, **variables):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              env={**self.site.environment, **variables},
                              stdin=subprocess.DEVNULL, timeout=COMMAND_SECONDS, check=False)
        if done.returncode:
            raise Failure(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}\n"
                          + "\n".join(self.site.world.log.all()[-5:]))
        return done

    def numbers(self, program, *words, **variables):
        done = self.run(self.site.program(program), *words, **variables)
        return [[float(n) for n in line.split()] for line in done.stdout.splitlines()]

    # ---- One login ----

    def login(self, service, type_ms=0, code=SUCCESS, user=place.USER, answers=(),
              call="login"):
        """code None: whatever comes of it. answers: to what is asked after the password."""
        after, whole, got = self.numbers("host", call, service, user, place.PASSWORD,
                                         int(type_ms), *answers)[0]
        if code not in (None, got):
            raise Failure(f"{service}: code {got:.0f}, expected {code}\n"
                          + "\n".join(self.site.world.log.all()[-5:]))
        return Login(None if after < 0 else after / 1e6, whole / 1e6, int(got))

    def enter(self, service, type_ms=0, **more):
        """Milliseconds from the last Enter to a good verdict."""
        return self.login(service, type_ms, **more).after_enter

    def plain(self, port, ca=place.CA):
        """From the start of the program with libcurl alone until it is signed in."""
        return self.numbers("host", "run", self.site.program("plain"), port, "now",
                            BENCH_CA=ca)[0][0] / 1e6

    def post(self, port, wait_ms):
        return self.numbers("bare_post", "post", port, int(wait_ms))[0][0] / 1e6

    def posts(self, port, wait_ms):
        """The two POSTs of SRP."""
        return [ns / 1e6 for ns in self.numbers("bare_post", "srp", port, int(wait_ms))[0]]

    def inprocess(self, flow, port, *more):
        return self.numbers("inprocess", flow, port, *more)[0][0] / 1e6

    # ---- What it costs ----

    def usage(self, program, *words):
        """Of every process that came of the program."""
        done = self.run(self.site.program("meter"), self.site.program(program), *words)
        found = []
        for line in done.stderr.splitlines():
            name, peak, cpu = line.rsplit(" ", 2)
            found.append(Usage(name, int(peak), int(cpu) / 1e3))
        return found

    def login_words(self, service, type_ms):
        return ["login", service, place.USER, place.PASSWORD, str(int(type_ms))]

    def instructions(self, program, *words, **variables):
        """Of the programs that were executed, by file name; user space."""
        with LastWords() as words_of:
            done = self.run("valgrind", "--tool=lackey", "--basic-counts=yes",
                            "--trace-children=yes", "--vgdb=no",
                            f"--log-socket=127.0.0.1:{words_of.port}",
                            self.site.program(program), *words, **variables)
        if program == "host" and not done.stdout.endswith(f" {SUCCESS}\n"):
            raise Failure(f"under valgrind: {done.stdout}\n"
                          + "\n".join(self.site.world.log.all()[-5:]))
        return words_of.counts()


def overlapping(jobs):
    """
    Runs functions, each at its time: (seconds from now, function) in any order.
    They wait more than they work, so they hardly disturb each other.
    """
    begun = time.monotonic()
    waiting = sorted(enumerate(jobs), key=lambda job: job[1][0])
    with concurrent.futures.ThreadPoolExecutor(len(waiting)) as pool:
        results = {}
        for number, (at, function) in waiting:
            time.sleep(max(0, begun + at - time.monotonic()))
            results[number] = pool.submit(function)
        return [results[number].result() for number in range(len(waiting))]


def dealt(results, kinds):
    """What was measured of each kind in turns."""
    return {kind: results[i::len(kinds)] for i, kind in enumerate(kinds)}


def typing_ms(round_trip):
    """Enough to connect, shake hands and fetch the keys."""
    return 250 + 3.5 * round_trip


class LastWords:
    """Listens for what valgrind says about each process at its end."""

    def __enter__(self):
        self.texts = []
        self.readers = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def listen(self):
        try:
            while True:
                peer, _ = self.listener.accept()
                reader = threading.Thread(target=self.read, args=(peer,), daemon=True)
                self.readers.append(reader)
                reader.start()
        except OSError:
            pass

    def read(self, peer):
        text = b""
        while part := peer.recv(65536):
            text += part
        self.texts.append(text.decode("utf-8", "replace"))
        peer.close()

    def __exit__(self, *_):
        for reader in list(self.readers):
            reader.join(LAST_WORDS_SECONDS)
        self.listener.close()

    def counts(self):
        """
        A program and its forks have a connection. A fork counts on from its parent's
        count, so the largest is that of all that was done on the longest way: what a
        warden does beside its worker, and a host's child before exec, is left out.
        """
        found = {}
        for text in self.texts:
            command = re.search(r"== Command: (\S+)", text)
            counts = re.findall(r"==\s+guest instrs:\s+([\d,]+)", text)
            if command and counts:
                found[command[1].rsplit("/", 1)[-1]] = max(int(count.replace(",", ""))
                                                           for count in counts)
        return found
