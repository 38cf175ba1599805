/*
 * The URL is taken apart here and put together anew: what curl is given has
 * the host that was looked at.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/metadata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cognito/tool_http.h"

#define LETTERS                                                               \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

struct parts {
    char endpoint[512]; /* scheme, host and port */
    char host[256];     /* without brackets */
    const char *path;   /* "" for none */
    bool plain;
};

static bool
is_path(const char *path)
{
    if (path[0] != '/' && path[0] != '\0')
        return false;
    for (; *path != '\0'; path++)
        if (*path < '!' || *path > '~' || *path == '#')
            return false;
    return true;
}

/* Where the host begins and how long it is, brackets left out. */
static const char *
find_host(const char *text, size_t *length_out, const char **rest_out)
{
    if (text[0] != '[') {
        *length_out = strspn(text, LETTERS "-.");
        *rest_out = text + *length_out;
        return text;
    }
    *length_out = strspn(text + 1, "0123456789abcdefABCDEF:.");
    *rest_out = text + 1 + *length_out;
    if (**rest_out == ']')
        (*rest_out)++;
    else
        *length_out = 0;
    return text + 1;
}

static bool
take_apart(const char *url, struct parts *parts)
{
    const char *start, *host, *rest;
    size_t length, port;

    parts->plain = strncmp(url, "http://", 7) == 0;
    if (!parts->plain && strncmp(url, "https://", 8) != 0)
        return false;
    if (strlen(url) >= METADATA_URL_MAX)
        return false;
    start = url + (parts->plain ? 7 : 8);
    host = find_host(start, &length, &rest);
    if (length == 0 || length >= sizeof(parts->host))
        return false;
    (void) snprintf(parts->host, sizeof(parts->host), "%.*s", (int) length,
                    host);
    if (*rest == ':') {
        port = strspn(rest + 1, "0123456789");
        if (port < 1 || port > 5)
            return false;
        rest += 1 + port;
    }
    parts->path = rest;
    (void) snprintf(parts->endpoint, sizeof(parts->endpoint), "%.*s",
                    (int) (rest - url), url);
    return is_path(rest);
}

/* Is it on this machine, or on the link that is the cloud's own? */
static bool
is_near(const char *host)
{
    static const char *const addresses[]
        = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "::1",
           "fd00:ec2::23",    "fd00:ec2::254"};
    unsigned char found[sizeof(struct in6_addr)];
    unsigned char known[sizeof(struct in6_addr)];
    int family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;

    /* curl has no resolver look for that name. */
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(family, host, found) != 1)
        return false;
    if (family == AF_INET && found[0] == 127)
        return true;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        if (inet_pton(family, addresses[i], known) == 1
            && memcmp(found, known, family == AF_INET ? 4 : 16) == 0)
            return true;
    return false;
}

bool
metadata_is_allowed(const char *url)
{
    struct parts parts;

    return take_apart(url, &parts) && (!parts.plain || is_near(parts.host));
}

enum status
metadata_ask(const char *url, bool put, const struct secret *header,
             int64_t deadline_ms, struct http_answer *answer_out)
{
    struct parts parts;
    struct http *http = NULL;
    struct http_options options = {
        .endpoint = parts.endpoint,
        .user_agent = "pam_cognito/" PACKAGE_VERSION,
        .connect_ms = METADATA_CONNECT_MS,
    };
    enum status status;

    memset(answer_out, 0, sizeof(*answer_out));
    if (!metadata_is_allowed(url) || !take_apart(url, &parts))
        return STATUS_CONFIG;
    options.plain = parts.plain;
    status = http_open(&options, &http);
    if (status == STATUS_OK) {
        http_deadline(http, deadline_ms);
        status = tool_http_ask(http, put,
                               parts.path[0] == '\0' ? "/" : parts.path,
                               header, answer_out);
    }
    http_close(http);
    return status;
}
