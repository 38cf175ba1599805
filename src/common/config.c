/*
 * The table of settings, and reading arguments and the file by it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/pattern.h"
#include "common/secret.h"
#include "common/text.h"

#define SECONDS_MAX 600
#define UID_MAX_SETTING 60000
#define WHERE_MAX 96       /* bytes of "FILE line N" */
#define SHOWN_PATH_MAX 60  /* bytes of a path in it, or of its end */
#define SHOWN_VALUE_MAX 20 /* bytes of a faulty value that is quoted */
#define NAME_SIZE 64       /* of what may be a key, with its NUL */
#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyz_"

/* How a value was given; a higher rank wins. */
enum rank { RANK_NONE, RANK_FILE, RANK_SECTION, RANK_ARGUMENT };

static const struct config_entry entries[KEY_COUNT] = {
#define SETTING(key, name, owner, type, where, standard, choices, expected)   \
    [KEY_##key] = {name,     CONFIG_##owner, CONFIG_##type, CONFIG_##where,   \
                   standard, choices,        expected},
#include "common/settings.def"
#undef SETTING
};

struct value {
    struct secret text;
    enum rank rank;
    enum rank spoiled; /* the highest at which it was named and not taken */
    char where[WHERE_MAX];
};

struct config {
    enum config_owner owner;
    enum status status;
    struct config_source source;
    bool unread; /* there is more in the file, or another one */
    char message[512];
    struct value values[KEY_COUNT];
};

const struct config_entry *
config_entry(enum config_key key)
{
    return &entries[key];
}

struct config *
config_new(enum config_owner owner)
{
    struct config *config = calloc(1, sizeof(*config));

    if (config != NULL) {
        config->owner = owner;
        config->status = STATUS_OK;
    }
    return config;
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (unsigned int key = 0; key < KEY_COUNT; key++)
        secret_free(&config->values[key].text);
    secret_wipe(config, sizeof(*config));
    free(config);
}

/*
 * The first fault stays: it is the one to mend first. Behind it memory may run
 * out, and then a key is not what was given, nor its default.
 */
static void
set_fault(struct config *config, enum status status, const char *message)
{
    if (config->status != STATUS_OK && status != STATUS_MEMORY)
        return;
    config->status = status;
    text_clean(message, config->message, sizeof(config->message));
}

void
config_fault(struct config *config, const char *key, const char *where,
             const char *problem)
{
    char line[CONFIG_VALUE_MAX];

    (void) snprintf(line, sizeof(line), "%s%s%s%s: %s", key,
                    where == NULL ? "" : " (", where == NULL ? "" : where,
                    where == NULL ? "" : ")", problem);
    set_fault(config, STATUS_CONFIG, line);
}

static bool
is_number_between(const char *value, unsigned long least, unsigned long most)
{
    unsigned long number = 0;

    if (value[0] == '\0')
        return false;
    for (const char *at = value; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (unsigned long) (*at - '0');
        if (number > most)
            return false;
    }
    return number >= least;
}

/* Is value one of the words in "one|two"? */
static bool
is_choice(const char *value, const char *choices)
{
    size_t length = strlen(value);

    while (choices != NULL && *choices != '\0') {
        size_t word = strcspn(choices, "|");

        if (word == length && strncmp(value, choices, word) == 0)
            return true;
        choices += word;
        choices += *choices == '|';
    }
    return false;
}

static bool
is_printable(const char *value, bool blanks)
{
    size_t characters;

    if (value[0] == '\0' || !text_is_utf8(value, strlen(value), &characters))
        return false;
    for (const char *at = value; *at != '\0'; at++)
        if ((unsigned char) *at < ' ' || *at == 0x7f
            || (*at == ' ' && !blanks))
            return false;
    return true;
}

/* Words with commas between them, none of them empty or nothing but blanks. */
static bool
is_list(const char *value)
{
    bool empty = true;

    for (const char *at = value; *at != '\0'; at++) {
        if (*at == ',' && empty)
            return false;
        empty = *at == ',' || (empty && *at == ' ');
    }
    return !empty && is_printable(value, true);
}

/* %u at least once, %% for a percent sign, nothing else after %. */
static bool
is_format(const char *value)
{
    bool found = false;

    for (const char *at = value; *at != '\0'; at++) {
        if (*at != '%')
            continue;
        at++;
        if (*at == 'u')
            found = true;
        else if (*at != '%')
            return false;
    }
    return found && is_printable(value, false);
}

