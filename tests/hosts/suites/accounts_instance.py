# AWS credentials at the addresses where a cloud has them: an instance's metadata and
# a container's endpoint, in a network of this world's own, one hop away or two. What
# they answer decides whether `pam-cognito accounts sync` asks the pool at all, and
# nothing is ever asked by version 1, which needs no token.
# SPDX-License-Identifier: MIT
import contextlib
import ctypes
import http.server
import json
import os
import socket
import threading
import time

from suites.accounts import CREDENTIALS, DONE, FAILED, actions, settings, tool
from world import command, write

INSTANCE, CONTAINER, PODS = "169.254.169.254", "169.254.170.2", "169.254.170.23"
INSTANCE_6, PODS_6 = "fd00:ec2::254", "fd00:ec2::23"
TOKEN, ROLES = "/latest/api/token", "/latest/meta-data/iam/security-credentials/"
SESSION, SECRET, SESSION_TOKEN, BEARER = "session==", "beside/secret", "beside/token", "bearer"
HIDDEN = (SESSION, SECRET, SESSION_TOKEN, BEARER)
CLONE_NEWNET = 0x40000000
# A service has a second to be there and 3 s for each answer.
SLOW, TOO_SLOW, TOO_LONG = 1, 6, 9
VERSION_2 = [("PUT", TOKEN), ("GET", ROLES), ("GET", ROLES + "reader")]
LATE = "no answer (no complete answer before the deadline)"
PATH = "/v2/credentials/1234"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=" + PATH
INSIDE = ("ip", "netns", "exec", "inside")
FOUND = [("make", "alice", "")]


def run(world, tap):
    world.stage.cover("/root")
    world.configure(only_group="cognito")
    command("userdel", "-r", "alice")
    if os.path.exists(CREDENTIALS):
        os.unlink(CREDENTIALS)
    world.pool.call("pool", set={"groups": ["staff", "admins", "guests", "shell"]})
    world.pool.call("user", username="alice", set={"groups": ["shell"]})
    settings()
    make_networks()
    Suite(world, tap).run()


def make_networks():
    """inside (a container) - this machine - cloud, to whose IPv4 addresses nothing leads yet."""
    for name, number in (("cloud", 1), ("inside", 2)):
        command("ip", "netns", "add", name)
        command("ip", "link", "add", name, "type", "veth", "peer", "name", "machine", "netns", name)
        for words, link, last in (((), name, 1), (("-n", name), "machine", 2)):
            command("ip", *words, "address", "add", f"10.0.{number}.{last}/24", "dev", link)
            command("ip", *words, "address", "add", f"fd01:{number}::{last}/64", "dev", link,
                    "nodad")
            command("ip", *words, "link", "set", link, "up")
        command("ip", "-n", name, "link", "set", "lo", "up")
        command("ip", "-n", name, "route", "add", "default", "via", f"10.0.{number}.1")
    for address in (INSTANCE, CONTAINER, PODS):
        command("ip", "-n", "cloud", "address", "add", address, "dev", "lo")
    for address in (INSTANCE_6, PODS_6):
        command("ip", "-n", "cloud", "address", "add", address, "dev", "lo", "nodad")
        command("ip", "route", "add", address, "via", "fd01:1::2")
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as file:
        file.write("1")


def lead(*way):
    for address in (INSTANCE, CONTAINER, PODS):
        command("ip", "route", "replace", address, *way)


