/*
 * getpwnam_r and its like with a buffer that grows, and an answer for their
 * failure.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/lookup.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define FIRST_SIZE ((size_t) 4096)
#define LAST_SIZE ((size_t) 1 << 30) /* no record is that large */

/*
 * A larger buffer in place of a too small one, which held nothing of use.
 * Leaves an errno behind: glibc's answer for a service that could not be
 * loaded, or that failed without saying how, is the errno from before the
 * call.
 */
static bool
grow(char **memory, size_t *size)
{
    size_t larger = *size == 0 ? FIRST_SIZE : *size * 2;

    free(*memory);
    *memory = larger > LAST_SIZE ? NULL : malloc(larger);
    *size = larger;
    if (larger > LAST_SIZE)
        errno = ERANGE;
    if (*memory == NULL)
        return false;
    errno = EIO;
    return true;
}

/*
 * Only 0 is a no: with glibc every other code is the failure of a service,
 * also ENOENT, with which nslcd's module says that its daemon is gone, and
 * EPERM or ESRCH, which getpwnam(3) lists for other systems.
 */
static enum lookup
answer_of(int code, const void *found)
{
    if (code == 0)
        return found == NULL ? LOOKUP_NONE : LOOKUP_FOUND;
    errno = code;
    return LOOKUP_FAILED;
}

enum lookup
lookup_account(const char *name, struct passwd *account_out,
               char **memory_out)
{
    struct passwd *found = NULL;
    size_t size = 0;
    int code;

    *memory_out = NULL;
    do {
        if (!grow(memory_out, &size))
            return LOOKUP_FAILED;
        code = getpwnam_r(name, account_out, *memory_out, size, &found);
    } while (code == ERANGE);
    return answer_of(code, found);
}

enum lookup
lookup_group(const char *name, struct group *group_out, char **memory_out)
{
    struct group *found = NULL;
    size_t size = 0;
    int code;

    *memory_out = NULL;
    do {
        if (!grow(memory_out, &size))
            return LOOKUP_FAILED;
        code = getgrnam_r(name, group_out, *memory_out, size, &found);
    } while (code == ERANGE);
    return answer_of(code, found);
}

enum lookup
lookup_account_of(uid_t uid, struct passwd *account_out, char **memory_out)
{
    struct passwd *found = NULL;
    size_t size = 0;
    int code;

    *memory_out = NULL;
    do {
        if (!grow(memory_out, &size))
            return LOOKUP_FAILED;
        code = getpwuid_r(uid, account_out, *memory_out, size, &found);
    } while (code == ERANGE);
    return answer_of(code, found);
}

enum lookup
lookup_group_of(gid_t gid, struct group *group_out, char **memory_out)
{
    struct group *found = NULL;
    size_t size = 0;
    int code;

    *memory_out = NULL;
    do {
        if (!grow(memory_out, &size))
            return LOOKUP_FAILED;
        code = getgrgid_r(gid, group_out, *memory_out, size, &found);
    } while (code == ERANGE);
    return answer_of(code, found);
}

const struct lookups lookup_services = {lookup_account, lookup_group,
                                        getgrouplist};
