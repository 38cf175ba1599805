/*
 * The local name of a person of the pool, as a login has it: the name here
 * that username_format, map_file and account_claim of pam_cognito.conf make
 * that person's of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_NAMES_H
#define PAM_COGNITO_ACCOUNTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "client/map.h"
#include "common/config.h"
#include "common/status.h"

#define NAMES_LOCAL_SIZE 33 /* of a local name: useradd takes 32 bytes */

/* What names are made of. All of it is the caller's and outlives it. */
struct names {
    const struct config *module; /* CONFIG_MODULE, without faults */
    const struct config *helper; /* CONFIG_HELPER, without faults */
    const struct map *map;       /* of map_file, or NULL */
};

/* What the pool has; NULL for what it has not. */
struct names_person {
    const char *username;
    const char *sub;
    const char *email;
    bool email_verified;
};

/*
 * Can names be told from these settings at all? STATUS_CONFIG with why when
 * account_claim is one that a listing of the pool does not show.
 */
enum status names_check(const struct names *names, char *error_out,
                        size_t error_size);

/*
 * What such a person signs in as: the user name, the sub or the verified
 * address. NULL with why when there is none. An address that others have as
 * well is for the caller to see (names_is_address).
 */
const char *names_sent(const struct names *names,
                       const struct names_person *person, const char **why);

/* Is what people sign in as an address, of which another may have the same? */
bool names_is_address(const struct names *names);

/*
 * Is it a name that useradd takes with every distribution's patches, and that
 * is neither a number nor a folder above?
 */
bool names_is_local(const char *name);

/*
 * Writes the local name of whoever signs in as sent. False with why (a
 * constant) when there is none that a login would take for that person.
 */
bool names_local(const struct names *names, const char *sent,
                 char out[NAMES_LOCAL_SIZE], const char **why);

#endif
