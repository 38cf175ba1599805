# The attacker's side of the network tests: an endpoint under the service's name
# that presents any certificate and answers anything, and remembers every byte
# it was sent; the pool's own private keys, so that what is refused would really
# be a login; and sign-ins through pamtester, many at a time.
# SPDX-License-Identifier: MIT
import concurrent.futures
import json
import os
import socket
import ssl
import struct
import threading
import time
import zlib

from people import ALICE
from person import Person
from world import CA_FILE, CLIENT, EMAIL_POOL, POOL, SERVICE_HOST, write

import certificates  # found through the path that world has set
from rsa_keys import RsaKey, b64url

ISSUER = f"https://{SERVICE_HOST}/{POOL}"
PATIENCE = 60
AT_ONCE = 16
JWKS = "/.well-known/jwks.json"
OTHER_HOST = "other.amazonaws.com"


# ---- The certificates ----

class Authority:
    """A trusted authority of one's own: others use the pool's at the same time."""

    def __init__(self, world):
        self.folder = world.stage.new("authority")
        certificates.make_authority(self.folder, "ca", "Authority of the attack tests")
        certificates.make_authority(self.folder, "stranger", "Authority nobody trusts")
        self.count = 0

    def trust(self):
        """Makes it the one that the world's configuration trusts."""
        with open(os.path.join(self.folder, "ca.pem"), encoding="ascii") as file:
            write(CA_FILE, file.read())

    def leaf(self, names=(SERVICE_HOST, OTHER_HOST), authority="ca", period=certificates.GOOD,
             subject="Attacker"):
        self.count += 1
        name = f"leaf{self.count}"
        certificates.make_leaf(self.folder, name, authority, names, period, subject)
        return os.path.join(self.folder, name)


def server_context(leaf, lowest=None, highest=None, weak=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        context.set_ciphers("ALL:@SECLEVEL=0")
    if lowest:
        context.minimum_version = lowest
    if highest:
        context.maximum_version = highest
    context.load_cert_chain(leaf + ".pem", leaf + ".key")
    return context


# ---- The endpoint ----

class Request:
    def __init__(self, head, body):
        line, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = line.split(" ", 2)
        fields = dict(text.split(": ", 1) for text in lines if ": " in text)
        self.headers = {name.lower(): value for name, value in fields.items()}
        self.operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
        if self.path.endswith(JWKS):
            self.operation = "jwks"
        self.body = body


class Peer:
    """One connection that was accepted."""

    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.heard = b""
        self.rest = b""

    def read(self):
        data = self.sock.recv(65536)
        self.heard += data
        self.rest += data
        return data

    def head(self):
        """The head of the next request, or None when there is none."""
        while b"\r\n\r\n" not in self.rest:
            if not self.read():
                return None
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return head

    def request(self):
        head = self.head()
        if head is None:
            return None
        request = Request(head, b"")
        length = int(request.headers.get("content-length", 0))
        while len(self.rest) < length:
            if not self.read():
                return None
        request.body, self.rest = self.rest[:length], self.rest[length:]
        return request

    def send(self, data):
        self.sock.sendall(data)

    def shake_hands(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def close(self, rudely=False):
        """FIN, without TLS's good-bye, or RST."""
        if rudely:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Endpoint:
    """
    Answers requests with answer(request), or leaves a whole connection to
    serve(peer). context is TLS's, or chooses it by the peer; without one it is
    bare TCP.
    """

    def __init__(self, context, answer=None, serve=None, host="127.0.0.1", port=0):
        self.context = context
        self.answer = answer
        self.serve = serve or self.converse
        self.peers = []
        self.requests = []
        self.sock = socket.create_server((host, port), backlog=64)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            peer = Peer(sock, len(self.peers) + 1)
            self.peers.append(peer)
            threading.Thread(target=self.run, args=(peer,), daemon=True).start()

    def run(self, peer):
        try:
            context = self.context(peer) if callable(self.context) else self.context
            if context:
                peer.shake_hands(context)
            self.serve(peer)
        except (OSError, ValueError):
            pass
        finally:
            peer.close()

    def converse(self, peer):
        while True:
            request = peer.request()
            if request is None:
                return
            self.requests.append(request)
            peer.send(self.answer(request))

    def close(self):
        # A thread that waits in accept() keeps a socket alive that is closed only.
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def heard(self, text):
        """How often that stands in what arrived, whole requests or not."""
        return sum(peer.heard.count(text.encode()) for peer in list(self.peers))


def http(body, status="200 OK", headers=(), length=True):
    """An answer; a body that is no bytes becomes JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/x-amz-json-1.1", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


# ---- The tokens ----

class Mint:
    """Makes tokens as the pool does, with its own keys, and any others."""

    def __init__(self, world):
        folder = os.path.join(world.stage.folder, "keys")
        self.key, self.access_key, self.foreign_key, self.stranger_key = (
            RsaKey(os.path.join(folder, name + ".rsa")) for name in (
                POOL + ".id", POOL + ".access", EMAIL_POOL + ".id", "stranger.id"))

    @staticmethod
    def claims(use="id", name=ALICE.name, **changes):
        """changes with the value None leave a claim out; _ stands for a colon."""
        now = int(time.time())
        claims = {"iss": ISSUER, "token_use": use, "exp": now + 3600, "iat": now,
                  "auth_time": now, "sub": "5a9f8a3e-8b1f-4f0e-9b60-1d2f7d3c0001"}
        if use == "id":
            claims.update({"aud": CLIENT, "cognito:username": name,
                           "email": name + "@example.com", "email_verified": True})
        else:
            claims.update({"client_id": CLIENT, "username": name})
        claims.update({key.replace("cognito_", "cognito:"): value
                       for key, value in changes.items()})
        return {key: value for key, value in claims.items() if value is not None}

    def token(self, claims=None, key=None, **header):
        """Signed by the pool's key. Bytes are taken as they are, for both parts."""
        key = key or self.key
        fields = {"kid": key.kid, "alg": "RS256", **header}
        fields = {name: value for name, value in fields.items() if value is not None}
        if claims is None:
            claims = self.claims()
        text = b64url(raw(fields)) + "." + b64url(raw(claims))
        return text + "." + b64url(key.sign(text.encode()))

    def result(self, token=None):
        """What lets alice in, unless token replaces the one that names her."""
        return {"AccessToken": self.token(self.claims("access"), self.access_key),
                "IdToken": self.token() if token is None else token,
                "RefreshToken": "a.b.c.d.e", "ExpiresIn": 3600, "TokenType": "Bearer"}

    def success(self, token=None):
        return {"ChallengeParameters": {}, "AuthenticationResult": self.result(token)}

    def jwks(self):
        return {"keys": [self.key.jwk(), self.access_key.jwk()]}

    def answer(self, **answers):
        """
        The answers of a whole pool that lets alice in; answers replaces some by
        operation: bytes are the whole answer, what can be called makes it.
        """
        everything = {"jwks": http(self.jwks()), "InitiateAuth": http(self.success()),
                      "RespondToAuthChallenge": http(self.success()),
                      "RevokeToken": http({}), **answers}

        def do(request):
            made = everything[request.operation]
            return made(request) if callable(made) else made
        return do


def raw(value):
    if isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":")).encode()


