# RespondToAuthChallenge: what must come next in a sign-in, and one function
# for the answer to each challenge.
# SPDX-License-Identifier: MIT
import base64
import binascii
import json
import secrets

import codes
import devices
import lambdas
import mfa
import passwords
import proofs
import secret_hash
from errors import (INCORRECT, LOCKED, ServiceError, invalid_parameter, missing,
                    not_authorized)
from sessions import KEEP_AFTER

UNANSWERABLE = "ADMIN_NO_SRP_AUTH"


def challenge(service, attempt, name, shown, data=None):
    session = service.sessions.open(attempt, name, service.clock.now(), data)
    return {"ChallengeName": name, "Session": session, "ChallengeParameters": shown}


def next_step(service, attempt):
    """The first factor holds: the next challenge, or tokens."""
    user = attempt.user
    if attempt.custom_round is not None:
        rounds = attempt.pool.lambdas["custom_auth"]["rounds"]
        if attempt.custom_round < len(rounds):
            return custom_challenge(service, attempt)
    if user.status == "FORCE_CHANGE_PASSWORD":
        return new_password_challenge(service, attempt)
    device = devices.known(attempt)
    if device and device["remembered"] and not attempt.device_done:
        return challenge(service, attempt, "DEVICE_SRP_AUTH", {})
    factor = None if attempt.device_done else mfa.next_factor(attempt)
    if factor:
        shown, data = mfa.parameters(service, attempt, factor)
        return challenge(service, attempt, factor, shown, data)
    return finish(service, attempt)


def finish(service, attempt):
    lambdas.run(attempt.pool, "PostAuthentication")
    offered = devices.offer(attempt)
    result = service.tokens.issue(attempt)
    if offered:
        result["NewDeviceMetadata"] = offered
    return {"AuthenticationResult": result, "ChallengeParameters": {}}


def check_first_password(service, attempt, password):
    if attempt.user is None:
        raise not_authorized(INCORRECT)
    passwords.check_password(attempt.user, password, service.clock.now())
    check_after_password(attempt, service.clock.now())


def check_after_password(attempt, now):
    """States that are told only to somebody who knows the password."""
    user = attempt.user
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if user.status == "FORCE_CHANGE_PASSWORD":
        if now - user.password_set > attempt.pool.policy["temporary_days"] * 86400:
            raise not_authorized("Temporary password has expired and must be reset "
                                 "by an administrator.")


def new_password_challenge(service, attempt):
    pool, user = attempt.pool, attempt.user
    shown = {"USER_ID_FOR_SRP": user.username,
             "userAttributes": json.dumps(user.attributes, ensure_ascii=False),
             "requiredAttributes": json.dumps(
                 ["userAttributes." + name for name in missing_attributes(pool, user)])}
    return challenge(service, attempt, "NEW_PASSWORD_REQUIRED", shown)


def missing_attributes(pool, user):
    return [name for name in pool.required_attributes if not user.attributes.get(name)]


def custom_challenge(service, attempt):
    for trigger in ("DefineAuthChallenge", "CreateAuthChallenge"):
        lambdas.run(attempt.pool, trigger)
    script = attempt.pool.lambdas["custom_auth"]
    prompt = script["rounds"][attempt.custom_round].get("parameters", {})
    shown = {"USERNAME": attempt.canonical, **prompt}
    return challenge(service, attempt, "CUSTOM_CHALLENGE", shown)


def first_factors(attempt):
    """Passwordless ones are not offered where a second factor is due."""
    pool, user = attempt.pool, attempt.user
    by_password_only = pool.mfa == "ON" or (user and mfa.methods(attempt)) or (
        user and user.status == "FORCE_CHANGE_PASSWORD")
    offered = []
    for name in pool.first_factors:
        passwordless = name not in ("PASSWORD", "PASSWORD_SRP")
        if passwordless and (by_password_only or not has_factor(user, name)):
            continue
        offered.append(name)
    return offered


def has_factor(user, name):
    if user is None:
        return name != "WEB_AUTHN"
    if name == "EMAIL_OTP":
        return user.verified("email")
    if name == "SMS_OTP":
        return user.verified("phone_number")
    return bool(user.webauthn)


def start_first_factor(service, attempt, name, given):
    """A USER_AUTH factor, answered at once when its first input came along."""
    if name == "PASSWORD" and given.get("PASSWORD"):
        check_first_password(service, attempt, given["PASSWORD"])
        return next_step(service, attempt)
    if name == "PASSWORD_SRP" and given.get("SRP_A"):
        return start_srp(service, attempt, given["SRP_A"])
    if name in ("PASSWORD", "PASSWORD_SRP"):
        return challenge(service, attempt, name, {})
    if name == "WEB_AUTHN":
        return start_web_authn(service, attempt)
    digits = attempt.pool.settings["otp_first_factor_digits"]
    code = mfa.send(service, attempt, name, digits)
    shown = {**mfa.delivery(attempt, name), "USERNAME": attempt.canonical}
    return challenge(service, attempt, name, shown, {"code": code, "first": True})


