/*
 * A call into the module's scope without a PAM host.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/in_scope.h"

#include <string.h>

enum scope
in_scope(const char *user, const char *service, size_t count,
         const char *const *arguments, const struct file_trust *trust,
         const char **reason_out)
{
    struct call call = {
        .argc = (int) count,
        .argv = (const char **) arguments,
        .user = strdup(user),
        .service = strdup(service),
        .rhost = strdup(""),
        .tty = strdup(""),
        .trust = *trust,
    };
    enum scope scope = SCOPE_MEMORY;

    if (call.user != NULL && call.service != NULL && call.rhost != NULL
        && call.tty != NULL)
        scope = scope_of(&call, reason_out);
    call_close(&call);
    return scope;
}
