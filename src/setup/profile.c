/*
 * PAM's line: pam-auth-update where the package's profile is; elsewhere what to
 * put where. /etc/pam.d is never written to.
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

#include "setup/put.h"

#define KIND "profile"
#define NAME "PAM"
#define SERVICES "/etc/pam.d"
#define COMMON "common-auth"
#define MODULE "pam_cognito.so"
#define UPDATE "/usr/sbin/pam-auth-update"
#define AUTHSELECT "/usr/bin/authselect"
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

static bool
names_module(const char *service)
{
    char path[512], error[PREPARE_TEXT_MAX];
    struct secret text = {0};
    bool found;

    (void) snprintf(path, sizeof(path), SERVICES "/%s", service);
    found = put_read(path, false, &text, error, sizeof(error))
            && text.data != NULL && has_line(text.data);
    secret_free(&text);
    return found;
}

/* What logins go through; another service may be for itself. NULL: none. */
static const char *
find_login(void)
{
    static const char *const names[] = {COMMON, "sshd", "system-auth",
                                        "password-auth"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names_module(names[i]))
            return names[i];
    return NULL;
}

static void
find_any(char *name_out, size_t size)
{
    DIR *folder = opendir(SERVICES);
    const struct dirent *entry;

    name_out[0] = '\0';
    /* The first by name, so that it is the same one each time. */
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.' && names_module(entry->d_name)
            && (name_out[0] == '\0' || strcmp(entry->d_name, name_out) < 0))
            (void) snprintf(name_out, size, "%s", entry->d_name);
    if (folder != NULL)
        (void) closedir(folder);
}

static bool
has_profile(void)
{
    return access(CONFIGS PREPARE_PROFILE, F_OK) == 0
           && access(UPDATE, X_OK) == 0;
}

/* Beside the one that is in use, whichever that is. */
static enum step_state
say_authselect(struct prepare *prepare)
{
    static const char folder[] = "/etc/authselect/custom/" PREPARE_PROFILE;

    prepare_command(prepare, "now=$(" AUTHSELECT " current --raw)");
    prepare_command(prepare, AUTHSELECT " create-profile " PREPARE_PROFILE
                                        " --base-on=\"${now%%%% *}\"");
    prepare_command(prepare,
                    "/usr/bin/sed -i '/^auth .*pam_env.so/a " LINE
                    " {include if \"with-cognito\"}' %s/system-auth "
                    "%s/password-auth",
                    folder, folder);
    prepare_command(prepare,
                    "set -- $now; shift; " AUTHSELECT
                    " select custom/" PREPARE_PROFILE " \"$@\" with-cognito");
    return prepare_say(prepare, STEP_HAND,
                       "make an authselect profile of your own, which "
                       "updates leave alone");
}

static enum step_state
look(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];
    const char *name = find_login();

    if (name != NULL)
        return prepare_say(prepare, STEP_THERE, SERVICES "/%s has our line",
                           name);
    if (has_profile()) {
        if (!put_may_write(SERVICES "/" COMMON, error, sizeof(error)))
            return prepare_say(prepare, STEP_FAILED, "%s", error);
        prepare_command(prepare, QUIETLY " --enable " PREPARE_PROFILE);
        return prepare_say(prepare, STEP_TODO,
                           "switch the profile " PREPARE_PROFILE
                           " on, in " SERVICES "/" COMMON);
    }
    if (access(AUTHSELECT, X_OK) == 0)
        return say_authselect(prepare);
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
    if (!ledger_add(&prepare->ledger, KIND, PREPARE_PROFILE))
        return prepare_say(prepare, STEP_FAILED, LEDGER_PATH ": %s",
                           strerror(errno));
    if (!update(prepare, "--enable"))
        return STEP_FAILED;
    if (names_module(COMMON))
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

/* Without settings it would refuse everybody it is about. */
static enum step_state
say_in_use(struct prepare *prepare, const char *name)
{
    return prepare_say(prepare, STEP_HAND,
                       "take " MODULE " out of " SERVICES
                       "/%s first: without settings it lets nobody in whom "
                       "it is about",
                       name);
}

static enum step_state
look_back(struct prepare *prepare)
{
    char name[256];

    find_any(name, sizeof(name));
    if (ledger_has(&prepare->ledger, KIND, PREPARE_PROFILE)
        && names_module(COMMON) && has_profile()) {
        prepare_command(prepare, QUIETLY " --disable " PREPARE_PROFILE);
        return prepare_say(prepare, STEP_TODO,
                           "switch the profile " PREPARE_PROFILE " off");
    }
    if (name[0] != '\0')
        return say_in_use(prepare, name);
    return prepare_say(prepare, STEP_THERE, "no service has our line");
}

static enum step_state
take_back(struct prepare *prepare)
{
    char name[256];

    if (!update(prepare, "--disable"))
        return STEP_FAILED;
    find_any(name, sizeof(name));
    return name[0] == '\0' ? STEP_THERE : say_in_use(prepare, name);
}

const struct step prepare_profile = {NAME, look, make, look_back, take_back};
