/*
 * check: what sshd makes of its configuration (sshd -T), where the service is
 * sshd.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_SSHD_H
#define PAM_COGNITO_CLI_CHECK_SSHD_H

#include "cli/check.h"

void check_sshd(struct check *check);

#endif
