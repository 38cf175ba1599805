# sudo with the shipped stack: its three tries, and what ends them.
# SPDX-License-Identifier: MIT
from hosts import Sudo
from matrix import SUDO, Matrix


def run(world, tap):
    world.example("sudo")
    # root is asked for nothing; a user without an account cannot run sudo.
    Matrix(world, tap, Sudo(world), SUDO, asked={"root": 0}).run_all()
