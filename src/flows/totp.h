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

#define TOTP_BLOCK_MAX 8192 /* bytes of a drawn QR code and what is above */
/*
 * With the NUL: what a code of 37 modules holds (ISO/IEC 18004, version 5,
 * level L). It has 21 lines, which leaves three of a terminal's 24 to words.
 */
#define TOTP_URI_SIZE (106 + 1)

/*
 * MFA_SETUP by SOFTWARE_TOKEN_MFA: gets a key, shows it as a QR code and in
 * groups of four, takes the first code, goes on with the sign-in.
 */
enum status totp_set_up(struct flow *flow);

/* The same for somebody who is signed in: by the result's access token. */
enum status totp_enroll(struct flow *flow);

/*
 * "otpauth://totp/ISSUER:USER?secret=KEY&issuer=ISSUER". Where that is too
 * long, the last part is left out and both names are cut, of which people
 * know the beginning; false where the key leaves no room for them.
 */
bool totp_uri(const char *issuer, const char *user, const char *key,
              char out[TOTP_URI_SIZE]);

/*
 * Appends text to out as a QR code of half blocks, two rows of modules a line,
 * light ones drawn; the last line is not ended. False when it does not fit or
 * memory is out.
 */
bool totp_draw(const char *text, char *out, size_t size);

#endif
