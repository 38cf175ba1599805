/*
 * What subcommands that talk to the pool share: opens settings, terminal and
 * connection, and says what went wrong in words and as an exit code.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/client.h"

#include <errno.h>
#include <pwd.h>
#include <security/_pam_types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/reasons.h"
#include "common/clock.h"
#include "common/run_state.h"
#include "common/text.h"
#include "pam/code.h"
#include "pam/lookup.h"
#include "pam/names.h"

struct file_trust
client_trust(void)
{
    return (struct file_trust){.owner = geteuid()};
}

enum cli_exit
client_exit(enum status status)
{
    switch (pam_code(status, PHASE_AUTHENTICATE)) {
    case PAM_SUCCESS:
        return CLI_DONE;
    case PAM_SERVICE_ERR:
        return CLI_CONFIG;
    case PAM_AUTHINFO_UNAVAIL:
        return CLI_UNAVAILABLE;
    case PAM_CONV_ERR:
        return CLI_NO_INPUT;
    case PAM_BUF_ERR:
    case PAM_SYSTEM_ERR:
        return CLI_FAILED;
    default:
        return CLI_REFUSED;
    }
}

static void
print_complaint(const struct client *client, enum status status,
                const char *error, const char *message, const char *meaning)
{
    struct json *object = json_new();
    bool whole = object != NULL && json_add_boolean(object, "done", false)
                 && json_add_text(object, "command", client->cli->name)
                 && json_add_text(object, "reason", status_word(status))
                 && json_add_text(object, "error", error)
                 && json_add_text(object, "message", message)
                 && json_add_text(object, "meaning", meaning);

    output_object(&client->cli->output, whole ? object : NULL);
    if (!whole)
        json_free(object);
}

enum cli_exit
client_complain(const struct client *client, enum status status,
                const char *error, const char *message)
{
    struct reason reason = reason_of(status, error, message);

    if (status == STATUS_CONFIG && message[0] != '\0') {
        reason = (struct reason){message, ""};
        message = "";
    }
    if (client->cli->output.json) {
        print_complaint(client, status, error, message, reason.meaning);
        return client_exit(status);
    }
    output_error("%s: %s", client->cli->name,
                 status == STATUS_CANCELLED ? "no answer was given"
                                            : reason.meaning);
    if (error[0] != '\0' || message[0] != '\0')
        (void) fprintf(stderr, "  said:   %s%s%s\n", error,
                       error[0] != '\0' && message[0] != '\0' ? ": " : "",
                       message);
    if (reason.fix[0] != '\0' && status != STATUS_CANCELLED)
        (void) fprintf(stderr, "  to do:  %s\n", reason.fix);
    return client_exit(status);
}

enum cli_exit
client_complain_of(const struct client *client,
                   const struct cognito_answer *answer)
{
    return client_complain(client, answer->status, answer->error,
                           answer->message);
}

void
client_done(const struct client *client, const char *format, ...)
{
    char line[CLIENT_NAME_MAX * 2];
    struct json *object;
    va_list arguments;
    bool whole;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (!client->cli->output.json) {
        output_line(&client->cli->output, TONE_PLAIN, "%s", line);
        return;
    }
    object = json_new();
    whole = object != NULL && json_add_boolean(object, "done", true)
            && json_add_text(object, "command", client->cli->name)
            && json_add_text(object, "user", client->name)
            && json_add_text(object, "message", line);
    output_object(&client->cli->output, whole ? object : NULL);
    if (!whole)
        json_free(object);
}

/* --set and --config, in the form of module arguments. */
static void
gather(struct client *client, const struct cli *cli, const char *extra)
{
    for (size_t i = 0; i < cli->setting_count; i++)
        client->arguments[client->argument_count++] = cli->settings[i];
    if (cli->config != NULL)
        client->arguments[client->argument_count++] = cli->config;
    if (extra != NULL)
        client->arguments[client->argument_count++] = extra;
}

/* What was given here is no module argument to a person. */
static const char *
in_our_words(const char *message, char *out, size_t size)
{
    static const char theirs[] = "(module argument)";
    const char *at = strstr(message, theirs);

    if (at == NULL)
        return message;
    (void) snprintf(out, size, "%.*s(--set)%s", (int) (at - message), message,
                    at + sizeof(theirs) - 1);
    return out;
}

static enum cli_exit
read_settings(struct client *client)
{
    struct file_trust trust = client_trust();
    char line[512];
    enum status status;

    status = setup_read(&client->setup, client->argument_count,
                        client->arguments, client->cli->service, &trust);
    if (status == STATUS_CONFIG)
        return client_complain(
            client, status, "",
            in_our_words(client->setup.message, line, sizeof(line)));
    if (status != STATUS_OK)
        return client_complain(client, status, "", "");
    /* The module's keys count too: a typo there closes every login. */
    client->module
        = config_load(CONFIG_MODULE, client->argument_count,
                      client->arguments, client->cli->service, &trust);
    if (client->module == NULL)
        return client_complain(client, STATUS_MEMORY, "", "");
    status = config_status(client->module);
    if (status != STATUS_OK)
        return client_complain(
            client, status, "",
            in_our_words(config_message(client->module), line, sizeof(line)));
    if (client->setup.warning[0] != '\0')
        output_error("%s", client->setup.warning);
    return CLI_DONE;
}

static enum cli_exit
take_user(struct client *client, const char *user)
{
    if (user[0] == '\0' || strlen(user) >= sizeof(client->user)
        || sign_in_pool_name(client->setup.config, client->setup.map, user,
                             client->name, sizeof(client->name))
               != STATUS_OK) {
        output_error("that cannot be a user name");
        return CLI_USAGE;
    }
    (void) snprintf(client->user, sizeof(client->user), "%s", user);
    return CLI_DONE;
}

