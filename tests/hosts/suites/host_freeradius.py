# FreeRADIUS: not root, one process with threads, asks one question.
# SPDX-License-Identifier: MIT
import os
import re

from people import ALICE
from programs import OLIVIA, Door, Listener, Recipe, Service, count_descriptors, install, \
    is_bound, says
from world import command

ANSWER = re.compile("^Received Access-(Accept|Reject)", re.MULTILINE)


def radius(name, password):
    """Does the server accept somebody?"""
    _, text = says("sh", "-c", 'echo "$1" | radclient -t 40 -r 1 127.0.0.1 auth testing123', "sh",
                   f'User-Name = "{name}", User-Password = "{password}"')
    found = ANSWER.search(text)
    assert found, text
    return found.group(1) == "Accept"


def run(world, tap):
    install(world, "freeradius")
    recipe = Recipe("FreeRADIUS")
    recipe.apply()
    for line in recipe.commands:
        command("sh", "-c", line)
    listener = Listener()
    os.makedirs("/run/freeradius")
    os.chown("/run/freeradius", os.stat("/etc/freeradius/3.0/radiusd.conf").st_uid, -1)
    server = Service(world, "setpriv", "--reuid", "freerad", "--regid", "freerad", "--init-groups",
                     "--no-new-privs", "freeradius", "-f", "-l", "stdout",
                     ready=is_bound(1812))
    door = Door(world, tap, radius)
    door.usual()
    door.enters("without a Unix account", *OLIVIA)
    door.approved("radiusd", OLIVIA[0])
    before = count_descriptors(server)
    door.many(server)
    tap.equal(count_descriptors(server), before, "as many descriptors as before")
    door.pool_down(server)
    listener.stop()
    door.stays_out("no socket", ALICE.name, ALICE.password,
                   "there is no /run/pam_cognito.sock: systemctl enable --now pam_cognito.socket")
    server.stop()
