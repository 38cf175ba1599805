# A machine of one's own inside this one: private mounts, network, processes.
# The real build is installed with "make install", users are made with
# useradd, the local pool answers under the real service's name, and /dev/log
# is read by us. Nothing outside changes. Linux, root, standard library only.
# SPDX-License-Identifier: MIT
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, *(os.path.join(SOURCE, "tests", name) for name in ("lib", "pool"))]

import localpool  # noqa: E402  (found through the path just set)
from people import PEOPLE  # noqa: E402
from logbook import Logbook  # noqa: E402

SERVICE_HOST = "cognito-idp.eu-west-1.amazonaws.com"
EMAIL_POOL = "eu-west-1_Email0001"
POOL = "eu-west-1_Local0001"
CLIENT = "localclient0000000000000001"
SECRET = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
EMAIL_CLIENT = "emailclient0000000000000001"
EMAIL_SECRET = "6rt5y4u3i2o1p0a9s8d7f6g5h4j3k2l1z0x9c8v7b6n5m4q3w2e"
CONF = "/etc/security/pam_cognito.conf"
SECRET_FILE = "/etc/security/pam_cognito.secret"
CA_FILE = "/etc/security/pool-ca.pem"
EXAMPLES = os.path.join(SOURCE, "pam.d-examples")
# What an installation, a login or a host may write to.
COVERED = ["/etc", "/usr", "/var", "/home", "/root"]
FRESH = {"/run": "0755", "/tmp": "1777"}
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


class WorldError(Exception):
    pass


