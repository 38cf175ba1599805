/*
 * The dialogues in which a password changes hands. Whoever wants a new one
 * has it asked for here; what it must be like only the pool knows. A proof
 * goes out once, as the answer to one challenge.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/password.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/prompt.h"
#include "common/text.h"

#define ATTRIBUTES_MAX 8 /* that may be asked for at a prompt */
#define ATTRIBUTE_NAME_MAX 64

enum status
password_send(struct flow *flow)
{
    enum status status = flow_need(flow, CHALLENGE_PASSWORD);

    if (status != STATUS_OK)
        return status;
    status = flow_respond_with(flow, flow->password.data);
    flow->password_proved = status == STATUS_OK;
    return status;
}

enum status
password_send_srp(struct flow *flow)
{
    enum status status = flow_need(flow, CHALLENGE_PASSWORD_SRP);

    return status == STATUS_OK ? flow_respond_with(flow, srp_public(flow->srp))
                               : status;
}

enum status
password_verify(struct flow *flow)
{
    const char *salt = flow_parameter(flow, "SALT");
    const char *b = flow_parameter(flow, "SRP_B");
    const char *block = flow_parameter(flow, "SECRET_BLOCK");
    char signature[SRP_SIGNATURE_SIZE];
    char timestamp[SRP_TIMESTAMP_SIZE];
    enum status status;

    if (salt == NULL || b == NULL || block == NULL || flow->srp == NULL) {
        flow_say_why(flow, "%s without SALT, SRP_B or SECRET_BLOCK",
                     flow->answer.challenge);
        return STATUS_UNREADABLE;
    }
    status = flow_need(flow, CHALLENGE_PASSWORD);
    if (status != STATUS_OK)
        return status;
    srp_timestamp(time(NULL), timestamp);
    status = srp_answer(flow->srp, flow->cognito->pool->name, flow->canonical,
                        &flow->password, salt, b, block, timestamp, signature);
    if (status == STATUS_OK) {
        const struct cognito_field fields[] = {
            {"PASSWORD_CLAIM_SECRET_BLOCK", block},
            {"PASSWORD_CLAIM_SIGNATURE", signature},
            {"TIMESTAMP", timestamp},
        };

        status = flow_respond(flow, fields, 3);
        flow->password_proved = status == STATUS_OK;
    } else if (status == STATUS_UNREADABLE) {
        flow_say_why(flow, "%s with unusable parameters",
                     flow->answer.challenge);
    }
    /* A secret exponent answers one challenge. */
    srp_free(flow->srp);
    flow->srp = NULL;
    secret_wipe(signature, sizeof(signature));
    return status;
}

static bool
is_same(const struct secret *one, const struct secret *other)
{
    return one->length == other->length && one->data != NULL
           && other->data != NULL
           && memcmp(one->data, other->data, one->length) == 0;
}

enum status
password_ask_new(struct flow *flow, struct secret *password_out)
{
    struct secret first = {0}, again = {0};
    enum status status = STATUS_BAD_INPUT;

    for (int i = 0; status == STATUS_BAD_INPUT && i < FLOW_TRIES_MAX; i++) {
        status = flow_ask(flow, TALK_NEW_PASSWORD, PROMPT_NEW, &first);
        if (status != STATUS_OK)
            break;
        /* Nothing is also an answer: there will be no new password. */
        if (first.length == 0) {
            if (flow->result->outcome.note[0] == '\0')
                flow_say_why(flow, "no new password was given");
            status = STATUS_BAD_INPUT;
            break;
        }
        if (is_same(&first, &flow->password)) {
            flow_hint(flow, HINT_SAME_PASSWORD);
            status = STATUS_BAD_INPUT;
            continue;
        }
        /* PAM's own words, which scripts wait for. */
        status = flow_ask(flow, TALK_NEW_AGAIN, PROMPT_RETYPE, &again);
        if (status != STATUS_OK)
            break;
        if (!is_same(&first, &again)) {
            flow_hint(flow, HINT_NO_MATCH);
            status = STATUS_BAD_INPUT;
        } else if (!text_is_password(first.data, first.length)) {
            flow_hint(flow, HINT_NO_PASSWORD);
            status = STATUS_BAD_INPUT;
        }
    }
    if (status == STATUS_OK)
        secret_move(password_out, &first);
    secret_free(&first);
    secret_free(&again);
    return status == STATUS_BAD_INPUT ? STATUS_NO_NEW_PASSWORD : status;
}

