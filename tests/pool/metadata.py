#!/usr/bin/python3
# Where a machine or a container gets credentials from: an instance's metadata
# service (IMDS) and the endpoint of ECS and EKS, on one address. Prints that
# address when ready. What it answers stands in DIR/answers.json, read for every
# request, so that it can be steered from another network namespace; what was
# asked is appended to DIR/requests. README.md has the members.
# SPDX-License-Identifier: MIT
import argparse
import http.server
import json
import os
import secrets
import socketserver
import sys
import threading
import time

TOKEN = "/latest/api/token"
ROLES = "/latest/meta-data/iam/security-credentials/"
CONTAINER = ("/v1/credentials", "/v2/credentials/")
LONGEST_TOKEN = 21600


def write_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def show(entry):
    """An access key as pool.py has it, as the endpoints show it."""
    return {"AccessKeyId": entry["id"], "SecretAccessKey": entry["secret"],
            "Token": entry.get("token", ""),
            "Expiration": write_time(time.time() + entry.get("seconds", LONGEST_TOKEN))}


class Server(socketserver.ThreadingTCPServer):
    """Not http.server's own, which asks the resolver for its name."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.tokens = {}
        self.text = None
        self.served = 0
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        """A client that did not wait is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def answers(self):
        with open(os.path.join(self.folder, "answers.json"), encoding="utf-8") as file:
            text = file.read()
        with self.lock:
            if text != self.text:
                self.text, self.served = text, 0
        return json.loads(text)

    def credentials(self, answers):
        """One entry after the other; the last one stays."""
        with self.lock:
            entry = answers["credentials"][min(self.served, len(answers["credentials"]) - 1)]
            self.served += 1
        return show(entry)

    def note(self, **facts):
        with self.lock, open(os.path.join(self.folder, "requests"), "a",
                             encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        answers = self.server.answers()
        fault = next((f for f in answers.get("faults", []) if self.path.startswith(f["path"])
                      and f.get("method", self.command) == self.command), {})
        time.sleep(fault.get("delay", 0))
        if "status" in fault or "body" in fault:
            status, body = fault.get("status", 200), fault.get("body", "")
        else:
            status, body = self.answer(answers)
        self.server.note(method=self.command, path=self.path, status=status,
                         headers={name.lower(): text for name, text in self.headers.items()})
        body = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        if self.path == TOKEN and status == 200:
            self.send_header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", self.lifetime())
        for name, value in fault.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_PUT = do_GET

    def lifetime(self):
        return self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")

    def answer(self, answers):
        if self.path.startswith(CONTAINER):
            return self.container(answers)
        if self.path == TOKEN:
            return self.token(answers)
        if not self.path.startswith(ROLES):
            return 404, "404 - Not Found"
        if answers["imds"] == "v2" or "X-aws-ec2-metadata-token" in self.headers:
            held = self.server.tokens.get(self.headers.get("X-aws-ec2-metadata-token"), 0)
            if time.monotonic() >= held:
                return 401, "401 - Unauthorized"
        return self.role(answers)

    def token(self, answers):
        if answers["imds"] == "v1":
            return 404, "404 - Not Found"
        if self.command != "PUT":
            return 405, "405 - Method Not Allowed"
        if "X-Forwarded-For" in self.headers:
            return 403, "403 - Forbidden"
        if not self.lifetime().isdigit() or not 1 <= int(self.lifetime()) <= LONGEST_TOKEN:
            return 400, "400 - Bad Request"
        made = secrets.token_urlsafe(40) + "=="
        self.server.tokens[made] = time.monotonic() + int(self.lifetime())
        return 200, made

    def role(self, answers):
        asked = self.path[len(ROLES):]
        if self.command != "GET" or not answers.get("role") or asked not in ("", answers["role"]):
            return 404, "404 - Not Found"
        if not asked:
            return 200, answers["role"]
        return 200, {"Code": "Success", "LastUpdated": write_time(time.time()),
                     "Type": "AWS-HMAC", **self.server.credentials(answers)}

    def container(self, answers):
        if self.headers.get("Authorization", "") != answers.get("authorization", ""):
            return 401, {"code": "AccessDenied", "message": "The token is not the right one."}
        return 200, self.server.credentials(answers)


def main():
    parser = argparse.ArgumentParser(description="Local endpoints for credentials.")
    parser.add_argument("--state", required=True, help="folder of answers.json and requests")
    parser.add_argument("--listen", default="127.0.0.1:0", help="address:port, 0 = any port")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    server = Server((host, int(port)), options.state)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://{host}:{server.server_address[1]}", flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
