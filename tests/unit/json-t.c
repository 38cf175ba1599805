/*
 * What is JSON and what is refused; types that are not mistaken for others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/json.h"

#include "common/text.h"
#include "faults.h"
#include "tap.h"

/* A text without what would end the line of a test. */
static const char *
shown(const char *text)
{
    static char line[TEXT_LINE_MAX + 1];

    text_clean(text, line, sizeof line);
    return line;
}

static enum status
parse(const char *text, struct json **json_out)
{
    return json_parse(text, strlen(text), json_out);
}

static void
test_taken(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "\"text\"",
        "true",
        "false",
        "0",
        "-0",
        "12345",
        "-1.5e+10",
        "1E5",
        "0.0",
        "[null]",
        "{\"a\":null}",
        "{\"\":1}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0041\\u00e4\\u20AC\\ud83d\\udd11\"",
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\x7f\"",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
        "[[[[[[[[[[[[[[[{\"a\":1}]]]]]]]]]]]]]]]",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":2}}",
        "[{\"a\":1},{\"a\":2}]",
        "123456789012345678901234567890",
        "{\"a\":-123456789012345678901234567890}",
        "{\"\xc3\xa4\":\"\xe6\x97\xa5\xe6\x9c\xac\"}",
        "1e999",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json *json = NULL;

        is_number(parse(texts[i], &json), STATUS_OK, shown(texts[i]));
        ok(json != NULL, "has a value");
        json_free(json);
    }
}

static void
test_refused(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{}\x01",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "[1",
        "[1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\"::1}",
        "{\"a\":1 \"b\":1}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\":'b'}",
        "{\"a\":NaN}",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "TRUE",
        "True",
        "nul",
        "truefalse",
        "/* c */ {}",
        "// c\n{}",
        "{} // c",
        "{} #",
        "f({})",
        ")]}',\n{}",
        "\"a",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\U0041\"",
        "\"\\",
        "\"\\u0000\"",
        "{\"a\\u0000b\":1}",
        "{\"AuthenticationResult\\u0000evil\":{}}",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\udd11\"",
        "\"\\udd11\\ud83d\"",
        "\"\\ud83d\\u0041\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xc3\"",
        "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"x\":{\"a\":{},\"a\":{}}}",
        "[{\"a\":1,\"a\":1}]",
        "{\"a\":{\"c\":1},\"a\":{\"c\":1,\"d\":2}}",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
        "\v{}",
        "\f{}",
        "\xc2\xa0{}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json *json = (struct json *) 1;

        is_number(parse(texts[i], &json), STATUS_UNREADABLE, shown(texts[i]));
        ok(json == NULL, "has no value");
    }
}

