# AWS's Signature Version 4, as far as this service has it: POST, the path "/",
# no query. Making a signature (the tests' own clients) and taking one apart.
# SPDX-License-Identifier: MIT
import hashlib
import hmac
import re
import time

ALGORITHM = "AWS4-HMAC-SHA256"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode("latin-1"), hashlib.sha256).digest()


def write_date(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def signature(secret, scope, headers, signed, body):
    """headers with names in lower case, x-amz-date among them; signed is a list of names.
    The scope is day/region/service/aws4_request."""
    lines = [f"{name}:{' '.join(headers[name].split())}\n" for name in signed]
    request = "\n".join(["POST", "/", "", "".join(lines), ";".join(signed), digest(body)])
    text = "\n".join([ALGORITHM, headers["x-amz-date"], scope, digest(request.encode("latin-1"))])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return mac(key, text).hex()


def sign(headers, body, key, secret, token="", region="eu-west-1", service="cognito-idp",
         when=None):
    """The headers of a request, Host among them, with those that sign it."""
    date = write_date(time.time() if when is None else when)
    headers = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": date}
    if token:
        headers["x-amz-security-token"] = token
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    signed = sorted(headers)
    proof = signature(secret, scope, headers, signed, body)
    return headers | {"authorization": f"{ALGORITHM} Credential={key}/{scope}, "
                                       f"SignedHeaders={';'.join(signed)}, Signature={proof}"}


def read_fields(authorization):
    """Credential, SignedHeaders and Signature of an Authorization header, as far as
    they are there."""
    return dict(re.findall(r"(\w+)=([^\s,]+)", authorization))
