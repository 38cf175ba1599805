# What is measured. Each function returns rows; both sides of a ratio are
# measured in turns, so that what changes on the machine hits both.
# SPDX-License-Identifier: MIT
import concurrent.futures
import statistics
import time

import place
from measure import AUTHINFO_UNAVAIL
from report import ratio, row

SERVICE_TIMEOUT = {"bench-silent": 2, "bench-no-name": 2, "bench-full": 20}
OUTSIDERS = {"root": "root", "uid below minimum_uid": "batch", "not in only_group": "larry"}


def typing_ms(round_trip):
    """Enough to connect, shake hands and fetch the keys."""
    return 250 + 3.5 * round_trip


def is_barred(round_trip):
    """The ratios hold for round trips of 20 ms and more."""
    return round_trip >= 20


def warm(measure, size, round_trip):
    """Enter to verdict while the person types, against the bare POSTs."""
    port = place.port_of(round_trip)
    wait = typing_ms(round_trip)
    seen = {name: [] for name in ("password", "bare", "srp", "bare srp", "ahead", "proof")}
    for _ in range(size.runs):
        seen["password"].append(measure.enter(f"bench-password-{round_trip}", wait))
        seen["bare"].append(measure.post(port, wait))
        seen["srp"].append(measure.enter(f"bench-srp-{round_trip}", wait))
        first, second = measure.posts(port, wait)
        seen["bare srp"].append(first + second)
        seen["proof"].append(second)
        seen["ahead"].append(measure.enter(f"bench-ahead-{round_trip}", wait))
    at = f"at {round_trip} ms"
    barred = is_barred(round_trip)
    return [
        row(f"password, {at}: Enter to verdict", seen["password"], "ms"),
        row(f"password, {at}: bare POST, connection open", seen["bare"], "ms"),
        ratio(f"password, {at}: against the bare POST", seen["password"], seen["bare"],
              "at most 1.10" if barred else None),
        row(f"SRP, {at}: Enter to verdict", seen["srp"], "ms"),
        row(f"SRP, {at}: two bare POSTs, connection open", seen["bare srp"], "ms"),
        ratio(f"SRP, {at}: against two bare POSTs", seen["srp"], seen["bare srp"],
              "at most 1.10" if barred else None),
        row(f"srp_ahead, {at}: Enter to verdict", seen["ahead"], "ms"),
        ratio(f"srp_ahead, {at}: against one bare POST", seen["ahead"], seen["proof"],
              "at most 1.25" if barred else None),
    ]


def cold(measure, size, round_trip):
    """The password is there already; libcurl in one process does the same."""
    port = place.port_of(round_trip)
    seen = {name: [] for name in ("ours", "request", "keys", "srp", "srp there", "srp keys")}
    for _ in range(size.runs):
        seen["ours"].append(measure.enter(f"bench-cold-{round_trip}"))
        seen["request"].append(measure.inprocess("password", port))
        seen["keys"].append(measure.inprocess("password", port, "keys"))
        seen["srp"].append(measure.enter(f"bench-cold-srp-{round_trip}"))
        seen["srp there"].append(measure.inprocess("srp", port))
        seen["srp keys"].append(measure.inprocess("srp", port, "keys"))
    at = f"at {round_trip} ms"
    return [
        row(f"password, {at}: no prompt", seen["ours"], "ms",
            f"at most {1.05 * statistics.median(seen['request']) + 15:.1f}"),
        row(f"password, {at}: libcurl in-process, cold, token not checked", seen["request"],
            "ms"),
        row(f"password, {at}: libcurl in-process, cold, token checked", seen["keys"], "ms"),
        row(f"SRP, {at}: no prompt", seen["srp"], "ms",
            f"at most {1.05 * statistics.median(seen['srp there']) + 15:.1f}"),
        row(f"SRP, {at}: libcurl in-process, cold, token not checked", seen["srp there"], "ms"),
        row(f"SRP, {at}: libcurl in-process, cold, token checked", seen["srp keys"], "ms"),
    ]


