# Operations on accounts: sign-up, forgotten and changed passwords, reading the
# user, signing out and revoking.
# SPDX-License-Identifier: MIT
import uuid

import codes
import lambdas
import passwords
import secret_hash
from codes import Code, check_code
from errors import (ServiceError, code_mismatch, expired_code, invalid_parameter, missing,
                    not_authorized, user_not_found)
from sessions import Attempt
from users import User

NO_RECOVERY = ("Cannot reset password for the user as there is no registered/verified "
               "email or phone_number")


def client_and_user(call):
    """The hash is over the name in this call, and comes before the user."""
    pool, client = call.client()
    typed = call.body["Username"]
    secret_hash.check(call, client, typed, call.body.get("SecretHash"))
    return pool, client, pool.find(typed)


def channel(user, verified=True):
    """Where a code for this user goes: e-mail first."""
    for attribute, medium in (("email", "EMAIL"), ("phone_number", "SMS")):
        if user.attributes.get(attribute) and (user.verified(attribute) or not verified):
            return medium
    return None


def send_code(call, pool, user, purpose, medium, seconds):
    code = call.service.outbox.next_code(6)
    user.codes[purpose] = Code(code, call.now + seconds)
    return call.service.outbox.deliver(pool, user, medium, purpose, code, call.now)


def sign_up(call):
    pool, client = call.client()
    username, body = call.body["Username"], call.body
    secret_hash.check(call, client, username, body.get("SecretHash"))
    if not pool.sign_up:
        raise not_authorized("SignUp is not permitted for this user pool")
    if pool.username_attributes == ["email"] and "@" not in username:
        raise invalid_parameter("Username should be an email.")
    attributes = read_attributes(body.get("UserAttributes") or [])
    trigger = lambdas.run(pool, "PreSignUp")
    if body.get("Password"):
        passwords.check_policy(pool, body["Password"])
    if pool.find(username) is not None:
        raise ServiceError("UsernameExistsException", "User already exists")
    user = new_user(pool, username, body.get("Password"), attributes, call.now)
    require_attributes(pool, user)
    pool.users[user.username] = user
    return signed_up(call, pool, client, user, trigger.get("auto_confirm", False))


def read_attributes(entries):
    attributes = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("Name"), str):
            raise ServiceError("SerializationException", "Unexpected type of attribute")
        name = entry["Name"]
        if name in ("sub", "email_verified", "phone_number_verified"):
            raise not_authorized(f"A client attempted to write unauthorized attribute: {name}")
        attributes[name] = entry.get("Value", "")
    return attributes


def new_user(pool, username, password, attributes, now):
    sub = str(uuid.uuid4())
    if pool.username_attributes:
        attributes.setdefault("email" if "@" in username else "phone_number", username)
        username = sub
    return User(username=username, sub=sub, password=password, status="UNCONFIRMED",
                attributes=attributes, password_set=now, created=now)


def require_attributes(pool, user):
    for name in pool.required_attributes:
        if not user.attributes.get(name):
            raise invalid_parameter("Attributes did not conform to the schema: "
                                    f"{name}: The attribute is required")


def signed_up(call, pool, client, user, confirmed):
    result = {"UserConfirmed": confirmed, "UserSub": user.sub}
    if confirmed:
        user.status = "CONFIRMED"
    elif channel(user, verified=False):
        result["CodeDeliveryDetails"] = send_code(
            call, pool, user, "SignUp", channel(user, verified=False),
            pool.settings["signup_code_seconds"])
    if client.allows("USER_AUTH"):
        attempt = Attempt(pool, client, user.username, user)
        result["Session"] = call.service.sessions.open(attempt, "SIGNED_UP", call.now)
    return result


def confirm_sign_up(call):
    pool, client, user = client_and_user(call)
    if user is None:
        raise expired_code() if client.hides_users else user_not_found(
            "Username/client id combination not found.")
    if user.status != "UNCONFIRMED":
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    passwords.count_against_limit(pool, user, "ConfirmSignUp", call.now)
    medium = channel(user, verified=False)
    check_alias(pool, user, medium, call.body.get("ForceAliasCreation"))
    check_code(pool, user, "SignUp", call.body["ConfirmationCode"], call.now)
    user.status = "CONFIRMED"
    user.attributes["email_verified" if medium == "EMAIL" else "phone_number_verified"] = "true"
    return continue_session(call, client, user)


def check_alias(pool, user, medium, force):
    """Confirming may take an alias from its owner, but only when asked to."""
    attribute = "email" if medium == "EMAIL" else "phone_number"
    if attribute not in pool.alias_attributes:
        return
    for other in pool.users.values():
        if other is user or not other.verified(attribute):
            continue
        if other.attributes.get(attribute) == user.attributes.get(attribute):
            if not force:
                raise ServiceError("AliasExistsException",
                                   f"An account with the {attribute} already exists.")
            other.attributes[attribute + "_verified"] = "false"


