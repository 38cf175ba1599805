/*
 * Challenges about other proofs than the password: codes, the choice among
 * them, setting one up, questions of a pool's own. Which factors there are,
 * and what each is called, is in cognito/vocabulary.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_MFA_H
#define PAM_COGNITO_MFA_H

#include "common/status.h"
#include "flows/flow.h"

/* SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP, SMS_OTP. */
enum status mfa_answer_code(struct flow *flow);

/* SELECT_MFA_TYPE. */
enum status mfa_select(struct flow *flow);

/* SELECT_CHALLENGE: the first factor of the choice-based flow. */
enum status mfa_select_first(struct flow *flow);

/* MFA_SETUP, where mfa_setup allows it. */
enum status mfa_set_up(struct flow *flow);

/* CUSTOM_CHALLENGE. */
enum status mfa_answer_custom(struct flow *flow);

/* Does a list of the service's names hold that factor's? */
bool mfa_offers(const struct json *list, enum challenge factor);

#endif
