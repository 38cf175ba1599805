# The product's dialogues by pam-cognito, with settings and answers.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess


class Product:
    def __init__(self, build, folder, tap, settings):
        self.program = os.path.join(build, "pam-cognito")
        self.path = os.path.join(folder, "pam_cognito.conf")
        self.tap, self.settings = tap, settings

    def run(self, *words, answers=(), **settings):
        chosen = {**self.settings, **settings}
        with open(self.path, "w", encoding="ascii",
                  opener=lambda at, flags: os.open(at, flags, 0o600)) as file:
            file.writelines(f"{key} = {value}\n" for key, value in chosen.items()
                            if value is not None)
        return subprocess.run([self.program, *words, "--config", self.path], capture_output=True,
                              input="".join(line + "\n" for line in answers), text=True, timeout=60,
                              check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})

    def expect(self, title, status, text, done, *details):
        said = done.stdout + done.stderr
        self.tap.ok(done.returncode == status and re.search(text, said), title, done.returncode,
                    said, *details)
