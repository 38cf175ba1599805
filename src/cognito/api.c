/*
 * The operations: what goes into each request and what is taken from its
 * answer. A request is built, sent once and wiped; whether an answer is good
 * news is decided here only as far as it can be read at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cognito/error.h"
#include "cognito/secret_hash.h"
#include "common/text.h"

#define SERVICE "AWSCognitoIdentityProviderService."
#define TARGET_MAX 96
#define ECHO_MIN 6 /* shorter values stand in messages by chance */
#define CLIENT_ID_USUAL 32 /* characters; those of AWS have 26 */

/* What HTTP 200 must bring. */
enum expected {
    EXPECT_NOTHING, /* an empty body or any object */
    EXPECT_OBJECT,
    EXPECT_SIGN_IN /* a challenge or a result */
};

void
cognito_answer_free(struct cognito_answer *answer)
{
    json_free(answer->body);
    secret_free(&answer->session);
    secret_free(&answer->id_token);
    secret_free(&answer->access_token);
    secret_free(&answer->refresh_token);
    memset(answer, 0, sizeof *answer);
}

void
cognito_close(struct cognito *cognito)
{
    jwt_keys_free(cognito->keys);
    cognito->keys = NULL;
    json_free(cognito->ahead);
    cognito->ahead = NULL;
}

/* ---- Requests ---- */

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

/* ---- Answers ---- */

struct echo {
    const char *message;
    bool found;
};

