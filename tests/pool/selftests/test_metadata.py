# The endpoints for credentials: IMDS and that of containers, with botocore as a
# client of both, and with credentials that the pool takes.
# SPDX-License-Identifier: MIT
import calendar
import http.client
import json
import os
import time
import unittest
from urllib.parse import urlsplit

import harness
import localpool
from harness import LOCAL, PoolTest

try:
    import botocore.utils
except ImportError:
    if "python3-botocore" not in os.environ.get("ABSENT", "").split():
        raise
    botocore = None

ROLES = "/latest/meta-data/iam/security-credentials/"
FIRST = {"id": "ASIAFIRST", "secret": "s/1", "token": "t1==", "seconds": 3600}
SECOND = {"id": "ASIASECOND", "secret": "s/2", "token": "t2==", "seconds": 7200}
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


class MetadataTest(unittest.TestCase):
    def start(self, **answers):
        self.metadata = localpool.Metadata(**answers)
        self.addCleanup(self.metadata.stop)

    def ask(self, method, path, **headers):
        connection = http.client.HTTPConnection(urlsplit(self.metadata.endpoint).netloc,
                                                timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={k.replace("_", "-"): v
                                                  for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def token(self, seconds=60):
        status, token = self.ask("PUT", "/latest/api/token", **{TTL: str(seconds)})
        self.assertEqual(status, 200)
        return {"X-aws-ec2-metadata-token": token}

    def told_key(self, path, headers):
        status, text = self.ask("GET", path, **headers)
        self.assertEqual(status, 200, text)
        return json.loads(text)["AccessKeyId"]


class Instance(MetadataTest):
    def test_second_version(self):
        self.start(role="reader", credentials=[FIRST])
        token = self.token()
        self.assertEqual(self.ask("GET", ROLES, **token), (200, "reader"))
        status, text = self.ask("GET", ROLES + "reader", **token)
        shown = json.loads(text)
        left = calendar.timegm(time.strptime(shown.pop("Expiration"), "%Y-%m-%dT%H:%M:%SZ")) \
            - time.time()
        self.assertLess(abs(left - 3600), 60)
        self.assertRegex(shown.pop("LastUpdated"), "^2.*Z$")
        self.assertEqual((status, shown), (200, {
            "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAFIRST",
            "SecretAccessKey": "s/1", "Token": "t1=="}))
        self.assertEqual(self.ask("GET", ROLES + "other", **token)[0], 404)

    def test_without_a_token(self):
        self.start(role="reader", credentials=[FIRST])
        self.assertEqual(self.ask("GET", ROLES)[0], 401)
        self.assertEqual(self.ask("GET", ROLES, **{"X-aws-ec2-metadata-token": "x"})[0], 401)
        self.assertEqual([(r["method"], r["path"], r["status"])
                          for r in self.metadata.requests()], [("GET", ROLES, 401)] * 2)

    def test_tokens(self):
        self.start(role="reader", credentials=[FIRST])
        for seconds in ("", "0", "21601", "x"):
            self.assertEqual(self.ask("PUT", "/latest/api/token", **{TTL: seconds})[0], 400)
        self.assertEqual(self.ask("PUT", "/latest/api/token")[0], 400)
        self.assertEqual(self.ask("GET", "/latest/api/token", **{TTL: "60"})[0], 405)
        self.assertEqual(self.ask("PUT", "/latest/api/token", X_Forwarded_For="10.0.0.1",
                                  **{TTL: "60"})[0], 403)
        token = self.token(1)
        time.sleep(1.1)
        self.assertEqual(self.ask("GET", ROLES, **token)[0], 401)

    def test_first_version_alone_and_both(self):
        self.start(imds="v1", role="reader", credentials=[FIRST])
        self.assertEqual(self.ask("PUT", "/latest/api/token", **{TTL: "60"})[0], 404)
        self.assertEqual(self.ask("GET", ROLES), (200, "reader"))
        self.metadata.set(imds="both", role="reader", credentials=[FIRST])
        self.assertEqual(self.ask("GET", ROLES), (200, "reader"))
        self.assertEqual(self.ask("GET", ROLES, **self.token()), (200, "reader"))
        self.assertEqual(self.ask("GET", ROLES, **{"X-aws-ec2-metadata-token": "x"})[0], 401)

    def test_no_role(self):
        self.start(credentials=[FIRST])
        self.assertEqual(self.ask("GET", ROLES, **self.token())[0], 404)

    def test_faults(self):
        self.start(role="reader", credentials=[FIRST], faults=[
            {"path": "/latest/api/token", "method": "PUT", "delay": 0.3},
            {"path": ROLES + "r", "method": "PUT", "status": 500},
            {"path": ROLES + "r", "body": "{not JSON"},
            {"path": ROLES, "status": 302, "headers": {"Location": "http://192.0.2.1/"}}])
        start = time.monotonic()
        token = self.token()
        self.assertGreater(time.monotonic() - start, 0.29)
        self.assertEqual(self.ask("GET", ROLES + "reader", **token), (200, "{not JSON"))
        self.assertEqual(self.ask("GET", ROLES, **token)[0], 302)

    def test_rotation(self):
        self.start(role="reader", credentials=[FIRST, SECOND])
        token = self.token()
        told = [self.told_key(ROLES + "reader", token) for _ in range(3)]
        self.assertEqual(told, ["ASIAFIRST", "ASIASECOND", "ASIASECOND"])
        self.metadata.set(role="reader", credentials=[SECOND, FIRST])
        told = [self.told_key(ROLES + "reader", token) for _ in range(2)]
        self.assertEqual(told, ["ASIASECOND", "ASIAFIRST"])


class Container(MetadataTest):
    def test_with_a_token(self):
        self.start(credentials=[FIRST], authorization="the-token")
        for path in ("/v1/credentials", "/v2/credentials/0b4f"):
            self.assertEqual(self.told_key(path, {"Authorization": "the-token"}), "ASIAFIRST")
            self.assertEqual(self.ask("GET", path)[0], 401)
            self.assertEqual(self.ask("GET", path, Authorization="x")[0], 401)
        self.assertEqual(self.ask("GET", "/elsewhere", Authorization="the-token")[0], 404)

    def test_without_one(self):
        self.start(credentials=[FIRST])
        self.assertEqual(self.told_key("/v2/credentials/0b4f", {}), "ASIAFIRST")


@unittest.skipIf(botocore is None, "no package python3-botocore here")
class Clients(MetadataTest):
    def test_instance(self):
        self.start(role="reader", credentials=[FIRST])
        fetcher = botocore.utils.InstanceMetadataFetcher(
            timeout=5, num_attempts=1, base_url=self.metadata.endpoint)
        shown = fetcher.retrieve_iam_role_credentials()
        self.assertEqual((shown["role_name"], shown["access_key"], shown["secret_key"],
                          shown["token"]), ("reader", "ASIAFIRST", "s/1", "t1=="))

    def test_container(self):
        self.start(credentials=[SECOND], authorization="the-token")
        shown = botocore.utils.ContainerMetadataFetcher().retrieve_full_uri(
            self.metadata.endpoint + "/v1/credentials", {"Authorization": "the-token"})
        self.assertEqual((shown["AccessKeyId"], shown["Token"]), ("ASIASECOND", "t2=="))


class WithPool(PoolTest):
    def test_credentials_of_one_are_the_others(self):
        harness.POOL.access_key(**FIRST)
        with localpool.Metadata(credentials=[FIRST]) as metadata:
            connection = http.client.HTTPConnection(urlsplit(metadata.endpoint).netloc, timeout=5)
            self.addCleanup(connection.close)
            connection.request("GET", "/v1/credentials")
            shown = json.loads(connection.getresponse().read())
            key = (shown["AccessKeyId"], shown["SecretAccessKey"], shown["Token"])
            self.assertEqual(self.signed("ListGroups", key, UserPoolId=LOCAL).status, 200)

    def test_ends_with_the_test(self):
        metadata = localpool.Metadata(credentials=[FIRST])
        metadata.stop()
        self.assertEqual(metadata.process.returncode, 0)
        self.assertFalse(os.path.exists(metadata.state))

    def test_address_taken(self):
        with localpool.Metadata(credentials=[FIRST]) as metadata:
            with self.assertRaises(localpool.PoolError):
                localpool.Metadata(urlsplit(metadata.endpoint).netloc, credentials=[FIRST])
