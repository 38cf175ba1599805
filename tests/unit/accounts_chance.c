/*
 * Pools, machines and states by chance: a plan is carried out, and what must
 * hold afterwards is found out from what was there before, not from the plan.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "accounts_world.h"
#include "conversation.h"
#include "flows/sign_in.h"

#define TEXT 16384
#define NAMES (sizeof(names) / sizeof(names[0]))
#define SUBS 9
#define UIDS 12

static const char *const names[] = {"alice", "bob",  "carol", "dave", "erin",
                                    "finn",  "root", "Al!ce", "games"};

static char built[TEXT];
static char complaint[512];

__attribute__((format(printf, 1, 2))) static void
line(const char *format, ...)
{
    size_t used = strlen(built);
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(built + used, sizeof(built) - used, format, arguments);
    va_end(arguments);
}

static const char *
one_of(const char *const *words, uint32_t count)
{
    return words[chance_below(count)];
}

static void
shuffle(unsigned int *out, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        unsigned int j = chance_below(i + 1);

        out[i] = out[j];
        out[j] = i;
    }
}

static void
build_settings(bool *by_address)
{
    static const char *const pairs[] = {"Devs:devs", "Devs:devs,Ops:ops",
                                        "Ops:devs,Ops:ops,Devs:docker"};

    *by_address = chance_percent(30);
    if (*by_address)
        line("conf account_claim=email\nconf username_format=%%u@x.org\n");
    if (chance_percent(60))
        line("set map_groups=%s\n", one_of(pairs, 3));
    if (chance_percent(30))
        line("set uid_attribute=custom:uid\n");
    if (chance_percent(50))
        line("set ssh_key_attribute=custom:k\n");
    if (chance_percent(60))
        line("set max_removals=100\n");
    if (chance_percent(10))
        line("set pool_groups=*\n");
    if (chance_percent(20))
        line("conf except_users=erin\n");
    if (chance_percent(20))
        line("map finn=bob%s\n", *by_address ? "@x.org" : "");
    if (chance_percent(10))
        line("doubt-uid\n");
    if (chance_percent(10))
        line("doubt-keys\n");
    if (chance_percent(20))
        line("force\n");
    if (chance_percent(30))
        line("range 1003 1005\n");
    if (chance_percent(20))
        line("reserved %s\n", one_of(names, NAMES));
    if (chance_percent(10))
        line("elsewhere %s\n", one_of(names, NAMES));
    if (chance_percent(10))
        line("uid-silent %u\n", 1000 + chance_below(UIDS));
    if (chance_percent(10))
        line("uid-elsewhere %u\n", 1000 + chance_below(UIDS));
}

static void
build_people(bool by_address)
{
    static const char *const groups[] = {"linux", "linux,Devs", "linux,Ops",
                                         "linux,Devs,Ops", "Devs"};
    static const char *const statuses[]
        = {"CONFIRMED",         "CONFIRMED",      "CONFIRMED",  "UNCONFIRMED",
           "EXTERNAL_PROVIDER", "RESET_REQUIRED", "COMPROMISED"};
    unsigned int order[NAMES];

    shuffle(order, NAMES);
    for (unsigned int i = 0; i < SUBS; i++) {
        const char *name = chance_percent(95) ? names[order[i]]
                                              : one_of(names, NAMES);

        if (chance_percent(30))
            continue;
        line("person %s s%u %s %s", name, i, one_of(groups, 5),
             one_of(statuses, 7));
        if (by_address)
            line(" email=%s@x.org %s",
                 chance_percent(90) ? name : one_of(names, NAMES),
                 chance_percent(85) ? "verified" : "");
        if (chance_percent(15))
            line(" off");
        if (chance_percent(5))
            line(" bad");
        if (chance_percent(50))
            line(" name=Name_%u", chance_below(3));
        if (chance_percent(70))
            line(" uid=%u", 995 + chance_below(20));
        if (chance_percent(50))
            line(" keys=k%u", chance_below(3));
        line("\n");
    }
}

/* What was made before, and what has become of it; then other accounts. */
static void
build_machine(void)
{
    static const char *const kinds[] = {"present", "present", "present",
                                        "locked",  "making",  "forgotten"};
    unsigned int order[NAMES], uids[UIDS], at = 0;

    shuffle(order, NAMES);
    shuffle(uids, UIDS);
    for (unsigned int i = 0; i < SUBS; i++) {
        const char *name = names[order[i]], *kind = one_of(kinds, 6);
        bool odd = strcmp(name, "root") == 0 || strchr(name, '!') != NULL;

        if (odd || chance_percent(50)) {
            if (!odd && chance_percent(20))
                line("account %s %u 100 home=/h/%s\n", name,
                     1000 + chance_below(UIDS), name);
            continue;
        }
        line("entry %s s%u %u %s\n", name, i, 1000 + uids[at], kind);
        if (strcmp(kind, "forgotten") != 0 && chance_percent(80))
            line("account %s %u %u %s%s\n", name,
                 chance_percent(90) ? 1000 + uids[at]
                                    : 1000 + chance_below(UIDS),
                 chance_percent(80) ? 990 : 100,
                 chance_percent(50) ? "gecos=Name_1,room" : "",
                 chance_percent(strcmp(kind, "locked") == 0 ? 90 : 5)
                     ? " expired"
                     : "");
        at++;
    }
    if (chance_percent(90))
        line("group cognito 990 %s\n", one_of(names, 6));
    line("group devs 3000 %s,%s\n", one_of(names, 6), one_of(names, 6));
    line("group ops 3001 %s\n", one_of(names, 6));
    if (chance_percent(50))
        line("group docker 3002 %s\n", one_of(names, 6));
    if (chance_percent(20))
        line("group %s 3003\n", one_of(names, 6));
    if (chance_percent(20))
        line("home /home/%s %u\n", one_of(names, 6),
             1000 + chance_below(UIDS));
    for (unsigned int i = 0; i < 3; i++)
        line("keys %s k%u\n", one_of(names, 6), chance_below(3));
}

