#!/usr/bin/python3
# The pool's own tests: starts one pool, runs everything in selftests/ against
# it, prints TAP. An argument keeps only the tests whose name contains it.
# SPDX-License-Identifier: MIT
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "selftests")]
sys.path.append(os.path.join(HERE, "..", "lib"))

import harness  # noqa: E402  (found through the path just set)
import localpool  # noqa: E402
import tap  # noqa: E402


def main():
    found = unittest.TestLoader().discover(os.path.join(HERE, "selftests"), "test_*.py")
    with localpool.start() as harness.POOL:
        return tap.run(found, re.escape("".join(sys.argv[1:2])))


if __name__ == "__main__":
    sys.exit(main())
