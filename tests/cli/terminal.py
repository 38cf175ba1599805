# The terminal: what is secret is not shown, signals leave it as it was, colours
# stand on a terminal only, and the questions go where a person sees them.
# SPDX-License-Identifier: MIT
import fcntl
import os
import pty
import signal
import subprocess
import termios
import time

from setups import SetupCase, harness, person, script
from tool import Person, command, environment

ALICE = "Correct-Horse-9"
ESCAPE = "\033"


class TestSecrets(SetupCase):
    def start(self, *words):
        somebody = Person("--config", self.config(), *words)
        somebody.wait_for(r"[Pp]assword: $")
        return somebody

    def test_hidden(self):
        somebody = self.start("login", "alice")
        self.assertFalse(somebody.echoes)
        somebody.type(ALICE)
        done = somebody.finish()
        self.assertEqual(done.status, 0)
        self.assertNotIn(ALICE, done.text)

    def test_the_line_ends(self):
        """The Enter behind a hidden answer is shown."""
        somebody = self.start("login", "alice")
        somebody.type(ALICE)
        self.assertRegex(somebody.finish().out, r"Password: \n")

    def test_codes_are_shown(self):
        somebody = self.start("login", "heidi")
        somebody.type("Heidi-Alps-88")
        somebody.wait_for(r"Code sent by SMS .*: $")
        self.assertTrue(somebody.echoes)
        code = self.pool.last_code("heidi")
        somebody.type(code)
        self.assertIn(code, somebody.finish().out)

    def test_new_password_twice(self):
        somebody = self.start("sign-up", "newbie")
        self.assertFalse(somebody.echoes)
        somebody.type("Fresh-Paint-12")
        somebody.wait_for("Retype new password: $")
        self.assertFalse(somebody.echoes)
        somebody.type("Fresh-Paint-12")
        self.assertEqual(somebody.finish().status, 0)

    def test_end_of_input(self):
        somebody = self.start("login", "alice")
        somebody.press(b"\x04")  # Ctrl-D
        self.assertEqual(somebody.finish().status, 5)

    def test_erasing(self):
        somebody = self.start("login", "alice")
        somebody.press(b"nonsense\x15")  # Ctrl-U
        somebody.type(ALICE)
        self.assertEqual(somebody.finish().status, 0)


