# sshd's keyboard-interactive with the shipped stack, and through a stack
# whose only auth line is ours.
# SPDX-License-Identifier: MIT
from hosts import SshdKeyboard
from matrix import CASES, NO_REQUEST, SSHD, STRANGER, Case, Matrix
from people import ROOT

ONLY_OURS = """auth required pam_cognito.so
account required pam_unix.so
session required pam_permit.so
"""


def run(world, tap):
    host = SshdKeyboard(world)
    matrix = Matrix(world, tap, host, SSHD)
    world.service("sshd", ONLY_OURS)
    host.start()
    only = "only our line: "
    for case in CASES[:2]:
        matrix.run(case, only + case.title)
    for case in (STRANGER, Case("root", ROOT.name, ROOT.unix_password, "wrong")):
        matrix.asked = {case.title: 0}
        matrix.run(case, only + case.title)
        matrix.no_contact(case, only + case.title)
    matrix.asked = {}
    host.stop()

    # PermitRootLogin prohibit-password: sshd hands in junk for root.
    world.example("sshd")
    host.start("PermitRootLogin prohibit-password")
    case = Case("root forbidden by sshd", ROOT.name, ROOT.unix_password, "wrong")
    matrix.run(case)
    matrix.no_contact(case)
    host.stop()

    host.start()
    matrix.run_all()
    host.stop()
