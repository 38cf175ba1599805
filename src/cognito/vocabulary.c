/*
 * The table: a word that the service comes to have, or that a setting is
 * given, is a row here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/vocabulary.h"

#include <stdio.h>
#include <string.h>

/*
 * Answered by nothing, so denied by name: passkeys (there is no way to a
 * security key through PAM), devices (no device key is ever sent: a remembered
 * host would take the second factor away from everybody who knows the password
 * there), and the administrator's own, which has no public operation.
 */
/* clang-format off */
static const struct challenge_row challenges[CHALLENGE_COUNT] = {
    [CHALLENGE_NONE] = {"", .kinds = NEXT_RESULT},
    [CHALLENGE_UNKNOWN] = {.word = ""},
    [CHALLENGE_PASSWORD] = {
        "PASSWORD", .answer = ANSWER_PASSWORD, .kinds = NEXT_PASSWORD,
        .next = NEXT_AFTER_PASSWORD, .field = "PASSWORD",
        .setting = "password", .choice = "password"},
    [CHALLENGE_PASSWORD_SRP] = {
        "PASSWORD_SRP", .answer = ANSWER_SRP, .kinds = NEXT_SRP,
        .next = NEXT_VERIFIER, .field = "SRP_A",
        .setting = "password_srp", .choice = "password"},
    [CHALLENGE_SOFTWARE_TOKEN_MFA] = {
        "SOFTWARE_TOKEN_MFA", .answer = ANSWER_CODE, .kinds = NEXT_MFA,
        .next = NEXT_RESULT, .field = "SOFTWARE_TOKEN_MFA_CODE",
        .second = true, .method = "totp",
        .preference = "SoftwareTokenMfaSettings",
        .choice = "authenticator app"},
    [CHALLENGE_SMS_MFA] = {
        "SMS_MFA", .answer = ANSWER_CODE, .kinds = NEXT_MFA,
        .next = NEXT_RESULT, .field = "SMS_MFA_CODE",
        .second = true, .method = "sms", .preference = "SMSMfaSettings",
        .choice = "SMS"},
    [CHALLENGE_EMAIL_OTP] = {
        "EMAIL_OTP", .prose = "EMAIL_MFA", .answer = ANSWER_CODE,
        .kinds = NEXT_MFA | NEXT_FIRST, .next = NEXT_RESULT,
        .field = "EMAIL_OTP_CODE", .second = true, .setting = "email_otp",
        .method = "email", .preference = "EmailMfaSettings",
        .choice = "e-mail"},
    [CHALLENGE_SMS_OTP] = {
        "SMS_OTP", .answer = ANSWER_CODE, .kinds = NEXT_FIRST,
        .next = NEXT_RESULT, .field = "SMS_OTP_CODE", .setting = "sms_otp",
        .choice = "SMS"},
    [CHALLENGE_PASSWORD_VERIFIER] = {
        "PASSWORD_VERIFIER", .answer = ANSWER_VERIFIER,
        .kinds = NEXT_VERIFIER, .next = NEXT_AFTER_PASSWORD | NEXT_CUSTOM},
    [CHALLENGE_NEW_PASSWORD] = {
        "NEW_PASSWORD_REQUIRED", .answer = ANSWER_NEW_PASSWORD,
        .kinds = NEXT_NEW_PASSWORD,
        .next = NEXT_RESULT | NEXT_MFA | NEXT_SET_UP,
        .field = "NEW_PASSWORD"},
    [CHALLENGE_SELECT_FIRST] = {
        "SELECT_CHALLENGE", .answer = ANSWER_FIRST, .kinds = NEXT_SELECT,
        .field = "ANSWER"},
    [CHALLENGE_SELECT_SECOND] = {
        "SELECT_MFA_TYPE", .answer = ANSWER_SECOND, .kinds = NEXT_MFA,
        .next = NEXT_MFA, .field = "ANSWER"},
    [CHALLENGE_SET_UP] = {
        "MFA_SETUP", .answer = ANSWER_SET_UP, .kinds = NEXT_SET_UP,
        .next = NEXT_RESULT | NEXT_MFA},
    [CHALLENGE_CUSTOM] = {
        "CUSTOM_CHALLENGE", .answer = ANSWER_CUSTOM, .kinds = NEXT_CUSTOM,
        .next = NEXT_RESULT | NEXT_CUSTOM | NEXT_VERIFIER | NEXT_MFA
                | NEXT_SET_UP,
        .field = "ANSWER"},
    [CHALLENGE_PASSKEY] = {.word = "WEB_AUTHN"},
    [CHALLENGE_DEVICE_SRP] = {.word = "DEVICE_SRP_AUTH"},
    [CHALLENGE_DEVICE_VERIFIER] = {.word = "DEVICE_PASSWORD_VERIFIER"},
    [CHALLENGE_ADMIN] = {.word = "ADMIN_NO_SRP_AUTH"},
};

