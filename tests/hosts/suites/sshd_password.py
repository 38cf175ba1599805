# sshd's older "password" method with the shipped stack.
# SPDX-License-Identifier: MIT
from hosts import SshdPassword
from matrix import SSHD, Case, Matrix
from people import ALICE, ROOT

# sshd's own check of who may come refuses these before PAM hears the truth.
DENY = "DenyUsers alice"


def run(world, tap):
    host = SshdPassword(world)
    matrix = Matrix(world, tap, host, SSHD)
    world.example("sshd")
    host.start(DENY, "PermitRootLogin no")
    for title, who, typed in (("root forbidden by sshd", ROOT.name, ROOT.unix_password),
                              ("user forbidden by sshd", ALICE.name, ALICE.password)):
        junk(matrix, title, who, typed)
    host.stop()
    host.start()
    matrix.run_all()
    host.stop()


def junk(matrix, title, who, typed):
    """sshd sends \\b\\n\\r\\177INCORRECT... instead of what was typed."""
    ours = "" if who == ROOT.name else r"refused: unusable_password service=sshd "
    case = Case(title, who, typed, "wrong", ours)
    matrix.run(case)
