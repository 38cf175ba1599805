# What the attack tests about people share: accounts of any name, a count of the
# helpers that are started, a module that changes items, and a PAM host whose
# answers are any bytes.
# SPDX-License-Identifier: MIT
import concurrent.futures
import glob
import os
import re
import subprocess

from suites.faults import find_helper_program
from world import SOURCE, command, write

# Ours alone, so that nobody else's answer hides ours.
PLAIN = "auth required pam_cognito.so {}\naccount required pam_permit.so\n"
# Leaves a mark and goes on as the real one.
STARTER = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv, char **variables)
{
    char path[4096];

    (void) argc;
    (void) snprintf(path, sizeof(path), "%s/%d", MARKS, (int) getpid());
    close(open(path, O_CREAT | O_WRONLY, 0600));
    execve(REAL, argv, variables);
    return 1;
}
"""


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def add_account(name, uid, group=None):
    """No tool of the system's would make all of these."""
    append("/etc/passwd", f"{name}:x:{uid}:{uid}::/:/bin/sh\n")
    append("/etc/shadow", f"{name}:!:20000::::::\n")
    if group:
        join(name, group)


def join(name, group):
    with open("/etc/group", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines):
        if line.startswith(group + ":"):
            lines[number] += ("" if line.endswith(":") else ",") + name
    write("/etc/group", "\n".join(lines) + "\n")


class Tools:
    """Programs that the sources bring, built for this world."""

    def __init__(self, world):
        self.world = world
        self.folder = world.stage.new("tools")
        self.marks = os.path.join(self.folder, "marks")
        os.mkdir(self.marks)
        write(os.path.join(self.folder, "config.h"), "#define _GNU_SOURCE 1\n")
        self.helper = find_helper_program()
        world.stage.cover(os.path.dirname(self.helper))
        self.real = self.helper + "-real"
        os.rename(self.helper, self.real)
        self.count(self.real)
        self.set_item = self.build("set_item.so", ["tests/module/set_item.c"],
                                   "-shared", "-fPIC", "-lpam")
        self.pamrun = self.build("pamrun", ["tests/lib/pamrun.c"], "-pthread", "-rdynamic",
                                 "-lpam")

    def build(self, name, sources, *flags):
        path = os.path.join(self.folder, name)
        command("cc", "-O1", "-I", self.folder, "-I", os.path.join(SOURCE, "src"), "-o", path,
                *(os.path.join(SOURCE, source) for source in sources), *flags)
        return path

    def count(self, program):
        """From here on the helper is that program, and its starts are counted."""
        source = os.path.join(self.folder, "starter.c")
        write(source, STARTER)
        command("cc", "-O1", f'-DMARKS="{self.marks}"', f'-DREAL="{program}"',
                "-o", self.helper + "-new", source)
        os.rename(self.helper + "-new", self.helper)

    def starts(self):
        return len(os.listdir(self.marks))

    def forget(self):
        """All requests, log lines and starts; the pool keeps its people."""
        self.world.pool.clear()
        self.world.log.clear()
        for path in glob.glob(self.marks + "/*"):
            os.unlink(path)

    def stack(self, service, arguments="", before="", between=None):
        """A service with our line alone, or with something set before it."""
        text = PLAIN.format(arguments)
        if between is not None:
            text = text.replace("account", f"auth optional {self.set_item} {between}\n"
                                f"auth required pam_cognito.so {arguments}\naccount", 1)
        if before:
            text = f"auth optional {self.set_item} {before}\n" + text
        self.world.service(service, text)

    def ask(self, service, user, *answers, options=(), operations=("authenticate",)):
        """answers are bytes, or b"!error", b"!null", b"!user NAME ANSWER" of pamrun."""
        words = [self.pamrun, "--confdir", "/etc/pam.d", "--service", service,
                 "--user", escape(user.encode("utf-8", "surrogateescape")), *options,
                 "--", *operations]
        done = subprocess.run(words, input="".join(escape(a) + "\n" for a in answers),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=60, check=False)
        return Report(done.stdout)


def together(*jobs):
    """What each of the jobs returns, all done at a time: refusals take seconds."""
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result() for done in [pool.submit(*job) for job in jobs]]


def many_logins():
    """What lets one address come often."""
    return ["MaxStartups 100"]


def escape(answer):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in answer)


class Report:
    """What pamrun saw of one sign-in."""

    def __init__(self, text):
        self.text = text
        self.codes = re.findall(r"(?m)^return \w+ \d+ (\w+)$", text)
        self.code = self.codes[0] if self.codes else None
        self.prompts = re.findall(r"(?m)^prompt (.*)$", text)
        self.logs = re.findall(r"(?m)^log \d+ (.*)$", text)
        self.shown = re.findall(r"(?m)^(?:info|error) (.*)$", text)
        self.delays = [int(us) for us in re.findall(r"(?m)^delay (\d+)$", text)]

    def __repr__(self):
        return self.text
