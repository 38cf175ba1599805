# pam-cognito check: set-ups with one thing broken each, and the cause that it
# must name first, written by hand; what it sends; the report.
# SPDX-License-Identifier: MIT
import http.client
import os
import re
import ssl
import stat
import time
from dataclasses import dataclass, field

from setups import ACCOUNT, SetupCase, bad, harness, person, script, with_landlock

FLOWS = ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"]
PUBLIC = "localpublic0000000000000001"
LEGACY = "locallegacy0000000000000001"
KEYS = os.environ["POOL_KEYS"]


@dataclass
class Found:
    objects: list


@dataclass
class Broken:
    area: str
    says: str
    settings: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)  # for SetupCase.words
    before: object = None
    problems: int = 1
    asked: int | None = None                  # how many InitiateAuth may go out


def variant(name):
    """A listener that has something wrong with it; filled in when it runs."""
    return {"endpoint": lambda case: case.pool.variant(name).replace("http:", "https:")}


def fault(kind, operation, count=0, **parameters):
    return lambda case: case.pool.fault(kind, match={"operation": operation}, count=count,
                                        **parameters)


def secret_file(mode, text="1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g\n"):
    return {"client_secret": None,
            "client_secret_file": lambda case: harness.write(harness.fresh("secret"), text, mode)}


def helper(mode):
    """A stack whose helper is a copy of that mode."""
    def stack(case, config):
        path = harness.write(harness.fresh("helper"), "#!/bin/sh\n", mode)
        return case.good_stack(config).replace(harness.HELPER, path)
    return {"stack": stack}


def passwd(*rows):
    """Accounts in place of those of the tests; a function, for the folder is not there yet."""
    return lambda: {"NSS_WRAPPER_PASSWD": harness.write(
        harness.fresh("passwd"), "".join(row + "\n" for row in rows), 0o644)}


def listening_to(word):
    return lambda case, config: case.good_stack(config, word)


