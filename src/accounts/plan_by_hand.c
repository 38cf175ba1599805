/*
 * What an administrator asks for by name: taking an account over that is here
 * already, and giving one up for good.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/plan.h"

#include <stdio.h>
#include <string.h>

#include "accounts/plan_parts.h"

/* Who has that name here; NULL for nobody. */
static const struct plan_person *
find_person(const struct parts *parts, const char *name)
{
    size_t place = index_find(&parts->locals, name, 0);

    return place == INDEX_NONE || parts->people[place].id != NULL
               ? NULL
               : &parts->in->people[place];
}

/* NULL, or the group that gives the account rights over this machine. */
static const char *
find_power(const struct parts *parts, const struct plan_account *account)
{
    const struct plan_facts *facts = parts->in->facts;

    if (parts->in->settings->allow_privileged_groups)
        return NULL;
    for (size_t i = 0; i < facts->group_count; i++)
        if (parts_is_powerful(facts->groups[i].name)
            && parts_is_member(parts, account->name, account,
                               &facts->groups[i]))
            return facts->groups[i].name;
    return NULL;
}

/* NULL, or what is wrong with the account's uid for that person. */
static const char *
find_uid_fault(struct parts *parts, const struct plan_account *account,
               const struct plan_person *person)
{
    const struct plan_input *in = parts->in;
    const char *why = parts_uid_fault(parts, account->uid);
    size_t place = index_find(&parts->entry_uids, "", account->uid);
    const struct state_entry *entry = parts_entry_of_sub(parts, person->sub);
    uid_t uid;

    if (why != NULL)
        return why;
    if (index_is_twin(&parts->account_uids, "", account->uid))
        return "another account has the same uid";
    if (place != INDEX_NONE
        && strcmp(in->state->entries[place].sub, person->sub) != 0)
        return parts_text(parts, "the uid was given to %s once",
                          in->state->entries[place].name);
    if (entry != NULL && entry->uid != account->uid)
        return parts_text(parts,
                          "this person had uid %lu here, and a uid never "
                          "changes",
                          (unsigned long) entry->uid);
    if (in->settings->uid_attribute != NULL && in->uid_doubt == NULL
        && parts_read_uid(person->uid, &uid) && uid != account->uid)
        return parts_text(parts, "the pool says uid %lu", (unsigned long) uid);
    return NULL;
}

/* NULL, or why not; also the account and the person, if it comes to that. */
static const char *
find_obstacle(struct parts *parts, const char *name, const char **id_out,
              const struct plan_account **account_out,
              const struct plan_person **person_out)
{
    const struct plan_facts *facts = parts->in->facts;
    const struct state_entry *entry;
    const char *why;

    *id_out = "absent";
    *account_out = parts_account(parts, name);
    if (*account_out == NULL)
        return "there is no such account in /etc/passwd";
    *id_out = "known";
    if (parts_entry_of_name(parts, name) != NULL)
        return "is in the state already: the next sync sees to it";
    *id_out = "nobody";
    *person_out = find_person(parts, name);
    if (*person_out == NULL)
        return "nobody of those who are to exist here has that name, see "
               "`list`";
    *id_out = "status";
    why = parts_status_fault(*person_out);
    if (why != NULL)
        return why;
    *id_out = "renamed";
    entry = parts_entry_of_sub(parts, (*person_out)->sub);
    if (entry != NULL && entry->kind != STATE_FORGOTTEN)
        return parts_text(parts, "this person is %s here: `forget %s` first",
                          entry->name, entry->name);
    *id_out = "reserved";
    why = facts->reserved_name(facts->context, name);
    if (why != NULL)
        return parts_text(parts, "that name has rights here, by %s", why);
    *id_out = "rights";
    why = find_power(parts, *account_out);
    if (why != NULL)
        return parts_text(parts,
                          "the account is in the group %s, and with that the "
                          "pool would have rights over this machine: take it "
                          "out, or allow_privileged_groups=yes",
                          why);
    *id_out = "uid";
    return find_uid_fault(parts, *account_out, *person_out);
}

enum status
plan_adopt(const struct plan_input *input, const char *name,
           struct plan *plan_out)
{
    const struct plan_account *account = NULL;
    const struct plan_person *person = NULL;
    const char *id, *why;
    struct parts parts;

    if (!parts_make(&parts, input, plan_out))
        return parts_free(&parts);
    parts_judge(&parts);
    plan_out->refusal_count = 0; /* of others, and of groups */
    why = find_obstacle(&parts, name, &id, &account, &person);
    if (why != NULL) {
        parts_refuse(&parts, id, name, "", why, false);
    } else {
        struct plan_action *action = parts_act(&parts, PLAN_ADOPT, name,
                                               person->sub, account->uid);

        if (action != NULL)
            action->has_account = true;
    }
    return parts_free(&parts);
}

/* May the account's home be moved? It must be its own and nobody else's. */
static bool
is_own_home(const struct parts *parts, const struct plan_account *account)
{
    const struct plan_facts *facts = parts->in->facts;
    size_t length = strlen(account->home);

    if (account->home[0] != '/' || length < 2
        || account->home[length - 1] == '/'
        || facts->home(facts->context, account->home, account->uid)
               != PLAN_HOME_OURS)
        return false;
    for (size_t i = 0; i < facts->account_count; i++) {
        const char *other = facts->accounts[i].home;

        /* Nor may it hold another's. */
        if (&facts->accounts[i] != account
            && strncmp(other, account->home, length) == 0
            && (other[length] == '\0' || other[length] == '/'))
            return false;
    }
    return true;
}

enum status
plan_forget(const struct plan_input *input, const char *name,
            struct plan *plan_out)
{
    const struct state_entry *entry;
    const struct plan_account *account;
    struct plan_action *action;
    struct parts parts;

    if (!parts_make(&parts, input, plan_out))
        return parts_free(&parts);
    plan_out->refusal_count = 0; /* of groups */
    entry = parts_entry_of_name(&parts, name);
    account = parts_account(&parts, name);
    if (entry == NULL) {
        parts_refuse(&parts, "absent", name, "",
                     "was neither made nor adopted here", false);
        return parts_free(&parts);
    }
    if (account != NULL && account->uid != entry->uid)
        account = NULL; /* another one, that came after ours had gone */
    action = parts_act(&parts, PLAN_FORGET, name, entry->sub, entry->uid);
    if (action != NULL && account != NULL) {
        action->has_account = true;
        if (is_own_home(&parts, account)) {
            action->home = parts_text(&parts, "%s", account->home);
            action->text = parts_text(&parts, "%s.gone-%lu", account->home,
                                      (unsigned long) account->uid);
        }
    }
    return parts_free(&parts);
}
