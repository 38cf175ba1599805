# The signed operations: users, groups and app clients, page by page, filters,
# quotas, and the faults of a listing.
# SPDX-License-Identifier: MIT
import time

import harness
from harness import ALIAS, CLIENT, EMAIL, LOCAL, PUBLIC, PoolTest

TOKENS = {"ListUsers": ("PaginationToken", "Users"), "ListUsersInGroup": ("NextToken", "Users"),
          "ListGroups": ("NextToken", "Groups"),
          "ListUserPoolClients": ("NextToken", "UserPoolClients"),
          "AdminListGroupsForUser": ("NextToken", "Groups")}


class Directory(PoolTest):
    def fine(self, operation, **body):
        reply = self.signed(operation, **{"UserPoolId": LOCAL, **body})
        self.assertEqual(reply.status, 200, reply.raw)
        return reply.body

    def pages(self, operation, **body):
        """Every page's items, with the token left out of each."""
        token_name, name = TOKENS[operation]
        found, token = [], None
        while True:
            answer = self.fine(operation, **body, **({token_name: token} if token else {}))
            found.append(answer[name])
            token = answer.get(token_name)
            if token is None:
                return found

    def names(self, operation="ListUsers", **body):
        return [user["Username"] for part in self.pages(operation, **body) for user in part]


class Users(Directory):
    def test_one(self):
        harness.POOL.user("alice", attributes={"custom:uid": "4711"})
        user = self.fine("ListUsers")["Users"][0]
        self.assertIsInstance(user.pop("UserCreateDate"), float)
        self.assertIsInstance(user.pop("UserLastModifiedDate"), float)
        sub = user["Attributes"].pop(0)
        self.assertEqual(sub["Name"], "sub")
        self.assertRegex(sub["Value"], "^[0-9a-f-]{36}$")
        self.assertEqual(user, {
            "Username": "alice", "Enabled": True, "UserStatus": "CONFIRMED",
            "Attributes": [{"Name": "email", "Value": "alice@example.com"},
                           {"Name": "email_verified", "Value": "true"},
                           {"Name": "name", "Value": "Alíce Ångström 日本"},
                           {"Name": "custom:uid", "Value": "4711"}]})

    def test_states(self):
        harness.POOL.user("bob", status="EXTERNAL_PROVIDER")
        found = {user["Username"]: (user["Enabled"], user["UserStatus"])
                 for user in self.fine("ListUsers")["Users"]}
        self.assertEqual({name: found[name] for name in ("bob", "carol", "dave", "erin")}, {
            "bob": (True, "EXTERNAL_PROVIDER"), "carol": (True, "UNCONFIRMED"),
            "dave": (False, "CONFIRMED"), "erin": (True, "FORCE_CHANGE_PASSWORD")})

    def test_evil_names(self):
        names = ["root", "..", "a:b", "a\nb", "x" * 300, "Zoë", "\u202eabc"]
        for name in names:
            harness.POOL.add_user(username=name, groups=["guests"])
        self.assertEqual(self.names("ListUsersInGroup", GroupName="guests"), ["olivia", *names])

    def test_name_used_again(self):
        first = self.fine("AdminGetUser", Username="bob")["UserAttributes"][0]
        harness.POOL.delete_user("bob")
        harness.POOL.add_user(username="bob", sub="00000000-0000-4000-8000-000000000001")
        second = self.fine("AdminGetUser", Username="bob")["UserAttributes"][0]
        self.assertNotEqual(first, second)
        self.assertEqual(second["Value"], "00000000-0000-4000-8000-000000000001")

    def test_attributes_to_get(self):
        user = self.fine("ListUsers", AttributesToGet=["name"], Filter='username = "alice"')
        self.assertEqual(user["Users"][0]["Attributes"],
                         [{"Name": "name", "Value": "Alíce Ångström 日本"}])
        self.refused(self.signed("ListUsers", UserPoolId=LOCAL, AttributesToGet=["name"]),
                     "InvalidParameterException", "Input fails to satisfy the constraints.")

    def test_get_user(self):
        user = self.fine("AdminGetUser", Username="grace")
        self.assertEqual((user["Username"], user["UserStatus"], user["UserMFASettingList"]),
                         ("grace", "CONFIRMED", ["SOFTWARE_TOKEN_MFA"]))
        self.assertIn({"Name": "email", "Value": "grace@example.com"}, user["UserAttributes"])
        self.assertEqual(self.fine("AdminGetUser", UserPoolId=ALIAS, Username="alice2")
                         ["Username"], "mallory")
        self.refused(self.signed("AdminGetUser", UserPoolId=LOCAL, Username="nobody"),
                     "UserNotFoundException", "User does not exist.")


