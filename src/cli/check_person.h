/*
 * pam-cognito check: the life of a local account beside the pool's: what the
 * account phase, sshd and a local password make of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_PERSON_H
#define PAM_COGNITO_CLI_CHECK_PERSON_H

#include <pwd.h>

#include "cli/check.h"

/* The account of check->user, which is in scope. */
void check_person(struct check *check, const struct passwd *account);

/* Everybody in scope, for local passwords; when no user was named. */
void check_people(struct check *check);

/* /etc/nologin: nobody but root. */
void check_nologin(struct check *check);

#endif
