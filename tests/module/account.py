# The account phase: what authenticate found is final there, whatever the stack
# made of it; nothing is known about handles that authenticated otherwise; and
# a password that must change is changed on the spot.
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import HELPER, NOTICE, PoolCase, cases, line  # noqa: E402

SET_ITEM = os.path.join(harness.BUILD, "set_item.so")
OLD = "Correct-Horse-9"
BOB = "Battery-Staple-7"
NEW = "Fresh-Meadow-42"
PERMIT = "pam_permit.so\n"


class AccountCase(PoolCase):
    def setUp(self):
        super().setUp()
        self.config = None

    def arguments(self, settings=None, extra=()):
        self.config = harness.write_config(self.settings(**(settings or {})))
        return [f"config={self.config}", f"helper={HELPER}", *extra]

    def stack(self, arguments, auth="required", account="required", password="required",
              after_auth="", after_account=""):
        folder = harness.write_service(arguments)
        harness.write(os.path.join(folder, "test"),
                      line("auth", arguments, control=auth) + after_auth
                      + line("account", arguments, control=account) + after_account
                      + line("password", arguments, control=password)
                      + "password required " + PERMIT, 0o644)
        return folder

    def visit(self, folder, *answers, operations=("authenticate", "acct_mgmt"), user="alice",
              options=()):
        return harness.run(*operations, confdir=folder, answers=answers, user=user,
                           options=options)

    def codes(self, host):
        return [code for _, code in host.returns]


