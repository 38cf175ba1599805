/*
 * Is the token about the user who is logging in, and may that user? It judges
 * claims whose signature was verified before, by the settings, and asks
 * nobody.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_POLICY_H
#define PAM_COGNITO_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "cognito/json.h"
#include "common/config.h"
#include "common/status.h"

/*
 * Checks the claims of a verified ID token: the claim that account_claim
 * names must equal sent (what Cognito was told as user name), byte by byte;
 * then the groups; then the second factor. STATUS_OK, STATUS_IDENTITY,
 * STATUS_GROUP, STATUS_MFA_MISSING or STATUS_CONFIG; *note_out says why, in
 * one clean line for the log or a terminal.
 */
enum status policy_check(const struct config *config,
                         const struct json *claims, const char *sent,
                         bool second_factor_done, char *note_out,
                         size_t note_size);

#endif
