/*
 * As sshd's allowed_user() decides: DenyUsers, AllowUsers, DenyGroups,
 * AllowGroups, each a list of patterns with * and ?; USER@HOST is about where
 * somebody comes from, which is not known here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "pam/lookup_id.h"

#define WORD_MAX 256

enum match { MATCH_NO, MATCH_FROM_SOMEWHERE, MATCH };

struct person {
    const char *name;
    size_t group_count;
    char **groups; /* their names */
    int error;     /* of the look-up that failed */
};

static bool
pattern_fits(const char *text, const char *pattern)
{
    while (*pattern != '\0') {
        if (*pattern == '*') {
            while (*pattern == '*')
                pattern++;
            if (*pattern == '\0')
                return true;
            for (; *text != '\0'; text++)
                if (pattern_fits(text, pattern))
                    return true;
            return false;
        }
        if (*text == '\0' || (*pattern != '?' && *pattern != *text))
            return false;
        text++;
        pattern++;
    }
    return *text == '\0';
}

/* The next word behind any line of that keyword; false at the end. */
static bool
next_listed(const char **text, const char *keyword, bool *inside,
            char out[WORD_MAX])
{
    size_t length = strlen(keyword), size;

    while (**text != '\0') {
        if (!*inside) {
            if (strncasecmp(*text, keyword, length) == 0
                && (*text)[length] == ' ') {
                *inside = true;
                *text += length;
            } else {
                *text += strcspn(*text, "\n");
                *text += **text == '\n';
            }
            continue;
        }
        *text += strspn(*text, " \t");
        size = strcspn(*text, " \t\n");
        if (size == 0) {
            *inside = false;
            *text += **text == '\n';
            continue;
        }
        (void) snprintf(out, WORD_MAX, "%.*s",
                        (int) (size < WORD_MAX ? size : WORD_MAX - 1), *text);
        *text += size;
        return true;
    }
    return false;
}

static bool
is_set(const char *text, const char *keyword)
{
    char word[WORD_MAX];
    bool inside = false;

    return next_listed(&text, keyword, &inside, word);
}

static enum match
match_users(const char *text, const char *keyword, const char *name)
{
    enum match best = MATCH_NO;
    char word[WORD_MAX];
    bool inside = false;

    while (best != MATCH && next_listed(&text, keyword, &inside, word)) {
        char *at = strrchr(word, '@');

        if (at != NULL)
            *at = '\0';
        if (!pattern_fits(name, word))
            continue;
        best = at == NULL || strcmp(at + 1, "*") == 0 ? MATCH
                                                      : MATCH_FROM_SOMEWHERE;
    }
    return best;
}

static enum match
match_groups(const char *text, const char *keyword,
             const struct person *person)
{
    char word[WORD_MAX];
    bool inside = false;

    while (next_listed(&text, keyword, &inside, word))
        for (size_t i = 0; i < person->group_count; i++)
            if (pattern_fits(person->groups[i], word))
                return MATCH;
    return MATCH_NO;
}

/* The keyword that keeps the person out (always, or from somewhere). */
static const char *
refusal(const char *text, const struct person *person, enum match *how_out)
{
    enum match match;

    *how_out = MATCH;
    match = match_users(text, "denyusers", person->name);
    if (match == MATCH)
        return "DenyUsers";
    if (is_set(text, "allowusers")
        && match_users(text, "allowusers", person->name) == MATCH_NO)
        return "AllowUsers";
    if (match_groups(text, "denygroups", person) == MATCH)
        return "DenyGroups";
    if (is_set(text, "allowgroups")
        && match_groups(text, "allowgroups", person) == MATCH_NO)
        return "AllowGroups";
    *how_out = MATCH_FROM_SOMEWHERE;
    if (match == MATCH_FROM_SOMEWHERE)
        return "DenyUsers";
    if (match_users(text, "allowusers", person->name) == MATCH_FROM_SOMEWHERE)
        return "AllowUsers";
    *how_out = MATCH_NO;
    return NULL;
}

static void
free_person(struct person *person)
{
    for (size_t i = 0; i < person->group_count; i++)
        free(person->groups[i]);
    free(person->groups);
    memset(person, 0, sizeof(*person));
}

/* Adds the group's name; one without a name is passed over, as sshd does. */
static bool
add_group(struct person *person, gid_t gid)
{
    struct group group;
    char *memory = NULL, *name = NULL;
    enum lookup found = lookup_group_of(gid, &group, &memory);

    if (found == LOOKUP_FOUND) {
        name = strdup(group.gr_name);
        if (name == NULL)
            found = LOOKUP_FAILED;
        else
            person->groups[person->group_count++] = name;
    }
    person->error = errno;
    free(memory);
    return found != LOOKUP_FAILED;
}

/* False, with the error, when one of them could not be looked up. */
static bool
read_groups(struct person *person, gid_t primary)
{
    int count = 64;
    gid_t *gids = NULL;
    bool done = false;

    /* It says how many there are; a second no is about something else. */
    for (int tries = 0; !done && tries < 2; tries++) {
        gid_t *longer = realloc(gids, (size_t) count * sizeof(*gids));

        if (longer == NULL)
            break;
        gids = longer;
        done = getgrouplist(person->name, primary, gids, &count) >= 0;
    }
    person->error = ENOMEM; /* by the manual page the only reason */
    person->groups = done ? calloc((size_t) count + 1, sizeof(char *)) : NULL;
    done = person->groups != NULL;
    for (int i = 0; done && i < count; i++)
        done = add_group(person, gids[i]);
    free(gids);
    return done;
}

