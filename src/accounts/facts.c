/*
 * The files themselves, not the name services: what useradd and its relatives
 * write is what a plan compares with. The name services are asked about single
 * names only.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/facts.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "accounts/keys.h"
#include "accounts/pieces.h"
#include "accounts/reserved.h"
#include "pam/lookup_id.h"

#define PASSWD_FILE "/etc/passwd"
#define SHADOW_FILE "/etc/shadow"
#define GROUP_FILE "/etc/group"
#define SUBUID "/etc/subuid"
#define SUBGID "/etc/subgid"
#define DAY 86400

struct facts {
    struct plan_facts plan;
    const struct settings *settings;
    struct reserved *reserved;
    struct plan_account *accounts; /* by name, once all are read */
    struct plan_group *groups;
    struct plan_range *ranges;
    struct pieces memory; /* of all texts */
    char *error;
    size_t error_size;
};

static bool
fail(struct facts *facts, const char *path)
{
    (void) snprintf(facts->error, facts->error_size, "%s: %s", path,
                    strerror(errno));
    return false;
}

/* Room for one more item of size bytes, every 1024 items. */
static void *
grow(void *items, size_t count, size_t size)
{
    return count % 1024 != 0 ? items : reallocarray(items, count + 1024, size);
}

static const char *
keep(struct facts *facts, const char *text)
{
    return pieces_copy(&facts->memory, text, strlen(text));
}

/* ---- Accounts ---- */

static bool
add_account(struct facts *facts, const struct passwd *entry)
{
    struct plan_account *accounts
        = grow(facts->accounts, facts->plan.account_count, sizeof(*accounts));
    struct plan_account *account;

    if (accounts == NULL)
        return false;
    facts->accounts = accounts;
    account = &accounts[facts->plan.account_count];
    *account = (struct plan_account){.name = keep(facts, entry->pw_name),
                                     .uid = entry->pw_uid,
                                     .gid = entry->pw_gid,
                                     .gecos = keep(facts, entry->pw_gecos),
                                     .home = keep(facts, entry->pw_dir)};
    facts->plan.account_count++;
    return account->name != NULL && account->gecos != NULL
           && account->home != NULL;
}

static bool
read_accounts(struct facts *facts)
{
    FILE *file = fopen(PASSWD_FILE, "re");
    struct passwd *entry = NULL;
    bool done = true;

    if (file == NULL)
        return fail(facts, PASSWD_FILE);
    for (errno = 0; done && (entry = fgetpwent(file)) != NULL; errno = 0)
        done = add_account(facts, entry);
    /* Nothing else tells a damaged line from the end. */
    if (!done || (errno != 0 && errno != ENOENT))
        done = fail(facts, PASSWD_FILE);
    (void) fclose(file);
    return done;
}

static int
compare(const void *left, const void *right)
{
    return strcmp(((const struct plan_account *) left)->name,
                  ((const struct plan_account *) right)->name);
}

/* Whose date of expiry has passed. */
static bool
read_expiry(struct facts *facts)
{
    FILE *file = fopen(SHADOW_FILE, "re");
    long today = (long) (time(NULL) / DAY);
    struct spwd *entry = NULL;
    bool done = true;

    if (file == NULL)
        return fail(facts, SHADOW_FILE);
    if (facts->accounts == NULL) {
        (void) fclose(file);
        return true; /* whose then */
    }
    qsort(facts->accounts, facts->plan.account_count, sizeof(*facts->accounts),
          compare);
    for (errno = 0; (entry = fgetspent(file)) != NULL; errno = 0) {
        struct plan_account key = {.name = entry->sp_namp};
        struct plan_account *found
            = bsearch(&key, facts->accounts, facts->plan.account_count,
                      sizeof(*facts->accounts), compare);

        /* As pam_unix and sshd see it: 0 is no date. */
        if (found != NULL)
            found->expired = entry->sp_expire > 0 && entry->sp_expire <= today;
    }
    if (errno != 0 && errno != ENOENT)
        done = fail(facts, SHADOW_FILE);
    (void) fclose(file);
    return done;
}

/* ---- Groups ---- */

static bool
add_group(struct facts *facts, const struct group *entry)
{
    struct plan_group *groups = grow(facts->groups, facts->plan.group_count,
                                     sizeof(*groups));
    struct plan_group *group;
    const char **members;
    size_t count = 0;

    if (groups == NULL)
        return false;
    facts->groups = groups;
    while (entry->gr_mem[count] != NULL)
        count++;
    members = pieces_take(&facts->memory, (count + 1) * sizeof(*members));
    if (members == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        members[i] = keep(facts, entry->gr_mem[i]);
        if (members[i] == NULL)
            return false;
    }
    group = &groups[facts->plan.group_count++];
    *group = (struct plan_group){.name = keep(facts, entry->gr_name),
                                 .gid = entry->gr_gid,
                                 .members = members,
                                 .member_count = count};
    return group->name != NULL;
}

