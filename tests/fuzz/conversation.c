/*
 * Fuzz target: a whole conversation in which some answers are properly signed.
 * The service, the person and the oracle are those of the property test
 * (tests/unit/conversation-t.c); what chance decides there, the input decides
 * here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "fuzz.h"

int property_main(void);
#define main property_main
#include "../unit/conversation-t.c"

static const uint8_t *at;
static size_t left;
static uint32_t state;  /* where the input has ended */
static uint32_t serial; /* of what must only be new */

/* A conversation has one seed: its input. */
void
chance_seed(uint64_t seed)
{
    (void) seed;
    state = 1;
    serial = 0;
}

static uint32_t
next_byte(void)
{
    if (left > 0) {
        left--;
        return *at++;
    }
    state = state * 1664525u + 1013904223u;
    return state >> 24;
}

/* Out of so many nothing is chosen: a session, a code, that was not there
 * before. */
uint32_t
chance_below(uint32_t bound)
{
    uint32_t value;

    if (bound > 10000)
        return ++serial * 7919 % bound;
    value = next_byte();

    for (uint32_t rest = (bound - 1) >> 8; rest > 0; rest >>= 8)
        value = value << 8 | next_byte();
    return value % bound;
}

bool
chance_percent(unsigned int percent)
{
    return chance_below(100) < percent;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pool_options options = {.id = POOL_ID};
    static struct config *configs[LENGTH(settings)];
    static struct pool pool;
    struct cognito cognito = {.pool = &pool, .client_id = CLIENT_ID};
    char error[200];

    if (configs[0] == NULL) {
        MUST(tokens_make());
        MUST(pool_derive(&options, &pool, error, sizeof(error)) == STATUS_OK);
        make_configs(configs);
    }
    at = data;
    left = size;
    if (!converse(0, 0, configs, &cognito)) {
        (void) fflush(stdout);
        abort();
    }
    cognito_close(&cognito);
    return 0;
}
