/*
 * HTTP/1.1 over OpenSSL, for measuring.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t
connection_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

SSL_CTX *
connection_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL
        || SSL_CTX_load_verify_file(context, ca_file) != 1)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

bool
connection_open(struct connection *connection, SSL_CTX *context,
                const char *host, unsigned int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t) port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connection->ssl = SSL_new(context);
    return connection->fd >= 0 && connection->ssl != NULL
           && connect(connection->fd, (struct sockaddr *) &address,
                      sizeof address)
                  == 0
           && setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes,
                         sizeof yes)
                  == 0
           && SSL_set_fd(connection->ssl, connection->fd) == 1
           && SSL_set_tlsext_host_name(connection->ssl, host) == 1
           && SSL_set1_host(connection->ssl, host) == 1
           && SSL_connect(connection->ssl) == 1;
}

void
connection_close(struct connection *connection)
{
    if (connection->ssl != NULL)
        (void) SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    (void) close(connection->fd);
    connection->ssl = NULL;
}

/* The answer, whole. */
static bool
receive(struct connection *connection)
{
    size_t held = 0, head = 0, body = 0;

    for (;;) {
        int count = SSL_read(connection->ssl, connection->bytes + held,
                             (int) (sizeof connection->bytes - 1 - held));
        const char *end, *length;

        if (count <= 0)
            return false;
        held += (size_t) count;
        connection->bytes[held] = '\0';
        end = head == 0 ? strstr(connection->bytes, "\r\n\r\n") : NULL;
        if (end != NULL) {
            head = (size_t) (end - connection->bytes) + 4;
            length = strstr(connection->bytes, "Content-Length: ");
            if (length == NULL)
                return false;
            body = strtoul(length + 16, NULL, 10);
        }
        if (head > 0 && held >= head + body) {
            connection->body = connection->bytes + head;
            connection->length = body;
            return strncmp(connection->bytes, "HTTP/1.1 200", 12) == 0;
        }
    }
}

bool
connection_exchange(struct connection *connection, const char *host,
                    const char *path, const char *target, const char *body)
{
    char request[8192];
    int length;

    if (target == NULL)
        length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
    else
        length = snprintf(
            request, sizeof request,
            "POST %s HTTP/1.1\r\nHost: %s\r\n"
            "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: "
            "AWSCognitoIdentityProviderService.%s\r\n"
            "Content-Length: %zu\r\n\r\n%s",
            path, host, target, strlen(body), body);
    return length > 0 && (size_t) length < sizeof request
           && SSL_write(connection->ssl, request, length) == length
           && receive(connection);
}
