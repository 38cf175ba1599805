/*
 * What came of a request: the one form in which a verdict travels, from the
 * flows over the wire to the module, and to the command-line tool. Zeroed
 * memory is no success.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_OUTCOME_H
#define PAM_COGNITO_OUTCOME_H

#include <stdbool.h>

#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"

/* A text of an outcome, with its NUL; cleaned where it comes from. */
#define OUTCOME_TEXT_SIZE (TEXT_LINE_MAX + 1)

struct outcome {
    enum status status;
    bool must_change; /* signed in, and the password must be changed now */
    bool outage;      /* the endpoint could not be reached, and that is not
                         for want of time or of anything local */
    bool explained;   /* the account's state may be told: the password was
                         proved, or explain_status is set */
    long http;        /* of the answer that decided; 0 when there was none */
    unsigned int ms;  /* all requests together */
    char error[OUTCOME_TEXT_SIZE];      /* Cognito's name of it, or "" */
    char request_id[OUTCOME_TEXT_SIZE]; /* x-amzn-RequestId, or "" */
    char note[OUTCOME_TEXT_SIZE];       /* why, for the log; no secrets */
    char person[OUTCOME_TEXT_SIZE];     /* what the person reads, or "" */
};

/* Writes the fields of a RESULT (docs/design/protocol.md). */
void outcome_put(struct wire *wire, const struct outcome *outcome);

/*
 * Reads them, as the last of a message, and cleans its texts. False when it is
 * not well-formed; *outcome_out is no success then.
 */
bool outcome_get(struct wire *wire, struct outcome *outcome_out);

#endif
