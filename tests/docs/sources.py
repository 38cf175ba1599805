# What the sources say: the settings, the reason words, the table of errors
# and the PAM codes, read from the C files that hold them.
# SPDX-License-Identifier: MIT
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

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


def statuses():
    """name -> (reason word, text for the person), in order."""
    text = c_source("src/common/status.h")
    listed = text[text.index("#define STATUS_LIST(X)") + 22:]
    listed = listed[:listed.index("enum status")]
    return {arguments[0]: (text_of(arguments[1], {}),
                           text_of(arguments[2], {}))
            for arguments in calls(listed, "X")}


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


def pam_codes():
    """status name -> (authenticate, preliminary, update), without PAM_."""
    text = c_source("src/module/result.c")
    start = text.index("codes_of(enum status status)\n{")
    body = text[start:text.index("\n}\n", start)]
    codes, waiting = {}, []
    for case, triple in re.findall(
            r"case STATUS_(\w+):|return \(struct codes\)\{([^}]*)\}", body):
        if case:
            waiting.append(case)
            continue
        values = tuple(part.strip().removeprefix("PAM_")
                       for part in triple.split(","))
        for name in waiting:
            codes[name] = values
        waiting = []
    codes.pop("COUNT", None)
    return codes


def account_codes():
    """status name -> code of the account phase, without PAM_."""
    body = body_of(c_source("src/module/result.c"), "account_code")
    found, waiting = {}, []
    for case, code in re.findall(r"case STATUS_(\w+):|return PAM_(\w+);", body):
        if case:
            waiting.append(case)
            continue
        found.update(dict.fromkeys(waiting, code))
        waiting = []
    for name, (authenticate, _, _) in pam_codes().items():
        found.setdefault(name, authenticate if authenticate == "PERM_DENIED" else "IGNORE")
    return found


def explained():
    """The states that are told only with explain_status (or after proof)."""
    text = c_source("src/flows/sign_in.c")
    start = text.index("choose_words(struct flow *flow")
    body = text[start:text.index("if (!open)", start)]
    return set(re.findall(r"case STATUS_(\w+):", body))


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
    text = c_source("src/cognito/http.c")
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
    """key -> dict of the row of src/common/config.c."""
    text = c_source("src/common/config.c")
    start = text.index("entries[KEY_COUNT] = {")
    body = text[text.index("[KEY_##key]", start):]
    body = body[:body.index("#undef ROW")]
    rows = {}
    for row in calls(body, "ROW"):
        (_, name, owner, kind, only, standard, choices, expected) = row
        rows[text_of(name, {})] = {
            "owner": {"M": "module", "H": "helper"}[owner],
            "type": kind,
            "argument_only": only == "true",
            "default": text_of(standard, COMPILED_IN),
            "choices": text_of(choices, {}),
            "expected": text_of(expected, {}),
        }
    return rows
