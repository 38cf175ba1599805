/*
 * What a sync does: first the accounts that are in the state, then the people
 * who have none. Access is taken before anything is given.
 *
 * Words of refusals:
 *   listing twice address name     who that is cannot be told
 *   status                         nobody is made of those
 *   exists home reserved group     something here has that name already
 *   another-person renamed         the name was somebody else's, or is no more
 *   removed uid-differs            the account is not as it was made
 *   uid uid-changed attribute      the number
 *   unknown                        a name service did not answer
 *   privileged-group no-group      map_groups
 *   max-removals                   too many at once
 * and of adopt and forget: absent known nobody rights
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts/plan_parts.h"

#define LEFT_OVER                                                             \
    "a former account of that %s has subordinate ids still: take its lines "  \
    "out of /etc/subuid and /etc/subgid"

/* One of the people with what was found out, and whose account that is. */
struct subject {
    const struct plan_person *person;
    struct parts_person *found;
    const struct state_entry *entry;    /* of the sub, or NULL */
    const struct plan_account *account; /* of the name here, or NULL */
};

static void
refuse(struct parts *parts, const struct subject *subject, const char *id,
       const char *why)
{
    parts_refuse(parts, id, subject->found->local, subject->person->username,
                 why, false);
}

static void
act_on_group(struct parts *parts, enum plan_kind kind, const char *name,
             const char *sub, uid_t uid, const char *group)
{
    struct plan_action *action = parts_act(parts, kind, name, sub, uid);

    if (action != NULL)
        action->group = parts_text(parts, "%s", group);
}

static void
act_on_text(struct parts *parts, enum plan_kind kind, const char *name,
            const char *sub, uid_t uid, const char *text)
{
    struct plan_action *action = parts_act(parts, kind, name, sub, uid);

    if (action != NULL)
        action->text = parts_text(parts, "%s", text);
}

static void
want(struct parts *parts, const char *name, const char *sub, uid_t uid,
     const char *gecos, const char *home)
{
    struct plan *plan = parts->plan;

    plan->wanted[plan->wanted_count++] = (struct plan_wanted){
        .name = parts_text(parts, "%s", name),
        .sub = parts_text(parts, "%s", sub),
        .uid = uid,
        .gecos = parts_text(parts, "%s", gecos),
        .home = parts_text(parts, "%s", home),
    };
}

/* ---- Keys, groups and full names ---- */

static bool
keys_differ(const struct parts *parts, const char *name, const char *keys)
{
    const struct plan_facts *facts = parts->in->facts;

    return facts->keys_differ(facts->context, name, keys);
}

/* Was there anything to be taken out? */
static bool
empty_keys(struct parts *parts, const char *name, const char *sub, uid_t uid)
{
    bool due = keys_differ(parts, name, "");

    if (due)
        act_on_text(parts, PLAN_KEYS, name, sub, uid, "");
    return due;
}

/*
 * In doubt they stay as they are: nobody is shut out by an unanswered call.
 * emptied: what is there now is not what will be there then.
 */
static void
set_keys(struct parts *parts, const struct subject *subject, uid_t uid,
         bool emptied)
{
    const struct plan_person *person = subject->person;
    const char *keys = "";

    if (parts->in->settings->ssh_key_attribute != NULL) {
        if (parts->in->keys_doubt != NULL)
            return;
        keys = person->keys == NULL ? "" : person->keys;
    }
    if (emptied ? keys[0] != '\0'
                : keys_differ(parts, subject->found->local, keys))
        act_on_text(parts, PLAN_KEYS, subject->found->local, person->sub, uid,
                    keys);
}

/* Does map_groups put that person into the group? */
static bool
is_to_join(const struct parts *parts, const struct plan_person *person,
           const struct plan_group *group)
{
    const struct settings *settings = parts->in->settings;

    for (size_t i = 0; i < settings->pair_count; i++) {
        if (strcmp(settings->pairs[i].local, group->name) != 0)
            continue;
        for (size_t j = 0; j < person->group_count; j++)
            if (strcmp(settings->pairs[i].pool, person->groups[j]) == 0)
                return true;
    }
    return false;
}

