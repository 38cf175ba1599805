# A sign-in with a password, each call of the module and of the helper failing in
# turn: an answer, nothing left behind, and a success only for the right password
# and in spite of what is listed as harmless.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

sys.path[:0] = [os.path.join(os.environ["TEST_FOLDER"], "tests", name)
                for name in ("lib", "faults")]
import harness  # noqa: E402
import sweeps  # noqa: E402
from harmless import HARMLESS, IN_EXCEPTIONS, SOMETIMES  # noqa: E402
from injection import BIRTH, HOST, INTERRUPTED, NAMES, PROGRAM, SHORT  # noqa: E402
from sweeps import FaultCase  # noqa: E402

RIGHT = "Correct-Horse-9"
# A signal, or data in parts, is nothing out of the ordinary for these.
SIGNALLED = ("poll", "recvmsg", "send", "read", "waitpid")
PARTED = ("read",)


class Right(FaultCase):
    def run_it(self):
        return harness.run("authenticate", confdir=self.place, answers=[RIGHT])

    def setUp(self):
        super().setUp()
        self.place = self.folder()
        self.allowing = sweeps.Allowing(HARMLESS | SOMETIMES, IN_EXCEPTIONS, pool=self.pool)

    def check(self, section):
        self.sweep(self.run_it, self.allowing, (section,))
        # The list is no longer than it must be.
        mine = {entry for entry in HARMLESS if entry.startswith(NAMES[section])}
        self.assertEqual(mine - self.allowing.seen, set())

    def test_nothing_fails(self):
        host = self.record(self.run_it)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertTrue(all(self.state.section(s)[0] > 50 for s in (HOST, BIRTH, PROGRAM)))
        self.assertEqual([self.state.section(s)[1] for s in (HOST, BIRTH, PROGRAM)], [1, 0, 1])

    def test_host(self):
        self.check(HOST)

    def test_birth(self):
        self.check(BIRTH)

    def test_helper(self):
        self.check(PROGRAM)

    def test_signals(self):
        self.sweep(self.run_it, sweeps.as_before, mode=INTERRUPTED, names=SIGNALLED, most=3)

    def test_parts(self):
        self.sweep(self.run_it, sweeps.as_before, mode=SHORT, names=PARTED)

    def test_short_of_chance(self):
        # Fewer random bytes than an id has are none.
        self.sweep(self.run_it, sweeps.never, (HOST,), mode=SHORT, names=("getrandom",))


class Wrong(FaultCase):
    def run_it(self):
        # Not locked out: that would be another refusal.
        self.pool.reset()
        return harness.run("authenticate", confdir=self.place, answers=["Wrong-Horse-9"])

    def check(self, section):
        self.place = self.folder()
        self.sweep(self.run_it, sweeps.never, (section,))

    def test_host(self):
        self.check(HOST)

    def test_birth(self):
        self.check(BIRTH)

    def test_helper(self):
        self.check(PROGRAM)


class Mistaken(FaultCase):
    """A member is not somebody else's because what lists him was lost behind a mistake."""
    TEXT = ("nonsense = 1\nonly_users = carol\nusername_class = ^[a-z]{1,9}$\n"
            "only_group = staff\n[test]\nusername_class = ^[a-z]{1,8}$\nonly_group = staff\n")

    def test_settings(self):
        path = harness.write_config(self.TEXT)
        folder = harness.fresh_folder("pam.d")
        harness.write(os.path.join(folder, "test"),
                      harness.line("auth", [f"config={path}"], module=sweeps.MODULE), 0o644)

        def judge(host, _site):
            codes = {code for _, code in host.returns}
            return None if codes <= {"PAM_SERVICE_ERR", "PAM_BUF_ERR", "PAM_SYSTEM_ERR"} \
                else f"{codes}"
        self.sweep(lambda: harness.run("authenticate", confdir=folder), judge, (HOST,), most=9,
                   names=("malloc", "calloc", "open", "openat", "read", "fstat"))


class LookUps(FaultCase):
    """What could not be found out is no "not ours": in each phase, for members and others."""

    def setUp(self):
        super().setUp()
        for number in range(70):
            harness.GROUPS[f"many{number}"] = ["carol"]

    def tearDown(self):
        for number in range(70):
            del harness.GROUPS[f"many{number}"]

    def check(self, user, *extra, phases=("authenticate", "acct_mgmt", "chauthtok"), least=3):
        """Behind ours stand modules that let everybody in."""
        permit = "auth required pam_permit.so\naccount required pam_permit.so\n" \
                 "password required pam_permit.so\n"
        self.place = self.folder(extra=["allow_services=sshd", *extra], after=permit)
        seen = set()

        def judge(host, site):
            seen.add((site.file, site.name))
            codes = [code for _, code in host.returns]
            if set(codes) <= {"PAM_SUCCESS", "PAM_IGNORE"}:
                return "a success"
            if "PAM_SYSTEM_ERR" not in codes:
                return "no SYSTEM_ERR"
            lines = [text for priority, text in host.logs
                     if priority == harness.ERR and "refused: lookup_failed service=test: " in text]
            return None if len(lines) == 1 and user in lines[0] else f"lines: {lines}"
        for phase in phases:
            run = lambda: harness.run(phase, confdir=self.place, user=user)  # noqa: E731
            self.sweep(run, judge, (HOST,), names=("getpwnam_r", "getgrnam_r", "getgrouplist"),
                       most=3)
            self.sweep_files(run, judge)
        self.assertGreaterEqual(len(seen), least, seen)
        return seen

    def sweep_files(self, run, judge):
        """Memory for the answers."""
        def of_ours(host, site):
            return judge(host, site) if site.file == "lookup.c" or site.name == "calloc" \
                and site.file == "scope.c" else None
        self.sweep(run, of_ours, (HOST,), names=("malloc", "calloc"), most=3)

    def test_member(self):
        seen = self.check("alice", "only_group=staff")
        self.assertIn(("lookup.c", "malloc"), seen)

    def test_nobodys(self):
        # carol is in neither, and in more groups than are expected.
        seen = self.check("carol", "only_group=staff,primary", least=5)
        self.assertEqual(seen, {("lookup.c", "getpwnam_r"), ("lookup.c", "getgrnam_r"),
                                ("lookup.c", "malloc"), ("scope.c", "getgrouplist"),
                                ("scope.c", "calloc")})

    def test_without_an_account(self):
        self.check("ghost", "only_users=alice", least=2)
        self.check("ghost", "local_account=optional", "only_group=staff", least=2)


