# The pool's people by signed requests: everybody once, at the pace that was
# asked for, again when throttled, and nobody at all when something is missing.
# SPDX-License-Identifier: MIT
import os
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "accounts"))
from asking import ID, KEY, KEYS, POOL, ask, harness  # noqa: E402

LISTED = "AKIALOCALPOOL0000002"  # may list one group
LISTED_KEYS = {"AWS_ACCESS_KEY_ID": LISTED,
               "AWS_SECRET_ACCESS_KEY": "local/one+action/0123456789abcdefghijklm"}
TEMPORARY = {"AWS_ACCESS_KEY_ID": "ASIALOCALPOOL0000003", "AWS_SECRET_ACCESS_KEY": "temporary",
             "AWS_SESSION_TOKEN": "token/of+a=session" * 60}
# Those that people may write unless an app client has a list.
STANDARD = ["name", "given_name", "family_name", "middle_name", "nickname", "profile",
            "picture", "website", "gender", "zoneinfo", "locale", "address"]
SUB = "00000000-0000-4000-8000-00000000000"


def setUpModule():
    Directory.pool = harness.localpool.start(variants=False)
    unittest.addModuleCleanup(Directory.pool.stop)


class Directory(unittest.TestCase):
    pool = None

    def setUp(self):
        self.pool.reset()

    def ask(self, *words, keys=KEYS, pool_id=POOL, **environment):
        return ask(self.pool, *words, environment={**keys, **environment}, pool_id=pool_id,
                   hidden=(KEY, *TEMPORARY.values(), *LISTED_KEYS.values()) if keys is not
                   LISTED_KEYS else (KEY, LISTED_KEYS["AWS_SECRET_ACCESS_KEY"]))

    def operations(self):
        return [request["operation"] for request in self.pool.requests()]

    def guests(self, *names, **more):
        for number, name in enumerate(names):
            self.pool.add_user(username=name, groups=["guests"], sub=f"{SUB}{number}", **more)

    def listed(self, *groups, **environment):
        found = self.ask("list", *groups, **environment)
        self.assertEqual((found.status, found.message), ("ok", ""))
        return found

    def refused(self, status, message, *words, requests=None, **environment):
        found = self.ask("list", *words, **environment)
        self.assertEqual(found.status, status, found.message)
        self.assertRegex(found.message, message)
        self.assertEqual(found.people, [])
        if requests is not None:
            self.assertEqual(len(self.pool.requests()), requests, self.operations())
        return found


