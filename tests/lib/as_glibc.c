/*
 * Preloaded in front of nss_wrapper, which makes the accounts of the tests: it
 * says ENOENT where glibc says 0 for "no such", and -1 for a record that does
 * not fit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

static int
as_glibc(int code, bool *none)
{
    *none = code == ENOENT;
    if (code == ENOENT)
        return 0;
    return code == -1 ? ERANGE : code;
}

EXPORT int
getpwnam_r(const char *name, struct passwd *account, char *memory,
           size_t size, struct passwd **found)
{
    int (*next)(const char *, struct passwd *, char *, size_t,
                struct passwd **);
    bool none;
    int code;

    *(void **) &next = dlsym(RTLD_NEXT, "getpwnam_r");
    code = as_glibc(next(name, account, memory, size, found), &none);
    if (none)
        *found = NULL;
    return code;
}

EXPORT int
getgrnam_r(const char *name, struct group *group, char *memory, size_t size,
           struct group **found)
{
    int (*next)(const char *, struct group *, char *, size_t,
                struct group **);
    bool none;
    int code;

    *(void **) &next = dlsym(RTLD_NEXT, "getgrnam_r");
    code = as_glibc(next(name, group, memory, size, found), &none);
    if (none)
        *found = NULL;
    return code;
}
