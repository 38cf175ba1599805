# Who is ours, and what each of the six entry points answers for those who are
# not: exactly the table of docs/design/architecture.md, whatever the configuration
# says.
# SPDX-License-Identifier: MIT
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import FAKE, run, write_config  # noqa: E402

PASSWORD = "open-sesame"
PHASES = ("authenticate", "setcred", "delcred", "reinitcred", "refreshcred", "acct_mgmt",
          "open_session", "close_session", "chauthtok")
# libpam hands on exactly what the module said.
EXACT = "[default=done]"


def ask(user, *more, operations=("authenticate",), settings="", control=EXACT, answers=(PASSWORD,),
        **options):
    arguments = [f"config={write_config(settings)}", f"helper={FAKE}",
                 "user_pool_id=fake:good", "timeout=3", *more]
    return run(*operations, arguments=arguments, user=user, control=control, answers=answers,
               **options)


class ScopeCase(unittest.TestCase):
    def assertOurs(self, host):
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def assertForeign(self, host):
        """As if the module were not there: no word, no process, no delay."""
        self.assertEqual(host.code, "PAM_USER_UNKNOWN", host.events)
        self.assertEqual(host.prompts + host.shown + host.logs + host.helpers, [])
        self.assertEqual(host.all("delay"), [])

    def assertRefused(self, host):
        self.assertEqual((host.code, host.reason), ("PAM_AUTH_ERR", "bad_input"), host.events)
        self.assertEqual(host.prompts + host.shown + host.helpers, [])
        self.assertTrue(host.delayed)


class NoAccount(ScopeCase):
    """local_account=optional lets names in that have no account here."""

    def test_argument(self):
        self.assertOurs(ask("missing", "local_account=optional"))

    def test_section(self):
        self.assertOurs(ask("missing", settings="[test]\nlocal_account = optional\n"))

    def test_section_of_another_service(self):
        self.assertForeign(ask("missing", settings="[other]\nlocal_account = optional\n"))

    def test_section_with_root(self):
        self.assertForeign(ask("root", settings="[test]\nlocal_account = optional\n"))

    def test_argument_wins(self):
        self.assertForeign(ask("missing", "local_account=required",
                               settings="[test]\nlocal_account = optional\n"))


# Why each of them is out of scope: (user, further arguments).
FOREIGN = {
    "root": ("root", []),
    "another_name_of_root": ("toor", []),
    "daemon": ("daemon", []),
    "service_account": ("service", []),
    "first_dynamic_uid": ("dynamic0", []),
    "dynamic_uid": ("dynamic", []),
    "last_dynamic_uid": ("dynamic9", []),
    "nobody": ("nobody", []),
    "no_account": ("missing", []),
    "no_account_and_odd": ("no such\x07user", []),
    "junk_of_300_bytes": ("A" * 300, []),
    "empty_name": ("", []),
    "uid_below_a_higher_minimum": ("alice", ["minimum_uid=2002"]),
    "not_in_only_group": ("carol", ["only_group=staff"]),
    "not_in_any_of_the_groups": ("dave", ["only_group=staff,friends"]),
    "excepted": ("alice", ["except_users=alice"]),
    "excepted_and_listed": ("alice", ["only_users=alice", "except_users=bob,alice"]),
    "not_in_only_users": ("bob", ["only_users=alice,carol"]),
    "prefix_of_a_listed_name": ("alice", ["only_users=alice2"]),
    "in_neither_list": ("dave", ["only_users=alice", "only_group=staff"]),
    "root_listed": ("root", ["only_users=root", "minimum_uid=1", "ignore_root=no"]),
    "alias_of_root_listed": ("toor", ["only_users=toor", "minimum_uid=1"]),
    "root_without_accounts": ("root", ["local_account=optional"]),
    "service_account_without_accounts": ("service", ["local_account=optional"]),
    "odd_name_not_listed": ("-dash", ["only_group=staff"]),
}


