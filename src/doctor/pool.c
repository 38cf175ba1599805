/*
 * The pool in check: DNS, TLS, clock, keys and issuer by GET, and at most one
 * InitiateAuth for each flow with a user name that nobody has. Says what it
 * sends before it sends it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cli/reasons.h"
#include "cognito/certificate.h"
#include "cognito/srp.h"
#include "common/clock.h"
#include "common/text.h"
#include "flows/sign_in.h"

#define CLIENT "app client"
#define TRY "curl -v %.200s"
#define CHAIN_MAX 8
#define SOON (14 * 86400) /* seconds until a certificate's end */
#define CLOCK_MOST 300    /* seconds: SRP and tokens fail beyond */
#define CLOCK_WARN 60
#define NAME_MAX_BYTES 256

/* One check_pool. */
struct probe {
    struct check *check;
    struct cognito cognito;
    char user[NAME_MAX_BYTES];     /* pam-cognito-check-<random> */
    char name[NAME_MAX_BYTES * 2]; /* as the pool is told */
    enum status results[AUTH_FLOW_COUNT];
    bool asked[AUTH_FLOW_COUNT];
    struct cognito_answer first; /* that settled something */
    bool existence_told;         /* unknown users are told apart */
};

static void
begin_work(struct probe *probe)
{
    http_deadline(
        probe->cognito.http,
        clock_ms() + config_number(probe->check->module, KEY_TIMEOUT) * 1000);
}

static bool
has_proxy(const struct check *check)
{
    return config_text(check->setup.config, KEY_PROXY) != NULL;
}

/* Says what will be sent, where a script does not take it for a finding. */
__attribute__((format(printf, 2, 3))) static void
announce(const struct check *check, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (check->cli->output.json)
        output_error("%s", line);
    else if (check->cli->verbose)
        output_line(&check->cli->output, TONE_FAINT, "%s", line);
}

/* ---- The way to the endpoint ---- */

static void
note_date(struct check *check, int64_t date)
{
    if (date == 0 || check->server_date != 0)
        return;
    check->server_date = date;
    check->local_date = (int64_t) time(NULL);
}

/* The words of the TLS library, as its users meet them. */
static const char *
tls_fix(const char *detail)
{
    if (strstr(detail, "expired") != NULL)
        return "the server's certificate is out of date, or this machine's "
               "clock is ahead";
    if (strstr(detail, "not yet valid") != NULL)
        return "set this machine's clock, which seems to be behind";
    if (strstr(detail, "subject name") != NULL
        || strstr(detail, "does not match") != NULL)
        return "the certificate is for another host: correct endpoint, or "
               "look for what answers in Cognito's place";
    if (strstr(detail, "issuer") != NULL
        || strstr(detail, "self-signed") != NULL
        || strstr(detail, "self signed") != NULL)
        return "the certificate comes from an authority that ca_file does "
               "not hold; does something decrypt on the way? A private "
               "authority needs ca_file";
    return "TLS 1.2 or newer is needed; is that really an HTTPS port?";
}

static void
add_fault(struct check *check, enum status status, const char *detail)
{
    const struct pool *pool = &check->setup.pool;
    const char *through = has_proxy(check) ? " through the proxy" : "";

    switch (status) {
    case STATUS_DNS:
        check_add(check, CHECK_PROBLEM, FINDING_NETWORK_DNS,
                  check_cure(check,
                             has_proxy(check)
                                 ? "check proxy in %.200s, and the resolver "
                                   "(/etc/resolv.conf)"
                                 : "check region and endpoint in %.200s, and "
                                   "the resolver (/etc/resolv.conf)",
                             check_settings_path(check)),
                  "%s cannot be resolved: %s",
                  has_proxy(check) ? "the proxy's name" : pool->host, detail);
        return;
    case STATUS_CONNECT:
        check_add(
            check, CHECK_PROBLEM,
            has_proxy(check) ? FINDING_NETWORK_PROXY
                             : FINDING_NETWORK_CONNECTION,
            check_cure(check,
                       has_proxy(check)
                           ? "check that the proxy of %.200s runs and lets "
                             "CONNECT pass\n" TRY
                           : "check routes and firewall; where only a proxy "
                             "leads out, set proxy in %.200s\n" TRY,
                       check_settings_path(check), pool->endpoint),
            "no connection to %s port %u%s: %s", pool->host, pool->port,
            through, detail);
        return;
    case STATUS_TLS:
        check_add(check, CHECK_PROBLEM, FINDING_TLS_NOT_TRUSTED,
                  check_cure(check,
                             "%.300s\nopenssl s_client -connect %.200s:%u",
                             tls_fix(detail), pool->host, pool->port),
                  "no trusted connection to %s port %u: %s", pool->host,
                  pool->port, detail);
        return;
    case STATUS_TIMEOUT:
        check_add(check, CHECK_PROBLEM, FINDING_NETWORK_TIMEOUT,
                  check_cure(check,
                             "check the network; raise timeout in %.200s only "
                             "when the way is slow\n" TRY,
                             check_settings_path(check), pool->endpoint),
                  "%s did not answer within timeout (%u s)%s", pool->host,
                  config_number(check->module, KEY_TIMEOUT), through);
        return;
    default:
        check_add(check, CHECK_PROBLEM, FINDING_NETWORK_BROKEN,
                  check_cure(check, "%.300s\n" TRY,
                             reason_of_status(status).fix, pool->endpoint),
                  "%s: %s", pool->host,
                  detail[0] != '\0' ? detail
                                    : reason_of_status(status).meaning);
        return;
    }
}

