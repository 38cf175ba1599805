/*
 * Lines of the stack whose module is not there. To libpam a module that it
 * cannot load is one that answers PAM_MODULE_UNKNOWN; with most controls that
 * is a refusal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_LETTERS                                                          \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/"

static const char *const folders[]
    = {PAM_DIR,           PAM_OWN_DIR,         "/usr/lib64/security",
       "/lib64/security", "/usr/lib/security", "/lib/security"};

static bool
is_there(const char *module)
{
    char path[4096];

    if (module[0] == '/')
        return access(module, F_OK) == 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folders[i], module);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

void
check_modules_find(struct check *check)
{
    /* Where libpam keeps its own modules elsewhere, nothing can be said. */
    bool known = is_there("pam_deny.so");

    for (size_t i = 0; i < check->stack.count; i++) {
        struct pam_line *line = &check->stack.lines[i];

        /* $ISA stands for a folder that libpam alone knows. */
        line->missing = known && !line->is_substack && line->module != NULL
                        && !pam_line_is(line, CHECK_MODULE)
                        && strchr(line->module, '$') == NULL
                        && !is_there(line->module);
    }
}

/* Named before in the same phase. */
static bool
is_repeated(const struct check *check, const struct pam_line *line)
{
    for (const struct pam_line *at = check->stack.lines; at < line; at++)
        if (at->missing && at->phase == line->phase
            && strcmp(at->module, line->module) == 0)
            return true;
    return false;
}

bool
check_modules(struct check *check)
{
    bool good = true;

    for (size_t i = 0; i < check->stack.count; i++) {
        const struct pam_line *line = &check->stack.lines[i];
        bool shown, refuses;

        if (!line->missing || is_repeated(check, line))
            continue;
        refuses = line->actions[PAM_MODULE_UNKNOWN] == PAM_ACTION_BAD
                  || line->actions[PAM_MODULE_UNKNOWN] == PAM_ACTION_DIE;
        if (!refuses && line->silent)
            continue;
        shown = strspn(line->module, NAME_LETTERS) == strlen(line->module);
        check_at(check, line->file, line->number);
        check_add(check, refuses ? CHECK_PROBLEM : CHECK_WARNING,
                  FINDING_PAM_MODULE_MISSING,
                  check_cure(check,
                             "take line %u out of %.200s, or install the "
                             "package that has the module",
                             line->number, line->file),
                  "%s line %u names %s, which is not there: %s", line->file,
                  line->number, shown ? line->module : "a module",
                  refuses ? "to PAM that is a refusal"
                          : "PAM says so in the log each time");
        good = good && !refuses;
    }
    return good;
}