@harness.cases
class Foreign(ScopeCase):
    """Six entry points, every user out of scope, good and broken settings."""

    phases_rows = FOREIGN

    def check_phases(self, user, arguments):
        host = ask(user, *arguments)
        self.assertForeign(host)
        host = ask(user, *arguments, operations=PHASES[1:])
        self.assertEqual(host.returns, [
            ("setcred", "PAM_SUCCESS"), ("delcred", "PAM_SUCCESS"),
            ("reinitcred", "PAM_SUCCESS"), ("refreshcred", "PAM_SUCCESS"),
            ("acct_mgmt", "PAM_IGNORE"), ("open_session", "PAM_IGNORE"),
            ("close_session", "PAM_IGNORE"), ("chauthtok", "PAM_IGNORE")])
        self.assertEqual(host.prompts + host.shown + host.logs + host.helpers, [])

    def test_reason_is_logged_with_debug(self):
        for user, reason in (("root", "root"), ("toor", "a system account"),
                             ("missing", "no local account"),
                             ("service", "uid below minimum_uid")):
            host = ask(user, "debug")
            self.assertEqual(host.code, "PAM_USER_UNKNOWN")
            self.assertEqual(host.logs, [(7, f"{user}: not ours: {reason}")])

    def test_group_that_does_not_exist(self):
        """Nobody's, as an empty one, and the log says so; the known ones count."""
        line = (4, "only_group: not on this machine, or misspelt: nosuchgroup, nosuch2")
        for phases, codes in ((["authenticate"], ["PAM_USER_UNKNOWN"]),
                              (["acct_mgmt"], ["PAM_IGNORE"])):
            host = ask("alice", "only_group=nosuchgroup,friends,nosuch2", operations=phases)
            self.assertEqual([code for _, code in host.returns], codes)
            self.assertEqual((host.logs, host.prompts + host.helpers), ([line], []))
        host = ask("alice", "only_group=nosuchgroup,staff")
        self.assertOurs(host)
        self.assertEqual(host.logs[0],
                         (4, "only_group: not on this machine, or misspelt: nosuchgroup"))

    def test_root_and_unknown_names_need_no_settings(self):
        for user in ("root", "toor", "missing", "nobody", "dynamic"):
            host = run(arguments=["config=/no/such/file", "helper=/no/such/helper", "bad=key"],
                       user=user, control=EXACT)
            self.assertForeign(host)


