/*
 * The order of a sign-in: name, start, challenges, what can be mended on the
 * way, and the verdict. Nowhere else does a sign-in become STATUS_OK.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/sign_in.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/prompt.h"
#include "flows/challenge.h"
#include "flows/flow.h"
#include "flows/password.h"
#include "flows/policy.h"
#include "flows/sign_up.h"

#define ROUNDS_MAX 10  /* challenges in one sign-in */
#define CLOCK_WARN 120 /* seconds of difference worth a log line */
#define TOKEN_LINE_SIZE (2 * POOL_URL_MAX + 128)

void
sign_in_free(struct sign_in_result *result)
{
    secret_free(&result->access_token);
    secret_free(&result->refresh_token);
}

static bool
format_name(const char *format, const char *user, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *format != '\0'; format++) {
        const char *part = format;
        size_t length = 1;

        if (*format == '%') {
            format++;
            part = *format == 'u' ? user : "%";
            length = strlen(part);
        }
        if (length >= size - used)
            return false;
        memcpy(out + used, part, length);
        used += length;
        out[used] = '\0';
    }
    return true;
}

enum status
sign_in_pool_name(const struct config *config, const struct map *map,
                  const char *user, char *out, size_t size)
{
    char standard[FLOW_NAME_MAX];
    const char *name;

    if (!format_name(config_text(config, KEY_USERNAME_FORMAT), user, standard,
                     sizeof(standard)))
        return STATUS_BAD_INPUT;
    name = map_pool_name(map, user, standard);
    if (name == NULL)
        return STATUS_IDENTITY;
    if ((size_t) snprintf(out, size, "%s", name) >= size)
        return STATUS_BAD_INPUT;
    return STATUS_OK;
}

/*
 * A wrong clock shows as refused tokens and SRP proofs: say so where it can
 * be seen.
 */
static void
warn_of_clock(struct flow *flow)
{
    long long difference;
    char line[96];

    if (flow->result->date == 0)
        return;
    difference = (long long) time(NULL) - flow->result->date;
    if (difference <= CLOCK_WARN && difference >= -CLOCK_WARN)
        return;
    (void) snprintf(line, sizeof(line),
                    "the clock of this machine is %lld s %s Cognito's",
                    difference < 0 ? -difference : difference,
                    difference < 0 ? "behind" : "ahead of");
    flow->talk->log(flow->talk, TALK_LOG_WARNING, line);
}

/* A claim that a pool's trigger sets: a boolean, or the text "true". */
static bool
is_true(const struct json *claims, const char *claim)
{
    const char *text;
    bool value = false;

    if (claim == NULL)
        return false;
    if (json_boolean(claims, claim, &value))
        return value;
    text = json_text(claims, claim);
    return text != NULL && strcmp(text, "true") == 0;
}

/* A refused token: the log says what would have been right. */
static void
explain_token(struct flow *flow, enum status status, const char *why)
{
    const struct pool *pool = flow->cognito->pool;
    char line[TOKEN_LINE_SIZE];

    flow_say_why(flow, "ID token: %s", why);
    if (status != STATUS_TOKEN || strncmp(why, "iss", 3) != 0)
        return;
    (void) snprintf(line, sizeof(line),
                    "issuer refused; expected %s%s%s (a pool with an issuer "
                    "of its own needs issuer=)",
                    pool->issuer,
                    pool->updated_issuer[0] == '\0' ? "" : " or ",
                    pool->updated_issuer);
    flow->talk->log(flow->talk, TALK_LOG_WARNING, line);
}

/* The verdict on an answer without a challenge. */
static enum status
judge(struct flow *flow)
{
    struct cognito_answer *answer = &flow->answer;
    struct sign_in_result *result = flow->result;
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";
    enum status status;

    if (answer->challenge[0] != '\0' || !answer->has_result
        || (flow->next & NEXT_RESULT) == 0) {
        flow_say_why(flow, answer->has_result
                               ? "a result before anything was proved"
                               : "an answer without a result");
        return STATUS_UNREADABLE;
    }
    secret_move(&result->access_token, &answer->access_token);
    secret_move(&result->refresh_token, &answer->refresh_token);
    if (answer->id_token.data == NULL) {
        flow_say_why(flow, "a result without an ID token");
        return STATUS_TOKEN;
    }
    status = cognito_check_id_token(flow->cognito, &answer->id_token,
                                    (int64_t) time(NULL), &claims, why);
    if (status != STATUS_OK)
        explain_token(flow, status, why);
    else
        status = policy_check(flow->config, claims, flow->sent,
                              flow->second_factor_done, result->outcome.note,
                              sizeof(result->outcome.note));
    if (status == STATUS_OK)
        result->outcome.must_change = is_true(
            claims, config_text(flow->config, KEY_MUST_CHANGE_CLAIM));
    json_free(claims);
    return status;
}

/* The administrator's line behind the sentence, for who stands outside. */
static void
add_help(struct flow *flow)
{
    char *person = flow->result->outcome.person;
    const char *help = config_text(flow->config, KEY_HELP_TEXT);
    size_t used = strlen(person);

    if (used > 0 && help != NULL)
        (void) snprintf(person + used,
                        sizeof(flow->result->outcome.person) - used, " %s",
                        help);
}

