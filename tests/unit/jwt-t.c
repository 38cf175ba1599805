/*
 * Tokens that hold and every way in which one may not. The tokens are signed
 * here by OpenSSL and written by this test's own base64url; one that another
 * program made stands in tests/data.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "faults.h"
#include "tap.h"
#include "vectors.h"

#define NOW 1790000000
#define ISSUER "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_X"
#define CLIENT "7c1rkbg6qlh1a5f5bd8v0m3n2p"
#define HEADER "{\"kid\":\"one\",\"alg\":\"RS256\"}"
#define CLAIMS_OPEN                                                           \
    "{\"sub\":\"s\",\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT                 \
    "\",\"token_use\":\"id\",\"cognito:username\":\"alice\""
#define DEEP_10 "[[[[[[[[[["
#define DEEP_60 DEEP_10 DEEP_10 DEEP_10 DEEP_10 DEEP_10 DEEP_10
#define CLAIMS CLAIMS_OPEN ",\"exp\":1790003600,\"iat\":1790000000}"

static EVP_PKEY *one;
static EVP_PKEY *two;
static struct jwt_keys *keys;
static const struct jwt_expect expect
    = {.issuer = ISSUER, .audience = CLIENT, .token_use = "id", .now = NOW};

/* Appends base64url of bytes to text. */
static void
append_bytes(char *text, const void *bytes, size_t length)
{
    char *start = text + strlen(text);

    EVP_EncodeBlock((unsigned char *) start, bytes, (int) length);
    for (char *at = start; *at != '\0'; at++)
        switch (*at) {
        case '+':
            *at = '-';
            break;
        case '/':
            *at = '_';
            break;
        case '=':
            *at = '\0';
            return;
        default:
            break;
        }
}

static void
append_signature(char *token, EVP_PKEY *key, const EVP_MD *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t length = sizeof signature;

    need(context != NULL
             && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1
             && EVP_DigestSign(context, signature, &length,
                               (unsigned char *) token, strlen(token))
                    == 1,
         "cannot sign");
    EVP_MD_CTX_free(context);
    strcat(token, ".");
    append_bytes(token, signature, length);
}

/* A signed token; free it. */
static char *
make(const char *header, const char *claims, EVP_PKEY *key)
{
    char *token = calloc(1, 2 * (strlen(header) + strlen(claims)) + 2048);

    need(token != NULL, "memory");
    append_bytes(token, header, strlen(header));
    strcat(token, ".");
    append_bytes(token, claims, strlen(claims));
    append_signature(token, key, EVP_sha256());
    return token;
}

/* Appends a JWK; use NULL: {"kty","kid","n","e"} only. */
static void
append_key(char *text, const char *kid, EVP_PKEY *key, const char *more)
{
    unsigned char bytes[1024];
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;

    need(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1
             && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1,
         "no RSA key");
    sprintf(text + strlen(text), "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"",
            kid);
    append_bytes(text, bytes, (size_t) BN_bn2bin(n, bytes));
    strcat(text, "\",\"e\":\"");
    append_bytes(text, bytes, (size_t) BN_bn2bin(e, bytes));
    sprintf(text + strlen(text), "\"%s}", more);
    BN_free(n);
    BN_free(e);
}

static enum status
verify(const char *token, char *why_out)
{
    struct json *claims = NULL;
    enum status status;

    why_out[0] = '\0';
    status = jwt_verify(token, keys, &expect, &claims, why_out);
    if ((claims != NULL) != (status == STATUS_OK))
        status = STATUS_INTERNAL;
    json_free(claims);
    return status;
}

/* Is the token refused, for that reason? */
static void
refused(const char *token, enum status status, const char *why,
        const char *what)
{
    char seen[JWT_WHY_SIZE];

    is_text(status_word(verify(token, seen)), status_word(status), what);
    is_text(seen, why, why);
}

static void
test_good(void)
{
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";
    char *token = make(HEADER, CLAIMS, one);

    is_number(jwt_verify(token, keys, &expect, &claims, why), STATUS_OK,
              "a good token");
    is_text(json_text(claims, "cognito:username"), "alice", "brings claims");
    is_text(why, "", "and no reason");
    json_free(claims);
    ok(jwt_keys_cover(keys, token), "its kid is covered");
    free(token);
    token = make("{\"kid\":\"two\",\"alg\":\"RS256\",\"typ\":\"JWT\"}", CLAIMS,
                 two);
    is_number(verify(token, why), STATUS_OK, "one by the second key");
    free(token);
}

