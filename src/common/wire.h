/*
 * The protocol between module and helper: one typed message per packet of a
 * SOCK_SEQPACKET pair, written down in docs/design/protocol.md. Every message
 * carries the version and the random id of the request; a reader takes the
 * fields in order and then asks whether all of it was well-formed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_WIRE_H
#define PAM_COGNITO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"

#define WIRE_VERSION 2
#define WIRE_MAX 16384  /* bytes of a packet */
#define WIRE_ID_SIZE 16 /* bytes of a request's id */
#define WIRE_BLOCK_MAX 8192
#define WIRE_ARGS_MAX 128 /* module arguments in a START */
#define WIRE_FD 3         /* where the helper finds its socket */
/* Where systemd listens for hosts that cannot start a helper. */
#define WIRE_SOCKET "/run/pam_cognito.sock"

enum wire_type {
    /* module to helper */
    WIRE_START = 1,
    WIRE_REPLY = 2,
    WIRE_GO = 3,
    /* helper to module */
    WIRE_ASK = 16,
    WIRE_TELL = 17,
    WIRE_LOG = 18,
    WIRE_RESULT = 19,
    WIRE_BLOCK = 20,
    WIRE_READY = 21,
    /* the helper's warden to module, with an id of zeros */
    WIRE_ENDED = 22
};

/* What is wanted of the helper: a byte of START. */
enum wire_operation {
    WIRE_AUTHENTICATE = 1, /* sign in */
    WIRE_CHANGE = 2,       /* prove the password, READY, GO, change it */
    WIRE_PROBE = 3         /* for root's tool: the keys only, for nobody */
};

/* START: bits of its flags. */
#define WIRE_PERSONAL 1u /* host runs as one plain user: files may be his */
#define WIRE_DEBUG 2u    /* debug lines are wanted */
#define WIRE_OWN 4u      /* CHANGE: the caller's own account */
#define WIRE_FIRST 8u    /* its handle's first, at a prompt */
#define WIRE_LOOK 16u    /* the pool was out of reach: reach it, then ask */

/* RESULT: bits of its flags. */
#define WIRE_MUST_CHANGE 1u /* signed in; the password must be changed now */
/* The endpoint could not be reached, and that is not for want of time or of
 * anything local. */
#define WIRE_OUTAGE 2u
/* The account's state may be told: the password was proved, or explain_status
 * is set. */
#define WIRE_EXPLAINED 4u

/* What became of a send or a receive. */
enum wire_result {
    WIRE_OK,
    WIRE_CLOSED,    /* the other side is gone */
    WIRE_MALFORMED, /* empty, too long or cut short */
    WIRE_FOREIGN,   /* of another version */
    WIRE_FAILED     /* errno says why */
};

/*
 * A message being written or read. The buffer is wiped by wire_free, and
 * before each reuse.
 */
struct wire;

struct wire *wire_new(void);
void wire_free(struct wire *wire);

/* Starts writing a message. */
void wire_begin(struct wire *wire, enum wire_type type,
                const unsigned char id[WIRE_ID_SIZE]);

/* Fields; texts and bytes are preceded by their length in two bytes. */
void wire_put_byte(struct wire *wire, unsigned int value);
void wire_put_number(struct wire *wire, uint32_t value);
void wire_put_wide(struct wire *wire, uint64_t value);
void wire_put_text(struct wire *wire, const char *text); /* NULL as "" */
void wire_put_bytes(struct wire *wire, const void *data, size_t length);

/*
 * Sends what was written, with MSG_NOSIGNAL, and wipes it. WIRE_MALFORMED
 * when a field did not fit.
 */
enum wire_result wire_send(struct wire *wire, int fd);

/*
 * Receives one packet; descriptors sent along are refused. With WIRE_OK its
 * type and id stand in the out-parameters and the fields can be taken.
 */
enum wire_result wire_receive(struct wire *wire, int fd,
                              enum wire_type *type_out,
                              unsigned char id_out[WIRE_ID_SIZE]);

/*
 * Fields of a received message, in order. After the first that does not fit
 * all read as 0 and ""; wire_complete tells.
 */
unsigned int wire_get_byte(struct wire *wire);
uint32_t wire_get_number(struct wire *wire);
uint64_t wire_get_wide(struct wire *wire);
/* A text without NUL, at most max bytes; points into the message. */
const char *wire_get_text(struct wire *wire, size_t max);
/* Bytes without NUL into a secret. */
void wire_get_secret(struct wire *wire, size_t max, struct secret *out);

/* True when every field was there and nothing is left over. */
bool wire_complete(const struct wire *wire);

#endif
