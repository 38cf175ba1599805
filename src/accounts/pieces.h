/*
 * Memory in pieces that are all given back at once: texts of a plan, lines of
 * this machine's files.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_PIECES_H
#define PAM_COGNITO_ACCOUNTS_PIECES_H

#include <stddef.h>

struct piece;

/* The latest of them; NULL for none. */
struct pieces {
    struct piece *last;
};

/* size bytes, not cleared, for anything. NULL when memory is out. */
void *pieces_take(struct pieces *pieces, size_t size);

/* A copy of length bytes of the text and a NUL; or NULL. */
const char *pieces_copy(struct pieces *pieces, const char *text,
                        size_t length);

void pieces_free(struct pieces *pieces);

#endif
