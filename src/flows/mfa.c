/*
 * Codes, choices, set-up, a pool's own questions.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/mfa.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "flows/password.h"
#include "flows/totp.h"

#define CODE_TRIES_MAX 5   /* the service locks out after as many */
#define OPTIONS_MAX 6

/* The ways to be sent or to make a code. */
static const struct method {
    const char *name;    /* the challenge's and the choice's */
    const char *field;   /* where the code goes */
    const char *where;   /* for the prompt that asks for the code */
    const char *choice;  /* for a menu */
    bool second;         /* may be a second factor */
} methods[] = {
    {"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE",
     "Code from your authenticator app", "authenticator app", true},
    {"SMS_MFA", "SMS_MFA_CODE", "Code sent by SMS", "SMS", true},
    {"EMAIL_OTP", "EMAIL_OTP_CODE", "Code sent by e-mail", "e-mail", true},
    {"SMS_OTP", "SMS_OTP_CODE", "Code sent by SMS", "SMS", false},
};

/* The service's prose has this name; the choice is answered as offered. */
#define EMAIL_IN_PROSE "EMAIL_MFA"

static const struct method *
find_method(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

/* STATUS_BAD_INPUT: no code, ask again. */
static enum status
ask_code(struct flow *flow, const char *where, struct secret *code_out)
{
    const char *to = flow_parameter(flow, "CODE_DELIVERY_DESTINATION");
    char prompt[160];

    if (flow->appended_code.data != NULL) {
        secret_move(code_out, &flow->appended_code);
        return STATUS_OK;
    }
    if (to != NULL)
        (void) snprintf(prompt, sizeof(prompt), "%s to %.64s: ", where, to);
    else
        (void) snprintf(prompt, sizeof(prompt), "%s: ", where);
    return flow_ask_code(flow, prompt, FLOW_CODE_MIN, FLOW_CODE_MAX,
                         code_out);
}

/*
 * After a wrong code by SMS the service may send another one: without proof of
 * the password that is more than was permitted.
 */
static bool
may_try_again(const struct flow *flow)
{
    return flow->password_proved
           || strcmp(flow->answer.challenge, "SMS_OTP") != 0;
}

/* One code, asked for and sent. */
static enum status
try_code(struct flow *flow, const struct method *method)
{
    struct cognito_field field = {method->field, NULL};
    struct secret code = {0};
    enum status status = ask_code(flow, method->where, &code);

    if (status == STATUS_OK) {
        field.value = code.data;
        status = flow_respond(flow, &field, 1);
        if (status == STATUS_BAD_INPUT && !may_try_again(flow))
            status = STATUS_WRONG_CODE;
        if (status == STATUS_WRONG_CODE)
            flow_hint(flow, "That code is wrong.");
        /* An app's code is good for one use; its session goes on. */
        if (status == STATUS_CODE_EXPIRED
            && strcmp(method->name, "SOFTWARE_TOKEN_MFA") == 0) {
            flow_hint(flow, "That code was used already, wait for the next.");
            status = STATUS_WRONG_CODE;
        }
    }
    secret_free(&code);
    return status;
}

enum status
mfa_answer_code(struct flow *flow)
{
    const struct method *method = find_method(flow->answer.challenge);
    enum status status = STATUS_BAD_INPUT;

    if (method == NULL)
        return STATUS_INTERNAL;
    for (int i = 0; i < CODE_TRIES_MAX
                    && (status == STATUS_BAD_INPUT
                        || (status == STATUS_WRONG_CODE
                            && may_try_again(flow)));
         i++)
        status = try_code(flow, method);
    if (status == STATUS_BAD_INPUT && flow->result->note[0] == '\0')
        flow_say_why(flow, "what was typed was no code");
    if (status == STATUS_CODE_EXPIRED || status == STATUS_SESSION)
        return flow_restart(flow, status);
    if (status == STATUS_OK && method->second && flow->password_proved
        && !flow->factor_is_new)
        flow->second_factor_done = true;
    return status;
}

/* What can be chosen, in the order offered. */
struct menu {
    size_t count;
    struct {
        const char *answer;
        const char *words;
    } options[OPTIONS_MAX];
};

static void
add_option(struct menu *menu, const char *answer, const char *words)
{
    if (menu->count == OPTIONS_MAX)
        return;
    menu->options[menu->count].answer = answer;
    menu->options[menu->count].words = words;
    menu->count++;
}

/* The option that a person's answer means, or -1. */
static int
read_choice(const struct menu *menu, const struct secret *answer)
{
    if (answer->length == 1 && answer->data[0] >= '1'
        && (size_t) (answer->data[0] - '1') < menu->count)
        return answer->data[0] - '1';
    for (size_t i = 0; i < menu->count; i++)
        if (strcmp(menu->options[i].words, answer->data) == 0)
            return (int) i;
    return -1;
}

/* Asks which; what was chosen before a new start is chosen again. */
static enum status
choose(struct flow *flow, enum flow_menu which, const struct menu *menu,
       int *index_out)
{
    char *chosen = flow->chosen[which];
    char prompt[TEXT_LINE_MAX] = "Sign in with";
    struct secret answer = {0};
    enum status status = STATUS_BAD_INPUT;
    size_t used;

    *index_out = 0;
    if (menu->count == 1)
        return STATUS_OK;
    for (size_t i = 0; i < menu->count; i++) {
        used = strlen(prompt);
        (void) snprintf(prompt + used, sizeof(prompt) - used, "%s %zu %s",
                        i == 0 ? "" : ",", i + 1, menu->options[i].words);
        if (strcmp(menu->options[i].answer, chosen) == 0) {
            *index_out = (int) i;
            return STATUS_OK;
        }
    }
    used = strlen(prompt);
    (void) snprintf(prompt + used, sizeof(prompt) - used, ": ");
    for (int i = 0; status == STATUS_BAD_INPUT && i < FLOW_TRIES_MAX; i++) {
        status = flow_ask(flow, TALK_VISIBLE, prompt, &answer);
        if (status != STATUS_OK)
            break;
        *index_out = read_choice(menu, &answer);
        if (*index_out < 0) {
            flow_hint(flow, "Type a number from 1 to %zu.", menu->count);
            status = STATUS_BAD_INPUT;
        }
    }
    secret_free(&answer);
    if (status == STATUS_BAD_INPUT)
        flow_say_why(flow, "what was typed was none of the choices");
    if (status == STATUS_OK)
        (void) snprintf(chosen, sizeof(flow->chosen[which]), "%s",
                        menu->options[*index_out].answer);
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

enum status
mfa_select(struct flow *flow)
{
    struct json *list = parameter_list(flow, "MFAS_CAN_CHOOSE");
    struct cognito_field field = {"ANSWER", NULL};
    struct menu menu = {0};
    enum status status = STATUS_NO_METHOD;
    int index;

    /* One page of the service's guide has the other name. */
    if (list == NULL)
        list = parameter_list(flow, "MFAS_CAN_SELECT");
    for (size_t i = 0; i < json_length(list); i++) {
        const char *name = json_item_text(list, i);
        const struct method *method = name == NULL ? NULL
                                                   : find_method(name);

        if (name != NULL && strcmp(name, EMAIL_IN_PROSE) == 0)
            method = find_method("EMAIL_OTP");
        if (method != NULL && method->second)
            add_option(&menu, name, method->choice);
        else
            log_unknown(flow, name);
    }
    if (menu.count == 0)
        flow_say_why(flow, "SELECT_MFA_TYPE offers nothing that is known");
    else
        status = choose(flow, MENU_SECOND, &menu, &index);
    if (status == STATUS_OK) {
        field.value = menu.options[index].answer;
        status = flow_respond(flow, &field, 1);
        if (status == STATUS_SESSION)
            status = flow_restart(flow, status);
    }
    json_free(list);
    return status;
}

/* Does the list of first factors hold name? */
static bool
offers(const struct json *list, const char *name)
{
    for (size_t i = 0; i < json_length(list); i++) {
        const char *item = json_item_text(list, i);

        if (item != NULL && strcmp(item, name) == 0)
            return true;
    }
    return false;
}

/* Sends the choice together with its first input, to save a round trip. */
static enum status
send_first(struct flow *flow, const char *answer)
{
    struct cognito_field fields[2] = {{"ANSWER", answer}};
    /* choose() gives one of its menu. NOLINTNEXTLINE(clang-analyzer-core.*) */
    bool password = strcmp(answer, "PASSWORD") == 0;
    bool srp = strcmp(answer, "PASSWORD_SRP") == 0;
    enum status status;

    if (password || srp)
        status = flow_need_password(flow);
    else
        status = flow_permit_code(flow);
    if (status == STATUS_OK && srp) {
        srp_free(flow->srp);
        flow->srp = NULL;
        status = srp_new(&flow->srp);
    }
    if (status != STATUS_OK)
        return status;
    if (password)
        fields[1] = (struct cognito_field){"PASSWORD", flow->password.data};
    if (srp)
        fields[1] = (struct cognito_field){"SRP_A", srp_public(flow->srp)};
    flow->code_permitted = false;
    status = flow_respond(flow, fields, password || srp ? 2 : 1);
    if (status == STATUS_OK && password)
        flow->password_proved
            = strcmp(flow->answer.challenge, "PASSWORD") != 0;
    /* Only what was chosen may come, and a result only after a proof. */
    if (password)
        flow->next = NEXT_AFTER_PASSWORD | NEXT_PASSWORD;
    else
        flow->next = srp ? NEXT_VERIFIER | NEXT_SRP : NEXT_FIRST;
    return status;
}

/* Logs what a list offers that is not among the names we know. */
static void
log_others(struct flow *flow, const struct json *list,
           const char *const known[], size_t count)
{
    for (size_t i = 0; i < json_length(list); i++) {
        const char *name = json_item_text(list, i);
        bool found = false;

        for (size_t j = 0; name != NULL && j < count; j++)
            found = found || strcmp(name, known[j]) == 0;
        if (!found)
            log_unknown(flow, name);
    }
}

enum status
mfa_select_first(struct flow *flow)
{
    static const char *const known[] = {"PASSWORD_SRP", "PASSWORD",
                                        "EMAIL_OTP", "SMS_OTP"};
    const struct json *list = json_array(flow->answer.body,
                                         "AvailableChallenges");
    struct menu menu = {0};
    enum status status;
    int index;

    log_others(flow, list, known, sizeof(known) / sizeof(known[0]));
    /* By SRP where it is offered: the password stays on this machine. */
    if (offers(list, "PASSWORD_SRP"))
        add_option(&menu, "PASSWORD_SRP", "password");
    else if (offers(list, "PASSWORD"))
        add_option(&menu, "PASSWORD", "password");
    /* Who typed the password chose it. */
    if (menu.count == 0 || flow->password.data == NULL) {
        if (offers(list, "EMAIL_OTP"))
            add_option(&menu, "EMAIL_OTP", "e-mail");
        if (offers(list, "SMS_OTP"))
            add_option(&menu, "SMS_OTP", "SMS");
    }
    if (menu.count == 0) {
        flow_say_why(flow, offers(list, "WEB_AUTHN")
                               ? "the pool offers passkeys only, which "
                                 "cannot be used through PAM"
                               : "SELECT_CHALLENGE offers nothing that is "
                                 "known");
        return STATUS_NO_METHOD;
    }
    status = choose(flow, MENU_FIRST, &menu, &index);
    return status == STATUS_OK ? send_first(flow, menu.options[index].answer)
                               : status;
}

/* The address that codes shall go to; the service checks it by a code. */
static enum status
set_up_email(struct flow *flow)
{
    struct cognito_field field = {"EMAIL", NULL};
    struct secret address = {0};
    enum status status;

    flow_hint(flow, "A second factor must be set up.");
    status = flow_ask(flow, TALK_VISIBLE, "Send codes to e-mail address: ",
                      &address);
    if (status == STATUS_OK) {
        field.value = address.data;
        status = flow_respond(flow, &field, 1);
    }
    secret_free(&address);
    return status;
}

enum status
mfa_set_up(struct flow *flow)
{
    static const char *const known[] = {"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"};
    struct json *list = parameter_list(flow, "MFAS_CAN_SETUP");
    struct menu menu = {0};
    enum status status;
    int index;

    if (offers(list, "SOFTWARE_TOKEN_MFA"))
        add_option(&menu, "SOFTWARE_TOKEN_MFA", "authenticator app");
    if (offers(list, "EMAIL_OTP"))
        add_option(&menu, "EMAIL_OTP", "e-mail");
    log_others(flow, list, known, sizeof(known) / sizeof(known[0]));
    json_free(list);
    if (!config_flag(flow->config, KEY_MFA_SETUP)) {
        flow_say_why(flow, "the pool wants a second factor to be set up, and "
                           "mfa_setup is not on");
        return STATUS_NO_METHOD;
    }
    if (menu.count == 0) {
        flow_say_why(flow, "MFA_SETUP offers nothing that can be set up "
                           "here");
        return STATUS_NO_METHOD;
    }
    /* In a change of password nothing is set up before PAM lets it. */
    status = flow_announce(flow);
    if (status == STATUS_OK)
        status = choose(flow, MENU_SET_UP, &menu, &index);
    if (status != STATUS_OK)
        return status;
    /* Whoever knows the password chose this factor just now: it proves
     * nothing more than the password did. */
    flow->factor_is_new = true;
    /* index is below count. NOLINTNEXTLINE(clang-analyzer-core.*) */
    if (strcmp(menu.options[index].answer, "EMAIL_OTP") == 0)
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
    struct cognito_field field = {"ANSWER", NULL};
    struct secret answer = {0};
    char prompt[160];
    enum status status;

    if (question == NULL)
        question = flow_parameter(flow, "question");
    (void) snprintf(prompt, sizeof(prompt), "%.128s: ",
                    question == NULL ? "Answer" : question);
    status = flow_ask(flow,
                      hidden != NULL && strcmp(hidden, "true") == 0
                          ? TALK_HIDDEN
                          : TALK_VISIBLE,
                      prompt, &answer);
    if (status == STATUS_OK) {
        field.value = answer.data;
        status = flow_respond(flow, &field, 1);
    }
    secret_free(&answer);
    return status == STATUS_SESSION ? flow_restart(flow, status) : status;
}
