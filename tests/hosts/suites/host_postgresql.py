# PostgreSQL: not root, asks one question, and its people have no Unix account.
# SPDX-License-Identifier: MIT
import glob
import os

from people import ALICE, DAVE, WRONG
from programs import Listener, Recipe, Service, count_descriptors, install, is_open, many, says
from world import EMAIL_CLIENT, EMAIL_POOL, EMAIL_SECRET, command

OLIVIA, GRACE = ("olivia", "Olivia-Groups-4"), ("grace", "Grace-Hopper-6")
SYBIL = ("sybil@example.com", "Sybil-Mail-21")
REFUSED = 'FATAL:  PAM authentication failed for user "{}"'


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
    """Whom the server says that we are, or what it says instead."""
    status, text = says("psql", "-X", "-h", "127.0.0.1", "-Atc", "select current_user",
                        "-U", name, "postgres", env={"PGPASSWORD": password, "PGSSLMODE": "require"})
    return text if status == 0 else text.splitlines()[-1].split("failed: ")[-1]


def run(world, tap):
    install(world, "postgresql")
    release = os.path.basename(glob.glob("/usr/lib/postgresql/*")[0])
    # A new one, whatever the machine has: with TLS, as Debian makes them.
    command("make-ssl-cert", "generate-default-snakeoil", "--force-overwrite")
    says("pg_dropcluster", release, "main")
    command("pg_createcluster", release, "main")
    recipe = Recipe("PostgreSQL")
    recipe.apply()
    listener = Listener()
    server = Postgres(world, release)
    server.order("create role cognito", *(f'create role "{name}" login in role cognito' for name in
                 (ALICE.name, DAVE.name, OLIVIA[0], GRACE[0], SYBIL[0])),
                 "create role clerk login password 'Kept-By-Itself-1'")

    def enters(name, password, title):
        world.forget()
        tap.equal(psql(name, password), name, f"{title}: in", *world.log.ours())

    def stays_out(name, password, title, line):
        world.forget()
        tap.equal(psql(name, password), REFUSED.format(name), f"{title}: refused")
        tap.ok(world.log.wait(line), f"{title}: the log says why", *world.log.all())

    enters(ALICE.name, ALICE.password, "right")
    enters(*OLIVIA, "without a Unix account")
    tap.equal(world.sign_ins(), 1, "one sign-in, though psql connects twice")
    stays_out(ALICE.name, WRONG, "wrong", "alice: refused: wrong_password")
    stays_out(DAVE.name, DAVE.password, "disabled", "dave: refused: disabled")
    enters(GRACE[0], f"{GRACE[1]},{world.pool.totp('grace')}", "the code behind the password")
    stays_out(*GRACE, "the code left out", "grace: refused: no_dialogue")
    world.forget()
    tap.equal((psql("trent", "Trent-Silent-4"), world.sign_ins()),
              ('FATAL:  password authentication failed for user "trent"', 0),
              "no such role: refused, and the pool is not asked")
    tap.equal((psql("clerk", "Kept-By-Itself-1"), world.sign_ins()), ("clerk", 0),
              "a role that is not cognito's: in as ever, and the pool is not asked")
    before = count_descriptors(server.service)
    many(tap, "PostgreSQL", server.service, lambda: psql(ALICE.name, ALICE.password), ALICE.name)
    tap.equal(count_descriptors(server.service), before, "as many descriptors as before")

    world.configure(user_pool_id=EMAIL_POOL, client_id=EMAIL_CLIENT, secret=EMAIL_SECRET)
    recipe.apply("pam_cognito.conf")
    stays_out(*SYBIL, "an address, without username_class", "sybil@example.com: refused: bad_input")
    recipe.extend("username_class")
    enters(*SYBIL, "an address as the role's name")

    world.configure()
    recipe.apply("pam_cognito.conf")
    world.stop_pool()
    stays_out(ALICE.name, ALICE.password, "the pool is down", "alice: refused: connect")
    listener.stop()
    stays_out(ALICE.name, ALICE.password, "no socket",
              "there is no /run/pam_cognito.sock: systemctl enable --now pam_cognito.socket")
    server.service.stop()
