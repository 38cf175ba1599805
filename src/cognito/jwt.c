/*
 * RS256 tokens and the keys they are signed with. Nothing that a token says
 * about itself chooses how it is checked: a header whose alg is not RS256 is
 * refused, not followed, and its kid only picks one of our RSA keys.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/jwt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "cognito/base64url.h"
#include "common/secret.h"
#include "common/text.h"

#define MODULUS_BITS_MIN 2048
#define MODULUS_BITS_MAX 8192
#define EXPONENT_BITS_MAX 64

struct key {
    char *kid;
    EVP_PKEY *public;
};

struct jwt_keys {
    struct key *list;
    size_t count;
};

/* A token taken apart: its three parts, still in base64url. */
struct parts {
    const char *header;
    size_t header_length;
    const char *payload;
    size_t payload_length;
    const char *signature;
    size_t signature_length;
};

/* *why_out stays as it is unless JSON itself is at fault. */
static enum status
decode_json(const char *text, size_t length, struct json **json_out,
            const char **why_out)
{
    struct secret bytes = {0};
    struct json *json = NULL;
    enum status status = base64url_decode(text, length, &bytes);

    *json_out = NULL;
    if (status == STATUS_OK) {
        status = json_parse(bytes.data, bytes.length, &json);
        if (status == STATUS_UNREADABLE)
            *why_out = json_fault(bytes.data, bytes.length);
    }
    if (status == STATUS_OK && !json_is_object(json))
        status = STATUS_UNREADABLE;
    if (status == STATUS_OK) {
        *json_out = json;
        json = NULL;
    }
    json_free(json);
    secret_free(&bytes);
    return status;
}

static enum status
decode_number(const char *text, BIGNUM **number_out)
{
    struct secret bytes = {0};
    enum status status = base64url_decode(text, strlen(text), &bytes);

    *number_out = NULL;
    if (status == STATUS_OK && bytes.length > MODULUS_BITS_MAX / 8)
        status = STATUS_UNREADABLE;
    if (status == STATUS_OK) {
        *number_out = BN_bin2bn((const unsigned char *) bytes.data,
                                (int) bytes.length, NULL);
        if (*number_out == NULL)
            status = STATUS_MEMORY;
    }
    secret_free(&bytes);
    return status;
}

/* A public key from modulus and exponent. */
static EVP_PKEY *
build_key(const BIGNUM *modulus, const BIGNUM *exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *key = NULL;

    if (builder == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent)
               != 1)
        goto out;
    params = OSSL_PARAM_BLD_to_param(builder);
    context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (params == NULL || context == NULL
        || EVP_PKEY_fromdata_init(context) != 1)
        goto out;
    if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;

out:
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* RFC 7518, section 6.3.1. *key_out NULL with STATUS_OK: not usable. */
static enum status
read_key(const char *n, const char *e, EVP_PKEY **key_out)
{
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;
    enum status status = decode_number(n, &modulus);

    *key_out = NULL;
    if (status == STATUS_OK)
        status = decode_number(e, &exponent);
    if (status == STATUS_OK && BN_num_bits(modulus) >= MODULUS_BITS_MIN
        && BN_is_odd(modulus) && BN_num_bits(exponent) <= EXPONENT_BITS_MAX
        && BN_is_odd(exponent) && !BN_is_one(exponent)) {
        *key_out = build_key(modulus, exponent);
        if (*key_out == NULL)
            status = STATUS_MEMORY;
    }
    if (status == STATUS_UNREADABLE)
        status = STATUS_OK;
    BN_free(modulus);
    BN_free(exponent);
    return status;
}

static bool
is_text(const struct json *object, const char *key, const char *wanted)
{
    const char *text = json_text(object, key);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* RFC 7517, section 4: use and alg are optional, but bind when present. */
static bool
is_for_us(const struct json *item)
{
    const char *kid = json_text(item, "kid");

    return is_text(item, "kty", "RSA") && kid != NULL && kid[0] != '\0'
           && (!json_has(item, "use") || is_text(item, "use", "sig"))
           && (!json_has(item, "alg") || is_text(item, "alg", "RS256"))
           && json_text(item, "n") != NULL && json_text(item, "e") != NULL;
}

static const struct key *
find(const struct jwt_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->list[i].kid, kid) == 0)
            return &keys->list[i];
    return NULL;
}

