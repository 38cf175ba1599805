/*
 * The helper of one request at the other end of its socket. Believes nothing
 * that does not bear the request's id.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/remedy.h"

bool
connection_init(struct connection *connection)
{
    memset(connection, 0, sizeof(*connection));
    connection->helper = (struct helper) HELPER_NONE;
    connection->wire = wire_new();
    return connection->wire != NULL;
}

static enum status
start_helper(struct connection *connection, const struct call *call)
{
    const char *path = config_text(call->about.config, KEY_HELPER);
    char real[FILE_PATH_MAX];
    char error[512];

    if (file_check_program(path, &call->about.trust, real, error,
                           sizeof(error))
            == FILE_OK
        && helper_start(real, &connection->helper, error, sizeof(error)))
        return STATUS_OK;
    call_log(call, LOG_ERR, "helper: %s", error);
    return STATUS_HELPER;
}

enum status
connection_start(struct connection *connection, const struct call *call)
{
    helper_end(&connection->helper);
    connection->heard = connection->gone = false;
    connection->why[0] = '\0';
    if (getrandom(connection->id, sizeof(connection->id), 0)
        != (ssize_t) sizeof(connection->id))
        return STATUS_INTERNAL;
    return start_helper(connection, call);
}

/* Waits for the helper; STATUS_OK when there is something to read. */
static enum status
wait_readable(const struct connection *connection)
{
    struct pollfd poller = {.fd = connection->helper.fd, .events = POLLIN};
    int64_t left;
    int ready;

    for (;;) {
        left = connection->deadline - clock_ms();
        ready = left <= 0 ? 0 : poll(&poller, 1, (int) left);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return STATUS_INTERNAL;
        if (left <= 0)
            return STATUS_TIMEOUT;
    }
}

/* What a helper that ended was ended by, as its warden says. */
static bool
read_end(struct connection *connection)
{
    unsigned int code = wire_get_byte(connection->wire);
    unsigned int number = wire_get_byte(connection->wire);

    if (!wire_complete(connection->wire))
        return false;
    if (number == 0)
        (void) snprintf(connection->why, sizeof(connection->why),
                        "the helper ended with status %u", code);
    else
        (void) snprintf(connection->why, sizeof(connection->why),
                        "the helper was ended by signal %u: %s", number,
                        remedy_signal((int) number));
    connection->gone = true;
    return true;
}

/* A message of this request; its type, with its fields to be read. */
static enum wire_result
receive(struct connection *connection, enum wire_type *type_out)
{
    static const unsigned char nobody[WIRE_ID_SIZE];
    unsigned char id[WIRE_ID_SIZE];
    enum wire_result wire;

    wire = wire_receive(connection->wire, connection->helper.fd, type_out, id);
    if (wire == WIRE_CLOSED || wire == WIRE_FAILED)
        connection->gone = true;
    if (wire != WIRE_OK)
        return wire;
    if (*type_out == WIRE_ENDED && memcmp(id, nobody, sizeof(id)) == 0)
        return read_end(connection) ? WIRE_OK : WIRE_MALFORMED;
    connection->heard = true;
    return *type_out != WIRE_ENDED
                   && /* @id */ memcmp(id, connection->id, sizeof(id)) == 0
               ? WIRE_OK
               : WIRE_MALFORMED;
}

enum status
connection_next(struct connection *connection, enum wire_type *type_out,
                enum wire_result *wire_out)
{
    enum status status = wait_readable(connection);

    if (status == STATUS_OK)
        *wire_out = receive(connection, type_out);
    return status;
}

enum status
connection_check_quiet(struct connection *connection)
{
    struct pollfd poller = {.fd = connection->helper.fd, .events = POLLIN};
    enum wire_type type;
    int ready;

    do
        ready = poll(&poller, 1, 0);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return STATUS_INTERNAL;
    if (ready == 0)
        return STATUS_OK;
    (void) receive(connection, &type);
    return STATUS_HELPER;
}

void
connection_begin(struct connection *connection, enum wire_type type)
{
    wire_begin(connection->wire, type, connection->id);
}

enum status
connection_send(struct connection *connection)
{
    if (wire_send(connection->wire, connection->helper.fd) == WIRE_OK)
        return STATUS_OK;
    /* How it ended may be there to be heard. */
    (void) connection_check_quiet(connection);
    if (!connection->gone)
        (void) snprintf(connection->why, sizeof(connection->why), "%s",
                        "what the helper is told could not be sent");
    return STATUS_HELPER;
}

void
connection_explain(const struct connection *connection, char *note_out,
                   size_t size)
{
    if (connection->helper.fd < 0)
        return; /* said already */
    if (connection->why[0] != '\0')
        (void) snprintf(note_out, size, "%s", connection->why);
    else if (!connection->gone)
        (void) snprintf(note_out, size, "%s",
                        "the helper broke the protocol: after an upgrade "
                        "this service must be restarted");
    else if (connection->heard)
        (void) snprintf(note_out, size, "the helper ended without a result");
    else
        helper_why(&connection->helper, note_out, size);
}

void
connection_leave(struct connection *connection)
{
    helper_leave(&connection->helper);
}

void
connection_close(struct connection *connection)
{
    helper_end(&connection->helper);
    wire_free(connection->wire);
}
