# Test Anything Protocol: one line per test, a plan at the end. There are no
# skips here. Threads may report at once: each in lines of its own.
# SPDX-License-Identifier: MIT
import os
import sys
import threading
import traceback


class Tap:
    def __init__(self, title, first=False):
        """first: the first failure ends the program."""
        self.title = title
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
            print(f"{'ok' if good else 'not ok'} {self.count} - {self.title}: {name}",
                  *notes, sep="\n")
            sys.stdout.flush()
            if self.first and not good:
                os._exit(self.done())
        return good

    def equal(self, got, wanted, name, *details):
        return self.ok(got == wanted, name, f"got {got!r}", f"wanted {wanted!r}", *details)

    def error(self, name, *notes):
        """Call it while an exception is handled."""
        self.ok(False, name, traceback.format_exc(), *notes)

    def done(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed or not self.count else 0