def start_srp(service, attempt, text):
    a_public = proofs.read_public(text)
    if attempt.user is not None:
        passwords.check_lock(attempt.user, "password", service.clock.now())
    shown = proofs.start(service, attempt, a_public)
    return challenge(service, attempt, "PASSWORD_VERIFIER", shown)


def start_web_authn(service, attempt):
    nonce = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    options = {"challenge": nonce, "timeout": 180000, "rpId": "localhost",
               "allowCredentials": [{"type": "public-key", "id": attempt.user.webauthn["id"]}],
               "userVerification": "preferred"}
    shown = {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(options)}
    return challenge(service, attempt, "WEB_AUTHN", shown, {"challenge": nonce})


def respond(call):
    _, client = call.client()
    name = call.body["ChallengeName"]
    if name == UNANSWERABLE:
        raise invalid_parameter("Challenge cannot be answered through this operation.")
    responses = call.body.get("ChallengeResponses") or {}
    if not responses.get("USERNAME"):
        raise missing("USERNAME")
    verify_hash(call, client, name, responses)
    if name in ("PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"):
        return BY_BLOCK[name](call, client, responses)
    if not call.body.get("Session"):
        raise missing("Session")
    session = call.service.sessions.use(call.body["Session"], client, name,
                                        responses["USERNAME"], call.now)
    if responses.get("DEVICE_KEY"):
        session.attempt.device_key = responses["DEVICE_KEY"]
    return answer(call, session, name, responses)


def verify_hash(call, client, name, responses):
    """Over the canonical name of whoever the session or block belongs to."""
    service = call.service
    held = service.sessions.peek(call.body.get("Session") or "")
    if name.endswith("PASSWORD_VERIFIER"):
        held = proofs.held_challenge(service, responses) or held
    username = held.attempt.canonical if held else responses["USERNAME"]
    secret_hash.check(call, client, username, responses.get("SECRET_HASH"))


def answer(call, session, name, responses):
    """Runs one step; the session is spent unless the step may be repeated."""
    try:
        result = STEPS[name](call.service, session, responses)
    except ServiceError as error:
        session.used = not may_repeat(session.attempt.pool.settings, error)
        raise
    session.used = True
    return result


def may_repeat(settings, error):
    if error.code == "CodeMismatchException":
        return not settings["wrong_code_spends_session"]
    if error.code in ("InvalidPasswordException", "PasswordHistoryPolicyViolationException"):
        return not settings["bad_password_spends_session"]
    return error.code in KEEP_AFTER or error.message == LOCKED


def password_verifier(call, client, responses):
    service, now = call.service, call.now
    session = None
    if call.body.get("Session"):
        session = service.sessions.use(call.body["Session"], client, "PASSWORD_VERIFIER",
                                       responses["USERNAME"], now)
    held = proofs.take(service, responses, client, now)
    attempt = held.attempt
    proven = proofs.is_proof(held, responses, now)
    held.used = True
    if session:
        session.used = True
    if attempt.user is None or responses["USERNAME"] != attempt.canonical:
        raise not_authorized(INCORRECT)
    passwords.check_lock(attempt.user, "password", now)
    if not proven:
        passwords.count_failure(attempt.user, "password", now)
        raise not_authorized(INCORRECT)
    passwords.forget_failures(attempt.user, "password")
    if responses.get("DEVICE_KEY"):
        attempt.device_key = responses["DEVICE_KEY"]
    check_after_password(attempt, now)
    return next_step(service, attempt)


def device_password_verifier(call, client, responses):
    service, now = call.service, call.now
    if call.body.get("Session"):
        service.sessions.use(call.body["Session"], client, "DEVICE_PASSWORD_VERIFIER",
                             responses["USERNAME"], now).used = True
    attempt = devices.check_proof(service, client, responses, now)
    return next_step(service, attempt)


def step_message_mfa(service, session, responses):
    """A second factor and nothing else."""
    mfa.answer_message_code(service, session, responses, session.step)
    session.attempt.mfa_done = True
    return next_step(service, session.attempt)


def step_email_otp(service, session, responses):
    """The same name serves as first and as second factor."""
    mfa.answer_message_code(service, session, responses, "EMAIL_OTP")
    if session.data.get("enrols"):
        mfa.finish_email(session)
    session.attempt.mfa_done = session.attempt.mfa_done or not session.data.get("first")
    check_after_password(session.attempt, service.clock.now())
    return next_step(service, session.attempt)


def step_sms_otp(service, session, responses):
    mfa.answer_message_code(service, session, responses, "SMS_OTP")
    check_after_password(session.attempt, service.clock.now())
    return next_step(service, session.attempt)


