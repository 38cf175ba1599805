/*
 * Names and numbers that carry rights on this machine already, whoever has
 * them: nobody of the pool's may come by one. Where sudo, doas, polkit,
 * pam_group or systemd-sysusers name it, and a list of what distributions'
 * packages trust.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_RESERVED_H
#define PAM_COGNITO_ACCOUNTS_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct reserved;

/*
 * Reads all of it. NULL with why in error_out where something is there and
 * cannot be read or followed: what it names is not known then.
 * reserved_free what comes out; root "" or another folder in place of /.
 */
struct reserved *reserved_read(const char *root, char *error_out,
                               size_t error_size);
void reserved_free(struct reserved *reserved);

/*
 * What trusts that name, for a message: a file, or this tool's own list; NULL
 * for nothing. It lives as long as reserved.
 */
const char *reserved_name(const struct reserved *reserved, const char *name);

/* The same for a uid that sudoers gives as #1001. */
const char *reserved_uid(const struct reserved *reserved, uid_t uid);

#endif
