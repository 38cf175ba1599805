/*
 * The module's side of the protocol: answers the helper's questions until a
 * RESULT or the deadline. Believes nothing that the helper says but a
 * well-formed RESULT with the request's id.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "flows/talk.h"
#include "module/breaker.h"
#include "module/connection.h"
#include "module/person.h"

struct relay {
    struct person person;
    struct connection connection;
    bool ready;      /* READY came */
    bool told_to_go; /* GO was sent */
    bool restarted;  /* the helper is the second one */
    unsigned int blocks;
    unsigned int messages;
    unsigned int asked;
    unsigned int kind;    /* of the last of these questions */
    unsigned int answers; /* of the person or the stack */
};

static unsigned int
budget_ms(const struct call *call)
{
    return config_number(call->about.config, KEY_TIMEOUT) * 1000;
}

/* Gives the helper its time anew. */
static void
renew_deadline(struct relay *relay)
{
    relay->connection.deadline = clock_ms() + budget_ms(relay->person.call);
}

/* Begins a START, up to the number of its arguments. */
static void
begin_start(struct relay *relay, unsigned int flags, size_t count)
{
    const struct call *call = relay->person.call;
    struct wire *wire = relay->connection.wire;

    connection_begin(&relay->connection, WIRE_START);
    wire_put_byte(wire, relay->person.operation);
    wire_put_number(wire, flags);
    wire_put_number(wire, budget_ms(call));
    wire_put_text(wire, call->user);
    wire_put_text(wire, call->service);
    wire_put_text(wire, call->rhost);
    wire_put_text(wire, call->tty);
    wire_put_byte(wire, (unsigned int) count);
}

/* Which configuration file was read here: both sides must mean the same. */
static void
put_source(struct wire *wire, const struct call *call)
{
    struct config_source source = config_source(call->about.config);

    wire_put_wide(wire, source.device);
    wire_put_wide(wire, source.number);
}

static enum status
send_short_start(struct relay *relay)
{
    begin_start(relay, 0, 0);
    put_source(relay->connection.wire, relay->person.call);
    return connection_send(&relay->connection);
}

static enum status
send_start(struct relay *relay)
{
    const struct call *call = relay->person.call;
    struct wire *wire = relay->connection.wire;
    unsigned int flags = 0;

    /* Whom it serves and by which settings, a helper on a socket finds out by
     * itself. */
    if (relay->connection.socket)
        return send_short_start(relay);
    if (call->about.count > WIRE_ARGS_MAX)
        return STATUS_CONFIG;
    if (call->personal)
        flags |= WIRE_PERSONAL;
    if (config_flag(call->about.config, KEY_DEBUG))
        flags |= WIRE_DEBUG;
    if (relay->person.operation == WIRE_CHANGE && call_is_own(call))
        flags |= WIRE_OWN;
    if (call->first && person_will_be_prompted(&relay->person))
        flags |= WIRE_FIRST;
    if (call->looks)
        flags |= WIRE_LOOK;
    begin_start(relay, flags, call->about.count);
    for (size_t i = 0; i < call->about.count; i++)
        wire_put_text(wire, call->about.arguments[i]);
    put_source(wire, call);
    return connection_send(&relay->connection);
}

/* A helper with a request of its own. */
static enum status
begin(struct relay *relay)
{
    enum status status;

    renew_deadline(relay);
    status = connection_start(&relay->connection, relay->person.call);
    return status == STATUS_OK ? send_start(relay) : status;
}

/*
 * A helper that ended while the person typed, for a prompt may stand all
 * night: nothing of the answer was sent yet, so another one gets it. Once.
 */
static enum status
start_again(struct relay *relay, enum talk_kind kind, struct secret *answer)
{
    const char *why = relay->connection.why;

    if (kind != TALK_PASSWORD || relay->answers > 0 || relay->restarted)
        return STATUS_HELPER;
    call_log(relay->person.call, LOG_WARNING,
             "helper: it is started once more: %s",
             why[0] != '\0' ? why : "it ended while somebody typed");
    relay->restarted = true;
    secret_move(&relay->person.password, answer);
    renew_deadline(relay);
    return begin(relay);
}

