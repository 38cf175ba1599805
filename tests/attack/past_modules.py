# module_unknown=ignore and a caller's limits, S30: under a limit that was chosen for
# it our module cannot be loaded, while pam_unix is there already when lines above
# have brought it, and the local password opens. The shipped files for su and sudo
# lack the word; those that have it stand in an order without such a window. Both
# are proved in steps of a few pages, and of one around each edge, and so is that
# the search finds a window where there is one.
# SPDX-License-Identifier: MIT
import re

from attack.past import NO_MODULE, OURS, Lab, controls, judge, read
from hosts import Login, SshdKeyboard
from people import KEEPER, LARRY
from world import write

BREAKAGES = [
    ("su's file goes on without the module, and its auth lines stand last",
     ("su user_unknown=ignore", "... module_unknown=ignore"),
     ("su pam_rootok.so auth", "account required pam_unix.so\nsession required pam_unix.so\n..."),
     ("su common-account @include", "#..."), ("su common-session @include", "#...")),
    ("the console needs the module", ("login pam_cognito.so module_unknown=ignore", "")),
]
PAGE = 4096
# In pages: where to look for the least that su needs, and what is swept from there.
EDGES = {"as": (512, 4096), "data": (16, 496)}
SPAN = {"as": 640, "data": 240}
ROUND, STRIDE = 24, 4
# Debian's own su, whose auth lines stand above accounts and sessions.
STOCK = ("auth sufficient pam_rootok.so\nsession required pam_env.so readenv=1\n"
         "session optional pam_mail.so nopen\nsession required pam_limits.so\n"
         "@include common-auth\n@include common-account\n@include common-session\n")
# Nothing that could fail behind these lines.
SHORT = ("auth [success=done user_unknown=ignore{} default=die] pam_cognito.so "
         "only_group=large\nauth required pam_unix.so\n")
ABOVE_ALL = "account required pam_unix.so\nsession required pam_unix.so\n"


def run(world, tap):
    for name in ("common-auth", "common-account"):
        text = read(name).replace(OURS, "pam_cognito.so only_group=large")
        tap.ok("only_group=large" in text and "module_unknown=ignore" in text,
               f"{name} goes on without the module")
        world.service(name, text)
    lab = Lab(world)
    controls(lab, tap)
    stacks = {name: read(name).replace(OURS, "pam_cognito.so only_group=large")
              for name in ("su", "sudo")}
    for name, text in stacks.items():
        tap.ok(not re.search(r"(?m)^auth.*module_unknown=ignore.*pam_cognito", text),
               f"{name}: a missing module refuses")
    rows = {"su": stacks["su"], "accounts first": ABOVE_ALL + SHORT.format(""),
            "Debian's su with common-auth": STOCK,
            "common-auth first, nothing else": "@include common-auth\n" + ABOVE_ALL}
    for title, text in rows.items():
        for limit in EDGES:
            judge(tap, f"{title}, {limit}", around_the_edges(lab, text, limit))
    window(lab, tap)
    missing(world, tap, lab, stacks)


def tried(lab, folder, limit, pages):
    return lab.all([(count, (folder, "su", "SHA512"), {limit: count * PAGE})
                    for count in pages])


def is_loaded(outcome):
    return bool(outcome.log) and not any(NO_MODULE.search(line) for line in outcome.log)


def around_the_edges(lab, text, limit):
    """
    What is not loaded leaves room for what comes later, so there are several edges
    between loaded and not. From where su reaches PAM at all, every fourth page, and
    every page where the answer changes.
    """
    folder = lab.files(su=text)
    first, last = EDGES[limit]
    step = (last - first) // ROUND
    coarse = tried(lab, folder, limit, range(first, last, step))
    start = next(count for count, outcome in coarse if outcome.log) - step
    found = tried(lab, folder, limit, range(start, start + step + SPAN[limit], STRIDE))
    fine = set()
    for (count, outcome), (after, other) in zip(found, found[1:]):
        if is_loaded(outcome) != is_loaded(other):
            fine |= set(range(count - STRIDE, after + STRIDE + 1))
    found += tried(lab, folder, limit, sorted(fine))
    return [(f"{count} pages", outcome) for count, outcome in coarse + found]


def window(lab, tap):
    """The same search in the order and with the word that make the window."""
    text = ABOVE_ALL + SHORT.format(" module_unknown=ignore")
    found = around_the_edges(lab, text, "as")
    inside = [what for what, outcome in found if outcome.entered]
    print(f"# a window of {len(inside)} pages")
    tap.ok(inside, "the search finds a window where there is one")


def missing(world, tap, lab, stacks):
    """The module is not there at all: who gets where."""
    gone = {name: text.replace("pam_cognito.so", "pam_cognito_gone.so")
            for name, text in stacks.items()}
    folder = lab.files(**gone)
    for host in ("su", "sudo"):
        outcome = lab.attempt(folder, host, "s00")
        tap.ok(not outcome.entered, f"{host} without the module: nobody but root", outcome)
    for name, host in (("login", Login(world)), ("sshd", SshdKeyboard(world))):
        write("/etc/pam.d/" + name, read(name).replace("pam_cognito.so", "pam_cognito_gone.so"))
        host.start()
        for person in (KEEPER, LARRY):
            visit = host.attempt(person.name, person.unix_password)
            tap.equal(visit.who, person.name, f"{name} without the module: {person.name} is in",
                      visit)
        host.stop()
