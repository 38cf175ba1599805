# Every challenge through sshd; see challenges.py beside this.
# SPDX-License-Identifier: MIT
from suites.challenges import run_sshd


def run(world, tap):
    run_sshd(world, tap)
