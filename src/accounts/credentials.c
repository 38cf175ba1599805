/*
 * One place after the other is asked. What a place has, it has whole, or the
 * search ends there: whoever put half a key somewhere wanted that one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/credentials.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

#define ID_MAX 128         /* characters */
#define KEY_MAX 256        /* characters */
#define TOKEN_MAX 16384    /* characters */
#define LINE_SIZE 17408    /* of a file: a token with its name */
#define PROFILE_MAX 128    /* bytes of a name that are shown */
#define SHOWN_PATH_MAX 100 /* bytes of a path that are shown */

/* A place that has none and is no fault; never handed out. */
#define NOT_HERE STATUS_UNAVAILABLE

struct search {
    const struct credentials_options *options;
    struct credentials *found;
    char *message;
    char file_why[192]; /* why the file brought nothing */
};

static enum status fail(struct search *search, enum status status,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status
fail(struct search *search, enum status status, const char *format, ...)
{
    char text[CREDENTIALS_MESSAGE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text_clean_whole(text, search->message, CREDENTIALS_MESSAGE_MAX);
    return status;
}

/* Visible ASCII: what goes into a header as it is. */
static bool
is_plain(const struct secret *secret, size_t longest)
{
    if (secret->length > longest)
        return false;
    for (size_t i = 0; i < secret->length; i++)
        if (secret->data[i] < '!' || secret->data[i] > '~')
            return false;
    return true;
}

/* Words for the three in one place. */
struct words {
    const char *place;
    const char *id;
    const char *key;
    const char *token;
};

/* Are those that were read at a place whole? */
static enum status
judge(struct search *search, const struct words *words)
{
    const struct credentials *found = search->found;

    if (found->id.length == 0 && found->key.length == 0
        && found->token.length == 0)
        return NOT_HERE;
    if (found->id.length == 0 || found->key.length == 0)
        return fail(search, STATUS_CONFIG,
                    "%s: %s is there and %s is not: give both, or neither",
                    words->place,
                    found->key.length > 0  ? words->key
                    : found->id.length > 0 ? words->id
                                           : words->token,
                    found->id.length == 0 ? words->id : words->key);
    if (!is_plain(&found->id, ID_MAX) || strchr(found->id.data, ':') != NULL
        || strchr(found->id.data, '/') != NULL)
        return fail(search, STATUS_CONFIG, "%s: %s is no access key ID",
                    words->place, words->id);
    if (!is_plain(&found->key, KEY_MAX))
        return fail(search, STATUS_CONFIG, "%s: %s is no secret access key",
                    words->place, words->key);
    if (!is_plain(&found->token, TOKEN_MAX))
        return fail(search, STATUS_CONFIG, "%s: %s is no session token",
                    words->place, words->token);
    return STATUS_OK;
}

/* ---- The environment ---- */

/* "" for what is unset: an empty one is as good as none. */
static const char *
variable(const char *name)
{
    const char *value = secure_getenv(name);

    return value == NULL ? "" : value;
}

static enum status
ask_environment(struct search *search)
{
    static const struct words words = {"the environment", "AWS_ACCESS_KEY_ID",
                                       "AWS_SECRET_ACCESS_KEY",
                                       "AWS_SESSION_TOKEN"};
    struct credentials *found = search->found;

    if (!secret_set_text(&found->id, variable(words.id))
        || !secret_set_text(&found->key, variable(words.key))
        || !secret_set_text(&found->token, variable(words.token)))
        return STATUS_MEMORY;
    found->source = CREDENTIALS_ENVIRONMENT;
    (void) snprintf(found->from, sizeof(found->from), "the environment");
    return judge(search, &words);
}

/* ---- The shared credentials file ---- */

struct profile {
    struct search *search;
    const char *name;
    bool inside;    /* the lines are the profile's */
    bool seen;      /* its heading was there */
    char other[64]; /* another way to credentials that stands there */
    bool no_memory;
};

/* Ways to credentials that would run a program or ask somebody. */
static bool
is_other_way(const char *key)
{
    static const char *const ways[]
        = {"credential_process", "role_arn",      "source_profile",
           "credential_source",  "sso_session",   "sso_start_url",
           "sso_account_id",     "login_session", "web_identity_token_file"};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i], key) == 0)
            return true;
    return false;
}

static void
take_heading(struct profile *profile, char *line)
{
    char *end = strchr(line, ']');

    profile->inside = false;
    if (end == NULL)
        return;
    *end = '\0';
    profile->inside = strcmp(text_trim(line + 1), profile->name) == 0;
    profile->seen = profile->seen || profile->inside;
}

static void
take_setting(struct profile *profile, char *line)
{
    struct credentials *found = profile->search->found;
    char *equals = strchr(line, '=');
    const char *key, *value;
    struct secret *into = NULL;

    if (equals == NULL)
        return;
    *equals = '\0';
    key = text_trim(line);
    value = text_trim(equals + 1);
    if (strcmp(key, "aws_access_key_id") == 0)
        into = &found->id;
    else if (strcmp(key, "aws_secret_access_key") == 0)
        into = &found->key;
    else if (strcmp(key, "aws_session_token") == 0)
        into = &found->token;
    else if (is_other_way(key))
        (void) snprintf(profile->other, sizeof(profile->other), "%s", key);
    if (into != NULL && !secret_set_text(into, value))
        profile->no_memory = true;
}

/* Indented lines are parts of a setting that is none of ours. */
static void
take_line(struct profile *profile, char *line)
{
    if (line[0] == '[')
        take_heading(profile, line);
    else if (profile->inside && strchr("#; \t\r", line[0]) == NULL)
        take_setting(profile, line);
}

