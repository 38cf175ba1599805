# Signing in at the local pool with a password: the PAM code, the prompts, what
# the person reads, what the log says, and what the pool was asked.
# SPDX-License-Identifier: MIT
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import CLIENT, ERR, NOTICE, PoolCase  # noqa: E402

PUBLIC = "localpublic0000000000000001"
LEGACY = "locallegacy0000000000000001"
SRP_ONLY = "localsrponly000000000000001"
EMAIL = "emailclient0000000000000001"
ALIAS = "aliasclient0000000000000001"
RIGHT = "Correct-Horse-9"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Password(PoolCase):
    def test_right(self):
        host = self.sign_in(RIGHT)
        self.check(host, "PAM_SUCCESS", "ok", 1, [])
        self.assertEqual(host.prompts, [("off", "Password: ")])
        self.assertEqual(host.all("delay"), [])
        level, text = host.verdict
        self.assertEqual(level, NOTICE)
        self.assertRegex(text, f"^alice: accepted: ok service=test http=200 request={UUID} "
                               r"ms=[0-9]+$")
        self.assertEqual(len(host.logs), 1)
        request, = self.requests()
        self.assertEqual((request["username"], request["flow"]), ("alice", "USER_PASSWORD_AUTH"))
        self.assertIs(request["secret_hash_ok"], True)
        self.assertEqual(json.loads(request["body"])["AuthParameters"]["PASSWORD"], RIGHT)

    def test_where_from_is_logged(self):
        host = self.sign_in(RIGHT, service="door",
                            options=["--rhost", "192.0.2.9", "--tty", "tty7"])
        self.assertIn(" service=door rhost=192.0.2.9 tty=tty7 http=200", host.verdict[1])

    def test_outside_ascii(self):
        self.check(self.sign_in("P\u00e4ssw\u00f6rd-\u65e5\u672c-\U0001f6001", user="zoe"),
                   "PAM_SUCCESS", "ok", 1)

    def test_wrong(self):
        host = self.sign_in("Correct-Horse-8")
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1, [])
        self.assertTrue(host.delayed)
        level, text = host.verdict
        self.assertEqual(level, NOTICE)
        self.assertRegex(text, "^alice: refused: wrong_password service=test "
                               "error=NotAuthorizedException http=400 "
                               rf"request={UUID} ms=[0-9]+: Incorrect username or password\.$")

    def test_wrong_by_one_blank(self):
        for password in (RIGHT + " ", " " + RIGHT, RIGHT.lower(), RIGHT[:-1]):
            self.check(self.sign_in(password), "PAM_AUTH_ERR", "wrong_password")
        self.assertEqual(self.tries(), 4)

    def test_nothing_secret_in_the_log(self):
        for password in (RIGHT, "Correct-Horse-8"):
            host = self.sign_in(password, extra=["debug"])
            text = str(host.events)
            secret = harness.find_client(self.pool.info, CLIENT)[1]
            request = self.requests()[-1]
            hashed = json.loads(request["body"])["AuthParameters"]["SECRET_HASH"]
            for hidden in (password, secret, hashed, "eyJ"):
                self.assertNotIn(hidden, text)

    def test_right_after_wrong(self):
        self.check(self.sign_in("wrong"), "PAM_AUTH_ERR")
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS", "ok", 2)

    def test_two_users_in_one_process(self):
        host = self.sign_in(operations=("authenticate", "user=bob", "authenticate"),
                            answers=[RIGHT, "Battery-Staple-7"])
        self.assertEqual([code for _, code in host.returns], ["PAM_SUCCESS", "PAM_SUCCESS"])
        self.assertEqual([r["username"] for r in self.requests()], ["alice", "bob"])

    def test_anothers_password(self):
        self.check(self.sign_in(RIGHT, user="bob"), "PAM_AUTH_ERR", "wrong_password", 1)

    def test_nothing_of_the_host_changes(self):
        for password in (RIGHT, "wrong"):
            host = self.sign_in(password, options=["--sigchld", "handler"])
            self.assertEqual(host.all("host"), ["unchanged"])
            self.assertEqual(host.pair("sigchld"), (0, 0))
            self.assertEqual(*host.pair("fds"))


