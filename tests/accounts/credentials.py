# AWS credentials from the services beside a machine: the container's endpoint and
# the instance's metadata, here on loopback; and what becomes of those that end.
# SPDX-License-Identifier: MIT
import http.server
import json
import os
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "accounts"))
from asking import ID, KEY, KEYS, ask, harness  # noqa: E402

SECRETS = ("beside/secret", "beside/token", "session==", "Bearer of tokens")
ROLES = "/latest/meta-data/iam/security-credentials/"


def written(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def document(seconds=3600, **more):
    return {"AccessKeyId": "ASIABESIDE", "SecretAccessKey": SECRETS[0], "Token": SECRETS[1],
            "Expiration": written(seconds), **more}


class Beside(http.server.ThreadingHTTPServer):
    """answers: (method, path) -> (status, body) or a list of these, the last to stay."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers, self.seen = {}, []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def instance(self, *documents):
        self.seen, self.answers = [], {
            ("PUT", "/latest/api/token"): [(200, "session==")],
            ("GET", ROLES): [(200, "reader\n")],
            ("GET", ROLES + "reader"): [(200, json.dumps(found)) for found in documents]}

    @property
    def asked(self):
        return [(method, path) for method, path, _ in self.seen]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        rows = self.server.answers.get((self.command, self.path), [(404, "")])
        status, body = rows.pop(0) if len(rows) > 1 else rows[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PUT = answer


class Test(unittest.TestCase):
    pool = beside = None

    def setUp(self):
        self.pool.reset()
        self.beside.instance(document())

    def ask(self, *words, **environment):
        return ask(self.pool, *(words or ("credentials",)), environment=environment,
                   hidden=(KEY, *SECRETS))

    def refused(self, status, message, **environment):
        found = self.ask(**environment)
        self.assertEqual(found.status, status, found.message)
        self.assertRegex(found.message, message)
        self.assertNotIn("key", found.answer)
        return found


def setUpModule():
    Test.pool = harness.localpool.start(variants=False)
    unittest.addModuleCleanup(Test.pool.stop)
    Test.beside = Beside()
    unittest.addModuleCleanup(Test.beside.server_close)
    unittest.addModuleCleanup(Test.beside.shutdown)


class AtInstance(Test):
    def ask(self, *words, **environment):
        return super().ask(*words, **{
            "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.beside.url,
            **environment})


class Instance(AtInstance):
    def test_version_2(self):
        found = self.ask()
        self.assertEqual([found.answer[name] for name in ("status", "id", "key", "token", "source")],
                         ["ok", "ASIABESIDE", *SECRETS[:2], "the instance's role reader"])
        self.assertAlmostEqual(found.answer["expires"], time.time() + 3600, delta=30)
        self.assertEqual(self.beside.asked, [("PUT", "/latest/api/token"), ("GET", ROLES),
                                             ("GET", ROLES + "reader")])
        headers = [headers for _, _, headers in self.beside.seen]
        self.assertEqual(headers[0]["X-aws-ec2-metadata-token-ttl-seconds"], "60")
        self.assertEqual({entry["X-aws-ec2-metadata-token"] for entry in headers[1:]},
                         {"session=="})

    def test_version_1_is_never_asked(self):
        for status in (404, 405, 400, 301):
            with self.subTest(status):
                self.beside.instance(document())
                self.beside.answers["PUT", "/latest/api/token"] = [(status, "")]
                self.refused("configuration", "does not speak version 2, and no other is asked$")
                self.assertEqual(self.beside.asked, [("PUT", "/latest/api/token")])

    rows = {
        "switched off": ("PUT", "/latest/api/token", 403, "", "configuration",
                         r"is switched off \(HTTP 403\)$"),
        "fails": ("PUT", "/latest/api/token", 500, "", "server_error", "HTTP 500 instead of"),
        "no token": ("PUT", "/latest/api/token", 200, "a\r\nb: c", "unreadable_answer",
                     "the answer is no token"),
        "no role": ("GET", ROLES, 404, "", "configuration", "has no role for it$"),
        "an empty role": ("GET", ROLES, 200, "", "configuration", "has no role for it$"),
        "an odd role": ("GET", ROLES, 200, "../../user-data", "unreadable_answer",
                        "the answer is no role's name"),
        "no credentials": ("GET", ROLES + "reader", 200, "{}", "unreadable_answer",
                           "role reader: the answer holds no credentials"),
        "half": ("GET", ROLES + "reader", 200, '{"AccessKeyId":"A"}', "configuration",
                 "AccessKeyId is there and SecretAccessKey is not"),
        "no JSON": ("GET", ROLES + "reader", 200, "<html>", "unreadable_answer", "is no JSON"),
        "no time": ("GET", ROLES + "reader", 200, json.dumps(document(Expiration="soon")),
                    "unreadable_answer", "Expiration is no time"),
        "expired": ("GET", ROLES + "reader", 200, json.dumps(document(-5)), "server_error",
                    "have expired already; is this machine's clock right"),
    }

    def test_answers(self):
        for name, (method, path, status, body, wanted, message) in self.rows.items():
            with self.subTest(name):
                self.beside.instance(document())
                self.beside.answers[method, path] = [(status, body)]
                self.refused(wanted, message)

    def test_nobody_there(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.refused("configuration", "^no AWS credentials: AWS_ACCESS_KEY_ID is not set, "
                         "/nonexistent does not exist, no container's endpoint is set, and the "
                         r"instance's metadata \(http://127.0.0.1:\d+\) is not there$",
                         FILE="/nonexistent", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:"
                         f"{bound.getsockname()[1]}")

    def test_switched_off_here(self):
        self.refused("configuration", "AWS_EC2_METADATA_DISABLED is true$",
                     AWS_EC2_METADATA_DISABLED="True")
        self.assertEqual(self.beside.seen, [])

    def test_slow(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            found = self.refused("timeout", "no answer in time; in a container its hop limit must "
                                 "be 2", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:"
                                 f"{listener.getsockname()[1]}")
        self.assertLess(found.seconds, 9)

    def test_elsewhere(self):
        for url in ("http://192.0.2.1", "http://example.com", "http://169.254.169.253",
                    "http://127.0.0.1.example.com", "http://[::2]", "http://x@127.0.0.1", "ftp://",
                    "http://127.0.0.1:port", "http://127.0.0.1#", "http://127.0.0.1/"):
            with self.subTest(url):
                self.refused("configuration", "^AWS_EC2_METADATA_SERVICE_ENDPOINT: expected",
                             AWS_EC2_METADATA_SERVICE_ENDPOINT=url)

    def test_no_proxy_and_nothing_of_the_environments(self):
        url = "http://127.0.0.1:1"
        self.assertEqual(self.ask(http_proxy=url, all_proxy=url, ALL_PROXY=url).status, "ok")


class Container(Test):
    def test_full(self):
        self.beside.answers["GET", "/v2/role?x=1"] = [(200, json.dumps(document()))]
        found = self.ask(AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url + "/v2/role?x=1",
                         AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer of tokens")
        self.assertEqual([found.answer[name] for name in ("status", "id", "key", "token")],
                         ["ok", "ASIABESIDE", *SECRETS[:2]])
        self.assertEqual(self.beside.seen[0][2]["Authorization"], "Bearer of tokens")

    def test_by_name(self):
        self.beside.answers["GET", "/"] = [(200, json.dumps(document()))]
        self.assertEqual(self.ask(AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url.replace(
            "127.0.0.1", "localhost")).status, "ok")
        self.assertNotIn("Authorization", self.beside.seen[0][2])

    def test_token_file(self):
        self.beside.answers["GET", "/"] = [(200, json.dumps(document()))]
        path = harness.write(harness.fresh("token"), "session==\n", 0o640)
        environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.beside.url,
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this",
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path}
        self.assertEqual(self.ask(**environment).status, "ok")
        self.assertEqual(self.beside.seen[0][2]["Authorization"], "session==")
        os.chmod(path, 0o622)
        self.refused("configuration", "^AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: .*chmod go-w",
                     **environment)

    def test_a_file_that_holds_no_token(self):
        """Whoever sets these variables does not get root's other files sent to him."""
        for text in ("root:$y$j9T$salt$hash:19000:0:99999:7:::\n", "[default]\n", "\n"):
            path = harness.write(harness.fresh("shadow"), text, 0o640)
            self.refused("configuration", "^AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: .*no token$",
                         AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url,
                         AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=path)
        self.assertEqual(self.beside.seen, [])

    def test_a_token_of_two_lines(self):
        self.refused("configuration", "^AWS_CONTAINER_AUTHORIZATION_TOKEN holds more than one line",
                     AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url,
                     AWS_CONTAINER_AUTHORIZATION_TOKEN="a\r\nHost: b")
        self.assertEqual(self.beside.seen, [])

    def test_what_is_set_is_not_passed_over(self):
        self.refused("server_error", "HTTP 404 instead of credentials$",
                     AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url + "/none")

    def test_no_redirect(self):
        self.beside.answers["GET", "/"] = [(302, "")]
        self.refused("server_error", "HTTP 302 instead of credentials$",
                     AWS_CONTAINER_CREDENTIALS_FULL_URI=self.beside.url)

    def test_elsewhere(self):
        for url in ("http://192.0.2.1/", "http://example.com/", "http://localhost.example.com/"):
            with self.subTest(url):
                self.refused("configuration", "_FULL_URI.: expected https://, or http:// to this",
                             AWS_CONTAINER_CREDENTIALS_FULL_URI=url)
        self.refused("configuration", "_RELATIVE_URI.: expected a path that begins with /",
                     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="@example.com/")


class Renewal(AtInstance):
    """The pool knows the key of the second document only, or both."""

    def known(self, id, seconds=None, token="beside/token"):
        self.pool.access_key(id=id, secret=SECRETS[0], token=token,
                             **({} if seconds is None else {"seconds": seconds}))

    def test_the_service_says_expired(self):
        self.known("ASIAOLD", seconds=-1)
        self.known("ASIANEW")
        self.beside.instance(document(AccessKeyId="ASIAOLD"), document(AccessKeyId="ASIANEW"))
        found = self.ask("list")
        self.assertEqual((found.status, found.message), ("ok", ""))
        self.assertEqual(len(self.pool.requests()), 2)

    def test_once(self):
        self.known("ASIAOLD", seconds=-1)
        self.beside.instance(document(AccessKeyId="ASIAOLD"))
        self.assertIn("have expired", self.ask("list").message)
        self.assertEqual(len(self.pool.requests()), 2)
        self.assertEqual(len(self.beside.seen), 6)

    def test_before_they_end(self):
        self.known("ASIAOLD", seconds=-1)
        self.known("ASIANEW")
        self.beside.instance(document(30, AccessKeyId="ASIAOLD"), document(AccessKeyId="ASIANEW"))
        self.assertEqual(self.ask("list").status, "ok")
        self.assertEqual(len(self.pool.requests()), 1)

    def test_others_first(self):
        self.assertEqual(self.ask(**KEYS).answer["id"], ID)
        self.assertEqual(self.beside.seen, [])


if __name__ == "__main__":
    harness.main()
