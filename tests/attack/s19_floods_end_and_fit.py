# S19: an answer may be as long, as slow and as swollen as it likes: the sign-in
# ends soon after its deadline, the helper stays small, and nobody is in, though
# each begins as, holds or ends in what would let alice in.
# SPDX-License-Identifier: MIT
import glob
import gzip
import threading
import time
import zlib

from attack.endpoint import (Authority, Endpoint, Mint, all_at_once, http, raw, server_context,
                             service_name, sign_in)

BREAKAGES = [
    ("a body of any length",
     ("set_up HTTP_BODY_MAX", "SIZE_MAX / 2")),
    ("headers behind a body of any length", ("intake_header HEADERS_MAX", "SIZE_MAX / 2")),
    ("answers are unpacked",
     ("set_common (CURLOPT_NOSIGNAL)", '... && set_text(easy, CURLOPT_ACCEPT_ENCODING, "")')),
    ("no deadline to speak of", ("budget_ms 1000", "20000")),
]
TIMEOUT = 5
SECONDS = 25  # with libpam's delay, and with patience: the machine may be busy
DEFAULT = 20  # where timeout is not set
KIB = 1024
MEMORY = 64 * KIB  # kB; a helper at work has some 15,000
LIMIT = 512 * KIB
MEGABYTE = 1 << 20


class Scale:
    """Weighs every helper as long as there are any: its largest size so far, kB."""

    def __init__(self):
        self.sizes = {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.done.wait(0.05):
            for path in glob.glob("/proc/[0-9]*/status"):
                try:
                    with open(path, encoding="ascii") as file:
                        facts = dict(line.split(":", 1) for line in file if ":" in line)
                except OSError:  # gone meanwhile
                    continue
                if facts["Name"].strip() == "pam_cognito_hel" and "VmHWM" in facts:
                    self.sizes[path] = int(facts["VmHWM"].split()[0])

    def stop(self):
        self.done.set()
        self.thread.join()
        return max(self.sizes.values(), default=0)


def forever(first, piece, pause=0.002):
    """Sends until the other side has had enough."""
    def serve(peer):
        peer.send(first)
        while True:
            peer.send(piece)
            time.sleep(pause)
    return serve


def slowly(data, pause=0.5):
    def serve(peer):
        for byte in data:
            peer.send(bytes([byte]))
            time.sleep(pause)
    return serve


def once(data):
    return lambda peer: (peer.send(data), peer.sock.recv(1))


def bomb(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(b" " * MEGABYTE) for _ in range(megabytes)),
                     packer.flush()])


