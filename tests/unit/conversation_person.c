/*
 * The property test's person, who answers at random, and the stand-ins for
 * the network and for SRP (whose arithmetic has its own tests and would take
 * an hour here). Everything that passes is put on record.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cognito/http.h"
#include "cognito/srp.h"
#include "common/text.h"

struct record record;
struct scene scene;
static struct exchange *started; /* by http_post_start */
static bool is_asking;
static bool has_paused; /* for the request that comes next */

static char *
copy(const char *text, size_t length)
{
    char *made = malloc(length + 1);

    if (made == NULL)
        abort();
    memcpy(made, text, length);
    made[length] = '\0';
    return made;
}

void
record_clear(void)
{
    for (size_t i = 0; i < record.count; i++) {
        free(record.exchanges[i].request);
        free(record.exchanges[i].answer);
    }
    free(record.lines);
    memset(&record, 0, sizeof(record));
}

static void
put_line(const char *text)
{
    size_t length = strlen(text);
    char *lines = realloc(record.lines, record.lines_length + length + 2);

    if (lines == NULL)
        abort();
    memcpy(lines + record.lines_length, text, length);
    record.lines_length += length + 1;
    lines[record.lines_length - 1] = '\n';
    lines[record.lines_length] = '\0';
    record.lines = lines;
}

/* ---- The person ---- */

static void
remember(const char *text)
{
    if (record.secret_count == SECRETS_MAX)
        abort();
    snprintf(record.secrets[record.secret_count++], TEXT_SIZE, "%s", text);
}

/* Digits that were not typed before in this conversation. */
static void
new_digits(char *out, int count)
{
    static unsigned int serial;
    char all[16];

    snprintf(all, sizeof(all), "%03u%07u", ++serial % 1000,
             chance_below(10000000));
    snprintf(out, 16, "%.*s", count, all);
}

static void
type_password(char *out)
{
    unsigned int fate = chance_below(100);

    if (fate == 0) {
        out[0] = '\0';
        return;
    }
    if (fate == 1) {
        strcpy(out, "\b\n\r\177INCORRECT");
        return;
    }
    if (fate == 2)
        snprintf(record.password, TEXT_SIZE, "77%06u", chance_below(1000000));
    else
        snprintf(record.password, TEXT_SIZE, "Pw-%06u-Horse",
                 chance_below(1000000));
    remember(record.password);
    strcpy(out, record.password);
    if (scene.append && chance_percent(80)) {
        char code[16];

        new_digits(code, 6);
        remember(code);
        snprintf(out + strlen(out), 32, ",%s", code);
    }
}

static void
type_code(char *out)
{
    unsigned int fate = chance_below(100);
    char code[16];

    if (fate < 3) {
        strcpy(out, "what?");
    } else if (fate < 5) {
        strcpy(out, "");
    } else {
        new_digits(code, fate < 12 ? 8 : 6);
        remember(code);
        if (fate < 18)
            snprintf(out, TEXT_SIZE, " %.3s %s ", code, code + 3);
        else
            strcpy(out, code);
    }
}

/* What is typed to a question in the clear: a menu, a name, an address. */
static void
type_visible(char *out)
{
    static const char *const words[]
        = {"1", "2", "3", "SMS", "e-mail", "password", "authenticator app",
           "9", "",  "1", "2",   "1"};

    if (chance_percent(70)) {
        strcpy(out, words[chance_below(sizeof(words) / sizeof(words[0]))]);
        return;
    }
    snprintf(out, TEXT_SIZE, "answer-%06u@example.com", chance_below(1000000));
    remember(out);
}

static enum status
ask(struct talk *talk, enum talk_kind kind, const char *prompt,
    struct secret *answer_out)
{
    static char last_new[TEXT_SIZE];
    char text[TEXT_SIZE * 2] = "";

