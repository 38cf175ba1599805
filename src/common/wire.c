/*
 * Writes, sends, receives and reads the packets of docs/design/protocol.md. Does not
 * know what they mean.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define HEADER_SIZE (2 + WIRE_ID_SIZE)

struct wire {
    size_t length; /* bytes written or received */
    size_t at;     /* where the next field is read */
    bool failed;
    unsigned char bytes[WIRE_MAX];
};

struct wire *
wire_new(void)
{
    return calloc(1, sizeof(struct wire));
}

void
wire_free(struct wire *wire)
{
    if (wire != NULL)
        secret_wipe(wire, sizeof(*wire));
    free(wire);
}

static void
put(struct wire *wire, const void *data, size_t length)
{
    if (wire->failed || length > WIRE_MAX - wire->length) {
        wire->failed = true;
        return;
    }
    if (length > 0)
        memcpy(wire->bytes + wire->length, data, length);
    wire->length += length;
}

void
wire_begin(struct wire *wire, enum wire_type type,
           const unsigned char id[WIRE_ID_SIZE])
{
    secret_wipe(wire, sizeof(*wire));
    wire_put_byte(wire, WIRE_VERSION);
    wire_put_byte(wire, type);
    put(wire, id, WIRE_ID_SIZE);
}

void
wire_put_byte(struct wire *wire, unsigned int value)
{
    unsigned char byte = (unsigned char) value;

    put(wire, &byte, 1);
}

void
wire_put_number(struct wire *wire, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        wire_put_byte(wire, (value >> shift) & 0xff);
}

void
wire_put_wide(struct wire *wire, uint64_t value)
{
    wire_put_number(wire, (uint32_t) (value >> 32));
    wire_put_number(wire, (uint32_t) value);
}

void
wire_put_bytes(struct wire *wire, const void *data, size_t length)
{
    if (length > 0xffff) {
        wire->failed = true;
        return;
    }
    wire_put_byte(wire, (unsigned int) (length >> 8));
    wire_put_byte(wire, (unsigned int) (length & 0xff));
    put(wire, data, length);
}

void
wire_put_text(struct wire *wire, const char *text)
{
    if (text == NULL)
        text = "";
    wire_put_bytes(wire, text, strlen(text));
}

enum wire_result
wire_send(struct wire *wire, int fd)
{
    enum wire_result result = WIRE_OK;
    ssize_t sent;

    if (wire->failed) {
        result = WIRE_MALFORMED;
    } else {
        do
            sent = send(fd, wire->bytes, wire->length, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent < 0)
            result = errno == EPIPE || errno == ECONNRESET ? WIRE_CLOSED
                                                           : WIRE_FAILED;
    }
    secret_wipe(wire, sizeof(*wire));
    return result;
}

enum wire_result
wire_receive(struct wire *wire, int fd, enum wire_type *type_out,
             unsigned char id_out[WIRE_ID_SIZE])
{
    struct iovec part = {wire->bytes, WIRE_MAX};
    /* No control buffer: the kernel closes descriptors sent along and says
     * so with MSG_CTRUNC. */
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t received;

    secret_wipe(wire, sizeof(*wire));
    do
        received = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0)
        return errno == ECONNRESET ? WIRE_CLOSED : WIRE_FAILED;
    if (received == 0)
        return WIRE_CLOSED;
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0
        || received < HEADER_SIZE)
        return WIRE_MALFORMED;
    if (wire->bytes[0] != WIRE_VERSION)
        return WIRE_FOREIGN;
    wire->length = (size_t) received;
    wire->at = HEADER_SIZE;
    *type_out = wire->bytes[1];
    memcpy(id_out, wire->bytes + 2, WIRE_ID_SIZE);
    return WIRE_OK;
}

/* The next length bytes, or NULL when they are not there. */
static unsigned char *
take(struct wire *wire, size_t length)
{
    unsigned char *start = wire->bytes + wire->at;

    if (wire->failed || length > wire->length - wire->at) {
        wire->failed = true;
        return NULL;
    }
    wire->at += length;
    return start;
}

unsigned int
wire_get_byte(struct wire *wire)
{
    const unsigned char *byte = take(wire, 1);

    return byte == NULL ? 0 : *byte;
}

uint32_t
wire_get_number(struct wire *wire)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 8 | wire_get_byte(wire);
    return wire->failed ? 0 : value;
}

uint64_t
wire_get_wide(struct wire *wire)
{
    uint64_t value = wire_get_number(wire);

    value = value << 32 | wire_get_number(wire);
    return wire->failed ? 0 : value;
}

/* A counted field of at most max bytes that holds no NUL. */
static unsigned char *
take_counted(struct wire *wire, size_t max, size_t *length_out)
{
    size_t length = (size_t) wire_get_byte(wire) << 8;
    unsigned char *start;

    length |= wire_get_byte(wire);
    if (length > max)
        wire->failed = true;
    start = take(wire, length);
    if (start != NULL && memchr(start, '\0', length) != NULL) {
        wire->failed = true;
        return NULL;
    }
    *length_out = length;
    return start;
}

const char *
wire_get_text(struct wire *wire, size_t max)
{
    size_t length = 0;
    unsigned char *start = take_counted(wire, max, &length);

    if (start == NULL)
        return "";
    /* The text moves over the two bytes of its length: room for its NUL. */
    memmove(start - 2, start, length);
    start -= 2;
    start[length] = '\0';
    return (const char *) start;
}

void
wire_get_secret(struct wire *wire, size_t max, struct secret *out)
{
    size_t length = 0;
    unsigned char *start = take_counted(wire, max, &length);

    if (start == NULL || !secret_set(out, start, length))
        wire->failed = true;
}

bool
wire_complete(const struct wire *wire)
{
    return !wire->failed && wire->at == wire->length;
}
