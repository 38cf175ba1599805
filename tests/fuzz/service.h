/*
 * The service in the place of http.c, for fuzz targets: answers from the
 * input, each: HTTP status in a byte, then a body up to the next NUL. Where
 * they end the connection breaks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FUZZ_SERVICE_H
#define PAM_COGNITO_FUZZ_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "cognito/http.h"

/* A connection for those who open none themselves. */
extern struct http service_connection;

/* The answers from now on. */
void service_answers(const uint8_t *input, size_t size);

/* How many were given since then. */
unsigned int service_asked(void);

#endif
