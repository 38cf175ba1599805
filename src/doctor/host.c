/*
 * The program behind the service in check. One that is not root's starts a
 * helper that is not root's either: whether that can read the secret is tried
 * as that user, by the kernel.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AREA "host"
#define NOBODY 65534 /* stands for a person who was not named */

static void
take_account(struct check *check, const char *name)
{
    struct passwd account;
    char *memory = NULL;

    check->host.account = lookup_account(name, &account, &memory);
    check->host.error = errno;
    if (check->host.account == LOOKUP_FOUND) {
        check->host.uid = account.pw_uid;
        check->host.gid = account.pw_gid;
        (void) snprintf(check->host.name, sizeof(check->host.name), "%s",
                        account.pw_name);
    }
    free(memory);
}

void
check_host_find(struct check *check)
{
    const char *name = check->facts.person ? check->user : check->facts.user;

    check->host.uid = check->facts.person ? NOBODY : 0;
    check->host.gid = check->facts.person ? NOBODY : 0;
    if (check->facts.person && geteuid() != 0) {
        check->host.uid = geteuid();
        check->host.gid = getegid();
    } else if (name != NULL && strcmp(name, "root") != 0) {
        take_account(check, name);
    }
    check->trust.owner = geteuid();
    if (geteuid() == 0 && check->host.uid != NOBODY)
        check->trust.owner = check->host.uid;
    if (geteuid() != 0 && check->host.uid != geteuid())
        check_leave_out(check, "what only root can read or sees: this was "
                               "not started as root");
}

/* Opens it as that user: modes, access lists and folders all count. */
static int
error_of_reading(const struct check *check, const char *path)
{
    gid_t groups[256];
    int count = getgroups(256, groups), error = EPERM, fd;
    bool named = check->host.name[0] != '\0';

    if (count < 0)
        return errno;
    if ((named ? initgroups(check->host.name, check->host.gid)
               : setgroups(0, NULL))
            == 0
        && setegid(check->host.gid) == 0 && seteuid(check->host.uid) == 0) {
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        error = fd < 0 ? errno : 0;
        if (fd >= 0)
            (void) close(fd);
    }
    /* As somebody else nothing further may be done. */
    if (seteuid(0) < 0 || setegid(0) < 0
        || setgroups((size_t) count, groups) < 0)
        abort();
    return error;
}

static const char *
who(const struct check *check)
{
    return check->host.name[0] != '\0' ? check->host.name
                                       : "the person who logs in";
}

static bool
check_path(struct check *check, const char *path)
{
    int error = path[0] != '/' ? 0 : error_of_reading(check, path);

    if (error == 0 || error == ENOENT || error == ENOTDIR)
        return true; /* what is missing is told elsewhere */
    check_add(check, CHECK_PROBLEM, AREA,
              check->facts.person
                  ? "use an app client without a secret, in a configuration "
                    "that everybody can read (config= on this service's "
                    "line): nobody can unlock the screen otherwise"
                  : "give the service a configuration of its own (config= "
                    "on its line) that this user owns, mode 0600, with its "
                    "secret",
              "%s runs as %s, who cannot read %s (%s): nobody is let in "
              "there",
              check->service, who(check), path, strerror(error));
    return false;
}

static bool
check_readable(struct check *check)
{
    static const enum config_key files[]
        = {KEY_CLIENT_SECRET_FILE, KEY_CA_FILE, KEY_JWKS_FILE, KEY_MAP_FILE};
    bool good;

    if (geteuid() != 0 || check->host.uid == 0 || check->module == NULL)
        return true;
    good = check->line == NULL || check_path(check, check->line->file);
    good = check_path(check, config_text(check->module, KEY_CONFIG)) && good;
    for (size_t i = 0;
         check->setup.config != NULL && i < sizeof(files) / sizeof(files[0]);
         i++)
        if (config_text(check->setup.config, files[i]) != NULL)
            good = check_path(check,
                              config_text(check->setup.config, files[i]))
                   && good;
    return good;
}

/* Codes, and new passwords, are second questions. */
static bool
check_questions(struct check *check)
{
    bool needed;

    if (!check->facts.one_question || check->setup.config == NULL
        || strcmp(config_text(check->setup.config, KEY_OTP), "append") == 0)
        return true;
    needed = config_flag(check->setup.config, KEY_REQUIRE_MFA);
    check_add(check, needed ? CHECK_PROBLEM : CHECK_WARNING, AREA,
              "otp=append on this service's line or in its section: the "
              "code is typed behind the password",
              "%s asks for one password and nothing else: %s", check->service,
              needed ? "with require_mfa nobody gets in"
                     : "whoever has a second factor cannot be asked for it");
    return false;
}

/* Is it known as whom it runs? */
static bool
check_known(struct check *check)
{
    const char *name = check->facts.person ? check->user : check->facts.user;

    switch (check->host.account) {
    case LOOKUP_FOUND:
        return true;
    case LOOKUP_NONE:
        check_add(check, CHECK_WARNING, AREA,
                  "name the person, or make the account",
                  "there is no account %s, as whom %s would run", name,
                  check->service);
        break;
    case LOOKUP_FAILED:
        check_add(check, CHECK_PROBLEM, AREA,
                  "mend the name service (passwd: in /etc/nsswitch.conf)",
                  "the account %s, as whom %s may run, could not be looked "
                  "up: %s",
                  name, check->service, strerror(check->host.error));
        break;
    }
    return false;
}

void
check_host(struct check *check)
{
    bool good;

    if (!check_known(check))
        return;
    good = check_readable(check);
    good = check_questions(check) && good;
    if (good && check->host.uid != 0)
        check_add(check, CHECK_OK, AREA, NULL,
                  "%s runs as %s, who can read what it needs", check->service,
                  who(check));
}