class Account(FaultCase):
    """What authenticate found out, in a stack where another module let the person in."""

    def run_both(self, *operations):
        return harness.run(*operations, confdir=self.place, answers=[RIGHT])

    def check(self, code, **settings):
        permit = "auth sufficient pam_permit.so\naccount required pam_permit.so\n"
        self.place = self.folder("auth", after=permit, before="", **settings)
        path = os.path.join(self.place, "test")
        with open(path, encoding="utf-8") as file:
            auth, rest = file.read().split("\n", 1)
        harness.write(path, auth.replace("required", "optional") + "\n"
                      + auth.replace("auth required", "account required") + "\n" + rest, 0o644)
        host = self.record(lambda: self.run_both("authenticate", "acct_mgmt"))
        self.assertEqual(host.returns, [("authenticate", "PAM_SUCCESS"), ("acct_mgmt", code)])

        def judge(host, site):
            # libpam has it, or says that nothing was ever kept.
            if site.name == "pam_get_data":
                return None
            return "a success" if host.returns[1][1] == "PAM_SUCCESS" else None
        self.sweep(lambda: self.run_both("authenticate", "acct_mgmt"), judge, (HOST,),
                   after="pam_get_user")

    def test_refused_by_a_gate(self):
        self.check("PAM_PERM_DENIED", require_group="nobody-is-in-this-one")


class Calls(FaultCase):
    """Everything that is called is on one of two lists."""
    # What cannot fail, or is asked only for its answer.
    SURE = """
        access eaccess __errno_location __explicit_bzero_chk __memcpy_chk __memset_chk __snprintf_chk
        __fprintf_chk __vfprintf_chk __memmove_chk __stack_chk_fail __vsnprintf_chk _exit alarm
        clock_gettime
        dcgettext dirfd __environ environ explicit_bzero getauxval geteuid getuid gmtime_r inet_pton
        malloc_usable_size memchr memcmp memcpy memmem memmove memrchr memset nl_langinfo pam_syslog
        snprintf stderr strcasecmp strcasestr strchr strcmp strcspn strerror_r strlen strptime
        strncasecmp strncmp strnlen strrchr strspn strstr strtoll strtoul
        __isoc23_strtoll __isoc23_strtoul time timegm umask
        vsnprintf fprintf strcpy stpcpy strcat bcmp fwrite
        getpid getppid if_freenameindex nanosleep openlog syslog __syslog_chk setitimer sigaction sigaddset
        sigemptyset signal sigprocmask
        """.split()
    # Called to see them fail: tests/hosts/suites/injected.py.
    ROOTS = {"setuid", "setgid"}
    # Libraries, whose failures tests/unit makes.
    LIBRARIES = r"(curl_|json_|CONF_|EVP_|BN_|OSSL_|OPENSSL_|CRYPTO_|RAND_|BIO_|PEM_|X509_" \
                r"|ASN1_|ERR_|SSL_|d2i_|QRcode_)"
    # The compiler's and the C library's start.
    COMPILERS = r"(_ITM_|__cxa_finalize|__gmon_start__|__libc_start_main|_Unwind|__asan_|__ubsan_" \
                r"|__lsan|__sanitizer|__interceptor|__gcov|__llvm)"

    def test_calls(self):
        with open(os.path.join(harness.FOLDER, "tests/faults/Makefile.inc"),
                  encoding="utf-8") as file:
            wrapped = set(re.findall(r"--wrap=(\w+)", file.read()))
        known = wrapped | set(self.SURE) | self.ROOTS
        for path in (harness.MODULE, harness.HELPER):
            text = subprocess.run(["nm", "-D", "--undefined-only", path], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
            called = {line.split()[-1].split("@")[0] for line in text.splitlines()}
            self.assertGreater(len(called), 30)
            # Its leave() is for the sanitizers' sake.
            if harness.SANITIZED and path == harness.HELPER:
                called.discard("exit")
            self.assertEqual({name for name in called - known
                              if not re.match(self.LIBRARIES, name)
                              and not re.match(self.COMPILERS, name)}, set(), path)


if __name__ == "__main__":
    harness.main()
