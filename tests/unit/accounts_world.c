/*
 * Worlds for plans: read from words, told in words, and changed as useradd and
 * its relatives change a machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts_world.h"

#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define WORDS_MAX 16

__attribute__((format(printf, 2, 3))) static const char *
keep(struct world *world, const char *format, ...)
{
    va_list arguments;
    char *text;

    need(world->text_count < WORLD_TEXTS, "room for texts");
    va_start(arguments, format);
    need(vasprintf(&text, format, arguments) >= 0, "memory");
    va_end(arguments);
    world->texts[world->text_count++] = text;
    return text;
}

/* _ stands for a blank. */
static const char *
spaced(struct world *world, const char *word)
{
    char *text = (char *) (uintptr_t) keep(world, "%s", word);

    for (char *at = text; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    return text;
}

/* ---- From words ---- */

static const char *
value_of(const char *word, const char *key)
{
    size_t length = strlen(key);

    return strncmp(word, key, length) == 0 && word[length] == '='
               ? word + length + 1
               : NULL;
}

static uid_t
number(const char *word)
{
    return (uid_t) strtoul(word, NULL, 10);
}

static size_t
split(struct world *world, const char *list, const char **out, size_t max)
{
    char *at = (char *) (uintptr_t) keep(world, "%s", list);
    size_t count = 0;

    for (char *word; (word = strsep(&at, ",")) != NULL;) {
        need(count < max, "a shorter list");
        if (word[0] != '\0')
            out[count++] = word;
    }
    return count;
}

static void
take_person(struct world *world, const char *const *words, size_t count)
{
    size_t at = world->people_count++;
    struct plan_person *person = &world->people[at];
    const char *value;

    need(at < WORLD_MAX, "room for people");
    *person = (struct plan_person){
        .username = keep(world, "%s", words[1]),
        .sub = keep(world, "%s", words[2]),
        .enabled = true,
        .status = "CONFIRMED",
        .groups = world->memberships[at],
    };
    for (size_t i = 3; i < count; i++) {
        const char *word = words[i];

        if (strcmp(word, "off") == 0)
            person->enabled = false;
        else if (strcmp(word, "verified") == 0)
            person->email_verified = true;
        else if (strcmp(word, "bad") == 0)
            person->malformed = "its name is no text";
        else if (strcmp(word, "nosub") == 0)
            person->sub = NULL;
        else if ((value = value_of(word, "email")) != NULL)
            person->email = keep(world, "%s", value);
        else if ((value = value_of(word, "name")) != NULL)
            person->name = spaced(world, value);
        else if ((value = value_of(word, "uid")) != NULL)
            person->uid = keep(world, "%s", value);
        else if ((value = value_of(word, "keys")) != NULL)
            person->keys = spaced(world, value);
        else if (word[0] >= 'A' && word[0] <= 'Z')
            person->status = keep(world, "%s", word);
        else
            person->group_count = split(world, word, world->memberships[at],
                                        8);
    }
}

static struct plan_account *
add_account(struct world *world, const char *name, uid_t uid, gid_t gid)
{
    struct plan_account *account = &world->accounts[world->account_count++];

    need(world->account_count <= WORLD_MAX, "room for accounts");
    *account = (struct plan_account){
        .name = keep(world, "%s", name),
        .uid = uid,
        .gid = gid,
        .gecos = "",
        .home = keep(world, "/home/%s", name),
    };
    return account;
}

static void
take_account(struct world *world, const char *const *words, size_t count)
{
    struct plan_account *account
        = add_account(world, words[1], number(words[2]), number(words[3]));
    const char *value;

    for (size_t i = 4; i < count; i++)
        if ((value = value_of(words[i], "gecos")) != NULL)
            account->gecos = spaced(world, value);
        else if ((value = value_of(words[i], "home")) != NULL)
            account->home = keep(world, "%s", value);
        else
            account->expired = true;
}

static void
add_group(struct world *world, const char *name, gid_t gid,
          const char *members)
{
    size_t at = world->group_count++;

    need(at < WORLD_MAX, "room for groups");
    world->groups[at] = (struct plan_group){
        .name = keep(world, "%s", name),
        .gid = gid,
        .members = world->members[at],
        .member_count = split(world, members, world->members[at], WORLD_MAX),
    };
}

static void
take_entry(struct world *world, const char *const *words)
{
    enum state_kind kind = STATE_MAKING;

    while (strcmp(state_word(kind), words[4]) != 0)
        kind++;
    need(state_put(&world->state, words[1], words[2], number(words[3]), 1,
                   kind),
         "an entry");
}

static void
put_home(struct world *world, const char *path, uid_t owner)
{
    size_t at = world->home_count++;

    need(at < WORLD_MAX, "room for homes");
    (void) snprintf(world->homes[at], sizeof(world->homes[at]), "%s", path);
    world->home_owners[at] = owner;
}

static void
put_keys(struct world *world, const char *name, const char *text)
{
    size_t at = 0;

    while (at < world->key_count && strcmp(world->keys[at].name, name) != 0)
        at++;
    need(at < WORLD_MAX, "room for keys");
    world->key_count += at == world->key_count;
    (void) snprintf(world->keys[at].name, sizeof(world->keys[at].name), "%s",
                    name);
    (void) snprintf(world->keys[at].text, sizeof(world->keys[at].text), "%s",
                    text);
}

static bool
take_number(struct world *world, const char *const *words)
{
    if (strcmp(words[0], "uid-reserved") == 0)
        world->uid_reserved = number(words[1]);
    else if (strcmp(words[0], "uid-elsewhere") == 0)
        world->uid_elsewhere = number(words[1]);
    else if (strcmp(words[0], "uid-silent") == 0)
        world->uid_silent = number(words[1]);
    else if (strcmp(words[0], "minimum") == 0)
        world->minimum_uid = number(words[1]);
    else
        return false;
    return true;
}

static void
take_words(struct world *world, const char *const *words, size_t count)
{
    const char *kind = words[0];

    if (strcmp(kind, "person") == 0)
        take_person(world, words, count);
    else if (strcmp(kind, "account") == 0)
        take_account(world, words, count);
    else if (strcmp(kind, "entry") == 0)
        take_entry(world, words);
    else if (strcmp(kind, "group") == 0)
        add_group(world, words[1], number(words[2]),
                  count > 3 ? words[3] : "");
    else if (strcmp(kind, "range") == 0)
        world->ranges[world->range_count++]
            = (struct plan_range){number(words[1]), number(words[2]),
                                  spaced(world, count > 3 ? words[3] : "x")};
    else if (strcmp(kind, "keys") == 0)
        put_keys(world, words[1], spaced(world, words[2]));
    else if (strcmp(kind, "home") == 0)
        put_home(world, words[1],
                 strcmp(words[2], "empty") == 0 ? WORLD_EMPTY
                                                : number(words[2]));
    else if (strcmp(kind, "reserved") == 0)
        world->reserved = keep(world, "%s", words[1]);
    else if (strcmp(kind, "elsewhere") == 0)
        world->elsewhere = keep(world, "%s", words[1]);
    else if (strcmp(kind, "silent") == 0)
        world->silent = keep(world, "%s", words[1]);
    else if (strcmp(kind, "doubt-uid") == 0)
        world->uid_doubt = "web-app may write it";
    else if (strcmp(kind, "doubt-keys") == 0)
        world->keys_doubt = "web-app may write it";
    else if (strcmp(kind, "force") == 0)
        world->force = true;
    else
        need(take_number(world, words), kind);
}

/* What the settings' own reader makes of them. */
static void
read_settings(struct world *world, const char *text)
{
    const struct file_trust trust = {.owner = geteuid()};
    char path[] = "/tmp/accounts_world.XXXXXX";
    char error[SETTINGS_MESSAGE_SIZE] = "";
    int fd = mkstemp(path);

    need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text)
             && close(fd) == 0,
         "a file of settings");
    world->settings = settings_read(path, &trust, error, sizeof(error));
    (void) unlink(path);
    need(world->settings != NULL, error);
}

