#!/usr/bin/python3 -IS
# A helper that lies, for the place of the installed one. How it lies, the name
# of the user it is asked about says: each lie has a user of that name. Imported,
# this is what the suites install it with. Only "honest" may let anybody in, and
# only with the password.
# SPDX-License-Identifier: MIT
import os
import shutil
import signal
import socket
import struct
import sys
import time

PASSWORD = "open-sesame-5"
PLACE = "/run/liar"  # what lies leave there: NAME.SERVICE.done, NAME.SERVICE.id
FIRST_UID = 5001
# Types of messages, kinds of questions, statuses: docs/protocol.md.
ASK, TELL, LOG, RESULT, READY = 16, 17, 18, 19, 21
CURRENT, PERMIT = 1, 7
OK, WRONG_PASSWORD = 1, 2
PACKET_MAX = 16384


# ---- For the suites ----

def install(path):
    """In the place of what is at path, as root's program."""
    os.makedirs(PLACE, exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    shutil.copyfile(__file__, path)
    os.chmod(path, 0o755)
    return path


def example(world, name, service, argument):
    """A shipped example with one more argument on our lines."""
    world.example(name, service)
    with open("/etc/pam.d/" + service, encoding="utf-8") as file:
        lines = file.read()
    world.service(service, lines.replace("only_group=cognito", "only_group=cognito " + argument))


def add_people(names, group="cognito"):
    """Users of these names in that group, without a local password."""
    with open("/etc/passwd", "a", encoding="utf-8") as file:
        for number, name in enumerate(names, FIRST_UID):
            file.write(f"{name}:x:{number}:{number}::/:/bin/sh\n")
    with open("/etc/shadow", "a", encoding="utf-8") as file:
        for name in names:
            file.write(f"{name}:*:19000:0:99999:7:::\n")
    with open("/etc/group", encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open("/etc/group", "w", encoding="utf-8") as file:
        for line in lines:
            if line.startswith(group + ":"):
                line += ("" if line.endswith(":") else ",") + ",".join(names)
            file.write(line + "\n")


def wait_for_mark(name, service, seconds=20):
    end = time.monotonic() + seconds
    while not os.path.exists(f"{PLACE}/{name}.{service}.done"):
        if time.monotonic() > end:
            raise TimeoutError(name)
        time.sleep(0.02)


# ---- The program ----

def text(value):
    return struct.pack("!H", len(value)) + value


def yes(status=OK, note=b""):
    """What follows the head of a RESULT."""
    return struct.pack("!BIII", status, 0, 0, 0) + text(b"") * 2 + text(note) + text(b"")


class Liar:
    def __init__(self):
        self.sock = socket.socket(fileno=3)
        start = self.sock.recv(PACKET_MAX)
        self.id = start[2:18]
        user, rest = self.cut(start[27:])
        service, _ = self.cut(rest)
        self.user = user.decode()
        self.path = f"{PLACE}/{self.user}.{service.decode()}"

    @staticmethod
    def cut(data):
        length, = struct.unpack("!H", data[:2])
        return data[2:2 + length], data[2 + length:]

    def send(self, kind, fields=b"", **head):
        self.sock.send(struct.pack("!BB16s", head.get("version", 1), kind,
                                   head.get("id", self.id)) + fields)

    def ask(self, kind=CURRENT, prompt=b"Password: "):
        self.send(ASK, bytes([kind]) + text(prompt))

    def reply(self):
        """Is the answer the password?"""
        answer = self.sock.recv(PACKET_MAX)
        if not answer:
            sys.exit(0)
        return answer[20:] == PASSWORD.encode()

    def hear(self):
        self.ask()
        return self.reply()

    def mark(self):
        with open(self.path + ".done", "wb"):
            pass

    # One method for each lie.

    def honest(self):
        self.send(RESULT, yes(OK if self.hear() else WRONG_PASSWORD))

    def crash_at_once(self):
        os.kill(os.getpid(), signal.SIGSEGV)

    def crash(self):
        self.hear()
        os.kill(os.getpid(), signal.SIGSEGV)

    def exit_at_once(self):
        pass

    def exit_zero(self):
        self.hear()

    def garbage(self):
        self.hear()
        self.sock.send(b"\xff" * 200)

    def zeros(self):
        self.hear()
        self.sock.send(bytes(60))

    def wrong_id(self):
        self.hear()
        self.send(RESULT, yes(), id=bytes([self.id[0] ^ 1]) + self.id[1:])

    def wrong_last_byte(self):
        self.hear()
        self.send(RESULT, yes(), id=self.id[:-1] + bytes([self.id[-1] ^ 1]))

    def no_id(self):
        self.hear()
        self.send(RESULT, yes(), id=bytes(16))

    def replayed(self):
        """Tells the truth once, and then has the first attempt's verdict ready."""
        path = self.path + ".id"
        right = self.hear()
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(self.id)
            self.send(RESULT, yes(OK if right else WRONG_PASSWORD))
            return
        with open(path, "rb") as file:
            self.send(RESULT, yes(), id=file.read())

    def twice(self):
        self.hear()
        self.send(RESULT, yes())
        self.send(RESULT, yes())

    def yes_then_question(self):
        self.hear()
        self.send(RESULT, yes())
        self.ask()

    def late(self):
        self.hear()
        time.sleep(6)
        self.send(RESULT, yes())

    def unasked(self):
        self.send(RESULT, yes())

    def before_reply(self):
        self.ask()
        self.send(RESULT, yes())
        self.sock.shutdown(socket.SHUT_WR)
        self.mark()
        self.reply()

    def permit_only(self):
        self.ask(PERMIT, b"")
        self.reply()
        self.send(RESULT, yes())

    def ready(self):
        self.hear()
        self.send(READY)
        self.send(RESULT, yes())

    def truncated(self):
        self.hear()
        self.send(RESULT, yes()[:-1])

    def only_status(self):
        self.hear()
        self.send(RESULT, bytes([OK]))

    def only_head(self):
        self.hear()
        self.send(RESULT)

    def trailing(self):
        self.hear()
        self.send(RESULT, yes() + b"\0")

    def oversize(self):
        self.hear()
        self.send(RESULT, yes() + bytes(PACKET_MAX))

    def long_note(self):
        self.hear()
        self.send(RESULT, yes(note=b"x" * 201))

    def nul_in_note(self):
        self.hear()
        self.send(RESULT, yes(note=b"a\0b"))

    def empty_packet(self):
        self.hear()
        self.sock.send(b"")
        self.send(RESULT, yes())

    def version_two(self):
        self.hear()
        self.send(RESULT, yes(), version=2)

    def with_descriptor(self):
        self.hear()
        packet = struct.pack("!BB16s", 1, RESULT, self.id) + yes()
        socket.send_fds(self.sock, [packet], [0])

    def flood_of_questions(self):
        while True:
            self.hear()

    def flood_of_logs(self):
        self.hear()
        while True:
            self.send(LOG, b"\3" + text(b"noise"))

    def flood_of_words(self):
        self.hear()
        while True:
            self.send(TELL, b"\1" + text(b"noise"))

    # Those that take their time.

    def hang(self):
        signal.pause()

    def hang_after_reply(self):
        self.hear()
        signal.pause()

    def stop(self):
        os.kill(os.getpid(), signal.SIGSTOP)

    def stop_after_reply(self):
        self.hear()
        os.kill(os.getpid(), signal.SIGSTOP)

    def yes_and_stay(self):
        self.hear()
        self.send(RESULT, yes())
        signal.pause()

    def dripping(self):
        """Something every 100 ms: the deadline must not move."""
        self.hear()
        while True:
            self.send(LOG, b"\3" + text(b"still here"))
            time.sleep(0.1)

    def permits(self):
        """Questions that nobody is asked: the deadline must not move either."""
        self.hear()
        while True:
            self.ask(PERMIT, b"")
            self.reply()
            time.sleep(0.5)


def main():
    signal.alarm(20)
    liar = Liar()
    try:
        getattr(liar, liar.user.replace("-", "_"))()
    except (BrokenPipeError, ConnectionResetError):
        pass


if __name__ == "__main__":
    main()
