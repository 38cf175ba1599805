# What can go wrong on the way: one function per fault, chosen by a test for
# some requests. README.md has the table.
# SPDX-License-Identifier: MIT
import base64
import gzip
import io
import json
import time

from service import Answer, error_answer
from wire import head_bytes

HTML_403 = (b"<html><head><title>403 Forbidden</title></head>"
            b"<body><center><h1>403 Forbidden</h1></center></body></html>")
HTML_500 = b"<html><body><h1>500 Internal Server Error</h1></body></html>"
CONNECT_FAULTS = ("accept_reset", "accept_close", "accept_hang")


# Faults that replace the answer; the operation itself is not carried out.

def fixed(status, body, content_type):
    return lambda fault: Answer(status, body, content_type)


def waf(word):
    return lambda fault: error_answer("ForbiddenException",
                                      f"Request not allowed due to WAF {word}.", 403)


def named_error(fault):
    return error_answer(fault["code"], fault.get("message", ""), fault.get("status", 400),
                        fault.get("style", "plain"), fault.get("extra"))


def redirect(fault):
    return Answer(fault.get("status", 307), b"", "text/html", {"Location": fault["url"]})


def raw_body(fault):
    body = fault.get("text", "").encode()
    if "base64" in fault:
        body = base64.b64decode(fault["base64"])
    return Answer(fault.get("status", 200), body,
                  fault.get("content_type", "application/x-amz-json-1.1"))


def nested(fault):
    depth = fault.get("depth", 100000)
    return json_answer(b'{"AuthenticationResult":' + b"[" * depth + b"]" * depth + b"}")


def json_answer(body):
    return Answer(200, body)


def huge(fault):
    filler = b"A" * (int(fault.get("mib", 64)) << 20)
    return json_answer(b'{"AuthenticationResult":{"AccessToken":"' + filler + b'"}}')


def gzip_bomb(fault):
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as file:
        for _ in range(int(fault.get("mib", 256))):
            file.write(b" " * (1 << 20))
    answer = json_answer(buffer.getvalue())
    answer.headers["Content-Encoding"] = "gzip"
    return answer


def header_flood(fault):
    answer = json_answer(b"{}")
    line = "a" * 1000
    answer.headers.update({f"x-flood-{i}": line for i in range(int(fault.get("kib", 1024)))})
    return answer


REPLACED = {
    "html_403": fixed(403, HTML_403, "text/html"),
    "waf_403": waf("block"),
    "captcha_403": waf("captcha"),
    "html_500": fixed(500, HTML_500, "text/html"),
    "empty_503": fixed(503, b"", "text/plain"),
    "throttle_429": lambda fault: error_answer("TooManyRequestsException", "Rate exceeded", 429),
    "throttle_400": lambda fault: error_answer("TooManyRequestsException", "Rate exceeded"),
    "bare_429": fixed(429, b"<html>Too Many Requests</html>", "text/html"),
    "error": named_error,
    "redirect": redirect,
    "body": raw_body,
    "empty_object": lambda fault: json_answer(b"{}"),
    "empty_body": lambda fault: json_answer(b""),
    "not_json": lambda fault: json_answer(b"this is not JSON"),
    "json_list": lambda fault: json_answer(b"[]"),
    "bad_utf8": lambda fault: json_answer(b'{"ChallengeName":"\xff\xfe\xc0"}'),
    "nested": nested,
    "duplicate_keys": lambda fault: json_answer(
        b'{"AuthenticationResult":null,"AuthenticationResult":{"AccessToken":"a.b.c"}}'),
    "nul_in_key": lambda fault: json_answer(
        b'{"AuthenticationResult\\u0000evil":{"AccessToken":"a.b.c"}}'),
    "null_result": lambda fault: json_answer(b'{"AuthenticationResult":null}'),
    "huge": huge,
    "gzip_bomb": gzip_bomb,
    "header_flood": header_flood,
}


# Faults of the transport; "processed" says whether the operation happened.

def reset(connection, answer, fault):
    connection.reset()


def close(connection, answer, fault):
    connection.close()


def hang(connection, answer, fault):
    """Says nothing until the other side goes away (or for some seconds)."""
    connection.sock.settimeout(fault.get("seconds", 600))
    connection.sock.recv(1)
    connection.close()


