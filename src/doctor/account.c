/*
 * The person in check: whether the module takes the named user for the pool's
 * (the same scope.c), and what the account itself says. Sends nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "pam/lookup.h"

/* The user's name in the place of USER, where no shell would mind it. */
static const char *
with_name(struct check *check, const char *fix)
{
    const char *at = strstr(fix, "USER");

    if (at == NULL || !config_is_plain_name(check->user))
        return fix;
    return check_cure(check, "%.*s%.64s%s", (int) (at - fix), fix, check->user,
                      at + strlen("USER"));
}

/* What to do, by the words of scope.c. */
static const char *
fix_of_reason(struct check *check, const char *reason)
{
    static const struct {
        const char *reason;
        const char *fix;
    } fixes[] = {
        {"root", "pam-cognito check NAME\nof an ordinary user: root never is "
                 "the pool's"},
        {"no local account",
         "useradd --create-home USER\nor connect the name service that knows "
         "it; sshd hides the password of unknown names"},
        {"a system account",
         "usermod --uid UID USER, with a uid of 1000 or more"},
        {"uid below minimum_uid",
         "usermod --uid UID USER, or lower minimum_uid in " PAM_COGNITO_CONF},
        {"in neither only_users nor only_group",
         "usermod --append --groups GROUP USER\nor widen only_users"},
        {"the account could not be looked up",
         "mend the name service (passwd: in /etc/nsswitch.conf)"},
        {"its groups could not be looked up",
         "mend the name service (group: in /etc/nsswitch.conf)"},
        {"the account found bears another name",
         "getent passwd USER\nshows the account's own name: sign in by that, "
         "and take the alias out of the name service"},
        {"not a name that username_class allows",
         "usermod --login NAME USER, or widen username_class "
         "in " PAM_COGNITO_CONF},
    };

    if (check->facts.no_login && strcmp(reason, "no local account") == 0)
        return "local_account = optional in this service's section "
               "of " PAM_COGNITO_CONF
               ", where its users need no account here; else make the account";
    for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
        if (strcmp(fixes[i].reason, reason) == 0)
            return with_name(check, fixes[i].fix);
    return NULL;
}

enum scope
check_scope(const struct check *check, const char *user,
            const char **reason_out)
{
    struct subject subject = {
        .user = user,
        .service = check->service,
        .count = check->argument_count,
        .arguments = check->arguments,
        .trust = check->trust,
        .lookups = &lookup_services,
    };
    enum scope scope = scope_of(&subject, reason_out);

    config_free(subject.config);
    return scope;
}

/* The account that the name service has for somebody in scope. */
static void
check_account_record(struct check *check)
{
    struct passwd account;
    char *memory = NULL;

    switch (lookup_account(check->user, &account, &memory)) {
    case LOOKUP_NONE:
        check->may_sign_in = true;
        check_add(check, CHECK_OK, FINDING_ACCOUNT_NOT_NEEDED, NULL,
                  "%s is in scope, without a local account", check->user);
        break;
    case LOOKUP_FAILED:
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_LOOKUP,
                  "mend the name service (passwd: in /etc/nsswitch.conf)",
                  "the account of %s cannot be looked up: %s", check->user,
                  strerror(errno));
        break;
    case LOOKUP_FOUND:
        check_person(check, &account);
        break;
    }
    free(memory);
}

void
check_account(struct check *check)
{
    const char *reason = "";

    check_groups(check);
    check_nologin(check);
    if (check->user == NULL) {
        check_people(check);
        check_leave_out(check, FINDING_ACCOUNT_NO_USER,
                        "a person's account: name one");
        return;
    }
    switch (check_scope(check, check->user, &reason)) {
    case SCOPE_OURS:
        break;
    case SCOPE_FOREIGN:
        if (strcmp(reason, "named in except_users") == 0) {
            check_add(check, CHECK_OK, FINDING_ACCOUNT_BREAK_GLASS, NULL,
                      "%s is the break-glass (except_users): the pool is not "
                      "asked, the local password decides",
                      check->user);
            return;
        }
        check_brief(check, "not the user pool's: %s", reason);
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_NOT_POOL_USER,
                  fix_of_reason(check, reason),
                  "%s is not the pool's on this machine: %s", check->user,
                  reason);
        return;
    case SCOPE_UNKNOWN:
    case SCOPE_ALIAS:
    case SCOPE_REFUSED:
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_REFUSED,
                  fix_of_reason(check, reason),
                  "%s is refused before anything is asked: %s", check->user,
                  reason);
        return;
    case SCOPE_MEMORY:
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_MEMORY,
                  "free -h says what memory is left; try again",
                  "out of memory");
        return;
    }
    check_account_record(check);
}
