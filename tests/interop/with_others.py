#!/usr/bin/python3
# cognito-local, a pool that others wrote, as a judge of the product's own dialogues:
# signing in, a temporary password, changing and forgetting one. By pam-cognito, whose
# flows are the module's. Prints TAP. As anybody; npm installs it by the lock file.
#   with_others.py BUILD
# What it does in another way than Cognito, so that what is asked here is less:
#   * InitiateAuth says of a wrong password InvalidPasswordException, which the service has
#     for new ones: it is refused as an error that is not known;
#   * a temporary password is never looked at, and no session either;
#   * neither SECRET_HASH nor AUTH flows of a client are looked at, there is no SRP;
#   * the issuer is an address of its own: issuer= says so;
#   * its own pages give client IDs of other letters and pool IDs of a region "local".
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("pool", "lib")]

import certificates  # noqa: E402  (found through the path just set)
import npm  # noqa: E402
from product import Product  # noqa: E402
from tap import Tap  # noqa: E402

OTHERS = os.path.join(HERE, "others")
ISSUER = "https://issuer.example.com"
OLD, NEW, THIRD = "Correct-Horse-9", "Fresh-Meadow-42", "Third-Window-77"
CODE = "135790"  # of every message


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class CognitoLocal:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cognito-local-")
        certificates.make_authority(self.folder, "ca", "Authority of a pool of others")
        certificates.make_leaf(self.folder, "leaf", "ca", ["localhost"], certificates.GOOD)
        self.ca = os.path.join(self.folder, "ca.pem")
        port = free_port()
        self.endpoint = f"https://localhost:{port}"
        self.write(".cognito/config.json", json.dumps({
            "TokenConfig": {"IssuerDomain": ISSUER},
            "UserPoolDefaults": {"MfaConfiguration": "OFF", "UsernameAttributes": []},
            "ServerConfig": {"hostname": "127.0.0.1", "port": port, "https": True,
                             "cert": os.path.join(self.folder, "leaf.pem"),
                             "key": os.path.join(self.folder, "leaf.key")}}))
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["node", os.path.join(OTHERS, "node_modules/cognito-local/lib/bin/start.js")],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={"PATH": os.environ["PATH"], "HOME": self.folder, "CODE": CODE})
        self.trust = ssl.create_default_context(cafile=self.ca)
        self.wait()

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", opener=lambda at, flags: os.open(at, flags, mode)) \
                as file:
            file.write(text)
        return path

    def wait(self):
        end = time.monotonic() + 60
        while "running on" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("Bail out! cognito-local does not start:\n" + self.said())
            time.sleep(0.1)

    def said(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8") as file:
            return re.sub("\x1b\\[[0-9;]*m", "", file.read())

    def call(self, operation, **members):
        request = urllib.request.Request(
            self.endpoint + "/", json.dumps(members).encode(),
            {"Content-Type": "application/x-amz-json-1.1",
             "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation})
        with urllib.request.urlopen(request, context=self.trust, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)


class Suite:
    def __init__(self, build, pool, tap):
        self.pool, self.tap = pool, tap
        # A machine sends one user a code in ten minutes, whichever pool it is.
        self.alice, self.erin, self.sybil = (f"{name}{os.getpid()}"
                                             for name in ("alice", "erin", "sybil"))
        self.id = pool.call("CreateUserPool", PoolName="people",
                            AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        client = pool.call("CreateUserPoolClient", UserPoolId=self.id, ClientName="machines",
                           GenerateSecret=True)["UserPoolClient"]
        self.product = Product(build, pool.folder, tap, {
            "user_pool_id": self.id, "client_id": client["ClientId"],
            "client_secret": client.get("ClientSecret"), "region": "eu-west-1",
            "endpoint": pool.endpoint, "ca_file": pool.ca, "issuer": f"{ISSUER}/{self.id}"})

    def person(self, name, **more):
        self.pool.call("AdminCreateUser", UserPoolId=self.id, Username=name, UserAttributes=[
            {"Name": "email", "Value": name + "@example.com"},
            {"Name": "email_verified", "Value": "true"}], MessageAction="SUPPRESS", **more)

    def tool(self, *words, **more):
        return self.product.run(*words, **more)

    def expect(self, title, status, text, done):
        self.product.expect(title, status, text, done, *self.pool.said().splitlines()[-6:])

    def run(self):
        self.sign_in()
        self.temporary()
        self.change()
        self.forget()
        self.sign_up()

    def sign_in(self):
        self.person(self.alice)
        self.pool.call("AdminSetUserPassword", UserPoolId=self.id, Username=self.alice, Password=OLD,
                       Permanent=True)
        self.expect("the right password", 0, "PAM_SUCCESS",
                    self.tool("login", self.alice, answers=[OLD]))
        self.expect("a wrong one", 1, "InvalidPasswordException",
                    self.tool("login", self.alice, answers=["Wrong-Horse-9"]))
        self.expect("nobody of that name", 1, "NotAuthorizedException",
                    self.tool("login", "nobody", answers=[OLD]))
        self.expect("another issuer than ours", 1, "token_refused",
                    self.tool("login", self.alice, answers=[OLD], issuer=None))
        self.expect("a client that is not there", 3, "client_or_pool_unknown",
                    self.tool("login", self.alice, answers=[OLD], client_id="nosuchclient"))
        for group in ("staff", "others"):
            self.pool.call("CreateGroup", UserPoolId=self.id, GroupName=group)
        self.pool.call("AdminAddUserToGroup", UserPoolId=self.id, Username=self.alice,
                       GroupName="staff")
        self.expect("a group that she is in", 0, "PAM_SUCCESS",
                    self.tool("login", self.alice, answers=[OLD], require_group="staff"))
        self.expect("one that she is not in", 1, "group_refused",
                    self.tool("login", self.alice, answers=[OLD], require_group="others"))

    def temporary(self):
        self.person(self.erin, TemporaryPassword="Temporary-Pw-1")
        self.expect("a temporary password", 0, r"NEW_PASSWORD_REQUIRED[\s\S]*PAM_SUCCESS",
                    self.tool("login", self.erin, answers=["Temporary-Pw-1", NEW, NEW]))
        self.expect("and the new one", 0, "PAM_SUCCESS", self.tool("login", self.erin, answers=[NEW]))

    def change(self):
        self.expect("changed", 0, "changed", self.tool(
            "change-password", self.alice, answers=[OLD, NEW, NEW]))
        self.expect("the new one is it", 0, "PAM_SUCCESS",
                    self.tool("login", self.alice, answers=[NEW]))
        self.expect("the old one is not", 1, "InvalidPasswordException",
                    self.tool("login", self.alice, answers=[OLD]))

    def forget(self):
        self.expect("a code is on its way", 0, "code", self.tool("forgot-password", self.alice))
        self.expect("a code that is wrong", 1, "The code is wrong", self.tool(
            "confirm-forgot-password", self.alice, answers=["000000", THIRD, THIRD]))
        self.expect("the right one", 0, "password", self.tool(
            "confirm-forgot-password", self.alice, answers=[CODE, THIRD, THIRD]))
        self.expect("and the password is set", 0, "PAM_SUCCESS",
                    self.tool("login", self.alice, answers=[THIRD]))

    def sign_up(self):
        self.expect("signed up", 0, "code", self.tool(
            "sign-up", self.sybil, "--attribute", "email=sybil@example.com", answers=[OLD, OLD]))
        self.expect("not confirmed yet", 1, "not_confirmed",
                    self.tool("login", self.sybil, answers=[OLD]))
        self.expect("confirmed", 0, "confirmed", self.tool("confirm", self.sybil, answers=[CODE]))
        self.expect("and in", 0, "PAM_SUCCESS", self.tool("login", self.sybil, answers=[OLD]))


def main():
    build = os.path.abspath(sys.argv[1])
    npm.install(OTHERS)
    tap = Tap("cognito-local")
    pool = CognitoLocal()
    try:
        Suite(build, pool, tap).run()
    finally:
        pool.stop()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
