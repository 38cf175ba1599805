# S17: a password leaves by TLS 1.2 or newer only, to somebody whose certificate
# is trusted, valid and of the right name, and nobody can send it elsewhere. All
# endpoints here would let alice in, were they believed.
#   A certificate without subjectAltName whose subject is the right name is one
# that libcurl takes, as OpenSSL does; public authorities issue none. Not tested.
# SPDX-License-Identifier: MIT
import os
import ssl

from attack.endpoint import (OTHER_HOST, Authority, Endpoint, Mint, all_at_once, http,
                             server_context, service_name, sign_in)
from hosts import Sudo
from people import ALICE
from world import SERVICE_HOST, write

import certificates  # found through the path that world has set

BREAKAGES = [
    ("any authority",
     ("set_common (CURLOPT_SSL_VERIFYPEER)", "set_number(easy, CURLOPT_SSL_VERIFYPEER, 0)")),
    ("any name",
     ("set_common (CURLOPT_SSL_VERIFYHOST)", "set_number(easy, CURLOPT_SSL_VERIFYHOST, 0)")),
    ("any version of TLS",
     ("set_common CURL_SSLVERSION_TLSv1_2", "CURL_SSLVERSION_TLSv1_0"),
     ("set_common (CURLOPT_NOSIGNAL)",
      '... && set_text(easy, CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0")')),
    ("weak keys and hashes",
     ("set_common (CURLOPT_NOSIGNAL)",
      '... && set_text(easy, CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0")')),
    ("redirects are followed",
     ("set_common (CURLOPT_FOLLOWLOCATION)", "set_number(easy, CURLOPT_FOLLOWLOCATION, 1)")),
    ("http will do",
     ('take_endpoint ("https://")', 'strncmp(endpoint, "http", 4) != 0'),
     ("take_endpoint (take_host)", "rest = take_host(pool, strchr(endpoint, '/') + 2)"),
     ('set_common "https"', '"https,http"')),
]
NAME = f"DNS:{SERVICE_HOST}"


def issue(authority, issuer, *options, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
          names=NAME, extensions="extendedKeyUsage = serverAuth", chain=False):
    """A certificate as an attacker might get one."""
    authority.count += 1
    path = os.path.join(authority.folder, f"odd{authority.count}")
    certificates.openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", path + ".key",
                         "-out", path + ".csr", "-subj", "/CN=Attacker")
    write(path + ".cnf", f"subjectAltName = {names}\n{extensions}\n")
    signer = ["-signkey", path + ".key"]
    if issuer:
        signer = ["-CA", issuer + ".pem", "-CAkey", issuer + ".key"]
    certificates.openssl("x509", "-req", "-in", path + ".csr", "-out", path + ".pem", "-days",
                         "30", "-set_serial", str(1000 + authority.count), "-extfile",
                         path + ".cnf", *signer, *options)
    if chain:
        with open(issuer + ".pem", encoding="ascii") as above, \
                open(path + ".pem", "a", encoding="ascii") as file:
            file.write(above.read())
    return path


def name_with_nul():
    """The right name, a NUL, and the rest of the attacker's own name."""
    name = SERVICE_HOST.encode() + b"\0.example.org"
    return "DER:" + (b"\x30" + bytes([len(name) + 2]) + b"\x82" + bytes([len(name)])
                     + name).hex(":")


def distrusted(authority):
    """label: what the endpoint shows."""
    ca = os.path.join(authority.folder, "ca")
    leaf = authority.leaf(["own.example.org"])
    plain = server_context
    made = {
        "wrong name": plain(authority.leaf(["elsewhere.example.org"])),
        "no name": plain(authority.leaf([])),
        "an address as its name": plain(authority.leaf(["127.0.0.1"])),
        "a longer name": plain(authority.leaf([SERVICE_HOST + ".example.org"])),
        "the domain": plain(authority.leaf(["amazonaws.com"])),
        "a wildcard two labels up": plain(authority.leaf(["*.amazonaws.com"])),
        "a wildcard for all": plain(authority.leaf(["*"])),
        "a wildcard within": plain(authority.leaf(["cognito-idp.*.amazonaws.com"])),
        "a NUL in the name": plain(issue(authority, ca, names=name_with_nul())),
        "another authority": plain(authority.leaf(authority="stranger")),
        "self-signed": plain(issue(authority, None)),
        "self-signed, an authority": plain(issue(
            authority, None, extensions="basicConstraints = CA:true")),
        "expired": plain(authority.leaf(period=certificates.PAST)),
        "not yet valid": plain(authority.leaf(period=certificates.LATER)),
        "for clients": plain(issue(authority, ca, extensions="extendedKeyUsage = clientAuth")),
        "issued by who is no authority": plain(issue(authority, leaf, chain=True)),
        "key of 1024 bits": server_context(issue(authority, ca, key=("rsa:1024",)), weak=True),
        "signed with SHA-1": server_context(issue(authority, ca, "-sha1"), weak=True),
    }
    good = authority.leaf()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        made[version.name] = server_context(good, version, version, weak=True)
    for label, ciphers in (("no encryption", "eNULL"), ("no certificate", "aNULL")):
        made[label] = server_context(good, highest=ssl.TLSVersion.TLSv1_2, weak=True)
        made[label].set_ciphers(ciphers + ":@SECLEVEL=0")
    old = made["TLSv1_1"]
    # Refuses what is new with TLS's own words, and waits for who comes back.
    made["downgrade"] = lambda peer: refuse_version(peer) if peer.number < 3 else old
    return made


