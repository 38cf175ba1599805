/*
 * HTTPS by libcurl's multi interface: one transfer for posts and one for
 * GETs, which share a single connection. It knows no Cognito.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/http.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "common/text.h"

#define POLL_MS 60000     /* curl wakes earlier for timers of its own */
#define CONNECT_POLL_MS 200 /* 7.88 does not for a dead address */
#define WARM_MS 10000     /* a warm-up that takes longer is given up */
#define WARM_WAIT_MS 2000 /* how long a post waits for the warm-up to end */
#define BODY_FIRST 4096   /* bytes; then twice as many whenever it is full */
#define HEADER_MAX 512    /* bytes of a request header that we write */
#define HEADERS_MAX (300 * 1024) /* bytes of all headers of one exchange */

/* One exchange and what has arrived of it. */
struct transfer {
    struct http *http;
    CURL *easy;
    curl_socket_t socket; /* of the connection used last, while it is open */
    bool active; /* handed to the multi handle */
    bool done;   /* result holds */
    CURLcode result;
    int64_t started;
    int64_t ended;
    char error[CURL_ERROR_SIZE];
    const struct secret *upload;
    size_t uploaded;
    bool resolved;   /* the addresses are known */
    bool connecting; /* to these; else curl resolves, or needs neither */
    long limit_ms;   /* for all that comes after resolving; 0 for none */
    bool asked; /* curl has begun to write the request */
    bool dropped; /* nobody wants it, and curl is still resolving for it */
    bool too_large;
    bool no_memory;
    size_t headers; /* bytes so far */
    size_t capacity; /* of answer.body.data */
    struct http_answer answer;
};

struct http {
    CURLM *multi;
    CURL *model; /* of post.easy, which each post has for itself */
    struct transfer post;
    struct transfer get;
    struct secret body;         /* of the post that is under way */
    struct curl_slist *headers; /* its request headers */
    char *endpoint;
    char *warm_path; /* whose answer the transfer get brings, or NULL */
    int64_t deadline;
    int64_t used; /* when the connection was last busy */
    unsigned int idle_ms;
    unsigned int connect_ms;
    bool connected; /* a connection may be waiting in the pool */
};

int64_t
http_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What curl calls ---- */

/* Makes room for more bytes and a NUL; the old place is wiped. */
static bool
reserve(struct transfer *transfer, size_t more)
{
    struct secret *body = &transfer->answer.body;
    size_t wanted = body->length + more + 1;
    size_t capacity = transfer->capacity;
    char *data;

    if (wanted <= capacity)
        return true;
    if (capacity == 0)
        capacity = BODY_FIRST;
    while (capacity < wanted)
        capacity *= 2;
    data = malloc(capacity);
    if (data == NULL)
        return false;
    if (body->length > 0)
        memcpy(data, body->data, body->length);
    if (body->data != NULL)
        secret_wipe(body->data, body->length);
    free(body->data);
    body->data = data;
    transfer->capacity = capacity;
    return true;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct secret *body = &transfer->answer.body;
    size_t length = size * count;

    if (length > HTTP_BODY_MAX - body->length) {
        transfer->too_large = true;
        return 0;
    }
    if (!reserve(transfer, length)) {
        transfer->no_memory = true;
        return 0;
    }
    memcpy(body->data + body->length, bytes, length);
    body->length += length;
    body->data[body->length] = '\0';
    return length;
}

/*
 * The value of a header line of that name, cleaned. False when the line is
 * another header's.
 */
