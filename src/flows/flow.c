/*
 * The steps on struct flow: how a person is asked and what is no answer, what
 * goes along with InitiateAuth, how an answer is taken over. What a challenge
 * asks for it does not know.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/prompt.h"
#include "common/text.h"

#define AHEAD_AGE_MAX_MS 3000 /* the service wants its answer in seconds */

void
flow_say_why(struct flow *flow, const char *format, ...)
{
    char line[sizeof(flow->result->outcome.note) * 2];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_clean(line, flow->result->outcome.note,
               sizeof(flow->result->outcome.note));
}

void
flow_hint(struct flow *flow, const char *format, ...)
{
    char line[sizeof(flow->hint) * 2];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_clean(line, flow->hint, sizeof(flow->hint));
}

/*
 * Hosts that can ask for the password only give it as the answer to every
 * question, with otp=append as it was typed.
 */
static bool
is_the_password(const struct flow *flow, const struct secret *answer)
{
    const struct secret *password = &flow->password;

    if (password->data == NULL || password->length == 0 || answer->data == NULL
        || answer->length < password->length
        || memcmp(answer->data, password->data, password->length) != 0)
        return false;
    return answer->length == password->length
           || (answer->data[password->length] == ','
               && strcmp(config_text(flow->config, KEY_OTP), "append") == 0);
}

/* Others answer what is visible with the user's name. */
static bool
is_the_name(const struct flow *flow, const struct secret *answer)
{
    return flow->request != NULL && flow->request->user != NULL
           && answer->data != NULL
           && strcmp(answer->data, flow->request->user) == 0;
}

/* Says that the host cannot ask this, what it did, and what helps. */
static enum status
no_dialogue(struct flow *flow, enum talk_kind kind, const char *answered)
{
    const char *service = flow->request == NULL ? "" : flow->request->service;
    bool is_new = kind == TALK_NEW_PASSWORD;
    char remedy[TEXT_LINE_MAX] = "type the code behind the password and a "
                                 "comma, as otp=append has it";

    if (is_new || strcmp(config_text(flow->config, KEY_OTP), "append") != 0)
        text_one_question(service, is_new, remedy, sizeof(remedy));
    flow_say_why(flow, "the host answered another question with %s: %s",
                 answered, remedy);
    return STATUS_NO_DIALOGUE;
}

/*
 * Is it an answer to this question, by somebody who read it? Not in the
 * dialogues that compare a new password with the one there is: those tell.
 */
static enum status
judge_answer(struct flow *flow, enum talk_kind kind,
             const struct secret *answer)
{
    bool second = flow->answers == 2 && !flow->no_sign_in;
    bool is_new = kind == TALK_NEW_PASSWORD;

    if (kind == TALK_PASSWORD || kind == TALK_PASSWORD_OR_CODE
        || kind == TALK_NEW_AGAIN || (is_new && flow->changing))
        return STATUS_OK;
    if (answer->length == 0 && second)
        return no_dialogue(flow, kind, "nothing");
    /* Through sshd the end of the input arrives as an empty answer; and
     * nothing that is asked for can be empty. */
    if (answer->length == 0 && !is_new) {
        flow_say_why(flow, "given up: nothing was typed");
        return STATUS_CANCELLED;
    }
    if (is_the_password(flow, answer))
        return no_dialogue(flow, kind, "the password");
    /* Later a person may mean it, as an attribute. */
    if ((second || kind == TALK_CODE) && is_the_name(flow, answer))
        return no_dialogue(flow, kind, "the user name");
    return STATUS_OK;
}

/* How the question is put: echo_codes=no is for hosts that can hide only. */
static enum talk_kind
shown_as(const struct flow *flow, enum talk_kind kind)
{
    return (kind == TALK_CODE || kind == TALK_VISIBLE)
                   && !config_flag(flow->config, KEY_ECHO_CODES)
               ? TALK_HIDDEN
               : kind;
}

enum status
flow_ask(struct flow *flow, enum talk_kind kind, const char *prompt,
         struct secret *answer_out)
{
    enum status status;
    char line[TEXT_LINE_MAX + 1];
    size_t length = strlen(flow->hint);
    const char *between = "";

