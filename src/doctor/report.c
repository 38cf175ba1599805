/*
 * Every line passes through redact(): nothing is written past it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/secret.h"
#include "doctor/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define NAME_MAX_BYTES 256
#define WORDS_MAX 24
#define ARGUMENT_SHOWN 32 /* bytes of an argument's name */

/* Words that are replaced, longest meaning first. */
struct redaction {
    FILE *file;
    size_t count;
    struct {
        const char *word;
        const char *instead;
    } words[WORDS_MAX];
    char host[NAME_MAX_BYTES];
    char hosts[3][NAME_MAX_BYTES]; /* of proxy, endpoint and issuer */
    size_t host_count;
};

bool
report_open(const char *path, int *fd_out)
{
    *fd_out = open(path,
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
                       | O_NOCTTY,
                   0600);
    if (*fd_out < 0)
        output_error("--report %s: %s", path, strerror(errno));
    return *fd_out >= 0;
}

static void
hide(struct redaction *redaction, const char *word, const char *instead)
{
    /* Shorter words stand everywhere by chance. */
    if (word == NULL || strlen(word) < 3 || redaction->count == WORDS_MAX)
        return;
    redaction->words[redaction->count].word = word;
    redaction->words[redaction->count].instead = instead;
    redaction->count++;
}

static void
hide_setting(struct redaction *redaction, const struct check *check,
             enum config_key key, const char *instead)
{
    if (check->setup.config != NULL && config_is_set(check->setup.config, key))
        hide(redaction, config_text(check->setup.config, key), instead);
}

/* The host of a URL, which messages name alone. */
static void
hide_host(struct redaction *redaction, const struct check *check,
          enum config_key key, const char *instead)
{
    char *host = redaction->hosts[redaction->host_count++];
    const char *url, *end;

    if (check->setup.config == NULL
        || !config_is_set(check->setup.config, key))
        return;
    url = config_text(check->setup.config, key);
    url = strstr(url, "//") == NULL ? url : strstr(url, "//") + 2;
    end = url + strcspn(url, "/");
    if (memchr(url, '@', (size_t) (end - url)) != NULL)
        url = (const char *) memrchr(url, '@', (size_t) (end - url)) + 1;
    (void) snprintf(host, NAME_MAX_BYTES, "%.*s", (int) strcspn(url, ":/"),
                    url);
    if (strcmp(host, "localhost") != 0)
        hide(redaction, host, instead);
}

static void
prepare(struct redaction *redaction, const struct check *check)
{
    const struct setup *setup = &check->setup;

    hide(redaction, setup->client_secret.data, "[client_secret]");
    hide_setting(redaction, check, KEY_CLIENT_SECRET, "[client_secret]");
    hide_setting(redaction, check, KEY_PROXY, "[proxy]");
    hide_setting(redaction, check, KEY_ENDPOINT, "[endpoint]");
    hide_setting(redaction, check, KEY_ISSUER, "[issuer]");
    hide(redaction, check->issuer_seen, "[issuer]");
    hide_host(redaction, check, KEY_PROXY, "[proxy]");
    hide_host(redaction, check, KEY_ENDPOINT, "[endpoint host]");
    hide_host(redaction, check, KEY_ISSUER, "[issuer]");
    hide_setting(redaction, check, KEY_USER_POOL_ID, "[user_pool_id]");
    hide_setting(redaction, check, KEY_CLIENT_ID, "[client_id]");
    hide_setting(redaction, check, KEY_USERNAME_FORMAT, "[username_format]");
    hide(redaction, check->user, "[user]");
    if (check->facts.person || !check->facts.known)
        hide(redaction, check->host.name, "[user]");
    if (gethostname(redaction->host, sizeof(redaction->host) - 1) == 0
        && strcmp(redaction->host, "localhost") != 0)
        hide(redaction, redaction->host, "[this host]");
}

/* The first of the words that stands at this place, or -1. */
static int
word_at(const struct redaction *redaction, const char *text)
{
    for (size_t i = 0; i < redaction->count; i++)
        if (strncmp(text, redaction->words[i].word,
                    strlen(redaction->words[i].word))
            == 0)
            return (int) i;
    return -1;
}

static void
redact(const struct redaction *redaction, const char *text)
{
    while (*text != '\0') {
        int index = word_at(redaction, text);

        if (index < 0) {
            (void) fputc(*text++, redaction->file);
            continue;
        }
        (void) fputs(redaction->words[index].instead, redaction->file);
        text += strlen(redaction->words[index].word);
    }
    (void) fputc('\n', redaction->file);
}

__attribute__((format(printf, 2, 3))) static void
put(const struct redaction *redaction, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    redact(redaction, line);
    secret_wipe(line, sizeof(line));
}

