# Sessions between the steps of a sign-in: random text that names one client,
# one user and one step, works once and dies of age.
# SPDX-License-Identifier: MIT
import base64
import secrets
from dataclasses import dataclass

from errors import BAD_SESSION, OLD_SESSION, USED_SESSION, not_authorized

KEEP_AFTER = {"CodeMismatchException", "ExpiredCodeException", "InvalidPasswordException",
              "PasswordHistoryPolicyViolationException", "InvalidParameterException",
              "EnableSoftwareTokenMFAException"}


@dataclass
class Attempt:
    """One sign-in under way. user is None for a simulated one."""
    pool: object
    client: object
    typed: str
    user: object = None
    device_key: str = ""
    device_done: bool = False
    mfa_done: bool = False
    custom_round: int | None = None
    custom_wrong: int = 0

    @property
    def canonical(self):
        return self.user.username if self.user else self.typed


@dataclass
class Session:
    attempt: Attempt
    step: str
    expires: float
    data: dict
    used: bool = False


class Sessions:
    def __init__(self):
        self.held = {}
        self.blocks = {}

    def open(self, attempt, step, now, data=None):
        text = "AYABe" + base64.urlsafe_b64encode(secrets.token_bytes(1050)).decode().rstrip("=")
        expires = now + attempt.client.session_minutes * 60
        self.held[text] = Session(attempt, step, expires, data or {})
        return text

    def peek(self, text):
        return self.held.get(text)

    def use(self, text, client, step, username, now):
        """The session, if it may be used for this step by this user now."""
        session = self.held.get(text)
        if session is None or session.attempt.client is not client:
            raise not_authorized(BAD_SESSION)
        if session.used:
            raise not_authorized(USED_SESSION)
        if now >= session.expires:
            raise not_authorized(OLD_SESSION)
        if step not in (session.step, None) or username not in (session.attempt.canonical, None):
            raise not_authorized(BAD_SESSION)
        return session
