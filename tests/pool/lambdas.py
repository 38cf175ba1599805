# The pool's Lambda triggers as the seed or a test describes them: refusing,
# crashing, answering nonsense, or changing tokens.
# SPDX-License-Identifier: MIT
from errors import ServiceError


def run(pool, trigger):
    """Runs one trigger; returns its settings when it lets the request pass."""
    setting = pool.lambdas.get(trigger)
    if not setting:
        return {}
    if setting.get("fault") == "crash":
        raise ServiceError("UnexpectedLambdaException",
                           f"{trigger} invocation failed due to error Unhandled.")
    if setting.get("fault") == "invalid":
        raise ServiceError("InvalidLambdaResponseException",
                           f"{trigger} invocation failed due to error: "
                           "Unrecognizable lambda output")
    if "refuse" in setting:
        raise ServiceError("UserLambdaValidationException",
                           f"{trigger} failed with error {setting['refuse']}.")
    return setting
