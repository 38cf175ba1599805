/*
 * HTTPS against a server inside this test that answers well, badly, slowly or
 * not at all and counts what reaches it. Nothing leaves the machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "faults.h"
#include "tap.h"

#define REQUEST_SIZE (2 * 1024 * 1024)
#define LARGE_POST (1024 * 1024 + 1)
#define CONNECTIONS_MAX 16
#define JWKS "/us-east-1_X/.well-known/jwks.json"

/* ---- Certificates ---- */

static EVP_PKEY *ca_key;
static X509 *ca;
static EVP_PKEY *server_key;

static void
add_key(X509 *certificate, X509V3_CTX *context, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, kind,
                                                    value);

    need(extension != NULL && X509_add_ext(certificate, extension, -1) == 1,
         "no key identifier");
    X509_EXTENSION_free(extension);
}

static int name_type = MBSTRING_ASC; /* or an ASN.1 type */

static X509 *
certify(const char *name, const char *alternative, long from, long until,
        X509 *issuer, EVP_PKEY *issuer_key, EVP_PKEY *key)
{
    static long serial;
    X509 *certificate = X509_new();
    X509_NAME *subject;
    X509V3_CTX context;
    X509_EXTENSION *extension;

    need(certificate != NULL, "no certificate");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until);
    X509_set_pubkey(certificate, key);
    subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", name_type,
                               (const unsigned char *) name, -1, -1, 0);
    if (issuer == NULL)
        issuer = certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(
        NULL, &context,
        alternative == NULL ? NID_basic_constraints : NID_subject_alt_name,
        alternative == NULL ? "critical,CA:TRUE" : alternative);
    need(extension != NULL, "no extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    /* By these OpenSSL tells two authorities of one name apart. */
    add_key(certificate, &context, NID_subject_key_identifier, "hash");
    add_key(certificate, &context, NID_authority_key_identifier, "keyid");
    need(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "unsigned");
    return certificate;
}

static char *
written(X509 *certificate, int (*write)(BIO *, const X509 *))
{
    char *pem = calloc(1, 8192);
    BIO *bio = BIO_new(BIO_s_mem());

    need(pem != NULL && bio != NULL && write(bio, certificate) == 1
             && BIO_read(bio, pem, 8191) > 0,
         "no PEM");
    BIO_free(bio);
    return pem;
}

static char *
pem_of(X509 *certificate)
{
    return written(certificate, PEM_write_bio_X509);
}

/* ---- The server ---- */

enum manner {
    ANSWER,        /* well */
    CLOSE_POST,    /* reads the POST and closes */
    RESET_POST,    /* reads the POST and resets */
    RESET_HEADERS, /* the same after the first bytes of the POST */
    CLOSE_GET,     /* reads the GET and closes */
    CLOSE_AFTER,   /* closes after every answer, which does not say so */
    HANG_GET,      /* never answers a GET */
    SLOW_GET,      /* answers a GET after 300 ms */
    HANG,          /* never answers */
    DRIP,          /* a byte every 50 ms */
    TRUNCATE,      /* fewer bytes than announced */
    LARGE,         /* announces a byte more than is allowed */
    LARGE_CHUNKS,  /* sends it without announcing */
    LARGEST,       /* exactly what is allowed */
    HEADERS,       /* headers without end */
    REDIRECT,      /* 307 to another server */
    ENCODED,       /* gzip that was not asked for */
    INTERIM,       /* 103 with headers of its own, then well */
    GARBAGE,       /* no HTTP */
    NO_TLS,        /* answers the handshake in plain HTTP */
    NO_HANDSHAKE,  /* accepts and says nothing */
    SLOW_TLS,      /* accepts; goes on 300 ms later, with others 900 ms */
    PROXY,         /* expects CONNECT first */
    PROXY_REFUSES  /* and refuses it */
};

struct server {
    enum manner manner;
    SSL_CTX *context;
    char location[64]; /* for REDIRECT */
    int listener;
    unsigned int port;
    pthread_t thread;
    pthread_t each[CONNECTIONS_MAX];
    atomic_int stop;
    atomic_int kick; /* connections that wait for a request are closed */
    atomic_int connections;
    atomic_int closed;
    atomic_int gets;
    atomic_int posts;     /* of which at least the first bytes came */
    atomic_int posted_on; /* which connection the latest came on, from 1 */
    atomic_int connects;
    char *request; /* the latest, whole */
};

struct connection {
    struct server *server;
    int fd;
    int number; /* from 1 */
    SSL *ssl;
};

