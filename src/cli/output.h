/*
 * What the tool prints: words for people, or one JSON object a line for
 * scripts. Colours only on a terminal that wants them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_OUTPUT_H
#define PAM_COGNITO_CLI_OUTPUT_H

#include <stdbool.h>

#include "cognito/json.h"

struct output {
    bool json;
    bool colour;
};

enum output_tone {
    TONE_PLAIN,
    TONE_GOOD,
    TONE_WARNING,
    TONE_BAD,
    TONE_FAINT,
    TONE_STRONG
};

/* Looks at the terminal, NO_COLOR and TERM. */
void output_init(struct output *output, bool json);

/* How the code for an authenticator app is drawn. */
enum output_drawing {
    DRAWING_FITTING, /* UTF-8, where the locale is */
    DRAWING_UTF8,    /* block elements, whatever the locale is */
    DRAWING_ANSI,    /* background colours */
    DRAWING_NONE
};

/*
 * NULL where such a drawing would look right on this terminal, else why not.
 * Looks at TERM, the locale's character set and the size.
 */
const char *output_no_drawing(int fd, enum output_drawing drawing);

/* The sequences around text of that tone; "" without colours. */
const char *output_begin(const struct output *output, enum output_tone tone);
const char *output_end(const struct output *output);

/*
 * A line on standard output, in the given tone. Nothing with --json. What
 * came from elsewhere must have been cleaned.
 */
void output_line(const struct output *output, enum output_tone tone,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * A JSON object on a line of its own, unless some of it is missing because
 * memory is out; frees it. Nothing without --json.
 */
void output_object(const struct output *output, struct json *object,
                   bool whole);

/*
 * "did you mean NAME?", mark before it, where one of the names was meant: it
 * has the fewest slips. What stands behind a = does not count. Was one?
 */
bool output_meant(const char *mark, const char *typed,
                  const char *(*name_of)(size_t index));

/* "pam-cognito: " and a line on standard error. */
void output_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Flushes standard output; false (and an error line) when it could not be
 * written, so that a full disk is no success.
 */
bool output_finish(void);

#endif