/* Out of the mapped groups that person is not in, or with NULL out of all. */
static void
leave_groups(struct parts *parts, const char *name, const char *sub, uid_t uid,
             const struct plan_person *person)
{
    for (size_t i = 0; i < parts->mapped_count; i++) {
        const struct plan_group *group = parts->mapped[i].group;

        /* Listed, that is: out of its own group an account cannot go. */
        if (parts_is_member(parts, name, NULL, group)
            && (person == NULL || !is_to_join(parts, person, group)))
            act_on_group(parts, PLAN_LEAVE, name, sub, uid, group->name);
    }
}

static void
join_groups(struct parts *parts, const struct subject *subject, uid_t uid)
{
    const char *name = subject->found->local, *sub = subject->person->sub;

    for (size_t i = 0; i < parts->mapped_count; i++) {
        const struct plan_group *group = parts->mapped[i].group;

        if (is_to_join(parts, subject->person, group)
            && !parts_is_member(parts, name, subject->account, group))
            act_on_group(parts, PLAN_JOIN, name, sub, uid, group->name);
    }
}

/* useradd makes members of it; adopted accounts have a group of their own. */
static void
join_local_group(struct parts *parts, const struct subject *subject)
{
    if (parts->local_group == NULL
        || !parts_is_member(parts, subject->found->local, subject->account,
                            parts->local_group))
        act_on_group(parts, PLAN_JOIN, subject->found->local,
                     subject->person->sub, subject->account->uid,
                     parts->in->settings->local_group);
}

/* The first field is the pool's, the others are their owner's. */
static const char *
gecos_of(struct parts *parts, const struct subject *subject)
{
    const char *now = subject->account == NULL ? "" : subject->account->gecos;
    char name[PLAN_FULL_NAME_SIZE];

    plan_full_name(subject->person->name == NULL ? "" : subject->person->name,
                   name);
    return name[0] == '\0'
               ? parts_text(parts, "%s", now)
               : parts_text(parts, "%s%s", name, now + strcspn(now, ","));
}

/* ---- Accounts that are in the state ---- */

/* Whose name that is now, where it is not the sub's. */
static bool
is_anothers_now(const struct parts *parts, const char *name, const char *sub)
{
    size_t place = index_find(&parts->locals, name, 0);

    return place != INDEX_NONE
           && strcmp(parts->in->people[place].sub, sub) != 0;
}

/* Nobody signs in to it any more. */
static void
take_away(struct parts *parts, const struct state_entry *entry,
          const struct plan_account *account)
{
    (void) empty_keys(parts, entry->name, entry->sub, entry->uid);
    leave_groups(parts, entry->name, entry->sub, entry->uid, NULL);
    if (entry->kind == STATE_LOCKED && account->expired)
        return;
    (void) parts_act(parts, PLAN_LOCK, entry->name, entry->sub, entry->uid);
    parts->plan->removals += entry->kind == STATE_PRESENT;
}

/* NULL, or why nothing is to be changed; the account is there and ours. */
static const char *
find_obstacle(const struct parts *parts, const struct subject *subject,
              const char **id_out)
{
    const struct plan_input *in = parts->in;
    uid_t uid;

    *id_out = "status";
    if (parts_status_fault(subject->person) != NULL)
        return parts_status_fault(subject->person);
    *id_out = "uid-changed";
    if (in->settings->uid_attribute != NULL && in->uid_doubt == NULL
        && parts_read_uid(subject->person->uid, &uid)
        && uid != subject->entry->uid)
        return "the pool has another uid for this person now: a uid is never "
               "changed here; put the former one back, or forget the account";
    return NULL;
}

static void
tend(struct parts *parts, const struct subject *subject)
{
    const struct state_entry *entry = subject->entry;
    const char *id, *why = find_obstacle(parts, subject, &id), *gecos;

    if (entry->kind == STATE_MAKING && why == NULL)
        return; /* make_or_take_over has it */
    gecos = gecos_of(parts, subject);
    subject->found->is_kept = true;
    if (why == NULL || entry->kind == STATE_PRESENT)
        want(parts, entry->name, entry->sub, entry->uid, gecos,
             subject->account->home);
    if (why != NULL) {
        refuse(parts, subject, id, why);
        return;
    }
    if (entry->kind == STATE_LOCKED)
        (void) parts_act(parts, PLAN_UNLOCK, entry->name, entry->sub,
                         entry->uid);
    leave_groups(parts, entry->name, entry->sub, entry->uid, subject->person);
    join_local_group(parts, subject);
    join_groups(parts, subject, entry->uid);
    if (strcmp(gecos, subject->account->gecos) != 0)
        act_on_text(parts, PLAN_FULL_NAME, entry->name, entry->sub, entry->uid,
                    gecos);
    set_keys(parts, subject, entry->uid, false);
}

