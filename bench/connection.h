/*
 * One TLS connection to the pool with OpenSSL alone: the least that any
 * client has to do.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BENCH_CONNECTION_H
#define PAM_COGNITO_BENCH_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define CONNECTION_ANSWER_MAX 65536

struct connection {
    int fd;
    SSL *ssl;
    size_t length; /* of the answer's body */
    char *body;    /* inside bytes, ends with NUL */
    char bytes[CONNECTION_ANSWER_MAX];
};

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t connection_now(void);

SSL_CTX *connection_context(const char *ca_file);

/* Connects to the host on loopback and finishes TLS. */
bool connection_open(struct connection *connection, SSL_CTX *context,
                     const char *host, unsigned int port);
void connection_close(struct connection *connection);

/*
 * One exchange; target NULL: a GET of path. False unless the answer is a
 * whole one with status 200.
 */
bool connection_exchange(struct connection *connection, const char *host,
                         const char *path, const char *target,
                         const char *body);

#endif
