#!/usr/bin/python3
# Writes what the pages repeat of results.json: the pictures of docs/pictures, their
# place and words in README.md, the tables of README.md beside this file. And of
# fleet.py: tables of docs/operations.md.
# SPDX-License-Identifier: MIT
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import fleet  # noqa: E402  (found through the path just set)
import plot  # noqa: E402
import report  # noqa: E402

SOURCE = os.path.dirname(HERE)
PICTURE = "docs/pictures/speed-{}.svg"


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def between(text, name, part):
    """The text with another part between <!-- name --> and <!-- end of name -->."""
    new, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->\n)",
                         lambda match: match[1] + part + match[2], text, flags=re.S)
    if count != 1:
        raise ValueError(f"{count} places for {name}")
    return new


def place(rows):
    """HTML that shows the picture that goes with the page's colours."""
    return (f'<picture>\n<source media="(prefers-color-scheme: dark)" '
            f'srcset="{PICTURE.format("dark")}">\n<img src="{PICTURE.format("light")}" '
            f'width="{plot.WIDTH}" alt="{plot.escape(plot.words(rows))}">\n</picture>\n')


def pages():
    """Path -> what stands there."""
    facts = json.loads(read("bench/results.json"))
    rows = facts["rows"]
    operations = between(read("docs/operations.md"), "quota", fleet.quota_table())
    return {PICTURE.format("light"): plot.picture(rows, plot.LIGHT),
            PICTURE.format("dark"): plot.picture(rows, plot.DARK),
            "docs/operations.md": between(operations, "startups", fleet.startups_table()),
            "README.md": between(read("README.md"), "speed", place(rows)),
            "bench/README.md": between(read("bench/README.md"), "results",
                                       report.page(facts))}


def main():
    for path, text in pages().items():
        os.makedirs(os.path.dirname(os.path.join(SOURCE, path)), exist_ok=True)
        with open(os.path.join(SOURCE, path), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
