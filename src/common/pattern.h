/*
 * A small, locale-free pattern for user names. regcomp() follows the locale
 * of the host, which the caller of su chooses: [a-z] would mean what he wants.
 * Under uselocale() it does not, but then three calls that allocate can fail
 * in a host whose memory its caller limits, and each failure needs an answer
 * of its own. This one cannot fail, and a name is all of a match or none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PATTERN_H
#define PAM_COGNITO_PATTERN_H

#include <stdbool.h>

/*
 * A pattern is a sequence of items that must match the whole name, byte by
 * byte: a character, \ and a character, . for any, or a class [a-z_] or
 * [^...]; each may be followed by ?, *, +, {m}, {m,} or {m,n} (at most 255).
 * ^ in front and $ at the end are allowed and change nothing.
 */
bool pattern_is_valid(const char *pattern);

/* Does the whole text match? False for an invalid pattern. */
bool pattern_matches(const char *pattern, const char *text);

#endif
