# The wire: shapes of answers and errors, keep-alive, validation, certificates,
# every fault, scripted answers, and the control interface itself.
# SPDX-License-Identifier: MIT
import base64
import errno
import gzip
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import warnings

import faults
import harness
import localpool
from harness import CLIENT, PoolTest, connect, post

HERE = os.path.dirname(os.path.abspath(localpool.__file__))


class Shapes(PoolTest):
    def test_success(self):
        reply = self.sign_in("alice", "Correct-Horse-9")
        self.assertEqual(reply.headers["Content-Type"], "application/x-amz-json-1.1")
        self.assertRegex(reply.headers["x-amzn-RequestId"], "^[0-9a-f-]{36}$")
        self.assertIn("GMT", reply.headers["Date"])

    def test_error(self):
        reply = self.sign_in("alice", "wrong")
        self.assertEqual(reply.headers["x-amzn-ErrorType"], "NotAuthorizedException:")
        self.assertEqual(reply.headers["x-amzn-ErrorMessage"], "Incorrect username or password.")
        self.assertEqual(reply.raw, b'{"__type":"NotAuthorizedException",'
                                    b'"message":"Incorrect username or password."}')

    def test_other_spellings(self):
        harness.POOL.set_pool(settings={"error_style": "namespaced"})
        code = self.sign_in("alice", "wrong").code
        self.assertRegex(code, "^[a-z.]+#NotAuthorizedException$")
        harness.POOL.set_pool(settings={"error_style": "capital"})
        self.assertIn("Message", self.sign_in("alice", "wrong").body)
        harness.POOL.set_pool(settings={"error_style": "header"})
        reply = self.sign_in("alice", "wrong")
        self.assertEqual((reply.body, reply.headers["x-amzn-ErrorType"]),
                         ({}, "NotAuthorizedException:"))

    def test_unknown_and_signed_operations(self):
        self.refused(self.call("Dance"), "UnknownOperationException")
        self.refused(self.call("AdminGetUser", UserPoolId="x", Username="y"),
                     "MissingAuthenticationTokenException")

    def test_content_type_matters(self):
        self.refused(post(self.connection, "GetUser", {"AccessToken": "x"}, "application/json"),
                     "UnknownOperationException")

    def test_not_json(self):
        for body in (b"{", b"[]", b'{"ClientId":"\xff"}'):
            self.refused(post(self.connection, "InitiateAuth", body), "SerializationException")

    def test_wrong_types(self):
        self.refused(self.call("InitiateAuth", AuthFlow=1, ClientId=CLIENT),
                     "SerializationException")
        self.refused(self.call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=CLIENT,
                               AuthParameters={"USERNAME": 1}), "SerializationException")

    def test_null_parameters_count_as_absent(self):
        self.granted(self.sign_in("alice", "Correct-Horse-9", DEVICE_KEY=None))

    def test_model(self):
        for body in ({}, {"ClientId": "a b", "Username": "alice"},
                     {"ClientId": CLIENT, "Username": "al ice"},
                     {"ClientId": CLIENT, "Username": "x" * 129},
                     {"ClientId": CLIENT, "Username": ""}):
            reply = self.call("ForgotPassword", **body)
            self.refused(reply, "InvalidParameterException")
            self.assertTrue(reply.message.startswith("1 validation error detected: "))

    def test_keep_alive(self):
        for _ in range(3):
            self.sign_in("alice", "Correct-Horse-9")
        counts = harness.POOL.counts()
        self.assertEqual((counts["requests"], counts["connections"], counts["handshakes"]),
                         (3, 1, 1))


