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

/* Adds the hash over username under that name, if the client has a secret. */
static enum status
add_hash(const struct cognito *cognito, struct json *object, const char *name,
         const char *username)
{
    char hash[SECRET_HASH_SIZE];
    enum status status = STATUS_OK;

    if (!has_secret(cognito))
        return STATUS_OK;
    if (!secret_hash(cognito->client_secret, username, cognito->client_id,
                     hash))
        return STATUS_INTERNAL;
    if (!json_add_text(object, name, hash))
        status = STATUS_MEMORY;
    secret_wipe(hash, sizeof hash);
    return status;
}

struct copy {
    struct json *to;
    bool failed;
};

static bool
copy_text(const char *key, const char *value, void *context)
{
    struct copy *copy = context;

    copy->failed = !json_add_text(copy->to, key, value);
    return !copy->failed;
}

/* What most operations without an access token may carry along. */
static bool
add_context(const struct cognito *cognito, struct json *request)
{
    struct copy copy = {0};
    struct json *context;

    if (cognito->ip_address != NULL) {
        context = json_add_object(request, "UserContextData");
        if (context == NULL
            || !json_add_text(context, "IpAddress", cognito->ip_address))
            return false;
    }
    if (cognito->metadata != NULL) {
        copy.to = json_add_object(request, "ClientMetadata");
        if (copy.to == NULL)
            return false;
        json_each_text(cognito->metadata, copy_text, &copy);
    }
    return !copy.failed;
}

