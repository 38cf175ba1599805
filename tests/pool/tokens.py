# Tokens: issuing ID, access and refresh tokens, knowing which are still good,
# and the spoilt tokens that attack tests ask for.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass

import lambdas
from errors import not_authorized
from rsa_keys import b64url

RESERVED = {"sub", "iss", "aud", "token_use", "exp", "iat", "auth_time", "jti", "origin_jti",
            "event_id", "cognito:username", "username", "client_id"}
BOOLEAN_ATTRIBUTES = ("email_verified", "phone_number_verified")


@dataclass
class Grant:
    """One sign-in: everything issued from it can be revoked together."""
    origin_jti: str
    pool: object
    client: object
    user: object
    auth_time: int
    device_key: str = ""
    revoked: bool = False


@dataclass
class Issued:
    grant: Grant
    expires: float
    replaced_at: float | None = None


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def user_claims(user):
    claims = {}
    for name, value in user.attributes.items():
        if name in BOOLEAN_ATTRIBUTES:
            value = str(value).lower() == "true"
        claims[name] = value
    return claims


def common_claims(grant, use, now, minutes):
    claims = {"sub": grant.user.sub, "iss": grant.pool.issuer, "origin_jti": grant.origin_jti,
              "event_id": str(uuid.uuid4()), "token_use": use, "auth_time": grant.auth_time,
              "exp": int(now) + minutes * 60, "iat": int(now), "jti": str(uuid.uuid4())}
    if grant.user.groups:
        claims["cognito:groups"] = list(grant.user.groups)
    return claims


def id_claims(grant, now):
    claims = user_claims(grant.user)
    claims.update(common_claims(grant, "id", now, grant.client.id_minutes))
    claims["cognito:username"] = grant.user.username
    claims["aud"] = grant.client.id
    change_by_lambda(grant.pool, claims)
    return claims


def access_claims(grant, now):
    claims = common_claims(grant, "access", now, grant.client.access_minutes)
    claims["client_id"] = grant.client.id
    claims["username"] = grant.user.username
    claims["scope"] = "aws.cognito.signin.user.admin"
    if grant.device_key:
        claims["device_key"] = grant.device_key
    change_by_lambda(grant.pool, claims)
    return claims


def change_by_lambda(pool, claims):
    change = lambdas.run(pool, "PreTokenGeneration")
    if "groups" in change:
        claims["cognito:groups"] = change["groups"]
    for name in change.get("suppress", []):
        if name not in RESERVED:
            claims.pop(name, None)
    for name, value in change.get("claims", {}).items():
        if name not in RESERVED:
            claims[name] = value


class Tokens:
    def __init__(self, keys, clock, overrides):
        self.keys = keys
        self.clock = clock
        self.overrides = overrides
        self.access = {}
        self.refresh = {}

    def issue(self, attempt):
        now = self.clock.now()
        grant = Grant(str(uuid.uuid4()), attempt.pool, attempt.client, attempt.user,
                      int(now), attempt.device_key)
        result = self.from_grant(grant)
        result["RefreshToken"] = self.new_refresh(grant)
        return result

    def from_grant(self, grant):
        """Fresh ID and access tokens, spoilt if a test asked for that."""
        now = self.clock.now()
        facts = {"username": grant.user.username, "client_id": grant.client.id}
        spoil = self.overrides.take(facts) or {}
        pairs = {"id": id_claims(grant, now), "access": access_claims(grant, now)}
        made = {use: self.sign(grant.pool, use, claims, spoil) for use, claims in pairs.items()}
        if spoil.get("swap"):
            made["id"] = made["access"]
        self.access[made["access"]] = Issued(grant, now + grant.client.access_minutes * 60)
        return {"AccessToken": made["access"], "ExpiresIn": grant.client.access_minutes * 60,
                "IdToken": made["id"], "TokenType": "Bearer"}

    def new_refresh(self, grant):
        head = b64url(compact({"cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP"}))
        parts = [b64url(secrets.token_bytes(size)) for size in (256, 12, 760, 16)]
        token = ".".join([head, *parts])
        lifetime = grant.client.refresh_days * 86400
        self.refresh[token] = Issued(grant, self.clock.now() + lifetime)
        return token

    def sign(self, pool, use, claims, spoil):
        key = self.keys[pool.id][use]
        header = {"kid": key.kid, "alg": "RS256"}
        if not spoil or spoil.get("for", "both") not in (use, "both"):
            return self.seal(header, claims, "RS256", key)
        return self.spoilt(pool, use, header, claims, spoil)

    def spoilt(self, pool, use, header, claims, spoil):
        if "raw" in spoil:
            return spoil["raw"]
        now = int(self.clock.now())
        claims.update(spoil.get("claims", {}))
        for name, seconds in spoil.get("times", {}).items():
            claims[name] = now + seconds
        for name in spoil.get("drop", []):
            claims.pop(name, None)
        algorithm = spoil.get("alg", "RS256")
        header["alg"] = algorithm
        header.update(spoil.get("header", {}))
        for name in spoil.get("drop_header", []):
            header.pop(name, None)
        key = self.spoilt_key(pool, use, spoil.get("key", "own"))
        token = self.seal(header, claims, algorithm, key, spoil.get("payload"))
        return spoil_signature(token, spoil.get("signature", "keep"))

    def spoilt_key(self, pool, use, name):
        """own, other (the pool's other key), stranger, or a pool's ID."""
        if name == "own":
            return self.keys[pool.id][use]
        if name == "other":
            return self.keys[pool.id]["access" if use == "id" else "id"]
        return self.keys[name]["id"]

    def seal(self, header, claims, algorithm, key, payload=None):
        body = payload.encode() if payload is not None else compact(claims)
        text = b64url(compact(header)) + "." + b64url(body)
        if algorithm.lower() == "none":
            return text + "."
        if algorithm == "HS256":
            made = hmac.new(key.public_pem().encode(), text.encode(), hashlib.sha256).digest()
        else:
            made = key.sign(text.encode())
        return text + "." + b64url(made)

    def check_access(self, token):
        """The grant behind an access token that is still good."""
        issued = self.access.get(token)
        if issued is None:
            raise not_authorized("Invalid Access Token")
        if issued.grant.revoked:
            raise not_authorized("Access Token has been revoked")
        if self.clock.now() >= issued.expires:
            raise not_authorized("Access Token has expired")
        return issued.grant

    def check_refresh(self, token, client):
        issued = self.refresh.get(token)
        if issued is None or issued.grant.client is not client:
            raise not_authorized("Invalid Refresh Token")
        if issued.grant.revoked:
            raise not_authorized("Refresh Token has been revoked")
        if self.clock.now() >= issued.expires:
            raise not_authorized("Refresh Token has expired")
        return issued

    def revoke_user(self, user):
        for issued in [*self.access.values(), *self.refresh.values()]:
            if issued.grant.user is user:
                issued.grant.revoked = True

    def jwks(self, pool_id):
        pair = self.keys.get(pool_id)
        return {"keys": [pair["id"].jwk(), pair["access"].jwk()]} if pair else None


def spoil_signature(token, how):
    head, body, signature = token.split(".")
    if how == "bad":
        raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
        raw[len(raw) // 2] ^= 1
        signature = b64url(bytes(raw))
    elif how == "empty":
        signature = ""
    elif how == "missing":
        return head + "." + body
    return ".".join([head, body, signature])
