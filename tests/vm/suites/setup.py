# pam-cognito setup where systemd runs: the socket is switched on and off, sshd
# reads its settings without being started anew. The rest is tests/hosts/suites/setup.py.
# SPDX-License-Identifier: MIT
import os
import shutil
import subprocess

from machine import CA_FILE, CONF, SETTINGS, SOCKET, command, enters, write

PROFILE = "packaging/debian/libpam-cognito.pam-profile"  # in the folder that the tests run in
CONFIG = "/usr/share/pam-configs/cognito"
SECRET = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
OPTIONS = ["--user-pool-id", "eu-west-1_Local0001", "--client-id", "localclient0000000000000001",
           "--secret-stdin", "--set", "ca_file=" + CA_FILE, "--set", "timeout=60",
           "--set", "debug"]


def setup(*words):
    done = subprocess.run(["pam-cognito", "setup", *words], input=SECRET + "\n", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def check():
    done = subprocess.run(["pam-cognito", "check", "--verbose", "--offline"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def state(unit):
    return [command("systemctl", word, unit, check=False).strip()
            for word in ("is-enabled", "is-active")]


def sshd():
    """Its process, and whether it is asked for codes by its settings."""
    pid = command("systemctl", "show", "-P", "MainPID", "ssh.service").strip()
    return pid, "kbdinteractiveauthentication yes" in command("/usr/sbin/sshd", "-T")


def run(machine, tap):
    """As after an installation; then the machine is what it was."""
    shutil.copytree("/etc/pam.d", "/root/pam.d", symlinks=True)
    for name in os.listdir("/etc/pam.d"):
        with open(os.path.join("/etc/pam.d", name), encoding="utf-8") as file:
            ours = "pam_cognito.so" in file.read()
        if ours:
            os.unlink(os.path.join("/etc/pam.d", name))
    write("/etc/pam.d/host", "@include common-auth\naccount required pam_permit.so\n")
    os.unlink(CONF)
    shutil.copy(PROFILE, CONFIG)
    pid, asks = sshd()
    tap.ok(pid != "0" and not asks, "sshd runs, and asks for nothing", pid, asks)
    tap.equal(state(SOCKET), ["disabled", "inactive"], "the socket is off")
    status, text = setup(*OPTIONS, "--yes")
    tap.equal(status, 0, "done, and check finds nothing wrong", text)
    tap.ok(f"\n/usr/bin/systemctl enable --now {SOCKET}\n" in text, "it says how: the socket", text)
    tap.ok("\n/usr/sbin/sshd -t && /usr/bin/systemctl try-reload-or-restart ssh.service\n" in text,
           "it says how: sshd", text)
    tap.equal(state(SOCKET), ["enabled", "active"], "the socket is on")
    tap.equal(sshd(), (pid, True), "sshd has read its settings, and is the same process")
    tap.ok(any("Received SIGHUP; restarting" in line for line in
               machine.journal(None, "-u", "ssh.service")), "by a signal",
           *machine.journal(None, "-u", "ssh.service"))
    enters(machine, tap, "a host without capabilities", ["CapabilityBoundingSet="], "socket")
    command("systemctl", "stop", SOCKET)
    status, text = check()
    tap.ok(status == 1 and "and /etc/pam.d/common-auth has our line for each service" in text
           and f"to do: systemctl restart {SOCKET}; " in text, "the socket off: check fails",
           status, text)
    command("systemctl", "start", SOCKET)
    status, text = check()
    tap.equal(status, 0, "and on again: it does not", text)
    status, text = setup("--yes")
    tap.ok(status == 0 and "Nothing was to do" in text, "a second time", status, text)
    status, text = setup("--undo", "--yes")
    tap.equal(status, 0, "and back", text)
    tap.equal(state(SOCKET), ["disabled", "inactive"], "the socket is off again")
    tap.equal(sshd(), (pid, False), "sshd asks for nothing again")
    tap.ok(not os.path.exists(CONF), "the settings are gone")
    os.unlink(CONFIG)
    write(CONF, SETTINGS)
    shutil.copytree("/root/pam.d", "/etc/pam.d", symlinks=True, dirs_exist_ok=True)
