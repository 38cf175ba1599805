# A person at a terminal: starts a program on a pseudo-terminal, waits for what
# it asks, and types. Never types before being asked.
# SPDX-License-Identifier: MIT
import codecs
import contextlib
import fcntl
import os
import pty
import pwd
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 30
PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TERM": "dumb"}


class Surprise(Exception):
    """The program did not do what was waited for."""


def become(name):
    account = pwd.getpwnam(name)
    os.initgroups(name, account.pw_gid)
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    os.chdir(account.pw_dir)


class Person:
    def __init__(self, *words, user=None, env=None, ignored=(), size=None):
        """ignored: signals that the program starts with ignored. size: columns, lines."""
        self.words = words
        self.size = size
        self.ignored = ignored
        self.screen = ""
        self.rest = ""  # a carriage return whose line feed is to come
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.seen = 0  # how much of the screen was waited for already
        self.found = ""
        self.status = None
        environment = {**PLAIN, **(env or {})}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.be_child(words, user, environment)

    def be_child(self, words, user, environment):
        try:
            for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP,
                           signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_IGN if number in self.ignored else signal.SIG_DFL)
            if self.size:
                columns, lines = self.size
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
            if user:
                become(user)
            os.execvpe(words[0], words, environment)
        except BaseException as error:  # nothing may return from the copy
            sys.stderr.write(f"{words[0]}: {error}\n")
            sys.stderr.flush()
        os._exit(126)

    def is_running(self):
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # its status was taken already
            return False

    def read(self, seconds):
        """More of the screen; False when there is no more."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the terminal open
            data = b""
            # util-linux's login hangs it up and opens it anew.
            if self.is_running():
                time.sleep(0.01)
                return True
        # Neither a character nor the end of a line is cut where a read ends.
        text = self.rest + self.decoder.decode(data, final=not data)
        self.rest = "\r" if data and text.endswith("\r") else ""
        self.screen += text[:len(text) - len(self.rest)].replace("\r\n", "\n")
        return bool(data)

    def ask(self, pattern, seconds=PATIENCE):
        """Waits for the pattern; False when the program ends instead."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.screen[self.seen:])
            if found:
                self.found = found.group(0)
                self.seen += found.end()
                return True
            left = end - time.monotonic()
            if left <= 0:
                self.give_up()
                raise Surprise(f"{self.words[0]}: waited {seconds} s for {pattern!r}, "
                               f"screen: {self.screen!r}")
            if not self.read(left):
                return False

    def last_line(self):
        return self.screen[:self.seen].rpartition("\n")[2]

    def wait_for(self, pattern, seconds=PATIENCE):
        if not self.ask(pattern, seconds):
            self.finish()
            raise Surprise(f"{self.words[0]}: ended with {self.status} before "
                           f"{pattern!r}, screen: {self.screen!r}")
        return self.found

    def type(self, text, enter="\n"):
        os.write(self.fd, (text + enter).encode())

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def finish(self, seconds=PATIENCE, again=""):
        """
        Waits until the program is gone; its exit status. again is a key that is
        pressed once more every second: ssh misses a Ctrl-C that comes between
        its prompt and its read().
        """
        end = time.monotonic() + seconds
        press = time.monotonic() + 1
        while self.status is None:
            more = self.read(0.1)
            if again and more and time.monotonic() > press:
                press += 1
                with contextlib.suppress(OSError):  # gone meanwhile
                    self.type(again, "")
            pid, status = os.waitpid(self.pid, os.WNOHANG if more else 0)
            if pid:
                while self.read(0) and select.select([self.fd], [], [], 0)[0]:
                    pass
                self.status = os.waitstatus_to_exitcode(status)
                self.hang_up()
            elif time.monotonic() > end:
                self.give_up()
                raise Surprise(f"{self.words[0]}: not gone after {seconds} s, "
                               f"screen: {self.screen!r}")
        return self.status

    def give_up(self):
        """Ends the program and whatever it started on this terminal."""
        if self.status is not None:
            return
        os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        self.hang_up()

    def hang_up(self):
        os.close(self.fd)
