/*
 * Answers the questions of a dialogue: which may be put to the person, which
 * the stack answers, and which nobody is asked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/person.h"

#include <langinfo.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/prompt.h"
#include "common/run_state.h"
#include "module/authtok.h"

bool
person_will_be_prompted(const struct person *person)
{
    const struct config *config = person->call->about.config;

    if (person->password.data != NULL
        || config_flag(config, KEY_USE_FIRST_PASS))
        return false;
    return !config_flag(config, KEY_TRY_FIRST_PASS)
           || authtok_stacked(person->call, PAM_AUTHTOK) == NULL;
}

static enum status
ask_question(struct person *person, enum talk_kind kind, const char *prompt,
             struct secret *answer_out)
{
    int style = kind == TALK_CODE || kind == TALK_VISIBLE
                    ? PAM_PROMPT_ECHO_ON
                    : PAM_PROMPT_ECHO_OFF;
    char clean[TEXT_LINE_MAX + 1];
    enum status status;
    char *reply;

    text_clean(prompt, clean, sizeof(clean));
    status = call_ask(person->call, style, clean, &reply);
    /* It may show the key of an authenticator app. */
    secret_wipe(clean, sizeof(clean));
    if (status != STATUS_OK)
        return status;
    if (strlen(reply) >= PAM_MAX_RESP_SIZE)
        status = STATUS_BAD_INPUT;
    else if (!secret_set_text(answer_out, reply))
        status = STATUS_MEMORY;
    secret_free_text(reply);
    return status;
}

static bool
takes_new_from_stack(const struct person *person)
{
    const struct config *config = person->call->about.config;

    return person->operation == WIRE_CHANGE
           && (config_flag(config, KEY_USE_AUTHTOK)
               || config_flag(config, KEY_USE_FIRST_PASS));
}

/*
 * At most one in ten minutes, and none where no account is here to count it
 * for. No code is sent where the new password that it is for would come from
 * another module, which asks later.
 */
static enum stamp
permit_code(const struct person *person)
{
    const struct subject *about = &person->call->about;
    enum stamp stamp;
    char name[32];

    if (takes_new_from_stack(person) || !about->has_account)
        return STAMP_CANNOT;
    stamp_name(about->uid, name, sizeof(name));
    stamp = stamp_take(name);
    if (stamp == STAMP_CANNOT)
        call_log(person->call, LOG_ERR, "cannot record a code in %s",
                 RUN_STATE_FOLDER);
    return stamp;
}

/*
 * A new password: the stack's where an earlier module has asked for it and
 * the settings say so, and that one once only. It was refused otherwise: an
 * empty answer says that there is no other.
 */
static enum status
new_password(struct person *person, enum talk_kind kind, const char *prompt,
             struct secret *answer_out)
{
    const char *password;

    if (kind == TALK_NEW_PASSWORD && person->early.data != NULL) {
        secret_move(answer_out, &person->early);
        return STATUS_OK;
    }
    if (!takes_new_from_stack(person))
        return ask_question(person, kind, prompt, answer_out);
    password = authtok_stacked(person->call, PAM_AUTHTOK);
    if (password == NULL)
        return STATUS_PASSWORD_POLICY;
    if (kind == TALK_NEW_PASSWORD && person->stack_taken)
        return secret_set_text(answer_out, "") ? STATUS_OK : STATUS_MEMORY;
    person->stack_taken = true;
    return authtok_check(password, answer_out);
}

/*
 * root at no terminal, about somebody else's password: chpasswd, newusers and
 * passwd --stdin give the new one to every hidden question. Tried as the
 * current one it would count as a wrong guess.
 */
static bool
may_be_unattended(const struct person *person)
{
    const struct call *call = person->call;

    return person->operation == WIRE_CHANGE && getuid() == 0
           && (call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) == 0
           && (isatty(STDIN_FILENO) != 1
               || strcmp(call->service, "chpasswd") == 0
               || strcmp(call->service, "newusers") == 0);
}

/*
 * Asks for the new password as well, before the current one goes anywhere:
 * they differ where somebody is asked. What the stack has comes too late for
 * that.
 */
