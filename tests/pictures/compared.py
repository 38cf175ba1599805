# Is what a terminal shows now what its picture shows? What differs from run to run, and
# from machine to machine, is made alike.
# SPDX-License-Identifier: MIT
import re

import drawing
import pages

ALIKE = [
    # A code, and a key with its drawing: their shapes stay.
    (r"(?<=app\): )\d{6}$", "123456"),
    (r"(?<=^Key )[A-Z2-7 ]+(?=\.)", lambda found: re.sub(r"\w", "X", found[0])),
    (r"[▀▄█][ ▀▄█]*", lambda found: "█" * len(found[0])),
    (r", \d+ ms$", ", 31 ms"),
    (r"(?<=clock {6})-?\d s off$", "0 s off"),
    (r"valid until \d{4}-\d\d-\d\d", "valid until 2038-01-17"),
    (r"Landlock \d+ on", "Landlock 7 on"),
]


def alike(text):
    for pattern, instead in ALIKE:
        text = re.sub(pattern, instead, text, flags=re.M)
    return text


def compare(tap, scenes):
    """scenes: name -> rows of its terminal."""
    tap.equal(sorted(scenes), sorted(pages.TERMINALS), "every picture of a terminal was taken")
    for name, rows in scenes.items():
        path = pages.path_of(name, drawing.LIGHT)
        now = drawing.text_of_rows(rows)
        then = drawing.text_of(pages.read(path))
        tap.ok(alike(now) == alike(then), f"{path}: what the terminal shows today",
               "now:", now, "in the picture:", then,
               "if that is as it should be: make check-pictures WRITE=1")
