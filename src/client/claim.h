/*
 * The claim of the ID token that names the person (account_claim): which ones
 * their owner cannot change at will.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLAIM_H
#define PAM_COGNITO_CLAIM_H

#include <stddef.h>

#include "common/config.h"
#include "common/status.h"

/*
 * The claim beside an address that must be true with it ("email_verified");
 * NULL for any other claim.
 */
const char *claim_verified_flag(const char *claim);

/*
 * Is account_claim sound? Asked before anything else is. STATUS_OK, or
 * STATUS_CONFIG with a note for the log.
 */
enum status claim_check(const struct config *config, char *note_out,
                        size_t note_size);

#endif
