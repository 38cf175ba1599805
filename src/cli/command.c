/*
 * What subcommands that talk to the pool share: opens settings, terminal and
 * connection, and says what went wrong in words and as an exit code.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/command.h"

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
#include "pam/lookup_id.h"
#include "pam/names.h"

struct file_trust
command_trust(void)
{
    return (struct file_trust){.owner = geteuid()};
}

enum cli_exit
command_exit(enum status status)
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
print_complaint(const struct command *command, enum status status,
                const char *error, const char *message, struct reason reason)
{
    struct json *object = json_new();
    bool whole = json_add_boolean(object, "done", false)
                 && json_add_text(object, "command", command->cli->name)
                 && json_add_text(object, "reason", status_word(status))
                 && json_add_text(object, "error", error)
                 && json_add_text(object, "message", message)
                 && json_add_text(object, "meaning", reason.meaning)
                 && json_add_text(object, "fix", reason.fix);

    output_object(&command->cli->output, object, whole);
}

/* A newcomer has no settings yet: where they are looked for. */
static const char *
fix_of_settings(const struct command *command, const char *message)
{
    if (strstr(message, ": missing, ") == NULL)
        return "";
    return command->cli->config != NULL
               ? "Set it in the file of --config, or by --set."
               : "Set it in " PAM_COGNITO_CONF ", which pam-cognito setup "
                 "makes, or name another file by --config.";
}

enum cli_exit
command_complain(const struct command *command, enum status status,
                 const char *error, const char *message)
{
    struct reason reason = reason_of(status, error, message);

    if (status == STATUS_CONFIG && message[0] != '\0') {
        reason = (struct reason){message, fix_of_settings(command, message)};
        message = "";
    }
    if (command->cli->output.json) {
        print_complaint(command, status, error, message, reason);
        return command_exit(status);
    }
    output_error("%s: %s", command->cli->name,
                 status == STATUS_CANCELLED ? "no answer was given"
                                            : reason.meaning);
    if (error[0] != '\0' || message[0] != '\0')
        (void) fprintf(stderr, "  said:   %s%s%s\n", error,
                       error[0] != '\0' && message[0] != '\0' ? ": " : "",
                       message);
    if (reason.fix[0] != '\0' && status != STATUS_CANCELLED)
        (void) fprintf(stderr, "  to do:  %s\n", reason.fix);
    return command_exit(status);
}

enum cli_exit
command_complain_of(const struct command *command,
                    const struct cognito_answer *answer)
{
    return command_complain(command, answer->status, answer->error,
                            answer->message);
}

void
command_done(const struct command *command, const char *format, ...)
{
    char line[COMMAND_NAME_MAX * 2];
    struct json *object = json_new();
    va_list arguments;
    bool whole;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    output_line(&command->cli->output, TONE_PLAIN, "%s", line);
    whole = json_add_boolean(object, "done", true)
            && json_add_text(object, "command", command->cli->name)
            && json_add_text(object, "user", command->name)
            && json_add_text(object, "message", line);
    output_object(&command->cli->output, object, whole);
}

const char *
command_in_our_words(const char *message, char *out, size_t size)
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
read_settings(struct command *command)
{
    struct file_trust trust = command_trust();
    char line[512];
    enum status status;

    status = setup_read(&command->setup, command->argument_count,
                        command->arguments, command->cli->service, &trust);
    if (status == STATUS_CONFIG)
        return command_complain(command, status, "",
                                command_in_our_words(command->setup.message,
                                                     line, sizeof(line)));
    if (status != STATUS_OK)
        return command_complain(command, status, "", "");
    /* The module's keys count too: a typo there closes every login. */
    command->module = config_load(CONFIG_MODULE, command->argument_count,
                                  command->arguments, command->cli->service,
                                  &trust);
    if (command->module == NULL)
        return command_complain(command, STATUS_MEMORY, "", "");
    status = config_status(command->module);
    if (status != STATUS_OK)
        return command_complain(
            command, status, "",
            command_in_our_words(config_message(command->module), line,
                                 sizeof(line)));
    if (command->setup.warning[0] != '\0')
        output_error("%s", command->setup.warning);
    return CLI_DONE;
}

static enum cli_exit
take_user(struct command *command, const char *user)
{
    enum status status = STATUS_BAD_INPUT;

    if (user[0] != '\0' && strlen(user) < sizeof(command->user))
        status = sign_in_pool_name(command->setup.config, command->setup.map,
                                   user, command->name, sizeof(command->name));
    if (status == STATUS_IDENTITY)
        return command_complain(command, status, "",
                                "map_file gives that user's pool name to "
                                "another local user");
    if (status != STATUS_OK) {
        output_error("that cannot be a user name");
        return CLI_USAGE;
    }
    (void) snprintf(command->user, sizeof(command->user), "%s", user);
    return CLI_DONE;
}

