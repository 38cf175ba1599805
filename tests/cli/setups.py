# A set-up that is all well, from which each test breaks one thing.
# SPDX-License-Identifier: MIT
import os
import re

from tool import ToolCase, harness, person, script

GOOD_CONTROL = "[success=done user_unknown=ignore module_unknown=ignore default=die]"
LOCAL = "auth required pam_unix.so\n"
ACCOUNT = "account required pam_unix.so\n"
SSHD = {"usepam": "yes", "kbdinteractiveauthentication": "yes", "passwordauthentication": "yes",
        "logingracetime": "120", "permitrootlogin": "without-password",
        "authenticationmethods": "any", "pubkeyauthentication": "yes"}


# A path, a program or the place where app clients are changed.
CURE = re.compile(r"(?m)\betc/|/\w+/|AWS console|^(sudo )?(pam-cognito|systemctl|chmod|chown|"
                  r"curl|openssl|usermod|useradd|userdel|groupadd|timedatectl|make install|"
                  r"rm|sshd|getent) ")
GOOD_END = ("alice can log in if the user pool accepts the password.\n"
            "Try it: pam-cognito login alice\n")
NO_LANDLOCK_ROW = re.compile(r"(?m)^  warn  sandbox .*\n")
NO_LANDLOCK = re.compile(r"warning  sandbox: .*\n +to do: .*\n")


def bad(found):
    """Findings that are no ok; what this machine's kernel lacks is not meant."""
    return [f for f in found if f["level"] != "ok"
            and (f["area"], f["level"]) != ("sandbox", "warn")]


def with_landlock(text):
    """The output of check as it is where the kernel has Landlock."""
    if NO_LANDLOCK_ROW.search(text):
        text = NO_LANDLOCK_ROW.sub("  ok    sandbox    seccomp and Landlock 7 on\n", text)
        return re.sub(r"(?s)(No problems[a-z ]*):\n\(1\).*", r"\1. " + GOOD_END,
                      text.replace(", 1 warning", ""))
    if not NO_LANDLOCK.search(text):
        return text
    text = NO_LANDLOCK.sub("ok       sandbox: system call filter, Landlock version 7\n", text)
    return text.replace("Problems: 0, warnings: 1.",
                        "No fault was found in what was looked at.").replace(
        "warnings: 1.", "warnings: 0.")


def alike(text):
    """In one line, with the names of files that each run makes anew, and no clock's seconds."""
    text = re.sub(r"/tmp/\d+-", "/tmp/", " ".join(text.split()))
    return re.sub(r"\d+ s (behind|ahead)", r"N s \1", text)


class SetupCase(ToolCase):
    """check on a good set-up with some changes."""

    def module_line(self, config, control=GOOD_CONTROL, *arguments, phase="auth"):
        words = [f"config={config}", f"helper={harness.HELPER}", "except_users=admin", *arguments]
        return f"{phase} {control} {harness.MODULE} {' '.join(words)}\n"

    def good_stack(self, config, *arguments):
        return self.module_line(config, GOOD_CONTROL, *arguments) + LOCAL + ACCOUNT

    def pam_dir(self, text, service="sshd", mode=0o644, **others):
        folder = harness.fresh_folder("pam.d")
        harness.write(os.path.join(folder, service), text, mode)
        for name, content in others.items():
            harness.write(os.path.join(folder, name.replace("_", "-")), content, 0o644)
        return folder

    def sshd(self, **changes):
        """A program that prints what sshd -T would."""
        values = {**SSHD, **changes}
        lines = "".join(f"{key} {value}\n" for key, value in values.items() if value is not None)
        path = harness.fresh("sshd")
        harness.write(path, f"#!/bin/sh\ncat <<'END'\n{lines}END\n", 0o755)
        return path

    def etc(self, **files):
        """The accounts of the tests, and what else is given."""
        folder = harness.fresh_folder("etc")
        passwd, group = (harness.write_accounts()["NSS_WRAPPER_" + name]
                         for name in ("PASSWD", "GROUP"))
        for name, text in {"shells": "/bin/sh\n/bin/bash\n", **files}.items():
            harness.write(os.path.join(folder, name), text, 0o644)
        for name, path in (("passwd", passwd), ("group", group)):
            if name not in files:
                os.symlink(path, os.path.join(folder, name))
        return folder

    def machine(self, pam_dir, sshd=None, etc=None, enforce=None, units=(), add=None):
        """The root of one: files of PAM's, sshd or its settings, of /etc, SELinux's mode,
        of systemd's ("" : a link to nothing), and what add(root) makes."""
        root = harness.fresh_folder("root")
        os.symlink(self.etc(**(etc or {})), os.path.join(root, "etc"))
        os.symlink(pam_dir, os.path.join(root, "etc", "pam.d"))
        os.makedirs(os.path.join(root, "usr", "sbin"))
        os.symlink(sshd if isinstance(sshd, str) else self.sshd(**(sshd or {})),
                   os.path.join(root, "usr", "sbin", "sshd"))
        if enforce is not None:
            os.makedirs(os.path.join(root, "sys", "fs", "selinux"))
            harness.write(os.path.join(root, "sys", "fs", "selinux", "enforce"), enforce)
        for name, text in dict(units).items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if text:
                harness.write(path, text, 0o644)
            else:
                os.symlink("/dev/null", path)
        if add:
            add(root)
        return root

    def check_up(self, *more, way=script, env=None, config=None, stack=None, user="alice",
                 options=(), arguments=(), settings=None, client=harness.CLIENT, mode=0o600,
                 pam_dir=None, verbose=True, **machine):
        config = config or harness.write_config(self.settings(client, **(settings or {})), mode)
        if callable(stack):
            stack = stack(self, config)
        folder = pam_dir or self.pam_dir(stack or self.good_stack(config, *arguments))
        return way("check", *(["--verbose"] if verbose else []), *options, *([user] if user else []), *more, env=env,
                   root=self.machine(folder, **machine))

    def check_screen(self, screen, found):
        """The first problem and its cure on 80x24, and the cure is one to type or to open."""
        first = next(f for f in found.objects if f.get("order") == 1)
        lines = screen.out.splitlines()
        self.assertLessEqual(len(lines), 22, screen.out)
        self.assertLessEqual(max(map(len, lines)), 80, screen.out)
        shown = alike(screen.out.replace(" \\\n", " "))
        for part in ["(1) " + first["text"], *first["do"]]:
            self.assertIn(alike(part), shown, screen.out)
        self.assertRegex("\n".join(first["do"]), CURE, first)

    def check_both(self, *words, **more):
        """check --json; where something is wrong, its screen has been judged, too."""
        done = script("check", "--json", *words, **more)
        if any("order" in found for found in done.objects):
            self.check_screen(script("check", *words, **more), done)
        return done

    def findings(self, **changes):
        """(exit status, the findings as objects, the verdict)"""
        done = self.check_up("--json", **changes)
        return done.status, done.findings, done.last


__all__ = ["ACCOUNT", "GOOD_CONTROL", "LOCAL", "SetupCase", "bad", "harness", "person", "script",
           "with_landlock"]
