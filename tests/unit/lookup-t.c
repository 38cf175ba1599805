/*
 * Looking up: only a clear no is one, whatever the size of a record and
 * whatever a service says, or fails to say, of its failure.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/lookup_id.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

/* What the look-ups below do, in the C library's place. */
static struct {
    int code; /* -1: as glibc for a silent failure, the errno from before */
    size_t needed; /* bytes that the record takes */
    bool there;
    size_t largest, calls;
} service;

static int
look_up(size_t size, void *entry, void **found)
{
    *found = NULL;
    service.calls++;
    service.largest = size;
    if (size < service.needed)
        return ERANGE;
    if (service.code != 0)
        return service.code < 0 ? errno : service.code;
    if (service.there)
        *found = entry;
    return 0;
}

int
getpwnam_r(const char *name, struct passwd *account, char *memory, size_t size,
           struct passwd **found)
{
    void *entry;
    int code = look_up(size, account, &entry);

    (void) name;
    (void) memory;
    *found = entry;
    return code;
}

int
getgrnam_r(const char *name, struct group *group, char *memory, size_t size,
           struct group **found)
{
    void *entry;
    int code = look_up(size, group, &entry);

    (void) name;
    (void) memory;
    *found = entry;
    return code;
}

int
getpwuid_r(uid_t uid, struct passwd *account, char *memory, size_t size,
           struct passwd **found)
{
    (void) uid;
    return getpwnam_r("", account, memory, size, found);
}

int
getgrgid_r(gid_t gid, struct group *group, char *memory, size_t size,
           struct group **found)
{
    (void) gid;
    return getgrnam_r("", group, memory, size, found);
}

/* One of the look-ups, from a clean errno. */
static enum lookup
ask_one(int which)
{
    enum lookup answer;
    struct passwd account;
    struct group group;
    char *memory;

    errno = 0;
    answer = which == 0   ? lookup_account("alice", &account, &memory)
             : which == 1 ? lookup_group("staff", &group, &memory)
             : which == 2 ? lookup_account_of(2001, &account, &memory)
                          : lookup_group_of(4001, &group, &memory);
    need(answer != LOOKUP_FAILED || errno != 0, "an errno");
    free(memory);
    return answer;
}

/* All look-ups; they must agree. */
static enum lookup
ask(int code, size_t needed, bool there)
{
    enum lookup first;

    service.code = code;
    service.needed = needed;
    service.there = there;
    service.calls = 0;
    first = ask_one(0);
    for (int which = 1; which < 4; which++)
        need(ask_one(which) == first, "the same answer");
    return first;
}

int
main(void)
{
    is_number(ask(0, 0, true), LOOKUP_FOUND, "found");
    is_number(ask(0, 0, false), LOOKUP_NONE, "not found");
    is_number(ask(-1, 0, false), LOOKUP_FAILED,
              "a failure that leaves errno as it was");
    for (int code = 1; code < 134; code++)
        if (code != ERANGE)
            (void) is_number(ask(code, 0, true), LOOKUP_FAILED,
                             "a failure with a number");
    for (size_t needed = 1; needed <= (size_t) 1 << 26; needed *= 3) {
        (void) is_number(ask(0, needed, true), LOOKUP_FOUND,
                         "a record of any size");
        (void) is_number(ask(0, needed, false), LOOKUP_NONE,
                         "and none behind it");
        (void) is_number(ask(EIO, needed, true), LOOKUP_FAILED,
                         "and a failure behind it");
    }
    is_number(ask(0, (size_t) -1, true), LOOKUP_FAILED,
              "a record that never fits");
    ok(service.calls < 200 && service.largest > (size_t) 256 * 1024 * 1024,
       "is given up, but not soon");
    return done_testing();
}
