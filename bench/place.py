# The place that is measured in: a private copy of this machine with the
# responder, the relay, and one PAM service for each way to log in.
# SPDX-License-Identifier: MIT
import contextlib
import os
import shutil
import socket
import subprocess
import sys

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
RESPONDER = 8443
SILENT, FULL, CLOSED, NO_NAME = 8601, 8602, 8603, 8604
ROUND_TRIPS = [0, 20, 40, 80, 160]  # ms
FOLDER = "/etc/security/"
CA = FOLDER + "bench-ca.pem"
VARIABLES = FOLDER + "bench.env"
COUNTED = "/usr/libexec/pam_cognito_counted"
SCRIPTS = "/usr/local/libexec/"
BREAKER = "/run/pam_cognito"


def port_of(round_trip):
    return 8400 + round_trip if round_trip else 8399


class Site:
    def __init__(self, build, source):
        self.build = build
        self.source = source
        self.stage = world.enter(build)
        world.forget_accounts()
        world.make_people()
        world.install(build)
        self.world = world.World(self.stage)
        self.world.configure()
        self.children = []
        self.name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.name_server.bind(("127.0.0.1", 53))  # and never answers
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
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        if child.stdout.readline() != "ready\n":
            raise world.WorldError(words[0] + " did not start")
        self.children.append(child)

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()

    def start_pool(self):
        """The shipped roots and the responder's own are what everybody trusts."""
        issuer = f"https://{world.SERVICE_HOST}/{POOL}"
        self.start(self.program("responder"), str(RESPONDER), FOLDER, world.SERVICE_HOST,
                   issuer, POOL_NAME, CLIENT, SECRET, PASSWORD)
        with open(CA, "w", encoding="ascii") as out:
            for path in (FOLDER + "ca.pem",
                         os.path.join(self.source, "data", "amazon-roots.pem")):
                with open(path, encoding="ascii") as part:
                    out.write(part.read())
        ports = [f"{port_of(ms)}:{ms * 1000}" for ms in ROUND_TRIPS]
        self.start(self.program("relay"), str(RESPONDER), *ports, f"{SILENT}:silent",
                   f"{FULL}:full")
        self.variables = {"BENCH_HOST": world.SERVICE_HOST, "BENCH_CA": CA, "BENCH_POOL": POOL,
                          "BENCH_CLIENT": CLIENT, "BENCH_SECRET": SECRET, "BENCH_USER": USER,
                          "BENCH_PASSWORD": PASSWORD}
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/root", **self.variables}
        world.write(VARIABLES, "".join(f"{k}={v}\n" for k, v in self.variables.items()
                                       if k != "BENCH_PASSWORD"))

    # ---- PAM services ----

    def service(self, name, *auth):
        self.world.service(name, "".join(line + "\n" for line in auth)
                           + "account required pam_permit.so\nsession required pam_permit.so\n"
                             "password required pam_permit.so\n")

    def ours(self, name, port, before=(), arguments="", **keys):
        """A service with our module and a configuration file of its own."""
        host = keys.pop("host", world.SERVICE_HOST)
        path = f"{FOLDER}{name}.conf"
        values = {"user_pool_id": POOL, "client_id": CLIENT,
                  "client_secret_file": FOLDER + "bench.secret", "ca_file": CA,
                  "issuer": f"https://{world.SERVICE_HOST}/{POOL}",
                  "endpoint": f"https://{host}:{port}", **keys}
        world.write(path, "".join(f"{key} = {value}\n" for key, value in values.items()))
        self.service(name, *before, f"auth required pam_cognito.so config={path} {arguments}")

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
        self.ours("bench-counted", RESPONDER, arguments="helper=" + COUNTED, timeout=600,
                  connect_timeout=60)
        self.ours("bench-silent", SILENT, timeout=2)
        self.ours("bench-full", FULL)
        self.ours("bench-no-name", NO_NAME, timeout=2, host="nowhere.example")
        self.ours("bench-closed", CLOSED)
        self.write_scope_services()
        self.write_socket_services()

    def write_services_at(self, ms):
        port = port_of(ms)
        asked = ("auth optional bench_ask.so",)
        self.ours(f"bench-password-{ms}", port)
        self.ours(f"bench-srp-{ms}", port, auth_flow="user_srp")
        self.ours(f"bench-ahead-{ms}", port, auth_flow="user_srp", srp_ahead="yes")
        self.ours(f"bench-cold-{ms}", port, before=asked)
        self.ours(f"bench-cold-srp-{ms}", port, before=asked, auth_flow="user_srp")
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

    def silence_resolver(self, silent):
        """A name server that never answers, in place of none."""
        world.write("/etc/resolv.conf", "nameserver 127.0.0.1\n" if silent else "")
        world.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n"
                    f"hosts: files{' dns' if silent else ''}\n")
