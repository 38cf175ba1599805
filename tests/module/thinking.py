# A right password typed after a minute's thought logs in, by one request over the
# connection that the helper has renewed meanwhile; after four minutes it has let go
# and opens another. make check-long.
# SPDX-License-Identifier: MIT
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import PoolCase  # noqa: E402

IDLE = 45  # seconds after which the helper renews its connection, three times


class Thinking(PoolCase):
    def start(self):
        config = harness.write_config(self.settings())
        confdir = harness.write_service([f"config={config}", f"helper={harness.HELPER}",
                                         "timeout=5"])
        host = harness.Host(["authenticate"], confdir)
        host.until("prompt")
        return host

    def test_a_minute(self):
        self.think(IDLE + 15, 0)

    def test_four_minutes(self):
        self.think(4 * IDLE + 30, 2)

    def think(self, seconds, anew):
        """anew: connections that the two passwords make."""
        right, wrong = self.start(), self.start()
        time.sleep(seconds)
        self.assertEqual(len(harness.helpers()), 2)
        before = self.pool.counts()["connections"]
        right.say("Correct-Horse-9")
        wrong.say("Correct-Horse-8")
        # Either waits for all helpers: the other one must have ended, too.
        right.until("return")
        wrong.until("return")
        self.assertEqual((right.finish().code, right.reason), ("PAM_SUCCESS", "ok"))
        self.assertEqual((wrong.finish().code, wrong.reason), ("PAM_AUTH_ERR", "wrong_password"))
        self.assertEqual(self.tries(), 2)
        self.assertEqual(self.pool.counts()["connections"], before + anew)


if __name__ == "__main__":
    harness.main()
