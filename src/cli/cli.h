/*
 * What all subcommands of pam-cognito(1) share: what the command line said,
 * and how the program ends.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CLI_H
#define PAM_COGNITO_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/output.h"
#include "cognito/api.h"

#define CLI_SETTINGS_MAX 64
#define CLI_ATTRIBUTES_MAX 32

/* Exit codes, as pam-cognito(1) documents them. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_REFUSED = 1, /* the pool said no, or check found problems */
    CLI_USAGE = 2,
    CLI_CONFIG = 3,      /* nothing can work with this configuration */
    CLI_UNAVAILABLE = 4, /* the pool could not be asked */
    CLI_NO_INPUT = 5,    /* an answer was needed and none came */
    CLI_FAILED = 6       /* this machine: memory, a full disk, a bug */
};

struct cli {
    struct output output;
    const char *name;     /* of the subcommand */
    const char *service;  /* "" unless --service was given */
    char *config;         /* "config=/path", or NULL */
    size_t setting_count; /* --set, as given */
    const char *settings[CLI_SETTINGS_MAX];
    size_t attribute_count; /* sign-up: --email, --phone, --attribute */
    struct cognito_field attributes[CLI_ATTRIBUTES_MAX];
    bool debug;
    bool explain;    /* secret-hash */
    bool from_input; /* secret-hash: --stdin */
    bool tokens;     /* login */
    bool show_tokens;
    bool offline;       /* check, setup */
    const char *report; /* check, as the next */
    bool verbose;
    bool one_a_line;
    unsigned int problem; /* its number, or 0 */
    bool yes;             /* setup, as the next */
    bool undo;
    const char *user_pool_id;
    const char *client_id;
    bool secret_stdin;
    bool no_secret;
    const char *secret_file;
    bool dry_run; /* accounts, as the next */
    bool force;
    bool terminate;
    const char *format;
    enum output_drawing drawing; /* mfa, login, as the next */
    char issuer[256];            /* of it, as a setting */
    int operand_count;           /* words after the subcommand */
    char **operands;
};

/* Operand number index, or NULL. */
const char *cli_operand(const struct cli *cli, int index);

/* Do --set or --config give the key that stands there, up to its = if any? */
bool cli_is_set(const struct cli *cli, const char *argument);

/*
 * Appends what they give, in the form of module arguments, to count of them:
 * CLI_SETTINGS_MAX + 1 at most. Returns how many there are then.
 */
size_t cli_add_settings(const struct cli *cli, const char **arguments,
                        size_t count);

#endif
