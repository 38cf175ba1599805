# RSA keys for tokens: made by the openssl command, kept as PKCS#1 files, used
# here with Python's integers (RS256 signatures, JSON web keys).
# SPDX-License-Identifier: MIT
import base64
import hashlib
import os
import subprocess

SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_missing(paths):
    """Makes every key that is not there yet, all at the same time."""
    running = []
    for path in paths:
        if not os.path.exists(path):
            command = ["openssl", "genrsa", "-traditional", "-out", path + ".new", "2048"]
            running.append((path, subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    for path, process in running:
        if process.wait() != 0:
            raise SystemExit("pool: openssl genrsa failed")
        os.chmod(path + ".new", 0o600)
        os.replace(path + ".new", path)


def make_pair(folder, pool_id):
    """The two keys of one pool: of its ID tokens and of its access tokens."""
    paths = {use: os.path.join(folder, f"{pool_id}.{use}.rsa") for use in ("id", "access")}
    make_missing(paths.values())
    return {use: RsaKey(path) for use, path in paths.items()}


def der_element(data, at):
    """Returns (start of contents, end) of the DER element at a position."""
    length = data[at + 1]
    start = at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start:start + size], "big")
        start += size
    return start, start + length


def der_integers(data):
    at, end = der_element(data, 0)
    numbers = []
    while at < end:
        start, at = der_element(data, at)
        numbers.append(int.from_bytes(data[start:at], "big"))
    return numbers


class RsaKey:
    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            body = "".join(line for line in file.read().splitlines() if "-----" not in line)
        numbers = der_integers(base64.b64decode(body))
        _, self.n, self.e, _, self.p, self.q, self.dp, self.dq, self.qinv = numbers
        self.size = (self.n.bit_length() + 7) // 8
        thumb = '{"e":"%s","kty":"RSA","n":"%s"}' % (self._word(self.e), self._word(self.n))
        self.kid = base64.b64encode(hashlib.sha256(thumb.encode()).digest()).decode()

    @staticmethod
    def _word(number):
        return b64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))

    def sign(self, data):
        info = SHA256_INFO + hashlib.sha256(data).digest()
        padded = b"\x00\x01" + b"\xff" * (self.size - 3 - len(info)) + b"\x00" + info
        message = int.from_bytes(padded, "big")
        one = pow(message, self.dp, self.p)
        two = pow(message, self.dq, self.q)
        result = two + self.q * ((one - two) * self.qinv % self.p)
        return result.to_bytes(self.size, "big")

    def public_pem(self):
        """The public key as text: the attacker's HMAC key in the HS256 trick."""
        def integer(number):
            raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
            return b"\x02" + length(raw) + raw

        def length(raw):
            size = len(raw)
            if size < 0x80:
                return bytes([size])
            text = size.to_bytes((size.bit_length() + 7) // 8, "big")
            return bytes([0x80 | len(text)]) + text

        inner = integer(self.n) + integer(self.e)
        inner = b"\x30" + length(inner) + inner
        bits = b"\x00" + inner
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        outer = algorithm + b"\x03" + length(bits) + bits
        der = b"\x30" + length(outer) + outer
        text = base64.encodebytes(der).decode().replace("\n", "")
        lines = [text[i:i + 64] for i in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])

    def jwk(self):
        return {"alg": "RS256", "e": self._word(self.e), "kid": self.kid,
                "kty": "RSA", "n": self._word(self.n), "use": "sig"}