struct reading {
    char settings[1024];
    char map[1024];
    const char *arguments[16];
    size_t argument_count;
};

static void
add_line(char *text, size_t size, const char *line)
{
    size_t used = strlen(text);

    (void) snprintf(text + used, size - used, "%s\n", line);
}

static void
read_config(struct world *world, const struct reading *reading)
{
    char error[128] = "";

    world->module = config_new(CONFIG_MODULE);
    world->helper = config_new(CONFIG_HELPER);
    need(world->module != NULL && world->helper != NULL, "memory");
    config_arguments(world->module, reading->argument_count,
                     reading->arguments);
    config_arguments(world->helper, reading->argument_count,
                     reading->arguments);
    need(config_status(world->module) == STATUS_OK
             && config_status(world->helper) == STATUS_OK
             && map_parse(reading->map, strlen(reading->map), &world->map,
                          error, sizeof(error))
                    == STATUS_OK,
         config_message(world->helper));
    world->names = (struct names){world->module, world->helper, world->map};
}

void
world_make(struct world *world, const char *text)
{
    struct reading reading = {.settings = ""};
    char *lines = strdup(text), *rest = lines;

    memset(world, 0, sizeof(*world));
    world->state = (struct state){.folder = -1, .lock = -1};
    need(lines != NULL, "memory");
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *words[WORDS_MAX];
        size_t count = 0;
        char *at = line;

        for (char *word; (word = strsep(&at, " ")) != NULL;)
            if (word[0] != '\0' && count < WORDS_MAX)
                words[count++] = word;
        if (count == 0)
            continue;
        if (strcmp(words[0], "set") == 0)
            add_line(reading.settings, sizeof(reading.settings), words[1]);
        else if (strcmp(words[0], "map") == 0)
            add_line(reading.map, sizeof(reading.map), words[1]);
        else if (strcmp(words[0], "conf") == 0)
            reading.arguments[reading.argument_count++] = keep(world, "%s",
                                                               words[1]);
        else
            take_words(world, words, count);
    }
    free(lines);
    if (strstr(reading.settings, "pool_groups") == NULL)
        add_line(reading.settings, sizeof(reading.settings),
                 "pool_groups=linux");
    read_settings(world, reading.settings);
    read_config(world, &reading);
}

