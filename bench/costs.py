# What a login costs: instructions, memory, CPU time; and what those pay who are not
# ours.
# SPDX-License-Identifier: MIT
import concurrent.futures
import contextlib
import glob

import place
from measure import typing_ms
from report import ratio, row

OUTSIDERS = {"root": "root", "uid below minimum_uid": "batch", "not in only_group": "larry"}


def count_memory(prompts):
    """KiB of a prompt's processes: of worker and warden, and with the host's."""
    found = {"pam_cognito_hel": [], "cognito_warden": [], "host": []}
    for path in glob.glob("/proc/[0-9]*/smaps_rollup"):
        folder = path.rsplit("/", 1)[0]
        with contextlib.suppress(OSError):  # it ended meanwhile
            name = place.read(folder + "/comm").strip()
            if name in found:
                found[name] += [int(line.split()[1]) for line in place.read(path).splitlines()
                                if line.startswith("Pss:")]
    counts = [len(sizes) for sizes in found.values()]
    if counts != [prompts] * 3:
        raise RuntimeError(f"{counts} processes of {prompts} prompts")
    helpers = (sum(found["pam_cognito_hel"]) + sum(found["cognito_warden"])) / prompts
    return helpers, helpers + sum(found["host"]) / prompts


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


def count_login(measure, size, service, times=None):
    """Millions of instructions: of hosts, and of helpers; some runs at a time."""
    def count(_):
        found = measure.instructions("host", *measure.login_words(service, size.counted_ms))
        host = found.pop("host")
        helper, = found.values()
        return host / 1e6, helper / 1e6

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return tuple(zip(*pool.map(count, range(times or size.counted))))


def instructions(measure, size):
    """
    Counted by valgrind (lackey) in user space, programs' start included. They
    hardly differ from one run to the next.
    """
    host, helper = count_login(measure, size, "bench-counted")
    chained = count_login(measure, size, "bench-counted-chain", 1)[1]
    plain, there, plain_chained = (
        [measure.instructions(program, *words, BENCH_CA=ca)[program] / 1e6 for _ in range(times)]
        for program, words, ca, times in (
            ("plain", (place.RESPONDER,), place.CA, size.counted),
            ("inprocess", ("password", place.RESPONDER, "keys", "revoke"), place.CA, 1),
            ("plain", (place.CHAIN,), place.CHAIN_CA, 1)))
    return [
        row("instructions of a login: host", host, "million"),
        row("instructions of a login: helper", helper, "million", "at most 35"),
        row("instructions of a login: libcurl alone", plain, "million"),
        row("instructions of a login: libcurl in-process", there, "million"),
        ratio("instructions of a login: helper against libcurl alone", helper, plain,
              "at most 1.15"),
        row("instructions of a login, four certificates: helper", chained, "million"),
        ratio("instructions of a login, four certificates: helper against libcurl alone", chained,
              plain_chained),
    ]


def bulk(measure, size):
    """What a login costs where there is much of something, against one without."""
    def names(word, end):
        return [f"{word}{number:05d}{end}" for number in range(size.lines)]

    groups, people = place.read("/etc/group"), place.read("/etc/passwd")
    conf = place.FOLDER + "bench-counted.conf"
    crowded = ",".join(names("member", ""))
    lines = f"{size.lines:,}"
    # What: the service, that without, a file with what is too much, the bar.
    kinds = {
        f"{lines} lines of map_file": ("-map", "", place.MAP, "".join(
            f"{name} = of_{name}\n" for name in names("user", "")), 2),
        f"{lines} groups": ("-group", "-group", "/etc/group", "".join(
            f"{name}:x:{100000 + number}:one,two,three\n"
            for number, name in enumerate(names("group", ""))) + groups, 2),
        f"{lines} members of only_group": ("-group", "-group", "/etc/group", "".join(
            line.replace(":alice", f":{crowded},alice") if line.startswith("cognito:") else line
            for line in groups.splitlines(True)), 2),
        f"{lines} lines of comments": ("", "", conf, "".join(names(
            "# a comment ", "\n")) + place.read(conf), 1.2),
        f"{lines} local users": ("", "", "/etc/passwd", "".join(
            f"{name}:x:{200000 + number}:{200000 + number}::/home/{name}:/bin/sh\n"
            for number, name in enumerate(names("local", ""))) + people, None),
        "ca_file=system": ("-system", "", None, None, 1.2),
    }

    def both(service):
        return [sum(pair) for pair in zip(*count_login(measure, size, "bench-counted" + service,
                                                       size.bulky))]

    without = {service: both(service) for service in ("", "-group")}
    rows = []
    for what, (service, base, path, text, bar) in kinds.items():
        with place.changed(path, text) if path else contextlib.nullcontext():
            seen = both(service)
        rows += [row(f"instructions of a login with {what}", seen, "million"),
                 ratio(f"instructions of a login with {what}: against one without", seen,
                       without[base], f"at most {bar}" if bar else None)]
    return rows


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


def many_groups(measure, size):
    """Who is not in only_group, on a machine with many, is told by as few look-ups as can be."""
    rows = []
    text = "".join(f"group{number:05d}:x:{100000 + number}:one,two,three\n"
                   for number in range(size.lines)) + place.read("/etc/group")
    user = OUTSIDERS["not in only_group"]
    with place.changed("/etc/group", text):
        lines = measure.numbers("host", "decide", "bench-with-auth", "bench-without", user,
                                size.calls // 5, "cognito")
        scoped = measure.numbers("host", "scope", "bench-with", "bench-without", user,
                                 size.calls // 5)
    what = f"out of scope (not in only_group, {size.lines:,} groups)"
    started = scoped.pop()[0]
    look_ups = [bare / 1e3 for _, _, bare in lines]
    rows = [row(f"{what}: getgrnam_r and getgrouplist alone", look_ups, "µs"),
            ratio(f"{what}: authenticate against these", [(a - b) / 1e3 for a, b, _ in lines],
                  look_ups, "at most 1.1"),
            ratio(f"{what}: all phases against these", [(a - b) / 1e3 for a, b in scoped],
                  look_ups),
            row(f"{what}: processes started", [started], "processes", "at most 0")]
    return rows
