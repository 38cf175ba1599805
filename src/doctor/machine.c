/*
 * This machine in check: the helper's program and user, the system call
 * filter, Landlock, SELinux. Starts nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor/places.h"
#include "pam/lookup.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#define LANDLOCK_VERSION_QUERY 1u
#define LANDLOCK_TCP 4 /* version that bounds TCP ports */
#define USERADD                                                               \
    "useradd --system --user-group --no-create-home --home-dir /nonexistent " \
    "--shell /usr/sbin/nologin " HELPER_USER

static void
check_helper_file(struct check *check)
{
    const char *path = config_text(check->module, KEY_HELPER);
    char real[FILE_PATH_MAX], error[256];

    switch (
        file_check_program(path, &check->trust, real, error, sizeof(error))) {
    case FILE_OK:
        check_add(check, CHECK_OK, FINDING_HELPER_PROGRAM, NULL, "%s", path);
        return;
    case FILE_ABSENT:
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_MISSING,
                  "make install, or correct helper= in /etc/pam.d "
                  "or " PAM_COGNITO_CONF,
                  "%s", error);
        return;
    case FILE_UNTRUSTED:
    case FILE_FAILED:
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_NOT_ROOTS,
                  check_cure(check,
                             "chown root:root %.200s\nchmod 0755 %.200s", path,
                             path),
                  "%s", error);
        return;
    }
}

static void
check_helper_ids(struct check *check, const struct passwd *account)
{
    if (account->pw_uid == 0 || account->pw_gid == 0)
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_USER_IS_ROOT,
                  "userdel " HELPER_USER "\n" USERADD,
                  "its user " HELPER_USER " is root by another name");
    else
        check_add(check, CHECK_OK, FINDING_HELPER_USER, NULL,
                  "runs as " HELPER_USER ", uid %lu",
                  (unsigned long) account->pw_uid);
}

/* Only a helper of root's changes its identity. */
static void
check_helper_user(struct check *check)
{
    struct passwd account;
    char *memory = NULL;

    if (check->trust.owner != 0)
        return;
    switch (lookup_account(HELPER_USER, &account, &memory)) {
    case LOOKUP_NONE:
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_NO_USER, USERADD,
                  "its user " HELPER_USER " does not exist");
        break;
    case LOOKUP_FAILED:
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_USER_LOOKUP,
                  "mend the name service (passwd: in /etc/nsswitch.conf), or "
                  "make the user local: " USERADD,
                  "its user " HELPER_USER " could not be looked up: %s",
                  strerror(errno));
        break;
    case LOOKUP_FOUND:
        check_helper_ids(check, &account);
        break;
    }
    free(memory);
}

static void
check_sandbox(struct check *check)
{
    long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0,
                            LANDLOCK_VERSION_QUERY);
    bool filter = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0
                  && errno == EFAULT;

    if (!filter) {
        check_add(check, CHECK_PROBLEM, FINDING_SANDBOX_NO_SECCOMP,
                  "use a kernel with CONFIG_SECCOMP_FILTER (grep SECCOMP "
                  "/boot/config-*)",
                  "this kernel cannot filter system calls, so the helper "
                  "does not run");
        return;
    }
    if (landlock < 1)
        check_add(check, CHECK_WARNING, FINDING_SANDBOX_NO_LANDLOCK,
                  "from Linux 5.13 add landlock to lsm= of the kernel's "
                  "command line (/etc/default/grub)",
                  "this kernel has no Landlock; the helper is confined by "
                  "its uid and a system call filter only");
    else {
        check_brief(check, "seccomp and Landlock %ld on", landlock);
        check_add(check, CHECK_OK, FINDING_SANDBOX_ON, NULL,
                  "system call filter, Landlock version %ld%s", landlock,
                  landlock < LANDLOCK_TCP ? " (which cannot bound TCP ports)"
                                          : "");
    }
}

static void
check_selinux(struct check *check)
{
    int fd = open(places.selinux, O_RDONLY | O_CLOEXEC);
    char mode = '0';

    if (fd < 0)
        return;
    if (read(fd, &mode, 1) == 1 && mode == '1')
        check_add(check, CHECK_WARNING, FINDING_SELINUX_ENFORCING,
                  "load the policy module pam_cognito (operations.md, "
                  "SELinux); if logins fail, look for denials: ausearch -m "
                  "AVC -ts recent",
                  "enforcing: the policy decides whether a login program may "
                  "start the helper and reach the network");
    else
        check_add(check, CHECK_OK, FINDING_SELINUX_PERMISSIVE, NULL,
                  "permissive");
    (void) close(fd);
}

void
check_machine(struct check *check)
{
    size_t problems = check->problems;

    if (check->module != NULL)
        check_helper_file(check);
    check_helper_user(check);
    check_sandbox(check);
    check->helper_sound = check->problems == problems;
    check_selinux(check);
}