void
world_free(struct world *world)
{
    settings_free(world->settings);
    config_free(world->module);
    config_free(world->helper);
    map_free(world->map);
    state_close(&world->state);
    for (size_t i = 0; i < world->text_count; i++)
        free(world->texts[i]);
}

/* ---- What a plan asks ---- */

static bool
is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const char *
reserved_name(void *context, const char *name)
{
    return is_same(((struct world *) context)->reserved, name) ? "/etc/sudoers"
                                                               : NULL;
}

static const char *
reserved_uid(void *context, uid_t uid)
{
    return ((struct world *) context)->uid_reserved == uid ? "/etc/sudoers"
                                                           : NULL;
}

static enum lookup
name_taken(void *context, const char *name)
{
    struct world *world = context;

    if (is_same(world->silent, name))
        return LOOKUP_FAILED;
    return is_same(world->elsewhere, name)
                   || world_account(world, name) != NULL
               ? LOOKUP_FOUND
               : LOOKUP_NONE;
}

static enum lookup
uid_taken(void *context, uid_t uid)
{
    struct world *world = context;

    if (world->uid_silent == uid)
        return LOOKUP_FAILED;
    for (size_t i = 0; i < world->account_count; i++)
        if (world->accounts[i].uid == uid)
            return LOOKUP_FOUND;
    return world->uid_elsewhere == uid ? LOOKUP_FOUND : LOOKUP_NONE;
}

static enum plan_home
find_home(void *context, const char *path, uid_t uid)
{
    const struct world *world = context;

    for (size_t i = 0; i < world->home_count; i++)
        if (strcmp(world->homes[i], path) == 0)
            return world->home_owners[i] == WORLD_EMPTY ? PLAN_HOME_EMPTY
                   : world->home_owners[i] == uid       ? PLAN_HOME_OURS
                                                        : PLAN_HOME_OTHER;
    return PLAN_HOME_NONE;
}

static bool
keys_differ(void *context, const char *name, const char *keys)
{
    return strcmp(world_keys(context, name), keys) != 0;
}

static struct plan_facts facts;

struct plan_input
world_input(const struct world *world)
{
    facts = (struct plan_facts){
        .accounts = world->accounts,
        .account_count = world->account_count,
        .groups = world->groups,
        .group_count = world->group_count,
        .ranges = world->ranges,
        .range_count = world->range_count,
        .minimum_uid = world->minimum_uid,
        .context = (void *) (uintptr_t) world,
        .reserved_name = reserved_name,
        .reserved_uid = reserved_uid,
        .name_taken = name_taken,
        .uid_taken = uid_taken,
        .home = find_home,
        .keys_differ = keys_differ,
    };
    return (struct plan_input){
        .people = world->people,
        .count = world->people_count,
        .names = &world->names,
        .settings = world->settings,
        .state = &world->state,
        .facts = &facts,
        .uid_doubt = world->uid_doubt,
        .keys_doubt = world->keys_doubt,
        .force = world->force,
    };
}

/* ---- In words ---- */

__attribute__((format(printf, 3, 4))) static void
add(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}

static void
tell_action(const struct plan_action *action, char *out, size_t size)
{
    add(out, size, "%s %s %s %lu", plan_word(action->kind), action->name,
        action->sub, (unsigned long) action->uid);
    if (action->group != NULL)
        add(out, size, " %s", action->group);
    if (action->home != NULL)
        add(out, size, " %s", action->home);
    if (action->text != NULL)
        add(out, size, " <%s>", action->text);
    if (action->has_account)
        add(out, size, " there");
    add(out, size, "\n");
}

void
world_tell(const struct plan *plan, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < plan->count; i++)
        tell_action(&plan->actions[i], out, size);
    for (size_t i = 0; i < plan->held_count; i++) {
        add(out, size, "held ");
        tell_action(&plan->held[i], out, size);
    }
    for (size_t i = 0; i < plan->refusal_count; i++)
        add(out, size, "%s %s (%s): %s\n",
            plan->refusals[i].usual ? "usual" : "refused",
            plan->refusals[i].id,
            plan->refusals[i].name[0] != '\0' ? plan->refusals[i].name
                                              : plan->refusals[i].username,
            plan->refusals[i].why);
}