static bool
is_flag(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static bool
is_valid(const struct config_entry *entry, const char *value)
{
    if (strlen(value) >= CONFIG_VALUE_MAX)
        return false;
    if (is_choice(value, entry->choices))
        return true;
    switch (entry->type) {
    case CONFIG_TEXT:
        return is_printable(value, true) && strlen(value) <= TEXT_LINE_MAX;
    case CONFIG_WORD:
        return is_printable(value, false);
    case CONFIG_SECRET:
        /* An empty secret means a client without one. */
        return value[0] == '\0' || is_printable(value, false);
    case CONFIG_FLAG:
        return is_flag(value);
    case CONFIG_SECONDS:
        return is_number_between(value, 1, SECONDS_MAX);
    case CONFIG_UID:
        return is_number_between(value, 1, UID_MAX_SETTING);
    case CONFIG_LIST:
        return is_list(value);
    case CONFIG_PATH:
        return value[0] == '/' && is_printable(value, true);
    case CONFIG_CHOICE:
        return entry->choices == NULL;
    case CONFIG_PATTERN:
        return pattern_is_valid(value);
    case CONFIG_FORMAT:
        return is_format(value);
    }
    return false;
}

static bool
find_key(const char *name, enum config_key *key_out)
{
    for (unsigned int key = 0; key < KEY_COUNT; key++)
        if (strcmp(entries[key].name, name) == 0) {
            *key_out = (enum config_key) key;
            return true;
        }
    return false;
}

/* Can the type hold a secret that was put in the wrong place? */
static bool
is_harmless(const struct config_entry *entry, const char *value)
{
    switch (entry->type) {
    case CONFIG_FLAG:
    case CONFIG_SECONDS:
    case CONFIG_UID:
    case CONFIG_CHOICE:
        return strlen(value) <= SHOWN_VALUE_MAX;
    case CONFIG_TEXT:
    case CONFIG_WORD:
    case CONFIG_SECRET:
    case CONFIG_LIST:
    case CONFIG_PATH:
    case CONFIG_PATTERN:
    case CONFIG_FORMAT:
        break;
    }
    return false;
}

/* The row's own words, or its type's. */
static const char *
expected_of(const struct config_entry *entry)
{
    if (entry->expected != NULL)
        return entry->expected;
    switch (entry->type) {
    case CONFIG_FLAG:
        return "yes or no";
    case CONFIG_SECONDS:
        return "seconds, 1 to 600";
    case CONFIG_PATH:
        return "an absolute path";
    case CONFIG_TEXT:
    case CONFIG_WORD:
    case CONFIG_SECRET:
    case CONFIG_UID:
    case CONFIG_LIST:
    case CONFIG_CHOICE:
    case CONFIG_PATTERN:
    case CONFIG_FORMAT:
        break; /* tests/unit/config-t.c: each of their rows has words */
    }
    return "another value";
}

/* Says what was expected, and what was found where that tells nothing. */
static void
fault_value(struct config *config, const struct config_entry *entry,
            const char *expected, const char *value, const char *where)
{
    char problem[256];

    if (is_harmless(entry, value))
        (void) snprintf(problem, sizeof(problem), "expected %s, found \"%s\"",
                        expected, value);
    else
        (void) snprintf(problem, sizeof(problem), "expected %s", expected);
    config_fault(config, entry->name, where, problem);
}

static void
spoil(struct config *config, enum config_key key, enum rank rank)
{
    if (config->values[key].spoiled < rank)
        config->values[key].spoiled = rank;
}

void
config_refuse_value(struct config *config, enum config_key key,
                    const char *expected)
{
    struct value *value = &config->values[key];

    fault_value(config, &entries[key], expected, value->text.data,
                value->where);
    secret_free(&value->text);
    spoil(config, key, value->rank);
    value->rank = RANK_NONE;
}

static bool
is_same_letter(char typed, char letter)
{
    return typed == letter || typed + ('a' - 'A') == letter;
}

/*
 * How many letters must be typed, left out, changed, or changed with the next
 * one, to make b of a, in capitals or not.
 */
static unsigned int
distance(const char *a, const char *b)
{
    /* For each beginning of b: of this beginning of a, and of the two before.
     */
    unsigned int rows[3][CONFIG_KEY_MAX + 1] = {{0}};
    size_t length = strlen(b), j = 0;

    for (unsigned int i = 0; i <= length; i++)
        rows[0][i] = i;
    while (a[j++] != '\0') {
        const unsigned int *last = rows[(j + 2) % 3];
        const unsigned int *before = rows[(j + 1) % 3];
        unsigned int *now = rows[j % 3];

        now[0] = (unsigned int) j;
        for (size_t i = 1; i <= length; i++) {
            unsigned int least = last[i - 1]
                                 + !is_same_letter(a[j - 1], b[i - 1]);

            if (least > last[i] + 1)
                least = last[i] + 1;
            if (least > now[i - 1] + 1)
                least = now[i - 1] + 1;
            /* @changed-round */
            if (i > 1 && j > 1 && is_same_letter(a[j - 1], b[i - 2])
                && is_same_letter(a[j - 2], b[i - 1])
                && least > before[i - 2] + 1)
                least = before[i - 2] + 1;
            now[i] = least;
        }
    }
    return rows[(j - 1) % 3][length];
}

unsigned int
config_slips(const char *typed, const char *key)
{
    unsigned int slips;

    if (strlen(typed) > CONFIG_KEY_MAX)
        return CONFIG_SLIPS_MAX + 1;
    slips = distance(typed, key);
    return slips * 3 <= strlen(key) ? slips : CONFIG_SLIPS_MAX + 1;
}

/* The key that was meant, if any. */
static bool
find_meant(const char *name, enum config_key *key_out)
{
    unsigned int least = CONFIG_SLIPS_MAX + 1;

    for (unsigned int key = 0; key < KEY_COUNT; key++) {
        unsigned int slips = config_slips(name, entries[key].name);

        if (slips < least) {
            least = slips;
            *key_out = (enum config_key) key;
        }
    }
    return least <= CONFIG_SLIPS_MAX;
}

/*
 * A key that is not known is shown only when it is nothing but the letters of
 * a key: a secret may stand where a key was expected, or follow one whose =
 * was forgotten.
 */
static void
fault_key(struct config *config, const char *name, enum rank rank,
          const char *where)
{
    size_t letters = strspn(name, KEY_LETTERS);
    char start[CONFIG_KEY_MAX + 1], problem[128];
    enum config_key key;
    bool meant;

    (void) snprintf(start, sizeof(start), "%.*s",
                    letters <= CONFIG_KEY_MAX ? (int) letters : 0, name);
    if (name[letters] != '\0' && find_key(start, &key)) {
        spoil(config, key, rank);
        config_fault(config, start, where, "expected KEY = VALUE");
        return;
    }
    meant = find_meant(name, &key);
    if (meant) {
        spoil(config, key, rank);
        (void) snprintf(problem, sizeof(problem),
                        "unknown key, did you mean %s?", entries[key].name);
    } else {
        (void) snprintf(problem, sizeof(problem),
                        "unknown key, expected one of pam_cognito.conf(5)");
    }
    config_fault(config,
                 meant || (start[0] != '\0' && name[letters] == '\0')
                     ? name
                     : "a line or argument",
                 where, problem);
}

static void
keep(struct config *config, enum config_key key, const char *value,
     enum rank rank, const char *where)
{
    struct value *kept = &config->values[key];

    if (kept->rank == rank) {
        char problem[128];

        spoil(config, key, rank);
        (void) snprintf(problem, sizeof(problem), "given twice, first at %s",
                        kept->where);
        config_fault(config, entries[key].name, where, problem);
        return;
    }
    if (kept->rank > rank)
        return;
    if (!secret_set_text(&kept->text, value)) {
        set_fault(config, STATUS_MEMORY, "out of memory");
        return;
    }
    kept->rank = rank;
    (void) snprintf(kept->where, sizeof(kept->where), "%s", where);
}

/* Why the key may not stand there; NULL when it may. */
static const char *
find_misplaced(enum config_key key, enum rank rank)
{
    switch (entries[key].place) {
    case CONFIG_ANYWHERE:
        return key == KEY_EXCEPT_USERS && rank == RANK_SECTION
                   ? "may not stand in a section: it is for every service"
                   : NULL;
    case CONFIG_ARGUMENT:
        return rank == RANK_ARGUMENT
                   ? NULL
                   : "may only be given as a module argument";
    case CONFIG_SECTION:
        return rank == RANK_SECTION
                   ? NULL
                   : "may only stand in the section of a service";
    case CONFIG_SERVICE:
        return rank != RANK_FILE
                   ? NULL
                   : "may only stand in the section of a service, or be a "
                     "module argument";
    }
    return NULL;
}

/* One setting: value is NULL when the key stood alone. */
static void
take(struct config *config, const char *name, const char *value,
     enum rank rank, const char *where)
{
    const struct config_entry *entry;
    const char *misplaced;
    enum config_key key;

    if (!find_key(name, &key)) {
        fault_key(config, name, rank, where);
        return;
    }
    entry = &entries[key];
    misplaced = find_misplaced(key, rank);
    if (misplaced != NULL) {
        config_fault(config, name, where, misplaced);
        return;
    }
    /* Which file is read, both must know. */
    if (entry->owner != config->owner && key != KEY_CONFIG)
        return;
    if (value == NULL && entry->type == CONFIG_FLAG)
        value = "yes";
    if (value == NULL || !is_valid(entry, value)) {
        spoil(config, key, rank);
        fault_value(config, entry, expected_of(entry),
                    value == NULL ? "" : value, where);
        return;
    }
    keep(config, key, value, rank, where);
}

/* What stands before the = of an argument, or the start of it. */
static void
copy_name(const char *argument, char name[NAME_SIZE])
{
    size_t length = strcspn(argument, "=");

    (void) snprintf(name, NAME_SIZE, "%.*s",
                    length < NAME_SIZE ? (int) length : NAME_SIZE - 1,
                    argument);
}

void
config_arguments(struct config *config, size_t count,
                 const char *const *arguments)
{
    char name[NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(arguments[i], '=');

        copy_name(arguments[i], name);
        take(config, name, equals == NULL ? NULL : equals + 1, RANK_ARGUMENT,
             "module argument");
    }
}

/* The first byte of visible ASCII, NUL for none. */
static char
first_visible(const char *text)
{
    while (*text != '\0'
           && ((unsigned char) *text <= ' ' || (unsigned char) *text >= 0x7f))
        text++;
    return *text;
}

/* Double quotes around a value keep its blanks. */
static char *
unquote(char *value)
{
    size_t length = strlen(value);

    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        return value + 1;
    }
    return value;
}