static const struct auth_flow_row flows[AUTH_FLOW_COUNT] = {
    [AUTH_FLOW_PASSWORD] = {
        "user_password", "USER_PASSWORD_AUTH", .with = CHALLENGE_PASSWORD,
        .next = NEXT_AFTER_PASSWORD},
    [AUTH_FLOW_SRP] = {
        "user_srp", "USER_SRP_AUTH", .with = CHALLENGE_PASSWORD_SRP,
        .next = NEXT_VERIFIER},
    [AUTH_FLOW_CHOICE] = {
        "user_auth", "USER_AUTH",
        .next = NEXT_SELECT | NEXT_FIRST | NEXT_SRP},
    [AUTH_FLOW_CUSTOM] = {"custom", "CUSTOM_AUTH", .next = NEXT_CUSTOM},
    [AUTH_FLOW_CUSTOM_SRP] = {
        "custom_srp", "CUSTOM_AUTH", .with = CHALLENGE_PASSWORD_SRP,
        .first = "SRP_A", .next = NEXT_VERIFIER},
};
/* clang-format on */

const struct challenge_row *
vocabulary_challenge(enum challenge challenge)
{
    return &challenges[challenge];
}

static bool
is_word(const char *one, const char *other)
{
    return one != NULL && strcmp(one, other) == 0;
}

/* The columns with words that somebody may come with. */
enum column { WORD, PROSE, SETTING, METHOD };

static const char *
cell(const struct challenge_row *row, enum column column)
{
    switch (column) {
    case WORD:
        return row->word;
    case PROSE:
        return row->prose;
    case SETTING:
        return row->setting;
    case METHOD:
        return row->method;
    }
    return NULL;
}

static enum challenge
find(const char *text, enum column column)
{
    unsigned int at = CHALLENGE_NONE;

    if (text == NULL || text[0] == '\0')
        return CHALLENGE_NONE;
    while (at < CHALLENGE_UNKNOWN
           && !is_word(cell(&challenges[at], column), text))
        at++;
    return (enum challenge) at;
}

enum challenge
vocabulary_named(const char *word)
{
    return find(word, WORD);
}

enum challenge
vocabulary_offered(const char *word)
{
    enum challenge challenge = find(word, WORD);

    return challenge == CHALLENGE_UNKNOWN ? find(word, PROSE) : challenge;
}

enum challenge
vocabulary_factor(const char *setting)
{
    return find(setting, SETTING);
}

enum challenge
vocabulary_method(const char *method)
{
    return find(method, METHOD);
}

const struct auth_flow_row *
vocabulary_flow(enum auth_flow flow)
{
    return &flows[flow];
}

enum auth_flow
vocabulary_flow_named(const char *setting)
{
    unsigned int at = 0;

    while (at < AUTH_FLOW_COUNT && !is_word(setting, flows[at].setting))
        at++;
    return (enum auth_flow) at;
}

enum auth_flow
vocabulary_flow_base(enum auth_flow flow)
{
    unsigned int at = 0;

    while (!is_word(flows[at].word, flows[flow].word))
        at++;
    return (enum auth_flow) at;
}

/* The word at that place of a list, or NULL. */
static const char *
word_at(enum vocabulary which, unsigned int at)
{
    if (which == VOCABULARY_FLOWS)
        return at < AUTH_FLOW_COUNT ? flows[at].setting : NULL;
    return cell(&challenges[at],
                which == VOCABULARY_FACTORS ? SETTING : METHOD);
}

void
vocabulary_list(enum vocabulary which, const char *between, const char *last,
                char out[VOCABULARY_LIST_MAX])
{
    size_t count = 0, written = 0, used = 0;

    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++)
        count += word_at(which, at) != NULL;
    out[0] = '\0';
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++) {
        const char *word = word_at(which, at);
        const char *before = written == 0           ? ""
                             : written + 1 == count ? last
                                                    : between;

        if (word == NULL || used >= VOCABULARY_LIST_MAX)
            continue;
        used += (size_t) snprintf(out + used, VOCABULARY_LIST_MAX - used,
                                  "%s%s", before, word);
        written++;
    }
}
