/*
 * The settings and the client secret: two files, of what the command line,
 * the terminal or a file say.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "common/config.h"
#include "setup/put.h"

#define SETTINGS_MAX 65536
#define SECRET_MAX 4000 /* a line of a file */
#define ENDING ".conf"
#define BEGINNING                                                             \
    "# Written by pam-cognito setup, which replaces it while nobody else "    \
    "has\n# changed it. pam_cognito.conf(5)\n"

/* The secret stands beside the settings. */
static void
name_secret(struct prepare *prepare)
{
    size_t length = strlen(PAM_COGNITO_CONF);
    size_t ending = strlen(ENDING);

    if (length > ending
        && strcmp(&PAM_COGNITO_CONF[length - ending], ENDING) == 0)
        length -= ending;
    (void) snprintf(prepare->secret_path, sizeof(prepare->secret_path),
                    "%.*s.secret", (int) length, PAM_COGNITO_CONF);
}

static enum cli_exit
refuse(const char *setting, const char *why)
{
    output_error("--set %.*s: %s", (int) strcspn(setting, "="), setting, why);
    return CLI_USAGE;
}

/* Whose value is read by nobody else, or that has another way in. */
static enum cli_exit
judge_key(const char *setting)
{
    size_t length = strcspn(setting, "=");

    for (int key = 0; key < KEY_COUNT; key++) {
        const struct config_entry *row = config_entry((enum config_key) key);

        if (strlen(row->name) != length
            || strncmp(row->name, setting, length) != 0)
            continue;
        if (key == KEY_USER_POOL_ID || key == KEY_CLIENT_ID)
            return refuse(setting, "use --user-pool-id and --client-id");
        if (key == KEY_CLIENT_SECRET_FILE)
            return refuse(setting, "use --secret-file or --secret-stdin");
        if (key == KEY_PROXY && strchr(setting, '@') != NULL)
            return refuse(setting, "everybody can read a command line, and "
                                   "the password in it; write it into "
                                   "the file");
        if (row->place != CONFIG_ANYWHERE)
            return refuse(setting, "it is not for all services: write it "
                                   "on PAM's line or into a section");
    }
    return CLI_DONE;
}

/* As both of their readers will. */
static enum cli_exit
judge_values(size_t count, const char *const *arguments)
{
    static const enum config_owner owners[] = {CONFIG_MODULE, CONFIG_HELPER};
    char line[512];

    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        struct config *config = config_new(owners[i]);
        enum status status = STATUS_MEMORY;

        if (config != NULL) {
            config_arguments(config, count, arguments);
            status = config_status(config);
        }
        if (status != STATUS_OK)
            output_error("setup: %s",
                         status == STATUS_CONFIG
                             ? command_in_our_words(config_message(config),
                                                    line, sizeof(line))
                             : "out of memory");
        config_free(config);
        if (status != STATUS_OK)
            return status == STATUS_CONFIG ? CLI_USAGE : CLI_FAILED;
    }
    return CLI_DONE;
}

/* A line of the file; double quotes keep what it would lose. */
static void
add_line(char *text, size_t size, const char *setting)
{
    size_t used = strlen(text), length = strcspn(setting, "=");
    const char *value = setting[length] == '=' ? setting + length + 1 : "yes";
    size_t end = strlen(value);
    bool quoted = end > 0
                  && (value[0] == ' ' || value[0] == '"'
                      || value[end - 1] == ' ');

    (void) snprintf(text + used, size - used, "%.*s = %s%s%s\n", (int) length,
                    setting, quoted ? "\"" : "", value, quoted ? "\"" : "");
}

static enum cli_exit
write_settings(struct prepare *prepare)
{
    const struct cli *cli = prepare->cli;
    static char text[SETTINGS_MAX], pool[512], client[512], file[512];
    const char *arguments[CLI_SETTINGS_MAX + 3] = {pool, client};
    size_t count = 2;
    enum cli_exit code;

    (void) snprintf(pool, sizeof(pool), "user_pool_id=%s", cli->user_pool_id);
    (void) snprintf(client, sizeof(client), "client_id=%s", cli->client_id);
    (void) snprintf(file, sizeof(file), "client_secret_file=%s",
                    prepare->secret_path);
    if (prepare->has_secret)
        arguments[count++] = file;
    for (size_t i = 0; i < cli->setting_count; i++) {
        code = judge_key(cli->settings[i]);
        if (code != CLI_DONE)
            return code;
        arguments[count++] = cli->settings[i];
    }
    code = judge_values(count, arguments);
    if (code != CLI_DONE)
        return code;
    (void) snprintf(text, sizeof(text), "%s", BEGINNING);
    for (size_t i = 0; i < count; i++)
        add_line(text, sizeof(text), arguments[i]);
    if (strlen(text) >= sizeof(text) - 1) {
        output_error("setup: the settings are too long");
        return CLI_USAGE;
    }
    return secret_set_text(&prepare->settings, text) ? CLI_DONE : CLI_FAILED;
}

