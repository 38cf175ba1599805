# Faults of the configuration: who is ours is refused before any prompt, with a
# log line that names the key, the place and what was expected; everybody else
# gets what he would get without the module.
# SPDX-License-Identifier: MIT
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import ERR, HELPER, fresh, fresh_folder, run, write, write_config  # noqa: E402

GOOD = {"user_pool_id": "eu-west-1_AbCdEfGhI", "client_id": "1example23456789",
        "endpoint": "https://localhost:1"}
ARGUMENT = "(module argument): "
SECRET = "swordfish1234567890swordfish"

FLAG = "expected yes or no, found "
SECONDS = "expected seconds, 1 to 600, found "
UIDS = "expected a number from 1 to 60000, found "
PATH = "expected an absolute path"
USERS = "expected local user names with commas between them"
POOL_GROUPS = "expected names of groups of the pool with commas between them"

# label: (key, value, what the log says was expected). Each is tried as a module
# argument and in the file. What a value may be, config-t.c and pool-t.c of
# tests/unit have.
VALUES = {
    "unknown_key": ("colour", "blue", "unknown key, expected one of pam_cognito.conf(5)"),
    "key_in_capitals": ("DEBUG", "yes", "unknown key, did you mean debug?"),
    "key_with_an_s": ("client_ids", "x", "unknown key, did you mean client_id?"),
    # The module's keys.
    "flag_word": ("debug", "maybe", FLAG + '"maybe"'),
    "no_warn": ("no_warn", "true", FLAG + '"true"'),
    "ignore_root": ("ignore_root", "no!", FLAG + '"no!"'),
    "timeout_zero": ("timeout", "0", SECONDS + '"0"'),
    "uid_zero": ("minimum_uid", "0", UIDS + '"0"'),
    "list_of_nothing": ("only_users", "", USERS),
    "group_of_nothing": ("only_group", ",", "expected names of local groups with commas between them"),
    "prompt_empty": ("prompt", "", "expected 1 to 200 bytes of printable text"),
    "class_open": ("username_class", "[a-z", "expected a pattern such as "),
    # The helper's keys.
    "claim_empty": ("account_claim", "", "expected the name of a claim of the ID token"),
    "claim_mutable": ("account_claim", "preferred_username", "can change this claim; expected "
                                                             "cognito:username, sub, email or "
                                                             "phone_number, or "
                                                             "allow_mutable_claim"),
    "flow_unknown": ("auth_flow", "password", "expected user_password, user_srp, "),
    "ca_relative": ("ca_file", "ca.pem", "expected an absolute path, or system"),
    "client_empty": ("client_id", "", "expected the app client's ID"),
    "client_long": ("client_id", "c" * 129, "longer than 128 characters"),
    "secret_file_relative": ("client_secret_file", "secret", PATH),
    "connect_timeout": ("connect_timeout", "3.5", SECONDS + '"3.5"'),
    "deny_group": ("deny_group", "a,", POOL_GROUPS),
    "require_group": ("require_group", ",", POOL_GROUPS),
    "groups_claim": ("groups_claim", "", "expected the name of a claim of the ID token"),
    "endpoint_http": ("endpoint", "http://localhost:1", "https"),
    "echo_codes": ("echo_codes", "never", FLAG + '"never"'),
    "explain": ("explain_status", "never", FLAG + '"never"'),
    "fips": ("fips", "140", FLAG + '"140"'),
    "jwks_relative": ("jwks_file", "jwks.json", PATH),
    "proxy_bare": ("proxy", "localhost:3128", "expected http://host:port or https://host:port"),
    "proxy_socks": ("proxy", "socks5://localhost:1080", "expected http://host:port or "
                                                        "https://host:port"),
    "proxy_no_port": ("proxy", "http://localhost", "expected http://host:port or "
                                                   "https://host:port"),
    "proxy_port_zero": ("proxy", "http://localhost:0", "expected http://host:port or "
                                                       "https://host:port"),
    "proxy_port_above": ("proxy", "http://localhost:65536", "expected http://host:port or "
                                                            "https://host:port"),
    "proxy_path": ("proxy", "http://localhost:1/x", "expected http://host:port or "
                                                    "https://host:port"),
    "format_without_u": ("username_format", "someone", "expected text with %u for the user name"),
    "pool_empty": ("user_pool_id", "", "expected the pool's ID, such as eu-west-1_AbCdEfGhI"),
    "pool_path": ("user_pool_id", "eu-west-1_../../x", ""),
    "issuer_empty": ("issuer", "", ""),
    "mfa": ("require_mfa", "on", FLAG + '"on"'),
}

