/*
 * One bounded HTTPS exchange at a time with one endpoint. It knows no Cognito.
 * TLS 1.2 or newer with the name and the chain checked, no redirects, no
 * environment, no proxy but the one given, no content decoding; a post that
 * was begun is never sent again. What curl has to do with it is in transfer.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_HTTP_H
#define PAM_COGNITO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/file.h"
#include "common/secret.h"
#include "common/status.h"

#define HTTP_BODY_MAX (1024 * 1024) /* bytes of an answer's body */
#define HTTP_IDLE_MS 45000          /* an idle connection is replaced then */
#define HTTP_FILES 1
#define HTTP_PATH_MAX 256

struct http;

struct http_options {
    const char *endpoint; /* https://host[:port] */
    const char *ca_pem;   /* trust anchors, PEM; NULL: none */
    size_t ca_pem_length;
    /* Of more; NULL: none. Without both, those that curl reads by itself. */
    const char *ca_folder;
    struct file_trust ca_trust; /* for the folder's files */
    const char *proxy;          /* NULL: none */
    const char *user_agent;
    unsigned int connect_ms; /* counted from the end of resolving */
    unsigned int idle_ms;    /* 0: HTTP_IDLE_MS; tests are impatient */
    size_t body_max;         /* 0: HTTP_BODY_MAX; only the tool takes more */
    bool keep_chain;         /* for http_chain */
    bool plain;              /* http://, without TLS: metadata.c's alone */
};

struct http_answer {
    long code; /* HTTP status, 0 when none arrived */
    struct secret body;
    char request_id[80];     /* x-amzn-RequestId, cleaned */
    char error_type[128];    /* x-amzn-ErrorType as received, cleaned */
    char error_message[256]; /* x-amzn-ErrorMessage, cleaned */
    int64_t date;            /* Date header, Unix seconds; 0 when none */
    unsigned int retry_s;    /* Retry-After header, seconds; 0 when none */
    unsigned int ms;         /* from first byte asked to last received */
    char detail[160];        /* curl's words about a fault, cleaned */
};

/* STATUS_MEMORY or STATUS_INTERNAL. http_close what comes out. */
enum status http_open(const struct http_options *options,
                      struct http **http_out);

/* Gives up what is under way, closes and frees; NULL is fine. */
void http_close(struct http *http);

/*
 * When exchanges must be over, in CLOCK_MONOTONIC milliseconds; 0 for none.
 * An exchange past it ends with STATUS_TIMEOUT.
 */
void http_deadline(struct http *http, int64_t deadline_ms);

/*
 * The files that the libraries open on their own: OpenSSL's configuration. ""
 * for what this build has not.
 */
void http_files(char paths[HTTP_FILES][HTTP_PATH_MAX]);

/*
 * Where the system's trust anchors are: libcurl's file of them, and its folder
 * of files that are named by hashes. "" for what this build has not.
 */
void http_anchors(char bundle_out[HTTP_PATH_MAX],
                  char folder_out[HTTP_PATH_MAX]);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t http_now(void);

/*
 * POST / with Content-Type application/x-amz-json-1.1 and the X-Amz-Target
 * given, in two steps: http_post_start sends while other things are done
 * (http_pump carries it on) and keeps a copy of the body, http_post_finish
 * waits for the answer. One at a time, and begun at most once per start.
 * STATUS_OK: an HTTP answer of whatever code is in *answer_out. Faults:
 * STATUS_DNS, STATUS_CONNECT, STATUS_TLS, STATUS_TIMEOUT, STATUS_TRANSPORT
 * (broken off, too large, ambiguous), STATUS_MEMORY, STATUS_INTERNAL; detail
 * says more. A name that is not resolved by the deadline is STATUS_DNS; a
 * connection that is not up connect_ms after that, STATUS_CONNECT. Free the
 * answer with http_answer_free in every case.
 *
 * http_post_await: is there an answer or a fault, and not older than
 * max_age_ms? It is waited for, but not when the post is older than that, and
 * for no more than half of the time that is left. http_post_drop gives the
 * exchange up.
 */
enum status http_post_start(struct http *http, const char *target,
                            const struct secret *body);
enum status http_post_finish(struct http *http,
                             struct http_answer *answer_out);
bool http_post_await(struct http *http, int64_t max_age_ms);
void http_post_drop(struct http *http);

/* Can the other end have seen anything of a post, ever? */
bool http_has_posted(const struct http *http);

/*
 * GET path, with the statuses of a post. Takes the answer of http_warm for
 * the same path when that has arrived or is under way.
 */
enum status http_get(struct http *http, const char *path,
                     struct http_answer *answer_out);

/*
 * Starts resolving, connecting and GET path without waiting; http_pump and
 * the exchanges carry it on, and a connection that has been idle for
 * HTTP_IDLE_MS is renewed by it, three times between two posts. A failure is
 * kept to itself: http_get then asks once more.
 */
void http_warm(struct http *http, const char *path);

/*
 * Carries transfers on until fd is readable or at end of file. An idle
 * connection is renewed (http_warm) or closed after HTTP_IDLE_MS.
 * STATUS_INTERNAL when polling fails.
 * http_pump_for gives up after limit_ms with STATUS_TIMEOUT; 0 for never.
 */
enum status http_pump(struct http *http, int fd);
enum status http_pump_for(struct http *http, int fd, int64_t limit_ms);

/*
 * The certificates, PEM, that the server showed when the latest GET connected,
 * its own first; nothing when that GET met a connection that was open already
 * or keep_chain was not set. False when memory is out.
 */
bool http_chain(const struct http *http, struct secret *pem_out);

/*
 * What is to pass before the service is asked again, for the tried-th time in
 * vain, in milliseconds: what it asked for (Retry-After), and by chance up to
 * half a second, a second, two ... on top, so that many do not meet again.
 */
unsigned int http_backoff(unsigned int tried, unsigned int retry_s);

/*
 * The same where a person waits, and repeats are left with this one: what was
 * asked for, half a second, and by chance up to an even share of the time that
 * the deadline leaves, half a share kept for the last exchange. A crowd larger
 * than the quota spreads over all of the time that each has, and is served in
 * the order of chance; short waits would let it meet again at once.
 */
unsigned int http_turn(const struct http *http, unsigned int repeats,
                       unsigned int retry_s);

/*
 * Lets so much time pass; transfers are carried on. False, at once, when that
 * would take until the deadline, and as soon as fd can be read or is at end of
 * file: nobody waits any more.
 */
void http_watch(struct http *http, int fd);
bool http_pause(struct http *http, unsigned int wait_ms);

/* Wipes and frees; the answer is {0} again. */
void http_answer_free(struct http_answer *answer);

#endif
