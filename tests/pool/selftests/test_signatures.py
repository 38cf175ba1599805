# Signature Version 4: AWS's own examples, botocore as judge and as client, and
# every refusal of a signed request.
# SPDX-License-Identifier: MIT
import calendar
import json
import os
import unittest

import harness
import sigv4
from harness import EVERY, JSON_TYPE, LOCAL, ONE_GROUP, PoolTest

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    import botocore.session
except ImportError:
    if "python3-botocore" not in os.environ.get("ABSENT", "").split():
        raise
    botocore = None

MISMATCH = ("The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details.")
UNKNOWN = "The security token included in the request is invalid."
TARGET = "AWSCognitoIdentityProviderService."


class Examples(unittest.TestCase):
    """From AWS's published test suite, those this service can get."""
    SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    SCOPE = "20150830/us-east-1/service/aws4_request"
    HEADERS = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}

    def test_post_vanilla(self):
        self.assertEqual(
            sigv4.signature(self.SECRET, self.SCOPE, self.HEADERS, ["host", "x-amz-date"], b""),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")

    def test_post_with_a_body(self):
        headers = {**self.HEADERS, "content-type": "application/x-www-form-urlencoded"}
        self.assertEqual(
            sigv4.signature(self.SECRET, self.SCOPE, headers,
                            ["content-type", "host", "x-amz-date"], b"Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")


@unittest.skipIf(botocore is None, "no package python3-botocore here")
class Botocore(PoolTest):
    """Host, target, body, secret, token, region, date, further headers."""
    REQUESTS = (
        ("cognito-idp.eu-west-1.amazonaws.com", "ListUsers", b'{"UserPoolId":"eu-west-1_A"}',
         "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", "eu-west-1", "20150830T123600Z", {}),
        ("localhost:8443", "ListUsersInGroup", '{"GroupName":"Räte 日本"}'.encode(),
         "secret/with+signs", "IQoJb3JpZ2luX2VjEJr//////+token==", "eu-west-1",
         "20261231T235959Z", {}),
        ("[::1]:8443", "DescribeUserPool", b"", "x", "a" * 1500, "us-gov-west-1",
         "20280229T000000Z", {"X-Amz-Content-Sha256":
                              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}),
        ("localhost", "AdminGetUser", b'{"Username":"alice"}\n', "s" * 40, "", "cn-north-1",
         "20260101T000001Z", {"X-Amz-Note": "  two   blanks ", "Accept": "*/*"}),
    )

    def test_signatures(self):
        for host, operation, body, secret, token, region, date, more in self.REQUESTS:
            headers = {"Host": host, "Content-Type": JSON_TYPE,
                       "X-Amz-Target": TARGET + operation, **more}
            made = sigv4.sign(headers, body, "AKIDEXAMPLE", secret, token, region, "cognito-idp",
                              calendar.timegm((*map(int, (date[:4], date[4:6], date[6:8],
                                                          date[9:11], date[11:13], date[13:15])),
                                               0, 0, 0)))
            with self.subTest(operation):
                self.assertEqual(made["authorization"],
                                 self.judge(headers, body, secret, token, region, date))

    @staticmethod
    def judge(headers, body, secret, token, region, date):
        signer = botocore.auth.SigV4Auth(
            botocore.credentials.Credentials("AKIDEXAMPLE", secret, token or None),
            "cognito-idp", region)
        request = botocore.awsrequest.AWSRequest("POST", f"https://{headers['Host']}/",
                                                 headers=headers, data=body)
        request.context["timestamp"] = date
        request.headers["X-Amz-Date"] = date
        if token:
            request.headers["X-Amz-Security-Token"] = token
        canonical = signer.canonical_request(request)
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        signer._inject_signature_to_request(request, signature)
        return request.headers["Authorization"]

    def client(self, *key):
        session = botocore.session.Session()
        session.set_config_variable("credentials_file", "/dev/null")
        session.set_config_variable("config_file", "/dev/null")
        return session.create_client(
            "cognito-idp", "eu-west-1", endpoint_url=harness.POOL.endpoint,
            verify=harness.POOL.ca_file, aws_access_key_id=key[0], aws_secret_access_key=key[1],
            aws_session_token=key[2] if len(key) > 2 else None)

    def test_as_a_client(self):
        harness.POOL.access_key(id="ASIAEXAMPLE", secret="s/+", token="the/token==")
        harness.POOL.add_users(130, groups=["guests"])
        client = self.client("ASIAEXAMPLE", "s/+", "the/token==")
        for name, more, count in (("list_users", {}, 145),
                                  ("list_users_in_group", {"GroupName": "guests"}, 131)):
            pages = list(client.get_paginator(name).paginate(UserPoolId=LOCAL, **more))
            self.assertEqual(sum(len(page["Users"]) for page in pages), count)
        self.assertEqual(client.admin_get_user(UserPoolId=LOCAL, Username="dave")["Enabled"],
                         False)
        pool = client.describe_user_pool(UserPoolId=LOCAL)["UserPool"]
        self.assertEqual(pool["CreationDate"].year, client.describe_user_pool(
            UserPoolId=LOCAL)["UserPool"]["LastModifiedDate"].year)
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.list_groups(UserPoolId="eu-west-1_None")


class Refusals(PoolTest):
    RAW = json.dumps({"UserPoolId": LOCAL}).encode()

    def changed(self, operation="ListUsers", key=EVERY, headers=(), drop=(), raw=None, **how):
        """A signed request with headers changed after it was signed."""
        made, body = self.make_signed(operation, self.RAW, key, **how)
        made.update(headers)
        for name in drop:
            del made[name]
        return self.send(made, body if raw is None else raw)

    def test_right(self):
        self.assertEqual(self.changed().status, 200)

    def test_without(self):
        self.refused(self.changed(drop=["authorization"]),
                     "MissingAuthenticationTokenException", "Missing Authentication Token")

    def test_incomplete(self):
        for text, member in (("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host", "Signature"),
                             ("AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host", "Credential"),
                             ("AWS4-HMAC-SHA256 Signature=a, Credential=b", "SignedHeaders")):
            self.refused(self.changed(headers={"authorization": text}),
                         "IncompleteSignatureException",
                         f"Authorization header requires '{member}' parameter.")
        made = self.make_signed("ListUsers", self.RAW)[0]["authorization"]
        self.refused(self.changed(headers={"authorization": made.replace("SHA256", "SHA1", 1)}),
                     "IncompleteSignatureException")
        self.refused(self.changed(drop=["x-amz-date"]), "IncompleteSignatureException")

    def test_unknown_key(self):
        self.refused(self.changed(key=("AKIANOBODY", EVERY[1])), "UnrecognizedClientException",
                     UNKNOWN)

    def test_revoked_key(self):
        harness.POOL.access_key(id="AKIASHORT", secret="s")
        self.assertEqual(self.changed(key=("AKIASHORT", "s")).status, 200)
        harness.POOL.delete_access_key("AKIASHORT")
        self.refused(self.changed(key=("AKIASHORT", "s")), "UnrecognizedClientException", UNKNOWN)

    def test_wrong_secret(self):
        self.refused(self.changed(key=(EVERY[0], "wrong")), "InvalidSignatureException", MISMATCH)

    def test_other_body(self):
        self.refused(self.changed(raw=self.RAW + b" "), "InvalidSignatureException", MISMATCH)

    def test_other_header(self):
        self.refused(self.changed(headers={"content-type": JSON_TYPE + "; x=y"}),
                     "InvalidSignatureException", MISMATCH)

    def test_stated_hash_of_the_body(self):
        headers = {"Host": f"localhost:{harness.POOL.port}", "Content-Type": JSON_TYPE,
                   "X-Amz-Target": TARGET + "ListUsers"}
        for stated, status in ((sigv4.digest(self.RAW), 200), ("UNSIGNED-PAYLOAD", 400)):
            made = sigv4.sign({**headers, "X-Amz-Content-Sha256": stated}, self.RAW, *EVERY)
            self.assertEqual(self.send(made, self.RAW).status, status)

    def with_signed(self, choose):
        """Signed right, over the headers that choose leaves."""
        made, raw = self.make_signed("ListUsers", self.RAW)
        signed = choose(sorted(set(made) - {"authorization"}))
        scope = f"{made['x-amz-date'][:8]}/eu-west-1/cognito-idp/aws4_request"
        proof = sigv4.signature(EVERY[1], scope, {"x-none": "", **made}, signed, raw)
        made["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={EVERY[0]}/{scope}, "
            f"SignedHeaders={';'.join(signed)}, Signature={proof}")
        return self.send(made, raw)

    def test_what_must_be_signed(self):
        for name in ("host", "x-amz-target", "x-amz-date"):
            reply = self.with_signed(lambda names, left=name: [n for n in names if n != left])
            self.refused(reply, "InvalidSignatureException",
                         f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
        self.assertEqual(self.with_signed(
            lambda names: [name for name in names if name != "content-type"]).status, 200)
        for choose in (lambda names: names[::-1], lambda names: names + ["x-none"],
                       lambda names: sorted(names * 2)):
            self.refused(self.with_signed(choose), "InvalidSignatureException",
                         "The SignedHeaders are not those of the request, in order.")
        self.refused(self.changed(headers={"x-amz-security-token": "added"}),
                     "InvalidSignatureException",
                     "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.")

    def test_scope(self):
        self.refused(self.changed(region="us-east-1"), "InvalidSignatureException",
                     "Credential should be scoped to a valid region.")
        self.refused(self.changed(service="iam"), "InvalidSignatureException",
                     "Credential should be scoped to correct service: 'cognito-idp'.")
        made = self.make_signed("ListUsers", self.RAW)[0]["authorization"]
        for old, new, told in (("aws4_request", "aws5_request", "terminator"),
                               ("/20", "/19", "YYYYMMDD")):
            reply = self.changed(headers={"authorization": made.replace(old, new, 1)})
            self.refused(reply, "InvalidSignatureException")
            self.assertIn(told, reply.message)

    def test_age(self):
        """Five minutes either way."""
        for seconds, told in ((-295, None), (295, None), (-305, "Signature expired"),
                              (305, "Signature not yet current")):
            reply = self.changed(when=self.now() + seconds)
            if told is None:
                self.assertEqual(reply.status, 200, reply.raw)
            else:
                self.refused(reply, "InvalidSignatureException")
                self.assertIn(told, reply.message)
        self.refused(self.changed(headers={"x-amz-date": self.make_signed(
            "ListUsers", b"")[0]["x-amz-date"][:8] + "TODAY"}), "IncompleteSignatureException")

    def test_temporary_credentials(self):
        harness.POOL.access_key(id="ASIASHORT", secret="s", token="t/1==", seconds=600)
        key = ("ASIASHORT", "s", "t/1==")
        self.assertEqual(self.changed(key=key).status, 200)
        for other in (("ASIASHORT", "s"), ("ASIASHORT", "s", "t/2==")):
            self.refused(self.changed(key=other), "UnrecognizedClientException", UNKNOWN)
        harness.POOL.advance(601)
        self.refused(self.changed(key=key), "ExpiredTokenException",
                     "The security token included in the request is expired")
        self.refused(self.changed(key=("ASIASHORT", "x", "t/1==")), "InvalidSignatureException")

    def test_what_a_key_allows(self):
        reply = self.signed("ListUsersInGroup", ONE_GROUP, UserPoolId=LOCAL, GroupName="staff")
        self.assertEqual(reply.status, 200, reply.raw)
        self.refused(
            self.changed(key=ONE_GROUP), "AccessDeniedException",
            f"User: arn:aws:iam::123456789012:user/{ONE_GROUP[0]} is not authorized to perform: "
            "cognito-idp:ListUsers on resource: arn:aws:cognito-idp:eu-west-1:123456789012:"
            "userpool/eu-west-1_Local0001 because no identity-based policy allows the "
            "cognito-idp:ListUsers action")
        harness.POOL.access_key(id="AKIALISTS", secret="s", actions=["List*"])
        self.assertEqual(self.changed(key=("AKIALISTS", "s")).status, 200)
        self.refused(self.changed("DescribeUserPool", key=("AKIALISTS", "s")),
                     "AccessDeniedException")

    def test_signed_and_not_there(self):
        self.refused(self.changed("AdminInitiateAuth"), "UnknownOperationException")

    def test_other_spellings(self):
        harness.POOL.set_pool(settings={"error_style": "namespaced"})
        self.assertEqual(self.changed(key=(EVERY[0], "wrong")).code,
                         "com.amazonaws.cognito.identity.idp.model#InvalidSignatureException")