/* A map of fields, with SECRET_HASH when there is a USERNAME to hash. */
static enum status
add_fields(const struct cognito *cognito, struct json *request,
           const char *name, const struct cognito_field *fields, size_t count)
{
    struct json *map = json_add_object(request, name);

    if (map == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < count; i++) {
        enum status status;

        if (!json_add_text(map, fields[i].name, fields[i].value))
            return STATUS_MEMORY;
        if (strcmp(fields[i].name, "USERNAME") != 0)
            continue;
        status = add_hash(cognito, map, "SECRET_HASH", fields[i].value);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ClientId, Username, SecretHash and context: how four operations begin. */
static enum status
new_request_about(const struct cognito *cognito, const char *username,
                  struct json **request_out)
{
    struct json *request = json_new();
    enum status status = STATUS_MEMORY;

    *request_out = NULL;
    if (request == NULL
        || !json_add_text(request, "ClientId", cognito->client_id)
        || !json_add_text(request, "Username", username)
        || !add_context(cognito, request))
        goto out;
    status = add_hash(cognito, request, "SecretHash", username);
    if (status != STATUS_OK)
        goto out;
    *request_out = request;
    request = NULL;

out:
    json_free(request);
    return status;
}

static enum status
send_request(struct cognito *cognito, const char *operation,
             const struct json *request)
{
    char target[TARGET_MAX];
    struct secret body = {0};
    enum status status;

    if (!json_print(request, &body))
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

/*
 * Ends every operation: sends the request unless building it failed, and
 * frees it. The old answer goes only now, as the request may be made of it.
 */
static enum status
finish(struct cognito *cognito, const char *operation, enum status built,
       struct json *request, enum answer_expected expected,
       struct cognito_answer *answer)
{
    enum status status;

    cognito_answer_free(answer);
    if (built != STATUS_OK) {
        json_free(request);
        answer->status = built;
        return built;
    }
    status = send_request(cognito, operation, request);
    if (status == STATUS_OK)
        status = receive_answer(cognito, request, expected, answer);
    json_free(request);
    return settle(cognito, operation, status, answer);
}

/* NULL with a status when it cannot be built. */
static struct json *
new_initiate(struct cognito *cognito, enum auth_flow flow,
             const struct cognito_field *fields, size_t count,
             enum status *status_out)
{
    struct json *request = json_new();

    *status_out = STATUS_MEMORY;
    if (request != NULL
        && json_add_text(request, "AuthFlow", vocabulary_flow(flow)->word)
        && json_add_text(request, "ClientId", cognito->client_id)
        && add_context(cognito, request))
        *status_out
            = add_fields(cognito, request, "AuthParameters", fields, count);
    return request;
}

enum status
cognito_initiate_auth(struct cognito *cognito, enum auth_flow flow,
                      const struct cognito_field *fields, size_t count,
                      struct cognito_answer *answer_out)
{
    enum status status;
    struct json *request = new_initiate(cognito, flow, fields, count, &status);

    return finish(cognito, "InitiateAuth", status, request, EXPECT_SIGN_IN,
                  answer_out);
}

enum status
cognito_initiate_ahead(struct cognito *cognito, enum auth_flow flow,
                       const struct cognito_field *fields, size_t count)
{
    enum status status;
    struct json *request = new_initiate(cognito, flow, fields, count, &status);

    if (status == STATUS_OK)
        status = send_request(cognito, "InitiateAuth", request);
    if (status != STATUS_OK) {
        json_free(request);
        return status;
    }
    json_free(cognito->ahead);
    cognito->ahead = request;
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
    if (http_post_age(cognito->http) > max_age_ms) {
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
    struct json *request = json_new();
    enum status status = STATUS_MEMORY;

    if (request != NULL && json_add_text(request, "ChallengeName", challenge)
        && json_add_text(request, "ClientId", cognito->client_id)
        && (session == NULL || session->length == 0
            || json_add_text(request, "Session", text_of(session)))
        && add_context(cognito, request))
        status =
            add_fields(cognito, request, "ChallengeResponses", fields, count);
    return finish(cognito, "RespondToAuthChallenge", status, request,
                  EXPECT_SIGN_IN, answer_out);
}

enum status
cognito_change_password(struct cognito *cognito,
                        const struct secret *access_token,
                        const struct secret *previous,
                        const struct secret *proposed,
                        struct cognito_answer *answer_out)
{
    struct json *request = json_new();
    enum status status = STATUS_MEMORY;

    if (request != NULL
        && json_add_text(request, "AccessToken", text_of(access_token))
        && json_add_text(request, "PreviousPassword", text_of(previous))
        && json_add_text(request, "ProposedPassword", text_of(proposed)))
        status = STATUS_OK;
    return finish(cognito, "ChangePassword", status, request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_forgot_password(struct cognito *cognito, const char *username,
                        struct cognito_answer *answer_out)
{
    struct json *request = NULL;
    enum status status = new_request_about(cognito, username, &request);

    return finish(cognito, "ForgotPassword", status, request, EXPECT_OBJECT,
                  answer_out);
}

enum status
cognito_confirm_forgot_password(struct cognito *cognito, const char *username,
                                const char *code,
                                const struct secret *password,
                                struct cognito_answer *answer_out)
{
    struct json *request = NULL;
    enum status status = new_request_about(cognito, username, &request);

    if (status == STATUS_OK
        && (!json_add_text(request, "ConfirmationCode", code)
            || !json_add_text(request, "Password", text_of(password))))
        status = STATUS_MEMORY;
    return finish(cognito, "ConfirmForgotPassword", status, request,
                  EXPECT_NOTHING, answer_out);
}

enum status
cognito_sign_up(struct cognito *cognito, const char *username,
                const struct secret *password,
                const struct cognito_field *attributes, size_t count,
                struct cognito_answer *answer_out)
{
    struct json *request = NULL;
    enum status status = new_request_about(cognito, username, &request);

    if (status == STATUS_OK
        && !json_add_text(request, "Password", text_of(password)))
        status = STATUS_MEMORY;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        if (!json_add_pair(request, "UserAttributes", attributes[i].name,
                           attributes[i].value))
            status = STATUS_MEMORY;
    return finish(cognito, "SignUp", status, request, EXPECT_OBJECT,
                  answer_out);
}

enum status
cognito_confirm_sign_up(struct cognito *cognito, const char *username,
                        const char *code, struct cognito_answer *answer_out)
{
    struct json *request = NULL;
    enum status status = new_request_about(cognito, username, &request);

    if (status == STATUS_OK
        && !json_add_text(request, "ConfirmationCode", code))
        status = STATUS_MEMORY;
    return finish(cognito, "ConfirmSignUp", status, request, EXPECT_NOTHING,
                  answer_out);
}

enum status
cognito_resend_code(struct cognito *cognito, const char *username,
                    struct cognito_answer *answer_out)
{
    struct json *request = NULL;
    enum status status = new_request_about(cognito, username, &request);

    return finish(cognito, "ResendConfirmationCode", status, request,
                  EXPECT_OBJECT, answer_out);
}

enum status
cognito_get_user(struct cognito *cognito, const struct secret *access_token,
                 struct cognito_answer *answer_out)
{
    struct json *request = json_new();
    enum status status = STATUS_MEMORY;

    if (request != NULL
        && json_add_text(request, "AccessToken", text_of(access_token)))
        status = STATUS_OK;
    return finish(cognito, "GetUser", status, request, EXPECT_OBJECT,
                  answer_out);
}

/* A request that an access token or else a session authorises. */
static struct json *
new_request_by(const struct secret *access_token, const struct secret *session)
{
    struct json *request = json_new();
    bool added = false;

    if (request != NULL)
        added =
            access_token != NULL
                ? json_add_text(request, "AccessToken", text_of(access_token))
                : json_add_text(request, "Session", text_of(session));
    if (added)
        return request;
    json_free(request);
    return NULL;
}

enum status
cognito_associate_software_token(struct cognito *cognito,
                                 const struct secret *access_token,
                                 const struct secret *session,
                                 struct cognito_answer *answer_out)
{
    struct json *request = new_request_by(access_token, session);

    return finish(cognito, "AssociateSoftwareToken",
                  request == NULL ? STATUS_MEMORY : STATUS_OK, request,
                  EXPECT_OBJECT, answer_out);
}

enum status
cognito_verify_software_token(struct cognito *cognito,
                              const struct secret *access_token,
                              const struct secret *session, const char *code,
                              const char *device_name,
                              struct cognito_answer *answer_out)
{
    struct json *request = new_request_by(access_token, session);
    enum status status = STATUS_MEMORY;

    if (request != NULL && json_add_text(request, "UserCode", code)
        && (device_name == NULL
            || json_add_text(request, "FriendlyDeviceName", device_name)))
        status = STATUS_OK;
    return finish(cognito, "VerifySoftwareToken", status, request,
                  EXPECT_OBJECT, answer_out);
}

enum status
cognito_prefer_mfa(struct cognito *cognito, const struct secret *access_token,
                   enum challenge factor, struct cognito_answer *answer_out)
{
    const char *settings = vocabulary_challenge(factor)->preference;
    struct json *request = NULL;
    struct json *member = NULL;
    enum status status = STATUS_INTERNAL;

    if (settings != NULL) {
        status = STATUS_MEMORY;
        request = new_request_by(access_token, NULL);
        if (request != NULL)
            member = json_add_object(request, settings);
        if (member != NULL && json_add_boolean(member, "Enabled", true)
            && json_add_boolean(member, "PreferredMfa", true))
            status = STATUS_OK;
    }
    return finish(cognito, "SetUserMFAPreference", status, request,
                  EXPECT_NOTHING, answer_out);
}

enum status
cognito_revoke_token(struct cognito *cognito,
                     const struct secret *refresh_token,
                     struct cognito_answer *answer_out)
{
    struct json *request = json_new();
    enum status status = STATUS_MEMORY;

    if (request != NULL
        && json_add_text(request, "Token", text_of(refresh_token))
        && json_add_text(request, "ClientId", cognito->client_id)
        && (!has_secret(cognito)
            || json_add_text(request, "ClientSecret",
                             cognito->client_secret->data)))
        status = STATUS_OK;
    return finish(cognito, "RevokeToken", status, request, EXPECT_NOTHING,
                  answer_out);
}

static void
observe_keys(const struct cognito *cognito, const struct http_answer *http,
             enum status status)
{
    struct cognito_answer answer = {
        .status = status, .http = http->code, .ms = http->ms};

    if (cognito->observe == NULL)
        return;
    (void) snprintf(answer.message, sizeof answer.message, "%s",
                    http->detail);
    cognito->observe(cognito->observer, "jwks", &answer);
}

/* Replaces the keys by those that the pool publishes now. */
static enum status
fetch_keys(struct cognito *cognito, char *why_out)
{
    struct http_answer http = {0};
    struct jwt_keys *keys = NULL;
    const char *why = "the pool's keys cannot be fetched";
    enum status status;

    status = http_get(cognito->http, cognito->pool->keys_path, &http);
    if (status == STATUS_OK) {
        why = "the pool's keys cannot be read";
        status = STATUS_KEYS;
        if (http.code == 200)
            status = jwt_keys_parse(http.body.data == NULL ? ""
                                                           : http.body.data,
                                    http.body.length, &keys);
    }
    if (status == STATUS_OK) {
        jwt_keys_free(cognito->keys);
        cognito->keys = keys;
    }
    observe_keys(cognito, &http, status);
    if (http.code == 0)
        (void) snprintf(why_out, JWT_WHY_SIZE, "%s (%s)", why,
                        status_word(status));
    else if (http.code == 200)
        (void) snprintf(why_out, JWT_WHY_SIZE, "%s", why);
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
