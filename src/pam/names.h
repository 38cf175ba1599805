/*
 * The names of PAM's return codes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PAM_NAMES_H
#define PAM_COGNITO_PAM_NAMES_H

#include <stdbool.h>

#define PAM_CODE_COUNT 32

/* "PAM_AUTH_ERR"; "PAM_?" for what is no code. */
const char *pam_code_name(int code);

/* The code that pam.conf(5) calls auth_err, that long. */
bool pam_code_from_word(const char *word, int length, int *code_out);

/* The code of a name such as PAM_AUTH_ERR. */
bool pam_code_from_name(const char *name, int *code_out);

#endif
