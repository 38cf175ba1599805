/*
 * What can come of a request, a dialogue or a sign-in, in one list that the
 * helper, the module and the command-line tool share. It knows neither PAM
 * nor Cognito's names: src/cognito/error.c maps the service's errors to these,
 * src/module/result.c maps these to PAM codes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_STATUS_H
#define PAM_COGNITO_STATUS_H

#include <stdbool.h>

/*
 * X(name, reason word for logs and scripts, what the person may be told).
 * The order is part of the protocol between module and helper: append only.
 * An empty text means that the person learns nothing beyond a wrong password.
 */
#define STATUS_LIST(X)                                                        \
    /* First, so that zeroed memory is no success. */                         \
    X(INTERNAL, "internal", "")                                               \
    X(OK, "ok", "")                                                           \
    /* The person's own mistakes. */                                          \
    X(WRONG_PASSWORD, "wrong_password", "")                                   \
    X(WRONG_CODE, "wrong_code", "The code is wrong.")                         \
    X(CODE_EXPIRED, "code_expired", "The code has expired.")                  \
    X(NO_USER, "no_such_user", "")                                            \
    X(BAD_INPUT, "bad_input", "")                                             \
    X(EMPTY_PASSWORD, "empty_password", "")                                   \
    X(JUNK_PASSWORD, "unusable_password", "")                                 \
    X(PASSWORD_POLICY, "password_policy",                                     \
      "The new password does not meet the rules of the user pool.")           \
    X(PASSWORD_HISTORY, "password_history",                                   \
      "The new password was used before.")                                    \
    /* States of the account. */                                              \
    X(NOT_CONFIRMED, "not_confirmed",                                         \
      "This account has not been confirmed yet: see pam-cognito confirm.")    \
    X(DISABLED, "disabled", "This account is disabled.")                      \
    X(RESET_REQUIRED, "reset_required",                                       \
      "This account's password must be reset first: see pam-cognito "         \
      "forgot-password.")                                                     \
    X(TEMPORARY_EXPIRED, "temporary_password_expired",                        \
      "The temporary password has expired. Ask an administrator for a new "   \
      "one.")                                                                 \
    X(MUST_CHANGE, "password_must_change", "The password must be changed.")   \
    X(LOCKED_OUT, "locked_out", "")                                           \
    X(LIMIT, "limit_exceeded", "Too many attempts. Try again later.")         \
    X(SESSION, "session_lost",                                                \
      "The service no longer knows this sign-in. Start again.")               \
    X(CHALLENGE, "challenge_unsupported",                                     \
      "This account needs a sign-in step that is not available here.")        \
    X(NO_METHOD, "no_mfa_method",                                             \
      "This account has no usable second factor.")                            \
    /* Gates. */                                                              \
    X(IDENTITY, "identity_mismatch", "")                                      \
    X(GROUP, "group_refused", "This account may not sign in here.")           \
    X(MFA_MISSING, "mfa_missing",                                             \
      "A second factor is required here and this account used none.")         \
    X(LAMBDA_REFUSED, "trigger_refused", "")                                  \
    X(RISK, "risk_refused", "")                                               \
    X(BLOCKED, "waf_blocked", "")                                             \
    X(NOT_RESETTABLE, "not_resettable",                                       \
      "This password cannot be reset that way. Ask an administrator.")        \
    X(ALIAS_TAKEN, "alias_taken",                                             \
      "Another account already uses that address.")                           \
    X(USER_EXISTS, "user_exists", "That user name is taken.")                 \
    X(TOKEN, "token_refused", "")                                             \
    /* The service could not be asked. */                                     \
    X(DNS, "dns", "The sign-in service cannot be reached.")                   \
    X(CONNECT, "connect", "The sign-in service cannot be reached.")           \
    X(TLS, "tls", "The sign-in service cannot be reached.")                   \
    X(TIMEOUT, "timeout", "The sign-in service did not answer in time.")      \
    X(TRANSPORT, "transport", "The sign-in service cannot be reached.")       \
    X(THROTTLED, "throttled", "The sign-in service is busy. Try again later.")\
    X(SERVER, "server_error", "The sign-in service has a problem.")           \
    X(UNREADABLE, "unreadable_answer", "The sign-in service has a problem.")  \
    X(LAMBDA_BROKEN, "trigger_failed", "The sign-in service has a problem.")  \
    X(DELIVERY, "delivery_failed", "The code could not be sent.")             \
    X(KEYS, "keys_unavailable", "The sign-in service has a problem.")         \
    X(HELPER, "helper_failed", "")                                            \
    /* Configuration. */                                                      \
    X(SECRET_HASH, "secret_hash", "")                                         \
    X(CLIENT_UNKNOWN, "client_or_pool_unknown", "")                           \
    X(FLOW_DISABLED, "flow_not_enabled", "")                                  \
    X(POOL_CONFIG, "pool_misconfigured", "")                                  \
    X(PROTOCOL, "request_refused", "")                                        \
    X(CONFIG, "configuration", "")                                            \
    /* The dialogue. */                                                       \
    X(CANCELLED, "cancelled", "")                                             \
    X(NO_DIALOGUE, "no_dialogue", "")                                         \
    X(UNAVAILABLE, "not_available", "")                                       \
    /* This machine. */                                                       \
    X(UNKNOWN_ERROR, "unknown_error", "")                                     \
    X(PRIVILEGE, "privilege", "")                                             \
    X(MEMORY, "out_of_memory", "")                                            \
    X(SERVICE, "service_refused", "This account may not sign in here.")       \
    X(CODE_LIMIT, "code_limit",                                               \
      "A code was sent not long ago. Try again in ten minutes.")              \
    X(OUTAGE, "outage", "The sign-in service cannot be reached.")             \
    X(LOOKUP, "lookup_failed", "")                                            \
    X(ACCOUNT, "account_mismatch", "")                                        \
    X(SANDBOX, "sandbox", "The sign-in service cannot be reached.")           \
    X(CRYPTO, "openssl_failed", "The sign-in service cannot be reached.")

enum status {
#define STATUS_ENUM(name, word, text) STATUS_##name,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
    STATUS_COUNT
};

/*
 * The stable word that stands in log lines ("wrong_password"). Never NULL;
 * a value outside the list reads as "internal".
 */
const char *status_word(enum status status);

/*
 * What the person may read, in plain English without a newline; "" where the
 * answer must not differ from that of a wrong password. Never NULL.
 */
const char *status_text(enum status status);

/*
 * Finds the status with that reason word. False when there is none.
 */
bool status_from_word(const char *word, enum status *status_out);

#endif
