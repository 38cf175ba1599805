# The module under valgrind: no wrong access, nothing lost, no descriptor left.
# A build with AddressSanitizer does the same by itself.
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import FAKE, HELPER, SANITIZED, PoolCase, run, write_config  # noqa: E402

ROUNDS = 10
if not SANITIZED:
    # valgrind does not understand the debugging information of every compiler.
    for path in (harness.PAMRUN, harness.MODULE):
        subprocess.run(["strip", "--strip-debug", path], check=True)
# libpam 1.4 forgets the folder that pam_start_confdir was given.
LIBPAM = harness.fresh("valgrind")
harness.write(LIBPAM, """{
   pam_start_confdir
   Memcheck:Leak
   fun:malloc
   obj:*/libpam.so.0*
   obj:*/libpam.so.0*
   fun:main
}
""")
WRAPPER = [] if SANITIZED else [
    "valgrind", "-q", "--error-exitcode=99", "--trace-children=no", "--leak-check=full",
    "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
    "--child-silent-after-fork=yes", "--suppressions=" + LIBPAM]


def clean(case, host, code):
    case.assertEqual(host.all("count"), [f"{code} {ROUNDS}"], host.describe())
    case.assertEqual(*host.pair("fds"))
    case.assertEqual(host.pair("sigchld"), (0, 0))
    case.assertNotIn("ERROR SUMMARY", host.errors)
    case.assertNotIn("Invalid", host.errors)


@harness.cases
class Fake(unittest.TestCase):
    # behaviour: what is typed, code
    behaviour_rows = {f"{word}_{code[4:]}": (word, answer, code) for word, answer, code in [
        ("good", "open-sesame", "PAM_SUCCESS"),
        ("good_noisy", "wrong", "PAM_AUTH_ERR"),
        ("escapes", "x", "PAM_AUTH_ERR"),
        ("good", "", "PAM_AUTH_ERR"),  # an empty password
        ("oversize", "open-sesame", "PAM_AUTHINFO_UNAVAIL"),
        ("nul_in_prompt", "open-sesame", "PAM_AUTHINFO_UNAVAIL"),
        ("length_past_end", "open-sesame", "PAM_AUTHINFO_UNAVAIL"),
        ("truncated", "open-sesame", "PAM_AUTHINFO_UNAVAIL"),
        ("kinds", "open-sesame", "PAM_AUTH_ERR")]}

    def check_behaviour(self, behaviour, answer, code):
        arguments = [f"config={write_config('')}", f"helper={FAKE}",
                     f"user_pool_id=fake:{behaviour}", "timeout=20", "debug"]
        host = run(arguments=arguments, wrapper=WRAPPER, options=[
            "--quiet", "--repeat", str(ROUNDS), "--fresh", "--answer", answer])
        clean(self, host, code)

    def test_change_of_the_password(self):
        arguments = [f"config={write_config('')}", f"helper={FAKE}", "user_pool_id=fake:change",
                     "timeout=20"]
        host = run("chauthtok", arguments=arguments, wrapper=WRAPPER, options=[
            "--quiet", "--repeat", str(ROUNDS), "--fresh", "--answer", "open-sesame"])
        clean(self, host, "PAM_SUCCESS")

    def test_faults_of_the_configuration(self):
        text = "colour = blue\n[open\ntimeout = x\n" + "y" * 3000
        arguments = [f"config={write_config(text)}", f"helper={FAKE}"]
        host = run(arguments=arguments, wrapper=WRAPPER, options=[
            "--quiet", "--repeat", str(ROUNDS), "--fresh"])
        clean(self, host, "PAM_SERVICE_ERR")


class Pool(PoolCase):
    def test_accepted(self):
        arguments = [f"config={write_config(self.settings())}", f"helper={HELPER}", "timeout=20"]
        host = run(arguments=arguments, wrapper=WRAPPER, options=[
            "--quiet", "--repeat", str(ROUNDS), "--fresh", "--answer", "Correct-Horse-9"])
        clean(self, host, "PAM_SUCCESS")


if __name__ == "__main__":
    harness.main()
