/*
 * pam-cognito mfa enroll, status and prefer. Each signs in first: all of them
 * need an access token. How an app is set up is the flows' to ask.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/mfa.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "common/text.h"
#include "flows/mfa.h"

/* One of the three, when signed in: command.result has the access token. */
struct task {
    struct command command;
    enum challenge factor; /* that is meant */
};

/* Our word for the service's name, or that name. */
static const char *
word_of(const char *name)
{
    const char *word = vocabulary_challenge(vocabulary_named(name))->method;

    return word == NULL ? name : word;
}

static bool
add_methods(struct json *object, const struct json *list)
{
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++) {
        enum challenge factor = (enum challenge) at;
        const char *method = vocabulary_challenge(factor)->method;

        if (method != NULL
            && !json_add_boolean(object, method, mfa_offers(list, factor)))
            return false;
    }
    return true;
}

static void
print_status(const struct command *command, const struct json *list,
             const char *preferred)
{
    const struct output *output = &command->cli->output;
    const char *word = preferred == NULL ? "" : word_of(preferred);
    struct json *object = json_new();
    bool whole = json_add_text(object, "user", command->name)
                 && add_methods(object, list)
                 && json_add_text(object, "preferred", word);
    char line[TEXT_LINE_MAX];

    output_object(output, object, whole);
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
                    command->name);
}

static enum cli_exit
show(struct task *task)
{
    struct command *command = &task->command;
    struct cognito_answer answer = {0};
    enum cli_exit code = CLI_DONE;

    if (cognito_get_user(&command->cognito, &command->result.access_token,
                         &answer)
        == STATUS_OK)
        print_status(command, json_array(answer.body, "UserMFASettingList"),
                     json_text(answer.body, "PreferredMfaSetting"));
    else
        code = command_complain_of(command, &answer);
    cognito_answer_free(&answer);
    return code;
}

static enum cli_exit
prefer(struct task *task)
{
    struct command *command = &task->command;
    struct cognito_answer answer = {0};
    enum cli_exit code = CLI_DONE;

    if (cognito_prefer_mfa(&command->cognito, &command->result.access_token,
                           task->factor, &answer)
        == STATUS_OK)
        command_done(command, "%s is now asked for a second factor by %s.",
                     command->name,
                     vocabulary_challenge(task->factor)->method);
    else
        code = command_complain_of(command, &answer);
    cognito_answer_free(&answer);
    return code;
}

static enum cli_exit
say_enrolled(struct task *task)
{
    command_done(&task->command,
                 "From now on %s is asked for a code from the authenticator "
                 "app. See: pam-cognito mfa status",
                 task->command.name);
    return CLI_DONE;
}

static const struct action {
    const char *word;
    enum cli_exit (*run)(struct task *task);
    bool sets_up; /* an app, after the sign-in */
    int operands; /* before the user */
} actions[] = {
    {"enroll", say_enrolled, true, 1},
    {"status", show, false, 1},
    {"prefer", prefer, false, 2},
};

static const struct action *
find_action(const char *word)
{
    for (size_t i = 0;
         word != NULL && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].word, word) == 0)
            return &actions[i];
    return NULL;
}

static const char *
name_of_action(size_t index)
{
    return index < sizeof(actions) / sizeof(actions[0]) ? actions[index].word
                                                        : NULL;
}

bool
mfa_meant(const char *typed)
{
    return output_meant("mfa ", typed, name_of_action);
}

enum cli_exit
mfa(struct cli *cli)
{
    const struct action *action = find_action(cli_operand(cli, 0));
    struct task task = {0};
    char methods[VOCABULARY_LIST_MAX];
    const char *setting = NULL;
    enum cli_exit code;

    if (action == NULL || cli->operand_count > action->operands + 1) {
        vocabulary_list(VOCABULARY_METHODS, "|", "|", methods);
        output_error("mfa: expected enroll [USER], status [USER] or prefer "
                     "%s [USER]",
                     methods);
        if (action == NULL && find_action(cli_operand(cli, 1)) != NULL)
            output_error("did you mean mfa %s %s?", cli_operand(cli, 1),
                         cli_operand(cli, 0));
        else if (action == NULL && cli->operand_count > 0)
            (void) mfa_meant(cli_operand(cli, 0));
        return CLI_USAGE;
    }
    if (action->operands == 2) {
        const char *word = cli_operand(cli, 1);

        /* As people call it. */
        if (word != NULL && strcmp(word, "app") == 0)
            word = vocabulary_challenge(CHALLENGE_SOFTWARE_TOKEN_MFA)->method;
        task.factor = vocabulary_method(word);
        if (vocabulary_challenge(task.factor)->method == NULL) {
            vocabulary_list(VOCABULARY_METHODS, ", ", " or ", methods);
            output_error("mfa prefer: expected %s", methods);
            return CLI_USAGE;
        }
    }
    /* The pool may demand a factor before it lets anybody in. A setting given
     * twice is a fault, so ours gives way to the person's. */
    if (action->sets_up && !cli_is_set(cli, "mfa_setup"))
        setting = "mfa_setup=yes";
    code = command_open(cli, cli_operand(cli, action->operands), setting,
                        &task.command);
    if (code == CLI_DONE) {
        command_run(&task.command,
                    action->sets_up ? ACCOUNT_ENROLL_APP : ACCOUNT_SIGN_IN);
        code = command_judge(&task.command);
    }
    if (code == CLI_DONE)
        code = action->run(&task);
    command_revoke(&task.command);
    command_close(&task.command);
    return code;
}
