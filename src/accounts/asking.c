/*
 * These requests only read: unlike those of a sign-in, one whose answer was
 * lost is sent again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/asking.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

#define SERVICE "AWSCognitoIdentityProviderService."
#define TARGET_MAX 96
#define ANSWER_MS 30000 /* for one answer, of which a page may be large */
/*
 * Bytes of it: 60 people with 67 attributes of 2048 characters, escaped as
 * JSON may. A smaller limit would let some of them spoil the listing for all.
 */
#define BODY_MAX (128 * 1024 * 1024)
#define SHOWN_WAIT_MS 1000 /* shorter ones are not worth a word */
#define SKEW_S 60          /* clocks that differ by less agree */

enum status
asking_fail(struct asking *asking, enum status status, const char *format, ...)
{
    char text[DIRECTORY_MESSAGE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text_clean_whole(text, asking->message, sizeof(asking->message));
    return status;
}

enum status
asking_open(struct asking *asking, const struct directory_options *options)
{
    const struct credentials *credentials = options->credentials;
    const struct http_options http = {
        .endpoint = options->pool->endpoint,
        .ca_pem = options->ca->data,
        .ca_pem_length = options->ca->length,
        .ca_folder = options->ca_folder,
        .ca_trust = options->ca_trust,
        .proxy = options->proxy,
        .user_agent = "pam_cognito/" PACKAGE_VERSION,
        .connect_ms = options->connect_ms,
        .body_max = BODY_MAX,
    };
    const char *version;
    enum status status;

    if (!tool_http_can_sign(&version))
        return asking_fail(asking, STATUS_CONFIG,
                           "libcurl %s cannot sign requests as AWS wants it: "
                           "7.88 or newer is needed",
                           version);
    status = http_open(&http, &asking->http);
    if (status != STATUS_OK)
        return asking_fail(asking, status, "libcurl cannot be used: %s",
                           status_word(status));
    asking->options = options;
    asking->deadline = http_now() + options->total_ms;
    asking->keys = (struct tool_http_keys){
        .region = options->pool->region,
        .id = &credentials->id,
        .key = &credentials->key,
        .token = &credentials->token,
    };
    tool_http_sign(asking->http, &asking->keys);
    return STATUS_OK;
}

void
asking_close(struct asking *asking)
{
    http_close(asking->http);
    asking->http = NULL;
}

/* ---- Time ---- */

static void
sleep_until(int64_t when)
{
    for (int64_t left = when - http_now(); left > 0;
         left = when - http_now()) {
        const struct timespec time = {left / 1000,
                                      (long) (left % 1000) * 1000000};

        (void) nanosleep(&time, NULL);
    }
}

/* Waits for the next request's turn. False: it is too late for one. */
static bool
take_turn(struct asking *asking)
{
    int64_t now;

    if (asking->next < asking->deadline)
        sleep_until(asking->next);
    now = http_now();
    if (now >= asking->deadline || asking->next >= asking->deadline)
        return false;
    asking->next = now + 1000 / asking->options->rate;
    http_deadline(asking->http, now + ANSWER_MS < asking->deadline
                                    ? now + ANSWER_MS
                                    : asking->deadline);
    return true;
}

/* Waits before another try. False: the time does not suffice. */
static bool
wait_after(struct asking *asking, unsigned int tried, unsigned int retry_s)
{
    unsigned int wait = http_backoff(tried, retry_s);

    if (http_now() + wait >= asking->deadline)
        return false;
    if (wait >= SHOWN_WAIT_MS && asking->options->progress != NULL)
        asking->options->progress(asking->options->context, asking->people,
                                  wait);
    sleep_until(http_now() + wait);
    return true;
}

/* ---- What a "no" means ---- */

enum refusal {
    REFUSAL_OTHER,
    REFUSAL_THROTTLED,
    REFUSAL_RIGHTS,
    REFUSAL_SIGNATURE,
    REFUSAL_KEY,
    REFUSAL_EXPIRED,
    REFUSAL_NOT_FOUND
};

static enum refusal
refusal_of(const char *code)
{
    static const struct {
        const char *code;
        enum refusal refusal;
    } known[] = {
        {"TooManyRequestsException", REFUSAL_THROTTLED},
        {"ThrottlingException", REFUSAL_THROTTLED},
        {"Throttling", REFUSAL_THROTTLED},
        {"AccessDeniedException", REFUSAL_RIGHTS},
        {"AccessDenied", REFUSAL_RIGHTS},
        {"NotAuthorizedException", REFUSAL_RIGHTS},
        {"InvalidSignatureException", REFUSAL_SIGNATURE},
        {"SignatureDoesNotMatch", REFUSAL_SIGNATURE},
        {"IncompleteSignature", REFUSAL_SIGNATURE},
        {"IncompleteSignatureException", REFUSAL_SIGNATURE},
        {"RequestExpired", REFUSAL_SIGNATURE},
        {"RequestTimeTooSkewed", REFUSAL_SIGNATURE},
        {"UnrecognizedClientException", REFUSAL_KEY},
        {"InvalidClientTokenId", REFUSAL_KEY},
        {"MissingAuthenticationToken", REFUSAL_KEY},
        {"MissingAuthenticationTokenException", REFUSAL_KEY},
        {"ExpiredTokenException", REFUSAL_EXPIRED},
        {"ExpiredToken", REFUSAL_EXPIRED},
        {"ResourceNotFoundException", REFUSAL_NOT_FOUND},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].code, code) == 0)
            return known[i].refusal;
    return REFUSAL_OTHER;
}

