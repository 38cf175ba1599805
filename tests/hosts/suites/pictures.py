# The pictures of terminals in docs/pictures show what the terminals show.
# SPDX-License-Identifier: MIT
import os
import sys

from world import SOURCE

sys.path.append(os.path.join(SOURCE, "tests", "pictures"))

from compared import compare  # noqa: E402  (found through the path just set)
from scenes import Scenes  # noqa: E402
from terminal import rows_of  # noqa: E402


def run(world, tap):
    compare(tap, {name: rows_of(screen) for name, screen in Scenes(world).play().items()})