static void
nap(int milliseconds)
{
    struct timespec time = {milliseconds / 1000,
                            milliseconds % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

/* Waits for bytes, the end, or the end of the test. */
static bool
wait_readable(struct connection *connection)
{
    while (!connection->server->stop && !connection->server->kick) {
        struct pollfd watched = {.fd = connection->fd, .events = POLLIN};

        if (connection->ssl != NULL && SSL_pending(connection->ssl) > 0)
            return true;
        if (poll(&watched, 1, 20) > 0)
            return true;
    }
    return false;
}

static void
reset(struct connection *connection)
{
    struct linger now = {1, 0};

    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void
say(struct connection *connection, const char *text)
{
    (void) SSL_write(connection->ssl, text, (int) strlen(text));
}

/*
 * Reads a request into server->request. False at the end of the connection,
 * or where the manner is not to read on.
 */
static bool
read_request(struct connection *connection)
{
    struct server *server = connection->server;
    size_t length = 0;
    size_t wanted = 0;

    for (;;) {
        char *request = server->request;
        char *end;
        int got;

        if (!wait_readable(connection))
            return false;
        got = SSL_read(connection->ssl, request + length,
                       length == 0 ? 5 : (int) (REQUEST_SIZE - 1 - length));
        if (got <= 0)
            return false;
        if (length == 0) {
            server->posts += strncmp(request, "POST ", 5) == 0;
            if (strncmp(request, "POST ", 5) == 0)
                server->posted_on = connection->number;
            server->gets += strncmp(request, "GET ", 4) == 0;
            if (server->manner == RESET_HEADERS && request[0] == 'P') {
                reset(connection);
                return false;
            }
        }
        length += (size_t) got;
        request[length] = '\0';
        end = strstr(request, "\r\n\r\n");
        if (end == NULL)
            continue;
        if (wanted == 0) {
            const char *header = strcasestr(request, "\r\nContent-Length: ");

            wanted = (size_t) (end - request) + 4;
            if (header != NULL && header < end)
                wanted += strtoul(header + 18, NULL, 10);
        }
        if (length >= wanted)
            return true;
    }
}

static void
answer_large(struct connection *connection, size_t size, bool announce)
{
    char line[1025];
    char head[100];

    memset(line, 'x', 1024);
    line[1024] = '\0';
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%s: ",
             announce ? "Content-Length" : "Transfer-Encoding");
    say(connection, head);
    snprintf(head, sizeof head, announce ? "%zu\r\n\r\n" : "chunked\r\n\r\n",
             size);
    say(connection, head);
    for (size_t sent = 0; sent < size && !connection->server->stop;) {
        size_t part = size - sent < 1024 ? size - sent : 1024;
        int done;

        if (!announce) {
            snprintf(head, sizeof head, "%zx\r\n", part);
            say(connection, head);
        }
        done = SSL_write(connection->ssl, line, (int) part);
        if (!announce)
            say(connection, "\r\n");
        if (done <= 0)
            return;
        sent += part;
    }
    if (!announce)
        say(connection, "0\r\n\r\n");
}

static const char good[] = "HTTP/1.1 200 OK\r\n"
                           "Content-Type: application/x-amz-json-1.1\r\n"
                           "Date: Fri, 20 Nov 2043 20:20:00 GMT\r\n"
                           "X-AMZN-REQUESTID:  r-1\t \r\n"
                           "Content-Length: 11\r\n\r\n"
                           "{\"a\":\"\0\xc3\xa4\"}";

/* Answers in the server's manner. False: the connection is to end. */
static bool
answer(struct connection *connection)
{
    struct server *server = connection->server;
    bool post = server->request[0] == 'P';
    char line[200];

    switch (server->manner) {
    case CLOSE_POST:
        if (post)
            return false;
        break;
    case RESET_POST:
        if (post) {
            reset(connection);
            return false;
        }
        break;
    case CLOSE_GET:
        if (!post)
            return false;
        break;
    case HANG_GET:
        if (!post) {
            (void) wait_readable(connection);
            return false;
        }
        break;
    case SLOW_GET:
        if (!post)
            nap(300);
        break;
    case HANG:
        (void) wait_readable(connection);
        return false;
    case DRIP:
        for (size_t i = 0; i < sizeof good - 1 && !server->stop; i++) {
            if (SSL_write(connection->ssl, good + i, 1) <= 0)
                return false;
            nap(50);
        }
        return true;
    case TRUNCATE:
        say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}");
        return false;
    case LARGE:
        answer_large(connection, HTTP_BODY_MAX + 1, true);
        return false;
    case LARGE_CHUNKS:
        answer_large(connection, HTTP_BODY_MAX + 1, false);
        return false;
    case LARGEST:
        answer_large(connection, HTTP_BODY_MAX, false);
        return true;
    case HEADERS:
        say(connection, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 100000 && !server->stop; i++) {
            snprintf(line, sizeof line, "X-%d: %0*d\r\n", i, 90, i);
            if (SSL_write(connection->ssl, line, (int) strlen(line)) <= 0)
                return false;
        }
        return false;
    case REDIRECT:
        snprintf(line, sizeof line,
                 "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\n"
                 "Date: Fri, 20 Nov 2043 20:20:00 GMT+1\r\n"
                 "Content-Length: 0\r\n\r\n",
                 server->location);
        say(connection, line);
        return true;
    case ENCODED:
        say(connection, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                        "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x08");
        return true;
    case INTERIM:
        say(connection, "HTTP/1.1 103 Early Hints\r\n"
                        "x-amzn-ErrorType: Early\r\n"
                        "x-amzn-ErrorMessage: early\r\n\r\n");
        break;
    case GARBAGE:
        say(connection, "220 mail.example ESMTP\r\n");
        return false;
    default:
        break;
    }
    (void) SSL_write(connection->ssl, good, sizeof good - 1);
    return server->manner != CLOSE_AFTER;
}

/* What comes before TLS. False: there is no TLS. */
static bool
begin(struct connection *connection)
{
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    static const char refusal[] = "HTTP/1.1 403 No\r\n"
                                  "Content-Length: 0\r\n\r\n";
    static const char agreed[] = "HTTP/1.1 200 Connected\r\n"
                                 "x-amzn-ErrorType: Proxy\r\n\r\n";
    struct server *server = connection->server;
    char text[1024];
    ssize_t got;

    if (server->manner == SLOW_TLS)
        nap(connection->number == 1 ? 300 : 900);
    if (server->manner == NO_HANDSHAKE) {
        while (!server->stop && wait_readable(connection)
               && recv(connection->fd, text, sizeof text, 0) > 0)
            continue;
        return false;
    }
    if (server->manner != NO_TLS && server->manner != PROXY
        && server->manner != PROXY_REFUSES)
        return true;
    if (!wait_readable(connection))
        return false;
    got = recv(connection->fd, text, sizeof text, 0);
    server->connects += got > 8 && strncmp(text, "CONNECT ", 8) == 0;
    if (server->manner == PROXY)
        return send(connection->fd, agreed, sizeof agreed - 1, 0) > 0;
    if (server->manner == NO_TLS)
        (void) send(connection->fd, plain, sizeof plain - 1, 0);
    else
        (void) send(connection->fd, refusal, sizeof refusal - 1, 0);
    return false;
}

static void *
serve_one(void *argument)
{
    struct connection *connection = argument;
    struct server *server = connection->server;

    if (begin(connection)) {
        connection->ssl = SSL_new(server->context);
        SSL_set_fd(connection->ssl, connection->fd);
        if (wait_readable(connection) && SSL_accept(connection->ssl) == 1)
            while (read_request(connection) && answer(connection))
                continue;
        SSL_shutdown(connection->ssl);
        SSL_free(connection->ssl);
    }
    close(connection->fd);
    server->closed++;
    free(connection);
    return NULL;
}

static void *
serve(void *argument)
{
    struct server *server = argument;
    sigset_t broken;

    /* Only here: the client must not need it. */
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, NULL);
    while (!server->stop) {
        struct pollfd watched = {.fd = server->listener, .events = POLLIN};
        struct connection *connection;
        int fd;

        if (poll(&watched, 1, 20) <= 0)
            continue;
        fd = accept(server->listener, NULL, NULL);
        connection = calloc(1, sizeof *connection);
        if (fd < 0 || connection == NULL
            || server->connections == CONNECTIONS_MAX)
            abort();
        connection->server = server;
        connection->fd = fd;
        connection->number = server->connections + 1;
        pthread_create(&server->each[server->connections], NULL, serve_one,
                       connection);
        server->connections++;
    }
    return NULL;
}

/* A socket on loopback; a backlog of 0 does not listen. */
static int
open_port(int backlog, unsigned int *port_out)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) == 0
             && (backlog == 0 || listen(fd, backlog) == 0)
             && getsockname(fd, (struct sockaddr *) &address, &length) == 0,
         "no port");
    *port_out = ntohs(address.sin_port);
    return fd;
}

static struct server *
start_with(enum manner manner, X509 *certificate)
{
    struct server *server = calloc(1, sizeof *server);

    need(server != NULL, "memory");
    server->manner = manner;
    server->request = calloc(1, REQUEST_SIZE);
    server->context = SSL_CTX_new(TLS_server_method());
    need(server->request != NULL && server->context != NULL
             && SSL_CTX_use_certificate(server->context, certificate) == 1
             && SSL_CTX_use_PrivateKey(server->context, server_key) == 1,
         "no TLS server");
    server->listener = open_port(8, &server->port);
    need(pthread_create(&server->thread, NULL, serve, server) == 0, "thread");
    return server;
}

static struct server *
start(enum manner manner)
{
    X509 *certificate = certify("localhost", "IP:127.0.0.1", -3600, 3600, ca,
                                ca_key, server_key);
    struct server *server = start_with(manner, certificate);

    X509_free(certificate);
    return server;
}

static void
stop(struct server *server)
{
    server->stop = 1;
    pthread_join(server->thread, NULL);
    for (int i = 0; i < server->connections; i++)
        pthread_join(server->each[i], NULL);
    close(server->listener);
    SSL_CTX_free(server->context);
    free(server->request);
    free(server);
}

/* Waits up to two seconds until the count is reached. */
static bool
reaches(const atomic_int *count, int wanted)
{
    for (int i = 0; i < 200 && *count < wanted; i++)
        nap(10);
    return *count == wanted;
}