BROKEN = {
    # The configuration and the files it names.
    "unknown_key": Broken("configuration", r"^colour \(.* line \d+\): unknown key",
                          {"colour": "blue"}),
    "key_of_the_module": Broken("configuration", r"^timeout \(.* line \d+\): expected seconds",
                                {"timeout": "never"}),
    "key_of_the_helper": Broken("configuration", r"^auth_flow \(.* line \d+\): expected user_pass",
                                {"auth_flow": "telepathy"}),
    "argument": Broken("configuration", r"^minimum_uid \(module argument\): expected a number",
                       more={"stack": listening_to("minimum_uid=0")}),
    "no_pool_id": Broken("configuration", r"^user_pool_id: missing", {"user_pool_id": None}),
    "no_client_id": Broken("configuration", r"^client_id: missing", {"client_id": None}),
    "no_file": Broken("configuration", r"^config: /: No such file or directory in this folder",
                      more={"config": "/nonexistent/x.conf"}),
    "others_may_write": Broken("configuration", r"must not be writable by group or others",
                               {"client_secret": None}, {"client": PUBLIC, "mode": 0o666}),
    "secret_in_readable_file": Broken("client secret", r"must have mode 0600", {},
                                      {"mode": 0o644}),
    "readable_secret_file": Broken("client secret", r"holds a secret and must have mode 0600",
                                   secret_file(0o644)),
    "empty_secret_file": Broken("client secret", r"expected one line with the secret",
                                secret_file(0o600, "\n")),
    "no_secret_file": Broken("client secret", r"^client_secret_file: /: No such file or directory in this",
                             {"client_secret": None, "client_secret_file": "/nonexistent/secret"}),
    "both_secrets": Broken("client secret", r"given beside client_secret",
                           {"client_secret_file": "/nonexistent/secret"}),
    "claim_of_its_owner": Broken("configuration", r"account_claim: the owner of an account can",
                                 {"account_claim": "preferred_username"}),
    "plain_http": Broken("configuration", r"endpoint", {"endpoint": "http://localhost:1"}),
    "bad_proxy": Broken("configuration", r"^proxy: expected http://host:port",
                        {"proxy": "localhost:3128"}),
    "bad_keys": Broken("configuration", r"^jwks_file: expected the pool's jwks.json",
                       {"jwks_file": lambda case: harness.write(harness.fresh("jwks"), "{}")}),
    "expired_ca": Broken("trust anchors", r"every certificate of ca_file has expired \(2020-02-01",
                         {"ca_file": os.path.join(KEYS, "expired.pem")}),
    "future_ca": Broken("trust anchors", r"no certificate of ca_file is valid before 2098-01-01",
                        {"ca_file": os.path.join(KEYS, "not_yet_valid.pem")}),
    "no_certificate": Broken("trust anchors", r"ca_file holds no certificate",
                             {"ca_file": lambda case: harness.write(harness.fresh("ca"), "hello")}),
    # The way to the pool.
    "dns": Broken("DNS", r"^nowhere\.invalid cannot be resolved",
                  {"endpoint": "https://nowhere.invalid"}),
    "connection": Broken("connection", r"^no connection to localhost port 1:",
                         {"endpoint": "https://localhost:1"}),
    "proxy": Broken("proxy", r"^no connection to localhost port \d+ through the proxy",
                    {"proxy": "http://localhost:1"}),
    "proxy_dns": Broken("DNS", r"^the proxy's name cannot be resolved",
                        {"proxy": "http://nowhere.invalid:3128"}),
    "silence": Broken("connection", r"^localhost did not answer within timeout \(2 s\)",
                      {"timeout": "2", "connect_timeout": "1"}, before=fault("hang", "jwks")),
    "expired": Broken("TLS", r"certificate has expired", variant("expired")),
    "wrong_name": Broken("TLS", r"no trusted connection .*subject name", variant("wrong_name")),
    "other_ca": Broken("TLS", r"unable to get local issuer certificate", variant("other_ca")),
    "no_tls": Broken("TLS", r"no trusted connection", variant("plain_http")),
    "clock_behind": Broken("clock", r"^this machine's clock is 3[56]\d\d s behind Cognito's",
                           before=lambda case: case.pool.advance(3600)),
    "clock_ahead": Broken("clock", r"^this machine's clock is 3[56]\d\d s ahead of Cognito's",
                          before=lambda case: case.pool.advance(-3600)),
    "keys_blocked": Broken("signing keys", r"^cannot be had: HTTP 403",
                           before=fault("html_403", "jwks"), asked=0),
    "other_issuer": Broken("issuer", r"^the pool's tokens name https://login\.example\.com/x, and "
                           r"the settings accept https://cognito-idp\.eu-west-1\.\S+ and "
                           r"https://issuer-cognito-idp\.eu-west-1\.",
                           before=lambda case: case.pool.set_pool(
                               settings={"issuer": "https://login.example.com/x"}), asked=0),
    # The pool and its app client.
    "pool_unknown": Broken("user pool", r"does not know the pool eu-west-1_Nowhere01: HTTP 404",
                           {"user_pool_id": "eu-west-1_Nowhere01"}, asked=0),
    "client_unknown": Broken("app client", r"^Cognito knows no app client of that client_id",
                             {"client_id": "nosuchclient"}, asked=1),
    "wrong_secret": Broken("client secret", r"^it is not the secret of the app client$",
                           {"client_secret": "wrong0secret"}, asked=1),
    "secret_missing": Broken("client secret", r"^none is set, and the app client has one",
                             {"client_secret": None}, asked=1),
    "flow_not_enabled": Broken("app client", r"^it does not allow USER_PASSWORD_AUTH, which "
                               r"auth_flow=user_password needs; allowed: USER_SRP_AUTH$",
                               more={"client": "localsrponly000000000000001"}, asked=4),
    "no_custom_trigger": Broken("app client", r"^it does not allow CUSTOM_AUTH",
                                {"auth_flow": "custom"}, asked=4,
                                before=lambda case: case.pool.set_pool(
                                    lambdas={"custom_auth": None})),
    "sign_in_by_email": Broken("app client", r"sign in by e-mail address or telephone number",
                               {"user_pool_id": "eu-west-1_Email0001"},
                               {"client": "emailclient0000000000000001"}),
    "web_acl": Broken("app client", r"web ACL \(AWS WAF\) blocked",
                      before=fault("waf_403", "InitiateAuth"), asked=1),
    "throttled": Broken("app client", r"more requests than its quota",
                        before=fault("throttle_429", "InitiateAuth", retry_after=600), asked=1),
    "server_error": Broken("app client", r"^Cognito failed",
                           before=fault("html_500", "InitiateAuth"), asked=1),
    "not_cognito": Broken("app client", r"not what the protocol allows",
                          before=fault("not_json", "InitiateAuth"), asked=1),
    # The helper.
    "no_helper": Broken("helper", r"^/: No such file or directory in this folder",
                        more={"stack": lambda case, config: case.good_stack(config).replace(
                            harness.HELPER, "/nonexistent/helper")}),
    "helper_writable": Broken("helper", r"must not be writable by group or others",
                              more=helper(0o777)),
    # The person.
    "no_account": Broken("account", r"^ghost is not the pool's on this machine: no local account",
                         more={"user": "ghost"}),
    "root": Broken("account", r"^root is not the pool's on this machine: root",
                   more={"user": "root"}),
    "second_root": Broken("account", r"^toor .*: a system account", more={"user": "toor"}),
    "low_uid": Broken("account", r"^service .*: uid below minimum_uid", more={"user": "service"}),
    "not_in_group": Broken("account", r"^carol .*: in neither only_users nor only_group",
                           {"only_group": "staff"}, {"user": "carol"}),
    "odd_name": Broken("account", r"^Alice is refused before anything is asked: not a name",
                       more={"user": "Alice"}),
    "shell_missing": Broken("account", r"^alice has the shell /bin/sh-not-there, which is no",
                            more={"env": passwd("alice:x:2001:2001::/:/bin/sh-not-there")}),
    "shell_not_executable": Broken("account", r"shell /etc/passwd, which is no program here",
                                   more={"env": passwd("alice:x:2001:2001::/:/etc/passwd")}),
    "shell_refused": Broken("account", r"not in /etc/shells: pam_shells in this stack refuses it",
                            more={"etc": {"shells": "# none\n/bin/bash\n"},
                                  "stack": lambda case, config: case.good_stack(config)
                                  + "account required pam_shells.so\n"}),
    "nologin_file": Broken("account", r"^/etc/nologin is there: pam_nologin lets nobody in",
                           more={"etc": {"nologin": "soon\n"},
                                 "stack": lambda case, config: case.good_stack(config)
                                 + "account required pam_nologin.so\n"}),
    "alias": Broken("account", r"^ally is refused before anything is asked: the account found bears",
                    more={"user": "ally", "env": {"LOOKUP_ALIAS": "ally:alice"}}),
    "account_look_up": Broken("account", r"^alice is refused .*: the account could not be looked",
                              more={"env": {"LOOKUP_FAILS": "alice:5"}}),
    "group_look_up": Broken("scope", r"^the group staff of only_group cannot be looked up \(Input/",
                            {"only_group": "staff"},
                            {"user": None, "env": {"LOOKUP_FAILS": "staff:5"}}),
    "group_missing": Broken("scope", r"^the group nosuch of only_group does not exist",
                            {"only_group": "staff,nosuch"}),
    "group_missing_without_user": Broken("scope", r"^the group nosuch of only_group does not",
                                         {"only_group": "nosuch"}, {"user": None}),
    "group_not_in_files": Broken("scope", r"^the group staff of only_group is not in /etc/group "
                                 r"but comes from .*\(group: files sss \[NOTFOUND=return\] ldap\)",
                                 {"only_group": "staff"},
                                 {"etc": {"group": "staffs:x:1:\nusers:x:100:staff\n",
                                          "nsswitch.conf": "passwd: files\n group: files sss "
                                          "[NOTFOUND=return] ldap # why\n"}}),
    # sshd.
    "no_pam": Broken("sshd", r"^UsePAM is off", more={"sshd": {"usepam": "no"}}),
    "no_keyboard": Broken("sshd", r"^KbdInteractiveAuthentication is off: with the password",
                          more={"sshd": {"kbdinteractiveauthentication": "no"}}),
    "no_questions": Broken("sshd", r"nobody is asked for a password",
                           more={"sshd": {"kbdinteractiveauthentication": "no",
                                          "passwordauthentication": "no"}}),
    "keys_only": Broken("sshd", r"^AuthenticationMethods publickey never asks PAM",
                        more={"sshd": {"authenticationmethods": "publickey"}}),
    "short_grace": Broken("sshd", r"^LoginGraceTime \(10 s\) is not above timeout \(20 s\)",
                          more={"sshd": {"logingracetime": "10"}}),
    "allow_groups": Broken("sshd", r"^AllowGroups sudo keeps alice out",
                           more={"sshd": {"allowgroups": "sudo"}}),
    "allow_groups_two_lines": Broken("sshd", r"^AllowGroups sudo wheel adm keeps alice out",
                                     more={"sshd": {"allowgroups": "sudo\nallowgroups wheel adm"}}),
    "allow_groups_case": Broken("sshd", r"^AllowGroups Staff keeps alice out",
                                more={"sshd": {"allowgroups": "Staff"}}),
    "deny_groups": Broken("sshd", r"^DenyGroups st\?ff keeps alice out",
                          more={"sshd": {"denygroups": "st?ff", "allowgroups": "*"}}),
    "deny_groups_primary": Broken("sshd", r"^DenyGroups primary keeps bob out",
                                  more={"user": "bob", "sshd": {"denygroups": "primary"}}),
    "allow_users": Broken("sshd", r"^AllowUsers bob alic alice2 keeps alice out",
                          more={"sshd": {"allowusers": "bob\nallowusers alic\nallowusers alice2"}}),
    "allow_users_elsewhere": Broken("sshd", r"^AllowUsers bob@\* keeps alice out",
                                    more={"sshd": {"allowusers": "bob@*"}}),
    "deny_users": Broken("sshd", r"^DenyUsers a\*e keeps alice out",
                         more={"sshd": {"denyusers": "a*e", "allowusers": "alice"}}),
    "deny_users_anywhere": Broken("sshd", r"^DenyUsers ali\*@\* keeps alice out",
                                  more={"sshd": {"denyusers": "ali*@*"}}),
    "members_kept_out": Broken("sshd", r"keep every member of only_group out \(bob and others",
                               {"only_group": "staff"},
                               {"user": None, "sshd": {"allowgroups": "sudo"}}),
    "members_unknown": Broken("sshd", r"^bob, or a group of that person, could not be looked up",
                              {"only_group": "staff"},
                              {"user": None, "sshd": {"allowgroups": "staff primary"},
                               "env": {"LOOKUP_FAILS": "bob:5"}}),
    "groups_unknown": Broken("sshd", r"^alice, or a group .* could not be looked up \(Input/output",
                             more={"sshd": {"allowgroups": "sudo"},
                                   "env": {"LOOKUP_FAILS": "4001:5"}}),
    "groups_unknown_denied": Broken("sshd", r"^alice, or a group .* could not be looked up",
                                    more={"sshd": {"denygroups": "staff"},
                                          "env": {"LOOKUP_FAILS": "4001:5"}}),
    "sshd_fails": Broken("sshd", r"-T fails$", more={"sshd": "/bin/false"}),
}


