/*
 * pam-cognito check: what the account phase makes of the module's answers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_ACCOUNT_PHASE_H
#define PAM_COGNITO_CLI_CHECK_ACCOUNT_PHASE_H

#include "cli/check.h"

/* True when nothing was found. */
bool check_account_phase(struct check *check);

#endif
