/*
 * Gathers what PAM says of a call (user, service, remote host), and has what
 * goes back to the host: lines of the log, lines for the person, questions.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/call.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <syslog.h>
#include <unistd.h>

#include "common/secret.h"
#include "common/text.h"

#define LOG_LINE_MAX 1024 /* bytes of a log line */

/*
 * A copy, for the item may change under us; "" when it is unset. NULL when it
 * cannot be had: without the service's name its settings would be missed.
 */
static char *
copy_item(pam_handle_t *pamh, int item)
{
    const void *value = NULL;

    if (pam_get_item(pamh, item, &value) != PAM_SUCCESS)
        return NULL;
    return strdup(value == NULL ? "" : value);
}

/*
 * A host that is one plain user through and through can fool only himself;
 * any other one acts for somebody else and trusts root's files alone.
 */
static bool
is_personal(uid_t *owner_out)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;

    if (getresuid(&real, &effective, &saved) < 0
        || getresgid(&real_group, &effective_group, &saved_group) < 0)
        return false;
    if (real == 0 || real != effective || real != saved
        || real_group != effective_group || real_group != saved_group
        || getauxval(AT_SECURE) != 0)
        return false;
    *owner_out = real;
    return true;
}

static int
out_of_memory(const struct call *call)
{
    call_log(call, LOG_ERR, "out of memory");
    return PAM_BUF_ERR;
}

int
call_open(pam_handle_t *pamh, int flags, int argc, const char **argv,
          struct call *call_out)
{
    const char *user = NULL;
    int code;

    memset(call_out, 0, sizeof(*call_out));
    call_out->pamh = pamh;
    call_out->flags = flags;
    call_out->about.count = (size_t) argc;
    call_out->about.arguments = argv;
    call_out->about.lookups = &lookup_services;
    call_out->personal = is_personal(&call_out->about.trust.owner);

    code = pam_get_user(pamh, &user, NULL);
    if (code == PAM_CONV_AGAIN)
        return PAM_INCOMPLETE;
    if (code == PAM_BUF_ERR)
        return out_of_memory(call_out);
    if (code == PAM_CONV_ERR)
        return code;
    if (code != PAM_SUCCESS || user == NULL)
        return PAM_USER_UNKNOWN;
    call_out->user = strdup(user);
    call_out->service = copy_item(pamh, PAM_SERVICE);
    call_out->rhost = copy_item(pamh, PAM_RHOST);
    call_out->tty = copy_item(pamh, PAM_TTY);
    if (call_out->user == NULL || call_out->service == NULL
        || call_out->rhost == NULL || call_out->tty == NULL)
        return out_of_memory(call_out);
    call_out->about.user = call_out->user;
    call_out->about.service = call_out->service;
    return PAM_SUCCESS;
}

void
call_close(struct call *call)
{
    config_free(call->about.config);
    free(call->user);
    free(call->service);
    free(call->rhost);
    free(call->tty);
}

bool
call_is_own(const struct call *call)
{
    return call->about.has_account && getuid() != 0
           && call->about.uid == getuid();
}

static bool
wants_debug(const struct call *call)
{
    if (call->about.config != NULL)
        return config_flag(call->about.config, KEY_DEBUG);
    return subject_has_argument(&call->about, "debug");
}

void
call_log(const struct call *call, int priority, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    char clean[LOG_LINE_MAX];
    va_list arguments;

    if (priority == LOG_DEBUG && !wants_debug(call))
        return;
    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_clean_whole(line, clean, sizeof(clean));
    pam_syslog(call->pamh, priority, "%s", clean);
}

void
call_tell(const struct call *call, int style, const char *text)
{
    char clean[TEXT_LINE_MAX + 1];

    text_clean(text, clean, sizeof(clean));
    if (clean[0] == '\0' || (call->flags & PAM_SILENT) != 0
        || (call->about.config != NULL
            && config_flag(call->about.config, KEY_NO_WARN)))
        return;
    /* Whether the line is seen changes nothing. */
    (void) pam_prompt(call->pamh, style, NULL, "%s", clean);
}

enum status
call_ask(const struct call *call, int style, const char *prompt,
         char **reply_out)
{
    int code;

    *reply_out = NULL;
    code = pam_prompt(call->pamh, style, reply_out, "%s", prompt);
    if (code == PAM_SUCCESS && *reply_out != NULL)
        return STATUS_OK;
    secret_free_text(*reply_out);
    *reply_out = NULL;
    return code == PAM_BUF_ERR ? STATUS_MEMORY : STATUS_CANCELLED;
}
