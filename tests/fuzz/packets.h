/*
 * Packets from the input of a fuzz target, each: its length in two bytes, a
 * byte that says how, and so many bytes. how 0: a packet as it stands.
 * Otherwise a type of message, behind a header that is right: without that
 * next to no input would come past the first check.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FUZZ_PACKETS_H
#define PAM_COGNITO_FUZZ_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/wire.h"

#define PACKET_MAX (WIRE_MAX + 64)
#define PACKET_HEAD (2 + WIRE_ID_SIZE)

struct packet {
    uint8_t how;
    const uint8_t *body;
    size_t length;
};

/* Takes the next one from the input. False at the end: a length of 0. */
static inline bool
packet_next(const uint8_t **at, size_t *left, struct packet *packet_out)
{
    size_t length;

    if (*left < 3)
        return false;
    length = (size_t) (*at)[0] << 8 | (*at)[1];
    packet_out->how = (*at)[2];
    if (length == 0) {
        *at += 2;
        *left -= 2;
        return false;
    }
    *at += 3;
    *left -= 3;
    packet_out->body = *at;
    packet_out->length = length > *left ? *left : length;
    if (packet_out->length > PACKET_MAX - PACKET_HEAD)
        packet_out->length = PACKET_MAX - PACKET_HEAD;
    *at += packet_out->length;
    *left -= packet_out->length;
    return true;
}

/* Writes it as it is sent; its length. */
static inline size_t
packet_write(const struct packet *packet, const unsigned char *id,
             unsigned char bytes_out[PACKET_MAX])
{
    size_t head = 0;

    if (packet->how != 0) {
        bytes_out[0] = WIRE_VERSION;
        bytes_out[1] = packet->how;
        memcpy(bytes_out + 2, id, WIRE_ID_SIZE);
        head = PACKET_HEAD;
    }
    memcpy(bytes_out + head, packet->body, packet->length);
    return head + packet->length;
}

#endif
