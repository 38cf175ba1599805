# Doors that stay shut: what each binary links and exports, which source folder
# includes what, and functions that are for nobody, or for one file.
# SPDX-License-Identifier: MIT
import glob
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import HELPER, MODULE  # noqa: E402

SRC = os.path.join(harness.FOLDER, "src")
ROOMS = sorted(os.listdir(SRC))
# What becomes part of the module; run.c is the tool's alone.
IN_HOSTS = ("module", "common", "pam")
NOT_THE_MODULES = {"common/run.c", "pam/names.c"}
ENTRY_POINTS = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt",
                "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"}
# The dynamic loader is named by some architectures' stack protectors; the
# others belong to builds for tests (sanitizers, coverage).
TOLERATED = r"^(ld-linux.*|libasan.*|libubsan.*|libclang_rt.*|libgcov.*|libgcc_s.*|libm\.so.*)$"

# Not in the host's process: they change it, end it, ask its environment, or
# write where they should not.
NOT_IN_HOSTS = {
    "getenv", "secure_getenv", "setenv", "unsetenv", "putenv", "clearenv", "exit", "abort",
    "printf", "fprintf", "puts", "perror", "signal", "sigaction", "sigprocmask", "alarm",
    "setitimer", "setlocale", "syslog", "vsyslog", "openlog", "closelog", "fork", "vfork",
    "system", "popen", "posix_spawn", "pthread_create", "pthread_atfork", "atexit", "dlopen",
    "dlmopen", "setuid", "seteuid", "setgid", "setegid", "setgroups", "initgroups", "getpwnam",
    "getpwuid", "getgrnam", "getgrgid", "getlogin", "strtok", "localtime", "gmtime", "ctime",
    "rand", "random", "sleep", "usleep", "nanosleep", "getaddrinfo", "gethostbyname",
    "strerror", "wait", "wait3", "wait4"}
# Nowhere at all.
UNSAFE = {"strcpy", "strcat", "stpcpy", "sprintf", "vsprintf", "gets", "scanf", "sscanf", "fscanf",
          "strncpy", "strncat", "alloca", "mktemp", "tmpnam", "tempnam", "bzero", "strtok", "atoi",
          "atol", "setjmp", "longjmp"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def needed(path):
    found = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", path)))
    return {name for name in found if not re.match(TOLERATED, name)}


def symbols(path, *options):
    names = [line.split()[-1] for line in output("nm", "-D", *options, path).splitlines()]
    return {re.sub(r"@.*", "", name) for name in names}


def is_plain_build():
    return not re.search(r"__asan_|__gcov_|__sanitizer_", output("nm", "-D", MODULE) +
                         output("nm", MODULE))


def strip(text):
    """C text without comments and the contents of strings."""
    pattern = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|/\*.*?\*/'
    return re.sub(pattern, lambda m: '""' if m[0][0] in "\"'" else " ", text, flags=re.DOTALL)


def files(*folders):
    found = []
    for folder in folders:
        for end in ("*.[ch]", "*.def"):
            found += glob.glob(os.path.join(SRC, folder, end))
    assert found, folders
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def name(path):
    return os.path.relpath(path, SRC)


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"](.*?)[>"]', read(path), re.MULTILINE)


def callers(function, *folders):
    return {name(path) for path in files(*folders)
            if re.search(rf"\b{function}\s*\(", strip(read(path)))}


