/*
 * Answers from the input, one after another, whatever is asked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "service.h"

#include <string.h>

#include "fuzz.h"

/* A sign-in that makes more does not end; three times more, if throttled. */
#define REQUESTS_MAX (4 * 64)

struct http {
    int unused;
};
struct http service_connection;

/* The rest of the input. */
static const uint8_t *at;
static size_t left;
static unsigned int requests;

void
service_answers(const uint8_t *input, size_t size)
{
    at = input;
    left = size;
    requests = 0;
}

unsigned int
service_asked(void)
{
    return requests;
}

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
http_open(const struct http_options *options, struct http **http_out)
{
    MUST(strncmp(options->endpoint, "https://", 8) == 0);
    *http_out = &service_connection;
    return STATUS_OK;
}

void
http_close(struct http *http)
{
    (void) http;
}

void
http_deadline(struct http *http, int64_t deadline_ms)
{
    (void) http;
    (void) deadline_ms;
}

void
http_files(char paths[HTTP_FILES][HTTP_PATH_MAX])
{
    memset(paths, 0, sizeof(paths[0]) * HTTP_FILES);
}

void
http_anchors(char bundle_out[HTTP_PATH_MAX], char folder_out[HTTP_PATH_MAX])
{
    bundle_out[0] = folder_out[0] = '\0';
}

enum status
http_post_start(struct http *http, const char *target,
                const struct secret *body)
{
    (void) http;
    (void) target;
    MUST(strstr(body->data, "\"DEVICE_KEY\":") == NULL);
    return STATUS_OK;
}

enum status
http_post_finish(struct http *http, struct http_answer *answer_out)
{
    (void) http;
    return answer(answer_out);
}

bool
http_post_await(struct http *http, int64_t max_age_ms)
{
    (void) http;
    (void) max_age_ms;
    return true;
}

unsigned int
http_turn(const struct http *http, unsigned int repeats, unsigned int retry_s)
{
    (void) http;
    MUST(repeats >= 1 && repeats <= 3);
    return retry_s;
}

void
http_watch(struct http *http, int fd)
{
    (void) http;
    (void) fd;
}

bool
http_pause(struct http *http, unsigned int wait_ms)
{
    (void) http;
    return wait_ms < 10;
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
http_warm(struct http *http, const char *path)
{
    (void) http;
    MUST(path[0] == '/');
}

bool
http_has_posted(const struct http *http)
{
    (void) http;
    return true;
}

enum status
http_pump(struct http *http, int fd)
{
    (void) http;
    (void) fd;
    return STATUS_OK;
}

enum status
http_pump_for(struct http *http, int fd, int64_t limit_ms)
{
    (void) http;
    (void) fd;
    (void) limit_ms;
    return STATUS_TIMEOUT;
}

bool
http_chain(const struct http *http, struct secret *pem_out)
{
    (void) http;
    return secret_set_text(pem_out, "");
}

void
http_answer_free(struct http_answer *answer_in)
{
    secret_free(&answer_in->body);
}
