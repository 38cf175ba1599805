# The reader of /dev/log: keeps what the world's programs tell syslog.
# SPDX-License-Identifier: MIT
import os
import re
import socket
import threading
import time


class Logbook:
    def __init__(self, path):
        self.lines = []
        self.lock = threading.Lock()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            line = self.sock.recv(65536).decode("utf-8", "replace").rstrip("\0\n")
            with self.lock:
                self.lines.append(line)

    def clear(self):
        with self.lock:
            self.lines = []

    def all(self):
        with self.lock:
            return list(self.lines)

    def ours(self):
        """The module's own lines, without priority, time and process."""
        found = []
        for line in self.all():
            at = line.find("pam_cognito(")
            if at >= 0:
                found.append(line[at:])
        return found

    def wait(self, pattern, seconds=3):
        """The first line that has the pattern, or None."""
        end = time.monotonic() + seconds
        while True:
            for line in self.all():
                if re.search(pattern, line):
                    return line
            if time.monotonic() > end:
                return None
            time.sleep(0.02)
