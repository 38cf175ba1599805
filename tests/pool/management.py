# The signed operations that make, change and delete: pools, app clients, users and
# groups, as an administrator's script does it. The signature has been judged before.
# SPDX-License-Identifier: MIT
import secrets
import string

import passwords
from accounts import NO_RECOVERY, channel, new_user, require_attributes, send_code
from directory import STANDARD, named_user, page, show, show_client_whole, show_groups, show_pool
from errors import ServiceError, invalid_parameter, not_authorized, not_found
from users import Pool

POLICY = {"MinimumLength": "minimum_length", "RequireUppercase": "uppercase",
          "RequireLowercase": "lowercase", "RequireNumbers": "numbers",
          "RequireSymbols": "symbols", "PasswordHistorySize": "history",
          "TemporaryPasswordValidityDays": "temporary_days"}
# Of a policy that is given, what it does not name is not asked for.
NOTHING_ASKED = {"minimum_length": 6, "uppercase": False, "lowercase": False,
                 "numbers": False, "symbols": False}


def word(count, letters=string.ascii_lowercase + string.digits):
    return "".join(secrets.choice(letters) for _ in range(count))


def password_policy(given):
    return {**NOTHING_ASKED, **{POLICY[name]: value for name, value in given.items()}}


def create_user_pool(call):
    body = call.body
    if body.get("MfaConfiguration", "OFF") != "OFF":
        raise invalid_parameter("SMS configuration and Auto verification for phone_number are "
                                "required when MFA is required/optional")
    schema = body.get("Schema", [])
    entry = {
        "name": body["PoolName"], "clients": [], "mfa_methods": [],
        "username_attributes": body.get("UsernameAttributes", []),
        "alias_attributes": body.get("AliasAttributes", []),
        "case_sensitive": body.get("UsernameConfiguration", {}).get("CaseSensitive", True),
        "sign_up": not body.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"),
        "custom_attributes": [one["Name"] for one in schema if one["Name"] not in STANDARD],
        "required_attributes": [one["Name"] for one in schema if one.get("Required")],
        "tags": body.get("UserPoolTags", {}),
        "settings": {"issuer": body.get("IssuerConfiguration", {}).get("Type", "ORIGINAL"),
                     "deletion_protection": body.get("DeletionProtection", "INACTIVE")}}
    if "PasswordPolicy" in body.get("Policies", {}):
        entry["password_policy"] = password_policy(body["Policies"]["PasswordPolicy"])
    return {"UserPool": show_pool(add_pool(call.service, entry, call.region))}


def add_pool(service, entry, region):
    """Under a new ID."""
    entry["id"] = f"{region}_{word(9, string.ascii_letters + string.digits)}"
    pool = service.pools[entry["id"]] = Pool(entry, service.clock.now())
    service.give_keys(pool.id)
    return pool


def delete_user_pool(call):
    pool = call.pool()
    if pool.settings["deletion_protection"] == "ACTIVE":
        raise invalid_parameter("The user pool cannot be deleted because deletion protection is "
                                "activated. Deletion protection must be inactivated first.")
    for client in pool.clients:
        del call.service.clients[client.id]
    del call.service.pools[pool.id]
    return {}


def list_user_pools(call):
    """Without their tags: those are told by DescribeUserPool."""
    answer = page(call, "UserPools", "NextToken", lambda: [
        pool for pool in call.service.pools.values() if pool.region == call.region])
    answer["UserPools"] = [{"Id": pool.id, "Name": pool.name, "LambdaConfig": {},
                            "CreationDate": pool.created, "LastModifiedDate": pool.created}
                           for pool in answer["UserPools"]]
    return answer


def set_user_pool_mfa_config(call):
    pool, body = call.pool(), call.body
    if "EmailMfaConfiguration" in body:
        raise invalid_parameter("Email MFA takes a pool that sends with Amazon SES")
    totp = body.get("SoftwareTokenMfaConfiguration", {}).get("Enabled", False)
    pool.mfa = body.get("MfaConfiguration", "OFF")
    pool.mfa_methods = ["SOFTWARE_TOKEN_MFA"] if totp else []
    return {"SoftwareTokenMfaConfiguration": {"Enabled": totp}, "MfaConfiguration": pool.mfa}


