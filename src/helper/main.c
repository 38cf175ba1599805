/*
 * pam_cognito_helper: what talks to the network for pam_cognito.so. One
 * request, one result, gone. The order of the steps is the point: files
 * while root, then the identity, then the cage, then the first packet.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cognito/crypto.h"
#include "cognito/wiping.h"
#include "common/clock.h"
#include "common/network.h"
#include "common/remedy.h"
#include "common/run_state.h"
#include "flows/account.h"
#include "flows/sign_in.h"
#include "helper/peer.h"
#include "helper/place.h"
#include "helper/sandbox.h"
#include "helper/sanitized.h"
#include "client/setup.h"
#include "helper/warden.h"
#include "helper/wire_talk.h"

#define START_SECONDS 5    /* to receive the request */
#define SURPLUS_MS 100     /* the same for whom there is no room, to come */
#define SURPLUS_END_MS 500 /* and to be read */
#define TIDY_SECONDS 5     /* for what is done after the result */
#define TIDY_MS 4000
#define BUDGET_MAX_MS 600000
#define REFUSAL_SECONDS 2        /* before one is told to a stranger */
#define STRANGER_MS (15 * 60000) /* for all that he may ask at once */
#define USUAL_BUDGET_MS 20000    /* the defaults of timeout */
#define USUAL_CONNECT_SECONDS 3  /* and connect_timeout */

#if SANITIZED
/*
 * The environment is empty, so a sanitizer build gets its options here: the
 * leak checker would need the tracing that the sandbox forbids. Visible, for
 * the sanitizer's library to find it.
 */
__attribute__((visibility("default"))) const char *
__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

/*
 * The libcurl of some distributions brings GnuTLS along, for LDAP and RTMP. It
 * would begin by reading tables that nothing here uses, into the memory of both
 * processes, and asks this whether to (gnutls.h, GNUTLS_SKIP_GLOBAL_INIT). A
 * curl that speaks TLS by it begins it when it needs it.
 */
__attribute__((visibility("default"))) int _gnutls_global_init_skip(void);
int
_gnutls_global_init_skip(void)
{
    return 1;
}

extern char **environ;

/* The request, as the module sent it. */
struct request {
    unsigned int operation;
    unsigned int flags;
    unsigned int budget_ms;
    char *user;
    char *service;
    char *rhost;
    char *tty;
    size_t count;
    char *arguments[WIRE_ARGS_MAX];
    struct config_source source; /* the file that the module read */
    struct peer peer;
    bool own_account; /* the account whose password is to be changed is the
                       * caller's */
    bool starved;     /* as we were started, before our own limits */
    bool breaker;     /* root's settings want one, for a peer on the socket */
    bool looks;       /* the pool was out of reach: nobody is asked before it
                       * answers */
    struct place place; /* what a stranger takes up; fd -1: it is not asked */
    struct warden warden;
};

static bool
is_root(void)
{
    uid_t real, effective, saved;

    return getresuid(&real, &effective, &saved) == 0 && real == 0
           && effective == 0 && saved == 0;
}

/*
 * Started by the module, or by root's own tool: an empty environment, no
 * arguments, its end of a socket pair made by a process of the same user. Or
 * by root for a connection, and then whoever it is from will be judged. Without
 * a privilege that who started it had not: AT_SECURE tells of one, and of a
 * confined program of root's that starts it unconfined, as AppArmor's PUx.
 */
static bool
is_started_rightly(int argc, struct peer *peer_out)
{
    return argc == 1 && environ[0] == NULL
           && (getauxval(AT_SECURE) == 0 || is_root())
           && peer_of(WIRE_FD, peer_out)
           && (peer_out->remote ? is_root() : peer_out->uid == geteuid());
}

static char *
copy_text(struct wire *wire)
{
    return strdup(wire_get_text(wire, WIRE_MAX));
}

static void
free_request(struct request *request)
{
    free(request->user);
    free(request->service);
    free(request->rhost);
    free(request->tty);
    for (size_t i = 0; i < request->count; i++)
        secret_free_text(request->arguments[i]);
    place_close(&request->place);
    memset(request, 0, sizeof(*request));
}