bool
password_is_refused(enum status status)
{
    return status == STATUS_PASSWORD_POLICY
           || status == STATUS_PASSWORD_HISTORY;
}

/* Only the pool knows its rules. */
void
password_hint_refusal(struct flow *flow, enum status status)
{
    if (password_is_refused(status))
        flow_hint(flow, HINT_NOT_ACCEPTED,
                  flow->result->outcome.note[0] != '\0'
                      ? flow->result->outcome.note
                      : status_text(status));
}

static enum status
confirm_reset(struct flow *flow, const char *code,
              const struct secret *password)
{
    struct cognito_answer answer = {0};

    (void) cognito_confirm_forgot_password(flow->cognito, flow->sent, code,
                                           password, &answer);
    return flow_finish(flow, &answer);
}

/* The code, asked again while it cannot be one. */
static enum status
ask_reset_code(struct flow *flow, struct secret *code_out)
{
    enum status status = STATUS_BAD_INPUT;
    char prompt[sizeof(flow->delivery) + sizeof(PROMPT_RESET_CODE)];

    (void) snprintf(prompt, sizeof(prompt), PROMPT_RESET_CODE,
                    flow->delivery[0] == '\0' ? "" : ", ", flow->delivery);
    for (int i = 0; status == STATUS_BAD_INPUT && i < FLOW_TRIES_MAX; i++)
        status = flow_ask_code(flow, prompt, FLOW_CODE_MIN, FLOW_CODE_MAX,
                               code_out);
    return status;
}

enum status
password_reset(struct flow *flow)
{
    enum status status = flow_send_code(flow, cognito_forgot_password, true);

    /* The prompt says it. */
    if (flow->delivery[0] != '\0')
        flow->hint[0] = '\0';
    return status == STATUS_OK ? password_set_forgotten(flow) : status;
}

enum status
password_set_forgotten(struct flow *flow)
{
    enum status status = STATUS_WRONG_CODE;
    struct secret code = {0}, password = {0};

    for (int i = 0;
         i < FLOW_TRIES_MAX
         && (status == STATUS_WRONG_CODE || password_is_refused(status));
         i++) {
        if (status == STATUS_WRONG_CODE)
            status = ask_reset_code(flow, &code);
        else
            status = STATUS_OK;
        /* The service checks the code and sets the password in one. */
        if (status == STATUS_OK)
            status = flow_announce(flow);
        if (status == STATUS_OK)
            status = password_ask_new(flow, &password);
        if (status != STATUS_OK)
            break;
        status = confirm_reset(flow, code.data, &password);
        password_hint_refusal(flow, status);
        if (status == STATUS_WRONG_CODE)
            flow_hint(flow, HINT_WRONG_CODE);
    }
    if (status == STATUS_OK) {
        secret_move(&flow->password, &password);
        flow->renewed = true;
        flow->was_reset = true;
    }
    secret_free(&code);
    secret_free(&password);
    return status;
}

/* Attributes that are asked for, with what was answered. */
struct attributes {
    size_t count;
    struct {
        char name[ATTRIBUTE_NAME_MAX]; /* "userAttributes.given_name" */
        struct secret value;
    } items[ATTRIBUTES_MAX];
};

static void
free_attributes(struct attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++)
        secret_free(&attributes->items[i].value);
}

