/*
 * Fuzz target: JSON from the network, and what can be read of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "cognito/json.h"
#include "common/text.h"
#include "fuzz.h"

static bool
each(const char *key, const char *value, void *context)
{
    size_t *count = context;

    MUST(text_is_utf8(key, strlen(key), NULL));
    MUST(text_is_utf8(value, strlen(value), NULL));
    return ++*count < 1000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct secret printed = {0};
    struct json *json = NULL, *again = NULL;
    size_t count = 0;
    int64_t number;
    bool flag;

    if (json_parse((const char *) data, size, &json) != STATUS_OK) {
        MUST(json == NULL);
        return 0;
    }
    /* What was taken is text, and has no NUL. */
    MUST(text_is_utf8((const char *) data, size, NULL));
    json_each_text(json, each, &count);
    (void) json_text(json, "a");
    (void) json_integer(json, "a", &number);
    (void) json_boolean(json, "a", &flag);
    for (size_t i = 0; i < json_length(json_array(json, "a")); i++)
        (void) json_item_text(json_array(json, "a"), i);
    /* What is printed can be read again. */
    if (json_is_object(json)) {
        MUST(json_print(json, &printed));
        MUST(json_parse(printed.data, printed.length, &again) == STATUS_OK);
    }
    json_free(again);
    json_free(json);
    secret_free(&printed);
    return 0;
}
