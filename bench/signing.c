/*
 * Signing tokens for the benchmark's responder.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define KEY_BITS 2048
#define SIGNATURE_MAX 512
#define KEY_ID "Y2hvc2VuIGZvciBhIGJlbmNobWFyayBvbmx5IDAwMDA="

static EVP_PKEY *key;
static char keys[2048];

char *
signing_base64(const void *bytes, size_t length, bool url)
{
    char *text = malloc((length + 2) / 3 * 4 + 1);
    size_t used = 0;

    if (text == NULL)
        return NULL;
    (void) EVP_EncodeBlock((unsigned char *) text, bytes, (int) length);
    if (!url)
        return text;
    for (; text[used] != '\0' && text[used] != '='; used++) {
        if (text[used] == '+')
            text[used] = '-';
        else if (text[used] == '/')
            text[used] = '_';
    }
    text[used] = '\0';
    return text;
}

bool
signing_open(void)
{
    unsigned char bytes[KEY_BITS / 8];
    BIGNUM *modulus = NULL;
    char *text = NULL;

    key = EVP_RSA_gen(KEY_BITS);
    if (key != NULL
        && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1
        && BN_bn2binpad(modulus, bytes, sizeof bytes) > 0)
        text = signing_base64(bytes, sizeof bytes, true);
    /* Two keys, as the service publishes; the other one signs nothing. */
    if (text != NULL)
        (void) snprintf(
            keys, sizeof keys,
            "{\"keys\":[{\"alg\":\"RS256\",\"e\":\"AQAB\",\"kid\":\"other\","
            "\"kty\":\"RSA\",\"n\":\"%s\",\"use\":\"sig\"},"
            "{\"alg\":\"RS256\",\"e\":\"AQAB\",\"kid\":\"" KEY_ID "\","
            "\"kty\":\"RSA\",\"n\":\"%s\",\"use\":\"sig\"}]}",
            text, text);
    free(text);
    BN_free(modulus);
    return keys[0] != '\0';
}

const char *
signing_keys(void)
{
    return keys;
}

static bool
sign(const char *text, unsigned char *signature_out, size_t *length_out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done;

    *length_out = SIGNATURE_MAX;
    done = context != NULL
           && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1
           && EVP_DigestSign(context, signature_out, length_out,
                             (const unsigned char *) text, strlen(text))
                  == 1;
    EVP_MD_CTX_free(context);
    return done;
}

/* Two texts with a dot between them. */
static char *
join(const char *first, const char *second)
{
    char *text = NULL;

    if (first == NULL || second == NULL
        || asprintf(&text, "%s.%s", first, second) < 0)
        return NULL;
    return text;
}

char *
signing_token(const char *claims)
{
    static const char header[] = "{\"kid\":\"" KEY_ID "\",\"alg\":\"RS256\"}";
    unsigned char signature[SIGNATURE_MAX];
    char *head = signing_base64(header, strlen(header), true);
    char *body = signing_base64(claims, strlen(claims), true);
    char *signed_part = join(head, body);
    char *tail = NULL;
    char *token = NULL;
    size_t length;

    if (signed_part != NULL && sign(signed_part, signature, &length))
        tail = signing_base64(signature, length, true);
    token = join(signed_part, tail);
    free(head);
    free(body);
    free(signed_part);
    free(tail);
    return token;
}
