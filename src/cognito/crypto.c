/*
 * One digest and one random number, asked of OpenSSL before anything depends
 * on them. It must leave nothing on OpenSSL's list of errors.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

bool
crypto_works(char *error_out, size_t error_size)
{
    unsigned char byte;
    unsigned long error;
    EVP_MD *digest;
    bool works;

    ERR_clear_error();
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    works = digest != NULL && RAND_bytes(&byte, 1) == 1;
    EVP_MD_free(digest);
    error = ERR_get_error();
    ERR_clear_error();
    if (works || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
        return true;
    ERR_error_string_n(error, error_out, error_size);
    return false;
}

bool
crypto_sha256(const void *data, size_t length, char hex_out[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (EVP_Digest(data == NULL ? "" : data, length, digest, &size,
                   EVP_sha256(), NULL)
            != 1
        || size != 32) {
        ERR_clear_error();
        return false;
    }
    for (unsigned int i = 0; i < size; i++)
        (void) snprintf(hex_out + 2 * i, 3, "%02x", digest[i]);
    return true;
}
