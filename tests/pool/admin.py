# The control interface that tests and the demo use: POST /<command> with a
# JSON object, answered by a JSON object. Plain HTTP on loopback.
# SPDX-License-Identifier: MIT
import copy
import dataclasses
import json
import threading

import access
import faults
import management
import mfa
from service import Answer
from sessions import Attempt
from users import Failures
from wire import read_request

SHOWN = ("username", "sub", "password", "status", "enabled", "attributes", "groups", "mfa",
         "preferred_mfa", "totp_secret", "totp_verified", "webauthn", "devices")


class ControlError(Exception):
    pass


class Admin:
    def __init__(self, service, stop):
        self.service = service
        self.stop = stop

    def serve(self, connection):
        reader = connection.sock.makefile("rb")
        while True:
            request = read_request(reader, connection)
            if request is None:
                return
            connection.answer(self.answer(request))

    def answer(self, request):
        command = COMMANDS.get(request.path.strip("/"))
        if command is None:
            return reply(404, {"error": f"no such command: {request.path}"})
        try:
            body = json.loads(request.body or b"{}")
            with self.service.lock:
                return reply(200, command(self, body))
        except (ControlError, ValueError, KeyError, TypeError, AttributeError) as error:
            return reply(400, {"error": f"{type(error).__name__}: {error}"})

    def pool(self, body):
        wanted = body.get("pool")
        if wanted and wanted not in self.service.pools:
            raise ControlError(f"no such pool: {wanted}")
        return self.service.pools[wanted] if wanted else next(iter(self.service.pools.values()))

    def user(self, body):
        """By user name or alias; in the named pool, else the first that has it."""
        pools = [self.pool(body)] if body.get("pool") else list(self.service.pools.values())
        for pool in pools:
            user = pool.find(body["username"])
            if user:
                return pool, user
        raise ControlError(f"no such user: {body['username']}")


def reply(status, value):
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")


def patch(target, values):
    """Sets fields that exist; dictionaries are merged, null removes a key."""
    for name, value in values.items():
        if not hasattr(target, name):
            raise ControlError(f"no such field: {name}")
        held = getattr(target, name)
        if isinstance(held, dict) and isinstance(value, dict):
            for key, item in value.items():
                if item is None:
                    held.pop(key, None)
                else:
                    held[key] = item
        else:
            setattr(target, name, value)


def requests(admin, _body):
    journal = admin.service.journal
    return {**journal.counts(), "requests": journal.read()}


def counts(admin, _body):
    return admin.service.journal.counts()


def clear(admin, _body):
    admin.service.journal.clear()
    return {}


def reset(admin, _body):
    admin.service.reset()
    return {}


def add_fault(admin, body):
    faults.check(body)
    about_connection = body["kind"] in faults.CONNECT_FAULTS
    rules = admin.service.connect_faults if about_connection else admin.service.faults
    rules.add(body)
    return {}


def add_script(admin, body):
    for entry in body.get("answers", [body]):
        admin.service.scripts.add(entry)
    return {}


def add_token(admin, body):
    admin.service.overrides.add(body)
    return {}


def add_certificate(admin, body):
    admin.service.certificate.add({"count": 0, **body})
    return {}


def clear_rules(admin, _body):
    """Faults, scripts, token overrides and certificates; users stay as they are."""
    service = admin.service
    for rules in (service.faults, service.connect_faults, service.scripts, service.overrides,
                  service.certificate):
        rules.clear()
    return {}


def show_user(admin, body):
    pool, user = admin.user(body)
    if body.get("set"):
        patch_user(pool, user, dict(body["set"]), admin.service.clock.now())
    shown = {name: getattr(user, name) for name in SHOWN}
    shown["pool"] = pool.id
    shown["failures"] = {kind: dataclasses.asdict(f) for kind, f in user.failures.items()}
    return shown


def patch_user(pool, user, values, now):
    if "password" in values:
        user.set_password(values.pop("password"), now)
    if "password_age_days" in values:
        user.password_set = now - values.pop("password_age_days") * 86400
    if "failures" in values:
        user.failures = {kind: Failures(**entry) for kind, entry in values.pop("failures").items()}
    if "totp_secret" in values:
        user.totp_verified = bool(values["totp_secret"])
        user.totp_used.clear()
    patch(user, values)


def add_user(admin, body):
    entry = dict(body)
    pool = admin.pool(body)
    entry.pop("pool", None)
    user = pool.add_seeded(entry, admin.service.clock.now())
    return {"username": user.username, "sub": user.sub}