def continue_session(call, client, user):
    if not call.body.get("Session"):
        return {}
    session = call.service.sessions.use(call.body["Session"], client, "SIGNED_UP",
                                        user.username, call.now)
    session.used = True
    return {"Session": call.service.sessions.open(session.attempt, "SIGNED_UP", call.now)}


def resend_confirmation_code(call):
    pool, client, user = client_and_user(call)
    if user is None:
        return simulated_delivery(client, call.body["Username"])
    if user.status != "UNCONFIRMED":
        raise invalid_parameter("User is already confirmed.")
    passwords.count_against_limit(pool, user, "ResendConfirmationCode", call.now)
    medium = channel(user, verified=False)
    if medium is None:
        raise invalid_parameter("Auto verification not turned on.")
    return {"CodeDeliveryDetails": send_code(call, pool, user, "SignUp", medium,
                                             pool.settings["signup_code_seconds"])}


def simulated_delivery(client, username):
    if not client.hides_users:
        raise user_not_found("Username/client id combination not found.")
    address = username if "@" in username else username[:1] + "@example.com"
    return {"CodeDeliveryDetails": codes.details("email", address)}


def forgot_password(call):
    pool, client, user = client_and_user(call)
    if user is None:
        call.service.simulated_resets.add((pool.id, call.body["Username"]))
        return simulated_delivery(client, call.body["Username"])
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if user.status in ("FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"):
        raise not_authorized("User password cannot be reset in the current state.")
    medium = channel(user)
    if medium is None:
        raise invalid_parameter(NO_RECOVERY)
    passwords.count_against_limit(pool, user, "PasswordRecovery", call.now)
    return {"CodeDeliveryDetails": send_code(call, pool, user, "ForgotPassword", medium,
                                             pool.settings["reset_code_seconds"])}


def confirm_forgot_password(call):
    pool, client, user = client_and_user(call)
    if user is None:
        raise unknown_reset(call, pool, client)
    if user.status == "UNCONFIRMED":
        raise ServiceError("UserNotConfirmedException", "User is not confirmed.")
    passwords.count_against_limit(pool, user, "PasswordRecovery", call.now)
    passwords.check_new(pool, user, call.body["Password"])
    check_code(pool, user, "ForgotPassword", call.body["ConfirmationCode"], call.now)
    user.set_password(call.body["Password"], call.now)
    user.status = "CONFIRMED"
    user.failures.clear()
    return {}


def unknown_reset(call, pool, client):
    if not client.hides_users:
        return user_not_found("Username/client id combination not found.")
    asked = (pool.id, call.body["Username"]) in call.service.simulated_resets
    return code_mismatch() if asked else expired_code()


def change_password(call):
    user, pool = call.user(), call.grant().pool
    passwords.count_against_limit(pool, user, "ChangePassword", call.now)
    if user.password is not None:
        previous = call.body.get("PreviousPassword")
        if not previous:
            raise missing("PreviousPassword")
        passwords.check_password(user, previous, call.now)
    passwords.check_new(pool, user, call.body["ProposedPassword"])
    user.set_password(call.body["ProposedPassword"], call.now)
    return {}


def get_user(call):
    user = call.user()
    attributes = {"sub": user.sub, **user.attributes}
    result = {"Username": user.username,
              "UserAttributes": [{"Name": k, "Value": str(v)} for k, v in attributes.items()]}
    if user.mfa:
        result["UserMFASettingList"] = list(user.mfa)
    if user.preferred_mfa:
        result["PreferredMfaSetting"] = user.preferred_mfa
    return result


def global_sign_out(call):
    call.service.tokens.revoke_user(call.user())
    return {}


def revoke_token(call):
    service, body = call.service, call.body
    pool_client = service.clients.get(body["ClientId"])
    if pool_client is None:
        raise ServiceError("UnauthorizedException", "Invalid client")
    if pool_client.secrets and body.get("ClientSecret") not in pool_client.secrets:
        raise ServiceError("UnauthorizedException", "Client secret is not valid")
    if not pool_client.revocation:
        raise ServiceError("UnsupportedOperationException",
                           "Revocation is not enabled for this client")
    if body["Token"] in service.tokens.access:
        raise ServiceError("UnsupportedTokenTypeException", "Unsupported token type")
    issued = service.tokens.refresh.get(body["Token"])
    if issued is None or issued.grant.client is not pool_client:
        raise ServiceError("UnauthorizedException", "Invalid refresh token")
    issued.grant.revoked = True
    return {}