/* Is it certain that the sub is nobody's who is to exist? */
static bool
has_left(const struct parts *parts, const char *sub)
{
    const struct plan_input *in = parts->in;

    if (!parts->is_incomplete)
        return true;
    for (size_t i = 0; i < in->count; i++)
        if (in->people[i].sub != NULL && strcmp(in->people[i].sub, sub) == 0)
            return true;
    return false;
}

/* An account of the state that is not as it was made: it is not touched. */
static void
refuse_entry(struct parts *parts, const struct state_entry *entry,
             struct parts_person *found, const char *id, const char *why)
{
    parts_refuse(parts, id, entry->name, "", why, false);
    if (found != NULL)
        found->is_kept = true;
}

/* The first time what is to be taken away, the second time the others. */
static void
visit_entry(struct parts *parts, size_t place, bool taking)
{
    const struct state_entry *entry = &parts->in->state->entries[place];
    const struct plan_account *account = parts_account(parts, entry->name);
    size_t at = index_find(&parts->subs, entry->sub, 0);
    struct parts_person *found = at == INDEX_NONE ? NULL : &parts->people[at];
    bool stays = found != NULL && found->id == NULL
                 && strcmp(found->local, entry->name) == 0;

    /* Whoever gets that name by hand gets none of our keys with it. */
    if (taking
        && (account == NULL ? entry->kind != STATE_MAKING
                            : account->uid != entry->uid))
        (void) empty_keys(parts, entry->name, entry->sub, entry->uid);
    if (account != NULL && account->uid != entry->uid) {
        if (taking)
            refuse_entry(parts, entry, found, "uid-differs",
                         parts_text(parts,
                                    "the account has uid %lu, the one that "
                                    "was made had %lu: another account; "
                                    "remove or rename it, or `forget %s`",
                                    (unsigned long) account->uid,
                                    (unsigned long) entry->uid, entry->name));
        return;
    }
    if (found != NULL && found->id != NULL
        && !is_anothers_now(parts, entry->name, entry->sub)) {
        if (taking && account != NULL && entry->kind == STATE_PRESENT)
            want(parts, entry->name, entry->sub, entry->uid, account->gecos,
                 account->home);
    } else if (!stays && entry->kind != STATE_LOCKED
               && !has_left(parts, entry->sub)
               && !is_anothers_now(parts, entry->name, entry->sub)) {
        if (taking && account != NULL) {
            want(parts, entry->name, entry->sub, entry->uid, account->gecos,
                 account->home);
            refuse_entry(parts, entry, found, "listing",
                         "is not in the listing, or is the one in it of whom "
                         "the pool told no sub: not locked before that is "
                         "known");
        }
    } else if (!stays) {
        if (taking && account != NULL)
            take_away(parts, entry, account);
    } else if (account != NULL) {
        if (!taking)
            tend(parts, &(struct subject){&parts->in->people[at], found, entry,
                                          account});
    } else if (taking && entry->kind != STATE_MAKING) {
        refuse_entry(parts, entry, found, "removed",
                     parts_text(parts,
                                "the account was removed by hand: `forget "
                                "%s`, and it is made again if the pool has "
                                "the person",
                                entry->name));
    }
}

/* ---- People who have none ---- */

/* NULL, or why that uid cannot be given to whoever has that sub. */
static const char *
find_uid_fault(struct parts *parts, uid_t uid, const char *sub,
               const char **id_out)
{
    const struct plan_facts *facts = parts->in->facts;
    const char *why = parts_uid_fault(parts, uid);
    size_t place;

    *id_out = "uid";
    if (why != NULL)
        return why;
    place = index_find(&parts->account_uids, "", uid);
    if (place != INDEX_NONE)
        return parts_text(parts, "the uid %lu is %s's here",
                          (unsigned long) uid, facts->accounts[place].name);
    if (index_find(&parts->range_owners, "", uid) != INDEX_NONE)
        return parts_text(parts, LEFT_OVER, "uid");
    place = index_find(&parts->entry_uids, "", uid);
    if (place != INDEX_NONE
        && strcmp(parts->in->state->entries[place].sub, sub) != 0)
        return parts_text(parts,
                          "the uid %lu was given to %s, and is never given "
                          "again",
                          (unsigned long) uid,
                          parts->in->state->entries[place].name);
    switch (facts->uid_taken(facts->context, uid)) {
    case LOOKUP_NONE:
        return NULL;
    case LOOKUP_FOUND:
        return parts_text(parts, "another name service has uid %lu",
                          (unsigned long) uid);
    case LOOKUP_FAILED:
        break;
    }
    *id_out = "unknown";
    return parts_text(parts, "a name service did not answer about uid %lu",
                      (unsigned long) uid);
}