/*
 * What the service says of a signature may hold the request that it took it
 * for, session token included: none of it is shown.
 */
static enum status
fail_signature(struct asking *asking, const struct cognito_answer *answer)
{
    const char *from = asking->options->credentials->from;
    int64_t ahead = answer->date == 0 ? 0 : time(NULL) - answer->date;
    int64_t skew = ahead < 0 ? -ahead : ahead;

    if (answer->date == 0)
        return asking_fail(asking, STATUS_CONFIG,
                           "Cognito refuses the signature (%s): check "
                           "this machine's clock, then the secret access key "
                           "of %s",
                           answer->error, from);
    if (skew >= SKEW_S)
        return asking_fail(asking, STATUS_CONFIG,
                           "Cognito refuses the signature (%s): this "
                           "machine's clock is %" PRId64 " min %" PRId64
                           " s %s Cognito's; set it, by NTP if possible",
                           answer->error, skew / 60, skew % 60,
                           ahead > 0 ? "ahead of" : "behind");
    return asking_fail(asking, STATUS_CONFIG,
                       "Cognito refuses the signature (%s) and its clock "
                       "agrees with this machine's: the secret access key of "
                       "%s does not belong to its ID",
                       answer->error, from);
}

static enum status
fail_not_found(struct asking *asking, const struct json *request)
{
    const struct pool *pool = asking->options->pool;
    const char *group = json_text(request, "GroupName");
    char name[TEXT_LINE_MAX + 1];

    if (group == NULL)
        return asking_fail(asking, STATUS_POOL_CONFIG,
                           "Cognito has no user pool %s in %s, or no "
                           "such app client: check user_pool_id and region",
                           pool->id, pool->region);
    text_clean(group, name, sizeof(name));
    return asking_fail(asking, STATUS_POOL_CONFIG,
                       "the user pool %s has no group %s, or there is no such "
                       "pool in %s: check pool_groups and user_pool_id",
                       pool->id, name, pool->region);
}

static enum status
fail_refused(struct asking *asking, const char *operation,
             const struct json *request, const struct cognito_answer *answer,
             enum status status)
{
    const char *from = asking->options->credentials->from;
    const char *words = answer->message;

