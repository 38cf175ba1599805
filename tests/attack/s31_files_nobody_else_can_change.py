# S31: what decides who gets in is read from files that root alone can change:
# the configuration, the client secret, the authorities, the keys and the
# names. Each is opened once and looked at through that descriptor; every folder
# on the way, and every link in the way and at its end, must be root's. A secret
# as systemd, Kubernetes and Docker mount it is taken where root alone could
# have made it. All the files here hold the right words, so whatever is taken lets
# alice in. No program of ours is setuid, and paths come from pam.d and the
# configuration only: nobody but root chooses what is opened.
# SPDX-License-Identifier: MIT
import contextlib
import os
import shutil
import socket
import ssl
import stat
import struct
import subprocess
import threading
import time
import urllib.request

from attack import cores
from people import ALICE, LARRY
from world import (CA_FILE, CLIENT, EMAIL_CLIENT, EMAIL_POOL, EMAIL_SECRET, POOL, SECRET,
                   SERVICE_HOST, write)

BREAKAGES = [
    ("a secret of root's may be readable to a group on every host",
     ("file_is_private (owner)", "true")),
    ("opening waits for the other end of a pipe", ("open_found O_NONBLOCK", "0")),
    ("the kind of file is not looked at", ("check_file (S_ISREG)", "false")),
    ("a file may be anybody's", ("check_file (is_owner)", "st->st_uid == 1")),
    ("a file may be writable", ("check_file (S_IWGRP)", "false")),
    ("a file may be of any size", ("open_found (st_size)", "false")),
    ("a secret may be readable", ("read_secret true", "false")),
    ("a configuration with a secret may be readable", ("take_line (private)", "false")),
    ("a folder may be anybody's", ("is_safe_folder (is_owner)", "false")),
    ("a folder may be writable", ("is_safe_folder (S_IWGRP)", "st->st_uid == 0")),
    ("a link may be anybody's", ("follow (is_owner)", "false")),
    ("links without end are followed", ("follow LINKS_MAX", "40")),
    ("only the last folder is looked at",
     ("enter (is_safe_folder)",
      'strchr(walk->rest + strspn(walk->rest, "/"), \'/\') == NULL && ...')),
]
SERVICE = "vault"
BASE = "/etc/vault"
FOLDER = BASE + "/a/b/c"
CONF = FOLDER + "/pam_cognito.conf"
SECRET_PATH = FOLDER + "/secret"
CA_PATH = FOLDER + "/ca.pem"
KEYS_PATH = FOLDER + "/jwks.json"
NAMES_PATH = FOLDER + "/names"
HIS = "/etc/vault-his"        # larry's
SHARED = "/etc/vault-shared"  # everybody's, and sticky
MOUNT = "/etc/vault-mount"
FILES = {"configuration": CONF, "secret": SECRET_PATH, "authorities": CA_PATH,
         "keys": KEYS_PATH, "names": NAMES_PATH}
SUCCESS, SERVICE_ERR, AUTH_ERR, USER_UNKNOWN = 0, 3, 7, 10
SLOW = 10      # seconds; nothing here may wait for anything
RACES = 60     # sign-ins while names change
BIG = 1 << 30
HIS_LINK, REGULAR = "link must belong to root", "must be a regular file"
WRITABLE, OWNER = "must not be writable by group or others", "must belong to root"
PRIVATE, TOO_LARGE = "must have mode 0600", "is too large"
A_FOLDER = "folder must belong to root and be writable by nobody else"
# A swap of names, as fast as it goes without taking the whole processor.
SWAPPER = """
import os, sys, time
name, *others = sys.argv[1:]
print("ready", flush=True)
while True:
    for other in others:
        try:
            os.rename(name, other + ".back")
        except OSError:
            pass
        try:
            os.rename(other, name)
            time.sleep(0.0005)
            os.rename(name, other)
        except OSError:
            pass
        try:
            os.rename(other + ".back", name)
        except OSError:
            pass
        time.sleep(0.0005)
"""


def run(world, tap):
    Vault(world, tap).run()


def fetch_keys():
    context = ssl.create_default_context(cafile=CA_FILE)
    with urllib.request.urlopen(f"https://{SERVICE_HOST}/{POOL}/.well-known/jwks.json",
                                context=context) as answer:
        return answer.read().decode()


def settings(**changes):
    values = {"user_pool_id": POOL, "client_id": CLIENT, "client_secret_file": SECRET_PATH,
              "ca_file": CA_PATH, "jwks_file": KEYS_PATH, "map_file": NAMES_PATH,
              "breaker": "no", **changes}
    return "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None)


def give(path, owner=LARRY):
    os.chown(path, owner.uid, owner.uid, follow_symlinks=False)