/* A token, its keys and the time, made by Python's cryptography. */
static void
test_foreign(void)
{
    struct json *file = read_vectors("id-token.json");
    struct jwt_keys *foreign = NULL;
    struct json *claims = NULL;
    struct secret text = {0};
    char why[JWT_WHY_SIZE] = "";
    struct jwt_expect wanted = {
        .issuer = json_text(file, "issuer"),
        .audience = json_text(file, "audience"),
        .token_use = "id",
    };

    need(json_integer(file, "now", &wanted.now)
             && json_print(json_object(file, "jwks"), &text),
         "id-token.json lacks a member");
    is_number(jwt_keys_parse(text.data, text.length, &foreign), STATUS_OK,
              "another program's keys");
    is_number(jwt_verify(json_text(file, "token"), foreign, &wanted, &claims,
                         why),
              STATUS_OK, "another program's token");
    is_text(json_text(claims, "cognito:username"), "zo\xc3\xab",
            "says what it should");
    json_free(claims);
    is_number(jwt_verify(json_text(file, "other"), foreign, &wanted, &claims,
                         why),
              STATUS_TOKEN, "the same claims with another signature");
    is_text(why, "signature", "signature");
    jwt_keys_free(foreign);
    secret_free(&text);
    json_free(file);
}

static void
test_headers(void)
{
    static const struct {
        const char *header;
        enum status status;
        const char *why;
    } cases[] = {
        {"{\"kid\":\"one\",\"alg\":\"none\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"None\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"rs256\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"HS256\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"RS512\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"PS256\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":[\"RS256\"]}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\"}", STATUS_TOKEN, "alg"},
        {"{\"kid\":\"one\",\"alg\":\"RS256\",\"alg\":\"none\"}", STATUS_TOKEN,
         "header"},
        {"{\"kid\":\"one\",\"alg\":\"RS256\",\"crit\":[\"exp\"]}",
         STATUS_TOKEN, "crit"},
        {"{\"kid\":\"one\",\"alg\":\"RS256\",\"crit\":[]}", STATUS_TOKEN,
         "crit"},
        {"{\"alg\":\"RS256\"}", STATUS_TOKEN, "kid"},
        {"{\"kid\":1,\"alg\":\"RS256\"}", STATUS_TOKEN, "kid"},
        {"{\"kid\":null,\"alg\":\"RS256\"}", STATUS_TOKEN, "kid"},
        {"{\"kid\":\"\",\"alg\":\"RS256\"}", STATUS_KEYS, "kid"},
        {"{\"kid\":\"three\",\"alg\":\"RS256\"}", STATUS_KEYS, "kid"},
        {"{\"kid\":\"on\",\"alg\":\"RS256\"}", STATUS_KEYS, "kid"},
        {"{\"kid\":\"two\",\"alg\":\"RS256\"}", STATUS_TOKEN, "signature"},
        {"[\"kid\",\"one\",\"alg\",\"RS256\"]", STATUS_TOKEN, "header"},
        {"\"RS256\"", STATUS_TOKEN, "header"},
        {"{\"kid\":\"one\",\"alg\":\"RS256\"", STATUS_TOKEN, "header"},
        {"{\"kid\":\"one\",\"alg\":\"RS256\"} ", STATUS_OK, ""},
        {"{\"kid\":\"one\",\"alg\":\"RS256\"}x", STATUS_TOKEN, "header"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *token = make(cases[i].header, CLAIMS, one);

        refused(token, cases[i].status, cases[i].why, cases[i].header);
        free(token);
    }
}

static void
test_claims(void)
{
    static const struct {
        const char *claims;
        const char *why; /* "" when it holds */
    } cases[] = {
        {CLAIMS_OPEN ",\"exp\":1789999941}", ""},
        {CLAIMS_OPEN ",\"exp\":1789999940}", "exp"},
        {CLAIMS_OPEN ",\"exp\":0}", "exp"},
        {CLAIMS_OPEN ",\"exp\":-1}", "exp"},
        {CLAIMS_OPEN ",\"exp\":\"1790003600\"}",
         "exp is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":1790003600.5}", "exp is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":true}", "exp is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":99999999999999999999}",
         "exp is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":null}", "exp is no integer of 64 bits"},
        {CLAIMS_OPEN "}", "exp is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"nbf\":1790000060}", ""},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"nbf\":1790000061}", "nbf"},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"nbf\":\"0\"}",
         "nbf is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"nbf\":-9e99}",
         "nbf is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"nbf\":null}", ""},
        {CLAIMS_OPEN ",\"exp\":1790003600,\"iat\":\"x\"}",
         "iat is no integer of 64 bits"},
        {CLAIMS_OPEN ",\"exp\":1790003600,"
                     "\"iat\":99999999999999999999999999}",
         "iat is no integer of 64 bits"},
        {"{\"iss\":\"" ISSUER "x\",\"aud\":\"" CLIENT
         "\",\"token_use\":\"id\",\"exp\":1790003600}",
         "iss is " ISSUER "x"},
        {"{\"iss\":\"" ISSUER "/\",\"aud\":\"" CLIENT
         "\",\"token_use\":\"id\",\"exp\":1790003600}",
         "iss is " ISSUER "/"},
        {"{\"iss\":[\"" ISSUER "\"],\"aud\":\"" CLIENT
         "\",\"token_use\":\"id\",\"exp\":1790003600}",
         "iss"},
        {"{\"aud\":\"" CLIENT "\",\"token_use\":\"id\",\"exp\":1790003600}",
         "iss"},
        {"{\"iss\":\"" ISSUER
         "\",\"aud\":\"other\",\"token_use\":\"id\",\"exp\":1790003600}",
         "aud"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"" CLIENT
         "\"],\"token_use\":\"id\",\"exp\":1790003600}",
         "aud"},
        {"{\"iss\":\"" ISSUER "\",\"token_use\":\"id\",\"exp\":1790003600}",
         "aud"},
        /* An access token has client_id and no aud. */
        {"{\"iss\":\"" ISSUER "\",\"client_id\":\"" CLIENT
         "\",\"token_use\":\"access\",\"exp\":1790003600}",
         "aud"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT
         "\",\"token_use\":\"access\",\"exp\":1790003600}",
         "token_use"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT "\",\"exp\":1790003600}",
         "token_use"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT
         "\",\"token_use\":\"ID\",\"exp\":1790003600}",
         "token_use"},
        {"[]", "payload"},
        {"{\"exp\":1790003600,\"exp\":1790003600}",
         "null, or a key twice in one object"},
        {"no JSON", "not JSON"},
        {"\"\xff\"", "not UTF-8"},
        {"{\"a\":" DEEP_60 "}", "nested more than 16 deep"},
        /* What is of no concern may be what it likes. */
        {CLAIMS_OPEN ",\"exp\":1790003600,"
                     "\"custom\":123456789012345678901234567890}",
         ""},
        {CLAIMS_OPEN ",\"exp\":1790003600,"
                     "\"name\":\"Al\xc3\xad\x63\x65 \xe6\x97\xa5\"}",
         ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *token = make(HEADER, cases[i].claims, one);

        refused(token, cases[i].why[0] == '\0' ? STATUS_OK : STATUS_TOKEN,
                cases[i].why, cases[i].claims);
        free(token);
    }
}

