# What the tests of src/accounts share: a pool, and the program that asks it.
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402  (found through the path just set)

PEOPLE = os.path.join(harness.BUILD, "people")
POOL = "eu-west-1_Local0001"
ID, KEY = "AKIALOCALPOOL0000001", "local/every+action/0123456789abcdefghijk"
KEYS = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": KEY}
NO_INSTANCE = {"AWS_EC2_METADATA_DISABLED": "true"}


@dataclass
class Asked:
    answer: dict
    progress: list
    seconds: float

    @property
    def status(self):
        return self.answer["status"]

    @property
    def message(self):
        return self.answer["message"]

    @property
    def people(self):
        return list(self.answer["people"].values())

    @property
    def names(self):
        return [person["username"] for person in self.people]


def ask(pool, *words, environment=None, pool_id=POOL, hidden=(KEY,)):
    """Fails when a key is in what it says."""
    began = time.monotonic()
    done = subprocess.run(
        [PEOPLE, pool.address, pool.ca_file, pool_id, *words], capture_output=True, text=True,
        timeout=60, check=False, env={**harness.sanitizer(), **NO_INSTANCE, **(environment or {})})
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    said = json.dumps([answer["message"], answer["source"], answer["warning"]]) + done.stderr
    assert not [word for word in hidden if word in said], said
    progress = [tuple(map(int, line.split())) for line in done.stderr.splitlines()]
    return Asked(answer, progress, time.monotonic() - began)
