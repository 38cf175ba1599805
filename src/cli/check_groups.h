/*
 * pam-cognito check: are the groups of only_group there, and where from?
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_GROUPS_H
#define PAM_COGNITO_CLI_CHECK_GROUPS_H

#include "cli/check.h"

/* Is there such a group? Also when that cannot be found out. */
bool check_is_group(const char *name);

/* Is there any group of only_group? */
bool check_has_group(const struct check *check);

void check_groups(struct check *check);

/* Does the file "group" or "passwd" itself have a line of that name? */
bool check_is_in_file(const struct check *check, const char *file_name,
                      const char *name);

#endif