# ---- The person ----

class Visit:
    """One sign-in: what was said, how it ended, and the module's verdict."""

    def __init__(self, status, screen, line, seconds):
        self.entered = status == 0
        self.screen = screen
        self.line = line or ""
        self.reason = self.line.partition("ed: ")[2].partition(" ")[0]
        self.seconds = seconds

    def __repr__(self):
        return f"{self.screen!r} {self.line!r} after {self.seconds:.1f} s"


def sign_in(world, service, endpoint, *answers, ready=None, conf=None, name=ALICE.name):
    """
    One sign-in in a PAM service of its own, so that many can be told apart in
    the log. endpoint is an Endpoint or what the key shall say; ready() is waited
    for between the prompt and the password.
    """
    if isinstance(endpoint, Endpoint):
        endpoint = f"https://{SERVICE_HOST}:{endpoint.port}"
    # With so many at a time, the usual three seconds may pass while one connects.
    settings = {"endpoint": endpoint, "connect_timeout": "20", **(conf or {})}
    path = f"/etc/security/{service}.conf"
    with open("/etc/security/pam_cognito.conf", encoding="utf-8") as file:
        lines = [file.read(), *(f"{key} = {value}\n" for key, value in settings.items()
                                if value is not None)]
    write(path, "".join(lines))
    world.service(service, f"auth required pam_cognito.so config={path}\n"
                  "account required pam_permit.so\n")
    left = list(answers or [ALICE.password])
    person = Person("pamtester", service, name, "authenticate", "acct_mgmt")
    started = time.monotonic()
    while person.ask(r"(?<!pamtester): $", PATIENCE):
        if ready:
            ready()
            ready = None
        started = time.monotonic()
        person.type(left.pop(0) if left else "000000")
    seconds = time.monotonic() - started
    status = person.finish(PATIENCE)
    line = world.log.wait(f"{name}: (accepted|refused): .* service={service}\\b", 5)
    return Visit(status, person.screen, line, seconds)


def all_at_once(jobs, at_once=AT_ONCE):
    """{label: function} -> {label: what it returned, or the exception}."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        running = {label: pool.submit(job) for label, job in jobs.items()}
        found = {}
        for label, job in running.items():
            try:
                found[label] = job.result()
            except Exception as error:
                found[label] = error
        return found


def service_name(label):
    """For PAM, which makes capitals small ones; the number keeps NaN and nan apart."""
    word = "".join(c if c.isalnum() else "_" for c in label.lower())
    return f"{word[:50]}_{zlib.crc32(label.encode()):08x}"
