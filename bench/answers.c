/*
 * Answering as the service does. What comes after the password is decided by
 * the user's name, see people[]. Tokens are real but are signed once per user
 * and half minute, so that signing does not slow the answer down.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "answers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "cognito/json.h"
#include "cognito/secret_hash.h"
#include "signing.h"
#include "verifier.h"

#define USERS_MAX 16
#define SIGNED_SECONDS 30
#define TOKEN_SECONDS 3600
#define REFRESH_BYTES 1300 /* about what the service sends */
#define CODE "123456"
#define SESSION "bench-session-AYABeJ9Vq3wZ0aX1o7T4kQ2mR5sU8vW0"
#define QUOTA 12 /* sign-ins a second, and so many at once */

/* Whoever is not here is let in by the password alone. */
static const struct person {
    const char *name;
    const char *challenge; /* after the password */
    const char *field;     /* that answers it */
    const char *parameters;
    unsigned int throttled; /* sign-ins of a connection, at first */
    bool limited;           /* by QUOTA */
} people[] = {
    {.name = "totp",
     .challenge = "SOFTWARE_TOKEN_MFA",
     .field = "SOFTWARE_TOKEN_MFA_CODE",
     .parameters = "\"FRIENDLY_DEVICE_NAME\":\"telephone\""},
    {.name = "sms",
     .challenge = "SMS_MFA",
     .field = "SMS_MFA_CODE",
     .parameters = "\"CODE_DELIVERY_DELIVERY_MEDIUM\":\"SMS\","
                   "\"CODE_DELIVERY_DESTINATION\":\"+*******1234\""},
    {.name = "renewed",
     .challenge = "NEW_PASSWORD_REQUIRED",
     .field = "NEW_PASSWORD",
     .parameters = "\"requiredAttributes\":\"[]\","
                   "\"userAttributes\":\"{}\""},
    {.name = "throttled", .throttled = 3},
    {.name = "crowd", .limited = true},
    {.name = "crowdcode",
     .challenge = "SOFTWARE_TOKEN_MFA",
     .field = "SOFTWARE_TOKEN_MFA_CODE",
     .parameters = "\"FRIENDLY_DEVICE_NAME\":\"telephone\"",
     .limited = true},
};
static const struct person nobody;

struct tokens {
    char user[64];
    time_t made;
    char *result; /* the whole answer */
};

static struct answers_options options;
static struct secret client_secret;
static struct tokens cache[USERS_MAX];
static char *refresh_token;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool
answers_open(const struct answers_options *given)
{
    unsigned char bytes[REFRESH_BYTES];

    options = *given;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    refresh_token = signing_base64(bytes, sizeof bytes, true);
    return refresh_token != NULL
           && secret_set_text(&client_secret, options.client_secret)
           && signing_open()
           && verifier_open(options.pool_name, options.password);
}

static char *
fail(const char *type, const char *message, int *code_out)
{
    char *text = NULL;

    *code_out = 400;
    return asprintf(&text, "{\"__type\":\"%s\",\"message\":\"%s\"}", type,
                    message)
                   < 0
               ? NULL
               : text;
}

static char *
refuse(int *code_out)
{
    return fail("NotAuthorizedException", "Incorrect username or password.",
                code_out);
}

/* A token of the kind; what differs between ID and access token is given. */
static char *
make_token(const char *use, const char *more, time_t now)
{
    char claims[1024];

    (void) snprintf(
        claims, sizeof claims,
        "{\"sub\":\"7d8ca528-4931-4254-9273-ea5ee853f271\",\"cognito:groups\":"
        "[\"staff\"],\"iss\":\"%s\",%s,\"origin_jti\":"
        "\"5b9f50a3-05da-454a-8b99-b79c2349de77\",\"event_id\":"
        "\"9fbf7c3e-5b54-4f2f-8d8e-1f3b0a3c1f11\",\"token_use\":\"%s\","
        "\"auth_time\":%lld,\"exp\":%lld,\"iat\":%lld,\"jti\":"
        "\"eb1b3f0e-0c0b-4b3b-9a3c-2f5a7c1d9e10\"}",
        options.issuer, more, use, (long long) now,
        (long long) now + TOKEN_SECONDS, (long long) now);
    return signing_token(claims);
}

