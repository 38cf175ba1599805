/*
 * Looks at what this process may do, and connects to the one socket that is
 * compiled in. Trusts nobody behind it but root.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/network.h"
#include "common/remedy.h"

#define AGAIN_MS 10 /* until it is tried again, when too many wait there */

bool
connect_is_out_of_place(const struct call *call)
{
    const struct config *config = call->about.config;

    return call->personal
           && (config_is_set(config, KEY_CONFIG)
               || config_is_set(config, KEY_HELPER));
}

enum obstacle
connect_obstacle(void)
{
    if (geteuid() != 0)
        return OBSTACLE_USER;
    if (!remedy_may_change_user())
        return OBSTACLE_IDENTITY;
    return network_is_refused() || network_is_alone() ? OBSTACLE_NETWORK
                                                      : OBSTACLE_NONE;
}

const char *
connect_obstacle_text(enum obstacle obstacle)
{
    switch (obstacle) {
    case OBSTACLE_NONE:
        break;
    case OBSTACLE_USER:
        return "this host is not root";
    case OBSTACLE_IDENTITY:
        return "this host's sandbox does not let it become another user";
    case OBSTACLE_NETWORK:
        return "this host's sandbox has no network";
    case OBSTACLE_PROCESS:
        return "this host cannot start a helper";
    }
    return "start=socket";
}

bool
connect_would_help(enum obstacle obstacle, enum status status)
{
    switch (obstacle) {
    case OBSTACLE_NONE:
        break;
    case OBSTACLE_USER:
        return status == STATUS_CONFIG || status == STATUS_PRIVILEGE
               || status == STATUS_UNAVAILABLE;
    case OBSTACLE_IDENTITY:
        return status == STATUS_HELPER || status == STATUS_PRIVILEGE;
    case OBSTACLE_NETWORK:
        return status == STATUS_DNS || status == STATUS_CONNECT
               || status == STATUS_SANDBOX;
    case OBSTACLE_PROCESS:
        return status == STATUS_HELPER;
    }
    return false;
}

/* Until there is room in its queue, or the deadline. 0, or why not. */
static int
connect_until(int fd, int64_t deadline)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX,
                               .sun_path = CONNECT_PATH};

    for (;;) {
        if (connect(fd, (const struct sockaddr *) &name, sizeof(name)) == 0)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return errno;
        if (clock_ms() >= deadline)
            return ETIMEDOUT;
        (void) poll(NULL, 0, AGAIN_MS);
    }
}

/*
 * Who began to listen there. In a user namespace whoever has no number of his
 * own bears the overflow number, root of outside too: that is nobody's proof.
 */
static bool
is_roots(int fd, char *error_out, size_t error_size)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        (void) snprintf(error_out, error_size, "whose it is is not known");
        return false;
    }
    if (peer.uid != 0)
        (void) snprintf(error_out, error_size,
                        "not trusted: uid %lu listens there, not root%s",
                        (unsigned long) peer.uid,
                        peer.uid == 65534
                            ? " (or a user namespace hides who it is)"
                            : "");
    return peer.uid == 0;
}

enum connected
connect_helper(struct helper *helper_out, int64_t deadline, char *error_out,
               size_t error_size)
{
    enum connected connected = CONNECT_FAILED;
    int fd = helper_lift(
        socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int number = fd < 0 ? errno : connect_until(fd, deadline);
    char text[80];

    *helper_out = (struct helper) HELPER_NONE;
    if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR)
        connected = CONNECT_ABSENT;
    else if (number == 0 && is_roots(fd, error_out, error_size)
             && fcntl(fd, F_SETFL, 0) == 0)
        connected = CONNECT_DONE;
    if (number != 0)
        (void) snprintf(error_out, error_size, "%s",
                        strerror_r(number, text, sizeof(text)));
    if (connected == CONNECT_DONE)
        helper_out->fd = fd;
    else if (fd >= 0)
        (void) close(fd);
    return connected;
}
