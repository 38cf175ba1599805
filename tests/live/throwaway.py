# The pools that a run makes for itself, and their end. Each is tagged, and named after
# its run: what a run made is found by that, whether its answer came or not.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import secrets
import string
import struct
import time

from service import Unusable

PREFIX = "pam-cognito-live-"
TAG, VALUE = "purpose", "pam-cognito-live-check"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH",
         "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
POLICY = {"MinimumLength": 12, "RequireUppercase": True, "RequireLowercase": True,
          "RequireNumbers": True, "RequireSymbols": True, "TemporaryPasswordValidityDays": 1}
GROUP = "shell-users"
STEP = 30  # seconds in which a code of an app is the same


def new_password():
    letters = string.ascii_letters + string.digits
    return "Aa1!" + "".join(secrets.choice(letters) for _ in range(16))


class App:
    """An authenticator app. A code serves once, so each is of another step; where all
    steps that the service takes are used, it waits for the next one."""

    def __init__(self, key, last=0):
        self.key, self.last = key, last

    def code_of(self, step):
        key = base64.b32decode(self.key + "=" * (-len(self.key) % 8), casefold=True)
        made = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
        at = made[-1] & 15
        return "%06d" % ((struct.unpack(">I", made[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)

    def code(self):
        while True:
            step, late = divmod(time.time(), STEP)
            # The step before is not taken once this one ends while the code is on its way.
            first = int(step) - (late < STEP - 8)
            chosen = max(first, self.last + 1)
            if chosen <= step:
                self.last = chosen
                return self.code_of(chosen)
            time.sleep(STEP - late + 0.2)

    def wrong(self):
        """A code of no step near this one."""
        near = {self.code_of(int(time.time()) // STEP + shift) for shift in range(-3, 4)}
        return next(text for text in ("000000", "111111", *map("{:06}".format, range(99)))
                    if text not in near)


class Client:
    def __init__(self, shown):
        self.id, self.secret = shown["ClientId"], shown.get("ClientSecret")

    def hash_of(self, name):
        if not self.secret:
            return None
        made = hmac.new(self.secret.encode(), (name + self.id).encode(), hashlib.sha256)
        return base64.b64encode(made.digest()).decode()


class Pool:
    def __init__(self, makers, name, **settings):
        self.makers = makers
        body = {"PoolName": f"{PREFIX}{makers.run}-{name}", "UserPoolTier": "ESSENTIALS",
                "Policies": {"PasswordPolicy": POLICY},
                "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
                "AccountRecoverySetting": {"RecoveryMechanisms": [
                    {"Priority": 1, "Name": "verified_email"}]},
                "AutoVerifiedAttributes": ["email"], "UserPoolTags": {TAG: VALUE}, **settings}
        self.id = makers.admin("CreateUserPool", **body)["UserPool"]["Id"]
        makers.made.append(self.id)
        makers.veil.add(self.id, "pool")
        makers.veil.add(self.id.split("_")[1], "pool")
        self.client = self.make_client("pam")
        self.passwords = {}

    def admin(self, operation, **body):
        return self.makers.admin(operation, UserPoolId=self.id, **body)

    def make_client(self, name, secret=True):
        client = Client(self.admin(
            "CreateUserPoolClient", ClientName=name, GenerateSecret=secret,
            PreventUserExistenceErrors="ENABLED", AuthSessionValidity=3,
            EnableTokenRevocation=True, ExplicitAuthFlows=FLOWS)["UserPoolClient"])
        self.makers.veil.add(client.id, "client")
        self.makers.veil.add(client.secret, "client secret")
        return client

    def user(self, name, permanent=True, **attributes):
        password = self.passwords[name] = new_password()
        self.makers.veil.add(password, "password")
        attributes = {"email": self.makers.mail, "email_verified": "true", **attributes}
        self.admin("AdminCreateUser", Username=name, TemporaryPassword=password,
                   MessageAction="SUPPRESS", UserAttributes=[
                       {"Name": key, "Value": text} for key, text in attributes.items()])
        if permanent:
            self.admin("AdminSetUserPassword", Username=name, Password=password, Permanent=True)

    def give(self, name, **attributes):
        """A preferred_username is given to nobody who is not confirmed yet."""
        self.admin("AdminUpdateUserAttributes", Username=name, UserAttributes=[
            {"Name": key, "Value": text} for key, text in attributes.items()])

    def demand_totp(self, how):
        self.admin("SetUserPoolMfaConfig", MfaConfiguration=how,
                   SoftwareTokenMfaConfiguration={"Enabled": True})


class Makers:
    """All that one run makes at one place."""

    def __init__(self, service, run, mail, veil):
        self.service, self.run, self.mail, self.veil = service, run, mail, veil
        self.made, self.faults, self.issuer = [], [], None

    def admin(self, operation, absent=None, **body):
        """absent: what it gives where that pool is gone."""
        reply = self.service.post(operation, body, signed=True)
        if absent is not None and reply.code == "ResourceNotFoundException":
            return absent
        if reply.code:
            raise Unusable(f"{operation}: {reply.code}: {self.veil.clean(reply.message)}")
        return reply.body

    def pools(self):
        self.main = Pool(self, "main", AliasAttributes=["preferred_username"])
        self.main.bare = self.main.make_client("no-secret", secret=False)
        self.main.demand_totp("OPTIONAL")
        self.main.admin("CreateGroup", GroupName=GROUP)
        self.mail_pool = Pool(self, "mail", UsernameAttributes=["email"],
                              UsernameConfiguration={"CaseSensitive": False})
        self.forced = Pool(self, "mfa")
        self.forced.demand_totp("ON")
        self.forced.user("alice")
        # The newest of what is asked here: where it is not known yet, the rest is.
        try:
            self.issuer = Pool(self, "issuer", IssuerConfiguration={"Type": "UPDATED"})
            self.issuer.user("alice")
        except Unusable as error:
            self.faults.append(f"without the issuer UPDATED: {error}")
        return self

    def found(self, run=""):
        """Pools of this name in the region, with the tag; of one run or of all."""
        found, token = [], None
        while True:
            answer = self.admin("ListUserPools", MaxResults=60,
                                **({"NextToken": token} if token else {}))
            found += [pool["Id"] for pool in answer["UserPools"]
                      if pool["Name"].startswith(PREFIX + run) and self.is_tagged(pool["Id"])]
            token = answer.get("NextToken")
            if not token:
                return found

    def is_tagged(self, pool):
        shown = self.admin("DescribeUserPool", absent={"UserPool": {}}, UserPoolId=pool)
        return shown["UserPool"].get("UserPoolTags", {}).get(TAG) == VALUE

    def delete(self, run=""):
        """(how many were deleted, why others were not). Also what the list does not
        show yet, and what was made by a request whose answer was lost."""
        deleted, faults, pools = 0, [], list(self.made)
        try:
            pools += [pool for pool in self.found(run) if pool not in pools]
        except Unusable as error:
            faults.append(str(error))
        for pool in pools:
            try:
                self.admin("DeleteUserPool", absent={}, UserPoolId=pool)
                deleted += 1
            except Unusable as error:
                faults.append(str(error))
        self.made.clear()
        return deleted, faults
