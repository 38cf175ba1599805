/*
 * Brings settings, the pool's people, the state and this machine together, and
 * says what comes of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "accounts/act.h"
#include "accounts/credentials.h"
#include "accounts/directory.h"
#include "accounts/facts.h"
#include "accounts/names.h"
#include "accounts/plan.h"
#include "accounts/settings.h"
#include "accounts/state.h"
#include "cli/command.h"
#include "client/setup.h"
#include "common/config.h"
#include "common/text.h"

#define CREDENTIALS_STANDARD "/root/.aws/credentials"
#define PROFILE_STANDARD "default"
#define MESSAGE_SIZE 640
#define DOUBT_SIZE 512
#define GOES_ON                                                               \
    "what the locked ones run goes on: sessions, timers, lingering "          \
    "services; sync --terminate ends it"

/* Everything that is opened once. */
struct job {
    struct cli *cli;
    struct settings *settings;
    struct setup setup;    /* the pool, its certificates, map_file */
    struct config *module; /* username_class, minimum_uid */
    struct names names;
    struct state state;
    bool state_is_open;
    struct facts *facts;
    struct credentials_options where;
    struct credentials credentials;
    struct directory *directory;
    const char **groups; /* of the pool, that are asked for */
    size_t group_count;
    struct people people;
    struct plan_person *persons;
    const char **memberships; /* of all persons, one behind the other */
    char uid_doubt[DOUBT_SIZE], keys_doubt[DOUBT_SIZE];
    char message[MESSAGE_SIZE];
    size_t done, failed; /* actions */
    size_t locked;       /* of those that were done */
    bool is_watched;     /* somebody sees standard error */
};

static enum cli_exit
fail(struct job *job, const char *message)
{
    if (message != job->message)
        (void) snprintf(job->message, sizeof(job->message), "%s", message);
    return ACCOUNTS_FAILED;
}

/* ---- Settings ---- */

static enum cli_exit
read_pool_settings(struct job *job)
{
    const char *arguments[CLI_SETTINGS_MAX + 1];
    size_t count = cli_add_settings(job->cli, arguments, 0);
    struct file_trust trust = command_trust();

    job->module = config_load(CONFIG_MODULE, count, arguments, "", &trust);
    if (job->module == NULL)
        return fail(job, strerror(ENOMEM));
    if (config_status(job->module) != STATUS_OK)
        return fail(job, config_message(job->module));
    if (setup_read(&job->setup, count, arguments, "", &trust) != STATUS_OK)
        return fail(job, job->setup.message);
    job->names = (struct names){job->module, job->setup.config,
                                job->setup.map};
    if (names_check(&job->names, job->message, sizeof(job->message))
        != STATUS_OK)
        return ACCOUNTS_FAILED;
    return CLI_DONE;
}

static enum cli_exit
read_settings(struct job *job)
{
    struct file_trust trust = command_trust();

    job->settings = settings_read(SETTINGS_PATH, &trust, job->message,
                                  sizeof(job->message));
    return job->settings == NULL ? ACCOUNTS_FAILED : read_pool_settings(job);
}

static enum cli_exit
read_machine(struct job *job, bool to_write)
{
    job->state_is_open = true;
    if (!state_open(&job->state, STATE_FOLDER, 0, to_write, job->message,
                    sizeof(job->message)))
        return ACCOUNTS_FAILED;
    job->facts = facts_read(job->settings,
                            config_number(job->module, KEY_MINIMUM_UID),
                            job->message, sizeof(job->message));
    return job->facts == NULL ? ACCOUNTS_FAILED : CLI_DONE;
}

/* ---- The pool's people ---- */

static void
show_progress(void *context, size_t people, unsigned int wait_ms)
{
    const struct job *job = context;

    if (!job->is_watched)
        return;
    (void) fprintf(stderr, "\r%zu people", people);
    if (wait_ms > 0)
        (void) fprintf(stderr, ", waiting %u s for Cognito", wait_ms / 1000);
    (void) fprintf(stderr, "\033[K");
}

