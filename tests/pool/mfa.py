# Second factors: which one a user must give, sending and checking codes, and
# the operations that enrol and choose them.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import json
import secrets

import codes
import passwords
from errors import (ServiceError, code_mismatch, expired_code, invalid_parameter, missing,
                    not_authorized)

BAD_MESSAGE_CODE = "Invalid code or auth state for the user."
BAD_TOTP_CODE = "Invalid code received for user"
USED_TOTP_CODE = "Your software token has already been used once."
STEP_SECONDS = 30


def totp(secret, counter):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    made = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = made[-1] & 15
    number = int.from_bytes(made[at:at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


def check_totp(user, secret, text, now):
    """True for a code of this step or a neighbour; each is accepted once."""
    current = int(now) // STEP_SECONDS
    for counter in (current, current - 1, current + 1):
        if hmac.compare_digest(totp(secret, counter).encode(), text.encode()):
            if counter in user.totp_used:
                raise expired_code(USED_TOTP_CODE)
            user.totp_used.add(counter)
            return True
    return False


def new_totp_secret():
    return base64.b32encode(secrets.token_bytes(30)).decode().rstrip("=")


def methods(attempt):
    """The user's own second factors that the pool still offers."""
    if attempt.pool.mfa == "OFF":
        return []
    return [m for m in attempt.user.mfa if m in attempt.pool.mfa_methods]


def next_factor(attempt):
    """The name of the MFA challenge that must come now, or None."""
    if attempt.mfa_done or attempt.pool.mfa == "OFF":
        return None
    own = methods(attempt)
    if not own:
        return "MFA_SETUP" if attempt.pool.mfa == "ON" else None
    if attempt.user.preferred_mfa in own:
        return attempt.user.preferred_mfa
    return own[0] if len(own) == 1 else "SELECT_MFA_TYPE"


def parameters(service, attempt, name):
    """(ChallengeParameters, what the session remembers) of an MFA challenge."""
    shown = {"USER_ID_FOR_SRP": attempt.canonical}
    if name == "SELECT_MFA_TYPE":
        shown["MFAS_CAN_CHOOSE"] = json.dumps(methods(attempt), separators=(",", ":"))
        return shown, {}
    if name == "MFA_SETUP":
        shown["MFAS_CAN_SETUP"] = json.dumps(attempt.pool.mfa_methods, separators=(",", ":"))
        return shown, {}
    if name == "SOFTWARE_TOKEN_MFA":
        if attempt.user.totp_name:
            shown["FRIENDLY_DEVICE_NAME"] = attempt.user.totp_name
        return shown, {}
    code = send(service, attempt, name, 6)
    return {**shown, **delivery(attempt, name)}, {"code": code}


def send(service, attempt, name, digits):
    code = service.outbox.next_code(digits)
    if attempt.user:
        service.outbox.deliver(attempt.pool, attempt.user, codes.FACTORS[name].medium, name,
                               code, service.clock.now())
    return code


def delivery(attempt, name):
    medium = codes.FACTORS[name].medium
    if medium == "EMAIL":
        address = attempt.user.attributes.get("email", "") if attempt.user else attempt.typed + "@x"
        where = codes.mask_email(address)
    else:
        number = attempt.user.attributes.get("phone_number", "") if attempt.user else "+15550000000"
        where = codes.mask_phone(number)
    return {"CODE_DELIVERY_DELIVERY_MEDIUM": medium, "CODE_DELIVERY_DESTINATION": where}


def answer_totp(service, session, responses):
    text = responses.get("SOFTWARE_TOKEN_MFA_CODE") or ""
    if not text:
        raise missing("SOFTWARE_TOKEN_MFA_CODE")
    user, now = session.attempt.user, service.clock.now()
    passwords.check_lock(user, "mfa", now)
    if not check_totp(user, user.totp_secret, text, now):
        passwords.count_failure(user, "mfa", now)
        raise code_mismatch(BAD_TOTP_CODE)
    passwords.forget_failures(user, "mfa")


def answer_message_code(service, session, responses, name):
    """Those of codes.FACTORS: the code in the last message."""
    text = responses.get(name + "_CODE") or ""
    if not text:
        raise missing(name + "_CODE")
    attempt, now = session.attempt, service.clock.now()
    if attempt.user is None:
        raise code_mismatch(BAD_MESSAGE_CODE)
    passwords.check_lock(attempt.user, "mfa", now)
    if not hmac.compare_digest(session.data["code"].encode(), text.encode()):
        passwords.count_failure(attempt.user, "mfa", now)
        if (codes.FACTORS[name].medium == "SMS"
                and attempt.pool.settings["wrong_sms_code_sends_new_one"]):
            session.data["code"] = send(service, attempt, name, len(session.data["code"]))
        raise code_mismatch(BAD_MESSAGE_CODE)
    passwords.forget_failures(attempt.user, "mfa")


def token_or_session(call, step):
    """(user, pool, session): these operations take either one or the other."""
    service, body = call.service, call.body
    if body.get("AccessToken"):
        grant = service.check_access(body["AccessToken"])
        return grant.user, grant.pool, None
    if not body.get("Session"):
        raise missing("Session")
    held = service.sessions.peek(body["Session"])
    if held is None:
        raise not_authorized("Invalid session for the user.")
    client = held.attempt.client
    session = service.sessions.use(body["Session"], client, None, None, service.clock.now())
    if session.step not in step:
        raise not_authorized("Invalid session for the user.")
    return session.attempt.user, session.attempt.pool, session


def associate_software_token(call):
    user, pool, session = token_or_session(call, ("MFA_SETUP", "VERIFY_TOKEN"))
    call.facts["username"] = user.username
    require_totp(pool)
    secret = new_totp_secret()
    if session is None:
        user.totp_secret, user.totp_verified = secret, False
        return {"SecretCode": secret}
    session.used = True
    text = call.service.sessions.open(session.attempt, "VERIFY_TOKEN", call.now,
                                      {"secret": secret})
    return {"SecretCode": secret, "Session": text}


def require_totp(pool):
    if pool.mfa == "OFF" or "SOFTWARE_TOKEN_MFA" not in pool.mfa_methods:
        raise ServiceError("SoftwareTokenMFANotFoundException",
                           "Software Token MFA has not been enabled by the userPool")


def verify_software_token(call):
    user, pool, session = token_or_session(call, ("VERIFY_TOKEN",))
    call.facts["username"] = user.username
    require_totp(pool)
    secret = session.data["secret"] if session else user.totp_secret
    if not secret:
        raise ServiceError("SoftwareTokenMFANotFoundException",
                           "Software Token MFA does not exist for the user.")
    if not check_totp(user, secret, call.body["UserCode"], call.now):
        raise ServiceError("EnableSoftwareTokenMFAException",
                           "Code mismatch and fail enable Software Token MFA")
    user.totp_secret, user.totp_verified = secret, True
    user.totp_name = call.body.get("FriendlyDeviceName") or ""
    if session is None:
        return {"Status": "SUCCESS"}
    session.used = True
    text = call.service.sessions.open(session.attempt, "MFA_SETUP", call.now, {"verified": True})
    return {"Status": "SUCCESS", "Session": text}


def answer_setup(session):
    """MFA_SETUP is done once VerifySoftwareToken gave this session."""
    if not session.data.get("verified"):
        raise not_authorized("Invalid session for the user.")
    user = session.attempt.user
    if "SOFTWARE_TOKEN_MFA" not in user.mfa:
        user.mfa.append("SOFTWARE_TOKEN_MFA")


def begin_email(service, attempt, address):
    """MFA_SETUP by e-mail: a code goes to the address, which is the user's from then on."""
    if "EMAIL_OTP" not in attempt.pool.mfa_methods:
        raise invalid_parameter("EMAIL is not one of the MFA types that can be set up")
    if "@" not in address.strip("@"):
        raise invalid_parameter("Invalid email address format.")
    attempt.user.attributes.update(email=address, email_verified="false")
    code = send(service, attempt, "EMAIL_OTP", 6)
    shown = {"USER_ID_FOR_SRP": attempt.canonical, **delivery(attempt, "EMAIL_OTP")}
    return shown, {"code": code, "enrols": True}


def finish_email(session):
    """The code came back: the address is verified and a second factor."""
    user = session.attempt.user
    user.attributes["email_verified"] = "true"
    if "EMAIL_OTP" not in user.mfa:
        user.mfa.append("EMAIL_OTP")


SETTINGS = {"SoftwareTokenMfaSettings": "SOFTWARE_TOKEN_MFA",
            **{factor.preference: name for name, factor in codes.FACTORS.items()
               if factor.preference}}


def set_user_mfa_preference(call):
    user = call.user()
    wanted = {name: call.body[member] for member, name in SETTINGS.items()
              if isinstance(call.body.get(member), dict)}
    preferred = [name for name, one in wanted.items() if one.get("PreferredMfa")]
    if len(preferred) > 1:
        raise invalid_parameter("Only one MFA method can be preferred")
    for name, one in wanted.items():
        if one.get("Enabled"):
            require_usable(user, name)
    for name, one in wanted.items():
        enable(user, name, bool(one.get("Enabled")), bool(one.get("PreferredMfa")))
    return {}


def require_usable(user, name):
    if name == "SOFTWARE_TOKEN_MFA" and not user.totp_verified:
        raise invalid_parameter("User has not verified software token mfa")
    if name in codes.FACTORS and not user.verified(codes.FACTORS[name].attribute):
        raise invalid_parameter(f"User does not have delivery config set to turn on {name}")


def enable(user, name, on, preferred):
    if on and name not in user.mfa:
        user.mfa.append(name)
    if not on and name in user.mfa:
        user.mfa.remove(name)
    if preferred and on:
        user.preferred_mfa = name
    elif user.preferred_mfa == name:
        user.preferred_mfa = ""
