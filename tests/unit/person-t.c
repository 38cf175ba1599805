/*
 * People out of what the service lists: what is malformed, who is the same
 * person twice, and what memory that runs out does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/person.h"

#include "faults.h"
#include "tap.h"

#define SUB "01234567-89ab-4cde-8f01-23456789abc"
#define USER(name, rest)                                                      \
    "{\"Username\":\"" name "\",\"Enabled\":true,\"UserStatus\":"             \
    "\"CONFIRMED\"," rest "}"
#define WITH(attributes) "\"Attributes\":[" attributes "]"
#define ATTRIBUTE(name, value)                                                \
    "{\"Name\":\"" name "\",\"Value\":\"" value "\"}"
#define IS(digit) ATTRIBUTE("sub", SUB digit)
#define SOUND(name, digit) USER(name, WITH(IS(digit)))

static const struct directory_options options
    = {.uid_attribute = "custom:uid", .ssh_key_attribute = "custom:key"};
static struct person_list list;

static bool
add(const char *text, uint64_t groups)
{
    struct json *item = NULL;
    bool added;

    need(json_parse(text, strlen(text), &item) == STATUS_OK, text);
    added = person_add(&list, item, &options, groups);
    json_free(item);
    return added;
}

static void
clear(void)
{
    directory_forget(&list.people);
    list.capacity = 0;
}

static void
malformed(const char *text, const char *username, const char *why)
{
    need(add(text, 0), "memory");
    is_text(list.people.people[0].malformed, why, why == NULL ? "sound" : why);
    is_text(list.people.people[0].username, username, "under that name");
    clear();
}

static bool
is_enabled(const char *text)
{
    bool enabled;

    need(add(text, 0), "memory");
    enabled = list.people.people[0].enabled;
    clear();
    return enabled;
}

static void
test_items(void)
{
    char text[2048];
    char name[600];

    malformed(SOUND("a", "d"), "a", NULL);
    malformed("{}", "", "the user name is missing");
    malformed("[]", "", "the user name is missing");
    malformed(USER("", WITH(IS("d"))), "", "the user name is missing");
    malformed("{\"Username\":7,\"Enabled\":true," WITH(IS("d")) "}", "",
              "the user name is missing");
    memset(name, 'n', 512);
    name[512] = '\0';
    (void) snprintf(text, sizeof(text),
                    "{\"Username\":\"%s\",\"Enabled\":true,%s}", name,
                    WITH(IS("d")));
    malformed(text, name, NULL);
    name[512] = 'n';
    name[513] = '\0';
    (void) snprintf(text, sizeof(text),
                    "{\"Username\":\"%s\",\"Enabled\":true,%s}", name,
                    WITH(IS("d")));
    malformed(text, "", "the user name is longer than 512 bytes");
    malformed("{\"Username\":\"a\"," WITH(IS("d")) "}", "a",
              "whether it is enabled is missing");
    malformed("{\"Username\":\"a\",\"Enabled\":\"true\"," WITH(IS("d")) "}",
              "a", "whether it is enabled is missing");
    ok(is_enabled("{\"Username\":\"a\"," WITH(IS("d")) "}"),
       "nobody is disabled because it was not said");
    ok(!is_enabled("{\"Username\":7,\"Enabled\":false}"),
       "one who is said to be is disabled, whatever is wrong");
    malformed(USER("a", "\"Attributes\":{}"), "a",
              "the attributes are missing");
    malformed(USER("a", WITH("")), "a", "the sub is missing");
    malformed(USER("a", WITH(ATTRIBUTE("sub", "1"))), "a",
              "the sub is no UUID");
    malformed(USER("a", WITH(ATTRIBUTE("sub", SUB "g"))), "a",
              "the sub is no UUID");
    malformed(USER("a", WITH(IS("d") "," IS("d"))), "a",
              "an attribute stands there twice");
    malformed(USER("a", WITH(IS("d") ",{\"Value\":\"x\"}")), "a",
              "an attribute has no name");
    malformed(USER("a", WITH(IS("d") ",{\"Name\":\"custom:uid\","
                                     "\"Value\":1000}")),
              "a", "an attribute's value is no text");
}

static void
test_person(void)
{
    const struct person *person;

    need(add("{\"Username\":\"a\\nb\",\"Enabled\":false,"
             "\"UserStatus\":\"NEW\",\"Attributes\":["
             "{\"Name\":\"sub\",\"Value\":"
             "\"01234567-89AB-4CDE-8F01-23456789ABCD\"},"
             "{\"Name\":\"email\",\"Value\":\"a@example.com\"},"
             "{\"Name\":\"email_verified\",\"Value\":\"true\"},"
             "{\"Name\":\"name\",\"Value\":\"\"},"
             "{\"Name\":\"custom:uid\",\"Value\":\"0\"},"
             "{\"Name\":\"custom:key\",\"Value\":\"ssh-rsa A\"},"
             "{\"Name\":\"phone_number\",\"Value\":\"+1\"}]}",
             5),
         "memory");
    person = &list.people.people[0];
    is_text(person->username, "a\nb", "the name as it is");
    is_text(person->sub, SUB "d", "the sub in lower case");
    is_text(person->email, "a@example.com", "the address");
    is_text(person->name, NULL, "an empty name is none");
    is_text(person->uid, "0", "the uid");
    is_text(person->ssh_key, "ssh-rsa A", "the key");
    is_text(person->malformed, NULL, "sound");
    ok(!person->enabled && person->email_verified
           && person->status == PERSON_UNKNOWN && person->groups == 5,
       "and the rest");
    clear();
}

static void
test_same(void)
{
    const struct person *people;

    need(add(SOUND("b", "2"), 1) && add(SOUND("a", "1"), 1)
             && add("{\"Username\":\"b\",\"Enabled\":false,\"UserStatus\":"
                    "\"CONFIRMED\"," WITH(IS("2")) "}",
                    2)
             && add(SOUND("c", "3"), 1) && add(SOUND("c", "4"), 2)
             && add("{}", 1) && add("{}", 1) && add(SOUND("d", "1"), 1),
         "memory");
    person_merge(&list);
    need(person_check_subs(&list), "memory");
    people = list.people.people;
    is_number((int64_t) list.people.count, 6, "each once, the nameless apart");
    is_text(people[2].username, "a", "in the order of names");
    is_text(people[2].malformed, "another person was listed with this sub",
            "who has another's sub");
    is_text(people[3].username, "b", "one of both groups");
    ok(people[3].groups == 3 && !people[3].enabled
           && people[3].malformed == NULL,
       "who has both, and is disabled as one list says");
    is_text(people[4].malformed, "two people were listed with this name",
            "one name, two subs");
    is_text(people[5].username, "d", "the last");
    is_text(people[5].malformed, "another person was listed with this sub",
            "whose sub is another's");
    clear();
    person_merge(&list);
    ok(person_check_subs(&list) && list.people.count == 0, "nobody");
}

static void
test_memory(void)
{
    static const char text[] = USER(
        "a", WITH(IS("d") "," ATTRIBUTE(
                 "email", "a@example.com") "," ATTRIBUTE("custom:uid", "1")));
    struct json *item = NULL;
    unsigned int failures = 0;
    bool added = false;

    need(json_parse(text, strlen(text), &item) == STATUS_OK, text);
    while (!added && failures < 20) {
        fault_arm(failures);
        added = person_add(&list, item, &options, 0);
        (void) fault_disarm();
        failures += !added;
        if (!added && list.people.count != 0)
            break;
    }
    ok(added && failures == 4 && list.people.count == 1,
       "%u allocations fail one by one, and nobody is half there", failures);
    fault_arm(0);
    ok(!person_check_subs(&list), "nor goes unchecked");
    (void) fault_disarm();
    json_free(item);
    clear();
}

int
main(void)
{
    test_items();
    test_person();
    test_same();
    test_memory();
    return done_testing();
}