class Failing(ScopeCase):
    """What could not be found out is neither ours nor not ours."""
    ANSWERS = [("authenticate", "PAM_SYSTEM_ERR"), ("acct_mgmt", "PAM_SYSTEM_ERR"),
               ("chauthtok", "PAM_SYSTEM_ERR")]

    def refused(self, user, name, number, *more):
        for phase, code in self.ANSWERS:
            host = ask(user, *more, operations=[phase],
                       environment={"LOOKUP_FAILS": f"{name}:{number}"})
            self.assertEqual(host.returns, [(phase, code)])
            self.assertEqual(host.prompts + host.helpers, [])
            self.assertEqual([priority for priority, _ in host.logs], [3])
            self.assertRegex(host.logs[0][1], f"^{user}: .*refused: lookup_failed service=test: "
                                              f"the look-up of the [a-z]+ {name} failed: ")

    # What man pages of other systems say for "not found", what a service may say, and nothing.
    NUMBERS = (0, 1, 2, 3, 4, 5, 9, 11, 12, 24, 110, 111)

    def test_account(self):
        for number in self.NUMBERS:
            self.refused("alice", "alice", number)
        self.refused("missing", "missing", 111)
        self.refused("missing", "missing", 111, "local_account=optional")
        self.refused("alice", "alice", 111, "only_users=alice")

    def test_group(self):
        for number in self.NUMBERS:
            self.refused("alice", "staff", number, "only_group=staff")
        for user in ("alice", "carol", "dave"):
            self.refused(user, "staff", 111, "only_group=staff,primary")
            self.refused(user, "staff", 111, "only_group=primary,staff", "only_users=bob")
            self.refused(user, "staff", 111, "only_group=staff", "allow_services=sshd")

    def test_group_that_does_not_decide(self):
        failing = {"LOOKUP_FAILS": "staff:111"}
        self.assertOurs(ask("carol", "only_group=staff,friends", environment=failing))
        self.assertOurs(ask("alice", "only_group=staff", "only_users=alice", environment=failing))
        self.assertForeign(ask("root", "only_group=staff", environment=failing))
        self.assertForeign(ask("daemon", "only_group=staff", environment=failing))

    def test_nobody_behind_us_may_decide(self):
        permit = "".join(harness.line(phase, [], "pam_permit.so", "required")
                         for phase in ("auth", "account", "password"))
        for control in ("required", "[success=done user_unknown=ignore default=die]"):
            host = ask("alice", "only_group=staff", control=control, after=permit,
                       environment={"LOOKUP_FAILS": "staff:111"})
            self.assertEqual(host.code, "PAM_SYSTEM_ERR")

    def test_large_groups(self):
        for count in (2000, 20000, 200000):
            harness.GROUPS["staff"] = [*(f"member{n:06}" for n in range(count)), "alice"]
            try:
                self.assertOurs(ask("alice", "only_group=staff"))
                self.assertForeign(ask("carol", "only_group=staff"))
            finally:
                harness.GROUPS["staff"] = ["alice", "bob"]


@harness.cases
class Excepted(ScopeCase):
    """The break-glass, whatever else is wrong."""
    mistakes_rows = {
        "key": (["only_grop=cognito", "except_users=alice"], "", {}),
        "value": (["timeout=x", "minimum_uid=y", "except_users=alice"], "", {}),
        "in_the_file": (["except_users=alice"], "nonsense\n[open\nonly_users\n", {}),
        "twice": (["except_users=bob", "except_users=alice"], "", {}),
        "file": ([], "only_grop = x\nexcept_users = alice\n", {}),
        "file_and_argument": (["only_grop=x"], "except_users = alice\n", {}),
        "file_with_a_nul": ([], "a\0b\nexcept_users = alice\n", {}),
        "account_fails": (["except_users=alice"], "", {"LOOKUP_FAILS": "alice:111"}),
        "group_fails": (["except_users=alice", "only_group=staff"], "",
                        {"LOOKUP_FAILS": "staff:111"}),
        "alias": (["except_users=alice"], "", {"LOOKUP_ALIAS": "alice:bob"}),
    }

    def check_mistakes(self, arguments, settings, environment):
        for phase, code in (("authenticate", "PAM_USER_UNKNOWN"), ("acct_mgmt", "PAM_IGNORE"),
                            ("chauthtok", "PAM_IGNORE")):
            host = ask("alice", *arguments, settings=settings, operations=[phase],
                       environment=environment)
            self.assertEqual(host.returns, [(phase, code)])
            self.assertEqual(host.prompts + host.shown + host.logs + host.helpers, [])

    def test_others_meet_the_mistake(self):
        host = ask("carol", "only_grop=cognito", "except_users=alice")
        self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"))

    def test_file_that_is_not_trusted(self):
        path = write_config("except_users = alice\n", mode=0o666)
        for more, code in (([], "PAM_SERVICE_ERR"), (["except_users=alice"], "PAM_USER_UNKNOWN")):
            host = run(arguments=[f"config={path}", f"helper={FAKE}", *more], control=EXACT)
            self.assertEqual(host.code, code)

    def test_without_any_file(self):
        self.assertForeign(run(arguments=["config=/no/such/file", "helper=/no/such/helper",
                                          "except_users=alice"], control=EXACT))


