/*
 * Reads pam_cognito_accounts.conf: every line is understood, or the file is
 * refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/text.h"

#define WHERE_SIZE 96
#define SHOWN_PATH_SIZE 61
#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyz_"
#define NAME_END "/%u" /* of home */
#define SECONDS_MAX 86400
#define RATE_MAX 30 /* the service's own quota */

enum type {
    TYPE_ATTRIBUTE, /* of the pool's users */
    TYPE_FLAG,
    TYPE_HOME,
    TYPE_NAME, /* as groupadd makes them */
    TYPE_PAIRS,
    TYPE_PATH,
    TYPE_PERCENT,
    TYPE_RATE,
    TYPE_SECONDS,
    TYPE_WORD,
    TYPE_WORDS,
};

enum key {
#define ACCOUNTS(key, name, type, standard, expected) KEY_OF_##key,
#include "accounts/accounts.def"
#undef ACCOUNTS
    KEYS
};

static const struct row {
    const char *name;
    enum type type;
    const char *standard;
    const char *expected;
} rows[KEYS] = {
#define ACCOUNTS(key, name, type, standard, expected)                         \
    [KEY_OF_##key] = {name, TYPE_##type, standard, expected},
#include "accounts/accounts.def"
#undef ACCOUNTS
};

/* What is handed out, and what it points to. */
struct holder {
    struct settings settings; /* first: it is the holder's address */
    char *values[KEYS];
    unsigned int lines[KEYS]; /* 0: not given */
    const char **words[KEYS];
    struct settings_pair *pairs;
};

struct reading {
    struct holder *holder;
    const char *path;
    unsigned int line;
    char *error;
    size_t error_size;
};

/* The one fault; false. line 0: of no line. */
static bool
fault(const struct reading *reading, const char *key, unsigned int line,
      const char *problem)
{
    char shown[SHOWN_PATH_SIZE], where[WHERE_SIZE] = "";

    if (line > 0)
        (void) snprintf(where, sizeof(where), " line %u", line);
    (void) snprintf(reading->error, reading->error_size, "%s (%s%s): %s", key,
                    text_path(reading->path, shown, sizeof(shown)), where,
                    problem);
    return false;
}

static bool
fault_value(const struct reading *reading, enum key key)
{
    char problem[SETTINGS_MESSAGE_SIZE];

    (void) snprintf(problem, sizeof(problem), "expected %s",
                    rows[key].expected);
    return fault(reading, rows[key].name, reading->holder->lines[key],
                 problem);
}

static bool
fault_memory(const struct reading *reading)
{
    (void) snprintf(reading->error, reading->error_size, "out of memory");
    return false;
}

/* Words are UTF-8 without blanks and control characters. */
static bool
is_word(const char *text)
{
    size_t characters;

    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char) *at <= ' ' || *at == 0x7f)
            return false;
    return text[0] != '\0' && text_is_utf8(text, strlen(text), &characters);
}

/* A field of /etc/passwd. */
static bool
is_path(const char *text)
{
    return text[0] == '/' && is_word(text) && strpbrk(text, ":,") == NULL
           && strstr(text, "/../") == NULL;
}

static bool
is_home(const char *text)
{
    size_t length = strlen(text), end = strlen(NAME_END);

    return is_path(text) && length > end
           && strcmp(text + length - end, NAME_END) == 0
           && strchr(text, '%') == text + length - end + 1;
}

/* Neither empty nor with an empty word in it. */
static bool
are_words(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && text[0] != ',' && text[length - 1] != ','
           && strstr(text, ",,") == NULL && is_word(text);
}

static bool
is_number(const char *text, unsigned int least, unsigned int most)
{
    unsigned int number = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (unsigned int) (*at - '0');
        if (number > most)
            return false;
    }
    return text[0] != '\0' && number >= least;
}

/* Each POOL:LOCAL; a pool's group may have a colon in its name. */
static bool
are_pairs(const char *text)
{
    char local[CONFIG_VALUE_MAX];

    if (!are_words(text))
        return false;
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        const char *colon = memrchr(text, ':', length);

        if (colon == NULL || colon == text)
            return false;
        (void) snprintf(local, sizeof(local), "%.*s",
                        (int) (text + length - colon - 1), colon + 1);
        if (!config_is_plain_name(local))
            return false;
        text += length;
        text += *text == ',';
    }
    return true;
}

static bool
is_valid(enum type type, const char *text)
{
    switch (type) {
    case TYPE_ATTRIBUTE:
        return is_word(text) && strlen(text) <= 32;
    case TYPE_FLAG:
        return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
    case TYPE_HOME:
        return is_home(text);
    case TYPE_NAME:
        return config_is_plain_name(text);
    case TYPE_PAIRS:
        return are_pairs(text);
    case TYPE_PATH:
        return is_path(text);
    case TYPE_PERCENT:
        return is_number(text, 0, 100);
    case TYPE_RATE:
        return is_number(text, 1, RATE_MAX);
    case TYPE_SECONDS:
        return is_number(text, 1, SECONDS_MAX);
    case TYPE_WORD:
        return is_word(text);
    case TYPE_WORDS:
        return are_words(text);
    }
    return false;
}

