# Apache: its children are www-data's, with many threads each.
# SPDX-License-Identifier: MIT
from programs import Recipe, Service, install, is_open
from suites.web_pages import prepare, sign_in
from world import write

PORT = 8444


def run(world, tap):
    install(world, "apache2")
    prepare(Recipe("Apache"))
    write("/etc/apache2/ports.conf", "")  # its 443 is the pool's here
    server = Service(world, "apachectl", "-D", "FOREGROUND", ready=is_open(PORT))
    sign_in(world, tap, server, PORT, "apache2")
    server.stop()
