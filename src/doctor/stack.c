/*
 * The PAM files in check: what the stack makes of each answer that the module
 * can give, and whether root and local people still get in.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <security/_pam_types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/places.h"

#define MODULE CHECK_MODULE
#define CONTROL_SIZE 96
#define UNKNOWN_MAX 10 /* modules whose answer is tried both ways */

/* What is assumed of the modules in one run, and what was seen. */
struct trial {
    int cognito;         /* what our module returns */
    bool local;          /* is the local password right? */
    unsigned int others; /* a bit for each module nobody can foresee */
    unsigned int next;   /* bit to use */
    bool met;            /* our module was reached */
    bool locked;         /* pam_faillock preauth says so */
    bool preauth;        /* pam_faillock preauth was */
    bool authfail;
    bool authsucc;
    bool faillock_after;              /* preauth came behind us */
    const struct pam_line *passwords; /* the local module that decided */
};

static bool
is_any(const struct pam_line *line, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pam_line_is(line, names[i]))
            return true;
    return false;
}

/* Modules that check a password kept elsewhere than in the pool. */
static bool
is_local(const struct pam_line *line)
{
    static const char *const names[]
        = {"pam_unix.so",       "pam_unix2.so",  "pam_pwdb.so",
           "pam_sss.so",        "pam_ldap.so",   "pam_krb5.so",
           "pam_winbind.so",    "pam_userdb.so", "pam_systemd_home.so",
           "pam_himmelblau.so", "pam_fprintd.so"};

    return is_any(line, names, sizeof(names) / sizeof(names[0]));
}

/* Modules whose authenticate has no opinion (PAM_IGNORE). */
static bool
is_neutral(const struct pam_line *line)
{
    static const char *const names[]
        = {"pam_env.so",           "pam_faildelay.so", "pam_group.so",
           "pam_nologin.so",       "pam_cap.so",       "pam_keyinit.so",
           "pam_gnome_keyring.so", "pam_kwallet5.so",  "pam_ecryptfs.so",
           "pam_mount.so",         "pam_selinux.so",   "pam_warn.so",
           "pam_echo.so",          "pam_limits.so"};

    return is_any(line, names, sizeof(names) / sizeof(names[0]));
}

static int
faillock(const struct pam_line *line, struct trial *trial)
{
    if (pam_line_has(line, "preauth")) {
        trial->preauth = true;
        trial->faillock_after = trial->faillock_after || trial->met;
        return trial->locked ? PAM_AUTH_ERR : PAM_SUCCESS;
    }
    if (pam_line_has(line, "authfail")) {
        trial->authfail = true;
        return PAM_AUTH_ERR;
    }
    trial->authsucc = true;
    return PAM_SUCCESS;
}

static int
code_of(const struct pam_line *line, void *context)
{
    struct trial *trial = context;

    if (line->missing)
        return PAM_MODULE_UNKNOWN;
    if (pam_line_is(line, MODULE)) {
        trial->met = true;
        return trial->cognito;
    }
    if (is_local(line)) {
        trial->passwords = line;
        return trial->local ? PAM_SUCCESS : PAM_AUTH_ERR;
    }
    if (is_neutral(line))
        return PAM_IGNORE;
    if (pam_line_is(line, "pam_permit.so"))
        return PAM_SUCCESS;
    if (pam_line_is(line, "pam_deny.so"))
        return PAM_AUTH_ERR;
    /* Not root, who asks. */
    if (pam_line_is(line, "pam_rootok.so"))
        return PAM_AUTH_ERR;
    if (pam_line_is(line, "pam_faillock.so")
        || pam_line_is(line, "pam_tally2.so"))
        return faillock(line, trial);
    if (trial->next >= UNKNOWN_MAX)
        return PAM_SUCCESS;
    return (trial->others >> trial->next++) & 1 ? PAM_AUTH_ERR : PAM_SUCCESS;
}

static unsigned int
count_unknown(const struct pam_stack *stack)
{
    struct trial probe = {0};
    unsigned int count = 0;

    for (size_t i = 0; i < stack->count; i++) {
        probe.next = 0;
        if (stack->lines[i].phase == PAM_PHASE_AUTH
            && !stack->lines[i].is_substack)
            (void) code_of(&stack->lines[i], &probe);
        else
            continue;
        count += probe.next;
    }
    return count < UNKNOWN_MAX ? count : UNKNOWN_MAX;
}

/*
 * Is there a case in which our module was asked (if met is wanted), answered
 * code, and the phase succeeded? *trial_out is that case, else the last one.
 */
