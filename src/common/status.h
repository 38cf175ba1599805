/*
 * The reasons of reason.def as numbers, and their words. helper, module and
 * command-line tool share them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_STATUS_H
#define PAM_COGNITO_STATUS_H

#include <stdbool.h>

enum status {
#define REASON(name, word, codes, told, person, meaning, fix) STATUS_##name,
#include "common/reason.def"
#undef REASON
    STATUS_COUNT
};

/*
 * The stable word that stands in log lines ("wrong_password"). Never NULL;
 * a value outside the list reads as "internal".
 */
const char *status_word(enum status status);

/*
 * What the person may read, in plain English without a newline; "" where the
 * answer must not differ from that of a wrong password. Never NULL.
 */
const char *status_text(enum status status);

/* Is it a state of the account, which is not every stranger's to know? */
bool status_is_state(enum status status);

/*
 * Finds the status with that reason word. False when there is none.
 */
bool status_from_word(const char *word, enum status *status_out);

#endif