def access_list(uid, owner=6):
    """A file's access list: one more user may read; the owner all but execute."""
    entries = [(0x01, owner, 0xffffffff), (0x02, 4, uid), (0x04, 0, 0xffffffff),
               (0x10, 4, 0xffffffff), (0x20, 0, 0xffffffff)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


class Vault:
    def __init__(self, world, tap):
        self.world, self.tap = world, tap
        self.program = cores.build_host(world.folder)
        os.umask(0o022)
        os.makedirs(FOLDER)
        for folder, mode in ((HIS, 0o755), (SHARED, 0o1777)):
            os.mkdir(folder)
            os.chmod(folder, mode)
        give(HIS)
        self.keys = fetch_keys()
        self.fill()
        self.use(CONF)

    def use(self, path):
        self.world.service(SERVICE, f"auth required pam_cognito.so config={path}\n"
                           "account required pam_permit.so\n")

    def fill(self):
        """Everything as it should be."""
        for path in FILES.values():
            with contextlib.suppress(FileNotFoundError):
                if os.path.isdir(path) and not os.path.islink(path):
                    os.rmdir(path)
                else:
                    os.unlink(path)
        write(CONF, settings())
        write(SECRET_PATH, SECRET + "\n", 0o600)
        shutil.copyfile(CA_FILE, CA_PATH)
        write(KEYS_PATH, self.keys)
        write(NAMES_PATH, "alice = alice\n")

    def sign_in(self, uid=0):
        """The host's code, and how long it took."""
        started = time.monotonic()
        host = cores.Host(self.program, SERVICE, ALICE.name, "authenticate", uid=uid)
        try:
            while True:
                line = host.line()
                if line.startswith("ask"):
                    host.say(ALICE.password)
                elif line.startswith("at"):
                    host.say()
                if line == "at end":
                    break
            host.finish()
        finally:
            if host.process.poll() is None:
                host.process.kill()
                host.process.wait()
        return host.codes()[0], time.monotonic() - started

    def taken(self, what):
        self.world.forget()
        code, _ = self.sign_in()
        self.tap.equal(code, SUCCESS, f"{what}: taken", *self.world.log.ours())

    def refused(self, what, why):
        self.world.forget()
        try:
            code, seconds = self.sign_in()
        except RuntimeError as error:
            self.tap.ok(False, f"{what}: an answer", error)
            return
        self.world.log.wait(why)
        lines = self.world.log.ours()
        self.tap.ok(code == SERVICE_ERR and any(why in line for line in lines)
                    and seconds < SLOW and not self.world.pool.requests("InitiateAuth"),
                    f"{what}: {why}", code, seconds, *lines)

    def run(self):
        for part in (self.files, self.secrets, self.mounts, self.mounts_for_a_person,
                     self.folders, self.links, self.race_in_his_folder,
                     self.race_in_a_shared_folder, self.race_of_an_administrator):
            try:
                self.fill()
                part()
            except Exception:
                self.tap.error(part.__name__)

    # The files themselves.

    def files(self):
        self.taken("all of them sound")
        for name, path in FILES.items():
            for what, spoil, why in self.spoilers():
                spoil(path)
                self.refused(f"{name}: {what}", why)
                self.fill()
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path + ".sound")
        for name in ("configuration", "authorities", "keys", "names"):
            os.chmod(FILES[name], 0o640)
            os.chown(FILES[name], 0, LARRY.uid)
        self.taken("readable to another group")

    def spoilers(self):
        return [("somebody's link to a sound file", self.to_link, HIS_LINK),
                ("a pipe", lambda p: (os.unlink(p), os.mkfifo(p, 0o600)), REGULAR),
                ("a device", self.to_device, REGULAR),
                ("a socket", self.to_socket, "No such device or address"),
                ("a folder", lambda p: (os.unlink(p), os.mkdir(p)), REGULAR),
                ("writable by all", lambda p: os.chmod(p, 0o666), WRITABLE),
                ("writable by the group", lambda p: os.chmod(p, 0o620), WRITABLE),
                ("somebody's", give, OWNER),
                ("another name of somebody's file", self.to_hard_link, OWNER),
                ("of a gigabyte", lambda p: os.truncate(p, BIG), TOO_LARGE)]

    @staticmethod
    def to_link(path):
        os.rename(path, path + ".sound")
        os.symlink(path + ".sound", path)
        give(path)

    @staticmethod
    def to_device(path):
        os.unlink(path)
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))

    @staticmethod
    def to_socket(path):
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path)

    @staticmethod
    def to_hard_link(path):
        his = HIS + "/file"
        shutil.copyfile(path, his)
        os.chmod(his, 0o600)
        give(his)
        os.unlink(path)
        os.link(his, path)
        os.unlink(his)

    def secrets(self):
        for mode in (0o640, 0o604, 0o644):
            os.chmod(SECRET_PATH, mode)
            self.refused(f"secret of mode {mode:o}", PRIVATE)
        os.chmod(SECRET_PATH, 0o600)
        os.setxattr(SECRET_PATH, "system.posix_acl_access", access_list(LARRY.uid))
        self.refused("secret with an access list for one more", PRIVATE)
        write(CONF, settings(client_secret=SECRET, client_secret_file=None), 0o640)
        self.refused("configuration with a secret, of mode 640", PRIVATE)
        os.chmod(CONF, 0o600)
        self.taken("configuration with a secret, of mode 600")

    # Secrets as platforms mount them.

    def mounts(self):
        self.mount_of_kubernetes(0o755)
        self.taken("Kubernetes, defaultMode 0400: a link through a link to a folder")
        for mode in (0o440, 0o444):
            os.chmod(MOUNT + "/..2026/secret", mode)
            self.refused(f"Kubernetes, defaultMode {mode:04o}", PRIVATE + " (chmod 0600; "
                         "Kubernetes: defaultMode: 0400; Docker: mode: 0400)")
        os.chmod(MOUNT + "/..2026/secret", 0o400)
        for folder in (MOUNT, MOUNT + "/..2026"):
            os.chmod(folder, 0o777)
            self.refused(f"Kubernetes, {folder} writable by all",
                         A_FOLDER + " (Kubernetes: mount the file by subPath)")
            os.chmod(folder, 0o755)
        os.chmod(MOUNT, 0o1777)
        self.taken("Kubernetes, the folder sticky")
        for name in ("secret", "..data"):
            give(f"{MOUNT}/{name}")
            self.refused(f"Kubernetes, somebody's link {name}", HIS_LINK)
            os.chown(f"{MOUNT}/{name}", 0, 0, follow_symlinks=False)
        self.taken("Kubernetes, as before")
        write(CONF, settings())

    def mount_of_kubernetes(self, mode):
        shutil.rmtree(MOUNT, ignore_errors=True)
        os.makedirs(MOUNT + "/..2026")
        os.chmod(MOUNT, mode)
        write(MOUNT + "/..2026/secret", SECRET, 0o400)
        os.symlink("..2026", MOUNT + "/..data")
        os.symlink("..data/secret", MOUNT + "/secret")
        write(CONF, settings(client_secret_file=MOUNT + "/secret"))

    def mounts_for_a_person(self):
        """His own host: what root gave to him or to a group of his is his to use."""
        self.mount_of_kubernetes(0o755)
        secret = MOUNT + "/..2026/secret"
        os.chmod(secret, 0o440)
        os.chown(secret, 0, LARRY.uid)
        self.person(SUCCESS, "a group of his may read it")
        os.chown(secret, 0, 0)
        os.setxattr(secret, "system.posix_acl_access", access_list(LARRY.uid, owner=4))
        self.person(SUCCESS, "a credential of systemd's: an access list names him")
        os.removexattr(secret, "system.posix_acl_access")
        os.chmod(secret, 0o444)
        self.person(SERVICE_ERR, "all may read it")
        os.chmod(secret, 0o440)
        os.chown(secret, LARRY.uid, LARRY.uid)
        self.person(SERVICE_ERR, "his own, and his group may read it")
        write(CONF, settings())

    def person(self, code, what):
        seen, _ = self.sign_in(LARRY.uid)
        self.tap.equal(seen, code, f"a person's own host: {what}")

    # The way to them.

    def folders(self):
        parts = [BASE, BASE + "/a", BASE + "/a/b", FOLDER]
        for part in parts:
            for what, mode, owner in (("writable by all", 0o777, 0),
                                      ("writable by a group", 0o775, 0),
                                      ("somebody's", 0o755, LARRY.uid),
                                      ("somebody's, sticky", 0o1777, LARRY.uid)):
                os.chown(part, owner, 0)
                os.chmod(part, mode)
                self.refused(f"{part} {what}", A_FOLDER)
                os.chown(part, 0, 0)
                os.chmod(part, 0o755)
        # The same way leads to the other files.
        away = BASE + "/away"
        os.mkdir(away)
        shutil.copyfile(CONF, away + "/conf")
        self.use(away + "/conf")
        os.chmod(BASE + "/a", 0o777)
        self.refused("folder of the secret alone writable by all",
                     "client_secret_file: " + BASE + "/a: " + A_FOLDER)
        os.chmod(BASE + "/a", 0o755)
        self.taken("another folder of root's")
        os.chmod(BASE + "/a", 0o1777)
        self.taken("root's sticky folder on the way")
        os.chmod(BASE + "/a", 0o755)
        self.use(CONF)

    def links(self):
        os.symlink("a/../a/./b", BASE + "/link")
        self.use(BASE + "/link/c/pam_cognito.conf")
        self.taken("root's link on the way")
        os.symlink(FOLDER, HIS + "/link")
        self.use(HIS + "/link/pam_cognito.conf")
        self.refused("root's link in somebody's folder", A_FOLDER)
        os.symlink(HIS + "/link", BASE + "/through")
        self.use(BASE + "/through/pam_cognito.conf")
        self.refused("root's link through somebody's folder", A_FOLDER)
        os.symlink(FOLDER, SHARED + "/link")
        give(SHARED + "/link")
        self.use(SHARED + "/link/pam_cognito.conf")
        self.refused("somebody's link in a shared folder", "link must belong to root")
        target = CONF
        for number in range(1, 10):
            os.symlink(target, f"{BASE}/link-{number}")
            target = f"{BASE}/link-{number}"
        self.use(f"{BASE}/link-8")
        self.taken("eight links of root's, one behind the other")
        self.use(f"{BASE}/link-9")
        self.refused("nine of them", "link leads too far")
        os.symlink("round", BASE + "/round")
        self.use(BASE + "/round/pam_cognito.conf")
        self.refused("a link to itself", "link leads too far")
        self.use(BASE + "/a/b/../../../.." + FOLDER + "/pam_cognito.conf")
        self.taken("a way up and down")
        self.use(BASE + "/" + "a/../" * 60 + "a/b/c/pam_cognito.conf")
        self.taken("a long way")
        self.use("etc/vault/a/b/c/pam_cognito.conf")
        self.refused("no absolute path", "expected an absolute path")
        self.use(CONF)

    # Names that change while they are looked up.

    @contextlib.contextmanager
    def swapper(self, user, name, *others):
        """Puts each of the others in the place of name, again and again."""
        process = subprocess.Popen(["/usr/bin/python3", "-c", SWAPPER, name, *others],
                                   user=user, group=user, extra_groups=[],
                                   stdout=subprocess.PIPE)
        try:
            process.stdout.readline()
            yield
            self.tap.equal(process.poll(), None, "race: it went on to the end")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def attack(self, what):
        self.world.forget()
        codes = [self.sign_in()[0] for _ in range(RACES)]
        self.tap.equal(set(codes), {SERVICE_ERR}, f"{what}: never taken",
                       *self.world.log.ours()[:3])
        self.tap.equal(self.world.pool.requests("InitiateAuth"), [],
                       f"{what}: nobody is asked")

    def bait(self, folder):
        """His copy, and a link of his to the real one."""
        his, link = folder + "/his", folder + "/his-link"
        shutil.copyfile(CONF, his)
        os.symlink(CONF, link)
        give(his)
        give(link)
        return his, link

    def race_in_his_folder(self):
        name = HIS + "/conf"
        shutil.copyfile(CONF, name)  # a sound file of root's, in the wrong place
        self.use(name)
        with self.swapper(LARRY.uid, name, *self.bait(HIS)):
            self.attack("race in his folder")
        self.use(CONF)

    def race_in_a_shared_folder(self):
        name = SHARED + "/conf"
        self.use(name)
        with self.swapper(LARRY.uid, name, *self.bait(SHARED)):
            self.attack("race in a shared folder")
        self.use(CONF)

    def race_of_an_administrator(self):
        """Who replaces a file whole gets sign-ins by the old or by the new one."""
        blanks = "#" + " a long comment" * 40 + "\n"
        texts = [settings(user_pool_id=pool, client_id=client, client_secret=secret,
                          client_secret_file=None, jwks_file=None, map_file=None)
                 for pool, client, secret in ((POOL, CLIENT, SECRET),
                                              (EMAIL_POOL, EMAIL_CLIENT, EMAIL_SECRET))]
        texts = [text.replace("\n", "\n" + blanks) for text in texts]
        done = threading.Event()

        def replace():
            number = 0
            while not done.wait(0.001):
                write(CONF + ".new", texts[number % 2], 0o600)
                os.replace(CONF + ".new", CONF)
                number += 1

        write(CONF, texts[0], 0o600)
        thread = threading.Thread(target=replace)
        thread.start()
        self.world.forget()
        try:
            codes = [self.sign_in()[0] for _ in range(RACES)]
        finally:
            done.set()
            thread.join()
        asked = {(r["client_id"], r["secret_hash_ok"])
                 for r in self.world.pool.requests("InitiateAuth")}
        self.tap.equal(asked, {(CLIENT, True), (EMAIL_CLIENT, True)},
                       "race of an administrator: each sign-in by one file, and both")
        self.tap.equal((SUCCESS in codes, set(codes) <= {SUCCESS, AUTH_ERR, USER_UNKNOWN}),
                       (True, True), "race of an administrator: let in or refused by a pool",
                       codes, *[line for line in self.world.log.ours() if "accepted" not in line])
