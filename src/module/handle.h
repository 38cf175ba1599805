/*
 * What one call leaves for a later one in the same handle. Bound to the user
 * it is about; sshd runs setcred and the session in another process, so
 * nothing there may depend on it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_MEMORY_H
#define PAM_COGNITO_MEMORY_H

#include <stdbool.h>

#include "common/status.h"
#include "module/call.h"
#include "module/relay.h"

struct memory {
    char *user;          /* PAM_USER then */
    uid_t uid;           /* of the account then */
    enum status verdict; /* of authenticate; STATUS_INTERNAL: there was none */
    bool must_change;    /* signed in, and the password must be changed */
    struct relay *relay; /* of PAM_PRELIM_CHECK, until PAM_UPDATE_AUTHTOK */
};

/*
 * Forgets everything: at the start of each authenticate. Sets call->first:
 * there was nothing to forget.
 */
void memory_clear(struct call *call);

/*
 * A new memory for the call's user in place of the old one, in which nobody has
 * signed in; it belongs to the handle. NULL when memory is out.
 */
struct memory *memory_renew(struct call *call);

/* The memory, or NULL when there is none about this very user. */
struct memory *memory_of(struct call *call);

#endif