/* Out of reach is told otherwise when the password went through before. */
static const char *
text_for(const struct flow *flow, enum status status)
{
    if (flow->changing && status == STATUS_WRONG_PASSWORD)
        return TOLD_WRONG_CURRENT;
    if (flow->password_proved
        && (status == STATUS_DNS || status == STATUS_CONNECT
            || status == STATUS_TLS))
        status = STATUS_TRANSPORT;
    return status_text(status);
}

/*
 * What the person may read. States of an account are told when the service
 * has checked the password before, or when the settings want it; else they
 * would tell a stranger which accounts there are.
 */
static void
choose_words(struct flow *flow, enum status status)
{
    bool open = flow->password_proved
                || config_flag(flow->config, KEY_EXPLAIN_STATUS);

    flow->result->outcome.explained = open;
    if (flow->result->outcome.person[0] != '\0')
        return;
    if (status_is_state(status) && !open)
        return;
    /* Only the pool knows its rules. */
    if (password_is_refused(status) && flow->result->outcome.note[0] != '\0') {
        flow_tell_person(flow, flow->result->outcome.note);
        return;
    }
    (void) snprintf(flow->result->outcome.person,
                    sizeof(flow->result->outcome.person), "%s",
                    text_for(flow, status));
}

/*
 * Where the settings allow it for this service: a password that must be reset
 * is reset, an account that is not confirmed is confirmed, once, after the
 * service itself said so; then the sign-in is tried again. In passwd, of
 * one's own account, an empty password says "forgotten"; the reset is the
 * change then. Nothing is confirmed there: that would change the account
 * before PAM lets anything be changed.
 */
static enum status
recover(struct flow *flow, enum status status)
{
    const char *service = flow->request->service;
    enum status before = status;
    bool forgotten = status == STATUS_RESET_REQUIRED
                     || (status == STATUS_EMPTY_PASSWORD
                         && flow->request->own_account);

    if (flow->recovered)
        return status;
    if (forgotten
        && config_list_has(flow->config, KEY_PASSWORD_RESET, service)) {
        flow->recovered = true;
        status = password_reset(flow);
    } else if (status == STATUS_NOT_CONFIRMED && !flow->changing
               && config_list_has(flow->config, KEY_CONFIRM_SIGN_UP,
                                  service)) {
        flow->recovered = true;
        flow_hint(flow, HINT_NOT_CONFIRMED);
        status = sign_up_confirm(flow);
    } else {
        return status;
    }
    if (status == STATUS_UNAVAILABLE)
        return before;
    return status == STATUS_OK && !flow->changing ? flow_initiate(flow)
                                                  : status;
}

/* Then nobody is signed in, or needs to be. */
static bool
is_changed_by_reset(const struct flow *flow)
{
    return flow->changing && flow->was_reset;
}

static enum status
answer_challenges(struct flow *flow)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && !is_changed_by_reset(flow)
           && flow->answer.challenge[0] != '\0') {
        if (flow->answer.has_result) {
            flow_say_why(flow, "a result together with the challenge %s",
                         flow->answer.challenge);
            return STATUS_UNREADABLE;
        }
        if (++flow->rounds > ROUNDS_MAX) {
            flow_say_why(flow, "more than %d challenges", ROUNDS_MAX);
            return STATUS_CHALLENGE;
        }
        status = recover(flow, challenge_answer(flow));
    }
    return status;
}

enum status
sign_in_begin(struct flow *flow)
{
    enum status status;

    flow->cognito->typed = &flow->password;
    flow->cognito->repeat = flow_log_repeat;
    flow->cognito->repeater = flow;
    status = sign_in_pool_name(flow->config, flow->request->map,
                               flow->request->user, flow->sent,
                               sizeof(flow->sent));
    if (status == STATUS_IDENTITY)
        flow_say_why(flow,
                     "map_file gives the pool name %.64s to another "
                     "local user",
                     flow->request->user);
    return status;
}

enum status
sign_in_flow(struct flow *flow)
{
    enum status status = sign_in_begin(flow);

    if (status == STATUS_OK)
        status = recover(flow, flow_initiate(flow));
    if (status == STATUS_OK)
        status = answer_challenges(flow);
    if (status != STATUS_OK || is_changed_by_reset(flow))
        return status;
    return judge(flow);
}

void
sign_in_end(struct flow *flow, enum status status)
{
    flow->result->proved = flow->password_proved;
    flow->result->outcome.status = status;
    if (status != STATUS_OK) {
        choose_words(flow, status);
        add_help(flow);
        warn_of_clock(flow);
    }
    /* Also of an answer that was refused as a whole: to be revoked. */
    if (flow->result->refresh_token.data == NULL)
        secret_move(&flow->result->refresh_token, &flow->answer.refresh_token);
    cognito_answer_free(&flow->answer);
    flow->cognito->typed = NULL;
    flow->cognito->repeat = NULL;
    flow->cognito->repeater = NULL;
    secret_free(&flow->password);
    secret_free(&flow->appended_code);
    srp_free(flow->srp);
    flow->srp = NULL;
}
