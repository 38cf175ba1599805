/*
 * Whether OpenSSL is of any use in this process. Asked once, at the start, so
 * that a broken OpenSSL is not taken for a broken network or token. And a
 * digest.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CRYPTO_H
#define PAM_COGNITO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Can it make random numbers and digests? A broken openssl.cnf, a provider
 * that is missing or a system call that is refused prevents that, and what
 * fails then says anything but that. False with OpenSSL's own words in
 * *error_out; true also when only memory is short.
 */
bool crypto_works(char *error_out, size_t error_size);

/* SHA-256 in 64 small letters and digits. */
bool crypto_sha256(const void *data, size_t length, char hex_out[65]);

#endif