static void
build(unsigned int round)
{
    bool by_address;

    chance_seed(round + 1);
    built[0] = '\0';
    build_settings(&by_address);
    build_people(by_address);
    build_machine();
}

/* ---- What there is ---- */

/* One account with all that is its, in a line; what stands first sorts. */
static void
tell_account(struct world *world, const char *name, const char *keys,
             char *out, size_t size)
{
    const struct plan_account *account = world_account(world, name);
    size_t used;

    out[0] = '\0';
    if (account == NULL)
        return;
    used = (size_t) snprintf(out, size, "%s %lu %lu <%s> %s %d <%s>", name,
                             (unsigned long) account->uid,
                             (unsigned long) account->gid, account->gecos,
                             account->home, account->expired, keys);
    for (size_t i = 0; i < world->group_count && used < size; i++)
        if (world_is_listed(world, world->groups[i].name, name))
            used += (size_t) snprintf(out + used, size - used, " %s",
                                      world->groups[i].name);
}

static void
tell_machine(struct world *world, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < NAMES && used < size; i++) {
        char text[256];

        tell_account(world, names[i], world_keys(world, names[i]), text,
                     sizeof(text));
        used += (size_t) snprintf(out + used, size - used, "%s\n", text);
    }
    for (unsigned int i = 0; i < SUBS && used < size; i++) {
        const struct state_entry *entry;
        char sub[8];

        (void) snprintf(sub, sizeof(sub), "s%u", i);
        entry = state_of_sub(&world->state, sub);
        if (entry != NULL)
            used += (size_t) snprintf(out + used, size - used,
                                      "%s %s %lu %s\n", sub, entry->name,
                                      (unsigned long) entry->uid,
                                      state_word(entry->kind));
    }
}

__attribute__((format(printf, 1, 2))) static bool
complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(complaint, sizeof(complaint), format, arguments);
    va_end(arguments);
    return false;
}

/* ---- What must hold ---- */

static const struct plan_person *
person_of(const struct world *world, const char *sub)
{
    for (size_t i = 0; i < world->people_count; i++)
        if (strcmp(world->people[i].sub, sub) == 0)
            return &world->people[i];
    return NULL;
}

static bool
has_group(const struct plan_person *person, const char *group)
{
    for (size_t i = 0; i < person->group_count; i++)
        if (strcmp(person->groups[i], group) == 0)
            return true;
    return false;
}

/* Is the person one of those who are to exist? */
static bool
is_here(const struct world *world, const struct plan_person *person)
{
    return person != NULL && person->enabled
           && strcmp(person->status, "COMPROMISED") != 0
           && (world->settings->everybody || has_group(person, "linux"));
}

/* Would a login by that name let this person in, as far as names go? */
static bool
may_sign_in(const struct world *world, const struct plan_person *person,
            const char *name)
{
    char sent[512];
    const char *claimed = person->username;

    if (names_is_address(&world->names))
        claimed = person->email_verified ? person->email : NULL;
    return claimed != NULL
           && sign_in_pool_name(world->helper, world->map, name, sent,
                                sizeof(sent))
                  == STATUS_OK
           && strcmp(sent, claimed) == 0;
}

static bool
is_mapped(const struct world *world, const char *group)
{
    for (size_t i = 0; i < world->settings->pair_count; i++)
        if (strcmp(world->settings->pairs[i].local, group) == 0
            && strcmp(group, "docker") != 0)
            return true;
    return false;
}