struct position {
    const char *service;
    enum rank rank; /* RANK_NONE inside another service's section */
    bool lost;      /* inside nobody knows whose section */
    bool private;   /* the file is its owner's alone */
};

/* A line that is neither empty nor a comment, without blanks around it. */
static void
take_line(struct config *config, char *text, struct position *position,
          const char *where)
{
    char *equals, *name;
    size_t length = strlen(text);
    enum config_key key;

    /* Behind what nobody sees, such as a byte order mark, it is none. */
    if (first_visible(text) == '[') {
        position->lost = length < 3 || text[0] != '['
                         || text[length - 1] != ']';
        if (position->lost) {
            config_fault(config, "section", where,
                         "expected [name of a PAM service]");
            position->rank = RANK_NONE;
            return;
        }
        text[length - 1] = '\0';
        position->rank = strcmp(text_trim(text + 1), position->service) == 0
                             ? RANK_SECTION
                             : RANK_NONE;
        return;
    }
    equals = strchr(text, '=');
    if (equals != NULL)
        *equals = '\0';
    name = text_trim(text);
    if (strcmp(name, entries[KEY_CLIENT_SECRET].name) == 0
        && config->owner == CONFIG_HELPER && !position->private)
        config_fault(config, name, where,
                     "a file with a secret must have mode 0600 (chmod 0600)");
    if (position->rank != RANK_NONE)
        take(config, name,
             equals == NULL ? NULL : unquote(text_trim(equals + 1)),
             position->rank, where);
    else if (position->lost && find_key(name, &key))
        spoil(config, key, RANK_SECTION);
}

