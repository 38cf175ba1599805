/*
 * Changing a password: the old one proved by a whole sign-in, then the new
 * one, in two steps as PAM wants it. Whether the caller may change it at all
 * is the module's to say.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CHANGE_H
#define PAM_COGNITO_CHANGE_H

#include "flows/flow.h"

/*
 * Signs in, waits until the new password is wanted (talk->ready), asks for
 * it, has it changed. Refusals by the pool's rules are asked again in the
 * pool's own words, three times at most.
 */
enum status change_password(struct flow *flow);

#endif