# Out of scope, whatever the configuration says.
FOREIGN = ("root", "toor", "service", "nobody", "missing")
PHASES = ("authenticate", "setcred", "acct_mgmt", "open_session", "close_session", "chauthtok")
FOREIGN_CODES = ["PAM_USER_UNKNOWN", "PAM_SUCCESS"] + ["PAM_IGNORE"] * 4


class Faulty(unittest.TestCase):
    def refused(self, arguments, *wanted, unwanted=()):
        """Ours: SERVICE_ERR, no prompt, one line that helps. Others: nothing at all."""
        arguments = [*arguments, f"helper={HELPER}"]
        host = run(arguments=arguments)
        self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"),
                         host.events)
        self.assertEqual(host.prompts + host.shown, [])
        self.assertTrue(host.delayed)
        lines = [text for level, text in host.logs if text.startswith(("configuration: ", "helper: configuration: "))]
        self.assertEqual(len(lines), 1, host.logs)
        self.assertEqual([level for level, _ in host.logs], [ERR, ERR])
        for text in wanted:
            self.assertIn(text, lines[0])
        for text in unwanted:
            self.assertNotIn(text, str(host.events))
        self.foreigners(arguments)
        return host

    def foreigners(self, arguments):
        operations = [word for user in FOREIGN for word in (f"user={user}", *PHASES)]
        self.nothing(run(*operations, arguments=arguments, user="root", control="[default=done]"),
                     len(FOREIGN))
        if any(argument.startswith("only_") for argument in arguments):
            return
        self.nothing(run(*PHASES, arguments=[*arguments, "only_group=staff"], user="stranger",
                         control="[default=done]"), 1)

    def nothing(self, host, users):
        self.assertEqual([code for _, code in host.returns], FOREIGN_CODES * users, host.events)
        self.assertEqual(host.prompts + host.shown + host.logs + host.helpers, [])
        self.assertEqual(host.all("delay"), [])


def settings(**changes):
    return {**GOOD, **changes}


@harness.cases
class Values(Faulty):
    argument_rows = VALUES
    file_rows = VALUES
    section_rows = {label: VALUES[label] for label in
                    ("unknown_key", "flag_word", "timeout_zero", "flow_unknown", "proxy_bare")}

    def check_argument(self, key, value, expected):
        others = {k: v for k, v in GOOD.items() if k != key}
        where = f"{key} {ARGUMENT}" if expected.startswith(("expected", "unknown")) \
            and key != "proxy" else key
        if key in ("endpoint", "issuer") or (key == "user_pool_id" and not expected):
            where = ""
        self.refused([f"config={write_config(others)}", f"{key}={value}"], where, expected)

    def check_file(self, key, value, expected):
        others = {k: v for k, v in GOOD.items() if k != key}
        text = "".join(f"{k} = {v}\n" for k, v in others.items())
        path = write_config(text + f"# a remark\n{key} = {value}\n")
        place = f"{key} ({path} line {len(others) + 2}): "
        if not expected.startswith(("expected", "unknown")) or key == "proxy":
            place = "" if key in ("endpoint", "issuer", "user_pool_id") else key
        if key in ("endpoint", "issuer") or (key == "user_pool_id" and not expected):
            place = ""
        self.refused([f"config={path}"], place, expected[:60])

    def check_section(self, key, value, expected):
        """In the section of this service; the same in another's is nobody's fault."""
        text = "".join(f"{k} = {v}\n" for k, v in GOOD.items())
        path = write_config(text + f"[test]\n{key} = {value}\n")
        self.refused([f"config={path}"], key, expected[:60])
        other = write_config(text + f"[another]\n{key} = {value}\n")
        host = run(arguments=[f"config={other}", f"helper={HELPER}"], answers=["x"])
        self.assertEqual(host.code, "PAM_AUTHINFO_UNAVAIL", host.events)


