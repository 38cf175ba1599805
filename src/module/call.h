/*
 * What one call into the module is about: the handle, the names that PAM
 * knows, the settings. Everything that is logged goes through here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CALL_H
#define PAM_COGNITO_CALL_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/status.h"
#include "pam/scope.h"

struct call {
    pam_handle_t *pamh;
    int flags;     /* as the host gave them */
    char *user;    /* PAM_USER when the call began; copies all four */
    char *service; /* "" when unset, as the next two */
    char *rhost;
    char *tty;
    struct subject about; /* user and service, and what scope_of found */
    bool first;           /* no authenticate before in this handle */
    bool personal;        /* the host is one plain user's own process */
    bool looks;           /* the pool was out of reach: is it back? */
};

/*
 * Fills *call_out. PAM_SUCCESS, or what the call must return: the user name
 * cannot be had. call_close in every case.
 */
int call_open(pam_handle_t *pamh, int flags, int argc, const char **argv,
              struct call *call_out);

void call_close(struct call *call);

/* Is it about one's own account? Not root's view of somebody else's. */
bool call_is_own(const struct call *call);

/*
 * One line to syslog, cleaned of control characters. LOG_DEBUG lines appear
 * only when debug is set.
 */
void call_log(const struct call *call, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Shows one line to the person, cleaned, unless the host wants silence. */
void call_tell(const struct call *call, int style, const char *text);

/*
 * Asks the person through the host, in the words of the prompt. STATUS_OK:
 * the reply is the caller's, who frees it by secret_free_text; else NULL and
 * STATUS_CANCELLED or STATUS_MEMORY.
 */
enum status call_ask(const struct call *call, int style, const char *prompt,
                     char **reply_out);

#endif
