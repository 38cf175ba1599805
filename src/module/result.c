/*
 * The one switch.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/result.h"

#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define FAIL_DELAY_US 2000000

/* What a code is in each phase. */
struct codes {
    int authenticate;
    int preliminary;
    int update;
};

/* No default: a new status without a code is a warning of the compiler. */
static struct codes
codes_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return (struct codes){PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS};

    case STATUS_WRONG_PASSWORD:
    case STATUS_WRONG_CODE:
    case STATUS_CODE_EXPIRED:
        return (struct codes){PAM_AUTH_ERR, PAM_AUTHTOK_RECOVERY_ERR,
                              PAM_AUTHTOK_RECOVERY_ERR};
    case STATUS_EMPTY_PASSWORD:
    case STATUS_JUNK_PASSWORD:
    case STATUS_BAD_INPUT:
    case STATUS_CHALLENGE:
    case STATUS_NO_METHOD:
    case STATUS_RESET_REQUIRED:
    case STATUS_TEMPORARY_EXPIRED:
    case STATUS_MUST_CHANGE:
    case STATUS_PASSWORD_POLICY:
    case STATUS_PASSWORD_HISTORY:
    case STATUS_ALIAS_TAKEN:
    case STATUS_USER_EXISTS:
    case STATUS_UNAVAILABLE:
    case STATUS_UNKNOWN_ERROR:
        return (struct codes){PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR};
    /* The service says these before it has looked at the password: su must
     * not tell a stranger more than about a wrong one. */
    case STATUS_NOT_CONFIRMED:
    case STATUS_DISABLED:
        return (struct codes){PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED};
    case STATUS_SESSION:
        return (struct codes){PAM_AUTH_ERR, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR};
    case STATUS_NO_USER:
        return (struct codes){PAM_USER_UNKNOWN, PAM_USER_UNKNOWN,
                              PAM_USER_UNKNOWN};
    case STATUS_LOCKED_OUT:
    case STATUS_LIMIT:
    case STATUS_CODE_LIMIT:
        return (struct codes){PAM_MAXTRIES, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR};

    case STATUS_IDENTITY:
    case STATUS_GROUP:
    case STATUS_MFA_MISSING:
    case STATUS_LAMBDA_REFUSED:
    case STATUS_RISK:
    case STATUS_BLOCKED:
    case STATUS_NOT_RESETTABLE:
    case STATUS_SERVICE:
    case STATUS_TOKEN:
    case STATUS_ACCOUNT:
        return (struct codes){PAM_PERM_DENIED, PAM_PERM_DENIED,
                              PAM_PERM_DENIED};

    case STATUS_DNS:
    case STATUS_CONNECT:
    case STATUS_TLS:
    case STATUS_TIMEOUT:
    case STATUS_TRANSPORT:
    case STATUS_THROTTLED:
    case STATUS_SERVER:
    case STATUS_UNREADABLE:
    case STATUS_LAMBDA_BROKEN:
    case STATUS_KEYS:
    case STATUS_OUTAGE:
    case STATUS_HELPER:
    case STATUS_SANDBOX:
    case STATUS_CRYPTO:
    case STATUS_PRIVILEGE:
        return (struct codes){PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN,
                              PAM_AUTHTOK_ERR};

    case STATUS_DELIVERY:
        return (struct codes){PAM_AUTHINFO_UNAVAIL, PAM_AUTHTOK_RECOVERY_ERR,
                              PAM_AUTHTOK_RECOVERY_ERR};

    case STATUS_SECRET_HASH:
    case STATUS_CLIENT_UNKNOWN:
    case STATUS_FLOW_DISABLED:
    case STATUS_POOL_CONFIG:
    case STATUS_PROTOCOL:
    case STATUS_CONFIG:
        return (struct codes){PAM_SERVICE_ERR, PAM_SERVICE_ERR,
                              PAM_SERVICE_ERR};
    case STATUS_CANCELLED:
    case STATUS_NO_DIALOGUE:
        return (struct codes){PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR};
    case STATUS_MEMORY:
        return (struct codes){PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR};
    case STATUS_LOOKUP:
    case STATUS_INTERNAL:
    case STATUS_COUNT:
        break;
    }
    return (struct codes){PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR};
}

/*
 * Gates and states of the account are final; so is that nobody could say whose
 * account it is. A wrong password or an outage is not: another module may know
 * this person.
 */
static int
account_code(enum status status)
{
    switch ((int) status) {
    case STATUS_OK:
        return PAM_SUCCESS;
    case STATUS_NOT_CONFIRMED:
    case STATUS_DISABLED:
        return PAM_ACCT_EXPIRED;
    case STATUS_LOOKUP:
        return PAM_SYSTEM_ERR;
    default:
        return codes_of(status).authenticate == PAM_PERM_DENIED
                   ? PAM_PERM_DENIED
                   : PAM_IGNORE;
    }
}

int
result_code(enum status status, enum result_phase phase)
{
    struct codes codes = codes_of(status);

    switch (phase) {
    case RESULT_AUTHENTICATE:
        return codes.authenticate;
    case RESULT_PRELIMINARY:
        return codes.preliminary;
    case RESULT_UPDATE:
        return codes.update;
    case RESULT_ACCOUNT:
        return account_code(status);
    }
    return PAM_SYSTEM_ERR;
}

