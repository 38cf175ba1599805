# S22: the ID token decides who somebody is, so none passes that is not signed
# with RS256 by a key of the pool, for this client, now, about this very user.
# The forger answers in the pool's place; the pool's real keys sign all that a
# forger could get signed as somebody else, at another time or for another use.
# SPDX-License-Identifier: MIT
import hashlib
import hmac
import json
import os
import time

from attack.endpoint import (ISSUER, Authority, Endpoint, Mint, all_at_once, http, raw,
                             server_context, service_name, sign_in)
from rsa_keys import RsaKey, SHA256_INFO, b64url
from world import CLIENT, POOL, command, write

BREAKAGES = [
    ("the algorithm that a token names does not count", ("check_envelope (is_text)", "false")),
    ("the signature does not count", ("check_signature (EVP_DigestVerify)", "... || true")),
    ("the first key stands in for an unknown one",
     ("check_envelope (find)", "...; if (key == NULL) key = keys->list")),
    ("an extension that must be understood is passed over",
     ("check_envelope (json_has)", "false")),
    ("any issuer", ("check_claims (issuer)", "false")),
    ("any audience", ("check_claims (audience)", "false")),
    ("any use", ("check_claims (token_use)", "false")),
    ("no end", ("@expired", "false")),
    ("no beginning", ("@not-yet", "false")),
    ("any user", ("@named", "false")),
    ("an address that was not verified", ("is_verified", "return true;")),
    ("keys that can be calculated", ("read_key (BN_is_one)", "true"), ("MODULUS_BITS_MIN", "512")),
    ("the same bytes in another spelling", ("base64url_decode (1U)", "false")),
    ("pinned keys are not all there is", ("setup_open (keys_pinned)", ".keys_pinned = false")),
]
TOKEN = ("token_refused",)
IDENTITY = ("identity_mismatch",)
KEYS = ("keys_unavailable",)
ANY = TOKEN + IDENTITY
HOUR = 3600


def unsigned(mint, algorithm, signature="", **header):
    fields = {"alg": algorithm, "kid": mint.key.kid, **header}
    return ".".join([b64url(raw(fields)), b64url(raw(mint.claims())), signature])


def with_hmac(mint, secret, algorithm="HS256"):
    text = unsigned(mint, algorithm).rpartition(".")[0]
    return text + "." + b64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def padded(text, size):
    """What a signature with the exponent 1 is."""
    info = SHA256_INFO + hashlib.sha256(text.encode()).digest()
    return b"\x00\x01" + b"\xff" * (size - 3 - len(info)) + b"\x00" + info


