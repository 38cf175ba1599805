# Test Anything Protocol: one line per test, a plan at the end. There are no
# skips here.
# SPDX-License-Identifier: MIT
import sys
import traceback


class Tap:
    def __init__(self, title):
        self.title = title
        self.count = 0
        self.failed = 0

    def ok(self, good, name, *details):
        self.count += 1
        if not good:
            self.failed += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {self.title}: {name}")
        if not good:
            for detail in details:
                for line in str(detail).splitlines():
                    print("#   " + line)
        sys.stdout.flush()
        return good

    def equal(self, got, wanted, name, *details):
        return self.ok(got == wanted, name, f"got {got!r}", f"wanted {wanted!r}", *details)

    def error(self, name, *notes):
        """Call it while an exception is handled."""
        self.ok(False, name, traceback.format_exc(), *notes)

    def done(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed or not self.count else 0
