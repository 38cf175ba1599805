/*
 * Which claims of an ID token may name a person, and what must stand beside
 * them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/claim.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *
claim_verified_flag(const char *claim)
{
    if (strcmp(claim, "email") == 0)
        return "email_verified";
    if (strcmp(claim, "phone_number") == 0)
        return "phone_number_verified";
    return NULL;
}

/* Is the claim one that its owner cannot change at will? */
static bool
is_fixed(const char *claim)
{
    return strcmp(claim, "cognito:username") == 0 || strcmp(claim, "sub") == 0
           || claim_verified_flag(claim) != NULL;
}

enum status
claim_check(const struct config *config, char *note_out, size_t note_size)
{
    const char *claim = config_text(config, KEY_ACCOUNT_CLAIM);

    if (is_fixed(claim) || config_flag(config, KEY_ALLOW_MUTABLE_CLAIM))
        return STATUS_OK;
    (void) snprintf(note_out, note_size,
                    "the owner of an account can change this claim; expected "
                    "cognito:username, sub, email or phone_number, or "
                    "allow_mutable_claim");
    return STATUS_CONFIG;
}