@cases
class Swallowed(AccountCase):
    """Denials that the auth stack turns into a yes are denials in account."""
    mfa = {"require_mfa": "yes"}
    rows = {
        "group": ("alice", OLD, {"require_group": "admins"}, "PAM_PERM_DENIED"),
        "deny_group": ("alice", OLD, {"deny_group": "staff"}, "PAM_PERM_DENIED"),
        "mfa": ("alice", OLD, mfa, "PAM_PERM_DENIED"),
        "disabled": ("dave", "Disabled-User-1", {}, "PAM_ACCT_EXPIRED"),
        "not_confirmed": ("carol", "Not-Confirmed-1", {}, "PAM_ACCT_EXPIRED"),
        "identity": ("alice", OLD, {"username_format": "b%u", "account_claim": "email"},
                     "PAM_PERM_DENIED"),
    }
    final_rows = {f"{name}_{how}": (*row, how) for name, row in rows.items() if name != "identity"
                  for how in ("sufficient", "default_ignore", "optional")}

    def check_final(self, user, password, settings, code, how):
        control = {"sufficient": "sufficient", "optional": "optional",
                   "default_ignore": "[success=ok default=ignore]"}[how]
        folder = self.stack(self.arguments(settings), auth=control,
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        host = self.visit(folder, password, user=user)
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", code], host.events)
        self.assertEqual(len(self.pool.requests("InitiateAuth")), 1)
        # Each refusal has a line, and the attempt is told apart from what it led to.
        self.assertEqual(len(host.logs), 2, host.logs)
        self.assertRegex(host.logs[1][1], f"^{user}: still refused: {host.reason} service=test")

    def test_identity(self):
        self.pool.token(**{"for": "id"}, claims={"cognito:username": "bob"})
        folder = self.stack(self.arguments(), auth="sufficient",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        self.assertEqual(self.codes(self.visit(folder, OLD)), ["PAM_SUCCESS", "PAM_PERM_DENIED"])

    def test_not_through_a_change_of_password_either(self):
        folder = self.stack(self.arguments({"deny_group": "staff"}), auth="sufficient",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD, OLD, operations=("authenticate", "chauthtok", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_PERM_DENIED", "PAM_PERM_DENIED"])

    def test_a_wrong_password_is_no_gate(self):
        # Another module may know this person by another password.
        folder = self.stack(self.arguments(), auth="sufficient",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        self.assertEqual(self.codes(self.visit(folder, "wrong")), ["PAM_SUCCESS", "PAM_SUCCESS"])


class Alone(AccountCase):
    """auth and account required, and nothing else: the first file that anybody writes."""

    def test_signed_in(self):
        host = self.visit(self.stack(self.arguments()), OLD)
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_SUCCESS"], host.events)
        self.assertEqual(len(host.logs), 1)

    def test_signed_in_as_another(self):
        host = self.visit(self.stack(self.arguments()), OLD,
                          operations=("authenticate", "user=bob", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_PERM_DENIED"])

    def test_signed_in_again_and_refused(self):
        host = self.visit(self.stack(self.arguments()), OLD, "wrong",
                          operations=("authenticate", "authenticate", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_AUTH_ERR", "PAM_PERM_DENIED"])

    def test_account_that_changed_since(self):
        folder = self.stack(self.arguments(), after_account="account required " + PERMIT)
        host = harness.Host(["authenticate", "user=bob", "user=alice", "open_session",
                             "authenticate", "copy", "acct_mgmt"], folder)
        host.say(OLD)
        host.say(OLD)
        host.until("copied")
        kept = harness.ACCOUNTS["alice"]
        harness.ACCOUNTS["alice"] = 2999
        try:
            os.utime(harness.write_accounts()["NSS_WRAPPER_PASSWD"], (1, 1))
        finally:
            harness.ACCOUNTS["alice"] = kept
        host.say("")
        host.finish()
        self.assertEqual(host.returns[-1], ("acct_mgmt", "PAM_PERM_DENIED"), host.events)
        self.assertRegex(host.logs[-1][1], "^alice: refused: account_mismatch service=test: "
                                           "the account changed since the sign-in$")


@cases
class NoSignIn(AccountCase):
    """A handle in which authenticate let this very user in: nothing else makes SUCCESS here."""
    EXACT = "[default=done]"  # libpam hands on what the module said
    IGNORE, GOOD, FINAL = "PAM_IGNORE", "PAM_SUCCESS", "PAM_PERM_DENIED"
    CHANGE, SIGN_IN = "chauthtok", "authenticate"
    GONE = f"!user bob {OLD}"  # PAM_USER is another one when the password has been typed
    # operations before acct_mgmt, answers, what they return, what acct_mgmt returns
    sequence_rows = {
        "nothing": ([], [], [], IGNORE),
        "refused_change": ([CHANGE], ["wrong"], ["PAM_AUTHTOK_RECOVERY_ERR"], IGNORE),
        "given_up_change": ([CHANGE], ["!error"], ["PAM_CONV_ERR"], IGNORE),
        "change_that_was_given_up_later": ([CHANGE], [OLD, "!error"], ["PAM_CONV_ERR"], IGNORE),
        "change": ([CHANGE], [OLD, NEW, NEW], [GOOD], IGNORE),
        "two_changes": ([CHANGE, CHANGE], ["wrong", OLD, NEW, NEW],
                        ["PAM_AUTHTOK_RECOVERY_ERR", GOOD], IGNORE),
        "change_for_another": ([CHANGE, "user=alice"], [GONE], [FINAL], IGNORE),
        "refused_then_changed": ([SIGN_IN, CHANGE], ["wrong", OLD, NEW, NEW],
                                 ["PAM_AUTH_ERR", GOOD], IGNORE),
        "another_signed_in_then_changed": (
            ["user=bob", SIGN_IN, "user=alice", CHANGE], [BOB, OLD, NEW, NEW], [GOOD, GOOD],
            IGNORE),
        "signed_in_before_another_changed": (
            [SIGN_IN, "user=bob", CHANGE, "user=alice"], [OLD, "wrong"],
            [GOOD, "PAM_AUTHTOK_RECOVERY_ERR"], IGNORE),
        "signed_in_then_refused": ([SIGN_IN, SIGN_IN], [OLD, "wrong"], [GOOD, "PAM_AUTH_ERR"],
                                   IGNORE),
        "sign_in_for_another": ([SIGN_IN, "user=alice"], [GONE], [FINAL], FINAL),
        "sign_in_for_another_then_changed": (
            [SIGN_IN, "user=alice", CHANGE], [GONE, OLD, NEW, NEW], [FINAL, GOOD], FINAL),
        "sign_in_for_another_who_goes_on": ([SIGN_IN], [GONE], [FINAL], IGNORE),
        "good": ([SIGN_IN], [OLD], [GOOD], GOOD),
        "good_then_changed": ([SIGN_IN, CHANGE], [OLD, OLD, NEW, NEW], [GOOD, GOOD], GOOD),
        "good_then_change_refused": ([SIGN_IN, CHANGE], [OLD, "wrong"],
                                     [GOOD, "PAM_AUTHTOK_RECOVERY_ERR"], GOOD),
    }

    def check_sequence(self, operations, answers, before, code):
        folder = self.stack(self.arguments(), auth=self.EXACT, account=self.EXACT,
                            password="requisite")
        host = self.visit(folder, *answers, operations=[*operations, "acct_mgmt"])
        self.assertEqual(self.codes(host), [*before, code], host.events)
        # A refusal that stands has a line of its own, and nothing else has.
        again = [text for _, text in host.logs if ": still refused: " in text]
        self.assertEqual(len(again), 1 if code == self.FINAL else 0, host.logs)

    def test_no_name_to_be_had_is_no_nobody(self):
        for answer in ("!error", "!null"):
            host = self.visit(self.stack(self.arguments(), account=self.EXACT), answer, user=None,
                              operations=["acct_mgmt"])
            self.assertEqual(self.codes(host), ["PAM_CONV_ERR"], answer)


@cases
class States(AccountCase):
    """not confirmed, disabled: what authenticate says, by what the person may be told."""
    rows = {"disabled": ("dave", "Disabled-User-1"), "not_confirmed": ("carol", "Not-Confirmed-1")}
    explained_rows = {f"{reason}_{'told' if told else 'hidden'}": (reason, *row, told)
                      for reason, row in rows.items() for told in (False, True)}

    def check_explained(self, reason, user, password, told):
        settings = {"explain_status": "yes"} if told else {}
        for answer in (password, "wrong"):
            host = self.visit(self.stack(self.arguments(settings)), answer, user=user,
                              operations=("authenticate",))
            if host.reason != reason:  # the password was looked at first
                self.assertEqual((reason, answer), ("disabled", "wrong"))
                continue
            self.assertEqual(host.code, "PAM_PERM_DENIED" if told else "PAM_AUTH_ERR")
            self.assertEqual(bool(host.shown), told)

    def test_hidden_is_as_a_wrong_password(self):
        folder = self.stack(self.arguments())
        wrong = self.visit(folder, "wrong", operations=("authenticate",))
        for user, password in self.rows.values():
            host = self.visit(folder, password, user=user, operations=("authenticate",))
            self.assertEqual((host.code, host.prompts, host.shown),
                             (wrong.code, wrong.prompts, wrong.shown))

    def test_after_proof(self):
        # Disabled between the password and the code.
        self.pool.fault("error", {"operation": "RespondToAuthChallenge"}, status=400,
                        code="NotAuthorizedException", message="User is disabled.")
        host = self.visit(self.stack(self.arguments()), "Grace-Hopper-6", "000000", user="grace",
                          operations=("authenticate",))
        self.assertEqual((host.code, host.reason), ("PAM_PERM_DENIED", "disabled"), host.events)
        self.assertEqual(host.shown, ["Your account is disabled."])


@cases
class Unknown(AccountCase):
    """The pool does not know the user, and says so: existence errors are off."""
    LEGACY = "locallegacy0000000000000001"
    lists_rows = {
        "uid_range": ([], "PAM_USER_UNKNOWN"),
        "only_users": (["only_users=stranger"], "PAM_AUTH_ERR"),
        "only_group": (["only_group=guests"], "PAM_AUTH_ERR"),
        "both": (["only_users=alice", "only_group=guests"], "PAM_AUTH_ERR"),
    }

    def check_lists(self, extra, code):
        harness.GROUPS["guests"] = ["stranger"]
        try:
            self.config = harness.write_config(self.settings(self.LEGACY))
            arguments = [f"config={self.config}", f"helper={HELPER}", *extra]
            alone = harness.run(arguments=arguments, user="stranger", answers=[OLD])
            wrong = harness.run(arguments=arguments, answers=["wrong"])
            # What stands behind us must not decide: pam_permit is a local password left over.
            control = "[success=done user_unknown=ignore default=die]"
            behind = harness.run(arguments=arguments, user="stranger", answers=[OLD],
                                 control=control, after="auth required " + PERMIT)
            change = harness.run("chauthtok", arguments=arguments, user="stranger", answers=[OLD])
        finally:
            del harness.GROUPS["guests"]
        self.assertEqual((alone.code, alone.reason), (code, "no_such_user"), alone.events)
        self.assertEqual(alone.shown, [])
        # alice is not on each of the lists; where she is, she reads the same.
        if wrong.prompts:
            self.assertEqual((wrong.reason, wrong.shown), ("wrong_password", alone.shown))
        self.assertEqual(behind.code, "PAM_AUTH_ERR" if extra else "PAM_SUCCESS")
        self.assertEqual(change.code, "PAM_USER_UNKNOWN", change.events)


class Handle(AccountCase):
    def after(self, *pairs, operations, settings=None):
        folder = self.stack(self.arguments(settings or {"deny_group": "staff"}),
                            auth="sufficient", after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        return self.visit(folder, *pairs, operations=operations)

    def test_another_user_after_a_denied_one(self):
        host = self.after(OLD, operations=("authenticate", "user=bob", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_SUCCESS"])

    def test_the_denied_one_again(self):
        host = self.after(OLD, operations=("authenticate", "user=bob", "user=alice", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_PERM_DENIED"])

    def test_cleared_by_the_next_authenticate_of_another(self):
        host = self.after(OLD, BOB, operations=("authenticate", "user=bob", "authenticate",
                                                "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS"] * 3)

    def test_denied_then_let_in(self):
        folder = self.stack(self.arguments({"deny_group": "staff"}), auth="sufficient",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        host = harness.Host(["authenticate", "acct_mgmt", "authenticate", "acct_mgmt"], folder)
        host.say(OLD)
        host.until("return")
        host.until("return")
        self.pool.user("alice", groups=["guests"])
        host.say(OLD)
        self.assertEqual(self.codes(host.finish()), ["PAM_SUCCESS", "PAM_PERM_DENIED",
                                                     "PAM_SUCCESS", "PAM_SUCCESS"])

    def test_let_in_then_denied(self):
        folder = self.stack(self.arguments({"deny_group": "staff"}), auth="sufficient",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        self.pool.user("alice", groups=[])
        host = harness.Host(["authenticate", "acct_mgmt", "authenticate", "acct_mgmt"], folder)
        host.say(OLD)
        host.until("return")
        host.until("return")
        self.pool.user("alice", groups=["staff"])
        host.say(OLD)
        self.assertEqual(self.codes(host.finish()), ["PAM_SUCCESS", "PAM_SUCCESS",
                                                     "PAM_SUCCESS", "PAM_PERM_DENIED"])

    def test_nothing_of_an_earlier_sign_in_when_nobody_is_named(self):
        # The second authenticate gets no user name; the user set later is not "signed in".
        folder = self.stack(self.arguments({"must_change_claim": "custom:expired"}))
        self.pool.set_pool(lambdas={"PreTokenGeneration": {"claims": {"custom:expired": True}}})
        host = self.visit(folder, OLD, "!error",
                          operations=("authenticate", "user=", "authenticate", "user=alice",
                                      "acct_mgmt"))
        self.assertEqual(host.returns[0], ("authenticate", "PAM_SUCCESS"))
        self.assertNotEqual(host.returns[1], ("authenticate", "PAM_SUCCESS"))
        self.assertNotIn(("acct_mgmt", "PAM_NEW_AUTHTOK_REQD"), host.returns)

    def test_not_authenticated_by_us(self):
        folder = self.stack(self.arguments({"require_group": "admins"}),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, operations=("acct_mgmt",))
        self.assertEqual((self.codes(host), host.prompts, host.logs, host.helpers),
                         (["PAM_SUCCESS"], [], [], []))
        self.assertEqual(self.pool.counts()["connections"], 0)

    def test_alone_it_gives_no_yes(self):
        host = self.visit(self.stack(self.arguments()), operations=("acct_mgmt",))
        self.assertEqual(self.codes(host), ["PAM_PERM_DENIED"])  # libpam: nobody said yes

    def test_broken_settings(self):
        folder = self.stack(self.arguments({"nonsense": "1"}),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, operations=("acct_mgmt",))
        self.assertEqual((self.codes(host), host.prompts), (["PAM_SUCCESS"], []))

    def test_foreign_users(self):
        folder = self.stack(self.arguments(extra=["allow_services=sshd", "only_users=alice"]),
                            after_account="account required " + PERMIT)
        for user in ("root", "daemon", "bob", "ghost"):
            host = self.visit(folder, operations=("acct_mgmt",), user=user)
            self.assertEqual((self.codes(host), host.logs), (["PAM_SUCCESS"], []), user)


class Services(AccountCase):
    def test_not_allowed_in_auth(self):
        host = self.visit(self.stack(self.arguments(extra=["allow_services=sshd,login"])), OLD,
                          operations=("authenticate",))
        self.assertEqual(host.code, "PAM_PERM_DENIED")
        self.assertEqual((host.prompts, host.helpers), ([], []))
        self.assertEqual(host.shown, ["You may not log in to this machine. Ask your administrator."])
        self.assertRegex(host.verdict[1], "^alice: refused: service_refused service=test")
        self.assertEqual(self.pool.counts()["connections"], 0)

    def test_not_allowed_in_account(self):
        folder = self.stack(self.arguments(extra=["allow_services=sshd,login"]),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, operations=("acct_mgmt",))
        self.assertEqual(self.codes(host), ["PAM_PERM_DENIED"])
        self.assertEqual(host.logs, [(NOTICE, "alice: refused: service_refused service=test")])

    def test_not_allowed_in_account_by_a_name_that_is_no_pools(self):
        """A key gets such a user of ours in, but not past the gate."""
        for user in ("Alice", "dollar$", "7up"):
            for extra, code in (("allow_services=sshd", "PAM_PERM_DENIED"),
                                ("allow_services=,", "PAM_SERVICE_ERR"),
                                ("allow_services=test", "PAM_SUCCESS")):
                folder = self.stack(self.arguments(extra=[extra]),
                                    after_account="account required " + PERMIT)
                host = self.visit(folder, operations=("acct_mgmt",), user=user)
                self.assertEqual((self.codes(host), host.prompts), ([code], []), (user, extra))

    def test_not_allowed_in_account_with_a_mistake_elsewhere(self):
        folder = self.stack(self.arguments({"nonsense": "1", "allow_services": "sshd"}),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, operations=("acct_mgmt",))
        self.assertEqual(self.codes(host), ["PAM_PERM_DENIED"])
        self.assertEqual(host.logs, [(NOTICE, "alice: refused: service_refused service=test")])

    def test_not_allowed_after_a_change_of_password(self):
        folder = self.stack(self.arguments(extra=["allow_services=sshd"]),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD, operations=("chauthtok", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_PERM_DENIED", "PAM_PERM_DENIED"])

    def test_allowed(self):
        host = self.visit(self.stack(self.arguments(extra=["allow_services=sshd,test"]),
                                     after_account="account required " + PERMIT), OLD)
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_SUCCESS"])

    def test_part_of_a_name_is_another_name(self):
        for listed in ("tes", "test2", "Test"):
            host = self.visit(self.stack(self.arguments(extra=["allow_services=" + listed])), OLD,
                              operations=("authenticate",))
            self.assertEqual(host.code, "PAM_PERM_DENIED", listed)

    def test_in_the_file(self):
        folder = self.stack(self.arguments({"allow_services": "sshd"}))
        self.assertEqual(self.visit(folder, OLD, operations=("authenticate",)).code,
                         "PAM_PERM_DENIED")


@cases
class GateUnknown(AccountCase):
    """What allow_services cannot be read to say is no yes, in any phase, to who is ours."""
    EXACT = "[default=done]"
    LONG = "x" * 5000
    # text behind a sound file, arguments, a way to spoil the file; a part of the line of the log
    shut_rows = {
        "malformed": ("allow_services = test,\n", [], None, "allow_services ("),
        "blank_item": ("allow_services = test, ,login\n", [], None, "allow_services ("),
        "empty": ("allow_services =\n", [], None, "allow_services ("),
        "no_equals": ("allow_services test\n", [], None, "allow_services ("),
        "misspelt": ("allow_service = sshd\n", [], None, "did you mean allow_services"),
        "twice": ("allow_services = test\n" * 2, [], None, "given twice"),
        "in_the_section": ("allow_services = test\n[test]\nallow_services = ,\n", [], None,
                           "allow_services ("),
        "behind_a_broken_heading": ("[test\nallow_services = sshd\n", [], None, "section ("),
        "behind_a_nul": ("a\0b\nallow_services = sshd\n", [], None, "holds a NUL"),
        "behind_a_long_line": (LONG + "\nallow_services = sshd\n", [], None, "too long"),
        "argument": ("", ["allow_services=test,"], None, "allow_services (module argument)"),
        "bare_argument": ("", ["allow_services"], None, "allow_services (module argument)"),
        "written_by_others": ("", [], lambda path: os.chmod(path, 0o666), "chmod go-w"),
        "unreadable": ("", [], lambda path: os.chmod(path, 0), "Permission denied"),
        "gone": ("", [], os.unlink, "No such file"),
        "relative": ("", ["config=x.conf"], None, "config (module argument)"),
    }

    def check_shut(self, text, extra, spoil, problem):
        arguments = self.arguments()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(text)
        if spoil:
            spoil(self.config)
        if any(word.startswith("config=") for word in extra):
            del arguments[0]
        folder = self.stack([*arguments, *extra], auth=self.EXACT, account=self.EXACT)
        for phase in ("authenticate", "acct_mgmt", "chauthtok"):
            host = self.visit(folder, operations=[phase])
            self.assertEqual(host.returns, [(phase, "PAM_SERVICE_ERR")], host.events)
            self.assertEqual(host.prompts + host.helpers, [])
            (one, first), (two, second) = host.logs
            self.assertEqual((one, two), (3, 3))
            self.assertTrue(first.startswith("configuration: ") and problem in first, first)
            self.assertRegex(second, "^alice: .*refused: configuration service=test$")
        self.nothing_to_others(folder)
        self.nothing_to_others(self.stack([*arguments, *extra, "except_users=alice"],
                                          account=self.EXACT), "alice")
        self.nothing_to_others(self.stack([*arguments, *extra, "only_users=bob"],
                                          account=self.EXACT), "alice")

    def nothing_to_others(self, folder, *more):
        for user in ("root", "toor", "service", "ghost", *more):
            host = self.visit(folder, operations=["acct_mgmt"], user=user)
            self.assertEqual((self.codes(host), host.logs), (["PAM_IGNORE"], []), user)

    # A mistake elsewhere says nothing about it.
    open_rows = {
        "other_key": ("nonsense = 1\n",), "other_value": ("timeout = x\n",),
        "other_section": ("[another]\nallow_services = ,\n",),
        "other_key_behind_a_broken_heading": ("[test\ntimeout = 3\n",),
        "listed": ("allow_services = test\nnonsense = 1\n",),
    }

    def check_open(self, text):
        arguments = self.arguments()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(text)
        host = self.visit(self.stack(arguments, account=self.EXACT), operations=["acct_mgmt"])
        self.assertEqual((self.codes(host), host.logs), (["PAM_IGNORE"], []))


@cases
class BreakGlass(AccountCase):
    """Who is excepted by name is so in the account phase, whatever the others lines left."""
    NOWHERE = "config=/nowhere/at/all.conf"
    sign_in_rows = {
        "good": ({}, OLD, "PAM_SUCCESS", []),
        "refused": ({}, "wrong", "PAM_AUTH_ERR", []),
        "by_a_gate": ({"deny_group": "staff"}, OLD, "PAM_PERM_DENIED", []),
        "other_file": ({}, OLD, "PAM_SUCCESS", [NOWHERE]),
        "no_file": ({}, OLD, "PAM_SUCCESS", ["config="]),
        "no_service": ({}, OLD, "PAM_SUCCESS", ["allow_services=other"]),
        "mistakes": ({}, OLD, "PAM_SUCCESS", ["allow_services=,", "minimum_uid=x"]),
    }

    def check_sign_in(self, settings, answer, code, account):
        """The auth line has no exception, the account line has."""
        folder = harness.write_service([])
        harness.write(os.path.join(folder, "test"),
                      line("auth", self.arguments(settings), control="[default=done]")
                      + line("account", [*account, "except_users=alice"],
                             control="[default=done]"), 0o644)
        host = self.visit(folder, answer)
        self.assertEqual(self.codes(host), [code, "PAM_IGNORE"], host.events)
        self.assertEqual(len(host.logs), 1)  # of the sign-in

    def test_excepted_since(self):
        """In the file, between the phases; who is not is still asked about."""
        for text, code in (("except_users = alice\n", "PAM_IGNORE"),
                           ("except_users = bob\n", "PAM_SUCCESS")):
            folder = self.stack(self.arguments(), account="[default=done]")
            host = harness.Host(["authenticate", "acct_mgmt"], folder)
            host.until("prompt")
            with open(self.config, "a", encoding="utf-8") as file:
                file.write(text)
            host.say(OLD)
            # Looked at again before the yes: then it is none of ours.
            self.assertEqual(self.codes(host.finish()),
                             ["PAM_PERM_DENIED" if code == "PAM_IGNORE" else "PAM_SUCCESS", code])

    def test_root_after_anybody(self):
        folder = self.stack(self.arguments(), account="[default=done]")
        host = self.visit(folder, OLD, operations=("authenticate", "user=root", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_IGNORE"])


class MustChange(AccountCase):
    CLAIM = {"must_change_claim": "custom:expired"}

    def setUp(self):
        super().setUp()
        self.claim(True)

    def claim(self, value):
        self.pool.set_pool(lambdas={"PreTokenGeneration": {"claims": {"custom:expired": value}}})

    def test_changed_on_the_spot(self):
        folder = self.stack(self.arguments(self.CLAIM))
        host = self.visit(folder, OLD, OLD, NEW, NEW, options=["--flags", "expired"],
                          operations=("authenticate", "acct_mgmt", "chauthtok"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_NEW_AUTHTOK_REQD", "PAM_SUCCESS"],
                         host.events)
        self.assertEqual(host.prompts, [
            ("off", "Password: "), ("off", "Changing the user pool password of alice. Current password: "), ("off", "New password: "),
            ("off", "Retype new password: ")])
        self.assertEqual(self.pool.user("alice")["password"], NEW)
        self.assertEqual(len(self.pool.requests("ChangePassword")), 1)

    def test_no_longer_after_the_change(self):
        folder = self.stack(self.arguments(self.CLAIM),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD, OLD, NEW, NEW, options=["--flags", "expired"],
                          operations=("authenticate", "acct_mgmt", "chauthtok", "acct_mgmt"))
        self.assertEqual(self.codes(host)[-1], "PAM_SUCCESS")

    def test_still_after_a_failed_change(self):
        folder = self.stack(self.arguments(self.CLAIM),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD, "wrong", options=["--flags", "expired"],
                          operations=("authenticate", "chauthtok", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_AUTHTOK_RECOVERY_ERR",
                                            "PAM_NEW_AUTHTOK_REQD"])
        self.assertEqual(self.pool.user("alice")["password"], OLD)

    def test_also_when_swallowed(self):
        folder = self.stack(self.arguments(self.CLAIM), auth="optional",
                            after_auth="auth required " + PERMIT,
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD)
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_NEW_AUTHTOK_REQD"])

    def test_values(self):
        for value, code in ((True, "PAM_NEW_AUTHTOK_REQD"), ("true", "PAM_NEW_AUTHTOK_REQD"),
                            (False, "PAM_SUCCESS"), ("false", "PAM_SUCCESS"),
                            ("TRUE", "PAM_SUCCESS"), (1, "PAM_SUCCESS"), (None, "PAM_SUCCESS"),
                            (["true"], "PAM_SUCCESS"), ("", "PAM_SUCCESS")):
            self.claim(value)
            folder = self.stack(self.arguments(self.CLAIM),
                                after_account="account required " + PERMIT)
            self.assertEqual(self.codes(self.visit(folder, OLD)), ["PAM_SUCCESS", code], value)

    def test_not_asked_for(self):
        folder = self.stack(self.arguments(), after_account="account required " + PERMIT)
        self.assertEqual(self.codes(self.visit(folder, OLD)), ["PAM_SUCCESS", "PAM_SUCCESS"])

    def test_a_refused_sign_in_must_not_change_anything(self):
        folder = self.stack(self.arguments({**self.CLAIM, "require_group": "admins"}),
                            auth="optional", after_auth="auth required " + PERMIT)
        host = self.visit(folder, OLD)
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_PERM_DENIED"])

    def test_not_another_users(self):
        folder = self.stack(self.arguments(self.CLAIM),
                            after_account="account required " + PERMIT)
        host = self.visit(folder, OLD, operations=("authenticate", "user=bob", "acct_mgmt"))
        self.assertEqual(self.codes(host), ["PAM_SUCCESS", "PAM_SUCCESS"])

    def test_somebody_elses_expired_password_is_not_ours(self):
        # Only must_change makes an "expired only" change ours.
        self.claim(False)
        folder = self.stack(self.arguments(self.CLAIM))
        for operations in (("chauthtok",), ("authenticate", "chauthtok")):
            host = self.visit(folder, *[OLD] * (len(operations) - 1), operations=operations,
                              options=["--flags", "expired"])
            self.assertEqual(host.returns[-1], ("chauthtok", "PAM_SUCCESS"))  # pam_permit's
            self.assertEqual(len(host.prompts), len(operations) - 1)
        self.assertEqual(self.pool.requests("ChangePassword"), [])


if __name__ == "__main__":
    harness.main()
