# S35: module, helper and command-line tool as installed are hardened, none of
# the builds for tests, and each fuzz target has seeds that make check replays.
# SPDX-License-Identifier: MIT
import glob
import os
import re
import shutil
import subprocess

from suites.faults import find_helper_program, find_module
from world import SOURCE

# A new line in config.h makes everything be compiled again.
BREAKAGES = [
    ("no stack protector", ("configure.ac -fstack-protector-strong", "-fno-stack-protector")),
    ("no _FORTIFY_SOURCE",
     ("configure.ac COGNITO_TRY_FORTIFY([HARDEN_CFLAGS])",
      'HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE"')),
    ("no relocations before the start, and a stack that runs",
     ("configure.ac -Wl,-z,relro", "-Wl,-z,norelro"), ("configure.ac -Wl,-z,now", "-Wl,-z,lazy"),
     ("configure.ac -Wl,-z,noexecstack", "-Wl,-z,execstack")),
    ("programs at a fixed address",
     ("configure.ac -fPIE", "-fno-pie"), ("configure.ac -pie", "-no-pie")),
    ("no marks for indirect branches", ("configure.ac -fcf-protection", "-fcf-protection=none")),
    ("a fuzz target without seeds", ("FUZZ_TARGETS", "unseeded ...")),
]
ENDBR64 = b"\xf3\x0f\x1e\xfa"  # what -fcf-protection puts before each function
# Those that need no known length of a buffer to be checked.
FORTIFIED = {"fprintf", "vfprintf", "printf"}


def tool(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def run(_world, tap):
    hardened(tap, "module", find_module(), program=False)
    hardened(tap, "helper", find_helper_program(), program=True)
    hardened(tap, "pam-cognito", shutil.which("pam-cognito"), program=True)
    seeds(tap)


def hardened(tap, what, path, program):
    header, segments = tool("readelf", "-hW", path), tool("readelf", "-lW", path)
    dynamic, names = tool("readelf", "-dW", path), tool("nm", "-D", path)
    imported = {line.split()[-1].partition("@")[0] for line in names.splitlines() if " U " in line}
    tap.ok(re.search(r"Type: +DYN", header), f"{what}: may be loaded anywhere", header)
    if program:
        tap.ok(re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic), f"{what}: is a PIE", dynamic)
    tap.ok("GNU_RELRO" in segments, f"{what}: relocations are read-only", segments)
    tap.ok(re.search(r"\(FLAGS\).*BIND_NOW", dynamic), f"{what}: all of them, before the start",
           dynamic)
    flags = re.findall(r"^ +(?:LOAD|GNU_STACK) .* ([RWE ]{3}) 0x\w+$", segments, re.MULTILINE)
    tap.ok(len(flags) > 2 and not [f for f in flags if "W" in f and "E" in f],
           f"{what}: nothing is both written and run, the stack neither", segments)
    tap.ok(not re.search(r"TEXTREL|RPATH|RUNPATH", dynamic),
           f"{what}: no relocated text, no path to libraries", dynamic)
    tap.ok("__stack_chk_fail" in imported, f"{what}: has stack protectors", names)
    tap.ok({"__snprintf_chk", "__vsnprintf_chk"} <= imported, f"{what}: is fortified", names)
    tap.equal(imported & FORTIFIED, set(), f"{what}: nothing of that is called unchecked")
    tap.ok(not [n for n in imported if re.match("__(gcov|asan|ubsan|sanitizer)_", n)],
           f"{what}: neither sanitized nor measured", names)
    if os.uname().machine == "x86_64":
        with open(path, "rb") as file:
            marks = file.read().count(ENDBR64)
        tap.ok(marks > 50, f"{what}: functions are marked as targets of branches", marks)
    if os.uname().machine == "aarch64":
        notes = tool("readelf", "-nW", path)
        tap.ok("AArch64 feature: BTI, PAC" in notes,
               f"{what}: targets of branches are marked, return addresses are signed", notes)


def variable(text, name):
    found = re.search(rf"^{name} = ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return found.group(1).replace("\\\n", " ").split()


def seeds(tap):
    folder = os.path.join(SOURCE, "tests", "fuzz")
    with open(os.path.join(folder, "Makefile.inc"), encoding="utf-8") as file:
        text = file.read()
    targets = variable(text, "FUZZ_TARGETS")
    tap.ok({"wire", "settings", "names", "json", "jwt", "answers"} <= set(targets),
           "whatever parses has a fuzz target", targets)
    for target in targets:
        tap.ok(os.path.exists(os.path.join(folder, target + ".c")), f"fuzz {target}: its source")
        files = glob.glob(os.path.join(folder, "seeds", target, "*"))
        tap.ok(files and all(os.path.getsize(name) for name in files), f"fuzz {target}: its seeds")
        tap.ok(f"tests/fuzz/{target}-replay" in variable(text, "FUZZ_REPLAYS")
               and f'tests/fuzz/seeds/{target}"' in text, f"fuzz {target}: make check replays them")
    tap.equal(sorted(os.listdir(os.path.join(folder, "seeds"))), sorted(targets),
              "seeds for these targets only")
