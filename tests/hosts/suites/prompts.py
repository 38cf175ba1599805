# What a stranger can learn from the prompt: nothing. Known and unknown people,
# root and local users see the same words in the same order. (Through sshd and pamtester.)
# SPDX-License-Identifier: MIT
import re

from hosts import Pamtester, SshdKeyboard, SshdPassword
from people import ALICE, BATCH, GHOST, KEEPER, NORMA, ROOT, WRONG

EVERYBODY = [s.name for s in (ALICE, NORMA, KEEPER, BATCH, ROOT)] + [GHOST]


def run(world, tap):
    for example in ("sshd", "sudo", "login"):
        world.example(example)
    for service in ("sshd", "sudo", "login"):
        same_prompts(world, tap, service, Pamtester(world, service))
    world.example("common-auth")
    world.service("common", "@include common-auth\n@include common-account\n")
    same_prompts(world, tap, "common-auth", Pamtester(world, "common"))
    for host in (SshdKeyboard(world), SshdPassword(world)):
        host.start()
        same_screens(world, tap, "sshd, " + host.method, host, EVERYBODY)
        host.stop()


def without_name(text, name):
    return re.sub(rf"\b{name}\b", "NAME", text.replace("\r", ""))


def same_prompts(world, tap, title, host):
    seen = {}
    for name in EVERYBODY:
        world.forget()
        seen[name] = host.attempt(name, WRONG).prompts
    tap.ok(all(prompts == ["Password: "] for prompts in seen.values()),
           f"{title}: the same question for everybody", seen)


def same_screens(world, tap, title, host, names, env=None):
    seen = {}
    for name in names:
        world.forget()
        seen[name] = without_name(host.attempt(name, WRONG, env=env).screen, name)
    tap.equal(len(set(seen.values())), 1, f"{title}: the same screen for everybody", seen)