def delay(connection, answer, fault):
    time.sleep(fault["ms"] / 1000)
    connection.answer(answer)


def delay_body(connection, answer, fault):
    headers = {**answer.headers, "Content-Length": len(answer.body)}
    connection.send(head_bytes(answer.status, headers))
    time.sleep(fault["ms"] / 1000)
    connection.send(answer.body)


def send_part(connection, answer, fault):
    headers = {**answer.headers, "Content-Length": len(answer.body)}
    size = fault.get("bytes", len(answer.body) // 2)
    connection.send(head_bytes(answer.status, headers) + answer.body[:size])


def truncate(connection, answer, fault):
    send_part(connection, answer, fault)
    connection.close()


def reset_mid(connection, answer, fault):
    send_part(connection, answer, fault)
    time.sleep(0.02)
    connection.reset()


def drip(connection, answer, fault):
    """A few bytes at a time; from the status line on with "head"."""
    headers = {**answer.headers, "Content-Length": len(answer.body)}
    head = head_bytes(answer.status, headers)
    data = answer.body
    if fault.get("head"):
        data = head + data
    else:
        connection.send(head)
    step = fault.get("bytes", 1)
    for at in range(0, len(data), step):
        connection.send(data[at:at + step])
        time.sleep(fault.get("ms", 500) / 1000)


def endless(connection, answer, fault):
    """A chunked body that never ends."""
    connection.send(head_bytes(200, {**answer.headers, "Transfer-Encoding": "chunked"}))
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    while True:
        connection.send(chunk)
        time.sleep(fault.get("ms", 1) / 1000)


def content_type(connection, answer, fault):
    answer.headers["Content-Type"] = fault.get("value", "text/html")
    connection.answer(answer)


def then_close(connection, answer, fault):
    """A whole answer, but the kept-alive connection dies after it, unannounced by HTTP."""
    connection.answer(answer)
    if fault.get("goodbye"):
        connection.say_goodbye()
    connection.close()


def interim(connection, answer, fault):
    """1xx answers before the real one."""
    for _ in range(fault.get("times", 1)):
        connection.send(head_bytes(fault.get("status", 100), {}))
    connection.answer(answer)


TRANSPORT = {"reset": reset, "close": close, "hang": hang, "delay": delay,
             "delay_body": delay_body, "truncate": truncate, "reset_mid": reset_mid,
             "drip": drip, "endless": endless, "content_type": content_type,
             "then_close": then_close, "interim": interim}
# Made by directory.page(); what is delivered is its answer.
LISTING_FAULTS = ("empty_page", "repeat_token")
NOT_PROCESSED = ("reset", "close", "hang")


def check(fault):
    kind = fault.get("kind")
    if not any(kind in kinds for kinds in (REPLACED, TRANSPORT, CONNECT_FAULTS, LISTING_FAULTS)):
        raise ValueError(f"unknown fault: {kind}")


def is_processed(fault):
    kind = fault["kind"]
    return fault.get("processed", kind not in REPLACED and kind not in NOT_PROCESSED)


def replacement(fault):
    make = REPLACED.get(fault["kind"])
    answer = make(fault) if make else None
    if answer and "retry_after" in fault:
        answer.headers["Retry-After"] = str(fault["retry_after"])
    return answer


def deliver(connection, answer, fault):
    TRANSPORT.get(fault["kind"], lambda c, a, f: c.answer(a))(connection, answer, fault)


def refuse_connection(connection, fault):
    if fault["kind"] == "accept_reset":
        connection.reset()
    elif fault["kind"] == "accept_close":
        connection.close()
    else:
        hang(connection, None, fault)


def scripted(script, real):
    """The answer a test wrote, or the real one with parts replaced."""
    if "merge" in script:
        body = real().parsed()
        merge(body, script["merge"])
        return Answer(script.get("status", 200), json.dumps(body).encode(),
                      headers=script.get("headers"))
    if "body_base64" in script:
        raw = base64.b64decode(script["body_base64"])
    elif isinstance(script.get("body", {}), str):
        raw = script["body"].encode()
    else:
        raw = json.dumps(script.get("body", {})).encode()
    return Answer(script.get("status", 200), raw, headers=script.get("headers"))


def merge(target, patch):
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = value
