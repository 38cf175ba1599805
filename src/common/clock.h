/*
 * Time for deadlines and for what is remembered. Both clocks cannot be set,
 * so neither a person nor a name service moves a deadline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLOCK_H
#define PAM_COGNITO_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for how long something may take. */
int64_t clock_ms(void);

/* Milliseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps. */
int64_t clock_boot_ms(void);

#endif
