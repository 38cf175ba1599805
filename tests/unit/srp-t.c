/*
 * SRP against tests/data/srp-vectors.json: every intermediate value, made by
 * another program and compared there with Amazon's own client.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/srp.h"

#include <dlfcn.h>
#include <locale.h>

#include <openssl/evp.h>

#include "cognito/json.h"
#include "cognito/srp_internal.h"
#include "faults.h"
#include "tap.h"
#include "vectors.h"

#define VECTORS 19

static void
is_bytes(const void *bytes, size_t length, const char *wanted,
         const char *what)
{
    char hex[2 * SRP_NUMBER_MAX + 1] = "";

    for (size_t i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *) bytes)[i]);
    is_text(hex, wanted, what);
}

static void
is_whole(const struct srp_number *number, const struct json *expect,
         const char *name)
{
    is_bytes(number->bytes, number->length, json_text(expect, name), name);
}

/* The vectors leave out the leading zeros of x. */
static void
is_x(const unsigned char *x, const char *wanted)
{
    char padded[2 * SRP_DIGEST_SIZE + 1];

    snprintf(padded, sizeof padded, "%0*d%s",
             2 * SRP_DIGEST_SIZE - (int) strlen(wanted), 0, wanted);
    if (strlen(wanted) == 2 * SRP_DIGEST_SIZE)
        strcpy(padded, wanted);
    is_bytes(x, SRP_DIGEST_SIZE, padded, "x");
}

/* Stands before OpenSSL's: the next digest may be made zero. */
static bool zero_next;

int
EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *digest,
                   unsigned int *length)
{
    int (*real)(EVP_MD_CTX *, unsigned char *, unsigned int *);
    int done;

    *(void **) &real = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
    need(real != NULL, "OpenSSL's digest");
    done = real(context, digest, length);
    if (zero_next)
        memset(digest, 0, SRP_DIGEST_SIZE);
    zero_next = false;
    return done;
}

/*
 * u = 0 leaves the password out of the key. No B is known that makes it: so
 * the first digest after B came, that of A and B, is made zero.
 */
static void
test_u_is_zero(void)
{
    struct secret password = {0};
    struct srp_steps steps;
    struct srp *srp = NULL;

    need(srp_new(&srp) == STATUS_OK && secret_set_text(&password, "x"), "SRP");
    for (int i = 0; i < 2; i++) {
        zero_next = i == 1;
        is_number(srp_derive(srp, "Pool", "alice", &password, "12", "2",
                             &steps),
                  i == 1 ? STATUS_UNREADABLE : STATUS_OK,
                  i == 1 ? "u = 0 is refused" : "another u is not");
        ok(!zero_next, "the digest was asked for");
    }
    secret_free(&password);
    srp_free(srp);
}

static void
test_vector(const struct json *vector)
{
    const struct json *input = json_object(vector, "input");
    const struct json *expect = json_object(vector, "expect");
    const char *pool = json_text(input, "hash_prefix");
    const char *user = json_text(input, "user_id_for_srp");
    const char *salt = json_text(input, "salt_hex");
    const char *b = json_text(input, "srp_b_hex");
    struct secret password = {0};
    struct srp *srp = NULL;
    struct srp_steps steps;
    char signature[SRP_SIGNATURE_SIZE];

    diag("%s", json_text(vector, "name"));
    need(secret_set_text(&password, json_text(input, "password")), "memory");
    is_number(srp_new_with(json_text(input, "a_hex"), &srp), STATUS_OK, "a");
    need(srp != NULL, "no client");
    is_text(srp_public(srp), json_text(expect, "SRP_A"), "SRP_A");
    is_number(srp_derive(srp, pool, user, &password, salt, b, &steps),
              STATUS_OK, "derived");
    is_whole(&steps.a_public, expect, "A_bytes_hex");
    is_whole(&steps.b_public, expect, "B_bytes_hex");
    is_whole(&steps.salt, expect, "salt_bytes_hex");
    is_whole(&steps.u, expect, "u_bytes_hex");
    is_whole(&steps.s, expect, "S_bytes_hex");
    is_bytes(steps.k_digest, SRP_DIGEST_SIZE, json_text(expect, "k_hex"), "k");
    is_bytes(steps.u_digest, SRP_DIGEST_SIZE, json_text(expect, "u_hash_hex"),
             "digest of A and B");
    is_bytes(steps.inner, SRP_DIGEST_SIZE, json_text(expect, "inner_hash_hex"),
             "digest of pool, user and password");
    is_x(steps.x, json_text(expect, "x_hex"));
    is_bytes(steps.prk, SRP_DIGEST_SIZE, json_text(expect, "hkdf_prk_hex"),
             "PRK");
    is_bytes(steps.key, SRP_KEY_SIZE, json_text(expect, "hkdf_key16_hex"),
             "key");
    is_number(srp_answer(srp, pool, user, &password, salt, b,
                         json_text(input, "secret_block_b64"),
                         json_text(input, "timestamp"), signature),
              STATUS_OK, "answered");
    is_text(signature, json_text(expect, "PASSWORD_CLAIM_SIGNATURE"),
            "signature");
    srp_free(srp);
    secret_free(&password);
}

