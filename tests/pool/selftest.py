#!/usr/bin/python3
# The pool's own tests: starts one pool, runs everything in selftests/ against
# it, prints TAP. An argument keeps only the tests whose name contains it.
# SPDX-License-Identifier: MIT
import os
import sys
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "selftests")]

import harness  # noqa: E402  (found through the path just set)
import localpool  # noqa: E402


class TapResult(unittest.TestResult):
    def report(self, good, test, error=None):
        name = ".".join(test.id().split(".")[-3:])
        print(f"{'ok' if good else 'not ok'} {self.testsRun} - {name}", flush=True)
        if error:
            for line in "".join(traceback.format_exception(*error)).splitlines():
                print("# " + line)

    def addSuccess(self, test):
        self.report(True, test)

    def addError(self, test, err):
        super().addError(test, err)
        self.report(False, test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(False, test, err)


def each(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from each(item)
        else:
            yield item


def main():
    found = unittest.TestLoader().discover(os.path.join(HERE, "selftests"), "test_*.py")
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    tests = [test for test in each(found) if wanted in test.id()]
    print(f"1..{len(tests)}")
    result = TapResult()
    with localpool.start() as harness.POOL:
        unittest.TestSuite(tests).run(result)
    print(f"# {result.testsRun} run, {len(result.failures) + len(result.errors)} failed")
    return 0 if tests and result.wasSuccessful() and result.testsRun == len(tests) else 1


if __name__ == "__main__":
    sys.exit(main())
