/*
 * THE table, against the messages that Cognito was seen to send.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/error.h"

#include "tap.h"

static void
test_messages(void)
{
    static const struct {
        const char *code;
        const char *message;
        enum status status;
    } cases[] = {
        {"NotAuthorizedException", "Incorrect username or password.",
         STATUS_WRONG_PASSWORD},
        {"NotAuthorizedException", "Incorrect username or password",
         STATUS_WRONG_PASSWORD},
        {"NotAuthorizedException", "Password attempts exceeded",
         STATUS_LOCKED_OUT},
        {"NotAuthorizedException", "User is disabled.", STATUS_DISABLED},
        {"NotAuthorizedException",
         "Temporary password has expired and must be reset by an "
         "administrator.",
         STATUS_TEMPORARY_EXPIRED},
        {"NotAuthorizedException",
         "Unable to verify secret hash for client 7c1rkbg6qlh1a5f5bd8v0m3n2p",
         STATUS_SECRET_HASH},
        {"NotAuthorizedException",
         "Client 7c1r is configured with secret but SECRET_HASH was not "
         "received",
         STATUS_SECRET_HASH},
        {"NotAuthorizedException",
         "Client 7c1r is configured for secret but secret was not received",
         STATUS_SECRET_HASH},
        {"NotAuthorizedException",
         "SecretHash does not match for the client: 7c1r", STATUS_SECRET_HASH},
        {"NotAuthorizedException",
         "Invalid session for the user, session is expired.", STATUS_SESSION},
        {"NotAuthorizedException",
         "Invalid session for the user, session can only be used once.",
         STATUS_SESSION},
        {"NotAuthorizedException", "Invalid session for the user.",
         STATUS_SESSION},
        {"NotAuthorizedException", "Invalid Refresh Token", STATUS_SESSION},
        {"NotAuthorizedException", "Refresh Token has been revoked",
         STATUS_SESSION},
        {"NotAuthorizedException", "Invalid Access Token", STATUS_SESSION},
        {"NotAuthorizedException", "Access Token has expired", STATUS_SESSION},
        {"NotAuthorizedException",
         "Access Token does not have required scopes", STATUS_SESSION},
        {"NotAuthorizedException",
         "Unable to login because of security reasons.", STATUS_RISK},
        {"NotAuthorizedException",
         "Request not allowed due to security reasons.", STATUS_RISK},
        {"NotAuthorizedException",
         "User password cannot be reset in the current state.",
         STATUS_NOT_RESETTABLE},
        {"NotAuthorizedException",
         "User cannot be confirmed. Current status is CONFIRMED",
         STATUS_BAD_INPUT},
        {"NotAuthorizedException",
         "SignUp is not permitted for this user pool", STATUS_FLOW_DISABLED},
        {"NotAuthorizedException", "User not authorized",
         STATUS_WRONG_PASSWORD},
        {"NotAuthorizedException", "", STATUS_WRONG_PASSWORD},
        {"NotAuthorizedException", "words of tomorrow", STATUS_WRONG_PASSWORD},
        {"UserNotFoundException", "User does not exist.", STATUS_NO_USER},
        {"UserNotFoundException", "Username/client id combination not found.",
         STATUS_NO_USER},
        {"UserNotFoundException", "User not found.", STATUS_NO_USER},
        {"UserNotFoundException", "User does not exist", STATUS_NO_USER},
        {"UserNotFoundException", "Username/client id combination not found",
         STATUS_NO_USER},
        {"UserNotFoundException", "user not found", STATUS_NO_USER},
        {"UserNotFoundException",
         "Exception migrating user in app client 1example23456789",
         STATUS_LAMBDA_BROKEN},
        {"UserNotFoundException", "words of tomorrow", STATUS_UNKNOWN_ERROR},
        {"UserNotFoundException", "", STATUS_UNKNOWN_ERROR},
        {"UserNotConfirmedException", "User is not confirmed.",
         STATUS_NOT_CONFIRMED},
        {"PasswordResetRequiredException",
         "Password reset required for the user", STATUS_RESET_REQUIRED},
        {"CodeMismatchException",
         "Invalid verification code provided, please try again.",
         STATUS_WRONG_CODE},
        {"CodeMismatchException", "Invalid code received for user",
         STATUS_WRONG_CODE},
        {"ExpiredCodeException",
         "Invalid code provided, please request a code again.",
         STATUS_CODE_EXPIRED},
        {"ExpiredCodeException",
         "Your software token has already been used once.",
         STATUS_CODE_EXPIRED},
        {"EnableSoftwareTokenMFAException",
         "Code mismatch and fail enable Software Token MFA",
         STATUS_WRONG_CODE},
        {"SoftwareTokenMFANotFoundException",
         "Software Token MFA has not been enabled by the userPool",
         STATUS_NO_METHOD},
        {"MFAMethodNotFoundException", "", STATUS_NO_METHOD},
        {"InvalidPasswordException",
         "Password did not conform with policy: Password not long enough",
         STATUS_PASSWORD_POLICY},
        {"PasswordHistoryPolicyViolationException", "",
         STATUS_PASSWORD_HISTORY},
        {"LimitExceededException",
         "Attempt limit exceeded, please try after some time.", STATUS_LIMIT},
        {"TooManyFailedAttemptsException", "", STATUS_LIMIT},
        {"TooManyRequestsException", "Rate exceeded", STATUS_THROTTLED},
        {"ThrottlingException", "Rate exceeded", STATUS_THROTTLED},
        {"InvalidParameterException",
         "USER_PASSWORD_AUTH flow not enabled for this client",
         STATUS_FLOW_DISABLED},
        {"InvalidParameterException",
         "USER_SRP_AUTH is not enabled for the client.", STATUS_FLOW_DISABLED},
        {"InvalidParameterException", "Initiate Auth method not supported.",
         STATUS_FLOW_DISABLED},
        {"InvalidParameterException",
         "Only custom auth (lambda driven) is enabled for this client.",
         STATUS_FLOW_DISABLED},
        {"InvalidParameterException",
         "Custom auth lambda trigger is not configured for the user pool.",
         STATUS_FLOW_DISABLED},
        {"InvalidParameterException", "Missing required parameter USERNAME",
         STATUS_BAD_INPUT},
        {"InvalidParameterException", "Username should be an email.",
         STATUS_NO_USER},
        {"InvalidParameterException",
         "Username should be either an email or a phone number.",
         STATUS_NO_USER},
        {"InvalidParameterException",
         "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
         STATUS_PROTOCOL},
        {"InvalidParameterException",
         "Cannot reset password for the user as there is no "
         "registered/verified email or phone_number",
         STATUS_NOT_RESETTABLE},
        {"InvalidParameterException",
         "1 validation error detected: Value at 'password' failed to satisfy "
         "constraint: Member must satisfy regular expression pattern: "
         "[\\S]+",
         STATUS_BAD_INPUT},
        {"InvalidParameterException",
         "Invalid attributes given, name is missing", STATUS_BAD_INPUT},
        {"InvalidParameterException", "User is already confirmed.",
         STATUS_BAD_INPUT},
        {"InvalidParameterException", "", STATUS_BAD_INPUT},
        {"ResourceNotFoundException", "User pool client X does not exist.",
         STATUS_CLIENT_UNKNOWN},
        {"ResourceNotFoundException", "User pool X does not exist.",
         STATUS_CLIENT_UNKNOWN},
        {"ResourceNotFoundException", "Device does not exist.",
         STATUS_PROTOCOL},
        {"InvalidUserPoolConfigurationException", "", STATUS_POOL_CONFIG},
        {"InvalidSmsRoleAccessPolicyException", "", STATUS_DELIVERY},
        {"InvalidSmsRoleTrustRelationshipException", "", STATUS_DELIVERY},
        {"InvalidEmailRoleAccessPolicyException", "", STATUS_DELIVERY},
        {"CodeDeliveryFailureException", "", STATUS_DELIVERY},
        {"UnsupportedOperationException", "", STATUS_FLOW_DISABLED},
        {"UnsupportedTokenTypeException", "", STATUS_PROTOCOL},
        {"UnauthorizedException", "", STATUS_PROTOCOL},
        {"RefreshTokenReuseException", "", STATUS_SESSION},
        {"UserLambdaValidationException",
         "PreAuthentication failed with error not on Sundays.",
         STATUS_LAMBDA_REFUSED},
        {"UnexpectedLambdaException", "", STATUS_LAMBDA_BROKEN},
        {"InvalidLambdaResponseException", "", STATUS_LAMBDA_BROKEN},
        {"ForbiddenException", "Request not allowed due to WAF block.",
         STATUS_BLOCKED},
        {"ForbiddenException", "Request not allowed due to WAF captcha.",
         STATUS_BLOCKED},
        {"AliasExistsException", "An account with the email already exists.",
         STATUS_ALIAS_TAKEN},
        {"UsernameExistsException", "User already exists", STATUS_USER_EXISTS},
        {"ConcurrentModificationException", "", STATUS_SERVER},
        {"InternalErrorException", "", STATUS_SERVER},
        {"InternalServerException", "", STATUS_SERVER},
        {"InternalFailure", "", STATUS_SERVER},
        {"ServiceUnavailable", "", STATUS_SERVER},
        {"AccessDeniedException",
         "User: anonymous is not authorized to perform: "
         "cognito-idp:InitiateAuth because no VPC endpoint policy allows it",
         STATUS_PROTOCOL},
        {"AccessDenied", "", STATUS_PROTOCOL},
        {"OperationNotEnabledException", "", STATUS_SERVER},
        {"ServiceQuotaExceededException", "", STATUS_THROTTLED},
        {"FeatureUnavailableInTierException", "", STATUS_FLOW_DISABLED},
        {"UnrecognizedClientException", "", STATUS_PROTOCOL},
        {"InvalidSignatureException", "", STATUS_PROTOCOL},
        {"ExpiredTokenException", "", STATUS_PROTOCOL},
        {"IncompleteSignature", "", STATUS_PROTOCOL},
        {"MissingAuthenticationToken", "", STATUS_PROTOCOL},
        {"SerializationException", "", STATUS_PROTOCOL},
        {"UnknownOperationException", "", STATUS_PROTOCOL},
        {"ValidationException", "", STATUS_PROTOCOL},
        /* Emulators: whatever they mean, it is a no. */
        {"NotAuthorizedException",
         "t0/1+2D4windXDWdVQBkDHjlQCsSjhSug86u1aMpZSA=",
         STATUS_WRONG_PASSWORD},
        {"UnexpectedLambdaExceptionException", "", STATUS_UNKNOWN_ERROR},
        {"Unsupported", "", STATUS_UNKNOWN_ERROR},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char what[160];

        snprintf(what, sizeof what, "%s: %.60s", cases[i].code,
                 cases[i].message);
        is_text(status_word(
                    error_status(cases[i].code, cases[i].message, 400)),
                status_word(cases[i].status), what);
    }
    is_number(error_status("NotAuthorizedException", "USER IS DISABLED", 400),
              STATUS_DISABLED, "fragments match in any case");
}

