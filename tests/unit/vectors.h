/*
 * Reads a file of known answers from tests/data.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_VECTORS_H
#define PAM_COGNITO_VECTORS_H

#include "cognito/json.h"
#include "tap.h"

#define VECTORS_MAX (1024 * 1024)

/* json_free what comes out; the test ends when there is nothing to read. */
TAP_UNUSED static struct json *
read_vectors(const char *name)
{
    char path[4096];
    char *text = malloc(VECTORS_MAX);
    struct json *json = NULL;
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
    file = fopen(path, "rb");
    need(text != NULL && file != NULL, path);
    length = fread(text, 1, VECTORS_MAX, file);
    fclose(file);
    need(length < VECTORS_MAX && json_parse(text, length, &json) == STATUS_OK,
         path);
    free(text);
    return json;
}

#endif
