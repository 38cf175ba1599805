/*
 * struct talk over the socket: questions, messages and log lines of the flows
 * become packets for the module.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/wire_talk.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"

/* Seconds past the module's own deadline; it should have killed us by then. */
#define WATCHDOG_GRACE 2
/* This part of the budget is kept for saying that it is used up. */
#define MARGIN 20
#define TURN_MS 20    /* until one asks again whether it is his turn */
#define AT_ONCE_MS 50 /* an answer after that was typed */

/* As much of a text as a line may hold; the module cleans it again. */
static void
put_line(struct wire *wire, const char *text)
{
    char line[TEXT_LINE_MAX + 1];

    text_clean(text, line, sizeof(line));
    wire_put_text(wire, line);
    secret_wipe(line, sizeof(line));
}

void
wire_talk_begin_work(struct wire_talk *wire_talk)
{
    (void) alarm(wire_talk->budget_ms / 1000 + WATCHDOG_GRACE);
    if (wire_talk->http != NULL)
        http_deadline(wire_talk->http, clock_ms() + wire_talk->budget_ms
                                           - wire_talk->budget_ms / MARGIN);
}

static enum status
receive_reply(struct wire_talk *wire_talk, struct secret *answer_out)
{
    struct wire *wire = wire_talk->wire;
    unsigned char id[WIRE_ID_SIZE];
    enum wire_type type;
    enum status status = STATUS_CANCELLED;

    if (wire_receive(wire, wire_talk->fd, &type, id) != WIRE_OK
        || type != WIRE_REPLY || memcmp(id, wire_talk->id, sizeof(id)) != 0)
        return STATUS_CANCELLED;
    wire_get_secret(wire, WIRE_MAX, answer_out);
    if (wire_complete(wire))
        status = STATUS_OK;
    else
        secret_free(answer_out);
    return status;
}

/*
 * Carries transfers on until the answer is there. An answer that the stack
 * had comes at once: then nobody is looking at a prompt.
 */
static bool
wait_for_reply(struct wire_talk *wire_talk)
{
    struct talk *talk = &wire_talk->talk;
    void (*meanwhile)(void *context) = talk->meanwhile;
    enum status status = STATUS_TIMEOUT;

    if (meanwhile != NULL) {
        talk->meanwhile = NULL;
        status = http_pump_for(wire_talk->http, wire_talk->fd, AT_ONCE_MS);
        if (status == STATUS_TIMEOUT)
            meanwhile(talk->context);
    }
    if (status == STATUS_TIMEOUT)
        status = http_pump(wire_talk->http, wire_talk->fd);
    return status == STATUS_OK;
}

/* May the first answer be tried? While as many are as may be wrong, later. */
static enum status
wait_for_turn(struct wire_talk *wire_talk)
{
    int64_t deadline = clock_ms() + wire_talk->budget_ms / 2;
    enum record_word word = warden_ask(wire_talk->records, RECORD_TRY);

    while (word == RECORD_WAIT && clock_ms() < deadline) {
        (void) poll(NULL, 0, TURN_MS);
        word = warden_ask(wire_talk->records, RECORD_TRY);
    }
    wire_talk->counted = false;
    return word == RECORD_YES ? STATUS_OK : STATUS_PEER_LIMIT;
}

static enum status
ask(struct talk *talk, enum talk_kind kind, const char *prompt,
    struct secret *answer_out)
{
    struct wire_talk *wire_talk = (struct wire_talk *) talk;
    enum status status;

    wire_begin(wire_talk->wire, WIRE_ASK, wire_talk->id);
    wire_put_byte(wire_talk->wire, kind);
    put_line(wire_talk->wire, prompt);
    if (wire_send(wire_talk->wire, wire_talk->fd) != WIRE_OK)
        return STATUS_CANCELLED;
    (void) alarm(0);
    if (wire_talk->http != NULL && !wait_for_reply(wire_talk))
        return STATUS_INTERNAL;
    status = receive_reply(wire_talk, answer_out);
    wire_talk_begin_work(wire_talk);
    if (status == STATUS_OK && wire_talk->counted)
        status = wait_for_turn(wire_talk);
    if (status != STATUS_OK)
        secret_free(answer_out);
    return status;
}

