/*
 * Who sees to it that a helper which root's module started ends: this process
 * divided in two. The warden, the parent, keeps the socket and does nothing
 * but wait. The worker, the child, is everything else.
 *
 *   The module's end of the socket is gone: the worker has WARDEN_TIDY_MS,
 *   then it is killed. The worker has ended: the module is told how, when that
 *   was not in peace (WIRE_ENDED), and the socket is shut. The warden has
 *   ended: the kernel kills the worker.
 *
 * The warden never reads from the socket and knows no secret. Of a conversation
 * with a peer on the socket of systemd it also keeps the records.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_WARDEN_H
#define PAM_COGNITO_WARDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/record.h"

#define WARDEN_TIDY_MS 5000

/* The worker's view of its warden. */
struct warden {
    pid_t pid;    /* 0: there is none */
    int line;     /* to it */
    bool records; /* it keeps them */
    int failed;   /* errno of a division that failed */
};

/*
 * Divides this process, which is root's and has one thread. Returns in the
 * worker, in a session of its own; or, with failed set, where there is no
 * second process. life_ms: how long all of it may take; 0: as long as it does.
 * records: the worker will say whose conversation it is.
 */
void warden_begin(int socket, int64_t life_ms, bool records,
                  struct warden *warden_out);

/*
 * In the worker, while it is root, with records: whose conversation it is.
 * May it go on?
 */
enum record_word warden_tell(const struct warden *warden,
                             const struct record_subject *subject);

/*
 * In the worker, once it has given up root: the warden takes the worker's user
 * for its effective one, for then it may kill it without CAP_KILL and cannot
 * be signalled by it (its real and saved one stay 0), and the worker's life is
 * tied to the warden's. False with *error_out when one of them is not so; the
 * worker must not go on then.
 */
bool warden_bind(const struct warden *warden, char *error_out,
                 size_t error_size);

/* Later, after warden_tell: the answer to a word, RECORD_CANNOT without one. */
enum record_word warden_ask(const struct warden *warden, char word);

#endif
