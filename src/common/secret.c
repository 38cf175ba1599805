/*
 * Bytes that are wiped when they are given up.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/secret.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

bool
secret_set(struct secret *secret, const void *data, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy != NULL) {
        if (length > 0)
            memcpy(copy, data, length);
        copy[length] = '\0';
    }
    secret_free(secret);
    if (copy == NULL)
        return false;
    secret->data = copy;
    secret->length = length;
    return true;
}

bool
secret_set_text(struct secret *secret, const char *text)
{
    return secret_set(secret, text, strlen(text));
}

void
secret_move(struct secret *to, struct secret *from)
{
    secret_free(to);
    *to = *from;
    from->data = NULL;
    from->length = 0;
}

void
secret_free(struct secret *secret)
{
    if (secret->data != NULL) {
        secret_wipe(secret->data, secret->length);
        free(secret->data);
    }
    secret->data = NULL;
    secret->length = 0;
}

void
secret_free_text(char *text)
{
    if (text != NULL)
        secret_wipe(text, strlen(text));
    free(text);
}

void
secret_wipe(void *data, size_t length)
{
    explicit_bzero(data, length);
}

void
secret_free_memory(void *memory)
{
    if (memory != NULL)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

void *
secret_resize_memory(void *memory, size_t size)
{
    size_t held = memory == NULL ? 0 : malloc_usable_size(memory);
    void *resized = size == 0 ? NULL : malloc(size);

    /* As realloc does: to nothing is to free. */
    if (size == 0)
        secret_free_memory(memory);
    if (resized == NULL)
        return NULL;
    if (memory != NULL)
        memcpy(resized, memory, held < size ? held : size);
    secret_free_memory(memory);
    return resized;
}