static bool
can_succeed(const struct check *check, int code, bool local, bool met,
            struct trial *trial_out)
{
    unsigned int cases = 1u << count_unknown(&check->stack);

    *trial_out = (struct trial){.cognito = code, .local = local};
    for (unsigned int others = 0; others < cases; others++) {
        struct trial trial
            = {.cognito = code, .local = local, .others = others};
        int result;

        result = pam_stack_run(&check->stack, PAM_PHASE_AUTH, code_of, &trial);
        *trial_out = trial;
        if (result == PAM_SUCCESS && (trial.met || !met))
            return true;
    }
    return false;
}

/* ---- Reading ---- */

void
check_stack_read(struct check *check)
{
    const struct cli *cli = check->cli;

    if (pam_stack_read(&check->stack, places.pam, check->service)
        || check->stack.absent)
        (void) pam_stack_read_other(&check->stack, places.pam);
    check_modules_find(check);
    for (size_t i = 0; check->line == NULL && i < check->stack.count; i++)
        if (check->stack.lines[i].phase == PAM_PHASE_AUTH
            && pam_line_is(&check->stack.lines[i], MODULE))
            check->line = &check->stack.lines[i];
    /* Settings of the command line win over those of the line. */
    if (check->line != NULL)
        for (size_t i = 0; i < check->line->argument_count; i++)
            if (!cli_is_set(cli, check->line->arguments[i]))
                check->arguments[check->argument_count++]
                    = check->line->arguments[i];
    check->argument_count = cli_add_settings(cli, check->arguments,
                                             check->argument_count);
}

/* ---- Looking at single lines ---- */

/* The module where the line says; PAM_DIR for a bare name. */
static bool
check_module_file(struct check *check)
{
    const struct file_trust trust = check->trust;
    char path[4096], error[256];
    int fd = -1;

    (void) snprintf(path, sizeof(path), "%s%s%s",
                    check->line->module[0] == '/' ? "" : PAM_DIR,
                    check->line->module[0] == '/' ? "" : "/",
                    check->line->module);
    switch (file_open(path, &trust, &fd, error, sizeof(error))) {
    case FILE_OK:
        (void) close(fd);
        return true;
    case FILE_ABSENT:
        check_add(
            check, CHECK_PROBLEM, FINDING_PAM_NO_MODULE,
            check_cure(check,
                       "make install, or correct the path in %.200s, line %u",
                       check->line->file, check->line->number),
            "%s is not there", path);
        return false;
    case FILE_UNTRUSTED:
        /* A module is larger than a configuration file may be. */
        if (strstr(error, "too large") != NULL)
            return true;
        break;
    case FILE_FAILED:
        break;
    }
    check_add(check, CHECK_PROBLEM, FINDING_PAM_MODULE_NOT_ROOTS,
              check_cure(check,
                         "chown root:root %.200s\nchmod 0644 %.200s\nwhoever "
                         "can change the module decides who gets in",
                         path, path),
              "%s", error);
    return false;
}

/* A secret in a file that others read, or that others include. */
static bool
check_secrets(struct check *check)
{
    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];

        if (line->is_substack || !pam_line_is(line, MODULE))
            continue;
        for (size_t j = 0; j < line->argument_count; j++) {
            if (strncmp(line->arguments[j], "client_secret=", 14) != 0)
                continue;
            if (line->included) {
                check_at(check, line->file, line->number);
                check_add(
                    check, CHECK_PROBLEM, FINDING_PAM_SECRET_INCLUDED,
                    check_cure(check,
                               "take it out of %.200s, put it into a file of "
                               "mode 0600 and name that by "
                               "client_secret_file; then change the secret",
                               line->file),
                    "%s line %u: the client secret stands in a file "
                    "that services include, which all must be able to "
                    "read",
                    line->file, line->number);
                return false;
            }
            if ((line->mode & (S_IRWXG | S_IRWXO)) != 0) {
                check_at(check, line->file, line->number);
                check_add(
                    check, CHECK_PROBLEM, FINDING_PAM_SECRET_READABLE,
                    check_cure(
                        check,
                        "chmod 0600 %.200s, or better client_secret_file; "
                        "then change the secret, others have read it",
                        line->file),
                    "%s line %u: the client secret is readable to "
                    "others (mode %04o)",
                    line->file, line->number,
                    (unsigned int) (line->mode & 07777));
                return false;
            }
        }
    }
    return true;
}

