/*
 * The module's side of the protocol: answers the helper's questions by PAM's
 * conversation until a RESULT or the deadline. Believes nothing that the
 * helper says but a well-formed RESULT with the request's id.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/relay.h"

#include <errno.h>
#include <langinfo.h>
#include <libintl.h>
#include <poll.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/remedy.h"
#include "flows/talk.h"
#include "module/helper.h"
#include "common/run_state.h"

struct relay {
    struct call *call; /* the one being served now */
    enum wire_operation operation;
    struct helper helper;
    struct wire *wire;
    unsigned char id[WIRE_ID_SIZE];
    struct secret *password; /* the answer to the first TALK_PASSWORD */
    struct secret renewed;   /* the answer to the last TALK_NEW_PASSWORD */
    struct secret early;     /* that of the next, asked for before its time */
    char why[TEXT_LINE_MAX]; /* what ended it, for the log, or "" */
    int64_t deadline;        /* CLOCK_MONOTONIC milliseconds */
    bool password_taken;     /* a TALK_PASSWORD was answered */
    bool stack_taken;        /* the stack's new password was used */
    bool ready;              /* READY came */
    bool told_to_go;         /* GO was sent */
    bool heard;              /* something of this helper's came */
    bool gone;               /* it has ended */
    bool restarted;          /* it is the second one */
    unsigned int blocks;
    unsigned int messages;
    unsigned int asked;
    unsigned int answers; /* of the person or the stack */
};

static unsigned int
budget_ms(const struct call *call)
{
    return config_number(call->about.config, KEY_TIMEOUT) * 1000;
}

/* Waits for the helper; STATUS_OK when there is something to read. */
static enum status
wait_readable(const struct relay *relay)
{
    struct pollfd poller = {.fd = relay->helper.fd, .events = POLLIN};
    int64_t left;
    int ready;

    for (;;) {
        left = relay->deadline - clock_ms();
        ready = left <= 0 ? 0 : poll(&poller, 1, (int) left);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return STATUS_INTERNAL;
        if (left <= 0)
            return STATUS_TIMEOUT;
    }
}

/*
 * A helper that waits for an answer says nothing: STATUS_OK. STATUS_HELPER:
 * there is something to receive, or the end.
 */
static enum status
check_waiting(const struct relay *relay)
{
    struct pollfd poller = {.fd = relay->helper.fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&poller, 1, 0);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return STATUS_INTERNAL;
    return ready == 0 ? STATUS_OK : STATUS_HELPER;
}

/* What a helper that ended was ended by, as its warden says. */
static bool
read_end(struct relay *relay)
{
    unsigned int code = wire_get_byte(relay->wire);
    unsigned int number = wire_get_byte(relay->wire);

    if (!wire_complete(relay->wire))
        return false;
    if (number == 0)
        (void) snprintf(relay->why, sizeof(relay->why),
                        "the helper ended with status %u", code);
    else
        (void) snprintf(relay->why, sizeof(relay->why),
                        "the helper was ended by signal %u: %s", number,
                        remedy_signal((int) number));
    relay->gone = true;
    return true;
}

/* A message of this request; its type, with its fields to be read. */
static enum wire_result
receive(struct relay *relay, enum wire_type *type_out)
{
    static const unsigned char nobody[WIRE_ID_SIZE];
    unsigned char id[WIRE_ID_SIZE];
    enum wire_result wire;

    wire = wire_receive(relay->wire, relay->helper.fd, type_out, id);
    if (wire == WIRE_CLOSED || wire == WIRE_FAILED)
        relay->gone = true;
    if (wire != WIRE_OK)
        return wire;
    if (*type_out == WIRE_ENDED && memcmp(id, nobody, sizeof(id)) == 0)
        return read_end(relay) ? WIRE_OK : WIRE_MALFORMED;
    relay->heard = true;
    return *type_out != WIRE_ENDED
                   && /* @id */ memcmp(id, relay->id, sizeof(id)) == 0
               ? WIRE_OK
               : WIRE_MALFORMED;
}

/* The same, as soon as there is one. */
static enum status
next_message(struct relay *relay, enum wire_type *type_out,
             enum wire_result *wire_out)
{
    enum status status = wait_readable(relay);

    if (status == STATUS_OK)
        *wire_out = receive(relay, type_out);
    return status;
}

