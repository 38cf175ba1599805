/*
 * The groups of only_group in check. One that cannot be looked up has no
 * members, or nobody can log in: both are told before they happen.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "pam/lookup.h"

#define GROUP_FILE "/etc/group"
#define MEMBERS_MAX 50

bool
check_is_in_file(const char *file_name, const char *name)
{
    FILE *file = check_open_etc(file_name);
    size_t size = 0, length = strlen(name);
    char *line = NULL;
    bool found = false;

    while (file != NULL && !found && getline(&line, &size, file) > 0)
        found = strncmp(line, name, length) == 0 && line[length] == ':';
    free(line);
    if (file != NULL)
        (void) fclose(file);
    return found;
}

/* The services that nsswitch.conf names for groups. */
static void
group_services(char *out, size_t size)
{
    FILE *file = check_open_etc("nsswitch.conf");
    char line[512];

    (void) snprintf(out, size, "files");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *text = line + strspn(line, " \t");

        if (strncmp(text, "group:", 6) != 0)
            continue;
        text += 6;
        text += strspn(text, " \t");
        text_clean_bytes(text, strcspn(text, "#\r\n"), out, size);
        for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; end--)
            out[end - 1] = '\0';
    }
    if (file != NULL)
        (void) fclose(file);
}

/* "the group NAME of only_group", or which of them it is. */
static void
describe(const char *name, size_t number, char *out, size_t size)
{
    if (config_is_plain_name(name))
        (void) snprintf(out, size, "the group %.32s of only_group", name);
    else
        (void) snprintf(out, size,
                        "group %zu of only_group (its name is not shown)",
                        number);
}

static void
tell_those_of(gid_t gid, void (*each)(void *context, const char *name),
              void *context)
{
    FILE *file = check_open_etc("passwd");
    const struct passwd *entry;
    size_t count = 0;

    while (file != NULL && count < MEMBERS_MAX
           && (entry = fgetpwent(file)) != NULL)
        if (entry->pw_gid == gid) {
            each(context, entry->pw_name);
            count++;
        }
    if (file != NULL)
        (void) fclose(file);
}

bool
check_each_member(const struct check *check,
                  void (*each)(void *context, const char *name), void *context)
{
    char name[CONFIG_VALUE_MAX];
    size_t position = 0;
    bool is_group = false;

    while (
        check->module != NULL
        && config_list_next(check->module, KEY_ONLY_GROUP, &position, name)) {
        struct group group;
        char *memory = NULL;

        if (lookup_group(name, &group, &memory) == LOOKUP_FOUND) {
            is_group = true;
            for (size_t i = 0; i < MEMBERS_MAX && group.gr_mem[i] != NULL; i++)
                each(context, group.gr_mem[i]);
            tell_those_of(group.gr_gid, each, context);
        }
        free(memory);
    }
    return is_group;
}

bool
check_is_group(const char *name)
{
    struct group group;
    char *memory = NULL;
    bool found = lookup_group(name, &group, &memory) != LOOKUP_NONE;

    free(memory);
    return found;
}

bool
check_has_group(const struct check *check)
{
    char name[CONFIG_VALUE_MAX];
    size_t position = 0;

    while (config_list_next(check->module, KEY_ONLY_GROUP, &position, name))
        if (check_is_group(name))
            return true;
    return false;
}

static bool
check_group(struct check *check, const char *name, size_t number)
{
    struct group group;
    char *memory = NULL;
    enum lookup found;
    char services[160], which[80];
    int error;

    describe(name, number, which, sizeof(which));

    errno = 0;
    found = lookup_group(name, &group, &memory);
    error = errno;
    free(memory);
    if (found == LOOKUP_NONE) {
        check_add(check, CHECK_PROBLEM, FINDING_GROUP_MISSING,
                  check_cure(check,
                             "groupadd %.32s\nusermod --append --groups %.32s "
                             "USER\nor correct only_group in %.200s",
                             config_is_plain_name(name) ? name : "NAME",
                             config_is_plain_name(name) ? name : "NAME",
                             config_text(check->module, KEY_CONFIG)),
                  "%s does not exist: it brings nobody into scope, whose "
                  "local password then decides",
                  which);
        return false;
    }
    group_services(services, sizeof(services));
    if (found == LOOKUP_FAILED) {
        check_add(check, CHECK_PROBLEM, FINDING_GROUP_LOOKUP,
                  "mend that service; a group in " GROUP_FILE " needs none",
                  "%s cannot be looked up (%s; group: %s): everybody whom it "
                  "could name is refused",
                  which, strerror(error), services);
        return false;
    }
    if (check_is_in_file("group", name))
        return true;
    check_add(check, CHECK_PROBLEM, FINDING_GROUP_NOT_LOCAL,
              "make the group and its members local (groupadd, usermod "
              "--append --groups): in " GROUP_FILE " it cannot fail",
              "the group %s of only_group is not in " GROUP_FILE " but comes "
              "from the network or another service (group: %s): when that "
              "fails, its members may not be seen as the pool's",
              name, services);
    return false;
}

void
check_groups(struct check *check)
{
    char name[CONFIG_VALUE_MAX];
    size_t position = 0, count = 0;
    bool good = true;

    if (check->module == NULL)
        return;
    while (config_list_next(check->module, KEY_ONLY_GROUP, &position, name)) {
        good = check_group(check, name, ++count) && good;
    }
    if (good && count > 0)
        check_add(check, CHECK_OK, FINDING_GROUP_LOCAL, NULL,
                  "the group%s of only_group %s in " GROUP_FILE,
                  count == 1 ? "" : "s", count == 1 ? "is" : "are");
}
