# pamtester through a stack whose only auth line is ours: the plain answers.
# SPDX-License-Identifier: MIT
from hosts import Pamtester
from matrix import CASES, PAMTESTER, UNREACHABLE, WRONG_SECRET, Case, Matrix
from people import BATCH, GHOST, ROOT, WRONG

STACK = "auth required pam_cognito.so\naccount required pam_unix.so\n"


def run(world, tap):
    world.service("pamtester", STACK)
    matrix = Matrix(world, tap, Pamtester(world), PAMTESTER,
                    asked={"root": 0, "a service account": 0, "unknown locally": 0})
    for case in CASES:
        matrix.run(case)
    # Alone in the stack, "not ours" is a refusal, without a prompt.
    for title, who in (("root", ROOT.name), ("a service account", BATCH.name),
                       ("unknown locally", GHOST)):
        case = Case(title, who, WRONG, "stranger")
        matrix.run(case)
        matrix.no_contact(case)
    world.configure(secret="x" * 50)
    matrix.run(WRONG_SECRET)
    world.configure()
    world.stop_pool()
    matrix.run(UNREACHABLE)
