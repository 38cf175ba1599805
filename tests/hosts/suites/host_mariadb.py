# MariaDB: a setuid program asks, as much as is needed; in the unit of MariaDB's own
# packages it has three capabilities and takes the socket.
# SPDX-License-Identifier: MIT
import os

from hosts import PASSWORD
from people import ALICE, DAVE, WRONG
from person import Person
from programs import ERIN, GRACE, OLIVIA, PATH, PLAIN, Door, Listener, Recipe, Service, install, \
    is_open, says
from world import command

CLIENT = ["mariadb", "--no-defaults", "--ssl", "-h", "127.0.0.1", "-BNe", "select user()"]
UNIT = ["--bounding-set=-all,+ipc_lock,+dac_override,+audit_write"]


def mariadb(name, password):
    """Does the server say that we are this user?"""
    status, text = says(*CLIENT, "-u", name, "-p" + password)
    # Access denied; or the client was asked what it cannot be asked.
    assert status == 0 or "ERROR 1045" in text or "ERROR 2013" in text, text
    return text.startswith(name + "@")


def start(world, *confined):
    return Service(world, "setpriv", "--reuid", "mysql", "--regid", "mysql", "--init-groups",
                   *confined, "mariadbd", ready=is_open(3306))


def asked(*answers):
    """The screen of a person who typed the password, and these as the code."""
    person = Person(*CLIENT, "-u", GRACE[0], "-p", env=PLAIN)
    person.wait_for(PASSWORD)
    person.type(GRACE[1])
    for answer in answers:
        person.wait_for("authenticator app: +$")
        person.type(answer)
    person.finish()
    return person.screen


def run(world, tap):
    install(world, "mariadb-server")
    recipe = Recipe("MariaDB")
    recipe.apply()
    command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=testhost",
            "-keyout", "/etc/mysql/server-key.pem", "-out", "/etc/mysql/server-cert.pem")
    os.chmod("/etc/mysql/server-key.pem", 0o640)
    command("chgrp", "mysql", "/etc/mysql/server-key.pem")
    os.makedirs("/run/mysqld", exist_ok=True)
    command("chown", "mysql", "/run/mysqld")
    server = start(world)
    for name in (ALICE.name, DAVE.name, OLIVIA[0], GRACE[0], ERIN[0]):
        command("mariadb", "-e", f"create user {name} identified via pam using 'mariadb'")
    door = Door(world, tap, mariadb)

    def three(title):
        door.enters(f"{title}, right", ALICE.name, ALICE.password)
        door.stays_out(f"{title}, wrong", ALICE.name, WRONG, "alice: refused: wrong_password")
        door.stays_out(f"{title}, disabled", DAVE.name, DAVE.password, "dave: refused: disabled")
        door.enters(f"{title}, without a Unix account", *OLIVIA)
        world.forget()
        screen = asked("000000", world.pool.totp(GRACE[0]))
        tap.ok("Wrong code, try again." in screen and "grace@" in screen,
               f"{title}, the code is asked for, twice", screen, *world.log.all())

    three("Debian's unit")
    door.many(server)
    server.stop()

    listener = Listener()
    server = start(world, *UNIT)
    three("three capabilities")
    door.approved("mariadb", OLIVIA[0])
    door.enters("three capabilities", ALICE.name, ALICE.password)
    door.many(server)
    server.stop()

    server = start(world, *UNIT, "--no-new-privs")
    door.stays_out("no new privileges", ALICE.name, ALICE.password, "alice: refused: peer_refused")
    recipe.extend("trusted_users")
    door.enters("no new privileges, trusted", ALICE.name, ALICE.password)
    door.stays_out("no new privileges, wrong", ALICE.name, WRONG, "alice: refused: wrong_password")
    server.stop()

    recipe.extend("cleartext")
    recipe.extend("otp")
    server = start(world, *UNIT)
    door.usual()
    door.pool_down(server)
    listener.stop()
    door.stays_out("no socket", ALICE.name, ALICE.password,
                   f"there is no {PATH}: systemctl enable --now pam_cognito.socket")
    server.stop()