static enum status
tell_apart(struct person *person, struct secret *current)
{
    enum status status = STATUS_NO_DIALOGUE;
    const char *kept;

    /* The stack keeps it meanwhile: one copy is enough. */
    secret_free(current);
    if (!takes_new_from_stack(person))
        status = ask_question(person, TALK_NEW_PASSWORD, PROMPT_NEW,
                              &person->early);
    kept = authtok_stacked(person->call, PAM_OLDAUTHTOK);
    if (status == STATUS_OK)
        status = kept == NULL ? STATUS_INTERNAL : authtok_check(kept, current);
    if (status == STATUS_OK && person->early.length == current->length
        && memcmp(person->early.data, current->data, current->length) == 0)
        status = STATUS_NO_DIALOGUE;
    if (status == STATUS_NO_DIALOGUE)
        (void) snprintf(person->why, sizeof(person->why),
                        "the host cannot ask for two passwords: use passwd "
                        "at a terminal");
    return status;
}

/*
 * The current password. Empty, it may still mean something where one's own
 * password is to be changed, or where a code may be asked for instead: the
 * helper knows.
 */
static enum status
current_password(struct person *person, enum talk_kind kind,
                 const char *prompt, struct secret *answer_out)
{
    bool may_be_empty = kind == TALK_PASSWORD_OR_CODE;
    enum status status;

    if (person->password.data != NULL) {
        secret_move(answer_out, &person->password);
        return STATUS_OK;
    }
    if (person->password_taken)
        return ask_question(person, TALK_PASSWORD, prompt, answer_out);
    person->password_taken = true;
    status = authtok_get(person->call, person->operation, answer_out);
    if (person->operation == WIRE_CHANGE)
        may_be_empty = call_is_own(person->call);
    if (status == STATUS_EMPTY_PASSWORD && may_be_empty
        && !config_flag(person->call->about.config, KEY_USE_FIRST_PASS))
        status = secret_set_text(answer_out, "") ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK && answer_out->length > 0
        && may_be_unattended(person))
        status = tell_apart(person, answer_out);
    return status;
}

bool
person_is_asked(const struct person *person, enum talk_kind kind)
{
    if (kind == TALK_NEW_PASSWORD || kind == TALK_NEW_AGAIN)
        return !takes_new_from_stack(person);
    return kind != TALK_PERMIT;
}

enum status
person_answer(struct person *person, enum talk_kind kind, const char *prompt,
              struct secret *answer_out)
{
    static const char *const words[]
        = {[STAMP_YES] = "yes", [STAMP_NO] = "no", [STAMP_CANNOT] = "cannot"};
    enum status status;

    switch (kind) {
    case TALK_PASSWORD:
    case TALK_PASSWORD_OR_CODE:
        return current_password(person, kind, prompt, answer_out);
    case TALK_NEW_PASSWORD:
    case TALK_NEW_AGAIN:
        status = new_password(person, kind, prompt, answer_out);
        if (status == STATUS_OK && kind == TALK_NEW_PASSWORD
            && person->operation == WIRE_CHANGE
            && !secret_set(&person->renewed, answer_out->data,
                           answer_out->length))
            status = STATUS_MEMORY;
        return status;
    case TALK_PERMIT:
        return secret_set_text(answer_out, words[permit_code(person)])
                   ? STATUS_OK
                   : STATUS_MEMORY;
    case TALK_CODE:
    case TALK_HIDDEN:
    case TALK_VISIBLE:
        break;
    }
    return ask_question(person, kind, prompt, answer_out);
}

void
person_show_block(const struct person *person, const char *text)
{
    const struct call *call = person->call;

    /* sshd's client converts it for its own terminal, other hosts must be in
     * a UTF-8 locale. */
    if ((call->flags & PAM_SILENT) == 0
        && !config_flag(call->about.config, KEY_NO_WARN)
        && (strcmp(call->service, "sshd") == 0
            /* Setting the locale is what is unsafe.
             * NOLINTNEXTLINE(concurrency-mt-unsafe) */
            || strcmp(nl_langinfo(CODESET), "UTF-8") == 0))
        (void) pam_prompt(call->pamh, PAM_TEXT_INFO, NULL, "\n%s", text);
}

void
person_free(struct person *person)
{
    secret_free(&person->password);
    secret_free(&person->renewed);
    secret_free(&person->early);
}
