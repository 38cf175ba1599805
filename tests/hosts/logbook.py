# The reader of /dev/log: keeps what the world's programs tell syslog, and which
# process each line is from.
# SPDX-License-Identifier: MIT
import os
import re
import socket
import struct
import threading
import time


class Logbook:
    def __init__(self, path):
        self.path = path
        self.lines = []
        self.senders = []
        self.lock = threading.Lock()
        self.marks = {}
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            data, notes, _, _ = self.sock.recvmsg(65536, 64)
            line = data.decode("utf-8", "replace").rstrip("\0\n")
            pids = [struct.unpack("3i", note[:12])[0] for _, kind, note in notes
                    if kind == socket.SCM_CREDENTIALS]
            mark = self.marks.pop(line, None)
            if mark:
                mark.set()
                continue
            with self.lock:
                self.lines.append(line)
                self.senders.append(pids[0] if pids else None)

    def clear(self):
        with self.lock:
            self.lines, self.senders = [], []

    def settle(self):
        """Until all that was sent before is read."""
        mark = threading.Event()
        word = f"mark {id(mark)}"
        self.marks[word] = mark
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(word.encode(), self.path)
        mark.wait(10)

    def of(self, pid):
        """The lines that this process sent, which is gone."""
        self.settle()
        with self.lock:
            return [line for line, sender in zip(self.lines, self.senders) if sender == pid]

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