def add_users(admin, body):
    """count users at once: prefix and a number of five digits, with an address, without
    a password; further members as in the seed."""
    entry = dict(body)
    pool, now = admin.pool(body), admin.service.clock.now()
    first, count, prefix = entry.pop("first", 0), entry.pop("count"), entry.pop("prefix", "user")
    attributes = entry.pop("attributes", {})
    entry.pop("pool", None)
    for number in range(first, first + count):
        name = f"{prefix}{number:05}"
        address = {"email": name + "@example.com", "email_verified": "true"}
        pool.add_seeded({**copy.deepcopy(entry), "username": name,
                         "attributes": {**address, **attributes}}, now)
    return {"users": len(pool.users)}


def delete_user(admin, body):
    pool, user = admin.user(body)
    del pool.users[user.username]
    return {}


def set_pool(admin, body):
    pool = admin.pool(body)
    patch(pool, body.get("set", {}))
    return {"id": pool.id, "mfa": pool.mfa, "mfa_methods": pool.mfa_methods,
            "settings": pool.settings, "policy": pool.policy, "limits": pool.limits,
            "lambdas": pool.lambdas, "quotas": pool.quotas, "users": sorted(pool.users)}


def show_pools(admin, _body):
    """Those that were made as well."""
    return {"pools": [{"id": pool.id, "name": pool.name, "tags": pool.tags}
                      for pool in admin.service.pools.values()]}


def add_pool(admin, body):
    """As in the seed, with an id of its own."""
    made = management.add_pool(admin.service, {"clients": [], **body}, "eu-west-1")
    return {"id": made.id}


def set_client(admin, body):
    client = admin.service.clients.get(body["client_id"])
    if client is None:
        raise ControlError(f"no such client: {body['client_id']}")
    patch(client, body.get("set", {}))
    return {field.name: getattr(client, field.name) for field in dataclasses.fields(client)
            if field.name != "pool"} | {"pool": client.pool.id}


def add_client(admin, body):
    pool = admin.pool(body)
    client = pool.make_client({key: value for key, value in body.items() if key != "pool"})
    pool.clients.append(client)
    admin.service.clients[client.id] = client
    return {"id": client.id}


def add_access_key(admin, body):
    access.add_key(admin.service.access_keys, body, admin.service.clock.now())
    return {}


def delete_access_key(admin, body):
    del admin.service.access_keys[body["id"]]
    return {}


def read_codes(admin, body):
    return {"codes": admin.service.outbox.read(body.get("username"))}


def current_totp(admin, body):
    _, user = admin.user(body)
    secret = body.get("secret") or user.totp_secret
    if not secret:
        raise ControlError(f"{user.username} has no TOTP secret")
    step = int(admin.service.clock.now()) // mfa.STEP_SECONDS + body.get("steps", 0)
    return {"code": mfa.totp(secret, step)}


def forget_totp(admin, body):
    """Lets a TOTP code that was used serve once more."""
    admin.user(body)[1].totp_used.clear()
    return {}


def advance(admin, body):
    return {"offset": admin.service.clock.advance(body["seconds"])}


def pin(admin, body):
    """Fixes the next random values: srp_b (hex), code or codes, a user's salt (hex)."""
    if "srp_b" in body:
        admin.service.pinned["srp_b"] = int(body["srp_b"], 16)
    if "code" in body:
        admin.service.outbox.pinned.append(body["code"])
    if "salt" in body:
        admin.user(body)[1].salt = int(body["salt"], 16)
    return {}


def mint(admin, body):
    """Tokens for a user without a sign-in, as material for scripted answers."""
    service = admin.service
    client = service.clients[body["client_id"]]
    _, user = admin.user({**body, "pool": client.pool.id})
    if body.get("spoil"):
        service.overrides.put_first(body["spoil"])
    return service.tokens.issue(Attempt(client.pool, client, user.username, user))


def stop(admin, _body):
    """A moment later, so that this answer still gets out."""
    threading.Timer(0.1, admin.stop).start()
    return {}


COMMANDS = {
    "requests": requests, "counts": counts, "clear": clear, "reset": reset, "fault": add_fault,
    "script": add_script, "token": add_token, "certificate": add_certificate,
    "clear_rules": clear_rules, "user": show_user, "add_user": add_user,
    "add_users": add_users, "delete_user": delete_user, "add_client": add_client,
    "access_key": add_access_key, "delete_access_key": delete_access_key, "pool": set_pool,
    "client": set_client, "pools": show_pools, "add_pool": add_pool, "codes": read_codes, "totp": current_totp, "forget_totp": forget_totp,
    "advance": advance, "pin": pin, "mint": mint, "stop": stop,
}
