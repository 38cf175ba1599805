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
    """label: the whole body of an answer to InitiateAuth."""
    good = mint.success()
    result = json.dumps(good["AuthenticationResult"]).encode()
    text = b'{"AuthenticationResult":' + result + b"}"

    def beside(more):
        return text[:-1] + b"," + more + b"}"
    inner = result[1:-1]
    return {
        "NUL in the key": text.replace(b'Result"', b'Result\\u0000evil"'),
        "NUL in the key of the token": text.replace(b'"IdToken"', b'"IdToken\\u0000"'),
        "NUL in another key": beside(b'"x\\u0000":1'),
        "NUL in a value": beside(b'"x":"\\u0000"'),
        "NUL byte in a key": text.replace(b'Result"', b'Result\0"'),
        "NUL byte in a value": beside(b'"x":"\0"'),
        "NUL byte behind": text + b"\0",
        "NUL bytes behind": text + b"\0\0\0\n",
        "NUL byte and another answer behind": text + b'\0{"__type":"NotAuthorizedException"}',
        "NUL byte before": b"\0" + text,
        "NUL byte between": text.replace(b'":{', b'":\0{'),
        "key twice, the good one last": b'{"AuthenticationResult":null,' + text[1:],
        "key twice, the good one first": beside(b'"AuthenticationResult":null'),
        "key twice, written with an escape": beside(b'"\\u0041uthenticationResult":null'),
        "another key twice": beside(b'"x":1,"x":1'),
        "key of the result twice": b'{"AuthenticationResult":{' + inner + b"," + inner + b"}}",
        "token twice": text[:-2] + b',"IdToken":"a.b.c"}}',
        "challenge twice": beside(b'"ChallengeName":"SMS_MFA","ChallengeName":null'),
        "single quotes": text.replace(b'"AuthenticationResult"', b"'AuthenticationResult'"),
        "single quotes elsewhere": beside(b"'x':1"),
        "single quotes around a value": beside(b"\"x\":'y'"),
        "no quotes": beside(b"x:1"),
        "NaN": beside(b'"x":NaN'), "nan": beside(b'"x":nan'),
        "Infinity": beside(b'"x":Infinity'), "-Infinity": beside(b'"x":-Infinity'),
        "TRUE": beside(b'"x":TRUE'), "Null": beside(b'"x":Null'), "undefined": beside(b'"x":'),
        "number with a plus": beside(b'"x":+1'), "number with a zero before": beside(b'"x":01'),
        "number without digits": beside(b'"x":-'), "number in hex": beside(b'"x":0x10'),
        "number that ends in a point": beside(b'"x":1.'), "exponent bare": beside(b'"x":1e'),
        "comma behind the last": beside(b'"x":[1,]'), "comma before the end": text[:-1] + b",}",
        "comma missing": text[:-1] + b' "x":1}', "colon twice": beside(b'"x"::1'),
        "comment": b"/* */" + text, "comment inside": beside(b'/* x */"x":1'),
        "comment of one line": text + b"// the end\n", "comment with a hash": text + b"#",
        "garbage behind": text + b"x", "brace behind": text + b"}", "array behind": text + b"[]",
        "two answers": text + text, "two answers, a line each": text + b"\n" + text,
        "answer after another": b"{}" + text, "answer after a null": b"null" + text,
        "byte order mark": b"\xef\xbb\xbf" + text,
        "UTF-16": text.decode().encode("utf-16"), "UTF-32": text.decode().encode("utf-32"),
        "UTF-8 overlong": beside(b'"x":"\xc0\xaf"'), "UTF-8 bare": beside(b'"x":"\xff"'),
        "UTF-8 cut off": beside(b'"x":"\xe2\x82"'),
        "surrogate in UTF-8": beside(b'"x":"\xed\xa0\x80"'),
        "surrogate alone": beside(b'"x":"\\ud800"'), "surrogate low": beside(b'"x":"\\udc00"'),
        "escape unknown": beside(b'"x":"\\x41"'), "escape cut off": beside(b'"x":"\\u00"'),
        "control character in a text": beside(b'"x":"a\nb"'), "tab": beside(b'"x":"a\tb"'),
        "form feed between": text.replace(b'":{', b'":\x0c{'),
        "no-break space between": text.replace(b'":{', b'":\xc2\xa0{'),
        "text not ended": text[:-1] + b',"x":"', "cut off": text[:-1], "cut off twice": text[:-2],
        "depth 17": beside(b'"x":' + b"[" * 16 + b"]" * 16),
        "depth 1000": beside(b'"x":' + b"[" * 1000 + b"]" * 1000),
        "depth 300000": beside(b'"x":' + b"[" * 300000 + b"]" * 300000),
        "a text around": json.dumps(text.decode()).encode(),
        "callback around": b"f(" + text + b")", "guard before": b")]}',\n" + text,
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