/* Who was named, or else who runs this. */
static enum cli_exit
choose_user(struct command *command, const char *user)
{
    enum cli_exit code = CLI_USAGE;
    struct passwd account;
    char *memory = NULL;

    if (user != NULL)
        return take_user(command, user);
    switch (lookup_account_of(getuid(), &account, &memory)) {
    case LOOKUP_FOUND:
        code = take_user(command, account.pw_name);
        break;
    case LOOKUP_NONE:
        output_error("no account for uid %lu: name the user",
                     (unsigned long) getuid());
        break;
    case LOOKUP_FAILED:
        code = command_complain(command, STATUS_LOOKUP, "", strerror(errno));
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
name_stamp(const struct command *command, char *out, size_t size)
{
    unsigned long long hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
    struct passwd account;
    char *memory = NULL;
    enum lookup lookup = lookup_account(command->user, &account, &memory);

    if (lookup == LOOKUP_FOUND) {
        stamp_name(account.pw_uid, out, size);
    } else {
        for (const char *at = command->name; *at != '\0'; at++)
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
 * terminal, whose talk this is, is a command's.
 */
static enum status
permit_code(struct talk *talk)
{
    const struct command *command = ((const struct terminal *) talk)->command;
    char name[48];

    if (geteuid() != 0)
        return STATUS_OK;
    if (!name_stamp(command, name, sizeof(name)))
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

/* The deadline for what is sent now. */
static void
begin_work(struct command *command)
{
    http_deadline(command->cognito.http,
                  clock_ms() + command->terminal.budget_ms);
}

enum cli_exit
command_open(struct cli *cli, const char *user, const char *extra,
             struct command *command)
{
    const struct setup_origin origin = {cli->service, "", ""};
    enum cli_exit code;
    enum status status;

    memset(command, 0, sizeof(*command));
    command->cli = cli;
    command->terminal.fd = -1;
    command->terminal.drawing = cli->drawing;
    command->argument_count = cli_add_settings(cli, command->arguments, 0);
    if (extra != NULL)
        command->arguments[command->argument_count++] = extra;
    code = read_settings(command);
    if (code == CLI_DONE)
        code = choose_user(command, user);
    if (code != CLI_DONE)
        return code;
    if (!terminal_open(&command->terminal))
        return CLI_NO_INPUT;
    status = setup_open(&command->setup, &origin, &command->cognito);
    if (status != STATUS_OK)
        return command_complain(command, status, "", "");
    command->terminal.talk.permit_code = permit_code;
    command->terminal.command = command;
    command->terminal.verbose = cli->debug;
    command->terminal.http = command->cognito.http;
    command->terminal.budget_ms = config_number(command->module, KEY_TIMEOUT)
                                  * 1000;
    begin_work(command);
    return CLI_DONE;
}

void
command_close(struct command *command)
{
    sign_in_free(&command->result);
    cognito_close(&command->cognito);
    http_close(command->cognito.http);
    terminal_close(&command->terminal);
    setup_free(&command->setup);
    config_free(command->module);
    memset(command, 0, sizeof(*command));
}

void
command_run(struct command *command, enum account_dialogue dialogue)
{
    const struct sign_in_request request = {
        .user = command->user,
        .host = command->setup.host,
        .service = command->cli->service,
        .map = command->setup.map,
        .attributes = command->cli->attributes,
        .attribute_count = command->cli->attribute_count,
    };
    struct outcome *outcome = &command->result.outcome;
    const struct error_row *row;

    if (dialogue == ACCOUNT_SIGN_IN && !command->cognito.keys_pinned)
        http_warm(command->cognito.http, command->setup.pool.keys_path);
    account_run(dialogue, &command->cognito, &command->terminal.talk,
                command->setup.config, &request, &command->result);
    row = error_row(outcome->error, outcome->note);
    if (outcome->status == STATUS_CANCELLED && !command->terminal.is_terminal
        && row != NULL)
        outcome->status = row->status;
    begin_work(command);
}

enum cli_exit
command_judge(const struct command *command)
{
    const struct outcome *outcome = &command->result.outcome;

    return outcome->status == STATUS_OK
               ? CLI_DONE
               : command_complain(command, outcome->status, outcome->error,
                                  outcome->note);
}

void
command_revoke(struct command *command)
{
    struct cognito_answer answer = {0};

    if (command->result.refresh_token.data == NULL)
        return;
    command->cognito.observe = NULL;
    begin_work(command);
    (void) cognito_revoke_token(&command->cognito,
                                &command->result.refresh_token, &answer);
    cognito_answer_free(&answer);
}
