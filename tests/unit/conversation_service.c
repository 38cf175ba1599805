/*
 * The property test's service: what a user pool would answer, and in some of
 * the answers something it never would. It keeps no promises; what it sends
 * stands on record, and the oracle judges that.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "conversation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cognito/json.h"

#define MEMBERS_MAX 16
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE_OF(array) ((array)[chance_below(COUNT(array))])

struct member {
    char name[48];
    char *value; /* as JSON */
};

struct part {
    struct member members[MEMBERS_MAX];
    size_t count;
};

/* An answer on its way out. */
struct draft {
    struct part top, parameters, result;
    bool has_parameters, has_result;
    long code;
    bool error_header;
};

static const struct known_challenge known[] = {
    {"SMS_MFA", "SMS_MFA_CODE", .second = true},
    {"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE", .second = true},
    {"EMAIL_OTP", "EMAIL_OTP_CODE", .second = true, .first = true},
    {"SMS_OTP", "SMS_OTP_CODE", .first = true},
    {.name = "SELECT_MFA_TYPE"},
    {.name = "MFA_SETUP"},
    {.name = "NEW_PASSWORD_REQUIRED"},
    {.name = "SELECT_CHALLENGE"},
    {.name = "PASSWORD"},
    {.name = "PASSWORD_SRP"},
    {.name = "PASSWORD_VERIFIER"},
    {.name = "CUSTOM_CHALLENGE"},
    {"WEB_AUTHN", .denied = true},
    {"DEVICE_SRP_AUTH", .denied = true},
    {"DEVICE_PASSWORD_VERIFIER", .denied = true},
    {"ADMIN_NO_SRP_AUTH", .denied = true},
    {"TOMORROWS_CHALLENGE", .denied = true},
    {"", .denied = true},
};

const struct known_challenge *
known_challenge(size_t at)
{
    return at < COUNT(known) ? &known[at] : NULL;
}

const struct known_challenge *
known_named(const char *name)
{
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    return NULL;
}

/* A code that comes after the password, any of them. */
static const char *
second_code(void)
{
    const struct known_challenge *one;

    do
        one = &ONE_OF(known);
    while (!one->second);
    return one->name;
}

static void __attribute__((format(printf, 3, 4)))
put(struct part *part, const char *name, const char *format, ...)
{
    struct member *member = &part->members[part->count];
    va_list arguments;

    if (part->count == MEMBERS_MAX)
        return;
    part->count++;
    snprintf(member->name, sizeof(member->name), "%s", name);
    va_start(arguments, format);
    if (vasprintf(&member->value, format, arguments) < 0)
        abort();
    va_end(arguments);
}

static void
drop(struct part *part, size_t index)
{
    free(part->members[index].value);
    part->members[index] = part->members[--part->count];
}

static void
free_part(struct part *part)
{
    while (part->count > 0)
        drop(part, part->count - 1);
}

/* ---- Honest answers ---- */

static void
put_session(struct draft *draft)
{
    put(&draft->top, "Session", "\"AYABe-session-%08x%08x\"",
        chance_below(UINT32_MAX), chance_below(UINT32_MAX));
}

/* The second factors of somebody who has more than one, as text. */
static void
put_choice(struct part *shown, const char *name)
{
    char list[512] = "";

    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].second && (list[0] == '\0' || chance_percent(70)))
            snprintf(list + strlen(list), sizeof(list) - strlen(list),
                     "%s\\\"%s\\\"", list[0] == '\0' ? "" : ",",
                     known[i].name);
    put(shown, name, "\"[%s]\"", list);
}

