/*
 * From HTTP and JSON to struct cognito_answer, member by member: what has
 * another type than it must have makes the answer unreadable.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/answer.h"

#include <stdio.h>
#include <string.h>

#include "cognito/echo.h"
#include "cognito/error.h"
#include "common/text.h"

void
answer_strip(struct cognito_answer *answer)
{
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

void
cognito_answer_free(struct cognito_answer *answer)
{
    answer_strip(answer);
    memset(answer, 0, sizeof *answer);
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

/*
 * Has the service not even looked at the request? Then it may be sent again.
 * Said by the one error that has no other meaning, in the body: a proxy's 429 is
 * not that, and LimitExceededException counts what it refuses.
 */
static bool
is_unprocessed(const struct json *body, long http)
{
    char code[64];

    error_code(first_text(body, "__type", NULL, NULL), code, sizeof code);
    return strcmp(code, "TooManyRequestsException") == 0
           && (http == 400 || http == 429);
}

bool
answer_is_unprocessed(const struct http_answer *http)
{
    struct json *body = NULL;
    bool is = http->body.data != NULL
              && json_parse(http->body.data, http->body.length, &body)
                     == STATUS_OK
              && is_unprocessed(body, http->code);

    json_free(body);
    return is;
}

/* An answer that is an error, whatever else it holds. */
static enum status
take_error(const struct secret *typed, const struct json *request,
           const struct json *body, const struct http_answer *http,
           struct cognito_answer *answer)
{
    const char *code = first_text(body, "__type", "code", NULL);
    const char *message = first_text(body, "message", "Message",
                                     "errorMessage");
    enum status status;

    if (code[0] == '\0')
        code = http->error_type;
    if (message[0] == '\0')
        message = http->error_message;
    error_code(code, answer->error, sizeof answer->error);
    text_clean(echo_in_text(typed, request, message)
                   ? "(withheld: repeats what was sent)"
                   : message,
               answer->message, sizeof answer->message);
    status = error_status(answer->error, message, http->code);
    answer->unprocessed = is_unprocessed(body, http->code);
    if (echo_in_name(typed, request, answer->error))
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
take_challenge(const struct secret *typed, const struct json *request,
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
        || echo_in_name(typed, request, name))
        return STATUS_UNREADABLE;
    (void) snprintf(answer->challenge, sizeof answer->challenge, "%s", name);
    answer->asked = vocabulary_named(name);
    return STATUS_OK;
}

static enum status
take_result(struct cognito_answer *answer)
{
    const struct json *result = json_object(answer->body,
                                            "AuthenticationResult");
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
    answer->has_result = status == STATUS_OK
                         && answer->access_token.length > 0;
    return status;
}

/* HTTP 200 with what may be an object in body (NULL: an empty body). */
static enum status
take_success(const struct secret *typed, const struct json *request,
             enum answer_expected expected, struct cognito_answer *answer)
{
    enum status status;

    if (answer->body == NULL)
        return expected == EXPECT_NOTHING ? STATUS_OK : STATUS_UNREADABLE;
    status = take_secret(answer->body, "Session", &answer->session);
    if (status != STATUS_OK || expected != EXPECT_SIGN_IN)
        return status;
    status = take_challenge(typed, request, answer);
    if (status == STATUS_OK)
        status = take_result(answer);
    if (status == STATUS_OK && answer->challenge[0] == '\0'
        && !answer->has_result)
        status = STATUS_UNREADABLE;
    return status;
}

/* What was wrong with JSON that could be read. */
static void
say_unreadable(enum answer_expected expected, struct cognito_answer *answer)
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
take_answer(const struct secret *typed, const struct json *request,
            enum answer_expected expected, const struct http_answer *http,
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
                        body != NULL
                            ? "no object"
                            : json_fault(http->body.data, http->body.length));
    /* A code decides before the HTTP status does. */
    if (http->code != 200 || http->error_type[0] != '\0'
        || json_has(body, "__type")) {
        status = take_error(typed, request, status == STATUS_OK ? body : NULL,
                            http, answer);
        goto out;
    }
    if (status == STATUS_OK) {
        answer->body = body;
        body = NULL;
        status = take_success(typed, request, expected, answer);
        if (status == STATUS_UNREADABLE)
            say_unreadable(expected, answer);
    }

out:
    json_free(body);
    return status;
}

enum status
answer_read(const struct secret *typed, const struct json *request,
            enum answer_expected expected, enum status fault,
            const struct http_answer *http, struct cognito_answer *answer)
{
    answer->http = http->code;
    answer->ms = http->ms;
    answer->date = http->date;
    answer->retry_s = http->retry_s;
    if (!echo_in_text(typed, request, http->request_id))
        (void) snprintf(answer->request_id, sizeof answer->request_id, "%s",
                        http->request_id);
    if (fault == STATUS_OK)
        return take_answer(typed, request, expected, http, answer);
    (void) snprintf(answer->message, sizeof answer->message, "%s",
                    http->detail);
    return fault;
}
