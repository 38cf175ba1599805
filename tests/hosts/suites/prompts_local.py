# What a stranger can learn from the prompt, through login, su and sudo.
# SPDX-License-Identifier: MIT
from hosts import Login, Su, Sudo
from people import GHOST, ROOT
from suites.prompts import EVERYBODY, same_screens

# Translations that the distribution brings; C.UTF-8 needs no locale package.
GERMAN = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "LANGUAGE": "de"}


def run(world, tap):
    for example in ("su", "sudo", "login"):
        world.example(example)
    same_screens(world, tap, "login", Login(world), EVERYBODY)
    # su and sudo ask PAM only about people who exist.
    here = [name for name in EVERYBODY if name != GHOST]
    same_screens(world, tap, "su", Su(world), here)
    same_screens(world, tap, "su in German", Su(world), here, GERMAN)
    here.remove(ROOT.name)  # is asked for nothing
    same_screens(world, tap, "sudo", Sudo(world), here)
