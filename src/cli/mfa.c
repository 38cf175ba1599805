/*
 * pam-cognito mfa enroll, status and prefer. Each signs in first: all of them
 * need an access token.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/mfa.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "common/text.h"
#include "flows/totp.h"

#define TRIES_MAX 5
#define DEVICE_NAME "pam_cognito"

/* One of the three, when signed in. result->access_token is there. */
struct task {
    struct client client;
    struct sign_in_result result;
    enum challenge factor;       /* that is meant */
    bool set_up;                 /* during the sign-in already */
};

/* Our word for the service's name, or that name. */
static const char *
word_of(const char *name)
{
    const char *word = vocabulary_challenge(vocabulary_named(name))->method;

    return word == NULL ? name : word;
}

static bool
holds(const struct json *list, enum challenge factor)
{
    for (size_t i = 0; i < json_length(list); i++)
        if (vocabulary_named(json_item_text(list, i)) == factor)
            return true;
    return false;
}

static bool
add_methods(struct json *object, const struct json *list)
{
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++) {
        enum challenge factor = (enum challenge) at;
        const char *method = vocabulary_challenge(factor)->method;

        if (method != NULL
            && !json_add_boolean(object, method, holds(list, factor)))
            return false;
    }
    return true;
}

static void
print_status(const struct client *client, const struct json *list,
             const char *preferred)
{
    const struct output *output = &client->cli->output;
    struct json *object;
    char line[TEXT_LINE_MAX];

    if (!output->json) {
        for (size_t i = 0; i < json_length(list); i++) {
            const char *name = json_item_text(list, i);

            if (name == NULL)
                continue;
            text_clean(word_of(name), line, sizeof(line));
            output_line(output, TONE_PLAIN, "%s%s", line,
                        preferred != NULL && strcmp(preferred, name) == 0
                            ? "  (preferred)"
                            : "");
        }
        if (json_length(list) == 0)
            output_line(output, TONE_PLAIN, "%s has no second factor.",
                        client->name);
        return;
    }
    object = json_new();
    if (object == NULL || !json_add_text(object, "user", client->name)
        || !add_methods(object, list)
        || !json_add_text(object, "preferred",
                          preferred == NULL ? "" : word_of(preferred))) {
        json_free(object);
        return;
    }
    output_object(output, object);
}

static enum cli_exit
show(struct task *task)
{
    struct client *client = &task->client;
    struct cognito_answer answer = {0};
    enum cli_exit code = CLI_DONE;

    if (cognito_get_user(&client->cognito, &task->result.access_token,
                         &answer)
        == STATUS_OK)
        print_status(client, json_array(answer.body, "UserMFASettingList"),
                     json_text(answer.body, "PreferredMfaSetting"));
    else
        code = client_complain_of(client, &answer);
    cognito_answer_free(&answer);
    return code;
}

static enum cli_exit
prefer(struct task *task)
{
    struct client *client = &task->client;
    struct cognito_answer answer = {0};
    enum cli_exit code = CLI_DONE;

    if (cognito_prefer_mfa(&client->cognito, &task->result.access_token,
                           task->factor, &answer)
        == STATUS_OK)
        client_done(client, "%s is now asked for a second factor by %s.",
                    client->name,
                    vocabulary_challenge(task->factor)->method);
    else
        code = client_complain_of(client, &answer);
    cognito_answer_free(&answer);
    return code;
}

/* Draws the key where it can be drawn; the prompt has it in any case. */
static void
draw(struct client *client, const char *key)
{
    char uri[512], block[TOTP_BLOCK_MAX];

    if (client->terminal.is_terminal
        && totp_uri(client->setup.pool.id, client->name, key, uri,
                    sizeof(uri))
        && totp_draw(uri, block, sizeof(block)))
        (void) client->terminal.talk.block(&client->terminal.talk, block);
    secret_wipe(uri, sizeof(uri));
    secret_wipe(block, sizeof(block));
}

static bool
is_the_password(const struct client *client, const struct secret *typed)
{
    const struct secret *password = &client->terminal.password;

    return password->data != NULL && typed->length == password->length
           && memcmp(typed->data, password->data, typed->length) == 0;
}

