# The terminal: what is secret is not shown, signals leave it as it was, colours
# stand on a terminal only, and the questions go where a person sees them.
# SPDX-License-Identifier: MIT
import os
import signal
import termios

from setups import SetupCase, harness, person, script
from tool import Person, at_a_terminal, command, environment

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
        somebody.wait_for(r"Verification code \(SMS .*: $")
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
        somebody.type("\x04", "")  # Ctrl-D
        self.assertEqual(somebody.finish().status, 5)

    def test_erasing(self):
        somebody = self.start("login", "alice")
        somebody.type("nonsense\x15", "")  # Ctrl-U
        somebody.type(ALICE)
        self.assertEqual(somebody.finish().status, 0)


class Job(at_a_terminal.Person):
    def __init__(self, *words, ignored=()):
        super().__init__(*words, env=environment(), ignored=ignored)

    @property
    def settings(self):
        return termios.tcgetattr(self.fd)

    def hang_up(self):
        self.left = self.settings
        super().hang_up()


def fresh_settings():
    """Of a terminal that nobody has used."""
    job = Job("true")
    job.finish()
    return job.left


class TestSignals(SetupCase):
    def start(self, *words, **more):
        job = Job(*(words or command("--config", self.config(), "login", "alice")), **more)
        self.addCleanup(job.give_up)
        return job

    def asked(self, **more):
        job = self.start(**more)
        job.wait_for("Password: ")
        self.assertFalse(job.echoes)
        return job

    def ended(self, job, status):
        self.assertEqual(job.finish(), status)
        self.assertEqual(job.left, fresh_settings())

    def interrupt(self, number, press=None):
        job = self.asked()
        if press:
            job.type(press, "")
        else:
            os.kill(job.pid, number)
        self.ended(job, -number)

    def test_control_c(self):
        self.interrupt(signal.SIGINT, "\x03")

    def test_control_backslash(self):
        self.interrupt(signal.SIGQUIT, "\x1c")

    def test_term(self):
        self.interrupt(signal.SIGTERM)

    def test_hangup(self):
        self.interrupt(signal.SIGHUP)

    def test_control_c_in_the_middle_of_a_password(self):
        self.interrupt(signal.SIGINT, "half of it\x03")

    def test_stop_and_go_on(self):
        """Ctrl-Z gives the terminal back to the shell; fg asks again, hidden."""
        job = self.start("sh", "-i")
        job.type(" ".join(command("--config", self.config(), "login", "alice")))
        job.wait_for("Password: ")
        self.assertFalse(job.echoes)
        job.type("\x1a", "")
        job.wait_for("Stopped")
        self.assertEqual(job.settings, fresh_settings())
        job.type("fg")
        job.wait_for("Password: ")
        self.assertFalse(job.echoes)
        job.type(ALICE)
        job.wait_for("accepted")
        job.type("exit 0")
        self.ended(job, 0)
        self.assertNotIn(ALICE, job.screen)

    def test_between_questions(self):
        """Ctrl-C while the network is awaited."""
        self.pool.fault("hang", match={"operation": "InitiateAuth"})
        job = self.asked()
        job.type(ALICE)
        harness.wait_until(lambda: self.tries() == 1)
        job.type("\x03", "")
        self.ended(job, -signal.SIGINT)

    def test_ignored_signals_stay_ignored(self):
        """Under nohup a hang-up changes nothing."""
        job = self.asked(ignored=[signal.SIGHUP])
        os.kill(job.pid, signal.SIGHUP)
        self.assertFalse(job.echoes)
        job.type(ALICE)
        job.wait_for("accepted")
        self.ended(job, 0)


class TestColours(SetupCase):
    def screen(self, **env):
        return self.check_up(way=person, sshd={"usepam": "no"}, env=env, verbose=False).out

    def test_terminal(self):
        text = self.screen(TERM="xterm")
        self.assertIn("\033[1;31mFAIL\033[0m  sshd", text)
        self.assertIn("\033[32mok  \033[0m  PAM", text)

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
        job = Job("sh", "-c", f'exec "$@" > {path} 2> /dev/null', "sh",
                  *command("--config", self.config(), "login", "alice"))
        job.wait_for("Password: $")
        job.type(ALICE)
        self.assertEqual(job.finish(), 0)
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