class Ahead(PoolCase):
    """What happens before the person has typed anything."""

    def start(self):
        config = harness.write_config(self.settings())
        confdir = harness.write_service([f"config={config}", f"helper={harness.HELPER}"])
        return harness.Host(["authenticate"], confdir)

    def wait_for_keys(self):
        harness.wait_until(lambda: [r["status"] for r in self.requests("jwks")] == [200])

    def test_host_dies_at_the_prompt(self):
        host = self.start()
        host.until("prompt")
        self.wait_for_keys()
        host.process.kill()
        host.process.wait()
        host.process.stdout.close()
        host.process.stdin.close()
        harness.wait_for_helpers(3)
        self.assertEqual(self.tries(), 0)

    def test_connection_dies_under_the_password(self):
        """Never sent twice, whatever became of it."""
        for fault in ("close", "reset"):
            self.pool.reset()
            self.pool.fault(fault, {"operation": "InitiateAuth"})
            host = self.start()
            host.until("prompt")
            self.wait_for_keys()
            host.say(RIGHT)
            host.finish()
            self.check(host, "PAM_AUTHINFO_UNAVAIL", "transport", 1)


@harness.cases
class Accounts(PoolCase):
    def test_unknown_to_the_pool_which_hides_it(self):
        self.check(self.sign_in("any", user="stranger"), "PAM_AUTH_ERR", "wrong_password", 1, [])

    def test_unknown_to_the_pool_which_says_so(self):
        host = self.sign_in("any", user="stranger", client=LEGACY)
        self.check(host, "PAM_USER_UNKNOWN", "no_such_user", 1, [])
        self.assertIn("error=UserNotFoundException", host.verdict[1])
        self.assertTrue(host.delayed)

    # user: password, reason, words of the service; code and words where explain_status is set
    state_rows = {user: (user, *row) for user, *row in (
        ("carol", "Not-Confirmed-1", "not_confirmed", "error=UserNotConfirmedException",
         "PAM_PERM_DENIED", "Your account is not confirmed yet."),
        ("dave", "Disabled-User-1", "disabled", "User is disabled.", "PAM_PERM_DENIED",
         "Your account is disabled."),
        ("frank", "Must-Reset-1", "reset_required", "", "PAM_AUTH_ERR",
         "Your password must be reset first."))}

    def test_help_text(self):
        """Behind what is said, and nothing where nothing is."""
        more = {"explain_status": "yes", "help_text": "Ask at help.example."}
        host = self.sign_in("Disabled-User-1", user="dave", settings=more)
        self.assertEqual(host.shown, ["Your account is disabled. Ask at help.example."])
        self.assertEqual(self.sign_in("wrong", settings=more).shown, [])

    def test_locked_out(self):
        """Told to nobody but where states are."""
        for more, shown in (({}, []), ({"explain_status": "yes"}, [
                "Too many failed attempts. Wait 15 minutes, then try again."])):
            self.pool.reset()
            for _ in range(5):
                self.sign_in("wrong")
            host = self.sign_in("wrong", settings=more)
            self.assertEqual((host.reason, host.shown), ("locked_out", shown))

    def check_state(self, user, password, reason, said, code, words):
        host = self.sign_in(password, user=user)
        self.check(host, "PAM_AUTH_ERR", reason, 1, [])
        self.assertIn(said, host.verdict[1])
        host = self.sign_in(password, user=user, settings={"explain_status": "yes"})
        self.check(host, code)
        self.assertEqual([text[:len(words)] for text in host.shown], [words])

    def test_temporary_password_too_old(self):
        host = self.sign_in("Old-Temporary-1", user="niaj")
        self.check(host, "PAM_AUTH_ERR", "temporary_password_expired", 1, [])

    def test_states_are_the_pools_to_tell_after_a_wrong_password(self):
        self.check(self.sign_in("wrong", user="niaj"), "PAM_AUTH_ERR", "wrong_password", shown=[])

    def test_unconfirmed_is_said_before_the_password_is_looked_at(self):
        # So it proves nothing, and the person reads nothing.
        for flow in ("user_password", "user_srp", "user_auth"):
            host = self.sign_in("wrong", user="carol", settings={"auth_flow": flow})
            self.assertEqual((host.reason, host.shown), ("not_confirmed", []), flow)

    def test_lock_out(self):
        for _ in range(5):
            self.check(self.sign_in("wrong"), "PAM_AUTH_ERR", "wrong_password")
        host = self.sign_in(RIGHT)
        self.check(host, "PAM_MAXTRIES", "locked_out", 6, [])
        self.assertIn("Password attempts exceeded", host.verdict[1])
        self.pool.advance(1000)
        self.check(self.sign_in(RIGHT), "PAM_SUCCESS", "ok", 7)

    def test_lock_out_is_of_one_user(self):
        for _ in range(6):
            self.sign_in("wrong")
        self.check(self.sign_in("Battery-Staple-7", user="bob"), "PAM_SUCCESS")


