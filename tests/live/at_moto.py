# tests/live/run against moto, as far as moto goes: the run comes to its end at a service
# that answers in its own way, names the rows that moto does not do as Cognito does, and
# only those, and leaves no pool.
#   at_moto.py BUILD ROOT      ROOT: a root that has moto
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("interop", "pool", "lib")]

from tap import Tap  # noqa: E402  (found through the path just set)
from with_moto import Moto  # noqa: E402

LOGIN = "pam-cognito login: "
TEMPORARY = LOGIN + "temporary password, user_srp: "
# What moto cannot do, and the rows that differ for it.
CANNOT = {
    "its B of SRP is a number of chance, and its block no base64": [
        LOGIN + "user_srp: right", LOGIN + "user_srp: wrong", LOGIN + "app, user_srp",
        TEMPORARY + "a weak one, then a good one", TEMPORARY + "the new one",
        TEMPORARY + "the old one", LOGIN + "pool with the UPDATED issuer, user_srp",
        "pamtester: user_srp: right", "sshd, keyboard-interactive: user_srp: right",
        "sshd, password: user_srp: right"],
    "it does not know USER_AUTH": [
        LOGIN + "user_auth: right", LOGIN + "user_auth: wrong", LOGIN + "user_auth: nobody",
        "pamtester: user_auth: right"],
    "it answers CUSTOM_AUTH without triggers with {} or null": [
        "pam-cognito check: what it says of the service",
        LOGIN + "custom: the pool has no triggers"],
    "it says who does not exist, and knows no aliases": [
        LOGIN + "user_password: nobody", LOGIN + "user_srp: nobody",
        LOGIN + "alias of somebody else"],
    "it does not look at SECRET_HASH": [
        LOGIN + "wrong secret", LOGIN + "secret for a client without one",
        "pamtester: wrong secret"],
    "a reset that is due stops nobody, and nobody is locked out": [
        LOGIN + "reset required", LOGIN + "locked out within 14 wrong passwords"],
    "it takes any code": [
        LOGIN + "unconfirmed", "pam-cognito confirm-forgot-password: wrong code",
        "pam-cognito confirm: wrong code"],
    "its tokens have no addresses": [LOGIN + "pool of addresses"],
    "it lets people without a second factor in where one is demanded": [
        "pamtester: second factor is forced, and none set up",
        "pamtester: second factor is forced: the app"],
}


def main():
    build, root = sys.argv[1:]
    tap = Tap("live, moto")
    moto = Moto(root, "unsigned")
    id_, secret, token = moto.has["all"]
    env = {**os.environ, "AWS_ACCESS_KEY_ID": id_, "AWS_SECRET_ACCESS_KEY": secret,
           "AWS_SESSION_TOKEN": token}
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            words = [os.path.join(HERE, "run"), "--region", "eu-west-1",
                     "--endpoint", moto.endpoint, "--ca", moto.ca]
            done = subprocess.run([*words, "--build", build, "--json", path], env=env, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            cleaned = subprocess.run([*words, "--clean"], env=env, text=True, check=False,
                                     stdin=subprocess.DEVNULL, capture_output=True)
    finally:
        moto.stop()
    tap.equal((done.returncode, found["faults"]), (1, []), "it comes to its end",
              done.stdout, done.stderr)
    differ = {f"{row['through']}: {row['name']}" for row in found["rows"]
              if row["got"] != row["wanted"]}
    for reason, rows in CANNOT.items():
        tap.none(sorted(set(rows) - differ), f"named: {reason}")
    known = {row for rows in CANNOT.values() for row in rows}
    tap.none(sorted(differ - known), "nothing else is named")
    tap.ok(len(found["rows"]) - len(differ) >= 40, "the other rows are as they should be")
    tap.equal((found["deleted"], found["left"], cleaned.returncode, cleaned.stdout),
              (4, [], 0, "0 pools deleted\n"), "no pool is left")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
