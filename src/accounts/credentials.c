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
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "cognito/json.h"
#include "cognito/metadata.h"
#include "common/text.h"

#define ID_MAX 128         /* characters */
#define KEY_MAX 256        /* characters */
#define TOKEN_MAX 16384    /* characters */
#define LINE_SIZE 17408    /* of a file: a token with its name */
#define PROFILE_MAX 128    /* bytes of a name that are shown */
#define SHOWN_PATH_MAX 100 /* bytes of a path that are shown */

#define CONTAINER "http://169.254.170.2"
#define INSTANCE "http://169.254.169.254"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define FIND_MS 10000    /* for the whole search */
#define ANSWER_MS 3000   /* for each question to a service */
#define ROLE_MAX 64      /* characters of a role's name */
#define SESSION_MAX 1024 /* characters of an instance's session token */
/* Of a token in a file; /etc/shadow, for one, has others. */
#define TOKEN_LETTERS                                                         \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/= "

/* A place that has none and is no fault; never handed out. */
#define NOT_HERE STATUS_UNAVAILABLE

struct search {
    const struct credentials_options *options;
    struct credentials *found;
    char *message;
    int64_t deadline;
    char file_why[192];     /* why the file brought nothing */
    char instance_why[192]; /* why the instance did not */
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

/* ---- The services beside the machine ---- */

/* "2026-11-27T10:41:50Z", perhaps with a fraction; -1 when it is no time. */
static int64_t
read_time(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

    if (end != NULL && *end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (end == NULL || strcmp(end, "Z") != 0)
        return -1;
    return timegm(&parts);
}

static bool
take_member(const struct json *object, const char *key, struct secret *out)
{
    const char *text = json_text(object, key);

    return secret_set_text(out, text == NULL ? "" : text);
}

/* The document that all of these services answer with. */
static enum status
take_document(struct search *search, const struct http_answer *answer)
{
    static const struct words names = {NULL, "AccessKeyId", "SecretAccessKey",
                                       "Token"};
    struct credentials *found = search->found;
    struct words words = names;
    struct json *document = NULL;
    const char *expiration;
    enum status status;

    words.place = found->from;
    status = json_parse(answer->body.data == NULL ? "" : answer->body.data,
                        answer->body.length, &document);
    if (status == STATUS_UNREADABLE)
        return fail(search, status, "%s: the answer is no JSON", found->from);
    if (status != STATUS_OK)
        return status;
    expiration = json_text(document, "Expiration");
    found->expires = expiration == NULL ? 0 : read_time(expiration);
    if (!take_member(document, words.id, &found->id)
        || !take_member(document, words.key, &found->key)
        || !take_member(document, words.token, &found->token))
        status = STATUS_MEMORY;
    json_free(document);
    if (status == STATUS_OK)
        status = judge(search, &words);
    if (status == NOT_HERE)
        return fail(search, STATUS_UNREADABLE,
                    "%s: the answer holds no credentials", found->from);
    if (status == STATUS_OK && found->expires < 0)
        return fail(search, STATUS_UNREADABLE, "%s: Expiration is no time",
                    found->from);
    if (status == STATUS_OK && found->expires != 0
        && found->expires <= time(NULL))
        return fail(search, STATUS_SERVER,
                    "%s: the credentials it gives have expired already; is "
                    "this machine's clock right?",
                    found->from);
    return status;
}

/* By when the next answer must be here. */
static int64_t
next_deadline(const struct search *search)
{
    int64_t soon = http_now() + ANSWER_MS;

    return soon < search->deadline ? soon : search->deadline;
}

/* What is said of a service that did not answer with 200. */
static enum status
fail_answer(struct search *search, enum status status,
            const struct http_answer *answer)
{
    const char *from = search->found->from;

    if (status == STATUS_MEMORY)
        return status;
    if (status != STATUS_OK)
        return fail(search, status, "%s: no answer (%s)", from,
                    answer->detail[0] == '\0' ? status_word(status)
                                              : answer->detail);
    return fail(search, STATUS_SERVER, "%s: HTTP %ld instead of credentials",
                from, answer->code);
}

/* ---- The container's endpoint ---- */

static bool
is_token(const char *text)
{
    size_t length = strspn(text, TOKEN_LETTERS);

    return length > 0 && text[length] == '\0';
}

/* One line that goes into a header; newlines at its end are no part. */
static enum status
read_token_file(struct search *search, const char *path, struct secret *token)
{
    struct file_trust trust = search->options->trust;
    char shown[SHOWN_PATH_MAX + 1], error[256];
    struct file_lines lines = {0};
    char *line;
    bool broken = false;
    enum status status = STATUS_OK;

    /* Kubernetes lets a group read it. */
    trust.private = false;
    if (file_open(path, &trust, &lines.fd, error, sizeof(error)) != FILE_OK)
        return fail(search, STATUS_CONFIG,
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s", error);
    line = malloc(LINE_SIZE);
    if (line != NULL
        && (!file_next_line(&lines, line, LINE_SIZE, &broken) || broken
            || !is_token(text_trim(line))))
        status = fail(search, STATUS_CONFIG,
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s holds no "
                      "token",
                      text_path(path, shown, sizeof(shown)));
    else if (line == NULL || !secret_set_text(token, text_trim(line)))
        status = STATUS_MEMORY;
    if (line != NULL)
        secret_wipe(line, LINE_SIZE);
    free(line);
    (void) close(lines.fd);
    secret_wipe(&lines, sizeof(lines));
    return status;
}

/* "Name: value"; value may not end a line. */
static enum status
make_header(struct search *search, const char *name, const char *value,
            const char *place, struct secret *header)
{
    size_t size = strlen(name) + strlen(value) + 3;
    char *line;
    bool done;

    if (value[strcspn(value, "\r\n")] != '\0')
        return fail(search, STATUS_CONFIG, "%s holds more than one line",
                    place);
    line = malloc(size);
    if (line == NULL)
        return STATUS_MEMORY;
    (void) snprintf(line, size, "%s: %s", name, value);
    done = secret_set_text(header, line);
    secret_free_text(line);
    return done ? STATUS_OK : STATUS_MEMORY;
}

/* *header_out stays empty where no token is asked for. */
static enum status
make_authorization(struct search *search, struct secret *header_out)
{
    static const char name[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    const char *path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *value = variable(name);
    struct secret token = {0};
    enum status status = STATUS_OK;

    if (path[0] != '\0')
        status = read_token_file(search, path, &token);
    else if (value[0] != '\0' && !secret_set_text(&token, value))
        status = STATUS_MEMORY;
    if (status == STATUS_OK && token.length > 0)
        status = make_header(search, "Authorization", token.data, name,
                             header_out);
    secret_free(&token);
    return status;
}

static enum status
ask_url(struct search *search, const char *url)
{
    struct secret header = {0};
    struct http_answer answer = {0};
    enum status status = make_authorization(search, &header);

    if (status == STATUS_OK) {
        status = metadata_ask(url, false, header.data == NULL ? NULL : &header,
                              next_deadline(search), &answer);
        status = status == STATUS_OK && answer.code == 200
                     ? take_document(search, &answer)
                     : fail_answer(search, status, &answer);
    }
    http_answer_free(&answer);
    secret_free(&header);
    return status;
}

static enum status
ask_container(struct search *search)
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct credentials *found = search->found;
    char url[METADATA_URL_MAX];
    int length = 0;

    if (relative[0] == '\0' && full[0] == '\0')
        return NOT_HERE;
    found->source = CREDENTIALS_CONTAINER;
    if (relative[0] != '\0')
        length = snprintf(url, sizeof(url), "%s%s", CONTAINER, relative);
    else
        length = snprintf(url, sizeof(url), "%s", full);
    (void) snprintf(found->from, sizeof(found->from),
                    "the container's endpoint (%s)",
                    relative[0] != '\0'
                        ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
                        : "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (length < 0 || (size_t) length >= sizeof(url)
        || (relative[0] != '\0' && relative[0] != '/')
        || !metadata_is_allowed(url))
        return fail(search, STATUS_CONFIG, "%s: expected %s", found->from,
                    relative[0] != '\0'
                        ? "a path that begins with /"
                        : "https://, or http:// to this machine, "
                          "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
    return ask_url(search, url);
}

/* ---- The instance's metadata, version 2 ---- */

struct instance {
    struct search *search;
    const char *base;     /* of its URLs */
    struct secret header; /* with the session's token */
};

static enum status
ask_instance_for(struct instance *instance, bool put, const char *path,
                 struct http_answer *answer_out)
{
    char url[METADATA_URL_MAX];

    (void) snprintf(url, sizeof(url), "%s%s", instance->base, path);
    return metadata_ask(url, put, &instance->header,
                        next_deadline(instance->search), answer_out);
}

/* No such service, or one that does not want to: not a fault of its. */
static enum status
miss_instance(struct instance *instance, const char *why)
{
    struct search *search = instance->search;

    (void) snprintf(search->instance_why, sizeof(search->instance_why),
                    "the instance's metadata (%.*s) %s", 64, instance->base,
                    why);
    return NOT_HERE;
}

static enum status
open_session(struct instance *instance)
{
    struct http_answer answer = {0};
    enum status status;

    if (!secret_set_text(&instance->header,
                         "X-aws-ec2-metadata-token-ttl-seconds: 60"))
        return STATUS_MEMORY;
    status = ask_instance_for(instance, true, "/latest/api/token", &answer);
    if (status == STATUS_CONNECT)
        status = miss_instance(instance, "is not there");
    else if (status == STATUS_TIMEOUT)
        status = fail(instance->search, status,
                      "%s: no answer in time; in a container its hop limit "
                      "must be 2",
                      instance->search->found->from);
    else if (status != STATUS_OK || answer.code >= 500)
        status = fail_answer(instance->search, status, &answer);
    else if (answer.code == 403)
        status = miss_instance(instance, "is switched off (HTTP 403)");
    else if (answer.code != 200)
        status = miss_instance(instance, "does not speak version 2, and no "
                                         "other is asked");
    else if (answer.body.length == 0 || !is_plain(&answer.body, SESSION_MAX))
        status = fail(instance->search, STATUS_UNREADABLE,
                      "%s: the answer is no token",
                      instance->search->found->from);
    else
        status = make_header(instance->search, "X-aws-ec2-metadata-token",
                             answer.body.data, "the token", &instance->header);
    http_answer_free(&answer);
    return status;
}

/* The first line; an instance has one role at most. */
static enum status
ask_role(struct instance *instance, char role_out[ROLE_MAX + 1])
{
    struct http_answer answer = {0};
    enum status status = ask_instance_for(instance, false, ROLES, &answer);
    const char *text = answer.body.data == NULL ? "" : answer.body.data;
    size_t length = strcspn(text, "\r\n");

    if (status == STATUS_OK
        && (answer.code == 404 || (answer.code == 200 && length == 0)))
        status = miss_instance(instance, "has no role for it");
    else if (status != STATUS_OK || answer.code != 200)
        status = fail_answer(instance->search, status, &answer);
    else if (length > ROLE_MAX
             || strspn(text, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-")
                    != length)
        status = fail(instance->search, STATUS_UNREADABLE,
                      "%s: the answer is no role's name",
                      instance->search->found->from);
    else
        (void) snprintf(role_out, ROLE_MAX + 1, "%.*s", (int) length, text);
    http_answer_free(&answer);
    return status;
}

static enum status
ask_document(struct instance *instance, const char *role)
{
    struct search *search = instance->search;
    struct http_answer answer = {0};
    char path[sizeof(ROLES) + ROLE_MAX];
    enum status status;

    (void) snprintf(path, sizeof(path), "%s%s", ROLES, role);
    status = ask_instance_for(instance, false, path, &answer);
    (void) snprintf(search->found->from, sizeof(search->found->from),
                    "the instance's role %s", role);
    status = status == STATUS_OK && answer.code == 200
                 ? take_document(search, &answer)
                 : fail_answer(search, status, &answer);
    http_answer_free(&answer);
    return status;
}

static enum status
ask_instance(struct search *search)
{
    const char *base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    struct instance instance = {.search = search,
                                .base = base[0] == '\0' ? INSTANCE : base};
    char role[ROLE_MAX + 1];
    size_t length = strlen(instance.base);
    enum status status;

    if (strcasecmp(variable("AWS_EC2_METADATA_DISABLED"), "true") == 0) {
        (void) snprintf(search->instance_why, sizeof(search->instance_why),
                        "AWS_EC2_METADATA_DISABLED is true");
        return NOT_HERE;
    }
    if (!metadata_is_allowed(instance.base)
        || length > METADATA_URL_MAX - sizeof(ROLES) - ROLE_MAX
        || instance.base[length - 1] == '/')
        return fail(search, STATUS_CONFIG,
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT: expected "
                    "http://169.254.169.254, [fd00:ec2::254] or this machine");
    search->found->source = CREDENTIALS_INSTANCE;
    (void) snprintf(search->found->from, sizeof(search->found->from),
                    "the instance's metadata");
    status = open_session(&instance);
    if (status == STATUS_OK)
        status = ask_role(&instance, role);
    if (status == STATUS_OK)
        status = ask_document(&instance, role);
    secret_free(&instance.header);
    return status;
}

/* ---- All of them ---- */

static enum status
miss_all(struct search *search)
{
    return fail(search, STATUS_CONFIG,
                "no AWS credentials: AWS_ACCESS_KEY_ID is not set, %s, no "
                "container's endpoint is set, and %s",
                search->file_why, search->instance_why);
}

enum status
credentials_find(const struct credentials_options *options,
                 struct credentials *credentials,
                 char message_out[CREDENTIALS_MESSAGE_MAX])
{
    static enum status (*const places[])(struct search *)
        = {ask_environment, ask_file, ask_container, ask_instance};
    struct search search = {.options = options,
                            .found = credentials,
                            .message = message_out,
                            .deadline = http_now() + FIND_MS};
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
