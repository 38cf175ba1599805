# Remembered devices: registering, remembering, and their SRP proof that takes
# the place of a second factor.
# SPDX-License-Identifier: MIT
import base64
import binascii
import secrets
import uuid

import proofs
from errors import INCORRECT, ServiceError, invalid_parameter, missing, not_authorized, not_found


def offer(attempt):
    """NewDeviceMetadata for a sign-in from a device that is not known yet."""
    if not attempt.pool.device_tracking or attempt.device_key:
        return None
    key = f"{attempt.pool.region}_{uuid.uuid4()}"
    group = "-" + secrets.token_hex(5)[:9]
    attempt.user.devices[key] = {"group": group, "remembered": False}
    attempt.device_key = key
    return {"DeviceKey": key, "DeviceGroupKey": group}


def known(attempt):
    """The record of the device named in the request; stale keys are refused."""
    if not attempt.device_key or attempt.user is None:
        return None
    device = attempt.user.devices.get(attempt.device_key)
    if device is None:
        raise not_found("Device does not exist.")
    return device if "verifier" in device else None


def find(call):
    user = call.user()
    device = user.devices.get(call.body["DeviceKey"])
    if device is None:
        raise not_found("Device does not exist.")
    return device


def read_number(text):
    try:
        return int.from_bytes(base64.b64decode(text or "", validate=True), "big", signed=True)
    except (binascii.Error, ValueError):
        raise invalid_parameter("Invalid device secret verifier") from None


def confirm_device(call):
    device = find(call)
    if "verifier" in device:
        raise ServiceError("DeviceKeyExistsException", "Device key already exists.")
    config = call.body.get("DeviceSecretVerifierConfig") or {}
    if not config.get("Salt") or not config.get("PasswordVerifier"):
        raise invalid_parameter("Device secret verifier is required")
    device["salt"] = read_number(config["Salt"])
    device["verifier"] = read_number(config["PasswordVerifier"])
    device["name"] = call.body.get("DeviceName") or ""
    ask = call.grant().pool.device_tracking == "ask"
    device["remembered"] = not ask
    return {"UserConfirmationNecessary": ask}


def update_device_status(call):
    device = find(call)
    status = call.body.get("DeviceRememberedStatus")
    if status not in (None, "remembered", "not_remembered"):
        raise invalid_parameter("DeviceRememberedStatus is not valid")
    device["remembered"] = status == "remembered"
    return {}


def start_proof(service, session, responses):
    """DEVICE_SRP_AUTH: parameters of DEVICE_PASSWORD_VERIFIER."""
    attempt = session.attempt
    if responses.get("DEVICE_KEY") != attempt.device_key:
        raise missing("DEVICE_KEY")
    device = known(attempt)
    a_public = proofs.read_public(responses.get("SRP_A"))
    shown = proofs.begin(service, attempt, device["group"], attempt.device_key,
                         device["salt"], device["verifier"], a_public)
    return {**shown, "DEVICE_KEY": attempt.device_key}


def check_proof(service, client, responses, now):
    held = proofs.take(service, responses, client, now)
    held.used = True
    if responses.get("DEVICE_KEY") != held.name or not proofs.is_proof(held, responses, now):
        raise not_authorized(INCORRECT)
    held.attempt.device_done = True
    return held.attempt
