/*
 * From what the service lists to the people of directory.h: everybody once.
 * For directory.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_PERSON_H
#define PAM_COGNITO_ACCOUNTS_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accounts/directory.h"
#include "cognito/json.h"

/* People in the making; initialise with {0}. */
struct person_list {
    struct people people;
    size_t capacity;
};

/*
 * Appends what one item of Users says; groups are the bits that it brings. One
 * that is not as it should be is appended as malformed. False when memory is
 * out.
 */
bool person_add(struct person_list *list, const struct json *item,
                const struct directory_options *options, uint64_t groups);

/* Sorts by name, and makes one of those that are the same. */
void person_merge(struct person_list *list);

/*
 * Marks those whose sub is another's too, which are two people and one at the
 * same time. After person_merge. False when memory is out.
 */
bool person_check_subs(struct person_list *list);

#endif
