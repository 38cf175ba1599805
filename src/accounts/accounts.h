/*
 * pam-cognito accounts: local accounts for the pool's people, made before they
 * log in and never in a login. list, sync, adopt NAME, forget NAME; as root.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_ACCOUNTS_H
#define PAM_COGNITO_ACCOUNTS_ACCOUNTS_H

#include "cli/cli.h"

/* How it ends, for scripts: beside CLI_DONE and CLI_USAGE. */
#define ACCOUNTS_FAILED ((enum cli_exit) 1)  /* not all of it was done */
#define ACCOUNTS_REFUSED ((enum cli_exit) 3) /* done, and some are refused */

enum cli_exit accounts(struct cli *cli);

#endif
