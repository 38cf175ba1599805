/*
 * Growing a body that may be a secret, and picking five headers out of many.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/intake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/text.h"

#define BODY_FIRST 4096          /* bytes; then twice as many when full */
#define HEADERS_MAX (300 * 1024) /* bytes of all headers of one exchange */
#define RETRY_MAX 86400          /* seconds that Retry-After may ask for */

/* Makes room for more bytes and a NUL; the old place is wiped. */
static bool
reserve(struct intake *intake, size_t more)
{
    struct secret *body = &intake->answer.body;
    size_t wanted = body->length + more + 1;
    size_t capacity = intake->capacity;
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
    intake->capacity = capacity;
    return true;
}

bool
intake_body(struct intake *intake, const char *bytes, size_t length,
            size_t most)
{
    struct secret *body = &intake->answer.body;

    if (length > most - body->length) {
        intake->too_large = true;
        return false;
    }
    if (!reserve(intake, length)) {
        intake->no_memory = true;
        return false;
    }
    memcpy(body->data + body->length, bytes, length);
    body->length += length;
    body->data[body->length] = '\0';
    return true;
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

/* A number, or 0: the other form, a date, is nobody's here. */
static unsigned int
read_seconds(const char *text)
{
    char *end = NULL;
    unsigned long seconds = text[0] >= '0' && text[0] <= '9'
                                ? strtoul(text, &end, 10)
                                : 0;

    if (end == NULL || *end != '\0')
        return 0;
    return seconds < RETRY_MAX ? (unsigned int) seconds : RETRY_MAX;
}

bool
intake_header(struct intake *intake, const char *line, size_t length)
{
    struct http_answer *answer = &intake->answer;
    char text[64];

    /* curl's own limit leaves out those that follow a chunked body. */
    if (length > HEADERS_MAX - intake->headers) {
        intake->too_large = true;
        return false;
    }
    intake->headers += length;
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* A status line: what came before belongs to an interim answer. */
        answer->request_id[0] = '\0';
        answer->error_type[0] = '\0';
        answer->error_message[0] = '\0';
        answer->date = 0;
        answer->retry_s = 0;
        return true;
    }
    if (take_header(line, length, "x-amzn-RequestId", answer->request_id,
                    sizeof answer->request_id)
        || take_header(line, length, "x-amzn-ErrorType", answer->error_type,
                       sizeof answer->error_type)
        || take_header(line, length, "x-amzn-ErrorMessage",
                       answer->error_message, sizeof answer->error_message))
        return true;
    if (take_header(line, length, "Date", text, sizeof text))
        answer->date = read_date(text);
    else if (take_header(line, length, "Retry-After", text, sizeof text))
        answer->retry_s = read_seconds(text);
    return true;
}

void
intake_clear(struct intake *intake)
{
    http_answer_free(&intake->answer);
    memset(intake, 0, sizeof *intake);
}
