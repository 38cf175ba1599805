# moto's Cognito, which others wrote, as a judge of what src/accounts asks: of its
# signatures, which moto compares with those of botocore's signer, of what rights it
# needs, and of pages, attributes, groups and the pool's settings; and of the product's
# own dialogues, by pam-cognito, whose flows are the module's.
#   with_moto.py BUILD ROOT      ROOT: a root that has moto
# What moto does in another way than Cognito, and what therefore is not asked here:
#   * the resource of a policy does not count, every pool is meant;
#   * ListUsers comes in the order of making, not in that of names;
#   * it refuses who has no right as IAM does, with 403 and XML, where Cognito has 400 and
#     JSON: so what it refuses by is asked of moto, and the tool takes it for a firewall;
#   * throttling, and a token of another listing that is refused, are not there;
#   * of a user without a name to sign in by there is none;
#   * RespondToAuthChallenge and others wait for a signature, where any is wanted: the
#     dialogues have a pool that wants none;
#   * the keys are not served by Debian's package: jwks_file= has them;
#   * SECRET_HASH is not looked at by InitiateAuth, and B of SRP is a number of chance;
#   * a code to reset a password is no digits, and digits are taken unseen;
#   * nobody is locked out, and a temporary password never expires.
# SPDX-License-Identifier: MIT
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("pool", "lib")]

import certificates  # noqa: E402  (found through the path just set)
from product import Product  # noqa: E402
from tap import Tap  # noqa: E402

