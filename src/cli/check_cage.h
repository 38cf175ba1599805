/*
 * check: the way to the pool as the helper itself meets it, without its
 * privileges and in its cage. What this tool reaches from outside says
 * nothing about that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_CAGE_H
#define PAM_COGNITO_CLI_CHECK_CAGE_H

#include "cli/check.h"

/*
 * Root's only: has the real helper fetch the keys. Sets check->cage_reached
 * when it did.
 */
void check_cage(struct check *check);

#endif
