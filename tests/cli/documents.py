# Help, man page, completions and the words of docs/errors.md say the same as
# the program does.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess

from tool import ToolCase, environment, harness, script


def read(*parts):
    with open(os.path.join(harness.FOLDER, *parts), encoding="utf-8") as file:
        return file.read()


def names(help_text, title):
    """The first words of the lines below a title of --help."""
    part = help_text.split(title + ":\n", 1)[1].split("\n\n")[0]
    return re.findall(r"(?m)^  (?:--)?([a-z-]+)", part)


HELP = script("--help").out
SUBCOMMANDS = names(HELP, "Subcommands")
OPTIONS = {name: set(names(script(name, "--help").out, "Options")) for name in SUBCOMMANDS}
GLOBAL = set(names(HELP, "Options"))
METHODS = re.search(r"prefer ([a-z|]+) \[USER\]\n", script("mfa", "--help").out)[1].split("|")
MAN = read("man", "pam-cognito.1")


def complete(*words):
    """What bash offers after these words."""
    lines = ["source " + os.path.join(harness.FOLDER, "completion", "pam-cognito"),
             "COMP_WORDS=(" + " ".join(f"'{word}'" for word in words) + ")",
             f"COMP_CWORD={len(words) - 1}", "_pam_cognito", 'printf "%s\\n" "${COMPREPLY[@]}"']
    done = subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], capture_output=True,
                          text=True, env=environment(), check=True)
    return set(done.stdout.split())


class TestHelp(ToolCase):
    def test_subcommands(self):
        self.assertEqual(SUBCOMMANDS, [
            "check", "setup", "accounts", "login", "secret-hash", "sign-up", "confirm",
            "resend-code", "forgot-password", "confirm-forgot-password", "change-password",
            "mfa", "explain"])

    def test_every_subcommand_has_help(self):
        for name in SUBCOMMANDS:
            done = script(name, "--help")
            self.assertEqual((done.status, done.err), (0, ""))
            self.assertTrue(done.out.startswith(f"Usage: pam-cognito {name} "), done.out)
            self.assertLessEqual(GLOBAL, OPTIONS[name])


class TestPages(ToolCase):
    def test_commands(self):
        """What README.md and docs/ have one type is what the tool takes."""
        folder = os.path.join(harness.FOLDER, "docs")
        pages = [["README.md"]] + [["docs", name] for name in os.listdir(folder)
                                   if name.endswith(".md")]
        commands = [command for page in pages for command in re.findall(
            r"(?:`|^    (?:[$#] |sudo )?)pam-cognito ([a-z][^`\n]*)", read(*page), re.M)]
        self.assertGreater(len(commands), 60)
        for command in commands:
            name, *words = command.split()
            self.assertIn(name, SUBCOMMANDS, command)
            options = re.findall(r"(?<!\S)--([a-z-]+)", command.split(" -- ")[0].split("#")[0])
            self.assertLessEqual(set(options), OPTIONS[name], command)
            if name == "mfa" and words[:1] in (["enroll"], ["status"]):
                self.assertFalse(set(words) & {*METHODS, "app"}, command)


class TestManPage(ToolCase):
    def test_subcommands(self):
        found = re.findall(r"(?m)^\.It Cm ([a-z-]+)", MAN.split(".Sh SUBCOMMANDS")[1]
                           .split(".Sh ")[0])
        self.assertEqual(sorted(set(found)), sorted(SUBCOMMANDS))

    def test_options(self):
        found = set(re.findall(r"Fl -([a-z-]+)", MAN))
        known = set().union(*OPTIONS.values())
        self.assertEqual(found - known, set())
        self.assertEqual(known - found, set())

    def test_methods(self):
        self.assertIn("totp", METHODS)
        self.assertIn(f"\n.It Cm mfa prefer Cm {'|'.join(METHODS)} Op Ar user\n", MAN)

    def test_exit_codes(self):
        part = MAN.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(re.findall(r"(?m)^\.It (\d)", part), list("0123456"))

    def test_lint(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                               os.path.join(harness.FOLDER, "man", "pam-cognito.1")],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class TestCompletion(ToolCase):
    def test_subcommands(self):
        self.assertEqual(complete("pam-cognito", ""), set(SUBCOMMANDS))
        self.assertEqual(complete("pam-cognito", "conf"), {"confirm", "confirm-forgot-password"})

    def test_options(self):
        for name in SUBCOMMANDS:
            self.assertEqual(complete("pam-cognito", name, "--"),
                             {"--" + option for option in OPTIONS[name]})
        self.assertEqual(complete("pam-cognito", "--"), {"--" + option for option in GLOBAL})

    def test_words(self):
        self.assertEqual(complete("pam-cognito", "mfa", ""), {"enroll", "status", "prefer"})
        self.assertEqual(complete("pam-cognito", "mfa", "prefer", ""), set(METHODS))
        self.assertIn("alice", complete("pam-cognito", "login", "al"))
        self.assertIn("secret_hash", complete("pam-cognito", "explain", "secret"))

    def test_keys(self):
        """--set offers every key of the configuration but the secret itself."""
        table = set(re.findall(r'SETTING\(\w+,\s*"(\w+)"', read("src", "common", "settings.def")))
        found = {word.rstrip("=") for word in complete("pam-cognito", "login", "--set", "")}
        self.assertEqual(found, table - {"client_secret"})

    def test_zsh_has_all_of_it(self):
        text = read("completion", "_pam-cognito")
        for word in [*SUBCOMMANDS, *("--" + o for o in set().union(*OPTIONS.values()))]:
            self.assertIn(word, text)


class TestWords(ToolCase):
    def test_reasons(self):
        """explain says what docs/errors.md says."""
        part = read("docs", "errors.md").split("## Reason words")[1].split("\n## ")[0]
        rows = [line.strip().strip("|").split(" | ") for line in part.splitlines()
                if re.match(r"\| `\w+` \|", line)]
        self.assertGreater(len(rows), 50)
        for row in rows:
            word, means, to_do = plain(row[0]), plain(row[1]), plain(row[-1])
            done = script("explain", word, "--json")
            self.assertEqual(done.status, 0, word)
            self.assertEqual((done.last["meaning"], done.last["fix"]), (means, to_do), word)

    def test_every_status_has_words(self):
        words = re.findall(r'^REASON\(\w+, "(\w+)"', read("src", "common", "reason.def"), re.M)
        self.assertGreater(len(words), 50)
        for word in words:
            self.assertNotIn("does not know", script("explain", word).out)


def plain(text):
    return text.strip(" |").replace("`", "").replace("*", "")


if __name__ == "__main__":
    harness.main()