@harness.cases
class Mistaken(ScopeCase):
    """Where it is not known who was meant by the lists, nobody is somebody else's."""
    # alice is in staff, carol is not.
    LONG = "only_users = carol\n#" + "x" * 5000 + "\nonly_group = staff\n"
    lists_rows = {
        "misspelt": (["only_users=carol", "only_grup=staff"], ""),
        "misspelt_users": (["only_group=friends", "only_user=alice"], ""),
        "without_a_value": (["only_users=carol", "only_group", "staff"], ""),
        "group_twice": (["only_group=friends", "only_group=staff"], ""),
        "users_twice": (["only_users=carol", "only_users=alice"], ""),
        "in_the_file_misspelt": ([], "only_users = carol\nonly_grup = staff\n"),
        "in_the_file_without_equals": ([], "only_users = carol\nonly_group staff\n"),
        "in_the_file_twice": ([], "only_group = friends\nonly_group = staff\n"),
        "in_the_file_malformed": ([], "only_group = friends\nonly_users = alice,\n"),
        "in_a_section_of_nobody": ([], "only_users = carol\n[test\nonly_group = staff\n"),
        "behind_a_line_too_long": ([], LONG),
    }

    def check_lists(self, arguments, settings):
        for user in ("alice", "dave"):
            host = ask(user, *arguments, settings=settings)
            self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"))
            self.assertEqual(host.prompts + host.helpers, [])
            host = ask(user, *arguments, settings=settings, operations=["chauthtok"])
            self.assertEqual((host.code, host.prompts + host.helpers), ("PAM_SERVICE_ERR", []))
        for user in ("root", "daemon", "missing"):
            self.assertForeign(ask(user, *arguments, settings=settings))

    def test_what_stands_behind_us_does_not_decide(self):
        host = ask("alice", "only_users=carol", "only_grup=staff",
                   control="[success=done user_unknown=ignore default=die]",
                   after="auth required pam_permit.so\n")
        self.assertEqual(host.code, "PAM_SERVICE_ERR")

    # A list among the arguments: the file's faults are no reason to ask about others.
    file_rows = {
        "same": ("only_group = ,\n",),
        "other": ("only_users = ,\n",),
        "misspelt": ("only_user = dave\n",),
        "twice": ("only_users = bob\nonly_users = dave\n",),
        "section": ("[test\nonly_users = dave\n",),
        "unread": (LONG,),
    }

    def check_file(self, settings):
        self.assertForeign(ask("dave", "only_group=staff", settings=settings))
        host = ask("alice", "only_group=staff", settings=settings)
        self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"))


class Alias(ScopeCase):
    """The account found must bear the name asked about."""
    ALIAS = {"LOOKUP_ALIAS": "carol:alice"}

    def test_refused(self):
        # carol herself is in friends, alice in staff.
        for more in ([], ["only_group=staff"], ["only_group=friends"], ["only_users=alice"],
                     ["only_users=carol"]):
            for phase in ("authenticate", "acct_mgmt", "chauthtok"):
                host = ask("carol", *more, operations=[phase], environment=self.ALIAS)
                self.assertEqual(host.returns, [(phase, "PAM_PERM_DENIED")], more)
                self.assertEqual(host.prompts + host.helpers, [])
                self.assertEqual(len(host.logs), 1)
                self.assertIn("refused: account_mismatch service=test: the account found for "
                              "that name is alice's", host.logs[0][1])

    def test_of_somebody_who_is_not_ours(self):
        self.assertForeign(ask("carol", "only_group=primary", environment=self.ALIAS))
        self.assertForeign(ask("alice", environment={"LOOKUP_ALIAS": "alice:toor"}))

    def test_case_counts(self):
        host = ask("ALICE", environment={"LOOKUP_ALIAS": "ALICE:alice"},
                   settings="username_class = .*\n")
        self.assertEqual(host.code, "PAM_PERM_DENIED")