static char *
make_result(const char *user)
{
    time_t now = time(NULL);
    char more[400];
    char *id, *access, *text = NULL;

    (void) snprintf(more, sizeof more,
                    "\"cognito:username\":\"%s\",\"email_verified\":true,"
                    "\"email\":\"%s@example.com\",\"aud\":\"%s\"",
                    user, user, options.client_id);
    id = make_token("id", more, now);
    (void) snprintf(more, sizeof more,
                    "\"username\":\"%s\",\"client_id\":\"%s\","
                    "\"scope\":\"aws.cognito.signin.user.admin\"",
                    user, options.client_id);
    access = make_token("access", more, now);
    if (id == NULL || access == NULL
        || asprintf(&text,
                    "{\"AuthenticationResult\":{\"AccessToken\":\"%s\","
                    "\"ExpiresIn\":%d,\"IdToken\":\"%s\",\"RefreshToken\":"
                    "\"%s\",\"TokenType\":\"Bearer\"},"
                    "\"ChallengeParameters\":{}}",
                    access, TOKEN_SECONDS, id, refresh_token)
               < 0)
        text = NULL;
    free(id);
    free(access);
    return text;
}

static char *
result_for(const char *user, int *code_out)
{
    struct tokens *mine = NULL;
    time_t now = time(NULL);
    char *text = NULL;

    if (strlen(user) >= sizeof mine->user || strchr(user, '"') != NULL)
        return refuse(code_out);
    (void) pthread_mutex_lock(&lock);
    for (size_t i = 0; i < USERS_MAX && mine == NULL; i++)
        if (cache[i].user[0] == '\0' || strcmp(cache[i].user, user) == 0)
            mine = &cache[i];
    if (mine != NULL
        && (mine->result == NULL || now - mine->made > SIGNED_SECONDS)) {
        (void) snprintf(mine->user, sizeof mine->user, "%s", user);
        free(mine->result);
        mine->result = make_result(user);
        mine->made = now;
    }
    if (mine != NULL && mine->result != NULL)
        text = strdup(mine->result);
    (void) pthread_mutex_unlock(&lock);
    *code_out = 200;
    return text;
}

/* The right client, and its SECRET_HASH over the user's name. */
static bool
is_client(const struct json *request, const struct json *fields)
{
    const char *client = json_text(request, "ClientId");
    const char *user = json_text(fields, "USERNAME");
    const char *given = json_text(fields, "SECRET_HASH");
    char expected[SECRET_HASH_SIZE];

    return client != NULL && user != NULL && given != NULL
           && strcmp(client, options.client_id) == 0
           && secret_hash(&client_secret, user, client, expected)
           && strcmp(given, expected) == 0;
}

static const struct person *
find_person(const char *user)
{
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        if (strcmp(people[i].name, user) == 0)
            return &people[i];
    return &nobody;
}

/* The password was right. */
static char *
answer_password(const char *user, int *code_out)
{
    const struct person *person = find_person(user);
    char *text = NULL;

    if (person->challenge == NULL)
        return result_for(user, code_out);
    *code_out = 200;
    return asprintf(&text,
                    "{\"ChallengeName\":\"%s\",\"Session\":\"" SESSION
                    "\",\"ChallengeParameters\":{%s,\"USER_ID_FOR_SRP\":"
                    "\"%s\"}}",
                    person->challenge, person->parameters, user)
                   < 0
               ? NULL
               : text;
}

/* Is there something left of this second's quota? */
static bool
take_turn(void)
{
    static double held = QUOTA;
    static struct timespec last;
    struct timespec now;
    bool taken;

    (void) pthread_mutex_lock(&lock);
    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    held += QUOTA
            * ((double) (now.tv_sec - last.tv_sec)
               + (double) (now.tv_nsec - last.tv_nsec) / 1e9);
    if (held > QUOTA)
        held = QUOTA;
    last = now;
    taken = held >= 1;
    if (taken)
        held -= 1;
    (void) pthread_mutex_unlock(&lock);
    return taken;
}

