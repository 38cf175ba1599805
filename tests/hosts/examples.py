# What every example must do, through the host that it is for: pool users in and
# out, local people in without a word to the pool, unknown names asked.
# SPDX-License-Identifier: MIT
from matrix import CASES, NO_REQUEST, STRANGER, Case, Matrix
from people import LARRY, NORMA

RIGHT, REFUSED = CASES[:2]
FINAL = Case("refused by the pool, with the right local password", NORMA.name,
             NORMA.unix_password, "wrong", "refused: wrong_password ", 1)
LOCAL = Case("local user", LARRY.name, LARRY.unix_password, "in")


def four_people(world, tap, example, host, says, asked=None):
    world.example(example)
    people(world, tap, example, host, says, asked)


def people(world, tap, title, host, says, asked=None):
    matrix = Matrix(world, tap, host, says, asked=asked)
    for case in (RIGHT, REFUSED, FINAL):
        matrix.run(case, f"{title}: {case.title}")
    strangers = [STRANGER] if "stranger" in says else []
    for case in [*NO_REQUEST, LOCAL, *strangers]:
        matrix.run(case, f"{title}: {case.title}")
        matrix.no_contact(case, f"{title}: {case.title}")
