/*
 * The plan in the making: its indexes, and what all kinds of plans ask of
 * them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* systemd's UIDS-GIDS: its own, dynamic and container users, nobody, -1. */
static const struct plan_range foreign[] = {
    {60000, 65535, "systemd"},
    {524288, UINT32_MAX, "systemd"},
};

/* With any of these a person becomes root, or reads what root does. */
static const char *const powerful[] = {
    "root",   "sudo",   "wheel",   "admin",   "adm",    "google-sudoers",
    "docker", "lxd",    "incus",   "kvm",     "podman", "incus-admin",
    "disk",   "shadow", "libvirt", "lpadmin",
};

const struct state_entry *
parts_entry_of_name(const struct parts *parts, const char *name)
{
    size_t place = index_find(&parts->entry_names, name, 0);

    return place == INDEX_NONE ? NULL : &parts->in->state->entries[place];
}

const struct state_entry *
parts_entry_of_sub(const struct parts *parts, const char *sub)
{
    size_t place = index_find(&parts->entry_subs, sub, 0);

    return place == INDEX_NONE ? NULL : &parts->in->state->entries[place];
}

const struct plan_account *
parts_account(const struct parts *parts, const char *name)
{
    size_t place = index_find(&parts->account_names, name, 0);

    return place == INDEX_NONE ? NULL : &parts->in->facts->accounts[place];
}

bool
parts_is_member(const struct parts *parts, const char *name,
                const struct plan_account *account,
                const struct plan_group *group)
{
    size_t place = (size_t) (group - parts->in->facts->groups);

    return (account != NULL && account->gid == group->gid)
           || index_find(&parts->members, name, place + 1) != INDEX_NONE;
}

bool
parts_is_powerful(const char *group)
{
    for (size_t i = 0; i < sizeof(powerful) / sizeof(powerful[0]); i++)
        if (strcmp(powerful[i], group) == 0)
            return true;
    return false;
}

static bool
is_in(const struct plan_range *ranges, size_t count, uid_t uid)
{
    for (size_t i = 0; i < count; i++)
        if (uid >= ranges[i].first && uid <= ranges[i].last)
            return true;
    return false;
}

const char *
parts_uid_fault(struct parts *parts, uid_t uid)
{
    const struct plan_facts *facts = parts->in->facts;
    const char *reserved;

    if (uid < PARTS_UID_LEAST)
        return "a uid below 1000 is a system account's";
    if (uid < facts->minimum_uid)
        return "the uid is below minimum_uid of pam_cognito.conf: nobody "
               "would sign in with it";
    if (is_in(foreign, sizeof(foreign) / sizeof(foreign[0]), uid))
        return "the uid is one that systemd or containers use";
    if (is_in(facts->ranges, facts->range_count, uid))
        return "the uid is in a range of /etc/subuid or /etc/subgid: it is "
               "somebody's who may become it";
    reserved = facts->reserved_uid(facts->context, uid);
    return reserved == NULL
               ? NULL
               : parts_text(parts, "%s trusts that uid", reserved);
}

bool
parts_read_uid(const char *text, uid_t *uid_out)
{
    return text != NULL && text[0] != '0' && config_is_uid(text, uid_out);
}

