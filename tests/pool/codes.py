# Codes that the service sends: made, remembered with their age and tries,
# "delivered" into an outbox that tests and the demo can read.
# SPDX-License-Identifier: MIT
import secrets
from dataclasses import dataclass

from errors import ServiceError, code_mismatch, expired_code


@dataclass(frozen=True)
class Factor:
    """A challenge that is answered by a code which the service sent."""
    medium: str
    text: str
    preference: str = ""    # where SetUserMFAPreference has it; "": no second factor

    @property
    def attribute(self):
        return "email" if self.medium == "EMAIL" else "phone_number"


FACTORS = {
    "SMS_MFA": Factor("SMS", "Your authentication code is {code}.", "SMSMfaSettings"),
    "EMAIL_OTP": Factor("EMAIL", "Your sign-in code is {code}.", "EmailMfaSettings"),
    "SMS_OTP": Factor("SMS", "Your sign-in code is {code}."),
}
TEXTS = {"SignUp": "Your confirmation code is {code}.",
         "ForgotPassword": "Your password reset code is {code}.",
         **{name: factor.text for name, factor in FACTORS.items()}}


@dataclass
class Code:
    text: str
    expires: float
    wrong: int = 0


def mask_email(address):
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def mask_phone(number):
    return "+" + "*" * max(len(number) - 5, 0) + number[-4:]


def random_code(digits):
    return "".join(secrets.choice("0123456789") for _ in range(digits))


class Outbox:
    def __init__(self):
        self.messages = []
        self.pinned = []

    def next_code(self, digits):
        """A random code, unless a test has pinned the next one."""
        return self.pinned.pop(0) if self.pinned else random_code(digits)

    def deliver(self, pool, user, medium, purpose, code, now):
        attribute = "email" if medium == "EMAIL" else "phone_number"
        address = user.attributes.get(attribute, "")
        self.messages.append({
            "pool": pool.id, "username": user.username, "medium": medium, "purpose": purpose,
            "destination": address, "code": code, "time": now,
            "text": TEXTS[purpose].format(code=code)})
        return details(attribute, address)

    def read(self, username=None):
        return [m for m in self.messages if username in (None, m["username"])]


def details(attribute, address):
    if attribute == "email":
        return {"Destination": mask_email(address), "DeliveryMedium": "EMAIL",
                "AttributeName": "email"}
    return {"Destination": mask_phone(address), "DeliveryMedium": "SMS",
            "AttributeName": "phone_number"}


def check_code(pool, user, purpose, text, now):
    """A code asked for by ForgotPassword or SignUp; right ones work once."""
    held = user.codes.get(purpose)
    if held is None or now >= held.expires:
        raise expired_code()
    if held.wrong >= pool.settings["code_tries"]:
        raise ServiceError("TooManyFailedAttemptsException",
                           "Attempt limit exceeded, please try after some time.")
    if held.text != text:
        held.wrong += 1
        raise code_mismatch()
    del user.codes[purpose]