class People(Directory):
    def test_person(self):
        self.pool.add_user(username="ada", sub=SUB + "1", groups=["guests"], attributes={
            "email": "ada@example.com", "email_verified": "true", "name": "Ada, L:\nü",
            "custom:uid": "4711", "custom:sshkey": "ssh-ed25519 AAAA ada"})
        found = self.listed("guests", UID_ATTRIBUTE="custom:uid", KEY_ATTRIBUTE="custom:sshkey")
        self.assertIn("olivia", found.names)
        self.assertEqual(found.people[0], {
            "username": "ada", "sub": SUB + "1", "groups": 1, "enabled": True,
            "status": "CONFIRMED", "email": "ada@example.com", "email_verified": True,
            "name": "Ada, L:\nü", "uid": "4711", "ssh_key": "ssh-ed25519 AAAA ada"})

    def test_attributes_that_nobody_asked_for(self):
        self.pool.add_user(username="ada", groups=["guests"], attributes={
            "email": "ada@example.com", "custom:uid": "4711"})
        person = self.listed("guests").people[0]
        self.assertNotIn("uid", person)
        self.assertFalse(person["email_verified"])

    def test_states(self):
        found = {person["username"]: (person["enabled"], person["status"])
                 for person in self.listed().people}
        self.assertEqual({name: found[name] for name in ("alice", "carol", "dave", "erin")}, {
            "alice": (True, "CONFIRMED"), "carol": (True, "UNCONFIRMED"),
            "dave": (False, "CONFIRMED"), "erin": (True, "FORCE_CHANGE_PASSWORD")})

    def test_several_groups_and_each_once(self):
        self.pool.add_user(username="both", groups=["guests", "admins"])
        self.pool.add_user(username="one", groups=["admins"])
        found = {person["username"]: person["groups"]
                 for person in self.listed("guests", "admins").people}
        self.assertEqual((found["both"], found["one"]), (3, 2))
        self.assertEqual(self.operations(), ["ListUsersInGroup"] * 2)

    def test_pages(self):
        self.pool.add_users(130, prefix="u", groups=["admins"])
        names = [f"u{number:05}" for number in range(130)]
        found = self.listed("admins")
        self.assertEqual([name for name in found.names if name[0] == "u" and name[1:].isdigit()],
                         names)
        self.assertEqual(len(self.operations()), 3)
        self.assertEqual([people for people, _ in found.progress][:2], [60, 120])
        self.assertEqual(self.listed().names[-130:][:2], sorted(self.listed().names)[-130:][:2])

    def test_large_attributes(self):
        """What people may write about themselves does not spoil the listing for all."""
        names = [f"large{number:02}" for number in range(60)]
        self.guests(*names[:1], attributes={key: "\U00010400" * 2048 for key in STANDARD})
        for name in names[1:]:
            self.pool.add_user(username=name, groups=["guests"], attributes={
                key: "\u6f22" * 2048 for key in STANDARD})
        self.assertLessEqual(set(names), set(self.listed("guests").names))

    def test_everybody(self):
        found = self.listed()
        self.assertEqual({person["groups"] for person in found.people}, {0})
        self.assertIn("alice", found.names)
        self.assertEqual(found.names, sorted(found.names, key=str.encode))
        self.assertEqual(self.operations(), ["ListUsers"])

    def test_evil_names_come_as_they_are(self):
        names = ["root", "..", "a:b", "a\nb", "x" * 300, "Zoë", "\u202eabc", "-rf", "a b"]
        self.guests(*names)
        self.assertEqual(sorted(self.listed("guests").names), sorted([*names, "olivia"]))

    def test_the_same_sub_twice(self):
        self.pool.add_user(username="one", groups=["guests"], sub=SUB + "1")
        self.pool.add_user(username="other", groups=["guests"], sub=SUB + "1")
        found = {person["username"]: person.get("malformed")
                 for person in self.listed("guests").people}
        self.assertEqual(found, {"one": "another person was listed with this sub",
                                 "other": "another person was listed with this sub",
                                 "olivia": None})

    def test_malformed_are_not_dropped(self):
        self.guests("long", attributes={"name": "n" * 9000})
        self.pool.add_user(username="sub", groups=["guests"], sub="4711")
        found = {person["username"]: person.get("malformed")
                 for person in self.listed("guests").people}
        self.assertEqual(found, {"long": "an attribute is longer than 8192 bytes",
                                 "sub": "the sub is no UUID", "olivia": None})


class Listings(Directory):
    def setUp(self):
        super().setUp()
        self.pool.add_users(130, prefix="u", groups=["admins"])
        self.names = [f"u{number:05}" for number in range(130)]

    def fault(self, kind, nth=2, count=1, **more):
        self.pool.fault(kind, {"operation": "ListUsersInGroup", "nth": nth} if nth else {},
                        count, **more)

    def test_a_page_without_people_is_none_the_less_a_page(self):
        self.fault("empty_page")
        self.assertEqual(self.listed("admins").names[-130:], self.names)
        self.assertEqual(len(self.operations()), 4)

    def test_a_token_that_repeats(self):
        self.fault("repeat_token", nth=None, count=0)
        self.refused("unreadable_answer", "ListUsersInGroup: a page came twice; nothing", "admins")
        self.assertLess(len(self.operations()), 6)

    def test_tokens_that_go_round(self):
        for number in range(9):
            self.pool.script({"match": {"operation": "ListUsersInGroup"},
                              "body": {"Users": [], "NextToken": "abc"[number % 3]}})
        self.refused("unreadable_answer", "a page came twice", "admins")

    def test_more_than_there_may_be(self):
        users = [{"Username": f"{'x' * 20}{number}", "Enabled": True, "Attributes": []}
                 for number in range(12501)]
        for number in range(8):
            self.pool.script({"match": {"operation": "ListUsersInGroup"}, "body": {
                "Users": users, "NextToken": f"t{number}"}})
        self.refused("unreadable_answer", "there are too many; nothing of it is used", "admins",
                     requests=8)

    rows = [("no list", {}), ("no list", {"Users": {}}), ("token is no text", {
        "Users": [], "NextToken": 7}), ("token is no text", {"Users": [], "NextToken": ""})]

    def test_what_is_no_page(self):
        for words, body in self.rows:
            with self.subTest(words):
                self.pool.script({"match": {"operation": "ListUsersInGroup"}, "body": body})
                self.refused("unreadable_answer",
                             words.replace("no list", "a page without a list"), "admins")

    def test_one_that_breaks_in_the_middle(self):
        self.pool.fault("html_500", {"operation": "ListUsersInGroup", "nth": 2})
        self.assertEqual(self.listed("admins").names[-130:], self.names)
        self.pool.clear_rules()
        self.pool.script({"match": {"operation": "ListUsersInGroup"}, "merge": {}})
        self.pool.fault("reset", {"operation": "ListUsersInGroup"}, 0)
        self.pool.clear()
        self.refused("transport", "^ListUsersInGroup: ", "admins", TOTAL_MS="1000")

    def test_unreadable_in_the_middle(self):
        self.fault("not_json")
        self.refused("unreadable_answer", "ListUsersInGroup: the answer is not JSON", "admins",
                     requests=2)


