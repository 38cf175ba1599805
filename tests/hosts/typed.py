# What pages have an administrator type, taken out of them and typed: by a shell, or
# at a terminal. The machine is the world's, with its own sshd_config.
# SPDX-License-Identifier: MIT
import os
import re
import signal
import socket
import subprocess
import textwrap
import time

from hosts import PASSWORD, no_penalties
from person import PATIENCE, Person
from world import CA_FILE, CLIENT, POOL, SOURCE, WorldError, write

# No systemd runs here: sshd is told itself, and what is enabled is written down.
SYSTEMCTL = """#!/bin/sh
case $* in
"reload ssh") number=$(cat /run/sshd.pid); rm /run/sshd.pid; kill -HUP "$number" ;;
*) echo "$*" >>/run/systemctl.done ;;
esac
"""
EDITOR = "#!/bin/sh\nprintf '%s\\n' '{}' >>\"$1\"\n"


def blocks(page, section):
    """The code blocks below a heading, up to the next one of its rank."""
    with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
        text = file.read()
    head = re.search(rf"^(#+) {re.escape(section)}\n", text, re.M)
    if not head:
        raise WorldError(f"{page}: no section {section}")
    end = re.search(rf"^#{{1,{len(head[1])}}} ", text[head.end():], re.M)
    return all_blocks(text[head.end():][:end.start() if end else None])


def all_blocks(text):
    return [textwrap.dedent(block) for block in re.findall(r"(?:^ {4}.*\n)+", text, re.M)]


def replaced(text, **changes):
    """With what is this machine's own, each of which must be there."""
    for old, new in changes.items():
        if old not in text:
            raise WorldError(f"{old} is not in {text}")
        text = text.replace(old, new)
    return text


def settings_here(text):
    """The settings that a page shows, for the pool that is here."""
    text = re.sub(r"(?m)^user_pool_id = .*$", f"user_pool_id = {POOL}\nca_file = {CA_FILE}", text)
    return re.sub(r"(?m)^client_id = .*$", f"client_id = {CLIENT}", text)


class Machine:
    """With sshd as the distribution has it, and a root shell."""

    def __init__(self, world, secret):
        self.world = world
        self.server = None
        # All suites see the same programs; here some come and go.
        for path in ("/root", "/usr"):
            world.stage.cover(path)
        self.script("systemctl", SYSTEMCTL)
        self.script("editor", EDITOR.format(secret))

    def script(self, name, text):
        write("/usr/local/bin/" + name, text, 0o755)

    def start(self):
        write("/etc/ssh/sshd_config.d/00-tests.conf",
              "\n".join([*no_penalties(), "ListenAddress 127.0.0.1", ""]))
        subprocess.run(["ssh-keygen", "-A"], check=True, capture_output=True)
        self.server = subprocess.Popen(["/usr/sbin/sshd", "-D"], stdin=subprocess.DEVNULL)
        self.listens()

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()

    def listens(self):
        """sshd that is told to read its settings closes its port for a moment."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", 22), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def type(self, text):
        """(status, what is seen) of a block, as a root shell runs it."""
        done = subprocess.run(["sh", "-euc", text], stdin=subprocess.DEVNULL, cwd=SOURCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        if "reload ssh" in text:
            self.has_read_again()
        return done.returncode, done.stdout

    def has_read_again(self):
        """It starts itself anew, and then writes its number anew."""
        end = time.monotonic() + PATIENCE
        while not os.path.exists("/run/sshd.pid"):
            if time.monotonic() > end:
                raise WorldError("sshd does not come back")
            time.sleep(0.05)
        self.listens()

    def log_in(self, words, password, *codes):
        """At a terminal: (screen up to the shell's prompt, who is in or None)."""
        person = Person(*words)
        if person.ask(r"\(yes/no.*\)\? $|" + PASSWORD) and "yes" in person.found:
            person.type("yes")
            person.wait_for(PASSWORD)
        person.type(password)
        for code in codes:
            person.wait_for(r"Verification code .*: $")
            person.type(code())
        in_shell = person.ask(r"[$#] $|" + PASSWORD) and not re.search(PASSWORD, person.found)
        screen = person.screen
        who = None
        if in_shell:
            person.type("echo I am $(id -un)")
            who = re.search(r"I am (\w+)\n$", person.wait_for(r"I am \w+\n"))[1]
            person.type("exit")
            person.finish()
        else:
            person.give_up()
        return screen, who
