/*
 * pam-cognito mfa: second factors, shown, set up and chosen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_MFA_H
#define PAM_COGNITO_CLI_MFA_H

#include "cli/cli.h"

/* mfa enroll [USER], mfa status [USER], mfa prefer METHOD [USER]. */
enum cli_exit mfa(struct cli *cli);

/* "did you mean mfa ACTION?" where one was; was one? */
bool mfa_meant(const char *typed);

#endif