static bool
receive_request(struct wire_talk *talk, struct request *request)
{
    struct wire *wire = talk->wire;
    enum wire_result result;
    enum wire_type type;
    bool whole;
    size_t count;

    result = wire_receive(wire, talk->fd, &type, talk->id);
    if (result == WIRE_FOREIGN && request->peer.remote)
        syslog(LOG_ERR,
               "socket: the host's module is of another version: restart the "
               "service: uid=%lu pid=%ld",
               (unsigned long) request->peer.uid, (long) request->peer.pid);
    if (result != WIRE_OK || type != WIRE_START)
        return false;
    request->operation = wire_get_byte(wire);
    request->flags = wire_get_number(wire);
    request->budget_ms = wire_get_number(wire);
    request->user = copy_text(wire);
    request->service = copy_text(wire);
    request->rhost = copy_text(wire);
    request->tty = copy_text(wire);
    count = wire_get_byte(wire);
    whole = request->user != NULL && request->service != NULL
            && request->rhost != NULL && request->tty != NULL
            && count <= WIRE_ARGS_MAX;
    for (size_t i = 0; whole && i < count; i++) {
        request->arguments[i] = copy_text(wire);
        whole = request->arguments[i] != NULL;
        request->count += whole;
    }
    request->source.device = wire_get_wide(wire);
    request->source.number = wire_get_wide(wire);
    return whole && wire_complete(wire)
           && (request->operation == WIRE_AUTHENTICATE
               || request->operation == WIRE_CHANGE
               || (request->operation == WIRE_PROBE
                   && request->user[0] == '\0'))
           && request->budget_ms > 0 && request->budget_ms <= BUDGET_MAX_MS;
}

static void
say(struct wire_talk *talk, enum talk_level level, const char *text)
{
    talk->talk.log(&talk->talk, level, text);
}

static void
say_warning(void *context, const char *line)
{
    say(context, TALK_LOG_WARNING, line);
}

/*
 * Identity and cage, from which nothing but what is needed can be reached.
 * warden: NULL for a plain user's own helper.
 */
static bool
confine(struct wire_talk *talk, const struct setup *setup,
        const struct warden *warden)
{
    char paths[HTTP_FILES][HTTP_PATH_MAX];
    const char *files[HTTP_FILES + 1] = {NULL};
    const struct sandbox_needs needs = {.endpoint = setup->pool.port,
                                        .proxy = setup->proxy_port,
                                        .files = files};
    char error[320], note[160];

    http_files(paths);
    for (size_t i = 0; i < HTTP_FILES; i++)
        files[i] = paths[i];
    if (!sandbox_drop(HELPER_USER, warden == NULL, error, sizeof(error))
        || (warden != NULL && !warden_bind(warden, error, sizeof(error)))
        || !sandbox_confine(&needs, error, sizeof(error), note,
                            sizeof(note))) {
        say(talk, TALK_LOG_ERROR, error);
        return false;
    }
    if (note[0] != '\0')
        say(talk, TALK_LOG_DEBUG, note);
    sandbox_report(&needs, say_warning, talk);
    return true;
}

static enum status
fault(struct wire_talk *talk, const char *message)
{
    char line[320];

    (void) snprintf(line, sizeof(line), "configuration: %s", message);
    say(talk, TALK_LOG_ERROR, line);
    return STATUS_CONFIG;
}

static bool
is_stranger(const struct request *request)
{
    return request->peer.remote && request->peer.uid != 0;
}

static enum status
refuse_surplus(struct outcome *outcome)
{
    (void) snprintf(outcome->note, sizeof(outcome->note),
                    "%d sign-ins at a time of one uid, %d of one in "
                    "trusted_users, %d of all but root",
                    PLACES_OWN, PLACES_TRUSTED, PLACES_STRANGERS);
    return STATUS_PEER_LIMIT;
}

/*
 * Takes from a peer on the socket what it may have: every flag of its is
 * replaced by what is known here.
 */
