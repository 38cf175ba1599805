/*
 * Goes back from what a person signs in as to the name here, and then forward
 * again with what a login goes forward with: only that decides.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/names.h"

#include <stdio.h>
#include <string.h>

#include "common/pattern.h"
#include "flows/sign_in.h"
#include "pam/scope.h"

#define SENT_SIZE 512 /* as flows/flow.h has it */

#define LOCAL "^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,31}$"

static const char *
claim_of(const struct names *names)
{
    return config_text(names->helper, KEY_ACCOUNT_CLAIM);
}

enum status
names_check(const struct names *names, char *error_out, size_t error_size)
{
    const char *claim = claim_of(names);

    if (strcmp(claim, "cognito:username") == 0 || strcmp(claim, "sub") == 0
        || names_is_address(names))
        return STATUS_OK;
    (void) snprintf(error_out, error_size,
                    "account_claim=%.60s: whose name that is no listing of "
                    "the pool can tell, expected cognito:username, email or "
                    "sub",
                    claim);
    return STATUS_CONFIG;
}

bool
names_is_address(const struct names *names)
{
    return strcmp(claim_of(names), "email") == 0;
}

const char *
names_sent(const struct names *names, const struct names_person *person,
           const char **why)
{
    const char *sent = person->username;

    *why = "the pool has no name for this person";
    if (names_is_address(names)) {
        *why = "no verified address: have it verified, or confirm it in the "
               "pool";
        sent = person->email_verified ? person->email : NULL;
    } else if (strcmp(claim_of(names), "sub") == 0) {
        sent = person->sub;
    }
    return sent == NULL || sent[0] == '\0' ? NULL : sent;
}

bool
names_is_local(const char *name)
{
    return pattern_matches(LOCAL, name)
           && strspn(name, "0123456789") != strlen(name)
           && strspn(name, ".") != strlen(name);
}

/*
 * The user name that the format makes sent of: its length follows from the
 * lengths of both, its place from the first %u. Whether it is so is for the
 * caller to see.
 */
static bool
take_out(const char *format, const char *sent, char out[NAMES_LOCAL_SIZE])
{
    size_t total = strlen(sent), letters = 0, places = 0, first = 0, length;

    for (; *format != '\0'; format++) {
        bool place = strncmp(format, "%u", 2) == 0;

        if (*format == '%')
            format++;
        if (!place) {
            letters++;
            continue;
        }
        if (places == 0)
            first = letters;
        places++;
    }
    if (places == 0 || total <= letters || (total - letters) % places != 0)
        return false;
    length = (total - letters) / places;
    if (length >= NAMES_LOCAL_SIZE)
        return false;
    memcpy(out, sent + first, length);
    out[length] = '\0';
    return true;
}

/* NULL, or why a login would not take that name for whoever signs in so. */
static const char *
find_fault(const struct names *names, const char *local, const char *sent)
{
    char forward[SENT_SIZE];

    if (sign_in_pool_name(names->helper, names->map, local, forward,
                          sizeof(forward))
            != STATUS_OK
        || strcmp(forward, sent) != 0)
        return "neither username_format nor map_file of pam_cognito.conf "
               "leads from a local name to this one: a line LOCAL = POOL in "
               "map_file does";
    if (strcmp(local, "root") == 0)
        return "that would be root here";
    if (config_list_has(names->module, KEY_EXCEPT_USERS, local))
        return "the name here is one of except_users: it is never the pool's";
    if (!scope_allows_name(names->module, local))
        return "the name here is not one that username_class of "
               "pam_cognito.conf allows";
    if (strstr(local, ".gone-") != NULL)
        return "the name here is as homes are called that `forget` puts away";
    if (!names_is_local(local))
        return "the name here is not one that useradd takes everywhere";
    return NULL;
}

bool
names_local(const struct names *names, const char *sent,
            char out[NAMES_LOCAL_SIZE], const char **why)
{
    const char *format = config_text(names->helper, KEY_USERNAME_FORMAT);
    const char *mapped = map_local_name(names->map, sent);

    out[0] = '\0';
    *why = "the name here would be longer than 32 bytes";
    if (mapped != NULL) {
        if (strlen(mapped) >= NAMES_LOCAL_SIZE)
            return false;
        (void) snprintf(out, NAMES_LOCAL_SIZE, "%s", mapped);
    } else if (!take_out(format, sent, out)) {
        *why = "username_format of pam_cognito.conf makes no such name of one "
               "with at most 32 bytes: a line LOCAL = POOL in map_file does";
        return false;
    }
    *why = find_fault(names, out, sent);
    if (*why == NULL)
        return true;
    out[0] = '\0';
    return false;
}