/* A pool has two issuers; a name that resembles one of them is none. */
static void
test_issuers(void)
{
    static const char updated[]
        = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_X";
    static const struct {
        const char *issuer;
        bool good;
    } cases[] = {
        {ISSUER, true},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_X",
         true},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_X/",
         false},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Y",
         false},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_XY",
         false},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_",
         false},
        {"https://issuer-cognito-idp.us-east-2.amazonaws.com/us-east-1_X",
         false},
        {"https://issuer-cognito-idp.us-east-1.amazonaws.com.evil/us-east-1_X",
         false},
        {"https://evil/https://issuer-cognito-idp.us-east-1.amazonaws.com/"
         "us-east-1_X",
         false},
        {"http://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_X",
         false},
        {"https://ISSUER-cognito-idp.us-east-1.amazonaws.com/us-east-1_X",
         false},
        {"", false},
    };
    struct jwt_expect both = expect;
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE], text[512];
    char *token;

    both.updated_issuer = updated;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void) snprintf(text, sizeof text,
                        "{\"iss\":\"%s\",\"aud\":\"" CLIENT "\","
                        "\"token_use\":\"id\",\"exp\":1790003600}",
                        cases[i].issuer);
        token = make(HEADER, text, one);
        is_number(jwt_verify(token, keys, &both, &claims, why),
                  cases[i].good ? STATUS_OK : STATUS_TOKEN, cases[i].issuer);
        (void) snprintf(text, sizeof text, "iss is %s", cases[i].issuer);
        is_text(why, cases[i].good ? "" : text, "the one seen is named");
        json_free(claims);
        claims = NULL;
        /* Without a second one, the second one is a stranger's. */
        is_number(verify(token, why), i == 0 ? STATUS_OK : STATUS_TOKEN,
                  "by the first alone");
        free(token);
    }
    token = make(HEADER, "{\"iss\":\"a\\nb\\u001b[31m\"}", one);
    refused(token, STATUS_TOKEN, "iss is a?b?[31m", "it is cleaned");
    free(token);
}