    /* The pool's own words may lack a full stop. */
    if (length > 0)
        between = strchr(".!?", flow->hint[length - 1]) == NULL ? ". " : " ";
    (void) snprintf(line, sizeof(line), "%s%s%s", flow->hint, between, prompt);
    flow->hint[0] = '\0';
    status = flow->talk->ask(flow->talk, shown_as(flow, kind), line,
                             answer_out);
    /* It may show the key of an authenticator app. */
    secret_wipe(line, sizeof(line));
    if (status == STATUS_OK) {
        flow->answers++;
        status = judge_answer(flow, kind, answer_out);
    }
    if (status != STATUS_OK)
        secret_free(answer_out);
    return status;
}

bool
flow_is_code(struct secret *code, size_t min, size_t max)
{
    size_t kept = 0;

    if (code->data == NULL)
        return false;
    for (size_t i = 0; i < code->length; i++)
        if (code->data[i] != ' ' && code->data[i] != '\t')
            code->data[kept++] = code->data[i];
    secret_wipe(code->data + kept, code->length - kept);
    code->length = kept;
    return kept >= min && kept <= max
           && strspn(code->data, "0123456789") == kept;
}

enum status
flow_ask_code(struct flow *flow, const char *prompt, size_t min, size_t max,
              struct secret *code_out)
{
    enum status status = flow_ask(flow, TALK_CODE, prompt, code_out);

    if (status != STATUS_OK)
        return status;
    if (flow_is_code(code_out, min, max))
        return STATUS_OK;
    if (min == max)
        flow_hint(flow, HINT_CODE_DIGITS, min);
    else
        flow_hint(flow, HINT_CODE_FROM_TO, min, max);
    return STATUS_BAD_INPUT;
}

/*
 * otp=append: a host with one prompt takes password and code together, as
 * password,code. What follows the last comma is the code when it can be one.
 */
static bool
cut_code(struct flow *flow)
{
    struct secret *password = &flow->password;
    size_t digits = 0;
    bool done;

    while (digits < password->length
           && password->data[password->length - 1 - digits] >= '0'
           && password->data[password->length - 1 - digits] <= '9')
        digits++;
    if (digits < FLOW_CODE_MIN || digits > FLOW_CODE_MAX
        || digits + 2 > password->length
        || password->data[password->length - 1 - digits] != ',')
        return true;
    done = secret_set(&flow->appended_code,
                      password->data + password->length - digits, digits);
    secret_wipe(password->data + password->length - digits - 1, digits + 1);
    password->length -= digits + 1;
    return done;
}

static enum status
need_password(struct flow *flow)
{
    enum status status;

    if (flow->password.data != NULL)
        return STATUS_OK;
    status = flow_ask(flow,
                      flow->or_code ? TALK_PASSWORD_OR_CODE : TALK_PASSWORD,
                      PROMPT_PASSWORD, &flow->password);
    if (status != STATUS_OK)
        return status;
    if (/* @empty */ flow->password.length == 0) {
        secret_free(&flow->password);
        return STATUS_EMPTY_PASSWORD;
    }
    if (!text_is_password(flow->password.data, flow->password.length))
        return STATUS_JUNK_PASSWORD;
    if (strcmp(config_text(flow->config, KEY_OTP), "append") == 0
        && !cut_code(flow))
        return STATUS_MEMORY;
    return STATUS_OK;
}

/* The same, and something is done while somebody types. */
static enum status
need_password_while(struct flow *flow, void (*meanwhile)(void *flow))
{
    enum status status;

    flow->talk->meanwhile = meanwhile;
    flow->talk->context = flow;
    status = need_password(flow);
    flow->talk->meanwhile = NULL;
    flow->talk->context = NULL;
    return status;
}

/* A failure is no failure yet: it is tried once more after the answer. */
static void
make_srp(void *context)
{
    struct flow *flow = context;

    (void) srp_new(&flow->srp);
}

/* Two milliseconds of arithmetic, while the password is typed. */
static enum status
need_password_and_srp(struct flow *flow)
{
    enum status status;

    srp_free(flow->srp);
    flow->srp = NULL;
    status = need_password_while(flow, make_srp);
    if (status == STATUS_OK && flow->srp == NULL)
        status = srp_new(&flow->srp);
    return status;
}

enum status
flow_need(struct flow *flow, enum challenge factor)
{
    switch (vocabulary_challenge(factor)->answer) {
    case ANSWER_PASSWORD:
        return need_password(flow);
    case ANSWER_SRP:
        return need_password_and_srp(flow);
    default:
        return STATUS_OK;
    }
}

