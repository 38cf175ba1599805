# The product against the pools of a run, in a private copy of this machine that keeps
# the network: `pam-cognito`, pamtester and sshd. What there is to know comes as JSON on
# standard input, the rows go to standard output.
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil
import socket
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "hosts"))
import world  # noqa: E402  (found through the path just set)
from hosts import IS_IN, SshdKeyboard, SshdPassword  # noqa: E402
from logbook import Logbook  # noqa: E402
from person import Person  # noqa: E402
from throwaway import GROUP, App, new_password  # noqa: E402
from world import CONF, command, write  # noqa: E402

CA_FILE = "/etc/security/live-ca.pem"
STACK = "".join(f"{kind} required pam_cognito.so\n" for kind in ("auth", "account", "password")) \
    + "session required pam_permit.so\n"
WRONG = "Guessed-Wrong-0"
NOBODY = "nobody-there"
PASSWORD = r"[Pp]assword: $"
NEW = r"New password: $"
RETYPE = r"Retype new password: $"
CODE = r"Verification code \(authenticator app\): $"
KEY = r"Key ([A-Za-z2-7 ]+)\. Verification code \(authenticator app\): $"
UTF8 = {"LC_ALL": "C.UTF-8"}
FLOWS = ("user_password", "user_srp", "user_auth")
TRIES = 14
LEFT = (130, -2)  # by Ctrl-C
PATIENCE = 40  # seconds; the service may try a trigger three times with five each
NAMES = ("ann", "bob", "off", "due", "newbie", "nick", "temp", "fresh", "late", "key", "keyless",
         "changer", "locked", "lost", "joined", "alice", "somebody", NOBODY)