/* What the log says of a text that was refused. */
static void
test_faults_named(void)
{
    static const struct {
        const char *text;
        const char *fault;
    } cases[] = {
        {"{", "not JSON"},
        {"", "not JSON"},
        {"{\"a\":NaN}", "not JSON"},
        {"\"\xff\"", "not UTF-8"},
        {"[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
         "nested more than 16 deep"},
        {"[[[[[[[[[[[[[[[[[", "nested more than 16 deep"},
        {"[[[[[[[[[[[[[[[[", "not JSON"},
        {"{\"a\":1,\"a\":2}", "null, or a key twice in one object"},
        {"null", "null, or a key twice in one object"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        is_text(json_fault(cases[i].text, strlen(cases[i].text)),
                cases[i].fault, shown(cases[i].text));
}

static void
test_lengths(void)
{
    struct json *json = NULL;
    char *deep = malloc(200000);

    need(deep != NULL, "memory");
    is_number(json_parse("{}x", 2, &json), STATUS_OK, "only length bytes");
    json_free(json);
    is_number(json_parse("{}\0", 3, &json), STATUS_UNREADABLE, "a NUL behind");
    is_number(json_parse("12", 1, &json), STATUS_OK, "a number that is cut");
    json_free(json);
    is_number(json_parse("{\"a\0b\":1}", 9, &json), STATUS_UNREADABLE,
              "a NUL in a key");
    memset(deep, '[', 200000);
    is_number(json_parse(deep, 200000, &json), STATUS_UNREADABLE,
              "a depth that would eat the stack");
    free(deep);
}

static void
test_getters(void)
{
    struct json *json = NULL;
    const struct json *array;
    int64_t number = 42;
    bool yes = false;

    need(
        parse("{\"text\":\"a\\u00e4\\n\",\"empty\":\"\",\"one\":1,"
              "\"half\":0.5,\"whole\":1.0,\"yes\":true,\"no\":false,"
              "\"no text\":\"false\",\"null\":null,\"list\":[\"x\",2,null,{}],"
              "\"in\":{\"text\":\"inner\"},"
              "\"huge\":99999999999999999999,\"least\":-9223372036854775808,"
              "\"most\":9223372036854775806}",
              &json)
            == STATUS_OK,
        "the object of this test");
    ok(json_is_object(json), "an object");
    is_text(json_text(json, "text"), "a\xc3\xa4\n", "a text, unescaped");
    is_text(json_text(json, "empty"), "", "an empty text");
    is_text(json_text(json, "one"), NULL, "a number is no text");
    is_text(json_text(json, "yes"), NULL, "a boolean is no text");
    is_text(json_text(json, "null"), NULL, "null is no text");
    is_text(json_text(json, "in"), NULL, "an object is no text");
    is_text(json_text(json, "list"), NULL, "an array is no text");
    is_text(json_text(json, "absent"), NULL, "absent");
    ok(json_integer(json, "one", &number) && number == 1, "an integer");
    ok(json_integer(json, "most", &number) && number == INT64_MAX - 1,
       "a large one");
    number = 7;
    ok(!json_integer(json, "half", &number), "a fraction is no integer");
    ok(!json_integer(json, "whole", &number), "nor is 1.0");
    ok(!json_integer(json, "text", &number), "nor a text");
    ok(!json_integer(json, "yes", &number), "nor true");
    ok(!json_integer(json, "null", &number), "nor null");
    ok(!json_integer(json, "huge", &number), "nor what does not fit");
    ok(!json_integer(json, "least", &number), "nor what may not have fitted");
    is_number(number, 7, "and nothing is written then");
    ok(json_boolean(json, "yes", &yes) && yes, "true");
    ok(json_boolean(json, "no", &yes) && !yes, "false");
    yes = true;
    ok(!json_boolean(json, "no text", &yes), "\"false\" is no boolean");
    ok(!json_boolean(json, "one", &yes) && yes, "nor is 1");
    ok(json_has(json, "one") && json_has(json, "no"), "has members");
    ok(!json_has(json, "null") && !json_has(json, "absent"),
       "null and absent are alike");
    is_text(json_text(json_object(json, "in"), "text"), "inner", "an object");
    ok(json_object(json, "list") == NULL && json_object(json, "null") == NULL,
       "an array is no object, nor is null");
    array = json_array(json, "list");
    ok(array != NULL && json_array(json, "in") == NULL, "an array");
    is_number((int64_t) json_length(array), 4, "of four");
    is_text(json_item_text(array, 0), "x", "its text");
    is_text(json_item_text(array, 1), NULL, "its number is no text");
    is_text(json_item_text(array, 2), NULL, "its null neither");
    is_text(json_item_text(array, 4), NULL, "and there is no fifth");
    ok(json_is_object(json_item(array, 3)), "its object");
    ok(json_item(array, 2) == NULL && json_item(array, 4) == NULL,
       "null and beyond");
    ok(json_item(json_object(json, "in"), 0) == NULL
           && json_length(json_object(json, "in")) == 0,
       "an object has no items");
    json_free(json);
}

/* Where there is nothing there is no member. */
static void
test_nothing(void)
{
    struct json *array = NULL;
    int64_t number;
    bool yes;

    need(parse("[1]", &array) == STATUS_OK, "an array");
    ok(json_text(NULL, "a") == NULL && json_object(NULL, "a") == NULL
           && json_array(NULL, "a") == NULL && !json_has(NULL, "a")
           && !json_integer(NULL, "a", &number)
           && !json_boolean(NULL, "a", &yes) && json_length(NULL) == 0
           && json_item(NULL, 0) == NULL && json_item_text(NULL, 0) == NULL
           && !json_is_object(NULL),
       "NULL has no members");
    ok(json_text(array, "a") == NULL && !json_has(array, "a")
           && !json_is_object(array),
       "nor has an array");
    json_free(array);
    json_free(NULL);
}

struct seen {
    char text[64];
    int left;
};

static bool
collect(const char *key, const char *value, void *context)
{
    struct seen *seen = context;

    strcat(seen->text, key);
    strcat(seen->text, "=");
    strcat(seen->text, value);
    strcat(seen->text, ";");
    return --seen->left > 0;
}

static void
test_each(void)
{
    struct json *json = NULL;
    struct seen all = {"", 99};
    struct seen some = {"", 2};
    struct seen none = {"", 99};

    need(parse("{\"z\":\"1\",\"n\":2,\"a\":\"3\",\"o\":{\"q\":\"4\"},"
               "\"m\":\"5\"}",
               &json)
             == STATUS_OK,
         "an object");
    json_each_text(json, collect, &all);
    is_text(all.text, "z=1;a=3;m=5;", "every text in the order received");
    json_each_text(json, collect, &some);
    is_text(some.text, "z=1;a=3;", "until told to stop");
    json_each_text(NULL, collect, &none);
    json_each_text(json_array(json, "z"), collect, &none);
    is_text(none.text, "", "nothing of nothing");
    json_free(json);
}

static void
test_print(void)
{
    struct json *json = json_new();
    struct json *inner;
    struct secret text = {0};

    need(json != NULL, "memory");
    ok(json_print(json, &text), "printed");
    is_text(text.data, "{}", "an empty object");
    ok(json_add_text(json, "a", "q\"b\\s\n\x1b/\xc3\xa4\xf0\x9f\x94\x91"),
       "a text that needs escapes");
    inner = json_add_object(json, "o");
    ok(inner != NULL && json_add_boolean(inner, "yes", true)
           && json_add_boolean(inner, "no", false)
           && json_add_integer(inner, "n", INT64_MIN),
       "an object in it");
    ok(json_add_pair(json, "list", "n1", "v1")
           && json_add_pair(json, "list", "n2", ""),
       "an array of pairs");
    ok(json_print(json, &text), "printed again");
    is_text(text.data,
            "{\"a\":\"q\\\"b\\\\s\\n\\u001b/\xc3\xa4\xf0\x9f\x94\x91\","
            "\"o\":{\"yes\":true,\"no\":false,"
            "\"n\":-9223372036854775808},"
            "\"list\":[{\"Name\":\"n1\",\"Value\":\"v1\"},"
            "{\"Name\":\"n2\",\"Value\":\"\"}]}",
            "as one line of JSON");
    is_number((int64_t) text.length, (int64_t) strlen(text.data),
              "its length");
    ok(json_add_text(json, "a", "new") && json_print(json, &text)
           && strncmp(text.data, "{\"a\":\"new\",", 11) == 0,
       "a text is replaced");
    ok(!json_add_text(NULL, "a", "b") && !json_add_integer(NULL, "a", 1)
           && json_add_object(NULL, "a") == NULL
           && !json_add_pair(NULL, "a", "b", "c"),
       "and nothing to what memory was out for");
    secret_free(&text);
    json_free(json);
}

/* Everything that builds or reads, until one fails. */
static enum status
exercise(void)
{
    struct json *parsed = NULL;
    struct json *built = json_new();
    struct json *inner;
    struct secret text = {0};
    enum status status = STATUS_MEMORY;

    if (built == NULL || !json_add_text(built, "password", "hunter2"))
        goto out;
    inner = json_add_object(built, "o");
    if (inner == NULL || !json_add_boolean(inner, "yes", true)
        || !json_add_integer(inner, "n", 1)
        || !json_add_pair(built, "list", "n", "v")
        || !json_add_pair(built, "list", "m", "w")
        || !json_print(built, &text))
        goto out;
    status = json_parse(text.data, text.length, &parsed);

out:
    if (status != STATUS_OK && parsed != NULL)
        status = STATUS_OK; /* what must not be */
    json_free(parsed);
    json_free(built);
    secret_free(&text);
    return status;
}

static void
test_faults(void)
{
    unsigned int failures = 0;
    bool wrong = false;
    bool succeeded = false;

    while (!succeeded && failures < 1000) {
        enum status status;

        fault_arm(failures);
        status = exercise();
        succeeded = fault_disarm();
        wrong = wrong || (status == STATUS_OK) != succeeded;
        failures += !succeeded;
    }
    ok(failures > 20 && succeeded, "%u allocations fail one by one", failures);
    ok(!wrong, "each is an error");
}

int
main(void)
{
    test_taken();
    test_refused();
    test_faults_named();
    test_lengths();
    test_getters();
    test_nothing();
    test_each();
    test_print();
    test_faults();
    return done_testing();
}