class Shell:
    """A job of a session of its own, on a terminal that stays when it ends."""

    def __init__(self, *words, ignored=(), program=None):
        self.ignored = ignored
        self.controller, self.terminal = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        self.screen = b""
        self.process = subprocess.Popen(
            program or command(*words), stdin=self.terminal, stdout=self.terminal,
            stderr=self.terminal, env=environment(), preexec_fn=self.own_session)
        os.set_blocking(self.controller, False)

    def own_session(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # Those in the background of a script start with some ignored.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number in self.ignored else signal.SIG_DFL)

    def wait_for(self, text, times=1):
        end = time.monotonic() + 30
        while self.screen.count(text) < times:
            if time.monotonic() > end:
                raise AssertionError(f"no {text!r} in {self.screen!r}")
            try:
                self.screen += os.read(self.controller, 65536)
            except BlockingIOError:
                time.sleep(0.005)

    def echo(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.controller)
        os.close(self.terminal)


class TestSignals(SetupCase):
    def interrupt(self, number, press=None):
        shell = Shell("--config", self.config(), "login", "alice")
        try:
            shell.wait_for(b"Password: ")
            self.assertFalse(shell.echo())
            if press:
                os.write(shell.controller, press)
            else:
                os.kill(shell.process.pid, number)
            self.assertEqual(shell.process.wait(30), -number)
            self.assertEqual(termios.tcgetattr(shell.terminal), shell.before)
        finally:
            shell.close()

    def test_control_c(self):
        self.interrupt(signal.SIGINT, b"\x03")

    def test_control_backslash(self):
        self.interrupt(signal.SIGQUIT, b"\x1c")

    def test_term(self):
        self.interrupt(signal.SIGTERM)

    def test_hangup(self):
        self.interrupt(signal.SIGHUP)

    def test_control_c_in_the_middle_of_a_password(self):
        self.interrupt(signal.SIGINT, b"half of it\x03")

    def test_stop_and_go_on(self):
        """Ctrl-Z gives the terminal back to the shell; fg asks again, hidden."""
        words = command("--config", self.config(), "login", "alice")
        shell = Shell(program=["sh", "-i"])
        try:
            os.write(shell.controller, " ".join(words).encode() + b"\n")
            shell.wait_for(b"Password: ")
            self.assertFalse(shell.echo())
            os.write(shell.controller, b"\x1a")
            shell.wait_for(b"Stopped")
            self.assertEqual(termios.tcgetattr(shell.terminal), shell.before)
            os.write(shell.controller, b"fg\n")
            shell.wait_for(b"Password: ", 2)
            self.assertFalse(shell.echo())
            os.write(shell.controller, ALICE.encode() + b"\n")
            shell.wait_for(b"accepted")
            os.write(shell.controller, b"exit 0\n")
            self.assertEqual(shell.process.wait(30), 0)
            self.assertNotIn(ALICE.encode(), shell.screen)
            self.assertEqual(termios.tcgetattr(shell.terminal), shell.before)
        finally:
            shell.close()

    def test_between_questions(self):
        """Ctrl-C while the network is awaited."""
        self.pool.fault("hang", match={"operation": "InitiateAuth"})
        shell = Shell("--config", self.config(), "login", "alice")
        try:
            shell.wait_for(b"Password: ")
            os.write(shell.controller, ALICE.encode() + b"\n")
            harness.wait_until(lambda: self.tries() == 1)
            os.write(shell.controller, b"\x03")
            self.assertEqual(shell.process.wait(30), -signal.SIGINT)
            self.assertEqual(termios.tcgetattr(shell.terminal), shell.before)
        finally:
            shell.close()

    def test_ignored_signals_stay_ignored(self):
        """Under nohup a hang-up changes nothing."""
        shell = Shell("--config", self.config(), "login", "alice", ignored=[signal.SIGHUP])
        try:
            shell.wait_for(b"Password: ")
            os.kill(shell.process.pid, signal.SIGHUP)
            self.assertFalse(shell.echo())
            os.write(shell.controller, ALICE.encode() + b"\n")
            shell.wait_for(b"accepted")
            self.assertEqual(shell.process.wait(30), 0)
        finally:
            shell.close()


class TestColours(SetupCase):
    def screen(self, **env):
        return self.check_up(way=person, sshd={"usepam": "no"}, env=env).out

    def test_terminal(self):
        text = self.screen(TERM="xterm")
        self.assertIn("\033[31mproblem \033[0m", text)
        self.assertIn("\033[32mok      \033[0m", text)

    def test_no_color(self):
        self.assertNotIn(ESCAPE, self.screen(TERM="xterm", NO_COLOR="1"))

    def test_empty_no_color(self):
        self.assertIn(ESCAPE, self.screen(TERM="xterm", NO_COLOR=""))

    def test_dumb_terminal(self):
        self.assertNotIn(ESCAPE, self.screen(TERM="dumb"))

    def test_pipe(self):
        self.assertNotIn(ESCAPE, self.check_up(env={"TERM": "xterm"}).text)

    def test_json(self):
        self.assertNotIn(ESCAPE, self.check_up("--json", way=person, env={"TERM": "xterm"}).out)


class TestStreams(SetupCase):
    def test_questions_are_no_output(self):
        done = script("--config", self.config(), "login", "alice", answers=[ALICE])
        self.assertNotIn("Password", done.out)
        self.assertEqual(done.err, "Password: \n")

    def test_terminal_for_questions_when_output_is_a_file(self):
        path = harness.fresh("out")
        controller, terminal = pty.openpty()
        with open(path, "wb") as out:
            def own_session():
                os.setsid()
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

            process = subprocess.Popen(
                command("--config", self.config(), "login", "alice"), stdin=terminal, stdout=out,
                stderr=subprocess.DEVNULL, env=environment(), preexec_fn=own_session)
        screen = b""
        while not screen.endswith(b"Password: "):
            screen += os.read(controller, 4096)
        os.write(controller, ALICE.encode() + b"\n")
        self.assertEqual(process.wait(30), 0)
        os.close(controller)
        os.close(terminal)
        with open(path, encoding="utf-8") as file:
            self.assertIn("accepted", file.read())

    def test_windows_lines(self):
        done = script("--config", self.config(), "login", "alice", answers=[ALICE + "\r"])
        self.assertEqual(done.status, 0, done.text)

    def test_text_of_the_pool_cannot_steer_the_terminal(self):
        self.pool.fault("error", match={"operation": "InitiateAuth"}, code="Strange",
                        message="\033]0;owned\007\u202eevil")
        done = script("--config", self.config(), "login", "alice", answers=[ALICE])
        for character in ("\033", "\007", "\u202e"):
            self.assertNotIn(character, done.text)


if __name__ == "__main__":
    harness.main()
