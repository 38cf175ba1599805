/*
 * What one call leaves for a later one in the same handle. Bound to the user
 * it is about; sshd runs setcred and the session in another process, so
 * nothing there may depend on it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_HANDLE_H
#define PAM_COGNITO_HANDLE_H

#include <stdbool.h>

#include "common/status.h"
#include "module/call.h"
#include "module/relay.h"

/* What is kept. */
struct kept {
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
void handle_forget(struct call *call);

/*
 * In place of what was kept, something new about the call's user, in which
 * nobody has signed in; it belongs to the handle. NULL: out of memory.
 */
struct kept *handle_renew(struct call *call);

/* What is kept, or NULL when that is not about this very user. */
struct kept *handle_kept(struct call *call);

#endif