def refuse_version(peer):
    peer.sock.recv(65536)
    peer.send(b"\x15\x03\x01\x00\x02\x02\x46")
    peer.close()
    raise ValueError("no such version")


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    write("/etc/hosts", f"127.0.0.1 localhost testhost {SERVICE_HOST}\n127.0.0.9 {OTHER_HOST}\n")
    mint = Mint(world)
    good = server_context(authority.leaf())

    def job(label, endpoint, others=(), **more):
        def do():
            visit = sign_in(world, service_name(label), more.get("url", endpoint),
                            conf=more.get("conf"))
            for one in (endpoint, *others):
                one.close()
            return visit, endpoint, others
        return do

    control = Endpoint(good, mint.answer())
    jobs = {"control": job("control", control)}
    for label, context in distrusted(authority).items():
        jobs[label] = job(label, Endpoint(context, mint.answer()))
    # Trusted when the connection is made ahead, and somebody else afterwards.
    # Its end is said: what is sent while it closes would meet a reset.
    wrong = server_context(authority.leaf(authority="stranger"))
    change = Endpoint(lambda peer: good if peer.number == 1 else wrong)
    ahead = mint.answer(jwks=http(mint.jwks(), headers=["Connection: close"]))
    change.serve = lambda peer: peer.send(ahead(peer.request()))
    jobs["another from the second connection on"] = job("changed", change)
    jobs["HTTP without TLS"] = job("http", Endpoint(None, serve=lambda peer: (
        peer.read(), peer.send(http(mint.success())))))
    found = all_at_once(jobs)
    first, *rest = jobs
    tap.ok(getattr(found[first][0], "entered", False), "control: lets alice in", found[first])
    tap.equal(control.heard(ALICE.password), 1, "control: the password is seen where it arrives")
    for label in rest:
        visit, endpoint, _ = found[label]
        tap.ok(not visit.entered and visit.reason == "tls", f"{label}: refused as tls", visit)
        tap.equal((endpoint.heard("POST"), endpoint.heard(ALICE.password)), (0, 0),
                  f"{label}: nothing of the password arrives")
        tap.ok(endpoint.peers, f"{label}: somebody was there to get it")
    elsewhere(world, tap, mint, good, job)
    at_the_real_port(world, tap, mint, good, wrong)


def elsewhere(world, tap, mint, good, job):
    """Sent on by who is trusted; or told to go without TLS by the configuration."""
    jobs = {}
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        for operation in ("InitiateAuth", "jwks"):
            label = f"{status}, {operation}"
            first = Endpoint(good)
            other = Endpoint(good, mint.answer(), host="127.0.0.9", port=first.port)
            first.answer = mint.answer(**{operation: http(
                b"", status, [f"Location: https://{OTHER_HOST}:{first.port}/"])})
            jobs[label] = job(label, first, [other])
    plain = Endpoint(None, mint.answer())
    jobs["an http endpoint"] = job("conf_http", plain,
                                   url=f"http://{SERVICE_HOST}:{plain.port}")
    found = all_at_once(jobs)
    for label in jobs:
        visit, endpoint, others = found[label]
        tap.ok(not visit.entered and " refused: " in visit.line, f"{label}: refused", visit)
        tap.ok(endpoint.heard(ALICE.password) <= 1, f"{label}: sent once at most")
        tap.equal([len(other.peers) for other in others], [0] * len(others),
                  f"{label}: nobody else is asked")
    tap.equal((found["an http endpoint"][0].reason, len(plain.peers)), ("configuration", 0),
              "an http endpoint: is an error of the configuration, and nobody is asked")


def at_the_real_port(world, tap, mint, good, wrong):
    """The configuration as it is shipped, and sudo."""
    world.example("sudo")
    sudo = Sudo(world)
    for host, context, wanted in (("127.0.0.3", good, "alice"), ("127.0.0.2", wrong, None)):
        endpoint = Endpoint(context, mint.answer(), host=host, port=443)
        write("/etc/hosts", f"127.0.0.1 localhost testhost\n{host} {SERVICE_HOST}\n")
        visit = sudo.attempt(ALICE.name, ALICE.password)
        tap.equal(visit.who, wanted, f"sudo, {host}: {wanted or 'nobody'} is in", visit)
        tap.equal(endpoint.heard(ALICE.password), int(wanted is not None),
                  f"sudo, {host}: the password arrives {'once' if wanted else 'never'}")
        endpoint.close()
    tap.ok(world.log.wait("alice: refused: tls service=sudo", 5), "sudo: the log says tls",
           *world.log.all())