class Clients(PoolCase):
    def test_public_client_sends_no_hash(self):
        self.check(self.sign_in(RIGHT, client=PUBLIC), "PAM_SUCCESS", "ok", 1)
        self.assertNotIn("SECRET_HASH", self.requests()[0]["body"])

    def test_public_client_with_an_empty_secret(self):
        self.check(self.sign_in(RIGHT, client=PUBLIC, settings={"client_secret": ""}),
                   "PAM_SUCCESS", "ok", 1)

    def test_wrong_secret(self):
        host = self.sign_in(RIGHT, settings={"client_secret": "9" * 51})
        self.check(host, "PAM_SERVICE_ERR", "secret_hash", 1, [])
        self.assertEqual(host.verdict[0], ERR)
        self.assertIs(self.requests()[0]["secret_hash_ok"], False)
        self.assertNotIn("9" * 51, str(host.events))

    def test_secret_missing(self):
        host = self.sign_in(RIGHT, settings={"client_secret": None})
        self.check(host, "PAM_SERVICE_ERR", "secret_hash", 1, [])

    def test_secret_from_a_file(self):
        secret = harness.find_client(self.pool.info, CLIENT)[1]
        for text in (secret, secret + "\n", secret + "\r\n"):
            path = harness.write(harness.fresh("secret"), text, 0o600)
            self.check(self.sign_in(RIGHT, settings={"client_secret": None,
                                                     "client_secret_file": path}), "PAM_SUCCESS")

    def test_secret_as_an_argument(self):
        secret = harness.find_client(self.pool.info, CLIENT)[1]
        host = self.sign_in(RIGHT, settings={"client_secret": None},
                            extra=[f"client_secret={secret}"])
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertNotIn(secret, str(host.events))

    def test_everything_as_arguments(self):
        empty = harness.write_config("")
        arguments = [f"{key}={value}" for key, value in self.settings().items()]
        host = harness.run(arguments=[f"config={empty}", f"helper={harness.HELPER}", *arguments],
                           answers=[RIGHT])
        self.check(host, "PAM_SUCCESS", "ok", 1)

    def test_client_unknown(self):
        host = self.sign_in(RIGHT, settings={"client_id": "nosuchclient"})
        self.check(host, "PAM_SERVICE_ERR", "client_or_pool_unknown", 1, [])
        self.assertIn("error=ResourceNotFoundException", host.verdict[1])

    def test_flow_not_enabled(self):
        host = self.sign_in(RIGHT, client=SRP_ONLY)
        self.check(host, "PAM_SERVICE_ERR", "flow_not_enabled", 1, [])

    def test_pool_unreachable(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        host = self.sign_in(RIGHT, settings={"endpoint": f"https://localhost:{port}"})
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "connect", 0,
                   ["Your password was not checked: Cognito cannot be reached. Try "
                    "again later."])
        self.assertEqual(host.verdict[0], ERR)
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_pool_silent_after_the_password(self):
        self.pool.fault("hang", {"operation": "InitiateAuth"})
        host = self.sign_in(RIGHT, settings={"timeout": "1"})
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "timeout", 1)
        self.assertGreater(host.since("prompt"), 0.8)
        self.assertLess(host.since("prompt"), 2.5)

    def test_system_trusts_no_private_authority(self):
        host = self.sign_in(RIGHT, settings={"ca_file": "system"})
        self.check(host, "PAM_AUTHINFO_UNAVAIL", "tls", 0)

    def test_the_environment_is_not_asked(self):
        keylog = harness.fresh("keylog")
        host = self.sign_in(RIGHT, environment={
            "https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
            "ALL_PROXY": "socks5://127.0.0.1:9", "SSLKEYLOGFILE": keylog,
            "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nonexistent",
            "CURL_CA_BUNDLE": "/dev/null", "OPENSSL_CONF": "/nonexistent/openssl.cnf",
            "HOSTALIASES": "/nonexistent", "LOCALDOMAIN": "invalid", "RES_OPTIONS": "attempts:0",
            "CURL_HOME": "/nonexistent", "HOME": "/nonexistent"})
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertFalse(os.path.exists(keylog))


