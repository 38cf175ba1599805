# Each kind of fault of the installation and the configuration (they all are in
# tests/module/configuration.py), through every shipped example: nothing changes
# for root, a service account and a local user, and nobody of the user pool gets
# in. Only sudo and su refuse everybody who would be asked for a password when the
# module itself cannot be loaded.
# SPDX-License-Identifier: MIT
import os
import shutil

from hosts import Pamtester, Su
from matrix import no_password_in
from people import ALICE, BATCH, GHOST, KEEPER, LARRY, NORMA, ROOT, WRONG
from world import CA_FILE, CONF, SECRET, SECRET_FILE, write

UNTOUCHED = [ROOT, BATCH, KEEPER, LARRY]
SERVICES = ["sshd", "sudo", "su", "login", "common"]
SHUT = ["sudo", "su"]  # without a module; its word there, and no question
NO_MODULE = "Module is unknown"


def run(world, tap, part=1, parts=1):
    for example in ("sshd", "sudo", "su", "login", "common-auth"):
        world.example(example)
    world.service("common", "@include common-auth\n@include common-account\n")
    module = find_module()
    helper = find_helper_program()
    # Other worlds use the installed files, too.
    for folder in {os.path.dirname(module), os.path.dirname(helper)}:
        world.stage.cover(folder)
    no_fault(world, tap)
    for number, fault in enumerate(faults(module, helper)):
        if number % parts == part - 1:
            one_fault(world, tap, fault, SERVICES[number % len(SERVICES)])


def host_for(world, service):
    """su for su: root, who runs pamtester, is asked for nothing there."""
    return Su(world) if service == "su" else Pamtester(world, service)


def find_module():
    for folder in (*walk("/usr/lib"), *walk("/usr/lib64"), *walk("/usr/local")):
        path = os.path.join(folder, "pam_cognito.so")
        if os.path.exists(path):
            return path
    raise FileNotFoundError("pam_cognito.so")


def walk(top):
    return [folder for folder, _, _ in os.walk(top) if folder.endswith("/security")]


def find_helper_program():
    for folder in ("/usr/libexec", "/usr/local/libexec", "/usr/lib", "/usr/local/lib"):
        path = os.path.join(folder, "pam_cognito_helper")
        if os.path.exists(path):
            return path
    raise FileNotFoundError("pam_cognito_helper")


class RootsSu(Su):
    """root becomes somebody."""

    def user(self, name):
        return None


class Fault:
    """
    make() breaks something; the log then has a line that matches. shut: the
    services in which everybody is refused then.
    """

    def __init__(self, title, log, make, path=None, reason="configuration", shut=()):
        self.title, self.log, self.make = title, log, make
        self.path, self.reason, self.shut = path, reason, shut
        self.kept = None

    def __enter__(self):
        if self.path:
            self.kept = self.path + ".kept"
            shutil.copy2(self.path, self.kept)
            owner = os.stat(self.path)
            os.chown(self.kept, owner.st_uid, owner.st_gid)
        self.make()

    def __exit__(self, *_):
        if self.path:
            if os.path.isdir(self.path) and not os.path.islink(self.path):
                os.rmdir(self.path)
            os.replace(self.kept, self.path)


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def replaced(path, make):
    def do():
        os.unlink(path)
        make(path)
    return do


def faults(module, helper):
    def conf(title, text, log):
        return Fault(title, log, lambda: append(CONF, text), CONF)

    def file(title, path, make, log, reason="configuration"):
        return Fault(title, log, make, path, reason)

    def no_module(title, make):
        return Fault(title, r"unable to dlopen\(pam_cognito\.so\)", make, module, None, SHUT)

    config = "configuration: "
    nobody = "_pam_cognito"
    return [
        file("configuration: missing", CONF, lambda: os.unlink(CONF),
             config + ".*user_pool_id: missing"),
        file("configuration: writable by all", CONF, lambda: os.chmod(CONF, 0o666),
             "must not be writable by group or others"),
        conf("unknown key", "user_pool = x\n", "user_pool .*unknown key"),
        conf("key of the module, bad", "minimum_uid = few\n", "minimum_uid .*expected a number"),
        conf("key of the helper, bad", "connect_timeout = soon\n",
             "connect_timeout .*expected seconds"),
        file("pool ID: missing", CONF, lambda: drop_key("user_pool_id"),
             "user_pool_id: missing"),
        file("secret: missing", SECRET_FILE, lambda: os.unlink(SECRET_FILE),
             "client_secret_file.*No such file"),
        file("secret: readable by all", SECRET_FILE, lambda: os.chmod(SECRET_FILE, 0o644),
             "client_secret_file.*must have mode 0600"),
        file("secret: wrong", SECRET_FILE, lambda: write(SECRET_FILE, "wrong\n", 0o600),
             "Unable to verify secret hash", "secret_hash"),
        file("authority: missing", CA_FILE, lambda: os.unlink(CA_FILE), "ca_file.*No such file"),
        file("authority: no certificate", CA_FILE, lambda: write(CA_FILE, "nothing\n"),
             "", "(tls|configuration)"),
        file("helper: missing", helper, lambda: os.unlink(helper), "helper: .*No such file",
             "helper_failed"),
        file("helper: writable by all", helper, lambda: os.chmod(helper, 0o777),
             "helper: .*must not be writable", "helper_failed"),
        file("helper: not ours", helper, lambda: shutil.copy("/bin/false", helper),
             "", "helper_failed"),
        file("helper's user: missing", "/etc/passwd",
             lambda: write("/etc/passwd", without_line("/etc/passwd", nobody + ":")),
             f"no unprivileged user {nobody}", "privilege"),
        no_module("module: missing", lambda: os.unlink(module)),
        no_module("module: not a library", lambda: write(module, "#!/bin/sh\n")),
        *argument_faults(),
    ]


