/*
 * Decides whose sign-in it is: root and except_users by name, then the
 * account, the uid range and the lists. Starts nothing and sends nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/scope.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pattern.h"

#define NAME_MAX_BYTES 128
#define GROUPS_USUAL 64 /* an account is in; more cost a second look-up */

/* systemd's dynamic users, and nobody: never people. */
static bool
is_system_uid(uid_t uid)
{
    return uid == 0 || (uid >= 61184 && uid <= 65519) || uid == 65534
           || uid == (uid_t) -1;
}

/*
 * Names that no setting lets through: they would mean something to a file
 * name, a command line or a log.
 */
static bool
is_dangerous_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '-' || strlen(name) > NAME_MAX_BYTES
        || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char) *at <= ' ' || *at == 0x7f || *at == '/'
            || *at == ':')
            return true;
    return false;
}

bool
scope_allows_name(const struct config *config, const char *name)
{
    return !is_dangerous_name(name)
           && pattern_matches(config_text(config, KEY_USERNAME_CLASS), name);
}

/* A secret may stand where a group's name was expected. */
static const char *
shown(const char *name)
{
    return config_is_plain_name(name) ? name : "(its name is not shown)";
}

/* Says for the log what could not be found out; errno says why. */
static void
note_unknown(struct subject *subject, const char *kind, const char *name)
{
    int number = errno;
    char text[80];

    (void) snprintf(subject->why, sizeof(subject->why),
                    "the look-up of the %s %.64s failed: %s", kind, name,
                    strerror_r(number, text, sizeof(text)));
}

static void
note_missing(struct subject *subject, const char *name)
{
    size_t used = strlen(subject->missing);

    (void) snprintf(subject->missing + used, sizeof(subject->missing) - used,
                    "%s%s", used == 0 ? "" : ", ", shown(name));
}

/*
 * By the list of its members or as the account's own group. Who is listed by
 * another name of the account's is meant, too, and refused for that name.
 */
static bool
names_account(const struct group *group, const struct passwd *account,
              const char *asked)
{
    if (group->gr_gid == account->pw_gid)
        return true;
    for (char **member = group->gr_mem; *member != NULL; member++)
        if (strcmp(*member, account->pw_name) == 0
            || strcmp(*member, asked) == 0)
            return true;
    return false;
}

/*
 * Is the account in one of these, by a service whose groups do not list their
 * members? This asks about every group there is, so it comes last.
 */
static enum scope
find_in_all_groups(struct subject *subject, const struct passwd *account,
                   const gid_t *wanted, size_t count_wanted)
{
    int (*list)(const char *, gid_t, gid_t *, int *)
        = subject->lookups->group_list;
    gid_t some[GROUPS_USUAL];
    gid_t *groups = some, *many = NULL;
    int count = GROUPS_USUAL;
    enum scope scope = SCOPE_FOREIGN;

    if (list(account->pw_name, account->pw_gid, groups, &count) < 0) {
        groups = many = calloc((size_t) count, sizeof(*many));
        if (many == NULL
            || list(account->pw_name, account->pw_gid, many, &count) < 0) {
            free(many);
            errno = ENOMEM;
            note_unknown(subject, "groups of", account->pw_name);
            return SCOPE_UNKNOWN;
        }
    }
    for (int i = 0; i < count && scope == SCOPE_FOREIGN; i++)
        for (size_t j = 0; j < count_wanted; j++)
            if (groups[i] == wanted[j])
                scope = SCOPE_OURS;
    free(many);
    return scope;
}

/* A group that does not exist has no members; the log says so. */
static enum scope
find_in_listed_groups(struct subject *subject, const struct passwd *account)
{
    gid_t found[CONFIG_VALUE_MAX / 2]; /* a name and a comma each */
    size_t count = 0, position = 0;
    enum scope scope = SCOPE_FOREIGN;
    char name[CONFIG_VALUE_MAX];
    struct group group;
    char *memory;

    while (scope != SCOPE_OURS
           && config_list_next(subject->config, KEY_ONLY_GROUP, &position,
                               name)) {
        switch (subject->lookups->group(name, &group, &memory)) {
        case LOOKUP_FOUND:
            if (names_account(&group, account, subject->user))
                scope = SCOPE_OURS;
            if (count < sizeof(found) / sizeof(found[0]))
                found[count++] = group.gr_gid;
            break;
        case LOOKUP_NONE:
            note_missing(subject, name);
            break;
        case LOOKUP_FAILED:
            note_unknown(subject, "group", shown(name));
            scope = SCOPE_UNKNOWN;
            break;
        }
        free(memory);
    }
    if (scope == SCOPE_FOREIGN && count > 0)
        scope = find_in_all_groups(subject, account, found, count);
    return scope;
}

/*
 * Do the lists name all who were meant? Somebody of ours whose list is
 * misspelt, or given twice, is nobody else's. A fault of the file does not
 * count where an argument has a list: it must not bring others into scope.
 */
