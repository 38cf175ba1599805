/*
 * The state as JSON. What is read is judged member by member: names and uids
 * of it are given to programs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts/index.h"
#include "accounts/names.h"
#include "cognito/json.h"
#include "common/replace.h"
#include "common/text.h"

#define FORMAT 1
#define TEMPORARY ".accounts.json.new"
#define LOCK "accounts.lock"
#define SIZE_MAX_BYTES (64L * 1024 * 1024)
#define UID_LEAST 1000
#define SHOWN_SIZE 121 /* of a path in a message */
#define TEXT_SIZE 512  /* of what is kept for `check` */

static const char *const words[] = {
    [STATE_MAKING] = "making",
    [STATE_PRESENT] = "present",
    [STATE_LOCKED] = "locked",
    [STATE_FORGOTTEN] = "forgotten",
};

const char *
state_word(enum state_kind kind)
{
    return words[kind];
}

struct reading {
    const char *folder;
    uid_t owner;
    char *error;
    size_t error_size;
};

/* name: of what is in the folder, "" for the folder. */
static bool
fail(const struct reading *reading, const char *name, const char *why)
{
    char shown[SHOWN_SIZE];

    (void) snprintf(reading->error, reading->error_size, "%s%s%s: %s",
                    text_path(reading->folder, shown, sizeof(shown)),
                    name[0] == '\0' ? "" : "/", name, why);
    return false;
}

static bool
fail_errno(const struct reading *reading, const char *name)
{
    char text[80];
    int number = errno;

    /* strerror_r of GNU returns the text it wants to be used. */
    return fail(reading, name, strerror_r(number, text, sizeof(text)));
}

/* Has the caller's state the folder? *there_out is false when there is none. */
static bool
enter_folder(const struct reading *reading, bool make, int *fd_out,
             bool *there_out)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    bool made = make && mkdir(reading->folder, 0755) == 0;
    struct stat st;
    int above;

    *there_out = true;
    *fd_out = open(reading->folder, flags);
    if (*fd_out < 0 && errno == ENOENT && !make) {
        *there_out = false;
        return true;
    }
    if (*fd_out < 0 || fstat(*fd_out, &st) < 0)
        return fail_errno(reading, "");
    if (st.st_uid != reading->owner || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(reading, "",
                    "must belong to root and be writable to nobody else");
    if (!made)
        return true;
    /* Whatever the umask says: sshd reads keys below it as their owners. */
    above = openat(*fd_out, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    made = above >= 0 && fsync(above) == 0 && fchmod(*fd_out, 0755) == 0;
    if (!made)
        (void) fail_errno(reading, "");
    if (above >= 0)
        (void) close(above);
    return made;
}

/* A file of the folder that must be what we made it. */
static bool
judge_file(const struct reading *reading, const char *name, int fd,
           off_t *size_out)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail_errno(reading, name);
    if (!S_ISREG(st.st_mode) || st.st_uid != reading->owner
        || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(reading, name, "must be a file of root's with mode 0600");
    *size_out = st.st_size;
    return true;
}

/* Who has the lock wrote that there. */
static bool
fail_locked(const struct reading *reading, int fd)
{
    char text[16] = "", line[96];
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

    if (length <= 0 || strspn(text, "0123456789") != (size_t) length)
        return fail(reading, LOCK, "another process of this tool is at work");
    (void) snprintf(line, sizeof(line),
                    "another process of this tool is at work, number %s",
                    text);
    return fail(reading, LOCK, line);
}

static bool
take_lock(struct state *state, const struct reading *reading)
{
    char text[16];
    off_t size;
    int length;

    state->lock = openat(state->folder, LOCK,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
                             | O_NOCTTY,
                         0600);
    if (state->lock < 0)
        return fail_errno(reading, LOCK);
    if (!judge_file(reading, LOCK, state->lock, &size))
        return false;
    if (flock(state->lock, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? fail_locked(reading, state->lock)
                                    : fail_errno(reading, LOCK);
    /* For a message only: a disk that is full is told by what matters. */
    length = snprintf(text, sizeof(text), "%ld", (long) getpid());
    if (ftruncate(state->lock, 0) == 0)
        (void) !pwrite(state->lock, text, (size_t) length, 0);
    return true;
}

static bool
read_whole(const struct reading *reading, int fd, struct secret *text_out)
{
    size_t length = 0;
    ssize_t count = 1;
    char *buffer;
    off_t size;
    bool done;

    if (!judge_file(reading, STATE_FILE, fd, &size))
        return false;
    if (size > SIZE_MAX_BYTES)
        return fail(reading, STATE_FILE, "is too large");
    buffer = malloc((size_t) size + 1);
    while (buffer != NULL && count != 0 && length <= (size_t) size) {
        count = read(fd, buffer + length, (size_t) size + 1 - length);
        if (count < 0 && errno != EINTR)
            break;
        length += count > 0 ? (size_t) count : 0;
    }
    if (buffer != NULL && count < 0) {
        (void) fail_errno(reading, STATE_FILE);
        free(buffer);
        return false;
    }
    done = buffer != NULL && length <= (size_t) size
           && secret_set(text_out, buffer, length);
    free(buffer);
    return done || fail(reading, STATE_FILE, "cannot be read whole");
}

/* What the service calls sub: nothing that a line or a file could misread. */
static bool
is_sub(const char *sub)
{
    size_t length = strlen(sub);

    for (const char *at = sub; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return false;
    return length > 0 && length < STATE_SUB_SIZE;
}

static bool
find_kind(const char *word, enum state_kind *kind_out)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i], word) == 0) {
            *kind_out = (enum state_kind) i;
            return true;
        }
    return false;
}

