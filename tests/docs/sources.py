# What the sources say: the settings, the reason words, the table of errors
# and the PAM codes, read from the C files that hold them.
# SPDX-License-Identifier: MIT
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests", "lib"))

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def path(name):
    return os.path.join(ROOT, name)


def read(name):
    with open(path(name), encoding="utf-8") as file:
        return file.read()


def strip_comments(text):
    """C text without comments; strings keep what looks like one."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/',
                  lambda match: match.group(1) or " ", text, flags=re.S)


def c_source(name):
    return strip_comments(read(name)).replace("\\\n", "\n")


def unescape(literal):
    return literal.replace('\\"', '"').replace("\\\\", "\\")


def split_arguments(text):
    """Splits at the commas outside strings and brackets."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            at = LITERAL.match(text, at).end()
            continue
        if char in "({[":
            depth += 1
        elif char in ")}]":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    parts.append(text[start:].strip())
    return parts


def calls(text, name):
    """The argument lists of every name(...) in text."""
    found = []
    for match in re.finditer(r"\b%s\(" % name, text):
        depth, at = 1, match.end()
        while depth:
            char = text[at]
            if char == '"':
                at = LITERAL.match(text, at).end()
                continue
            depth += (char == "(") - (char == ")")
            at += 1
        found.append(split_arguments(text[match.end():at - 1]))
    return found


def text_of(expression, macros):
    """The value of a C string expression: literals and macros in a row."""
    value = ""
    for literal, word in re.findall(r'"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)',
                                    expression):
        if word == "NULL":
            return None
        value += macros[word] if word else unescape(literal)
    return value


def string_macros(text):
    """#define NAME "literal" "literal" ... of a source."""
    macros = {}
    for name, body in re.findall(
            r'^#define ([A-Z_]+)\s+((?:"(?:[^"\\]|\\.)*"\s*)+)', text, re.M):
        macros[name] = text_of(body, {})
    return macros


def reasons():
    """The rows of reason.def: name, word, codes, told, person, meaning, fix."""
    return [(name, text_of(word, {}), kind, told, *(text_of(text, {}) for text in texts))
            for name, word, kind, told, *texts in calls(c_source("src/common/reason.def"), "REASON")]


def statuses():
    """name -> (reason word, text for the person), in order."""
    return {name: (word, person) for name, word, _, _, person, _, _ in reasons()}


def explanations():
    """reason word -> (what it means, what to do)."""
    return {word: (meaning, fix) for _, word, _, _, _, meaning, fix in reasons()}


def causes():
    """reason word -> (the command that shows it, [what it usually is])"""
    words = {name: word for name, word, *_ in reasons()}
    rows = calls(c_source("src/cli/cause.def"), "CAUSE")
    return {words[name]: (text_of(look, {}), [text_of(text, {}) for text in likely
                                              if text != "NULL"])
            for name, look, *likely in rows}


def seen():
    """(what people see, whose line has the reason, code, what it is), in order"""
    return [(text_of(words, {}), text_of(program, {}), code, text_of(meaning, {}))
            for words, program, code, meaning in calls(c_source("src/cli/seen.def"), "SEEN")]


def error_rows():
    """(code, fragment or None, status, meaning, fix), in order."""
    text = c_source("src/cognito/error.c")
    macros = string_macros(text)
    start = text.index("rows[] = {") + len("rows[] = {")
    body = text[start:text.index("\n};", start)]
    rows = []
    for item in split_arguments(body):
        if not item:
            continue
        code, fragment, status, meaning, fix = split_arguments(
            item.strip()[1:-1])
        rows.append((text_of(code, macros), text_of(fragment, macros),
                     status.removeprefix("STATUS_"),
                     text_of(meaning, macros), text_of(fix, macros)))
    return rows


def message_cell(fragment):
    """A fragment as docs/errors.md has it."""
    if fragment is None:
        return "any"
    return f'is "{fragment[1:]}"' if fragment[0] == "=" else f'"{fragment}"'


