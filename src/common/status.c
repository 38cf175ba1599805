/*
 * What reason.def has for the log and the person.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/status.h"

#include <string.h>

enum told { OPEN, STATE };

static const struct {
    const char *word;
    const char *text;
    enum told told;
} entries[] = {
#define REASON(name, word, codes, told, person, meaning, fix)                 \
    {word, person, told},
#include "common/reason.def"
#undef REASON
};

static bool
is_listed(enum status status)
{
    return (unsigned int) status < STATUS_COUNT;
}

const char *
status_word(enum status status)
{
    return entries[is_listed(status) ? status : STATUS_INTERNAL].word;
}

const char *
status_text(enum status status)
{
    return entries[is_listed(status) ? status : STATUS_INTERNAL].text;
}

bool
status_is_state(enum status status)
{
    return is_listed(status) && entries[status].told == STATE;
}

bool
status_from_word(const char *word, enum status *status_out)
{
    for (unsigned int i = 0; i < STATUS_COUNT; i++)
        if (strcmp(entries[i].word, word) == 0) {
            *status_out = (enum status) i;
            return true;
        }
    return false;
}