const char *
parts_status_fault(const struct plan_person *person)
{
    static const char *const good[] = {"CONFIRMED", "RESET_REQUIRED",
                                       "FORCE_CHANGE_PASSWORD"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (person->status != NULL && strcmp(person->status, good[i]) == 0)
            return NULL;
    return "is not confirmed in the pool, or another provider's";
}

/* ---- Indexes ---- */

/* Of people, the state and accounts; sorted are the latter two. */
static bool
reserve(struct parts *parts)
{
    const struct plan_facts *facts = parts->in->facts;
    size_t people = parts->in->count, entries = parts->in->state->count;
    size_t members = 0;

    for (size_t i = 0; i < facts->group_count; i++)
        members += facts->groups[i].member_count;
    parts->people = calloc(people + 1, sizeof(*parts->people));
    parts->mapped = calloc(parts->in->settings->pair_count + 1,
                           sizeof(*parts->mapped));
    parts->plan->wanted = calloc(people + entries + 1,
                                 sizeof(*parts->plan->wanted));
    return parts->people != NULL && parts->mapped != NULL
           && parts->plan->wanted != NULL
           && index_reserve(&parts->subs, people)
           && index_reserve(&parts->addresses, people)
           && index_reserve(&parts->locals, people)
           && index_reserve(&parts->numbers, people)
           && index_reserve(&parts->entry_subs, entries)
           && index_reserve(&parts->entry_names, entries)
           && index_reserve(&parts->entry_uids, entries)
           && index_reserve(&parts->range_owners, facts->range_count)
           && index_reserve(&parts->account_names, facts->account_count)
           && index_reserve(&parts->account_uids, facts->account_count)
           && index_reserve(&parts->group_names, facts->group_count)
           && index_reserve(&parts->members, members)
           && index_reserve(&parts->named, members);
}

/* A name, or the digits of a uid; see struct parts. */
static void
index_owner(struct index *index, const char *owner, size_t place)
{
    char *end;
    uint64_t uid = strtoull(owner, &end, 10);

    if (*end == '\0' && owner[0] >= '0' && owner[0] <= '9')
        index_add(index, "", uid, place);
    else
        index_add(index, owner, 0, place);
}

static void
index_machine(struct parts *parts)
{
    const struct plan_facts *facts = parts->in->facts;
    const struct state *state = parts->in->state;

    for (size_t i = 0; i < state->count; i++) {
        const struct state_entry *entry = &state->entries[i];

        index_add(&parts->entry_subs, entry->sub, 0, i);
        index_add(&parts->entry_uids, "", entry->uid, i);
        if (entry->kind != STATE_FORGOTTEN)
            index_add(&parts->entry_names, entry->name, 0, i);
    }
    for (size_t i = 0; i < facts->account_count; i++) {
        index_add(&parts->account_names, facts->accounts[i].name, 0, i);
        index_add(&parts->account_uids, "", facts->accounts[i].uid, i);
    }
    for (size_t i = 0; i < facts->group_count; i++)
        index_add(&parts->group_names, facts->groups[i].name, 0, i);
    for (size_t i = 0; i < facts->range_count; i++)
        index_owner(&parts->range_owners, facts->ranges[i].owner, i);
    (void) index_sort(&parts->range_owners);
    (void) index_sort(&parts->entry_subs);
    (void) index_sort(&parts->entry_uids);
    (void) index_sort(&parts->entry_names);
    (void) index_sort(&parts->account_names);
    (void) index_sort(&parts->account_uids);
    (void) index_sort(&parts->group_names);
}

static const struct plan_group *
find_group(const struct parts *parts, const char *name)
{
    size_t place = index_find(&parts->group_names, name, 0);

    return place == INDEX_NONE ? NULL : &parts->in->facts->groups[place];
}

/* Why no one is to be put into that group; NULL: they may. */
static const char *
find_group_fault(struct parts *parts, const char *name,
                 const struct plan_group *group)
{
    if (parts->in->settings->allow_privileged_groups)
        return NULL;
    if (parts_is_powerful(name))
        return parts_text(parts,
                          "the group %s gives rights over this machine: "
                          "allow_privileged_groups=yes, if that is meant",
                          name);
    if (group != NULL && group->gid < PARTS_UID_LEAST)
        return parts_text(parts,
                          "the group %s has a gid below 1000, a system "
                          "group's: allow_privileged_groups=yes, if that is "
                          "meant",
                          name);
    return NULL;
}

static bool
is_mapped(const struct parts *parts, const struct plan_group *group)
{
    for (size_t i = 0; i < parts->mapped_count; i++)
        if (parts->mapped[i].group == group)
            return true;
    return false;
}

/* The groups of map_groups that are there and may be filled, each once. */
static void
find_mapped(struct parts *parts)
{
    const struct settings *settings = parts->in->settings;

    for (size_t i = 0; i < settings->pair_count; i++) {
        const char *name = settings->pairs[i].local;
        const struct plan_group *group = find_group(parts, name);
        const char *fault = find_group_fault(parts, name, group);
        bool seen = false;

        for (size_t j = 0; j < i; j++)
            seen = seen || strcmp(settings->pairs[j].local, name) == 0;
        if (seen)
            continue;
        if (fault != NULL)
            parts_refuse(parts, "privileged-group", "", "", fault, false);
        else if (group == NULL)
            parts_refuse(parts, "no-group", "", "",
                         parts_text(parts,
                                    "map_groups: there is no group %s here: "
                                    "groupadd %s",
                                    name, name),
                         false);
        else
            parts->mapped[parts->mapped_count++] = (struct parts_group){group,
                                                                        i};
    }
}

static void
index_members(struct parts *parts)
{
    const struct plan_facts *facts = parts->in->facts;

    for (size_t i = 0; i < facts->group_count; i++) {
        const struct plan_group *group = &facts->groups[i];
        bool ours = is_mapped(parts, group)
                    || strcmp(group->name, parts->in->settings->local_group)
                           == 0;

        for (size_t j = 0; j < group->member_count; j++) {
            index_add(&parts->members, group->members[j], i + 1, i);
            if (!ours)
                index_add(&parts->named, group->members[j], 0, i);
        }
    }
    (void) index_sort(&parts->members);
    (void) index_sort(&parts->named);
}

/* One above the highest that was ever given, or is an account's. */
static void
find_next_uid(struct parts *parts)
{
    const struct plan_facts *facts = parts->in->facts;
    const struct state *state = parts->in->state;
    uid_t highest = PARTS_UID_LEAST - 1;

    if (facts->minimum_uid > highest)
        highest = facts->minimum_uid - 1;
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].uid <= PARTS_UID_LAST
            && state->entries[i].uid > highest)
            highest = state->entries[i].uid;
    for (size_t i = 0; i < facts->account_count; i++)
        if (facts->accounts[i].uid <= PARTS_UID_LAST
            && facts->accounts[i].uid > highest)
            highest = facts->accounts[i].uid;
    parts->next_uid = highest + 1;
}

