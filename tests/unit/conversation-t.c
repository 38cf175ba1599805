/*
 * A property of every sign-in, whatever the service answers: it is a yes only
 * where the last answer was a result for that very user and nothing is left
 * to be answered. 120,000 random conversations against an oracle that reads
 * only what went over the wire. PROPERTY_SEED and PROPERTY_COUNT in the
 * environment repeat or prolong it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cognito/api.h"
#include "cognito/secret_hash.h"
#include "cognito/vocabulary.h"
#include "conversation.h"
#include "tap.h"

#define COUNT 120000
#define SEED UINT64_C(20261120)
/* Starts, one more ahead, and ten challenges with at most seven requests. */
#define REQUESTS_BOUND (3 + 10 * 7)
#define ASKS_BOUND 300
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Settings ---- */

static const struct setting {
    const char *flow;
    const char *arguments[6];
    bool mfa, staff, email, append, secret;
} settings[] = {
    {"user_password", {"auth_flow=user_password"}, .secret = true},
    {"user_password", {"mfa_setup"}, .secret = true},
    {"user_password", {"mfa_setup", "require_mfa"}, .mfa = true},
    {"user_password", {"otp=append"}, .append = true},
    {"user_password", {"require_group=staff,x"}, .staff = true},
    {"user_password",
     {"account_claim=email", "username_format=%u@example.com"},
     .email = true,
     .secret = true},
    {"user_srp", {"auth_flow=user_srp", "mfa_setup"}, .secret = true},
    {"user_srp",
     {"auth_flow=user_srp", "mfa_setup", "require_mfa"},
     .mfa = true},
    {"user_srp",
     {"auth_flow=user_srp", "srp_ahead", "mfa_setup"},
     .secret = true},
    {"user_auth", {"auth_flow=user_auth", "mfa_setup"}, .secret = true},
    {"user_auth", {"auth_flow=user_auth", "require_mfa"}, .mfa = true},
    {"user_auth",
     {"auth_flow=user_auth", "preferred_factor=password", "require_mfa"},
     .mfa = true},
    {"user_auth",
     {"auth_flow=user_auth", "preferred_factor=password", "mfa_setup"},
     .secret = true},
    {"user_auth",
     {"auth_flow=user_auth", "preferred_factor=password_srp"},
     .secret = true},
    {"user_auth",
     {"auth_flow=user_auth", "preferred_factor=email_otp"},
     .secret = false},
    {"user_auth",
     {"auth_flow=user_auth", "preferred_factor=sms_otp", "require_mfa"},
     .mfa = true},
    {"custom", {"auth_flow=custom"}, .secret = true},
    {"custom", {"auth_flow=custom", "require_mfa"}, .mfa = true},
    {"custom_srp", {"auth_flow=custom_srp", "mfa_setup"}, .secret = true},
    {"custom_srp", {"auth_flow=custom_srp", "require_mfa"}, .mfa = true},
};

/* ---- The oracle: reads the record, knows nothing of the flow ---- */

/* What follows from the exchanges so far. */
struct oracle {
    const struct setting *setting;
    const char *wrong; /* the first rule that was broken */
    char sent[512];    /* the name of the start */
    char canonical[512];
    char pending[128]; /* the challenge to be answered */
    char session[2304];
    bool proof;             /* in the last request */
    bool password;          /* the service has checked it */
    bool password_in_start; /* and nothing else since */
    bool ever_password;     /* in the whole conversation */
    bool second_factor;
    bool set_up;
    unsigned int starts, responds;
    bool sms_tried;
    unsigned int codes;    /* that may have been sent without a proof */
    bool may_sign_in;      /* by the last answer alone */
    unsigned int repeats;  /* of what the service did not process */
    unsigned int in_a_row; /* of one request */
    uint64_t sent_secrets[REQUESTS_MAX];
    size_t sent_count;
    char start[4096]; /* the first start, to compare */
};

static void
rule(struct oracle *oracle, bool holds, const char *what)
{
    if (!holds && oracle->wrong == NULL)
        oracle->wrong = what;
}

static const char *
text(const struct json *object, const char *name)
{
    const char *found = json_text(object, name);

    return found == NULL ? "" : found;
}

static uint64_t
fingerprint(const char *bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *bytes != '\0'; bytes++)
        hash = (hash ^ (unsigned char) *bytes) * UINT64_C(1099511628211);
    return hash;
}