static bool
is_asked_for(const struct job *job, const char *group)
{
    for (const char **known = job->groups; *known != NULL; known++)
        if (strcmp(*known, group) == 0)
            return true;
    return false;
}

/* Those of pool_groups first, then those that only map_groups names. */
static bool
collect_groups(struct job *job)
{
    const struct settings *settings = job->settings;
    size_t room = settings->pair_count;

    for (size_t i = 0; settings->pool_groups[i] != NULL; i++)
        room++;
    job->groups = calloc(room + 1, sizeof(*job->groups));
    if (job->groups == NULL)
        return false;
    for (size_t i = 0; settings->pool_groups[i] != NULL; i++)
        if (!is_asked_for(job, settings->pool_groups[i]))
            job->groups[job->group_count++] = settings->pool_groups[i];
    return true;
}

/* Groups that only bring people into local ones. */
static void
add_mapped_groups(struct job *job)
{
    for (size_t i = 0; i < job->settings->pair_count; i++)
        if (!is_asked_for(job, job->settings->pairs[i].pool))
            job->groups[job->group_count++] = job->settings->pairs[i].pool;
}

static enum status
open_directory(struct job *job)
{
    const struct settings *settings = job->settings;
    const char *folder;
    const struct secret *ca = setup_anchors(&job->setup, &folder);
    struct directory_options options = {
        .pool = &job->setup.pool,
        .ca = ca,
        .ca_folder = folder,
        .ca_trust = job->setup.system_trust,
        .proxy = config_text(job->setup.config, KEY_PROXY),
        .connect_ms = config_number(job->setup.config, KEY_CONNECT_TIMEOUT)
                      * 1000,
        .total_ms = settings->timeout * 1000,
        .rate = settings->rate,
        .credentials = &job->credentials,
        .uid_attribute = settings->uid_attribute,
        .ssh_key_attribute = settings->ssh_key_attribute,
        .progress = show_progress,
        .context = job,
    };

    job->where = (struct credentials_options){
        .file = settings->credentials_file != NULL ? settings->credentials_file
                                                   : CREDENTIALS_STANDARD,
        .profile = settings->profile != NULL ? settings->profile
                                             : PROFILE_STANDARD,
        .is_chosen = settings->credentials_file != NULL
                     || settings->profile != NULL,
        .trust = command_trust(),
    };
    if (credentials_find(&job->where, &job->credentials, job->message)
        != STATUS_OK)
        return STATUS_CONFIG;
    if (job->credentials.warning[0] != '\0')
        output_error("accounts: %s", job->credentials.warning);
    return directory_open(&options, &job->directory, job->message);
}

/* The members of the mapped groups, among everybody: both are in order. */
static enum status
mark_members(struct job *job)
{
    struct people members = {0};
    enum status status = directory_list(job->directory, job->groups,
                                        job->group_count, &members);
    size_t at = 0;

    for (size_t i = 0; status == STATUS_OK && i < members.count; i++) {
        const char *username = members.people[i].username;

        while (at < job->people.count
               && strcmp(job->people.people[at].username, username) < 0)
            at++;
        if (at < job->people.count
            && strcmp(job->people.people[at].username, username) == 0)
            job->people.people[at].groups = members.people[i].groups;
    }
    directory_forget(&members);
    return status;
}

static enum status
list_people(struct job *job)
{
    const struct settings *settings = job->settings;
    enum status status;

    if (settings->everybody && !settings->allow_self_sign_up
        && directory_is_closed(job->directory) != DIRECTORY_YES) {
        (void) snprintf(job->message, sizeof(job->message),
                        "pool_groups=*: people may sign up by themselves in "
                        "this pool, or that could not be found out (%.300s); "
                        "name groups, or set allow_self_sign_up=yes",
                        directory_message(job->directory));
        return STATUS_CONFIG;
    }
    if (settings->everybody) {
        status = directory_list(job->directory, NULL, 0, &job->people);
        add_mapped_groups(job);
        return status == STATUS_OK && job->group_count > 0 ? mark_members(job)
                                                           : status;
    }
    add_mapped_groups(job);
    return directory_list(job->directory, job->groups, job->group_count,
                          &job->people);
}

