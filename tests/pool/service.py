# The whole service as one object: its pools, sessions, tokens and outbox, and
# what happens to one request from its bytes to the answer's bytes.
# SPDX-License-Identifier: MIT
import copy
import json
import tempfile
import threading
import time
import uuid
from email.utils import formatdate

import access
import accounts
import challenges
import devices
import directory
import management
import mfa
import model
import sign_in
from codes import Outbox
from errors import ServiceError, not_authorized, not_found, user_not_found
from journal import Journal
from matching import Rules
from rsa_keys import make_pair
from sessions import Sessions
from tokens import Tokens
from users import Pool

JSON_TYPE = "application/x-amz-json-1.1"
TARGET = "AWSCognitoIdentityProviderService."
SIGNED_OPERATIONS = {**directory.OPERATIONS, **management.OPERATIONS}
SIGNED = {"AdminInitiateAuth", "AdminRespondToAuthChallenge", *SIGNED_OPERATIONS}
OPERATIONS = {
    "InitiateAuth": sign_in.initiate_auth,
    "GetTokensFromRefreshToken": sign_in.get_tokens_from_refresh_token,
    "RespondToAuthChallenge": challenges.respond,
    "ChangePassword": accounts.change_password,
    "ForgotPassword": accounts.forgot_password,
    "ConfirmForgotPassword": accounts.confirm_forgot_password,
    "SignUp": accounts.sign_up,
    "ConfirmSignUp": accounts.confirm_sign_up,
    "ResendConfirmationCode": accounts.resend_confirmation_code,
    "GetUser": accounts.get_user,
    "AssociateSoftwareToken": mfa.associate_software_token,
    "VerifySoftwareToken": mfa.verify_software_token,
    "SetUserMFAPreference": mfa.set_user_mfa_preference,
    "ConfirmDevice": devices.confirm_device,
    "UpdateDeviceStatus": devices.update_device_status,
    "RevokeToken": accounts.revoke_token,
    "GlobalSignOut": accounts.global_sign_out,
}


class Answer:
    def __init__(self, status, body, content_type=JSON_TYPE, headers=None):
        self.status = status
        self.body = body
        self.headers = {"Content-Type": content_type, **(headers or {})}
        self.error = ""

    def parsed(self):
        return json.loads(self.body or b"{}")


class Call:
    """One operation being carried out."""
    hash_error = "Unable to verify secret hash for client {client}"

    def __init__(self, service, body, facts, region=None):
        """region: what the request was signed for."""
        self.region = region
        self.service = service
        self.body = body
        self.facts = facts
        self.now = service.clock.now()

    def client(self):
        client = self.service.clients.get(self.body["ClientId"])
        if client is None:
            raise not_found(f"User pool client {self.body['ClientId']} does not exist.")
        return client.pool, client

    def pool(self):
        pool = self.service.pools.get(self.body["UserPoolId"])
        if pool is None:
            raise not_found(f"User pool {self.body['UserPoolId']} does not exist.")
        return pool

    def grant(self):
        return self.service.check_access(self.body["AccessToken"])

    def user(self):
        user = self.grant().user
        self.facts["username"] = user.username
        return user


