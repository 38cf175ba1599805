/*
 * The operations: what goes into each request. One is built, sent once and
 * wiped; its answer is answer.c's to read. The keys of the pool come last.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/api.h"

#include <stdio.h>
#include <string.h>

#include "cognito/secret_hash.h"

#define SERVICE "AWSCognitoIdentityProviderService."
#define TARGET_MAX 96
#define REPEATS_MAX 3 /* of what the service says it did not process */

void
cognito_close(struct cognito *cognito)
{
    jwt_keys_free(cognito->keys);
    cognito->keys = NULL;
    json_free(cognito->ahead);
    cognito->ahead = NULL;
}

static const char *
text_of(const struct secret *secret)
{
    return secret == NULL || secret->data == NULL ? "" : secret->data;
}

static bool
has_secret(const struct cognito *cognito)
{
    return cognito->client_secret != NULL
           && cognito->client_secret->length > 0;
}

/* A request in the making. What cannot be added to it spoils all of it. */
struct draft {
    struct json *body;
    enum status status;
};

static struct draft
new_request(void)
{
    struct json *body = json_new();

    return (struct draft){body, body == NULL ? STATUS_MEMORY : STATUS_OK};
}

static void
add_text(struct draft *request, const char *key, const char *value)
{
    if (!json_add_text(request->body, key, value))
        request->status = STATUS_MEMORY;
}

/* Adds the hash over username under that name, if the client has a secret. */
static void
add_hash(const struct cognito *cognito, struct draft *request,
         struct json *object, const char *name, const char *username)
{
    char hash[SECRET_HASH_SIZE];

    if (!has_secret(cognito))
        return;
    if (!secret_hash(cognito->client_secret, username, cognito->client_id,
                     hash))
        request->status = STATUS_INTERNAL;
    else if (!json_add_text(object, name, hash))
        request->status = STATUS_MEMORY;
    secret_wipe(hash, sizeof hash);
}

struct copy {
    struct json *to;
    bool whole;
};

static bool
copy_text(const char *key, const char *value, void *context)
{
    struct copy *copy = context;

    copy->whole = json_add_text(copy->to, key, value);
    return copy->whole;
}

/* What most operations without an access token may carry along. */
static void
add_context(const struct cognito *cognito, struct draft *request)
{
    struct copy copy = {.whole = true};

    if (cognito->ip_address != NULL
        && !json_add_text(json_add_object(request->body, "UserContextData"),
                          "IpAddress", cognito->ip_address))
        request->status = STATUS_MEMORY;
    if (cognito->metadata == NULL)
        return;
    copy.to = json_add_object(request->body, "ClientMetadata");
    json_each_text(cognito->metadata, copy_text, &copy);
    if (copy.to == NULL || !copy.whole)
        request->status = STATUS_MEMORY;
}

/* A map of fields, with SECRET_HASH when there is a USERNAME to hash. */
static void
add_fields(const struct cognito *cognito, struct draft *request,
           const char *name, const struct cognito_field *fields, size_t count)
{
    struct json *map = json_add_object(request->body, name);

    if (map == NULL)
        request->status = STATUS_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (!json_add_text(map, fields[i].name, fields[i].value))
            request->status = STATUS_MEMORY;
        if (strcmp(fields[i].name, "USERNAME") == 0)
            add_hash(cognito, request, map, "SECRET_HASH", fields[i].value);
    }
}

/* ClientId, Username, SecretHash and context: how five operations begin. */
static struct draft
new_request_about(const struct cognito *cognito, const char *username)
{
    struct draft request = new_request();

    add_text(&request, "ClientId", cognito->client_id);
    add_text(&request, "Username", username);
    add_context(cognito, &request);
    add_hash(cognito, &request, request.body, "SecretHash", username);
    return request;
}

static enum status
send_request(struct cognito *cognito, const char *operation,
             const struct draft *request)
{
    char target[TARGET_MAX];
    struct secret body = {0};
    enum status status;

    if (request->status != STATUS_OK)
        return request->status;
    if (!json_print(request->body, &body))
        return STATUS_MEMORY;
    (void) snprintf(target, sizeof target, SERVICE "%s", operation);
    cognito->requests++;
    status = http_post_start(cognito->http, target, &body);
    secret_free(&body);
    return status;
}

/* Waits for the answer to a request that was sent, and reads it. */
static enum status
receive_answer(struct cognito *cognito, const struct json *request,
               enum answer_expected expected, struct cognito_answer *answer)
{
    struct http_answer http = {0};
    enum status fault = http_post_finish(cognito->http, &http);
    enum status status = answer_read(cognito->typed, request, expected, fault,
                                     &http, answer);

