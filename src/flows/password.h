/*
 * Challenges about passwords: sending it, proving it by SRP, choosing a new
 * one; and resetting a forgotten one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PASSWORD_H
#define PAM_COGNITO_PASSWORD_H

#include "common/status.h"
#include "flows/flow.h"

/* PASSWORD: the password goes to the service. */
enum status password_send(struct flow *flow);

/* PASSWORD_SRP: A goes to the service. */
enum status password_send_srp(struct flow *flow);

/* PASSWORD_VERIFIER: the proof that the password is known. */
enum status password_verify(struct flow *flow);

/*
 * NEW_PASSWORD_REQUIRED: a new password, twice, and the attributes that the
 * pool requires and does not have.
 */
enum status password_renew(struct flow *flow);

/*
 * A forgotten password: has a code sent (as often as talk permits), takes
 * code and new password. STATUS_OK: the sign-in may be tried with it. In a
 * change of password nothing is set before flow_announce returned.
 */
enum status password_reset(struct flow *flow);

/* The same with a code that was sent before. */
enum status password_set_forgotten(struct flow *flow);

/* Is it a refusal by the pool's rules for passwords? Another may do. */
bool password_is_refused(enum status status);

/* Puts such a refusal, in its own words, before the prompt. */
void password_hint_refusal(struct flow *flow, enum status status);

/*
 * Asks for a new password until both entries agree and it can be one;
 * STATUS_NO_NEW_PASSWORD when there is none, or none in three tries.
 * STATUS_NO_DIALOGUE when the first answer is the current password: the host
 * answers every hidden question with it.
 */
enum status password_ask_new(struct flow *flow, struct secret *password_out);

#endif
