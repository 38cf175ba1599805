# The arithmetic of the service's secure-remote-password sign-in, server side
# (and the client side, which the pool's own tests need).
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
G = 2


def number_bytes(number):
    """The shortest big-endian two's-complement form (negative numbers too)."""
    size = ((number if number >= 0 else ~number).bit_length()) // 8 + 1
    return number.to_bytes(size, "big", signed=True)


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def digest_number(*parts):
    return int.from_bytes(digest(*parts), "big")


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


K = digest_number(number_bytes(N), number_bytes(G))


def private_key(salt, prefix, name, password):
    inner = digest(f"{prefix}{name}:{password}".encode())
    return digest_number(number_bytes(salt), inner)


def verifier(salt, prefix, name, password):
    return pow(G, private_key(salt, prefix, name, password), N)


def public_server(b, verifier_number):
    return (K * verifier_number + pow(G, b, N)) % N


def scrambler(a_public, b_public):
    return digest_number(number_bytes(a_public), number_bytes(b_public))


def shared_server(a_public, b_public, b, verifier_number):
    u = scrambler(a_public, b_public)
    return pow(a_public * pow(verifier_number, u, N) % N, b, N)


def shared_client(a, b_public, x, u):
    return pow((b_public - K * pow(G, x, N)) % N, a + u * x, N)


def signing_key(u, shared):
    extracted = mac(number_bytes(u), number_bytes(shared))
    return mac(extracted, b"Caldera Derived Key\x01")[:16]


def signature(key, prefix, name, block, timestamp):
    signed = mac(key, f"{prefix}{name}".encode(), block, timestamp.encode())
    return base64.b64encode(signed).decode()


class Client:
    """The other end, for the pool's own tests."""

    def __init__(self, a):
        self.a = a
        self.public = pow(G, a, N)

    def sign(self, prefix, name, password, salt, b_public, block, timestamp):
        u = scrambler(self.public, b_public)
        x = private_key(salt, prefix, name, password)
        key = signing_key(u, shared_client(self.a, b_public, x, u))
        return signature(key, prefix, name, block, timestamp)