class Email(PoolCase):
    """People who sign in with an address; the pool calls them by UUIDs."""
    SETTINGS = {"username_format": "%u@example.com", "account_claim": "email"}

    def test_right(self):
        host = self.sign_in("Sybil-Mail-21", user="sybil", client=EMAIL, settings=self.SETTINGS)
        self.check(host, "PAM_SUCCESS", "ok", 1)
        request, = self.requests()
        self.assertEqual(request["username"], "sybil@example.com")
        self.assertIs(request["secret_hash_ok"], True)

    def test_wrong(self):
        host = self.sign_in("wrong", user="sybil", client=EMAIL, settings=self.SETTINGS)
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1)

    def test_without_account_claim_the_log_names_both_keys(self):
        host = self.sign_in("Sybil-Mail-21", user="sybil", client=EMAIL,
                            settings={"username_format": "%u@example.com"})
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1, [])
        self.assertIn("account_claim=email", host.verdict[1])
        self.assertIn("username_format", host.verdict[1])

    def test_without_both_keys(self):
        host = self.sign_in("Sybil-Mail-21", user="sybil", client=EMAIL)
        self.assertNotEqual(host.code, "PAM_SUCCESS")

    def test_address_that_is_not_verified(self):
        self.pool.user("sybil@example.com", pool="eu-west-1_Email0001",
                       attributes={"email_verified": "false"})
        host = self.sign_in("Sybil-Mail-21", user="sybil", client=EMAIL, settings=self.SETTINGS)
        self.assertIn(host.code, ("PAM_PERM_DENIED", "PAM_AUTH_ERR"))

    def test_address_of_another_domain(self):
        host = self.sign_in("Sybil-Mail-21", user="sybil", client=EMAIL, settings={
            **self.SETTINGS, "username_format": "%u@example.org"})
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1)


