# Certificates for the pool's listeners, made with the openssl command: one
# authority that clients are told to trust, one they are not, and leaves that
# are right, for another name, too old, too young, or of the wrong authority.
# SPDX-License-Identifier: MIT
import ipaddress
import os
import subprocess

GOOD = ("20200101000000Z", "20991231235959Z")
PAST = ("20200101000000Z", "20200201000000Z")
LATER = ("20980101000000Z", "20991231235959Z")
LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"]

CONFIG = """[ca]
default_ca = here
[here]
database = {folder}/{ca}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
{san}
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"pool: openssl {arguments[0]} failed: {done.stderr.strip()}")


def make_authority(folder, name, subject):
    path = os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", path + ".key", "-out", path + ".pem", "-days", "3650",
            "-subj", f"/CN={subject}", "-addext", "keyUsage=critical,keyCertSign")


def san_line(names):
    kinds = []
    for name in names:
        try:
            ipaddress.ip_address(name)
            kinds.append(f"IP:{name}")
        except ValueError:
            kinds.append(f"DNS:{name}")
    return "subjectAltName = " + ",".join(kinds) if kinds else ""


def make_leaf(folder, name, authority, names, period, subject="Local user pool"):
    path = os.path.join(folder, name)
    ca = os.path.join(folder, authority)
    with open(path + ".cnf", "w", encoding="ascii") as file:
        file.write(CONFIG.format(folder=folder, ca=authority, san=san_line(names)))
    with open(ca + ".index", "a", encoding="ascii"):
        pass
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", path + ".key", "-out", path + ".csr", "-subj", f"/CN={subject}")
    openssl("ca", "-batch", "-notext", "-config", path + ".cnf", "-keyfile", ca + ".key",
            "-cert", ca + ".pem", "-startdate", period[0], "-enddate", period[1],
            "-in", path + ".csr", "-out", path + ".pem")


def make_all(folder, names):
    """Makes what is missing; makes the leaves again when the names changed."""
    wanted = LOCAL_NAMES + sorted(names)
    stamp = os.path.join(folder, "names.txt")
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read().split() == wanted:
                return
    if not os.path.exists(os.path.join(folder, "ca.pem")):
        make_authority(folder, "ca", "Local user pool test authority")
        make_authority(folder, "stranger", "Authority nobody trusts")
    make_leaf(folder, "good", "ca", wanted, GOOD)
    make_leaf(folder, "wrong_name", "ca", ["elsewhere.example.org"], GOOD)
    make_leaf(folder, "no_san", "ca", [], GOOD, subject="localhost")
    make_leaf(folder, "expired", "ca", wanted, PAST)
    make_leaf(folder, "not_yet_valid", "ca", wanted, LATER)
    make_leaf(folder, "other_ca", "stranger", wanted, GOOD)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write("\n".join(wanted) + "\n")
