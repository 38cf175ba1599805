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

from people import ALICE, WRONG
from programs import ERIN, GRACE, Door, Recipe, Service, install, is_open, wait
from world import command, write

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
    for name, _ in (GRACE, ERIN):
        command("useradd", "-m", "-G", "cognito", name)
    install(world, "openvpn")
    prepare()

    server = OpenVPN(world, Recipe("OpenVPN"))
    door = Door(world, tap, lambda name, password: connect(world, name, password) == IN)
    door.usual()
    door.approved("openvpn", ALICE.name)
    door.many(server)
    server.stop()
    renewed(world, tap)

    server = OpenVPN(world, Recipe("OpenVPN with a static challenge"))
    world.pool.reset()
    door.enters("challenge, right", GRACE[0], challenged(GRACE[1], world.pool.totp("grace")))
    door.stays_out("challenge, a wrong code", GRACE[0], challenged(GRACE[1], "000000"),
                   "grace: refused")
    door.enters("challenge, nobody's code is wanted", ALICE.name, challenged(ALICE.password, ""))
    door.stays_out("challenge, wrong password", ALICE.name, challenged(WRONG, ""),
                   "alice: refused: wrong_password")
    door.approved("openvpn", ALICE.name)
    door.pool_down(server)
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
