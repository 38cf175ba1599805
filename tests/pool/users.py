# Pools, app clients and users as the seed file describes them, and how a name
# that somebody types leads to a user.
# SPDX-License-Identifier: MIT
import json
import secrets
import uuid
from dataclasses import dataclass, field

import srp

DEFAULT_FLOWS = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"]
DEFAULT_POLICY = {"minimum_length": 8, "uppercase": True, "lowercase": True,
                  "numbers": True, "symbols": True, "history": 0, "temporary_days": 7}
DEFAULT_LIMITS = {"ChangePassword": 5, "PasswordRecovery": 20,
                  "ResendConfirmationCode": 5, "ConfirmSignUp": 15}
DEFAULT_QUOTAS = {"UserList": 30, "UserRead": 120, "UserResourceRead": 50,
                  "UserPoolResourceRead": 20, "UserPoolRead": 15, "UserPoolClientRead": 15,
                  "UserCreation": 50, "UserUpdate": 25, "UserAccountRecovery": 30,
                  "UserPoolResourceUpdate": 15, "UserPoolUpdate": 15, "UserPoolClientUpdate": 15}
DEFAULT_SETTINGS = {
    "srp_seconds": 30,
    "code_tries": 5,
    "signup_code_seconds": 86400,
    "reset_code_seconds": 3600,
    "disabled_before_password": True,
    "wrong_code_spends_session": False,
    "bad_password_spends_session": False,
    "wrong_sms_code_sends_new_one": False,
    "otp_first_factor_digits": 8,
    "error_style": "plain",
    "issuer": "ORIGINAL",
    "deletion_protection": "INACTIVE",
    "page_token_seconds": 3600,
}
NAMESPACE = uuid.UUID("5b0f5b1e-64a0-4c11-9d0a-2f3a6a1c7e55")


def suffix(region):
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


@dataclass
class Failures:
    """Wrong tries of one kind and the lock they lead to."""
    count: int = 0
    locked_until: float = 0.0
    last: float = 0.0


@dataclass
class User:
    username: str
    sub: str
    password: str | None
    status: str = "CONFIRMED"
    enabled: bool = True
    attributes: dict = field(default_factory=dict)
    groups: list = field(default_factory=list)
    mfa: list = field(default_factory=list)
    preferred_mfa: str = ""
    totp_secret: str = ""
    totp_verified: bool = False
    totp_name: str = ""
    totp_used: set = field(default_factory=set)
    webauthn: dict = field(default_factory=dict)
    devices: dict = field(default_factory=dict)
    old_passwords: list = field(default_factory=list)
    password_set: float = 0.0
    failures: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    created: float = 0.0
    salt: int = 0
    _verifier: tuple = ()

    def verifier(self, prefix):
        """Computed when first needed and again when the password changed."""
        if not self.salt:
            self.salt = secrets.randbits(128)
        basis = (self.password, self.salt)
        if not self._verifier or self._verifier[0] != basis:
            number = srp.verifier(self.salt, prefix, self.username, self.password or "")
            self._verifier = (basis, number)
        return self._verifier[1]

    def set_password(self, password, now):
        if self.password is not None:
            self.old_passwords.append(self.password)
        self.password = password
        self.password_set = now
        self.salt = 0

    def verified(self, attribute):
        return str(self.attributes.get(attribute + "_verified", "")).lower() == "true"


@dataclass
class Client:
    id: str
    pool: "Pool"
    secrets: list
    flows: list
    name: str = ""
    prevent_existence_errors: str = "ENABLED"
    session_minutes: int = 3
    access_minutes: int = 60
    id_minutes: int = 60
    refresh_days: int = 30
    rotation: bool = False
    rotation_grace_seconds: int = 0
    revocation: bool = True
    read_attributes: list | None = None
    write_attributes: list | None = None

    @property
    def hides_users(self):
        return self.prevent_existence_errors == "ENABLED"

    def allows(self, flow):
        return "ALLOW_" + flow in self.flows or flow in self.flows


class Pool:
    def __init__(self, seed, now):
        self.id = seed["id"]
        self.region, self.srp_prefix = self.id.split("_", 1)
        self.name = seed.get("name", self.srp_prefix)
        self.tags = seed.get("tags", {})
        self.case_sensitive = seed.get("case_sensitive", True)
        self.username_attributes = seed.get("username_attributes", [])
        self.alias_attributes = seed.get("alias_attributes", [])
        self.mfa = seed.get("mfa", "OFF")
        self.mfa_methods = seed.get("mfa_methods", ["SOFTWARE_TOKEN_MFA"])
        self.first_factors = seed.get("first_factors", ["PASSWORD", "PASSWORD_SRP"])
        self.sign_up = seed.get("sign_up", True)
        self.required_attributes = seed.get("required_attributes", [])
        self.device_tracking = seed.get("device_tracking", False)
        self.policy = {**DEFAULT_POLICY, **seed.get("password_policy", {})}
        self.limits = {**DEFAULT_LIMITS, **seed.get("limits", {})}
        self.quotas = {**DEFAULT_QUOTAS, **seed.get("quotas", {})}
        self.custom_attributes = seed.get("custom_attributes", [])
        self.created = now
        self.settings = {**DEFAULT_SETTINGS, **seed.get("settings", {})}
        self.lambdas = seed.get("lambdas", {})
        self.groups = seed.get("groups", [])
        self.clients = [self.make_client(entry) for entry in seed["clients"]]
        self.users = {}
        for entry in seed.get("users", []):
            self.add_seeded(entry, now)

    def make_client(self, entry):
        entry = dict(entry)
        held = entry.pop("secrets", None) or [entry.pop("secret", None)]
        entry.pop("secret", None)
        entry.pop("about", None)
        flows = entry.pop("flows", DEFAULT_FLOWS)
        return Client(pool=self, secrets=[s for s in held if s], flows=flows, **entry)

    def add_seeded(self, entry, now):
        entry = dict(entry)
        entry.pop("about", None)
        sub = entry.pop("sub", None) or str(uuid.uuid5(NAMESPACE, self.id + entry["username"]))
        age = entry.pop("password_age_days", 0)
        user = User(sub=sub, **{"password": None, **entry})
        user.totp_verified = bool(user.totp_secret)
        user.password_set = now - age * 86400
        user.created = now
        self.users[user.username] = user
        return user

    @property
    def issuer(self):
        """What the tokens name: ORIGINAL (of settings' region, as a replica's
        is), UPDATED, or an address of its own."""
        kind = self.settings["issuer"]
        region = self.settings.get("region", self.region)
        return {"ORIGINAL": f"https://cognito-idp.{region}.{suffix(region)}/{self.id}",
                "UPDATED": f"https://issuer-cognito-idp.{self.region}.{suffix(self.region)}"
                           f"/{self.id}"}.get(kind, kind)

    def same(self, one, other):
        return one == other if self.case_sensitive else one.lower() == other.lower()

    def find(self, typed):
        """The user that a sign-in name means: a name first, then an alias."""
        user = self.users.get(typed)
        if user:
            return user
        for user in self.users.values():
            if self.same(user.username, typed):
                return user
        for user in self.users.values():
            if self._is_alias(user, typed):
                return user
        return None

    def _is_alias(self, user, typed):
        for name in self.username_attributes:
            if self.same(user.attributes.get(name, ""), typed) and typed:
                return True
        for name in self.alias_attributes:
            if typed and self.same(user.attributes.get(name, ""), typed):
                if name == "preferred_username" or user.verified(name):
                    return True
        return False


def load_seed(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