/* A judged name and sub; false when memory is out. */
static bool
append(struct state *state, const char *name, const char *sub, uid_t uid,
       int64_t since, enum state_kind kind)
{
    struct state_entry *more = reallocarray(state->entries, state->count + 1,
                                            sizeof(*more));

    if (more == NULL)
        return false;
    state->entries = more;
    more += state->count++;
    *more = (struct state_entry){.uid = uid, .since = since, .kind = kind};
    (void) snprintf(more->name, sizeof(more->name), "%s", name);
    (void) snprintf(more->sub, sizeof(more->sub), "%s", sub);
    return true;
}

static bool
take_account(struct state *state, const struct json *item)
{
    const char *name = json_text(item, "name"), *sub = json_text(item, "sub");
    const char *word = json_text(item, "state");
    int64_t uid, since;
    enum state_kind kind;

    return name != NULL && sub != NULL && word != NULL
           && json_integer(item, "uid", &uid)
           && json_integer(item, "since", &since) && find_kind(word, &kind)
           && names_is_local(name) && is_sub(sub) && uid >= UID_LEAST
           && uid < (uid_t) -1
           && append(state, name, sub, (uid_t) uid, since, kind);
}

/* Is there a sub or a uid twice, or a name twice that is not forgotten? */
static bool
has_twins(const struct state *state, bool *twins_out)
{
    struct index subs = {0}, names = {0}, uids = {0};
    bool good = index_reserve(&subs, state->count)
                && index_reserve(&names, state->count)
                && index_reserve(&uids, state->count);

    for (size_t i = 0; good && i < state->count; i++) {
        const struct state_entry *entry = &state->entries[i];

        index_add(&subs, entry->sub, 0, i);
        index_add(&uids, "", entry->uid, i);
        if (entry->kind != STATE_FORGOTTEN)
            index_add(&names, entry->name, 0, i);
    }
    if (good) {
        bool one = index_sort(&subs);
        bool two = index_sort(&uids);
        bool three = index_sort(&names);

        *twins_out = !one || !two || !three;
    }
    index_free(&subs);
    index_free(&names);
    index_free(&uids);
    return good;
}

static bool
take_sync(struct state *state, const struct json *sync)
{
    const struct json *refused = json_array(sync, "refused");
    const char *result = json_text(sync, "result");
    int64_t time;

    if (result == NULL || refused == NULL || !json_integer(sync, "time", &time)
        || !state_note_sync(state, time, result))
        return false;
    for (size_t i = 0; i < json_length(refused); i++) {
        const struct json *item = json_item(refused, i);
        const char *id = json_text(item, "id");
        const char *name = json_text(item, "name");
        const char *why = json_text(item, "why");

        if (id == NULL || name == NULL || why == NULL
            || !state_note_refusal(state, id, name, why))
            return false;
    }
    return true;
}

