/*
 * The gates behind a good token: identity first, then groups, then the second
 * factor. It must trust no claim that people can change for themselves.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/claim.h"
#include "common/text.h"

/* A UUID in the place of a name: the pool signs in by e-mail or phone. */
static bool
is_uuid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool hex = strchr("0123456789abcdefABCDEF", text[i]) != NULL;

        if (shape[i] == '-' ? text[i] != '-' : !hex)
            return false;
    }
    return true;
}

/*
 * Is the address verified? The service writes true or false. A text "true" is
 * what a trigger of the pool puts in its place: nobody has verified that.
 */
static bool
is_verified(const struct json *claims, const char *flag, char *note,
            size_t size)
{
    bool verified = false;

    if (json_boolean(claims, flag, &verified) && verified)
        return true;
    (void) snprintf(note, size, "%s is %s", flag,
                    !json_has(claims, flag)
                        ? "not in the ID token: let the app client read it"
                    : json_boolean(claims, flag, &verified)
                        ? "false in the ID token"
                        : "neither true nor false in the ID token but "
                          "another value, which a trigger of the pool puts "
                          "there");
    return false;
}

static enum status
check_identity(const struct config *config, const struct json *claims,
               const char *sent, char *note, size_t size)
{
    const char *claim = config_text(config, KEY_ACCOUNT_CLAIM);
    const char *named = json_text(claims, claim);
    const char *flag = claim_verified_flag(claim);

    if (named == NULL) {
        (void) snprintf(note, size, "the ID token has no claim %.60s", claim);
        return STATUS_IDENTITY;
    }
    if (/* @named */ strcmp(named, sent) != 0) {
        if (is_uuid(named) && strcmp(claim, "cognito:username") == 0)
            (void) snprintf(
                note, size,
                "signed in as %.40s, not as %.60s: a pool that signs in by "
                "e-mail needs account_claim=email and username_format",
                named, sent);
        else if (strcasecmp(named, sent) == 0)
            (void) snprintf(note, size,
                            "the token's %.40s is %.50s, not %.50s: give that "
                            "spelling in map_file",
                            claim, named, sent);
        else
            (void) snprintf(note, size,
                            "the token's %.40s is %.60s, not %.60s", claim,
                            named, sent);
        return STATUS_IDENTITY;
    }
    return flag == NULL || is_verified(claims, flag, note, size)
               ? STATUS_OK
               : STATUS_IDENTITY;
}

/* Is any of the token's groups in the list of the setting? */
static bool
has_group(const struct config *config, enum config_key key,
          const struct json *groups)
{
    char wanted[CONFIG_VALUE_MAX];
    size_t position = 0;

    while (config_list_next(config, key, &position, wanted))
        for (size_t i = 0; i < json_length(groups); i++) {
            const char *group = json_item_text(groups, i);

            if (group != NULL && strcmp(group, wanted) == 0)
                return true;
        }
    return false;
}

static enum status
check_membership(const struct config *config, const struct json *claims,
                 char *note, size_t size)
{
    const char *claim = config_text(config, KEY_GROUPS_CLAIM);
    const struct json *groups = json_array(claims, claim);

    /* A claim of another shape cannot show that nobody forbidden is in. */
    if (groups == NULL && json_has(claims, claim)) {
        (void) snprintf(note, size, "the claim %.60s is no list", claim);
        return STATUS_GROUP;
    }
    for (size_t i = 0; i < json_length(groups); i++)
        if (json_item_text(groups, i) == NULL) {
            (void) snprintf(note, size, "the claim %.60s is no list of names",
                            claim);
            return STATUS_GROUP;
        }
    if (has_group(config, KEY_DENY_GROUP, groups)) {
        (void) snprintf(note, size, "in a group of deny_group");
        return STATUS_GROUP;
    }
    if (config_is_set(config, KEY_REQUIRE_GROUP)
        && !has_group(config, KEY_REQUIRE_GROUP, groups)) {
        (void) snprintf(note, size, "in no group of require_group");
        return STATUS_GROUP;
    }
    return STATUS_OK;
}

enum status
policy_check(const struct config *config, const struct json *claims,
             const char *sent, bool second_factor_done, char *note_out,
             size_t note_size)
{
    char line[TEXT_LINE_MAX + 1] = "";
    enum status status;

    status = check_identity(config, claims, sent, line, sizeof(line));
    if (status == STATUS_OK
        && (config_is_set(config, KEY_REQUIRE_GROUP)
            || config_is_set(config, KEY_DENY_GROUP)))
        status = check_membership(config, claims, line, sizeof(line));
    if (status == STATUS_OK && config_flag(config, KEY_REQUIRE_MFA)
        && !second_factor_done) {
        (void) snprintf(line, sizeof(line),
                        "require_mfa, and no second factor was asked for");
        status = STATUS_MFA_MISSING;
    }
    /* Claims may be their owner's to choose. */
    if (status != STATUS_OK)
        text_clean(line, note_out, note_size);
    return status;
}