/* Fields that prove something; a request with one may not be repeated. */
static const char *const proofs[] = {"PASSWORD", "NEW_PASSWORD",
                                     "PASSWORD_CLAIM_SIGNATURE"};

static bool
has_proof(const struct json *request, const struct json *fields)
{
    const struct known_challenge *row;

    for (size_t i = 0; i < LENGTH(proofs); i++)
        if (json_text(fields, proofs[i]) != NULL)
            return true;
    for (size_t i = 0; (row = known_challenge(i)) != NULL; i++)
        if (row->code != NULL && json_text(fields, row->code) != NULL)
            return true;
    return json_text(request, "UserCode") != NULL
           || (strcmp(text(request, "ChallengeName"), "CUSTOM_CHALLENGE") == 0
               && json_text(fields, "ANSWER") != NULL);
}

/* May a code come by that name in the place of the password? */
static bool
is_first(const char *name)
{
    const struct known_challenge *row = known_named(name);

    return row != NULL && row->first;
}

static bool
is_second(const char *name)
{
    const struct known_challenge *row = known_named(name);

    return row != NULL && row->second;
}

static bool
look_for_password(const char *key, const char *value, void *context)
{
    struct oracle *oracle = context;

    if (record.password[0] == '\0' || strstr(value, record.password) == NULL)
        return true;
    rule(oracle, strcmp(key, "PASSWORD") == 0,
         "the password stands in a field that is not PASSWORD");
    rule(oracle,
         strcmp(oracle->setting->flow, "user_password") == 0
             || strcmp(oracle->setting->flow, "user_auth") == 0,
         "the password was sent in a flow that must not send it");
    return true;
}

static void
check_hash(struct oracle *oracle, const struct json *fields)
{
    struct secret secret = {(char *) CLIENT_SECRET, strlen(CLIENT_SECRET)};
    char hash[SECRET_HASH_SIZE];

    if (!oracle->setting->secret) {
        rule(oracle, !json_has(fields, "SECRET_HASH"),
             "a hash without a secret");
        return;
    }
    if (!secret_hash(&secret, text(fields, "USERNAME"), CLIENT_ID, hash))
        abort();
    rule(oracle, strcmp(text(fields, "SECRET_HASH"), hash) == 0,
         "SECRET_HASH is not over USERNAME");
}

static void
check_repeats(struct oracle *oracle, const struct exchange *exchange)
{
    uint64_t print = fingerprint(exchange->request);

    for (size_t i = 0; i < oracle->sent_count; i++)
        rule(oracle, oracle->sent_secrets[i] != print,
             "a request with a proof was sent twice");
    oracle->sent_secrets[oracle->sent_count++] = print;
}

static void
check_start(struct oracle *oracle, const struct exchange *exchange,
            const struct json *request, const struct json *fields)
{
    const char *flow = text(request, "AuthFlow");
    const char *const wanted
        = strcmp(oracle->setting->flow, "user_password") == 0
              ? "USER_PASSWORD_AUTH"
          : strcmp(oracle->setting->flow, "user_srp") == 0  ? "USER_SRP_AUTH"
          : strcmp(oracle->setting->flow, "user_auth") == 0 ? "USER_AUTH"
                                                            : "CUSTOM_AUTH";

    rule(oracle, strcmp(flow, wanted) == 0, "another flow than auth_flow");
    rule(oracle, strcmp(text(fields, "USERNAME"), oracle->sent) == 0,
         "a start for another name");
    rule(oracle, !json_has(request, "Session"), "a start with a session");
    if (oracle->starts == 1)
        rule(oracle, oracle->password,
             "a new start although no password was proved");
    rule(oracle, oracle->starts < 2, "a third start");
    /* The one request with a password that may be repeated. */
    if (oracle->starts == 0)
        snprintf(oracle->start, sizeof(oracle->start), "%s",
                 exchange->request);
    else if (!record.new_password_typed && json_text(fields, "SRP_A") == NULL)
        rule(oracle, strcmp(oracle->start, exchange->request) == 0,
             "the new start differs from the first");
    oracle->starts++;
    snprintf(oracle->canonical, sizeof(oracle->canonical), "%s", oracle->sent);
    oracle->pending[0] = oracle->session[0] = '\0';
    oracle->proof = oracle->password = oracle->second_factor = false;
}

