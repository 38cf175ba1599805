/*
 * The local account beside the pool's in check: what pam_unix, pam_shells and
 * pam_nologin would say of it, by their own rules, and left-over local
 * passwords.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <ctype.h>
#include <errno.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOGIN_DEFS "/etc/login.defs"
#define DAY 86400
#define DAYS_MAX 9999  /* at most: later is as good as never */
#define PEOPLE_MAX 500 /* usable passwords that are asked about */
#define NO_AGEING "chage -d -1 -M -1 -I -1 -E -1 "

/* Is there a line of that phase that names the module? */
static bool
has_module(const struct check *check, int phase, const char *module)
{
    for (size_t i = 0; i < check->stack.count; i++)
        if ((phase < 0 || (int) check->stack.lines[i].phase == phase)
            && pam_line_is(&check->stack.lines[i], module))
            return true;
    return false;
}

/* What pam_unix makes of the account today, in the order of its tests. */
static const char *
age_today(const struct spwd *shadow, long today)
{
    long age = today - shadow->sp_lstchg;

    if (shadow->sp_expire != -1 && today >= shadow->sp_expire)
        return "it has expired: pam_unix refuses it";
    if (shadow->sp_lstchg == 0)
        return "its local password must be changed at once: pam_unix asks "
               "for one that nobody has";
    if (age < 0 || shadow->sp_max == -1 || age <= shadow->sp_max)
        return NULL;
    if (shadow->sp_inact != -1 && age > shadow->sp_max + shadow->sp_inact)
        return "its local password has been too old for too long: pam_unix "
               "refuses it";
    return "its local password is too old: pam_unix asks for it, and nobody "
           "has it";
}

/* The first day on which age_today() says something, or -1. */
static long
first_bad_day(const struct spwd *shadow)
{
    long day = -1;

    if (shadow->sp_lstchg > 0 && shadow->sp_max != -1
        && shadow->sp_max <= DAYS_MAX)
        day = shadow->sp_lstchg + shadow->sp_max + 1;
    if (shadow->sp_expire != -1 && (day == -1 || shadow->sp_expire < day))
        day = shadow->sp_expire;
    return day;
}

static bool
check_ageing(struct check *check, const char *name, const struct spwd *shadow)
{
    long today = (long) (time(NULL) / DAY), first = first_bad_day(shadow);
    const char *now = age_today(shadow, today);
    char fix[128], day[CHECK_DAY_SIZE];

    (void) snprintf(fix, sizeof(fix), NO_AGEING "%.40s", name);
    if (now != NULL) {
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_AGED, fix,
                  "%s has a local account that ages: %s", name, now);
        return false;
    }
    if (first == -1)
        return true;
    check_format_day((int64_t) first * DAY, day);
    check_add(check, CHECK_WARNING, FINDING_ACCOUNT_AGES, fix,
              "the local account of %s ages: from %s on pam_unix lets nobody "
              "in there, whatever the pool says (PASS_MAX_DAYS in "
              "/etc/login.defs, or an expiry)",
              name, day);
    return false;
}

/* Is there a password that pam_unix would accept? Also the empty one. */
static bool
is_usable(const char *hash)
{
    return hash != NULL && hash[0] != '!' && hash[0] != '*'
           && strcmp(hash, "x") != 0;
}

/* Can anybody be named by the lists? Groups that are not there name nobody. */
static bool
names_somebody(const struct check *check)
{
    return config_is_set(check->module, KEY_ONLY_USERS)
           || check_has_group(check);
}

/* Else the uid alone makes scope: local people with it, by design. */
static bool
is_listed(const struct check *check)
{
    return check->module != NULL
           && (config_is_set(check->module, KEY_ONLY_GROUP)
               || config_is_set(check->module, KEY_ONLY_USERS));
}

static void
add_usable(struct check *check, const char *name)
{
    char fix[128];

    (void) snprintf(fix, sizeof(fix),
                    "passwd -l %.40s, or usermod -p '!' "
                    "%.40s",
                    name, name);
    check_add(check, is_listed(check) ? CHECK_PROBLEM : CHECK_WARNING,
              FINDING_ACCOUNT_LOCAL_PASSWORD, fix,
              "%s is the pool's and has a local password too: it opens "
              "whatever does not ask the pool, and here when the pool does "
              "not know the name or the module cannot be loaded",
              name);
}

