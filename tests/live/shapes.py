# What an answer looks like without what it says: its members and their types, and of
# tokens their claims; and what two answers differ in.
# SPDX-License-Identifier: MIT
import base64
import binascii
import json
import re

# Words of the protocol, not of a person.
WORD = re.compile(r"[A-Z][A-Z_]+|RS256|Bearer|id|access")
WORDS = ("ChallengeName", "TokenType", "DeliveryMedium", "AttributeName", "AvailableChallenges",
         "UserStatus", "Status", "alg", "token_use", "CODE_DELIVERY_DELIVERY_MEDIUM",
         "MFAS_CAN_SETUP", "MFAS_CAN_CHOOSE", "UserMFASettingList", "PreferredMfaSetting",
         "kty", "use")


def token_parts(text):
    """Header and claims of a signed token, or None."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
                for part in parts[:2]]
    except (ValueError, binascii.Error):
        return None


def is_attributes(value):
    return value and all(isinstance(one, dict) and set(one) <= {"Name", "Value"} for one in value)


def shape(value, name=""):
    if isinstance(value, dict):
        return {key: shape(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return list_shape(value, name)
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return text_shape(value, name) if isinstance(value, str) else "null"


def list_shape(value, name):
    if is_attributes(value):
        return {"attributes": {one["Name"]: "text" for one in value}}
    if name in WORDS and all(WORD.fullmatch(str(one)) for one in value):
        return "list of " + " ".join(sorted(value))
    return [shape(value[0])] if value else "list"


def text_shape(text, name):
    if name in WORDS and WORD.fullmatch(text):
        return text
    if name in ("IdToken", "AccessToken"):
        parts = token_parts(text)
        return {"header": shape(parts[0]), "claims": shape(parts[1])} if parts else "text"
    # Where the service means a list or an object it sends JSON in a text.
    if text[:1] in ("[", "{"):
        try:
            return {"JSON in a text": shape(json.loads(text), name)}
        except ValueError:
            pass
    return "text"


def differences(here, there, path=""):
    """Lines: what only the one has, and what is another type."""
    if isinstance(here, dict) and isinstance(there, dict):
        found = []
        for key in sorted(set(here) | set(there)):
            below = f"{path}.{key}".lstrip(".")
            if key not in there:
                found.append(f"{below}: tests/pool has no such member ({brief(here[key])})")
            elif key not in here:
                found.append(f"{below}: only tests/pool has it ({brief(there[key])})")
            else:
                found += differences(here[key], there[key], below)
        return found
    if isinstance(here, list) and isinstance(there, list):
        return differences(here[0], there[0], path + "[]")
    return [] if here == there else [f"{path}: {brief(here)}, tests/pool: {brief(there)}"]


def brief(value):
    return value if isinstance(value, str) else "object" if isinstance(value, dict) else "list"
