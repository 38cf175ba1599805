/*
 * Does an answer repeat a secret that was sent? Messages and names of the
 * service are logged, and emulators put hashes and sessions into them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ECHO_H
#define PAM_COGNITO_ECHO_H

#include <stdbool.h>

#include "cognito/json.h"
#include "common/secret.h"

/*
 * Does text hold a member of the request that is nobody's to read, or what was
 * typed (NULL: nothing)? The most common message of all is exempt: to withhold
 * it would tell who typed "password".
 */
bool echo_in_text(const struct secret *typed, const struct json *request,
                  const char *text);

/*
 * The same for a name of the service's. Its real names are exempt: they say
 * nothing about a password that happens to stand in one.
 */
bool echo_in_name(const struct secret *typed, const struct json *request,
                  const char *name);

#endif
