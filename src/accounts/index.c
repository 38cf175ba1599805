/*
 * qsort and a binary search over it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/index.h"

#include <stdlib.h>
#include <string.h>

static int
compare_keys(const struct index_item *a, const struct index_item *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return strcmp(a->text, b->text);
}

static int
compare(const void *left, const void *right)
{
    const struct index_item *a = left, *b = right;
    int order = compare_keys(a, b);

    if (order != 0 || a->place == b->place)
        return order;
    return a->place < b->place ? -1 : 1;
}

bool
index_reserve(struct index *index, size_t count)
{
    index->items = calloc(count == 0 ? 1 : count, sizeof(*index->items));
    index->count = 0;
    return index->items != NULL;
}

void
index_add(struct index *index, const char *text, uint64_t number, size_t place)
{
    index->items[index->count++] = (struct index_item){text, number, place};
}

bool
index_sort(struct index *index)
{
    bool single = true;

    if (index->count > 1)
        qsort(index->items, index->count, sizeof(*index->items), compare);
    for (size_t i = 1; i < index->count; i++)
        single = single
                 && compare_keys(&index->items[i - 1], &index->items[i]) != 0;
    return single;
}

/* The first item that is not below what is looked for. */
static size_t
find_first(const struct index *index, const struct index_item *wanted)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(&index->items[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is the item there, and what was looked for? */
static bool
is_at(const struct index *index, size_t at, const struct index_item *wanted)
{
    return at < index->count && compare_keys(&index->items[at], wanted) == 0;
}

size_t
index_find(const struct index *index, const char *text, uint64_t number)
{
    const struct index_item wanted = {text, number, 0};
    size_t at = find_first(index, &wanted);

    return is_at(index, at, &wanted) ? index->items[at].place : INDEX_NONE;
}

bool
index_is_twin(const struct index *index, const char *text, uint64_t number)
{
    const struct index_item wanted = {text, number, 0};

    return is_at(index, find_first(index, &wanted) + 1, &wanted);
}

void
index_free(struct index *index)
{
    free(index->items);
    *index = (struct index){0};
}
