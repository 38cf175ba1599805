/*
 * check: the PAM files of the service. Tries refusals and acceptances on the
 * stack as it is written, instead of comparing it with a pattern.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_STACK_H
#define PAM_COGNITO_CLI_CHECK_STACK_H

#include "cli/check.h"

/* Reads the files and finds the module's line and arguments. Says nothing. */
void check_stack_read(struct check *check);

/* Says what is wrong with them. */
void check_stack(struct check *check);

#endif
