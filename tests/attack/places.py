# Places in the sources, by the names that stand there. A breakage says so what it
# changes: by no file and no line, for code moves and is formatted.
#
#   "is_owner"           the body of that function; the value of that macro, or of
#                        that variable of a file
#   "watch SIGKILL"      in watch the one word SIGKILL: a name, number or string
#   "reset_all (umask)"  in reset_all the operand in which the one word umask stands
#   "@identity"          what follows the comment /* @identity */, where no word is
#                        the only one: an operand; of an if or a while its condition
#   "sudo default=die"   of another file (FILES) the last of the words, on the one
#                        line that has them all and is no comment
#   "VARIABLE", "rule:"  of a Makefile the value, the commands
#
# An operand ends at ; { } && || ? : and, in a list, at a comma. It is all of a
# call and never one of its arguments, and all that it is a part of in brackets:
# of "x = f(a) & (b | c);" it is, with a as with c, what stands before the
# semicolon.
# SPDX-License-Identifier: MIT
import glob
import os
import re

FILES = ("Makefile.am", "configure.ac", "tests/*/Makefile.inc", "src/*/*.map", "src/*/*.def", "data/*.pem",
         "pam.d-examples/*")

DIRECTIVE = re.compile(r'\#(?: /\*.*?\*/ | \\\n | "(?: \\. | [^"\\\n] )*" | [^\n] )*',
                       re.VERBOSE | re.DOTALL)
TOKEN = re.compile(
    r"""(?P<blank> (?: \s | \\\n | //[^\n]* | /\*.*?\*/ )+ )
      | "(?: \\. | [^"\\] )*" | '(?: \\. | [^'\\] )*' | \w+ | && | \|\| | .""",
    re.VERBOSE | re.DOTALL)
DEFINE = re.compile(r"#[ \t]*define[ \t]+(\w+)(?:\([^)]*\))?")
MARKER = re.compile(r"/\*\s*@([\w-]+)\s*\*/")

OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
CONDITIONS = ("if", "while", "switch", "for")
KEYWORDS = (*CONDITIONS, "return", "case", "else", "do")
ENDS = (";", "{", "}", "&&", "||", "?", ":", "else", "do")


class Missing(Exception):
    """There is no such place, or more than one."""


class Tokens:
    """A part of a C file: what stands where, and which brackets belong together."""

    def __init__(self, text, start, end):
        self.spans, self.markers = [], []
        while start < end:
            first = not text[text.rfind("\n", 0, start) + 1:start].strip()
            line = first and DIRECTIVE.match(text, start, end)
            found = line or TOKEN.match(text, start, end)
            if line or not found["blank"]:
                self.spans.append(found.span())
            else:
                self.markers += [(name, len(self.spans)) for name in MARKER.findall(found[0])]
            start = found.end()
        self.words = [text[a:b] for a, b in self.spans]
        self.partner = {}  # of each bracket, the other one
        self.around = []  # of each token, the bracket in which it stands; or -1
        opened = []
        for at, word in enumerate(self.words):
            if word in CLOSING and opened:
                self.partner[at] = opened.pop()
                self.partner[self.partner[at]] = at
            self.around.append(opened[-1] if opened else -1)
            if word in OPENING:
                opened.append(at)

    def word(self, at):
        return self.words[at] if 0 <= at < len(self.words) else ";"

    def close(self, opening):
        return self.partner.get(opening, len(self.words))

    def span(self, first, last):
        return self.spans[first][0], self.spans[last][1]

    def is_name(self, at):
        return re.match(r"[A-Za-z_]", self.word(at)) is not None and self.word(at) not in KEYWORDS

    def is_value(self, brace):
        """Behind = or a (struct type), not behind if (...)?"""
        if self.word(brace - 1) != ")":
            return self.word(brace - 1) == "="
        before = self.partner[brace - 1] - 1
        return not self.is_name(before) and self.word(before) not in CONDITIONS

    def is_directive(self, at):
        return self.word(at)[:1] == "#"

    def is_end(self, at):
        if self.word(at) == ",":
            return self.word(self.around[at]) not in ("(", "[")
        if self.word(at) == "{" and self.is_value(at):
            return False
        return self.word(at) in ENDS or self.is_directive(at)

    def is_last(self, at):
        """Ends something here: if (...) what, CALL(...) CALL(...)?"""
        if self.word(at) != ")":
            return False
        before = self.partner[at] - 1
        return self.word(before) in CONDITIONS or (
            self.is_name(before) and re.match(r'[\w"]', self.word(at + 1)) is not None)

    def leftmost(self, at):
        while at - 1 > self.around[at] and not self.is_end(at - 1) \
                and self.word(at - 1) != "," and not self.is_last(at - 1):
            at = self.partner[at - 1] if self.word(at - 1) in CLOSING else at - 1
        return at

    def rightmost(self, at):
        while True:
            at = self.partner[at] if self.word(at) in OPENING else at
            if at + 1 >= self.close(self.around[at]) or self.is_end(at + 1) \
                    or self.word(at + 1) == "," or self.is_last(at):
                return at
            at += 1

    def operand(self, at):
        """The first and the last token of the one that has the token at."""
        while True:
            first, last, outer = self.leftmost(at), self.rightmost(at), self.around[at]
            alone = self.word(first - 1) in ("(", "[", ",") and self.word(last + 1) in (
                ")", "]", ",")
            if not alone or self.word(outer) not in ("(", "[") \
                    or self.word(outer - 1) in CONDITIONS:
                return self.span(first, last)
            at = outer

    def marked(self, at):
        """The span of what a marker before the token at is for."""
        if self.word(at) in CONDITIONS:
            return self.span(at + 2, self.partner[at + 1] - 1)
        return self.span(at, self.rightmost(at))


