/*
 * The breaker's state in /run/pam_cognito: one small file per network
 * namespace and set of module arguments. A plain user's own host neither reads
 * nor feeds it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/breaker.h"

#include <security/pam_modules.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/run_state.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define MARK "pam_cognito_breaker"
#define MAGIC 0x70636231u /* "pcb1" */
#define PROBE_MS 15000    /* how long the others wait for the one that looks */

struct state {
    uint32_t magic;
    uint32_t cookie; /* of the network namespace */
    int64_t failed;  /* CLOCK_BOOTTIME milliseconds, as all of these */
    uint64_t handle; /* whose failure that was */
    int64_t open_until;
    int64_t probe_until;
};

static uint64_t
mix(uint64_t hash, const char *text)
{
    /* FNV-1a: names a file, protects nothing. */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char) *text) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

/*
 * Which pool this is about and from where, as far as the module can know: the
 * network namespace (what cannot be reached from a sandbox may well be reached
 * outside), the arguments and the service, whose sections may name another
 * pool. Not the secret. False when the namespace cannot be found out.
 */
static bool
name_file(const struct call *call, char *out, size_t size)
{
    uint64_t hash = mix(0xcbf29ce484222325u, call->service);
    struct stat space;
    char numbers[48];

    if (stat("/proc/self/ns/net", &space) < 0)
        return false;
    (void) snprintf(numbers, sizeof(numbers), "%llx %llx",
                    (unsigned long long) space.st_dev,
                    (unsigned long long) space.st_ino);
    hash = mix(hash, numbers);
    for (size_t i = 0; i < call->about.count; i++)
        if (strncmp(call->about.arguments[i], "client_secret", 13) != 0)
            hash = mix(hash, call->about.arguments[i]);
    (void) snprintf(out, size, "breaker-%016llx", (unsigned long long) hash);
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
 * Not something else, not of a namespace that is gone, and not from before the
 * machine was started.
 */
static bool
is_credible(const struct state *state, uint32_t cookie)
{
    int64_t now = clock_boot_ms();

    return state->magic == MAGIC && state->cookie == cookie
           && state->failed <= now
           && state->open_until <= now + BREAKER_OPEN_MS
           && state->probe_until <= now + PROBE_MS;
}

/* The state under lock; -1 when there is none to be had. */
static int
open_state(const struct call *call, struct state *state_out)
{
    char name[40];
    uint32_t cookie;
    int fd;

    memset(state_out, 0, sizeof(*state_out));
    if (call->personal || !config_flag(call->about.config, KEY_BREAKER)
        || !name_file(call, name, sizeof(name)))
        return -1;
    cookie = find_cookie();
    fd = run_state_open(name);
    if (fd < 0)
        return -1;
    if (!run_state_lock(fd)) {
        (void) close(fd);
        return -1;
    }
    if (pread(fd, state_out, sizeof(*state_out), 0)
            != (ssize_t) sizeof(*state_out)
        || !is_credible(state_out, cookie))
        memset(state_out, 0, sizeof(*state_out));
    state_out->magic = MAGIC;
    state_out->cookie = cookie;
    return fd;
}

static void
write_state(int fd, const struct state *state)
{
    /* What could not be written leaves the breaker as it was. */
    (void) !pwrite(fd, state, sizeof(*state), 0);
}

static void
forget(struct state *state)
{
    uint32_t cookie = state->cookie;

    memset(state, 0, sizeof(*state));
    state->magic = MAGIC;
    state->cookie = cookie;
}

/*
 * One that looked and told nothing, for nobody answered its prompt, was the
 * last one: whoever could start another would keep everybody out for ever.
 */
static void
begin_probe(const struct call *call, struct state *state, int64_t now)
{
    if (state->probe_until != 0) {
        forget(state);
        return;
    }
    state->probe_until = now + PROBE_MS;
    state->handle = handle_of(call);
}

bool
breaker_is_open(const struct call *call)
{
    int64_t now = clock_boot_ms();
    struct state state;
    bool open = false;
    int fd;

    fd = open_state(call, &state);
    if (fd < 0)
        return false;
    if (state.open_until != 0) {
        open = now < state.open_until || now < state.probe_until;
        if (!open) {
            begin_probe(call, &state, now);
            write_state(fd, &state);
        }
    }
    (void) close(fd);
    return open;
}

static void
note_failure(const struct call *call, struct state *state)
{
    int64_t now = clock_boot_ms();
    uint64_t handle = handle_of(call);
    bool again = state->open_until != 0
                 || (state->failed != 0 && handle != 0
                     && state->handle != handle
                     && now - state->failed <= BREAKER_FAILURES_MS);

    state->failed = now;
    state->handle = handle;
    state->probe_until = 0;
    if (!again)
        return;
    state->open_until = now + BREAKER_OPEN_MS;
    call_log(call, LOG_ERR,
             "the pool's endpoint is out of reach: sign-ins are refused at "
             "once for %d s",
             BREAKER_OPEN_MS / 1000);
}

void
breaker_note(const struct call *call, const struct outcome *result)
{
    /* The caller of su and sudo can stop them, helper and all (a control group
     * of his own is enough), until it looks like an outage: it is his word
     * against everybody's login. */
    bool outage = result->outage && getauxval(AT_SECURE) == 0;
    struct state state;
    bool over;
    int fd;

    fd = open_state(call, &state);
    if (fd < 0)
        return;
    /* Neither reached nor out of reach: nothing was learnt, and the others
     * have waited for that long enough. */
    if (result->http == 0)
        over = state.probe_until != 0 && state.handle == handle_of(call);
    else
        over = state.failed != 0 || state.open_until != 0;
    if (outage)
        note_failure(call, &state);
    else if (over)
        forget(&state);
    if (outage || over)
        write_state(fd, &state);
    (void) close(fd);
}
