/*
 * The operations, with a scripted stand-in for src/cognito/http.c: what each
 * sends, to the byte, and what it makes of every kind of answer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/api.h"

#include "cognito/http.h"
#include "faults.h"
#include "tap.h"
#include "vectors.h"

#define CLIENT "7c1rkbg6qlh1a5f5bd8v0m3n2p"
#define SECRET "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g6"
/* The first of secret-hash-vectors.json: that secret, alice, that client. */
#define HASH "t0/1+2D4windXDWdVQBkDHjlQCsSjhSug86u1aMpZSA="
#define TOKENS                                                                \
    "{\"AccessToken\":\"A.b.c\",\"IdToken\":\"I.d.e\","                       \
    "\"RefreshToken\":\"R.f.g\",\"ExpiresIn\":3600,\"TokenType\":\"Bearer\"}"

/* ---- The stand-in ---- */

struct http {
    /* What it will answer. */
    enum status start_status;
    enum status status;
    long code;
    const char *body;
    size_t body_length; /* 0: that of the string */
    const char *error_type;
    const char *error_message;
    /* The same for GETs, one after the other. */
    enum status get_status[5];
    long get_code[5];
    const char *get_body[5];
    bool late; /* the answer that was asked for ahead */
    /* The first of them are answered with that instead. */
    unsigned int throttles;
    long throttle_code;
    const char *throttle_body;
    const char *throttle_type;
    unsigned int retry_s;
    unsigned int budget_ms; /* for waiting */
    /* What it was asked. */
    bool started; /* a POST that has not been finished */
    unsigned int drops;
    unsigned int posts;
    unsigned int gets;
    char target[128];
    char sent[8192];
    char path[128];
    char first[8192];      /* the body of the first POST */
    unsigned int repeated; /* POSTs of that very body, the first included */
    unsigned int waits[8]; /* before each of the others, in milliseconds */
};

static struct http http;

static void
fill(struct http_answer *answer, long code, const char *body, size_t length)
{
    answer->code = code;
    need(secret_set(&answer->body, body, length), "memory");
    strcpy(answer->request_id, "id-0001");
    answer->ms = 12;
    answer->date = 1790000000;
}

enum status
http_post_start(struct http *self, const char *target,
                const struct secret *body)
{
    self->posts++;
    self->started = true;
    snprintf(self->target, sizeof self->target, "%s", target);
    snprintf(self->sent, sizeof self->sent, "%s", body->data);
    if (self->posts == 1)
        snprintf(self->first, sizeof self->first, "%s", body->data);
    self->repeated += strcmp(self->sent, self->first) == 0;
    return self->start_status;
}

enum status
http_post_finish(struct http *self, struct http_answer *answer_out)
{
    bool armed = fault_armed;

    fault_armed = false;
    memset(answer_out, 0, sizeof *answer_out);
    need(self->started, "an answer is awaited where nothing was asked");
    self->started = false;
    if (self->posts <= self->throttles) {
        fill(answer_out, self->throttle_code, self->throttle_body,
             strlen(self->throttle_body));
        answer_out->retry_s = self->retry_s;
        if (self->throttle_type != NULL)
            strcpy(answer_out->error_type, self->throttle_type);
        fault_armed = armed;
        return STATUS_OK;
    }
    if (self->status == STATUS_OK) {
        fill(answer_out, self->code, self->body,
             self->body_length == 0 ? strlen(self->body) : self->body_length);
        if (self->error_type != NULL)
            strcpy(answer_out->error_type, self->error_type);
        if (self->error_message != NULL)
            strcpy(answer_out->error_message, self->error_message);
    } else
        strcpy(answer_out->detail, "broken off");
    fault_armed = armed;
    return self->status;
}

bool
http_post_await(struct http *self, int64_t max_age_ms)
{
    need(max_age_ms == 1000, "another age");
    return !self->late;
}

/* Without chance. */
unsigned int
http_turn(const struct http *self, unsigned int repeats, unsigned int retry_s)
{
    (void) self;
    return 100 * (4 - repeats) + 1000 * retry_s;
}

bool
http_pause(struct http *self, unsigned int wait_ms)
{
    unsigned int asked = self->posts + self->gets;

    need(asked >= 1 && asked < 8, "no wait before a request");
    if (wait_ms >= self->budget_ms)
        return false;
    self->budget_ms -= wait_ms;
    self->waits[asked] = wait_ms;
    return true;
}

void
http_post_drop(struct http *self)
{
    self->drops++;
    self->started = false;
}

enum status
http_get(struct http *self, const char *path, struct http_answer *answer_out)
{
    unsigned int turn = self->gets++;

    memset(answer_out, 0, sizeof *answer_out);
    snprintf(self->path, sizeof self->path, "%s", path);
    need(turn < 5, "asked more often than the script is long");
    if (self->get_status[turn] != STATUS_OK)
        return self->get_status[turn];
    fill(answer_out, self->get_code[turn], self->get_body[turn],
         strlen(self->get_body[turn]));
    answer_out->retry_s = self->retry_s;
    return STATUS_OK;
}

void
http_answer_free(struct http_answer *answer)
{
    secret_free(&answer->body);
    memset(answer, 0, sizeof *answer);
}

/* ---- The client ---- */

static struct pool pool = {
    .issuer = "https://cognito-idp.eu-central-1.amazonaws.com/"
              "eu-central-1_Fo0Bar",
    .keys_path = "/eu-central-1_Fo0Bar/.well-known/jwks.json",
};
static struct secret secret;
static struct secret nothing;
static struct cognito client;
static struct cognito_answer answer;

/* A client with a secret, or a public one, and the next answer. */
static void
script(bool confidential, long code, const char *body)
{
    cognito_answer_free(&answer);
    http = (struct http){
        .start_status = STATUS_OK,
        .status = STATUS_OK,
        .get_status = {STATUS_OK, STATUS_OK, STATUS_OK, STATUS_OK, STATUS_OK},
        .budget_ms = 19000,
    };
    http.code = code;
    http.body = body;
    client = (struct cognito){
        .pool = &pool,
        .client_id = CLIENT,
        .client_secret = confidential ? &secret : &nothing,
        .http = &http,
    };
}

static void
sent(const char *operation, const char *body)
{
    char target[128];

    snprintf(target, sizeof target, "AWSCognitoIdentityProviderService.%s",
             operation);
    is_text(http.target, target, "target");
    is_text(http.sent, body, "body");
    ok(http.posts == 1 && client.requests == 1, "sent once");
}

static enum status
initiate(void)
{
    const struct cognito_field fields[] = {
        {"USERNAME", "alice"},
        {"PASSWORD", "Correct-Horse-9!"},
    };

    return cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                 &answer);
}

/* ---- What is sent ---- */

