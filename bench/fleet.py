#!/usr/bin/python3
# Nine o'clock on paper: many people sign in to many machines within seconds, and
# the service lets so many requests a second through. Who is refused, who waits?
#   fleet.py PEOPLE SECONDS [--hosts N] [--quota N]
# The same arguments give the same numbers everywhere. Only InitiateAuth is counted:
# answers to challenges have a quota of their own, three times as large, and cannot
# exceed it while each had to pass the first (Amazon Cognito: request rate quotas).
# SPDX-License-Identifier: MIT
import argparse
import heapq
import math
import random
import statistics
from dataclasses import dataclass, fields

from report import aligned

SOME = range(5)  # mornings
TYPING = 5.0           # seconds from the connection to Enter, at first
RETYPING = (5.0, 11.0)  # after a refusal: 2 s of PAM's delay, and typing
STARTUPS = (10, 30, 100)  # sshd's MaxStartups unless changed
AGAIN = (3.0, 9.0)     # a person whom sshd has sent away comes again


@dataclass(frozen=True)
class Policy:
    """The client's: what it does about a request that was throttled."""
    repeats: int = 3
    first: float = 0.5    # seconds that pass at least
    budget: float = 19.0  # seconds after Enter in which it may be sent again

    def wait(self, repeated, left, chance):
        """Seconds before the next repeat: up to an even share of the time that is left,
        half a share kept for the last exchange."""
        longest = max(self.first, left / (self.repeats - repeated + 0.5))
        return self.first + chance * (longest - self.first)


NO_REPEATS = Policy(repeats=0)


@dataclass(frozen=True)
class Fleet:
    people: int
    within: float   # seconds in which they connect, and press Enter
    hosts: int = 0  # that they share evenly; 0: each has one
    quota: int = 120  # requests a second; so many at once after a quiet second


@dataclass(frozen=True)
class Outcome:
    sent_away: float  # people, by sshd, at least once
    refused: float    # people, for the quota, at least once
    median: float     # seconds that the service let people wait who got in
    longest: float    # and the one who waited longest, at one Enter
    over: float       # seconds from the first connection until all are in
    calls: float      # InitiateAuths, the throttled ones too


class Bucket:
    """So many a second, and no more saved up than those of one second."""

    def __init__(self, rate):
        self.rate = self.held = rate
        self.at = 0.0

    def take(self, now):
        self.held = min(self.rate, self.held + (now - self.at) * self.rate)
        self.at = now
        if self.held < 1:
            return False
        self.held -= 1
        return True


@dataclass
class Person:
    host: int
    entered: float = 0.0  # when Enter was pressed last
    repeated: int = 0
    sent_away: bool = False
    refused: bool = False


class Morning:
    def __init__(self, fleet, policy, seed):
        self.fleet, self.policy = fleet, policy
        self.chance = random.Random(seed).random
        self.bucket = Bucket(fleet.quota)
        self.unauthenticated = [0] * (fleet.hosts or fleet.people)
        self.events = []
        self.calls = 0
        self.waits = []
        self.people = [Person(i % len(self.unauthenticated)) for i in range(fleet.people)]

    def between(self, low, high):
        return low + (high - low) * self.chance()

    def run(self):
        now = 0.0
        for number, person in enumerate(self.people):
            self.events.append((self.between(0, self.fleet.within), number, self.connect, person))
        heapq.heapify(self.events)
        serial = len(self.events)
        while self.events:
            now, _, what, person = heapq.heappop(self.events)
            for after, following in what(now, person):
                heapq.heappush(self.events, (now + after, serial, following, person))
                serial += 1
        waits = sorted(self.waits)
        return Outcome(sum(p.sent_away for p in self.people), sum(p.refused for p in self.people),
                       statistics.median(waits), waits[-1], now, self.calls)

    # ---- What happens; each says what follows, after how many seconds ----

    def connect(self, _, person):
        begin, rate, full = STARTUPS
        there = self.unauthenticated[person.host]
        odds = 0
        if there >= full:
            odds = 100
        elif there >= begin:
            odds = rate + (100 - rate) * (there - begin) // (full - begin)
        if odds and self.chance() * 100 < odds:
            person.sent_away = True
            return [(self.between(*AGAIN), self.connect)]
        self.unauthenticated[person.host] += 1
        return [(TYPING, self.enter)]

    def enter(self, now, person):
        person.entered, person.repeated = now, 0
        return self.send(now, person)

    def send(self, now, person):
        self.calls += 1
        if not self.bucket.take(now):
            return self.throttled(now, person)
        self.waits.append(now - person.entered)
        self.unauthenticated[person.host] -= 1
        return []

    def throttled(self, now, person):
        if person.repeated < self.policy.repeats:
            left = person.entered + self.policy.budget - now
            wait = self.policy.wait(person.repeated, left, self.chance())
            if wait < left:
                person.repeated += 1
                return [(wait, self.send)]
        person.refused = True
        return [(self.between(*RETYPING), self.enter)]


def simulate(fleet, policy=Policy(), seeds=range(20)):
    """The means of some mornings."""
    seen = [Morning(fleet, policy, seed).run() for seed in seeds]
    return Outcome(*(statistics.fmean(getattr(one, column.name) for one in seen)
                     for column in fields(Outcome)))


QUOTA = [Fleet(300, 1), Fleet(500, 2), Fleet(1000, 2), Fleet(1000, 10), Fleet(2000, 10),
         Fleet(5000, 60)]
STARTUPS_OF = [Fleet(people, 10, 1) for people in (10, 20, 50, 100, 200)]


def quota_table():
    """For docs/operations.md: what a quota does for, each person on a machine of his own."""
    cells = [("people", "within", "refused", "longest wait of the others", "requests",
              "nobody waits with a quota of")]
    for fleet in QUOTA:
        found = simulate(fleet, seeds=SOME)
        cells.append((f"{fleet.people:,}", f"{fleet.within} s", f"{found.refused:.0f}",
                      f"{found.longest:.1f} s", f"{found.calls:,.0f}",
                      f"{math.ceil(fleet.people / (fleet.within + 1))}"))
    return aligned(cells, ())


def startups_table():
    """And whom sshd sends away before that, where all come to one machine."""
    cells = [("people within 10 s, on one machine", "sent away by sshd", "all in after")]
    for fleet in STARTUPS_OF:
        found = simulate(fleet, seeds=SOME)
        cells.append((str(fleet.people), f"{found.sent_away:.0f}", f"{found.over:.0f} s"))
    return aligned(cells, ())


def main():
    parser = argparse.ArgumentParser(description="A fleet's morning on paper.")
    parser.add_argument("people", type=int)
    parser.add_argument("seconds", type=float, help="within which they connect")
    parser.add_argument("--hosts", type=int, default=0, help="that they share [one each]")
    parser.add_argument("--quota", type=int, default=120, help="sign-ins a second [120]")
    options = parser.parse_args()
    fleet = Fleet(options.people, options.seconds, options.hosts, options.quota)
    for name, policy in (("throttled requests sent again", Policy()),
                         ("not sent again", NO_REPEATS)):
        found = simulate(fleet, policy)
        print(f"{name}: sent away by sshd {found.sent_away:.0f}, refused {found.refused:.0f}; "
              f"the service lets people wait {found.median:.1f} s (median), "
              f"{found.longest:.1f} s (longest); all in after {found.over:.0f} s; "
              f"{found.calls:.0f} requests")


if __name__ == "__main__":
    main()
