/*
 * The settings in check: both owners' keys read as module and helper read
 * them, the trust anchors and what follows for who can log in. Never shows a
 * value that may be a secret.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cognito/certificate.h"
#include "common/file.h"
#include "common/secret.h"
#include "common/text.h"
#include "doctor/places.h"
#include "doctor/services.h"
#include "pam/lookup.h"

#define ANCHORS_MAX 256
#define SOON (30 * 86400) /* seconds */
#define SECTION_MAX 24    /* bytes that are shown */
#define NAMES_SHOWN 3     /* of a list */
#define NAME_SHOWN_MAX 64 /* bytes; a longer one is counted only */
#define LIST_SHOWN_MAX (NAMES_SHOWN * (NAME_SHOWN_MAX + 2) + 32)
#define WHO_MAX (3 * LIST_SHOWN_MAX + 160)

/* Anything else may be a secret that was put there. */
static bool
is_word(const char *text)
{
    return strlen(text) < SECTION_MAX - 1
           && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")]
                  == '\0';
}

static const char *
path_of(const struct check *check)
{
    return config_text(check->module, KEY_CONFIG);
}

static bool
is_account(const char *name)
{
    struct passwd account;
    char *memory = NULL;
    bool found = lookup_account(name, &account, &memory) == LOOKUP_FOUND;

    free(memory);
    return found;
}

/*
 * Some of the list's names, and how many more there are; "" for none. Shown is
 * who exists: anything else may be a secret that was put there. Groups that
 * do not exist name nobody and are not counted.
 */
static void
list_names(const struct check *check, enum config_key key, char *out,
           size_t size)
{
    bool groups = key == KEY_ONLY_GROUP;
    size_t position = 0, used = 0, shown = 0, others = 0;
    char name[CONFIG_VALUE_MAX];

    out[0] = '\0';
    while (check->module != NULL
           && config_list_next(check->module, key, &position, name)) {
        bool exists = groups ? check_is_group(name) : is_account(name);

        if (exists && shown < NAMES_SHOWN && strlen(name) <= NAME_SHOWN_MAX)
            used += (size_t) snprintf(out + used, size - used, "%s%s",
                                      shown++ == 0 ? "" : ", ", name);
        else if (exists || !groups)
            others++;
    }
    if (others > 0 && shown > 0)
        (void) snprintf(out + used, size - used, " and %zu more", others);
    else if (others > 0)
        (void) snprintf(out, size, "%zu %s%s", others,
                        groups ? "group" : "user", others == 1 ? "" : "s");
}

/*
 * Whom a mistake shuts out. A misspelt only_group has not been given, so that
 * everybody above minimum_uid is in scope.
 */
static void
say_who(const struct check *check, char *out, size_t size)
{
    char groups[LIST_SHOWN_MAX], users[LIST_SHOWN_MAX],
        excepted[LIST_SHOWN_MAX];
    bool listed = check->module != NULL
                  && (config_is_set(check->module, KEY_ONLY_GROUP)
                      || config_is_set(check->module, KEY_ONLY_USERS));

    if (check->line != NULL && !check_has_local(check)) {
        (void) snprintf(out, size, "until then %.64s lets nobody in",
                        check->service);
        return;
    }
    list_names(check, KEY_ONLY_GROUP, groups, sizeof(groups));
    list_names(check, KEY_ONLY_USERS, users, sizeof(users));
    list_names(check, KEY_EXCEPT_USERS, excepted, sizeof(excepted));
    if (listed && groups[0] == '\0' && users[0] == '\0') {
        (void) snprintf(out, size,
                        "nobody is shut out by it: no group of only_group "
                        "exists");
        return;
    }
    (void) snprintf(out, size, "until then %s%s%s cannot log in%s%s%s",
                    listed ? users
                           : "every local account from minimum_uid on, local "
                             "administrators too,",
                    groups[0] == '\0'  ? ""
                    : users[0] == '\0' ? "members of "
                                       : " and members of ",
                    groups,
                    excepted[0] == '\0' ? ", and no except_users is set: "
                                          "root alone, and who is not in "
                                          "scope, can"
                                        : "; except_users (",
                    excepted, excepted[0] == '\0' ? "" : ") can as ever");
}

const char *
check_settings_path(const struct check *check)
{
    return path_of(check);
}

/*
 * Where that fault is: a path of its own, as the first word that is one, else
 * the module's line for an argument, else the file of settings.
 */