static void
check_respond(struct oracle *oracle, const struct json *request,
              const struct json *fields)
{
    oracle->responds++;
    rule(oracle,
         oracle->pending[0] != '\0'
             && strcmp(text(request, "ChallengeName"), oracle->pending) == 0,
         "an answer to a challenge that was not asked");
    rule(oracle, strcmp(text(request, "Session"), oracle->session) == 0,
         "the session of another answer");
    rule(oracle, strcmp(text(fields, "USERNAME"), oracle->canonical) == 0,
         "USERNAME is not the canonical name");
}

/*
 * The service may send a code for a start of choice without a password, unless
 * it answers with a choice, for a code that is chosen, and for a wrong code by
 * SMS. Each needs a yes of its own unless the password is proved; what is sent
 * after a wrong code by SMS cannot be helped, but there is no third.
 */
static void
check_codes(struct oracle *oracle, const struct exchange *exchange,
            const struct json *request, const struct json *fields)
{
    const char *challenge = text(request, "ChallengeName");
    const char *answer = text(fields, "ANSWER");

    if (oracle->password)
        return;
    if (strcmp(text(request, "AuthFlow"), "USER_AUTH") == 0
            ? json_text(fields, "PASSWORD") == NULL
                  && json_text(fields, "SRP_A") == NULL
            : strcmp(challenge, "SELECT_CHALLENGE") == 0 && is_first(answer)) {
        rule(oracle, oracle->codes < exchange->permits,
             "a code was asked for without permission");
        if (exchange->answer == NULL
            || strstr(exchange->answer, "SELECT_CHALLENGE") == NULL)
            oracle->codes++;
    }
    if (strcmp(challenge, "SMS_OTP") == 0) {
        rule(oracle, !oracle->sms_tried, "a second try by SMS");
        oracle->sms_tried = true;
    }
}

/* Is that token genuine, for this person, under these settings? */
static bool
is_good_token(const struct oracle *oracle, const char *token)
{
    for (int kind = 0; kind < TOKEN_OK_KINDS; kind++)
        if (strcmp(token, token_text(scene.person, (enum token_kind) kind))
            == 0)
            return !(kind == TOKEN_NO_GROUP && oracle->setting->staff)
                   && !(kind == TOKEN_UNVERIFIED && oracle->setting->email);
    return false;
}

/* What a good answer to that request proves. */
static void
take_proof(struct oracle *oracle, const struct exchange *exchange,
           const struct json *request, const struct json *fields,
           const char *next)
{
    const char *name = text(request, "ChallengeName");
    bool start = strcmp(exchange->target, "InitiateAuth") == 0;
    bool chosen = strcmp(name, "SELECT_CHALLENGE") == 0;
    bool first_again = strcmp(next, "PASSWORD") == 0
                       || strcmp(next, "SELECT_CHALLENGE") == 0;
    bool choice = strcmp(text(request, "AuthFlow"), "USER_AUTH") == 0;

    /* A set-up ends with a request that only says so. */
    oracle->proof = has_proof(request, fields)
                    || strcmp(name, "MFA_SETUP") == 0;
    /* In the choice-based flow a code by e-mail may come instead. */
    if (json_text(fields, "PASSWORD") != NULL
        && !((start && choice) && (first_again || is_first(next)))
        && !(chosen && first_again))
        oracle->password = true;
    if (json_text(fields, "PASSWORD_CLAIM_SIGNATURE") != NULL
        || strcmp(next, "NEW_PASSWORD_REQUIRED") == 0)
        oracle->password = true;
    if (oracle->password && !oracle->set_up && is_second(name))
        oracle->second_factor = true;
}

/* An answer that says yes to the request it follows. */
static void
take_answer(struct oracle *oracle, const struct exchange *exchange,
            const struct json *request, const struct json *fields)
{
    const struct json *parameters, *result;
    struct json *body = NULL;
    const char *name, *challenge;

    oracle->may_sign_in = false;
    if (exchange->answer == NULL || exchange->code != 200
        || exchange->error_header
        || json_parse(exchange->answer, strlen(exchange->answer), &body)
               != STATUS_OK
        || !json_is_object(body) || json_has(body, "__type")) {
        json_free(body);
        return;
    }
    if (strcmp(exchange->target, "InitiateAuth") != 0
        && strcmp(exchange->target, "RespondToAuthChallenge") != 0) {
        if (text(body, "Session")[0] != '\0'
            && (strcmp(exchange->target, "AssociateSoftwareToken") == 0
                || strcmp(text(body, "Status"), "SUCCESS") == 0))
            snprintf(oracle->session, sizeof(oracle->session), "%s",
                     text(body, "Session"));
        json_free(body);
        return;
    }
    challenge = text(body, "ChallengeName");
    take_proof(oracle, exchange, request, fields, challenge);
    snprintf(oracle->pending, sizeof(oracle->pending), "%s", challenge);
    snprintf(oracle->session, sizeof(oracle->session), "%s",
             text(body, "Session"));
    parameters = json_object(body, "ChallengeParameters");
    name = text(parameters, "USER_ID_FOR_SRP");
    if (name[0] == '\0')
        name = text(parameters, "USERNAME");
    if (name[0] != '\0')
        snprintf(oracle->canonical, sizeof(oracle->canonical), "%s", name);
    result = json_object(body, "AuthenticationResult");
    oracle->may_sign_in = !json_has(body, "ChallengeName")
                          || (challenge[0] == '\0'
                              && json_text(body, "ChallengeName") != NULL);
    oracle->may_sign_in &= text(result, "AccessToken")[0] != '\0'
                           && is_good_token(oracle, text(result, "IdToken"))
                           && oracle->proof
                           && (!oracle->setting->mfa || oracle->second_factor);
    json_free(body);
}

