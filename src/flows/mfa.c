/*
 * How a person types a code or picks a factor, and when a code counts as a
 * second factor. It has none of the service's words: see cognito/vocabulary.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/mfa.h"

#include <stdio.h>
#include <string.h>

#include "common/prompt.h"
#include "common/text.h"
#include "flows/password.h"
#include "flows/totp.h"

#define OPTIONS_MAX 6

/* STATUS_BAD_INPUT: no code, ask again. */
static enum status
ask_code(struct flow *flow, const struct challenge_row *asked,
         struct secret *code_out)
{
    const char *to = flow_parameter(flow, "CODE_DELIVERY_DESTINATION");
    char prompt[160];

    if (flow->appended_code.data != NULL) {
        secret_move(code_out, &flow->appended_code);
        return STATUS_OK;
    }
    (void) snprintf(prompt, sizeof(prompt), PROMPT_CODE, asked->choice,
                    to == NULL ? "" : " to ", to == NULL ? "" : to);
    return flow_ask_code(flow, prompt, FLOW_CODE_MIN, FLOW_CODE_MAX, code_out);
}

/*
 * After a wrong code by SMS the service may send another one: without proof of
 * the password that is more than was permitted.
 */
static bool
may_try_again(const struct flow *flow)
{
    return flow->password_proved || flow->answer.asked != CHALLENGE_SMS_OTP;
}

/* One code, asked for and sent. */
static enum status
try_code(struct flow *flow, const struct challenge_row *asked)
{
    bool app = flow->answer.asked == CHALLENGE_SOFTWARE_TOKEN_MFA;
    struct secret code = {0};
    enum status status = ask_code(flow, asked, &code);

    if (status == STATUS_OK) {
        status = flow_respond_with(flow, code.data);
        if (status == STATUS_BAD_INPUT && !may_try_again(flow))
            status = STATUS_WRONG_CODE;
        if (status == STATUS_WRONG_CODE)
            flow_hint(flow, HINT_WRONG_CODE);
        /* An app's code is good for one use; its session goes on. */
        if (status == STATUS_CODE_EXPIRED && app) {
            flow_hint(flow, HINT_USED_CODE);
            status = STATUS_WRONG_CODE;
        }
    }
    secret_free(&code);
    return status;
}

enum status
mfa_answer_code(struct flow *flow)
{
    const struct challenge_row *asked
        = vocabulary_challenge(flow->answer.asked);
    enum status status = STATUS_BAD_INPUT;

    for (int i = 0;
         i < FLOW_CODES_MAX
         && (status == STATUS_BAD_INPUT
             || (status == STATUS_WRONG_CODE && may_try_again(flow)));
         i++)
        status = try_code(flow, asked);
    if (status == STATUS_BAD_INPUT && flow->result->outcome.note[0] == '\0')
        flow_say_why(flow, "what was typed was no code");
    if (status == STATUS_CODE_EXPIRED || status == STATUS_SESSION)
        return flow_restart(flow, status);
    if (status == STATUS_OK && asked->second && flow->password_proved
        && flow->new_factor == CHALLENGE_NONE)
        flow->second_factor_done = true;
    return status;
}

/* What can be chosen. */
struct menu {
    size_t count;
    enum challenge factors[OPTIONS_MAX];
};

static void
add_option(struct menu *menu, enum challenge factor)
{
    if (menu->count < OPTIONS_MAX)
        menu->factors[menu->count++] = factor;
}

static const char *
words_of(const struct menu *menu, size_t at)
{
    return vocabulary_challenge(menu->factors[at])->choice;
}

/* The option that a person's answer means, or -1. */
static int
read_choice(const struct menu *menu, const struct secret *answer)
{
    if (answer->length == 1 && answer->data[0] >= '1'
        && (size_t) (answer->data[0] - '1') < menu->count)
        return answer->data[0] - '1';
    for (size_t i = 0; i < menu->count; i++)
        if (strcmp(words_of(menu, i), answer->data) == 0)
            return (int) i;
    return -1;
}

static void
write_menu(enum flow_menu which, const char *list, char *out, size_t size)
{
    if (which == MENU_FIRST)
        (void) snprintf(out, size, PROMPT_FIRST, list);
    else if (which == MENU_SECOND)
        (void) snprintf(out, size, PROMPT_SECOND, list);
    else
        (void) snprintf(out, size, PROMPT_SET_UP, list);
}

/* Asks which; what was chosen before a new start is chosen again. */
static enum status
choose(struct flow *flow, enum flow_menu which, const struct menu *menu,
       enum challenge *factor_out)
{
    char list[TEXT_LINE_MAX] = "", prompt[TEXT_LINE_MAX];
    struct secret answer = {0};
    enum status status = STATUS_BAD_INPUT;