class Binaries(unittest.TestCase):
    def test_module_links_libpam_and_libc_only(self):
        self.assertEqual(needed(MODULE), {"libpam.so.0", "libc.so.6"})

    def test_module_exports_its_entry_points_only(self):
        found = symbols(MODULE, "--defined-only")
        if is_plain_build():
            self.assertEqual(found, ENTRY_POINTS)
        self.assertEqual({symbol for symbol in found if not symbol.startswith("_")}, ENTRY_POINTS)

    def test_module_does_not_use_what_is_not_for_hosts(self):
        used = symbols(MODULE, "--undefined-only")
        self.assertIn("pam_get_user", used)
        fortified = {f"__{word}_chk" for word in NOT_IN_HOSTS | UNSAFE}
        self.assertEqual(used & (NOT_IN_HOSTS | UNSAFE | fortified), set())

    def test_module_has_no_constructors(self):
        if not is_plain_build():
            return self.assertTrue(needed(MODULE))  # sanitizers bring their own
        sizes = re.findall(r"\.(?:init|fini)_array\s+\w+\s+\w+\s+\w+\s+(\w+)",
                           output("readelf", "-SW", MODULE))
        # One pointer each: the compiler's own frame_dummy and its counterpart.
        self.assertLessEqual({int(size, 16) for size in sizes}, {4, 8})

    def test_helper_knows_no_pam(self):
        self.assertFalse([lib for lib in needed(HELPER) if "pam" in lib])
        self.assertFalse([s for s in symbols(HELPER) if s.startswith("pam_")])

    def test_helper_links_what_it_is_known_for(self):
        self.assertTrue(any(lib.startswith("libcurl") for lib in needed(HELPER)))
        allowed = r"lib(c|curl|ssl|crypto|json-c|qrencode|resolv|pthread|dl)[.-]"
        self.assertFalse([lib for lib in needed(HELPER) if not re.match(allowed, lib + ".")])

    def test_helper_finds_most_symbols_soon(self):
        """The loader looks for them in the order in which libraries are named."""
        order = re.findall(r"\(NEEDED\).*\[lib(\w+)", output("readelf", "-d", HELPER))
        if is_plain_build():
            self.assertEqual(order[0], "crypto")
        self.assertLess(order.index("crypto"), order.index("curl"))
        self.assertLess(order.index("c"), order.index("curl"))

    def test_helper_lets_gnutls_not_begin(self):
        """Where libcurl brings it along, it asks the helper, not itself."""
        answer = "_gnutls_global_init_skip"
        self.assertIn(answer, symbols(HELPER, "--defined-only"))
        said = subprocess.run([HELPER], check=False, capture_output=True, text=True,
                              env={"LD_DEBUG": "bindings"}).stderr
        asked = [line for line in said.splitlines() if answer in line]
        self.assertEqual([line for line in asked if f" to {HELPER} " not in line], [])
        self.assertEqual(bool(asked), "libgnutls" in output("ldd", HELPER), said[-300:])

    def test_helper_signs_nothing_and_speaks_no_plain_http(self):
        """What can is in files of the tool's, which the helper must not hold."""
        with open(HELPER, "rb") as file:
            program = file.read()
        for word in (b"X-Amz-Security-Token", b"aws:amz:", b"169.254.169.254"):
            self.assertNotIn(word, program)
        self.assertIn(b"X-Amz-Target", program)

    def test_no_search_paths(self):
        for path in (MODULE, HELPER):
            self.assertNotRegex(output("readelf", "-d", path), r"\((RPATH|RUNPATH|TEXTREL)\)")

    def test_no_executable_stack(self):
        for path in (MODULE, HELPER):
            self.assertRegex(output("readelf", "-lW", path), r"GNU_STACK.*\sRW\s")

    def test_bound_at_once_and_read_only(self):
        if not is_plain_build():
            return self.assertTrue(needed(MODULE))
        for path in (MODULE, HELPER):
            self.assertRegex(output("readelf", "-d", path), r"BIND_NOW|FLAGS_1.*NOW")
            self.assertIn("GNU_RELRO", output("readelf", "-lW", path))

    def test_helper_is_position_independent(self):
        if is_plain_build():
            self.assertRegex(output("readelf", "-h", HELPER), r"Type:\s+DYN")


