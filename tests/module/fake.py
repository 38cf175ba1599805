# What a broken or evil helper can do to the host: nothing but a refusal in
# time. The helper is fake_helper.c; user_pool_id=fake:WORD tells it how to
# behave.
# SPDX-License-Identifier: MIT
import os
import shutil
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["TEST_FOLDER"], "tests", "lib"))
import harness  # noqa: E402
from harness import ERR, FAKE, fresh, fresh_folder, run, write  # noqa: E402

EMPTY = harness.write_config("", path=os.path.join(harness.TMP, "empty.conf"))
PASSWORD = "open-sesame"
NETWORK = "PAM_AUTHINFO_UNAVAIL"
MARGIN = 1.5  # seconds for a busy machine


def fake(behaviour, *more, helper=FAKE, answers=(PASSWORD,), timeout=1,
         operations=("authenticate",), **options):
    arguments = [f"config={EMPTY}", f"helper={helper}", f"user_pool_id=fake:{behaviour}",
                 f"timeout={timeout}", *more]
    return run(*operations, arguments=arguments, answers=answers, **options)


class Good(unittest.TestCase):
    """The fake helper lets in who is to be let in, or the rest proves nothing."""

    def test_right_password(self):
        host = fake("good")
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [("off", "Password: ")])
        self.assertEqual(host.shown, [])
        self.assertEqual(host.all("delay"), [])
        self.assertEqual(host.verdict, (5, "alice: accepted: ok service=test"))
        self.assertEqual(host.helpers, [0])

    def test_wrong_password(self):
        host = fake("good", answers=["open-says-me"])
        self.assertEqual(host.code, "PAM_AUTH_ERR")
        self.assertEqual(host.verdict, (5, "alice: refused: wrong_password service=test"))
        self.assertTrue(host.delayed, host.events)

    def test_who_and_where_is_logged(self):
        host = fake("good", service="door", options=["--rhost", "192.0.2.7", "--tty", "pts/9"])
        self.assertEqual(host.verdict, (5, "alice: accepted: ok service=door rhost=192.0.2.7 "
                                           "tty=pts/9"))

    def test_what_stands_in_the_log_cannot_be_forged(self):
        host = fake("good", options=["--rhost", "evil rhost=1 \\x0a\\x1b[2J"])
        self.assertEqual(host.verdict, (5, "alice: accepted: ok service=test "
                                           "rhost=evil?rhost=1???[2J"))

    def test_lines_of_the_helper(self):
        host = fake("good_noisy")
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.logs[:3], [
            (3, "helper: an error"), (4, "helper: a warning"), (5, "helper: a notice")])
        self.assertEqual(len(host.logs), 4)
        self.assertEqual(host.all("info"), ["some information"])
        self.assertEqual(host.all("error"), ["a complaint"])

    def test_debug_shows_details(self):
        host = fake("good_noisy", "debug")
        self.assertIn((7, "helper: a detail"), host.logs)

    def test_no_warn_shows_nothing(self):
        host = fake("good_noisy", "no_warn")
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.shown, [])

    def test_silent_shows_nothing_and_still_asks(self):
        host = fake("good_noisy", options=["--flags", "silent"])
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.shown, [])
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_half_a_second_of_thought(self):
        self.assertEqual(fake("good_slow", timeout=3).code, "PAM_SUCCESS")

    def test_second_question_is_asked_anew(self):
        host = fake("good_twice", answers=[PASSWORD, PASSWORD])
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [("off", "Password: "), ("off", "Again: ")])

    def test_stacked_password_answers_the_first_question_only(self):
        host = fake("good_twice", "use_first_pass", answers=[PASSWORD],
                    before=harness.line("auth", [f"authtok={PASSWORD}"], harness.SET_ITEM))
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [("off", "Again: ")])

    def test_codes_are_asked_for_in_the_open(self):
        host = fake("kinds", answers=["1", "2", "3", "4", "5", "6"])
        self.assertEqual(host.code, "PAM_AUTH_ERR")
        self.assertEqual(host.prompts, [
            ("off", "Password: "), ("off", "Two: "), ("off", "Three: "), ("on", "Four: "),
            ("off", "Five: "), ("on", "Six: ")])

    def test_without_warm_up(self):
        host = fake("good", "warm_up=no")
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertEqual(host.prompts, [("off", "Password: ")])

    def test_without_warm_up_junk_starts_no_helper(self):
        host = fake("good", "warm_up=no", answers=["\b\n\r\177INCORRECT"])
        self.assertEqual((host.code, host.helpers), ("PAM_AUTH_ERR", []))