/* Appends the item to a list that has room for it, if it is a key for us. */
static enum status
take_key(struct jwt_keys *keys, const struct json *item)
{
    EVP_PKEY *public = NULL;
    char *kid;
    enum status status;

    if (!is_for_us(item))
        return STATUS_OK;
    status = read_key(json_text(item, "n"), json_text(item, "e"), &public);
    if (status != STATUS_OK || public == NULL)
        return status;
    kid = strdup(json_text(item, "kid"));
    if (kid == NULL)
        status = STATUS_MEMORY;
    else if (find(keys, kid) != NULL)
        status = STATUS_UNREADABLE;
    if (status != STATUS_OK) {
        free(kid);
        EVP_PKEY_free(public);
        return status;
    }
    keys->list[keys->count].kid = kid;
    keys->list[keys->count].public = public;
    keys->count++;
    return STATUS_OK;
}

enum status
jwt_keys_parse(const char *text, size_t length, struct jwt_keys **keys_out)
{
    struct json *json = NULL;
    struct jwt_keys *keys = NULL;
    const struct json *array;
    size_t count;
    enum status status;

    *keys_out = NULL;
    status = json_parse(text, length, &json);
    if (status != STATUS_OK)
        return status;
    array = json_array(json, "keys");
    count = json_length(array);
    status = STATUS_UNREADABLE;
    if (count == 0 || count > JWT_KEYS_MAX)
        goto out;
    status = STATUS_MEMORY;
    keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        goto out;
    keys->list = calloc(count, sizeof *keys->list);
    if (keys->list == NULL)
        goto out;
    for (size_t i = 0; i < count; i++) {
        status = take_key(keys, json_item(array, i));
        if (status != STATUS_OK)
            goto out;
    }
    if (keys->count == 0) {
        status = STATUS_UNREADABLE;
        goto out;
    }
    *keys_out = keys;
    keys = NULL;

out:
    jwt_keys_free(keys);
    json_free(json);
    return status;
}

void
jwt_keys_free(struct jwt_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->list[i].kid);
        EVP_PKEY_free(keys->list[i].public);
    }
    free(keys->list);
    free(keys);
}

static bool
split(const char *token, struct parts *parts_out)
{
    const char *first = strchr(token, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');

    if (second == NULL || strchr(second + 1, '.') != NULL)
        return false;
    parts_out->header = token;
    parts_out->header_length = (size_t) (first - token);
    parts_out->payload = first + 1;
    parts_out->payload_length = (size_t) (second - first - 1);
    parts_out->signature = second + 1;
    parts_out->signature_length = strlen(second + 1);
    return true;
}

/* Takes a token apart and reads its header. */
static enum status
open_token(const char *token, struct parts *parts_out,
           struct json **header_out, const char **why_out)
{
    enum status status;

    *header_out = NULL;
    *why_out = "length";
    if (strnlen(token, JWT_TOKEN_MAX + 1) > JWT_TOKEN_MAX)
        return STATUS_TOKEN;
    *why_out = "form";
    if (!split(token, parts_out))
        return STATUS_TOKEN;
    status = decode_json(parts_out->header, parts_out->header_length,
                         header_out, why_out);
    *why_out = "header";
    return status == STATUS_UNREADABLE ? STATUS_TOKEN : status;
}

bool
jwt_keys_cover(const struct jwt_keys *keys, const char *token)
{
    struct parts parts;
    struct json *header = NULL;
    const char *why = NULL;
    const char *kid = NULL;
    bool covered;

    if (open_token(token, &parts, &header, &why) == STATUS_OK)
        kid = json_text(header, "kid");
    covered = kid != NULL && find(keys, kid) != NULL;
    json_free(header);
    return covered;
}

/* RFC 7515, section 5.2, for the one algorithm there is. */
static enum status
check_signature(const char *token, const struct parts *parts, EVP_PKEY *key)
{
    struct secret signature = {0};
    EVP_MD_CTX *context = NULL;
    EVP_PKEY_CTX *options = NULL;
    size_t signed_length = parts->header_length + 1 + parts->payload_length;
    enum status status;

    status = base64url_decode(parts->signature, parts->signature_length,
                              &signature);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_MEMORY;
    context = EVP_MD_CTX_new();
    if (context == NULL
        || EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key)
               != 1
        || EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) != 1)
        goto out;
    status = STATUS_UNREADABLE;
    if (EVP_DigestVerify(context, (const unsigned char *) signature.data,
                         signature.length, (const unsigned char *) token,
                         signed_length)
        == 1)
        status = STATUS_OK;

