# pam.d-examples/common-auth, through services that include it.
# SPDX-License-Identifier: MIT
from examples import people
from hosts import Pamtester, SshdKeyboard, Su, Sudo
from matrix import PAMTESTER, SSHD, SU, SUDO


def run(world, tap):
    host = SshdKeyboard(world)
    host.start()
    common_auth(world, tap, host)
    host.stop()


def common_auth(world, tap, host):
    """In the distribution's own service files, which include it."""
    world.example("common-auth")
    for service in ("sshd", "su", "sudo", "login"):
        stock(world, service)
    world.service("pamtester", "@include common-auth\n@include common-account\n")
    # The stack's last word is pam_deny's.
    people(world, tap, "common-auth, pamtester", Pamtester(world),
           {**PAMTESTER, "stranger": PAMTESTER["wrong"]})
    people(world, tap, "common-auth, su", Su(world), SU, {"unknown locally": 0})
    people(world, tap, "common-auth, sudo", Sudo(world), SUDO, {"root": 0})
    people(world, tap, "common-auth, sshd", host, SSHD)


def stock(world, service):
    """The shortest service file of the kind that distributions ship."""
    rootok = "auth sufficient pam_rootok.so\n" if service == "su" else ""
    world.service(service, rootok + "@include common-auth\n@include common-account\n"
                  "@include common-session\n@include common-password\n")
