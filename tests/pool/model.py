# The published model of the operations: which members a request has,
# their types and patterns, and the refusals for requests outside it.
# SPDX-License-Identifier: MIT
import json
import re
import unicodedata

from errors import ServiceError, invalid_parameter

# "!" marks a required member; the type is text unless another one follows ":".
MEMBERS = {
    "InitiateAuth": "AuthFlow! ClientId! AuthParameters:texts ClientMetadata:texts "
                    "AnalyticsMetadata:object UserContextData:object Session",
    "GetTokensFromRefreshToken": "RefreshToken! ClientId! ClientSecret DeviceKey "
                                 "ClientMetadata:texts",
    "RespondToAuthChallenge": "ClientId! ChallengeName! Session ChallengeResponses:texts "
                              "AnalyticsMetadata:object UserContextData:object "
                              "ClientMetadata:texts",
    "ChangePassword": "ProposedPassword! AccessToken! PreviousPassword",
    "ForgotPassword": "ClientId! Username! SecretHash UserContextData:object "
                      "AnalyticsMetadata:object ClientMetadata:texts",
    "ConfirmForgotPassword": "ClientId! Username! ConfirmationCode! Password! SecretHash "
                             "AnalyticsMetadata:object UserContextData:object "
                             "ClientMetadata:texts",
    "SignUp": "ClientId! Username! Password SecretHash UserAttributes:list ValidationData:list "
              "AnalyticsMetadata:object UserContextData:object ClientMetadata:texts",
    "ConfirmSignUp": "ClientId! Username! ConfirmationCode! SecretHash "
                     "ForceAliasCreation:boolean AnalyticsMetadata:object "
                     "UserContextData:object ClientMetadata:texts Session",
    "ResendConfirmationCode": "ClientId! Username! SecretHash UserContextData:object "
                              "AnalyticsMetadata:object ClientMetadata:texts",
    "GetUser": "AccessToken!",
    "AssociateSoftwareToken": "AccessToken Session",
    "VerifySoftwareToken": "UserCode! AccessToken Session FriendlyDeviceName",
    "SetUserMFAPreference": "AccessToken! SMSMfaSettings:object SoftwareTokenMfaSettings:object "
                            "EmailMfaSettings:object WebAuthnMfaSettings:object",
    "ConfirmDevice": "AccessToken! DeviceKey! DeviceSecretVerifierConfig:object DeviceName",
    "UpdateDeviceStatus": "AccessToken! DeviceKey! DeviceRememberedStatus",
    "RevokeToken": "Token! ClientId! ClientSecret",
    "GlobalSignOut": "AccessToken!",
    "ListUsers": "UserPoolId! AttributesToGet:list Limit:integer PaginationToken Filter",
    "ListUsersInGroup": "UserPoolId! GroupName! Limit:integer NextToken",
    "ListGroups": "UserPoolId! Limit:integer NextToken",
    "AdminGetUser": "UserPoolId! Username!",
    "AdminListGroupsForUser": "UserPoolId! Username! Limit:integer NextToken",
    "DescribeUserPool": "UserPoolId!",
    "ListUserPoolClients": "UserPoolId! MaxResults:integer NextToken",
    "DescribeUserPoolClient": "UserPoolId! ClientId!",
    "CreateUserPool": "PoolName! Policies:object DeletionProtection AliasAttributes:list "
                      "UsernameAttributes:list AutoVerifiedAttributes:list MfaConfiguration "
                      "AdminCreateUserConfig:object Schema:list UsernameConfiguration:object "
                      "AccountRecoverySetting:object IssuerConfiguration:object UserPoolTier "
                      "UserPoolTags:texts",
    "DeleteUserPool": "UserPoolId!",
    "ListUserPools": "MaxResults!:integer NextToken",
    "SetUserPoolMfaConfig": "UserPoolId! MfaConfiguration SoftwareTokenMfaConfiguration:object "
                            "EmailMfaConfiguration:object",
    "CreateUserPoolClient": "UserPoolId! ClientName! GenerateSecret:boolean "
                            "ExplicitAuthFlows:list PreventUserExistenceErrors "
                            "AuthSessionValidity:integer EnableTokenRevocation:boolean "
                            "ReadAttributes:list WriteAttributes:list",
    "AdminCreateUser": "UserPoolId! Username! UserAttributes:list TemporaryPassword "
                       "MessageAction",
    "AdminSetUserPassword": "UserPoolId! Username! Password! Permanent:boolean",
    "AdminUpdateUserAttributes": "UserPoolId! Username! UserAttributes!:list",
    "AdminDisableUser": "UserPoolId! Username!",
    "AdminResetUserPassword": "UserPoolId! Username!",
    "CreateGroup": "UserPoolId! GroupName!",
    "AdminAddUserToGroup": "UserPoolId! Username! GroupName!",
}
TYPES = {"text": str, "texts": dict, "object": dict, "list": list, "boolean": bool,
         "integer": int}
