/*
 * How explain draws what it knows: an entry in full, or a row of many, for
 * people on one screen of 80 by 24, for scripts as objects.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_ENTRY_H
#define PAM_COGNITO_CLI_ENTRY_H

#include "cli/output.h"
#include "cli/reasons.h"

#define ENTRY_NAME_MAX 96

/* Whom a line of the log is about, as it stands there; "" for what it does
 * not say. */
struct entry_case {
    char user[ENTRY_NAME_MAX];
    char service[ENTRY_NAME_MAX];
    char host[ENTRY_NAME_MAX];
};

/* A reason in full. error: the words of the service's, or NULL. */
void entry_print(const struct output *output, const char *title,
                 const char *error, enum status status, struct reason reason,
                 const struct entry_case *about);

/*
 * Reasons, a row each, or their words alone where they are too many; in full
 * where there is one, and for scripts.
 */
void entry_print_many(const struct output *output, const enum status *statuses,
                      size_t count);

/* "title: text", for what is no reason of ours. look: a command, or "". */
void entry_say(const struct output *output, const char *title,
               const char *text, const char *look);

/* "  Label     text", broken between words. Nothing where text is "". */
void entry_field(const struct output *output, const char *label,
                 const char *text);

#endif
