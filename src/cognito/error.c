/*
 * THE table of the service's errors. Messages only choose between kinds of
 * "no": Amazon changes their words without notice, so an unknown one falls to
 * the row of its code without a fragment, and an unknown code to a denial.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/error.h"

#include <stdbool.h>
#include <string.h>

#define HASH_MEANING                                                          \
    "The app client's secret or the user name that was "                      \
    "hashed with it does not match."
#define HASH_FIX                                                              \
    "Set client_secret to the secret of the app client that "                 \
    "client_id names, or remove it where the client has none."
#define FLOW_MEANING                                                          \
    "The app client does not allow the way of signing in "                    \
    "that auth_flow asks for."
#define FLOW_FIX                                                              \
    "Allow the flow at the app client (for user_password: "                   \
    "ALLOW_USER_PASSWORD_AUTH) or choose another auth_flow."
#define SIGNED_MEANING                                                        \
    "The request was taken for one that needs AWS "                           \
    "credentials, which this program never has."
#define SIGNED_FIX                                                            \
    "Check that endpoint and proxy lead to a Cognito user "                   \
    "pool."
#define REQUEST_MEANING "Cognito did not understand the request."
#define REQUEST_FIX                                                           \
    "Check that endpoint leads to a Cognito user pool; "                      \
    "otherwise report this as a bug."
#define SERVER_MEANING "Cognito failed."
#define SERVER_FIX "Try again later; see the AWS Health Dashboard."
#define DELIVERY_MEANING "The user pool is not allowed to send text messages."
#define DELIVERY_FIX                                                          \
    "Correct the IAM role for SMS in the pool's messaging "                   \
    "settings."
#define THROTTLE_MEANING "The account made more requests than its quota."
#define UNPROCESSED_MEANING                                                   \
    "The account made more requests than its quota. It was sent again, at "   \
    "most three times, while timeout left time for that."
#define THROTTLE_FIX                                                          \
    "Try again later; the quota is shared by every user "                     \
    "pool of the account in that region."
#define LAMBDA_FIX "See the trigger's log."
#define MIGRATION_MEANING                                                     \
    "The pool's trigger for migrating users failed: whether there is such "   \
    "a user is not known."
#define NO_USER_MEANING                                                       \
    "The pool has no such user, and its app client says so."
#define NO_USER_FIX                                                           \
    "Create the user; to hide who exists, enable Prevent user existence "     \
    "errors at the app client."
#define POLICY_MEANING                                                        \
    "A policy forbids the request: that of the VPC endpoint it went "         \
    "through, or a resource control policy of the organization."
#define POLICY_FIX                                                            \
    "Allow the cognito-idp actions for everybody (no credentials are sent) "  \
    "in the VPC endpoint's policy and in resource control policies."
#define METHOD_FIX "Give the user a second factor that the pool allows."
#define ATTRIBUTE_FIX                                                         \
    "Check the pool's required attributes and give the "                      \
    "user those that are missing."

static const struct error_row rows[] = {
    {"NotAuthorizedException", "secret hash", STATUS_SECRET_HASH, HASH_MEANING,
     HASH_FIX},
    {"NotAuthorizedException", "SecretHash", STATUS_SECRET_HASH, HASH_MEANING,
     HASH_FIX},
    {"NotAuthorizedException", "SECRET_HASH", STATUS_SECRET_HASH,
     "The app client has a secret and the request came without its hash.",
     HASH_FIX},
    {"NotAuthorizedException", "configured with secret", STATUS_SECRET_HASH,
     "The app client has a secret and the request came without its hash.",
     HASH_FIX},
    {"NotAuthorizedException", "configured for secret", STATUS_SECRET_HASH,
     "The app client has a secret and the request came without its hash.",
     HASH_FIX},
    {"NotAuthorizedException", "attempts exceeded", STATUS_LOCKED_OUT,
     "Too many wrong passwords or codes: Cognito refuses the user for a "
     "while, "
     "whether or not the password is right.",
     "Wait, up to 15 minutes, without trying."},
    {"NotAuthorizedException", "Incorrect username or password",
     STATUS_WRONG_PASSWORD,
     "Wrong password, or no such user where the app client hides that.", ""},
    {"NotAuthorizedException", "disabled", STATUS_DISABLED,
     "An administrator disabled the user.", "Enable the user in the pool."},
    {"NotAuthorizedException", "Temporary password", STATUS_TEMPORARY_EXPIRED,
     "The user did not replace the temporary password in time.",
     "Set a new one (admin-set-user-password, or admin-create-user with "
     "--message-action RESEND)."},
    {"NotAuthorizedException", "Invalid session", STATUS_SESSION,
     "The sign-in took longer than its session lives, or the session was "
     "used already.",
     "Sign in again; the app client's authentication flow session duration "
     "can be up to 15 minutes."},
    {"NotAuthorizedException", "security reasons", STATUS_RISK,
     "Threat protection took the sign-in for an attack or the password for "
     "a stolen one.",
     "See the user's sign-in history in the pool's threat protection."},
    {"NotAuthorizedException", "cannot be reset", STATUS_NOT_RESETTABLE,
     "The user still has a temporary password or signs in elsewhere, so "
     "the password cannot be reset by code.",
     "Have an administrator set a password."},
    {"NotAuthorizedException", "cannot be confirmed", STATUS_BAD_INPUT,
     "The user is in a state that needs no confirmation.", ""},
    {"NotAuthorizedException", "not permitted for this user pool",
     STATUS_FLOW_DISABLED, "The user pool does not let people sign up.",
     "Enable self-registration in the pool, or create the user there."},
    {"NotAuthorizedException", "Access Token", STATUS_SESSION,
     "The access token of this sign-in expired or was revoked.",
     "Sign in again."},
    {"NotAuthorizedException", "Refresh Token", STATUS_SESSION,
     "The refresh token expired or was revoked.", "Sign in again."},
    {"NotAuthorizedException", NULL, STATUS_WRONG_PASSWORD,
     "Cognito refused the sign-in, most likely for a wrong password; its "
     "words are not known here.",
     ""},

    /*
     * It also stands for a failed migration trigger. Only a message that is
     * known, from its first word to its last, may mean that nobody is there:
     * the next module of the stack may open with a local password then.
     */
    {"UserNotFoundException", "migrat", STATUS_LAMBDA_BROKEN,
     MIGRATION_MEANING, LAMBDA_FIX},
    {"UserNotFoundException", "trigger", STATUS_LAMBDA_BROKEN,
     MIGRATION_MEANING, LAMBDA_FIX},
    {"UserNotFoundException", "lambda", STATUS_LAMBDA_BROKEN,
     MIGRATION_MEANING, LAMBDA_FIX},
    {"UserNotFoundException", "exception", STATUS_LAMBDA_BROKEN,
     MIGRATION_MEANING, LAMBDA_FIX},
    {"UserNotFoundException", "fail", STATUS_LAMBDA_BROKEN, MIGRATION_MEANING,
     LAMBDA_FIX},
    {"UserNotFoundException", "error", STATUS_LAMBDA_BROKEN, MIGRATION_MEANING,
     LAMBDA_FIX},
    {"UserNotFoundException", "=User does not exist", STATUS_NO_USER,
     NO_USER_MEANING, NO_USER_FIX},
    {"UserNotFoundException", "=Username/client id combination not found",
     STATUS_NO_USER, NO_USER_MEANING, NO_USER_FIX},
    {"UserNotFoundException", "=User not found", STATUS_NO_USER,
     NO_USER_MEANING, NO_USER_FIX},
    {"UserNotFoundException", NULL, STATUS_UNKNOWN_ERROR,
     "Cognito speaks of a user that is not found, in words that are not "
     "known here: it is not taken for its word.",
     "See the message in the log."},
    {"UserNotConfirmedException", NULL, STATUS_NOT_CONFIRMED,
     "The user signed up but never confirmed it.",
     "Confirm the user (admin-confirm-sign-up), or let them enter the code."},
    {"PasswordResetRequiredException", NULL, STATUS_RESET_REQUIRED,
     "An administrator demands that the password be reset; the one that was "
     "typed was not checked.",
     "Let the user reset it by code, or set a new one."},

    {"CodeMismatchException", NULL, STATUS_WRONG_CODE, "The code is wrong.",
     ""},
    {"ExpiredCodeException", "already been used", STATUS_CODE_EXPIRED,
     "The code of the authenticator app was used already.",
     "Wait for the next code, up to 30 seconds."},
    {"ExpiredCodeException", NULL, STATUS_CODE_EXPIRED,
     "The code is too old, was replaced by a newer one or is wrong.",
     "Ask for a new code."},
    {"EnableSoftwareTokenMFAException", NULL, STATUS_WRONG_CODE,
     "The first code of the authenticator app is wrong.",
     "Check the clock of the device that shows the codes."},
    {"SoftwareTokenMFANotFoundException", NULL, STATUS_NO_METHOD,
     "The pool does not allow authenticator apps, or the user has none.",
     METHOD_FIX},
    {"MFAMethodNotFoundException", NULL, STATUS_NO_METHOD,
     "The user has no second factor that can be used.", METHOD_FIX},

    {"InvalidPasswordException", NULL, STATUS_PASSWORD_POLICY,
     "The new password breaks the pool's password policy.",
     "See the pool's password policy."},
    {"PasswordHistoryPolicyViolationException", NULL, STATUS_PASSWORD_HISTORY,
     "The new password is one of the user's latest.",
     "Choose another one; the pool sets how many are remembered."},
    {"LimitExceededException", NULL, STATUS_LIMIT,
     "The user changed, reset or confirmed too often within the hour.",
     "Wait up to an hour."},
    {"TooManyFailedAttemptsException", NULL, STATUS_LIMIT,
     "Too many wrong codes.", "Ask for a new code later."},

    {"TooManyRequestsException", NULL, STATUS_THROTTLED, UNPROCESSED_MEANING,
     THROTTLE_FIX},
    {"ThrottlingException", NULL, STATUS_THROTTLED, THROTTLE_MEANING,
     THROTTLE_FIX},
    {"Throttling", NULL, STATUS_THROTTLED, THROTTLE_MEANING, THROTTLE_FIX},

    {"ServiceQuotaExceededException", NULL, STATUS_THROTTLED,
     "A quota of the account is used up.",
     "See the Service Quotas of Cognito user pools in that region."},

    {"FeatureUnavailableInTierException", NULL, STATUS_FLOW_DISABLED,
     "The pool's feature plan lacks what auth_flow asks for (Lite has no "
     "choice-based sign-in).",
     "Move the pool to Essentials or Plus, or choose another auth_flow."},
    {"InvalidParameterException", "flow not enabled", STATUS_FLOW_DISABLED,
     FLOW_MEANING, FLOW_FIX},
    {"InvalidParameterException", "not enabled for", STATUS_FLOW_DISABLED,
     FLOW_MEANING, FLOW_FIX},
    {"InvalidParameterException", "method not supported", STATUS_FLOW_DISABLED,
     FLOW_MEANING, FLOW_FIX},
    {"InvalidParameterException", "Only custom auth", STATUS_FLOW_DISABLED,
     "The app client allows custom authentication only.", FLOW_FIX},
    {"InvalidParameterException", "trigger is not configured",
     STATUS_FLOW_DISABLED,
     "Custom authentication needs Lambda triggers that the pool does not "
     "have.",
     "Add the three triggers of custom authentication, or choose another "
     "auth_flow."},
    {"InvalidParameterException", "TIMESTAMP", STATUS_PROTOCOL,
     "Cognito did not understand the time in the proof of the password.",
     "Report this as a bug."},
    {"InvalidParameterException", "Missing required parameter",
     STATUS_BAD_INPUT, "Something that was asked for was left empty.", ""},
    {"InvalidParameterException", "Username should be", STATUS_NO_USER,
     "Users of this pool sign in by e-mail address or telephone number, and "
     "the name is neither.",
     "Set username_format, for example %u@example.com."},
    {"InvalidParameterException", "Cannot reset password",
     STATUS_NOT_RESETTABLE,
     "The user has no verified e-mail address or telephone number to which "
     "a code could be sent.",
     "Verify one of them, or have an administrator set a password."},
    {"InvalidParameterException", "already confirmed", STATUS_BAD_INPUT,
     "The user is confirmed already.", ""},
    {"InvalidParameterException", "Invalid attributes given", STATUS_BAD_INPUT,
     "The user lacks attributes that the pool requires with a new password.",
     ATTRIBUTE_FIX},
    {"InvalidParameterException", "Attributes did not conform",
     STATUS_BAD_INPUT,
     "An attribute is missing or has a value that the pool does not take.",
     ATTRIBUTE_FIX},
    {"InvalidParameterException", "validation error", STATUS_BAD_INPUT,
     "Something that was typed has a form that Cognito does not take, "
     "such as a blank in a new password.",
     ""},
    {"InvalidParameterException", NULL, STATUS_BAD_INPUT,
     "Cognito refused a value; its words are not known here.",
     "See the message in the log."},

    {"ResourceNotFoundException", "device", STATUS_PROTOCOL,
     "Cognito speaks of a remembered device, which is never sent.",
     "Report this as a bug."},
    {"ResourceNotFoundException", NULL, STATUS_CLIENT_UNKNOWN,
     "Cognito knows no such user pool or app client in that region.",
     "Check user_pool_id, client_id and region."},
    {"InvalidUserPoolConfigurationException", NULL, STATUS_POOL_CONFIG,
     "The user pool's settings contradict each other.",
     "See the message in the log and the pool's settings."},
    {"InvalidSmsRoleAccessPolicyException", NULL, STATUS_DELIVERY,
     DELIVERY_MEANING, DELIVERY_FIX},
    {"InvalidSmsRoleTrustRelationshipException", NULL, STATUS_DELIVERY,
     DELIVERY_MEANING, DELIVERY_FIX},
    {"InvalidEmailRoleAccessPolicyException", NULL, STATUS_DELIVERY,
     "The user pool is not allowed to send e-mail.",
     "Correct the sender identity in the pool's messaging settings."},
    {"CodeDeliveryFailureException", NULL, STATUS_DELIVERY,
     "The message with the code could not be sent.",
     "Check the pool's messaging settings and quotas."},
    {"UnsupportedOperationException", NULL, STATUS_FLOW_DISABLED,
     "The feature is switched off for this app client.",
     "Enable it at the app client (such as token revocation)."},
    {"UnsupportedTokenTypeException", NULL, STATUS_PROTOCOL,
     "Cognito wanted another kind of token.", "Report this as a bug."},
    {"UnauthorizedException", NULL, STATUS_PROTOCOL,
     "A token could not be revoked: it or the client secret is wrong.",
     "Check client_secret."},
    {"RefreshTokenReuseException", NULL, STATUS_SESSION,
     "A refresh token was used again after it was replaced, perhaps by a "
     "thief.",
     "Sign in again."},

    {"UserLambdaValidationException", NULL, STATUS_LAMBDA_REFUSED,
     "A Lambda trigger of the pool refused the user.",
     "See the trigger's words in the log and its rules."},
    {"UnexpectedLambdaException", NULL, STATUS_LAMBDA_BROKEN,
     "A Lambda trigger of the pool failed or took longer than 5 seconds.",
     LAMBDA_FIX},
    {"InvalidLambdaResponseException", NULL, STATUS_LAMBDA_BROKEN,
     "A Lambda trigger of the pool gave an answer that Cognito cannot use.",
     LAMBDA_FIX},
    {"ForbiddenException", "captcha", STATUS_BLOCKED,
     "The pool's web ACL demands a CAPTCHA, which no login can solve.",
     "Exempt this machine's address from the CAPTCHA rule."},
    {"ForbiddenException", NULL, STATUS_BLOCKED,
     "The pool's web ACL (AWS WAF) blocked the request.",
     "Allow this machine's address in the web ACL."},
    {"AliasExistsException", NULL, STATUS_ALIAS_TAKEN,
     "Another user already has that e-mail address or telephone number.", ""},
    {"UsernameExistsException", NULL, STATUS_USER_EXISTS,
     "The user name is taken.", "Choose another one."},
    {"ConcurrentModificationException", NULL, STATUS_SERVER,
     "Two requests changed the user at the same moment.", "Try again."},

    {"OperationNotEnabledException", NULL, STATUS_SERVER,
     "This region's replica of the pool does not do that; sign-up, changing "
     "and resetting passwords are the primary region's.",
     "Ask the pool in its primary region (region, endpoint)."},
    {"InternalErrorException", NULL, STATUS_SERVER, SERVER_MEANING,
     SERVER_FIX},
    {"InternalServerException", NULL, STATUS_SERVER, SERVER_MEANING,
     SERVER_FIX},
    {"InternalFailure", NULL, STATUS_SERVER, SERVER_MEANING, SERVER_FIX},
    {"ServiceUnavailable", NULL, STATUS_SERVER, SERVER_MEANING, SERVER_FIX},
    {"ServiceUnavailableException", NULL, STATUS_SERVER, SERVER_MEANING,
     SERVER_FIX},

    {"AccessDeniedException", NULL, STATUS_PROTOCOL, POLICY_MEANING,
     POLICY_FIX},
    {"AccessDenied", NULL, STATUS_PROTOCOL, POLICY_MEANING, POLICY_FIX},
    {"UnrecognizedClientException", NULL, STATUS_PROTOCOL, SIGNED_MEANING,
     SIGNED_FIX},
    {"InvalidSignatureException", NULL, STATUS_PROTOCOL, SIGNED_MEANING,
     SIGNED_FIX},
    {"IncompleteSignature", NULL, STATUS_PROTOCOL, SIGNED_MEANING, SIGNED_FIX},
    {"MissingAuthenticationToken", NULL, STATUS_PROTOCOL, SIGNED_MEANING,
     SIGNED_FIX},
    {"MissingAuthenticationTokenException", NULL, STATUS_PROTOCOL,
     SIGNED_MEANING, SIGNED_FIX},
    {"ExpiredTokenException", NULL, STATUS_PROTOCOL, SIGNED_MEANING,
     SIGNED_FIX},
    {"RequestExpired", NULL, STATUS_PROTOCOL, SIGNED_MEANING, SIGNED_FIX},
    {"OptInRequired", NULL, STATUS_PROTOCOL, SIGNED_MEANING, SIGNED_FIX},
    {"NotAuthorized", NULL, STATUS_PROTOCOL, SIGNED_MEANING, SIGNED_FIX},
    {"SerializationException", NULL, STATUS_PROTOCOL, REQUEST_MEANING,
     REQUEST_FIX},
    {"UnknownOperationException", NULL, STATUS_PROTOCOL, REQUEST_MEANING,
     REQUEST_FIX},
    {"ValidationException", NULL, STATUS_PROTOCOL, REQUEST_MEANING,
     REQUEST_FIX},
    {"ValidationError", NULL, STATUS_PROTOCOL, REQUEST_MEANING, REQUEST_FIX},

    /* Answers that name no error. A server cannot send such a code. */
    {"HTTP 403", NULL, STATUS_BLOCKED,
     "Something before Cognito blocked the request, such as a web ACL "
     "with an answer of its own.",
     "Allow this machine's address in the web ACL; check proxy."},
    {"HTTP 429", NULL, STATUS_THROTTLED, THROTTLE_MEANING, THROTTLE_FIX},
    {"HTTP 5xx", NULL, STATUS_SERVER, SERVER_MEANING, SERVER_FIX},
    {"HTTP 4xx", NULL, STATUS_PROTOCOL, REQUEST_MEANING, REQUEST_FIX},
    {"HTTP 3xx", NULL, STATUS_PROTOCOL,
     "The endpoint sends elsewhere, which is never followed.",
     "Set endpoint to where the user pool answers."},
};

