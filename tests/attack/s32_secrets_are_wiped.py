# S32: what was typed or received is gone from memory when it has been used:
# from the host after every way that a sign-in or a change of password can go,
# and from the helper before it ends, libcurl's, OpenSSL's and json-c's buffers
# included. While the person thinks, the host keeps what libpam keeps
# (PAM_AUTHTOK), the helper the password once, as a lost session may need it
# again. A helper that crashes leaves no core. Memory is not locked, so swap is
# out of scope.
# SPDX-License-Identifier: MIT
import json
import os
import signal

from attack import cores
from people import ALICE
from world import SECRET, command

SERVICES = {
    "core": "",
    "cold": " warm_up=no",
    "asking": " try_first_pass=no",
    "hasty": " timeout=2 warm_up=no"}
STACK = "auth required pam_cognito.so%s\naccount required pam_cognito.so%s\n" \
    "password required pam_cognito.so%s\n"
SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL, AUTHTOK_ERR = 0, 7, 9, 20
ERIN, HEIDI = "erin", "heidi"
OLD = "Old-4f81c0e2a97d-6b3e8812c5d0-9f47a1e6b280-d5c3"
NEW = "New-77b1d0c3e652-1a9f4c8e0b73-52e8d6c1f094-a7b9"
GUESS = "Bad-90ab13cd57ef-c4d21e7f8a05-3b96f0e2d718-6c4a"
CODE = "827364"
BLANKS = " " * 24  # are no part of a code: it stands where free() does not write

BREAKAGES = [
    ("nothing is wiped", ("secret_wipe (explicit_bzero)", "(void) data; (void) length")),
    ("the answer to a prompt is only freed", ("ask_question secret_free_text", "__builtin_free")),
    ("the new password stays with the relay", ("person_free (renewed)", "")),
    ("the module keeps lines of the configuration", ("wipe_lines", "(void) line; (void) lines;")),
    ("libcurl frees its buffers as they are", ("initialise secret_free_memory", "free")),
    ("OpenSSL frees its buffers as they are",
     ("wiping_install", "(void) allocate; (void) resize; (void) give_back;"),
     ("on_context (SSL_CTX_set_options)", "context")),
    ("json-c prints the requests",
     ("json_print (secret_free)", "...; (void) json_object_to_json_string(inside(object))")),
    ("a helper that crashes may leave a core",
     ("set_limits (RLIMIT_CORE)", "return set_limit(RLIMIT_CORE, 1)"),
     ("reset_limits RLIMIT_CORE", "-1")),
    ("the helper can be dumped",
     ("sandbox_confine (PR_SET_DUMPABLE)", "prctl(PR_SET_DUMPABLE, 1) < 0")),
]


def run(world, tap):
    command("useradd", "-M", "-d", "/", "-u", "2100", "-s", "/bin/sh", ERIN)
    command("useradd", "-M", "-d", "/", "-u", "2103", "-s", "/bin/sh", HEIDI)
    for service, words in SERVICES.items():
        world.service(service, STACK % (words, words, words))
    flows = Flows(world, tap, cores.build_host(world.folder))
    for part in (flows.passwords, flows.code, flows.forced_change, flows.change, flows.refused,
                 flows.lost, flows.secret_in_the_configuration, flows.crash):
        try:
            part()
        except Exception:
            tap.error(part.__name__)