static bool
take_header(const char *line, size_t length, const char *name, char *out,
            size_t size)
{
    size_t name_length = strlen(name);

    if (length <= name_length || line[name_length] != ':'
        || strncasecmp(line, name, name_length) != 0)
        return false;
    line += name_length + 1;
    length -= name_length + 1;
    while (length > 0 && (line[0] == ' ' || line[0] == '\t')) {
        line++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
        length--;
    text_clean_bytes(line, length, out, size);
    return true;
}

/*
 * The form that servers send (RFC 9110, 5.6.7), or 0. curl's own reader gives
 * a time_t that on 32-bit processors is shorter than ours.
 */
static int64_t
read_date(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    int64_t when = end == NULL || *end != '\0' ? 0 : timegm(&parts);

    return when < 0 ? 0 : when;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct http_answer *answer = &transfer->answer;
    size_t length = size * count;
    char date[64];

    /* curl's own limit leaves out those that follow a chunked body. */
    if (length > HEADERS_MAX - transfer->headers) {
        transfer->too_large = true;
        return 0;
    }
    transfer->headers += length;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        /* A status line: what came before belongs to an interim answer. */
        answer->request_id[0] = '\0';
        answer->error_type[0] = '\0';
        answer->error_message[0] = '\0';
        answer->date = 0;
        return length;
    }
    if (take_header(bytes, length, "x-amzn-RequestId", answer->request_id,
                    sizeof answer->request_id)
        || take_header(bytes, length, "x-amzn-ErrorType", answer->error_type,
                       sizeof answer->error_type)
        || take_header(bytes, length, "x-amzn-ErrorMessage",
                       answer->error_message, sizeof answer->error_message))
        return length;
    if (take_header(bytes, length, "Date", date, sizeof date))
        answer->date = read_date(date);
    return length;
}

static size_t
on_upload(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->upload->length - transfer->uploaded;
    size_t length = size * count;

    if (length > left)
        length = left;
    memcpy(bytes, transfer->upload->data + transfer->uploaded, length);
    transfer->uploaded += length;
    return length;
}

/*
 * Called before every request that curl writes. When a connection that was
 * used before dies under a request, curl writes it again on a new one. A post
 * holds a password that must be tried once: the lack of a seek function stops
 * curl when bytes of the body are out, this stops it in every case.
 */
static int
on_request(void *context, char *remote, char *local, int remote_port,
           int local_port)
{
    struct transfer *transfer = context;

    (void) remote;
    (void) local;
    (void) remote_port;
    (void) local_port;
    if (transfer->dropped || (transfer->asked && transfer->upload != NULL))
        return CURL_PREREQFUNC_ABORT;
    transfer->asked = true;
    return CURL_PREREQFUNC_OK;
}

/*
 * Called when curl has an address and is about to connect. It counts the time
 * for connecting from when it began to resolve, and shares it out among the
 * addresses: so the first round ends here, and the second finds the addresses
 * in curl's cache and has all of connect_ms for them.
 */
static curl_socket_t
on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;

    (void) purpose;
    transfer->resolved = true;
    if (!transfer->connecting)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

/* Closes a socket of curl's, which may be one that we watch. */
static int
on_close(void *context, curl_socket_t closed)
{
    struct http *http = context;

    if (http->post.socket == closed)
        http->post.socket = CURL_SOCKET_BAD;
    if (http->get.socket == closed)
        http->get.socket = CURL_SOCKET_BAD;
    return close(closed);
}

/* ---- Setting up ---- */

/* What OpenSSL has deciphered is wiped where it was, once curl has read it. */
static CURLcode
on_context(CURL *easy, void *context, void *unused)
{
    (void) easy;
    (void) unused;
    (void) SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}

static bool
set_trust(CURL *easy, const struct http_options *options)
{
    struct curl_blob blob;

    if (options->ca_pem == NULL)
        return true;
    blob.data = (void *) options->ca_pem;
    blob.len = options->ca_pem_length;
    blob.flags = CURL_BLOB_COPY;
    return curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
}

static bool
set_text(CURL *easy, CURLoption option, const char *text)
{
    return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

static bool
set_number(CURL *easy, CURLoption option, long number)
{
    return curl_easy_setopt(easy, option, number) == CURLE_OK;
}

/* What both transfers have in common, so that they can share a connection. */
static bool
set_common(struct transfer *transfer, const struct http_options *options)
{
    CURL *easy = transfer->easy;
    const char *proxy = options->proxy == NULL ? "" : options->proxy;

    return
#if LIBCURL_VERSION_NUM >= 0x075500
        set_text(easy, CURLOPT_PROTOCOLS_STR, "https")
#else
        set_number(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS)
#endif
           && set_number(easy, CURLOPT_FOLLOWLOCATION, 0)
           && set_number(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
           && set_number(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
           && set_number(easy, CURLOPT_SSL_VERIFYPEER, 1)
           && set_number(easy, CURLOPT_SSL_VERIFYHOST, 2)
           && set_trust(easy, options)
           /* Set also where there is none: NULL would ask the environment. */
           && set_text(easy, CURLOPT_PROXY, proxy)
           && set_text(easy, CURLOPT_NOPROXY, proxy[0] == '\0' ? "*" : "")
           && set_number(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED)
           && set_text(easy, CURLOPT_USERAGENT, options->user_agent)
           && set_number(easy, CURLOPT_NOSIGNAL, 1)
           && set_number(easy, CURLOPT_TCP_NODELAY, 1)
#if LIBCURL_VERSION_NUM >= 0x075700
           /*
            * Without this, giving up joins the thread that waits for a dead
            * resolver. The thread outlives the transfer, never the program.
            */
           && set_number(easy, CURLOPT_QUICK_EXIT, 1)
#endif
           && set_number(easy, CURLOPT_CERTINFO, options->keep_chain)
           && set_number(easy, CURLOPT_MAXFILESIZE, HTTP_BODY_MAX);
}

static bool
set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error)
               == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->http)
                  == CURLE_OK;
}