out:
    EVP_MD_CTX_free(context);
    secret_free(&signature);
    return status == STATUS_UNREADABLE ? STATUS_TOKEN : status;
}

/* The same for those that are times. */
static const char *
check_times(const struct json *claims, const struct jwt_expect *expect)
{
    int64_t seconds;

    if (!json_integer(claims, "exp", &seconds))
        return "exp is no integer of 64 bits";
    if (/* @expired */ seconds <= expect->now - JWT_LEEWAY)
        return "exp";
    if (json_has(claims, "nbf")) {
        if (!json_integer(claims, "nbf", &seconds))
            return "nbf is no integer of 64 bits";
        if (/* @not-yet */ seconds > expect->now + JWT_LEEWAY)
            return "nbf";
    }
    if (json_has(claims, "iat") && !json_integer(claims, "iat", &seconds))
        return "iat is no integer of 64 bits";
    return NULL;
}

/* The name of the claim that does not hold, or NULL. */
static const char *
check_claims(const struct json *claims, const struct jwt_expect *expect)
{
    if (!is_text(claims, "iss", expect->issuer)
        && (expect->updated_issuer == NULL || expect->updated_issuer[0] == '\0'
            || !is_text(claims, "iss", expect->updated_issuer)))
        return "iss";
    if (!is_text(claims, "aud", expect->audience))
        return "aud";
    if (!is_text(claims, "token_use", expect->token_use))
        return "token_use";
    return check_times(claims, expect);
}

/* Everything before the payload is read. */
static enum status
check_envelope(const char *token, const struct jwt_keys *keys,
               struct parts *parts_out, const char **why_out)
{
    struct json *header = NULL;
    const struct key *key;
    const char *kid;
    enum status status = open_token(token, parts_out, &header, why_out);

    if (status != STATUS_OK)
        goto out;
    status = STATUS_TOKEN;
    *why_out = "alg";
    if (!is_text(header, "alg", "RS256"))
        goto out;
    /* We understand no extension, so one that must be is a refusal. */
    *why_out = "crit";
    if (json_has(header, "crit"))
        goto out;
    *why_out = "kid";
    kid = json_text(header, "kid");
    if (kid == NULL)
        goto out;
    key = find(keys, kid);
    status = STATUS_KEYS;
    if (key == NULL)
        goto out;
    *why_out = "signature";
    status = check_signature(token, parts_out, key->public);

out:
    json_free(header);
    return status;
}

/* The issuer's name is worth more than that it is wrong. */
static void
say_why(const char *why, const struct json *claims, char *why_out)
{
    const char *issuer = strcmp(why, "iss") == 0 ? json_text(claims, why)
                                                 : NULL;
    char line[JWT_WHY_SIZE];

    (void) snprintf(line, sizeof(line), "%s%s%s", why,
                    issuer == NULL ? "" : " is ",
                    issuer == NULL ? "" : issuer);
    text_clean(line, why_out, JWT_WHY_SIZE);
}

enum status
jwt_verify(const char *token, const struct jwt_keys *keys,
           const struct jwt_expect *expect, struct json **claims_out,
           char *why_out)
{
    const char *why = NULL;
    struct parts parts;
    struct json *claims = NULL;
    enum status status;

    *claims_out = NULL;
    status = check_envelope(token, keys, &parts, &why);
    if (status != STATUS_OK)
        goto out;
    why = "payload";
    status = decode_json(parts.payload, parts.payload_length, &claims, &why);
    if (status == STATUS_UNREADABLE)
        status = STATUS_TOKEN;
    if (status != STATUS_OK)
        goto out;
    why = check_claims(claims, expect);
    if (why != NULL) {
        status = STATUS_TOKEN;
        goto out;
    }
    *claims_out = claims;
    why = "";

out:
    say_why(why, claims, why_out);
    if (status != STATUS_OK)
        json_free(claims);
    return status;
}
