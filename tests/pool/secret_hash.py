# SECRET_HASH: what a client with a secret must send, and the refusals when it
# did not.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac

from errors import not_authorized


def secret_hash(secret, username, client_id):
    message = (username + client_id).encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def matches(client, username, sent):
    return any(hmac.compare_digest(secret_hash(secret, username, client.id).encode(),
                                   sent.encode()) for secret in client.secrets)


def check(call, client, username, sent):
    """The name is the one the service would use for this kind of request."""
    if not client.secrets and not sent:
        return
    call.facts["secret_hash_ok"] = bool(client.secrets) and bool(sent) and matches(
        client, username, sent)
    if not sent:
        raise not_authorized(f"Client {client.id} is configured with secret "
                             "but SECRET_HASH was not received")
    if not call.facts["secret_hash_ok"]:
        raise not_authorized(call.hash_error.format(client=client.id))
