/*
 * Two easy handles in one multi handle. What curl calls back comes first, then
 * how a transfer is set up, carried on and concluded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/transfer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "cognito/anchors.h"
#include "common/text.h"

#define POLL_MS 60000       /* curl wakes earlier for timers of its own */
#define CONNECT_POLL_MS 200 /* 7.88 does not for a dead address */
#define ADDRESSES_S 240     /* past the last renewal of an idle connection */
#define HEADER_MAX 512      /* bytes of a request header that we write */
#define UPLOAD_SIZE 16384   /* of curl's buffer, the least; 64 KiB else */
#define NO_ANCHORS "/dev/null" /* a folder of them that is empty */

_Static_assert(TRANSFER_ERROR_SIZE >= CURL_ERROR_SIZE, "curl's words fit");

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    return intake_body(&transfer->intake, bytes, size * count,
                       transfer->body_max)
               ? size * count
               : 0;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    return intake_header(&transfer->intake, bytes, size * count) ? size * count
                                                                 : 0;
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
    transfer->all->posted = true;
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
    struct transfers *transfers = context;

    if (transfers->post.socket == closed)
        transfers->post.socket = CURL_SOCKET_BAD;
    if (transfers->get.socket == closed)
        transfers->get.socket = CURL_SOCKET_BAD;
    return close(closed);
}

/* What OpenSSL has deciphered is wiped where it was, once curl has read it. */
static CURLcode
on_context(CURL *easy, void *context, void *transfers)
{
    struct anchors *anchors = ((struct transfers *) transfers)->anchors;

    (void) easy;
    (void) SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return anchors == NULL || anchors_attach(anchors, context)
               ? CURLE_OK
               : CURLE_OUT_OF_MEMORY;
}

/*
 * Where the anchors are looked up one by one, curl gets a folder without any.
 * With nothing at all, some builds of it would take OpenSSL's own.
 */
static bool
set_trust(CURL *easy, const struct anchors *anchors,
          const struct http_options *options)
{
    struct curl_blob blob;

    if (anchors != NULL
        && (options->ca_pem == NULL || anchors_are_plain(anchors)))
        return curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK
               && curl_easy_setopt(easy, CURLOPT_CAPATH, NO_ANCHORS)
                      == CURLE_OK;
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
        set_text(easy, CURLOPT_PROTOCOLS_STR,
                 options->plain ? "http" : "https")
#else
        set_number(easy, CURLOPT_PROTOCOLS,
                   options->plain ? CURLPROTO_HTTP : CURLPROTO_HTTPS)
#endif
        && set_number(easy, CURLOPT_FOLLOWLOCATION, 0)
        && set_number(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        && set_number(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        && set_number(easy, CURLOPT_SSL_VERIFYPEER, 1)
        && set_number(easy, CURLOPT_SSL_VERIFYHOST, 2)
        && set_trust(easy, transfer->all->anchors, options)
        /* Set also where there is none: NULL would ask the environment. */
        && set_text(easy, CURLOPT_PROXY, proxy)
        && set_text(easy, CURLOPT_NOPROXY, proxy[0] == '\0' ? "*" : "")
        && set_number(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED)
        && set_text(easy, CURLOPT_USERAGENT, options->user_agent)
        && set_number(easy, CURLOPT_NOSIGNAL, 1)
        && set_number(easy, CURLOPT_TCP_NODELAY, 1)
        && set_number(easy, CURLOPT_DNS_CACHE_TIMEOUT, ADDRESSES_S)
        && set_number(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_SIZE)
#if LIBCURL_VERSION_NUM >= 0x075700
        /*
            * Without this, giving up joins the thread that waits for a dead
            * resolver. The thread outlives the transfer, never the program.
            */
        && set_number(easy, CURLOPT_QUICK_EXIT, 1)
#endif
        && set_number(easy, CURLOPT_CERTINFO, options->keep_chain)
        && set_number(easy, CURLOPT_MAXFILESIZE, (long) transfer->body_max);
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
           && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->all)
                  == CURLE_OK;
}

static enum status
set_up(struct transfers *transfers, struct transfer *transfer,
       const struct http_options *options)
{
    transfer->all = transfers;
    transfer->socket = CURL_SOCKET_BAD;
    transfer->body_max = options->body_max > 0 ? options->body_max
                                               : HTTP_BODY_MAX;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return STATUS_MEMORY;
    if (!set_common(transfer, options) || !set_callbacks(transfer))
        return STATUS_INTERNAL;
    /* Another TLS library of curl's has no such thing. */
    (void) curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_FUNCTION,
                            on_context);
    (void) curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_DATA, transfers);
    return STATUS_OK;
}