@harness.cases
class Keys(Faulty):
    missing_rows = {key: (key, words) for key, words in [
        ("user_pool_id", "missing, expected the pool's ID"),
        ("client_id", "missing, expected the app client's ID")]}

    def check_missing(self, key, words):
        self.refused([f"config={write_config(settings(**{key: None}))}"], key, words)

    def test_nothing_at_all(self):
        self.refused([f"config={write_config('')}"], "user_pool_id", "missing")

    twice_rows = {key: (key, one, two) for key, one, two in [
        ("debug", "no", "no"), ("timeout", "5", "6"), ("client_id", "a", "b"),
        ("user_pool_id", "eu-west-1_AbCdEfGhI", "eu-west-1_AbCdEfGhI")]}

    def check_twice(self, key, one, two):
        others = "".join(f"{k} = {v}\n" for k, v in GOOD.items() if k != key)
        path = write_config(others + f"{key} = {one}\n{key} = {two}\n")
        first = others.count("\n") + 1
        self.refused([f"config={path}"], f"{key} ({path} line {first + 1}): given twice, "
                                         f"first at {path} line {first}")
        path = write_config(others + f"[test]\n{key} = {one}\n[test]\n{key} = {two}\n")
        self.refused([f"config={path}"], f"{key} (", "given twice")
        path = write_config(others)
        self.refused([f"config={path}", f"{key}={one}", f"{key}={two}"],
                     f"{key} {ARGUMENT}given twice, first at module argument")

    def test_file_section_and_argument_are_not_twice(self):
        path = write_config({**GOOD, "timeout": "9"})
        with open(path, "a", encoding="utf-8") as file:
            file.write("[test]\ntimeout = 8\n")
        host = run(arguments=[f"config={path}", f"helper={HELPER}", "timeout=7"], answers=["x"])
        self.assertEqual(host.code, "PAM_AUTHINFO_UNAVAIL")

    arguments_only_rows = {key: (key, value) for key, value in [
        ("config", "/etc/other.conf"), ("helper", "/usr/libexec/other")]}

    def check_arguments_only(self, key, value):
        path = write_config(settings(**{key: value}))
        self.refused([f"config={path}"], key + " (" + path,
                     "may only be given as a module argument")

    def test_keys_of_one_service(self):
        for key, value in (("local_account", "optional"), ("trusted_users", "postgres")):
            path = write_config(settings(**{key: value}))
            self.refused([f"config={path}"], key + " (" + path,
                         "may only stand in the section of a service")
        self.refused([f"config={write_config(GOOD)}", "trusted_users=postgres"],
                     "trusted_users " + ARGUMENT + "may only stand in the section of a service")

    def test_bare_key_that_needs_a_value(self):
        self.refused([f"config={write_config(GOOD)}", "timeout"], "timeout " + ARGUMENT, SECONDS)
        path = write_config("client_id\n" + "user_pool_id = eu-west-1_AbCdEfGhI\n")
        self.refused([f"config={path}"], f"client_id ({path} line 1)")

    def test_equals_alone(self):
        self.refused([f"config={write_config(GOOD)}", "=x"], "unknown key")

    def test_relative_config_and_helper(self):
        self.refused(["config=pam_cognito.conf"], "config " + ARGUMENT, PATH)
        host = run(arguments=[f"config={write_config(GOOD)}", "helper=helper"])
        self.assertEqual((host.code, host.prompts), ("PAM_SERVICE_ERR", []))
        self.assertIn("helper " + ARGUMENT + PATH, host.logs[0][1])

    def test_local_account_word(self):
        self.refused([f"config={write_config(GOOD)}", "local_account=none"],
                     "local_account " + ARGUMENT + "expected required or optional")

    def test_fips_with_an_endpoint(self):
        host = self.refused([f"config={write_config(settings(fips='yes'))}"])
        self.assertIn("fips", str(host.logs))

    def test_long_unknown_key_is_cut_and_cleaned(self):
        self.refused([f"config={write_config(GOOD)}", "\x1b[2Jk" + "e" * 500 + "=x"],
                     "unknown key", unwanted=["eee", "\x1b", "[2J"])


