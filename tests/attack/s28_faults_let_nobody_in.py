# S28: a fault of the network, the service, the configuration or the helper is
# never PAM_SUCCESS and never PAM_IGNORE in authenticate, so that it lets in
# nobody whatever the stack, and changes nothing for those who are not ours.
# SPDX-License-Identifier: MIT
import concurrent.futures
import os
import shutil

from hosts import Pamtester
from matrix import no_password_in
from people import ALICE, LARRY, NORMA
from suites.faults import append, find_helper_program
from suites.outage import Login
from world import CONF, SECRET, SERVICE_HOST, write

BREAKAGES = [
    ("a fault of the network is PAM_IGNORE",
     ("UNAVAILABLE PAM_AUTHINFO_UNAVAIL", "PAM_IGNORE")),
    ("a fault of the configuration is PAM_IGNORE",
     ("SETTINGS", "{PAM_IGNORE, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_IGNORE}")),
    ("a fault of the network is PAM_SUCCESS",
     ("UNAVAILABLE PAM_AUTHINFO_UNAVAIL", "PAM_SUCCESS")),
    ("with a broken configuration nobody is ours",
     ("refuse_settings STATUS_CONFIG", "STATUS_NO_USER")),
    ("a helper that cannot be started is a missing user",
     ("start_helper STATUS_HELPER", "STATUS_NO_USER")),
]
SUCCESS, SERVICE_ERR, AUTH_ERR, UNAVAIL, STRANGER = 0, 3, 7, 9, 10
TIMEOUT = 9  # less than what would be an outage, and so go on
OURS = "pam_cognito.so only_group=cognito\n"
STACKS = {
    "sufficient": f"auth sufficient {OURS}auth required pam_unix.so\n",
    "jump": f"auth [success=2 default=ignore] {OURS}"
            "auth [success=1 default=ignore] pam_unix.so\n"
            "auth requisite pam_deny.so\nauth required pam_permit.so\n",
    "required": f"auth required {OURS}",
    "requisite": f"auth requisite {OURS}auth required pam_permit.so\n",
    # What a PAM_IGNORE would be a login in, as after pam_faillock's preauth.
    "permitted": f"auth required pam_permit.so\nauth required {OURS}",
}
EXAMPLES = ("sshd", "su", "login", "common-auth")
# In these a local password decides after us, and so it does for ours.
LOCAL_LAST = ("sufficient", "jump")


def run(world, tap):
    helper = find_helper_program()
    world.stage.cover(os.path.dirname(helper))
    for name, text in STACKS.items():
        world.service(name, text)
    for name in EXAMPLES:
        world.example(name, "ex-" + name)
        without_root(name)
    world.example("sudo")
    world.configure(timeout=TIMEOUT)
    stacks = [*STACKS, *("ex-" + name for name in EXAMPLES)]
    for stack in stacks:
        tap.equal(sign_in(stack, ALICE, ALICE.password), SUCCESS, f"no fault, {stack}: alice is in")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        visits = [one_fault(world, tap, pool, stacks, fault)
                  for fault in faults(world, helper)]
        for title, job in visits:
            visit = job.result()
            tap.ok(visit.who is None and visit.status == 1 and no_password_in(visit.screen),
                   f"{title}, pamtester sudo: alice is not in", visit)


def without_root(name):
    """root, who runs this, would be let in by su's first line."""
    path = "/etc/pam.d/ex-" + name
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if "pam_rootok" not in line]
    write(path, "".join(lines))


def sign_in(stack, who, password):
    return Login(stack, who.name, password).authenticate().end().code


class Fault:
    """With it, something is broken; the reason and code are ours for it."""

    def __init__(self, reason, code, make, mend, after_password=False):
        self.reason, self.code, self.make, self.mend = reason, code, make, mend
        # Met by those only whose password the pool has accepted.
        self.others = AUTH_ERR if after_password else code

    def __enter__(self):
        self.make()

    def __exit__(self, *_):
        self.mend()