/* The salt is an integer as any other, so it shows how integers are written.
 */
static void
test_encoding(const struct json *file)
{
    const struct json *cases = json_array(file, "encoding_cases");
    struct secret password = {0};
    struct srp_steps steps;
    struct srp *srp = NULL;

    need(secret_set_text(&password, "x") && srp_new(&srp) == STATUS_OK, "srp");
    is_number((int64_t) json_length(cases), 17, "all encodings are here");
    for (size_t i = 0; i < json_length(cases); i++) {
        const struct json *each = json_item(cases, i);

        (void) srp_derive(srp, "p", "u", &password,
                          json_text(each, "hex_minimal"), "2", &steps);
        is_bytes(steps.salt.bytes, steps.salt.length,
                 json_text(each, "bytes_hex"), json_text(each, "hex_minimal"));
    }
    (void) srp_derive(srp, "p", "u", &password, "-0", "2", &steps);
    is_bytes(steps.salt.bytes, steps.salt.length, "00", "-0");
    (void) srp_derive(srp, "p", "u", &password, "-00081", "2", &steps);
    is_bytes(steps.salt.bytes, steps.salt.length, "ff7f", "-00081");
    (void) srp_derive(srp, "p", "u", &password, "-8000", "2", &steps);
    is_bytes(steps.salt.bytes, steps.salt.length, "8000", "-8000");
    srp_free(srp);
    secret_free(&password);
}

static void
test_timestamps(const struct json *file)
{
    const struct json *times = json_array(file, "timestamps");
    char text[SRP_TIMESTAMP_SIZE];

    is_number((int64_t) json_length(times), 10, "all times are here");
    for (size_t i = 0; i < json_length(times); i++) {
        const struct json *each = json_item(times, i);
        int64_t epoch = -1;

        need(json_integer(each, "epoch", &epoch), "a time lacks its epoch");
        srp_timestamp((time_t) epoch, text);
        is_text(text, json_text(each, "text"), "timestamp");
    }
    srp_timestamp((time_t) INT64_MAX, text);
    is_text(text, "", "a time beyond all years");
    srp_timestamp((time_t) 67767976233532799, text);
    is_text(text, "", "a year of ten digits");
    srp_timestamp((time_t) 67768036191676799, text);
    is_text(text, "", "the last year that can be told");
    srp_timestamp((time_t) -1, text);
    is_text(text, "Wed Dec 31 23:59:59 UTC 1969", "a second before 1970");
}

static void
test_malformed(const char *modulus)
{
    static const struct {
        const char *salt;
        const char *b;
        const char *block;
        const char *what;
    } cases[] = {
        {"", "2", "AAAA", "empty salt"},
        {"-", "2", "AAAA", "a minus alone"},
        {"--1", "2", "AAAA", "two minuses"},
        {"12g4", "2", "AAAA", "salt that is hex only to begin with"},
        {"0x12", "2", "AAAA", "salt with 0x"},
        {" 12", "2", "AAAA", "salt with a blank"},
        {"12\n", "2", "AAAA", "salt with a newline"},
        {"12", "", "AAAA", "empty B"},
        {"12", "-2", "AAAA", "negative B"},
        {"12", "2z", "AAAA", "B that is hex only to begin with"},
        {"12", "0", "AAAA", "B = 0"},
        {"12", "0000", "AAAA", "B = 0 with zeros"},
        {"12", "2", "", "no secret block"},
        {"12", "2", "AAA", "block of three"},
        {"12", "2", "AAAAA", "block of five"},
        {"12", "2", "AA A", "block with a blank"},
        {"12", "2", "AAAA\n", "block with a newline"},
        {"12", "2", "A===", "block with three ="},
        {"12", "2", "AA=A", "block with = inside"},
        {"12", "2", "====", "block of = alone"},
        {"12", "2", "AA-_", "block in base64url"},
        {"12", "2", "12345678-1234-1234-1234-123456789012", "a UUID"},
    };
    struct secret password = {0};
    struct srp *srp = NULL;
    char signature[SRP_SIGNATURE_SIZE];
    char digits[770];

    need(secret_set_text(&password, "x") && srp_new(&srp) == STATUS_OK, "srp");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(signature, "X");
        is_number(srp_answer(srp, "p", "u", &password, cases[i].salt,
                             cases[i].b, cases[i].block, "t", signature),
                  STATUS_UNREADABLE, cases[i].what);
        is_text(signature, "", "gives no signature");
    }
    is_number(srp_answer(srp, "p", "u", &password, "12", modulus, "AAAA", "t",
                         signature),
              STATUS_UNREADABLE, "B = N, which is 0 mod N");
    memset(digits, '1', sizeof digits - 1);
    digits[769] = '\0';
    is_number(srp_answer(srp, "p", "u", &password, "12", digits, "AAAA", "t",
                         signature),
              STATUS_UNREADABLE, "B of 769 digits");
    is_number(srp_answer(srp, "p", "u", &password, digits, "2", "AAAA", "t",
                         signature),
              STATUS_UNREADABLE, "an endless salt");
    digits[768] = '\0';
    is_number(srp_answer(srp, "p", "u", &password, "12", digits, "AAAA", "t",
                         signature),
              STATUS_OK, "B of 768 digits is taken");
    digits[128] = '\0';
    is_number(srp_answer(srp, "p", "u", &password, digits, "2", "AAAA", "t",
                         signature),
              STATUS_OK, "a salt of 128 digits is taken");
    srp_free(srp);
    secret_free(&password);
}

