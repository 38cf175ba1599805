/*
 * Whether the pool can be reached from inside the helper's sandbox: the real
 * helper is started as root's module would and asked for the keys only
 * (WIRE_PROBE). Sends no user and no password.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/reasons.h"
#include "common/clock.h"
#include "common/run.h"
#include "common/text.h"
#include "common/wire.h"
#include "doctor/places.h"
#include "flows/talk.h"

#define LINES_MAX 12  /* of the helper's that are kept */
#define GRACE_MS 3000 /* past the budget, which the helper keeps itself */
#define READABLE                                                              \
    "the helper reads it as " HELPER_USER ": let everybody read the file at " \
    "the end of the link and search the folders on the way (chmod o+r, o+x)"

#define ANOTHER                                                               \
    "journalctl -t pam_cognito_helper says more; install module, helper, "    \
    "units and tool of one version, then systemctl daemon-reload"

/* What the helper said. */
struct reply {
    bool whole;   /* RESULT came, and was sound */
    bool foreign; /* what came is another version's */
    enum status status;
    unsigned int ms;
    char error[TEXT_LINE_MAX + 1]; /* its last error line, or "" */
    char note[TEXT_LINE_MAX + 1];
    size_t count;
    char warnings[LINES_MAX][TEXT_LINE_MAX + 1];
};

static bool
ask(const struct check *check, struct wire *wire, int fd,
    unsigned char id[WIRE_ID_SIZE])
{
    if (getrandom(id, WIRE_ID_SIZE, 0) != WIRE_ID_SIZE)
        return false;
    wire_begin(wire, WIRE_START, id);
    wire_put_byte(wire, WIRE_PROBE);
    wire_put_number(wire, 0);
    wire_put_number(wire, config_number(check->module, KEY_TIMEOUT) * 1000);
    wire_put_text(wire, "");
    wire_put_text(wire, check->service);
    wire_put_text(wire, "");
    wire_put_text(wire, "");
    /* On the socket it takes none. */
    wire_put_byte(wire, check->socket.used
                            ? 0
                            : (unsigned int) check->argument_count);
    for (size_t i = 0; !check->socket.used && i < check->argument_count; i++)
        wire_put_text(wire, check->arguments[i]);
    wire_put_wide(wire, 0); /* a file that the module read: there is none */
    wire_put_wide(wire, 0);
    return wire_send(wire, fd) == WIRE_OK;
}

static void
keep_line(struct wire *wire, const char *known, struct reply *reply)
{
    unsigned int level = wire_get_byte(wire);
    const char *text = wire_get_text(wire, WIRE_MAX);

    if (!wire_complete(wire) || strcmp(text, known) == 0)
        return;
    if (level == TALK_LOG_ERROR)
        text_clean(text, reply->error, sizeof(reply->error));
    else if (level == TALK_LOG_WARNING && reply->count < LINES_MAX)
        text_clean(text, reply->warnings[reply->count++],
                   sizeof(reply->warnings[0]));
}

static void
keep_result(struct wire *wire, struct reply *reply)
{
    unsigned int status = wire_get_byte(wire);

    (void) wire_get_number(wire); /* flags */
    (void) wire_get_number(wire); /* HTTP status */
    reply->ms = wire_get_number(wire);
    for (size_t i = 0; i < 2; i++)
        (void) wire_get_text(wire, TEXT_LINE_MAX);
    text_clean(wire_get_text(wire, TEXT_LINE_MAX), reply->note,
               sizeof(reply->note));
    (void) wire_get_text(wire, TEXT_LINE_MAX);
    reply->whole = wire_complete(wire) && status < STATUS_COUNT;
    reply->status = reply->whole ? (enum status) status : STATUS_HELPER;
}