/* What the file holds has passed through both of them. */
static void
wipe_lines(struct file_lines *lines, char line[CONFIG_VALUE_MAX])
{
    secret_wipe(line, CONFIG_VALUE_MAX);
    secret_wipe(lines, sizeof(*lines));
}

static void
take_file(struct config *config, int fd, const char *path, const char *service,
          const struct file_trust *trust)
{
    struct position position = {.service = service, .rank = RANK_FILE};
    struct file_lines lines = {.fd = fd, .comment = '#'};
    char line[CONFIG_VALUE_MAX], *text;
    char where[WHERE_MAX], shown[SHOWN_PATH_MAX + 1];
    struct stat st;
    bool failed;

    (void) text_path(path, shown, sizeof(shown));
    if (fstat(fd, &st) == 0) {
        position.private = file_is_private(&st, trust);
        config->source = (struct config_source){st.st_dev, st.st_ino};
    }
    while (file_next_line(&lines, line, sizeof(line), &failed)) {
        text = text_trim(line);
        if (text[0] == '\0' || text[0] == '#')
            continue;
        (void) snprintf(where, sizeof(where), "%s line %u", shown,
                        lines.number);
        take_line(config, text, &position, where);
    }
    if (failed) {
        config->unread = true;
        (void) snprintf(where, sizeof(where), "line %u", lines.number);
        config_fault(config, shown, where,
                     "cannot be read, or a line is too long or holds a NUL");
    }
    wipe_lines(&lines, line);
}