class Meanwhile(ScopeCase):
    """The account and the scope are looked at again right before a success."""

    def change(self, change, *more, phase="authenticate"):
        behaviour = "good" if phase == "authenticate" else "change"
        arguments = [f"config={write_config('')}", f"helper={FAKE}",
                     f"user_pool_id=fake:{behaviour}", "timeout=3", *more]
        host = harness.Host([phase], harness.write_service(arguments, control=EXACT))
        host.until("prompt")
        accounts, groups = dict(harness.ACCOUNTS), dict(harness.GROUPS)
        try:
            change()
            harness.write_accounts()
            for name in ("passwd", "group"):
                path = os.path.join(harness.TMP, name)
                os.utime(path, (1, harness.numbers.__next__()))
        finally:
            harness.ACCOUNTS.clear()
            harness.ACCOUNTS.update(accounts)
            harness.GROUPS.clear()
            harness.GROUPS.update(groups)
        host.say(PASSWORD)
        return host.finish()

    def refused(self, change, *more):
        host = self.change(change, *more)
        self.assertEqual((host.code, host.reason), ("PAM_PERM_DENIED", "account_mismatch"),
                         host.events)
        self.assertTrue(host.delayed)
        host = self.change(change, *more, phase="chauthtok")
        self.assertEqual(host.code, "PAM_PERM_DENIED", host.events)

    def test_nothing_changed(self):
        host = self.change(lambda: None)
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)

    def test_account_vanished(self):
        self.refused(lambda: harness.ACCOUNTS.pop("alice"))

    def test_account_vanished_where_none_is_needed(self):
        self.refused(lambda: harness.ACCOUNTS.pop("alice"), "local_account=optional")

    def test_uid_changed(self):
        self.refused(lambda: harness.ACCOUNTS.update(alice=2999))

    def test_uid_became_roots(self):
        self.refused(lambda: harness.ACCOUNTS.update(alice=0))

    def test_no_longer_a_member(self):
        self.refused(lambda: harness.GROUPS.update(staff=["bob"]), "only_group=staff")


class Delay(ScopeCase):
    def test_nodelay(self):
        for more, delayed in (([], True), (["nodelay"], False), (["nodelay=no"], True)):
            host = ask("alice", *more, answers=["wrong"])
            self.assertEqual((host.code, host.delayed), ("PAM_AUTH_ERR", delayed), more)

    def test_before_the_settings(self):
        failing = {"LOOKUP_FAILS": "alice:111"}
        self.assertTrue(ask("alice", environment=failing).delayed)
        self.assertFalse(ask("alice", "nodelay", environment=failing).delayed)