@harness.cases
class Bad(unittest.TestCase):
    """Never a success, always in time, always a log line, no process left."""

    # behaviour: reason word, how often the person is asked, helpers if not one
    behaviour_rows = {word: (word, *wanted) for word, *wanted in [
        ("quiet_exit", "helper_failed", 0),
        # While somebody types: another one is started, once.
        ("exit_after_ask", "helper_failed", 1, 2),
        ("exit_after_reply", "helper_failed", 1),
        ("crash", "helper_failed", 0),
        ("crash_after_reply", "helper_failed", 1),
        ("killed_after_ask", "helper_failed", 1, 2),
        ("hang", "timeout", 0),
        ("hang_after_reply", "timeout", 1),
        ("stop", "timeout", 0),
        ("stop_after_reply", "timeout", 1),
        ("verdict_unasked", "helper_failed", 0),
        ("wrong_id", "helper_failed", 1),
        ("wrong_id_end", "helper_failed", 1),
        ("wrong_id_ask", "helper_failed", 0),
        ("wrong_version", "helper_failed", 1),
        ("truncated", "helper_failed", 1),
        ("only_header", "helper_failed", 1),
        ("only_status", "helper_failed", 1),
        ("half_header", "helper_failed", 1),
        ("empty_packet", "helper_failed", 1),
        ("oversize", "helper_failed", 1),
        ("trailing", "helper_failed", 1),
        ("type_unknown", "helper_failed", 1),
        ("type_start", "helper_failed", 1),
        ("type_reply", "helper_failed", 1),
        ("type_block", "helper_failed", 1),
        ("two_results", "helper_failed", 1),
        ("result_then_ask", "helper_failed", 1),
        ("result_kept_open", "timeout", 1),
        ("late", "timeout", 1),
        ("status_past_end", "helper_failed", 1),
        ("status_255", "helper_failed", 1),
        ("flood_ask", "helper_failed", 64),
        ("flood_log", "helper_failed", 0),
        ("flood_tell", "helper_failed", 0),
        ("drip_log", "timeout", 1),
        ("drip_permit", "timeout", 1),
        ("nul_in_prompt", "helper_failed", 0),
        ("nul_in_result", "helper_failed", 1),
        ("long_note", "helper_failed", 1),
        ("length_past_end", "helper_failed", 0),
        ("kind_zero", "helper_failed", 0),
        ("kind_nine", "helper_failed", 0),
        ("permit_only", "helper_failed", 0),
        ("ready_for_nothing", "helper_failed", 1),
        ("change_ready_unproved", "helper_failed", 0),
        ("long_prompt", "helper_failed", 0),
        ("level_unknown", "helper_failed", 0),
        ("style_unknown", "helper_failed", 0),
        ("send_descriptor", "helper_failed", 1),
        ("deaf", "helper_failed", 1),
    ]}

    def check_behaviour(self, behaviour, reason, asked, helpers=1):
        begin = time.monotonic()
        host = fake(behaviour, answers=[PASSWORD] * 70)
        self.assertLess(time.monotonic() - begin, 1 + MARGIN)
        self.assertEqual(host.code, NETWORK)
        self.assertEqual(host.verdict[0], ERR)
        self.assertEqual(host.reason, reason)
        self.assertEqual(len(host.prompts), asked)
        self.assertTrue(host.delayed, host.events)
        self.assertEqual(host.pair("sigchld"), (0, 0))
        self.assertEqual(host.all("host"), ["unchanged"])
        self.assertEqual(*host.pair("fds"))
        # The answer may have been on its way already.
        self.assertIn(len(host.helpers), (1, helpers))
        if reason == "helper_failed":
            self.assertRegex(host.verdict[1], "helper_failed service=test: the helper ")

    def test_deadline_is_kept_from_the_answer_on(self):
        for behaviour in ("hang_after_reply", "drip_log", "stop_after_reply"):
            host = fake(behaviour)
            self.assertGreater(host.since("prompt"), 0.9)
            self.assertLess(host.since("prompt"), 1 + MARGIN)

    def test_thinking_costs_nothing_of_the_deadline(self):
        confdir = harness.write_service([f"config={EMPTY}", f"helper={FAKE}",
                                         "user_pool_id=fake:good", "timeout=1"])
        host = harness.Host(["authenticate"], confdir)
        host.until("prompt")
        time.sleep(1.3)
        host.say(PASSWORD)
        self.assertEqual(host.finish().code, "PAM_SUCCESS")

    def test_ended_while_somebody_typed(self):
        """Another one is started with the answer in hand; nobody is asked again."""
        for answer, code in ((PASSWORD, "PAM_SUCCESS"), ("wrong", "PAM_AUTH_ERR")):
            confdir = harness.write_service([f"config={EMPTY}", f"helper={FAKE}",
                                             "user_pool_id=fake:good"])
            host = harness.Host(["authenticate"], confdir)
            host.until("prompt")
            helper, = harness.helpers()
            os.kill(helper, signal.SIGKILL)
            harness.wait_until(lambda pid=helper: harness.stat_of(pid)[1] == "Z")
            host.say(answer)
            host.finish()
            self.assertEqual((host.code, len(host.prompts), len(host.helpers)), (code, 1, 2))
            self.assertEqual(host.logs[0], (4, "helper: it is started once more: it ended while "
                                               "somebody typed"))
            self.assertEqual(*host.pair("fds"))

    def test_ended_at_a_later_question(self):
        """Its first answer may have been sent: nothing is done twice."""
        confdir = harness.write_service([f"config={EMPTY}", f"helper={FAKE}",
                                         "user_pool_id=fake:good_twice"])
        host = harness.Host(["authenticate"], confdir)
        host.until("prompt")
        host.say(PASSWORD)
        host.until("prompt")
        helper, = harness.helpers()
        os.kill(helper, signal.SIGKILL)
        harness.wait_until(lambda: harness.stat_of(helper)[1] == "Z")
        host.say(PASSWORD)
        host.finish()
        self.assertEqual((host.code, host.reason, len(host.helpers)),
                         (NETWORK, "helper_failed", 1))
        self.assertIn("the helper ended without a result", host.verdict[1])

    def test_verdict_before_the_answer(self):
        confdir = harness.write_service([f"config={EMPTY}", f"helper={FAKE}",
                                         "user_pool_id=fake:verdict_before_reply"])
        host = harness.Host(["authenticate"], confdir)
        host.until("prompt")
        # It has said what it had to say when it stands.
        helper, = harness.helpers()
        harness.wait_until(lambda: harness.stat_of(helper)[1] == "T")
        host.say(PASSWORD)
        os.kill(helper, signal.SIGCONT)
        host.finish()
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))

    def test_verdict_before_the_request(self):
        early = fresh("fake_helper-early")
        shutil.copy(FAKE, early)
        os.chmod(early, 0o755)
        host = fake("hang", helper=early)
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertEqual(host.prompts, [])

    def test_words_of_the_helper_do_not_choose_the_user(self):
        host = fake("wrong_user", answers=["wrong"])
        self.assertEqual(host.code, "PAM_AUTH_ERR")
        host = fake("wrong_user", user="root")
        self.assertEqual((host.code, host.helpers), ("PAM_USER_UNKNOWN", []))

    def test_terminal_and_log_stay_clean(self):
        # ESC ] 0;owned BEL ESC [2J CR LF %n %s U+009B U+202E moc DEL
        clean = "?]0;owned??[2J??%n%s??moc?"
        host = fake("escapes", answers=["x"])
        self.assertEqual(host.code, "PAM_AUTH_ERR")
        self.assertEqual(host.all("info"), [clean])
        self.assertEqual(host.prompts, [("on", clean)])
        self.assertEqual(host.all("error"), [clean])
        self.assertEqual(host.logs[0], (5, "helper: " + clean))
        self.assertTrue(host.verdict[1].endswith(": " + clean), host.verdict)

    def test_conversation_error_ends_it(self):
        host = fake("good", answers=["!error"])
        self.assertEqual((host.code, host.reason), ("PAM_CONV_ERR", "cancelled"))
        # At its second question: many hosts can ask no other.
        host = fake("good_twice", answers=[PASSWORD, "!error"])
        self.assertEqual((host.code, host.reason), ("PAM_CONV_ERR", "no_dialogue"))

    def test_no_answer_at_all(self):
        host = fake("good", answers=["!null"])
        self.assertEqual((host.code, host.reason), ("PAM_CONV_ERR", "cancelled"))

    def test_result_of_one_attempt_does_not_serve_the_next(self):
        # libpam forgets the password between the calls of an application.
        host = fake("good", operations=("authenticate", "authenticate"), answers=[PASSWORD, "x"])
        self.assertEqual([code for _, code in host.returns], ["PAM_SUCCESS", "PAM_AUTH_ERR"])

    def test_user_changed_during_the_question(self):
        host = fake("good", answers=[f"!user bob {PASSWORD}"])
        self.assertEqual((host.code, host.reason), ("PAM_PERM_DENIED", "identity_mismatch"))
        self.assertIn("PAM_USER changed", host.verdict[1])

    def test_user_changed_before_is_whom_it_is_about(self):
        host = fake("launch", before=harness.line("auth", ["user=bob"], harness.SET_ITEM))
        self.assertEqual(host.code, "PAM_SUCCESS")
        self.assertIn((5, "helper: user bob"), host.logs)
        self.assertTrue(host.verdict[1].startswith("bob: accepted"), host.verdict)