class Again(Directory):
    def test_throttled(self):
        for kind in ("throttle_400", "throttle_429"):
            with self.subTest(kind):
                self.pool.reset()
                self.pool.fault(kind, {"operation": "ListUsers"}, 2)
                self.assertIn("alice", self.listed().names)
                self.assertEqual(len(self.operations()), 3)

    def test_throttled_for_good(self):
        self.pool.fault("throttle_400", {"operation": "ListUsers"}, 0)
        self.refused("throttled", "throttled at each of 5 tries: set a lower rate", requests=5)

    def test_faults_on_the_way(self):
        for kind in ("reset", "close", "truncate", "empty_503", "html_500", "accept_reset"):
            with self.subTest(kind):
                self.pool.reset()
                self.pool.fault(kind, count=1)
                self.assertIn("alice", self.listed().names)

    def test_a_certificate_that_is_not_trusted(self):
        self.pool.certificate("expired")
        self.refused("tls", "^ListUsers: .*certificate has expired", TOTAL_MS="1000", requests=0)

    def test_other_answers_are_final(self):
        for kind, status in (("html_403", "waf_blocked"), ("empty_object", "unreadable_answer"),
                             ("redirect", "request_refused")):
            with self.subTest(kind):
                self.pool.reset()
                self.pool.fault(kind, {"operation": "ListUsers"}, 1,
                                url="https://127.0.0.1:1/elsewhere")
                self.refused(status, "^ListUsers: ", requests=1)

    def test_retry_after(self):
        self.pool.script({"match": {"operation": "ListUsers"}, "status": 400, "body": {
            "__type": "TooManyRequestsException", "message": "Rate exceeded"},
            "headers": {"Retry-After": "2"}})
        found = self.listed()
        self.assertGreaterEqual(found.seconds, 2)
        self.assertTrue(any(2000 <= wait <= 2500 for _, wait in found.progress), found.progress)

    def test_longer_than_there_is_time(self):
        self.pool.script({"match": {"operation": "ListUsers"}, "status": 400, "body": {
            "__type": "TooManyRequestsException", "message": "Rate exceeded"},
            "headers": {"Retry-After": "600"}})
        self.assertLess(self.refused("throttled", "throttled", requests=1).seconds, 5)

    def test_rate(self):
        self.pool.add_users(200, prefix="u", groups=["admins"])
        self.assertGreaterEqual(self.listed("admins", RATE="5").seconds, 0.6)
        self.assertEqual(len(self.operations()), 4)

    def test_deadline(self):
        self.pool.fault("hang", {"operation": "ListUsers"}, 0)
        found = self.refused("timeout", "ListUsers: .*deadline", TOTAL_MS="1000")
        self.assertLess(found.seconds, 5)


