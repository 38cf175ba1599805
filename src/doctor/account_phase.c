/*
 * After a sign-in the module answers PAM_SUCCESS in the account phase, and
 * PAM_IGNORE to everybody else. Neither may spare anybody a check that
 * another module makes. Each of these is made to refuse in turn, in every
 * company: what refuses without our line must refuse with it too. So every
 * form is found, whether sufficient, a jump, done or a substack.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>

#define COMPANY_MAX 8 /* modules that refuse or not beside the one tried */

enum role { ROLE_NONE, ROLE_OURS, ROLE_OTHER, ROLE_PERMIT, ROLE_DENY };

/* What each line of the stack is; made once, for it is asked often. */
struct roles {
    enum role role[PAM_LINES_MAX];
    unsigned int number[PAM_LINES_MAX]; /* among the others */
    unsigned int others;
};

struct trial {
    const struct pam_stack *stack;
    const struct roles *roles;
    int cognito;                   /* what our module returns */
    unsigned int refusing;         /* a bit for each of the first others */
    const struct pam_line *tried;  /* refuses */
    const struct pam_line *spared; /* does not, whatever its bit says */
};

static enum role
role_of(const struct pam_line *line)
{
    if (line->phase != PAM_PHASE_ACCOUNT || line->is_substack)
        return ROLE_NONE;
    if (pam_line_is(line, CHECK_MODULE))
        return ROLE_OURS;
    if (pam_line_is(line, "pam_permit.so"))
        return ROLE_PERMIT;
    return pam_line_is(line, "pam_deny.so") ? ROLE_DENY : ROLE_OTHER;
}

static void
find_roles(const struct pam_stack *stack, struct roles *roles)
{
    roles->others = 0;
    for (size_t i = 0; i < stack->count; i++) {
        roles->role[i] = role_of(&stack->lines[i]);
        roles->number[i] = roles->others;
        roles->others += roles->role[i] == ROLE_OTHER;
    }
}

/* As that module refuses here. */
static int
refusal_of(const struct pam_line *line)
{
    if (pam_line_is(line, "pam_unix.so"))
        return PAM_ACCT_EXPIRED;
    if (pam_line_is(line, "pam_nologin.so")
        || pam_line_is(line, "pam_succeed_if.so"))
        return PAM_AUTH_ERR;
    return PAM_PERM_DENIED;
}

static bool
refuses(const struct pam_line *line, const struct trial *trial)
{
    unsigned int number = trial->roles->number[line - trial->stack->lines];

    if (line == trial->spared)
        return false;
    return line == trial->tried
           || (number < COMPANY_MAX && ((trial->refusing >> number) & 1) != 0);
}

static int
code_of(const struct pam_line *line, void *context)
{
    const struct trial *trial = context;

    if (line->missing)
        return PAM_MODULE_UNKNOWN;
    switch (trial->roles->role[line - trial->stack->lines]) {
    case ROLE_OURS:
        return trial->cognito;
    case ROLE_DENY:
        return PAM_AUTH_ERR;
    case ROLE_OTHER:
        return refuses(line, trial) ? refusal_of(line) : PAM_SUCCESS;
    case ROLE_NONE:
    case ROLE_PERMIT:
        break;
    }
    return PAM_SUCCESS;
}

static bool
lets_in(const struct trial *trial, int cognito)
{
    struct trial copy = *trial;

    copy.cognito = cognito;
    return pam_stack_run(copy.stack, PAM_PHASE_ACCOUNT, code_of, &copy)
           == PAM_SUCCESS;
}

/* Would this line decide if ours were not there, and does it not with ours? */
static bool
is_passed_by(const struct trial *trial, const struct pam_line *line,
             int cognito)
{
    unsigned int company = trial->roles->others < COMPANY_MAX
                               ? trial->roles->others
                               : COMPANY_MAX;

    for (unsigned int i = 0; i < 1u << company; i++) {
        struct trial refused = *trial, spared = *trial;

        refused.refusing = spared.refusing = i;
        refused.tried = spared.spared = line;
        if (lets_in(&refused, cognito) && !lets_in(&refused, PAM_STACK_ABSENT)
            && lets_in(&spared, PAM_STACK_ABSENT))
            return true;
    }
    return false;
}

