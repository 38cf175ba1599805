# saslauthd: root, a few processes that stay, asks one question and cannot ask a
# visible one.
# SPDX-License-Identifier: MIT
import os
import shlex

from people import ALICE
from programs import OLIVIA, Door, Recipe, Service, install, says

FOLDER = "/var/run/saslauthd"


def sasl(name, password):
    """Does the daemon say OK?"""
    _, text = says("testsaslauthd", "-u", name, "-p", password, "-s", "smtp")
    assert text.startswith("0: "), text
    return text == '0: OK "Success."'


def start(world, *options):
    """As its init script does, with what the page has in /etc/default."""
    _, text = says("sh", "-c", '. /etc/default/saslauthd; echo "$MECHANISMS -n $THREADS $OPTIONS"')
    words = [word for word in shlex.split(text) if word not in options]
    return Service(world, "saslauthd", "-d", "-a", *words,
                   ready=lambda: os.path.exists(FOLDER + "/mux"))


def run(world, tap):
    install(world, "sasl2-bin")
    Recipe("saslauthd").apply()
    os.makedirs(FOLDER, exist_ok=True)
    daemon = start(world, "-c", "-t", "3600")
    door = Door(world, tap, sasl)
    door.usual()
    door.enters("without a Unix account", *OLIVIA)
    door.approved("smtp", OLIVIA[0])
    door.many(daemon)
    daemon.stop()

    daemon = start(world)
    door.enters("with the cache", ALICE.name, ALICE.password)
    world.pool.clear()
    tap.equal(([sasl(ALICE.name, ALICE.password) for _ in range(3)], world.sign_ins()),
              ([True] * 3, 0), "the next ones: in, and no word to the pool")
    daemon.stop()
    daemon = start(world)
    door.pool_down(daemon)
    daemon.stop()
