# A thousand sign-ins in one process: no memory, no descriptor, no signal and no
# child of ours stays with the host, however it treats its children.
# SPDX-License-Identifier: MIT
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import FAKE, HELPER, SANITIZED, PoolCase, run, write_config  # noqa: E402

GROWTH = 200  # KiB; a kilobyte lost in each of a thousand rounds is more
HOSTS = {"default": "default", "ignored": "ignore", "handler": "handler",
         "nocldwait": "nocldwait", "thread": "thread"}
MANY = 50 if SANITIZED else 1000  # rounds; those of a sanitizer are slow


def lasting(case, host, code, rounds, kept=0):
    case.assertEqual(host.all("count"), [f"{code} {rounds}"], host.events)
    case.assertEqual(*host.pair("fds"))
    case.assertEqual(host.pair("sigchld"), (0, 0))
    case.assertEqual(host.all("host"), ["unchanged"])
    case.assertEqual(len(host.helpers), rounds)
    before, after = host.pair("rss")
    if not SANITIZED:
        case.assertLess(after - before, GROWTH + kept * rounds)


@harness.cases
class Fake(unittest.TestCase):
    def fake(self, behaviour, rounds, password, *options):
        arguments = [f"config={write_config('')}", f"helper={FAKE}",
                     f"user_pool_id=fake:{behaviour}", "timeout=5"]
        return run(arguments=arguments, options=["--quiet", "--repeat", str(rounds), "--answer",
                                                 password, *options])

    accepted_rows = {label: (kind,) for label, kind in HOSTS.items()}

    def check_accepted(self, kind):
        host = self.fake("good", MANY, "open-sesame", "--fresh", "--sigchld", kind)
        lasting(self, host, "PAM_SUCCESS", MANY)

    refused_rows = accepted_rows

    def check_refused(self, kind):
        host = self.fake("good", 100, "wrong", "--fresh", "--sigchld", kind)
        lasting(self, host, "PAM_AUTH_ERR", 100)

    failed_rows = {word: (word,) for word in (
        "crash_after_reply", "quiet_exit", "trailing", "send_descriptor", "deaf")}

    def check_failed(self, behaviour):
        host = self.fake(behaviour, 100, "open-sesame", "--fresh", "--sigchld", "handler")
        lasting(self, host, "PAM_AUTHINFO_UNAVAIL", 100)

    def test_one_handle(self):
        # libpam keeps each look-up of an account, a kilobyte, until pam_end.
        host = self.fake("good", 300, "open-sesame")
        lasting(self, host, "PAM_SUCCESS", 300, kept=2)


class Pool(PoolCase):
    def test_accepted(self):
        """Two hundred helpers, each with its own connection, keys and tokens."""
        rounds = min(MANY, 200)
        arguments = [f"config={write_config(self.settings())}", f"helper={HELPER}"]
        host = run(arguments=arguments, options=[
            "--quiet", "--repeat", str(rounds), "--fresh", "--answer", "Correct-Horse-9",
            "--sigchld", "handler"])
        lasting(self, host, "PAM_SUCCESS", rounds)
        self.assertEqual(self.tries(), rounds)
        self.assertEqual(len(self.requests("RevokeToken")), rounds)


class Reaper(PoolCase):
    """A host that is itself the reaper of orphans (PID 1 of a container)."""

    def test_helpers_end_by_themselves(self):
        arguments = [f"config={write_config(self.settings())}", f"helper={HELPER}"]
        host = run(arguments=arguments, options=[
            "--quiet", "--repeat", "10", "--fresh", "--answer", "Correct-Horse-9",
            "--subreaper", "--sigchld", "handler"])
        self.assertEqual(host.all("count"), ["PAM_SUCCESS 10"])
        self.assertEqual(*host.pair("fds"))
        # What such a host notices is at most one child for each.
        self.assertLessEqual(host.pair("sigchld")[1], 10)


if __name__ == "__main__":
    harness.main()
