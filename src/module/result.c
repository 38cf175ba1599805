/*
 * How an attempt ends: the user must still be the same, then delay, words for
 * the person, one log line and the code of src/pam/code.c.
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

/* What a code says to the stack or the person may depend on more. */
static int
attempt_code(const struct call *call, const struct outcome *result,
             enum pam_phase phase)
{
    if (phase != PHASE_AUTHENTICATE)
        return pam_code(result->status, phase);
    /* The lists say that the user is the pool's: a local password that was
     * left over must not decide. */
    if (result->status == STATUS_NO_USER && call->about.listed)
        return PAM_AUTH_ERR;
    if ((result->status == STATUS_NOT_CONFIRMED
         || result->status == STATUS_DISABLED)
        && result->explained)
        return PAM_PERM_DENIED;
    return pam_code(result->status, phase);
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
outcome_of(enum pam_phase phase, int code)
{
    static const char *const done[] = {
        [PHASE_AUTHENTICATE] = "accepted",
        [PHASE_PRELIMINARY] = "proved",
        [PHASE_UPDATE] = "password changed",
        [PHASE_ACCOUNT] = "still accepted",
    };
    static const char *const undone[] = {
        [PHASE_AUTHENTICATE] = "refused",
        [PHASE_PRELIMINARY] = "password change refused",
        [PHASE_UPDATE] = "password not changed",
        [PHASE_ACCOUNT] = "still refused",
    };

    return code == PAM_SUCCESS ? done[phase] : undone[phase];
}

static void
log_attempt(const struct call *call, const struct outcome *result,
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
    append(line, sizeof(line), "request", result->request_id);
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
words_of(const struct outcome *result)
{
    if (result->person[0] != '\0' || status_is_state(result->status))
        return result->person;
    return status_text(result->status);
}

/* A host with one event loop stands still meanwhile. */
static bool
wants_delay(const struct call *call)
{
    if (call->about.config == NULL)
        return !subject_has_argument(&call->about, "nodelay");
    return !config_flag(call->about.config, KEY_NODELAY);
}

int
result_finish(struct call *call, struct outcome *result, enum pam_phase phase)
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
result_refuse_account(const struct call *call, const struct outcome *result,
                      bool found)
{
    enum pam_phase phase = found ? PHASE_AUTHENTICATE : PHASE_ACCOUNT;
    int code = pam_code(result->status, phase);

    log_attempt(call, result, outcome_of(phase, code), code);
    return code;
}
