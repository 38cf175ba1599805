/*
 * SRP-6a as Cognito does it. Where it departs from RFC 5054: g is 2 with the
 * 3072-bit prime, nothing is padded to the length of N, and every integer is
 * hashed as Java's BigInteger writes it, which puts 00 before a set top bit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/srp.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "cognito/srp_internal.h"

#define GENERATOR 2
#define SECRET_BITS 1024
#define SALT_DIGITS_MAX 128
#define SECRET_BLOCK_MAX 16384 /* characters; 1 to 2 KiB are usual */
#define HEX "0123456789abcdefABCDEF"
#define BASE64                                                                \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

struct srp {
    BIGNUM *modulus;   /* N */
    BIGNUM *generator; /* g */
    BIGNUM *secret;    /* a */
    BIGNUM *public;    /* A */
    char hex[SRP_HEX_MAX];
};

/* Bytes that are hashed one after the other. */
struct piece {
    const void *data;
    size_t length;
};

static struct piece
piece_of_text(const char *text)
{
    return (struct piece){text, strlen(text)};
}

static struct piece
piece_of_number(const struct srp_number *number)
{
    return (struct piece){number->bytes, number->length};
}

static bool
sha256(const struct piece *pieces, size_t count,
       unsigned char digest_out[SRP_DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done;

    done = context != NULL
           && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; done && i < count; i++)
        done = EVP_DigestUpdate(context, pieces[i].data, pieces[i].length)
               == 1;
    done = done && EVP_DigestFinal_ex(context, digest_out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

static bool
hmac(const void *key, size_t key_length, const struct piece *pieces,
     size_t count, unsigned char digest_out[SRP_DIGEST_SIZE])
{
    char digest_name[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name,
                                         0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    size_t length = 0;
    bool done;

    done = context != NULL
           && EVP_MAC_init(context, key, key_length, params) == 1;
    for (size_t i = 0; done && i < count; i++)
        done = EVP_MAC_update(context, pieces[i].data, pieces[i].length) == 1;
    done = done
           && EVP_MAC_final(context, digest_out, &length, SRP_DIGEST_SIZE) == 1
           && length == SRP_DIGEST_SIZE;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return done;
}

/*
 * Writes an integer as Java's BigInteger.toByteArray does. The complement of
 * a negative n is that of the bits of |n| - 1.
 */
static bool
encode(const BIGNUM *integer, struct srp_number *number_out)
{
    bool negative = BN_is_negative(integer) != 0;
    BIGNUM *magnitude = BN_dup(integer);
    size_t length;
    bool done = false;

    if (magnitude == NULL)
        return false;
    BN_set_negative(magnitude, 0);
    if (negative && BN_sub_word(magnitude, 1) != 1)
        goto out;
    /* One bit more than the magnitude has, for the sign. */
    length = (size_t) BN_num_bits(magnitude) / 8 + 1;
    if (length > SRP_NUMBER_MAX
        || BN_bn2binpad(magnitude, number_out->bytes, (int) length) < 0)
        goto out;
    for (size_t i = 0; negative && i < length; i++)
        number_out->bytes[i] = (unsigned char) ~number_out->bytes[i];
    number_out->length = length;
    done = true;

out:
    BN_clear_free(magnitude);
    return done;
}

/*
 * Reads an integer of at most that many hexadecimal digits. BN_hex2bn would
 * stop without a word at the first character that is none.
 */
static enum status
read_hex(const char *text, size_t digits_max, bool negative_too,
         BIGNUM *integer)
{
    const char *digits = negative_too && text[0] == '-' ? text + 1 : text;
    size_t length = strspn(digits, HEX);

    if (length == 0 || length > digits_max || digits[length] != '\0')
        return STATUS_UNREADABLE;
    return BN_hex2bn(&integer, text) != 0 ? STATUS_OK : STATUS_MEMORY;
}

/* A = g^a mod N, and its hex: lower case, no leading zeros. */
static bool
publish(struct srp *srp)
{
    BN_CTX *context = BN_CTX_new();
    char *hex = NULL;
    const char *from;
    size_t i = 0;
    bool done = false;

    if (context == NULL
        || BN_mod_exp_mont_consttime(srp->public, srp->generator, srp->secret,
                                     srp->modulus, context, NULL)
               != 1)
        goto out;
    hex = BN_bn2hex(srp->public);
    if (hex == NULL || strlen(hex) >= SRP_HEX_MAX)
        goto out;
    for (from = hex; *from == '0'; from++)
        continue;
    for (; from[i] != '\0'; i++)
        srp->hex[i] = (char) (from[i] >= 'A' ? from[i] - 'A' + 'a' : from[i]);
    srp->hex[i] = '\0';
    done = true;

out:
    OPENSSL_free(hex);
    BN_CTX_free(context);
    return done;
}

/* a_hex NULL: a random one. */
static enum status
make(const char *a_hex, struct srp **srp_out)
{
    struct srp *srp = calloc(1, sizeof *srp);
    enum status status = STATUS_MEMORY;

    *srp_out = NULL;
    if (srp == NULL)
        return STATUS_MEMORY;
    srp->modulus = BN_get_rfc3526_prime_3072(NULL);
    srp->generator = BN_new();
    srp->secret = BN_new();
    srp->public = BN_new();
    if (srp->modulus == NULL || srp->generator == NULL || srp->secret == NULL
        || srp->public == NULL)
        goto out;
    if (a_hex != NULL) {
        status = read_hex(a_hex, SRP_HEX_MAX - 1, false, srp->secret);
        if (status != STATUS_OK)
            goto out;
    }
    status = STATUS_INTERNAL;
    if (a_hex == NULL
        && BN_priv_rand(srp->secret, SECRET_BITS, BN_RAND_TOP_ONE,
                        BN_RAND_BOTTOM_ANY)
               != 1)
        goto out;
    BN_set_flags(srp->secret, BN_FLG_CONSTTIME);
    if (BN_is_zero(srp->secret) || BN_set_word(srp->generator, GENERATOR) != 1
        || !publish(srp))
        goto out;
    *srp_out = srp;
    srp = NULL;
    status = STATUS_OK;

out:
    srp_free(srp);
    return status;
}

enum status
srp_new(struct srp **srp_out)
{
    return make(NULL, srp_out);
}

enum status
srp_new_with(const char *a_hex, struct srp **srp_out)
{
    return make(a_hex, srp_out);
}

void
srp_free(struct srp *srp)
{
    if (srp == NULL)
        return;
    BN_free(srp->modulus);
    BN_free(srp->generator);
    BN_clear_free(srp->secret);
    BN_free(srp->public);
    free(srp);
}

const char *
srp_public(const struct srp *srp)
{
    return srp->hex;
}

static bool
hash_k(const struct srp *srp, unsigned char digest_out[SRP_DIGEST_SIZE])
{
    struct srp_number modulus;
    struct srp_number generator;
    struct piece pieces[2];

    if (!encode(srp->modulus, &modulus) || !encode(srp->generator, &generator))
        return false;
    pieces[0] = piece_of_number(&modulus);
    pieces[1] = piece_of_number(&generator);
    return sha256(pieces, 2, digest_out);
}

/* u from A and B, which *steps holds. */
static bool
hash_u(struct srp_steps *steps, BIGNUM *u)
{
    struct piece pieces[] = {
        piece_of_number(&steps->a_public),
        piece_of_number(&steps->b_public),
    };

    return sha256(pieces, 2, steps->u_digest)
           && BN_bin2bn(steps->u_digest, SRP_DIGEST_SIZE, u) != NULL
           && encode(u, &steps->u);
}

/* x from the salt, which *steps holds, and the password. */
static bool
hash_x(struct srp_steps *steps, const char *pool_name, const char *user_id,
       const struct secret *password, BIGNUM *x)
{
    struct piece inner[] = {
        piece_of_text(pool_name),
        piece_of_text(user_id),
        piece_of_text(":"),
        {password->data, password->length},
    };
    struct piece outer[] = {
        piece_of_number(&steps->salt),
        {steps->inner, sizeof steps->inner},
    };

    return sha256(inner, 4, steps->inner) && sha256(outer, 2, steps->x)
           && BN_bin2bn(steps->x, SRP_DIGEST_SIZE, x) != NULL;
}

/* S = (B - k * g^x)^(a + u * x) mod N. */
static bool
raise(const struct srp *srp, const BIGNUM *b, const BIGNUM *u, const BIGNUM *x,
      struct srp_steps *steps, BN_CTX *context)
{
    BIGNUM *k = BN_CTX_get(context);
    BIGNUM *base = BN_CTX_get(context);
    BIGNUM *exponent = BN_CTX_get(context);
    BIGNUM *s = BN_CTX_get(context);

    if (s == NULL || !hash_k(srp, steps->k_digest)
        || BN_bin2bn(steps->k_digest, SRP_DIGEST_SIZE, k) == NULL
        || BN_mod_exp_mont_consttime(base, srp->generator, x, srp->modulus,
                                     context, NULL)
               != 1
        || BN_mod_mul(base, base, k, srp->modulus, context) != 1
        || BN_mod_sub(base, b, base, srp->modulus, context) != 1
        || BN_mul(exponent, u, x, context) != 1
        || BN_add(exponent, exponent, srp->secret) != 1)
        return false;
    BN_set_flags(exponent, BN_FLG_CONSTTIME);
    return BN_mod_exp_mont_consttime(s, base, exponent, srp->modulus, context,
                                     NULL)
               == 1
           && encode(s, &steps->s);
}

/* HKDF (RFC 5869) with the salt P(u), one block of output, cut to 16 bytes. */
static bool
derive_key(struct srp_steps *steps)
{
    static const char info[] = "Caldera Derived Key\x01";
    struct piece material = piece_of_number(&steps->s);
    struct piece expansion = {info, sizeof info - 1};
    unsigned char block[SRP_DIGEST_SIZE];
    bool done;

    done = hmac(steps->u.bytes, steps->u.length, &material, 1, steps->prk)
           && hmac(steps->prk, sizeof steps->prk, &expansion, 1, block);
    if (done)
        memcpy(steps->key, block, sizeof steps->key);
    OPENSSL_cleanse(block, sizeof block);
    return done;
}

enum status
srp_derive(const struct srp *srp, const char *pool_name, const char *user_id,
           const struct secret *password, const char *salt_hex,
           const char *b_hex, struct srp_steps *steps_out)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *salt;
    BIGNUM *b;
    BIGNUM *u;
    BIGNUM *x;
    BIGNUM *rest;
    enum status status = STATUS_MEMORY;

    memset(steps_out, 0, sizeof *steps_out);
    if (context == NULL)
        return STATUS_MEMORY;
    BN_CTX_start(context);
    salt = BN_CTX_get(context);
    b = BN_CTX_get(context);
    u = BN_CTX_get(context);
    x = BN_CTX_get(context);
    rest = BN_CTX_get(context);
    if (rest == NULL)
        goto out;
    status = read_hex(salt_hex, SALT_DIGITS_MAX, true, salt);
    if (status == STATUS_OK)
        status = read_hex(b_hex, SRP_HEX_MAX - 1, false, b);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_INTERNAL;
    if (BN_mod(rest, b, srp->modulus, context) != 1
        || !encode(srp->public, &steps_out->a_public)
        || !encode(b, &steps_out->b_public) || !encode(salt, &steps_out->salt)
        || !hash_u(steps_out, u))
        goto out;
    /* RFC 5054, section 2.5.4: a server that sends these is no server. */
    if (BN_is_zero(rest) || BN_is_zero(u)) {
        status = STATUS_UNREADABLE;
        goto out;
    }
    BN_set_flags(x, BN_FLG_CONSTTIME);
    if (hash_x(steps_out, pool_name, user_id, password, x)
        && raise(srp, b, u, x, steps_out, context) && derive_key(steps_out))
        status = STATUS_OK;

out:
    BN_CTX_end(context);
    BN_CTX_free(context);
    return status;
}

/* Decodes Base64 (RFC 4648, section 4), whole and padded. */
static enum status
read_base64(const char *text, unsigned char **bytes_out, size_t *length_out)
{
    size_t length = strlen(text);
    size_t digits = strspn(text, BASE64);
    size_t padding = length - digits;
    unsigned char *bytes;

    if (digits == 0 || length > SECRET_BLOCK_MAX || length % 4 != 0
        || padding > 2 || strspn(text + digits, "=") != padding)
        return STATUS_UNREADABLE;
    bytes = malloc(length / 4 * 3);
    if (bytes == NULL)
        return STATUS_MEMORY;
    if (EVP_DecodeBlock(bytes, (const unsigned char *) text, (int) length)
        < 0) {
        free(bytes);
        return STATUS_UNREADABLE;
    }
    *bytes_out = bytes;
    *length_out = length / 4 * 3 - padding;
    return STATUS_OK;
}

enum status
srp_answer(const struct srp *srp, const char *pool_name, const char *user_id,
           const struct secret *password, const char *salt_hex,
           const char *b_hex, const char *secret_block, const char *timestamp,
           char signature_out[SRP_SIGNATURE_SIZE])
{
    struct srp_steps steps;
    unsigned char *block = NULL;
    size_t block_length = 0;
    unsigned char digest[SRP_DIGEST_SIZE];
    enum status status;

    signature_out[0] = '\0';
    status = read_base64(secret_block, &block, &block_length);
    if (status != STATUS_OK)
        return status;
    status = srp_derive(srp, pool_name, user_id, password, salt_hex, b_hex,
                        &steps);
    if (status == STATUS_OK) {
        struct piece pieces[] = {
            piece_of_text(pool_name),
            piece_of_text(user_id),
            {block, block_length},
            piece_of_text(timestamp),
        };

        if (hmac(steps.key, sizeof steps.key, pieces, 4, digest))
            (void) EVP_EncodeBlock((unsigned char *) signature_out, digest,
                                   sizeof digest);
        else
            status = STATUS_INTERNAL;
    }
    OPENSSL_cleanse(&steps, sizeof steps);
    OPENSSL_cleanse(digest, sizeof digest);
    free(block);
    return status;
}

void
srp_timestamp(time_t when, char text_out[SRP_TIMESTAMP_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm utc;
    int length;

    text_out[0] = '\0';
    if (gmtime_r(&when, &utc) == NULL)
        return;
    length = snprintf(text_out, SRP_TIMESTAMP_SIZE,
                      "%s %s %d %02d:%02d:%02d UTC %ld", days[utc.tm_wday],
                      months[utc.tm_mon], utc.tm_mday, utc.tm_hour, utc.tm_min,
                      utc.tm_sec, 1900L + utc.tm_year);
    if (length < 0 || length >= SRP_TIMESTAMP_SIZE)
        text_out[0] = '\0';
}
