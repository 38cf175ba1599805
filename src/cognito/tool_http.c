/*
 * On top of transfer.c's handles, whose settings all stay: the one trusted
 * endpoint, TLS, no redirects, nothing sent twice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/tool_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "cognito/transfer.h"

#define SCOPE_MAX 96
#define OLDEST 0x075800 /* 7.88.0 */

/* Wiped when curl frees it: its allocator is ours. */
static bool
add_token(struct curl_slist **list, const struct secret *token)
{
    static const char name[] = "X-Amz-Security-Token: ";
    size_t size = sizeof(name) + token->length;
    struct curl_slist *longer = NULL;
    char *line;

    if (token->length == 0)
        return true;
    line = malloc(size);
    if (line != NULL) {
        (void) snprintf(line, size, "%s%s", name, token->data);
        longer = curl_slist_append(*list, line);
    }
    secret_free_text(line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

/*
 * curl puts a hash of the body into the signature, and has one only of a body
 * that it was given whole: with a read function it signs an empty one.
 */
static bool
sign(struct transfers *transfers)
{
    const struct tool_http_keys *keys = transfers->keys;
    CURL *easy = transfers->post.easy;
    char scope[SCOPE_MAX];
    int length = snprintf(scope, sizeof(scope), "aws:amz:%s:cognito-idp",
                          keys->region);

    if (length < 0 || (size_t) length >= sizeof(scope)
        || !add_token(&transfers->headers, keys->token))
        return false;
    transfers->posted = true;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfers->body.data)
               == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_USERNAME, keys->id->data)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PASSWORD, keys->key->data)
                  == CURLE_OK;
}

bool
tool_http_can_sign(const char **version_out)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    *version_out = curl->version;
    return curl->version_num >= OLDEST;
}

void
tool_http_sign(struct http *http, const struct tool_http_keys *keys)
{
    struct transfers *transfers = http_transfers(http);

    transfers->keys = keys;
    transfers->complete = sign;
}

enum status
tool_http_ask(struct http *http, bool put, const char *path,
              const struct secret *header, struct http_answer *answer_out)
{
    CURL *easy = http_transfers(http)->get.easy;
    struct curl_slist *list = NULL;
    enum status status = STATUS_MEMORY;

    memset(answer_out, 0, sizeof(*answer_out));
    if (header != NULL)
        list = curl_slist_append(NULL, header->data);
    if ((header == NULL || list != NULL)
        && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, put ? "PUT" : NULL)
               == CURLE_OK)
        status = http_get(http, path, answer_out);
    (void) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    (void) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    curl_slist_free_all(list);
    return status;
}