static bool
picks(const char *fragment, const char *message)
{
    size_t length;

    if (fragment == NULL)
        return true;
    if (fragment[0] != '=')
        return strcasestr(message, fragment) != NULL;
    length = strlen(++fragment);
    return strncasecmp(message, fragment, length) == 0
           && (message[length] == '\0' || strcmp(message + length, ".") == 0);
}

const struct error_row *
error_row(const char *code, const char *message)
{
    size_t count = sizeof rows / sizeof rows[0];

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, code) == 0
            && picks(rows[i].fragment, message))
            return &rows[i];
    return NULL;
}

/* The code under which the table lists an HTTP status, or "". */
static const char *
http_code(long http, bool named)
{
    if (http == 429)
        return "HTTP 429";
    if (http >= 500 && http <= 599)
        return "HTTP 5xx";
    if (named)
        return "";
    if (http == 403)
        return "HTTP 403";
    if (http >= 400 && http <= 499)
        return "HTTP 4xx";
    return http >= 300 && http <= 399 ? "HTTP 3xx" : "";
}

enum status
error_status(const char *code, const char *message, long http)
{
    bool named = code[0] != '\0';
    const struct error_row *row = error_row(code, message);

    if (row == NULL)
        row = error_row(http_code(http, named), "");
    if (row != NULL)
        return row->status;
    return named ? STATUS_UNKNOWN_ERROR : STATUS_UNREADABLE;
}

const struct error_row *
error_rows(size_t *count_out)
{
    *count_out = sizeof rows / sizeof rows[0];
    return rows;
}

static bool
is_code_character(char character)
{
    return (character >= 'A' && character <= 'Z')
           || (character >= 'a' && character <= 'z')
           || (character >= '0' && character <= '9') || character == '.';
}

bool
error_is_known(const char *code)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].code, code) == 0)
            return true;
    return false;
}

void
error_code(const char *received, char *code_out, size_t size)
{
    const char *end = received + strcspn(received, ":");
    const char *start = memrchr(received, '#', (size_t) (end - received));
    size_t used = 0;

    start = start == NULL ? received : start + 1;
    start += strspn(start, " \t");
    while (start < end && used + 1 < size && is_code_character(*start))
        code_out[used++] = *start++;
    code_out[used] = '\0';
}