static void
describe_chain(struct probe *probe, unsigned int ms)
{
    struct check *check = probe->check;
    struct certificate chain[CHAIN_MAX];
    int64_t now = (int64_t) time(NULL), end = 0;
    struct secret pem = {0};
    char day[CHECK_DAY_SIZE];
    size_t count;

    (void) http_chain(probe->cognito.http, &pem);
    count = certificate_read(pem.data, pem.length, CHAIN_MAX, chain);
    secret_free(&pem);
    for (size_t i = 0; i < count; i++)
        if (end == 0 || chain[i].until < end)
            end = chain[i].until;
    if (count == 0) {
        check_add(check, CHECK_OK, FINDING_TLS_TRUSTED, NULL, "trusted, %u ms",
                  ms);
        return;
    }
    check_format_day(end, day);
    check_brief(check, "certificate valid until %s", day);
    if (end < now + SOON)
        check_add(check, CHECK_WARNING, FINDING_TLS_EXPIRES,
                  check_cure(check,
                             "whoever runs the endpoint must renew "
                             "it\nopenssl s_client -connect %.200s:%u",
                             check->setup.pool.host, check->setup.pool.port),
                  "trusted, but the server's certificate expires on %s", day);
    else
        check_add(check, CHECK_OK, FINDING_TLS_TRUSTED, NULL,
                  "trusted, valid until %s, issued by %s", day,
                  chain[0].issuer);
}

/* The pool's signing keys. */
static void
judge_keys(struct check *check, const struct http_answer *answer)
{
    struct jwt_keys *keys = NULL;

    if (answer->code == 200 && answer->body.length > 0
        && jwt_keys_parse(answer->body.data, answer->body.length, &keys)
               == STATUS_OK)
        check_add(check, CHECK_OK, FINDING_KEYS_PUBLISHED, NULL,
                  "published at %s", check->setup.pool.keys_path);
    else if (answer->code == 404 || answer->code == 400)
        check_add(check, CHECK_PROBLEM, FINDING_POOL_UNKNOWN,
                  check_cure(check,
                             "compare user_pool_id and region in %.200s with "
                             "the AWS console",
                             check_settings_path(check)),
                  "%s does not know the pool %s: HTTP %ld at %s",
                  check->setup.pool.host, check->setup.pool.id, answer->code,
                  check->setup.pool.keys_path);
    else
        check_add(
            check, CHECK_PROBLEM, FINDING_KEYS_UNAVAILABLE,
            check_cure(
                check,
                "let that address through, or set jwks_file in %.200s\n" TRY
                "%.200s",
                check_settings_path(check), check->setup.pool.endpoint,
                check->setup.pool.keys_path),
            "cannot be had: HTTP %ld at %s", answer->code,
            check->setup.pool.keys_path);
    jwt_keys_free(keys);
}

/* "issuer" of the pool's discovery document, or false. */
static bool
fetch_issuer(struct probe *probe, char out[TEXT_LINE_MAX])
{
    const struct pool *pool = &probe->check->setup.pool;
    struct http_answer answer = {0};
    struct json *object = NULL;
    const char *issuer = NULL, *slash = strrchr(pool->keys_path, '/');
    char path[512];

    out[0] = '\0';
    (void) snprintf(path, sizeof(path), "%.*s/openid-configuration",
                    slash == NULL ? 0 : (int) (slash - pool->keys_path),
                    pool->keys_path);
    announce(probe->check, "Sending: GET %s%s", pool->endpoint, path);
    begin_work(probe);
    if (http_get(probe->cognito.http, path, &answer) == STATUS_OK
        && answer.code == 200 && answer.body.length > 0
        && json_parse(answer.body.data, answer.body.length, &object)
               == STATUS_OK)
        issuer = json_text(object, "issuer");
    if (issuer != NULL)
        text_clean(issuer, out, TEXT_LINE_MAX);
    json_free(object);
    http_answer_free(&answer);
    return out[0] != '\0';
}

