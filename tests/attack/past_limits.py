# A caller's limits, S13 and S28: su and sudo keep what their caller set, so somebody
# may choose at which step memory, descriptors or processes end. Each limit, from
# nothing to plenty: the left-over local password of a member never opens, and
# each refusal of ours has its line.
# SPDX-License-Identifier: MIT
from attack.past import GROUPS, LIMITS, OURS, Lab, controls, judge, read

BREAKAGES = [
    ("a group that does not fit into memory is none",
     ("lookup_room ENOMEM", "0")),
]
KIB = 1024
SMALL = [*range(12), 14, 16, 20, 24, 32, 64]
BYTES = [0, 1, 512, 4 * KIB, 64 * KIB, KIB * KIB]
# A caller cannot raise what is 0 for everybody (nice, rtprio).
VALUES = {"core": [0, 4 * KIB], "cpu": [0, 1], "fsize": BYTES, "locks": [0, 1],
          "memlock": BYTES, "msgqueue": BYTES[:3], "nice": [0], "nofile": SMALL,
          "nproc": SMALL[:8], "rss": BYTES, "rtprio": [0], "rttime": [0, 1000],
          "sigpending": [0, 1, 2], "stack": [size * 4 * KIB for size in range(0, 48, 4)]}


def steps(first, last, step):
    return [size * KIB for size in range(first, last, step)]


def values(limit, fine):
    """su begins to reach PAM at about 3 MiB of address space, 0.3 MiB of data."""
    if limit == "as":
        return steps(2048, 10240, 16 if fine else 112) + steps(10240, 65536, 6000)
    if limit == "data":
        return steps(256, 3072, 8 if fine else 56) + steps(3072, 32768, 6000)
    return VALUES[limit]


def hosts(fine, number):
    """sudo lifts most limits when it starts: a look now and then."""
    yield "su", "SHA512"
    if fine or number % 4 == 0:
        yield "su", "YESCRYPT"
        yield "sudo", "SHA512"


def sweep(world, tap, fine=False):
    tap.equal(set(VALUES) | {"as", "data"}, set(LIMITS), "every limit that Linux has is swept")
    lab = Lab(world)
    controls(lab, tap)
    for group in GROUPS:
        args = f"pam_cognito.so only_group={group}"
        folder = lab.files(su=read("su").replace(OURS, args), sudo=read("sudo").replace(OURS, args))
        for limit in sorted(LIMITS):
            jobs = [(f"{host} {limit}={value}", (folder, host, kind), {limit: value})
                    for number, value in enumerate(values(limit, fine))
                    for host, kind in hosts(fine, number)]
            judge(tap, f"{group}, {limit}", lab.all(jobs))


def run(world, tap):
    sweep(world, tap)
