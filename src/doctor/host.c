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

#include "pam/lookup_id.h"

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

/* systemd makes it when the service is started: nobody that there is now. */
static void
take_dynamic(struct check *check, const char *name)
{
    check->host.account = LOOKUP_FOUND;
    check->host.uid = check->host.gid = NOBODY;
    (void) snprintf(check->host.name, sizeof(check->host.name), "%s", name);
}

static void
take_caller(struct check *check)
{
    struct passwd account;
    char *memory = NULL;

    check->host.uid = geteuid();
    check->host.gid = getegid();
    if (lookup_account_of(geteuid(), &account, &memory) == LOOKUP_FOUND)
        (void) snprintf(check->host.name, sizeof(check->host.name), "%s",
                        account.pw_name);
    free(memory);
}

void
check_host_find(struct check *check)
{
    const char *name = check->facts.person ? check->user : check->facts.user;

    check->host.uid = check->facts.person ? NOBODY : 0;
    check->host.gid = check->facts.person ? NOBODY : 0;
    /* A program that is not known is taken for the caller's. */
    if ((check->facts.person || !check->facts.known) && geteuid() != 0) {
        take_caller(check);
    } else if (name != NULL && strcmp(name, "root") != 0) {
        take_account(check, name);
        if (check->host.account == LOOKUP_NONE && check->facts.dynamic)
            take_dynamic(check, name);
    }
    check->trust.owner = geteuid();
    if (geteuid() == 0 && check->host.uid != NOBODY)
        check->trust.owner = check->host.uid;
    if (geteuid() != 0 && check->host.uid != geteuid())
        check_leave_out(check, FINDING_HOST_ROOT_ONLY,
                        "what only root can read or sees: this was "
                        "not started as root");
}

int
check_as_host(const struct check *check, int (*try)(const char *path),
              const char *path)
{
    gid_t groups[256];
    int count = getgroups(256, groups), error = EPERM, result = -1;
    bool named = check->host.name[0] != '\0';

    if (geteuid() != 0 || check->host.uid == 0)
        return try(path);
    if (count < 0)
        return -1;
    if ((named ? initgroups(check->host.name, check->host.gid)
               : setgroups(0, NULL))
            == 0
        && setegid(check->host.gid) == 0 && seteuid(check->host.uid) == 0) {
        result = try(path);
        error = errno;
    }
    /* As somebody else nothing further may be done. */
    if (seteuid(0) < 0 || setegid(0) < 0
        || setgroups((size_t) count, groups) < 0)
        abort();
    errno = error;
    return result;
}

/* Modes, access lists and folders all count. */
static int
try_reading(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

const char *
check_host_name(const struct check *check)
{
    if (check->host.name[0] != '\0')
        return check->host.name;
    return check->host.uid == 0 ? "root"
           : check->facts.known ? "the person who logs in"
                                : "this user";
}

/* module: what the host reads, wherever its helper comes from. */
static bool
check_path(struct check *check, const char *path, bool module)
{
    int fd = path[0] != '/' ? -1 : check_as_host(check, try_reading, path);
    char fix[CHECK_CURE_MAX];
    int error = errno;

    if (fd >= 0)
        (void) close(fd);
    if (fd >= 0 || path[0] != '/' || error == ENOENT || error == ENOTDIR)
        return true; /* what is missing is told elsewhere */
    if (module)
        (void) snprintf(fix, sizeof(fix),
                        "chmod 0644 %.200s, with the secret in a file of its "
                        "own (client_secret_file, mode 0600)",
                        path);
    else
        (void) check_socket_cure(check, fix);
    check->socket.missed = true;
    check_add(check, CHECK_PROBLEM, FINDING_HOST_CANNOT_READ, fix,
              "%s runs as %s, who cannot read %s (%s): nobody is let in "
              "there",
              check->service, check_host_name(check), path, strerror(error));
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
    good = check->line == NULL || check_path(check, check->line->file, true);
    good = check_path(check, config_text(check->module, KEY_CONFIG), true)
           && good;
    /* The helper on the socket reads the others as root. */
    for (size_t i = 0; !check->socket.used && check->setup.config != NULL
                       && i < sizeof(files) / sizeof(files[0]);
         i++)
        if (config_text(check->setup.config, files[i]) != NULL)
            good = check_path(check,
                              config_text(check->setup.config, files[i]),
                              false)
                   && good;
    return good;
}

/* Is it known what the settings say? */
static bool
is_read(const struct check *check)
{
    return check->module != NULL && config_status(check->module) == STATUS_OK
           && check->setup.config != NULL;
}

/* Codes, and new passwords, are second questions. */
static bool
check_questions(struct check *check)
{
    bool needed;

    if (!check->facts.one_question || !is_read(check)
        || !config_is_known(check->setup.config, KEY_OTP)
        || strcmp(config_text(check->setup.config, KEY_OTP), "append") == 0)
        return true;
    needed = config_flag(check->setup.config, KEY_REQUIRE_MFA);
    check_add(check, needed ? CHECK_PROBLEM : CHECK_WARNING,
              FINDING_HOST_ONE_QUESTION,
              check->socket.personal || check->host.uid == 0
                  ? "otp=append on this service's line or in its section: "
                    "the code is typed behind the password"
                  : "otp = append in this service's section (on its line it "
                    "is refused on the socket): the code is typed behind the "
                    "password",
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
        check_add(check, CHECK_WARNING, FINDING_HOST_NO_ACCOUNT,
                  check_cure(check,
                             "pam-cognito check --service %.64s USER, or make "
                             "the account with useradd",
                             check->service),
                  "there is no account %s, as whom %s would run", name,
                  check->service);
        break;
    case LOOKUP_FAILED:
        check_add(check, CHECK_PROBLEM, FINDING_HOST_LOOKUP,
                  "mend the name service (passwd: in /etc/nsswitch.conf)",
                  "the account %s, as whom %s may run, could not be looked "
                  "up: %s",
                  name, check->service, strerror(check->host.error));
        break;
    }
    return false;
}

/* Did it come out that the host can read all that it must? */
static bool
was_seen(const struct check *check)
{
    return is_read(check) && (geteuid() == 0 || geteuid() == check->host.uid)
           && (check->socket.used
               || config_status(check->setup.config) == STATUS_OK);
}

void
check_host(struct check *check)
{
    bool good;

    if (!check_known(check))
        return;
    good = check_readable(check);
    good = check_questions(check) && good;
    if (good && check->host.uid != 0 && was_seen(check))
        check_add(check, CHECK_OK, FINDING_HOST_READS, NULL,
                  check->socket.used
                      ? "%s runs as %s, who can read what the module needs"
                      : "%s runs as %s, who can read what it needs",
                  check->service, check_host_name(check));
}
