/*
 * The subcommands about an account: sign-up, confirm, resend-code,
 * forgot-password, confirm-forgot-password, change-password. The dialogues
 * are the flows'; here is what is said in the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/accounts.h"

#include "cli/client.h"

/* The pool may have confirmed the user at once, by a trigger. */
static void
say_signed_up(const struct client *client,
              const struct sign_in_result *result)
{
    const char *sent = result->outcome.person;

    if (result->confirmed)
        client_done(client, "%s has signed up and can sign in.",
                    client->name);
    else if (sent[0] != '\0')
        client_done(client, "%s has signed up. %s pam-cognito confirm %s",
                    client->name, sent, client->user);
    else
        client_done(client,
                    "%s has signed up and must be confirmed by an "
                    "administrator.",
                    client->name);
}

static void
say_confirmed(const struct client *client,
              const struct sign_in_result *result)
{
    (void) result;
    client_done(client, "%s is confirmed and can sign in.", client->name);
}

static void
say_resent(const struct client *client, const struct sign_in_result *result)
{
    client_done(client, "%s pam-cognito confirm %s", result->outcome.person,
                client->user);
}

/* A pool may pretend that there is such a user. */
static void
say_forgotten(const struct client *client,
              const struct sign_in_result *result)
{
    client_done(client,
                "If there is such a user: %s "
                "pam-cognito confirm-forgot-password %s",
                result->outcome.person, client->user);
}

static void
say_set(const struct client *client, const struct sign_in_result *result)
{
    (void) result;
    client_done(client, "The password of %s is set.", client->name);
}

static void
say_changed(const struct client *client, const struct sign_in_result *result)
{
    (void) result;
    client_done(client, "The password of %s is changed.", client->name);
}

static enum cli_exit
run(struct cli *cli, enum account_dialogue dialogue,
    void (*say)(const struct client *client,
                const struct sign_in_result *result))
{
    struct sign_in_result result = {0};
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE) {
        client_run_account(&client, dialogue, &result);
        code = client_judge(&client, &result);
    }
    if (code == CLI_DONE)
        say(&client, &result);
    client_revoke(&client, &result);
    sign_in_free(&result);
    client_close(&client);
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
