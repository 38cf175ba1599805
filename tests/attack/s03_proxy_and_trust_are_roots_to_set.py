# S3: the proxy, the CA file and the endpoint come from root's configuration
# and from nowhere else: a proxy sees nothing unless it is configured, then one
# CONNECT to the pool's name and never a password; netrc files are ignored.
# SPDX-License-Identifier: MIT
import os
import re
import select
import socket
import ssl
import threading

from attack.launcher import wait_until
from hosts import PASSWORD, Pamtester, Su
from matrix import PASSWORDS
from people import ALICE, LARRY, WRONG
from person import Person
from suites.outage import SUCCESS, login
from world import CA_FILE, CONF, SERVICE_HOST, command, write

BREAKAGES = [
    ("the environment names the proxy",
     ("become_helper (execve)", "(void) execve(path, arguments, environ)"),
     ("is_started_rightly (environ)", "true"),
     ("set_common (CURLOPT_PROXY)", "(proxy[0] == '\\0' || ...)"),
     ("set_common (CURLOPT_NOPROXY)", "true")),
    ("the environment names the authorities",
     ("become_helper (execve)", "(void) execve(path, arguments, environ)"),
     ("is_started_rightly (environ)", "true"),
     ("read_trust_anchors (amazon_roots)",
      'path = getenv("SSL_CERT_FILE"); if (path == NULL) ...')),
    ("the configured proxy is gone round", ("setup_open (KEY_PROXY)", ".proxy = NULL")),
    ("a netrc file gives a password",
     ("set_common CURL_NETRC_IGNORED", "(long) CURL_NETRC_OPTIONAL")),
    ("whoever stands in the proxy's place is believed",
     ("set_common (CURLOPT_SSL_VERIFYPEER)", "set_number(easy, CURLOPT_SSL_VERIFYPEER, 0)"),
     ("set_common (CURLOPT_SSL_VERIFYHOST)", "set_number(easy, CURLOPT_SSL_VERIFYHOST, 0)")),
    ("anybody's configuration is believed", ("is_owner", "return st != NULL && trust != NULL;")),
]
PLAIN = "auth required pam_cognito.so\n"
PORT = 3128
PROXY = f"http://127.0.0.1:{PORT}"
FIRST = f"CONNECT {SERVICE_HOST}:443 HTTP/1.1"
# What a person could set for a host that does not clean it away.
WISHES = {"https_proxy": PROXY, "HTTPS_PROXY": PROXY, "all_proxy": PROXY, "ALL_PROXY": PROXY,
          "http_proxy": PROXY, "no_proxy": "", "SSL_CERT_FILE": CA_FILE, "CURL_CA_BUNDLE": CA_FILE,
          "SSL_CERT_DIR": "/etc/security", "AWS_ENDPOINT_URL": PROXY, "AWS_CA_BUNDLE": CA_FILE,
          "HOME": "/etc/netrc-home", "NETRC": "/etc/netrc-home/.netrc"}


class Proxy:
    """
    Listens as a proxy. answer is what CONNECT gets; tunnel, whether its bytes
    then go to the pool; with a TLS context it answers in the pool's place.
    """

    def __init__(self, port):
        self.answer, self.tunnel, self.context = "200 OK", True, None
        self.listener = socket.create_server(("127.0.0.1", port))
        self.forget()
        threading.Thread(target=self.serve, daemon=True).start()

    def forget(self):
        self.connections = 0
        self.heads = []          # of the requests to the proxy itself
        self.passed = bytearray()   # what it then got to see
        self.opened = bytearray()   # and what it could decrypt

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.one, args=(peer,), daemon=True).start()

    def one(self, peer):
        with peer:
            head = b""
            while b"\r\n\r\n" not in head:
                more = peer.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head.decode("latin-1"))
            peer.sendall(f"HTTP/1.1 {self.answer}\r\n\r\n".encode())
            if self.context:
                self.impersonate(peer)
            elif self.tunnel:
                # What an earlier one still says is not the later ones'.
                passed = self.passed
                with socket.create_connection(("127.0.0.1", 443)) as pool:
                    self.relay(peer, pool, passed)

    @staticmethod
    def relay(peer, pool, passed):
        other = {peer: pool, pool: peer}
        while True:
            for ready in select.select(list(other), [], [])[0]:
                try:
                    data = ready.recv(65536)
                    other[ready].sendall(data)
                except OSError:
                    data = b""
                if not data:
                    return
                passed += data

    def impersonate(self, peer):
        try:
            with self.context.wrap_socket(peer, server_side=True) as inside:
                while True:
                    data = inside.recv(65536)
                    if not data:
                        return
                    self.opened += data
                    inside.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        except OSError:  # it hangs up on us
            pass


def false_context(folder):
    """A certificate for the pool's name, by nobody who is trusted."""
    path = os.path.join(folder, "false.pem")
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", path, "-out", path + ".crt", "-days", "30", "-subj",
            "/CN=" + SERVICE_HOST, "-addext", "subjectAltName=DNS:" + SERVICE_HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path + ".crt", path)
    return context


def run(world, tap):
    world.example("su")
    world.service("pamtester", PLAIN)
    make_netrc(world)
    proxy = Proxy(PORT)
    not_configured(world, tap, proxy)
    configured(world, tap, proxy)
    refusing(world, tap, proxy)
    false_pool(world, tap, proxy)
    world.configure()
    not_root(world, tap)