static enum status
set_up(struct http *http, struct transfer *transfer,
       const struct http_options *options)
{
    transfer->http = http;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return STATUS_MEMORY;
    if (!set_common(transfer, options) || !set_callbacks(transfer))
        return STATUS_INTERNAL;
    /* Another TLS library of curl's has no such thing. */
    (void) curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_FUNCTION,
                            on_context);
    return STATUS_OK;
}

/*
 * Once per process; curl counts, and the program's end cleans up. Requests and
 * answers pass through buffers of curl's that are wiped when it frees them.
 * Older curl leaves writing to OpenSSL, which writes to what may be closed.
 */
static bool
initialise(void)
{
    static bool done;

    if (done)
        return true;
    (void) signal(SIGPIPE, SIG_IGN);
    done = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc,
                                secret_free_memory, secret_resize_memory,
                                strdup, calloc)
           == CURLE_OK;
    return done;
}

enum status
http_open(const struct http_options *options, struct http **http_out)
{
    struct http *http = NULL;
    enum status status = STATUS_MEMORY;

    *http_out = NULL;
    if (!initialise())
        return STATUS_INTERNAL;
    http = calloc(1, sizeof *http);
    if (http == NULL)
        return STATUS_MEMORY;
    http->connect_ms = options->connect_ms;
    http->idle_ms = options->idle_ms == 0 ? HTTP_IDLE_MS : options->idle_ms;
    http->post.socket = http->get.socket = CURL_SOCKET_BAD;
    http->endpoint = strdup(options->endpoint);
    http->multi = curl_multi_init();
    if (http->endpoint == NULL || http->multi == NULL)
        goto out;
    status = set_up(http, &http->post, options);
    http->model = http->post.easy;
    http->post.easy = NULL;
    if (status == STATUS_OK)
        status = set_up(http, &http->get, options);
    if (status != STATUS_OK)
        goto out;
    *http_out = http;
    http = NULL;

out:
    http_close(http);
    return status;
}

/* ---- Carrying transfers on ---- */

static bool
is_resolving(const struct transfer *transfer)
{
    return transfer->active && !transfer->resolved && !transfer->asked;
}

static void
forget(struct transfer *transfer)
{
    http_answer_free(&transfer->answer);
    transfer->capacity = 0;
    transfer->done = false;
    transfer->upload = NULL;
    transfer->uploaded = 0;
    transfer->resolved = false;
    transfer->connecting = false;
    transfer->asked = false;
    transfer->too_large = false;
    transfer->no_memory = false;
    transfer->headers = 0;
    transfer->error[0] = '\0';
}

/*
 * Takes a transfer from curl, whose connection closes if it was not over.
 * Before 7.87 curl then waits for a resolver that may be dead: such a transfer
 * stays where it is, and ends by itself before it sends anything. The program's
 * end must not be kept waiting.
 */
static void
stop(struct transfer *transfer)
{
    if (LIBCURL_VERSION_NUM < 0x075700 && is_resolving(transfer)) {
        transfer->dropped = true;
        return;
    }
    if (transfer->active)
        (void) curl_multi_remove_handle(transfer->http->multi, transfer->easy);
    transfer->active = false;
}

/*
 * Hands it to curl for resolving, which may take as long as there is time
 * (0: curl's own 5 minutes), or for connecting.
 */
static bool
hand_over(struct transfer *transfer)
{
    bool connecting = transfer->connecting;

    return set_number(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
                      connecting ? (long) transfer->http->connect_ms : 0)
           && set_number(transfer->easy, CURLOPT_TIMEOUT_MS,
                         connecting ? transfer->limit_ms : 0)
           && curl_multi_add_handle(transfer->http->multi, transfer->easy)
                  == CURLM_OK;
}