struct cognito_field
flow_input(const struct flow *flow, enum challenge factor)
{
    const struct challenge_row *row = vocabulary_challenge(factor);

    return (struct cognito_field){row->field, row->answer == ANSWER_SRP
                                                  ? srp_public(flow->srp)
                                                  : flow->password.data};
}

static void
log_answer(struct flow *flow, const struct cognito_answer *answer)
{
    char line[320];

    (void) snprintf(line, sizeof(line), "answer: %s%s%s%s%s http=%ld ms=%u",
                    status_word(answer->status),
                    answer->challenge[0] == '\0' ? "" : " challenge=",
                    answer->challenge, answer->error[0] == '\0' ? "" : " ",
                    answer->error, answer->http, answer->ms);
    flow->talk->log(flow->talk, TALK_LOG_DEBUG, line);
}

void
flow_log_repeat(void *context, const char *operation, unsigned int waited_ms)
{
    struct flow *flow = context;
    char line[120];

    (void) snprintf(line, sizeof(line),
                    "%s: not served, sent again after %u ms", operation,
                    waited_ms);
    flow->talk->log(flow->talk, TALK_LOG_DEBUG, line);
}

const char *
flow_parameter(const struct flow *flow, const char *name)
{
    return json_text(flow->answer.parameters, name);
}

void
flow_note(struct flow *flow, const struct cognito_answer *answer)
{
    struct sign_in_result *result = flow->result;
    const char *name;

    result->outcome.http = answer->http;
    result->outcome.ms += answer->ms;
    (void) snprintf(result->outcome.error, sizeof(result->outcome.error), "%s",
                    answer->error);
    (void) snprintf(result->outcome.request_id,
                    sizeof(result->outcome.request_id), "%s",
                    answer->request_id);
    result->outcome.note[0] = '\0';
    if (answer->message[0] != '\0')
        flow_say_why(flow, "%s", answer->message);
    if (answer->date != 0)
        result->date = answer->date;
    log_answer(flow, answer);
    name = json_text(answer->parameters, "USER_ID_FOR_SRP");
    if (name == NULL || name[0] == '\0')
        name = json_text(answer->parameters, "USERNAME");
    if (name != NULL && name[0] != '\0'
        && strlen(name) < sizeof(flow->canonical))
        (void) snprintf(flow->canonical, sizeof(flow->canonical), "%s", name);
}

enum status
flow_finish(struct flow *flow, struct cognito_answer *answer)
{
    enum status status = answer->status;

    flow_note(flow, answer);
    cognito_answer_free(answer);
    return status;
}

/* Takes the answer over when it is a good one. */
static enum status
adopt(struct flow *flow, struct cognito_answer *answer)
{
    if (answer->status != STATUS_OK)
        return flow_finish(flow, answer);
    flow_note(flow, answer);
    cognito_answer_free(&flow->answer);
    flow->answer = *answer;
    return STATUS_OK;
}

/*
 * Was the password that went along checked? In the choice-based flow a code
 * sent by e-mail may be a first factor in its place, also a pretended one.
 */
static bool
is_proof(bool choice, const struct cognito_answer *answer)
{
    unsigned int kinds = vocabulary_challenge(answer->asked)->kinds;

    return !choice
           || ((kinds & NEXT_AFTER_PASSWORD) != 0
               && (kinds & NEXT_FIRST) == 0);
}

/*
 * What srp_ahead sends while the password is typed. A failure here is no
 * failure of the sign-in: it starts in the usual way.
 */
static void
send_ahead(void *context)
{
    struct flow *flow = context;
    struct cognito_field fields[2] = {{"USERNAME", flow->sent}};

    if (srp_new(&flow->srp) != STATUS_OK)
        return;
    fields[1] = flow_input(flow, CHALLENGE_PASSWORD_SRP);
    (void) cognito_initiate_ahead(flow->cognito, AUTH_FLOW_SRP, fields, 2);
}

/*
 * srp_ahead: asks for the password and lets the service make its challenge
 * meanwhile. STATUS_UNAVAILABLE: there is none, or it is too old to be
 * answered in time; the usual way goes on from here. So it does whatever the
 * service or the network said instead: nothing was proved, and it may be over.
 */
