/*
 * pam-cognito secret-hash: computes and explains a SECRET_HASH. The secret is
 * read from a file or standard input and never printed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/secret_hash_cmd.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cognito/secret_hash.h"

/* What is hashed, with which key, and whence each of them came. */
struct ingredients {
    const char *name;
    const char *client_id;
    const char *format;
    const char *secret_from;
    size_t secret_length;
};

static void
print_explanation(const struct output *output, const struct ingredients *used,
                  const char *hash)
{
    output_line(output, TONE_PLAIN,
                "SECRET_HASH = Base64(HMAC-SHA-256(key, "
                "message))");
    output_line(output, TONE_PLAIN,
                "  key:       the client secret, %zu characters, from %s",
                used->secret_length, used->secret_from);
    output_line(output, TONE_PLAIN, "  message:   %s%s", used->name,
                used->client_id);
    output_line(output, TONE_PLAIN,
                "             the user name \"%s\" (username_format %s), "
                "%zu bytes,",
                used->name, used->format, strlen(used->name));
    output_line(output, TONE_PLAIN,
                "             then the client ID \"%s\", nothing between",
                used->client_id);
    output_line(output, TONE_PLAIN, "  result:    %s", hash);
}

static void
print_object(const struct output *output, const struct ingredients *used,
             const char *hash)
{
    struct json *object = json_new();
    bool whole = json_add_text(object, "secret_hash", hash)
                 && json_add_text(object, "user", used->name)
                 && json_add_text(object, "client_id", used->client_id)
                 && json_add_text(object, "secret_from", used->secret_from);

    output_object(output, object, whole);
}

static enum cli_exit
print_hash(const struct cli *cli, const struct ingredients *used,
           const struct secret *secret)
{
    char hash[SECRET_HASH_SIZE];

    if (!secret_hash(secret, used->name, used->client_id, hash)) {
        output_error("the hash cannot be computed");
        return CLI_FAILED;
    }
    if (cli->output.json)
        print_object(&cli->output, used, hash);
    else if (cli->explain)
        print_explanation(&cli->output, used, hash);
    else
        output_line(&cli->output, TONE_PLAIN, "%s", hash);
    secret_wipe(hash, sizeof(hash));
    return CLI_DONE;
}

static enum cli_exit
from_configuration(struct cli *cli)
{
    struct command command;
    enum cli_exit code;

    code = command_open(cli, cli_operand(cli, 0), NULL, &command);
    if (code == CLI_DONE && command.setup.client_secret.length == 0) {
        output_error("the configuration has no client secret; give it on "
                     "standard input with --stdin");
        code = CLI_CONFIG;
    }
    if (code == CLI_DONE) {
        const struct config *config = command.setup.config;
        const struct ingredients used = {
            .name = command.name,
            .client_id = config_text(config, KEY_CLIENT_ID),
            .format = config_text(config, KEY_USERNAME_FORMAT),
            .secret_from = config_is_set(config, KEY_CLIENT_SECRET_FILE)
                               ? config_text(config, KEY_CLIENT_SECRET_FILE)
                               : config_where(config, KEY_CLIENT_SECRET),
            .secret_length = command.setup.client_secret.length,
        };

        code = print_hash(cli, &used, &command.setup.client_secret);
    }
    command_close(&command);
    return code;
}

static enum cli_exit
ask_secret(struct secret *secret_out)
{
    struct terminal terminal = {.fd = -1};
    enum cli_exit code = CLI_DONE;

    if (!terminal_open(&terminal)
        || terminal_ask(&terminal, true, "Client secret: ", secret_out)
               != STATUS_OK
        || secret_out->length == 0) {
        output_error("no client secret was given");
        code = CLI_NO_INPUT;
    } else if (strcspn(secret_out->data, " \t\r") != secret_out->length) {
        output_error("that is no client secret: it holds a blank");
        code = CLI_REFUSED;
    }
    terminal_close(&terminal);
    return code;
}

/* Needs no more of the configuration than client_id, from wherever. */
static enum cli_exit
from_input(struct cli *cli)
{
    struct config *config = config_new(CONFIG_HELPER);
    struct file_trust trust = command_trust();
    const char *user = cli_operand(cli, 0);
    struct secret secret = {0};
    char name[COMMAND_NAME_MAX];
    enum cli_exit code = CLI_DONE;

    if (config == NULL)
        return CLI_FAILED;
    config_arguments(config, cli->setting_count, cli->settings);
    if (!config_is_set(config, KEY_CLIENT_ID))
        config_file(config,
                    cli->config == NULL ? PAM_COGNITO_CONF : cli->config + 7,
                    cli->service, &trust, cli->config != NULL);
    if (config_status(config) != STATUS_OK) {
        output_error("configuration: %s", config_message(config));
        code = CLI_CONFIG;
    } else if (!config_is_set(config, KEY_CLIENT_ID)) {
        output_error("client_id is not set: --set client_id=...");
        code = CLI_CONFIG;
    } else if (user == NULL
               || sign_in_pool_name(config, NULL, user, name, sizeof(name))
                      != STATUS_OK) {
        output_error("secret-hash --stdin: expected the name of a user");
        code = CLI_USAGE;
    }
    if (code == CLI_DONE)
        code = ask_secret(&secret);
    if (code == CLI_DONE) {
        const struct ingredients used = {
            .name = name,
            .client_id = config_text(config, KEY_CLIENT_ID),
            .format = config_text(config, KEY_USERNAME_FORMAT),
            .secret_from = "standard input",
            .secret_length = secret.length,
        };

        code = print_hash(cli, &used, &secret);
    }
    secret_free(&secret);
    config_free(config);
    return code;
}

enum cli_exit
secret_hash_cmd(struct cli *cli)
{
    return cli->from_input ? from_input(cli) : from_configuration(cli);
}
