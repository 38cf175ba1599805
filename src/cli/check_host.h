/*
 * pam-cognito check: the program behind the PAM service.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_HOST_H
#define PAM_COGNITO_CLI_CHECK_HOST_H

#include "cli/check.h"

/* Fills check->host and check->trust, before anything is read. */
void check_host_find(struct check *check);

/* Can it read what the module and the helper need, and ask what they ask? */
void check_host(struct check *check);

#endif
