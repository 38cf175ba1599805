/*
 * Fuzz target: the helper's end. The input: which step of the sandbox fails,
 * packets (packets.h) of a module that lies, an end, and the service's
 * answers. Nobody is ever let in, nothing is asked of the network before the
 * sandbox stands, and what comes back is the protocol.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <errno.h>

#include <fcntl.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire.h"
#include "fuzz.h"
#include "helper/sanitized.h"
#include "packets.h"
#include "service.h"

/* main.c and wire_talk.c as they are, but for their surroundings: the socket
 * has another number, no watchdog ends this process, nor does the helper's end,
 * and leaks count. */
static int helper_end;
static jmp_buf helper_left;
#undef WIRE_FD
#define WIRE_FD helper_end
#undef SANITIZED
#define SANITIZED 0
#define alarm(seconds) ((seconds) > 0 ? 0u : 0u)
#define main helper_main
#define exit(code) longjmp(helper_left, (code) + 1)
#define _exit(code) longjmp(helper_left, (code) + 1)
#define SOURCE_SIZE 16 /* of the last two fields of a START */
int helper_main(int argc, char **argv);
#include "helper/wire_talk.c"
#include "helper/main.c"

static uint8_t faults;
static bool caged;
static bool probing; /* which may succeed: nobody is let in by it */

bool
sandbox_drop(const char *user, bool personal, char *error_out,
             size_t error_size)
{
    (void) user;
    MUST(personal == (geteuid() != 0));
    (void) snprintf(error_out, error_size, "no user");
    return (faults & 1) == 0;
}

bool
sandbox_confine(const struct sandbox_needs *needs, char *error_out,
                size_t error_size, char *note_out, size_t note_size)
{
    MUST(needs->endpoint > 0 && needs->endpoint <= 65535);
    (void) snprintf(error_out, error_size, "no sandbox");
    (void) snprintf(note_out, note_size, "%s", (faults & 4) == 0 ? "" : "old");
    caged = (faults & 2) == 0;
    return caged;
}

void
sandbox_report(const struct sandbox_needs *needs,
               void (*found)(void *context, const char *line), void *context)
{
    MUST(caged && needs->endpoint > 0);
    if ((faults & 8) != 0)
        found(context, "/etc/hosts cannot be read by the helper: no");
}

void
warden_begin(int socket, int64_t life_ms, bool records,
             struct warden *warden_out)
{
    MUST(life_ms == 0 && !records && socket == helper_end && geteuid() == 0);
    memset(warden_out, 0, sizeof(*warden_out));
}

bool
warden_bind(const struct warden *warden, char *error_out, size_t error_size)
{
    MUST(warden->pid == 0 && geteuid() == 0 && !caged);
    (void) snprintf(error_out, error_size, "no warden");
    return (faults & 16) == 0;
}

/* ---- What is a peer's on the socket: this one is not ---- */

bool
place_take(uid_t uid, struct place *place_out)
{
    (void) uid;
    (void) place_out;
    MUST(false);
    return false;
}

bool
place_keep(struct place *place, uid_t uid, bool trusted)
{
    (void) place;
    (void) uid;
    (void) trusted;
    MUST(false);
    return false;
}

void
place_close(struct place *place)
{
    MUST(place->fd == -1);
}

enum record_word
warden_tell(const struct warden *warden, const struct record_subject *subject)
{
    (void) warden;
    (void) subject;
    MUST(false);
    return RECORD_NO;
}

enum record_word
warden_ask(const struct warden *warden, char word)
{
    (void) warden;
    (void) word;
    MUST(false);
    return RECORD_NO;
}

/* ---- The module ---- */

static const unsigned char usual_id[WIRE_ID_SIZE + 1] = "0123456789abcdef";

/* Sends the packets; the id of the first is the request's. */
static void
send_all(int fd, const uint8_t **at, size_t *left, unsigned char *id_out)
{
    static unsigned char bytes[PACKET_MAX];
    struct packet packet;
    bool first = true;

    memcpy(id_out, usual_id, WIRE_ID_SIZE);
    probing = false;
    while (packet_next(at, left, &packet)) {
        size_t length = packet_write(&packet, id_out, bytes);

        if (packet.how == WIRE_START && packet.length > 4)
            bytes[PACKET_HEAD + 4]
                = (unsigned char) ((bytes[PACKET_HEAD + 4] & ~WIRE_PERSONAL)
                                   | (geteuid() == 0 ? 0 : WIRE_PERSONAL));
        /* Which file the module read: none. */
        if (packet.how == WIRE_START && length + SOURCE_SIZE <= WIRE_MAX) {
            memset(bytes + length, 0, SOURCE_SIZE);
            length += SOURCE_SIZE;
        }
        if (first && length >= PACKET_HEAD)
            memcpy(id_out, bytes + 2, WIRE_ID_SIZE);
        if (first)
            probing = length > PACKET_HEAD && bytes[PACKET_HEAD] == WIRE_PROBE;
        first = false;
        /* One that does not fit any more is not sent. */
        (void) send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    MUST(shutdown(fd, SHUT_WR) == 0);
}

/* What came back: packets of this request, one result at their end. */
static void
check_replies(int fd, const unsigned char *id, int code)
{
    static unsigned char bytes[PACKET_MAX];
    bool result = false, reset = false;
    ssize_t length;

    for (;;) {
        length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        /* Packets that the helper never read: said once. */
        if (length < 0 && errno == ECONNRESET && !reset) {
            reset = true;
            continue;
        }
        if (length <= 0)
            break;
        MUST(!result && code == 0);
        MUST(length >= PACKET_HEAD && length <= WIRE_MAX);
        MUST(bytes[0] == WIRE_VERSION
             && memcmp(bytes + 2, id, WIRE_ID_SIZE) == 0);
        MUST(bytes[1] >= WIRE_ASK && bytes[1] <= WIRE_READY);
        result = bytes[1] == WIRE_RESULT;
        MUST(!result || bytes[PACKET_HEAD] != STATUS_OK
             || (probing && geteuid() == 0));
    }
    MUST(length == 0);
}

static int
lowest_free(void)
{
    int fd = dup(STDERR_FILENO);

    MUST(fd >= 0 && close(fd) == 0);
    return fd;
}

static int
run_helper(void)
{
    char name[] = "pam_cognito_helper", *arguments[] = {name, NULL};
    int code = setjmp(helper_left);

    return code == 0 ? helper_main(1, arguments) : code - 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *none[] = {NULL}, **before = environ;
    unsigned char id[WIRE_ID_SIZE];
    int pair[2], code, fd = lowest_free();

    if (size == 0)
        return 0;
    faults = *data++;
    size--;
    caged = false;
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    helper_end = pair[1];
    send_all(pair[0], &data, &size, id);
    service_answers(data, size);
    /* Nobody reads meanwhile: a helper that says too much is not heard. */
    MUST(fcntl(helper_end, F_SETFL, O_NONBLOCK) == 0);
    environ = none;
    code = run_helper();
    environ = before;
    MUST(caged || service_asked() == 0);
    MUST(close(helper_end) == 0);
    check_replies(pair[0], id, code);
    MUST(close(pair[0]) == 0);
    MUST(lowest_free() == fd);
    return 0;
}