/* Asks for codes until one is right. */
static enum cli_exit
verify(struct task *task, const char *key)
{
    struct client *client = &task->client;
    struct cognito_answer answer = {0};
    enum status status = STATUS_WRONG_CODE;
    struct secret typed = {0};
    char prompt[TEXT_LINE_MAX];
    enum cli_exit code = CLI_DONE;

    (void) snprintf(prompt, sizeof(prompt),
                    "Add the key %.104s to your authenticator app. Its code: ",
                    key);
    for (int i = 0; status == STATUS_WRONG_CODE && i < TRIES_MAX; i++) {
        status = terminal_ask(&client->terminal, false,
                              i == 0 ? prompt : "That code is wrong. Code: ",
                              &typed);
        if (status != STATUS_OK)
            break;
        /* A script that answers everything alike. */
        if (is_the_password(client, &typed)) {
            status = STATUS_NO_DIALOGUE;
            break;
        }
        if (typed.length != 6 || strspn(typed.data, "0123456789") != 6) {
            status = STATUS_WRONG_CODE;
            continue;
        }
        status = cognito_verify_software_token(
            &client->cognito, &task->result.access_token, NULL, typed.data,
            DEVICE_NAME, &answer);
        if (status == STATUS_CODE_EXPIRED)
            status = STATUS_WRONG_CODE;
    }
    if (status != STATUS_OK)
        code = client_complain(client, status, answer.error, answer.message);
    cognito_answer_free(&answer);
    secret_free(&typed);
    secret_wipe(prompt, sizeof(prompt));
    return code;
}

static enum cli_exit
enroll(struct task *task)
{
    struct client *client = &task->client;
    struct cognito_answer answer = {0};
    enum cli_exit code;
    const char *key;

    /* The pool demanded it before it let the user in, and it was done. */
    if (task->set_up) {
        client_done(client, "%s has an authenticator app now.", client->name);
        return CLI_DONE;
    }
    if (cognito_associate_software_token(&client->cognito,
                                         &task->result.access_token, NULL,
                                         &answer)
        != STATUS_OK) {
        code = client_complain_of(client, &answer);
        cognito_answer_free(&answer);
        return code;
    }
    key = json_text(answer.body, "SecretCode");
    if (!totp_is_key(key)) {
        code = client_complain(client, STATUS_UNREADABLE, "",
                               "an answer without a usable key");
    } else {
        draw(client, key);
        code = verify(task, key);
    }
    cognito_answer_free(&answer);
    if (code != CLI_DONE)
        return code;
    task->factor = CHALLENGE_SOFTWARE_TOKEN_MFA;
    return prefer(task);
}

/* Was a factor set up while signing in? */
static void
on_answer(void *observer, const char *operation,
          const struct cognito_answer *answer)
{
    struct task *task = observer;

    if (strcmp(operation, "VerifySoftwareToken") == 0
        && answer->status == STATUS_OK)
        task->set_up = true;
}

static const struct action {
    const char *word;
    enum cli_exit (*run)(struct task *task);
    const char *setting; /* that the sign-in needs */
    int operands;        /* before the user */
} actions[] = {
    {"enroll", enroll, "mfa_setup=yes", 1},
    {"status", show, NULL, 1},
    {"prefer", prefer, NULL, 2},
};

static const struct action *
find_action(const char *word)
{
    for (size_t i = 0; word != NULL
                       && i < sizeof(actions) / sizeof(actions[0]);
         i++)
        if (strcmp(actions[i].word, word) == 0)
            return &actions[i];
    return NULL;
}

/* A setting given twice is a fault, so ours gives way to the person's. */
static bool
is_given(const struct cli *cli, const char *setting)
{
    size_t length = strcspn(setting, "=");

    for (size_t i = 0; i < cli->setting_count; i++)
        if (strncmp(cli->settings[i], setting, length) == 0
            && (cli->settings[i][length] == '='
                || cli->settings[i][length] == '\0'))
            return true;
    return false;
}

enum cli_exit
mfa(struct cli *cli)
{
    const struct action *action = find_action(cli_operand(cli, 0));
    struct task task = {0};
    char methods[VOCABULARY_LIST_MAX];
    const char *setting;
    enum cli_exit code;

    if (action == NULL || cli->operand_count > action->operands + 1) {
        vocabulary_list(VOCABULARY_METHODS, "|", "|", methods);
        output_error("mfa: expected enroll [USER], status [USER] or prefer "
                     "%s [USER]",
                     methods);
        return CLI_USAGE;
    }
    if (action->operands == 2) {
        task.factor = vocabulary_method(cli_operand(cli, 1));
        if (vocabulary_challenge(task.factor)->method == NULL) {
            vocabulary_list(VOCABULARY_METHODS, ", ", " or ", methods);
            output_error("mfa prefer: expected %s", methods);
            return CLI_USAGE;
        }
    }
    setting = action->setting;
    if (setting != NULL && is_given(cli, setting))
        setting = NULL;
    code = client_open(cli, cli_operand(cli, action->operands), setting,
                       &task.client);
    if (code == CLI_DONE) {
        task.client.terminal.keep_password = true;
        task.client.cognito.observe = on_answer;
        task.client.cognito.observer = &task;
        code = client_sign_in(&task.client, &task.result);
    }
    if (code == CLI_DONE)
        code = action->run(&task);
    client_revoke(&task.client, &task.result);
    sign_in_free(&task.result);
    client_close(&task.client);
    return code;
}
