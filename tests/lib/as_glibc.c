/*
 * Preloaded in front of nss_wrapper, which makes the accounts of the tests: it
 * says ENOENT where glibc says 0 for "no such", and -1 for a record that does
 * not fit. And a name service that has its own ways: LOOKUP_FAILS=name:errno
 * fails for that account or group, which may be a number (0: glibc repeats the
 * errno that it found), LOOKUP_ALIAS=name:other answers with another account.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static int
as_glibc(int code, bool *none)
{
    *none = code == ENOENT;
    if (code == ENOENT)
        return 0;
    return code == -1 ? ERANGE : code;
}

/* What stands behind name: in that variable, or NULL. */
static const char *
said_of(const char *variable, const char *name)
{
    const char *value = getenv(variable);
    size_t length = strlen(name);

    return value != NULL && strncmp(value, name, length) == 0
                   && value[length] == ':'
               ? value + length + 1
               : NULL;
}

static int
fail(const char *number)
{
    return atoi(number) == 0 ? errno : atoi(number);
}

EXPORT int
getpwnam_r(const char *name, struct passwd *account, char *memory, size_t size,
           struct passwd **found)
{
    int (*next)(const char *, struct passwd *, char *, size_t,
                struct passwd **);
    const char *error = said_of("LOOKUP_FAILS", name);
    const char *other = said_of("LOOKUP_ALIAS", name);
    bool none;
    int code;

    *found = NULL;
    if (error != NULL)
        return fail(error);
    *(void **) &next = dlsym(RTLD_NEXT, "getpwnam_r");
    code = as_glibc(next(other == NULL ? name : other, account, memory, size,
                         found),
                    &none);
    if (none)
        *found = NULL;
    return code;
}

EXPORT int
getgrnam_r(const char *name, struct group *group, char *memory, size_t size,
           struct group **found)
{
    int (*next)(const char *, struct group *, char *, size_t, struct group **);
    const char *error = said_of("LOOKUP_FAILS", name);
    bool none;
    int code;

    *found = NULL;
    if (error != NULL)
        return fail(error);
    *(void **) &next = dlsym(RTLD_NEXT, "getgrnam_r");
    code = as_glibc(next(name, group, memory, size, found), &none);
    if (none)
        *found = NULL;
    return code;
}

/* What LOOKUP_FAILS says of a number. */
static const char *
said_of_number(unsigned long number)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%lu", number);
    return said_of("LOOKUP_FAILS", text);
}

EXPORT int
getpwuid_r(uid_t uid, struct passwd *account, char *memory, size_t size,
           struct passwd **found)
{
    int (*next)(uid_t, struct passwd *, char *, size_t, struct passwd **);
    const char *error = said_of_number(uid);
    bool none;
    int code;

    *found = NULL;
    if (error != NULL)
        return fail(error);
    *(void **) &next = dlsym(RTLD_NEXT, "getpwuid_r");
    code = as_glibc(next(uid, account, memory, size, found), &none);
    if (none)
        *found = NULL;
    return code;
}

EXPORT int
getgrgid_r(gid_t gid, struct group *group, char *memory, size_t size,
           struct group **found)
{
    int (*next)(gid_t, struct group *, char *, size_t, struct group **);
    const char *error = said_of_number(gid);
    bool none;
    int code;

    *found = NULL;
    if (error != NULL)
        return fail(error);
    *(void **) &next = dlsym(RTLD_NEXT, "getgrgid_r");
    code = as_glibc(next(gid, group, memory, size, found), &none);
    if (none)
        *found = NULL;
    return code;
}