static void
put_challenge(struct draft *draft, const char *name)
{
    struct part *shown = &draft->parameters;
    const struct known_challenge *row = known_named(name);
    const char *user = person_names[scene.person];

    put(&draft->top, "ChallengeName", "\"%s\"", name);
    draft->has_parameters = true;
    if (strcmp(name, "PASSWORD_VERIFIER") != 0 || chance_percent(20))
        put_session(draft);
    if (chance_percent(70))
        put(shown, "USER_ID_FOR_SRP", "\"%s%s\"", user,
            chance_percent(20) ? "-canonical" : "");
    if (chance_percent(30))
        put(shown, "USERNAME", "\"%s\"", user);
    if (strcmp(name, "PASSWORD_VERIFIER") == 0) {
        put(shown, "SALT", "\"%s%08x\"", chance_percent(5) ? "-" : "",
            chance_below(UINT32_MAX));
        put(shown, "SRP_B", "\"%08x%08x\"", chance_below(UINT32_MAX),
            chance_below(UINT32_MAX));
        put(shown, "SECRET_BLOCK", "\"%08xAAAA\"", chance_below(UINT32_MAX));
    } else if (strcmp(name, "SELECT_MFA_TYPE") == 0) {
        put_choice(shown,
                   chance_percent(80) ? "MFAS_CAN_CHOOSE" : "MFAS_CAN_SELECT");
    } else if (strcmp(name, "MFA_SETUP") == 0) {
        put(shown, "MFAS_CAN_SETUP", "\"[\\\"SOFTWARE_TOKEN_MFA\\\"%s]\"",
            chance_percent(50) ? ",\\\"EMAIL_OTP\\\"" : "");
    } else if (strcmp(name, "NEW_PASSWORD_REQUIRED") == 0) {
        put(shown, "userAttributes", "\"{\\\"name\\\":\\\"N\\\"}\"");
        put(shown, "requiredAttributes", "\"[%s]\"",
            chance_percent(30) ? "\\\"userAttributes.given_name\\\"" : "");
    } else if (strcmp(name, "SELECT_CHALLENGE") == 0) {
        put(&draft->top, "AvailableChallenges", "[\"WEB_AUTHN\"%s%s%s]",
            chance_percent(70) ? ",\"PASSWORD\"" : "",
            chance_percent(40) ? ",\"PASSWORD_SRP\"" : "",
            chance_percent(60) ? ",\"EMAIL_OTP\",\"SMS_OTP\"" : "");
    } else if (strcmp(name, "CUSTOM_CHALLENGE") == 0) {
        put(shown, "prompt", "\"What is the colour of the door?\"");
    } else if (row != NULL && row->code != NULL) {
        put(shown, "CODE_DELIVERY_DESTINATION", "\"a***@e***\"");
    }
}

static void
put_result(struct draft *draft, enum token_kind kind)
{
    draft->has_result = true;
    put(&draft->result, "AccessToken", "\"%s\"",
        token_text(scene.person, TOKEN_ACCESS));
    put(&draft->result, "IdToken", "\"%s\"", token_text(scene.person, kind));
    put(&draft->result, "RefreshToken", "\"refresh.token\"");
    put(&draft->result, "ExpiresIn", "3600");
    put(&draft->result, "TokenType", "\"Bearer\"");
}

/* At the end of an honest sign-in; not everybody may enter everywhere. */
static void
put_own_result(struct draft *draft)
{
    unsigned int fate = chance_below(100);

    if (fate < 88)
        put_result(draft, TOKEN_GOOD);
    else
        put_result(draft, (enum token_kind) chance_below(
                              fate < 97 ? TOKEN_OK_KINDS : TOKEN_KINDS));
}

static void
put_error(struct draft *draft, const char *type, const char *message)
{
    draft->code = 400;
    put(&draft->top, "__type", "\"%s\"", type);
    put(&draft->top, "message", "\"%s\"", message);
}

static void
put_after_password(struct draft *draft)
{
    static const char *const after[] = {"SELECT_MFA_TYPE", "MFA_SETUP",
                                        "NEW_PASSWORD_REQUIRED"};

    if (chance_percent(25))
        put_own_result(draft);
    else
        put_challenge(draft,
                      chance_percent(50) ? second_code() : ONE_OF(after));
}

static const char *
field(const struct json *fields, const char *name)
{
    const char *text = json_text(fields, name);

    return text == NULL ? "" : text;
}

