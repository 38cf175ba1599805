/*
 * The words of docs/errors.md about each reason word, taken from there when
 * the program is built.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/reasons.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    struct reason reason;
} reasons[] = {
#include "cli/reasons_table.h"
};

struct reason
reason_of_status(enum status status)
{
    struct reason none = {"A reason that this program does not know.", ""};
    const char *word = status_word(status);

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].word, word) == 0)
            return reasons[i].reason;
    return none;
}

struct reason
reason_of(enum status status, const char *error, const char *message)
{
    const struct error_row *row = error_row(error, message);
    struct reason reason = reason_of_status(status);

    /* The last answer may have been fine and something else the matter. */
    if (row != NULL && row->status == status) {
        reason.meaning = row->meaning;
        reason.fix = row->fix;
    }
    return reason;
}