/* Until RESULT, the end of the stream, or too long. */
static void
listen_to(const struct check *check, struct wire *wire, int fd,
          const unsigned char id[WIRE_ID_SIZE], struct reply *reply)
{
    int64_t limit = clock_ms() + GRACE_MS
                    + (int64_t) config_number(check->module, KEY_TIMEOUT)
                          * 1000;
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    unsigned char whose[WIRE_ID_SIZE];
    enum wire_result result;
    enum wire_type type;

    while (!reply->whole) {
        int64_t left = limit - clock_ms();

        if (left <= 0 || (poll(&watched, 1, (int) left) < 0 && errno != EINTR))
            return;
        if (watched.revents == 0)
            continue;
        result = wire_receive(wire, fd, &type, whose);
        reply->foreign = result == WIRE_FOREIGN;
        if (result != WIRE_OK || memcmp(whose, id, sizeof(whose)) != 0
            || (type != WIRE_LOG && type != WIRE_RESULT))
            return;
        if (type == WIRE_LOG)
            keep_line(wire, check->setup.warning, reply);
        else
            keep_result(wire, reply);
    }
}

static void
judge_reply(struct check *check, const struct reply *reply)
{
    const struct reason reason = reason_of_status(reply->status);
    const char *detail = reply->note[0] != '\0'    ? reply->note
                         : reply->error[0] != '\0' ? reply->error
                                                   : reason.meaning;
    const char *cause = reply->count > 0 ? reply->warnings[0] : NULL;

    check->cage_reached = reply->status == STATUS_OK;
    if (check->socket.used && !reply->whole)
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_VERSION, ANOTHER,
                  "the helper on the socket, which should be of "
                  "version " PACKAGE_VERSION " as this tool, %s",
                  reply->foreign ? "speaks another version of the protocol"
                                 : "gave no answer");
    else if (check->cage_reached)
        check_add(check, CHECK_OK, FINDING_HELPER_REACHES_POOL, NULL,
                  "the helper%s reaches %s out of it, %u ms",
                  check->socket.used ? " on the socket" : "",
                  check->setup.pool.host, reply->ms);
    else
        check_add(check, CHECK_PROBLEM, FINDING_HELPER_KEPT_FROM_POOL,
                  cause != NULL ? READABLE : reason.fix,
                  "the helper%s, as " HELPER_USER " and confined, does not "
                  "get to %s, though this tool does (%s: %s)%s%s",
                  check->socket.used ? " on the socket" : "",
                  check->setup.pool.host, status_word(reply->status), detail,
                  cause != NULL ? "; " : "", cause != NULL ? cause : "");
    for (size_t i = 0; i < reply->count; i++)
        check_add(check, CHECK_WARNING, FINDING_HELPER_CANNOT_READ, READABLE,
                  "%s", reply->warnings[i]);
}

/* Could it be started at all? What is wrong there was said. */
static bool
is_startable(struct check *check, char real[FILE_PATH_MAX])
{
    char error[256];

    if (geteuid() != 0 || check->trust.owner != 0) {
        check_leave_out(check, FINDING_HELPER_ROOT_ONLY,
                        "the way to the pool out of the helper's cage, "
                        "for which only root can have it started");
        return false;
    }
    if (check->socket.used)
        return check->socket.state == CHECK_SOCKET_OPEN;
    if (!check->helper_sound
        || file_check_program(config_text(check->module, KEY_HELPER),
                              &check->trust, real, error, sizeof(error))
               != FILE_OK
        || check->argument_count > WIRE_ARGS_MAX) {
        check_leave_out(check, FINDING_HELPER_HIDDEN,
                        "the way to the pool out of the helper's cage, "
                        "which the problem above hides");
        return false;
    }
    return true;
}

/* Started, or by the socket. */
static void
ask_helper(const struct check *check, const char *path, struct wire *wire,
           struct reply *reply)
{
    struct run_helper helper = {.fd = -1};
    unsigned char id[WIRE_ID_SIZE];

    if (check->socket.used)
        helper.fd = check_socket_connect(places.socket);
    else if (!run_helper_start(path, &helper))
        return;
    if (helper.fd >= 0 && ask(check, wire, helper.fd, id))
        listen_to(check, wire, helper.fd, id, reply);
    if (!check->socket.used)
        run_helper_end(&helper, reply->whole);
    else if (helper.fd >= 0)
        (void) close(helper.fd);
}

void
check_cage(struct check *check)
{
    struct reply reply = {.status = STATUS_HELPER};
    char path[FILE_PATH_MAX];
    struct wire *wire;

    if (!is_startable(check, path))
        return;
    wire = wire_new();
    if (wire != NULL)
        ask_helper(check, path, wire, &reply);
    wire_free(wire);
    judge_reply(check, &reply);
}
