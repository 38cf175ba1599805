# What is measured. Each function returns rows; both sides of a ratio are
# measured in turns, so that what changes on the machine hits both.
# SPDX-License-Identifier: MIT
import statistics

import costs
import place
import weather
from measure import dealt, overlapping, typing_ms
from report import ratio, row


def is_barred(round_trip):
    """The ratios hold for round trips of 20 ms and more."""
    return round_trip >= 20


def one_more(posts, round_trips, more):
    """The bar of so many round trips, the server's own time, and so many ms."""
    return f"at most {max(statistics.median(posts), round_trips) + more:.1f}"


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
        row(f"password, {at}: Enter to verdict", seen["password"], "ms",
            one_more(seen["bare"], round_trip, 2)),
        row(f"password, {at}: bare POST, connection open", seen["bare"], "ms"),
        ratio(f"password, {at}: against the bare POST", seen["password"], seen["bare"],
              "at most 1.10" if barred else None),
        row(f"SRP, {at}: Enter to verdict", seen["srp"], "ms",
            f"at most {2 * round_trip + 6}"),
        row(f"SRP, {at}: two bare POSTs, connection open", seen["bare srp"], "ms"),
        ratio(f"SRP, {at}: against two bare POSTs", seen["srp"], seen["bare srp"],
              "at most 1.10" if barred else None),
        row(f"srp_ahead, {at}: Enter to verdict", seen["ahead"], "ms"),
        ratio(f"srp_ahead, {at}: against one bare POST", seen["ahead"], seen["proof"],
              "at most 1.25" if barred else None),
    ]


