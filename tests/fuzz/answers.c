/*
 * Fuzz target: what the service answers, and a whole sign-in over such
 * answers. The input is a list of answers, each: flow and HTTP status in the
 * first bytes, then a body up to the next NUL. Nothing in it is signed, so
 * nobody ever signs in.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "cognito/api.h"
#include "common/config.h"
#include "flows/change.h"
#include "flows/sign_in.h"
#include "fuzz.h"

#define REQUESTS_MAX 64 /* a sign-in that makes more does not end */

/* The rest of the input. */
static const uint8_t *at;
static size_t left;
static unsigned int requests;

struct http {
    int unused;
};
static struct http connection;

/* ---- In the place of http.c ---- */

static uint8_t
next_byte(void)
{
    if (left == 0)
        return 0;
    left--;
    return *at++;
}

static enum status
answer(struct http_answer *answer_out)
{
    static const long codes[] = {200, 400, 403, 429, 500, 200, 200, 302};
    const uint8_t *end;
    size_t length;

    memset(answer_out, 0, sizeof(*answer_out));
    MUST(++requests < REQUESTS_MAX);
    if (left == 0)
        return STATUS_TRANSPORT;
    answer_out->code = codes[next_byte() % 8];
    end = memchr(at, '\0', left);
    length = end == NULL ? left : (size_t) (end - at);
    MUST(secret_set(&answer_out->body, at, length));
    at += length;
    left -= length;
    (void) next_byte();
    return STATUS_OK;
}

int64_t
http_now(void)
{
    return 0;
}

enum status
http_post(struct http *http, const char *target, const struct secret *body,
          struct http_answer *answer_out)
{
    (void) http;
    (void) target;
    MUST(strstr(body->data, "DEVICE_KEY") == NULL);
    return answer(answer_out);
}

enum status
http_post_start(struct http *http, const char *target,
                const struct secret *body)
{
    (void) http;
    (void) target;
    MUST(strstr(body->data, "DEVICE_KEY") == NULL);
    return STATUS_OK;
}

enum status
http_post_finish(struct http *http, struct http_answer *answer_out)
{
    (void) http;
    return answer(answer_out);
}

int64_t
http_post_age(const struct http *http)
{
    (void) http;
    return 0;
}

void
http_post_drop(struct http *http)
{
    (void) http;
}

enum status
http_get(struct http *http, const char *path, struct http_answer *answer_out)
{
    (void) http;
    (void) path;
    return answer(answer_out);
}

void
http_answer_free(struct http_answer *answer_in)
{
    secret_free(&answer_in->body);
}

/* ---- A person who answers everything ---- */

static enum status
ask(struct talk *talk, enum talk_kind kind, const char *prompt,
    struct secret *answer_out)
{
    static const char *const words[] = {
        [TALK_PASSWORD] = "Correct-Horse-9", [TALK_NEW_PASSWORD] = "New-1-Pass",
        [TALK_NEW_AGAIN] = "New-1-Pass",     [TALK_CODE] = "123456",
        [TALK_HIDDEN] = "answer",            [TALK_VISIBLE] = "1",
    };

    (void) talk;
    MUST(strlen(prompt) <= 200);
    return secret_set_text(answer_out, words[kind]) ? STATUS_OK
                                                    : STATUS_MEMORY;
}

static enum status
tell(struct talk *talk, enum talk_style style, const char *text)
{
    (void) talk;
    (void) style;
    (void) text;
    return STATUS_OK;
}

static void
note(struct talk *talk, enum talk_level level, const char *text)
{
    (void) talk;
    (void) level;
    MUST(strstr(text, "Correct-Horse-9") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const flows[]
        = {"auth_flow=user_password", "auth_flow=user_srp",
           "auth_flow=user_auth", "auth_flow=custom", "auth_flow=custom_srp",
           "auth_flow=user_password", "auth_flow=user_srp",
           "auth_flow=user_auth"};
    static const struct pool pool = {.id = "eu-west-1_A",
                                     .region = "eu-west-1",
                                     .name = "A",
                                     .issuer = "https://issuer.example"};
    const char *arguments[] = {flows[size > 0 ? data[0] % 8 : 0],
                               "mfa_setup", "password_reset=sshd",
                               "confirm_sign_up=sshd"};
    const struct sign_in_request request = {.user = "alice",
                                            .service = "sshd"};
    struct secret client_secret = {(char *) "secret", 6};
    struct cognito cognito = {.pool = &pool,
                              .client_id = "client",
                              .client_secret = &client_secret,
                              .http = &connection};
    struct talk talk = {.ask = ask, .tell = tell, .log = note};
    struct config *config = config_new(CONFIG_HELPER);
    struct sign_in_result result = {0};

    MUST(config != NULL);
    config_arguments(config, 4, arguments);
    MUST(config_status(config) == STATUS_OK);
    at = data + (size > 0);
    left = size - (size > 0);
    requests = 0;
    if (size > 0 && data[0] >= 128)
        change_password(&cognito, &talk, config, &request, &result);
    else
        sign_in(&cognito, &talk, config, &request, &result);
    MUST(result.status != STATUS_OK);
    sign_in_free(&result);
    cognito_close(&cognito);
    config_free(config);
    return 0;
}
