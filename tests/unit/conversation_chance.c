/*
 * The property test's chance. A fuzz target puts its input in this place.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "conversation.h"

static uint64_t state;

/* xorshift64*, good enough to choose with. */
static uint32_t
next(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t) ((state * UINT64_C(2685821657736338717)) >> 32);
}

void
chance_seed(uint64_t seed)
{
    state = seed == 0 ? 1 : seed;
    for (int i = 0; i < 8; i++)
        (void) next();
}

uint32_t
chance_below(uint32_t bound)
{
    return (uint32_t) (((uint64_t) next() * bound) >> 32);
}

bool
chance_percent(unsigned int percent)
{
    return chance_below(100) < percent;
}
