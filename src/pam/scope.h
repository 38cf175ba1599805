/*
 * Is this user ours? Decided before any helper or network, from the local
 * account and the module's own settings; without libpam, so that the tool asks
 * the same question.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PAM_SCOPE_H
#define PAM_COGNITO_PAM_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/file.h"
#include "common/text.h"
#include "pam/lookup.h"

/* About whom, by which settings, and what was found out. */
struct subject {
    const char *user; /* as PAM_USER was, byte by byte */
    const char *service;
    size_t count; /* module arguments */
    const char *const *arguments;
    struct file_trust trust;
    const struct lookups *lookups;
    struct config *config; /* NULL until it mattered; config_free is the
                              caller's */
    bool exempt;           /* root, or in except_users: by name alone */
    bool has_account;
    uid_t uid;   /* of the account */
    bool listed; /* only_group or only_users says that it is ours */
    char why[TEXT_LINE_MAX + 1];     /* there is no answer, or another name */
    char missing[TEXT_LINE_MAX + 1]; /* groups of only_group there are not */
};

enum scope {
    SCOPE_OURS,
    SCOPE_FOREIGN, /* root, no local account, not listed: as if absent */
    SCOPE_UNKNOWN, /* a look-up failed, subject->why says which: no answer */
    SCOPE_ALIAS,   /* ours, but the account found bears another name */
    SCOPE_REFUSED, /* ours by number, but the name can be no pool's */
    SCOPE_MEMORY
};

/*
 * Reads the settings into subject->config when they matter. Root, the users of
 * except_users and names without a local account get the same answer whatever
 * else is wrong there. Asked again, it looks everything
 * but the settings up anew. Fills what was found out; *reason_out is a
 * constant for the log.
 */
enum scope scope_of(struct subject *subject, const char **reason_out);

/* May a user have that name, by username_class and whatever it says? */
bool scope_allows_name(const struct config *config, const char *name);

/* Was the argument given, letter by letter? For before the settings. */
bool subject_has_argument(const struct subject *subject, const char *argument);

#endif
