/*
 * What is remembered of conversations on the socket, in /run/pam_cognito: how
 * often a peer was refused, when a code was sent, whether the pool can be
 * reached. Kept by the warden, which is root's and meets no network; the
 * worker asks by single bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RECORD_H
#define PAM_COGNITO_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/circuit.h"

#define RECORD_REFUSALS 10 /* of a peer and a user */
#define RECORD_MS 60000    /* in this time */
#define RECORD_NOBODY ((uid_t) -1)

/* Whose conversation it is, as the worker found out while it was root. */
struct record_subject {
    uid_t peer;    /* whose refusals are counted; RECORD_NOBODY */
    uid_t account; /* codes may be sent to without proof; RECORD_NOBODY */
    uint64_t user; /* a hash of the name that is asked about */
    uint64_t pool; /* and of where it answers; 0: no breaker */
};

/* What the worker says, and the warden answers. */
enum record_word {
    RECORD_TRY = 't', /* may what was typed be tried? YES, NO, WAIT, CANNOT */
    RECORD_RIGHT = 'r',  /* and it was no refusal: YES */
    RECORD_CODE = 'c',   /* may a code be sent? YES, NO, CANNOT */
    RECORD_NEWS = 'n',   /* and as many more as there are circuit_news: YES;
                          * NO: sign-ins are refused from now on */
    RECORD_YES = 'Y',    /* also, of a subject: it may go on */
    RECORD_NO = 'N',     /* also, of a subject: refused too often */
    RECORD_WAIT = 'W',   /* others are trying; ask again */
    RECORD_OUTAGE = 'O', /* of a subject: the pool is out of reach */
    RECORD_LOOK = 'L',   /* of a subject: it was; it may go on if it is not */
    RECORD_CANNOT = 'C'  /* nothing can be recorded */
};

/* The word for news of the circuit. */
#define RECORD_TELLS(news) ((char) (RECORD_NEWS + (int) (news)))

struct record {
    bool begun;
    bool trying;
    struct record_subject subject;
    struct circuit circuit;
    int refusals; /* the file that counts them; -1 */
    int stamp;    /* of the account's codes; -1 */
};

/* Opens what will be needed, while files can be opened. May it go on? */
enum record_word record_begin(struct record *record_out,
                              const struct record_subject *subject);

/* A word of the worker's; the answer. */
enum record_word record_answer(struct record *record, char word);

/*
 * The worker's end. Whoever was trying then and was not right was refused: one
 * that is killed in the middle of it is not better off.
 */
void record_end(struct record *record);

#endif
