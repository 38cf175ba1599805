/*
 * Reads map_file and looks names up in it. A name that stands twice is a
 * fault, not a choice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/map.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define NAME_BYTES_MAX 512 /* a pool name is at most 128 characters */

enum side { LOCAL, POOL, SIDES };

struct pair {
    const char *names[SIDES];
};

/*
 * Pairs in the file's order, and for each side an index by a hash of the name:
 * the pairs' numbers from 1, 0 where there is none. At most half of it is
 * taken.
 */
struct map {
    char *text; /* that the names stand in */
    struct pair *pairs;
    size_t count, most;
    uint32_t *index[SIDES];
    size_t slots; /* of each index, a power of two */
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

/* FNV-1a */
static uint32_t
hash(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char) *name) * 16777619u;
    return hash;
}

/* Where in the index the name stands, or would. */
static uint32_t *
find_slot(const struct map *map, enum side side, const char *name)
{
    size_t at = hash(name) % map->slots;
    uint32_t *index = map->index[side];

    while (index[at] != 0
           && strcmp(map->pairs[index[at] - 1].names[side], name) != 0)
        at = (at + 1) % map->slots;
    return &index[at];
}

static const struct pair *
find(const struct map *map, enum side side, const char *name)
{
    uint32_t number = *find_slot(map, side, name);

    return number == 0 ? NULL : &map->pairs[number - 1];
}

/* Room for as many pairs as there are lines with "=", at most. */
static bool
make_room(struct map *map)
{
    for (const char *at = map->text; (at = strchr(at, '=')) != NULL; at++)
        map->most++;
    if (map->most > MAP_PAIRS_MAX)
        map->most = MAP_PAIRS_MAX;
    for (map->slots = 1; map->slots < 2 * map->most + 1;)
        map->slots *= 2;
    map->pairs = calloc(map->most + 1, sizeof(*map->pairs));
    map->index[LOCAL] = calloc(map->slots, sizeof(uint32_t));
    map->index[POOL] = calloc(map->slots, sizeof(uint32_t));
    return map->pairs != NULL && map->index[LOCAL] != NULL
           && map->index[POOL] != NULL;
}

/* One line; *problem_out is a constant when it is at fault. */
static enum status
take_line(struct map *map, char *line, const char **problem_out)
{
    char *equals, *local, *pool;
    uint32_t *by_local, *by_pool;

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
    by_local = find_slot(map, LOCAL, local);
    by_pool = find_slot(map, POOL, pool);
    *problem_out = "the local name stands in the map already";
    if (*by_local != 0)
        return STATUS_CONFIG;
    *problem_out = "the pool name stands in the map already";
    if (*by_pool != 0)
        return STATUS_CONFIG;
    *problem_out = "too many lines";
    if (map->count == MAP_PAIRS_MAX)
        return STATUS_CONFIG;
    map->pairs[map->count++] = (struct pair){{local, pool}};
    *by_local = *by_pool = (uint32_t) map->count;
    return STATUS_OK;
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
    if (!make_room(map))
        goto out;
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
    free(map->index[LOCAL]);
    free(map->index[POOL]);
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
    pair = find(map, LOCAL, local);
    if (pair != NULL)
        return pair->names[POOL];
    return find(map, POOL, standard) == NULL ? standard : NULL;
}

const char *
map_local_name(const struct map *map, const char *pool)
{
    const struct pair *pair = map == NULL ? NULL : find(map, POOL, pool);

    return pair == NULL ? NULL : pair->names[LOCAL];
}
