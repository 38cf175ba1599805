/*
 * Prints the claims of a token for --tokens: base64url to lines. Verifies
 * nothing, so nothing may be decided by it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cognito/base64url.h"
#include "common/text.h"

/* The payload as a JSON object; json_free it. NULL for other tokens. */
static struct json *
read_payload(const struct secret *token)
{
    const char *first = token->data == NULL ? NULL : strchr(token->data, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');
    struct secret payload = {0};
    struct json *claims = NULL;

    if (second != NULL
        && base64url_decode(first + 1, (size_t) (second - first - 1), &payload)
               == STATUS_OK
        && json_parse(payload.data, payload.length, &claims) != STATUS_OK)
        claims = NULL;
    secret_free(&payload);
    return claims;
}

/* Prints one member, "name":value as it stands in the text. */
static void
print_member(const struct output *output, const char *text, size_t length)
{
    char line[TEXT_LINE_MAX + 1];

    text_clean_bytes(text, length, line, sizeof(line));
    output_line(output, TONE_PLAIN, "  %s%s", line,
                length > TEXT_LINE_MAX ? "..." : "");
}

/* Cuts the text of an object at the commas between its members. */
static void
print_members(const struct output *output, const char *text)
{
    const char *start = text + 1;
    bool quoted = false;
    int depth = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (quoted && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && (*at == '{' || *at == '['))
            depth++;
        else if (!quoted && (*at == '}' || *at == ']'))
            depth--;
        if (quoted || !((depth == 1 && *at == ',') || depth == 0))
            continue;
        if (at > start)
            print_member(output, start, (size_t) (at - start));
        start = at + 1;
    }
}

void
claims_print(const struct output *output, const char *title,
             const struct secret *token)
{
    struct json *claims = read_payload(token);
    struct secret text = {0};

    if (claims == NULL || !json_print(claims, &text))
        output_line(output, TONE_PLAIN, "%s: no readable token", title);
    else if (output->json)
        (void) printf("{\"%s\":%s}\n", title, text.data);
    else {
        output_line(output, TONE_PLAIN, "%s:", title);
        print_members(output, text.data);
    }
    secret_free(&text);
    json_free(claims);
}