class Ours(ScopeCase):
    def test_phases(self):
        host = ask("alice", operations=PHASES[:-1])
        self.assertEqual(host.returns, [
            ("authenticate", "PAM_SUCCESS"),
            ("setcred", "PAM_SUCCESS"), ("delcred", "PAM_SUCCESS"),
            ("reinitcred", "PAM_SUCCESS"), ("refreshcred", "PAM_SUCCESS"),
            ("acct_mgmt", "PAM_SUCCESS"), ("open_session", "PAM_IGNORE"),
            ("close_session", "PAM_IGNORE")])
        self.assertEqual(host.shown, [])

    def test_phases_without_authenticate(self):
        host = ask("alice", operations=PHASES[1:-1])
        self.assertEqual([code for _, code in host.returns],
                         [*["PAM_SUCCESS"] * 4, *["PAM_IGNORE"] * 3])
        self.assertEqual(host.prompts + host.helpers, [])

    def test_phases_after_a_refusal(self):
        host = ask("alice", operations=PHASES[:-1], answers=["wrong"])
        self.assertEqual([code for _, code in host.returns], [
            "PAM_AUTH_ERR", *["PAM_SUCCESS"] * 4, *["PAM_IGNORE"] * 3])

    def test_change_of_the_password(self):
        # "good" gives a verdict where only a proof was asked for.
        host = ask("alice", operations=["chauthtok"])
        self.assertEqual(host.code, "PAM_TRY_AGAIN")

    def test_first_uid(self):
        self.assertOurs(ask("first"))

    def test_uid_between_people_and_dynamic_users(self):
        self.assertOurs(ask("below"))

    def test_uid_above_dynamic_users(self):
        self.assertOurs(ask("above"))

    def test_service_account_by_minimum_uid(self):
        self.assertOurs(ask("service", "minimum_uid=999"))

    def test_daemon_by_minimum_uid(self):
        self.assertOurs(ask("daemon", "minimum_uid=1"))

    def test_minimum_uid_met_exactly(self):
        self.assertOurs(ask("alice", "minimum_uid=2001"))

    def test_listed_user(self):
        self.assertOurs(ask("alice", "only_users=bob,alice"))

    def test_listed_user_with_blanks_in_the_file(self):
        self.assertOurs(ask("alice", settings="only_users = bob , alice\n"))

    def test_member_of_the_group(self):
        self.assertOurs(ask("alice", "only_group=staff"))

    def test_member_of_the_second_group(self):
        self.assertOurs(ask("carol", "only_group=staff,friends"))

    def test_member_by_the_account_itself(self):
        self.assertOurs(ask("bob", "only_group=primary"))

    def test_either_list_lets_in(self):
        self.assertOurs(ask("carol", "only_users=carol", "only_group=staff"))
        self.assertOurs(ask("alice", "only_users=carol", "only_group=staff"))

    def test_group_of_the_file(self):
        settings = "only_group = staff\n"
        self.assertOurs(ask("alice", settings=settings))
        self.assertForeign(ask("carol", settings=settings))

    def test_section_of_this_service_only(self):
        settings = "only_group = staff\n[door]\nonly_group = friends\n"
        self.assertOurs(ask("carol", settings=settings, service="door"))
        self.assertForeign(ask("alice", settings=settings, service="door"))
        self.assertForeign(ask("carol", settings=settings))
        self.assertOurs(ask("alice", settings=settings))

    def test_ignore_root_changes_nothing(self):
        self.assertOurs(ask("alice", "ignore_root"))
        self.assertForeign(ask("root", "ignore_root=no"))

    def test_no_local_account_where_none_is_needed(self):
        self.assertOurs(ask("missing", "local_account=optional"))
        self.assertOurs(ask("alice", "local_account=optional"))

    def test_only_lists_hold_without_accounts_too(self):
        self.assertForeign(ask("missing", "local_account=optional", "only_users=alice"))
        self.assertOurs(ask("missing", "local_account=optional", "only_users=missing"))

    def test_local_account_must_be_an_argument(self):
        settings = "local_account = optional\n"
        self.assertForeign(ask("missing", settings=settings))
        host = ask("alice", settings=settings)
        self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"))


