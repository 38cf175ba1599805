/*
 * SECRET_HASH against tests/data/secret-hash-vectors.json, which was made by
 * other programs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/secret_hash.h"

#include "cognito/json.h"
#include "faults.h"
#include "tap.h"
#include "vectors.h"

#define VECTORS 19

static void
test_vectors(const struct json *file)
{
    const struct json *vectors = json_array(file, "vectors");

    is_number((int64_t) json_length(vectors), VECTORS, "all vectors are here");
    for (size_t i = 0; i < json_length(vectors); i++) {
        const struct json *vector = json_item(vectors, i);
        const char *key = json_text(vector, "client_secret");
        const char *wanted = json_text(vector, "secret_hash");
        struct secret secret = {0};
        char hash[SECRET_HASH_SIZE] = "X";

        need(key != NULL && wanted != NULL && secret_set_text(&secret, key),
             "a vector lacks a member");
        if (key[0] == '\0') {
            /* No hash at all is sent for a client without a secret. */
            ok(!secret_hash(&secret, json_text(vector, "username"),
                            json_text(vector, "client_id"), hash),
               "%s: refused", json_text(vector, "name"));
            is_text(hash, "", "and nothing comes out");
        } else {
            ok(secret_hash(&secret, json_text(vector, "username"),
                           json_text(vector, "client_id"), hash),
               "%s", json_text(vector, "name"));
            is_text(hash, wanted, "has the hash of the vector");
        }
        secret_free(&secret);
    }
}

static void
test_edges(void)
{
    struct secret secret = {0};
    struct secret nothing = {0};
    char hash[SECRET_HASH_SIZE];

    ok(!secret_hash(&nothing, "alice", "client", hash), "no secret, no hash");
    need(secret_set(&secret, "k\0x", 3), "memory");
    ok(secret_hash(&secret, "u", "c", hash), "a key with a NUL is whole");
    /* printf uc | openssl dgst -sha256 -mac HMAC -macopt hexkey:6b0078 */
    is_text(hash, "jp3EHQP0LIb/6rhWy2TqnG5BMpgQoXnT51Vq2E+eAnM=",
            "and not cut at the NUL");
    secret_free(&secret);
}

static void
test_faults(void)
{
    struct secret secret = {0};
    char hash[SECRET_HASH_SIZE];
    char wanted[SECRET_HASH_SIZE];
    unsigned int failures = 0;
    bool wrong = false;
    bool succeeded = false;

    need(secret_set_text(&secret, "secret"), "memory");
    need(secret_hash(&secret, "alice", "client", wanted), "no hash");
    while (!succeeded && failures < 10000) {
        bool hashed;

        fault_arm(failures);
        hashed = secret_hash(&secret, "alice", "client", hash);
        succeeded = fault_disarm();
        /* OpenSSL lives without some of what it would like to have. */
        wrong = wrong || (succeeded && !hashed)
                || strcmp(hash, hashed ? wanted : "") != 0;
        failures += !succeeded;
    }
    ok(failures > 3 && succeeded, "%u allocations fail one by one", failures);
    ok(!wrong, "each is a refusal without a hash, or the same hash");
    secret_free(&secret);
}

int
main(void)
{
    struct json *file;

    need(fault_install(), "OpenSSL was in use before main");
    file = read_vectors("/secret-hash-vectors.json");
    test_vectors(file);
    json_free(file);
    test_edges();
    test_faults();
    return done_testing();
}
