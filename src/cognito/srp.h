/*
 * The client's side of USER_SRP_AUTH: SRP-6a (RFC 5054, RFC 2945) as Cognito
 * does it: the 3072-bit prime of RFC 3526 with g = 2, integers hashed as
 * shortest two's complement, a 16-byte key by HKDF (RFC 5869).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SRP_H
#define PAM_COGNITO_SRP_H

#include <stddef.h>
#include <time.h>

#include "common/secret.h"
#include "common/status.h"

#define SRP_HEX_MAX 769       /* 768 digits and a NUL */
#define SRP_TIMESTAMP_SIZE 32 /* "Wed Aug 5 09:07:03 UTC 2026" */
#define SRP_SIGNATURE_SIZE 45

struct srp;

/* A fresh secret a and A = g^a mod N. STATUS_MEMORY or STATUS_INTERNAL. */
enum status srp_new(struct srp **srp_out);

/* The same with a given in hex, for known-answer tests only. */
enum status srp_new_with(const char *a_hex, struct srp **srp_out);

/* Wipes and frees; NULL is fine. */
void srp_free(struct srp *srp);

/* A in lower-case hex without leading zeros, as SRP_A is sent. */
const char *srp_public(const struct srp *srp);

/*
 * Answers PASSWORD_VERIFIER. Inputs as received: salt and B in hex (salt may
 * be negative), secret_block in Base64; pool_name is the pool ID after the
 * first _. STATUS_UNREADABLE: an input is malformed or B or u is zero.
 * STATUS_MEMORY, STATUS_INTERNAL. The signature is a proof of the password:
 * wipe it.
 */
enum status srp_answer(const struct srp *srp, const char *pool_name,
                       const char *user_id, const struct secret *password,
                       const char *salt_hex, const char *b_hex,
                       const char *secret_block, const char *timestamp,
                       char signature_out[SRP_SIGNATURE_SIZE]);

/* "EEE MMM d HH:mm:ss UTC yyyy", English whatever the locale. */
void srp_timestamp(time_t when, char text_out[SRP_TIMESTAMP_SIZE]);

#endif