static enum status
admit(struct wire_talk *talk, struct request *request,
      const struct peer_request *asked, struct outcome *outcome)
{
    struct peer_verdict verdict;
    enum status status = peer_judge(&request->peer, asked, &verdict);

    request->flags = 0;
    talk->debug = verdict.debug;
    request->own_account = verdict.own;
    request->breaker = verdict.breaker;
    if (verdict.warning[0] != '\0')
        say(talk, TALK_LOG_WARNING, verdict.warning);
    if (verdict.line[0] != '\0')
        return fault(talk, verdict.line);
    (void) snprintf(outcome->note, sizeof(outcome->note), "%s", verdict.note);
    if (status == STATUS_OK && is_stranger(request)
        && !place_keep(&request->place, request->peer.uid, verdict.trusted))
        status = refuse_surplus(outcome);
    /* The warden has another copy. */
    place_close(&request->place);
    return status;
}

/* Many pools know a name in any case: these are one. */
static uint64_t
hash_user(const char *user)
{
    uint64_t hash = CIRCUIT_HASH;

    for (; *user != '\0'; user++) {
        bool capital = /* @capital */ *user >= 'A' && *user <= 'Z';
        const char letter[] = {(char) (capital ? *user - 'A' + 'a' : *user),
                               '\0'};

        hash = circuit_mix(hash, letter);
    }
    return hash;
}

/* What is remembered of this user and of this pool: may it go on? */
static enum status
ask_records(struct wire_talk *talk, struct request *request,
            const struct setup *setup, struct outcome *outcome)
{
    const struct pool *pool = &setup->pool;
    const char *proxy = config_text(setup->config, KEY_PROXY);
    struct record_subject subject = {
        .peer = is_stranger(request) ? request->peer.uid : RECORD_NOBODY,
        .account = request->own_account ? request->peer.uid : RECORD_NOBODY,
        .user = hash_user(request->user),
    };

    if (request->breaker && request->operation == WIRE_AUTHENTICATE)
        subject.pool = circuit_mix(
            circuit_mix(circuit_mix(CIRCUIT_HASH, pool->id), pool->endpoint),
            proxy == NULL ? "" : proxy);
    switch (warden_tell(&request->warden, &subject)) {
    case RECORD_LOOK:
        request->looks = true;
        talk->counted = is_stranger(request);
        return STATUS_OK;
    case RECORD_YES:
        talk->counted = is_stranger(request);
        return STATUS_OK;
    case RECORD_NO:
        (void) snprintf(outcome->note, sizeof(outcome->note),
                        "uid %lu was refused %d times in a minute for this "
                        "user",
                        (unsigned long) request->peer.uid, RECORD_REFUSALS);
        return STATUS_PEER_LIMIT;
    case RECORD_OUTAGE:
        return STATUS_OUTAGE;
    default:
        (void) snprintf(outcome->note, sizeof(outcome->note),
                        "nothing can be recorded in " RUN_STATE_FOLDER);
        return STATUS_PEER_LIMIT;
    }
}

/* Files, identity, cage: STATUS_OK when the network may be used. */
static enum status
prepare(struct wire_talk *talk, struct request *request, struct setup *setup,
        struct outcome *outcome)
{
    bool remote = request->peer.remote;
    bool personal = !remote && (request->flags & WIRE_PERSONAL) != 0;
    struct file_trust trust = {.owner = personal ? geteuid() : 0};
    const struct peer_request asked = {
        .operation = (enum wire_operation) request->operation,
        .user = request->user,
        .service = request->service,
        .count = request->count,
        .arguments = (const char *const *) request->arguments,
        .source = request->source,
    };
    char line[TEXT_LINE_MAX + 1];
    enum status status = STATUS_OK;

    if (personal == is_root()
        || (personal && request->operation == WIRE_PROBE))
        return STATUS_PRIVILEGE;
    if (is_stranger(request) && request->place.fd < 0)
        return refuse_surplus(outcome);
    if (remote)
        status = admit(talk, request, &asked, outcome);
    if (status == STATUS_OK)
        status = setup_read(setup, request->count,
                            (const char *const *) request->arguments,
                            request->service, &trust);
    if (status == STATUS_CONFIG && setup->message[0] != '\0')
        return fault(talk, setup->message);
    if (status != STATUS_OK)
        return status;
    /* It may have been changed since that was judged. */
    if (remote && !peer_read_same(&asked, setup->config, line, sizeof(line)))
        return fault(talk, line);
    if (remote)
        status = ask_records(talk, request, setup, outcome);
    if (status != STATUS_OK)
        return status;
    if (setup->warning[0] != '\0')
        say(talk, TALK_LOG_WARNING, setup->warning);
    return confine(talk, setup, personal ? NULL : &request->warden)
               ? STATUS_OK
               : STATUS_PRIVILEGE;
}

