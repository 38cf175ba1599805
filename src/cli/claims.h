/*
 * What a token says, for people to read. It verifies nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CLAIMS_H
#define PAM_COGNITO_CLI_CLAIMS_H

#include "cli/output.h"
#include "common/secret.h"

/*
 * Prints the payload of a signed token under that title, one claim a line,
 * or as {"title": {...}}; says so when it is no signed token.
 */
void claims_print(const struct output *output, const char *title,
                  const struct secret *token);

#endif
