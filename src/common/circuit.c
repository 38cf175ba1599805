/*
 * The breaker's state: one small file per network namespace and pool, read and
 * written under its lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/circuit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/run_state.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define MAGIC 0x70636232u /* "pcb2" */
#define TELL_MS 15000     /* by then one that looks has told what it found */
#define DOUBT_MS 30000    /* after an outage: who is not believed may look */

struct state {
    uint32_t magic;
    uint32_t cookie; /* of the network namespace */
    int64_t failed;  /* CLOCK_BOOTTIME milliseconds, as all of these */
    uint64_t whose;  /* failure that was */
    int64_t open;    /* since the latest outage; 0: closed */
    int64_t looked;  /* when the latest one was let through to look */
    uint64_t looker; /* which has not told yet what it found; 0: it has */
    int64_t untold;  /* since when nothing was told; 0: it was */
};

uint64_t
circuit_mix(uint64_t hash, const char *text)
{
    /* FNV-1a. */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char) *text) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

/* False when the namespace cannot be found out. */
static bool
name_file(uint64_t pool, char *out, size_t size)
{
    struct stat space;
    char numbers[48];

    if (stat("/proc/self/ns/net", &space) < 0)
        return false;
    (void) snprintf(numbers, sizeof(numbers), "%llx %llx",
                    (unsigned long long) space.st_dev,
                    (unsigned long long) space.st_ino);
    (void) snprintf(out, size, "breaker-%016llx",
                    (unsigned long long) circuit_mix(pool, numbers));
    return true;
}

/*
 * The namespace's own number. That of its file, in the name above, goes to
 * the next one when it is gone; this one does not. 0 before Linux 5.14.
 */
static uint32_t
find_cookie(void)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0)
        cookie = 0;
    (void) close(fd);
    return (uint32_t) cookie;
}

bool
circuit_find(struct circuit *circuit_out, uint64_t pool, uint64_t whose)
{
    char name[CIRCUIT_NAME_MAX];

    circuit_out->fd = -1;
    circuit_out->whose = whose;
    if (!name_file(pool, name, sizeof(name)))
        return false;
    circuit_out->cookie = find_cookie();
    circuit_out->fd = run_state_open(name);
    return circuit_out->fd >= 0;
}

void
circuit_close(struct circuit *circuit)
{
    if (circuit->fd >= 0)
        (void) close(circuit->fd);
    circuit->fd = -1;
}

/*
 * Not something else, not of a namespace that is gone, and not from before the
 * machine was started.
 */
static bool
is_credible(const struct state *state, uint32_t cookie)
{
    int64_t now = clock_boot_ms();

    return state->magic == MAGIC && state->cookie == cookie
           && state->failed <= now && state->open <= now
           && state->looked <= now && state->untold <= now;
}

static void
forget(struct state *state, uint32_t cookie)
{
    memset(state, 0, sizeof(*state));
    state->magic = MAGIC;
    state->cookie = cookie;
}

/* Takes the lock; run_state_unlock() it. */
static bool
read_state(const struct circuit *circuit, struct state *state_out)
{
    if (circuit->fd < 0 || !run_state_lock(circuit->fd))
        return false;
    if (pread(circuit->fd, state_out, sizeof(*state_out), 0)
            != (ssize_t) sizeof(*state_out)
        || !is_credible(state_out, circuit->cookie))
        forget(state_out, circuit->cookie);
    return true;
}

static void
write_state(const struct circuit *circuit, const struct state *state)
{
    /* What could not be written leaves the breaker as it was. */
    (void) !pwrite(circuit->fd, state, sizeof(*state), 0);
}

/* May one more look, and now? */
static bool
may_look(const struct state *state, bool believed, int64_t now)
{
    int64_t wait = state->looker != 0 ? CIRCUIT_LOOKING_MS : CIRCUIT_LOOK_MS;

    return now - state->looked >= wait
           && (believed || now - state->open >= DOUBT_MS);
}

enum circuit_gate
circuit_ask(const struct circuit *circuit, bool believed)
{
    int64_t now = clock_boot_ms();
    enum circuit_gate gate = CIRCUIT_CLOSED;
    struct state state;

    if (!read_state(circuit, &state))
        return CIRCUIT_CLOSED;
    if (state.untold != 0 && now - state.untold >= TELL_MS) {
        /* Whoever could start another one that tells nothing would keep
         * everybody out for ever. */
        forget(&state, circuit->cookie);
        write_state(circuit, &state);
    } else if (state.open != 0) {
        gate = CIRCUIT_OPEN;
        if (may_look(&state, believed, now)) {
            gate = CIRCUIT_LOOK;
            state.looked = now;
            state.looker = circuit->whose;
            if (state.untold == 0)
                state.untold = now;
            write_state(circuit, &state);
        }
    }
    run_state_unlock(circuit->fd);
    return gate;
}

/* True when that opened it. */
static bool
note_outage(const struct circuit *circuit, struct state *state)
{
    int64_t now = clock_boot_ms();
    bool was_open = state->open != 0;
    bool again = was_open
                 || (state->failed != 0 && circuit->whose != 0
                     && state->whose != circuit->whose
                     && now - state->failed <= CIRCUIT_FAILURES_MS);

    state->failed = now;
    state->whose = circuit->whose;
    state->untold = 0;
    if (!was_open)
        state->looked = now; /* it was one */
    if (state->looker == circuit->whose)
        state->looker = 0;
    if (again)
        state->open = now;
    return again && !was_open;
}

bool
circuit_note(const struct circuit *circuit, enum circuit_news news)
{
    struct state state;
    bool over, opened = false;

    if (!read_state(circuit, &state))
        return false;
    /* Neither reached nor out of reach: nothing was learnt, and the others
     * have waited for that long enough. */
    if (news == CIRCUIT_NOTHING)
        over = state.looker != 0 && state.looker == circuit->whose;
    else
        over = state.failed != 0 || state.open != 0;
    if (news == CIRCUIT_OUTAGE)
        opened = note_outage(circuit, &state);
    else if (over)
        forget(&state, circuit->cookie);
    if (news == CIRCUIT_OUTAGE || over)
        write_state(circuit, &state);
    run_state_unlock(circuit->fd);
    return opened;
}
