/*
 * A circuit breaker in a file of /run/pam_cognito: while a pool's endpoint is
 * out of reach, sign-ins are answered at once instead of after their time-out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CIRCUIT_H
#define PAM_COGNITO_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIRCUIT_FAILURES_MS 10000 /* two failures within this open it */
#define CIRCUIT_LOOK_MS 1000      /* at most one looks in this time */
#define CIRCUIT_LOOKING_MS 2000   /* and alone, for so long at most */
#define CIRCUIT_NAME_MAX 40

struct circuit {
    int fd;          /* of its file; -1: none, and nothing is known */
    uint32_t cookie; /* of the network namespace */
    uint64_t whose;  /* the sign-in that asks; 0: nobody knows */
};

enum circuit_gate {
    CIRCUIT_CLOSED, /* let it through */
    CIRCUIT_LOOK,   /* let it through if it reaches the endpoint first */
    CIRCUIT_OPEN    /* answer it at once */
};

enum circuit_news {
    CIRCUIT_NOTHING, /* nobody was asked */
    CIRCUIT_REACHED,
    CIRCUIT_OUTAGE
};

/* What a hash of several texts begins with. Names files, protects nothing. */
#define CIRCUIT_HASH 0xcbf29ce484222325u
uint64_t circuit_mix(uint64_t hash, const char *text);

/*
 * Opens that of a pool, as far as it is known, and of this network namespace:
 * what cannot be reached from a sandbox may well be reached outside. False
 * when there is none to be had.
 */
bool circuit_find(struct circuit *circuit_out, uint64_t pool, uint64_t whose);
void circuit_close(struct circuit *circuit);

/*
 * What is to become of this sign-in? While the breaker is open, one after the
 * other is let through to look. believed: what it meets says something of the
 * endpoint; others look only when nobody else has for a while. Where one that
 * looked has told nothing for long, the breaker closes.
 */
enum circuit_gate circuit_ask(const struct circuit *circuit, bool believed);

/*
 * What came of a sign-in that was let through, or of its look. Two outages of
 * different sign-ins open the breaker, any answer closes it. True when it was
 * opened.
 */
bool circuit_note(const struct circuit *circuit, enum circuit_news news);

#endif
