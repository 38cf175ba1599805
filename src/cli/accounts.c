/*
 * The subcommands about an account: sign-up, confirm, resend-code,
 * forgot-password, confirm-forgot-password, change-password. The dialogues
 * are the flows'; here is what is said in the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/accounts.h"

#include "cli/command.h"

/* The pool may have confirmed the user at once, by a trigger. */
static void
say_signed_up(const struct command *command)
{
    const char *sent = command->result.outcome.person;

    if (command->result.confirmed)
        command_done(command, "%s has signed up and can sign in.",
                     command->name);
    else if (sent[0] != '\0')
        command_done(command, "%s has signed up. %s pam-cognito confirm %s",
                     command->name, sent, command->user);
    else
        command_done(command,
                     "%s has signed up and must be confirmed by an "
                     "administrator.",
                     command->name);
}

static void
say_confirmed(const struct command *command)
{
    command_done(command, "%s is confirmed and can sign in.", command->name);
}

static void
say_resent(const struct command *command)
{
    command_done(command, "%s pam-cognito confirm %s",
                 command->result.outcome.person, command->user);
}

/* A pool may pretend that there is such a user. */
static void
say_forgotten(const struct command *command)
{
    command_done(command,
                 "If there is such a user: %s "
                 "pam-cognito confirm-forgot-password %s",
                 command->result.outcome.person, command->user);
}

static void
say_set(const struct command *command)
{
    command_done(command, "The password of %s is set.", command->name);
}

static void
say_changed(const struct command *command)
{
    command_done(command, "The password of %s is changed.", command->name);
}

static enum cli_exit
run(struct cli *cli, enum account_dialogue dialogue,
    void (*say)(const struct command *command))
{
    struct command command;
    enum cli_exit code;

    code = command_open(cli, cli_operand(cli, 0), NULL, &command);
    if (code == CLI_DONE) {
        command_run(&command, dialogue);
        code = command_judge(&command);
    }
    if (code == CLI_DONE)
        say(&command);
    command_revoke(&command);
    command_close(&command);
    return code;
}

enum cli_exit
accounts_sign_up(struct cli *cli)
{
    return run(cli, ACCOUNT_SIGN_UP, say_signed_up);
}

enum cli_exit
accounts_confirm(struct cli *cli)
{
    return run(cli, ACCOUNT_CONFIRM, say_confirmed);
}

enum cli_exit
accounts_resend_code(struct cli *cli)
{
    return run(cli, ACCOUNT_RESEND_CODE, say_resent);
}

enum cli_exit
accounts_forgot_password(struct cli *cli)
{
    return run(cli, ACCOUNT_FORGOT_PASSWORD, say_forgotten);
}

enum cli_exit
accounts_confirm_forgot_password(struct cli *cli)
{
    return run(cli, ACCOUNT_SET_FORGOTTEN, say_set);
}

enum cli_exit
accounts_change_password(struct cli *cli)
{
    return run(cli, ACCOUNT_CHANGE_PASSWORD, say_changed);
}