@harness.cases
class Includes(unittest.TestCase):
    # folder: what its files may include of this project
    folder_rows = {folder: (folder, allowed) for folder, allowed in [
        ("common", r"(config\.h|common/.*)"),
        ("pam", r"(config\.h|common/.*|pam/.*)"),
        ("module", r"(config\.h|common/.*|pam/.*|module/.*|flows/talk\.h)"),
        ("cognito", r"(config\.h|common/.*|cognito/.*)"),
        ("client", r"(config\.h|common/.*|cognito/.*|client/.*)"),
        ("flows", r"(config\.h|common/.*|cognito/.*|client/.*|flows/.*)"),
        ("helper", r"(config\.h|(common|cognito|client|flows|helper)/.*|pam/(lookup|scope)\.h)"),
        ("doctor", r"(config\.h|(common|pam|cognito|client|flows|cli|doctor)/.*"
                   r"|accounts/(settings|state)\.h)"),
        ("accounts", r"(config\.h|(common|pam|cognito|client|cli|accounts)/.*"
                     r"|flows/sign_in\.h)"),
        ("cli", r"(config\.h|(common|pam|cognito|client|flows|cli)/.*"
                r"|(doctor/check|setup/prepare|accounts/accounts)\.h)"),
        ("setup", r"(config\.h|(common|pam|cli|setup)/.*|cognito/crypto\.h"
                  r"|doctor/(check|places)\.h)")]}

    def test_every_folder_has_a_row(self):
        self.assertEqual({folder for folder, _ in self.folder_rows.values()}, set(ROOMS))

    def check_folder(self, folder, allowed):
        ours = rf"(config\.h$|({'|'.join(ROOMS)})/)"
        seen = 0
        for path in files(folder):
            for include in includes(path):
                if re.match(ours, include):
                    seen += 1
                    self.assertRegex(include, "^" + allowed + "$", name(path))
        self.assertGreater(seen, 5)

    # a library: the only files that know it
    library_rows = {label: (prefix, allowed) for label, prefix, allowed in [
        # The second is the tool's alone: see below.
        ("curl", "curl/", {"cognito/transfer.c", "cognito/tool_http.c"}),
        ("json", "json-c/", {"cognito/json.c"}),
        ("qrencode", "qrencode", {"flows/totp.c"}),
        ("openssl", "openssl/", {"cognito/srp.c", "cognito/jwt.c", "cognito/secret_hash.c",
                                 "cognito/certificate.c", "cognito/wiping.c",
                                 "cognito/anchors.c",
                                 # The compiled-in name of a file; does it work?
                                 "cognito/http.c", "cognito/crypto.c",
                                 # What curl reads through it.
                                 "cognito/transfer.c"})]}

    def check_library(self, prefix, allowed):
        users = {name(path) for path in files("*")
                 if any(include.startswith(prefix) for include in includes(path))}
        self.assertNotEqual(users, set())
        self.assertLessEqual(users, allowed)

    def test_libpam_is_the_modules(self):
        """The codes are numbers to everybody; pam_strerror() is for explain."""
        codes = {"security/_pam_types.h"}
        allowed = {"pam": codes, "cli": codes | {"security/pam_appl.h"}, "doctor": codes}
        for path in files(*set(ROOMS) - {"module"}):
            found = {include for include in includes(path) if include.startswith("security/")}
            self.assertLessEqual(found, allowed.get(name(path).split("/")[0], set()), name(path))

    def test_nothing_stands_in_for_libpam(self):
        for path in files("*"):
            self.assertEqual(re.findall(r"^(pam_(?!sm_|code|cognito|stack|line)\w+)\(.*\n\{",
                                        strip(read(path)), re.MULTILINE), [], name(path))

    def test_flows_know_no_sockets_and_no_terminals(self):
        for path in files("flows"):
            for include in includes(path):
                self.assertNotIn(include, {"sys/socket.h", "termios.h", "unistd.h", "netdb.h"},
                                 name(path))


class Words(unittest.TestCase):
    # Ours, and told by the table to be the default.
    DEFAULT = ("common/settings.def", "user_password")

    def test_one_file_has_the_words_of_signing_in(self):
        """The service's, and our settings' but for those that are English."""
        def literals(path):
            text = re.sub(r"/\*.*?\*/", " ", read(path), flags=re.DOTALL)
            return set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', text))
        home = os.path.join(SRC, "cognito", "vocabulary.c")
        words = {word for word in literals(home)
                 if re.fullmatch(r"[A-Z_]{3,}|[A-Za-z]+Settings|[a-z]+(_[a-z]+)+", word)}
        self.assertLessEqual({"SMS_MFA", "PASSWORD", "SRP_A", "ANSWER", "EMAIL_MFA", "USER_AUTH",
                              "SMSMfaSettings", "user_srp", "sms_otp", "SMS_OTP_CODE"}, words)
        strays = {(name(path), word) for path in files("*") if path != home
                  for word in literals(path) & words}
        self.assertEqual(strays - {self.DEFAULT}, set())


