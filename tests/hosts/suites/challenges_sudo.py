# Every challenge through sudo; see challenges.py beside this.
# SPDX-License-Identifier: MIT
from suites.challenges import run_sudo


def run(world, tap):
    run_sudo(world, tap)
