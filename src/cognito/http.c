/*
 * When a request is made and how long it is waited for: the warm-up while the
 * person types, one deadline, an idle connection that is renewed or closed. The
 * rest is transfer.c's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/http.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <openssl/conf.h>
#include <openssl/crypto.h>

#include "cognito/transfer.h"

#define RENEWALS 3        /* of an idle connection between two requests */
#define WARM_MS 10000     /* a warm-up that takes longer is given up */
#define WARM_WAIT_MS 2000 /* how long a post waits for the warm-up to end */
#define FIRST_WAIT_MS 500 /* of which chance leaves something; then doubled */
#define LAST_WAIT_MS 20000
#define TURNS_MS 20000 /* for all repeats, where there is no deadline */

struct http {
    struct transfers transfers;
    char *path;            /* of the warm-up, or NULL */
    bool warm;             /* the GET brings the answer for it */
    unsigned int renewals; /* of an idle connection, that are left */
    int64_t deadline;
    unsigned int idle_ms;
    int watched; /* whose end ends a pause, or -1 */
};

int64_t
http_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum status
http_open(const struct http_options *options, struct http **http_out)
{
    struct http *http = calloc(1, sizeof *http);
    enum status status = STATUS_MEMORY;

    *http_out = NULL;
    if (http == NULL)
        return STATUS_MEMORY;
    http->watched = -1;
    http->idle_ms = options->idle_ms == 0 ? HTTP_IDLE_MS : options->idle_ms;
    status = transfer_open(&http->transfers, options);
    if (status == STATUS_OK)
        *http_out = http;
    else
        http_close(http);
    return status;
}

void
http_close(struct http *http)
{
    if (http == NULL)
        return;
    transfer_close(&http->transfers);
    free(http->path);
    free(http);
}

void
http_deadline(struct http *http, int64_t deadline_ms)
{
    http->deadline = deadline_ms;
}

static bool
is_late(const struct http *http)
{
    return http->deadline != 0 && http_now() >= http->deadline;
}

/* Until something may have happened; STATUS_TIMEOUT when limit has passed. */
static enum status
linger(struct http *http, int64_t limit)
{
    int64_t wait = transfer_longest_wait(&http->transfers);

    if (limit != 0 && limit - http_now() < wait)
        wait = limit - http_now();
    if (wait <= 0)
        return STATUS_TIMEOUT;
    return transfer_wait(&http->transfers, -1, (int) wait);
}

/* Until it is done or it is that late; 0 for no limit. */
static enum status
wait_for(struct http *http, const struct transfer *transfer, int64_t limit)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK) {
        if (!transfer_step(&http->transfers))
            return STATUS_INTERNAL;
        if (transfer->done)
            return STATUS_OK;
        status = linger(http, limit);
    }
    return status;
}

/* What comes of it by the deadline. */
static enum status
finish(struct http *http, struct transfer *transfer,
       struct http_answer *answer_out)
{
    return transfer_take(transfer, wait_for(http, transfer, http->deadline),
                         answer_out);
}

static void
drop_warm(struct http *http)
{
    transfer_drop(&http->transfers.get);
    http->warm = false;
}

/* Then, but no later than when half of the time that is left has passed. */
static int64_t
within_half(const struct http *http, int64_t limit)
{
    int64_t now = http_now();

    if (http->deadline != 0 && limit > now + (http->deadline - now) / 2)
        limit = now + (http->deadline - now) / 2;
    return limit;
}

/*
 * Waits for a warm-up that is under way, so that the post finds its
 * connection: a second handshake would take longer. Not for long, though, as
 * it might never end; then the post connects for itself, and so it does at
 * once where the warm-up is not connected yet: side by side, both take no
 * longer than one, and it joins the warm-up's when that is free first.
 */
static void
settle_warm(struct http *http)
{
    struct transfer *get = &http->transfers.get;
    int64_t limit = http_now() + WARM_WAIT_MS;

    /* Its resolving has begun earlier; curl would begin anew for the post. */
    while (transfer_step(&http->transfers) && transfer_is_resolving(get)
           && linger(http, http->deadline) == STATUS_OK)
        continue;
    if (!get->active || transfer_is_resolving(get)
        || !transfer_is_connected(get))
        return;
    if (wait_for(http, get, within_half(http, limit)) != STATUS_OK)
        drop_warm(http);
}

enum status
http_post_start(struct http *http, const char *target,
                const struct secret *body)
{
    http_post_drop(http);
    http->renewals = RENEWALS;
    if (is_late(http))
        return STATUS_TIMEOUT;
    settle_warm(http);
    return transfer_post(&http->transfers, target, body);
}

enum status
http_post_finish(struct http *http, struct http_answer *answer_out)
{
    enum status status = STATUS_INTERNAL;

    memset(answer_out, 0, sizeof *answer_out);
    if (http->transfers.post.begun)
        status = finish(http, &http->transfers.post, answer_out);
    http_post_drop(http);
    return status;
}

bool
http_post_await(struct http *http, int64_t max_age_ms)
{
    const struct transfer *post = &http->transfers.post;

    return post->begun
           && wait_for(http, post,
                       within_half(http, post->started + max_age_ms))
                  == STATUS_OK
           && http_now() - post->ended <= max_age_ms;
}

void
http_post_drop(struct http *http)
{
    transfer_drop(&http->transfers.post);
}

bool
http_has_posted(const struct http *http)
{
    return http->transfers.posted;
}