/* ---- The client ---- */

static char *trust;
static const char *ca_folder; /* NULL: none */
static struct file_trust ca_trust;
static unsigned int connect_ms = 5000;
static struct secret body;
static struct http_answer reply;

static struct http *
connect_with(unsigned int port, const char *ca_pem, const char *proxy,
             unsigned int idle_ms)
{
    char endpoint[64];
    struct http *http = NULL;
    struct http_options options = {
        .endpoint = endpoint,
        .ca_pem = ca_pem,
        .ca_pem_length = ca_pem == NULL ? 0 : strlen(ca_pem),
        .ca_folder = ca_folder,
        .ca_trust = ca_trust,
        .proxy = proxy,
        .user_agent = "pam_cognito-test",
        .connect_ms = connect_ms,
        .idle_ms = idle_ms,
        .keep_chain = true,
    };

    snprintf(endpoint, sizeof endpoint, "https://127.0.0.1:%u", port);
    need(http_open(&options, &http) == STATUS_OK && http != NULL, "no client");
    http_deadline(http, http_now() + 10000);
    return http;
}

static struct http *
client_of(const struct server *server)
{
    return connect_with(server->port, trust, NULL, 0);
}

static enum status
post_this(struct http *http, const struct secret *text)
{
    enum status status = http_post_start(http, "Service.Operation", text);

    http_answer_free(&reply);
    return status == STATUS_OK ? http_post_finish(http, &reply) : status;
}

static enum status
post(struct http *http)
{
    return post_this(http, &body);
}

static enum status
finish(struct http *http)
{
    http_answer_free(&reply);
    return http_post_finish(http, &reply);
}

static enum status
get(struct http *http)
{
    http_answer_free(&reply);
    return http_get(http, JWKS, &reply);
}

struct waker {
    int fd;
    int milliseconds;
};

static void *
wake(void *argument)
{
    const struct waker *waker = argument;

    nap(waker->milliseconds);
    (void) !write(waker->fd, "x", 1);
    return NULL;
}

/* Pumps for that long. */
static enum status
pump(struct http *http, int milliseconds)
{
    int ends[2];
    struct waker waker;
    pthread_t thread;
    enum status status;

    need(pipe(ends) == 0, "pipe");
    waker = (struct waker){ends[1], milliseconds};
    need(pthread_create(&thread, NULL, wake, &waker) == 0, "thread");
    status = http_pump(http, ends[0]);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    return status;
}

/* Pumps until the server's count is reached, and a little longer. */
static void
pump_until(struct http *http, const atomic_int *count, int wanted)
{
    for (int i = 0; i < 200 && *count < wanted; i++)
        (void) pump(http, 20);
    (void) pump(http, 200);
}

/* ---- Exchanges that go well ---- */

static bool
has_line(const char *request, const char *line)
{
    char whole[200];

    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    return strstr(request, whole) != NULL;
}

static void
test_post(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);
    char host[64];

    is_number(post(http), STATUS_OK, "a POST");
    is_number(reply.code, 200, "HTTP status");
    ok(reply.body.length == 11
           && memcmp(reply.body.data, "{\"a\":\"\0\xc3\xa4\"}", 12) == 0,
       "the body to the byte, and a NUL behind it");
    is_text(reply.request_id, "r-1", "request ID, trimmed");
    is_number(reply.date, 2331663600, "date");
    is_text(reply.detail, "", "no fault");
    ok(strncmp(server->request, "POST / HTTP/1.1\r\n", 17) == 0,
       "HTTP/1.1 to /");
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u", server->port);
    ok(has_line(server->request, host), "%s", host);
    ok(has_line(server->request, "X-Amz-Target: Service.Operation")
           && has_line(server->request,
                       "Content-Type: application/x-amz-json-1.1")
           && has_line(server->request, "Content-Length: 23")
           && has_line(server->request, "User-Agent: pam_cognito-test"),
       "the headers that the service wants");
    ok(strcasestr(server->request, "Expect:") == NULL
           && strcasestr(server->request, "Accept-Encoding") == NULL
           && strcasestr(server->request, "Authorization") == NULL
           && strcasestr(server->request, "Transfer-Encoding") == NULL,
       "and none of those it should not get");
    is_text(strstr(server->request, "\r\n\r\n") + 4,
            "{\"PASSWORD\":\"hunter2\"}\n", "the body");
    is_number(post(http), STATUS_OK, "a second POST");
    ok(server->posts == 2 && server->connections == 1, "on one connection");
    http_close(http);
    ok(reaches(&server->closed, 1), "which is closed in the end");
    stop(server);
}

/* curl would like to ask for leave before it sends as much. */
static void
test_large_post(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);
    char *bytes = calloc(1, LARGE_POST);
    struct secret large = {0};

    need(bytes != NULL, "memory");
    memset(bytes, 'x', LARGE_POST);
    need(secret_set(&large, bytes, LARGE_POST), "memory");
    is_number(post_this(http, &large), STATUS_OK, "a large POST");
    ok(strcasestr(server->request, "Expect:") == NULL,
       "does not ask whether it may come");
    is_number((int64_t) strlen(strstr(server->request, "\r\n\r\n") + 4),
              LARGE_POST, "arrives whole");
    secret_free(&large);
    free(bytes);
    http_close(http);
    stop(server);
}

static void
test_get(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);

    is_number(get(http), STATUS_OK, "a GET");
    ok(reply.code == 200 && reply.body.length == 11, "its answer");
    ok(strncmp(server->request, "GET " JWKS " HTTP/1.1\r\n", sizeof JWKS + 14)
           == 0,
       "for its path");
    is_number(post(http), STATUS_OK, "a POST after it");
    is_number(get(http), STATUS_OK, "a GET after that");
    ok(server->gets == 2 && server->posts == 1 && server->connections == 1,
       "all on one connection");
    http_close(http);
    stop(server);
}

static void
test_codes(void)
{
    struct server *other = start(ANSWER);
    struct server *server = start(REDIRECT);
    struct http *http = client_of(server);

    snprintf(server->location, sizeof server->location,
             "https://127.0.0.1:%u/", other->port);
    is_number(post(http), STATUS_OK, "a redirect is an answer");
    is_number(reply.code, 307, "with its code");
    is_number(reply.date, 0, "and no date that is not one");
    is_number(get(http), STATUS_OK, "also of a GET");
    nap(50);
    is_number(other->connections, 0, "and is not followed");
    http_close(http);
    stop(server);
    stop(other);
    server = start(ENCODED);
    http = client_of(server);
    is_number(post(http), STATUS_OK, "gzip that was not asked for");
    ok(reply.body.length == 4, "is not unpacked");
    http_close(http);
    stop(server);
    server = start(INTERIM);
    http = client_of(server);
    is_number(post(http), STATUS_OK, "an interim answer before");
    ok(reply.code == 200 && reply.error_type[0] == '\0'
           && reply.error_message[0] == '\0',
       "leaves nothing behind");
    http_close(http);
    stop(server);
    server = start(LARGEST);
    http = client_of(server);
    is_number(post(http), STATUS_OK, "as large as allowed");
    is_number((int64_t) reply.body.length, HTTP_BODY_MAX, "1 MiB");
    http_close(http);
    stop(server);
}

/* ---- Exchanges that do not ---- */

