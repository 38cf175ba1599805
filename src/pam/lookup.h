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
#include <sys/types.h>

enum lookup {
    LOOKUP_FOUND,
    LOOKUP_NONE,  /* every service that was asked said so */
    LOOKUP_FAILED /* errno says why */
};

/*
 * As getpwnam_r, getgrnam_r, getpwuid_r and getgrgid_r, with records of any
 * size that memory holds. What *_out points to lies in *memory_out, which the
 * caller frees in every case. libc reports the failure of the last service in
 * nsswitch.conf only.
 */
enum lookup lookup_account(const char *name, struct passwd *account_out,
                           char **memory_out);
enum lookup lookup_group(const char *name, struct group *group_out,
                         char **memory_out);
enum lookup lookup_account_of(uid_t uid, struct passwd *account_out,
                              char **memory_out);
enum lookup lookup_group_of(gid_t gid, struct group *group_out,
                            char **memory_out);

/* Whom to ask; group_list is as getgrouplist. */
struct lookups {
    enum lookup (*account)(const char *, struct passwd *, char **);
    enum lookup (*group)(const char *, struct group *, char **);
    int (*group_list)(const char *, gid_t, gid_t *, int *);
};

/* This machine's name services. */
extern const struct lookups lookup_services;

#endif
