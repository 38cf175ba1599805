# The signed operations that make and delete: a pool of one's own with its app client,
# users and groups, who may sign in there and how; and curl as another signer.
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import tempfile

import harness
from harness import EVERY, LOCAL, ONE_GROUP, PoolTest, read_part, secret_hash

PASSWORD, OTHER = "Correct-Horse-9", "Battery-Staple-7"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH",
         "ALLOW_REFRESH_TOKEN_AUTH"]


class Management(PoolTest):
    def fine(self, operation, **body):
        reply = self.signed(operation, **body)
        self.assertEqual(reply.status, 200, reply.raw)
        return reply.body

    def make_pool(self, **more):
        self.pool = self.fine("CreateUserPool", PoolName="throw-away", **more)["UserPool"]["Id"]
        made = self.fine("CreateUserPoolClient", UserPoolId=self.pool, ClientName="pam",
                         GenerateSecret=True, ExplicitAuthFlows=FLOWS,
                         PreventUserExistenceErrors="ENABLED")["UserPoolClient"]
        self.made, self.secret = made["ClientId"], made["ClientSecret"]
        return made

    def make_user(self, name="alice", permanent=True, **attributes):
        made = self.fine("AdminCreateUser", UserPoolId=self.pool, Username=name,
                         MessageAction="SUPPRESS", TemporaryPassword=OTHER,
                         UserAttributes=[{"Name": key, "Value": text}
                                         for key, text in attributes.items()])["User"]
        if permanent:
            self.fine("AdminSetUserPassword", UserPoolId=self.pool, Username=made["Username"],
                      Password=PASSWORD, Permanent=True)
        return made

    def on(self, operation, name="alice", **body):
        return self.signed(operation, UserPoolId=self.pool, Username=name, **body)

    def log_in(self, name="alice", password=PASSWORD):
        return self.sign_in(name, password, self.made,
                            SECRET_HASH=secret_hash(name, self.made, self.secret))