static enum status
answer_ask(struct relay *relay)
{
    struct secret answer = {0};
    struct wire *wire = relay->connection.wire;
    unsigned int kind = wire_get_byte(wire);
    const char *prompt = wire_get_text(wire, TEXT_LINE_MAX);
    enum status status;

    if (!wire_complete(wire) || kind < TALK_PASSWORD
        || kind > TALK_PASSWORD_OR_CODE || relay->asked++ >= RELAY_ANSWERS_MAX)
        return STATUS_HELPER;
    /* A helper that was to look asks nothing before it got an answer. On a
     * socket it was not told to. */
    if (/* @by-pair */ !relay->connection.socket)
        breaker_note_reached(relay->person.call);
    relay->kind = kind;
    status = person_answer(&relay->person, kind, prompt, &answer);
    /* No verdict before the answer. */
    if (status == STATUS_OK)
        status = connection_check_quiet(&relay->connection);
    if (status == STATUS_OK) {
        /* For an answer that costs no time there is no new one: a helper that
         * wanted it again and again would never be late. */
        if (person_is_asked(&relay->person, kind))
            renew_deadline(relay);
        connection_begin(&relay->connection, WIRE_REPLY);
        wire_put_bytes(wire, answer.data, answer.length);
        status = connection_send(&relay->connection);
        relay->answers += status == STATUS_OK && kind != TALK_PERMIT;
    }
    if (status == STATUS_HELPER && relay->connection.gone)
        status = start_again(relay, kind, &answer);
    secret_free(&answer);
    return status;
}

static enum status
show_line(struct relay *relay)
{
    struct wire *wire = relay->connection.wire;
    unsigned int style = wire_get_byte(wire);
    const char *text = wire_get_text(wire, TEXT_LINE_MAX);

    if (!wire_complete(wire) || (style != TALK_INFO && style != TALK_ERROR))
        return STATUS_HELPER;
    call_tell(relay->person.call,
              style == TALK_INFO ? PAM_TEXT_INFO : PAM_ERROR_MSG, text);
    return STATUS_OK;
}

static enum status
show_block(struct relay *relay)
{
    struct wire *wire = relay->connection.wire;
    const char *text = wire_get_text(wire, WIRE_BLOCK_MAX);

    if (!wire_complete(wire) || !text_is_block(text)
        || relay->blocks++ >= RELAY_BLOCKS_MAX)
        return STATUS_HELPER;
    person_show_block(&relay->person, text);
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
    struct wire *wire = relay->connection.wire;
    unsigned int level = wire_get_byte(wire);
    const char *text = wire_get_text(wire, WIRE_MAX);

    if (!wire_complete(wire) || level < TALK_LOG_ERROR
        || level > TALK_LOG_DEBUG)
        return STATUS_HELPER;
    /* Marked, so that no line of the helper's passes for the module's. */
    call_log(relay->person.call, priorities[level], "helper: %s", text);
    return STATUS_OK;
}

static enum status
read_result(struct relay *relay, struct outcome *result)
{
    if (!outcome_get(relay->connection.wire, result))
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
    enum status status = connection_next(&relay->connection, &type, &wire);

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
        status = connection_next(&relay->connection, &type, &wire);
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
            if (relay->person.operation != WIRE_CHANGE || relay->ready
                || relay->answers == 0
                || !wire_complete(relay->connection.wire))
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
    if (relay->answers != 1 || relay->person.operation != WIRE_AUTHENTICATE) {
        (void) snprintf(result->note, sizeof(result->note), "given up");
        return;
    }
    result->status = STATUS_NO_DIALOGUE;
    text_one_question(relay->person.call->service,
                      relay->kind == TALK_NEW_PASSWORD, remedy,
                      sizeof(remedy));
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
    relay->person.call = call;
    result_out->status = STATUS_INTERNAL;
    renew_deadline(relay);
    if (status == STATUS_OK)
        status = serve(relay, result_out);
    /* A change succeeds only after it was told to go on, and with a new
     * password that was given here. */
    if (status == STATUS_OK && result_out->status == STATUS_OK
        && relay->person.operation == WIRE_CHANGE && relay->ready == was_ready
        && (!relay->told_to_go || relay->person.renewed.length == 0))
        status = STATUS_HELPER;
    if (status == STATUS_OK) {
        connection_advise(&relay->connection, call, result_out->status);
        return;
    }
    memset(result_out, 0, sizeof(*result_out));
    result_out->status = status;
    if (status == STATUS_CANCELLED)
        explain_end(relay, result_out);
    else if (status == STATUS_HELPER)
        connection_explain(&relay->connection, result_out->note,
                           sizeof(result_out->note));
    else
        (void) snprintf(result_out->note, sizeof(result_out->note), "%s",
                        relay->person.why);
    connection_advise(&relay->connection, call, status);
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
    relay->person.call = call;
    relay->person.operation = operation;
    secret_move(&relay->person.password, password);
    if (connection_init(&relay->connection))
        status = begin(relay);
    serve_call(relay, call, status, result_out);
    return relay;
}

void
relay_continue(struct relay *relay, struct call *call,
               struct outcome *result_out)
{
    enum status status = STATUS_HELPER;

    if (relay->ready && !relay->told_to_go) {
        relay->told_to_go = true;
        connection_begin(&relay->connection, WIRE_GO);
        status = connection_send(&relay->connection);
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
    return relay->person.renewed.data;
}

void
relay_abandon(struct relay *relay)
{
    if (relay != NULL)
        connection_leave(&relay->connection);
    relay_free(relay);
}

void
relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    connection_close(&relay->connection);
    person_free(&relay->person);
    free(relay);
}