/* Does the answer say that nothing was done? Then the request never was. */
static bool
is_unprocessed(const struct exchange *exchange)
{
    struct json *body = NULL;
    bool is_so;

    if (exchange->answer == NULL
        || (exchange->code != 400 && exchange->code != 429)
        || json_parse(exchange->answer, strlen(exchange->answer), &body)
               != STATUS_OK)
        return false;
    is_so = strcmp(text(body, "__type"), "TooManyRequestsException") == 0;
    json_free(body);
    return is_so;
}

/* What follows is the same request once more, which the answer allowed. */
static bool
is_sent_again(struct oracle *oracle, size_t at)
{
    const struct exchange *exchange = &record.exchanges[at];

    if (!is_unprocessed(exchange) || at + 1 == record.count
        || strcmp(exchange[1].target, exchange->target) != 0
        || strcmp(exchange[1].request, exchange->request) != 0) {
        oracle->in_a_row = 0;
        return false;
    }
    oracle->repeats++;
    rule(oracle, ++oracle->in_a_row <= 3, "sent again a fourth time");
    return true;
}

/* An error of what was sent ahead is none: the start comes after the answer. */
static bool
is_given_up(struct oracle *oracle, size_t at)
{
    const struct exchange *exchange = &record.exchanges[at];
    bool replaced = exchange->ahead && at + 1 < record.count
                    && strcmp(exchange[1].target, "InitiateAuth") == 0;

    rule(oracle,
         !replaced || scene.chaos > 0 || exchange->dropped
             || exchange->code != 200,
         "a good answer to what was sent ahead was thrown away");
    return replaced || exchange->dropped;
}

static void
read_exchange(struct oracle *oracle, size_t at)
{
    const struct exchange *exchange = &record.exchanges[at];
    struct json *request = NULL;
    const struct json *fields;
    bool start = strcmp(exchange->target, "InitiateAuth") == 0;

    if (json_parse(exchange->request, strlen(exchange->request), &request)
        != STATUS_OK) {
        rule(oracle, false, "a request that is no JSON");
        return;
    }
    rule(oracle, strstr(exchange->request, "DEVICE_KEY") == NULL,
         "a device key was sent");
    fields = json_object(request,
                         start ? "AuthParameters" : "ChallengeResponses");
    json_each_text(request, look_for_password, oracle);
    json_each_text(fields, look_for_password, oracle);
    /* What was sent ahead and given up proves nothing and costs nothing. */
    if (is_given_up(oracle, at)) {
        rule(oracle, start && !has_proof(request, fields),
             "a request with a proof was sent ahead");
        json_free(request);
        return;
    }
    if (is_sent_again(oracle, at)) {
        json_free(request);
        return;
    }
    check_codes(oracle, exchange, request, fields);
    if (start)
        check_start(oracle, exchange, request, fields);
    else if (strcmp(exchange->target, "RespondToAuthChallenge") == 0)
        check_respond(oracle, request, fields);
    else
        rule(oracle, strcmp(text(request, "Session"), oracle->session) == 0,
             "the session of another answer in a set-up");
    /* Begun is enough: a factor of this conversation proves nothing. */
    if (strcmp(exchange->target, "AssociateSoftwareToken") == 0
        || strcmp(text(request, "ChallengeName"), "MFA_SETUP") == 0)
        oracle->set_up = true;
    if (fields != NULL)
        check_hash(oracle, fields);
    if (!start && has_proof(request, fields))
        check_repeats(oracle, exchange);
    take_answer(oracle, exchange, request, fields);
    json_free(request);
}

