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

bool
breaker_is_open(const struct call *call)
{
    struct circuit circuit;
    bool open;

    if (!find(call, &circuit))
        return false;
    open = circuit_is_open(&circuit);
    circuit_close(&circuit);
    return open;
}

void
breaker_note(const struct call *call, const struct outcome *result)
{
    /* The caller of su and sudo can stop them, helper and all (a control group
     * of his own is enough), until it looks like an outage: it is his word
     * against everybody's login. */
    bool outage = result->outage && getauxval(AT_SECURE) == 0;
    enum circuit_news news = outage              ? CIRCUIT_OUTAGE
                             : result->http != 0 ? CIRCUIT_REACHED
                                                 : CIRCUIT_NOTHING;
    struct circuit circuit;

    if (!find(call, &circuit))
        return;
    if (circuit_note(&circuit, news))
        call_log(call, LOG_ERR,
                 "the pool's endpoint is out of reach: sign-ins are refused "
                 "at once for %d s",
                 CIRCUIT_OPEN_MS / 1000);
    circuit_close(&circuit);
}