static const char *
place_of(const struct check *check, const char *message, char *out,
         size_t size)
{
    const char *path = message;
    size_t length = 0;

    /* A single / is no file. */
    while (length < 2 && (path = strchr(path, '/')) != NULL) {
        bool first = path == message || path[-1] == ' ' || path[-1] == '(';

        length = first ? strcspn(path, " :,;)") : 0;
        path += length < 2;
    }
    if (strstr(message, "(module argument)") != NULL && check->line != NULL)
        (void) snprintf(out, size, "%.200s, line %u,", check->line->file,
                        check->line->number);
    else if (path != NULL)
        (void) snprintf(out, size, "%.*s", (int) length, path);
    else
        (void) snprintf(out, size, "%s", path_of(check));
    return out;
}

/* This service runs as whoever asks, who cannot read what is root's. */
static const char *
fix_for_caller(const struct check *check, const char *message, char *out,
               size_t size)
{
    char cure[CHECK_CURE_MAX], place[FILE_PATH_MAX];

    if (strncmp(message, "config", 6) == 0)
        (void) snprintf(out, size,
                        "as root:\nchmod 0644 %.200s\nwith the secret in a "
                        "file of its own (client_secret_file, mode 0600)%s%s",
                        place_of(check, message, place, sizeof(place)),
                        check->socket.used ? "" : "\n",
                        check->socket.used ? ""
                                           : check_socket_cure(check, cure));
    else
        (void) snprintf(out, size, "%s", check_socket_cure(check, cure));
    return out;
}

/* What to do about a fault that names itself well enough. */
static const char *
fix_of_fault(const struct check *check, const char *message, char *out,
             size_t size)
{
    char who[WHO_MAX], place[FILE_PATH_MAX];

    if (strstr(message, "Permission denied") != NULL
        && check->host.uid == geteuid() && geteuid() != 0)
        return fix_for_caller(check, message, out, size);
    if (strstr(message, "Permission denied") != NULL && geteuid() != 0)
        return "start pam-cognito check as root, who can read it";
    if (strstr(message, "chmod 0600") != NULL) {
        (void) snprintf(out, size,
                        "chmod 0600 %.200s\nothers may have read the "
                        "secret: change it at the app client too",
                        place_of(check, message, place, sizeof(place)));
        return out;
    }
    say_who(check, who, sizeof(who));
    (void) snprintf(out, size, "in %.200s %s; %s",
                    place_of(check, message, place, sizeof(place)),
                    strstr(message, "unknown key") != NULL
                        ? "correct the spelling or take the line out"
                        : "correct it",
                    who);
    return out;
}

static void
add_fault(struct check *check, enum finding_id area, const char *message)
{
    char fix[WHO_MAX + 300];

    check_brief(check, "%s", message);
    check_add(check, CHECK_PROBLEM, area,
              fix_of_fault(check, message, fix, sizeof(fix)), "%s", message);
}

static bool
judge_module(struct check *check)
{
    if (check->module != NULL && config_status(check->module) == STATUS_OK)
        return true;
    add_fault(check, FINDING_SETTINGS_FAULT,
              check->module == NULL ? "out of memory"
                                    : config_message(check->module));
    return false;
}

static void
describe_file(struct check *check)
{
    const char *path = path_of(check);
    struct stat st;

    check_at(check, path, 0);
    if (stat(path, &st) < 0)
        check_add(check, CHECK_OK, FINDING_SETTINGS_ARGUMENTS, NULL,
                  "from module arguments alone (%s: %s)", path,
                  strerror(errno));
    else
        check_add(check, CHECK_OK, FINDING_SETTINGS_READ, NULL,
                  "%s, mode %04o, owner %lu; every key is understood", path,
                  (unsigned int) (st.st_mode & 07777),
                  (unsigned long) st.st_uid);
}

