# A terminal of 80 columns and 24 lines, kept by tmux: somebody types, waits for what
# comes, and takes what is to be seen, colours and all.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import time
from dataclasses import dataclass

COLUMNS, LINES = 80, 24
PATIENCE = 30
SETTINGS = """set -g status off
set -g default-terminal screen-256color
"""
# What is left of an environment: no colours or words of who runs this.
PLAIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         "LANG": "C.UTF-8", "TERM": "screen-256color", "HISTFILE": ""}
COLOURS = {31: "red", 32: "green", 33: "yellow"}  # All that ours print.


@dataclass(frozen=True)
class Style:
    colour: str = ""  # one of COLOURS, else the terminal's own
    bold: bool = False
    faint: bool = False


def styled(style, parameters):
    """The style after an SGR sequence; one that pictures do not have is an error."""
    for number in [int(word or 0) for word in parameters.split(";")]:
        if number == 0:
            style = Style()
        elif number in (1, 2):
            style = Style(style.colour, style.bold or number == 1, style.faint or number == 2)
        elif number == 49:  # The ground, as it was: none of ours has another.
            pass
        elif number == 39 or number in COLOURS:
            style = Style(COLOURS.get(number, ""), style.bold, style.faint)
        else:
            raise ValueError(f"no picture of SGR {number} in {parameters!r}")
    return style


def rows_of(screen):
    """A captured screen: for each line a list of (column, text, style)."""
    rows = []
    style = Style()
    for line in screen.rstrip("\n").split("\n"):
        runs, column = [], 0
        for part in re.split(r"(\x1b\[[\d;]*m)", line):
            sequence = re.fullmatch(r"\x1b\[([\d;]*)m", part)
            if sequence:
                style = styled(style, sequence[1])
            elif part:
                runs.append((column, part, style))
                column += len(part)
        rows.append(runs)
    return rows


class Terminal:
    def __init__(self, folder, words, home, **environment):
        """Runs words in it; folder is for tmux alone."""
        settings = os.path.join(folder, "tmux.conf")
        with open(settings, "w", encoding="ascii") as file:
            file.write(SETTINGS)
        self.tmux = ["tmux", "-u", "-S", os.path.join(folder, "socket"), "-f", settings]
        self.environment = {**PLAIN, "HOME": home, **environment}
        self.command("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "-c", home,
                     *words)

    def command(self, *words):
        return subprocess.run([*self.tmux, *words], env=self.environment, check=True,
                              stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout

    def screen(self, *options):
        return self.command("capture-pane", "-p", *options)

    def wait_for(self, pattern):
        """Until that is the end of what is to be seen."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern + "$", self.screen().rstrip()):
            if time.monotonic() > end:
                raise TimeoutError(f"waited {PATIENCE} s for {pattern!r}: {self.screen()}")
            time.sleep(0.05)

    def type(self, text):
        self.command("send-keys", "-l", text)
        self.command("send-keys", "Enter")

    def taken(self):
        """The screen with its colours, for rows_of(). The terminal is gone then."""
        screen = self.screen("-e")
        self.command("kill-server")
        return screen
