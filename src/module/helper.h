/*
 * Starting and ending the helper: the only place that makes a process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_HELPER_H
#define PAM_COGNITO_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct helper {
    int fd;    /* our end of the socket pair; -1 when there is none */
    int pidfd; /* -1: the kernel has none, or nothing to kill */
};

#define HELPER_NONE {-1, -1}

/*
 * Starts the program as the grandchild of an intermediate that is gone when
 * this returns: the host gets no SIGCHLD and has no child to wait for. The
 * helper runs with an empty environment, no descriptor but its socket, no
 * changed signal, limit or umask of the host's and, when the host is
 * privileged, as root with no supplementary group. False: *error_out says
 * why. helper_end or helper_leave what comes out.
 */
bool helper_start(const char *path, struct helper *helper_out,
                  char *error_out, size_t error_size);

/* Kills the helper (SIGKILL) and closes. */
void helper_end(struct helper *helper);

/* Closes our end and lets the helper finish by itself. */
void helper_leave(struct helper *helper);

#endif
