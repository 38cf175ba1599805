# The AWS command line of the distribution against the local user pool: one
# check per operation it can call unsigned, and the errors it understands.
# SPDX-License-Identifier: MIT
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "pool"))

import localpool  # noqa: E402  (found through the path just set)

CLIENT = "localclient0000000000000001"
SECRET = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
POOL = localpool.Control(os.environ["POOL_STATE"])
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "LANG": "C.UTF-8",
               "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}


class AwsError(Exception):
    def __init__(self, text):
        super().__init__(text)
        found = re.search(r"\((\w+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)", text)
        self.code, self.message = found.groups() if found else ("", text)


def aws(operation, **options):
    command = ["/usr/bin/aws", "cognito-idp", operation, "--no-sign-request", "--output", "json",
               "--region", "eu-west-1", "--endpoint-url", POOL.endpoint, "--ca-bundle",
               POOL.ca_file]
    for name, value in options.items():
        text = value if isinstance(value, str) else json.dumps(value)
        command += ["--" + name.replace("_", "-"), text]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AwsError(done.stderr.strip())
    return json.loads(done.stdout or "{}")


def secret_hash(username):
    made = hmac.new(SECRET.encode(), (username + CLIENT).encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def sign_in(username, password, **more):
    parameters = {"USERNAME": username, "PASSWORD": password,
                  "SECRET_HASH": secret_hash(username), **more}
    return aws("initiate-auth", auth_flow="USER_PASSWORD_AUTH", client_id=CLIENT,
               auth_parameters=parameters)


def respond(username, challenge, session, **responses):
    responses = {"USERNAME": username, "SECRET_HASH": secret_hash(username), **responses}
    extra = {"session": session} if session else {}
    return aws("respond-to-auth-challenge", client_id=CLIENT, challenge_name=challenge,
               challenge_responses=responses, **extra)


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def refused(code, message, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except AwsError as error:
        equal((error.code, error.message), (code, message))
        return
    raise AssertionError(f"no {code}")


def check_sign_in():
    result = sign_in("alice", "Correct-Horse-9")["AuthenticationResult"]
    equal((result["TokenType"], result["ExpiresIn"]), ("Bearer", 3600))
    user = aws("get-user", access_token=result["AccessToken"])
    equal(user["Username"], "alice")


def check_errors():
    refused("NotAuthorizedException", "Incorrect username or password.", sign_in, "alice", "no")
    refused("NotAuthorizedException", f"Unable to verify secret hash for client {CLIENT}",
            sign_in, "alice", "Correct-Horse-9", SECRET_HASH=secret_hash("bob"))
    refused("UserNotConfirmedException", "User is not confirmed.", sign_in, "carol",
            "Not-Confirmed-1")
    refused("PasswordResetRequiredException", "Password reset required for the user", sign_in,
            "frank", "x")


def check_new_password():
    first = sign_in("erin", "Temporary-Pw-1")
    equal(first["ChallengeName"], "NEW_PASSWORD_REQUIRED")
    refused("InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
            respond, "erin", "NEW_PASSWORD_REQUIRED", first["Session"], NEW_PASSWORD="short")
    answer = respond("erin", "NEW_PASSWORD_REQUIRED", first["Session"],
                     NEW_PASSWORD="Erins-Own-Pw-2")
    equal("AuthenticationResult" in answer, True)


def check_sign_up():
    given = {"client_id": CLIENT, "username": "kim", "secret_hash": secret_hash("kim")}
    made = aws("sign-up", password="Kims-First-Pw-1",
               user_attributes=[{"Name": "email", "Value": "kim@example.com"}], **given)
    equal((made["UserConfirmed"], made["CodeDeliveryDetails"]["DeliveryMedium"]),
          (False, "EMAIL"))
    equal(aws("resend-confirmation-code", **given)["CodeDeliveryDetails"]["Destination"],
          "k***@e***")
    refused("CodeMismatchException", "Invalid verification code provided, please try again.",
            aws, "confirm-sign-up", confirmation_code="x1", **given)
    aws("confirm-sign-up", confirmation_code=POOL.last_code("kim"), **given)
    equal("AuthenticationResult" in sign_in("kim", "Kims-First-Pw-1"), True)


def check_forgotten_password():
    given = {"client_id": CLIENT, "username": "frank", "secret_hash": secret_hash("frank")}
    aws("forgot-password", **given)
    aws("confirm-forgot-password", confirmation_code=POOL.last_code("frank"),
        password="Franks-New-Pw-1", **given)
    equal("AuthenticationResult" in sign_in("frank", "Franks-New-Pw-1"), True)


def check_change_password():
    token = sign_in("bob", "Battery-Staple-7")["AuthenticationResult"]["AccessToken"]
    aws("change-password", previous_password="Battery-Staple-7",
        proposed_password="Battery-Staple-8", access_token=token)
    equal("AuthenticationResult" in sign_in("bob", "Battery-Staple-8"), True)


def check_totp_enrolment():
    token = sign_in("alice", "Correct-Horse-9")["AuthenticationResult"]["AccessToken"]
    secret = aws("associate-software-token", access_token=token)["SecretCode"]
    refused("EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA",
            aws, "verify-software-token", access_token=token, user_code="000000")
    verified = aws("verify-software-token", access_token=token,
                   user_code=POOL.totp("alice", secret=secret))
    equal(verified["Status"], "SUCCESS")
    aws("set-user-mfa-preference", access_token=token,
        software_token_mfa_settings={"Enabled": True, "PreferredMfa": True})
    equal(sign_in("alice", "Correct-Horse-9")["ChallengeName"], "SOFTWARE_TOKEN_MFA")
    equal(aws("get-user", access_token=token)["PreferredMfaSetting"], "SOFTWARE_TOKEN_MFA")


def check_refresh_and_revoke():
    result = sign_in("olivia", "Olivia-Groups-4")["AuthenticationResult"]
    given = {"REFRESH_TOKEN": result["RefreshToken"], "SECRET_HASH": secret_hash("olivia")}
    fresh = aws("initiate-auth", auth_flow="REFRESH_TOKEN_AUTH", client_id=CLIENT,
                auth_parameters=given)["AuthenticationResult"]
    equal("RefreshToken" in fresh, False)
    aws("revoke-token", token=result["RefreshToken"], client_id=CLIENT, client_secret=SECRET)
    refused("NotAuthorizedException", "Access Token has been revoked", aws, "get-user",
            access_token=fresh["AccessToken"])


def check_global_sign_out():
    token = sign_in("olivia", "Olivia-Groups-4")["AuthenticationResult"]["AccessToken"]
    aws("global-sign-out", access_token=token)
    refused("NotAuthorizedException", "Access Token has been revoked", aws, "get-user",
            access_token=token)


def check_wrong_certificate():
    POOL.certificate("expired", 1)
    try:
        sign_in("bob", "x")
    except AwsError as error:
        equal("SSL validation failed" in error.message, True)
        return
    raise AssertionError("an expired certificate was accepted")


def main():
    checks = [(name, item) for name, item in globals().items() if name.startswith("check_")]
    for name, check in checks:
        title = name[len("check_"):].replace("_", " ")
        try:
            check()
            print(f"ok - {title}", flush=True)
        except Exception:  # one failed check must not hide the others
            print(traceback.format_exc())
            print(f"not ok - {title}", flush=True)


if __name__ == "__main__":
    main()