bool
parts_make(struct parts *parts, const struct plan_input *input,
           struct plan *plan)
{
    *plan = (struct plan){0};
    *parts = (struct parts){.in = input, .plan = plan};
    if (!reserve(parts)) {
        parts->is_out_of_memory = true;
        return false;
    }
    index_machine(parts);
    parts->local_group = find_group(parts, input->settings->local_group);
    find_mapped(parts);
    index_members(parts);
    find_next_uid(parts);
    return true;
}

enum status
parts_free(struct parts *parts)
{
    bool failed = parts->is_out_of_memory;

    free(parts->people);
    free(parts->mapped);
    index_free(&parts->subs);
    index_free(&parts->addresses);
    index_free(&parts->locals);
    index_free(&parts->numbers);
    index_free(&parts->entry_subs);
    index_free(&parts->entry_names);
    index_free(&parts->range_owners);
    index_free(&parts->entry_uids);
    index_free(&parts->account_names);
    index_free(&parts->account_uids);
    index_free(&parts->group_names);
    index_free(&parts->members);
    index_free(&parts->named);
    if (failed)
        plan_free(parts->plan);
    return failed ? STATUS_MEMORY : STATUS_OK;
}

/* ---- People ---- */

static bool
belongs(const struct parts *parts, const struct plan_person *person)
{
    const struct settings *settings = parts->in->settings;

    if (settings->everybody)
        return true;
    for (size_t i = 0; settings->pool_groups[i] != NULL; i++)
        for (size_t j = 0; j < person->group_count; j++)
            if (strcmp(settings->pool_groups[i], person->groups[j]) == 0)
                return true;
    return false;
}

/* In small letters: two that differ in nothing else are one to the pool. */
static const char *
fold(struct parts *parts, const char *address)
{
    char *copy = (char *) (uintptr_t) parts_text(parts, "%s", address);

    for (char *at = copy; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char) (*at - 'A' + 'a');
    return copy;
}

static void
refuse_person(struct parts_person *found, const char *id, const char *why)
{
    found->id = id;
    found->why = why;
}

static void
name_person(struct parts *parts, const struct plan_person *person,
            struct parts_person *found)
{
    const struct names *names = parts->in->names;
    const struct names_person named = {
        .username = person->username,
        .sub = person->sub,
        .email = person->email,
        .email_verified = person->email_verified,
    };
    const char *sent, *why;

    if (person->malformed != NULL) {
        refuse_person(found, "listing", person->malformed);
        return;
    }
    if (index_is_twin(&parts->subs, person->sub, 0)) {
        refuse_person(found, "twice", "the listing has two such people");
        return;
    }
    sent = names_sent(names, &named, &why);
    if (sent == NULL) {
        refuse_person(found, "address", why);
        return;
    }
    if (names_is_address(names) && found->address != NULL
        && index_is_twin(&parts->addresses, found->address, 0)) {
        refuse_person(found, "address",
                      "two people of the pool have this address");
        return;
    }
    if (!names_local(names, sent, found->local, &why))
        refuse_person(found, "name", why);
}

/* As good as disabled: the service lets nobody in who is one of these. */
static bool
is_closed(const struct plan_person *person)
{
    return person->status != NULL
           && (strcmp(person->status, "ARCHIVED") == 0
               || strcmp(person->status, "COMPROMISED") == 0);
}

void
parts_judge(struct parts *parts)
{
    const struct plan_person *people = parts->in->people;
    uid_t uid;

    for (size_t i = 0; i < parts->in->count; i++) {
        struct parts_person *found = &parts->people[i];

        found->is_here = belongs(parts, &people[i]) && people[i].enabled
                         && !is_closed(&people[i]);
        if (people[i].email != NULL && people[i].email_verified) {
            found->address = fold(parts, people[i].email);
            index_add(&parts->addresses, found->address, 0, i);
        }
        if (found->is_here && people[i].sub == NULL) {
            parts_refuse(parts, "listing", "",
                         people[i].username == NULL ? "" : people[i].username,
                         people[i].malformed == NULL
                             ? "the pool told no sub of this person"
                             : people[i].malformed,
                         false);
            found->is_here = false;
            parts->is_incomplete = true;
        }
        if (!found->is_here)
            continue;
        index_add(&parts->subs, people[i].sub, 0, i);
        if (parts_read_uid(people[i].uid, &uid))
            index_add(&parts->numbers, "", uid, i);
    }
    (void) index_sort(&parts->addresses);
    (void) index_sort(&parts->subs);
    (void) index_sort(&parts->numbers);
    for (size_t i = 0; i < parts->in->count; i++) {
        if (!parts->people[i].is_here)
            continue;
        name_person(parts, &people[i], &parts->people[i]);
        if (parts->people[i].id == NULL)
            index_add(&parts->locals, parts->people[i].local, 0, i);
    }
    (void) index_sort(&parts->locals);
    for (size_t i = 0; i < parts->in->count; i++)
        if (parts->people[i].local[0] != '\0'
            && index_is_twin(&parts->locals, parts->people[i].local, 0))
            refuse_person(&parts->people[i], "twice",
                          "two people of the pool would have this name here");
}
