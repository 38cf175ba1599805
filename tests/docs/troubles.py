# The tables of docs/troubleshooting.md, made of src/common/reason.def.
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


def reasons():
    """Reason word -> what it means and the fix."""
    return row("reason", "means", "fix") + "|---|---|---|\n" + "".join(
        row(f"`{word}`", *texts) for word, texts in sources.explanations().items())


def made(text):
    """The page with its tables made anew."""
    for name, part in (("seen", seen()), ("reasons", reasons())):
        text, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->\n)",
                              lambda match, part=part: match[1] + part + match[2], text,
                              flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"{PAGE}: {count} places for {name}")
    return text
