/*
 * Fuzz target: what a pool lists, of whatever form, as people.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "accounts/person.h"
#include "fuzz.h"

static void
check(const struct people *people)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct person *person = &people->people[i];

        MUST(person->username != NULL);
        MUST(strlen(person->username) <= DIRECTORY_NAME_MAX);
        MUST(person->malformed != NULL || person->username[0] != '\0');
        MUST(person->malformed != NULL || person->sub != NULL);
        MUST(person->sub == NULL || strlen(person->sub) == 36);
        MUST(person->uid == NULL
             || strlen(person->uid) <= DIRECTORY_VALUE_MAX);
        MUST(i == 0 || person->username[0] == '\0'
             || strcmp(person->username, people->people[i - 1].username) > 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct directory_options options
        = {.uid_attribute = "custom:uid", .ssh_key_attribute = "custom:key"};
    struct person_list list = {0};
    struct json *page = NULL;
    const struct json *users;

    if (json_parse((const char *) data, size, &page) != STATUS_OK)
        return 0;
    users = json_array(page, "Users");
    for (size_t i = 0; i < json_length(users); i++)
        MUST(person_add(&list, json_item(users, i), &options, i % 3));
    person_merge(&list);
    MUST(person_check_subs(&list));
    MUST(list.people.count <= json_length(users));
    check(&list.people);
    directory_forget(&list.people);
    json_free(page);
    return 0;
}