static enum status
start(struct transfer *transfer)
{
    struct http *http = transfer->http;

    if (transfer->active)
        return STATUS_TIMEOUT;
    if (http->multi == NULL)
        http->multi = curl_multi_init();
    if (http->multi == NULL)
        return STATUS_MEMORY;
    if (!hand_over(transfer))
        return STATUS_INTERNAL;
    transfer->active = true;
    transfer->dropped = false;
    transfer->started = http_now();
    http->connected = true;
    return STATUS_OK;
}

/*
 * The first round has ended because on_socket wanted it: begins the second
 * one. Not where a post was begun already, on a connection that died.
 */
static bool
begin_connecting(struct transfer *transfer)
{
    if (!transfer->resolved || transfer->connecting || transfer->dropped
        || (transfer->asked && transfer->upload != NULL))
        return false;
    transfer->connecting = true;
    transfer->error[0] = '\0';
    transfer->active = hand_over(transfer);
    return transfer->active;
}

static void
conclude_round(struct transfer *transfer, CURLcode result)
{
    (void) curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET,
                             &transfer->socket);
    (void) curl_multi_remove_handle(transfer->http->multi, transfer->easy);
    transfer->active = false;
    if (result != CURLE_OK && begin_connecting(transfer))
        return;
    transfer->done = !transfer->dropped;
    transfer->result = result;
    transfer->ended = http_now();
    transfer->answer.ms =
        (unsigned int) (transfer->ended - transfer->started);
    transfer->http->used = transfer->ended;
}

/* Does what can be done without waiting and notes what has ended. */
static bool
step(struct http *http)
{
    CURLMsg *message;
    int running;
    int left;

    if (http->multi == NULL)
        return true;
    if (curl_multi_perform(http->multi, &running) != CURLM_OK)
        return false;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE
            || curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                                 &transfer)
                   != CURLE_OK)
            continue;
        conclude_round(transfer, result);
    }
    return true;
}

static bool
is_connecting(const struct transfer *transfer)
{
    return transfer->active && transfer->connecting && !transfer->asked;
}

/* How long curl may be left alone at most. */
static int
longest_wait(const struct http *http)
{
    return is_connecting(&http->get) || is_connecting(&http->post)
               ? CONNECT_POLL_MS
               : POLL_MS;
}

/* Until something may have happened; STATUS_TIMEOUT when limit has passed. */
static enum status
linger(struct http *http, int64_t limit)
{
    int64_t wait = longest_wait(http);

    if (limit != 0 && limit - http_now() < wait)
        wait = limit - http_now();
    if (wait <= 0)
        return STATUS_TIMEOUT;
    return curl_multi_poll(http->multi, NULL, 0, (int) wait, NULL) == CURLM_OK
               ? STATUS_OK
               : STATUS_INTERNAL;
}

/* Until the transfer is done or it is that late; 0 for no limit. */
static enum status
wait_for(struct transfer *transfer, int64_t limit)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK) {
        if (!step(transfer->http))
            return STATUS_INTERNAL;
        if (transfer->done)
            return STATUS_OK;
        status = linger(transfer->http, limit);
    }
    return status;
}

/* ---- What came of it ---- */

/* A fault before the request was written is one of connecting. */
static enum status
early_or(const struct transfer *transfer, enum status later)
{
    return transfer->asked ? later : STATUS_CONNECT;
}

static bool
is_unresolved(const struct transfer *transfer)
{
    return !transfer->resolved && !transfer->asked;
}

static enum status
late_status(const struct transfer *transfer)
{
    return is_unresolved(transfer) ? STATUS_DNS
                                   : early_or(transfer, STATUS_TIMEOUT);
}