/* With all groups; free_person() in every case. */
static enum lookup
read_person(struct person *person, const char *name)
{
    struct passwd account;
    char *memory = NULL;
    enum lookup found;

    memset(person, 0, sizeof(*person));
    person->name = name;
    found = lookup_account(name, &account, &memory);
    person->error = errno;
    if (found == LOOKUP_FOUND && !read_groups(person, account.pw_gid))
        found = LOOKUP_FAILED;
    free(memory);
    return found;
}

static void
add_unknown(struct check *check, const char *name, int error)
{
    check_add(check, CHECK_PROBLEM, FINDING_SSHD_LISTS_LOOKUP,
              "mend the name service (passwd: and group: in "
              "/etc/nsswitch.conf)",
              "%s, or a group of that person, could not be looked up (%s): "
              "whether sshd's lists keep the person out is not known",
              name, strerror(error));
}

/* All values of the keyword, for a message. */
static void
values_of(const char *text, const char *keyword, char *out, size_t size)
{
    char word[WORD_MAX];
    bool inside = false;
    size_t used = 0;

    out[0] = '\0';
    while (used + 1 < size && next_listed(&text, keyword, &inside, word)) {
        (void) snprintf(out + used, size - used, "%s%.120s",
                        used == 0 ? "" : " ", word);
        used = strlen(out);
    }
}

static bool
check_one(struct check *check, const char *text)
{
    struct person person;
    enum match how = MATCH_NO;
    const char *keyword = NULL;
    bool known = true;
    char values[400];

    switch (read_person(&person, check->user)) {
    case LOOKUP_FOUND:
        keyword = refusal(text, &person, &how);
        break;
    case LOOKUP_NONE:
        break; /* check_account says so */
    case LOOKUP_FAILED:
        add_unknown(check, check->user, person.error);
        known = false;
        break;
    }
    free_person(&person);
    if (keyword == NULL)
        return known;
    values_of(text, keyword, values, sizeof(values));
    if (how == MATCH)
        check_add(
            check, CHECK_PROBLEM, FINDING_SSHD_LIST,
            check_cure(check,
                       keyword[0] == 'A'
                           ? "add the person's name or group to %s in "
                             "/etc/ssh/sshd_config (or usermod --append "
                             "--groups)\nsystemctl reload %s"
                           : "take the person's name or group out of %s in "
                             "/etc/ssh/sshd_config\nsystemctl reload %s",
                       keyword, check_sshd_unit()),
            "%s %s keeps %s out, whatever the pool says: sshd hides "
            "the password from PAM",
            keyword, values, check->user);
    else
        check_add(check, CHECK_WARNING, FINDING_SSHD_LIST_ADDRESS,
                  check_cure(check,
                             "check that people come from where %s in "
                             "/etc/ssh/sshd_config lets them",
                             keyword),
                  "%s %s: for %s it depends on the address", keyword, values,
                  check->user);
    return false;
}

/* Members of only_group, and one of each kind. */
struct members {
    const char *text;
    size_t in, out, unknown;
    char kept_out[WORD_MAX], not_known[WORD_MAX];
    int error;
};

static void
count_member(void *context, const char *name)
{
    struct members *members = context;
    struct person person;
    enum match how = MATCH_NO;

    switch (read_person(&person, name)) {
    case LOOKUP_FOUND:
        if (refusal(members->text, &person, &how) != NULL && how == MATCH) {
            members->out++;
            (void) snprintf(members->kept_out, WORD_MAX, "%s", name);
        } else {
            members->in++;
        }
        break;
    case LOOKUP_NONE:
        break;
    case LOOKUP_FAILED:
        members->unknown++;
        members->error = person.error;
        (void) snprintf(members->not_known, WORD_MAX, "%s", name);
        break;
    }
    free_person(&person);
}

static bool
check_members(struct check *check, const char *text)
{
    struct members members = {.text = text};
    bool every;

    /* Of a group that is not found check_groups() tells. */
    (void) check_each_member(check, count_member, &members);
    if (members.unknown > 0)
        add_unknown(check, members.not_known, members.error);
    if (members.out == 0)
        return members.unknown == 0;
    every = members.in + members.unknown == 0;
    check_add(check, every ? CHECK_PROBLEM : CHECK_WARNING,
              FINDING_SSHD_LIST_MEMBERS,
              check_cure(check,
                         "pam-cognito check NAME says by which list; add the "
                         "group in /etc/ssh/sshd_config\nsystemctl reload %s",
                         check_sshd_unit()),
              "sshd's lists of users and groups keep %s of only_group out "
              "(%s%s)",
              every ? "every member" : "some members", members.kept_out,
              members.out == 1 ? "" : " and others");
    return false;
}

bool
check_sshd_lists(struct check *check, const char *text)
{
    if (!is_set(text, "denyusers") && !is_set(text, "allowusers")
        && !is_set(text, "denygroups") && !is_set(text, "allowgroups"))
        return true;
    return check->user == NULL ? check_members(check, text)
                               : check_one(check, text);
}