    http_answer_free(&http);
    return status;
}

/* Before anybody sees it. */
static enum status
settle(struct cognito *cognito, const char *operation, enum status status,
       struct cognito_answer *answer)
{
    if (status != STATUS_OK)
        answer_strip(answer);
    answer->status = status;
    if (cognito->observe != NULL)
        cognito->observe(cognito->observer, operation, answer);
    return status;
}

/* One exchange, whatever comes of it. */
static enum status
exchange(struct cognito *cognito, const char *operation,
         const struct draft *request, enum answer_expected expected,
         struct cognito_answer *answer)
{
    enum status status = send_request(cognito, operation, request);

    if (status == STATUS_OK)
        status = receive_answer(cognito, request->body, expected, answer);
    return settle(cognito, operation, status, answer);
}

/*
 * May it be sent again, and now? Nothing of it has happened. The person waits,
 * so there is no waiting for what there will be no time for.
 */
static bool
wait_for_turn(struct cognito *cognito, const char *operation,
              unsigned int tried, const struct cognito_answer *answer)
{
    unsigned int repeats = REPEATS_MAX + 1 - tried; /* with this one */
    unsigned int wait_ms;

    if (!answer->unprocessed || /* @repeats */ repeats == 0)
        return false;
    wait_ms = http_turn(cognito->http, repeats, answer->retry_s);
    if (!http_pause(cognito->http, wait_ms))
        return false;
    if (cognito->repeat != NULL)
        cognito->repeat(cognito->repeater, operation, wait_ms);
    return true;
}

/*
 * Ends every operation: sends the request unless building it failed, and
 * frees it. The old answer goes only now, as the request may be made of it.
 */
static enum status
finish(struct cognito *cognito, const char *operation,
       const struct draft *request, enum answer_expected expected,
       struct cognito_answer *answer)
{
    enum status status = request->status;
    unsigned int ms = 0;

    cognito_answer_free(answer);
    if (status != STATUS_OK) {
        json_free(request->body);
        answer->status = status;
        return status;
    }
    for (unsigned int tried = 1;; tried++) {
        status = exchange(cognito, operation, request, expected, answer);
        ms += answer->ms;
        if (!wait_for_turn(cognito, operation, tried, answer))
            break;
        cognito_answer_free(answer);
    }
    answer->ms = ms;
    json_free(request->body);
    return status;
}

static struct draft
new_initiate(const struct cognito *cognito, enum auth_flow flow,
             const struct cognito_field *fields, size_t count)
{
    struct draft request = new_request();

    add_text(&request, "AuthFlow", vocabulary_flow(flow)->word);
    add_text(&request, "ClientId", cognito->client_id);
    add_context(cognito, &request);
    add_fields(cognito, &request, "AuthParameters", fields, count);
    return request;
}

enum status
cognito_initiate_auth(struct cognito *cognito, enum auth_flow flow,
                      const struct cognito_field *fields, size_t count,
                      struct cognito_answer *answer_out)
{
    struct draft request = new_initiate(cognito, flow, fields, count);

    return finish(cognito, "InitiateAuth", &request, EXPECT_SIGN_IN,
                  answer_out);
}

enum status
cognito_initiate_ahead(struct cognito *cognito, enum auth_flow flow,
                       const struct cognito_field *fields, size_t count)
{
    struct draft request = new_initiate(cognito, flow, fields, count);
    enum status status = send_request(cognito, "InitiateAuth", &request);

    if (status != STATUS_OK) {
        json_free(request.body);
        return status;
    }
    json_free(cognito->ahead);
    cognito->ahead = request.body;
    return STATUS_OK;
}

enum status
cognito_take_ahead(struct cognito *cognito, int64_t max_age_ms,
                   struct cognito_answer *answer_out)
{
    struct json *request = cognito->ahead;
    enum status status;

    cognito_answer_free(answer_out);
    if (request == NULL)
        return STATUS_UNAVAILABLE;
    cognito->ahead = NULL;
    if (!http_post_await(cognito->http, max_age_ms)) {
        http_post_drop(cognito->http);
        json_free(request);
        return STATUS_UNAVAILABLE;
    }
    status = receive_answer(cognito, request, EXPECT_SIGN_IN, answer_out);
    json_free(request);
    return settle(cognito, "InitiateAuth", status, answer_out);
}

enum status
cognito_respond(struct cognito *cognito, const char *challenge,
                const struct secret *session,
                const struct cognito_field *fields, size_t count,
                struct cognito_answer *answer_out)
{
    struct draft request = new_request();

