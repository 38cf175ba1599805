/*
 * Counts refusals, in one small file for each peer, and asks the stamps and the
 * breaker on the worker's behalf.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/record.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/run_state.h"

#define USERS 170 /* of a peer that are counted at a time: a page of them */

struct count {
    uint64_t user;
    int64_t since; /* CLOCK_BOOTTIME milliseconds */
    int32_t refused;
    int32_t trying; /* now */
};

static int
weight(const struct count *count)
{
    return count->refused + count->trying;
}

/*
 * That of the user; else one that counts no longer, or the one that counts
 * least: who wants to be forgotten would have to be refused as often with as
 * many other names.
 */
static struct count *
find(struct count counts[USERS], uint64_t user, int64_t now)
{
    struct count *least = &counts[0];

    for (size_t i = 0; i < USERS; i++)
        if (counts[i].since > now || now - counts[i].since >= RECORD_MS)
            memset(&counts[i], 0, sizeof(counts[i]));
    for (size_t i = 0; i < USERS; i++) {
        if (weight(&counts[i]) > 0 && /* @same */ counts[i].user == user)
            return &counts[i];
        if (weight(&counts[i]) < weight(least))
            least = &counts[i];
    }
    *least = (struct count){.user = user, .since = now};
    return least;
}

/*
 * Those that are trying could all be refused yet, so they take turns: as many
 * as may be refused try at a time.
 */
static enum record_word
may_try(const struct count *count)
{
    if (count->refused >= RECORD_REFUSALS)
        return RECORD_NO;
    return weight(count) >= RECORD_REFUSALS ? RECORD_WAIT : RECORD_YES;
}

/* Looks whether one more may try; with trying or refused, adds to these. */
static enum record_word
count(const struct record *record, int trying, int refused)
{
    struct count counts[USERS];
    struct count *mine;
    enum record_word word;
    ssize_t done;

    if (record->refusals < 0 || !run_state_lock(record->refusals))
        return RECORD_CANNOT;
    done = pread(record->refusals, counts, sizeof(counts), 0);
    if (done != (ssize_t) sizeof(counts))
        memset(counts, 0, sizeof(counts));
    mine = find(counts, record->subject.user, clock_boot_ms());
    word = may_try(mine);
    if (trying < 0 || word == RECORD_YES) {
        /* The minute of one that began before may be over. */
        mine->trying += mine->trying + trying < 0 ? 0 : trying;
        mine->refused += refused;
        done = pwrite(record->refusals, counts, sizeof(counts), 0);
        if (done != (ssize_t) sizeof(counts))
            word = RECORD_CANNOT;
    }
    run_state_unlock(record->refusals);
    return word;
}

static int
open_refusals(uid_t peer)
{
    char name[32];

    (void) snprintf(name, sizeof(name), "refused-%lu", (unsigned long) peer);
    return run_state_open(name);
}

static int
open_stamp(uid_t account)
{
    char name[32];

    stamp_name(account, name, sizeof(name));
    return run_state_open(name);
}

static enum record_word
ask_circuit(const struct circuit *circuit)
{
    switch (circuit_ask(circuit, true)) {
    case CIRCUIT_OPEN:
        return RECORD_OUTAGE;
    case CIRCUIT_LOOK:
        return RECORD_LOOK;
    case CIRCUIT_CLOSED:
        break;
    }
    return RECORD_YES;
}

enum record_word
record_begin(struct record *record_out, const struct record_subject *subject)
{
    enum record_word word = RECORD_YES;
    uint64_t whose = 0;

    record_out->subject = *subject;
    record_out->refusals = record_out->stamp = record_out->circuit.fd = -1;
    if (subject->account != RECORD_NOBODY)
        record_out->stamp = open_stamp(subject->account);
    if (subject->peer != RECORD_NOBODY) {
        record_out->refusals = open_refusals(subject->peer);
        word = count(record_out, 0, 0);
        if (word == RECORD_WAIT)
            word = RECORD_YES; /* until something is typed */
    }
    if (word == RECORD_YES && subject->pool != 0
        && getrandom(&whose, sizeof(whose), 0) == (ssize_t) sizeof(whose)
        && circuit_find(&record_out->circuit, subject->pool, whose))
        word = ask_circuit(&record_out->circuit);
    return word;
}

static enum record_word
allow_code(int stamp)
{
    switch (stamp_renew(stamp)) {
    case STAMP_YES:
        return RECORD_YES;
    case STAMP_NO:
        return RECORD_NO;
    case STAMP_CANNOT:
        break;
    }
    return RECORD_CANNOT;
}

enum record_word
record_answer(struct record *record, char word)
{
    enum record_word answer;

    switch (word) {
    case RECORD_TRY:
        answer = record->trying ? RECORD_NO : count(record, 1, 0);
        record->trying |= answer == RECORD_YES;
        return answer;
    case RECORD_RIGHT:
        if (record->trying)
            (void) count(record, -1, 0);
        record->trying = false;
        return RECORD_YES;
    case RECORD_CODE:
        return record->stamp < 0 ? RECORD_CANNOT : allow_code(record->stamp);
    case RECORD_TELLS(CIRCUIT_NOTHING):
    case RECORD_TELLS(CIRCUIT_REACHED):
    case RECORD_TELLS(CIRCUIT_OUTAGE):
        return circuit_note(&record->circuit,
                            (enum circuit_news)(word - RECORD_NEWS))
                   ? RECORD_NO
                   : RECORD_YES;
    default:
        return RECORD_CANNOT;
    }
}

void
record_end(struct record *record)
{
    if (record->trying)
        (void) count(record, -1, 1);
    record->trying = false;
}