static void
test_initiate(void)
{
    struct json *metadata = json_new();

    script(true, 200, "{\"AuthenticationResult\":" TOKENS "}");
    is_number(initiate(), STATUS_OK, "InitiateAuth");
    sent(
        "InitiateAuth",
        "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"ClientId\":\"" CLIENT
        "\",\"AuthParameters\":{\"USERNAME\":\"alice\",\"SECRET_HASH\":\"" HASH
        "\",\"PASSWORD\":\"Correct-Horse-9!\"}}");
    script(false, 200, "{\"AuthenticationResult\":" TOKENS "}");
    is_number(initiate(), STATUS_OK, "by a public client");
    sent("InitiateAuth",
         "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"ClientId\":\"" CLIENT
         "\",\"AuthParameters\":{\"USERNAME\":\"alice\","
         "\"PASSWORD\":\"Correct-Horse-9!\"}}");
    script(false, 200, "{\"AuthenticationResult\":" TOKENS "}");
    need(metadata != NULL && json_add_text(metadata, "service", "sshd")
             && json_add_text(metadata, "tty", "ssh"),
         "memory");
    client.metadata = metadata;
    client.ip_address = "192.0.2.7";
    client.client_secret = NULL;
    is_number(initiate(), STATUS_OK, "with context");
    sent("InitiateAuth",
         "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"ClientId\":\"" CLIENT
         "\",\"UserContextData\":{\"IpAddress\":\"192.0.2.7\"},"
         "\"ClientMetadata\":{\"service\":\"sshd\",\"tty\":\"ssh\"},"
         "\"AuthParameters\":{\"USERNAME\":\"alice\","
         "\"PASSWORD\":\"Correct-Horse-9!\"}}");
    json_free(metadata);
}

static void
test_respond(void)
{
    const struct cognito_field fields[] = {
        {"USERNAME", "alice"},
        {"SMS_MFA_CODE", "123456"},
    };

    script(true, 200,
           "{\"ChallengeName\":\"SMS_MFA\",\"Session\":\"first session\","
           "\"ChallengeParameters\":{\"USER_ID_FOR_SRP\":\"alice\"}}");
    is_number(initiate(), STATUS_OK, "a challenge");
    http.posts = client.requests = 0;
    http.body = "{\"AuthenticationResult\":" TOKENS "}";
    /* The session stands in the very answer that will be overwritten. */
    is_number(cognito_respond(&client, "SMS_MFA", &answer.session, fields, 2,
                              &answer),
              STATUS_OK, "RespondToAuthChallenge");
    sent("RespondToAuthChallenge",
         "{\"ChallengeName\":\"SMS_MFA\",\"ClientId\":\"" CLIENT
         "\",\"Session\":\"first session\",\"ChallengeResponses\":{"
         "\"USERNAME\":\"alice\",\"SECRET_HASH\":\"" HASH
         "\",\"SMS_MFA_CODE\":\"123456\"}}");
    ok(answer.has_result && answer.challenge[0] == '\0'
           && answer.session.data == NULL,
       "nothing of the old answer is left");
    script(false, 200, "{\"AuthenticationResult\":" TOKENS "}");
    is_number(cognito_respond(&client, "PASSWORD_VERIFIER", &nothing, fields,
                              1, &answer),
              STATUS_OK, "without a session");
    sent("RespondToAuthChallenge",
         "{\"ChallengeName\":\"PASSWORD_VERIFIER\",\"ClientId\":\"" CLIENT
         "\",\"ChallengeResponses\":{\"USERNAME\":\"alice\"}}");
    script(true, 200, "{\"AuthenticationResult\":" TOKENS "}");
    (void) cognito_respond(&client, "X", NULL, fields + 1, 1, &answer);
    sent("RespondToAuthChallenge",
         "{\"ChallengeName\":\"X\",\"ClientId\":\"" CLIENT
         "\",\"ChallengeResponses\":{\"SMS_MFA_CODE\":\"123456\"}}");
}

static void
test_passwords(void)
{
    struct secret token = {0};
    struct secret before = {0};
    struct secret after = {0};

    need(secret_set_text(&token, "A.b.c") && secret_set_text(&before, "old")
             && secret_set_text(&after, "n\"ew"),
         "memory");
    script(true, 200, "");
    is_number(cognito_change_password(&client, &token, &before, &after,
                                      &answer),
              STATUS_OK, "ChangePassword, empty answer");
    sent("ChangePassword", "{\"AccessToken\":\"A.b.c\",\"PreviousPassword\":"
                           "\"old\",\"ProposedPassword\":\"n\\\"ew\"}");
    script(true, 200, "{}");
    is_number(cognito_change_password(&client, &token, &nothing, &after,
                                      &answer),
              STATUS_OK, "an empty secret is an empty text");
    sent("ChangePassword", "{\"AccessToken\":\"A.b.c\",\"PreviousPassword\":"
                           "\"\",\"ProposedPassword\":\"n\\\"ew\"}");
    script(true, 200, "{\"CodeDeliveryDetails\":{\"Destination\":\"a***\"}}");
    is_number(cognito_forgot_password(&client, "alice", &answer), STATUS_OK,
              "ForgotPassword");
    sent("ForgotPassword",
         "{\"ClientId\":\"" CLIENT
         "\",\"Username\":\"alice\",\"SecretHash\":\"" HASH "\"}");
    is_text(json_text(json_object(answer.body, "CodeDeliveryDetails"),
                      "Destination"),
            "a***", "the body is there to be read");
    script(false, 200, "");
    is_number(cognito_forgot_password(&client, "alice", &answer),
              STATUS_UNREADABLE, "which must answer with an object");
    script(true, 200, "{}");
    client.ip_address = "::1";
    is_number(cognito_confirm_forgot_password(&client, "alice", "123456",
                                              &after, &answer),
              STATUS_OK, "ConfirmForgotPassword");
    sent("ConfirmForgotPassword",
         "{\"ClientId\":\"" CLIENT "\",\"Username\":\"alice\","
         "\"UserContextData\":{\"IpAddress\":\"::1\"},\"SecretHash\":\"" HASH
         "\",\"ConfirmationCode\":\"123456\",\"Password\":\"n\\\"ew\"}");
    secret_free(&token);
    secret_free(&before);
    secret_free(&after);
}

static void
test_sign_up(void)
{
    const struct cognito_field attributes[] = {
        {"email", "alice@example.com"},
        {"name", "A"},
    };
    struct secret password = {0};

    need(secret_set_text(&password, "pw"), "memory");
    script(true, 200, "{\"UserConfirmed\":false,\"UserSub\":\"u\"}");
    is_number(cognito_sign_up(&client, "alice", &password, attributes, 2,
                              &answer),
              STATUS_OK, "SignUp");
    sent("SignUp",
         "{\"ClientId\":\"" CLIENT
         "\",\"Username\":\"alice\",\"SecretHash\":\"" HASH
         "\",\"Password\":\"pw\",\"UserAttributes\":[{\"Name\":\"email\","
         "\"Value\":\"alice@example.com\"},{\"Name\":\"name\","
         "\"Value\":\"A\"}]}");
    script(false, 200, "{}");
    is_number(cognito_confirm_sign_up(&client, "alice", "99", &answer),
              STATUS_OK, "ConfirmSignUp");
    sent("ConfirmSignUp",
         "{\"ClientId\":\"" CLIENT
         "\",\"Username\":\"alice\",\"ConfirmationCode\":\"99\"}");
    script(true, 200, "{\"CodeDeliveryDetails\":{}}");
    is_number(cognito_resend_code(&client, "alice", &answer), STATUS_OK,
              "ResendConfirmationCode");
    sent("ResendConfirmationCode",
         "{\"ClientId\":\"" CLIENT
         "\",\"Username\":\"alice\",\"SecretHash\":\"" HASH "\"}");
    secret_free(&password);
}

