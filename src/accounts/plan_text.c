/*
 * The texts of a plan, and the words for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "accounts/plan_parts.h"
#include "common/text.h"

const char *
parts_text(struct parts *parts, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0)
        text = pieces_take(&parts->plan->memory, (size_t) length + 1);
    if (text == NULL) {
        parts->is_out_of_memory = true;
        return "";
    }
    va_start(arguments, format);
    (void) vsnprintf(text, (size_t) length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void
plan_full_name(const char *name, char out[PLAN_FULL_NAME_SIZE])
{
    char clean[PLAN_FULL_NAME_SIZE];
    size_t used = 0;

    text_clean(name, clean, sizeof(clean));
    for (const char *at = clean; *at != '\0'; at++) {
        if (strchr(":,= ", *at) == NULL)
            out[used++] = *at;
        else if (used > 0 && out[used - 1] != ' ')
            out[used++] = ' ';
    }
    if (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

const char *
plan_word(enum plan_kind kind)
{
    static const char *const words[] = {
        [PLAN_KEYS] = "keys",           [PLAN_LEAVE] = "leave",
        [PLAN_LOCK] = "lock",           [PLAN_MAKE_GROUP] = "make-group",
        [PLAN_TAKE_OVER] = "take-over", [PLAN_MAKE] = "make",
        [PLAN_ADOPT] = "adopt",         [PLAN_UNLOCK] = "unlock",
        [PLAN_JOIN] = "join",           [PLAN_FULL_NAME] = "full-name",
        [PLAN_FORGET] = "forget",
    };

    return words[kind];
}
