/*
 * What reason.def and the table of errors say to administrators.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/reasons.h"

#include <string.h>

static const struct reason reasons[] = {
#define REASON(name, word, codes, told, person, meaning, fix) {meaning, fix},
#include "common/reason.def"
#undef REASON
};

struct reason
reason_of_status(enum status status)
{
    return reasons[(unsigned int) status < STATUS_COUNT ? status
                                                        : STATUS_INTERNAL];
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