def faults(world, helper):
    pool = world.pool

    def answer(kind, operation="InitiateAuth", **more):
        return lambda: pool.fault(kind, {"operation": operation}, count=0, **more)

    def configure(**changes):
        return lambda: world.configure(timeout=TIMEOUT, **changes)

    def served(reason, make, after_password=False):
        return Fault(reason, UNAVAIL, make, pool.clear_rules, after_password)

    def silence():
        world.configure(timeout=2)
        answer("hang", seconds=20)()

    def end_silence():
        pool.clear_rules()
        world.configure(timeout=TIMEOUT)

    def set_up(reason, code, make):
        return Fault(reason, code, make, configure())

    def program(make):
        def keep():
            shutil.copy2(helper, helper + ".kept")
            make()
        return Fault("helper_failed", UNAVAIL, keep,
                     lambda: os.replace(helper + ".kept", helper))

    return {
        "500": served("server_error", answer("html_500")),
        "throttled": served("throttled", answer("throttle_429", retry_after=600)),
        "no JSON": served("unreadable_answer", answer("not_json")),
        "an empty object": served("unreadable_answer", answer("empty_object")),
        "closed without an answer": served("transport", answer("close")),
        "silence": Fault("timeout", UNAVAIL, silence, end_silence),
        "no keys": served("keys_unavailable", answer("html_500", "jwks"), True),
        "certificate": served("tls", lambda: pool.certificate("expired")),
        "nobody listens": set_up("connect", UNAVAIL,
                                 configure(endpoint=f"https://{SERVICE_HOST}:9")),
        "no such host": set_up("dns", UNAVAIL, configure(endpoint="https://nowhere.example")),
        "another authority": set_up("tls", UNAVAIL, configure(ca_file="system")),
        "no configuration": set_up("configuration", SERVICE_ERR, lambda: os.unlink(CONF)),
        "bad value": set_up("configuration", SERVICE_ERR,
                            lambda: append(CONF, "minimum_uid = few\n")),
        "configuration of anybody": set_up("configuration", SERVICE_ERR,
                                           configure(conf_mode=0o666)),
        "wrong secret": set_up("secret_hash", SERVICE_ERR, configure(secret=SECRET[::-1])),
        "no helper": program(lambda: os.unlink(helper)),
    }.items()


def one_fault(world, tap, pool, stacks, named):
    """What is decided is waited for, what libpam makes of it in seconds is looked at later."""
    title, fault = named
    world.forget()
    with fault:
        host = pool.submit(Pamtester(world, "sudo").attempt, ALICE.name, ALICE.password)
        codes = {}
        for who, password in ((ALICE, ALICE.password), (NORMA, NORMA.unix_password),
                              (LARRY, LARRY.unix_password)):
            jobs = {stack: pool.submit(sign_in, stack, who, password) for stack in stacks}
            codes[who.name] = {stack: job.result() for stack, job in jobs.items()}
            if who is NORMA:
                world.log.wait(f"alice: refused: {fault.reason} service=sudo", 10)
        found = {line.split("alice: ")[1].split(" service=")[0]
                 for line in world.log.ours() if ": alice: " in line}
        text = "\n".join(world.log.all())
    last = dict.fromkeys(LOCAL_LAST, AUTH_ERR)
    tap.equal(codes["alice"], {**dict.fromkeys(stacks, fault.code), **last},
              f"{title}: alice is in through no stack")
    tap.equal(found, {f"refused: {fault.reason}"}, f"{title}: the log has the reason")
    tap.equal(codes["norma"], {**dict.fromkeys(stacks, fault.others),
                               **dict.fromkeys(LOCAL_LAST, SUCCESS)},
              f"{title}: a local password helps where the stack says so, and nowhere else")
    tap.equal(codes["larry"], {stack: STRANGER if stack in ("required", "requisite", "permitted")
                               else SUCCESS for stack in stacks},
              f"{title}: a local user is where he always was")
    tap.ok(no_password_in(text) and SECRET not in text, f"{title}: no secret in the log", text)
    return title, host