/* ---- What of it can be believed ---- */

/* Why an attribute that people may write themselves does not count. */
static void
find_doubt(struct job *job, const char *key, const char *attribute,
           char doubt_out[DOUBT_SIZE])
{
    char client[256];

    doubt_out[0] = '\0';
    if (attribute == NULL || job->settings->trust_attribute)
        return;
    switch (directory_clients_write(job->directory, attribute, client,
                                    sizeof(client))) {
    case DIRECTORY_NO:
        return;
    case DIRECTORY_YES:
        (void) snprintf(doubt_out, DOUBT_SIZE,
                        "%s=%.80s: people may write it themselves through the "
                        "app client %.80s; take it from the attributes that "
                        "client may write, or set trust_attribute=yes",
                        key, attribute, client);
        return;
    case DIRECTORY_UNKNOWN:
        (void) snprintf(doubt_out, DOUBT_SIZE,
                        "%s=%.80s: whether people may write it themselves is "
                        "not known (%.240s); trust_attribute=yes takes it",
                        key, attribute, directory_message(job->directory));
        return;
    }
}

/* ---- People, as a plan has them ---- */

static size_t
write_person(const struct job *job, const struct person *person,
             const char **memberships, struct plan_person *out)
{
    size_t count = 0;

    for (size_t i = 0; i < job->group_count; i++)
        if ((person->groups >> i & 1) != 0)
            memberships[count++] = job->groups[i];
    *out = (struct plan_person){
        .username = person->username,
        .sub = person->sub,
        .enabled = person->enabled,
        .status = directory_status_word(person->status),
        .email = person->email,
        .email_verified = person->email_verified,
        .name = person->name,
        .uid = person->uid,
        .keys = person->ssh_key,
        .groups = memberships,
        .group_count = count,
        .malformed = person->malformed,
    };
    return count;
}

