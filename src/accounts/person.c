/*
 * What a pool's users are called and have in their attributes is anybody's
 * where people sign up by themselves: nothing of it is taken on trust, and
 * nobody is left out without a word.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/person.h"

#include <stdlib.h>
#include <string.h>

static void
free_person(struct person *person)
{
    char *const texts[] = {person->username, person->sub, person->email,
                           person->name,     person->uid, person->ssh_key};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
}

void
directory_forget(struct people *people)
{
    for (size_t i = 0; i < people->count; i++)
        free_person(&people->people[i]);
    free(people->people);
    memset(people, 0, sizeof(*people));
}

/* The first thing that is wrong is what is said. */
static void
mark(struct person *person, const char *malformed)
{
    if (person->malformed == NULL)
        person->malformed = malformed;
}

static const char *const statuses[] = {
    [PERSON_UNKNOWN] = "UNKNOWN",
    [PERSON_UNCONFIRMED] = "UNCONFIRMED",
    [PERSON_CONFIRMED] = "CONFIRMED",
    [PERSON_ARCHIVED] = "ARCHIVED",
    [PERSON_COMPROMISED] = "COMPROMISED",
    [PERSON_RESET_REQUIRED] = "RESET_REQUIRED",
    [PERSON_FORCE_CHANGE_PASSWORD] = "FORCE_CHANGE_PASSWORD",
    [PERSON_EXTERNAL_PROVIDER] = "EXTERNAL_PROVIDER",
};

const char *
directory_status_word(enum directory_status status)
{
    return statuses[status];
}

