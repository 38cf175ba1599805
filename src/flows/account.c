/*
 * What a person does with an account, put together from the dialogues of the
 * other files. Whether it may be done here at all the caller knows.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/account.h"

#include <string.h>

#include "flows/change.h"
#include "flows/flow.h"
#include "flows/password.h"
#include "flows/sign_up.h"
#include "flows/totp.h"

static enum status
send_sign_up(struct flow *flow, const struct secret *password)
{
    struct cognito_answer answer = {0};
    enum status status;

    status = cognito_sign_up(flow->cognito, flow->sent, password,
                             flow->request->attributes,
                             flow->request->attribute_count, &answer);
    flow_note(flow, &answer);
    if (status == STATUS_OK) {
        (void) json_boolean(answer.body, "UserConfirmed",
                            &flow->result->confirmed);
        if (json_object(answer.body, "CodeDeliveryDetails") != NULL)
            flow_hint_delivery(flow, &answer);
    }
    cognito_answer_free(&answer);
    return status;
}

static enum status
sign_up(struct flow *flow)
{
    enum status status = STATUS_PASSWORD_POLICY;
    struct secret password = {0};

    for (int i = 0; i < FLOW_TRIES_MAX && status == STATUS_PASSWORD_POLICY;
         i++) {
        status = password_ask_new(flow, &password);
        /* The service sends a code to the address that came along. */
        if (status == STATUS_OK)
            status = flow_permit_code(flow);
        if (status != STATUS_OK)
            break;
        status = send_sign_up(flow, &password);
        password_hint_refusal(flow, status);
    }
    secret_free(&password);
    return status;
}

static enum status
resend_code(struct flow *flow)
{
    return flow_send_code(flow, cognito_resend_code, false);
}

static enum status
forgot_password(struct flow *flow)
{
    return flow_send_code(flow, cognito_forgot_password, false);
}

static enum status
prefer_app(struct flow *flow)
{
    struct cognito_answer answer = {0};

    (void) cognito_prefer_mfa(flow->cognito, &flow->result->access_token,
                              CHALLENGE_SOFTWARE_TOKEN_MFA, &answer);
    return flow_finish(flow, &answer);
}

static enum status
enroll_app(struct flow *flow)
{
    enum status status = sign_in_flow(flow);

    /* The pool may have had it done before it let the user in. */
    if (status != STATUS_OK
        || flow->new_factor == CHALLENGE_SOFTWARE_TOKEN_MFA)
        return status;
    status = totp_enroll(flow);
    return status == STATUS_OK ? prefer_app(flow) : status;
}

static const struct {
    enum status (*run)(struct flow *flow);
    bool signs_in;
} dialogues[] = {
    [ACCOUNT_SIGN_IN] = {sign_in_flow, true},
    [ACCOUNT_CHANGE_PASSWORD] = {change_password, true},
    [ACCOUNT_ENROLL_APP] = {enroll_app, true},
    [ACCOUNT_SIGN_UP] = {sign_up, false},
    [ACCOUNT_CONFIRM] = {sign_up_confirm, false},
    [ACCOUNT_RESEND_CODE] = {resend_code, false},
    [ACCOUNT_FORGOT_PASSWORD] = {forgot_password, false},
    [ACCOUNT_SET_FORGOTTEN] = {password_set_forgotten, false},
};

void
account_run(enum account_dialogue dialogue, struct cognito *cognito,
            struct talk *talk, const struct config *config,
            const struct sign_in_request *request,
            struct sign_in_result *result_out)
{
    struct flow flow = {.cognito = cognito,
                        .talk = talk,
                        .config = config,
                        .request = request,
                        .result = result_out,
                        .no_sign_in = !dialogues[dialogue].signs_in};
    enum status status = STATUS_OK;

    memset(result_out, 0, sizeof(*result_out));
    if (flow.no_sign_in)
        status = sign_in_begin(&flow);
    if (status == STATUS_OK)
        status = dialogues[dialogue].run(&flow);
    /* What no question followed: where a code was sent. */
    if (status == STATUS_OK && flow.no_sign_in)
        flow_tell_person(&flow, flow.hint);
    sign_in_end(&flow, status);
}
