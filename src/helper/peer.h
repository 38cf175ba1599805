/*
 * The other end of the socket: who it is and what it may ask. A module that
 * started this helper is root's or the same user's, and believed; whoever came
 * in by pam_cognito.socket is judged by what the kernel says of him.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PEER_H
#define PAM_COGNITO_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"

struct peer {
    bool remote; /* came in by a listening socket */
    pid_t pid;
    uid_t uid; /* its effective one when it connected */
};

/* False: descriptor fd is no socket of the kind that the helper serves. */
bool peer_of(int fd, struct peer *peer_out);

/* What a remote peer asks. */
struct peer_request {
    enum wire_operation operation;
    const char *user;
    const char *service;
    size_t count; /* arguments */
    const char *const *arguments;
    struct config_source source; /* the configuration file that it read */
};

/* What was found out about it. */
struct peer_verdict {
    bool own;                        /* about its own account */
    bool trusted;                    /* by the section of the service */
    bool breaker;                    /* root's file wants one */
    bool debug;                      /* root's file wants debug lines */
    char line[TEXT_LINE_MAX + 1];    /* a fault of the settings, or "" */
    char warning[TEXT_LINE_MAX + 1]; /* "" for none */
    char note[TEXT_LINE_MAX + 1];    /* why it is refused, for the result */
};

/*
 * May a remote peer ask that? To be asked while the process is root and has
 * read nothing but the request. By root's own file, section and name services;
 * nothing that the peer says about itself counts.
 */
enum status peer_judge(const struct peer *peer,
                       const struct peer_request *request,
                       struct peer_verdict *verdict_out);

/* Is that the file that the peer read, too? Else *line_out says so. */
bool peer_read_same(const struct peer_request *request,
                    const struct config *config, char *line_out, size_t size);

#endif
