/*
 * The end of an attempt: its PAM code, and its one log line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RESULT_H
#define PAM_COGNITO_RESULT_H

#include "common/outcome.h"
#include "module/call.h"
#include "pam/code.h"

/*
 * Ends an attempt: checks that PAM_USER is still whom it was about (else the
 * result becomes a refusal), asks for the delay of a refusal, tells the person
 * what may be told, logs one line and returns the code.
 */
int result_finish(struct call *call, struct outcome *result,
                  enum pam_phase phase);

/*
 * Refuses in the account phase, with one log line. found: by the account phase
 * itself, not by the sign-in before it.
 */
int result_refuse_account(const struct call *call,
                          const struct outcome *result, bool found);

#endif