static bool
make_persons(struct job *job, size_t *count_out)
{
    size_t count = job->people.count, used = 0;

    job->persons = calloc(count + 1, sizeof(*job->persons));
    job->memberships = calloc(count * (job->group_count + 1) + 1,
                              sizeof(*job->memberships));
    if (job->persons == NULL || job->memberships == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        used += write_person(job, &job->people.people[i],
                             job->memberships + used, &job->persons[i]);
    *count_out = count;
    return true;
}

static struct plan_input
input_of(const struct job *job, size_t count)
{
    return (struct plan_input){
        .people = job->persons,
        .count = count,
        .names = &job->names,
        .settings = job->settings,
        .state = &job->state,
        .facts = facts_of_plan(job->facts),
        .uid_doubt = job->uid_doubt[0] == '\0' ? NULL : job->uid_doubt,
        .keys_doubt = job->keys_doubt[0] == '\0' ? NULL : job->keys_doubt,
        .force = job->cli->force,
    };
}

/* Asks the pool, up to what a plan is made of. */
static enum cli_exit
read_pool(struct job *job, size_t *count_out)
{
    enum status status = collect_groups(job) ? open_directory(job)
                                             : STATUS_MEMORY;

    if (status == STATUS_OK) {
        status = list_people(job);
        if (job->is_watched)
            (void) fprintf(stderr, "\r\033[K");
        if (status != STATUS_OK && job->message[0] == '\0')
            (void) snprintf(job->message, sizeof(job->message), "%s",
                            directory_message(job->directory));
    }
    if (status == STATUS_OK) {
        find_doubt(job, "uid_attribute", job->settings->uid_attribute,
                   job->uid_doubt);
        find_doubt(job, "ssh_key_attribute", job->settings->ssh_key_attribute,
                   job->keys_doubt);
        if (!make_persons(job, count_out))
            status = STATUS_MEMORY;
    }
    if (status == STATUS_OK)
        return CLI_DONE;
    return fail(job,
                status == STATUS_MEMORY ? strerror(ENOMEM) : job->message);
}

/* ---- What is said ---- */

static void
describe(const struct plan_action *action, char *out, size_t size)
{
    const char *what = action->group != NULL  ? action->group
                       : action->home != NULL ? action->home
                                              : "";

    (void) snprintf(out, size, "%-9s %-16s %s", plan_word(action->kind),
                    action->name == NULL ? "" : action->name, what);
}

static void
print_action(const struct cli *cli, const struct plan_action *action,
             const char *state, const char *note)
{
    enum output_tone tone = note[0] == '\0' ? TONE_PLAIN : TONE_BAD;
    struct json *object = json_new();
    bool whole = json_add_text(object, "action", plan_word(action->kind))
                 && json_add_text(object, "state", state);
    char line[1024];

    if (action->name != NULL)
        whole = whole && json_add_text(object, "name", action->name)
                && json_add_integer(object, "uid", action->uid);
    if (action->group != NULL)
        whole = whole && json_add_text(object, "group", action->group);
    if (note[0] != '\0')
        whole = whole && json_add_text(object, "note", note);
    describe(action, line, sizeof(line));
    output_line(&cli->output, tone, "%-6s %s%s%s", state, line,
                note[0] == '\0' ? "" : ": ", note);
    output_object(&cli->output, object, whole);
}

static void
print_refusal(const struct cli *cli, const struct plan_refusal *refusal)
{
    struct json *object = json_new();
    bool whole = json_add_text(object, "refused", refusal->id)
                 && json_add_text(object, "name", refusal->name)
                 && json_add_text(object, "username", refusal->username)
                 && json_add_text(object, "why", refusal->why);
    char username[TEXT_LINE_MAX];

    text_clean(refusal->username, username, sizeof(username));
    output_line(&cli->output, refusal->usual ? TONE_FAINT : TONE_WARNING,
                "refuse %-9s %-16s %s", refusal->id,
                refusal->name[0] != '\0' ? refusal->name : username,
                refusal->why);
    output_object(&cli->output, object, whole);
}

/* One line an action for the log, and one on the terminal. */
static void
tell(void *context, const struct plan_action *action, bool done,
     const char *note)
{
    struct job *job = context;
    char line[1024], clean[1024];

    describe(action, line, sizeof(line));
    (void) snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s%s",
                    done ? "" : " FAILED", note[0] == '\0' ? "" : ": ", note);
    text_clean_whole(line, clean, sizeof(clean));
    syslog(done ? LOG_NOTICE : LOG_ERR, "accounts: %s", clean);
    print_action(job->cli, action, done ? "done" : "FAILED", note);
    job->done += done;
    job->failed += !done;
    job->locked += done && action->kind == PLAN_LOCK;
}

static size_t
unusual(const struct plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->refusal_count; i++)
        count += !plan->refusals[i].usual;
    return count;
}

/* ---- Doing it ---- */

static bool
remember(struct job *job, const struct plan *plan, const char *result)
{
    bool done = state_note_sync(&job->state, (int64_t) time(NULL), result);

    for (size_t i = 0; done && i < plan->refusal_count; i++) {
        const struct plan_refusal *refusal = &plan->refusals[i];

        if (!refusal->usual)
            done = state_note_refusal(&job->state, refusal->id,
                                      refusal->name[0] != '\0'
                                          ? refusal->name
                                          : refusal->username,
                                      refusal->why);
    }
    return done;
}