static void
test_by_token(void)
{
    struct secret token = {0};
    struct secret session = {0};

    need(secret_set_text(&token, "A.b.c") && secret_set_text(&session, "S"),
         "memory");
    script(true, 200, "{\"Username\":\"alice\",\"UserAttributes\":[]}");
    is_number(cognito_get_user(&client, &token, &answer), STATUS_OK,
              "GetUser");
    sent("GetUser", "{\"AccessToken\":\"A.b.c\"}");
    script(true, 200, "{\"SecretCode\":\"ABC\",\"Session\":\"T\"}");
    is_number(cognito_associate_software_token(&client, NULL, &session,
                                               &answer),
              STATUS_OK, "AssociateSoftwareToken by session");
    sent("AssociateSoftwareToken", "{\"Session\":\"S\"}");
    is_text(answer.session.data, "T", "brings the next session");
    script(true, 200, "{\"SecretCode\":\"ABC\"}");
    is_number(cognito_associate_software_token(&client, &token, NULL, &answer),
              STATUS_OK, "by access token");
    sent("AssociateSoftwareToken", "{\"AccessToken\":\"A.b.c\"}");
    script(true, 200, "{\"Status\":\"SUCCESS\",\"Session\":\"U\"}");
    is_number(cognito_verify_software_token(&client, NULL, &session, "123456",
                                            "host", &answer),
              STATUS_OK, "VerifySoftwareToken");
    sent("VerifySoftwareToken", "{\"Session\":\"S\",\"UserCode\":\"123456\","
                                "\"FriendlyDeviceName\":\"host\"}");
    script(true, 200, "{\"Status\":\"SUCCESS\"}");
    (void) cognito_verify_software_token(&client, &token, NULL, "1", NULL,
                                         &answer);
    sent("VerifySoftwareToken",
         "{\"AccessToken\":\"A.b.c\",\"UserCode\":\"1\"}");
    script(true, 200, "{}");
    is_number(cognito_revoke_token(&client, &token, &answer), STATUS_OK,
              "RevokeToken");
    sent("RevokeToken", "{\"Token\":\"A.b.c\",\"ClientId\":\"" CLIENT
                        "\",\"ClientSecret\":\"" SECRET "\"}");
    script(false, 200, "");
    (void) cognito_revoke_token(&client, &token, &answer);
    sent("RevokeToken", "{\"Token\":\"A.b.c\",\"ClientId\":\"" CLIENT "\"}");
    secret_free(&token);
    secret_free(&session);
}

static void
test_prefer_mfa(void)
{
    struct secret token = {0};
    char body[200];

    need(secret_set_text(&token, "A.b.c"), "memory");
    /* vocabulary-t has the words. */
    for (unsigned int at = 0; at < CHALLENGE_COUNT; at++) {
        enum challenge factor = (enum challenge) at;
        const char *member = vocabulary_challenge(factor)->preference;

        if (member == NULL)
            continue;
        script(true, 200, "{}");
        is_number(cognito_prefer_mfa(&client, &token, factor, &answer),
                  STATUS_OK, member);
        snprintf(body, sizeof body,
                 "{\"AccessToken\":\"A.b.c\",\"%s\":{\"Enabled\":true,"
                 "\"PreferredMfa\":true}}",
                 member);
        sent("SetUserMFAPreference", body);
    }
    script(true, 200, "{}");
    is_number(cognito_prefer_mfa(&client, &token, CHALLENGE_SMS_OTP, &answer),
              STATUS_INTERNAL, "a factor that is none");
    is_number(http.posts, 0, "is not sent");
    secret_free(&token);
}

/* ---- What comes back ---- */

static void
is_empty(const char *what)
{
    ok(answer.body == NULL && answer.parameters == NULL
           && answer.challenge[0] == '\0' && !answer.has_result
           && answer.session.data == NULL && answer.id_token.data == NULL
           && answer.access_token.data == NULL
           && answer.refresh_token.data == NULL,
       "%s: nothing to build on", what);
}

static void
test_results(void)
{
    script(false, 200,
           "{\"AuthenticationResult\":" TOKENS
           ",\"ChallengeParameters\":{},\"ChallengeName\":null,"
           "\"Session\":null}");
    is_number(initiate(), STATUS_OK, "tokens");
    ok(answer.has_result && answer.challenge[0] == '\0', "a result, nothing "
                                                         "to do");
    is_text(answer.access_token.data, "A.b.c", "access token");
    is_text(answer.id_token.data, "I.d.e", "ID token");
    is_text(answer.refresh_token.data, "R.f.g", "refresh token");
    is_text(answer.request_id, "id-0001", "request ID");
    ok(answer.http == 200 && answer.ms == 12 && answer.date == 1790000000
           && answer.status == STATUS_OK && answer.error[0] == '\0',
       "what the log wants");
    script(false, 200,
           "{\"ChallengeName\":\"SMS_MFA\",\"Session\":\"S\","
           "\"ChallengeParameters\":{\"USER_ID_FOR_SRP\":\"zo\\u00eb\"},"
           "\"AuthenticationResult\":null}");
    is_number(initiate(), STATUS_OK, "a challenge");
    ok(!answer.has_result, "no result");
    is_text(answer.challenge, "SMS_MFA", "its name");
    is_text(answer.session.data, "S", "its session");
    is_text(json_text(answer.parameters, "USER_ID_FOR_SRP"), "zo\xc3\xab",
            "its parameters");
    script(false, 200, "{\"ChallengeName\":\"PASSWORD_VERIFIER\"}");
    is_number(initiate(), STATUS_OK, "a challenge without anything");
    ok(answer.parameters == NULL && answer.session.data == NULL,
       "has neither session nor parameters");
    script(false, 200,
           "{\"ChallengeName\":\"SMS_MFA\",\"Session\":\"S\","
           "\"AuthenticationResult\":" TOKENS "}");
    is_number(initiate(), STATUS_OK, "both");
    ok(answer.has_result, "a result");
    is_text(answer.challenge, "SMS_MFA", "and a challenge");
    script(false, 200, "{\"AuthenticationResult\":{\"AccessToken\":\"A\"}}");
    is_number(initiate(), STATUS_OK, "an access token alone");
    ok(answer.has_result && answer.id_token.data == NULL, "has no ID token");
    script(false, 200,
           "{\"ChallengeName\":\"SMS_MFA\","
           "\"AuthenticationResult\":{\"AccessToken\":\"\"}}");
    is_number(initiate(), STATUS_OK, "a challenge and an empty token");
    ok(!answer.has_result, "is no result");
}

