/*
 * Fuzz target: a JWKS and a token, one line each. No input knows a private
 * key, so no token verifies against the fixed keys.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "cognito/jwt.h"
#include "fuzz.h"

/* A public key made for this file, whose private half was thrown away. */
static const char own_keys[]
    = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k1\",\"alg\":\"RS256\","
      "\"use\":\"sig\",\"e\":\"AQAB\",\"n\":\""
      "n9c7JEcqZJumnCyqVvjRSPcVlIVVoH_6z8ZNrbFfN5RtYsnWcN7jhW78fy5q"
      "9lO1zAoSEO_u6TleOntxYJHP3X2IxZ56xW05jBALpEG0smoRLlAHNR-m9-_F"
      "HaXHXzjdfJdvD7GunkatyhE0_tJ294Z8ejGNN7rQ0IkBFcMUuUSVc8WrpJT7"
      "f45UmAyC7qrOBtt91GUh9ZtmROBYCLgwzLE0I7YjH5NO3qW5MOXoRhSo4AJi"
      "uMdoD6BxoJMe_othX7UtOLthzOTtwYJkVm93CfMXRQJwTvTAx4fqOHZNQ-15"
      "R7L0Iv9xU3qAQLeF4uXOq-px0NXt8YbrANHJvQnF_w"
      "\"}]}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct jwt_expect expect = {
        .issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
        .audience = "client",
        .token_use = "id",
        .now = 1800000000,
    };
    struct jwt_keys *own = NULL, *theirs = NULL;
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";
    char *text, *token;

    text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    token = strchr(text, '\n');
    if (token != NULL) {
        *token++ = '\0';
        MUST(jwt_keys_parse(own_keys, sizeof(own_keys) - 1, &own)
             == STATUS_OK);
        MUST(jwt_verify(token, own, &expect, &claims, why) != STATUS_OK);
        MUST(claims == NULL && why[0] != '\0');
        (void) jwt_keys_cover(own, token);
        if (jwt_keys_parse(text, strlen(text), &theirs) == STATUS_OK) {
            (void) jwt_verify(token, theirs, &expect, &claims, why);
            json_free(claims);
        }
    }
    jwt_keys_free(own);
    jwt_keys_free(theirs);
    free(text);
    return 0;
}