    if (talk->meanwhile != NULL && chance_percent(80)) {
        void (*meanwhile)(void *context) = talk->meanwhile;

        talk->meanwhile = NULL;
        is_asking = true;
        meanwhile(talk->context);
        is_asking = false;
    }
    record.asks++;
    record.bad_prompt |= prompt[0] == '\0' || strlen(prompt) > TEXT_LINE_MAX;
    put_line(prompt);
    if (chance_percent(1))
        return STATUS_CANCELLED;
    switch (kind) {
    case TALK_PASSWORD_OR_CODE:
        if (chance_percent(50))
            break;
        type_password(text);
        break;
    case TALK_PASSWORD:
        type_password(text);
        break;
    case TALK_NEW_PASSWORD:
        snprintf(last_new, sizeof(last_new), "New-%06u-Pw!",
                 chance_below(1000000));
        remember(last_new);
        strcpy(text, last_new);
        break;
    case TALK_NEW_AGAIN:
        strcpy(text, chance_percent(92) ? last_new : "Something-Else-1");
        break;
    case TALK_CODE:
        type_code(text);
        break;
    default:
        type_visible(text);
    }
    /* As hosts do that can ask for one thing only. */
    if (kind != TALK_PASSWORD && kind != TALK_PASSWORD_OR_CODE
        && kind != TALK_NEW_AGAIN && !record.new_password_typed
        && record.password[0] != '\0' && chance_percent(2))
        snprintf(text, sizeof(text), "%s%s", record.password,
                 scene.append && chance_percent(50) ? ",123456" : "");
    else if (kind == TALK_NEW_PASSWORD)
        record.new_password_typed = true;
    return secret_set_text(answer_out, text) ? STATUS_OK : STATUS_MEMORY;
}

static enum status
tell(struct talk *talk, enum talk_style style, const char *text)
{
    (void) talk;
    (void) style;
    put_line(text);
    return STATUS_OK;
}

static enum status
block(struct talk *talk, const char *text)
{
    (void) talk;
    record.bad_prompt |= !text_is_block(text);
    return STATUS_OK;
}

static void
log_line(struct talk *talk, enum talk_level level, const char *text)
{
    (void) talk;
    (void) level;
    put_line(text);
}

static enum status
permit_code(struct talk *talk)
{
    (void) talk;
    if (chance_percent(10))
        return chance_percent(50) ? STATUS_CODE_LIMIT : STATUS_UNAVAILABLE;
    record.permits++;
    return STATUS_OK;
}

struct talk person_talk = {.ask = ask,
                           .tell = tell,
                           .block = block,
                           .permit_code = permit_code,
                           .log = log_line};

/* ---- The network ---- */

int64_t
http_now(void)
{
    return 0;
}

/* The request goes on record, and its answer at once, whoever reads it. */
static struct exchange *
send(const char *target, const struct secret *body)
{
    const char *operation = strchr(target, '.');
    struct exchange *exchange;
    struct secret answer = {0};

    if (record.count == REQUESTS_MAX) {
        record.too_many = true;
        return NULL;
    }
    exchange = &record.exchanges[record.count++];
    snprintf(exchange->target, sizeof(exchange->target), "%s",
             operation == NULL ? target : operation + 1);
    exchange->request = copy(body->data, body->length);
    exchange->permits = record.permits;
    exchange->ahead = is_asking;
    if (chance_below(1000) < scene.chaos)
        return exchange;
    exchange->code = service_answer(exchange->target, exchange->request,
                                    &answer, &exchange->error_header);
    exchange->answer = copy(answer.data, answer.length);
    secret_free(&answer);
    return exchange;
}

static enum status
receive(const struct exchange *exchange, struct http_answer *answer_out)
{
    static const enum status faults[] = {STATUS_DNS, STATUS_CONNECT,
                                         STATUS_TLS, STATUS_TIMEOUT,
                                         STATUS_TRANSPORT};

    if (exchange == NULL || exchange->answer == NULL)
        return faults[chance_below(sizeof(faults) / sizeof(faults[0]))];
    answer_out->code = exchange->code;
    answer_out->ms = 7;
    if (exchange->error_header)
        strcpy(answer_out->error_type, "SomeException:");
    strcpy(answer_out->request_id, "f00d-cafe");
    return secret_set_text(&answer_out->body, exchange->answer)
               ? STATUS_OK
               : STATUS_MEMORY;
}

