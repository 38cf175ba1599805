/*
 * PAM's line: pam-auth-update where the package's profile is; elsewhere what to
 * have authselect do, or to put where. /etc/pam.d is never written to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setup/authselect.h"
#include "setup/put.h"

#define KIND "profile"
#define NAME "PAM"
#define SERVICES "/etc/pam.d"
#define COMMON "common-auth"
#define MODULE "pam_cognito.so"
#define UPDATE "/usr/sbin/pam-auth-update"
#define CONFIGS "/usr/share/pam-configs/"
#define QUIETLY "/usr/bin/env DEBIAN_FRONTEND=noninteractive " UPDATE
#define LINE                                                                  \
    "auth [success=done user_unknown=ignore module_unknown=ignore "           \
    "default=die] " MODULE " only_group=" PREPARE_GROUP

/* Is our module in a line of that text that is no comment? */
static bool
has_line(const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        const char *start = text + strspn(text, " \t");
        const char *at = strstr(text, MODULE);

        if (*start != '#' && at != NULL && at < text + length)
            return true;
        text += length;
        text += *text == '\n';
    }
    return false;
}

enum named { NAMED_NO, NAMED_YES, NAMED_UNKNOWN };

/* Does that service's file name our module? error_out: why nobody knows. */
static enum named
names_module(const char *service, char error_out[PREPARE_TEXT_MAX])
{
    char path[512];
    struct secret text = {0};
    enum named named = NAMED_UNKNOWN;

    (void) snprintf(path, sizeof(path), SERVICES "/%s", service);
    if (put_read(path, false, &text, error_out, PREPARE_TEXT_MAX))
        named = has_line(text.data) ? NAMED_YES : NAMED_NO;
    else if (access(path, F_OK) < 0 && errno == ENOENT)
        named = NAMED_NO;
    secret_free(&text);
    return named;
}

/*
 * What logins go through; another service may be for itself. The first that
 * names it, or that cannot be read.
 */
static enum named
find_login(const char **name_out, char error_out[PREPARE_TEXT_MAX])
{
    static const char *const names[] = {COMMON, "sshd", "system-auth",
                                        "password-auth"};
    enum named named = NAMED_NO;

    for (size_t i = 0;
         named == NAMED_NO && i < sizeof(names) / sizeof(names[0]); i++) {
        *name_out = names[i];
        named = names_module(names[i], error_out);
    }
    return named;
}

/* The same of all services: the first by name, so that it is the same one
 * each time. */
static enum named
find_any(char *name_out, size_t size, char error_out[PREPARE_TEXT_MAX])
{
    DIR *folder = opendir(SERVICES);
    const struct dirent *entry;
    enum named named = NAMED_NO, this_one;
    char error[PREPARE_TEXT_MAX];

    name_out[0] = '\0';
    if (folder == NULL && errno != ENOENT) {
        (void) snprintf(error_out, PREPARE_TEXT_MAX, SERVICES ": %s",
                        strerror(errno));
        return NAMED_UNKNOWN;
    }
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || entry->d_type == DT_DIR
            || (name_out[0] != '\0' && strcmp(entry->d_name, name_out) >= 0))
            continue;
        this_one = names_module(entry->d_name, error);
        if (this_one == NAMED_NO)
            continue;
        named = this_one;
        (void) snprintf(name_out, size, "%s", entry->d_name);
        (void) snprintf(error_out, PREPARE_TEXT_MAX, "%s", error);
    }
    if (folder != NULL)
        (void) closedir(folder);
    return named;
}

/* The first line below pam-auth-update's words that is no remark, or NULL. */
static const char *
find_fallback(const char *text)
{
    const char *at = strstr(text, "here's the fallback");

    while (at != NULL && *at != '\0') {
        at += strcspn(at, "\n");
        at += *at == '\n';
        if (*at != '#' && *at != '\n' && *at != '\0')
            return at;
    }
    return NULL;
}

/*
 * pam-auth-update keeps a line that somebody put between its own last ones and
 * does not count it: the jumps then end at pam_deny.so, for everybody.
 */
static bool
is_displaced(void)
{
    static const char last[] = "pam_deny.so";
    char error[PREPARE_TEXT_MAX];
    struct secret text = {0};
    const char *at = NULL;
    bool displaced;

    if (put_read(SERVICES "/" COMMON, false, &text, error, sizeof(error))
        && text.data != NULL)
        at = find_fallback(text.data);
    displaced = at != NULL
                && memmem(at, strcspn(at, "\n"), last, strlen(last)) == NULL;
    secret_free(&text);
    return displaced;
}

