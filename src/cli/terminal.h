/*
 * The person at the terminal, or a script behind a pipe: struct talk on
 * standard input. Prompts go to the terminal, or to standard error where there
 * is none; what is secret is typed without echo. Knows no Cognito.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_TERMINAL_H
#define PAM_COGNITO_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/output.h"
#include "cognito/http.h"
#include "common/secret.h"
#include "flows/talk.h"

struct command;

/* talk is first: a pointer to it is a pointer to the whole. */
struct terminal {
    struct talk talk;
    int fd;        /* where answers come from */
    FILE *prompts; /* where prompts go */
    bool is_terminal;
    enum output_drawing drawing; /* how; set before it is opened */
    bool verbose;                /* debug lines of the flows too */
    struct http *http;      /* carried on while the person types, or NULL */
    unsigned int budget_ms; /* for what follows each answer */
    const struct command *command; /* whose it is; for its own use */
};

/*
 * Standard input when it is no terminal, else /dev/tty. False with an error
 * line when neither can be used.
 */
bool terminal_open(struct terminal *terminal);

void terminal_close(struct terminal *terminal);

/*
 * Asks, as talk.ask does: STATUS_OK with the answer, STATUS_CANCELLED at the
 * end of the input, STATUS_MEMORY.
 */
enum status terminal_ask(struct terminal *terminal, bool hidden,
                         const char *prompt, struct secret *answer_out);

#endif
