# What nginx and Apache have in common: not root, each request signs in, the browser
# asks one question, and nobody needs a Unix account.
# SPDX-License-Identifier: MIT
import base64
import http.client
import os
import ssl

from people import ALICE, BOB, DAVE, WRONG
from programs import Listener, leaves_nothing, many
from world import command, write

OLIVIA, GRACE = ("olivia", "Olivia-Groups-4"), ("grace", "Grace-Hopper-6")
CERTIFICATE, KEY = "/etc/ssl/certs/staff.pem", "/etc/ssl/private/staff.key"
PAGE = "/page.html"
IN, ASKED = 200, 401
CURE = "there is no /run/pam_cognito.sock: systemctl enable --now pam_cognito.socket"


def prepare(recipe):
    """The site and its certificate; the recipe is carried out."""
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", KEY, "-out", CERTIFICATE)
    os.makedirs("/var/www/staff", exist_ok=True)
    for name in ("page.html", "index.html"):
        write("/var/www/staff/" + name, "hello\n")
    recipe.apply()
    for line in recipe.commands:
        command("sh", "-c", line)


def get(port, name=None, password="", path=PAGE):
    """The status that a browser would be given."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
    both = base64.b64encode(f"{name}:{password}".encode()).decode()
    try:
        connection.request("GET", path, headers={"Authorization": "Basic " + both} if name else {})
        return connection.getresponse().status
    finally:
        connection.close()


def sign_in(world, tap, title, service, port):
    listener = Listener()

    def enters(name, password, what):
        world.forget()
        tap.equal(get(port, name, password), IN, f"{what}: in", *world.log.all())

    def stays_out(name, password, what, line):
        world.forget()
        tap.equal(get(port, name, password), ASKED, f"{what}: refused")
        tap.ok(world.log.wait(line), f"{what}: the log says why", *world.log.all())

    world.forget()
    tap.equal((get(port), world.sign_ins()), (ASKED, 0), "no password: asked for one")
    enters(ALICE.name, ALICE.password, "right")
    enters(*OLIVIA, "without a Unix account")
    stays_out(ALICE.name, WRONG, "wrong", "alice: refused: wrong_password .*rhost=127.0.0.1")
    stays_out(DAVE.name, DAVE.password, "disabled", "dave: refused: disabled")
    enters(GRACE[0], f"{GRACE[1]},{world.pool.totp('grace')}", "the code behind the password")
    stays_out(*GRACE, "the code left out", "grace: refused: no_dialogue")
    many(tap, title, service, lambda: get(port, BOB.name, BOB.password), IN)
    world.stop_pool()
    stays_out(ALICE.name, ALICE.password, "the pool is down", "alice: refused: connect")
    leaves_nothing(tap, f"{title}, the pool is down", service)
    listener.stop()
    stays_out(ALICE.name, ALICE.password, "no socket", CURE)