def all_codes():
    """status name -> (authenticate, preliminary, update, account), without PAM_."""
    kinds = {kind: tuple(code.strip().removeprefix("PAM_") for code in codes.split(","))
             for kind, codes in re.findall(r"^#define (\w+)\s+\{(.*?)\}",
                                           c_source("src/pam/code.c"), re.M | re.S)}
    return {name: kinds[kind] for name, _, kind, *_ in reasons()}


def pam_codes():
    return {name: codes[:3] for name, codes in all_codes().items()}


def account_codes():
    return {name: codes[3] for name, codes in all_codes().items()}


def explained():
    """The states that are told only with explain_status (or after proof)."""
    return {name for name, _, _, told, *_ in reasons() if told == "STATE"}


def body_of(text, name):
    """The body of a function of a C source, or ""."""
    match = re.search(rf"^{name}\([^;{{]*\)\n{{(.*?)^}}", text, re.M | re.S)
    return match.group(1) if match else ""


def statuses_in(text, expression):
    """Every status that an expression, or a function it calls, names."""
    found = set(re.findall(r"\bSTATUS_(\w+)", expression))
    for name in re.findall(r"\b(\w+)\(", expression):
        for result in re.findall(r"return ([^;]*);", body_of(text, name)):
            found |= statuses_in(text, result)
    return found


def curl_faults():
    """CURLE_ name -> set of status names that it can become."""
    text = c_source("src/cognito/transfer.c")
    faults, waiting = {}, []
    for case, default, result in re.findall(
            r"case CURLE_(\w+):|(default):|return ([^;]*);",
            body_of(text, "fault_status")):
        if case or default:
            waiting.append(case or "any other")
            continue
        found = statuses_in(text, result)
        for name in waiting:
            faults[name] = found
        waiting = []
    faults.pop("OK", None)
    return faults


# What the build puts in the place of these macros with the paths that the
# documentation recommends.
COMPILED_IN = {
    "PAM_COGNITO_CONF": "/etc/security/pam_cognito.conf",
    "PAM_COGNITO_HELPER": "/usr/libexec/pam_cognito_helper",
}


def settings():
    """key -> dict of the row of settings.def."""
    return {text_of(name, {}): {
        "owner": owner.lower(),
        "type": kind,
        "where": where,
        "default": text_of(standard, COMPILED_IN),
        "choices": text_of(choices, {}),
    } for _, name, owner, kind, where, standard, choices, _ in calls(
        c_source("src/common/settings.def"), "SETTING")}


def listed(words, last=" or "):
    """As prose: a, b or c."""
    return last.join([", ".join(words[:-1])] * (len(words) > 1) + words[-1:])


def second_factors():
    """The challenges that count as one; vocabulary-t sees that these are they."""
    return [row for row in vocabulary()[0] if "method" in row]


def vocabulary():
    """The rows of src/cognito/vocabulary.c: (challenges, flows), each a dict
    of its text columns; a challenge's first is "word", a flow's two are
    "setting" and "word"."""
    text = c_source("src/cognito/vocabulary.c")

    def rows(table, columns):
        start = text.index(table) + len(table)
        body = text[start:text.index("\n};", start)]
        found = []
        for row in re.findall(r"\] = \{(.*?)\}", body, re.S):
            cells = split_arguments(row)
            named = dict(re.findall(r'\.(\w+) = ("[^"]*"|ANSWER_\w+)', row))
            named = {column: cell.strip('"') for column, cell in named.items()}
            first = {column: text_of(cell, {})
                     for column, cell in zip(columns, cells) if not cell.startswith(".")}
            found.append({**first, **named})
        return found
    return (rows("challenges[CHALLENGE_COUNT] = {", ("word",)),
            rows("flows[AUTH_FLOW_COUNT] = {", ("setting", "word")))


def same(tap, found, expected, title):
    """Compares two sets, or two dicts, and names what differs."""
    faults = [f"documented, but not in the sources: {item}"
              for item in sorted(set(found) - set(expected), key=str)]
    faults += [f"in the sources, but not documented: {item}"
               for item in sorted(set(expected) - set(found), key=str)]
    if isinstance(found, dict):
        faults += [f"{item}: documented {found[item]!r}, is {expected[item]!r}"
                   for item in found if item in expected and found[item] != expected[item]]
    tap.none(faults, title)
