# A benchmark's rows: what one is, the table, the file.
# SPDX-License-Identifier: MIT
import math
import re
import statistics
from dataclasses import dataclass, field

BUSY = 0.1  # of the machine's time, before or after


@dataclass
class Row:
    name: str
    value: float
    unit: str
    bar: str | None  # "at most 1.10", "at least 8"
    runs: int
    min: float
    median: float
    max: float
    reached: bool | None = field(default=None)

    def __post_init__(self):
        if self.bar is not None:
            side, number = self.bar.rsplit(" ", 1)
            self.reached = self.value <= float(number) if side == "at most" \
                else self.value >= float(number)

    def is_finite(self):
        return self.runs > 0 and all(math.isfinite(n) for n in
                                     (self.value, self.min, self.median, self.max))


def row(name, numbers, unit, bar=None, value=None):
    """The value is the median unless another is given."""
    middle = statistics.median(numbers)
    return Row(name, middle if value is None else value, unit, bar, len(numbers), min(numbers),
               middle, max(numbers))


def ratio(name, ours, theirs, bar=None):
    """The ratio of the medians; min, median and max are those of the pairs."""
    pairs = [a / b for a, b in zip(ours, theirs)]
    return row(name, pairs, "x", bar, statistics.median(ours) / statistics.median(theirs))


def number(value):
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"


def aligned(cells, left):
    """Markdown; left: the columns that are text."""
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = []
    for line in cells:
        lines.append("| " + " | ".join(
            text.ljust(width) if i in left else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths))) + " |")
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ("-" if i in left else ":")
                                   for i, width in enumerate(widths)) + "|")
    return "\n".join(lines) + "\n"


def overview(rows):
    """Medians in ms, a column for each round trip."""
    found = {}
    for r in rows:
        match = re.fullmatch(r"(.*), at (\d+) ms: (.*)", r.name)
        if match and r.unit == "ms":
            line = found.setdefault(f"{match[1]}: {match[3]}", {})
            line[int(match[2])] = number(r.median)
    trips = sorted({trip for line in found.values() for trip in line})
    if not trips:
        return ""
    cells = [("ms from Enter to the verdict, at a round trip of",
              *(f"{trip} ms" for trip in trips))]
    cells += [(name, *(line.get(trip, "") for trip in trips)) for name, line in found.items()]
    return aligned(cells, (0,))


def table(rows):
    cells = [("what", "value", "unit", "bar", "reached", "runs", "min", "median", "max")]
    for r in rows:
        cells.append((r.name, number(r.value), r.unit, r.bar or "",
                      {None: "", True: "yes", False: "**no**"}[r.reached], str(r.runs),
                      number(r.min), number(r.median), number(r.max)))
    return aligned(cells, (0, 2, 3, 4))


def heading(facts):
    at, load = facts["machine"], facts["load"]
    lines = [f"commit {facts['commit']}, {facts['date']}; {at['cores']} x {at['cpu']}, "
             f"{at['system']}, Linux {at['kernel']}; load {load['before']:.1f} before, "
             f"{load['after']:.1f} after"]
    if "note" in facts:
        lines.append(facts["note"])
    if max(facts.get("busy", {}).values(), default=0) > BUSY:
        lines.append("The machine was busy: others' work is in the times.")
    return "\n".join(lines) + "\n"


def page(facts, bars=True):
    """All that is shown of a results file; bars: only the rows that have one."""
    rows = [Row(**row) for row in facts["rows"]]
    return "\n".join([heading(facts), overview(rows),
                      table([row for row in rows if row.bar or not bars])])