static const struct pam_line *
our_line(const struct trial *trial)
{
    for (size_t i = 0; i < trial->stack->count; i++)
        if (trial->roles->role[i] == ROLE_OURS)
            return &trial->stack->lines[i];
    return NULL;
}

/* Appends the module's name, once. */
static void
add_name(char *names, size_t size, const struct pam_line *line)
{
    const char *slash = strrchr(line->module, '/');
    const char *name = slash == NULL ? line->module : slash + 1;
    size_t used = strlen(names);

    if (strstr(names, name) == NULL)
        (void) snprintf(names + used, size - used, "%s%.60s",
                        used == 0 ? "" : ", ", name);
}

static bool
check_passed_by(struct check *check, const struct trial *trial,
                const struct pam_line *ours)
{
    char names[256] = "";
    bool strangers = false;

    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];
        bool ignored;

        if (trial->roles->role[i] != ROLE_OTHER)
            continue;
        ignored = is_passed_by(trial, line, PAM_IGNORE);
        strangers = strangers || ignored;
        if (ignored || is_passed_by(trial, line, PAM_SUCCESS))
            add_name(names, sizeof(names), line);
    }
    if (names[0] == '\0')
        return true;
    check_at(check, ours->file, ours->number);
    check_add(check, CHECK_PROBLEM, FINDING_PAM_ACCOUNT_PASSED_BY,
              check_replace(check, ours, "required"),
              "%s line %u: \"account %s\" would end the phase or jump before "
              "%s may refuse; %s passes it by",
              ours->file, ours->number, ours->control, names,
              strangers ? "everybody" : "whoever signs in to the pool");
    return false;
}

/* allow_services, or a refusal that stands. */
static bool
check_refusals(struct check *check, const struct trial *trial,
               const struct pam_line *ours)
{
    static const int refusals[] = {PAM_PERM_DENIED, PAM_ACCT_EXPIRED,
                                   PAM_AUTH_ERR, PAM_SYSTEM_ERR,
                                   PAM_SERVICE_ERR};

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (lets_in(trial, refusals[i])) {
            check_at(check, ours->file, ours->number);
            check_add(check, CHECK_PROBLEM, FINDING_PAM_ACCOUNT_REFUSAL,
                      check_replace(check, ours, "required"),
                      "%s line %u: \"account %s\": a refusal by the module "
                      "(%s) is not final in the account phase",
                      ours->file, ours->number, ours->control,
                      pam_code_name(refusals[i]));
            return false;
        }
    return true;
}

bool
check_account_phase(struct check *check)
{
    struct roles roles;
    const struct trial trial = {.stack = &check->stack, .roles = &roles};
    const struct pam_line *ours;
    bool any = false;

    find_roles(&check->stack, &roles);
    ours = our_line(&trial);
    if (ours != NULL
        && (!check_passed_by(check, &trial, ours)
            || !check_refusals(check, &trial, ours)))
        return false;
    for (size_t i = 0; i < check->stack.count; i++)
        any = any || roles.role[i] != ROLE_NONE;
    if (!any || lets_in(&trial, PAM_IGNORE)
        || (check_is_remote(check) && lets_in(&trial, PAM_SUCCESS)))
        return true;
    check_add(
        check, CHECK_PROBLEM, FINDING_PAM_ACCOUNT_CLOSED,
        check_cure(
            check,
            "to /etc/pam.d/%.64s add the line\naccount required pam_unix.so",
            check->service),
        "the account phase lets nobody in%s: no module there has an "
        "opinion in the person's favour",
        lets_in(&trial, PAM_SUCCESS)
            ? " who has not just signed in to the pool"
            : "");
    return false;
}
