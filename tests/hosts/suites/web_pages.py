# What nginx and Apache have in common: not root, each request signs in, the browser
# asks one question, and nobody needs a Unix account.
# SPDX-License-Identifier: MIT
import base64
import http.client
import os
import ssl

from people import ALICE, BOB, WRONG
from programs import OLIVIA, Door, Listener
from world import command, write

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


def sign_in(world, tap, service, port, name):
    """name: of its file in /etc/pam.d."""
    listener = Listener()
    door = Door(world, tap, lambda user, password: get(port, user, password) == IN)
    world.forget()
    tap.equal((get(port), world.sign_ins()), (ASKED, 0), "no password: asked for one")
    door.usual()
    door.enters("without a Unix account", *OLIVIA)
    door.approved(name, OLIVIA[0])
    world.forget()
    tap.equal(get(port, BOB.name, WRONG), ASKED, "a refusal: the browser asks again")
    tap.ok(world.log.wait("bob: refused: wrong_password .*rhost=127.0.0.1"),
           "the log has the browser's address", *world.log.all())
    door.many(service)
    door.pool_down(service)
    listener.stop()
    door.stays_out("no socket", ALICE.name, ALICE.password, CURE)
