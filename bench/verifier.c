/*
 * Checking SRP proofs. What does not depend on the client (b, B and each
 * user's verifier) is made before it is needed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "verifier.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "signing.h"

#define DIGEST 32
#define NUMBER_MAX 385
#define USERS_MAX 16
#define STOCK 16          /* pairs of b and B for each user */
#define OPEN_MAX 4096     /* challenges that wait for their answer */
#define BLOCK_BYTES 1100  /* about what the service sends */
#define EXPONENT_BITS 256 /* of b */

struct user {
    char name[64];
    char salt_hex[40];
    BIGNUM *v;
    BIGNUM *b[STOCK];
    BIGNUM *b_public[STOCK];
    unsigned int next;
};

/* A challenge that was given out; its number stands in its secret block. */
struct open_challenge {
    bool waiting;
    struct user *user;
    unsigned int pair;
    BIGNUM *a_public;
    unsigned char block[BLOCK_BYTES];
};

static BIGNUM *modulus, *generator, *multiplier;
static char pool[64], secret[260];
static struct user users[USERS_MAX];
static struct open_challenge waiting[OPEN_MAX];
static unsigned int given;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* As Java's BigInteger writes a number that is not negative. */
static size_t
encode(const BIGNUM *number, unsigned char out[NUMBER_MAX])
{
    int length = BN_num_bits(number) / 8 + 1;

    return BN_bn2binpad(number, out, length) < 0 ? 0 : (size_t) length;
}

/* SHA-256 over two pieces. */
static bool
hash(const void *first, size_t first_length, const void *second,
     size_t second_length, unsigned char out[DIGEST])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL
                && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
                && EVP_DigestUpdate(context, first, first_length) == 1
                && EVP_DigestUpdate(context, second, second_length) == 1
                && EVP_DigestFinal_ex(context, out, NULL) == 1;

    EVP_MD_CTX_free(context);
    return done;
}

static bool
hash_numbers(const BIGNUM *first, const BIGNUM *second, BIGNUM *out)
{
    unsigned char one[NUMBER_MAX], two[NUMBER_MAX], digest[DIGEST];

    return hash(one, encode(first, one), two, encode(second, two), digest)
           && BN_bin2bn(digest, sizeof digest, out) != NULL;
}

bool
verifier_open(const char *pool_name, const char *password)
{
    (void) snprintf(pool, sizeof pool, "%s", pool_name);
    (void) snprintf(secret, sizeof secret, "%s", password);
    modulus = BN_get_rfc3526_prime_3072(NULL);
    generator = BN_new();
    multiplier = BN_new();
    return modulus != NULL && generator != NULL && multiplier != NULL
           && BN_set_word(generator, 2) == 1
           && hash_numbers(modulus, generator, multiplier);
}

/* salt and v = g^x; x = H(salt, H(pool user ":" password)). */
static bool
make_verifier(struct user *user, BN_CTX *context)
{
    unsigned char salt[NUMBER_MAX], inner[DIGEST], digest[DIGEST];
    BIGNUM *number = BN_CTX_get(context), *x = BN_CTX_get(context);
    char head[200], *hex;
    size_t length;

    if (x == NULL || BN_rand(number, 127, BN_RAND_TOP_ONE, 0) != 1)
        return false;
    hex = BN_bn2hex(number);
    if (hex == NULL)
        return false;
    (void) snprintf(user->salt_hex, sizeof user->salt_hex, "%s", hex);
    OPENSSL_free(hex);
    (void) snprintf(head, sizeof head, "%s%s:", pool, user->name);
    length = encode(number, salt);
    user->v = BN_new();
    return user->v != NULL
           && hash(head, strlen(head), secret, strlen(secret), inner)
           && hash(salt, length, inner, sizeof inner, digest)
           && BN_bin2bn(digest, sizeof digest, x) != NULL
           && BN_mod_exp(user->v, generator, x, modulus, context) == 1;
}

/* B = k v + g^b. */
static bool
make_pair(struct user *user, unsigned int i, BN_CTX *context)
{
    BIGNUM *power = BN_CTX_get(context), *kv = BN_CTX_get(context);

    user->b[i] = BN_new();
    user->b_public[i] = BN_new();
    return kv != NULL && user->b[i] != NULL && user->b_public[i] != NULL
           && BN_rand(user->b[i], EXPONENT_BITS, BN_RAND_TOP_ONE, 0) == 1
           && BN_mod_exp(power, generator, user->b[i], modulus, context) == 1
           && BN_mod_mul(kv, multiplier, user->v, modulus, context) == 1
           && BN_mod_add(user->b_public[i], kv, power, modulus, context) == 1;
}

/* The user of that name, made when new; with the lock held. */
static struct user *
find_user(const char *name)
{
    BN_CTX *context;
    struct user *user = NULL;
    bool done = true;

    for (size_t i = 0; i < USERS_MAX && user == NULL; i++)
        if (users[i].name[0] == '\0' || strcmp(users[i].name, name) == 0)
            user = &users[i];
    if (user == NULL || strlen(name) >= sizeof user->name)
        return NULL;
    if (user->v != NULL)
        return user;
    context = BN_CTX_new();
    if (context == NULL)
        return NULL;
    BN_CTX_start(context);
    (void) snprintf(user->name, sizeof user->name, "%s", name);
    done = make_verifier(user, context);
    for (unsigned int i = 0; done && i < STOCK; i++)
        done = make_pair(user, i, context);
    BN_CTX_end(context);
    BN_CTX_free(context);
    return done ? user : NULL;
}

