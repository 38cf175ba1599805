/*
 * The names of PAM's codes, in the order of the numbers. For the tool; the
 * module has no use for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/names.h"

#include <security/_pam_types.h>
#include <string.h>

#define ROW(code, word) [code] = {#code, word}

static const struct {
    const char *name;
    const char *word; /* of pam.conf(5) */
} codes[PAM_CODE_COUNT] = {
    ROW(PAM_SUCCESS, "success"),
    ROW(PAM_OPEN_ERR, "open_err"),
    ROW(PAM_SYMBOL_ERR, "symbol_err"),
    ROW(PAM_SERVICE_ERR, "service_err"),
    ROW(PAM_SYSTEM_ERR, "system_err"),
    ROW(PAM_BUF_ERR, "buf_err"),
    ROW(PAM_PERM_DENIED, "perm_denied"),
    ROW(PAM_AUTH_ERR, "auth_err"),
    ROW(PAM_CRED_INSUFFICIENT, "cred_insufficient"),
    ROW(PAM_AUTHINFO_UNAVAIL, "authinfo_unavail"),
    ROW(PAM_USER_UNKNOWN, "user_unknown"),
    ROW(PAM_MAXTRIES, "maxtries"),
    ROW(PAM_NEW_AUTHTOK_REQD, "new_authtok_reqd"),
    ROW(PAM_ACCT_EXPIRED, "acct_expired"),
    ROW(PAM_SESSION_ERR, "session_err"),
    ROW(PAM_CRED_UNAVAIL, "cred_unavail"),
    ROW(PAM_CRED_EXPIRED, "cred_expired"),
    ROW(PAM_CRED_ERR, "cred_err"),
    ROW(PAM_NO_MODULE_DATA, "no_module_data"),
    ROW(PAM_CONV_ERR, "conv_err"),
    ROW(PAM_AUTHTOK_ERR, "authtok_err"),
    ROW(PAM_AUTHTOK_RECOVERY_ERR, "authtok_recover_err"),
    ROW(PAM_AUTHTOK_LOCK_BUSY, "authtok_lock_busy"),
    ROW(PAM_AUTHTOK_DISABLE_AGING, "authtok_disable_aging"),
    ROW(PAM_TRY_AGAIN, "try_again"),
    ROW(PAM_IGNORE, "ignore"),
    ROW(PAM_ABORT, "abort"),
    ROW(PAM_AUTHTOK_EXPIRED, "authtok_expired"),
    ROW(PAM_MODULE_UNKNOWN, "module_unknown"),
    ROW(PAM_BAD_ITEM, "bad_item"),
    ROW(PAM_CONV_AGAIN, "conv_again"),
    ROW(PAM_INCOMPLETE, "incomplete"),
};

const char *
pam_code_name(int code)
{
    return code < 0 || code >= PAM_CODE_COUNT ? "PAM_?" : codes[code].name;
}

bool
pam_code_from_word(const char *word, int length, int *code_out)
{
    for (int code = 0; code < PAM_CODE_COUNT; code++)
        if (strncmp(codes[code].word, word, (size_t) length) == 0
            && codes[code].word[length] == '\0') {
            *code_out = code;
            return true;
        }
    return false;
}

bool
pam_code_from_name(const char *name, int *code_out)
{
    for (int code = 0; code < PAM_CODE_COUNT; code++)
        if (strcmp(codes[code].name, name) == 0) {
            *code_out = code;
            return true;
        }
    return false;
}