def scripts(measure, size, round_trip):
    """pam_exec with what administrators put there."""
    wait = typing_ms(round_trip)
    seen = {name: [] for name in ("ours", "aws", "curl")}
    for _ in range(size.runs):
        seen["ours"].append(measure.enter(f"bench-password-{round_trip}", wait))
        seen["aws"].append(measure.enter(f"bench-aws-cli-{round_trip}"))
        seen["curl"].append(measure.enter(f"bench-curl-{round_trip}"))
    at = f"at {round_trip} ms"
    return [
        row(f"password, {at}: pam_exec with the AWS CLI", seen["aws"], "ms"),
        row(f"password, {at}: pam_exec with curl and openssl", seen["curl"], "ms"),
        ratio(f"password, {at}: AWS CLI against ours", seen["aws"], seen["ours"],
              "at least 8" if round_trip == 40 else None),
        ratio(f"password, {at}: curl and openssl against ours", seen["curl"], seen["ours"]),
    ]


def socket(measure, size):
    """The helper of systemd's socket against one that the module starts itself."""
    round_trip = 40
    wait = typing_ms(round_trip)
    seen = {name: [] for name in ("straight", "socket", "straight enter", "socket enter")}
    with measure.site.listener():
        for _ in range(size.runs):
            for name in ("straight", "socket"):
                login = measure.login(f"bench-{name}")
                seen[name].append(login.whole - login.after_enter)
                seen[f"{name} enter"].append(measure.enter(f"bench-{name}", wait))
    return [
        row("first question, the module starts the helper", seen["straight"], "ms"),
        row("first question, through the socket", seen["socket"], "ms"),
        ratio("first question: through the socket against a direct start", seen["socket"],
              seen["straight"], "at most 1.5"),
        ratio(f"password, at {round_trip} ms: Enter to verdict, through the socket against a "
              "direct start", seen["socket enter"], seen["straight enter"], "at most 1.05"),
    ]


def slow_typist(measure, size):
    """A challenge of 8 s ago is thrown away; the logins overlap, the Enters do not."""
    round_trip = 40
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = []
        for _ in range(size.runs):
            jobs.append(pool.submit(measure.enter, f"bench-ahead-{round_trip}", size.slow_ms))
            time.sleep(1.07)
        seen = [job.result() for job in jobs]
    floor = [sum(measure.posts(place.port_of(round_trip), 50)) for _ in range(size.runs)]
    return [row(f"srp_ahead, at {round_trip} ms, typing for {size.slow_ms / 1000:g} s", seen,
                "ms"),
            ratio(f"srp_ahead, at {round_trip} ms, typing for {size.slow_ms / 1000:g} s: against "
                  "two bare POSTs", seen, floor)]


def cost(measure, size):
    """CPU time and peak memory of a login, with the revocation after it."""
    round_trip = 40
    port = place.port_of(round_trip)
    wait = typing_ms(round_trip)
    seen = {name: [] for name in ("host", "helper", "there", "cpu", "cpu there", "cpu aws")}
    for _ in range(size.runs):
        ours = measure.usage("host", *measure.login_words(f"bench-password-{round_trip}", wait))
        there = measure.usage("inprocess", "password", port, "keys", "revoke")
        aws = measure.usage("host", *measure.login_words(f"bench-aws-cli-{round_trip}", 0))
        seen["host"].append(max(u.peak for u in ours if u.name == "host"))
        seen["helper"].append(max(u.peak for u in ours if u.name != "host"))
        seen["there"].append(max(u.peak for u in there))
        seen["cpu"].append(sum(u.cpu for u in ours))
        seen["cpu there"].append(sum(u.cpu for u in there))
        seen["cpu aws"].append(sum(u.cpu for u in aws))
    return [
        row("peak memory of the host", seen["host"], "KiB"),
        row("peak memory of the helper", seen["helper"], "KiB"),
        row("peak memory of libcurl in-process", seen["there"], "KiB"),
        row("CPU time of a login, host and helper", seen["cpu"], "ms"),
        row("CPU time of a login, libcurl in-process", seen["cpu there"], "ms"),
        row("CPU time of a login, pam_exec with the AWS CLI", seen["cpu aws"], "ms"),
        ratio("CPU time: AWS CLI against ours", seen["cpu aws"], seen["cpu"], "at least 15"),
    ]


