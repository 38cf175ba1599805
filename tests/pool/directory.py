# The signed operations: listing a pool's users, groups and app clients, page by
# page, and describing the pool. The signature has been judged before.
# SPDX-License-Identifier: MIT
import re
import secrets
from collections import deque
from dataclasses import dataclass

from access import ACCOUNT, SERVICE
from errors import ServiceError, invalid_parameter, not_found, user_not_found
from users import DEFAULT_QUOTAS, DEFAULT_SETTINGS

PAGE = 60
STANDARD = ("sub name given_name family_name middle_name nickname preferred_username profile "
            "picture website email email_verified gender birthdate zoneinfo locale phone_number "
            "phone_number_verified address updated_at").split()
SEARCHABLE = ("username email phone_number name given_name family_name preferred_username "
              "cognito:user_status status sub").split()


@dataclass
class Listing:
    """What a token stands for: where the next page of which list begins. A listing
    is of one moment; a token may be used again, as after an answer that was lost."""
    asked: dict
    items: list
    position: int
    made: float


def page(call, name, token_name, find):
    """One page of what find() gives. Faults of a listing are made here."""
    asked = {key: value for key, value in call.body.items() if key != token_name}
    token, listings = call.body.get(token_name), call.service.listings
    if token is None:
        listing = Listing(asked, find(), 0, call.now)
    else:
        listing = listings.get(token)
        settings = call.pool().settings if "UserPoolId" in call.body else DEFAULT_SETTINGS
        lasts = settings["page_token_seconds"]
        if listing is None or listing.asked != asked or call.now - listing.made >= lasts:
            raise invalid_parameter(f"Paging marker {token} is invalid for request")
    size = call.body.get("Limit") or call.body.get("MaxResults") or PAGE
    items, end = listing.items[listing.position:listing.position + size], listing.position + size
    fault = call.facts.get("fault")
    if fault == "empty_page":
        items, end = [], listing.position
    elif fault == "repeat_token":
        end = listing.position
    answer = {name: items}
    if end < len(listing.items):
        answer[token_name] = token if fault == "repeat_token" and token else \
            secrets.token_urlsafe(150)
        listings[answer[token_name]] = Listing(asked, listing.items, end, call.now)
    return answer


def attribute_list(user):
    attributes = {"sub": user.sub, **user.attributes}
    return [{"Name": name, "Value": str(value)} for name, value in attributes.items()]


def show(user):
    return {"Username": user.username, "Attributes": attribute_list(user),
            "UserCreateDate": user.created, "UserLastModifiedDate": user.created,
            "Enabled": user.enabled, "UserStatus": user.status}


def searched_value(user, name):
    special = {"username": user.username, "sub": user.sub,
               "cognito:user_status": user.status.lower(),
               "status": "Enabled" if user.enabled else "Disabled"}
    return special[name] if name in special else user.attributes.get(name)


def read_filter(text):
    """A function that says whether a user passes."""
    if not text:
        return lambda user: True
    found = re.fullmatch(r'\s*([\w:]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*', text, re.DOTALL)
    if not found or found[1] not in SEARCHABLE:
        raise invalid_parameter("Error while parsing filter." if not found else
                                "One or more requested attributes cannot be searched.")
    name, prefix = found[1], found[2] == "^="
    wanted = re.sub(r"\\(.)", r"\1", found[3], flags=re.DOTALL)
    if name == "cognito:user_status":
        wanted = wanted.lower()

    def passes(user):
        value = searched_value(user, name)
        return value is not None and (value.startswith(wanted) if prefix else value == wanted)
    return passes


def chosen(shown, names):
    """Attributes that not every user has cannot be asked for: AWS refuses it all."""
    for user in shown:
        held = {entry["Name"]: entry for entry in user["Attributes"]}
        if any(name not in held for name in names):
            raise invalid_parameter("Input fails to satisfy the constraints.")
        user["Attributes"] = [held[name] for name in names]


def list_users(call):
    passes = read_filter(call.body.get("Filter"))
    answer = page(call, "Users", "PaginationToken",
                  lambda: [user for user in call.pool().users.values() if passes(user)])
    answer["Users"] = [show(user) for user in answer["Users"]]
    if call.body.get("AttributesToGet"):
        chosen(answer["Users"], call.body["AttributesToGet"])
    return answer


def list_users_in_group(call):
    pool, group = call.pool(), call.body["GroupName"]
    if group not in pool.groups:
        raise not_found("Group not found.")
    answer = page(call, "Users", "NextToken",
                  lambda: [user for user in pool.users.values() if group in user.groups])
    answer["Users"] = [show(user) for user in answer["Users"]]
    return answer


