/*
 * check: this machine: the helper and its account, what the kernel offers to
 * confine it, SELinux.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_MACHINE_H
#define PAM_COGNITO_CLI_CHECK_MACHINE_H

#include "cli/check.h"

void check_machine(struct check *check);

#endif