static void
test_unreadable(void)
{
    static const char *const bodies[] = {
        "",
        " ",
        "{}",
        "[]",
        "null",
        "true",
        "\"AuthenticationResult\"",
        "<html></html>",
        "{\"AuthenticationResult\":{}}",
        "{\"AuthenticationResult\":null}",
        "{\"AuthenticationResult\":\"x\"}",
        "{\"AuthenticationResult\":true}",
        "{\"AuthenticationResult\":[" TOKENS "]}",
        "{\"AuthenticationResult\":{\"AccessToken\":null}}",
        "{\"AuthenticationResult\":{\"AccessToken\":\"\"}}",
        "{\"AuthenticationResult\":{\"AccessToken\":1}}",
        "{\"AuthenticationResult\":{\"IdToken\":\"I\"}}",
        "{\"AuthenticationResult\":{\"AccessToken\":\"A\",\"IdToken\":[]}}",
        "{\"AuthenticationResult\":{\"AccessToken\":\"A\","
        "\"RefreshToken\":{}}}",
        "{\"AuthenticationResult\\u0000evil\":" TOKENS "}",
        "{\"AuthenticationResult\":" TOKENS ",\"AuthenticationResult\":" TOKENS
        "}",
        "{\"AuthenticationResult\":" TOKENS "",
        "{\"AuthenticationResult\":" TOKENS "}}",
        "{'AuthenticationResult':" TOKENS "}",
        "{\"authenticationresult\":" TOKENS "}",
        "{\"ChallengeName\":\"\"}",
        "{\"ChallengeName\":null}",
        "{\"ChallengeName\":1,\"AuthenticationResult\":" TOKENS "}",
        "{\"ChallengeName\":[],\"AuthenticationResult\":" TOKENS "}",
        "{\"ChallengeName\":\"X\",\"ChallengeParameters\":[]}",
        "{\"ChallengeName\":\"X\",\"ChallengeParameters\":\"{}\"}",
        "{\"ChallengeName\":\"X\",\"Session\":1}",
        "{\"ChallengeName\":"
        "\"0123456789012345678901234567890123456789012345678901234567890123"
        "\",\"AuthenticationResult\":" TOKENS "}",
    };

    static const char *const said[][2] = {
        {"", "the answer is empty"},
        {"{}", "the answer holds neither a result nor a challenge"},
        {"{\"Session\":\"s\"}",
         "the answer holds neither a result nor a challenge"},
        {"{\"AuthenticationResult\":{}}",
         "the answer lacks what it must hold, or holds it in another form"},
        {"{\"ChallengeName\":1}",
         "the answer lacks what it must hold, or holds it in another form"},
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        script(true, 200, bodies[i]);
        is_number(initiate(), STATUS_UNREADABLE, bodies[i]);
        is_empty(bodies[i]);
        ok(strncmp(answer.message, "the answer ", 11) == 0,
           "and it is said why: %s", answer.message);
    }
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        script(true, 200, said[i][0]);
        is_number(initiate(), STATUS_UNREADABLE, said[i][0]);
        is_text(answer.message, said[i][1], "why");
    }
    script(true, 200, "{}\0{}");
    http.body_length = 5;
    is_number(initiate(), STATUS_UNREADABLE, "a NUL in the answer");
}

