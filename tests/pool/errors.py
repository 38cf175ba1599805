# The service's refusals: one exception type with a code, a message and an
# HTTP status, and short names for the codes used in many places.
# SPDX-License-Identifier: MIT

FAULTS = {"InternalErrorException", "InternalServerException", "InternalFailure"}

INCORRECT = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
BAD_SESSION = "Invalid session for the user."
USED_SESSION = "Invalid session for the user, session can only be used once."
OLD_SESSION = "Invalid session for the user, session is expired."
BAD_CODE = "Invalid verification code provided, please try again."
OLD_CODE = "Invalid code provided, please request a code again."


class ServiceError(Exception):
    def __init__(self, code, message="", status=None, extra=None):
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status or (500 if code in FAULTS else 400)
        self.extra = extra or {}


def not_authorized(message=INCORRECT):
    return ServiceError("NotAuthorizedException", message)


def invalid_parameter(message):
    return ServiceError("InvalidParameterException", message)


def missing(name):
    return invalid_parameter(f"Missing required parameter {name}")


def code_mismatch(message=BAD_CODE):
    return ServiceError("CodeMismatchException", message)


def expired_code(message=OLD_CODE):
    return ServiceError("ExpiredCodeException", message)


def user_not_found(message="User does not exist."):
    return ServiceError("UserNotFoundException", message)


def not_found(message):
    return ServiceError("ResourceNotFoundException", message)


def limit_exceeded():
    return ServiceError("LimitExceededException",
                        "Attempt limit exceeded, please try after some time.")