static void
summarize(const struct job *job, const struct plan *plan, char *out,
          size_t size)
{
    (void) snprintf(out, size, "%zu to exist, %zu %s, %zu failed, %zu refused",
                    plan->wanted_count,
                    job->cli->dry_run ? plan->count : job->done,
                    job->cli->dry_run ? "to do" : "done", job->failed,
                    unusual(plan));
}

static enum cli_exit
end(const struct job *job, const struct plan *plan, const char *sentence)
{
    struct json *object = json_new();
    bool whole = json_add_boolean(object, "done", job->failed == 0)
                 && json_add_integer(object, "changed", (int64_t) job->done)
                 && json_add_integer(object, "failed", (int64_t) job->failed)
                 && json_add_integer(object, "refused",
                                     (int64_t) unusual(plan))
                 && json_add_text(object, "message", sentence);

    if (job->locked > 0 && !job->cli->terminate) {
        whole = whole && json_add_text(object, "note", GOES_ON);
        output_line(&job->cli->output, TONE_WARNING, GOES_ON);
    }
    output_line(&job->cli->output, TONE_PLAIN, "%s", sentence);
    output_object(&job->cli->output, object, whole);
    if (job->failed > 0)
        return ACCOUNTS_FAILED;
    return unusual(plan) > 0 ? ACCOUNTS_REFUSED : CLI_DONE;
}

/*
 * Everybody who is locked, since whenever: by a timer, before somebody thought
 * of it. Not where the name or the uid is another account's by now.
 */
static void
end_what_runs(struct job *job)
{
    const struct plan_facts *facts = facts_of_plan(job->facts);

    for (size_t i = 0; i < job->state.count; i++) {
        const struct state_entry *entry = &job->state.entries[i];

        if (entry->kind != STATE_LOCKED)
            continue;
        for (size_t k = 0; k < facts->account_count; k++)
            if (facts->accounts[k].uid == entry->uid
                && strcmp(facts->accounts[k].name, entry->name) == 0
                && !act_end_all(entry->name, entry->uid)) {
                output_error("accounts: %s: something that they run goes on",
                             entry->name);
                syslog(LOG_ERR,
                       "accounts: %s: something that they run goes on",
                       entry->name);
                job->failed++;
            }
    }
}

static enum cli_exit
carry_out(struct job *job, const struct plan *plan, bool is_sync)
{
    struct act act = {job->settings, &job->state, tell, job};
    char sentence[512];
    size_t failed = 0;
    bool done;

    for (size_t i = 0; i < plan->refusal_count; i++)
        print_refusal(job->cli, &plan->refusals[i]);
    for (size_t i = 0; i < plan->held_count; i++)
        print_action(job->cli, &plan->held[i], "held", "");
    if (job->cli->dry_run) {
        for (size_t i = 0; i < plan->count; i++)
            print_action(job->cli, &plan->actions[i], "would", "");
        summarize(job, plan, sentence, sizeof(sentence));
        return end(job, plan, sentence);
    }
    done = act_on(&act, plan->actions, plan->count, &failed, job->message,
                  sizeof(job->message));
    job->failed = failed;
    if (job->cli->terminate)
        end_what_runs(job);
    summarize(job, plan, sentence, sizeof(sentence));
    if (!done)
        return ACCOUNTS_FAILED;
    if (is_sync && !remember(job, plan, sentence))
        return fail(job, strerror(ENOMEM));
    if (is_sync
        && !state_save(&job->state, job->message, sizeof(job->message)))
        return ACCOUNTS_FAILED;
    syslog(LOG_NOTICE, "accounts: %s", sentence);
    return end(job, plan, sentence);
}

/* ---- Subcommands ---- */

static enum cli_exit
run_sync(struct job *job, const char *name)
{
    struct plan plan = {0};
    struct plan_input input;
    enum cli_exit code = read_machine(job, !job->cli->dry_run);
    size_t count = 0;

    (void) name;
    if (code == CLI_DONE)
        code = read_pool(job, &count);
    if (code != CLI_DONE)
        return code;
    input = input_of(job, count);
    code = plan_sync(&input, &plan) == STATUS_OK ? carry_out(job, &plan, true)
                                                 : fail(job, strerror(ENOMEM));
    plan_free(&plan);
    return code;
}