    *factor_out = menu->factors[0];
    if (menu->count == 1)
        return STATUS_OK;
    for (size_t i = 0; i < menu->count; i++) {
        size_t used = strlen(list);

        (void) snprintf(list + used, sizeof(list) - used, " %zu) %s", i + 1,
                        words_of(menu, i));
        if (menu->factors[i] == flow->chosen[which]) {
            *factor_out = menu->factors[i];
            return STATUS_OK;
        }
    }
    write_menu(which, list, prompt, sizeof(prompt));
    for (int i = 0; status == STATUS_BAD_INPUT && i < FLOW_TRIES_MAX; i++) {
        int index;

        status = flow_ask(flow, TALK_VISIBLE, prompt, &answer);
        if (status != STATUS_OK)
            break;
        index = read_choice(menu, &answer);
        if (index >= 0) {
            *factor_out = flow->chosen[which] = menu->factors[index];
        } else {
            flow_hint(flow, HINT_NUMBER, menu->count);
            status = STATUS_BAD_INPUT;
        }
    }
    secret_free(&answer);
    if (status == STATUS_BAD_INPUT)
        flow_say_why(flow, "what was typed was none of the choices");
    return status;
}

/* A list that arrives as JSON inside a parameter; json_free it. */
static struct json *
parameter_list(const struct flow *flow, const char *name)
{
    const char *text = flow_parameter(flow, name);
    struct json *list = NULL;

    if (text == NULL || json_parse(text, strlen(text), &list) != STATUS_OK)
        return NULL;
    return list;
}

/* What is offered and cannot be used is no fault, and must not vanish. */
static void
log_unknown(struct flow *flow, const char *name)
{
    char line[TEXT_LINE_MAX];

    (void) snprintf(line, sizeof(line),
                    "the pool also offers %.64s for %s, which cannot be used "
                    "here",
                    name == NULL ? "something without a name" : name,
                    flow->answer.challenge);
    flow->talk->log(flow->talk, TALK_LOG_NOTICE, line);
}

/* What was offered for a second factor: it is answered in the same words. */
static const char *
offered_name(const struct json *list, enum challenge factor)
{
    for (size_t i = 0; i < json_length(list); i++)
        if (vocabulary_offered(json_item_text(list, i)) == factor)
            return json_item_text(list, i);
    return NULL;
}

enum status
mfa_select(struct flow *flow)
{
    struct json *list = parameter_list(flow, "MFAS_CAN_CHOOSE");
    struct menu menu = {0};
    enum challenge factor;
    enum status status = STATUS_NO_METHOD;

    /* One page of the service's guide has the other name. */
    if (list == NULL)
        list = parameter_list(flow, "MFAS_CAN_SELECT");
    for (size_t i = 0; i < json_length(list); i++) {
        factor = vocabulary_offered(json_item_text(list, i));
        if (vocabulary_challenge(factor)->second)
            add_option(&menu, factor);
        else
            log_unknown(flow, json_item_text(list, i));
    }
    if (menu.count == 0)
        flow_say_why(flow, "%s offers nothing that is known",
                     flow->answer.challenge);
    else
        status = choose(flow, MENU_SECOND, &menu, &factor);
    if (status == STATUS_OK) {
        status = flow_respond_with(flow, offered_name(list, factor));
        if (status == STATUS_SESSION)
            status = flow_restart(flow, status);
    }
    json_free(list);
    return status;
}

bool
mfa_offers(const struct json *list, enum challenge factor)
{
    for (size_t i = 0; i < json_length(list); i++)
        if (vocabulary_named(json_item_text(list, i)) == factor)
            return true;
    return false;
}

/* Adds those of a kind that a list offers. */
static void
add_offered(struct menu *menu, const struct json *list,
            bool (*is_one)(enum challenge factor))
{
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++)
        if (is_one((enum challenge) at)
            && mfa_offers(list, (enum challenge) at))
            add_option(menu, (enum challenge) at);
}

/* Logs what a list offers that is not of the kind. */
static void
log_others(struct flow *flow, const struct json *list,
           bool (*is_one)(enum challenge factor))
{
    for (size_t i = 0; i < json_length(list); i++)
        if (!is_one(vocabulary_named(json_item_text(list, i))))
            log_unknown(flow, json_item_text(list, i));
}

/* Sends the choice together with its first input, to save a round trip. */
static enum status
send_first(struct flow *flow, enum challenge factor)
{
    const struct challenge_row *row = vocabulary_challenge(factor);
    struct cognito_field fields[2]
        = {{vocabulary_challenge(CHALLENGE_SELECT_FIRST)->field, row->word}};
    bool code = row->answer == ANSWER_CODE;
    enum status status = code ? flow_permit_code(flow)
                              : flow_need(flow, factor);

    if (status != STATUS_OK)
        return status;
    if (!code)
        fields[1] = flow_input(flow, factor);
    flow->code_permitted = false;
    status = flow_respond(flow, fields, code ? 1 : 2);
    if (status == STATUS_OK && factor == CHALLENGE_PASSWORD)
        flow->password_proved = flow->answer.asked != CHALLENGE_PASSWORD;
    /* Only what was chosen may come, and a result only after a proof. */
    flow->next = code ? NEXT_FIRST : row->kinds | row->next;
    return status;
}

