/*
 * Passwords, codes, tokens and keys: bytes with a length that are wiped when
 * they are given up. Nothing else in this program frees such bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SECRET_H
#define PAM_COGNITO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * data is NULL when nothing is held; otherwise length bytes and a closing NUL
 * that length does not count. Initialise with {0}.
 */
struct secret {
    char *data;
    size_t length;
};

/*
 * Replaces what the secret holds by a copy. False when memory is out; the
 * secret is empty then.
 */
bool secret_set(struct secret *secret, const void *data, size_t length);

/* As secret_set, from a string. */
bool secret_set_text(struct secret *secret, const char *text);

/* Moves from into to; from is empty afterwards. */
void secret_move(struct secret *to, struct secret *from);

/* Wipes and frees. The secret is empty afterwards and may be used again. */
void secret_free(struct secret *secret);

/* Wipes and frees a NUL-terminated string from malloc; NULL is fine. */
void secret_free_text(char *text);

/* Wipes bytes in a way the compiler keeps. */
void secret_wipe(void *data, size_t length);

/*
 * free and realloc that wipe what they give back, of whatever size malloc made
 * it: for libraries that hold secrets and let us choose their allocator.
 */
void secret_free_memory(void *memory);
void *secret_resize_memory(void *memory, size_t size);

#endif