static enum cli_exit
run_adopt(struct job *job, const char *name)
{
    struct plan plan = {0};
    struct plan_input input;
    enum cli_exit code = read_machine(job, !job->cli->dry_run);
    size_t count = 0;

    if (code == CLI_DONE)
        code = read_pool(job, &count);
    if (code != CLI_DONE)
        return code;
    input = input_of(job, count);
    code = plan_adopt(&input, name, &plan) == STATUS_OK
               ? carry_out(job, &plan, false)
               : fail(job, strerror(ENOMEM));
    plan_free(&plan);
    return code;
}

/* Needs no pool: whom it forgets may be gone from there. */
static enum cli_exit
run_forget(struct job *job, const char *name)
{
    struct plan plan = {0};
    struct plan_input input;
    enum cli_exit code = read_machine(job, !job->cli->dry_run);

    if (code != CLI_DONE)
        return code;
    input = input_of(job, 0);
    code = plan_forget(&input, name, &plan) == STATUS_OK
               ? carry_out(job, &plan, false)
               : fail(job, strerror(ENOMEM));
    plan_free(&plan);
    return code;
}

/* The local group's number, for who is only listed. */
static gid_t
local_gid(const struct job *job)
{
    const struct plan_facts *facts = facts_of_plan(job->facts);

    for (size_t i = 0; i < facts->group_count; i++)
        if (strcmp(facts->groups[i].name, job->settings->local_group) == 0)
            return facts->groups[i].gid;
    return (gid_t) -1;
}

static void
print_userdb(const struct job *job, const struct plan_wanted *wanted,
             gid_t gid)
{
    struct json *object = json_new();
    struct secret text = {0};
    bool whole = json_add_text(object, "userName", wanted->name)
                 && json_add_integer(object, "uid", wanted->uid)
                 && json_add_integer(object, "gid", gid)
                 && json_add_text(object, "realName", wanted->gecos)
                 && json_add_text(object, "homeDirectory", wanted->home)
                 && json_add_text(object, "shell", job->settings->shell)
                 && json_add_text(object, "disposition", "regular")
                 && json_print(object, &text);

    if (whole)
        (void) puts(text.data);
    secret_free(&text);
    json_free(object);
}

static void
print_wanted(const struct job *job, const struct plan_wanted *wanted,
             gid_t gid, const char *format)
{
    const struct output plain = {.json = true};
    struct json *object;
    bool whole;

    if (strcmp(format, "passwd") == 0) {
        (void) printf("%s:x:%lu:%lu:%s:%s:%s\n", wanted->name,
                      (unsigned long) wanted->uid, (unsigned long) gid,
                      wanted->gecos, wanted->home, job->settings->shell);
        return;
    }
    if (strcmp(format, "userdb") == 0) {
        print_userdb(job, wanted, gid);
        return;
    }
    object = json_new();
    whole = json_add_text(object, "name", wanted->name)
            && json_add_text(object, "sub", wanted->sub)
            && json_add_integer(object, "uid", wanted->uid)
            && json_add_integer(object, "gid", gid)
            && json_add_text(object, "gecos", wanted->gecos)
            && json_add_text(object, "home", wanted->home)
            && json_add_text(object, "shell", job->settings->shell);
    output_object(&plain, object, whole);
}

