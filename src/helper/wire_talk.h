/*
 * The person at the other end of the socket: struct talk over the protocol.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_WIRE_TALK_H
#define PAM_COGNITO_WIRE_TALK_H

#include <stdbool.h>

#include "cognito/http.h"
#include "common/outcome.h"
#include "common/wire.h"
#include "flows/talk.h"
#include "helper/warden.h"

/*
 * talk is first: a pointer to it is a pointer to the whole. The watchdog
 * (SIGALRM, whose default ends the process) runs from each answer to the
 * next question, never while a person types.
 */
struct wire_talk {
    struct talk talk;
    int fd;
    struct wire *wire;
    unsigned char id[WIRE_ID_SIZE];
    unsigned int budget_ms;       /* of the module, after each answer */
    bool debug;                   /* debug lines are wanted */
    bool counted;                 /* by the records, whether it may try */
    const struct warden *records; /* who allows a code to be sent; NULL: the
                                   * module does */
    struct http *http; /* carried on while the person thinks; or NULL */
};

/* Fills the functions in; the caller has set the other members. */
void wire_talk_init(struct wire_talk *wire_talk);

/* Starts the watchdog and the exchanges' deadline for what comes now. */
void wire_talk_begin_work(struct wire_talk *wire_talk);

/*
 * Sends the one RESULT and shows the end of the stream: nothing can follow
 * it. False when it could not be sent.
 */
bool wire_talk_result(struct wire_talk *wire_talk,
                      const struct outcome *outcome);

#endif
