/*
 * The table of challenges: what each is, who answers it, what may follow.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/challenge.h"

#include <string.h>

#include "flows/mfa.h"
#include "flows/password.h"

struct row {
    const char *name;
    unsigned int kinds;  /* bits of enum flow_next: what it counts as */
    unsigned int next;   /* what may come after it was answered; 0: that
                            depends on the answer, which has set it */
    enum status (*answer)(struct flow *flow);
};

/*
 * No row, so denied by name: DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER
 * (no device key is ever sent: a remembered host would take the second
 * factor away from everybody who knows the password there), WEB_AUTHN (there
 * is no way to a security key through PAM), ADMIN_NO_SRP_AUTH, and whatever
 * the service may come to ask.
 */
static const struct row rows[] = {
    {"SMS_MFA", NEXT_MFA, NEXT_RESULT, mfa_answer_code},
    {"SOFTWARE_TOKEN_MFA", NEXT_MFA, NEXT_RESULT, mfa_answer_code},
    {"EMAIL_OTP", NEXT_MFA | NEXT_FIRST, NEXT_RESULT, mfa_answer_code},
    {"SMS_OTP", NEXT_FIRST, NEXT_RESULT, mfa_answer_code},
    {"SELECT_MFA_TYPE", NEXT_MFA, NEXT_MFA, mfa_select},
    {"MFA_SETUP", NEXT_SET_UP, NEXT_RESULT | NEXT_MFA, mfa_set_up},
    {"NEW_PASSWORD_REQUIRED", NEXT_NEW_PASSWORD,
     NEXT_RESULT | NEXT_MFA | NEXT_SET_UP, password_renew},
    {"SELECT_CHALLENGE", NEXT_SELECT, 0, mfa_select_first},
    {"PASSWORD", NEXT_PASSWORD, NEXT_AFTER_PASSWORD, password_send},
    {"PASSWORD_SRP", NEXT_SRP, NEXT_VERIFIER, password_send_srp},
    {"PASSWORD_VERIFIER", NEXT_VERIFIER, NEXT_AFTER_PASSWORD | NEXT_CUSTOM,
     password_verify},
    {"CUSTOM_CHALLENGE", NEXT_CUSTOM,
     NEXT_RESULT | NEXT_CUSTOM | NEXT_VERIFIER | NEXT_MFA | NEXT_SET_UP,
     mfa_answer_custom},
};

static const struct row *
find_row(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

enum status
challenge_answer(struct flow *flow)
{
    const struct row *row = find_row(flow->answer.challenge);
    bool restarted = flow->restarted;
    enum status status;

    if (row == NULL) {
        flow_say_why(flow, "the pool asks for %s, which is not available",
                     flow->answer.challenge);
        return STATUS_CHALLENGE;
    }
    if ((row->kinds & flow->next) == 0) {
        flow_say_why(flow, "the pool asks for %s, which cannot come here",
                     flow->answer.challenge);
        return STATUS_CHALLENGE;
    }
    status = row->answer(flow);
    /* A new start has set what may follow it. */
    if (status == STATUS_OK && row->next != 0
        && flow->restarted == restarted)
        flow->next = row->next;
    return status;
}