/* alg none with nothing signed, and HS256 keyed with what everybody knows. */
static void
test_forgeries(void)
{
    static const char none[] = "{\"kid\":\"one\",\"alg\":\"none\"}";
    static const char hmac[] = "{\"kid\":\"one\",\"alg\":\"HS256\"}";
    char token[4096] = "";
    char pem[2048] = "";
    unsigned char digest[32];
    unsigned int length = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    char *good = make(HEADER, CLAIMS, one);
    char *other;

    need(bio != NULL && PEM_write_bio_PUBKEY(bio, one) == 1
             && BIO_read(bio, pem, sizeof pem - 1) > 0,
         "no PEM");
    append_bytes(token, none, strlen(none));
    strcat(token, ".");
    append_bytes(token, CLAIMS, strlen(CLAIMS));
    strcat(token, ".");
    refused(token, STATUS_TOKEN, "alg", "alg none without a signature");
    token[0] = '\0';
    append_bytes(token, hmac, strlen(hmac));
    strcat(token, ".");
    append_bytes(token, CLAIMS, strlen(CLAIMS));
    HMAC(EVP_sha256(), pem, (int) strlen(pem), (unsigned char *) token,
         strlen(token), digest, &length);
    strcat(token, ".");
    append_bytes(token, digest, length);
    refused(token, STATUS_TOKEN, "alg", "HS256 with the public key");
    token[0] = '\0';
    append_bytes(token, HEADER, strlen(HEADER));
    strcat(token, ".");
    append_bytes(token, CLAIMS, strlen(CLAIMS));
    HMAC(EVP_sha256(), pem, (int) strlen(pem), (unsigned char *) token,
         strlen(token), digest, &length);
    strcat(token, ".");
    append_bytes(token, digest, length);
    refused(token, STATUS_TOKEN, "signature", "the same that claims RS256");
    token[0] = '\0';
    append_bytes(token, HEADER, strlen(HEADER));
    strcat(token, ".");
    append_bytes(token, CLAIMS, strlen(CLAIMS));
    append_signature(token, one, EVP_sha512());
    refused(token, STATUS_TOKEN, "signature", "SHA-512 that claims RS256");
    other = make(HEADER, CLAIMS_OPEN ",\"exp\":1790009999}", one);
    strcpy(strrchr(other, '.'), strrchr(good, '.'));
    refused(other, STATUS_TOKEN, "signature", "another token's signature");
    free(other);
    other = make(HEADER, CLAIMS, two);
    refused(other, STATUS_TOKEN, "signature", "another key");
    free(other);
    free(good);
    BIO_free(bio);
}

static void
test_flips(void)
{
    char *good = make(HEADER, CLAIMS, one);
    size_t length = strlen(good);
    char why[JWT_WHY_SIZE];
    unsigned int passed = 0;

    /* Every character stands for bits that are signed or the signature's. */
    for (size_t i = 0; i < length; i++) {
        char kept = good[i];

        good[i] = kept == 'A' ? 'B' : 'A';
        passed += verify(good, why) == STATUS_OK;
        good[i] = kept;
    }
    is_number(passed, 0, "a token with any character changed");
    for (size_t i = length; i-- > 0;) {
        char kept = good[i];

        good[i] = '\0';
        passed += verify(good, why) == STATUS_OK;
        good[i] = kept;
    }
    is_number(passed, 0, "a token cut anywhere");
    free(good);
}