class Alias(PoolCase):
    """Whoever signed in must be the user who is logging in."""

    def test_own_name(self):
        self.check(self.sign_in("Alias-Alice-1", client=ALIAS), "PAM_SUCCESS", "ok", 1)

    def test_alias_that_ends_as_another_user(self):
        host = self.sign_in("Mallory-Evil-6", user="alice2", client=ALIAS)
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1, [])
        self.assertIn("mallory", host.verdict[1])
        self.assertTrue(host.delayed)

    def test_alias_does_not_serve_by_its_own_claim(self):
        host = self.sign_in("Mallory-Evil-6", user="alice2", client=ALIAS,
                            settings={"account_claim": "preferred_username"})
        self.check(host, "PAM_SERVICE_ERR", "configuration", 0)
        self.assertIn("allow_mutable_claim", str(host.logs))

    def test_alias_by_its_own_claim_when_that_is_allowed(self):
        host = self.sign_in("Mallory-Evil-6", user="alice2", client=ALIAS,
                            settings={"account_claim": "preferred_username",
                                      "allow_mutable_claim": "yes"})
        self.check(host, "PAM_SUCCESS", "ok", 1)

    def test_address_as_alias(self):
        host = self.sign_in("Alias-Alice-1", client=ALIAS,
                            settings={"username_format": "%u@example.com"})
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1)

    def test_case_is_not_folded(self):
        host = self.sign_in("Alias-Alice-1", user="Alice", client=ALIAS,
                            settings={"username_class": "[A-Za-z]+"})
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1)

    def test_subject_as_claim(self):
        host = self.sign_in("Alias-Alice-1", client=ALIAS, settings={"account_claim": "sub"})
        self.check(host, "PAM_PERM_DENIED", "identity_mismatch", 1)


class Prompts(PoolCase):
    STACKED = harness.line("auth", [f"authtok={RIGHT}"], harness.SET_ITEM)
    STACKED_WRONG = harness.line("auth", ["authtok=wrong"], harness.SET_ITEM)

    def test_prompt_of_ones_own(self):
        host = self.sign_in(RIGHT, settings={"prompt": '"Cognito password: "'})
        self.check(host, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [("off", "Cognito password: ")])

    def test_stacked_password_serves(self):
        host = self.sign_in(before=self.STACKED, answers=[])
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(host.prompts, [])

    def test_stacked_wrong_password_costs_one_try(self):
        host = self.sign_in(before=self.STACKED_WRONG, answers=[RIGHT])
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1)
        self.assertEqual(host.prompts, [])

    def test_use_first_pass(self):
        for extra in (["use_first_pass"], ["use_first_pass", "try_first_pass"]):
            host = self.sign_in(before=self.STACKED, answers=[], extra=extra)
            self.check(host, "PAM_SUCCESS", "ok")
            self.assertEqual(host.prompts, [])

    def test_use_first_pass_without_one(self):
        for extra in (["use_first_pass"], ["use_first_pass", "try_first_pass"]):
            host = self.sign_in(RIGHT, extra=extra)
            self.check(host, "PAM_AUTH_ERR", "empty_password", 0)
            self.assertEqual(host.prompts, [])

    def test_try_first_pass_off(self):
        host = self.sign_in(RIGHT, before=self.STACKED_WRONG, extra=["try_first_pass=no"])
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_what_was_typed_stays_for_later_modules(self):
        after = harness.line("auth", self.arguments() + ["use_first_pass"])
        for extra in ([], ["try_first_pass=no"], ["warm_up=no"]):
            host = self.sign_in(RIGHT, after=after, extra=extra)
            self.assertEqual((host.code, len(host.prompts)), ("PAM_SUCCESS", 1))

    def arguments(self):
        config = harness.write_config(self.settings())
        return [f"config={config}", f"helper={harness.HELPER}"]

    def test_no_warn(self):
        host = self.sign_in("Battery-Staple-7", user="bob", extra=["no_warn"],
                            settings={"require_group": "staff"})
        self.check(host, "PAM_PERM_DENIED", "group_refused", 1, [])

    def test_silent(self):
        host = self.sign_in("Battery-Staple-7", user="bob", options=["--flags", "silent"],
                            settings={"require_group": "staff"})
        self.check(host, "PAM_PERM_DENIED", "group_refused", 1, [])

    def test_debug_adds_lines_of_that_level(self):
        host = self.sign_in(RIGHT, extra=["debug"])
        self.check(host, "PAM_SUCCESS")
        self.assertEqual([p for p, _ in host.logs if p == 7] != [], True)
        self.assertEqual({p for p, _ in host.logs}, {NOTICE, 7})