/* Can on_context be called? Not with another TLS library of curl's. */
static bool
has_context(void)
{
    CURL *easy = curl_easy_init();
    bool has = easy != NULL
               && curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context)
                      == CURLE_OK;

    curl_easy_cleanup(easy);
    return has;
}

/*
 * Not where curl speaks TLS with the proxy, too: on_context cannot tell which
 * of both it is called for, and the proxy is believed by curl's own anchors.
 */
static bool
open_anchors(struct transfers *transfers, const struct http_options *options)
{
    if ((options->ca_pem == NULL && options->ca_folder == NULL)
        || (options->proxy != NULL
            && strncmp(options->proxy, "https:", 6) == 0)
        || !has_context())
        return true;
    transfers->anchors = anchors_read(options->ca_pem, options->ca_pem_length,
                                      options->ca_folder, &options->ca_trust);
    return transfers->anchors != NULL;
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

/* Where addresses are kept, for longer than the multi handle lives. */
static bool
open_share(struct transfers *transfers)
{
    transfers->share = curl_share_init();
    return transfers->share != NULL
           && curl_share_setopt(transfers->share, CURLSHOPT_SHARE,
                                CURL_LOCK_DATA_DNS)
                  == CURLSHE_OK;
}

static bool
share_addresses(struct transfer *transfer)
{
    return curl_easy_setopt(transfer->easy, CURLOPT_SHARE,
                            transfer->all->share)
           == CURLE_OK;
}

enum status
transfer_open(struct transfers *transfers, const struct http_options *options)
{
    enum status status;

    memset(transfers, 0, sizeof *transfers);
    if (!initialise())
        return STATUS_INTERNAL;
    transfers->connect_ms = options->connect_ms;
    transfers->endpoint = strdup(options->endpoint);
    transfers->multi = curl_multi_init();
    if (transfers->endpoint == NULL || transfers->multi == NULL
        || !open_share(transfers) || !open_anchors(transfers, options))
        return STATUS_MEMORY;
    status = set_up(transfers, &transfers->post, options);
    transfers->model = transfers->post.easy;
    transfers->post.easy = NULL;
    if (status == STATUS_OK)
        status = set_up(transfers, &transfers->get, options);
    return status;
}

bool
transfer_is_resolving(const struct transfer *transfer)
{
    return transfer->active && !transfer->resolved && !transfer->asked;
}

static void
forget(struct transfer *transfer)
{
    intake_clear(&transfer->intake);
    transfer->begun = false;
    transfer->done = false;
    transfer->upload = NULL;
    transfer->uploaded = 0;
    transfer->resolved = false;
    transfer->connecting = false;
    transfer->asked = false;
    transfer->error[0] = '\0';
}

/*
 * Takes a transfer from curl, whose connection closes if it was not over.
 * Before 7.87 curl then waits for a resolver that may be dead: such a transfer
 * stays where it is, and ends by itself before it sends anything. The end of
 * the program must not be kept waiting.
 */
static void
stop(struct transfer *transfer)
{
    if (LIBCURL_VERSION_NUM < 0x075700 && transfer_is_resolving(transfer)) {
        transfer->dropped = true;
        return;
    }
    if (transfer->active)
        (void) curl_multi_remove_handle(transfer->all->multi, transfer->easy);
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
                      connecting ? (long) transfer->all->connect_ms : 0)
           && set_number(transfer->easy, CURLOPT_TIMEOUT_MS,
                         connecting ? transfer->limit_ms : 0)
           && curl_multi_add_handle(transfer->all->multi, transfer->easy)
                  == CURLM_OK;
}

static enum status
start(struct transfer *transfer)
{
    struct transfers *transfers = transfer->all;

    if (transfer->active)
        return STATUS_TIMEOUT;
    if (transfers->multi == NULL)
        transfers->multi = curl_multi_init();
    if (transfers->multi == NULL)
        return STATUS_MEMORY;
    if (!hand_over(transfer))
        return STATUS_INTERNAL;
    transfer->active = true;
    transfer->dropped = false;
    transfer->started = http_now();
    transfers->connected = true;
    transfer->begun = true;
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
    (void) curl_multi_remove_handle(transfer->all->multi, transfer->easy);
    transfer->active = false;
    if (result != CURLE_OK && begin_connecting(transfer))
        return;
    transfer->done = !transfer->dropped;
    transfer->result = result;
    transfer->ended = http_now();
    transfer->intake.answer.ms
        = (unsigned int) (transfer->ended - transfer->started);
    transfer->all->used = transfer->ended;
}