/* One after the other; what is somebody's is passed over. */
static const char *
take_next_uid(struct parts *parts, const char *sub, uid_t *uid_out,
              const char **id_out)
{
    const char *why;

    for (; parts->next_uid <= PARTS_UID_LAST; parts->next_uid++) {
        why = find_uid_fault(parts, parts->next_uid, sub, id_out);
        if (why != NULL && strcmp(*id_out, "unknown") == 0)
            return why;
        if (why == NULL) {
            *uid_out = parts->next_uid++;
            return NULL;
        }
    }
    *id_out = "uid";
    return "no uid is left up to 59999, above the highest that was ever "
           "given: set uid_attribute";
}

/*
 * Was the person's account begun, with a uid that is theirs still? Before it
 * is made, that may have become another's: useradd by hand takes the same
 * next one.
 */
static bool
is_begun(const struct parts *parts, const struct state_entry *entry)
{
    return entry != NULL && entry->kind == STATE_MAKING
           && index_find(&parts->account_uids, "", entry->uid) == INDEX_NONE;
}

/* NULL and a uid, or why there is none. */
static const char *
find_uid(struct parts *parts, const struct subject *subject, uid_t *uid_out,
         const char **id_out)
{
    const struct plan_input *in = parts->in;
    const char *attribute = in->settings->uid_attribute;
    const char *sub = subject->person->sub;
    bool counts = attribute != NULL && in->uid_doubt == NULL;
    bool readable = parts_read_uid(subject->person->uid, uid_out);

    if (subject->entry != NULL
        && (subject->entry->kind != STATE_MAKING
            || is_begun(parts, subject->entry))) {
        *id_out = "uid-changed";
        if (counts && readable && *uid_out != subject->entry->uid)
            return parts_text(parts,
                              "the pool has another uid for this person now "
                              "than the %lu that was given here",
                              (unsigned long) subject->entry->uid);
        *uid_out = subject->entry->uid;
        return find_uid_fault(parts, *uid_out, sub, id_out);
    }
    if (attribute == NULL)
        return take_next_uid(parts, sub, uid_out, id_out);
    *id_out = "attribute";
    if (!counts)
        return in->uid_doubt;
    *id_out = "uid";
    if (!readable)
        return parts_text(parts, "%s holds no uid", attribute);
    if (index_is_twin(&parts->numbers, "", *uid_out))
        return parts_text(parts, "two people of the pool have uid %lu",
                          (unsigned long) *uid_out);
    return find_uid_fault(parts, *uid_out, sub, id_out);
}

/* NULL, or what of that name is here already. */
static const char *
find_namesake(struct parts *parts, const char *name, const char **id_out)
{
    const struct plan_facts *facts = parts->in->facts;
    const char *reserved = facts->reserved_name(facts->context, name);
    size_t place;

    *id_out = "reserved";
    if (reserved != NULL)
        return parts_text(parts, "that name has rights here, by %s", reserved);
    if (index_find(&parts->range_owners, name, 0) != INDEX_NONE)
        return parts_text(parts, LEFT_OVER, "name");
    *id_out = "group";
    if (index_find(&parts->group_names, name, 0) != INDEX_NONE)
        return "there is a group of that name: what trusts it would trust "
               "its namesake";
    place = index_find(&parts->named, name, 0);
    if (place != INDEX_NONE)
        return parts_text(parts, "the group %s has a member of that name",
                          facts->groups[place].name);
    switch (facts->name_taken(facts->context, name)) {
    case LOOKUP_NONE:
        return NULL;
    case LOOKUP_FOUND:
        *id_out = "exists";
        return "another name service has an account of that name";
    case LOOKUP_FAILED:
        break;
    }
    *id_out = "unknown";
    return "a name service did not answer about that name";
}