/* One POST in that manner. */
static void
faulty(enum manner manner, enum status status, const char *what)
{
    struct server *server = start(manner);
    struct http *http = client_of(server);
    int64_t begun = http_now();

    is_text(status_word(post(http)), status_word(status), what);
    ok(reply.detail[0] != '\0', "%s", reply.detail);
    ok(reply.body.data == NULL && reply.code == 0, "no answer");
    ok(http_now() - begun < 8000, "in time");
    ok(server->posts <= 1, "%d sent", server->posts);
    http_close(http);
    stop(server);
}

static void
test_faults(void)
{
    faulty(CLOSE_POST, STATUS_TRANSPORT, "closed after the POST");
    faulty(RESET_POST, STATUS_TRANSPORT, "reset after the POST");
    faulty(RESET_HEADERS, STATUS_TRANSPORT, "reset while it is sent");
    faulty(TRUNCATE, STATUS_TRANSPORT, "fewer bytes than announced");
    faulty(LARGE, STATUS_TRANSPORT, "announces too much");
    faulty(LARGE_CHUNKS, STATUS_TRANSPORT, "sends too much");
    faulty(HEADERS, STATUS_TRANSPORT, "headers without end");
    faulty(GARBAGE, STATUS_TRANSPORT, "no HTTP");
    faulty(NO_TLS, STATUS_TLS, "no TLS");
    connect_ms = 500;
    faulty(NO_HANDSHAKE, STATUS_CONNECT, "no handshake");
    connect_ms = 5000;
}

static void
test_deadline(void)
{
    static const enum manner manners[] = {HANG, DRIP, NO_HANDSHAKE};

    for (int i = 0; i < 3; i++) {
        struct server *server = start(manners[i]);
        struct http *http = client_of(server);
        int64_t begun = http_now();
        int64_t taken;

        http_deadline(http, begun + 300);
        is_number(post(http), STATUS_TIMEOUT, "an answer that does not come");
        taken = http_now() - begun;
        ok(taken >= 300 && taken < 600, "ends at the deadline: %jd ms",
           (intmax_t) taken);
        ok(reply.ms >= 290 && reply.detail[0] != '\0', "%s", reply.detail);
        is_number(get(http), STATUS_TIMEOUT, "too late for a GET");
        is_number(post(http), STATUS_TIMEOUT, "too late for another POST");
        nap(50);
        ok(server->posts + server->gets <= 1, "which is not sent");
        http_close(http);
        stop(server);
    }
}

/* Also where the connection is up and nothing would have to be waited for. */
static void
test_too_late(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);

    is_number(post(http), STATUS_OK, "a POST in time");
    http_deadline(http, http_now());
    is_number(post(http), STATUS_TIMEOUT, "one at the deadline");
    is_number(get(http), STATUS_TIMEOUT, "a GET at the deadline");
    nap(50);
    ok(server->posts == 1 && server->gets == 0, "neither is sent");
    http_deadline(http, 0);
    is_number(post(http), STATUS_OK, "without a deadline it is");
    http_close(http);
    stop(server);
}

static void
test_unreachable(void)
{
    unsigned int port;
    int fd = open_port(0, &port);
    struct http *http = connect_with(port, trust, NULL, 0);
    struct http_options options = {
        .endpoint = "http://127.0.0.1:1",
        .user_agent = "x",
        .connect_ms = 5000,
    };

    is_number(post(http), STATUS_CONNECT, "nobody listens");
    ok(reply.detail[0] != '\0', "%s", reply.detail);
    is_number(get(http), STATUS_CONNECT, "neither to a GET");
    http_close(http);
    close(fd);
    /* A name that no resolver needs to be asked about. */
    options.endpoint = "https://a..invalid";
    need(http_open(&options, &http) == STATUS_OK, "no client");
    is_number(post(http), STATUS_DNS, "a name that does not exist");
    ok(reply.detail[0] != '\0', "%s", reply.detail);
    http_close(http);
}

static void
test_plain(void)
{
    struct server *server = start(ANSWER);
    char endpoint[64];
    struct http *http = NULL;
    struct http_options options = {
        .endpoint = endpoint,
        .user_agent = "x",
        .connect_ms = 5000,
    };

    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", server->port);
    need(http_open(&options, &http) == STATUS_OK, "no client");
    is_number(post(http), STATUS_INTERNAL, "http:// is refused");
    nap(50);
    is_number(server->connections, 0, "before anything is sent");
    http_close(http);
    stop(server);
}

static void
distrusted(X509 *certificate, const char *ca_pem, const char *what)
{
    struct server *server = start_with(ANSWER, certificate);
    struct http *http = connect_with(server->port, ca_pem, NULL, 0);

    is_text(status_word(post(http)), "tls", what);
    ok(reply.detail[0] != '\0', "%s", reply.detail);
    is_number(get(http), STATUS_TLS, "a GET neither");
    ok(server->posts == 0 && server->gets == 0, "nothing was sent");
    http_close(http);
    stop(server);
}

static void
test_trust(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *other = certify("other CA", NULL, -3600, 3600, NULL, key, key);
    X509 *right = certify("x", "IP:127.0.0.1", -3600, 3600, ca, ca_key,
                          server_key);
    X509 *name = certify("127.0.0.1", "DNS:other.example", -3600, 3600, ca,
                         ca_key, server_key);
    X509 *late = certify("x", "IP:127.0.0.1", -7200, -60, ca, ca_key,
                         server_key);
    X509 *early = certify("x", "IP:127.0.0.1", 600, 7200, ca, ca_key,
                          server_key);
    X509 *own = certify("x", "IP:127.0.0.1", -3600, 3600, NULL, server_key,
                        server_key);
    char *others = pem_of(other);

    distrusted(right, others, "another CA");
    distrusted(right, NULL, "a CA that the system does not know");
    distrusted(right, "no PEM", "trust anchors that are none");
    distrusted(name, trust, "another name");
    distrusted(late, trust, "expired");
    distrusted(early, trust, "not valid yet");
    distrusted(own, trust, "self-signed");
    free(others);
    X509_free(other);
    X509_free(right);
    X509_free(name);
    X509_free(late);
    X509_free(early);
    X509_free(own);
    EVP_PKEY_free(key);
}

/* Texts of anchors behind one another; the caller frees it. */
static char *
join(const char *first, const char *second)
{
    size_t size = strlen(first) + strlen(second) + 1;
    char *text = malloc(size);

    need(text != NULL, "memory");
    snprintf(text, size, "%s%s", first, second);
    return text;
}

/* The same, with other ends of lines. */
static char *
with_returns(const char *pem)
{
    char *text = malloc(2 * strlen(pem) + 1), *at = text;

    need(text != NULL, "memory");
    for (; *pem != '\0'; pem++) {
        if (*pem == '\n')
            *at++ = '\r';
        *at++ = *pem;
    }
    *at = '\0';
    return text;
}

/* What OpenSSL writes where trust is settled; its reader knows it. */
static char *
trusted_of(X509 *certificate)
{
    return written(certificate, PEM_write_bio_X509_AUX);
}

static void
judge_anchors(X509 *certificate, const char *pem, bool believed,
              const char *what)
{
    struct server *server = start_with(ANSWER, certificate);
    struct http *http = connect_with(server->port, pem, NULL, 0);

    is_text(status_word(post(http)), believed ? "ok" : "tls", what);
    is_number(server->posts, believed, believed ? "it was sent" : "no post");
    http_close(http);
    stop(server);
}

