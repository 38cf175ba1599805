/*
 * Finishing a sign-up at the prompt: an account that is not confirmed yet is
 * confirmed by the code that its owner was sent. That proves no password.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SIGN_UP_H
#define PAM_COGNITO_SIGN_UP_H

#include "common/status.h"
#include "flows/flow.h"

/*
 * After UserNotConfirmedException: asks for the confirmation code, sends a
 * new one on request (as often as talk permits), and confirms. STATUS_OK: the
 * sign-in may be tried again.
 */
enum status sign_up_confirm(struct flow *flow);

#endif
