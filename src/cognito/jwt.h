/*
 * Verifies a token of the pool: RS256 and nothing else (RFC 7515, RFC 7519),
 * with a key of the pool's JWKS (RFC 7517). The algorithm and the key type
 * are ours, never the token's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_JWT_H
#define PAM_COGNITO_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "cognito/json.h"
#include "common/status.h"

#define JWT_LEEWAY 60              /* forgiven seconds of clock difference */
#define JWT_TOKEN_MAX (256 * 1024) /* bytes; triggers may add many claims */
#define JWT_KEYS_MAX 64            /* Cognito publishes two */
#define JWT_WHY_SIZE 176           /* bytes of a reason with its NUL */

struct jwt_keys;

/*
 * Reads a JWKS document; keys other than RSA for signatures of 2048 bits or
 * more are passed over. STATUS_UNREADABLE when it is no JWKS or holds no
 * usable key, or the same kid twice. jwt_keys_free what comes out.
 */
enum status jwt_keys_parse(const char *text, size_t length,
                           struct jwt_keys **keys_out);

/* NULL is fine. */
void jwt_keys_free(struct jwt_keys *keys);

/* Is there a key of the kid that the token's header names? */
bool jwt_keys_cover(const struct jwt_keys *keys, const char *token);

struct jwt_expect {
    const char *issuer;
    const char *updated_issuer; /* will do as well; NULL or "": none */
    const char *audience;       /* the app client ID */
    const char *token_use;      /* "id": the audience stands in aud */
    int64_t now;                /* Unix seconds */
};

/*
 * STATUS_OK: signature, issuer, audience, token_use, exp and nbf (if there)
 * hold; *claims_out is the payload (json_free it). STATUS_KEYS: no key of
 * that kid. STATUS_TOKEN: anything else. why_out, of JWT_WHY_SIZE bytes: "" or
 * the check that failed ("signature", "exp", ...); for the issuer with the one
 * seen, cleaned.
 */
enum status jwt_verify(const char *token, const struct jwt_keys *keys,
                       const struct jwt_expect *expect,
                       struct json **claims_out, char *why_out);

#endif
