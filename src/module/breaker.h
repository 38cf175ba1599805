/*
 * The circuit breaker of a login: while the pool's endpoint is out of reach, it
 * is refused at once. A plain user's own host neither reads nor feeds it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BREAKER_H
#define PAM_COGNITO_BREAKER_H

#include <stdbool.h>

#include "common/outcome.h"
#include "module/call.h"

/*
 * May this login go on? False: it must be answered with STATUS_OUTAGE at once.
 * True with call->looks set: the helper must reach the endpoint before the
 * person is asked. Where nothing can be recorded the login takes its usual
 * way.
 */
bool breaker_lets_through(struct call *call);

/* One that looks has reached the endpoint; it is like any other from then on.
 */
void breaker_note_reached(struct call *call);

/*
 * Takes note of what came of a sign-in that was let through. Only an outage
 * that the helper reported counts; any answer of the endpoint closes the
 * breaker. What a setuid host meets opens nothing: its caller can make it look
 * like an outage.
 */
void breaker_note(const struct call *call, const struct outcome *result);

#endif