/* Is this member one that may stand in a message? */
static bool
is_public(const char *key)
{
    static const char *const names[] = {
        "Username", "USERNAME",      "ClientId",
        "AuthFlow", "ChallengeName", "FriendlyDeviceName",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static bool
find_echo(const char *key, const char *value, void *context)
{
    struct echo *echo = context;
    /* A secret in the place of the client ID: those are shorter. */
    bool shown = is_public(key)
                 && (strcmp(key, "ClientId") != 0
                     || strlen(value) <= CLIENT_ID_USUAL);

    echo->found = !shown && strlen(value) >= ECHO_MIN
                  && strstr(echo->message, value) != NULL;
    return !echo->found;
}

/*
 * Does the message repeat something secret that was sent, now or before?
 * Emulators do, with hashes and sessions, and messages are logged. The most
 * common message of all is exempt: to withhold it would tell who typed
 * "password".
 */
static bool
echoes(const struct cognito *cognito, const struct json *request,
       const char *message)
{
    static const char usual[] = "Incorrect username or password.";
    struct echo echo = {.message = message};

    /* With or without its full stop, and nothing else. */
    if (strcasecmp(message, usual) == 0
        || (strlen(message) == sizeof usual - 2
            && strncasecmp(message, usual, sizeof usual - 2) == 0))
        return false;
    if (cognito->typed != NULL && cognito->typed->data != NULL)
        (void) find_echo("", cognito->typed->data, &echo);
    if (!echo.found)
        json_each_text(request, find_echo, &echo);
    if (!echo.found)
        json_each_text(json_object(request, "AuthParameters"), find_echo,
                       &echo);
    if (!echo.found)
        json_each_text(json_object(request, "ChallengeResponses"), find_echo,
                       &echo);
    return echo.found;
}

/*
 * Does a name of the service's repeat something secret? Its real names are
 * exempt: they say nothing about a password that happens to stand in one.
 */
static bool
name_echoes(const struct cognito *cognito, const struct json *request,
            const char *name)
{
    return vocabulary_named(name) == CHALLENGE_UNKNOWN
           && !error_is_known(name) && echoes(cognito, request, name);
}

/* The first of the three that is a text and not empty, or "". */
static const char *
first_text(const struct json *object, const char *first, const char *second,
           const char *third)
{
    const char *const keys[] = {first, second, third};

    for (size_t i = 0; i < 3; i++) {
        const char *text = keys[i] == NULL ? NULL : json_text(object, keys[i]);

        if (text != NULL && text[0] != '\0')
            return text;
    }
    return "";
}

/* An answer that is an error, whatever else it holds. */
static enum status
take_error(const struct cognito *cognito, const struct json *request,
           const struct json *body, const struct http_answer *http,
           struct cognito_answer *answer)
{
    const char *code = first_text(body, "__type", "code", NULL);
    const char *message =
        first_text(body, "message", "Message", "errorMessage");
    enum status status;

    if (code[0] == '\0')
        code = http->error_type;
    if (message[0] == '\0')
        message = http->error_message;
    error_code(code, answer->error, sizeof answer->error);
    text_clean(echoes(cognito, request, message)
                   ? "(withheld: repeats what was sent)"
                   : message,
               answer->message, sizeof answer->message);
    status = error_status(answer->error, message, http->code);
    if (name_echoes(cognito, request, answer->error))
        answer->error[0] = '\0';
    return status;
}

/* A member that is a text or absent (null and "" are absent). */
static enum status
take_secret(const struct json *object, const char *key,
            struct secret *secret_out)
{
    const char *text = json_text(object, key);

    if (text == NULL)
        return json_has(object, key) ? STATUS_UNREADABLE : STATUS_OK;
    if (text[0] == '\0')
        return STATUS_OK;
    return secret_set_text(secret_out, text) ? STATUS_OK : STATUS_MEMORY;
}

static enum status
take_challenge(const struct cognito *cognito, const struct json *request,
               struct cognito_answer *answer)
{
    const char *name = json_text(answer->body, "ChallengeName");

    if (name == NULL && json_has(answer->body, "ChallengeName"))
        return STATUS_UNREADABLE;
    answer->parameters = json_object(answer->body, "ChallengeParameters");
    if (answer->parameters == NULL
        && json_has(answer->body, "ChallengeParameters"))
        return STATUS_UNREADABLE;
    if (name == NULL)
        return STATUS_OK;
    if (strlen(name) >= sizeof answer->challenge
        || name_echoes(cognito, request, name))
        return STATUS_UNREADABLE;
    (void) snprintf(answer->challenge, sizeof answer->challenge, "%s", name);
    answer->asked = vocabulary_named(name);
    return STATUS_OK;
}

static enum status
take_result(struct cognito_answer *answer)
{
    const struct json *result =
        json_object(answer->body, "AuthenticationResult");
    enum status status;

    if (result == NULL)
        return json_has(answer->body, "AuthenticationResult")
                   ? STATUS_UNREADABLE
                   : STATUS_OK;
    status = take_secret(result, "AccessToken", &answer->access_token);
    if (status == STATUS_OK)
        status = take_secret(result, "IdToken", &answer->id_token);
    if (status == STATUS_OK)
        status = take_secret(result, "RefreshToken", &answer->refresh_token);
    answer->has_result =
        status == STATUS_OK && answer->access_token.length > 0;
    return status;
}

/* HTTP 200 with what may be an object in body (NULL: an empty body). */
static enum status
take_success(const struct cognito *cognito, const struct json *request,
             enum expected expected, struct cognito_answer *answer)
{
    enum status status;

    if (answer->body == NULL)
        return expected == EXPECT_NOTHING ? STATUS_OK : STATUS_UNREADABLE;
    status = take_secret(answer->body, "Session", &answer->session);
    if (status != STATUS_OK || expected != EXPECT_SIGN_IN)
        return status;
    status = take_challenge(cognito, request, answer);
    if (status == STATUS_OK)
        status = take_result(answer);
    if (status == STATUS_OK && answer->challenge[0] == '\0'
        && !answer->has_result)
        status = STATUS_UNREADABLE;
    return status;
}

/* What was wrong with JSON that could be read. */
static void
say_unreadable(enum expected expected, struct cognito_answer *answer)
{
    const char *what = "lacks what it must hold, or holds it in another form";

    if (answer->body == NULL)
        what = "is empty";
    else if (expected == EXPECT_SIGN_IN
             && !json_has(answer->body, "AuthenticationResult")
             && !json_has(answer->body, "ChallengeName"))
        what = "holds neither a result nor a challenge";
    (void) snprintf(answer->message, sizeof answer->message, "the answer %s",
                    what);
}

static bool
is_blank(const struct secret *text)
{
    return text->length == 0 || strspn(text->data, " \t\r\n") == text->length;
}

/* Reads an HTTP answer of whatever code. */
static enum status
take_answer(const struct cognito *cognito, const struct json *request,
            enum expected expected, const struct http_answer *http,
            struct cognito_answer *answer)
{
    struct json *body = NULL;
    enum status status = STATUS_OK;

    if (!is_blank(&http->body))
        status = json_parse(http->body.data, http->body.length, &body);
    if (status == STATUS_OK && body != NULL && !json_is_object(body))
        status = STATUS_UNREADABLE;
    if (status == STATUS_MEMORY)
        goto out;
    if (status == STATUS_UNREADABLE)
        (void) snprintf(answer->message, sizeof answer->message,
                        "the answer is %s",
                        body != NULL ? "no object"
                                     : json_fault(http->body.data,
                                                  http->body.length));
    /* A code decides before the HTTP status does. */
    if (http->code != 200 || http->error_type[0] != '\0'
        || json_has(body, "__type")) {
        status = take_error(cognito, request,
                            status == STATUS_OK ? body : NULL, http, answer);
        goto out;
    }
    if (status == STATUS_OK) {
        answer->body = body;
        body = NULL;
        status = take_success(cognito, request, expected, answer);
        if (status == STATUS_UNREADABLE)
            say_unreadable(expected, answer);
    }

out:
    json_free(body);
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
               enum expected expected, struct cognito_answer *answer)
{
    struct http_answer http = {0};
    enum status status = http_post_finish(cognito->http, &http);

    answer->http = http.code;
    answer->ms = http.ms;
    answer->date = http.date;
    (void) snprintf(answer->request_id, sizeof answer->request_id, "%s",
                    echoes(cognito, request, http.request_id)
                        ? ""
                        : http.request_id);
    if (status == STATUS_OK)
        status = take_answer(cognito, request, expected, &http, answer);
    else
        (void) snprintf(answer->message, sizeof answer->message, "%s",
                        http.detail);
    http_answer_free(&http);
    return status;
}

/* Leaves nothing in an answer that a failure must not bring. */
static enum status
settle(struct cognito *cognito, const char *operation, enum status status,
       struct cognito_answer *answer)
{
    if (status != STATUS_OK) {
        json_free(answer->body);
        answer->body = NULL;
        answer->parameters = NULL;
        answer->challenge[0] = '\0';
        answer->asked = CHALLENGE_NONE;
        answer->has_result = false;
        secret_free(&answer->session);
        secret_free(&answer->id_token);
        secret_free(&answer->access_token);
        secret_free(&answer->refresh_token);
    }
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
       struct json *request, enum expected expected,
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

/* ---- Operations ---- */

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

/* ---- The pool's keys ---- */

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
