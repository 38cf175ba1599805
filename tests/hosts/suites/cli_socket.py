# pam-cognito check and the socket: tests/cli/as_root_socket.py.
# SPDX-License-Identifier: MIT
import os
import sys

from world import SOURCE

sys.path.append(os.path.join(SOURCE, "tests", "cli"))

from as_root_socket import run  # noqa: E402  (found through the path just set)

__all__ = ["run"]
