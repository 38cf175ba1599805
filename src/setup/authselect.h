/*
 * Where authselect(8) manages PAM's files: a profile of the administrator's
 * own, which updates leave alone, and the way back. They are said, not done.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SETUP_AUTHSELECT_H
#define PAM_COGNITO_SETUP_AUTHSELECT_H

#include <stdbool.h>

#include "setup/prepare.h"

#define AUTHSELECT_SIZE 1024

/* The profile in use and its features, in one line. False: it is in charge of
 * nothing here. */
bool authselect_current(char current_out[AUTHSELECT_SIZE]);

/* Is that our profile? */
bool authselect_is_ours(const char *current);

/* The commands that put our line there. */
enum step_state authselect_say(struct prepare *prepare, const char *current);

/* From our profile to the one that it was made from. */
enum step_state authselect_say_back(struct prepare *prepare,
                                    const char *current);

#endif
