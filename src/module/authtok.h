/*
 * The password items of the PAM handle, by which the modules of a stack hand
 * each other what a person typed: PAM_AUTHTOK and PAM_OLDAUTHTOK.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_AUTHTOK_H
#define PAM_COGNITO_AUTHTOK_H

#include "common/secret.h"
#include "common/status.h"
#include "common/wire.h"
#include "module/call.h"

/*
 * Gets the password that the stack has or the person types, by the settings:
 * PAM_AUTHTOK, for WIRE_CHANGE PAM_OLDAUTHTOK. What was typed stays there.
 * STATUS_OK: the caller frees it; as authtok_check; STATUS_CANCELLED,
 * STATUS_MEMORY.
 */
enum status authtok_get(struct call *call, enum wire_operation operation,
                        struct secret *password_out);

/* An item of the stack, which keeps it, or NULL. */
const char *authtok_stacked(const struct call *call, int type);

/*
 * Copies what may be a password. STATUS_EMPTY_PASSWORD; STATUS_JUNK_PASSWORD:
 * it can be none, and is never sent anywhere; STATUS_MEMORY.
 */
enum status authtok_check(const char *password, struct secret *password_out);

#endif
