/*
 * The helper on a socket: for hosts that are not root, and for root's in a
 * sandbox that cannot start one or in which one would reach nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CONNECT_H
#define PAM_COGNITO_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"
#include "common/wire.h"
#include "module/call.h"
#include "module/helper.h"

#define CONNECT_PATH WIRE_SOCKET

/* What is in the way of starting a helper here. */
enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_USER,     /* not root */
    OBSTACLE_IDENTITY, /* root that cannot become another user */
    OBSTACLE_NETWORK,  /* nothing can be reached from here */
    OBSTACLE_PROCESS   /* the caller tried, and the clone failed */
};

/* Is the host one plain user's who names his own file or helper? */
bool connect_is_out_of_place(const struct call *call);

/* Found by facts about this process, before anything is sent. */
enum obstacle connect_obstacle(void);

/* In words, for the log. */
const char *connect_obstacle_text(enum obstacle obstacle);

/* Can what came of the request be the obstacle's doing? */
bool connect_would_help(enum obstacle obstacle, enum status status);

enum connected {
    CONNECT_DONE,
    CONNECT_ABSENT, /* nobody listens there */
    CONNECT_FAILED  /* or it is not root who does; *error_out says why */
};

/*
 * Connects, until the deadline (CLOCK_MONOTONIC milliseconds). helper_end what
 * comes out.
 */
enum connected connect_helper(struct helper *helper_out, int64_t deadline,
                              char *error_out, size_t error_size);

#endif
