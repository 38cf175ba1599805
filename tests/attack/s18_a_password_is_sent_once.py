# S18: one answer of the person is processed once: whatever becomes of the
# connection, and whatever the endpoint answers, the password is not sent again,
# and half an answer is none. The exceptions are what the service itself says it
# did not process, three times at most, and a session that was lost after a
# correct password: that starts once more, and only once.
# SPDX-License-Identifier: MIT
import threading
import time

from attack.endpoint import (Authority, Endpoint, Mint, all_at_once, http, raw, server_context,
                             service_name, sign_in)
from people import ALICE
from world import SERVICE_HOST, write

SEEK = """static int
on_seek(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;

    (void) origin;
    transfer->uploaded = (size_t) offset;
    return CURL_SEEKFUNC_OK;
}
"""
BREAKAGES = [
    ("curl may send a request again",
     ("on_request (upload)", "... && remote == local"), ("begin_connecting (upload)", "false"),
     ("set_callbacks (CURLOPT_READDATA)",
      "... && curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK && "
      "curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer) == CURLE_OK",
      SEEK)),
    ("what failed is tried again",
     ("wait_for_turn (unprocessed)", "answer->status == STATUS_OK")),
    ("a 429 that is a proxy's is sent again", ("is_unprocessed", "return http == 429;")),
    ("what counts tries is sent again",
     ("is_unprocessed",
      'return http < 500 && strstr(first_text(body, "__type", NULL, NULL), "Limit") != NULL;')),
    ("what is throttled is sent again and again", ("@repeats", "false")),
    ("half an answer is one",
     ("fault_status (CURLE_OK)", "case CURLE_PARTIAL_FILE: case CURLE_RECV_ERROR: ...")),
    ("a connection that was closed meanwhile is used", ("leave_dead", "return false;")),
    ("a lost session starts again and again", ("flow_restart true", "false")),
]
SENT = '"PASSWORD"'


class Story:
    """An endpoint that answers the warm-up, and a person who waits for that."""

    def __init__(self, context, mint, after_warm_up=None, on_post=None, answers=None):
        self.mint = mint
        self.after_warm_up, self.on_post = after_warm_up, on_post
        self.warm = threading.Event()
        self.endpoint = Endpoint(context, mint.answer(**(answers or {})), self.serve)

    def serve(self, peer):
        """
        The first request to sign in has the story's end, on the connection made ahead,
        unless the helper was too late for it; whatever comes later is answered rightly.
        """
        while True:
            head = peer.head()
            if head is None:
                return
            if head.startswith(b"GET"):
                peer.send(http(self.mint.jwks()))
                if peer.number == 1:
                    if self.after_warm_up:
                        self.after_warm_up(peer)
                    self.warm.set()
            elif self.on_post:
                on_post, self.on_post = self.on_post, None
                on_post(peer, self.length_of(head))
            else:
                self.answer(peer, head)

    @staticmethod
    def length_of(head):
        return int(head.lower().partition(b"content-length: ")[2].split()[0])

    def answer(self, peer, head):
        peer.rest = head + b"\r\n\r\n" + peer.rest
        peer.send(self.endpoint.answer(peer.request()))

    def wait(self):
        """And until what was closed here is known to be closed over there."""
        end = time.monotonic() + 20
        self.warm.wait(20)
        while self.after_warm_up and self.is_connected() and time.monotonic() < end:
            time.sleep(0.01)

    def is_connected(self):
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file]
        return any(row[2].endswith(f":{self.endpoint.port:04X}") and row[3] == "01"
                   for row in rows)


def read_body(peer, length):
    while len(peer.rest) < length:
        if not peer.read():
            break


def stories(context, mint):
    """label: a story in which nobody may get in."""
    whole = http(raw(mint.success()) + b"\n")
    half = len(whole) // 2
    head_end = whole.index(b"\r\n\r\n") + 4
    told = {}

    def story(label, on_post):
        told[label] = Story(context, mint, on_post=on_post)

    for how, rudely in (("closed", False), ("reset", True)):
        story(f"{how} after the request's head",
              lambda peer, length, rudely=rudely: peer.close(rudely))
        story(f"{how} after its body",
              lambda peer, length, rudely=rudely: (read_body(peer, length), peer.close(rudely)))
        for name, part in (("status line", whole[:17]), ("headers", whole[:head_end]),
                           ("half of the answer", whole[:half]),
                           ("all but the last line end", whole[:-1])):
            story(f"{how} after {name}",
                  lambda peer, length, rudely=rudely, part=part: (
                      read_body(peer, length), peer.send(part), peer.close(rudely)))
    story("answered before the body was read, then reset",
          lambda peer, length: (peer.send(http({}, "413 Too Large")), peer.close(True)))
    story("silence", lambda peer, length: peer.sock.recv(1))
    for status, *more in (("408 Request Timeout", "Connection: close"), ("417 Expectation Failed",),
                          ("425 Too Early", "Retry-After: 0"), ("429 Too Many", "Retry-After: 0"),
                          ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
                          ("401 Unauthorized", "WWW-Authenticate: Negotiate"),
                          ("407 Proxy", 'Proxy-Authenticate: Basic realm="x"'),
                          ("421 Misdirected",), ("500 Error",), ("502 Bad Gateway",),
                          ("503 Busy", "Retry-After: 0"), ("504 Late", "Retry-After: 0"),
                          ("101 Switching", "Connection: Upgrade", "Upgrade: h2c")):
        story(" ".join([status, *more[:1]]),
              lambda peer, length, status=status, more=more: (
                  read_body(peer, length), peer.send(http({}, status, more)), peer.close()))
    for status, code in (("400 Bad Request", "LimitExceededException"),
                         ("429 Too Many Requests", "LimitExceededException"),
                         ("400 Bad Request", "ThrottlingException"),
                         ("500 Error", "TooManyRequestsException")):
        story(f"{status} {code}",
              lambda peer, length, status=status, code=code: (
                  read_body(peer, length),
                  peer.send(http({"__type": code, "message": "Attempt limit exceeded"}, status)),
                  peer.close()))
    return told


