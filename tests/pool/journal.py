# What arrived: one entry per request, and counts of connections and TLS
# handshakes, for tests to read and clear. A test tool: bodies are kept whole.
# SPDX-License-Identifier: MIT
import threading
import time


class Journal:
    def __init__(self):
        self.lock = threading.Lock()
        self.sequence = 0
        self.next_connection = 0
        self.clear()

    def clear(self):
        with self.lock:
            self.entries = []
            self.connections = 0
            self.handshakes = 0
            self.failed_handshakes = 0

    def connected(self):
        with self.lock:
            self.connections += 1
            self.next_connection += 1
            return self.next_connection

    def handshake(self, good):
        with self.lock:
            if good:
                self.handshakes += 1
            else:
                self.failed_handshakes += 1

    def begin(self, facts):
        with self.lock:
            self.sequence += 1
            entry = {"sequence": self.sequence, "time": time.monotonic(), **facts}
            self.entries.append(entry)
            return entry

    def read(self):
        with self.lock:
            return [dict(entry) for entry in self.entries]

    def counts(self):
        with self.lock:
            return {"requests": len(self.entries), "connections": self.connections,
                    "handshakes": self.handshakes,
                    "failed_handshakes": self.failed_handshakes}
