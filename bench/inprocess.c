/*
 * What a module would do that loads libcurl, OpenSSL and json-c into its
 * host: the same login with the same code, cold, in one process.
 *
 *   inprocess password|srp PORT [keys] [revoke]
 *
 * prints the nanoseconds from the password to the verdict. keys: the pool's
 * keys are fetched afterwards on the same connection and the token is
 * checked. revoke: the refresh token is given back, which is not timed. The
 * environment is that of bare_post.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cognito/api.h"
#include "cognito/srp.h"

#define CA_MAX (64 * 1024)

static const char *user;
static struct secret password;

static void __attribute__((noreturn))
die(const char *what)
{
    (void) fprintf(stderr, "inprocess: %s\n", what);
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static const char *
need(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        die(name);
    return value;
}

static size_t
read_ca(char *bytes)
{
    FILE *file = fopen(need("BENCH_CA"), "r");
    size_t length = 0;

    if (file != NULL) {
        length = fread(bytes, 1, CA_MAX, file);
        (void) fclose(file);
    }
    if (length == 0)
        die("no CA file");
    return length;
}

static enum status
sign_in(struct cognito *cognito, struct cognito_answer *answer)
{
    const struct cognito_field fields[] = {{"USERNAME", user},
                                           {"PASSWORD", password.data}};

    return cognito_initiate_auth(cognito, AUTH_FLOW_PASSWORD, fields, 2,
                                 answer);
}

static enum status
sign_in_srp(struct cognito *cognito, struct cognito_answer *answer)
{
    struct cognito_field start[] = {{"USERNAME", user}, {"SRP_A", NULL}};
    char signature[SRP_SIGNATURE_SIZE], timestamp[SRP_TIMESTAMP_SIZE];
    char block[2048];
    struct cognito_field proof[] = {
        {"USERNAME", user},
        {"PASSWORD_CLAIM_SECRET_BLOCK", block},
        {"PASSWORD_CLAIM_SIGNATURE", signature},
        {"TIMESTAMP", timestamp},
    };
    struct secret session = {0};
    struct srp *srp = NULL;
    enum status status = srp_new(&srp);

    if (status != STATUS_OK)
        return status;
    start[1].value = srp_public(srp);
    status = cognito_initiate_auth(cognito, AUTH_FLOW_SRP, start, 2,
                                   answer);
    srp_timestamp(time(NULL), timestamp);
    if (status == STATUS_OK)
        status = srp_answer(
            srp, cognito->pool->name, user, &password,
            json_text(answer->parameters, "SALT"),
            json_text(answer->parameters, "SRP_B"),
            json_text(answer->parameters, "SECRET_BLOCK"), timestamp,
            signature);
    if (status == STATUS_OK) {
        (void) snprintf(block, sizeof block, "%s",
                        json_text(answer->parameters, "SECRET_BLOCK"));
        status = cognito_respond(cognito, "PASSWORD_VERIFIER", &session,
                                 proof, 4, answer);
    }
    srp_free(srp);
    return status;
}

static void
check(struct cognito *cognito, const struct cognito_answer *answer)
{
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";
    const char *name;

    if (cognito_check_id_token(cognito, &answer->id_token,
                               (int64_t) time(NULL), &claims, why)
        != STATUS_OK)
        die(why);
    name = json_text(claims, "cognito:username");
    if (name == NULL || strcmp(name, user) != 0)
        die("somebody else's token");
    json_free(claims);
}

static bool
is_asked(int argc, char **argv, const char *word)
{
    for (int i = 3; i < argc; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

int
main(int argc, char **argv)
{
    static char ca[CA_MAX];
    char endpoint[300], error[200];
    struct pool_options where = {.endpoint = endpoint};
    struct pool pool;
    struct secret client_secret = {0};
    struct cognito cognito = {.pool = &pool, .client_secret = &client_secret};
    struct cognito_answer answer = {0}, last = {0};
    struct http_options options = {.ca_pem = ca,
                                   .user_agent = "inprocess",
                                   .connect_ms = 60000};
    enum status status;
    int64_t begun, took;

    if (argc < 3)
        die("see the head of inprocess.c");
    user = need("BENCH_USER");
    cognito.client_id = need("BENCH_CLIENT");
    where.id = need("BENCH_POOL");
    (void) snprintf(endpoint, sizeof endpoint, "https://%s:%s",
                    need("BENCH_HOST"), argv[2]);
    if (!secret_set_text(&password, need("BENCH_PASSWORD"))
        || !secret_set_text(&client_secret, need("BENCH_SECRET")))
        die("memory");

    begun = now_ns();
    options.ca_pem_length = read_ca(ca);
    if (pool_derive(&where, &pool, error, sizeof error) != STATUS_OK)
        die(error);
    options.endpoint = pool.endpoint;
    status = http_open(&options, &cognito.http);
    if (status == STATUS_OK) {
        http_deadline(cognito.http, http_now() + 600000);
        status = strcmp(argv[1], "srp") == 0
                     ? sign_in_srp(&cognito, &answer)
                     : sign_in(&cognito, &answer);
    }
    if (status != STATUS_OK || !answer.has_result)
        die(answer.error[0] != '\0' ? answer.error : answer.message);
    if (is_asked(argc, argv, "keys"))
        check(&cognito, &answer);
    took = now_ns() - begun;

    if (is_asked(argc, argv, "revoke"))
        (void) cognito_revoke_token(&cognito, &answer.refresh_token, &last);
    cognito_answer_free(&last);
    cognito_answer_free(&answer);
    cognito_close(&cognito);
    http_close(cognito.http);
    (void) printf("%lld\n", (long long) took);
    return 0;
}