RANGES = {"Limit": (0, 60), "MaxResults": (1, 60), "AuthSessionValidity": (3, 15)}

NAME = "[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+"
PATTERNS = {
    "ClientId": (r"[\w+]+", 1, 128), "SecretHash": (r"[\w+=/]+", 1, 128),
    "ClientSecret": (r"[\w+]+", 24, 64), "Session": (r".*", 20, 2048),
    "AccessToken": (r"[A-Za-z0-9\-_=.]+", 0, None),
    "RefreshToken": (r"[A-Za-z0-9\-_=.]+", 0, None), "Token": (r"[A-Za-z0-9\-_=.]+", 0, None),
    "Password": (r"\S+", 0, 256), "ProposedPassword": (r"\S+", 0, 256),
    "PreviousPassword": (r"\S+", 0, 256), "ConfirmationCode": (r"\S+", 1, 2048),
    "UserCode": (r"[0-9]+", 6, 6), "DeviceKey": (r"[\w-]+_[0-9a-f-]+", 1, 55),
    "DeviceName": (r".*", 1, 1024), "Username": (NAME, 1, 128),
    "UserPoolId": (r"[\w-]+_[0-9a-zA-Z]+", 1, 55), "GroupName": (NAME, 1, 128),
    "Filter": (r".*", 0, 256), "PaginationToken": (r"\S+", 1, None),
    "NextToken": (r"\S+", 1, 131072), "PoolName": (r"[\w\s+=,.@-]+", 1, 128),
    "ClientName": (r"[\w\s+=,.@-]+", 1, 128), "TemporaryPassword": (r"\S+", 0, 256),
}
FLOW_NAMES = ("USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH",
              "ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH")
CHOICES = {"AuthFlow": FLOW_NAMES, "MfaConfiguration": ("OFF", "ON", "OPTIONAL"),
           "PreventUserExistenceErrors": ("LEGACY", "ENABLED"),
           "MessageAction": ("RESEND", "SUPPRESS"),
           "DeletionProtection": ("ACTIVE", "INACTIVE")}


def parse(raw):
    """The JSON object in a request body."""
    try:
        body = json.loads(raw.decode("utf-8") or "{}")
    except ValueError:
        raise ServiceError("SerializationException", "Unable to parse request body") from None
    if not isinstance(body, dict):
        raise ServiceError("SerializationException", "Start of structure expected")
    return body


def failed(member, why):
    where = member[:1].lower() + member[1:]
    return invalid_parameter(f"1 validation error detected: Value at '{where}' "
                             f"failed to satisfy constraint: Member must {why}")


def check(operation, body, challenges):
    for word in MEMBERS[operation].split():
        name, _, kind = word.partition(":")
        required = name.endswith("!")
        name = name.rstrip("!")
        value = body.get(name)
        if value is None:
            if required:
                raise failed(name, "not be null")
            continue
        if kind == "texts" and isinstance(value, dict):
            value = body[name] = without_nulls(value)
        check_type(name, value, kind or "text")
        if isinstance(value, str):
            check_text(name, value)
        if kind == "integer":
            check_number(name, value)
    for name, allowed in CHOICES.items():
        check_choice(body, name, allowed)
    check_choice(body, "ChallengeName", challenges)


def without_nulls(texts):
    """AWS's own JavaScript client sends null for a device key it has not got."""
    return {key: text for key, text in texts.items() if text is not None}


def check_type(name, value, kind):
    good = isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")
    if good and kind == "texts":
        good = all(isinstance(item, str) for item in value.values())
    if not good:
        raise ServiceError("SerializationException", f"Unexpected type of value at {name}")


def check_number(name, value):
    smallest, largest = RANGES[name]
    if value < smallest:
        raise failed(name, f"have value greater than or equal to {smallest}")
    if value > largest:
        raise failed(name, f"have value less than or equal to {largest}")


def check_text(name, value):
    if name not in PATTERNS:
        return
    pattern, shortest, longest = PATTERNS[name]
    if len(value) < shortest:
        raise failed(name, f"have length greater than or equal to {shortest}")
    if longest is not None and len(value) > longest:
        raise failed(name, f"have length less than or equal to {longest}")
    if pattern is NAME:
        good = all(unicodedata.category(c)[0] in "LMSNP" for c in value)
    else:
        good = re.fullmatch(pattern, value, re.ASCII | re.DOTALL)
    if not good:
        raise failed(name, f"satisfy regular expression pattern: {pattern}")


def check_choice(body, name, allowed):
    if name in body and body[name] not in allowed:
        raise failed(name, "satisfy enum value set: [" + ", ".join(allowed) + "]")