static void
test_errors(void)
{
    static const struct {
        long code;
        const char *body;
        const char *error_type;
        const char *error_message;
        enum status status;
        const char *error;
        const char *message;
    } cases[] = {
        {400,
         "{\"__type\":\"NotAuthorizedException\",\"message\":\"Incorrect "
         "username or password.\"}",
         "NotAuthorizedException:", "Incorrect username or password.",
         STATUS_WRONG_PASSWORD, "NotAuthorizedException",
         "Incorrect username or password."},
        {400,
         "{\"__type\":\"com.amazonaws#UserNotFoundException\","
         "\"Message\":\"User does not exist.\"}",
         NULL, NULL, STATUS_NO_USER, "UserNotFoundException",
         "User does not exist."},
        {400,
         "{\"code\":\"UserNotConfirmedException\",\"errorMessage\":\"m\"}",
         NULL, NULL, STATUS_NOT_CONFIRMED, "UserNotConfirmedException", "m"},
        {400, "", "PasswordResetRequiredException:", "words",
         STATUS_RESET_REQUIRED, "PasswordResetRequiredException", "words"},
        {400, "{\"__type\":null,\"message\":null}", "TooManyRequestsException",
         "", STATUS_THROTTLED, "TooManyRequestsException", ""},
        {400, "{\"__type\":7,\"message\":{}}", "CodeMismatchException", NULL,
         STATUS_WRONG_CODE, "CodeMismatchException", ""},
        {400, "no JSON", "ns#LimitExceededException:http://x/", NULL,
         STATUS_LIMIT, "LimitExceededException", ""},
        {400, "no JSON", NULL, NULL, STATUS_PROTOCOL, "", ""},
        {400, "{}", NULL, NULL, STATUS_PROTOCOL, "", ""},
        {400, "{\"__type\":\"BrandNewException\"}", NULL, NULL,
         STATUS_UNKNOWN_ERROR, "BrandNewException", ""},
        {400, "{\"AuthenticationResult\":" TOKENS "}", NULL, NULL,
         STATUS_PROTOCOL, "", ""},
        {403,
         "{\"__type\":\"ForbiddenException\",\"message\":\"Request not "
         "allowed due to WAF block.\"}",
         NULL, NULL, STATUS_BLOCKED, "ForbiddenException",
         "Request not allowed due to WAF block."},
        {403, "<html>blocked</html>", NULL, NULL, STATUS_BLOCKED, "", ""},
        {429, "", NULL, NULL, STATUS_THROTTLED, "", ""},
        {500, "<html></html>", NULL, NULL, STATUS_SERVER, "", ""},
        {502, "{}", NULL, NULL, STATUS_SERVER, "", ""},
        {500, "{\"__type\":\"CognitoLocal#Unsupported\"}", NULL, NULL,
         STATUS_SERVER, "Unsupported", ""},
        {307, "", NULL, NULL, STATUS_PROTOCOL, "", ""},
        {204, "", NULL, NULL, STATUS_UNREADABLE, "", ""},
        {201, "{\"AuthenticationResult\":" TOKENS "}", NULL, NULL,
         STATUS_UNREADABLE, "", ""},
        /* HTTP 200 does not make an error a success. */
        {200,
         "{\"__type\":\"NotAuthorizedException\","
         "\"AuthenticationResult\":" TOKENS "}",
         NULL, NULL, STATUS_WRONG_PASSWORD, "NotAuthorizedException", ""},
        {200, "{\"__type\":5,\"AuthenticationResult\":" TOKENS "}", NULL, NULL,
         STATUS_UNREADABLE, "", ""},
        {200, "{\"AuthenticationResult\":" TOKENS "}", "InternalFailure", NULL,
         STATUS_SERVER, "InternalFailure", ""},
        {400,
         "{\"__type\":\"NotAuthorizedException\","
         "\"message\":\"a\\u001b[31m\\u202e%n\\nb\"}",
         NULL, NULL, STATUS_WRONG_PASSWORD, "NotAuthorizedException",
         "a?[31m?%n?b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script(true, cases[i].code, cases[i].body);
        http.error_type = cases[i].error_type;
        http.error_message = cases[i].error_message;
        is_text(status_word(initiate()), status_word(cases[i].status),
                cases[i].body);
        is_text(answer.error, cases[i].error, "code");
        is_text(answer.message, cases[i].message, "message");
        ok(answer.http == cases[i].code && answer.status == cases[i].status,
           "HTTP %ld", cases[i].code);
        is_empty("an error");
    }
}

/* Operations whose answer is empty take an error for an error, too. */
static void
test_errors_of_empty(void)
{
    struct secret token = {0};

    need(secret_set_text(&token, "t"), "memory");
    script(true, 200, "{\"__type\":\"NotAuthorizedException\"}");
    is_number(cognito_change_password(&client, &token, &token, &token,
                                      &answer),
              STATUS_WRONG_PASSWORD, "HTTP 200 with an error");
    script(true, 200, "junk");
    is_number(cognito_change_password(&client, &token, &token, &token,
                                      &answer),
              STATUS_UNREADABLE, "HTTP 200 with junk");
    script(true, 200, "[]");
    is_number(cognito_change_password(&client, &token, &token, &token,
                                      &answer),
              STATUS_UNREADABLE, "HTTP 200 with an array");
    script(true, 500, "");
    is_number(cognito_change_password(&client, &token, &token, &token,
                                      &answer),
              STATUS_SERVER, "HTTP 500 without a body");
    secret_free(&token);
}

static void
test_echoes(void)
{
    static const struct {
        const char *message;
        bool kept;
        const char *what;
    } cases[] = {
        {HASH, false, "the hash that was sent"},
        {"hash " HASH " is wrong", false, "the hash among words"},
        {"Value 'Correct-Horse-9!' is wrong", false, "the password"},
        {"user alice is unknown", true, "the user name"},
        {"client " CLIENT " is unknown", true, "the client ID"},
        {"Incorrect username or password.", true, "what it always says"},
        {"Incorrect username or password", true, "without its full stop"},
        {"Incorrect username or password: Correct-Horse-9!", false,
         "the password behind it"},
    };
    const struct cognito_field fields[] = {
        {"USERNAME", "alice"},
        {"PASSWORD", "password"},
    };
    struct secret session = {0};
    char body[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(body, sizeof body,
                 "{\"__type\":\"NotAuthorizedException\",\"message\":\"%s\"}",
                 cases[i].message);
        script(true, 400, body);
        is_number(initiate(), STATUS_WRONG_PASSWORD, cases[i].what);
        is_text(answer.message,
                cases[i].kept ? cases[i].message
                              : "(withheld: repeats what was sent)",
                cases[i].kept ? "is kept" : "is withheld");
    }
    script(true, 400,
           "{\"__type\":\"NotAuthorizedException\",\"message\":"
           "\"Incorrect username or password.\"}");
    (void) cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                 &answer);
    is_text(answer.message, "Incorrect username or password.",
            "nobody learns that the password is \"password\"");
    need(secret_set_text(&session, "the session"), "memory");
    script(true, 400,
           "{\"__type\":\"ResourceNotFoundException\",\"message\":"
           "\"the session\"}");
    (void) cognito_respond(&client, "SMS_MFA", &session, fields, 1, &answer);
    is_text(answer.message, "(withheld: repeats what was sent)",
            "a session is withheld");
    script(true, 400,
           "{\"__type\":\"CodeMismatchException\",\"message\":"
           "\"123456 is wrong\"}");
    (void) cognito_confirm_sign_up(&client, "alice", "123456", &answer);
    is_text(answer.message, "(withheld: repeats what was sent)",
            "a code is withheld");
    secret_free(&session);
}

/* The names in an answer are logged, too. */
static void
test_echoes_in_names(void)
{
    static const struct {
        const char *password;
        const char *name;
        bool kept;
    } cases[] = {
        {"Horse9", "CUSTOM_Horse9_CHALLENGE", false},
        {"CHALLENGE", "CUSTOM_CHALLENGE", true},
        {"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", true},
        {"CHALLENGE", "ANOTHER_CHALLENGE", false},
        {"Horse9", "ANOTHER_CHALLENGE", true},
    };
    static const struct {
        const char *password;
        const char *code;
        bool kept;
    } errors[] = {
        {"Horse9", "Horse9Exception", false},
        {"NotAuthorized", "NotAuthorizedException", true},
        {"Horse9", "BrandNewException", true},
    };
    struct cognito_field fields[] = {{"USERNAME", "alice"},
                                     {"PASSWORD", NULL}};
    struct secret typed = {(char *) "Horse9", 6};
    char body[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fields[1].value = cases[i].password;
        snprintf(body, sizeof body,
                 "{\"ChallengeName\":\"%s\",\"Session\":\"s\"}",
                 cases[i].name);
        script(true, 200, body);
        is_number(cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                        &answer),
                  cases[i].kept ? STATUS_OK : STATUS_UNREADABLE,
                  cases[i].name);
        is_text(answer.challenge, cases[i].kept ? cases[i].name : "",
                cases[i].kept ? "is kept" : "is not repeated");
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        fields[1].value = errors[i].password;
        snprintf(body, sizeof body, "{\"__type\":\"%s\"}", errors[i].code);
        script(true, 400, body);
        (void) cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                     &answer);
        is_text(answer.error, errors[i].kept ? errors[i].code : "",
                errors[i].kept ? "the code is kept" : "the code is withheld");
    }
    script(true, 400,
           "{\"__type\":\"OtherException\",\"message\":"
           "\"it was Horse9 before\"}");
    client.typed = &typed;
    (void) cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 1,
                                 &answer);
    is_text(answer.message, "(withheld: repeats what was sent)",
            "what was typed before is withheld");
    client.typed = NULL;
    fields[1].value = "id-0001";
    script(true, 400, "{}");
    (void) cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                 &answer);
    is_text(answer.request_id, "", "a request ID that repeats it is not kept");
}

static void
test_transport(void)
{
    static const enum status faults[] = {
        STATUS_DNS,     STATUS_CONNECT,   STATUS_TLS,
        STATUS_TIMEOUT, STATUS_TRANSPORT, STATUS_MEMORY,
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        script(true, 200, "{\"AuthenticationResult\":" TOKENS "}");
        http.status = faults[i];
        is_number(initiate(), faults[i], status_word(faults[i]));
        is_text(answer.message, "broken off", "says what broke");
        is_empty("no answer");
        is_number(http.posts, 1, "and is not repeated");
    }
}