def cold(measure, size, round_trip):
    """The password is there already; programs with libcurl do the same."""
    port = place.port_of(round_trip)
    seen = {name: [] for name in ("ours", "plain", "request", "keys", "srp", "srp there",
                                  "srp keys")}
    for _ in range(size.runs):
        seen["ours"].append(measure.enter(f"bench-cold-{round_trip}"))
        seen["plain"].append(measure.plain(port))
        seen["request"].append(measure.inprocess("password", port))
        seen["keys"].append(measure.inprocess("password", port, "keys"))
        seen["srp"].append(measure.enter(f"bench-cold-srp-{round_trip}"))
        seen["srp there"].append(measure.inprocess("srp", port))
        seen["srp keys"].append(measure.inprocess("srp", port, "keys"))
    at = f"at {round_trip} ms"
    return [
        row(f"password, {at}: no prompt", seen["ours"], "ms"),
        row(f"password, {at}: libcurl alone, from its start", seen["plain"], "ms"),
        ratio(f"password, {at}: no prompt against libcurl alone", seen["ours"], seen["plain"],
              "at most 1.05" if is_barred(round_trip) else "at most 1.5"),
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
    """A challenge that is too old is thrown away; the logins overlap, the Enters do not."""
    round_trip = 40
    service = f"bench-ahead-{round_trip}"
    jobs = [(number * 0.27, lambda ms=ms: measure.enter(service, ms))
            for number, ms in enumerate(size.slow_ms * size.runs)]
    seen = dealt(overlapping(jobs), size.slow_ms)
    floor = [measure.posts(place.port_of(round_trip), 50) for _ in range(size.runs)]
    rows = []
    for ms, times in seen.items():
        what = f"srp_ahead, at {round_trip} ms, typing for {ms / 1000:g} s"
        rows += [row(what, times, "ms"),
                 ratio(f"{what}: against one bare POST", times, [second for _, second in floor]),
                 ratio(f"{what}: against two bare POSTs", times, [sum(both) for both in floor])]
    return rows


def idle(measure, size):
    """
    Many at the prompt for long, side by side; no two press Enter at once. Others
    who are quick come meanwhile.
    """
    round_trip, apart = 40, 0.27
    service = f"bench-password-{round_trip}"
    started = size.prompts * apart
    long = [(number * apart, lambda ms=size.idle_ms[number % 3]: measure.enter(service, ms))
            for number in range(size.prompts)]
    quick = [(started + 4 + number * size.idle_ms[2] / 1000 / size.runs,
              lambda: measure.enter(service, typing_ms(round_trip))) for number in range(size.runs)]
    *seen, memory = overlapping(long + quick + [(started + 1,
                                                 lambda: costs.count_memory(size.prompts))])
    fresh = seen[size.prompts:]
    rows = [row(f"password, at {round_trip} ms, {size.prompts} at the prompt: Enter to verdict "
                "of a quick one", fresh, "ms")]
    for ms, times in dealt(seen[:size.prompts], size.idle_ms).items():
        what = f"password, at {round_trip} ms, after {ms / 1000:.0f} s at the prompt"
        rows += [row(f"{what}: Enter to verdict", times, "ms"),
                 ratio(f"{what}: against a quick one", times[:len(fresh)], fresh, "at most 1.1")]
    helper, whole = memory
    what = f"memory of a prompt (sum of Pss), {size.prompts} waiting"
    return [*rows, row(what + ": worker and warden", [helper], "KiB", "at most 2150"),
            row(what + ": with the host", [whole], "KiB")]


def pressed(measure, size):
    """Enter at any time after the prompt, against no prompt."""
    round_trip = 160
    kinds = [None, *size.pressed_ms]

    def once(ms):
        if ms is None:
            return measure.enter(f"bench-cold-{round_trip}")
        return measure.enter(f"bench-password-{round_trip}", ms)

    seen = dealt(overlapping([(number * 0.3, lambda ms=ms: once(ms))
                              for number, ms in enumerate(kinds * size.runs)]), kinds)
    return [line for ms in size.pressed_ms for line in (
        row(f"password, at {round_trip} ms, Enter {ms / 1000:g} s after the prompt", seen[ms],
            "ms"),
        ratio(f"password, at {round_trip} ms, Enter {ms / 1000:g} s after the prompt: against no "
              "prompt", seen[ms], seen[None], "at most 1.05"))]


def factors(measure, size):
    """What follows the password, from the last Enter; and passwd."""
    round_trip = 40
    wait = typing_ms(round_trip)
    service = f"bench-password-{round_trip}"
    kinds = {"a code of an authenticator app": ("totp", place.CODE, "login"),
             "a code by SMS": ("sms", place.CODE, "login"),
             "a new password": ("renewed", place.NEW_PASSWORD, "login"),
             "passwd": (place.USER, place.NEW_PASSWORD, "passwd")}
    seen = {name: [] for name in kinds}
    bare = []
    for _ in range(size.runs):
        for name, (user, answer, call) in kinds.items():
            seen[name].append(measure.enter(service, wait, user=user, answers=[answer],
                                            call=call))
        bare.append(measure.post(place.port_of(round_trip), wait))
    return [row(f"{name}, at {round_trip} ms: last Enter to verdict", times, "ms",
                one_more(bare, round_trip, 2)) for name, times in seen.items()]


def slow_names(measure, size):
    """A name server that takes 200 ms for every answer."""
    round_trip = 40
    port = place.port_of(round_trip)
    seen = {name: [] for name in ("warm", "bare", "cold", "plain")}
    with measure.site.resolver(0.2):
        for _ in range(size.runs):
            seen["warm"].append(measure.enter(f"bench-password-{round_trip}",
                                              typing_ms(round_trip) + 200))
            seen["bare"].append(measure.post(port, typing_ms(round_trip)))
            seen["cold"].append(measure.enter(f"bench-cold-{round_trip}"))
            seen["plain"].append(measure.plain(port))
    what = f"password, at {round_trip} ms, name server with 200 ms"
    return [row(f"{what}: Enter to verdict", seen["warm"], "ms",
                one_more(seen["bare"], round_trip, 2)),
            row(f"{what}: no prompt", seen["cold"], "ms"),
            ratio(f"{what}: no prompt against libcurl alone", seen["cold"], seen["plain"],
                  "at most 1.05")]


def chain(measure, size):
    """A server that shows as many certificates as Amazon's."""
    seen = {name: [] for name in ("ours", "plain")}
    for _ in range(size.runs):
        seen["ours"].append(measure.enter("bench-chain"))
        seen["plain"].append(measure.plain(place.CHAIN_AT_40, place.CHAIN_CA))
    what = "password, at 40 ms, four certificates"
    return [row(f"{what}: no prompt", seen["ours"], "ms"),
            ratio(f"{what}: no prompt against libcurl alone", seen["ours"], seen["plain"],
                  "at most 1.05")]


def system_roots(measure, size):
    """All that the distribution trusts, in the place of the shipped roots."""
    seen = {name: [] for name in ("shipped", "system", "plain")}
    for _ in range(size.runs):
        seen["shipped"].append(measure.enter("bench-cold-0"))
        seen["system"].append(measure.enter("bench-system"))
        seen["plain"].append(measure.plain(place.RESPONDER, place.SYSTEM_CA))
    what = "password, at 0 ms, ca_file=system"
    return [row(f"{what}: no prompt", seen["system"], "ms"),
            ratio(f"{what}: no prompt against the shipped roots", seen["system"],
                  seen["shipped"]),
            ratio(f"{what}: no prompt against libcurl alone", seen["system"], seen["plain"])]


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
    for function in (idle, pressed, factors, slow_names, chain, system_roots, slow_typist, socket,
                     costs.cost, costs.throughput, costs.scope, costs.many_groups,
                     weather.throttled, weather.crowd, weather.unreachable, weather.breaker,
                     weather.recovery):
        found.append((function.__name__, function, True))
    for function in (costs.instructions, costs.bulk, costs.growth):
        found.append((function.__name__, function, False))
    return found