@harness.cases
class Files(Faulty):
    MODES = "must not be writable by group or others (chmod go-w)"
    FOLDER = "folder must belong to root and be writable by nobody else"

    def good_text(self):
        return "".join(f"{key} = {value}\n" for key, value in GOOD.items())

    def test_missing(self):
        path = fresh("nothing")
        self.refused([f"config={path}"], f"config: {os.path.dirname(path)}: No such file or "
                                         "directory in this folder")

    mode_rows = {f"{mode:o}": (mode,) for mode in (0o666,)}

    def check_mode(self, mode):
        path = write_config(self.good_text(), mode)
        self.refused([f"config={path}"], f"config: {path}: {self.MODES}")

    def test_unreadable(self):
        path = write_config(self.good_text(), 0)
        self.refused([f"config={path}"], path + ": Permission denied: hosts that are not "
                     "root read it, too: chmod 0644")

    def test_symbolic_link(self):
        """His own links are followed, eight of them."""
        target = write_config(self.good_text())
        for number in range(1, 10):
            link = fresh("link")
            os.symlink(target, link)
            target = link
            if number < 9:
                host = run(arguments=[f"config={link}", f"helper={HELPER}"], answers=["x"])
                self.assertEqual((host.code, host.reason), ("PAM_AUTHINFO_UNAVAIL", "connect"))
        self.refused([f"config={link}"], "link leads too far")

    folder_rows = {f"{mode:o}": (mode,) for mode in (0o777,)}

    def check_folder(self, mode):
        folder = fresh_folder("open")
        path = write_config(self.good_text(), path=os.path.join(folder, "c"))
        os.chmod(folder, mode)
        self.refused([f"config={path}"], f"{folder}: {self.FOLDER}")

    def test_folder_above(self):
        above = fresh_folder("above")
        os.mkdir(os.path.join(above, "below"), 0o755)
        path = write_config(self.good_text(), path=os.path.join(above, "below", "c"))
        os.chmod(above, 0o777)
        self.refused([f"config={path}"], f"{above}: {self.FOLDER}")

    def test_long_line(self):
        path = write_config(self.good_text() + "# " + "x" * 5000 + "\n")
        self.refused([f"config={path}"], "line 4", "a line is too long")

    section_rows = {label: (text,) for label, text in [
        ("open", "[door"), ("behind", "[door] x = y")]}

    def check_section(self, text):
        path = write_config(self.good_text() + text + "\n")
        self.refused([f"config={path}"], f"section ({path} line 4): expected [name of a PAM "
                                         "service]")

    def test_what_is_fine(self):
        """Remarks, blank lines, blanks, CR LF, quotes, no newline at the end."""
        path = write_config("\r\n# remark\r\n\t user_pool_id=eu-west-1_AbCdEfGhI \r\n\r\n"
                            "client_id   =   \"1example23456789\"\r\n[ test ]\r\n"
                            "endpoint = https://localhost:1", mode=0o644)
        host = run(arguments=[f"config={path}", f"helper={HELPER}"], answers=["x"])
        self.assertEqual((host.code, host.reason), ("PAM_AUTHINFO_UNAVAIL", "connect"))