def make_netrc(world):
    """In the home of whoever the helper is, where it may read."""
    os.makedirs("/etc/netrc-home")
    text = f"machine {SERVICE_HOST} login netrc password From-Netrc-1\n" \
           "default login netrc password From-Netrc-1\n"
    for name in (".netrc", "_netrc"):
        write("/etc/netrc-home/" + name, text)
    write("/etc/netrc-home/.curlrc", f'proxy = "{PROXY}"\ninsecure\n')
    command("usermod", "-d", "/etc/netrc-home", "_pam_cognito")


def reason_of(world):
    """The reason that was logged."""
    line = world.log.wait(r"alice: (accepted|refused): \w+") or ""
    return "".join(re.findall(r"alice: \w+: (\w+)", line))


def right_and_wrong(world, tap, title, host, env):
    """Yields after each; who types when the connection is up needs no second one."""
    for what, typed, reason in (("right", ALICE.password, "ok"),
                                ("wrong", WRONG, "wrong_password")):
        world.forget()
        person = Person(*host.words(ALICE.name), user=host.user(ALICE.name), env=env)
        person.wait_for(PASSWORD)
        wait_until(lambda: world.pool.requests("jwks"), 5)
        person.type(typed)
        tap.equal((person.finish() == 0, reason_of(world)), (what == "right", reason),
                  f"{title}, {what} password: the answer", person.screen, *world.log.ours())
        yield f"{title}, {what} password"


def attempt(world):
    """The right password, in a host that is this process: is it in, and the reason."""
    world.forget()
    return login(service="pamtester").code == SUCCESS, reason_of(world)


def no_credentials(world, tap, name):
    """Nothing of a netrc file, in the pool's or the proxy's requests."""
    headers = [request["headers"] for request in world.pool.requests()]
    tap.ok(headers and not any("authorization" in {h.lower() for h in one} for one in headers),
           f"{name}: netrc is ignored", headers)


def not_configured(world, tap, proxy):
    for title, host in (("su", Su(world)), ("pamtester", Pamtester(world))):
        for name in right_and_wrong(world, tap, title, host, WISHES):
            tap.equal(proxy.connections, 0, f"{name}: no word to the proxy")
            no_credentials(world, tap, name)
    # Only Amazon's own authorities, unless the file says so: not the pool's.
    world.configure(ca_file=None)
    world.forget()
    visit = Pamtester(world).attempt(ALICE.name, ALICE.password, env=WISHES)
    tap.equal((visit.who, reason_of(world)), (None, "tls"),
              "no ca_file: a variable's is not trusted", visit.screen)
    tap.equal(world.sign_ins(), 0, "no ca_file: the password does not leave")
    proxy.forget()


def configured(world, tap, proxy):
    world.configure(proxy=PROXY)
    for title, host in (("su", Su(world)), ("pamtester", Pamtester(world))):
        for name in right_and_wrong(world, tap, f"proxy, {title}", host,
                                    {"no_proxy": "*", "NO_PROXY": "*"}):
            heads = list(proxy.heads)
            tap.equal([head.split("\r\n", 1)[0] for head in heads], [FIRST],
                      f"{name}: one CONNECT, to the pool")
            tap.ok(not any("uthorization" in head for head in heads),
                   f"{name}: no credentials for the proxy", *heads)
            no_credentials(world, tap, name)
            tap.equal((world.connections(), proxy.connections), (1, 1),
                      f"{name}: no way round it")
            tap.ok(proxy.passed[:2] == b"\x16\x03", f"{name}: the rest is TLS", proxy.passed[:40])
            tap.equal(secrets_in(bytes(proxy.passed) + "".join(heads).encode()), [],
                      f"{name}: nothing in clear")
            proxy.forget()


def secrets_in(data):
    return [word for word in (*PASSWORDS, ALICE.name, "From-Netrc-1", "SECRET_HASH")
            if word.encode() in data]


def refusing(world, tap, proxy):
    """A proxy that lets nobody through is no way in, and nobody goes round it."""
    world.configure(proxy=PROXY, breaker="no")
    proxy.tunnel = False
    for answer in ("403 No", "407 Proxy Authentication Required", "502 No", "200 OK", "junk"):
        proxy.answer = answer
        entered, reason = attempt(world)
        tap.ok(not entered and reason in ("connect", "tls"), f"proxy says {answer}: refused",
               reason)
        tap.equal((world.connections(), secrets_in("".join(proxy.heads).encode())), (0, []),
                  f"proxy says {answer}: nothing is sent, and not round it either")
        proxy.forget()
    proxy.answer, proxy.tunnel = "200 OK", True


def false_pool(world, tap, proxy):
    proxy.context = false_context(world.folder)
    tap.equal(attempt(world), (False, "tls"), "proxy in the pool's place: refused")
    tap.ok(proxy.heads, "proxy in the pool's place: was asked")
    tap.equal(bytes(proxy.opened), b"", "proxy in the pool's place: nothing is told")
    proxy.context = None
    proxy.forget()


def not_root(world, tap):
    """A configuration that somebody else could have written moves nobody."""
    for title, owner, mode in (("of larry's", LARRY.name, 0o644),
                               ("for larry's group to write", "root", 0o664),
                               ("for all to write", "root", 0o646)):
        world.configure(conf_mode=mode)
        command("chown", f"{owner}:{LARRY.name}", CONF)
        tap.equal((*attempt(world), world.connections()), (False, "configuration", 0),
                  f"a configuration {title}: refused, nobody is asked")