def step_totp(service, session, responses):
    mfa.answer_totp(service, session, responses)
    session.attempt.mfa_done = True
    return next_step(service, session.attempt)


def step_select_mfa(service, session, responses):
    attempt, chosen = session.attempt, responses.get("ANSWER")
    if chosen not in mfa.methods(attempt):
        raise invalid_parameter("ANSWER is not one of the offered MFA types")
    shown, data = mfa.parameters(service, attempt, chosen)
    return challenge(service, attempt, chosen, shown, data)


def step_mfa_setup(service, session, responses):
    attempt = session.attempt
    if responses.get("EMAIL"):
        shown, data = mfa.begin_email(service, attempt, responses["EMAIL"])
        return challenge(service, attempt, "EMAIL_OTP", shown, data)
    mfa.answer_setup(session)
    attempt.mfa_done = True
    return next_step(service, attempt)


def step_new_password(service, session, responses):
    pool, user = session.attempt.pool, session.attempt.user
    password = responses.get("NEW_PASSWORD")
    if not password:
        raise missing("NEW_PASSWORD")
    given = {key[len("userAttributes."):]: value for key, value in responses.items()
             if key.startswith("userAttributes.")}
    check_given_attributes(pool, user, given)
    passwords.check_new(pool, user, password)
    user.attributes.update(given)
    user.set_password(password, service.clock.now())
    user.status = "CONFIRMED"
    return next_step(service, session.attempt)


def check_given_attributes(pool, user, given):
    for name in missing_attributes(pool, user):
        if not given.get(name):
            raise invalid_parameter(f"Invalid attributes given, {name} is missing")
    for name in pool.required_attributes:
        if name in given and user.attributes.get(name):
            raise invalid_parameter(
                f"Invalid attributes given, {name} is already provided")


def step_select_challenge(service, session, responses):
    attempt, chosen = session.attempt, responses.get("ANSWER")
    if chosen not in first_factors(attempt):
        raise invalid_parameter("ANSWER is not one of the available challenges")
    return start_first_factor(service, attempt, chosen, responses)


def step_password(service, session, responses):
    if not responses.get("PASSWORD"):
        raise missing("PASSWORD")
    check_first_password(service, session.attempt, responses["PASSWORD"])
    return next_step(service, session.attempt)


def step_password_srp(service, session, responses):
    return start_srp(service, session.attempt, responses.get("SRP_A"))


def step_web_authn(service, session, responses):
    """Checks credential ID and challenge; the signature itself is not looked at."""
    try:
        credential = json.loads(responses.get("CREDENTIAL") or "")
        packed = credential["response"]["clientDataJSON"]
        client_data = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        sent = (credential["id"], client_data["challenge"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise invalid_parameter("CREDENTIAL is not valid") from None
    if sent != (session.attempt.user.webauthn.get("id"), session.data["challenge"]):
        raise not_authorized("Credential could not be verified.")
    check_after_password(session.attempt, service.clock.now())
    return next_step(service, session.attempt)


def step_custom(service, session, responses):
    attempt = session.attempt
    if not responses.get("ANSWER"):
        raise missing("ANSWER")
    lambdas.run(attempt.pool, "VerifyAuthChallengeResponse")
    script = attempt.pool.lambdas["custom_auth"]
    right = script["rounds"][attempt.custom_round]["answer"]
    if attempt.user is not None and responses["ANSWER"] == right:
        attempt.custom_round += 1
        check_after_password(attempt, service.clock.now())
        return next_step(service, attempt)
    attempt.custom_wrong += 1
    if attempt.custom_wrong >= script.get("tries", 3):
        raise not_authorized(INCORRECT)
    return custom_challenge(service, attempt)


def step_device_srp(service, session, responses):
    shown = devices.start_proof(service, session, responses)
    return challenge(service, session.attempt, "DEVICE_PASSWORD_VERIFIER", shown)



BY_BLOCK = {"PASSWORD_VERIFIER": password_verifier,
            "DEVICE_PASSWORD_VERIFIER": device_password_verifier}
STEPS = {**dict.fromkeys(codes.FACTORS, step_message_mfa),
         "EMAIL_OTP": step_email_otp, "SMS_OTP": step_sms_otp,
         "SOFTWARE_TOKEN_MFA": step_totp, "SELECT_MFA_TYPE": step_select_mfa,
         "MFA_SETUP": step_mfa_setup, "NEW_PASSWORD_REQUIRED": step_new_password,
         "SELECT_CHALLENGE": step_select_challenge, "PASSWORD": step_password,
         "PASSWORD_SRP": step_password_srp, "WEB_AUTHN": step_web_authn,
         "CUSTOM_CHALLENGE": step_custom, "DEVICE_SRP_AUTH": step_device_srp}
NAMES = sorted([*STEPS, *BY_BLOCK, UNANSWERABLE])
