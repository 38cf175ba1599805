# Resolver plug-ins work in the helper's cage: the pool is found by name through
# each of nsswitch's services alone, real plug-ins with stand-ins for their
# daemons. The plug-ins come from packages that scripts/install-deps --tests
# fetches and does not install: unpacked here, they change this world only.
# SPDX-License-Identifier: MIT
import glob
import json
import os
import shutil
import socket
import struct
import threading
import time

import localpool
from suites.hostile import find_helper
from suites.outage import SUCCESS, Login, forget
from world import SERVICE_HOST, command, write

PACKAGES = "/var/cache/pam_cognito-tests"
VARLINK = "/run/systemd/resolve/io.systemd.Resolve"
BUS = "/run/dbus/system_bus_socket"
MACHINES = "/run/systemd/machines"
ADDRESS = "127.0.0.1"
NSSWITCH = ("passwd: files\ngroup: files\nshadow: files\nservices: files\nprotocols: files\n"
            "hosts: {}\n")
A, AAAA = 1, 28


def run(world, tap):
    provide_plug_ins(world, tap)
    # myhostname says 127.0.0.2.
    world.stop_pool()
    world.pool = localpool.start(state=os.path.join(world.folder, "open-pool"),
                                 keys=os.path.join(world.stage.folder, "keys"),
                                 listen="0.0.0.0:443", names=[SERVICE_HOST], variants=False)
    world.pool_is_up = True
    world.service("outage", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    write("/etc/hosts", "127.0.0.1 localhost\n")
    dns, resolved, machined = Dns(), Resolved(), Machined()
    host = socket.gethostname()
    sign_in(world, tap, "dns", "dns", lambda: dns.udp)
    dns.cut = True
    sign_in(world, tap, "dns, by TCP", "dns", lambda: dns.tcp)
    sign_in(world, tap, "resolve", "resolve", lambda: resolved.asked)
    sign_in(world, tap, "mymachines", "mymachines dns", lambda: not machined.asked,
            "which knows no such machine")
    write(f"{MACHINES}/{SERVICE_HOST}", "CLASS=container\nNETIF=1\n")
    sign_in(world, tap, "mymachines", "mymachines", lambda: machined.asked)
    os.unlink(f"{MACHINES}/{SERVICE_HOST}")
    socket.sethostname(SERVICE_HOST)
    sign_in(world, tap, "myhostname", "myhostname", lambda: 1)
    socket.sethostname(host)
    asked = resolved.asked
    sign_in(world, tap, "resolve", "mymachines resolve [!UNAVAIL=return] files myhostname dns",
            lambda: resolved.asked > asked, "as systemd sets it up")
    write("/etc/hosts", f"127.0.0.1 localhost {SERVICE_HOST}\n")
    sign_in(world, tap, "files", "files", lambda: 1)
    write("/etc/hosts", "127.0.0.1 localhost\n")
    world.configure(connect_timeout="1", timeout="3")
    world.forget()
    write("/etc/nsswitch.conf", NSSWITCH.format("files"))
    tap.ok(Login(answer=None).authenticate().end().code != SUCCESS and not world.connections(),
           "files without the name: not found, so the others were what found it")


def provide_plug_ins(world, tap):
    folder = os.path.dirname(glob.glob("/usr/lib/*/libnss_files.so.2")[0])
    world.stage.cover(folder)  # other worlds use it, too
    for name in ("resolve", "mymachines", "myhostname"):
        target = os.path.join(folder, f"libnss_{name}.so.2")
        if not os.path.exists(target):
            unpacked = os.path.join(world.folder, name)
            for package in glob.glob(f"{PACKAGES}/libnss-{name}_*.deb"):
                command("dpkg-deb", "-x", package, unpacked)
            for found in glob.glob(f"{unpacked}/**/libnss_{name}.so.2", recursive=True):
                shutil.copy(found, target)
        tap.ok(os.path.exists(target), f"the plug-in {name} is there",
               "scripts/install-deps --tests fetches it")


def sign_in(world, tap, name, line, answered, title=None):
    title = f"hosts: {line} ({title})" if title else f"hosts: {name}"
    write("/etc/nsswitch.conf", NSSWITCH.format(line))
    forget()
    world.forget()
    plug_in = f"libnss_{name.partition(',')[0]}.so"
    seen = []

    def at_the_prompt():
        end = time.monotonic() + 15
        while not world.connections() and time.monotonic() < end:
            time.sleep(0.05)
        with open(f"/proc/{find_helper()}/maps", encoding="utf-8") as file:
            seen.append(plug_in in file.read())
        return "Correct-Horse-9"

    done = Login(answer=at_the_prompt).authenticate().end()
    tap.equal(done.code, SUCCESS, f"{title}: alice is in", *world.log.all())
    tap.equal(world.sign_ins(), 1, f"{title}: by the pool")
    tap.ok(answered(), f"{title}: it was asked")
    # glibc has files and dns built in.
    tap.equal(seen, [name.partition(",")[0] not in ("files", "dns")],
              f"{title}: the plug-in is {'' if seen == [True] else 'not '}loaded")


class Dns:
    """A name server that knows one name. cut: what comes by UDP is too short."""

    def __init__(self, address=ADDRESS):
        self.udp = self.tcp = 0
        self.addresses = [ADDRESS]
        self.delay = 0  # seconds before an answer, one after the other
        self.cut = False
        self.deaf_until = 0  # so many questions by UDP are lost
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((address, 53))
        listener = socket.create_server((address, 53))
        threading.Thread(target=self.by_udp, args=(datagrams,), daemon=True).start()
        threading.Thread(target=self.by_tcp, args=(listener,), daemon=True).start()

    def by_udp(self, datagrams):
        while True:
            query, peer = datagrams.recvfrom(4096)
            self.udp += 1
            if self.udp <= self.deaf_until:
                continue
            time.sleep(self.delay)
            datagrams.sendto(self.answer(query, self.cut), peer)

    def by_tcp(self, listener):
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with peer, peer.makefile("rb") as stream:
            while True:
                size = stream.read(2)
                if len(size) < 2:
                    return
                answer = self.answer(stream.read(struct.unpack(">H", size)[0]), False)
                peer.sendall(struct.pack(">H", len(answer)) + answer)
                self.tcp += 1

    def answer(self, query, cut):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        known = ".".join(labels).lower() == SERVICE_HOST
        record = b""
        if known and kind == A and not cut:
            record = b"".join(struct.pack(">HHHIH", 0xC00C, A, 1, 60, 4)
                              + socket.inet_aton(address) for address in self.addresses)
        flags = 0x8180 | (0x0200 if cut else 0) | (0 if known else 3)
        return (query[:2] + struct.pack(">HHHHH", flags, 1, len(record) // 16, 0, 0)
                + query[12:at + 5] + record)


class Daemon:
    """A stand-in that listens on a socket of the file system."""

    def __init__(self, path):
        self.asked = 0
        os.makedirs(os.path.dirname(path), exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(8)
        threading.Thread(target=self.serve, args=(listener,), daemon=True).start()

    def serve(self, listener):
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()


class Resolved(Daemon):
    """What systemd-resolved says by varlink: JSON, each message ended by a NUL."""

    def __init__(self):
        super().__init__(VARLINK)

    def talk(self, peer):
        text = b""
        with peer:
            while more := peer.recv(4096):
                text += more
                while b"\0" in text:
                    message, _, text = text.partition(b"\0")
                    peer.sendall(json.dumps(self.answer(json.loads(message))).encode() + b"\0")

    def answer(self, call):
        parameters = call.get("parameters", {})
        if (call["method"] != "io.systemd.Resolve.ResolveHostname"
                or parameters["name"].rstrip(".") != SERVICE_HOST):
            return {"error": "io.systemd.Resolve.NoNameServers", "parameters": {}}
        self.asked += 1
        if parameters.get("family") == socket.AF_INET6:
            return {"error": "io.systemd.Resolve.NoSuchResourceRecord", "parameters": {}}
        address = {"ifindex": 1, "family": int(socket.AF_INET),
                   "address": list(socket.inet_aton(ADDRESS))}
        return {"parameters": {"addresses": [address], "name": SERVICE_HOST, "flags": 1}}


class Machined(Daemon):
    """What the bus and systemd-machined say: D-Bus, as far as one question goes."""

    def __init__(self):
        os.makedirs(MACHINES)
        super().__init__(BUS)

    def talk(self, peer):
        with peer, peer.makefile("rb") as stream:
            stream.read(1)
            while (line := stream.readline().split()) and line[0] != b"BEGIN":
                words = {b"NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD",
                         b"AUTH": b"DATA" if len(line) < 3 else b"OK " + b"0" * 31 + b"1"}
                peer.sendall(words.get(line[0], b"OK " + b"0" * 31 + b"1") + b"\r\n")
            while len(head := stream.read(16)) == 16:
                size, serial, fields = struct.unpack("<4xIII", head)
                call = stream.read((fields + 7) // 8 * 8)
                stream.read(size)
                if b"GetMachineAddresses\0" in call:
                    self.asked += 1
                    # a(iay): one address.
                    body = struct.pack("<I4xiI", 12, socket.AF_INET, 4) + socket.inet_aton(ADDRESS)
                    peer.sendall(self.answer(serial, b"a(iay)", body))
                elif b"Hello\0" in call:
                    peer.sendall(self.answer(serial, b"s", struct.pack("<I", 4) + b":1.7\0"))

    @staticmethod
    def answer(serial, signature, body):
        fields = struct.pack("<B3sI", 5, b"\1u", serial)
        fields += struct.pack("<B3sB", 8, b"\1g", len(signature)) + signature + b"\0"
        return (struct.pack("<cBBBIII", b"l", 2, 1, 1, len(body), serial, len(fields)) + fields
                + bytes(-len(fields) % 8) + body)
