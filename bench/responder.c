/*
 * A user pool for benchmarks: real TLS, real tokens, real SRP, answered by
 * threads in microseconds, so that what is measured is the client.
 *
 *   responder PORT CHAIN_PORT FOLDER HOST ISSUER POOL_NAME CLIENT SECRET
 *             PASSWORD
 *
 * Listens on loopback, writes its certificate authority to FOLDER/ca.pem,
 * then prints "ready". CHAIN_PORT has a chain of certificates as long as
 * Amazon's, and its authority is in FOLDER/chain-ca.pem.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "answers.h"
#include "signing.h"

#define REQUEST_MAX 65536
#define STACK_BYTES (256 * 1024)
#define DAY 86400
#define CHAIN 4 /* certificates that the second port shows */

/* ---- Certificates ---- */

static bool
add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool done = extension != NULL
                && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return done;
}

/* name: the host's, or an authority's. issuer NULL: signed by itself. */
static X509 *
make_certificate(EVP_PKEY *key, const char *name, bool authority, X509 *issuer,
                 EVP_PKEY *issuer_key)
{
    static long serial;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    char names[300];
    bool done;

    (void) snprintf(names, sizeof names, "DNS:%s,DNS:localhost", name);
    done = X509_set_version(certificate, 2) == 1
           && ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial)
                  == 1
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL
           && X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * DAY)
                  != NULL
           && X509_set_pubkey(certificate, key) == 1
           && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                         (const unsigned char *) name, -1, -1,
                                         0)
                  == 1
           && X509_set_issuer_name(certificate,
                                   issuer == NULL
                                       ? subject
                                       : X509_get_subject_name(issuer))
                  == 1
           && (authority
                   ? add_extension(certificate, NID_basic_constraints,
                                   "critical,CA:TRUE")
                   : add_extension(certificate, NID_subject_alt_name, names))
           && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
    if (done)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static bool
write_certificate(const char *folder, const char *name,
                  const X509 *certificate)
{
    char path[512];
    FILE *file;
    bool done;

    (void) snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    done = file != NULL && PEM_write_X509(file, certificate) == 1;
    if (file != NULL && fclose(file) != 0)
        done = false;
    return done;
}

/* An authority and a certificate of its for the host, into the context. */
static bool
set_certificates(SSL_CTX *tls, const char *folder, const char *host)
{
    EVP_PKEY *root_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *root = make_certificate(root_key, "benchmark authority", true, NULL,
                                  root_key);
    X509 *own = make_certificate(key, host, false, root, root_key);
    bool done = write_certificate(folder, "ca.pem", root)
                && SSL_CTX_use_certificate(tls, own) == 1
                && SSL_CTX_use_PrivateKey(tls, key) == 1;

    X509_free(own);
    X509_free(root);
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
    return done;
}

/*
 * As Amazon's: the host's certificate and three above it, of which the second
 * is signed by an older authority and stands among the trusted ones, signed by
 * itself, as well.
 */
static bool
set_chain(SSL_CTX *tls, const char *folder, const char *host)
{
    EVP_PKEY *keys[CHAIN + 1];
    X509 *chain[CHAIN], *root;
    bool done = true;

    for (size_t i = 0; i <= CHAIN; i++)
        keys[i] = EVP_RSA_gen(2048);
    for (size_t i = CHAIN; i-- > 0;) {
        char above[40], name[40];
        X509 *issuer;

        (void) snprintf(above, sizeof above, "benchmark authority %zu", i + 1);
        (void) snprintf(name, sizeof name, "benchmark authority %zu", i);
        issuer = make_certificate(keys[i + 1], above, true, NULL, keys[i + 1]);
        chain[i] = make_certificate(keys[i], i == 0 ? host : name, i > 0,
                                    issuer, keys[i + 1]);
        X509_free(issuer);
    }
    root = make_certificate(keys[2], "benchmark authority 2", true, NULL,
                            keys[2]);
    done = write_certificate(folder, "chain-ca.pem", root)
           && SSL_CTX_use_certificate(tls, chain[0]) == 1
           && SSL_CTX_use_PrivateKey(tls, keys[0]) == 1;
    for (size_t i = 1; i < CHAIN; i++)
        done = done && SSL_CTX_add1_chain_cert(tls, chain[i]) == 1;
    for (size_t i = 0; i < CHAIN; i++)
        X509_free(chain[i]);
    for (size_t i = 0; i <= CHAIN; i++)
        EVP_PKEY_free(keys[i]);
    X509_free(root);
    return done;
}

/* ---- HTTP ---- */

struct request {
    char bytes[REQUEST_MAX];
    size_t held; /* bytes read */
    size_t head; /* of them, the head */
    size_t body; /* length of the body */
};

/* The value of a header line, or NULL; it ends at its \r. */
static const char *
header(const struct request *request, const char *name)
{
    size_t length = strlen(name);
    const char *at = request->bytes;

    while ((at = strstr(at, "\r\n")) != NULL
           && at < request->bytes + request->head - 4) {
        at += 2;
        if (strncasecmp(at, name, length) == 0 && at[length] == ':')
            return at + length + 1 + strspn(at + length + 1, " ");
    }
    return NULL;
}

