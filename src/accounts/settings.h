/*
 * /etc/security/pam_cognito_accounts.conf: lines KEY = VALUE, by the table
 * accounts.def. How the pool is reached and what its people are called here is
 * pam_cognito.conf's to say.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_SETTINGS_H
#define PAM_COGNITO_ACCOUNTS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/file.h"
#include "common/status.h"

#define SETTINGS_PATH "/etc/security/pam_cognito_accounts.conf"
#define SETTINGS_MESSAGE_SIZE 512

/* Where the keys of ssh_key_attribute are, for sshd; keys.h writes them. */
#define KEYS_FOLDER "/var/lib/pam_cognito/keys"

/* Members of a group of the pool are to be in a local one. */
struct settings_pair {
    const char *pool;
    const char *local;
};

/* What is not set and has no default is NULL, false or 0. */
struct settings {
    const char *const *pool_groups; /* ends in NULL; not NULL itself */
    bool everybody;                 /* pool_groups=*: then there are none */
    bool allow_self_sign_up;
    const char *local_group;
    const char *shell;
    const char *home; /* a path that ends in /%u */
    const struct settings_pair *pairs;
    size_t pair_count;
    bool allow_privileged_groups;
    const char *uid_attribute;
    bool trust_attribute;
    bool subids;
    const char *ssh_key_attribute;
    const char *const *ssh_key_types; /* ends in NULL; preferred ones first */
    unsigned int max_removals;        /* percent */
    unsigned int rate;                /* requests a second */
    unsigned int timeout;             /* seconds, for everything */
    const char *profile;
    const char *credentials_file;
};

/*
 * Reads the file, which must be root's or trust's. NULL with error_out: the
 * key, where it stands and what was expected; settings_free what comes out.
 * Out of memory reads so, too.
 */
struct settings *settings_read(const char *path,
                               const struct file_trust *trust, char *error_out,
                               size_t error_size);

void settings_free(struct settings *settings);

/* Writes the home of that name; false when it does not fit. */
bool settings_home(const struct settings *settings, const char *name,
                   char *out, size_t size);

#endif
