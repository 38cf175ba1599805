/*
 * The words and texts of enum status.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/status.h"

#include <string.h>

static const struct {
    const char *word;
    const char *text;
} entries[] = {
#define STATUS_ENTRY(name, word, text) {word, text},
    STATUS_LIST(STATUS_ENTRY)
#undef STATUS_ENTRY
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
status_from_word(const char *word, enum status *status_out)
{
    for (unsigned int i = 0; i < STATUS_COUNT; i++)
        if (strcmp(entries[i].word, word) == 0) {
            *status_out = (enum status) i;
            return true;
        }
    return false;
}