class Certificates(PoolTest):
    def failure(self, name):
        with self.assertRaises(ssl.SSLError) as raised:
            post(connect(harness.POOL.variant(name)), "GetUser", {"AccessToken": "x"})
        return str(raised.exception)

    def test_variants(self):
        for name, text in (("wrong_name", "Hostname mismatch"),
                           ("expired", "certificate has expired"),
                           ("not_yet_valid", "not yet valid"), ("other_ca", "unable to get")):
            self.assertIn(text, self.failure(name))
        time.sleep(0.05)
        self.assertEqual(harness.POOL.counts()["requests"], 0)

    def test_common_name_without_alternative_name(self):
        context = ssl.create_default_context(cafile=harness.POOL.ca_file)
        context.hostname_checks_common_name = False
        port = harness.POOL.info["variants"]["no_san"]
        with socket.create_connection(("127.0.0.1", port)) as plain:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname="localhost")

    def test_old_protocol_only(self):
        self.failure("tls10")
        context = ssl.create_default_context(cafile=harness.POOL.ca_file)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.TLSv1
        port = harness.POOL.info["variants"]["tls10"]
        with socket.create_connection(("127.0.0.1", port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                self.assertEqual(secure.version(), "TLSv1.1")

    def test_plain_http(self):
        reply = post(connect(harness.POOL.variant("plain_http")), "GetUser", {"AccessToken": "x"})
        self.refused(reply, "NotAuthorizedException")

    def test_main_port_shows_another_certificate(self):
        time.sleep(0.05)
        harness.POOL.clear()
        harness.POOL.certificate("expired", 1)
        with self.assertRaises(ssl.SSLError):
            post(connect(harness.POOL.endpoint), "GetUser", {"AccessToken": "x"})
        self.refused(post(connect(harness.POOL.endpoint), "GetUser", {"AccessToken": "x"}),
                     "NotAuthorizedException")
        self.assertEqual(harness.POOL.counts()["failed_handshakes"], 1)

    def test_address_is_a_valid_name(self):
        context = ssl.create_default_context(cafile=harness.POOL.ca_file)
        with socket.create_connection(("127.0.0.1", harness.POOL.port)) as plain:
            context.wrap_socket(plain, server_hostname="127.0.0.1").close()


class Faults(PoolTest):
    def sign(self):
        return self.sign_in("alice", "Correct-Horse-9")

    def after(self, kind, **parameters):
        harness.POOL.fault(kind, **parameters)
        return self.sign()

    def broken(self, kind, error, **parameters):
        with self.assertRaises(error):
            self.after(kind, **parameters)
        self.connection.close()
        self.granted(self.sign())

    def test_every_fault_is_in_the_readme(self):
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
            text = file.read()
        for kind in [*faults.REPLACED, *faults.TRANSPORT, *faults.CONNECT_FAULTS]:
            self.assertIn(f"`{kind}`", text)

    def test_unknown_fault_is_refused(self):
        with self.assertRaises(localpool.PoolError):
            harness.POOL.fault("gremlin")

    def ending(self, kind):
        """The error number of a lost connection; without TLS, as Python's ssl hides it."""
        self.connection = connect(harness.POOL.variant("plain_http"))
        self.addCleanup(self.connection.close)
        with self.assertRaises(ConnectionResetError) as raised:
            self.after(kind)
        return raised.exception.errno

    def test_reset(self):
        self.assertEqual(self.ending("reset"), errno.ECONNRESET)
        self.assertEqual(self.ending("accept_reset"), errno.ECONNRESET)
        self.connection = connect(harness.POOL.endpoint)
        self.addCleanup(self.connection.close)
        self.broken("reset_mid", (ConnectionResetError, http.client.IncompleteRead))

    def test_close(self):
        """The end of the stream is no reset: Python gives it no error number."""
        self.assertIsNone(self.ending("close"))

    def test_truncate(self):
        self.broken("truncate", (http.client.IncompleteRead, ssl.SSLError))

    def test_hang(self):
        self.connection = connect(harness.POOL.endpoint, timeout=0.3)
        self.addCleanup(self.connection.close)
        self.broken("hang", TimeoutError)

    def test_accept_faults(self):
        for kind in faults.CONNECT_FAULTS:
            self.connection = connect(harness.POOL.endpoint, timeout=0.3)
            self.addCleanup(self.connection.close)
            self.broken(kind, (OSError, ssl.SSLError, http.client.HTTPException))

    def test_delays(self):
        for kind in ("delay", "delay_body"):
            start = time.monotonic()
            self.granted(self.after(kind, ms=200))
            self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_drip(self):
        for head in (False, True):
            start = time.monotonic()
            self.granted(self.after("drip", ms=5, bytes=100, head=head))
            self.assertGreater(time.monotonic() - start, 0.1)

    def test_endless(self):
        self.connection = connect(harness.POOL.endpoint)
        harness.POOL.fault("endless")
        self.connection.request("POST", "/", b"{}", {"X-Amz-Target": "x"})
        answer = self.connection.getresponse()
        self.assertEqual(len(answer.read(1 << 20)), 1 << 20)
        self.connection.close()

    def test_statuses(self):
        for kind, status, start in (
                ("html_403", 403, b"<html>"), ("html_500", 500, b"<html>"),
                ("empty_503", 503, b""), ("throttle_429", 429, b'{"__type":"TooManyRequests'),
                ("throttle_400", 400, b'{"__type":"TooManyRequests'),
                ("bare_429", 429, b"<html>"),
                ("waf_403", 403, b'{"__type":"ForbiddenException"'),
                ("captcha_403", 403, b'{"__type":"ForbiddenException"'),
                ("empty_object", 200, b"{}"), ("empty_body", 200, b""),
                ("not_json", 200, b"this"), ("json_list", 200, b"[]"),
                ("bad_utf8", 200, b'{"ChallengeName":"\xff'),
                ("duplicate_keys", 200, b'{"AuthenticationResult":null,"Auth'),
                ("nul_in_key", 200, b'{"AuthenticationResult\\u0000evil"'),
                ("null_result", 200, b'{"AuthenticationResult":null}'),
                ("nested", 200, b'{"AuthenticationResult":[[[[')):
            reply = self.after(kind)
            self.assertEqual((kind, reply.status), (kind, status))
            self.assertTrue(reply.raw.startswith(start), kind)

    def test_retry_after(self):
        for kind in ("throttle_400", "empty_503"):
            self.assertEqual(self.after(kind, retry_after=7).headers["Retry-After"], "7")
            self.assertIsNone(self.after(kind).headers["Retry-After"])

    def test_sizes(self):
        self.assertGreater(len(self.after("huge", mib=3).raw), 3 << 20)
        reply = self.after("gzip_bomb", mib=20)
        self.assertEqual(reply.headers["Content-Encoding"], "gzip")
        self.assertLess(len(reply.raw), 100000)
        self.assertEqual(len(gzip.decompress(reply.raw)), 20 << 20)

    def test_header_flood(self):
        with self.assertRaises(http.client.HTTPException):
            self.after("header_flood", kib=200)
        self.connection.close()

    def test_named_error(self):
        reply = self.after("error", code="UnexpectedThing", message="text", status=418,
                           style="namespaced")
        self.assertEqual((reply.status, reply.message), (418, "text"))
        self.assertTrue(reply.code.endswith("#UnexpectedThing"))

    def test_redirect(self):
        reply = self.after("redirect", url="https://elsewhere.example/", status=308)
        self.assertEqual((reply.status, reply.headers["Location"]),
                         (308, "https://elsewhere.example/"))

    def test_bodies(self):
        self.assertEqual(self.after("body", text="abc", status=400).raw, b"abc")
        self.assertEqual(self.after("body", base64="AAEC").raw, b"\0\1\2")
        reply = self.after("content_type", value="text/plain")
        self.assertEqual(reply.headers["Content-Type"], "text/plain")
        self.granted(reply)

    def test_then_close_and_interim(self):
        self.granted(self.after("then_close"))
        self.connection.close()
        self.granted(self.after("interim", times=2))

    def test_not_processed_unless_asked(self):
        for processed, count in ((False, 0), (True, 1)):
            harness.POOL.reset()
            harness.POOL.fault("html_500", processed=processed)
            self.sign_in("alice", "wrong")
            failures = harness.POOL.user("alice", harness.LOCAL)["failures"]
            self.assertEqual(failures.get("password", {"count": 0})["count"], count)

    def test_match_and_count(self):
        harness.POOL.fault("html_500", {"operation": "InitiateAuth", "username": "bob"}, count=2)
        harness.POOL.fault("html_403", {"operation": "GetUser", "nth": 2}, count=0)
        self.granted(self.sign())
        bob = [self.sign_in("bob", "Battery-Staple-7").status for _ in range(3)]
        self.assertEqual(bob, [500, 500, 200])
        user = [self.call("GetUser", AccessToken="x").status for _ in range(3)]
        self.assertEqual(user, [400, 403, 400])


class Scripts(PoolTest):
    def test_queue(self):
        harness.POOL.script({"match": {"operation": "InitiateAuth"},
                             "body": {"ChallengeName": "DANCE", "Session": "s" * 30}},
                            {"status": 400, "headers": {"X-Test": "1"}, "body": "raw"})
        self.challenged(self.sign_in("alice", "x"), "DANCE")
        reply = self.sign_in("alice", "x")
        self.assertEqual((reply.status, reply.raw, reply.headers["X-Test"]), (400, b"raw", "1"))
        self.granted(self.sign_in("alice", "Correct-Horse-9"))
        entry = harness.POOL.requests()[0]
        self.assertIs(entry["scripted"], True)

    def test_bytes(self):
        harness.POOL.script({"body_base64": base64.b64encode(b"\0\xff").decode()})
        self.assertEqual(self.sign_in("alice", "x").raw, b"\0\xff")

    def test_merge_into_the_real_answer(self):
        harness.POOL.script({"merge": {"ChallengeName": "SMS_MFA",
                                       "AuthenticationResult": {"TokenType": "None"}}})
        body = self.sign_in("alice", "Correct-Horse-9").body
        self.assertEqual(body["ChallengeName"], "SMS_MFA")
        self.assertEqual(body["AuthenticationResult"]["TokenType"], "None")
        self.assertIn("IdToken", body["AuthenticationResult"])


class Journal(PoolTest):
    def test_entry(self):
        self.sign_in("alice", "wrong")
        entry = harness.POOL.requests("InitiateAuth")[0]
        self.assertEqual((entry["username"], entry["client_id"], entry["flow"], entry["status"],
                          entry["error"], entry["listener"], entry["secret_hash_ok"]),
                         ("alice", CLIENT, "USER_PASSWORD_AUTH", 400, "NotAuthorizedException",
                          "main", True))
        self.assertEqual(json.loads(entry["body"])["AuthParameters"]["PASSWORD"], "wrong")

    def test_processed(self):
        """Carried out, be it with a refusal; whatever the client then heard of it."""
        rows = [(None, {}, True), ("throttle_400", {}, False), ("throttle_429", {}, False),
                ("bare_429", {}, False), ("html_500", {}, False), ("reset", {}, False),
                ("reset", {"processed": True}, True), ("html_500", {"processed": True}, True),
                ("throttle_400", {"processed": True}, True), ("truncate", {}, True)]
        for kind, parameters, processed in rows:
            if kind:
                harness.POOL.fault(kind, **parameters)
            try:
                self.sign_in("alice", "wrong")
            except (OSError, http.client.HTTPException):
                pass
            self.assertIs(harness.POOL.requests()[-1]["processed"], processed, (kind, parameters))

    def test_clear(self):
        self.sign_in("alice", "wrong")
        harness.POOL.clear()
        self.assertEqual(harness.POOL.requests(), [])

    def test_hanging_request_is_in_the_journal(self):
        self.connection = connect(harness.POOL.endpoint, timeout=0.2)
        harness.POOL.fault("hang")
        with self.assertRaises(TimeoutError):
            self.sign_in("alice", "x")
        self.assertEqual(harness.POOL.requests()[0]["fault"], "hang")
        self.connection.close()


class ControlInterface(PoolTest):
    def test_users(self):
        harness.POOL.add_user(username="newman", password="New-Person-1", groups=["staff"])
        self.granted(self.sign_in("newman", "New-Person-1"))
        harness.POOL.user("newman", password="Other-Person-1", groups=[])
        self.granted(self.sign_in("newman", "Other-Person-1"))
        with self.assertRaises(localpool.PoolError):
            harness.POOL.user("newman", nonsense=1)
        with self.assertRaises(localpool.PoolError):
            harness.POOL.user("nobody")

    def test_reset_goes_back_to_the_seed(self):
        harness.POOL.user("alice", harness.LOCAL, password="Other-Person-1",
                          attributes={"email": "x@example.com"}, groups=["admins"])
        harness.POOL.set_pool(settings={"srp_seconds": 1}, lambdas={"custom_auth": None})
        harness.POOL.fault("html_500", count=0)
        harness.POOL.advance(1000)
        harness.POOL.reset()
        self.granted(self.sign_in("alice", "Correct-Horse-9"))
        user = harness.POOL.user("alice", harness.LOCAL)
        self.assertEqual((user["groups"], user["attributes"]["email"]),
                         (["staff"], "alice@example.com"))
        self.assertEqual(harness.POOL.set_pool()["settings"]["srp_seconds"], 30)
        self.assertIn("custom_auth", harness.POOL.set_pool()["lambdas"])
        self.assertEqual(harness.POOL.advance(0), 0)

    def test_command_line(self):
        def ctl(*words):
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "ctl.py"), "--state", harness.POOL.state,
                 *words], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout
        self.assertEqual(ctl("fault", "kind=html_403", "count=1",
                             "match.operation=GetUser")[0], 0)
        self.assertEqual(self.call("GetUser", AccessToken="x").status, 403)
        self.sign_in("heidi", "Heidi-Alps-88")
        self.assertEqual(ctl("code", "username=heidi")[1].strip(),
                         harness.POOL.last_code("heidi"))
        self.assertNotEqual(ctl("nonsense")[0], 0)


