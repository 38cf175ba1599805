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
#include <sys/auxv.h>
#include <sys/random.h>
#include <syslog.h>
#include <unistd.h>

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

/*
 * Starts one of our own. It is known before anything was sent whether that
 * works: where it does not, there may be the socket.
 */
static enum status
start_helper(struct connection *connection, const struct call *call,
             bool *cloned_out, char *error_out, size_t error_size)
{
    const char *path = config_text(call->about.config, KEY_HELPER);
    char real[FILE_PATH_MAX];
    bool sound = file_check_program(path, &call->about.trust, real, error_out,
                                    error_size)
                 == FILE_OK;

    *cloned_out = !sound
                  || helper_start(real, &connection->helper, error_out,
                                  error_size);
    return sound && *cloned_out ? STATUS_OK : STATUS_HELPER;
}

/*
 * Connects to systemd's. *absent_out: there is none to be had, and nothing is
 * said yet.
 */
static enum status
join_helper(struct connection *connection, const struct call *call,
            bool *absent_out)
{
    char error[160], names[CONFIG_VALUE_MAX / 4];

    *absent_out = true;
    switch (connect_helper(&connection->helper, connection->deadline, error,
                           sizeof(error))) {
    case CONNECT_DONE:
        break;
    case CONNECT_FAILED:
        call_log(call, LOG_ERR, "helper: %s: %s", CONNECT_PATH, error);
        return STATUS_HELPER;
    case CONNECT_ABSENT:
        return STATUS_HELPER;
    }
    *absent_out = false;
    connection->socket = true;
    if (config_bound_arguments(call->about.count, call->about.arguments, names,
                               sizeof(names))
        == 0)
        return STATUS_OK;
    call_log(call, LOG_ERR,
             "configuration: %s (module argument): not taken through %s, "
             "expected in the section [%.64s] of %s",
             names, CONNECT_PATH, call->service, PAM_COGNITO_CONF);
    return STATUS_CONFIG;
}

/*
 * The caller of a setuid host can see to it, by his limits, that no helper can
 * be started. On the socket he would be root, whom nobody counts.
 */
static bool
is_callers_doing(void)
{
    return getauxval(AT_SECURE) != 0;
}

static enum status
find_helper(struct connection *connection, const struct call *call)
{
    const char *start = config_text(call->about.config, KEY_START);
    bool only_socket = strcmp(start, "socket") == 0;
    bool only_direct = !only_socket
                       && (strcmp(start, "direct") == 0
                           || connect_is_out_of_place(call));
    enum obstacle obstacle = OBSTACLE_NONE;
    enum status status = STATUS_HELPER;
    bool absent = true, cloned = true;
    char error[512] = "";

    if (!only_direct && !only_socket)
        obstacle = connect_obstacle();
    if (obstacle != OBSTACLE_NONE || only_socket)
        status = join_helper(connection, call, &absent);
    if (!absent) {
        call_log(call, LOG_DEBUG, "helper: through %s: %s", CONNECT_PATH,
                 connect_obstacle_text(obstacle));
        return status;
    }
    connection->missed = obstacle;
    if (!only_socket)
        status = start_helper(connection, call, &cloned, error, sizeof(error));
    if (!cloned && !only_direct && obstacle == OBSTACLE_NONE
        && !is_callers_doing()) {
        connection->missed = OBSTACLE_PROCESS;
        status = join_helper(connection, call, &absent);
        if (!absent) {
            call_log(call, LOG_DEBUG, "helper: through %s: %s", CONNECT_PATH,
                     error);
            return status;
        }
    }
    if (status != STATUS_OK)
        call_log(call, LOG_ERR, "helper: %s",
                 only_socket ? "start=socket, and nobody that can be trusted "
                               "listens: systemctl enable --now "
                               "pam_cognito.socket"
                             : error);
    return status;
}

enum status
connection_start(struct connection *connection, const struct call *call)
{
    helper_end(&connection->helper);
    connection->heard = connection->gone = connection->foreign = false;
    connection->socket = false;
    connection->missed = OBSTACLE_NONE;
    connection->why[0] = '\0';
    if (getrandom(connection->id, sizeof(connection->id), 0)
        != (ssize_t) sizeof(connection->id))
        return STATUS_INTERNAL;
    return find_helper(connection, call);
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
    connection->foreign = wire == WIRE_FOREIGN;
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
    else if (connection->foreign)
        (void) snprintf(note_out, size, "%s",
                        "the helper is of another version than this module: "
                        "after an upgrade this service must be restarted");
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
connection_advise(const struct connection *connection, const struct call *call,
                  enum status status)
{
    bool left = access(CONNECT_PATH, F_OK) == 0;

    /* A container keeps the socket that was mounted when it was started. */
    if (connect_would_help(connection->missed, status))
        call_log(call, LOG_ERR,
                 "helper: %s, and %s %s%s: systemctl enable --now "
                 "pam_cognito.socket",
                 connect_obstacle_text(connection->missed),
                 left ? "nobody listens on" : "there is no", CONNECT_PATH,
                 left ? " (a container: start it anew)" : "");
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
