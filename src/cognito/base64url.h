/*
 * The base64 of tokens and their keys (RFC 4648, section 5).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BASE64URL_H
#define PAM_COGNITO_BASE64URL_H

#include <stddef.h>

#include "common/secret.h"
#include "common/status.h"

/*
 * Decodes it as RFC 7515, section 2, wants it: no padding, no other character,
 * and the bits that are left over are zero, so that one sequence of bytes has
 * one spelling. STATUS_UNREADABLE, also for nothing, or STATUS_MEMORY.
 */
enum status base64url_decode(const char *text, size_t length,
                             struct secret *bytes_out);

#endif
