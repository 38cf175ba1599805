# The files that the resolver and OpenSSL read are links to somewhere else, as
# configuration management, containers and WSL make them: the helper reads
# them in its cage wherever they lead, and nothing beside them. What it cannot
# read is a line in the log that names the file.
# SPDX-License-Identifier: MIT
import os
import shutil

from attack import confined
from people import LARRY
from suites.outage import SUCCESS, forget, login
from suites.resolvers import NSSWITCH, Dns
from world import SERVICE_HOST, write

SERVER = "127.0.0.5"  # 127.0.0.1 is asked when there is no resolv.conf
FILES = {
    "/etc/hosts": f"127.0.0.1 localhost {SERVICE_HOST}\n",
    "/etc/resolv.conf": f"nameserver {SERVER}\n",
    "/etc/nsswitch.conf": NSSWITCH.format("files"),
    "/etc/host.conf": "multi on\n",
    "/etc/gai.conf": "precedence ::ffff:0:0/96 100\n",
    "/etc/services": "https 443/tcp\ndomain 53/udp\n",
    "/etc/ssl/openssl.cnf": "openssl_conf = nothing\n[nothing]\n",
}
PLACES = ["/mnt/of-links", "/var/lib/of-links", "/opt/of-links", "/home/of-links"]
LINE = "cannot be read by the helper"


def run(world, tap):
    world.stage.cover("/opt")
    world.service("outage", "auth required pam_cognito.so\naccount required pam_unix.so\n")
    Dns(SERVER)
    program = confined.build(world)
    for place in PLACES:
        os.makedirs(place, mode=0o755)
        for form in (absolute, relative, double, by_folder):
            lead_away(world, tap, program, place, form)
    restore()
    folder_as_a_link(world, tap)
    of_another_user(world, tap)
    nothing_to_read(world, tap, program)
    out_of_reach(world, tap)


# ---- Ways to link ----

def absolute(path, target):
    os.symlink(target, path)


def relative(path, target):
    os.symlink(os.path.relpath(target, os.path.dirname(path)), path)


def double(path, target):
    """By a link in a third place, which is relative."""
    between = "/var/between-" + os.path.basename(path)
    remove(between)
    relative(between, target)
    absolute(path, between)


def by_folder(path, target):
    """A folder on the way is a link."""
    folder = "/var/folder-between"
    remove(folder)
    os.symlink(os.path.dirname(target), folder)
    os.symlink(os.path.join(folder, os.path.basename(target)), path)


def remove(path):
    if os.path.lexists(path):
        os.unlink(path)


def move(path, place, form, mode=0o644):
    target = os.path.join(place, os.path.basename(path))
    write(target, FILES[path], mode)
    remove(path)
    form(path, target)
    return target


def restore():
    for path, text in FILES.items():
        write(path, text)


# ---- The tests ----

def sign_in(world):
    forget()
    world.forget()
    return login().code


def complaints(world):
    return [line for line in world.log.ours() if LINE in line]


def lead_away(world, tap, program, place, form):
    title = f"{place}, {form.__name__}"
    for path in FILES:
        move(path, place, form)
    write(place + "/beside", "x\n")
    found, _ = confined.attempt(program, "caged", *("read:" + path for path in FILES),
                                f"read:{place}/beside", f"list:{place}")
    tap.equal(found, {**{"read:" + path: "0" for path in FILES},
                      f"read:{place}/beside": "EACCES", f"list:{place}": "EACCES"},
              f"{title}: the files can be read, and nothing beside them")
    tap.equal(sign_in(world), SUCCESS, f"{title}: alice signs in by hosts", *world.log.all())
    tap.equal(complaints(world), [], f"{title}: no complaint")
    write(place + "/nsswitch.conf", NSSWITCH.format("dns"))
    tap.equal(sign_in(world), SUCCESS, f"{title}: alice signs in by resolv.conf",
              *world.log.all())


def folder_as_a_link(world, tap):
    """/etc/ssl leads away as a whole."""
    shutil.copytree("/etc/ssl", "/opt/ssl", symlinks=True)
    shutil.rmtree("/etc/ssl")
    os.symlink("/opt/ssl", "/etc/ssl")
    tap.equal((sign_in(world), complaints(world)), (SUCCESS, []),
              "/etc/ssl is a link: alice signs in, no complaint", *world.log.all())
    os.unlink("/etc/ssl")
    shutil.copytree("/opt/ssl", "/etc/ssl", symlinks=True)


def of_another_user(world, tap):
    """Root made the link: every program of this machine reads that file."""
    target = move("/etc/hosts", "/home/of-links", absolute)
    shutil.chown(target, LARRY.name)
    tap.equal((sign_in(world), complaints(world)), (SUCCESS, []),
              "another user's file: alice signs in, no complaint", *world.log.all())
    restore()


def nothing_to_read(world, tap, program):
    """As without our cage: the resolver does without the file."""
    os.makedirs("/opt/a-folder")
    write("/opt/a-folder/inside", "x\n")
    os.mkfifo("/opt/a-pipe", 0o666)
    for title, target in (("a dangling link", "/opt/nothing"), ("a link to itself", "gai.conf"),
                          ("a link below a file", "/etc/hosts/gai.conf"),
                          ("a link to /dev/null", "/dev/null"),
                          ("a link to a folder", "/opt/a-folder")):
        for path in ("/etc/gai.conf", "/etc/host.conf", "/etc/services"):
            remove(path)
            os.symlink(target, path)
        tap.equal(sign_in(world), SUCCESS, f"{title}: alice signs in", *world.log.all())
    found, _ = confined.attempt(program, "caged", "read:/opt/a-folder/inside",
                                "list:/opt/a-folder")
    tap.equal(set(found.values()), {"EACCES"}, "a link to a folder opens nothing in it")
    remove("/etc/gai.conf")
    os.symlink("/opt/a-pipe", "/etc/gai.conf")
    found, _ = confined.attempt(program, "caged", "write:/opt/a-pipe")
    tap.equal(set(found.values()), {"EACCES"}, "a link to a pipe opens no pipe")
    restore()


def out_of_reach(world, tap):
    os.makedirs("/home/of-links/closed")
    for path in FILES:
        name = os.path.basename(path)
        for title, mode, folder_mode in (("its file is root's alone", 0o600, 0o755),
                                         ("its folder is closed", 0o644, 0o700)):
            os.chmod("/home/of-links/closed", folder_mode)
            move(path, "/home/of-links/closed", absolute, mode)
            code = sign_in(world)
            tap.ok(world.log.wait(rf"/{name}, a link, {LINE}: Permission denied"),
                   f"{name}, {title}: the log names it", *world.log.all())
            tap.equal(code == SUCCESS, path != "/etc/hosts",
                      f"{name}, {title}: as without the cage", *world.log.all())
        os.chmod("/home/of-links/closed", 0o755)
        restore()
    os.chmod("/var/lib", 0o700)
    tap.equal(sign_in(world), SUCCESS, "/var/lib is closed: alice signs in", *world.log.all())
    os.chmod("/var/lib", 0o755)