def one_more(text):
    """The last character with the next bit that nobody reads set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def headers(mint):
    """label: token; tests/unit/jwt-t.c has them all"""
    head, body, signature = mint.token().split(".")
    own = {"jwk": mint.stranger_key.jwk(), "jku": "https://other.amazonaws.com/jwks.json"}
    return {
        "none": unsigned(mint, "none"),
        "HS256 with the public key": with_hmac(mint, mint.key.public_pem().encode()),
        "RS384 by name": mint.token(alg="RS384"),
        "critical extension": mint.token(crit=["exp"]),
        "kid unknown": mint.token(kid="bm9ib2R5"),
        "kid of the other key": mint.token(kid=mint.access_key.kid),
        "a stranger's signature": mint.token(key=mint.stranger_key, kid=mint.key.kid),
        "a stranger's key that comes along": mint.token(key=mint.stranger_key, **own),
        "another pool's key": mint.token(key=mint.foreign_key),
        "signature in another spelling": f"{head}.{body}." + one_more(signature),
        "claims of another": ".".join([head, b64url(raw(mint.claims(jti="1"))), signature]),
    }


def claims(mint):
    """label: (reasons, claims)"""
    now = int(time.time())
    return {label: (reasons, mint.claims(**changes)) for label, reasons, changes in [
        ("another pool", TOKEN, {"iss": ISSUER[:-1] + "2"}),
        ("another client", TOKEN, {"aud": "localpublic0000000000000001"}),
        ("use access", TOKEN, {"token_use": "access"}),
        ("expired two minutes ago", TOKEN, {"exp": now - 120}),
        ("valid in two minutes", TOKEN, {"nbf": now + 120}),
        ("bob", IDENTITY, {"cognito_username": "bob"}),
        ("name that looks alike", IDENTITY, {"cognito_username": "\u0430lice"}),
        ("preferred name", IDENTITY, {"cognito_username": "mallory",
                                      "preferred_username": "alice"})]}


def keys(mint, folder):
    """label: (reasons, keys that are published, token)"""
    small = os.path.join(folder, "small.rsa")
    command("openssl", "genrsa", "-traditional", "-out", small, "1024")
    small = RsaKey(small)
    one = {**mint.key.jwk(), "e": b64url(b"\1")}
    head, body, _ = mint.token().split(".")
    plain = f"{head}.{body}." + b64url(padded(f"{head}.{body}", 256))
    own, other, stranger = (key.jwk() for key in (mint.key, mint.access_key, mint.stranger_key))
    forged = mint.token(key=mint.stranger_key, kid=mint.key.kid)
    return {
        "keys: exponent 1": (KEYS + TOKEN, [one, other], plain),
        "keys: 1024 bits": (KEYS + TOKEN, [small.jwk(), other], mint.token(key=small)),
        "keys: kid twice, the stranger's first": (
            KEYS, [{**stranger, "kid": mint.key.kid}, own], forged),
        "keys: of somebody else": (TOKEN, [stranger], mint.token()),
    }


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    context = server_context(authority.leaf())
    mint = Mint(world)
    pinned = os.path.join("/etc/security", "jwks.json")
    write(pinned, json.dumps(mint.jwks()))

    def job(label, conf=None, jwks=None, **answers):
        if jwks is not None:
            answers["jwks"] = http({"keys": jwks})

        def do():
            endpoint = Endpoint(context, mint.answer(**answers))
            visit = sign_in(world, service_name(label), endpoint, conf=conf)
            endpoint.close()
            visit.fetched = [r for r in endpoint.requests if r.operation == "jwks"]
            return visit
        return do

    def tokens(label, token, **more):
        return job(label, InitiateAuth=http(mint.success(token)), **more)
    email = {"account_claim": "email", "username_format": "%u@example.com"}
    own, other = mint.jwks()["keys"]
    controls = {
        "control": job("control"),
        "control: clocks differ a little": tokens("clocks", mint.token(
            mint.claims(exp=int(time.time()) - 10, nbf=int(time.time()) + 50))),
        "control: many keys": job("many", jwks=[other] + [
            {**own, "kid": str(number)} for number in range(60)] + [own]),
        "control: e-mail": job("email", email),
        "control: pinned keys": job("pinned", {"jwks_file": pinned}),
    }
    forged = {label: (ANY, tokens(label, token)) for label, token in headers(mint).items()}
    for label, (reasons, content) in claims(mint).items():
        forged[label] = (reasons, tokens(label, mint.token(content)))
    for label, (reasons, published, token) in keys(mint, world.folder).items():
        forged[label] = (reasons, tokens(label, token, jwks=published))
    forged["access token in its place"] = (TOKEN, tokens(
        "access_token", mint.token(mint.claims("access"), mint.access_key)))
    forged["access token that names alice"] = (TOKEN, tokens(
        "access_named", mint.token({**mint.claims("access"), "aud": CLIENT,
                                    "cognito:username": "alice"}, mint.access_key)))
    forged["e-mail not verified"] = (IDENTITY, tokens(
        "email_false", mint.token(mint.claims(email_verified=False)), conf=email))
    stranger = [mint.stranger_key.jwk()]
    for label, kid in (("a stranger's key", mint.stranger_key.kid), ("its kid", mint.key.kid)):
        forged["pinned keys, " + label] = (KEYS + TOKEN, tokens(
            "pinned_" + label, mint.token(key=mint.stranger_key, kid=kid),
            conf={"jwks_file": pinned}, jwks=[{**stranger[0], "kid": kid}]))

    found = all_at_once({**controls, **{label: do for label, (_, do) in forged.items()}})
    for label in controls:
        tap.ok(getattr(found[label], "entered", False), f"{label}: lets alice in", found[label])
    for label, (reasons, _) in forged.items():
        visit = found[label]
        tap.ok(not isinstance(visit, Exception) and not visit.entered
               and visit.reason in reasons, f"{label}: refused", visit)
        if label.startswith("pinned"):
            tap.equal(visit.fetched, [], f"{label}: no other keys were asked for")
    # A real token of the same person, from a sign-in of hers elsewhere, is one
    # that a taken-over client could hand in: it is not for this client.
    minted = world.pool.mint("localpublic0000000000000001", "alice")["IdToken"]
    visit = tokens("minted", minted)()
    tap.ok(not visit.entered and visit.reason == "token_refused",
           "the pool's own token for another client: refused", visit)
    minted = world.pool.mint(CLIENT, "alice")["IdToken"]
    tap.ok(tokens("minted_right", minted)().entered, f"and {POOL}'s for this one lets alice in")