static void
test_forms(void)
{
    char *good = make(HEADER, CLAIMS, one);
    char *token = calloc(1, JWT_TOKEN_MAX + 100);
    size_t length = strlen(good);
    const char *first = strchr(good, '.');
    const char *second = strrchr(good, '.');

    need(token != NULL, "memory");
    refused("", STATUS_TOKEN, "form", "an empty token");
    refused("..", STATUS_TOKEN, "header", "two dots");
    refused("...", STATUS_TOKEN, "form", "three dots");
    refused("a.b", STATUS_TOKEN, "form", "two parts");
    sprintf(token, "%s.", good);
    refused(token, STATUS_TOKEN, "form", "a dot behind");
    sprintf(token, "%sAAAA", good);
    refused(token, STATUS_TOKEN, "signature", "bytes behind");
    sprintf(token, "%s\n", good);
    refused(token, STATUS_TOKEN, "signature", "a newline behind");
    sprintf(token, "%s==", good);
    refused(token, STATUS_TOKEN, "signature", "padding behind");
    sprintf(token, " %s", good);
    refused(token, STATUS_TOKEN, "header", "a blank before");
    sprintf(token, "%.*s=%s", (int) (first - good), good, first);
    refused(token, STATUS_TOKEN, "header", "padding in the header");
    sprintf(token, "%.*s..%s", (int) (first - good), good, second + 1);
    refused(token, STATUS_TOKEN, "signature", "no payload");
    sprintf(token, "%.*s.", (int) (second - good), good);
    refused(token, STATUS_TOKEN, "signature", "no signature");
    /* 256 bytes take 342 characters, the last of which has 4 spare bits. */
    strcpy(token, good);
    need(length - (size_t) (second + 1 - good) == 342
             && strchr("AQgw", token[length - 1]) != NULL,
         "the signature has no spare bits");
    token[length - 1]++;
    refused(token, STATUS_TOKEN, "signature", "spare bits that are not zero");
    strcpy(token, good);
    for (char *at = token; *at != '\0'; at++)
        if (*at == '-' || *at == '_')
            *at = *at == '-' ? '+' : '/';
    refused(token, STATUS_TOKEN, "signature", "plain Base64");
    memset(token, 'A', JWT_TOKEN_MAX + 1);
    token[JWT_TOKEN_MAX + 1] = '\0';
    refused(token, STATUS_TOKEN, "length", "a huge token");
    token[JWT_TOKEN_MAX] = '\0';
    refused(token, STATUS_TOKEN, "form", "one not quite as huge");
    ok(!jwt_keys_cover(keys, "") && !jwt_keys_cover(keys, "a.b.c")
           && !jwt_keys_cover(keys, token),
       "none of these is covered");
    free(token);
    free(good);
}

/* A token of many claims, as triggers may make it. */
static void
test_large(void)
{
    char *claims = calloc(1, 200000);
    char why[JWT_WHY_SIZE];
    char *token;

    need(claims != NULL, "memory");
    strcpy(claims, CLAIMS_OPEN ",\"exp\":1790003600");
    for (int i = 0; i < 5000; i++)
        sprintf(claims + strlen(claims), ",\"custom:claim%d\":\"value\"", i);
    strcat(claims, "}");
    token = make(HEADER, claims, one);
    is_number(verify(token, why), STATUS_OK, "5000 added claims");
    free(token);
    free(claims);
}

static enum status
parse_keys(const char *text, struct jwt_keys **keys_out)
{
    return jwt_keys_parse(text, strlen(text), keys_out);
}

static void
test_keys(void)
{
    static const char *const none[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[1,null,\"x\",[]]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\","
        "\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"one\",\"crv\":\"P-256\","
        "\"x\":\"AQAB\",\"y\":\"AQAB\"}]}",
    };
    static const struct {
        const char *kid;
        const char *more;
        bool usable;
        const char *what;
    } members[] = {
        {"a", "", true, "the least a key has"},
        {"a", ",\"use\":\"sig\",\"alg\":\"RS256\"", true, "use and alg"},
        {"a", ",\"use\":null,\"alg\":null", true, "null for both"},
        {"a", ",\"use\":\"enc\"", false, "a key for encryption"},
        {"a", ",\"alg\":\"RS512\"", false, "another algorithm"},
        {"a", ",\"alg\":1", false, "an algorithm that is no text"},
        {"", "", false, "an empty kid"},
    };
    struct jwt_keys *parsed = NULL;
    char text[8192];

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        is_number(parse_keys(none[i], &parsed), STATUS_UNREADABLE,
                  "no usable keys");
        ok(parsed == NULL, "in: %s", none[i]);
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        strcpy(text, "{\"keys\":[");
        append_key(text, members[i].kid, one, members[i].more);
        strcat(text, "]}");
        ok((parse_keys(text, &parsed) == STATUS_OK) == members[i].usable,
           "%s: %s", members[i].what,
           members[i].usable ? "taken" : "passed over");
        jwt_keys_free(parsed);
    }
    strcpy(text, "{\"keys\":[");
    append_key(text, "a", one, "");
    strcat(text, ",");
    append_key(text, "a", two, "");
    strcat(text, "]}");
    is_number(parse_keys(text, &parsed), STATUS_UNREADABLE, "a kid twice");
    strcpy(text, "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\"},");
    append_key(text, "a", one, "");
    strcat(text, "],\"more\":1}");
    is_number(parse_keys(text, &parsed), STATUS_OK,
              "others' keys are passed over");
    jwt_keys_free(parsed);
    jwt_keys_free(NULL);
}