static bool
has_profile(void)
{
    return access(CONFIGS PREPARE_PROFILE, F_OK) == 0
           && access(UPDATE, X_OK) == 0;
}

static enum step_state
look(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX], current[AUTHSELECT_SIZE];
    const char *name;

    switch (find_login(&name, error)) {
    case NAMED_YES:
        return prepare_say(prepare, STEP_THERE, SERVICES "/%s has our line",
                           name);
    case NAMED_UNKNOWN:
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    case NAMED_NO:
        break;
    }
    if (has_profile()) {
        if (!put_may_write(SERVICES "/" COMMON, error, sizeof(error)))
            return prepare_say(prepare, STEP_FAILED, "%s", error);
        if (is_displaced())
            return prepare_say(
                prepare, STEP_FAILED,
                "a line below \"here's the fallback\" in " SERVICES "/" COMMON
                " is not pam-auth-update's: "
                "its next run would refuse everybody; move it "
                "away");
        prepare_command(prepare, QUIETLY " --enable " PREPARE_PROFILE);
        return prepare_say(prepare, STEP_DUE,
                           "switch the profile " PREPARE_PROFILE
                           " on, in " SERVICES "/" COMMON);
    }
    if (authselect_current(current))
        return authselect_say(prepare, current);
    prepare_command(prepare, "#   " LINE);
    return prepare_say(prepare, STEP_HAND,
                       "put this in front of the first auth line that asks "
                       "for a password, in " SERVICES
                       "/sshd and each other service that shall ask the "
                       "user pool");
}

static bool
update(struct prepare *prepare, const char *option)
{
    char env[] = "/usr/bin/env", path[] = UPDATE, name[] = PREPARE_PROFILE;
    char quietly[] = "DEBIAN_FRONTEND=noninteractive", word[32];
    char *const words[] = {env, quietly, path, word, name, NULL};

    (void) snprintf(word, sizeof(word), "%s", option);
    return prepare_run(prepare, words);
}

static enum step_state
make(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];

    if (!ledger_add(&prepare->ledger, KIND, PREPARE_PROFILE))
        return prepare_say(prepare, STEP_FAILED, LEDGER_PATH ": %s",
                           strerror(errno));
    if (!update(prepare, "--enable"))
        return STEP_FAILED;
    if (names_module(COMMON, error) == NAMED_YES)
        return STEP_THERE;
    /* It ends well all the same. */
    prepare_command(prepare, "#   " LINE);
    return prepare_say(prepare, STEP_HAND,
                       SERVICES
                       "/" COMMON
                       " was edited by hand, and pam-auth-update leaves it "
                       "alone: put this there, in front of pam_unix.so's "
                       "line");
}

/*
 * While a service names the module its settings stay: without them it would
 * refuse everybody it is about.
 */
static enum step_state
look_for_users(struct prepare *prepare)
{
    char name[256], error[PREPARE_TEXT_MAX], current[AUTHSELECT_SIZE];

    switch (find_any(name, sizeof(name), error)) {
    case NAMED_NO:
        break;
    case NAMED_UNKNOWN:
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    case NAMED_YES:
        if (authselect_current(current) && authselect_is_ours(current))
            return authselect_say_back(prepare, current);
        return prepare_say(prepare, STEP_HAND,
                           "take " MODULE " out of " SERVICES
                           "/%s first: without settings it lets nobody in "
                           "whom it is about",
                           name);
    }
    return prepare_say(prepare, STEP_THERE, "no service has our line");
}

static enum step_state
look_back(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];

    if (ledger_has(&prepare->ledger, KIND, PREPARE_PROFILE)
        && names_module(COMMON, error) == NAMED_YES && has_profile()) {
        prepare_command(prepare, QUIETLY " --remove " PREPARE_PROFILE);
        return prepare_say(prepare, STEP_DUE,
                           "switch the profile " PREPARE_PROFILE " off");
    }
    return look_for_users(prepare);
}

static enum step_state
take_back(struct prepare *prepare)
{
    /* Ubuntu 22.04 takes --disable without a word and does nothing. */
    return update(prepare, "--remove") ? look_for_users(prepare) : STEP_FAILED;
}

const struct step prepare_profile = {NAME, look, make, look_back, take_back};