def resolved(case, settings):
    return {key: value(case) if callable(value) else value for key, value in settings.items()}


class TestBroken(SetupCase):
    """The first finding that is no ok is the real cause; there is no other."""

    def run_broken(self, broken):
        if broken.before:
            broken.before(self)
        more = {key: value() if callable(value) and key == "env" else value for key, value in broken.more.items()}
        settings = resolved(self, broken.settings)
        status, found, verdict = self.findings(settings=settings, **more)
        wrong = bad(found)
        self.assertTrue(wrong, found)
        self.assertEqual((wrong[0]["level"], wrong[0]["area"]), ("fail", broken.area), wrong)
        self.assertRegex(wrong[0]["text"], broken.says)
        self.assertTrue(wrong[0]["fix"], wrong)
        self.assertEqual(len(wrong), broken.problems, wrong)
        self.assertEqual((status, verdict["fail"], verdict["may_sign_in"]),
                         (1, broken.problems, False))
        if broken.asked is not None:
            self.assertEqual(self.tries(), broken.asked)
        self.check_screen(self.check_up(settings=settings, verbose=False, **more),
                          Found([*wrong, verdict]))


def make_test(broken):
    def test(self):
        self.run_broken(broken)
    return test


for label, entry in BROKEN.items():
    setattr(TestBroken, f"test_{label}", make_test(entry))

