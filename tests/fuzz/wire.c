/*
 * Fuzz target: a packet, read as each of the messages that either side takes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire.h"
#include "fuzz.h"

/* Byte, texts, numbers, a secret, in the order that selector gives. */
static void
read_fields(struct wire *wire, unsigned int selector)
{
    struct secret secret = {0};

    for (int i = 0; i < 16; i++) {
        switch (selector >> (i % 4) & 3) {
        case 0:
            (void) wire_get_byte(wire);
            break;
        case 1:
            (void) wire_get_number(wire);
            break;
        case 2:
            MUST(strlen(wire_get_text(wire, 200)) <= 200);
            break;
        default:
            wire_get_secret(wire, 1024, &secret);
            MUST(secret.length <= 1024);
        }
    }
    (void) wire_complete(wire);
    secret_free(&secret);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char id[WIRE_ID_SIZE];
    struct wire *wire = wire_new();
    enum wire_type type;
    int pair[2];

    MUST(wire != NULL);
    if (size < 2 || size > WIRE_MAX + 16) {
        wire_free(wire);
        return 0;
    }
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    MUST(send(pair[0], data + 1, size - 1, 0) == (ssize_t) size - 1);
    if (wire_receive(wire, pair[1], &type, id) == WIRE_OK) {
        MUST(size - 1 >= 2 + WIRE_ID_SIZE && data[1] == WIRE_VERSION);
        read_fields(wire, data[0]);
    }
    (void) close(pair[0]);
    (void) close(pair[1]);
    wire_free(wire);
    return 0;
}