/* Sends what was written. How a helper ended that does not listen is heard. */
static enum status
send_message(struct relay *relay)
{
    enum wire_type type;

    if (wire_send(relay->wire, relay->helper.fd) == WIRE_OK)
        return STATUS_OK;
    if (check_waiting(relay) == STATUS_HELPER)
        (void) receive(relay, &type);
    if (!relay->gone)
        (void) snprintf(relay->why, sizeof(relay->why), "%s",
                        "what the helper is told could not be sent");
    return STATUS_HELPER;
}

/* Asks the person through the host; the reply is the caller's to wipe. */
static enum status
converse(const struct call *call, int style, const char *prompt,
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

/* A password item of the stack, or NULL. */
static const char *
stacked_password(const struct call *call, int type)
{
    const void *item = NULL;

    if (pam_get_item(call->pamh, type, &item) != PAM_SUCCESS)
        return NULL;
    return item;
}

static enum status
check_password(const char *password, struct secret *password_out)
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

    status = converse(call, PAM_PROMPT_ECHO_OFF, prompt, &reply);
    if (status != STATUS_OK)
        return status;
    if (pam_set_item(call->pamh, type, reply) != PAM_SUCCESS)
        status = STATUS_MEMORY;
    else
        status = check_password(reply, password_out);
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
                   : dgettext("Linux-PAM", "Password: ");
    /* Of an expired password the person is asked, whoever the host is. */
    if (getuid() != 0 || (call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
        return "Current password: ";
    (void) snprintf(line, size,
                    "Current password of %.64s (the user pool wants it even "
                    "from root): ",
                    call->user);
    return line;
}

enum status
relay_password(struct call *call, enum wire_operation operation,
               struct secret *password_out)
{
    int type = operation == WIRE_AUTHENTICATE ? PAM_AUTHTOK : PAM_OLDAUTHTOK;
    const char *password = stacked_password(call, type);
    char line[TEXT_LINE_MAX];
    const char *prompt = password_prompt(call, operation, line, sizeof(line));
    int code;

    if (config_flag(call->about.config, KEY_USE_FIRST_PASS))
        return password == NULL ? STATUS_EMPTY_PASSWORD
                                : check_password(password, password_out);
    if (!config_flag(call->about.config, KEY_TRY_FIRST_PASS))
        return ask_password(call, type, prompt, password_out);
    code = pam_get_authtok(call->pamh, type, &password, prompt);
    if (code == PAM_BUF_ERR)
        return STATUS_MEMORY;
    if (code != PAM_SUCCESS || password == NULL)
        return STATUS_CANCELLED;
    return check_password(password, password_out);
}

/* Is somebody going to be asked for the password? */
static bool
will_prompt(const struct relay *relay)
{
    const struct call *call = relay->call;

    if (relay->password->data != NULL
        || config_flag(call->about.config, KEY_USE_FIRST_PASS))
        return false;
    return !config_flag(call->about.config, KEY_TRY_FIRST_PASS)
           || stacked_password(call, PAM_AUTHTOK) == NULL;
}

/* One's own account: not root's view of somebody else's. */
static bool
is_own_account(const struct call *call)
{
    return call->about.has_account && getuid() != 0 && call->about.uid == getuid();
}

static enum status
send_start(struct relay *relay)
{
    const struct call *call = relay->call;
    struct wire *wire = relay->wire;
    unsigned int flags = 0;

    if (call->about.count > WIRE_ARGS_MAX)
        return STATUS_CONFIG;
    if (call->personal)
        flags |= WIRE_PERSONAL;
    if (config_flag(call->about.config, KEY_DEBUG))
        flags |= WIRE_DEBUG;
    if (relay->operation == WIRE_CHANGE && is_own_account(call))
        flags |= WIRE_OWN;
    if (call->first && will_prompt(relay))
        flags |= WIRE_FIRST;
    wire_begin(wire, WIRE_START, relay->id);
    wire_put_byte(wire, relay->operation);
    wire_put_number(wire, flags);
    wire_put_number(wire, budget_ms(call));
    wire_put_text(wire, call->user);
    wire_put_text(wire, call->service);
    wire_put_text(wire, call->rhost);
    wire_put_text(wire, call->tty);
    wire_put_byte(wire, (unsigned int) call->about.count);
    for (size_t i = 0; i < call->about.count; i++)
        wire_put_text(wire, call->about.arguments[i]);
    return send_message(relay);
}

static enum status
start_helper(struct relay *relay)
{
    const struct call *call = relay->call;
    const char *path = config_text(call->about.config, KEY_HELPER);
    char real[FILE_PATH_MAX];
    char error[512];

    if (file_check_program(path, &call->about.trust, real, error, sizeof(error))
            == FILE_OK
        && helper_start(real, &relay->helper, error, sizeof(error)))
        return STATUS_OK;
    call_log(call, LOG_ERR, "helper: %s", error);
    return STATUS_HELPER;
}

/* A helper with a request of its own. */
static enum status
begin(struct relay *relay)
{
    enum status status;

    relay->heard = relay->gone = false;
    relay->why[0] = '\0';
    if (getrandom(relay->id, sizeof(relay->id), 0)
        != (ssize_t) sizeof(relay->id))
        return STATUS_INTERNAL;
    status = start_helper(relay);
    return status == STATUS_OK ? send_start(relay) : status;
}

/*
 * A helper that ended while the person typed, for a prompt may stand all
 * night: nothing of the answer was sent yet, so another one gets it. Once.
 */
static enum status
start_again(struct relay *relay, unsigned int kind, struct secret *answer)
{
    if (kind != TALK_PASSWORD || relay->answers > 0 || relay->restarted)
        return STATUS_HELPER;
    call_log(relay->call, LOG_WARNING,
             "helper: it is started once more: %s",
             relay->why[0] != '\0' ? relay->why
                                   : "it ended while somebody typed");
    helper_end(&relay->helper);
    relay->restarted = true;
    secret_move(relay->password, answer);
    relay->deadline = clock_ms() + budget_ms(relay->call);
    return begin(relay);
}

static enum status
ask_question(struct relay *relay, unsigned int kind, const char *prompt,
             struct secret *answer_out)
{
    int style = kind == TALK_CODE || kind == TALK_VISIBLE
                    ? PAM_PROMPT_ECHO_ON
                    : PAM_PROMPT_ECHO_OFF;
    char clean[TEXT_LINE_MAX + 1];
    enum status status;
    char *reply;

    text_clean(prompt, clean, sizeof(clean));
    status = converse(relay->call, style, clean, &reply);
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
takes_new_from_stack(const struct relay *relay)
{
    const struct config *config = relay->call->about.config;

    return relay->operation == WIRE_CHANGE
           && (config_flag(config, KEY_USE_AUTHTOK)
               || config_flag(config, KEY_USE_FIRST_PASS));
}

/*
 * At most one in ten minutes, and none where no account is here to count it
 * for. No code is sent where the new password that it is for would come from
 * another module, which asks later.
 */
static enum stamp
permit_code(const struct relay *relay)
{
    const struct subject *about = &relay->call->about;
    enum stamp stamp;
    char name[32];

    if (takes_new_from_stack(relay) || !about->has_account)
        return STAMP_CANNOT;
    stamp_name(about->uid, name, sizeof(name));
    stamp = stamp_take(name);
    if (stamp == STAMP_CANNOT)
        call_log(relay->call, LOG_ERR, "cannot record a code in %s",
                 RUN_STATE_FOLDER);
    return stamp;
}

/*
 * A new password: the stack's where an earlier module has asked for it and
 * the settings say so, and that one once only. It was refused otherwise: an
 * empty answer says that there is no other.
 */
static enum status
new_password(struct relay *relay, unsigned int kind, const char *prompt,
             struct secret *answer_out)
{
    const char *password;

    if (kind == TALK_NEW_PASSWORD && relay->early.data != NULL) {
        secret_move(answer_out, &relay->early);
        return STATUS_OK;
    }
    if (!takes_new_from_stack(relay))
        return ask_question(relay, kind, prompt, answer_out);
    password = stacked_password(relay->call, PAM_AUTHTOK);
    if (password == NULL)
        return STATUS_PASSWORD_POLICY;
    if (kind == TALK_NEW_PASSWORD && relay->stack_taken)
        return secret_set_text(answer_out, "") ? STATUS_OK : STATUS_MEMORY;
    relay->stack_taken = true;
    return check_password(password, answer_out);
}

/*
 * root at no terminal, about somebody else's password: chpasswd, newusers and
 * passwd --stdin give the new one to every hidden question. Tried as the
 * current one it would count as a wrong guess.
 */
static bool
may_be_unattended(const struct relay *relay)
{
    const struct call *call = relay->call;

    return relay->operation == WIRE_CHANGE && getuid() == 0
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
tell_apart(struct relay *relay, struct secret *current)
{
    enum status status = STATUS_NO_DIALOGUE;
    const char *kept;

    /* The stack keeps it meanwhile: one copy is enough. */
    secret_free(current);
    if (!takes_new_from_stack(relay))
        status = ask_question(relay, TALK_NEW_PASSWORD, "New password: ",
                              &relay->early);
    kept = stacked_password(relay->call, PAM_OLDAUTHTOK);
    if (status == STATUS_OK)
        status = kept == NULL ? STATUS_INTERNAL
                              : check_password(kept, current);
    if (status == STATUS_OK && relay->early.length == current->length
        && memcmp(relay->early.data, current->data, current->length) == 0)
        status = STATUS_NO_DIALOGUE;
    if (status == STATUS_NO_DIALOGUE)
        (void) snprintf(relay->why, sizeof(relay->why),
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
current_password(struct relay *relay, unsigned int kind, const char *prompt,
                 struct secret *answer_out)
{
    bool may_be_empty = kind == TALK_PASSWORD_OR_CODE;
    enum status status;

    if (relay->password != NULL && relay->password->data != NULL) {
        secret_move(answer_out, relay->password);
        return STATUS_OK;
    }
    if (relay->password_taken)
        return ask_question(relay, TALK_PASSWORD, prompt, answer_out);
    relay->password_taken = true;
    status = relay_password(relay->call, relay->operation, answer_out);
    if (relay->operation == WIRE_CHANGE)
        may_be_empty = is_own_account(relay->call);
    if (status == STATUS_EMPTY_PASSWORD && may_be_empty
        && !config_flag(relay->call->about.config, KEY_USE_FIRST_PASS))
        status = secret_set_text(answer_out, "") ? STATUS_OK : STATUS_MEMORY;
    if (status == STATUS_OK && answer_out->length > 0
        && may_be_unattended(relay))
        status = tell_apart(relay, answer_out);
    return status;
}

/* Does what the kind of question wants; STATUS_OK with an answer. */
static enum status
find_answer(struct relay *relay, unsigned int kind, const char *prompt,
            struct secret *answer_out)
{
    static const char *const words[] = {
        [STAMP_YES] = "yes", [STAMP_NO] = "no", [STAMP_CANNOT] = "cannot"};
    enum status status;

    switch (kind) {
    case TALK_PASSWORD:
    case TALK_PASSWORD_OR_CODE:
        return current_password(relay, kind, prompt, answer_out);
    case TALK_NEW_PASSWORD:
    case TALK_NEW_AGAIN:
        status = new_password(relay, kind, prompt, answer_out);
        if (status == STATUS_OK && kind == TALK_NEW_PASSWORD
            && relay->operation == WIRE_CHANGE
            && !secret_set(&relay->renewed, answer_out->data,
                           answer_out->length))
            status = STATUS_MEMORY;
        return status;
    case TALK_PERMIT:
        return secret_set_text(answer_out,
                               words[permit_code(relay)])
                   ? STATUS_OK
                   : STATUS_MEMORY;
    default:
        return ask_question(relay, kind, prompt, answer_out);
    }
}

/*
 * Is nobody asked? Such an answer costs no time: a helper that wanted it again
 * and again would never be late.
 */
static bool
is_known_here(const struct relay *relay, unsigned int kind)
{
    return kind == TALK_PERMIT
           || ((kind == TALK_NEW_PASSWORD || kind == TALK_NEW_AGAIN)
               && takes_new_from_stack(relay));
}

static enum status
answer_ask(struct relay *relay)
{
    struct secret answer = {0};
    struct wire *wire = relay->wire;
    unsigned int kind = wire_get_byte(wire);
    const char *prompt = wire_get_text(wire, TEXT_LINE_MAX);
    enum status status;
    enum wire_type type;

    if (!wire_complete(wire) || kind < TALK_PASSWORD
        || kind > TALK_PASSWORD_OR_CODE || relay->asked++ >= RELAY_ANSWERS_MAX)
        return STATUS_HELPER;
    status = find_answer(relay, kind, prompt, &answer);
    /* No verdict before the answer. */
    if (status == STATUS_OK) {
        status = check_waiting(relay);
        if (status == STATUS_HELPER)
            (void) receive(relay, &type);
    }
    if (status == STATUS_OK) {
        if (!is_known_here(relay, kind))
            relay->deadline = clock_ms() + budget_ms(relay->call);
        wire_begin(wire, WIRE_REPLY, relay->id);
        wire_put_bytes(wire, answer.data, answer.length);
        status = send_message(relay);
        relay->answers += status == STATUS_OK && kind != TALK_PERMIT;
    }
    if (status == STATUS_HELPER && relay->gone)
        status = start_again(relay, kind, &answer);
    secret_free(&answer);
    return status;
}

static enum status
show_line(struct relay *relay)
{
    unsigned int style = wire_get_byte(relay->wire);
    const char *text = wire_get_text(relay->wire, TEXT_LINE_MAX);

    if (!wire_complete(relay->wire)
        || (style != TALK_INFO && style != TALK_ERROR))
        return STATUS_HELPER;
    call_tell(relay->call,
              style == TALK_INFO ? PAM_TEXT_INFO : PAM_ERROR_MSG, text);
    return STATUS_OK;
}

/*
 * A drawing of several lines. Shown where it can look right: sshd's client
 * converts it for its own terminal, other hosts must be in a UTF-8 locale.
 * What a person needs stands in the prompt that follows as well.
 */
static enum status
show_block(struct relay *relay)
{
    const struct call *call = relay->call;
    const char *text = wire_get_text(relay->wire, WIRE_BLOCK_MAX);

    if (!wire_complete(relay->wire) || !text_is_block(text)
        || relay->blocks++ >= RELAY_BLOCKS_MAX)
        return STATUS_HELPER;
    if ((call->flags & PAM_SILENT) == 0
        && !config_flag(call->about.config, KEY_NO_WARN)
        && (strcmp(call->service, "sshd") == 0
            /* Setting the locale is what is unsafe.
             * NOLINTNEXTLINE(concurrency-mt-unsafe) */
            || strcmp(nl_langinfo(CODESET), "UTF-8") == 0))
        (void) pam_prompt(call->pamh, PAM_TEXT_INFO, NULL, "\n%s", text);
    return STATUS_OK;
}

static enum status
log_line(struct relay *relay)
{
    static const int priorities[] = {
        [TALK_LOG_ERROR] = LOG_ERR,
        [TALK_LOG_WARNING] = LOG_WARNING,
        [TALK_LOG_NOTICE] = LOG_NOTICE,
        [TALK_LOG_DEBUG] = LOG_DEBUG,
    };
    unsigned int level = wire_get_byte(relay->wire);
    const char *text = wire_get_text(relay->wire, WIRE_MAX);

    if (!wire_complete(relay->wire) || level < TALK_LOG_ERROR
        || level > TALK_LOG_DEBUG)
        return STATUS_HELPER;
    /* Marked, so that no line of the helper's passes for the module's. */
    call_log(relay->call, priorities[level], "helper: %s", text);
    return STATUS_OK;
}

static enum status
read_result(struct relay *relay, struct outcome *result)
{
    if (!outcome_get(relay->wire, result))
        return STATUS_HELPER;
    /* Nobody signs in without having been asked anything. */
    if (result->status == STATUS_OK && relay->answers == 0)
        return STATUS_HELPER;
    return STATUS_OK;
}

/* After its RESULT the helper says nothing more, and shows it. */
static enum status
expect_end(struct relay *relay)
{
    enum wire_result wire = WIRE_FAILED;
    enum wire_type type;
    enum status status = next_message(relay, &type, &wire);

    if (status != STATUS_OK)
        return status;
    return wire == WIRE_CLOSED ? STATUS_OK : STATUS_HELPER;
}

static enum status
serve(struct relay *relay, struct outcome *result)
{
    enum wire_result wire;
    enum wire_type type;
    enum status status;

    while (relay->messages++ < RELAY_MESSAGES_MAX) {
        status = next_message(relay, &type, &wire);
        if (status == STATUS_OK && wire != WIRE_OK)
            status = STATUS_HELPER;
        if (status != STATUS_OK)
            return status;
        switch ((int) type) {
        case WIRE_ASK:
            status = answer_ask(relay);
            break;
        case WIRE_TELL:
            status = show_line(relay);
            break;
        case WIRE_LOG:
            status = log_line(relay);
            break;
        case WIRE_BLOCK:
            status = show_block(relay);
            break;
        case WIRE_READY:
            /* Proof, not a result: only where it was asked for, once. */
            if (relay->operation != WIRE_CHANGE || relay->ready
                || relay->answers == 0 || !wire_complete(relay->wire))
                return STATUS_HELPER;
            relay->ready = true;
            result->status = STATUS_OK;
            return STATUS_OK;
        case WIRE_ENDED:
            return STATUS_HELPER;
        case WIRE_RESULT:
            status = read_result(relay, result);
            return status == STATUS_OK ? expect_end(relay) : status;
        default:
            status = STATUS_HELPER;
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_HELPER;
}

/* Why helper_failed, for the log. */
static void
explain_failure(const struct relay *relay, char *note, size_t size)
{
    if (relay->helper.fd < 0)
        return; /* said already */
    if (relay->why[0] != '\0')
        (void) snprintf(note, size, "%s", relay->why);
    else if (!relay->gone)
        (void) snprintf(note, size, "%s",
                        "the helper broke the protocol: after an upgrade "
                        "this service must be restarted");
    else if (relay->heard)
        (void) snprintf(note, size, "the helper ended without a result");
    else
        helper_why(&relay->helper, note, size);
}

/*
 * The host ended the conversation: at its first question or a late one that
 * is the person's doing. At the second it may be all that the host can do.
 */
static void
explain_end(const struct relay *relay, struct outcome *result)
{
    char remedy[TEXT_LINE_MAX];

    if (relay->answers == 0)
        return;
    if (relay->answers != 1 || relay->operation != WIRE_AUTHENTICATE) {
        (void) snprintf(result->note, sizeof(result->note), "given up");
        return;
    }
    result->status = STATUS_NO_DIALOGUE;
    text_one_question(relay->call->service, remedy, sizeof(remedy));
    (void) snprintf(result->note, sizeof(result->note),
                    "the host ended the dialogue at its second question: "
                    "given up, or %.130s",
                    remedy);
}

/*
 * Serves the helper. Whatever a RESULT may have said, a failure on the way
 * counts.
 */
static void
serve_call(struct relay *relay, struct call *call, enum status started,
           struct outcome *result_out)
{
    enum status status = started;
    bool was_ready = relay->ready;

    memset(result_out, 0, sizeof(*result_out));
    relay->call = call;
    result_out->status = STATUS_INTERNAL;
    relay->deadline = clock_ms() + budget_ms(call);
    if (status == STATUS_OK)
        status = serve(relay, result_out);
    /* A change succeeds only after it was told to go on, and with a new
     * password that was given here. */
    if (status == STATUS_OK && result_out->status == STATUS_OK
        && relay->operation == WIRE_CHANGE && relay->ready == was_ready
        && (!relay->told_to_go || relay->renewed.length == 0))
        status = STATUS_HELPER;
    if (status == STATUS_OK)
        return;
    memset(result_out, 0, sizeof(*result_out));
    result_out->status = status;
    if (status == STATUS_CANCELLED)
        explain_end(relay, result_out);
    else if (status == STATUS_HELPER)
        explain_failure(relay, result_out->note, sizeof(result_out->note));
    else
        (void) snprintf(result_out->note, sizeof(result_out->note), "%s",
                        relay->why);
}

struct relay *
relay_start(struct call *call, enum wire_operation operation,
            struct secret *password, struct outcome *result_out)
{
    struct relay *relay = calloc(1, sizeof(*relay));
    enum status status = STATUS_MEMORY;

    memset(result_out, 0, sizeof(*result_out));
    result_out->status = STATUS_MEMORY;
    if (relay == NULL)
        return NULL;
    relay->call = call;
    relay->operation = operation;
    relay->password = password;
    relay->helper = (struct helper) HELPER_NONE;
    relay->wire = wire_new();
    if (relay->wire != NULL)
        status = begin(relay);
    serve_call(relay, call, status, result_out);
    /* It is the caller's, who may be gone when the relay goes on. */
    relay->password = NULL;
    return relay;
}

void
relay_continue(struct relay *relay, struct call *call,
               struct outcome *result_out)
{
    enum status status = STATUS_HELPER;

    if (relay->ready && !relay->told_to_go) {
        relay->told_to_go = true;
        wire_begin(relay->wire, WIRE_GO, relay->id);
        status = send_message(relay);
    }
    serve_call(relay, call, status, result_out);
}

bool
relay_is_ready(const struct relay *relay)
{
    return relay != NULL && relay->ready;
}

const char *
relay_new_password(const struct relay *relay)
{
    return relay->renewed.data;
}

void
relay_abandon(struct relay *relay)
{
    if (relay != NULL)
        helper_leave(&relay->helper);
    relay_free(relay);
}

void
relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    helper_end(&relay->helper);
    wire_free(relay->wire);
    secret_free(&relay->renewed);
    secret_free(&relay->early);
    free(relay);
}
