# What may not leave the machine, and its replacement: the caller's credentials, what was
# made for the run, and whatever looks like an account's number, an address or a token.
# SPDX-License-Identifier: MIT
import re

PATTERNS = (
    # As throwaway.new_password() makes them.
    (r"Aa1![A-Za-z0-9]{16}", "<password>"),
    (r"arn:aws[\w-]*:[^\s\"]+", "<arn>"),
    (r"otpauth://\S+", "<key of an app>"),
    (r"\bKey [A-Za-z2-7]{4}(?: [A-Za-z2-7]{1,4})+", "Key <key of an app>"),
    (r"\beyJ[\w-]+\.[\w.-]+", "<token>"),
    (r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{8,}", "<key>"),
    (r"[\w.+*-]+@[\w*-]+(?:\.[\w*-]+)*", "<mail>"),
    (r"\b[a-z]{2,4}(?:-[a-z]+)+-\d_[0-9A-Za-z]+", "<pool>"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "<address>"),
    (r"\b(?=[0-9a-f:]*::?[0-9a-f:]*)(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b", "<address>"),
    (r"(?<!\d)\d{12}(?!\d)", "<account>"),
)


class Veil:
    def __init__(self):
        self.words = {}

    def add(self, word, name):
        if word:
            self.words[word] = f"<{name}>"

    def clean(self, text):
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(word, self.words[word])
        for pattern, name in PATTERNS:
            text = re.sub(pattern, name, text)
        return text

    def clean_all(self, value):
        """The same of every text in an object for JSON, the names in it too."""
        if isinstance(value, dict):
            return {self.clean(str(key)): self.clean_all(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean_all(item) for item in value]
        return self.clean(value) if isinstance(value, str) else value
