# past_stacks with eight times as many limits.
# SPDX-License-Identifier: MIT
from attack.past_stacks import BREAKAGES, sweep  # noqa: F401  (the same ones)


def run(world, tap):
    sweep(world, tap, fine=True)