static bool
is_attribute_name(const char *name)
{
    static const char prefix[] = "userAttributes.";

    return strncmp(name, prefix, sizeof(prefix) - 1) == 0
           && name[sizeof(prefix) - 1] != '\0'
           && strlen(name) < ATTRIBUTE_NAME_MAX
           && strspn(name, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-")
                  == strlen(name);
}

static enum status
ask_attribute(struct flow *flow, struct attributes *attributes,
              const char *name)
{
    char prompt[ATTRIBUTE_NAME_MAX + 32];
    enum status status;

    if (attributes->count == ATTRIBUTES_MAX || !is_attribute_name(name)) {
        flow_say_why(flow, "the pool requires attributes that cannot be "
                           "asked for here");
        return STATUS_CHALLENGE;
    }
    (void) snprintf(prompt, sizeof(prompt), PROMPT_ATTRIBUTE,
                    strchr(name, '.') + 1);
    status = flow_ask(flow, TALK_VISIBLE, prompt,
                      &attributes->items[attributes->count].value);
    if (status != STATUS_OK)
        return status;
    (void) snprintf(attributes->items[attributes->count].name,
                    ATTRIBUTE_NAME_MAX, "%s", name);
    attributes->count++;
    return STATUS_OK;
}

/*
 * requiredAttributes and userAttributes are JSON inside a string. One that
 * already has a value must not be sent again.
 */
static enum status
ask_attributes(struct flow *flow, struct attributes *attributes)
{
    const char *required = flow_parameter(flow, "requiredAttributes");
    const char *present = flow_parameter(flow, "userAttributes");
    struct json *names = NULL, *values = NULL;
    enum status status = STATUS_OK;

    if (required == NULL || required[0] == '\0')
        return STATUS_OK;
    status = json_parse(required, strlen(required), &names);
    if (status == STATUS_OK && present != NULL && present[0] != '\0')
        status = json_parse(present, strlen(present), &values);
    for (size_t i = 0; status == STATUS_OK && i < json_length(names); i++) {
        const char *name = json_item_text(names, i);
        const char *value = NULL;

        if (name != NULL && strchr(name, '.') != NULL)
            value = json_text(values, strchr(name, '.') + 1);
        if (name == NULL)
            status = STATUS_UNREADABLE;
        else if (value == NULL || value[0] == '\0')
            status = ask_attribute(flow, attributes, name);
    }
    json_free(names);
    json_free(values);
    return status;
}

static enum status
send_new(struct flow *flow, const struct secret *password,
         const struct attributes *attributes)
{
    struct cognito_field fields[ATTRIBUTES_MAX + 1] = {
        {vocabulary_challenge(CHALLENGE_NEW_PASSWORD)->field, password->data}};

    for (size_t i = 0; i < attributes->count; i++) {
        fields[i + 1].name = attributes->items[i].name;
        fields[i + 1].value = attributes->items[i].value.data;
    }
    return flow_respond(flow, fields, attributes->count + 1);
}

enum status
password_renew(struct flow *flow)
{
    struct attributes attributes = {0};
    struct secret password = {0};
    enum status status;

    flow->password_proved = true;
    status = flow_announce(flow);
    if (status == STATUS_OK)
        status = STATUS_PASSWORD_POLICY;
    if (flow->hint[0] == '\0')
        flow_hint(flow, HINT_CHOOSE_NEW);
    for (int i = 0; i < FLOW_TRIES_MAX && password_is_refused(status); i++) {
        status = password_ask_new(flow, &password);
        if (status == STATUS_OK && i == 0)
            status = ask_attributes(flow, &attributes);
        if (status != STATUS_OK)
            break;
        status = send_new(flow, &password, &attributes);
        password_hint_refusal(flow, status);
    }
    if (status == STATUS_OK) {
        secret_move(&flow->password, &password);
        flow->renewed = true;
    }
    secret_free(&password);
    free_attributes(&attributes);
    return status == STATUS_SESSION ? flow_restart(flow, status) : status;
}