static enum key
find_key(const char *name)
{
    enum key key = 0;

    while (key < KEYS && strcmp(rows[key].name, name) != 0)
        key++;
    return key;
}

/* A name that is more than letters may be a secret in the wrong place. */
static bool
fault_key(const struct reading *reading, const char *name)
{
    unsigned int least = CONFIG_SLIPS_MAX + 1;
    char problem[128] = "unknown key, expected one of "
                        "pam_cognito_accounts.conf(5)";

    for (unsigned int key = 0; key < KEYS; key++) {
        unsigned int slips = config_slips(name, rows[key].name);

        if (slips < least) {
            least = slips;
            (void) snprintf(problem, sizeof(problem),
                            "unknown key, did you mean %s?", rows[key].name);
        }
    }
    return fault(reading,
                 least <= CONFIG_SLIPS_MAX
                         || (name[0] != '\0'
                             && strspn(name, KEY_LETTERS) == strlen(name)
                             && strlen(name) <= CONFIG_KEY_MAX)
                     ? name
                     : "a line",
                 reading->line, problem);
}

/* Cuts the blanks around the words of a list off in place. */
static void
squeeze_list(char *text)
{
    char *out = text;
    size_t length;

    for (char *at = text; *at != '\0';) {
        length = strcspn(at, ",");
        while (length > 0 && *at == ' ') {
            at++;
            length--;
        }
        memmove(out, at, length);
        at += length;
        out += length;
        while (length > 0 && out[-1] == ' ') {
            out--;
            length--;
        }
        if (*at == ',')
            *out++ = *at++;
    }
    *out = '\0';
}

static bool
take_line(struct reading *reading, char *line)
{
    struct holder *holder = reading->holder;
    char *text = text_trim(line), *equals = strchr(text, '='), *value;
    char problem[64];
    enum key key;

    if (text[0] == '\0' || text[0] == '#')
        return true;
    if (equals == NULL)
        return fault(reading, "a line", reading->line, "expected KEY = VALUE");
    *equals = '\0';
    text = text_trim(text);
    value = text_trim(equals + 1);
    key = find_key(text);
    if (key == KEYS)
        return fault_key(reading, text);
    if (holder->lines[key] > 0) {
        (void) snprintf(problem, sizeof(problem),
                        "given twice, first in line %u", holder->lines[key]);
        return fault(reading, rows[key].name, reading->line, problem);
    }
    if (rows[key].type == TYPE_WORDS || rows[key].type == TYPE_PAIRS)
        squeeze_list(value);
    holder->lines[key] = reading->line;
    if (!is_valid(rows[key].type, value))
        return fault_value(reading, key);
    holder->values[key] = strdup(value);
    return holder->values[key] != NULL || fault_memory(reading);
}

static bool
take_file(struct reading *reading, int fd)
{
    struct file_lines lines = {.fd = fd};
    char line[CONFIG_VALUE_MAX];
    bool failed, good = true;

    while (good && file_next_line(&lines, line, sizeof(line), &failed)) {
        reading->line = lines.number;
        good = take_line(reading, line);
    }
    if (!good || !failed)
        return good;
    return fault(reading, "a line", lines.number,
                 "cannot be read, is too long or holds a NUL");
}

static const char *
text_of(const struct holder *holder, enum key key)
{
    return holder->values[key];
}

static bool
flag_of(const struct holder *holder, enum key key)
{
    return strcmp(holder->values[key], "yes") == 0;
}

static unsigned int
number_of(const struct holder *holder, enum key key)
{
    return (unsigned int) strtoul(holder->values[key], NULL, 10);
}

