# What is measured while something is wrong: the quota, the network, the service.
# SPDX-License-Identifier: MIT
import contextlib
import random
import threading
import time

import place
from measure import AUTHINFO_UNAVAIL, SUCCESS, overlapping
from report import row

SERVICE_TIMEOUT = {"bench-silent": 2, "bench-no-name": 2, "bench-full": 20}


def throttled(measure, size):
    """The service refuses three times for its quota, then answers."""
    seen = overlapping([(number * 0.3, lambda: measure.login("bench-direct", 500, None,
                                                              "throttled"))
                        for number in range(size.runs)])
    return [row("throttled three times: accepted", [sum(one.code == SUCCESS for one in seen)],
                "logins", f"at least {len(seen)}"),
            row("throttled three times: Enter to verdict",
                [one.after_enter / 1000 for one in seen], "s")]


def crowd(measure, size):
    """
    Many people within two seconds, more than the quota lets through: a tenth of
    1,000 people against 120 a second.
    """
    def rush(service, user, *answers):
        chance = random.Random(1).random
        starts = [number * 0.06 for number in range(size.crowd)]
        types = [starts[-1] + 2 + 2 * chance() - start for start in starts]
        return overlapping([(start, lambda ms=1000 * typing: measure.login(
            service, ms, None, user, answers)) for start, typing in zip(starts, types)])

    rows = []
    for name, seen in (("password", rush("bench-password-40", "crowd")),
                       ("SRP", rush("bench-srp-40", "crowd")),
                       ("password and code", rush("bench-password-40", "crowdcode",
                                                  place.CODE))):
        what = f"{size.crowd} people within 2 s, 12 sign-ins a second, {name}"
        refused = [one for one in seen if one.code != SUCCESS]
        waits = [one.after_enter / 1000 for one in seen if one.code == SUCCESS]
        rows += [row(f"{what}: refused", [len(refused)], "people",
                     "at most 0" if name == "password" else None),
                 row(f"{what}: last Enter to verdict, of those let in", waits, "s")]
    return rows


def unreachable(measure, size):
    """Logins overlap: they wait and do nothing else."""
    names = {"bench-silent": "accepts, then says nothing", "bench-full": "drops packets",
             "bench-no-name": "name server silent"}
    rows = []
    for service, what in names.items():
        measure.site.close_breaker()
        with measure.site.resolver(None) if service == "bench-no-name" \
                else contextlib.nullcontext():
            logins = overlapping([(number * 0.05, lambda name=service: measure.login(
                name, 0, AUTHINFO_UNAVAIL)) for number in range(size.runs)])
        seen = [(login.after_enter or login.whole) / 1000 for login in logins]
        limit = SERVICE_TIMEOUT[service]
        rows.append(row(f"pool unreachable ({what}), timeout={limit}: worst verdict", seen, "s",
                        f"at most {limit + 0.2:g}", max(seen)))
    return rows


def breaker(measure, size):
    """Two logins that cannot connect, then those that are not tried."""
    measure.site.close_breaker()
    for _ in range(2):
        measure.login("bench-closed", 0, AUTHINFO_UNAVAIL)
    seen = [measure.login("bench-closed", 0, AUTHINFO_UNAVAIL) for _ in range(size.runs)]
    measure.site.close_breaker()
    return [row("breaker open: verdict", [login.whole for login in seen], "ms", "at most 10"),
            row("breaker open: prompts", [sum(login.after_enter is not None for login in seen)],
                "prompts", "at most 0")]


def recovery(measure, size):
    """The service was gone and comes back; somebody tries every tenth of a second."""
    def until_let_in(begun):
        while measure.login("bench-returns-cold", 0, None).code != SUCCESS:
            time.sleep(0.1)
        return time.monotonic() - begun

    def outage(with_somebody):
        measure.site.close_breaker()
        typing = threading.Thread(target=measure.login, args=("bench-returns", 3000, None))
        if with_somebody:
            typing.start()
            time.sleep(0.2)
        for _ in range(3):
            measure.login("bench-returns-cold", 0, AUTHINFO_UNAVAIL)
        time.sleep(1)
        with measure.site.service_back():
            took = until_let_in(time.monotonic())
            if with_somebody:
                typing.join()
        return took

    somebody = [outage(True) for _ in range(size.runs)]
    nobody = [outage(False) for _ in range(size.alone)]
    measure.site.close_breaker()
    return [row("after an outage, somebody at a prompt: the first login let in", somebody, "s",
                "at most 2", max(somebody)),
            row("after an outage, nobody at a prompt: the first login let in", nobody, "s",
                "at most 2", max(nobody))]
