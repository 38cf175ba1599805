# moto's Cognito with a pool in it, in a root that has moto: serves it by TLS on a
# port of 127.0.0.1, with the certificate that is given, to those who sign, or with a
# fourth word to everybody, for moto wants signatures from people, too. Prints one object, what is in it and by which keys; then, for each line of its input, by which
# codes it has refused requests since the line before. Ends with its input.
# SPDX-License-Identifier: MIT
import gzip
import json
import logging
import os
import re
import sys
import threading
import warnings

warnings.simplefilter("ignore")

import boto3  # noqa: E402  (its warnings are not for this output)
import moto.settings  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

# As Debian's package has them, which cannot serve them therefore.
JWKS = os.path.join(os.path.dirname(moto.__file__), "cognitoidp/resources/jwks-public.json.gz")
REGION = "eu-west-1"
COUNT = 130
ROLE = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


def policy(actions):
    """moto does not look which pool an action is for."""
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Resource": "*",
         "Action": [f"cognito-idp:{action}" for action in actions]}]})


class Maker:
    def __init__(self):
        self.pools = boto3.client("cognito-idp", REGION)
        self.iam = boto3.client("iam", REGION)

    def attributes(self, **values):
        return [{"Name": name.replace("__", ":"), "Value": value} for name, value in values.items()]

    def pool(self, closed):
        made = self.pools.create_user_pool(
            PoolName="people", AdminCreateUserConfig={"AllowAdminCreateUserOnly": closed}, Schema=[
                {"Name": "uid", "AttributeDataType": "String", "Mutable": False},
                {"Name": "sshkey", "AttributeDataType": "String", "Mutable": True}])
        return made["UserPool"]["Id"]

    def people(self, pool):
        made = {}
        for group in ("shell", "empty"):
            self.pools.create_group(UserPoolId=pool, GroupName=group)
        for number in range(COUNT):
            name = f"person{number:03}"
            user = self.pools.admin_create_user(
                UserPoolId=pool, Username=name, MessageAction="SUPPRESS",
                UserAttributes=self.attributes(
                    email=f"{name}@example.com", email_verified="true" if number % 3 else "false",
                    name=f"Persón {number}", custom__uid=str(30000 + number)))["User"]
            made[name] = {one["Name"]: one["Value"] for one in user["Attributes"]}["sub"]
            if number % 2:
                self.pools.admin_add_user_to_group(UserPoolId=pool, Username=name,
                                                   GroupName="shell")
        self.pools.admin_set_user_password(UserPoolId=pool, Username="person001",
                                           Password="Correct-Horse-9", Permanent=True)
        self.pools.admin_disable_user(UserPoolId=pool, Username="person003")
        return made

    def app_client(self, pool):
        made = self.pools.create_user_pool_client(
            UserPoolId=pool, ClientName="machines", GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"])
        return {"user_pool_id": pool, "client_id": made["UserPoolClient"]["ClientId"],
                "client_secret": made["UserPoolClient"]["ClientSecret"]}

    def two(self, pool):
        """Names of nobody else's on this machine, which sends one user a code in ten minutes."""
        alice, erin = f"alice{os.getpid()}", f"erin{os.getpid()}"
        for name, more in ((alice, {}), (erin, {"TemporaryPassword": "Temporary-Pw-1"})):
            self.pools.admin_create_user(
                UserPoolId=pool, Username=name, MessageAction="SUPPRESS", **more,
                UserAttributes=self.attributes(email=f"{name}@example.com", email_verified="true"))
        self.pools.admin_set_user_password(UserPoolId=pool, Username=alice,
                                           Password="Correct-Horse-9", Permanent=True)
        self.pools.create_group(UserPoolId=pool, GroupName="shell")
        self.pools.create_group(UserPoolId=pool, GroupName="empty")
        self.pools.admin_add_user_to_group(UserPoolId=pool, Username=alice, GroupName="shell")
        return {"alice": alice, "erin": erin}

    def key(self, name, actions):
        self.iam.create_user(UserName=name)
        self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(actions))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return [key["AccessKeyId"], key["SecretAccessKey"], ""]

    def role(self, name, actions):
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ROLE))
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(actions))
        key = boto3.client("sts", REGION).assume_role(
            RoleArn=role["Role"]["Arn"], RoleSessionName="instance")["Credentials"]
        return [key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]]


class Watched:
    """Keeps the codes of what was refused for want of a right, which are in XML. Serves
    the keys, which Debian's package of moto does not."""

    def __init__(self, application, keys):
        self.application, self.keys, self.codes = application, json.dumps(keys).encode(), []

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].endswith("/.well-known/jwks.json"):
            start_response("200 OK", [("Content-Type", "application/json"),
                                      ("Content-Length", str(len(self.keys)))])
            return [self.keys]
        body = b"".join(self.application(environ, start_response))
        self.codes += re.findall(r"<Code>(\w+)</Code>", body.decode())
        return [body]


def main():
    port, certificate, key = sys.argv[1:4]
    logging.getLogger("werkzeug").disabled = True
    with mock_aws():
        maker = Maker()
        pool = maker.pool(True)
        everything = ["ListUsers", "ListUsersInGroup", "DescribeUserPool", "ListUserPoolClients",
                      "DescribeUserPoolClient"]
        said = {"pool": pool, "open": maker.pool(False), "people": maker.people(pool),
                "all": maker.key("all", everything),
                "group": maker.key("group", ["ListUsersInGroup"]),
                "none": maker.key("none", ["GetUser"]),
                "role": maker.role("role", everything)}
        maker.pools.create_user_pool_client(
            UserPoolId=pool, ClientName="reads", WriteAttributes=["email"])
        maker.pools.create_user_pool_client(
            UserPoolId=pool, ClientName="writes", WriteAttributes=["email", "custom:sshkey"])
        signs_in = maker.pool(True)
        with gzip.open(JWKS) as file:
            said.update(maker.two(signs_in), client=maker.app_client(signs_in),
                        jwks=json.load(file))
        if len(sys.argv) == 4:
            # From here on each request must be signed, and allowed.
            moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        watched = Watched(DomainDispatcherApplication(create_backend_app), said["jwks"])
        server = make_server("127.0.0.1", int(port), watched, threaded=True,
                             ssl_context=(certificate, key))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps(said), flush=True)
        for _ in sys.stdin:
            print(json.dumps(watched.codes), flush=True)
            watched.codes = []


if __name__ == "__main__":
    main()
