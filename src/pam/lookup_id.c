/*
 * Accounts and groups by their numbers. The module judges names only and does
 * not have this.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/lookup_id.h"

#include <errno.h>

enum lookup
lookup_account_of(uid_t uid, struct passwd *account_out, char **memory_out)
{
    struct passwd *found = NULL;
    size_t size = 0;
    int code = ERANGE;

    *memory_out = NULL;
    while (lookup_room(&code, memory_out, &size))
        code = getpwuid_r(uid, account_out, *memory_out, size, &found);
    return lookup_answer(code, found);
}

enum lookup
lookup_group_of(gid_t gid, struct group *group_out, char **memory_out)
{
    struct group *found = NULL;
    size_t size = 0;
    int code = ERANGE;

    *memory_out = NULL;
    while (lookup_room(&code, memory_out, &size))
        code = getgrgid_r(gid, group_out, *memory_out, size, &found);
    return lookup_answer(code, found);
}