static bool
take_json(struct state *state, const struct reading *reading,
          const struct json *json)
{
    const struct json *accounts = json_array(json, "accounts");
    bool twins = false;
    int64_t version;
    char line[96];

    if (!json_integer(json, "version", &version) || accounts == NULL)
        return fail(reading, STATE_FILE, "damaged: not this tool's file");
    if (version != FORMAT) {
        (void) snprintf(line, sizeof(line),
                        "of version %lld, this tool knows version %d",
                        (long long) version, FORMAT);
        return fail(reading, STATE_FILE, line);
    }
    for (size_t i = 0; i < json_length(accounts); i++)
        if (!take_account(state, json_item(accounts, i))) {
            (void) snprintf(line, sizeof(line), "damaged: account %zu", i + 1);
            return fail(reading, STATE_FILE, line);
        }
    if (!has_twins(state, &twins))
        return fail(reading, STATE_FILE, "out of memory");
    if (twins)
        return fail(reading, STATE_FILE,
                    "damaged: a sub, a uid or a name stands in it twice");
    if (json_has(json, "last_sync")
        && !take_sync(state, json_object(json, "last_sync")))
        return fail(reading, STATE_FILE, "damaged: last_sync");
    return true;
}

static bool
take_text(struct state *state, const struct reading *reading,
          const struct secret *text)
{
    struct json *json = NULL;
    bool done;

    switch (json_parse(text->data, text->length, &json)) {
    case STATUS_OK:
        done = take_json(state, reading, json);
        break;
    case STATUS_MEMORY:
        done = fail(reading, STATE_FILE, "out of memory");
        break;
    default:
        done = fail(reading, STATE_FILE, "damaged: not JSON");
        break;
    }
    json_free(json);
    return done;
}