    if (credentials_are_in(asking->options->credentials, words))
        words = "(withheld: repeats what was sent)";
    switch (refusal_of(answer->error)) {
    case REFUSAL_RIGHTS:
        return asking_fail(asking, STATUS_CONFIG,
                           "%s may not: allow cognito-idp:%s on %s in its IAM "
                           "policy (%s: %s)",
                           from, operation, asking->options->pool->id,
                           answer->error, words);
    case REFUSAL_SIGNATURE:
        return fail_signature(asking, answer);
    case REFUSAL_KEY:
        return asking_fail(asking, STATUS_CONFIG,
                           "Cognito does not know the access key of %s "
                           "(%s): it was deleted, is another partition's, or "
                           "lacks its session token",
                           from, answer->error);
    case REFUSAL_EXPIRED:
        return asking_fail(asking, STATUS_CONFIG,
                           "the credentials of %s have expired (%s): put new "
                           "ones there",
                           from, answer->error);
    case REFUSAL_NOT_FOUND:
        return fail_not_found(asking, request);
    case REFUSAL_THROTTLED:
        return asking_fail(asking, STATUS_THROTTLED,
                           "%s: throttled at each of %d tries: set a lower "
                           "rate; the quota is shared by the whole account",
                           operation, DIRECTORY_TRIES);
    case REFUSAL_OTHER:
        break;
    }
    return asking_fail(asking, status, "%s: %s%s%s", operation, answer->error,
                       answer->error[0] == '\0' || words[0] == '\0' ? ""
                                                                    : ": ",
                       answer->error[0] == '\0' && words[0] == '\0'
                           ? status_word(status)
                           : words);
}

/* ---- Asking ---- */

/* Will the same request do better in a moment? */
static bool
is_passing(enum status status, const struct cognito_answer *answer)
{
    if (answer->http >= 500)
        return true;
    switch (status) {
    case STATUS_DNS:
    case STATUS_CONNECT:
    case STATUS_TLS: /* a handshake that was broken off is told as this */
    case STATUS_TIMEOUT:
    case STATUS_TRANSPORT:
        return answer->http == 0;
    default:
        return refusal_of(answer->error) == REFUSAL_THROTTLED;
    }
}

static enum status
ask_once(struct asking *asking, const char *operation,
         const struct json *request, struct cognito_answer *answer,
         unsigned int *retry_out)
{
    struct http_answer http = {0};
    struct secret body = {0};
    char target[TARGET_MAX];
    enum status status = STATUS_MEMORY;

    cognito_answer_free(answer);
    (void) snprintf(target, sizeof(target), SERVICE "%s", operation);
    if (json_print(request, &body))
        status = http_post_start(asking->http, target, &body);
    if (status == STATUS_OK)
        status = http_post_finish(asking->http, &http);
    status = answer_read(NULL, request, EXPECT_OBJECT, status, &http, answer);
    *retry_out = http.retry_s;
    http_answer_free(&http);
    secret_free(&body);
    return status;
}

/* Fails only for those that are of no use any more. */
static enum status
renew(struct asking *asking)
{
    struct credentials *credentials = asking->options->credentials;
    char message[CREDENTIALS_MESSAGE_MAX];
    enum status status = credentials_renew(credentials, message);

    if (status == STATUS_OK || credentials->expires > time(NULL))
        return STATUS_OK;
    return asking_fail(asking, status, "%s", message);
}

static enum status
ask(struct asking *asking, const char *operation, const struct json *request,
    struct cognito_answer *answer)
{
    const struct credentials *credentials = asking->options->credentials;
    bool renewed = credentials_expire(credentials, time(NULL));
    enum status status = renewed ? renew(asking) : STATUS_OK;
    unsigned int retry_s = 0;

    if (status != STATUS_OK)
        return status;
    for (unsigned int tried = 1;; tried++) {
        if (!take_turn(asking))
            return asking_fail(asking, STATUS_TIMEOUT,
                               "%s: the time for it is over", operation);
        status = ask_once(asking, operation, request, answer, &retry_s);
        if (status == STATUS_OK || status == STATUS_MEMORY)
            return status;
        if (refusal_of(answer->error) == REFUSAL_EXPIRED && !renewed) {
            renewed = true;
            if (renew(asking) != STATUS_OK)
                return STATUS_CONFIG;
            continue;
        }
        if (tried >= DIRECTORY_TRIES || !is_passing(status, answer)
            || !wait_after(asking, tried, retry_s))
            return fail_refused(asking, operation, request, answer, status);
    }
}

enum status
asking_ask(struct asking *asking, const char *operation, struct json *request,
           struct cognito_answer *answer_out)
{
    enum status status = STATUS_MEMORY;

    memset(answer_out, 0, sizeof(*answer_out));
    asking->message[0] = '\0';
    if (request != NULL)
        status = ask(asking, operation, request, answer_out);
    if (status == STATUS_MEMORY)
        (void) asking_fail(asking, status, "out of memory");
    json_free(request);
    return status;
}
