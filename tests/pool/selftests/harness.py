# What the pool's own tests share: a small client that knows the wire format,
# the secret hash (computed here on its own) and SRP.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
import unittest
from urllib.parse import urlsplit

import proofs
import sigv4
import srp

POOL = None
LOCAL, EMAIL, ALIAS, STRICT = ("eu-west-1_Local0001", "eu-west-1_Email0001",
                               "eu-west-1_Alias0001", "eu-west-1_Strict001")
CLIENT = "localclient0000000000000001"
PUBLIC = "localpublic0000000000000001"
SECRETS = {
    CLIENT: "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g",
    "localsrponly000000000000001": "2mw1x0y9z8a7b6c5d4e3f2g1h0i9j8k7l6m5n4o3p2q1r0s9t8u",
    "locallegacy0000000000000001": "3px2q1w0e9r8t7y6u5i4o3p2a1s0d9f8g7h6j5k4l3z2x1c0v9b",
    "localrotate0000000000000001": "4qa3z2w1s0x9e8d7c6r5f4v3t2g1b0y9h8n7u6j5m4i3k2o1l0p",
    "emailclient0000000000000001": "6rt5y4u3i2o1p0a9s8d7f6g5h4j3k2l1z0x9c8v7b6n5m4q3w2e",
    "aliasclient0000000000000001": "7uj6m4n5b3v2c1x0z9l8k7j6h5g4f3d2s1a0p9o8i7u6y5t4r3e",
    "strictclient000000000000001": "8ik7o6l5p4m3n2b1v0c9x8z7a6s5d4f3g2h1j0q9w8e7r6t5y4u",
}
JSON_TYPE = "application/x-amz-json-1.1"
EVERY = ("AKIALOCALPOOL0000001", "local/every+action/0123456789abcdefghijk")
ONE_GROUP = ("AKIALOCALPOOL0000002", "local/one+action/0123456789abcdefghijklm")


def secret_hash(username, client, secret=None):
    key = (secret or SECRETS[client]).encode()
    return base64.b64encode(
        hmac.new(key, (username + client).encode(), hashlib.sha256).digest()).decode()


class Reply:
    def __init__(self, answer, raw):
        self.status = answer.status
        self.headers = answer.headers
        self.raw = raw

    @property
    def body(self):
        return json.loads(self.raw or b"{}")

    @property
    def code(self):
        return self.body.get("__type", "")

    @property
    def message(self):
        return self.body.get("message", "")

    @property
    def challenge(self):
        return self.body.get("ChallengeName")

    @property
    def session(self):
        return self.body.get("Session")

    @property
    def parameters(self):
        return self.body.get("ChallengeParameters", {})

    @property
    def result(self):
        return self.body["AuthenticationResult"]


def connect(endpoint, timeout=5):
    parts = urlsplit(endpoint)
    if parts.scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", parts.port, timeout=timeout)
    context = ssl.create_default_context(cafile=POOL.ca_file)
    return http.client.HTTPSConnection("localhost", parts.port, timeout=timeout, context=context)


def post(connection, operation, body, content_type=JSON_TYPE):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", "/", raw, {
        "Content-Type": content_type,
        "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation})
    answer = connection.getresponse()
    return Reply(answer, answer.read())


def read_part(token, part=1):
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class PoolTest(unittest.TestCase):
    client = CLIENT

    def setUp(self):
        POOL.reset()
        self.connection = connect(POOL.endpoint)
        self.addCleanup(self.connection.close)

    def call(self, operation, **body):
        return post(self.connection, operation, body)

    def signed(self, operation, key=EVERY, **body):
        return self.send(*self.make_signed(operation, json.dumps(body).encode(), key))

    def make_signed(self, operation, raw, key=EVERY, **how):
        """Headers and body; how goes to sigv4.sign."""
        headers = {"Host": f"localhost:{POOL.port}", "Content-Type": JSON_TYPE,
                   "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation}
        return sigv4.sign(headers, raw, *key, **{"when": self.now(), **how}), raw

    def send(self, headers, raw):
        self.connection.request("POST", "/", raw, headers)
        answer = self.connection.getresponse()
        return Reply(answer, answer.read())

    def with_hash(self, parameters, client, over=None):
        if client in SECRETS and "SECRET_HASH" not in parameters:
            name = over or parameters.get("USERNAME", "")
            parameters = {**parameters, "SECRET_HASH": secret_hash(name, client)}
        return parameters

    def initiate(self, flow, client=None, over=None, session=None, **parameters):
        client = client or self.client
        extra = {"Session": session} if session else {}
        return self.call("InitiateAuth", AuthFlow=flow, ClientId=client, **extra,
                         AuthParameters=self.with_hash(parameters, client, over))

    def sign_in(self, username, password, client=None, **more):
        return self.initiate("USER_PASSWORD_AUTH", client, USERNAME=username,
                             PASSWORD=password, **more)

    def respond(self, challenge, session, client=None, over=None, **responses):
        client = client or self.client
        extra = {"Session": session} if session else {}
        return self.call("RespondToAuthChallenge", ClientId=client, ChallengeName=challenge,
                         ChallengeResponses=self.with_hash(responses, client, over), **extra)

    def account(self, operation, username, client=None, **body):
        client = client or self.client
        if client in SECRETS:
            body.setdefault("SecretHash", secret_hash(username, client))
        return self.call(operation, ClientId=client, Username=username, **body)

    def access(self, username="alice", password="Correct-Horse-9", client=None):
        return self.sign_in(username, password, client).result["AccessToken"]

    def start_srp(self, username, client=None, **more):
        self.srp = srp.Client(0x1234567890ABCDEF << 960 | 7)
        return self.initiate("USER_SRP_AUTH", client, USERNAME=username,
                             SRP_A=f"{self.srp.public:x}", **more)

    def proof(self, shown, password, when=None, pool=LOCAL, prefix=None, name=None):
        """The three PASSWORD_CLAIM members for a challenge."""
        timestamp = when or proofs.write_time(self.now())
        signature = self.srp.sign(
            prefix or pool.split("_")[1], name or shown["USER_ID_FOR_SRP"], password,
            int(shown["SALT"], 16), int(shown["SRP_B"], 16),
            base64.b64decode(shown["SECRET_BLOCK"]), timestamp)
        return {"PASSWORD_CLAIM_SECRET_BLOCK": shown["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": timestamp}

    def now(self):
        return time.time() + POOL.advance(0)

    def srp_sign_in(self, username, password, client=None, pool=LOCAL, **more):
        first = self.start_srp(username, client)
        shown = first.parameters
        return self.respond("PASSWORD_VERIFIER", first.session, client,
                            USERNAME=shown["USER_ID_FOR_SRP"],
                            **self.proof(shown, password, pool=pool), **more)

    def refused(self, reply, code, message=None, status=400):
        self.assertEqual((reply.status, reply.code), (status, code), reply.raw)
        if message is not None:
            self.assertEqual(reply.message, message)

    def granted(self, reply):
        self.assertEqual(reply.status, 200, reply.raw)
        self.assertIsNone(reply.challenge, reply.raw)
        self.assertIn("AccessToken", reply.result)

    def challenged(self, reply, name):
        self.assertEqual((reply.status, reply.challenge), (200, name), reply.raw)
        return reply