static void
test_anchor_texts(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *other = certify("other CA", NULL, -3600, 3600, NULL, key, key);
    X509 *twin = certify("test CA", NULL, -3600, 3600, NULL, key, key);
    X509 *past = certify("test CA", NULL, -7200, -60, NULL, ca_key, ca_key);
    X509 *right = certify("x", "IP:127.0.0.1", -3600, 3600, ca, ca_key,
                          server_key);
    char *others = pem_of(other), *twins = pem_of(twin), *own = pem_of(right);
    char *expired = pem_of(past), *settled = trusted_of(ca);
    char *texts[] = {join(others, trust),      join(trust, others),
                     join(twins, trust),       join(trust, twins),
                     join("# words\n", trust), with_returns(trust),
                     join(others, settled),    join(others, own),
                     join(others, twins),      join(others, expired),
                     join(trust, others),      join(trust, others)};

    judge_anchors(right, texts[0], true, "the second of two anchors");
    judge_anchors(right, texts[1], true, "the first of two");
    judge_anchors(right, texts[2], true, "behind one of the same name");
    judge_anchors(right, texts[3], true, "before one of the same name");
    judge_anchors(right, texts[4], true, "behind a comment");
    judge_anchors(right, texts[5], true, "in lines of DOS");
    judge_anchors(right, texts[6], true, "a TRUSTED CERTIFICATE");
    judge_anchors(right, texts[7], true, "the server's own certificate");
    judge_anchors(right, texts[8], false, "the same name with another key");
    judge_anchors(right, texts[9], false, "an expired anchor");
    /* A character of the last certificate's base64 is none, or it ends. */
    texts[10][strlen(trust) + 60] = '!';
    judge_anchors(right, texts[10], false, "beside one that is no base64");
    texts[11][strlen(texts[11]) - 10] = '\0';
    judge_anchors(right, texts[11], false, "beside one that has no end");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    free(others);
    free(twins);
    free(own);
    free(expired);
    free(settled);
    X509_free(other);
    X509_free(twin);
    X509_free(past);
    X509_free(right);
    EVP_PKEY_free(key);
}

/* The anchor's name is the issuer's as OpenSSL compares them. */
static void
test_anchor_names(void)
{
    static const struct {
        const char *name;
        int type;
        bool same;
    } rows[] = {
        {"test CA", V_ASN1_UTF8STRING, true},
        {"test CA", V_ASN1_PRINTABLESTRING, true},
        {"TEST ca", V_ASN1_PRINTABLESTRING, true},
        {"  test  \t cA ", V_ASN1_UTF8STRING, true},
        {"Test CA", V_ASN1_IA5STRING, true},
        {"Test CA", V_ASN1_T61STRING, true},
        {"testCA", V_ASN1_UTF8STRING, false},
        {"test CB", V_ASN1_UTF8STRING, false},
        {"test C\xc3\xa4", V_ASN1_UTF8STRING, false},
    };
    X509 *right = certify("x", "IP:127.0.0.1", -3600, 3600, ca, ca_key,
                          server_key);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *anchor;
        char *pem;

        name_type = rows[i].type;
        anchor = certify(rows[i].name, NULL, -3600, 3600, NULL, ca_key,
                         ca_key);
        name_type = MBSTRING_ASC;
        pem = pem_of(anchor);
        judge_anchors(right, pem, rows[i].same, rows[i].name);
        free(pem);
        X509_free(anchor);
    }
    X509_free(right);
}

/* A file of the folder of anchors, by the hash of "test CA". */
static char *
anchor_path(const char *folder, int number)
{
    static char path[160];

    snprintf(path, sizeof path, "%s/%08lx.%d", folder,
             X509_NAME_hash(X509_get_subject_name(ca)), number);
    return path;
}

static void
write_anchor(const char *path, const char *pem, mode_t mode)
{
    FILE *file = fopen(path, "w");

    need(file != NULL && fputs(pem, file) >= 0 && fclose(file) == 0
             && chmod(path, mode) == 0,
         "a file of anchors");
}

/* Refused, and the log will say which file was passed by and why. */
static void
passed_by(X509 *certificate, const char *path, const char *why)
{
    struct server *server = start_with(ANSWER, certificate);
    struct http *http = connect_with(server->port, NULL, NULL, 0);

    is_text(status_word(post(http)), "tls", why);
    ok(strncmp(reply.detail, path, strlen(path)) == 0
           && strstr(reply.detail, why) != NULL,
       "%s", reply.detail);
    http_close(http);
    stop(server);
}

static void
test_anchor_folder(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *other = certify("other CA", NULL, -3600, 3600, NULL, key, key);
    X509 *twin = certify("test CA", NULL, -3600, 3600, NULL, key, key);
    X509 *right = certify("x", "IP:127.0.0.1", -3600, 3600, ca, ca_key,
                          server_key);
    X509 *wrong = certify("x", "IP:127.0.0.1", -3600, 3600, other, key,
                          server_key);
    char *others = pem_of(other), *twins = pem_of(twin);
    char folder[] = "/tmp/http-t.XXXXXX", away[64], *path;

    need(mkdtemp(folder) != NULL, "a folder");
    snprintf(away, sizeof away, "%s/away", folder);
    ca_folder = folder;
    ca_trust = (struct file_trust){.owner = geteuid()};
    path = anchor_path(folder, 0);

    judge_anchors(right, NULL, false, "a folder without the anchor");
    judge_anchors(right, trust, true, "which then is in the text");
    snprintf(away, sizeof away, "%s/test.pem", folder);
    write_anchor(away, trust, 0644);
    judge_anchors(right, NULL, false, "a file that no hash names");
    write_anchor(path, trust, 0644);
    judge_anchors(right, NULL, true, "one that is named by its hash");
    judge_anchors(right, others, true, "beside a text of others");
    judge_anchors(wrong, NULL, false, "it speaks for nobody else");
    judge_anchors(right, "no PEM", false, "a text that is none spoils it");

    write_anchor(path, others, 0644);
    judge_anchors(right, NULL, false, "another's certificate by that name");
    judge_anchors(wrong, NULL, false, "which is not believed either");
    write_anchor(path, twins, 0644);
    judge_anchors(right, NULL, false, "one of the same name, another key");
    write_anchor(anchor_path(folder, 1), trust, 0644);
    judge_anchors(right, NULL, true, "the right one is the second");
    write_anchor(anchor_path(folder, 0), "no PEM", 0644);
    judge_anchors(right, NULL, true, "the first is none");
    (void) unlink(anchor_path(folder, 0));
    judge_anchors(right, NULL, false, "the second without a first");
    (void) unlink(anchor_path(folder, 1));

    path = anchor_path(folder, 0);
    write_anchor(path, trust, 0666);
    passed_by(right, path, "must not be writable by group or others");
    judge_anchors(right, trust, true, "and in the text it is all the same");
    write_anchor(path, trust, 0644);
    if (geteuid() == 0)
        need(chown(path, 12345, 0) == 0, "another owner");
    else
        ca_trust.owner = 0;
    passed_by(right, geteuid() == 0 ? path : "/", "must belong to root");
    ca_trust.owner = geteuid();
    (void) unlink(path);

    /* A link out of it, to where others may write. */
    snprintf(away, sizeof away, "%s/away", folder);
    need(mkdir(away, 0777) == 0 && chmod(away, 0777) == 0, "a folder");
    snprintf(away, sizeof away, "%s/away/ca.pem", folder);
    write_anchor(away, trust, 0644);
    need(symlink(away, path) == 0, "a link");
    *strrchr(away, '/') = '\0';
    passed_by(right, away, "folder must belong to root");
    need(chmod(away, 0755) == 0, "a folder");
    judge_anchors(right, NULL, true, "where nobody may, the link is followed");

    ca_folder = NULL;
    (void) unlink(path);
    snprintf(away, sizeof away, "%s/away/ca.pem", folder);
    (void) unlink(away);
    *strrchr(away, '/') = '\0';
    (void) rmdir(away);
    snprintf(away, sizeof away, "%s/test.pem", folder);
    (void) unlink(away);
    need(rmdir(folder) == 0, "the folder is empty again");
    free(others);
    free(twins);
    X509_free(other);
    X509_free(twin);
    X509_free(right);
    X509_free(wrong);
    EVP_PKEY_free(key);
}

