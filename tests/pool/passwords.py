# Passwords: comparing, the lock after failures, the policy, the history, and
# the hourly limits per user.
# SPDX-License-Identifier: MIT
import hmac

from errors import (INCORRECT, LOCKED, ServiceError, invalid_parameter,
                    limit_exceeded, not_authorized)
from users import Failures

FREE_TRIES = 5
LONGEST_LOCK = 900
FORGOTTEN_AFTER = 900
SYMBOLS = set("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")


def check_lock(user, kind, now):
    failures = user.failures.setdefault(kind, Failures())
    if now < failures.locked_until:
        raise not_authorized(LOCKED)
    if failures.count and now - failures.last > FORGOTTEN_AFTER:
        user.failures[kind] = Failures()


def count_failure(user, kind, now):
    failures = user.failures.setdefault(kind, Failures())
    failures.count += 1
    failures.last = now
    if failures.count >= FREE_TRIES:
        seconds = min(2 ** (failures.count - FREE_TRIES), LONGEST_LOCK)
        failures.locked_until = now + seconds


def forget_failures(user, kind):
    user.failures[kind] = Failures()


def check_password(user, password, now):
    """The one place where a clear password is compared."""
    check_lock(user, "password", now)
    right = user.password is not None and hmac.compare_digest(
        user.password.encode(), password.encode())
    if not right:
        count_failure(user, "password", now)
        raise not_authorized(INCORRECT)
    forget_failures(user, "password")


def invalid_password(text):
    return ServiceError("InvalidPasswordException",
                        f"Password did not conform with policy: {text}")


def check_policy(pool, password):
    policy = pool.policy
    if len(password) > 256 or any(c.isspace() for c in password):
        raise invalid_parameter(
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\S]+")
    if len(password) < policy["minimum_length"]:
        raise invalid_password("Password not long enough")
    rules = [("uppercase", str.isupper, "uppercase"), ("lowercase", str.islower, "lowercase"),
             ("numbers", str.isdigit, "numeric"),
             ("symbols", lambda c: c in SYMBOLS, "symbol")]
    for name, test, text in rules:
        if policy[name] and not any(test(c) for c in password):
            raise invalid_password(f"Password must have {text} characters")


def check_history(pool, user, password):
    depth = pool.policy["history"]
    recent = [user.password] + user.old_passwords[::-1]
    if depth and password in [p for p in recent if p is not None][:depth]:
        raise ServiceError("PasswordHistoryPolicyViolationException",
                           "Password has previously been used")


def check_new(pool, user, password):
    check_policy(pool, password)
    check_history(pool, user, password)


def count_against_limit(pool, user, kind, now):
    """Per user and hour; tries over the limit are not counted."""
    recent = [t for t in user.limits.get(kind, []) if now - t < 3600]
    user.limits[kind] = recent
    if len(recent) >= pool.limits[kind]:
        raise limit_exceeded()
    recent.append(now)
