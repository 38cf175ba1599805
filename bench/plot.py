# A picture of results.json: time from Enter to the verdict against round trip, as
# SVG for light and dark pages. No fonts and no scripts, the same bytes each time.
# SPDX-License-Identifier: MIT
import re
from dataclasses import dataclass

WIDTH, HEIGHT = 700, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 450, 52, 346  # of the field; labels stand right of it
STEPS = (1, 2, 2.5, 5, 10)
LABEL_HEIGHT = 32


@dataclass
class Theme:
    ink: str    # text and axis
    faint: str  # grid
    ground: str
    # Blue, orange, purple and grey of Okabe and Ito's set, which people who do not
    # tell red from green can tell; dashes and marks say the same without colour.
    colours: dict


@dataclass
class Line:
    row: str    # "password, at N ms: " is before it
    label: str
    says: str   # the second line of the label
    colour: str
    dash: str = ""
    wide: float = 2
    mark: str = ""  # a path around its point


SQUARE, TRIANGLE = "m-4,-4h8v8h-8z", "m0,-5l5,9h-10z"
DIAMOND = "m0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z"
DISC = "m-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z"
LINES = [
    Line("pam_exec with the AWS CLI", "AWS CLI", "in a script of pam_exec", "cli", mark=SQUARE),
    Line("libcurl in-process, cold, token checked", "libcurl in-process",
         "connects then, checks the token", "libcurl", "7 4", mark=DIAMOND),
    Line("pam_exec with curl and openssl", "curl", "in a script of pam_exec", "curl", "2 4",
         mark=TRIANGLE),
    Line("Enter to verdict", "pam_cognito", "has connected by then", "ours", wide=3,
         mark=DISC),
    Line("bare POST, connection open", "the floor", "one bare request, no PAM", "floor",
         "1 3"),
]
LIGHT = Theme("#1f2328", "#d8dee4", "#ffffff",
              {"ours": "#0072b2", "floor": "#1f2328", "cli": "#b0480b", "libcurl": "#8a4f7d",
               "curl": "#7a6a00"})
DARK = Theme("#e6edf3", "#30363d", "#0d1117",
             {"ours": "#56b4e9", "floor": "#e6edf3", "cli": "#f08c4a", "libcurl": "#d899c0",
              "curl": "#e6c84f"})


def medians(rows, name):
    """Round trip -> ms; both as numbers."""
    found = {}
    for row in rows:
        match = re.fullmatch(r"password, at (\d+) ms: (.*)", row["name"])
        if match and match[2] == name:
            found[int(match[1])] = row["median"]
    return dict(sorted(found.items()))


def short(ms):
    """Three digits are enough for a picture."""
    return f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}"


def top_of(values):
    """The end of the axis, and the distance of its lines."""
    step = next(s * 10 ** power for power in range(6) for s in STEPS
                if s * 10 ** power * 6 >= max(values))
    return step * -(-max(values) // step), step


def apart(heights):
    """Labels from top to bottom, moved so that none covers the next."""
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    placed = [heights[i] for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + LABEL_HEIGHT)
    over = max(0, placed[-1] - BOTTOM)
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], BOTTOM - (len(placed) - 1 - i) * LABEL_HEIGHT) if over \
            else placed[i]
    found = dict(zip(order, placed))
    return [found[i] for i in range(len(heights))]


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def text(x, y, words, colour, anchor="start", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{more}>'
            f"{escape(words)}</text>")


def words(rows):
    """The same for those who do not see it."""
    lines = [(line.label, medians(rows, line.row)) for line in reversed(LINES)]
    trips = list(lines[0][1])
    return ("Milliseconds from Enter to the verdict at a round trip of "
            + ", ".join(map(str, trips)) + " ms. "
            + "; ".join(f"{label}: " + ", ".join(short(ms) for ms in values.values())
                        for label, values in lines) + ".")


def picture(rows, theme):
    series = [medians(rows, line.row) for line in LINES]
    trips = sorted({trip for values in series for trip in values})
    top, step = top_of([ms for values in series for ms in values.values()])

    def x_of(trip):
        return LEFT + (RIGHT - LEFT) * trip / trips[-1]

    def y_of(ms):
        return BOTTOM - (BOTTOM - TOP) * ms / top

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}" role="img" font-size="13" font-family="'
           "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\">",
           f"<title>{escape(words(rows))}</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.ground}"/>',
           text(LEFT - 44, 24, "Milliseconds from Enter to the verdict", theme.ink, "start",
                ' font-size="15" font-weight="600"')]
    for number in range(round(top / step) + 1):
        y = y_of(number * step)
        out += [f'<path d="M{LEFT},{y:.1f}H{RIGHT}" stroke="{theme.faint}"/>',
                text(LEFT - 10, y + 4, f"{number * step:g}", theme.ink, "end")]
    for trip in trips:
        out.append(text(x_of(trip), BOTTOM + 22, f"{trip}", theme.ink, "middle"))
    out.append(text((LEFT + RIGHT) / 2, BOTTOM + 43, "round trip to the service, ms", theme.ink,
                    "middle"))
    ends = apart([y_of(values[trips[-1]]) for values in series])
    for line, values, label_y in zip(LINES, series, ends):
        colour = theme.colours[line.colour]
        points = [(x_of(trip), y_of(ms)) for trip, ms in values.items()]
        path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{line.wide}"'
                   f"{dash}/>")
        if line.mark:
            out.append(f'<path d="' + "".join(f"M{x:.1f},{y:.1f}{line.mark}" for x, y in points)
                       + f'" fill="{colour}"/>')
        end = points[-1][1]
        out += [f'<path d="M{RIGHT + 7},{end:.1f}L{RIGHT + 18},{label_y - 4:.1f}" fill="none" '
                f'stroke="{colour}"/>',
                text(RIGHT + 22, label_y, f"{line.label}, {short(values[trips[-1]])} ms", colour,
                     more=' font-weight="600"'),
                text(RIGHT + 22, label_y + 14, line.says, theme.ink, more=' font-size="11"')]
    return "\n".join(out + ["</svg>", ""])
