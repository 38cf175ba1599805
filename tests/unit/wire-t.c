/*
 * Messages over a real socket pair: what was written is what is read, and
 * whatever is cut, too long or of another version is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tap.h"

#define HEADER (2 + WIRE_ID_SIZE)

static const unsigned char id[WIRE_ID_SIZE + 1] = "sixteen bytes of";
static struct wire *out, *in;
static int ends[2];

static void
open_pair(void)
{
    need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "a socket pair");
}

static void
close_pair(void)
{
    (void) close(ends[0]);
    (void) close(ends[1]);
}

static enum wire_result
receive(void)
{
    unsigned char seen[WIRE_ID_SIZE];
    enum wire_type type;

    return wire_receive(in, ends[1], &type, seen);
}

static void
check_fields(void)
{
    unsigned char seen[WIRE_ID_SIZE];
    enum wire_type type = WIRE_GO;
    struct secret secret = {0};

    wire_begin(out, WIRE_REPLY, id);
    wire_put_byte(out, 0x1ff);
    wire_put_number(out, 0x89abcdef);
    wire_put_wide(out, 0x89abcdef01234567);
    wire_put_text(out, "text");
    wire_put_text(out, NULL);
    wire_put_bytes(out, "pass", 4);
    is_number(wire_send(out, ends[0]), WIRE_OK, "a message is sent");
    is_number(wire_receive(in, ends[1], &type, seen), WIRE_OK, "and received");
    is_number(type, WIRE_REPLY, "with its type");
    ok(memcmp(seen, id, WIRE_ID_SIZE) == 0, "and its id");
    is_number(wire_get_byte(in), 0xff, "a byte");
    is_number(wire_get_number(in), 0x89abcdef, "a number");
    ok(wire_get_wide(in) == 0x89abcdef01234567, "a wide number");
    is_text(wire_get_text(in, 4), "text", "a text as long as it may be");
    is_text(wire_get_text(in, 0), "", "NULL is an empty text");
    ok(!wire_complete(in), "not complete while a field is left");
    wire_get_secret(in, 10, &secret);
    is_text(secret.data, "pass", "a secret");
    ok(wire_complete(in), "complete after the last field");
    is_number(wire_get_byte(in), 0, "beyond the end a byte is 0");
    ok(!wire_complete(in), "and the message is not well-formed");
    is_number(wire_get_number(in), 0, "then a number is 0");
    ok(wire_get_wide(in) == 0, "a wide one, too");
    is_text(wire_get_text(in, 10), "", "and a text is empty");
    wire_get_secret(in, 10, &secret);
    is_text(secret.data, "pass", "and a secret stays what it was");
    secret_free(&secret);
}

/* A text field whose length and bytes are given. */
static void
check_field(size_t said, const char *bytes, size_t length, size_t max,
            const char *what)
{
    struct secret secret = {0};

    for (int round = 0; round < 2; round++) {
        wire_begin(out, WIRE_ASK, id);
        wire_put_byte(out, (unsigned int) (said >> 8));
        wire_put_byte(out, (unsigned int) (said & 0xff));
        for (size_t i = 0; i < length; i++)
            wire_put_byte(out, (unsigned char) bytes[i]);
        need(wire_send(out, ends[0]) == WIRE_OK && receive() == WIRE_OK,
             "a message");
        if (round == 0) {
            is_text(wire_get_text(in, max), "", what);
        } else {
            wire_get_secret(in, max, &secret);
            ok(secret.data == NULL, "%s, as a secret", what);
        }
        ok(!wire_complete(in), "and the message is not well-formed");
    }
}

static void
check_malformed_fields(void)
{
    check_field(5, "text", 4, 100, "longer than the message");
    check_field(0xffff, "text", 4, 0xffff, "as long as can be said");
    check_field(4, "text", 4, 3, "longer than asked for");
    check_field(4, "t\0xt", 4, 100, "with a NUL inside");
    check_field(4, "tex", 4, 100, "with a NUL at the end");
}

