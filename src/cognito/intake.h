/*
 * An HTTP answer while it arrives: bounded, its headers cleaned, wiped where
 * it moves. Knows neither curl nor what the answer is about.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_INTAKE_H
#define PAM_COGNITO_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "cognito/http.h"

/* Initialise with {0}, intake_clear in every case. */
struct intake {
    struct http_answer answer; /* the body and what headers say */
    size_t capacity;           /* bytes of answer.body.data */
    size_t headers;            /* bytes so far, of interim answers too */
    bool too_large;
    bool no_memory;
};

/*
 * Takes a line of the headers, with its end; a status line starts them anew.
 * False, and too_large, when all of them together are over 300 KiB.
 */
bool intake_header(struct intake *intake, const char *line, size_t length);

/*
 * Takes more of the body. False when it would have more than most bytes, then
 * too_large, or no_memory.
 */
bool intake_body(struct intake *intake, const char *bytes, size_t length,
                 size_t most);

/* Wipes, frees, and is ready for another. */
void intake_clear(struct intake *intake);

#endif