def instructions(measure, size):
    """Counted by valgrind (lackey) in user space, programs' start included."""
    seen = {name: [] for name in ("host", "helper", "both", "there")}
    words = measure.login_words("bench-counted", size.counted_ms)

    def count(_):
        return (measure.instructions("host", *words),
                measure.instructions("inprocess", "password", place.RESPONDER, "keys", "revoke"))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(count, range(size.counted)))
    for ours, there in pairs:
        host = ours.pop("host")
        helper, = ours.values()
        seen["host"].append(host / 1e6)
        seen["helper"].append(helper / 1e6)
        seen["both"].append((host + helper) / 1e6)
        seen["there"].append(there["inprocess"] / 1e6)
    return [
        row("instructions of a login: host", seen["host"], "million"),
        row("instructions of a login: helper", seen["helper"], "million"),
        row("instructions of a login: libcurl in-process", seen["there"], "million"),
        ratio("instructions of a login: host and helper against libcurl in-process",
              seen["both"], seen["there"], "at most 1.15"),
    ]


def throughput(measure, size):
    """Logins per second, and what the responder could have served."""
    rows = []
    for jobs in (1, 8, 64):
        seen = {name: [] for name in ("ours", "open", "anew")}
        for _ in range(size.loads):
            rate, failed = measure.numbers("host", "load", "bench-direct", place.USER,
                                           place.PASSWORD, jobs, max(jobs, size.logins))[0]
            if failed:
                raise RuntimeError(f"{failed:.0f} logins failed, {jobs} at a time")
            seen["ours"].append(rate)
            for name, mode in (("open", "load"), ("anew", "churn")):
                seen[name].append(measure.numbers("bare_post", mode, place.RESPONDER, jobs,
                                                  size.load_seconds)[0][0])
        rows += [
            row(f"logins, {jobs} at a time", seen["ours"], "per second"),
            row(f"responder's limit, {jobs} at a time: connection, keys, POST", seen["anew"],
                "per second"),
            row(f"responder's limit, {jobs} at a time: POST, connection open", seen["open"],
                "per second"),
        ]
    return rows


def growth(measure, size):
    resident, written, failed = measure.numbers("host", "grow", "bench-direct", place.USER,
                                                place.PASSWORD, size.growth, size.growth_warm)[0]
    if failed:
        raise RuntimeError(f"{failed:.0f} logins failed")
    return [row(f"host's memory after {size.growth:,} logins: resident", [resident], "KiB more",
                "at most 100"),
            row(f"host's memory after {size.growth:,} logins: private, written", [written],
                "KiB more", "at most 100")]


def scope(measure, size):
    """All phases, the module's loading included, for users who are not ours."""
    rows = []
    for what, user in OUTSIDERS.items():
        lines = measure.numbers("host", "scope", "bench-with", "bench-without", user, size.calls)
        started = lines.pop()[0]
        with_us = [a / 1e3 for a, _ in lines]
        without = [b / 1e3 for _, b in lines]
        rows += [
            row(f"out of scope ({what}): a stack with us", with_us, "µs"),
            row(f"out of scope ({what}): a stack without", without, "µs"),
            row(f"out of scope ({what}): more", [a - b for a, b in zip(with_us, without)], "µs",
                "at most 200"),
            row(f"out of scope ({what}): processes started", [started], "processes", "at most 0"),
        ]
    return rows


def unreachable(measure, size):
    """Logins overlap: they wait and do nothing else."""
    names = {"bench-silent": "accepts, then says nothing", "bench-full": "drops packets",
             "bench-no-name": "name server silent"}
    rows = []
    for service, what in names.items():
        measure.site.close_breaker()
        measure.site.silence_resolver(service == "bench-no-name")
        seen = []
        with concurrent.futures.ThreadPoolExecutor(size.waiting) as pool:
            jobs = []
            for _ in range(size.runs):
                jobs.append(pool.submit(measure.login, service, 0, AUTHINFO_UNAVAIL))
                time.sleep(0.05)
            for job in jobs:
                login = job.result()
                seen.append((login.after_enter or login.whole) / 1000)
        limit = SERVICE_TIMEOUT[service]
        rows.append(row(f"pool unreachable ({what}), timeout={limit}: worst verdict", seen, "s",
                        f"at most {limit + 0.2:g}", max(seen)))
    measure.site.silence_resolver(False)
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


def groups():
    """
    In the order of the table: a name, a function of measure and size, and
    whether time is measured.
    """
    found = []
    for ms in place.ROUND_TRIPS:
        for function in (warm, cold, scripts):
            found.append((f"{function.__name__} {ms} ms",
                          lambda m, s, f=function, t=ms: f(m, s, t), True))
    for function in (socket, slow_typist, cost, throughput, scope, unreachable, breaker):
        found.append((function.__name__, function, True))
    for function in (instructions, growth):
        found.append((function.__name__, function, False))
    return found
