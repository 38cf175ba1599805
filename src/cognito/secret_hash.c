/*
 * SECRET_HASH, by OpenSSL. That it is over the very string which is sent as
 * the user's name is for the caller to see to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/secret_hash.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define DIGEST_SIZE 32

static bool
add(EVP_MAC_CTX *context, const char *text)
{
    return EVP_MAC_update(context, (const unsigned char *) text, strlen(text))
           == 1;
}

bool
secret_hash(const struct secret *client_secret, const char *username,
            const char *client_id, char hash_out[SECRET_HASH_SIZE])
{
    char digest_name[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name,
                                         0),
        OSSL_PARAM_construct_end(),
    };
    unsigned char digest[DIGEST_SIZE];
    size_t length = 0;
    EVP_MAC *mac = NULL;
    EVP_MAC_CTX *context = NULL;
    bool done = false;

    hash_out[0] = '\0';
    if (client_secret->length == 0)
        return false;
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL)
        goto out;
    context = EVP_MAC_CTX_new(mac);
    if (context == NULL)
        goto out;
    if (EVP_MAC_init(context, (const unsigned char *) client_secret->data,
                     client_secret->length, params)
            != 1
        || !add(context, username) || !add(context, client_id)
        || EVP_MAC_final(context, digest, &length, sizeof digest) != 1
        || length != sizeof digest)
        goto out;
    (void) EVP_EncodeBlock((unsigned char *) hash_out, digest, DIGEST_SIZE);
    done = true;

out:
    OPENSSL_cleanse(digest, sizeof digest);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return done;
}
