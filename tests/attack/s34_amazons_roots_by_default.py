# S34: without ca_file, Amazon's hosts are believed with a certificate of one of
# Amazon's roots only. A private authority in the system's store, as companies
# and malware put there, reads no password. ca_file is how one is let in.
# SPDX-License-Identifier: MIT
import base64
import glob
import hashlib
import os
import re
import subprocess
import time

from people import ALICE
from suites.outage import AUTHINFO_UNAVAIL, SUCCESS, forget, login
from world import CA_FILE, SERVICE_HOST, command, write

BREAKAGES = [
    ("the system's store is the default", ("read_trust_anchors AMAZON_ROOTS", '"system"')),
    ("Amazon's hosts are not known as such", ("compose_host (amazon_roots)", "... && false")),
    ("the folder of the system's store is not asked",
     ("setup_anchors (system_folder)", "const char *folder = \"\"")),
    ("accounts leaves the folder to curl",
     ("asking_open (ca_folder)", ".ca_folder = NULL")),
    ("anybody may write to the system's store", ("check_file (S_IWGRP)", "false")),
    ("nor when the endpoint names them", ('take_endpoint ".amazonaws.com"', '".amazonaws.con"')),
    ("a root is another",
     ("amazon-roots.pem MIIDQTCCAimgAwIBAgITBmyfz5m", "MIIDQTCCAimgAwIBAgITBmyfz5n")),
    ("the file of roots can be written by its group",
     ("install-data-hook:", "\tchmod g+w $(DESTDIR)$(pkgdatadir)/amazon-roots.pem\n...")),
]
# https://www.amazontrust.com/repository/ and Debian's ca-certificates: SHA-256.
ROOTS = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2":
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
}
STORE = "/etc/ssl/certs/ca-certificates.crt"
HASHED = "/etc/ssl/certs/????????.?"
SERVICE_ERR = 3


def run(world, tap):
    shipped_file(tap)
    trust_everywhere(world)
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", f"https://{SERVICE_HOST}/"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False)
    tap.equal(done.returncode, 0, "curl believes the authority of the system's store",
              done.stdout)
    world.service("outage", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    for title, ca_file, endpoint, wanted in (
            ("ca_file = system", "system", None, SUCCESS),
            ("without ca_file", None, None, AUTHINFO_UNAVAIL),
            ("without ca_file, by endpoint", None, f"https://{SERVICE_HOST}", AUTHINFO_UNAVAIL),
            ("ca_file = that authority", CA_FILE, None, SUCCESS)):
        world.configure(ca_file=ca_file, endpoint=endpoint)
        forget()
        world.forget()
        done = login()
        tap.equal(done.code, wanted, f"{title}: {'in' if wanted == SUCCESS else 'refused'}",
                  *world.log.all())
        tap.equal(world.sign_ins(), 1 if wanted == SUCCESS else 0,
                  f"{title}: {'the' if wanted == SUCCESS else 'no'} password arrived")
        if wanted == SUCCESS:
            last_request(world)
        else:
            tap.equal((world.pool.requests(), world.pool.counts()["handshakes"]), ([], 0),
                      f"{title}: not a byte came through TLS")
            tap.ok(world.pool.counts()["failed_handshakes"], f"{title}: but it was tried")
            tap.ok(world.log.wait(f"{ALICE.name}: refused: "), f"{title}: the log says why",
                   *world.log.all())
    untrusted_store(world, tap)


def untrusted_store(world, tap):
    """The system's store counts as far as root alone can change it."""
    write("/etc/security/pam_cognito_accounts.conf", "pool_groups = admins\n")
    hashed, = set(glob.glob(HASHED)) - world.hashed
    with open(STORE, encoding="ascii") as file:
        text = file.read()
    with open(STORE, "w", encoding="ascii") as file:
        file.write(text.replace(world.authority, ""))
    for title, path, mode, wanted, word in (
            ("by the folder alone", hashed, 0o644, SUCCESS, None),
            ("a file of the folder that anybody may write", hashed, 0o666, AUTHINFO_UNAVAIL,
             f"{hashed}: must not be writable by group or others"),
            ("a bundle that its group may write", STORE, 0o664, SERVICE_ERR,
             f"ca_file: {STORE}: must not be writable by group or others")):
        os.chmod(path, mode)
        world.configure(ca_file="system")
        forget()
        world.forget()
        done = login()
        tap.equal(done.code, wanted, title, *world.log.all())
        tap.equal(world.sign_ins(), 1 if wanted == SUCCESS else 0, f"{title}: passwords")
        tap.equal(listing(), wanted == SUCCESS, f"{title}: so do accounts")
        if word is None:
            last_request(world)
        else:
            tap.ok(world.log.wait(word), f"{title}: the log says why", *world.log.all())



def listing():
    """Is the pool believed by what makes accounts?"""
    done = subprocess.run(
        ["pam-cognito", "accounts", "list"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=False,
        env={"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "AKIALOCALPOOL0000001",
             "AWS_SECRET_ACCESS_KEY": "local/every+action/0123456789abcdefghijk"})
    return done.returncode != 1


def last_request(world):
    """The helper revokes its token when the login is over."""
    end = time.monotonic() + 10
    while not world.pool.requests("RevokeToken") and time.monotonic() < end:
        time.sleep(0.05)


def shipped_file(tap):
    path, = (glob.glob("/usr/share/pam_cognito/amazon-roots.pem")
             + glob.glob("/usr/local/share/pam_cognito/amazon-roots.pem"))
    found = os.stat(path)
    tap.equal((found.st_uid, found.st_mode & 0o022), (0, 0), "the file of roots is root's alone")
    with open(path, encoding="ascii") as file:
        bodies = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----",
                            file.read(), re.DOTALL)
    tap.equal(sorted(hashlib.sha256(base64.b64decode(body)).hexdigest() for body in bodies),
              sorted(ROOTS.values()), "the file of roots holds five, and no other")
    names = [command("openssl", "x509", "-in", in_file, "-noout", "-fingerprint", "-sha256",
                     "-subject", "-nameopt", "multiline") for in_file in distribution()]
    tap.equal({name: sum(name in text and digest.upper() in text.replace(":", "")
                         for text in names) for name, digest in ROOTS.items()},
              {name: 1 for name in ROOTS}, "the distribution has the same five by these names")


def distribution():
    folder = "/usr/share/ca-certificates/mozilla/"
    return glob.glob(folder + "Amazon_Root_CA_*.crt") + glob.glob(folder + "Starfield_Serv*.crt")


def trust_everywhere(world):
    """As update-ca-certificates does, in this world's /etc."""
    with open(world.pool.ca_file, encoding="ascii") as file:
        text = file.read()
    world.hashed, world.authority = set(glob.glob(HASHED)), text
    with open(STORE, "a", encoding="ascii") as file:
        file.write(text)
    digest = command("openssl", "x509", "-in", world.pool.ca_file, "-noout", "-hash").strip()
    with open(f"/etc/ssl/certs/{digest}.0", "w", encoding="ascii") as file:
        file.write(text)