/* What a code says to the stack or the person may depend on more. */
static int
attempt_code(const struct call *call, const struct relay_result *result,
             enum result_phase phase)
{
    if (phase != RESULT_AUTHENTICATE)
        return result_code(result->status, phase);
    /* The lists say that the user is the pool's: a local password that was
     * left over must not decide. */
    if (result->status == STATUS_NO_USER && call->listed)
        return PAM_AUTH_ERR;
    if ((result->status == STATUS_NOT_CONFIRMED
         || result->status == STATUS_DISABLED)
        && (result->flags & WIRE_EXPLAINED) != 0)
        return PAM_PERM_DENIED;
    return result_code(result->status, phase);
}

/* Administrators act on these; the others are somebody's daily business. */
static int
priority_of(enum status status, int code)
{
    if (status == STATUS_UNKNOWN_ERROR)
        return LOG_ERR;
    switch (code) {
    case PAM_SERVICE_ERR:
    case PAM_SYSTEM_ERR:
    case PAM_BUF_ERR:
    case PAM_AUTHINFO_UNAVAIL:
        return LOG_ERR;
    default:
        return LOG_NOTICE;
    }
}

/* A name with blanks in it could read like the rest of a line. */
static void
show_blanks(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == ' ')
            *text = '?';
}

/* Appends name=value. */
static void
append(char *line, size_t size, const char *name, const char *value)
{
    size_t used = strlen(line);

    if (value[0] == '\0' || used + 1 >= size)
        return;
    (void) snprintf(line + used, size - used, " %s=%.128s", name, value);
    show_blanks(line + used + 1);
}

static void
append_number(char *line, size_t size, const char *name, long value)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%ld", value);
    append(line, size, name, text);
}

static const char *
outcome_of(enum result_phase phase, int code)
{
    static const char *const done[] = {
        [RESULT_AUTHENTICATE] = "accepted",
        [RESULT_PRELIMINARY] = "proved",
        [RESULT_UPDATE] = "password changed",
        [RESULT_ACCOUNT] = "still accepted",
    };
    static const char *const undone[] = {
        [RESULT_AUTHENTICATE] = "refused",
        [RESULT_PRELIMINARY] = "password change refused",
        [RESULT_UPDATE] = "password not changed",
        [RESULT_ACCOUNT] = "still refused",
    };

    return code == PAM_SUCCESS ? done[phase] : undone[phase];
}

static void
log_attempt(const struct call *call, const struct relay_result *result,
            const char *outcome, int code)
{
    char line[768], user[132];

    (void) snprintf(user, sizeof(user), "%.128s", call->user);
    show_blanks(user);
    (void) snprintf(line, sizeof(line), "%s: %s: %s", user, outcome,
                    status_word(result->status));
    append(line, sizeof(line), "service", call->service);
    append(line, sizeof(line), "rhost", call->rhost);
    append(line, sizeof(line), "tty", call->tty);
    append(line, sizeof(line), "error", result->error);
    if (result->http > 0)
        append_number(line, sizeof(line), "http", result->http);
    append(line, sizeof(line), "request", result->request);
    if (result->http > 0 || result->ms > 0)
        append_number(line, sizeof(line), "ms", (long) result->ms);
    if (result->note[0] != '\0') {
        size_t used = strlen(line);

        (void) snprintf(line + used, sizeof(line) - used, ": %s",
                        result->note);
    }
    call_log(call, priority_of(result->status, code), "%s", line);
}

/* Another module or the host may have changed whom this is about. */
static bool
is_same_user(const struct call *call)
{
    const void *item = NULL;

    return pam_get_item(call->pamh, PAM_USER, &item) == PAM_SUCCESS
           && item != NULL && strcmp(item, call->user) == 0;
}

/*
 * What the person reads: the helper's words, or those of a reason that was
 * found here. States of an account are the helper's to tell or to keep.
 */
static const char *
words_of(const struct relay_result *result)
{
    switch ((int) result->status) {
    case STATUS_NOT_CONFIRMED:
    case STATUS_DISABLED:
    case STATUS_RESET_REQUIRED:
    case STATUS_TEMPORARY_EXPIRED:
        return result->person;
    default:
        return result->person[0] != '\0' ? result->person
                                         : status_text(result->status);
    }
}

/* A host with one event loop stands still meanwhile. */
static bool
wants_delay(const struct call *call)
{
    if (call->config == NULL)
        return !call_has_argument(call, "nodelay");
    return !config_flag(call->config, KEY_NODELAY);
}

int
result_finish(struct call *call, struct relay_result *result,
              enum result_phase phase)
{
    int code;

    if (result->status == STATUS_OK && !is_same_user(call)) {
        result->status = STATUS_IDENTITY;
        (void) snprintf(result->note, sizeof(result->note),
                        "PAM_USER changed during the sign-in");
    }
    code = attempt_code(call, result, phase);
    log_attempt(call, result, outcome_of(phase, code), code);
    if (code != PAM_SUCCESS) {
        if (wants_delay(call))
            (void) pam_fail_delay(call->pamh, FAIL_DELAY_US);
        call_tell(call, PAM_ERROR_MSG, words_of(result));
    }
    return code;
}

int
result_refuse_account(const struct call *call,
                      const struct relay_result *result, bool found)
{
    enum result_phase phase = found ? RESULT_AUTHENTICATE : RESULT_ACCOUNT;
    int code = result_code(result->status, phase);

    log_attempt(call, result, outcome_of(phase, code), code);
    return code;
}