void
config_file(struct config *config, const char *path, const char *service,
            const struct file_trust *trust, bool required)
{
    char error[256];
    int fd = -1;

    /* Which one was meant is not known. */
    if (config->values[KEY_CONFIG].spoiled != RANK_NONE) {
        config->unread = true;
        return;
    }
    switch (file_open(path, trust, &fd, error, sizeof(error))) {
    case FILE_OK:
        take_file(config, fd, path, service, trust);
        (void) close(fd);
        return;
    case FILE_ABSENT:
        if (!required)
            return;
        break;
    case FILE_UNTRUSTED:
    case FILE_FAILED:
        break;
    }
    config->unread = true;
    config_fault(config, entries[KEY_CONFIG].name, NULL, error);
}

struct config *
config_load(enum config_owner owner, size_t count,
            const char *const *arguments, const char *service,
            const struct file_trust *trust)
{
    struct config *config = config_new(owner);

    if (config == NULL)
        return NULL;
    config_arguments(config, count, arguments);
    config_file(config, config_text(config, KEY_CONFIG), service, trust,
                config_is_set(config, KEY_CONFIG));
    if (config->status != STATUS_MEMORY)
        return config;
    config_free(config);
    return NULL;
}

struct config_source
config_source(const struct config *config)
{
    return config->source;
}

size_t
config_bound_arguments(size_t count, const char *const *arguments,
                       char *names_out, size_t size)
{
    size_t found = 0, used = 0;
    char name[NAME_SIZE];
    enum config_key key;

    names_out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        copy_name(arguments[i], name);
        if (!find_key(name, &key)
            || (entries[key].owner != CONFIG_HELPER && key != KEY_CONFIG
                && key != KEY_HELPER))
            continue;
        if (used < size)
            used += (size_t) snprintf(names_out + used, size - used, "%s%s",
                                      found == 0 ? "" : ", ", name);
        found++;
    }
    return found;
}

enum status
config_status(const struct config *config)
{
    return config->status;
}

const char *
config_message(const struct config *config)
{
    return config->message;
}

bool
config_is_set(const struct config *config, enum config_key key)
{
    return config->values[key].rank != RANK_NONE;
}

bool
config_is_known(const struct config *config, enum config_key key)
{
    return !config->unread && config->values[key].spoiled == RANK_NONE;
}

bool
config_is_argument(const struct config *config, enum config_key key)
{
    return config->values[key].rank == RANK_ARGUMENT;
}

bool
config_argument_is_known(const struct config *config, enum config_key key)
{
    return config->values[key].spoiled != RANK_ARGUMENT;
}

const char *
config_where(const struct config *config, enum config_key key)
{
    return config->values[key].where;
}

const char *
config_text(const struct config *config, enum config_key key)
{
    const struct value *value = &config->values[key];

    return value->rank == RANK_NONE ? entries[key].standard : value->text.data;
}

bool
config_flag(const struct config *config, enum config_key key)
{
    const char *text = config_text(config, key);

    return text != NULL && strcmp(text, "yes") == 0;
}