static enum status
initiate_ahead(struct flow *flow, enum auth_flow auth)
{
    struct cognito_answer answer = {0};
    enum status status;

    if (auth != AUTH_FLOW_SRP || !config_flag(flow->config, KEY_SRP_AHEAD)
        || !flow->request->may_go_ahead || flow->password.data != NULL)
        return STATUS_UNAVAILABLE;
    status = need_password_while(flow, send_ahead);
    if (status != STATUS_OK)
        return status;
    status = cognito_take_ahead(flow->cognito, AHEAD_AGE_MAX_MS, &answer);
    if (status == STATUS_OK)
        return adopt(flow, &answer);
    if (status != STATUS_UNAVAILABLE)
        log_answer(flow, &answer);
    flow->result->outcome.ms += answer.ms;
    cognito_answer_free(&answer);
    return STATUS_UNAVAILABLE;
}

/* What goes along with InitiateAuth besides the name. */
struct first {
    enum challenge preferred; /* PREFERRED_CHALLENGE */
    enum challenge with;      /* whose answer */
};

/*
 * The choice-based flow. Its first question is the password's as everywhere
 * else: what a stranger reads tells nothing, and nothing is sent to anybody
 * before something was typed. Nothing typed asks for a code where one is
 * preferred or nothing is; a request without a password may send one, so
 * talk is asked before it. In the answer nothing was proved unless a password
 * went along, and where SRP was asked for the password is not to be sent
 * after all.
 */
static enum status
first_of_choice(struct flow *flow, struct first *first)
{
    enum challenge preferred
        = vocabulary_factor(config_text(flow->config, KEY_PREFERRED_FACTOR));
    enum challenge with = preferred == CHALLENGE_PASSWORD
                              ? CHALLENGE_PASSWORD
                              : CHALLENGE_PASSWORD_SRP;
    enum status status;

    flow->or_code = !flow->changing
                    && (preferred == CHALLENGE_NONE
                        || vocabulary_challenge(preferred)->answer
                               == ANSWER_CODE);
    status = flow_need(flow, with);
    if (status == STATUS_EMPTY_PASSWORD && flow->or_code) {
        first->preferred = preferred;
        flow->next |= NEXT_PASSWORD;
        return flow_permit_code(flow);
    }
    first->preferred = first->with = with;
    flow->next |= with == CHALLENGE_PASSWORD
                      ? NEXT_AFTER_PASSWORD | NEXT_PASSWORD
                      : NEXT_VERIFIER;
    return status;
}

static enum status
first_of(struct flow *flow, enum auth_flow auth, struct first *first)
{
    *first = (struct first){CHALLENGE_NONE, vocabulary_flow(auth)->with};
    if (auth == AUTH_FLOW_CHOICE)
        return first_of_choice(flow, first);
    return flow_need(flow, first->with);
}

static enum status
send_initiate(struct flow *flow, enum auth_flow auth,
              const struct first *first)
{
    const struct auth_flow_row *row = vocabulary_flow(auth);
    struct cognito_field fields[4] = {{"USERNAME", flow->sent}};
    struct cognito_answer answer = {0};
    enum status status;
    size_t count = 1;

    if (first->preferred != CHALLENGE_NONE)
        fields[count++] = (struct cognito_field){
            "PREFERRED_CHALLENGE",
            vocabulary_challenge(first->preferred)->word};
    if (row->first != NULL)
        fields[count++] = (struct cognito_field){"CHALLENGE_NAME", row->first};
    if (first->with != CHALLENGE_NONE)
        fields[count++] = flow_input(flow, first->with);
    (void) cognito_initiate_auth(flow->cognito, auth, fields, count, &answer);
    status = adopt(flow, &answer);
    /* Only a choice says that nothing was sent to the person. */
    if (status != STATUS_OK || flow->answer.asked != CHALLENGE_SELECT_FIRST)
        flow->code_permitted = false;
    return status;
}

enum status
flow_initiate(struct flow *flow)
{
    enum auth_flow auth
        = vocabulary_flow_named(config_text(flow->config, KEY_AUTH_FLOW));
    struct first first;
    enum status status;

    if (auth == AUTH_FLOW_COUNT)
        return STATUS_CONFIG;
    (void) snprintf(flow->canonical, sizeof(flow->canonical), "%s",
                    flow->sent);
    flow->next = vocabulary_flow(auth)->next;
    /* What an earlier start proved does not count for this one. */
    flow->password_proved = false;
    flow->second_factor_done = false;
    status = initiate_ahead(flow, auth);
    if (status != STATUS_UNAVAILABLE)
        return status;
    status = first_of(flow, auth, &first);
    if (status != STATUS_OK)
        return status;
    status = send_initiate(flow, auth, &first);
    if (status == STATUS_OK && first.with == CHALLENGE_PASSWORD)
        flow->password_proved = is_proof(first.preferred != CHALLENGE_NONE,
                                         &flow->answer);
    return status;
}