/* The module twice asks twice, and the second line may undo the first. */
static void
check_twice(struct check *check)
{
    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];

        if (line != check->line && line->phase == PAM_PHASE_AUTH
            && pam_line_is(line, MODULE)) {
            check_at(check, line->file, line->number);
            check_add(
                check, CHECK_WARNING, FINDING_PAM_TWICE,
                check_cure(check, "take line %u out of %.200s, or line %u",
                           line->number, line->file, check->line->number),
                "the module stands twice: %s line %u and %s line %u",
                check->line->file, check->line->number, line->file,
                line->number);
        }
    }
}

/* ---- Trying ---- */

static const char *
place(const struct check *check, char *out, size_t size)
{
    char shown[161];

    (void) snprintf(out, size, "%s line %u",
                    text_path(check->line->file, shown, sizeof(shown)),
                    check->line->number);
    return out;
}

/*
 * These are setuid and keep the limits of whoever calls them, under which the module cannot be
 * loaded: for them that must be a refusal.
 */
static bool
keeps_callers_limits(const char *service)
{
    static const char *const names[] = {"sudo", "sudo-i", "su",   "su-l",
                                        "doas", "chfn",   "chsh", "polkit-1"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(service, names[i]) == 0)
            return true;
    return false;
}

/* Over how many lines the module's line jumps after a yes; 0: it does not. */
static unsigned long
jump_of(const struct check *check)
{
    const char *success = check->line == NULL
                              ? NULL
                              : strstr(check->line->control, "success=");
    unsigned long jump = 0;

    if (success != NULL && strchr("0123456789", success[8]) != NULL)
        jump = strtoul(success + 8, NULL, 10);
    return jump < 1000 ? jump : 0;
}

/* What the module's control should be; a jump over lines stays one. */
static const char *
good_control(const struct check *check, unsigned long jump,
             char out[CONTROL_SIZE])
{
    char success[24] = "done";

    if (jump > 0)
        (void) snprintf(success, sizeof(success), "%lu", jump);
    (void) snprintf(out, CONTROL_SIZE,
                    "[success=%s user_unknown=ignore %sdefault=die]", success,
                    keeps_callers_limits(check->service)
                        ? ""
                        : "module_unknown=ignore ");
    return out;
}

/*
 * The module passes local users on: where what follows lets them in without a
 * right password, another control alone does not help, and the line's own may
 * be right. A jump then goes over the new line, too.
 */
static const char *
close_door(struct check *check)
{
    const struct pam_line *line = check->line;
    unsigned long jump = jump_of(check);
    char control[CONTROL_SIZE];
    struct trial trial;
    bool stays;

    stays = strcmp(line->control, good_control(check, jump, control)) == 0;
    if (!stays && !can_succeed(check, PAM_STACK_ABSENT, false, false, &trial))
        return check_replace(check, line, control);
    if (stays && jump == 0)
        return check_cure(check,
                          "in %.200s put behind line %u, before what lets in "
                          "without a password\nauth required pam_unix.so",
                          line->file, line->number);
    return check_cure(check,
                      "in %.200s, line %u, replace  %.200s\nby  %.200s\nand "
                      "put behind it\nauth required pam_unix.so",
                      line->file, line->number, line->control,
                      good_control(check, jump == 0 ? 0 : jump + 1, control));
}

/* Somebody gets in although nobody accepted him. */
static bool
check_open_door(struct check *check)
{
    static const struct {
        int code;
        const char *who;
    } refusals[] = {
        {PAM_AUTH_ERR, "whom the pool refuses"},
        {PAM_PERM_DENIED, "whom a gate refuses"},
        {PAM_AUTHINFO_UNAVAIL, "whom the pool could not be asked about"},
        {PAM_SERVICE_ERR, "whom a wrong configuration shuts out"},
        {PAM_USER_UNKNOWN, "whom the module does not know"},
    };
    struct trial trial;
    char where[200];

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (can_succeed(check, refusals[i].code, false, true, &trial)) {
            check_add(check, CHECK_PROBLEM, FINDING_PAM_OPEN_DOOR,
                      close_door(check),
                      "%s (%s): a person %s gets in without any right "
                      "password",
                      place(check, where, sizeof(where)), check->line->control,
                      refusals[i].who);
            return false;
        }
    return true;
}

