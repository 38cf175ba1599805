/*
 * A circuit breaker: while the pool's endpoint is out of reach, logins are
 * answered at once instead of after their time-out. Kept in /run/pam_cognito,
 * for each network namespace by itself.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_BREAKER_H
#define PAM_COGNITO_BREAKER_H

#include <stdbool.h>

#include "common/outcome.h"
#include "module/call.h"

#define BREAKER_FAILURES_MS 10000 /* two failures within this open it */
#define BREAKER_OPEN_MS 30000     /* for so long */

/*
 * Must this login be answered with STATUS_OUTAGE at once? After
 * BREAKER_OPEN_MS one login is let through to see, and the others wait for
 * what it finds; when that is nothing, the breaker closes. False where nothing
 * can be recorded: the login then takes its usual way.
 */
bool breaker_is_open(const struct call *call);

/*
 * Takes note of what came of a sign-in that was let through. Only an outage
 * that the helper reported counts, twice from different handles; any answer of
 * the endpoint closes the breaker. What a setuid host meets opens nothing: its
 * caller can make it look like an outage.
 */
void breaker_note(const struct call *call, const struct outcome *result);

#endif
