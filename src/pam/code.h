/*
 * From a status to a PAM code, per phase. PAM codes are made here and nowhere
 * else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PAM_CODE_H
#define PAM_COGNITO_PAM_CODE_H

#include "common/status.h"

enum pam_phase {
    PHASE_AUTHENTICATE,
    PHASE_PRELIMINARY, /* chauthtok, PAM_PRELIM_CHECK */
    PHASE_UPDATE,      /* chauthtok, PAM_UPDATE_AUTHTOK */
    PHASE_ACCOUNT,     /* acct_mgmt, of what authenticate found */
    PHASE_COUNT
};

/*
 * The PAM code of a status. Only STATUS_OK gives PAM_SUCCESS, and nothing
 * but PHASE_ACCOUNT gives PAM_IGNORE: what is another module's to overrule.
 */
int pam_code(enum status status, enum pam_phase phase);

#endif
