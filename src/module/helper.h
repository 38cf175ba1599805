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

struct helper_birth;

struct helper {
    int fd;                     /* our end of the socket pair; -1: none */
    struct helper_birth *birth; /* how far it came; NULL: not ours */
};

/* clang-format off */
#define HELPER_NONE {-1, NULL}
/* clang-format on */

/*
 * Starts the program as the grandchild of an intermediate that is gone when
 * this returns: the host gets no SIGCHLD and has no child to wait for. The
 * helper runs with an empty environment, no descriptor but its socket, no
 * changed signal, limit or umask of the host's and, when the host is
 * privileged, as root with no supplementary group. False: *error_out says
 * why. helper_end or helper_leave what comes out.
 */
bool helper_start(const char *path, struct helper *helper_out, char *error_out,
                  size_t error_size);

/*
 * A descriptor above the standard ones, which the host may have closed, in
 * place of fd; -1 and errno when there is none. -1 stays -1.
 */
int helper_lift(int fd);

/* Why a helper ended that never said anything: the step, and what to do. */
void helper_why(const struct helper *helper, char *text_out, size_t size);

/*
 * Shuts the socket down, which is how the helper's warden learns that it must
 * end (a fork of the host may hold another copy), and closes it.
 */
void helper_end(struct helper *helper);

/* Closes this copy of the socket only: the helper is another process's. */
void helper_leave(struct helper *helper);

#endif
