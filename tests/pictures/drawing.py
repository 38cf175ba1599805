# Terminals as SVG for light and dark pages, and their text back out of it. No fonts of
# its own, no scripts; a drawing of half blocks (a QR code) is a path.
# SPDX-License-Identifier: MIT
import re
import xml.etree.ElementTree
from dataclasses import dataclass

WIDTH = 700
MARGIN = 14
SIZE = 14          # of letters
STEP = 8.4         # from one column to the next: .6 of SIZE, as most such fonts have it
LINE = 2 * STEP    # so that half blocks are squares
BASE = 13          # of letters, below the top of their line
FONTS = ("ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
         "'Liberation Mono', monospace")
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
BLOCKS = re.compile("[▀▄█][ ▀▄█]*")
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Theme:
    name: str
    page: str    # around boxes
    ground: str  # of a terminal, or a box
    edge: str
    ink: str
    faint: str
    colours: dict


LIGHT = Theme("light", "#ffffff", "#f6f8fa", "#d1d9e0", "#1f2328", "#59636e",
              {"red": "#c5161d", "green": "#1a7532", "yellow": "#8a5a00", "blue": "#0a5fcb"})
DARK = Theme("dark", "#0d1117", "#151b23", "#3d444d", "#e6edf3", "#9198a1",
             {"red": "#ff7b72", "green": "#56d364", "yellow": "#e3b341", "blue": "#79c0ff"})
THEMES = (LIGHT, DARK)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def exchanged(svg, one, other):
    """The picture in the other theme's colours."""
    table = {one.page: other.page, one.ground: other.ground, one.edge: other.edge,
             one.ink: other.ink, one.faint: other.faint,
             **{one.colours[name]: other.colours[name] for name in one.colours}}
    return re.sub("#[0-9a-f]{6}", lambda found: table.get(found[0], found[0]), svg)


def fill(style, theme):
    colour = theme.colours[style.colour] if style.colour else \
        theme.faint if style.faint else theme.ink
    return f'fill="{colour}"' + (' font-weight="600"' if style.bold else "")


def letters(line, column, text, style, theme):
    """One element; its length is that of its columns, whatever the font."""
    column += len(text) - len(text.lstrip())
    text = text.strip()
    if not text:
        return []
    return [f'<text x="{MARGIN + column * STEP:.1f}" y="{top(line) + BASE:.1f}" '
            f'textLength="{len(text) * STEP:.1f}" {fill(style, theme)}>{escape(text)}</text>']


def top(line):
    return MARGIN + line * LINE


def squares(line, column, text):
    """A line of half blocks as a path, in columns and half lines."""
    halves = [HALVES[letter] for letter in text]
    for half in (0, 1):
        for run in re.finditer("1+", "".join(str(pair[half]) for pair in halves)):
            length = len(run[0])
            yield f"M{column + run.start()},{2 * line + half}h{length}v1h-{length}z"


def terminal(title, rows, theme):
    """rows: those of terminal.py."""
    while rows and not rows[-1]:
        rows = rows[:-1]
    height = round(2 * MARGIN + len(rows) * LINE)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
           f'width="{WIDTH}" height="{height}" font-size="{SIZE}" font-family="{FONTS}">',
           f"<title>{escape(title)}</title>",
           f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8" '
           f'fill="{theme.ground}" stroke="{theme.edge}"/>', '<g xml:space="preserve">']
    path = []
    for line, runs in enumerate(rows):
        for column, text, style in runs:
            if BLOCKS.fullmatch(text):
                path += squares(line, column, text)
            else:
                out += letters(line, column, text, style, theme)
    if path:
        out.append(f'<path transform="translate({MARGIN},{MARGIN}) scale({STEP})" '
                   f'fill="{theme.ink}" d="{"".join(path)}"/>')
    return "\n".join(out + ["</g>", "</svg>", ""])


def place(lines, line, column, text):
    """Writes over what is there; a space writes nothing."""
    lines.setdefault(line, {}).update(
        {column + i: letter for i, letter in enumerate(text) if letter != " "})


def text_of(svg):
    """What is to be read in the picture of a terminal, by the places of its letters."""
    lines = {}
    root = xml.etree.ElementTree.fromstring(svg)
    for element in root.iter(SVG + "text"):
        place(lines, round((float(element.get("y")) - MARGIN - BASE) / LINE),
              round((float(element.get("x")) - MARGIN) / STEP), element.text)
    drawn = set()
    for element in root.iter(SVG + "path"):
        for column, half, length in re.findall(r"M(\d+),(\d+)h(\d+)v1h-\3z", element.get("d")):
            drawn |= {(int(half), int(column) + i) for i in range(int(length))}
    letters_of = {pair: letter for letter, pair in HALVES.items()}
    for half, column in drawn:
        line = half // 2
        pair = tuple(int((2 * line + i, column) in drawn) for i in (0, 1))
        place(lines, line, column, letters_of[pair])
    return "".join("".join(lines[line].get(column, " ")
                           for column in range(max(lines[line]) + 1)) + "\n"
                   if line in lines else "\n" for line in range(max(lines) + 1))


def text_of_rows(rows):
    """The same of a terminal that was not drawn."""
    lines = ["".join(text for _, text, _ in runs).rstrip() for runs in rows]
    return "\n".join(lines).rstrip("\n") + "\n"
