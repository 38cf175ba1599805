/*
 * What setup has made on this machine, a line each, for --undo: root's file,
 * written before each step. Lines are only added, so that a run that was ended
 * in the middle is known to the next.
 *
 *   group NAME                file SHA-256 PATH
 *   profile NAME              socket UNIT             reloaded sshd
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SETUP_LEDGER_H
#define PAM_COGNITO_SETUP_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/secret.h"

#define LEDGER_FOLDER "/var/lib/pam_cognito"
#define LEDGER_PATH LEDGER_FOLDER "/setup"
#define LEDGER_HASH_SIZE 65

struct ledger {
    int fd; /* -1: for reading only */
    struct secret text;
};

/*
 * Reads it; to write, makes and locks it, so that there is one setup at a
 * time. False with why in error_out.
 */
bool ledger_open(struct ledger *ledger, bool to_write, char *error_out,
                 size_t error_size);

/* Closes it; one that holds nothing is removed. */
void ledger_close(struct ledger *ledger);

/* Removes it: nothing is left to take back. */
void ledger_forget(struct ledger *ledger);

bool ledger_is_empty(const struct ledger *ledger);

/* Is there that line? */
bool ledger_has(const struct ledger *ledger, const char *kind,
                const char *value);

/* Adds the line if it is not there, and has it on the disk. */
bool ledger_add(struct ledger *ledger, const char *kind, const char *value);

/* Was a file with that content written there by setup; or anything at all? */
bool ledger_has_file(const struct ledger *ledger, const char *hash,
                     const char *path);
bool ledger_has_path(const struct ledger *ledger, const char *path);

#endif