PENALTIES = ("crash:90.000000 authfail:5.000000 noauth:1.000000 grace-exceeded:10.000000 "
             "max:600.000000 min:15.000000 max-sources4:65536 max-sources6:65536 "
             "overflow:permissive overflow6:permissive")
FINE_SSHD = {
    "allow_users": {"allowusers": "bob\nallowusers alice"},
    "allow_users_pattern": {"allowusers": "?lic*"},
    "allow_users_anywhere": {"allowusers": "alice@*"},
    "allow_groups": {"allowgroups": "sudo\nallowgroups staff"},
    "allow_groups_pattern": {"allowgroups": "sudo s*f"},
    "deny_others": {"denyusers": "bob carol", "denygroups": "friends"},
    "exempt": {"persourcepenalties": PENALTIES, "persourcepenaltyexemptlist": "192.0.2.0/24"},
    "no_penalties": {"persourcepenalties": "no", "persourcepenaltyexemptlist": "none"},
    "no_penalty_for_failures": {
        "persourcepenalties": PENALTIES.replace("authfail:5.0", "authfail:0.0"),
        "persourcepenaltyexemptlist": "none"},
}
# What is worth a word and breaks nothing: area, text, words().
WARNINGS = {
    "tells_strangers": ("app client", "tells strangers which users exist", {"client": LEGACY}),
    "root_logs_in": ("sshd", "root may log in with the local password",
                     {"sshd": {"permitrootlogin": "yes"}}),
    "grace": ("sshd", r"LoginGraceTime \(45 s\) is short", {"sshd": {"logingracetime": "45"}}),
    "appended_codes": ("sshd", "KbdInteractiveAuthentication is off",
                       {"sshd": {"kbdinteractiveauthentication": "no"},
                        "settings": {"otp": "append"}}),
    "allow_users_from": ("sshd", r"AllowUsers alice@192\.0\.2\.\*: for alice it depends",
                         {"sshd": {"allowusers": "alice@192.0.2.*"}}),
    "deny_users_from": ("sshd", r"DenyUsers \*@10\.0\.0\.0/8: for alice it depends",
                        {"sshd": {"denyusers": "*@10.0.0.0/8"}}),
    "some_members_kept_out": ("sshd", r"keep some members of only_group out \(alice\)",
                              {"user": None, "settings": {"only_group": "staff"},
                               "sshd": {"allowgroups": "primary"}}),
    "penalties": ("sshd", r"^PerSourcePenalties is on: after a few",
                  {"sshd": {"persourcepenalties": PENALTIES,
                            "persourcepenaltyexemptlist": "none"}}),
    "no_sshd": ("sshd", "there is no usr/sbin/sshd", {"sshd": "/nonexistent/sshd"}),
    "times": ("configuration", r"connect_timeout \(20 s\) is not below timeout \(20 s\)",
              {"settings": {"connect_timeout": "20"}}),
    "clock": ("clock", r"is (1[12]\d|9\d|10\d) s behind", {}),
    "odd_pool": ("configuration", "the region is none of AWS", {}),
    "shell_not_listed": ("account", "has the shell /bin/sh, which is not in /etc/shells$",
                         {"etc": {"shells": "/bin/bash\n"}}),
    "account_not_in_files": ("account", "alice is not in /etc/passwd but comes from",
                             {"etc": {"passwd": "root:x:0:0::/:/bin/sh\nalicex:x:1:1::/:/\n"}}),
    "no_break_glass": ("configuration", "there is no break-glass: except_users names nobody",
                       {"stack": lambda case, config:
                        case.good_stack(config).replace("except_users=admin", "")}),
    "accounts_age": ("account", r"accounts made here age after 365 days \(PASS_MAX_DAYS in",
                     {"user": None, "etc": {"login.defs": "#PASS_MAX_DAYS 1\nPASS_MIN_DAYS 7\n"
                                            "PASS_MAX_DAYS\t365\n"}}),
    "nologin": ("account", "has the shell /usr/sbin/nologin", {"user": "stranger"}),
}