static void
answer_initiate(struct draft *draft, const struct json *request)
{
    const struct json *fields = json_object(request, "AuthParameters");
    const char *flow = field(request, "AuthFlow");
    const char *preferred = field(fields, "PREFERRED_CHALLENGE");
    bool srp = field(fields, "SRP_A")[0] != '\0';

    if (strcmp(flow, "USER_AUTH") == 0 && srp && chance_percent(30))
        put_challenge(draft, chance_percent(60) ? "SELECT_CHALLENGE"
                                                : "PASSWORD_SRP");
    else if (strcmp(flow, "USER_SRP_AUTH") == 0 || srp)
        put_challenge(draft, "PASSWORD_VERIFIER");
    else if (strcmp(flow, "CUSTOM_AUTH") == 0)
        put_challenge(draft, "CUSTOM_CHALLENGE");
    else if (field(fields, "PASSWORD")[0] != '\0')
        put_after_password(draft);
    else if (preferred[0] != '\0' && chance_percent(70))
        put_challenge(draft, preferred);
    else
        put_challenge(draft, chance_percent(60)   ? "SELECT_CHALLENGE"
                             : chance_percent(50) ? "PASSWORD"
                                                  : "PASSWORD_SRP");
}

static void
answer_respond(struct draft *draft, const struct json *request)
{
    const struct json *fields = json_object(request, "ChallengeResponses");
    const char *name = field(request, "ChallengeName");
    const char *choice = field(fields, "ANSWER");

    if (scene.stuck != NULL) {
        put_challenge(draft, scene.stuck);
    } else if (strcmp(name, "SELECT_MFA_TYPE") == 0) {
        put_challenge(draft, choice);
    } else if (strcmp(name, "SELECT_CHALLENGE") == 0) {
        if (field(fields, "SRP_A")[0] != '\0')
            put_challenge(draft, "PASSWORD_VERIFIER");
        else if (field(fields, "PASSWORD")[0] != '\0' && chance_percent(90))
            put_after_password(draft);
        else
            put_challenge(draft, choice);
    } else if (strcmp(name, "PASSWORD_SRP") == 0) {
        put_challenge(draft, "PASSWORD_VERIFIER");
    } else if (strcmp(name, "PASSWORD") == 0
               || strcmp(name, "NEW_PASSWORD_REQUIRED") == 0) {
        put_after_password(draft);
    } else if (strcmp(name, "PASSWORD_VERIFIER") == 0) {
        if (chance_percent(25))
            put_challenge(draft, "CUSTOM_CHALLENGE");
        else
            put_after_password(draft);
    } else if (strcmp(name, "MFA_SETUP") == 0 && chance_percent(50)) {
        put_challenge(draft, chance_percent(70) ? "EMAIL_OTP" : "SMS_MFA");
    } else if (strcmp(name, "CUSTOM_CHALLENGE") == 0 && chance_percent(50)) {
        put_challenge(draft,
                      chance_percent(80) ? "CUSTOM_CHALLENGE" : second_code());
    } else {
        put_own_result(draft);
    }
}

static void
answer_error(struct draft *draft)
{
    static const struct {
        const char *type;
        const char *message;
    } errors[] = {
        {"CodeMismatchException", "Invalid code or auth state for the user."},
        {"CodeMismatchException", "Invalid code received for user"},
        {"ExpiredCodeException",
         "Your software token has already been used once."},
        {"ExpiredCodeException", "Code expired"},
        {"EnableSoftwareTokenMFAException", "Code mismatch"},
        {"NotAuthorizedException", "Incorrect username or password."},
        {"NotAuthorizedException",
         "Invalid session for the user, session is expired."},
        {"NotAuthorizedException",
         "Invalid session for the user, session can only be used once."},
        {"InvalidPasswordException", "Password not long enough"},
        {"PasswordHistoryPolicyViolationException", "Used before"},
        {"InvalidParameterException", "Invalid attributes given"},
        {"TooManyRequestsException", "Rate exceeded"},
        {"ns#UserNotConfirmedException:x", "User is not confirmed."},
        {"UnheardOfException", "It happened"},
    };
    size_t index = chance_below(COUNT(errors));

    put_error(draft, errors[index].type, errors[index].message);
}