@harness.cases
class Change(unittest.TestCase):
    """A new password is one only after the old one, the word to go on and the new one."""
    NEW = "New-Password-1"

    def test_helper_outlives_a_copy_of_the_host(self):
        """Proved, and then another module refuses: the helper waits until the handle ends."""
        arguments = [f"config={EMPTY}", f"helper={FAKE}", "user_pool_id=fake:change", "timeout=5"]
        folder = harness.write_service(arguments)
        write(os.path.join(folder, "test"), harness.line("password", arguments)
              + "password requisite pam_deny.so\n", 0o644)
        host = harness.Host(["chauthtok", "copy"], folder)
        host.say(PASSWORD)
        host.until("copied")
        time.sleep(0.3)
        waiting = [pid for pid in harness.helpers() if harness.stat_of(pid)[1] != "Z"]
        host.say("")
        host.finish()
        self.assertIn(": proved: ok ", host.logs[0][1])
        self.assertEqual(len(waiting), 1)

    def change(self, behaviour, answers, *more):
        return fake(behaviour, *more, operations=["chauthtok"], answers=answers)

    def test_good(self):
        host = self.change("change", [PASSWORD, self.NEW, self.NEW])
        self.assertEqual(host.code, "PAM_SUCCESS", host.events)
        self.assertEqual([kind for kind, _ in host.prompts], ["off"] * 3)

    def test_old_password_wrong(self):
        host = self.change("change", ["wrong"])
        self.assertEqual(host.code, "PAM_AUTHTOK_RECOVERY_ERR", host.events)
        self.assertEqual(len(host.prompts), 1)

    # behaviour: code, questions
    evil_rows = {word: (word, code, asked) for word, code, asked in [
        ("good", "PAM_TRY_AGAIN", 1),
        ("change_done_at_once", "PAM_TRY_AGAIN", 1),
        ("change_ready_unproved", "PAM_TRY_AGAIN", 0),
        ("quiet_exit", "PAM_TRY_AGAIN", 0),
        ("crash_after_reply", "PAM_TRY_AGAIN", 1),
        ("hang_after_reply", "PAM_TRY_AGAIN", 1),
        ("change_to_nothing", "PAM_AUTHTOK_ERR", 1),
        ("change_ready_twice", "PAM_AUTHTOK_ERR", 1),
        ("change_hang", "PAM_AUTHTOK_ERR", 1),
        ("change_gone", "PAM_AUTHTOK_ERR", 1)]}

    def check_evil(self, behaviour, code, asked):
        begin = time.monotonic()
        host = self.change(behaviour, [PASSWORD] * 5)
        self.assertLess(time.monotonic() - begin, 1 + MARGIN)
        self.assertEqual((host.code, len(host.prompts)), (code, asked), host.events)
        self.assertEqual(len(host.helpers), 1)
        self.assertEqual(*host.pair("fds"))
        self.assertEqual(host.pair("sigchld"), (0, 0))

    def test_password_must_be_changed(self):
        host = fake("good_must_change", operations=("authenticate", "acct_mgmt"))
        self.assertEqual([code for _, code in host.returns],
                         ["PAM_SUCCESS", "PAM_NEW_AUTHTOK_REQD"])
        host = fake("good_must_change", operations=("authenticate", "acct_mgmt"),
                    answers=["wrong"])
        self.assertEqual([code for _, code in host.returns][0], "PAM_AUTH_ERR")
        self.assertNotEqual([code for _, code in host.returns][1], "PAM_NEW_AUTHTOK_REQD")

    def test_word_of_one_sign_in_does_not_outlive_it(self):
        host = fake("good_must_change", "try_first_pass=no",
                    operations=("authenticate", "authenticate", "acct_mgmt"),
                    answers=[PASSWORD, "wrong"])
        self.assertNotIn("PAM_NEW_AUTHTOK_REQD", [code for _, code in host.returns])
        host = fake("good_must_change", operations=("authenticate", "user=bob", "acct_mgmt"))
        self.assertNotIn("PAM_NEW_AUTHTOK_REQD", [code for _, code in host.returns])

    def test_host_gone_between_the_passes(self):
        """pam_end ends a helper that waits for its word."""
        host = self.change("change_gone", [PASSWORD])
        self.assertNotEqual(host.code, "PAM_SUCCESS")


