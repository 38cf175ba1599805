/*
 * The subcommands about an account: sign-up, confirm, resend-code,
 * forgot-password, confirm-forgot-password, change-password. Each asks what
 * it needs, sends one request, and says what came of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/accounts.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "common/text.h"
#include "flows/password.h"

/* A new password, twice; what cannot be one is asked for again. */
static enum status
ask_new_password(struct client *client, struct secret *password_out)
{
    struct sign_in_result result = {0};
    struct flow flow = {.cognito = &client->cognito,
                        .talk = &client->terminal.talk,
                        .config = client->setup.config,
                        .result = &result};

    return password_ask_new(&flow, password_out);
}

/* What a code may be is the service's to say; blanks are typing. */
static enum status
ask_code(struct client *client, struct secret *code_out)
{
    enum status status;
    size_t kept = 0;

    status = terminal_ask(&client->terminal, false, "Code: ", code_out);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < code_out->length; i++)
        if (code_out->data[i] != ' ' && code_out->data[i] != '\t')
            code_out->data[kept++] = code_out->data[i];
    code_out->data[kept] = '\0';
    code_out->length = kept;
    return text_is_password(code_out->data, kept) ? STATUS_OK
                                                  : STATUS_WRONG_CODE;
}

/* "by EMAIL to a***@e***", as the answer's CodeDeliveryDetails say. */
static void
describe_delivery(const struct cognito_answer *answer, char *out, size_t size)
{
    const struct json *details
        = json_object(answer->body, "CodeDeliveryDetails");
    const char *medium = json_text(details, "DeliveryMedium");
    const char *to = json_text(details, "Destination");
    char line[TEXT_LINE_MAX];

    (void) snprintf(line, sizeof(line), "%s%.16s%s%.100s",
                    medium == NULL ? "" : " by ",
                    medium == NULL ? "" : medium, to == NULL ? "" : " to ",
                    to == NULL ? "" : to);
    text_clean(line, out, size);
}

/*
 * How every subcommand ends: complains about the answer or about what was
 * asked, and closes.
 */
static enum cli_exit
finish(struct client *client, enum cli_exit code, enum status asked,
       struct cognito_answer *answer)
{
    if (code == CLI_DONE && asked != STATUS_OK)
        code = client_complain(client, asked, "", "");
    else if (code == CLI_DONE && answer->status != STATUS_OK)
        code = client_complain_of(client, answer);
    cognito_answer_free(answer);
    client_close(client);
    return code;
}

/* The pool may have confirmed the user at once, by a trigger. */
static void
say_signed_up(const struct client *client,
              const struct cognito_answer *answer)
{
    char delivery[TEXT_LINE_MAX];
    bool confirmed = false;

    describe_delivery(answer, delivery, sizeof(delivery));
    (void) json_boolean(answer->body, "UserConfirmed", &confirmed);
    if (confirmed)
        client_done(client, "%s has signed up and can sign in.",
                    client->name);
    else if (delivery[0] != '\0')
        client_done(client,
                    "%s has signed up. A code was sent%s: pam-cognito "
                    "confirm %s",
                    client->name, delivery, client->user);
    else
        client_done(client,
                    "%s has signed up and must be confirmed by an "
                    "administrator.",
                    client->name);
}

enum cli_exit
accounts_sign_up(struct cli *cli)
{
    struct cognito_answer answer = {0};
    struct secret password = {0};
    enum status asked = STATUS_OK;
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE)
        asked = ask_new_password(&client, &password);
    if (code == CLI_DONE && asked == STATUS_OK)
        asked = client_permit_code(&client);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_sign_up(&client.cognito, client.name, &password,
                           cli->attributes, cli->attribute_count, &answer)
               == STATUS_OK)
        say_signed_up(&client, &answer);
    secret_free(&password);
    return finish(&client, code, asked, &answer);
}

enum cli_exit
accounts_confirm(struct cli *cli)
{
    struct cognito_answer answer = {0};
    enum status asked = STATUS_OK;
    struct secret typed = {0};
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE)
        asked = ask_code(&client, &typed);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_confirm_sign_up(&client.cognito, client.name, typed.data,
                                   &answer)
               == STATUS_OK)
        client_done(&client, "%s is confirmed and can sign in.",
                    client.name);
    secret_free(&typed);
    return finish(&client, code, asked, &answer);
}

enum cli_exit
accounts_resend_code(struct cli *cli)
{
    struct cognito_answer answer = {0};
    char delivery[TEXT_LINE_MAX];
    enum status asked = STATUS_OK;
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE)
        asked = client_permit_code(&client);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_resend_code(&client.cognito, client.name, &answer)
               == STATUS_OK) {
        describe_delivery(&answer, delivery, sizeof(delivery));
        client_done(&client, "A new code was sent%s: pam-cognito confirm %s",
                    delivery, client.user);
    }
    return finish(&client, code, asked, &answer);
}

enum cli_exit
accounts_forgot_password(struct cli *cli)
{
    struct cognito_answer answer = {0};
    char delivery[TEXT_LINE_MAX];
    enum status asked = STATUS_OK;
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE)
        asked = client_permit_code(&client);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_forgot_password(&client.cognito, client.name, &answer)
               == STATUS_OK) {
        describe_delivery(&answer, delivery, sizeof(delivery));
        client_done(&client,
                    "A code was sent%s, if there is such a user: pam-cognito "
                    "confirm-forgot-password %s",
                    delivery, client.user);
    }
    return finish(&client, code, asked, &answer);
}

enum cli_exit
accounts_confirm_forgot_password(struct cli *cli)
{
    struct cognito_answer answer = {0};
    struct secret typed = {0}, password = {0};
    enum status asked = STATUS_OK;
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE)
        asked = ask_code(&client, &typed);
    if (code == CLI_DONE && asked == STATUS_OK)
        asked = ask_new_password(&client, &password);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_confirm_forgot_password(&client.cognito, client.name,
                                           typed.data, &password, &answer)
               == STATUS_OK)
        client_done(&client, "The password of %s is set.", client.name);
    secret_free(&typed);
    secret_free(&password);
    return finish(&client, code, asked, &answer);
}

enum cli_exit
accounts_change_password(struct cli *cli)
{
    struct sign_in_result result = {0};
    struct cognito_answer answer = {0};
    enum status asked = STATUS_OK;
    struct secret password = {0};
    struct client client;
    enum cli_exit code;

    code = client_open(cli, cli_operand(cli, 0), NULL, &client);
    if (code == CLI_DONE) {
        client.terminal.keep_password = true;
        code = client_sign_in(&client, &result);
    }
    if (code == CLI_DONE)
        asked = ask_new_password(&client, &password);
    if (code == CLI_DONE && asked == STATUS_OK
        && cognito_change_password(&client.cognito, &result.access_token,
                                   &client.terminal.password, &password,
                                   &answer)
               == STATUS_OK)
        client_done(&client, "The password of %s is changed.", client.name);
    client_revoke(&client, &result);
    secret_free(&password);
    sign_in_free(&result);
    return finish(&client, code, asked, &answer);
}
