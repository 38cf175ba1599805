/*
 * The tokens of the property test: genuine ones and every kind of false one,
 * each signed once before the conversations begin.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "conversation.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR 3600

const char *const person_names[PERSONS] = {"alice", "bob", "zoe.q_7"};

static char *tokens[PERSONS][TOKEN_KINDS];
static char jwks[2048];

static void
encode(const unsigned char *bytes, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t used = 0;

    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t) bytes[i] << 16;
        size_t left = length - i > 3 ? 3 : length - i;

        if (left > 1)
            group |= (uint32_t) bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        for (size_t j = 0; j <= left; j++)
            out[used++] = digits[(group >> (18 - 6 * j)) & 63];
    }
    out[used] = '\0';
}

static char *
sign(EVP_PKEY *key, const char *header, const char *claims)
{
    char *token = malloc(8192);
    unsigned char signature[512];
    size_t size = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (token == NULL || context == NULL)
        abort();
    encode((const unsigned char *) header, strlen(header), token);
    strcat(token, ".");
    encode((const unsigned char *) claims, strlen(claims),
           token + strlen(token));
    if (key == NULL) {
        size = 0;
    } else if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1
               || EVP_DigestSign(context, signature, &size,
                                 (const unsigned char *) token, strlen(token))
                      != 1) {
        abort();
    }
    strcat(token, ".");
    encode(signature, size, token + strlen(token));
    EVP_MD_CTX_free(context);
    return token;
}

static void
write_jwks(EVP_PKEY *key)
{
    BIGNUM *n = NULL;
    unsigned char bytes[512];
    char text[700];

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
        abort();
    encode(bytes, (size_t) BN_bn2bin(n, bytes), text);
    BN_free(n);
    snprintf(jwks, sizeof(jwks),
             "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\","
             "\"kid\":\"own\",\"e\":\"AQAB\",\"n\":\"%s\"}]}",
             text);
}

static char *
make(EVP_PKEY *own, EVP_PKEY *other, size_t person, enum token_kind kind)
{
    const char *user = person_names[person];
    const char *header = "{\"alg\":\"RS256\",\"kid\":\"own\"}";
    const char *groups = ",\"cognito:groups\":[\"guests\",\"staff\"]";
    const char *issuer = ISSUER, *client = CLIENT_ID, *use = "id";
    const char *verified = "true";
    char claims[1024], upper[32], name[64], extra[64] = "";
    long long now = (long long) time(NULL), end = now + HOUR;
    EVP_PKEY *key = own;
    char *token;

    if (kind == TOKEN_OTHER_USER)
        user = person_names[(person + 1) % PERSONS];
    if (kind == TOKEN_OTHER_CASE) {
        snprintf(upper, sizeof(upper), "%s", user);
        upper[0] = (char) (upper[0] - 'a' + 'A');
        user = upper;
    }
    if (kind == TOKEN_NO_GROUP)
        groups = "";
    if (kind == TOKEN_UNVERIFIED)
        verified = "false";
    if (kind == TOKEN_OTHER_CLIENT)
        client = "propertyclient0000000000002";
    if (kind == TOKEN_OTHER_POOL)
        issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other";
    if (kind == TOKEN_EXPIRED)
        end = now - HOUR;
    if (kind == TOKEN_NOT_YET)
        snprintf(extra, sizeof(extra), ",\"nbf\":%lld", now + HOUR);
    if (kind == TOKEN_ACCESS)
        use = "access";
    if (kind == TOKEN_ALG_NONE) {
        header = "{\"alg\":\"none\",\"kid\":\"own\"}";
        key = NULL;
    }
    if (kind == TOKEN_OTHER_KEY)
        key = other;
    if (kind == TOKEN_UNKNOWN_KID)
        header = "{\"alg\":\"RS256\",\"kid\":\"unknown\"}";
    snprintf(name, sizeof(name), "\"cognito:username\":\"%s\",", user);
    snprintf(claims, sizeof(claims),
             "{%s\"email\":\"%s@example.com\",\"email_verified\":%s,"
             "\"sub\":\"s-%s\",\"iss\":\"%s\",\"aud\":\"%s\","
             "\"token_use\":\"%s\",\"iat\":%lld,\"exp\":%lld%s%s}",
             kind == TOKEN_NO_NAME ? "" : name,
             kind == TOKEN_NO_NAME ? "x" : user, verified, user, issuer,
             client, use, now, end, groups, extra);
    token = sign(key, header, claims);
    if (kind == TOKEN_SPOILT) {
        char *at = strrchr(token, '.') + 20;

        *at = *at == 'A' ? 'B' : 'A';
    }
    return token;
}

bool
tokens_make(void)
{
    EVP_PKEY *own = EVP_RSA_gen(2048), *other = EVP_RSA_gen(2048);

    if (own == NULL || other == NULL)
        return false;
    write_jwks(own);
    for (size_t person = 0; person < PERSONS; person++)
        for (int kind = 0; kind < TOKEN_KINDS; kind++)
            tokens[person][kind] = make(own, other, person,
                                        (enum token_kind) kind);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
    return true;
}

void
tokens_free(void)
{
    for (size_t person = 0; person < PERSONS; person++)
        for (int kind = 0; kind < TOKEN_KINDS; kind++)
            free(tokens[person][kind]);
}

const char *
token_text(size_t person, enum token_kind kind)
{
    return tokens[person][kind];
}

const char *
tokens_jwks(void)
{
    return jwks;
}
