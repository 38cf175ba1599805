/*
 * The dialogue about a confirmation code. The service sends one to whoever
 * asks, so one is asked for only as often as talk permits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/sign_up.h"

#include <string.h>

#include "common/prompt.h"

static enum status
confirm(struct flow *flow, const char *code)
{
    struct cognito_answer answer = {0};

    (void) cognito_confirm_sign_up(flow->cognito, flow->sent, code, &answer);
    return flow_finish(flow, &answer);
}

enum status
sign_up_confirm(struct flow *flow)
{
    enum status status = STATUS_WRONG_CODE;
    struct secret code = {0};

    for (int i = 0; status == STATUS_WRONG_CODE && i < FLOW_CODES_MAX; i++) {
        status = flow_ask(flow, TALK_CODE, PROMPT_CONFIRMATION, &code);
        if (status != STATUS_OK)
            break;
        if (strcmp(code.data, "new") == 0) {
            status = flow_send_code(flow, cognito_resend_code, true);
            if (status == STATUS_OK)
                status = STATUS_WRONG_CODE;
            continue;
        }
        status = flow_is_code(&code, FLOW_CODE_MIN, FLOW_CODE_MAX)
                     ? confirm(flow, code.data)
                     : STATUS_WRONG_CODE;
        /* The service calls a wrong code expired here and there. */
        if (status == STATUS_CODE_EXPIRED)
            status = STATUS_WRONG_CODE;
        if (status == STATUS_WRONG_CODE)
            flow_hint(flow, HINT_WRONG_OR_OLD_CODE);
    }
    secret_free(&code);
    return status;
}