def drop_key(key):
    write(CONF, without_line(CONF, key + " "))


def without_line(path, start):
    with open(path, encoding="utf-8") as file:
        return "".join(line for line in file if not line.startswith(start))


def argument_faults():
    """On the module's line, in all the services at once."""
    files = ["/etc/pam.d/" + name for name in ("sshd", "sudo", "su", "login", "common-auth")]

    def put(argument):
        def make():
            for path in files:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                write(path, text.replace("only_group=cognito", "only_group=cognito " + argument))
        return make

    class ArgumentFault(Fault):
        def __enter__(self):
            self.texts = {}
            for path in files:
                with open(path, encoding="utf-8") as file:
                    self.texts[path] = file.read()
            self.make()

        def __exit__(self, *_):
            for path, text in self.texts.items():
                write(path, text)

    return [ArgumentFault("argument: unknown", "bogus .module argument.: unknown key",
                          put("bogus=1")),
            ArgumentFault("argument: helper not there", "helper: .*No such file",
                          put("helper=/usr/libexec/nowhere"), reason="helper_failed")]


def no_fault(world, tap):
    """The other tests mean something only if these people do get in."""
    for service in SERVICES:
        visit = host_for(world, service).attempt(ALICE.name, ALICE.password)
        tap.equal(visit.status, 0, f"no fault, {service}: alice is in", visit)


def one_fault(world, tap, fault, service):
    with fault:
        untouched(world, tap, fault)
        world.forget()
        visit = host_for(world, service).attempt(ALICE.name, ALICE.password)
        tap.ok(visit.status == 1 and visit.who is None,
               f"{fault.title}, {service}: alice is refused", visit)
        tap.ok(no_password_in(visit.screen), f"{fault.title}: no password on the screen")
        if fault.reason:
            tap.ok(world.log.wait(f"alice: refused: {fault.reason} service={service}", 1),
                   f"{fault.title}: the log has the reason", *world.log.all())
        tap.ok(not fault.log or world.log.wait(fault.log, 1),
               f"{fault.title}: the log says what to mend", fault.log, *world.log.all())
        tap.ok(no_password_in("\n".join(world.log.all()))
               and SECRET not in "\n".join(world.log.all()),
               f"{fault.title}: no password and no secret in the log", *world.log.all())
        service = "common" if service == "su" else service
        visit = host_for(world, service).attempt(GHOST, WRONG)
        asked = service not in fault.shut
        tap.equal((visit.status, visit.prompts), (1, ["Password: "] if asked else []),
                  f"{fault.title}, {service}: an unknown name is"
                  f"{' asked and' if asked else ''} refused", visit)


def untouched(world, tap, fault):
    wrong = []
    world.forget()
    for service in SERVICES:
        if service in fault.shut:
            shut(world, tap, fault, service)
            continue
        for person in UNTOUCHED:
            visit = host_for(world, service).attempt(person.name, person.unix_password)
            if (visit.status, visit.prompts, visit.who) != (0, ["Password: "], person.name):
                wrong.append((service, person.name, visit))
    visit = RootsSu(world).attempt(LARRY.name, "")
    if (visit.status, visit.prompts, visit.who) != (0, [], LARRY.name):
        wrong.append(("su as root", LARRY.name, visit))
    tap.equal(wrong, [], f"{fault.title}: nothing changes for root and local users")
    tap.equal(world.connections(), 0, f"{fault.title}: and the pool hears nothing of them")


def shut(world, tap, fault, service):
    """Nobody is asked, and no local password decides: a member's least of all."""
    for person in (*UNTOUCHED, NORMA):
        visit = host_for(world, service).attempt(person.name, person.unix_password)
        tap.ok((visit.status, visit.prompts, visit.who) == (1, [], None)
               and NO_MODULE in visit.screen,
               f"{fault.title}, {service}: {person.name} is refused", visit)
