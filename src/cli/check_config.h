/*
 * check: the settings of both owners, and the files they name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_CONFIG_H
#define PAM_COGNITO_CLI_CHECK_CONFIG_H

#include "cli/check.h"

/* Fills check->module, check->setup and check->usable. */
void check_config(struct check *check);

#endif