/* A refusal that a local password undoes. */
static bool
check_final(struct check *check)
{
    static const int refusals[]
        = {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_ACCT_EXPIRED, PAM_MAXTRIES,
           PAM_CONV_ERR, PAM_SERVICE_ERR, PAM_SYSTEM_ERR};
    struct trial trial;
    char where[200], control[CONTROL_SIZE];

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (can_succeed(check, refusals[i], true, true, &trial)) {
            check_add(check, CHECK_PROBLEM, FINDING_PAM_REFUSAL_FINAL,
                      check_replace(check, check->line,
                                    good_control(check, jump_of(check),
                                                 control)),
                      "%s (%s): a refusal by the pool (%s) is not final, the "
                      "local password still lets the person in",
                      place(check, where, sizeof(where)), check->line->control,
                      pam_code_name(refusals[i]));
            return false;
        }
    if (can_succeed(check, PAM_AUTHINFO_UNAVAIL, true, true, &trial))
        check_add(check, CHECK_WARNING, FINDING_PAM_OUTAGE_LOCAL,
                  check_cure(check,
                             "in %.200s, line %u, take authinfo_unavail= out, "
                             "unless that is wanted",
                             check->line->file, check->line->number),
                  "%s: when the pool cannot be reached, the local password "
                  "of its people lets them in",
                  place(check, where, sizeof(where)));
    return true;
}

/* A database has its own administrators; root is not locked out by it. */
bool
check_is_remote(const struct check *check)
{
    return check->facts.no_login
           || (check->line != NULL
               && pam_line_has(check->line, "local_account=optional"))
           || (check->module != NULL
               && strcmp(config_text(check->module, KEY_LOCAL_ACCOUNT),
                         "optional")
                      == 0);
}

bool
check_has_local(const struct check *check)
{
    for (size_t i = 0; i < check->stack.count; i++)
        if (check->stack.lines[i].phase == PAM_PHASE_AUTH
            && is_local(&check->stack.lines[i]))
            return true;
    return false;
}

/* Do the right people get in? */
static bool
check_ways_in(struct check *check)
{
    struct trial trial;
    char where[200];
    bool good = true;

    if (!can_succeed(check, PAM_SUCCESS, false, true, &trial)) {
        if (!trial.met) {
            check_add(
                check, CHECK_PROBLEM, FINDING_PAM_NOT_REACHED,
                check_cure(check,
                           "in %.200s put line %u before what ends the phase",
                           check->line->file, check->line->number),
                "%s: no sign-in ever gets as far as this line",
                place(check, where, sizeof(where)));
            return false;
        }
        check_add(
            check, CHECK_PROBLEM, FINDING_PAM_ACCEPTED_KEPT_OUT,
            check_cure(check,
                       "in %.200s put line %u before the local password, with "
                       "success=done, and count jumps again",
                       check->line->file, check->line->number),
            "%s (%s): a person whom the pool accepts does not get in "
            "without a local password too",
            place(check, where, sizeof(where)), check->line->control);
        good = false;
    }
    if (!check_is_remote(check)
        && !can_succeed(check, PAM_USER_UNKNOWN, true, false, &trial)) {
        check_add(
            check, CHECK_PROBLEM, FINDING_PAM_NO_WAY_BACK,
            check_cure(check,
                       trial.passwords == NULL
                           ? "in %.200s, behind line %u, add\nauth required "
                             "pam_unix.so"
                           : "in %.200s, line %u, write user_unknown=ignore "
                             "into the control, so that local users pass on "
                             "to their own password",
                       check->line->file, check->line->number),
            "no local way back in: root and local administrators "
            "cannot log in through %s",
            check->service);
        good = false;
    }
    return good;
}

/*
 * All cases in which our module was asked and answered code, as one: what was
 * seen in any of them. False when there is none.
 */
static bool
watch(const struct check *check, int code, bool locked, struct trial *seen)
{
    unsigned int cases = 1u << count_unknown(&check->stack);

    *seen = (struct trial){0};
    for (unsigned int others = 0; others < cases; others++) {
        struct trial trial
            = {.cognito = code, .others = others, .locked = locked};

        (void) pam_stack_run(&check->stack, PAM_PHASE_AUTH, code_of, &trial);
        if (!trial.met)
            continue;
        seen->met = true;
        seen->preauth = seen->preauth || trial.preauth;
        seen->authfail = seen->authfail || trial.authfail;
        seen->authsucc = seen->authsucc || trial.authsucc;
        seen->faillock_after = seen->faillock_after || trial.faillock_after;
    }
    return seen->met;
}

/* The first line of that phase that names pam_faillock with the argument. */
static const struct pam_line *
faillock_line(const struct check *check, enum pam_stack_phase phase,
              const char *argument)
{
    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];

        if (line->phase == phase && pam_line_is(line, "pam_faillock.so")
            && (argument == NULL || pam_line_has(line, argument)))
            return line;
    }
    return NULL;
}

