/*
 * Finding one among thousands by a text or a number: a sorted list of both
 * with the places of what they belong to.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_INDEX_H
#define PAM_COGNITO_ACCOUNTS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE SIZE_MAX

struct index_item {
    const char *text; /* the caller's */
    uint64_t number;
    size_t place;
};

/* Initialise with {0}. */
struct index {
    struct index_item *items;
    size_t count;
};

/* Room for so many; false when memory is out. Before the first index_add. */
bool index_reserve(struct index *index, size_t count);

void index_add(struct index *index, const char *text, uint64_t number,
               size_t place);

/* Before the first look-up. Is each of them there once only? */
bool index_sort(struct index *index);

/*
 * The place of what was added so, the lowest where there are several;
 * INDEX_NONE for none. index_is_twin: are there several?
 */
size_t index_find(const struct index *index, const char *text,
                  uint64_t number);
bool index_is_twin(const struct index *index, const char *text,
                   uint64_t number);

void index_free(struct index *index);

#endif