static enum status
fault_status(const struct transfer *transfer)
{
    switch (transfer->result) {
    case CURLE_OK:
        return STATUS_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return STATUS_DNS;
    case CURLE_COULDNT_CONNECT:
        return early_or(transfer, STATUS_TRANSPORT);
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
        return STATUS_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return late_status(transfer);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_USE_SSL_FAILED:
        return STATUS_TLS;
    case CURLE_OUT_OF_MEMORY:
        return STATUS_MEMORY;
    case CURLE_WRITE_ERROR:
        return transfer->no_memory ? STATUS_MEMORY : STATUS_TRANSPORT;
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* Either a URL that is no https, or an answer that is no HTTP. */
        return transfer->asked ? STATUS_TRANSPORT : STATUS_INTERNAL;
    case CURLE_URL_MALFORMAT:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_FUNCTION_NOT_FOUND:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
        return STATUS_INTERNAL;
    default:
        /* Broken off or too large; a proxy may break off early. */
        return early_or(transfer, STATUS_TRANSPORT);
    }
}

/* Moves what the transfer brought, or says why it brought nothing. */
static enum status
conclude(struct transfer *transfer, enum status waited,
         struct http_answer *answer_out)
{
    struct http_answer *answer = &transfer->answer;
    const char *detail = transfer->error;
    enum status status = waited;

    if (waited == STATUS_OK) {
        status = fault_status(transfer);
        if (status != STATUS_OK && detail[0] == '\0')
            detail = curl_easy_strerror(transfer->result);
    } else if (waited == STATUS_TIMEOUT) {
        answer->ms = (unsigned int) (http_now() - transfer->started);
        detail = "no complete answer before the deadline";
        if (is_unresolved(transfer)) {
            status = STATUS_DNS;
            detail = "the name was not resolved before the deadline";
        }
    }
    if (transfer->too_large)
        detail = "the answer is larger than allowed";
    stop(transfer);
    if (status == STATUS_OK)
        (void) curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
                                 &answer->code);
    else {
        text_clean(detail, answer->detail, sizeof answer->detail);
        secret_free(&answer->body);
    }
    *answer_out = *answer;
    memset(answer, 0, sizeof *answer);
    forget(transfer);
    return status;
}

/* ---- Exchanges ---- */

static bool
is_late(const struct http *http)
{
    return http->deadline != 0 && http_now() >= http->deadline;
}

static bool
set_url(struct transfer *transfer, const char *path)
{
    size_t size = strlen(transfer->http->endpoint) + strlen(path) + 1;
    char *url = malloc(size);
    bool done;

    if (url == NULL)
        return false;
    (void) snprintf(url, size, "%s%s", transfer->http->endpoint, path);
    done = set_text(transfer->easy, CURLOPT_URL, url);
    free(url);
    return done;
}

static void
drop_warm(struct http *http)
{
    stop(&http->get);
    forget(&http->get);
    free(http->warm_path);
    http->warm_path = NULL;
}

/*
 * Waits for a warm-up that is under way, so that the post finds its
 * connection: a second handshake would take longer. Not for long, though, as
 * it might never end; then the post connects for itself, and so it does at
 * once where the warm-up is not connected yet: side by side, both take no
 * longer than one.
 */
static void
settle_warm(struct http *http)
{
    int64_t now = http_now();
    int64_t limit = now + WARM_WAIT_MS;
    curl_off_t connected = 0;

    /* Its resolving has begun earlier; curl would begin anew for the post. */
    while (step(http) && is_resolving(&http->get)
           && linger(http, http->deadline) == STATUS_OK)
        continue;
    if (!http->get.active || is_resolving(&http->get))
        return;
    (void) curl_easy_getinfo(http->get.easy, CURLINFO_APPCONNECT_TIME_T,
                             &connected);
    if (connected == 0)
        return;
    if (http->deadline != 0 && limit > now + (http->deadline - now) / 2)
        limit = now + (http->deadline - now) / 2;
    if (wait_for(&http->get, limit) != STATUS_OK)
        drop_warm(http);
}

/* Closes what waits in curl's pool, which curl does only with the pool. */
static void
close_idle(struct http *http)
{
    (void) curl_multi_cleanup(http->multi);
    http->multi = NULL;
    http->connected = false;
}

/*
 * Has the other end closed a connection that waits for the next request?
 * curl takes one for alive as long as there are bytes to read, such as TLS's
 * own good-bye, and would send the one and only post into the void.
 */
static bool
is_hung_up(const struct transfer *transfer)
{
    struct pollfd watched = {.fd = transfer->socket, .events = POLLRDHUP};

    return transfer->socket != CURL_SOCKET_BAD && poll(&watched, 1, 0) > 0;
}

