/*
 * One signed question to the pool's service: at what pace, how often again,
 * and what to do about a "no". For directory.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_ASKING_H
#define PAM_COGNITO_ACCOUNTS_ASKING_H

#include <stddef.h>
#include <stdint.h>

#include "accounts/directory.h"
#include "cognito/answer.h"
#include "cognito/http.h"
#include "cognito/json.h"
#include "cognito/tool_http.h"

struct asking {
    const struct directory_options *options;
    struct http *http;
    struct tool_http_keys keys;
    int64_t deadline; /* for everything, in http_now's milliseconds */
    int64_t next;     /* when the next request may leave */
    size_t people;    /* so far, for progress */
    char message[DIRECTORY_MESSAGE_MAX];
};

/* As directory_open. It must not move afterwards. */
enum status asking_open(struct asking *asking,
                        const struct directory_options *options);
void asking_close(struct asking *asking);

/*
 * Asks, and frees the request, which may be NULL: memory was out then. What
 * STATUS_OK brings is an object. Statuses as directory_list has them, message
 * set. cognito_answer_free in every case.
 */
enum status asking_ask(struct asking *asking, const char *operation,
                       struct json *request,
                       struct cognito_answer *answer_out);

/* Sets the message, cleaned, and returns status. */
enum status asking_fail(struct asking *asking, enum status status,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
