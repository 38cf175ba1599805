/*
 * What a subcommand works with: the settings of both owners, the app client
 * and the person, opened together; what comes of it, and what is said then.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_COMMAND_H
#define PAM_COGNITO_CLI_COMMAND_H

#include "cli/cli.h"
#include "cli/terminal.h"
#include "client/setup.h"
#include "flows/account.h"
#include "flows/sign_in.h"

#define COMMAND_NAME_MAX 512

struct command {
    struct cli *cli;
    const char *arguments[CLI_SETTINGS_MAX + 2];
    size_t argument_count;
    struct config *module; /* the module's keys */
    struct setup setup;    /* the helper's, and its files */
    struct cognito cognito;
    struct terminal terminal;
    char user[COMMAND_NAME_MAX];  /* as on this machine */
    char name[COMMAND_NAME_MAX];  /* as the pool is told */
    struct sign_in_result result; /* of what was run */
};

/*
 * Reads settings and files, as root with root's trust, else with one's own;
 * opens terminal and HTTPS. user NULL: who runs this. extra is one more
 * setting, or NULL. Says on standard error what is wrong. CLI_DONE, or how to
 * end; command_close in every case.
 */
enum cli_exit command_open(struct cli *cli, const char *user,
                           const char *extra, struct command *command);
void command_close(struct command *command);

/*
 * A dialogue of flows/account.h, once; command->result is what comes of it.
 * Where a script has no further answer to a question that the pool's refusal
 * brought up, that refusal is what comes of it.
 */
void command_run(struct command *command, enum account_dialogue dialogue);

/* CLI_DONE, or a complaint of what came of it. */
enum cli_exit command_judge(const struct command *command);

/* Gives the refresh token back, which nobody needs. Failing is no fault. */
void command_revoke(struct command *command);

/* How the program ends after that status: derived from the PAM code. */
enum cli_exit command_exit(enum status status);

/*
 * Says that what was done failed: in a person's words, in the service's, and
 * what usually helps. Returns command_exit(status).
 */
enum cli_exit command_complain(const struct command *command,
                               enum status status, const char *error,
                               const char *message);
enum cli_exit command_complain_of(const struct command *command,
                                  const struct cognito_answer *answer);

/* Says (or prints as {"done":true, ...}) that it is done. */
void command_done(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A message about the settings that calls --set what was given here, which is
 * no module argument to a person: in out, or as it is.
 */
const char *command_in_our_words(const char *message, char *out, size_t size);

/* Whose files may be trusted: root's, and one's own when not root. */
struct file_trust command_trust(void);

#endif