/* Tokens of another issuer than the settings accept are refused. */
static void
check_issuer(struct probe *probe)
{
    struct check *check = probe->check;
    const struct pool *pool = &check->setup.pool;
    char *seen = check->issuer_seen;

    if (!fetch_issuer(probe, seen)) {
        check_leave_out(check, FINDING_ISSUER_NO_DOCUMENT,
                        "the issuer of the pool's tokens, which no "
                        "discovery document names");
        return;
    }
    if (strcmp(seen, pool->issuer) == 0
        || (pool->updated_issuer[0] != '\0'
            && strcmp(seen, pool->updated_issuer) == 0)) {
        check_add(check, CHECK_OK, FINDING_ISSUER_ACCEPTED, NULL, "%s", seen);
        return;
    }
    check_add(
        check, CHECK_PROBLEM, FINDING_ISSUER_OTHER,
        check_cure(
            check,
            "if it is your pool's, write into %.200s\nissuer = "
            "%.300s\notherwise compare user_pool_id, region and endpoint",
            check_settings_path(check), seen),
        "the pool's tokens name %s, and the settings accept %s%s%s: "
        "every login ends in token_refused",
        seen, pool->issuer, pool->updated_issuer[0] ? " and " : "",
        pool->updated_issuer);
}

/* False when nothing further can be asked. */
static bool
reach(struct probe *probe, bool pinned)
{
    struct check *check = probe->check;
    const struct pool *pool = &check->setup.pool;
    struct http_answer answer = {0};
    size_t problems = check->problems;
    enum status status;

    announce(check, "Sending: GET %s%s", pool->endpoint, pool->keys_path);
    begin_work(probe);
    status = http_get(probe->cognito.http, pool->keys_path, &answer);
    if (status != STATUS_OK) {
        add_fault(check, status, answer.detail);
        http_answer_free(&answer);
        return false;
    }
    note_date(check, answer.date);
    check_brief(check, "%s, %u ms", pool->host, answer.ms);
    check_add(check, CHECK_OK, FINDING_NETWORK_REACHED, NULL,
              "%s port %u%s, %u ms", pool->host, pool->port,
              has_proxy(check) ? " through the proxy" : "", answer.ms);
    describe_chain(probe, answer.ms);
    if (pinned)
        check_add(check, CHECK_OK, FINDING_KEYS_PINNED, NULL,
                  "pinned by jwks_file");
    else
        judge_keys(check, &answer);
    http_answer_free(&answer);
    if (check->problems == problems)
        check_issuer(probe);
    return check->problems == problems;
}

/* ---- The app client ---- */

/* 16 random letters, and a password that no policy minds. */
static bool
invent(struct probe *probe, struct secret *password_out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char random[32];
    char suffix[17], password[24];

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
        return false;
    for (size_t i = 0; i < 16; i++) {
        suffix[i] = letters[random[i] & 31];
        password[i] = letters[random[i + 16] & 31];
    }
    suffix[16] = '\0';
    (void) snprintf(password + 16, sizeof(password) - 16, "A1-x");
    (void) snprintf(probe->user, sizeof(probe->user), "pam-cognito-check-%s",
                    suffix);
    return secret_set_text(password_out, password)
           && sign_in_pool_name(probe->check->setup.config, NULL, probe->user,
                                probe->name, sizeof(probe->name))
                  == STATUS_OK;
}

/* Does the service's answer end the asking? */
static bool
settles(enum status status)
{
    switch (status) {
    case STATUS_OK:
    case STATUS_WRONG_PASSWORD:
    case STATUS_NO_USER:
    case STATUS_FLOW_DISABLED:
    case STATUS_BAD_INPUT:
    case STATUS_LAMBDA_REFUSED:
    case STATUS_LAMBDA_BROKEN:
    case STATUS_NO_METHOD:
    case STATUS_DELIVERY:
        return false;
    default:
        return true;
    }
}