/* What either of the account's two records says. */
static bool
judge_records(struct check *check, const char *name, const char *hash,
              const struct spwd *shadow)
{
    bool good = true;

    if (is_usable(hash) || (shadow != NULL && is_usable(shadow->sp_pwdp))) {
        add_usable(check, name);
        good = false;
    }
    if (shadow != NULL && has_module(check, PAM_PHASE_ACCOUNT, "pam_unix.so"))
        good = check_ageing(check, name, shadow) && good;
    return good;
}

/* Local passwords and ageing, which root alone sees. */
static bool
check_shadow(struct check *check, const struct passwd *account)
{
    const struct spwd *shadow;

    if (geteuid() != 0) {
        if (!check->facts.no_login)
            check_leave_out(check, FINDING_ACCOUNT_ROOT_ONLY,
                            "ageing and the local password, which "
                            "only root can see");
        return true;
    }
    errno = 0;
    shadow = getspnam(account->pw_name);
    if (shadow == NULL && errno != 0 && errno != ENOENT) {
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_SHADOW,
                  "getent shadow USER; mend /etc/shadow",
                  "the shadow entry of %s cannot be looked up: %s",
                  check->user, strerror(errno));
        return false;
    }
    return judge_records(check, check->user, account->pw_passwd, shadow);
}

/* As pam_shells looks. */
static bool
is_listed_shell(const char *shell)
{
    FILE *file = check_open_etc("shells");
    char line[512];
    bool listed = false;

    while (file != NULL && !listed
           && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        listed = strcmp(line, shell) == 0;
    }
    if (file != NULL)
        (void) fclose(file);
    return listed;
}

static bool
check_shell(struct check *check, const struct passwd *account)
{
    const char *shell = account->pw_shell == NULL || !account->pw_shell[0]
                            ? "/bin/sh"
                            : account->pw_shell;
    bool asked = has_module(check, -1, "pam_shells.so");
    struct stat st;

    if (strstr(shell, "nologin") != NULL || strcmp(shell, "/bin/false") == 0
        || strcmp(shell, "/usr/bin/false") == 0) {
        check_add(
            check, CHECK_WARNING, FINDING_ACCOUNT_SHELL_NOLOGIN,
            check_cure(check, "usermod --shell /bin/bash %.64s", check->user),
            "%s has the shell %s, which lets nobody in", check->user, shell);
        return false;
    }
    if (stat(shell, &st) < 0 || !S_ISREG(st.st_mode)
        || (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNT_SHELL_MISSING,
                  check_cure(check,
                             "usermod --shell /bin/bash %.64s, or install it",
                             check->user),
                  "%s has the shell %s, which is no program here: sshd and "
                  "login let nobody in with it",
                  check->user, shell);
        return false;
    }
    if (is_listed_shell(shell))
        return true;
    check_add(check, asked ? CHECK_PROBLEM : CHECK_WARNING,
              FINDING_ACCOUNT_SHELL_UNLISTED,
              check_cure(
                  check,
                  "add it to /etc/shells, or\nusermod --shell /bin/bash %.64s",
                  check->user),
              "%s has the shell %s, which is not in /etc/shells%s",
              check->user, shell,
              asked ? ": pam_shells in this stack refuses it" : "");
    return false;
}

static bool
check_home(struct check *check, const struct passwd *account)
{
    if (account->pw_dir == NULL || strcmp(account->pw_dir, "/") == 0
        || access(account->pw_dir, F_OK) == 0 || geteuid() != 0
        || has_module(check, PAM_PHASE_SESSION, "pam_mkhomedir.so"))
        return true;
    check_add(check, CHECK_WARNING, FINDING_ACCOUNT_NO_HOME,
              check_cure(check,
                         "make it, or add to /etc/pam.d/%.64s\nsession "
                         "required pam_mkhomedir.so",
                         check->service),
              "the home of %s, %s, is not there", check->user,
              account->pw_dir);
    return false;
}

static bool
check_source(struct check *check)
{
    if (check_is_in_file("passwd", check->user))
        return true;
    check_add(check, CHECK_WARNING, FINDING_ACCOUNT_NOT_LOCAL,
              check_cure(check,
                         "copy its line into /etc/passwd, where it cannot "
                         "fail\ngetent passwd %.200s",
                         check->user),
              "%s is not in /etc/passwd but comes from the network or "
              "another service: while that fails, nobody gets in by the name",
              check->user);
    return false;
}

