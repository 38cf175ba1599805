# OpenVPN: its plugin stays root and starts the helper itself, under the limits of the
# distribution's unit. The code stands behind the password, or is asked for by a static
# challenge.
# SPDX-License-Identifier: MIT
import base64
import itertools
import os
import re
import stat
import subprocess

from people import ALICE, BOB, DAVE, WRONG
from programs import Recipe, Service, install, is_open, leaves_nothing, many, wait
from world import command, write

GRACE = ("grace", "Grace-Hopper-6")
FOLDER = "/etc/openvpn/server"
DROP_IN = "/etc/systemd/system/openvpn-server@.service.d/cognito.conf"
UNIT = "/lib/systemd/system/openvpn-server@.service"
IN, REFUSED = "in", "refused"
# What every server has. It gives root up, the part of the plugin that asks does not.
BASE = """dev tun9
dev-type tun
proto tcp-server
local 127.0.0.1
topology subnet
server 10.9.0.0 255.255.255.0
ca server.crt
cert server.crt
key server.key
dh none
duplicate-cn
user nobody
group nogroup
persist-key
persist-tun
"""
numbers = itertools.count()


def prepare():
    os.makedirs("/dev/net", exist_ok=True)
    os.mknod("/dev/net/tun", 0o600 | stat.S_IFCHR, os.makedev(10, 200))
    os.makedirs(FOLDER, exist_ok=True)
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=server", "-keyout", FOLDER + "/server.key",
            "-out", FOLDER + "/server.crt", "-addext", "extendedKeyUsage=serverAuth")


class OpenVPN(Service):
    def __init__(self, world, recipe, more=""):
        write(FOLDER + "/server.conf", BASE + more)
        world.configure()
        recipe.apply()
        kept, limit = bounds()
        super().__init__(world, "setpriv", "--inh-caps=-all", "--bounding-set=" + kept, "prlimit",
                         f"--nproc={limit}:{limit}", "openvpn", "--cd", FOLDER, "--config",
                         "server.conf", ready=is_open(1194))


def bounds():
    """The capabilities that the unit has, and the processes that the drop-in allows."""
    with open(UNIT, encoding="utf-8") as file:
        names = re.search(r"CapabilityBoundingSet=(.*)", file.read()).group(1).lower().split()
    with open(DROP_IN, encoding="utf-8") as file:
        limit = re.search(r"LimitNPROC=(\d+)", file.read()).group(1)
    return "-all," + ",".join("+" + name.removeprefix("cap_") for name in names), limit


class Client:
    """One connection, without an interface of its own."""

    def __init__(self, world, name, password):
        self.path = os.path.join(world.folder, f"client-{next(numbers)}")
        write(self.path, f"{name}\n{password}\n", 0o600)
        with open(self.path + ".out", "wb") as out:
            self.process = subprocess.Popen(
                ["openvpn", "--client", "--dev", "null", "--ifconfig-noexec", "--route-nopull",
                 "--proto", "tcp-client", "--nobind", "--remote", "127.0.0.1",
                 "--ca", FOLDER + "/server.crt", "--auth-user-pass", self.path,
                 "--auth-retry", "none", "--connect-retry-max", "1"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self.result = wait(self.look, f"{name} is in, or refused")

    def look(self):
        said = self.says()
        for word, result in (("AUTH_FAILED", REFUSED), ("Initialization Sequence Completed", IN)):
            if word in said:
                return result
        return said if self.process.poll() is not None else None

    def says(self):
        with open(self.path + ".out", encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def connect(world, name, password):
    client = Client(world, name, password)
    client.stop()
    return client.result


def challenged(password, code):
    """What a client sends that was configured with "static-challenge"."""
    return "SCRV1:" + ":".join(base64.b64encode(text.encode()).decode()
                               for text in (password, code))


def run(world, tap):
    command("useradd", "-m", "-u", "2011", "-G", "cognito", GRACE[0])
    install(world, "openvpn")
    prepare()

    def enters(name, password, what):
        world.forget()
        tap.equal(connect(world, name, password), IN, f"{what}: in", *world.log.all())

    def stays_out(name, password, what, line):
        world.forget()
        tap.equal(connect(world, name, password), REFUSED, f"{what}: refused")
        tap.ok(world.log.wait(line), f"{what}: the log says why", *world.log.all())

    server = OpenVPN(world, Recipe("OpenVPN"))
    enters(ALICE.name, ALICE.password, "right")
    stays_out(ALICE.name, WRONG, "wrong", "alice: refused: wrong_password .*rhost=127.0.0.1")
    stays_out(DAVE.name, DAVE.password, "disabled", "dave: refused: disabled")
    stays_out(*GRACE, "the code left out", "grace: refused: no_dialogue")
    many(tap, "OpenVPN", server, lambda: connect(world, BOB.name, BOB.password), IN)
    server.stop()
    renewed(world, tap)

    server = OpenVPN(world, Recipe("OpenVPN with a static challenge"))
    world.pool.reset()
    enters(GRACE[0], challenged(GRACE[1], world.pool.totp("grace")), "challenge, right")
    stays_out(GRACE[0], challenged(GRACE[1], "000000"), "challenge, a wrong code", "grace: refused")
    enters(ALICE.name, challenged(ALICE.password, ""), "challenge, nobody's code is wanted")
    stays_out(ALICE.name, challenged(WRONG, ""), "challenge, wrong password",
              "alice: refused: wrong_password")
    world.stop_pool()
    stays_out(BOB.name, BOB.password, "the pool is down", "bob: refused: connect")
    leaves_nothing(tap, "OpenVPN, the pool is down", server)
    server.stop()


def renewed(world, tap):
    """The code is good for one sign-in, the token for the keys that follow."""
    # An hour in real ones. Half of it is the time that a sign-in may take.
    server = OpenVPN(world, Recipe("OpenVPN"), "reneg-sec 8\n")
    world.forget()
    client = Client(world, GRACE[0], f"{GRACE[1]},{world.pool.totp('grace')}")
    tap.equal(client.result, IN, "the code behind the password: in", *world.log.all())
    wait(lambda: "auth-token authentication succeeded" in server.output(), "new keys by the token")
    tap.equal(world.sign_ins(), 1, "new keys: by the token, and the pool is not asked again")
    client.stop()
    server.stop()
