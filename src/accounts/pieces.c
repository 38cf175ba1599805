/*
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/pieces.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    struct piece *before;
    alignas(max_align_t) char data[];
};

void *
pieces_take(struct pieces *pieces, size_t size)
{
    struct piece *piece = malloc(sizeof(*piece) + size);

    if (piece == NULL)
        return NULL;
    piece->before = pieces->last;
    pieces->last = piece;
    return piece->data;
}

const char *
pieces_copy(struct pieces *pieces, const char *text, size_t length)
{
    char *copy = pieces_take(pieces, length + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void
pieces_free(struct pieces *pieces)
{
    while (pieces->last != NULL) {
        struct piece *piece = pieces->last;

        pieces->last = piece->before;
        free(piece);
    }
}
