/*
 * The floor: the same request to the same responder on a connection that is
 * already open, by a program that does nothing else.
 *
 *   bare_post post|srp PORT WAIT_MS    prints the nanoseconds of one POST, or
 *                                      of each of the two of SRP
 *   bare_post load PORT JOBS SECONDS   POSTs per second on open connections
 *   bare_post churn PORT JOBS SECONDS  the same with a connection, a GET of
 *                                      the keys and a POST each time
 *
 * The environment says which pool: BENCH_HOST, BENCH_CA, BENCH_POOL,
 * BENCH_CLIENT, BENCH_SECRET, BENCH_USER, BENCH_PASSWORD.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cognito/json.h"
#include "cognito/secret_hash.h"
#include "cognito/srp.h"
#include "connection.h"

#define JOBS_MAX 64
#define BODY_MAX 4096

static const char *host, *pool, *client, *user, *password;
static char keys_path[200], hash[SECRET_HASH_SIZE];
static unsigned int port;
static SSL_CTX *context;

static void __attribute__((noreturn))
die(const char *what)
{
    (void) fprintf(stderr, "bare_post: %s\n", what);
    exit(1);
}

static const char *
need(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        die(name);
    return value;
}

static void
set_up(void)
{
    struct secret secret = {0};

    host = need("BENCH_HOST");
    pool = need("BENCH_POOL");
    client = need("BENCH_CLIENT");
    user = need("BENCH_USER");
    password = need("BENCH_PASSWORD");
    context = connection_context(need("BENCH_CA"));
    if (context == NULL || !secret_set_text(&secret, need("BENCH_SECRET"))
        || !secret_hash(&secret, user, client, hash))
        die("cannot begin");
    secret_free(&secret);
    (void) snprintf(keys_path, sizeof keys_path, "/%s/.well-known/jwks.json",
                    pool);
}

static void
password_body(char *body)
{
    (void) snprintf(body, BODY_MAX,
                    "{\"ClientId\":\"%s\",\"AuthFlow\":\"USER_PASSWORD_AUTH\","
                    "\"AuthParameters\":{\"USERNAME\":\"%s\",\"SECRET_HASH\":"
                    "\"%s\",\"PASSWORD\":\"%s\"}}",
                    client, user, hash, password);
}

/* Open, and past its first exchange, as a warm one is. */
static struct connection *
open_warm(void)
{
    struct connection *connection = malloc(sizeof *connection);

    if (connection == NULL
        || !connection_open(connection, context, host, port)
        || !connection_exchange(connection, host, keys_path, NULL, NULL))
        die("no connection");
    return connection;
}

/* The nanoseconds of one POST. */
static int64_t
post(struct connection *connection, const char *target, const char *body)
{
    int64_t begun = connection_now();

    if (!connection_exchange(connection, host, "/", target, body))
        die("refused");
    return connection_now() - begun;
}

static void
pause_ms(long ms)
{
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    (void) nanosleep(&wait, NULL);
}

/* What is computed stays outside the time that is taken. */
static int64_t
post_proof(struct connection *connection, const struct srp *srp)
{
    struct secret secret = {0};
    struct json *answer = NULL;
    const struct json *parameters;
    char signature[SRP_SIGNATURE_SIZE], timestamp[SRP_TIMESTAMP_SIZE];
    char body[BODY_MAX];
    const char *block;
    int64_t took;

    srp_timestamp(time(NULL), timestamp);
    if (!secret_set_text(&secret, password)
        || json_parse(connection->body, connection->length, &answer)
               != STATUS_OK)
        die("no challenge");
    parameters = json_object(answer, "ChallengeParameters");
    block = json_text(parameters, "SECRET_BLOCK");
    if (block == NULL
        || srp_answer(srp, strchr(pool, '_') + 1, user, &secret,
                      json_text(parameters, "SALT"),
                      json_text(parameters, "SRP_B"), block, timestamp,
                      signature)
               != STATUS_OK)
        die("no proof");
    (void) snprintf(body, sizeof body,
                    "{\"ClientId\":\"%s\",\"ChallengeName\":"
                    "\"PASSWORD_VERIFIER\",\"ChallengeResponses\":{"
                    "\"USERNAME\":\"%s\",\"SECRET_HASH\":\"%s\","
                    "\"PASSWORD_CLAIM_SECRET_BLOCK\":\"%s\","
                    "\"PASSWORD_CLAIM_SIGNATURE\":\"%s\","
                    "\"TIMESTAMP\":\"%s\"}}",
                    client, user, hash, block, signature, timestamp);
    took = post(connection, "RespondToAuthChallenge", body);
    json_free(answer);
    secret_free(&secret);
    return took;
}

static void
measure_srp(struct connection *connection, long wait)
{
    struct srp *srp;
    char body[BODY_MAX];
    int64_t first;

    if (srp_new(&srp) != STATUS_OK)
        die("no SRP");
    (void) snprintf(body, sizeof body,
                    "{\"ClientId\":\"%s\",\"AuthFlow\":\"USER_SRP_AUTH\","
                    "\"AuthParameters\":{\"USERNAME\":\"%s\",\"SECRET_HASH\":"
                    "\"%s\",\"SRP_A\":\"%s\"}}",
                    client, user, hash, srp_public(srp));
    pause_ms(wait);
    first = post(connection, "InitiateAuth", body);
    (void) printf("%lld %lld\n", (long long) first,
                  (long long) post_proof(connection, srp));
    srp_free(srp);
}

static void
measure_one(const char *what, long wait)
{
    struct connection *connection = open_warm();
    char body[BODY_MAX];

    if (strcmp(what, "srp") == 0) {
        measure_srp(connection, wait);
        return;
    }
    password_body(body);
    pause_ms(wait);
    (void) printf("%lld\n",
                  (long long) post(connection, "InitiateAuth", body));
}

/* ---- Under load ---- */

static int64_t stop_at;
static bool anew; /* a connection each time */

static void *
work(void *count_out)
{
    struct connection *connection = anew ? NULL : open_warm();
    char body[BODY_MAX];

    password_body(body);
    while (connection_now() < stop_at) {
        if (anew)
            connection = open_warm();
        (void) post(connection, "InitiateAuth", body);
        if (anew) {
            connection_close(connection);
            free(connection);
        }
        ++*(long *) count_out;
    }
    return NULL;
}

static void
measure_load(int jobs, long seconds)
{
    static long counts[JOBS_MAX];
    pthread_t threads[JOBS_MAX];
    int64_t begun = connection_now();
    double all = 0;

    stop_at = begun + seconds * 1000000000;
    if (jobs < 1 || jobs > JOBS_MAX)
        die("jobs");
    for (int i = 0; i < jobs; i++)
        if (pthread_create(&threads[i], NULL, work, &counts[i]) != 0)
            die("no thread");
    for (int i = 0; i < jobs; i++) {
        (void) pthread_join(threads[i], NULL);
        all += (double) counts[i];
    }
    (void) printf("%.1f\n", all / ((double) (connection_now() - begun) / 1e9));
}

int
main(int argc, char **argv)
{
    if (argc < 4)
        die("see the head of bare_post.c");
    set_up();
    port = (unsigned int) strtoul(argv[2], NULL, 10);
    anew = strcmp(argv[1], "churn") == 0;
    if (argc == 5)
        measure_load(atoi(argv[3]), atol(argv[4]));
    else
        measure_one(argv[1], atol(argv[3]));
    return 0;
}