/* What is in *secret, as a file's only line. */
static enum cli_exit
keep_secret(struct prepare *prepare, const struct secret *secret)
{
    char line[SECRET_MAX + 2];
    size_t length = secret->length;
    bool done;

    if (length > 0 && secret->data[length - 1] == '\n')
        length--;
    if (length > 0 && secret->data[length - 1] == '\r')
        length--;
    if (length == 0) {
        output_error("no client secret was given");
        return CLI_NO_INPUT;
    }
    done = length <= SECRET_MAX;
    for (size_t i = 0; done && i < length; i++)
        done = secret->data[i] > ' ' && secret->data[i] < 0x7f;
    if (!done) {
        output_error("that is no client secret: expected one line without "
                     "blanks");
        return CLI_REFUSED;
    }
    (void) snprintf(line, sizeof(line), "%.*s\n", (int) length, secret->data);
    done = secret_set_text(&prepare->client_secret, line);
    secret_wipe(line, sizeof(line));
    return done ? CLI_DONE : CLI_FAILED;
}

/* optional: nothing means that there is none. */
static enum cli_exit
ask_secret(struct prepare *prepare, bool optional)
{
    struct terminal terminal = {.fd = -1};
    struct secret secret = {0};
    enum cli_exit code = CLI_NO_INPUT;
    const char *prompt = optional ? "Client secret (Enter: there is none): "
                                  : "Client secret: ";

    if (terminal_open(&terminal)
        && terminal_ask(&terminal, true, prompt, &secret) == STATUS_OK) {
        prepare->has_secret = !optional || secret.length > 0;
        code = prepare->has_secret ? keep_secret(prepare, &secret) : CLI_DONE;
    } else {
        output_error("no client secret was given");
    }
    terminal_close(&terminal);
    secret_free(&secret);
    return code;
}

static enum cli_exit
fetch_secret(struct prepare *prepare)
{
    struct secret secret = {0};
    char error[PREPARE_TEXT_MAX];
    enum cli_exit code = CLI_FAILED;

    if (put_read(prepare->cli->secret_file, true, &secret, error,
                 sizeof(error)))
        code = keep_secret(prepare, &secret);
    else
        output_error("--secret-file: %s", error);
    secret_free(&secret);
    return code;
}

static enum cli_exit
take_secret(struct prepare *prepare)
{
    const struct cli *cli = prepare->cli;

    prepare->has_secret = !cli->no_secret;
    if (cli->no_secret)
        return CLI_DONE;
    if (cli->secret_file != NULL)
        return fetch_secret(prepare);
    if (cli->secret_stdin)
        return ask_secret(prepare, false);
    if (access(prepare->secret_path, F_OK) == 0)
        return CLI_DONE;
    if (isatty(STDIN_FILENO) != 1) {
        output_error("setup: has the app client a secret? --secret-stdin, "
                     "--secret-file FILE or --no-secret");
        return CLI_USAGE;
    }
    prepare->asks = !cli->yes;
    return cli->yes ? ask_secret(prepare, true) : CLI_DONE;
}

enum cli_exit
prepare_take(struct prepare *prepare)
{
    const struct cli *cli = prepare->cli;
    int secrets = cli->secret_stdin + cli->no_secret
                  + (cli->secret_file != NULL);
    enum cli_exit code;

    name_secret(prepare);
    if (secrets > 1) {
        output_error("setup: one of --secret-stdin, --secret-file and "
                     "--no-secret");
        return CLI_USAGE;
    }
    if (cli->user_pool_id == NULL && cli->client_id == NULL && secrets == 0
        && cli->setting_count == 0 && access(PAM_COGNITO_CONF, F_OK) == 0)
        return CLI_DONE;
    if (cli->user_pool_id == NULL || cli->client_id == NULL) {
        output_error("setup: --user-pool-id and --client-id are needed for "
                     "the settings");
        return CLI_USAGE;
    }
    code = take_secret(prepare);
    return code == CLI_DONE ? write_settings(prepare) : code;
}

