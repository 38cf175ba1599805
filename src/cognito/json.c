/*
 * The tree and its text by json-c, behind json_scan, which decides what is
 * JSON. json-c leaves copies of what it reads and prints: what is read passes
 * through one buffer that is overwritten, and we print for ourselves.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* json-c has a type of the name of our json_object: call it otherwise here. */
#define json_object json_c_object
#include <json-c/json.h>
#undef json_object

#include "cognito/json_scan.h"
#include "common/text.h"

/* json-c counts what stands in the innermost array as one level more. */
#define TREE_DEPTH (JSON_DEPTH_MAX + 1)

#define TEXT_OF(number) #number
#define TEXT_OF_VALUE(number) TEXT_OF(number)
#define DEPTH_TEXT TEXT_OF_VALUE(JSON_DEPTH_MAX)

/* struct json is never defined: it is json-c's object under another name. */
static struct json_c_object *
inside(const struct json *json)
{
    return (struct json_c_object *) json;
}

static struct json *
outside(struct json_c_object *object)
{
    return (struct json *) object;
}

static size_t
count_members(struct json_c_object *object)
{
    size_t count = 0;

    if (json_object_is_type(object, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(object);
        struct json_object_iterator end = json_object_iter_end(object);

        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            count += 1 + count_members(json_object_iter_peek_value(&at));
    } else if (json_object_is_type(object, json_type_array)) {
        size_t length = json_object_array_length(object);

        for (size_t i = 0; i < length; i++)
            count += count_members(json_object_array_get_idx(object, i));
    }
    return count;
}

/* Wipes the strings of a tree that is about to be freed. */
static void
wipe(struct json_c_object *object)
{
    if (json_object_is_type(object, json_type_string)) {
        size_t length = (size_t) json_object_get_string_len(object);

        secret_wipe((char *) json_object_get_string(object), length);
    } else if (json_object_is_type(object, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(object);
        struct json_object_iterator end = json_object_iter_end(object);

        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            wipe(json_object_iter_peek_value(&at));
    } else if (json_object_is_type(object, json_type_array)) {
        size_t length = json_object_array_length(object);

        for (size_t i = 0; i < length; i++)
            wipe(json_object_array_get_idx(object, i));
    }
}

/*
 * json-c collects each string in one buffer, which it neither wipes nor lets
 * us see: a parsed string of length bytes makes that buffer large enough for
 * any text of that length, so that it never moves, and overwrites what it
 * held.
 */
static bool
overwrite(struct json_tokener *tokener, size_t length)
{
    struct json_c_object *string;
    char *filler = malloc(length + 2);

    if (filler == NULL)
        return false;
    memset(filler, ' ', length + 2);
    filler[0] = filler[length + 1] = '"';
    json_tokener_reset(tokener);
    string = json_tokener_parse_ex(tokener, filler, (int) length + 2);
    free(filler);
    json_tokener_reset(tokener);
    if (string == NULL)
        return false;
    (void) json_object_put(string);
    return true;
}

enum status
json_parse(const char *text, size_t length, struct json **json_out)
{
    struct json_seen seen;
    struct json_tokener *tokener = NULL;
    struct json_c_object *object = NULL;
    enum status status = STATUS_UNREADABLE;

    *json_out = NULL;
    if (length > INT_MAX - 2 || !text_is_utf8(text, length, NULL)
        || !json_scan(text, length, &seen))
        return STATUS_UNREADABLE;
    tokener = json_tokener_new_ex(TREE_DEPTH);
    if (tokener == NULL)
        return STATUS_MEMORY;
    /*
     * Not STRICT: it is the scanner that is strict. From json-c 0.18 on it
     * would refuse every byte above 0x7f and integers above 64 bits as well.
     */
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    status = STATUS_MEMORY;
    if (!overwrite(tokener, length))
        goto out;
    object = json_tokener_parse_ex(tokener, text, (int) length);
    /* json-c waits for more digits where the text ends in a number. */
    if (object == NULL
        && json_tokener_get_error(tokener) == json_tokener_continue)
        object = json_tokener_parse_ex(tokener, "", -1);
    status = STATUS_MEMORY;
    if (!overwrite(tokener, length))
        goto out;
    status = STATUS_UNREADABLE;
    /*
     * A key that stands twice in one object is once in the tree. The same
     * comparison notices what json-c dropped when memory was out, which
     * json-c 0.16 does not tell from text it cannot read.
     */
    if (object == NULL || count_members(object) != seen.members)
        goto out;
    *json_out = outside(object);
    object = NULL;
    status = STATUS_OK;

out:
    json_free(outside(object));
    json_tokener_free(tokener);
    return status;
}

const char *
json_fault(const char *text, size_t length)
{
    struct json_seen seen;
    bool good;

    if (!text_is_utf8(text, length, NULL))
        return "not UTF-8";
    good = json_scan(text, length, &seen);
    if (seen.too_deep)
        return "nested more than " DEPTH_TEXT " deep";
    return good ? "null, or a key twice in one object" : "not JSON";
}

struct json *
json_new(void)
{
    return outside(json_object_new_object());
}

void
json_free(struct json *json)
{
    wipe(inside(json));
    (void) json_object_put(inside(json));
}

/* The member, or NULL unless it is there and of that type. */
static struct json_c_object *
member(const struct json *object, const char *key, enum json_type type)
{
    struct json_c_object *value = NULL;

    if (!json_is_object(object)
        || !json_object_object_get_ex(inside(object), key, &value)
        || value == NULL || !json_object_is_type(value, type))
        return NULL;
    return value;
}

/* The text of a string, or NULL: also where it holds a NUL. */
static const char *
text_of(struct json_c_object *string)
{
    const char *text;

    if (string == NULL || !json_object_is_type(string, json_type_string))
        return NULL;
    text = json_object_get_string(string);
    if (text == NULL
        || strlen(text) != (size_t) json_object_get_string_len(string))
        return NULL;
    return text;
}

const struct json *
json_object(const struct json *object, const char *key)
{
    return outside(member(object, key, json_type_object));
}

const struct json *
json_array(const struct json *object, const char *key)
{
    return outside(member(object, key, json_type_array));
}

const char *
json_text(const struct json *object, const char *key)
{
    return text_of(member(object, key, json_type_string));
}

bool
json_integer(const struct json *object, const char *key, int64_t *value_out)
{
    struct json_c_object *value = member(object, key, json_type_int);
    int64_t integer;

    if (value == NULL)
        return false;
    integer = json_object_get_int64(value);
    /* json-c reads what does not fit as the nearest that does. */
    if (integer == INT64_MAX || integer == INT64_MIN)
        return false;
    *value_out = integer;
    return true;
}

bool
json_boolean(const struct json *object, const char *key, bool *value_out)
{
    struct json_c_object *value = member(object, key, json_type_boolean);

    if (value == NULL)
        return false;
    *value_out = json_object_get_boolean(value);
    return true;
}

bool
json_has(const struct json *object, const char *key)
{
    struct json_c_object *value = NULL;

    return json_is_object(object)
           && json_object_object_get_ex(inside(object), key, &value)
           && value != NULL;
}

bool
json_is_object(const struct json *json)
{
    return json != NULL && json_object_is_type(inside(json), json_type_object);
}

static bool
is_array(const struct json *json)
{
    return json != NULL && json_object_is_type(inside(json), json_type_array);
}

size_t
json_length(const struct json *array)
{
    return is_array(array) ? json_object_array_length(inside(array)) : 0;
}

const char *
json_item_text(const struct json *array, size_t index)
{
    return text_of(inside(json_item(array, index)));
}

const struct json *
json_item(const struct json *array, size_t index)
{
    if (!is_array(array))
        return NULL;
    return outside(json_object_array_get_idx(inside(array), index));
}

void
json_each_text(const struct json *object,
               bool (*each)(const char *key, const char *value, void *context),
               void *context)
{
    struct json_object_iterator at;
    struct json_object_iterator end;

    if (!json_is_object(object))
        return;
    at = json_object_iter_begin(inside(object));
    end = json_object_iter_end(inside(object));
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *text = text_of(json_object_iter_peek_value(&at));

        if (text != NULL
            && !each(json_object_iter_peek_name(&at), text, context))
            return;
    }
}

/* Gives value to the object; either may be NULL for want of memory. */
static bool
add(struct json *object, const char *key, struct json_c_object *value)
{
    if (value == NULL)
        return false;
    if (object == NULL
        || json_object_object_add(inside(object), key, value) != 0) {
        json_free(outside(value));
        return false;
    }
    return true;
}

bool
json_add_text(struct json *object, const char *key, const char *value)
{
    return add(object, key, json_object_new_string(value));
}

bool
json_add_boolean(struct json *object, const char *key, bool value)
{
    return add(object, key, json_object_new_boolean(value));
}

bool
json_add_integer(struct json *object, const char *key, int64_t value)
{
    return add(object, key, json_object_new_int64(value));
}

struct json *
json_add_object(struct json *object, const char *key)
{
    struct json_c_object *value = json_object_new_object();

    return add(object, key, value) ? outside(value) : NULL;
}

bool
json_add_array(struct json *object, const char *key)
{
    return add(object, key, json_object_new_array());
}

struct json *
json_append_object(struct json *object, const char *key)
{
    struct json *item;

    if (member(object, key, json_type_array) == NULL
        && !json_add_array(object, key))
        return NULL;
    item = json_new();
    if (item == NULL
        || json_object_array_add(member(object, key, json_type_array),
                                 inside(item))
               != 0) {
        json_free(item);
        return NULL;
    }
    return item;
}

bool
json_append_text(struct json *object, const char *key, const char *value)
{
    struct json_c_object *item = json_object_new_string(value);

    if (member(object, key, json_type_array) != NULL && item != NULL
        && json_object_array_add(member(object, key, json_type_array), item)
               == 0)
        return true;
    json_object_put(item);
    return false;
}

bool
json_add_pair(struct json *object, const char *key, const char *name,
              const char *value)
{
    struct json *pair = json_append_object(object, key);

    return json_add_text(pair, "Name", name)
           && json_add_text(pair, "Value", value);
}

/* Text in the making; without data it is only measured. */
struct printer {
    char *data;
    size_t length;
};

static bool print_value(struct printer *printer, struct json_c_object *value);

static void
put(struct printer *printer, const char *text, size_t length)
{
    if (printer->data != NULL)
        memcpy(printer->data + printer->length, text, length);
    printer->length += length;
}

static void
put_string(struct printer *printer, const char *text, size_t length)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    char escape[8];

    put(printer, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        const char *found = memchr(named, text[i], sizeof named - 1);

        if (found != NULL) {
            escape[0] = '\\';
            escape[1] = names[found - named];
            put(printer, escape, 2);
        } else if ((unsigned char) text[i] < 0x20) {
            (void) snprintf(escape, sizeof escape, "\\u%04x",
                            (unsigned int) (unsigned char) text[i]);
            put(printer, escape, 6);
        } else {
            put(printer, text + i, 1);
        }
    }
    put(printer, "\"", 1);
}

