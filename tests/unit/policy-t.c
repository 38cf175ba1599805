/*
 * The gates behind a verified token: identity, groups, second factor; and
 * the settings that would open them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/policy.h"

#include <string.h>

#include "client/claim.h"
#include "tap.h"

#define ALICE "\"cognito:username\":\"alice\""
#define UUID "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34"
#define MAIL                                                                  \
    "\"cognito:username\":\"" UUID "\",\"email\":\"alice@example.com\""
#define BY_MAIL "account_claim=email"

/* One row: settings, claims, what Cognito was told; what comes of it. */
static const struct row {
    const char *what;
    const char *settings[3];
    const char *claims;
    const char *sent;
    bool second_factor;
    enum status status;
    const char *note; /* a part of it */
} rows[] = {
    {"the very user", {NULL}, "{" ALICE "}", "alice", false, STATUS_OK, ""},
    {"another user",
     {NULL},
     "{\"cognito:username\":\"mallory\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "cognito:username is mallory, not alice"},
    {"another case",
     {NULL},
     "{\"cognito:username\":\"Alice\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "is Alice, not alice: give that spelling in map_file"},
    {"a longer name",
     {NULL},
     "{\"cognito:username\":\"alice2\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "is alice2"},
    {"a shorter name",
     {NULL},
     "{\"cognito:username\":\"alic\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "is alic"},
    {"a blank behind it",
     {NULL},
     "{\"cognito:username\":\"alice \"}",
     "alice",
     false,
     STATUS_IDENTITY,
     ""},
    {"no claim",
     {NULL},
     "{\"username\":\"alice\",\"sub\":\"alice\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "no claim cognito:username"},
    {"null",
     {NULL},
     "{\"cognito:username\":null}",
     "alice",
     false,
     STATUS_IDENTITY,
     "no claim"},
    {"a list",
     {NULL},
     "{\"cognito:username\":[\"alice\"]}",
     "alice",
     false,
     STATUS_IDENTITY,
     "no claim"},
    {"an empty name",
     {NULL},
     "{\"cognito:username\":\"\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     ""},
    {"a name that a terminal would obey",
     {NULL},
     "{\"cognito:username\":\"\\u001b[2J\\r\\n\\u202emallory\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     "username is ?[2J???mallory, not alice"},
    {"a UUID",
     {NULL},
     "{" MAIL "}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "needs account_claim=email and username_format"},

    {"by address",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":true}",
     "alice@example.com",
     false,
     STATUS_OK,
     ""},
    {"an address that is not verified",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":false}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "email_verified is false in the ID token"},
    {"without a word about it",
     {BY_MAIL},
     "{" MAIL "}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "email_verified is not in the ID token"},
    {"null",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":null}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "is not in the ID token"},
    {"verified as a text",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":\"true\"}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "email_verified is neither true nor false in the ID "
     "token but another value, which a trigger of the pool puts there"},
    {"verified as a number",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":1}",
     "alice@example.com",
     false,
     STATUS_IDENTITY,
     "neither true nor false"},
    {"another address",
     {BY_MAIL},
     "{" MAIL ",\"email_verified\":true}",
     "alice@example.org",
     false,
     STATUS_IDENTITY,
     "not alice@example.org"},
    {"by telephone",
     {"account_claim=phone_number"},
     "{\"phone_number\":\"+15550101234\",\"phone_number_verified\":true}",
     "+15550101234",
     false,
     STATUS_OK,
     ""},
    {"a telephone that is not verified",
     {"account_claim=phone_number"},
     "{\"phone_number\":\"+15550101234\",\"email_verified\":true}",
     "+15550101234",
     false,
     STATUS_IDENTITY,
     "phone_number_verified"},
    {"by sub",
     {"account_claim=sub"},
     "{\"sub\":\"7a1c9e52\",\"cognito:username\":\"alice\"}",
     "7a1c9e52",
     false,
     STATUS_OK,
     ""},
    {"sub is not the name",
     {"account_claim=sub"},
     "{\"sub\":\"7a1c9e52\",\"cognito:username\":\"alice\"}",
     "alice",
     false,
     STATUS_IDENTITY,
     ""},

    {"in a group",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":[\"guests\",\"staff\"]}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"in one of several",
     {"require_group=admins,staff"},
     "{" ALICE ",\"cognito:groups\":[\"staff\"]}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"in another group",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":[\"staff2\",\"Staff\",\"staf\"]}",
     "alice",
     false,
     STATUS_GROUP,
     "no group of require_group"},
    {"in no group",
     {"require_group=staff"},
     "{" ALICE "}",
     "alice",
     false,
     STATUS_GROUP,
     "no group of require_group"},
    {"an empty list",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":[]}",
     "alice",
     false,
     STATUS_GROUP,
     ""},
    {"groups as a text",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":\"staff\"}",
     "alice",
     false,
     STATUS_GROUP,
     "is no list"},
    {"groups as an object",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":{\"staff\":true}}",
     "alice",
     false,
     STATUS_GROUP,
     "is no list"},
    {"the list as a name",
     {"require_group=staff,admins"},
     "{" ALICE ",\"cognito:groups\":[\"staff,admins\",\" staff\"]}",
     "alice",
     false,
     STATUS_GROUP,
     "no group of require_group"},
    {"a list of other things",
     {"require_group=staff"},
     "{" ALICE ",\"cognito:groups\":[\"staff\",7]}",
     "alice",
     false,
     STATUS_GROUP,
     "no list of names"},
    {"a forbidden group",
     {"deny_group=guests"},
     "{" ALICE ",\"cognito:groups\":[\"guests\"]}",
     "alice",
     false,
     STATUS_GROUP,
     "in a group of deny_group"},
    {"forbidden wins over required",
     {"require_group=staff", "deny_group=guests"},
     "{" ALICE ",\"cognito:groups\":[\"staff\",\"guests\"]}",
     "alice",
     false,
     STATUS_GROUP,
     "deny_group"},
    {"not in the forbidden group",
     {"deny_group=guests"},
     "{" ALICE ",\"cognito:groups\":[\"staff\"]}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"no groups and one forbidden",
     {"deny_group=guests"},
     "{" ALICE "}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"forbidden, and groups as a text",
     {"deny_group=guests"},
     "{" ALICE ",\"cognito:groups\":\"guests\"}",
     "alice",
     false,
     STATUS_GROUP,
     "is no list"},
    {"forbidden, hidden in a list in the list",
     {"deny_group=guests"},
     "{" ALICE ",\"cognito:groups\":[[\"guests\"]]}",
     "alice",
     false,
     STATUS_GROUP,
     "no list of names"},
    {"another claim",
     {"groups_claim=custom:teams", "require_group=staff"},
     "{" ALICE ",\"custom:teams\":[\"staff\"]}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"the usual claim does not count then",
     {"groups_claim=custom:teams", "require_group=staff"},
     "{" ALICE ",\"cognito:groups\":[\"staff\"]}",
     "alice",
     false,
     STATUS_GROUP,
     ""},
    {"groups of another user",
     {"require_group=staff"},
     "{\"cognito:username\":\"bob\",\"cognito:groups\":[\"staff\"]}",
     "alice",
     false,
     STATUS_IDENTITY,
     "bob"},

    {"a second factor",
     {"require_mfa"},
     "{" ALICE "}",
     "alice",
     true,
     STATUS_OK,
     ""},
    {"none",
     {"require_mfa"},
     "{" ALICE "}",
     "alice",
     false,
     STATUS_MFA_MISSING,
     "no second factor was asked for"},
    {"none, and none required",
     {"require_mfa=no"},
     "{" ALICE "}",
     "alice",
     false,
     STATUS_OK,
     ""},
    {"a second factor of another user",
     {"require_mfa"},
     "{\"cognito:username\":\"bob\"}",
     "alice",
     true,
     STATUS_IDENTITY,
     ""},
    {"a second factor in no group",
     {"require_mfa", "require_group=staff"},
     "{" ALICE "}",
     "alice",
     true,
     STATUS_GROUP,
     ""},
};

static struct config *
read_settings(const char *const *settings)
{
    struct config *config = config_new(CONFIG_HELPER);
    size_t count = 0;

    need(config != NULL, "memory");
    while (count < 3 && settings[count] != NULL)
        count++;
    config_arguments(config, count, settings);
    need(config_status(config) == STATUS_OK, config_message(config));
    return config;
}

static void
test_row(const struct row *row)
{
    struct config *config = read_settings(row->settings);
    struct json *claims = NULL;
    char note[208] = "";
    enum status status;

    need(json_parse(row->claims, strlen(row->claims), &claims) == STATUS_OK,
         row->claims);
    status = policy_check(config, claims, row->sent, row->second_factor, note,
                          sizeof(note));
    if (!ok(status == row->status && strstr(note, row->note) != NULL, "%s",
            row->what))
        diag("%s: %s", status_word(status), note);
    json_free(claims);
    config_free(config);
}

static void
test_settings(const char *first, const char *second, enum status wanted)
{
    const char *const settings[3] = {first, second, NULL};
    struct config *config = read_settings(settings);
    char note[208] = "";

    is_number(claim_check(config, note, sizeof(note)), wanted, first);
    ok(wanted == STATUS_OK || strstr(note, "allow_mutable_claim") != NULL,
       "%s: the note says what to do", first);
    config_free(config);
}

/* A name that does not fit the note is cut, and nothing else happens. */
static void
test_long_names(void)
{
    static const char *const settings[3] = {NULL};
    struct config *config = read_settings(settings);
    char text[512], note[32] = "", name[300];
    struct json *claims = NULL;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void) snprintf(text, sizeof(text), "{\"cognito:username\":\"%s\"}", name);
    need(json_parse(text, strlen(text), &claims) == STATUS_OK, "claims");
    is_number(policy_check(config, claims, name, false, note, sizeof(note)),
              STATUS_OK, "300 characters that are equal");
    name[298] = 'y';
    is_number(policy_check(config, claims, name, false, note, sizeof(note)),
              STATUS_IDENTITY, "and with the last one different");
    ok(strlen(note) == sizeof(note) - 1, "the note is cut to its size");
    json_free(claims);
    config_free(config);
}

int
main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        test_row(&rows[i]);
    test_settings("account_claim=cognito:username", NULL, STATUS_OK);
    test_settings("account_claim=sub", NULL, STATUS_OK);
    test_settings("account_claim=email", NULL, STATUS_OK);
    test_settings("account_claim=phone_number", NULL, STATUS_OK);
    test_settings("account_claim=preferred_username", NULL, STATUS_CONFIG);
    test_settings("account_claim=name", NULL, STATUS_CONFIG);
    test_settings("account_claim=custom:login", NULL, STATUS_CONFIG);
    test_settings("account_claim=Email", NULL, STATUS_CONFIG);
    test_settings("account_claim=preferred_username", "allow_mutable_claim",
                  STATUS_OK);
    test_long_names();
    return done_testing();
}
