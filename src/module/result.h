/*
 * From a status to a PAM code, per phase, and the one log line of an attempt.
 * PAM codes are made here and nowhere else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RESULT_H
#define PAM_COGNITO_RESULT_H

#include "module/call.h"
#include "module/relay.h"

enum result_phase {
    RESULT_AUTHENTICATE,
    RESULT_PRELIMINARY, /* chauthtok, PAM_PRELIM_CHECK */
    RESULT_UPDATE,      /* chauthtok, PAM_UPDATE_AUTHTOK */
    RESULT_ACCOUNT      /* acct_mgmt, of what authenticate found */
};

/*
 * The PAM code of a status. Only STATUS_OK gives PAM_SUCCESS, and nothing
 * but RESULT_ACCOUNT gives PAM_IGNORE: what is another module's to overrule.
 */
int result_code(enum status status, enum result_phase phase);

/*
 * Ends an attempt: checks that PAM_USER is still whom it was about (else the
 * result becomes a refusal), asks for the delay of a refusal, tells the person
 * what may be told, logs one line and returns the code.
 */
int result_finish(struct call *call, struct relay_result *result,
                  enum result_phase phase);

/*
 * Refuses in the account phase, with one log line. found: by the account phase
 * itself, not by the sign-in before it.
 */
int result_refuse_account(const struct call *call,
                          const struct relay_result *result, bool found);

#endif
