/*
 * Which breaker a login has: by its arguments and service, as far as the
 * module can know the pool, and by its PAM handle.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/breaker.h"

#include <security/pam_modules.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <syslog.h>

#include "common/circuit.h"

#define MARK "pam_cognito_breaker"

static void
forget_mark(pam_handle_t *pamh, void *data, int error_status)
{
    (void) pamh;
    (void) error_status;
    free(data);
}

/*
 * What tells this handle from all others: a number by chance, for the next
 * handle of the same process may well stand at the same address. 0 when there
 * is none to be had, which is then taken for the same handle.
 */
static uint64_t
handle_of(const struct call *call)
{
    const void *data = NULL;
    uint64_t *mark;

    if (pam_get_data(call->pamh, MARK, &data) == PAM_SUCCESS && data != NULL)
        return *(const uint64_t *) data;
    mark = malloc(sizeof(*mark));
    if (mark == NULL)
        return 0;
    if (getrandom(mark, sizeof(*mark), 0) != (ssize_t) sizeof(*mark)
        || pam_set_data(call->pamh, MARK, mark, forget_mark) != PAM_SUCCESS) {
        free(mark);
        return 0;
    }
    return *mark;
}

/*
 * The arguments and the service, whose sections may name another pool. Not the
 * secret.
 */
static bool
find(const struct call *call, struct circuit *circuit_out)
{
    uint64_t pool = circuit_mix(CIRCUIT_HASH, call->service);

    if (call->personal || !config_flag(call->about.config, KEY_BREAKER))
        return false;
    for (size_t i = 0; i < call->about.count; i++)
        if (strncmp(call->about.arguments[i], "client_secret", 13) != 0)
            pool = circuit_mix(pool, call->about.arguments[i]);
    return circuit_find(circuit_out, pool, handle_of(call));
}

/*
 * The caller of su and sudo can stop them, helper and all (a control group of
 * his own is enough), until it looks like an outage: it is his word against
 * everybody's login.
 */
static bool
is_believed(void)
{
    return getauxval(AT_SECURE) == 0;
}

bool
breaker_lets_through(struct call *call)
{
    struct circuit circuit;
    enum circuit_gate gate;

    call->looks = false;
    if (!find(call, &circuit))
        return true;
    gate = circuit_ask(&circuit, is_believed());
    circuit_close(&circuit);
    call->looks = gate == CIRCUIT_LOOK;
    return gate != CIRCUIT_OPEN;
}

static void
note(const struct call *call, enum circuit_news news)
{
    struct circuit circuit;

    if (!find(call, &circuit))
        return;
    if (circuit_note(&circuit, news))
        call_log(call, LOG_ERR,
                 "the pool's endpoint is out of reach: until it answers "
                 "sign-ins are refused at once, but for one a second that "
                 "looks");
    circuit_close(&circuit);
}

void
breaker_note_reached(struct call *call)
{
    if (call->looks)
        note(call, CIRCUIT_REACHED);
    call->looks = false;
}

void
breaker_note(const struct call *call, const struct outcome *result)
{
    note(call, result->outage && is_believed() ? CIRCUIT_OUTAGE
               : result->http != 0             ? CIRCUIT_REACHED
                                               : CIRCUIT_NOTHING);
}
