/*
 * What the benchmark's pool answers: InitiateAuth (USER_PASSWORD_AUTH,
 * USER_SRP_AUTH), RespondToAuthChallenge (PASSWORD_VERIFIER, second factors, a
 * new password), ChangePassword, RevokeToken.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BENCH_ANSWERS_H
#define PAM_COGNITO_BENCH_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

struct answers_options {
    const char *issuer;
    const char *pool_name;
    const char *client_id;
    const char *client_secret;
    const char *password; /* of every user */
};

bool answers_open(const struct answers_options *options);

/*
 * The body for a request, for the caller to free; *code_out is the HTTP
 * status. target: what follows the last dot of X-Amz-Target.
 */
char *answers_give(const char *target, const char *body, size_t length,
                   int *code_out);

#endif