class Pools(Management):
    def test_made_and_deleted(self):
        pool = self.fine("CreateUserPool", PoolName="throw-away",
                         UserPoolTags={"purpose": "test"})["UserPool"]
        self.assertRegex(pool["Id"], "^eu-west-1_[0-9A-Za-z]{9}$")
        self.assertEqual((pool["Name"], pool["UserPoolTags"], pool["MfaConfiguration"],
                          pool["DeletionProtection"], pool["UsernameConfiguration"]),
                         ("throw-away", {"purpose": "test"}, "OFF", "INACTIVE",
                          {"CaseSensitive": True}))
        self.assertEqual(self.fine("DescribeUserPool", UserPoolId=pool["Id"])["UserPool"], pool)
        self.assertEqual(self.fine("DeleteUserPool", UserPoolId=pool["Id"]), {})
        for operation in ("DescribeUserPool", "DeleteUserPool"):
            self.refused(self.signed(operation, UserPoolId=pool["Id"]),
                         "ResourceNotFoundException", f"User pool {pool['Id']} does not exist.")

    def test_deleted_with_its_client(self):
        self.make_pool()
        self.make_user()
        self.granted(self.log_in())
        self.fine("DeleteUserPool", UserPoolId=self.pool)
        self.refused(self.log_in(), "ResourceNotFoundException",
                     f"User pool client {self.made} does not exist.")

    def test_protected(self):
        self.make_pool(DeletionProtection="ACTIVE")
        self.refused(self.signed("DeleteUserPool", UserPoolId=self.pool),
                     "InvalidParameterException")
        self.fine("DescribeUserPool", UserPoolId=self.pool)

    def test_listed(self):
        made = [self.fine("CreateUserPool", PoolName=f"n{number}")["UserPool"]["Id"]
                for number in range(2)]
        first = self.fine("ListUserPools", MaxResults=5)
        second = self.fine("ListUserPools", MaxResults=5, NextToken=first["NextToken"])
        self.assertEqual(([one["Id"] for one in first["UserPools"]][-1], "NextToken" in second,
                          [(one["Id"], one["Name"]) for one in second["UserPools"]]),
                         (made[0], False, [(made[1], "n1")]))
        self.refused(self.signed("ListUserPools"), "InvalidParameterException")
        self.refused(self.signed("ListUserPools", MaxResults=61), "InvalidParameterException")

    def test_those_of_the_region(self):
        """A region is known by its pools."""
        harness.POOL.set_pool(LOCAL, settings={"region": "us-east-1"})

        def there(operation, **body):
            raw = json.dumps(body).encode()
            return self.send(*self.make_signed(operation, raw, region="us-east-1")).body
        made = there("CreateUserPool", PoolName="far")["UserPool"]["Id"]
        self.assertRegex(made, "^us-east-1_")
        self.assertEqual([one["Id"] for one in there("ListUserPools", MaxResults=60)["UserPools"]],
                         [made])

    def test_control(self):
        """Those that were made are shown, and one may be made from there."""
        self.make_pool(UserPoolTags={"a": "b"})
        made = harness.POOL.call("add_pool", name="other", groups=["g"])["id"]
        shown = {one["id"]: (one["name"], one["tags"])
                 for one in harness.POOL.call("pools")["pools"]}
        self.assertEqual((shown[self.pool], shown[made], shown[LOCAL]),
                         (("throw-away", {"a": "b"}), ("other", {}), ("Local0001", {})))
        self.assertEqual(self.fine("ListGroups", UserPoolId=made)["Groups"][0]["GroupName"], "g")

    def test_reset_forgets_them(self):
        self.make_pool()
        harness.POOL.reset()
        self.refused(self.signed("DescribeUserPool", UserPoolId=self.pool),
                     "ResourceNotFoundException")

    def test_rights(self):
        for operation, body in (("CreateUserPool", {"PoolName": "x"}),
                                ("DeleteUserPool", {"UserPoolId": LOCAL}),
                                ("AdminSetUserPassword", {"UserPoolId": LOCAL})):
            self.refused(self.signed(operation, ONE_GROUP, **body), "AccessDeniedException")
            self.refused(self.call(operation, **body), "MissingAuthenticationTokenException")

    def test_mfa_takes_two_steps(self):
        self.refused(self.signed("CreateUserPool", PoolName="x", MfaConfiguration="ON"),
                     "InvalidParameterException")
        self.refused(self.signed("CreateUserPool", PoolName="x", MfaConfiguration="MAYBE"),
                     "InvalidParameterException")
        self.make_pool()
        self.make_user()
        self.assertEqual(self.fine("SetUserPoolMfaConfig", UserPoolId=self.pool,
                                   MfaConfiguration="ON",
                                   SoftwareTokenMfaConfiguration={"Enabled": True}),
                         {"SoftwareTokenMfaConfiguration": {"Enabled": True},
                          "MfaConfiguration": "ON"})
        shown = self.challenged(self.log_in(), "MFA_SETUP").parameters
        self.assertEqual(shown["MFAS_CAN_SETUP"], '["SOFTWARE_TOKEN_MFA"]')
        self.refused(self.signed("SetUserPoolMfaConfig", UserPoolId=self.pool,
                                 EmailMfaConfiguration={"Message": "{####}"}),
                     "InvalidParameterException")

    def test_password_policy(self):
        self.make_pool(Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}})
        self.make_user(permanent=False)
        for password, message in (("abcdefghij1", "Password not long enough"),
                                  ("abcdefghijkl", "Password must have numeric characters")):
            self.refused(self.on("AdminSetUserPassword", Password=password),
                         "InvalidPasswordException",
                         f"Password did not conform with policy: {message}")
        self.assertEqual(self.on("AdminSetUserPassword", Password="abcdefghijk1").status, 200)

    def test_names(self):
        self.make_pool(UsernameConfiguration={"CaseSensitive": False})
        self.make_user("MiXed")
        self.granted(self.log_in("mixed"))
        self.make_pool(UsernameAttributes=["email"])
        self.refused(self.on("AdminCreateUser", "alice"), "InvalidParameterException",
                     "Username should be an email.")
        made = self.make_user("alice@example.com")
        self.assertRegex(made["Username"], "^[0-9a-f-]{36}$")
        self.granted(self.log_in("alice@example.com"))
        self.make_pool(AliasAttributes=["preferred_username"])
        self.make_user()
        self.on("AdminUpdateUserAttributes", UserAttributes=[
            {"Name": "preferred_username", "Value": "nick"}])
        claims = read_part(self.log_in("nick").result["IdToken"])
        self.assertEqual(claims["cognito:username"], "alice")

    def test_issuer(self):
        for kind, host in (("ORIGINAL", "cognito-idp"), ("UPDATED", "issuer-cognito-idp")):
            self.make_pool(IssuerConfiguration={"Type": kind})
            self.make_user()
            self.assertEqual(read_part(self.log_in().result["AccessToken"])["iss"],
                             f"https://{host}.eu-west-1.amazonaws.com/{self.pool}")

    def test_sign_up_and_attributes(self):
        self.make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
                       Schema=[{"Name": "uid"}, {"Name": "email", "Required": True}])
        self.refused(self.call("SignUp", ClientId=self.made, Username="x", Password=PASSWORD,
                               SecretHash=secret_hash("x", self.made, self.secret)),
                     "NotAuthorizedException", "SignUp is not permitted for this user pool")
        self.refused(self.on("AdminCreateUser"), "InvalidParameterException")
        self.make_user(email="alice@example.com")
        names = {one["Name"]: one["Required"] for one in self.fine(
            "DescribeUserPool", UserPoolId=self.pool)["UserPool"]["SchemaAttributes"]}
        self.assertEqual((names["custom:uid"], names["email"], names["name"]),
                         (False, True, False))

    def test_own_signing_keys(self):
        """Published, and no other pool's."""
        self.make_pool()
        found = []
        for pool in (LOCAL, self.pool):
            self.connection.request("GET", f"/{pool}/.well-known/jwks.json")
            found.append({key["n"] for key in
                          json.loads(self.connection.getresponse().read())["keys"]})
        self.assertEqual([len(keys) for keys in found] + [len(found[0] & found[1])], [2, 2, 0])