class Rights(Directory):
    def test_an_action_that_is_not_allowed(self):
        self.refused("configuration",
                     "the environment may not: allow cognito-idp:ListUsers on "
                     "eu-west-1_Local0001 in its IAM policy", requests=1, keys=LISTED_KEYS)
        self.assertEqual(self.ask("list", "staff", keys=LISTED_KEYS).status, "ok")

    def test_another_secret(self):
        self.refused("configuration", "InvalidSignatureException.*its clock agrees.*the secret "
                     "access key of the environment does not belong to its ID", requests=1,
                     keys={**KEYS, "AWS_SECRET_ACCESS_KEY": KEY[:-1] + "l"})

    def test_clocks(self):
        self.pool.advance(3720)
        found = self.refused("configuration", "this machine's clock is 6[12] min [0-9]+ s behind "
                             "Cognito's; set it", requests=1)
        self.assertNotIn("Signature expired", found.message)

    def test_an_unknown_key(self):
        self.refused("configuration", r"does not know the access key of the environment "
                     r"\(UnrecognizedClientException\)", requests=1,
                     keys={**KEYS, "AWS_ACCESS_KEY_ID": "AKIANOBODY"})

    def test_a_session(self):
        self.pool.access_key(id=TEMPORARY["AWS_ACCESS_KEY_ID"], secret="temporary",
                             token=TEMPORARY["AWS_SESSION_TOKEN"])
        self.assertEqual(self.ask("list", keys=TEMPORARY).status, "ok")

    def test_a_session_that_is_over(self):
        """Looked up again once, for they may have been replaced, and no more."""
        self.pool.access_key(id=TEMPORARY["AWS_ACCESS_KEY_ID"], secret="temporary",
                             token=TEMPORARY["AWS_SESSION_TOKEN"], seconds=-1)
        self.refused("configuration", "the credentials of the environment have expired",
                     requests=2, keys=TEMPORARY)

    def test_what_repeats_a_key_is_withheld(self):
        self.pool.script({"match": {"operation": "ListUsers"}, "status": 400, "body": {
            "__type": "InvalidParameterException", "message": f"not with {KEY}"}})
        self.refused("bad_input", "InvalidParameterException: .withheld: repeats")

    def test_no_such_group_or_pool(self):
        self.refused("pool_misconfigured", "the user pool eu-west-1_Local0001 has no group "
                     "nobody's", "nobody's", requests=1)
        self.refused("pool_misconfigured", "Cognito has no user pool eu-west-1_None in "
                     "eu-west-1", pool_id="eu-west-1_None")

    def test_a_signature_is_for_the_endpoint_alone(self):
        with Proxy(self.pool.port) as proxy:
            self.listed(PROXY=f"http://127.0.0.1:{proxy.port}")
        self.assertTrue(proxy.heard.startswith(b"CONNECT "), proxy.heard)
        for word in (b"AWS4", b"X-Amz", ID.encode(), KEY.encode()):
            self.assertNotIn(word, proxy.heard)

    def test_only_what_reads_is_sent_and_all_of_it_signed(self):
        self.listed()
        headers = self.pool.requests()[0]["headers"]
        self.assertIn("SignedHeaders=content-type;host;x-amz-date;x-amz-target",
                      headers["authorization"])
        self.assertNotIn("expect", headers)


class Wiped(Directory):
    # Of its own: what a test has in an environment cannot be wiped.
    rows = {"key": "kept/for-nobody/0123456789abcdefghijklmn", "token": "kept-token/" * 30}

    def test_nothing_is_left_in_memory(self):
        self.pool.access_key(id="AKIAWIPED", secret=self.rows["key"], token=self.rows["token"])
        file = harness.write(harness.fresh("credentials"), "[default]\n"
                             "aws_access_key_id = AKIAWIPED\n"
                             f"aws_secret_access_key = {self.rows['key']}\n"
                             f"aws_session_token = {self.rows['token']}\n")
        for fault in ("", "throttle_400", "close", "html_403"):
            for name, secret in self.rows.items():
                with self.subTest(name, fault=fault):
                    if fault:
                        self.pool.fault(fault, {"operation": "ListUsers"}, 1)
                    # AddressSanitizer keeps what was freed, and has memory that nobody
                    # may look at.
                    look = {} if harness.SANITIZED else {"LOOK_FOR": "".join(
                        chr(ord(character) + 1) for character in secret)}
                    found = self.ask("list", keys={}, FILE=file, **look)
                    self.assertEqual(found.status, "waf_blocked" if fault == "html_403" else "ok")
                    self.assertIs(found.answer.get("left"), False if look else None)