/* ---- Carrying out ---- */

struct plan_account *
world_account(struct world *world, const char *name)
{
    for (size_t i = 0; i < world->account_count; i++)
        if (strcmp(world->accounts[i].name, name) == 0)
            return &world->accounts[i];
    return NULL;
}

static struct plan_group *
find_group(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->group_count; i++)
        if (strcmp(world->groups[i].name, name) == 0)
            return (struct plan_group *) (uintptr_t) &world->groups[i];
    return NULL;
}

bool
world_is_listed(const struct world *world, const char *group, const char *name)
{
    const struct plan_group *found = find_group(world, group);

    for (size_t i = 0; found != NULL && i < found->member_count; i++)
        if (strcmp(found->members[i], name) == 0)
            return true;
    return false;
}

const char *
world_keys(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->key_count; i++)
        if (strcmp(world->keys[i].name, name) == 0)
            return world->keys[i].text;
    return "";
}

static void
join(struct world *world, const char *group, const char *name)
{
    struct plan_group *found = find_group(world, group);
    size_t at = (size_t) (found - world->groups);

    world->members[at][found->member_count++] = keep(world, "%s", name);
}

static void
leave(struct world *world, const char *group, const char *name)
{
    struct plan_group *found = find_group(world, group);
    size_t at = (size_t) (found - world->groups), left = 0;

    for (size_t i = 0; i < found->member_count; i++)
        if (strcmp(world->members[at][i], name) != 0)
            world->members[at][left++] = world->members[at][i];
    found->member_count = left;
}

static void
enter(struct world *world, const struct plan_action *action,
      enum state_kind kind)
{
    need(state_put(&world->state, action->name, action->sub, action->uid, 1,
                   kind),
         "an entry");
}

static void
make_account(struct world *world, const struct plan_action *action)
{
    const char *group = world->settings->local_group;
    struct plan_account *account = add_account(world, action->name,
                                               action->uid,
                                               find_group(world, group)->gid);

    account->gecos = keep(world, "%s", action->text);
    account->home = keep(world, "%s", action->home);
}

static void
remove_account(struct world *world, const char *name)
{
    struct plan_account *account = world_account(world, name);

    for (size_t i = 0; i < world->group_count; i++)
        leave(world, world->groups[i].name, name);
    *account = world->accounts[--world->account_count];
}

static void
apply_one(struct world *world, const struct plan_action *action)
{
    struct plan_account *account = world_account(world, action->name);

    switch (action->kind) {
    case PLAN_KEYS:
        put_keys(world, action->name, action->text);
        return;
    case PLAN_LEAVE:
        leave(world, action->group, action->name);
        return;
    case PLAN_JOIN:
        join(world, action->group, action->name);
        return;
    case PLAN_LOCK:
        account->expired = true;
        enter(world, action, STATE_LOCKED);
        return;
    case PLAN_UNLOCK:
        account->expired = false;
        enter(world, action, STATE_PRESENT);
        return;
    case PLAN_MAKE_GROUP:
        add_group(world, action->group, 5000, "");
        return;
    case PLAN_MAKE:
        make_account(world, action);
        put_home(world, action->home, action->uid);
        enter(world, action, STATE_PRESENT);
        return;
    case PLAN_TAKE_OVER:
        account->gid = find_group(world, world->settings->local_group)->gid;
        account->gecos = keep(world, "%s", action->text);
        account->home = keep(world, "%s", action->home);
        account->expired = false;
        enter(world, action, STATE_PRESENT);
        return;
    case PLAN_ADOPT:
        enter(world, action, STATE_PRESENT);
        return;
    case PLAN_FULL_NAME:
        account->gecos = keep(world, "%s", action->text);
        return;
    case PLAN_FORGET:
        put_keys(world, action->name, "");
        if (action->has_account)
            remove_account(world, action->name);
        for (size_t i = 0; action->home != NULL && i < world->home_count; i++)
            if (strcmp(world->homes[i], action->home) == 0) {
                (void) snprintf(world->homes[i], sizeof(world->homes[i]), "%s",
                                action->text);
                world->home_owners[i] = 0;
            }
        enter(world, action, STATE_FORGOTTEN);
        return;
    }
}

void
world_apply(struct world *world, const struct plan *plan, size_t count,
            unsigned int half)
{
    for (size_t i = 0; i < count; i++)
        apply_one(world, &plan->actions[i]);
    if (half == 0 || count == plan->count
        || plan->actions[count].kind != PLAN_MAKE)
        return;
    enter(world, &plan->actions[count], STATE_MAKING);
    if (half == 2)
        put_home(world, plan->actions[count].home, plan->actions[count].uid);
    if (half == 3)
        make_account(world, &plan->actions[count]);
}