class Life(PoolTest):
    def test_ends_on_sigterm_and_removes_its_report(self):
        with localpool.start(variants=False, keys=os.path.dirname(harness.POOL.ca_file)) as pool:
            report = os.path.join(pool.state, "pool.json")
            self.assertTrue(os.path.exists(report))
            os.kill(pool.process.pid, signal.SIGTERM)
            self.assertEqual(pool.process.wait(2), 0)
            self.assertFalse(os.path.exists(report))

    def test_ends_when_told(self):
        with localpool.start(variants=False, keys=os.path.dirname(harness.POOL.ca_file)) as pool:
            localpool.Control(pool.state).end()
            self.assertEqual(pool.process.wait(2), 0)

    def test_ends_when_its_parent_closes_the_pipe(self):
        with localpool.start(variants=False, keys=os.path.dirname(harness.POOL.ca_file)) as pool:
            pool.process.stdin.close()
            self.assertEqual(pool.process.wait(2), 0)
            self.assertFalse(os.path.exists(pool.state))

    def test_quick_start_and_names(self):
        name = "cognito-idp.eu-west-1.amazonaws.com"
        start = time.monotonic()
        with localpool.start(variants=False, names=[name]) as pool:
            self.assertLess(time.monotonic() - start, 10)
            context = ssl.create_default_context(cafile=pool.ca_file)
            with socket.create_connection(("127.0.0.1", pool.port)) as plain:
                context.wrap_socket(plain, server_hostname=name).close()
        start = time.monotonic()
        with localpool.start(variants=False, keys=os.path.dirname(harness.POOL.ca_file)):
            self.assertLess(time.monotonic() - start, 1)