static void
test_old_tls(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);

    need(SSL_CTX_set_max_proto_version(server->context, TLS1_1_VERSION) == 1
             && SSL_CTX_set_cipher_list(server->context, "ALL:@SECLEVEL=0")
                    == 1,
         "no old TLS");
    is_number(post(http), STATUS_TLS, "TLS 1.1 is too old");
    is_number(server->posts, 0, "nothing was sent");
    http_close(http);
    stop(server);
}

/* The chain is for people to read: it is what the server showed. */
static void
test_chain(void)
{
    X509 *certificate = certify("shown", "IP:127.0.0.1", -3600, 3600, ca,
                                ca_key, server_key);
    struct server *server = start_with(ANSWER, certificate);
    struct http *http = client_of(server);
    struct secret chain = {0};
    char *wanted = pem_of(certificate);

    ok(http_chain(http, &chain) && chain.length == 0, "no chain before a GET");
    is_number(get(http), STATUS_OK, "a GET");
    ok(http_chain(http, &chain), "the chain");
    ok(chain.data != NULL && strncmp(chain.data, wanted, strlen(wanted)) == 0,
       "begins with what the server showed");
    secret_free(&chain);
    free(wanted);
    http_close(http);
    stop(server);
    X509_free(certificate);
}

/* ---- Proxies ---- */

static void
test_proxy(void)
{
    static const char *const names[] = {
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    };
    struct server *server = start(ANSWER);
    struct server *proxy = start(PROXY);
    struct http *http;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u", proxy->port);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], url, 1);
    http = client_of(server);
    is_number(post(http), STATUS_OK, "proxies in the environment");
    is_number(proxy->connections, 0, "are never asked");
    http_close(http);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("no_proxy", "*", 1);
    http = connect_with(server->port, trust, url, 0);
    is_number(post(http), STATUS_OK, "a configured proxy, despite no_proxy");
    ok(proxy->connects == 1 && proxy->posts == 1, "is asked once");
    is_text(reply.error_type, "", "its own headers are not the answer's");
    unsetenv("no_proxy");
    http_close(http);
    stop(proxy);
    stop(server);
    proxy = start(PROXY_REFUSES);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", proxy->port);
    http = connect_with(1, trust, url, 0);
    is_number(post(http), STATUS_CONNECT, "a proxy that refuses");
    is_number(proxy->connects, 1, "is asked once");
    http_close(http);
    stop(proxy);
}

/* ---- Exactly one POST ---- */

static void
once(enum manner manner, bool by_warm, const char *what)
{
    struct server *server = start(manner);
    struct http *http = client_of(server);

    if (by_warm) {
        http_warm(http, JWKS);
        pump_until(http, &server->gets, 1);
    } else
        is_number(get(http), STATUS_OK, "a connection that was used");
    is_number(post(http), STATUS_TRANSPORT, what);
    nap(100);
    ok(reply.detail[0] != '\0', "%s", reply.detail);
    is_number(server->posts, 1, "exactly one POST");
    http_close(http);
    stop(server);
}

/*
 * A connection that closes after the last look at it: curl 7.88 begins the
 * POST there, notices, and would begin it again on a new connection; 8.14 looks
 * once more and begins it on a new one. Either way it is begun once.
 */
static void
test_closed_meanwhile(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);
    enum status status;

    is_number(get(http), STATUS_OK, "a connection that was used");
    is_number(http_post_start(http, "Service.Operation", &body), STATUS_OK,
              "a POST is about to go out on it");
    server->kick = 1;
    ok(reaches(&server->closed, 1), "when the server closes");
    server->kick = 0;
    status = finish(http);
    nap(100);
    ok(status == STATUS_OK ? server->posts == 1
                           : status == STATUS_TRANSPORT && server->posts == 0,
       "the POST fails and is not begun anew, or arrives once");
    diag("%s, %d", status_word(status), server->posts);
    is_number(post(http), STATUS_OK, "the next one is the caller's choice");
    http_close(http);
    stop(server);
}

static void
test_once(void)
{
    struct secret small = body;
    char *large;
    struct server *server;
    struct http *http;

    for (int i = 0; i < 2; i++) {
        once(CLOSE_POST, i == 1, "closed after the POST was read");
        once(RESET_POST, i == 1, "reset after the POST was read");
        once(RESET_HEADERS, i == 1, "reset while it is read");
    }
    /* More than fits into one write. */
    body = (struct secret){0};
    large = calloc(1, 300000);
    need(large != NULL && secret_set(&body, large, 300000), "memory");
    free(large);
    once(RESET_HEADERS, true, "a large one, reset while it is read");
    secret_free(&body);
    body = small;
    /* A connection that was closed while nobody used it is no fault. */
    server = start(CLOSE_AFTER);
    http = client_of(server);
    is_number(get(http), STATUS_OK, "a GET");
    ok(reaches(&server->closed, 1), "and the server closes");
    is_number(post(http), STATUS_OK, "the POST takes a new connection");
    ok(server->posts == 1 && server->connections == 2, "and is sent once");
    http_close(http);
    stop(server);
}

/* ---- The warm-up ---- */

static void
test_warm(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);

    http_deadline(http, 0);
    http_warm(http, JWKS);
    pump_until(http, &server->gets, 1);
    ok(server->gets == 1 && server->connections == 1, "connected and asked");
    is_number(post(http), STATUS_OK, "the POST");
    is_number(server->connections, 1, "goes out on that connection");
    is_number(get(http), STATUS_OK, "the GET");
    ok(reply.body.length == 11 && reply.code == 200, "has the warm answer");
    is_number(server->gets, 1, "and was not asked again");
    is_number(get(http), STATUS_OK, "the next GET");
    ok(server->gets == 2 && server->connections == 1, "is asked");
    http_close(http);
    stop(server);

    server = start(ANSWER);
    http = client_of(server);
    http_warm(http, JWKS);
    is_number(post(http), STATUS_OK, "a POST before the warm-up connected");
    is_number(get(http), STATUS_OK, "does not hurt it");
    ok(server->gets == 1 && server->posts == 1, "each is sent once");
    http_close(http);
    stop(server);

    server = start(SLOW_GET);
    http = client_of(server);
    http_warm(http, JWKS);
    for (int i = 0; i < 200 && server->gets == 0; i++)
        (void) pump(http, 10);
    is_number(post(http), STATUS_OK, "a POST before the warm-up's answer");
    is_number(server->connections, 1, "waits for the connection");
    http_close(http);
    stop(server);

    server = start(SLOW_TLS);
    http = client_of(server);
    http_warm(http, JWKS);
    pump_until(http, &server->connections, 1);
    is_number(post(http), STATUS_OK, "a POST while the warm-up connects");
    is_number(server->connections, 2, "connects beside it");
    is_number(server->posted_on, 1, "takes the one that is there first");
    is_number(server->posts, 1, "and is sent once");
    http_close(http);
    stop(server);

    server = start(ANSWER);
    http = client_of(server);
    http_warm(http, JWKS);
    is_number(get(http), STATUS_OK, "a GET right after the start");
    is_number(server->gets, 1, "takes what is under way");
    http_close(http);
    stop(server);

    server = start(ANSWER);
    http = client_of(server);
    http_warm(http, "/other");
    pump_until(http, &server->gets, 1);
    is_number(get(http), STATUS_OK, "a GET of another path");
    ok(server->gets == 2
           && strncmp(server->request, "GET " JWKS " ", sizeof JWKS + 4) == 0,
       "is asked for itself");
    http_close(http);
    stop(server);
}