class Throttled:
    """The first count requests are not processed; those that are get an answer."""

    def __init__(self, count, answer, status="400 Bad Request"):
        self.count, self.answer = count, answer
        self.refusal = http({"__type": "TooManyRequestsException", "message": "Rate exceeded"},
                            status)
        self.seen, self.processed = [], 0

    def __call__(self, request):
        self.seen.append(request.body)
        if len(self.seen) <= self.count:
            return self.refusal
        self.processed += 1
        return self.answer


def throttled(context, mint):
    """label: a story, what counts in it, the answers of the person."""
    right = http(mint.success())
    code = http({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 40,
                 "ChallengeParameters": {}})
    told = {}

    def story(label, counter, operation, *answers, **others):
        told[label] = (Story(context, mint, answers={operation: counter, **others}), counter,
                       answers)
    # Waits are drawn by lot: whether a fourth would fit, too, is tried six times.
    for count, often in ((1, 1), (2, 1), (3, 1), (4, 6)):
        for nth in range(often):
            story(f"throttled, {count}" + f", try {nth + 1}" * (often > 1),
                  Throttled(count, right), "InitiateAuth")
    story("throttled, as HTTP 429", Throttled(1, right, "429 Too Many Requests"), "InitiateAuth")
    story("throttled, a code", Throttled(1, right), "RespondToAuthChallenge", ALICE.password,
          "123456", InitiateAuth=code)
    return told


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    context = server_context(authority.leaf())
    mint = Mint(world)

    def job(label, story, *answers, timeout="6"):
        def do():
            visit = sign_in(world, service_name(label), story.endpoint, *answers,
                            ready=story.wait, conf={"timeout": timeout})
            story.endpoint.close()
            return visit
        return do

    def goodbye(peer):
        """TLS's own, and then the connection's."""
        peer.sock.setblocking(False)
        try:
            peer.sock.unwrap()
        except OSError:
            pass
        peer.close()
    bad = stories(context, mint)
    good = {"control": Story(context, mint),
            "closed before the password": Story(context, mint, lambda peer: peer.close()),
            "reset before the password": Story(context, mint, lambda peer: peer.close(True)),
            "good-bye before the password": Story(context, mint, goodbye)}
    lost = http({"__type": "NotAuthorizedException",
                 "message": "Invalid session for the user, session is expired."},
                "400 Bad Request")
    code = http({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 40,
                 "ChallengeParameters": {}})
    again = Story(context, mint, answers={"InitiateAuth": code, "RespondToAuthChallenge": lost})
    jobs = {label: job(label, story) for label, story in bad.items()}
    jobs.update({label: job(label, story, timeout="20") for label, story in good.items()})
    jobs["session lost again and again"] = job("lost", again, ALICE.password, "123456", "234567",
                                               "345678", "456789", "567890")
    unprocessed = throttled(context, mint)
    jobs.update({label: job(label, story, *answers, timeout="20")
                 for label, (story, _, answers) in unprocessed.items()})
    found = all_at_once(jobs)
    for label, (story, counter, _) in unprocessed.items():
        visit = found[label]
        entered = counter.count < 4
        tap.equal(getattr(visit, "entered", visit), entered, f"{label}: in, or not", visit)
        tap.equal((len(counter.seen), len(set(counter.seen)), counter.processed),
                  (min(counter.count, 3) + 1, 1, int(entered)),
                  f"{label}: the same again, three times at most; processed once", visit)
        tap.equal(story.endpoint.heard(SENT), 1 if "code" in label else len(counter.seen),
                  f"{label}: and nothing besides")
    for label, story in good.items():
        tap.ok(getattr(found[label], "entered", False), f"{label}: alice is in", found[label])
        tap.equal(story.endpoint.heard(SENT), 1, f"{label}: sent once")
    for label, story in bad.items():
        visit = found[label]
        tap.ok(not isinstance(visit, Exception) and not visit.entered
               and " refused: " in visit.line, f"{label}: nobody is in", visit)
        tap.ok(story.endpoint.heard("POST / ") == 1 and story.endpoint.heard(SENT) <= 1,
               f"{label}: one request, and the password in it once at most",
               story.endpoint.heard("POST / "), story.endpoint.heard(SENT))
    visit = found["session lost again and again"]
    tap.ok(not visit.entered and visit.reason == "session_lost",
           "session lost again and again: nobody is in", visit)
    tap.equal(again.endpoint.heard(SENT), 2, "session lost again and again: started once more")
    two_addresses(world, tap, context, mint)


def two_addresses(world, tap, context, mint):
    """Nobody listens at one of them: the other is asked, with the one password."""
    write("/etc/host.conf", "multi on\n")
    write("/etc/hosts", f"127.0.0.1 localhost testhost\n127.0.0.5 {SERVICE_HOST}\n"
          f"127.0.0.6 {SERVICE_HOST}\n")
    jobs = {}
    endpoints = {}
    for host in ("127.0.0.5", "127.0.0.6"):
        endpoints[host] = Endpoint(context, mint.answer(), host=host)
        jobs[host] = lambda host=host: sign_in(world, service_name("only " + host),
                                               endpoints[host])
    found = all_at_once(jobs)
    for host, endpoint in endpoints.items():
        tap.ok(getattr(found[host], "entered", False), f"only {host} listens: alice is in",
               found[host])
        tap.equal(endpoint.heard(SENT), 1, f"only {host} listens: sent once")
