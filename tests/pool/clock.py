# The pool's own clock: real time plus an offset that tests move forward, so
# that lock-outs, sessions and code lifetimes pass without sleeping.
# SPDX-License-Identifier: MIT
import time


class Clock:
    def __init__(self):
        self.offset = 0.0

    def now(self):
        return time.time() + self.offset

    def advance(self, seconds):
        self.offset += float(seconds)
        return self.offset
