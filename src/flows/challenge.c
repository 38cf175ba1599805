/*
 * Who answers which kind of challenge. That one may come at all, and what may
 * follow it, is the vocabulary's to know; here it is enforced.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/challenge.h"

#include "flows/mfa.h"
#include "flows/password.h"

static enum status
answer_by(struct flow *flow, enum answer answer)
{
    switch (answer) {
    case ANSWER_NOTHING:
        break;
    case ANSWER_CODE:
        return mfa_answer_code(flow);
    case ANSWER_PASSWORD:
        return password_send(flow);
    case ANSWER_SRP:
        return password_send_srp(flow);
    case ANSWER_VERIFIER:
        return password_verify(flow);
    case ANSWER_NEW_PASSWORD:
        return password_renew(flow);
    case ANSWER_FIRST:
        return mfa_select_first(flow);
    case ANSWER_SECOND:
        return mfa_select(flow);
    case ANSWER_SET_UP:
        return mfa_set_up(flow);
    case ANSWER_CUSTOM:
        return mfa_answer_custom(flow);
    }
    return STATUS_CHALLENGE;
}

enum status
challenge_answer(struct flow *flow)
{
    const struct challenge_row *row = vocabulary_challenge(flow->answer.asked);
    bool restarted = flow->restarted;
    enum status status;

    if (row->answer == ANSWER_NOTHING) {
        flow_say_why(flow, "the pool asks for %s, which is not available",
                     flow->answer.challenge);
        return STATUS_CHALLENGE;
    }
    if ((row->kinds & flow->next) == 0) {
        flow_say_why(flow, "the pool asks for %s, which cannot come here",
                     flow->answer.challenge);
        return STATUS_CHALLENGE;
    }
    status = answer_by(flow, row->answer);
    /* A new start has set what may follow it. */
    if (status == STATUS_OK && row->next != 0 && flow->restarted == restarted)
        flow->next = row->next;
    return status;
}
