/*
 * The values between the inputs and the signature, for srp.c and for the
 * known-answer tests that compare each of them. Nobody else includes it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SRP_INTERNAL_H
#define PAM_COGNITO_SRP_INTERNAL_H

#include <stddef.h>

#include "cognito/srp.h"

#define SRP_NUMBER_MAX 385 /* 3072 bits and a sign */
#define SRP_DIGEST_SIZE 32
#define SRP_KEY_SIZE 16

/* An integer as it is hashed: shortest big-endian two's complement. */
struct srp_number {
    unsigned char bytes[SRP_NUMBER_MAX];
    size_t length;
};

/* The names are those of RFC 5054, section 2, and RFC 5869. */
struct srp_steps {
    struct srp_number a_public;
    struct srp_number b_public;
    struct srp_number salt;
    struct srp_number u;
    struct srp_number s;
    unsigned char k_digest[SRP_DIGEST_SIZE]; /* of N and g */
    unsigned char u_digest[SRP_DIGEST_SIZE]; /* of A and B */
    unsigned char inner[SRP_DIGEST_SIZE];    /* of pool, user, password */
    unsigned char x[SRP_DIGEST_SIZE];
    unsigned char prk[SRP_DIGEST_SIZE];
    unsigned char key[SRP_KEY_SIZE];
};

/*
 * Everything of srp_answer up to the key. Wipe *steps_out in every case.
 */
enum status srp_derive(const struct srp *srp, const char *pool_name,
                       const char *user_id, const struct secret *password,
                       const char *salt_hex, const char *b_hex,
                       struct srp_steps *steps_out);

#endif