enum status
http_post_start(struct http *http, const char *target,
                const struct secret *body)
{
    bool again = has_paused;

    (void) http;
    has_paused = false;
    if (chance_below(1000) < scene.chaos / 4)
        return STATUS_CONNECT;
    record.pauses += again;
    started = send(target, body);
    /* Until somebody reads it. */
    if (started != NULL)
        started->dropped = true;
    return STATUS_OK;
}

enum status
http_post_finish(struct http *http, struct http_answer *answer_out)
{
    (void) http;
    memset(answer_out, 0, sizeof(*answer_out));
    if (started != NULL)
        started->dropped = false;
    return receive(started, answer_out);
}

bool
http_post_await(struct http *http, int64_t max_age_ms)
{
    (void) http;
    (void) max_age_ms;
    return chance_percent(85);
}

unsigned int
http_turn(const struct http *http, unsigned int repeats, unsigned int retry_s)
{
    (void) http;
    return repeats + retry_s;
}

bool
http_pause(struct http *http, unsigned int wait_ms)
{
    (void) http;
    (void) wait_ms;
    if (chance_percent(5))
        return false;
    has_paused = true;
    return true;
}

void
http_post_drop(struct http *http)
{
    (void) http;
    started = NULL;
}

enum status
http_get(struct http *http, const char *path, struct http_answer *answer_out)
{
    (void) http;
    (void) path;
    memset(answer_out, 0, sizeof(*answer_out));
    record.keys_fetched++;
    if (chance_below(1000) < scene.chaos / 4)
        return STATUS_CONNECT;
    answer_out->code = 200;
    return secret_set_text(&answer_out->body, tokens_jwks()) ? STATUS_OK
                                                             : STATUS_MEMORY;
}

void
http_answer_free(struct http_answer *answer)
{
    secret_free(&answer->body);
}

/* ---- SRP ---- */

struct srp {
    char hex[SRP_HEX_MAX];
};

enum status
srp_new(struct srp **srp_out)
{
    *srp_out = calloc(1, sizeof(**srp_out));
    if (*srp_out == NULL)
        return STATUS_MEMORY;
    snprintf((*srp_out)->hex, SRP_HEX_MAX, "a%08x%08x",
             chance_below(UINT32_MAX), chance_below(UINT32_MAX));
    return STATUS_OK;
}

void
srp_free(struct srp *srp)
{
    free(srp);
}

const char *
srp_public(const struct srp *srp)
{
    return srp->hex;
}

enum status
srp_answer(const struct srp *srp, const char *pool_name, const char *user_id,
           const struct secret *password, const char *salt_hex,
           const char *b_hex, const char *secret_block, const char *timestamp,
           char signature_out[SRP_SIGNATURE_SIZE])
{
    const char *const parts[] = {srp->hex,       pool_name, user_id,
                                 password->data, salt_hex,  b_hex,
                                 secret_block,   timestamp};
    uint64_t hash = UINT64_C(14695981039346656037);

    if (strspn(b_hex, "0123456789abcdef") != strlen(b_hex) || b_hex[0] == '\0')
        return STATUS_UNREADABLE;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const char *at = parts[i]; *at != '\0'; at++)
            hash = (hash ^ (unsigned char) *at) * UINT64_C(1099511628211);
    snprintf(signature_out, SRP_SIGNATURE_SIZE, "sig%016llx",
             (unsigned long long) hash);
    return STATUS_OK;
}

void
srp_timestamp(time_t when, char text_out[SRP_TIMESTAMP_SIZE])
{
    (void) when;
    strcpy(text_out, "Wed Aug 5 09:07:03 UTC 2026");
}
