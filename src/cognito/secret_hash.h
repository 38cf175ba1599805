/*
 * SECRET_HASH: Base64(HMAC-SHA-256(client secret, user name + client ID)).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SECRET_HASH_H
#define PAM_COGNITO_SECRET_HASH_H

#include <stdbool.h>

#include "common/secret.h"

#define SECRET_HASH_SIZE 45 /* 44 characters and a NUL */

/*
 * Computes the hash over the bytes of username followed by client_id; no
 * normalisation. False when OpenSSL fails or the secret is empty (an empty
 * secret means that no hash is sent at all).
 */
bool secret_hash(const struct secret *client_secret, const char *username,
                 const char *client_id, char hash_out[SECRET_HASH_SIZE]);

#endif
