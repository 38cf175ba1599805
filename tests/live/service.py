# Whoever answers: Amazon's service, or the local pool in its place. One request is one
# run of curl, which signs; all that is secret goes to it on standard input.
# SPDX-License-Identifier: MIT
import json
import re
import subprocess
import time

SERVICE = "cognito-idp"
TARGET = "AWSCognitoIdentityProviderService."
SUFFIXES = (("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"))
THROTTLED = {"TooManyRequestsException", "ThrottlingException", "ConcurrentModificationException"}
TRIES = 6
# What signs every header that begins with x-amz-.
OLDEST_CURL = (7, 88)


class Unusable(Exception):
    """The run cannot go on."""


def curl_version():
    try:
        done = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Unusable("there is no curl here") from None
    found = re.match(r"curl (\d+)\.(\d+)", done.stdout)
    if tuple(map(int, found.groups())) < OLDEST_CURL:
        raise Unusable(f"{found[0]} does not sign all that is needed: 7.88 or later")
    return found[0]


def default_url(region):
    suffix = next((text for start, text in SUFFIXES if region.startswith(start)),
                  "amazonaws.com")
    return f"https://{SERVICE}.{region}.{suffix}"


class Reply:
    def __init__(self, status, headers, raw):
        self.status, self.headers = status, headers
        try:
            self.body = json.loads(raw or "{}")
        except ValueError:
            self.body = None
        if not isinstance(self.body, dict):
            self.body = {"__type": "NotJson", "message": raw[:80]} if self.body is None else \
                {"value": self.body}

    @property
    def code(self):
        """As docs/design/protocol.md has it: "" for success."""
        if self.status == 200:
            return ""
        text = self.body.get("__type") or self.body.get("code") \
            or self.headers.get("x-amzn-errortype", "")
        return text.split(":")[0].split("#")[-1].strip() or f"HTTP {self.status}"

    @property
    def message(self):
        return self.body.get("message") or self.body.get("Message") or ""

    @property
    def session(self):
        return self.body.get("Session", "")

    @property
    def parameters(self):
        return self.body.get("ChallengeParameters", {})

    @property
    def result(self):
        return self.body.get("AuthenticationResult", {})

    @property
    def word(self):
        """What came of it."""
        return self.code or self.body.get("ChallengeName") or ("tokens" if self.result else "done")


def quoted(text):
    """As a file of options for curl has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Service:
    def __init__(self, region, credentials, url=None, ca=None):
        """credentials: key, secret, session token or ''."""
        self.region, self.credentials = region, credentials
        self.url, self.ca = (url or default_url(region)).rstrip("/"), ca
        self.calls = 0
        self.clock_differs = 0.0

    def options(self, signed, body):
        lines = [f"url = {quoted(self.url + '/')}", f"data-raw = {quoted(json.dumps(body))}"]
        if signed:
            key, secret, token = self.credentials
            lines.append(f"user = {quoted(f'{key}:{secret}')}")
            if token:
                lines.append(f"header = {quoted('X-Amz-Security-Token: ' + token)}")
        return "\n".join(lines) + "\n"

    def curl(self, *words, options=""):
        self.calls += 1
        ca = ["--cacert", self.ca] if self.ca else []
        done = subprocess.run(
            ["curl", "--disable", "--silent", "--show-error", "--http1.1", "--include",
             "--suppress-connect-headers", "--max-time", "30", *ca, *words, "--config", "-"],
            input=options, capture_output=True, text=True, check=False)
        if done.returncode:
            return Reply(0, {}, json.dumps({"__type": f"curl {done.returncode}",
                                            "message": done.stderr.strip()}))
        head, _, rest = done.stdout.partition("\n\n")
        while re.match(r"HTTP/\S+ 1", head):
            head, _, rest = rest.partition("\n\n")
        lines = head.splitlines()
        headers = {name.lower(): value.strip() for name, _, value in
                   (line.partition(":") for line in lines[1:])}
        self.compare_clocks(headers.get("date"))
        return Reply(int(lines[0].split()[1]), headers, rest)

    def compare_clocks(self, text):
        try:
            there = time.mktime(time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
        except (TypeError, ValueError):
            return
        differs = there - time.time()
        # The header has whole seconds.
        if abs(differs) > abs(self.clock_differs) + 1:
            self.clock_differs = differs

    def post(self, operation, body, signed=False):
        """Throttled requests are sent again: they were not looked at."""
        words = ["--header", "Content-Type: application/x-amz-json-1.1",
                 "--header", f"X-Amz-Target: {TARGET}{operation}"]
        if signed:
            words += ["--aws-sigv4", f"aws:amz:{self.region}:{SERVICE}"]
        for attempt in range(TRIES):
            reply = self.curl(*words, options=self.options(signed, body))
            lost = signed and (reply.status == 0 or reply.status >= 500)
            if not lost and reply.code not in THROTTLED or attempt == TRIES - 1:
                return reply
            time.sleep(0.3 * 2 ** attempt)

    def get(self, path):
        return self.curl(options=f"url = {quoted(self.url + path)}\n")