static bool
lists_are_known(const struct config *config)
{
    if (config_is_argument(config, KEY_ONLY_USERS)
        || config_is_argument(config, KEY_ONLY_GROUP))
        return config_argument_is_known(config, KEY_ONLY_USERS)
               && config_argument_is_known(config, KEY_ONLY_GROUP);
    return config_is_known(config, KEY_ONLY_USERS)
           && config_is_known(config, KEY_ONLY_GROUP);
}

/*
 * only_users and only_group: with both, either of them lets in. Where it is
 * not known who was meant it is everybody, whom the mistake keeps out.
 */
static enum scope
find_in_lists(struct subject *subject, const struct passwd *account)
{
    bool users = config_is_set(subject->config, KEY_ONLY_USERS);
    bool groups = config_is_set(subject->config, KEY_ONLY_GROUP);

    subject->listed = users || groups;
    if (!subject->listed || !lists_are_known(subject->config))
        return SCOPE_OURS;
    if (users
        && (config_list_has(subject->config, KEY_ONLY_USERS, subject->user)
            || (account != NULL
                && config_list_has(subject->config, KEY_ONLY_USERS,
                                   account->pw_name))))
        return SCOPE_OURS;
    return groups && account != NULL ? find_in_listed_groups(subject, account)
                                     : SCOPE_FOREIGN;
}

bool
subject_has_argument(const struct subject *subject, const char *argument)
{
    for (size_t i = 0; i < subject->count; i++)
        if (strcmp(subject->arguments[i], argument) == 0)
            return true;
    return false;
}

/* False when memory is out; faults are kept with the settings. */
static bool
read_settings(struct subject *subject)
{
    if (subject->config == NULL)
        subject->config = config_load(CONFIG_MODULE, subject->count,
                                      subject->arguments, subject->service,
                                      &subject->trust);
    return subject->config != NULL;
}

/*
 * Is a name without an account somebody, for this service? Nothing but this
 * key counts here: a fault elsewhere makes nobody of such names.
 */
static bool
may_lack_account(const struct subject *subject)
{
    return subject_has_argument(subject, "local_account=optional")
           || strcmp(config_text(subject->config, KEY_LOCAL_ACCOUNT),
                     "optional")
                  == 0;
}

/* By the account and the settings; account is NULL when there is none. */
static enum scope
judge(struct subject *subject, const struct passwd *account,
      const char **reason_out)
{
    enum scope scope;

    *reason_out = "a system account";
    if (account != NULL && is_system_uid(account->pw_uid))
        return SCOPE_FOREIGN;
    if (!read_settings(subject))
        return SCOPE_MEMORY;
    *reason_out = "uid below minimum_uid";
    if (account != NULL
        && account->pw_uid < config_number(subject->config, KEY_MINIMUM_UID))
        return SCOPE_FOREIGN;
    scope = find_in_lists(subject, account);
    *reason_out = scope == SCOPE_UNKNOWN
                      ? "its groups could not be looked up"
                      : "in neither only_users nor only_group";
    if (scope != SCOPE_OURS)
        return scope;
    *reason_out = "the account found bears another name";
    if (account != NULL && strcmp(account->pw_name, subject->user) != 0) {
        (void) snprintf(subject->why, sizeof(subject->why),
                        "the account found for that name is %.128s's",
                        account->pw_name);
        return SCOPE_ALIAS;
    }
    *reason_out = "not a name that username_class allows";
    if (!scope_allows_name(subject->config, subject->user))
        return SCOPE_REFUSED;
    *reason_out = "";
    return SCOPE_OURS;
}

enum scope
scope_of(struct subject *subject, const char **reason_out)
{
    enum scope scope = SCOPE_UNKNOWN;
    struct passwd account;
    enum lookup lookup;
    char *memory;

    subject->has_account = subject->listed = false;
    subject->uid = (uid_t) -1;
    subject->why[0] = subject->missing[0] = '\0';
    *reason_out = "root";
    subject->exempt = strcmp(subject->user, "root") == 0;
    if (subject->exempt)
        return SCOPE_FOREIGN;
    *reason_out = "named in except_users";
    subject->exempt = config_is_excepted(subject->user, subject->count,
                                         subject->arguments, &subject->trust);
    if (subject->exempt)
        return SCOPE_FOREIGN;
    lookup = subject->lookups->account(subject->user, &account, &memory);
    if (lookup == LOOKUP_FOUND) {
        subject->has_account = true;
        subject->uid = account.pw_uid;
    }
    *reason_out = "the account could not be looked up";
    if (lookup == LOOKUP_FAILED) {
        note_unknown(subject, "account", subject->user);
    } else if (lookup == LOOKUP_NONE && !read_settings(subject)) {
        scope = SCOPE_MEMORY;
    } else if (lookup == LOOKUP_NONE && !may_lack_account(subject)) {
        *reason_out = "no local account";
        scope = SCOPE_FOREIGN;
    } else {
        scope = judge(subject, lookup == LOOKUP_FOUND ? &account : NULL,
                      reason_out);
    }
    free(memory);
    return scope;
}