@harness.cases
class Calls(unittest.TestCase):
    def test_one_file_starts_processes(self):
        """In a host, in the helper, for the tool: one each."""
        text = strip(read(os.path.join(SRC, "module", "helper.c")))
        self.assertIn("SYS_clone", text)
        self.assertIn("execve", text)
        # The filter names system calls to refuse them.
        filters = {"helper/sandbox.c", "helper/filter.h"}
        for word in ("SYS_clone", "SYS_clone3", "SYS_fork", "SYS_vfork", "SYS_execve"):
            users = {name(path) for path in files("*")
                     if re.search(rf"\b{word}\b", strip(read(path)))}
            self.assertLessEqual(users, {"module/helper.c"} | filters)
        starters = {"fork": {"helper/warden.c"}, "posix_spawn": {"common/run.c"}}
        for function in ("fork", "vfork", "clone", "execve", "execv", "execl", "execvp", "system",
                         "popen", "posix_spawn", "posix_spawnp", "fexecve"):
            self.assertLessEqual(callers(function, "*"),
                                 starters.get(function, {"module/helper.c"}), function)

    unsafe_rows = {word: (word,) for word in sorted(UNSAFE)}

    def check_unsafe(self, word):
        self.assertEqual(callers(word, "*"), set())

    # Of the forbidden ones these are for the helper's side of the clone.
    def test_what_hosts_must_not_see(self):
        for word in sorted(NOT_IN_HOSTS - {"wait"}):
            self.assertEqual(callers(word, *IN_HOSTS) - NOT_THE_MODULES, set(), word)

    def test_only_the_socket_is_connected_to(self):
        self.assertEqual(callers("connect", *IN_HOSTS), {"module/connect.c"})
        text = strip(read(os.path.join(SRC, "module", "connect.c")))
        self.assertEqual(set(re.findall(r"\bAF_\w+", text)), {"AF_UNIX"})
        self.assertEqual(set(re.findall(r"\bsockaddr_\w+", text)), {"sockaddr_un"})

    def test_child_side_only(self):
        for word in ("umask", "chdir", "setsid", "setrlimit", "_exit"):
            self.assertEqual(callers(word, *IN_HOSTS), {"module/helper.c"}, word)

    def test_no_answer_is_no_no(self):
        """Look-ups that tell a failure from "no such" are in two files."""
        for word in ("getpwnam", "getpwuid", "getgrnam", "getgrgid"):
            self.assertEqual(callers(word, "*"), set(), word)
            home = "pam/lookup.c" if word.endswith("nam") else "pam/lookup_id.c"
            self.assertEqual(callers(word + "_r", "*"), {home}, word)

    def test_check_writes_days_in_one_way(self):
        self.assertEqual(callers("strftime", "doctor"), {"doctor/check.c"})

    def test_environment_is_not_asked(self):
        """But by the tool: about the terminal's colours, and for AWS credentials."""
        for word in ("getenv", "secure_getenv", "setenv", "putenv"):
            self.assertLessEqual(callers(word, "*"), {"cli/output.c", "accounts/credentials.c"})

    def test_the_module_holds_what_it_uses(self):
        """Whole libraries go into it: a file of the tool's would come along."""
        self.assertEqual(symbols(MODULE, "--undefined-only") & {"posix_spawn", "posix_spawnp"}, set())

    def test_secrets_are_wiped_in_one_place(self):
        self.assertLessEqual(callers("explicit_bzero", "*"), {"common/secret.c"})

    def test_formats_are_constants(self):
        """pam_prompt and pam_syslog with somebody's text go through "%s"."""
        for path in files("module"):
            text = re.sub(r"/\*.*?\*/", " ", read(path), flags=re.DOTALL)
            for call in re.findall(r"\bpam_(?:prompt|syslog|error|info)\s*\(([^;]*)\);", text):
                self.assertRegex(call, r'"(\\n)?%s"', name(path))

    def test_requests_are_signed_in_one_place(self):
        self.assertEqual(callers("tool_http_sign", "*"),
                         {"cognito/tool_http.c", "cognito/tool_http.h", "accounts/asking.c"})

    def test_plain_http_is_for_credentials(self):
        """To addresses that metadata.c has looked at, for credentials.c."""
        users = {name(path) for path in files("*")
                 if re.search(r"[.>]plain\b", strip(read(path)))}
        self.assertEqual(users, {"cognito/transfer.c", "cognito/metadata.c"})
        self.assertEqual(callers("metadata_ask", "*") - {
            "cognito/metadata.c", "cognito/metadata.h"}, {"accounts/credentials.c"})

    def test_certificates_are_always_verified(self):
        text = re.sub(r"\s+", " ", strip(read(os.path.join(SRC, "cognito", "transfer.c"))))
        self.assertEqual(re.findall(r"CURLOPT_SSL_VERIFYPEER, (\w+)", text), ["1"])
        self.assertEqual(re.findall(r"CURLOPT_SSL_VERIFYHOST, (\w+)", text), ["2"])
        self.assertEqual(re.findall(r"CURLOPT_FOLLOWLOCATION, (\w+)", text), ["0"])
        self.assertNotIn("ACCEPT_ENCODING", text)
        self.assertNotIn("SEEKFUNCTION", text)


if __name__ == "__main__":
    harness.main()
