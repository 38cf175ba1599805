# nginx: its workers are www-data's, and each stands still while it asks.
# SPDX-License-Identifier: MIT
from people import ALICE
from programs import Recipe, Listener, Service, install, is_open
from suites.web_pages import IN, PAGE, get, prepare, sign_in

PORT = 8443


def run(world, tap):
    install(world, "nginx-light")
    prepare(Recipe("nginx"))
    server = Service(world, "nginx", "-g", "daemon off;", ready=is_open(PORT))
    requests(world, tap)
    sign_in(world, tap, server, PORT, "nginx")
    server.stop()


def requests(world, tap):
    """Each signs in; one for a folder is two, for it goes on to the folder's index."""
    listener = Listener()
    for path, times in ((PAGE, 1), ("/", 2)):
        world.forget()
        tap.equal((get(PORT, ALICE.name, ALICE.password, path), world.sign_ins()), (IN, times),
                  f"{path}: sign-ins", *world.log.ours())
    listener.stop()
