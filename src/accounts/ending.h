/*
 * Ends whatever runs as a uid.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_ENDING_H
#define PAM_COGNITO_ACCOUNTS_ENDING_H

#include <stdbool.h>
#include <sys/types.h>

/* As root. False: some still run, or it cannot be found out. */
bool ending_of(uid_t uid);

#endif
