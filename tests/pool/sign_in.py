# InitiateAuth, one function per flow, and GetTokensFromRefreshToken.
# SPDX-License-Identifier: MIT
import challenges
import lambdas
import passwords
import proofs
import secret_hash
from errors import (ServiceError, invalid_parameter, missing, not_authorized,
                    user_not_found)
from sessions import Attempt

ADMIN_FLOWS = ("ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH")
NOT_ENABLED = {
    "USER_PASSWORD_AUTH": "USER_PASSWORD_AUTH flow not enabled for this client",
    "USER_SRP_AUTH": "USER_SRP_AUTH is not enabled for the client.",
    "USER_AUTH": "USER_AUTH flow not enabled for this client",
    "CUSTOM_AUTH": "CUSTOM_AUTH is not enabled for the client.",
    "REFRESH_TOKEN_AUTH": "REFRESH_TOKEN_AUTH is not enabled for the client.",
}


def initiate_auth(call):
    pool, client = call.client()
    flow = call.body["AuthFlow"]
    if flow in ADMIN_FLOWS:
        raise invalid_parameter("Initiate Auth method not supported.")
    if flow == "REFRESH_TOKEN":
        flow = "REFRESH_TOKEN_AUTH"
    if not client.allows(flow):
        raise invalid_parameter(NOT_ENABLED[flow])
    parameters = call.body.get("AuthParameters") or {}
    return FLOWS[flow](call, pool, client, parameters)


def begin(call, pool, client, parameters, needs=()):
    """What all flows with a user name do first. The hash comes before the user."""
    for name in ("USERNAME", *needs):
        if not parameters.get(name):
            raise missing(name)
    typed = parameters["USERNAME"]
    secret_hash.check(call, client, typed, parameters.get("SECRET_HASH"))
    if pool.username_attributes == ["email"] and "@" not in typed and pool.find(typed) is None:
        raise invalid_parameter("Username should be an email.")
    attempt = Attempt(pool, client, typed, pool.find(typed),
                      parameters.get("DEVICE_KEY") or "")
    lambdas.run(pool, "PreAuthentication")
    if attempt.user is None and not client.hides_users:
        raise user_not_found()
    if attempt.user is not None:
        check_before_password(attempt)
    return attempt


def check_before_password(attempt):
    """States that are answered without looking at the password."""
    user = attempt.user
    if not user.enabled and attempt.pool.settings["disabled_before_password"]:
        raise not_authorized("User is disabled.")
    if user.status == "UNCONFIRMED":
        raise ServiceError("UserNotConfirmedException", "User is not confirmed.")
    if user.status == "RESET_REQUIRED":
        raise ServiceError("PasswordResetRequiredException",
                           "Password reset required for the user")


def by_password(call, pool, client, parameters):
    attempt = begin(call, pool, client, parameters, ("PASSWORD",))
    challenges.check_first_password(call.service, attempt, parameters["PASSWORD"])
    return challenges.next_step(call.service, attempt)


def by_srp(call, pool, client, parameters):
    attempt = begin(call, pool, client, parameters, ("SRP_A",))
    a_public = proofs.read_public(parameters["SRP_A"])
    if attempt.user is not None:
        passwords.check_lock(attempt.user, "password", call.now)
    shown = proofs.start(call.service, attempt, a_public)
    return {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": shown}


def by_custom(call, pool, client, parameters):
    if "custom_auth" not in pool.lambdas:
        raise invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
    with_srp = parameters.get("CHALLENGE_NAME") == "SRP_A"
    attempt = begin(call, pool, client, parameters, ("SRP_A",) if with_srp else ())
    attempt.custom_round = 0
    if with_srp:
        a_public = proofs.read_public(parameters["SRP_A"])
        shown = proofs.start(call.service, attempt, a_public)
        return challenges.challenge(call.service, attempt, "PASSWORD_VERIFIER", shown)
    return challenges.next_step(call.service, attempt)


def by_choice(call, pool, client, parameters):
    """USER_AUTH: the preferred challenge, or a choice."""
    if call.body.get("Session"):
        return continue_after_sign_up(call, client, parameters)
    attempt = begin(call, pool, client, parameters)
    offered = challenges.first_factors(attempt)
    preferred = parameters.get("PREFERRED_CHALLENGE")
    if preferred in offered:
        return challenges.start_first_factor(call.service, attempt, preferred, parameters)
    if attempt.user is None and "EMAIL_OTP" in offered:
        return challenges.start_first_factor(call.service, attempt, "EMAIL_OTP", parameters)
    answer = challenges.challenge(call.service, attempt, "SELECT_CHALLENGE", {})
    return {**answer, "AvailableChallenges": offered}


def continue_after_sign_up(call, client, parameters):
    username = parameters.get("USERNAME")
    if not username:
        raise missing("USERNAME")
    secret_hash.check(call, client, username, parameters.get("SECRET_HASH"))
    session = call.service.sessions.use(call.body["Session"], client, "SIGNED_UP",
                                        None, call.now)
    if client.pool.find(username) is not session.attempt.user:
        raise not_authorized("Invalid session for the user.")
    session.used = True
    return challenges.next_step(call.service, session.attempt)


def by_refresh(call, pool, client, parameters):
    token = parameters.get("REFRESH_TOKEN")
    if not token:
        raise missing("REFRESH_TOKEN")
    if client.rotation:
        raise not_authorized("Refresh token rotation is enabled for this client.")
    held = call.service.tokens.refresh.get(token)
    bound = held.grant.user.username if held else parameters.get("USERNAME", "")
    call.hash_error = "SecretHash does not match for the client: {client}"
    secret_hash.check(call, client, bound, parameters.get("SECRET_HASH"))
    issued = call.service.tokens.check_refresh(token, client)
    check_still_welcome(call, issued.grant)
    return {"AuthenticationResult": call.service.tokens.from_grant(issued.grant),
            "ChallengeParameters": {}}


def check_still_welcome(call, grant):
    call.facts["username"] = grant.user.username
    if grant.pool.users.get(grant.user.username) is not grant.user:
        raise user_not_found()
    if not grant.user.enabled:
        raise not_authorized("User is disabled.")


def get_tokens_from_refresh_token(call):
    _, client = call.client()
    sent = call.body.get("ClientSecret")
    if client.secrets and sent not in client.secrets:
        raise not_authorized(f"Unable to verify secret for client {client.id}")
    if not client.allows("REFRESH_TOKEN_AUTH"):
        raise invalid_parameter(NOT_ENABLED["REFRESH_TOKEN_AUTH"])
    tokens = call.service.tokens
    issued = tokens.check_refresh(call.body["RefreshToken"], client)
    check_still_welcome(call, issued.grant)
    if not client.rotation:
        return {"AuthenticationResult": tokens.from_grant(issued.grant)}
    if issued.replaced_at is not None:
        if call.now - issued.replaced_at > client.rotation_grace_seconds:
            raise ServiceError("RefreshTokenReuseException", "Refresh token has been reused.")
    else:
        issued.replaced_at = call.now
    result = tokens.from_grant(issued.grant)
    result["RefreshToken"] = tokens.new_refresh(issued.grant)
    return {"AuthenticationResult": result}


FLOWS = {"USER_PASSWORD_AUTH": by_password, "USER_SRP_AUTH": by_srp, "CUSTOM_AUTH": by_custom,
         "USER_AUTH": by_choice, "REFRESH_TOKEN_AUTH": by_refresh}
