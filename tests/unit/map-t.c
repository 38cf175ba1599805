/*
 * map_file: what a line may be, what a mistake is called and where it stands,
 * and that a pool name belongs to one local name only.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/map.h"
#include "tap.h"

#define NOT_UTF8                                                              \
    "alice = al\xff"                                                          \
    "ice\n"

static struct map *
parse(const char *text, size_t length, enum status *status_out,
      char error[128])
{
    struct map *map = NULL;

    error[0] = '\0';
    *status_out = map_parse(text, length, &map, error, 128);
    return map;
}

/* A sound map, in which local is told as pool (NULL: refused). */
static void
leads(const char *text, const char *local, const char *pool, const char *what)
{
    enum status status;
    char error[128];
    struct map *map = parse(text, strlen(text), &status, error);

    ok(status == STATUS_OK && map != NULL, "%s: is a map (%s)", what, error);
    is_text(map_pool_name(map, local, local), pool, what);
    map_free(map);
}

static void
refused(const char *text, size_t length, const char *error_wanted,
        const char *what)
{
    enum status status;
    char error[128];
    struct map *map = parse(text, length, &status, error);

    ok(status == STATUS_CONFIG && map == NULL, "%s: refused", what);
    is_text(error, error_wanted, what);
    map_free(map);
}

static void
test_names(void)
{
    static const char map[] = "# people\n\nalice = a.liddell\n"
                              "\tbob=robert \r\nzoe = zo\xc3\xab\n";

    leads(map, "alice", "a.liddell", "the map's name");
    leads(map, "bob", "robert", "tabs, a carriage return, no blanks");
    leads(map, "zoe", "zo\xc3\xab", "outside ASCII");
    leads(map, "carol", "carol", "not in the map");
    leads(map, "alic", "alic", "part of a name is another name");
    leads(map, "Alice", "Alice", "another case is another name");
    leads(map, "robert", NULL, "another's pool name");
    leads(map, "a.liddell", NULL, "another's pool name, too");
    leads("alice = a=b\n", "alice", "a=b", "the first = counts");
    leads("alice = a#b\n", "alice", "a#b", "# inside a line is a character");
    leads("alice = bob\nbob = alice\n", "alice", "bob", "exchanged");
    leads("alice = bob\nbob = alice\n", "bob", "alice", "exchanged, back");
    leads("alice = alice\n", "alice", "alice", "to itself");
    leads("alice = bob", "alice", "bob", "no newline at the end");
    leads("", "alice", "alice", "an empty map");
    is_text(map_pool_name(NULL, "alice", "alice@example.com"),
            "alice@example.com", "no map at all");
}

static void
test_formatted(void)
{
    enum status status;
    char error[128];
    const char *text = "alice = bob@example.com\n";
    struct map *map = parse(text, strlen(text), &status, error);

    ok(map != NULL, "a map with an address");
    is_text(map_pool_name(map, "bob", "bob@example.com"), NULL,
            "username_format leads to another's pool name");
    is_text(map_pool_name(map, "carol", "carol@example.com"),
            "carol@example.com", "username_format leads elsewhere");
    is_text(map_pool_name(map, "alice", "alice@example.com"),
            "bob@example.com", "the map wins over username_format");
    map_free(map);
}

static void
test_mistakes(void)
{
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"alice\n", "line 1: expected LOCAL = POOL"},
        {"# one\n\nalice bob\n", "line 3: expected LOCAL = POOL"},
        {"alice = \n", "line 1: expected LOCAL = POOL"},
        {" = alice\n", "line 1: expected LOCAL = POOL"},
        {"a lice = alice\n", "line 1: expected LOCAL = POOL"},
        {"alice = a lice\n", "line 1: expected LOCAL = POOL"},
        {"alice = al\vice\n", "line 1: expected LOCAL = POOL"},
        {"alice = a\x7f\n", "line 1: expected LOCAL = POOL"},
        {NOT_UTF8, "line 1: expected LOCAL = POOL"},
        {"bob = b\nalice = one\nalice = two\n",
         "line 3: the local name stands in the map already"},
        {"alice = one\nalice = one\n",
         "line 2: the local name stands in the map already"},
        {"alice = one\nbob = one\n",
         "line 2: the pool name stands in the map already"},
        {"alice = one\r\nbob = one\r\n",
         "line 2: the pool name stands in the map already"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refused(rows[i].text, strlen(rows[i].text), rows[i].error,
                rows[i].error);
    refused("alice = o\0ne\n", 13, "line 1: holds a NUL", "a NUL");
    refused("alice = one\n\nbob = t\0wo\n", 24, "line 3: holds a NUL",
            "a NUL further down");
}

/* name characters of "e" with an acute accent, two bytes each. */
static void
test_lengths(void)
{
    char text[1024];
    enum status status;
    char error[128];
    struct map *map;

    for (int characters = 128; characters <= 129; characters++) {
        size_t used = (size_t) snprintf(text, sizeof(text), "alice = ");

        for (int i = 0; i < characters; i++) {
            memcpy(text + used, "\xc3\xa9", 2);
            used += 2;
        }
        map = parse(text, used, &status, error);
        ok((map != NULL) == (characters == 128), "%d characters", characters);
        map_free(map);
    }
}

static int
count_found(const struct map *map)
{
    int found = 0;

    for (int i = 0; i < MAP_PAIRS_MAX; i++) {
        char local[24], pool[24];
        const char *back;

        (void) snprintf(local, sizeof(local), "l%d", i);
        (void) snprintf(pool, sizeof(pool), "p%d", i);
        back = map_local_name(map, pool);
        found += strcmp(map_pool_name(map, local, local), pool) == 0
                 && back != NULL && strcmp(back, local) == 0
                 && map_local_name(map, local) == NULL;
    }
    return found;
}

static void
test_many(void)
{
    static const struct {
        const char *line;
        const char *error;
    } twice[] = {
        {"l0 = x\n", "the local name stands in the map already"},
        {"l7777 = p0\n", "the local name stands in the map already"},
        {"x = p0\n", "the pool name stands in the map already"},
        {"x = p9999\n", "the pool name stands in the map already"},
    };
    size_t size = (MAP_PAIRS_MAX + 2) * 24, used = 0;
    char *text = malloc(size);
    enum status status;
    char error[128], wanted[64];
    struct map *map;

    if (text == NULL)
        exit(1);
    for (int i = 0; i < MAP_PAIRS_MAX; i++)
        used += (size_t) snprintf(text + used, size - used, "l%d = p%d\n", i,
                                  i);
    map = parse(text, used, &status, error);
    ok(status == STATUS_OK, "as many pairs as there may be");
    is_text(map_pool_name(map, "l9999", "l9999"), "p9999", "the last one");
    is_number(count_found(map), MAP_PAIRS_MAX, "each is found by each side");
    map_free(map);
    for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
        int length = snprintf(text + used, size - used, "%s", twice[i].line);

        (void) snprintf(wanted, sizeof(wanted), "line %d: %s",
                        MAP_PAIRS_MAX + 1, twice[i].error);
        refused(text, used + (size_t) length, wanted, twice[i].line);
    }
    used += (size_t) snprintf(text + used, size - used, "one = more\n");
    (void) snprintf(wanted, sizeof(wanted), "line %d: too many lines",
                    MAP_PAIRS_MAX + 1);
    refused(text, used, wanted, "one too many");
    free(text);
}

int
main(void)
{
    test_names();
    test_formatted();
    test_mistakes();
    test_lengths();
    test_many();
    map_free(NULL);
    return done_testing();
}
