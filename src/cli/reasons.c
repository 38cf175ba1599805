/*
 * What reason.def, cause.def and the table of errors say to administrators.
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

static const struct causes causes[STATUS_COUNT] = {
#define CAUSE(name, look, ...) [STATUS_##name] = {look, {__VA_ARGS__}},
#include "cli/cause.def"
#undef CAUSE
};

const struct causes *
causes_of_status(enum status status)
{
    static const struct causes none = {"", {NULL}};
    const struct causes *found
        = &causes[(unsigned int) status < STATUS_COUNT ? status
                                                       : STATUS_INTERNAL];

    return found->look == NULL ? &none : found;
}

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
