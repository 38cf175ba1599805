/*
 * pam-cognito setup: from the installed package to a login, and back. A file
 * for each step; each looks first and says what it would do in a shell, so
 * that what is printed can be run instead.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SETUP_PREPARE_H
#define PAM_COGNITO_SETUP_PREPARE_H

#include <stdbool.h>

#include "cli/cli.h"
#include "common/secret.h"
#include "setup/ledger.h"

#define PREPARE_GROUP "cognito"
#define PREPARE_PROFILE "cognito"
#define PREPARE_TEXT_MAX 512
#define PREPARE_COMMANDS_MAX 16384
#define PREPARE_PROGRAM_MS 60000

enum step_state {
    STEP_THERE,   /* nothing is to do, or it is done */
    STEP_DUE,     /* setup does it */
    STEP_HAND,    /* the administrator does it */
    STEP_SKIPPED, /* not for this machine, or left alone; said where there
                     is something to say */
    STEP_FAILED   /* and nothing that comes later is done */
};

struct prepare {
    struct cli *cli;
    struct ledger ledger;
    struct secret settings;      /* the file's text; empty: it stays */
    struct secret client_secret; /* its file's text; empty: it stays */
    bool has_secret;             /* the settings name its file */
    bool asks;                   /* for it, when it comes to that */
    char secret_path[256];
    char text[PREPARE_TEXT_MAX]; /* what the step is about */
    char commands[PREPARE_COMMANDS_MAX];
};

/*
 * look and look_back find out and change nothing; make and take_back follow
 * where these said STEP_DUE, and their answer is no STEP_DUE.
 */
struct step {
    const char *name;
    enum step_state (*look)(struct prepare *prepare);
    enum step_state (*make)(struct prepare *prepare);
    enum step_state (*look_back)(struct prepare *prepare);
    enum step_state (*take_back)(struct prepare *prepare);
};

extern const struct step prepare_group, prepare_secret, prepare_settings,
    prepare_socket, prepare_profile, prepare_sshd, prepare_keys;

/* What the step is about, in place of what was said. Returns state. */
enum step_state prepare_say(struct prepare *prepare, enum step_state state,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a line for the shell. */
void prepare_command(struct prepare *prepare, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The line that writes a file; text is NULL for what is typed. */
void prepare_command_file(struct prepare *prepare, const char *mode,
                          const char *path, const char *text);

/* Runs it; otherwise says the first line of what it printed. */
bool prepare_run(struct prepare *prepare, char *const words[]);

/* files.c: takes options and secret; CLI_DONE when they can be used. */
enum cli_exit prepare_take(struct prepare *prepare);

enum cli_exit prepare(struct cli *cli);

#endif
