/*
 * Matching user names by bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/pattern.h"

#include <stddef.h>
#include <string.h>

#define REPEAT_MAX 255
#define ITEMS_MAX 64
#define TEXT_MAX 256

/* One item: which bytes it takes and how often. */
struct item {
    unsigned char set[32]; /* a bit per byte */
    unsigned int least, most;
};

struct pattern {
    struct item items[ITEMS_MAX];
    size_t count;
};

static void
set_add(struct item *item, unsigned int byte)
{
    item->set[byte / 8] |= (unsigned char) (1u << (byte % 8));
}

static bool
set_has(const struct item *item, unsigned int byte)
{
    return (item->set[byte / 8] >> (byte % 8) & 1u) != 0;
}

static void
set_invert(struct item *item)
{
    for (size_t i = 0; i < sizeof(item->set); i++)
        item->set[i] = (unsigned char) ~item->set[i];
}

/* Reads [...] after its bracket; NULL when it is malformed. */
static const unsigned char *
read_class(const unsigned char *at, struct item *item)
{
    bool inverted = *at == '^';
    bool first = true;

    if (inverted)
        at++;
    for (; *at != ']' || first; first = false) {
        unsigned int low = *at++;
        unsigned int high = low;

        if (low == '\0')
            return NULL;
        if (*at == '-' && at[1] != ']') {
            high = at[1];
            if (high < low)
                return NULL;
            at += 2;
        }
        for (unsigned int byte = low; byte <= high; byte++)
            set_add(item, byte);
    }
    if (inverted)
        set_invert(item);
    return at + 1;
}

/* Reads digits up to REPEAT_MAX; NULL when there are none. */
static const unsigned char *
read_count(const unsigned char *at, unsigned int *count_out)
{
    unsigned int count = 0;
    const unsigned char *start = at;

    for (; *at >= '0' && *at <= '9'; at++) {
        count = count * 10 + (*at - '0');
        if (count > REPEAT_MAX)
            return NULL;
    }
    *count_out = count;
    return at == start ? NULL : at;
}

/* Reads what may follow an item: ? * + {m} {m,} {m,n}. */
static const unsigned char *
read_repeat(const unsigned char *at, struct item *item)
{
    item->least = item->most = 1;
    switch (*at) {
    case '?':
        item->least = 0;
        return at + 1;
    case '*':
        item->least = 0;
        item->most = REPEAT_MAX;
        return at + 1;
    case '+':
        item->most = REPEAT_MAX;
        return at + 1;
    case '{':
        break;
    default:
        return at;
    }
    at = read_count(at + 1, &item->least);
    if (at == NULL)
        return NULL;
    item->most = item->least;
    if (*at == ',') {
        at++;
        item->most = REPEAT_MAX;
        if (*at != '}')
            at = read_count(at, &item->most);
    }
    if (at == NULL || *at != '}' || item->most < item->least)
        return NULL;
    return at + 1;
}

static const unsigned char *
read_item(const unsigned char *at, struct item *item)
{
    switch (*at) {
    case '[':
        at = read_class(at + 1, item);
        break;
    case '.':
        set_invert(item);
        at++;
        break;
    case '\\':
        if (at[1] == '\0')
            return NULL;
        set_add(item, at[1]);
        at += 2;
        break;
    case '?':
    case '*':
    case '+':
    case '{':
    case '(':
    case ')':
    case '|':
    case '^':
    case '$':
        return NULL;
    default:
        set_add(item, *at);
        at++;
    }
    return at == NULL ? NULL : read_repeat(at, item);
}

static bool
compile(const char *text, struct pattern *pattern)
{
    const unsigned char *at = (const unsigned char *) text;

    memset(pattern, 0, sizeof(*pattern));
    if (*at == '^')
        at++;
    while (*at != '\0' && !(*at == '$' && at[1] == '\0')) {
        if (pattern->count == ITEMS_MAX)
            return false;
        at = read_item(at, &pattern->items[pattern->count]);
        if (at == NULL)
            return false;
        pattern->count++;
    }
    return pattern->count > 0;
}

bool
pattern_is_valid(const char *pattern)
{
    struct pattern compiled;

    return compile(pattern, &compiled);
}

/*
 * Which prefixes of the text the items so far can take: one bit of places
 * per length. Time is bounded by items x length x length, whatever the
 * pattern.
 */
static bool
match(const struct pattern *pattern, const unsigned char *text, size_t length)
{
    bool places[TEXT_MAX + 1] = {true};
    bool next[TEXT_MAX + 1];

    for (size_t i = 0; i < pattern->count; i++) {
        const struct item *item = &pattern->items[i];

        memset(next, 0, sizeof(next));
        for (size_t from = 0; from <= length; from++) {
            size_t taken = 0;

            if (!places[from])
                continue;
            for (;; taken++) {
                if (taken >= item->least && taken <= item->most)
                    next[from + taken] = true;
                if (taken >= item->most || from + taken >= length
                    || !set_has(item, text[from + taken]))
                    break;
            }
        }
        memcpy(places, next, sizeof(places));
    }
    return places[length];
}

bool
pattern_matches(const char *pattern, const char *text)
{
    struct pattern compiled;
    size_t length = strlen(text);

    return length <= TEXT_MAX && compile(pattern, &compiled)
           && match(&compiled, (const unsigned char *) text, length);
}
