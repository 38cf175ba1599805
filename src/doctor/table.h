/*
 * How pam-cognito check ends: a table of at most 22 lines and what to do, one
 * line a finding, or JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_TABLE_H
#define PAM_COGNITO_DOCTOR_TABLE_H

#include "doctor/check.h"

/*
 * Numbers the findings that want something done, problems first, each in the
 * order in which it was found: the cause before what it causes.
 */
void table_number(struct check *check);

/* One of the three, by the options. */
void table_print(const struct check *check);

/* The finding of that number in full; false when there is none. */
bool table_print_one(const struct check *check, unsigned int number);

#endif