class Service:
    def __init__(self, seed, keys, clock):
        self.lock = threading.RLock()
        self.seed = seed
        self.seed_keys = keys
        self.more_keys = []
        self.clock = clock
        self.journal = Journal()
        self.faults = Rules()
        self.scripts = Rules()
        self.overrides = Rules()
        self.certificate = Rules()
        self.connect_faults = Rules()
        self.reset()

    def reset(self):
        """Back to the seed; the clock, the journal and the rules too."""
        self.clock.offset = 0.0
        now = self.clock.now()
        self.keys = dict(self.seed_keys)
        self.keys_given = 0
        self.pools = {entry["id"]: Pool(entry, now)
                      for entry in copy.deepcopy(self.seed["pools"])}
        self.clients = {client.id: client for pool in self.pools.values()
                        for client in pool.clients}
        self.access_keys = {}
        for entry in self.seed.get("access_keys", []):
            access.add_key(self.access_keys, entry, now)
        self.listings = {}
        self.quotas = directory.Quotas()
        self.sessions = Sessions()
        self.outbox = Outbox()
        self.simulated_resets = set()
        self.pinned = {}
        for rules in (self.faults, self.scripts, self.overrides, self.certificate,
                      self.connect_faults):
            rules.clear()
        self.tokens = Tokens(self.keys, self.clock, self.overrides)
        self.journal.clear()

    def give_keys(self, pool_id):
        """To a pool that is not of the seed. Making them takes long: those from before
        a reset serve again."""
        if self.keys_given == len(self.more_keys):
            with tempfile.TemporaryDirectory() as folder:
                self.more_keys.append(make_pair(folder, pool_id))
        self.keys[pool_id] = self.more_keys[self.keys_given]
        self.keys_given += 1

    def check_access(self, token):
        grant = self.tokens.check_access(token)
        user = grant.user
        if grant.pool.users.get(user.username) is not user:
            raise user_not_found()
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if user.status == "UNCONFIRMED":
            raise ServiceError("UserNotConfirmedException", "User is not confirmed.")
        if user.status == "RESET_REQUIRED":
            raise ServiceError("PasswordResetRequiredException",
                               "Password reset required for the user")
        return grant

    def handle(self, request, facts):
        """One HTTP request; facts is its entry in the journal."""
        if request.method == "GET":
            return self.well_known(request.path)
        try:
            with self.lock:
                return self.success(self.perform(request, facts))
        except ServiceError as error:
            return self.refusal(error, facts)

    def perform(self, request, facts):
        operation = facts["operation"]
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        if request.method != "POST" or request.path != "/" or media != JSON_TYPE:
            raise ServiceError("UnknownOperationException", "")
        if operation in SIGNED:
            region = self.check_signature(request, facts)
        if operation in SIGNED_OPERATIONS:
            return self.administer(request, facts, region)
        if operation not in OPERATIONS:
            raise ServiceError("UnknownOperationException", "")
        body = model.parse(request.body)
        model.check(operation, body, challenges.NAMES)
        return OPERATIONS[operation](Call(self, body, facts))

    def check_signature(self, request, facts):
        regions = {pool.settings.get("region", pool.region) for pool in self.pools.values()}
        pool = facts["pool"] if facts["pool"] in self.pools else "*"
        return access.check(request, facts["operation"], self.access_keys, regions,
                            directory.arn(pool), self.clock.now())

    def administer(self, request, facts, region):
        run, category = SIGNED_OPERATIONS[facts["operation"]]
        body = model.parse(request.body)
        model.check(facts["operation"], body, ())
        call = Call(self, body, facts, region)
        pool = call.pool() if "UserPoolId" in body else None
        self.quotas.count(pool, category, time.monotonic())
        return run(call)

    def well_known(self, path):
        parts = path.split("/")
        if len(parts) == 4 and parts[2:] == [".well-known", "jwks.json"]:
            keys = self.tokens.jwks(parts[1])
            if keys and parts[1] in self.pools:
                return Answer(200, encode(keys), "application/json",
                              {"Cache-Control": "public, max-age=86400"})
        if len(parts) == 4 and parts[2:] == [".well-known", "openid-configuration"]:
            if parts[1] in self.pools:
                return Answer(200, encode(self.discovery(self.pools[parts[1]])),
                              "application/json")
        return Answer(404, b'{"message":"Not Found"}', "application/json")

    @staticmethod
    def discovery(pool):
        return {"issuer": pool.issuer, "jwks_uri": pool.issuer + "/.well-known/jwks.json",
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "token"],
                "scopes_supported": ["openid", "email", "phone", "profile"],
                "subject_types_supported": ["public"]}

    def success(self, result):
        return Answer(200, encode(result), headers=self.common_headers())

    def refusal(self, error, facts):
        style = error_style(self, facts)
        answer = error_answer(error.code, error.message, error.status, style, error.extra)
        answer.headers.update(self.common_headers())
        return answer

    def common_headers(self):
        return {"Date": formatdate(self.clock.now(), usegmt=True),
                "x-amzn-RequestId": str(uuid.uuid4())}


def encode(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def error_style(service, facts):
    client = service.clients.get(facts.get("client_id"))
    pool = client.pool if client else service.pools.get(facts.get("pool"))
    return pool.settings["error_style"] if pool else "plain"


def error_answer(code, message, status=400, style="plain", extra=None):
    """plain, namespaced, capital (Message) or header (no code in the body)."""
    body = {"__type": code, "message": message}
    if style == "namespaced":
        body["__type"] = "com.amazonaws.cognito.identity.idp.model#" + code
    elif style == "capital":
        body = {"__type": code, "Message": message}
    elif style == "header":
        body = {}
    body.update(extra or {})
    answer = Answer(status, encode(body), headers={
        "x-amzn-ErrorType": code + ":", "x-amzn-ErrorMessage": message})
    answer.error = code
    return answer
