/*
 * Between the helper and the person: a message in, a PAM conversation, a
 * reply out, until the result. Owns both, and the deadline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RELAY_H
#define PAM_COGNITO_RELAY_H

#include <stdbool.h>

#include "common/outcome.h"
#include "common/secret.h"
#include "common/wire.h"
#include "module/call.h"

#define RELAY_MESSAGES_MAX 256 /* of the helper's, in one dialogue */
#define RELAY_ANSWERS_MAX 64   /* questions to the person */
#define RELAY_BLOCKS_MAX 4     /* drawings */

/* One request and its helper. */
struct relay;

/*
 * Starts the helper and serves it until its result or, for WIRE_CHANGE,
 * until it is ready. What password holds, if anything, is the answer to the
 * first TALK_PASSWORD, and moves to the relay. Everything but one well-formed
 * RESULT of this request, followed by the end of the stream, is a failure.
 * relay_free what comes out; NULL only with a failure in *result_out.
 */
struct relay *relay_start(struct call *call, enum wire_operation operation,
                          struct secret *password, struct outcome *result_out);

/* Tells a ready helper to go on, and serves it until its result. */
void relay_continue(struct relay *relay, struct call *call,
                    struct outcome *result_out);

/* Has the helper proved the password of a WIRE_CHANGE? relay may be NULL. */
bool relay_is_ready(const struct relay *relay);

/* The new password that the person or the stack gave last, or NULL. */
const char *relay_new_password(const struct relay *relay);

/*
 * Ends it: the helper has a few seconds to tidy up, which its warden counts.
 * NULL is fine.
 */
void relay_free(struct relay *relay);

/*
 * The same in a copy of the process that it belongs to: the helper is not
 * touched.
 */
void relay_abandon(struct relay *relay);

#endif