static enum status
tell(struct talk *talk, enum talk_style style, const char *text)
{
    struct wire_talk *wire_talk = (struct wire_talk *) talk;

    wire_begin(wire_talk->wire, WIRE_TELL, wire_talk->id);
    wire_put_byte(wire_talk->wire, style);
    put_line(wire_talk->wire, text);
    return wire_send(wire_talk->wire, wire_talk->fd) == WIRE_OK
               ? STATUS_OK
               : STATUS_CANCELLED;
}

static enum status
block(struct talk *talk, const char *text)
{
    struct wire_talk *wire_talk = (struct wire_talk *) talk;

    if (strlen(text) > WIRE_BLOCK_MAX)
        return STATUS_INTERNAL;
    wire_begin(wire_talk->wire, WIRE_BLOCK, wire_talk->id);
    wire_put_text(wire_talk->wire, text);
    return wire_send(wire_talk->wire, wire_talk->fd) == WIRE_OK
               ? STATUS_OK
               : STATUS_CANCELLED;
}

static enum status
permit_by_records(const struct warden *warden)
{
    switch (warden_ask(warden, RECORD_CODE)) {
    case RECORD_YES:
        return STATUS_OK;
    case RECORD_NO:
        return STATUS_CODE_LIMIT;
    default:
        return STATUS_UNAVAILABLE;
    }
}

static enum status
permit_code(struct talk *talk)
{
    const struct wire_talk *wire_talk = (const struct wire_talk *) talk;
    struct secret answer = {0};
    enum status status;

    /* Whoever came in by the socket would answer for himself. */
    if (wire_talk->records != NULL)
        return permit_by_records(wire_talk->records);
    status = ask(talk, TALK_PERMIT, "", &answer);
    if (status == STATUS_OK && strcmp(answer.data, "yes") != 0)
        status = strcmp(answer.data, "no") == 0 ? STATUS_CODE_LIMIT
                                                : STATUS_UNAVAILABLE;
    secret_free(&answer);
    return status;
}

/* Waits, as long as it takes, for the module to say that it goes on. */
static enum status
ready(struct talk *talk)
{
    struct wire_talk *wire_talk = (struct wire_talk *) talk;
    unsigned char id[WIRE_ID_SIZE];
    enum wire_type type;

    wire_begin(wire_talk->wire, WIRE_READY, wire_talk->id);
    if (wire_send(wire_talk->wire, wire_talk->fd) != WIRE_OK)
        return STATUS_CANCELLED;
    (void) alarm(0);
    if (http_pump(wire_talk->http, wire_talk->fd) != STATUS_OK)
        return STATUS_INTERNAL;
    if (wire_receive(wire_talk->wire, wire_talk->fd, &type, id) != WIRE_OK
        || type != WIRE_GO || memcmp(id, wire_talk->id, sizeof(id)) != 0
        || !wire_complete(wire_talk->wire))
        return STATUS_CANCELLED;
    wire_talk_begin_work(wire_talk);
    return STATUS_OK;
}

static void
send_log(struct talk *talk, enum talk_level level, const char *text)
{
    struct wire_talk *wire_talk = (struct wire_talk *) talk;

    if (level == TALK_LOG_DEBUG && !wire_talk->debug)
        return;
    wire_begin(wire_talk->wire, WIRE_LOG, wire_talk->id);
    wire_put_byte(wire_talk->wire, level);
    wire_put_text(wire_talk->wire, text);
    /* A module that is gone needs no log line. */
    (void) wire_send(wire_talk->wire, wire_talk->fd);
}

void
wire_talk_init(struct wire_talk *wire_talk)
{
    wire_talk->talk.ask = ask;
    wire_talk->talk.tell = tell;
    wire_talk->talk.block = block;
    wire_talk->talk.permit_code = permit_code;
    wire_talk->talk.ready = ready;
    wire_talk->talk.log = send_log;
}

bool
wire_talk_result(struct wire_talk *wire_talk, const struct outcome *outcome)
{
    struct wire *wire = wire_talk->wire;

    wire_begin(wire, WIRE_RESULT, wire_talk->id);
    outcome_put(wire, outcome);
    if (wire_send(wire, wire_talk->fd) != WIRE_OK)
        return false;
    return shutdown(wire_talk->fd, SHUT_WR) == 0;
}