@harness.cases
class Names(ScopeCase):
    """Accounts with odd names: within the uid range, refused all the same."""

    refused_rows = {label: (name,) for label, name in [
        ("capital", "Alice"), ("leading_dash", "-dash"), ("two_dots", ".."), ("dot", "."),
        ("slash", "per/son"), ("blank", "a b"), ("dollar", "dollar$"),
        ("33_bytes", "n" * 33), ("digit_first", "7up"), ("outside_ascii", "\u00fcnic\u00f6de"),
        ("128_bytes", "b" * 128)]}

    def check_refused(self, name):
        self.assertRefused(ask(name))

    def test_allowed(self):
        for name in ("alice", "a.b-c_d9", "n" * 32):
            self.assertOurs(ask(name))

    wider_rows = {label: (name, pattern) for label, name, pattern in [
        ("capital", "Alice", "^[A-Za-z]+$"), ("digit", "7up", "[0-9a-z]*"),
        ("dollar", "dollar$", "[a-z]+\\$"), ("128_bytes", "b" * 128, "b{128}"),
        ("outside_ascii", "\u00fcnic\u00f6de", ".+")]}

    def check_wider(self, name, pattern):
        """username_class lets them in."""
        self.assertOurs(ask(name, settings=f"username_class = {pattern}\n"))

    never_rows = {label: (name,) for label, name in [
        ("leading_dash", "-dash"), ("two_dots", ".."), ("dot", "."), ("slash", "per/son"),
        ("blank", "a b"), ("129_bytes", "b" * 129)]}

    def check_never(self, name):
        """Whatever username_class says."""
        self.assertRefused(ask(name, settings="username_class = .*\n"))

    def test_case_is_not_folded(self):
        self.assertForeign(ask("ALICE", settings="username_class = .*\n"))

    def test_narrower_class(self):
        settings = "username_class = [a-m]+\n"
        self.assertOurs(ask("alice", settings=settings))
        self.assertRefused(ask("bob", settings=settings))

    never_without_accounts_rows = {label: (name,) for label, name in [
        ("leading_dash", "-x"), ("two_dots", ".."), ("slash", "a/b"), ("blank", "c d"),
        ("newline", "a\nb"), ("escape", "a\x1b[2J"), ("colon", "a:b"), ("300_bytes", "A" * 300),
        ("empty", "")]}

    def check_never_without_accounts(self, name):
        host = ask(name, "local_account=optional", settings="username_class = .*\n")
        self.assertEqual(host.code, "PAM_AUTH_ERR", host.events)
        self.assertEqual(host.prompts + host.helpers, [])

    def test_refused_name_in_the_log_is_clean(self):
        host = ask("a\x1b[2J\nb", "local_account=optional", settings="username_class = .*\n")
        self.assertTrue(host.verdict[1].startswith("a?[2J?b: refused: bad_input"), host.verdict)


class Stacks(ScopeCase):
    """What comes of it in stacks as they are written."""

    def stacked(self, control, user, answers, after):
        return ask(user, control=control, answers=answers,
                   after=harness.line("auth", [], after))

    def test_sufficient_then_deny(self):
        self.assertEqual(self.stacked("sufficient", "alice", [PASSWORD], "pam_deny.so").code,
                         "PAM_SUCCESS")
        self.assertNotEqual(self.stacked("sufficient", "alice", ["x"], "pam_deny.so").code,
                            "PAM_SUCCESS")
        self.assertNotEqual(self.stacked("sufficient", "root", [PASSWORD], "pam_deny.so").code,
                            "PAM_SUCCESS")

    def test_required_alone_never_lets_a_foreigner_in(self):
        for user in ("root", "service", "missing", "nobody"):
            self.assertEqual(ask(user, control="required").code, "PAM_USER_UNKNOWN")

    def test_ignoring_refusals_leaves_nothing_to_succeed(self):
        # No module said yes: libpam must not make a success of ignored ones.
        for user, answer in (("root", PASSWORD), ("alice", "wrong"), ("missing", "x")):
            host = ask(user, control="[success=ok default=ignore]", answers=[answer])
            self.assertNotEqual(host.code, "PAM_SUCCESS")

    def test_success_takes_the_jump(self):
        after = harness.line("auth", [], "pam_deny.so") + harness.line("auth", [], "pam_permit.so")
        self.assertEqual(ask("alice", control="[success=1 default=ignore]", after=after).code,
                         "PAM_SUCCESS")
        self.assertNotEqual(ask("alice", control="[success=1 default=ignore]", after=after,
                                answers=["wrong"]).code, "PAM_SUCCESS")

    def test_setcred_follows_the_way_of_authenticate(self):
        host = ask("alice", control="sufficient", operations=("authenticate", "setcred"),
                   after=harness.line("auth", [], "pam_deny.so"))
        self.assertEqual([code for _, code in host.returns], ["PAM_SUCCESS", "PAM_SUCCESS"])


if __name__ == "__main__":
    harness.main()
