/*
 * JSON in and out, with types checked: the only file that includes json-c.
 * Text from the network is refused, not repaired: it must be one value of
 * RFC 8259 other than null, whole, in valid UTF-8, at most 16 deep, without
 * NUL (also as \u0000), lone surrogates, duplicate keys, single quotes or NaN.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_JSON_H
#define PAM_COGNITO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "common/status.h"

#define JSON_DEPTH_MAX 16

struct json;

/* Parses. STATUS_UNREADABLE or STATUS_MEMORY; json_free what comes out. */
enum status json_parse(const char *text, size_t length,
                       struct json **json_out);

/*
 * Why json_parse found a text unreadable, for a log line: a constant such as
 * "not JSON".
 */
const char *json_fault(const char *text, size_t length);

/* A new empty object; NULL when memory is out. */
struct json *json_new(void);

/* Wipes the strings and frees. Only what json_parse or json_new returned. */
void json_free(struct json *json);

/*
 * Getters. The result belongs to the object. A member that is absent, null
 * or of another type reads as NULL / false, so a caller cannot mistake one
 * type for another. object may be NULL.
 */
const struct json *json_object(const struct json *object, const char *key);
const struct json *json_array(const struct json *object, const char *key);
const char *json_text(const struct json *object, const char *key);
bool json_integer(const struct json *object, const char *key,
                  int64_t *value_out);
bool json_boolean(const struct json *object, const char *key, bool *value_out);
/* Is there a member of that name that is not null, of whatever type? */
bool json_has(const struct json *object, const char *key);
bool json_is_object(const struct json *json);

/* Items of an array. json_item_text: NULL when the item is no string. */
size_t json_length(const struct json *array);
const char *json_item_text(const struct json *array, size_t index);
const struct json *json_item(const struct json *array, size_t index);

/*
 * Calls each(key, value, context) for every member that is a string, in the
 * order received; stops early when it returns false.
 */
void json_each_text(const struct json *object,
                    bool (*each)(const char *key, const char *value,
                                 void *context),
                    void *context);

/*
 * Builders; false when memory is out, or was: object may be NULL.
 * json_add_object returns the new member (owned by its parent) or NULL.
 */
bool json_add_text(struct json *object, const char *key, const char *value);
bool json_add_boolean(struct json *object, const char *key, bool value);
bool json_add_integer(struct json *object, const char *key, int64_t value);
struct json *json_add_object(struct json *object, const char *key);
/* An empty array; for what may stay empty, before json_append_object. */
bool json_add_array(struct json *object, const char *key);
/*
 * Appends a new object to the array member key, which it makes where there is
 * none. As json_add_object.
 */
struct json *json_append_object(struct json *object, const char *key);
/* Appends a string to that array. */
bool json_append_text(struct json *object, const char *key, const char *value);
/* Appends {"Name": name, "Value": value} to the array member key. */
bool json_add_pair(struct json *object, const char *key, const char *name,
                   const char *value);

/* Writes the object as one line of JSON into a secret, wiped when freed. */
bool json_print(const struct json *object, struct secret *text_out);

#endif
