# dovecot: root, asks one question, and signs in again for each connection.
# SPDX-License-Identifier: MIT
import imaplib
import os

from people import ALICE, LARRY, WRONG
from programs import ERIN, GRACE, Door, Recipe, Service, install, is_open
from world import command, write

LOCAL = "/etc/dovecot/local.conf"


def imap(name, password):
    """Does the server let somebody read mail?"""
    server = imaplib.IMAP4("127.0.0.1", timeout=60)
    try:
        return server.login(name, password)[0] == "OK"
    except imaplib.IMAP4.error as error:
        assert "AUTHENTICATIONFAILED" in str(error), error
        return False
    finally:
        server.shutdown()


def start(world):
    return Service(world, "dovecot", "-F", ready=is_open(143))


def run(world, tap):
    install(world, "dovecot-imapd")
    for number, (name, _) in enumerate((GRACE, ERIN)):
        command("useradd", "-m", "-u", str(2200 + number), "-G", "cognito", name)
    recipe = Recipe("dovecot")
    recipe.apply()
    os.rename(LOCAL, LOCAL + ".kept")
    # Else all wait for an address that failed, and all have the same.
    write("/etc/dovecot/conf.d/99-tests.conf", "service anvil {\n  unix_listener "
          "anvil-auth-penalty {\n    mode = 0\n  }\n}\n")
    server = start(world)
    door = Door(world, tap, imap)
    door.usual()
    door.approved("dovecot", ALICE.name)
    world.forget()
    tap.equal((imap(LARRY.name, LARRY.unix_password), world.sign_ins()), (True, 0),
              "a local user: in, and the pool is not asked")
    door.many(server)
    server.stop()

    os.rename(LOCAL + ".kept", LOCAL)
    server = start(world)
    door.stays_out("wrong, with the cache", ALICE.name, WRONG, "alice: refused: wrong_password")
    door.enters("after a wrong one, with the cache", ALICE.name, ALICE.password)
    world.pool.user(ALICE.name, enabled=False)
    world.pool.clear()
    tap.equal(([imap(ALICE.name, ALICE.password) for _ in range(3)], world.sign_ins()),
              ([True] * 3, 0), "the next connections: in, disabled or not, and no word to the pool")
    command("doveadm", "auth", "cache", "flush")
    tap.equal(imap(ALICE.name, ALICE.password), False, "after the flush: refused")
    world.forget()
    code = door.append()
    tap.equal(([imap(GRACE[0], code) for _ in range(3)], world.sign_ins()), ([True] * 3, 1),
              "the same code again: in, by one sign-in")
    command("doveadm", "auth", "cache", "flush")
    door.pool_down(server)
    server.stop()