def floods(mint):
    """label: what is done with a connection once the request was read."""
    body = raw(mint.success())
    whole = http(body)
    line = b"HTTP/1.1 200 OK\r\n"
    head = line + b"Content-Type: application/x-amz-json-1.1\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    blanks = b" " * 65536
    one_chunk = b"%x\r\n%s\r\n" % (len(body), body)
    packed, swollen = gzip.compress(body), bomb(100)
    lines = b"".join(b"X-Flood-%d: %s\r\n" % (i, b"a" * 1000) for i in range(64))
    numbered = b"".join(b"X-%d: 1\r\n" % i for i in range(50000))
    return {
        "headers of a megabyte": once(line + lines * 16 + whole[len(line):]),
        "fifty thousand headers": once(line + numbered + whole[len(line):]),
        "headers without end": forever(line, lines),
        "a header without end": forever(line + b"X: ", blanks),
        "a status line without end": forever(b"HTTP/1.1 200 ", blanks),
        "a header of 300 kB": once(line + b"X: " + b"a" * 300 * KIB + b"\r\n" + whole[len(line):]),
        "body without end": forever(head + b"\r\n" + body, blanks),
        "chunks without end": forever(chunked + one_chunk, b"10000\r\n" + blanks + b"\r\n"),
        "a chunk without end": forever(chunked + b"7fffffffffffffff\r\n" + body, blanks),
        "a chunk beyond all numbers": forever(chunked + b"f" * 40 + b"\r\n" + body, blanks),
        "chunks of a byte": forever(chunked + one_chunk, b"1\r\n \r\n" * 10000),
        "a chunk's words without end": forever(chunked + b"1;", blanks),
        "trailers without end": forever(chunked + one_chunk + b"0\r\n", lines),
        "a megabyte and a byte": once(http(body + b" " * (MEGABYTE + 1 - len(body)))),
        "the same in chunks": once(chunked + one_chunk + b"100000\r\n" + b" " * MEGABYTE
                                   + b"\r\n0\r\n\r\n"),
        "a length beyond all": once(head + b"Content-Length: 4611686018427387904\r\n\r\n" + body),
        "a length beyond all numbers": once(head + b"Content-Length: 9" + b"9" * 40
                                            + b"\r\n\r\n" + body),
        "a length below nothing": once(head + b"Content-Length: -1\r\n\r\n" + body),
        "more than the length": forever(http(body, headers=["Content-Length: 9000000"],
                                             length=False), blanks),
        "interim answers without end": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
        "early hints without end": forever(
            b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000),
        "slow body": slowly(whole), "slow, from the middle": lambda peer: (
            peer.send(whole[:-30]), slowly(whole[-30:])(peer)),
        "slow interim answers": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.3),
        "silence": once(b""), "silence after the headers": once(whole[:-len(body)]),
        "packed": once(http(packed, headers=["Content-Encoding: gzip"])),
        "packed otherwise": once(http(zlib.compress(body), headers=["Content-Encoding: deflate"])),
        "a bomb": once(http(swollen, headers=["Content-Encoding: gzip"])),
        "a bomb on the way": once(
            head + b"Transfer-Encoding: gzip, chunked\r\n\r\n"
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(swollen), swollen)),
        "no headers": lambda peer: (peer.send(body), peer.close()),
        "text before": once(b"hello\r\n" + whole),
        "braces": once(http(b'{"x":[' + b"{}," * 340000 + b"{}]}")),
        "brackets": once(http(b'{"x":[' + b"[]," * 340000 + b"[]]}")),
        "brackets, not closed": once(http(b"[" * (MEGABYTE - 1))),
        "numbers": once(http(b'{"x":[' + b"0," * 500000 + b"0]}")),
        "keys": once(http(raw({f"{i:x}": 0 for i in range(100000)}))),
    }


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    context = server_context(authority.leaf())
    mint = Mint(world)
    told = floods(mint)
    heavy = ("braces", "brackets", "brackets, not closed", "numbers", "keys")

    own = {"timeout": str(TIMEOUT), "connect_timeout": str(TIMEOUT)}

    def job(label, serve, of="InitiateAuth", conf=own):
        def do():
            endpoint = Endpoint(context, mint.answer())

            def hold(peer):
                while (request := peer.request()) and request.operation != of:
                    peer.send(endpoint.answer(request))
                if request:
                    serve(peer)
            endpoint.serve = hold
            visit = sign_in(world, service_name(label), endpoint, conf=conf)
            endpoint.close()
            return visit
        return do
    body = raw(mint.success())
    controls = {"control": http(body),
                "control: almost a megabyte": http(body + b" " * (MEGABYTE - len(body))),
                "control: chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   + b"".join(b"1\r\n%c\r\n" % byte for byte in body)
                                   + b"0\r\n\r\n",
                "control: interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + http(body)}
    by_default = {"connect_timeout": None}
    # Ahead of the floods, which may well take a machine's last second from others, and
    # with all the time there is.
    found, before = weighed({label: job(label, once(answer), conf=by_default)
                             for label, answer in controls.items()})
    for label in controls:
        tap.ok(getattr(found[label], "entered", False), f"{label}: alice is in", found[label])
    light = {label: job(label, serve) for label, serve in told.items() if label not in heavy}
    for label in ("headers without end", "body without end", "slow body", "a bomb"):
        light["keys, " + label] = job("keys " + label, told[label], "jwks")
    waiting = ("silence", "slow body", "chunks of a byte", "early hints without end")
    for label in waiting:
        light["by default, " + label] = job("default " + label, told[label], conf=by_default)
    found, size = weighed(light)
    for label in waiting:
        visit = found.pop("by default, " + label)
        light.pop("by default, " + label)
        refused(tap, "by default, " + label, visit, DEFAULT + SECONDS - TIMEOUT)
    for label in light:
        refused(tap, label, found[label])
    tap.equal(getattr(found["trailers without end"], "reason", None), "transport",
              "trailers without end: not taken to the deadline")
    sizes = before, size
    tap.ok(0 < min(sizes) and max(sizes) <= MEMORY, f"no helper grew beyond {MEMORY} kB", sizes)
    # What json-c makes of a megabyte is larger, and bounded by the process's limit.
    found, size = weighed({label: job(label, told[label]) for label in heavy})
    for label in heavy:
        refused(tap, label, found[label])
    tap.ok(0 < size <= LIMIT, f"nor, with much in an answer, beyond {LIMIT} kB", size)


def weighed(jobs):
    scale = Scale()
    found = all_at_once(jobs, 24)
    return found, scale.stop()


def refused(tap, label, visit, limit=SECONDS):
    good = not isinstance(visit, Exception) and not visit.entered
    tap.ok(good and " refused: " in visit.line, f"{label}: nobody is in", visit)
    tap.ok(good and visit.seconds < limit, f"{label}: and that soon", visit)