static enum status
ask_flow(struct probe *probe, enum auth_flow flow,
         const struct secret *password)
{
    const struct challenge_row *with
        = vocabulary_challenge(vocabulary_flow(flow)->with);
    struct cognito_field fields[2] = {{"USERNAME", probe->name}};
    struct cognito_answer answer = {0};
    struct srp *srp = NULL;
    enum status status;
    size_t count = 1;

    if (with->answer == ANSWER_SRP) {
        status = srp_new(&srp);
        if (status != STATUS_OK)
            return status;
    }
    if (with->field != NULL)
        fields[count++] = (struct cognito_field){
            with->field, srp == NULL ? password->data : srp_public(srp)};
    begin_work(probe);
    status = cognito_initiate_auth(&probe->cognito, flow, fields, count,
                                   &answer);
    note_date(probe->check, answer.date);
    probe->results[flow] = status;
    probe->asked[flow] = true;
    if (strcmp(answer.error, "UserNotFoundException") == 0)
        probe->existence_told = true;
    /* What is odd about one flow is told with that flow only. */
    if (settles(status)
        || (status == STATUS_NO_USER
            && strcmp(answer.error, "InvalidParameterException") == 0)) {
        cognito_answer_free(&probe->first);
        probe->first = answer;
        memset(&answer, 0, sizeof(answer));
    }
    cognito_answer_free(&answer);
    srp_free(srp);
    return status;
}

/* The flow of the settings first: its answer matters most. */
static enum auth_flow
wanted_flow(const struct check *check)
{
    return vocabulary_flow_base(vocabulary_flow_named(
        config_text(check->setup.config, KEY_AUTH_FLOW)));
}

/* What ended the asking, as a finding. */
static void
judge_end(struct probe *probe, enum status status)
{
    struct check *check = probe->check;
    const struct cognito_answer *answer = &probe->first;
    struct reason reason = reason_of(status, answer->error, answer->message);
    bool has_secret = check->setup.client_secret.length > 0;

    switch (status) {
    case STATUS_CLIENT_UNKNOWN:
        check_add(check, CHECK_PROBLEM, FINDING_CLIENT_UNKNOWN,
                  check_cure(check,
                             "compare client_id, user_pool_id and region in "
                             "%.200s with the AWS console\naws cognito-idp "
                             "list-user-pool-clients --user-pool-id %.60s",
                             check_settings_path(check), check->setup.pool.id),
                  "Cognito knows no app client of that client_id there");
        return;
    case STATUS_SECRET_HASH:
        check_add(
            check, CHECK_PROBLEM, FINDING_CLIENT_SECRET,
            check_cure(
                check,
                has_secret
                    ? "copy the app client's secret again; if the client has "
                      "none, take client_secret and client_secret_file out of "
                      "%.200s"
                    : "put the app client's secret into a file of mode 0600 "
                      "and name that by client_secret_file in %.200s",
                check_settings_path(check)),
            has_secret ? "it is not the secret of the app client"
                       : "none is set, and the app client has one");
        return;
    case STATUS_DNS:
    case STATUS_CONNECT:
    case STATUS_TLS:
    case STATUS_TIMEOUT:
    case STATUS_TRANSPORT:
        add_fault(check, status, answer->message);
        return;
    default:
        check_add(check, CHECK_PROBLEM, FINDING_CLIENT_REFUSED,
                  check_cure(check, "%.300s\npam-cognito explain %.60s",
                             reason.fix, status_word(status)),
                  "%s (%s%s%s)", reason.meaning,
                  answer->error[0] == '\0' ? status_word(status)
                                           : answer->error,
                  answer->message[0] == '\0' ? "" : ": ", answer->message);
        return;
    }
}

static void
judge_flows(struct probe *probe, enum auth_flow wanted)
{
    struct check *check = probe->check;
    char allowed[160] = "";

    for (unsigned int i = 0; i < AUTH_FLOW_COUNT; i++) {
        size_t used = strlen(allowed);

        if (probe->asked[i] && probe->results[i] != STATUS_FLOW_DISABLED)
            (void) snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
                            used == 0 ? "" : ", ",
                            vocabulary_flow((enum auth_flow) i)->word);
    }
    if (probe->results[wanted] == STATUS_FLOW_DISABLED)
        check_add(
            check, CHECK_PROBLEM, FINDING_CLIENT_FLOW,
            check_cure(
                check,
                allowed[0] == '\0'
                    ? "allow ALLOW_%.40s at the app client (AWS console)%.0s"
                    : "allow ALLOW_%.40s at the app client (AWS console), or "
                      "set auth_flow in %.200s to one that is allowed",
                vocabulary_flow(wanted)->word, check_settings_path(check)),
            "it does not allow %s, which auth_flow=%s needs; allowed: "
            "%s",
            vocabulary_flow(wanted)->word,
            config_text(check->setup.config, KEY_AUTH_FLOW),
            allowed[0] == '\0' ? "none" : allowed);
    else {
        check_brief(check, "allows %s", vocabulary_flow(wanted)->word);
        check_add(check, CHECK_OK, FINDING_CLIENT_KNOWN, NULL,
                  "known; allows %s", allowed);
    }
}

