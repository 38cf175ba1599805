# The helper that lies (tests/lib/fake_helper.c), for the place of the installed
# one. How it lies, the name of the user it is asked about says: each lie has a
# user of that name. Only "good" may let anybody in, and only with the password.
# SPDX-License-Identifier: MIT
import os
import shutil
import time

from attack import confined
from attack.users import add_account

PASSWORD = "open-sesame"
PLACE = "/run/liar"  # what lies leave there: NAME.SERVICE.done, NAME.SERVICE.id
FIRST_UID = 5001


def build(world):
    os.makedirs(PLACE, exist_ok=True)
    folder = world.stage.new("liar")
    path = os.path.join(folder, "liar")
    confined.compile_to(path, folder, ["tests/lib/fake_helper.c"])
    return path


def install(program, path):
    """In the place of what is at path, as root's program."""
    if os.path.lexists(path):
        os.unlink(path)
    shutil.copyfile(program, path)
    os.chmod(path, 0o755)
    return path


def example(world, name, service, argument):
    """A shipped example with one more argument on our lines."""
    world.example(name, service)
    with open("/etc/pam.d/" + service, encoding="utf-8") as file:
        lines = file.read()
    world.service(service, lines.replace("only_group=cognito", "only_group=cognito " + argument))


def add_people(names):
    """Users of these names, without a local password."""
    for number, name in enumerate(names, FIRST_UID):
        add_account(name, number, "cognito")


def wait_for_mark(name, service, seconds=20):
    end = time.monotonic() + seconds
    while not os.path.exists(f"{PLACE}/{name}.{service}.done"):
        if time.monotonic() > end:
            raise TimeoutError(name)
        time.sleep(0.02)
