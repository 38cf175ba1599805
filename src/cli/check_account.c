/*
 * What the module's own scope says, and what else keeps a person out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/check_account.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cli/in_scope.h"

#define AREA "account"

/* What to do, by the words of scope.c. */
static const char *
fix_of(const char *reason)
{
    static const struct {
        const char *reason;
        const char *fix;
    } fixes[] = {
        {"root", "root never is the pool's; name an ordinary user"},
        {"no local account",
         "make the account (useradd --create-home), or connect the name "
         "service that knows it; sshd hides the password of unknown names"},
        {"a system account", "give the person an account of uid 1000 or more"},
        {"uid below minimum_uid",
         "give the account a higher uid, or lower minimum_uid"},
        {"in neither only_users nor only_group",
         "usermod --append --groups GROUP NAME, or widen only_users"},
        {"not a name that username_class allows",
         "rename the account, or widen username_class"},
    };

    for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
        if (strcmp(fixes[i].reason, reason) == 0)
            return fixes[i].fix;
    return NULL;
}

static void
check_home(struct check *check, const struct passwd *account)
{
    if (account->pw_shell != NULL
        && (strstr(account->pw_shell, "nologin") != NULL
            || strcmp(account->pw_shell, "/bin/false") == 0))
        check_add(check, CHECK_WARNING, AREA, "usermod --shell /bin/bash",
                  "%s has the shell %s, which lets nobody in", check->user,
                  account->pw_shell);
    else if (account->pw_dir != NULL && strcmp(account->pw_dir, "/") != 0
             && access(account->pw_dir, F_OK) < 0
             && check->trust.owner == 0)
        check_add(check, CHECK_WARNING, AREA,
                  "make it, or add \"session required pam_mkhomedir.so\"",
                  "the home of %s, %s, is not there", check->user,
                  account->pw_dir);
}

void
check_account(struct check *check)
{
    const struct passwd *account;
    const char *reason = "";

    if (check->user == NULL) {
        check_leave_out(check, "a person's account: name one");
        return;
    }
    switch (in_scope(check->user, check->service, check->argument_count,
                     check->arguments, &check->trust, &reason)) {
    case SCOPE_OURS:
        break;
    case SCOPE_FOREIGN:
        check_add(check, CHECK_PROBLEM, AREA, fix_of(reason),
                  "%s is not the pool's on this machine: %s", check->user,
                  reason);
        return;
    case SCOPE_UNKNOWN:
    case SCOPE_ALIAS:
    case SCOPE_REFUSED:
        check_add(check, CHECK_PROBLEM, AREA, fix_of(reason),
                  "%s is refused before anything is asked: %s", check->user,
                  reason);
        return;
    case SCOPE_MEMORY:
        check_add(check, CHECK_PROBLEM, AREA, NULL, "out of memory");
        return;
    }
    account = getpwnam(check->user);
    if (account == NULL) {
        check_add(check, CHECK_OK, AREA, NULL,
                  "%s is in scope, without a local account", check->user);
        return;
    }
    check_add(check, CHECK_OK, AREA, NULL, "%s, uid %lu, is in scope",
              check->user, (unsigned long) account->pw_uid);
    check_home(check, account);
}