static bool
read_file(struct state *state, const struct reading *reading, int folder)
{
    struct secret text = {0};
    bool done;
    int fd = openat(folder, STATE_FILE,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return errno == ENOENT || fail_errno(reading, STATE_FILE);
    done = read_whole(reading, fd, &text) && take_text(state, reading, &text);
    (void) close(fd);
    secret_free(&text);
    return done;
}

bool
state_open(struct state *state, const char *folder, uid_t owner, bool to_write,
           char *error_out, size_t error_size)
{
    const struct reading reading = {folder, owner, error_out, error_size};
    bool there, done;
    int fd = -1;

    *state = (struct state){.folder = -1, .lock = -1, .owner = owner};
    done = enter_folder(&reading, to_write, &fd, &there);
    if (done && there) {
        state->folder = to_write ? fd : -1;
        done = (!to_write || take_lock(state, &reading))
               && read_file(state, &reading, fd);
    }
    if (fd >= 0 && state->folder < 0)
        (void) close(fd);
    /* What could not be read is not there to be saved. */
    if (!done)
        state_close(state);
    return done;
}

static bool
put_account(struct json *json, const struct state_entry *entry)
{
    struct json *item = json_append_object(json, "accounts");

    return json_add_text(item, "name", entry->name)
           && json_add_text(item, "sub", entry->sub)
           && json_add_integer(item, "uid", entry->uid)
           && json_add_integer(item, "since", entry->since)
           && json_add_text(item, "state", words[entry->kind]);
}

static bool
put_sync(struct json *json, const struct state *state)
{
    struct json *sync = json_add_object(json, "last_sync");

    if (!json_add_integer(sync, "time", state->last_time)
        || !json_add_text(sync, "result", state->last_result)
        || !json_add_array(sync, "refused"))
        return false;
    for (size_t i = 0; i < state->refusal_count; i++) {
        const struct state_refusal *refusal = &state->refusals[i];
        struct json *item = json_append_object(sync, "refused");

        if (!json_add_text(item, "id", refusal->id)
            || !json_add_text(item, "name", refusal->name)
            || !json_add_text(item, "why", refusal->why))
            return false;
    }
    return true;
}

static bool
put_all(struct json *json, const struct state *state)
{
    if (!json_add_integer(json, "version", FORMAT)
        || !json_add_array(json, "accounts"))
        return false;
    for (size_t i = 0; i < state->count; i++)
        if (!put_account(json, &state->entries[i]))
            return false;
    return state->last_result == NULL || put_sync(json, state);
}

bool
state_save(struct state *state, char *error_out, size_t error_size)
{
    struct json *json = json_new();
    struct secret text = {0};
    char reason[80];
    int number = ENOMEM;
    bool done = false;

    if (state->folder < 0)
        number = EBADF;
    else if (put_all(json, state) && json_print(json, &text)) {
        done = replace_file(state->folder, STATE_FILE, TEMPORARY, state->owner,
                            0600, &text);
        number = errno;
    }
    json_free(json);
    secret_free(&text);
    if (!done)
        (void) snprintf(error_out, error_size, "%s: %s", STATE_FILE,
                        strerror_r(number, reason, sizeof(reason)));
    return done;
}

static void
free_refusals(struct state *state)
{
    for (size_t i = 0; i < state->refusal_count; i++) {
        free(state->refusals[i].id);
        free(state->refusals[i].name);
        free(state->refusals[i].why);
    }
    free(state->refusals);
    free(state->last_result);
    state->refusals = NULL;
    state->refusal_count = 0;
    state->last_result = NULL;
}

void
state_close(struct state *state)
{
    free(state->entries);
    free_refusals(state);
    if (state->lock >= 0)
        (void) close(state->lock);
    if (state->folder >= 0)
        (void) close(state->folder);
    *state = (struct state){.folder = -1, .lock = -1};
}

struct state_entry *
state_of_sub(const struct state *state, const char *sub)
{
    for (size_t i = 0; i < state->count; i++)
        if (strcmp(state->entries[i].sub, sub) == 0)
            return &state->entries[i];
    return NULL;
}

struct state_entry *
state_of_name(const struct state *state, const char *name)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].kind != STATE_FORGOTTEN
            && strcmp(state->entries[i].name, name) == 0)
            return &state->entries[i];
    return NULL;
}

static const struct state_entry *
entry_of_uid(const struct state *state, uid_t uid)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].uid == uid)
            return &state->entries[i];
    return NULL;
}

bool
state_put(struct state *state, const char *name, const char *sub, uid_t uid,
          int64_t since, enum state_kind kind)
{
    struct state_entry *entry = state_of_sub(state, sub);
    const struct state_entry *named = state_of_name(state, name);
    const struct state_entry *numbered = entry_of_uid(state, uid);

    if (!names_is_local(name) || !is_sub(sub) || uid < UID_LEAST
        || uid == (uid_t) -1
        || (entry != NULL && entry->uid != uid && entry->kind != STATE_MAKING)
        || (numbered != NULL && numbered != entry)
        || (named != NULL && named != entry && kind != STATE_FORGOTTEN))
        return false;
    if (entry == NULL)
        return append(state, name, sub, uid, since, kind);
    if (entry != named)
        (void) snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->uid = uid;
    entry->since = since;
    entry->kind = kind;
    return true;
}

/* A copy that can be shown and stand in JSON. */
static char *
copy_clean(const char *text)
{
    char line[TEXT_SIZE];

    text_clean_whole(text, line, sizeof(line));
    return strdup(line);
}

bool
state_note_sync(struct state *state, int64_t time, const char *result)
{
    free_refusals(state);
    state->last_time = time;
    state->last_result = copy_clean(result);
    return state->last_result != NULL;
}

bool
state_note_refusal(struct state *state, const char *id, const char *name,
                   const char *why)
{
    struct state_refusal *more = reallocarray(state->refusals,
                                              state->refusal_count + 1,
                                              sizeof(*more));

    if (more == NULL)
        return false;
    state->refusals = more;
    more += state->refusal_count++;
    more->id = copy_clean(id);
    more->name = copy_clean(name);
    more->why = copy_clean(why);
    return more->id != NULL && more->name != NULL && more->why != NULL;
}