static void
answer_honestly(struct draft *draft, const char *operation,
                const struct json *request)
{
    if (scene.stuck == NULL && chance_percent(9)) {
        answer_error(draft);
    } else if (strcmp(operation, "InitiateAuth") == 0) {
        answer_initiate(draft, request);
    } else if (strcmp(operation, "RespondToAuthChallenge") == 0) {
        answer_respond(draft, request);
    } else if (strcmp(operation, "AssociateSoftwareToken") == 0) {
        put(&draft->top, "SecretCode", "\"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\"");
        if (chance_percent(85))
            put_session(draft);
    } else {
        put(&draft->top, "Status", "\"%s\"",
            chance_percent(80) ? "SUCCESS" : "ERROR");
        if (chance_percent(85))
            put_session(draft);
    }
}

/* ---- Dishonest ones ---- */

/* An error whose words hold something that was sent. */
static bool
echo_one(const char *key, const char *value, void *context)
{
    (void) key;
    if (chance_percent(40) || strpbrk(value, "\"\\") != NULL
        || strlen(value) < 6 || strlen(value) > 80)
        return true;
    put_error(context, "NotAuthorizedException", value);
    return false;
}

static void
put_echo(struct draft *draft, const struct json *request)
{
    const struct json *fields = json_object(request, "ChallengeResponses");

    if (fields == NULL)
        fields = json_object(request, "AuthParameters");
    json_each_text(fields, echo_one, draft);
    if (draft->top.count == 0)
        answer_error(draft);
    if (chance_percent(50))
        free(draft->top.members[0].value),
            draft->top.members[0].value
            = strdup(chance_percent(50) ? "\"InvalidPasswordException\""
                                        : "\"CodeMismatchException\"");
}

/* Something other than the plot wants. */
static void
answer_oddly(struct draft *draft, const struct json *request)
{
    switch (chance_below(6)) {
    case 0:
    case 1:
        put_challenge(draft, ONE_OF(known).name);
        break;
    case 2:
        put_result(draft, (enum token_kind) chance_below(TOKEN_KINDS));
        break;
    case 3:
        put_result(draft, TOKEN_GOOD);
        break;
    case 4:
        put_challenge(draft, ONE_OF(known).name);
        put_result(draft, TOKEN_GOOD);
        break;
    default:
        put_echo(draft, request);
    }
}

static const char *const values[] = {"null",
                                     "\"\"",
                                     "0",
                                     "true",
                                     "[]",
                                     "{}",
                                     "\"x\"",
                                     "[\"SMS_MFA\"]",
                                     "{\"AccessToken\":\"a.b.c\"}",
                                     "\"\\u0000\"",
                                     "\"-\"",
                                     "1e400",
                                     "\"[\\\"SMS_MFA\\\"]\"",
                                     "\"[\"",
                                     "\"{}\"",
                                     "-1"};
static const char *const member_names[] = {"ChallengeName",
                                           "Session",
                                           "ChallengeParameters",
                                           "AuthenticationResult",
                                           "AvailableChallenges",
                                           "__type",
                                           "Status",
                                           "SecretCode",
                                           "AccessToken",
                                           "IdToken",
                                           "challengeName",
                                           "USER_ID_FOR_SRP",
                                           "x"};

