# polkit's helper from release 127 on: a unit without a network, which packaging/
# polkit has a drop-in for where the socket is off.
# SPDX-License-Identifier: MIT
import os
import shutil

from machine import CURE, HOST, command, write
from people import ALICE, WRONG

UNIT = "polkit-agent-helper@"
FOLDER = f"/etc/systemd/system/{UNIT}.service"
# The settings of the unit in polkit 127, but for what it starts and talks to.
CONFINED = """Type=oneshot
DevicePolicy=closed
LimitMEMLOCK=0
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateNetwork=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectSystem=strict
ProtectClock=yes
ProtectHostname=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
"""


def ask(machine, password):
    """Did the helper let alice in, and what the log has to say."""
    machine.forget()
    cursor = machine.cursor()
    write("/run/answer", password + "\n", 0o600)
    command("systemctl", "start", f"{UNIT}1.service", check=False)
    result = command("systemctl", "show", "-P", "Result", f"{UNIT}1.service").strip()
    command("systemctl", "reset-failed", f"{UNIT}1.service", check=False)
    command("journalctl", "--sync")
    return result, "\n".join(machine.journal(cursor))


def run(machine, tap):
    write(FOLDER, "[Service]\nExecStart=/bin/sh -c 'exec " + HOST
          + f" polkit-1 {ALICE.name} \"$(cat /run/answer)\"'\n" + CONFINED)
    command("systemctl", "daemon-reload")
    result, lines = ask(machine, ALICE.password)
    tap.equal(result, "exit-code", "off, without the drop-in: refused", lines)
    tap.ok(CURE in lines, "off, without the drop-in: the log has the cure", lines)
    os.makedirs(FOLDER + ".d")
    shutil.copy("packaging/polkit/pam_cognito.conf", FOLDER + ".d")
    command("systemctl", "daemon-reload")
    result, lines = ask(machine, ALICE.password)
    tap.equal(result, "success", "off, with the drop-in: in", lines)
    result, lines = ask(machine, WRONG)
    tap.equal(result, "exit-code", "off, with the drop-in: wrong, refused", lines)
    tap.ok("refused: wrong_password" in lines, "off, with the drop-in: wrong, said", lines)
    shutil.rmtree(FOLDER + ".d")
    command("systemctl", "daemon-reload")
    machine.switch(True)
    result, lines = ask(machine, ALICE.password)
    tap.equal(result, "success", "on, without the drop-in: in", lines)
    result, lines = ask(machine, WRONG)
    tap.equal(result, "exit-code", "on, without the drop-in: wrong, refused", lines)
    machine.switch(False)