class Program(unittest.TestCase):
    """
    The helper is root's or ours, in folders that nobody else can write to; what may be wrong
    with it, tests/unit/file-t.c has.
    """

    def in_folder(self, mode=0o755):
        path = os.path.join(fresh_folder("libexec"), "helper")
        shutil.copy(FAKE, path)
        os.chmod(path, mode)
        return path

    def refused(self, helper, words):
        host = fake("good", helper=helper)
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertEqual(host.prompts, [])
        self.assertEqual(host.helpers, [])
        level, text = host.logs[0]
        self.assertEqual(level, ERR)
        self.assertTrue(text.startswith("helper: "), text)
        self.assertIn(words, text)
        self.assertIn(helper, text)

    def test_this_test_would_work(self):
        self.assertEqual(fake("good", helper=self.in_folder()).code, "PAM_SUCCESS")

    def absent(self, helper, folder):
        """What there is is named, and nothing else."""
        host = fake("good", helper=helper)
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertEqual(host.logs[0][1], f"helper: {folder}: No such file or directory in this "
                                          "folder")

    def test_missing(self):
        path = fresh("no_helper")
        self.absent(path, os.path.dirname(path))

    def test_writable(self):
        self.refused(self.in_folder(0o757), "must not be writable by group or others")

    def test_folder_above_writable(self):
        above = fresh_folder("above")
        os.mkdir(os.path.join(above, "libexec"), 0o755)
        helper = os.path.join(above, "libexec", "helper")
        shutil.copy(FAKE, helper)
        os.chmod(helper, 0o755)
        self.assertEqual(fake("good", helper=helper).code, "PAM_SUCCESS")
        os.chmod(above, 0o777)
        host = fake("good", helper=helper)
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertIn(above + ": folder must belong to root", host.logs[0][1])

    def test_not_a_program(self):
        host = fake("good", helper=write(fresh("text"), "no program", 0o755))
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertEqual(host.prompts, [])

    def test_relative_path_is_a_fault_of_the_configuration(self):
        host = fake("good", helper="libexec/helper")
        self.assertEqual((host.code, host.reason), ("PAM_SERVICE_ERR", "configuration"))
        self.assertIn("helper (module argument): expected an absolute path", host.logs[0][1])

    def test_somebody_elses_helper(self):
        # Root's programs are trusted; the system has plenty that no helper are.
        host = fake("good", helper="/bin/true")
        self.assertEqual((host.code, host.reason), (NETWORK, "helper_failed"))
        self.assertEqual(len(host.logs), 1)


if __name__ == "__main__":
    harness.main()
