/*
 * The responder's token key, made at start: JWKS and RS256 tokens (RFC 7515).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BENCH_SIGNING_H
#define PAM_COGNITO_BENCH_SIGNING_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the key; false when OpenSSL cannot. */
bool signing_open(void);

/* The JWKS document. */
const char *signing_keys(void);

/* The claims as a signed token, for the caller to free; NULL on failure. */
char *signing_token(const char *claims);

/* Base64 of bytes, the URL alphabet without padding or the plain one. */
char *signing_base64(const void *bytes, size_t length, bool url);

#endif