class Flows:
    def __init__(self, world, tap, program):
        self.world, self.tap, self.program = world, tap, program
        self.host = self.tracer = None
        self.title, self.secrets = "", {}

    # One conversation.

    def start(self, title, name, *phases, service="core", status=None, helper=True, held=1,
              **settings):
        """Up to the first prompt, where a helper is waiting already."""
        self.title = title
        self.world.configure(**settings)
        self.world.forget()
        self.world.pool.user(name, password=OLD, **({"status": status} if status else {}))
        self.world.pool.pin(code=CODE)
        self.secrets = {"password": OLD.encode(), "new password": NEW.encode(),
                        "wrong password": GUESS.encode(), "code": CODE.encode(),
                        "client secret": SECRET.encode(), "hash": cores.secret_hash(name),
                        "SRP hash": cores.srp_hash(name, OLD)}
        cores.wait_for_no_helper()
        self.host = cores.Host(self.program, service, name, *phases)
        self.host.until("ask")
        self.holds("host, before anything is typed", self.host.image(), [])
        if helper:
            self.tracer = cores.Tracer(cores.the_helper())
            self.holds("helper, before anything is typed", self.helper_image(),
                       ["client secret"] * held)

    def helper_image(self):
        return cores.Image(self.tracer.pid)

    def holds(self, where, image, wanted, *more):
        """Exactly these, each at one place; more may be there as often as it likes."""
        found = [p for p in image.find(self.secrets) if p.split(" in ")[0] not in more]
        self.tap.equal(sorted(p.split(" in ")[0] for p in found), sorted(wanted),
                       f"{self.title}: {where}", image.size, *found)

    def answer(self, text):
        """Types; up to the next prompt."""
        self.host.say(text)
        self.host.until("ask")

    def end(self, text, codes, helper=True):
        """Types the last answer, and looks at what is left of everything."""
        self.host.say(text)
        status, image = self.tracer.wait() if helper else (0, None)
        self.host.until("at verdict")
        self.tap.equal(self.host.codes(), codes, f"{self.title}: codes", *self.host.lines)
        self.host.say()
        self.host.until("at end")
        self.add_sent()
        if helper:
            self.tap.equal(status, 0, f"{self.title}: the helper ended well")
            self.holds("helper, at its end", image, [])
        self.holds("host, after pam_end", self.host.image(), [])
        self.host.say()
        self.tap.equal(self.host.finish(), 0, f"{self.title}: the host is well")

    def add_sent(self):
        """The sessions and tokens of this conversation are to be looked for, too."""
        for number, request in enumerate(self.world.pool.requests()):
            body = json.loads(request["body"] or "{}")
            for name in ("Session", "Token", "AccessToken"):
                if name in body:
                    self.secrets[f"{name} {number}"] = body[name].encode()

    # The ways it can go.

    def passwords(self):
        for title, flow in (("password", "user_password"), ("SRP", "user_srp")):
            self.start(title, ALICE.name, "authenticate", auth_flow=flow)
            self.end(OLD, [SUCCESS])
        self.start("password, first from the stack", ALICE.name, "authenticate",
                   service="asking")
        self.end(OLD, [SUCCESS])
        self.start("password, before the helper", ALICE.name, "authenticate",
                   service="cold", helper=False)
        self.end(OLD, [SUCCESS], helper=False)

    def code(self):
        for title, flow in (("code", "user_password"), ("SRP and code", "user_srp")):
            self.start(title, HEIDI, "authenticate", auth_flow=flow)
            self.answer(OLD)
            # Also the proof that the search finds what is there.
            self.holds("host, asking for the code", self.host.image(), ["password"])
            image = self.helper_image()
            self.holds("helper, waiting for the code", image, ["client secret", "password"],
                       "session")
            self.answer("12")
            self.holds("host, asking again", self.host.image(), ["password"])
            self.end(BLANKS + CODE, [SUCCESS])
            # Now that it is known: where it would be sent from, and in the answer it came in.
            sessions = [p for p in image.find(self.secrets) if p.startswith("Session ")]
            self.tap.equal(len(sessions), 2, f"{title}: helper, waiting: the session",
                           *sessions)

    def forced_change(self):
        self.start("temporary password", ERIN, "authenticate", status="FORCE_CHANGE_PASSWORD")
        self.answer(OLD)
        self.answer(NEW)
        self.holds("host, asking once more", self.host.image(), ["password"])
        self.end(NEW, [SUCCESS])

    def change(self):
        self.start("change", ALICE.name, "chauthtok")
        self.answer(OLD)
        self.holds("host, asking for the new one", self.host.image(), ["password"])
        self.answer(NEW)
        # To be left in PAM_AUTHTOK when the pool has taken it.
        self.holds("host, asking once more", self.host.image(), ["password", "new password"])
        self.end(NEW, [SUCCESS])
        self.start("change, two that differ", ALICE.name, "chauthtok")
        self.answer(OLD)
        for _ in range(2):
            self.answer(NEW)
            self.answer(GUESS)
        self.answer(NEW)
        self.end(GUESS, [AUTHTOK_ERR])

    def refused(self):
        for title, flow in (("wrong password", "user_password"), ("wrong, SRP", "user_srp")):
            self.start(title, ALICE.name, "authenticate", auth_flow=flow)
            self.end(GUESS, [AUTH_ERR])

    def lost(self):
        self.start("connection lost", ALICE.name, "authenticate")
        self.world.pool.fault("close", {"operation": "InitiateAuth"})
        self.end(OLD, [AUTHINFO_UNAVAIL])
        self.start("unreadable answer", ALICE.name, "authenticate")
        self.world.pool.fault("not_json", {"operation": "InitiateAuth"})
        self.end(OLD, [AUTHINFO_UNAVAIL])
        self.start("helper killed at the deadline", ALICE.name, "authenticate", service="hasty",
                   helper=False)
        self.world.pool.fault("hang", {"operation": "InitiateAuth"}, seconds=5)
        self.end(OLD, [AUTHINFO_UNAVAIL], helper=False)

    def secret_in_the_configuration(self):
        """The module reads that file, too, for its own keys."""
        self.start("client secret in the file", ALICE.name, "authenticate", conf_mode=0o600,
                   held=2, client_secret=SECRET, client_secret_file=None)
        self.end(OLD, [SUCCESS])
        # The prompt comes next, before much else could write over a stack.
        self.start("client secret in the file, no helper", ALICE.name, "authenticate",
                   service="cold", helper=False, conf_mode=0o600, client_secret=SECRET,
                   client_secret_file=None)
        self.end(OLD, [SUCCESS], helper=False)

    def crash(self):
        self.start("crash", HEIDI, "authenticate")
        self.answer(OLD)
        pid = self.tracer.pid
        # As /proc belongs to root instead of the helper's user, so would a core.
        self.tap.equal(os.stat(f"/proc/{pid}/mem").st_uid, 0, "crash: it cannot be dumped")
        with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
            core = [line.split()[4:6] for line in limits if line.startswith("Max core")]
        self.tap.equal(core, [["0", "0"]], "crash: no core is written")
        for name in ("environ", "cmdline"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                text = file.read()
            self.tap.ok(not any(s in text for s in self.secrets.values()),
                        f"crash: nothing secret in {name}")
        os.kill(pid, signal.SIGSEGV)
        status, _ = self.tracer.wait()
        self.tap.ok(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV,
                    "crash: it was one", status)
        self.tap.ok(not os.WCOREDUMP(status), "crash: without a core")
        self.end(CODE, [AUTHINFO_UNAVAIL], helper=False)
