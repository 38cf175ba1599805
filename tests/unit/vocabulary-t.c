/*
 * The table of words: what can be found in it, and what must hold of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/vocabulary.h"

#include <string.h>

#include "tap.h"

static const struct challenge_row *
row_of(unsigned int at)
{
    return vocabulary_challenge((enum challenge) at);
}

static void
test_names(void)
{
    is_number(vocabulary_named("SMS_MFA"), CHALLENGE_SMS_MFA, "a name");
    is_number(vocabulary_named("sms_mfa"), CHALLENGE_UNKNOWN, "letters count");
    is_number(vocabulary_named("SMS_MFA_CODE"), CHALLENGE_UNKNOWN,
              "a field is no challenge");
    is_number(vocabulary_named("email_otp"), CHALLENGE_UNKNOWN,
              "nor is a setting");
    is_number(vocabulary_named(""), CHALLENGE_NONE, "no name");
    is_number(vocabulary_named(NULL), CHALLENGE_NONE, "nothing at all");
    is_number(vocabulary_named("EMAIL_MFA"), CHALLENGE_UNKNOWN,
              "the prose's name is no challenge");
    is_number(vocabulary_offered("EMAIL_MFA"), CHALLENGE_EMAIL_OTP,
              "but may be offered");
    is_number(vocabulary_offered("EMAIL_OTP"), CHALLENGE_EMAIL_OTP,
              "as the other may");
    is_number(vocabulary_offered(NULL), CHALLENGE_NONE, "nothing is offered");
    is_number(vocabulary_factor("sms_otp"), CHALLENGE_SMS_OTP, "a setting");
    is_number(vocabulary_factor(NULL), CHALLENGE_NONE, "that is not set");
    is_number(vocabulary_factor("sms_mfa"), CHALLENGE_UNKNOWN,
              "a second factor is none");
    is_number(vocabulary_method("totp"), CHALLENGE_SOFTWARE_TOKEN_MFA,
              "a word of the tool");
    is_number(vocabulary_method("password"), CHALLENGE_UNKNOWN,
              "a password is no second factor");
}

/* No two rows can be meant by one word. */
static void
test_rows(void)
{
    bool named = true, unique = true, empty = true, coded = true;

    for (unsigned int at = 1; at < CHALLENGE_UNKNOWN; at++) {
        const struct challenge_row *row = row_of(at);

        named = named && row->word != NULL && row->word[0] != '\0';
        unique = unique && named && vocabulary_named(row->word) == at;
        empty = empty && (row->answer == ANSWER_NOTHING) == (row->kinds == 0);
        coded = coded
                && (row->answer != ANSWER_CODE
                    || (row->choice != NULL && row->field != NULL));
    }
    ok(named, "every challenge has a word");
    ok(unique, "of its own");
    ok(empty, "what nothing answers may come nowhere");
    ok(coded, "a code has words for people and a field");
    ok(row_of(CHALLENGE_UNKNOWN)->answer == ANSWER_NOTHING
           && row_of(CHALLENGE_UNKNOWN)->kinds == 0,
       "nothing answers a word that is not known");
}

/* What require_mfa takes: a code after the password, and no other. */
static const struct second_factor {
    enum challenge challenge;
    const char *word, *field, *method, *preference;
} second_factors[] = {
    {CHALLENGE_SOFTWARE_TOKEN_MFA, "SOFTWARE_TOKEN_MFA",
     "SOFTWARE_TOKEN_MFA_CODE", "totp", "SoftwareTokenMfaSettings"},
    {CHALLENGE_SMS_MFA, "SMS_MFA", "SMS_MFA_CODE", "sms", "SMSMfaSettings"},
    {CHALLENGE_EMAIL_OTP, "EMAIL_OTP", "EMAIL_OTP_CODE", "email",
     "EmailMfaSettings"},
};

static const struct second_factor *
second_factor(unsigned int at)
{
    size_t count = sizeof(second_factors) / sizeof(second_factors[0]);

    for (size_t i = 0; i < count; i++)
        if (second_factors[i].challenge == at)
            return &second_factors[i];
    return NULL;
}

static void
test_second_factors(void)
{
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++) {
        const struct challenge_row *row = row_of(at);
        const struct second_factor *wanted = second_factor(at);

        ok(row->second == (wanted != NULL), "%s %s a second factor", row->word,
           wanted != NULL ? "is" : "is not");
        if (wanted == NULL) {
            ok(row->method == NULL && row->preference == NULL,
               "and cannot be preferred");
            continue;
        }
        ok(row->answer == ANSWER_CODE && (row->kinds & NEXT_MFA) != 0,
           "answered by a code, among the second factors");
        is_text(row->word, wanted->word, "its word");
        is_text(row->field, wanted->field, "its field");
        is_text(row->method, wanted->method, "the tool's word");
        is_text(row->preference, wanted->preference, "where it is preferred");
    }
}

static void
test_flows(void)
{
    is_number(vocabulary_flow_named("user_auth"), AUTH_FLOW_CHOICE, "a flow");
    is_number(vocabulary_flow_named("USER_AUTH"), AUTH_FLOW_COUNT,
              "not in the service's words");
    is_number(vocabulary_flow_named(""), AUTH_FLOW_COUNT, "nor without one");
    is_text(vocabulary_flow(AUTH_FLOW_CUSTOM_SRP)->word, "CUSTOM_AUTH",
            "the service's word");
    is_number(vocabulary_flow_base(AUTH_FLOW_CUSTOM_SRP), AUTH_FLOW_CUSTOM,
              "two settings, one flow");
    is_number(vocabulary_flow_base(AUTH_FLOW_CHOICE), AUTH_FLOW_CHOICE,
              "one setting, one flow");
}

static void
test_lists(void)
{
    char list[VOCABULARY_LIST_MAX];

    vocabulary_list(VOCABULARY_FLOWS, ", ", " or ", list);
    is_text(list, "user_password, user_srp, user_auth, custom or custom_srp",
            "auth_flow's words");
    vocabulary_list(VOCABULARY_FACTORS, ", ", " or ", list);
    is_text(list, "password, password_srp, email_otp or sms_otp",
            "preferred_factor's words");
    vocabulary_list(VOCABULARY_METHODS, "|", "|", list);
    is_text(list, "totp|sms|email", "the tool's words");
}

int
main(void)
{
    test_names();
    test_rows();
    test_second_factors();
    test_flows();
    test_lists();
    return done_testing();
}
