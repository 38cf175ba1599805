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

#include "common/config.h"
#include "common/file.h"
#include "common/status.h"
#include "common/text.h"

struct call {
    pam_handle_t *pamh;
    int flags;            /* as the host gave them */
    int argc;
    const char **argv;
    char *user;           /* PAM_USER when the call began; copies all four */
    char *service;        /* "" when unset, as the next two */
    char *rhost;
    char *tty;
    bool first;           /* no authenticate before in this handle */
    bool exempt;          /* root, or in except_users: by name alone */
    bool has_account;     /* of scope_of, with the next four */
    uid_t uid;
    bool listed;          /* only_group or only_users says that it is ours */
    char why[TEXT_LINE_MAX + 1];     /* there is no answer, or another name */
    char missing[TEXT_LINE_MAX + 1]; /* groups of only_group there are not */
    bool personal;        /* the host is one plain user's own process */
    struct file_trust trust;
    struct config *config; /* NULL until call_settings */
};

/*
 * Fills *call_out. PAM_SUCCESS, or what the call must return: the user name
 * cannot be had. call_close in every case.
 */
int call_open(pam_handle_t *pamh, int flags, int argc, const char **argv,
              struct call *call_out);

/*
 * Reads arguments and file. Faults are kept in call->config; only
 * STATUS_MEMORY is an error here.
 */
enum status call_settings(struct call *call);

void call_close(struct call *call);

/* Was the bare argument or argument=yes given? For before the settings. */
bool call_has_argument(const struct call *call, const char *argument);

/*
 * One line to syslog, cleaned of control characters. LOG_DEBUG lines appear
 * only when debug is set.
 */
void call_log(const struct call *call, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Shows an error line to the person, unless the host wants silence. */
void call_tell(const struct call *call, int style, const char *text);

#endif