def listen_in_cloud(address):
    """A socket stays in the network in which it was made."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as here, open("/run/netns/cloud", "rb") as cloud:
        assert libc.setns(cloud.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            return socket.create_server((address, 80), backlog=16, family=socket.AF_INET6
                                        if ":" in address else socket.AF_INET)
        finally:
            assert libc.setns(here.fileno(), CLONE_NEWNET) == 0


class Cloud(http.server.ThreadingHTTPServer):
    """What is at one of its addresses. answers: (method, path) -> a list of (status,
    body), the last to stay; delays: the same -> seconds; hops: how many the answer to a
    PUT goes, or None."""
    daemon_threads = True

    def __init__(self, address):
        super().__init__((address, 80), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listen_in_cloud(address)
        self.answers, self.delays, self.hops, self.seen = {}, {}, None, []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def asked(self):
        return [(method, path) for method, path, _ in self.seen]

    def put(self, answers, delays=(), hops=None):
        self.seen, self.answers, self.delays, self.hops = [], answers, dict(delays), hops


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self):
        what = (self.command, self.path)
        self.server.seen.append((*what, dict(self.headers)))
        rows = self.server.answers.get(what, [(404, "")])
        status, body = rows.pop(0) if len(rows) > 1 else rows[0]
        time.sleep(self.server.delays.get(what, 0))
        with contextlib.suppress(ConnectionError):
            self.reply(status, body)

    def reply(self, status, body):
        if self.server.hops is not None and self.command == "PUT":
            self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, self.server.hops)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PUT = answer


def document(key="ASIAREADER", seconds=3600):
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return json.dumps({"AccessKeyId": key, "SecretAccessKey": SECRET, "Token": SESSION_TOKEN,
                       "Expiration": ends})


def version_2(**changes):
    """An instance with a role; a change is what one of the three is answered with."""
    rows = {"token": (("PUT", TOKEN), [(200, SESSION)]),
            "role": (("GET", ROLES), [(200, "reader")]),
            "keys": (("GET", ROLES + "reader"), [(200, document())])}
    return {what: changes.get(name, usual) for name, (what, usual) in rows.items()}


class Suite:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap
        for key in ("ASIAREADER", "ASIAWRITER"):
            world.pool.access_key(id=key, secret=SECRET, token=SESSION_TOKEN)
        self.instance, self.instance_6, self.container, self.pods, self.pods_6 = map(
            Cloud, (INSTANCE, INSTANCE_6, CONTAINER, PODS, PODS_6))

    def run(self):
        for part in (self.nobody, self.dropped, self.version_2, self.version_1, self.slow,
                     self.ended, self.hops, self.endpoints):
            part()

    def sync(self, what, refusal, *environment, before=()):
        """refusal: words that it ends with before the pool is asked, or None."""
        self.world.pool.clear()
        started = time.monotonic()
        code, objects, errors = tool("sync", "--dry-run", before=(*before, "env", *environment))
        took = time.monotonic() - started
        wanted = (DONE, FOUND) if refusal is None else (FAILED, [])
        self.tap.equal((code, actions(objects), (refusal or "") in errors), (*wanted, True), what,
                       errors)
        said = "".join((errors, *self.world.log.ours()))
        self.tap.equal((bool(self.world.pool.requests()), took < TOO_LONG,
                        [word for word in HIDDEN if word in said]), (refusal is None, True, []),
                       f"{what}: in time, and without a word of what is secret", f"{took:.1f} s")

    # ---- Parts ----

    def nobody(self):
        self.sync("no way there", f"the instance's metadata (http://{INSTANCE}) is not there")
        lead("via", "10.0.1.2")

    def dropped(self):
        """A way on which everything is lost, and nobody says so."""
        command("ip", "link", "set", "outside", "up")
        command("ip", "address", "add", "10.0.3.1/24", "dev", "outside")
        for address in (INSTANCE, CONTAINER):
            command("ip", "neighbour", "add", address, "lladdr", "02:00:00:00:00:01", "dev",
                    "outside", "nud", "permanent")
        lead("dev", "outside")
        self.sync("packets are lost", f"the instance's metadata (http://{INSTANCE}) is not there")
        self.sync("packets to a container's endpoint are lost", "the container's endpoint "
                  "(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI): no answer", RELATIVE)
        lead("via", "10.0.1.2")

    def version_2(self):
        self.instance.put(version_2())
        self.sync("version 2", None)
        self.tap.equal(self.instance.asked, VERSION_2, "version 2: what was asked")
        headers = [headers for _, _, headers in self.instance.seen]
        self.tap.equal([one.get("X-aws-ec2-metadata-token") for one in headers],
                       [None, SESSION, SESSION], "version 2: with its token")
        self.instance_6.put(version_2())
        self.sync("version 2, by IPv6", None,
                  f"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[{INSTANCE_6}]")
        self.tap.equal(self.instance_6.asked, VERSION_2, "version 2, by IPv6: what was asked")

    def version_1(self):
        """It would answer without a token, and is not asked to."""
        for status, words in ((404, "does not speak version 2, and no other is asked"),
                              (405, "does not speak version 2, and no other is asked"),
                              (403, "is switched off (HTTP 403)")):
            self.instance.put(version_2(token=[(status, "")]))
            self.sync(f"version 1 only ({status})", words)
            self.tap.equal(self.instance.asked, VERSION_2[:1], f"{status}: only for a token")

    def slow(self):
        self.instance.put(version_2(), {what: SLOW for what in VERSION_2})
        self.sync("slowly", None)
        for number, words in enumerate(("the instance's metadata: no answer in time",
                                        "the instance's metadata: " + LATE,
                                        "the instance's role reader: " + LATE)):
            self.instance.put(version_2(), {VERSION_2[number]: TOO_SLOW})
            self.sync(f"too slowly ({number})", words)
            self.tap.equal(self.instance.asked, VERSION_2[:number + 1],
                           f"too slowly ({number}): asked once")

    def ended(self):
        """What was given does not count any more: the session, the role, the keys."""
        refused = [(401, "")]
        self.instance.put(version_2(role=refused))
        self.sync("the session's token has ended", "the instance's metadata: HTTP 401 instead")
        self.instance.put(version_2(keys=refused))
        self.sync("it has ended in between", "the instance's role reader: HTTP 401 instead")
        self.instance.put(version_2(keys=[(404, "")]))
        self.sync("the role has gone in between", "the instance's role reader: HTTP 404 instead")
        self.instance.put(version_2(keys=[(200, document(seconds=-5))]))
        self.sync("keys that have ended", "have expired already; is this machine's clock right?")
        self.world.pool.access_key(id="ASIAREADER", secret=SECRET, token=SESSION_TOKEN, seconds=-1)
        self.instance.put({**version_2(role=[(200, "reader"), (200, "writer")]),
                           ("GET", ROLES + "writer"): [(200, document("ASIAWRITER"))]})
        self.sync("the pool says that they have: asked anew, for another role by then", None)
        self.tap.equal(self.instance.asked, [*VERSION_2, *VERSION_2[:2], ("GET", ROLES + "writer")],
                       "asked anew: with a new token")
        self.world.pool.access_key(id="ASIAREADER", secret=SECRET, token=SESSION_TOKEN)

    def hops(self):
        """Its answer with the token goes one hop: to the machine, not into a container."""
        self.instance.put(version_2(), hops=1)
        self.sync("one hop, on the machine", None)
        self.instance.put(version_2(), hops=1)
        self.sync("one hop, in a container", "no answer in time; in a container its hop limit "
                  "must be 2", before=INSIDE)
        self.tap.equal(self.instance.asked, VERSION_2[:1], "one hop: the answer was lost")
        self.instance.put(version_2(), hops=2)
        self.sync("two hops, in a container, which has no way to the pool",
                  "ListUsersInGroup: Failed to connect to", before=INSIDE)
        self.tap.equal(self.instance.asked, VERSION_2, "two hops: it came")

    def endpoints(self):
        """Those of containers; then the instance's is not asked."""
        self.instance.put(version_2())
        for name, cloud, address in (("ECS", self.container, None), ("EKS", self.pods, PODS),
                                     ("EKS, by IPv6", self.pods_6, f"[{PODS_6}]")):
            variables = [RELATIVE] if address is None else [
                f"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://{address}{PATH}",
                f"AWS_CONTAINER_AUTHORIZATION_TOKEN={BEARER}"]
            cloud.put({("GET", PATH): [(200, document())]}, {("GET", PATH): SLOW})
            self.sync(f"{name}, slowly", None, *variables)
            self.tap.equal([headers.get("Authorization") for *_, headers in cloud.seen],
                           [None if address is None else BEARER], f"{name}: its token")
            cloud.put({("GET", PATH): [(401, "")]})
            self.sync(f"{name}: refused", "HTTP 401 instead of credentials", *variables)
        self.container.put({("GET", PATH): [(200, document())]}, {("GET", PATH): TOO_SLOW})
        self.sync("ECS, too slowly", "the container's endpoint "
                  "(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI): " + LATE, RELATIVE)
        self.tap.equal(self.instance.seen, [], "the instance's was not asked")