/* Did the warm-up bring, or will it bring, the answer for path? */
static bool
take_warm(struct http *http, const char *path, struct http_answer *answer_out)
{
    if (!http->warm || strcmp(http->path, path) != 0
        || !http->transfers.get.begun)
        return false;
    /* A refusal of then may be over: nobody has seen it yet. */
    return finish(http, &http->transfers.get, answer_out) == STATUS_OK
           && answer_out->code == 200;
}

enum status
http_get(struct http *http, const char *path, struct http_answer *answer_out)
{
    enum status status;
    bool taken;

    memset(answer_out, 0, sizeof *answer_out);
    if (is_late(http))
        return STATUS_TIMEOUT;
    taken = take_warm(http, path, answer_out);
    drop_warm(http);
    if (taken)
        return STATUS_OK;
    http_answer_free(answer_out);
    if (is_late(http))
        return STATUS_TIMEOUT;
    status = transfer_get(&http->transfers, path, 0);
    return status == STATUS_OK ? finish(http, &http->transfers.get, answer_out)
                               : status;
}

static void
warm_up(struct http *http)
{
    http->warm = transfer_get(&http->transfers, http->path, WARM_MS)
                     == STATUS_OK
                 && transfer_step(&http->transfers);
    if (!http->warm)
        drop_warm(http);
}

void
http_warm(struct http *http, const char *path)
{
    drop_warm(http);
    free(http->path);
    http->path = strdup(path);
    http->renewals = RENEWALS;
    if (http->path != NULL)
        warm_up(http);
}

/*
 * Milliseconds until an idle connection is renewed or closed, or until the
 * next step; does it when that is now.
 */
static int
tend_idle(struct http *http)
{
    const struct transfers *transfers = &http->transfers;
    int longest = transfer_longest_wait(transfers);
    int64_t left;

    if (!transfers->connected || transfers->get.active
        || transfers->post.active)
        return longest;
    left = transfers->used + http->idle_ms - http_now();
    if (left > 0)
        return left < longest ? (int) left : longest;
    transfer_hang_up(&http->transfers);
    if (http->path == NULL || http->renewals == 0)
        return longest;
    http->renewals--;
    warm_up(http);
    return 0;
}

enum status
http_pump_for(struct http *http, int fd, int64_t limit_ms)
{
    int64_t limit = http_now() + limit_ms;

    for (;;) {
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        int64_t left = limit - http_now();
        int wait;

        if (!transfer_step(&http->transfers))
            return STATUS_INTERNAL;
        wait = tend_idle(http);
        if (limit_ms != 0 && left < wait)
            wait = left < 0 ? 0 : (int) left;
        if (transfer_wait(&http->transfers, fd, wait) != STATUS_OK)
            return STATUS_INTERNAL;
        /* curl does not report that the other end has hung up. */
        if (poll(&watched, 1, 0) > 0)
            return (watched.revents & POLLNVAL) != 0 ? STATUS_INTERNAL
                                                     : STATUS_OK;
        if (limit_ms != 0 && left <= 0)
            return STATUS_TIMEOUT;
    }
}

enum status
http_pump(struct http *http, int fd)
{
    return http_pump_for(http, fd, 0);
}

unsigned int
http_backoff(unsigned int tried, unsigned int retry_s)
{
    unsigned int longest = FIRST_WAIT_MS;
    uint32_t random;

    while (tried-- > 1 && longest < LAST_WAIT_MS)
        longest *= 2;
    if (longest > LAST_WAIT_MS)
        longest = LAST_WAIT_MS;
    if (getrandom(&random, sizeof random, 0) != (ssize_t) sizeof random)
        random = longest;
    return retry_s * 1000 + random % (longest + 1);
}

void
http_watch(struct http *http, int fd)
{
    http->watched = fd;
}

unsigned int
http_turn(const struct http *http, unsigned int repeats, unsigned int retry_s)
{
    int64_t left = http->deadline == 0 ? TURNS_MS
                                       : http->deadline - http_now();
    int64_t longest = 2 * (left - (int64_t) retry_s * 1000)
                      / (2 * (int64_t) repeats + 1);
    uint32_t random;

    if (longest < FIRST_WAIT_MS)
        longest = FIRST_WAIT_MS;
    if (getrandom(&random, sizeof random, 0) != (ssize_t) sizeof random)
        random = 0;
    return retry_s * 1000 + FIRST_WAIT_MS
           + random % (unsigned int) (longest - FIRST_WAIT_MS + 1);
}

bool
http_pause(struct http *http, unsigned int wait_ms)
{
    int64_t limit = http_now() + wait_ms;

    if (http->deadline != 0 && limit >= http->deadline)
        return false;
    return wait_ms == 0
           || http_pump_for(http, http->watched, wait_ms) == STATUS_TIMEOUT;
}

bool
http_chain(const struct http *http, struct secret *pem_out)
{
    return transfer_chain(&http->transfers, pem_out);
}

struct transfers *
http_transfers(struct http *http)
{
    return &http->transfers;
}

void
http_files(char paths[HTTP_FILES][HTTP_PATH_MAX])
{
    char *settings = CONF_get1_default_config_file();

    memset(paths, 0, sizeof(paths[0]) * HTTP_FILES);
    if (settings != NULL)
        (void) snprintf(paths[0], sizeof(paths[0]), "%s", settings);
    OPENSSL_free(settings);
}

void
http_anchors(char bundle_out[HTTP_PATH_MAX], char folder_out[HTTP_PATH_MAX])
{
    transfer_anchors(bundle_out, folder_out);
}

void
http_answer_free(struct http_answer *answer)
{
    secret_free(&answer->body);
    memset(answer, 0, sizeof *answer);
}