# What can be no password: sshd's junk, cut to length or repeated.
JUNK = "\x08\n\r\x7fINCORRECT"
REFUSED = {
    "empty": ("", "empty_password"),
    "junk": (JUNK, "unusable_password"),
    "c1_control": (RIGHT + "\u0085", "unusable_password"),
    "lone_byte": (RIGHT + "\udcff", "unusable_password"),
    "257_characters": ("x" * 257, "unusable_password"),
    "600_bytes": ("x" * 600, "unusable_password"),
}


@harness.cases
class Unusable(PoolCase):
    """Refused here: the pool is not asked."""

    typed_rows = REFUSED

    def check_typed(self, password, reason):
        for extra in ([], ["warm_up=no"], ["try_first_pass=no"]):
            host = self.sign_in(password, extra=extra)
            self.check(host, "PAM_AUTH_ERR", reason, 0, [])
            self.assertTrue(host.delayed)
            self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_empty_with_the_flag(self):
        host = self.sign_in("", options=["--flags", "null"])
        self.check(host, "PAM_AUTH_ERR", "empty_password", 0)

    def test_256_characters_are_sent(self):
        password = "Aa1-" + "x" * 252
        self.pool.user("alice", pool="eu-west-1_Local0001", password=password)
        self.check(self.sign_in(password), "PAM_SUCCESS", "ok", 1)

    def test_256_characters_in_500_bytes_are_sent(self):
        password = "Aa1-56789012" + "\u00e4" * 244
        self.assertEqual(len(password.encode()), 500)
        self.pool.user("alice", pool="eu-west-1_Local0001", password=password)
        self.check(self.sign_in(password), "PAM_SUCCESS", "ok", 1)


class Changed(PoolCase):
    """PAM_USER is whom it is about from the first question to the verdict."""

    def test_to_a_name_that_begins_alike(self):
        for name in ("alice2", "alic", "ALICE", "root"):
            host = self.sign_in(answers=[f"!user {name} {RIGHT}"])
            self.check(host, "PAM_PERM_DENIED", "identity_mismatch")

    def test_by_a_module_before(self):
        host = self.sign_in("Battery-Staple-7",
                            before=harness.line("auth", ["user=bob"], harness.SET_ITEM))
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertTrue(host.verdict[1].startswith("bob: accepted"))

    def test_by_a_module_before_to_root(self):
        host = self.sign_in(RIGHT, before=harness.line("auth", ["user=root"], harness.SET_ITEM))
        self.assertEqual((host.code, host.prompts), ("PAM_USER_UNKNOWN", []))
        self.assertEqual(self.tries(), 0)


class BreakGlass(PoolCase):
    """The administrator's password stays out of it: no process and no request."""

    def test_outside_the_group(self):
        before = self.pool.counts()["connections"]
        host = self.sign_in("secret of the machine", user="admin",
                            settings={"only_group": "staff"})
        self.assertEqual((host.code, host.prompts), ("PAM_USER_UNKNOWN", []))
        self.assertEqual((host.helpers, host.logs), ([], []))
        self.assertEqual(self.pool.counts()["connections"], before)

    def test_even_when_it_is_in_the_stack(self):
        host = self.sign_in(user="admin", settings={"only_group": "staff"}, answers=[],
                            before=harness.line("auth", ["authtok=of-the-machine"],
                                                harness.SET_ITEM))
        self.assertEqual((host.code, host.helpers), ("PAM_USER_UNKNOWN", []))
        self.assertEqual(self.pool.counts()["connections"], 0)


if __name__ == "__main__":
    harness.main()