static void
test_secrets(void)
{
    static const char *const bad[] = {"", "0", "00", "-1", "12x", "0x12"};
    struct srp *one = NULL;
    struct srp *two = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ok(srp_new_with(bad[i], &one) != STATUS_OK && one == NULL,
           "a = '%s' is refused", bad[i]);
    is_number(srp_new(&one), STATUS_OK, "a random a");
    is_number(srp_new(&two), STATUS_OK, "and another");
    ok(strcmp(srp_public(one), srp_public(two)) != 0, "differ");
    ok(strlen(srp_public(one)) > 700, "A is as long as it should be");
    ok(srp_public(one)[strspn(srp_public(one), "0123456789abcdef")] == '\0'
           && srp_public(one)[0] != '0',
       "in lower-case hex without leading zeros");
    srp_free(one);
    srp_free(two);
    is_number(srp_new_with("1", &one), STATUS_OK, "a = 1");
    is_text(srp_public(one), "2", "makes A = g = 2");
    srp_free(one);
    srp_free(NULL);
}

static void
test_faults(const struct json *vector)
{
    const struct json *input = json_object(vector, "input");
    const char *wanted = json_text(json_object(vector, "expect"),
                                   "PASSWORD_CLAIM_SIGNATURE");
    struct secret password = {0};
    unsigned int failures = 0;
    bool wrong = false;
    bool succeeded = false;

    need(secret_set_text(&password, json_text(input, "password")), "memory");
    while (!succeeded && failures < 10000) {
        struct srp *srp = NULL;
        char signature[SRP_SIGNATURE_SIZE] = "X";
        enum status status;

        fault_arm(failures);
        status = srp_new_with(json_text(input, "a_hex"), &srp);
        if (status == STATUS_OK)
            status = srp_answer(srp, json_text(input, "hash_prefix"),
                                json_text(input, "user_id_for_srp"), &password,
                                json_text(input, "salt_hex"),
                                json_text(input, "srp_b_hex"),
                                json_text(input, "secret_block_b64"),
                                json_text(input, "timestamp"), signature);
        succeeded = fault_disarm();
        /* OpenSSL lives without some of what it would like to have. */
        if (status == STATUS_OK)
            wrong = wrong || strcmp(signature, wanted) != 0;
        else
            wrong = wrong || succeeded
                    || (signature[0] != '\0' && signature[0] != 'X');
        srp_free(srp);
        failures += !succeeded;
    }
    ok(failures > 10 && succeeded, "%u allocations fail one by one", failures);
    ok(!wrong, "each is an error, or the right signature all the same");
    secret_free(&password);
}

int
main(void)
{
    struct json *file;
    const struct json *vectors;

    need(fault_install(), "OpenSSL was in use before main");
    (void) setlocale(LC_ALL, "");
    file = read_vectors("srp-vectors.json");
    vectors = json_array(file, "vectors");
    is_number((int64_t) json_length(vectors), VECTORS, "all vectors are here");
    for (size_t i = 0; i < json_length(vectors); i++)
        test_vector(json_item(vectors, i));
    test_encoding(file);
    test_timestamps(file);
    test_malformed(json_text(json_object(file, "constants"), "N_hex"));
    test_u_is_zero();
    test_secrets();
    test_faults(json_item(vectors, 1));
    json_free(file);
    return done_testing();
}