void
check_person(struct check *check, const struct passwd *account)
{
    bool good = check_source(check);

    good = check_shadow(check, account) && good;
    if (!check->facts.no_login)
        good = check_shell(check, account) && check_home(check, account)
               && good;
    check->may_sign_in = true;
    check_brief(check, "local, uid %lu; sign-in goes to the user pool",
                (unsigned long) account->pw_uid);
    if (good)
        check_add(check, CHECK_OK, FINDING_ACCOUNT_IN_SCOPE, NULL,
                  "%s, uid %lu, is in scope%s", check->user,
                  (unsigned long) account->pw_uid,
                  geteuid() == 0 ? ", does not age and has no local password"
                                 : "");
    else
        check_add(check, CHECK_OK, FINDING_ACCOUNT_IN_SCOPE, NULL,
                  "%s, uid %lu, is in scope", check->user,
                  (unsigned long) account->pw_uid);
}

/* Names about which judge_records has something to say, one behind another. */
static char *
odd_names(size_t *count_out)
{
    long today = (long) (time(NULL) / DAY);
    const struct spwd *shadow;
    char *names = NULL;
    size_t used = 0;

    *count_out = 0;
    setspent();
    while (*count_out < PEOPLE_MAX && (shadow = getspent()) != NULL) {
        size_t length = strlen(shadow->sp_namp) + 1;
        char *longer;

        if (!is_usable(shadow->sp_pwdp) && age_today(shadow, today) == NULL)
            continue;
        longer = realloc(names, used + length);
        if (longer == NULL)
            break;
        names = longer;
        memcpy(names + used, shadow->sp_namp, length);
        used += length;
        (*count_out)++;
    }
    endspent();
    return names;
}

/* New accounts age where login.defs says so. */
static void
check_defaults(struct check *check)
{
    FILE *file = check_open_etc("login.defs");
    static const char key[] = "PASS_MAX_DAYS";
    const size_t length = sizeof(key) - 1;
    char line[512];
    long days = -1;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *at = line + strspn(line, " \t");

        /* login.defs(5): what is no number is 0 there as well. */
        if (strncmp(at, key, length) == 0
            && (at[length] == ' ' || at[length] == '\t'))
            days = strtol(at + length, NULL, 10);
    }
    if (file != NULL)
        (void) fclose(file);
    if (days >= 0 && days <= DAYS_MAX)
        check_add(check, CHECK_WARNING, FINDING_ACCOUNT_DEFAULTS_AGE,
                  "after useradd\n" NO_AGEING "NAME\npam-cognito check NAME",
                  "accounts made here age after %ld days (PASS_MAX_DAYS "
                  "in " LOGIN_DEFS
                  "): pam_unix then asks for a local password "
                  "that pool users do not have",
                  days);
}

void
check_people(struct check *check)
{
    const char *reason, *name;
    size_t count;
    bool good = true;
    char *names;

    if (check->module == NULL)
        return;
    check_defaults(check);
    if (geteuid() != 0 || !is_listed(check) || !names_somebody(check))
        return;
    names = odd_names(&count);
    name = names;
    for (size_t i = 0; i < count; i++, name += strlen(name) + 1) {
        const struct spwd *shadow;

        if (check_scope(check, name, &reason) != SCOPE_OURS)
            continue;
        shadow = getspnam(name);
        good = (shadow == NULL || judge_records(check, name, NULL, shadow))
               && good;
    }
    if (good)
        check_add(check, CHECK_OK, FINDING_ACCOUNT_NOBODY_ODD, NULL,
                  "nobody in scope has a local password or has aged");
    free(names);
}

void
check_nologin(struct check *check)
{
    FILE *file = check_open_etc("nologin");
    bool there = file != NULL || access("/run/nologin", F_OK) == 0;

    if (file != NULL)
        (void) fclose(file);
    if (there && has_module(check, -1, "pam_nologin.so"))
        check_add(
            check, CHECK_PROBLEM, FINDING_ACCOUNT_NOLOGIN,
            check_cure(
                check,
                "rm %s, or wait until the machine has started or stopped",
                file != NULL ? "/etc/nologin" : "/run/nologin"),
            "%s is there: pam_nologin lets nobody in but root",
            file != NULL ? "/etc/nologin" : "/run/nologin");
}
