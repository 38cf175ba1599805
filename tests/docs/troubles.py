# The tables of docs/troubleshooting.md, made of src/common/reason.def, and of
# src/cli/cause.def and src/cli/seen.def, which explain has, too.
# SPDX-License-Identifier: MIT
import re

import sources

PAGE = "docs/troubleshooting.md"


def row(*cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def seen():
    """What the person reads -> the reasons that say it, in their order."""
    by_text = {}
    for name, (word, text) in sources.statuses().items():
        if text:
            star = " *" if name in sources.explained() else ""
            by_text.setdefault(text + star, []).append(f"`{word}`")
    return row("people read", "reason") + "|---|---|\n" + "".join(
        row(text, ", ".join(words)) for text, words in by_text.items())


def hosts():
    """What programs say -> what it is."""
    return row("people see", "it is") + "|---|---|\n" + "".join(
        row(f"`{words}`", re.sub(r"\bdocs/([a-z]+\.md(?:#[\w-]+)?)", r"[\1](\1)", meaning))
        for words, _, _, meaning in sources.seen())


def reasons():
    """Reason word -> what it means, what it usually is, the fix, what shows it."""
    causes = sources.causes()
    return row("reason", "means", "causes, the likely first", "fix", "look") \
        + "|---|---|---|---|---|\n" + "".join(
            row(f"`{word}`", means, *usual(*causes.get(word, ("", [])), fix))
            for word, (means, fix) in sources.explanations().items())


def usual(look, likely, fix):
    numbered = " ".join(f"{number} {text}" for number, text in enumerate(likely, 1))
    return numbered, fix, f"`{look}`" if look else ""


def made(text):
    """The page with its tables made anew."""
    for name, part in (("hosts", hosts()), ("seen", seen()), ("reasons", reasons())):
        text, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->\n)",
                              lambda match, part=part: match[1] + part + match[2], text,
                              flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"{PAGE}: {count} places for {name}")
    return text
