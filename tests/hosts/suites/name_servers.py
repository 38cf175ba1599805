# Name servers that are silent or slow, and addresses that are dead: with the
# settings as they are by default the pool is reached within 12 s of Enter, and
# at once when the person typed for 7 s. glibc turns to the second name server,
# and asks the only one again, after 5 s. And a pool that answers late, for its
# trigger takes 11 s: the service tries one three times, for 5 s each.
# SPDX-License-Identifier: MIT
import os
import socket
import threading
import time

import localpool
from suites.outage import SUCCESS, Login, forget
from suites.resolvers import NSSWITCH, Dns
from world import SERVICE_HOST, write

GOOD, BAD = "127.0.0.1", "127.0.0.3"
# Of the same network, so that glibc leaves them in the order of the answer.
POOL, DEAD = "127.0.0.128", "127.0.0.129"
PASSWORD = "Correct-Horse-9"
SLOW = 1.6


def run(world, tap):
    world.stop_pool()
    world.pool = localpool.start(state=os.path.join(world.folder, "other-pool"),
                                 keys=os.path.join(world.stage.folder, "keys"),
                                 listen=f"{POOL}:443", names=[SERVICE_HOST], variants=False)
    world.pool_is_up = True
    world.service("outage", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    write("/etc/nsswitch.conf", NSSWITCH.format("dns"))
    write("/etc/hosts", "127.0.0.1 localhost\n")
    good, silent = Dns(), Silent()
    good.addresses = [POOL]
    write("/etc/resolv.conf", f"nameserver {BAD}\nnameserver {GOOD}\n")
    at_once(world, tap, "first name server silent", lambda: silent.asked)
    good.delay = SLOW
    write("/etc/resolv.conf", f"nameserver {GOOD}\n")
    at_once(world, tap, f"{SLOW} s an answer", lambda: good.udp)
    good.delay = 0
    drops_first_round(world, tap, good)
    slow_trigger(world, tap)
    for name, dead in (("first", DEAD), ("last", DEAD)):
        full = Full(dead)
        good.addresses = [dead, POOL] if name == "first" else [POOL, dead]
        at_once(world, tap, f"two addresses, the {name} is dead", lambda: good.udp)
        tap.ok(full.is_dead(), f"two addresses, the {name} is dead: it is")
        full.close()
    write("/etc/resolv.conf", f"nameserver {BAD}\n")
    seconds, code, logs = sign_in(world, 0)
    tap.ok(code != SUCCESS and seconds < 21, f"no name server at all: refused by {seconds:.1f} s")
    tap.ok(world.log.wait(" refused: dns "), "as what it is", *logs)


def drops_first_round(world, tap, server):
    for typing, limit in ((0, 12), (7, 2)):
        server.deaf_until = server.udp + 2  # both kinds of address
        seconds, code, logs = sign_in(world, typing)
        title = f"first question lost, {typing} s at the prompt"
        tap.equal(code, SUCCESS, f"{title}: alice is in", *logs)
        tap.ok(seconds < limit, f"{title}: {seconds:.1f} s of {limit}")
        tap.ok(server.udp > server.deaf_until, f"{title}: it was asked again")
    server.deaf_until = 0


def slow_trigger(world, tap):
    world.forget()
    world.pool.fault("delay", {"operation": "InitiateAuth"}, count=0, ms=11000)
    seconds, code, logs = sign_in(world, 0, forgetting=False)
    tap.equal(code, SUCCESS, "a trigger of 11 s: alice is in", *logs)
    tap.ok(11 < seconds < 20, f"a trigger of 11 s: after {seconds:.1f} s")
    tap.equal(world.sign_ins(), 1, "a trigger of 11 s: one try")


def at_once(world, tap, title, asked):
    for typing, limit in ((0, 12), (2, 12), (7, 2)):
        seconds, code, logs = sign_in(world, typing)
        tap.equal(code, SUCCESS, f"{title}, {typing} s at the prompt: alice is in", *logs)
        tap.ok(seconds < limit, f"{title}, {typing} s at the prompt: {seconds:.1f} s of {limit}")
        tap.equal(world.sign_ins(), 1, f"{title}: one try")
    tap.ok(asked(), f"{title}: it was asked")


def sign_in(world, typing, forgetting=True):
    forget()
    if forgetting:
        world.forget()
    entered = []

    def at_the_prompt():
        time.sleep(typing)
        entered.append(time.monotonic())
        return PASSWORD

    done = Login(answer=at_the_prompt).authenticate().end()
    return time.monotonic() - entered[0], done.code, world.log.all()


class Silent:
    """A name server that takes questions and says nothing."""

    def __init__(self):
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((BAD, 53))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.socket.recvfrom(4096)
            self.asked += 1


class Full:
    """An address that does not answer: nobody takes what waits there."""

    def __init__(self, address):
        self.address = (address, 443)
        self.sockets = [socket.socket()]
        self.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets[0].bind(self.address)
        self.sockets[0].listen(0)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(self.address)
            self.sockets.append(waiting)

    def is_dead(self):
        try:
            socket.create_connection(self.address, timeout=1).close()
        except TimeoutError:
            return True
        return False

    def close(self):
        for each in self.sockets:
            each.close()