/* Nothing that was typed, and no token, in what is shown or logged. */
static void
check_silence(struct oracle *oracle, const struct sign_in_result *result)
{
    const char *const places[]
        = {record.lines, result->outcome.note, result->outcome.person,
           result->outcome.error, result->outcome.request_id};

    for (size_t i = 0; i < LENGTH(places); i++) {
        for (size_t j = 0; places[i] != NULL && j < record.secret_count; j++)
            rule(oracle,
                 strlen(record.secrets[j]) < 6
                     || strstr(places[i], record.secrets[j]) == NULL,
                 "a secret in what is shown or logged");
        rule(oracle,
             places[i] == NULL
                 || (strstr(places[i], "AYABe-session") == NULL
                     && strstr(places[i], "eyJ") == NULL),
             "a session or a token in what is shown or logged");
    }
}

/* ---- Running them ---- */

static struct {
    unsigned int conversations, accepted, refused_good, requests, restarts;
    unsigned int repeats;
    unsigned int answered[32]; /* challenges on the way to a yes */
    unsigned int statuses[STATUS_COUNT];
} seen;

static void
count_way(const struct oracle *oracle)
{
    const struct known_challenge *row;
    char pattern[64];

    seen.accepted++;
    seen.restarts += oracle->starts > 1;
    for (size_t i = 0; (row = known_challenge(i)) != NULL; i++) {
        snprintf(pattern, sizeof(pattern), "\"ChallengeName\":\"%s\"",
                 row->name);
        for (size_t j = 0; j < record.count; j++)
            if (strstr(record.exchanges[j].request, pattern) != NULL) {
                seen.answered[i]++;
                break;
            }
    }
}

/* The one that comes again and again. */
static const char *
stuck_at(void)
{
    const struct known_challenge *row;

    do
        row = known_challenge(chance_below(LENGTH(seen.answered)));
    while (row == NULL || row->denied);
    return row->name;
}

/* Has every row of the vocabulary a part in the conversations? */
static void
test_known(void)
{
    for (unsigned int at = 1; at < CHALLENGE_UNKNOWN; at++) {
        const struct challenge_row *row
            = vocabulary_challenge((enum challenge) at);
        const struct known_challenge *found = known_named(row->word);

        ok(found != NULL && found->denied == (row->answer == ANSWER_NOTHING)
               && found->second == row->second
               && found->first
                      == (row->setting != NULL && row->answer == ANSWER_CODE)
               && (row->answer == ANSWER_CODE
                       ? found->code != NULL
                             && strcmp(found->code, row->field) == 0
                       : found->code == NULL),
           "%s is one that the oracle knows", row->word);
    }
}

static void
explain(uint64_t seed, unsigned int number, const struct setting *setting,
        const struct sign_in_result *result, const char *wrong)
{
    diag("seed %" PRIu64 ", conversation %u, %s: %s; status %s, note: %s",
         seed, number, setting->flow, wrong,
         status_word(result->outcome.status), result->outcome.note);
    for (size_t i = 0; i < record.count; i++) {
        diag("> %s %s", record.exchanges[i].target,
             record.exchanges[i].request);
        diag("< %ld %.600s", record.exchanges[i].code,
             record.exchanges[i].answer == NULL ? "(none)"
                                                : record.exchanges[i].answer);
    }
}

static bool
converse(uint64_t seed, unsigned int number, struct config **configs,
         struct cognito *cognito)
{
    static struct oracle oracle;
    static const struct secret secret = {(char *) CLIENT_SECRET,
                                         sizeof(CLIENT_SECRET) - 1};
    struct sign_in_request request
        = {.service = "test", .host = "host", .may_go_ahead = true};
    struct sign_in_result result;
    size_t index;
    bool yes;

    chance_seed(seed * UINT64_C(0x9e3779b97f4a7c15) + number);
    index = chance_below(LENGTH(settings));
    scene.person = chance_below(PERSONS);
    scene.append = settings[index].append;
    scene.chaos = chance_percent(40) ? 0 : 10 + chance_below(60);
    scene.stuck = chance_percent(4) ? stuck_at() : NULL;
    memset(&oracle, 0, sizeof(oracle));
    oracle.setting = &settings[index];
    snprintf(oracle.sent, sizeof(oracle.sent), "%s%s",
             person_names[scene.person],
             settings[index].email ? "@example.com" : "");
    cognito->client_secret = settings[index].secret ? &secret : NULL;
    if (number % 16 == 0 || cognito->ahead != NULL)
        cognito_close(cognito);

