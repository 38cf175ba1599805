/*
 * A call into the module's scope without a PAM host. libpam keeps what it
 * looks up in the host's handle; here the two look-ups of scope.c are done by
 * the functions below, which this program links in libpam's place.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/in_scope.h"

#include <grp.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <string.h>

#define RECORD_MAX (256 * 1024) /* bytes of one entry of passwd or group */

static char stand_in; /* for the handle that nobody looks into */

struct passwd *
pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
    static char record[RECORD_MAX];
    static struct passwd account;
    struct passwd *found = NULL;

    (void) pamh;
    if (getpwnam_r(user, &account, record, sizeof(record), &found) != 0)
        return NULL;
    return found;
}

struct group *
pam_modutil_getgrnam(pam_handle_t *pamh, const char *group)
{
    static char record[RECORD_MAX];
    static struct group entry;
    struct group *found = NULL;

    (void) pamh;
    if (getgrnam_r(group, &entry, record, sizeof(record), &found) != 0)
        return NULL;
    return found;
}

enum scope
in_scope(const char *user, const char *service, size_t count,
         const char *const *arguments, const struct file_trust *trust,
         const char **reason_out)
{
    struct call call = {
        .pamh = (pam_handle_t *) &stand_in,
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
