# HTTP/1.1 over TLS or plain TCP: listeners, keep-alive connections, reading
# requests and writing answers. What an answer says is decided elsewhere.
# SPDX-License-Identifier: MIT
import socket
import ssl
import struct
import threading
from http import HTTPStatus

LONGEST_BODY = 8 << 20
IDLE_SECONDS = 600


class Request:
    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body


class BadRequest(Exception):
    pass


def read_request(reader, connection):
    """The next request, or None when the peer has closed."""
    line = reader.readline(65536)
    if not line.strip():
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise BadRequest
    headers = {}
    while True:
        line = reader.readline(65536)
        if line in (b"\r\n", b"\n"):
            break
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequest
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = int(headers.get("content-length") or 0)
    if length > LONGEST_BODY:
        raise BadRequest
    body = reader.read(length)
    if len(body) < length:
        return None
    return Request(words[0], words[1], headers, body)


def head_bytes(status, headers):
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Status"
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {clean(value)}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def clean(value):
    return str(value).replace("\r", " ").replace("\n", " ")


class Connection:
    """One accepted connection."""

    def __init__(self, listener, sock, number):
        self.listener = listener
        self.sock = sock
        self.number = number
        self.open = True

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, answer):
        headers = {**answer.headers, "Content-Length": len(answer.body)}
        self.send(head_bytes(answer.status, headers) + answer.body)

    def handshake(self, context):
        self.sock.settimeout(IDLE_SECONDS)
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def reset(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def say_goodbye(self):
        """TLS's close_notify, as the real service sends it; nobody answers."""
        self.sock.setblocking(False)
        try:
            self.sock.unwrap()
        except OSError:
            pass

    def close(self):
        self.open = False
        self.sock.close()


class Listener:
    """Accepts on one port and gives every connection its own thread."""

    def __init__(self, name, address, serve, context=None):
        self.name = name
        self.serve = serve
        self.context = context
        self.sock = socket.create_server(address, backlog=512)
        self.port = self.sock.getsockname()[1]

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(IDLE_SECONDS)
        connection = Connection(self, sock, 0)
        try:
            self.serve(connection)
        except (OSError, ssl.SSLError, BadRequest, ValueError):
            pass
        finally:
            if connection.open:
                connection.close()
