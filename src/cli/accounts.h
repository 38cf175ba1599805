/*
 * What people do with their accounts: signing up and confirming it, and the
 * password, forgotten or to be changed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_ACCOUNTS_H
#define PAM_COGNITO_CLI_ACCOUNTS_H

#include "cli/cli.h"

enum cli_exit accounts_sign_up(struct cli *cli);
enum cli_exit accounts_confirm(struct cli *cli);
enum cli_exit accounts_resend_code(struct cli *cli);
enum cli_exit accounts_forgot_password(struct cli *cli);
enum cli_exit accounts_confirm_forgot_password(struct cli *cli);
enum cli_exit accounts_change_password(struct cli *cli);

#endif
