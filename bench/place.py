# The place that is measured in: a private copy of this machine with the
# responder, the relay, and one PAM service for each way to log in.
# SPDX-License-Identifier: MIT
import base64
import contextlib
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "hosts"))

import people  # noqa: E402  (found through the path just set)
import world  # noqa: E402
import programs  # noqa: E402

POOL_NAME = "Bench0001"
POOL = "eu-west-1_" + POOL_NAME
CLIENT = "benchclient0000000000000001"
SECRET = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
USER = people.ALICE.name
PASSWORD = people.ALICE.password
CODE, NEW_PASSWORD = "123456", "New-Horse-10"
# What each meets after the password: answers.c.
PEOPLE = ["totp", "sms", "renewed", "throttled", "crowd", "crowdcode"]
RESPONDER, CHAIN = 8443, 8444
SILENT, FULL, CLOSED, NO_NAME, RETURNS = 8601, 8602, 8603, 8604, 8605
CHAIN_AT_40 = 8640
ROUND_TRIPS = [0, 20, 40, 80, 160]  # ms
FOLDER = "/etc/security/"
CA, CHAIN_CA = FOLDER + "bench-ca.pem", FOLDER + "bench-chain-ca.pem"
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
MAP = FOLDER + "bench.map"
VARIABLES = FOLDER + "bench.env"
COUNTED = "/usr/libexec/pam_cognito_counted"
SCRIPTS = "/usr/local/libexec/"
BREAKER = "/run/pam_cognito"


ASKED = ("auth optional bench_ask.so",)  # before ours: the password is there already


def port_of(round_trip):
    return 8400 + round_trip if round_trip else 8399


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def changed(path, text):
    """A file with another text, for a while; made when it is not there."""
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o644
    before = read(path) if os.path.exists(path) else ""
    world.write(path, text, mode)
    try:
        yield
    finally:
        world.write(path, before, mode)


class NameServer:
    """Knows 127.0.0.1 for every name, and says so after a while, or never."""

    def __init__(self):
        self.answers_after = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    def serve(self):
        while True:
            question, peer = self.socket.recvfrom(2000)
            if self.answers_after is not None:
                threading.Thread(target=self.answer, args=(question, peer), daemon=True).start()

    def answer(self, question, peer):
        time.sleep(self.answers_after)
        end = question.index(0, 12) + 5  # of the name, its type and class
        is_ipv4 = question[end - 4:end - 2] == b"\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_ipv4 else b""
        self.socket.sendto(question[:2] + b"\x81\x80\0\1\0" + bytes([is_ipv4]) + bytes(4)
                           + question[12:end] + record, peer)


