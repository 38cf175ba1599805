# su with the shipped stack.
# SPDX-License-Identifier: MIT
from hosts import Su
from matrix import SU, Matrix


def run(world, tap):
    world.example("su")
    # su itself refuses names that do not exist, without a question.
    Matrix(world, tap, Su(world), SU, asked={"unknown locally": 0}).run_all()
