/*
 * What the pool answered: from the bytes of an HTTP answer to what a flow can
 * look at. Whether it is good news is decided here only as far as it can be
 * read at all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ANSWER_H
#define PAM_COGNITO_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cognito/http.h"
#include "cognito/json.h"
#include "cognito/vocabulary.h"
#include "common/secret.h"
#include "common/status.h"

/*
 * What an operation answered. Initialise with {0}, free with
 * cognito_answer_free in every case. An operation frees what the answer held
 * before, after its request is built: session and fields may stand in it.
 * error is the bare exception name or ""; message is the service's text, or
 * curl's about a fault, printable and at most 200 bytes, without passwords,
 * codes, hashes or tokens that were sent.
 */
struct cognito_answer {
    enum status status;
    long http;
    unsigned int ms;
    char error[96];
    char message[208];
    char request_id[80];
    int64_t date;         /* of the service, Unix seconds or 0 */
    bool unprocessed;     /* the service says that it did nothing of it */
    unsigned int retry_s; /* when it may be asked again, in seconds; or 0 */
    struct json *body;    /* the object; NULL: failure or empty */
    char challenge[64];   /* ChallengeName, "" when none */
    enum challenge asked; /* which one that is */
    struct secret session;
    const struct json *parameters; /* ChallengeParameters, inside body */
    bool has_result;               /* AuthenticationResult is an object */
    struct secret id_token;
    struct secret access_token;
    struct secret refresh_token;
};

/* Wipes and frees; the answer is {0} again. */
void cognito_answer_free(struct cognito_answer *answer);

/* Does it say that nothing of what was asked has happened? */
bool answer_is_unprocessed(const struct http_answer *http);

/* What HTTP 200 must bring. */
enum answer_expected {
    EXPECT_NOTHING, /* an empty body or any object */
    EXPECT_OBJECT,
    EXPECT_SIGN_IN /* a challenge or a result */
};

/*
 * Reads the answer to a request, for api.c. fault is what became of the
 * exchange: unless it is STATUS_OK it is returned. Else the status of error.h
 * for an error, STATUS_UNREADABLE, STATUS_MEMORY or STATUS_OK. What of it
 * repeats the request, or what was typed (NULL: nothing), is withheld. *answer
 * is {0} before.
 */
enum status answer_read(const struct secret *typed, const struct json *request,
                        enum answer_expected expected, enum status fault,
                        const struct http_answer *http,
                        struct cognito_answer *answer);

/* Leaves nothing in an answer that a failure must not bring. */
void answer_strip(struct cognito_answer *answer);

#endif