def command(*words, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise WorldError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def write(path, text, mode=0o644):
    """Replaces a file; mode counts whatever the umask is."""
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


def is_below(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS


class Stage:
    """A tmpfs that holds what was covered up and what is written instead."""

    def __init__(self, folder):
        self.folder = folder

    @classmethod
    def make(cls, keep_clear_of):
        for folder in ("/mnt", "/media", "/srv"):
            if os.path.isdir(folder) and not any(is_below(p, folder) for p in keep_clear_of):
                command("mount", "-t", "tmpfs", "-o", "mode=0755", "stage", folder)
                return cls(folder)
        raise WorldError("no folder to work in: none of /mnt, /media, /srv is free")

    def new(self, name):
        path = tempfile.mkdtemp(prefix=name + "-", dir=self.folder)
        os.chmod(path, 0o755)
        return path

    def keep(self, path):
        """Another way to a folder that will be covered."""
        kept = self.new("kept")
        command("mount", "--bind", path, kept)
        return kept

    def cover(self, path, lower=None):
        """From here on, what is written below path stays in this world."""
        lower = lower or path
        os.makedirs(path, exist_ok=True)
        over = self.new("over")
        upper, work = os.path.join(over, "upper"), os.path.join(over, "work")
        os.mkdir(upper)
        os.mkdir(work)
        try:
            command("mount", "-t", "overlay", "-o",
                    f"lowerdir={lower},upperdir={upper},workdir={work}", "over", path)
        except WorldError:
            self.copy(path, lower)

    def copy(self, path, lower=None):
        """The same without overlayfs: a copy in memory."""
        copied = self.new("copy")
        command("cp", "-a", (lower or path) + "/.", copied)
        command("mount", "--bind", copied, path)


def source_of(build):
    """The source tree that a build tree was configured from."""
    with open(os.path.join(build, "Makefile"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("abs_top_srcdir = "):
                return line.split(" = ", 1)[1].strip()
    raise WorldError(f"{build}: not a configured build tree")


def counts_coverage(build):
    """Then what runs writes to the build tree, and that is to stay."""
    with open(os.path.join(build, "config.h"), encoding="utf-8") as file:
        return "#define COVERAGE_FOLDER" in file.read()


def enter(build, network=True):
    """The part that all worlds share: covers, the installation, the users. network:
    one of its own."""
    os.umask(0o022)
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["HOME"] = "/root"
    trees = []
    for tree in (SOURCE, source_of(build), build):
        if not any(is_below(tree, other) for other in trees):
            trees.append(tree)
    stage = Stage.make(trees)
    kept = [stage.keep(tree) for tree in trees]
    kept_build = stage.keep(build)
    for path in COVERED:
        stage.cover(path)
    for path, mode in FRESH.items():
        command("mount", "-t", "tmpfs", "-o", "mode=" + mode, "fresh", path)
    for tree, lower in zip(trees, kept):
        stage.cover(tree, lower)
    if counts_coverage(build):
        command("mount", "--bind", kept_build, build)
    if network:
        loopback_up()
    socket.sethostname("testhost")
    return stage


def install(build):
    return command("make", "-C", build, "install", "MAKEFLAGS=")


def bring_keys(stage, build):
    """The pool's, where make check has made them: making them takes long."""
    made = os.path.join(build, "tests", "keys")
    if os.path.exists(os.path.join(made, "made")):
        shutil.copytree(made, os.path.join(stage.folder, "keys"))


def forget_accounts():
    """People and accounts of the real machine that could be in our way."""
    gone = set()
    for path, number_at in (("/etc/passwd", 2), ("/etc/group", 2)):
        with open(path, encoding="utf-8") as file:
            rows = [line.split(":") for line in file if line.count(":") > 2]
        kept = [r for r in rows if r[2].isdigit() and r[0] != "_pam_cognito"
                and (int(r[number_at]) < 999 or r[0] in ("nobody", "nogroup"))]
        gone |= {r[0] for r in rows} - {r[0] for r in kept}
        write(path, "".join(":".join(row) for row in kept))
    for path, mode in (("/etc/shadow", 0o640), ("/etc/gshadow", 0o640)):
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.split(":")[0] not in gone]
        write(path, "".join(lines), mode)
        shutil.chown(path, "root", "shadow")


def make_people():
    """Only with the system's own tools, as an administrator would."""
    command("groupadd", "cognito")
    for person in PEOPLE:
        person.create(command)


def fill_dev(stage):
    """A /dev with the harmless devices, terminals of its own and no /dev/log."""
    dev = stage.new("dev")
    for name in DEVICES:
        with open(os.path.join(dev, name), "w", encoding="ascii"):
            pass
        command("mount", "--bind", "/dev/" + name, os.path.join(dev, name))
    os.mkdir(os.path.join(dev, "pts"))
    os.mkdir(os.path.join(dev, "shm"))
    os.chmod(os.path.join(dev, "shm"), 0o1777)
    command("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=0620,gid=5",
            "devpts", os.path.join(dev, "pts"))
    os.symlink("pts/ptmx", os.path.join(dev, "ptmx"))
    os.symlink("/proc/self/fd", os.path.join(dev, "fd"))
    command("mount", "--rbind", dev, "/dev")


class World:
    """One world's own /etc, /home, /var, /dev, /run, log reader and pool."""

    def __init__(self, stage):
        self.stage = stage
        self.folder = stage.new("world")
        for path in ("/etc", "/home", "/var"):
            stage.cover(path)
        command("mount", "-t", "tmpfs", "-o", "mode=0755", "fresh", "/run")
        for name in ("/run/sshd", "/run/lock"):
            os.mkdir(name)
        write("/run/utmp", "")
        fill_dev(stage)
        loopback_up()
        self.log = Logbook("/dev/log")
        self.pool = None
        self.pool_is_up = False
        write("/etc/hosts", f"127.0.0.1 localhost testhost {SERVICE_HOST}\n")
        write("/etc/resolv.conf", "")
        write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n"
              "hosts: files\nservices: files\nprotocols: files\n")
        write("/etc/motd", "")
        shutil.rmtree("/etc/update-motd.d", ignore_errors=True)
        write("/etc/default/locale", "")

    def start_pool(self):
        self.pool = localpool.start(state=os.path.join(self.folder, "pool"),
                                    keys=os.path.join(self.stage.folder, "keys"),
                                    listen="127.0.0.1:443", names=[SERVICE_HOST],
                                    variants=False)
        self.pool_is_up = True
        shutil.copy(self.pool.ca_file, CA_FILE)
        os.chmod(CA_FILE, 0o644)
        self.configure()

    def stop_pool(self):
        self.pool_is_up = False
        self.pool.stop()

    def configure(self, secret=SECRET, conf_mode=0o644, secret_mode=0o600, **changes):
        """The configuration file, as short as it can be; None leaves a key out."""
        values = {"user_pool_id": POOL, "client_id": CLIENT,
                  "client_secret_file": SECRET_FILE, "ca_file": CA_FILE, **changes}
        lines = [f"{key} = {value}\n" for key, value in values.items() if value is not None]
        write(CONF, "".join(lines), conf_mode)
        write(SECRET_FILE, secret + "\n", secret_mode)

    def service(self, name, text):
        write(os.path.join("/etc/pam.d", name), text)

    def example(self, name, service=None):
        """A file of pam.d-examples, as it is shipped."""
        shutil.copy(os.path.join(EXAMPLES, name),
                    os.path.join("/etc/pam.d", service or name))

    def forget(self):
        """Everybody's failures, all requests, all log lines."""
        if self.pool_is_up:
            self.pool.reset()
            self.pool.clear()
        self.log.clear()

    def sign_ins(self, name=None):
        """How many InitiateAuth the pool got, all in all or for one name."""
        return len([r for r in self.pool.requests("InitiateAuth")
                    if name in (None, r["username"])])

    def connections(self):
        return self.pool.counts()["connections"]


def make_host_key(stage):
    command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key(stage))


def host_key(stage):
    return os.path.join(stage.folder, "host_key")
