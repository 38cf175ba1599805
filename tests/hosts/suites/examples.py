# The examples for sudo, su and login, and the two configuration files, as they
# are shipped, through the host that each is for. (sshd, common-auth: beside this.)
# SPDX-License-Identifier: MIT
import os
import re

from examples import REFUSED, RIGHT, four_people
from hosts import Login, Su, Sudo
from matrix import LOGIN, SU, SUDO, Case, Matrix, no_password_in
from people import ALICE, GHOST, SYBIL, WRONG
from world import (CONF, EMAIL_CLIENT, EMAIL_POOL, EMAIL_SECRET, CLIENT, EXAMPLES, POOL,
                   CA_FILE, SECRET, SECRET_FILE, write)

SHIPPED = {"README.md", "common-account", "common-auth", "common-password", "login",
           "pam_cognito.conf", "pam_cognito.conf.email", "sshd", "su", "sudo"}


def run(world, tap):
    tap.equal(set(os.listdir(EXAMPLES)), SHIPPED, "these are all the examples")
    four_people(world, tap, "sudo", Sudo(world), SUDO, {"root": 0})
    four_people(world, tap, "su", Su(world), SU, {"unknown locally": 0})
    four_people(world, tap, "login", Login(world), LOGIN)
    configuration(world, tap)
    email(world, tap)


def filled_in(name, pool, client):
    """A configuration example with the two values that everybody must change."""
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        text = file.read()
    text, pools = re.subn(r"(?m)^user_pool_id = eu-west-1_AbCdEfGhI$",
                          f"user_pool_id = {pool}", text)
    text, clients = re.subn(r"(?m)^client_id = 1example23456789abcdefghij$",
                            f"client_id = {client}", text)
    return text, (pools, clients)


def configuration(world, tap):
    text, changed = filled_in("pam_cognito.conf", POOL, CLIENT)
    tap.equal(changed, (1, 1), "pam_cognito.conf: two values to fill in")
    write(CONF, text.replace("client_secret_file", f"ca_file = {CA_FILE}\nclient_secret_file"))
    write(SECRET_FILE, SECRET + "\n", 0o600)
    world.example("su")
    matrix = Matrix(world, tap, Su(world), SU)
    matrix.run(RIGHT, "pam_cognito.conf: " + RIGHT.title)
    matrix.run(REFUSED, "pam_cognito.conf: " + REFUSED.title)
    # The commented settings are right, too.
    keys = re.findall(r"(?m)^#((?:\[|[a-z_]+ = ).*)$", text)
    tap.equal(len(keys), 6, "pam_cognito.conf: six lines to uncomment")
    text = re.sub(r"(?m)^#((?:\[|[a-z_]+ = ).*)$", r"\1", text)
    write(CONF, text.replace("client_secret_file", f"ca_file = {CA_FILE}\nclient_secret_file"))
    matrix.run(Case("every setting", ALICE.name, ALICE.password, "gate",
                    r"refused: mfa_missing service=su .*require_mfa", 1))
    world.configure()


SU["gate"] = "su: Permission denied\n"


def email(world, tap):
    text, changed = filled_in("pam_cognito.conf.email", EMAIL_POOL, EMAIL_CLIENT)
    tap.equal(changed, (1, 1), "pam_cognito.conf.email: two values to fill in")
    text += f"ca_file = {CA_FILE}\n"
    write(CONF, text)
    write(SECRET_FILE, EMAIL_SECRET + "\n", 0o600)
    host = Su(world)
    for typed, who, log in ((SYBIL.password, "sybil", "sybil: accepted: ok "),
                            (WRONG, None, "sybil: refused: wrong_password ")):
        world.forget()
        visit = host.attempt("sybil", typed)
        title = "pam_cognito.conf.email: " + ("right" if who else "wrong")
        tap.equal(visit.who, who, f"{title} password", visit)
        tap.ok(world.log.wait(re.escape(log)), f"{title} password: the log", world.log.ours())
        tap.equal([r["username"] for r in world.pool.requests("InitiateAuth")],
                  ["sybil@example.com"], f"{title} password: the name that the pool gets")
        tap.ok(no_password_in(visit.screen), f"{title} password: not on the screen")
    # Without the two keys the log names them.
    write(CONF, text.replace("account_claim = email", ""))
    world.forget()
    visit = host.attempt("sybil", SYBIL.password)
    tap.equal(visit.who, None, "e-mail pool without account_claim: refused", visit)
    tap.ok(world.log.wait("sybil: refused: identity_mismatch .*a pool that signs in by e-mail "
                          "needs account_claim=email and username_format"),
           "e-mail pool without account_claim: the log names both keys", world.log.ours())
    write(CONF, text.replace("username_format = %u@example.com", ""))
    world.forget()
    visit = host.attempt("sybil", SYBIL.password)
    tap.equal(visit.who, None, "e-mail pool without username_format: refused", visit)
    tap.equal([r["username"] for r in world.pool.requests("InitiateAuth")], ["sybil"],
              "e-mail pool without username_format: the bare name is sent")
    visit = host.attempt(GHOST, WRONG)
    tap.equal(visit.who, None, "e-mail pool: unknown locally", visit)
    world.configure()
