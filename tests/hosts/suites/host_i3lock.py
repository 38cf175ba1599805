# i3lock: runs as the person who locked the screen, and asks one question. Nobody
# else can let that person back in, so it is tried with the secret as it should be.
# SPDX-License-Identifier: MIT
import glob
import os
import signal
import subprocess
import types

from people import ALICE, BOB, DAVE, LARRY, WRONG
from programs import GRACE, PLAIN, Door, Listener, Recipe, Service, install, leaves_nothing, says, wait
from world import SECRET_FILE, command

DISPLAY = {"DISPLAY": ":5"}
CURE = "there is no /run/pam_cognito.sock: systemctl enable --now pam_cognito.socket"


class Screen:
    """A screen that this person has locked."""

    def __init__(self, name):
        self.words = ["setpriv", "--reuid", name, "--regid", name, "--init-groups", "i3lock"]
        wait(self.lock, "the screen is locked")
        self.pids = lockers()

    def lock(self):
        """It fails while the server has not noticed that the last one is gone."""
        # When it returns the screen is locked, and children of its own stay.
        done = subprocess.run(self.words, env={**PLAIN, **DISPLAY}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def type(self, password):
        for words in (["type", "--delay", "5", password], ["key", "Return"]):
            assert says("xdotool", *words, env=DISPLAY)[0] == 0

    def break_in(self):
        """As the administrator would from another terminal."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        opens()


def lockers():
    """One shows the screen and asks, one keeps it in front."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8") as file:
                if file.read() == "i3lock\n":
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue  # gone meanwhile
    return found


def opens():
    wait(lambda: not lockers(), "the screen is unlocked")


def run(world, tap):
    install(world, "i3lock")
    command("useradd", "-m", "-u", "2011", "-G", "cognito", GRACE[0])
    world.example("common-auth")
    Recipe("Screen lockers").apply()
    tap.equal(oct(os.stat(SECRET_FILE).st_mode & 0o777), "0o600", "the secret is root's alone")
    server = Service(world, "Xvfb", ":5", "-screen", "0", "320x240x24", "-ac",
                     ready=lambda: os.path.exists("/tmp/.X11-unix/X5"))
    listener = Listener()

    def enters(name, password, what, already=None):
        world.forget()
        screen = already or Screen(name)
        screen.type(password)
        opens()
        tap.ok(True, f"{what}: unlocked")

    def stays_out(name, password, what, line):
        """The screen, which is still locked."""
        world.forget()
        screen = Screen(name)
        screen.type(password)
        tap.ok(world.log.wait(line, 20), f"{what}: the log says why", *world.log.all())
        for pid in screen.pids:
            leaves_nothing(tap, what, types.SimpleNamespace(process=types.SimpleNamespace(pid=pid)))
        tap.equal(lockers(), screen.pids, f"{what}: still locked")
        return screen

    Door(world, tap, None).approved("i3lock", ALICE.name)
    enters(ALICE.name, ALICE.password, "right")
    tap.ok(world.log.wait(f"socket: ok: uid={ALICE.uid} .*user=alice service=i3lock"),
           "right: by the socket", *world.log.all())
    screen = stays_out(ALICE.name, WRONG, "wrong", "alice: refused: wrong_password")
    enters(ALICE.name, ALICE.password, "wrong, then right", screen)
    stays_out(DAVE.name, DAVE.password, "disabled", "dave: refused: disabled").break_in()
    enters(GRACE[0], f"{GRACE[1]},{world.pool.totp('grace')}", "the code behind the password")
    stays_out(*GRACE, "the code left out", "grace: refused: no_dialogue").break_in()
    enters(LARRY.name, LARRY.unix_password, "a local user")
    tap.equal(world.sign_ins(), 0, "a local user: the pool is not asked")
    world.stop_pool()
    stays_out(BOB.name, BOB.password, "the pool is down", "bob: refused: connect").break_in()
    listener.stop()
    stays_out(BOB.name, BOB.password, "no socket", CURE).break_in()
    server.stop()