@harness.cases
class LongPaths(Faulty):
    """
    A path is told whole, or as "..." and its end: never one that there is not. What is wrong
    with it is told whole.
    """
    ABSENT = "No such file or directory in this folder"
    length_rows = {str(length): (length,) for length in (80, 120, 150, 165, 201, 300, 800, 4000)}

    def path_of(self, length):
        """A path of that length, whose folder there is."""
        folder = fresh_folder("long")
        while length - len(folder) > 130:
            folder = os.path.join(folder, "q" * 100)
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, "q" * (length - len(folder) - 1))

    def told(self, path, arguments, *words):
        """In one line of the log, the last one before the verdict."""
        host = run(arguments=arguments, answers=["Secret-Pa55"])
        line = host.logs[0][1]
        self.assertTrue(any(line.endswith(word) for word in words), line)
        shown = [word.rstrip(",:") for word in re.findall(r"[^ (]*/[^ )]*|\.\.\.q[^ )]*", line)]
        self.assertTrue(shown, line)
        for text in shown:
            whole = text in (path, os.path.dirname(path))
            end = text.startswith("...") and (path.endswith(text[3:])
                                              or os.path.dirname(path).endswith(text[3:]))
            self.assertTrue(whole or end, line)
            self.assertGreater(len(text), 30, line)

    def check_length(self, length):
        files = ("client_secret_file", "ca_file", "jwks_file", "map_file")
        for key in files:
            path = self.path_of(length)
            arguments = [f"config={write_config(settings(**{key: path}))}", f"helper={HELPER}"]
            self.told(path, arguments, self.ABSENT)
            write(path, "x\n", 0o622)
            self.told(path, arguments, "(chmod go-w)")
            os.chmod(path, 0o604)
            if key == "client_secret_file":
                self.told(path, arguments, "Docker: mode: 0400)")
            if key == "map_file":
                self.told(path, arguments, "line 1: expected LOCAL = POOL")
            os.chmod(os.path.dirname(path), 0o777)
            self.told(path, arguments, "(Kubernetes: mount the file by subPath)")

    # libpam's lines are shorter than a path may be.
    configuration_rows = helper_rows = {label: row for label, row in length_rows.items()
                                        if row[0] < 900}

    def check_configuration(self, length):
        path = self.path_of(length)
        arguments = [f"config={path}", f"helper={HELPER}"]
        good = "".join(f"{key} = {value}\n" for key, value in GOOD.items())
        self.told(path, arguments, self.ABSENT)
        write(path, good + "colour = blue\n", 0o600)
        self.told(path, arguments, "unknown key, expected one of pam_cognito.conf(5)")
        write(path, good + "preferred_factor = 12345678901234567890\n", 0o600)
        self.told(path, arguments, 'sms_otp, found "12345678901234567890"')
        write(path, good + "allow_mutable_claim = 12345678901234567890\n", 0o600)
        self.told(path, arguments, 'yes or no, found "12345678901234567890"')
        write(path, good + "# " + "x" * 5000, 0o600)
        self.told(path, arguments, "cannot be read, or a line is too long or holds a NUL")

    def check_helper(self, length):
        path = self.path_of(length)
        arguments = [f"config={write_config(GOOD)}", f"helper={path}"]
        self.told(path, arguments, self.ABSENT)
        write(path, "#!/nonexistent", 0o644)
        self.told(path, arguments, "is not executable")