class Site:
    def __init__(self, build, source):
        self.build = build
        self.source = source
        self.stage = world.enter(build)
        world.forget_accounts()
        world.make_people()
        for name in PEOPLE:
            world.command("useradd", "-m", "-G", "cognito", "-s", "/bin/sh", name)
        world.install(build)
        self.world = world.World(self.stage)
        self.world.configure()
        self.children = []
        self.name_server = NameServer()
        threading.Thread(target=self.name_server.serve, daemon=True).start()
        self.pam_folder = self.find_pam_folder()
        self.start_pool()
        self.write_services()

    def find_pam_folder(self):
        # Not with what a make around us wants of its children.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        found = subprocess.run(["make", "-s", "--no-print-directory", "-C", self.build, "--eval",
                                "pamdir-is: ; @echo $(pamdir)", "pamdir-is"],
                               env=environment, capture_output=True, text=True, check=True)
        return found.stdout.strip()

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def start(self, *words):
        """A program that runs until stop()."""
        child = self.begin(*words)
        self.children.append(child)

    @staticmethod
    def begin(*words):
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        if child.stdout.readline() != "ready\n":
            raise world.WorldError(words[0] + " did not start")
        return child

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()

    def start_pool(self):
        """The shipped roots and the responder's own are what everybody trusts."""
        issuer = f"https://{world.SERVICE_HOST}/{POOL}"
        self.start(self.program("responder"), str(RESPONDER), str(CHAIN), FOLDER,
                   world.SERVICE_HOST, issuer, POOL_NAME, CLIENT, SECRET, PASSWORD)
        shipped = read(os.path.join(self.source, "data", "amazon-roots.pem"))
        world.write(CA, read(FOLDER + "ca.pem") + shipped)
        world.write(CHAIN_CA, read(FOLDER + "chain-ca.pem") + shipped)
        shutil.copy(FOLDER + "ca.pem", "/usr/local/share/ca-certificates/bench.crt")
        world.command("update-ca-certificates")
        ports = [f"{port_of(ms)}:{ms * 1000}" for ms in ROUND_TRIPS]
        self.start(self.program("relay"), str(RESPONDER), *ports, f"{SILENT}:silent",
                   f"{FULL}:full")
        self.start(self.program("relay"), str(CHAIN), f"{CHAIN_AT_40}:40000")
        digest = hmac.digest(SECRET.encode(), (USER + CLIENT).encode(), hashlib.sha256)
        self.variables = {"BENCH_HOST": world.SERVICE_HOST, "BENCH_CA": CA, "BENCH_POOL": POOL,
                          "BENCH_CLIENT": CLIENT, "BENCH_SECRET": SECRET, "BENCH_USER": USER,
                          "BENCH_PASSWORD": PASSWORD,
                          "BENCH_HASH": base64.b64encode(digest).decode()}
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/root", **self.variables}
        world.write(VARIABLES, "".join(f"{k}={v}\n" for k, v in self.variables.items()
                                       if k != "BENCH_PASSWORD"))

    # ---- PAM services ----

    def service(self, name, *auth, password="pam_permit.so"):
        self.world.service(name, "".join(line + "\n" for line in auth)
                           + "account required pam_permit.so\nsession required pam_permit.so\n"
                             f"password required {password}\n")

    def ours(self, name, port, before=(), arguments="", **keys):
        """A service with our module and a configuration file of its own."""
        host = keys.pop("host", world.SERVICE_HOST)
        path = f"{FOLDER}{name}.conf"
        values = {"user_pool_id": POOL, "client_id": CLIENT,
                  "client_secret_file": FOLDER + "bench.secret", "ca_file": CA,
                  "issuer": f"https://{world.SERVICE_HOST}/{POOL}",
                  "endpoint": f"https://{host}:{port}", **keys}
        world.write(path, "".join(f"{key} = {value}\n" for key, value in values.items()))
        module = f"pam_cognito.so config={path} {arguments}"
        self.service(name, *before, "auth required " + module, password=module)

    def write_services(self):
        world.write(FOLDER + "bench.secret", SECRET + "\n", 0o600)
        shutil.copy(os.path.join(self.build, "bench", ".libs", "bench_ask.so"),
                    os.path.join(self.pam_folder, "bench_ask.so"))
        os.makedirs(os.path.dirname(COUNTED), exist_ok=True)
        shutil.copy(self.program("counted_helper"), COUNTED)
        os.makedirs(SCRIPTS, exist_ok=True)
        for script in ("aws-cli.sh", "curl.sh"):
            shutil.copy(os.path.join(self.source, "bench", script), SCRIPTS)
        for ms in ROUND_TRIPS:
            self.write_services_at(ms)
        self.ours("bench-direct", RESPONDER)
        self.ours("bench-returns", RETURNS)
        self.ours("bench-returns-cold", RETURNS, before=ASKED)
        self.ours("bench-chain", CHAIN_AT_40, before=ASKED, ca_file=CHAIN_CA)
        self.ours("bench-system", RESPONDER, before=ASKED, ca_file="system")
        for name, port, group, keys in (
                ("counted", RESPONDER, "", {}),
                ("counted-group", RESPONDER, "only_group=cognito", {}),
                ("counted-map", RESPONDER, "", {"map_file": MAP}),
                ("counted-system", RESPONDER, "", {"ca_file": "system"}),
                ("counted-chain", CHAIN, "", {"ca_file": CHAIN_CA})):
            self.ours("bench-" + name, port, arguments=f"helper={COUNTED} {group}", timeout=600,
                      connect_timeout=60, **keys)
        self.ours("bench-silent", SILENT, timeout=2)
        self.ours("bench-full", FULL)
        self.ours("bench-no-name", NO_NAME, timeout=2, host="nowhere.example")
        self.ours("bench-closed", CLOSED)
        self.write_scope_services()
        self.write_socket_services()

    def write_services_at(self, ms):
        port = port_of(ms)
        self.ours(f"bench-password-{ms}", port)
        self.ours(f"bench-srp-{ms}", port, auth_flow="user_srp")
        self.ours(f"bench-ahead-{ms}", port, auth_flow="user_srp", srp_ahead="yes")
        self.ours(f"bench-cold-{ms}", port, before=ASKED)
        self.ours(f"bench-cold-srp-{ms}", port, before=ASKED, auth_flow="user_srp")
        for script in ("aws-cli", "curl"):
            self.service(f"bench-{script}-{ms}",
                         f"auth required pam_exec.so quiet expose_authtok "
                         f"{SCRIPTS}{script}.sh {VARIABLES} {port}")

    def write_scope_services(self):
        """As in pam.d-examples, before modules that cost next to nothing."""
        self.world.configure(ca_file=CA, only_group="cognito")
        self.world.service(
            "bench-with",
            "auth [success=done user_unknown=ignore default=die] pam_cognito.so\n"
            "auth required pam_permit.so\n"
            "account [success=ok new_authtok_reqd=ok ignore=ignore default=bad] pam_cognito.so\n"
            "account required pam_permit.so\nsession required pam_permit.so\n")
        self.world.service("bench-with-auth", "auth [success=done user_unknown=ignore default=die] "
                           "pam_cognito.so\nauth required pam_permit.so\n")
        self.world.service("bench-without", "auth required pam_permit.so\n"
                           "account required pam_permit.so\nsession required pam_permit.so\n")

    def write_socket_services(self):
        """By sections of the one file that the socket's helper reads."""
        pool = (f"user_pool_id = {POOL}\nclient_id = {CLIENT}\n"
                f"client_secret_file = {FOLDER}bench.secret\n"
                f"issuer = https://{world.SERVICE_HOST}/{POOL}\n"
                f"endpoint = https://{world.SERVICE_HOST}:{port_of(40)}\n")
        with open(world.CONF, "a", encoding="ascii") as file:
            for name, start in (("straight", "direct"), ("socket", "socket")):
                file.write(f"[bench-{name}]\nstart = {start}\n{pool}")
                self.service(f"bench-{name}", "auth required pam_cognito.so")

    @contextlib.contextmanager
    def listener(self):
        listener = programs.Listener()
        try:
            yield
        finally:
            listener.stop()

    def close_breaker(self):
        shutil.rmtree(BREAKER, ignore_errors=True)

    @contextlib.contextmanager
    def service_back(self):
        """While it lasts somebody listens again where nobody did."""
        relay = self.begin(self.program("relay"), str(RESPONDER), f"{RETURNS}:0")
        try:
            yield
        finally:
            relay.kill()
            relay.wait()

    @contextlib.contextmanager
    def resolver(self, answers_after):
        """Names come from a name server that takes so many seconds; None: for ever."""
        self.name_server.answers_after = answers_after
        with changed("/etc/resolv.conf", "nameserver 127.0.0.1\n"), \
                changed("/etc/hosts", "127.0.0.1 localhost testhost\n"), \
                changed("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n"
                                              "hosts: files dns\n"):
            yield
