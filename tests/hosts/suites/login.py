# login with the shipped stack.
# SPDX-License-Identifier: MIT
from hosts import Login
from matrix import LOGIN, Matrix


def run(world, tap):
    world.example("login")
    Matrix(world, tap, Login(world), LOGIN).run_all()
