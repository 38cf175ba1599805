/*
 * Has the challenge of an answer answered, where one of its kind may come.
 * What the words mean is cognito/vocabulary's; what is asked and sent, the
 * answering file's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CHALLENGE_H
#define PAM_COGNITO_CHALLENGE_H

#include "common/status.h"
#include "flows/flow.h"

/*
 * Answers the challenge that stands in flow->answer; the service's answer
 * replaces it, and flow->next says what that may be. STATUS_CHALLENGE, with
 * the name in the note: a challenge that is not in the table, or not one that
 * may come here.
 */
enum status challenge_answer(struct flow *flow);

#endif
