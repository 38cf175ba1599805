# The report for people, and the same as JSON to be sent to the project.
# SPDX-License-Identifier: MIT
import json
import os

from shapes import differences

GREEN, DIFFERS, UNFINISHED = 0, 1, 2


def compare(there, local):
    """What the service answered in another way than tests/pool: one entry a question."""
    found = []
    for name in sorted(set(there) | set(local)):
        lines = one(there[name], local[name]) if name in there and name in local else \
            ["was asked at one of the two only"]
        if lines:
            found.append({"name": name, "lines": lines})
    return found


def one(there, local):
    lines = [f"{what}: {there[what]!r}, tests/pool: {local[what]!r}"
             for what in ("status", "error", "message") if there[what] != local[what]]
    if there["error"] != local["error"]:
        return lines
    return lines + differences(there["shape"], local["shape"], "body") \
        + differences(there["headers"], local["headers"], "headers")


def verdict(found):
    if found["faults"] or found["left"]:
        return UNFINISHED
    bad = [row for row in found["rows"] if row["got"] != row["wanted"]]
    return DIFFERS if bad or found["differences"] else GREEN


def lines_of(found):
    """For people."""
    bad = [row for row in found["rows"] if row["got"] != row["wanted"]]
    yield f"== The product with {found['place']}, {found['region']}"
    for row in found["rows"]:
        mark = "DIFFERS" if row in bad else "ok     "
        yield f"  {mark} {row['through']}: {row['name']}: {row['got']}"
        if row in bad:
            yield f"          wanted: {row['wanted']}"
            yield from (f"          {line}" for line in row["note"].splitlines()[-6:])
    if not found["mailbox"]:
        yield "  not run: confirming with a code from a message: takes --mail"
    yield "  not run: CUSTOM_AUTH with triggers, SMS, codes by e-mail as a second factor"
    yield f"== Answers that differ from those of tests/pool, of {found.get('asked', 0)}"
    for entry in found["differences"]:
        yield f"  {entry['name']}"
        yield from (f"    {line}" for line in entry["lines"])
    yield "== Open points"
    for name, value in sorted(found["facts"].items()):
        yield f"  {name}: {json.dumps(value, ensure_ascii=False)}"
    if abs(found["clock"]) > 2:
        yield f"  This machine's clock is {-found['clock']} s from the service's."
    for fault in found["faults"]:
        yield f"== NOT FINISHED: {fault}"
    yield f"== {found['deleted']} pools deleted"
    for fault in found["left"]:
        yield f"== NOT DELETED: {fault}: run it again with --clean"
    yield (f"== {len(found['rows']) - len(bad)} of {len(found['rows'])} rows as they should be, "
           f"{len(found['differences'])} answers differ; {found['calls']} requests by hand, "
           f"{found['seconds']} s")


def tell(found, veil, path):
    """Prints the report, writes the JSON where one is wanted; what the program ends with."""
    found = veil.clean_all(found)
    for line in lines_of(found):
        print(line)
    if path:
        found["green"] = verdict(found) == GREEN
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1, ensure_ascii=False, sort_keys=True)
            file.write("\n")
        os.replace(path + ".new", path)
    return verdict(found)
