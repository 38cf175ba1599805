/*
 * libcurl, for everybody who signs in: a post and a GET that share one
 * connection. Each goes two rounds: resolving, for which it has all the time
 * there is, then the rest, with connect_ms for connecting. What keeps a
 * request from being sent twice stands here; when one is made, how long it is
 * waited for and when an idle connection is closed is http.c's. It knows no
 * Cognito.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TRANSFER_H
#define PAM_COGNITO_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cognito/http.h"
#include "cognito/intake.h"
#include "common/secret.h"
#include "common/status.h"

#define TRANSFER_ERROR_SIZE 256 /* curl's, checked */

/* One exchange and what has arrived of it, for others to read only. */
struct transfer {
    struct transfers *all;
    void *easy;  /* curl's handle */
    int socket;  /* of the connection used last, while it is open, or -1 */
    bool begun;  /* and neither taken nor dropped */
    bool active; /* under way: handed to the multi handle */
    bool done;   /* result holds */
    int result;  /* curl's */
    int64_t started;
    int64_t ended;
    char error[TRANSFER_ERROR_SIZE];
    const struct secret *upload;
    size_t uploaded;
    bool resolved;   /* the addresses are known */
    bool connecting; /* to these; else curl resolves, or needs neither */
    long limit_ms;   /* for all that comes after resolving; 0 for none */
    bool asked;      /* curl has begun to write the request */
    bool dropped;    /* nobody wants it, and curl is still resolving for it */
    size_t body_max; /* bytes of an answer's body */
    struct intake intake;
};

/* The two, and what they share. */
struct transfers {
    void *multi;             /* curl's handle; NULL: no connection is open */
    void *share;             /* curl's: addresses */
    void *model;             /* of post.easy, which each post has for itself */
    struct anchors *anchors; /* NULL: curl has them all, or its own */
    struct transfer post;
    struct transfer get;
    struct secret body;         /* of the post that is under way */
    struct curl_slist *headers; /* its request headers */
    char *endpoint;
    int64_t used; /* when the connection was last busy */
    unsigned int connect_ms;
    bool connected; /* a connection may be waiting in the pool */
    bool posted;    /* a part of a post's body was handed to curl, once */
    /* Completes a post before it starts; NULL: nothing to add. See tool_http.h */
    bool (*complete)(struct transfers *transfers);
    const struct tool_http_keys *keys; /* for complete */
};

/* As http_open; transfer_close in every case. It must not move meanwhile. */
enum status transfer_open(struct transfers *transfers,
                          const struct http_options *options);
void transfer_close(struct transfers *transfers);

/*
 * Begin one, in the place of the last of its kind: no more than handing it to
 * curl. The post keeps a copy of its body until it is dropped; the GET is
 * given up after limit_ms from when it is resolved, 0 for never.
 * STATUS_MEMORY, STATUS_INTERNAL; STATUS_TIMEOUT while curl cannot let go of
 * the last one.
 */
enum status transfer_post(struct transfers *transfers, const char *target,
                          const struct secret *body);
enum status transfer_get(struct transfers *transfers, const char *path,
                         long limit_ms);

bool transfer_is_resolving(const struct transfer *transfer);

/* Has it made a connection of its own, TLS included? */
bool transfer_is_connected(const struct transfer *transfer);

/*
 * Does what can be done without waiting. A post that is still connecting when
 * the GET's connection becomes free goes out over that. False when curl fails.
 */
bool transfer_step(struct transfers *transfers);

/* How many milliseconds there may be between two steps. */
int transfer_longest_wait(const struct transfers *transfers);

/*
 * Waits until something may have happened, fd can be read (-1: none), or
 * wait_ms have passed. STATUS_INTERNAL when curl fails.
 */
enum status transfer_wait(struct transfers *transfers, int fd, int wait_ms);

/*
 * Ends one that is done, or that was waited for in vain (waited says how), and
 * moves what it brought to *answer_out; faults as http_post_finish has them.
 */
enum status transfer_take(struct transfer *transfer, enum status waited,
                          struct http_answer *answer_out);

/* Gives one up; its connection closes if it was under way. */
void transfer_drop(struct transfer *transfer);

/*
 * Closes a connection that waits; nothing may be under way. Addresses are kept
 * for the next one.
 */
void transfer_hang_up(struct transfers *transfers);

/* As http_chain, of the GET. */
bool transfer_chain(const struct transfers *transfers, struct secret *pem_out);

/* The two of an http, for tool_http.c. */
struct transfers *http_transfers(struct http *http);

/* As http_anchors. */
void transfer_anchors(char bundle_out[HTTP_PATH_MAX],
                      char folder_out[HTTP_PATH_MAX]);

#endif