/* requisite is meant to end the phase; in a substack it ends that alone. */
static void
check_lock(struct check *check)
{
    const struct pam_line *line = faillock_line(check, PAM_PHASE_AUTH,
                                                "preauth");
    struct trial locked;

    if (line != NULL && line->actions[PAM_AUTH_ERR] == PAM_ACTION_DIE
        && watch(check, PAM_AUTH_ERR, true, &locked) && locked.preauth) {
        check_at(check, line->file, line->number);
        check_add(
            check, CHECK_WARNING, FINDING_PAM_FAILLOCK_SUBSTACK,
            check_cure(
                check,
                "in %.200s write \"include\" in the place of \"substack\", or "
                "the preauth line itself before the module",
                check->line->file),
            "%s line %u: a lock by pam_faillock ends its substack "
            "only, so the pool is still asked about a locked account",
            line->file, line->number);
    }
}

/* pam_faillock has to see the verdict. */
static bool
check_faillock(struct check *check)
{
    struct trial refused, accepted;

    if (faillock_line(check, PAM_PHASE_AUTH, NULL) == NULL)
        return true;
    (void) watch(check, PAM_AUTH_ERR, false, &refused);
    (void) watch(check, PAM_SUCCESS, false, &accepted);
    if (accepted.faillock_after || refused.faillock_after) {
        check_add(
            check, CHECK_PROBLEM, FINDING_PAM_FAILLOCK_ORDER,
            check_cure(
                check,
                "put first in %.200s\nauth requisite pam_faillock.so preauth",
                check->line->file),
            "pam_faillock preauth stands behind the module, so a lock "
            "is looked at too late");
        return false;
    }
    if (!refused.authfail) {
        check_add(check, CHECK_PROBLEM, FINDING_PAM_FAILLOCK_UNCOUNTED,
                  check_cure(check,
                             "in %.200s, line %u, let a refusal jump to the "
                             "authfail line (default=1 or so) in the same "
                             "file, as the example pam.d-examples/sshd does",
                             check->line->file, check->line->number),
                  "pam_faillock never counts a refusal by the pool: its "
                  "authfail line is not reached");
        return false;
    }
    check_lock(check);
    if (!accepted.authsucc
        && faillock_line(check, PAM_PHASE_ACCOUNT, NULL) == NULL)
        check_add(check, CHECK_WARNING, FINDING_PAM_FAILLOCK_NOT_RESET,
                  check_cure(check,
                             "in %.200s let success reach\nauth required "
                             "pam_faillock.so authsucc",
                             check->line->file),
                  "pam_faillock's counter is never set back after a sign-in "
                  "by the pool");
    return true;
}

void
check_stack(struct check *check)
{
    char where[200], control[CONTROL_SIZE];
    bool good;

    if (check->stack.error[0] != '\0' && check->stack.count == 0) {
        check_add(check, CHECK_PROBLEM, FINDING_PAM_NO_SERVICE,
                  "ls /etc/pam.d lists the services\npam-cognito check "
                  "--service NAME",
                  "%s", check->stack.error);
        return;
    }
    if (check->stack.error[0] != '\0') {
        check_add(check, CHECK_PROBLEM, FINDING_PAM_UNREADABLE,
                  check_cure(check,
                             "correct that line; Linux-PAM refuses such a "
                             "file of /etc/pam.d (%.64s)",
                             check->service),
                  "%s", check->stack.error);
        return;
    }
    if (check->line == NULL) {
        check_add(check, CHECK_PROBLEM, FINDING_PAM_NO_LINE,
                  check_cure(check,
                             "in /etc/pam.d/%.64s put before the local "
                             "password\nauth %s pam_cognito.so",
                             check->service,
                             good_control(check, jump_of(check), control)),
                  check->stack.by_other
                      ? "the PAM service %s has no file in /etc/pam.d and "
                        "takes \"other\", of which no auth line names " MODULE
                      : "no auth line of the PAM service %s names " MODULE,
                  check->service);
        return;
    }
    good = check_module_file(check);
    good = check_secrets(check) && good;
    if (!check_modules(check))
        return;
    good = check_open_door(check) && check_final(check) && good;
    good = check_ways_in(check) && good;
    good = good && check_faillock(check);
    good = check_account_phase(check) && good;
    check_twice(check);
    if (good)
        check_add(check, CHECK_OK, FINDING_PAM_FINAL, NULL,
                  "%s%s%s: refusals are final%s",
                  check->stack.by_other ? check->service : "",
                  check->stack.by_other
                      ? " has no file in /etc/pam.d and takes \"other\": "
                      : "",
                  place(check, where, sizeof(where)),
                  check_is_remote(check)
                      ? ""
                      : ", local users get in by their own password");
}
