/*
 * The helper's end of the socket against a module that does not keep to the
 * protocol: nothing but one sound REPLY of this request is an answer, and
 * nothing but one sound GO goes on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/wire_talk.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static const unsigned char other_id[WIRE_ID_SIZE] = "another request";
static struct wire_talk talk;
static struct wire *module;
static int ends[2];

static void
open_pair(void)
{
    need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "a socket pair");
    talk.fd = ends[1];
}

static void
close_pair(void)
{
    (void) close(ends[0]);
    (void) close(ends[1]);
}

/* What the module says before it is asked: it waits in the socket. */
static void
say(enum wire_type type, const unsigned char *id, const void *data,
    size_t length, bool more)
{
    wire_begin(module, type, id);
    if (data != NULL)
        wire_put_bytes(module, data, length);
    if (more)
        wire_put_byte(module, 0);
    need(wire_send(module, ends[0]) == WIRE_OK, "the module can send");
}

/* Asks; the question is read and thrown away. */
static enum status
ask(struct secret *answer)
{
    enum status status = talk.talk.ask(&talk.talk, TALK_PASSWORD,
                                       "Password: ", answer);
    unsigned char id[WIRE_ID_SIZE];
    enum wire_type type;

    need(wire_receive(module, ends[0], &type, id) == WIRE_OK
             && type == WIRE_ASK && wire_get_byte(module) == TALK_PASSWORD,
         "a question");
    is_text(wire_get_text(module, 200), "Password: ", "the question");
    return status;
}

static void
check_answer(enum wire_type type, const unsigned char *id, const char *data,
             size_t length, bool more, const char *what)
{
    struct secret answer = {0};

    open_pair();
    say(type, id, data, length, more);
    is_number(ask(&answer), STATUS_CANCELLED, what);
    ok(answer.data == NULL, "and nothing of it is an answer");
    secret_free(&answer);
    close_pair();
}

static void
check_asking(void)
{
    struct secret answer = {0};

    open_pair();
    say(WIRE_REPLY, talk.id, "hush", 4, false);
    is_number(ask(&answer), STATUS_OK, "an answer");
    is_text(answer.data, "hush", "is what was said");
    secret_free(&answer);
    close_pair();
    check_answer(WIRE_GO, talk.id, "hush", 4, false, "another type");
    check_answer(WIRE_REPLY, other_id, "hush", 4, false, "another's reply");
    check_answer(WIRE_REPLY, talk.id, "hush", 4, true, "one byte too many");
    check_answer(WIRE_REPLY, talk.id, "hu\0sh", 5, false, "a NUL");
    check_answer(WIRE_REPLY, talk.id, NULL, 0, false, "no field");
    open_pair();
    (void) close(ends[0]);
    is_number(talk.talk.ask(&talk.talk, TALK_PASSWORD, "", &answer),
              STATUS_CANCELLED, "nobody to ask");
    (void) close(ends[1]);
}

static void
check_ready(enum wire_type type, const unsigned char *id, bool more,
            enum status status, const char *what)
{
    open_pair();
    say(type, id, NULL, 0, more);
    is_number(talk.talk.ready(&talk.talk), status, what);
    close_pair();
}

static void
check_going_on(void)
{
    check_ready(WIRE_GO, talk.id, false, STATUS_OK, "GO");
    check_ready(WIRE_REPLY, talk.id, false, STATUS_CANCELLED, "another type");
    check_ready(WIRE_GO, other_id, false, STATUS_CANCELLED, "another's GO");
    check_ready(WIRE_GO, talk.id, true, STATUS_CANCELLED, "GO and a byte");
    open_pair();
    (void) close(ends[0]);
    is_number(talk.talk.ready(&talk.talk), STATUS_CANCELLED, "nobody there");
    (void) close(ends[1]);
}

static void
check_permit(const char *word, enum status status)
{
    open_pair();
    say(WIRE_REPLY, talk.id, word, strlen(word), false);
    ok(talk.talk.permit_code(&talk.talk) == status, "a code, \"%s\": %s", word,
       status_word(status));
    close_pair();
}

/* What the warden says where the module's word does not count. */
static char record_says;
static int records_asked;

enum record_word
warden_ask(const struct warden *warden, char word)
{
    (void) warden;
    records_asked += word == 'c';
    return (enum record_word) record_says;
}

