/*
 * Look-ups by number, for the tool.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_LOOKUP_ID_H
#define PAM_COGNITO_LOOKUP_ID_H

#include "pam/lookup.h"

/* As lookup_account and lookup_group. */
enum lookup lookup_account_of(uid_t uid, struct passwd *account_out,
                              char **memory_out);
enum lookup lookup_group_of(gid_t gid, struct group *group_out,
                            char **memory_out);

#endif