@harness.cases
class Secrets(Faulty):
    """Never quoted, never readable to others, never two."""

    mode_rows = {f"{mode:o}": (mode,) for mode in (0o644, 0o640, 0o604)}

    def check_mode(self, mode):
        path = write_config(settings(client_secret=SECRET), mode)
        self.refused([f"config={path}"], f"client_secret ({path} line 4): ",
                     "a file with a secret must have mode 0600 (chmod 0600)", unwanted=[SECRET])

    def test_in_anothers_section(self):
        text = "".join(f"{key} = {value}\n" for key, value in GOOD.items())
        path = write_config(text + f"[another]\nclient_secret = {SECRET}\n", 0o644)
        self.refused([f"config={path}"], "client_secret", "mode 0600", unwanted=[SECRET])

    file_mode_rows = mode_rows

    def check_file_mode(self, mode):
        secret = write(fresh("secret"), SECRET, mode)
        path = write_config(settings(client_secret_file=secret))
        self.refused([f"config={path}"], "client_secret_file", secret[:80],
                     "must have mode 0600 (chmod 0600", unwanted=[SECRET])

    def test_both(self):
        secret = write(fresh("secret"), SECRET, 0o600)
        path = write_config(settings(client_secret=SECRET, client_secret_file=secret))
        self.refused([f"config={path}"], "client_secret_file",
                     "given beside client_secret, expected one of them", unwanted=[SECRET])

    def test_both_argument_and_file(self):
        secret = write(fresh("secret"), SECRET, 0o600)
        path = write_config(settings(client_secret_file=secret))
        self.refused([f"config={path}", f"client_secret={SECRET}"],
                     "given beside client_secret", unwanted=[SECRET])

    content_rows = {label: (text,) for label, text in [
        ("empty", ""), ("newline", "\n"), ("two_lines", SECRET + "\n" + SECRET + "\n"),
        ("two_newlines", SECRET + "\n\n"), ("blank", "two words"), ("tab", SECRET + "\t\n")]}

    def check_content(self, text):
        secret = write(fresh("secret"), text, 0o600)
        path = write_config(settings(client_secret_file=secret))
        self.refused([f"config={path}"], "client_secret_file",
                     "expected one line with the secret and nothing else", unwanted=[SECRET])

    def test_file_missing(self):
        secret = fresh("nothing")
        path = write_config(settings(client_secret_file=secret))
        self.refused([f"config={path}"], "client_secret_file", "No such file")

    def test_file_is_a_link(self):
        """As Kubernetes mounts it: a link through a link to a folder."""
        folder = fresh_folder("mount")
        os.mkdir(os.path.join(folder, "..2026"))
        write(os.path.join(folder, "..2026", "secret"), SECRET, 0o600)
        os.symlink("..2026", os.path.join(folder, "..data"))
        os.symlink("..data/secret", os.path.join(folder, "secret"))
        path = write_config(settings(client_secret_file=os.path.join(folder, "secret")))
        host = run(arguments=[f"config={path}", f"helper={HELPER}"], answers=["x"])
        self.assertEqual((host.code, host.reason), ("PAM_AUTHINFO_UNAVAIL", "connect"))
        os.chmod(os.path.join(folder, "..2026", "secret"), 0o440)
        self.refused([f"config={path}"], "client_secret_file",
                     "must have mode 0600 (chmod 0600; Kubernetes: defaultMode: 0400",
                     unwanted=[SECRET])
        os.chmod(os.path.join(folder, "..2026"), 0o777)
        self.refused([f"config={path}"], "client_secret_file", "..2026: folder must belong to root",
                     "(Kubernetes: mount the file by subPath)", unwanted=[SECRET])

    def test_malformed_secret_is_not_quoted(self):
        path = write_config(settings(client_secret=SECRET + " x"))
        self.refused([f"config={path}"], "client_secret (", "expected the app client's secret",
                     unwanted=[SECRET])
        self.refused([f"config={write_config(GOOD)}", f"client_secret={SECRET} x"],
                     "client_secret " + ARGUMENT, "expected the app client's secret",
                     unwanted=[SECRET])

    def test_secret_in_the_key_is_cut(self):
        self.refused([f"config={write_config(GOOD)}", "client_secretx=" + SECRET],
                     "client_secretx", "unknown key", unwanted=[SECRET])


@harness.cases
class Material(Faulty):
    """Certificates and keys."""

    missing_rows = {key: (key,) for key in ("ca_file", "jwks_file")}

    def check_missing(self, key):
        path = write_config(settings(**{key: fresh("nothing")}))
        self.refused([f"config={path}"], key, "No such file or directory")

    open_rows = missing_rows

    def check_open(self, key):
        file = write(fresh("file"), "{}", 0o666)
        path = write_config(settings(**{key: file}))
        self.refused([f"config={path}"], key, "must not be writable by group or others")

    junk_rows = {label: (text,) for label, text in [
        ("empty", ""), ("text", "no json"), ("no_keys", '{"keys":[]}'), ("list", "[]"),
        ("large", "x" * 300000)]}

    def check_junk(self, text):
        file = write(fresh("jwks.json"), text)
        path = write_config(settings(jwks_file=file))
        self.refused([f"config={path}"], "jwks_file")

    def test_authorities_that_are_none(self):
        file = write(fresh("ca.pem"), "no certificate\n")
        path = write_config(settings(ca_file=file))
        host = run(arguments=[f"config={path}", f"helper={HELPER}"], answers=["x"])
        self.assertIn(host.code, ("PAM_SERVICE_ERR", "PAM_AUTHINFO_UNAVAIL"), host.events)


if __name__ == "__main__":
    harness.main()
