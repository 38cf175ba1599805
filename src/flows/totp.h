/*
 * Setting up an authenticator app at the prompt (RFC 6238, otpauth URI).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TOTP_H
#define PAM_COGNITO_TOTP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/status.h"
#include "flows/flow.h"

#define TOTP_BLOCK_MAX 8192 /* bytes of a drawn QR code */

/*
 * MFA_SETUP by SOFTWARE_TOKEN_MFA: gets a key, shows it as a QR code and in
 * groups of four, takes the first code, goes on with the sign-in.
 */
enum status totp_set_up(struct flow *flow);

/* The same for somebody who is signed in: by the result's access token. */
enum status totp_enroll(struct flow *flow);

/* "otpauth://totp/..." for a key; false when it does not fit. */
bool totp_uri(const char *pool_id, const char *user, const char *key,
              char *out, size_t size);

/*
 * Draws text as a QR code of half blocks, two rows of modules a line, dark
 * on light. False when it does not fit or memory is out.
 */
bool totp_draw(const char *text, char *out, size_t size);

#endif