static bool
print_object(struct printer *printer, struct json_c_object *object)
{
    struct json_object_iterator at = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);
    const char *before = "";

    put(printer, "{", 1);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);

        put(printer, before, strlen(before));
        put_string(printer, name, strlen(name));
        put(printer, ":", 1);
        if (!print_value(printer, json_object_iter_peek_value(&at)))
            return false;
        before = ",";
    }
    put(printer, "}", 1);
    return true;
}

static bool
print_array(struct printer *printer, struct json_c_object *array)
{
    size_t length = json_object_array_length(array);

    put(printer, "[", 1);
    for (size_t i = 0; i < length; i++) {
        put(printer, ",", i > 0 ? 1 : 0);
        if (!print_value(printer, json_object_array_get_idx(array, i)))
            return false;
    }
    put(printer, "]", 1);
    return true;
}

/* Numbers, true, false and null are json-c's to write: no secrets. */
static bool
print_value(struct printer *printer, struct json_c_object *value)
{
    size_t length = 0;
    const char *text;

    if (json_object_is_type(value, json_type_object))
        return print_object(printer, value);
    if (json_object_is_type(value, json_type_array))
        return print_array(printer, value);
    if (json_object_is_type(value, json_type_string)) {
        put_string(printer, json_object_get_string(value),
                   (size_t) json_object_get_string_len(value));
        return true;
    }
    text = json_object_to_json_string_length(value, JSON_C_TO_STRING_PLAIN,
                                             &length);
    if (text != NULL)
        put(printer, text, length);
    return text != NULL;
}

/* json-c's own printer would leave copies where its buffer grew. */
bool
json_print(const struct json *object, struct secret *text_out)
{
    struct printer printer = {0};

    secret_free(text_out);
    if (!print_value(&printer, inside(object)))
        return false;
    printer.data = malloc(printer.length + 1);
    if (printer.data == NULL)
        return false;
    printer.length = 0;
    /* The numbers are written already: this time nothing can fail. */
    (void) print_value(&printer, inside(object));
    printer.data[printer.length] = '\0';
    text_out->data = printer.data;
    text_out->length = printer.length;
    return true;
}
