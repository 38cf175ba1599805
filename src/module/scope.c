/*
 * Who is ours.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/scope.h"

#include <pwd.h>
#include <security/pam_modutil.h>
#include <string.h>

#include "common/pattern.h"

#define NAME_MAX_BYTES 128

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
is_in_listed_group(const struct call *call, const char *user)
{
    char group[CONFIG_VALUE_MAX];
    size_t position = 0;

    while (config_list_next(call->config, KEY_ONLY_GROUP, &position, group))
        if (pam_modutil_user_in_group_nam_nam(call->pamh, user, group) == 1)
            return true;
    return false;
}

/* only_users and only_group: with both, either of them lets in. */
static bool
is_listed(const struct call *call)
{
    bool users = config_is_set(call->config, KEY_ONLY_USERS);
    bool groups = config_is_set(call->config, KEY_ONLY_GROUP);

    if (!users && !groups)
        return true;
    if (users && config_list_has(call->config, KEY_ONLY_USERS, call->user))
        return true;
    return groups && is_in_listed_group(call, call->user);
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
    if (!is_listed(call))
        return SCOPE_FOREIGN;
    *reason_out = "not a name that username_class allows";
    if (is_dangerous_name(call->user)
        || !pattern_matches(config_text(call->config, KEY_USERNAME_CLASS),
                            call->user))
        return SCOPE_REFUSED;
    *reason_out = "";
    return SCOPE_OURS;
}
