# Every challenge through pamtester; see challenges.py beside this.
# SPDX-License-Identifier: MIT
from suites.challenges import run_pamtester


def run(world, tap):
    run_pamtester(world, tap)
