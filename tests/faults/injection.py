# The file through which faults.c is told which call fails and says which calls
# there were. Standard library only.
# SPDX-License-Identifier: MIT
import bisect
import collections
import mmap
import os
import re
import struct

# The layout of the file is that of struct state in faults.c.
MAGIC = 0x66617531
CALLS_MAX, LEAKS_MAX, NAME_SIZE = 16384, 32, 28
HEAD = struct.Struct("=8I")
SECTION_HEAD = struct.Struct(f"={4 + LEAKS_MAX}I")
CALL = struct.Struct(f"=I{NAME_SIZE}s")
SECTION_SIZE = SECTION_HEAD.size + CALLS_MAX * CALL.size
HOST, BIRTH, PROGRAM = range(3)
NAMES = ("host", "birth", "helper")
FAILS, INTERRUPTED, SHORT = 1, 2, 3

Site = collections.namedtuple("Site", "section file name offset")


class Map:
    """Which file the code at an offset comes from: the linker's own map."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = text[text.index("Linker script and memory map"):]
        self.starts, self.files, ends = [], [], []
        for start, size, name in sorted(
                (int(start, 16), int(size, 16), name) for start, size, name in re.findall(
                    r"^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*?([\w-]+)\.o\)?$", text, re.M)
                if int(size, 16) > 0):
            self.starts.append(start)
            self.files.append(re.sub(r"^.*-", "", name) + ".c")
            ends.append(start + size)
        base = re.search(r"__executable_start = SEGMENT_START.*?0x([0-9a-f]+)", text)
        self.base = int(base[1], 16) if base else 0

    def file(self, offset):
        return self.files[bisect.bisect_right(self.starts, offset + self.base) - 1]


class State:
    """The file in the folder where the module and the helper are."""

    def __init__(self, folder):
        path = os.path.join(folder, "state")
        with open(path, "wb") as file:
            file.truncate(HEAD.size + 3 * SECTION_SIZE)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        module = Map(os.path.join(folder, "module.where"))
        self.maps = (module, module, Map(os.path.join(folder, "helper.where")))

    def set(self, section=0, offset=0, occurrence=0, mode=0):
        HEAD.pack_into(self.memory, 0, MAGIC, section, offset, occurrence, mode, 0, 0, 0)
        for number in range(3):
            SECTION_HEAD.pack_into(self.memory, HEAD.size + number * SECTION_SIZE,
                                   *[0] * (4 + LEAKS_MAX))

    def fired(self):
        return HEAD.unpack_from(self.memory, 0)[6] == 1

    def section(self, number):
        """(calls, ended, leaked sites)"""
        start = HEAD.size + number * SECTION_SIZE
        calls, ended, leaks, _, *sites = SECTION_HEAD.unpack_from(self.memory, start)
        return calls, ended, [self.maps[number].file(site) for site in sites[:leaks]]

    def calls(self, number):
        """Each call in order, as a Site. Without close_range there are more than fit."""
        start = HEAD.size + number * SECTION_SIZE + SECTION_HEAD.size
        found = []
        for index in range(min(self.section(number)[0], CALLS_MAX)):
            offset, name = CALL.unpack_from(self.memory, start + index * CALL.size)
            found.append(Site(number, self.maps[number].file(offset),
                              name.rstrip(b"\0").decode(), offset))
        return found


def picks(calls, most):
    """[(site, occurrence)] to fail: of each site the first ones, one in the middle, the last."""
    found = []
    for site, count in collections.Counter(calls).items():
        chosen = {1} if most == 1 else {*range(1, most), (count + 1) // 2, count}
        found += [(site, number) for number in sorted(chosen) if number <= count]
    return found


def key(site):
    return f"{NAMES[site.section]} {site.file}:{site.name}"
