# Tables and code of Markdown pages.
# SPDX-License-Identifier: MIT
import re


def cells(line):
    parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [part.strip().replace("\\|", "|") for part in parts]


def tables(text):
    """A list of tables; each is a list of dicts, heading -> cell."""
    found, heading, rows = [], None, []
    for line in text.splitlines() + [""]:
        if not line.startswith("|"):
            if heading:
                found.append(rows)
            heading, rows = None, []
        elif heading is None:
            heading = cells(line)
        elif not set(line) <= set("|-: "):
            rows.append(dict(zip(heading, cells(line))))
    return found


def table(text, *headings):
    """The one table that has all these headings."""
    fit = [rows for rows in tables(text)
           if rows and all(heading in rows[0] for heading in headings)]
    if len(fit) != 1:
        raise ValueError(f"{len(fit)} tables with the headings {headings}")
    return fit[0]


def code(text):
    """Everything in `backticks` and in indented blocks, as a list."""
    found = re.findall(r"`([^`\n]+)`", text)
    found += [line for line in text.splitlines() if line.startswith("    ")]
    return found


def plain(text):
    """Without the marks for code and emphasis."""
    return re.sub(r"[`*]", "", text)
