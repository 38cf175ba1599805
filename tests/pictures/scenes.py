# What the pictures show, played on a machine of the tests' own: sshd as the
# distribution has it, PAM as the examples have it, people who type.
# SPDX-License-Identifier: MIT
import os
import socket

import typed
from people import ALICE, KEEPER, LARRY
from terminal import Terminal
from world import EXAMPLES, POOL, SECRET, command, write

GRACE = ("grace", "Grace-Hopper-6")
SERVER = "server"
ASKS_FOR_CODES = "/etc/ssh/sshd_config.d/10-cognito.conf"
FINAL = "module_unknown=ignore default=die"  # Ends the line of the pool in the example.
PUBLIC_CLIENT = "localpublic0000000000000001"
BASH = ["/bin/bash", "--norc", "--noprofile"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Scenes:
    def __init__(self, world):
        self.world = world
        self.machine = typed.Machine(world, SECRET)
        socket.sethostname(SERVER)
        write("/etc/hosts", read("/etc/hosts").replace("testhost", f"testhost {SERVER}"))
        command("useradd", "-m", "-s", "/bin/bash", "-G", "cognito", GRACE[0])
        write("/home/grace/.bashrc", "")
        self.stack(FINAL)
        write(ASKS_FOR_CODES, "KbdInteractiveAuthentication yes\n")

    def stack(self, ending):
        text = read(os.path.join(EXAMPLES, "sshd")).replace("localadmin", KEEPER.name)
        self.world.service("sshd", text.replace(FINAL, ending))

    def person(self, name):
        """A shell of somebody's."""
        return self.started(["/usr/bin/setpriv", "--reuid", name, "--regid", name,
                             "--init-groups", *BASH], "$ ", "/home/" + name)

    def root(self):
        return self.started(BASH, "# ", "/root")

    def started(self, words, prompt, home):
        terminal = Terminal(self.world.stage.new("terminal"), words, home, PS1=prompt)
        terminal.wait_for(r"[#$]")
        return terminal

    def ssh(self):
        terminal = self.person(LARRY.name)
        terminal.type(f"ssh {GRACE[0]}@{SERVER}")
        terminal.wait_for("Password:")
        terminal.type(GRACE[1])
        terminal.wait_for(r"app\):")
        terminal.type(self.world.pool.totp(GRACE[0], pool=POOL))
        terminal.wait_for(r"\n.*\$")
        return terminal.taken()

    def check(self):
        terminal = self.root()
        terminal.type(f"pam-cognito check {ALICE.name}")
        terminal.wait_for(r"\n#")
        return terminal.taken()

    def problems(self):
        self.stack("default=ignore")
        os.unlink(ASKS_FOR_CODES)
        return self.check()

    def enrolment(self):
        """By herself: an app client without a secret needs no file of root's."""
        self.world.configure(client_id=PUBLIC_CLIENT, client_secret_file=None)
        terminal = self.person(ALICE.name)
        terminal.type("pam-cognito mfa enroll")
        terminal.wait_for("Password:")
        terminal.type(ALICE.password)
        terminal.wait_for(r"app\):")
        return terminal.taken()

    def play(self):
        """Name of the picture -> the screen, with its colours."""
        self.machine.start()
        write("/etc/ssh/ssh_known_hosts",
              f"{SERVER} {read('/etc/ssh/ssh_host_ed25519_key.pub')}")
        try:
            return {"ssh": self.ssh(), "check": self.check(), "problems": self.problems(),
                    "enrolment": self.enrolment()}
        finally:
            self.machine.stop()