    add_text(&request, "ChallengeName", challenge);
    add_text(&request, "ClientId", cognito->client_id);
    if (session != NULL && session->length > 0)
        add_text(&request, "Session", text_of(session));
    add_context(cognito, &request);
    add_fields(cognito, &request, "ChallengeResponses", fields, count);
    return finish(cognito, "RespondToAuthChallenge", &request, EXPECT_SIGN_IN,
                  answer_out);
}

enum status
cognito_change_password(struct cognito *cognito,
                        const struct secret *access_token,
                        const struct secret *previous,
                        const struct secret *proposed,
                        struct cognito_answer *answer_out)
{
    struct draft request = new_request();

    add_text(&request, "AccessToken", text_of(access_token));
    add_text(&request, "PreviousPassword", text_of(previous));
    add_text(&request, "ProposedPassword", text_of(proposed));
    return finish(cognito, "ChangePassword", &request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_forgot_password(struct cognito *cognito, const char *username,
                        struct cognito_answer *answer_out)
{
    struct draft request = new_request_about(cognito, username);

    return finish(cognito, "ForgotPassword", &request, EXPECT_OBJECT,
                  answer_out);
}

enum status
cognito_confirm_forgot_password(struct cognito *cognito, const char *username,
                                const char *code,
                                const struct secret *password,
                                struct cognito_answer *answer_out)
{
    struct draft request = new_request_about(cognito, username);

    add_text(&request, "ConfirmationCode", code);
    add_text(&request, "Password", text_of(password));
    return finish(cognito, "ConfirmForgotPassword", &request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_sign_up(struct cognito *cognito, const char *username,
                const struct secret *password,
                const struct cognito_field *attributes, size_t count,
                struct cognito_answer *answer_out)
{
    struct draft request = new_request_about(cognito, username);

    add_text(&request, "Password", text_of(password));
    for (size_t i = 0; request.status == STATUS_OK && i < count; i++)
        if (!json_add_pair(request.body, "UserAttributes", attributes[i].name,
                           attributes[i].value))
            request.status = STATUS_MEMORY;
    return finish(cognito, "SignUp", &request, EXPECT_OBJECT, answer_out);
}

enum status
cognito_confirm_sign_up(struct cognito *cognito, const char *username,
                        const char *code, struct cognito_answer *answer_out)
{
    struct draft request = new_request_about(cognito, username);

    add_text(&request, "ConfirmationCode", code);
    return finish(cognito, "ConfirmSignUp", &request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_resend_code(struct cognito *cognito, const char *username,
                    struct cognito_answer *answer_out)
{
    struct draft request = new_request_about(cognito, username);

    return finish(cognito, "ResendConfirmationCode", &request, EXPECT_OBJECT,
                  answer_out);
}

/* A request that an access token or else a session authorises. */
static struct draft
new_request_by(const struct secret *access_token, const struct secret *session)
{
    struct draft request = new_request();

    if (access_token != NULL)
        add_text(&request, "AccessToken", text_of(access_token));
    else
        add_text(&request, "Session", text_of(session));
    return request;
}

enum status
cognito_get_user(struct cognito *cognito, const struct secret *access_token,
                 struct cognito_answer *answer_out)
{
    struct draft request = new_request_by(access_token, NULL);

    return finish(cognito, "GetUser", &request, EXPECT_OBJECT, answer_out);
}

enum status
cognito_associate_software_token(struct cognito *cognito,
                                 const struct secret *access_token,
                                 const struct secret *session,
                                 struct cognito_answer *answer_out)
{
    struct draft request = new_request_by(access_token, session);

    return finish(cognito, "AssociateSoftwareToken", &request, EXPECT_OBJECT,
                  answer_out);
}

enum status
cognito_verify_software_token(struct cognito *cognito,
                              const struct secret *access_token,
                              const struct secret *session, const char *code,
                              const char *device_name,
                              struct cognito_answer *answer_out)
{
    struct draft request = new_request_by(access_token, session);

    add_text(&request, "UserCode", code);
    if (device_name != NULL)
        add_text(&request, "FriendlyDeviceName", device_name);
    return finish(cognito, "VerifySoftwareToken", &request, EXPECT_OBJECT,
                  answer_out);
}

enum status
cognito_prefer_mfa(struct cognito *cognito, const struct secret *access_token,
                   enum challenge factor, struct cognito_answer *answer_out)
{
    const char *settings = vocabulary_challenge(factor)->preference;
    struct draft request = new_request_by(access_token, NULL);

    if (settings == NULL) {
        request.status = STATUS_INTERNAL;
    } else {
        struct json *member = json_add_object(request.body, settings);

        if (!json_add_boolean(member, "Enabled", true)
            || !json_add_boolean(member, "PreferredMfa", true))
            request.status = STATUS_MEMORY;
    }
    return finish(cognito, "SetUserMFAPreference", &request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_revoke_token(struct cognito *cognito,
                     const struct secret *refresh_token,
                     struct cognito_answer *answer_out)
{
    struct draft request = new_request();

    add_text(&request, "Token", text_of(refresh_token));
    add_text(&request, "ClientId", cognito->client_id);
    if (has_secret(cognito))
        add_text(&request, "ClientSecret", cognito->client_secret->data);
    return finish(cognito, "RevokeToken", &request, EXPECT_NOTHING,
                  answer_out);
}

/*
 * Was that refused for now only? Reading the keys changes nothing and proves
 * nothing, so what a proxy says will do, too.
 */
static bool
is_busy(const struct http_answer *http)
{
    return http->code == 429 || http->code == 503
           || (http->code == 400 && answer_is_unprocessed(http));
}

/* One request for the keys; may it be made again, and now? */
static bool
ask_for_keys(struct cognito *cognito, unsigned int tried,
             struct http_answer *http_out, struct jwt_keys **keys_out,
             enum status *status_out)
{
    enum status status = http_get(cognito->http, cognito->pool->keys_path,
                                  http_out);
    struct cognito_answer answer = {
        .http = http_out->code,
        .ms = http_out->ms,
        .unprocessed = status == STATUS_OK && is_busy(http_out),
        .retry_s = http_out->retry_s,
    };

    if (status == STATUS_OK)
        status = http_out->code != 200
                     ? STATUS_KEYS
                     : jwt_keys_parse(http_out->body.data == NULL
                                          ? ""
                                          : http_out->body.data,
                                      http_out->body.length, keys_out);
    *status_out = answer.status = status;
    (void) snprintf(answer.message, sizeof answer.message, "%s",
                    http_out->detail);
    if (cognito->observe != NULL)
        cognito->observe(cognito->observer, "jwks", &answer);
    return wait_for_turn(cognito, "jwks", tried, &answer);
}

/* Replaces the keys by those that the pool publishes now. */
static enum status
fetch_keys(struct cognito *cognito, char *why_out)
{
    struct http_answer http = {0};
    struct jwt_keys *keys = NULL;
    enum status status;

    for (unsigned int tried = 1;
         ask_for_keys(cognito, tried, &http, &keys, &status); tried++)
        http_answer_free(&http);
    if (status == STATUS_OK) {
        jwt_keys_free(cognito->keys);
        cognito->keys = keys;
    }
    if (http.code == 0)
        (void) snprintf(why_out, JWT_WHY_SIZE,
                        "the pool's keys cannot be fetched (%s)",
                        status_word(status));
    else if (http.code == 200)
        (void) snprintf(why_out, JWT_WHY_SIZE, "%s",
                        "the pool's keys cannot be read");
    else
        (void) snprintf(why_out, JWT_WHY_SIZE,
                        "HTTP %ld for the keys of %s: %s", http.code,
                        cognito->pool->id,
                        http.code == 404
                            ? "user_pool_id, region or endpoint is wrong"
                            : "they cannot be fetched");
    http_answer_free(&http);
    return status == STATUS_OK || status == STATUS_MEMORY ? status
                                                          : STATUS_KEYS;
}

enum status
cognito_check_id_token(struct cognito *cognito, const struct secret *id_token,
                       int64_t now, struct json **claims_out, char *why_out)
{
    struct jwt_expect expect = {
        .issuer = cognito->pool->issuer,
        .updated_issuer = cognito->pool->updated_issuer,
        .audience = cognito->client_id,
        .token_use = "id",
        .now = now,
    };
    enum status status = STATUS_OK;

    *claims_out = NULL;
    (void) snprintf(why_out, JWT_WHY_SIZE, "no token");
    if (id_token->length == 0)
        return STATUS_TOKEN;
    if (cognito->keys == NULL && !cognito->keys_pinned)
        status = fetch_keys(cognito, why_out);
    if (status == STATUS_OK && !cognito->keys_pinned
        && !jwt_keys_cover(cognito->keys, id_token->data))
        status = fetch_keys(cognito, why_out);
    if (status != STATUS_OK)
        return status;
    if (cognito->keys == NULL) {
        (void) snprintf(why_out, JWT_WHY_SIZE, "no keys");
        return STATUS_KEYS;
    }
    status = jwt_verify(id_token->data, cognito->keys, &expect, claims_out,
                        why_out);
    /* The pool's own keys, just fetched, lack it: nobody else's will do. */
    if (status == STATUS_KEYS && !cognito->keys_pinned)
        return STATUS_TOKEN;
    return status;
}