static void
test_warm_failures(void)
{
    struct server *server = start(CLOSE_GET);
    struct http *http = client_of(server);
    int64_t begun;
    unsigned int port;
    int fd;

    http_warm(http, JWKS);
    pump_until(http, &server->closed, 1);
    is_number(post(http), STATUS_OK, "a cut warm-up does not hurt the POST");
    is_number(server->posts, 1, "which is sent once");
    is_number(get(http), STATUS_TRANSPORT, "the GET asks once more");
    ok(server->gets == 2 || server->gets == 3,
       "and curl repeats a GET, but not for ever");
    http_close(http);
    stop(server);

    server = start(HANG_GET);
    http = client_of(server);
    http_warm(http, JWKS);
    pump_until(http, &server->gets, 1);
    begun = http_now();
    http_deadline(http, begun + 2000);
    is_number(post(http), STATUS_OK,
              "a warm-up that hangs keeps the POST waiting");
    ok(http_now() - begun < 1900, "half the time at most: %jd ms",
       (intmax_t) (http_now() - begun));
    ok(server->posts == 1 && server->connections == 2, "then it connects");
    http_close(http);
    stop(server);

    fd = open_port(0, &port);
    http = connect_with(port, trust, NULL, 0);
    http_warm(http, JWKS);
    is_number(pump(http, 50), STATUS_OK, "a warm-up that nobody hears");
    is_number(post(http), STATUS_CONNECT, "the POST says so");
    http_close(http);
    close(fd);

    server = start(ANSWER);
    http = client_of(server);
    http_warm(http, JWKS);
    http_close(http);
    ok(true, "closed while it is under way");
    stop(server);
}

/* A POST whose answer is awaited while a person types. */
static void
test_ahead(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);
    struct secret copied = {0};
    int64_t before;

    is_number(finish(http), STATUS_INTERNAL,
              "no answer to what was not asked");
    ok(!http_post_await(http, 60000), "which is not waited for");
    http_deadline(http, 0);
    need(secret_set_text(&copied, "ahead"), "memory");
    is_number(http_post_start(http, "Service.Operation", &copied), STATUS_OK,
              "a POST is started");
    secret_free(&copied);
    pump_until(http, &server->posts, 1);
    ok(server->posts == 1 && strstr(server->request, "\r\n\r\nahead") != NULL,
       "it arrives");
    ok(http_post_await(http, 20000), "the answer is there");
    (void) pump(http, 30);
    ok(!http_post_await(http, 1), "and more than a millisecond old");
    is_number(finish(http), STATUS_OK, "and is taken");
    is_number((int64_t) reply.body.length, 11, "whole");
    ok(!http_post_await(http, 20000), "once");
    is_number(post(http), STATUS_OK, "another POST");
    is_number(server->connections, 1, "on the same connection");
    need(secret_set_text(&copied, "never"), "memory");
    is_number(http_post_start(http, "Service.Operation", &copied), STATUS_OK,
              "one that is given up");
    http_post_drop(http);
    is_number(finish(http), STATUS_INTERNAL, "has no answer");
    is_number(post(http), STATUS_OK, "the next one has its own");
    ok(strstr(server->request, "hunter2") != NULL, "for its own body");
    is_number(http_post_start(http, "Service.Operation", &copied), STATUS_OK,
              "one that nobody takes");
    http_close(http);
    secret_free(&copied);
    stop(server);

    server = start(HANG);
    http = client_of(server);
    http_deadline(http, 0);
    is_number(http_post_start(http, "Service.Operation", &body), STATUS_OK,
              "one that is not answered");
    is_number(pump(http, 100), STATUS_OK, "waits");
    before = http_now();
    http_deadline(http, before + 40000);
    ok(!http_post_await(http, 300), "it is waited for until it is too old");
    ok(http_now() - before < 10000, "and no longer");
    http_deadline(http, http_now() + 1000);
    before = http_now();
    ok(!http_post_await(http, 60000), "or while half of the time is left");
    ok(http_now() - before < 1000, "half of it is left");
    http_deadline(http, http_now() + 200);
    is_number(finish(http), STATUS_TIMEOUT,
              "until the deadline that was set meanwhile");
    http_close(http);
    stop(server);
}

/* Chance spreads over all of what it may be, and nowhere else. */
static void
test_backoff(void)
{
    static const unsigned int longest[] = {500,  1000,  2000,  4000,
                                           8000, 16000, 20000, 20000};

    for (unsigned int tried = 1; tried <= 8; tried++) {
        unsigned int most = longest[tried - 1];
        unsigned int fifths[6] = {0};
        unsigned int beyond = 0;

        for (int i = 0; i < 2000; i++) {
            unsigned int wait = http_backoff(tried, 3);

            if (wait < 3000 || wait > 3000 + most)
                beyond++;
            else
                fifths[(wait - 3000) * 5 / most]++;
        }
        is_number(beyond, 0, "what was asked for, and no more than may be");
        for (int i = 0; i < 5; i++)
            ok(fifths[i] > 280 && fifths[i] < 520,
               "try %u, fifth %d of %u ms: %u of 2000", tried, i, most,
               fifths[i]);
    }
    ok(http_backoff(1, 0) <= 500, "nothing was asked for");
    ok(http_backoff(1, 86400) >= 86400000, "a day was");
}

/*
 * Half a second at least; the rest is even over two sevenths, fifths and thirds
 * of the time that is left.
 */
static void
test_turn(void)
{
    static const unsigned int parts[] = {0, 3, 5, 7};
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);

    for (unsigned int repeats = 1; repeats <= 3; repeats++) {
        unsigned int most = 21000 * 2 / parts[repeats];
        unsigned int fifths[5] = {0};
        unsigned int beyond = 0;

        for (int i = 0; i < 2000; i++) {
            unsigned int wait;

            http_deadline(http, http_now() + 24000);
            wait = http_turn(http, repeats, 3);
            if (wait < 3500 || wait > 3000 + most)
                beyond++;
            else
                fifths[(uint64_t) (wait - 3500) * 5 / (most - 500 + 1)]++;
        }
        is_number(beyond, 0, "what was asked for, and a share of the rest");
        for (int i = 0; i < 5; i++)
            ok(fifths[i] > 280 && fifths[i] < 520,
               "%u repeats, fifth %d of %u ms: %u of 2000", repeats, i, most,
               fifths[i]);
    }
    http_deadline(http, http_now() + 100);
    is_number(http_turn(http, 3, 0), 500, "no time: half a second");
    is_number(http_turn(http, 3, 86400), 86400500,
              "a day is too long as well");
    http_close(http);
    stop(server);
}

