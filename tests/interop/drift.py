# What AWS's newest model of the service has, against what was judged here: each
# exception, challenge, flow and member is in tests/interop/judged with what we make
# of it, or it is named as a finding; and what is said to be done must be in the sources.
# SPDX-License-Identifier: MIT
import configparser
import copy
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests", "pool"))
from model import MEMBERS  # noqa: E402  (found through the path just set)

# Sections that are neither a structure nor an enumeration.
EXCEPTIONS, BEYOND, OPERATIONS, APART = (
    "exceptions", "beyond the model", "operations", "structures apart")


def literals(*patterns):
    """The texts between quotes in these sources."""
    found = set()
    for pattern in patterns:
        for path in glob.glob(os.path.join(ROOT, pattern)):
            with open(path, encoding="utf-8") as file:
                found.update(re.findall(r'"([^"\\\n]+)"', file.read()))
    return found


def judged():
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",),
                                       interpolation=None)
    parser.optionxform = str
    with open(os.path.join(HERE, "judged"), encoding="utf-8") as file:
        parser.read_file(file)
    return {section: dict(parser[section]) for section in parser.sections()}


def read_model(folder, rows):
    """Of the package in folder, about the operations that were judged."""
    done = subprocess.run(["node", os.path.join(HERE, "model.mjs"), folder, *rows[OPERATIONS]],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


class Sources:
    """What each word that says "done" must be found in."""

    def __init__(self):
        errors, words = literals("src/cognito/error.c"), literals("src/cognito/vocabulary.c")
        code = literals("src/cognito/*.c", "src/flows/*.c", "src/accounts/*.c", "src/cli/*.c")
        self.done = {"error.c": errors, "vocabulary.c": words, "sent": code, "read": code,
                     "sent unread": code}
        self.pool = literals("tests/pool/*.py")
        self.errors = {name for name in errors if re.fullmatch(r"[A-Z]\w+Exception", name)}
        self.pool_errors = {name for name in self.pool
                            if re.fullmatch(r"[A-Z]\w+Exception", name)}


def compare(what, there, rows):
    """Names on one side only, as findings."""
    return [f"{what} {name}: nobody has judged it" for name in sorted(set(there) - set(rows))] \
        + [f"{what} {name}: judged, and not in the model" for name in sorted(set(rows) - set(there))]


def find_operations(model, rows):
    found = compare("operation", model["operations"], rows[OPERATIONS])
    exceptions = set()
    for name, operation in model["operations"].items():
        exceptions.update(operation["exceptions"])
        found += compare(f"{name}: exception", operation["exceptions"],
                         rows[OPERATIONS].get(name, "").split())
    return found + compare("exception", exceptions, rows[EXCEPTIONS])


def find_members(model, rows):
    """Of each structure in a request or an answer, but of those that stand apart
    nothing more than what we use, and nothing below them."""
    found, seen = [], set()
    wanted = [operation[part] for operation in model["operations"].values()
              for part in ("request", "answer") if operation[part]]
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        members = model["structures"][name]
        if name in rows[APART]:
            used = rows[APART][name].split(":")[0].split()
            found += [f"{name}.{member}: used, and not in the model"
                      for member in used if member not in members]
            wanted += [part for member in used for part in members.get(member, ())]
            continue
        # Nothing can be judged of an answer that has nothing.
        if members or name in rows:
            found += compare(f"{name}: member", members, rows.get(name, {}))
        wanted += [part for parts in members.values() for part in parts]
    return found, seen


def find_sources(rows, sources):
    """What is said to be done, and is not; and what is done that nobody knows."""
    found = []
    for section, judgements in rows.items():
        if section in (OPERATIONS, BEYOND, APART):
            continue
        for name, judgement in judgements.items():
            word = judgement.split(":")[0]
            if word not in sources.done:
                if not re.match(r"not: .", judgement):
                    found.append(f"{section}: {name}: no judgement: {judgement}")
            elif name not in sources.done[word]:
                found.append(f"{section}: {name}: said to be {word}, and is not")
            if word in ("sent", "vocabulary.c") and name not in sources.pool:
                found.append(f"{section}: {name}: tests/pool does not know it")
    known = set(rows[EXCEPTIONS]) | set(rows[BEYOND])
    for where, names in (("error.c", sources.errors), ("tests/pool", sources.pool_errors)):
        found += [f"{where}: {name}: not in the model" for name in sorted(names - known)]
    used = sources.errors | sources.pool_errors
    found += [f"{BEYOND}: {name}: used nowhere" for name in sorted(set(rows[BEYOND]) - used)]
    return found


def findings(model, rows, sources):
    found, structures = find_members(model, rows)
    found += find_operations(model, rows)
    for section in rows:
        if section in (EXCEPTIONS, BEYOND, OPERATIONS, APART) or section in structures:
            continue
        found += compare(section, model["enums"].get(section, ()), rows[section])
    found += [f"structure {name}: stands apart, and is not in the model"
              for name in sorted(set(rows[APART]) - structures)]
    return found + find_sources(rows, sources)


def find_pool(model, known):
    """What tests/pool knows of requests, of operations that only tests/live calls too."""
    found = [f"tests/pool: {name}: not in the model" for name in known
             if name not in model["operations"]]
    for name, operation in model["operations"].items():
        there = model["structures"][operation["request"]]
        ours = [word.partition(":")[0].rstrip("!") for word in known[name].split()]
        found += [f"tests/pool: {name}.{member}: not in the model"
                  for member in ours if member not in there]
    return found


def check(tap, folder):
    """One test for the model as it is, and one for each thing that is planted in it."""
    rows, sources = judged(), Sources()
    model = read_model(folder, rows)
    found = findings(model, rows, sources)
    tap.ok(not found, f"all of the model of {model['version']} was judged", *found)

    def planted(plant):
        other = copy.deepcopy(model)
        plant(other)
        return [line for line in findings(other, rows, sources) if line not in found]

    tests = (
        ("exception", "InitiateAuth: exception NewException: nobody has judged it",
         lambda one: one["operations"]["InitiateAuth"]["exceptions"].append("NewException")),
        ("challenge", "ChallengeNameType NEW_MFA: nobody has judged it",
         lambda one: one["enums"]["ChallengeNameType"].append("NEW_MFA")),
        ("flow", "AuthFlowType USER_NEW_AUTH: nobody has judged it",
         lambda one: one["enums"]["AuthFlowType"].append("USER_NEW_AUTH")),
        ("member", "InitiateAuthRequest: member New: nobody has judged it",
         lambda one: one["structures"]["InitiateAuthRequest"].update(New=[])),
        ("member below another", "AuthenticationResultType: member New: nobody has judged it",
         lambda one: one["structures"]["AuthenticationResultType"].update(New=[])),
        ("member that is gone", "UserType: member Enabled: judged, and not in the model",
         lambda one: one["structures"]["UserType"].pop("Enabled")),
    )
    for what, line, plant in tests:
        tap.ok(line in planted(plant), f"a planted {what} is named")
    whole = read_model(folder, {OPERATIONS: MEMBERS})
    tap.none(find_pool(whole, MEMBERS), "what tests/pool knows of requests is in the model")
    tap.equal(find_pool(whole, {**MEMBERS, "GetUser": "AccessToken! Gone", "Invented": ""}),
              ["tests/pool: Invented: not in the model",
               "tests/pool: GetUser.Gone: not in the model"],
              "an operation and a member of tests/pool that are not in the model are named")