static bool
is_first(enum challenge factor)
{
    return vocabulary_challenge(factor)->setting != NULL;
}

static bool
is_first_code(enum challenge factor)
{
    return is_first(factor)
           && vocabulary_challenge(factor)->answer == ANSWER_CODE;
}

enum status
mfa_select_first(struct flow *flow)
{
    const struct json *list = json_array(flow->answer.body,
                                         "AvailableChallenges");
    struct menu menu = {0};
    enum challenge factor;
    enum status status;

    log_others(flow, list, is_first);
    /* By SRP where it is offered: the password stays on this machine. */
    if (mfa_offers(list, CHALLENGE_PASSWORD_SRP))
        add_option(&menu, CHALLENGE_PASSWORD_SRP);
    else if (mfa_offers(list, CHALLENGE_PASSWORD))
        add_option(&menu, CHALLENGE_PASSWORD);
    /* Who typed the password chose it. */
    if (menu.count == 0 || flow->password.data == NULL)
        add_offered(&menu, list, is_first_code);
    if (menu.count == 0) {
        if (mfa_offers(list, CHALLENGE_PASSKEY))
            flow_say_why(flow, "the pool offers passkeys only, which cannot "
                               "be used through PAM");
        else
            flow_say_why(flow, "%s offers nothing that is known",
                         flow->answer.challenge);
        return STATUS_NO_METHOD;
    }
    status = choose(flow, MENU_FIRST, &menu, &factor);
    return status == STATUS_OK ? send_first(flow, factor) : status;
}

/* The address that codes shall go to; the service checks it by a code. */
static enum status
set_up_email(struct flow *flow)
{
    struct cognito_field field = {"EMAIL", NULL};
    struct secret address = {0};
    enum status status;

    flow_hint(flow, HINT_SET_UP);
    status = flow_ask(flow, TALK_VISIBLE, PROMPT_ADDRESS, &address);
    if (status == STATUS_OK) {
        field.value = address.data;
        status = flow_respond(flow, &field, 1);
    }
    secret_free(&address);
    return status;
}

static bool
can_be_set_up(enum challenge factor)
{
    return factor == CHALLENGE_SOFTWARE_TOKEN_MFA
           || factor == CHALLENGE_EMAIL_OTP;
}

enum status
mfa_set_up(struct flow *flow)
{
    struct json *list = parameter_list(flow, "MFAS_CAN_SETUP");
    struct menu menu = {0};
    enum challenge factor;
    enum status status;

    add_offered(&menu, list, can_be_set_up);
    log_others(flow, list, can_be_set_up);
    json_free(list);
    if (!config_flag(flow->config, KEY_MFA_SETUP)) {
        flow_say_why(flow, "the pool wants a second factor to be set up, and "
                           "mfa_setup is not on");
        return STATUS_NO_METHOD;
    }
    if (menu.count == 0) {
        flow_say_why(flow, "%s offers nothing that can be set up here",
                     flow->answer.challenge);
        return STATUS_NO_METHOD;
    }
    /* In a change of password nothing is set up before PAM lets it. */
    status = flow_announce(flow);
    if (status == STATUS_OK)
        status = choose(flow, MENU_SET_UP, &menu, &factor);
    if (status != STATUS_OK)
        return status;
    /* Whoever knows the password chose this factor just now: it proves
     * nothing more than the password did. */
    flow->new_factor = factor;
    if (factor == CHALLENGE_EMAIL_OTP)
        status = set_up_email(flow);
    else
        status = totp_set_up(flow);
    return status == STATUS_SESSION ? flow_restart(flow, status) : status;
}

enum status
mfa_answer_custom(struct flow *flow)
{
    /* A pool's trigger may name its question; there is no standard name. */
    const char *question = flow_parameter(flow, "prompt");
    const char *hidden = flow_parameter(flow, "hidden");
    struct secret answer = {0};
    char prompt[160];
    enum status status;

    if (question == NULL)
        question = flow_parameter(flow, "question");
    (void) snprintf(prompt, sizeof(prompt), PROMPT_CUSTOM,
                    question == NULL ? PROMPT_ANSWER : question);
    status = flow_ask(flow,
                      hidden != NULL && strcmp(hidden, "true") == 0
                          ? TALK_HIDDEN
                          : TALK_VISIBLE,
                      prompt, &answer);
    if (status == STATUS_OK)
        status = flow_respond_with(flow, answer.data);
    secret_free(&answer);
    return status == STATUS_SESSION ? flow_restart(flow, status) : status;
}
