/*
 * getpwnam_r and its like with a buffer that grows, and an answer for their
 * failure.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/lookup.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SIZE ((size_t) 4096)
#define LAST_SIZE ((size_t) 1 << 30) /* no record is that large */

bool
lookup_room(int *code, char **memory, size_t *size)
{
    if (*code != ERANGE)
        return false;
    *size = *size == 0 ? FIRST_SIZE : *size * 2;
    free(*memory);
    *memory = *size > LAST_SIZE ? NULL : malloc(*size);
    if (*memory == NULL) {
        *code = ENOMEM;
        return false;
    }
    errno = EIO;
    return true;
}

enum lookup
lookup_answer(int code, const void *found)
{
    if (code == 0)
        return found == NULL ? LOOKUP_NONE : LOOKUP_FOUND;
    errno = code;
    return LOOKUP_FAILED;
}

enum lookup
lookup_account(const char *name, struct passwd *account_out, char **memory_out)
{
    struct passwd *found = NULL;
    size_t size = 0;
    int code = ERANGE;

    *memory_out = NULL;
    while (lookup_room(&code, memory_out, &size))
        code = getpwnam_r(name, account_out, *memory_out, size, &found);
    return lookup_answer(code, found);
}

enum lookup
lookup_group(const char *name, struct group *group_out, char **memory_out)
{
    struct group *found = NULL;
    size_t size = 0;
    int code = ERANGE;

    *memory_out = NULL;
    while (lookup_room(&code, memory_out, &size))
        code = getgrnam_r(name, group_out, *memory_out, size, &found);
    return lookup_answer(code, found);
}

const struct lookups lookup_services = {lookup_account, lookup_group,
                                        getgrouplist};
