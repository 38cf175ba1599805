# PostgreSQL: not root, asks one question, and its people have no Unix account.
# SPDX-License-Identifier: MIT
import glob
import os

from hosts import PASSWORD
from people import ALICE, DAVE
from person import Person
from programs import ERIN, GRACE, OLIVIA, PLAIN, Door, Listener, Recipe, Service, \
    count_descriptors, install, is_open, says
from world import EMAIL_CLIENT, EMAIL_POOL, EMAIL_SECRET, command

SYBIL = ("sybil@example.com", "Sybil-Mail-21")
CLIENT = ["psql", "-X", "-h", "127.0.0.1", "-d", "postgres", "-P", "pager=off", "-At",
          "-c", "select 'I am ' || current_user"]


class Postgres:
    def __init__(self, world, release):
        self.folder = f"/etc/postgresql/{release}/main"
        os.makedirs("/run/postgresql", exist_ok=True)
        os.chown("/run/postgresql", os.stat("/var/lib/postgresql").st_uid, -1)
        self.service = Service(
            world, "runuser", "-u", "postgres", "--",
            f"/usr/lib/postgresql/{release}/bin/postgres", "-D", self.folder,
            "-c", "config_file=" + os.path.join(self.folder, "postgresql.conf"),
            ready=is_open(5432))

    def order(self, *lines):
        """As the database's superuser."""
        for line in lines:
            status, text = says("runuser", "-u", "postgres", "--", "psql", "-Xqc", line)
            assert status == 0, text


def psql(name, password):
    """Does the server say that we are this role?"""
    status, text = says(*CLIENT, "-U", name, env={"PGPASSWORD": password, "PGSSLMODE": "require"})
    assert status == 0 or "authentication failed" in text, text
    return text == "I am " + name


def run(world, tap):
    install(world, "postgresql")
    release = os.path.basename(glob.glob("/usr/lib/postgresql/*")[0])
    # A new one, whatever the machine has: with TLS, as Debian makes them.
    says("pg_dropcluster", release, "main")
    command("pg_createcluster", release, "main")
    recipe = Recipe("PostgreSQL")
    recipe.apply()
    listener = Listener()
    server = Postgres(world, release)
    server.order("create role cognito", *(f'create role "{name}" login in role cognito' for name in
                 (ALICE.name, DAVE.name, OLIVIA[0], GRACE[0], ERIN[0], SYBIL[0])),
                 "create role clerk login password 'Kept-By-Itself-1'")

    door = Door(world, tap, psql)
    door.usual()
    door.enters("without a Unix account", *OLIVIA)
    door.approved("postgresql", OLIVIA[0])
    world.forget()
    person = Person(*CLIENT, "-U", ALICE.name, env={**PLAIN, "PGSSLMODE": "require"})
    person.wait_for(PASSWORD)
    person.type(ALICE.password)
    person.finish()
    tap.ok("I am alice" in person.screen, "at psql's prompt: in", person.screen)
    tap.equal(len([line for line in world.log.all() if "]: socket: " in line]), 1,
              "one helper, though psql connects twice", *world.log.all())
    world.forget()
    tap.equal((psql("trent", "Trent-Silent-4"), world.sign_ins()), (False, 0),
              "no such role: refused, and the pool is not asked")
    tap.equal((psql("clerk", "Kept-By-Itself-1"), world.sign_ins()), (True, 0),
              "a role that is not cognito's: in as ever, and the pool is not asked")
    before = count_descriptors(server.service)
    door.many(server.service)
    tap.equal(count_descriptors(server.service), before, "as many descriptors as before")

    world.configure(user_pool_id=EMAIL_POOL, client_id=EMAIL_CLIENT, secret=EMAIL_SECRET)
    recipe.apply("pam_cognito.conf")
    door.stays_out("an address, without username_class", *SYBIL,
                   "sybil@example.com: refused: bad_input")
    recipe.extend("username_class")
    door.enters("an address as the role's name", *SYBIL)

    world.configure()
    recipe.apply("pam_cognito.conf")
    door.pool_down(server.service)
    listener.stop()
    door.stays_out("no socket", ALICE.name, ALICE.password,
                   "there is no /run/pam_cognito.sock: systemctl enable --now pam_cognito.socket")
    server.service.stop()
