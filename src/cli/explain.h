/*
 * pam-cognito explain: what an error or a line of the log means.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_EXPLAIN_H
#define PAM_COGNITO_CLI_EXPLAIN_H

#include "cli/cli.h"

/* Works without configuration. */
enum cli_exit explain(struct cli *cli);

#endif