static void
judge_rest(struct probe *probe)
{
    struct check *check = probe->check;

    if (probe->existence_told)
        check_add(
            check, CHECK_WARNING, FINDING_CLIENT_TELLS_STRANGERS,
            "enable \"Prevent user existence errors\" there (AWS console)",
            "it tells strangers which users exist");
    if (probe->first.status == STATUS_NO_USER)
        check_add(check, CHECK_PROBLEM, FINDING_CLIENT_USER_NAMES,
                  check_cure(check,
                             "in %.200s set username_format (such as "
                             "%%u@example.com) and\naccount_claim = email",
                             check_settings_path(check)),
                  "people of this pool sign in by e-mail address or "
                  "telephone number, and username_format makes neither: %s",
                  probe->first.message);
}

static void
ask_client(struct probe *probe)
{
    struct check *check = probe->check;
    enum auth_flow wanted = wanted_flow(check);
    struct secret password = {0};
    enum status status = STATUS_OK;

    if (!invent(probe, &password)) {
        check_add(check, CHECK_PROBLEM, FINDING_CLIENT_NO_NAME,
                  "free -h says what memory is left; try again",
                  "no user name could be made for the test");
        secret_free(&password);
        return;
    }
    announce(check,
             "Sending: InitiateAuth as %s, once for each flow; the pool's "
             "Lambda triggers see it",
             probe->name);
    for (unsigned int i = 0; !settles(status) && i < AUTH_FLOW_COUNT; i++) {
        /* The wanted one, then those before it, then those behind. */
        enum auth_flow flow = i == 0        ? wanted
                              : i <= wanted ? (enum auth_flow)(i - 1)
                                            : (enum auth_flow) i;

        if (vocabulary_flow_base(flow) == flow)
            status = ask_flow(probe, flow, &password);
    }
    secret_free(&password);
    if (settles(status)) {
        judge_end(probe, status);
        return;
    }
    if (check->setup.client_secret.length > 0)
        check_add(check, CHECK_OK, FINDING_CLIENT_SECRET_FITS, NULL,
                  "Cognito takes it");
    judge_flows(probe, wanted);
    judge_rest(probe);
}

static void
judge_clock(struct check *check)
{
    long long off;

    if (check->server_date == 0)
        return;
    off = (long long) (check->local_date - check->server_date);
    if (off < 0 ? -off <= CLOCK_WARN : off <= CLOCK_WARN) {
        check_brief(check, "%lld s off", off);
        check_add(check, CHECK_OK, FINDING_CLOCK_RIGHT, NULL,
                  "%lld s from Cognito's", off);
        return;
    }
    check_add(check,
              (off < 0 ? -off : off) > CLOCK_MOST ? CHECK_PROBLEM
                                                  : CHECK_WARNING,
              FINDING_CLOCK_OFF, "timedatectl set-ntp true",
              "this machine's clock is %lld s %s Cognito's; tokens and "
              "codes fail",
              off < 0 ? -off : off, off < 0 ? "behind" : "ahead of");
}

void
check_pool(struct check *check)
{
    const struct setup_origin origin = {check->service, "", ""};
    struct probe probe = {.check = check};
    bool pinned = check->setup.keys != NULL;
    enum status status;

    if (!check->usable)
        return;
    check_add(check, CHECK_OK, FINDING_POOL_NAMED, NULL, "%s in %s, %s",
              check->setup.pool.id, check->setup.pool.region,
              check->setup.pool.endpoint);
    if (check->cli->offline) {
        check_leave_out(check, FINDING_NETWORK_OFFLINE,
                        "the network and the pool (--offline)");
        return;
    }
    check->setup.keep_chain = true;
    status = setup_open(&check->setup, &origin, &probe.cognito);
    if (status != STATUS_OK)
        check_add(check, CHECK_PROBLEM, FINDING_NETWORK_SETUP,
                  check_cure(check, "%.300s\npam-cognito explain %.60s",
                             reason_of_status(status).fix,
                             status_word(status)),
                  "%s", reason_of_status(status).meaning);
    else if (reach(&probe, pinned)) {
        check_cage(check);
        ask_client(&probe);
    } else
        check_leave_out(check, FINDING_CLIENT_HIDDEN,
                        "the app client, which the problem above "
                        "hides");
    judge_clock(check);
    cognito_answer_free(&probe.first);
    cognito_close(&probe.cognito);
    http_close(probe.cognito.http);
}