/* Time passes, and the connection is there afterwards. */
static void
test_pause(void)
{
    struct server *server = start(ANSWER);
    struct http *http = client_of(server);
    int64_t before = http_now();
    int ends[2];

    is_number(post(http), STATUS_OK, "a POST");
    http_deadline(http, before + 20000);
    ok(!http_pause(http, 20001), "a wait beyond the deadline");
    ok(http_now() - before < 15000, "is none");
    before = http_now();
    ok(http_pause(http, 150), "one within");
    ok(http_now() - before >= 150, "takes its time");
    ok(http_pause(http, 0), "none at all is fine");
    is_number(post(http), STATUS_OK, "another POST");
    is_number(server->connections, 1, "on the same connection");
    http_warm(http, JWKS);
    ok(http_pause(http, 1000), "a warm-up goes on meanwhile");
    is_number(server->gets, 1, "and arrives");
    need(pipe(ends) == 0, "no pipe");
    http_watch(http, ends[0]);
    ok(http_pause(http, 10), "a pause that nothing ends");
    close(ends[1]);
    before = http_now();
    ok(!http_pause(http, 15000), "one whose waiting is at an end");
    ok(http_now() - before < 10000, "is over");
    close(ends[0]);
    http_watch(http, -1);
    http_deadline(http, 0);
    ok(http_pause(http, 1), "without a deadline there is time");
    http_close(http);
    stop(server);
}

/* Every allocation of ours fails once, in turn. */
static void
test_memory(void)
{
    unsigned int failures = 0;
    bool wrong = false;
    bool succeeded = false;

    while (!succeeded && failures < 100) {
        struct server *server = start(ANSWER);
        char endpoint[64];
        struct http_options options = {
            .endpoint = endpoint,
            .ca_pem = trust,
            .ca_pem_length = strlen(trust),
            .user_agent = "x",
            .connect_ms = connect_ms,
        };
        struct http *http = NULL;
        enum status status;

        snprintf(endpoint, sizeof endpoint, "https://127.0.0.1:%u",
                 server->port);
        http_answer_free(&reply);
        fault_arm(failures);
        status = http_open(&options, &http);
        wrong = wrong || (http != NULL) != (status == STATUS_OK);
        if (status == STATUS_OK) {
            http_deadline(http, http_now() + 10000);
            http_warm(http, JWKS);
            status = post(http);
            /* The next exchange has memory again. */
            wrong = wrong || (status != STATUS_OK && get(http) != STATUS_OK);
        }
        if (status == STATUS_OK)
            status = get(http);
        succeeded = fault_disarm();
        wrong = wrong || (status != STATUS_OK && status != STATUS_MEMORY)
                || (succeeded && status != STATUS_OK);
        http_close(http);
        stop(server);
        failures += !succeeded;
    }
    ok(failures >= 8 && succeeded, "%u allocations fail one by one", failures);
    ok(!wrong, "each is STATUS_MEMORY, or a warm-up that was not");
}

/* Three times there is another in its place; then it is let go. */
static void
test_idle(void)
{
    struct server *server = start(ANSWER);
    struct http *http = connect_with(server->port, trust, NULL, 600);

    http_deadline(http, 0);
    http_warm(http, JWKS);
    is_number(pump(http, 120), STATUS_OK, "pumped for less than idle_ms");
    is_number(server->connections, 1, "one connection");
    is_number(server->closed, 0, "which stays");
    pump_until(http, &server->closed, 1);
    is_number(server->connections, 2, "another is in the place of the first");
    is_number(post(http), STATUS_OK, "a POST");
    is_number(server->connections, 2, "goes over that");
    pump_until(http, &server->closed, 5);
    is_number(pump(http, 900), STATUS_OK, "pumped for much longer");
    is_number(server->connections, 5, "renewed three times since the POST");
    is_number(server->closed, 5, "and let go");
    is_number(post(http), STATUS_OK, "a POST");
    is_number(server->connections, 6, "connects again");
    is_number(get(http), STATUS_OK, "the warm answer");
    is_number(server->gets, 5, "is still there");
    http_close(http);
    stop(server);
}

/* Where no warm-up was wanted nothing is renewed. */
static void
test_idle_without_a_warm_up(void)
{
    struct server *server = start(ANSWER);
    struct http *http = connect_with(server->port, trust, NULL, 200);

    is_number(post(http), STATUS_OK, "a POST");
    http_deadline(http, 0);
    is_number(pump(http, 500), STATUS_OK, "pumped for longer than idle_ms");
    is_number(server->connections, 1, "no other connection");
    is_number(server->closed, 1, "and none is left");
    http_close(http);
    stop(server);
}

static void
test_pump(void)
{
    unsigned int port;
    int listener = open_port(0, &port);
    struct http *http = connect_with(port, trust, NULL, 0);
    int ends[2];
    char byte;

    need(pipe(ends) == 0, "pipe");
    need(write(ends[1], "x", 1) == 1, "write");
    is_number(http_pump(http, ends[0]), STATUS_OK, "readable already");
    is_number(http_pump_for(http, ends[0], 1), STATUS_OK,
              "readable wins over the limit");
    need(read(ends[0], &byte, 1) == 1, "read");
    close(ends[1]);
    is_number(http_pump(http, ends[0]), STATUS_OK, "a pipe at its end");
    close(ends[0]);
    is_number(http_pump(http, ends[0]), STATUS_INTERNAL, "no descriptor");
    http_close(http);
    close(listener);
}

static void
test_pump_socket(void)
{
    struct server *server = start(ANSWER);
    struct http *http = connect_with(server->port, trust, NULL, 50);
    int64_t begun = http_now();
    int pair[2];

    need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair");
    is_number(http_pump_for(http, pair[0], 100), STATUS_TIMEOUT,
              "nothing within the limit");
    ok(http_now() - begun >= 100 && http_now() - begun < 500, "took %jd ms",
       (intmax_t) (http_now() - begun));
    http_warm(http, JWKS);
    is_number(pump(http, 300), STATUS_OK, "until the connection is closed");
    close(pair[1]);
    is_number(http_pump(http, pair[0]), STATUS_OK, "the other end is closed");
    close(pair[0]);
    http_close(http);
    http_close(NULL);
    stop(server);
}

int
main(void)
{
    /* http.c's choice of an allocator comes too late then, and only its own
     * allocations fail in test_memory. */
    need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl");
    ca_key = EVP_EC_gen("P-256");
    server_key = EVP_EC_gen("P-256");
    need(ca_key != NULL && server_key != NULL, "no keys");
    ca = certify("test CA", NULL, -3600, 3600, NULL, ca_key, ca_key);
    trust = pem_of(ca);
    need(secret_set_text(&body, "{\"PASSWORD\":\"hunter2\"}\n"), "memory");
    test_post();
    test_large_post();
    test_get();
    test_codes();
    test_faults();
    test_deadline();
    test_too_late();
    test_unreachable();
    test_plain();
    test_trust();
    test_anchor_texts();
    test_anchor_names();
    test_anchor_folder();
    test_old_tls();
    test_chain();
    test_proxy();
    test_once();
    test_closed_meanwhile();
    test_warm();
    test_warm_failures();
    test_ahead();
    test_backoff();
    test_turn();
    test_pause();
    test_memory();
    test_idle();
    test_idle_without_a_warm_up();
    test_pump();
    test_pump_socket();
    http_answer_free(&reply);
    secret_free(&body);
    free(trust);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(server_key);
    return done_testing();
}