static void
put_machine(const struct redaction *redaction)
{
    char line[256];
    struct utsname names;
    FILE *release;

    put(redaction, "pam_cognito %s", PACKAGE_VERSION);
    if (uname(&names) == 0)
        put(redaction, "kernel: %s %s %s", names.sysname, names.release,
            names.machine);
    release = fopen("/etc/os-release", "re");
    while (release != NULL && fgets(line, sizeof(line), release) != NULL)
        if (strncmp(line, "PRETTY_NAME=", 12) == 0) {
            line[strcspn(line, "\n")] = '\0';
            put(redaction, "system: %s", line + 12);
        }
    if (release != NULL)
        (void) fclose(release);
    put(redaction, "run as: %s", geteuid() == 0 ? "root" : "an ordinary user");
}

static void
put_findings(const struct redaction *redaction, const struct check *check)
{
    static const char *const words[] = {"ok", "skip", "warning", "problem"};

    put(redaction, "\nFindings for the PAM service %s:", check->service);
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct finding *finding = &check->findings[i];

        if (finding->level == CHECK_SKIP)
            continue;
        put(redaction, "%-8s %s: %s", words[finding->level],
            finding_row(finding->id)->area, finding->text);
    }
    if (check->left_out[0] != '\0')
        put(redaction, "not looked at: %s", check->left_out);
}

/*
 * Only what is a choice, a number, or the path of something that there is: a
 * secret may stand where a path was expected. Texts are names of somebody.
 */
static bool
is_shown(const struct config_entry *entry, const char *value)
{
    switch (entry->type) {
    case CONFIG_FLAG:
    case CONFIG_SECONDS:
    case CONFIG_UID:
    case CONFIG_CHOICE:
        return true;
    case CONFIG_PATH:
        return access(value, F_OK) == 0 || strcmp(value, "system") == 0;
    case CONFIG_TEXT:
    case CONFIG_WORD:
    case CONFIG_SECRET:
    case CONFIG_LIST:
    case CONFIG_FORMAT:
    case CONFIG_PATTERN:
        break;
    }
    return false;
}

static void
put_settings(const struct redaction *redaction, const struct check *check)
{
    put(redaction, "\nSettings that are not the default:");
    for (unsigned int i = 0; i < KEY_COUNT; i++) {
        enum config_key key = (enum config_key) i;
        const struct config_entry *entry = config_entry(key);
        const struct config *config = entry->owner == CONFIG_MODULE
                                          ? check->module
                                          : check->setup.config;

        if (config == NULL || !config_is_set(config, key))
            continue;
        put(redaction, "%s = %s  (%s)", entry->name,
            is_shown(entry, config_text(config, key))
                ? config_text(config, key)
                : "[set]",
            config_where(config, key));
    }
}

/* The name of an argument, or that there is one: see is_shown(). */
static void
put_argument(const struct redaction *redaction, const char *argument)
{
    size_t length = strcspn(argument, "=");
    bool word = length <= ARGUMENT_SHOWN
                && strspn(argument, "abcdefghijklmnopqrstuvwxyz_-") == length;

    put(redaction, "    %.*s%s", word ? (int) length : 0, argument,
        word && argument[length] == '\0' ? ""
        : word                           ? "=[set]"
                                         : "[set]");
}

/* Arguments as check_stack.c reads them, without what names somebody. */
static void
put_stack(const struct redaction *redaction, const struct check *check)
{
    static const char *const phases[] = {"auth", "account", "session",
                                         "password"};

    put(redaction, "\nThe PAM stack, with included files:");
    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];

        /* What is wrong with a line may be a secret in it. */
        if (line->is_broken)
            continue;
        if (line->is_substack) {
            put(redaction, "%s substack:", phases[line->phase]);
            continue;
        }
        /* A file that broke off may have a line without its module. */
        if (line->control == NULL || line->module == NULL)
            continue;
        put(redaction, "%*s%s %s %s%s", line->level * 2, "",
            phases[line->phase], line->control, line->module,
            line->argument_count == 0 ? "" : " ...");
        for (size_t j = 0; j < line->argument_count; j++)
            put_argument(redaction, line->arguments[j]);
    }
}

bool
report_write(const struct check *check, int fd)
{
    struct redaction redaction = {0};
    bool done;

    redaction.file = fdopen(fd, "w");
    if (redaction.file == NULL) {
        (void) close(fd);
        output_error("--report: %s", strerror(errno));
        return false;
    }
    prepare(&redaction, check);
    put_machine(&redaction);
    put_findings(&redaction, check);
    put_settings(&redaction, check);
    put_stack(&redaction, check);
    done = ferror(redaction.file) == 0;
    done = fclose(redaction.file) == 0 && done;
    if (!done)
        output_error("--report: cannot be written: %s", strerror(errno));
    return done;
}