/*
 * Nobody needs the refresh token: a copy of it somewhere would be a way in
 * for a month.
 */
static void
revoke_tokens(struct wire_talk *talk, struct cognito *cognito,
              const struct sign_in_result *result)
{
    struct cognito_answer answer = {0};

    if (result->refresh_token.data == NULL)
        return;
    (void) alarm(TIDY_SECONDS);
    http_deadline(talk->http, clock_ms() + TIDY_MS);
    /* The module is gone, so a failure cannot be logged any more; the token
     * was never written anywhere and ends with its own life time. */
    (void) cognito_revoke_token(cognito, &result->refresh_token, &answer);
    cognito_answer_free(&answer);
}

/*
 * Did somebody lower what is needed to reach anything? Not every root may
 * raise again what the caller of a setuid host lowered before.
 */
static bool
is_starved(void)
{
    static const struct {
        int resource;
        rlim_t least;
    } needs[] = {
        {RLIMIT_NOFILE, 64},          {RLIMIT_NPROC, 1024},
        {RLIMIT_CPU, RLIM_INFINITY},  {RLIMIT_AS, RLIM_INFINITY},
        {RLIMIT_DATA, RLIM_INFINITY},
    };
    struct rlimit limit;

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (getrlimit(needs[i].resource, &limit) < 0
            || limit.rlim_cur < needs[i].least)
            return true;
    return getpriority(PRIO_PROCESS, 0) > 0
           || sched_getscheduler(0) == SCHED_IDLE;
}

/*
 * Is it the endpoint that is out of reach? Not when the settings or the host
 * leave less than usual, nor for one person's own process.
 */
static bool
is_outage(const struct request *request, const struct setup *setup,
          enum status status)
{
    return !request->starved
           && (status == STATUS_DNS || status == STATUS_CONNECT
               || status == STATUS_TLS)
           && (request->flags & WIRE_PERSONAL) == 0
           && request->budget_ms >= USUAL_BUDGET_MS
           && config_number(setup->config, KEY_CONNECT_TIMEOUT)
                  >= USUAL_CONNECT_SECONDS;
}

/* How far the way leads: one request, for the keys. */
static void
probe(struct wire_talk *talk, struct cognito *cognito, struct outcome *outcome)
{
    struct http_answer answer = {0};
    struct jwt_keys *keys = NULL;

    /* From here on the deadline is this connection's, too. */
    wire_talk_begin_work(talk);
    outcome->status = http_get(cognito->http, cognito->pool->keys_path,
                               &answer);
    outcome->http = answer.code;
    outcome->ms = answer.ms;
    (void) snprintf(outcome->note, sizeof(outcome->note), "%s", answer.detail);
    if (outcome->status == STATUS_OK && !cognito->keys_pinned
        && (answer.code != 200 || answer.body.length == 0
            || jwt_keys_parse(answer.body.data, answer.body.length, &keys)
                   != STATUS_OK))
        outcome->status = STATUS_KEYS;
    jwt_keys_free(keys);
    http_answer_free(&answer);
}

/* Is the pool's endpoint back? Any answer of its will do. */
static enum status
look(struct wire_talk *talk, const struct request *request,
     struct cognito *cognito, struct outcome *outcome)
{
    struct http_answer answer = {0};
    enum status status;

    wire_talk_begin_work(talk);
    status = http_get(cognito->http, cognito->pool->keys_path, &answer);
    if (status != STATUS_OK)
        (void) snprintf(outcome->note, sizeof(outcome->note), "%s",
                        answer.detail);
    else if (request->peer.remote)
        (void) warden_ask(&request->warden, RECORD_TELLS(CIRCUIT_REACHED));
    http_answer_free(&answer);
    return status;
}

/* After what is said already. */
static void
add_note(struct outcome *outcome, const char *note)
{
    size_t used = strlen(outcome->note);

    (void) snprintf(outcome->note + used, sizeof(outcome->note) - used, "%s%s",
                    used == 0 ? "" : ": ", note);
}

