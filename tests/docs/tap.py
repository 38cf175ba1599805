# Results as TAP (the Test Anything Protocol).
# SPDX-License-Identifier: MIT
import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, title, *details):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}")
        if not good:
            for detail in details:
                print("# " + str(detail).replace("\n", "\n# "))

    def none(self, faults, title):
        """Passes when the list of faults is empty, and shows it otherwise."""
        self.ok(not faults, title, *faults)

    def same(self, found, expected, title):
        """Compares two sets, or two dicts, and names what differs."""
        faults = [f"documented, but not in the sources: {item}"
                  for item in sorted(set(found) - set(expected), key=str)]
        faults += [f"in the sources, but not documented: {item}"
                   for item in sorted(set(expected) - set(found), key=str)]
        if isinstance(found, dict):
            faults += [f"{item}: documented {found[item]!r}, is {expected[item]!r}"
                       for item in found
                       if item in expected and found[item] != expected[item]]
        self.none(faults, title)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)