def create_user_pool_client(call):
    pool, body = call.pool(), call.body
    entry = {"id": word(26), "name": body["ClientName"],
             "secret": word(51) if body.get("GenerateSecret") else None,
             "prevent_existence_errors": body.get("PreventUserExistenceErrors", "LEGACY"),
             "session_minutes": body.get("AuthSessionValidity", 3),
             "revocation": body.get("EnableTokenRevocation", True),
             "read_attributes": body.get("ReadAttributes"),
             "write_attributes": body.get("WriteAttributes")}
    if body.get("ExplicitAuthFlows"):
        entry["flows"] = body["ExplicitAuthFlows"]
    client = pool.make_client(entry)
    pool.clients.append(client)
    call.service.clients[client.id] = client
    return {"UserPoolClient": show_client_whole(client)}


def admin_create_user(call):
    """No invitation is ever sent, with MessageAction or without."""
    pool, body = call.pool(), call.body
    if pool.username_attributes == ["email"] and "@" not in body["Username"]:
        raise invalid_parameter("Username should be an email.")
    if pool.find(body["Username"]) is not None:
        raise ServiceError("UsernameExistsException", "User account already exists")
    password = body.get("TemporaryPassword") or word(12) + "A1!"
    passwords.check_policy(pool, password)
    attributes = given_attributes(body)
    user = new_user(pool, body["Username"], password, attributes, call.now)
    require_attributes(pool, user)
    user.status = "FORCE_CHANGE_PASSWORD"
    pool.users[user.username] = user
    return {"User": show(user)}


def given_attributes(body):
    return {one["Name"]: one.get("Value", "") for one in body.get("UserAttributes", [])}


def admin_update_user_attributes(call):
    named_user(call).attributes.update(given_attributes(call.body))
    return {}


def admin_set_user_password(call):
    user = named_user(call)
    passwords.check_new(call.pool(), user, call.body["Password"])
    user.set_password(call.body["Password"], call.now)
    user.status = "CONFIRMED" if call.body.get("Permanent") else "FORCE_CHANGE_PASSWORD"
    return {}


def admin_disable_user(call):
    named_user(call).enabled = False
    return {}


def admin_reset_user_password(call):
    pool, user = call.pool(), named_user(call)
    if user.status != "CONFIRMED":
        raise not_authorized("User password cannot be reset in the current state.")
    medium = channel(user)
    if medium is None:
        raise invalid_parameter(NO_RECOVERY)
    user.status = "RESET_REQUIRED"
    send_code(call, pool, user, "ForgotPassword", medium, pool.settings["reset_code_seconds"])
    return {}


def create_group(call):
    pool, name = call.pool(), call.body["GroupName"]
    if name in pool.groups:
        raise ServiceError("GroupExistsException", "A group with the name already exists.")
    pool.groups.append(name)
    return {"Group": show_groups(pool, [name])[0]}


def admin_add_user_to_group(call):
    user, name = named_user(call), call.body["GroupName"]
    if name not in call.pool().groups:
        raise not_found("Group not found.")
    if name not in user.groups:
        user.groups.append(name)
    return {}


# Each with the category whose quota it counts against.
OPERATIONS = {
    "CreateUserPool": (create_user_pool, "UserPoolUpdate"),
    "DeleteUserPool": (delete_user_pool, "UserPoolUpdate"),
    "ListUserPools": (list_user_pools, "UserPoolRead"),
    "SetUserPoolMfaConfig": (set_user_pool_mfa_config, "UserPoolUpdate"),
    "CreateUserPoolClient": (create_user_pool_client, "UserPoolClientUpdate"),
    "AdminCreateUser": (admin_create_user, "UserCreation"),
    "AdminSetUserPassword": (admin_set_user_password, "UserUpdate"),
    "AdminUpdateUserAttributes": (admin_update_user_attributes, "UserUpdate"),
    "AdminDisableUser": (admin_disable_user, "UserUpdate"),
    "AdminResetUserPassword": (admin_reset_user_password, "UserAccountRecovery"),
    "CreateGroup": (create_group, "UserPoolResourceUpdate"),
    "AdminAddUserToGroup": (admin_add_user_to_group, "UserUpdate"),
}
