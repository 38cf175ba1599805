/*
 * pam-cognito check: modules that the stack names and that are not there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_MODULES_H
#define PAM_COGNITO_CLI_CHECK_MODULES_H

#include "cli/check.h"

/* Marks such lines in check->stack. */
void check_modules_find(struct check *check);

/* True when none of them shuts anybody out. */
bool check_modules(struct check *check);

#endif
