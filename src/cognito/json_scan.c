/*
 * A recursive descent over bytes, as deep as JSON_DEPTH_MAX. It refuses what
 * json-c takes: single quotes, NaN, comments, control characters in strings,
 * \u0000, lone surrogates.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/json_scan.h"

#include <string.h>

#include "cognito/json.h"

/* What is left to be scanned, and what was seen. */
struct scan {
    const char *at;
    const char *end;
    struct json_seen seen;
};

static bool scan_value(struct scan *scan, unsigned int depth);

static char
peek(const struct scan *scan)
{
    if (scan->at >= scan->end)
        return '\0';
    return *scan->at;
}

static bool
take(struct scan *scan, char wanted)
{
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

static bool
take_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);

    if ((size_t) (scan->end - scan->at) < length
        || memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

static void
skip_blanks(struct scan *scan)
{
    /* Not strchr, which finds a NUL at the end of every string. */
    while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4) != NULL)
        scan->at++;
}

static bool
skip_digits(struct scan *scan)
{
    const char *start = scan->at;

    while (peek(scan) >= '0' && peek(scan) <= '9')
        scan->at++;
    return scan->at > start;
}

static bool
scan_number(struct scan *scan)
{
    (void) take(scan, '-');
    if (!take(scan, '0') && !skip_digits(scan))
        return false;
    if (take(scan, '.') && !skip_digits(scan))
        return false;
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '-'))
            (void) take(scan, '+');
        return skip_digits(scan);
    }
    return true;
}

/* Four hexadecimal digits. */
static bool
scan_unit(struct scan *scan, unsigned int *unit_out)
{
    *unit_out = 0;
    for (int i = 0; i < 4; i++) {
        char digit = peek(scan);

        if (digit >= '0' && digit <= '9')
            *unit_out = *unit_out << 4 | (unsigned int) (digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *unit_out = *unit_out << 4 | (unsigned int) (digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            *unit_out = *unit_out << 4 | (unsigned int) (digit - 'A' + 10);
        else
            return false;
        scan->at++;
    }
    return true;
}

/* What follows a backslash. */
static bool
scan_escape(struct scan *scan)
{
    unsigned int unit;

    if (!take(scan, 'u')) {
        if (scan->at == scan->end
            || memchr("\"\\/bfnrt", *scan->at, 8) == NULL)
            return false;
        scan->at++;
        return true;
    }
    if (!scan_unit(scan, &unit) || unit == 0)
        return false;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    return unit < 0xdc00 && take(scan, '\\') && take(scan, 'u')
           && scan_unit(scan, &unit) && unit >= 0xdc00 && unit <= 0xdfff;
}

static bool
scan_string(struct scan *scan)
{
    if (!take(scan, '"'))
        return false;
    while (scan->at < scan->end && (unsigned char) *scan->at >= 0x20) {
        if (take(scan, '"'))
            return true;
        if (!take(scan, '\\'))
            scan->at++;
        else if (!scan_escape(scan))
            return false;
    }
    return false;
}

static bool
scan_members(struct scan *scan, unsigned int depth)
{
    skip_blanks(scan);
    if (take(scan, '}'))
        return true;
    for (;;) {
        skip_blanks(scan);
        if (!scan_string(scan))
            return false;
        skip_blanks(scan);
        if (!take(scan, ':') || !scan_value(scan, depth))
            return false;
        scan->seen.members++;
        if (take(scan, '}'))
            return true;
        if (!take(scan, ','))
            return false;
    }
}

static bool
scan_items(struct scan *scan, unsigned int depth)
{
    skip_blanks(scan);
    if (take(scan, ']'))
        return true;
    for (;;) {
        if (!scan_value(scan, depth))
            return false;
        if (take(scan, ']'))
            return true;
        if (!take(scan, ','))
            return false;
    }
}

/* May one more object or array begin inside of depth others? */
static bool
may_nest(struct scan *scan, unsigned int depth)
{
    scan->seen.too_deep |= depth >= JSON_DEPTH_MAX;
    return !scan->seen.too_deep;
}

/* A value with the blanks around it; depth is that of what holds it. */
static bool
scan_value(struct scan *scan, unsigned int depth)
{
    bool good;

    skip_blanks(scan);
    if (peek(scan) == '"')
        good = scan_string(scan);
    else if (take(scan, '{'))
        good = may_nest(scan, depth) && scan_members(scan, depth + 1);
    else if (take(scan, '['))
        good = may_nest(scan, depth) && scan_items(scan, depth + 1);
    else
        good = take_word(scan, "true") || take_word(scan, "false")
               || take_word(scan, "null") || scan_number(scan);
    skip_blanks(scan);
    return good;
}

bool
json_scan(const char *text, size_t length, struct json_seen *seen_out)
{
    struct scan scan = {.at = text, .end = text + length};
    bool good = scan_value(&scan, 0) && scan.at == scan.end;

    *seen_out = scan.seen;
    return good;
}