/* InitiateAuth while the person types. */
static void
test_ahead(void)
{
    const struct cognito_field fields[] = {
        {"USERNAME", "alice"},
        {"SRP_A", "abc"},
    };

    script(true, 200, "{\"ChallengeName\":\"PASSWORD_VERIFIER\"}");
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_UNAVAILABLE,
              "nothing was sent ahead");
    is_number(cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2),
              STATUS_OK, "sent ahead");
    sent(
        "InitiateAuth",
        "{\"AuthFlow\":\"USER_SRP_AUTH\",\"ClientId\":\"" CLIENT
        "\",\"AuthParameters\":{\"USERNAME\":\"alice\",\"SECRET_HASH\":\"" HASH
        "\",\"SRP_A\":\"abc\"}}");
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_OK,
              "taken in time");
    is_text(answer.challenge, "PASSWORD_VERIFIER", "with its challenge");
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_UNAVAILABLE,
              "but once only");
    ok(answer.challenge[0] == '\0', "and nothing of it is left");
    script(true, 200, "{\"ChallengeName\":\"PASSWORD_VERIFIER\"}");
    (void) cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2);
    http.late = true;
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_UNAVAILABLE,
              "too old");
    ok(http.drops == 1 && answer.challenge[0] == '\0', "is thrown away");
    script(true, 200, "{}");
    http.start_status = STATUS_TIMEOUT;
    is_number(cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2),
              STATUS_TIMEOUT, "not sent");
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_UNAVAILABLE,
              "is as if it had not been tried");
    script(true, 400, "{\"__type\":\"UserNotConfirmedException\"}");
    (void) cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2);
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_NOT_CONFIRMED,
              "an error is one, also ahead");
    script(true, 400, "{\"__type\":\"TooManyRequestsException\"}");
    (void) cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2);
    is_number(cognito_take_ahead(&client, 1000, &answer), STATUS_THROTTLED,
              "and so is throttling");
    ok(http.posts == 1 && client.requests == 1,
       "which is not sent again before anybody knows whether it is wanted");
    (void) cognito_initiate_ahead(&client, AUTH_FLOW_SRP, fields, 2);
    cognito_close(&client);
    ok(client.ahead == NULL, "what nobody took is given up at the end");
}

/* ---- What the service did not process ---- */

#define THROTTLE "{\"__type\":\"TooManyRequestsException\"}"
#define CODE(code) "{\"__type\":\"" code "\",\"message\":\"Rate exceeded\"}"

struct repeats {
    unsigned int count;
    unsigned int waited_ms;
    char operation[64];
};

static void
repeat(void *repeater, const char *operation, unsigned int waited_ms)
{
    struct repeats *repeats = repeater;

    repeats->count++;
    repeats->waited_ms += waited_ms;
    snprintf(repeats->operation, sizeof repeats->operation, "%s", operation);
}

static void
throttle(unsigned int times, const char *body)
{
    script(true, 200, "{\"AuthenticationResult\":" TOKENS "}");
    http.throttles = times;
    http.throttle_code = 400;
    http.throttle_body = body;
}

/* Sent how often in all, the same each time; what comes of it in the end. */
static void
repeated(unsigned int posts, enum status status, const char *what)
{
    is_text(status_word(initiate()), status_word(status), what);
    ok(http.posts == posts && http.repeated == posts
           && client.requests == posts,
       "%s: sent %u times (%u)", what, posts, http.posts);
    ok(answer.has_result == (status == STATUS_OK), "%s: %s result", what,
       status == STATUS_OK ? "a" : "no");
}

static void
test_throttled(void)
{
    struct repeats repeats = {0};

    for (unsigned int times = 1; times <= 3; times++) {
        throttle(times, THROTTLE);
        repeated(times + 1, STATUS_OK, "throttled, then accepted");
        is_number(answer.ms, 12 * (times + 1), "with the time that all took");
    }
    ok(http.waits[1] == 100 && http.waits[2] == 200 && http.waits[3] == 300,
       "each wait by the number of tries");
    throttle(9, THROTTLE);
    client.repeat = repeat;
    client.repeater = &repeats;
    repeated(4, STATUS_THROTTLED, "throttled a fourth time");
    ok(repeats.count == 3 && repeats.waited_ms == 600,
       "each repeat is told of, and the verdict is none");
    is_text(repeats.operation, "InitiateAuth", "with the operation");
    throttle(1, THROTTLE);
    http.throttle_code = 429;
    repeated(2, STATUS_OK, "as HTTP 429");
    throttle(1, CODE("com.amazonaws#TooManyRequestsException:http://x/"));
    repeated(2, STATUS_OK, "with a namespace");
    throttle(1, THROTTLE);
    http.body = CODE("NotAuthorizedException");
    http.code = 400;
    repeated(2, STATUS_WRONG_PASSWORD, "throttled, then refused");
    throttle(1, THROTTLE);
    http.status = STATUS_TRANSPORT;
    repeated(2, STATUS_TRANSPORT, "throttled, then broken off");
    /* What the service says it did not see may be its own password, too. */
    throttle(1, CODE("TooManyRequestsException"));
    http.throttle_type = "SomeOtherException";
    repeated(2, STATUS_OK, "the body's word counts, not a header's");
}

/* How long a wait may be. */
static void
test_throttled_in_time(void)
{
    struct repeats repeats = {0};

    throttle(1, THROTTLE);
    http.retry_s = 7;
    repeated(2, STATUS_OK, "with Retry-After");
    is_number(http.waits[1], 7100, "which is waited for");
    throttle(1, THROTTLE);
    http.retry_s = 19;
    client.repeat = repeat;
    client.repeater = &repeats;
    repeated(1, STATUS_THROTTLED, "with a Retry-After beyond the deadline");
    is_number(repeats.count, 0, "nothing is told");
    throttle(3, THROTTLE);
    http.budget_ms = 301;
    repeated(3, STATUS_THROTTLED, "no time for a third wait");
    throttle(1, THROTTLE);
    http.budget_ms = 50;
    repeated(1, STATUS_THROTTLED, "a deadline before the first");
}