/* Keys that are too weak, even where they are well-formed. */
static void
test_weak_keys(void)
{
    static const struct {
        unsigned int bits;
        const char *e;
        bool odd;
        bool usable;
        const char *what;
    } cases[] = {
        {2048, "AQAB", true, true, "2048 bits"},
        {2047, "AQAB", true, false, "2047 bits"},
        {1024, "AQAB", true, false, "1024 bits"},
        {8192, "Aw", true, true, "8192 bits and e = 3"},
        {8200, "AQAB", true, false, "8200 bits"},
        {2048, "AQ", true, false, "e = 1"},
        {2048, "Ag", true, false, "e = 2"},
        {2048, "AQAAAAAAAAAB", true, false, "e of more than 64 bits"},
        {2048, "AQAB", false, false, "an even modulus"},
        {2048, "", true, false, "no e"},
        {2048, "AQAB=", true, false, "e with padding"},
        {2048, "A+AB", true, false, "e in plain Base64"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jwt_keys *parsed = NULL;
        unsigned char bytes[1100];
        size_t length = (cases[i].bits + 7) / 8;
        char text[2048] = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"";

        memset(bytes, 0x55, sizeof bytes);
        bytes[0] = (unsigned char) (cases[i].bits % 8 == 0 ? 0x80 : 0x40);
        bytes[length - 1] = cases[i].odd ? 0x55 : 0x54;
        append_bytes(text, bytes, length);
        sprintf(text + strlen(text), "\",\"e\":\"%s\"}]}", cases[i].e);
        is_number(parse_keys(text, &parsed),
                  cases[i].usable ? STATUS_OK : STATUS_UNREADABLE,
                  cases[i].what);
        jwt_keys_free(parsed);
    }
}

static void
test_faults(const char *jwks)
{
    unsigned int failures = 0;
    bool wrong = false;
    bool succeeded = false;
    char *token = make(HEADER, CLAIMS, one);

    while (!succeeded && failures < 10000) {
        struct jwt_keys *parsed = NULL;
        struct json *claims = NULL;
        char why[JWT_WHY_SIZE] = "";
        enum status status;

        fault_arm(failures);
        status = parse_keys(jwks, &parsed);
        if (status == STATUS_OK)
            status = jwt_verify(token, parsed, &expect, &claims, why);
        succeeded = fault_disarm();
        wrong = wrong || (succeeded && status != STATUS_OK)
                || (claims != NULL) != (status == STATUS_OK);
        json_free(claims);
        jwt_keys_free(parsed);
        failures += !succeeded;
    }
    ok(failures > 50 && succeeded, "%u allocations fail one by one", failures);
    ok(!wrong, "each is an error without claims, or makes no difference");
    free(token);
}

int
main(void)
{
    static char jwks[8192] = "{\"keys\":[";

    need(fault_install(), "OpenSSL was in use before main");
    one = EVP_RSA_gen(2048);
    two = EVP_RSA_gen(3072);
    need(one != NULL && two != NULL, "no RSA keys");
    append_key(jwks, "one", one, ",\"use\":\"sig\",\"alg\":\"RS256\"");
    strcat(jwks, ",");
    append_key(jwks, "two", two, ",\"use\":\"sig\",\"alg\":\"RS256\"");
    strcat(jwks, "]}");
    need(parse_keys(jwks, &keys) == STATUS_OK, "the keys of this test");
    test_good();
    test_foreign();
    test_headers();
    test_claims();
    test_issuers();
    test_forgeries();
    test_flips();
    test_forms();
    test_large();
    test_keys();
    test_weak_keys();
    test_faults(jwks);
    jwt_keys_free(keys);
    EVP_PKEY_free(one);
    EVP_PKEY_free(two);
    return done_testing();
}
