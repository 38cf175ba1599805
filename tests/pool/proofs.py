# Password proofs by SRP, for users and for remembered devices: the challenge
# that is sent, and the check of what comes back.
# SPDX-License-Identifier: MIT
import base64
import binascii
import calendar
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

import srp
from errors import (INCORRECT, OLD_SESSION, USED_SESSION, invalid_parameter, missing,
                    not_authorized)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHAPE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{1,2}):(\d\d):(\d\d) UTC (\d{4})")
CLOCK_SECONDS = 300


@dataclass
class Challenge:
    attempt: object
    prefix: str
    name: str
    a_public: int
    b: int
    b_public: int
    verifier: int
    expires: float
    used: bool = False


def write_time(epoch):
    t = time.gmtime(epoch)
    return (f"{DAYS[t.tm_wday]} {MONTHS[t.tm_mon - 1]} {t.tm_mday} "
            f"{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} UTC {t.tm_year}")


def check_time(text, now):
    """The signed text must be exactly what the service itself would write."""
    found = SHAPE.fullmatch(text)
    if not found or found[1] not in MONTHS:
        raise invalid_parameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
    month = MONTHS.index(found[1]) + 1
    day, hour, minute, second, year = (int(found[i]) for i in range(2, 7))
    epoch = calendar.timegm((year, month, day, hour, minute, second))
    return write_time(epoch) == text and abs(epoch - now) <= CLOCK_SECONDS


def read_public(text):
    if not text:
        raise missing("SRP_A")
    if not re.fullmatch(r"[0-9a-fA-F]{1,1024}", text):
        raise invalid_parameter("SRP_A is not a hexadecimal number")
    number = int(text, 16)
    if number % srp.N == 0:
        raise invalid_parameter("SRP_A must not be a multiple of N")
    return number


def pretend(pool, typed):
    """Salt and verifier for a user that does not exist: always the same."""
    seed = hashlib.sha256(f"{pool.id}/{typed}".encode()).digest()
    return int.from_bytes(seed[:16], "big"), pow(srp.G, int.from_bytes(seed, "big"), srp.N)


def start(service, attempt, a_public):
    """Parameters of PASSWORD_VERIFIER."""
    pool, user = attempt.pool, attempt.user
    if user:
        number = user.verifier(pool.srp_prefix)
        salt = user.salt
    else:
        salt, number = pretend(pool, attempt.typed)
    shown = begin(service, attempt, pool.srp_prefix, attempt.canonical, salt, number, a_public)
    return {**shown, "USERNAME": attempt.canonical, "USER_ID_FOR_SRP": attempt.canonical}


def begin(service, attempt, prefix, name, salt, number, a_public):
    b = service.pinned.pop("srp_b", None) or secrets.randbits(256) | 1
    b_public = srp.public_server(b, number)
    block = base64.b64encode(secrets.token_bytes(1100)).decode()
    expires = service.clock.now() + attempt.pool.settings["srp_seconds"]
    service.sessions.blocks[block] = Challenge(
        attempt, prefix, name, a_public, b, b_public, number, expires)
    return {"SALT": f"{salt:x}", "SRP_B": f"{b_public:x}", "SECRET_BLOCK": block}


def required(responses):
    for name in ("PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        if not responses.get(name):
            raise missing(name)


def held_challenge(service, responses):
    return service.sessions.blocks.get(responses.get("PASSWORD_CLAIM_SECRET_BLOCK") or "")


def take(service, responses, client, now):
    """The challenge being answered; it serves once and for a short time."""
    required(responses)
    held = held_challenge(service, responses)
    if held is None or held.attempt.client is not client:
        raise not_authorized(INCORRECT)
    if held.used:
        raise not_authorized(USED_SESSION)
    if now >= held.expires:
        raise not_authorized(OLD_SESSION)
    return held


def is_proof(held, responses, now):
    timestamp = responses["TIMESTAMP"]
    timely = check_time(timestamp, now)
    try:
        block = base64.b64decode(responses["PASSWORD_CLAIM_SECRET_BLOCK"], validate=True)
    except binascii.Error:
        return False
    shared = srp.shared_server(held.a_public, held.b_public, held.b, held.verifier)
    key = srp.signing_key(srp.scrambler(held.a_public, held.b_public), shared)
    made = srp.signature(key, held.prefix, held.name, block, timestamp)
    same = hmac.compare_digest(made.encode(), responses["PASSWORD_CLAIM_SIGNATURE"].encode())
    return same and timely