class Definition:
    """A function, macro or variable: where it begins, and what is in it."""

    def __init__(self, text, name, begin, start, end):
        self.name, self.begin, self.span = name, begin, (start, end)
        self.tokens = Tokens(text, start, end)

    def spans(self, word):
        """Of what is called by this name and that word."""
        if not word:
            return {self.span}
        bare = word[1:-1] if word[0] == "(" else word
        found = [at for at, there in enumerate(self.tokens.words) if there == bare]
        return {self.tokens.operand(at) if bare != word else self.tokens.spans[at]
                for at in found}


def parts(tokens):
    """The first and the last token of each declaration, definition and directive."""
    begin = 0
    for at, word in enumerate(tokens.words):
        if tokens.around[at] < 0 and (word == ";" or tokens.is_directive(at) or (
                word == "}" and tokens.word(tokens.partner[at] - 1) == ")")):
            yield begin, at
            begin = at + 1


def definitions(text, tokens):
    for first, last in parts(tokens):
        begin, end = tokens.span(first, last)
        define = DEFINE.match(text, begin, end)
        if define:
            value = Tokens(text, define.end(), end)
            if value.spans:
                yield Definition(text, define[1], begin, *value.span(0, -1))
        elif tokens.word(last) == "}":
            body = tokens.partner[last]
            yield Definition(text, tokens.word(tokens.partner[body - 1] - 1), begin,
                             tokens.spans[body][1], tokens.spans[last][0])
        else:
            for at in range(first, last):
                if tokens.word(at) == "=" and tokens.around[at] < 0:
                    name = at - 1
                    while tokens.word(name) == "]":
                        name = tokens.partner[name] - 1
                    yield Definition(text, tokens.word(name), begin,
                                     *tokens.span(at + 1, last - 1))


class Sources:
    """The tree below top. broken() tells how its files look with some edits."""

    def __init__(self, top):
        self.texts = {}  # by path
        self.places = {}  # name: [(path, definition)]; of a marker: [(path, begin, start, end)]
        for path in self.read(top, "src/**/*.[ch]"):
            text = self.texts[path]
            tokens = Tokens(text, 0, len(text))
            for definition in definitions(text, tokens):
                self.places.setdefault(definition.name, []).append((path, definition))
            begins = [tokens.spans[first][0] for first, _ in parts(tokens)]
            for name, at in tokens.markers:
                start, end = tokens.marked(at)
                begin = max(position for position in begins if position <= start)
                self.places.setdefault("@" + name, []).append((path, begin, start, end))
        self.others = [path for pattern in FILES for path in self.read(top, pattern)]

    def read(self, top, pattern):
        found = [path for path in sorted(glob.glob(os.path.join(top, pattern), recursive=True))
                 if os.path.isfile(path)]
        names = [os.path.relpath(path, top) for path in found]
        for path, name in zip(found, names):
            with open(path, encoding="utf-8") as file:
                self.texts[name] = file.read()
        return names

    def find(self, place):
        """(path, where its definition begins, start, end) of the one such place."""
        name, *words = place.split()
        if name[0] == "@":
            found = self.places.get(name, [])
        else:
            found = [(path, definition.begin, *span)
                     for path, definition in self.places.get(name, []) if len(words) < 2
                     for span in definition.spans("".join(words))]
            found += [(path, 0, *span) for path in self.others
                      for span in find_elsewhere(path, self.texts[path], name, words)]
        if len(found) != 1:
            raise Missing(f"{place}: is there {len(found)} times")
        return found[0]

    def broken(self, edits):
        """
        path: text, of each file that is another then. edits: (place, what shall
        stand there, what shall stand before the function or so in which it is),
        the last of which may be left out. "..." stands for what is there.
        """
        changes = {}
        for place, new, *before in edits:
            path, begin, start, end = self.find(place)
            changes.setdefault(path, []).append(
                (start, end, new.replace("...", self.texts[path][start:end])))
            changes[path] += [(begin, begin, text + "\n") for text in before]
        return {path: changed(self.texts[path], change) for path, change in changes.items()}


def find_elsewhere(path, text, name, words):
    if words and os.path.basename(path) == name:
        return find_in_lines(text, words)
    if words or not path.endswith((".am", ".inc")):
        return []
    value = r"\n((?:\t.*\n)+)" if name.endswith(":") else r" \+?= ((?:.*\\\n)*.*)"
    return [found.span(1) for found in re.finditer(rf"^{re.escape(name)}{value}", text,
                                                   re.MULTILINE)]


def find_in_lines(text, words):
    patterns = [rf"(?<![\w=-]){re.escape(word)}(?![\w=-])" for word in words]
    at = 0
    for line in text.splitlines(keepends=True):
        if line[0] != "#" and all(re.search(pattern, line) for pattern in patterns):
            for found in re.finditer(patterns[-1], line):
                yield at + found.start(), at + found.end()
        at += len(line)


def changed(text, changes):
    """changes: (start, end, what shall stand there)."""
    last = len(text)
    for start, end, new in sorted(set(changes), reverse=True):
        if end > last:
            raise Missing("two changes of one place")
        text, last = text[:start] + new + text[end:], start
    return text