static bool
fill(struct open_challenge *open, unsigned int number, const char *a_hex,
     struct verifier_challenge *out)
{
    struct user *user = open->user;
    char *hex, *text;

    open->pair = user->next++ % STOCK;
    if (RAND_bytes(open->block, sizeof open->block) != 1
        || BN_hex2bn(&open->a_public, a_hex) == 0)
        return false;
    memcpy(open->block, &number, sizeof number);
    hex = BN_bn2hex(user->b_public[open->pair]);
    text = signing_base64(open->block, sizeof open->block, false);
    if (hex != NULL && text != NULL) {
        (void) snprintf(out->salt, sizeof out->salt, "%s", user->salt_hex);
        (void) snprintf(out->b, sizeof out->b, "%s", hex);
        (void) snprintf(out->block, sizeof out->block, "%s", text);
        open->waiting = true;
    }
    OPENSSL_free(hex);
    free(text);
    return open->waiting;
}

bool
verifier_challenge(const char *user, const char *a_hex,
                   struct verifier_challenge *challenge_out)
{
    struct open_challenge *open;
    unsigned int number;
    bool done = false;

    (void) pthread_mutex_lock(&lock);
    number = given++ % OPEN_MAX;
    open = &waiting[number];
    open->waiting = false;
    open->user = find_user(user);
    if (open->user != NULL)
        done = fill(open, number, a_hex, challenge_out);
    (void) pthread_mutex_unlock(&lock);
    return done;
}

static bool
hmac(const void *hmac_key, size_t key_length, const void *data, size_t length,
     unsigned char out[DIGEST])
{
    return HMAC(EVP_sha256(), hmac_key, (int) key_length, data, length, out,
                NULL)
           != NULL;
}

/* S = (A v^u)^b, then HKDF, then the proof in Base64. */
static bool
prove(const struct open_challenge *open, const char *timestamp,
      char *proof_out)
{
    static const char info[] = "Caldera Derived Key\x01";
    const struct user *user = open->user;
    unsigned char u_bytes[NUMBER_MAX], s_bytes[NUMBER_MAX];
    unsigned char prk[DIGEST], key[DIGEST], digest[DIGEST];
    unsigned char signed_part[BLOCK_BYTES + 256];
    BN_CTX *context = BN_CTX_new();
    BIGNUM *u, *s;
    size_t length;
    bool done = false;

    if (context == NULL)
        return false;
    BN_CTX_start(context);
    u = BN_CTX_get(context);
    s = BN_CTX_get(context);
    if (s == NULL
        || !hash_numbers(open->a_public, user->b_public[open->pair], u)
        || BN_mod_exp(s, user->v, u, modulus, context) != 1
        || BN_mod_mul(s, s, open->a_public, modulus, context) != 1
        || BN_mod_exp(s, s, user->b[open->pair], modulus, context) != 1)
        goto out;
    length = (size_t) snprintf((char *) signed_part, 160, "%s%s", pool,
                               user->name);
    memcpy(signed_part + length, open->block, BLOCK_BYTES);
    length += BLOCK_BYTES;
    memcpy(signed_part + length, timestamp, strlen(timestamp));
    length += strlen(timestamp);
    done = hmac(u_bytes, encode(u, u_bytes), s_bytes, encode(s, s_bytes), prk)
           && hmac(prk, sizeof prk, info, sizeof info - 1, key)
           && hmac(key, 16, signed_part, length, digest)
           && EVP_EncodeBlock((unsigned char *) proof_out, digest, DIGEST) > 0;

out:
    BN_CTX_end(context);
    BN_CTX_free(context);
    return done;
}

bool
verifier_check(const char *user, const char *block, const char *timestamp,
               const char *signature)
{
    unsigned char bytes[1604];
    struct open_challenge open = {0};
    unsigned int number;
    char proof[64];
    bool known = false;

    if (strlen(block) > 1600 || strlen(timestamp) > 64
        || EVP_DecodeBlock(bytes, (const unsigned char *) block,
                           (int) strlen(block))
               < BLOCK_BYTES)
        return false;
    memcpy(&number, bytes, sizeof number);
    (void) pthread_mutex_lock(&lock);
    if (number < OPEN_MAX && waiting[number].waiting
        && memcmp(waiting[number].block, bytes, BLOCK_BYTES) == 0
        && strcmp(waiting[number].user->name, user) == 0) {
        known = true;
        open = waiting[number];
        /* Out of the lock with it: the exponents take a while. */
        waiting[number].waiting = false;
        waiting[number].a_public = NULL;
    }
    (void) pthread_mutex_unlock(&lock);
    known = known && prove(&open, timestamp, proof)
            && strcmp(proof, signature) == 0;
    BN_free(open.a_public);
    return known;
}
