/*
 * Fuzz target: a map file; and, split at the first newline, a pattern and a
 * name.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "client/map.h"
#include "common/pattern.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct map *map = NULL;
    char error[128] = "";
    enum status status;
    char *text, *newline;

    status = map_parse((const char *) data, size, &map, error, sizeof(error));
    MUST((status == STATUS_OK) == (map != NULL));
    MUST(status != STATUS_CONFIG || error[0] != '\0');
    MUST(map_pool_name(map, "alice", "alice") == NULL
         || strlen(map_pool_name(map, "alice", "alice")) > 0);
    map_free(map);

    text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    newline = strchr(text, '\n');
    if (newline != NULL) {
        *newline = '\0';
        if (pattern_matches(text, newline + 1))
            MUST(pattern_is_valid(text));
    }
    free(text);
    return 0;
}