/* One that was there before, by its name. */
static bool
check_old(struct world *before, struct world *after, const char *name)
{
    const struct state_entry *entry = state_of_name(&before->state, name);
    const struct plan_account *old = world_account(before, name);
    const struct plan_account *new = world_account(after, name);
    const struct plan_person *person;
    char one[256], two[256];
    bool gone;

    if (new == NULL || new->uid != old->uid
        || strcmp(new->home, old->home) != 0)
        return complain("%s: gone, or has another uid or home", name);
    if (entry == NULL || entry->uid != old->uid) {
        const char *keys = world_keys(after, name);

        /* Ours would be somebody else's there, and nobody would empty them. */
        if (keys[0] != '\0')
            return complain("%s: not ours, with keys %s", name, keys);
        tell_account(before, name, "", one, sizeof(one));
        tell_account(after, name, "", two, sizeof(two));
        return strcmp(one, two) == 0
               || complain("%s: not ours, and changed: %s, %s", name, one,
                           two);
    }
    person = person_of(before, entry->sub);
    gone = !is_here(before, person);
    if (gone
        && (!new->expired || world_keys(after, name)[0] != '\0'
            || state_of_name(&after->state, name)->kind != STATE_LOCKED))
        return complain("%s: gone, and not locked", name);
    for (size_t i = 0; i < after->group_count; i++) {
        const char *group = after->groups[i].name;
        bool was = world_is_listed(before, group, name);
        bool is = world_is_listed(after, group, name);

        if (gone && is && is_mapped(after, group))
            return complain("%s: gone, and still in %s", name, group);
        if (was != is && !is_mapped(after, group)
            && strcmp(group, "cognito") != 0)
            return complain("%s: in or out of %s", name, group);
    }
    return true;
}

/* One that was not there before. */
static bool
check_new(struct world *before, struct world *after, const char *name)
{
    const struct plan_account *account = world_account(after, name);
    const struct state_entry *entry = state_of_name(&after->state, name);
    const struct plan_person *person = entry == NULL
                                           ? NULL
                                           : person_of(before, entry->sub);
    uid_t uid = account->uid;

    if (entry == NULL || entry->uid != uid || entry->kind != STATE_PRESENT)
        return complain("%s: made, and not in the state", name);
    if (!is_here(before, person) || !may_sign_in(before, person, name)
        || (strcmp(person->status, "CONFIRMED") != 0
            && strcmp(person->status, "RESET_REQUIRED") != 0))
        return complain("%s: made for nobody", name);
    if (uid < 1000 || uid > 59999
        || (before->range_count > 0 && uid >= 1003 && uid <= 1005))
        return complain("%s: made with uid %lu", name, (unsigned long) uid);
    for (size_t i = 0; i < before->account_count; i++)
        if (before->accounts[i].uid == uid)
            return complain("%s: made with %s's uid", name,
                            before->accounts[i].name);
    for (size_t i = 0; i < before->state.count; i++)
        if (before->state.entries[i].uid == uid
            && strcmp(before->state.entries[i].sub, entry->sub) != 0)
            return complain("%s: made with a uid that was given", name);
    for (size_t i = 0; i < before->group_count; i++)
        if (strcmp(before->groups[i].name, name) == 0)
            return complain("%s: made beside a group", name);
    if (world_is_listed(after, "docker", name))
        return complain("%s: made, and in docker", name);
    if (state_of_name(&before->state, name) != NULL
        && strcmp(state_of_name(&before->state, name)->sub, entry->sub) != 0)
        return complain("%s: made over another person's name", name);
    if (strcmp(name, "root") == 0 || strchr(name, '!') != NULL
        || (before->reserved != NULL && strcmp(before->reserved, name) == 0))
        return complain("%s: made with a name that nobody may have", name);
    return true;
}

static size_t
count_present(const struct world *world)
{
    size_t count = 0;

    for (size_t i = 0; i < world->state.count; i++)
        count += world->state.entries[i].kind == STATE_PRESENT;
    return count;
}

static bool
check_state(const struct world *before, const struct world *after)
{
    size_t present = count_present(before), locked = 0;

    for (size_t i = 0; i < before->state.count; i++) {
        const struct state_entry *old = &before->state.entries[i];
        const struct state_entry *new = state_of_sub(&after->state, old->sub);

        if (new == NULL || new->uid != old->uid)
            return complain("%s: its uid or sub is lost", old->name);
        locked += old->kind == STATE_PRESENT && new->kind == STATE_LOCKED;
    }
    for (size_t i = 0; i < after->state.count; i++)
        for (size_t j = 0; j < i; j++)
            if (after->state.entries[i].uid == after->state.entries[j].uid)
                return complain("uid twice in the state");
    if (!before->force && before->settings->max_removals == 20
        && locked * 5 >= present + 5)
        return complain("%zu of %zu locked", locked, present);
    return true;
}

