/*
 * A file that is written whole or not at all. For the tool alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_REPLACE_H
#define PAM_COGNITO_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/secret.h"

/*
 * Writes the file in that folder, which only its owner can change: one called
 * temporary beside it first, which is on the disk before it takes the name;
 * the change of name is on the disk as well, at the end. The file is owner's
 * and has that mode, whatever the umask and the folder's group say. False with
 * errno: what was there is there still, unless only the last step failed.
 */
bool replace_file(int folder, const char *name, const char *temporary,
                  uid_t owner, mode_t mode, const struct secret *text);

#endif
