/*
 * Who is ours.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/scope.h"

#include <grp.h>
#include <pwd.h>
#include <security/pam_modutil.h>
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

static bool
is_in_group(const struct passwd *account, const struct group *group)
{
    gid_t some[GROUPS_USUAL];
    gid_t *groups = some, *many = NULL;
    int count = GROUPS_USUAL;
    bool found = false;

    for (char **member = group->gr_mem; *member != NULL; member++)
        if (strcmp(*member, account->pw_name) == 0)
            return true;
    if (getgrouplist(account->pw_name, account->pw_gid, groups, &count) < 0) {
        groups = many = calloc((size_t) count, sizeof(*many));
        /* Who cannot be looked at is ours: the pool is asked, no gate is
         * passed by. */
        if (many == NULL
            || getgrouplist(account->pw_name, account->pw_gid, many, &count)
                   < 0) {
            free(many);
            return true;
        }
    }
    for (int i = 0; i < count && !found; i++)
        found = groups[i] == group->gr_gid;
    free(many);
    return found;
}

/*
 * As pam_modutil_user_in_group_nam_nam, which would look the account up once
 * more: strangers pay for that at each of their logins.
 */
static bool
is_in_listed_group(const struct call *call, const struct passwd *account)
{
    const struct group *group;
    char name[CONFIG_VALUE_MAX];
    size_t position = 0;

    while (account != NULL
           && config_list_next(call->config, KEY_ONLY_GROUP, &position,
                               name)) {
        group = pam_modutil_getgrnam(call->pamh, name);
        if (group != NULL && is_in_group(account, group))
            return true;
    }
    return false;
}

/* only_users and only_group: with both, either of them lets in. */
static bool
is_listed(const struct call *call, const struct passwd *account)
{
    bool users = config_is_set(call->config, KEY_ONLY_USERS);
    bool groups = config_is_set(call->config, KEY_ONLY_GROUP);

    if (!users && !groups)
        return true;
    if (users && config_list_has(call->config, KEY_ONLY_USERS, call->user))
        return true;
    return groups && is_in_listed_group(call, account);
}

enum scope
scope_of(struct call *call, const char **reason_out)
{
    const struct passwd *account;

    *reason_out = "root";
    if (strcmp(call->user, "root") == 0)
        return SCOPE_FOREIGN;
    account = pam_modutil_getpwnam(call->pamh, call->user);
    *reason_out = "no local account";
    if (account == NULL
        && !call_has_argument(call, "local_account=optional"))
        return SCOPE_FOREIGN;
    *reason_out = "a system account";
    if (account != NULL && is_system_uid(account->pw_uid))
        return SCOPE_FOREIGN;

    if (call_settings(call) != STATUS_OK)
        return SCOPE_MEMORY;
    *reason_out = "uid below minimum_uid";
    if (account != NULL
        && account->pw_uid < config_number(call->config, KEY_MINIMUM_UID))
        return SCOPE_FOREIGN;
    *reason_out = "in neither only_users nor only_group";
    if (!is_listed(call, account))
        return SCOPE_FOREIGN;
    *reason_out = "not a name that username_class allows";
    if (is_dangerous_name(call->user)
        || !pattern_matches(config_text(call->config, KEY_USERNAME_CLASS),
                            call->user))
        return SCOPE_REFUSED;
    *reason_out = "";
    return SCOPE_OURS;
}
