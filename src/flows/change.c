/*
 * ChangePassword with the access token of a sign-in. talk->ready stands
 * between what only looks and what changes something in the pool. How a new
 * password is asked for is password.c's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/change.h"

#include "flows/password.h"
#include "flows/sign_in.h"

static enum status
send_change(struct flow *flow, const struct secret *password)
{
    struct cognito_answer answer = {0};

    (void) cognito_change_password(flow->cognito, &flow->result->access_token,
                                   &flow->password, password, &answer);
    return flow_finish(flow, &answer);
}

static enum status
ask_and_send(struct flow *flow)
{
    enum status status = STATUS_PASSWORD_POLICY;
    struct secret password = {0};

    for (int i = 0; i < FLOW_TRIES_MAX && password_is_refused(status); i++) {
        enum status refusal = status;

        status = password_ask_new(flow, &password);
        /* No other one is to be had: what the pool said stands. */
        if (status == STATUS_NO_NEW_PASSWORD && i > 0)
            status = refusal;
        if (password.data == NULL)
            break;
        status = send_change(flow, &password);
        password_hint_refusal(flow, status);
        secret_free(&password);
    }
    secret_free(&password);
    return status;
}

enum status
change_password(struct flow *flow)
{
    enum status status;

    flow->changing = true;
    status = sign_in_flow(flow);
    flow->hint[0] = '\0';
    if (status == STATUS_OK)
        status = flow_announce(flow);
    /* A temporary or forgotten password was replaced on the way already. */
    if (status == STATUS_OK && !flow->renewed)
        status = ask_and_send(flow);
    return status;
}
