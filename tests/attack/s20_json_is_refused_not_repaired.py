# S20: an answer that is not quite JSON, or JSON that json-c reads otherwise
# than it stands there, is refused as a whole, though what a kind reader could
# take from it are the pool's own good tokens for the person.
# SPDX-License-Identifier: MIT
import json

from attack.endpoint import (Authority, Endpoint, Mint, all_at_once, http, server_context,
                             service_name, sign_in)
from rsa_keys import b64url

BREAKAGES = [
    ("json-c alone decides what is JSON",
     ("json_parse (json_scan)", "((void) json_scan(text, length, &seen), false)"),
     ("json_parse (count_members)", "false")),
    ("a key may stand twice",
     ("json_parse (count_members)", "count_members(object) > seen.members")),
    ("what follows the answer does not count",
     ("json_scan", "struct scan scan = {.at = text, .end = text + length}; "
      "bool good = scan_value(&scan, 0); *seen_out = scan.seen; return good;")),
    ("bytes that are no UTF-8 pass",
     ("json_parse (text_is_utf8)", "false"), ("json_parse JSON_TOKENER_VALIDATE_UTF8", "0")),
    ("any depth", ("may_nest", "return true;"), ("TREE_DEPTH", "100000")),
]


def spoilt(mint):
    """label: the whole body of an answer to InitiateAuth; tests/unit/json-t.c has them all."""
    result = json.dumps(mint.success()["AuthenticationResult"]).encode()
    text = b'{"AuthenticationResult":' + result + b"}"

    def beside(more):
        return text[:-1] + b"," + more + b"}"
    return {
        "NUL in the key": text.replace(b'Result"', b'Result\\u0000evil"'),
        "NUL byte and another answer behind": text + b'\0{"__type":"NotAuthorizedException"}',
        "key twice, the good one last": b'{"AuthenticationResult":null,' + text[1:],
        "key twice, written with an escape": beside(b'"\\u0041uthenticationResult":null'),
        "single quotes": text.replace(b'"AuthenticationResult"', b"'AuthenticationResult'"),
        "NaN": beside(b'"x":NaN'), "comment": b"/* */" + text, "garbage behind": text + b"x",
        "two answers": text + text, "UTF-8 bare": beside(b'"x":"\xff"'),
        "depth 17": beside(b'"x":' + b"[" * 16 + b"]" * 16),
        "depth 300000": beside(b'"x":' + b"[" * 300000 + b"]" * 300000),
    }


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    context = server_context(authority.leaf())
    mint = Mint(world)

    def job(label, **answers):
        def do():
            endpoint = Endpoint(context, mint.answer(**answers))
            visit = sign_in(world, service_name(label), endpoint)
            endpoint.close()
            return visit
        return do

    good = json.dumps(mint.success()).encode()
    blanks = b" \t\r\n" + good.replace(b'":{', b'" : \n{') + b"\r\n"
    more = good[:-1] + ',"x":[1e400,-0.5E-3,123456789012345678901234567890,"é😀\\ud83d\\ude00"' \
        .encode() + b"],\"y\":" + b"[" * 15 + b"]" * 15 + b"}"
    controls = {"control": good, "control: blanks": blanks, "control: much else": more}
    # The same reader reads keys and tokens.
    twice = raw_claims(mint)
    keys = json.dumps(mint.jwks()).encode()
    others = {
        "token with a claim twice": {"InitiateAuth": http(mint.success(mint.token(twice)))},
        "token with a byte behind the claims": {
            "InitiateAuth": http(mint.success(mint.token(json.dumps(mint.claims()).encode()
                                                         + b"x")))},
        "token with a header twice": {"InitiateAuth": http(mint.success(header_twice(mint)))},
        "keys with a comment": {"jwks": http(keys + b"/**/")},
        "keys twice": {"jwks": http(b'{"keys":[],' + keys[1:])},
        "keys with single quotes": {"jwks": http(keys.replace(b'"keys"', b"'keys'"))},
    }
    jobs = {label: job(label, InitiateAuth=http(body)) for label, body in controls.items()}
    refused = {**{label: job(label, InitiateAuth=http(body))
                  for label, body in spoilt(mint).items()},
               **{label: job(label, **answers) for label, answers in others.items()}}
    found = all_at_once({**jobs, **refused})
    for label in jobs:
        tap.ok(getattr(found[label], "entered", False), f"{label}: lets alice in", found[label])
    for label in refused:
        visit = found[label]
        tap.ok(not isinstance(visit, Exception) and not visit.entered
               and visit.reason in ("unreadable_answer", "token_refused", "keys_unavailable"),
               f"{label}: refused", visit)


def raw_claims(mint):
    """Claims in which bob stands, and alice behind."""
    text = json.dumps(mint.claims(name="bob"))
    return text[:-1].encode() + b',"cognito:username":"alice"}'


def header_twice(mint):
    fields = f'{{"alg":"none","kid":"{mint.key.kid}","alg":"RS256"}}'.encode()
    text = b64url(fields) + "." + b64url(json.dumps(mint.claims()).encode())
    return text + "." + b64url(mint.key.sign(text.encode()))