static enum status
read_profile(struct profile *profile, int fd, const char *shown)
{
    struct file_lines lines = {.fd = fd};
    char *line = malloc(LINE_SIZE);
    enum status status = line == NULL ? STATUS_MEMORY : STATUS_OK;
    bool broken = false;

    while (status == STATUS_OK
           && file_next_line(&lines, line, LINE_SIZE, &broken)) {
        take_line(profile, line);
        if (profile->no_memory)
            status = STATUS_MEMORY;
    }
    if (status == STATUS_OK && broken)
        status = fail(profile->search, STATUS_CONFIG,
                      "%s: line %u cannot be read, or is too long", shown,
                      lines.number);
    if (line != NULL)
        secret_wipe(line, LINE_SIZE);
    free(line);
    secret_wipe(&lines, sizeof(lines));
    return status;
}

/* What to say of a profile without keys. */
static enum status
miss_profile(const struct profile *profile, const char *shown)
{
    struct search *search = profile->search;
    const char *name = search->options->profile;

    if (profile->other[0] != '\0')
        return fail(search, STATUS_CONFIG,
                    "profile %.*s of %s has %s, which is not followed here: "
                    "give it aws_access_key_id and aws_secret_access_key",
                    PROFILE_MAX, name, shown, profile->other);
    (void) snprintf(search->file_why, sizeof(search->file_why),
                    profile->seen ? "profile %.*s of %s has no keys"
                                  : "there is no profile %.*s in %s",
                    48, name, shown);
    if (search->options->is_chosen)
        return fail(search, STATUS_CONFIG,
                    "%s: see profile and "
                    "credentials_file",
                    search->file_why);
    return NOT_HERE;
}

static enum status
find_profile(struct search *search, int fd, const char *shown)
{
    static const struct words names = {NULL, "aws_access_key_id",
                                       "aws_secret_access_key",
                                       "aws_session_token"};
    struct profile profile = {.search = search,
                              .name = search->options->profile};
    struct credentials *found = search->found;
    struct words words = names;
    enum status status = read_profile(&profile, fd, shown);

    if (status != STATUS_OK)
        return status;
    found->source = CREDENTIALS_FILE;
    (void) snprintf(found->from, sizeof(found->from), "profile %.*s of %s",
                    PROFILE_MAX, search->options->profile, shown);
    words.place = found->from;
    status = judge(search, &words);
    if (status == NOT_HERE)
        return miss_profile(&profile, shown);
    if (status == STATUS_OK && profile.other[0] != '\0')
        (void) snprintf(found->warning, sizeof(found->warning),
                        "%.*s also has %s, which is not followed here", 150,
                        found->from, profile.other);
    return status;
}

static enum status
ask_file(struct search *search)
{
    const struct credentials_options *options = search->options;
    struct file_trust trust = options->trust;
    char shown[SHOWN_PATH_MAX + 1], error[256];
    enum status status;
    int fd;

    trust.private = true;
    (void) text_path(options->file, shown, sizeof(shown));
    switch (file_open(options->file, &trust, &fd, error, sizeof(error))) {
    case FILE_OK:
        status = find_profile(search, fd, shown);
        (void) close(fd);
        return status;
    case FILE_ABSENT:
        (void) snprintf(search->file_why, sizeof(search->file_why),
                        "%s does not exist", shown);
        return options->is_chosen
                   ? fail(search, STATUS_CONFIG, "credentials_file: %s", error)
                   : NOT_HERE;
    case FILE_UNTRUSTED:
    case FILE_FAILED:
        break;
    }
    return fail(search, STATUS_CONFIG, "credentials_file: %s", error);
}

/* ---- All of them ---- */

static enum status
miss_all(struct search *search)
{
    return fail(search, STATUS_CONFIG,
                "no AWS credentials: AWS_ACCESS_KEY_ID is not set, and %s",
                search->file_why);
}

enum status
credentials_find(const struct credentials_options *options,
                 struct credentials *credentials,
                 char message_out[CREDENTIALS_MESSAGE_MAX])
{
    static enum status (*const places[])(struct search *) = {ask_environment,
                                                             ask_file};
    struct search search
        = {.options = options, .found = credentials, .message = message_out};
    enum status status = NOT_HERE;

    message_out[0] = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        credentials_free(credentials);
        credentials->options = options;
        status = places[i](&search);
        if (status != NOT_HERE)
            break;
    }
    if (status == NOT_HERE)
        status = miss_all(&search);
    if (status == STATUS_MEMORY)
        (void) fail(&search, status, "out of memory");
    if (status != STATUS_OK)
        credentials_free(credentials);
    return status;
}

enum status
credentials_renew(struct credentials *credentials,
                  char message_out[CREDENTIALS_MESSAGE_MAX])
{
    struct credentials fresh = {0};
    enum status status = credentials_find(credentials->options, &fresh,
                                          message_out);

    if (status == STATUS_OK) {
        credentials_free(credentials);
        *credentials = fresh;
    }
    return status;
}

bool
credentials_expire(const struct credentials *credentials, int64_t now)
{
    return credentials->expires != 0
           && credentials->expires - CREDENTIALS_SPARE_S <= now;
}

static bool
is_in(const struct secret *secret, const char *text)
{
    return secret->length > 0 && strstr(text, secret->data) != NULL;
}

bool
credentials_are_in(const struct credentials *credentials, const char *text)
{
    return is_in(&credentials->id, text) || is_in(&credentials->key, text)
           || is_in(&credentials->token, text);
}

void
credentials_free(struct credentials *credentials)
{
    secret_free(&credentials->id);
    secret_free(&credentials->key);
    secret_free(&credentials->token);
    memset(credentials, 0, sizeof(*credentials));
}
