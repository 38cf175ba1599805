/*
 * PAM's codes for each kind of reason in each phase. The kinds are named by
 * the rows of reason.def.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/code.h"

#include <security/_pam_types.h>

/* clang-format off */
/* What each phase answers; the rows of reason.def name one of these. */
#define SUCCESS {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS}
#define WRONG                                                                 \
    {PAM_AUTH_ERR, PAM_AUTHTOK_RECOVERY_ERR, PAM_AUTHTOK_RECOVERY_ERR,        \
     PAM_IGNORE}
#define REFUSED {PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR, PAM_IGNORE}
/* The service says these before it has looked at the password: su must not
 * tell a stranger more than about a wrong one. */
#define CLOSED                                                                \
    {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_ACCT_EXPIRED}
#define AGAIN {PAM_AUTH_ERR, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR, PAM_IGNORE}
#define UNKNOWN                                                               \
    {PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_IGNORE}
#define LIMIT {PAM_MAXTRIES, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR, PAM_IGNORE}
/* Gates are final in the account phase too; a wrong password or an outage is
 * not: another module may know this person. */
#define DENIED                                                                \
    {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED}
#define UNAVAILABLE                                                           \
    {PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR, PAM_IGNORE}
#define UNDELIVERED                                                           \
    {PAM_AUTHINFO_UNAVAIL, PAM_AUTHTOK_RECOVERY_ERR,                          \
     PAM_AUTHTOK_RECOVERY_ERR, PAM_IGNORE}
#define SETTINGS                                                              \
    {PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_IGNORE}
#define DIALOGUE {PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR, PAM_IGNORE}
#define MEMORY {PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR, PAM_IGNORE}
#define SYSTEM {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_IGNORE}
/* Nobody could say whose account it is: final as well. */
#define LOOKUP                                                                \
    {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR}
/* clang-format on */

static const int codes_of[STATUS_COUNT][PHASE_COUNT] = {
#define REASON(name, word, codes, told, person, meaning, fix)                 \
    [STATUS_##name] = codes, /* braces: NOLINT(bugprone-macro-parentheses) */
#include "common/reason.def"
#undef REASON
};

int
pam_code(enum status status, enum pam_phase phase)
{
    if ((unsigned int) status >= STATUS_COUNT
        || (unsigned int) phase >= PHASE_COUNT)
        return PAM_SYSTEM_ERR;
    return codes_of[status][phase];
}
