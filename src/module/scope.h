/*
 * Is this user ours? Decided in the host's process, before any helper or
 * network, from the local account and the module's own settings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SCOPE_H
#define PAM_COGNITO_SCOPE_H

#include "module/call.h"

enum scope {
    SCOPE_OURS,
    SCOPE_FOREIGN, /* root, no local account, not listed: answer as if absent */
    SCOPE_UNKNOWN, /* a look-up failed, call->why says which: no answer */
    SCOPE_ALIAS,   /* ours, but the account found bears another name */
    SCOPE_REFUSED, /* ours by number, but the name can be no pool's */
    SCOPE_MEMORY
};

/*
 * Reads the settings into call->config when they matter. Root, the users of
 * except_users and names without a local account are answered before that, so
 * that no typo there changes what they get. Asked again, it looks everything
 * but the settings up anew. Fills exempt, has_account, uid, listed, why
 * and missing of the call; *reason_out is a constant for the log.
 */
enum scope scope_of(struct call *call, const char **reason_out);

#endif