/* Whatever else is said may be about a request that counts. */
static void
test_never_again(void)
{
    static const struct {
        long code;
        const char *body;
        const char *error_type;
        enum status status;
    } rows[] = {
        {429, "", NULL, STATUS_THROTTLED},
        {429, "{}", NULL, STATUS_THROTTLED},
        {429, "<html>slow down</html>", NULL, STATUS_THROTTLED},
        {429, "", "TooManyRequestsException:", STATUS_THROTTLED},
        {400, "", "TooManyRequestsException:", STATUS_THROTTLED},
        {400, "{\"__type\":null}", "TooManyRequestsException",
         STATUS_THROTTLED},
        {400, "{\"code\":\"TooManyRequestsException\"}", NULL,
         STATUS_THROTTLED},
        {400, CODE("LimitExceededException"), NULL, STATUS_LIMIT},
        {429, CODE("LimitExceededException"), NULL, STATUS_LIMIT},
        {400, CODE("LimitExceededException"), "TooManyRequestsException",
         STATUS_LIMIT},
        {400, CODE("TooManyFailedAttemptsException"), NULL, STATUS_LIMIT},
        {400, CODE("ThrottlingException"), NULL, STATUS_THROTTLED},
        {429, CODE("ThrottlingException"), NULL, STATUS_THROTTLED},
        {400, CODE("Throttling"), NULL, STATUS_THROTTLED},
        {400, CODE("ServiceQuotaExceededException"), NULL, STATUS_THROTTLED},
        {400, CODE("TooManyRequests"), NULL, STATUS_UNKNOWN_ERROR},
        {400, CODE("toomanyrequestsexception"), NULL, STATUS_UNKNOWN_ERROR},
        {400, CODE("NotAuthorizedException"), NULL, STATUS_WRONG_PASSWORD},
        {403, CODE("TooManyRequestsException"), NULL, STATUS_THROTTLED},
        {500, CODE("TooManyRequestsException"), NULL, STATUS_THROTTLED},
        {503, CODE("TooManyRequestsException"), NULL, STATUS_THROTTLED},
        {200,
         "{\"__type\":\"TooManyRequestsException\","
         "\"AuthenticationResult\":" TOKENS "}",
         NULL, STATUS_THROTTLED},
        {500, CODE("InternalErrorException"), NULL, STATUS_SERVER},
        {503, CODE("ServiceUnavailable"), NULL, STATUS_SERVER},
        {503, "", NULL, STATUS_SERVER},
        {403, "<html>blocked</html>", NULL, STATUS_BLOCKED},
        {200, "{}", NULL, STATUS_UNREADABLE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        throttle(1, rows[i].body);
        http.throttle_code = rows[i].code;
        http.throttle_type = rows[i].error_type;
        repeated(1, rows[i].status, rows[i].body);
    }
}

struct observed {
    unsigned int count;
    char operation[64];
    enum status status;
    long http;
    char message[208];
};

static void
observe(void *observer, const char *operation,
        const struct cognito_answer *seen)
{
    struct observed *observed = observer;

    observed->count++;
    snprintf(observed->operation, sizeof observed->operation, "%s", operation);
    observed->status = seen->status;
    observed->http = seen->http;
    snprintf(observed->message, sizeof observed->message, "%s", seen->message);
}

static void
test_observer(void)
{
    struct observed observed = {0};
    struct secret token = {0};
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";

    script(true, 403, "");
    client.observe = observe;
    client.observer = &observed;
    (void) initiate();
    is_text(observed.operation, "InitiateAuth", "an exchange is told of");
    ok(observed.count == 1 && observed.status == STATUS_BLOCKED
           && observed.http == 403,
       "once, with what came of it");
    http.status = STATUS_TLS;
    (void) initiate();
    is_text(observed.message, "broken off", "and with a fault's words");
    (void) cognito_prefer_mfa(&client, &secret, CHALLENGE_UNKNOWN, &answer);
    is_number(observed.count, 2, "nothing is told of what was not sent");
    throttle(2, THROTTLE);
    client.observe = observe;
    client.observer = &observed;
    (void) initiate();
    is_number(observed.count, 5, "each of three exchanges is told of");
    need(secret_set_text(&token, "a.b.c"), "memory");
    http.get_status[0] = STATUS_DNS;
    (void) cognito_check_id_token(&client, &token, 0, &claims, why);
    is_text(observed.operation, "jwks", "the keys are told of, too");
    is_number(observed.status, STATUS_DNS, "with their own status");
    secret_free(&token);
}

/* ---- Keys ---- */

/* The first of the answers are that, the next one has the keys. */
static void
refuse_keys(unsigned int times, long code, const char *body, const char *keys)
{
    script(false, 200, "");
    for (unsigned int i = 0; i < 5; i++) {
        http.get_code[i] = i < times ? code : 200;
        http.get_body[i] = i < times ? body : keys;
    }
}

static void
asked_for_keys(const struct secret *token, unsigned int gets,
               enum status status, const char *what)
{
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";

    is_text(status_word(cognito_check_id_token(&client, token, 1790000000,
                                               &claims, why)),
            status_word(status), what);
    is_number(http.gets, gets, what);
    json_free(claims);
    cognito_close(&client);
}

/* Who was accepted by the pool is not refused for a server that is busy. */
static void
test_busy_keys(const struct secret *token, const char *keys)
{
    static const struct {
        unsigned int times;
        long code;
        const char *body;
        unsigned int gets;
        enum status status;
        const char *what;
    } busy[] = {
        {5, 503, "", 4, STATUS_KEYS, "a fourth time"},
        {1, 429, "", 2, STATUS_OK, "HTTP 429, a proxy's too"},
        {1, 400, THROTTLE, 2, STATUS_OK, "HTTP 400 with the error's name"},
        {1, 400, "{\"message\":\"no\"}", 1, STATUS_KEYS,
         "HTTP 400 with another"},
        {1, 400, "[\"TooManyRequestsException\"]", 1, STATUS_KEYS,
         "HTTP 400 with no object"},
        {1, 500, "", 1, STATUS_KEYS, "HTTP 500"},
        {1, 200, THROTTLE, 1, STATUS_KEYS, "HTTP 200 with something else"},
    };
    struct repeats repeats = {0};

    refuse_keys(3, 503, "", keys);
    client.repeat = repeat;
    client.repeater = &repeats;
    asked_for_keys(token, 4, STATUS_OK, "HTTP 503, three times");
    ok(http.waits[1] == 100 && http.waits[2] == 200 && http.waits[3] == 300
           && repeats.count == 3,
       "waits as for a POST, each told of");
    is_text(repeats.operation, "jwks", "by name");
    for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
        refuse_keys(busy[i].times, busy[i].code, busy[i].body, keys);
        asked_for_keys(token, busy[i].gets, busy[i].status, busy[i].what);
    }
    refuse_keys(1, 503, "", keys);
    http.retry_s = 7;
    asked_for_keys(token, 2, STATUS_OK, "with Retry-After");
    is_number(http.waits[1], 7100, "which is waited for");
    refuse_keys(1, 503, "", keys);
    http.retry_s = 20;
    asked_for_keys(token, 1, STATUS_KEYS, "no time for what is asked for");
}

