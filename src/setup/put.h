/*
 * Files that setup writes: only where there is none, or the one that it wrote
 * itself; whole or not at all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SETUP_PUT_H
#define PAM_COGNITO_SETUP_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/secret.h"
#include "setup/ledger.h"

enum put_state {
    PUT_ABSENT,
    PUT_SAME,    /* holds what is wanted, whoever wrote it */
    PUT_OURS,    /* as setup left it, also half-way */
    PUT_FOREIGN, /* somebody else's, or changed since */
    PUT_BAD      /* error_out says why it cannot be used */
};

/* wanted may be NULL; private: a file with a secret. */
enum put_state put_look(const struct ledger *ledger, const char *path,
                        bool private, const struct secret *wanted,
                        char *error_out, size_t error_size);

/*
 * Enters it in the record, writes a file of another name beside it, and
 * renames that. False with why.
 */
bool put_write(struct ledger *ledger, const char *path, mode_t mode,
               const struct secret *wanted, char *error_out,
               size_t error_size);

/* May its folder be written to at all? False with why. */
bool put_may_write(const char *path, char *error_out, size_t error_size);

/* Removes it, and what a run that was ended left beside it. */
bool put_remove(const char *path, char *error_out, size_t error_size);

/* Reads all of an open file; false when it is none of setup's size. */
bool put_read_whole(int fd, struct secret *text_out);

/* Reads a file that is root's; false with why. */
bool put_read(const char *path, bool private, struct secret *text_out,
              char *error_out, size_t error_size);

#endif
