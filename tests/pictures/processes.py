# The two processes and the trust boundary between them. Laid out by hand: what stands
# where is data, below, and in the order in which it is read.
# SPDX-License-Identifier: MIT
import xml.etree.ElementTree
from dataclasses import dataclass

from drawing import SVG, escape

TITLE = "The two processes of a login, and the trust boundary between them"
WIDTH, HEIGHT = 700, 484
FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
LINE = 18


@dataclass
class Box:
    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple
    colour: str = ""  # of its edge


@dataclass
class Boundary:
    """A dashed line across the picture, with what it is and what it means."""
    y: int
    title: str
    lines: tuple


@dataclass
class Channel:
    """An arrow both ways, and what is said beside it, at y."""
    x: int
    top: int
    bottom: int
    y: int
    title: str
    lines: tuple


LEFT, BOXES, NOTES = 16, 390, 424  # where boxes begin, how wide they are, what is beside
ITEMS = (
    Box(LEFT, 16, BOXES, 138, "sshd, sudo, su, login",
        ("root or setuid, and somebody else's process",)),
    Box(LEFT + 14, 70, BOXES - 28, 72, "pam_cognito.so",
        ("asks the person, and has the last word on time;",
         "links libpam and libc, nothing else"), "blue"),
    Channel(LEFT + 50, 142, 244, 183, "a socket", ("small typed messages",)),
    Boundary(200, "trust boundary",
             ("What is taken over below can let in",
              "the one user who is asked about:",
              "never root, nor anybody else.")),
    Box(LEFT, 244, BOXES, 90, "pam_cognito_helper",
        ("no privileges, empty environment, starts nothing;",
         "seccomp and Landlock; a warden sees to its end;",
         "libcurl, OpenSSL, json-c"), "blue"),
    Channel(LEFT + 50, 334, 424, 363, "HTTPS", ("chain and name are checked",)),
    Boundary(380, "the network",
             ("Answers are bounded, not repaired;",
              "without a token signed by the pool",
              "nobody is let in.")),
    Box(LEFT, 424, BOXES, 44, "cognito-idp.REGION.amazonaws.com", ()),
)


def text(x, y, words, colour, more=""):
    return f'<text x="{x}" y="{y}" fill="{colour}"{more}>{escape(words)}</text>'


BOLD = ' font-weight="600" font-size="14"'


def box(item, theme):
    edge = theme.colours[item.colour] if item.colour else theme.faint
    return [f'<rect x="{item.x}" y="{item.y}" width="{item.width}" height="{item.height}" '
            f'rx="6" fill="{theme.ground}" stroke="{edge}" stroke-width="1.5"/>',
            text(item.x + 14, item.y + 26, item.title, theme.ink, BOLD),
            *(text(item.x + 14, item.y + 26 + LINE * number, line, theme.ink)
              for number, line in enumerate(item.lines, 1))]


def boundary(item, theme):
    colour = theme.colours["red"]
    return [f'<path d="M0,{item.y}H{WIDTH}" stroke="{colour}" stroke-width="2" '
            'stroke-dasharray="8 5"/>', text(NOTES, item.y - 10, item.title, colour, BOLD),
            *(text(NOTES, item.y + 4 + LINE * number, line, theme.ink)
              for number, line in enumerate(item.lines, 1))]


def channel(item, theme):
    x, top, bottom = item.x, item.top + 3, item.bottom - 3
    return [f'<path d="M{x},{top}V{bottom}M{x - 5},{top + 8}L{x},{top}L{x + 5},{top + 8}'
            f'M{x - 5},{bottom - 8}L{x},{bottom}L{x + 5},{bottom - 8}" fill="none" '
            f'stroke="{theme.ink}" stroke-width="1.5"/>',
            text(x + 16, item.y, item.title + ":", theme.ink, BOLD),
            *(text(x + 98, item.y, line, theme.ink) for line in item.lines)]


DRAWN = {Box: box, Boundary: boundary, Channel: channel}


def picture(theme):
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}" font-size="13" font-family="{FONTS}">',
           f"<title>{escape(TITLE)}</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.page}"/>']
    for item in ITEMS:
        out += ["<g>", *DRAWN[type(item)](item, theme), "</g>"]
    return "\n".join(out + ["</svg>", ""])


def text_of(svg):
    """What is to be read in it: a line for each item."""
    lines = []
    for group in xml.etree.ElementTree.fromstring(svg).iter(SVG + "g"):
        title, *more = [element.text for element in group.iter(SVG + "text")]
        lines.append(title.rstrip(":") + (": " + " ".join(more) if more else "") + "\n")
    return "".join(lines)