/* One whole request; false at the end of the connection. */
static bool
receive(SSL *ssl, struct request *request)
{
    const char *end, *length;
    int count;

    request->head = request->body = 0;
    for (;;) {
        request->bytes[request->held] = '\0';
        end = request->head == 0 ? strstr(request->bytes, "\r\n\r\n") : NULL;
        if (end != NULL) {
            request->head = (size_t) (end - request->bytes) + 4;
            length = header(request, "Content-Length");
            request->body = length == NULL ? 0 : strtoul(length, NULL, 10);
        }
        if (request->head > 0
            && request->held >= request->head + request->body)
            return true;
        if (request->held + 1 >= sizeof request->bytes)
            return false;
        count = SSL_read(ssl, request->bytes + request->held,
                         (int) (sizeof request->bytes - 1 - request->held));
        if (count <= 0)
            return false;
        request->held += (size_t) count;
    }
}

static bool
answer(SSL *ssl, const struct request *request)
{
    const char *target = header(request, "X-Amz-Target");
    char operation[64] = "", date[64];
    char *body, *text = NULL;
    struct tm utc;
    time_t now = time(NULL);
    int code = 200, length;
    bool done;

    if (target != NULL)
        (void) sscanf(target, "%*[^.].%63[A-Za-z]", operation);
    if (strncmp(request->bytes, "GET ", 4) == 0)
        body = strdup(signing_keys());
    else
        body = answers_give(operation, request->bytes + request->head,
                            request->body, &code);
    if (body == NULL)
        return false;
    (void) strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT",
                    gmtime_r(&now, &utc));
    length = asprintf(
        &text,
        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n"
        "Content-Length: %zu\r\nConnection: keep-alive\r\n"
        "x-amzn-RequestId: 1c9b6bd4-8d57-4b1c-9f0c-3a5b7f6a1d20\r\n\r\n%s",
        code, code == 200 ? "OK" : "Bad Request", date,
        target == NULL ? "application/json" : "application/x-amz-json-1.1",
        strlen(body), body);
    free(body);
    if (length < 0)
        return false;
    done = SSL_write(ssl, text, length) == length;
    free(text);
    return done;
}

static void *
serve(void *context)
{
    struct request *request = malloc(sizeof *request);
    SSL *ssl = context;

    if (request != NULL && SSL_accept(ssl) == 1) {
        request->held = 0;
        while (receive(ssl, request) && answer(ssl, request)) {
            size_t used = request->head + request->body;

            memmove(request->bytes, request->bytes + used,
                    request->held - used);
            request->held -= used;
        }
        (void) SSL_shutdown(ssl);
    }
    (void) close(SSL_get_fd(ssl));
    SSL_free(ssl);
    free(request);
    return NULL;
}

/* ---- Starting ---- */

static int
listen_on(unsigned int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t) port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0
        && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
            || bind(fd, (struct sockaddr *) &address, sizeof address) < 0
            || listen(fd, 1024) < 0)) {
        (void) close(fd);
        return -1;
    }
    return fd;
}

struct door {
    int fd;
    SSL_CTX *tls;
};

/* Takes connections, for ever; each has a thread of its own. */
static void *
keep_open(void *context)
{
    const struct door *door = context;
    pthread_attr_t attributes;
    int yes = 1;

    if (pthread_attr_init(&attributes) != 0
        || pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED)
               != 0
        || pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0)
        return NULL;
    for (;;) {
        int peer = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
        SSL *ssl = peer < 0 ? NULL : SSL_new(door->tls);
        pthread_t thread;

        if (peer < 0)
            continue;
        (void) setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (ssl == NULL || SSL_set_fd(ssl, peer) != 1
            || pthread_create(&thread, &attributes, serve, ssl) != 0) {
            SSL_free(ssl);
            (void) close(peer);
        }
    }
}

static bool
open_door(struct door *door, const char *port)
{
    door->tls = SSL_CTX_new(TLS_server_method());
    door->fd = listen_on((unsigned int) strtoul(port, NULL, 10));
    return door->tls != NULL && door->fd >= 0
           && SSL_CTX_set_min_proto_version(door->tls, TLS1_2_VERSION) == 1;
}

int
main(int argc, char **argv)
{
    struct door plain, chained;
    pthread_t thread;

    if (argc != 10)
        return 2;
    (void) signal(SIGPIPE, SIG_IGN);
    if (!open_door(&plain, argv[1]) || !open_door(&chained, argv[2])
        || !set_certificates(plain.tls, argv[3], argv[4])
        || !set_chain(chained.tls, argv[3], argv[4])
        || !answers_open(&(struct answers_options){argv[5], argv[6], argv[7],
                                                   argv[8], argv[9]})
        || pthread_create(&thread, NULL, keep_open, &chained) != 0) {
        perror("responder");
        return 1;
    }
    (void) puts("ready");
    (void) fflush(stdout);
    (void) keep_open(&plain);
    return 1;
}