class Clients(Management):
    def test_made(self):
        made = self.make_pool()
        self.assertRegex(made["ClientId"], "^[0-9a-z]{26}$")
        self.assertRegex(made["ClientSecret"], "^[0-9a-z]{51}$")
        self.assertEqual((made["ClientName"], made["ExplicitAuthFlows"],
                          made["PreventUserExistenceErrors"]), ("pam", FLOWS, "ENABLED"))
        self.assertEqual(self.fine("DescribeUserPoolClient", UserPoolId=self.pool,
                                   ClientId=self.made)["UserPoolClient"], made)

    def test_what_the_service_gives_unasked(self):
        self.make_pool()
        made = self.fine("CreateUserPoolClient", UserPoolId=self.pool,
                         ClientName="bare")["UserPoolClient"]
        self.assertEqual((made["PreventUserExistenceErrors"], made["ExplicitAuthFlows"],
                          "ClientSecret" in made),
                         ("LEGACY", ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH",
                                     "ALLOW_CUSTOM_AUTH"], False))
        self.refused(self.sign_in("alice", PASSWORD, made["ClientId"]),
                     "InvalidParameterException")

    def test_session_minutes(self):
        for minutes, status in ((2, 400), (3, 200), (15, 200), (16, 400)):
            self.make_pool()
            self.assertEqual(self.signed("CreateUserPoolClient", UserPoolId=self.pool,
                                         ClientName="x", AuthSessionValidity=minutes).status,
                             status, minutes)


