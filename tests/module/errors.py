# Every row of errors.expected: the pool gives the error, the host gets the
# code, the log the reason, and the password was sent once at most.
# SPDX-License-Identifier: MIT
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import PoolCase  # noqa: E402

PASSWORD = "Correct-Horse-9"
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "errors.expected")
# What an administrator acts on is an error, the rest somebody's daily business.
ERRORS = ("PAM_SERVICE_ERR", "PAM_AUTHINFO_UNAVAIL")


def read_table():
    rows = {}
    with open(TABLE, encoding="utf-8") as file:
        for text in file:
            if text.strip() and not text.startswith("#"):
                name, how, code, _, _, reasons = [part.strip() for part in text.split(" | ")]
                assert name not in rows, name
                rows[name] = (how, code, reasons.split(","))
    return rows


@harness.cases
class Row(PoolCase):
    row_rows = read_table()

    def spoil(self, how):
        """Makes the pool give that error; the endpoint to ask."""
        match = {"operation": "InitiateAuth"}
        kind, _, rest = how.partition(" ")
        if kind == "error":
            status, code, *words = rest.split(" ", 2)
            # What would be sent again otherwise: no time for that.
            self.pool.fault("error", match, status=int(status), code=code, message="".join(words),
                            retry_after=60)
        elif kind == "fault":
            name, parameters = rest.split(" ", 1)
            self.pool.fault(name, match, retry_after=60, **json.loads(parameters))
        elif kind == "connect":
            name, parameters = rest.split(" ", 1)
            self.pool.fault(name, count=0, **json.loads(parameters))
        elif kind == "variant":
            return self.pool.variant(rest).replace("http:", "https:")
        else:
            self.assertEqual(how, "nothing")
            with socket.create_server(("127.0.0.1", 0)) as server:
                return f"https://localhost:{server.getsockname()[1]}"
        return self.pool.endpoint

    def check_row(self, how, code, reasons):
        endpoint = self.spoil(how)
        # The pool packs the bomb meanwhile; what is refused is the bomb, not the wait.
        timeout = 5 if "bomb" in how else 1
        host = self.sign_in(PASSWORD, settings={"endpoint": endpoint, "timeout": str(timeout),
                                                "connect_timeout": "1"})
        if code == "-":
            self.assertNotIn(host.code, ("PAM_SUCCESS", "PAM_IGNORE"))
        else:
            self.assertEqual(host.code, "PAM_" + code, host.events)
        self.assertIn(host.reason, reasons, host.logs)
        self.assertTrue(host.delayed, host.events)
        sent = 1 if how.split()[0] in ("error", "fault") else 0
        self.assertEqual(self.tries(), sent)
        self.assertLess(host.since("prompt"), timeout + 2)
        level, text = host.verdict
        self.assertEqual(level, 3 if host.code in ERRORS or reasons == ["unknown_error"] else 5)
        if how.startswith("error "):
            _, status, name, *words = how.split(" ", 3)
            self.assertIn(f" error={name} http={status} ", text)
            self.assertRegex(text, r" ms=[0-9]+(:|$)")
            self.assertIn("".join(words)[:60], text)
        self.assertEqual(len(host.logs), 1, host.logs)


class Answer(PoolCase):
    """The forms in which one error comes."""

    def test_styles(self):
        for style in ("plain", "namespaced", "capital", "header"):
            self.pool.fault("error", {"operation": "InitiateAuth"}, style=style,
                            code="UserNotFoundException", message="User does not exist.")
            host = self.sign_in(PASSWORD)
            self.check(host, "PAM_USER_UNKNOWN", "no_such_user", shown=[])
            self.assertIn("error=UserNotFoundException", host.verdict[1])

    def test_words_of_the_server_are_cleaned(self):
        self.pool.fault("error", {"operation": "InitiateAuth"}, code="NotAuthorizedException",
                        message="\x1b]0;owned\x07%n%s\r\nroot: accepted\u202e")
        host = self.sign_in(PASSWORD)
        self.check(host, "PAM_AUTH_ERR", "wrong_password", shown=[])
        self.assertTrue(host.verdict[1].endswith(": ?]0;owned?%n%s??root: accepted?"),
                        host.verdict)

    def test_long_words_are_cut(self):
        self.pool.fault("error", {"operation": "InitiateAuth"}, code="NotAuthorizedException",
                        message="x" * 5000)
        host = self.sign_in(PASSWORD)
        self.assertIn("x" * 150, host.verdict[1])
        self.assertNotIn("x" * 201, host.verdict[1])

    def test_error_code_made_of_anything(self):
        self.pool.fault("error", {"operation": "InitiateAuth"},
                        code="Evil\u202e \x1b[2J code=1", message="no")
        host = self.sign_in(PASSWORD)
        self.assertNotIn(host.code, ("PAM_SUCCESS", "PAM_IGNORE"))
        self.assertNotIn("\x1b", str(host.verdict))
        self.assertNotIn(" code=1", host.verdict[1])

    def test_success_beside_an_error_is_none(self):
        for status in (400, 401, 404, 429, 500):
            self.pool.script({"match": {"operation": "InitiateAuth"}, "status": status,
                              "merge": {}})
            host = self.sign_in(PASSWORD)
            self.assertNotIn(host.code, ("PAM_SUCCESS", "PAM_IGNORE"))

    def test_error_in_a_200(self):
        self.pool.script({"match": {"operation": "InitiateAuth"}, "body": {
            "__type": "NotAuthorizedException", "message": "Incorrect username or password."}})
        self.assertNotIn(self.sign_in(PASSWORD).code, ("PAM_SUCCESS", "PAM_IGNORE"))

    def test_interim_answers(self):
        self.pool.fault("interim", {"operation": "InitiateAuth"}, times=3)
        self.check(self.sign_in(PASSWORD), "PAM_SUCCESS", "ok", 1)

    def test_closed_after_a_whole_answer(self):
        self.pool.fault("then_close", {"operation": "InitiateAuth"})
        self.check(self.sign_in(PASSWORD), "PAM_SUCCESS", "ok", 1)


if __name__ == "__main__":
    harness.main()