enum status
flow_respond(struct flow *flow, const struct cognito_field *fields,
             size_t count)
{
    struct cognito_field all[FLOW_FIELDS_MAX]
        = {{"USERNAME", flow->canonical}};
    struct cognito_answer answer = {0};

    if (count > FLOW_FIELDS_MAX - 1)
        return STATUS_INTERNAL;
    for (size_t i = 0; i < count; i++)
        all[i + 1] = fields[i];
    (void) cognito_respond(flow->cognito, flow->answer.challenge,
                           &flow->answer.session, all, count + 1, &answer);
    return adopt(flow, &answer);
}

enum status
flow_respond_with(struct flow *flow, const char *value)
{
    const struct cognito_field field
        = {vocabulary_challenge(flow->answer.asked)->field, value};

    return flow_respond(flow, &field, 1);
}

enum status
flow_restart(struct flow *flow, enum status status)
{
    if (flow->restarted || !flow->password_proved)
        return status;
    flow->restarted = true;
    /* A session can also be refused at once: then nobody was slow. */
    flow_hint(flow, HINT_AGAIN);
    flow->talk->log(flow->talk, TALK_LOG_DEBUG,
                    "the session is lost after a correct password: starting "
                    "once more");
    return flow_initiate(flow);
}

enum status
flow_announce(struct flow *flow)
{
    if (!flow->changing || flow->announced)
        return STATUS_OK;
    flow->announced = true;
    return flow->talk->ready == NULL ? STATUS_OK
                                     : flow->talk->ready(flow->talk);
}

enum status
flow_permit_code(struct flow *flow)
{
    enum status status;

    if (flow->code_permitted)
        return STATUS_OK;
    status = flow->talk->permit_code == NULL
                 ? STATUS_UNAVAILABLE
                 : flow->talk->permit_code(flow->talk);
    if (status == STATUS_UNAVAILABLE)
        flow_say_why(flow, "no code may be sent where codes cannot be "
                           "counted");
    flow->code_permitted = status == STATUS_OK;
    return status;
}

void
flow_tell_person(struct flow *flow, const char *text)
{
    text_clean(text, flow->result->outcome.person,
               sizeof(flow->result->outcome.person));
}

void
flow_hint_delivery(struct flow *flow, const struct cognito_answer *answer)
{
    const struct json *delivery = json_object(answer->body,
                                              "CodeDeliveryDetails");
    const char *where = json_text(delivery, "Destination");
    const char *medium = json_text(delivery, "DeliveryMedium");

    flow->delivery[0] = '\0';
    if (medium != NULL)
        (void) snprintf(flow->delivery, sizeof(flow->delivery), "%s%s%.64s",
                        vocabulary_challenge(strcmp(medium, "EMAIL") == 0
                                                 ? CHALLENGE_EMAIL_OTP
                                                 : CHALLENGE_SMS_MFA)
                            ->choice,
                        where == NULL ? "" : " to ",
                        where == NULL ? "" : where);
    flow_hint(flow, HINT_CODE_SENT, flow->delivery[0] == '\0' ? "" : " by ",
              flow->delivery);
}

enum status
flow_send_code(struct flow *flow,
               enum status (*operation)(struct cognito *cognito,
                                        const char *username,
                                        struct cognito_answer *answer_out),
               bool one_will_do)
{
    struct cognito_answer answer = {0};
    enum status status = flow_permit_code(flow);

    flow->delivery[0] = '\0';
    if (status == STATUS_CODE_LIMIT && one_will_do) {
        flow_hint(flow, HINT_CODE_BEFORE);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    flow->code_permitted = false;
    status = operation(flow->cognito, flow->sent, &answer);
    flow_note(flow, &answer);
    if (status == STATUS_OK)
        flow_hint_delivery(flow, &answer);
    cognito_answer_free(&answer);
    return status;
}