class Users(Management):
    def setUp(self):
        super().setUp()
        self.make_pool()

    def test_temporary_password(self):
        made = self.make_user(permanent=False, email="a@example.com")
        self.assertEqual((made["Username"], made["UserStatus"], made["Enabled"]),
                         ("alice", "FORCE_CHANGE_PASSWORD", True))
        self.assertIn({"Name": "email", "Value": "a@example.com"}, made["Attributes"])
        self.challenged(self.log_in(password=OTHER), "NEW_PASSWORD_REQUIRED")
        self.refused(self.on("AdminCreateUser"), "UsernameExistsException",
                     "User account already exists")
        self.refused(self.on("AdminCreateUser", "bob", TemporaryPassword="short"),
                     "InvalidPasswordException")

    def test_set_password(self):
        self.make_user()
        self.granted(self.log_in())
        self.on("AdminSetUserPassword", Password=OTHER)
        self.challenged(self.log_in(password=OTHER), "NEW_PASSWORD_REQUIRED")
        self.refused(self.log_in(), "NotAuthorizedException")

    def test_disabled(self):
        self.make_user()
        self.assertEqual(self.on("AdminDisableUser").body, {})
        self.refused(self.log_in(), "NotAuthorizedException", "User is disabled.")

    def test_reset(self):
        self.make_user(email="a@example.com", email_verified="true")
        self.assertEqual(self.on("AdminResetUserPassword").body, {})
        self.refused(self.log_in(), "PasswordResetRequiredException")
        self.assertEqual([one["purpose"] for one in harness.POOL.codes("alice")],
                         ["ForgotPassword"])
        self.refused(self.on("AdminResetUserPassword"), "NotAuthorizedException",
                     "User password cannot be reset in the current state.")

    def test_reset_without_an_address(self):
        self.make_user()
        self.refused(self.on("AdminResetUserPassword"), "InvalidParameterException")
        self.granted(self.log_in())

    def test_groups(self):
        self.make_user()
        group = self.fine("CreateGroup", UserPoolId=self.pool, GroupName="shell")["Group"]
        self.assertEqual((group["GroupName"], group["UserPoolId"]), ("shell", self.pool))
        self.refused(self.signed("CreateGroup", UserPoolId=self.pool, GroupName="shell"),
                     "GroupExistsException", "A group with the name already exists.")
        self.refused(self.on("AdminAddUserToGroup", GroupName="none"),
                     "ResourceNotFoundException", "Group not found.")
        for _ in range(2):
            self.assertEqual(self.on("AdminAddUserToGroup", GroupName="shell").body, {})
        self.assertEqual(read_part(self.log_in().result["IdToken"])["cognito:groups"], ["shell"])

    def test_nobody(self):
        for operation, body in (("AdminSetUserPassword", {"Password": OTHER}),
                                ("AdminUpdateUserAttributes", {"UserAttributes": []}),
                                ("AdminDisableUser", {}), ("AdminResetUserPassword", {}),
                                ("AdminAddUserToGroup", {"GroupName": "x"})):
            self.refused(self.on(operation, "nobody", **body), "UserNotFoundException",
                         "User does not exist.")


class Curl(PoolTest):
    """As tests/live signs: the key on standard input, the body in a file."""

    def ask(self, key, secret, token=""):
        lines = [f'user = "{key}:{secret}"']
        if token:
            lines.append(f'header = "X-Amz-Security-Token: {token}"')
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "body")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"UserPoolId": LOCAL, "Username": "alice"}, file)
            done = subprocess.run(
                ["curl", "-sS", "--noproxy", "*", "--cacert", harness.POOL.ca_file,
                 "--aws-sigv4", "aws:amz:eu-west-1:cognito-idp",
                 "-H", "Content-Type: application/x-amz-json-1.1",
                 "-H", "X-Amz-Target: AWSCognitoIdentityProviderService.AdminGetUser",
                 "--data-binary", "@" + path, "-K", "-", harness.POOL.endpoint + "/"],
                input="\n".join(lines), capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        return answer.get("Username") or answer["__type"]

    def test_signed(self):
        self.assertEqual(self.ask(*EVERY), "alice")
        self.assertEqual(self.ask(EVERY[0], "x" * 40), "InvalidSignatureException")
        harness.POOL.access_key(id="ASIATOKEN00000000001", secret="s" * 40, token="to/ken+==")
        self.assertEqual(self.ask("ASIATOKEN00000000001", "s" * 40, "to/ken+=="), "alice")
        self.assertEqual(self.ask("ASIATOKEN00000000001", "s" * 40),
                         "UnrecognizedClientException")