static bool
is_refused(const struct plan *plan, const char *name,
           const struct plan_person *person)
{
    for (size_t i = 0; i < plan->refusal_count; i++)
        if (strcmp(plan->refusals[i].name, name) == 0
            || strcmp(plan->refusals[i].username, person->username) == 0)
            return true;
    return false;
}

/* Everybody who is to exist does, or it is said why not. */
static bool
check_people(const struct world *before, struct world *after,
             const struct plan *plan)
{
    for (size_t i = 0; i < before->people_count; i++) {
        const struct plan_person *person = &before->people[i];
        const struct state_entry *entry = state_of_sub(&after->state,
                                                       person->sub);
        const struct plan_account *account
            = entry == NULL ? NULL : world_account(after, entry->name);
        bool held, by_hand;

        if (!is_here(before, person))
            continue;
        held = entry != NULL && entry->kind == STATE_PRESENT && account != NULL
               && account->uid == entry->uid
               && may_sign_in(after, person, entry->name);
        by_hand = held && account->expired
                  && state_of_sub(&before->state, person->sub) != NULL
                  && state_of_sub(&before->state, person->sub)->kind
                         == STATE_PRESENT;
        if (!is_refused(plan, entry == NULL ? "-" : entry->name, person)
            && (!held || (account->expired && !by_hand)))
            return complain("%s: neither there nor refused", person->username);
    }
    return true;
}

static bool
check_all(struct world *before, struct world *after, const struct plan *plan)
{
    for (size_t i = 0; i < before->account_count; i++)
        if (!check_old(before, after, before->accounts[i].name))
            return false;
    for (size_t i = 0; i < after->account_count; i++)
        if (world_account(before, after->accounts[i].name) == NULL
            && !check_new(before, after, after->accounts[i].name))
            return false;
    return check_state(before, after) && check_people(before, after, plan);
}

static bool
sync_once(struct world *world, struct plan *plan)
{
    const struct plan_input input = world_input(world);

    return plan_sync(&input, plan) == STATUS_OK || complain("no plan");
}

/* The same again does nothing, and refuses the same. */
static bool
check_second(struct world *world, const struct plan *first)
{
    struct plan second;
    bool good = sync_once(world, &second);

    if (good && (second.count > 0 || second.held_count > 0))
        good = complain("a second plan: %s %s",
                        plan_word(second.count > 0 ? second.actions[0].kind
                                                   : second.held[0].kind),
                        second.count > 0 ? second.actions[0].name
                                         : second.held[0].name);
    if (good && second.refusal_count != first->refusal_count)
        good = complain("a second plan refuses %zu, the first %zu",
                        second.refusal_count, first->refusal_count);
    plan_free(&second);
    return good;
}

/* Killed somewhere, and run again: as if nothing had been. */
static bool
check_killed(const char *whole, const struct plan *first)
{
    struct world world;
    struct plan again;
    char text[TEXT];
    bool good;

    world_make(&world, built);
    world_apply(&world, first, chance_below((uint32_t) first->count + 1),
                chance_below(4));
    good = sync_once(&world, &again);
    if (good) {
        world_apply(&world, &again, again.count, 0);
        tell_machine(&world, text, sizeof(text));
        good = strcmp(text, whole) == 0
               || complain("killed: %s instead of %s", text, whole);
        good = good && check_second(&world, &again);
    }
    plan_free(&again);
    world_free(&world);
    return good;
}

static bool
check_round(size_t *done)
{
    struct world before, after;
    struct plan plan;
    char whole[TEXT];
    bool good;

    world_make(&before, built);
    world_make(&after, built);
    good = sync_once(&after, &plan);
    *done += plan.count;
    if (good && plan.held_count > 0) {
        good = plan.count == 0 || complain("held, and not all of it");
    } else if (good) {
        world_apply(&after, &plan, plan.count, 0);
        tell_machine(&after, whole, sizeof(whole));
        good = check_all(&before, &after, &plan) && check_second(&after, &plan)
               && check_killed(whole, &plan);
    }
    plan_free(&plan);
    world_free(&before);
    world_free(&after);
    return good;
}

const char *
world_by_chance(unsigned int rounds, size_t *done_out)
{
    *done_out = 0;
    for (unsigned int round = 0; round < rounds; round++) {
        build(round);
        if (check_round(done_out))
            continue;
        printf("# round %u\n%s", round, built);
        return complaint;
    }
    return NULL;
}
