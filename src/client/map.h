/*
 * map_file: pairs of a local user name and a pool user name, for sites whose
 * names differ.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_MAP_H
#define PAM_COGNITO_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/status.h"

#define MAP_PAIRS_MAX 10000

struct map;

/*
 * Reads lines "local = pool"; empty lines and lines that begin with # are
 * passed over. A malformed line or a name that stands twice on either side is
 * STATUS_CONFIG, and error_out names the line. map_free what comes out.
 */
enum status map_parse(const char *text, size_t length, struct map **map_out,
                      char *error_out, size_t error_size);

void map_free(struct map *map);

/*
 * The pool name of a local user: the map's, else standard. NULL when standard
 * is another local user's pool name: both directions must lead to the same
 * pair. map may be NULL.
 */
const char *map_pool_name(const struct map *map, const char *local,
                          const char *standard);

/* The local name that the map gives a pool name, or NULL. */
const char *map_local_name(const struct map *map, const char *pool);

#endif