/* Each connection has a thread of its own. */
static bool
is_throttled(const char *user)
{
    static _Thread_local unsigned int seen;
    const struct person *person = find_person(user);

    return (person->throttled != 0 && seen++ < person->throttled)
           || (person->limited && !take_turn());
}

static char *
challenge(const char *user, const char *a_hex, int *code_out)
{
    struct verifier_challenge given;
    char *text = NULL;

    if (a_hex == NULL || !verifier_challenge(user, a_hex, &given))
        return refuse(code_out);
    *code_out = 200;
    return asprintf(&text,
                    "{\"ChallengeName\":\"PASSWORD_VERIFIER\","
                    "\"ChallengeParameters\":{\"SALT\":\"%s\","
                    "\"SECRET_BLOCK\":\"%s\",\"SRP_B\":\"%s\",\"USERNAME\":"
                    "\"%s\",\"USER_ID_FOR_SRP\":\"%s\"}}",
                    given.salt, given.block, given.b, user, user)
                   < 0
               ? NULL
               : text;
}

static char *
initiate(const struct json *request, int *code_out)
{
    const struct json *fields = json_object(request, "AuthParameters");
    const char *flow = json_text(request, "AuthFlow");
    const char *user = json_text(fields, "USERNAME");
    const char *password = json_text(fields, "PASSWORD");

    if (flow == NULL || !is_client(request, fields))
        return fail("NotAuthorizedException",
                    "Unable to verify secret hash for client", code_out);
    if (is_throttled(user))
        return fail("TooManyRequestsException", "Rate exceeded", code_out);
    if (strcmp(flow, "USER_SRP_AUTH") == 0)
        return challenge(user, json_text(fields, "SRP_A"), code_out);
    if (strcmp(flow, "USER_PASSWORD_AUTH") != 0 || password == NULL
        || strcmp(password, options.password) != 0)
        return refuse(code_out);
    return answer_password(user, code_out);
}

/* The right code, or any new password. */
static bool
is_answer(const struct person *person, const char *challenge_name,
          const char *session, const struct json *fields)
{
    const char *given;

    if (person->challenge == NULL || session == NULL
        || strcmp(person->challenge, challenge_name) != 0
        || strcmp(session, SESSION) != 0)
        return false;
    given = json_text(fields, person->field);
    return given != NULL
           && (strcmp(person->field, "NEW_PASSWORD") == 0
               || strcmp(given, CODE) == 0);
}

static char *
respond(const struct json *request, int *code_out)
{
    const struct json *fields = json_object(request, "ChallengeResponses");
    const char *name = json_text(request, "ChallengeName");
    const char *session = json_text(request, "Session");
    const char *user = json_text(fields, "USERNAME");
    const char *block = json_text(fields, "PASSWORD_CLAIM_SECRET_BLOCK");
    const char *proof = json_text(fields, "PASSWORD_CLAIM_SIGNATURE");
    const char *timestamp = json_text(fields, "TIMESTAMP");

    if (name == NULL || !is_client(request, fields))
        return refuse(code_out);
    if (strcmp(name, "PASSWORD_VERIFIER") != 0)
        return is_answer(find_person(user), name, session, fields)
                   ? result_for(user, code_out)
                   : fail("CodeMismatchException", "Invalid code", code_out);
    if (block == NULL || proof == NULL || timestamp == NULL
        || !verifier_check(user, block, timestamp, proof))
        return refuse(code_out);
    return answer_password(user, code_out);
}

char *
answers_give(const char *target, const char *body, size_t length,
             int *code_out)
{
    struct json *request = NULL;
    char *text;

    if (json_parse(body, length, &request) != STATUS_OK)
        return fail("SerializationException", "not JSON", code_out);
    if (strcmp(target, "InitiateAuth") == 0) {
        text = initiate(request, code_out);
    } else if (strcmp(target, "RespondToAuthChallenge") == 0) {
        text = respond(request, code_out);
    } else if (strcmp(target, "RevokeToken") == 0
               || strcmp(target, "ChangePassword") == 0) {
        *code_out = 200;
        text = strdup("{}");
    } else {
        text = fail("UnknownOperationException", "", code_out);
    }
    json_free(request);
    return text;
}