/* Is the post to connect anew? Mostly it finds nothing else. */
static bool
leave_dead(struct http *http)
{
    if (!is_hung_up(&http->post) && !is_hung_up(&http->get))
        return false;
    if (!http->get.active)
        close_idle(http);
    return true;
}

static bool
append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static struct curl_slist *
make_headers(const char *target)
{
    struct curl_slist *list = NULL;
    char line[HEADER_MAX];
    int length;

    length = snprintf(line, sizeof line, "X-Amz-Target: %s", target);
    if (length < 0 || (size_t) length >= sizeof line)
        return NULL;
    if (!append(&list, "Content-Type: application/x-amz-json-1.1")
        || !append(&list, line)
        /* Waiting for leave to send the body would cost a round trip. */
        || !append(&list, "Expect:")) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

void
http_post_drop(struct http *http)
{
    stop(&http->post);
    forget(&http->post);
    if (http->post.active)
        (void) curl_easy_setopt(http->post.easy, CURLOPT_HTTPHEADER, NULL);
    else {
        /* From 8.7 on curl keeps the request up to here. */
        curl_easy_cleanup(http->post.easy);
        http->post.easy = NULL;
    }
    curl_slist_free_all(http->headers);
    http->headers = NULL;
    secret_free(&http->body);
}

enum status
http_post_start(struct http *http, const char *target,
                const struct secret *body)
{
    struct transfer *post = &http->post;
    enum status status = STATUS_MEMORY;

    http_post_drop(http);
    if (is_late(http))
        return STATUS_TIMEOUT;
    settle_warm(http);
    http->headers = make_headers(target);
    if (post->easy == NULL)
        post->easy = curl_easy_duphandle(http->model);
    if (http->headers != NULL && post->easy != NULL
        && secret_set(&http->body, body->data, body->length)
        && set_url(post, "/") && set_number(post->easy, CURLOPT_POST, 1)
        && curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t) http->body.length)
               == CURLE_OK
        && curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, http->headers)
               == CURLE_OK
        && set_number(post->easy, CURLOPT_FRESH_CONNECT, leave_dead(http))) {
        post->upload = &http->body;
        status = start(post);
    }
    if (status != STATUS_OK)
        http_post_drop(http);
    return status;
}

enum status
http_post_finish(struct http *http, struct http_answer *answer_out)
{
    struct transfer *post = &http->post;
    enum status status = STATUS_INTERNAL;

    memset(answer_out, 0, sizeof *answer_out);
    if (post->upload != NULL)
        status = conclude(post, wait_for(post, http->deadline), answer_out);
    http_post_drop(http);
    return status;
}

int64_t
http_post_age(const struct http *http)
{
    const struct transfer *post = &http->post;

    if (post->done)
        return http_now() - post->ended;
    return post->active ? http_now() - post->started : -1;
}

enum status
http_post(struct http *http, const char *target, const struct secret *body,
          struct http_answer *answer_out)
{
    enum status status = http_post_start(http, target, body);

    memset(answer_out, 0, sizeof *answer_out);
    return status == STATUS_OK ? http_post_finish(http, answer_out) : status;
}

/* Starts the GET; limit_ms 0 for none of its own. */
static enum status
start_get(struct http *http, const char *path, long limit_ms)
{
    struct transfer *get = &http->get;

    forget(get);
    if (!set_url(get, path) || !set_number(get->easy, CURLOPT_HTTPGET, 1))
        return STATUS_MEMORY;
    get->limit_ms = limit_ms;
    return start(get);
}

/* Did the warm-up bring, or will it bring, the answer for path? */
static bool
take_warm(struct http *http, const char *path, struct http_answer *answer_out)
{
    struct transfer *get = &http->get;
    enum status waited;

    if (http->warm_path == NULL || strcmp(http->warm_path, path) != 0
        || (!get->active && !get->done))
        return false;
    waited = wait_for(get, http->deadline);
    /* A refusal of then may be over: nobody has seen it yet. */
    return conclude(get, waited, answer_out) == STATUS_OK
           && answer_out->code == 200;
}

enum status
http_get(struct http *http, const char *path, struct http_answer *answer_out)
{
    enum status status;
    bool taken;

    memset(answer_out, 0, sizeof *answer_out);
    if (is_late(http))
        return STATUS_TIMEOUT;
    taken = take_warm(http, path, answer_out);
    drop_warm(http);
    if (taken)
        return STATUS_OK;
    http_answer_free(answer_out);
    if (is_late(http))
        return STATUS_TIMEOUT;
    status = start_get(http, path, 0);
    if (status == STATUS_OK)
        status = conclude(&http->get, wait_for(&http->get, http->deadline),
                          answer_out);
    return status;
}

