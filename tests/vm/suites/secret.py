# A client secret that lies encrypted on the disk and is decrypted once, when the
# machine starts, by the unit that docs/operations.md has.
# SPDX-License-Identifier: MIT
import os
import stat

from machine import SECRET_FILE, command, enters

UNIT = "pam_cognito-secret.service"
STORED = "/etc/credstore.encrypted/pam_cognito.secret"
SECRET = b"1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"


def show(unit, name):
    return command("systemctl", "show", "-P", name, unit).strip()


def run(machine, tap):
    with open(STORED, "rb") as file:
        tap.ok(SECRET not in file.read(), "what is on the disk does not show it")
    tap.equal((show(UNIT, "ActiveState"), show(UNIT, "Result")), ("active", "success"),
              "the unit has run", command("systemctl", "status", UNIT, check=False))
    found = os.stat(SECRET_FILE)
    tap.equal((stat.filemode(found.st_mode), found.st_uid, found.st_gid), ("-rw-------", 0, 0),
              "its file is root's alone")
    with open(SECRET_FILE, "rb") as file:
        tap.equal(file.read(), SECRET, "and holds the secret")
    done = int(show(UNIT, "ActiveEnterTimestampMonotonic"))
    for unit in ("ssh.service", "sockets.target", "dbus.socket"):
        began = int(show(unit, "InactiveExitTimestampMonotonic"))
        tap.ok(0 < done < began, f"before {unit} began", done, began)
    tap.none([line for line in machine.journal() if "ordering cycle" in line],
             "systemd sees no cycle")
    enters(machine, tap, "a sign-in with it", [], "direct")
