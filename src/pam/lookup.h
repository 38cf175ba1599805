/*
 * Looking accounts and groups up, with a third answer besides found and not
 * found: what could not be found out is never a no.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PAM_LOOKUP_H
#define PAM_COGNITO_PAM_LOOKUP_H

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum lookup {
    LOOKUP_FOUND,
    LOOKUP_NONE,  /* every service that was asked said so */
    LOOKUP_FAILED /* errno says why */
};

/*
 * As getpwnam_r and getgrnam_r, with records of any size that memory holds.
 * What *_out points to lies in *memory_out, which the caller frees in every
 * case. libc reports the failure of the last service in nsswitch.conf only.
 */
enum lookup lookup_account(const char *name, struct passwd *account_out,
                           char **memory_out);
enum lookup lookup_group(const char *name, struct group *group_out,
                         char **memory_out);

/*
 * The two halves of each look-up. lookup_room: is it to be asked (again)? With
 * ERANGE for *code, also before the first time, and *memory and *size for it:
 * larger ones in place of a too small buffer, which held nothing of use. When
 * there are none *code says why. It leaves an errno behind: glibc's answer for
 * a service that could not be loaded, or that failed without saying how, is
 * the errno from before the call.
 *
 * lookup_answer: only 0 is a no. With glibc every other code is the failure
 * of a service, also ENOENT, with which nslcd's module says that its daemon is
 * gone, and EPERM or ESRCH, which getpwnam(3) lists for other systems.
 */
bool lookup_room(int *code, char **memory, size_t *size);
enum lookup lookup_answer(int code, const void *found);

/* Whom to ask; group_list is as getgrouplist. */
struct lookups {
    enum lookup (*account)(const char *, struct passwd *, char **);
    enum lookup (*group)(const char *, struct group *, char **);
    int (*group_list)(const char *, gid_t, gid_t *, int *);
};

/* This machine's name services. */
extern const struct lookups lookup_services;

#endif
