# Makes the local pool's keys and certificates once, for all test files: they
# take longer than most tests. make_keys.py POOL-FOLDER KEY-FOLDER
# SPDX-License-Identifier: MIT
import json
import os
import sys


def main():
    pool, keys = sys.argv[1:]
    sys.path.insert(0, pool)
    from pool import make_certificates, make_keys
    with open(os.path.join(pool, "seed.json"), encoding="utf-8") as file:
        seed = json.load(file)
    make_keys(keys, [entry["id"] for entry in seed["pools"]])
    make_certificates(keys, [])


if __name__ == "__main__":
    main()