/* NULL and a home, or why there is none. */
static const char *
find_home(struct parts *parts, const struct subject *subject,
          const char **home_out)
{
    const struct plan_facts *facts = parts->in->facts;
    const struct state_entry *entry = subject->entry;
    bool begun = is_begun(parts, entry);
    char path[PARTS_PATH_SIZE];

    if (!settings_home(parts->in->settings, subject->found->local, path,
                       sizeof(path)))
        return "the path of the home is too long";
    *home_out = parts_text(parts, "%s", path);
    switch (facts->home(facts->context, path, begun ? entry->uid : 0)) {
    case PLAN_HOME_NONE:
        return NULL;
    case PLAN_HOME_OURS:
    case PLAN_HOME_EMPTY:
        if (begun)
            return NULL;
        break;
    case PLAN_HOME_OTHER:
        break;
    }
    return parts_text(parts,
                      "%s is there already, somebody else's: move it away",
                      path);
}

static void
give(struct parts *parts, enum plan_kind kind, const struct subject *subject,
     uid_t uid, const char *home)
{
    const char *name = subject->found->local, *sub = subject->person->sub;
    const char *gecos = gecos_of(parts, subject);
    struct plan_action *action;
    bool emptied;

    /* A key that is there already would open the account before its own. */
    emptied = kind == PLAN_MAKE && empty_keys(parts, name, sub, uid);
    action = parts_act(parts, kind, name, sub, uid);
    if (action != NULL) {
        action->text = gecos;
        action->home = home;
        action->has_account = kind == PLAN_TAKE_OVER;
    }
    want(parts, name, sub, uid, gecos, home);
    leave_groups(parts, name, sub, uid, subject->person);
    join_groups(parts, subject, uid);
    set_keys(parts, subject, uid, emptied);
}

static void
make(struct parts *parts, const struct subject *subject)
{
    const char *home = NULL, *id, *why;
    uid_t uid = 0;

    why = find_namesake(parts, subject->found->local, &id);
    if (why == NULL) {
        id = "home";
        why = find_home(parts, subject, &home);
    }
    if (why == NULL)
        why = find_uid(parts, subject, &uid, &id);
    if (why != NULL)
        refuse(parts, subject, id, why);
    else
        give(parts, PLAN_MAKE, subject, uid, home);
}

/* NULL, or why the state speaks against that person. */
static const char *
find_former(struct parts *parts, const struct subject *subject,
            const char **id_out)
{
    const struct state_entry *entry = subject->entry;
    const struct state_entry *named
        = parts_entry_of_name(parts, subject->found->local);

    *id_out = "renamed";
    if (entry != NULL && entry->kind != STATE_FORGOTTEN && entry != named)
        return parts_text(parts,
                          "this person is %s here, and the name of an account "
                          "never changes: `forget %s` makes another one",
                          entry->name, entry->name);
    *id_out = "another-person";
    if (named != NULL && named != entry)
        return parts_text(parts,
                          "%s is the account of somebody else who had that "
                          "name in the pool: `forget %s` makes a new one",
                          named->name, named->name);
    return NULL;
}

static void
make_or_take_over(struct parts *parts, const struct subject *subject)
{
    const char *name = subject->found->local, *id, *why;
    const struct state_entry *entry = subject->entry;
    char home[PARTS_PATH_SIZE];

    why = find_former(parts, subject, &id);
    if (why != NULL) {
        refuse(parts, subject, id, why);
        return;
    }
    why = parts_status_fault(subject->person);
    if (why != NULL) {
        parts_refuse(parts, "status", name, subject->person->username, why,
                     true);
        return;
    }
    if (subject->account == NULL) {
        make(parts, subject);
    } else if (entry != NULL && entry->kind == STATE_MAKING
               && settings_home(parts->in->settings, name, home,
                                sizeof(home))) {
        give(parts, PLAN_TAKE_OVER, subject, entry->uid,
             parts_text(parts, "%s", home));
    } else {
        refuse(parts, subject, "exists",
               parts_text(parts,
                          "the account is there, and was not made here: "
                          "`adopt %s` takes it over",
                          name));
    }
}

