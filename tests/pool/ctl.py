#!/usr/bin/python3
# Steers a running local user pool from shell scripts and C tests:
#   ctl.py --state DIR <command> [name=value ...]
# A value is JSON when it parses as JSON, else text. Prints the answer.
# SPDX-License-Identifier: MIT
import argparse
import json
import sys

from localpool import Control, PoolError


def read_value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_body(words):
    """name=value words; a name with dots makes nested objects."""
    body = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise SystemExit(f"ctl.py: not name=value: {word}")
        target = body
        *outer, last = name.split(".")
        for part in outer:
            target = target.setdefault(part, {})
        target[last] = read_value(value)
    return body


def show(command, answer, control):
    if command == "code":
        found = answer["codes"]
        return found[-1]["code"] if found else ""
    if command == "totp":
        return answer["code"]
    if command == "info":
        return json.dumps(control.info, indent=1)
    return json.dumps(answer, indent=1, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description="Steers a running local user pool.")
    parser.add_argument("--state", required=True)
    parser.add_argument("command", help="see README.md, and: code (the last one), info")
    parser.add_argument("words", nargs="*", metavar="name=value")
    options = parser.parse_args()
    try:
        control = Control(options.state)
        body = read_body(options.words)
        remote = {"code": "codes", "info": "counts"}.get(options.command, options.command)
        print(show(options.command, control.call(remote, **body), control))
    except (PoolError, OSError) as error:
        sys.exit(f"ctl.py: {error}")


if __name__ == "__main__":
    main()
