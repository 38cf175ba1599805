# S10: what is started as the helper is a file of root's at an absolute path
# that nobody else can write, rename or replace: neither file nor folders.
# Otherwise nobody of the user pool gets in, the log says what to mend, and once
# it is mended they do.
# SPDX-License-Identifier: MIT
import concurrent.futures
import os
import shutil

from attack import liar
from hosts import Pamtester, Su
from people import ALICE, LARRY
from suites.faults import find_helper_program

BREAKAGES = [
    ("the program may be anybody's", ("check_file (is_owner)", "... && walk->real[0] == '\\0'")),
    ("the program may be writable", ("check_file (S_IWGRP)", "false")),
    ("nobody looks at the folders", ("enter (is_safe_folder)", "false")),
    ("only the last folder counts",
     ("enter (is_safe_folder)",
      'strchr(walk->rest + strspn(walk->rest, "/"), \'/\') == NULL && ...')),
    ("a folder may be writable", ("is_safe_folder (S_IWGRP)", "true")),
    ("a folder may be anybody's link", ("follow (is_owner)", "false")),
    ("the program may be a link", ("file_check_program (is_program)", ".is_program = false")),
    ("the program may be setuid", ("file_check_program (S_ISUID)", "false")),
]
PLACE = "/usr/libexec/places"
WRITABLE = "must not be writable by group or others"
FOLDER = "folder must belong to root and be writable by nobody else"


def chmod(mode):
    return lambda path: os.chmod(path, mode)


def chown(user, group, mode=0o755):
    def make(path):
        os.chown(path, user, group)
        os.chmod(path, mode)
    return make


def parent(make):
    return lambda path: make(os.path.dirname(path))


def grandparent(make):
    return lambda path: make(os.path.dirname(os.path.dirname(path)))


def link(path):
    os.rename(path, path + ".real")
    os.symlink(path + ".real", path)


def link_of_others(path):
    """larry's link, where everybody may make some, to a folder that is fine."""
    folder = os.path.dirname(path)
    os.chmod(os.path.dirname(folder), 0o1777)
    os.rename(folder, folder + ".real")
    os.symlink(folder + ".real", folder)
    os.lchown(folder, LARRY.uid, LARRY.uid)


# name: what is wrong with its program, and what the log says; the rest is
# tests/unit/file-t.c's.
WRONG = {
    "all-write": (chmod(0o757), WRITABLE),
    "not-roots": (chown(LARRY.uid, 0), r"must belong to root \(chown root\)"),
    "setuid": (chmod(0o4755), "must not be setuid or setgid"),
    "link": (link, "must be a regular file"),
    "folder-all-write": (parent(chmod(0o777)), FOLDER),
    "folder-not-roots": (parent(chown(LARRY.uid, 0)), FOLDER),
    "above-all-write": (grandparent(chmod(0o777)), FOLDER),
    "folder-link-of-others": (link_of_others, "link must belong to root"),
}
RIGHT = {
    "as-it-should-be": lambda path: None,
    # Nobody but root renames root's files there, as in /tmp.
    "folder-sticky": parent(chmod(0o1777)),
}


def run(world, tap):
    os.chmod("/home/larry", 0o755)
    liar.add_people(["good"])
    program = liar.build(world)
    services = {}
    for name in (*WRONG, *RIGHT):
        path = f"{PLACE}/{name}/in/helper"
        os.makedirs(os.path.dirname(path))
        services[name] = liar.install(program, path)
        liar.example(world, "sudo", name, "helper=" + path)
        make = RIGHT[name] if name in RIGHT else WRONG[name][0]
        make(path)
    # From where it would be found, if that counted.
    relative = f"{PLACE[1:]}/as-it-should-be/in/helper"
    for name, path in (("relative", relative), ("dotted", "./" + relative)):
        liar.example(world, "sudo", name, "helper=" + path)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        jobs = {name: pool.submit(FromTheTop(world, name).attempt, "good", liar.PASSWORD)
                for name in (*services, "relative", "dotted")}
        for name, job in jobs.items():
            check(world, tap, name, job.result())
    installed(world, tap)


class FromTheTop(Pamtester):
    def words(self, name):
        return ["env", "-C", "/", *super().words(name)]


def check(world, tap, name, visit):
    if name in RIGHT:
        tap.equal(visit.who, "good", f"{name}: is started", visit)
        return
    tap.equal((visit.who, visit.asked), (None, 0), f"{name}: refused without a question", visit)
    reason, log = "helper_failed", f"helper: .*{WRONG.get(name, ('', ''))[1]}"
    if name not in WRONG:
        reason, log = "configuration", "configuration: helper .*expected an absolute path"
    tap.ok(world.log.wait(rf"\({name}:auth\): good: refused: {reason} ")
           and world.log.wait(rf"\({name}:auth\): {log}"),
           f"{name}: the log says why", *world.log.ours())


def installed(world, tap):
    """The same with the program at the place that was compiled in."""
    helper = find_helper_program()
    world.stage.cover(os.path.dirname(helper))
    world.example("su")
    host = Su(world)
    before = os.stat(helper)
    tap.equal(host.attempt(ALICE.name, ALICE.password).who, ALICE.name, "installed: is started")
    for title, make in (("all may write", chmod(0o757)), ("not root's", chown(LARRY.uid, 0)),
                        ("folder, all may write", parent(chmod(0o777)))):
        world.forget()
        make(helper)
        visit = host.attempt(ALICE.name, ALICE.password)
        tap.equal((visit.who, visit.asked), (None, 0), f"installed, {title}: refused", visit)
        tap.ok(world.log.wait("alice: refused: helper_failed service=su"),
               f"installed, {title}: the log says so", *world.log.ours())
        tap.equal(world.connections(), 0, f"installed, {title}: nothing is sent")
        os.chown(helper, before.st_uid, before.st_gid)
        os.chmod(helper, before.st_mode & 0o7777)
        os.chmod(os.path.dirname(helper), 0o755)
    shutil.copy2(helper, helper + ".new")
    os.replace(helper + ".new", helper)
    tap.equal(host.attempt(ALICE.name, ALICE.password).who, ALICE.name,
              "installed, mended: is started")
