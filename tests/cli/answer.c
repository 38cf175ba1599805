/*
 * A PAM module that answers authenticate with the number in its argument.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <security/pam_modules.h>
#include <stdlib.h>

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    return argc == 1 ? atoi(argv[0]) : PAM_SYSTEM_ERR;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_SUCCESS;
}