class TestWarnings(SetupCase):
    def check_warning(self, label):
        area, says, changes = WARNINGS[label]
        if label == "clock":
            self.pool.advance(110)
        if label == "odd_pool":
            changes = {"options": ["--offline"], "settings": {"user_pool_id": "eu_x"}}
        env = None
        if label == "nologin":
            env = passwd("stranger:x:2022:2022::/:/usr/sbin/nologin")()
        done = self.check_up("--json", env=env, **changes)
        wrong = bad(done.findings)
        self.assertEqual([(f["level"], f["area"]) for f in wrong], [("warn", area)], wrong)
        self.assertRegex(wrong[0]["text"], says)
        self.assertEqual(done.status, 0)
        self.check_screen(self.check_up(env=env, verbose=False, **changes), done)

    def test_selinux(self):
        done = self.check_up(enforce="1")
        self.assertRegex(done.out, r"(?m)^warning  SELinux: enforcing")
        self.assertIn("load the policy module pam_cognito (operations.md, SELinux)",
                      " ".join(done.out.split()))
        self.assertEqual(done.status, 0)
        self.assertRegex(self.check_up(enforce="0").out, r"(?m)^ok       SELinux: permissive")
        self.assertNotIn("SELinux", self.check_up().out)


for label in WARNINGS:
    setattr(TestWarnings, f"test_{label}",
            lambda self, label=label: self.check_warning(label))