static void
test_keys(void)
{
    struct json *file = read_vectors("id-token.json");
    const struct json *jwks = json_object(file, "jwks");
    struct secret keys = {0};
    struct secret token = {0};
    struct json *claims = NULL;
    char why[JWT_WHY_SIZE] = "";
    char others[2048];
    char *at;
    const int64_t now = 1790000000;

    need(json_print(jwks, &keys) && keys.length < sizeof others
             && secret_set_text(&token, json_text(file, "token")),
         "memory");
    /* The same keys under names that no token has. */
    strcpy(others, keys.data);
    while ((at = strstr(others, "kid-")) != NULL)
        memcpy(at, "gone", 4);

    script(false, 200, "");
    http.get_code[0] = 200;
    http.get_body[0] = keys.data;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_OK, "keys are fetched");
    is_text(json_text(claims, "cognito:username"), "zo\xc3\xab", "claims");
    is_text(http.path, pool.keys_path, "from where the pool has them");
    json_free(claims);
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_OK, "and kept");
    is_number(http.gets, 1, "for the next token");
    json_free(claims);
    cognito_close(&client);
    ok(client.keys == NULL, "until the client is closed");

    script(false, 200, "");
    http.get_code[0] = http.get_code[1] = 200;
    http.get_body[0] = others;
    http.get_body[1] = keys.data;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_OK, "a rotated key is fetched");
    is_number(http.gets, 2, "by asking once more");
    json_free(claims);
    cognito_close(&client);

    script(false, 200, "");
    http.get_code[0] = http.get_code[1] = 200;
    http.get_body[0] = http.get_body[1] = others;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_TOKEN, "a key that the pool does not publish");
    is_text(why, "kid", "kid");
    ok(claims == NULL && http.gets == 2, "asked twice, no claims");
    cognito_close(&client);

    script(false, 200, "");
    http.get_status[0] = STATUS_TIMEOUT;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "no answer");
    ok(claims == NULL && http.gets == 1 && why[0] != '\0', "%s", why);
    script(false, 200, "");
    http.get_code[0] = 404;
    http.get_body[0] = keys.data;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "HTTP 404");
    script(false, 200, "");
    http.get_code[0] = 200;
    http.get_body[0] = "";
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "an empty answer");
    script(false, 200, "");
    http.get_code[0] = 200;
    http.get_body[0] = "{\"keys\":[]}";
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "no keys in it");

    test_busy_keys(&token, keys.data);

    script(false, 200, "");
    client.keys_pinned = true;
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "pinned, but none");
    need(jwt_keys_parse(others, strlen(others), &client.keys) == STATUS_OK,
         "the others' keys");
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_KEYS, "pinned keys that lack the kid");
    is_number(http.gets, 0, "are never fetched");
    cognito_close(&client);

    script(false, 200, "");
    http.get_code[0] = 200;
    http.get_body[0] = keys.data;
    is_number(cognito_check_id_token(&client, &token, now + 7200, &claims,
                                     why),
              STATUS_TOKEN, "an expired token");
    is_text(why, "exp", "exp");
    client.client_id = "another";
    is_number(cognito_check_id_token(&client, &token, now, &claims, why),
              STATUS_TOKEN, "another client's token");
    is_text(why, "aud", "aud");
    is_number(cognito_check_id_token(&client, &nothing, now, &claims, why),
              STATUS_TOKEN, "no token");
    cognito_close(&client);
    secret_free(&keys);
    secret_free(&token);
    json_free(file);
}

/* ---- Memory ---- */

static enum status
run_all(int operation)
{
    const struct cognito_field fields[] = {
        {"USERNAME", "alice"},
        {"PASSWORD", "pw"},
    };

    switch (operation) {
    case 0:
        return cognito_initiate_auth(&client, AUTH_FLOW_PASSWORD, fields, 2,
                                     &answer);
    case 1:
        return cognito_respond(&client, "C", &secret, fields, 2, &answer);
    case 2:
        return cognito_change_password(&client, &secret, &secret, &secret,
                                       &answer);
    case 3:
        return cognito_forgot_password(&client, "alice", &answer);
    case 4:
        return cognito_confirm_forgot_password(&client, "alice", "1", &secret,
                                               &answer);
    case 5:
        return cognito_sign_up(&client, "alice", &secret, fields, 2, &answer);
    case 6:
        return cognito_confirm_sign_up(&client, "alice", "1", &answer);
    case 7:
        return cognito_resend_code(&client, "alice", &answer);
    case 8:
        return cognito_get_user(&client, &secret, &answer);
    case 9:
        return cognito_associate_software_token(&client, NULL, &secret,
                                                &answer);
    case 10:
        return cognito_verify_software_token(&client, NULL, &secret, "1", "d",
                                             &answer);
    case 11:
        return cognito_prefer_mfa(&client, &secret, CHALLENGE_SMS_MFA,
                                  &answer);
    default:
        return cognito_revoke_token(&client, &secret, &answer);
    }
}

/* All of them: what the service did not process it did not count either. */
static void
test_every_operation_again(void)
{
    for (int operation = 0; operation <= 12; operation++) {
        script(true, 200,
               "{\"ChallengeName\":\"X\",\"AuthenticationResult\":" TOKENS
               "}");
        http.throttles = 2;
        http.throttle_code = 400;
        http.throttle_body = THROTTLE;
        is_number(run_all(operation), STATUS_OK, http.target);
        ok(http.posts == 3 && http.repeated == 3,
           "is sent again as it was: %u, %u", http.posts, http.repeated);
        if (operation == 1)
            ok(strstr(http.sent, "\"Session\":\"" SECRET "\"") != NULL,
               "with the same session");
    }
}

static void
test_faults(void)
{
    struct json *metadata = json_new();
    unsigned int total = 0;
    unsigned int wrong = 0;

    need(metadata != NULL && json_add_text(metadata, "service", "sshd"),
         "memory");
    for (int run = 0; run < 2 * 13; run++) {
        unsigned int throttles = run % 2;
        bool succeeded = false;

        for (unsigned int i = 0; !succeeded && i < 1000; i++) {
            enum status status;

            script(true, 200,
                   "{\"ChallengeName\":\"X\",\"Session\":\"S\","
                   "\"AuthenticationResult\":" TOKENS "}");
            client.metadata = metadata;
            client.ip_address = "::1";
            http.throttles = throttles;
            http.throttle_code = 400;
            http.throttle_body = THROTTLE;
            fault_arm(i);
            status = run_all(run / 2);
            succeeded = fault_disarm();
            wrong += succeeded ? status != STATUS_OK
                     : status == STATUS_OK
                         ? http.posts != 1 + throttles
                         : answer.has_result || answer.body != NULL;
            total += !succeeded;
        }
        wrong += !succeeded;
    }
    cognito_answer_free(&answer);
    json_free(metadata);
    ok(total > 300, "%u allocations fail one by one", total);
    is_number(wrong, 0, "each is an error without a result");
}

int
main(void)
{
    need(fault_install(), "OpenSSL was in use before main");
    need(secret_set_text(&secret, SECRET), "memory");
    test_initiate();
    test_respond();
    test_passwords();
    test_sign_up();
    test_by_token();
    test_prefer_mfa();
    test_results();
    test_unreadable();
    test_errors();
    test_errors_of_empty();
    test_echoes();
    test_echoes_in_names();
    test_transport();
    test_ahead();
    test_throttled();
    test_throttled_in_time();
    test_never_again();
    test_every_operation_again();
    test_observer();
    test_keys();
    test_faults();
    cognito_answer_free(&answer);
    secret_free(&secret);
    return done_testing();
}