class Machine:
    """A private copy of this one, with the product, the accounts and sshd in it."""

    def __init__(self, build, ca):
        with open("/etc/resolv.conf", encoding="utf-8") as file:
            resolvers = file.read()
        self.stage = world.enter(build, network=False)
        self.folder = self.stage.new("live")
        world.forget_accounts()
        command("groupadd", "cognito")
        for number, name in enumerate(NAMES):
            command("useradd", "-M", "-d", "/", "-u", str(2100 + number), "-s", "/bin/sh",
                    "-G", "cognito", name)
        world.install(build)
        world.make_host_key(self.stage)
        world.fill_dev(self.stage)
        self.log = Logbook("/dev/log")
        write("/etc/resolv.conf", resolvers)
        write("/etc/motd", "")
        write("/run/utmp", "")
        os.mkdir("/run/sshd")
        for service in ("live", "sshd"):
            write(f"/etc/pam.d/{service}", STACK)
        if ca:
            write(CA_FILE, ca)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Product:
    def __init__(self, facts, machine):
        self.facts, self.machine, self.rows = facts, machine, []
        self.pool, self.passwords = facts["pools"]["main"], facts["pools"]["main"]["passwords"]
        self.apps = {name: App(*app) for name, app in facts["apps"].items()}
        self.screen = ""

    # ---- Settings, dialogues, rows ----

    def configure(self, pool="main", client="client", **settings):
        pool = self.facts["pools"][pool]
        id_, secret = pool[client]
        values = {"user_pool_id": pool["id"], "client_id": id_, "client_secret": secret,
                  "endpoint": self.facts["endpoint"],
                  "ca_file": CA_FILE if self.facts["ca"] else None, "explain_status": "yes",
                  **settings}
        write(CONF, "".join(f"{key} = {value}\n" for key, value in values.items() if value), 0o600)
        shutil.rmtree("/run/pam_cognito", ignore_errors=True)

    def chat(self, words, turns, user=None):
        """Exit status of a program that asks this. It may end before it has asked all."""
        person = Person(*words, user=user, env=UTF8)
        try:
            for pattern, answer in turns:
                if not person.ask(pattern, PATIENCE):
                    break
                person.type(answer(person.last_line()) if callable(answer) else answer)
            return person.finish(PATIENCE)
        finally:
            person.give_up()
            self.screen = person.screen
            self.machine.log.clear()

    def row(self, through, name, wanted, got, note=""):
        self.rows.append({"through": through, "name": name, "wanted": wanted, "got": got,
                          "note": "" if got == wanted else note})

    def check(self, through, name, wanted, run):
        """run() is what came of it; what goes wrong on the way is a row as well."""
        try:
            got = run()
        except Exception as error:
            got = type(error).__name__
            self.screen = f"{error} {traceback.format_exc(limit=3)}"
        self.row(through, name, wanted, got, self.screen[-300:])

    # ---- pam-cognito ----

    def objects(self):
        found = []
        for line in self.screen.splitlines():
            try:
                found.append(json.loads(line[line.index("{"):]))
            except ValueError:
                pass
        return found

    def login_result(self, user, *turns):
        self.chat(["pam-cognito", "--json", "login", user], turns)
        return ([one["reason"] for one in self.objects() if "accepted" in one] or ["nothing"])[-1]

    def login(self, name, wanted, user, password=None, *more, **settings):
        """The reason of a sign-in by `pam-cognito login`."""
        self.configure(**settings)
        password = self.passwords[user] if password is None else password
        self.check("pam-cognito login", name, wanted,
                   lambda: self.login_result(user, (PASSWORD, password), *more))

    def tool(self, name, words, *turns, wanted="done"):
        """`pam-cognito WORDS`: what it asked again, and its end."""
        self.configure()

        def run():
            status = self.chat(["pam-cognito", *words], turns)
            again = "asked again, " * ("try again" in self.screen)
            return again + ("done" if status == 0 else "left" if status in LEFT
                            else f"status {status}")
        self.check("pam-cognito " + words[0], name, wanted, run)

    def renewed(self, name):
        """Another password; the turns that choose it."""
        self.passwords[name] = new_password()
        return (NEW, self.passwords[name]), (RETYPE, self.passwords[name])

    def tools(self):
        self.service_check()
        self.flows()
        self.states()
        self.temporary()
        self.apps_of_people()
        self.changed()
        self.by_code()
        self.pools()

    def service_check(self):
        """What `check` says of the service; what it says of the machine is not asked."""
        self.configure()

        def run():
            self.chat(["pam-cognito", "--json", "--service", "live", "check", "ann"], ())
            found = {one["area"]: one["level"] for one in self.objects() if "area" in one}
            names = ("user pool", "connection", "TLS", "signing keys", "cage", "issuer",
                     "client secret", "app client", "clock")
            return {name: found.get(name) for name in names if found.get(name) != "ok"} or "ok"
        self.check("pam-cognito check", "what it says of the service", "ok", run)

    def flows(self):
        for flow in FLOWS:
            self.login(f"{flow}: right", "ok", "ann", auth_flow=flow)
            self.login(f"{flow}: wrong", "wrong_password", "ann", WRONG, auth_flow=flow)
            self.login(f"{flow}: nobody", "wrong_password", NOBODY, WRONG, auth_flow=flow)
        self.login("custom: the pool has no triggers", "flow_not_enabled", "ann",
                   auth_flow="custom")
        self.login("wrong secret", "secret_hash", "ann", client_secret="x" * 51)
        self.login("client without a secret", "ok", "ann", client="bare")
        self.login("secret for a client without one", "secret_hash", "ann", client="bare",
                   client_secret="x" * 51)
        self.login("client that is not there", "client_or_pool_unknown", "ann", client_id="0" * 26)

    def states(self):
        self.login("disabled", "disabled", "off")
        self.login("reset required", "reset_required", "due")
        self.login("unconfirmed", "not_confirmed", "newbie")
        self.login("group", "ok", "ann", require_group=GROUP)
        self.login("other group", "group_refused", "ann", require_group="others")
        self.login("no group", "group_refused", "bob", require_group=GROUP)
        self.login("denied group", "group_refused", "ann", deny_group=GROUP)
        self.login("second factor required", "mfa_missing", "ann", require_mfa="yes")
        self.login("alias of somebody else", "identity_mismatch", "nick")
        self.configure()
        self.check("pam-cognito login", f"locked out within {TRIES} wrong passwords", "locked_out",
                   self.lock_out)

    def lock_out(self):
        for _ in range(TRIES):
            got = self.login_result("locked", (PASSWORD, WRONG))
            if got != "wrong_password":
                break
        return got

    def temporary(self):
        for name, flow in (("temp", "user_password"), ("fresh", "user_srp")):
            old = self.passwords[name]
            self.login(f"temporary password, {flow}: a weak one, then a good one", "ok", name, old,
                       (NEW, "weak"), (RETYPE, "weak"), *self.renewed(name), auth_flow=flow)
            self.login(f"temporary password, {flow}: the new one", "ok", name, auth_flow=flow)
            self.login(f"temporary password, {flow}: the old one", "wrong_password", name, old,
                       auth_flow=flow)

    def apps_of_people(self):
        for flow in ("user_password", "user_srp"):
            self.login(f"app, {flow}", "ok", "key", None,
                       (CODE, lambda _: self.apps["key"].code()), auth_flow=flow,
                       require_mfa="yes")
        self.login("app: wrong code, then right", "ok", "key", None,
                   (CODE, lambda _: self.apps["key"].wrong()),
                   (CODE, lambda _: self.apps["key"].code()))
        self.tool("an app is set up", ["mfa", "enroll", "keyless"],
                  (PASSWORD, self.passwords["keyless"]), (KEY, self.set_up("keyless")))
        self.login("app: the one that was set up", "ok", "keyless", None,
                   (CODE, lambda _: self.apps["keyless"].code()), require_mfa="yes")

    def set_up(self, name):
        """Types the first code of the key that is shown."""
        def answer(line):
            self.apps[name] = App(re.search(KEY, line)[1].replace(" ", ""))
            return self.apps[name].code()
        return answer

    def changed(self):
        old = self.passwords["changer"]
        self.tool("a weak one, then a good one", ["change-password", "changer"], (PASSWORD, old),
                  (NEW, "weak"), (RETYPE, "weak"), *self.renewed("changer"))
        self.login("changed password: the new one", "ok", "changer")
        self.login("changed password: the old one", "wrong_password", "changer", old)

    def by_code(self):
        """Codes come to somebody's mailbox: those that were read are in facts."""
        self.tool("is sent", ["forgot-password", "bob"])
        for name, words in (("lost", ["confirm-forgot-password", "lost"]),
                            ("joined", ["confirm", "joined"])):
            code = self.facts["codes"].get(name)
            wrong = "000000" if code != "000000" else "111111"
            turns = self.renewed(name) if name == "lost" else ()
            self.tool("wrong code" + ", then the right one" * bool(code), words,
                      (r"ode[^:]*: $", wrong), *turns, (r"try again[^:]*: $", code or "\x03"),
                      *turns, wanted="asked again, " + ("done" if code else "left"))
            if code:
                self.login(f"after {words[0]}", "ok", name)

    def pools(self):
        self.configure("mail", username_format="%u@example.com", account_claim="email")
        password = self.facts["pools"]["mail"]["passwords"]["somebody@example.com"]
        self.check("pam-cognito login", "pool of addresses", "ok",
                   lambda: self.login_result("somebody", (PASSWORD, password)))
        self.configure("mail", username_format="%u@example.com")
        self.check("pam-cognito login", "pool of addresses, without account_claim",
                   "identity_mismatch",
                   lambda: self.login_result("somebody", (PASSWORD, password)))
        if "issuer" in self.facts["pools"]:
            password = self.facts["pools"]["issuer"]["passwords"]["alice"]
            for flow in ("user_password", "user_srp"):
                self.login(f"pool with the UPDATED issuer, {flow}", "ok", "alice", password,
                           pool="issuer", auth_flow=flow)

    # ---- PAM ----

    def pamtester(self, name, wanted, user, *turns, phases=("authenticate", "acct_mgmt"),
                  **settings):
        self.configure(**settings)

        def run():
            status = self.chat(["pamtester", "live", user, *phases], turns)
            return "in" if status == 0 else "refused"
        self.check("pamtester", name, wanted, run)

    def by_pamtester(self):
        right = (PASSWORD, self.passwords["ann"])
        for flow in FLOWS:
            self.pamtester(f"{flow}: right", "in", "ann", right, auth_flow=flow)
            self.pamtester(f"{flow}: wrong", "refused", "ann", (PASSWORD, WRONG), auth_flow=flow)
        self.pamtester("disabled", "refused", "off", (PASSWORD, self.passwords["off"]))
        self.pamtester("nobody", "refused", NOBODY, (PASSWORD, WRONG))
        self.pamtester("wrong secret", "refused", "ann", right, client_secret="x" * 51)
        self.pamtester("alias of somebody else", "refused", "nick",
                       (PASSWORD, self.passwords["nick"]))
        password = self.facts["pools"]["mfa"]["passwords"]["alice"]
        self.pamtester("second factor is forced, and none set up", "refused", "alice",
                       (PASSWORD, password), pool="mfa")
        self.pamtester("second factor is forced: set up at sign-in", "in", "alice",
                       (PASSWORD, password), (KEY, self.set_up("alice")), pool="mfa",
                       mfa_setup="yes")
        self.pamtester("second factor is forced: the app", "in", "alice", (PASSWORD, password),
                       (CODE, lambda _: self.apps["alice"].code()), pool="mfa", require_mfa="yes")
        old = self.passwords["bob"]
        self.pamtester("chauthtok", "in", "bob", (PASSWORD, old), *self.renewed("bob"),
                       phases=("chauthtok",))
        self.pamtester("after chauthtok", "in", "bob", (PASSWORD, self.passwords["bob"]))

    def sshd(self, host, name, who, user, *turns, **settings):
        """Who is in, by the word of a program that sshd ran; None: nobody."""
        self.configure(**settings)

        def run():
            self.chat(host.words(user), turns)
            found = IS_IN.search(self.screen)
            return found[1] if found else None
        self.check(f"sshd, {host.method}", name, who, run)

    def by_sshd(self):
        for kind in (SshdKeyboard, SshdPassword):
            host = kind(self.machine)
            host.port = free_port()
            host.start()
            try:
                for flow in FLOWS[:2]:
                    self.sshd(host, f"{flow}: right", "ann", "ann",
                              (PASSWORD, self.passwords["ann"]), auth_flow=flow)
                    self.sshd(host, f"{flow}: wrong", None, "ann", (PASSWORD, WRONG),
                              auth_flow=flow)
                if kind is SshdKeyboard:
                    self.sshd(host, "app", "keyless", "keyless",
                              (PASSWORD, self.passwords["keyless"]),
                              (CODE, lambda _: self.apps["keyless"].code()))
                    old = self.passwords["late"]
                    self.sshd(host, "temporary password", "late", "late", (PASSWORD, old),
                              *self.renewed("late"))
                    self.sshd(host, "disabled", None, "off", (PASSWORD, self.passwords["off"]))
            finally:
                host.stop()

    def run(self):
        self.tools()
        self.by_pamtester()
        self.by_sshd()
        return self.rows


def inside():
    """In namespaces of its own: reads facts, prints rows."""
    facts = json.load(sys.stdin)
    rows = Product(facts, Machine(facts["build"], facts["ca"])).run()
    json.dump(rows, sys.stdout)