static void
test_http(void)
{
    static const struct {
        const char *code;
        long http;
        enum status status;
    } cases[] = {
        {"", 403, STATUS_BLOCKED},
        {"", 429, STATUS_THROTTLED},
        {"", 500, STATUS_SERVER},
        {"", 503, STATUS_SERVER},
        {"", 599, STATUS_SERVER},
        {"", 400, STATUS_PROTOCOL},
        {"", 404, STATUS_PROTOCOL},
        {"", 301, STATUS_PROTOCOL},
        {"", 308, STATUS_PROTOCOL},
        {"", 200, STATUS_UNREADABLE},
        {"", 204, STATUS_UNREADABLE},
        {"", 600, STATUS_UNREADABLE},
        {"", 0, STATUS_UNREADABLE},
        {"NewException", 400, STATUS_UNKNOWN_ERROR},
        {"NewException", 403, STATUS_UNKNOWN_ERROR},
        {"NewException", 200, STATUS_UNKNOWN_ERROR},
        {"NewException", 429, STATUS_THROTTLED},
        {"NewException", 500, STATUS_SERVER},
        {"NotAuthorizedException", 500, STATUS_WRONG_PASSWORD},
        {"TooManyRequestsException", 400, STATUS_THROTTLED},
        {"notauthorizedexception", 400, STATUS_UNKNOWN_ERROR},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char what[80];

        snprintf(what, sizeof what, "HTTP %ld with '%s'", cases[i].http,
                 cases[i].code);
        is_text(status_word(error_status(cases[i].code, "", cases[i].http)),
                status_word(cases[i].status), what);
    }
}

