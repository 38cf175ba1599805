# S7: the module keeps one deadline of its own, whatever holds the helper up:
# a name server or an endpoint that is silent or sends a byte now and then, or
# being stopped. And the helper ends when its host is gone. (Of one that does not
# want to end see s07_a_warden_outlives_the_worker.py.)
# SPDX-License-Identifier: MIT
import concurrent.futures
import os
import signal
import socket
import threading
import time

from attack import liar
from attack.launcher import helpers, wait_until
from hosts import PASSWORD, Su
from people import ALICE
from person import Person
from suites.outage import AUTHINFO_UNAVAIL, login
from world import CONF, SERVICE_HOST, write

BREAKAGES = [
    ("the module waits for as long as it takes",
     ("wait_readable (clock_ms)", "left = INT_MAX", "#include <limits.h>")),
    ("every message moves the deadline",
     ("serve (connection_next)", "renew_deadline(relay); ...")),
    ("so does every question, nobody being asked",
     ("answer_ask (person_is_asked)", "... || kind == TALK_PERMIT")),
    ("the helper has neither a warden nor an alarm nor a deadline",
     ("main (is_root)", "false"), ("confine (warden_bind)", "false"),
     ("wire_talk_begin_work (alarm)", "(void) alarm(0)"),
     ("wire_talk_begin_work (http_deadline)",
      "http_deadline(wire_talk->http, http_now() + 200000)")),
]
TIMEOUT = 2
DEFAULT = 20    # where timeout is not set
MARGIN = 2      # seconds for a busy machine
GONE = 6        # the helper's own alarm is 2 s behind the deadline
HUNG = 15
LIAR = "/usr/lib/liar"
LIES = ["hang", "hang-after-reply", "stop", "stop-after-reply", "result-kept-open", "drip-log",
        "drip-permit"]
SILENT, TRICKLE = 8443, 8444
# service: where its endpoint is
PLACES = {"silent": f"{SERVICE_HOST}:{SILENT}", "trickle": f"{SERVICE_HOST}:{TRICKLE}",
          "nowhere": "silent.example", "drip": SERVICE_HOST, "keys": SERVICE_HOST}


def run(world, tap):
    keep = traps(world)
    good(world, tap)
    world.pool.fault("drip", {"operation": "InitiateAuth", "username": ALICE.name}, count=0,
                     ms=500, bytes=1, head=True)
    world.pool.fault("hang", {"operation": "jwks"}, count=0, seconds=60)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = {lie: pool.submit(login, service="lie", user=lie, answer=liar.PASSWORD)
                for lie in LIES}
        jobs.update({place: pool.submit(login, service=place) for place in PLACES})
        hosts = {lie: pool.submit(through_su, world, lie) for lie in LIES[2:4]}
        for title, job in jobs.items():
            in_time(world, tap, title, job)
        for lie, job in hosts.items():
            visit, took = finished(tap, f"su, {lie}", job) or (None, None)
            tap.ok(visit and visit.who is None and visit.status == 1
                   and took < TIMEOUT + 3 + MARGIN, f"su, {lie}: refused in time", visit, took)
        none_left(tap, "after all that")
    by_default(world, tap)
    for place in ("silent", "nowhere", "keys"):
        host_killed(world, tap, place)
    del keep


def traps(world):
    """What is silent, and what is slow."""
    liar.install(liar.build(world), LIAR)
    liar.add_people(LIES)
    liar.example(world, "sudo", "lie", "helper=" + LIAR)
    liar.example(world, "su", "su", "helper=" + LIAR)
    for place in PLACES:
        world.example("sudo", place)
    configure(world, timeout=TIMEOUT)
    write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
    write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:15 attempts:2\n")
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    silent = listen(SILENT)
    trickle = listen(TRICKLE)
    threading.Thread(target=serve_trickle, args=(trickle,), daemon=True).start()
    return names, silent, trickle


def configure(world, **settings):
    world.configure(**settings)
    with open(CONF, "a", encoding="utf-8") as file:
        for place, where in PLACES.items():
            file.write(f"[{place}]\nendpoint = https://{where}\n")


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(16)
    return listener


def serve_trickle(listener):
    """The beginning of a long TLS record, one byte per half second."""
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=send_slowly, args=(peer,), daemon=True).start()


def send_slowly(peer):
    try:
        for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(60):
            peer.send(bytes([byte]))
            time.sleep(0.5)
    except OSError:
        pass


def good(world, tap):
    """The same services let in while nothing is slow."""
    for service in ("drip", "keys"):
        tap.equal(login(service=service).code, 0, f"{service}: alice is in before")
    world.forget()


def by_default(world, tap):
    """The same deadline without timeout=; nothing is given up before it."""
    configure(world)
    world.forget()
    world.pool.fault("drip", {"operation": "InitiateAuth", "username": ALICE.name}, count=0,
                     ms=500, bytes=1, head=True)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = {"stop-after-reply": pool.submit(login, service="lie", user="stop-after-reply",
                                                answer=liar.PASSWORD),
                "drip": pool.submit(login, service="drip")}
        for title, job in jobs.items():
            one = in_time(world, tap, title, job, DEFAULT)
            tap.ok(one and one.after_enter > DEFAULT - MARGIN, f"{title}: and not before",
                   one and one.after_enter)
    none_left(tap, "with the settings as they are by default")
    configure(world, timeout=TIMEOUT)


def finished(tap, title, job, limit=TIMEOUT):
    try:
        return job.result(HUNG + limit)
    except concurrent.futures.TimeoutError:
        tap.ok(False, f"{title}: comes to an end within {HUNG + limit} s")
        for pid in helpers():
            os.kill(pid, signal.SIGKILL)
        return None


def in_time(world, tap, title, job, limit=TIMEOUT):
    one = finished(tap, title, job, limit)
    if not one:
        return None
    tap.equal(one.code, AUTHINFO_UNAVAIL, f"{title}: refused as unavailable")
    tap.ok(one.after_enter < limit + MARGIN, f"{title}: within {limit} s", one.after_enter)
    user = title if title in LIES else ALICE.name
    service = "lie" if title in LIES else title
    reasons = "timeout" if title in LIES else "(timeout|connect|dns|keys_unavailable)"
    tap.ok(world.log.wait(f"{user}: refused: {reasons} service={service}"),
           f"{title}: and the log says so", *world.log.ours())
    return one


def through_su(world, lie):
    started = time.monotonic()
    visit = Su(world).attempt(lie, liar.PASSWORD)
    return visit, time.monotonic() - started


def none_left(tap, title):
    wait_until(lambda: not helpers(), GONE)
    left = helpers()
    tap.equal(left, set(), f"{title}: no helper is left")
    for pid in left:
        os.kill(pid, signal.SIGKILL)


def host_killed(world, tap, place):
    world.forget()
    world.pool.clear_rules()
    world.pool.fault("hang", {"operation": "InitiateAuth"}, count=0, seconds=60)
    person = Person("pamtester", place, ALICE.name, "authenticate")
    person.wait_for(PASSWORD)
    tap.equal(len(helpers()), 1, f"{place}: a helper waits")
    person.type(ALICE.password)
    end = time.monotonic() + (15 if place == "keys" else 1)
    while not world.sign_ins() and time.monotonic() < end:
        time.sleep(0.05)  # until it is at work, as far as that can be seen
    person.give_up()
    none_left(tap, f"{place}, host killed")
