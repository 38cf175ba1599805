/*
 * What a status means and what usually helps: the row of the service's error
 * where there is one, else the words of docs/errors.md.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_REASONS_H
#define PAM_COGNITO_CLI_REASONS_H

#include "cognito/error.h"
#include "common/status.h"

struct reason {
    const char *meaning; /* one or more sentences */
    const char *fix;     /* or "" */
};

#define CAUSES_MAX 4

struct causes {
    const char *look;               /* a command, or "" */
    const char *likely[CAUSES_MAX]; /* the likely first, up to a NULL */
};

/* Of cause.def; an empty one where there is no row. */
const struct causes *causes_of_status(enum status status);

/* Of a reason word alone. */
struct reason reason_of_status(enum status status);

/*
 * Of an error of the service; "" and "" for a fault that is none. Falls back
 * to the reason word.
 */
struct reason reason_of(enum status status, const char *error,
                        const char *message);

#endif
