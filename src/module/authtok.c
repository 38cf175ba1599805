/*
 * The password that one's own sign-in or change begins with: from an earlier
 * module or from the person.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/authtok.h"

#include <libintl.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/prompt.h"
#include "common/text.h"

const char *
authtok_stacked(const struct call *call, int type)
{
    const void *item = NULL;

    if (pam_get_item(call->pamh, type, &item) != PAM_SUCCESS)
        return NULL;
    return item;
}

enum status
authtok_check(const char *password, struct secret *password_out)
{
    size_t length = strlen(password);

    if (length == 0)
        return STATUS_EMPTY_PASSWORD;
    /* sshd hands in \b\n\r\177INCORRECT for names it has refused already;
     * like everything with control characters it stays here. */
    if (length >= PAM_MAX_RESP_SIZE || !text_is_password(password, length))
        return STATUS_JUNK_PASSWORD;
    return secret_set(password_out, password, length) ? STATUS_OK
                                                      : STATUS_MEMORY;
}

/*
 * Prompts even though the stack may hold a password, and leaves the answer
 * there.
 */
static enum status
ask_password(struct call *call, int type, const char *prompt,
             struct secret *password_out)
{
    enum status status;
    char *reply;

    status = call_ask(call, PAM_PROMPT_ECHO_OFF, prompt, &reply);
    if (status != STATUS_OK)
        return status;
    if (pam_set_item(call->pamh, type, reply) != PAM_SUCCESS)
        status = STATUS_MEMORY;
    else
        status = authtok_check(reply, password_out);
    secret_free_text(reply);
    return status;
}

/* root is asked too, unlike by pam_unix; the prompt has to say why. */
static const char *
password_prompt(const struct call *call, enum wire_operation operation,
                char *line, size_t size)
{
    if (operation == WIRE_AUTHENTICATE)
        /* By default libpam's own words in its translation: pam_unix, which
         * asks everybody else, uses them. A difference would tell a stranger
         * who is ours. */
        return config_is_set(call->about.config, KEY_PROMPT)
                   ? config_text(call->about.config, KEY_PROMPT)
                   : dgettext("Linux-PAM", PROMPT_PASSWORD);
    /* Of an expired password the person is asked, whoever the host is. */
    if (getuid() != 0 || (call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
        (void) snprintf(line, size, PROMPT_CURRENT, call->user);
    else
        (void) snprintf(line, size, PROMPT_CURRENT_ROOT, call->user);
    return line;
}

enum status
authtok_get(struct call *call, enum wire_operation operation,
            struct secret *password_out)
{
    int type = operation == WIRE_AUTHENTICATE ? PAM_AUTHTOK : PAM_OLDAUTHTOK;
    const char *password = authtok_stacked(call, type);
    char line[TEXT_LINE_MAX];
    const char *prompt = password_prompt(call, operation, line, sizeof(line));
    int code;

    if (config_flag(call->about.config, KEY_USE_FIRST_PASS))
        return password == NULL ? STATUS_EMPTY_PASSWORD
                                : authtok_check(password, password_out);
    if (!config_flag(call->about.config, KEY_TRY_FIRST_PASS))
        return ask_password(call, type, prompt, password_out);
    code = pam_get_authtok(call->pamh, type, &password, prompt);
    if (code == PAM_BUF_ERR)
        return STATUS_MEMORY;
    if (code != PAM_SUCCESS || password == NULL)
        return STATUS_CANCELLED;
    return authtok_check(password, password_out);
}