/* Who was named, or else who runs this. */
static enum cli_exit
choose_user(struct client *client, const char *user)
{
    enum cli_exit code = CLI_USAGE;
    struct passwd account;
    char *memory = NULL;

    if (user != NULL)
        return take_user(client, user);
    switch (lookup_account_of(getuid(), &account, &memory)) {
    case LOOKUP_FOUND:
        code = take_user(client, account.pw_name);
        break;
    case LOOKUP_NONE:
        output_error("no account for uid %lu: name the user",
                     (unsigned long) getuid());
        break;
    case LOOKUP_FAILED:
        code = client_complain(client, STATUS_LOOKUP, "", strerror(errno));
        break;
    }
    free(memory);
    return code;
}

/*
 * A stamp's name is made of numbers only, whatever the pool calls its user.
 * None without an answer to whose account it is: a name service that fails
 * now and then would give one person two stamps, and two codes.
 */
static bool
name_stamp(const struct client *client, char *out, size_t size)
{
    unsigned long long hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
    struct passwd account;
    char *memory = NULL;
    enum lookup lookup = lookup_account(client->user, &account, &memory);

    if (lookup == LOOKUP_FOUND) {
        stamp_name(account.pw_uid, out, size);
    } else {
        for (const char *at = client->name; *at != '\0'; at++)
            hash = (hash ^ (unsigned char) *at) * 0x100000001b3;
        (void) snprintf(out, size, "code-name-%016llx", hash);
    }
    free(memory);
    return lookup != LOOKUP_FAILED;
}

/*
 * Before a request that sends a code without proof of the password: root's
 * are counted together with the module's, once in ten minutes for each user.
 * A plain user's are not: he could make the same request in other ways. The
 * terminal, whose talk this is, is a client's.
 */
static enum status
permit_code(struct talk *talk)
{
    const struct client *client = ((const struct terminal *) talk)->client;
    char name[48];

    if (geteuid() != 0)
        return STATUS_OK;
    if (!name_stamp(client, name, sizeof(name)))
        return STATUS_LOOKUP;
    switch (stamp_take(name)) {
    case STAMP_YES:
        return STATUS_OK;
    case STAMP_NO:
        return STATUS_CODE_LIMIT;
    case STAMP_CANNOT:
        break;
    }
    return STATUS_UNAVAILABLE;
}

enum cli_exit
client_open(struct cli *cli, const char *user, const char *extra,
            struct client *client)
{
    const struct setup_origin origin = {cli->service, "", ""};
    enum cli_exit code;
    enum status status;

    memset(client, 0, sizeof(*client));
    client->cli = cli;
    client->terminal.fd = -1;
    gather(client, cli, extra);
    code = read_settings(client);
    if (code == CLI_DONE)
        code = choose_user(client, user);
    if (code != CLI_DONE)
        return code;
    if (!terminal_open(&client->terminal))
        return CLI_NO_INPUT;
    status = setup_open(&client->setup, &origin, &client->cognito);
    if (status != STATUS_OK)
        return client_complain(client, status, "", "");
    client->terminal.talk.permit_code = permit_code;
    client->terminal.client = client;
    client->terminal.verbose = cli->debug;
    client->terminal.http = client->cognito.http;
    client->terminal.budget_ms
        = config_number(client->module, KEY_TIMEOUT) * 1000;
    client_begin_work(client);
    return CLI_DONE;
}

void
client_close(struct client *client)
{
    cognito_close(&client->cognito);
    http_close(client->cognito.http);
    terminal_close(&client->terminal);
    setup_free(&client->setup);
    config_free(client->module);
    memset(client, 0, sizeof(*client));
}

void
client_begin_work(struct client *client)
{
    http_deadline(client->cognito.http,
                  clock_ms() + client->terminal.budget_ms);
}

static struct sign_in_request
request_of(const struct client *client)
{
    return (struct sign_in_request){
        .user = client->user,
        .service = client->cli->service,
        .map = client->setup.map,
        .attributes = client->cli->attributes,
        .attribute_count = client->cli->attribute_count,
    };
}

static void
end_run(struct client *client, struct outcome *outcome)
{
    const struct error_row *row = error_row(outcome->error, outcome->note);

    if (outcome->status == STATUS_CANCELLED && !client->terminal.is_terminal
        && row != NULL)
        outcome->status = row->status;
    client_begin_work(client);
}

void
client_run_sign_in(struct client *client, struct sign_in_result *result)
{
    const struct sign_in_request request = request_of(client);

    if (!client->cognito.keys_pinned)
        http_warm(client->cognito.http, client->setup.pool.keys_path);
    sign_in_run(&client->cognito, &client->terminal.talk, client->setup.config,
                &request, result);
    end_run(client, &result->outcome);
}

void
client_run_account(struct client *client, enum account_dialogue dialogue,
                   struct sign_in_result *result)
{
    const struct sign_in_request request = request_of(client);

    account_run(dialogue, &client->cognito, &client->terminal.talk,
                client->setup.config, &request, result);
    end_run(client, &result->outcome);
}

enum cli_exit
client_judge(const struct client *client, const struct sign_in_result *result)
{
    if (result->outcome.status == STATUS_OK)
        return CLI_DONE;
    return client_complain(client, result->outcome.status,
                           result->outcome.error, result->outcome.note);
}

void
client_revoke(struct client *client, const struct sign_in_result *result)
{
    struct cognito_answer answer = {0};

    if (result->refresh_token.data == NULL)
        return;
    client->cognito.observe = NULL;
    client_begin_work(client);
    (void) cognito_revoke_token(&client->cognito, &result->refresh_token,
                                &answer);
    cognito_answer_free(&answer);
}
