/*
 * What the tool alone asks of curl: posts that are signed (AWS's Signature
 * Version 4), and a GET or PUT with a header. The helper does not hold this
 * file, so that it can do neither.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TOOL_HTTP_H
#define PAM_COGNITO_TOOL_HTTP_H

#include <stdbool.h>

#include "cognito/http.h"
#include "common/secret.h"
#include "common/status.h"

/* Borrowed for as long as the http lives; they may change between posts. */
struct tool_http_keys {
    const char *region;
    const struct secret *id;
    const struct secret *key;
    const struct secret *token; /* empty: none */
};

/*
 * Does the libcurl that is here sign as AWS wants it? 7.81 leaves headers out
 * that must be signed; 7.88 and newer were tried. *version_out: which it is.
 */
bool tool_http_can_sign(const char **version_out);

/*
 * Every post is signed from now on, for the service cognito-idp. Its keys go
 * to the endpoint only; curl's copies are wiped when the post is dropped.
 */
void tool_http_sign(struct http *http, const struct tool_http_keys *keys);

/*
 * As http_get, with one header line "Name: value" (NULL: none); put: with the
 * method PUT and no body.
 */
enum status tool_http_ask(struct http *http, bool put, const char *path,
                          const struct secret *header,
                          struct http_answer *answer_out);

#endif
