/*
 * The SSH keys of the pool's people, a file for each, for sshd's
 * AuthorizedKeysFile. What the attribute says is judged by ssh-keygen as
 * nobody; options cannot get in, nor comments.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_KEYS_H
#define PAM_COGNITO_ACCOUNTS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "accounts/settings.h"

/* Would keys_write change something? attribute: as the pool has it, or "". */
bool keys_differ(const struct settings *settings, const char *name,
                 const char *attribute);

/*
 * Writes NAME's file with those lines of the attribute that are keys of an
 * allowed type; "" empties it, whatever it held, and makes none. What is left
 * out is named in note_out ("" for nothing). False with why in note_out:
 * the file is as before, or empty.
 */
bool keys_write(const struct settings *settings, const char *name,
                const char *attribute, char *note_out, size_t size);

/* Removes NAME's file, for good. False with why. */
bool keys_remove(const char *name, char *error_out, size_t error_size);

#endif
