/*
 * The helper that serves one request, and the packets to and from it: each
 * bears the request's id, and none is awaited beyond the deadline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CONNECTION_H
#define PAM_COGNITO_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"
#include "module/call.h"
#include "module/connect.h"
#include "module/helper.h"

struct connection {
    struct helper helper;
    struct wire *wire; /* the message being written or read */
    unsigned char id[WIRE_ID_SIZE];
    int64_t deadline;        /* CLOCK_MONOTONIC milliseconds; the caller's */
    char why[TEXT_LINE_MAX]; /* what ended it, for the log, or "" */
    bool socket;             /* the helper is systemd's, on the socket */
    enum obstacle missed;    /* for which one there is no socket */
    bool foreign;            /* it speaks another version */
    bool heard;              /* something of this helper's came */
    bool gone;               /* it has ended */
};

/*
 * Makes one with no helper yet. False: out of memory. connection_close in
 * every case.
 */
bool connection_init(struct connection *connection);

/*
 * Starts a helper for a request with an id of its own, in place of the one
 * before, or connects to one, as start= says; until the deadline.
 * STATUS_HELPER, STATUS_CONFIG: there is none, and the log says why.
 */
enum status connection_start(struct connection *connection,
                             const struct call *call);

/* Starts writing a message of this request; its fields go into wire. */
void connection_begin(struct connection *connection, enum wire_type type);

/*
 * Sends what was written. STATUS_HELPER: the helper does not listen; how it
 * ended, if it did, has been heard.
 */
enum status connection_send(struct connection *connection);

/*
 * Waits for the next packet. STATUS_OK: what became of it is in *wire_out,
 * and with WIRE_OK its type in *type_out and its fields in wire. Anything of
 * another request is WIRE_MALFORMED; the warden's report of the end is
 * WIRE_ENDED. STATUS_TIMEOUT: the deadline passed.
 */
enum status connection_next(struct connection *connection,
                            enum wire_type *type_out,
                            enum wire_result *wire_out);

/*
 * A helper that waits for an answer says nothing: STATUS_OK. STATUS_HELPER:
 * it said something, which is lost, or ended.
 */
enum status connection_check_quiet(struct connection *connection);

/* Why it failed, for the log; nothing where the log has it already. */
void connection_explain(const struct connection *connection, char *note_out,
                        size_t size);

/* Where the socket is what such a result needs and is not there: says so. */
void connection_advise(const struct connection *connection,
                       const struct call *call, enum status status);

/*
 * In a copy of the process that it belongs to: closes this copy's socket, and
 * the helper goes on. connection_close comes after it.
 */
void connection_leave(struct connection *connection);

/* Ends the helper, if there is one, and frees what belongs to it. */
void connection_close(struct connection *connection);

#endif