COUNT = 130
OLD, NEW = "Correct-Horse-9", "Fresh-Meadow-42"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Moto:
    """Its pool, in that root."""

    def __init__(self, root, *words):
        self.folder = tempfile.mkdtemp(prefix="moto-")
        self.inside = tempfile.mkdtemp(prefix="moto-", dir=os.path.join(root, "tmp"))
        certificates.make_authority(self.folder, "ca", "Authority of a pool of moto's")
        certificates.make_leaf(self.folder, "leaf", "ca", ["localhost"], certificates.GOOD)
        for path in (os.path.join(HERE, "moto_pool.py"),
                     *(os.path.join(self.folder, name) for name in ("leaf.pem", "leaf.key"))):
            shutil.copy(path, self.inside)
        port = free_port()
        self.endpoint, self.ca = f"https://localhost:{port}", os.path.join(self.folder, "ca.pem")
        there = "/" + os.path.relpath(self.inside, root)
        self.process = subprocess.Popen(
            ["/usr/sbin/chroot", root, "/usr/bin/python3", there + "/moto_pool.py", str(port),
             there + "/leaf.pem", there + "/leaf.key", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "AWS_ACCESS_KEY_ID": "maker",
                 "AWS_SECRET_ACCESS_KEY": "maker"})
        self.has = json.loads(self.process.stdout.readline())
        self.keys = os.path.join(self.folder, "jwks.json")
        with open(self.keys, "w", encoding="ascii") as file:
            json.dump(self.has["jwks"], file)

    def refused_by(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        for folder in (self.folder, self.inside):
            shutil.rmtree(folder)


class Suite:
    def __init__(self, build, moto, tap):
        self.program = os.path.join(build, "tests", "accounts", "people")
        self.build, self.moto, self.tap = build, moto, tap

    def ask(self, *words, key="all", pool="pool", **more):
        id_, secret, token = self.moto.has[key] if isinstance(key, str) else key
        pool = self.moto.has.get(pool, pool)
        done = subprocess.run(
            [self.program, self.moto.endpoint, self.moto.ca, pool, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True,
            env={"AWS_ACCESS_KEY_ID": id_, "AWS_SECRET_ACCESS_KEY": secret,
                 "AWS_SESSION_TOKEN": token, "TOTAL_MS": "20000", **more})
        return json.loads(done.stdout)

    def run(self):
        self.people()
        self.settings()
        self.rights()

    def people(self):
        names = [f"person{number:03}" for number in range(COUNT)]
        wanted = {name: {
            "sub": self.moto.has["people"][name], "email": name + "@example.com",
            "email_verified": number % 3 != 0, "name": f"Persón {number}",
            "uid": str(30000 + number), "enabled": number != 3,
            "status": "CONFIRMED" if number == 1 else "FORCE_CHANGE_PASSWORD"}
            for number, name in enumerate(names)}
        for title, groups, bits, found in (("everybody, in three pages", [], 0, names),
                                           ("a group, in two pages", ["shell"], 1, names[1::2]),
                                           ("an empty group", ["empty"], 1, []),
                                           ("two groups", ["empty", "shell"], 2, names[1::2])):
            answer = self.ask("list", *groups, UID_ATTRIBUTE="custom:uid")
            got = {one.pop("username"): one for one in answer.get("people", {}).values()}
            self.tap.equal((answer["status"], got), ("ok", {
                name: {**wanted[name], "groups": bits} for name in found}),
                f"list: {title}", answer["message"])
        for title, words, pool in (("a group that is not there", ["list", "none"], "pool"),
                                   ("a pool that is not there", ["list"], "eu-west-1_None00001")):
            answer = self.ask(*words, pool=pool)
            self.tap.equal((answer["status"], answer["people"]), ("pool_misconfigured", {}),
                           f"list: {title}", answer["message"])

    def settings(self):
        for title, words, pool, wanted in (
                ("nobody signs up", ["closed"], "pool", "yes"),
                ("people sign up", ["closed"], "open", "no"),
                ("an attribute that stays", ["immutable", "custom:uid"], "pool", "yes"),
                ("an attribute that does not", ["immutable", "custom:sshkey"], "pool", "no"),
                ("an app client writes it", ["writes", "custom:sshkey"], "pool", "yes"),
                ("none writes it", ["writes", "custom:uid"], "pool", "no")):
            answer = self.ask(*words, pool=pool)
            self.tap.equal(answer["fact"], wanted, f"settings: {title}", answer)

    def rights(self):
        id_, _, _ = self.moto.has["all"]
        other = [*self.moto.has["role"][:2], "another"]
        for title, key, words, code in (
                ("a role's, with a token", "role", ["list", "shell"], None),
                ("the one that a group needs", "group", ["list", "shell"], None),
                ("not for everybody", "group", ["list"], "AccessDenied"),
                ("none", "none", ["list", "shell"], "AccessDenied"),
                ("another secret", [id_, "x" * 40, ""], ["list"], "SignatureDoesNotMatch"),
                ("nobody's key", ["AKIANOBODY0000000001", "x" * 40, ""], ["list"],
                 "InvalidClientTokenId"),
                ("a role's, with another token", other, ["list"], "InvalidClientTokenId")):
            answer = self.ask(*words, key=key)
            self.tap.equal((answer["status"], self.moto.refused_by(), bool(answer["people"])),
                           ("waf_blocked", [code], False) if code else ("ok", [], True),
                           f"rights: {title}", answer["message"])

    def dialogues(self):
        alice, erin = self.moto.has["alice"], self.moto.has["erin"]
        product = Product(self.build, self.moto.folder, self.tap, {
            **self.moto.has["client"], "endpoint": self.moto.endpoint, "ca_file": self.moto.ca,
            "jwks_file": self.moto.keys})
        for title, answers, settings, status, text in (
                ("the right password", [OLD], {}, 0, "PAM_SUCCESS"),
                ("a wrong one", ["Wrong-Horse-9"], {}, 1, "wrong_password"),
                ("a group that she is in", [OLD], {"require_group": "shell"}, 0, "PAM_SUCCESS"),
                ("one that she is not in", [OLD], {"require_group": "empty"}, 1, "group_refused")):
            product.expect(f"sign-in: {title}", status, text,
                        product.run("login", alice, answers=answers, **settings))
        product.expect("sign-in: nobody of that name", 1, "no_such_user|wrong_password",
                    product.run("login", "nobody", answers=[OLD]))
        product.expect("sign-in: a temporary password", 0, r"NEW_PASSWORD_REQUIRED[\s\S]*PAM_SUCCESS",
                    product.run("login", erin, answers=["Temporary-Pw-1", NEW, NEW]))
        product.expect("change: done", 0, "changed",
                    product.run("change-password", alice, answers=[OLD, NEW, NEW]))
        product.expect("change: the new one is it", 0, "PAM_SUCCESS",
                    product.run("login", alice, answers=[NEW]))
        product.expect("change: the old one is not", 1, "wrong_password",
                    product.run("login", alice, answers=[OLD]))
        product.expect("forgotten: a code is on its way", 0, "code",
                    product.run("forgot-password", alice))
        product.expect("forgotten: set", 0, "password", product.run(
            "confirm-forgot-password", alice, answers=["135790", OLD, OLD]))
        product.expect("forgotten: it is", 0, "PAM_SUCCESS", product.run("login", alice, answers=[OLD]))


def main():
    build, root = sys.argv[1:]
    tap = Tap("moto")
    for words, part in (((), Suite.run), (("unsigned",), Suite.dialogues)):
        moto = Moto(root, *words)
        try:
            part(Suite(build, moto, tap))
        finally:
            moto.stop()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
