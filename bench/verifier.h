/*
 * The service's side of USER_SRP_AUTH: SRP-6a (RFC 5054) as Cognito does it,
 * with challenges whose B is made ahead of time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BENCH_VERIFIER_H
#define PAM_COGNITO_BENCH_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>

#define VERIFIER_HEX_MAX 800

struct verifier_challenge {
    char salt[40];
    char b[VERIFIER_HEX_MAX];
    char block[1600]; /* Base64 */
};

/* pool_name: the pool ID after the first _. One password for every user. */
bool verifier_open(const char *pool_name, const char *password);

/* A challenge for that user and the client's A in hex. */
bool verifier_challenge(const char *user, const char *a_hex,
                        struct verifier_challenge *challenge_out);

/* Is that the right proof? Each challenge is answered once. */
bool verifier_check(const char *user, const char *block,
                    const char *timestamp, const char *signature);

#endif