static bool
step(struct transfers *transfers)
{
    CURLMsg *message;
    int running;
    int left;

    if (transfers->multi == NULL)
        return true;
    if (curl_multi_perform(transfers->multi, &running) != CURLM_OK)
        return false;
    while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
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

int
transfer_longest_wait(const struct transfers *transfers)
{
    return is_connecting(&transfers->get) || is_connecting(&transfers->post)
               ? CONNECT_POLL_MS
               : POLL_MS;
}

enum status
transfer_wait(struct transfers *transfers, int fd, int wait_ms)
{
    struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    if (transfers->multi == NULL) {
        (void) poll(&watched, 1, wait_ms);
        return STATUS_OK;
    }
    return curl_multi_poll(transfers->multi, &extra, fd < 0 ? 0 : 1, wait_ms,
                           NULL)
                   == CURLM_OK
               ? STATUS_OK
               : STATUS_INTERNAL;
}

bool
transfer_is_connected(const struct transfer *transfer)
{
    curl_off_t connected = 0;

    (void) curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T,
                             &connected);
    return connected != 0;
}

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
        return transfer->intake.no_memory ? STATUS_MEMORY : STATUS_TRANSPORT;
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

/* curl's words, or ours where it has none. */
static const char *
detail_of(const struct transfer *transfer, enum status waited,
          enum status status)
{
    if (transfer->intake.too_large)
        return "the answer is larger than allowed";
    if (waited == STATUS_TIMEOUT)
        return status == STATUS_DNS
                   ? "the name was not resolved before the deadline"
                   : "no complete answer before the deadline";
    if (waited == STATUS_OK
        && transfer->result == CURLE_PEER_FAILED_VERIFICATION
        && anchors_fault(transfer->all->anchors)[0] != '\0')
        return anchors_fault(transfer->all->anchors);
    if (waited == STATUS_OK && transfer->error[0] == '\0')
        return curl_easy_strerror(transfer->result);
    return transfer->error;
}

enum status
transfer_take(struct transfer *transfer, enum status waited,
              struct http_answer *answer_out)
{
    struct http_answer *answer = &transfer->intake.answer;
    enum status status = waited;

    if (waited == STATUS_OK)
        status = fault_status(transfer);
    if (waited == STATUS_TIMEOUT) {
        answer->ms = (unsigned int) (http_now() - transfer->started);
        if (is_unresolved(transfer))
            status = STATUS_DNS;
    }
    stop(transfer);
    if (status == STATUS_OK) {
        (void) curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
                                 &answer->code);
    } else {
        text_clean(detail_of(transfer, waited, status), answer->detail,
                   sizeof answer->detail);
        secret_free(&answer->body);
    }
    *answer_out = *answer;
    memset(answer, 0, sizeof *answer);
    forget(transfer);
    return status;
}

static bool
set_url(struct transfer *transfer, const char *path)
{
    size_t size = strlen(transfer->all->endpoint) + strlen(path) + 1;
    char *url = malloc(size);
    bool done;

    if (url == NULL)
        return false;
    (void) snprintf(url, size, "%s%s", transfer->all->endpoint, path);
    done = set_text(transfer->easy, CURLOPT_URL, url);
    free(url);
    return done;
}