# A mistake on the line, and who is shut out by it.
LOCKED_OUT = {
    "group": (["only_group=staff", "colour=blue"],
              r"until then members of staff cannot log in; except_users \(admin\) can as ever"),
    "users": (["only_users=alice", "timeout=never"], r"until then alice cannot log in; except"),
    "both": (["only_users=carol", "only_group=staff", "colour"],
             r"until then carol and members of staff cannot log in"),
    "some_missing": (["only_users=alice,nobody2", "only_group=staff,nosuch", "colour"],
                     r"until then alice and 1 more and members of staff cannot log in"),
    "none_exists": (["only_users=nobody2,nobody3", "colour"], r"until then 2 users cannot log in"),
    "no_group_exists": (["only_group=nosuch", "colour=blue"],
                        r"; nobody is shut out by it: no group of only_group exists$"),
    "many": (["only_users=alice,bob,carol,dave,erin", "colour"],
             r"until then alice, bob, carol and 2 more cannot log in"),
    "misspelt": (["only_grop=staff"], r"until then every local account from minimum_uid on, local "
                 r"administrators too, cannot log in; except_users \(admin\) can"),
}


class TestLockedOut(SetupCase):
    def locked_out(self, label):
        arguments, says = LOCKED_OUT[label]
        done = self.check_up("--json", arguments=arguments)
        self.assertEqual(done.status, 1)
        self.assertRegex(bad(done.findings)[0]["fix"], says)
        self.check_screen(self.check_up(arguments=arguments, verbose=False), done)

    def test_nobody_excepted(self):
        _, found, _ = self.findings(stack=lambda case, config: case.good_stack(
            config, "colour=blue").replace("except_users=admin", ""))
        self.assertIn("no except_users is set: root alone", bad(found)[0]["fix"])

    def test_no_group_one_truth(self):
        """A group that does not exist shuts nobody out, and has nobody in it."""
        done = self.check_up(arguments=["only_group=nosuch", "colour=blue"], user=None)
        self.assertIn("the group nosuch of only_group does not exist", done.out)
        self.assertNotIn("cannot log in", done.out)
        self.assertNotIn("nobody in scope", done.out)

    def test_what_was_meant(self):
        _, found, _ = self.findings(arguments=["only_grop=staff"])
        self.assertRegex(bad(found)[0]["text"], "only_grop .*did you mean only_group")


for label in LOCKED_OUT:
    setattr(TestLockedOut, f"test_{label}", lambda self, label=label: self.locked_out(label))