/*
 * What a library says of a sandbox that it works in leads astray: routes and
 * firewalls, memory, a fault of ours.
 */
static void
find_cause(struct outcome *outcome)
{
    char text[120];

    switch ((int) outcome->status) {
    case STATUS_DNS:
    case STATUS_CONNECT:
        if (network_is_refused()) {
            outcome->status = STATUS_SANDBOX;
            add_note(outcome, "RestrictAddressFamilies= of the service must "
                              "allow AF_INET and AF_INET6");
        } else if (network_is_alone()) {
            add_note(outcome,
                     "this network namespace has no interface but lo: "
                     "PrivateNetwork= of the service");
        } else if (strstr(outcome->note, "thread failed to start") != NULL) {
            add_note(outcome, remedy_clone(EAGAIN));
        }
        break;
    case STATUS_INTERNAL:
    case STATUS_MEMORY:
    case STATUS_TLS:
        if (!crypto_works(text, sizeof(text))) {
            outcome->status = STATUS_CRYPTO;
            outcome->note[0] = '\0';
            add_note(outcome, "OpenSSL cannot start, check openssl.cnf");
            add_note(outcome, text);
        }
        break;
    default:
        break;
    }
}

/*
 * Is somebody refused for what he is or said? Not for what could not be asked,
 * which took the time that there is.
 */
static bool
is_refusal(enum status status)
{
    return status != STATUS_OK && status != STATUS_TIMEOUT
           && status != STATUS_DNS && status != STATUS_CONNECT
           && status != STATUS_TLS && status != STATUS_OUTAGE;
}

/*
 * What root's modules do by themselves, for others: a refusal takes its time,
 * and root's log has the attempt. For whom there was no room takes none.
 */
static void
conclude_for_stranger(const struct request *request,
                      const struct outcome *outcome, bool surplus)
{
    const struct timespec delay = {.tv_sec = REFUSAL_SECONDS};
    char user[96], service[64];

    text_clean(request->user, user, sizeof(user));
    text_clean(request->service, service, sizeof(service));
    syslog(outcome->status == STATUS_OK ? LOG_INFO : LOG_NOTICE,
           "socket: %s: uid=%lu pid=%ld user=%s service=%s",
           status_word(outcome->status), (unsigned long) request->peer.uid,
           (long) request->peer.pid, user, service);
    if (surplus || !is_refusal(outcome->status))
        return;
    (void) alarm(REFUSAL_SECONDS + TIDY_SECONDS);
    (void) nanosleep(&delay, NULL);
}

/*
 * Tells the warden what came of it. Whoever leaves the pool no time to answer
 * has been wrong: it has seen the password, and may be quicker with the right
 * one.
 */
static void
tell_records(const struct request *request, const struct outcome *outcome,
             bool seen)
{
    enum circuit_news news = outcome->outage      ? CIRCUIT_OUTAGE
                             : outcome->http != 0 ? CIRCUIT_REACHED
                                                  : CIRCUIT_NOTHING;

    if (outcome->status == STATUS_OK
        || (!seen && !is_refusal(outcome->status)))
        (void) warden_ask(&request->warden, RECORD_RIGHT);
    if (warden_ask(&request->warden, RECORD_TELLS(news)) == RECORD_NO)
        syslog(LOG_ERR,
               "socket: the pool's endpoint is out of reach: until it answers "
               "sign-ins are refused at once, but for one a second that "
               "looks");
}