/* curl closes what waits in its pool only with the pool. */
void
transfer_hang_up(struct transfers *transfers)
{
    (void) curl_multi_cleanup(transfers->multi);
    transfers->multi = NULL;
    transfers->connected = false;
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

/*
 * Is the GET's connection free while the post is still at making one of its
 * own? Then the shorter way is that; nothing of the post was written.
 */
static bool
may_join(const struct transfers *transfers)
{
    const struct transfer *post = &transfers->post, *get = &transfers->get;

    return post->active && post->connecting && !post->asked && get->done
           && get->result == CURLE_OK && get->socket != CURL_SOCKET_BAD
           && !is_hung_up(get);
}

bool
transfer_step(struct transfers *transfers)
{
    struct transfer *post = &transfers->post;

    if (!step(transfers))
        return false;
    if (!may_join(transfers))
        return true;
    stop(post);
    return set_number(post->easy, CURLOPT_FRESH_CONNECT, 0)
           && (post->active = hand_over(post)) && step(transfers);
}

/* Is the post to connect anew? Mostly it finds nothing else. */
static bool
leave_dead(struct transfers *transfers)
{
    if (!is_hung_up(&transfers->post) && !is_hung_up(&transfers->get))
        return false;
    if (!transfers->get.active)
        transfer_hang_up(transfers);
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
make_headers(const char *target, bool is_whole)
{
    struct curl_slist *list = NULL;
    char line[HEADER_MAX];
    int length;

    length = snprintf(line, sizeof line, "X-Amz-Target: %s", target);
    if (length < 0 || (size_t) length >= sizeof line)
        return NULL;
    if (!append(&list, "Content-Type: application/x-amz-json-1.1")
        || !append(&list, line)
        /*
         * Waiting for leave to send the body would cost a round trip. curl
         * would sign this line too, and does not send it; for a body that it
         * was given whole it does not wait.
         */
        || (!is_whole && !append(&list, "Expect:"))) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

void
transfer_drop(struct transfer *transfer)
{
    struct transfers *transfers = transfer->all;

    stop(transfer);
    forget(transfer);
    if (transfer != &transfers->post)
        return;
    if (transfer->active) {
        (void) curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    } else {
        /* From 8.7 on curl keeps the request up to here. */
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    curl_slist_free_all(transfers->headers);
    transfers->headers = NULL;
    secret_free(&transfers->body);
}

enum status
transfer_post(struct transfers *transfers, const char *target,
              const struct secret *body)
{
    struct transfer *post = &transfers->post;
    enum status status = STATUS_MEMORY;

    transfer_drop(post);
    transfers->headers = make_headers(target, transfers->complete != NULL);
    if (post->easy == NULL)
        post->easy = curl_easy_duphandle(transfers->model);
    if (transfers->headers != NULL && post->easy != NULL
        && secret_set(&transfers->body, body->data, body->length)
        && set_url(post, "/") && share_addresses(post)
        && set_number(post->easy, CURLOPT_POST, 1)
        && curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t) transfers->body.length)
               == CURLE_OK
        && (transfers->complete == NULL || transfers->complete(transfers))
        && curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, transfers->headers)
               == CURLE_OK
        && set_number(post->easy, CURLOPT_FRESH_CONNECT,
                      leave_dead(transfers))) {
        post->upload = &transfers->body;
        status = start(post);
    }
    if (status != STATUS_OK)
        transfer_drop(post);
    return status;
}

enum status
transfer_get(struct transfers *transfers, const char *path, long limit_ms)
{
    struct transfer *get = &transfers->get;

    forget(get);
    if (!set_url(get, path) || !set_number(get->easy, CURLOPT_HTTPGET, 1)
        || !share_addresses(get))
        return STATUS_MEMORY;
    get->limit_ms = limit_ms;
    return start(get);
}

bool
transfer_chain(const struct transfers *transfers, struct secret *pem_out)
{
    static const char prefix[] = "Cert:";
    struct curl_certinfo *chain = NULL;
    char *pem = NULL;
    size_t length = 0;
    FILE *text;
    bool done;

    secret_free(pem_out);
    if (curl_easy_getinfo(transfers->get.easy, CURLINFO_CERTINFO, &chain)
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
transfer_anchors(char bundle_out[HTTP_PATH_MAX],
                 char folder_out[HTTP_PATH_MAX])
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const char *bundle = NULL, *folder = NULL;

    if (curl->age >= CURLVERSION_SEVENTH) {
        bundle = curl->cainfo;
        folder = curl->capath;
    }
    /* Such a build of curl takes OpenSSL's. */
    if (bundle == NULL && folder == NULL) {
        bundle = X509_get_default_cert_file();
        folder = X509_get_default_cert_dir();
    }
    (void) snprintf(bundle_out, HTTP_PATH_MAX, "%s",
                    bundle == NULL ? "" : bundle);
    (void) snprintf(folder_out, HTTP_PATH_MAX, "%s",
                    folder == NULL ? "" : folder);
}

void
transfer_close(struct transfers *transfers)
{
    if (transfers->get.all != NULL)
        transfer_drop(&transfers->get);
    if (transfers->post.all != NULL)
        transfer_drop(&transfers->post);
    curl_easy_cleanup(transfers->get.easy);
    curl_easy_cleanup(transfers->post.easy);
    curl_easy_cleanup(transfers->model);
    (void) curl_multi_cleanup(transfers->multi);
    (void) curl_share_cleanup(transfers->share);
    anchors_free(transfers->anchors);
    free(transfers->endpoint);
}
