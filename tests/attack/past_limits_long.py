# past_limits in steps of 16 KiB, each with both hashes and both hosts.
# SPDX-License-Identifier: MIT
from attack.past_limits import BREAKAGES, sweep  # noqa: F401  (the same ones)


def run(world, tap):
    sweep(world, tap, fine=True)