    request.user = person_names[scene.person];
    account_run(ACCOUNT_SIGN_IN, cognito, &person_talk, configs[index],
                &request, &result);

    for (size_t i = 0; i < record.count; i++)
        read_exchange(&oracle, i);
    yes = result.outcome.status == STATUS_OK;
    rule(&oracle, !yes || oracle.may_sign_in,
         "PAM_SUCCESS without a valid last answer");
    rule(&oracle, !yes || record.asks > 0, "a yes without a question");
    rule(&oracle,
         !record.too_many && record.count - oracle.repeats <= REQUESTS_BOUND,
         "too many requests");
    rule(&oracle, record.pauses == oracle.repeats,
         "a wait before nothing, or a repeat without one");
    rule(&oracle, record.asks <= ASKS_BOUND, "too many questions");
    rule(&oracle, record.keys_fetched <= 2, "keys fetched too often");
    rule(&oracle, !record.bad_prompt, "a prompt that cannot be shown");
    check_silence(&oracle, &result);
    /* In peaceful conversations a valid end is a yes. */
    if (oracle.may_sign_in && !yes)
        seen.refused_good++;
    rule(&oracle, scene.chaos > 0 || !oracle.may_sign_in || yes,
         "a valid sign-in was refused");
    seen.conversations++;
    seen.requests += (unsigned int) record.count;
    seen.repeats += oracle.repeats;
    seen.statuses[result.outcome.status]++;
    if (yes)
        count_way(&oracle);
    if (oracle.wrong != NULL)
        explain(seed, number, &settings[index], &result, oracle.wrong);
    sign_in_free(&result);
    record_clear();
    return oracle.wrong == NULL;
}

static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);

    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static void
make_configs(struct config **configs)
{
    for (size_t i = 0; i < LENGTH(settings); i++) {
        size_t count = 0;

        while (settings[i].arguments[count] != NULL)
            count++;
        configs[i] = config_new(CONFIG_HELPER);
        need(configs[i] != NULL, "memory");
        config_arguments(configs[i], count, settings[i].arguments);
        need(config_status(configs[i]) == STATUS_OK,
             config_message(configs[i]));
    }
}

int
main(void)
{
    static const struct pool_options options = {.id = POOL_ID};
    struct config *configs[LENGTH(settings)];
    uint64_t seed = from_environment("PROPERTY_SEED", SEED);
    uint64_t count = from_environment("PROPERTY_COUNT", COUNT);
    struct pool pool;
    struct cognito cognito = {.pool = &pool, .client_id = CLIENT_ID};
    const struct known_challenge *row;
    char error[200];
    unsigned int failures = 0;

    need(known_challenge(LENGTH(seen.answered)) == NULL, "too many names");
    test_known();
    need(tokens_make(), "no keys");
    need(pool_derive(&options, &pool, error, sizeof(error)) == STATUS_OK,
         error);
    need(strcmp(pool.issuer, ISSUER) == 0, "another issuer");
    make_configs(configs);
    diag("seed %" PRIu64 ", %" PRIu64 " conversations", seed, count);
    for (unsigned int i = 0; i < count && failures < 5; i++)
        failures += !converse(seed, i, configs, &cognito);

    is_number(failures, 0, "every conversation keeps the rules");
    diag("%u conversations, %u requests, %u accepted, %u of them after a new "
         "start; %u refused for another fault",
         seen.conversations, seen.requests, seen.accepted, seen.restarts,
         seen.refused_good);
    for (int i = 0; i < STATUS_COUNT; i++)
        if (seen.statuses[i] > 0)
            diag("%7u %s", seen.statuses[i], status_word((enum status) i));
    /* Rules that nothing reaches prove nothing. */
    ok(seen.accepted > count / 10, "a tenth of them end with a yes");
    ok(seen.restarts > count / 1000, "some of those after a new start");
    ok(seen.repeats > count / 1000, "some requests were sent again: %u",
       seen.repeats);
    for (size_t i = 0; (row = known_challenge(i)) != NULL; i++)
        if (!row->denied)
            ok(seen.answered[i] > count / 1000, "%s on the way to a yes: %u",
               row->name, seen.answered[i]);
    for (size_t i = 0; i < LENGTH(settings); i++)
        config_free(configs[i]);
    cognito_close(&cognito);
    tokens_free();
    return done_testing();
}
