# Test Anything Protocol: one line per test, a plan at the end. Threads may report
# at once: each in lines of its own.
# SPDX-License-Identifier: MIT
import os
import re
import sys
import threading
import traceback
import unittest


class Tap:
    def __init__(self, title="", first=False):
        """title stands before each name. first: the first failure ends the program."""
        self.title = title and title + ": "
        self.first = first
        self.count = 0
        self.failed = 0
        self.lock = threading.Lock()

    def ok(self, good, name, *details):
        notes = []
        if not good:
            notes = ["#   " + line for detail in details for line in str(detail).splitlines()]
        with self.lock:
            self.count += 1
            self.failed += not good
            print(f"{'ok' if good else 'not ok'} {self.count} - {self.title}{name}",
                  *notes, sep="\n")
            sys.stdout.flush()
            if self.first and not good:
                os._exit(self.done())
        return good

    def equal(self, got, wanted, name, *details):
        return self.ok(got == wanted, name, f"got {got!r}", f"wanted {wanted!r}", *details)

    def none(self, faults, name):
        """Passes when the list of faults is empty, and shows it otherwise."""
        return self.ok(not faults, name, *faults)

    def skip(self, name, why):
        self.ok(True, f"{name} # SKIP {why}")

    def error(self, name, *notes):
        """Call it while an exception is handled."""
        self.ok(False, name, traceback.format_exc(), *notes)

    def done(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed or not self.count else 0


class Results(unittest.TestResult):
    """What unittest has to say, as TAP."""

    def __init__(self, tap):
        super().__init__()
        self.tap = tap

    def tell(self, test, err=None):
        name = f"{type(test).__name__}.{getattr(test, '_testMethodName', test)}"
        self.tap.ok(not err, name.removeprefix("Test"), *traceback.format_exception(*err)
                    if err else ())

    def addSuccess(self, test):
        self.tell(test)

    def addFailure(self, test, err):
        self.tell(test, err)

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            self.tell(test, err)

    def addSkip(self, test, reason):
        self.tap.skip(type(test).__name__.removeprefix("Test"), reason)


def chosen(suite, pattern):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from chosen(part, pattern)
        elif re.search(pattern, part.id()):
            yield part


def run(suite, pattern):
    """unittest's tests whose names match; what the program ends with."""
    tests = list(chosen(suite, pattern))
    tap = Tap()
    unittest.TestSuite(tests).run(Results(tap))
    return tap.done() or int(tap.count != len(tests))