static void
serve(struct wire_talk *talk, struct request *request, struct setup *setup)
{
    const struct setup_origin origin = {request->service, request->rhost,
                                        request->tty};
    struct sign_in_request whose = {
        .user = request->user,
        .service = request->service,
    };
    struct sign_in_result result = {0};
    struct cognito cognito = {0};
    bool surplus = is_stranger(request) && request->place.fd < 0;

    wire_talk_begin_work(talk);
    request->own_account = (request->flags & WIRE_OWN) != 0;
    request->looks = (request->flags & WIRE_LOOK) != 0
                     && /* @looks */ !request->peer.remote;
    result.outcome.status = prepare(talk, request, setup, &result.outcome);
    whose.own_account = request->own_account;
    whose.may_go_ahead = (request->flags & WIRE_FIRST) != 0
                         && request->rhost[0] == '\0'
                         && request->operation == WIRE_AUTHENTICATE;
    if (result.outcome.status == STATUS_OK)
        result.outcome.status = setup_open(setup, &origin, &cognito);
    if (result.outcome.status == STATUS_OK) {
        whose.map = setup->map;
        whose.host = setup->host;
        talk->http = cognito.http;
        http_watch(cognito.http, talk->fd);
        if (request->looks)
            result.outcome.status = look(talk, request, &cognito,
                                         &result.outcome);
    }
    if (result.outcome.status == STATUS_OK) {
        if (!cognito.keys_pinned && request->operation != WIRE_PROBE)
            http_warm(cognito.http, setup->pool.keys_path);
        if (request->operation == WIRE_PROBE)
            probe(talk, &cognito, &result.outcome);
        else
            account_run(request->operation == WIRE_CHANGE
                            ? ACCOUNT_CHANGE_PASSWORD
                            : ACCOUNT_SIGN_IN,
                        &cognito, &talk->talk, setup->config, &whose, &result);
    }
    /* main() frees the request. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    find_cause(&result.outcome);
    result.outcome.outage = is_outage(request, setup, result.outcome.status);
    if (request->peer.remote)
        tell_records(request, &result.outcome,
                     cognito.http != NULL && http_has_posted(cognito.http));
    if (is_stranger(request))
        conclude_for_stranger(request, &result.outcome, surplus);
    if (wire_talk_result(talk, &result.outcome) && cognito.http != NULL)
        revoke_tokens(talk, &cognito, &result);
    sign_in_free(&result);
    cognito_close(&cognito);
    http_close(cognito.http);
}

/*
 * Everything that is secret is wiped by now. What the libraries would still
 * give back, the kernel takes sooner; counting writes when a program ends, and
 * sanitizers look then.
 */
static void __attribute__((noreturn)) leave(int code)
{
    if (MEASURED || SANITIZED)
        exit(code);
    _exit(code);
}

/*
 * For the request to be received. What a peer passes along is closed with it,
 * and takes as long as the peer likes (SO_LINGER).
 */
static void
limit_start(int ms)
{
    const struct itimerval limit
        = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    (void) setitimer(ITIMER_REAL, &limit, NULL);
}

int
main(int argc, char **argv)
{
    struct wire_talk talk = {.fd = WIRE_FD};
    struct request request = {.place = {.fd = -1}};
    struct pollfd readable = {.fd = WIRE_FD, .events = POLLIN};
    struct setup setup = {0};
    int code = 1;

    if (!is_started_rightly(argc, &request.peer)) {
        (void) fprintf(stderr,
                       "%s is started by pam_cognito.so and by nothing "
                       "else; see pam-cognito(1) for tests by hand\n",
                       argc > 0 ? argv[0] : "pam_cognito_helper");
        return 2;
    }
    if (request.peer.remote)
        openlog("pam_cognito_helper", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    /* Whoever has no place is told so, when he asks at once. */
    if (is_stranger(&request) && !place_take(request.peer.uid, &request.place)
        && poll(&readable, 1, SURPLUS_MS) != 1)
        return 1;
    /* A plain user's own helper could end its warden anyway. */
    if (is_root())
        warden_begin(WIRE_FD, is_stranger(&request) ? STRANGER_MS : 0,
                     request.peer.remote, &request.warden);
    wiping_install();
    limit_start(is_stranger(&request) && request.place.fd < 0
                    ? SURPLUS_END_MS
                    : START_SECONDS * 1000);
    wire_talk_init(&talk);
    talk.records = request.peer.remote ? &request.warden : NULL;
    talk.wire = wire_new();
    if (talk.wire != NULL && receive_request(&talk, &request)) {
        talk.budget_ms = request.budget_ms;
        /* By socket comes no limit of the caller's: these are the unit's. */
        request.starved = /* @limits */ !request.peer.remote && is_starved();
        talk.debug = (request.flags & WIRE_DEBUG) != 0;
        serve(&talk, &request, &setup);
        code = 0;
    }
    free_request(&request);
    setup_free(&setup);
    wire_free(talk.wire);
    leave(code);
}