void
http_warm(struct http *http, const char *path)
{
    drop_warm(http);
    http->warm_path = strdup(path);
    if (http->warm_path == NULL || start_get(http, path, WARM_MS) != STATUS_OK
        || !step(http))
        drop_warm(http);
}

/* ---- While the person types ---- */

/*
 * Milliseconds until an idle connection is closed, at most POLL_MS; closes it
 * when that is now.
 */
static int
tend_idle(struct http *http)
{
    int64_t left;

    if (!http->connected || http->get.active || http->post.active)
        return longest_wait(http);
    left = http->used + http->idle_ms - http_now();
    if (left > 0)
        return left < POLL_MS ? (int) left : POLL_MS;
    close_idle(http);
    return POLL_MS;
}

enum status
http_pump_for(struct http *http, int fd, int64_t limit_ms)
{
    int64_t limit = http_now() + limit_ms;

    for (;;) {
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
        int64_t left = limit - http_now();
        int wait;

        if (!step(http))
            return STATUS_INTERNAL;
        wait = tend_idle(http);
        if (limit_ms != 0 && left < wait)
            wait = left < 0 ? 0 : (int) left;
        if (http->multi == NULL)
            (void) poll(&watched, 1, wait);
        else if (curl_multi_poll(http->multi, &extra, 1, wait, NULL)
                 != CURLM_OK)
            return STATUS_INTERNAL;
        /* curl does not report that the other end has hung up. */
        if (poll(&watched, 1, 0) > 0)
            return (watched.revents & POLLNVAL) != 0 ? STATUS_INTERNAL
                                                     : STATUS_OK;
        if (limit_ms != 0 && left <= 0)
            return STATUS_TIMEOUT;
    }
}

enum status
http_pump(struct http *http, int fd)
{
    return http_pump_for(http, fd, 0);
}

/* ---- The rest ---- */

bool
http_chain(const struct http *http, struct secret *pem_out)
{
    static const char prefix[] = "Cert:";
    struct curl_certinfo *chain = NULL;
    char *pem = NULL;
    size_t length = 0;
    FILE *text;
    bool done;

    secret_free(pem_out);
    if (curl_easy_getinfo(http->get.easy, CURLINFO_CERTINFO, &chain)
            != CURLE_OK
        || chain == NULL || chain->num_of_certs == 0)
        return true;
    text = open_memstream(&pem, &length);
    if (text == NULL)
        return false;
    for (int i = 0; i < chain->num_of_certs; i++)
        for (const struct curl_slist *line = chain->certinfo[i]; line != NULL;
             line = line->next)
            if (strncmp(line->data, prefix, sizeof prefix - 1) == 0)
                (void) fprintf(text, "%s\n", line->data + sizeof prefix - 1);
    done = fclose(text) == 0 && secret_set(pem_out, pem, length);
    free(pem);
    return done;
}

void
http_files(bool system_anchors, char paths[HTTP_FILES][HTTP_PATH_MAX])
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    char *settings = CONF_get1_default_config_file();

    memset(paths, 0, sizeof(paths[0]) * HTTP_FILES);
    if (settings != NULL)
        (void) snprintf(paths[0], sizeof(paths[0]), "%s", settings);
    OPENSSL_free(settings);
    if (system_anchors && curl->age >= CURLVERSION_SEVENTH
        && curl->cainfo != NULL)
        (void) snprintf(paths[1], sizeof(paths[1]), "%s", curl->cainfo);
}

void
http_deadline(struct http *http, int64_t deadline_ms)
{
    http->deadline = deadline_ms;
}

void
http_answer_free(struct http_answer *answer)
{
    secret_free(&answer->body);
    memset(answer, 0, sizeof *answer);
}

void
http_close(struct http *http)
{
    if (http == NULL)
        return;
    drop_warm(http);
    http_post_drop(http);
    curl_easy_cleanup(http->get.easy);
    curl_easy_cleanup(http->post.easy);
    curl_easy_cleanup(http->model);
    (void) curl_multi_cleanup(http->multi);
    free(http->endpoint);
    free(http);
}