class TestGood(SetupCase):
    def test_all_well(self):
        started = time.monotonic()
        done = self.check_up()
        self.assertLess(time.monotonic() - started, 2.0)
        self.assertEqual(done.status, 0, done.text)
        text = with_landlock(done.out)
        self.assertNotRegex(text, r"(?m)^(problem|warning)")
        self.assertTrue(text.endswith("No fault was found in what was looked at.\n"), text)
        for area in ("PAM stack", "configuration", "client secret", "trust anchors", "helper",
                     "sandbox", "account", "sshd", "user pool", "connection", "TLS",
                     "signing keys", "app client", "clock"):
            self.assertRegex(text, rf"(?m)^ok       {area}: ")

    def test_accounts_that_do_not_age(self):
        """login.defs as it is shipped; what ages is said of a person, or of nobody named."""
        for user, days in ((None, "99999"), (None, "-1"), ("alice", "365")):
            done = self.check_up("--offline", "--json", user=user,
                                 etc={"login.defs": f"PASS_MAX_DAYS   {days}\n"})
            self.assertEqual((done.status, bad(done.findings)), (0, []))

    def test_nologin_without_its_module(self):
        done = self.check_up("--offline", "--json", etc={"nologin": ""})
        self.assertEqual((done.status, bad(done.findings)), (0, []))

    def test_lists_of_sshd(self):
        for label, changes in FINE_SSHD.items():
            done = self.check_up("--offline", "--json", sshd=changes)
            self.assertEqual((done.status, bad(done.findings)), (0, []))

    def test_everything_is_told_to_sshd(self):
        """A Match for what -C leaves out is an error of sshd -T."""
        told = harness.fresh("told")
        path = self.sshd(port="2222")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        harness.write(path, text.replace("#!/bin/sh\n", f"#!/bin/sh\necho $* >>{told}\n"), 0o755)
        done = self.check_up("--offline", sshd=path)
        self.assertEqual(done.status, 0, done.text)
        with open(told, encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines(), [
                "-T -C user=alice,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,"
                f"lport={port},rdomain=" for port in (22, 2222)])

    def test_person(self):
        done = self.check_up(way=person)
        self.assertEqual(done.status, 0, done.text)
        self.assertIn("No fault was found in what was looked at.", with_landlock(done.out))

    def test_public_client(self):
        status, found, _ = self.findings(client=PUBLIC)
        self.assertEqual(status, 0, found)

    def test_without_user(self):
        done = self.check_up(user=None)
        self.assertEqual(done.status, 0, done.text)
        self.assertIn("a person's account: name one", done.out)

    def test_secret_file(self):
        status, found, _ = self.findings(settings=resolved(self, secret_file(0o600)))
        self.assertEqual(status, 0, found)

    def test_flows(self):
        """The flow that is configured decides; that others are off is fine."""
        status, found, _ = self.findings(client="localsrponly000000000000001",
                                         settings={"auth_flow": "user_srp"})
        self.assertEqual(status, 0, found)
        self.assertIn("known; allows USER_SRP_AUTH",
                      [f["text"] for f in found if f["area"] == "app client"])

    def test_break_glass(self):
        done = self.check_up("--offline", "--json", user="admin")
        self.assertEqual((done.status, bad(done.findings)), (0, []))
        self.assertIn("admin is the break-glass (except_users)", done.out)

    def test_issuers(self):
        for issuer, name in (("ORIGINAL", "https://cognito-idp."),
                             ("UPDATED", "https://issuer-cognito-idp.")):
            self.pool.set_pool(settings={"issuer": issuer})
            status, found, _ = self.findings()
            self.assertEqual((status, bad(found)), (0, []))
            self.assertEqual([f["text"][:len(name)] for f in found if f["area"] == "issuer"],
                             [name])

    def test_no_discovery_document(self):
        """Emulators have none; then nothing is said of the issuer."""
        self.pool.fault("html_403", match={"operation": "openid-configuration"}, count=0)
        done = self.check_up()
        self.assertEqual(done.status, 0, done.text)
        self.assertIn("the issuer of the pool's tokens, which no discovery", done.out)

    def test_pinned_keys(self):
        context = ssl.create_default_context(cafile=self.pool.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", self.pool.port, context=context)
        connection.request("GET", "/eu-west-1_Local0001/.well-known/jwks.json")
        path = harness.write(harness.fresh("jwks"), connection.getresponse().read())
        connection.close()
        status, found, _ = self.findings(settings={"jwks_file": path})
        self.assertEqual(status, 0, found)
        self.assertIn("pinned by jwks_file", [f["text"] for f in found])

    def test_email_pool(self):
        status, found, _ = self.findings(
            client="emailclient0000000000000001",
            settings={"user_pool_id": "eu-west-1_Email0001", "account_claim": "email",
                      "username_format": "%u@example.com"})
        self.assertEqual(status, 0, found)

    def test_a_trigger_that_refuses_strangers(self):
        """It refuses the invented user, as it should."""
        self.pool.set_pool(lambdas={"PreAuthentication": {"refuse": "who are you"}})
        status, found, _ = self.findings()
        self.assertEqual(status, 0, found)

    def test_section_of_the_service(self):
        """The settings of [sudo] hold for sudo."""
        config = harness.write_config("".join(
            f"{key} = {value}\n" for key, value in self.settings().items())
            + "[sudo]\nauth_flow = user_srp\n")
        folder = self.pam_dir(self.good_stack(config), service="sudo")
        done = script("check", "--verbose", "--service", "sudo", "--set",
                      "client_id=localsrponly000000000000001", root=self.machine(folder))
        self.assertIn("not the secret of the app client", done.out)
        self.assertNotIn("sshd", done.out)

    def test_settings_of_the_command_line_win(self):
        status, found, _ = self.findings(options=["--set", "timeout=20"],
                                         arguments=["timeout=5"])
        self.assertEqual(status, 0, found)


class TestSending(SetupCase):
    def test_what_is_sent(self):
        """One InitiateAuth for each flow, as a user nobody has, announced."""
        done = self.check_up()
        found = self.pool.requests()
        self.assertEqual([r["operation"] for r in found], ["jwks", "openid-configuration"]
                         + ["InitiateAuth"] * 4)
        self.assertEqual([r["flow"] for r in found[2:]], FLOWS)
        names = {r["username"] for r in found[2:]}
        self.assertEqual(len(names), 1)
        self.assertRegex(names.pop(), r"^pam-cognito-check-[a-z2-7]{16}$")
        announced = re.findall(r"(?m)^Sending: (\w+)", done.out)
        self.assertEqual(announced, ["GET", "GET", "InitiateAuth"])

    def test_scripts_are_told_on_standard_error(self):
        done = self.check_up("--json")
        self.assertEqual(re.findall(r"(?m)^pam-cognito: Sending: (\w+)", done.err),
                         ["GET", "GET", "InitiateAuth"])

    def test_another_name_each_time(self):
        self.check_up()
        self.check_up()
        self.assertEqual(len({r["username"] for r in self.requests()}), 2)

    def test_configured_flow_first(self):
        self.check_up(settings={"auth_flow": "user_auth"})
        self.assertEqual([r["flow"] for r in self.requests()],
                         ["USER_AUTH", "USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH"])

    def test_offline(self):
        before = self.pool.counts()["connections"]
        done = self.check_up("--offline")
        self.assertEqual(done.status, 0, done.text)
        self.assertEqual(self.pool.counts()["connections"], before)
        self.assertIn("the network and the pool (--offline)", done.out)
        self.assertNotIn("Sending", done.out)

    def test_nothing_is_sent_for_a_broken_configuration(self):
        before = self.pool.counts()["connections"]
        self.check_up(settings={"colour": "blue"})
        self.assertEqual(self.pool.counts()["connections"], before)


class TestReport(SetupCase):
    def write_report(self, **changes):
        path = harness.fresh("report")
        done = self.check_up("--report", path, **changes)
        with open(path, encoding="utf-8") as file:
            return done, path, file.read()

    def test_mode(self):
        old = os.umask(0)
        try:
            _, path, _ = self.write_report()
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_nothing_that_names_anybody(self):
        secret = self.settings()["client_secret"]
        _, _, text = self.write_report(settings={
            "proxy": "http://user:hunter2@proxy.example.com:3128"})
        for word in (secret, "eu-west-1_Local0001", "localclient", "hunter2", "proxy.example.com",
                     "alice", self.pool.endpoint):
            self.assertNotIn(word, text)
        self.assertIn("[user]", text)

    def test_a_secret_among_the_arguments(self):
        secret = self.settings()["client_secret"]
        done, _, text = self.write_report(settings={"client_secret": None},
                                          arguments=["client_secret=" + secret])
        self.assertNotIn(secret, text)
        self.assertNotIn(secret, done.text)

    def test_an_issuer_of_ones_own(self):
        self.pool.set_pool(settings={"issuer": "https://login.example.com/x"})
        done, _, text = self.write_report()
        self.assertEqual(done.status, 1)
        self.assertNotIn("login.example.com", text)

    def test_what_a_bug_report_needs(self):
        _, _, text = self.write_report(settings={"timeout": "12"})
        for pattern in (r"^pam_cognito \d", "^kernel: Linux", "^ok +client secret",
                        r"^timeout = 12 ", "^auth .*default=die", "^user_pool_id = .set."):
            self.assertRegex(text, "(?m)" + pattern)

    def test_it_replaces_nothing(self):
        path = harness.write(harness.fresh("report"), "mine")
        done = self.check_up("--report", path)
        self.assertEqual(done.status, 6)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_it_follows_no_link(self):
        target, link = harness.fresh("target"), harness.fresh("link")
        os.symlink(target, link)
        self.assertEqual(self.check_up("--report", link).status, 6)
        self.assertFalse(os.path.exists(target))

    def test_of_a_broken_set_up(self):
        done, _, text = self.write_report(stack="auth required\n" + ACCOUNT)
        self.assertEqual(done.status, 1)
        self.assertIn("problem  PAM stack", text)


if __name__ == "__main__":
    harness.main()
