/*
 * pam-cognito check: sshd's AllowUsers, DenyUsers, AllowGroups, DenyGroups.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_SSHD_LISTS_H
#define PAM_COGNITO_CLI_CHECK_SSHD_LISTS_H

#include "cli/check.h"

/* text is what sshd -T printed. True when nothing was found. */
bool check_sshd_lists(struct check *check, const char *text);

#endif
