# Running pam-cognito as a script does, with pipes, and as a person does, at a
# pseudo-terminal; and rows of tests that are run in both ways.
# SPDX-License-Identifier: MIT
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402  (found through the path just set)

TOOL = os.path.join(harness.BUILD, "pam-cognito")
# The same for another machine, which begins at the folder that it is started in.
ELSEWHERE = os.path.join(harness.BUILD, "pam-cognito-elsewhere")
PROMPT = re.compile(r"[^\n]: ?$")  # a question waits at the end of the screen
PATIENCE = 30


def environment(extra=None):
    """What a login leaves, the local accounts of the tests, no more."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LC_ALL", "UBSAN_OPTIONS")
            if name in os.environ}
    return {**kept, **harness.write_accounts(), **harness.sanitizer(), "TERM": "dumb",
            **(extra or {})}


@dataclass
class Done:
    status: int
    out: str
    err: str = ""

    @property
    def text(self):
        return self.out + self.err

    @property
    def objects(self):
        """The JSON objects of --json."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self):
        return self.objects[-1]


def command(*words, root=None):
    return [ELSEWHERE if root else TOOL, *map(str, words)]


def script(*words, answers=(), env=None, root=None):
    """With pipes. Answers that are functions wait for their question."""
    process = subprocess.Popen(command(*words, root=root), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root,
                               env=environment(env))
    err = b""
    asked = 0
    try:
        for answer in answers:
            if callable(answer):
                while asked >= count_prompts(err):
                    piece = os.read(process.stderr.fileno(), 65536)
                    if not piece:
                        raise AssertionError(f"no question: {err!r}")
                    err += piece
                answer = answer()
            asked += 1
            process.stdin.write(answer.encode() + b"\n")
            process.stdin.flush()
    except BrokenPipeError:
        pass
    out, rest = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, out.decode(), (err + rest).decode())


def count_prompts(text):
    return sum(1 for line in text.decode("utf-8", "replace").splitlines()
               if re.search(r": $", line))


class Person:
    """Somebody at a terminal, who types when asked."""

    def __init__(self, *words, env=None, root=None):
        self.screen = ""
        self.seen = 0
        self.status = None
        self.words = words
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTSTP):
                    signal.signal(number, signal.SIG_DFL)
                os.chdir(root or ".")
                name, *rest = command(*words, root=root)
                os.execve(name, [name, *rest], environment(env))
            finally:
                os._exit(126)

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody is left on the terminal
            data = b""
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def wait_for(self, pattern):
        """False when the program ends instead."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.screen[self.seen:])
            if found:
                self.seen += found.end()
                return True
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"{self.words}: no {pattern!r} in {self.screen!r}")
            if not self.read(0.5):
                return False

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def press(self, key):
        os.write(self.fd, key)

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait_until_quiet(self):
        """Until the terminal does not show what is typed."""
        end = time.monotonic() + PATIENCE
        while self.echoes:
            if time.monotonic() > end:
                raise AssertionError("the echo stays on")
            time.sleep(0.002)

    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)

    def finish(self):
        end = time.monotonic() + PATIENCE
        while self.read(0.5):
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"{self.words}: does not end: {self.screen!r}")
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        os.close(self.fd)
        return Done(self.status, self.screen)


def person(*words, answers=(), env=None, root=None):
    """At a terminal, to the end."""
    somebody = Person(*words, env=env, root=root)
    for answer in answers:
        if not somebody.wait_for(PROMPT):
            break
        somebody.type(answer() if callable(answer) else answer)
    return somebody.finish()


@dataclass
class Row:
    """One thing that can happen, met by a script and by a person."""
    words: list
    answers: list = field(default_factory=list)
    status: int = 0
    says: str = ""                   # a pattern, somewhere in what is printed
    reason: str | None = None        # with --json: the reason word
    before: object = None            # done to the pool first
    after: object = None             # asked of the pool afterwards; an assertion
    client: str = harness.CLIENT
    settings: dict = field(default_factory=dict)


def rows(cls):
    """Makes each entry of cls.ROWS three tests: script, person, JSON, or cls.WAYS."""
    for label, row in cls.ROWS.items():
        for way in getattr(cls, "WAYS", ("script", "person", "json")):
            setattr(cls, f"test_{label}_{way}", make_test(row, way))
    return cls


def make_test(row, way):
    def test(self):
        self.run_row(row, way)
    return test


class ToolCase(harness.PoolCase):
    """Tests with a configuration file for the local pool."""

    def config(self, client=harness.CLIENT, **changes):
        return harness.write_config(self.settings(client, **changes))

    def run_row(self, row, way):
        if row.before:
            row.before(self)
        config = self.config(row.client, **row.settings)
        words = ["--config", config, *row.words]
        if way == "json":
            words.append("--json")
        # A function that takes the case is asked when the question is there.
        answers = [bind(answer, self) for answer in row.answers]
        done = (person if way == "person" else script)(*words, answers=answers)
        self.assertEqual(done.status, row.status, done.text)
        if way == "json":
            self.assertTrue(done.objects, done.text)
            if row.reason is not None:
                self.assertEqual(done.last["reason"], row.reason)
        else:
            self.assertRegex(done.text, row.says)
        self.check_silence(done, row.answers)
        if row.after:
            row.after(self)

    def check_silence(self, done, answers):
        """Nothing that is secret is ever printed."""
        self.assertNotIn(self.settings().get("client_secret"), done.text)
        for answer in answers:
            if isinstance(answer, str) and len(answer) > 8 and not answer.isdigit():
                self.assertNotIn(answer, done.text)


def bind(answer, case):
    return (lambda: answer(case)) if callable(answer) else answer