static enum directory_status
status_named(const char *word)
{
    for (size_t i = 0;
         word != NULL && i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (strcmp(statuses[i], word) == 0)
            return (enum directory_status) i;
    return PERSON_UNKNOWN;
}

/* A UUID; in place to lower case. */
static bool
is_sub(char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (text[i] >= 'A' && text[i] <= 'F')
            text[i] = (char) (text[i] - 'A' + 'a');
        if (form[i] == '-' ? text[i] != '-'
                           : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}

/* A name and a value, which may be NULL. */
struct attribute {
    struct person *person;
    const char *name;
    const char *value;
};

/* If that is the one wanted (NULL: none is). False when memory is out. */
static bool
take_value(const struct attribute *attribute, const char *wanted,
           char **text_out)
{
    const char *value = attribute->value;

    if (wanted == NULL || strcmp(wanted, attribute->name) != 0
        || value == NULL)
        return true;
    if (*text_out != NULL) {
        mark(attribute->person, "an attribute stands there twice");
        return true;
    }
    if (strlen(value) > DIRECTORY_VALUE_MAX) {
        mark(attribute->person, "an attribute is longer than 8192 bytes");
        return true;
    }
    if (value[0] == '\0')
        return true;
    *text_out = strdup(value);
    return *text_out != NULL;
}

static bool
take_attribute(struct person *person, const struct json *item,
               const struct directory_options *options, char **verified)
{
    const struct attribute attribute = {person, json_text(item, "Name"),
                                        json_text(item, "Value")};

    if (attribute.name == NULL) {
        mark(person, "an attribute has no name");
        return true;
    }
    if (attribute.value == NULL && json_has(item, "Value"))
        mark(person, "an attribute's value is no text");
    return take_value(&attribute, "sub", &person->sub)
           && take_value(&attribute, "email", &person->email)
           && take_value(&attribute, "email_verified", verified)
           && take_value(&attribute, "name", &person->name)
           && take_value(&attribute, options->uid_attribute, &person->uid)
           && take_value(&attribute, options->ssh_key_attribute,
                         &person->ssh_key);
}

static bool
take_attributes(struct person *person, const struct json *attributes,
                const struct directory_options *options)
{
    char *verified = NULL;
    bool done = true;

    if (attributes == NULL)
        mark(person, "the attributes are missing");
    for (size_t i = 0; done && i < json_length(attributes); i++)
        done = take_attribute(person, json_item(attributes, i), options,
                              &verified);
    person->email_verified = verified != NULL && strcmp(verified, "true") == 0;
    free(verified);
    if (!done)
        return false;
    if (person->sub == NULL) {
        mark(person, "the sub is missing");
    } else if (!is_sub(person->sub)) {
        mark(person, "the sub is no UUID");
        free(person->sub);
        person->sub = NULL;
    }
    return true;
}

/* False when memory is out. */
static bool
read_person(struct person *person, const struct json *item,
            const struct directory_options *options)
{
    const char *username = json_text(item, "Username");

    if (username == NULL || username[0] == '\0') {
        mark(person, "the user name is missing");
        username = "";
    } else if (strlen(username) > DIRECTORY_NAME_MAX) {
        mark(person, "the user name is longer than 512 bytes");
        username = "";
    }
    person->username = strdup(username);
    /* Nobody is locked because it was not said. */
    if (!json_boolean(item, "Enabled", &person->enabled)) {
        person->enabled = true;
        mark(person, "whether it is enabled is missing");
    }
    person->status = status_named(json_text(item, "UserStatus"));
    return person->username != NULL
           && take_attributes(person, json_array(item, "Attributes"), options);
}

bool
person_add(struct person_list *list, const struct json *item,
           const struct directory_options *options, uint64_t groups)
{
    struct people *people = &list->people;
    struct person person = {.groups = groups};
    struct person *longer;

    if (people->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        longer = reallocarray(people->people, list->capacity,
                              sizeof(*people->people));
        if (longer == NULL)
            return false;
        people->people = longer;
    }
    if (!read_person(&person, item, options)) {
        free_person(&person);
        return false;
    }
    people->people[people->count++] = person;
    return true;
}

static int
by_name(const void *first, const void *second)
{
    const struct person *one = first, *other = second;

    return strcmp(one->username, other->username);
}

/* Two lists that were made at different moments: the stricter one counts. */
static void
join(struct person *into, struct person *from)
{
    into->groups |= from->groups;
    into->enabled = into->enabled && from->enabled;
    into->email_verified = into->email_verified && from->email_verified;
    if (into->status != from->status)
        into->status = PERSON_UNKNOWN;
    if (from->malformed != NULL)
        mark(into, from->malformed);
    if (into->sub != NULL && from->sub != NULL
        && strcmp(into->sub, from->sub) != 0)
        mark(into, "two people were listed with this name");
    free_person(from);
}

void
person_merge(struct person_list *list)
{
    struct people *people = &list->people;
    size_t kept = 0;

    if (people->count == 0)
        return;
    qsort(people->people, people->count, sizeof(*people->people), by_name);
    for (size_t i = 1; i < people->count; i++) {
        struct person *last = &people->people[kept];

        /* Those without a name are nobody's other half. */
        if (last->username[0] != '\0'
            && by_name(last, &people->people[i]) == 0)
            join(last, &people->people[i]);
        else
            people->people[++kept] = people->people[i];
    }
    people->count = kept + 1;
}

struct entry {
    struct person *person;
};

static int
by_sub(const void *first, const void *second)
{
    const struct entry *one = first, *other = second;

    return strcmp(one->person->sub, other->person->sub);
}

bool
person_check_subs(struct person_list *list)
{
    static const char twice[] = "another person was listed with this sub";
    struct people *people = &list->people;
    struct entry *sorted;
    size_t count = 0;

    if (people->count == 0)
        return true;
    sorted = calloc(people->count, sizeof(*sorted));
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < people->count; i++)
        if (people->people[i].sub != NULL)
            sorted[count++].person = &people->people[i];
    qsort(sorted, count, sizeof(*sorted), by_sub);
    for (size_t i = 1; i < count; i++)
        if (by_sub(&sorted[i - 1], &sorted[i]) == 0) {
            mark(sorted[i - 1].person, twice);
            mark(sorted[i].person, twice);
        }
    free(sorted);
    return true;
}