/* Cuts a list into its words; NULL when memory is out. */
static const char **
split(char *list)
{
    size_t count = 1, i = 0;
    const char **words;

    for (const char *at = list; *at != '\0'; at++)
        count += *at == ',';
    words = calloc(count + 1, sizeof(*words));
    if (words == NULL)
        return NULL;
    for (char *at = list; at != NULL && i < count; i++) {
        words[i] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return words;
}

/* Defaults, lists, and what one key says of another. */
static bool
finish_pairs(const struct reading *reading)
{
    struct holder *holder = reading->holder;
    struct settings *settings = &holder->settings;
    const char **words = holder->words[KEY_OF_MAP_GROUPS];
    size_t count = 0;

    if (words == NULL)
        return true;
    while (words[count] != NULL)
        count++;
    holder->pairs = calloc(count + 1, sizeof(*holder->pairs));
    if (holder->pairs == NULL)
        return fault_memory(reading);
    for (size_t i = 0; i < count; i++) {
        char *colon = strrchr(words[i], ':');

        *colon = '\0';
        holder->pairs[i] = (struct settings_pair){words[i], colon + 1};
        if (strcmp(colon + 1, settings->local_group) == 0)
            return fault(reading, rows[KEY_OF_MAP_GROUPS].name,
                         holder->lines[KEY_OF_MAP_GROUPS],
                         "everybody is in local_group, expected other "
                         "local groups");
    }
    settings->pairs = holder->pairs;
    settings->pair_count = count;
    return true;
}

static bool
finish_words(const struct reading *reading)
{
    struct holder *holder = reading->holder;

    for (enum key key = 0; key < KEYS; key++) {
        if (holder->values[key] == NULL && rows[key].standard != NULL) {
            holder->values[key] = strdup(rows[key].standard);
            if (holder->values[key] == NULL)
                return fault_memory(reading);
        }
        if (holder->values[key] == NULL
            || (rows[key].type != TYPE_WORDS && rows[key].type != TYPE_PAIRS))
            continue;
        holder->words[key] = split(holder->values[key]);
        if (holder->words[key] == NULL)
            return fault_memory(reading);
    }
    return true;
}

static bool
finish(const struct reading *reading)
{
    static const char *const nobody[] = {NULL};
    struct holder *holder = reading->holder;
    const char *const *groups;

    if (holder->lines[KEY_OF_POOL_GROUPS] == 0)
        return fault(reading, rows[KEY_OF_POOL_GROUPS].name, 0,
                     "missing, expected names of groups of the pool with "
                     "commas between them, or *");
    if (!finish_words(reading))
        return false;
    groups = holder->words[KEY_OF_POOL_GROUPS];
    holder->settings = (struct settings){
        .pool_groups = groups,
        .allow_self_sign_up = flag_of(holder, KEY_OF_ALLOW_SELF_SIGN_UP),
        .local_group = text_of(holder, KEY_OF_LOCAL_GROUP),
        .shell = text_of(holder, KEY_OF_SHELL),
        .home = text_of(holder, KEY_OF_HOME),
        .allow_privileged_groups = flag_of(holder,
                                           KEY_OF_ALLOW_PRIVILEGED_GROUPS),
        .uid_attribute = text_of(holder, KEY_OF_UID_ATTRIBUTE),
        .trust_attribute = flag_of(holder, KEY_OF_TRUST_ATTRIBUTE),
        .subids = flag_of(holder, KEY_OF_SUBIDS),
        .ssh_key_attribute = text_of(holder, KEY_OF_SSH_KEY_ATTRIBUTE),
        .ssh_key_types = holder->words[KEY_OF_SSH_KEY_TYPES],
        .max_removals = number_of(holder, KEY_OF_MAX_REMOVALS),
        .rate = number_of(holder, KEY_OF_RATE),
        .timeout = number_of(holder, KEY_OF_TIMEOUT),
        .profile = text_of(holder, KEY_OF_PROFILE),
        .credentials_file = text_of(holder, KEY_OF_CREDENTIALS_FILE),
    };
    if (strcmp(groups[0], "*") == 0 && groups[1] == NULL) {
        holder->settings.everybody = true;
        holder->settings.pool_groups = nobody;
    }
    for (size_t i = 0; holder->settings.pool_groups[i] != NULL; i++)
        if (strcmp(groups[i], "*") == 0)
            return fault_value(reading, KEY_OF_POOL_GROUPS);
    return finish_pairs(reading);
}

struct settings *
settings_read(const char *path, const struct file_trust *trust,
              char *error_out, size_t error_size)
{
    struct reading reading
        = {.path = path, .error = error_out, .error_size = error_size};
    bool good;
    int fd;

    if (file_open(path, trust, &fd, error_out, error_size) != FILE_OK)
        return NULL;
    reading.holder = calloc(1, sizeof(*reading.holder));
    good = reading.holder == NULL
               ? fault_memory(&reading)
               : take_file(&reading, fd) && finish(&reading);
    (void) close(fd);
    if (good)
        return &reading.holder->settings;
    if (reading.holder != NULL)
        settings_free(&reading.holder->settings);
    return NULL;
}

void
settings_free(struct settings *settings)
{
    struct holder *holder = (struct holder *) settings;

    if (holder == NULL)
        return;
    for (unsigned int key = 0; key < KEYS; key++) {
        free(holder->values[key]);
        free(holder->words[key]);
    }
    free(holder->pairs);
    free(holder);
}

bool
settings_home(const struct settings *settings, const char *name, char *out,
              size_t size)
{
    size_t length = strlen(settings->home) - strlen("%u");

    return (size_t) snprintf(out, size, "%.*s%s", (int) length, settings->home,
                             name)
           < size;
}