def show_groups(pool, names):
    return [{"GroupName": name, "UserPoolId": pool.id, "CreationDate": pool.created,
             "LastModifiedDate": pool.created} for name in names]


def list_groups(call):
    return page(call, "Groups", "NextToken", lambda: show_groups(call.pool(), call.pool().groups))


def named_user(call):
    user = call.pool().find(call.body["Username"])
    if user is None:
        raise user_not_found()
    call.facts["username"] = user.username
    return user


def admin_get_user(call):
    user = named_user(call)
    answer = show(user)
    answer["UserAttributes"] = answer.pop("Attributes")
    if user.mfa:
        answer["UserMFASettingList"] = list(user.mfa)
    if user.preferred_mfa:
        answer["PreferredMfaSetting"] = user.preferred_mfa
    return answer


def admin_list_groups_for_user(call):
    groups = named_user(call).groups
    return page(call, "Groups", "NextToken", lambda: show_groups(call.pool(), groups))


def schema(pool):
    custom = ["custom:" + name for name in pool.custom_attributes]
    return [{"Name": name, "AttributeDataType": "Boolean" if name.endswith("_verified") else
             "Number" if name == "updated_at" else "String", "DeveloperOnlyAttribute": False,
             "Mutable": name != "sub", "Required": name in ("sub", *pool.required_attributes)}
            for name in [*STANDARD, *custom]]


def describe_user_pool(call):
    return {"UserPool": show_pool(call.pool())}


def show_pool(pool):
    shown = {"Id": pool.id, "Name": pool.name, "Arn": arn(pool.id),
             "CreationDate": pool.created, "LastModifiedDate": pool.created,
             "MfaConfiguration": pool.mfa, "EstimatedNumberOfUsers": len(pool.users),
             "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": not pool.sign_up},
             "SchemaAttributes": schema(pool),
             "UsernameConfiguration": {"CaseSensitive": pool.case_sensitive},
             "DeletionProtection": pool.settings["deletion_protection"]}
    if pool.tags:
        shown["UserPoolTags"] = pool.tags
    if pool.username_attributes:
        shown["UsernameAttributes"] = pool.username_attributes
    if pool.alias_attributes:
        shown["AliasAttributes"] = pool.alias_attributes
    return shown


def arn(pool_id):
    return f"arn:aws:{SERVICE}:{pool_id.split('_')[0]}:{ACCOUNT}:userpool/{pool_id}"


def show_client(client):
    return {"ClientId": client.id, "UserPoolId": client.pool.id, "ClientName": client.name or client.id}


def list_user_pool_clients(call):
    return page(call, "UserPoolClients", "NextToken",
                lambda: [show_client(client) for client in call.pool().clients])


def describe_user_pool_client(call):
    client = call.service.clients.get(call.body["ClientId"])
    if client is None or client.pool is not call.pool():
        raise not_found(f"User pool client {call.body['ClientId']} does not exist.")
    return {"UserPoolClient": show_client_whole(client)}


def show_client_whole(client):
    """Lists of attributes are shown only where somebody has set them; without,
    an app client may write the standard attributes and no custom one."""
    shown = {**show_client(client), "ExplicitAuthFlows": client.flows,
             "PreventUserExistenceErrors": client.prevent_existence_errors}
    if client.secrets:
        shown["ClientSecret"] = client.secrets[0]
    if client.read_attributes is not None:
        shown["ReadAttributes"] = client.read_attributes
    if client.write_attributes is not None:
        shown["WriteAttributes"] = client.write_attributes
    return shown


class Quotas:
    """Requests in any one second, by the real clock, pool (None: of no one pool)
    and category."""

    def __init__(self):
        self.seen = {}

    def count(self, pool, category, now):
        seen = self.seen.setdefault((pool and pool.id, category), deque())
        while seen and now - seen[0] >= 1:
            seen.popleft()
        if len(seen) >= (pool.quotas if pool else DEFAULT_QUOTAS)[category]:
            raise ServiceError("TooManyRequestsException", "Rate exceeded")
        seen.append(now)


# Each with the category whose quota it counts against.
OPERATIONS = {
    "ListUsers": (list_users, "UserList"),
    "ListUsersInGroup": (list_users_in_group, "UserList"),
    "ListGroups": (list_groups, "UserPoolResourceRead"),
    "AdminGetUser": (admin_get_user, "UserRead"),
    "AdminListGroupsForUser": (admin_list_groups_for_user, "UserResourceRead"),
    "DescribeUserPool": (describe_user_pool, "UserPoolRead"),
    "ListUserPoolClients": (list_user_pool_clients, "UserPoolClientRead"),
    "DescribeUserPoolClient": (describe_user_pool_client, "UserPoolClientRead"),
}