static void
test_codes(void)
{
    static const struct {
        const char *received;
        const char *code;
    } cases[] = {
        {"NotAuthorizedException", "NotAuthorizedException"},
        {"NotAuthorizedException:", "NotAuthorizedException"},
        {"com.amazonaws.cognito#NotAuthorizedException",
         "NotAuthorizedException"},
        {"ns#Code:http://internal.example/a#b", "Code"},
        {"a#b#Code", "Code"},
        {"  Code  ", "Code"},
        {"CognitoLocal#Unsupported", "Unsupported"},
        {"", ""},
        {":", ""},
        {"#", ""},
        {"Code#", ""},
        {"HTTP 403", "HTTP"},
        {"Co\x1b[31mde", "Co"},
        {"NotAuthorizedException\nx", "NotAuthorizedException"},
        {"v1.Code", "v1.Code"},
    };
    char code[24];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        error_code(cases[i].received, code, sizeof code);
        is_text(code, cases[i].code, "a type cut to its name");
    }
    error_code("12345678901234567890123456789", code, sizeof code);
    is_text(code, "12345678901234567890123", "no longer than there is room");
}

/*
 * A fault of the service that is told under the name of an unknown user is a
 * fault, in whatever words: "no such user" hands over to the next module.
 */
static void
test_faults_are_no_unknown_users(void)
{
    static const char *const faults[] = {
        "Exception migrating user in app client 1example23456789",
        "EXCEPTION MIGRATING USER IN APP CLIENT X",
        "UserMigration failed with error user does not exist.",
        "UserMigration invocation failed due to error TooManyRequests.",
        "Migration of the user was refused: not found",
        "The Lambda arn:aws:lambda:x does not exist.",
        "Trigger timed out: user not found",
        "java.lang.NullPointerException",
        "Task failed after 5 seconds; user does not exist",
        "some error occurred User does not exist.",
        "User does not exist. Some error occurred.",
        "User not found: an exception",
    };
    static const char *const unknown[] = {"",
                                          "User?",
                                          "no",
                                          "try later",
                                          ".",
                                          "User does not exist..",
                                          "User does not exist. ",
                                          " User does not exist.",
                                          "User does not exist!",
                                          "User does not exist. Or so.",
                                          "Perhaps the user does not exist.",
                                          "does not exist",
                                          "not found",
                                          "The key does not exist.",
                                          "Source user not found.",
                                          "Username not found.",
                                          "user",
                                          "User does not"};
    /* Words of an unknown user say nothing under another error's name. */
    static const char *const others[] = {
        "NotAuthorizedException",    "InvalidParameterException", "Exception",
        "UnexpectedLambdaException", "usernotfoundexception",     ""};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        is_number(error_status("UserNotFoundException", faults[i], 400),
                  STATUS_LAMBDA_BROKEN, faults[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        is_number(error_status("UserNotFoundException", unknown[i], 400),
                  STATUS_UNKNOWN_ERROR, unknown[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ok(error_status(others[i], "User does not exist.", 400)
               != STATUS_NO_USER,
           "an unknown user by '%s'", others[i]);
}

/* What the rows promise to each other and to who reads them. */
static void
test_rows(void)
{
    size_t count = 0;
    const struct error_row *rows = error_rows(&count);
    bool ordered = true;
    bool reached = true;
    bool worded = true;
    bool closed = true;

    for (size_t i = 0; i < count; i++) {
        const char *meaning = rows[i].meaning;
        const char *words = rows[i].fragment == NULL ? "" : rows[i].fragment;

        for (size_t j = 0; j < i; j++)
            if (strcmp(rows[i].code, rows[j].code) == 0
                && rows[j].fragment == NULL) {
                ordered = false;
                diag("%s: a row after the one for any message", rows[i].code);
            }
        if (error_row(rows[i].code, words + (words[0] == '=')) != &rows[i]) {
            reached = false;
            diag("%s, %s: another row is found", rows[i].code,
                 rows[i].fragment);
        }
        if (meaning == NULL || rows[i].fix == NULL || meaning[0] < 'A'
            || meaning[0] > 'Z' || meaning[strlen(meaning) - 1] != '.'
            || (rows[i].fix[0] != '\0'
                && rows[i].fix[strlen(rows[i].fix) - 1] != '.')) {
            worded = false;
            diag("%s: no whole sentences", rows[i].code);
        }
        if (rows[i].status == STATUS_OK || rows[i].status >= STATUS_COUNT)
            closed = false;
    }
    ok(count > 70, "%zu rows", count);
    ok(ordered, "rows with a fragment come first");
    ok(reached, "every row can be reached");
    ok(worded, "meaning and fix are sentences");
    ok(closed, "no row says yes");
}

int
main(void)
{
    test_messages();
    test_http();
    test_faults_are_no_unknown_users();
    test_codes();
    test_rows();
    return done_testing();
}