/* Who should exist, on standard output; refusals on standard error. */
static enum cli_exit
run_list(struct job *job, const char *name)
{
    const char *format = job->cli->format != NULL ? job->cli->format
                         : job->cli->output.json  ? "json"
                                                  : "passwd";
    struct plan plan = {0};
    struct plan_input input;
    enum cli_exit code = read_machine(job, false);
    size_t count = 0;
    gid_t gid;

    (void) name;
    if (code == CLI_DONE)
        code = read_pool(job, &count);
    if (code != CLI_DONE)
        return code;
    gid = local_gid(job);
    if (gid == (gid_t) -1) {
        (void) snprintf(job->message, sizeof(job->message),
                        "there is no group %s here yet: groupadd %s",
                        job->settings->local_group,
                        job->settings->local_group);
        return ACCOUNTS_FAILED;
    }
    input = input_of(job, count);
    if (plan_sync(&input, &plan) != STATUS_OK) {
        plan_free(&plan);
        return fail(job, strerror(ENOMEM));
    }
    for (size_t i = 0; i < plan.refusal_count; i++)
        if (!plan.refusals[i].usual)
            output_error("accounts: refused: %s: %s", plan.refusals[i].id,
                         plan.refusals[i].why);
    for (size_t i = 0; i < plan.wanted_count; i++)
        print_wanted(job, &plan.wanted[i], gid, format);
    code = unusual(&plan) > 0 ? ACCOUNTS_REFUSED : CLI_DONE;
    plan_free(&plan);
    return code;
}

static const struct verb {
    const char *word;
    int operands;
    enum cli_exit (*run)(struct job *job, const char *name);
} verbs[] = {
    {"list", 1, run_list},
    {"sync", 1, run_sync},
    {"adopt", 2, run_adopt},
    {"forget", 2, run_forget},
};

static const struct verb *
find_verb(const struct cli *cli)
{
    const char *word = cli_operand(cli, 0);

    for (size_t i = 0; word != NULL && i < sizeof(verbs) / sizeof(verbs[0]);
         i++)
        if (strcmp(verbs[i].word, word) == 0
            && verbs[i].operands == cli->operand_count)
            return &verbs[i];
    return NULL;
}

static const char *
name_of_verb(size_t index)
{
    return index < sizeof(verbs) / sizeof(verbs[0]) ? verbs[index].word : NULL;
}

static bool
is_format(const char *format)
{
    return format == NULL || strcmp(format, "passwd") == 0
           || strcmp(format, "userdb") == 0 || strcmp(format, "json") == 0;
}

static void
close_job(struct job *job)
{
    directory_forget(&job->people);
    directory_close(job->directory);
    credentials_free(&job->credentials);
    free(job->persons);
    free(job->memberships);
    free(job->groups);
    facts_free(job->facts);
    if (job->state_is_open)
        state_close(&job->state);
    setup_free(&job->setup);
    config_free(job->module);
    settings_free(job->settings);
}

enum cli_exit
accounts(struct cli *cli)
{
    const struct verb *verb = find_verb(cli);
    struct job job = {.cli = cli, .is_watched = isatty(STDERR_FILENO) == 1};
    enum cli_exit code;

    if (verb == NULL) {
        output_error("accounts: expected list, sync, adopt NAME or forget "
                     "NAME");
        if (cli->operand_count > 0)
            (void) output_meant("accounts ", cli_operand(cli, 0),
                                name_of_verb);
        return CLI_USAGE;
    }
    if (!is_format(cli->format)) {
        output_error("--format: expected passwd, userdb or json");
        return CLI_USAGE;
    }
    if (geteuid() != 0) {
        output_error("accounts: must be run as root");
        return ACCOUNTS_FAILED;
    }
    openlog("pam-cognito", LOG_PID, LOG_AUTHPRIV);
    code = read_settings(&job);
    if (code == CLI_DONE)
        code = verb->run(&job, cli_operand(cli, 1));
    if (code != CLI_DONE && job.message[0] != '\0') {
        char clean[MESSAGE_SIZE];

        text_clean_whole(job.message, clean, sizeof(clean));
        output_error("accounts: %s", clean);
        syslog(LOG_ERR, "accounts: %s: %s", verb->word, clean);
    }
    close_job(&job);
    closelog();
    return code;
}
