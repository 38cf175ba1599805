/*
 * A subcommand's way to the pool: the settings of both owners, the app client
 * and the person, opened together; and what is said when the pool says no.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CLIENT_H
#define PAM_COGNITO_CLI_CLIENT_H

#include "cli/cli.h"
#include "cli/terminal.h"
#include "client/setup.h"
#include "flows/account.h"
#include "flows/sign_in.h"

#define CLIENT_NAME_MAX 512

struct client {
    struct cli *cli;
    const char *arguments[CLI_SETTINGS_MAX + 2];
    size_t argument_count;
    struct config *module;          /* the module's keys */
    struct setup setup;             /* the helper's, and its files */
    struct cognito cognito;
    struct terminal terminal;
    char user[CLIENT_NAME_MAX];     /* as on this machine */
    char name[CLIENT_NAME_MAX];     /* as the pool is told */
};

/*
 * Reads settings and files, as root with root's trust, else with one's own;
 * opens terminal and HTTPS. user NULL: who runs this. extra is one more
 * setting, or NULL. Says on standard error what is wrong. CLI_DONE, or how to
 * end; client_close in every case.
 */
enum cli_exit client_open(struct cli *cli, const char *user,
                          const char *extra, struct client *client);
void client_close(struct client *client);

/* The deadline for what is sent now. */
void client_begin_work(struct client *client);

/*
 * A whole sign-in, or a dialogue of flows/account.h, whatever comes of it.
 * Where a script has no further answer to a question that the pool's refusal
 * brought up, that refusal is what comes of it.
 */
void client_run_sign_in(struct client *client,
                        struct sign_in_result *result);
void client_run_account(struct client *client, enum account_dialogue dialogue,
                        struct sign_in_result *result);

/* CLI_DONE, or a complaint of what came of it. */
enum cli_exit client_judge(const struct client *client,
                           const struct sign_in_result *result);

/* Gives the refresh token back, which nobody needs. Failing is no fault. */
void client_revoke(struct client *client,
                   const struct sign_in_result *result);

/* How the program ends after that status: derived from the PAM code. */
enum cli_exit client_exit(enum status status);

/*
 * Says that what was done failed: in a person's words, in the service's, and
 * what usually helps. Returns client_exit(status).
 */
enum cli_exit client_complain(const struct client *client,
                              enum status status, const char *error,
                              const char *message);
enum cli_exit client_complain_of(const struct client *client,
                                 const struct cognito_answer *answer);

/* Says (or prints as {"done":true, ...}) that it is done. */
void client_done(const struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whose files may be trusted: root's, and one's own when not root. */
struct file_trust client_trust(void);

#endif