/* A module on the socket of systemd that would permit itself everything. */
static void
check_records(char says, enum status status)
{
    static const struct warden warden;
    char byte;

    record_says = says;
    records_asked = 0;
    open_pair();
    talk.records = &warden;
    say(WIRE_REPLY, talk.id, "yes", 3, false);
    ok(talk.talk.permit_code(&talk.talk) == status && records_asked == 1,
       "a code, the records say %c: %s", says, status_word(status));
    ok(recv(ends[0], &byte, 1, MSG_DONTWAIT) < 0, "the module is not asked");
    talk.records = NULL;
    close_pair();
}

static void
check_lines(void)
{
    static char block[WIRE_BLOCK_MAX + 2];
    unsigned char id[WIRE_ID_SIZE];
    enum wire_type type;

    open_pair();
    talk.talk.log(&talk.talk, TALK_LOG_DEBUG, "for nobody");
    talk.talk.log(&talk.talk, TALK_LOG_NOTICE, "a line");
    ok(wire_receive(module, ends[0], &type, id) == WIRE_OK && type == WIRE_LOG
           && wire_get_byte(module) == TALK_LOG_NOTICE
           && strcmp(wire_get_text(module, 200), "a line") == 0
           && wire_complete(module),
       "a line for the log; those for debugging are kept back");
    is_number(talk.talk.tell(&talk.talk, TALK_ERROR, "no\033[2Jtice"),
              STATUS_OK, "a line for the person");
    ok(wire_receive(module, ends[0], &type, id) == WIRE_OK && type == WIRE_TELL
           && wire_get_byte(module) == TALK_ERROR
           && strchr(wire_get_text(module, 200), '\033') == NULL
           && wire_complete(module),
       "without what drives a terminal");
    memset(block, 'x', WIRE_BLOCK_MAX);
    is_number(talk.talk.block(&talk.talk, block), STATUS_OK,
              "the largest block");
    block[WIRE_BLOCK_MAX] = 'x';
    is_number(talk.talk.block(&talk.talk, block), STATUS_INTERNAL,
              "one byte more is too much");
    (void) close(ends[0]);
    is_number(talk.talk.tell(&talk.talk, TALK_INFO, "x"), STATUS_CANCELLED,
              "nobody to be told");
    is_number(talk.talk.block(&talk.talk, "x"), STATUS_CANCELLED,
              "nor to be shown anything");
    (void) close(ends[1]);
}

static void
check_result(void)
{
    const struct outcome result = {.status = STATUS_OK, .must_change = true};
    unsigned char id[WIRE_ID_SIZE];
    enum wire_type type;

    open_pair();
    ok(wire_talk_result(&talk, &result), "a result");
    ok(wire_receive(module, ends[0], &type, id) == WIRE_OK
           && type == WIRE_RESULT && memcmp(id, talk.id, sizeof(id)) == 0
           && wire_get_byte(module) == STATUS_OK
           && wire_get_number(module) == WIRE_MUST_CHANGE,
       "is what it says");
    is_number(wire_receive(module, ends[0], &type, id), WIRE_CLOSED,
              "and the last word");
    ok(!wire_talk_result(&talk, &result), "there is no second");
    close_pair();
    open_pair();
    (void) close(ends[0]);
    ok(!wire_talk_result(&talk, &result), "nobody to be told it");
    (void) close(ends[1]);
}

int
main(void)
{
    const struct http_options options = {.endpoint = "https://127.0.0.1:1",
                                         .user_agent = "test",
                                         .connect_ms = 1000};
    struct http *http = NULL;

    module = wire_new();
    talk.wire = wire_new();
    talk.budget_ms = 60000;
    memcpy(talk.id, "sixteen bytes of", sizeof(talk.id));
    need(module != NULL && talk.wire != NULL
             && http_open(&options, &http) == STATUS_OK,
         "memory");
    wire_talk_init(&talk);
    check_asking();
    talk.http = http;
    check_asking();
    check_going_on();
    check_permit("yes", STATUS_OK);
    check_permit("no", STATUS_CODE_LIMIT);
    check_permit("cannot", STATUS_UNAVAILABLE);
    check_permit("", STATUS_UNAVAILABLE);
    check_permit("yes ", STATUS_UNAVAILABLE);
    check_records('Y', STATUS_OK);
    check_records('N', STATUS_CODE_LIMIT);
    check_records('C', STATUS_UNAVAILABLE);
    check_records('O', STATUS_UNAVAILABLE);
    check_lines();
    check_result();
    http_close(http);
    wire_free(talk.wire);
    wire_free(module);
    return done_testing();
}