class Filters(Directory):
    def test_found(self):
        harness.POOL.add_user(username='q"uo\\te', attributes={"name": 'a "b" \\'})
        for text, names in (
                ("", None), ('username = "bob"', ["bob"]), ('username="bob"', ["bob"]),
                ('username = "Bob"', []), ('username ^= "he"', ["heidi"]),
                ('email = "ivan@example.com"', ["ivan"]),
                ('phone_number ^= "+1555010"', ["heidi", "judy"]),
                ('cognito:user_status = "Unconfirmed"', ["carol"]),
                ('status = "Disabled"', ["dave"]), ('status = "disabled"', []),
                ('name = "a \\"b\\" \\\\"', ['q"uo\\te'])):
            with self.subTest(text):
                found = self.names(Filter=text)
                self.assertEqual(found, self.names() if names is None else names)

    def test_refused(self):
        for text in ("bob", 'username = bob', 'username = "bob" and email = "x"',
                     'custom:uid = "1"', 'username > "a"', 'email = "a"b"'):
            self.refused(self.signed("ListUsers", UserPoolId=LOCAL, Filter=text),
                         "InvalidParameterException")


class Groups(Directory):
    def test_members(self):
        self.assertEqual(self.names("ListUsersInGroup", GroupName="staff"), ["alice", "olivia"])
        self.assertEqual(self.names("ListUsersInGroup", GroupName="admins"), ["olivia"])
        self.refused(self.signed("ListUsersInGroup", UserPoolId=LOCAL, GroupName="none"),
                     "ResourceNotFoundException", "Group not found.")

    def test_groups(self):
        group = self.fine("ListGroups")["Groups"][0]
        self.assertEqual((group["GroupName"], group["UserPoolId"]), ("staff", LOCAL))
        for body, names in (({"UserPoolId": LOCAL}, ["staff", "admins", "guests"]),
                            ({"UserPoolId": EMAIL}, ["staff"]), ({"UserPoolId": ALIAS}, [])):
            self.assertEqual([g["GroupName"] for g in self.fine("ListGroups", **body)["Groups"]],
                             names)
        groups = self.fine("AdminListGroupsForUser", Username="olivia")["Groups"]
        self.assertEqual([g["GroupName"] for g in groups], ["staff", "admins", "guests"])
        self.assertEqual(self.fine("AdminListGroupsForUser", Username="bob")["Groups"], [])


