/*
 * check: the person: is there a local account, and is it ours?
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_ACCOUNT_H
#define PAM_COGNITO_CLI_CHECK_ACCOUNT_H

#include "cli/check.h"

/* Nothing when no user was named. */
void check_account(struct check *check);

#endif
