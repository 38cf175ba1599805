/*
 * pam-cognito login: a whole sign-in, step by step.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_LOGIN_H
#define PAM_COGNITO_CLI_LOGIN_H

#include "cli/cli.h"

enum cli_exit login(struct cli *cli);

#endif