static bool
read_groups(struct facts *facts)
{
    FILE *file = fopen(GROUP_FILE, "re");
    struct group *entry = NULL;
    bool done = true;

    if (file == NULL)
        return fail(facts, GROUP_FILE);
    for (errno = 0; done && (entry = fgetgrent(file)) != NULL; errno = 0)
        done = add_group(facts, entry);
    if (!done || (errno != 0 && errno != ENOENT))
        done = fail(facts, GROUP_FILE);
    (void) fclose(file);
    return done;
}

/* ---- Subordinate ids ---- */

/* OWNER:FIRST:COUNT; what is none is passed over, as newuidmap does. */
static bool
add_range(struct facts *facts, const char *line)
{
    const char *at = strchr(line, ':');
    struct plan_range *ranges;
    uint64_t first, count;
    char *end;

    if (at == NULL)
        return true;
    first = strtoull(at + 1, &end, 10);
    if (*end != ':')
        return true;
    count = strtoull(end + 1, &end, 10);
    if (count == 0 || count > UINT32_MAX || first > UINT32_MAX)
        return true;
    ranges = grow(facts->ranges, facts->plan.range_count, sizeof(*ranges));
    if (ranges == NULL)
        return false;
    facts->ranges = ranges;
    ranges += facts->plan.range_count++;
    *ranges = (struct plan_range){
        .first = first,
        .last = first + count - 1,
        .owner = pieces_copy(&facts->memory, line, (size_t) (at - line)),
    };
    return ranges->owner != NULL;
}

static bool
read_ranges(struct facts *facts, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    bool done = true;

    if (file == NULL)
        return errno == ENOENT || fail(facts, path);
    while (done && getline(&line, &size, file) >= 0)
        done = add_range(facts, line);
    if (!done || ferror(file) != 0)
        done = fail(facts, path);
    free(line);
    (void) fclose(file);
    return done;
}

/* ---- Questions of a plan ---- */

static const char *
name_is_reserved(void *context, const char *name)
{
    return reserved_name(((struct facts *) context)->reserved, name);
}

static const char *
uid_is_reserved(void *context, uid_t uid)
{
    return reserved_uid(((struct facts *) context)->reserved, uid);
}

static enum lookup
name_is_taken(void *context, const char *name)
{
    struct passwd account;
    char *memory = NULL;
    enum lookup found = lookup_account(name, &account, &memory);

    (void) context;
    free(memory);
    return found;
}

static enum lookup
uid_is_taken(void *context, uid_t uid)
{
    struct passwd account;
    char *memory = NULL;
    enum lookup found = lookup_account_of(uid, &account, &memory);

    (void) context;
    free(memory);
    return found;
}

static bool
is_empty(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    bool empty = folder != NULL;

    for (errno = 0; empty && (entry = readdir(folder)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0
                || strcmp(entry->d_name, "..") == 0;
    empty = empty && errno == 0;
    if (folder != NULL)
        (void) closedir(folder);
    return empty;
}

static enum plan_home
find_home(void *context, const char *path, uid_t uid)
{
    struct stat st;

    (void) context;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? PLAN_HOME_NONE : PLAN_HOME_OTHER;
    if (!S_ISDIR(st.st_mode))
        return PLAN_HOME_OTHER;
    if (st.st_uid == uid)
        return PLAN_HOME_OURS;
    return st.st_uid == 0 && is_empty(path) ? PLAN_HOME_EMPTY
                                            : PLAN_HOME_OTHER;
}

static bool
keys_are_others(void *context, const char *name, const char *keys)
{
    return keys_differ(((struct facts *) context)->settings, name, keys);
}

/* ---- All of it ---- */

struct facts *
facts_read(const struct settings *settings, uid_t minimum_uid, char *error_out,
           size_t error_size)
{
    struct facts *facts = calloc(1, sizeof(*facts));

    if (facts == NULL) {
        (void) snprintf(error_out, error_size, "%s", strerror(errno));
        return NULL;
    }
    facts->settings = settings;
    facts->error = error_out;
    facts->error_size = error_size;
    facts->reserved = reserved_read("", error_out, error_size);
    if (facts->reserved == NULL || !read_accounts(facts) || !read_expiry(facts)
        || !read_groups(facts) || !read_ranges(facts, SUBUID)
        || !read_ranges(facts, SUBGID)) {
        facts_free(facts);
        return NULL;
    }
    facts->plan.accounts = facts->accounts;
    facts->plan.groups = facts->groups;
    facts->plan.ranges = facts->ranges;
    facts->plan.minimum_uid = minimum_uid;
    facts->plan.context = facts;
    facts->plan.reserved_name = name_is_reserved;
    facts->plan.reserved_uid = uid_is_reserved;
    facts->plan.name_taken = name_is_taken;
    facts->plan.uid_taken = uid_is_taken;
    facts->plan.home = find_home;
    facts->plan.keys_differ = keys_are_others;
    return facts;
}

void
facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    pieces_free(&facts->memory);
    free(facts->accounts);
    free(facts->groups);
    free(facts->ranges);
    reserved_free(facts->reserved);
    free(facts);
}

const struct plan_facts *
facts_of_plan(const struct facts *facts)
{
    return &facts->plan;
}