class Facts(Directory):
    def setUp(self):
        super().setUp()
        # Throttling is tested above.
        self.pool.set_pool(quotas={"UserPoolClientRead": 1000, "UserPoolRead": 1000})

    def fact(self, *words):
        found = self.ask(*words)
        return found.answer["fact"], found.answer["client"], found.message

    def test_closed(self):
        self.pool.set_pool(sign_up=False)
        self.assertEqual(self.fact("closed"), ("yes", "", ""))
        self.pool.set_pool(sign_up=True)
        self.assertEqual(self.fact("closed"), ("no", "", ""))
        self.pool.script({"match": {"operation": "DescribeUserPool"}, "body": {"UserPool": {}}})
        self.assertEqual(self.fact("closed"), (
            "unknown", "", "DescribeUserPool: AllowAdminCreateUserOnly is missing"))

    def test_immutable(self):
        self.assertEqual(self.fact("immutable", "sub"), ("yes", "", ""))
        self.assertEqual(self.fact("immutable", "custom:uid"), ("no", "", ""))
        self.assertEqual(self.fact("immutable", "custom:no"), (
            "unknown", "", "the user pool eu-west-1_Local0001 has no attribute custom:no"))

    def lists(self, attributes):
        for client in self.clients:
            self.pool.set_client(client, write_attributes=attributes)

    @property
    def clients(self):
        with open(harness.localpool.SEED, encoding="utf-8") as file:
            seed = harness.localpool.json.load(file)
        return [client["id"] for client in seed["pools"][0]["clients"]]

    def test_clients_with_lists(self):
        self.lists(["email"])
        self.assertEqual(self.fact("writes", "custom:uid"), ("no", "", ""))
        self.assertEqual(self.fact("writes", "email"), ("yes", self.clients[0], ""))
        self.pool.set_client(self.clients[-1], write_attributes=["email", "custom:uid"])
        self.assertEqual(self.fact("writes", "custom:uid"), ("yes", self.clients[-1], ""))

    def test_a_client_without_a_list(self):
        self.lists(["email"])
        self.pool.set_client(self.clients[1], write_attributes=None)
        fact, client, message = self.fact("writes", "custom:uid")
        self.assertEqual((fact, client), ("unknown", ""))
        self.assertIn(f"the app client {self.clients[1]} has no list", message)
        self.assertEqual(self.fact("writes", "name")[:2], ("yes", self.clients[1]))

    def test_what_cannot_be_found_out(self):
        self.lists(["email"])
        for operation in ("ListUserPoolClients", "DescribeUserPoolClient"):
            with self.subTest(operation):
                self.pool.clear_rules()
                self.pool.fault("error", {"operation": operation}, 1,
                                code="AccessDeniedException", message="no")
                fact, _, message = self.fact("writes", "custom:uid")
                self.assertEqual(fact, "unknown")
                self.assertIn(f"allow cognito-idp:{operation} on", message)

    def test_more_clients_than_a_page_has(self):
        self.lists(["email"])
        for number in range(70):
            self.pool.add_client(id=f"more{number}", write_attributes=["name"])
        self.pool.add_client(id="last", write_attributes=["custom:uid"])
        self.assertEqual(self.fact("writes", "custom:uid"), ("yes", "last", ""))


class Proxy:
    """Takes one CONNECT, and passes on what comes then."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = b""
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(10)

    def serve(self):
        client, _ = self.listener.accept()
        while b"\r\n\r\n" not in self.heard:
            self.heard += client.recv(65536)
        server = socket.create_connection(("127.0.0.1", self.target))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=self.carry, args=(server, client), daemon=True)
        back.start()
        self.carry(client, server)
        back.join(10)

    @staticmethod
    def carry(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


if __name__ == "__main__":
    harness.main()
