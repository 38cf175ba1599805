#!/usr/bin/python3
# Writes what needs no terminal: the picture of the two processes, and the words that
# stand for each picture in README.md and docs. To put one into a page, write what
# place() gives, with an empty alt: the words come from here.
# SPDX-License-Identifier: MIT
import glob
import os
import re
import sys

sys.dont_write_bytecode = True

import drawing  # noqa: E402
import processes  # noqa: E402
from terminal import COLUMNS  # noqa: E402

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = "docs/pictures"
PROCESSES = "processes"
# The captures: name -> what it shows.
TERMINALS = {"ssh": "A login by ssh with a verification code",
             "check": "pam-cognito check, all well",
             "problems": "pam-cognito check, with two problems",
             "enrolment": "An authenticator app is set up"}
PLACE = re.compile(r'<picture>\n<source media="\(prefers-color-scheme: dark\)" '
                   r'srcset="([./\w]*?)(\w+)-dark\.svg">\n<img src="[^"]*" width="\d+" '
                   r'alt="[^"]*">\n</picture>\n')


def path_of(name, theme):
    return f"{FOLDER}/{name}-{theme.name}.svg"


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(os.path.join(SOURCE, path), "w", encoding="utf-8") as file:
        file.write(text)


def drawn_rows(text):
    """The text with one line in the place of a drawing's."""
    return re.sub(r"(?m)(?:^[ ▀▄█]*[▀▄█].*\n)+", "[QR code]\n", text)


def words_of(svg):
    """A terminal for those who do not see it: its text, without what only aligns it,
    without the ends of full lines and without the prompt that waits at its end."""
    text = re.sub(rf"(?m)^(.{{{COLUMNS}}})\n(?=.)", r"\1", drawing.text_of(svg))
    lines = drawn_rows(text).splitlines()
    if lines[-1] in ("$", "#"):
        lines.pop()
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def words(name):
    svg = read(path_of(name, drawing.LIGHT))
    return processes.text_of(svg).strip() if name == PROCESSES else words_of(svg)


def place(name, folder):
    """HTML that shows the picture that goes with the page's colours."""
    return (f'<picture>\n<source media="(prefers-color-scheme: dark)" '
            f'srcset="{folder}{name}-dark.svg">\n<img src="{folder}{name}-light.svg" '
            f'width="{drawing.WIDTH}" alt="{drawing.escape(words(name))}">\n</picture>\n')


def pages():
    """README.md and all of docs: path -> what stands there."""
    paths = ["README.md", *(os.path.relpath(path, SOURCE) for path in
                            glob.glob(os.path.join(SOURCE, "docs", "**", "*.md"), recursive=True))]
    return {path: PLACE.sub(lambda found: place(found[2], found[1])
                            if found[2] in (*TERMINALS, PROCESSES) else found[0], read(path))
            for path in sorted(paths)}


def renew():
    for theme in drawing.THEMES:
        write(path_of(PROCESSES, theme), processes.picture(theme))
    for path, text in pages().items():
        if text != read(path):
            write(path, text)


if __name__ == "__main__":
    renew()
