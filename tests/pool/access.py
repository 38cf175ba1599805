# Who may call the signed operations: access keys with what they allow, and the
# judgement over a request's signature, in the order and words of AWS.
# SPDX-License-Identifier: MIT
import calendar
import fnmatch
import hmac
import time
from dataclasses import dataclass, field

import sigv4
from errors import ServiceError

SERVICE = "cognito-idp"
SKEW_SECONDS = 300
ACCOUNT = "123456789012"


@dataclass
class AccessKey:
    """With a token: temporary credentials. actions are patterns such as List*."""
    id: str
    secret: str
    token: str = ""
    expires: float | None = None
    actions: list = field(default_factory=lambda: ["*"])


def add_key(keys, entry, now):
    """An entry of the seed or of a test: "seconds" is how long it is good."""
    entry = dict(entry)
    entry.pop("about", None)
    seconds = entry.pop("seconds", None)
    key = AccessKey(**entry, expires=None if seconds is None else now + seconds)
    keys[key.id] = key


def bad_signature(message):
    return ServiceError("InvalidSignatureException", message)


def check(request, operation, keys, regions, resource, now):
    """The region that it is for; raises unless a known key signed the request just now
    and may do that."""
    if "authorization" not in request.headers:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    fields, date = read_authorization(request)
    key_id, _, scope = fields["Credential"].partition("/")
    signed = fields["SignedHeaders"].split(";")
    check_signed(request, signed)
    check_scope(scope, date, regions)
    check_age(date, now)
    key = keys.get(key_id)
    if key is None or key.token != request.headers.get("x-amz-security-token", ""):
        raise ServiceError("UnrecognizedClientException",
                           "The security token included in the request is invalid.")
    wanted = sigv4.signature(key.secret, scope, request.headers, signed, request.body)
    hashed = request.headers.get("x-amz-content-sha256", sigv4.digest(request.body))
    if not hmac.compare_digest(wanted.encode(), fields["Signature"].encode("latin-1")) \
            or hashed != sigv4.digest(request.body):
        raise bad_signature(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details.")
    if key.expires is not None and now >= key.expires:
        raise ServiceError("ExpiredTokenException",
                           "The security token included in the request is expired")
    if not any(fnmatch.fnmatchcase(operation, pattern) for pattern in key.actions):
        raise ServiceError(
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/{key.id} is not authorized to perform: "
            f"{SERVICE}:{operation} on resource: {resource} because no identity-based policy "
            f"allows the {SERVICE}:{operation} action")
    return scope.split("/")[1]


def read_authorization(request):
    fields = sigv4.read_fields(request.headers["authorization"])
    missing = [f"Authorization header requires '{name}' parameter."
               for name in ("Credential", "Signature", "SignedHeaders") if name not in fields]
    date = request.headers.get("x-amz-date", "")
    if not date:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a "
                       "'Date' header.")
    if missing or not request.headers["authorization"].startswith(sigv4.ALGORITHM + " "):
        raise ServiceError("IncompleteSignatureException", " ".join(missing))
    return fields, date


def check_signed(request, signed):
    """Host and every x-amz- header; each one named must be there, in order."""
    wanted = ["host"] + [name for name in request.headers if name.startswith("x-amz-")]
    for name in wanted:
        if name not in signed:
            raise bad_signature(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    if signed != sorted(set(signed)) or any(name not in request.headers for name in signed):
        raise bad_signature("The SignedHeaders are not those of the request, in order.")


def check_scope(scope, date, regions):
    day, region, service, end = (scope.split("/") + [""] * 4)[:4]
    if region not in regions:
        raise bad_signature("Credential should be scoped to a valid region.")
    if service != SERVICE:
        raise bad_signature(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if end != "aws4_request" or scope.count("/") != 3:
        raise bad_signature("Credential should be scoped with a valid terminator: "
                            "'aws4_request'.")
    if day != date[:8]:
        raise bad_signature("Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                            f"version of date from HTTP: '{day}' != '{date[:8]}', from '{date}'.")


def check_age(date, now):
    try:
        when = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise ServiceError("IncompleteSignatureException",
                           "Date must be in ISO-8601 'basic format'. "
                           f"Got '{date}'.") from None
    here = sigv4.write_date(now)
    if when < now - SKEW_SECONDS:
        oldest = sigv4.write_date(now - SKEW_SECONDS)
        raise bad_signature(f"Signature expired: {date} is now earlier than {oldest} "
                            f"({here} - 5 min.)")
    if when > now + SKEW_SECONDS:
        newest = sigv4.write_date(now + SKEW_SECONDS)
        raise bad_signature(f"Signature not yet current: {date} is still later than {newest} "
                            f"({here} + 5 min.)")
