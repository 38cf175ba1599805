# Running pam-cognito as a script does, with pipes, and as a person does, at a
# pseudo-terminal; and rows of tests that are run in both ways.
# SPDX-License-Identifier: MIT
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402  (found through the path just set)
import person as at_a_terminal  # noqa: E402

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
    def findings(self):
        """What check --json found, with all there is to do in one string."""
        return seen(self.objects)

    @property
    def last(self):
        return self.objects[-1]


def seen(objects):
    return [{**found, "fix": "; ".join(found["do"])} for found in objects[:-1]
            if found["level"] != "skip"]


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


class Person(at_a_terminal.Person):
    def __init__(self, *words, env=None, root=None, size=None):
        self.root = root
        super().__init__(*command(*words, root=root), env=environment(env), size=size)

    def be_child(self, *about):
        os.chdir(self.root or ".")
        super().be_child(*about)

    def finish(self):
        return Done(super().finish(), self.screen)


def person(*words, answers=(), env=None, root=None, size=None):
    """At a terminal, to the end."""
    somebody = Person(*words, env=env, root=root, size=size)
    for answer in answers:
        if not somebody.ask(PROMPT):
            break
        somebody.type(answer() if callable(answer) else answer)
    return somebody.finish()


def rows_of(text, columns=80):
    """The rows that a terminal of so many columns has then, from the first on."""
    return [row for line in re.sub("\033\\[[0-9;]*m", "", text).split("\n")
            for row in (line[at:at + columns] for at in range(0, len(line) or 1, columns))]


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