/* Is there a program that would call itself that, as far as is known here? */
static bool
is_service(const char *name)
{
    struct service_facts facts;
    char path[4096];

    for (size_t i = 0; i < PLACES_PAM; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", places.pam[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    service_facts(name, &facts);
    return facts.known;
}

/* The name between the brackets; NULL in any other line. */
static const char *
section_of(char *line)
{
    char *text = text_trim(line);
    size_t length = strlen(text);

    if (length < 3 || text[0] != '[' || text[length - 1] != ']')
        return NULL;
    text[length - 1] = '\0';
    return text_trim(text + 1);
}

/* A misspelt one is nobody's: its settings are missing without a word. */
static void
check_sections(struct check *check)
{
    struct file_lines lines = {0};
    char line[CONFIG_VALUE_MAX], error[256], fix[160], lost[SECTION_MAX] = "";
    unsigned int number = 0;
    bool failed, own = false;
    const char *name;

    if (file_open(path_of(check), &check->trust, &lines.fd, error,
                  sizeof(error))
        != FILE_OK)
        return;
    while (file_next_line(&lines, line, sizeof(line), &failed)) {
        name = section_of(line);
        if (name == NULL)
            continue;
        own = own || strcmp(name, check->service) == 0;
        if (number == 0 && !is_service(name)) {
            number = lines.number;
            (void) snprintf(lost, sizeof(lost), "%s", name);
        }
    }
    (void) close(lines.fd);
    secret_wipe(line, sizeof(line));
    secret_wipe(&lines, sizeof(lines));
    if (own || number == 0)
        return;
    (void) snprintf(
        fix, sizeof(fix),
        "a section is named as a PAM service's file in /etc/pam.d, "
        "in small letters: [%.64s]",
        check->service);
    check_add(check, CHECK_WARNING, FINDING_SETTINGS_SECTION, fix,
              "%s line %u: no service is known here as [%s], and %.64s has no "
              "section",
              path_of(check), number, is_word(lost) ? lost : "...",
              check->service);
}

static void
describe_secret(struct check *check)
{
    const struct setup *setup = &check->setup;
    const char *path = config_text(setup->config, KEY_CLIENT_SECRET_FILE);

    if (path != NULL && setup->client_secret.length > 0)
        check_at(check, path, 0);
    if (setup->client_secret.length == 0)
        check_add(check, CHECK_OK, FINDING_SECRET_NONE, NULL,
                  "none is set, for an app client without one");
    else
        check_add(check, CHECK_OK, FINDING_SECRET_PRIVATE, NULL,
                  "from %s, readable to its owner alone",
                  path != NULL
                      ? path
                      : config_where(setup->config, KEY_CLIENT_SECRET));
}

/* Which certificates of ca_file can still vouch for anybody. */
static bool
check_anchors(struct check *check)
{
    struct certificate anchors[ANCHORS_MAX];
    const struct secret *ca = &check->setup.ca;
    int64_t now = (int64_t) time(NULL), last = 0, first = 0;
    size_t count, good = 0;
    char day[CHECK_DAY_SIZE];

    if (ca->length == 0) {
        check_add(check, CHECK_OK, FINDING_TRUST_SYSTEM, NULL, "the system's");
        return true;
    }
    count = certificate_read(ca->data, ca->length, ANCHORS_MAX, anchors);
    for (size_t i = 0; i < count; i++) {
        good += anchors[i].from <= now && now <= anchors[i].until;
        if (anchors[i].until > last)
            last = anchors[i].until;
        if (first == 0 || anchors[i].from < first)
            first = anchors[i].from;
    }
    if (count == 0) {
        check_add(
            check, CHECK_PROBLEM, FINDING_TRUST_NO_CERTIFICATE,
            check_cure(
                check,
                "put certificates in PEM form (BEGIN CERTIFICATE) into %.300s",
                config_text(check->setup.config, KEY_CA_FILE)),
            "ca_file holds no certificate");
        return false;
    }
    if (good == 0) {
        bool past = last < now;

        check_format_day(past ? last : first, day);
        check_add(check, CHECK_PROBLEM, FINDING_TRUST_NOT_VALID,
                  past ? check_cure(
                      check,
                      "put the authority's new certificate into %.300s, or "
                      "set this machine's clock:\ntimedatectl set-ntp true",
                      config_text(check->setup.config, KEY_CA_FILE))
                       : "timedatectl set-ntp true",
                  past ? "every certificate of ca_file has expired (%s)"
                       : "no certificate of ca_file is valid before %s",
                  day);
        return false;
    }
    check_format_day(last, day);
    if (last < now + SOON)
        check_add(
            check, CHECK_WARNING, FINDING_TRUST_EXPIRES,
            check_cure(
                check,
                "put the authority's new certificate beside it into %.300s",
                config_text(check->setup.config, KEY_CA_FILE)),
            "the last certificate of ca_file expires on %s", day);
    else
        check_add(check, CHECK_OK, FINDING_TRUST_VALID, NULL,
                  "%zu certificate%s, valid until %s", good,
                  good == 1 ? "" : "s", day);
    return true;
}

static void
check_anchor_times(struct check *check)
{
    unsigned int whole = config_number(check->module, KEY_TIMEOUT);
    unsigned int connecting = config_number(check->setup.config,
                                            KEY_CONNECT_TIMEOUT);

    if (connecting >= whole)
        check_add(check, CHECK_WARNING, FINDING_SETTINGS_TIMEOUTS,
                  check_cure(check, "in %.300s write\nconnect_timeout = 5",
                             path_of(check)),
                  "connect_timeout (%u s) is not below timeout (%u s): the "
                  "module gives up before a slow connection is told",
                  connecting, whole);
}

/* Who gets in whatever is wrong with the rest. */
static void
check_break_glass(struct check *check)
{
    if (config_is_set(check->module, KEY_EXCEPT_USERS))
        return;
    /* Who would be let through would not get in either. */
    if (check_is_remote(check) && !check_has_local(check))
        return;
    check_add(
        check, CHECK_WARNING, FINDING_SETTINGS_BREAK_GLASS,
        check_cure(
            check,
            "to the line of pam_cognito.so in %.200s add except_users=NAME, a "
            "local administrator with a local password",
            check->line == NULL ? "/etc/pam.d" : check->line->file),
        "there is no break-glass: except_users names nobody whom a "
        "mistake in the settings, or a name service that fails, does "
        "not shut out");
}

/* Without a line there is nobody who would read the settings. */
static bool
is_nowhere(const struct check *check)
{
    return check->line == NULL && check->cli->config == NULL
           && check->cli->setting_count == 0
           && access(PAM_COGNITO_CONF, F_OK) < 0;
}

void
check_config_read(struct check *check)
{
    if (!is_nowhere(check))
        check->module = config_load(CONFIG_MODULE, check->argument_count,
                                    check->arguments, check->service,
                                    &check->trust);
}

/* What the helper on the socket reads as root, and the caller cannot. */
static bool
is_roots_to_read(const struct check *check, const char *message)
{
    return check->socket.used && geteuid() != 0
           && strstr(message, "Permission denied") != NULL;
}

void
check_config(struct check *check)
{
    enum status status;
    bool module;

    if (is_nowhere(check)) {
        check_leave_out(check, FINDING_SETTINGS_NO_LINE,
                        "configuration and user pool, which the "
                        "module's line in the PAM stack would name");
        return;
    }
    module = judge_module(check);
    status = setup_read(&check->setup, check->argument_count, check->arguments,
                        check->service, &check->trust);
    if (status != STATUS_OK) {
        const char *message = status == STATUS_CONFIG ? check->setup.message
                                                      : "out of memory";

        if (module && is_roots_to_read(check, message)) {
            check_leave_out(check, FINDING_SETTINGS_ROOT_ONLY,
                            "what root alone can read, and the helper "
                            "on the socket does: with it the user "
                            "pool and its app client");
            return;
        }
        /* Both read one file: a fault of its form is found by both. */
        if (module
            || (check->module != NULL
                && strcmp(message, config_message(check->module)) != 0
                && strncmp(message, "user_pool_id: missing", 21) != 0
                && strncmp(message, "client_id: missing", 18) != 0))
            add_fault(check,
                      strstr(message, "client_secret") == message
                          ? FINDING_SECRET_FAULT
                          : FINDING_SETTINGS_FAULT,
                      message);
        check_leave_out(check, FINDING_POOL_HIDDEN,
                        "the user pool and its app client, which need "
                        "a configuration without faults");
        return;
    }
    if (!module) {
        check_leave_out(check, FINDING_POOL_HIDDEN,
                        "the user pool and its app client, which need "
                        "a configuration without faults");
        return;
    }
    describe_file(check);
    check_sections(check);
    check_break_glass(check);
    describe_secret(check);
    if (check->setup.warning[0] != '\0')
        check_add(check, CHECK_WARNING, FINDING_SETTINGS_POOL_ID,
                  check_cure(check,
                             "compare user_pool_id in %.300s with what the "
                             "AWS console shows",
                             path_of(check)),
                  "%s", check->setup.warning);
    check_anchor_times(check);
    check->usable = check_anchors(check);
    if (!check->usable)
        check_leave_out(check, FINDING_POOL_HIDDEN_TRUST,
                        "the user pool and its app client, which "
                        "cannot be reached without trust anchors");
}