static void
mutate_part(struct part *part)
{
    size_t index;

    if (part->count == 0 || chance_percent(10)) {
        put(part, ONE_OF(member_names), "%s", ONE_OF(values));
        return;
    }
    index = chance_below((uint32_t) part->count);
    switch (chance_below(4)) {
    case 0:
        drop(part, index);
        break;
    case 1:
        put(part, part->members[index].name, "%s",
            chance_percent(50) ? part->members[index].value : ONE_OF(values));
        break;
    case 2:
        /* Not a session: under another name it is no secret to anybody. */
        if (strcmp(part->members[index].name, "Session") != 0)
            snprintf(part->members[index].name,
                     sizeof(part->members[index].name), "%s",
                     ONE_OF(member_names));
        break;
    default:
        free(part->members[index].value);
        part->members[index].value = strdup(ONE_OF(values));
    }
}

static void
mutate(struct draft *draft)
{
    static const long codes[] = {200, 201, 204, 302, 400, 403, 429, 500, 503};

    switch (chance_below(7)) {
    case 0:
        draft->code = ONE_OF(codes);
        break;
    case 1:
        draft->error_header = chance_percent(30);
        break;
    case 2:
        put(&draft->top, "ChallengeName", "\"%s\"", ONE_OF(known).name);
        break;
    case 3:
        if (!draft->has_result)
            put_result(draft, TOKEN_GOOD);
        break;
    case 4:
        mutate_part(&draft->parameters);
        break;
    case 5:
        mutate_part(&draft->result);
        break;
    default:
        mutate_part(&draft->top);
    }
}

static void
spoil_bytes(char *text)
{
    size_t length = strlen(text);

    if (length == 0)
        return;
    switch (chance_below(3)) {
    case 0:
        text[chance_below((uint32_t) length)] = '\0';
        break;
    case 1:
        text[chance_below((uint32_t) length)] ^= (char) (1 << chance_below(8));
        break;
    default:
        text[chance_below((uint32_t) length)]
            = (char) ('!' + chance_below(90));
    }
}

/* ---- Writing it ---- */

static char *
print_part(const struct part *part, const char *more)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        abort();
    fputc('{', stream);
    for (size_t i = 0; i < part->count; i++)
        fprintf(stream, "%s\"%s\":%s", i == 0 ? "" : ",",
                part->members[i].name, part->members[i].value);
    fprintf(stream, "%s%s}", part->count > 0 && more[0] != '\0' ? "," : "",
            more);
    fclose(stream);
    return text;
}

static char *
print_draft(const struct draft *draft)
{
    char *parameters = print_part(&draft->parameters, "");
    char *result = print_part(&draft->result, "");
    char *more = NULL, *text;

    if (asprintf(&more, "%s%s%s%s%s",
                 draft->has_parameters ? "\"ChallengeParameters\":" : "",
                 draft->has_parameters ? parameters : "",
                 draft->has_parameters && draft->has_result ? "," : "",
                 draft->has_result ? "\"AuthenticationResult\":" : "",
                 draft->has_result ? result : "")
        < 0)
        abort();
    text = print_part(&draft->top, more);
    free(parameters);
    free(result);
    free(more);
    return text;
}

long
service_answer(const char *operation, const char *request_text,
               struct secret *body_out, bool *error_header_out)
{
    static const char *const other_bodies[]
        = {"", " ", "[]", "null", "<html>no</html>", "{}", "{\"a\":", "true"};
    struct draft draft = {.code = 200};
    struct json *request = NULL;
    char *text;

    if (json_parse(request_text, strlen(request_text), &request) != STATUS_OK)
        abort();
    if (chance_percent(scene.chaos / 3))
        answer_oddly(&draft, request);
    else
        answer_honestly(&draft, operation, request);
    while (chance_percent(scene.chaos / 2))
        mutate(&draft);
    text = print_draft(&draft);
    if (chance_percent(scene.chaos / 5))
        spoil_bytes(text);
    if (chance_percent(scene.chaos / 20)) {
        free(text);
        text = strdup(ONE_OF(other_bodies));
    }
    if (!secret_set_text(body_out, text))
        abort();
    *error_header_out = draft.error_header;
    free(text);
    free_part(&draft.top);
    free_part(&draft.parameters);
    free_part(&draft.result);
    json_free(request);
    return draft.code;
}
