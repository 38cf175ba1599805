/*
 * Reads map_file and looks names up in it. A name that stands twice is a
 * fault, not a choice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define NAME_BYTES_MAX 512 /* a pool name is at most 128 characters */

struct pair {
    const char *local;
    const char *pool;
};

struct map {
    char *text; /* that the names stand in */
    struct pair *pairs;
    size_t count;
};

static bool
is_name(const char *name)
{
    size_t characters;

    if (name[0] == '\0' || strlen(name) > NAME_BYTES_MAX
        || !text_is_utf8(name, strlen(name), &characters) || characters > 128)
        return false;
    for (; *name != '\0'; name++)
        if ((unsigned char) *name <= ' ' || *name == 0x7f)
            return false;
    return true;
}

static const struct pair *
find_local(const struct map *map, const char *local)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].local, local) == 0)
            return &map->pairs[i];
    return NULL;
}

static const struct pair *
find_pool(const struct map *map, const char *pool)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].pool, pool) == 0)
            return &map->pairs[i];
    return NULL;
}

static enum status
add(struct map *map, const char *local, const char *pool)
{
    struct pair *longer;

    longer = realloc(map->pairs, (map->count + 1) * sizeof(*longer));
    if (longer == NULL)
        return STATUS_MEMORY;
    map->pairs = longer;
    map->pairs[map->count++] = (struct pair){local, pool};
    return STATUS_OK;
}

/* One line; *problem_out is a constant when it is at fault. */
static enum status
take_line(struct map *map, char *line, const char **problem_out)
{
    char *equals, *local, *pool;

    line = text_trim(line);
    if (line[0] == '\0' || line[0] == '#')
        return STATUS_OK;
    *problem_out = "expected LOCAL = POOL";
    equals = strchr(line, '=');
    if (equals == NULL)
        return STATUS_CONFIG;
    *equals = '\0';
    local = text_trim(line);
    pool = text_trim(equals + 1);
    if (!is_name(local) || !is_name(pool))
        return STATUS_CONFIG;
    *problem_out = "the local name stands in the map already";
    if (find_local(map, local) != NULL)
        return STATUS_CONFIG;
    *problem_out = "the pool name stands in the map already";
    if (find_pool(map, pool) != NULL)
        return STATUS_CONFIG;
    *problem_out = "too many lines";
    if (map->count == MAP_PAIRS_MAX)
        return STATUS_CONFIG;
    return add(map, local, pool);
}

enum status
map_parse(const char *text, size_t length, struct map **map_out,
          char *error_out, size_t error_size)
{
    struct map *map = calloc(1, sizeof(*map));
    const char *problem = "holds a NUL";
    enum status status = STATUS_MEMORY;
    unsigned int number = 0;
    char *line, *end;

    if (map != NULL)
        map->text = malloc(length + 1);
    if (map == NULL || map->text == NULL)
        goto out;
    memcpy(map->text, text, length);
    map->text[length] = '\0';
    status = strlen(map->text) == length ? STATUS_OK : STATUS_CONFIG;
    if (status == STATUS_CONFIG) {
        number = 1;
        for (line = map->text; (line = strchr(line, '\n')) != NULL; line++)
            number++;
    }
    for (line = map->text; status == STATUS_OK && line != NULL; line = end) {
        number++;
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        status = take_line(map, line, &problem);
    }
    if (status == STATUS_CONFIG)
        (void) snprintf(error_out, error_size, "line %u: %s", number, problem);
    if (status == STATUS_OK) {
        *map_out = map;
        map = NULL;
    }

out:
    map_free(map);
    return status;
}

void
map_free(struct map *map)
{
    if (map == NULL)
        return;
    free(map->pairs);
    free(map->text);
    free(map);
}

const char *
map_pool_name(const struct map *map, const char *local, const char *standard)
{
    const struct pair *pair;

    if (map == NULL)
        return standard;
    pair = find_local(map, local);
    if (pair != NULL)
        return pair->pool;
    return find_pool(map, standard) == NULL ? standard : NULL;
}

const char *
map_local_name(const struct map *map, const char *pool)
{
    const struct pair *pair = map == NULL ? NULL : find_pool(map, pool);

    return pair == NULL ? NULL : pair->local;
}