static void
visit_people(struct parts *parts)
{
    const struct plan_input *in = parts->in;

    for (size_t i = 0; i < in->count; i++)
        if (parts->people[i].id != NULL)
            refuse(parts,
                   &(struct subject){.person = &in->people[i],
                                     .found = &parts->people[i]},
                   parts->people[i].id, parts->people[i].why);
    for (size_t i = 0; i < parts->locals.count; i++) {
        size_t at = parts->locals.items[i].place;
        struct parts_person *found = &parts->people[at];

        if (found->id == NULL && !found->is_kept)
            make_or_take_over(
                parts, &(struct subject){
                           &in->people[at], found,
                           parts_entry_of_sub(parts, in->people[at].sub),
                           parts_account(parts, found->local)});
    }
}

/* ---- All of it ---- */

/* Says it once where the keys of nobody could be told. */
static void
refuse_keys(struct parts *parts)
{
    const struct plan_input *in = parts->in;

    if (in->settings->ssh_key_attribute != NULL && in->keys_doubt != NULL)
        parts_refuse(parts, "attribute", "", "",
                     parts_text(parts, "%s", in->keys_doubt), false);
}

/*
 * What was made of people whom the state does not know, as after it was lost,
 * would open their accounts whatever became of them in the pool.
 */
static void
empty_strays(struct parts *parts)
{
    const struct plan_facts *facts = parts->in->facts;

    for (size_t i = 0; i < facts->account_count; i++) {
        const struct plan_account *account = &facts->accounts[i];

        if (parts_entry_of_name(parts, account->name) == NULL)
            (void) empty_keys(parts, account->name, "", account->uid);
    }
}

static void
make_local_group(struct parts *parts)
{
    struct plan_action *action;

    if (parts->local_group != NULL || parts->locals.count == 0)
        return;
    action = parts_act(parts, PLAN_MAKE_GROUP, "", "", 0);
    if (action != NULL)
        action->group = parts_text(parts, "%s",
                                   parts->in->settings->local_group);
}

/* One may always go; of more, so many of a hundred, rounded up. */
static void
hold_back(struct parts *parts)
{
    const struct plan_input *in = parts->in;
    struct plan *plan = parts->plan;
    size_t present = 0, allowed;

    for (size_t i = 0; i < in->state->count; i++)
        present += in->state->entries[i].kind == STATE_PRESENT;
    allowed = (present * in->settings->max_removals + 99) / 100;
    if (in->force || plan->removals <= allowed)
        return;
    parts_refuse(parts, "max-removals", "", "",
                 parts_text(parts,
                            "%zu of %zu accounts would be locked, and "
                            "max_removals=%u lets %zu go at once: nothing is "
                            "done without --force",
                            plan->removals, present,
                            in->settings->max_removals, allowed),
                 false);
    plan->held = plan->actions;
    plan->held_count = plan->count;
    plan->actions = NULL;
    plan->count = 0;
}

static int
compare_wanted(const void *left, const void *right)
{
    const struct plan_wanted *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static void
plan_all(struct parts *parts)
{
    const struct settings *settings = parts->in->settings;
    struct plan *plan = parts->plan;
    size_t before;

    parts_judge(parts);
    for (size_t i = 0; i < parts->entry_names.count; i++)
        visit_entry(parts, parts->entry_names.items[i].place, true);
    empty_strays(parts);
    if (parts_is_powerful(settings->local_group)
        && !settings->allow_privileged_groups) {
        parts_refuse(parts, "privileged-group", "", "",
                     "local_group gives rights over this machine: nobody is "
                     "put into it without allow_privileged_groups=yes",
                     false);
    } else {
        before = plan->count;
        make_local_group(parts);
        for (size_t i = 0; i < parts->entry_names.count; i++)
            visit_entry(parts, parts->entry_names.items[i].place, false);
        visit_people(parts);
        /* For nobody it is not made. */
        if (plan->count == before + 1
            && plan->actions[before].kind == PLAN_MAKE_GROUP)
            plan->count = before;
        refuse_keys(parts);
    }
    hold_back(parts);
    if (plan->wanted_count > 1)
        qsort(plan->wanted, plan->wanted_count, sizeof(*plan->wanted),
              compare_wanted);
}

enum status
plan_sync(const struct plan_input *input, struct plan *plan_out)
{
    struct parts parts;

    if (parts_make(&parts, input, plan_out))
        plan_all(&parts);
    return parts_free(&parts);
}