class Described(Directory):
    def test_pool(self):
        for body, alone, attributes, aliases, case in (
                ({"UserPoolId": LOCAL}, False, None, None, True),
                ({"UserPoolId": EMAIL}, False, ["email"], None, False),
                ({"UserPoolId": ALIAS}, False, None,
                 ["email", "phone_number", "preferred_username"], False)):
            pool = self.fine("DescribeUserPool", **body)["UserPool"]
            self.assertEqual(
                (pool["AdminCreateUserConfig"], pool.get("UsernameAttributes"),
                 pool.get("AliasAttributes"), pool["UsernameConfiguration"]),
                ({"AllowAdminCreateUserOnly": alone}, attributes, aliases,
                 {"CaseSensitive": case}))
        harness.POOL.set_pool(sign_up=False)
        pool = self.fine("DescribeUserPool")["UserPool"]
        self.assertEqual(pool["AdminCreateUserConfig"], {"AllowAdminCreateUserOnly": True})

    def test_schema(self):
        schema = {a["Name"]: a for a in self.fine("DescribeUserPool")["UserPool"]
                  ["SchemaAttributes"]}
        self.assertEqual(schema["custom:sshkey"], {
            "Name": "custom:sshkey", "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False, "Mutable": True, "Required": False})
        self.assertIn("custom:uid", schema)
        self.assertEqual((schema["sub"]["Mutable"], schema["email"]["Required"]), (False, False))
        email = self.fine("DescribeUserPool", UserPoolId=EMAIL)["UserPool"]["SchemaAttributes"]
        self.assertEqual([a["Name"] for a in email if a["Required"]], ["sub", "email"])

    def test_client(self):
        client = self.fine("DescribeUserPoolClient", ClientId=CLIENT)["UserPoolClient"]
        self.assertEqual(client["ClientSecret"],
                         "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g")
        self.assertEqual(set(client) & {"ReadAttributes", "WriteAttributes"}, set())
        harness.POOL.set_client(PUBLIC, write_attributes=["name", "custom:uid"],
                                read_attributes=[])
        client = self.fine("DescribeUserPoolClient", ClientId=PUBLIC)["UserPoolClient"]
        self.assertEqual((client["WriteAttributes"], client["ReadAttributes"]),
                         (["name", "custom:uid"], []))
        self.assertNotIn("ClientSecret", client)

    def test_not_there(self):
        self.refused(self.signed("DescribeUserPoolClient", UserPoolId=EMAIL, ClientId=CLIENT),
                     "ResourceNotFoundException")
        for operation, more in (("DescribeUserPool", {}), ("ListUsers", {}), ("ListGroups", {}),
                                ("ListUserPoolClients", {}),
                                ("ListUsersInGroup", {"GroupName": "staff"})):
            self.refused(self.signed(operation, UserPoolId="eu-west-1_None", **more),
                         "ResourceNotFoundException",
                         "User pool eu-west-1_None does not exist.")


class Pages(Directory):
    def test_sizes(self):
        harness.POOL.add_users(130, groups=["guests"], prefix="g")
        self.assertEqual([len(part) for part in self.pages("ListUsers")], [60, 60, 25])
        parts = self.pages("ListUsersInGroup", GroupName="guests")
        self.assertEqual([len(part) for part in parts], [60, 60, 11])
        names = [user["Username"] for part in parts for user in part]
        self.assertEqual(names, ["olivia", *(f"g{n:05}" for n in range(130))])
        self.assertEqual([len(p) for p in self.pages("ListUsers", Limit=50)], [50, 50, 45])
        self.assertEqual([len(p) for p in self.pages("ListUsers", Limit=0)], [60, 60, 25])

    def test_whole_pages_have_no_empty_one_after_them(self):
        harness.POOL.add_users(119, groups=["guests"])
        parts = self.pages("ListUsersInGroup", GroupName="guests")
        self.assertEqual([len(part) for part in parts], [60, 60])

    def test_clients_and_groups(self):
        for number in range(70):
            harness.POOL.add_client(id=f"manyclients{number:02}")
        parts = self.pages("ListUserPoolClients", MaxResults=60)
        self.assertEqual([len(part) for part in parts], [60, 16])
        self.assertEqual(parts[1][-1], {"ClientId": "manyclients69", "UserPoolId": LOCAL,
                                        "ClientName": "manyclients69"})
        harness.POOL.set_pool(groups=[f"group{n}" for n in range(61)])
        self.assertEqual([len(part) for part in self.pages("ListGroups")], [60, 1])

    def test_limits(self):
        for operation, body in (("ListUsers", {"Limit": 61}), ("ListUsers", {"Limit": -1}),
                                ("ListUserPoolClients", {"MaxResults": 0}),
                                ("ListUserPoolClients", {"MaxResults": 61}),
                                ("ListUsers", {"Filter": "x" * 257}),
                                ("ListUsersInGroup", {"GroupName": ""}),
                                ("ListUsers", {"PaginationToken": "a b"}),
                                ("ListUsers", {"UserPoolId": "no pool"})):
            self.refused(self.signed(operation, **{"UserPoolId": LOCAL, **body}),
                         "InvalidParameterException")
        for limit in ("60", True, 1.5):
            self.refused(self.signed("ListUsers", UserPoolId=LOCAL, Limit=limit),
                         "SerializationException")

    def token(self):
        harness.POOL.add_users(60)
        return self.fine("ListUsers")["PaginationToken"]

    def told(self, token, **body):
        reply = self.signed("ListUsers", UserPoolId=LOCAL, PaginationToken=token, **body)
        self.refused(reply, "InvalidParameterException",
                     f"Paging marker {token} is invalid for request")

    def test_token_may_be_sent_again(self):
        token = self.token()
        self.assertEqual(self.fine("ListUsers", PaginationToken=token)["Users"],
                         self.fine("ListUsers", PaginationToken=token)["Users"])

    def test_token_is_of_one_listing(self):
        token = self.token()
        self.told("stranger")
        self.told(token, Limit=10)
        self.told(token, Filter='username ^= "a"')

    def test_token_expires(self):
        token = self.token()
        harness.POOL.set_pool(settings={"page_token_seconds": 0})
        self.told(token)

    def test_ten_thousand(self):
        start = time.monotonic()
        self.assertEqual(harness.POOL.add_users(10000, groups=["guests"]), 10015)
        harness.POOL.set_pool(quotas={"UserList": 10000})
        names = self.names("ListUsersInGroup", GroupName="guests")
        self.assertEqual((len(names), len(set(names))), (10001, 10001))
        self.assertEqual(len(harness.POOL.requests("ListUsersInGroup")), 167)
        self.assertLess(time.monotonic() - start, 30)


class Throttling(Directory):
    def burst(self, operation, count, **body):
        return [self.signed(operation, UserPoolId=LOCAL, **body).code for _ in range(count)]

    def test_quota(self):
        """Both listings share one; the next second has its own."""
        harness.POOL.set_pool(quotas={"UserList": 3})
        start = time.monotonic()
        told = self.burst("ListUsers", 2) + self.burst("ListUsersInGroup", 2, GroupName="staff")
        self.assertLess(time.monotonic() - start, 0.9, "this machine is too slow for this test")
        self.assertEqual(told, ["", "", "", "TooManyRequestsException"])
        self.assertEqual(self.burst("AdminGetUser", 1, Username="alice"), [""])
        time.sleep(1.05)
        self.assertEqual(self.burst("ListUsers", 1), [""])

    def test_quotas_as_they_are(self):
        shown = harness.POOL.set_pool()["quotas"]
        self.assertEqual((shown["UserList"], shown["UserRead"], shown["UserPoolResourceRead"]),
                         (30, 120, 20))

    def test_one_operation(self):
        harness.POOL.fault("throttle_400", {"operation": "ListUsersInGroup"}, 2)
        self.assertEqual(self.burst("ListUsers", 1), [""])
        self.assertEqual(self.burst("ListUsersInGroup", 3, GroupName="staff"),
                         ["TooManyRequestsException", "TooManyRequestsException", ""])


class Faults(Directory):
    def test_empty_page_with_a_token(self):
        harness.POOL.add_users(60)
        for nth in (1, 2):
            harness.POOL.fault("empty_page", {"operation": "ListUsers", "nth": nth})
            parts = self.pages("ListUsers")
            self.assertEqual([len(p) for p in parts],
                             [0, 60, 15] if nth == 1 else [60, 0, 15])
            harness.POOL.clear_rules()

    def test_token_that_comes_back(self):
        harness.POOL.add_users(120)
        harness.POOL.fault("repeat_token", {"operation": "ListUsers"}, 0)
        first = self.fine("ListUsers")
        second = self.fine("ListUsers", PaginationToken=first["PaginationToken"])
        self.assertEqual(second, first)

    def test_breaks_off(self):
        harness.POOL.add_users(120)
        for kind in ("html_500", "not_json"):
            harness.POOL.fault(kind, {"operation": "ListUsers", "nth": 2})
            token = self.fine("ListUsers")["PaginationToken"]
            reply = self.signed("ListUsers", UserPoolId=LOCAL, PaginationToken=token)
            self.assertIn(reply.raw[:4], (b"<htm", b"this"))
            self.assertEqual(len(self.fine("ListUsers", PaginationToken=token)["Users"]), 60)
