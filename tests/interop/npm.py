# Installing what a lock file names.
# SPDX-License-Identifier: MIT
import hashlib
import os
import subprocess
import sys


def install(folder):
    """npm ci, unless what the lock file names is already there."""
    with open(os.path.join(folder, "package-lock.json"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(folder, "node_modules", ".installed")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as file:
            if file.read() == wanted:
                return
    done = subprocess.run(["npm", "ci", "--no-progress", "--ignore-scripts"], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode:
        print("Bail out! npm ci failed")
        sys.exit(1)
    with open(stamp, "w", encoding="ascii") as file:
        file.write(wanted)
