# Half of the faults in faults.py: they take two seconds per refusal.
# SPDX-License-Identifier: MIT
from suites import faults


def run(world, tap):
    faults.run(world, tap, 1, 2)