static void
check_size(void)
{
    static char large[0x10001];
    static char longest[WIRE_MAX - HEADER - 2 + 1];

    memset(large, 'x', sizeof(large));
    memset(longest, 'x', sizeof(longest) - 1);
    wire_begin(out, WIRE_ASK, id);
    wire_put_text(out, longest);
    is_number(wire_send(out, ends[0]), WIRE_OK, "the largest message");
    is_number(receive(), WIRE_OK, "is received");
    ok(strcmp(wire_get_text(in, WIRE_MAX), longest) == 0 && wire_complete(in),
       "and whole");
    wire_begin(out, WIRE_ASK, id);
    wire_put_text(out, longest);
    wire_put_byte(out, 1);
    is_number(wire_send(out, ends[0]), WIRE_MALFORMED, "a byte more");
    wire_begin(out, WIRE_ASK, id);
    wire_put_bytes(out, large, 0x10000);
    wire_put_byte(out, 1);
    is_number(wire_send(out, ends[0]), WIRE_MALFORMED,
              "a field whose length two bytes do not hold");
    is_number(send(ends[0], large, WIRE_MAX + 1, 0), WIRE_MAX + 1,
              "a packet larger than a message");
    is_number(receive(), WIRE_MALFORMED, "is refused");
}

static void
check_packet(const char *bytes, size_t length, enum wire_result wanted,
             const char *what)
{
    need(send(ends[0], bytes, length, 0) == (ssize_t) length, "a packet");
    is_number(receive(), wanted, what);
}

/* A descriptor that comes along is refused, and not ours afterwards. */
static void
check_descriptor(void)
{
    char bytes[HEADER] = {WIRE_VERSION, WIRE_ASK};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {bytes, sizeof(bytes)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    int next = dup(ends[0]);

    (void) close(next);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &ends[0], sizeof(int));
    need(sendmsg(ends[0], &header, 0) == sizeof(bytes), "a descriptor");
    is_number(receive(), WIRE_MALFORMED, "a descriptor sent along");
    is_number(fcntl(next, F_GETFD), -1, "it is not open here");
}

static void
check_packets(void)
{
    char bytes[HEADER] = {WIRE_VERSION, WIRE_ASK};

    check_packet(bytes, 1, WIRE_MALFORMED, "one byte");
    check_packet(bytes, HEADER - 1, WIRE_MALFORMED, "a header less one byte");
    bytes[0] = WIRE_VERSION + 1;
    check_packet(bytes, HEADER, WIRE_FOREIGN, "a later version");
    bytes[0] = 0;
    check_packet(bytes, HEADER, WIRE_FOREIGN, "version 0");
    check_descriptor();
}

static void
check_closed(void)
{
    char byte = 1;

    (void) close(ends[0]);
    is_number(receive(), WIRE_CLOSED, "the other end is closed");
    wire_begin(out, WIRE_ASK, id);
    is_number(wire_send(out, ends[1]), WIRE_CLOSED,
              "sending to it is no signal");
    (void) close(ends[1]);
    is_number(receive(), WIRE_FAILED, "no descriptor to receive from");
    wire_begin(out, WIRE_ASK, id);
    is_number(wire_send(out, ends[1]), WIRE_FAILED, "nor to send to");
    open_pair();
    need(send(ends[1], &byte, 1, 0) == 1, "a packet nobody reads");
    (void) close(ends[0]);
    is_number(receive(), WIRE_CLOSED, "closed with a packet unread");
    (void) close(ends[1]);
}

static void
on_alarm(int number)
{
    static unsigned int rings;

    (void) number;
    wire_begin(out, WIRE_ASK, id);
    if (++rings == 3 && wire_send(out, ends[0]) != WIRE_OK)
        _exit(99);
}

/* Alarms without SA_RESTART: two come to nothing, the third sends. */
static void
check_interrupted(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0}, {0}};

    open_pair();
    need(sigaction(SIGALRM, &action, NULL) == 0
             && setitimer(ITIMER_REAL, &often, NULL) == 0,
         "alarms");
    is_number(receive(), WIRE_OK, "signals do not end the waiting");
    (void) setitimer(ITIMER_REAL, &never, NULL);
    close_pair();
}

int
main(void)
{
    out = wire_new();
    in = wire_new();
    need(out != NULL && in != NULL, "memory");
    open_pair();
    check_fields();
    check_malformed_fields();
    check_size();
    check_packets();
    check_closed();
    check_interrupted();
    wire_free(out);
    wire_free(in);
    wire_free(NULL);
    return done_testing();
}
