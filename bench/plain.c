/*
 * The floor: a program that makes a login's requests by libcurl, trusts what
 * the helper trusts, and does nothing else: no PAM, no checks, no sandbox.
 *
 *   plain PORT [now]
 *
 * the keys, the sign-in, the revocation, on one connection; now: the sign-in
 * alone. Says when it is over. The environment is that of bare_post, and
 * BENCH_HASH, the SECRET_HASH.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

static char answer[65536], text[8192];
static size_t held;

static size_t
keep(const char *bytes, size_t one, size_t count, void *context)
{
    (void) context;
    if (one * count >= sizeof answer - held)
        return 0;
    memcpy(answer + held, bytes, one * count);
    held += one * count;
    answer[held] = '\0';
    return one * count;
}

/* operation NULL: a GET of the path. */
static void
exchange(CURL *curl, const char *port, const char *path, const char *operation)
{
    struct curl_slist *lines = NULL;
    char url[300], target[100];

    held = 0;
    (void) snprintf(url, sizeof url, "https://%s:%s/%s", getenv("BENCH_HOST"),
                    port, path);
    (void) snprintf(target, sizeof target,
                    "X-Amz-Target: AWSCognitoIdentityProviderService.%s",
                    operation);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (operation != NULL) {
        lines = curl_slist_append(lines,
                                  "Content-Type: application/x-amz-json-1.1");
        lines = curl_slist_append(lines, target);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    }
    if (curl_easy_perform(curl) != CURLE_OK
        || strstr(answer, operation == NULL ? "\"keys\"" : "{") == NULL)
        _exit(1);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(lines);
}

int
main(int argc, char **argv)
{
    const char *client = getenv("BENCH_CLIENT");
    bool now = argc > 2;
    char keys[200], *token;
    CURL *curl;

    (void) snprintf(keys, sizeof keys, "%s/.well-known/jwks.json",
                    getenv("BENCH_POOL"));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("BENCH_CA"));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    if (!now)
        exchange(curl, argv[1], keys, NULL);
    (void) snprintf(text, sizeof text,
                    "{\"ClientId\":\"%s\",\"AuthFlow\":\"USER_PASSWORD_AUTH\","
                    "\"AuthParameters\":{\"USERNAME\":\"%s\",\"SECRET_HASH\":"
                    "\"%s\",\"PASSWORD\":\"%s\"}}",
                    client, getenv("BENCH_USER"), getenv("BENCH_HASH"),
                    getenv("BENCH_PASSWORD"));
    exchange(curl, argv[1], "", "InitiateAuth");
    token = strstr(answer, "\"RefreshToken\":\"");
    if (token == NULL)
        return 1;
    token += strlen("\"RefreshToken\":\"");
    token[strcspn(token, "\"")] = '\0';
    if (!now) {
        (void) snprintf(text, sizeof text,
                        "{\"ClientId\":\"%s\",\"ClientSecret\":\"%s\","
                        "\"Token\":\"%s\"}",
                        client, getenv("BENCH_SECRET"), token);
        exchange(curl, argv[1], "", "RevokeToken");
    }
    (void) !write(STDOUT_FILENO, "over\n", 5);
    _exit(0);
}