/* What is said of a file that is to hold wanted. */
static enum step_state
look_at(struct prepare *prepare, const char *path, bool private,
        const struct secret *wanted)
{
    char error[PREPARE_TEXT_MAX];

    switch (put_look(&prepare->ledger, path, private, wanted, error,
                     sizeof(error))) {
    case PUT_SAME:
        return prepare_say(prepare, STEP_THERE, "%s is as it should be", path);
    case PUT_FOREIGN:
        return prepare_say(prepare, STEP_FAILED,
                           "%s holds something else, which setup did not "
                           "write: move it away, or change it by hand and "
                           "run setup without settings",
                           path);
    case PUT_BAD:
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    case PUT_ABSENT:
    case PUT_OURS:
        break;
    }
    if (!put_may_write(path, error, sizeof(error)))
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    prepare_command_file(prepare, private ? "0600" : "0644", path,
                         private ? NULL : wanted->data);
    return prepare_say(prepare, STEP_DUE, "write %s%s", path,
                       private ? ", for root alone; the secret is standard "
                                 "input"
                               : "");
}

static enum step_state
put(struct prepare *prepare, const char *path, mode_t mode,
    const struct secret *wanted)
{
    char error[PREPARE_TEXT_MAX];

    if (put_write(&prepare->ledger, path, mode, wanted, error, sizeof(error)))
        return STEP_THERE;
    return prepare_say(prepare, STEP_FAILED, "%s", error);
}

static enum step_state
look_back_at(struct prepare *prepare, const char *path, bool private)
{
    char error[PREPARE_TEXT_MAX];
    enum put_state state;

    state = put_look(&prepare->ledger, path, private, NULL, error,
                     sizeof(error));
    if (state == PUT_ABSENT)
        return prepare_say(prepare, STEP_THERE, "%s is not there", path);
    if (!ledger_has_path(&prepare->ledger, path))
        return prepare_say(prepare, STEP_SKIPPED,
                           "setup did not write %s: it stays", path);
    if (state != PUT_OURS)
        return prepare_say(prepare, STEP_SKIPPED,
                           "%s was changed since setup wrote it: it stays",
                           path);
    prepare_command(prepare, "/usr/bin/rm -f %s", path);
    return prepare_say(prepare, STEP_DUE, "remove %s", path);
}

static enum step_state
take_away(struct prepare *prepare, const char *path)
{
    char error[PREPARE_TEXT_MAX];

    if (put_remove(path, error, sizeof(error)))
        return STEP_THERE;
    return prepare_say(prepare, STEP_FAILED, "%s", error);
}

static enum step_state
look_secret(struct prepare *prepare)
{
    if (prepare->settings.length == 0)
        return prepare_say(prepare, STEP_SKIPPED,
                           "the settings stay, and so does what they name");
    if (!prepare->has_secret)
        return prepare_say(prepare, STEP_SKIPPED, "the app client has none");
    if (prepare->client_secret.length > 0)
        return look_at(prepare, prepare->secret_path, true,
                       &prepare->client_secret);
    if (!prepare->asks)
        return prepare_say(prepare, STEP_THERE, "%s stays as it is",
                           prepare->secret_path);
    prepare_command_file(prepare, "0600", prepare->secret_path, NULL);
    return prepare_say(prepare, STEP_DUE,
                       "ask for it, and write %s, for root alone",
                       prepare->secret_path);
}

static enum step_state
make_secret(struct prepare *prepare)
{
    return put(prepare, prepare->secret_path, 0600, &prepare->client_secret);
}

static enum step_state
look_back_secret(struct prepare *prepare)
{
    name_secret(prepare);
    return look_back_at(prepare, prepare->secret_path, true);
}

static enum step_state
take_back_secret(struct prepare *prepare)
{
    return take_away(prepare, prepare->secret_path);
}

static enum step_state
look_settings(struct prepare *prepare)
{
    if (prepare->settings.length == 0)
        return prepare_say(prepare, STEP_THERE,
                           PAM_COGNITO_CONF " stays as it is");
    return look_at(prepare, PAM_COGNITO_CONF, false, &prepare->settings);
}

static enum step_state
make_settings(struct prepare *prepare)
{
    return put(prepare, PAM_COGNITO_CONF, 0644, &prepare->settings);
}

static enum step_state
look_back_settings(struct prepare *prepare)
{
    return look_back_at(prepare, PAM_COGNITO_CONF, false);
}

static enum step_state
take_back_settings(struct prepare *prepare)
{
    return take_away(prepare, PAM_COGNITO_CONF);
}

const struct step prepare_secret = {"secret", look_secret, make_secret,
                                    look_back_secret, take_back_secret};
const struct step prepare_settings = {"settings", look_settings, make_settings,
                                      look_back_settings, take_back_settings};
