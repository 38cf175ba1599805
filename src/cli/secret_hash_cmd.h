/*
 * pam-cognito secret-hash: the SECRET_HASH of a user name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_SECRET_HASH_CMD_H
#define PAM_COGNITO_CLI_SECRET_HASH_CMD_H

#include "cli/cli.h"

/*
 * The secret comes from the configuration, or with --stdin from standard
 * input (a terminal does not show it). Sends nothing.
 */
enum cli_exit secret_hash_cmd(struct cli *cli);

#endif
