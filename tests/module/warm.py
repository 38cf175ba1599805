# What is done while a person types and what is not: connections, the pool's
# keys, helpers; and where nobody types, that nothing waits for the keys.
# SPDX-License-Identifier: MIT
import os
import select
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import HELPER, SET_ITEM, PoolCase  # noqa: E402

RIGHT = "Correct-Horse-9"
GRACE = "Grace-Hopper-6"
STACKED = harness.line("auth", ["authtok=" + RIGHT], SET_ITEM)


CLOSE_WAIT = 8  # a state of TCP, as the kernel numbers them


def remote_ports():
    """[(port, state)] of the other ends of all connections."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in list(file)[1:]]
    return [(int(row[2].partition(":")[2], 16), int(row[3], 16)) for row in rows]


class Road:
    """A way to the pool on which every connection takes a while to get through."""
    SECONDS = 0.2

    def __init__(self, pool):
        self.pool = pool
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.endpoint = pool.endpoint.replace(f":{pool.port}", f":{port}")
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        time.sleep(self.SECONDS)
        with near, socket.create_connection(("127.0.0.1", self.pool.port)) as far:
            other = {near: far, far: near}
            try:
                while True:
                    for end in select.select([near, far], [], [])[0]:
                        data = end.recv(65536)
                        if not data:
                            return
                        other[end].sendall(data)
            except OSError:
                pass

    def close(self):
        # Wakes the thread that waits in accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Case(PoolCase):
    def start(self, *extra, user="alice", before="", operations=("authenticate",), **settings):
        """A host that stands at its first prompt."""
        config = harness.write_config(self.settings(**settings))
        confdir = harness.write_service([f"config={config}", f"helper={HELPER}", *extra],
                                        before=before)
        host = harness.Host(operations, confdir, user)
        self.addCleanup(host.abandon)
        host.until("prompt")
        return host

    def answered(self, operation, count=1):
        harness.wait_until(lambda: len([r for r in self.requests(operation)
                                        if r["status"]]) >= count)

    def until_hung_up(self):
        """The other end has closed a connection that the helper still holds."""
        port = urllib.parse.urlsplit(self.settings()["endpoint"]).port
        harness.wait_until(lambda: (port, CLOSE_WAIT) in remote_ports())

    def connections(self):
        return self.pool.counts()["connections"]

    def order(self):
        """The operations in the order in which they came, without the tidying."""
        return [r["operation"] for r in self.pool.requests() if r["operation"] != "RevokeToken"]

    def on(self, operation):
        return [r["connection"] for r in self.requests(operation)]


@harness.cases
class Typing(Case):
    # settings, and the requests of one sign-in
    flow_rows = {
        "user_password": ({}, ["jwks", "InitiateAuth"]),
        "user_srp": ({"auth_flow": "user_srp"},
                     ["jwks", "InitiateAuth", "RespondToAuthChallenge"]),
    }

    def check_flow(self, settings, order):
        host = self.start(**settings)
        self.answered("jwks")
        self.assertEqual((self.connections(), self.order()), (1, ["jwks"]))
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.order(), order)
        self.assertEqual((self.connections(), self.pool.counts()["handshakes"]), (1, 1))

    def test_nothing_is_sent_for_a_prompt_but_the_keys(self):
        host = self.start()
        self.answered("jwks")
        request, = self.pool.requests()
        self.assertEqual((request["method"], request["body"], request["username"]),
                         ("GET", "", ""))
        host.say("!error")
        self.check(host.finish(), "PAM_CONV_ERR", "cancelled", 0)
        self.assertEqual(self.order(), ["jwks"])

    def test_two_factors_on_one_connection(self):
        host = self.start(user="grace")
        self.answered("jwks")
        host.say(GRACE)
        host.until("prompt")
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.order(), ["jwks", "InitiateAuth", "RespondToAuthChallenge"])
        self.assertEqual(self.connections(), 1)

    def test_slow_keys_are_waited_for_on_their_connection(self):
        """Less than a second handshake would take, as far as anybody knows."""
        self.pool.fault("delay", {"operation": "jwks"}, ms=600)
        host = self.start()
        harness.wait_until(lambda: self.requests("jwks"))
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual((self.order(), self.connections()), (["jwks", "InitiateAuth"], 1))

    def test_keys_that_failed_are_asked_for_again(self):
        self.pool.fault("empty_503", {"operation": "jwks"})
        host = self.start()
        self.answered("jwks")
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(self.order(), ["jwks", "InitiateAuth", "jwks"])

    def test_pinned_keys_need_no_get(self):
        jwks = harness.write(harness.fresh("jwks.json"), self.keys())
        self.pool.clear()
        host = self.start(jwks_file=jwks)
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual((self.order(), self.connections()), (["InitiateAuth"], 1))

    def test_pinned_keys_without_a_prompt(self):
        jwks = harness.write(harness.fresh("jwks.json"), self.keys())
        self.pool.clear()
        host = self.sign_in(answers=[], before=STACKED, settings={"jwks_file": jwks})
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertEqual((self.order(), self.connections()), (["InitiateAuth"], 1))

    def keys(self):
        pool_id = self.settings()["user_pool_id"]
        context = ssl.create_default_context(cafile=self.pool.ca_file)
        with urllib.request.urlopen(f"{self.pool.address}/{pool_id}/.well-known/jwks.json",
                                    context=context) as answer:
            return answer.read()


@harness.cases
class NoPrompt(Case):
    """The password is there already: the keys are fetched beside the sign-in."""

    def setUp(self):
        super().setUp()
        self.road = Road(self.pool)
        self.addCleanup(self.road.close)

    def settings(self, *client, **changes):
        return super().settings(*client, **{"endpoint": self.road.endpoint, **changes})

    beside_rows = {
        "stacked": (STACKED, [], []),
        "use_first_pass": (STACKED, ["use_first_pass"], []),
        "without_warm_up": ("", ["warm_up=no"], [RIGHT]),
    }

    def check_beside(self, before, extra, answers):
        """The answer with the keys comes long after the sign-in was sent, and before its end."""
        self.pool.fault("delay", {"operation": "jwks"}, ms=1000)
        host = self.sign_in(before=before, extra=extra, answers=answers)
        self.check(host, "PAM_SUCCESS", "ok", 1)
        keys, = self.requests("jwks")
        start, = self.requests()
        self.assertNotEqual(keys["connection"], start["connection"])
        self.assertLess(start["time"] - keys["time"], 0.8)
        self.assertEqual((len(self.pool.requests("jwks")), self.tries()), (1, 1))
        self.assertEqual({keys["connection"], start["connection"]},
                         set(r["connection"] for r in self.pool.requests()))

    def test_keys_do_not_wait_for_the_sign_in(self):
        self.pool.fault("delay", {"operation": "InitiateAuth"}, ms=1000)
        # However slow this machine is: the keys are still awaited when the sign-in is sent.
        self.pool.fault("delay", {"operation": "jwks"}, ms=300)
        host = self.sign_in(before=STACKED, answers=[])
        self.check(host, "PAM_SUCCESS", "ok", 1)
        keys, = self.requests("jwks")
        start, = self.requests()
        self.assertLess(keys["time"] - start["time"], 0.8)
        self.assertEqual(len(set(self.on("jwks") + self.on("InitiateAuth"))), 2)

    def test_both_at_once_take_as_long_as_one(self):
        for operation in ("jwks", "InitiateAuth"):
            self.pool.fault("delay", {"operation": operation}, ms=1000)
        started = time.monotonic()
        host = self.sign_in(before=STACKED, answers=[])
        self.check(host, "PAM_SUCCESS", "ok", 1)
        self.assertLess(host.times[-1] - started, 2.0)

    def test_wrong_password_does_not_wait_for_the_keys(self):
        self.pool.fault("delay", {"operation": "jwks"}, ms=3000)
        host = self.sign_in(before=harness.line("auth", ["authtok=wrong"], SET_ITEM), answers=[])
        self.check(host, "PAM_AUTH_ERR", "wrong_password", 1)
        self.assertLess(host.times[-1] - host.started, 1.9)

    # which of the two connections dies before the code is typed, and how
    dead_rows = {
        "of_the_keys": ("jwks", "InitiateAuth", False),
        "of_the_keys_with_a_goodbye": ("jwks", "InitiateAuth", True),
        "of_the_sign_in": ("InitiateAuth", "jwks", False),
        "of_the_sign_in_with_a_goodbye": ("InitiateAuth", "jwks", True),
    }

    def check_dead(self, dies, last, goodbye):
        """Whichever dies while a person looks for a code: the code is sent, and once."""
        self.pool.fault("then_close", {"operation": dies}, goodbye=goodbye)
        self.pool.fault("delay", {"operation": last}, ms=500)
        before = harness.line("auth", ["authtok=" + GRACE], SET_ITEM)
        host = self.start(user="grace", before=before)
        self.answered("jwks")
        self.answered("InitiateAuth")
        self.until_hung_up()
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(len(self.requests("RespondToAuthChallenge")), 1)
        self.assertEqual(len(set(self.on("jwks") + self.on("InitiateAuth"))), 2)


@harness.cases
class Idle(Case):
    """A connection that the pool has closed is noticed and replaced, and nothing sent twice."""
    keys_rows = second_factor_rows = {"silently": (False,), "with_a_goodbye": (True,)}

    def check_keys(self, goodbye):
        """Two requests follow: neither meets the dead connection."""
        self.pool.fault("then_close", {"operation": "jwks"}, goodbye=goodbye)
        host = self.start(auth_flow="user_srp")
        self.until_hung_up()
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(len(self.requests("RespondToAuthChallenge")), 1)
        self.assertEqual(self.connections(), 2)

    def check_second_factor(self, goodbye):
        self.pool.fault("then_close", {"operation": "InitiateAuth"}, goodbye=goodbye)
        host = self.start(user="grace")
        self.answered("jwks")
        host.say(GRACE)
        host.until("prompt")
        self.until_hung_up()
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(len(self.requests("RespondToAuthChallenge")), 1)
        self.assertEqual(self.connections(), 2)

    def test_closed_under_the_second_factor(self):
        """Then the code may have been used: it is not sent again."""
        self.pool.fault("close", {"operation": "RespondToAuthChallenge"})
        host = self.start(user="grace")
        self.answered("jwks")
        host.say(GRACE)
        host.until("prompt")
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_AUTHINFO_UNAVAIL", "transport", 1)
        self.assertEqual(len(self.requests("RespondToAuthChallenge")), 1)


class Helpers(Case):
    def test_one_per_handle(self):
        host = self.start(user="grace")
        self.answered("jwks")
        self.assertEqual(len(harness.helpers()), 1)
        host.say(GRACE)
        host.until("prompt")
        self.assertEqual(len(harness.helpers()), 1)
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_SUCCESS", "ok")
        self.assertEqual(host.helpers, [0])

    def test_one_at_a_time_in_a_handle(self):
        """The first has gone, or is tidying up, when the second starts."""
        host = self.start(operations=("authenticate", "authenticate"))
        host.say("wrong")
        host.until("return")
        host.until("prompt")
        harness.wait_until(lambda: self.living() == 1, 3)
        host.say(RIGHT)
        host.finish()
        self.assertEqual([code for _, code in host.returns], ["PAM_AUTH_ERR", "PAM_SUCCESS"])

    def living(self):
        return len([pid for pid in harness.helpers()
                    if (harness.stat_of(pid) or ("", "Z"))[1] != "Z"])

    def test_without_warm_up(self):
        host = self.start("warm_up=no")
        self.assertEqual((harness.helpers(), self.connections()), ([], 0))
        host.say(RIGHT)
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_without_warm_up_by_the_file(self):
        host = self.start(warm_up="no")
        self.assertEqual((harness.helpers(), self.connections()), ([], 0))
        host.say("wrong")
        self.check(host.finish(), "PAM_AUTH_ERR", "wrong_password", 1)

    def test_without_warm_up_and_given_up(self):
        host = self.start("warm_up=no")
        host.say("!error")
        self.check(host.finish(), "PAM_CONV_ERR", "cancelled", 0)
        self.assertEqual((host.helpers, self.connections()), ([], 0))

    def test_without_warm_up_also_for_codes(self):
        host = self.start("warm_up=no", user="grace")
        host.say(GRACE)
        host.until("prompt")
        host.say(self.pool.totp("grace"))
        self.check(host.finish(), "PAM_SUCCESS", "ok", 1)


class Breaker(Case):
    """One plain user's own host keeps no state: every sign-in takes its way."""

    def test_personal_host_is_never_refused_at_once(self):
        settings = {"endpoint": f"https://localhost:{self.nobody()}"}
        for _ in range(4):
            host = self.sign_in(settings=settings)
            self.check(host, "PAM_AUTHINFO_UNAVAIL", "connect")
            self.assertEqual(host.prompts, [("off", "Password: ")])

    def nobody(self):
        """A port where nobody listens while the test runs."""
        held = socket.socket()
        self.addCleanup(held.close)
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


if __name__ == "__main__":
    harness.main()
