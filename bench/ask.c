/*
 * A PAM module that asks for the password and has no opinion: the modules
 * after it find a password that is already there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                               const char **argv);
EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc,
                          const char **argv);

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                    const char **argv)
{
    const char *password;

    (void) flags;
    (void) argc;
    (void) argv;
    (void) pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL);
    return PAM_IGNORE;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_IGNORE;
}
