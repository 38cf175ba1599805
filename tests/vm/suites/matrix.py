# Each host that cannot start a helper that gets through: with the socket off it
# is refused and the log names the cure, with it on the right password is in and
# the wrong one is not. Settings of units, as systemd applies them.
# SPDX-License-Identifier: MIT
import concurrent.futures
import time
from dataclasses import dataclass

from machine import CURE, IN, NOBODYS, SOCKET, enters, shut_out, wrong
from people import ALICE, LARRY, WRONG
from person import Person
from suites.polkit import CONFINED

POLKIT = [line for line in CONFINED.splitlines() if not line.startswith("Type=")]
AT_A_TIME = 3
SERVICE = "SystemCallFilter=@system-service"
ERRNO = "SystemCallErrorNumber=EPERM"
# systemd itself takes no number that has no name.
BEING_NOBODY = ("setpriv", f"--reuid={NOBODYS}", "--regid=0", "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


@dataclass
class Row:
    title: str
    settings: list
    service: str = "host"
    way: str = "socket"  # direct: it never needs the socket
    before: tuple = ()   # words that start the host


ROWS = [
    Row("root", [], way="direct"),
    Row("root, NoNewPrivileges=", ["NoNewPrivileges=yes"], way="direct"),
    Row("root, @system-service", [SERVICE], way="direct"),
    Row("root, @system-service, EPERM", [SERVICE, ERRNO], way="direct"),
    Row("root, AF_UNIX, AF_INET, AF_INET6",
        ["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"], way="direct"),
    Row("root, CapabilityBoundingSet=", ["CapabilityBoundingSet="]),
    Row("root, two capabilities", ["CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_AUDIT_WRITE"]),
    Row("root, PrivateUsers=", ["PrivateUsers=yes"]),
    Row("root, PrivateNetwork=", ["PrivateNetwork=yes"]),
    Row("root, AF_UNIX", ["RestrictAddressFamilies=AF_UNIX"]),
    Row("root, ~@setuid", ["SystemCallFilter=~@setuid"]),
    Row("root, ~@setuid, EPERM", ["SystemCallFilter=~@setuid", ERRNO]),
    Row("root, ~@privileged", ["SystemCallFilter=~@privileged"]),
    Row("root, ~@privileged, EPERM", ["SystemCallFilter=~@privileged", ERRNO]),
    Row("root, what systemd.exec(5) recommends",
        [SERVICE, "SystemCallFilter=~@privileged @resources", ERRNO]),
    Row("root, NoExecPaths=", ["NoExecPaths=/", "ExecPaths=/usr/bin /usr/lib /usr/local/bin"]),
    Row("root, TasksMax=", ["TasksMax=3"]),
    # What ends the helper after it has begun is not found by trying.
    Row("root, ~@sandbox, start = socket", ["SystemCallFilter=~@sandbox"], "only"),
    Row("root, polkit 127", POLKIT),
    Row("www-data", ["User=www-data"], "web"),
    Row("www-data, what systemd.exec(5) recommends",
        ["User=www-data", SERVICE, "SystemCallFilter=~@privileged @resources", ERRNO], "web"),
    Row("www-data, polkit 127", ["User=www-data", *POLKIT], "web"),
    Row("DynamicUser=", ["DynamicUser=yes", "User=dynamic-host"], "dynamic"),
    Row("a uid without a name", [], "number", before=BEING_NOBODY),
    Row("a locker that is the person's: alice about herself", ["User=alice"]),
]


def run(machine, tap):
    all_rows(lambda row: try_off(machine, tap, row))
    vlock(machine, tap)
    machine.switch(True)
    all_rows(lambda row: try_on(machine, tap, row))
    strangers(machine, tap)
    machine.switch(False)


def all_rows(try_one):
    """Some at a time: most of a refusal is waiting."""
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in [pool.submit(try_one, row) for row in ROWS]:
            done.result()


def try_off(machine, tap, row):
    if row.way == "direct":
        visit = enters(machine, tap, f"off, {row.title}", row.settings, "direct", row.service,
                       before=row.before)
        tap.ok(not visit.said(SOCKET), f"off, {row.title}: no word about a socket",
               *visit.details())
    else:
        shut_out(machine, tap, f"off, {row.title}", row.settings, CURE, row.service,
                 before=row.before)


def try_on(machine, tap, row):
    visit = enters(machine, tap, row.title, row.settings, row.way, row.service,
                   before=row.before)
    wrong(machine, tap, row.title, row.settings, row.service, before=row.before)
    print(f"# {row.title}: {visit.seconds:.1f} s")


def strangers(machine, tap):
    """What the socket does not open."""
    shut_out(machine, tap, "www-data, a service that does not trust it", ["User=www-data"],
             "refused: peer_refused")
    shut_out(machine, tap, "larry about alice", ["User=larry"], "refused: peer_refused")
    shut_out(machine, tap, "root in a user namespace of larry's", [f"User={LARRY.name}"],
             "/: folder is nobody's: a user namespace hides whose it is",
             before=("unshare", "--user", "--map-root-user"))


def answer(person, prompt, text):
    """Not at once: vlock throws away what is typed before it reads."""
    person.wait_for(prompt)
    time.sleep(2)
    person.type(text)


def vlock(machine, tap):
    """A locker that is set-uid root, in its person's session: it needs no socket."""
    machine.pool.reset()
    cursor = machine.cursor()
    person = Person("vlock", "-c", user=ALICE.name)
    answer(person, r"unlock\.\n", "")
    answer(person, r"alice's [Pp]assword: ?$", WRONG)
    # It asks for root's as well, who is not ours, and begins anew.
    answer(person, r"unlock\.\n", "")
    tap.ok(machine.wait_for_line(cursor, "alice: refused: wrong_password service=vlock"),
           "off, vlock: wrong, still locked", person.screen, *machine.journal(cursor))
    answer(person, r"alice's [Pp]assword: ?$", ALICE.password)
    tap.equal(person.finish(), IN, "off, vlock: right, unlocked", person.screen,
              *machine.journal(cursor))