unsigned int
config_number(const struct config *config, enum config_key key)
{
    const char *text = config_text(config, key);
    unsigned int number = 0;

    for (; text != NULL && *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (unsigned int) (*text - '0');
    return number;
}

static bool
next_item(const char *list, size_t *position, char out[CONFIG_VALUE_MAX])
{
    const char *start, *end;

    if (list == NULL || *position > strlen(list) || list[*position] == '\0')
        return false;
    start = list + *position;
    end = start + strcspn(start, ",");
    *position = (size_t) (end - list) + (*end == ',');
    while (*start == ' ')
        start++;
    while (end > start && end[-1] == ' ')
        end--;
    memcpy(out, start, (size_t) (end - start));
    out[end - start] = '\0';
    return true;
}

static bool
has_item(const char *list, const char *word)
{
    char item[CONFIG_VALUE_MAX];
    size_t position = 0;

    while (next_item(list, &position, item))
        if (strcmp(item, word) == 0)
            return true;
    return false;
}

bool
config_list_next(const struct config *config, enum config_key key,
                 size_t *position, char out[CONFIG_VALUE_MAX])
{
    return next_item(config_text(config, key), position, out);
}

bool
config_list_has(const struct config *config, enum config_key key,
                const char *word)
{
    return has_item(config_text(config, key), word);
}

bool
config_is_plain_name(const char *name)
{
    return pattern_matches(entries[KEY_USERNAME_CLASS].standard, name);
}

bool
config_is_uid(const char *word, uid_t *uid_out)
{
    const unsigned long long none = (uid_t) -1;
    unsigned long long number = 0;

    for (const char *at = word; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (unsigned long long) (*at - '0');
        if (number >= none)
            return false;
    }
    *uid_out = (uid_t) number;
    return word[0] != '\0';
}

/* A list that could not be understood excepts nobody. */
static bool
excepts(const char *value, const char *user)
{
    return is_valid(&entries[KEY_EXCEPT_USERS], value)
           && has_item(value, user);
}

/*
 * Reads on past lines that are too long or hold a NUL: they are not sound.
 * What stands behind one that was a section's is nobody knows whose, also
 * where its bracket stands in the part that could not be read.
 */
static bool
file_excepts(int fd, const char *user)
{
    struct file_lines lines = {.fd = fd, .comment = '#'};
    char line[CONFIG_VALUE_MAX];
    bool found = false, broken = false;

    while (
        !found
        && (file_next_line(&lines, line, sizeof(line), &broken) || broken)) {
        char *text = text_trim(line);
        char *equals = strchr(text, '=');
        char visible = first_visible(text), rest = '\0';

        if (broken && !file_skip_line(&lines, &rest))
            break;
        if (visible == '[' || (visible == '\0' && rest == '['))
            break;
        if (broken || equals == NULL)
            continue;
        *equals = '\0';
        found = strcmp(text_trim(text), entries[KEY_EXCEPT_USERS].name) == 0
                && excepts(unquote(text_trim(equals + 1)), user);
    }
    wipe_lines(&lines, line);
    return found;
}

/* The value of an argument of that key, if it is sound; else NULL. */
static const char *
argument_value(const char *argument, enum config_key key)
{
    size_t length = strlen(entries[key].name);

    if (strncmp(argument, entries[key].name, length) != 0
        || argument[length] != '='
        || !is_valid(&entries[key], argument + length + 1))
        return NULL;
    return argument + length + 1;
}

/* Is that key the argument's, well written or not? */
static bool
is_about(const char *argument, enum config_key wanted)
{
    char name[NAME_SIZE];
    enum config_key key;

    copy_name(argument, name);
    return (find_key(name, &key) || find_meant(name, &key)) && key == wanted;
}

bool
config_is_excepted(const char *user, size_t count,
                   const char *const *arguments,
                   const struct file_trust *trust)
{
    const char *path = NULL;
    bool known = true, found;
    char error[256];
    int fd = -1;

    for (size_t i = 0; i < count; i++) {
        const char *list = argument_value(arguments[i], KEY_EXCEPT_USERS);

        if (list != NULL && has_item(list, user))
            return true;
        if (is_about(arguments[i], KEY_CONFIG)) {
            const char *value = argument_value(arguments[i], KEY_CONFIG);

            known = known && value != NULL;
            if (path == NULL)
                path = value;
        }
    }
    if (path == NULL)
        path = entries[KEY_CONFIG].standard;
    if (!known || file_open(path, trust, &fd, error, sizeof(error)) != FILE_OK)
        return false;
    found = file_excepts(fd, user);
    (void) close(fd);
    return found;
}
