/*
 * Text from elsewhere made fit to be shown or logged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TEXT_H
#define PAM_COGNITO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_LINE_MAX 200 /* bytes of a line from the server or the helper */

/*
 * Copies text into out (size bytes with the NUL, at most TEXT_LINE_MAX bytes
 * of it): valid UTF-8 of printable characters stays; C0, C1 and DEL, bidi
 * controls, other invisible format characters, line and paragraph separators
 * and bytes that are no UTF-8 become one '?' each. A character is never cut
 * in two; what was cut ends in "..." where out has room for 16 bytes. NULL
 * reads as "".
 */
void text_clean(const char *text, char *out, size_t size);

/* The same for bytes that need not end in a NUL; a NUL becomes '?'. */
void text_clean_bytes(const void *bytes, size_t length, char *out,
                      size_t size);

/*
 * The same for a text that may be longer than a line, a log line or a finding:
 * out has room for it up to size, which is 1 or more. text is not NULL.
 */
void text_clean_whole(const char *text, char *out, size_t size);

/*
 * Copies a path into out and returns it: whole, or "..." and its end where it
 * is longer, so that nobody looks for what is no path. Not cleaned.
 */
const char *text_path(const char *path, char *out, size_t size);

/* Cuts blanks, and a carriage return at the end, off in place. */
char *text_trim(char *text);

/*
 * Is this a drawing: printable ASCII, newlines and the block elements
 * U+2580 to U+259F, nothing else? What a terminal would obey is not in there.
 */
bool text_is_block(const char *text);

/*
 * May this be sent as a password or code? 1 to 256 characters of valid UTF-8
 * (no surrogates, no overlong forms) without control characters.
 */
bool text_is_password(const char *text, size_t length);

/*
 * What to do where that PAM service's host can ask one question only, for the
 * end of a log line. is_new: the second would have been for a new password.
 */
void text_one_question(const char *service, bool is_new, char *out,
                       size_t size);

/* Valid UTF-8 without NUL; counts the characters. */
bool text_is_utf8(const char *text, size_t length, size_t *characters_out);

#endif
